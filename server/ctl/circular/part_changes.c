/*
 * Changes: which indicators moved most since the period before, by their own rules; which schools came and
 * went.
 */
#include <stdlib.h>

#include "look.h"
#include "parts.h"

/* Of numbers and of shares MOST each. What is below SMALL in both periods, and no quotient, moves by chance.
 */
#define MOST  "8"
#define SMALL "10"

/* clang-format off */
static const char changes_sql[] =
    "SELECT x.indicator, x.name_zh, x.name_en, x.unit, x.over_schools, x.decimals, x.before_period, x.before, " LOOK_FIGURE("x.before") " AS before_shown, "
    "x.period, x.figure, " LOOK_FIGURE("x.figure") " AS figure_shown, x.change, " LOOK_CHANGE("x.change") " AS change_shown, "
    "pg_catalog.round(x.change / pg_catalog.abs(x.part_of), 6) AS relative, CASE WHEN x.change > 0 THEN '+' ELSE '' END || "
    "pg_catalog.round(x.change * 100 / pg_catalog.abs(x.part_of), 1) || '%' AS relative_shown, x.before_schools, x.schools, "
    "x.before_schools || ' / ' || x.schools AS both_schools "
    "FROM (SELECT c.*, c.unit = 'ratio' AS is_share, CASE WHEN c.unit <> 'ratio' THEN nullif(c.before, 0) END AS part_of, "
    "pg_catalog.row_number() OVER (PARTITION BY c.unit = 'ratio' ORDER BY c.moved DESC, c.indicator) AS nth "
    "FROM api.changes_in($1::integer, $2) AS c WHERE c.change <> 0 AND (c.unit = 'ratio' OR c.measure = 'quotient' OR "
    "greatest(pg_catalog.abs(c.figure), pg_catalog.abs(c.before)) >= " SMALL ")) AS x "
    "WHERE x.nth <= " MOST " ORDER BY x.is_share, x.nth";

static const char schools_sql[] = CIRCULAR_TREE
    "SELECT s.school, s.name_zh, s.name_en, s.district_zh, s.district_en, s.kind, e.event, e.day, count(*) OVER () AS of_all, "
    "count(*) FILTER (WHERE e.event = 'school_opened') OVER () AS opened "
    "FROM api.school AS s CROSS JOIN LATERAL (VALUES ('school_opened', s.opened_on), ('school_closed', s.closed_on)) AS e (event, day) "
    "CROSS JOIN (SELECT min(c.last_day) AS last_day FROM api.calendar AS c WHERE c.period = $2 AND c.first_day = $3::date) AS w "
    "WHERE " CIRCULAR_IN_TREE("s.district") " AND e.day BETWEEN $3::date AND w.last_day ORDER BY e.event DESC, e.day, s.school LIMIT 20";
/* clang-format on */

static const struct circular_column changes_columns[] = {
    {"name_@", MSG_ctl_col_indicator, CIRCULAR_TEXT},
    {"unit", MSG_circular_col_unit, CIRCULAR_UNIT},
    {"before", MSG_ctl_col_before, CIRCULAR_FIGURE},
    {"figure", MSG_circular_col_figure, CIRCULAR_FIGURE},
    {"change", MSG_ctl_col_look_change, CIRCULAR_FIGURE},
    {"relative", MSG_circular_col_relative, CIRCULAR_FIGURE},
    {"both_schools", MSG_circular_col_both_schools, CIRCULAR_TEXT}};
static const struct circular_layout changes = {.key = "changes",
                                               .caption = MSG_circular_changes_table,
                                               .columns = changes_columns,
                                               .n = sizeof(changes_columns) / sizeof(changes_columns[0])};

static const struct circular_column schools_columns[] = {
    {"school", MSG_ctl_col_school, CIRCULAR_TEXT},    {"name_@", MSG_ctl_col_name, CIRCULAR_TEXT},
    {"kind", MSG_ctl_col_kind, CIRCULAR_WORD},        {"district_@", MSG_circular_col_place, CIRCULAR_TEXT},
    {"event", MSG_circular_col_event, CIRCULAR_WORD}, {"day", MSG_circular_col_day, CIRCULAR_TEXT}};
static const struct circular_layout schools = {.key = "schools",
                                               .caption = MSG_circular_schools_table,
                                               .columns = schools_columns,
                                               .n = sizeof(schools_columns) / sizeof(schools_columns[0])};

static bool
put_changes(struct circular *c)
{
    PGresult *rows = circular_ask(c, changes_sql, 2);

    if (rows == NULL)
        return false;
    if (PQntuples(rows) == 0) {
        circular_say(c, MSG_circular_no_changes, NULL);
    } else {
        char *before = circular_period(c->ctl->language, circular_value(c, rows, 0, "before_period"));
        circular_say(c, MSG_circular_changes_how, "before", before, "small", SMALL, NULL);
        free(before);
    }
    circular_put(c, &changes, NULL, rows);
    return true;
}

static bool
put_schools(struct circular *c)
{
    PGresult *rows = circular_ask(c, schools_sql, 3);
    char closed[24];

    if (rows == NULL)
        return false;
    if (PQntuples(rows) > 0) {
        long all = circular_sum(rows, "of_all") / PQntuples(rows),
             opened = circular_sum(rows, "opened") / PQntuples(rows);
        circular_say(c, MSG_circular_schools_sum, "opened", circular_value(c, rows, 0, "opened"), "closed",
                     circular_long(all - opened, closed), NULL);
    }
    circular_put(c, &schools, NULL, rows);
    return true;
}

bool
circular_changes(struct circular *c)
{
    circular_section(c, "changes", MSG_circular_changes);
    return put_changes(c) && put_schools(c);
}
