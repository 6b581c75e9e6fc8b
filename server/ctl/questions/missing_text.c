#include "missing_text.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "look.h"

#define FROM                                                                                                 \
    "FROM api.missing_text($1::integer, $2, $3, $4) AS x ORDER BY x.period, x.form, x.due_at, x.district"
/* A paragraph is a form, a period and a due instant. */
#define PARAGRAPH "(PARTITION BY x.form, x.period, x.due_at)"
#define SHOWN                                                                                                \
    "x.form_@, x.period, x.owed, sum(x.missing) OVER " PARAGRAPH                                             \
    ", pg_catalog.to_char(x.due_at AT TIME ZONE x.zone, 'YYYY-MM-DD HH24:MI'), x.overdue, "                  \
    "pg_catalog.row_number() OVER (PARTITION BY x.form, x.period, x.due_at ORDER BY x.district)"             \
    ", x.district_@, x.missing, x.owed_by_district, x.schools_@"

enum { FORM, PERIOD, OWED, MISSING, DUE, OVERDUE, LINE, DISTRICT, OF_DISTRICT, OWED_BY_DISTRICT, SCHOOLS };

static void
say_paragraph(struct ctl *ctl, const PGresult *result, int r)
{
    bool overdue = PQgetvalue(result, r, OVERDUE)[0] == 't';

    if (r > 0)
        fputc('\n', ctl->talk);
    ctl_say(ctl, overdue ? MSG_ctl_missing_text_overdue : MSG_ctl_missing_text_open, "form",
            PQgetvalue(result, r, FORM), "period", PQgetvalue(result, r, PERIOD), "owed",
            PQgetvalue(result, r, OWED), "missing", PQgetvalue(result, r, MISSING), "due",
            PQgetvalue(result, r, DUE), NULL);
}

static void
say(struct ctl *ctl, const PGresult *result)
{
    for (int r = 0; r < PQntuples(result); r++) {
        if (strcmp(PQgetvalue(result, r, LINE), "1") == 0)
            say_paragraph(ctl, result, r);
        ctl_say(ctl, MSG_ctl_missing_text_line, "district", PQgetvalue(result, r, DISTRICT), "missing",
                PQgetvalue(result, r, OF_DISTRICT), "owed", PQgetvalue(result, r, OWED_BY_DISTRICT),
                "schools", PQgetvalue(result, r, SCHOOLS), NULL);
    }
    ctl_say(ctl, PQntuples(result) == 0 ? MSG_ctl_nothing_missing : MSG_ctl_missing_text_end, NULL);
}

int
missing_text(struct ctl *ctl, const char *const values[4])
{
    PGresult *result = look_ask(ctl, SHOWN, FROM, 4, values);
    int status = EX_OK;

    if (result == NULL)
        return ctl->status;
    if (ctl->format != OUTPUT_TEXT)
        status = output_data(result, ctl);
    else
        say(ctl, result);
    PQclear(result);
    return status;
}
