/*
 * A group's way through a lane:
 *
 *     FREE --> CLAIM --> [LOOK] --> COPY --> [JUDGE] --> FREE   all that was won is committed, all are
 * answered |         |          |         |
 *                +---------+----------+---------+--error--> UNDO --> FREE, the group halved, run again or
 * given up |         |
 *                                     +---------+--link lost--> the COMMIT is ambiguous: the group runs again
 * on a fresh link. Its claims meet their own rows, if they were committed, and the look-up finds their ids:
 * no other way to look them up waits for an old backend that is still committing.
 */
#include "lane.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "clock.h"
#include "link.h"
#include "store.h"
#include "totals.h"

enum lane_step {
    LANE_FREE,
    LANE_CLAIM,
    LANE_LOOK,
    LANE_COPY,  /* from here on the COMMIT may have happened */
    LANE_JUDGE, /* the figures are written, limits are set to some: alerts, COMMIT */
    LANE_UNDO,
    LANE_REFUSE,
};

enum lane_stream { LANE_FIGURES, LANE_DELTAS, LANE_REMARKS, LANE_STREAMS };

struct lane {
    const struct lane_owner *owner;
    void *arg;
    struct link *link;
    enum lane_step step;
    struct group *group;
    struct totals totals;
    struct binary streams[LANE_STREAMS]; /* of COPY, in order */
    unsigned copies;                     /* streams sent */
    bool committed;                      /* the last command tag is COMMIT */
    bool failed;                         /* a result was an error */
    uint64_t began_ms;
    struct lane_outcome outcome;
};

/* ---- the end ------------------------------------------------------------------------------------ */

/* The lane lets go of its group. */
static void
lane_end(struct lane *lane, enum lane_end end)
{
    struct group *group = lane->group;

    lane->group = NULL;
    lane->step = LANE_FREE;
    lane->outcome.end = end;
    lane->outcome.warned = link_warned(lane->link);
    lane->outcome.took_ms = clock_steady_ms() - lane->began_ms;
    totals_clear(&lane->totals);
    for (size_t i = 0; i < LANE_STREAMS; i++)
        binary_clear(&lane->streams[i]);
    lane->owner->on_end(lane, group, &lane->outcome, lane->arg);
}

/* COPY, JUDGE -> FREE; a COMMIT counts only when the server says so and warns of nothing. */
static void
lane_end_commit(struct lane *lane)
{
    lane_end(lane, lane->committed && !link_warned(lane->link) ? LANE_COMMITTED : LANE_UNCONFIRMED);
}

/* ---- steps -------------------------------------------------------------------------------------- */

static void
lane_copy(struct lane *lane)
{
    lane->step = LANE_COPY;
    lane->copies = 0;
    lane->committed = false;
    if (!books_any(lane->group)) {
        store_send_commit(lane->link);
        return;
    }
    books_copy_figures(lane->group, &lane->streams[LANE_FIGURES], &lane->totals);
    totals_copy(&lane->totals, &lane->streams[LANE_DELTAS]);
    lane->outcome.deltas = lane->totals.count;
    books_send_copy(lane->link, STORE_COMMIT, books_copy_remarks(lane->group, &lane->streams[LANE_REMARKS]),
                    !store_any_watched(lane->group));
}

/* COPY -> JUDGE. */
static void
lane_judge(struct lane *lane)
{
    lane->step = LANE_JUDGE;
    lane->committed = false;
    store_send_judge(lane->link, lane->group);
}

static void
lane_undo(struct lane *lane)
{
    if (link_in_transaction(lane->link)) {
        lane->step = LANE_UNDO;
        store_send_rollback(lane->link);
        return;
    }
    lane_end(lane, LANE_FAILED);
}

/* CLAIM -> LOOK or COPY. */
static void
lane_claimed(struct lane *lane)
{
    bool look = store_mark_lost(lane->group);
    bool won = store_any_won(lane->group);

    if (!look) {
        lane_copy(lane);
        return;
    }
    lane->step = LANE_LOOK;
    lane->committed = false;
    store_send_look(lane->link, lane->group, !won);
}

/* LOOK -> COPY, or FREE when nothing was won. */
static void
lane_looked(struct lane *lane)
{
    if (store_any_won(lane->group))
        lane_copy(lane);
    else
        lane_end(lane, LANE_COMMITTED);
}

static void
lane_on_idle(void *arg)
{
    struct lane *lane = arg;

    if (lane->failed && lane->step != LANE_UNDO && lane->step != LANE_FREE) {
        lane->failed = false;
        lane_undo(lane);
        return;
    }
    switch (lane->step) {
    case LANE_FREE:
        lane->owner->on_free(lane->arg);
        return;
    case LANE_CLAIM:
        lane_claimed(lane);
        return;
    case LANE_LOOK:
        lane_looked(lane);
        return;
    case LANE_COPY:
        if (store_any_watched(lane->group))
            lane_judge(lane);
        else
            lane_end_commit(lane);
        return;
    case LANE_JUDGE:
        lane_end_commit(lane);
        return;
    case LANE_UNDO:
        lane_undo(lane);
        return;
    case LANE_REFUSE:
        lane_end(lane, LANE_COMMITTED);
        return;
    }
}

/* ---- results ------------------------------------------------------------------------------------ */

/* The first error of a transaction is the one that counts. */
static void
lane_note_error(struct lane *lane, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    if (lane->failed)
        return;
    lane->failed = true;
    strncpy(lane->outcome.sqlstate, sqlstate != NULL ? sqlstate : "", sizeof(lane->outcome.sqlstate) - 1);
    strncpy(lane->outcome.constraint, constraint != NULL ? constraint : "",
            sizeof(lane->outcome.constraint) - 1);
}

static void
lane_read_rows(struct lane *lane, int tag, const PGresult *result)
{
    switch ((enum store_tag)tag) {
    case STORE_CLAIM:
    case STORE_KEEP:
        store_read_won(result, lane->group);
        return;
    case STORE_LOOK:
        if (!store_read_look(result, lane->group))
            lane->failed = lane->outcome.out_of_memory = true;
        return;
    case STORE_CORRECT:
        store_read_correction(result, &lane->totals);
        return;
    case STORE_JUDGE:
        lane->outcome.alerts = binary_get32(PQgetvalue(result, 0, 0));
        return;
    case STORE_BEGIN:
    case STORE_COMMIT:
    case STORE_ROLLBACK:
    case STORE_LOCK:
    case STORE_REFUSE:
        return;
    }
}

static void
lane_on_result(int tag, const PGresult *result, void *arg)
{
    struct lane *lane = arg;

    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        lane_read_rows(lane, tag, result);
        return;
    case PGRES_COMMAND_OK:
        lane->committed = strcmp(PQcmdStatus((PGresult *)result), "COMMIT") == 0;
        return;
    case PGRES_COPY_IN:
        assert(lane->copies < LANE_STREAMS);
        link_copy(lane->link, &lane->streams[lane->copies++]);
        return;
    case PGRES_PIPELINE_ABORTED:
        return;
    default:
        lane_note_error(lane, result);
        return;
    }
}

static void
lane_on_broken(bool was_up, void *arg)
{
    struct lane *lane = arg;
    bool committing = lane->step == LANE_COPY || lane->step == LANE_JUDGE;

    lane->owner->on_down(was_up, lane->arg);
    if (lane->group == NULL)
        return;
    lane->failed = false;
    if (committing && !lane->group->rejections)
        lane->group->ambiguous = true;
    lane_end(lane, LANE_BROKEN);
}

static const struct link_owner link_owner = {
    .role = "yuebaod batch",
    .settings = store_settings,
    .statements = store_statements,
    .on_idle = lane_on_idle,
    .on_result = lane_on_result,
    .on_broken = lane_on_broken,
};

/* ---- the face ----------------------------------------------------------------------------------- */

void
lane_start(struct lane *lane, struct group *group)
{
    assert(lane_is_free(lane));
    lane->group = group;
    lane->began_ms = clock_steady_ms();
    lane->failed = lane->committed = false;
    lane->outcome = (struct lane_outcome){.end = LANE_COMMITTED};
    if (group->rejections) {
        lane->step = LANE_REFUSE;
        store_send_rejections(lane->link, group);
    } else {
        lane->step = LANE_CLAIM;
        store_send_claims(lane->link, group);
    }
}

bool
lane_up(const struct lane *lane)
{
    return link_up(lane->link);
}

bool
lane_is_free(const struct lane *lane)
{
    return lane->step == LANE_FREE && link_idle(lane->link);
}

size_t
lane_load(const struct lane *lane)
{
    return lane->group != NULL ? lane->group->count : 0;
}

void
lane_reconnect(struct lane *lane)
{
    link_reconnect(lane->link);
}

struct lane *
lane_new(struct event_base *base, const char *conninfo, const struct lane_owner *owner, void *arg)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (lane == NULL)
        return NULL;
    lane->owner = owner;
    lane->arg = arg;
    lane->link = link_new(base, conninfo, &link_owner, lane);
    if (lane->link != NULL)
        return lane;
    free(lane);
    return NULL;
}

void
lane_free(struct lane *lane)
{
    if (lane == NULL)
        return;
    link_free(lane->link);
    totals_fini(&lane->totals);
    for (size_t i = 0; i < LANE_STREAMS; i++)
        binary_fini(&lane->streams[i]);
    if (lane->group != NULL)
        group_drop(lane->group);
    free(lane);
}
