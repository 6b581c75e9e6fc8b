#include "enrol_tries.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS UINT64_C(3600000)

static bool
counts(const struct enrol_try *entry, uint64_t now_ms)
{
    return entry->count > 0 && now_ms - entry->since_ms < HOUR_MS;
}

bool
enrol_tries_exceeded(const struct enrol_tries *tries, const char *school, uint64_t now_ms)
{
    for (unsigned i = 0; i < ENROL_TRIES_SCHOOLS; i++)
        if (counts(&tries->schools[i], now_ms) && strcmp(tries->schools[i].school, school) == 0)
            return tries->schools[i].count >= ENROL_TRIES_MAX;
    return false;
}

/* The school's entry, else a free one, else the oldest. */
static struct enrol_try *
entry_for(struct enrol_tries *tries, const char *school, uint64_t now_ms)
{
    struct enrol_try *room = &tries->schools[0];

    for (unsigned i = 0; i < ENROL_TRIES_SCHOOLS; i++) {
        struct enrol_try *entry = &tries->schools[i];
        if (counts(entry, now_ms) && strcmp(entry->school, school) == 0)
            return entry;
        if (!counts(room, now_ms))
            continue;
        if (!counts(entry, now_ms) || entry->since_ms < room->since_ms)
            room = entry;
    }
    room->count = 0;
    return room;
}

void
enrol_tries_wrong(struct enrol_tries *tries, const char *school, uint64_t now_ms)
{
    struct enrol_try *entry = entry_for(tries, school, now_ms);

    if (entry->count == 0) {
        snprintf(entry->school, sizeof(entry->school), "%s", school);
        entry->since_ms = now_ms;
    }
    entry->count++;
}
