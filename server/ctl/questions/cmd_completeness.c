/*
 * yuebaoctl completeness: how much of what is owed is here.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "listing.h"
#include "places.h"

/* A share is cut, not rounded: 100% is shown only when nothing is missing. */
#define TABLE(code, name, own)                                                                               \
    "SELECT " code ", " name ", c.form, c.period, c.expected, c.reported, "                                  \
    "trunc(c.reported * 100.0 / c.expected, 1)::text || '%', c.on_time, c.late, c.corrected, c.admitted, "   \
    "c.kept, c.missing, " own " "
#define OF_PLACES FROM_PLACES("api.completeness") "WHERE $5::text IS NULL AND $6::text IS NULL " PLACES_ORDER
#define OF_AREA   FROM_AREA("api.area_completeness") "WHERE $5::text IS NULL " AREA_ORDER

enum { EXPECTED = 4, REPORTED = 5, OWN = 13 };

/* clang-format off */
#define COUNT_COLUMNS                                                                                        \
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},                                                              \
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},                                                          \
    {"expected", MSG_ctl_col_expected, CELL_INTEGER, {0}},                                                   \
    {"reported", MSG_ctl_col_reported, CELL_INTEGER, {0}},                                                   \
    {"share", MSG_ctl_col_share, CELL_DECIMAL, {0}},                                                         \
    {"on_time", MSG_ctl_col_on_time, CELL_INTEGER, {0}},                                                     \
    {"late", MSG_ctl_col_late, CELL_INTEGER, {0}},                                                           \
    {"corrected", MSG_ctl_col_corrected, CELL_INTEGER, {.leaves = 4}},                                       \
    {"admitted", MSG_ctl_col_admitted, CELL_INTEGER, {.leaves = 3}},                                         \
    {"kept", MSG_ctl_col_kept, CELL_INTEGER, {0}},                                                           \
    {"missing", MSG_ctl_col_missing, CELL_INTEGER, {0}}
/* clang-format on */

static const struct output_column of_places[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8}},
    COUNT_COLUMNS,
};
static const struct output_column of_area[] = {
    {"area", MSG_ctl_col_area, CELL_TEXT, {.leaves = 2}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 24, .least = 8}},
    COUNT_COLUMNS,
};
#define COLUMN_COUNT (sizeof(of_places) / sizeof(of_places[0]))

static PGresult *
ask(struct ctl *ctl, const struct places *places)
{
    static const char *const in_places[] = {
        WITH_PLACES "SELECT c.* " OF_PLACES,
        WITH_PLACES TABLE("c.district", "c.district_zh", "p.own") OF_PLACES,
        WITH_PLACES TABLE("c.district", "c.district_en", "p.own") OF_PLACES,
    };
    static const char *const in_area[] = {
        WITH_PLACES "SELECT c.* " OF_AREA,
        WITH_PLACES TABLE("c.area", "c.area_zh", "true") OF_AREA,
        WITH_PLACES TABLE("c.area", "c.area_en", "true") OF_AREA,
    };

    return places_ask(ctl, places, in_places, in_area);
}

/* What the lines of the district itself come to, those below it being in it. */
static void
say_sum(struct ctl *ctl, const PGresult *result)
{
    long expected = 0, reported = 0;
    char texts[3][24];

    for (int r = 0; r < PQntuples(result); r++)
        if (PQgetvalue(result, r, OWN)[0] == 't') {
            expected += strtol(PQgetvalue(result, r, EXPECTED), NULL, 10);
            reported += strtol(PQgetvalue(result, r, REPORTED), NULL, 10);
        }
    long per_mille = expected == 0 ? 0 : reported * 1000 / expected;
    snprintf(texts[0], sizeof(texts[0]), "%ld", expected);
    snprintf(texts[1], sizeof(texts[1]), "%ld", reported);
    snprintf(texts[2], sizeof(texts[2]), "%ld.%ld", per_mille / 10, per_mille % 10);
    ctl_say(ctl, MSG_ctl_completeness_sum, "expected", texts[0], "reported", texts[1], "share", texts[2],
            NULL);
}

int
cmd_completeness(struct ctl *ctl, int argc, char **argv)
{
    struct listing listing = {.columns = of_places,
                              .n = COLUMN_COUNT,
                              .none = MSG_ctl_nothing_owed,
                              .one = MESSAGE_COUNT,
                              .in_total = say_sum};
    struct places places;

    if (!places_read(ctl, argc, argv, false, &places))
        return ctl->status;
    if (places.where.area != NULL)
        listing.columns = of_area;
    return listing_tell(ctl, &listing, ask(ctl, &places));
}
