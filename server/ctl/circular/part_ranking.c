/*
 * Ranking: the best and the worst. Of the districts right below, or in a district without any, of its
 * schools: by how reports came, and by chosen indicators, else by those shares of which the plans in force
 * have targets.
 */
#include "look.h"
#include "parts.h"

/* So many from each end; where there are no more than both, all of them. */
#define ENDS  "3"
#define WORST "10"

/* clang-format off */
/* Of schools those that fail, each with its numbers; those that never do, by name. */
#define BY_SCHOOL \
    "SELECT u.school, u.school_zh, u.school_en, sum(u.expected)::bigint AS expected, sum(u.on_time)::bigint AS on_time, " \
    "sum(u.late)::bigint AS late, sum(u.missing)::bigint AS missing, pg_catalog.trunc(sum(u.on_time) / sum(u.expected), 4) AS share " \
    "FROM api.punctuality_of($1::integer, pg_catalog.left($2, 4)::integer) AS u GROUP BY u.school, u.school_zh, u.school_en"

static const char schools_sql[] =
    "SELECT s.school, s.school_zh AS name_zh, s.school_en AS name_en, s.expected, s.on_time, s.late, s.missing, s.share, "
    "pg_catalog.trunc(s.share * 100, 1)::text || '%' AS share_shown, count(*) OVER () AS of_all FROM (" BY_SCHOOL ") AS s "
    "WHERE s.share < 1 ORDER BY s.share, s.missing DESC, s.school LIMIT " WORST;

static const char always_sql[] =
    "SELECT pg_catalog.left($2, 4) AS year, max(n.nth) AS count, " CIRCULAR_NAMES_ZH ", " CIRCULAR_NAMES_EN " "
    "FROM (SELECT s.*, pg_catalog.row_number() OVER (ORDER BY s.school) AS nth FROM (" BY_SCHOOL ") AS s WHERE s.share = 1) AS n";

/* A target says which end is the good one, the district's own before a superior's; of a chosen indicator without one, the highest figure comes first. */
#define CHOSEN \
    "WITH RECURSIVE above (district) AS (SELECT $1::integer UNION SELECT d.parent FROM api.district AS d JOIN above AS a " \
    "ON a.district = d.district WHERE d.parent IS NOT NULL), " \
    "promised AS MATERIALIZED (SELECT DISTINCT ON (t.indicator) t.indicator, t.direction, t.\"position\" AS nth FROM api.target AS t " \
    "JOIN api.plan AS l ON l.plan = t.plan WHERE l.district IN (SELECT a.district FROM above AS a) AND $3::date BETWEEN l.period_start AND l.period_end " \
    "ORDER BY t.indicator, l.district <> $1::integer, t.\"position\"), " \
    "asked AS MATERIALIZED (SELECT c.code AS indicator, c.nth, p.direction FROM pg_catalog.unnest(pg_catalog.string_to_array($4::text, ',')) " \
    "WITH ORDINALITY AS c (code, nth) LEFT JOIN promised AS p ON p.indicator = c.code " \
    "UNION ALL (SELECT p.indicator, p.nth, p.direction FROM promised AS p JOIN api.changes_in($1::integer, $2) AS n ON n.indicator = p.indicator " \
    "WHERE $4::text IS NULL AND n.schools > 1 AND n.over_schools = 'ratio_of_sums' ORDER BY p.nth LIMIT 3)), "
/* Equals stand or fall together: where not all of them have room, one line says how many they are, and names none. */
#define PLACED(rows, equals_zh, equals_en) CHOSEN \
    "found AS MATERIALIZED (" rows "), " \
    "placed AS (SELECT f.*, pg_catalog.rank() OVER by_place AS place, count(*) OVER (PARTITION BY f.indicator) AS of, " \
    "pg_catalog.row_number() OVER (PARTITION BY f.indicator ORDER BY f.good DESC, f.code) AS row, " \
    "count(*) OVER (PARTITION BY f.indicator, f.good) AS equals FROM found AS f " \
    "WINDOW by_place AS (PARTITION BY f.indicator ORDER BY f.good DESC)), " \
    "shown AS (SELECT p.*, p.place + p.equals - 1 > " ENDS " AND p.place <= p.of - " ENDS " AND p.of > 2 * " ENDS " AS crowd FROM placed AS p) " \
    "SELECT x.indicator, i.name_zh AS indicator_zh, i.name_en AS indicator_en, x.unit, i.decimals, CASE WHEN x.direction IN ('at_most', 'reduce_by') " \
    "THEN 'lower_is_better' ELSE 'higher_is_better' END AS better, x.place, x.of, CASE WHEN NOT x.crowd THEN x.code END AS code, " \
    "CASE WHEN x.crowd THEN x.equals || '" equals_zh "' ELSE x.name_zh END AS name_zh, " \
    "CASE WHEN x.crowd THEN x.equals || '" equals_en "' ELSE x.name_en END AS name_en, x.figure, " \
    LOOK_FIGURE("x.figure") " AS figure_shown FROM shown AS x JOIN api.indicator AS i ON i.indicator = x.indicator " \
    "WHERE x.of > 1 AND (x.place <= " ENDS " OR x.place + x.equals - 1 > x.of - " ENDS ") AND (NOT x.crowd OR x.row = x.place) ORDER BY x.nth, x.indicator, x.row"
#define GOOD "CASE WHEN a.direction IN ('at_most', 'reduce_by') THEN -r.figure ELSE r.figure END AS good"

static const char by_districts_sql[] = PLACED(
    "SELECT a.indicator, a.nth, a.direction, r.unit, r.district::text AS code, r.district_zh AS name_zh, r.district_en AS name_en, r.figure, " GOOD " "
    "FROM asked AS a CROSS JOIN LATERAL api.rank_districts(a.indicator, $2, $1::integer, NULL) AS r WHERE NOT r.own AND r.figure IS NOT NULL",
    "个地区并列", " districts, equal");

static const char by_schools_sql[] = PLACED(
    "SELECT a.indicator, a.nth, a.direction, r.unit, r.school AS code, r.school_zh AS name_zh, r.school_en AS name_en, r.figure, " GOOD " "
    "FROM asked AS a CROSS JOIN LATERAL api.rank_schools(a.indicator, $2, $1::integer, NULL) AS r WHERE r.figure IS NOT NULL",
    "所学校并列", " schools, equal");
/* clang-format on */

#define COUNT_COLUMNS                                                                                        \
    {"name_@", MSG_circular_col_who, CIRCULAR_TEXT}, {"expected", MSG_ctl_col_expected, CIRCULAR_COUNT},     \
        {"on_time", MSG_ctl_col_on_time, CIRCULAR_COUNT}, {"late", MSG_ctl_col_late, CIRCULAR_COUNT},        \
    {                                                                                                        \
        "missing", MSG_ctl_col_missing, CIRCULAR_COUNT                                                       \
    }

static const struct circular_column schools_columns[] = {COUNT_COLUMNS,
                                                         {"share", MSG_ctl_col_look_share, CIRCULAR_FIGURE}};
static const struct circular_layout schools = {.key = "least_punctual",
                                               .caption = MSG_circular_least_punctual,
                                               .columns = schools_columns,
                                               .n = sizeof(schools_columns) / sizeof(schools_columns[0])};

static const struct circular_column figures_columns[] = {
    {"indicator_@", MSG_ctl_col_indicator, CIRCULAR_TEXT},
    {"better", MSG_circular_col_better, CIRCULAR_WORD},
    {"place", MSG_ctl_col_look_rank, CIRCULAR_COUNT},
    {"of", MSG_circular_col_of, CIRCULAR_COUNT},
    {"name_@", MSG_circular_col_who, CIRCULAR_TEXT},
    {"figure", MSG_ctl_col_look_figure, CIRCULAR_FIGURE},
    {"unit", MSG_circular_col_unit, CIRCULAR_UNIT}};
static const struct circular_layout figures = {.key = "by_indicator",
                                               .caption = MSG_circular_ranking_table,
                                               .columns = figures_columns,
                                               .n = sizeof(figures_columns) / sizeof(figures_columns[0])};

static bool
say_always(struct circular *c)
{
    PGresult *row = circular_ask(c, always_sql, 2);

    if (row == NULL)
        return false;
    if (circular_value(c, row, 0, "schools_@") != NULL)
        circular_say(c, MSG_circular_always, "year", circular_value(c, row, 0, "year"), "count",
                     circular_value(c, row, 0, "count"), "names", circular_value(c, row, 0, "schools_@"),
                     NULL);
    PQclear(row);
    return true;
}

bool
circular_ranking(struct circular *c)
{
    circular_section(c, "ranking", MSG_circular_ranking);
    if (c->of_districts)
        return circular_ask_table(c, &figures, by_districts_sql, 4);
    return say_always(c) && circular_ask_table(c, &schools, schools_sql, 2) &&
           circular_ask_table(c, &figures, by_schools_sql, 4);
}
