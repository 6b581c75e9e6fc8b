/*
 * instant: the instants that an administrator writes. Read here, computed in SQL, where time zones are known.
 *
 *   2016-10-01                  midnight in the period's zone
 *   2016-10-01T08:30            in the period's zone
 *   2016-10-01T00:00+08:00, …Z  as it says
 *   now, now+30d, now-2h        from the moment of the command
 *   end+5d, end-1d              from the end of the period: midnight after its last day, in its zone
 *
 * Units are d (days), h (hours) and m (minutes).
 */
#ifndef YUEBAOCTL_INSTANT_H
#define YUEBAOCTL_INSTANT_H

#include <stdbool.h>

#define INSTANT_WORDS_MAX 40

struct instant {
    const char *base;             /* "now", "end", "local" or "absolute"; a word of calendar's SQL */
    char text[INSTANT_WORDS_MAX]; /* an interval for now and end, else a timestamp */
};

/* false: none of these. */
bool instant_parse(const char *text, struct instant *ret_instant) __attribute__((warn_unused_result));

#endif
