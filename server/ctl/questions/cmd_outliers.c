/*
 * yuebaoctl outliers: which accepted figures are unlike the school's own past.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "listing.h"
#include "past_question.h"

#define FROM "FROM api.outliers_in($1::integer, $2::text, $3::text, $4::text) AS o"

/* "812", or with its parts: "40/50 = 0.8", as the desk writes it. */
#define FIGURE "concat_ws(' = ', concat_ws('/', o.value, o.denominator), o.ratio)"

enum { COMPARED_WITH = 10 };

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 32, .least = 16}},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 32, .least = 16, .leaves = 1}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 40, .least = 16}},
    {"figure", MSG_ctl_col_figure, CELL_DECIMAL, {0}},
    {"usual", MSG_ctl_col_usual, CELL_DECIMAL, {.leaves = 4}},
    {"band", MSG_ctl_col_band, CELL_TEXT, {0}},
    {"compared_with", MSG_ctl_col_compared_with, CELL_TEXT, {.leaves = 3}},
    {"explanation", MSG_ctl_col_explanation, CELL_TEXT, {.widest = 40, .least = 12}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

#define SELECT_NAMED(name)                                                                                   \
    "SELECT o.district, o.school, o.school_zh, o.school_en, o.form, o.period, " name ", " FIGURE             \
    ", o.usual, o.low || ' ~ ' || o.high, o.compared_with, o.explanation, o.compared " FROM

static PGresult *
ask(struct ctl *ctl, const char *const values[PAST_QUESTION_SIZE])
{
    if (ctl->format != OUTPUT_TEXT)
        return db_query(ctl, "SELECT o.* " FROM, PAST_QUESTION_SIZE, values);
    return db_query(ctl, ctl->language == LANGUAGE_ZH ? SELECT_NAMED("o.name_zh") : SELECT_NAMED("o.name_en"),
                    PAST_QUESTION_SIZE, values);
}

/* "the same period of 3 years" */
static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    bool years = strcmp(cells[COMPARED_WITH], "years") == 0;
    char *text = message_format(ctl->language, years ? MSG_ctl_compared_years : MSG_ctl_compared_periods,
                                "count", db_cell(result, row, COLUMN_COUNT), NULL);

    if (text == NULL)
        abort();
    snprintf(words, LISTING_WORDS_MAX, "%s", text);
    free(text);
    cells[COMPARED_WITH] = words;
}

int
cmd_outliers(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_no_outliers,
                                           .one = MSG_ctl_outliers_one,
                                           .many = MSG_ctl_outliers_count,
                                           .in_words = in_words};
    const char *values[PAST_QUESTION_SIZE];

    if (!past_question(ctl, argc, argv, values))
        return ctl->status;
    return listing_tell(ctl, &listing, ask(ctl, values));
}
