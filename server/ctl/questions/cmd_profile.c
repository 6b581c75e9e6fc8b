/*
 * yuebaoctl profile: one school's figures beside its district, and how punctual it is.
 */
#include "db.h"
#include "known.h"
#include "look.h"

#define FROM "FROM api.profile($1, $2) AS x"
/* clang-format off */
#define SHOWN \
    "x.name_@, x.unit, x.period, coalesce(" LOOK_FIGURE("x.figure") ", x.missing_@), " LOOK_FIGURE("x.district_figure") ", " \
    "x.rank || '/' || x.of, x.quarter, " LOOK_FIGURE("x.before") ", " LOOK_CHANGE("x.change") ", " \
    "x.state, x.school, x.district_@, x.kind"
/* clang-format on */

enum { UNIT = 1, FIGURE = 3, STATE = 9, SCHOOL = 10, DISTRICT = 11, KIND = 12 };

static const struct output_column columns[] = {
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 40, .least = 16}},
    {"unit", MSG_ctl_col_unit, CELL_TEXT, {.leaves = 3}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {.leaves = 1}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"district_figure", MSG_ctl_col_district, CELL_DECIMAL, {0}},
    {"rank", MSG_ctl_col_look_rank, CELL_DECIMAL, {0}},
    {"quarter", MSG_ctl_col_look_quarter, CELL_INTEGER, {.leaves = 2}},
    {"before", MSG_ctl_col_before, CELL_DECIMAL, {0}},
    {"change", MSG_ctl_col_look_change, CELL_DECIMAL, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* Where there is neither a value nor a reason: left out, or not reported. */
static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    cells[UNIT] = look_unit(ctl, PQgetvalue(result, row, UNIT), words);
    if (cells[FIGURE] == NULL && PQgetvalue(result, row, STATE)[0] != 'v')
        cells[FIGURE] = look_state(ctl, PQgetvalue(result, row, STATE));
}

/* This year, of each form. */
static void
say_punctuality(struct ctl *ctl, const PGresult *profile)
{
    static const char sql[] = "SELECT p.year, p.form, p.expected, p.on_time, p.late, p.kept, p.missing FROM "
                              "api.punctuality_of(NULL, NULL, $1) AS p ORDER BY p.form";
    const char *school = PQgetvalue(profile, 0, SCHOOL);

    ctl_say(ctl, MSG_ctl_profile_legend, "district", PQgetvalue(profile, 0, DISTRICT), "kind",
            message_word(ctl->language, PQgetvalue(profile, 0, KIND)), NULL);
    PGresult *result = db_query(ctl, sql, 1, &school);
    for (int r = 0; result != NULL && r < PQntuples(result); r++)
        ctl_say(ctl, MSG_ctl_profile_punctuality, "year", PQgetvalue(result, r, 0), "form",
                PQgetvalue(result, r, 1), "expected", PQgetvalue(result, r, 2), "on_time",
                PQgetvalue(result, r, 3), "late", PQgetvalue(result, r, 4), "kept", PQgetvalue(result, r, 5),
                "missing", PQgetvalue(result, r, 6), NULL);
    PQclear(result);
}

int
cmd_profile(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_look_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = in_words,
                                           .in_total = say_punctuality};
    int first = ctl_options(ctl, argc, argv, NULL);

    if (!look_operands(ctl, argc, argv, first, 1, 2))
        return ctl->status;
    const char *values[] = {argv[first], first + 1 < argc ? argv[first + 1] : NULL};
    if (!is_period(ctl, values[1]) || !db_connect_to_ask(ctl) || !knows_school(ctl, values[0]) ||
        !has_opened(ctl, values[1], NULL))
        return ctl->status;
    return listing_tell(ctl, &listing, look_ask(ctl, SHOWN, FROM, 2, values));
}
