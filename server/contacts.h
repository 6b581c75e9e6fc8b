/*
 * contacts: which clients said hello, and when, until somebody takes the list. No I/O.
 *
 * One entry a key, its newest contact. When the list is full, further keys are passed over: a contact may be
 * lost, but none is ever made up.
 */
#ifndef YUEBAO_CONTACTS_H
#define YUEBAO_CONTACTS_H

#include <stddef.h>
#include <stdint.h>

#include "limit.h"

#define CONTACTS_MAX   1024u /* 116 KiB; a storm of hellos is written down every second or two */
#define CONTACTS_SLOTS 2048u /* twice as many: a search ends soon */

struct contact {
    uint8_t key[KEY_SIZE];
    uint64_t at_ms; /* wall clock */
    char software[SOFTWARE_MAX + 1];
};

struct contacts {
    size_t count;
    struct contact list[CONTACTS_MAX];
    uint16_t slots[CONTACTS_SLOTS]; /* 1 + where in the list, by the key's first bytes; 0: free */
};

/* A zeroed struct is empty. `contacts` may be NULL: nobody wants to know. */
void contacts_note(struct contacts *contacts, const uint8_t key[KEY_SIZE], const char *software,
                   uint64_t at_ms);
void contacts_clear(struct contacts *contacts);

#endif
