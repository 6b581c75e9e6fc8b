#include "verdict.h"

#include <string.h>

#include "answered.h"

static bool
says_something(const Yuebao__Answer *answer, const Yuebao__Verdict *verdict)
{
    bool names_one = verdict->id.len == ID_SIZE;
    bool names_none = verdict->id.len == 0 && verdict->outcome_case == YUEBAO__VERDICT__OUTCOME_REJECT;

    return answer->algorithm == ALGORITHM_ED25519 && answer->key.len == KEY_SIZE &&
           answer->signature.len == SIGNATURE_SIZE && (names_one || names_none) &&
           verdict->outcome_case != YUEBAO__VERDICT__OUTCOME__NOT_SET;
}

enum verdict_status
verdict_open(const uint8_t *bytes, size_t len, struct verdict *ret_verdict)
{
    struct answered a;

    answered_read(bytes, len, &a);
    if (a.verdict == NULL || !says_something(a.answer, a.verdict)) {
        answered_fini(&a);
        return VERDICT_UNREADABLE;
    }
    *ret_verdict = (struct verdict){.answer = a.answer, .message = a.verdict};
    return VERDICT_OK;
}

void
verdict_fini(struct verdict *verdict)
{
    struct answered a = {.answer = verdict->answer, .verdict = verdict->message};

    answered_fini(&a);
    *verdict = (struct verdict){0};
}

enum verdict_status
verdict_verify(const struct verdict *verdict, struct outbox *outbox, const uint8_t id[ID_SIZE])
{
    const struct answered a = {.answer = verdict->answer, .verdict = verdict->message};

    if (!outbox_trusts(outbox, verdict->answer->key.data))
        return VERDICT_STRANGER;
    if (!answered_is_signed(&a))
        return VERDICT_FORGED;
    if (verdict->message->id.len == 0)
        return VERDICT_OF_ENVELOPE;
    return memcmp(verdict->message->id.data, id, ID_SIZE) == 0 ? VERDICT_OK : VERDICT_OF_ANOTHER;
}

enum item_state
verdict_state(const Yuebao__Verdict *verdict)
{
    switch (verdict->outcome_case) {
    case YUEBAO__VERDICT__OUTCOME_RECEIPT:
        return ITEM_RECEIPTED;
    case YUEBAO__VERDICT__OUTCOME_KEPT:
        return ITEM_KEPT;
    case YUEBAO__VERDICT__OUTCOME_DECLINED:
    case YUEBAO__VERDICT__OUTCOME_REJECT:
    case YUEBAO__VERDICT__OUTCOME_CONFLICT:
        return ITEM_REFUSED;
    case YUEBAO__VERDICT__OUTCOME__NOT_SET:
    case _YUEBAO__VERDICT__OUTCOME__CASE_IS_INT_SIZE:
        break;
    }
    return ITEM_WAITING;
}
