/*
 * import_changes: what an import changes, told in the columns of its own files: what the tables said before
 * is remembered in those words, compared with what they say after.
 */
#ifndef YUEBAOCTL_IMPORT_CHANGES_H
#define YUEBAOCTL_IMPORT_CHANGES_H

#include "import.h"

struct changes; /* rows to be shown; lives longer than the transaction */

/* Inside the transaction, before anything is written. false: ctl->status is set. */
bool changes_begin(struct import *import) __attribute__((warn_unused_result));
/* What the tables say of the kind, when its rows are in their temporary table and not yet in the tables. */
bool changes_before(struct import *import, enum import_kind kind) __attribute__((warn_unused_result));

/*
 * What is different now, forms and calendar included. `governed`: what a new catalogue governs (governs.h),
 * NULL without one; borrowed. NULL: ctl->status is set.
 */
struct changes *changes_find(struct import *import, const PGresult *governed)
    __attribute__((warn_unused_result));
void changes_free(struct changes *changes); /* accepts NULL */

/* Totals that were published read otherwise: how an indicator adds up has changed. */
size_t changes_restated(const struct changes *changes);

/* The list, to stdout: on a terminal the first of each file with a count of the others. EX_OK, or reported.
 */
int changes_show(const struct changes *changes, struct ctl *ctl) __attribute__((warn_unused_result));

#endif
