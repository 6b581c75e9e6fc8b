/*
 * yuebaoctl punctuality: who reports in time, over a year.
 */
#include "db.h"
#include "heard.h"
#include "known.h"
#include "look.h"
#include "places.h"

/* Parameters, $1 and on; each query uses as many as it needs from the first. */
enum { OF_DISTRICT, OF_YEAR, OF_FORM, OF_AREA, OF_SCHOOL, VALUES };

/* A share is cut, not rounded: 100% is shown only when everything came in time. */
#define COUNTS "x.expected, x.on_time, x.late, x.kept, x.missing, pg_catalog.trunc(x.share * 100, 1) || '%'"

#define FROM_DISTRICTS                                                                                       \
    "FROM api.district_punctuality($1::integer, $2::integer, true, $3) AS x "                                \
    "ORDER BY NOT x.own, x.share, x.district"
#define DISTRICTS "x.year, x.district, x.district_@, x.schools, x.always_on_time, " COUNTS

#define FROM_AREA_YEAR                                                                                       \
    "FROM api.area_punctuality($4, $2::integer, $1::integer, $3) AS x ORDER BY x.share, x.area"
#define AREA_YEAR "x.year, x.area, x.area_@, x.schools, x.always_on_time, " COUNTS

#define FROM_SCHOOLS                                                                                         \
    "FROM api.punctuality_of($1::integer, $2::integer, $5, $4, $3) AS x ORDER BY x.share, x.district, "      \
    "x.school, "                                                                                             \
    "x.form"
#define SCHOOLS                                                                                              \
    "x.year, x.district_@, x.school, x.school_@, x.form, " COUNTS                                            \
    ", " HEARD_DAY("x.last_report", "true") ", " HEARD_DAY("x.last_contact", "true")

enum { LAST_REPORT = 11, LAST_CONTACT = 12 };

#define COUNT_COLUMNS                                                                                        \
    {"expected", MSG_ctl_col_expected, CELL_INTEGER, {0}},                                                   \
        {"on_time", MSG_ctl_col_on_time, CELL_INTEGER, {0}}, {"late", MSG_ctl_col_late, CELL_INTEGER, {0}},  \
        {"kept", MSG_ctl_col_kept, CELL_INTEGER, {0}}, {"missing", MSG_ctl_col_missing, CELL_INTEGER, {0}},  \
    {                                                                                                        \
        "share", MSG_ctl_col_look_share, CELL_DECIMAL,                                                       \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }

static const struct output_column of_districts[] = {
    {"year", MSG_ctl_col_look_year, CELL_TEXT, {.leaves = 1}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8}},
    {"schools", MSG_ctl_col_counted, CELL_INTEGER, {0}},
    {"always_on_time", MSG_ctl_col_look_always, CELL_INTEGER, {.leaves = 3}},
    COUNT_COLUMNS,
};

static const struct output_column of_area[] = {
    {"year", MSG_ctl_col_look_year, CELL_TEXT, {.leaves = 1}},
    {"area", MSG_ctl_col_area, CELL_TEXT, {.leaves = 2}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 24, .least = 8}},
    {"schools", MSG_ctl_col_counted, CELL_INTEGER, {0}},
    {"always_on_time", MSG_ctl_col_look_always, CELL_INTEGER, {.leaves = 3}},
    COUNT_COLUMNS,
};

static const struct output_column of_schools[] = {
    {"year", MSG_ctl_col_look_year, CELL_TEXT, {.leaves = 2}},
    {"district", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 12}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {.leaves = 3}},
    COUNT_COLUMNS,
    {"last_report", MSG_ctl_col_last_report, CELL_TEXT, {.leaves = 4}},
    {"last_contact", MSG_ctl_col_last_contact, CELL_TEXT, {.leaves = 5}},
};

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[LAST_REPORT] = heard_day(ctl, cells[LAST_REPORT]);
    cells[LAST_CONTACT] = heard_day(ctl, cells[LAST_CONTACT]);
}

int
cmd_punctuality(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing districts = {.columns = of_districts,
                                             .n = sizeof(of_districts) / sizeof(of_districts[0]),
                                             .none = MSG_ctl_punctuality_none,
                                             .one = MESSAGE_COUNT};
    static const struct listing schools = {.columns = of_schools,
                                           .n = sizeof(of_schools) / sizeof(of_schools[0]),
                                           .none = MSG_ctl_punctuality_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = in_words};
    static const struct listing area = {.columns = of_area,
                                        .n = sizeof(of_area) / sizeof(of_area[0]),
                                        .none = MSG_ctl_punctuality_none,
                                        .one = MESSAGE_COUNT};
    struct place place = {NULL, NULL};
    const char *values[VALUES] = {NULL};
    bool each = false;
    const struct ctl_option own[] = {PLACE_OPTIONS(place),
                                     {"year", &values[OF_YEAR], NULL},
                                     {"school", &values[OF_SCHOOL], NULL},
                                     {"form", &values[OF_FORM], NULL},
                                     {"schools", NULL, &each},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (!look_operands(ctl, argc, argv, first, 0, 0) || !place_is_one(ctl, &place) ||
        !look_number(ctl, values[OF_YEAR]) || !is_form(ctl, values[OF_FORM]) || !db_connect_to_ask(ctl) ||
        !knows_form(ctl, values[OF_FORM]) || !knows_school(ctl, values[OF_SCHOOL]) ||
        !(each || values[OF_SCHOOL] != NULL ? place_is_known(ctl, &place) : place_adds_up(ctl, &place)))
        return ctl->status;
    values[OF_DISTRICT] = place.district;
    values[OF_AREA] = place.area;
    if (each || values[OF_SCHOOL] != NULL)
        return listing_tell(ctl, &schools, look_ask(ctl, SCHOOLS, FROM_SCHOOLS, VALUES, values));
    if (place.area != NULL)
        return listing_tell(ctl, &area, look_ask(ctl, AREA_YEAR, FROM_AREA_YEAR, OF_SCHOOL, values));
    return listing_tell(ctl, &districts, look_ask(ctl, DISTRICTS, FROM_DISTRICTS, OF_AREA, values));
}
