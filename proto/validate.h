/*
 * validate: a statement against its catalogue, and against the slot it claims. The same function at both ends: the clerk's desk
 * and the collector. No I/O, no clock, no allocation beyond the list of findings.
 *
 * validate_statement needs nothing but the catalogue and the statement, so a dispute can be replayed years later;
 * validate_slot adds what the register and the calendar know. Findings come errors first, then in the order of the form.
 */
#ifndef YUEBAO_VALIDATE_H
#define YUEBAO_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "limit.h"
#include "yuebao.pb-c.h"

#define FINDING_TEXT_MAX 64 /* bytes with NUL of found and bound; longer texts are cut at a character */

struct finding {
    Yuebao__FindingCode code;
    Yuebao__Severity severity;
    uint32_t indicator; /* 0: not about one indicator */
    char rule[INDICATOR_CODE_MAX + 1];
    char found[FINDING_TEXT_MAX];
    char bound[FINDING_TEXT_MAX];
};

/* A bounded list. Embedded by the caller; findings_init sets it up, findings_fini frees it. */
struct findings {
    struct finding *items;
    size_t count;
    size_t capacity;
    bool more; /* there were more than FINDINGS_MAX, or no memory for them */
};

void findings_init(struct findings *findings);
void findings_fini(struct findings *findings);
void findings_clear(struct findings *findings);

/* Append one; found and bound may be NULL, rule too. Severity ERROR unless the code says otherwise. */
void findings_add(struct findings *findings, Yuebao__FindingCode code, uint32_t indicator, const char *rule,
                  const char *found, const char *bound);

/* Whether any has severity ERROR. */
bool findings_refuse(const struct findings *findings);

/*
 * Everything that statement and catalogue decide: lengths of texts and arrays, order, revision and previous, form and the shape
 * of its period, each figure and each reason, required indicators. Catalogue hash is compared with the catalogue's.
 * The statement must have passed the gate.
 */
void validate_statement(const struct catalogue *catalogue, const Yuebao__Statement *statement,
                        struct findings *findings);

/* What the register and the calendar say about a slot. */
struct slot {
    bool school_known;
    const char *kind;     /* of the school; NULL if unknown */
    int32_t opened_day;   /* the school existed from … */
    int32_t closed_day;   /* … up to and including; INT32_MAX while open */
    bool in_calendar;
    uint64_t opens_ms, due_ms, closes_ms;
    const uint8_t *catalogue; /* hash that governs the period, ID_SIZE bytes; NULL if not in the calendar */
};

enum slot_verdict {
    SLOT_OPEN,    /* on time */
    SLOT_LATE,    /* after due, before close */
    SLOT_CLOSED,  /* the collector keeps it, the desk warns: no finding is added */
    SLOT_REFUSED, /* findings were added */
};

/*
 * Compare what the statement claims with its slot at `now_ms` (opens <= now: open; now > due: late; now >= closes: closed).
 * Kind of school against form, school's lifetime against the period's last day, calendar, governing catalogue.
 */
enum slot_verdict validate_slot(const struct slot *slot, const struct catalogue *catalogue,
                                const Yuebao__Statement *statement, uint64_t now_ms, struct findings *findings);


/*
 * The packed Reject of these findings, malloc'd, errors first; caller frees. NULL: no memory. Always fits a frame.
 */
uint8_t *findings_pack(const struct findings *findings, size_t *ret_len);

#endif
