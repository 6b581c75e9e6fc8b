/*
 * yuebaoctl result: what each plan comes to in each of its districts, and which vetoes were breached.
 */
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "db.h"
#include "known.h"
#include "listing.h"
#include "period.h"
#include "progress.h"

#define FROM_WHERE                                                                                           \
    "FROM api.result_at(" PROGRESS_AS_OF                                                                     \
    ", $3::text) AS r WHERE " IS_BELOW("r.district") " ORDER BY r.plan, r.district"
#define TABLE(name)                                                                                          \
    "SELECT r.plan, r.district, " name                                                                       \
    ", r.targets, r.met, r.on_course, r.at_risk, r.behind, r.impossible, "                                   \
    "r.unjudged, r.result "

enum { RESULT = 10 };

static const struct output_column columns[] = {
    {"plan", MSG_ctl_col_plan, CELL_TEXT, {0}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 1}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8}},
    {"targets", MSG_ctl_col_targets, CELL_INTEGER, {0}},
    {"met", MSG_word_met, CELL_INTEGER, {0}},
    {"on_course", MSG_word_on_course, CELL_INTEGER, {0}},
    {"at_risk", MSG_word_at_risk, CELL_INTEGER, {0}},
    {"behind", MSG_word_behind, CELL_INTEGER, {0}},
    {"impossible", MSG_word_impossible, CELL_INTEGER, {0}},
    {"unjudged", MSG_ctl_col_unjudged, CELL_INTEGER, {0}},
    {"result", MSG_ctl_col_result, CELL_TEXT, {0}},
};

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[RESULT] = message_word(ctl->language, cells[RESULT]);
}

static int
tell(struct ctl *ctl, const struct progress_question *q)
{
    static const struct listing listing = {.columns = columns,
                                           .n = sizeof(columns) / sizeof(columns[0]),
                                           .none = MSG_ctl_no_targets,
                                           .one = MESSAGE_COUNT,
                                           .many = MESSAGE_COUNT,
                                           .in_words = in_words};
    const char *values[] = {q->district, q->as_of, q->plan};
    const char *sql = WITH_BELOW "SELECT r.* " FROM_WHERE;

    if (ctl->format == OUTPUT_TEXT)
        sql = ctl->language == LANGUAGE_ZH ? WITH_BELOW TABLE("r.district_zh") FROM_WHERE
                                           : WITH_BELOW TABLE("r.district_en") FROM_WHERE;
    int status = listing_tell(ctl, &listing, db_query(ctl, sql, 3, values));
    return status == EX_OK && ctl->format == OUTPUT_TEXT ? progress_vetoes(ctl, q) : status;
}

int
cmd_result(struct ctl *ctl, int argc, char **argv)
{
    struct progress_question q = {0};
    const struct ctl_option own[] = {
        {"district", &q.district, NULL}, {"plan", &q.plan, NULL}, {"as-of", &q.as_of, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);
    int32_t day;

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    if (q.as_of != NULL && !date_parse(q.as_of, &day))
        return ctl_usage(ctl, MSG_ctl_bad_date, "value", q.as_of, NULL);
    if (!is_district(ctl, q.district) || !db_connect_to_ask(ctl) || !sees_totals(ctl, q.district) ||
        !sees_whole_reports(ctl) || !knows_plan(ctl, q.plan))
        return ctl->status;
    return tell(ctl, &q);
}
