/*
 * import_steps: the constant statements by which one kind of file reaches its tables. import_write runs them
 * in this order.
 */
#ifndef YUEBAOCTL_IMPORT_STEPS_H
#define YUEBAOCTL_IMPORT_STEPS_H

#include "import.h"

/* NULL: no such step. */
struct import_step {
    const char
        *stage; /* makes the temporary table: position, sheet, line, then the spec's columns in their order */
    const char *copy;
    const char *remove; /* delete what the file no longer says */
    const char *change; /* update rows that differ */
    const char *insert; /* insert rows that are new */
    const char *derive; /* what a new row brings with it; not counted */
};

const struct import_step *import_step(enum import_kind kind);

/* A corrected opening day takes a school's first membership with it, as long as that stays the first. Before
 * `change`. */
extern const char import_shift_opening[];

#endif
