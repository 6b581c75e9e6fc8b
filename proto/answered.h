/*
 * answered: what a signed answer says, decoded; its signature. No I/O.
 */
#ifndef YUEBAO_ANSWERED_H
#define YUEBAO_ANSWERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yuebao.pb-c.h"

struct answered {
    Yuebao__Answer *answer;   /* NULL: the gate refuses the bytes, or there is no memory */
    Yuebao__Verdict *verdict; /* NULL: the same */
};

void answered_read(const uint8_t *bytes, size_t len, struct answered *ret_answered);
void answered_fini(struct answered *answered); /* a zeroed struct too */

/* Whether the signature in the answer holds over its verdict, by the key that is inside. Whose key that is,
 * is the caller's question. */
bool answered_is_signed(const struct answered *answered);

#endif
