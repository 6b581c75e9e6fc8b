/*
 * busy: what those are told who cannot be served now: when to come again, each school at a turn of its own.
 */
#ifndef YUEBAO_BUSY_H
#define YUEBAO_BUSY_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

/* When the school shall come again. `returns`: it was turned away before. */
uint32_t busy_retry_ms(struct session *session, const char *school, bool returns);

/* BUSY to any request but a Put, whose Busy has an arrival (put.c). The session goes on. */
void busy_reply(struct session *session, uint32_t number);

/* BUSY instead of Welcome, and the end of the session. */
void busy_part(struct session *session, uint32_t number, const char *school, const char *reason);

#endif
