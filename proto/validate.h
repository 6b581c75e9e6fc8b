/*
 * validate: a statement against its catalogue, and against the slot it claims. The same function at both
 * ends: the clerk's desk and the collector. No I/O, no clock, no allocation beyond the list of findings.
 *
 * validate_statement needs nothing but the catalogue and the statement, so a dispute can be replayed years
 * later; validate_slot adds what the register and the calendar know. Findings come errors first, then in the
 * order of PROTOCOL.md, section 12.
 */
#ifndef YUEBAO_VALIDATE_H
#define YUEBAO_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "findings.h"
#include "limit.h"
#include "yuebao.pb-c.h"

/*
 * Everything that statement and catalogue decide: lengths of texts and arrays, order, revision and previous,
 * form and the shape of its period, each figure and each reason, required indicators, the rules of the form
 * and their explanations. Catalogue hash is compared with the catalogue's; figures of a statement that was
 * made by another catalogue are not judged. The statement must have passed the gate.
 */
void validate_statement(const struct catalogue *catalogue, const Yuebao__Statement *statement,
                        struct findings *findings);

/* What the register and the calendar say about a slot. */
struct slot {
    bool school_known;
    const char *kind;   /* of the school; NULL if unknown */
    int32_t opened_day; /* the school existed from … */
    int32_t closed_day; /* … up to and including; INT32_MAX while open */
    bool in_calendar;
    bool not_sent; /* a one-off form that goes to other schools; then nothing is said of the calendar */
    uint64_t opens_ms, due_ms, closes_ms;
    int32_t zone_minutes;     /* east of UTC, in which findings show instants */
    const uint8_t *catalogue; /* hash that governs the period, ID_SIZE bytes; NULL if not in the calendar */
};

enum slot_verdict {
    SLOT_OPEN,    /* on time */
    SLOT_LATE,    /* after due, before close */
    SLOT_CLOSED,  /* the collector keeps it, the desk warns: no finding is added */
    SLOT_REFUSED, /* findings were added, here or (no such form or period) by validate_statement */
};

/*
 * Compare what the statement claims with its slot at `now_ms` (opens <= now: open; now > due: late; now >=
 * closes: closed). Kind of school against form, school's lifetime against the period's last day, calendar,
 * governing catalogue, whether a one-off form was sent to the school. `catalogue` may be NULL when there is
 * no window; a finding that validate_statement added to the same list is not repeated, nor the other way
 * round.
 */
enum slot_verdict validate_slot(const struct slot *slot, const struct catalogue *catalogue,
                                const Yuebao__Statement *statement, uint64_t now_ms,
                                struct findings *findings);

#endif
