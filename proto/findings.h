/*
 * findings: what is wrong with a statement or a sheet, as data: a bounded list, errors first. messages.h
 * makes the sentences.
 */
#ifndef YUEBAO_FINDINGS_H
#define YUEBAO_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "yuebao.pb-c.h"

#define FINDING_TEXT_MAX                                                                                     \
    72 /* bytes with NUL of found and bound (a hash in hex fits); longer ones are cut at a character */
#define FINDINGS_PACKED_MAX                                                                                  \
    (48u * 1024u) /* bytes of a packed Reject, at most: it fits a frame with its signature and all */

struct finding {
    Yuebao__FindingCode code;
    Yuebao__Severity severity;
    uint32_t indicator; /* 0: not about one indicator */
    char rule[INDICATOR_CODE_MAX + 1];
    char found[FINDING_TEXT_MAX];
    char bound[FINDING_TEXT_MAX];
};

/*
 * Embedded by the caller; findings_init sets it up, findings_fini frees it. Allocates nothing before the
 * first finding. When it is full, an error pushes out the last warning.
 */
struct findings {
    struct finding *items;
    size_t count;
    size_t capacity;
    size_t errors; /* how many of `count`; they are at the front */
    bool refuse;   /* there was an error, whether it found room or not */
    bool more;     /* there were more than FINDINGS_MAX, or no memory for them */
};

void findings_init(struct findings *findings);
void findings_fini(struct findings *findings);
void findings_clear(struct findings *findings);

/* Add an error; found and bound may be NULL, rule too. */
void findings_add(struct findings *findings, Yuebao__FindingCode code, uint32_t indicator, const char *rule,
                  const char *found, const char *bound);
/* The same as a warning: it refuses nothing. */
void findings_warn(struct findings *findings, Yuebao__FindingCode code, uint32_t indicator, const char *rule,
                   const char *found, const char *bound);

/* Whether there was any with severity ERROR. */
bool findings_refuse(const struct findings *findings);

/* Whether the list holds one of this code. */
bool findings_have(const struct findings *findings, Yuebao__FindingCode code);

/*
 * The packed Reject of these findings, malloc'd, errors first; caller frees. At most FINDINGS_PACKED_MAX
 * bytes. NULL: no memory.
 */
uint8_t *findings_pack(const struct findings *findings, size_t *ret_len);

/* Add what a Reject from the wire says, with its own severities. */
void findings_of_reject(struct findings *findings, const Yuebao__Reject *reject);

/* The instant as findings show it: "2026-11-01 00:00 +08:00". INSTANT_TEXT_MAX bytes with NUL. */
#define INSTANT_TEXT_MAX 32
void instant_print(uint64_t instant_ms, int32_t zone_minutes, char text[INSTANT_TEXT_MAX]);

#endif
