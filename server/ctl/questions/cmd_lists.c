/*
 * yuebaoctl districts, plans, indicators: what the other commands are asked about, found by a part of its
 * code or name in either language.
 */
#include "db.h"
#include "known.h"
#include "look.h"

#define HAS(words)                                                                                           \
    " AS x WHERE $1::text IS NULL OR pg_catalog.strpos(lower(" words "), lower($1)) > 0 ORDER BY "

static int
tell(struct ctl *ctl, int argc, char **argv, const struct listing *listing, const char *columns,
     const char *from)
{
    int first = ctl_options(ctl, argc, argv, NULL);

    if (!look_operands(ctl, argc, argv, first, 0, 1) || !db_connect(ctl))
        return ctl->status;
    const char *values[] = {first < argc ? argv[first] : NULL};
    return listing_tell(ctl, listing, look_ask(ctl, columns, from, 1, values));
}

/* ---- districts ------------------------------------------------------------------------------------ */

static const struct output_column of_districts[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"level", MSG_ctl_col_level, CELL_TEXT, {.leaves = 2}},
    {"name_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 40, .least = 12}},
    {"name_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 40, .least = 12}},
    {"parent", MSG_ctl_col_parent, CELL_INTEGER, {.leaves = 1}},
};
enum { LEVEL = 1 };

static void
name_level(struct ctl *ctl, const PGresult *result, int row, const char **cells,
           char words[LISTING_WORDS_MAX])
{
    (void)words;
    cells[LEVEL] = message_word(ctl->language, PQgetvalue(result, row, LEVEL));
}

int
cmd_districts(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = of_districts,
                                           .n = sizeof(of_districts) / sizeof(of_districts[0]),
                                           .none = MSG_ctl_lists_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = name_level};

    return tell(ctl, argc, argv, &listing, "x.district, x.level, x.name_zh, x.name_en, x.parent",
                "FROM api.district" HAS("x.district || ' ' || x.name_zh || ' ' || x.name_en") "x.district");
}

/* ---- plans ---------------------------------------------------------------------------------------- */

static const struct output_column of_plans[] = {
    {"plan", MSG_ctl_col_plan, CELL_TEXT, {0}},
    {"title", MSG_ctl_col_title, CELL_TEXT, {.widest = 60, .least = 20}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"district_name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"period_start", MSG_ctl_col_from_day, CELL_TEXT, {0}},
    {"period_end", MSG_ctl_col_until_day, CELL_TEXT, {0}},
    {"targets", MSG_ctl_col_targets, CELL_INTEGER, {0}},
};

int
cmd_plans(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = of_plans,
                                           .n = sizeof(of_plans) / sizeof(of_plans[0]),
                                           .none = MSG_ctl_lists_none,
                                           .one = MESSAGE_COUNT};

    return tell(
        ctl, argc, argv, &listing,
        "x.plan, x.title_@, x.district, x.district_@, x.period_start, x.period_end, x.targets",
        "FROM api.plan" HAS("x.plan || ' ' || x.title_zh || ' ' || x.title_en || ' ' || x.district || ' ' || "
                            "x.district_zh || ' ' || x.district_en") "x.period_start, x.plan");
}

/* ---- indicators ----------------------------------------------------------------------------------- */

static const struct output_column of_indicators[] = {
    {"indicator", MSG_ctl_col_code, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 60, .least = 14}},
    {"unit", MSG_ctl_col_unit, CELL_TEXT, {.leaves = 2}},
    {"frequency", MSG_ctl_col_frequency, CELL_TEXT, {.leaves = 1}},
};
enum { UNIT = 2, FREQUENCY = 3 };

static void
name_unit(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    cells[UNIT] = look_unit(ctl, PQgetvalue(result, row, UNIT), words);
    if (!PQgetisnull(result, row, FREQUENCY))
        cells[FREQUENCY] = message_word(ctl->language, PQgetvalue(result, row, FREQUENCY));
}

int
cmd_indicators(struct ctl *ctl, int argc, char **argv)
{
    static const struct listing listing = {.columns = of_indicators,
                                           .n = sizeof(of_indicators) / sizeof(of_indicators[0]),
                                           .none = MSG_ctl_lists_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = name_unit};

    return tell(
        ctl, argc, argv, &listing, "x.indicator, x.name_@, x.unit, x.frequency",
        "FROM api.indicator" HAS("x.indicator || ' ' || x.name_zh || ' ' || x.name_en") "x.indicator");
}
