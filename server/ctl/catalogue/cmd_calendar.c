/*
 * yuebaoctl calendar: when periods open, are due and close. A period is opened under the newest
 * catalogue that governs its first day, and keeps it from the moment it opens.
 */
#include <stdlib.h>
#include <string.h>

#include "asked_once.h"
#include "calendar_extend.h"
#include "db.h"
#include "governs.h"
#include "instant.h"
#include "known.h"
#include "output.h"
#include "span.h"

#define LISTED_MAX 30 /* rows shown on a terminal before a count is kinder */
#define ZONE       "Asia/Shanghai"

struct calendar {
    struct ctl *ctl;
    const char *form, *frequency, *kind, *zone, *opens, *due, *closes;
    const char *period, *state;             /* of list */
    const char *school, *district, *reason; /* of extend and extensions */
    bool dry_run, remove;
    struct span span;
};

/* ---- the table ---------------------------------------------------------------------------------- */

static const struct output_column columns[] = {
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 20, .leaves = 1}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"opens_at", MSG_ctl_col_opens, CELL_INSTANT, {0}},
    {"due_at", MSG_ctl_col_due, CELL_INSTANT, {0}},
    {"closes_at", MSG_ctl_col_closes, CELL_INSTANT, {0}},
    {"zone", MSG_ctl_col_zone, CELL_TEXT, {.leaves = 2}},
    {"state", MSG_ctl_col_state, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static enum message
state_message(const char *state)
{
    if (strcmp(state, "upcoming") == 0)
        return MSG_ctl_period_upcoming;
    if (strcmp(state, "open") == 0)
        return MSG_ctl_period_open;
    return strcmp(state, "late") == 0 ? MSG_ctl_period_late : MSG_ctl_period_closed;
}

#define STATE                                                                                                \
    "CASE WHEN pg_catalog.now() < c.opens_at THEN 'upcoming' WHEN pg_catalog.now() <= c.due_at THEN 'open' " \
    "WHEN pg_catalog.now() < c.closes_at THEN 'late' ELSE 'closed' END"

/* Rows of form, its names, period, opens, due, closes, zone, state. */
static int
show(struct ctl *ctl, const PGresult *result)
{
    struct output *output = output_new(columns, COLUMN_COUNT);

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++) {
        const char *cells[COLUMN_COUNT] = {PQgetvalue(result, r, 0),
                                           PQgetvalue(result, r, ctl->language == LANGUAGE_ZH ? 1 : 2)};
        for (int i = 2; i < 7; i++)
            cells[i] = PQgetvalue(result, r, i + 1);
        cells[7] = ctl_word(ctl, state_message(PQgetvalue(result, r, 8)));
        output_row(output, cells);
    }
    int status = output_write(output, stdout, ctl);
    output_free(output);
    return status;
}

/* ---- list --------------------------------------------------------------------------------------- */

/* Names that cannot be, before the database is asked anything. */
static bool
filters_are_sound(struct calendar *c)
{
    return is_form(c->ctl, c->form) && is_kind(c->ctl, c->kind) && is_frequency(c->ctl, c->frequency) &&
           is_period(c->ctl, c->period);
}

/* clang-format off */
static const char list_sql[] =
    "SELECT c.form, c.name_zh, c.name_en, c.period, "
    "c.opens_at, c.due_at, c.closes_at, c.zone, " STATE
    " FROM api.calendar AS c WHERE ($1::text IS NULL OR c.form = $1) AND ($2::text IS NULL OR c.frequency = $2) "
    "AND ($3::text IS NULL OR c.kind = $3) AND ($4::text IS NULL OR c.period = $4) "
    "AND ($5::text IS NULL OR " STATE " = $5) ORDER BY c.first_day, c.form";
/* clang-format on */

static bool
is_state(struct ctl *ctl, const char *text)
{
    static const char *const states[] = {"upcoming", "open", "late", "closed"};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (text == NULL || strcmp(text, states[i]) == 0)
            return true;
    ctl_usage(ctl, MSG_ctl_bad_state, "value", text, NULL);
    return false;
}

static int
list(struct calendar *c, const char *form)
{
    if (form != NULL)
        c->form = form;
    const char *values[] = {c->form, c->frequency, c->kind, c->period, c->state};
    if (!filters_are_sound(c) || !is_state(c->ctl, c->state) || !db_connect(c->ctl) ||
        !knows_form(c->ctl, c->form))
        return c->ctl->status;
    PGresult *result = db_query(c->ctl, list_sql, 5, values);
    if (result == NULL)
        return c->ctl->status;
    int status = show(c->ctl, result);
    PQclear(result);
    return status;
}

/* ---- open and set ------------------------------------------------------------------------------- */

/* Parameters 1 to 4: days, frequency, form, kind; 5: zone or NULL; 6 to 11: three instants. */
#define WANTED                                                                                               \
    "FROM yuebao.form AS f CROSS JOIN pg_catalog.unnest($1::date[]) AS p (day) "                             \
    "WHERE f.frequency = $2 AND ($3::text IS NULL OR f.code = $3) AND ($4::text IS NULL OR f.kind = $4) "

/* A form that the period's catalogue does not have is owed by nobody. One with a name is opened by `ask`. */
#define GOVERNED                                                                                             \
    "AND EXISTS (SELECT FROM yuebao.catalogue_form AS i WHERE i.form = f.form AND i.catalogue = "            \
    "yuebao.governing(p.day)) "

#define NEW_ZONE "coalesce($5::text, '" ZONE "')"
#define OLD_ZONE "coalesce($5::text, k.zone)"

/* Here SQL's lines count, not C's. */
/* clang-format off */
#define LISTED                                                                                               \
    "SELECT f.code, f.name_zh, f.name_en, yuebao.period_text(c.period, f.frequency), "                        \
    "c.opens_at, c.due_at, c.closes_at, c.zone, " STATE                                                      \
    " FROM c JOIN yuebao.form AS f USING (form) ORDER BY c.period, f.code"

static const char open_sql[] =
    "WITH c AS ("
    "INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, zone, catalogue) "
    "SELECT f.form, p.day, " INSTANT_SQL("$6", "$7", NEW_ZONE) ", "
                             INSTANT_SQL("$8", "$9", NEW_ZONE) ", "
                             INSTANT_SQL("$10", "$11", NEW_ZONE) ", "
    NEW_ZONE ", yuebao.governing(p.day) " WANTED GOVERNED
    "ON CONFLICT ON CONSTRAINT calendar_pk DO NOTHING RETURNING *) " LISTED;

static const char set_sql[] =
    "WITH c AS ("
    "UPDATE yuebao.calendar AS k SET "
    "opens_at = coalesce(" INSTANT_SQL("$6", "$7", OLD_ZONE) ", k.opens_at), "
    "due_at = coalesce(" INSTANT_SQL("$8", "$9", OLD_ZONE) ", k.due_at), "
    "closes_at = coalesce(" INSTANT_SQL("$10", "$11", OLD_ZONE) ", k.closes_at) "
    WANTED "AND k.form = f.form AND k.period = p.day RETURNING k.*) " LISTED;
/* clang-format on */

static bool
has_catalogue(struct ctl *ctl)
{
    PGresult *result = db_query(ctl, "SELECT EXISTS (SELECT FROM yuebao.catalogue)", 0, NULL);

    if (result == NULL)
        return false;
    bool has = PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    if (!has)
        ctl_fail(ctl, EX_CONFIG, MSG_ctl_no_catalogue, NULL);
    return has;
}

static PGresult *
change(struct calendar *c, const char *sql, const struct instant when[3])
{
    const char *values[] = {c->span.days, frequency_name(c->span.of),
                            c->form,      c->kind,
                            c->zone,      when[0].base,
                            when[0].text, when[1].base,
                            when[1].text, when[2].base,
                            when[2].text};

    for (int i = 0; i < 3; i++)
        if (when[i].base == NULL)
            values[6 + 2 * i] = NULL;
    PGresult *result = PQexecParams(c->ctl->db, sql, 11, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    instant_report(c->ctl, result);
    PQclear(result);
    return NULL;
}

static bool
write_audit(struct calendar *c, const char *verb, const char *periods, int count)
{
    const char *values[] = {verb, periods, frequency_name(c->span.of), c->form, c->kind, NULL};
    char text[24];

    snprintf(text, sizeof(text), "%d", count);
    values[5] = text;
    return db_do(
        c->ctl,
        "INSERT INTO yuebao.audit_log (action, detail) VALUES ('calendar', pg_catalog.jsonb_strip_nulls("
        "pg_catalog.jsonb_build_object('verb', $1::text, 'periods', $2::text, 'frequency', $3::text, "
        "'form', $4::text, 'kind', $5::text, 'windows', $6::integer)))",
        6, values);
}

/* Why no form is named: there is none of these, or the first catalogue of all is put off to a later day. */
static void
explain_none(struct calendar *c)
{
    PGresult *result =
        db_query(c->ctl,
                 "SELECT min(k.governs_from) FROM yuebao.catalogue AS k HAVING min(k.governs_from) "
                 "> (SELECT max(p.day) FROM pg_catalog.unnest($1::date[]) AS p (day))",
                 1, (const char *const[]){c->span.days});

    if (result != NULL && PQntuples(result) > 0)
        ctl_fail(c->ctl, EX_DATAERR, MSG_ctl_calendar_ungoverned, "day", PQgetvalue(result, 0, 0), NULL);
    else if (result != NULL)
        ctl_fail(c->ctl, EX_DATAERR, MSG_ctl_calendar_no_form, NULL);
    PQclear(result);
}

/* How many windows the options name, whether they were there already or not; -1: reported. */
static int
count_named(struct calendar *c, bool opening)
{
    const char *values[] = {c->span.days, frequency_name(c->span.of), c->form, c->kind};
    PGresult *result = db_query(
        c->ctl,
        opening ? "SELECT count(*) " WANTED GOVERNED
                : "SELECT count(*) " WANTED
                  "AND EXISTS (SELECT FROM yuebao.calendar AS k WHERE k.form = f.form AND k.period = p.day)",
        4, values);
    int count = result == NULL ? -1 : (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);

    PQclear(result);
    if (count == 0 && opening)
        explain_none(c);
    else if (count == 0)
        ctl_fail(c->ctl, EX_DATAERR, MSG_ctl_calendar_no_window, NULL);
    return count;
}

/* Windows that are closed from the start take no report. */
static void
warn_of_closed(struct calendar *c, const PGresult *result)
{
    int closed = 0;
    char count[24];

    for (int r = 0; r < PQntuples(result); r++)
        closed += strcmp(PQgetvalue(result, r, 8), "closed") == 0;
    snprintf(count, sizeof(count), "%d", closed);
    if (closed > 0)
        ctl_warn(c->ctl, closed == 1 ? MSG_ctl_calendar_closed_one : MSG_ctl_calendar_closed, "count", count,
                 NULL);
}

static int
finish(struct calendar *c, const PGresult *result, bool opening, int named)
{
    int status = EX_OK;

    if (c->ctl->format != OUTPUT_TEXT || (PQntuples(result) > 0 && PQntuples(result) <= LISTED_MAX))
        status = show(c->ctl, result);
    ctl_say_count(c->ctl, PQntuples(result), opening ? MSG_ctl_calendar_opened : MSG_ctl_calendar_set,
                  opening ? MSG_ctl_calendar_opened : MSG_ctl_calendar_set);
    if (opening && named > PQntuples(result))
        ctl_say_count(c->ctl, named - PQntuples(result), MSG_ctl_calendar_left_one, MSG_ctl_calendar_left);
    if (opening)
        warn_of_closed(c, result);
    if (c->dry_run)
        ctl_say(c->ctl, MSG_ctl_import_dry_run, NULL);
    return status;
}

static int
apply(struct calendar *c, const char *verb, const char *periods, const struct instant when[3])
{
    bool opening = strcmp(verb, "open") == 0;
    struct ctl *ctl = c->ctl;

    if (!db_connect_admin(ctl) || !has_catalogue(ctl) || !knows_form(ctl, c->form) ||
        !db_do_plain(ctl, "BEGIN") || !governs_lock(ctl))
        return ctl->status;
    int named = count_named(c, opening);
    if (named <= 0)
        return ctl->status;
    PGresult *result = change(c, opening ? open_sql : set_sql, when);
    if (result == NULL)
        return ctl->status;
    int count = PQntuples(result);
    bool keep = count > 0 && !c->dry_run;
    bool ok = (!opening || asked_once(ctl)) && (!keep || write_audit(c, verb, periods, count)) &&
              db_do_plain(ctl, keep ? "COMMIT" : "ROLLBACK");
    int status = ok ? finish(c, result, opening, named) : ctl->status;
    PQclear(result);
    return status;
}

static int
open_or_set(struct calendar *c, const char *verb, const char *periods)
{
    bool opening = strcmp(verb, "open") == 0;
    struct instant when[3];

    if (!opening && c->opens == NULL && c->due == NULL && c->closes == NULL)
        return ctl_usage(c->ctl, MSG_ctl_set_what, NULL);
    if (c->period != NULL || c->state != NULL)
        return ctl_usage(c->ctl, MSG_ctl_only_list, NULL);
    if (!filters_are_sound(c) || !span_read(c->ctl, periods, c->frequency, c->form, &c->span) ||
        !instant_option(c->ctl, c->opens, opening ? "end-1d" : NULL, &when[0]) ||
        !instant_option(c->ctl, c->due, opening ? "end+5d" : NULL, &when[1]) ||
        !instant_option(c->ctl, c->closes, opening ? "end+15d" : NULL, &when[2]))
        return c->ctl->status;
    return apply(c, verb, periods, when);
}

/* An option that the verb does not know; NULL: none. */
static const char *
misplaced(const struct calendar *c, bool extending, bool extensions)
{
    if (!extending && (c->reason != NULL || c->remove))
        return "--reason, --remove";
    if (!extending && !extensions && (c->school != NULL || c->district != NULL))
        return "--school, --district";
    if ((extending || extensions) && (c->kind != NULL || c->zone != NULL || c->state != NULL))
        return "--kind, --zone, --state";
    if (extensions && (c->opens != NULL || c->due != NULL || c->closes != NULL || c->dry_run))
        return "--opens, --due, --closes, --dry-run";
    return extending && c->period != NULL ? "--period" : NULL;
}

static int
run(struct calendar *c, const char *verb, char **operands, int n)
{
    bool extending = strcmp(verb, "extend") == 0, extensions = strcmp(verb, "extensions") == 0;
    const char *wrong = misplaced(c, extending, extensions);
    const struct extend extend = {c->form, c->frequency, c->period, c->school, c->district, c->opens,
                                  c->due,  c->closes,    c->reason, c->remove, c->dry_run};

    if (wrong != NULL)
        return ctl_usage(c->ctl, MSG_ctl_unexpected, "word", wrong, NULL);
    if (strcmp(verb, "list") == 0 && n <= 1)
        return list(c, n == 1 ? operands[0] : NULL);
    if ((strcmp(verb, "open") == 0 || strcmp(verb, "set") == 0) && n == 1)
        return open_or_set(c, verb, operands[0]);
    if (extending && n == 1)
        return calendar_extend(c->ctl, &extend, operands[0]);
    if (extensions && n == 0)
        return calendar_extensions(c->ctl, &extend);
    return ctl_usage(c->ctl, MSG_ctl_calendar_verb, NULL);
}

int
cmd_calendar(struct ctl *ctl, int argc, char **argv)
{
    struct calendar c = {.ctl = ctl};
    const struct ctl_option own[] = {
        {"form", &c.form, NULL},     {"frequency", &c.frequency, NULL}, {"kind", &c.kind, NULL},
        {"zone", &c.zone, NULL},     {"opens", &c.opens, NULL},         {"due", &c.due, NULL},
        {"closes", &c.closes, NULL}, {"dry-run", NULL, &c.dry_run},     {"period", &c.period, NULL},
        {"state", &c.state, NULL},   {"school", &c.school, NULL},       {"district", &c.district, NULL},
        {"reason", &c.reason, NULL}, {"remove", NULL, &c.remove},       {0}};
    int first = ctl_options(ctl, argc, argv, own), left = argc - first;

    if (first < 0)
        return ctl->status;
    int status = run(&c, left > 0 ? argv[first] : "list", argv + first + 1, left > 0 ? left - 1 : 0);
    span_fini(&c.span);
    return status;
}
