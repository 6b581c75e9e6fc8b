/*
 * calendar_extend: other instants than the calendar's, for one school or for a district with all below it.
 */
#ifndef YUEBAOCTL_CALENDAR_EXTEND_H
#define YUEBAOCTL_CALENDAR_EXTEND_H

#include "ctl.h"

struct extend { /* options as they were given, NULL or false: not given */
    const char *form, *frequency, *period, *school, *district, *opens, *due, *closes, *reason;
    bool remove, dry_run;
};

/*
 * Give the extension in these periods, or take it away. An instant that is not named stays as it is for that
 * school or district now: by its extension, by one of a district above, or by the calendar.
 */
int calendar_extend(struct ctl *ctl, const struct extend *extend, const char *periods);

/* List those that there are. */
int calendar_extensions(struct ctl *ctl, const struct extend *extend);

#endif
