/*
 * verdict: the server's signed answer to one statement, decoded and verified. Nothing changes its state on an
 * unverified one.
 */
#ifndef YUEBAO_VERDICT_H
#define YUEBAO_VERDICT_H

#include "outbox.h"
#include "yuebao.pb-c.h"

struct verdict {
    Yuebao__Answer *answer;
    Yuebao__Verdict *message;
};

enum verdict_status {
    VERDICT_OK,
    VERDICT_UNREADABLE,  /* the gate refuses the bytes, or they say nothing (or no memory) */
    VERDICT_STRANGER,    /* signed by a key that no Welcome ever named */
    VERDICT_FORGED,      /* the signature does not verify */
    VERDICT_OF_ANOTHER,  /* genuine, but about another statement */
    VERDICT_OF_ENVELOPE, /* genuine, a Reject without id: about what was sent this time, so nothing is decided
                          */
};

/* Decode a serialised Answer. VERDICT_OK sets ret_verdict, the caller's: verdict_fini(). Nothing is verified
 * yet. */
enum verdict_status verdict_open(const uint8_t *answer, size_t len, struct verdict *ret_verdict)
    __attribute__((warn_unused_result));
void verdict_fini(struct verdict *verdict);

/* Trusted key, signature, and that it is about the statement `id` (or, VERDICT_OF_ENVELOPE, about none). */
enum verdict_status verdict_verify(const struct verdict *verdict, struct outbox *outbox,
                                   const uint8_t id[ID_SIZE]) __attribute__((warn_unused_result));

/* The state that the verdict gives an item. */
enum item_state verdict_state(const Yuebao__Verdict *verdict);

#endif
