#include "fold.h"

#include <stdbool.h>
#include <stdlib.h>

#include "link.h"
#include "log.h"

#define FOLD_EVERY_MS 1000u
#define FOLD_ROWS     20000 /* rows of total_delta in one fold */

struct fold {
    struct link *link;
    struct event *timer;
    bool due; /* something was committed since the last fold began */
    bool running;
    bool more; /* the last fold was full: do not wait for the timer */
    uint64_t count;
};

enum fold_tag { FOLD_TOTALS };

static const struct link_setting fold_settings[] = {
    {"jit", "off"}, {"search_path", "pg_catalog"}, {NULL, NULL}};
static const struct link_statement fold_statements[] = {{"fold", "SELECT yuebao.fold_totals($1::int4)"},
                                                        {NULL, NULL}};

static void
fold_run(struct fold *fold)
{
    struct link_arguments a = {0};

    if (!fold->due || fold->running || !link_idle(fold->link))
        return;
    fold->due = fold->more = false;
    fold->running = true;
    binary_raw32(link_argument(&a), FOLD_ROWS);
    link_call(fold->link, FOLD_TOTALS, "fold", &a);
    link_run(fold->link, false);
    link_arguments_fini(&a);
}

static void
fold_on_result(int tag, const PGresult *result, void *arg)
{
    struct fold *fold = arg;

    (void)tag;
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
        log_event(LOG_WARNING, "fold_failed", "sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE), NULL);
        fold->due = true;
        return;
    }
    if (binary_get32(PQgetvalue(result, 0, 0)) >= FOLD_ROWS)
        fold->due = fold->more = true;
    fold->count++;
}

/* Also when the link comes up: what was committed before is folded then. */
static void
fold_on_idle(void *arg)
{
    struct fold *fold = arg;

    fold->running = false;
    if (fold->more)
        fold_run(fold);
}

static void
fold_on_broken(bool was_up, void *arg)
{
    struct fold *fold = arg;

    (void)was_up;
    fold->running = false;
    fold->due = true;
}

static void
fold_on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    fold_run(arg);
}

static const struct link_owner fold_owner = {
    .role = "yuebaod fold",
    .settings = fold_settings,
    .statements = fold_statements,
    .on_idle = fold_on_idle,
    .on_result = fold_on_result,
    .on_broken = fold_on_broken,
};

void
fold_free(struct fold *fold)
{
    if (fold == NULL)
        return;
    if (fold->timer != NULL)
        event_free(fold->timer);
    link_free(fold->link);
    free(fold);
}

struct fold *
fold_new(struct event_base *base, const char *conninfo)
{
    const struct timeval every = {.tv_sec = FOLD_EVERY_MS / 1000, .tv_usec = FOLD_EVERY_MS % 1000 * 1000};
    struct fold *fold = calloc(1, sizeof(*fold));

    if (fold == NULL)
        return NULL;
    fold->due = true;
    fold->timer = event_new(base, -1, EV_PERSIST, fold_on_timer, fold);
    fold->link = link_new(base, conninfo, &fold_owner, fold);
    if (fold->timer == NULL || fold->link == NULL || event_add(fold->timer, &every) != 0) {
        fold_free(fold);
        return NULL;
    }
    return fold;
}

void
fold_due(struct fold *fold)
{
    fold->due = true;
}

uint64_t
fold_count(const struct fold *fold)
{
    return fold->count;
}
