/*
 * publish show, held, compare: an edition as the public sees it, what it holds back and why, and two of them
 * side by side.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "listing.h"
#include "publish.h"

/* Of one edition ($1 $2 $3), a district and those below it ($4), if one is named. */
#define OF_EDITION                                                                                           \
    "f.publisher = $1::integer AND f.period = $2 AND f.edition = $3::integer AND ($4::integer IS NULL OR "   \
    "f.district = ANY "                                                                                      \
    "(published.below($1::integer, $2, $3::integer, $4::integer))) "
#define IN_ORDER "ORDER BY f.number, f.\"position\", f.kind NULLS FIRST"

/* As it is read: 118, 1.50, or 0.983333 (118/120). */
#define SHOWN                                                                                                 \
    "CASE WHEN f.held_back THEN '*' WHEN f.denominator IS NOT NULL THEN coalesce(f.ratio::text, '–') || ' " \
    "(' || f.value || '/' || "                                                                                \
    "f.denominator || ')' ELSE coalesce(f.value::text, '–') END"

/* ---- show ----------------------------------------------------------------------------------------- */

static const struct output_column show_columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 40, .least = 16}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"schools", MSG_ctl_col_schools_with, CELL_INTEGER, {.leaves = 2}},
    {"figure", MSG_ctl_col_value, CELL_DECIMAL, {0}},
};
enum { SHOW_KIND = 3 };

static void
kind_in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells,
              char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[SHOW_KIND] = cells[SHOW_KIND] == NULL ? message_text(ctl->language, MSG_ctl_publish_all_kinds)
                                                : message_word(ctl->language, cells[SHOW_KIND]);
}

static void
explain_stars(struct ctl *ctl, const PGresult *result)
{
    (void)result;
    ctl_say(ctl, MSG_ctl_publish_star, NULL);
}

int
publish_tell(struct ctl *ctl, const struct publish_options *o, const char *edition)
{
    static const struct listing listing = {.columns = show_columns,
                                           .n = sizeof(show_columns) / sizeof(show_columns[0]),
                                           .none = MSG_ctl_publish_nothing_there,
                                           .one = MESSAGE_COUNT,
                                           .in_words = kind_in_words,
                                           .in_total = explain_stars};
    static const char data[] =
        "SELECT f.publisher, f.period, f.edition, f.district, f.district_zh, f.district_en, f.level, f.kind, "
        "f.indicator, f.name_zh, f.name_en, f.unit, f.schools, f.held_back, f.value, f.denominator, f.ratio "
        "FROM published.figure AS f WHERE " OF_EDITION IN_ORDER;
    static const char zh[] = "SELECT f.district, f.district_zh, f.name_zh, f.kind, f.schools, " SHOWN
                             " FROM published.figure AS f WHERE " OF_EDITION IN_ORDER;
    static const char en[] = "SELECT f.district, f.district_en, f.name_en, f.kind, f.schools, " SHOWN
                             " FROM published.figure AS f WHERE " OF_EDITION IN_ORDER;
    const char *values[] = {o->district, o->period, edition, o->below};
    const char *sql = ctl->format != OUTPUT_TEXT ? data : ctl->language == LANGUAGE_ZH ? zh : en;
    int status = listing_tell(ctl, &listing, db_query(ctl, sql, 4, values));

    return status == EX_OK && o->html != NULL ? publish_page(ctl, o, edition) : status;
}

int
publish_show(struct ctl *ctl, const struct publish_options *o)
{
    if (!publish_begin(ctl, o, false))
        return ctl->status;
    char *edition = publish_edition(ctl, o);
    if (edition == NULL)
        return ctl->status;
    bool page_only = o->html != NULL && ctl->format == OUTPUT_TEXT;
    int status = page_only ? publish_page(ctl, o, edition) : publish_tell(ctl, o, edition);
    free(edition);
    return status;
}

/* ---- held ----------------------------------------------------------------------------------------- */

static const struct output_column held_columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 40, .least = 16}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"schools", MSG_ctl_col_schools_with, CELL_INTEGER, {.leaves = 2}},
    {"figure", MSG_ctl_col_value, CELL_DECIMAL, {0}},
    {"held", MSG_ctl_col_held_why, CELL_TEXT, {0}},
};
enum { HELD_WHY = 6 };

static const struct {
    const char *code;
    enum message word;
} reasons[] = {
    {"schools", MSG_ctl_why_schools}, {"count", MSG_ctl_why_count},           {"share", MSG_ctl_why_share},
    {"joined", MSG_ctl_why_joined},   {"before", MSG_ctl_why_before},         {"tied", MSG_ctl_why_tied},
    {"frozen", MSG_ctl_why_frozen},   {"complement", MSG_ctl_why_complement},
};

static void
held_in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells,
              char words[LISTING_WORDS_MAX])
{
    kind_in_words(ctl, result, row, cells, words);
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reasons[i].code, cells[HELD_WHY]) == 0) {
            cells[HELD_WHY] = message_text(ctl->language, reasons[i].word);
            return;
        }
}

/* What is in the edition, for administrators: published.figure with its numbers and reasons. */
#define HELD(name)                                                                                           \
    "SELECT c.district, d." name ", i." name ", nullif(c.kind, ''), c.schools, "                             \
    "CASE i.over_schools WHEN 'ratio_of_sums' THEN round(c.value / 10::numeric ^ i.decimals, i.decimals) "   \
    "|| '/' || "                                                                                             \
    "round(c.denominator / 10::numeric ^ i.denominator_decimals, i.denominator_decimals) "                   \
    "ELSE round(c.value / 10::numeric ^ i.decimals, i.decimals)::text END, c.held " HELD_FROM
#define HELD_FROM                                                                                            \
    "FROM yuebao.period_of($2) AS o JOIN yuebao.publication AS p ON p.district = $1::integer AND p.period "  \
    "= o.first_day "                                                                                         \
    "AND p.frequency = o.frequency AND p.edition = $3::integer "                                             \
    "JOIN yuebao.publication_cell AS c ON c.publication = p.publication AND c.held IS NOT NULL "             \
    "JOIN yuebao.publication_district AS d ON d.publication = p.publication AND d.district = c.district "    \
    "JOIN yuebao.publication_indicator AS i ON i.publication = p.publication AND i.indicator = c.indicator " \
    "ORDER BY c.indicator, d.\"position\", c.kind"

int
publish_held(struct ctl *ctl, const struct publish_options *o)
{
    static const struct listing listing = {.columns = held_columns,
                                           .n = sizeof(held_columns) / sizeof(held_columns[0]),
                                           .none = MSG_ctl_publish_none_held,
                                           .one = MSG_ctl_publish_held_one,
                                           .many = MSG_ctl_publish_held_many,
                                           .in_words = held_in_words};
    static const char data[] =
        "SELECT c.district, d.name_zh AS district_zh, d.name_en AS district_en, i.code AS indicator, "
        "i.name_zh, "
        "i.name_en, nullif(c.kind, '') AS kind, c.schools, round(c.value / 10::numeric ^ i.decimals, "
        "i.decimals) "
        "AS value, CASE i.over_schools WHEN 'ratio_of_sums' THEN round(c.denominator / 10::numeric ^ "
        "i.denominator_decimals, i.denominator_decimals) END AS denominator, c.held " HELD_FROM;

    if (!publish_begin(ctl, o, true))
        return ctl->status;
    char *edition = publish_edition(ctl, o);
    if (edition == NULL)
        return ctl->status;
    const char *values[] = {o->district, o->period, edition};
    const char *sql = ctl->format != OUTPUT_TEXT     ? data
                      : ctl->language == LANGUAGE_ZH ? HELD("name_zh")
                                                     : HELD("name_en");
    int status = listing_tell(ctl, &listing, db_query(ctl, sql, 3, values));
    free(edition);
    return status;
}

/* ---- compare -------------------------------------------------------------------------------------- */

static const struct output_column compare_columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"name", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 40, .least = 16}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"older", MSG_ctl_col_then, CELL_DECIMAL, {0}},
    {"newer", MSG_ctl_col_now, CELL_DECIMAL, {0}},
};

/* As the public can compare them: what both show alike is left out. */
#define SIDE(edition, name)                                                                                  \
    "(SELECT f.number, f.\"position\", f.district, f.district_" name                                         \
    " AS district_name, f.indicator, f.name_" name " AS name, f.kind, "                                      \
    "f.held_back, f.value, f.denominator, f.schools, " SHOWN " AS shown FROM published.figure AS f "         \
    "WHERE f.publisher = $1::integer AND f.period = $2 AND f.edition = " edition "::integer)"
#define COMPARED(columns, name)                                                                              \
    "SELECT " columns " FROM " SIDE("$3", name) " AS o FULL JOIN " SIDE(                                     \
        "$4", name) " AS n ON n.district = o.district "                                                      \
                    "AND n.indicator = o.indicator AND n.kind IS NOT DISTINCT FROM o.kind "                  \
                    "WHERE (o.shown, o.schools) IS DISTINCT FROM (n.shown, n.schools) "                      \
                    "ORDER BY coalesce(n.number, o.number), coalesce(n.\"position\", o.\"position\"), "      \
                    "coalesce(n.kind, o.kind) NULLS FIRST"
#define COMPARE_SHOWN                                                                                        \
    "coalesce(n.district, o.district), coalesce(n.district_name, o.district_name), coalesce(n.name, "        \
    "o.name), "                                                                                              \
    "coalesce(n.kind, o.kind), o.shown, n.shown"
#define COMPARE_DATA                                                                                         \
    "coalesce(n.district, o.district) AS district, coalesce(n.indicator, o.indicator) AS indicator, "        \
    "coalesce(n.kind, o.kind) AS kind, o.schools AS older_schools, o.held_back AS older_held_back, "         \
    "o.value AS older_value, o.denominator AS older_denominator, n.schools AS newer_schools, "               \
    "n.held_back AS newer_held_back, n.value AS newer_value, n.denominator AS newer_denominator"

int
publish_compare(struct ctl *ctl, const struct publish_options *o, const char *older, const char *newer)
{
    static const struct listing listing = {.columns = compare_columns,
                                           .n = sizeof(compare_columns) / sizeof(compare_columns[0]),
                                           .none = MSG_ctl_publish_alike,
                                           .one = MESSAGE_COUNT,
                                           .in_words = kind_in_words};
    struct publish_options first = *o, second = *o;

    first.edition = older;
    second.edition = newer;
    if (!publish_begin(ctl, o, false))
        return ctl->status;
    char *a = publish_edition(ctl, &first), *b = a == NULL ? NULL : publish_edition(ctl, &second);
    int status = ctl->status;
    if (b != NULL) {
        const char *values[] = {o->district, o->period, a, b};
        const char *sql = ctl->format != OUTPUT_TEXT     ? COMPARED(COMPARE_DATA, "en")
                          : ctl->language == LANGUAGE_ZH ? COMPARED(COMPARE_SHOWN, "zh")
                                                         : COMPARED(COMPARE_SHOWN, "en");
        status = listing_tell(ctl, &listing, db_query(ctl, sql, 4, values));
    }
    free(a);
    free(b);
    return status;
}
