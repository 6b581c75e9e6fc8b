/*
 * Punctuality: how the year's reports came, as `yuebaoctl punctuality` counts them, and who is silent for
 * long.
 */
#include "parts.h"

#define YEAR "pg_catalog.left($2, 4)::integer"

/*
 * The slots are read once: the year comes from all of them (of_…, on every row), the rows are those who miss
 * two of the year's reports or more: that is no forgotten month any more. One row even if there is nobody.
 */
/* clang-format off */
#define SLOTS_AND_YEAR \
    "slots AS MATERIALIZED (SELECT p.* FROM api.punctuality_of($1::integer, " YEAR ") AS p), " \
    "year AS (SELECT " YEAR " AS of_year, count(*) AS of_schools, count(*) FILTER (WHERE t.on_time = t.expected) AS of_always, " \
    "sum(t.expected)::bigint AS of_expected, sum(t.on_time)::bigint AS of_on_time, sum(t.late)::bigint AS of_late, sum(t.missing)::bigint AS of_missing, " \
    "pg_catalog.trunc(sum(t.on_time) * 100 / sum(t.expected), 1)::text || '%' AS of_share " \
    "FROM (SELECT s.school, sum(s.expected) AS expected, sum(s.on_time) AS on_time, sum(s.late) AS late, sum(s.missing) AS missing " \
    "FROM slots AS s GROUP BY s.school) AS t) "

static const char schools_sql[] =
    "WITH " SLOTS_AND_YEAR ", "
    "silent AS (SELECT s.*, count(*) OVER () AS of_all FROM slots AS s WHERE s.missing >= 2 ORDER BY s.missing DESC, s.share, s.school, s.form LIMIT 20) "
    "SELECT y.*, s.of_all, s.school, s.school_zh, s.school_en, s.form, f.name_zh, f.name_en, s.expected, s.on_time, "
    "s.late, s.missing, s.share, coalesce((SELECT r.period FROM api.report AS r WHERE r.district = s.district AND r.school = s.school "
    "AND r.form = s.form ORDER BY r.first_day DESC LIMIT 1), 'never_reported') AS last_reported "
    "FROM year AS y LEFT JOIN silent AS s ON true "
    "LEFT JOIN LATERAL (SELECT min(c.name_zh) AS name_zh, min(c.name_en) AS name_en FROM api.calendar AS c WHERE c.form = s.form) AS f ON true "
    "ORDER BY s.missing DESC, s.share, s.school, s.form";

/* Every district right below, and its silent schools by name. */
static const char districts_sql[] = CIRCULAR_TREE
    ", " SLOTS_AND_YEAR ", "
    "placed AS (SELECT t.top, s.school, s.school_zh, s.school_en, sum(s.expected) AS expected, sum(s.on_time) AS on_time, sum(s.late) AS late, "
    "sum(s.missing) AS missing, bool_or(s.missing >= 2) AS is_silent FROM slots AS s JOIN tree AS t ON t.district = s.district "
    "GROUP BY t.top, s.school, s.school_zh, s.school_en), "
    "numbered AS (SELECT p.*, CASE WHEN p.is_silent THEN pg_catalog.row_number() OVER (PARTITION BY p.top, p.is_silent "
    "ORDER BY p.missing DESC, p.school) END AS nth FROM placed AS p), "
    "told AS (SELECT n.top, sum(n.expected)::bigint AS expected, sum(n.on_time)::bigint AS on_time, sum(n.late)::bigint AS late, "
    "sum(n.missing)::bigint AS missing, pg_catalog.trunc(sum(n.on_time) / sum(n.expected), 4) AS share, "
    "pg_catalog.trunc(sum(n.on_time) * 100 / sum(n.expected), 1)::text || '%' AS share_shown, count(n.nth) AS silent, "
    CIRCULAR_NAMES_ZH ", " CIRCULAR_NAMES_EN " FROM numbered AS n GROUP BY n.top) "
    "SELECT y.*, d.district, " CIRCULAR_TOP_NAMES ", o.expected, o.on_time, o.late, o.missing, o.share, o.share_shown, o.silent, o.schools_zh, "
    "o.schools_en FROM year AS y LEFT JOIN told AS o ON true LEFT JOIN api.district AS d ON d.district = o.top ORDER BY o.share DESC, o.top";
/* clang-format on */

#define COUNT_COLUMNS                                                                                        \
    {"expected", MSG_ctl_col_expected, CIRCULAR_COUNT}, {"on_time", MSG_ctl_col_on_time, CIRCULAR_COUNT},    \
        {"late", MSG_ctl_col_late, CIRCULAR_COUNT},                                                          \
    {                                                                                                        \
        "missing", MSG_ctl_col_missing, CIRCULAR_COUNT                                                       \
    }

static const struct circular_column schools_columns[] = {
    {"school", MSG_ctl_col_school, CIRCULAR_TEXT},
    {"school_@", MSG_ctl_col_name, CIRCULAR_TEXT},
    {"name_@", MSG_ctl_col_form, CIRCULAR_TEXT},
    COUNT_COLUMNS,
    {"last_reported", MSG_circular_col_last_reported, CIRCULAR_WORD}};
static const struct circular_layout schools = {.key = "silent",
                                               .caption = MSG_circular_silent,
                                               .columns = schools_columns,
                                               .n = sizeof(schools_columns) / sizeof(schools_columns[0])};

static const struct circular_column districts_columns[] = {
    {"district_@", MSG_circular_col_place, CIRCULAR_TEXT},
    COUNT_COLUMNS,
    {"share", MSG_ctl_col_look_share, CIRCULAR_FIGURE},
    {"silent", MSG_circular_col_silent, CIRCULAR_COUNT},
    {"schools_@", MSG_circular_col_names, CIRCULAR_TEXT}};
static const struct circular_layout districts = {.key = "silent_by_district",
                                                 .caption = MSG_circular_punctual_districts,
                                                 .columns = districts_columns,
                                                 .n = sizeof(districts_columns) /
                                                      sizeof(districts_columns[0])};

static void
say_year(struct circular *c, const PGresult *rows)
{
    circular_say(
        c, MSG_circular_punctuality_sum, "year", circular_value(c, rows, 0, "of_year"), "expected",
        circular_value(c, rows, 0, "of_expected"), "on_time", circular_value(c, rows, 0, "of_on_time"),
        "share", circular_value(c, rows, 0, "of_share"), "late", circular_value(c, rows, 0, "of_late"),
        "missing", circular_value(c, rows, 0, "of_missing"), "schools",
        circular_value(c, rows, 0, "of_schools"), "always", circular_value(c, rows, 0, "of_always"), NULL);
}

bool
circular_punctuality(struct circular *c)
{
    PGresult *rows = circular_ask(c, c->of_districts ? districts_sql : schools_sql, 2);

    if (rows == NULL)
        return false;
    circular_section(c, "punctuality", MSG_circular_punctuality);
    if (circular_value(c, rows, 0, "of_expected") != NULL) /* something is due */
        say_year(c, rows);
    if (circular_value(c, rows, 0, "expected") != NULL)
        circular_put(c, c->of_districts ? &districts : &schools, NULL, rows);
    else
        PQclear(rows);
    return true;
}
