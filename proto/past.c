#include "past.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "number.h"
#include "rules.h"
#include "usual.h"

static_assert(PAST_PERIODS <= USUAL_COUNT_MAX && PAST_YEARS <= USUAL_COUNT_MAX, "a history fits");

#define CODE(name) YUEBAO__FINDING_CODE__##name

/* "40/50 = 0.8"; findings keep what fits. */
#define FOUND_TEXT_MAX (2 * NUMBER_TEXT_MAX + NUMBER_WIDE_TEXT_MAX + 4)

/* One statement under check. */
struct check {
    const struct catalogue *catalogue;
    const Yuebao__Statement *statement;
    const struct form *form;
    struct period period;
    const struct past *past;
    struct findings *findings;
};

struct figure {
    int64_t value, denominator;
};

/* ---- where a term's figure is ------------------------------------------------------------------- */

static bool
find_in_statement(const Yuebao__Statement *statement, uint32_t indicator, struct figure *ret_figure)
{
    size_t low = 0, high = statement->n_indicator;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (statement->indicator[middle] < indicator)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == statement->n_indicator || statement->indicator[low] != indicator)
        return false;
    ret_figure->value = statement->value[low];
    ret_figure->denominator = statement->denominator[low];
    return true;
}

static bool
ask_figure(const struct past *past, const struct form *form, struct period period, uint32_t indicator,
           struct figure *ret_figure)
{
    return past->figure(past->arg, form->message->code, period, indicator, &ret_figure->value,
                        &ret_figure->denominator);
}

/* The form, of the same kind as this one, that asks for what this one does not; NULL: none. */
static const struct form *
other_form(const struct check *check, uint32_t indicator)
{
    for (size_t i = 0; i < catalogue_form_count(check->catalogue); i++) {
        const struct form *form = catalogue_form_at(check->catalogue, i);

        if (strcmp(form->message->kind, check->form->message->kind) == 0 &&
            catalogue_place(form, indicator) != FORM_FOREIGN)
            return form;
    }
    return NULL;
}

/* The newest accepted period of the form that begins no later than the one which contains the day. */
static bool
newest_accepted(const struct check *check, const struct form *form, int32_t day, struct period *ret_period)
{
    struct period period = period_of_day(form->frequency, day);
    int32_t oldest = period.first_day - PAST_REACH_DAYS;

    for (; period.first_day >= oldest; period = period_previous(period)) {
        if (check->past->accepted(check->past->arg, form->message->code, period)) {
            *ret_period = period;
            return true;
        }
    }
    return false;
}

/* The figure that a term means, seen from this period: the statement's own, or the one before. */
static bool
find_figure(const struct check *check, const Yuebao__Term *term, struct figure *ret_figure)
{
    struct period period = check->period;
    const struct form *form = check->form;

    if (term->previous && !check->past->before(check->past->arg, form->message->code, period, &period))
        return false;
    if (catalogue_place(form, term->indicator) != FORM_FOREIGN) {
        if (!term->previous)
            return find_in_statement(check->statement, term->indicator, ret_figure);
        return ask_figure(check->past, form, period, term->indicator, ret_figure);
    }
    form = other_form(check, term->indicator);
    return form != NULL && newest_accepted(check, form, period_last_day(period), &period) &&
           ask_figure(check->past, form, period, term->indicator, ret_figure);
}

/* ---- rules that are not of one form ------------------------------------------------------------- */

/* false: a figure is missing. */
static bool
sum_terms(const struct check *check, Yuebao__Term *const *terms, size_t count, __int128 *ret_sum)
{
    __int128 sum = 0;

    for (size_t i = 0; i < count; i++) {
        const Yuebao__Indicator *indicator = catalogue_indicator(check->catalogue, terms[i]->indicator);
        struct figure figure;

        if (!find_figure(check, terms[i], &figure))
            return false;
        if (terms[i]->part == YUEBAO__PART__DENOMINATOR)
            sum += number_widen(figure.denominator, indicator->denominator_decimals);
        else
            sum += number_widen(figure.value, indicator->decimals);
    }
    *ret_sum = sum;
    return true;
}

static void
check_rule(const struct check *check, const Yuebao__Rule *rule)
{
    char found[NUMBER_WIDE_TEXT_MAX], bound[NUMBER_WIDE_TEXT_MAX];
    __int128 left, right;

    if (catalogue_place(check->form, rule->left[0]->indicator) == FORM_FOREIGN)
        return; /* about another form */
    if (rule_is_of_form(rule, check->form))
        return; /* validate's */
    if (!sum_terms(check, rule->left, rule->n_left, &left) ||
        !sum_terms(check, rule->right, rule->n_right, &right) || rule_holds(rule, left, right))
        return;
    number_print_wide(left, DECIMALS_MAX, found);
    number_print_wide(right, DECIMALS_MAX, bound);
    findings_warn(check->findings, CODE(RULE_BROKEN), rule->left[0]->indicator, rule->code, found, bound);
}

/* ---- figures unlike the past -------------------------------------------------------------------- */

static __int128
power_of_ten(unsigned exponent)
{
    __int128 power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* The figure in its unit's smallest part; of two parts, their quotient. false: nobody was there to count. */
static bool
quantity(const Yuebao__Indicator *indicator, const struct figure *figure, __int128 *ret_quantity)
{
    __int128 dividend, rest;

    if (!measure_has_denominator(indicator->measure)) {
        *ret_quantity = figure->value;
        return true;
    }
    if (figure->denominator <= 0)
        return false;
    dividend = figure->value *
               power_of_ten(QUOTIENT_DECIMALS + indicator->denominator_decimals - indicator->decimals);
    rest = dividend % figure->denominator;
    *ret_quantity = dividend / figure->denominator;
    if (2 * (rest < 0 ? -rest : rest) >= figure->denominator)
        *ret_quantity += rest < 0 ? -1 : 1;
    return true;
}

static unsigned
quantity_decimals(const Yuebao__Indicator *indicator)
{
    return measure_has_denominator(indicator->measure) ? QUOTIENT_DECIMALS : indicator->decimals;
}

/* The smallest change that is worth a question. */
static __int128
least_change(const Yuebao__Indicator *indicator)
{
    if (indicator->measure == YUEBAO__MEASURE__COUNT)
        return PAST_COUNT_LEAST * power_of_ten(indicator->decimals);
    if (indicator->measure == YUEBAO__MEASURE__RATIO)
        return PAST_RATIO_LEAST_PERCENT * power_of_ten(QUOTIENT_DECIMALS) / 100;
    return 0;
}

static size_t
add_quantity(const struct check *check, const Yuebao__Indicator *indicator, struct period period,
             __int128 *quantities, size_t count)
{
    struct figure figure;

    if (!ask_figure(check->past, check->form, period, indicator->number, &figure))
        return count;
    return count + quantity(indicator, &figure, &quantities[count]);
}

static size_t
same_part_of_years(const struct check *check, const Yuebao__Indicator *indicator, __int128 *quantities)
{
    size_t count = 0;
    struct period earlier;

    for (int years = 1; years <= PAST_YEARS; years++) {
        if (period_years_before(check->period, years, &earlier))
            count = add_quantity(check, indicator, earlier, quantities, count);
    }
    return count;
}

static size_t
periods_before(const struct check *check, const Yuebao__Indicator *indicator, __int128 *quantities)
{
    size_t count = 0;
    struct period period = check->period;

    for (int i = 0; i < PAST_PERIODS; i++) {
        if (!check->past->before(check->past->arg, check->form->message->code, period, &period))
            break;
        count = add_quantity(check, indicator, period, quantities, count);
    }
    return count;
}

/* 0: too few to judge by. */
static size_t
gather_history(const struct check *check, const Yuebao__Indicator *indicator, __int128 *quantities)
{
    size_t count = same_part_of_years(check, indicator, quantities);

    if (count >= PAST_YEARS_LEAST)
        return count;
    count = periods_before(check, indicator, quantities);
    return count >= PAST_PERIODS_LEAST ? count : 0;
}

/* "812", or with its parts as they were filled in: "40/50 = 0.8". */
static void
print_found(const Yuebao__Indicator *indicator, const struct figure *figure, __int128 found,
            char text[FOUND_TEXT_MAX])
{
    char value[NUMBER_TEXT_MAX], denominator[NUMBER_TEXT_MAX], wide[NUMBER_WIDE_TEXT_MAX];

    number_print_wide(found, quantity_decimals(indicator), wide);
    number_print(figure->value, indicator->decimals, value);
    number_print(figure->denominator, indicator->denominator_decimals, denominator);
    if (measure_has_denominator(indicator->measure))
        snprintf(text, FOUND_TEXT_MAX, "%s/%s = %s", value, denominator, wide);
    else
        snprintf(text, FOUND_TEXT_MAX, "%s", value);
}

/* A ratio is never above one, so no more than that is usual. */
static __int128
highest(const Yuebao__Indicator *indicator, const struct usual *usual)
{
    __int128 one = power_of_ten(QUOTIENT_DECIMALS);

    return indicator->measure == YUEBAO__MEASURE__RATIO && usual->high > one ? one : usual->high;
}

static void
add_unlike(const struct check *check, const Yuebao__Indicator *indicator, const struct figure *figure,
           __int128 found, const struct usual *usual)
{
    char text[FOUND_TEXT_MAX], low[NUMBER_WIDE_TEXT_MAX], high[NUMBER_WIDE_TEXT_MAX];
    char bound[2 * NUMBER_WIDE_TEXT_MAX + 4];

    print_found(indicator, figure, found, text);
    number_print_wide(usual->low, quantity_decimals(indicator), low);
    number_print_wide(highest(indicator, usual), quantity_decimals(indicator), high);
    snprintf(bound, sizeof(bound), "%s ~ %s", low, high);
    findings_warn(check->findings, CODE(UNLIKE_PAST), indicator->number, NULL, text, bound);
}

static void
check_figure(const struct check *check, size_t index)
{
    const Yuebao__Statement *statement = check->statement;
    const Yuebao__Indicator *indicator = catalogue_indicator(check->catalogue, statement->indicator[index]);
    struct figure figure = {statement->value[index], statement->denominator[index]};
    __int128 history[USUAL_COUNT_MAX], found;
    struct usual usual;
    size_t count;

    if (indicator == NULL || catalogue_place(check->form, indicator->number) == FORM_FOREIGN ||
        !quantity(indicator, &figure, &found))
        return;
    count = gather_history(check, indicator, history);
    if (count > 0 && usual_is_unlike(history, count, found, least_change(indicator), &usual))
        add_unlike(check, indicator, &figure, found, &usual);
}

void
past_check(const struct catalogue *catalogue, const Yuebao__Statement *statement, const struct past *past,
           struct findings *findings)
{
    struct check check = {.catalogue = catalogue,
                          .statement = statement,
                          .form = catalogue_form(catalogue, statement->form),
                          .past = past,
                          .findings = findings};

    if (check.form == NULL || !period_parse(statement->period, &check.period) ||
        check.period.frequency != check.form->frequency || statement->n_value != statement->n_indicator ||
        statement->n_denominator != statement->n_indicator)
        return;
    for (size_t i = 0; i < catalogue_rule_count(catalogue); i++)
        check_rule(&check, catalogue_rule_at(catalogue, i));
    for (size_t i = 0; i < statement->n_indicator; i++)
        check_figure(&check, i);
}
