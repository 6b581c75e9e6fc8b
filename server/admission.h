/*
 * admission: who may come in now, and when the others shall come again; from counters alone, before anything
 * of a report is judged. No I/O, no clock: the caller tells the steady time.
 *
 * What waits and how fast it drains are counted as reports come and go. There is room while what waits drains
 * within ADMISSION_QUEUE_MS and its bytes are bounded. There is nothing to tune.
 *
 * Who finds no room gets a turn. Turns are given in the order of coming, one as long as a report takes to
 * drain; a slice of time holds so many of them, and within its slice a school's hash picks the instant. So a
 * crowd comes back as an even stream, as fast as it can be served. Who comes back, with proof of its first
 * arrival, goes before who comes for the first time: the latter finds room only when no turns are
 * outstanding, or when the queue would run dry. The longest wait is then near the time that the crowd needs
 * altogether, and nobody is passed over twice.
 */
#ifndef YUEBAO_ADMISSION_H
#define YUEBAO_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADMISSION_QUEUE_MS    2000u /* what waits shall drain within this: long enough for full batches */
#define ADMISSION_QUEUE_MIN   400u  /* reports that may always wait: two full batches */
#define ADMISSION_DRY         200u  /* fewer wait: anybody is welcome */
#define ADMISSION_BYTES_MAX   (4u * 1024u * 1024u) /* of envelopes that wait */
#define ADMISSION_SLICE_MS    250u
#define ADMISSION_TURN_MIN_MS 500u
#define ADMISSION_TURN_MAX_MS (10u * 60u * 1000u)

struct admission {
    size_t waiting, bytes;  /* reports that are on their way through the database, and their envelopes */
    uint64_t us_a_report;   /* how fast they drain, smoothed */
    uint64_t counted_ms;    /* until when the time below is counted */
    uint64_t busy_ms;       /* of this measurement: time in which something waited, */
    size_t drained;         /* and what drained in it */
    uint64_t drained_at_ms; /* the last time that anything did, or that something began to wait */
    uint64_t turns_us;      /* turns are given away up to here */
    size_t behind;          /* turns that found no room and were put off */
};

void admission_init(struct admission *admission, uint64_t now_ms);

/* Whether a report may come in. `returns`: it was turned away before, and proves it. */
bool admission_room(const struct admission *admission, bool returns, uint64_t now_ms);

/* It is on its way; and it is answered. `drained`: the database has had it. */
void admission_enter(struct admission *admission, size_t bytes, bool returns, uint64_t now_ms);
void admission_leave(struct admission *admission, size_t bytes, bool drained, uint64_t now_ms);

/*
 * The turn of who is sent away, in milliseconds from now, up to ADMISSION_TURN_MAX_MS. `school`: whose hash
 * picks the instant. `away_ms`: 0, or how long nothing at all will be taken.
 */
uint32_t admission_turn(struct admission *admission, const char *school, bool returns, uint32_t away_ms,
                        uint64_t now_ms);

/*
 * How many reports of one key may wait at once: `most`; but when the queue is half full, for each of `keys`
 * an equal share of half of the room that is left, never none. So those who send many leave most of it to
 * those who have yet to send one.
 */
unsigned admission_share(const struct admission *admission, size_t keys, unsigned most);

#endif
