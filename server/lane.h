/*
 * lane: one database link and the group that goes through it, as one transaction at a time.
 *
 * It knows the steps and speaks through store and books; what becomes of the group when its transaction has
 * ended is for its owner.
 */
#ifndef YUEBAO_LANE_H
#define YUEBAO_LANE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "group.h"

enum lane_end {
    LANE_COMMITTED,   /* it holds: claims are won, settled or, after a race, lost; rejections are stored */
    LANE_UNCONFIRMED, /* COMMIT was answered by something else, or no standby confirmed it */
    LANE_FAILED,      /* rolled back; the first error says why */
    LANE_BROKEN,      /* the link is lost; the group is ambiguous if its COMMIT may have happened */
};

/* How a transaction ended. */
struct lane_outcome {
    enum lane_end end;
    char sqlstate[6], constraint[64]; /* LANE_FAILED: of the first error; "": it names none */
    bool out_of_memory;               /* LANE_FAILED: ours */
    bool warned;                      /* LANE_UNCONFIRMED: the server itself gave a warning */
    size_t deltas;                    /* LANE_COMMITTED: rows of differences to the totals */
    int32_t alerts;                   /* LANE_COMMITTED: made and cleared */
    uint64_t took_ms;
};

struct lane;

struct lane_owner {
    void (*on_free)(void *arg); /* a group may be started */
    /* Takes the group. May call lane_reconnect; lane_start only from on_free or later. */
    void (*on_end)(struct lane *lane, struct group *group, const struct lane_outcome *outcome, void *arg);
    void (*on_down)(bool was_up, void *arg); /* told before on_end; also for each failed try to connect */
};

/* Starts connecting; all arguments are borrowed. NULL: no memory. */
struct lane *lane_new(struct event_base *base, const char *conninfo, const struct lane_owner *owner,
                      void *arg);
void lane_free(struct lane *lane); /* accepts NULL; drops its group, whose sessions are being closed too */

bool lane_up(const struct lane *lane);
bool lane_is_free(const struct lane *lane);
/* Submissions in its group; 0: it is free. */
size_t lane_load(const struct lane *lane);

/* Run the group, which the lane owns from now on, through a free lane. */
void lane_start(struct lane *lane, struct group *group);

/* This link leads to a database that cannot do the work: give it up and connect again. */
void lane_reconnect(struct lane *lane);

#endif
