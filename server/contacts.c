#include "contacts.h"

#include <stdio.h>
#include <string.h>

/* The slot of the key, or the free one where it would be. Keys are enrolled ones: nobody chooses where they
 * fall. */
static uint16_t *
slot_of(struct contacts *contacts, const uint8_t key[KEY_SIZE])
{
    size_t at = (size_t)(key[0] | key[1] << 8) % CONTACTS_SLOTS;

    while (contacts->slots[at] != 0 &&
           memcmp(contacts->list[contacts->slots[at] - 1].key, key, KEY_SIZE) != 0)
        at = (at + 1) % CONTACTS_SLOTS;
    return &contacts->slots[at];
}

void
contacts_note(struct contacts *contacts, const uint8_t key[KEY_SIZE], const char *software, uint64_t at_ms)
{
    uint16_t *slot = contacts == NULL ? NULL : slot_of(contacts, key);
    struct contact *contact;

    if (slot == NULL || (*slot == 0 && contacts->count == CONTACTS_MAX))
        return;
    if (*slot == 0) {
        *slot = (uint16_t)++contacts->count;
        contacts->list[*slot - 1] = (struct contact){.at_ms = 0};
        memcpy(contacts->list[*slot - 1].key, key, KEY_SIZE);
    }
    contact = &contacts->list[*slot - 1];
    if (at_ms < contact->at_ms)
        return;
    contact->at_ms = at_ms;
    snprintf(contact->software, sizeof(contact->software), "%s", software);
}

void
contacts_clear(struct contacts *contacts)
{
    contacts->count = 0;
    memset(contacts->slots, 0, sizeof(contacts->slots));
}
