/*
 * Whatever the gate passes, protobuf-c must unpack into the bounded arena; packed again it must pass again,
 * not have grown, and give the same bytes for ever after. The first byte chooses the message.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "gate.h"
#include "limit.h"
#include "yuebao.pb-c.h"

static const ProtobufCMessageDescriptor *const descriptors[] = {
    &yuebao__request__descriptor,  &yuebao__reply__descriptor,   &yuebao__statement__descriptor,
    &yuebao__envelope__descriptor, &yuebao__verdict__descriptor, &yuebao__catalogue__descriptor,
};
#define DESCRIPTORS (sizeof(descriptors) / sizeof(descriptors[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ProtobufCMessage *
unpack(const ProtobufCMessageDescriptor *descriptor, struct arena *arena, const uint8_t *bytes, size_t len)
{
    ProtobufCMessage *message;

    arena_reset(arena);
    message = protobuf_c_message_unpack(descriptor, arena_allocator(arena), len, bytes);
    assert(message != NULL);
    assert(protobuf_c_message_check(message));
    return message;
}

static void
check(const ProtobufCMessageDescriptor *descriptor, struct arena *arena, const uint8_t *bytes, size_t len)
{
    ProtobufCMessage *message = unpack(descriptor, arena, bytes, len);
    size_t again_len = protobuf_c_message_get_packed_size(message);
    uint8_t *again = malloc(again_len + 1), *third = malloc(again_len + 1);

    assert(again_len <= len);
    assert(protobuf_c_message_pack(message, again) == again_len);
    assert(gate_check(descriptor, again, again_len, NULL) == GATE_OK);
    message = unpack(descriptor, arena, again, again_len);
    assert(protobuf_c_message_get_packed_size(message) == again_len);
    protobuf_c_message_pack(message, third);
    assert(memcmp(again, third, again_len) == 0);
    free(again);
    free(third);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct gate_error error = {0};
    const ProtobufCMessageDescriptor *descriptor;

    if (arena == NULL)
        arena = arena_new(ARENA_SIZE);
    if (size == 0 || size - 1 > FRAME_BODY_MAX)
        return 0;
    descriptor = descriptors[data[0] % DESCRIPTORS];
    if (gate_check(descriptor, data + 1, size - 1, &error) == GATE_OK)
        check(descriptor, arena, data + 1, size - 1);
    else
        assert(error.offset <= size - 1);
    return 0;
}
