/*
 * heard: when a school's report or client was last heard, in tables for people: a day, or "never".
 */
#ifndef YUEBAOCTL_HEARD_H
#define YUEBAOCTL_HEARD_H

#include "ctl.h"

/* For a query: the day of an instant, where the reader is. */
#define HEARD_DAY(instant) "pg_catalog.to_char(" instant ", 'YYYY-MM-DD')"

/* The cell of such a column: the day as it is, NULL in the reader's words. */
const char *heard_day(const struct ctl *ctl, const char *day);

#endif
