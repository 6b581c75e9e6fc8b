/*
 * two_sides: one slot as this computer filed it and as the centre holds it, side by side, in words and for
 * --json. Equal figures are only counted.
 */
#ifndef YUEBAO_TWO_SIDES_H
#define YUEBAO_TWO_SIDES_H

#include "catalogue.h"
#include "desk.h"

/* One report of the slot. All borrowed. */
struct side {
    const Yuebao__Statement *statement;
    const uint8_t *id, *key; /* ID_SIZE, KEY_SIZE */
    uint64_t at_ms;          /* saved here, or received at the centre */
};

/* Either side may be NULL; `own_key` is this computer's. `catalogue` names the indicators; NULL: their
 * numbers do. */
void two_sides_print(struct desk *desk, const struct side *mine, const struct side *theirs,
                     const uint8_t own_key[KEY_SIZE], const struct catalogue *catalogue);

#endif
