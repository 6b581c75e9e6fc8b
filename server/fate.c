/*
 * fate: what becomes of a group when its transaction has ended: its submissions are answered, or the group
 * runs again, whole or in halves, until the one that the database refuses stands alone.
 */
#include <stdlib.h>
#include <string.h>

#include "batch_inside.h"
#include "log.h"
#include "sqlstate.h"
#include "store.h"

#define TRIES_MAX      5u      /* of one group, for reasons that may pass */
#define TRIES_TOGETHER 2u      /* of these as a whole; then in halves */
#define NO_PARTITION   "23514" /* with no constraint's name: a check that PostgreSQL itself makes */

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

void
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

void
batch_answer_group(struct batch *b, struct group *group, enum submission_outcome outcome)
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
        batch_answer_group(b, group, SUBMISSION_AWAY);
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
        batch_answer_group(b, group, SUBMISSION_AWAY);
}

/* One submission stands alone, and the database refuses it. Nothing final is said of a review that could not
 * be looked up. */
static enum submission_outcome
lone_outcome(const struct lane_outcome *fault, const struct submission *s, enum sqlstate_meaning meaning)
{
    if (meaning != SQLSTATE_DATA || s->kind == SUBMISSION_REVIEW)
        return SUBMISSION_AWAY;
    if (strcmp(fault->sqlstate, NO_PARTITION) == 0 && fault->constraint[0] == '\0')
        return SUBMISSION_MOVED;
    return SUBMISSION_POISON;
}

static void
group_answer_lone(struct batch *b, struct group *group, const struct lane_outcome *fault,
                  enum sqlstate_meaning meaning)
{
    struct submission *s = group->claims[0].submission;
    enum submission_outcome outcome = lone_outcome(fault, s, meaning);

    memcpy(s->sqlstate, fault->sqlstate, sizeof(s->sqlstate));
    memcpy(s->constraint, fault->constraint, sizeof(s->constraint));
    log_event(LOG_WARNING, "refused_by_database", "sqlstate", s->sqlstate, "constraint",
              s->constraint[0] != '\0' ? s->constraint : NULL, "school", LOG_NUMBER(s->school_id), NULL);
    batch_answer_group(b, group, outcome);
}

/* The transaction is rolled back: what now? */
static void
group_failed(struct batch *b, struct lane *lane, struct group *group, const struct lane_outcome *fault)
{
    enum sqlstate_meaning meaning = sqlstate_meaning(fault->sqlstate[0] != '\0' ? fault->sqlstate : NULL);

    if (fault->out_of_memory)
        meaning = SQLSTATE_AWAY;
    switch (meaning) {
    case SQLSTATE_DATA:
    case SQLSTATE_STRANGE:
        if (group->count > 1)
            group_split(b, group);
        else
            group_answer_lone(b, group, fault, meaning);
        return;
    case SQLSTATE_RETRY:
        group_try_again(b, group);
        return;
    case SQLSTATE_AWAY:
        log_event(LOG_ERROR, "database_cannot", "sqlstate", fault->sqlstate, NULL);
        if (!group->rejections)
            lane_reconnect(lane);
        batch_answer_group(b, group, SUBMISSION_AWAY);
        return;
    }
}

/* ---- groups that went through ------------------------------------------------------------------- */

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

/* What follows the commit in the background. */
static void
note_upkeep(struct batch *b, const struct group *group, const struct lane_outcome *outcome)
{
    if (outcome->deltas > 0)
        upkeep_fold(b->upkeep, outcome->deltas);
    if (store_any_watched(group))
        upkeep_due(b->upkeep, CHORE_JUDGE);
    if (outcome->alerts > 0)
        upkeep_due(b->upkeep, CHORE_ANNOUNCE);
}

static void
group_committed(struct batch *b, struct group *group, const struct lane_outcome *outcome)
{
    if (group->rejections) {
        batch_answer_group(b, group, SUBMISSION_ACCEPTED);
        return;
    }
    b->counters.batches++;
    b->batch_ms = (b->batch_ms * 7 + outcome->took_ms) / 8;
    note_upkeep(b, group, outcome);
    group_settle(b, group);
}

/* ---- the end of a transaction ------------------------------------------------------------------- */

void
batch_on_end(struct lane *lane, struct group *group, const struct lane_outcome *outcome, void *arg)
{
    struct batch *b = arg;

    batch_soon(b);
    switch (outcome->end) {
    case LANE_COMMITTED:
        group_committed(b, group, outcome);
        return;
    case LANE_UNCONFIRMED: /* nobody may be told that it holds */
        log_event(LOG_ERROR, "commit_unconfirmed", "warned", outcome->warned ? "yes" : "no", NULL);
        batch_answer_group(b, group, SUBMISSION_AWAY);
        return;
    case LANE_FAILED:
        group_failed(b, lane, group, outcome);
        return;
    case LANE_BROKEN:
        group_try_again(b, group);
        return;
    }
}
