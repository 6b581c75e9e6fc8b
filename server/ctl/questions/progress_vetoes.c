/*
 * Which vetoes were breached: said under the progress and under the result of plans.
 */
#include "below.h"
#include "db.h"
#include "progress.h"

static const char breaches_sql[] =
    WITH_BELOW "SELECT v.plan, v.district_zh, v.district_en, v.name_zh, v.name_en, "
               "api.figure_text(v.year_figure, v.unit), v.year, v.veto_direction, "
               "api.figure_text(v.veto_bound, v.unit), v.since " PROGRESS_BREACHES
               "AND " IS_BELOW("v.district") " ORDER BY v.plan, v.district, v.year, v.indicator";

enum { PLAN, DISTRICT_ZH, DISTRICT_EN, NAME_ZH, NAME_EN, FIGURE, YEAR, DIRECTION, BOUND, SINCE };

int
progress_vetoes(struct ctl *ctl, const struct progress_question *q)
{
    bool zh = ctl->language == LANGUAGE_ZH;
    const char *values[] = {q->district, q->as_of, q->plan};
    PGresult *breaches = db_query(ctl, breaches_sql, 3, values);

    if (breaches == NULL)
        return ctl->status;
    for (int r = 0; r < PQntuples(breaches); r++)
        ctl_say(ctl, MSG_ctl_veto_breached, "plan", PQgetvalue(breaches, r, PLAN), "district",
                PQgetvalue(breaches, r, zh ? DISTRICT_ZH : DISTRICT_EN), "name",
                PQgetvalue(breaches, r, zh ? NAME_ZH : NAME_EN), "year", PQgetvalue(breaches, r, YEAR),
                "value", PQgetvalue(breaches, r, FIGURE), "direction",
                message_word(ctl->language, PQgetvalue(breaches, r, DIRECTION)), "bound",
                PQgetvalue(breaches, r, BOUND), "since", PQgetvalue(breaches, r, SINCE), NULL);
    PQclear(breaches);
    return EX_OK;
}
