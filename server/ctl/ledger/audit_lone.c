/*
 * check-totals: figures, history, remarks and totals to which there is no report.
 */
#include <stdlib.h>

#include "audit.h"
#include "db.h"
#include "figure_cell.h"

#define SAME_SLOT(t)                                                                                         \
    "r.district = " t ".district AND r.period = " t ".period AND r.school = " t ".school AND r.form = " t    \
    ".form"
#define NO_REPORT(t, condition) "NOT EXISTS (SELECT FROM yuebao.report AS r WHERE " SAME_SLOT(t) condition ")"
#define SLOT                                                                                                 \
    "SELECT t.district, coalesce(s.code, '#' || t.school), coalesce(f.code, '#' || t.form), "                \
    "coalesce(yuebao.period_text(t.period, f.frequency), t.period::text), "
#define NAMES                                                                                                \
    "AS t LEFT JOIN yuebao.school AS s ON s.school = t.school LEFT JOIN yuebao.form AS f ON f.form = "       \
    "t.form LEFT JOIN yuebao.indicator AS i ON i.indicator = t.indicator WHERE " AUDIT_IN_SCOPE("t") " AND "
#define INDICATOR "coalesce(i.code, '#' || t.indicator), "

enum { DISTRICT, SCHOOL, FORM, PERIOD, REVISION, CODE, TEXT, MISSING };

/* clang-format off */
static const struct lone {
    enum difference difference;
    const char *sql;
} lones[] = {
    {DIFFERENCE_lone_figure,
     SLOT "NULL, " INDICATOR FIGURE_TEXT("t") ", t.missing FROM yuebao.figure " NAMES NO_REPORT("t", "")},
    {DIFFERENCE_lone_history,
     SLOT "t.revision, " INDICATOR FIGURE_TEXT("t") ", t.missing FROM yuebao.figure_history " NAMES
     "(" NO_REPORT("t", " AND r.revision = t.revision") " OR " NO_REPORT("t", " AND r.revision > t.revision") ")"},
    {DIFFERENCE_lone_remark,
     SLOT "t.revision, i.code, t.explanation, NULL FROM yuebao.remark " NAMES NO_REPORT("t", " AND r.revision = t.revision")},
};

/* Of districts' periods in which there is no report at all; the others are added up. */
static const char totals_sql[] =
    "SELECT t.district, f.code, yuebao.period_text(t.period, f.frequency), i.code, t.indicator, "
    "pg_catalog.sum(t.schools)::text, pg_catalog.sum(t.excused)::text, pg_catalog.sum(t.value)::text, pg_catalog.sum(t.denominator)::text "
    "FROM yuebao.total_part AS t JOIN yuebao.form AS f ON f.form = t.form LEFT JOIN yuebao.indicator AS i ON i.indicator = t.indicator "
    "WHERE " AUDIT_IN_SCOPE("t") " AND NOT EXISTS (SELECT FROM yuebao.report AS r JOIN yuebao.form AS o ON o.form = r.form "
    "WHERE r.district = t.district AND r.period = t.period AND ($3::text IS NULL OR o.frequency = $3)) "
    "GROUP BY t.district, t.period, f.code, f.frequency, i.code, t.indicator "
    "HAVING (pg_catalog.sum(t.schools), pg_catalog.sum(t.excused), pg_catalog.sum(t.value), pg_catalog.sum(t.denominator)) "
    "IS DISTINCT FROM (0::bigint, 0::bigint, 0::numeric, 0::numeric) ORDER BY t.district, t.period, f.code, t.indicator";
/* clang-format on */

enum { T_DISTRICT, T_FORM, T_PERIOD, T_CODE, T_INDICATOR, T_SCHOOLS, T_EXCUSED, T_VALUE, T_DENOMINATOR };

static void
tell_lone(struct audit *a, const PGresult *rows, int r, const void *about)
{
    const struct lone *lone = about;

    a->place = (struct audit_place){
        .district = PQgetvalue(rows, r, DISTRICT),
        .school = PQgetvalue(rows, r, SCHOOL),
        .form = PQgetvalue(rows, r, FORM),
        .period = PQgetvalue(rows, r, PERIOD),
        .revision = db_cell(rows, r, REVISION),
        .indicator = db_cell(rows, r, CODE),
    };
    listener_tell(&a->listener, lone->difference, 0,
                  figure_cell(a->ctl, db_cell(rows, r, TEXT), db_cell(rows, r, MISSING)), NULL);
}

static void
tell_total(struct audit *a, const PGresult *rows, int r, const void *about)
{
    struct sums nothing = {0};
    struct total total = {
        .indicator = (uint32_t)strtoul(PQgetvalue(rows, r, T_INDICATOR), NULL, 10),
        .schools = PQgetvalue(rows, r, T_SCHOOLS),
        .excused = PQgetvalue(rows, r, T_EXCUSED),
        .value = PQgetvalue(rows, r, T_VALUE),
        .denominator = PQgetvalue(rows, r, T_DENOMINATOR),
    };

    (void)about;
    a->place = (struct audit_place){
        .district = PQgetvalue(rows, r, T_DISTRICT),
        .form = PQgetvalue(rows, r, T_FORM),
        .period = PQgetvalue(rows, r, T_PERIOD),
        .indicator = db_cell(rows, r, T_CODE),
    };
    sums_check(&nothing, &total, &a->listener);
}

bool
audit_lone(struct audit *a)
{
    for (size_t i = 0; i < sizeof(lones) / sizeof(lones[0]); i++)
        if (!audit_walk(a, lones[i].sql, tell_lone, &lones[i]))
            return false;
    return audit_walk(a, totals_sql, tell_total, NULL);
}
