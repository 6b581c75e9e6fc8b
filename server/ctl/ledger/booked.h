/*
 * booked: lists of figures, as a statement has them and as the books have them, and whether they are the
 * same.
 */
#ifndef YUEBAOCTL_BOOKED_H
#define YUEBAOCTL_BOOKED_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "difference.h"
#include "yuebao.pb-c.h"

struct booked {
    uint32_t indicator;
    int missing;                /* the reason's number; 0: there is a value */
    int64_t value, denominator; /* scaled; 0 with a reason. A denominator that is NULL in the books is 0 */
};

struct booked_list {
    struct booked *figures; /* ascending by indicator; owned */
    size_t count;
};

void booked_fini(struct booked_list *list);

/* Of a statement that validate_statement() has let through. Ends the program when there is no memory, as
 * booked_parse does. */
struct booked_list booked_of_statement(const Yuebao__Statement *statement);

/* Of arrays as PostgreSQL prints them, one element a figure, ascending: BOOKED_ARRAYS of them. NULL: empty.
 */
enum booked_array { BOOKED_INDICATOR, BOOKED_MISSING, BOOKED_VALUE, BOOKED_DENOMINATOR, BOOKED_ARRAYS };
struct booked_list booked_parse(const char *const arrays[BOOKED_ARRAYS]);

/* The figure of that indicator, or NULL. */
const struct booked *booked_find(const struct booked_list *list, uint32_t indicator);

/* Tell each figure that is in one list only, or not the same in both. */
void booked_compare(const struct booked_list *found, const struct booked_list *expected,
                    const struct catalogue *catalogue, enum difference difference,
                    const struct listener *listener);

/* "12.50", "3/4", "NOT_COLLECTED": as people read it, in a buffer. `figure` NULL: NULL. An indicator that the
 * catalogue does not have prints as it is stored. */
#define BOOKED_TEXT_MAX 64
const char *booked_print(const struct booked *figure, const struct catalogue *catalogue,
                         char text[BOOKED_TEXT_MAX]);

#endif
