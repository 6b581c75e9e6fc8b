/*
 * yuebaoctl balance: how unevenly resources per pupil are spread over the schools of a district.
 */
#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "db.h"
#include "figure_cell.h"
#include "known.h"
#include "limit.h"
#include "number.h"
#include "output.h"

void
balance_question_free(struct balance_question *q)
{
    free(q->if_school);
    q->if_school = NULL;
}

void
balance_values(const struct balance_question *q, const char *ret_values[BALANCE_PARAMETERS])
{
    const char *values[BALANCE_PARAMETERS] = {q->district, q->period,    q->kind,     q->indicator,
                                              q->exclude,  q->if_school, q->if_value, q->if_pupils};

    memcpy(ret_values, values, sizeof(values));
}

/* ---- the question ------------------------------------------------------------------------------- */

static bool
is_positive(const char *text, bool or_zero)
{
    int64_t value = 0;

    return number_parse(text, strlen(text), DECIMALS_MAX, &value) == NUMBER_OK &&
           (value > 0 || (or_zero && value == 0));
}

/* SCHOOL:VALUE[/PUPILS] into its parts. */
static bool
read_what_if(struct ctl *ctl, struct balance_question *q)
{
    if (q->what_if == NULL)
        return true;
    if (q->indicator == NULL) {
        ctl_usage(ctl, MSG_ctl_balance_what_if_which, NULL);
        return false;
    }
    if ((q->if_school = strdup(q->what_if)) == NULL)
        abort();
    char *value = strchr(q->if_school, ':');
    char *pupils = value == NULL ? NULL : strchr(value, '/');
    if (value != NULL)
        *value++ = '\0';
    if (pupils != NULL)
        *pupils++ = '\0';
    q->if_value = value;
    q->if_pupils = pupils;
    if (value != NULL && is_positive(value, true) && (pupils == NULL || is_positive(pupils, false)))
        return true;
    ctl_usage(ctl, MSG_ctl_balance_bad_what_if, "value", q->what_if, NULL);
    return false;
}

/* One of several codes that is no school's is named. */
static bool
knows_schools(struct ctl *ctl, const char *codes)
{
    static const char sql[] =
        "SELECT c.code FROM pg_catalog.unnest(pg_catalog.string_to_array($1::text, ',')) AS c (code) "
        "WHERE NOT EXISTS (SELECT FROM api.school AS s WHERE s.school = c.code) LIMIT 1";
    PGresult *result = codes == NULL ? NULL : db_query(ctl, sql, 1, &codes);

    if (codes == NULL || result == NULL)
        return codes == NULL;
    bool known = PQntuples(result) == 0;
    if (!known)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_unknown_school, "value", PQgetvalue(result, 0, 0), NULL);
    PQclear(result);
    return known;
}

static bool
knows_resource(struct ctl *ctl, const char *indicator)
{
    static const char sql[] =
        "SELECT count(*) FILTER (WHERE b.indicator = $1), pg_catalog.string_agg(DISTINCT b.indicator, ', ') "
        "FROM api.balance_indicator AS b";
    PGresult *result = indicator == NULL ? NULL : db_query(ctl, sql, 1, &indicator);

    if (indicator == NULL || result == NULL)
        return indicator == NULL;
    bool known = strcmp(PQgetvalue(result, 0, 0), "0") != 0;
    if (!known)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_balance_no_indicator, "value", indicator, "known",
                 PQgetvalue(result, 0, 1), NULL);
    PQclear(result);
    return known;
}

/* Whether schools of that kind are compared by that resource at all, and the login may see any of it. */
static bool
is_compared(struct ctl *ctl, const struct balance_question *q)
{
    static const char sql[] =
        "SELECT count(*) FILTER (WHERE $1::text IS NULL OR b.kind = $1), count(*) FILTER (WHERE ($1::text IS "
        "NULL OR "
        "b.kind = $1) AND v.seen AND n.seen), pg_catalog.string_agg(DISTINCT b.kind, ', ') "
        "FROM api.balance_indicator AS b "
        "JOIN api.indicator AS v ON v.indicator = pg_catalog.split_part(b.value_of, '.', 1) "
        "JOIN api.indicator AS n ON n.indicator = pg_catalog.split_part(b.pupils_of, '.', 1) "
        "WHERE $2::text IS NULL OR b.indicator = $2";
    PGresult *result = db_query(ctl, sql, 2, (const char *const[]){q->kind, q->indicator});

    if (result == NULL)
        return false;
    bool compared = strcmp(PQgetvalue(result, 0, 0), "0") != 0;
    bool seen = strcmp(PQgetvalue(result, 0, 1), "0") != 0;
    const char *kinds = db_cell(result, 0, 2); /* none: balance.csv was never imported */
    if (compared && !seen)
        ctl_fail(ctl, EX_NOPERM, MSG_ctl_balance_unseen, "user", PQuser(ctl->db), NULL);
    else if (!compared && kinds != NULL)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_balance_no_kind, "value", q->kind, "known", kinds, NULL);
    PQclear(result);
    return ctl->status == EX_OK;
}

/* The school of "what if" is one of those compared, and has pupils to divide by. */
static bool
can_change(struct ctl *ctl, const struct balance_question *q)
{
    static const char sql[] =
        "SELECT b.pupils IS NOT NULL FROM api.balance_schools_in($1::integer, $2, $3, $4) AS b "
        "WHERE b.school = $5";
    const char *values[] = {q->district, q->period, q->kind, q->indicator, q->if_school};

    if (q->if_school == NULL)
        return true;
    if (!knows_school(ctl, q->if_school))
        return false;
    PGresult *result = db_query(ctl, sql, 5, values);
    if (result == NULL)
        return false;
    bool there = PQntuples(result) > 0;
    bool has_pupils = q->if_pupils != NULL || (there && PQgetvalue(result, 0, 0)[0] == 't');
    PQclear(result);
    if (!there)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_balance_not_compared, "school", q->if_school, "district",
                 q->district, "indicator", q->indicator, NULL);
    else if (!has_pupils)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_balance_wants_pupils, "school", q->if_school, NULL);
    return there && has_pupils;
}

/* ---- the table ---------------------------------------------------------------------------------- */

#define ASKED "api.balance_in($1::integer, $2, $3, $4, $9::boolean)"
#define CHANGED                                                                                              \
    "api.balance_in($1::integer, $2, $3, $4, $9::boolean, coalesce(pg_catalog.string_to_array($5::text, "    \
    "','), '{}'), $6, $7::numeric, $8::numeric)"
#define IN_ORDER                                                                                             \
    " ORDER BY pg_catalog.array_position(ARRAY['nation', 'province', 'prefecture', 'county'], b.level), "    \
    "b.district, b.position"
#define FROM_BOTH                                                                                            \
    " FROM " ASKED " AS b JOIN " CHANGED                                                                     \
    " AS i ON i.district = b.district AND i.position = b.position" IN_ORDER
/* a parameter that no text names has no type */
#define FROM_ONE                                                                                             \
    " FROM " ASKED " AS b WHERE $5::text IS NULL AND $6::text IS NULL AND $7::text IS NULL AND $8::text IS " \
    "NULL" IN_ORDER

/* Four decimals, or all where four would seem to meet a threshold that is missed. */
#define CV(b)                                                                                                \
    "CASE WHEN NOT " b ".met AND round(" b ".cv, 4) <= " b ".threshold THEN " b ".cv ELSE round(" b          \
    ".cv, 4) END"
#define SHOWN(b, lang)                                                                                       \
    "SELECT b.name_" lang ", b.period, b.schools, b.left_out, b.excluded, round(b.per_pupil, 2), b.unit, "   \
    "round(b.deviation, 2), " CV("b") ", b.threshold, b.met, " CV(b) ", " b ".met, b.district, "             \
                                                                     "b.district_" lang ", b.kind"

enum {
    NAME,
    PERIOD,
    SCHOOLS,
    LEFT_OUT,
    EXCLUDED,
    PER_PUPIL,
    UNIT,
    DEVIATION,
    COEFFICIENT,
    THRESHOLD,
    MET,
    COEFFICIENT_IF,
    MET_IF,
    /* what stands in headings */
    DISTRICT,
    DISTRICT_NAME,
    KIND
};

static const struct output_column columns[] = {
    {"name", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 60, .least = 32}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"schools", MSG_ctl_col_counted, CELL_INTEGER, {0}},
    {"left_out", MSG_ctl_col_without, CELL_INTEGER, {0}},
    {"excluded", MSG_ctl_col_excluded, CELL_INTEGER, {.leaves = 3}},
    {"per_pupil", MSG_ctl_col_per_pupil, CELL_DECIMAL, {0}},
    {"unit", MSG_ctl_col_unit, CELL_TEXT, {.leaves = 1}},
    {"deviation", MSG_ctl_col_deviation, CELL_DECIMAL, {.leaves = 2}},
    {"cv", MSG_ctl_col_cv, CELL_DECIMAL, {0}},
    {"threshold", MSG_ctl_col_threshold, CELL_DECIMAL, {0}},
    {"met", MSG_ctl_col_state, CELL_TEXT, {0}},
    {"cv_if", MSG_ctl_col_cv_if, CELL_DECIMAL, {0}},
    {"met_if", MSG_ctl_col_state, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static bool
asks_what_if(const struct balance_question *q)
{
    return q->if_school != NULL || q->exclude != NULL;
}

static PGresult *
ask(struct ctl *ctl, const struct balance_question *q)
{
    const char *values[BALANCE_PARAMETERS + 1];
    bool changed = asks_what_if(q);

    balance_values(q, values);
    values[BALANCE_PARAMETERS] = q->below ? "t" : "f";
    if (ctl->format == OUTPUT_TEXT)
        return db_query(ctl,
                        ctl->language == LANGUAGE_ZH
                            ? (changed ? SHOWN("i", "zh") FROM_BOTH : SHOWN("b", "zh") FROM_ONE)
                            : (changed ? SHOWN("i", "en") FROM_BOTH : SHOWN("b", "en") FROM_ONE),
                        BALANCE_PARAMETERS + 1, values);
    return db_query(ctl,
                    changed ? "SELECT b.*, i.schools AS schools_if, i.per_pupil AS per_pupil_if, "
                              "i.deviation AS deviation_if, i.cv AS cv_if, i.met AS met_if" FROM_BOTH
                            : "SELECT b.*" FROM_ONE,
                    BALANCE_PARAMETERS + 1, values);
}

static const char *
met_word(const struct ctl *ctl, const char *met)
{
    if (met == NULL)
        return NULL;
    return ctl_word(ctl, met[0] == 't' ? MSG_ctl_balance_met : MSG_ctl_balance_not_met);
}

/* A district's schools of one kind. */
static void
add_heading(const struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    char *heading = NULL;

    if (r > 0 && strcmp(PQgetvalue(result, r, DISTRICT), PQgetvalue(result, r - 1, DISTRICT)) == 0 &&
        strcmp(PQgetvalue(result, r, KIND), PQgetvalue(result, r - 1, KIND)) == 0)
        return;
    if (asprintf(&heading, "%s %s · %s", PQgetvalue(result, r, DISTRICT),
                 PQgetvalue(result, r, DISTRICT_NAME),
                 message_word(ctl->language, PQgetvalue(result, r, KIND))) < 0)
        abort();
    output_heading(output, heading);
    free(heading);
}

static void
add_row(const struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    const char *cells[COLUMN_COUNT];

    for (size_t c = 0; c < COLUMN_COUNT; c++)
        cells[c] = db_cell(result, r, (int)c);
    cells[UNIT] = figure_unit(ctl, cells[UNIT]);
    cells[MET] = met_word(ctl, cells[MET]);
    cells[MET_IF] = met_word(ctl, cells[MET_IF]);
    add_heading(ctl, output, result, r);
    output_row(output, cells);
}

static void
sum_up(struct ctl *ctl, const PGresult *result)
{
    char met[16], judged[16];
    int n_met = 0, n_judged = 0;

    for (int r = 0; r < PQntuples(result); r++) {
        const char *is = db_cell(result, r, MET);
        n_judged += is != NULL;
        n_met += is != NULL && is[0] == 't';
    }
    snprintf(met, sizeof(met), "%d", n_met);
    snprintf(judged, sizeof(judged), "%d", n_judged);
    if (n_judged > 0)
        ctl_say(ctl, MSG_ctl_balance_sum, "met", met, "judged", judged, NULL);
}

static int
show(struct ctl *ctl, const struct balance_question *q, const PGresult *result)
{
    if (PQntuples(result) == 0) {
        ctl_say(ctl, q->period == NULL ? MSG_ctl_balance_nothing_settled : MSG_ctl_balance_nothing, NULL);
        return EX_OK;
    }
    struct output *output = output_new(columns, asks_what_if(q) ? COLUMN_COUNT : COEFFICIENT_IF);
    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++)
        add_row(ctl, output, result, r);
    int status = output_write(output, stdout, ctl);
    output_free(output);
    sum_up(ctl, result);
    return status;
}

/* ---- verbs -------------------------------------------------------------------------------------- */

static int
answer(struct ctl *ctl, struct balance_question *q)
{
    if (!is_district(ctl, q->district) || !is_period(ctl, q->period) || !is_kind(ctl, q->kind) ||
        !read_what_if(ctl, q) || !db_connect_to_ask(ctl) || !knows_district(ctl, q->district) ||
        !knows_resource(ctl, q->indicator) || !is_compared(ctl, q) || !has_opened(ctl, q->period, NULL) ||
        !knows_schools(ctl, q->exclude) || !can_change(ctl, q))
        return ctl->status;
    if (q->schools)
        return balance_show_schools(ctl, q);
    PGresult *result = ask(ctl, q);
    if (result == NULL)
        return ctl->status;
    int status = ctl->format == OUTPUT_TEXT ? show(ctl, q, result) : output_data(result, ctl);
    PQclear(result);
    return status;
}

/* The verb's own operand, or which option or word has no place there. */
static int
run_verb(struct ctl *ctl, struct balance_question *q, int n, char **operands)
{
    const char *verb = n > 0 ? operands[0] : NULL, *school = n > 1 ? operands[1] : NULL;
    bool excludes = verb != NULL && strcmp(verb, "exclude") == 0;
    bool includes = verb != NULL && strcmp(verb, "include") == 0;
    bool lists = verb != NULL && strcmp(verb, "exclusions") == 0;
    const char *astray = n > 2                                       ? operands[2]
                         : q->reason != NULL && !excludes            ? "--reason"
                         : q->to != NULL && !excludes                ? "--to"
                         : q->from != NULL && !excludes && !includes ? "--from"
                         : !excludes && !includes && !lists          ? NULL
                         : q->schools                                ? "--schools"
                         : q->below                                  ? "--below"
                         : q->kind != NULL                           ? "--kind"
                         : q->indicator != NULL                      ? "--indicator"
                         : q->what_if != NULL                        ? "--what-if"
                         : q->exclude != NULL                        ? "--exclude"
                                                                     : NULL;

    if (astray != NULL)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", astray, NULL);
    if (excludes)
        return balance_exclude(ctl, q, school);
    if (includes)
        return balance_include(ctl, q, school);
    if (lists)
        return balance_exclusions(ctl, school);
    if (verb == NULL)
        return ctl_usage(ctl, MSG_ctl_balance_where, NULL);
    q->district = verb;
    q->period = school;
    return answer(ctl, q);
}

int
cmd_balance(struct ctl *ctl, int argc, char **argv)
{
    struct balance_question q = {0};
    const struct ctl_option own[] = {{"kind", &q.kind, NULL},       {"indicator", &q.indicator, NULL},
                                     {"what-if", &q.what_if, NULL}, {"exclude", &q.exclude, NULL},
                                     {"from", &q.from, NULL},       {"to", &q.to, NULL},
                                     {"reason", &q.reason, NULL},   {"schools", NULL, &q.schools},
                                     {"below", NULL, &q.below},     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    int status = run_verb(ctl, &q, argc - first, argv + first);
    balance_question_free(&q);
    return status;
}
