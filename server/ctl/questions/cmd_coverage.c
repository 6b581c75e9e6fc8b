/*
 * yuebaoctl coverage: how many schools have a value for each indicator, and why the others have none.
 */
#include "db.h"
#include "listing.h"
#include "places.h"

#define TABLE(name, indicator)                                                                               \
    "SELECT c.district, " name ", c.form, c.period, " indicator ", c.required, c.expected, c.with_value, "   \
    "c.not_applicable, c.not_yet_known, c.not_collected, c.refused, c.left_out, c.not_reported "
#define FROM_WHERE FROM_PLACES("api.coverage") "WHERE $5::text IS NULL OR c.indicator = $5 "
#define ORDER      PLACES_ORDER ", c.indicator"

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 3}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 40, .least = 16}},
    {"required", MSG_ctl_col_required, CELL_BOOLEAN, {.leaves = 1}},
    {"expected", MSG_ctl_col_expected, CELL_INTEGER, {0}},
    {"with_value", MSG_ctl_col_with_value, CELL_INTEGER, {0}},
    {"not_applicable", MSG_ctl_col_not_applicable, CELL_INTEGER, {0}},
    {"not_yet_known", MSG_ctl_col_not_yet_known, CELL_INTEGER, {0}},
    {"not_collected", MSG_ctl_col_not_collected, CELL_INTEGER, {0}},
    {"refused", MSG_ctl_col_refused, CELL_INTEGER, {0}},
    {"left_out", MSG_ctl_col_left_out, CELL_INTEGER, {0}},
    {"not_reported", MSG_ctl_col_not_reported, CELL_INTEGER, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static PGresult *
ask(struct ctl *ctl, const struct places *places)
{
    const char *values[PLACES_VALUES], *sql = WITH_PLACES "SELECT c.* " FROM_WHERE ORDER;

    places_values(places, values);
    if (ctl->format == OUTPUT_TEXT)
        sql = ctl->language == LANGUAGE_ZH ? WITH_PLACES TABLE("c.district_zh", "c.name_zh") FROM_WHERE ORDER
                                           : WITH_PLACES TABLE("c.district_en", "c.name_en") FROM_WHERE ORDER;
    return db_query(ctl, sql, PLACES_VALUES, values);
}

int
cmd_coverage(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {
        .columns = columns, .n = COLUMN_COUNT, .none = MSG_ctl_nothing_asked, .one = MESSAGE_COUNT};
    struct places places;

    if (!places_read(ctl, argc, argv, true, &places))
        return ctl->status;
    return listing_tell(ctl, &listing, ask(ctl, &places));
}
