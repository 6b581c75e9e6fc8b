#include "governs.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "period.h"

bool
governs_lock(struct ctl *ctl)
{
    return db_do_plain(ctl, "SELECT pg_catalog.pg_advisory_xact_lock(1987456322)");
}

/* ---- from when ---------------------------------------------------------------------------------- */

/* The newest window on or behind the day that has opened is in the way. */
static bool
has_not_opened(struct ctl *ctl, const char *period, const char *day)
{
    PGresult *result = db_query(ctl,
                                "SELECT w.code, yuebao.period_text(w.first_day, w.frequency) "
                                "FROM yuebao.calendar_window AS w WHERE w.opened AND w.name = '' AND "
                                "w.first_day >= $1::date ORDER BY w.first_day DESC, w.code LIMIT 1",
                                1, &day);

    if (result == NULL)
        return false;
    bool free = PQntuples(result) == 0;
    if (!free)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_from_opened, "from", period, "form", PQgetvalue(result, 0, 0),
                 "period", PQgetvalue(result, 0, 1), NULL);
    PQclear(result);
    return free;
}

/* From when on the newest catalogue governs, and whether that is still to come. Without one: from ever. */
static bool
find_newest(struct ctl *ctl, struct governs *ret_newest)
{
    PGresult *result =
        db_query(ctl,
                 "SELECT c.governs_from, c.governs_from > current_date FROM yuebao.catalogue AS c "
                 "WHERE c.governs_from < 'infinity' ORDER BY c.catalogue DESC LIMIT 1",
                 0, NULL);

    if (result == NULL)
        return false;
    bool none = PQntuples(result) == 0;
    snprintf(ret_newest->from, GOVERNS_BYTES, "%s", none ? GOVERNS_ALL : PQgetvalue(result, 0, 0));
    ret_newest->pending = !none && PQgetvalue(result, 0, 1)[0] == 't';
    PQclear(result);
    return true;
}

bool
governs_choose(struct ctl *ctl, const char *period, struct governs *ret_governs)
{
    char day[PERIOD_TEXT_MAX + 1];
    struct governs newest;
    struct period first;

    if (!find_newest(ctl, &newest))
        return false;
    if (period == NULL || !period_parse(period, &first)) {
        *ret_governs = newest;
        return true;
    }
    date_print(first.first_day, day);
    if (strcmp(newest.from, GOVERNS_ALL) != 0 &&
        strcmp(day, newest.from) < 0) { /* ISO: days compare as texts */
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_from_before_pending, "from", period, "pending", newest.from, NULL);
        return false;
    }
    if (!has_not_opened(ctl, period, day))
        return false;
    *ret_governs = (struct governs){.pending = false};
    strcpy(ret_governs->from, day);
    return true;
}

/* ---- what that means ---------------------------------------------------------------------------- */

/* A row of yuebao.governed: frequency, forms or NULL, first period or NULL, the open one before it or NULL.
 */
static void
say_one(struct ctl *ctl, const PGresult *result, int row)
{
    const char *forms = db_cell(result, row, 1), *first = db_cell(result, row, 2),
               *open = db_cell(result, row, 3);
    char *what = forms != NULL
                     ? message_format(ctl->language, MSG_ctl_governs_forms, "forms", forms, NULL)
                     : message_format(ctl->language, MSG_ctl_governs_frequency, "frequency",
                                      message_word(ctl->language, PQgetvalue(result, row, 0)), NULL);

    if (first == NULL)
        ctl_say(ctl, MSG_ctl_governs_any, "what", what, NULL);
    else if (open == NULL)
        ctl_say(ctl, MSG_ctl_governs_from, "what", what, "period", first, NULL);
    else
        ctl_say(ctl, MSG_ctl_governs_after, "what", what, "period", first, "open", open, NULL);
    free(what);
}

PGresult *
governs_ask(struct ctl *ctl)
{
    return db_query(
        ctl,
        "SELECT g.frequency, pg_catalog.array_to_string(g.forms, ', '), g.first_period, g.open_period "
        "FROM yuebao.governed((SELECT max(c.catalogue) FROM yuebao.catalogue AS c "
        "WHERE c.governs_from < 'infinity')) AS g",
        0, NULL);
}

void
governs_say(struct ctl *ctl, const struct governs *governs, const PGresult *governed)
{
    if (governs->pending)
        ctl_say(ctl, MSG_ctl_governs_pending, "day", governs->from, NULL);
    for (int r = 0; r < PQntuples(governed); r++)
        say_one(ctl, governed, r);
}
