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
#include "progress.h"

#define BAR_CELLS 10

#define SHOWN PROGRESS_SHOWN

/* clang-format off */
static const char text_sql[] = WITH_BELOW
    "SELECT p.plan, l.title_zh, l.title_en, p.name_zh, p.name_en, "
    PROGRESS_TARGET ", p.due, " SHOWN("p.\"now\"") ", " PROGRESS_PERIOD ", "
    "CASE WHEN p.expected > 0 THEN p.reported || '/' || p.expected END, "
    PROGRESS_GAP ", " PROGRESS_REQUIRED ", " SHOWN("p.projection") ", "
    "p.progress, p.status, "
    "CASE WHEN p.open_reported > 0 THEN coalesce(" SHOWN("p.open_value") ", '–') END, p.open_period, "
    "p.open_reported || '/' || p.open_expected, p.direction, "
    SHOWN("p.projection_low") ", " SHOWN("p.projection_high") ", "
    "CASE WHEN p.responsible <> p.district THEN p.responsible_zh END, "
    "CASE WHEN p.responsible <> p.district THEN p.responsible_en END, p.\"position\" "
    PROGRESS_STANDS "LEFT JOIN api.plan AS l ON l.plan = p.plan "
    "WHERE " IS_BELOW("p.district") " ORDER BY p.plan, p.position";
/* clang-format on */

static const char data_sql[] =
    WITH_BELOW ", vetoed AS MATERIALIZED (SELECT v.plan, v.district " PROGRESS_BREACHES ") "
               "SELECT p.*, (p.plan, p.district) IN (SELECT v.plan, v.district FROM vetoed AS v) AS "
               "vetoed " PROGRESS_STANDS "WHERE " IS_BELOW("p.district") " ORDER BY p.plan, p.position";

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
    REQUIRED,
    PROJECTION,
    FRACTION,
    STATUS,
    OPEN_VALUE,
    OPEN_PERIOD,
    OPEN_SCHOOLS,
    DIRECTION,
    LOW,
    HIGH,
    RESPONSIBLE_ZH,
    RESPONSIBLE_EN,
    POSITION
};

static const struct output_column columns[] = {
    {"position", MSG_ctl_col_number, CELL_INTEGER, {0}},
    {"name_zh", MSG_ctl_col_indicator, CELL_TEXT, {.least = 16}},
    {"target", MSG_ctl_col_target, CELL_DECIMAL, {0}},
    {"due", MSG_ctl_col_due, CELL_TEXT, {0}},
    {"now", MSG_ctl_col_now, CELL_DECIMAL, {0}},
    {"now_period", MSG_ctl_col_now_period, CELL_TEXT, {.leaves = 2}},
    {"schools", MSG_ctl_col_reported, CELL_DECIMAL, {.leaves = 3}},
    {"gap", MSG_ctl_col_gap, CELL_DECIMAL, {0}},
    {"required", MSG_ctl_col_a_month, CELL_DECIMAL, {.leaves = 4}},
    {"projection", MSG_ctl_col_projection, CELL_DECIMAL, {0}},
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

/* One more part of a note, which is taken, after those before it. */
static void
join(char **note, char *part)
{
    char *longer = NULL;

    if (part == NULL)
        return;
    if (asprintf(&longer, "%s%s%s", *note == NULL ? "" : *note, *note == NULL ? "" : " · ", part) < 0)
        abort();
    free(*note);
    free(part);
    *note = longer;
}

/* Under the row: the English name for those who read it, between what the projection lies, who answers for
 * the target if not its district, and the period that is still open. */
static void
add_note(struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    bool en = ctl->language == LANGUAGE_EN;
    const char *open = db_cell(result, r, OPEN_VALUE), *low = db_cell(result, r, LOW);
    const char *responsible = db_cell(result, r, en ? RESPONSIBLE_EN : RESPONSIBLE_ZH);
    char *note = en ? strdup(PQgetvalue(result, r, NAME_EN)) : NULL;

    if (low != NULL)
        join(&note, message_format(ctl->language, MSG_ctl_progress_interval, "low", low, "high",
                                   PQgetvalue(result, r, HIGH), NULL));
    if (responsible != NULL)
        join(&note,
             message_format(ctl->language, MSG_ctl_progress_responsible, "district", responsible, NULL));
    if (open != NULL)
        join(&note, message_format(ctl->language, MSG_ctl_progress_open, "value", open, "period",
                                   PQgetvalue(result, r, OPEN_PERIOD), "reported",
                                   PQgetvalue(result, r, OPEN_SCHOOLS), NULL));
    if (note != NULL)
        output_note(output, note);
    free(note);
}

static void
add_row(struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    char bar[BAR_CELLS * 4 + 1];
    const char *cells[COLUMN_COUNT] = {db_cell(result, r, POSITION),
                                       db_cell(result, r, NAME_ZH),
                                       db_cell(result, r, TARGET),
                                       db_cell(result, r, DUE),
                                       db_cell(result, r, NOW),
                                       db_cell(result, r, PERIOD),
                                       db_cell(result, r, SCHOOLS),
                                       db_cell(result, r, GAP),
                                       db_cell(result, r, REQUIRED),
                                       db_cell(result, r, PROJECTION),
                                       bar,
                                       message_word(ctl->language, PQgetvalue(result, r, STATUS))};

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
        {STATUS, "at_risk", MSG_ctl_legend_at_risk},
        {STATUS, "impossible", MSG_ctl_legend_impossible},
        {STATUS, "too_few", MSG_ctl_legend_too_few},
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

static int
list(struct ctl *ctl, const struct progress_question *q)
{
    bool text = ctl->format == OUTPUT_TEXT;
    const char *values[] = {q->district, q->as_of, q->plan};
    PGresult *result = db_query(ctl, text ? text_sql : data_sql, 3, values);
    int status = EX_OK;

    if (result == NULL)
        return ctl->status;
    if (!text)
        status = output_data(result, ctl);
    else if (PQntuples(result) == 0)
        ctl_say(ctl, MSG_ctl_no_targets, NULL);
    else
        status = show(ctl, result);
    if (text && status == EX_OK && PQntuples(result) > 0)
        status = progress_vetoes(ctl, q);
    PQclear(result);
    return status;
}

static bool
is_target(struct ctl *ctl, const struct progress_question *q)
{
    if (q->target == NULL)
        return true;
    if (q->plan == NULL)
        ctl_usage(ctl, MSG_ctl_target_of_plan, NULL);
    else if (strlen(q->target) > 6 || strspn(q->target, "0123456789") != strlen(q->target) ||
             q->target[0] == '\0')
        ctl_usage(ctl, MSG_ctl_bad_target, "value", q->target, NULL);
    else
        return true;
    return false;
}

int
cmd_progress(struct ctl *ctl, int argc, char **argv)
{
    struct progress_question q = {0};
    const struct ctl_option own[] = {{"district", &q.district, NULL},
                                     {"plan", &q.plan, NULL},
                                     {"as-of", &q.as_of, NULL},
                                     {"target", &q.target, NULL},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);
    int32_t day;

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    if (q.as_of != NULL && !date_parse(q.as_of, &day))
        return ctl_usage(ctl, MSG_ctl_bad_date, "value", q.as_of, NULL);
    if (!is_target(ctl, &q) || !is_district(ctl, q.district) || !db_connect_to_ask(ctl) ||
        !sees_totals(ctl, q.district) || !knows_plan(ctl, q.plan))
        return ctl->status;
    return q.target == NULL ? list(ctl, &q) : progress_target(ctl, &q);
}
