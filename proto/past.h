/*
 * past: a statement against what its school has reported before. Warnings only, never an error: they are for
 * the desk, which asks its own accepted reports; the bureau asks the books by the same rules in SQL
 * (sql/api/70-past.sql). No I/O and no clock here.
 *
 * Rules that are not of one form (PROTOCOL.md, section 8): each is about the form of its first left term, and
 * of the statements of that form. A term of this form takes the statement's figure; one of another form that
 * of the period of its frequency which contains the last day of the statement's period, else of the newest
 * one accepted before it, PAST_REACH_DAYS at most; a `previous` term what it would be for the period before.
 * The other form is the first by code, of the same kind of school, that has the indicator. Where a figure is
 * missing the rule says nothing. Broken: RULE_BROKEN, as validate has it, with severity WARNING whatever the
 * rule's own.
 *
 * Figures unlike the past: each figure against the school's own figures of the same indicator on the same
 * form. These are of the same month, quarter, term, ISO week or day of the PAST_YEARS years before, if
 * PAST_YEARS_LEAST of them have one; else of the PAST_PERIODS periods before in the form's calendar, if
 * PAST_PERIODS_LEAST of them have one; else nothing is said. Where the measure has a denominator, the
 * quotient counts, rounded half away from zero to QUOTIENT_DECIMALS; 0 of 0 is no figure. What unlike means
 * stands in usual.h; besides, it takes a change of PAST_COUNT_LEAST in a count and of
 * PAST_RATIO_LEAST_PERCENT points in a ratio. UNLIKE_PAST has the figure in `found` ("812", "40/50 = 0.8")
 * and what would be usual in `bound` ("395 ~ 408").
 */
#ifndef YUEBAO_PAST_H
#define YUEBAO_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "catalogue.h"
#include "findings.h"
#include "period.h"
#include "yuebao.pb-c.h"

#define PAST_REACH_DAYS          366 /* how far back another form's figure may lie: a yearly one still counts */
#define PAST_YEARS               5
#define PAST_YEARS_LEAST         3
#define PAST_PERIODS             12
#define PAST_PERIODS_LEAST       4
#define PAST_COUNT_LEAST         5 /* four pupils more or less are no news, however steady a school was */
#define PAST_RATIO_LEAST_PERCENT 5
#define QUOTIENT_DECIMALS        6 /* as api views show quotients */

/*
 * What the caller has accepted of the statement's school. Each function answers false where there is nothing,
 * and sets its outputs otherwise; `arg` is handed through.
 */
struct past {
    void *arg;
    /* The newest accepted figure, scaled as in a statement. false: no report, or a reason instead of a
     * figure. */
    bool (*figure)(void *arg, const char *form, struct period period, uint32_t indicator, int64_t *ret_value,
                   int64_t *ret_denominator);
    /* Whether a report of the slot is accepted. */
    bool (*accepted)(void *arg, const char *form, struct period period);
    /* The period before in the form's calendar, accepted or not. false: the calendar has, or is known, no
     * further. */
    bool (*before)(void *arg, const char *form, struct period period, struct period *ret_period);
};

/*
 * Add the warnings: rules first, in the catalogue's order, then figures by number. A statement whose form is
 * not in the catalogue, whose period is not one of the form's, or whose arrays differ in length gets none:
 * validate_statement refuses it. Up to about 370 questions to `past` for a rule with another form's term, and
 * PAST_YEARS + PAST_PERIODS for a figure: answer from memory.
 */
void past_check(const struct catalogue *catalogue, const Yuebao__Statement *statement,
                const struct past *past, struct findings *findings);

#endif
