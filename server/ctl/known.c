#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "gate.h"
#include "limit.h"
#include "near.h"
#include "period.h"

/* The kinds of schools, as sql/migrations names them. */
static const char *const kinds[] = {"kindergarten", "primary", "junior",  "senior",
                                    "vocational",   "special", "district"};

static bool
names_kind(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strlen(kinds[i]) == len && memcmp(kinds[i], text, len) == 0)
            return true;
    return false;
}

static bool
refuse(struct ctl *ctl, enum message why, const char *value)
{
    ctl_usage(ctl, why, "value", value, NULL);
    return false;
}

bool
is_period(struct ctl *ctl, const char *text)
{
    struct period period;

    return text == NULL || period_parse(text, &period) || refuse(ctl, MSG_ctl_bad_one_period, text);
}

bool
is_span(struct ctl *ctl, const char *from, const char *to)
{
    struct period first, last;

    if (from == NULL || to == NULL || !period_parse(from, &first) || !period_parse(to, &last))
        return true;
    return first.first_day <= period_last_day(last) || refuse(ctl, MSG_ctl_reversed_period, from);
}

bool
is_one_off_name(const char *text, size_t len)
{
    return len >= 1 && len <= ONE_OFF_NAME_MAX && text[0] != '-' &&
           strspn(text, "-abcdefghijklmnopqrstuvwxyz0123456789") == len;
}

bool
form_frequency(const char *form, enum frequency *ret_frequency)
{
    const char *dot = strchr(form, '.');
    size_t len = dot == NULL ? 0 : strcspn(dot + 1, ".");
    char name[16];

    if (len == 0 || len >= sizeof(name))
        return false;
    memcpy(name, dot + 1, len);
    name[len] = '\0';
    return frequency_parse(name, ret_frequency);
}

/* "primary.monthly", or "primary.daily.fire-2026" of a one-off form. */
static bool
is_form_code(const char *text)
{
    const char *dot = strchr(text, '.'), *name = dot == NULL ? NULL : strchr(dot + 1, '.');
    enum frequency frequency;

    return dot != NULL && names_kind(text, (size_t)(dot - text)) && form_frequency(text, &frequency) &&
           (name == NULL || is_one_off_name(name + 1, strlen(name + 1)));
}

bool
is_form(struct ctl *ctl, const char *text)
{
    return text == NULL || is_form_code(text) || refuse(ctl, MSG_ctl_bad_form, text);
}

bool
is_kind(struct ctl *ctl, const char *text)
{
    return text == NULL || names_kind(text, strlen(text)) || refuse(ctl, MSG_ctl_bad_kind, text);
}

bool
is_frequency(struct ctl *ctl, const char *text)
{
    enum frequency frequency;

    return text == NULL || frequency_parse(text, &frequency) || refuse(ctl, MSG_ctl_bad_frequency, text);
}

bool
is_district(struct ctl *ctl, const char *text)
{
    if (text == NULL || (strlen(text) == 6 && strspn(text, "0123456789") == 6))
        return true;
    return refuse(ctl, MSG_ctl_bad_district, text);
}

bool
is_area(struct ctl *ctl, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);

    if (text == NULL ||
        (len >= 1 && len <= SCHOOL_CODE_MAX &&
         strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-") == len))
        return true;
    return refuse(ctl, MSG_ctl_bad_area, text);
}

bool
is_reason(struct ctl *ctl, const char *text)
{
    if (text != NULL && text[strspn(text, " ")] != '\0' && strlen(text) <= TEXT_MAX &&
        gate_text_is_clean((const uint8_t *)text, strlen(text)))
        return true;
    ctl_usage(ctl, MSG_ctl_say_why, NULL);
    return false;
}

bool
is_statement_id(struct ctl *ctl, const char *text)
{
    size_t len = strlen(text);

    if (len >= STATEMENT_PREFIX_MIN && len <= 2 * (size_t)ID_SIZE && strspn(text, "0123456789abcdef") == len)
        return true;
    return refuse(ctl, MSG_ctl_kept_bad_id, text);
}

/* What is not among the codes of `sql` (code, Chinese name, English name): those that may have been meant are
 * named. */
static bool
refuse_with_near(struct ctl *ctl, const char *sql, const char *value, enum message none, enum message some)
{
    struct near near = {.typed = value};
    PGresult *result = db_query(ctl, sql, 0, NULL);

    if (result == NULL)
        return false;
    for (int r = 0; r < PQntuples(result); r++)
        near_consider(&near, PQgetvalue(result, r, 0),
                      PQgetvalue(result, r, ctl->language == LANGUAGE_ZH ? 1 : 2));
    char *list = near_list(&near, message_text(ctl->language, MSG_ctl_near_joint));
    ctl_fail(ctl, EX_DATAERR, list == NULL ? none : some, "value", value, "near", list, NULL);
    free(list);
    PQclear(result);
    return false;
}

/* 1 or 0 as the query says, whose one cell is a boolean; -1: reported. */
static int
ask_whether(struct ctl *ctl, const char *sql, const char *value)
{
    PGresult *result = db_query(ctl, sql, 1, &value);
    int answer = result == NULL ? -1 : PQgetvalue(result, 0, 0)[0] == 't';

    PQclear(result);
    return answer;
}

/* Whether the query, whose one cell is a boolean, says yes. */
static bool
says_yes(struct ctl *ctl, const char *sql, int n, const char *const *values, enum message otherwise)
{
    PGresult *result = db_query(ctl, sql, n, values);

    if (result == NULL)
        return false;
    bool yes = PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    if (!yes)
        ctl_fail(ctl, EX_DATAERR, otherwise, "value", values[0], NULL);
    return yes;
}

bool
knows_form(struct ctl *ctl, const char *form)
{
    return form == NULL || says_yes(ctl,
                                    "SELECT EXISTS (SELECT FROM api.indicator AS i WHERE i.frequency = "
                                    "split_part($1::text, '.', 2) AND split_part($1::text, '.', 1) = ANY "
                                    "(i.reported_by) AND split_part($1::text, '.', 3) = '') OR "
                                    "EXISTS (SELECT FROM api.calendar AS c WHERE c.form = $1)",
                                    1, &form, MSG_ctl_no_form);
}

#define NEAR                                                                                                 \
    "FROM (SELECT d.* FROM api.district AS d WHERE d.district / 10000 = $1::integer / 10000 "                \
    "ORDER BY abs(d.district - $1::integer) LIMIT 3) AS n"

/* A code that is mistyped is often one of its neighbours: named are those of the same province. */
static bool
refuse_district(struct ctl *ctl, const char *district)
{
    static const char *const sqls[] = {
        [LANGUAGE_ZH] = "SELECT string_agg(n.district || ' ' || n.name_zh, '、') " NEAR,
        [LANGUAGE_EN] = "SELECT string_agg(n.district || ' ' || n.name_en, ', ') " NEAR};
    PGresult *result = db_query(ctl, sqls[ctl->language], 1, &district);

    if (result == NULL)
        return false;
    const char *near = db_cell(result, 0, 0);
    ctl_fail(ctl, EX_DATAERR, near == NULL ? MSG_ctl_no_district : MSG_ctl_no_district_near, "value",
             district, "near", near, NULL);
    PQclear(result);
    return false;
}

enum standing { STANDING_FAILED, STANDING_UNKNOWN, STANDING_UNSEEN, STANDING_SEEN };

/* The query's one cell says whether the login may be told of it; no row when it does not exist. */
static enum standing
stands(struct ctl *ctl, const char *sql, const char *value)
{
    PGresult *result = db_query(ctl, sql, 1, &value);

    if (result == NULL)
        return STANDING_FAILED;
    enum standing standing = PQntuples(result) == 0               ? STANDING_UNKNOWN
                             : PQgetvalue(result, 0, 0)[0] == 't' ? STANDING_SEEN
                                                                  : STANDING_UNSEEN;
    PQclear(result);
    return standing;
}

static bool
may_see(struct ctl *ctl, enum standing standing, const char *value, enum message unseen)
{
    if (standing == STANDING_UNSEEN)
        ctl_fail(ctl, EX_NOPERM, unseen, "user", PQuser(ctl->db), "value", value, NULL);
    return standing == STANDING_SEEN;
}

#define DISTRICT_SEEN "SELECT d.seen FROM api.district AS d WHERE d.district = $1::integer"

bool
knows_district(struct ctl *ctl, const char *district)
{
    enum standing standing = district == NULL ? STANDING_SEEN : stands(ctl, DISTRICT_SEEN, district);

    if (standing == STANDING_UNKNOWN)
        return refuse_district(ctl, district);
    return may_see(ctl, standing, district, MSG_ctl_unseen_district);
}

bool
has_district(struct ctl *ctl, const char *district)
{
    enum standing standing = district == NULL ? STANDING_SEEN : stands(ctl, DISTRICT_SEEN, district);

    return standing == STANDING_UNKNOWN ? refuse_district(ctl, district) : standing != STANDING_FAILED;
}

/* Whether the query, which is about the login alone, says yes. */
static bool
login_may(struct ctl *ctl, const char *sql, enum message otherwise)
{
    PGresult *result = db_query(ctl, sql, 0, NULL);

    if (result == NULL)
        return false;
    bool may = PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    if (!may)
        ctl_fail(ctl, EX_NOPERM, otherwise, "user", PQuser(ctl->db), NULL);
    return may;
}

bool
sees_totals(struct ctl *ctl, const char *district)
{
    return district != NULL
               ? knows_district(ctl, district)
               : login_may(ctl, "SELECT EXISTS (SELECT FROM api.district AS d WHERE d.uppermost)",
                           MSG_ctl_unseen_totals);
}

bool
sees_whole_reports(struct ctl *ctl)
{
    return login_may(ctl, "SELECT l.kind <> 'department' FROM api.login AS l", MSG_ctl_unseen_reports);
}

bool
knows_area(struct ctl *ctl, const char *area)
{
    return area == NULL || says_yes(ctl, "SELECT EXISTS (SELECT FROM api.area AS a WHERE a.area = $1)", 1,
                                    &area, MSG_ctl_no_area);
}

bool
sees_area(struct ctl *ctl, const char *area)
{
    if (area == NULL || says_yes(ctl, "SELECT bool_and(a.seen) FROM api.area AS a WHERE a.area = $1", 1,
                                 &area, MSG_ctl_area_not_seen))
        return true;
    if (ctl->status == EX_DATAERR)
        ctl->status = EX_NOPERM;
    return false;
}

bool
knows_plan(struct ctl *ctl, const char *plan)
{
    int there = plan == NULL
                    ? 1
                    : ask_whether(ctl, "SELECT EXISTS (SELECT FROM api.plan AS p WHERE p.plan = $1)", plan);

    return there == 1 ||
           (there == 0 &&
            refuse_with_near(ctl, "SELECT p.plan, p.title_zh, p.title_en FROM api.plan AS p ORDER BY p.plan",
                             plan, MSG_ctl_no_plan, MSG_ctl_no_plan_near));
}

bool
knows_indicator(struct ctl *ctl, const char *indicator)
{
    enum standing standing =
        indicator == NULL
            ? STANDING_SEEN
            : stands(ctl, "SELECT i.seen FROM api.indicator AS i WHERE i.indicator = $1", indicator);

    if (standing == STANDING_UNKNOWN)
        return refuse_with_near(
            ctl, "SELECT i.indicator, i.name_zh, i.name_en FROM api.indicator AS i ORDER BY i.indicator",
            indicator, MSG_ctl_no_indicator, MSG_ctl_no_indicator_near);
    return may_see(ctl, standing, indicator, MSG_ctl_unseen_indicator);
}

#define SCHOOL_SEEN "SELECT s.seen FROM api.school AS s WHERE s.school = $1"

/* false: it does not exist, or the query failed; reported. */
static bool
is_school(struct ctl *ctl, const char *school, enum standing *ret_standing)
{
    *ret_standing = school == NULL ? STANDING_SEEN : stands(ctl, SCHOOL_SEEN, school);
    if (*ret_standing == STANDING_UNKNOWN)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_unknown_school, "value", school, NULL);
    return *ret_standing == STANDING_SEEN || *ret_standing == STANDING_UNSEEN;
}

bool
knows_school(struct ctl *ctl, const char *school)
{
    enum standing standing;

    return is_school(ctl, school, &standing) && may_see(ctl, standing, school, MSG_ctl_unseen_school);
}

bool
has_school(struct ctl *ctl, const char *school)
{
    enum standing standing;

    return is_school(ctl, school, &standing);
}

bool
has_opened(struct ctl *ctl, const char *period, const char *form)
{
    const char *values[] = {period, form};
    static const char sql[] = "SELECT EXISTS (SELECT FROM api.calendar AS c WHERE c.period = $1 AND "
                              "($2::text IS NULL OR c.form = $2) "
                              "AND c.opens_at <= pg_catalog.now())";

    return period == NULL || says_yes(ctl, sql, 2, values, MSG_ctl_not_opened);
}
