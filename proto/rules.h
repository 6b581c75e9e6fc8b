/*
 * rules: sums of figures against each other, as far as one form and one statement decide them.
 *
 * A rule is of a form when the form has the indicator of every term and no term is of the period before. At
 * loading, the catalogue compiles for each form the rules that are of it, so that judging a statement looks
 * nothing up: a term is a place in the form's list and a factor. All other rules are the desk's and the
 * bureau's business, and are not met here.
 */
#ifndef YUEBAO_RULES_H
#define YUEBAO_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "figures.h"
#include "findings.h"
#include "yuebao.pb-c.h"

/* ---- any rule ----------------------------------------------------------------------------------- */

/* The terms one after the other, those of the left side first. `at` < rule_term_count(). */
size_t rule_term_count(const Yuebao__Rule *rule);
const Yuebao__Term *rule_term_at(const Yuebao__Rule *rule, size_t at);

/*
 * The indicators that a rule is about, each once, in the order of their first terms. At most `room` are
 * written (a rule of a form has at most FIGURES_MAX); returns how many were.
 */
size_t rule_indicators(const Yuebao__Rule *rule, uint32_t *ret_numbers, size_t room);

/* Whether one of the terms is of that indicator. */
bool rule_is_about(const Yuebao__Rule *rule, uint32_t indicator);

/* Whether the form has the indicator of every term, and no term is of the period before. */
bool rule_is_of_form(const Yuebao__Rule *rule, const struct form *form);

/* Whether two sums, of the same decimals, stand to each other as the rule wants. */
bool rule_holds(const Yuebao__Rule *rule, __int128 left, __int128 right);

/*
 * The first explanation of the statement that answers the rule: its text is not blank, and it names the rule,
 * or no rule and one of the rule's indicators. NULL: there is none. Borrowed from the statement.
 */
const Yuebao__Explanation *rule_explanation(const Yuebao__Rule *rule, const Yuebao__Statement *statement);

/* ---- the rules of a form ------------------------------------------------------------------------ */

struct compiled_term {
    uint16_t item;    /* place in form->items */
    bool denominator; /* this part of the figure; else the value */
    int32_t factor;   /* 10^n: brings the figure to the rule's decimals */
};

struct form_rule {
    const Yuebao__Rule *message;
    const struct compiled_term *terms; /* n_left, then n_right */
    uint32_t n_left, n_right;
    unsigned decimals; /* of both sums: the most that a term has */
};

/* The rules of all forms of a catalogue; embedded in it. */
struct rules {
    struct form_rule *list;
    struct compiled_term *terms;
    size_t n_list, n_terms;
};

/*
 * Compile the rules of each form and set its `rules`. The terms' indicators are in the catalogue, the rules
 * are sound. CATALOGUE_TOO_LARGE: more than COMPILED_TERMS_MAX. Whatever is returned, rules_fini() frees.
 */
enum catalogue_status rules_compile(struct rules *rules, const Yuebao__Catalogue *message, struct form *forms)
    __attribute__((warn_unused_result));
void rules_fini(struct rules *rules);

/*
 * Judge a statement by the rules of its form, in the order of their codes: RULE_BROKEN with the rule's
 * severity, and EXPLANATION_MISSING after a warning that nothing explains. A rule one of whose figures is not
 * given says nothing.
 *
 * place     as figures_check() found it
 */
void rules_check(const struct form *form, const Yuebao__Statement *statement, const uint16_t *place,
                 struct findings *findings);

#endif
