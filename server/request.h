/*
 * request: what each request means and what is answered. Bytes come whole from session, answers go back
 * through it.
 */
#ifndef YUEBAO_REQUEST_H
#define YUEBAO_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "session.h"

/* One frame's body, borrowed. May end the session (session_state says so). */
void request_take(struct session *session, const uint8_t *body, size_t len);

#endif
