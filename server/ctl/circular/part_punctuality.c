/*
 * Punctuality: how the year's reports came, as `yuebaoctl punctuality` counts them, and who is silent for
 * long.
 */
#include <string.h>

#include "parts.h"

#define YEAR "pg_catalog.left($2, 4)::integer"

/* clang-format off */
static const char year_sql[] =
    "SELECT p.year, p.schools, p.always_on_time, p.expected, p.on_time, p.late, p.missing, p.kept, "
    "pg_catalog.trunc(p.share * 100, 1)::text || '%' AS share_shown "
    "FROM api.district_punctuality($1::integer, " YEAR ", false) AS p";

/* Two of the year's reports or more are missing: that is no forgotten month any more. */
static const char silent_sql[] =
    "SELECT s.district_zh, s.district_en, s.school, s.school_zh, s.school_en, s.form, f.name_zh, f.name_en, s.expected, s.on_time, s.late, "
    "s.missing, s.share, pg_catalog.trunc(s.share * 100, 1)::text || '%' AS share_shown, "
    "coalesce((SELECT r.period FROM api.report AS r WHERE r.district = s.district AND r.school = s.school AND r.form = s.form "
    "ORDER BY r.first_day DESC LIMIT 1), 'never_reported') AS last_reported, s.of_all "
    "FROM (SELECT p.*, count(*) OVER () AS of_all FROM api.punctuality_of($1::integer, " YEAR ") AS p WHERE p.missing >= 2 "
    "ORDER BY p.missing DESC, p.share, p.school, p.form LIMIT 20) AS s "
    "CROSS JOIN LATERAL (SELECT min(c.name_zh) AS name_zh, min(c.name_en) AS name_en FROM api.calendar AS c WHERE c.form = s.form) AS f "
    "ORDER BY s.missing DESC, s.share, s.school, s.form";
/* clang-format on */

static const struct circular_column silent_columns[] = {
    {"district_@", MSG_circular_col_place, CIRCULAR_TEXT},
    {"school", MSG_ctl_col_school, CIRCULAR_TEXT},
    {"school_@", MSG_ctl_col_name, CIRCULAR_TEXT},
    {"name_@", MSG_ctl_col_form, CIRCULAR_TEXT},
    {"expected", MSG_ctl_col_expected, CIRCULAR_COUNT},
    {"on_time", MSG_ctl_col_on_time, CIRCULAR_COUNT},
    {"late", MSG_ctl_col_late, CIRCULAR_COUNT},
    {"missing", MSG_ctl_col_missing, CIRCULAR_COUNT},
    {"last_reported", MSG_circular_col_last_reported, CIRCULAR_WORD}};
static const struct circular_layout silent = {.key = "silent",
                                              .caption = MSG_circular_silent,
                                              .columns = silent_columns,
                                              .n = sizeof(silent_columns) / sizeof(silent_columns[0])};

bool
circular_punctuality(struct circular *c)
{
    PGresult *year = circular_ask(c, year_sql, 2);

    if (year == NULL)
        return false;
    circular_section(c, "punctuality", MSG_circular_punctuality);
    if (PQntuples(year) == 1)
        circular_say(c, MSG_circular_punctuality_sum, "year", circular_value(c, year, 0, "year"), "expected",
                     circular_value(c, year, 0, "expected"), "on_time", circular_value(c, year, 0, "on_time"),
                     "share", circular_value(c, year, 0, "share_shown"), "late",
                     circular_value(c, year, 0, "late"), "missing", circular_value(c, year, 0, "missing"),
                     "schools", circular_value(c, year, 0, "schools"), "always",
                     circular_value(c, year, 0, "always_on_time"), NULL);
    PQclear(year);
    return circular_ask_table(c, &silent, silent_sql, 2);
}
