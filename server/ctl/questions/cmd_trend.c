/*
 * yuebaoctl trend: an indicator period by period, of a district, an area or a school.
 */
#include "db.h"
#include "known.h"
#include "look.h"
#include "places.h"

#define FROM                                                                                                 \
    "FROM api.trend($1, $2::integer, $3, $4, $5, $6, $7) AS x WHERE x.expected > 0 OR x.schools > 0 ORDER "  \
    "BY x.first_day, x.frequency"
#define SHOWN                                                                                                \
    "x.period, coalesce(" LOOK_FIGURE(                                                                       \
        "x.figure") ", x.missing_@), "                                                                       \
                    "CASE WHEN max(x.figure) OVER () > 0 AND x.figure IS NOT NULL "                          \
                    "THEN greatest(x.figure, 0) / max(x.figure) OVER () END, x.schools || '/' || "           \
                    "x.expected, x.excused, x.missing, " LOOK_CHANGE("x.change") ", " LOOK_CHANGE(           \
                        "x.year_change") ", x.name_@, x.unit"

enum { FIGURE = 1, BAR = 2, SCHOOLS = 3, NAME = 8, UNIT = 9 };

static const struct output_column columns[] = {
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"bar", MSG_ctl_col_look_bar, CELL_PICTURE, {.leaves = 1}},
    {"schools", MSG_ctl_col_look_schools, CELL_DECIMAL, {.leaves = 4}},
    {"excused", MSG_ctl_col_look_excused, CELL_INTEGER, {.leaves = 2}},
    {"missing", MSG_ctl_col_missing, CELL_INTEGER, {.leaves = 3}},
    {"change", MSG_ctl_col_look_change, CELL_DECIMAL, {0}},
    {"year_change", MSG_ctl_col_look_year_change, CELL_DECIMAL, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void
draw(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)ctl;
    look_bar(db_cell(result, row, BAR), words);
    cells[BAR] = words;
}

/* The table is in the indicator's unit; a bar is full at the highest figure. */
static void
explain(struct ctl *ctl, const PGresult *result)
{
    char words[LISTING_WORDS_MAX];

    ctl_say(ctl, MSG_ctl_trend_legend, "name", PQgetvalue(result, 0, NAME), "unit",
            look_unit(ctl, PQgetvalue(result, 0, UNIT), words), NULL);
    look_mention_away(ctl, result, FIGURE, SCHOOLS);
}

static bool
are_known(struct ctl *ctl, const struct place *place, const char *const values[7])
{
    return place_is_one(ctl, place) && is_period(ctl, values[3]) && is_period(ctl, values[4]) &&
           is_span(ctl, values[3], values[4]) && is_kind(ctl, values[5]) && db_connect_to_ask(ctl) &&
           knows_indicator(ctl, values[0]) && knows_school(ctl, values[2]) &&
           (values[2] != NULL ? place_is_known(ctl, place) : place_adds_up(ctl, place));
}

int
cmd_trend(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_trend_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = draw,
                                           .in_total = explain};
    const char *values[7] = {NULL};
    struct place place = {NULL, NULL};
    const struct ctl_option own[] = {PLACE_OPTIONS(place),       {"school", &values[2], NULL},
                                     {"from", &values[3], NULL}, {"to", &values[4], NULL},
                                     {"kind", &values[5], NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (!look_operands(ctl, argc, argv, first, 1, 1))
        return ctl->status;
    values[0] = argv[first];
    values[1] = place.district;
    values[6] = place.area;
    if (values[2] != NULL && (place.district != NULL || place.area != NULL || values[5] != NULL))
        return ctl_usage(ctl, MSG_ctl_trend_one_place, NULL);
    if (!are_known(ctl, &place, values))
        return ctl->status;
    return listing_tell(ctl, &listing, look_ask(ctl, SHOWN, FROM, 7, values));
}
