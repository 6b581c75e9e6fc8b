#include "calendar_extend.h"

#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "db.h"
#include "instant.h"
#include "known.h"
#include "listing.h"
#include "span.h"

/* ---- the table ---------------------------------------------------------------------------------- */

static const struct output_column columns[] = {
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 3}},
    {"opens_at", MSG_ctl_col_opens, CELL_INSTANT, {.leaves = 1}},
    {"due_at", MSG_ctl_col_due, CELL_INSTANT, {0}},
    {"closes_at", MSG_ctl_col_closes, CELL_INSTANT, {0}},
    {"reason", MSG_ctl_col_reason, CELL_TEXT, {.widest = 40, .least = 12}},
    {"made_by", MSG_ctl_col_decided_by, CELL_TEXT, {.leaves = 2}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))
#define WARNED_MAX   5 /* windows that are named; the others are counted */

#define NAME_ZH "coalesce(x.school_zh, x.district_zh)"
#define NAME_EN "coalesce(x.school_en, x.district_en)"
#define TABLE(name)                                                                                          \
    "SELECT x.form, x.period, x.district, x.school, " name ", x.opens_at, x.due_at, x.closes_at, "           \
    "x.reason, x.made_by "
#define ORDER "ORDER BY x.first_day, x.form, x.district, x.school NULLS FIRST"

/* ---- list --------------------------------------------------------------------------------------- */

#define FROM_WHERE                                                                                           \
    "FROM api.extension AS x WHERE " IS_BELOW(                                                               \
        "x.district") " AND ($2::text IS NULL OR x.school = $2) AND ($3::text IS NULL OR x.period = $3) "    \
                      "AND ($4::text IS NULL OR x.form = $4) AND ($5::text IS NULL OR x.frequency = $5) "

static PGresult *
ask_list(struct ctl *ctl, const struct extend *e)
{
    const char *values[] = {e->district, e->school, e->period, e->form, e->frequency};
    const char *sql = WITH_BELOW "SELECT x.* " FROM_WHERE ORDER;

    if (ctl->format == OUTPUT_TEXT)
        sql = ctl->language == LANGUAGE_ZH ? WITH_BELOW TABLE(NAME_ZH) FROM_WHERE ORDER
                                           : WITH_BELOW TABLE(NAME_EN) FROM_WHERE ORDER;
    return db_query(ctl, sql, 5, values);
}

int
calendar_extensions(struct ctl *ctl, const struct extend *e)
{
    static const struct listing listing = {
        .columns = columns, .n = COLUMN_COUNT, .none = MSG_ctl_extend_none, .one = MESSAGE_COUNT};

    if (!is_form(ctl, e->form) || !is_frequency(ctl, e->frequency) || !is_period(ctl, e->period) ||
        !is_district(ctl, e->district) || !db_connect(ctl) || !knows_form(ctl, e->form) ||
        !has_district(ctl, e->district) || !has_school(ctl, e->school))
        return ctl->status;
    return listing_tell(ctl, &listing, ask_list(ctl, e));
}

/* ---- give and take ------------------------------------------------------------------------------ */

/*
 * Parameters: 1 days, 2 frequency, 3 form, 4 school, 5 district; a number that is not used is NULL.
 *
 * `owed` are the windows that concern the place: the school owes them, or some school of the district does.
 * Their instants are those that the place has now.
 */
#define WITH_OWED                                                                                            \
    "WITH windows AS MATERIALIZED (SELECT c.form, c.period, c.opens_at, c.due_at, c.closes_at, c.zone "      \
    "FROM yuebao.calendar AS c JOIN yuebao.form AS f USING (form) WHERE c.period = ANY ($1::date[]) "        \
    "AND f.frequency = $2 AND ($3::text IS NULL OR f.code = $3)), "                                          \
    "place AS MATERIALIZED (SELECT s.school, NULL::integer AS district FROM yuebao.school AS s "             \
    "WHERE s.code = $4 UNION ALL SELECT NULL, d.district FROM yuebao.district AS d "                         \
    "WHERE d.district = $5::integer), "                                                                      \
    "owed AS MATERIALIZED (SELECT w.form, w.period, w.zone, p.school, p.district, "                          \
    "coalesce(o.opens_at, n.opens_at, w.opens_at) AS opens_at, coalesce(o.due_at, n.due_at, w.due_at) "      \
    "AS due_at, coalesce(o.closes_at, n.closes_at, w.closes_at) AS closes_at "                               \
    "FROM windows AS w CROSS JOIN place AS p "                                                               \
    "LEFT JOIN LATERAL (SELECT s.opens_at, s.due_at, s.closes_at FROM yuebao.slot AS s WHERE s.form = "      \
    "w.form AND s.period = w.period AND s.school = p.school OFFSET 0) AS o ON true "                         \
    "LEFT JOIN yuebao.district_extension AS n ON n.form = w.form AND n.period = w.period AND n.district = "  \
    "p.district WHERE o.due_at IS NOT NULL OR EXISTS (SELECT FROM yuebao.slot AS s WHERE s.form = w.form "   \
    "AND s.period = w.period AND s.district = ANY (ARRAY(SELECT a.district FROM "                            \
    "yuebao.district_ancestor AS a WHERE a.ancestor = $5::integer)))) "

static const char count_sql[] =
    WITH_OWED "SELECT (SELECT count(*) FROM windows), (SELECT count(*) FROM owed), "
              "(SELECT count(*) FROM owed AS o JOIN yuebao.extension AS x ON x.form = o.form AND x.period = "
              "o.period AND (x.school = o.school OR x.district = o.district))";

/* Here SQL's lines count, not C's. */
/* clang-format off */
#define FROM_GIVEN \
    "FROM api.extension AS x JOIN yuebao.form AS f ON f.code = x.form " \
    "JOIN yuebao.calendar AS c ON c.form = f.form AND c.period = x.first_day WHERE " \
    "x.first_day = ANY ($1::date[]) AND f.frequency = $2 AND ($3::text IS NULL OR x.form = $3) AND " \
    "(x.school = $4 OR x.school IS NULL AND x.district = $5::integer) "
#define LISTED(name) TABLE(name) FROM_GIVEN ORDER

#define SHOWN(instant) "pg_catalog.to_char(" instant ", 'YYYY-MM-DD HH24:MI')"
static const char earlier_sql[] =
    "SELECT x.form, x.period, " SHOWN("x.due_at") ", " SHOWN("c.due_at") ", " SHOWN("x.closes_at") ", " SHOWN("c.closes_at") " "
    FROM_GIVEN "AND (x.due_at < c.due_at OR x.closes_at < c.closes_at) " ORDER;

/* 6 to 11: three instants; 12: the reason */
static const char give_sql[] = WITH_OWED
    "INSERT INTO yuebao.extension AS x (form, period, district, school, opens_at, due_at, closes_at, reason) "
    "SELECT p.form, p.day, p.district, p.school, "
    "coalesce(" INSTANT_SQL("$6", "$7", "p.zone") ", p.opens_at), "
    "coalesce(" INSTANT_SQL("$8", "$9", "p.zone") ", p.due_at), "
    "coalesce(" INSTANT_SQL("$10", "$11", "p.zone") ", p.closes_at), $12 "
    "FROM (SELECT o.*, o.period AS day FROM owed AS o) AS p JOIN yuebao.form AS f ON f.form = p.form "
    "ON CONFLICT ON CONSTRAINT extension_once DO UPDATE SET opens_at = excluded.opens_at, "
    "due_at = excluded.due_at, closes_at = excluded.closes_at, reason = excluded.reason, "
    "made_by = session_user, made_at = pg_catalog.now()";

static const char take_sql[] =
    "DELETE FROM yuebao.extension AS x USING yuebao.form AS f WHERE f.form = x.form AND "
    "x.period = ANY ($1::date[]) AND f.frequency = $2 AND ($3::text IS NULL OR f.code = $3) AND "
    "(x.school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = $4) OR x.district = $5::integer)";

static const char audit_sql[] =
    "INSERT INTO yuebao.audit_log (action, detail) VALUES ('extend', pg_catalog.jsonb_strip_nulls("
    "pg_catalog.jsonb_build_object('verb', $1::text, 'periods', $2::text, 'frequency', $3::text, 'form', $4::text, "
    "'school', $5::text, 'district', $6::text, 'opens', $7::text, 'due', $8::text, 'closes', $9::text, "
    "'reason', $10::text, 'windows', $11::integer)))";
/* clang-format on */

struct extending {
    struct ctl *ctl;
    const struct extend *options;
    const char *periods; /* as they were written */
    struct span span;
    struct instant when[3];
};

#define PLACE_VALUES 5
#define GIVE_VALUES  12

static void
fill_values(const struct extending *e, const char *values[GIVE_VALUES])
{
    values[0] = e->span.days;
    values[1] = frequency_name(e->span.of);
    values[2] = e->options->form;
    values[3] = e->options->school;
    values[4] = e->options->district;
    for (int i = 0; i < 3; i++) {
        values[5 + 2 * i] = e->when[i].base;
        values[6 + 2 * i] = e->when[i].base == NULL ? NULL : e->when[i].text;
    }
    values[11] = e->options->reason;
}

/* Whether the calendar has such windows, the place owes them and, to be taken away, they were extended. */
static bool
has_windows(struct extending *e)
{
    const char *values[GIVE_VALUES], *place = e->options->school;
    enum message why = MSG_ctl_extend_school_owes_none;

    fill_values(e, values);
    PGresult *result = db_query(e->ctl, count_sql, PLACE_VALUES, values);
    if (result == NULL)
        return false;
    bool windows = strcmp(PQgetvalue(result, 0, 0), "0") != 0;
    bool owed = strcmp(PQgetvalue(result, 0, 1), "0") != 0;
    bool extended = strcmp(PQgetvalue(result, 0, 2), "0") != 0;
    PQclear(result);
    if (windows && (e->options->remove ? extended : owed))
        return true;
    if (place == NULL) {
        place = e->options->district;
        why = MSG_ctl_extend_district_owes_none;
    }
    if (!windows)
        why = MSG_ctl_calendar_no_window;
    else if (e->options->remove)
        why = MSG_ctl_extend_not_there;
    ctl_fail(e->ctl, EX_DATAERR, why, "value", place, "periods", e->periods, NULL);
    return false;
}

/* How many extensions were given or taken; -1: reported. */
static int
change(struct extending *e)
{
    const char *values[GIVE_VALUES];
    bool take = e->options->remove;

    fill_values(e, values);
    PGresult *result = PQexecParams(e->ctl->db, take ? take_sql : give_sql, take ? PLACE_VALUES : GIVE_VALUES,
                                    NULL, values, NULL, NULL, 0);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    int count = ok ? (int)strtol(PQcmdTuples(result), NULL, 10) : -1;

    if (constraint != NULL && strcmp(constraint, "extension_instants_ordered") == 0)
        ctl_fail(e->ctl, EX_DATAERR, MSG_ctl_extend_unordered, NULL);
    else if (!ok)
        db_report(e->ctl, result);
    PQclear(result);
    return count;
}

static bool
write_audit(struct extending *e, int count)
{
    const struct extend *o = e->options;
    char text[24];
    const char *values[] = {o->remove ? "remove" : "extend",
                            e->periods,
                            frequency_name(e->span.of),
                            o->form,
                            o->school,
                            o->district,
                            o->opens,
                            o->due,
                            o->closes,
                            o->reason,
                            text};

    snprintf(text, sizeof(text), "%d", count);
    return db_do(e->ctl, audit_sql, 11, values);
}

/* What the place has now, before a dry run is undone; removed ones are not there to be shown. */
static int
show(struct extending *e)
{
    const char *values[GIVE_VALUES];

    fill_values(e, values);
    PGresult *result = db_query(e->ctl, e->ctl->language == LANGUAGE_ZH ? LISTED(NAME_ZH) : LISTED(NAME_EN),
                                PLACE_VALUES, values);
    if (result == NULL)
        return e->ctl->status;
    int status = output_result(columns, COLUMN_COUNT, result, e->ctl);
    PQclear(result);
    return status;
}

/* Lawful, for a deadline may be put forward too; but seldom meant where somebody says "extend". */
static bool
warn_of_earlier(struct extending *e)
{
    const char *values[GIVE_VALUES];
    char rest[24];

    fill_values(e, values);
    PGresult *result = db_query(e->ctl, earlier_sql, PLACE_VALUES, values);
    if (result == NULL)
        return false;
    int count = PQntuples(result);
    for (int r = 0; r < count && r < WARNED_MAX; r++)
        ctl_warn(e->ctl, MSG_ctl_extend_earlier, "form", PQgetvalue(result, r, 0), "period",
                 PQgetvalue(result, r, 1), "due", PQgetvalue(result, r, 2), "bound_due",
                 PQgetvalue(result, r, 3), "closes", PQgetvalue(result, r, 4), "bound_closes",
                 PQgetvalue(result, r, 5), NULL);
    snprintf(rest, sizeof(rest), "%d", count - WARNED_MAX);
    if (count > WARNED_MAX)
        ctl_warn(e->ctl, MSG_ctl_extend_earlier_more, "count", rest, NULL);
    PQclear(result);
    return true;
}

static int
apply(struct extending *e)
{
    const struct extend *o = e->options;
    struct ctl *ctl = e->ctl;

    if (!db_connect_admin(ctl) || !knows_form(ctl, o->form) || !knows_school(ctl, o->school) ||
        !knows_district(ctl, o->district) || !db_do_plain(ctl, "BEGIN") || !has_windows(e))
        return ctl->status;
    int count = change(e);
    if (count < 0 || !write_audit(e, count))
        return ctl->status;
    int status = o->remove ? EX_OK : show(e);
    if (status != EX_OK || (!o->remove && !warn_of_earlier(e)) ||
        !db_do_plain(ctl, o->dry_run ? "ROLLBACK" : "COMMIT"))
        return ctl->status;
    if (o->remove)
        ctl_say_count(ctl, count, MSG_ctl_extend_removed_one, MSG_ctl_extend_removed);
    else
        ctl_say_count(ctl, count, MSG_ctl_extend_done_one, MSG_ctl_extend_done);
    if (o->dry_run)
        ctl_say(ctl, MSG_ctl_import_dry_run, NULL);
    return EX_OK;
}

/* Everything that needs no database. */
static bool
is_sound(struct ctl *ctl, const struct extend *o)
{
    bool moves = o->opens != NULL || o->due != NULL || o->closes != NULL;

    if ((o->school == NULL) == (o->district == NULL)) {
        ctl_usage(ctl, MSG_ctl_extend_whom, NULL);
        return false;
    }
    if (o->remove == moves) {
        ctl_usage(ctl, o->remove ? MSG_ctl_extend_remove_moves : MSG_ctl_set_what, NULL);
        return false;
    }
    return is_form(ctl, o->form) && is_frequency(ctl, o->frequency) && is_district(ctl, o->district) &&
           ((o->remove && o->reason == NULL) || is_reason(ctl, o->reason));
}

int
calendar_extend(struct ctl *ctl, const struct extend *o, const char *periods)
{
    struct extending e = {.ctl = ctl, .options = o, .periods = periods};

    if (!is_sound(ctl, o) || !instant_option(ctl, o->opens, NULL, &e.when[0]) ||
        !instant_option(ctl, o->due, NULL, &e.when[1]) || !instant_option(ctl, o->closes, NULL, &e.when[2]) ||
        !span_read(ctl, periods, o->frequency, o->form, &e.span))
        return ctl->status;
    int status = apply(&e);
    span_fini(&e.span);
    return status;
}
