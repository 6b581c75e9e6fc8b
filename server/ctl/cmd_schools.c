/*
 * yuebaoctl schools: who reports.
 */
#include "below.h"
#include "db.h"
#include "known.h"
#include "output.h"

#define FROM_WHERE                                                                                           \
    "FROM api.school AS s WHERE " IS_BELOW("s.district") " AND ($2::text IS NULL OR s.kind = $2) "           \
                                                         "ORDER BY s.district, s.institution, s.school"

static const struct output_column columns[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 40, .least = 20}},
    {"name_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 36, .least = 20, .leaves = 1}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"district_zh", MSG_ctl_col_district_name, CELL_TEXT, {0}},
    {"closed_on", MSG_ctl_col_closed_on, CELL_TEXT, {0}},
    {"enrolled", MSG_ctl_col_enrolled, CELL_BOOLEAN, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static int
show(struct ctl *ctl, const PGresult *result)
{
    struct output *output = output_new(columns, COLUMN_COUNT);

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++) {
        const char *cells[COLUMN_COUNT];
        for (size_t c = 0; c < COLUMN_COUNT; c++)
            cells[c] = db_cell(result, r, (int)c);
        cells[3] = message_word(ctl->language, cells[3]);
        output_row(output, cells);
    }
    int status = output_write(output, stdout, ctl);
    output_free(output);
    ctl_say_count(ctl, PQntuples(result), MSG_ctl_schools_one, MSG_ctl_schools_count);
    return status;
}

int
cmd_schools(struct ctl *ctl, int argc, char **argv)
{
    const char *district = NULL, *kind = NULL;
    const struct ctl_option own[] = {{"district", &district, NULL}, {"kind", &kind, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);
    const char *values[] = {NULL, kind};
    bool text = ctl->format == OUTPUT_TEXT;

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    values[0] = district;
    values[1] = kind;
    if (!is_district(ctl, district) || !is_kind(ctl, kind) || !db_connect(ctl) ||
        !knows_district(ctl, district))
        return ctl->status;
    PGresult *result =
        db_query(ctl,
                 text ? WITH_BELOW "SELECT s.school, s.name_zh, s.name_en, s.kind, s.district, "
                                   "s.district_zh, s.closed_on, s.enrolled " FROM_WHERE
                      : WITH_BELOW "SELECT s.* " FROM_WHERE,
                 2, values);
    if (result == NULL)
        return ctl->status;
    int status = text ? show(ctl, result) : output_data(result, ctl);
    PQclear(result);
    return status;
}
