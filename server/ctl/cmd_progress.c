/*
 * yuebaoctl progress: how far each district is towards its plans' targets.
 */
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "db.h"
#include "output.h"
#include "period.h"

#define BAR_CELLS 10

#define STANDS "FROM api.progress_at(coalesce(($2::date + 1)::timestamptz, pg_catalog.now()), $3::text) AS p "

/* A ratio is easier read as a percentage; other values stand as they are, without zeros at their end. */
#define SHOWN(value)                                                                                         \
    "CASE WHEN p.unit = 'ratio' THEN trim_scale(round(" value                                                \
    " * 100, 2)) || '%' ELSE trim_scale(round(" value ", 2))::text END"

/* clang-format off */
static const char text_sql[] = WITH_BELOW
    "SELECT p.plan, l.title_zh, l.title_en, p.name_zh, p.name_en, "
    "CASE p.direction WHEN 'at_least' THEN '≥ ' WHEN 'at_most' THEN '≤ ' WHEN 'equal' THEN '= ' "
    "WHEN 'reduce_by' THEN '− ' ELSE '+ ' END || coalesce(" SHOWN("p.target_value") ", '?'), "
    "p.due, " SHOWN("p.\"now\"") ", p.now_period, "
    "CASE WHEN p.expected > 0 THEN p.reported || '/' || p.expected END, "
    SHOWN("p.gap") ", p.progress, p.status, "
    "CASE WHEN p.open_reported > 0 THEN coalesce(" SHOWN("p.open_value") ", '–') || '  ' || p.open_period || '  ' || "
    "p.open_reported || '/' || p.open_expected END "
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
    OPEN
};

/* English readers see both names; Chinese readers begin with the second column. */
static const struct output_column columns[] = {
    {"name_en", MSG_ctl_col_indicator_en, CELL_TEXT, 40},
    {"name_zh", MSG_ctl_col_indicator, CELL_TEXT, 34},
    {"target", MSG_ctl_col_target, CELL_DECIMAL, 0},
    {"due", MSG_ctl_col_due, CELL_TEXT, 0},
    {"now", MSG_ctl_col_now, CELL_DECIMAL, 0},
    {"now_period", MSG_ctl_col_now_period, CELL_TEXT, 0},
    {"schools", MSG_ctl_col_reported, CELL_TEXT, 0},
    {"gap", MSG_ctl_col_gap, CELL_DECIMAL, 0},
    {"bar", MSG_ctl_col_progress, CELL_PICTURE, 0},
    {"status", MSG_ctl_col_state, CELL_TEXT, 0},
    {"open", MSG_ctl_col_open_period, CELL_TEXT, 0},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static size_t
first_column(const struct ctl *ctl)
{
    return ctl->language == LANGUAGE_ZH ? 1 : 0;
}

/* Ten cells, full ones up to the fraction; a bar is full only when the target is reached. */
static void
draw_bar(const char *fraction, char bar[BAR_CELLS * 4 + 1])
{
    int full = fraction == NULL ? 0 : (int)(strtod(fraction, NULL) * BAR_CELLS);

    bar[0] = '\0';
    for (int i = 0; i < BAR_CELLS; i++)
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

static void
add_row(struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    char bar[BAR_CELLS * 4 + 1];
    const char *cells[COLUMN_COUNT] = {db_cell(result, r, NAME_EN),
                                       db_cell(result, r, NAME_ZH),
                                       db_cell(result, r, TARGET),
                                       db_cell(result, r, DUE),
                                       db_cell(result, r, NOW),
                                       db_cell(result, r, PERIOD),
                                       db_cell(result, r, SCHOOLS),
                                       db_cell(result, r, GAP),
                                       bar,
                                       status_word(ctl, PQgetvalue(result, r, STATUS)),
                                       db_cell(result, r, OPEN)};

    draw_bar(db_cell(result, r, FRACTION), bar);
    output_row(output, cells + first_column(ctl));
}

static int
show(struct ctl *ctl, const PGresult *result)
{
    struct output *output = output_new(columns + first_column(ctl), COLUMN_COUNT - first_column(ctl));
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
    if (!ctl_district_is_sound(ctl, district) || !db_connect(ctl))
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
