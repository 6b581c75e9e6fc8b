/*
 * One lane a database link. A group's way through a lane:
 *
 *     FREE --> CLAIM --> [LOOK] --> COPY --> [JUDGE] --> FREE   all that was won is committed, all are
 * answered |         |          |         |
 *                +---------+----------+---------+--error--> UNDO --> FREE, the group halved, run again or
 * given up |         |
 *                                     +---------+--link lost--> the COMMIT is ambiguous: the group runs again
 * on a fresh link. Its claims meet their own rows, if they were committed, and the look-up finds their ids:
 * no other way to look them up waits for an old backend that is still committing.
 */
#include "batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "clock.h"
#include "group.h"
#include "link.h"
#include "log.h"
#include "sqlstate.h"
#include "store.h"
#include "totals.h"
#include "upkeep.h"

#define TRIES_MAX             5u /* of one group, for reasons that may pass */
#define TRIES_TOGETHER        2u /* of these as a whole; then in halves */
#define AWAY_AFTER_MS         1000u /* no link up: so long may a restart take before what waits is answered BUSY */
#define LOOK_UP_FOR_MS        30000u               /* the same for a group whose COMMIT is ambiguous */
#define REJECTIONS_MAX        400u                 /* that wait; the rest is dropped */
#define REJECTIONS_WEIGHT_MAX (2u * 1024u * 1024u) /* bytes of those that wait or are in groups */
#define RETRY_MIN_MS          500u
#define RETRY_MAX_MS          60000u
#define BATCH_GUESS_MS        50u     /* before any batch was measured */
#define NO_PARTITION          "23514" /* with no constraint's name: a check that PostgreSQL itself makes */

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
    struct batch *batch;
    struct link *link;
    enum lane_step step;
    struct group *group;
    struct totals totals;
    struct binary streams[LANE_STREAMS]; /* of COPY, in order */
    unsigned copies;                     /* streams sent */
    int32_t alerts;                      /* made and cleared */
    bool committed;                      /* the last command tag is COMMIT */
    bool failed;                         /* a result was an error: */
    bool out_of_memory;                  /* ours */
    char sqlstate[6], constraint[64];
    uint64_t began_ms;
};

struct batch {
    struct event_base *base;
    struct lane *lanes;
    unsigned n_lanes;
    struct queue waiting, rejections;
    struct group_list again; /* runs before anything new */
    struct slots *slots;
    struct event
        *turn; /* dispatch at the end of this turn of the loop, so that the turn's submissions go together */
    struct event *away;    /* no link has been up for AWAY_AFTER_MS */
    struct event *lost;    /* ... for LOOK_UP_FOR_MS */
    size_t in_flight;      /* submissions in groups */
    size_t weight;         /* bytes of all submissions, waiting or in groups */
    size_t refused_weight; /* of these, of rejections */
    uint64_t batch_ms;     /* what a batch takes, smoothed */
    struct upkeep *upkeep;
    struct batch_counters counters;
};

static void batch_dispatch(struct batch *batch);

static void
batch_soon(struct batch *b)
{
    event_active(b->turn, EV_TIMEOUT, 0);
}

/* ---- answers ------------------------------------------------------------------------------------ */

static void
batch_count(struct batch *b, enum submission_outcome outcome)
{
    switch (outcome) {
    case SUBMISSION_ACCEPTED:
        b->counters.accepted++;
        return;
    case SUBMISSION_REPEATED:
        b->counters.repeated++;
        return;
    case SUBMISSION_CONFLICT:
        b->counters.conflicts++;
        return;
    case SUBMISSION_POISON:
        b->counters.poisoned++;
        return;
    case SUBMISSION_WAITS:
    case SUBMISSION_MOVED:
    case SUBMISSION_REFUSED:
    case SUBMISSION_AWAY:
        return;
    }
}

/* A review whose Reject holds is from now on a rejection; its peer has been told. */
static void
batch_remember(struct batch *b, struct submission *s)
{
    s->kind = SUBMISSION_REJECTION;
    s->done = NULL;
    if (!batch_submit(b, s))
        submission_free(s);
}

/* Tell the outcome and let go of the submission, which is in no queue and no group any more. */
static void
batch_answer(struct batch *b, struct submission *s, enum submission_outcome outcome)
{
    size_t weight = submission_weight(s);

    b->weight -= weight;
    if (s->kind == SUBMISSION_REJECTION)
        b->refused_weight -= weight;
    else
        batch_count(b, outcome);
    if (s->done != NULL)
        s->done(s, outcome, s->arg);
    if (outcome == SUBMISSION_REFUSED)
        batch_remember(b, s);
    else
        submission_free(s);
}

/* The claim's submission leaves its group. */
static void
claim_answer(struct batch *b, struct claim *claim, enum submission_outcome outcome)
{
    struct submission *s = claim->submission;

    claim->submission = NULL;
    b->in_flight--;
    if (s->kind != SUBMISSION_REJECTION)
        slots_give_back(b->slots, s);
    batch_answer(b, s, outcome);
}

static void
group_answer_all(struct batch *b, struct group *group, enum submission_outcome outcome)
{
    for (size_t i = 0; i < group->count; i++)
        claim_answer(b, &group->claims[i], outcome);
    group_free(group);
}

/* ---- groups that did not go through ------------------------------------------------------------- */

static void
group_run_again(struct batch *b, struct group *group)
{
    group_reopen(group);
    group_list_push(&b->again, group);
    batch_soon(b);
}

/* Run in two halves; what stands alone is not halved. */
static void
group_split(struct batch *b, struct group *group)
{
    struct group *upper = group_halve(group);

    if (upper == NULL) {
        group_answer_all(b, group, SUBMISSION_AWAY);
        return;
    }
    group_run_again(b, upper);
    group_run_again(b, group);
}

/*
 * The transaction failed for a reason that may pass. If it does not, one submission may be the cause, by a
 * lock that somebody holds or by killing the backend: it is found by halving, and given up alone.
 */
static void
group_try_again(struct batch *b, struct group *group)
{
    if (group->tries >= TRIES_TOGETHER && group->count > 1)
        group_split(b, group);
    else if (++group->tries < TRIES_MAX)
        group_run_again(b, group);
    else
        group_answer_all(b, group, SUBMISSION_AWAY);
}

/* One submission stands alone, and the database refuses it. Nothing final is said of a review that could not
 * be looked up. */
static enum submission_outcome
lone_outcome(const struct lane *lane, const struct submission *s, enum sqlstate_meaning meaning)
{
    if (meaning != SQLSTATE_DATA || s->kind == SUBMISSION_REVIEW)
        return SUBMISSION_AWAY;
    if (strcmp(lane->sqlstate, NO_PARTITION) == 0 && lane->constraint[0] == '\0')
        return SUBMISSION_MOVED;
    return SUBMISSION_POISON;
}

static void
group_answer_lone(struct batch *b, struct lane *lane, struct group *group, enum sqlstate_meaning meaning)
{
    struct submission *s = group->claims[0].submission;
    enum submission_outcome outcome = lone_outcome(lane, s, meaning);

    memcpy(s->sqlstate, lane->sqlstate, sizeof(s->sqlstate));
    memcpy(s->constraint, lane->constraint, sizeof(s->constraint));
    log_event(LOG_WARNING, "refused_by_database", "sqlstate", s->sqlstate, "constraint",
              s->constraint[0] != '\0' ? s->constraint : NULL, "school", LOG_NUMBER(s->school_id), NULL);
    group_answer_all(b, group, outcome);
}

/* The transaction is rolled back: what now? */
static void
group_failed(struct batch *b, struct lane *lane, struct group *group)
{
    enum sqlstate_meaning meaning = sqlstate_meaning(lane->sqlstate[0] != '\0' ? lane->sqlstate : NULL);

    if (lane->out_of_memory)
        meaning = SQLSTATE_AWAY;
    switch (meaning) {
    case SQLSTATE_DATA:
    case SQLSTATE_STRANGE:
        if (group->count > 1)
            group_split(b, group);
        else
            group_answer_lone(b, lane, group, meaning);
        return;
    case SQLSTATE_RETRY:
        group_try_again(b, group);
        return;
    case SQLSTATE_AWAY:
        log_event(LOG_ERROR, "database_cannot", "sqlstate", lane->sqlstate, NULL);
        if (!group->rejections)
            link_reconnect(lane->link);
        group_answer_all(b, group, SUBMISSION_AWAY);
        return;
    }
}

/* ---- a lane's steps ----------------------------------------------------------------------------- */

static void
lane_measure(struct lane *lane)
{
    uint64_t took = clock_steady_ms() - lane->began_ms;

    lane->batch->batch_ms = (lane->batch->batch_ms * 7 + took) / 8;
    lane->batch->counters.batches++;
}

/* The lane lets go of its group. */
static struct group *
lane_release(struct lane *lane)
{
    struct group *group = lane->group;

    lane->group = NULL;
    lane->step = LANE_FREE;
    totals_clear(&lane->totals);
    for (size_t i = 0; i < LANE_STREAMS; i++)
        binary_clear(&lane->streams[i]);
    batch_soon(lane->batch);
    return group;
}

/* Was the answer that the database holds made by us, in a COMMIT whose own answer was lost? */
static bool
is_own_answer(const struct group *group, const struct submission *s)
{
    return group->ambiguous && s->first_answer_len == s->answer_len &&
           memcmp(s->first_answer, s->answer, s->answer_len) == 0;
}

static enum submission_outcome
settled_outcome(const struct group *group, const struct claim *claim)
{
    if (claim->state == CLAIM_WON)
        return SUBMISSION_ACCEPTED;
    if (claim->outcome == SUBMISSION_REPEATED && is_own_answer(group, claim->submission))
        return SUBMISSION_ACCEPTED;
    return claim->outcome;
}

/* Losers of a race run again; everybody else has an outcome. */
static void
group_settle(struct batch *b, struct group *group)
{
    size_t left = 0;

    for (size_t i = 0; i < group->count; i++) {
        struct claim *claim = &group->claims[i];
        if (claim->state == CLAIM_LOST)
            group->claims[left++] = *claim;
        else
            claim_answer(b, claim, settled_outcome(group, claim));
    }
    group->count = left;
    if (left > 0)
        group_try_again(b, group);
    else
        group_free(group);
}

/* COPY -> FREE: committed, or there was nothing to commit. */
static void
lane_done(struct lane *lane)
{
    struct batch *b = lane->batch;

    lane_measure(lane);
    if (books_any(lane->group))
        upkeep_due(b->upkeep, CHORE_FOLD);
    if (store_any_watched(lane->group))
        upkeep_due(b->upkeep, CHORE_JUDGE);
    if (lane->alerts > 0)
        upkeep_due(b->upkeep, CHORE_ANNOUNCE);
    group_settle(b, lane_release(lane));
}

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
    group_failed(lane->batch, lane, lane_release(lane));
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
        lane_done(lane);
}

/* The answer to COMMIT was not COMMIT, or a standby did not confirm it: nobody may be told that it holds. */
static void
lane_not_committed(struct lane *lane)
{
    struct batch *b = lane->batch;

    log_event(LOG_ERROR, "commit_unconfirmed", "warned", link_warned(lane->link) ? "yes" : "no", NULL);
    group_answer_all(b, lane_release(lane), SUBMISSION_AWAY);
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
        batch_soon(lane->batch);
        return;
    case LANE_CLAIM:
        lane_claimed(lane);
        return;
    case LANE_LOOK:
        lane_looked(lane);
        return;
    case LANE_COPY:
        if (store_any_watched(lane->group)) {
            lane_judge(lane);
            return;
        }
        /* fall through */
    case LANE_JUDGE:
        if (lane->committed && !link_warned(lane->link))
            lane_done(lane);
        else
            lane_not_committed(lane);
        return;
    case LANE_UNDO:
        lane_undo(lane);
        return;
    case LANE_REFUSE:
        group_answer_all(lane->batch, lane_release(lane), SUBMISSION_ACCEPTED);
        return;
    }
}

/* The first error of a transaction is the one that counts. */
static void
lane_note_error(struct lane *lane, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    if (lane->failed)
        return;
    lane->failed = true;
    strncpy(lane->sqlstate, sqlstate != NULL ? sqlstate : "", sizeof(lane->sqlstate) - 1);
    strncpy(lane->constraint, constraint != NULL ? constraint : "", sizeof(lane->constraint) - 1);
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
            lane->failed = lane->out_of_memory = true;
        return;
    case STORE_CORRECT:
        store_read_correction(result, &lane->totals);
        return;
    case STORE_JUDGE:
        lane->alerts = binary_get32(PQgetvalue(result, 0, 0));
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

static void lane_on_broken(bool was_up, void *arg);

static const struct link_owner lane_owner = {
    .role = "yuebaod batch",
    .settings = store_settings,
    .statements = store_statements,
    .on_idle = lane_on_idle,
    .on_result = lane_on_result,
    .on_broken = lane_on_broken,
};

static void
lane_start(struct lane *lane, struct group *group)
{
    lane->group = group;
    lane->began_ms = clock_steady_ms();
    lane->alerts = 0;
    lane->failed = lane->out_of_memory = lane->committed = false;
    lane->sqlstate[0] = lane->constraint[0] = '\0';
    if (group->ambiguous)
        lane->batch->counters.lookups++;
    if (group->rejections) {
        lane->step = LANE_REFUSE;
        store_send_rejections(lane->link, group);
    } else {
        lane->step = LANE_CLAIM;
        store_send_claims(lane->link, group);
    }
}

/* ---- links come and go -------------------------------------------------------------------------- */

static void
lane_on_broken(bool was_up, void *arg)
{
    struct lane *lane = arg;
    struct batch *b = lane->batch;
    struct group *group;
    bool committing = lane->step == LANE_COPY || lane->step == LANE_JUDGE;

    if (was_up && !batch_up(b)) {
        const struct timeval away = {.tv_sec = AWAY_AFTER_MS / 1000},
                             lost = {.tv_sec = LOOK_UP_FOR_MS / 1000};
        evtimer_add(b->away, &away);
        evtimer_add(b->lost, &lost);
    }
    if (lane->group == NULL)
        return;
    lane->failed = false;
    group = lane_release(lane);
    if (committing && !group->rejections)
        group->ambiguous = true;
    group_try_again(b, group);
}

static void
batch_on_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    batch_dispatch(arg);
}

/* Groups that wait for a link; with `ambiguous` also those whose COMMIT may have happened. */
static void
batch_give_up_groups(struct batch *b, bool ambiguous)
{
    struct group_list all = b->again;
    struct group *group;

    b->again.first = NULL;
    while ((group = group_list_pop(&all)) != NULL) {
        if (group->ambiguous && !ambiguous)
            group_list_push(&b->again, group);
        else
            group_answer_all(b, group, SUBMISSION_AWAY);
    }
}

static void
batch_on_away(evutil_socket_t fd, short what, void *arg)
{
    struct batch *b = arg;
    struct submission *s;

    (void)fd;
    (void)what;
    if (batch_up(b))
        return;
    while ((s = queue_pop(&b->waiting)) != NULL)
        batch_answer(b, s, SUBMISSION_AWAY);
    while ((s = queue_pop(&b->rejections)) != NULL)
        batch_answer(b, s, SUBMISSION_AWAY);
    batch_give_up_groups(b, false);
}

static void
batch_on_lost(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    if (!batch_up(arg))
        batch_give_up_groups(arg, true);
}

/* ---- dispatch ----------------------------------------------------------------------------------- */

/* What a free lane does next: what failed before, then what waits, then what was refused. */
static struct group *
batch_next_group(struct batch *b)
{
    struct group *group = group_list_pop(&b->again);

    if (group != NULL)
        return group;
    if (b->waiting.count > 0)
        group = group_take(&b->waiting, b->slots, BATCH_MAX);
    if (group == NULL && b->waiting.count == 0)
        group = group_take_rejections(&b->rejections, BATCH_MAX);
    if (group != NULL)
        b->in_flight += group->count;
    return group;
}

static void
batch_dispatch(struct batch *b)
{
    for (unsigned i = 0; i < b->n_lanes; i++) {
        struct lane *lane = &b->lanes[i];
        struct group *group;
        if (lane->step != LANE_FREE || !link_idle(lane->link))
            continue;
        group = batch_next_group(b);
        if (group == NULL)
            return;
        lane_start(lane, group);
    }
}

/* ---- the face ----------------------------------------------------------------------------------- */

/* Rejections are a convenience: they get a small part of the room that all have. */
static bool
batch_has_room(const struct batch *b, const struct submission *s)
{
    size_t weight = submission_weight(s);

    if (b->weight + weight > BATCH_WAITING_MAX)
        return false;
    return s->kind != SUBMISSION_REJECTION ||
           (b->rejections.count < REJECTIONS_MAX && b->refused_weight + weight <= REJECTIONS_WEIGHT_MAX);
}

bool
batch_submit(struct batch *b, struct submission *s)
{
    if (!batch_up(b) || !batch_has_room(b, s))
        return false;
    b->weight += submission_weight(s);
    if (s->kind == SUBMISSION_REJECTION) {
        b->refused_weight += submission_weight(s);
        queue_push(&b->rejections, s);
    } else {
        assert(s->statement != NULL || s->kind == SUBMISSION_REVIEW);
        queue_push(&b->waiting, s);
    }
    batch_soon(b);
    return true;
}

bool
batch_up(const struct batch *b)
{
    for (unsigned i = 0; i < b->n_lanes; i++)
        if (link_up(b->lanes[i].link))
            return true;
    return false;
}

uint32_t
batch_retry_ms(const struct batch *b)
{
    uint64_t batches = (b->waiting.count + b->in_flight) / BATCH_MAX + 1;
    uint64_t ms = RETRY_MIN_MS + batches * b->batch_ms / b->n_lanes;

    if (!batch_up(b))
        ms += LINK_BACKOFF_MAX_MS;
    return ms > RETRY_MAX_MS ? RETRY_MAX_MS : (uint32_t)ms;
}

bool
batch_idle(const struct batch *b)
{
    return b->waiting.count == 0 && b->rejections.count == 0 && b->in_flight == 0;
}

struct batch_counters
batch_counters(const struct batch *b)
{
    struct batch_counters counters = b->counters;

    counters.folds = upkeep_count(b->upkeep, CHORE_FOLD);
    return counters;
}

static bool
batch_open_lanes(struct batch *b, const char *conninfo, unsigned links)
{
    b->lanes = calloc(links, sizeof(*b->lanes));
    if (b->lanes == NULL)
        return false;
    for (b->n_lanes = 0; b->n_lanes < links; b->n_lanes++) {
        struct lane *lane = &b->lanes[b->n_lanes];
        lane->batch = b;
        lane->link = link_new(b->base, conninfo, &lane_owner, lane);
        if (lane->link == NULL)
            return false;
    }
    return true;
}

struct batch *
batch_new(struct event_base *base, const char *conninfo, unsigned links)
{
    struct batch *b = calloc(1, sizeof(*b));

    assert(links > 0);
    if (b == NULL)
        return NULL;
    b->base = base;
    b->batch_ms = BATCH_GUESS_MS;
    queue_init(&b->waiting);
    queue_init(&b->rejections);
    b->slots = slots_new();
    b->turn = event_new(base, -1, 0, batch_on_turn, b);
    b->away = evtimer_new(base, batch_on_away, b);
    b->lost = evtimer_new(base, batch_on_lost, b);
    if (b->slots == NULL || b->turn == NULL || b->away == NULL || b->lost == NULL)
        goto fail;
    if (!batch_open_lanes(b, conninfo, links))
        goto fail;
    b->upkeep = upkeep_new(base, conninfo);
    if (b->upkeep == NULL)
        goto fail;
    return b;
fail:
    batch_free(b);
    return NULL;
}

/* Whatever is still here is not answered: its session is being closed too. */
static void
group_drop(struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        submission_free(group->claims[i].submission);
    group_free(group);
}

static void
lane_fini(struct lane *lane)
{
    link_free(lane->link);
    totals_fini(&lane->totals);
    for (size_t i = 0; i < LANE_STREAMS; i++)
        binary_fini(&lane->streams[i]);
    if (lane->group != NULL)
        group_drop(lane->group);
}

static void
free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void
batch_free(struct batch *b)
{
    struct submission *s;
    struct group *group;

    if (b == NULL)
        return;
    upkeep_free(b->upkeep);
    for (unsigned i = 0; i < b->n_lanes; i++)
        lane_fini(&b->lanes[i]);
    free(b->lanes);
    while ((group = group_list_pop(&b->again)) != NULL)
        group_drop(group);
    while ((s = queue_pop(&b->waiting)) != NULL)
        submission_free(s);
    while ((s = queue_pop(&b->rejections)) != NULL)
        submission_free(s);
    slots_free(b->slots);
    free_event(b->turn);
    free_event(b->away);
    free_event(b->lost);
    free(b);
}
