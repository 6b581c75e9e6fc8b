/*
 * Balance: resources per pupil that are spread less evenly over the schools than the threshold allows, as
 * `yuebaoctl balance` has them.
 */
#include "parts.h"

/* One row even if none is over its threshold: how many were judged. */
/* clang-format off */
static const char balance_sql[] =
    "WITH judged AS MATERIALIZED (SELECT a.* FROM api.balance_in($1::integer, NULL, NULL, NULL, false) AS a "
    "WHERE a.threshold IS NOT NULL AND a.cv IS NOT NULL) "
    "SELECT j.judged, b.indicator, b.kind, b.name_zh, b.name_en, b.unit, b.period, b.schools, b.per_pupil, "
    "pg_catalog.round(b.per_pupil, 2) AS per_pupil_shown, b.cv, "
    "CASE WHEN pg_catalog.round(b.cv, 4) <= b.threshold THEN b.cv ELSE pg_catalog.round(b.cv, 4) END AS cv_shown, b.threshold "
    "FROM (SELECT count(*) AS judged FROM judged AS n) AS j LEFT JOIN judged AS b ON NOT b.met ORDER BY b.\"position\"";
/* clang-format on */

static const struct circular_column columns[] = {
    {"kind", MSG_ctl_col_kind, CIRCULAR_WORD},        {"name_@", MSG_ctl_col_indicator, CIRCULAR_TEXT},
    {"unit", MSG_circular_col_unit, CIRCULAR_UNIT},   {"period", MSG_ctl_col_period, CIRCULAR_TEXT},
    {"schools", MSG_ctl_col_counted, CIRCULAR_COUNT}, {"per_pupil", MSG_ctl_col_per_pupil, CIRCULAR_FIGURE},
    {"cv", MSG_ctl_col_cv, CIRCULAR_FIGURE},          {"threshold", MSG_ctl_col_threshold, CIRCULAR_FIGURE}};
static const struct circular_layout balance = {.key = "balance",
                                               .caption = MSG_circular_balance_table,
                                               .columns = columns,
                                               .n = sizeof(columns) / sizeof(columns[0])};

bool
circular_balance(struct circular *c)
{
    PGresult *rows = circular_ask(c, balance_sql, 1);
    char over[24];

    if (rows == NULL)
        return false;
    const char *judged = circular_value(c, rows, 0, "judged");
    circular_section(c, "balance", MSG_circular_balance);
    if (circular_value(c, rows, 0, "indicator") == NULL) {
        if (judged[0] != '0')
            circular_say(c, MSG_circular_balance_good, "judged", judged, NULL);
        PQclear(rows);
        return true;
    }
    c->found.unbalanced = PQntuples(rows);
    circular_say(c, MSG_circular_balance_sum, "judged", judged, "over",
                 circular_long(c->found.unbalanced, over), NULL);
    circular_put(c, &balance, NULL, rows);
    return true;
}
