/*
 * yuebaoctl coverage: how many schools have a value for each indicator, and why the others have none.
 */
#include "db.h"
#include "look.h"
#include "places.h"

#define TABLE(code, name, indicator)                                                                         \
    "SELECT " code ", " name ", c.form, c.period, " indicator ", c.required, c.expected, c.with_value, "     \
    "c.not_applicable, c.not_yet_known, c.not_collected, c.refused, c.left_out, c.not_reported "
#define WHERE     "WHERE ($5::text IS NULL OR c.indicator = $5) "
#define OF_PLACES FROM_PLACES("api.coverage") WHERE "AND $6::text IS NULL " PLACES_ORDER ", c.indicator"
#define OF_AREA   FROM_AREA("api.area_coverage") WHERE AREA_ORDER ", c.indicator"

enum { EXPECTED = 6, WITH_VALUE };

/* clang-format off */
#define COUNT_COLUMNS                                                                                        \
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},                                                              \
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},                                                          \
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 40, .least = 16}},                            \
    {"required", MSG_ctl_col_required, CELL_BOOLEAN, {.leaves = 1}},                                         \
    {"expected", MSG_ctl_col_expected, CELL_INTEGER, {0}},                                                   \
    {"with_value", MSG_ctl_col_with_value, CELL_INTEGER, {0}},                                               \
    {"not_applicable", MSG_ctl_col_not_applicable, CELL_INTEGER, {0}},                                       \
    {"not_yet_known", MSG_ctl_col_not_yet_known, CELL_INTEGER, {0}},                                         \
    {"not_collected", MSG_ctl_col_not_collected, CELL_INTEGER, {0}},                                         \
    {"refused", MSG_ctl_col_refused, CELL_INTEGER, {0}},                                                     \
    {"left_out", MSG_ctl_col_left_out, CELL_INTEGER, {0}},                                                   \
    {"not_reported", MSG_ctl_col_not_reported, CELL_INTEGER, {0}}
/* clang-format on */

static const struct output_column of_places[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 3}},
    COUNT_COLUMNS,
};
static const struct output_column of_area[] = {
    {"area", MSG_ctl_col_area, CELL_TEXT, {.leaves = 2}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 3}},
    COUNT_COLUMNS,
};
#define COLUMN_COUNT (sizeof(of_places) / sizeof(of_places[0]))

static PGresult *
ask(struct ctl *ctl, const struct places *places)
{
    static const char *const in_places[] = {
        WITH_PLACES "SELECT c.* " OF_PLACES,
        WITH_PLACES TABLE("c.district", "c.district_zh", "c.name_zh") OF_PLACES,
        WITH_PLACES TABLE("c.district", "c.district_en", "c.name_en") OF_PLACES,
    };
    static const char *const in_area[] = {
        WITH_PLACES "SELECT c.* " OF_AREA,
        WITH_PLACES TABLE("c.area", "c.area_zh", "c.name_zh") OF_AREA,
        WITH_PLACES TABLE("c.area", "c.area_en", "c.name_en") OF_AREA,
    };

    return places_ask(ctl, places, in_places, in_area);
}

static void
explain(struct ctl *ctl, const PGresult *result)
{
    look_mention_away(ctl, result, WITH_VALUE, EXPECTED);
}

int
cmd_coverage(struct ctl *ctl, int argc, char **argv)
{
    struct listing listing = {.columns = of_places,
                              .n = COLUMN_COUNT,
                              .none = MSG_ctl_nothing_asked,
                              .one = MESSAGE_COUNT,
                              .in_total = explain};
    struct places places;

    if (!places_read(ctl, argc, argv, true, &places))
        return ctl->status;
    if (places.where.area != NULL)
        listing.columns = of_area;
    return listing_tell(ctl, &listing, ask(ctl, &places));
}
