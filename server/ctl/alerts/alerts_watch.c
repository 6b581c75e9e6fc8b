/*
 * alerts watch: prints alerts as they come.
 *
 * A notification only says that there is something to look at, and a look now and then goes without one: a
 * collector may have died between its COMMIT and its NOTIFY, and the link may break. Nothing is missed and
 * nothing told twice: numbers of alerts do not become visible in their order, so a look asks for every row
 * that was written by a transaction not older than the oldest one that ran at the look before (`horizon`),
 * and passes over what it has told of these.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alerts.h"
#include "below.h"
#include "cell.h"
#include "db.h"
#include "known.h"
#include "look.h"

#define LOOK_ANYWAY_S   10
#define RECONNECT_MAX_S 30

/* A state of an alert that was told. */
struct told {
    char alert[24], written[24];
};

struct watch {
    struct ctl *ctl;
    const struct alerts_options *options;
    char horizon[24];
    struct told *told; /* of transactions from the horizon on */
    size_t n_told;
    sigset_t signals; /* to wait with: those that end the watch come only then */
};

static volatile sig_atomic_t is_over;

static void
on_signal(int number)
{
    (void)number;
    is_over = 1;
}

/* ---- telling ------------------------------------------------------------------------------------ */

/* Of the rows for people, in order. */
enum {
    HORIZON,
    WRITTEN,
    ALERT,
    SEVERITY,
    STATE,
    AT,
    PERIOD,
    PLACE,
    PLACE_NAME,
    NAME,
    FIGURE,
    LIMIT,
    CLEARED_FIGURE,
    SEEN_BY,
    SEEN_NOTE
};

static const char for_people[] =
    "x.alert, x.severity, CASE WHEN x.cleared_at >= coalesce(x.seen_at, '-infinity') THEN 'cleared' WHEN "
    "x.seen_at IS NOT NULL THEN 'seen' ELSE 'open' END, greatest(x.raised_at, x.cleared_at, x.seen_at), "
    "x.period, coalesce(x.school, x.district::text), coalesce(x.school_@, x.district_@), x.name_@, " //
    LOOK_FIGURE("x.figure") ", " ALERTS_LIMIT ", coalesce(" LOOK_FIGURE(
        "x.cleared_figure") ", '-'), x.seen_by, coalesce(x.seen_note, '')";

static enum message
sentence_of(const char *state)
{
    if (strcmp(state, "cleared") == 0)
        return MSG_ctl_alert_line_cleared;
    return strcmp(state, "seen") == 0 ? MSG_ctl_alert_line_seen : MSG_ctl_alert_line_open;
}

static void
tell_people(const struct ctl *ctl, const PGresult *result, int row)
{
    char instant[CELL_INSTANT_MAX];

#define CELL(column) PQgetvalue(result, row, column)
    message_print(stdout, ctl->language, sentence_of(CELL(STATE)), "at",
                  cell_instant(CELL(AT), true, instant), "alert", CELL(ALERT), "severity",
                  alerts_severity(ctl, CELL(SEVERITY)), "place", CELL(PLACE), "name", CELL(PLACE_NAME),
                  "period", CELL(PERIOD), "says", CELL(NAME), "figure", CELL(FIGURE), "limit", CELL(LIMIT),
                  "now", CELL(CLEARED_FIGURE), "by", CELL(SEEN_BY), "note", CELL(SEEN_NOTE), NULL);
#undef CELL
    putchar('\n');
}

/* One object a line, in the columns of api.alert. */
static void
tell_programs(const PGresult *result, int row)
{
    for (int c = WRITTEN + 1; c < PQnfields(result); c++) {
        fprintf(stdout, "%s\"%s\": ", c == WRITTEN + 1 ? "{" : ", ", PQfname(result, c));
        cell_json_text(stdout, cell_kind(PQftype(result, c)), db_cell(result, row, c));
    }
    puts("}");
}

/* ---- looking ------------------------------------------------------------------------------------ */

static bool
was_told(const struct watch *w, const char *alert, const char *written)
{
    for (size_t i = 0; i < w->n_told; i++)
        if (strcmp(w->told[i].alert, alert) == 0 && strcmp(w->told[i].written, written) == 0)
            return true;
    return false;
}

static void
remember(struct watch *w, const char *alert, const char *written)
{
    struct told *told = realloc(w->told, (w->n_told + 1) * sizeof(*told));

    if (told == NULL)
        abort();
    w->told = told;
    snprintf(told[w->n_told].alert, sizeof(told->alert), "%s", alert);
    snprintf(told[w->n_told++].written, sizeof(told->written), "%s", written);
}

/* What is older than the horizon is never asked for again. */
static void
move_horizon(struct watch *w, const char *horizon)
{
    unsigned long long from = strtoull(horizon, NULL, 10);
    size_t kept = 0;

    snprintf(w->horizon, sizeof(w->horizon), "%s", horizon);
    for (size_t i = 0; i < w->n_told; i++)
        if (strtoull(w->told[i].written, NULL, 10) >= from)
            w->told[kept++] = w->told[i];
    w->n_told = kept;
}

static void
tell_news(struct watch *w, const PGresult *result)
{
    for (int r = 0; r < PQntuples(result); r++) {
        const char *alert = PQgetvalue(result, r, ALERT), *written = PQgetvalue(result, r, WRITTEN);
        if (PQgetisnull(result, r, ALERT) || was_told(w, alert, written))
            continue;
        if (w->ctl->format == OUTPUT_TEXT)
            tell_people(w->ctl, result, r);
        else
            tell_programs(result, r);
        remember(w, alert, written);
    }
    fflush(stdout);
    move_horizon(w, PQgetvalue(result, 0, HORIZON));
}

/* Rows with the horizon of their snapshot; one row of nothing else when there are none. */
static char *
question(const struct ctl *ctl)
{
    char *columns = look_in_language(ctl, ctl->format == OUTPUT_TEXT ? for_people : "x.*"), *sql = NULL;

    if (asprintf(&sql,
                 WITH_BELOW "SELECT h.horizon, x.written, %s FROM (SELECT "
                            "pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) AS horizon) AS h "
                            "LEFT JOIN api.alert AS x ON x.written >= $3::xid8 AND " IS_BELOW(
                                "x.district") " AND ($2::text IS NULL OR x.indicator = $2) "
                                              "AND ($4::bigint IS NULL OR x.alert > $4) ORDER BY x.alert",
                 columns) < 0)
        abort();
    free(columns);
    return sql;
}

enum looked { LOOKED, LINK_LOST, FAILED };

/* Not db_query: a link that breaks is no error here. */
static enum looked
ask(struct watch *w, const char *sql, int n, const char *const *values, PGresult **ret_result)
{
    PGresult *result = PQexecParams(w->ctl->db, sql, n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);

    *ret_result = result;
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return LOOKED;
    if (PQstatus(w->ctl->db) == CONNECTION_BAD)
        return LINK_LOST;
    db_report(w->ctl, result);
    return FAILED;
}

/* With --since the first look is at everything behind that number. */
static enum looked
look(struct watch *w)
{
    const char *first = w->horizon[0] == '\0' ? w->options->since : NULL;
    const char *const values[] = {w->options->district, w->options->indicator,
                                  w->horizon[0] == '\0' ? "0" : w->horizon, first};
    char *sql = question(w->ctl);
    PGresult *result;
    enum looked looked = ask(w, sql, 4, values, &result);

    if (looked == LOOKED)
        tell_news(w, result);
    PQclear(result);
    free(sql);
    return looked;
}

/* Where the watch begins when nobody says since when: now. */
static enum looked
begin(struct watch *w)
{
    PGresult *result;
    enum looked looked = ask(w, "LISTEN yuebao_alert", 0, NULL, &result);

    PQclear(result);
    if (looked != LOOKED || w->horizon[0] != '\0' || w->options->since != NULL)
        return looked;
    looked = ask(w, "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())", 0, NULL, &result);
    if (looked == LOOKED)
        snprintf(w->horizon, sizeof(w->horizon), "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return looked;
}

/* ---- waiting ------------------------------------------------------------------------------------ */

/* Until a notification, the end of the link, a signal, or for as long as a look may wait. */
static void
wait_for_news(struct watch *w, int seconds)
{
    struct pollfd link = {.fd = PQsocket(w->ctl->db), .events = POLLIN};
    const struct timespec most = {.tv_sec = seconds};
    PGnotify *notify;

    if (is_over || ppoll(&link, link.fd >= 0 ? 1 : 0, &most, &w->signals) <= 0)
        return;
    (void)PQconsumeInput(w->ctl->db);
    while ((notify = PQnotifies(w->ctl->db)) != NULL)
        PQfreemem(notify);
}

static void
reconnect(struct watch *w)
{
    int pause = 1;

    ctl_warn(w->ctl, MSG_ctl_alert_link_lost, NULL);
    PQreset(w->ctl->db);
    while (!is_over && PQstatus(w->ctl->db) != CONNECTION_OK) {
        const struct timespec most = {.tv_sec = pause};
        (void)ppoll(NULL, 0, &most, &w->signals);
        PQreset(w->ctl->db);
        pause = pause * 2 > RECONNECT_MAX_S ? RECONNECT_MAX_S : pause * 2;
    }
    if (!is_over)
        ctl_warn(w->ctl, MSG_ctl_alert_link_back, NULL);
}

/* Signals are held back except while the watch waits, so that none falls between a question and a wait. */
static void
take_signals(struct watch *w)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigprocmask(SIG_BLOCK, &held, &w->signals);
}

static int
follow(struct watch *w)
{
    enum looked looked = begin(w);

    while (!is_over && looked != FAILED) {
        if (looked == LOOKED)
            looked = look(w);
        if (looked == LOOKED) {
            wait_for_news(w, LOOK_ANYWAY_S);
        } else if (looked == LINK_LOST) {
            reconnect(w);
            looked = is_over ? LOOKED : begin(w);
        }
    }
    return looked == FAILED ? w->ctl->status : EX_OK;
}

int
alerts_watch(struct ctl *ctl, const struct alerts_options *options)
{
    struct watch w = {.ctl = ctl, .options = options};

    if (ctl->format != OUTPUT_TEXT && ctl->format != OUTPUT_JSON)
        return ctl_usage(ctl, MSG_ctl_alert_watch_format, NULL);
    if (!is_district(ctl, options->district) ||
        (options->since != NULL && !alerts_number(ctl, options->since)) || !db_connect_to_ask(ctl) ||
        !knows_district(ctl, options->district) || !knows_indicator(ctl, options->indicator))
        return ctl->status;
    take_signals(&w);
    if (ctl->format == OUTPUT_TEXT)
        ctl_say(ctl, MSG_ctl_alert_watching, NULL);
    fflush(stdout);
    int status = follow(&w);
    free(w.told);
    ctl->has_written = true;
    return status;
}
