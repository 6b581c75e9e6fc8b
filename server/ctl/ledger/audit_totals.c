/*
 * check-totals: a district's totals of one period against the sums of its schools' figures.
 */
#include <stdlib.h>

#include "audit.h"
#include "db.h"

static const char sql[] =
    "SELECT p.form, f.code, yuebao.period_text(p.period, f.frequency), p.indicator, "
    "pg_catalog.sum(p.schools)::text, pg_catalog.sum(p.excused)::text, pg_catalog.sum(p.value)::text, "
    "pg_catalog.sum(p.denominator)::text "
    "FROM yuebao.total_part AS p JOIN yuebao.form AS f ON f.form = p.form "
    "WHERE p.district = $1::integer AND p.period = $2::date AND ($3::text IS NULL OR f.frequency = $3) "
    "GROUP BY p.form, f.code, f.frequency, p.period, p.indicator ORDER BY p.form, p.indicator";

enum { FORM, CODE, PERIOD, INDICATOR, SCHOOLS, EXCUSED, VALUE, DENOMINATOR };

static const char form_sql[] = "SELECT f.code, yuebao.period_text($2::date, f.frequency) FROM yuebao.form AS "
                               "f WHERE f.form = $1::smallint";

/* Names for a form that has no total at all. */
struct lone_form {
    struct audit *audit;
    const struct audit_group *group;
    PGresult *names;
};

static void
check_total(struct audit *a, struct sums *sums, const PGresult *result, int r)
{
    struct total total = {
        .form = (int)strtol(PQgetvalue(result, r, FORM), NULL, 10),
        .indicator = (uint32_t)strtoul(PQgetvalue(result, r, INDICATOR), NULL, 10),
        .schools = PQgetvalue(result, r, SCHOOLS),
        .excused = PQgetvalue(result, r, EXCUSED),
        .value = PQgetvalue(result, r, VALUE),
        .denominator = PQgetvalue(result, r, DENOMINATOR),
    };

    a->place.form = PQgetvalue(result, r, CODE);
    a->place.period = PQgetvalue(result, r, PERIOD);
    sums_check(sums, &total, &a->listener);
    a->totals++;
}

static void
hear_lone(void *arg, enum difference difference, uint32_t indicator, const char *found, const char *expected)
{
    struct lone_form *lone = arg;

    listener_tell(&lone->audit->listener, difference, indicator, found, expected);
}

static void
enter_form(void *arg, int form)
{
    struct lone_form *lone = arg;
    struct audit *a = lone->audit;
    char number[12];

    snprintf(number, sizeof(number), "%d", form);
    PQclear(lone->names);
    lone->names = db_query(a->ctl, form_sql, 2, (const char *const[]){number, lone->group->day});
    bool named = lone->names != NULL && PQntuples(lone->names) == 1;
    a->place.form = named ? PQgetvalue(lone->names, 0, 0) : NULL;
    a->place.period = named ? PQgetvalue(lone->names, 0, 1) : lone->group->day;
}

bool
audit_totals(struct audit *a, struct audit_group *group)
{
    struct lone_form lone = {.audit = a, .group = group};
    struct listener listener = {hear_lone, &lone};
    const char *values[] = {group->district, group->day, a->scope[2]};
    PGresult *result = db_query(a->ctl, sql, 3, values);

    if (result == NULL)
        return false;
    a->place = (struct audit_place){.district = group->district, .catalogue = group->catalogue};
    for (int r = 0; r < PQntuples(result); r++)
        check_total(a, &group->sums, result, r);
    sums_check_rest(&group->sums, enter_form, &listener);
    PQclear(lone.names);
    PQclear(result);
    a->place = (struct audit_place){0};
    return a->ctl->status == EX_OK && !audit_is_full(a);
}
