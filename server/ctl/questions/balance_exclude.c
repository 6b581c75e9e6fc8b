/*
 * balance exclude, include, exclusions: which schools do not take part in the comparison, from when to when
 * and why.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "below.h"
#include "db.h"
#include "known.h"
#include "output.h"
#include "period.h"

/* ---- days and words ----------------------------------------------------------------------------- */

static bool
is_day(struct ctl *ctl, const char *text)
{
    int32_t day;

    if (text == NULL || date_parse(text, &day))
        return true;
    ctl_usage(ctl, MSG_ctl_bad_date, "value", text, NULL);
    return false;
}

static bool
are_days(struct ctl *ctl, const struct balance_question *q)
{
    if (!is_day(ctl, q->from) || !is_day(ctl, q->to))
        return false;
    if (q->from == NULL || q->to == NULL || strcmp(q->from, q->to) <= 0)
        return true;
    ctl_usage(ctl, MSG_ctl_balance_reversed, "value", q->to, NULL);
    return false;
}

static bool
audit(struct ctl *ctl, const char *action, const char *school, const struct balance_question *q)
{
    json_t *detail = json_pack("{s:s, s:s?, s:s?, s:s?}", "school", school, "from", q->from, "to", q->to,
                               "reason", q->reason);
    char *text = detail == NULL ? NULL : json_dumps(detail, JSON_COMPACT);

    if (text == NULL)
        abort();
    bool ok = db_audit(ctl, action, text);
    free(text);
    json_decref(detail);
    return ok;
}

/* ---- exclude ------------------------------------------------------------------------------------ */

#define DAYS "coalesce($2::date, '-infinity'), coalesce($3::date, 'infinity')"

/* Whether no day of these is excluded already; the school's row stays locked. */
static bool
is_free(struct ctl *ctl, const char *const values[3])
{
    static const char sql[] =
        "WITH held AS MATERIALIZED (SELECT s.school FROM yuebao.school AS s WHERE s.code = $1 FOR UPDATE) "
        "SELECT coalesce(nullif(e.from_day, '-infinity')::text, '…'), "
        "coalesce(nullif(e.until_day, 'infinity')::text, '…'), e.reason FROM held AS h "
        "JOIN yuebao.balance_exclusion AS e ON e.school = h.school "
        "WHERE e.from_day <= coalesce($3::date, 'infinity') AND e.until_day >= coalesce($2::date, "
        "'-infinity') "
        "LIMIT 1";
    PGresult *result = db_query(ctl, sql, 3, values);

    if (result == NULL)
        return false;
    bool free_days = PQntuples(result) == 0;
    if (!free_days)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_balance_excluded_already, "school", values[0], "from",
                 PQgetvalue(result, 0, 0), "to", PQgetvalue(result, 0, 1), "reason", PQgetvalue(result, 0, 2),
                 NULL);
    PQclear(result);
    return free_days;
}

int
balance_exclude(struct ctl *ctl, const struct balance_question *q, const char *school)
{
    const char *values[] = {school, q->from, q->to, q->reason};

    if (school == NULL)
        return ctl_usage(ctl, MSG_ctl_balance_whom, NULL);
    if (!are_days(ctl, q) || !is_reason(ctl, q->reason) || !db_connect_admin(ctl) ||
        !knows_school(ctl, school) || !db_do_plain(ctl, "BEGIN") || !is_free(ctl, values) ||
        !db_do(ctl, "SELECT yuebao.balance_exclude($1, " DAYS ", $4)", 4, values) ||
        !audit(ctl, "balance exclude", school, q) || !db_do_plain(ctl, "COMMIT"))
        return ctl->status;
    ctl_say(ctl, MSG_ctl_balance_is_excluded, "school", school, "from", q->from == NULL ? "…" : q->from, "to",
            q->to == NULL ? "…" : q->to, NULL);
    return EX_OK;
}

/* ---- include ------------------------------------------------------------------------------------ */

int
balance_include(struct ctl *ctl, const struct balance_question *q, const char *school)
{
    const char *values[] = {school, q->from};

    if (school == NULL)
        return ctl_usage(ctl, MSG_ctl_balance_whom, NULL);
    if (!is_day(ctl, q->from) || !db_connect_admin(ctl) || !knows_school(ctl, school) ||
        !db_do_plain(ctl, "BEGIN"))
        return ctl->status;
    PGresult *result =
        db_query(ctl, "SELECT yuebao.balance_include($1, coalesce($2::date, '-infinity'))", 2, values);
    if (result == NULL)
        return ctl->status;
    bool was_out = strcmp(PQgetvalue(result, 0, 0), "0") != 0;
    PQclear(result);
    if (!was_out)
        return ctl_fail(ctl, EX_DATAERR, MSG_ctl_balance_not_excluded, "school", school, NULL);
    if (!audit(ctl, "balance include", school, q) || !db_do_plain(ctl, "COMMIT"))
        return ctl->status;
    if (q->from == NULL)
        ctl_say(ctl, MSG_ctl_balance_was_never, "school", school, NULL);
    else
        ctl_say(ctl, MSG_ctl_balance_is_included, "school", school, "from", q->from, NULL);
    return EX_OK;
}

/* ---- exclusions --------------------------------------------------------------------------------- */

static const struct output_column columns[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 40, .least = 16}},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 40, .least = 16, .leaves = 1}},
    {"from_day", MSG_ctl_col_from_day, CELL_TEXT, {0}},
    {"until_day", MSG_ctl_col_until_day, CELL_TEXT, {0}},
    {"exclusion", MSG_ctl_col_reason, CELL_TEXT, {.widest = 60, .least = 16}},
    {"made_by", MSG_ctl_col_decided_by, CELL_TEXT, {.leaves = 2}},
};

#define EXCLUSIONS                                                                                           \
    " FROM api.balance_exclusion AS e WHERE " IS_BELOW("e.district") " ORDER BY e.school, e.made_at, "       \
                                                                     "e.from_day"

int
balance_exclusions(struct ctl *ctl, const char *district)
{
    bool text = ctl->format == OUTPUT_TEXT;
    int status = EX_OK;

    if (!is_district(ctl, district) || !db_connect(ctl) || !has_district(ctl, district))
        return ctl->status;
    PGresult *result =
        db_query(ctl,
                 text ? WITH_BELOW "SELECT e.school, e.school_zh, e.school_en, e.from_day, e.until_day, "
                                   "e.exclusion, e.made_by" EXCLUSIONS
                      : WITH_BELOW "SELECT e.*" EXCLUSIONS,
                 1, &district);
    if (result == NULL)
        return ctl->status;
    if (!text)
        status = output_data(result, ctl);
    else if (PQntuples(result) == 0)
        ctl_say(ctl, MSG_ctl_balance_no_exclusions, NULL);
    else
        status = output_result(columns, sizeof(columns) / sizeof(columns[0]), result, ctl);
    PQclear(result);
    return status;
}
