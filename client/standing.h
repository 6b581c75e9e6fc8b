/*
 * standing: what the reports of one slot amount to, this computer's and those that the centre is known to
 * hold.
 */
#ifndef YUEBAO_STANDING_H
#define YUEBAO_STANDING_H

#include "outbox.h"

/* Whether the item was refused because the slot held another report; then which revision that was (may be
 * NULL). */
bool standing_is_conflict(const struct item *item, uint32_t *ret_current);

/*
 * Whether items->list[at] is a conflict that nobody has settled: nothing of the slot was filed since, no
 * receipt came, and the clerk has not let the centre's report stand. Items are oldest first.
 */
bool standing_is_open(const struct items *items, size_t at, const struct holdings *holdings);

/*
 * Whether the slot counts as reported by this holding: it is the newest known, of another computer, no report
 * of this one waits or has a receipt of that revision or a later one, and no conflict is open.
 */
bool standing_counts(const struct holdings *holdings, size_t at, const struct items *items);

#endif
