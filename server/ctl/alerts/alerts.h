/*
 * alerts: what the verbs of `yuebaoctl alerts` share.
 */
#ifndef YUEBAOCTL_ALERTS_H
#define YUEBAOCTL_ALERTS_H

#include "ctl.h"

struct alerts_options {
    const char *district, *period, *indicator;
    const char *since, *note;
    bool all;
};

/* Whether `text` is the number of an alert, or 0. false: reported. */
bool alerts_number(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));

/* notice, warning or critical in the reader's words. */
const char *alerts_severity(const struct ctl *ctl, const char *severity);

/* For columns of look_ask: "> 10%". */
#define ALERTS_LIMIT "CASE x.direction WHEN 'above' THEN '> ' ELSE '< ' END || " LOOK_FIGURE("x.bound")

/* Print alerts as they come, until a signal ends it. */
int alerts_watch(struct ctl *ctl, const struct alerts_options *options);
/* Note who took note. */
int alerts_seen(struct ctl *ctl, const struct alerts_options *options, char *const *numbers, int n);

#endif
