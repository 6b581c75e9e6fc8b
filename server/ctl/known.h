/*
 * known: whether what an administrator named exists. A question about what does not exist has no answer,
 * least of all "nothing is missing".
 *
 * Each accepts NULL (nothing was named). false: reported, as wrong use (64) what cannot be such a name, as
 * refused data (65) what could but is not in the database.
 */
#ifndef YUEBAOCTL_KNOWN_H
#define YUEBAOCTL_KNOWN_H

#include "ctl.h"
#include "period.h"

/* By their shape alone: these need no database. */
bool is_period(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));
/* `from` begins no later than `to` ends; both are periods, or NULL: open. */
bool is_span(struct ctl *ctl, const char *from, const char *to) __attribute__((warn_unused_result));
bool is_form(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));
bool is_one_off_name(const char *text,
                     size_t len); /* the third part of a one-off form's code; says nothing */
bool is_kind(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));
bool is_frequency(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));
/* Why something is done to a school, which reads it: one line, not empty. Here NULL is not accepted. */
bool is_reason(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));
bool is_district(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));
bool is_area(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));
/* The id of a statement, or enough of its beginning. */
#define STATEMENT_PREFIX_MIN 8 /* hex digits */
bool is_statement_id(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));

/* The second part of a form's code. false: none. */
bool form_frequency(const char *form, enum frequency *ret_frequency) __attribute__((warn_unused_result));

/* By schema api: readers may ask. */
bool knows_form(struct ctl *ctl, const char *form) __attribute__((warn_unused_result));
bool knows_area(struct ctl *ctl, const char *area) __attribute__((warn_unused_result));
/* Whether this user may be told its totals. false: reported, as not allowed (77). */
bool sees_area(struct ctl *ctl, const char *area) __attribute__((warn_unused_result));
bool knows_plan(struct ctl *ctl, const char *plan) __attribute__((warn_unused_result));
/* Those whose figures a login may be told or not: it exists, and this one may; else not allowed (77). */
bool knows_district(struct ctl *ctl, const char *district) __attribute__((warn_unused_result));
bool knows_indicator(struct ctl *ctl, const char *indicator) __attribute__((warn_unused_result));
bool knows_school(struct ctl *ctl, const char *school) __attribute__((warn_unused_result));
/* For questions about the catalogue: it exists. */
bool has_district(struct ctl *ctl, const char *district) __attribute__((warn_unused_result));
bool has_school(struct ctl *ctl, const char *school) __attribute__((warn_unused_result));

/* For questions that add up: as knows_district; where none is named, the login must see one whole. */
bool sees_totals(struct ctl *ctl, const char *district) __attribute__((warn_unused_result));
/* For questions about reports as wholes, of which a department sees a part. */
bool sees_whole_reports(struct ctl *ctl) __attribute__((warn_unused_result));
/* A period of the calendar that has opened, of this form if one is named. */
bool has_opened(struct ctl *ctl, const char *period, const char *form) __attribute__((warn_unused_result));

#endif
