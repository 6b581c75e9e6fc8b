/*
 * parts: the sections of a circular, in their order. Each asks what it needs and adds its section; false: a
 * query failed, reported. Whoever writes a new one adds it to the list in cmd_circular.c.
 */
#ifndef YUEBAOCTL_CIRCULAR_PARTS_H
#define YUEBAOCTL_CIRCULAR_PARTS_H

#include "circular.h"

/* What is owed and what came, by form and by district; who is missing, who was late. */
bool circular_reporting(struct circular *circular) __attribute__((warn_unused_result));
/* How a year's reports came, who was always in time, who has not reported for long. */
bool circular_punctuality(struct circular *circular) __attribute__((warn_unused_result));
/* The targets of the district's plans, and those of a superior's that concern it; vetoes. */
bool circular_targets(struct circular *circular) __attribute__((warn_unused_result));
/* The indicators that moved most since the period before; schools that opened or closed. */
bool circular_changes(struct circular *circular) __attribute__((warn_unused_result));
/* The best and the worst: of the districts below, or of the schools. */
bool circular_ranking(struct circular *circular) __attribute__((warn_unused_result));
/* The limits that figures of the period crossed. */
bool circular_alerts(struct circular *circular) __attribute__((warn_unused_result));
/* Where schools differ more than the threshold allows. */
bool circular_balance(struct circular *circular) __attribute__((warn_unused_result));
/* What is in no number above, and who has not declared. */
bool circular_uncounted(struct circular *circular) __attribute__((warn_unused_result));
/* What those whom it goes to must do: by what the sections before it found. */
bool circular_demands(struct circular *circular) __attribute__((warn_unused_result));

#endif
