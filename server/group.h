/*
 * group: the submissions of one transaction, and who may be in it. No I/O.
 *
 * A group holds at most BATCH_MAX submissions, at most one a slot, sorted by (school, form, period): all
 * links claim in one order, so no two can deadlock. A slot that is in a group is busy until the group is
 * settled; nobody else of that slot is taken meanwhile, so revisions keep their order and one slot is never
 * on two links.
 */
#ifndef YUEBAO_GROUP_H
#define YUEBAO_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"

enum claim_state {
    CLAIM_OPEN,    /* nothing known in this transaction */
    CLAIM_WON,     /* its row was inserted; commits with the transaction */
    CLAIM_LOST,    /* it was not: the look-up says why */
    CLAIM_SETTLED, /* `outcome` holds whether or not the transaction commits */
};

struct claim {
    struct submission *submission; /* owned */
    enum claim_state state;
    enum submission_outcome outcome; /* with CLAIM_SETTLED */
    int32_t district;                /* with CLAIM_WON */
    bool watched;                    /* with CLAIM_WON: some threshold judges what its form asks */
};

/* A report that goes into the books with this transaction. */
static inline bool
claim_is_booked(const struct claim *claim)
{
    return claim->state == CLAIM_WON && claim->submission->kind == SUBMISSION_REPORT;
}

struct group {
    struct group *next; /* in a group_list */
    bool rejections;    /* all are rejections; otherwise none is (reviews go with the reports) */
    bool ambiguous;     /* a COMMIT of it was lost: its own rows may be there already */
    unsigned tries;     /* transactions that failed for a reason that may pass */
    size_t count;
    struct claim claims[]; /* sorted */
};

/* First in, first out, through submission->next. */
struct queue {
    struct submission *first, **last;
    size_t count, weight; /* weight in bytes of memory */
};
void queue_init(struct queue *queue);
void queue_push(struct queue *queue, struct submission *submission);
struct submission *queue_pop(struct queue *queue); /* NULL: empty */

/* Memory that a submission holds, roughly, in bytes. */
size_t submission_weight(const struct submission *submission);

/* Busy slots: a set. */
struct slots;
struct slots *slots_new(void); /* NULL: no memory */
void slots_free(struct slots *slots);
/* false: busy already, or no memory */
bool slots_take(struct slots *slots, const struct submission *submission);
void slots_give_back(struct slots *slots, const struct submission *submission);

/*
 * Take up to `max` submissions whose slots are not busy off the queue and make their slots busy; the others
 * keep their places. NULL: none could be taken, or no memory (then nothing has changed).
 */
struct group *group_take(struct queue *queue, struct slots *slots, size_t max);

/* The same of a queue of rejections, whose slots do not matter. */
struct group *group_take_rejections(struct queue *queue, size_t max);

/* Cut the upper half off a group of at least two; NULL: no memory, nothing has changed. All claims of both
 * are open again. */
struct group *group_halve(struct group *group);

/* Forget what a failed transaction found out. */
void group_reopen(struct group *group);

/* The claim of that slot, or NULL; binary search. */
struct claim *group_find(struct group *group, int32_t school, int16_t form, int32_t period_day);

/* Frees the struct only: the submissions have found other owners. */
void group_free(struct group *group);
/* And its submissions, unanswered. */
void group_drop(struct group *group);

/* A stack of groups that must run before anything new. */
struct group_list {
    struct group *first;
};
void group_list_push(struct group_list *list, struct group *group);
struct group *group_list_pop(struct group_list *list); /* NULL: empty */

#endif
