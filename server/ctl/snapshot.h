/*
 * snapshot: the catalogue's tables as one serialised Catalogue in yuebao.catalogue.
 *
 * Deterministic: the same tables give the same bytes but for made_ms, which is set when a snapshot is new. A
 * snapshot is made only when its content differs from the newest one's, and stored only after catalogue_load
 * accepts it.
 */
#ifndef YUEBAOCTL_SNAPSHOT_H
#define YUEBAOCTL_SNAPSHOT_H

#include "ctl.h"
#include "limit.h"

/*
 * Inside the open transaction. A new snapshot governs from the day `from` on (governs.h) whatever has not
 * opened yet. ret_hash: hex of the new snapshot's hash, "" when none was needed. false: ctl->status is set.
 */
bool snapshot_update(struct ctl *ctl, const char *from, char ret_hash[2 * ID_SIZE + 1])
    __attribute__((warn_unused_result));

#endif
