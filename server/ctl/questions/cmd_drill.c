/*
 * yuebaoctl drill: the number of a district or an area taken apart into its schools.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "look.h"
#include "places.h"

#define FROM                                                                                                 \
    "FROM api.drill($1::integer, $2, $3, $4, $5) AS x CROSS JOIN LATERAL (SELECT pg_catalog.array_position(" \
    "ARRAY['value', 'excused', 'left_out', 'missing'], x.state) AS place) AS o "                             \
    "ORDER BY o.place, x.district, x.school"
#define SHOWN                                                                                                \
    "x.district_@, x.school, x.school_@, x.kind, " LOOK_FILLED                                               \
    ", " LOOK_FIGURE("x.figure") ", x.state, x.missing_@"

enum { KIND = 3, STATE = 6, REASON = 7 };

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 12}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {.leaves = 2}},
    {"filled", MSG_ctl_col_look_filled, CELL_DECIMAL, {0}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"state", MSG_ctl_col_state, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)words;
    cells[KIND] = message_word(ctl->language, PQgetvalue(result, row, KIND));
    cells[STATE] = PQgetisnull(result, row, REASON) ? look_state(ctl, PQgetvalue(result, row, STATE))
                                                    : PQgetvalue(result, row, REASON);
}

static long
count_of(const PGresult *result, const char *state)
{
    long count = 0;

    for (int r = 0; r < PQntuples(result); r++)
        count += strcmp(PQgetvalue(result, r, STATE), state) == 0;
    return count;
}

static void
say_counts(struct ctl *ctl, const PGresult *result)
{
    static const char *const states[] = {"value", "excused", "left_out", "missing"};
    char counts[4][24];

    for (size_t i = 0; i < 4; i++)
        snprintf(counts[i], sizeof(counts[i]), "%ld", count_of(result, states[i]));
    ctl_say(ctl, MSG_ctl_drill_counts, "value", counts[0], "excused", counts[1], "left_out", counts[2],
            "missing", counts[3], NULL);
}

/* The total itself, from the books' totals: what the rows come to. */
static bool
say_total(struct ctl *ctl, const char *const values[5])
{
    static const char of_district[] = "FROM api.rank_districts($3, $2, $1::integer, $4) AS x WHERE x.own AND "
                                      "$5::text IS NULL";
    static const char of_area[] = "FROM api.area_total($2, $5, $3, $4, $1::integer) AS x";
    char words[LISTING_WORDS_MAX];
    PGresult *result =
        look_ask(ctl, "coalesce(" LOOK_FIGURE("x.figure") ", '–'), coalesce(" LOOK_FILLED ", '–'), x.unit",
                 values[4] != NULL ? of_area : of_district, 5, values);

    if (result != NULL && PQntuples(result) == 1)
        ctl_say(ctl, MSG_ctl_drill_total, "figure", PQgetvalue(result, 0, 0), "filled",
                PQgetvalue(result, 0, 1), "unit", look_unit(ctl, PQgetvalue(result, 0, 2), words), NULL);
    PQclear(result);
    return result != NULL;
}

int
cmd_drill(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_look_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = in_words,
                                           .in_total = say_counts};
    const char *values[5] = {NULL};
    struct place place = {NULL, NULL};
    const struct ctl_option own[] = {{"area", &place.area, NULL}, {"kind", &values[3], NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own), named = place.area == NULL ? 1 : 0;

    if (!look_operands(ctl, argc, argv, first, named + 2, named + 2))
        return ctl->status;
    if (named == 1)
        place.district = argv[first];
    values[0] = place.district;
    values[1] = argv[first + named];
    values[2] = argv[first + named + 1];
    values[4] = place.area;
    if (!place_is_one(ctl, &place) || !is_period(ctl, values[1]) || !is_kind(ctl, values[3]) ||
        !db_connect_to_ask(ctl) || !place_is_known(ctl, &place) || !knows_indicator(ctl, values[2]) ||
        !has_opened(ctl, values[1], NULL))
        return ctl->status;
    int status = listing_tell(ctl, &listing, look_ask(ctl, SHOWN, FROM, 5, values));
    if (status == EX_OK && ctl->format == OUTPUT_TEXT && !say_total(ctl, values))
        return ctl->status;
    return status;
}
