/*
 * gun: a measured program waits until it is told to go, so that what it prepares is not measured.
 *
 * It says "ready", its caller looks at the clocks of all processes and sends a line; the program runs, and
 * its last line is one JSON object. Then it stays until its input ends, for a process that is going away (its
 * own, or its backend) cannot be asked what it took. Times are in seconds.
 */
#ifndef YUEBAO_GUN_H
#define YUEBAO_GUN_H

#include <stddef.h>

void gun_wait(void);    /* say "ready", wait for the line; the caller has gone away: exits */
void gun_end(void);     /* the result is printed */
double gun_clock(void); /* steady */

/* Durations, for their percentiles. */
struct gun_times {
    double *items;
    size_t count, capacity;
};
void gun_times_add(struct gun_times *times, double seconds);
/* Sorts; `share` from 0 to 1. 0 when there are none. */
double gun_times_at(struct gun_times *times, double share);

#endif
