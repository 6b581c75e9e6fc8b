/*
 * answer: what the server says. Verdicts on statements, signed; and whole reply frames. No I/O.
 *
 * A packed Answer is stored as it was first sent, and sent again as it was stored, so replies carry packed
 * bodies as they are. Everything returned is malloc'd memory that the caller frees; NULL: no memory.
 */
#ifndef YUEBAO_ANSWER_H
#define YUEBAO_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "receipt_key.h"
#include "validate.h"
#include "yuebao.pb-c.h"

/* What every verdict repeats. Texts are borrowed; "" where the statement could not be read. */
struct verdict_head {
    const uint8_t *id; /* ID_SIZE bytes, borrowed; NULL: about the envelope, not about a statement */
    const char *school, *form, *period;
    uint32_t revision;
    uint64_t decided_ms;
};

/* Packed, signed Answers. arrived_ms: when it first came, if it had been turned away, else 0. */
uint8_t *answer_receipt(const struct receipt_key *key, const struct verdict_head *head, bool late,
                        uint64_t arrived_ms, size_t *ret_len);
uint8_t *answer_kept(const struct receipt_key *key, const struct verdict_head *head, uint64_t closed_ms,
                     size_t *ret_len);
/* A person's decisions about what was kept. A text is borrowed, at most TEXT_MAX bytes. */
uint8_t *answer_admitted(const struct receipt_key *key, const struct verdict_head *head, const char *reason,
                         size_t *ret_len);
uint8_t *answer_declined(const struct receipt_key *key, const struct verdict_head *head, const char *reason,
                         size_t *ret_len);
uint8_t *answer_reject(const struct receipt_key *key, const struct verdict_head *head,
                       const struct findings *findings, size_t *ret_len);
uint8_t *answer_conflict(const struct receipt_key *key, const struct verdict_head *head,
                         const uint8_t current_id[ID_SIZE], uint32_t current_revision, size_t *ret_len);

/* Whole frames, header and body. `number` is the request's, 0 when none could be read. */
uint8_t *reply_welcome(uint32_t number, uint32_t protocol, const struct receipt_key *key, uint64_t server_ms,
                       uint32_t in_flight, size_t *ret_len);
uint8_t *reply_agenda(uint32_t number, const uint8_t *agenda, size_t agenda_len, size_t *ret_len);
uint8_t *reply_notices(uint32_t number, const uint8_t *notices, size_t notices_len, size_t *ret_len);
uint8_t *reply_holding(uint32_t number, const uint8_t *holding, size_t holding_len, size_t *ret_len);
uint8_t *reply_answer(uint32_t number, const uint8_t *answer, size_t answer_len, size_t *ret_len);
uint8_t *reply_catalogue_part(uint32_t number, const uint8_t hash[ID_SIZE], const uint8_t *bytes,
                              size_t total, size_t offset, size_t *ret_len);
uint8_t *reply_wait(uint32_t number, const uint8_t id[ID_SIZE], uint32_t retry_ms, size_t *ret_len);
/* arrival: borrowed, or NULL */
uint8_t *reply_busy(uint32_t number, uint32_t retry_ms, const Yuebao__Arrival *arrival, size_t *ret_len);
uint8_t *reply_fault(uint32_t number, Yuebao__FaultCode code, uint32_t retry_ms, size_t *ret_len);

/* "FAULT_ORDER"; for the log. */
const char *fault_name(Yuebao__FaultCode code);

#endif
