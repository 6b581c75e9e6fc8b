/*
 * batch: group commit. Whatever waits while a database link is busy is the next batch; no timer, no size to
 * tune. A further link is used when as much waits as each of the busy ones holds.
 *
 * Whenever a link is free, up to BATCH_MAX submissions (at most one a slot, sorted by key) become one
 * transaction: claim the slots (an insert that a unique index decides), COPY BINARY the winners' figures and
 * their differences to the totals, and what stands beside them, COMMIT. Answers come only after COMMIT has
 * returned. If the link broke while COMMIT was in flight, the ids are looked up on a fresh link before
 * anything is answered. A transaction that fails on data is halved until the poisonous submission stands
 * alone.
 *
 * batch.c queues and dispatches, lane.c takes a group through its transaction, fate.c decides what becomes of
 * it. store.h speaks libpq.
 */
#ifndef YUEBAO_BATCH_H
#define YUEBAO_BATCH_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "findings.h"
#include "limit.h"
#include "period.h"
#include "remark.h"
#include "yuebao.pb-c.h"

#define BATCH_MAX         200u                  /* submissions; above 100 to 200 gain nothing (FACTS) */
#define BATCH_WAITING_MAX (16u * 1024u * 1024u) /* bytes in flight a worker, then BUSY */

enum submission_kind {
    SUBMISSION_REPORT,    /* claim the slot, book the figures */
    SUBMISSION_KEPT,      /* came after close: store, out of the books */
    SUBMISSION_REVIEW,    /* refused for what the register says today: look first whether it was accepted */
    SUBMISSION_REJECTION, /* refused: remember why, at most 20 a slot; never delays or fails a report */
};

enum submission_outcome {
    SUBMISSION_ACCEPTED, /* committed: `answer` may be sent */
    SUBMISSION_REPEATED, /* committed or decided before: send `first_answer` */
    SUBMISSION_CONFLICT, /* another statement holds this revision, or previous is not the one it names */
    SUBMISSION_WAITS,    /* its predecessor is unknown */
    SUBMISSION_MOVED,    /* the school belonged to no district on the period's last day, or no partition: not
                            storable */
    SUBMISSION_POISON,   /* the database refuses it for good: sqlstate and constraint say why */
    SUBMISSION_REFUSED,  /* SUBMISSION_REVIEW, and it is neither booked nor kept: `answer` may be sent */
    SUBMISSION_AWAY,     /* no database: nothing is known to be stored; BUSY */
};

/*
 * One statement on its way into the database. The caller allocates it (submission_new) and fills it; batch
 * owns it from batch_submit until `done` has returned, then frees it.
 */
struct submission {
    enum submission_kind kind;
    int32_t school_id;
    int16_t form_id, catalogue_id;
    struct period period;
    uint32_t revision;
    uint8_t id[ID_SIZE], previous[ID_SIZE], key[KEY_SIZE];
    uint64_t received_ms;
    uint64_t arrived_ms; /* when it first came, if it was turned away then; by it on time is judged. 0: it was
                            not */
    bool late;
    uint8_t *envelope; /* packed Envelope, malloc'd, owned */
    size_t envelope_len;
    uint8_t *answer; /* packed Answer (signed receipt, kept or reject), malloc'd, owned */
    size_t answer_len;
    Yuebao__Statement
        *statement; /* unpacked with `unpacked_by`, owned; NULL with SUBMISSION_REVIEW and _REJECTION */
    ProtobufCAllocator *unpacked_by; /* NULL: malloc */
    struct findings warnings;        /* that the statement explains, owned */
    struct remark *remarks;          /* beside its figures: malloc'd, owned, texts borrowed from warnings and
                                        statement; NULL: none */
    size_t n_remarks;
    char *rejection_summary; /* SUBMISSION_REVIEW, _REJECTION: "ABOVE_MAX pupils; …", malloc'd, owned */
    char *school_code, *form_code, *period_text; /* with it: as the statement says, if known here; else "".
                                                    malloc'd, owned */

    /* outcome, set by batch */
    uint8_t *first_answer; /* SUBMISSION_REPEATED: as first sent, or the decision; malloc'd, owned */
    size_t first_answer_len;
    bool decided; /* SUBMISSION_REPEATED: it had been kept, and this is what a person decided */
    uint8_t current_id[ID_SIZE]; /* SUBMISSION_CONFLICT: what the slot holds */
    uint32_t current_revision;
    char sqlstate[6], constraint[64]; /* SUBMISSION_POISON */

    void (*done)(struct submission *submission, enum submission_outcome outcome, void *arg);
    void *arg;               /* the session's id travels here: the session may be gone by then */
    struct submission *next; /* batch's own queue */
};

struct submission *submission_new(void);
void submission_free(struct submission *submission); /* accepts NULL; frees what it owns */

struct batch;

/* `links` database links; conninfo borrowed. NULL: no memory. */
struct batch *batch_new(struct event_base *base, const char *conninfo, unsigned links);
void batch_free(struct batch *batch);

/*
 * false: over BATCH_WAITING_MAX or no database link is up; the caller keeps the submission and answers BUSY.
 *
 * A rejection is answered to its peer at once, whatever comes back here: false means that it will not be
 * remembered. Its `done` may be NULL; it is told ACCEPTED when the rejection is stored or its slot has enough
 * of them, AWAY when it was dropped.
 *
 * A review waits, weighs and is answered like a report, but claims nothing: REPEATED with what the slot holds
 * under its id, REFUSED when it holds no such id (then it is remembered as a rejection, if there is room), or
 * AWAY.
 */
bool batch_submit(struct batch *batch, struct submission *submission) __attribute__((warn_unused_result));

/* Whether a link is up: BUSY can be answered before any work. */
bool batch_up(const struct batch *batch);

/* How long the queue will need, for BUSY's retry-after; from 500 to 60000. */
uint32_t batch_retry_ms(const struct batch *batch);

/* Nothing waits and nothing is in flight (for draining). */
bool batch_idle(const struct batch *batch);

/* Counters for the log and, later, metrics. */
struct batch_counters {
    uint64_t batches, accepted, repeated, conflicts, poisoned, lookups, folds;
};
struct batch_counters batch_counters(const struct batch *batch);

#endif
