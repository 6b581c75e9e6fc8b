/*
 * replay: what `yuebaoctl replay` consists of: one statement of the ledger, read anew for a dispute.
 */
#ifndef YUEBAOCTL_REPLAY_H
#define YUEBAOCTL_REPLAY_H

#include <jansson.h>

#include "figure_cell.h"
#include "ledger.h"

struct replay_options {
    const char *school, *period, *form, *revision; /* instead of ids */
};

struct replay_difference {
    enum difference difference;
    uint32_t indicator;
    char *found, *expected; /* owned; may be NULL */
};

struct replay {
    struct ctl *ctl;
    PGresult *row, *names;
    struct ledger ledger;
    struct catalogues catalogues;
    struct replay_difference *differences;
    size_t difference_count;
};

/* Columns of `names`, which is one row. */
enum replay_name {
    NAME_SCHOOL_ZH,
    NAME_SCHOOL_EN,
    NAME_DISTRICT_ZH,
    NAME_DISTRICT_EN,
    NAME_RECEIVED,
    NAME_KEY_SCHOOL, /* for which the key was enrolled */
    NAME_KEY_ENROLLED,
    NAME_KEY_REVOKED,
    NAME_DECIDED_BY,
    NAME_DECIDED_AT,
};

/* The one that `prefix` begins, or (NULL) that of the slot. false: reported, nothing to free. It is checked.
 */
bool replay_find(struct ctl *ctl, const char *prefix, const struct replay_options *options,
                 struct replay *ret_replay) __attribute__((warn_unused_result));
void replay_fini(struct replay *replay);

const char *replay_name(const struct replay *replay, enum replay_name name); /* NULL: not known */
/* The catalogue by which it was made, or NULL. */
const struct catalogue *replay_catalogue(const struct replay *replay);
/* In CSV all statements share one table: show_begin, show, show_end. */
bool replay_show_begin(struct ctl *ctl, struct figure_table *ret_table) __attribute__((warn_unused_result));
int replay_show(const struct replay *replay, struct figure_table *table);

/* All of it, as an object; the caller owns it. */
json_t *replay_json(const struct replay *replay);

#endif
