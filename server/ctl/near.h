/*
 * near: which known words somebody may have meant who typed another one.
 *
 * A word is near when the typed text is part of it or of its name, or when few letters differ (a letter too
 * many, too few or another one: one, and one more for every five letters typed). The nearest three are kept.
 */
#ifndef YUEBAOCTL_NEAR_H
#define YUEBAOCTL_NEAR_H

#include <stddef.h>

#define NEAR_MOST 3

struct near {
    const char *typed; /* borrowed */
    size_t count;
    struct {
        const char *code, *name;
        size_t distance;
    } found[NEAR_MOST]; /* the nearest first; among equals in the order of near_consider() */
};

/* Borrows all three while `near` is used; `name` may be NULL. */
void near_consider(struct near *near, const char *code, const char *name);

/* "code name, code name", joined by `joint`; malloc'd. NULL: nothing is near. Ends the program when there is
 * no memory. */
char *near_list(const struct near *near, const char *joint);

#endif
