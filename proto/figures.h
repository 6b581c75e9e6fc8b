/*
 * figures: the figures and reasons of a statement against what its form asks: each by itself. Rules between
 * them are in rules.h.
 */
#ifndef YUEBAO_FIGURES_H
#define YUEBAO_FIGURES_H

#include <stdint.h>

#include "catalogue.h"
#include "findings.h"
#include "limit.h"
#include "yuebao.pb-c.h"

/*
 * Judge them in the order of their numbers: denominator, magnitude, bounds, reason, what is forgotten and
 * what is not asked. The statement's arrays fit each other, ascend and hold at most FIGURES_MAX.
 *
 * ret_place  for each item of the form, where its figure stands in the arrays; NO_FIGURE: nowhere
 */
#define NO_FIGURE UINT16_MAX
void figures_check(const struct catalogue *catalogue, const struct form *form,
                   const Yuebao__Statement *statement, uint16_t ret_place[FIGURES_MAX],
                   struct findings *findings);

/*
 * What a figure without denominator may be, in units of the value: its bounds, and what can be added up. For
 * measures with a denominator, or where nothing may be, *ret_least > *ret_most.
 */
void figure_limits(const Yuebao__Indicator *indicator, int64_t *ret_least, int64_t *ret_most);

/* Add that the form does not ask for a number: UNKNOWN_INDICATOR or INDICATOR_NOT_IN_FORM. */
void figure_foreign(const struct catalogue *catalogue, const struct form *form, uint32_t number,
                    struct findings *findings);

#endif
