/* period: the calendar of 130 years day by day, counted independently, and every shape of text that must not
 * pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "period.h"

struct sample {
    const char *text;
    enum frequency frequency;
    const char *first, *last;
    const char *previous, *next;
};

static const struct sample samples[] = {
    {"2026-10-31", DAILY, "2026-10-31", "2026-10-31", "2026-10-30", "2026-11-01"},
    {"2024-02-29", DAILY, "2024-02-29", "2024-02-29", "2024-02-28", "2024-03-01"},
    {"2000-02-29", DAILY, "2000-02-29", "2000-02-29", "2000-02-28", "2000-03-01"},
    {"2026-W44", WEEKLY, "2026-10-26", "2026-11-01", "2026-W43", "2026-W45"},
    {"2026-W01", WEEKLY, "2025-12-29", "2026-01-04", "2025-W52", "2026-W02"},
    {"2026-W53", WEEKLY, "2026-12-28", "2027-01-03", "2026-W52", "2027-W01"},
    {"2020-W53", WEEKLY, "2020-12-28", "2021-01-03", "2020-W52", "2021-W01"},
    {"1970-W01", WEEKLY, "1969-12-29", "1970-01-04", "1969-W52", "1970-W02"},
    {"2026-10", MONTHLY, "2026-10-01", "2026-10-31", "2026-09", "2026-11"},
    {"2024-02", MONTHLY, "2024-02-01", "2024-02-29", "2024-01", "2024-03"},
    {"2100-02", MONTHLY, "2100-02-01", "2100-02-28", "2100-01", "2100-03"},
    {"2026-12", MONTHLY, "2026-12-01", "2026-12-31", "2026-11", "2027-01"},
    {"2026-Q1", QUARTERLY, "2026-01-01", "2026-03-31", "2025-Q4", "2026-Q2"},
    {"2026-Q4", QUARTERLY, "2026-10-01", "2026-12-31", "2026-Q3", "2027-Q1"},
    {"2026-S1", TERMLY, "2026-02-01", "2026-07-31", "2025-S2", "2026-S2"},
    {"2026-S2", TERMLY, "2026-08-01", "2027-01-31", "2026-S1", "2027-S1"},
    {"2026", YEARLY, "2026-01-01", "2026-12-31", "2025", "2027"},
    {"1970", YEARLY, "1970-01-01", "1970-12-31", "1969", "1971"},
    {"9998-S2", TERMLY, "9998-08-01", "9999-01-31", "9998-S1", "9999-S1"},
    {"9998", YEARLY, "9998-01-01", "9998-12-31", "9997", "9999"},
};

static void
check_text(const char *of, struct period period, const char *want)
{
    char text[PERIOD_TEXT_MAX + 1];

    period_print(period, text);
    if (strcmp(text, want) != 0)
        fail_msg("%s: %s, want %s", of, text, want);
}

static void
check_day(const char *of, int32_t day, const char *want)
{
    char text[PERIOD_TEXT_MAX + 1];

    date_print(day, text);
    if (strcmp(text, want) != 0)
        fail_msg("%s: %s, want %s", of, text, want);
}

static void
knows_first_and_last_days_and_neighbours(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];
        struct period period;

        if (!period_parse(s->text, &period))
            fail_msg("%s: refused", s->text);
        assert_int_equal(period.frequency, s->frequency);
        check_text(s->text, period, s->text);
        check_day(s->text, period.first_day, s->first);
        check_day(s->text, period_last_day(period), s->last);
        check_text(s->text, period_previous(period), s->previous);
        check_text(s->text, period_next(period), s->next);
    }
}

static void
refuses_everything_else(void **state)
{
    static const char *const texts[] = {
        "",           "2",          "202",         "20260",      "2026-",
        "2026-1",     "2026-00",    "2026-13",     "2026-Q0",    "2026-Q5",
        "2026-S0",    "2026-S3",    "2026-W00",    "2026-W54",   "2025-W53",
        "2026-W1",    "2026-W001",  "2026-q4",     "2026-s1",    "2026-w44",
        "2026Q4",     "2026W44",    "202610",      "2026/10",    "2026-02-29",
        "2100-02-29", "2026-04-31", "2026-00-10",  "2026-10-00", "2026-10-32",
        "2026-1-1",   "2026-10-3",  "2026-10-310", "26-10-31",   " 2026-10",
        "2026-10 ",   "2026-10\n",  "+026-10",     "-026-10",    "2026-+1",
        "2026-1a",    "２０２６",   "2026-10-31T", "1969",       "1969-12",
        "1969-W52",   "9999",       "9999-12-31",  "0000",       "20a6",
        "2026-10/31", "2026:10-31", "2026-Q44",    "2026-T1",    "2026-12-31x",
    };
    struct period period = {YEARLY, 4711};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (period_parse(texts[i], &period))
            fail_msg("\"%s\" passes", texts[i]);
    assert_true(period.frequency == YEARLY && period.first_day == 4711);
}

/* Every day of 1970 to 2100: contained in its period, whose text reads back, whose neighbours touch it. */
static void
every_day_lies_in_one_period_of_each_frequency(void **state)
{
    const int32_t end = date_to_day((struct date){2101, 1, 1});

    (void)state;
    for (enum frequency frequency = DAILY; frequency <= YEARLY; frequency++)
        for (int32_t day = frequency == TERMLY ? 31 : 0; day < end; day++) {
            struct period period = period_of_day(frequency, day), back;
            char text[PERIOD_TEXT_MAX + 1];

            assert_true(period.first_day <= day && day <= period_last_day(period));
            period_print(period, text);
            if (!period_parse(text, &back) || !period_equal(back, period))
                fail_msg("%s does not read back", text);
            assert_true(period_equal(period_previous(period_next(period)), period));
            assert_true(period_equal(period_next(period_previous(period)), period));
            assert_int_equal(period_last_day(period_previous(period)), period.first_day - 1);
            assert_true(period_equal(period_of_day(frequency, period_last_day(period)), period));
            assert_true(period_equal(period_of_day(frequency, period.first_day), period));
        }
}

/* Dates counted one by one, as on a wall calendar, from the year 1 to the year 3000. */
static void
dates_agree_with_counting(void **state)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct date date = {1, 1, 1};

    (void)state;
    for (int32_t day = -719162; date.year <= 3000; day++) {
        struct date got = date_of_day(day);
        bool leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;

        if (got.year != date.year || got.month != date.month || got.day != date.day ||
            date_to_day(got) != day)
            fail_msg("day %d is %d-%d-%d", day, got.year, got.month, got.day);
        if (++date.day > days[date.month - 1] + (leap && date.month == 2)) {
            date.day = 1;
            if (++date.month > 12)
                date.month = 1, date.year++;
        }
    }
}

/* ISO weeks by the C library's strftime (%G-W%V), and by the rule "the year of its Thursday". */
static void
weeks_agree_with_the_c_library(void **state)
{
    const int32_t end = date_to_day((struct date){2101, 1, 1});

    (void)state;
    for (int32_t day = 0; day < end; day++) {
        time_t instant = (time_t)day * 86400;
        struct tm tm;
        char want[32], got[PERIOD_TEXT_MAX + 1];
        struct period week = period_of_day(WEEKLY, day);

        gmtime_r(&instant, &tm);
        strftime(want, sizeof(want), "%G-W%V", &tm);
        period_print(week, got);
        assert_string_equal(got, want);
        assert_int_equal(period_year(week), date_of_day(week.first_day + 3).year);
    }
}

static void
reads_dates_of_any_year(void **state)
{
    int32_t day;

    (void)state;
    assert_true(date_parse("1970-01-01", &day) && day == 0);
    assert_true(date_parse("1905-09-01", &day));
    check_day("1905-09-01", day, "1905-09-01");
    assert_true(date_parse("0001-01-01", &day) && day == -719162);
    assert_true(date_parse("9999-12-31", &day));
    check_day("9999-12-31", day, "9999-12-31");
    assert_false(date_parse("0000-01-01", &day));
    assert_false(date_parse("2026-10", &day));
    assert_false(date_parse("2026-10-31 ", &day));
    check_day("infinity", INT32_MAX, "9999-12-31");
    check_day("-infinity", INT32_MIN, "0001-01-01");
}

static void
names_frequencies(void **state)
{
    enum frequency back = DAILY;

    (void)state;
    for (enum frequency frequency = DAILY; frequency <= YEARLY; frequency++)
        assert_true(frequency_parse(frequency_name(frequency), &back) && back == frequency);
    assert_string_equal(frequency_name(TERMLY), "termly");
    assert_false(frequency_parse("Monthly", &back));
    assert_false(frequency_parse("", &back));
    assert_false(frequency_parse("hourly", &back));
}

/* Text, years, and the text of then; empty: that year has none. */
static void
finds_the_same_part_of_earlier_years(void **state)
{
    static const struct {
        const char *text;
        int years;
        const char *before;
    } cases[] = {
        {"2026-10-31", 1, "2025-10-31"},
        {"2028-02-29", 4, "2024-02-29"},
        {"2028-02-29", 1, ""},
        {"2026-W44", 1, "2025-W44"},
        {"2026-W01", 1, "2025-W01"},
        {"2026-W53", 6, "2020-W53"},
        {"2026-W53", 1, ""},
        {"2026-10", 5, "2021-10"},
        {"2026-Q4", 2, "2024-Q4"},
        {"2026-S1", 1, "2025-S1"},
        {"2026-S2", 1, "2025-S2"},
        {"2026", 1, "2025"},
        {"1970", 1, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[PERIOD_TEXT_MAX + 1] = "";
        struct period period, before;

        assert_true(period_parse(cases[i].text, &period));
        if (period_years_before(period, cases[i].years, &before))
            period_print(before, text);
        assert_string_equal(text, cases[i].before);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_first_and_last_days_and_neighbours),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(every_day_lies_in_one_period_of_each_frequency),
        cmocka_unit_test(dates_agree_with_counting),
        cmocka_unit_test(weeks_agree_with_the_c_library),
        cmocka_unit_test(reads_dates_of_any_year),
        cmocka_unit_test(names_frequencies),
        cmocka_unit_test(finds_the_same_part_of_earlier_years),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
