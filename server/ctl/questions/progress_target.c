/*
 * yuebaoctl progress --plan P --target N: one target in full, with the periods behind it and, in words, what
 * was done to project it.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "listing.h"
#include "progress.h"

#define SHOWN PROGRESS_SHOWN

/* clang-format off */
static const char target_sql[] =
    "SELECT p.\"position\", p.name_zh, p.name_en, p.indicator, p.district_zh, p.district_en, p.responsible_zh, "
    "p.responsible_en, p.direction, coalesce(" SHOWN("p.target_value") ", '?'), p.due, " SHOWN("p.baseline") ", "
    "p.baseline_on, " SHOWN("p.goal") ", " SHOWN("p.\"now\"") ", p.now_period, p.reported, p.expected, p.schools, "
    PROGRESS_GAP ", " PROGRESS_REQUIRED ", p.over_time, p.status, p.method, p.points, "
    SHOWN("p.slope") ", " SHOWN("p.projection") ", " SHOWN("p.projection_low") ", " SHOWN("p.projection_high") ", "
    "p.rest_periods, t.section, t.evidence_zh, t.note "
    PROGRESS_STANDS "JOIN api.target AS t ON t.plan = p.plan AND t.\"position\" = p.\"position\" "
    "WHERE p.\"position\" = $4::integer AND $1::text IS NULL";

#define PERIODS_FROM \
    "FROM api.target_periods(" PROGRESS_AS_OF ", $3::text) AS f JOIN api.target AS p ON p.plan = f.plan " \
    "AND p.\"position\" = f.\"position\" WHERE f.\"position\" = $4::integer AND $1::text IS NULL " \
    "AND (f.expected > 0 OR f.schools > 0) ORDER BY f.period"

static const char periods_sql[] =
    "SELECT f.period_text, " SHOWN("f.figure") ", f.schools, CASE WHEN f.expected IS NOT NULL THEN f.reported || "
    "'/' || f.expected END, CASE WHEN NOT f.settled THEN 'unsettled' WHEN f.closed THEN 'period_closed' ELSE "
    "'period_complete' END, CASE WHEN f.point THEN '●' WHEN NOT f.own THEN '·' ELSE '' END " PERIODS_FROM;
/* clang-format on */

static const char data_sql[] = "SELECT f.plan, f.\"position\", p.indicator, f.period_text AS period, "
                               "f.period AS first_day, f.last_day, f.own, f.closed, f.settled, f.expected, "
                               "f.reported, f.schools, f.figure, f.point " PERIODS_FROM;

enum {
    POSITION,
    NAME_ZH,
    NAME_EN,
    INDICATOR,
    DISTRICT_ZH,
    DISTRICT_EN,
    RESPONSIBLE_ZH,
    RESPONSIBLE_EN,
    DIRECTION,
    VALUE,
    DUE,
    BASELINE,
    BASELINE_ON,
    GOAL,
    NOW,
    NOW_PERIOD,
    REPORTED,
    EXPECTED,
    SCHOOLS,
    GAP,
    REQUIRED,
    OVER_TIME,
    STATUS,
    METHOD,
    POINTS,
    SLOPE,
    PROJECTION,
    LOW,
    HIGH,
    REST,
    SECTION,
    EVIDENCE,
    NOTE
};

static const struct output_column columns[] = {
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"figure", MSG_ctl_col_value, CELL_DECIMAL, {0}},
    {"schools", MSG_ctl_col_schools_with, CELL_INTEGER, {0}},
    {"reported", MSG_ctl_col_reported, CELL_DECIMAL, {0}},
    {"state", MSG_ctl_col_state, CELL_TEXT, {0}},
    {"point", MSG_ctl_col_point, CELL_TEXT, {0}},
};
enum { PERIOD_STATE = 4 };

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[PERIOD_STATE] = message_word(ctl->language, cells[PERIOD_STATE]);
}

static const struct listing periods = {.columns = columns,
                                       .n = sizeof(columns) / sizeof(columns[0]),
                                       .none = MSG_ctl_target_no_periods,
                                       .one = MESSAGE_COUNT,
                                       .many = MESSAGE_COUNT,
                                       .in_words = in_words};

/* ---- sentences ---------------------------------------------------------------------------------- */

static const char *
in_language(struct ctl *ctl, const PGresult *result, int zh, int en)
{
    return PQgetvalue(result, 0, ctl->language == LANGUAGE_ZH ? zh : en);
}

static void
say_promise(struct ctl *ctl, const PGresult *result)
{
    const char *due = db_cell(result, 0, DUE);

    ctl_say(ctl, MSG_ctl_target_title, "number", PQgetvalue(result, 0, POSITION), "name",
            in_language(ctl, result, NAME_ZH, NAME_EN), "indicator", PQgetvalue(result, 0, INDICATOR), NULL);
    ctl_say(ctl, MSG_ctl_target_whose, "district", in_language(ctl, result, DISTRICT_ZH, DISTRICT_EN),
            "responsible", in_language(ctl, result, RESPONSIBLE_ZH, RESPONSIBLE_EN), NULL);
    ctl_say(ctl, due == NULL ? MSG_ctl_target_promise_no_day : MSG_ctl_target_promise, "direction",
            message_word(ctl->language, PQgetvalue(result, 0, DIRECTION)), "value",
            PQgetvalue(result, 0, VALUE), "due", due == NULL ? "" : due, NULL);
    if (PQgetvalue(result, 0, EVIDENCE)[0] != '\0')
        ctl_say(ctl, MSG_ctl_target_evidence, "section", PQgetvalue(result, 0, SECTION), "evidence",
                PQgetvalue(result, 0, EVIDENCE), NULL);
    if (PQgetvalue(result, 0, NOTE)[0] != '\0')
        ctl_say(ctl, MSG_ctl_target_note, "note", PQgetvalue(result, 0, NOTE), NULL);
    if (db_cell(result, 0, BASELINE) != NULL)
        ctl_say(ctl, MSG_ctl_target_baseline, "value", PQgetvalue(result, 0, BASELINE), "day",
                PQgetvalue(result, 0, BASELINE_ON), NULL);
}

static void
say_now(struct ctl *ctl, const PGresult *result)
{
    const char *required = db_cell(result, 0, REQUIRED);
    bool mean = strcmp(PQgetvalue(result, 0, OVER_TIME), "mean") == 0;

    if (db_cell(result, 0, NOW) != NULL)
        ctl_say(ctl, MSG_ctl_target_now, "value", PQgetvalue(result, 0, NOW), "period",
                PQgetvalue(result, 0, NOW_PERIOD), "schools", PQgetvalue(result, 0, SCHOOLS), "reported",
                PQgetvalue(result, 0, REPORTED), "expected", PQgetvalue(result, 0, EXPECTED), NULL);
    if (db_cell(result, 0, GAP) != NULL)
        ctl_say(ctl, MSG_ctl_target_gap, "goal", PQgetvalue(result, 0, GOAL), "gap",
                PQgetvalue(result, 0, GAP), NULL);
    if (required != NULL)
        ctl_say(ctl, mean ? MSG_ctl_target_required_mean : MSG_ctl_target_required, "value", required, NULL);
}

/* What was done, by method. */
static void
say_method(struct ctl *ctl, const PGresult *result)
{
    static const struct {
        const char *method;
        enum message message;
    } said[] = {
        {"trend", MSG_ctl_method_trend},     {"trend_before", MSG_ctl_method_trend_before},
        {"years", MSG_ctl_method_years},     {"pace", MSG_ctl_method_pace},
        {"settled", MSG_ctl_method_settled}, {"too_few", MSG_ctl_method_too_few},
    };
    const char *method = db_cell(result, 0, METHOD);

    for (size_t i = 0; method != NULL && i < sizeof(said) / sizeof(said[0]); i++)
        if (strcmp(said[i].method, method) == 0)
            ctl_say(ctl, said[i].message, "points", PQgetvalue(result, 0, POINTS), "slope",
                    PQgetvalue(result, 0, SLOPE), "rest", PQgetvalue(result, 0, REST), NULL);
    if (db_cell(result, 0, PROJECTION) == NULL)
        return;
    if (db_cell(result, 0, SLOPE) != NULL && strcmp(PQgetvalue(result, 0, OVER_TIME), "mean") == 0)
        ctl_say(ctl, MSG_ctl_method_mean, "rest", PQgetvalue(result, 0, REST), NULL);
    ctl_say(ctl,
            db_cell(result, 0, LOW) == NULL ? MSG_ctl_target_projection : MSG_ctl_target_projection_within,
            "value", PQgetvalue(result, 0, PROJECTION), "due", PQgetvalue(result, 0, DUE), "low",
            PQgetvalue(result, 0, LOW), "high", PQgetvalue(result, 0, HIGH), NULL);
}

int
progress_target(struct ctl *ctl, const struct progress_question *q)
{
    const char *values[] = {NULL, q->as_of, q->plan, q->target};
    PGresult *result = db_query(ctl, target_sql, 4, values);

    if (result == NULL)
        return ctl->status;
    if (PQntuples(result) == 0) {
        PQclear(result);
        return ctl_fail(ctl, EX_DATAERR, MSG_ctl_unknown_target, "plan", q->plan, "value", q->target, NULL);
    }
    bool text = ctl->format == OUTPUT_TEXT;
    if (text) {
        say_promise(ctl, result);
        say_now(ctl, result);
        say_method(ctl, result);
        ctl_say(ctl, MSG_ctl_target_status, "status",
                message_word(ctl->language, PQgetvalue(result, 0, STATUS)), NULL);
        putchar('\n');
    }
    PQclear(result);
    return listing_tell(ctl, &periods, db_query(ctl, text ? periods_sql : data_sql, 4, values));
}
