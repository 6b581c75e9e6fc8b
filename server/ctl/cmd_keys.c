/*
 * yuebaoctl keys: whose computers may sign, and the end of that. A revoked key is refused from the moment the
 * collectors hear of it: a trigger on yuebao.school_key tells them.
 */
#include <string.h>

#include "db.h"
#include "envelope.h"
#include "known.h"
#include "output.h"

#define REASON_MAX 400 /* bytes */
#define KEY_SHOWN  16  /* hex digits that are enough to name a key */

static const struct output_column columns[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 40, .least = 16, .leaves = 3}},
    {"key", MSG_ctl_col_key, CELL_TEXT, {.least = KEY_SHOWN + 1}},
    {"enrolled_at", MSG_ctl_col_enrolled_at, CELL_INSTANT, {.leaves = 2}},
    {"revoked_at", MSG_ctl_col_revoked_at, CELL_INSTANT, {0}},
    {"software", MSG_ctl_col_software, CELL_TEXT, {.widest = 24, .leaves = 1}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

#define SHOWN "s.code, s.name_zh, pg_catalog.encode(k.key, 'hex'), k.enrolled_at, k.revoked_at, k.software "

/* A key that was enrolled for one stage signs for the whole institution, so it is looked for there. */
#define OF_SCHOOL(code)                                                                                      \
    "s.institution = (SELECT o.institution FROM yuebao.school AS o WHERE o.code = " code ")"

static int
list(struct ctl *ctl, const char *school)
{
    if (!db_connect_admin(ctl) || !knows_school(ctl, school))
        return ctl->status;
    PGresult *result =
        db_query(ctl,
                 "SELECT " SHOWN "FROM yuebao.school_key AS k JOIN yuebao.school AS s USING (school) "
                 "WHERE $1::text IS NULL OR " OF_SCHOOL("$1") " ORDER BY s.code, k.enrolled_at, k.key",
                 1, &school);
    if (result == NULL)
        return ctl->status;
    int status = output_result(columns, COLUMN_COUNT, result, ctl);
    PQclear(result);
    return status;
}

/* The keys that this ended, as rows of the list; each with an entry in the audit log. */
static const char revoke_sql[] =
    "WITH ended AS (UPDATE yuebao.school_key AS k SET revoked_at = pg_catalog.now() FROM yuebao.school AS s "
    "WHERE s.school = k.school AND k.revoked_at IS NULL AND ($1::text IS NULL OR " OF_SCHOOL(
        "$1") ") "
              "AND ($2::text IS NULL OR pg_catalog.starts_with(pg_catalog.encode(k.key, 'hex'), $2)) "
              "RETURNING s.code, s.name_zh, k.key, k.enrolled_at, k.revoked_at, k.software), "
              "told AS (INSERT INTO yuebao.audit_log (action, detail) SELECT 'revoke', "
              "pg_catalog.jsonb_build_object("
              "'school', e.code, 'key', pg_catalog.encode(e.key, 'hex'), 'reason', $3::text) FROM ended AS "
              "e) "
              "SELECT e.code, e.name_zh, pg_catalog.encode(e.key, 'hex'), e.enrolled_at, e.revoked_at, "
              "e.software "
              "FROM ended AS e ORDER BY e.code, e.enrolled_at";

/* Hex digits enough, and no school's code: that may be digits too. false also when ctl->status was set. */
static bool
names_key(struct ctl *ctl, const char *text)
{
    PGresult *result;

    if (strlen(text) < KEY_SHOWN || strlen(text) > 2 * KEY_SIZE ||
        strspn(text, "0123456789abcdef") != strlen(text))
        return false;
    result = db_query(ctl, "SELECT FROM yuebao.school AS s WHERE s.code = $1", 1, &text);
    bool is_key = result != NULL && PQntuples(result) == 0;
    PQclear(result);
    return is_key;
}

static int
revoke(struct ctl *ctl, const char *whom, const char *reason)
{
    const char *values[] = {NULL, NULL, reason};

    if (reason == NULL || reason[0] == '\0' || strlen(reason) > REASON_MAX)
        return ctl_usage(ctl, MSG_ctl_revoke_why, NULL);
    if (!db_connect_admin(ctl))
        return ctl->status;
    values[names_key(ctl, whom) ? 1 : 0] = whom;
    if (!knows_school(ctl, values[0]) || !db_do_plain(ctl, "BEGIN"))
        return ctl->status;
    PGresult *result = db_query(ctl, revoke_sql, 3, values);
    /* an UPDATE of nothing would wake the collectors for nothing */
    if (result == NULL || !db_do_plain(ctl, PQntuples(result) > 0 ? "COMMIT" : "ROLLBACK")) {
        PQclear(result);
        return ctl->status;
    }
    int status = PQntuples(result) == 0
                     ? ctl_fail(ctl, EX_DATAERR, MSG_ctl_revoke_nothing, "value", whom, NULL)
                     : output_result(columns, COLUMN_COUNT, result, ctl);
    if (PQntuples(result) > 0)
        ctl_say_count(ctl, PQntuples(result), MSG_ctl_revoked_one, MSG_ctl_revoked);
    PQclear(result);
    return status;
}

int
cmd_keys(struct ctl *ctl, int argc, char **argv)
{
    const char *reason = NULL;
    const struct ctl_option own[] = {{"reason", &reason, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own), left = argc - first;

    if (first < 0)
        return ctl->status;
    if (left == 2 && strcmp(argv[first], "revoke") == 0)
        return revoke(ctl, argv[first + 1], reason);
    if (left == 1 && strcmp(argv[first], "revoke") == 0)
        return ctl_usage(ctl, MSG_ctl_revoke_whom, NULL);
    if (left > 1 || reason != NULL)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", left > 1 ? argv[first + 1] : "--reason", NULL);
    return list(ctl, left == 1 ? argv[first] : NULL);
}
