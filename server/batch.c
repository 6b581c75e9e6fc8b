#include "batch.h"

#include <assert.h>
#include <stdlib.h>

#include "batch_inside.h"
#include "clock.h"
#include "link.h"

#define AWAY_AFTER_MS         1000u /* no link up: so long may a restart take before what waits is answered BUSY */
#define LOOK_UP_FOR_MS        30000u               /* the same for a group whose COMMIT is ambiguous */
#define REJECTIONS_MAX        400u                 /* that wait; the rest is dropped */
#define REJECTIONS_WEIGHT_MAX (2u * 1024u * 1024u) /* bytes of those that wait or are in groups */
#define RETRY_MIN_MS          500u
#define RETRY_MAX_MS          60000u
#define BATCH_GUESS_MS        50u /* before any batch was measured */

static void batch_dispatch(struct batch *batch);

void
batch_soon(struct batch *b)
{
    event_active(b->turn, EV_TIMEOUT, 0);
}

/* ---- links come and go -------------------------------------------------------------------------- */

static void
batch_on_down(bool was_up, void *arg)
{
    const struct timeval away = {.tv_sec = AWAY_AFTER_MS / 1000}, lost = {.tv_sec = LOOK_UP_FOR_MS / 1000};
    struct batch *b = arg;

    if (!was_up || batch_up(b))
        return;
    evtimer_add(b->away, &away);
    evtimer_add(b->lost, &lost);
}

static void
batch_on_free(void *arg)
{
    batch_soon(arg);
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
            batch_answer_group(b, group, SUBMISSION_AWAY);
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

/*
 * Whether what waits is worth a transaction of its own beside those that are under way: when it is as much as
 * each of these holds, or has waited for longer than they should take. Otherwise it is the next batch of the
 * first link that is free: few large batches cost the database less than many small ones.
 */
static bool
batch_is_worth_a_link(struct batch *b)
{
    uint64_t patience_ms = 2 * b->batch_ms + 1, waited_ms = clock_steady_ms() - b->began_ms;
    unsigned busy = 0;

    for (unsigned i = 0; i < b->n_lanes; i++)
        busy += lane_load(b->lanes[i]) > 0 ? 1 : 0;
    if (busy == 0 || b->again.first != NULL || b->waiting.count * busy >= b->in_flight ||
        waited_ms >= patience_ms)
        return true;
    if (b->waiting.count > 0 && !evtimer_pending(b->turn, NULL)) {
        uint64_t left_ms = patience_ms - waited_ms;
        struct timeval after = {.tv_sec = (time_t)(left_ms / 1000),
                                .tv_usec = (suseconds_t)(left_ms % 1000 * 1000)};
        evtimer_add(b->turn, &after);
    }
    return false;
}

static void
batch_dispatch(struct batch *b)
{
    for (unsigned i = 0; i < b->n_lanes; i++) {
        struct group *group;
        if (!lane_is_free(b->lanes[i]))
            continue;
        group = batch_is_worth_a_link(b) ? batch_next_group(b) : NULL;
        if (group == NULL)
            return;
        if (group->ambiguous)
            b->counters.lookups++;
        b->began_ms = clock_steady_ms();
        lane_start(b->lanes[i], group);
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
        if (lane_up(b->lanes[i]))
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

static const struct lane_owner lane_owner = {
    .on_free = batch_on_free, .on_end = batch_on_end, .on_down = batch_on_down};

static bool
batch_open_lanes(struct batch *b, const char *conninfo, unsigned links)
{
    b->lanes = calloc(links, sizeof(*b->lanes));
    if (b->lanes == NULL)
        return false;
    for (b->n_lanes = 0; b->n_lanes < links; b->n_lanes++) {
        b->lanes[b->n_lanes] = lane_new(b->base, conninfo, &lane_owner, b);
        if (b->lanes[b->n_lanes] == NULL)
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
        lane_free(b->lanes[i]);
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
