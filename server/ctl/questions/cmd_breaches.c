/*
 * yuebaoctl breaches: which rules accepted figures break, whoever sent them.
 */
#include <string.h>

#include "db.h"
#include "listing.h"
#include "past_question.h"

#define FROM "FROM api.breaches_in($1::integer, $2::text, $3::text, $4::text) AS b"

enum { SEVERITY = 6 };

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 32, .least = 16}},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 32, .least = 16, .leaves = 1}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"severity", MSG_ctl_col_severity, CELL_TEXT, {.leaves = 3}},
    {"message", MSG_ctl_col_rule, CELL_TEXT, {.widest = 60, .least = 20}},
    {"left_sum", MSG_ctl_col_left_sum, CELL_DECIMAL, {0}},
    {"op", MSG_ctl_col_op, CELL_TEXT, {0}},
    {"right_sum", MSG_ctl_col_right_sum, CELL_DECIMAL, {0}},
    {"explanation", MSG_ctl_col_explanation, CELL_TEXT, {.widest = 40, .least = 12}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static const char sql_zh[] =
    "SELECT b.district, b.school, b.school_zh, b.school_en, b.form, b.period, b.severity, "
    "b.message_zh, b.left_sum, b.op, b.right_sum, b.explanation " FROM;
static const char sql_en[] =
    "SELECT b.district, b.school, b.school_zh, b.school_en, b.form, b.period, b.severity, "
    "b.message_en, b.left_sum, b.op, b.right_sum, b.explanation " FROM;

static PGresult *
ask(struct ctl *ctl, const char *const values[PAST_QUESTION_SIZE])
{
    if (ctl->format != OUTPUT_TEXT)
        return db_query(ctl, "SELECT b.* " FROM, PAST_QUESTION_SIZE, values);
    return db_query(ctl, ctl->language == LANGUAGE_ZH ? sql_zh : sql_en, PAST_QUESTION_SIZE, values);
}

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[SEVERITY] = ctl_word(ctl, strcmp(cells[SEVERITY], "error") == 0 ? MSG_ctl_severity_error
                                                                          : MSG_ctl_severity_warning);
}

int
cmd_breaches(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_no_breaches,
                                           .one = MSG_ctl_breaches_one,
                                           .many = MSG_ctl_breaches_count,
                                           .in_words = in_words};
    const char *values[PAST_QUESTION_SIZE];

    if (!past_question(ctl, argc, argv, values))
        return ctl->status;
    return listing_tell(ctl, &listing, ask(ctl, values));
}
