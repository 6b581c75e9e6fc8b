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

#include "ctl.h"

#define INSTANT_WORDS_MAX 40

struct instant {
    const char *base;             /* "now", "end", "local" or "absolute"; a word of calendar's SQL */
    char text[INSTANT_WORDS_MAX]; /* an interval for now and end, else a timestamp */
};

/* false: none of these. */
bool instant_parse(const char *text, struct instant *ret_instant) __attribute__((warn_unused_result));

/* The same for an option, or what stands for it when it is not given; both NULL: base is NULL. false:
 * reported. */
bool instant_option(struct ctl *ctl, const char *text, const char *fallback, struct instant *ret_instant)
    __attribute__((warn_unused_result));

/* The instant of parameters `base`, `text` for period f (yuebao.form), p (day) in that zone; NULL when base
 * is. */
#define INSTANT_SQL(base, text, zone)                                                                        \
    "CASE " base " WHEN 'now' THEN pg_catalog.now() + " text "::text::interval "                             \
    "WHEN 'end' THEN ((yuebao.period_last_day(p.day, f.frequency) + 1)::timestamp + " text                   \
    "::text::interval) AT TIME ZONE " zone " "                                                               \
    "WHEN 'local' THEN " text "::text::timestamp AT TIME ZONE " zone " WHEN 'absolute' THEN " text           \
    "::text::timestamptz END"

/* Why a window was refused: instants in the wrong order have a sentence of their own. The context's status.
 */
int instant_report(struct ctl *ctl, const PGresult *result);

#endif
