/*
 * balance DISTRICT --schools: what each school has per pupil, and how much of the difference is its own.
 */
#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "db.h"
#include "figure_cell.h"
#include "output.h"

#define LISTED_MAX 20 /* schools of one table on a terminal before a count is kinder */

#define FROM                                                                                                 \
    " FROM api.balance_schools_in($1::integer, $2, $3, $4, "                                                 \
    "coalesce(pg_catalog.string_to_array($5::text, ','), '{}'), $6, $7::numeric, $8::numeric) AS b"

static const char text_sql[] =
    "SELECT b.school, b.school_zh, b.school_en, b.standing, b.value, b.pupils, round(b.per_pupil, 2), "
    "round(b.difference, 2), round(b.variance_share * 100, 1) || '%', round(b.cv_without, 4), b.kind, "
    "b.name_zh, b.name_en, b.period, b.unit, round(b.cv, 4), b.exclusion" FROM;

enum {
    SCHOOL,
    SCHOOL_ZH,
    SCHOOL_EN,
    STANDING,
    VALUE,
    PUPILS,
    PER_PUPIL,
    DIFFERENCE,
    SHARE,
    WITHOUT,
    KIND,
    NAME_ZH,
    NAME_EN,
    PERIOD,
    UNIT,
    COEFFICIENT,
    EXCLUSION
};

static const struct output_column columns[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 16}},
    {"value", MSG_ctl_col_resource, CELL_DECIMAL, {.leaves = 1}},
    {"pupils", MSG_ctl_col_pupils, CELL_DECIMAL, {0}},
    {"per_pupil", MSG_ctl_col_per_pupil, CELL_DECIMAL, {0}},
    {"difference", MSG_ctl_col_difference, CELL_DECIMAL, {0}},
    {"variance_share", MSG_ctl_col_variance_share, CELL_DECIMAL, {0}},
    {"cv_without", MSG_ctl_col_cv_without, CELL_DECIMAL, {0}},
    {"standing", MSG_ctl_col_state, CELL_TEXT, {.widest = 40, .least = 12}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* Why a school does not count, for a reason of its own in the bureau's words; NULL: it does. */
static const char *
standing_words(const struct ctl *ctl, const PGresult *result, int r)
{
    const char *standing = PQgetvalue(result, r, STANDING);

    if (strcmp(standing, "counted") == 0)
        return NULL;
    if (strcmp(standing, "no_figure") == 0)
        return message_text(ctl->language, MSG_ctl_balance_no_figure);
    if (strcmp(standing, "no_pupils") == 0)
        return message_text(ctl->language, MSG_ctl_balance_no_pupils);
    const char *reason = db_cell(result, r, EXCLUSION);
    return reason != NULL ? reason : message_text(ctl->language, MSG_ctl_balance_excluded);
}

static bool
begins(const PGresult *result, int r)
{
    return r == 0 || strcmp(PQgetvalue(result, r, KIND), PQgetvalue(result, r - 1, KIND)) != 0 ||
           strcmp(PQgetvalue(result, r, NAME_EN), PQgetvalue(result, r - 1, NAME_EN)) != 0;
}

static void
add_heading(const struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    bool zh = ctl->language == LANGUAGE_ZH;
    const char *cv = db_cell(result, r, COEFFICIENT);
    char *heading = message_format(ctl->language, MSG_ctl_balance_heading, "kind",
                                   message_word(ctl->language, PQgetvalue(result, r, KIND)), "name",
                                   PQgetvalue(result, r, zh ? NAME_ZH : NAME_EN), "unit",
                                   figure_unit(ctl, PQgetvalue(result, r, UNIT)), "period",
                                   PQgetvalue(result, r, PERIOD), "cv", cv == NULL ? "–" : cv, NULL);

    if (heading == NULL)
        abort();
    output_heading(output, heading);
    free(heading);
}

static void
add_row(const struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    const char *cells[COLUMN_COUNT] = {
        db_cell(result, r, SCHOOL),
        db_cell(result, r, ctl->language == LANGUAGE_ZH ? SCHOOL_ZH : SCHOOL_EN),
        db_cell(result, r, VALUE),
        db_cell(result, r, PUPILS),
        db_cell(result, r, PER_PUPIL),
        db_cell(result, r, DIFFERENCE),
        db_cell(result, r, SHARE),
        db_cell(result, r, WITHOUT),
        standing_words(ctl, result, r),
    };

    output_row(output, cells);
}

static void
add_rest(const struct ctl *ctl, struct output *output, int rest)
{
    char count[16];

    if (rest <= 0)
        return;
    snprintf(count, sizeof(count), "%d", rest);
    char *note = message_format(ctl->language, rest == 1 ? MSG_ctl_balance_one_more : MSG_ctl_balance_more,
                                "count", count, NULL);
    if (note == NULL)
        abort();
    output_note(output, note);
    free(note);
}

static int
show(struct ctl *ctl, const PGresult *result)
{
    struct output *output = output_new(columns, COLUMN_COUNT);
    int listed = 0;

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++) {
        if (begins(result, r)) {
            add_rest(ctl, output, listed - LISTED_MAX);
            add_heading(ctl, output, result, r);
            listed = 0;
        }
        if (++listed <= LISTED_MAX)
            add_row(ctl, output, result, r);
    }
    add_rest(ctl, output, listed - LISTED_MAX);
    int status = output_write(output, stdout, ctl);
    output_free(output);
    return status;
}

int
balance_show_schools(struct ctl *ctl, const struct balance_question *q)
{
    const char *values[BALANCE_PARAMETERS];
    bool text = ctl->format == OUTPUT_TEXT;
    int status = EX_OK;

    balance_values(q, values);
    PGresult *result = db_query(ctl, text ? text_sql : "SELECT b.*" FROM, BALANCE_PARAMETERS, values);
    if (result == NULL)
        return ctl->status;
    if (!text)
        status = output_data(result, ctl);
    else if (PQntuples(result) == 0)
        ctl_say(ctl, q->period == NULL ? MSG_ctl_balance_nothing_settled : MSG_ctl_balance_nothing, NULL);
    else
        status = show(ctl, result);
    PQclear(result);
    return status;
}
