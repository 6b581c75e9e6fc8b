/*
 * yuebaoctl schools: who reports.
 */
#include "below.h"
#include "db.h"
#include "heard.h"
#include "known.h"
#include "listing.h"

#define FROM_WHERE                                                                                           \
    "FROM api.school AS s WHERE " IS_BELOW("s.district") " AND ($2::text IS NULL OR s.kind = $2) "           \
                                                         "ORDER BY s.district, s.institution, s.school"

enum { KIND = 3, LAST_REPORT = 8, LAST_CONTACT = 9 };

static const struct output_column columns[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 40, .least = 20}},
    {"name_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 36, .least = 20, .leaves = 1}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {.leaves = 2}},
    {"district_zh", MSG_ctl_col_district_name, CELL_TEXT, {.leaves = 3}},
    {"closed_on", MSG_ctl_col_closed_on, CELL_TEXT, {0}},
    {"enrolled", MSG_ctl_col_enrolled, CELL_BOOLEAN, {.leaves = 4}},
    {"last_report", MSG_ctl_col_last_report, CELL_TEXT, {.leaves = 5}},
    {"last_contact", MSG_ctl_col_last_contact, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[KIND] = message_word(ctl->language, cells[KIND]);
    cells[LAST_REPORT] = heard_day(ctl, cells[LAST_REPORT]);
    cells[LAST_CONTACT] = heard_day(ctl, cells[LAST_CONTACT]);
}

int
cmd_schools(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_schools_none,
                                           .one = MSG_ctl_schools_one,
                                           .many = MSG_ctl_schools_count,
                                           .in_words = in_words};
    const char *district = NULL, *kind = NULL;
    const struct ctl_option own[] = {{"district", &district, NULL}, {"kind", &kind, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);
    const char *values[] = {NULL, kind};

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    values[0] = district;
    values[1] = kind;
    if (!is_district(ctl, district) || !is_kind(ctl, kind) || !db_connect(ctl) ||
        !has_district(ctl, district))
        return ctl->status;
    return listing_tell(
        ctl, &listing,
        db_query(ctl,
                 ctl->format == OUTPUT_TEXT ? WITH_BELOW
                     "SELECT s.school, s.name_zh, s.name_en, s.kind, s.district, "
                     "s.district_zh, s.closed_on, s.enrolled, " HEARD_DAY(
                         "s.last_report", "s.seen") ", " HEARD_DAY("s.last_contact", "s.seen") " " FROM_WHERE
                                            : WITH_BELOW "SELECT s.* " FROM_WHERE,
                 2, values));
}
