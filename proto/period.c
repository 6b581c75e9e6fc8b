#include "period.h"

#include <assert.h>
#include <string.h>

#define YEAR_FIRST 1970
#define YEAR_LAST  9998 /* so that the period after it, too, has a year of four digits */
#define WEEK_DAYS  7

static const int month_days[2][12] = {
    {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31},
    {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31},
};

static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool
is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Leap days from the year 1 up to and including this one. */
static int64_t
leap_days(int64_t year)
{
    return floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400);
}

static int64_t
new_year(int64_t year)
{
    return 365 * (year - 1970) + leap_days(year - 1) - leap_days(1969);
}

int32_t
date_to_day(struct date date)
{
    int64_t day = new_year(date.year) + date.day - 1;

    for (int month = 1; month < date.month; month++)
        day += month_days[is_leap(date.year)][month - 1];
    return (int32_t)day;
}

struct date
date_of_day(int32_t day)
{
    /* 400 years are 146,097 days; the guess is off by one year at most. */
    int64_t year = 1970 + floor_div((int64_t)day * 400, 146097);
    struct date date = {.month = 1};
    int left;

    while (new_year(year) > day)
        year--;
    while (new_year(year + 1) <= day)
        year++;
    date.year = (int)year;
    left = (int)(day - new_year(year));
    while (left >= month_days[is_leap(date.year)][date.month - 1]) {
        left -= month_days[is_leap(date.year)][date.month - 1];
        date.month++;
    }
    date.day = left + 1;
    return date;
}

/* 0 for Monday; 1970-01-01 was a Thursday. */
static int
weekday(int32_t day)
{
    int64_t since_monday = (int64_t)day + 3;

    return (int)(since_monday - WEEK_DAYS * floor_div(since_monday, WEEK_DAYS));
}

/* Monday of week 1: the week with January 4th in it (ISO 8601). */
static int32_t
first_week(int year)
{
    int32_t day = date_to_day((struct date){year, 1, 4});

    return day - weekday(day);
}

/* `count` decimal digits and nothing else; -1: not that. */
static int
read_digits(const char *text, size_t count)
{
    int value = 0;

    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* "2026-10-31" with any year of four digits but 0. */
bool
date_parse(const char *text, int32_t *ret_day)
{
    struct date date;

    if (strlen(text) != strlen("2026-10-31") || text[4] != '-' || text[7] != '-')
        return false;
    date = (struct date){read_digits(text, 4), read_digits(text + 5, 2), read_digits(text + 8, 2)};
    if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > month_days[is_leap(date.year)][date.month - 1])
        return false;
    *ret_day = date_to_day(date);
    return true;
}

static bool
parse_day(const char *text, struct period *period)
{
    period->frequency = DAILY;
    return date_parse(text, &period->first_day);
}

static bool
parse_week(const char *text, int year, struct period *period)
{
    int week = read_digits(text + 6, 2);

    if (text[5] != 'W' || week < 1)
        return false;
    period->frequency = WEEKLY;
    period->first_day = first_week(year) + (week - 1) * WEEK_DAYS;
    return period->first_day < first_week(year + 1);
}

/* "2026-Q4", "2026-S1" and "2026-10" differ in their sixth character. */
static bool
parse_months(const char *text, int year, struct period *period)
{
    int number, count, month;

    switch (text[5]) {
    case 'Q':
        *period = (struct period){.frequency = QUARTERLY};
        number = read_digits(text + 6, 1);
        count = 4;
        month = 3 * number - 2;
        break;
    case 'S':
        *period = (struct period){.frequency = TERMLY};
        number = read_digits(text + 6, 1);
        count = 2;
        month = 6 * number - 4; /* February, August */
        break;
    default:
        *period = (struct period){.frequency = MONTHLY};
        number = read_digits(text + 5, 2);
        count = 12;
        month = number;
        break;
    }
    if (number < 1 || number > count)
        return false;
    period->first_day = date_to_day((struct date){year, month, 1});
    return true;
}

static bool
parse_shape(const char *text, size_t len, int year, struct period *period)
{
    if (len > 4 && text[4] != '-')
        return false;
    switch (len) {
    case sizeof("2026") - 1:
        *period = (struct period){YEARLY, date_to_day((struct date){year, 1, 1})};
        return true;
    case sizeof("2026-10") - 1: /* also 2026-Q4, 2026-S1 */
        return parse_months(text, year, period);
    case sizeof("2026-W44") - 1:
        return parse_week(text, year, period);
    case sizeof("2026-10-31") - 1:
        return parse_day(text, period);
    default:
        return false;
    }
}

bool
period_parse(const char *text, struct period *ret_period)
{
    size_t len = strnlen(text, PERIOD_TEXT_MAX + 1);
    int year = len >= 4 ? read_digits(text, 4) : -1;
    struct period period;

    if (year < YEAR_FIRST || year > YEAR_LAST || !parse_shape(text, len, year, &period))
        return false;
    *ret_period = period;
    return true;
}

/* `count` digits with leading zeros; returns the place behind them. */
static char *
write_digits(char *text, int value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        text[i] = (char)('0' + value % 10);
    return text + count;
}

void
date_print(int32_t day, char text[PERIOD_TEXT_MAX + 1])
{
    const int32_t first = date_to_day((struct date){1, 1, 1});
    const int32_t last = date_to_day((struct date){9999, 12, 31});
    struct date date = date_of_day(day < first ? first : day > last ? last : day);

    text = write_digits(text, date.year, 4);
    *text++ = '-';
    text = write_digits(text, date.month, 2);
    *text++ = '-';
    text = write_digits(text, date.day, 2);
    *text = '\0';
}

int32_t
period_year(struct period period)
{
    const int thursday = 3; /* decides which year a week belongs to */

    return date_of_day(period.first_day + (period.frequency == WEEKLY ? thursday : 0)).year;
}

void
period_print(struct period period, char text[PERIOD_TEXT_MAX + 1])
{
    int year = period_year(period);
    int month = date_of_day(period.first_day).month;

    assert(year >= 0 && year <= 9999);
    if (period.frequency == DAILY) {
        date_print(period.first_day, text);
        return;
    }
    text = write_digits(text, year, 4);
    if (period.frequency != YEARLY)
        *text++ = '-';
    switch (period.frequency) {
    case DAILY:
    case YEARLY:
        break;
    case WEEKLY:
        *text++ = 'W';
        text = write_digits(text, (period.first_day - first_week(year)) / WEEK_DAYS + 1, 2);
        break;
    case MONTHLY:
        text = write_digits(text, month, 2);
        break;
    case QUARTERLY:
        *text++ = 'Q';
        text = write_digits(text, (month + 2) / 3, 1);
        break;
    case TERMLY:
        *text++ = 'S';
        text = write_digits(text, month == 2 ? 1 : 2, 1);
        break;
    }
    *text = '\0';
}

/* The first of the month that lies `months` after the day's month. */
static int32_t
first_of_month(int32_t day, int months)
{
    struct date date = date_of_day(day);
    int64_t count = (int64_t)date.year * 12 + (date.month - 1) + months;

    return date_to_day(
        (struct date){(int)floor_div(count, 12), (int)(count - 12 * floor_div(count, 12)) + 1, 1});
}

/* Months of a period; 0 for those counted in days. */
static int
period_months(enum frequency frequency)
{
    switch (frequency) {
    case DAILY:
    case WEEKLY:
        return 0;
    case MONTHLY:
        return 1;
    case QUARTERLY:
        return 3;
    case TERMLY:
        return 6;
    case YEARLY:
        return 12;
    }
    assert(!"no such frequency");
    return 0;
}

/* The period `count` periods later, or earlier. */
static struct period
shift(struct period period, int count)
{
    int months = period_months(period.frequency);

    if (months > 0)
        period.first_day = first_of_month(period.first_day, count * months);
    else
        period.first_day += count * (period.frequency == WEEKLY ? WEEK_DAYS : 1);
    return period;
}

struct period
period_next(struct period period)
{
    return shift(period, 1);
}

struct period
period_previous(struct period period)
{
    return shift(period, -1);
}

bool
period_years_before(struct period period, int years, struct period *ret_period)
{
    int32_t year = period_year(period) - years;
    struct period earlier = {.frequency = period.frequency};

    if (year < YEAR_FIRST)
        return false;
    if (period.frequency == WEEKLY) {
        earlier.first_day = first_week(year) + (period.first_day - first_week(year + years));
    } else {
        struct date date = date_of_day(period.first_day);

        date.year = year;
        earlier.first_day = date_to_day(date);
        if (date_of_day(earlier.first_day).day != date.day)
            return false;
    }
    if (period_year(earlier) != year)
        return false;
    *ret_period = earlier;
    return true;
}

int32_t
period_last_day(struct period period)
{
    return period_next(period).first_day - 1;
}

struct period
period_of_day(enum frequency frequency, int32_t day)
{
    int month = date_of_day(day).month;
    int into = 0; /* whole months since the period began */

    switch (frequency) {
    case DAILY:
        return (struct period){DAILY, day};
    case WEEKLY:
        return (struct period){WEEKLY, day - weekday(day)};
    case MONTHLY:
        break;
    case QUARTERLY:
        into = (month - 1) % 3;
        break;
    case TERMLY:
        into = (month + 4) % 6; /* February and August begin one */
        break;
    case YEARLY:
        into = month - 1;
        break;
    }
    return (struct period){frequency, first_of_month(day, -into)};
}

bool
period_equal(struct period a, struct period b)
{
    return a.frequency == b.frequency && a.first_day == b.first_day;
}

static const char *const frequency_names[] = {
    [DAILY] = "daily",         [WEEKLY] = "weekly", [MONTHLY] = "monthly",
    [QUARTERLY] = "quarterly", [TERMLY] = "termly", [YEARLY] = "yearly",
};

const char *
frequency_name(enum frequency frequency)
{
    assert(frequency >= DAILY && frequency <= YEARLY);
    return frequency_names[frequency];
}

bool
frequency_parse(const char *name, enum frequency *ret_frequency)
{
    for (int frequency = DAILY; frequency <= YEARLY; frequency++)
        if (strcmp(name, frequency_names[frequency]) == 0) {
            *ret_frequency = (enum frequency)frequency;
            return true;
        }
    return false;
}
