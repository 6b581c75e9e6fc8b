#include "answered.h"

#include "envelope.h"
#include "gate.h"

void
answered_read(const uint8_t *bytes, size_t len, struct answered *ret_answered)
{
    struct answered a = {0};

    if (gate_check(&yuebao__answer__descriptor, bytes, len, NULL) == GATE_OK)
        a.answer = yuebao__answer__unpack(NULL, len, bytes);
    if (a.answer != NULL && gate_check(&yuebao__verdict__descriptor, a.answer->verdict.data,
                                       a.answer->verdict.len, NULL) == GATE_OK)
        a.verdict = yuebao__verdict__unpack(NULL, a.answer->verdict.len, a.answer->verdict.data);
    *ret_answered = a;
}

void
answered_fini(struct answered *answered)
{
    if (answered->verdict != NULL)
        yuebao__verdict__free_unpacked(answered->verdict, NULL);
    if (answered->answer != NULL)
        yuebao__answer__free_unpacked(answered->answer, NULL);
    *answered = (struct answered){0};
}

bool
answered_is_signed(const struct answered *answered)
{
    const Yuebao__Answer *answer = answered->answer;

    if (answer == NULL || answer->algorithm != ALGORITHM_ED25519 || answer->key.len != KEY_SIZE ||
        answer->signature.len != SIGNATURE_SIZE)
        return false;
    struct part part = {.bytes = answer->verdict.data, .len = answer->verdict.len};
    return envelope_verify(PURPOSE_VERDICT, &part, 1, answer->key.data, answer->signature.data);
}
