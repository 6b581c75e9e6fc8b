/*
 * progress: what `yuebaoctl progress`, `result` and `snapshot` share: whose plans, as of when.
 */
#ifndef YUEBAOCTL_PROGRESS_H
#define YUEBAOCTL_PROGRESS_H

#include "ctl.h"

/* What an administrator named; NULL: nothing. Borrowed from argv. */
struct progress_question {
    const char *district, *plan, *as_of, *target;
};

/* The instant of parameter $2, a day or NULL: the end of that day where the plans are made, or now. */
#define PROGRESS_AS_OF "coalesce(($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', pg_catalog.now())"

/* Row p of every target of plan $3 (NULL: of all) as of $2. */
#define PROGRESS_STANDS "FROM api.progress_at(" PROGRESS_AS_OF ", $3::text) AS p "

/* Row v of every veto that was breached in a year of plan $3 (NULL: of all) as of $2; goes on with AND. */
#define PROGRESS_BREACHES "FROM api.veto_at(" PROGRESS_AS_OF ", $3::text) AS v WHERE v.breached "

/* How row p's numbers are printed, wherever a target is: what it promises, in which period it stands, how far
 * it is from its goal, what is required a month. */
#define PROGRESS_SHOWN(value) "api.figure_text(" value ", p.unit)"
#define PROGRESS_TARGET                                                                                      \
    "CASE p.direction WHEN 'at_least' THEN '≥ ' WHEN 'at_most' THEN '≤ ' WHEN 'equal' THEN '= ' "        \
    "WHEN 'reduce_by' THEN '− ' ELSE '+ ' END || coalesce(" PROGRESS_SHOWN("p.target_value") ", '?')"
/* 2023-10/2025-12 as 2023-10…2025-12, and 2025-10/2025-12 as 2025-10…12. */
#define PROGRESS_PERIOD                                                                                      \
    "regexp_replace(regexp_replace(p.now_period, '^(\\d{4}-)(.*)/\\1', '\\1\\2…'), '/', '…')"
#define PROGRESS_GAP      "CASE WHEN NOT p.reached THEN api.gap_text(p.goal, p.\"now\", p.unit) END"
#define PROGRESS_REQUIRED "CASE WHEN p.required > 0 THEN " PROGRESS_SHOWN("p.required") " END"

/* Why results are failed, a line a breach; nothing when there is none. The exit status. */
int progress_vetoes(struct ctl *ctl, const struct progress_question *q);

/* One target in full: its numbers, what was done to project it, its periods. The exit status. */
int progress_target(struct ctl *ctl, const struct progress_question *q);

#endif
