/*
 * yuebaoctl distribution: how one indicator's figures are spread over the schools.
 */
#include "db.h"
#include "known.h"
#include "look.h"
#include "places.h"

#define FROM                                                                                                 \
    "FROM api.distribution($1, $2, coalesce($3::integer, (SELECT min(d.district) FROM api.district AS d "    \
    "WHERE d.uppermost)), $4, $5) AS x"
#define SHOWN                                                                                                                  \
    "x.kind, x.schools, x.excused, x.missing, " LOOK_FIGURE("x.lowest") ", " LOOK_FIGURE("x.lower_quartile") ", " LOOK_FIGURE( \
        "x.median") ", " LOOK_FIGURE("x.upper_quartile") ", " LOOK_FIGURE("x.highest") ", " LOOK_FIGURE("x."                   \
                                                                                                        "me"                   \
                                                                                                        "a"                    \
                                                                                                        "n") ", x.name_@, x.unit"

enum { KIND = 0, NAME = 10, UNIT = 11 };

static const struct output_column columns[] = {
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"schools", MSG_ctl_col_counted, CELL_INTEGER, {0}},
    {"excused", MSG_ctl_col_look_excused, CELL_INTEGER, {0}},
    {"missing", MSG_ctl_col_missing, CELL_INTEGER, {0}},
    {"lowest", MSG_ctl_col_look_lowest, CELL_DECIMAL, {0}},
    {"lower_quartile", MSG_ctl_col_look_lower, CELL_DECIMAL, {0}},
    {"median", MSG_ctl_col_usual, CELL_DECIMAL, {0}},
    {"upper_quartile", MSG_ctl_col_look_upper, CELL_DECIMAL, {0}},
    {"highest", MSG_ctl_col_look_highest, CELL_DECIMAL, {0}},
    {"mean", MSG_ctl_col_look_mean, CELL_DECIMAL, {.leaves = 1}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    const char *kind = db_cell(result, row, KIND);

    (void)words;
    cells[KIND] =
        kind == NULL ? message_text(ctl->language, MSG_ctl_look_all) : message_word(ctl->language, kind);
}

static void
explain(struct ctl *ctl, const PGresult *result)
{
    char words[LISTING_WORDS_MAX];

    ctl_say(ctl, MSG_ctl_distribution_legend, "name", PQgetvalue(result, 0, NAME), "unit",
            look_unit(ctl, PQgetvalue(result, 0, UNIT), words), NULL);
}

int
cmd_distribution(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_look_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = in_words,
                                           .in_total = explain};
    const char *values[5] = {NULL};
    struct place place = {NULL, NULL};
    const struct ctl_option own[] = {PLACE_OPTIONS(place), {"kind", &values[3], NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (!look_operands(ctl, argc, argv, first, 2, 2))
        return ctl->status;
    values[0] = argv[first];
    values[1] = argv[first + 1];
    values[2] = place.district;
    values[4] = place.area;
    if (!is_period(ctl, values[1]) || !place_is_one(ctl, &place) || !is_kind(ctl, values[3]) ||
        !db_connect_to_ask(ctl) || !knows_indicator(ctl, values[0]) || !place_adds_up(ctl, &place) ||
        !has_opened(ctl, values[1], NULL))
        return ctl->status;
    return listing_tell(ctl, &listing, look_ask(ctl, SHOWN, FROM, 5, values));
}
