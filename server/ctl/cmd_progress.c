/*
 * yuebaoctl progress: how far each district is towards its plans' targets.
 */
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "db.h"
#include "known.h"
#include "output.h"
#include "period.h"

#define BAR_CELLS 10

#define STANDS "FROM api.progress_at(coalesce(($2::date + 1)::timestamptz, pg_catalog.now()), $3::text) AS p "

/* A ratio is easier read as a percentage; other values stand as they are, without zeros at their end. */
#define SHOWN(value)                                                                                         \
    "CASE WHEN p.unit = 'ratio' THEN trim_scale(round(" value                                                \
    " * 100, 2)) || '%' ELSE trim_scale(round(" value ", 2))::text END"

/* What is shown must add up: the gap is that between the goal and the value as they are shown. */
#define ROUNDED(value) "round(" value " * CASE WHEN p.unit = 'ratio' THEN 100 ELSE 1 END, 2)"
#define PER_CENT       "CASE WHEN p.unit = 'ratio' THEN '%' ELSE '' END"
#define GAP_SHOWN                                                                                                     \
    "CASE WHEN NOT p.reached THEN CASE abs(" ROUNDED("p.goal") " - " ROUNDED(                                         \
        "p.\"now\"") ") WHEN 0 THEN '< 0.01' ELSE trim_scale(abs(" ROUNDED("p.goal") " - " ROUNDED("p."               \
                                                                                                   "\"now"            \
                                                                                                   "\"") ")"          \
                                                                                                         ")"          \
                                                                                                         ":"          \
                                                                                                         ":"          \
                                                                                                         "t"          \
                                                                                                         "e"          \
                                                                                                         "x"          \
                                                                                                         "t"          \
                                                                                                         " "          \
                                                                                                         "E"          \
                                                                                                         "N"          \
                                                                                                         "D"          \
                                                                                                         " "          \
                                                                                                         "|"          \
                                                                                                         "|"          \
                                                                                                         " " PER_CENT \
                                                                                                         " "          \
                                                                                                         "E"          \
                                                                                                         "N"          \
                                                                                                         "D"

/* 2023-10/2025-12 as 2023-10…2025-12, and 2025-10/2025-12 as 2025-10…12. */
#define PERIOD_SHOWN "regexp_replace(regexp_replace(p.now_period, '^(\\d{4}-)(.*)/\\1', '\\1\\2…'), '/', '…')"

/* clang-format off */
static const char text_sql[] = WITH_BELOW
    "SELECT p.plan, l.title_zh, l.title_en, p.name_zh, p.name_en, "
    "CASE p.direction WHEN 'at_least' THEN '≥ ' WHEN 'at_most' THEN '≤ ' WHEN 'equal' THEN '= ' "
    "WHEN 'reduce_by' THEN '− ' ELSE '+ ' END || coalesce(" SHOWN("p.target_value") ", '?'), "
    "p.due, " SHOWN("p.\"now\"") ", " PERIOD_SHOWN ", "
    "CASE WHEN p.expected > 0 THEN p.reported || '/' || p.expected END, "
    GAP_SHOWN ", p.progress, p.status, "
    "CASE WHEN p.open_reported > 0 THEN coalesce(" SHOWN("p.open_value") ", '–') END, p.open_period, "
    "p.open_reported || '/' || p.open_expected, p.direction "
    STANDS "LEFT JOIN api.plan AS l ON l.plan = p.plan "
    "WHERE " IS_BELOW("p.district") " ORDER BY p.plan, p.position";
/* clang-format on */

static const char data_sql[] =
    WITH_BELOW "SELECT p.* " STANDS "WHERE " IS_BELOW("p.district") " ORDER BY p.plan, p.position";

enum {
    PLAN,
    TITLE_ZH,
    TITLE_EN,
    NAME_ZH,
    NAME_EN,
    TARGET,
    DUE,
    NOW,
    PERIOD,
    SCHOOLS,
    GAP,
    FRACTION,
    STATUS,
    OPEN_VALUE,
    OPEN_PERIOD,
    OPEN_SCHOOLS,
    DIRECTION
};

static const struct output_column columns[] = {
    {"name_zh", MSG_ctl_col_indicator, CELL_TEXT, {.least = 16}},
    {"target", MSG_ctl_col_target, CELL_DECIMAL, {0}},
    {"due", MSG_ctl_col_due, CELL_TEXT, {0}},
    {"now", MSG_ctl_col_now, CELL_DECIMAL, {0}},
    {"now_period", MSG_ctl_col_now_period, CELL_TEXT, {.leaves = 2}},
    {"schools", MSG_ctl_col_reported, CELL_DECIMAL, {.leaves = 3}},
    {"gap", MSG_ctl_col_gap, CELL_DECIMAL, {0}},
    {"bar", MSG_ctl_col_progress, CELL_PICTURE, {.leaves = 1}},
    {"status", MSG_ctl_col_state, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* Ten cells, full ones up to the fraction; a bar is full only when the target is reached. Without a fraction
 * there is nothing to draw. */
static void
draw_bar(const char *fraction, char bar[BAR_CELLS * 4 + 1])
{
    int full = fraction == NULL ? 0 : (int)(strtod(fraction, NULL) * BAR_CELLS);

    bar[0] = '\0';
    for (int i = 0; fraction != NULL && i < BAR_CELLS; i++)
        strcat(bar, i < full ? "█" : "░");
}

static const char *
status_word(const struct ctl *ctl, const char *status)
{
    static const struct {
        const char *status;
        enum message message;
    } words[] = {
        {"reached", MSG_ctl_progress_reached},           {"behind", MSG_ctl_progress_behind},
        {"no_data", MSG_ctl_progress_no_data},           {"no_baseline", MSG_ctl_progress_no_baseline},
        {"unquantified", MSG_ctl_progress_unquantified}, {"no_date", MSG_ctl_progress_no_date},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].status, status) == 0)
            return message_text(ctl->language, words[i].message);
    return status;
}

static void
add_heading(struct ctl *ctl, struct output *output, const PGresult *result, int row)
{
    const char *zh = db_cell(result, row, TITLE_ZH), *en = db_cell(result, row, TITLE_EN);
    char *heading = NULL;
    int len = ctl->language == LANGUAGE_ZH
                  ? asprintf(&heading, "%s（%s）", zh == NULL ? "" : zh, PQgetvalue(result, row, PLAN))
                  : asprintf(&heading, "%s · %s (%s)", en == NULL ? "" : en, zh == NULL ? "" : zh,
                             PQgetvalue(result, row, PLAN));

    if (len < 0)
        abort();
    output_heading(output, heading);
    free(heading);
}

/* Under the row: the English name for those who read it, and the period that is still open. */
static void
add_note(struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    const char *open = db_cell(result, r, OPEN_VALUE);
    const char *name = ctl->language == LANGUAGE_EN ? db_cell(result, r, NAME_EN) : NULL;
    char *still = open == NULL ? NULL
                               : message_format(ctl->language, MSG_ctl_progress_open, "value", open, "period",
                                                db_cell(result, r, OPEN_PERIOD), "reported",
                                                db_cell(result, r, OPEN_SCHOOLS), NULL);
    char *note = NULL;

    if (asprintf(&note, "%s%s%s", name == NULL ? "" : name, name != NULL && still != NULL ? " · " : "",
                 still == NULL ? "" : still) < 0)
        abort();
    if (note[0] != '\0')
        output_note(output, note);
    free(note);
    free(still);
}

static void
add_row(struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    char bar[BAR_CELLS * 4 + 1];
    const char *cells[COLUMN_COUNT] = {db_cell(result, r, NAME_ZH),
                                       db_cell(result, r, TARGET),
                                       db_cell(result, r, DUE),
                                       db_cell(result, r, NOW),
                                       db_cell(result, r, PERIOD),
                                       db_cell(result, r, SCHOOLS),
                                       db_cell(result, r, GAP),
                                       bar,
                                       status_word(ctl, PQgetvalue(result, r, STATUS))};

    draw_bar(db_cell(result, r, FRACTION), bar);
    output_row(output, cells);
    add_note(ctl, output, result, r);
}

/* Whether any row's cell is `text`. */
static bool
occurs(const PGresult *result, int column, const char *text)
{
    for (int r = 0; r < PQntuples(result); r++)
        if (strcmp(PQgetvalue(result, r, column), text) == 0)
            return true;
    return false;
}

/* The words that explain themselves least, each only when it was used. */
static void
explain(struct ctl *ctl, const PGresult *result)
{
    static const struct {
        int column;
        const char *text;
        enum message legend;
    } legends[] = {
        {DIRECTION, "reduce_by", MSG_ctl_legend_reduce},
        {DIRECTION, "increase_by", MSG_ctl_legend_increase},
        {STATUS, "no_baseline", MSG_ctl_legend_no_baseline},
        {STATUS, "unquantified", MSG_ctl_legend_unquantified},
        {STATUS, "no_data", MSG_ctl_legend_no_data},
        {STATUS, "no_date", MSG_ctl_legend_no_date},
    };
    bool first = true;

    for (size_t i = 0; i < sizeof(legends) / sizeof(legends[0]); i++)
        if (occurs(result, legends[i].column, legends[i].text)) {
            if (first)
                putchar('\n');
            first = false;
            ctl_say(ctl, legends[i].legend, NULL);
        }
}

static int
show(struct ctl *ctl, const PGresult *result)
{
    struct output *output = output_new(columns, COLUMN_COUNT);
    const char *plan = "";

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++) {
        if (strcmp(plan, PQgetvalue(result, r, PLAN)) != 0) {
            plan = PQgetvalue(result, r, PLAN);
            add_heading(ctl, output, result, r);
        }
        add_row(ctl, output, result, r);
    }
    int status = output_write(output, stdout, ctl);
    output_free(output);
    explain(ctl, result);
    return status;
}

int
cmd_progress(struct ctl *ctl, int argc, char **argv)
{
    const char *district = NULL, *plan = NULL, *as_of = NULL;
    const struct ctl_option own[] = {
        {"district", &district, NULL}, {"plan", &plan, NULL}, {"as-of", &as_of, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);
    int32_t day;

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    if (as_of != NULL && !date_parse(as_of, &day))
        return ctl_usage(ctl, MSG_ctl_bad_date, "value", as_of, NULL);
    if (!is_district(ctl, district) || !db_connect(ctl) || !knows_district(ctl, district) ||
        !knows_plan(ctl, plan))
        return ctl->status;
    bool text = ctl->format == OUTPUT_TEXT;
    const char *values[] = {district, as_of, plan};
    PGresult *result = db_query(ctl, text ? text_sql : data_sql, 3, values);
    if (result == NULL)
        return ctl->status;
    int status = EX_OK;
    if (!text)
        status = output_data(result, ctl);
    else if (PQntuples(result) == 0)
        ctl_say(ctl, MSG_ctl_no_targets, NULL);
    else
        status = show(ctl, result);
    PQclear(result);
    return status;
}
