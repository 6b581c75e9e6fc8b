/*
 * put: a report's way from its request to its answer: is there room; intake; batch; what the school hears.
 *
 * Room comes first, from counters alone: who is turned away has cost no signature and no decoding, and gets
 * with BUSY the proof of having come (arrival.h). Nothing final is said before the COMMIT has returned.
 */
#ifndef YUEBAO_PUT_H
#define YUEBAO_PUT_H

#include <stdint.h>

#include "session.h"

/* The message is borrowed. May end the session. */
void put_take(struct session *session, uint32_t number, const Yuebao__Put *put);

#endif
