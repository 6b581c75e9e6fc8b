/*
 * answered: what a stored answer says, decoded anew.
 */
#ifndef YUEBAOCTL_ANSWERED_H
#define YUEBAOCTL_ANSWERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yuebao.pb-c.h"

struct answered {
    Yuebao__Answer *answer;   /* NULL: its bytes cannot be read */
    Yuebao__Verdict *verdict; /* NULL: the same */
};

/* Ends the program when there is no memory. */
void answered_read(const uint8_t *bytes, size_t len, struct answered *ret_answered);
void answered_fini(struct answered *answered); /* a zeroed struct too */

/* Whether the signature in the answer holds over its verdict. By whose key is another question: it is inside,
 * and the database knows no list of the server's keys. */
bool answered_is_signed(const struct answered *answered);

#endif
