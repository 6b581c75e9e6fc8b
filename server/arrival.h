/*
 * arrival: proof of when a report first came, for one that was turned away because too much waited.
 *
 * The collector that turns it away gives the instant with a MAC over the signer's key, the statement's id and
 * that instant; whichever collector sees it again believes it. The MAC's key is made from the receipt key, so
 * that all who sign receipts of one centre agree, and a restart changes nothing. Nothing is remembered here.
 *
 * An instant before due is had by coming before due, and in no other way: it cannot be made, moved to another
 * statement or another key, or be had afterwards. It is honoured for ARRIVAL_MS.
 */
#ifndef YUEBAO_ARRIVAL_H
#define YUEBAO_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "limit.h"
#include "receipt_key.h"
#include "yuebao.pb-c.h"

struct arrival_key {
    uint8_t bytes[32];
};

void arrival_key_of(const struct receipt_key *receipt_key, struct arrival_key *ret_key);

void arrival_prove(const struct arrival_key *key, const uint8_t signer[KEY_SIZE], const uint8_t id[ID_SIZE],
                   uint64_t at_ms, uint8_t ret_mac[MAC_SIZE]);

/* When the report came first: what the arrival (may be NULL) proves, or 0 when it proves nothing at `now_ms`.
 */
uint64_t arrival_of(const struct arrival_key *key, const uint8_t signer[KEY_SIZE], const uint8_t id[ID_SIZE],
                    const Yuebao__Arrival *arrival, uint64_t now_ms);

#endif
