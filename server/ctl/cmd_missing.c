/*
 * yuebaoctl missing: which reports are owed and not here.
 */
#include "below.h"
#include "db.h"
#include "output.h"

#define FROM_WHERE                                                                                           \
    "FROM api.missing AS m WHERE " IS_BELOW(                                                                 \
        "m.district") " AND ($2::text IS NULL OR m.period = $2) AND "                                        \
                      "($3::text IS NULL OR m.form = $3) ORDER BY m.due_at, m.district, m.school, m.form"

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, 0},
    {"district_zh", MSG_ctl_col_district_name, CELL_TEXT, 0},
    {"school", MSG_ctl_col_school, CELL_TEXT, 0},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, 40},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, 36},
    {"form", MSG_ctl_col_form, CELL_TEXT, 0},
    {"period", MSG_ctl_col_period, CELL_TEXT, 0},
    {"due_at", MSG_ctl_col_due, CELL_TEXT, 0},
    {"overdue", MSG_ctl_col_overdue, CELL_BOOLEAN, 0},
    {"enrolled", MSG_ctl_col_enrolled, CELL_BOOLEAN, 0},
};

static PGresult *
ask(struct ctl *ctl, const char *const values[3])
{
    if (ctl->format != OUTPUT_TEXT)
        return db_query(ctl, WITH_BELOW "SELECT m.* " FROM_WHERE, 3, values);
    return db_query(ctl,
                    WITH_BELOW
                    "SELECT m.district, m.district_zh, m.school, m.school_zh, m.school_en, m.form, m.period, "
                    "pg_catalog.to_char(m.due_at, 'YYYY-MM-DD HH24:MI'), m.overdue, m.enrolled " FROM_WHERE,
                    3, values);
}

int
cmd_missing(struct ctl *ctl, int argc, char **argv)
{
    const char *district = NULL, *period = NULL, *form = NULL;
    const struct ctl_option own[] = {
        {"district", &district, NULL}, {"period", &period, NULL}, {"form", &form, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own), status;
    char count[24];

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    if (!ctl_district_is_sound(ctl, district) || !db_connect(ctl))
        return ctl->status;
    PGresult *result = ask(ctl, (const char *const[]){district, period, form});
    if (result == NULL)
        return ctl->status;
    snprintf(count, sizeof(count), "%d", PQntuples(result));
    if (ctl->format != OUTPUT_TEXT) {
        status = output_data(result, ctl);
    } else if (PQntuples(result) == 0) {
        ctl_say(ctl, MSG_ctl_nothing_missing, NULL);
        status = EX_OK;
    } else {
        status = output_result(columns, sizeof(columns) / sizeof(columns[0]), result, ctl);
        ctl_say(ctl, MSG_ctl_missing_count, "count", count, NULL);
    }
    PQclear(result);
    return status;
}
