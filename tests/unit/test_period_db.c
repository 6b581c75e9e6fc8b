/*
 * period against the functions of the same meaning in SQL: every period from 1990 to 2100. Needs a real
 * PostgreSQL (real_house.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "period.h"
#include "real_house.h"

/* Rows of our periods (text, first day, last day) for which SQL says otherwise, or which it would not have
 * listed. */
static const char differences[] =
    "SELECT w.text, yuebao.period_text(w.first_day, $4), yuebao.period_last_day(w.first_day, $4)"
    " FROM unnest($1::text[], $2::date[], $3::date[]) AS w (text, first_day, last_day)"
    " CROSS JOIN LATERAL yuebao.period_of(w.text) AS p"
    " WHERE (w.text, $4, w.last_day, w.first_day, w.first_day, w.first_day) IS DISTINCT FROM"
    "       (yuebao.period_text(w.first_day, $4), p.frequency, yuebao.period_last_day(w.first_day, $4),"
    "        p.first_day, yuebao.period_first_day(w.first_day, $4), yuebao.period_first_day(w.last_day, $4))";

static void
append_day(FILE *out, int32_t day, const char *separator)
{
    char text[PERIOD_TEXT_MAX + 1];

    date_print(day, text);
    fprintf(out, "%s%s", separator, text);
}

static void
compare(enum frequency frequency)
{
    const int32_t last = date_to_day((struct date){2100, 12, 31});
    struct period period = period_of_day(frequency, date_to_day((struct date){1990, 1, 1}));
    char *arrays[3], text[PERIOD_TEXT_MAX + 1];
    const char *values[4] = {NULL, NULL, NULL, frequency_name(frequency)};
    size_t len;
    FILE *out[3];
    PGresult *result;

    for (int i = 0; i < 3; i++)
        out[i] = open_memstream(&arrays[i], &len);
    for (const char *separator = "{"; period.first_day <= last; separator = ",") {
        period_print(period, text);
        fprintf(out[0], "%s%s", separator, text);
        append_day(out[1], period.first_day, separator);
        append_day(out[2], period_last_day(period), separator);
        period = period_next(period);
    }
    for (int i = 0; i < 3; i++) {
        fputc('}', out[i]);
        fclose(out[i]);
        values[i] = arrays[i];
    }
    result = PQexecParams(db, differences, 4, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", values[3], PQerrorMessage(db));
    if (PQntuples(result) > 0)
        fail_msg("%d differ, the first is %s here, %s to %s there", PQntuples(result),
                 PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2));
    PQclear(result);
    for (int i = 0; i < 3; i++)
        free(arrays[i]);
}

static void
test_sql_agrees(void **state)
{
    (void)state;
    assert_int_equal(real_house_open(), 0);
    NEEDS_DATABASE();
    for (enum frequency frequency = DAILY; frequency <= YEARLY; frequency++)
        compare(frequency);
    real_house_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sql_agrees)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
