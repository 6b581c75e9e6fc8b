/*
 * yuebaoctl areas: areas and school clusters, their schools, their totals.
 */
#include "db.h"
#include "known.h"
#include "look.h"
#include "places.h"

enum { OF_AREA, OF_DISTRICT, OF_PERIOD, OF_INDICATOR, OF_KIND, VALUES };

/* ---- which there are ------------------------------------------------------------------------------ */

#define FROM_AREAS "FROM api.areas_in($1::integer) AS x ORDER BY x.district NULLS FIRST, x.area"
#define AREAS      "x.area, x.name_@, x.kind, x.district, x.district_@, x.schools"

enum { AREA_KIND = 2 };

static const struct output_column of_areas[] = {
    {"area", MSG_ctl_col_area, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 12}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 1}},
    {"district_name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 2}},
    {"schools", MSG_ctl_col_counted, CELL_INTEGER, {0}},
};

static void
name_area_kind(struct ctl *ctl, const PGresult *result, int row, const char **cells,
               char words[LISTING_WORDS_MAX])
{
    (void)words;
    cells[AREA_KIND] = message_word(ctl->language, PQgetvalue(result, row, AREA_KIND));
}

static const struct listing areas = {.columns = of_areas,
                                     .n = sizeof(of_areas) / sizeof(of_areas[0]),
                                     .none = MSG_ctl_areas_none,
                                     .one = MSG_ctl_areas_one,
                                     .many = MSG_ctl_areas_count,
                                     .in_words = name_area_kind};

/* ---- whose schools -------------------------------------------------------------------------------- */

#define FROM_MEMBERS "FROM api.area_school AS x WHERE x.area = $1 ORDER BY x.district, x.school, x.from_day"
#define MEMBERS      "x.school, x.school_@, x.kind, x.district_@, x.from_day, x.until_day"

enum { SCHOOL_KIND = 2 };

static const struct output_column of_members[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 12}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"district", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"from_day", MSG_ctl_col_from_day, CELL_TEXT, {0}},
    {"until_day", MSG_ctl_col_until_day, CELL_TEXT, {0}},
};

static void
name_school_kind(struct ctl *ctl, const PGresult *result, int row, const char **cells,
                 char words[LISTING_WORDS_MAX])
{
    (void)words;
    cells[SCHOOL_KIND] = message_word(ctl->language, PQgetvalue(result, row, SCHOOL_KIND));
}

static const struct listing members = {.columns = of_members,
                                       .n = sizeof(of_members) / sizeof(of_members[0]),
                                       .none = MSG_ctl_area_empty,
                                       .one = MSG_ctl_schools_one,
                                       .many = MSG_ctl_schools_count,
                                       .in_words = name_school_kind};

/* ---- their totals --------------------------------------------------------------------------------- */

#define FROM_TOTALS "FROM api.area_total($3, $1, $4, $5, $2::integer) AS x ORDER BY x.area, x.indicator"
#define TOTALS                                                                                               \
    "x.area, x.area_@, x.name_@, " LOOK_FIGURE("x.figure") ", x.unit, " LOOK_FILLED                          \
                                                           ", x.schools || '/' || x.expected, x.excused, "   \
                                                           "x.missing"

static const struct output_column of_totals[] = {
    {"area", MSG_ctl_col_area, CELL_TEXT, {0}},
    {"area_name", MSG_ctl_col_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 2}},
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 40, .least = 16}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"unit", MSG_ctl_col_unit, CELL_TEXT, {.leaves = 3}},
    {"filled", MSG_ctl_col_look_filled, CELL_DECIMAL, {.leaves = 1}},
    {"schools", MSG_ctl_col_look_schools, CELL_DECIMAL, {0}},
    {"excused", MSG_ctl_col_look_excused, CELL_INTEGER, {0}},
    {"missing", MSG_ctl_col_missing, CELL_INTEGER, {0}},
};

enum { TOTAL_UNIT = 4 };

static void
name_unit(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    cells[TOTAL_UNIT] = look_unit(ctl, PQgetvalue(result, row, TOTAL_UNIT), words);
}

static const struct listing totals = {.columns = of_totals,
                                      .n = sizeof(of_totals) / sizeof(of_totals[0]),
                                      .none = MSG_ctl_look_none,
                                      .one = MESSAGE_COUNT,
                                      .in_words = name_unit};

/* ---- the command ---------------------------------------------------------------------------------- */

/* The indicator and the kind of school choose among totals, which are of a period. */
static bool
are_named(struct ctl *ctl, const struct place *place, const char *const values[VALUES])
{
    if (values[OF_PERIOD] == NULL && (values[OF_INDICATOR] != NULL || values[OF_KIND] != NULL)) {
        ctl_usage(ctl, MSG_ctl_areas_period, NULL);
        return false;
    }
    return place_is_one(ctl, place) && is_period(ctl, values[OF_PERIOD]) && is_kind(ctl, values[OF_KIND]);
}

static bool
are_known(struct ctl *ctl, const struct place *place, const char *const values[VALUES])
{
    if (values[OF_PERIOD] == NULL) /* which schools belong to it everybody may know */
        return db_connect(ctl) && has_district(ctl, place->district) && knows_area(ctl, place->area);
    return db_connect_to_ask(ctl) && place_is_known(ctl, place) &&
           knows_indicator(ctl, values[OF_INDICATOR]) && has_opened(ctl, values[OF_PERIOD], NULL);
}

int
cmd_areas(struct ctl *ctl, int argc, char **argv)
{
    const char *values[VALUES] = {NULL};
    struct place place = {NULL, NULL};
    const struct ctl_option own[] = {{"district", &place.district, NULL},
                                     {"period", &values[OF_PERIOD], NULL},
                                     {"indicator", &values[OF_INDICATOR], NULL},
                                     {"kind", &values[OF_KIND], NULL},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (!look_operands(ctl, argc, argv, first, 0, 1))
        return ctl->status;
    if (first < argc)
        place.area = argv[first];
    if (!are_named(ctl, &place, values) || !are_known(ctl, &place, values))
        return ctl->status;
    values[OF_AREA] = place.area;
    values[OF_DISTRICT] = place.district;
    if (values[OF_PERIOD] != NULL)
        return listing_tell(ctl, &totals, look_ask(ctl, TOTALS, FROM_TOTALS, VALUES, values));
    if (place.area != NULL)
        return listing_tell(ctl, &members, look_ask(ctl, MEMBERS, FROM_MEMBERS, 1, &values[OF_AREA]));
    return listing_tell(ctl, &areas, look_ask(ctl, AREAS, FROM_AREAS, 1, &values[OF_DISTRICT]));
}
