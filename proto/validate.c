#include "validate.h"

#include <stdio.h>
#include <string.h>

#include "envelope.h"
#include "figures.h"
#include "number.h"
#include "period.h"
#include "rules.h"
#include "text.h"

#define BYTES_A_HANZI 3u /* in UTF-8 */
#define HEX_TEXT_MAX  (2 * ID_SIZE + 1)

#define CODE(name) YUEBAO__FINDING_CODE__##name

/* What statement and slot both know is said once. */
static void
add_once(struct findings *findings, Yuebao__FindingCode code, const char *found, const char *bound)
{
    if (!findings_have(findings, code))
        findings_add(findings, code, 0, NULL, found, bound);
}

/* ---- the statement's own fields ----------------------------------------------------------------- */

/* The limit is in bytes; a clerk counts characters, and they are Chinese. */
static void
check_length(const char *field, const char *text, size_t bytes_max, struct findings *findings)
{
    char bound[NUMBER_TEXT_MAX];

    if (strlen(text) <= bytes_max)
        return;
    number_print((int64_t)(bytes_max / BYTES_A_HANZI), 0, bound);
    findings_add(findings, CODE(TEXT_TOO_LONG), 0, NULL, field, bound);
}

/* Source of the three names: rules on education statistics (2018), article 27. */
static void
check_name(const char *field, const char *name, struct findings *findings)
{
    if (text_is_blank(name))
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
    char found[NUMBER_TEXT_MAX];

    number_print(statement->revision, 0, found);
    if (statement->revision == 0 || statement->revision > REVISION_MAX)
        findings_add(findings, CODE(BAD_REVISION), 0, NULL, found, NULL);
    else if (statement->previous.len != previous_len)
        findings_add(findings, CODE(BAD_REVISION), 0, NULL, found, "previous");
    else if (first && statement->correction[0] != '\0')
        findings_add(findings, CODE(BAD_REVISION), 0, NULL, found, "correction");
    if (statement->revision > 1 && text_is_blank(statement->correction))
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
    char found[NUMBER_TEXT_MAX], bound[NUMBER_TEXT_MAX];

    if (count == wanted)
        return true;
    number_print((int64_t)count, 0, found);
    number_print((int64_t)wanted, 0, bound);
    findings_add(findings, CODE(ARRAYS_DIFFER), 0, NULL, found, bound);
    return false;
}

static bool
check_figure_count(size_t figures, struct findings *findings)
{
    char found[NUMBER_TEXT_MAX], bound[NUMBER_TEXT_MAX];

    if (figures <= FIGURES_MAX)
        return true;
    number_print((int64_t)figures, 0, found);
    number_print(FIGURES_MAX, 0, bound);
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

/* An explanation stands beside a figure of the form, or beside a rule alone: one that the catalogue has, for
 * the desk warns by rules that mix forms, too. */
static void
check_explanations(const struct catalogue *catalogue, const struct form *form,
                   const Yuebao__Statement *statement, struct findings *findings)
{
    for (size_t i = 0; i < statement->n_explanation; i++) {
        const Yuebao__Explanation *explanation = statement->explanation[i];
        const char *rule = explanation->rule;

        if (explanation->indicator != 0 && catalogue_item(form, explanation->indicator) == NULL)
            figure_foreign(catalogue, form, explanation->indicator, findings);
        if (rule[0] != '\0' && strlen(rule) <= INDICATOR_CODE_MAX && catalogue_rule(catalogue, rule) == NULL)
            findings_add(findings, CODE(UNKNOWN_RULE), 0, NULL, rule, NULL);
    }
}

void
validate_statement(const struct catalogue *catalogue, const Yuebao__Statement *statement,
                   struct findings *findings)
{
    const struct form *form = catalogue_form(catalogue, statement->form);
    uint16_t place[FIGURES_MAX];
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
    figures_check(catalogue, form, statement, place, findings);
    check_explanations(catalogue, form, statement, findings);
    rules_check(form, statement, place, findings);
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
    if (slot->not_sent)
        return refuse(findings, CODE(FORM_NOT_SENT), statement->form, NULL);
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
    verdict = slot->not_sent ? SLOT_REFUSED : check_calendar(slot, catalogue, statement, now_ms, findings);
    if (check_kind(slot, catalogue, statement, findings) == SLOT_REFUSED)
        verdict = SLOT_REFUSED;
    if (check_lifetime(slot, catalogue, statement, findings) == SLOT_REFUSED)
        verdict = SLOT_REFUSED;
    return verdict;
}
