/*
 * yuebaoctl completeness: how much of what is owed is here.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "listing.h"
#include "places.h"

/* A share is cut, not rounded: 100% is shown only when nothing is missing. */
#define TABLE(name)                                                                                          \
    "SELECT c.district, " name ", c.form, c.period, c.expected, c.reported, "                                \
    "trunc(c.reported * 100.0 / c.expected, 1)::text || '%', c.on_time, c.late, c.corrected, c.admitted, "   \
    "c.kept, c.missing, p.own "
#define FROM_WHERE FROM_PLACES("api.completeness") "WHERE $5::text IS NULL "

enum { EXPECTED = 4, REPORTED = 5, OWN = 13 };

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"expected", MSG_ctl_col_expected, CELL_INTEGER, {0}},
    {"reported", MSG_ctl_col_reported, CELL_INTEGER, {0}},
    {"share", MSG_ctl_col_share, CELL_DECIMAL, {0}},
    {"on_time", MSG_ctl_col_on_time, CELL_INTEGER, {0}},
    {"late", MSG_ctl_col_late, CELL_INTEGER, {0}},
    {"corrected", MSG_ctl_col_corrected, CELL_INTEGER, {.leaves = 4}},
    {"admitted", MSG_ctl_col_admitted, CELL_INTEGER, {.leaves = 3}},
    {"kept", MSG_ctl_col_kept, CELL_INTEGER, {0}},
    {"missing", MSG_ctl_col_missing, CELL_INTEGER, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static PGresult *
ask(struct ctl *ctl, const struct places *places)
{
    const char *values[PLACES_VALUES], *sql = WITH_PLACES "SELECT c.* " FROM_WHERE PLACES_ORDER;

    places_values(places, values);
    if (ctl->format == OUTPUT_TEXT)
        sql = ctl->language == LANGUAGE_ZH ? WITH_PLACES TABLE("c.district_zh") FROM_WHERE PLACES_ORDER
                                           : WITH_PLACES TABLE("c.district_en") FROM_WHERE PLACES_ORDER;
    return db_query(ctl, sql, PLACES_VALUES, values);
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
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_nothing_owed,
                                           .one = MESSAGE_COUNT,
                                           .in_total = say_sum};
    struct places places;

    if (!places_read(ctl, argc, argv, false, &places))
        return ctl->status;
    return listing_tell(ctl, &listing, ask(ctl, &places));
}
