#include "hub.h"

#include <stdlib.h>

#include "clock.h"
#include "envelope.h"
#include "session.h"

#define NO_SLOT  UINT32_MAX
#define GRACE_MS 1000u /* a stranger keeps his place for so long, whoever waits */
static const struct timeval soon = {0, 0};

/* An id is generation << 32 | index; the generation rises whenever the slot is given away. */
struct hub_slot {
    struct session *session; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

static void
hub_on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct hub *hub = arg;

    (void)fd;
    (void)what;
    hub->turn_number++;
    session_list_turn(&hub->turn);
}

static bool
make_slots(struct hub *hub, size_t n)
{
    hub->slots = calloc(n, sizeof(*hub->slots));
    if (hub->slots == NULL)
        return false;
    hub->n_slots = n;
    for (size_t i = 0; i < n; i++)
        hub->slots[i].next_free = i + 1 < n ? (uint32_t)(i + 1) : NO_SLOT;
    hub->first_free = 0;
    return true;
}

struct hub *
hub_new(struct event_base *base, struct registry *registry, struct asker *asker, struct batch *batch,
        const struct receipt_key *key, const struct session_limits *limits)
{
    struct hub *hub = calloc(1, sizeof(*hub));

    if (hub == NULL)
        return NULL;
    hub->base = base;
    hub->registry = registry;
    hub->asker = asker;
    hub->batch = batch;
    hub->key = key;
    hub->limits = *limits;
    TAILQ_INIT(&hub->turn);
    TAILQ_INIT(&hub->strangers);
    arrival_key_of(key, &hub->arrivals);
    admission_init(&hub->admission, clock_steady_ms());
    hub->shares = shares_new(limits->connections);
    hub->requests = arena_new(ARENA_SIZE);
    hub->statements = arena_new(ARENA_SIZE);
    hub->turn_event = evtimer_new(base, hub_on_turn, hub);
    if (hub->shares == NULL || hub->requests == NULL || hub->statements == NULL || hub->turn_event == NULL ||
        !make_slots(hub, limits->connections)) {
        hub_free(hub);
        return NULL;
    }
    return hub;
}

void
hub_free(struct hub *hub)
{
    if (hub == NULL)
        return;
    hub->on_room = NULL;
    for (size_t i = 0; i < hub->n_slots; i++) {
        if (hub->slots[i].session != NULL)
            session_free(hub->slots[i].session);
    }
    free(hub->slots);
    shares_free(hub->shares);
    envelope_forget(&hub->arrivals, sizeof(hub->arrivals));
    if (hub->turn_event != NULL)
        event_free(hub->turn_event);
    arena_free(hub->requests);
    arena_free(hub->statements);
    SSL_CTX_free(hub->tls);
    free(hub);
}

void
hub_set_tls(struct hub *hub, SSL_CTX *context)
{
    SSL_CTX_free(hub->tls);
    hub->tls = context;
}

const char *
hub_unready(const struct hub *hub)
{
    if (hub->draining)
        return "draining";
    if (!registry_ready(hub->registry))
        return "no register yet";
    return batch_up(hub->batch) ? NULL : "no database";
}

bool
hub_full(const struct hub *hub)
{
    return hub->first_free == NO_SLOT;
}

void
hub_make_room(struct hub *hub, unsigned places)
{
    uint64_t now_ms = clock_steady_ms();

    while (now_ms > GRACE_MS && places-- > 0 && session_evict(&hub->strangers, now_ms - GRACE_MS))
        hub->counters.evicted++;
}

bool
hub_crowded(const struct hub *hub)
{
    return hub->count > hub->n_slots / 4 * 3;
}

uint64_t
hub_add(struct hub *hub, struct session *session)
{
    uint32_t index = hub->first_free;
    struct hub_slot *slot;

    if (index == NO_SLOT)
        return 0;
    slot = &hub->slots[index];
    hub->first_free = slot->next_free;
    slot->session = session;
    if (++slot->generation == 0)
        slot->generation = 1;
    hub->count++;
    return (uint64_t)slot->generation << 32 | index;
}

struct session *
hub_find(const struct hub *hub, uint64_t id)
{
    size_t index = (uint32_t)id;

    if (index >= hub->n_slots || hub->slots[index].generation != id >> 32)
        return NULL;
    return hub->slots[index].session;
}

void
hub_remove(struct hub *hub, uint64_t id)
{
    struct hub_slot *slot = &hub->slots[(uint32_t)id];

    if (hub_find(hub, id) == NULL)
        return;
    slot->session = NULL;
    slot->next_free = hub->first_free;
    hub->first_free = (uint32_t)id;
    hub->count--;
    if (hub->on_room != NULL)
        hub->on_room(hub->on_room_arg);
}

void
hub_wake(struct hub *hub, struct session *session)
{
    if (!session_enlist(session, &hub->turn))
        return;
    if (!evtimer_pending(hub->turn_event, NULL))
        evtimer_add(hub->turn_event, &soon);
}

void
hub_drain(struct hub *hub)
{
    hub->draining = true;
    for (size_t i = 0; i < hub->n_slots; i++) {
        if (hub->slots[i].session != NULL)
            hub_wake(hub, hub->slots[i].session);
    }
}
