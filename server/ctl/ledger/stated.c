#include "stated.h"

#include <stdlib.h>

#include "envelope.h"

static void
read_statement(struct stated *stated)
{
    const ProtobufCBinaryData *bytes = &stated->envelope->statement;

    if (!statement_id(bytes->data, bytes->len, stated->id))
        abort();
    stated->gate = gate_check(&yuebao__statement__descriptor, bytes->data, bytes->len, &stated->where);
    if (stated->gate == GATE_OK)
        stated->statement = yuebao__statement__unpack(NULL, bytes->len, bytes->data);
}

void
stated_read(const uint8_t *bytes, size_t len, struct stated *ret_stated)
{
    *ret_stated = (struct stated){0};
    ret_stated->gate = gate_check(&yuebao__envelope__descriptor, bytes, len, &ret_stated->where);
    if (ret_stated->gate == GATE_OK)
        ret_stated->envelope = yuebao__envelope__unpack(NULL, len, bytes);
    if (ret_stated->envelope != NULL)
        read_statement(ret_stated);
}

void
stated_fini(struct stated *stated)
{
    if (stated->statement != NULL)
        yuebao__statement__free_unpacked(stated->statement, NULL);
    if (stated->envelope != NULL)
        yuebao__envelope__free_unpacked(stated->envelope, NULL);
    *stated = (struct stated){0};
}

bool
stated_is_signed(const struct stated *stated)
{
    const Yuebao__Envelope *envelope = stated->envelope;

    if (envelope == NULL || envelope->algorithm != ALGORITHM_ED25519 || envelope->key.len != KEY_SIZE ||
        envelope->signature.len != SIGNATURE_SIZE)
        return false;
    struct part part = {.bytes = envelope->statement.data, .len = envelope->statement.len};
    return envelope_verify(PURPOSE_STATEMENT, &part, 1, envelope->key.data, envelope->signature.data);
}
