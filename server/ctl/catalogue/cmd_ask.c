/*
 * yuebaoctl ask: a one-off form, sent to chosen schools for one period. An inspection, a survey.
 *
 * It gets a catalogue of its own: the one that governs its period, and beside its forms this one. So nobody
 * else's form changes, and what the schools sign can be checked for ever. All in one transaction, or nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "asked_once.h"
#include "code_list.h"
#include "db.h"
#include "form_name.h"
#include "governs.h"
#include "instant.h"
#include "known.h"
#include "numbers.h"
#include "output.h"
#include "snapshot.h"

#define SAID_MAX 20 /* refusals of one kind that are named */
#define ZONE     "Asia/Shanghai"

struct ask {
    struct ctl *ctl;
    const char *name, *period, *kind, *district, *zone;
    const char *indicators_text, *optional_text, *schools_text, *opens, *due, *closes, *titles[2];
    bool dry_run;
    /* what they come to */
    struct instant when[3];
    char *indicators, *optional,
        *schools; /* array literals, owned; indicators: all, optional: those of them */
    char code[FORM_CODE_MAX + 1], first_day[PERIOD_TEXT_MAX + 1], last_day[PERIOD_TEXT_MAX + 1];
    char title_zh[FORM_NAME_MAX], title_en[FORM_NAME_MAX], hash[2 * ID_SIZE + 1];
};

/* ---- what was asked for --------------------------------------------------------------------------- */

static void
choose_title(enum language language, const char *given, const char *kind, enum frequency frequency,
             const char *name, char title[FORM_NAME_MAX])
{
    char regular[FORM_NAME_MAX];

    form_name(language, kind, frequency_name(frequency), regular);
    if (given != NULL)
        snprintf(title, FORM_NAME_MAX, "%s", given);
    else
        snprintf(title, FORM_NAME_MAX, "%.100s · %.24s", regular, name);
}

/* The form's code, days and titles. `kind`, `name` and `period` are sound. */
static void
derive(struct ask *a)
{
    struct period period;

    if (!period_parse(a->period, &period))
        abort(); /* is_period has read it */
    date_print(period.first_day, a->first_day);
    date_print(period_last_day(period), a->last_day);
    snprintf(a->code, sizeof(a->code), "%s.%s.%s", a->kind, frequency_name(period.frequency), a->name);
    choose_title(LANGUAGE_ZH, a->titles[0], a->kind, period.frequency, a->name, a->title_zh);
    choose_title(LANGUAGE_EN, a->titles[1], a->kind, period.frequency, a->name, a->title_en);
}

static bool
titles_fit(struct ask *a)
{
    for (int i = 0; i < 2; i++)
        if (a->titles[i] != NULL && (a->titles[i][0] == '\0' || strlen(a->titles[i]) >= FORM_NAME_MAX)) {
            ctl_usage(a->ctl, MSG_ctl_ask_title, NULL);
            return false;
        }
    return true;
}

static bool
wants(struct ask *a, bool given, enum message sentence)
{
    if (!given)
        ctl_usage(a->ctl, sentence, "value", a->name, NULL);
    return given;
}

static bool
is_complete(struct ask *a)
{
    return wants(a, is_one_off_name(a->name, strlen(a->name)), MSG_ctl_ask_name) &&
           wants(a, a->kind != NULL, MSG_ctl_ask_kind) &&
           wants(a, a->indicators_text != NULL || a->optional_text != NULL, MSG_ctl_ask_indicators) &&
           wants(a, (a->schools_text == NULL) != (a->district == NULL), MSG_ctl_ask_schools);
}

static bool
read_lists(struct ask *a)
{
    char *all = NULL;

    if (asprintf(&all, "%s%s%s", a->indicators_text == NULL ? "" : a->indicators_text,
                 a->indicators_text == NULL || a->optional_text == NULL ? "" : ",",
                 a->optional_text == NULL ? "" : a->optional_text) < 0)
        abort();
    a->indicators = code_list(a->ctl, "indicators", all);
    free(all);
    a->optional = a->indicators == NULL ? NULL : code_list(a->ctl, "optional", a->optional_text);
    a->schools = a->optional == NULL ? NULL : code_list_or_file(a->ctl, "schools", a->schools_text);
    return a->schools != NULL;
}

/* Everything that needs no database. */
static bool
read_options(struct ask *a)
{
    if (!is_complete(a) || !titles_fit(a) || !is_period(a->ctl, a->period) || !is_kind(a->ctl, a->kind) ||
        !is_district(a->ctl, a->district) || !instant_option(a->ctl, a->opens, "now", &a->when[0]) ||
        !instant_option(a->ctl, a->due, "end+5d", &a->when[1]) ||
        !instant_option(a->ctl, a->closes, "end+15d", &a->when[2]) || !read_lists(a))
        return false;
    derive(a);
    return true;
}

/* ---- what forbids it ------------------------------------------------------------------------------ */

/* A query of (value, reason, bound) whose rows are refusals: at most SAID_MAX are said, then how many more.
 */
static bool
refuse_rows(struct ask *a, const char *sql, int n, const char *const *values,
            enum message (*word)(const char *))
{
    PGresult *result = db_query(a->ctl, sql, n, values);
    int count = result == NULL ? 0 : PQntuples(result);
    char rest[24];

    for (int r = 0; r < count && r < SAID_MAX; r++)
        ctl_fail(a->ctl, EX_DATAERR, word(PQgetvalue(result, r, 1)), "value", PQgetvalue(result, r, 0),
                 "bound", PQgetvalue(result, r, 2), "period", a->period, NULL);
    snprintf(rest, sizeof(rest), "%d", count - SAID_MAX);
    if (count > SAID_MAX)
        ctl_fail(a->ctl, EX_DATAERR, MSG_ctl_asked_twice_more, "count", rest, NULL);
    PQclear(result);
    return result != NULL && count == 0;
}

static enum message
word_of_school(const char *reason)
{
    if (strcmp(reason, "unknown") == 0)
        return MSG_ctl_unknown_school;
    return strcmp(reason, "kind") == 0 ? MSG_ctl_ask_other_kind : MSG_ctl_ask_not_then;
}

/* Named schools that are not there, of another kind, or did not exist on the period's last day. */
static bool
schools_are_sound(struct ask *a)
{
    return refuse_rows(
        a,
        "SELECT t.code, CASE WHEN s.school IS NULL THEN 'unknown' WHEN s.kind <> $2 THEN 'kind' "
        "ELSE 'then' END, s.kind FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS t (code, nth) "
        "LEFT JOIN yuebao.school AS s ON s.code = t.code WHERE s.school IS NULL OR s.kind <> $2 "
        "OR s.opened_on > $3::date OR s.closed_on < $3::date ORDER BY t.nth",
        3, (const char *const[]){a->schools, a->kind, a->last_day}, word_of_school);
}

/* Each one that is not there is named, with those that may have been meant. */
static bool
indicators_are_known(struct ask *a)
{
    PGresult *result =
        db_query(a->ctl,
                 "SELECT t.code FROM pg_catalog.unnest($1::text[]) AS t (code) WHERE NOT EXISTS "
                 "(SELECT FROM yuebao.indicator AS i WHERE i.code = t.code) ORDER BY 1",
                 1, (const char *const[]){a->indicators});
    bool known = result != NULL;

    for (int r = 0; result != NULL && r < PQntuples(result); r++)
        known = knows_indicator(a->ctl, PQgetvalue(result, r, 0)) && known;
    PQclear(result);
    return known;
}

static enum message
word_of_regular(const char *reason)
{
    (void)reason;
    return MSG_ctl_ask_regular;
}

/*
 * What the regular form of that kind asks in any case, whether its window is in the calendar yet or not: it
 * could never be opened. A period that is over and was never opened is free.
 */
static bool
indicators_are_free(struct ask *a)
{
    return refuse_rows(
        a,
        "SELECT i.code, 'regular', f.code FROM yuebao.catalogue_form AS c JOIN yuebao.form AS f "
        "USING (form) JOIN yuebao.indicator AS i USING (indicator) WHERE f.kind = $2 AND f.name = '' "
        "AND c.catalogue = yuebao.governing($3::date) AND i.code = ANY ($1::text[]) AND "
        "$4::date >= current_date ORDER BY 1",
        4, (const char *const[]){a->indicators, a->kind, a->first_day, a->last_day}, word_of_regular);
}

static enum message
word_of_name(const char *reason)
{
    (void)reason;
    return MSG_ctl_ask_name_taken;
}

/* A name is one form for ever, with its schools; what was asked once is not asked again under it. */
static bool
name_is_free(struct ask *a)
{
    return refuse_rows(a, "SELECT f.code, '', '' FROM yuebao.form AS f WHERE f.code = $1", 1,
                       (const char *const[]){a->code}, word_of_name);
}

/* ---- the form ------------------------------------------------------------------------------------- */

/* Run a statement; -1: reported, else how many rows it made. */
static long
make_rows(struct ask *a, const char *sql, int n, const char *const *values)
{
    PGresult *result = db_query(a->ctl, sql, n, values);
    long count = result == NULL ? -1 : strtol(PQcmdTuples(result), NULL, 10);

    PQclear(result);
    return count;
}

static bool
make_form(struct ask *a)
{
    return make_rows(a,
                     "INSERT INTO yuebao.form (code, kind, frequency, name, name_zh, name_en) SELECT $1, $2, "
                     "pg_catalog.split_part($1, '.', 2), $3, $4, $5",
                     5, (const char *const[]){a->code, a->kind, a->name, a->title_zh, a->title_en}) == 1;
}

/* To the named ones, or to all of the kind that the district and those below it had on the period's last day.
 */
static bool
choose_schools(struct ask *a)
{
    static const char named[] =
        "INSERT INTO yuebao.form_school (form, school) SELECT f.form, s.school FROM yuebao.form AS f, "
        "yuebao.school AS s WHERE f.code = $1 AND s.code = ANY ($2::text[])";
    static const char below[] =
        "INSERT INTO yuebao.form_school (form, school) SELECT DISTINCT f.form, m.school FROM yuebao.form AS "
        "f "
        "JOIN yuebao.membership AS m ON m.kind = f.kind JOIN yuebao.district_ancestor AS a "
        "ON a.district = m.district AND a.ancestor = $2::integer WHERE f.code = $1 AND m.first_day <= "
        "$3::date "
        "AND (m.last_day IS NULL OR m.last_day >= $3::date)";
    const char *values[] = {a->code, a->district == NULL ? a->schools : a->district, a->last_day};
    long count = make_rows(a, a->district == NULL ? named : below, a->district == NULL ? 2 : 3, values);

    if (count == 0)
        ctl_fail(a->ctl, EX_DATAERR, MSG_ctl_ask_no_schools, NULL);
    return count > 0;
}

/* The catalogue that governs the period, with this form beside its own, in bytes and in rows. */
static bool
make_catalogue(struct ask *a)
{
    const char *values[] = {a->code, a->indicators, a->optional, a->first_day};
    PGresult *asked =
        db_query(a->ctl,
                 "SELECT i.indicator, i.code, i.code <> ALL ($2::text[]) FROM yuebao.indicator AS i "
                 "WHERE i.code = ANY ($1::text[]) ORDER BY i.indicator",
                 2, values + 1);
    struct snapshot_form form = {a->code, a->kind, a->title_zh, a->title_en, asked};
    bool ok = asked != NULL && snapshot_with_form(a->ctl, a->first_day, &form, a->hash);

    PQclear(asked);
    return ok &&
           make_rows(
               a,
               "INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required) "
               "SELECT n.catalogue, c.form, c.indicator, c.required FROM (SELECT max(k.catalogue) AS "
               "catalogue FROM yuebao.catalogue AS k) AS n, (SELECT g.form, g.indicator, g.required "
               "FROM yuebao.catalogue_form AS g WHERE g.catalogue = yuebao.governing($4::date) "
               "UNION ALL SELECT f.form, i.indicator, i.code <> ALL ($3::text[]) FROM yuebao.form AS f, "
               "yuebao.indicator AS i WHERE f.code = $1 AND i.code = ANY ($2::text[])) AS c",
               4, values) > 0;
}

/* The form's one window. */
static bool
open_window(struct ask *a)
{
    const struct instant *w = a->when;
    const char *values[] = {a->code,   a->first_day, a->zone,   w[0].base, w[0].text,
                            w[1].base, w[1].text,    w[2].base, w[2].text};
    PGresult *result = PQexecParams(
        a->ctl->db,
        "INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, zone, catalogue) "
        "SELECT f.form, p.day, " INSTANT_SQL("$4", "$5", "$3::text") ", " INSTANT_SQL(
            "$6", "$7",
            "$3::text") ", " INSTANT_SQL("$8", "$9",
                                         "$3::text") ", "
                                                     "$3, (SELECT max(k.catalogue) FROM yuebao.catalogue AS "
                                                     "k) FROM yuebao.form AS f, "
                                                     "(SELECT $2::date AS day) AS p WHERE f.code = $1",
        9, NULL, values, NULL, NULL, 0);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    if (!ok)
        instant_report(a->ctl, result);
    PQclear(result);
    return ok;
}

static bool
write_audit(struct ask *a)
{
    return db_do(
        a->ctl,
        "INSERT INTO yuebao.audit_log (action, detail) VALUES ('ask', pg_catalog.jsonb_strip_nulls("
        "pg_catalog.jsonb_build_object('form', $1::text, 'period', $2::text, 'indicators', $3::text[], "
        "'optional', $4::text[], 'schools', $5::text[], 'district', $6::text, 'catalogue', $7::text)))",
        7,
        (const char *const[]){a->code, a->period, a->indicators, a->optional,
                              a->district == NULL ? a->schools : NULL, a->district, a->hash});
}

/* ---- what was sent -------------------------------------------------------------------------------- */

static const struct output_column columns[] = {
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 30, .least = 16, .leaves = 1}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"opens_at", MSG_ctl_col_opens, CELL_INSTANT, {0}},
    {"due_at", MSG_ctl_col_due, CELL_INSTANT, {0}},
    {"closes_at", MSG_ctl_col_closes, CELL_INSTANT, {0}},
    {"schools", MSG_ctl_noun_schools, CELL_INTEGER, {0}},
    {"indicators", MSG_ctl_noun_indicators, CELL_TEXT, {.widest = 60, .least = 16}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* Asked before the end of the transaction, for a dry run leaves nothing behind. */
static PGresult *
ask_what_was_sent(struct ask *a)
{
    return db_query(
        a->ctl,
        "SELECT f.code, CASE $2 WHEN 'zh' THEN f.name_zh ELSE f.name_en END, $3::text, c.opens_at, "
        "c.due_at, c.closes_at, (SELECT count(*) FROM yuebao.form_school AS s WHERE s.form = f.form), "
        "(SELECT pg_catalog.string_agg(i.code || CASE WHEN g.required THEN '' ELSE '?' END, ' ' "
        "ORDER BY i.indicator) FROM yuebao.catalogue_form AS g JOIN yuebao.indicator AS i USING "
        "(indicator) WHERE g.catalogue = c.catalogue AND g.form = c.form) "
        "FROM yuebao.form AS f JOIN yuebao.calendar AS c USING (form) WHERE f.code = $1",
        3, (const char *const[]){a->code, a->ctl->language == LANGUAGE_ZH ? "zh" : "en", a->period});
}

static int
show(struct ask *a, const PGresult *sent)
{
    int status = output_result(columns, COLUMN_COUNT, sent, a->ctl);

    ctl_say(a->ctl, a->dry_run ? MSG_ctl_import_dry_run : MSG_ctl_ask_sent, "schools", PQgetvalue(sent, 0, 6),
            NULL);
    return status;
}

static int
run(struct ask *a)
{
    struct ctl *ctl = a->ctl;

    if (!read_options(a) || !db_connect_admin(ctl) || !knows_district(ctl, a->district) ||
        !db_do_plain(ctl, "BEGIN") || !governs_lock(ctl) || !numbers_rewind(ctl))
        return ctl->status;
    bool sound = name_is_free(a); /* all that is wrong is said, not the first of it */
    sound = indicators_are_free(a) && sound;
    sound = indicators_are_known(a) && sound;
    sound = schools_are_sound(a) && sound;
    if (!sound || !make_form(a) || !choose_schools(a) || !make_catalogue(a) || !open_window(a) ||
        !asked_once(ctl) || !write_audit(a))
        return ctl->status;
    PGresult *sent = ask_what_was_sent(a);
    int status =
        sent != NULL && db_do_plain(ctl, a->dry_run ? "ROLLBACK" : "COMMIT") ? show(a, sent) : ctl->status;
    PQclear(sent);
    return status;
}

int
cmd_ask(struct ctl *ctl, int argc, char **argv)
{
    struct ask a = {.ctl = ctl, .zone = ZONE};
    const struct ctl_option own[] = {{"kind", &a.kind, NULL},
                                     {"indicators", &a.indicators_text, NULL},
                                     {"optional", &a.optional_text, NULL},
                                     {"schools", &a.schools_text, NULL},
                                     {"district", &a.district, NULL},
                                     {"opens", &a.opens, NULL},
                                     {"due", &a.due, NULL},
                                     {"closes", &a.closes, NULL},
                                     {"zone", &a.zone, NULL},
                                     {"title-zh", &a.titles[0], NULL},
                                     {"title-en", &a.titles[1], NULL},
                                     {"dry-run", NULL, &a.dry_run},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    if (argc - first != 2)
        return ctl_usage(ctl, MSG_ctl_ask_what, NULL);
    a.name = argv[first];
    a.period = argv[first + 1];
    int status = run(&a);
    free(a.indicators);
    free(a.optional);
    free(a.schools);
    return status;
}
