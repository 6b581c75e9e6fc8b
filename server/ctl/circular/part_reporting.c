/*
 * Reporting: what is owed and what came. Counted as `yuebaoctl completeness` and `missing` count.
 */
#include <stdlib.h>

#include "parts.h"

/* A share is cut, not rounded: 100% is shown only when nothing is missing. */
#define SHARE                                                                                                \
    "pg_catalog.trunc(c.reported * 1.0 / c.expected, 4) AS share, "                                          \
    "pg_catalog.trunc(c.reported * 100.0 / c.expected, 1)::text || '%' AS share_shown, "
#define COUNTS "c.expected, c.reported, " SHARE "c.on_time, c.late, c.missing, c.kept "

/* clang-format off */
static const char by_form_sql[] =
    "SELECT c.form, f.name_zh, f.name_en, " COUNTS "FROM api.completeness AS c "
    "JOIN api.calendar AS f ON f.form = c.form AND f.first_day = c.first_day "
    "WHERE c.district = $1::integer AND c.period = $2 AND c.first_day = $3::date ORDER BY c.form";

/* The best first, and last the schools that belong to no district below. */
static const char by_district_sql[] =
    "WITH counted AS MATERIALIZED (SELECT c.district, c.district_zh, c.district_en, sum(c.expected) AS expected, sum(c.reported) AS reported, "
    "sum(c.on_time) AS on_time, sum(c.late) AS late, sum(c.missing) AS missing, sum(c.kept) AS kept FROM api.completeness AS c "
    "WHERE c.district = ANY (ARRAY(SELECT d.district FROM api.district AS d WHERE d.district = $1::integer OR d.parent = $1::integer)) "
    "AND c.period = $2 AND c.first_day = $3::date GROUP BY c.district, c.district_zh, c.district_en), "
    "below AS MATERIALIZED (SELECT * FROM counted WHERE district <> $1::integer), "
    "direct AS (SELECT NULL::integer AS district, '直属学校' AS district_zh, 'schools directly under it' AS district_en, "
    "o.expected - s.expected AS expected, o.reported - s.reported AS reported, o.on_time - s.on_time AS on_time, o.late - s.late AS late, "
    "o.missing - s.missing AS missing, o.kept - s.kept AS kept FROM counted AS o CROSS JOIN (SELECT sum(b.expected) AS expected, "
    "sum(b.reported) AS reported, sum(b.on_time) AS on_time, sum(b.late) AS late, sum(b.missing) AS missing, sum(b.kept) AS kept "
    "FROM below AS b) AS s WHERE o.district = $1::integer) "
    "SELECT c.place, c.district, c.district_zh, c.district_en, c.expected::bigint, c.reported::bigint, " SHARE
    "c.on_time::bigint, c.late::bigint, c.missing::bigint, c.kept::bigint "
    "FROM (SELECT b.*, pg_catalog.rank() OVER (ORDER BY b.reported / b.expected DESC, b.on_time / b.expected DESC) AS place FROM below AS b "
    "UNION ALL SELECT d.*, NULL FROM direct AS d WHERE d.expected > 0) AS c ORDER BY c.place, c.district";

static const char missing_sql[] = CIRCULAR_TREE
    "SELECT m.district, m.district_zh, m.district_en, m.school, m.school_zh, m.school_en, m.form, f.name_zh, f.name_en, m.due_at, "
    "pg_catalog.to_char(m.due_at AT TIME ZONE f.zone, 'YYYY-MM-DD HH24:MI') AS due_at_shown, "
    "CASE WHEN m.kept THEN 'came_after_close' WHEN NOT m.enrolled THEN 'never_enrolled' WHEN NOT m.overdue THEN 'not_yet_due' END AS remark, "
    "count(*) OVER () AS of_all "
    "FROM api.missing AS m JOIN api.calendar AS f ON f.form = m.form AND f.first_day = m.first_day "
    "WHERE " CIRCULAR_IN_TREE("m.district") " AND m.period = $2 AND m.first_day = $3::date "
    "ORDER BY m.school, m.form LIMIT 50";

/* `found` has a row a school: top, school and names */
#define BY_TOP(found) CIRCULAR_TREE \
    ", found AS MATERIALIZED (" found "), " \
    "numbered AS (SELECT f.*, pg_catalog.row_number() OVER (PARTITION BY f.top ORDER BY f.school) AS nth FROM found AS f) " \
    "SELECT d.district, " CIRCULAR_TOP_NAMES ", count(*) AS schools, sum(n.reports)::bigint AS reports, " \
    CIRCULAR_NAMES_ZH ", " CIRCULAR_NAMES_EN " FROM numbered AS n JOIN api.district AS d ON d.district = n.top " \
    "GROUP BY d.district, d.name_zh, d.name_en ORDER BY count(*) DESC, d.district"

static const char missing_by_district_sql[] = BY_TOP(
    "SELECT t.top, m.school, m.school_zh, m.school_en, count(*) AS reports FROM api.missing AS m JOIN tree AS t ON t.district = m.district "
    "WHERE " CIRCULAR_IN_TREE("m.district") " AND m.period = $2 AND m.first_day = $3::date "
    "GROUP BY t.top, m.school, m.school_zh, m.school_en");

#define LATE "r.period = $2 AND r.first_day = $3::date AND r.revision = 1 AND r.late"

static const char late_sql[] = CIRCULAR_TREE
    "SELECT r.district, r.district_zh, r.district_en, r.school, r.school_zh, r.school_en, r.form, f.name_zh, f.name_en, r.received_at, "
    "pg_catalog.to_char(r.received_at AT TIME ZONE f.zone, 'YYYY-MM-DD HH24:MI') AS received_at_shown, count(*) OVER () AS of_all "
    "FROM api.report AS r JOIN api.calendar AS f ON f.form = r.form AND f.first_day = r.first_day "
    "WHERE " CIRCULAR_IN_TREE("r.district") " AND " LATE " ORDER BY r.received_at DESC, r.school, r.form LIMIT 30";

static const char late_by_district_sql[] = BY_TOP(
    "SELECT t.top, r.school, r.school_zh, r.school_en, count(*) AS reports FROM api.report AS r JOIN tree AS t ON t.district = r.district "
    "WHERE " CIRCULAR_IN_TREE("r.district") " AND " LATE " GROUP BY t.top, r.school, r.school_zh, r.school_en");
/* clang-format on */

#define COUNT_COLUMNS                                                                                        \
    {"expected", MSG_ctl_col_expected, CIRCULAR_COUNT}, {"reported", MSG_ctl_col_reported, CIRCULAR_COUNT},  \
        {"share", MSG_circular_col_share, CIRCULAR_FIGURE},                                                  \
        {"on_time", MSG_ctl_col_on_time, CIRCULAR_COUNT}, {"late", MSG_ctl_col_late, CIRCULAR_COUNT},        \
        {"missing", MSG_ctl_col_missing, CIRCULAR_COUNT},                                                    \
    {                                                                                                        \
        "kept", MSG_ctl_col_kept, CIRCULAR_COUNT                                                             \
    }
#define LAYOUT(name, caption_)                                                                               \
    {                                                                                                        \
        .key = #name, .caption = caption_, .columns = name##_columns,                                        \
        .n = sizeof(name##_columns) / sizeof(name##_columns[0])                                              \
    }

static const struct circular_column by_form_columns[] = {{"name_@", MSG_ctl_col_form, CIRCULAR_TEXT},
                                                         COUNT_COLUMNS};
static const struct circular_layout by_form = LAYOUT(by_form, MSG_circular_by_form);

static const struct circular_column by_district_columns[] = {
    {"place", MSG_ctl_col_look_rank, CIRCULAR_COUNT},
    {"district_@", MSG_circular_col_place, CIRCULAR_TEXT},
    COUNT_COLUMNS};
static const struct circular_layout by_district = LAYOUT(by_district, MSG_circular_by_district);

static const struct circular_column missing_columns[] = {{"school", MSG_ctl_col_school, CIRCULAR_TEXT},
                                                         {"school_@", MSG_ctl_col_name, CIRCULAR_TEXT},
                                                         {"name_@", MSG_ctl_col_form, CIRCULAR_TEXT},
                                                         {"due_at", MSG_ctl_col_due, CIRCULAR_TEXT},
                                                         {"remark", MSG_circular_col_remark, CIRCULAR_WORD}};
static const struct circular_layout missing = LAYOUT(missing, MSG_circular_missing);

static const struct circular_column late_columns[] = {
    {"school", MSG_ctl_col_school, CIRCULAR_TEXT},
    {"school_@", MSG_ctl_col_name, CIRCULAR_TEXT},
    {"name_@", MSG_ctl_col_form, CIRCULAR_TEXT},
    {"received_at", MSG_circular_col_received, CIRCULAR_TEXT}};
static const struct circular_layout late = LAYOUT(late, MSG_circular_late);

static const struct circular_column names_columns[] = {{"district_@", MSG_circular_col_place, CIRCULAR_TEXT},
                                                       {"schools", MSG_circular_col_schools, CIRCULAR_COUNT},
                                                       {"reports", MSG_circular_col_reports, CIRCULAR_COUNT},
                                                       {"schools_@", MSG_circular_col_names, CIRCULAR_TEXT}};
#define NAMES_COUNT (sizeof(names_columns) / sizeof(names_columns[0]))
static const struct circular_layout missing_names = {"missing_by_district", MSG_circular_missing,
                                                     names_columns, NAMES_COUNT};
static const struct circular_layout late_names = {"late_by_district", MSG_circular_late, names_columns,
                                                  NAMES_COUNT};

/* What the forms come to together. */
static void
say_sum(struct circular *c, const PGresult *rows)
{
    static const char *const names[] = {"expected", "reported", "on_time", "late", "missing", "kept"};
    enum { EXPECTED, REPORTED, ON_TIME, LATE_ONES, MISSING, KEPT, NAMES_N };
    char texts[NAMES_N][24], share[32];
    long sums[NAMES_N];
    const char *due = circular_fact(c, "due");

    for (int i = 0; i < NAMES_N; i++)
        circular_long(sums[i] = circular_sum(rows, names[i]), texts[i]);
    long per_mille = sums[REPORTED] * 1000 / sums[EXPECTED];
    snprintf(share, sizeof(share), "%ld.%ld%%", per_mille / 10, per_mille % 10);
    circular_say(c, MSG_circular_reporting_sum, "expected", texts[EXPECTED], "reported", texts[REPORTED],
                 "share", share, "on_time", texts[ON_TIME], "late", texts[LATE_ONES], "missing",
                 texts[MISSING], "kept", texts[KEPT], NULL);
    if (due != NULL) {
        char *day = circular_day(c->ctl->language, due);
        circular_say(c, MSG_circular_due, "due", day, NULL);
        free(day);
    }
    c->found.missing = sums[MISSING];
    c->found.kept = sums[KEPT];
}

bool
circular_reporting(struct circular *c)
{
    PGresult *forms = circular_ask(c, by_form_sql, 3);

    if (forms == NULL)
        return false;
    circular_section(c, "reporting", MSG_circular_reporting);
    say_sum(c, forms);
    circular_put(c, &by_form, NULL, forms);
    if (!c->of_districts)
        return circular_ask_table(c, &missing, missing_sql, 3) && circular_ask_table(c, &late, late_sql, 3);
    return circular_ask_table(c, &by_district, by_district_sql, 3) &&
           circular_ask_table(c, &missing_names, missing_by_district_sql, 3) &&
           circular_ask_table(c, &late_names, late_by_district_sql, 3);
}
