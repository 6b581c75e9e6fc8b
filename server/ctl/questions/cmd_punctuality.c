/*
 * yuebaoctl punctuality: who reports in time, over a year.
 */
#include "db.h"
#include "known.h"
#include "look.h"

/* A share is cut, not rounded: 100% is shown only when everything came in time. */
#define COUNTS "x.expected, x.on_time, x.late, x.kept, x.missing, pg_catalog.trunc(x.share * 100, 1) || '%'"

#define FROM_DISTRICTS                                                                                       \
    "FROM api.district_punctuality($1::integer, $2::integer) AS x "                                          \
    "ORDER BY NOT x.own, x.share, x.district"
#define DISTRICTS "x.year, x.district, x.district_@, x.schools, x.always_on_time, " COUNTS

#define FROM_SCHOOLS                                                                                         \
    "FROM api.punctuality_of($1::integer, $2::integer, $3) AS x ORDER BY x.share, x.district, x.school, "    \
    "x.form"
#define SCHOOLS "x.year, x.district_@, x.school, x.school_@, x.form, " COUNTS

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

static const struct output_column of_schools[] = {
    {"year", MSG_ctl_col_look_year, CELL_TEXT, {.leaves = 2}},
    {"district", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 12}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {.leaves = 3}},
    COUNT_COLUMNS,
};

int
cmd_punctuality(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing districts = {.columns = of_districts,
                                             .n = sizeof(of_districts) / sizeof(of_districts[0]),
                                             .none = MSG_ctl_nothing_owed,
                                             .one = MESSAGE_COUNT};
    static const struct listing schools = {.columns = of_schools,
                                           .n = sizeof(of_schools) / sizeof(of_schools[0]),
                                           .none = MSG_ctl_nothing_owed,
                                           .one = MESSAGE_COUNT};
    const char *values[3] = {NULL};
    bool each = false;
    const struct ctl_option own[] = {{"district", &values[0], NULL},
                                     {"year", &values[1], NULL},
                                     {"school", &values[2], NULL},
                                     {"schools", NULL, &each},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (!look_operands(ctl, argc, argv, first, 0, 0) || !is_district(ctl, values[0]) ||
        !look_number(ctl, values[1]) || !db_connect(ctl) || !knows_district(ctl, values[0]) ||
        !knows_school(ctl, values[2]))
        return ctl->status;
    if (each || values[2] != NULL)
        return listing_tell(ctl, &schools, look_ask(ctl, SCHOOLS, FROM_SCHOOLS, 3, values));
    return listing_tell(ctl, &districts, look_ask(ctl, DISTRICTS, FROM_DISTRICTS, 2, values));
}
