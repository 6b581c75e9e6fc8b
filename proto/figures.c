#include "figures.h"

#include <stdio.h>

#include "number.h"

#define NO_NUMBER UINT64_MAX /* beyond every indicator number: a list that is used up */

#define CODE(name) YUEBAO__FINDING_CODE__##name

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
check_figure(const struct form_item *item, int64_t value, int64_t denominator, struct findings *findings)
{
    struct figure figure = {.indicator = item->indicator, .value = value, .denominator = denominator};

    if (denominator == 0 && value >= item->least && value <= item->most)
        return; /* nearly all figures: the indicator itself is not looked at */
    figure.has_denominator = measure_has_denominator(item->indicator->measure);
    if (!figure.has_denominator && denominator != 0) {
        add_part(CODE(DENOMINATOR_UNEXPECTED), &figure, NULL, findings);
        return;
    }
    if (!check_magnitude(&figure, findings))
        return;
    if (!figure.has_denominator || check_denominator(&figure, findings))
        check_bounds(&figure, findings);
}

/* ---- limits ------------------------------------------------------------------------------------- */

void
figure_limits(const Yuebao__Indicator *indicator, int64_t *ret_least, int64_t *ret_most)
{
    const Yuebao__Bound *min = indicator->min, *max = indicator->max;
    __int128 unit = number_widen(1, indicator->decimals), least = -FIGURE_MAX, most = FIGURE_MAX;

    if (measure_has_denominator(indicator->measure)) {
        *ret_least = 1;
        *ret_most = 0;
        return;
    }
    if (min != NULL && -number_floor(-number_widen(min->scaled, min->decimals), unit) > least)
        least = -number_floor(-number_widen(min->scaled, min->decimals), unit);
    if (max != NULL && number_floor(number_widen(max->scaled, max->decimals), unit) < most)
        most = number_floor(number_widen(max->scaled, max->decimals), unit);
    *ret_least = least > most ? 1 : (int64_t)least;
    *ret_most = least > most ? 0 : (int64_t)most;
}

/* ---- all figures of the form -------------------------------------------------------------------- */

static void
check_reason(uint32_t number, Yuebao__MissingReason reason, struct findings *findings)
{
    char found[NUMBER_TEXT_MAX];

    if (reason >= YUEBAO__MISSING_REASON__NOT_APPLICABLE && reason <= YUEBAO__MISSING_REASON__REFUSED)
        return;
    number_print(reason, 0, found);
    findings_add(findings, CODE(BAD_REASON), number, NULL, found, NULL);
}

void
figure_foreign(const struct catalogue *catalogue, const struct form *form, uint32_t number,
               struct findings *findings)
{
    char found[NUMBER_TEXT_MAX];

    number_print(number, 0, found);
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
void
figures_check(const struct catalogue *catalogue, const struct form *form, const Yuebao__Statement *statement,
              uint16_t place[FIGURES_MAX], struct findings *findings)
{
    size_t owed = 0, given = 0, missing = 0;

    for (;;) {
        uint64_t of_form = owed < form->n_items ? form->items[owed].number : NO_NUMBER;
        uint64_t of_given = given < statement->n_indicator ? statement->indicator[given] : NO_NUMBER;
        uint64_t of_missing = missing < statement->n_missing ? statement->missing[missing] : NO_NUMBER;
        uint64_t number = least(of_form, least(of_given, of_missing));
        const struct form_item *item = number == of_form ? &form->items[owed] : NULL;

        if (number == NO_NUMBER)
            return;
        if (item != NULL)
            place[owed] = number == of_given ? (uint16_t)given : NO_FIGURE;
        if (number == of_given && number == of_missing)
            findings_add(findings, CODE(NOT_ASCENDING), (uint32_t)number, NULL, NULL, NULL);
        if (item == NULL)
            figure_foreign(catalogue, form, (uint32_t)number, findings);
        else if (number == of_given)
            check_figure(item, statement->value[given], statement->denominator[given], findings);
        else if (item->required && number != of_missing)
            findings_add(findings, CODE(REQUIRED_FORGOTTEN), (uint32_t)number, NULL, NULL, NULL);
        if (number == of_missing)
            check_reason((uint32_t)number, statement->missing_reason[missing], findings);
        owed += number == of_form;
        given += number == of_given;
        missing += number == of_missing;
    }
}
