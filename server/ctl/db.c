#include "db.h"

#include <stdlib.h>
#include <string.h>

#include "envelope.h"

#define ZONE "Asia/Shanghai"

#define SQLSTATE_NOT_ALLOWED "42501"
#define SQLSTATE_NO_TABLE    "42P01"
#define SQLSTATE_NO_SCHEMA   "3F000"
#define SQLSTATE_NO_FUNCTION "42883"
#define SQLSTATE_NO_LOCK     "55P03" /* lock_timeout */
#define SQLSTATE_PUT_AWAY    "YB029" /* sql/migrations/029-growth.sql: DETAIL is the month */

/* Notices ("relation already exists, skipping") are for psql; warnings matter here too. */
static void
on_notice(void *arg, const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    (void)arg;
    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        fprintf(stderr, "yuebaoctl: %s\n", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/* libpq's text for a failed connection is long and may repeat itself for each address: the first line is
 * enough. */
static int
report_connection(struct ctl *ctl)
{
    const char *text = PQerrorMessage(ctl->db);
    size_t len = strcspn(text, "\n");
    char line[400];

    snprintf(line, sizeof(line), "%.*s", (int)len, text);
    return ctl_fail(ctl, EX_UNAVAILABLE, MSG_ctl_no_server, "reason", line, NULL);
}

static int
code_of_state(const char *state)
{
    if (strcmp(state, SQLSTATE_NOT_ALLOWED) == 0)
        return EX_NOPERM;
    if (strcmp(state, SQLSTATE_NO_TABLE) == 0 || strcmp(state, SQLSTATE_NO_SCHEMA) == 0 ||
        strcmp(state, SQLSTATE_NO_FUNCTION) == 0)
        return EX_CONFIG;
    if (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 || strncmp(state, "P0", 2) == 0)
        return EX_DATAERR;
    if (strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0)
        return EX_UNAVAILABLE;
    return EX_SOFTWARE;
}

int
db_report(struct ctl *ctl, const PGresult *result)
{
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (PQstatus(ctl->db) == CONNECTION_BAD || state == NULL)
        return report_connection(ctl);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    int code = code_of_state(state);
    if (strcmp(state, SQLSTATE_NO_LOCK) == 0)
        return ctl_fail(ctl, EX_TEMPFAIL, MSG_ctl_in_use, NULL);
    if (strcmp(state, SQLSTATE_PUT_AWAY) == 0)
        return ctl_fail(ctl, EX_DATAERR, MSG_ctl_figures_away, "month",
                        PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL), NULL);
    if (code == EX_CONFIG)
        return ctl_fail(ctl, code, MSG_ctl_not_migrated, "reason", text, NULL);
    if (code == EX_NOPERM)
        return ctl_fail(ctl, code, MSG_ctl_not_allowed, "user", PQuser(ctl->db), "reason", text, NULL);
    ctl_fail(ctl, code, MSG_ctl_database_refused, "state", state, "reason", text, NULL);
    if (constraint != NULL)
        fprintf(stderr, "  %s\n", constraint);
    if (hint != NULL)
        fprintf(stderr, "  %s\n", hint);
    return code;
}

static bool
is_password_wanted(const PGconn *db)
{
    return PQconnectionNeedsPassword(db) || PQconnectionUsedPassword(db);
}

bool
db_connect(struct ctl *ctl)
{
    const char *names[] = {"dbname", "fallback_application_name", "client_encoding", "options", NULL};
    const char *values[] = {ctl->conninfo, "yuebaoctl", "UTF8",
                            "-c client_min_messages=warning -c jit=off -c TimeZone=" ZONE, NULL};

    /* days and hours are the calendar's, wherever the server stands; PGTZ, which libpq sends by itself, wins.
     * A statement that runs once is not worth compiling. */
    /* a conninfo in "dbname" is expanded; the words behind it win over those inside */
    ctl->db = PQconnectdbParams(names, values, 1);
    if (PQstatus(ctl->db) != CONNECTION_OK) {
        report_connection(ctl);
        if (is_password_wanted(ctl->db))
            ctl->status = EX_NOPERM;
        return false;
    }
    PQsetNoticeReceiver(ctl->db, on_notice, NULL);
    return db_do_plain(ctl, "SET search_path TO pg_catalog");
}

bool
db_connect_to_ask(struct ctl *ctl)
{
    PGresult *result =
        db_connect(ctl) ? db_query(ctl, "SELECT l.kind IS NOT NULL FROM api.login AS l", 0, NULL) : NULL;

    if (result == NULL)
        return false;
    bool sees = PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    if (!sees)
        ctl_fail(ctl, EX_NOPERM, MSG_ctl_sees_nothing, "user", PQuser(ctl->db), NULL);
    return sees;
}

bool
db_become_admin(struct ctl *ctl)
{
    PGresult *result =
        db_query(ctl,
                 "SELECT count(*), coalesce(bool_or(pg_catalog.pg_has_role(current_user, oid, 'MEMBER')), "
                 "false) FROM pg_catalog.pg_roles WHERE rolname = 'yuebao_admin'",
                 0, NULL);
    if (result == NULL)
        return false;
    bool known = strcmp(PQgetvalue(result, 0, 0), "1") == 0;
    bool member = strcmp(PQgetvalue(result, 0, 1), "t") == 0;
    PQclear(result);
    if (known && member)
        return db_do_plain(ctl, "SET ROLE yuebao_admin");
    if (known)
        ctl_fail(ctl, EX_NOPERM, MSG_ctl_not_admin, "user", PQuser(ctl->db), NULL);
    else
        ctl_fail(ctl, EX_CONFIG, MSG_ctl_no_roles, NULL);
    return false;
}

bool
db_connect_admin(struct ctl *ctl)
{
    return db_connect(ctl) && db_become_admin(ctl);
}

static bool
succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

PGresult *
db_query(struct ctl *ctl, const char *sql, int n, const char *const *values)
{
    PGresult *result = PQexecParams(ctl->db, sql, n, NULL, values, NULL, NULL, 0);

    if (succeeded(result))
        return result;
    db_report(ctl, result);
    PQclear(result);
    return NULL;
}

bool
db_do(struct ctl *ctl, const char *sql, int n, const char *const *values)
{
    PGresult *result = db_query(ctl, sql, n, values);

    PQclear(result);
    return result != NULL;
}

bool
db_do_plain(struct ctl *ctl, const char *sql)
{
    return db_do(ctl, sql, 0, NULL);
}

bool
db_do_script(struct ctl *ctl, const char *sql)
{
    PGresult *result = PQexec(ctl->db, sql);
    bool ok = succeeded(result);

    if (!ok)
        db_report(ctl, result);
    PQclear(result);
    return ok;
}

bool
db_audit(struct ctl *ctl, const char *action, const char *detail)
{
    const char *values[] = {action, detail};

    return db_do(ctl, "INSERT INTO yuebao.audit_log (action, detail) VALUES ($1, $2::jsonb)", 2, values);
}

const char *
db_cell(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

uint8_t *
db_bytes(const PGresult *result, int row, int column, size_t *ret_len)
{
    const char *hex = PQgetvalue(result, row, column);
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = malloc(len + 1);

    if (bytes == NULL || !hex_parse(hex, bytes, len))
        abort(); /* no memory; PostgreSQL writes no other hex */
    *ret_len = len;
    return bytes;
}
