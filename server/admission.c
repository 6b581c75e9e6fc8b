#include "admission.h"

#include <assert.h>

#define MEASURE_MS      500u     /* of waiting, for one measurement */
#define US_GUESS        1000u    /* a report, before any was measured */
#define US_MIN          10u      /* a report; no database is as fast */
#define US_MAX          1000000u /* a slower one stands still, which is another matter */
#define STALL_IGNORE_MS 500u     /* a batch may take so long */
#define ANSWERS_MS      250u /* in which the answers of a batch follow one another, however busy the machine */
#define GAP_MAX_MS      20000u /* in which nothing drains; the rest of a longer one is an outage, not speed */

void
admission_init(struct admission *a, uint64_t now_ms)
{
    *a = (struct admission){.us_a_report = US_GUESS, .counted_ms = now_ms, .drained_at_ms = now_ms};
}

/* ---- how fast it drains ------------------------------------------------------------------------- */

static void
measure(struct admission *a)
{
    uint64_t us;

    if (a->busy_ms < MEASURE_MS || a->drained == 0)
        return;
    us = a->busy_ms * 1000u / a->drained;
    us = us < US_MIN ? US_MIN : us > US_MAX ? US_MAX : us;
    a->us_a_report = (a->us_a_report * 3 + us) / 4;
    a->busy_ms = 0;
    a->drained = 0;
}

/*
 * Only time in which something waits says anything about speed. A batch drains at once, after a time in
 * which nothing does: its answers are of one instant, and it is measured whole, when that is over.
 */
static void
count_time(struct admission *a, uint64_t now_ms)
{
    uint64_t gap_ends_ms = a->drained_at_ms + GAP_MAX_MS;

    if (now_ms == a->counted_ms)
        return;
    measure(a);
    if (a->waiting == 0)
        a->drained_at_ms = now_ms;
    else if (gap_ends_ms > a->counted_ms)
        a->busy_ms += (now_ms < gap_ends_ms ? now_ms : gap_ends_ms) - a->counted_ms;
    a->counted_ms = now_ms;
}

void
admission_enter(struct admission *a, size_t bytes, bool returns, uint64_t now_ms)
{
    count_time(a, now_ms);
    a->waiting++;
    a->bytes += bytes;
    if (a->waiting < ADMISSION_DRY)
        a->behind = 0; /* whoever was put off and is not back yet will find room */
    else if (returns && a->behind > 0)
        a->behind--;
}

void
admission_leave(struct admission *a, size_t bytes, bool drained, uint64_t now_ms)
{
    assert(a->waiting > 0 && a->bytes >= bytes);
    if (now_ms - a->counted_ms >= ANSWERS_MS)
        count_time(a, now_ms);
    a->waiting--;
    a->bytes -= bytes;
    if (!drained)
        return;
    a->drained++;
    a->drained_at_ms = now_ms;
}

/* ---- room --------------------------------------------------------------------------------------- */

static uint64_t
queue_us(const struct admission *a)
{
    return a->waiting * a->us_a_report;
}

/* Reports that may wait. */
static size_t
queue_max(const struct admission *a)
{
    size_t in_time = (size_t)(ADMISSION_QUEUE_MS * 1000u / a->us_a_report);

    return in_time > ADMISSION_QUEUE_MIN ? in_time : ADMISSION_QUEUE_MIN;
}

bool
admission_room(const struct admission *a, bool returns, uint64_t now_ms)
{
    if (a->waiting >= queue_max(a) || a->bytes >= ADMISSION_BYTES_MAX)
        return false;
    return returns || a->waiting < ADMISSION_DRY || a->turns_us <= now_ms * 1000u;
}

unsigned
admission_share(const struct admission *a, size_t keys, unsigned most)
{
    size_t max = queue_max(a), share;

    if (a->waiting < max / 2 || keys == 0)
        return most;
    share = (a->waiting < max ? max - a->waiting : 0) / 2 / keys;
    return share == 0 ? 1 : share < most ? (unsigned)share : most;
}

/* ---- turns -------------------------------------------------------------------------------------- */

/* FNV-1a, its halves mixed: neighbours by code are no neighbours in time. */
static uint64_t
hash_of(const char *school)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);

    for (; *school != '\0'; school++)
        hash = (hash ^ (unsigned char)*school) * UINT64_C(0x100000001B3);
    return hash ^ hash >> 32;
}

/* While nothing drains at all, as long again as that has lasted. */
static uint64_t
stall_ms(const struct admission *a, uint64_t now_ms)
{
    uint64_t still = a->waiting > 0 && now_ms > a->drained_at_ms ? now_ms - a->drained_at_ms : 0;

    return still > STALL_IGNORE_MS ? still : 0;
}

/* The instant, in a slice of `width_us` that begins at or before `from_us`. */
static uint64_t
pick(const char *school, uint64_t from_us, uint64_t width_us)
{
    return from_us - from_us % width_us + hash_of(school) % width_us;
}

/* There are no turns later than that; for whom none is left, the hash picks one of the second half. */
static uint32_t
within_bounds(const char *school, uint64_t after_ms)
{
    uint64_t half_ms = ADMISSION_TURN_MAX_MS / 2;

    return (uint32_t)(after_ms < ADMISSION_TURN_MAX_MS ? after_ms : half_ms + hash_of(school) % half_ms);
}

uint32_t
admission_turn(struct admission *a, const char *school, bool returns, uint32_t away_ms, uint64_t now_ms)
{
    uint64_t now_us = now_ms * 1000u, slice_us = ADMISSION_SLICE_MS * 1000u;
    uint64_t from_us = now_us + queue_us(a) + (stall_ms(a, now_ms) + away_ms) * 1000u, at_us;

    count_time(a, now_ms);
    if (returns) {
        uint64_t behind_us = ++a->behind * a->us_a_report;

        at_us = from_us + hash_of(school) % (behind_us > slice_us ? behind_us : slice_us);
    } else {
        if (a->turns_us > from_us)
            from_us = a->turns_us;
        a->turns_us = from_us + a->us_a_report;
        if (a->turns_us > now_us + ADMISSION_TURN_MAX_MS * 1000u)
            a->turns_us = now_us + ADMISSION_TURN_MAX_MS * 1000u;
        at_us = pick(school, from_us, slice_us);
    }
    while (at_us < now_us + ADMISSION_TURN_MIN_MS * 1000u)
        at_us += slice_us;
    return within_bounds(school, (at_us - now_us) / 1000u);
}
