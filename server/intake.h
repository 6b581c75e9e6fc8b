/*
 * intake: one envelope, from the moment it is cut out of its frame to the moment batch can have it. No I/O,
 * no clock.
 *
 * Steps, each only when the one before found nothing: algorithm and signature; the gate over the statement's
 * bytes; the school and whether the key may sign for it; the slot and everything inside, by the same
 * validate() that ran at the clerk's desk.
 *
 * What was turned away for want of room and comes again counts as having come then: due and close are held
 * against that instant, and the receipt says both.
 *
 * What the register or the calendar refuses today may have been accepted before they changed, and its receipt
 * lost on the way: that is a REVIEW, and its Reject holds only if the books do not have it.
 */
#ifndef YUEBAO_INTAKE_H
#define YUEBAO_INTAKE_H

#include <stdint.h>

#include "answer.h"
#include "arena.h"
#include "batch.h"
#include "receipt_key.h"
#include "registry.h"

/* What judging needs; all borrowed. */
struct intake {
    const struct registry *registry; /* ready */
    const struct receipt_key *key;
    struct arena *arena; /* reset here; the envelope must not live in it */
    const char *school;  /* whose session carries the envelope */
    uint64_t arrived_ms; /* when it first came and was turned away, as proven; 0: it was not */
};

enum intake_result {
    INTAKE_STORE,  /* a REPORT, KEPT or REVIEW: only batch knows whether its answer may be sent */
    INTAKE_REFUSE, /* its answer, a signed Reject, is final now; the submission itself is a REJECTION for the
                      record */
    INTAKE_NOMEM,  /* nothing decided: BUSY */
};

/*
 * ret_submission  owned by the caller, answer and all; set unless NOMEM. done and arg are the caller's to
 * set.
 */
enum intake_result intake_judge(const struct intake *intake, const Yuebao__Envelope *envelope,
                                uint64_t now_ms, struct submission **ret_submission)
    __attribute__((warn_unused_result));

/*
 * What the database refused for good (POISON, MOVED): turn the submission into a REJECTION with its answer,
 * as INTAKE_REFUSE would have. The outcome's fields are read. NULL: no memory. The submission given stays the
 * caller's.
 */
struct submission *intake_rejection_of(const struct receipt_key *key, const struct submission *submission,
                                       enum submission_outcome outcome);

/* The head of every verdict on this submission's statement; texts borrowed from it. */
struct verdict_head intake_head(const struct submission *submission);

#endif
