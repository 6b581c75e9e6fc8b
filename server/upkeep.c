#include "upkeep.h"

#include <stdbool.h>
#include <stdlib.h>

#include "clock.h"
#include "link.h"
#include "log.h"

#define FOLD_ROWS       20000  /* rows of total_delta in one fold */
#define FOLD_WORTH      2000u  /* rows of ours that are worth one; a province's sum reads so many in 20 ms */
#define FOLD_AFTER_MS   4000u  /* fewer wait so long */
#define JUDGE_ANYWAY_MS 30000u /* what a collector that died has left is judged by then */
#define NOTE_WINDOWS    200    /* districts' windows noted at a time */
#define COMPARE_REPORTS 200    /* reports compared at a time, a millisecond or two each */
#define NOTE_EVERY_MS   60000u /* and compared */
#define REST_FACTOR     4u     /* judging and noting take at most a fifth of the time each */
#define COMPARE_FACTOR  19u    /* comparing a twentieth */
#define AFTER_ERROR_MS  1000u
#define NOBODY          CHORES
#define NEVER           UINT64_MAX

struct upkeep {
    struct link *link;
    struct event *timer; /* when the next chore may run */
    enum chore running;  /* NOBODY: the link is free */
    uint64_t began_ms;
    size_t unfolded; /* rows appended here since the last fold began */
    struct {
        uint64_t due_ms;        /* from when on it is wanted; 0: now */
        uint64_t not_before_ms; /* it rests until then */
        uint64_t count;
    } chores[CHORES];
};

static const struct link_setting settings[] = {{"jit", "off"}, {"search_path", "pg_catalog"}, {NULL, NULL}};

static const struct link_statement statements[] = {
    [CHORE_ANNOUNCE] = {"announce", "SELECT 0::int4 FROM pg_notify('yuebao_alert', '')"},
    [CHORE_JUDGE] = {"judge", "SELECT yuebao.judge_totals()"},
    [CHORE_FOLD] = {"fold", "SELECT yuebao.fold_totals($1::int4)"},
    [CHORE_NOTE] = {"note", "SELECT yuebao.note_windows($1::int4)"},
    [CHORE_COMPARE] = {"compare", "SELECT yuebao.note_past($1::int4)"},
    [CHORES] = {NULL, NULL},
};

static void
run(struct upkeep *upkeep, enum chore chore)
{
    struct link_arguments a = {0};

    upkeep->chores[chore].due_ms = NEVER;
    upkeep->running = chore;
    upkeep->began_ms = clock_steady_ms();
    if (chore == CHORE_FOLD) {
        binary_raw32(link_argument(&a), FOLD_ROWS);
        upkeep->unfolded = 0;
    } else if (chore == CHORE_NOTE) {
        binary_raw32(link_argument(&a), NOTE_WINDOWS);
    } else if (chore == CHORE_COMPARE) {
        binary_raw32(link_argument(&a), COMPARE_REPORTS);
    }
    link_call(upkeep->link, (int)chore, statements[chore].name, &a);
    link_run(upkeep->link, false);
    link_arguments_fini(&a);
}

static uint64_t
runs_at(const struct upkeep *upkeep, enum chore chore)
{
    uint64_t due = upkeep->chores[chore].due_ms, rested = upkeep->chores[chore].not_before_ms;

    return due > rested ? due : rested;
}

/* Run what may run now; otherwise wait until something may. */
static void
next(struct upkeep *upkeep)
{
    uint64_t now = clock_steady_ms(), soonest = NEVER;
    struct timeval after;

    if (upkeep->running != NOBODY || !link_idle(upkeep->link))
        return;
    for (enum chore chore = 0; chore < CHORES; chore++) {
        uint64_t at = runs_at(upkeep, chore);
        if (at <= now) {
            run(upkeep, chore);
            return;
        }
        if (at < soonest)
            soonest = at;
    }
    if (soonest == NEVER)
        return;
    after.tv_sec = (time_t)((soonest - now) / 1000);
    after.tv_usec = (suseconds_t)((soonest - now) % 1000 * 1000);
    evtimer_add(upkeep->timer, &after);
}

/* When the chore may run again, now that it is done; `result` is what it returned. */
static void
rest(struct upkeep *upkeep, enum chore chore, int32_t result)
{
    uint64_t now = clock_steady_ms(), took = now - upkeep->began_ms;
    uint64_t *not_before = &upkeep->chores[chore].not_before_ms;

    upkeep->chores[chore].count++;
    switch (chore) {
    case CHORE_ANNOUNCE:
    case CHORES:
        return;
    case CHORE_JUDGE:
        *not_before = now + took * REST_FACTOR;
        if (upkeep->chores[chore].due_ms == NEVER)
            upkeep->chores[chore].due_ms = now + JUDGE_ANYWAY_MS;
        return;
    case CHORE_FOLD:
        if (result >= FOLD_ROWS)
            upkeep->chores[chore].due_ms = 0; /* it was full: there is more */
        return;
    case CHORE_NOTE:
        *not_before = now + took * REST_FACTOR;
        upkeep->chores[chore].due_ms = result >= NOTE_WINDOWS ? 0 : now + NOTE_EVERY_MS;
        return;
    case CHORE_COMPARE:
        *not_before = now + took * COMPARE_FACTOR;
        upkeep->chores[chore].due_ms = result >= COMPARE_REPORTS ? 0 : now + NOTE_EVERY_MS;
        return;
    }
}

static void
on_result(int tag, const PGresult *result, void *arg)
{
    struct upkeep *upkeep = arg;
    enum chore chore = (enum chore)tag;

    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
        rest(upkeep, chore, binary_get32(PQgetvalue(result, 0, 0)));
        return;
    }
    log_event(LOG_WARNING, "upkeep_failed", "chore", statements[chore].name, "sqlstate",
              PQresultErrorField(result, PG_DIAG_SQLSTATE), NULL);
    upkeep->chores[chore].due_ms = 0;
    upkeep->chores[chore].not_before_ms = clock_steady_ms() + AFTER_ERROR_MS;
}

/* Also when the link comes up: what was committed before is done then. */
static void
on_idle(void *arg)
{
    struct upkeep *upkeep = arg;

    upkeep->running = NOBODY;
    next(upkeep);
}

static void
on_broken(bool was_up, void *arg)
{
    struct upkeep *upkeep = arg;

    (void)was_up;
    upkeep->running = NOBODY;
    for (enum chore chore = 0; chore < CHORES; chore++)
        upkeep->chores[chore].due_ms = 0;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    next(arg);
}

static const struct link_owner owner = {
    .role = "yuebaod upkeep",
    .settings = settings,
    .statements = statements,
    .on_idle = on_idle,
    .on_result = on_result,
    .on_broken = on_broken,
};

void
upkeep_free(struct upkeep *upkeep)
{
    if (upkeep == NULL)
        return;
    if (upkeep->timer != NULL)
        event_free(upkeep->timer);
    link_free(upkeep->link);
    free(upkeep);
}

/* Whatever an earlier life of this collector has left is due. */
struct upkeep *
upkeep_new(struct event_base *base, const char *conninfo)
{
    struct upkeep *upkeep = calloc(1, sizeof(*upkeep));

    if (upkeep == NULL)
        return NULL;
    upkeep->running = NOBODY;
    upkeep->timer = evtimer_new(base, on_timer, upkeep);
    upkeep->link = link_new(base, conninfo, &owner, upkeep);
    if (upkeep->timer == NULL || upkeep->link == NULL) {
        upkeep_free(upkeep);
        return NULL;
    }
    return upkeep;
}

void
upkeep_due(struct upkeep *upkeep, enum chore chore)
{
    upkeep->chores[chore].due_ms = 0;
    next(upkeep);
}

void
upkeep_fold(struct upkeep *upkeep, size_t rows)
{
    uint64_t after_ms = clock_steady_ms() + FOLD_AFTER_MS, *due_ms = &upkeep->chores[CHORE_FOLD].due_ms;

    upkeep->unfolded += rows;
    if (upkeep->unfolded >= FOLD_WORTH)
        *due_ms = 0;
    else if (after_ms < *due_ms)
        *due_ms = after_ms;
    next(upkeep);
}

uint64_t
upkeep_count(const struct upkeep *upkeep, enum chore chore)
{
    return upkeep->chores[chore].count;
}
