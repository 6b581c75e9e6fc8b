#include "findings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "period.h"

#define FIRST_CAPACITY 8u

void
findings_init(struct findings *findings)
{
    memset(findings, 0, sizeof(*findings));
}

void
findings_fini(struct findings *findings)
{
    free(findings->items);
    findings_init(findings);
}

void
findings_clear(struct findings *findings)
{
    findings->count = 0;
    findings->errors = 0;
    findings->refuse = false;
    findings->more = false;
}

bool
findings_refuse(const struct findings *findings)
{
    return findings->refuse;
}

bool
findings_have(const struct findings *findings, Yuebao__FindingCode code)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].code == code)
            return true;
    }
    return false;
}

/* Copy what fits, cut between characters. What no gate would let through becomes a question mark: findings
 * travel too. */
static void
copy_text(char *to, size_t size, const char *from)
{
    size_t len = from == NULL ? 0 : strlen(from);

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((uint8_t)from[len] & 0xc0u) == 0x80)
            len--;
    }
    if (len > 0 && !gate_text_is_clean((const uint8_t *)from, len)) {
        from = "?";
        len = 1;
    }
    if (len > 0)
        memcpy(to, from, len);
    to[len] = '\0';
}

/* Room for one more; false: none to be had. */
static bool
grow(struct findings *findings)
{
    size_t capacity = findings->capacity == 0 ? FIRST_CAPACITY : 2 * findings->capacity;
    struct finding *items;

    if (findings->count < findings->capacity)
        return true;
    if (capacity > FINDINGS_MAX)
        capacity = FINDINGS_MAX;
    items = realloc(findings->items, capacity * sizeof(*items));
    if (items == NULL)
        return false;
    findings->items = items;
    findings->capacity = capacity;
    return true;
}

/* Errors go behind the last error, all else to the end. */
static void
insert(struct findings *findings, const struct finding *finding)
{
    bool error = finding->severity == YUEBAO__SEVERITY__ERROR;
    size_t at = error ? findings->errors : findings->count;

    findings->refuse = findings->refuse || error;
    if (at == FINDINGS_MAX || (findings->count < FINDINGS_MAX && !grow(findings))) {
        findings->more = true;
        return;
    }
    if (findings->count == FINDINGS_MAX) {
        findings->more = true;
        findings->count--;
    }
    memmove(findings->items + at + 1, findings->items + at, (findings->count - at) * sizeof(*finding));
    findings->items[at] = *finding;
    findings->count++;
    findings->errors += error;
}

static void
add(struct findings *findings, Yuebao__FindingCode code, Yuebao__Severity severity, uint32_t indicator,
    const char *rule, const char *found, const char *bound)
{
    struct finding finding = {.code = code, .severity = severity, .indicator = indicator};

    copy_text(finding.rule, sizeof(finding.rule), rule);
    copy_text(finding.found, sizeof(finding.found), found);
    copy_text(finding.bound, sizeof(finding.bound), bound);
    insert(findings, &finding);
}

void
findings_add(struct findings *findings, Yuebao__FindingCode code, uint32_t indicator, const char *rule,
             const char *found, const char *bound)
{
    add(findings, code, YUEBAO__SEVERITY__ERROR, indicator, rule, found, bound);
}

void
findings_warn(struct findings *findings, Yuebao__FindingCode code, uint32_t indicator, const char *rule,
              const char *found, const char *bound)
{
    add(findings, code, YUEBAO__SEVERITY__WARNING, indicator, rule, found, bound);
}

void
findings_of_reject(struct findings *findings, const Yuebao__Reject *reject)
{
    for (size_t i = 0; i < reject->n_finding; i++) {
        const Yuebao__Finding *message = reject->finding[i];
        struct finding finding = {
            .code = message->code, .severity = message->severity, .indicator = message->indicator};

        copy_text(finding.rule, sizeof(finding.rule), message->rule);
        copy_text(finding.found, sizeof(finding.found), message->found);
        copy_text(finding.bound, sizeof(finding.bound), message->bound);
        insert(findings, &finding);
    }
    findings->more = findings->more || reject->more;
}

/* ---- packing ------------------------------------------------------------------------------------ */

/* Tag and length of a finding; its code, severity and indicator; tags and lengths of its texts. */
#define FINDING_OVERHEAD 24u
static_assert(FINDINGS_MAX * (FINDING_OVERHEAD + INDICATOR_CODE_MAX + 2 * (FINDING_TEXT_MAX - 1)) + 2 <=
                  FINDINGS_PACKED_MAX,
              "a full Reject fits");

static void
message_of(struct finding *finding, Yuebao__Finding *message)
{
    yuebao__finding__init(message);
    message->code = finding->code;
    message->severity = finding->severity;
    message->indicator = finding->indicator;
    message->rule = finding->rule;
    message->found = finding->found;
    message->bound = finding->bound;
}

uint8_t *
findings_pack(const struct findings *findings, size_t *ret_len)
{
    Yuebao__Finding messages[FINDINGS_MAX];
    Yuebao__Finding *pointers[FINDINGS_MAX];
    Yuebao__Reject reject = YUEBAO__REJECT__INIT;
    uint8_t *bytes;
    size_t len;

    for (size_t i = 0; i < findings->count; i++) {
        message_of(&findings->items[i], &messages[i]);
        pointers[i] = &messages[i];
    }
    reject.n_finding = findings->count;
    reject.finding = pointers;
    reject.more = findings->more;
    len = yuebao__reject__get_packed_size(&reject);
    assert(len <= FINDINGS_PACKED_MAX);
    bytes = malloc(len > 0 ? len : 1);
    if (bytes != NULL)
        *ret_len = yuebao__reject__pack(&reject, bytes);
    return bytes;
}

/* ---- instants ----------------------------------------------------------------------------------- */

void
instant_print(uint64_t instant_ms, int32_t zone_minutes, char text[INSTANT_TEXT_MAX])
{
    const int64_t minutes_a_day = 24 * 60;
    int64_t minutes = (int64_t)(instant_ms / 60000) + zone_minutes;
    int64_t day = minutes / minutes_a_day, minute = minutes % minutes_a_day;
    int zone = abs(zone_minutes) % (100 * 60);
    char date[PERIOD_TEXT_MAX + 1];

    if (minutes < 0 || day > date_to_day((struct date){9999, 12, 31})) {
        snprintf(text, INSTANT_TEXT_MAX, "%" PRIu64 " ms", instant_ms);
        return;
    }
    date_print((int32_t)day, date);
    snprintf(text, INSTANT_TEXT_MAX, "%s %02d:%02d %c%02d:%02d", date, (int)minute / 60, (int)minute % 60,
             zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}
