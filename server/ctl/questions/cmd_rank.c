/*
 * yuebaoctl rank: the districts below one, the areas or the schools side by side, the highest figure first.
 */
#include "db.h"
#include "known.h"
#include "look.h"

#define FROM_DISTRICTS                                                                                       \
    "FROM api.rank_districts($1, $2, $3::integer, $4) AS x "                                                 \
    "WHERE $5::integer IS NULL OR x.own OR x.rank <= $5::integer "                                           \
    "ORDER BY NOT x.own, x.rank, x.district"
#define DISTRICTS                                                                                            \
    "x.rank, x.district, x.district_@, " LOOK_FIGURE("x.figure") ", " LOOK_CHANGE(                           \
        "x.difference") ", x.schools || '/' || x.expected, x.excused, "                                      \
                        "x.missing, " LOOK_FIGURE("x.before") ", " LOOK_CHANGE("x.change")

#define FROM_AREAS                                                                                           \
    "FROM api.rank_areas($1, $2, $3::integer, $4) AS x "                                                     \
    "WHERE $5::integer IS NULL OR x.rank <= $5::integer ORDER BY x.rank, x.area"
#define AREAS                                                                                                \
    "x.rank, x.area, x.area_@, " LOOK_FIGURE("x.figure") ", x.schools || '/' || x.expected, x.excused, "     \
                                                         "x.missing, " LOOK_FIGURE(                          \
                                                             "x.before") ", " LOOK_CHANGE("x.change")

#define FROM_SCHOOLS                                                                                         \
    "FROM api.rank_schools($1, $2, coalesce($3::integer, (SELECT min(d.district) FROM api.district AS d "    \
    "WHERE "                                                                                                 \
    "d.uppermost)), $4) AS x WHERE $5::integer IS NULL OR x.rank <= $5::integer "                            \
    "ORDER BY x.rank, x.school"
#define SCHOOLS                                                                                              \
    "x.rank, x.school, x.school_@, x.district_@, x.kind, " LOOK_FIGURE("x.figure") ", " LOOK_FILLED          \
                                                                                   ", x.state"

enum { KIND = 4, STATE = 7 };

static const struct output_column of_districts[] = {
    {"rank", MSG_ctl_col_look_rank, CELL_INTEGER, {0}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"difference", MSG_ctl_col_look_difference, CELL_DECIMAL, {.leaves = 3}},
    {"schools", MSG_ctl_col_look_schools, CELL_DECIMAL, {0}},
    {"excused", MSG_ctl_col_look_excused, CELL_INTEGER, {.leaves = 1}},
    {"missing", MSG_ctl_col_missing, CELL_INTEGER, {0}},
    {"before", MSG_ctl_col_before, CELL_DECIMAL, {.leaves = 4}},
    {"change", MSG_ctl_col_look_change, CELL_DECIMAL, {0}},
};

static const struct output_column of_areas[] = {
    {"rank", MSG_ctl_col_look_rank, CELL_INTEGER, {0}},
    {"area", MSG_ctl_col_area, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 24, .least = 8}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"schools", MSG_ctl_col_look_schools, CELL_DECIMAL, {0}},
    {"excused", MSG_ctl_col_look_excused, CELL_INTEGER, {.leaves = 1}},
    {"missing", MSG_ctl_col_missing, CELL_INTEGER, {0}},
    {"before", MSG_ctl_col_before, CELL_DECIMAL, {.leaves = 2}},
    {"change", MSG_ctl_col_look_change, CELL_DECIMAL, {0}},
};

static const struct output_column of_schools[] = {
    {"rank", MSG_ctl_col_look_rank, CELL_INTEGER, {0}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 12}},
    {"district", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {.leaves = 2}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"filled", MSG_ctl_col_look_filled, CELL_DECIMAL, {.leaves = 3}},
    {"state", MSG_ctl_col_state, CELL_TEXT, {0}},
};

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)words;
    cells[KIND] = message_word(ctl->language, PQgetvalue(result, row, KIND));
    cells[STATE] = look_state(ctl, PQgetvalue(result, row, STATE));
}

static const struct listing districts = {.columns = of_districts,
                                         .n = sizeof(of_districts) / sizeof(of_districts[0]),
                                         .none = MSG_ctl_look_none,
                                         .one = MESSAGE_COUNT};
static const struct listing areas = {.columns = of_areas,
                                     .n = sizeof(of_areas) / sizeof(of_areas[0]),
                                     .none = MSG_ctl_look_none,
                                     .one = MESSAGE_COUNT};
static const struct listing schools = {.columns = of_schools,
                                       .n = sizeof(of_schools) / sizeof(of_schools[0]),
                                       .none = MSG_ctl_look_none,
                                       .one = MESSAGE_COUNT,
                                       .in_words = in_words};

/* Of what stands side by side: neither flag, districts. */
static bool
is_one_kind(struct ctl *ctl, bool schools_too, bool areas_too)
{
    if (schools_too && areas_too)
        ctl_usage(ctl, MSG_ctl_rank_one_kind, NULL);
    return !schools_too || !areas_too;
}

int
cmd_rank(struct ctl *ctl, int argc, char **argv)
{
    const char *values[5] = {NULL};
    bool each_school = false, each_area = false;
    const struct ctl_option own[] = {{"district", &values[2], NULL}, {"kind", &values[3], NULL},
                                     {"top", &values[4], NULL},      {"schools", NULL, &each_school},
                                     {"areas", NULL, &each_area},    {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (!look_operands(ctl, argc, argv, first, 2, 2) || !is_one_kind(ctl, each_school, each_area))
        return ctl->status;
    values[0] = argv[first];
    values[1] = argv[first + 1];
    if (!is_period(ctl, values[1]) || !is_district(ctl, values[2]) || !is_kind(ctl, values[3]) ||
        !look_number(ctl, values[4]) || !db_connect_to_ask(ctl) || !knows_indicator(ctl, values[0]) ||
        !sees_totals(ctl, values[2]) || !has_opened(ctl, values[1], NULL))
        return ctl->status;
    if (each_school)
        return listing_tell(ctl, &schools, look_ask(ctl, SCHOOLS, FROM_SCHOOLS, 5, values));
    if (each_area)
        return listing_tell(ctl, &areas, look_ask(ctl, AREAS, FROM_AREAS, 5, values));
    return listing_tell(ctl, &districts, look_ask(ctl, DISTRICTS, FROM_DISTRICTS, 5, values));
}
