/*
 * batch_inside: what batch.c (queues, links, dispatch) and fate.c (the ends of transactions) share.
 */
#ifndef YUEBAO_BATCH_INSIDE_H
#define YUEBAO_BATCH_INSIDE_H

#include "group.h"
#include "lane.h"
#include "upkeep.h"

struct batch {
    struct event_base *base;
    struct lane **lanes;
    unsigned n_lanes;
    struct queue waiting, rejections;
    struct group_list again; /* runs before anything new */
    struct slots *slots;
    struct event
        *turn; /* dispatch at the end of this turn of the loop, so that the turn's submissions go together */
    struct event *away;    /* no link has been up for some time */
    struct event *lost;    /* ... for long */
    size_t in_flight;      /* submissions in groups */
    size_t weight;         /* bytes of all submissions, waiting or in groups */
    size_t refused_weight; /* of these, of rejections */
    uint64_t began_ms;     /* when a group was last started */
    uint64_t batch_ms;     /* what a batch takes, smoothed */
    struct upkeep *upkeep;
    struct batch_counters counters;
};

/* Dispatch at the end of this turn of the loop. */
void batch_soon(struct batch *batch);

/* Tell the outcome and let go of the submission, which is in no queue and no group any more. */
void batch_answer(struct batch *batch, struct submission *submission, enum submission_outcome outcome);
/* The same of all that are in a group, which is freed. */
void batch_answer_group(struct batch *batch, struct group *group, enum submission_outcome outcome);

/* A lane's transaction has ended. */
void batch_on_end(struct lane *lane, struct group *group, const struct lane_outcome *outcome, void *batch);

#endif
