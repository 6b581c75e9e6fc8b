/*
 * yuebaoctl totals: the summary table of a district or an area, every indicator over schools and over the
 * periods of a span.
 */
#include <string.h>

#include "db.h"
#include "known.h"
#include "look.h"
#include "places.h"

#define FROM                                                                                                 \
    "FROM api.totals($1::integer, $2, $3, $4, $5, $6::boolean, $7::boolean, $8) WITH ORDINALITY AS x "       \
    "ORDER BY x.ordinality"
#define SHOWN                                                                                                \
    "coalesce(x.area_@, x.district_@), x.name_@, x.kind, " LOOK_FIGURE(                                      \
        "x.figure") ", x.unit, " LOOK_FILLED ", CASE WHEN x.from_period = x.to_period "                      \
                    "THEN x.from_period ELSE x.from_period || "                                              \
                    "'…' || x.to_period END, x.periods || '/' "                                            \
                    "|| x.of_periods, x.schools || '/' || "                                                  \
                    "x.expected, x.excused, x.missing, "                                                     \
                    "CASE WHEN x.put_away THEN 'put_away' WHEN NOT x.settled THEN 'open' ELSE '' END"

enum { KIND = 2, FIGURE = 3, UNIT = 4, SCHOOLS = 8, STATE = 11 };

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
    if (strcmp(PQgetvalue(result, row, STATE), "open") == 0)
        cells[STATE] = message_text(ctl->language, MSG_ctl_totals_still_open);
    else if (strcmp(PQgetvalue(result, row, STATE), "put_away") == 0)
        cells[STATE] = message_text(ctl->language, MSG_ctl_totals_put_away);
}

static void
explain(struct ctl *ctl, const PGresult *result)
{
    ctl_say(ctl, MSG_ctl_totals_legend, NULL);
    look_mention_away(ctl, result, FIGURE, SCHOOLS);
}

enum { OF_DISTRICT, FROM_PERIOD, TO_PERIOD, OF_KIND, OF_INDICATOR, BELOW, BY_KIND, OF_AREA, VALUES };

/* DISTRICT SPAN; of an area, --area A SPAN. */
static bool
read_place(struct ctl *ctl, int argc, char **argv, int first, const char *values[VALUES], bool below)
{
    int place = values[OF_AREA] == NULL ? 1 : 0;

    if (!look_operands(ctl, argc, argv, first, place + 1, place + 1))
        return false;
    if (below && values[OF_AREA] != NULL) {
        ctl_usage(ctl, MSG_ctl_area_below, NULL);
        return false;
    }
    values[OF_DISTRICT] = place == 1 ? argv[first] : NULL;
    values[FROM_PERIOD] = argv[first + place];
    return true;
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
    const char *values[VALUES] = {NULL};
    bool below = false, by_kind = false;
    const struct ctl_option own[] = {{"area", &values[OF_AREA], NULL},
                                     {"to", &values[TO_PERIOD], NULL},
                                     {"kind", &values[OF_KIND], NULL},
                                     {"indicator", &values[OF_INDICATOR], NULL},
                                     {"below", NULL, &below},
                                     {"by-kind", NULL, &by_kind},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0 || !read_place(ctl, argc, argv, first, values, below))
        return ctl->status;
    values[BELOW] = below ? "true" : "false";
    values[BY_KIND] = by_kind ? "true" : "false";
    struct place place = {values[OF_DISTRICT], values[OF_AREA]};
    if (!place_is_one(ctl, &place) || !is_period(ctl, values[FROM_PERIOD]) ||
        !is_period(ctl, values[TO_PERIOD]) || !is_span(ctl, values[FROM_PERIOD], values[TO_PERIOD]) ||
        !is_kind(ctl, values[OF_KIND]) || !db_connect_to_ask(ctl) || !place_is_known(ctl, &place) ||
        !knows_indicator(ctl, values[OF_INDICATOR]))
        return ctl->status;
    return listing_tell(ctl, &listing, look_ask(ctl, SHOWN, FROM, VALUES, values));
}
