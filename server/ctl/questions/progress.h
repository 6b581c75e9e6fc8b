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

/* One target in full: its numbers, what was done to project it, its periods. The exit status. */
int progress_target(struct ctl *ctl, const struct progress_question *q);

#endif
