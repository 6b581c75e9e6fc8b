#include "gun.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

void
gun_wait(void)
{
    char line[16];

    puts("ready");
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL)
        exit(EX_UNAVAILABLE);
}

void
gun_end(void)
{
    fflush(stdout);
    while (getchar() != EOF)
        ;
}

double
gun_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void
gun_times_add(struct gun_times *times, double seconds)
{
    if (times->count == times->capacity) {
        times->capacity = times->capacity * 2 + 1024;
        times->items = realloc(times->items, times->capacity * sizeof(*times->items));
        if (times->items == NULL)
            abort();
    }
    times->items[times->count++] = seconds;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double
gun_times_at(struct gun_times *times, double share)
{
    size_t at = (size_t)((double)times->count * share);

    if (times->count == 0)
        return 0;
    qsort(times->items, times->count, sizeof(*times->items), compare);
    return times->items[at < times->count ? at : times->count - 1];
}
