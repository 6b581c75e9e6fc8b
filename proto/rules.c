#include "rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "text.h"

/* ---- any rule ----------------------------------------------------------------------------------- */

size_t
rule_term_count(const Yuebao__Rule *rule)
{
    return rule->n_left + rule->n_right;
}

const Yuebao__Term *
rule_term_at(const Yuebao__Rule *rule, size_t at)
{
    assert(at < rule_term_count(rule));
    return at < rule->n_left ? rule->left[at] : rule->right[at - rule->n_left];
}

static bool
is_among(uint32_t number, const uint32_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == number)
            return true;
    }
    return false;
}

size_t
rule_indicators(const Yuebao__Rule *rule, uint32_t *ret_numbers, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < rule_term_count(rule) && count < room; i++) {
        uint32_t number = rule_term_at(rule, i)->indicator;

        if (!is_among(number, ret_numbers, count))
            ret_numbers[count++] = number;
    }
    return count;
}

bool
rule_is_about(const Yuebao__Rule *rule, uint32_t number)
{
    for (size_t i = 0; i < rule_term_count(rule); i++) {
        if (rule_term_at(rule, i)->indicator == number)
            return true;
    }
    return false;
}

bool
rule_is_of_form(const Yuebao__Rule *rule, const struct form *form)
{
    for (size_t i = 0; i < rule_term_count(rule); i++) {
        const Yuebao__Term *term = rule_term_at(rule, i);

        if (term->previous || catalogue_item(form, term->indicator) == NULL)
            return false;
    }
    return true;
}

bool
rule_holds(const Yuebao__Rule *rule, __int128 left, __int128 right)
{
    switch (rule->op) {
    case YUEBAO__OPERATOR__EQUAL:
        return left == right;
    case YUEBAO__OPERATOR__AT_MOST:
        return left <= right;
    case YUEBAO__OPERATOR__AT_LEAST:
        return left >= right;
    case _YUEBAO__OPERATOR_IS_INT_SIZE:
        break;
    }
    assert(!"an operator that the gate does not know");
    return false;
}

const Yuebao__Explanation *
rule_explanation(const Yuebao__Rule *rule, const Yuebao__Statement *statement)
{
    for (size_t i = 0; i < statement->n_explanation; i++) {
        const Yuebao__Explanation *explanation = statement->explanation[i];
        bool answers = explanation->rule[0] != '\0' ? strcmp(explanation->rule, rule->code) == 0
                                                    : rule_is_about(rule, explanation->indicator);

        if (answers && !text_is_blank(explanation->text))
            return explanation;
    }
    return NULL;
}

/* ---- compiling ---------------------------------------------------------------------------------- */

static unsigned
decimals_of(const Yuebao__Term *term, const Yuebao__Indicator *indicator)
{
    return term->part == YUEBAO__PART__DENOMINATOR ? indicator->denominator_decimals : indicator->decimals;
}

static int32_t
power_of_ten(unsigned exponent)
{
    int32_t power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* `terms` has room for all of them. */
static void
compile_rule(const Yuebao__Rule *rule, const struct form *form, struct form_rule *ret_rule,
             struct compiled_term *terms)
{
    *ret_rule = (struct form_rule){.message = rule,
                                   .terms = terms,
                                   .n_left = (uint32_t)rule->n_left,
                                   .n_right = (uint32_t)rule->n_right};
    for (size_t i = 0; i < rule_term_count(rule); i++) {
        const Yuebao__Term *term = rule_term_at(rule, i);
        unsigned decimals = decimals_of(term, catalogue_item(form, term->indicator)->indicator);

        if (decimals > ret_rule->decimals)
            ret_rule->decimals = decimals;
    }
    for (size_t i = 0; i < rule_term_count(rule); i++) {
        const Yuebao__Term *term = rule_term_at(rule, i);
        const struct form_item *item = catalogue_item(form, term->indicator);

        terms[i].item = (uint16_t)(item - form->items);
        terms[i].denominator = term->part == YUEBAO__PART__DENOMINATOR;
        terms[i].factor = power_of_ten(ret_rule->decimals - decimals_of(term, item->indicator));
    }
}

/* How many rules of forms there are, and how many terms they have. false: too many terms. */
static bool
count_rules(const Yuebao__Catalogue *message, const struct form *forms, size_t *ret_rules, size_t *ret_terms)
{
    size_t rules = 0, terms = 0;

    for (size_t f = 0; f < message->n_form; f++) {
        for (size_t r = 0; r < message->n_rule; r++) {
            if (!rule_is_of_form(message->rule[r], &forms[f]))
                continue;
            rules++;
            terms += rule_term_count(message->rule[r]);
            if (terms > COMPILED_TERMS_MAX)
                return false;
        }
    }
    *ret_rules = rules;
    *ret_terms = terms;
    return true;
}

static void
compile_form(struct rules *rules, const Yuebao__Catalogue *message, struct form *form)
{
    form->rules = rules->list + rules->n_list;
    for (size_t r = 0; r < message->n_rule; r++) {
        if (!rule_is_of_form(message->rule[r], form))
            continue;
        compile_rule(message->rule[r], form, rules->list + rules->n_list, rules->terms + rules->n_terms);
        rules->n_list++;
        rules->n_terms += rule_term_count(message->rule[r]);
        form->n_rules++;
    }
}

enum catalogue_status
rules_compile(struct rules *rules, const Yuebao__Catalogue *message, struct form *forms)
{
    size_t n_list, n_terms;

    memset(rules, 0, sizeof(*rules));
    if (!count_rules(message, forms, &n_list, &n_terms))
        return CATALOGUE_TOO_LARGE;
    if (n_list == 0)
        return CATALOGUE_OK;
    rules->list = calloc(n_list, sizeof(*rules->list));
    rules->terms = calloc(n_terms, sizeof(*rules->terms));
    if (rules->list == NULL || rules->terms == NULL)
        return CATALOGUE_NOMEM;
    for (size_t f = 0; f < message->n_form; f++)
        compile_form(rules, message, &forms[f]);
    assert(rules->n_list == n_list && rules->n_terms == n_terms);
    return CATALOGUE_OK;
}

void
rules_fini(struct rules *rules)
{
    free(rules->list);
    free(rules->terms);
    memset(rules, 0, sizeof(*rules));
}

/* ---- judging ------------------------------------------------------------------------------------ */

/*
 * Add up `count` terms. false: one of them has no figure. 128 bits are enough: a catalogue has fewer than
 * 2^17 fields, so a sum is below 2^17 × 2^63 × 10^6.
 */
static bool
sum_of(const struct compiled_term *terms, size_t count, const Yuebao__Statement *statement,
       const uint16_t *place, __int128 *ret_sum)
{
    __int128 sum = 0;

    for (size_t i = 0; i < count; i++) {
        uint16_t at = place[terms[i].item];

        if (at == NO_FIGURE)
            return false;
        sum += (__int128)(terms[i].denominator ? statement->denominator : statement->value)[at] *
               terms[i].factor;
    }
    *ret_sum = sum;
    return true;
}

static void
add_broken(const struct form_rule *rule, const Yuebao__Statement *statement, __int128 left, __int128 right,
           struct findings *findings)
{
    const Yuebao__Rule *message = rule->message;
    uint32_t indicator = rule_term_at(message, 0)->indicator;
    char found[NUMBER_WIDE_TEXT_MAX], bound[NUMBER_WIDE_TEXT_MAX];

    number_print_wide(left, rule->decimals, found);
    number_print_wide(right, rule->decimals, bound);
    if (message->severity == YUEBAO__SEVERITY__ERROR) {
        findings_add(findings, YUEBAO__FINDING_CODE__RULE_BROKEN, indicator, message->code, found, bound);
        return;
    }
    findings_warn(findings, YUEBAO__FINDING_CODE__RULE_BROKEN, indicator, message->code, found, bound);
    if (rule_explanation(message, statement) == NULL)
        findings_add(findings, YUEBAO__FINDING_CODE__EXPLANATION_MISSING, indicator, message->code, found,
                     bound);
}

void
rules_check(const struct form *form, const Yuebao__Statement *statement, const uint16_t *place,
            struct findings *findings)
{
    for (size_t i = 0; i < form->n_rules; i++) {
        const struct form_rule *rule = &form->rules[i];
        __int128 left, right;

        if (sum_of(rule->terms, rule->n_left, statement, place, &left) &&
            sum_of(rule->terms + rule->n_left, rule->n_right, statement, place, &right) &&
            !rule_holds(rule->message, left, right))
            add_broken(rule, statement, left, right, findings);
    }
}
