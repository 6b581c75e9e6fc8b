/*
 * yuebaoctl missing: which reports are owed and not here, and when their school was last heard.
 */
#include "below.h"
#include "db.h"
#include "heard.h"
#include "known.h"
#include "listing.h"
#include "missing_text.h"
#include "places.h"

#define WHERE_ORDER                                                                                          \
    "($2::text IS NULL OR m.period = $2) AND ($3::text IS NULL OR m.form = $3) "                             \
    "ORDER BY m.due_at, m.district, m.school, m.form"
#define IN_DISTRICT                                                                                          \
    "FROM api.missing AS m WHERE $4::text IS NULL AND " IS_BELOW("m.district") " AND " WHERE_ORDER
#define IN_AREA "FROM api.missing_in_area($4) AS m WHERE $1::integer IS NULL AND " WHERE_ORDER
#define TABLE                                                                                                \
    "SELECT m.district, m.district_zh, m.school, m.school_zh, m.school_en, m.form, m.period, m.due_at, "     \
    "m.overdue, m.enrolled, m.kept, " HEARD_DAY("m.last_report", "true") ", " HEARD_DAY("m.last_contact",    \
                                                                                        "true") " "

enum { KEPT = 10, LAST_REPORT = 11, LAST_CONTACT = 12 };

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"district_zh", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 3}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 40, .least = 20}},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 36, .least = 20, .leaves = 1}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"due_at", MSG_ctl_col_due, CELL_INSTANT, {0}},
    {"overdue", MSG_ctl_col_overdue, CELL_BOOLEAN, {.leaves = 4}},
    {"enrolled", MSG_ctl_col_enrolled, CELL_BOOLEAN, {.leaves = 5}},
    {"kept", MSG_ctl_col_kept, CELL_BOOLEAN, {0}},
    {"last_report", MSG_ctl_col_last_report, CELL_TEXT, {0}},
    {"last_contact", MSG_ctl_col_last_contact, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static PGresult *
ask(struct ctl *ctl, const char *const values[4])
{
    const char *sql = WITH_BELOW "SELECT m.* " IN_DISTRICT;

    if (ctl->format == OUTPUT_TEXT)
        sql = values[3] != NULL ? TABLE IN_AREA : WITH_BELOW TABLE IN_DISTRICT;
    else if (values[3] != NULL)
        sql = "SELECT m.* " IN_AREA;
    return db_query(ctl, sql, 4, values);
}

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[LAST_REPORT] = heard_day(ctl, cells[LAST_REPORT]);
    cells[LAST_CONTACT] = heard_day(ctl, cells[LAST_CONTACT]);
}

/* Reports that came after their period closed are here, but not in the books: that is for the bureau to
 * decide. */
static void
explain_kept(struct ctl *ctl, const PGresult *result)
{
    for (int r = 0; r < PQntuples(result); r++)
        if (PQgetvalue(result, r, KEPT)[0] == 't') {
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
                                           .in_words = in_words,
                                           .in_total = explain_kept};
    struct place place = {NULL, NULL};
    const char *period = NULL, *form = NULL;
    bool text = false;
    const struct ctl_option own[] = {
        PLACE_OPTIONS(place), {"period", &period, NULL}, {"form", &form, NULL}, {"text", NULL, &text}, {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    if (!place_is_one(ctl, &place) || !is_period(ctl, period) || !is_form(ctl, form) ||
        !db_connect_to_ask(ctl) || !place_is_known(ctl, &place) || !knows_form(ctl, form) ||
        !has_opened(ctl, period, form))
        return ctl->status;
    const char *const values[] = {place.district, period, form, place.area};
    return text ? missing_text(ctl, values) : listing_tell(ctl, &listing, ask(ctl, values));
}
