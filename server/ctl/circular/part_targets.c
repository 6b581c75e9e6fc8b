/*
 * Targets: the district's own plans in force, each target as `yuebaoctl progress` has it; of a plan of a
 * district above, what concerns this one: its own or answered for by it, and what is off course among those
 * to which its schools' figures go. A plan is in force if its span meets the period.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "parts.h"
#include "progress.h"

#define SHOWN PROGRESS_SHOWN

/* clang-format off */
static const char plans_sql[] =
    "WITH RECURSIVE above (district) AS (SELECT $1::integer UNION SELECT d.parent FROM api.district AS d JOIN above AS a "
    "ON a.district = d.district WHERE d.parent IS NOT NULL) "
    "SELECT l.plan, l.title_zh, coalesce(nullif(l.title_en, ''), l.title_zh) AS title_en, l.district = $1::integer AS own, l.period_start, l.period_end "
    "FROM api.plan AS l CROSS JOIN (SELECT min(c.last_day) AS last_day FROM api.calendar AS c WHERE c.period = $2 AND c.first_day = $3::date) AS w "
    "WHERE l.period_start <= w.last_day AND l.period_end >= $3::date AND (l.district IN (SELECT a.district FROM above AS a) "
    "OR EXISTS (SELECT FROM api.target AS t WHERE t.plan = l.plan AND $1::integer IN (t.district, t.responsible))) "
    "ORDER BY l.district <> $1::integer, l.period_start, l.plan";

static const char targets_sql[] =
    "SELECT p.plan, p.\"position\", p.district, p.district_zh, p.district_en, p.responsible_zh, p.responsible_en, p.indicator, p.name_zh, p.name_en, "
    "p.unit, p.direction, p.target_value AS target, " PROGRESS_TARGET " AS target_shown, p.due, p.\"now\", " SHOWN("p.\"now\"") " AS now_shown, "
    "p.now_period, " PROGRESS_PERIOD " AS now_period_shown, p.gap, " PROGRESS_GAP " AS gap_shown, p.required, " PROGRESS_REQUIRED " AS required_shown, "
    "p.projection, " SHOWN("p.projection") " AS projection_shown, p.status "
    "FROM api.progress_at(pg_catalog.now(), $2) AS p WHERE $3::boolean OR $1::integer IN (p.district, p.responsible) OR "
    "p.status IN ('at_risk', 'behind', 'impossible') AND EXISTS (SELECT FROM api.indicator AS i WHERE i.indicator = p.indicator AND i.reported_by && "
    "ARRAY(SELECT DISTINCT s.kind FROM api.school AS s WHERE s.district = $1::integer)) "
    "ORDER BY pg_catalog.array_position(ARRAY['impossible', 'behind', 'at_risk', 'too_few', 'on_course', 'met'], p.status), p.\"position\"";

static const char vetoes_sql[] =
    "SELECT v.indicator, v.name_zh, v.name_en, v.year, api.figure_text(v.year_figure, v.unit) AS figure, v.veto_direction AS direction, "
    "api.figure_text(v.veto_bound, v.unit) AS bound, v.since FROM api.veto_at(pg_catalog.now(), $2) AS v "
    "WHERE v.breached AND v.district = $1::integer ORDER BY v.year, v.indicator";
/* clang-format on */

#define TARGET_COLUMNS                                                                                       \
    {"name_@", MSG_ctl_col_indicator, CIRCULAR_TEXT}, {"target", MSG_ctl_col_target, CIRCULAR_FIGURE},       \
        {"due", MSG_ctl_col_due, CIRCULAR_TEXT}, {"now", MSG_ctl_col_now, CIRCULAR_FIGURE},                  \
        {"now_period", MSG_ctl_col_now_period, CIRCULAR_TEXT}, {"gap", MSG_ctl_col_gap, CIRCULAR_FIGURE},    \
        {"required", MSG_ctl_col_a_month, CIRCULAR_FIGURE},                                                  \
        {"projection", MSG_ctl_col_projection, CIRCULAR_FIGURE},                                             \
    {                                                                                                        \
        "status", MSG_ctl_col_state, CIRCULAR_WORD                                                           \
    }

static const struct circular_column own_columns[] = {{"position", MSG_ctl_col_number, CIRCULAR_COUNT},
                                                     TARGET_COLUMNS};
static const struct circular_layout own_targets = {.key = "targets",
                                                   .caption = MSG_circular_targets_table,
                                                   .columns = own_columns,
                                                   .n = sizeof(own_columns) / sizeof(own_columns[0])};

static const struct circular_column superior_columns[] = {
    {"position", MSG_ctl_col_number, CIRCULAR_COUNT},
    {"district_@", MSG_circular_col_place, CIRCULAR_TEXT},
    TARGET_COLUMNS};
static const struct circular_layout superior_targets = {.key = "superior_targets",
                                                        .caption = MSG_circular_superior_table,
                                                        .columns = superior_columns,
                                                        .n = sizeof(superior_columns) /
                                                             sizeof(superior_columns[0])};

static long
count(const PGresult *rows, const char *status)
{
    int column = PQfnumber(rows, "status");
    long n = 0;

    for (int r = 0; r < PQntuples(rows); r++)
        n += strcmp(PQgetvalue(rows, r, column), status) == 0;
    return n;
}

static void
say_states(struct circular *c, const char *title, const PGresult *rows)
{
    static const char *const states[] = {"met", "on_course", "at_risk", "behind", "impossible"};
    enum { MET, ON_COURSE, AT_RISK, BEHIND, IMPOSSIBLE, STATES };
    char texts[STATES][24], unjudged[24], all[24];
    long judged = 0;

    for (int i = 0; i < STATES; i++) {
        long n = count(rows, states[i]);
        circular_long(n, texts[i]);
        judged += n;
        c->found.pressing += i >= AT_RISK ? n : 0;
    }
    circular_long(PQntuples(rows), all);
    circular_long(PQntuples(rows) - judged, unjudged);
    circular_say(c, MSG_circular_targets_sum, "plan", title, "targets", all, "met", texts[MET], "on_course",
                 texts[ON_COURSE], "at_risk", texts[AT_RISK], "behind", texts[BEHIND], "impossible",
                 texts[IMPOSSIBLE], "unjudged", unjudged, NULL);
}

static bool
say_vetoes(struct circular *c, const char *plan)
{
    const char *const values[] = {c->asked.district, plan};
    PGresult *rows = db_query(c->ctl, vetoes_sql, 2, values);

    if (rows == NULL)
        return false;
    for (int r = 0; r < PQntuples(rows); r++) {
        char *since = circular_period(c->ctl->language, circular_value(c, rows, r, "since"));
        circular_say(c, MSG_circular_veto, "name", circular_value(c, rows, r, "name_@"), "year",
                     circular_value(c, rows, r, "year"), "value", circular_value(c, rows, r, "figure"),
                     "direction", message_word(c->ctl->language, circular_value(c, rows, r, "direction")),
                     "bound", circular_value(c, rows, r, "bound"), "since", since, NULL);
        free(since);
    }
    PQclear(rows);
    return true;
}

static bool
put_plan(struct circular *c, const PGresult *plans, int r)
{
    const char *plan = circular_value(c, plans, r, "plan"), *own = circular_value(c, plans, r, "own");
    const char *title = circular_value(c, plans, r, "title_@");
    const char *const values[] = {c->asked.district, plan, own};
    PGresult *rows = db_query(c->ctl, targets_sql, 3, values);
    char *about = strdup(title);

    if (about == NULL)
        abort();
    if (rows == NULL) {
        free(about);
        return false;
    }
    if (own[0] == 't')
        say_states(c, title, rows);
    else if (PQntuples(rows) > 0)
        circular_say(c, MSG_circular_superior, "plan", title, NULL);
    circular_put(c, own[0] == 't' ? &own_targets : &superior_targets, about, rows);
    return say_vetoes(c, plan);
}

bool
circular_targets(struct circular *c)
{
    PGresult *plans = circular_ask(c, plans_sql, 3);
    bool ok = plans != NULL;

    circular_section(c, "targets", MSG_circular_targets);
    for (int r = 0; ok && r < PQntuples(plans); r++)
        ok = put_plan(c, plans, r);
    PQclear(plans);
    return ok;
}
