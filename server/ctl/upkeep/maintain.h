/*
 * maintain: the verbs of `yuebaoctl maintain`, a file each.
 *
 * All of them run beside collectors: a lock is waited for a moment, then given up and asked for again, so
 * that nobody queues behind it; after some tries the exit status is EX_TEMPFAIL (75), and nothing is half
 * done.
 */
#ifndef YUEBAOCTL_MAINTAIN_H
#define YUEBAOCTL_MAINTAIN_H

#include "ctl.h"

/* Everything that yuebao.upkeep() finds to do; with dry_run only said. */
int maintain_run(struct ctl *ctl, const char *months_ahead, bool dry_run);

/* The months and the disk that they take. */
int maintain_months(struct ctl *ctl);

/* Put a month's figures away, or bring them back. `month` is "2024-01". */
int maintain_detach(struct ctl *ctl, const char *month, bool dry_run);
int maintain_attach(struct ctl *ctl, const char *month);

/* Only one maintain at a time: false when another one runs, or the link failed; reported. */
bool maintain_alone(struct ctl *ctl) __attribute__((warn_unused_result));

#endif
