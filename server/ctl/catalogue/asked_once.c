#include "asked_once.h"

#include "db.h"

#define SAID_MAX 20 /* one mistake shows in every indicator of a form */

bool
asked_once(struct ctl *ctl)
{
    PGresult *result =
        db_query(ctl,
                 "SELECT t.indicator, t.form || ' ' || t.period, t.other_form || ' ' || t.other_period, "
                 "t.works_from FROM yuebao.asked_twice() AS t",
                 0, NULL);
    int count = result == NULL ? 0 : PQntuples(result);
    char rest[24];

    for (int r = 0; r < count && r < SAID_MAX; r++)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_asked_twice, "indicator", PQgetvalue(result, r, 0), "one",
                 PQgetvalue(result, r, 1), "other", PQgetvalue(result, r, 2), "from",
                 PQgetvalue(result, r, 3), NULL);
    snprintf(rest, sizeof(rest), "%d", count - SAID_MAX);
    if (count > SAID_MAX)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_asked_twice_more, "count", rest, NULL);
    if (count > 0)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_nothing_changed, NULL);
    PQclear(result);
    return result != NULL && count == 0;
}
