/*
 * Alerts: the limits that figures of the period crossed, as `yuebaoctl alerts` has them; the open ones first.
 */
#include <stdlib.h>

#include "parts.h"

/* clang-format off */
static const char alerts_sql[] = CIRCULAR_TREE
    "SELECT a.alert, a.severity, 'alert_' || a.severity AS severity_shown, a.state, 'alert_' || a.state AS state_shown, a.threshold, a.name_zh, "
    "a.name_en, a.level, a.district, a.school, coalesce(a.school_zh, a.district_zh) AS who_zh, coalesce(a.school_en, a.district_en) AS who_en, a.indicator, a.indicator_zh, a.indicator_en, a.unit, "
    "a.figure, api.figure_text(a.figure, a.unit) AS figure_shown, a.direction, a.bound, api.figure_text(a.bound, a.unit) AS bound_shown, a.raised_at, "
    "count(*) OVER () AS of_all, count(*) FILTER (WHERE a.state = 'open') OVER () AS of_open "
    "FROM api.alert AS a WHERE " CIRCULAR_IN_TREE("a.district") " AND a.period = $2 AND a.first_day = $3::date "
    "ORDER BY a.state <> 'open', pg_catalog.array_position(ARRAY['critical', 'warning', 'notice'], a.severity), a.alert LIMIT 30";
/* clang-format on */

static const struct circular_column columns[] = {{"severity", MSG_circular_col_severity, CIRCULAR_WORD},
                                                 {"name_@", MSG_circular_col_alert, CIRCULAR_TEXT},
                                                 {"who_@", MSG_circular_col_who, CIRCULAR_TEXT},
                                                 {"indicator_@", MSG_ctl_col_indicator, CIRCULAR_TEXT},
                                                 {"figure", MSG_ctl_col_look_figure, CIRCULAR_FIGURE},
                                                 {"bound", MSG_circular_col_bound, CIRCULAR_FIGURE},
                                                 {"unit", MSG_circular_col_unit, CIRCULAR_UNIT},
                                                 {"state", MSG_ctl_col_state, CIRCULAR_WORD}};
static const struct circular_layout alerts = {.key = "alerts",
                                              .caption = MSG_circular_alerts_table,
                                              .columns = columns,
                                              .n = sizeof(columns) / sizeof(columns[0])};

bool
circular_alerts(struct circular *c)
{
    PGresult *rows = circular_ask(c, alerts_sql, 3);

    if (rows == NULL)
        return false;
    circular_section(c, "alerts", MSG_circular_alerts);
    if (PQntuples(rows) > 0) {
        const char *open = circular_value(c, rows, 0, "of_open");
        circular_say(c, MSG_circular_alerts_sum, "raised", circular_value(c, rows, 0, "of_all"), "open", open,
                     NULL);
        c->found.alerts = strtol(open, NULL, 10);
    }
    circular_put(c, &alerts, NULL, rows);
    return true;
}
