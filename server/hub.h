/*
 * hub: all sessions of one worker, and what they share.
 *
 * Sessions are found by id, because whoever answers later (batch) must not hold a pointer to a session that
 * may be gone. Work that should not happen inside a callback (freeing, the rest of a long input, writing many
 * answers at once) is done in the hub's turn: once around the loop, for each session that asked for it.
 */
#ifndef YUEBAO_HUB_H
#define YUEBAO_HUB_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "admission.h"
#include "arena.h"
#include "arrival.h"
#include "batch.h"
#include "config.h"
#include "contacts.h"
#include "receipt_key.h"
#include "registry.h"
#include "shares.h"
#include "tls.h"

struct session;
TAILQ_HEAD(session_list, session);

struct hub_counters {
    uint64_t accepted, opened, enrolled, faults,
        timeouts;                           /* connections, Hellos, Enrols, Faults sent, deadlines missed */
    uint64_t puts, refused, busy, returned; /* returned: Puts with proof of an earlier arrival */
    uint64_t evicted;                       /* strangers whose place was needed */
};

/* Told when a session ended, so that accepting may go on. */
typedef void hub_on_room(void *arg);

struct hub {
    struct event_base *base; /* borrowed, like all pointers up to `key` */
    struct registry *registry;
    struct asker *asker;
    struct batch *batch;
    struct contacts *contacts; /* who said hello; NULL: nobody wants to know */
    const struct receipt_key *key;
    struct session_limits limits;
    SSL_CTX *tls;             /* owned; NULL in tests */
    struct arena *requests;   /* owned: the request being read */
    struct arena *statements; /* owned: intake's */
    struct shares *shares;    /* owned */
    struct arrival_key arrivals;
    struct admission admission;
    uint64_t busy_at_ms; /* when BUSY was said last, steady; 0: never */
    bool draining;       /* sessions end as soon as nothing of theirs is in flight */
    size_t count;        /* sessions that are not free yet */
    struct hub_counters counters;
    hub_on_room *on_room; /* may be NULL */
    void *on_room_arg;

    /* hub.c's own */
    struct hub_slot *slots;
    size_t n_slots;
    uint32_t first_free;
    struct session_list turn;
    uint64_t turn_number;          /* counts the turns */
    struct session_list strangers; /* who has not said who it is, oldest first */
    struct event *turn_event;
};

/* NULL: no memory. The limit on connections is fixed here; the other limits may change later. */
struct hub *hub_new(struct event_base *base, struct registry *registry, struct asker *asker,
                    struct batch *batch, const struct receipt_key *key, const struct session_limits *limits);
void hub_free(struct hub *hub); /* ends all sessions at once; accepts NULL */

/* Takes the context; sessions that run keep theirs. */
void hub_set_tls(struct hub *hub, SSL_CTX *context);

/* Why this worker takes no reports now, in a few words; NULL: it does. For a balancer's health check. */
const char *hub_unready(const struct hub *hub);

bool hub_full(const struct hub *hub);
bool hub_crowded(const struct hub *hub); /* three quarters of its places are taken: they are scarce */

/* The hub is full: the oldest of those who have not said who they are give up their places, at most so many,
 * none that came a moment ago. They are gone in the hub's next turn. */
void hub_make_room(struct hub *hub, unsigned places);

/* Ids are never 0 and come back only after 2^32 others in the same slot. add: 0 when full. */
uint64_t hub_add(struct hub *hub, struct session *session);
struct session *hub_find(const struct hub *hub, uint64_t id); /* NULL: gone */
void hub_remove(struct hub *hub, uint64_t id);

/* Call session_turn(session) soon, once. */
void hub_wake(struct hub *hub, struct session *session);

/* Say goodbye to everybody: those without anything in flight now, the others after their last answer. */
void hub_drain(struct hub *hub);

#endif
