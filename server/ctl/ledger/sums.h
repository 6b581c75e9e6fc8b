/*
 * sums: a district's totals of one period, added up from figures one by one, beside those that the database
 * keeps.
 */
#ifndef YUEBAOCTL_SUMS_H
#define YUEBAOCTL_SUMS_H

#include <stdbool.h>

#include "booked.h"

struct sum {
    int form;
    uint32_t indicator;
    long schools, excused;
    __int128 value, denominator; /* scaled */
};

/* A zeroed struct is empty. */
struct sums {
    struct sum *items; /* ascending by form and indicator */
    size_t count, capacity;
};

void sums_fini(struct sums *sums);

/* Ends the program when there is no memory. */
void sums_add(struct sums *sums, int form, const struct booked_list *figures);

/* The same of the reports themselves, which totals count under SUMS_REPORTS (server/totals.h). */
#define SUMS_REPORTS 0
struct sums_report {
    long revision;
    bool late, admitted;
};
void sums_count(struct sums *sums, int form, struct sums_report report);

/* A total as the database has it: texts of integers. */
struct total {
    int form;
    uint32_t indicator;
    const char *schools, *excused, *value, *denominator;
};

/* Tell what differs from the sum of that form and indicator, which is then done with: 0 where there is none.
 */
void sums_check(struct sums *sums, const struct total *total, const struct listener *listener);

/* Tell the sums that no total was checked against. */
void sums_check_rest(struct sums *sums, void (*enter)(void *arg, int form), const struct listener *listener);

#endif
