/*
 * access grant, access revoke. Names are looked up first, so that what is wrong is named; then one function
 * of the database does it, and its line in audit_log.
 */
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "db.h"
#include "known.h"
#include "period.h"

#define ROLE_MAX 63 /* bytes of a name in PostgreSQL */

/* Names as PostgreSQL writes an array of text, by what they are; NULL: none of these. All owned. */
struct scope {
    char *districts, *schools, *indicators;
};

static void
scope_fini(struct scope *scope)
{
    free(scope->districts);
    free(scope->schools);
    free(scope->indicators);
}

/* The name is known, so it has no character that an array would have to quote. */
static void
add_name(char **array, const char *name)
{
    char *more = NULL;
    int n = *array == NULL ? asprintf(&more, "{%s}", name)
                           : asprintf(&more, "%.*s,%s}", (int)strlen(*array) - 1, *array, name);

    if (n < 0)
        abort();
    free(*array);
    *array = more;
}

static bool
add_known(struct ctl *ctl, const char *kind, const char *name, struct scope *scope)
{
    bool digits = strlen(name) == 6 && strspn(name, "0123456789") == 6;

    if (strcmp(kind, "official") == 0 || (strcmp(kind, "department") == 0 && digits)) {
        if (!is_district(ctl, name) || !knows_district(ctl, name))
            return false;
        add_name(&scope->districts, name);
    } else if (strcmp(kind, "inspector") == 0) {
        if (!knows_school(ctl, name))
            return false;
        add_name(&scope->schools, name);
    } else if (strcmp(kind, "department") == 0) {
        if (!knows_indicator(ctl, name))
            return false;
        add_name(&scope->indicators, name);
    } else {
        ctl_usage(ctl, MSG_ctl_unexpected, "word", name, NULL);
        return false;
    }
    return true;
}

static bool
read_scope(struct ctl *ctl, const struct access_question *q, const char *kind, struct scope *scope)
{
    for (int i = 0; i < q->n; i++)
        if (!add_known(ctl, kind, q->names[i], scope))
            return false;
    return q->district == NULL || add_known(ctl, kind, q->district, scope);
}

static bool
is_role(struct ctl *ctl, const char *role)
{
    if (role[0] != '\0' && strlen(role) <= ROLE_MAX)
        return true;
    ctl_usage(ctl, MSG_ctl_access_whom, NULL);
    return false;
}

static bool
is_access_kind(struct ctl *ctl, const char *kind)
{
    static const char *const kinds[] = {"official", "inspector", "department", "auditor"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i], kind) == 0)
            return true;
    ctl_usage(ctl, MSG_ctl_access_bad_kind, "value", kind, NULL);
    return false;
}

static bool
are_days(struct ctl *ctl, const char *from, const char *until)
{
    int32_t first = INT32_MIN, last = INT32_MAX;

    if (from != NULL && !date_parse(from, &first))
        ctl_usage(ctl, MSG_ctl_bad_date, "value", from, NULL);
    else if (until != NULL && !date_parse(until, &last))
        ctl_usage(ctl, MSG_ctl_bad_date, "value", until, NULL);
    else if (first > last)
        ctl_usage(ctl, MSG_ctl_access_reversed, "value", until, NULL);
    else
        return true;
    return false;
}

/* What must be named, by kind: an auditor's entry names nothing. */
static bool
names_enough(struct ctl *ctl, const struct access_question *q)
{
    bool auditor = strcmp(q->kind, "auditor") == 0, department = strcmp(q->kind, "department") == 0;

    if (q->district != NULL && !department)
        ctl_usage(ctl, MSG_ctl_access_district_option, NULL);
    else if (q->n == 0 && !auditor && !(department && q->district != NULL))
        ctl_usage(ctl, MSG_ctl_access_what, NULL);
    else
        return true;
    return false;
}

/* What an administrator of PostgreSQL has yet to do, so that the login can ask at all; says nothing when
 * nothing is. EX_OK, or reported. */
static int
say_login(struct ctl *ctl, const char *role)
{
    PGresult *result = db_query(
        ctl,
        "SELECT CASE WHEN r.oid IS NULL THEN pg_catalog.format('CREATE ROLE %I LOGIN; ', n.role) ELSE '' END "
        "|| CASE WHEN r.oid IS NULL OR NOT pg_catalog.pg_has_role(r.oid, 'yuebao_reader', 'MEMBER') "
        "THEN pg_catalog.format('GRANT yuebao_reader TO %I;', n.role) ELSE '' END "
        "FROM (VALUES ($1::text)) AS n (role) LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = n.role",
        1, &role);

    if (result == NULL)
        return ctl->status;
    if (PQgetvalue(result, 0, 0)[0] != '\0')
        ctl_say(ctl, MSG_ctl_access_login_to_make, "user", role, "sql", PQgetvalue(result, 0, 0), NULL);
    PQclear(result);
    return EX_OK;
}

/* The kind that the login is of; *ret_kind NULL: it sees nothing yet. Owned. */
static bool
kind_of(struct ctl *ctl, const char *role, char **ret_kind)
{
    PGresult *result = db_query(ctl, "SELECT a.kind FROM yuebao.access AS a WHERE a.role = $1", 1, &role);

    if (result == NULL)
        return false;
    *ret_kind = PQntuples(result) == 0 ? NULL : strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    return true;
}

/* An administrator is held back by nothing, so an entry would only mislead. */
static bool
is_no_admin(struct ctl *ctl, const char *role)
{
    PGresult *result = db_query(ctl,
                                "SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = $1 AND "
                                "pg_catalog.pg_has_role(r.oid, 'yuebao_admin', 'MEMBER')",
                                1, &role);

    if (result == NULL)
        return false;
    bool is_admin = PQntuples(result) > 0;
    PQclear(result);
    if (is_admin)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_access_is_admin, "user", role, NULL);
    return !is_admin;
}

static bool
may_be_of_kind(struct ctl *ctl, const char *role, const char *kind)
{
    char *held = NULL;

    if (!is_no_admin(ctl, role) || !kind_of(ctl, role, &held))
        return false;
    bool may = held == NULL || strcmp(held, kind) == 0;
    if (!may)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_access_other_kind, "user", role, "kind", held, NULL);
    free(held);
    return may;
}

/* The number in a result's one cell. -1: reported. */
static int
count_of(PGresult *result)
{
    int count = result == NULL ? -1 : atoi(PQgetvalue(result, 0, 0));

    PQclear(result);
    return count;
}

/* A department that is granted no district sees its indicators everywhere, unless it has districts. */
#define DISTRICTS                                                                                            \
    "CASE WHEN $2 = 'department' AND $3::integer[] IS NULL AND NOT EXISTS (SELECT FROM yuebao.access_scope " \
    "AS o WHERE o.role = $1 AND o.district IS NOT NULL) THEN ARRAY(SELECT d.district FROM yuebao.district "  \
    "AS d WHERE d.parent IS NULL) ELSE $3::integer[] END"
#define SCHOOLS    "ARRAY(SELECT s.school FROM yuebao.school AS s WHERE s.code = ANY ($4::text[]))"
#define INDICATORS "ARRAY(SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = ANY ($5::text[]))"

int
access_grant(struct ctl *ctl, const struct access_question *q)
{
    static const char sql[] = "SELECT yuebao.grant_access($1, $2, " DISTRICTS ", " SCHOOLS ", " INDICATORS
                              ", coalesce($6::date, '-infinity'), coalesce($7::date, 'infinity'))";
    struct scope scope = {0};

    if (!is_role(ctl, q->role) || !is_access_kind(ctl, q->kind) || !names_enough(ctl, q) ||
        !are_days(ctl, q->from, q->until) || !db_connect_admin(ctl) ||
        !may_be_of_kind(ctl, q->role, q->kind) || !read_scope(ctl, q, q->kind, &scope)) {
        scope_fini(&scope);
        return ctl->status;
    }
    const char *values[] = {q->role,          q->kind, scope.districts, scope.schools,
                            scope.indicators, q->from, q->until};
    int granted = count_of(db_query(ctl, sql, 7, values));
    scope_fini(&scope);
    if (granted < 0)
        return ctl->status;
    ctl_say(ctl, granted > 0 ? MSG_ctl_access_granted : MSG_ctl_access_as_before, "user", q->role, NULL);
    int status = access_show(ctl, q->role);
    return status == EX_OK ? say_login(ctl, q->role) : status;
}

int
access_revoke(struct ctl *ctl, const struct access_question *q)
{
    static const char sql[] =
        "SELECT yuebao.revoke_access($1, $2::integer[], CASE WHEN $3::text[] IS NOT NULL THEN ARRAY(SELECT "
        "s.school FROM yuebao.school AS s WHERE s.code = ANY ($3::text[])) END, CASE WHEN $4::text[] IS NOT "
        "NULL THEN ARRAY(SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = ANY ($4::text[])) END)";
    struct scope scope = {0};
    char *kind = NULL;
    int revoked = -1;

    if (!is_role(ctl, q->role) || !db_connect_admin(ctl) || !kind_of(ctl, q->role, &kind))
        return ctl->status;
    if (kind == NULL)
        return ctl_fail(ctl, EX_DATAERR, MSG_ctl_access_has_none, "user", q->role, NULL);
    if (read_scope(ctl, q, kind, &scope)) {
        const char *values[] = {q->role, scope.districts, scope.schools, scope.indicators};
        revoked = count_of(db_query(ctl, sql, 4, values));
    }
    scope_fini(&scope);
    free(kind);
    if (revoked < 0)
        return ctl->status;
    if (revoked == 0)
        return ctl_fail(ctl, EX_DATAERR, MSG_ctl_access_not_granted, "user", q->role, NULL);
    ctl_say(ctl, MSG_ctl_access_revoked, "user", q->role, NULL);
    return access_show(ctl, q->role);
}
