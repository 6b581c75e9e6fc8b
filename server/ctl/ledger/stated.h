/*
 * stated: what a stored envelope says, decoded anew by the code that both ends use.
 */
#ifndef YUEBAOCTL_STATED_H
#define YUEBAOCTL_STATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate.h"
#include "limit.h"
#include "yuebao.pb-c.h"

struct stated {
    Yuebao__Envelope *envelope;   /* NULL: its bytes cannot be read */
    Yuebao__Statement *statement; /* NULL: the same */
    uint8_t id[ID_SIZE];          /* of the statement's bytes, when there is an envelope */
    enum gate_status gate; /* what was wrong with the bytes; GATE_OK: nothing, or too large to unpack */
    struct gate_error where;
};

/* Ends the program when there is no memory. */
void stated_read(const uint8_t *bytes, size_t len, struct stated *ret_stated);
void stated_fini(struct stated *stated); /* a zeroed struct too */

/* Whether the signature in the envelope holds over its statement. */
bool stated_is_signed(const struct stated *stated);

#endif
