/*
 * heard: when a school's report or client was last heard, in tables for people: a day, "never", or nothing to
 * whoever is not told: that needs all of the school's forms (sql/api/10-catalogue.sql).
 */
#ifndef YUEBAOCTL_HEARD_H
#define YUEBAOCTL_HEARD_H

#include "ctl.h"

/* For a query: the day of an instant, where the reader is; empty when this login is not told, NULL: never.
 * `seen` is whether it sees the school. */
#define HEARD_DAY(instant, seen)                                                                             \
    "CASE WHEN " instant " IS NOT NULL THEN pg_catalog.to_char(" instant ", 'YYYY-MM-DD') WHEN NOT " seen    \
    " OR EXISTS (SELECT FROM api.indicator AS untold WHERE NOT untold.seen) THEN '' END"

/* The cell of such a column: the day as it is, NULL in the reader's words. */
const char *heard_day(const struct ctl *ctl, const char *day);

#endif
