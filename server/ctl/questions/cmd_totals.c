/*
 * yuebaoctl totals: the summary table of a district, every indicator over schools and over the periods of a
 * span.
 */
#include "db.h"
#include "known.h"
#include "look.h"

#define FROM                                                                                                 \
    "FROM api.totals($1::integer, $2, $3, $4, $5, $6::boolean, $7::boolean) WITH ORDINALITY AS x "           \
    "ORDER BY x.ordinality"
#define SHOWN                                                                                                \
    "x.district_@, x.name_@, x.kind, " LOOK_FIGURE("x.figure") ", x.unit, " LOOK_FILLED                      \
                                                               ", CASE WHEN x.from_period = x.to_period "    \
                                                               "THEN x.from_period ELSE x.from_period || "   \
                                                               "'…' || x.to_period END, x.periods || '/' " \
                                                               "|| x.of_periods, x.schools || '/' || "       \
                                                               "x.expected, x.excused, x.missing, "          \
                                                               "CASE WHEN x.settled THEN 't' ELSE '' END"

enum { KIND = 2, FIGURE = 3, UNIT = 4, SCHOOLS = 8, SETTLED = 11 };

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"name", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 44, .least = 14}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {.leaves = 4}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"unit", MSG_ctl_col_unit, CELL_TEXT, {.leaves = 5}},
    {"filled", MSG_ctl_col_look_filled, CELL_DECIMAL, {.leaves = 6}},
    {"of", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"periods", MSG_ctl_col_totals_periods, CELL_DECIMAL, {.leaves = 2}},
    {"schools", MSG_ctl_col_look_schools, CELL_DECIMAL, {0}},
    {"excused", MSG_ctl_col_look_excused, CELL_INTEGER, {.leaves = 3}},
    {"missing", MSG_ctl_col_missing, CELL_INTEGER, {0}},
    {"state", MSG_ctl_col_state, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    cells[UNIT] = look_unit(ctl, PQgetvalue(result, row, UNIT), words);
    if (!PQgetisnull(result, row, KIND))
        cells[KIND] = message_word(ctl->language, PQgetvalue(result, row, KIND));
    cells[SETTLED] = PQgetvalue(result, row, SETTLED)[0] == 't'
                         ? ""
                         : message_text(ctl->language, MSG_ctl_totals_still_open);
}

static void
explain(struct ctl *ctl, const PGresult *result)
{
    ctl_say(ctl, MSG_ctl_totals_legend, NULL);
    look_mention_away(ctl, result, FIGURE, SCHOOLS);
}

int
cmd_totals(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_totals_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = in_words,
                                           .in_total = explain};
    const char *values[7] = {NULL};
    bool below = false, by_kind = false;
    const struct ctl_option own[] = {{"to", &values[2], NULL},        {"kind", &values[3], NULL},
                                     {"indicator", &values[4], NULL}, {"below", NULL, &below},
                                     {"by-kind", NULL, &by_kind},     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (!look_operands(ctl, argc, argv, first, 2, 2))
        return ctl->status;
    values[0] = argv[first];
    values[1] = argv[first + 1];
    values[5] = below ? "true" : "false";
    values[6] = by_kind ? "true" : "false";
    if (!is_district(ctl, values[0]) || !is_period(ctl, values[1]) || !is_period(ctl, values[2]) ||
        !is_span(ctl, values[1], values[2]) || !is_kind(ctl, values[3]) || !db_connect_to_ask(ctl) ||
        !knows_district(ctl, values[0]) || !knows_indicator(ctl, values[4]))
        return ctl->status;
    return listing_tell(ctl, &listing, look_ask(ctl, SHOWN, FROM, 7, values));
}
