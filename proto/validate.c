#include "validate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "envelope.h"
#include "number.h"
#include "period.h"

#define NO_NUMBER        UINT64_MAX /* beyond every indicator number: a list that is used up */
#define BYTES_A_HANZI    3u         /* in UTF-8 */
#define HEX_TEXT_MAX     (2 * ID_SIZE + 1)
#define DECIMAL_TEXT_MAX 12 /* an uint32 with NUL */

#define CODE(name) YUEBAO__FINDING_CODE__##name

/* What statement and slot both know is said once. */
static void
add_once(struct findings *findings, Yuebao__FindingCode code, const char *found, const char *bound)
{
    if (!findings_have(findings, code))
        findings_add(findings, code, 0, NULL, found, bound);
}

/* ---- the statement's own fields ----------------------------------------------------------------- */

static void
number_text(uint64_t number, char text[DECIMAL_TEXT_MAX])
{
    snprintf(text, DECIMAL_TEXT_MAX, "%" PRIu32, number > UINT32_MAX ? UINT32_MAX : (uint32_t)number);
}

/* The limit is in bytes; a clerk counts characters, and they are Chinese. */
static void
check_length(const char *field, const char *text, size_t bytes_max, struct findings *findings)
{
    char bound[DECIMAL_TEXT_MAX];

    if (strlen(text) <= bytes_max)
        return;
    number_text(bytes_max / BYTES_A_HANZI, bound);
    findings_add(findings, CODE(TEXT_TOO_LONG), 0, NULL, field, bound);
}

/*
 * Nothing but spaces, those of Chinese keyboards (U+3000) and of web pages (U+00A0) among them, and what only
 * looks like nothing: the marks that copied text brings along (U+200B, U+FEFF).
 */
static bool
is_blank(const char *text)
{
    static const char *const spaces[] = {" ", "\u00a0", "\u200b", "\u3000", "\ufeff"};

    while (*text != '\0') {
        size_t len = 0;

        for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]) && len == 0; i++) {
            if (strncmp(text, spaces[i], strlen(spaces[i])) == 0)
                len = strlen(spaces[i]);
        }
        if (len == 0)
            return false;
        text += len;
    }
    return true;
}

/* Source of the three names: rules on education statistics (2018), article 27. */
static void
check_name(const char *field, const char *name, struct findings *findings)
{
    if (is_blank(name))
        findings_add(findings, CODE(NAME_MISSING), 0, NULL, field, NULL);
    check_length(field, name, PERSON_NAME_MAX, findings);
}

static void
check_texts(const Yuebao__Statement *statement, struct findings *findings)
{
    check_length("school", statement->school, SCHOOL_CODE_MAX, findings);
    check_name("filler", statement->filler, findings);
    check_name("reviewer", statement->reviewer, findings);
    check_name("head", statement->head, findings);
    check_length("correction", statement->correction, TEXT_MAX, findings);
    for (size_t i = 0; i < statement->n_explanation; i++) {
        check_length("explanation", statement->explanation[i]->text, TEXT_MAX, findings);
        check_length("rule", statement->explanation[i]->rule, INDICATOR_CODE_MAX, findings);
    }
}

/* Revision 1 follows nothing and corrects nothing; every later one names the one before and says why. */
static void
check_revision(const Yuebao__Statement *statement, struct findings *findings)
{
    bool first = statement->revision == 1;
    size_t previous_len = first ? 0 : ID_SIZE;
    char found[DECIMAL_TEXT_MAX];

    number_text(statement->revision, found);
    if (statement->revision == 0 || statement->revision > REVISION_MAX)
        findings_add(findings, CODE(BAD_REVISION), 0, NULL, found, NULL);
    else if (statement->previous.len != previous_len)
        findings_add(findings, CODE(BAD_REVISION), 0, NULL, found, "previous");
    else if (first && statement->correction[0] != '\0')
        findings_add(findings, CODE(BAD_REVISION), 0, NULL, found, "correction");
    if (statement->revision > 1 && is_blank(statement->correction))
        findings_add(findings, CODE(CORRECTION_REASON_MISSING), 0, NULL, NULL, NULL);
}

/* Whether the statement was made by the catalogue of this hash; says so once if not. */
static bool
check_catalogue(const Yuebao__Statement *statement, const uint8_t *hash, struct findings *findings)
{
    char found[HEX_TEXT_MAX] = "", bound[HEX_TEXT_MAX];

    if (statement->catalogue.len == ID_SIZE && memcmp(statement->catalogue.data, hash, ID_SIZE) == 0)
        return true;
    if (statement->catalogue.len == ID_SIZE)
        hex_print(statement->catalogue.data, ID_SIZE, found);
    hex_print(hash, ID_SIZE, bound);
    add_once(findings, CODE(WRONG_CATALOGUE), found, bound);
    return false;
}

static void
check_period(const struct form *form, const Yuebao__Statement *statement, struct findings *findings)
{
    struct period period;

    if (!period_parse(statement->period, &period) || period.frequency != form->frequency)
        add_once(findings, CODE(BAD_PERIOD), statement->period, form->message->frequency);
}

/* ---- the shape of the arrays -------------------------------------------------------------------- */

static bool
check_count(size_t count, size_t wanted, struct findings *findings)
{
    char found[DECIMAL_TEXT_MAX], bound[DECIMAL_TEXT_MAX];

    if (count == wanted)
        return true;
    number_text(count, found);
    number_text(wanted, bound);
    findings_add(findings, CODE(ARRAYS_DIFFER), 0, NULL, found, bound);
    return false;
}

static bool
check_figure_count(size_t figures, struct findings *findings)
{
    char found[DECIMAL_TEXT_MAX], bound[DECIMAL_TEXT_MAX];

    if (figures <= FIGURES_MAX)
        return true;
    number_text(figures, found);
    number_text(FIGURES_MAX, bound);
    findings_add(findings, CODE(TOO_MANY_FIGURES), 0, NULL, found, bound);
    return false;
}

static bool
check_counts(const Yuebao__Statement *statement, struct findings *findings)
{
    size_t figures = statement->n_indicator + statement->n_missing;
    bool good = check_count(statement->n_value, statement->n_indicator, findings) &&
                check_count(statement->n_denominator, statement->n_indicator, findings);

    good = check_count(statement->n_missing_reason, statement->n_missing, findings) && good;
    return check_figure_count(figures, findings) && good;
}

static bool
check_ascending(const uint32_t *numbers, size_t count, struct findings *findings)
{
    bool good = true;

    for (size_t i = 1; i < count; i++) {
        if (numbers[i - 1] < numbers[i])
            continue;
        findings_add(findings, CODE(NOT_ASCENDING), numbers[i], NULL, NULL, NULL);
        good = false;
    }
    return good;
}

/* ---- one figure --------------------------------------------------------------------------------- */

struct figure {
    const Yuebao__Indicator *indicator;
    int64_t value, denominator;
    bool has_denominator; /* the measure's, not the statement's */
};

/* "118/100" where there is a denominator, else "118": the parts as they were filled in. */
static void
figure_text(const struct figure *figure, char text[FINDING_TEXT_MAX])
{
    char value[NUMBER_TEXT_MAX], denominator[NUMBER_TEXT_MAX];

    number_print(figure->value, figure->indicator->decimals, value);
    number_print(figure->denominator, figure->indicator->denominator_decimals, denominator);
    if (figure->has_denominator)
        snprintf(text, FINDING_TEXT_MAX, "%s/%s", value, denominator);
    else
        snprintf(text, FINDING_TEXT_MAX, "%s", value);
}

static void
add_figure(Yuebao__FindingCode code, const struct figure *figure, int64_t bound, unsigned bound_decimals,
           struct findings *findings)
{
    char found[FINDING_TEXT_MAX], text[NUMBER_TEXT_MAX];

    figure_text(figure, found);
    number_print_short(bound, bound_decimals, text);
    findings_add(findings, code, figure->indicator->number, NULL, found, text);
}

static void
add_part(Yuebao__FindingCode code, const struct figure *figure, const char *bound, struct findings *findings)
{
    char found[NUMBER_TEXT_MAX];

    if (code == CODE(DENOMINATOR_ZERO) || code == CODE(NUMERATOR_OVER_DENOMINATOR))
        number_print(figure->value, figure->indicator->decimals, found);
    else
        number_print(figure->denominator, figure->indicator->denominator_decimals, found);
    findings_add(findings, code, figure->indicator->number, NULL, found, bound);
}

static int
compare_bound(const struct figure *figure, const Yuebao__Bound *bound)
{
    const Yuebao__Indicator *indicator = figure->indicator;

    if (figure->has_denominator)
        return number_compare_quotient(figure->value, indicator->decimals, figure->denominator,
                                       indicator->denominator_decimals, bound->scaled, bound->decimals);
    return number_compare(figure->value, indicator->decimals, bound->scaled, bound->decimals);
}

static void
check_bounds(const struct figure *figure, struct findings *findings)
{
    const Yuebao__Bound *min = figure->indicator->min, *max = figure->indicator->max;

    if (min != NULL && compare_bound(figure, min) < 0)
        add_figure(CODE(BELOW_MIN), figure, min->scaled, min->decimals, findings);
    if (max != NULL && compare_bound(figure, max) > 0)
        add_figure(CODE(ABOVE_MAX), figure, max->scaled, max->decimals, findings);
}

/* Whether both parts are small enough to be added up; the catalogue's bounds may be wider or absent. */
static bool
check_magnitude(const struct figure *figure, struct findings *findings)
{
    const Yuebao__Indicator *indicator = figure->indicator;

    if (figure->value < -FIGURE_MAX)
        add_figure(CODE(BELOW_MIN), figure, -FIGURE_MAX, indicator->decimals, findings);
    else if (figure->value > FIGURE_MAX)
        add_figure(CODE(ABOVE_MAX), figure, FIGURE_MAX, indicator->decimals, findings);
    else if (figure->denominator > FIGURE_MAX)
        add_figure(CODE(ABOVE_MAX), figure, FIGURE_MAX, indicator->denominator_decimals, findings);
    else
        return true;
    return false;
}

/* Whether value and denominator make a quotient that has bounds. 0/0 is nobody to count: allowed, without
 * bounds. */
static bool
check_denominator(const struct figure *figure, struct findings *findings)
{
    const Yuebao__Indicator *indicator = figure->indicator;
    char bound[NUMBER_TEXT_MAX];

    if (figure->denominator < 0) {
        add_part(CODE(DENOMINATOR_NEGATIVE), figure, NULL, findings);
        return false;
    }
    if (figure->denominator == 0) {
        if (figure->value != 0)
            add_part(CODE(DENOMINATOR_ZERO), figure, NULL, findings);
        return false;
    }
    if (indicator->measure == YUEBAO__MEASURE__RATIO &&
        number_compare(figure->value, indicator->decimals, figure->denominator,
                       indicator->denominator_decimals) > 0) {
        number_print(figure->denominator, indicator->denominator_decimals, bound);
        add_part(CODE(NUMERATOR_OVER_DENOMINATOR), figure, bound, findings);
        return false;
    }
    return true;
}

static void
check_figure(const Yuebao__Indicator *indicator, int64_t value, int64_t denominator,
             struct findings *findings)
{
    const struct figure figure = {.indicator = indicator,
                                  .value = value,
                                  .denominator = denominator,
                                  .has_denominator = measure_has_denominator(indicator->measure)};

    if (!figure.has_denominator && denominator != 0) {
        add_part(CODE(DENOMINATOR_UNEXPECTED), &figure, NULL, findings);
        return;
    }
    if (!check_magnitude(&figure, findings))
        return;
    if (!figure.has_denominator || check_denominator(&figure, findings))
        check_bounds(&figure, findings);
}

/* ---- all figures of the form -------------------------------------------------------------------- */

static void
check_reason(uint32_t number, Yuebao__MissingReason reason, struct findings *findings)
{
    char found[DECIMAL_TEXT_MAX];

    if (reason >= YUEBAO__MISSING_REASON__NOT_APPLICABLE && reason <= YUEBAO__MISSING_REASON__REFUSED)
        return;
    number_text((uint64_t)reason, found);
    findings_add(findings, CODE(BAD_REASON), number, NULL, found, NULL);
}

static void
add_foreign(const struct catalogue *catalogue, const struct form *form, uint32_t number,
            struct findings *findings)
{
    char found[DECIMAL_TEXT_MAX];

    number_text(number, found);
    if (catalogue_indicator(catalogue, number) == NULL)
        findings_add(findings, CODE(UNKNOWN_INDICATOR), number, NULL, found, NULL);
    else
        findings_add(findings, CODE(INDICATOR_NOT_IN_FORM), number, NULL, NULL, form->message->code);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * Walk the form's list, the figures and the missing ones beside each other: all three ascend, so each number
 * is seen once and nothing is looked up.
 */
static void
check_figures(const struct catalogue *catalogue, const struct form *form, const Yuebao__Statement *statement,
              struct findings *findings)
{
    size_t owed = 0, given = 0, missing = 0;

    for (;;) {
        uint64_t of_form = owed < form->n_items ? form->items[owed].indicator->number : NO_NUMBER;
        uint64_t of_given = given < statement->n_indicator ? statement->indicator[given] : NO_NUMBER;
        uint64_t of_missing = missing < statement->n_missing ? statement->missing[missing] : NO_NUMBER;
        uint64_t number = least(of_form, least(of_given, of_missing));
        const struct form_item *item = number == of_form ? &form->items[owed] : NULL;

        if (number == NO_NUMBER)
            return;
        if (number == of_given && number == of_missing)
            findings_add(findings, CODE(NOT_ASCENDING), (uint32_t)number, NULL, NULL, NULL);
        if (item == NULL)
            add_foreign(catalogue, form, (uint32_t)number, findings);
        else if (number == of_given)
            check_figure(item->indicator, statement->value[given], statement->denominator[given], findings);
        else if (item->required && number != of_missing)
            findings_add(findings, CODE(REQUIRED_FORGOTTEN), (uint32_t)number, NULL, NULL, NULL);
        if (number == of_missing)
            check_reason((uint32_t)number, statement->missing_reason[missing], findings);
        owed += number == of_form;
        given += number == of_given;
        missing += number == of_missing;
    }
}

/* An explanation stands beside a figure of the form, or beside a rule alone. */
static void
check_explanations(const struct catalogue *catalogue, const struct form *form,
                   const Yuebao__Statement *statement, struct findings *findings)
{
    for (size_t i = 0; i < statement->n_explanation; i++) {
        uint32_t number = statement->explanation[i]->indicator;

        if (number != 0 && catalogue_place(form, number) == FORM_FOREIGN)
            add_foreign(catalogue, form, number, findings);
    }
}

/*
 * The place for rules between indicators (Catalogue.rule): each rule whose terms are all in this form and
 * present in the statement, its sums against each other, RULE_BROKEN with the rule's severity. Not evaluated
 * yet.
 */
static void
check_rules(const struct catalogue *catalogue, const struct form *form, const Yuebao__Statement *statement,
            struct findings *findings)
{
    (void)catalogue;
    (void)form;
    (void)statement;
    (void)findings;
}

void
validate_statement(const struct catalogue *catalogue, const Yuebao__Statement *statement,
                   struct findings *findings)
{
    const struct form *form = catalogue_form(catalogue, statement->form);
    bool same_catalogue;

    check_texts(statement, findings);
    check_revision(statement, findings);
    same_catalogue = check_catalogue(statement, catalogue_hash(catalogue), findings);
    if (form == NULL)
        add_once(findings, CODE(UNKNOWN_FORM), statement->form, NULL);
    else
        check_period(form, statement, findings);
    if (!check_counts(statement, findings) || form == NULL || !same_catalogue)
        return;
    if (!check_ascending(statement->indicator, statement->n_indicator, findings) ||
        !check_ascending(statement->missing, statement->n_missing, findings))
        return;
    check_figures(catalogue, form, statement, findings);
    check_explanations(catalogue, form, statement, findings);
    check_rules(catalogue, form, statement, findings);
}

/* ---- the slot ----------------------------------------------------------------------------------- */

static enum slot_verdict
refuse(struct findings *findings, Yuebao__FindingCode code, const char *found, const char *bound)
{
    add_once(findings, code, found, bound);
    return SLOT_REFUSED;
}

static enum slot_verdict
check_kind(const struct slot *slot, const struct catalogue *catalogue, const Yuebao__Statement *statement,
           struct findings *findings)
{
    const struct form *form = catalogue == NULL ? NULL : catalogue_form(catalogue, statement->form);

    if (catalogue != NULL && form == NULL)
        return refuse(findings, CODE(UNKNOWN_FORM), statement->form, NULL);
    if (form != NULL && slot->kind != NULL && strcmp(form->message->kind, slot->kind) != 0)
        return refuse(findings, CODE(FORM_NOT_OF_KIND), statement->form, slot->kind);
    return SLOT_OPEN;
}

/* ISO 8601 intervals for the school's lifetime: "2019-09-01/2026-07-31", open ones end with "..". */
static enum slot_verdict
check_lifetime(const struct slot *slot, const struct catalogue *catalogue, const Yuebao__Statement *statement,
               struct findings *findings)
{
    const struct form *form = catalogue == NULL ? NULL : catalogue_form(catalogue, statement->form);
    char opened[PERIOD_TEXT_MAX + 1], closed[PERIOD_TEXT_MAX + 1] = "..", bound[FINDING_TEXT_MAX];
    struct period period;

    if (!period_parse(statement->period, &period))
        return refuse(findings, CODE(BAD_PERIOD), statement->period,
                      form != NULL ? form->message->frequency : NULL);
    if (period_last_day(period) >= slot->opened_day && period_last_day(period) <= slot->closed_day)
        return SLOT_OPEN;
    date_print(slot->opened_day, opened);
    if (slot->closed_day != INT32_MAX)
        date_print(slot->closed_day, closed);
    snprintf(bound, sizeof(bound), "%s/%s", opened, closed);
    return refuse(findings, CODE(SCHOOL_NOT_OPEN), statement->period, bound);
}

/* An unknown form, or a period of another frequency, is no slot; that is said elsewhere, and once is enough.
 */
static bool
names_a_slot(const struct catalogue *catalogue, const Yuebao__Statement *statement)
{
    const struct form *form = catalogue == NULL ? NULL : catalogue_form(catalogue, statement->form);
    struct period period;

    return form != NULL && period_parse(statement->period, &period) && period.frequency == form->frequency;
}

static enum slot_verdict
check_calendar(const struct slot *slot, const struct catalogue *catalogue, const Yuebao__Statement *statement,
               uint64_t now_ms, struct findings *findings)
{
    char opens[INSTANT_TEXT_MAX];

    if (!slot->in_calendar && !names_a_slot(catalogue, statement))
        return SLOT_REFUSED;
    if (!slot->in_calendar)
        return refuse(findings, CODE(PERIOD_NOT_IN_CALENDAR), statement->period, NULL);
    if (slot->catalogue != NULL && !check_catalogue(statement, slot->catalogue, findings))
        return SLOT_REFUSED;
    if (now_ms < slot->opens_ms) {
        instant_print(slot->opens_ms, slot->zone_minutes, opens);
        return refuse(findings, CODE(PERIOD_NOT_OPEN), statement->period, opens);
    }
    if (now_ms >= slot->closes_ms)
        return SLOT_CLOSED;
    return now_ms > slot->due_ms ? SLOT_LATE : SLOT_OPEN;
}

enum slot_verdict
validate_slot(const struct slot *slot, const struct catalogue *catalogue, const Yuebao__Statement *statement,
              uint64_t now_ms, struct findings *findings)
{
    enum slot_verdict verdict;

    if (!slot->school_known)
        return refuse(findings, CODE(UNKNOWN_SCHOOL), statement->school, NULL);
    verdict = check_calendar(slot, catalogue, statement, now_ms, findings);
    if (check_kind(slot, catalogue, statement, findings) == SLOT_REFUSED)
        verdict = SLOT_REFUSED;
    if (check_lifetime(slot, catalogue, statement, findings) == SLOT_REFUSED)
        verdict = SLOT_REFUSED;
    return verdict;
}
