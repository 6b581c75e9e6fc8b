/*
 * yuebaoctl missing: which reports are owed and not here.
 */
#include "below.h"
#include "db.h"
#include "known.h"
#include "listing.h"
#include "missing_text.h"

#define FROM_WHERE                                                                                           \
    "FROM api.missing AS m WHERE " IS_BELOW(                                                                 \
        "m.district") " AND ($2::text IS NULL OR m.period = $2) AND "                                        \
                      "($3::text IS NULL OR m.form = $3) ORDER BY m.due_at, m.district, m.school, m.form"

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"district_zh", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 3}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 40, .least = 20}},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 36, .least = 20, .leaves = 1}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"due_at", MSG_ctl_col_due, CELL_INSTANT, {0}},
    {"overdue", MSG_ctl_col_overdue, CELL_BOOLEAN, {0}},
    {"enrolled", MSG_ctl_col_enrolled, CELL_BOOLEAN, {0}},
    {"kept", MSG_ctl_col_kept, CELL_BOOLEAN, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static PGresult *
ask(struct ctl *ctl, const char *const values[3])
{
    if (ctl->format != OUTPUT_TEXT)
        return db_query(ctl, WITH_BELOW "SELECT m.* " FROM_WHERE, 3, values);
    return db_query(ctl,
                    WITH_BELOW
                    "SELECT m.district, m.district_zh, m.school, m.school_zh, m.school_en, m.form, m.period, "
                    "m.due_at, m.overdue, m.enrolled, m.kept " FROM_WHERE,
                    3, values);
}

/* Reports that came after their period closed are here, but not in the books: that is for the bureau to
 * decide. */
static void
explain_kept(struct ctl *ctl, const PGresult *result)
{
    for (int r = 0; r < PQntuples(result); r++)
        if (PQgetvalue(result, r, COLUMN_COUNT - 1)[0] == 't') {
            ctl_say(ctl, MSG_ctl_missing_kept, NULL);
            return;
        }
}

int
cmd_missing(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_nothing_missing,
                                           .one = MSG_ctl_missing_one,
                                           .many = MSG_ctl_missing_count,
                                           .in_total = explain_kept};
    const char *district = NULL, *period = NULL, *form = NULL;
    bool text = false;
    const struct ctl_option own[] = {{"district", &district, NULL},
                                     {"period", &period, NULL},
                                     {"form", &form, NULL},
                                     {"text", NULL, &text},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    if (!is_district(ctl, district) || !is_period(ctl, period) || !is_form(ctl, form) || !db_connect(ctl) ||
        !knows_district(ctl, district) || !knows_form(ctl, form) || !has_opened(ctl, period, form))
        return ctl->status;
    const char *const values[] = {district, period, form};
    return text ? missing_text(ctl, values) : listing_tell(ctl, &listing, ask(ctl, values));
}
