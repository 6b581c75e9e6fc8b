/*
 * shares: what each key holds of a worker: its sessions, and its reports that wait for the database. A cap on
 * both stands here; there is none by address, for a whole county may sit behind one.
 *
 * A share lives as long as a session or a report of its key does, so nobody gets a second one by hanging up.
 */
#ifndef YUEBAO_SHARES_H
#define YUEBAO_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "limit.h"

#define SESSIONS_A_KEY 16u /* when places are scarce; a desk needs one, and what it lost lingers */
#define TURNS_A_KEY    8u  /* given and not over: a desk stops at the first, but has sent some reports */

struct session;

/* A session's place in its key's share; embedded in the session. */
struct share_seat {
    struct session *session;
    TAILQ_ENTRY(share_seat) next;
};
TAILQ_HEAD(share_seats, share_seat);

struct share {
    uint8_t key[KEY_SIZE];
    struct share_seats seats;
    unsigned n_sessions;
    unsigned reports; /* that wait */
    bool held;        /* a session of it stopped reading because of `reports` */
    unsigned turns;   /* given to who was sent away, and not over before: */
    uint64_t turn_ms; /* the last of them, steady */
    uint64_t read_in; /* the last turn of the loop in which requests were read, and how many: */
    unsigned read;
    struct share *next;
};

struct shares;

/* Room for `sessions` sessions without long chains. NULL: no memory. */
struct shares *shares_new(size_t sessions);
void shares_free(struct shares *shares); /* accepts NULL; all sessions have left */

/* The key's share, with the session in it. NULL: places are scarce and it has SESSIONS_A_KEY, or no memory.
 */
struct share *shares_join(struct shares *shares, const uint8_t key[KEY_SIZE], struct share_seat *seat,
                          bool scarce);
void shares_leave(struct shares *shares, struct share *share, struct share_seat *seat);

/* A report more, or less, waits. After the last one `share` may be gone. */
void shares_begin(struct shares *shares, struct share *share);
void shares_end(struct shares *shares, struct share *share);

size_t shares_waiting(const struct shares *shares); /* keys of which a report waits */

#endif
