/*
 * cmd_kept: what `yuebaoctl kept` consists of.
 */
#ifndef YUEBAOCTL_CMD_KEPT_H
#define YUEBAOCTL_CMD_KEPT_H

#include "ctl.h"

struct kept_options {
    const char *district, *period, *school; /* of the list */
    bool all;
    const char *reason, *key; /* of a decision */
    bool dry_run;
};

int kept_show(struct ctl *ctl, const char *prefix);

/* Admit or decline each of the `n` statements named. */
int kept_decide(struct ctl *ctl, const struct kept_options *options, bool admit, char *const *prefixes,
                int n);

#endif
