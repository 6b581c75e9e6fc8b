/*
 * period: reporting periods in SDMX notation, and their calendar. No clock and no time zone here.
 *
 * A period is its frequency and its first day, a day number since 1970-01-01 (proleptic Gregorian).
 * "2026-10-31" daily · "2026-W44" weekly, ISO 8601, Monday first · "2026-10" monthly · "2026-Q4" quarterly ·
 * "2026-S1" termly: S1 is February to July, S2 is August to January of the next year · "2026" yearly.
 * Years 1970 to 9998 in periods (so that the next one can be printed too), 0001 to 9999 in dates.
 */
#ifndef YUEBAO_PERIOD_H
#define YUEBAO_PERIOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"

enum frequency { DAILY = 1, WEEKLY, MONTHLY, QUARTERLY, TERMLY, YEARLY };

struct period {
    enum frequency frequency;
    int32_t first_day; /* days since 1970-01-01 */
};

struct date {
    int year, month, day; /* month and day from 1 */
};

/* false: not exactly one of the six shapes, or no such day, week or year. */
bool period_parse(const char *text, struct period *ret_period) __attribute__((warn_unused_result));

/* Writes the SDMX text and its NUL: at most PERIOD_TEXT_MAX + 1 bytes. */
void period_print(struct period period, char text[PERIOD_TEXT_MAX + 1]);

int32_t period_last_day(struct period period);
struct period period_next(struct period period);
struct period period_previous(struct period period);
/* The same month, quarter, term, ISO week or day of an earlier year. false: that year has no such week (53)
 * or day (29 February), or is before 1970. */
bool period_years_before(struct period period, int years, struct period *ret_period)
    __attribute__((warn_unused_result));
struct period period_of_day(enum frequency frequency, int32_t day); /* the one that contains the day */
int32_t period_year(struct period period); /* the year in its text (of a week: the ISO year) */
bool period_equal(struct period a, struct period b);

/* The 2026 in "2026-S2" may reach into 2027; that of "2026-W01" may begin in 2025. */
int32_t date_to_day(struct date date); /* a valid date */
struct date date_of_day(int32_t day);
bool date_parse(const char *text, int32_t *ret_day)
    __attribute__((warn_unused_result)); /* "2026-10-31" only */
/* A day outside the years 0001 to 9999 (an "infinity") prints as the nearest one inside. */
void date_print(int32_t day, char text[PERIOD_TEXT_MAX + 1]);

/* "monthly"; never NULL. false: no such frequency. */
const char *frequency_name(enum frequency frequency);
bool frequency_parse(const char *name, enum frequency *ret_frequency) __attribute__((warn_unused_result));

#endif
