#include "verdict.h"

#include <string.h>

#include "envelope.h"
#include "gate.h"

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
    struct verdict v = {0};

    if (gate_check(&yuebao__answer__descriptor, bytes, len, NULL) == GATE_OK)
        v.answer = yuebao__answer__unpack(NULL, len, bytes);
    if (v.answer != NULL && gate_check(&yuebao__verdict__descriptor, v.answer->verdict.data,
                                       v.answer->verdict.len, NULL) == GATE_OK)
        v.message = yuebao__verdict__unpack(NULL, v.answer->verdict.len, v.answer->verdict.data);
    if (v.message == NULL || !says_something(v.answer, v.message)) {
        verdict_fini(&v);
        return VERDICT_UNREADABLE;
    }
    *ret_verdict = v;
    return VERDICT_OK;
}

void
verdict_fini(struct verdict *verdict)
{
    if (verdict->message != NULL)
        yuebao__verdict__free_unpacked(verdict->message, NULL);
    if (verdict->answer != NULL)
        yuebao__answer__free_unpacked(verdict->answer, NULL);
    *verdict = (struct verdict){0};
}

enum verdict_status
verdict_verify(const struct verdict *verdict, struct outbox *outbox, const uint8_t id[ID_SIZE])
{
    const Yuebao__Answer *answer = verdict->answer;
    const struct part part = {answer->verdict.data, answer->verdict.len};

    if (!outbox_trusts(outbox, answer->key.data))
        return VERDICT_STRANGER;
    if (!envelope_verify(PURPOSE_VERDICT, &part, 1, answer->key.data, answer->signature.data))
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
