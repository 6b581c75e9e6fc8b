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

/* A form beside those of the tables. */
struct snapshot_form {
    const char *code, *kind, *name_zh, *name_en;
    const PGresult *asked; /* rows of (number of indicator, its code, whether required), ascending */
};

/*
 * One more snapshot: the one that governs `day` (2026-11-20), with this form beside its own. It governs
 * nothing but the window that will name it. false: ctl->status is set; none governs that day, or an indicator
 * is not in it yet.
 */
bool snapshot_with_form(struct ctl *ctl, const char *day, const struct snapshot_form *form,
                        char ret_hash[2 * ID_SIZE + 1]) __attribute__((warn_unused_result));

/* What both end with: the message, made now, checked as a client will, and stored. For this module. */
struct Yuebao__Catalogue;
bool snapshot_store(struct ctl *ctl, struct Yuebao__Catalogue *message, const char *from,
                    char ret_hash[2 * ID_SIZE + 1]) __attribute__((warn_unused_result));

#endif
