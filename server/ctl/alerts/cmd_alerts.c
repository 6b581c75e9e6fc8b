/*
 * yuebaoctl alerts: figures and totals that crossed a limit, and the limits.
 */
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "below.h"
#include "db.h"
#include "known.h"
#include "look.h"

#define ARE_MEANT                                                                                            \
    IS_BELOW("x.district")                                                                                   \
    " AND ($2::text IS NULL OR x.period = $2) AND ($3::text IS NULL OR x.indicator = $3)"
#define FROM_WHERE                                                                                           \
    " FROM api.alert AS x WHERE " ARE_MEANT                                                                  \
    " AND ($4::boolean OR x.state = 'open' AND x.seen_at IS NULL) ORDER BY x.alert DESC"

enum { SEVERITY = 1, STATE = 11 };

static const struct output_column columns[] = {
    {"alert", MSG_ctl_col_number, CELL_INTEGER, {0}},
    {"severity", MSG_ctl_col_severity, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"place", MSG_ctl_col_alert_place, CELL_TEXT, {0}},
    {"place_name", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 28, .least = 10}},
    {"name", MSG_ctl_col_alert_says, CELL_TEXT, {.widest = 32, .least = 12}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"limit", MSG_ctl_col_alert_limit, CELL_DECIMAL, {0}},
    {"before", MSG_ctl_col_old, CELL_DECIMAL, {.leaves = 1}},
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 2}},
    {"raised_at", MSG_ctl_col_alert_raised, CELL_INSTANT, {.leaves = 3}},
    {"state", MSG_ctl_col_state, CELL_TEXT, {0}},
    {"cleared_at", MSG_ctl_col_alert_cleared, CELL_INSTANT, {.leaves = 4}},
    {"cleared_figure", MSG_ctl_col_then_figure, CELL_DECIMAL, {0}},
    {"seen_by", MSG_ctl_col_alert_seen, CELL_TEXT, {0}},
    {"seen_note", MSG_ctl_col_note, CELL_TEXT, {.widest = 40, .least = 12}},
};
#define OPEN_COUNT   11 /* columns that matter while nobody has seen it and it is open */
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* clang-format off */
static const char for_people[] =
    "x.alert, x.severity, x.period, coalesce(x.school, x.district::text), coalesce(x.school_@, x.district_@), "
    "x.name_@, " LOOK_FIGURE("x.figure") ", " ALERTS_LIMIT ", " LOOK_FIGURE("x.before") ", x.indicator_@, "
    "x.raised_at, x.state, x.cleared_at, " LOOK_FIGURE("x.cleared_figure") ", x.seen_by, x.seen_note";
/* clang-format on */

const char *
alerts_severity(const struct ctl *ctl, const char *severity)
{
    if (strcmp(severity, "critical") == 0)
        return ctl_word(ctl, MSG_ctl_alert_critical);
    return ctl_word(ctl, strcmp(severity, "warning") == 0 ? MSG_ctl_alert_warning : MSG_ctl_alert_notice);
}

bool
alerts_number(struct ctl *ctl, const char *text)
{
    size_t len = strlen(text);

    if (len >= 1 && len <= 18 && strspn(text, "0123456789") == len)
        return true;
    ctl_usage(ctl, MSG_ctl_alert_bad_number, "value", text, NULL);
    return false;
}

/* ---- list --------------------------------------------------------------------------------------- */

static void
open_in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells,
              char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[SEVERITY] = alerts_severity(ctl, cells[SEVERITY]);
}

static void
all_in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells,
             char words[LISTING_WORDS_MAX])
{
    open_in_words(ctl, result, row, cells, words);
    cells[STATE] = ctl_word(ctl, strcmp(cells[STATE], "open") == 0 ? MSG_ctl_alert_open : MSG_ctl_alert_back);
}

static const struct listing open_ones = {.columns = columns,
                                         .n = OPEN_COUNT,
                                         .none = MSG_ctl_alerts_none,
                                         .one = MSG_ctl_alerts_one,
                                         .many = MSG_ctl_alerts_count,
                                         .in_words = open_in_words};
static const struct listing everything = {.columns = columns,
                                          .n = COLUMN_COUNT,
                                          .none = MSG_ctl_alerts_none_ever,
                                          .one = MESSAGE_COUNT,
                                          .in_words = all_in_words};

/* What the list of open and unseen alerts leaves out. */
static int
say_rest(struct ctl *ctl, const char *const values[3])
{
    PGresult *result = db_query(ctl,
                                WITH_BELOW "SELECT count(*) FILTER (WHERE x.state = 'open' AND x.seen_at IS "
                                           "NOT NULL), count(*) FILTER (WHERE x.state <> 'open') "
                                           "FROM api.alert AS x WHERE " ARE_MEANT,
                                3, values);
    if (result == NULL)
        return ctl->status;
    const char *seen = PQgetvalue(result, 0, 0), *cleared = PQgetvalue(result, 0, 1);
    if (strcmp(seen, "0") != 0 || strcmp(cleared, "0") != 0)
        ctl_say(ctl, MSG_ctl_alerts_rest, "seen", seen, "cleared", cleared, NULL);
    PQclear(result);
    return EX_OK;
}

static PGresult *
ask_list(struct ctl *ctl, const char *const values[4])
{
    char *chosen = look_in_language(ctl, ctl->format == OUTPUT_TEXT ? for_people : "x.*"), *sql = NULL;

    if (asprintf(&sql, WITH_BELOW "SELECT %s" FROM_WHERE, chosen) < 0)
        abort();
    PGresult *result = db_query(ctl, sql, 4, values);
    free(sql);
    free(chosen);
    return result;
}

static int
list(struct ctl *ctl, const struct alerts_options *o)
{
    const char *const values[] = {o->district, o->period, o->indicator, o->all ? "t" : "f"};

    if (!is_district(ctl, o->district) || !is_period(ctl, o->period) || !db_connect_to_ask(ctl) ||
        !knows_district(ctl, o->district) || !knows_indicator(ctl, o->indicator))
        return ctl->status;
    int status = listing_tell(ctl, o->all ? &everything : &open_ones, ask_list(ctl, values));
    return status == EX_OK && !o->all && ctl->format == OUTPUT_TEXT ? say_rest(ctl, values) : status;
}

/* ---- limits ------------------------------------------------------------------------------------- */

enum { LIMIT_SEVERITY = 2, LIMIT_LEVEL = 4, LIMIT_KIND = 6 };

static const struct output_column limit_columns[] = {
    {"threshold", MSG_ctl_col_alert_code, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_alert_says, CELL_TEXT, {.widest = 40, .least = 16}},
    {"severity", MSG_ctl_col_severity, CELL_TEXT, {0}},
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {.widest = 32, .least = 12}},
    {"level", MSG_ctl_col_alert_judged, CELL_TEXT, {0}},
    {"district", MSG_ctl_col_district, CELL_TEXT, {0}},
    {"kind", MSG_ctl_col_kind, CELL_TEXT, {0}},
    {"limit", MSG_ctl_col_alert_limit, CELL_DECIMAL, {0}},
    {"valid_from", MSG_ctl_col_from_day, CELL_TEXT, {.leaves = 2}},
    {"valid_until", MSG_ctl_col_until_day, CELL_TEXT, {.leaves = 1}},
    {"open", MSG_ctl_col_alert_open, CELL_INTEGER, {0}},
};

/* Whose figures are judged: every school's, one district's total, or those of every district of a level. */
static const char *
judged(const struct ctl *ctl, const char *level)
{
    if (strcmp(level, "school") == 0)
        return message_text(ctl->language, MSG_ctl_judged_school);
    return strcmp(level, "district") == 0 ? message_text(ctl->language, MSG_ctl_judged_district)
                                          : message_word(ctl->language, level);
}

static void
limit_in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells,
               char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[LIMIT_SEVERITY] = alerts_severity(ctl, cells[LIMIT_SEVERITY]);
    cells[LIMIT_LEVEL] = judged(ctl, cells[LIMIT_LEVEL]);
    if (cells[LIMIT_KIND] != NULL)
        cells[LIMIT_KIND] = message_word(ctl->language, cells[LIMIT_KIND]);
}

static int
list_limits(struct ctl *ctl, const struct alerts_options *o)
{
    static const struct listing listing = {.columns = limit_columns,
                                           .n = sizeof(limit_columns) / sizeof(limit_columns[0]),
                                           .none = MSG_ctl_limits_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = limit_in_words};
    const char *const values[] = {o->indicator, o->all ? "t" : "f"};

    if (!db_connect_to_ask(ctl) || !knows_indicator(ctl, o->indicator))
        return ctl->status;
    return listing_tell(
        ctl, &listing,
        look_ask(ctl,
                 "x.threshold, x.name_@, x.severity, x.indicator, x.level, x.district, x.kind, " ALERTS_LIMIT
                 ", x.valid_from, x.valid_until, x.open",
                 "FROM api.threshold AS x WHERE ($1::text IS NULL OR x.indicator = $1) AND ($2::boolean OR "
                 "x.active) ORDER BY x.threshold",
                 2, values));
}

/* ---- the command -------------------------------------------------------------------------------- */

enum verb { LIST, LIMITS, WATCH, SEEN, NO_VERB };

static enum verb
verb_of(int n, char *const *words)
{
    if (n == 0)
        return LIST;
    if (strcmp(words[0], "seen") == 0)
        return n > 1 ? SEEN : NO_VERB;
    if (n > 1)
        return NO_VERB;
    if (strcmp(words[0], "list") == 0)
        return LIST;
    if (strcmp(words[0], "limits") == 0)
        return LIMITS;
    return strcmp(words[0], "watch") == 0 ? WATCH : NO_VERB;
}

/* An option that the verb does not know; NULL: none. */
static const char *
misplaced(const struct alerts_options *o, enum verb verb)
{
    if (o->note != NULL && verb != SEEN)
        return "--note";
    if (o->since != NULL && verb != WATCH)
        return "--since";
    if (o->all && verb != LIST && verb != LIMITS)
        return "--all";
    if (o->period != NULL && verb != LIST)
        return "--period";
    if (o->district != NULL && verb != LIST && verb != WATCH)
        return "--district";
    return o->indicator != NULL && verb == SEEN ? "--indicator" : NULL;
}

int
cmd_alerts(struct ctl *ctl, int argc, char **argv)
{
    struct alerts_options o = {0};
    const struct ctl_option own[] = {{"district", &o.district, NULL},
                                     {"period", &o.period, NULL},
                                     {"indicator", &o.indicator, NULL},
                                     {"all", NULL, &o.all},
                                     {"since", &o.since, NULL},
                                     {"note", &o.note, NULL},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    enum verb verb = verb_of(argc - first, argv + first);
    const char *wrong = misplaced(&o, verb);
    if (verb != NO_VERB && wrong != NULL)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", wrong, NULL);
    switch (verb) {
    case LIST:
        return list(ctl, &o);
    case LIMITS:
        return list_limits(ctl, &o);
    case WATCH:
        return alerts_watch(ctl, &o);
    case SEEN:
        return alerts_seen(ctl, &o, argv + first + 1, argc - first - 1);
    case NO_VERB:
        break;
    }
    return ctl_usage(ctl, MSG_ctl_alerts_verb, NULL);
}
