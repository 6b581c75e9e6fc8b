/*
 * maintain detach, attach: a month's figures, away and back.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "maintain.h"

#define BYTES_PER_MIB (1024.0 * 1024.0)
#define LOCK_WAIT     "SET lock_timeout = '5s'" /* for the month itself; yuebao.move_month waits less */

/* What yuebao.detach_month and yuebao.attach_month say, in words. All may use {month} and {subject}. */
static const struct outcome {
    const char *name;
    int status;
    enum message words;
} outcomes[] = {
    {"detached_now", EX_OK, MSG_ctl_detached_now},
    {"attached_now", EX_OK, MSG_ctl_attached_now},
    {"busy", EX_TEMPFAIL, MSG_ctl_move_busy},
    {"detached", EX_DATAERR, MSG_ctl_detach_twice},
    {"unknown", EX_DATAERR, MSG_ctl_detach_unknown},
    {"open", EX_DATAERR, MSG_ctl_detach_open},
    {"kept", EX_DATAERR, MSG_ctl_detach_kept},
    {"not_detached", EX_DATAERR, MSG_ctl_attach_not_away},
    {"uncounted", EX_DATAERR, MSG_ctl_attach_uncounted},
    {"gone", EX_DATAERR, MSG_ctl_attach_gone},
    {"changed", EX_DATAERR, MSG_ctl_attach_changed},
    {"unfit", EX_DATAERR, MSG_ctl_attach_unfit},
};

static const struct outcome *
outcome_named(const char *name)
{
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
        if (strcmp(outcomes[i].name, name) == 0)
            return &outcomes[i];
    abort(); /* the functions and this list are of one release */
}

/* By column name; "" when there is none or it is NULL. */
static const char *
cell(const PGresult *result, const char *name)
{
    int column = PQfnumber(result, name);

    return column < 0 ? "" : PQgetvalue(result, 0, column);
}

static int
tell(struct ctl *ctl, const char *month, const PGresult *result)
{
    const struct outcome *outcome = outcome_named(cell(result, "outcome"));
    const char *subject = cell(result, "subject"), *bytes = cell(result, "bytes");
    char mib[24];

    snprintf(mib, sizeof(mib), "%.1f", strtod(bytes, NULL) / BYTES_PER_MIB);
    if (outcome->status != EX_OK)
        return ctl_fail(ctl, outcome->status, outcome->words, "month", month, "subject", subject, "found",
                        cell(result, "rows_found"), "expected", cell(result, "rows_expected"), NULL);
    ctl_say(ctl, outcome->words, "month", month, "count", cell(result, "figures"), "history",
            cell(result, "history"), "mib", mib, NULL);
    return EX_OK;
}

static bool
begin(struct ctl *ctl)
{
    return db_connect_admin(ctl) && maintain_alone(ctl) && db_do_plain(ctl, LOCK_WAIT);
}

static int
ask(struct ctl *ctl, const char *sql, const char *month)
{
    PGresult *result = db_query(ctl, sql, 1, &month);

    if (result == NULL)
        return ctl->status;
    int status =
        PQntuples(result) == 0 ? EX_OK : tell(ctl, month, result); /* a dry run that found nothing amiss */
    if (PQntuples(result) == 0)
        ctl_say(ctl, MSG_ctl_detach_would, "month", month, NULL);
    PQclear(result);
    return status;
}

/* The month leaves and is counted: two transactions, so that none waits for the counting. One that had left
 * before, when counting was cut short, is counted now. */
static int
leave_and_count(struct ctl *ctl, const char *month)
{
    static const char leave[] =
        "SELECT d.outcome, (SELECT pg_catalog.string_agg(k.subject, ', ' ORDER BY k.subject) FROM "
        "yuebao.keeps_attached(pg_catalog.to_date($1, 'YYYY-MM')) AS k WHERE k.reason = d.outcome) AS "
        "subject FROM yuebao.detach_month(pg_catalog.to_date($1, 'YYYY-MM')) AS d (outcome)";
    static const char count[] = "SELECT c.* FROM yuebao.count_month(pg_catalog.to_date($1, 'YYYY-MM')) AS c";
    PGresult *result = db_query(ctl, leave, 1, &month);

    if (result == NULL)
        return ctl->status;
    if (strcmp(cell(result, "outcome"), "left") == 0) {
        PQclear(result);
        result = db_query(ctl, count, 1, &month);
    }
    if (result == NULL)
        return ctl->status;
    int status = tell(ctl, month, result);
    PQclear(result);
    return status;
}

int
maintain_detach(struct ctl *ctl, const char *month, bool dry_run)
{
    /* what keeps it here, one reason and all that it is about */
    static const char would[] =
        "SELECT k.reason AS outcome, pg_catalog.string_agg(k.subject, ', ' ORDER BY k.subject) AS subject "
        "FROM yuebao.keeps_attached(pg_catalog.to_date($1, 'YYYY-MM')) AS k WHERE k.reason <> 'left' GROUP "
        "BY k.reason ORDER BY k.reason LIMIT 1";

    if (!begin(ctl))
        return ctl->status;
    return dry_run ? ask(ctl, would, month) : leave_and_count(ctl, month);
}

int
maintain_attach(struct ctl *ctl, const char *month)
{
    if (!begin(ctl))
        return ctl->status;
    return ask(ctl, "SELECT a.* FROM yuebao.attach_month(pg_catalog.to_date($1, 'YYYY-MM')) AS a", month);
}
