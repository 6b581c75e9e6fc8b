/*
 * publish rules, publish rule: what is too small to be published.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "listing.h"
#include "publish.h"

static const struct output_column columns[] = {
    {"scope", MSG_ctl_col_scope, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {0}},
    {"min_schools", MSG_ctl_col_min_schools, CELL_INTEGER, {0}},
    {"min_count", MSG_ctl_col_min_count, CELL_INTEGER, {0}},
    {"max_share", MSG_ctl_col_max_share, CELL_DECIMAL, {0}},
    {"min_joined", MSG_ctl_col_min_joined, CELL_INTEGER, {0}},
};

int
publish_rules(struct ctl *ctl)
{
    static const struct listing listing = {.columns = columns,
                                           .n = sizeof(columns) / sizeof(columns[0]),
                                           .none = MSG_ctl_publish_none,
                                           .one = MESSAGE_COUNT};

    if (!db_connect_admin(ctl))
        return ctl->status;
    return listing_tell(
        ctl, &listing,
        db_query(ctl,
                 "SELECT r.scope, r.name, r.min_schools, r.min_count, r.max_share, r.min_joined "
                 "FROM yuebao.publication_rule AS r "
                 "ORDER BY array_position(ARRAY['default', 'unit', 'kind', 'indicator'], r.scope), r.name",
                 0, NULL));
}

/* ---- rule ----------------------------------------------------------------------------------------- */

static bool
is_number(struct ctl *ctl, const char *option, const char *text)
{
    if (text == NULL ||
        (strspn(text, "0123456789") == strlen(text) && strlen(text) <= 9 && strtol(text, NULL, 10) >= 1))
        return true;
    ctl_usage(ctl, MSG_ctl_publish_bad_limit, "option", option, "value", text, NULL);
    return false;
}

/* "0.85", from 0.01 to 1. */
static bool
is_share(struct ctl *ctl, const char *text)
{
    char *end = NULL;
    double share = text == NULL ? 1 : strtod(text, &end);

    if (text == NULL ||
        (strspn(text, "0123456789.") == strlen(text) && *end == '\0' && share > 0 && share <= 1))
        return true;
    ctl_usage(ctl, MSG_ctl_publish_bad_share, "value", text, NULL);
    return false;
}

/* Whether something of that name can be meant. */
static bool
is_scope(struct ctl *ctl, const char *scope, const char *name)
{
    bool is_default = strcmp(scope, "default") == 0;

    if ((is_default ? name == NULL : name != NULL) &&
        (is_default || strcmp(scope, "unit") == 0 || strcmp(scope, "kind") == 0 ||
         strcmp(scope, "indicator") == 0))
        return strcmp(scope, "kind") != 0 || is_kind(ctl, name);
    ctl_usage(ctl, MSG_ctl_publish_rule_what, NULL);
    return false;
}

static bool
knows_name(struct ctl *ctl, const char *scope, const char *name)
{
    if (strcmp(scope, "indicator") == 0)
        return knows_indicator(ctl, name);
    if (strcmp(scope, "unit") != 0)
        return true;
    PGresult *result = db_query(ctl, "SELECT FROM yuebao.indicator AS i WHERE i.unit = $1 LIMIT 1", 1, &name);
    if (result == NULL)
        return false;
    bool known = PQntuples(result) == 1;
    PQclear(result);
    if (!known)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_publish_no_unit, "value", name, NULL);
    return known;
}

static const char set_sql[] =
    "WITH set AS (INSERT INTO yuebao.publication_rule AS r (scope, name, min_schools, min_count, max_share, "
    "min_joined) "
    "VALUES ($1, $2, $3::integer, $4::bigint, $5::numeric, $6::integer) ON CONFLICT ON CONSTRAINT "
    "publication_rule_pk DO UPDATE "
    "SET min_schools = coalesce(excluded.min_schools, r.min_schools), min_count = "
    "coalesce(excluded.min_count, r.min_count), "
    "max_share = coalesce(excluded.max_share, r.max_share), min_joined = coalesce(excluded.min_joined, "
    "r.min_joined) RETURNING r.*) "
    "INSERT INTO yuebao.audit_log (action, detail) SELECT 'publication_rule', to_jsonb(s) FROM set AS s";

/* The default is there always: an UPDATE, for its row must be whole from the start. */
static const char set_default_sql[] =
    "WITH set AS (UPDATE yuebao.publication_rule AS r SET min_schools = coalesce($3::integer, "
    "r.min_schools), "
    "min_count = coalesce($4::bigint, r.min_count), max_share = coalesce($5::numeric, r.max_share), "
    "min_joined = coalesce($6::integer, r.min_joined) WHERE r.scope = $1 AND r.name = $2 RETURNING r.*) "
    "INSERT INTO yuebao.audit_log (action, detail) SELECT 'publication_rule', to_jsonb(s) FROM set AS s";

int
publish_rule(struct ctl *ctl, const struct publish_options *o, const char *scope, const char *name)
{
    const char *values[] = {scope, name == NULL ? "" : name, o->schools, o->count, o->share, o->joined};

    if (!is_scope(ctl, scope, name) || !is_number(ctl, "--schools", o->schools) ||
        !is_number(ctl, "--count", o->count) || !is_number(ctl, "--joined", o->joined) ||
        !is_share(ctl, o->share))
        return ctl->status;
    if (o->schools == NULL && o->count == NULL && o->share == NULL && o->joined == NULL)
        return ctl_usage(ctl, MSG_ctl_publish_rule_what, NULL);
    if (!db_connect_admin(ctl) || !knows_name(ctl, scope, name) ||
        !db_do(ctl, name == NULL ? set_default_sql : set_sql, 6, values))
        return ctl->status;
    ctl_say(ctl, MSG_ctl_publish_rule_set, NULL);
    return EX_OK;
}
