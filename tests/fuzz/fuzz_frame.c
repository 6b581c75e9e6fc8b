/*
 * A stream of frames: however it is cut into pieces, the same frames come out; a Request in one of them makes
 * the same frame again once it is in its shortest form.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "frame.h"
#include "gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_body(const uint8_t *body, size_t len)
{
    static struct arena *arena;
    Yuebao__Request *request;
    const uint8_t *body_again;
    uint8_t *frame;
    size_t frame_len, len_again;

    if (gate_check(&yuebao__request__descriptor, body, len, NULL) != GATE_OK)
        return;
    if (arena == NULL)
        arena = arena_new(ARENA_SIZE);
    arena_reset(arena);
    request = yuebao__request__unpack(arena_allocator(arena), len, body);
    assert(request != NULL);
    frame = frame_of_request(request, &frame_len);
    if (frame == NULL) { /* nothing but defaults packs to nothing, and that is no frame */
        assert(yuebao__request__get_packed_size(request) == 0);
        return;
    }
    assert(frame_peek(frame, frame_len, &body_again, &len_again) == FRAME_OK);
    assert(frame_len == FRAME_HEADER + len_again && len_again <= len);
    free(frame);
}

/* What frame_peek says of a whole stream it must have said of every part that holds the frame, and MORE of
 * every shorter one. */
static void
check_pieces(const uint8_t *stream, size_t size, enum frame_status status, size_t body_len)
{
    size_t steps[] = {0,
                      1,
                      FRAME_HEADER - 1,
                      FRAME_HEADER,
                      FRAME_HEADER + 1,
                      FRAME_HEADER + body_len / 2,
                      FRAME_HEADER + body_len - (body_len > 0),
                      FRAME_HEADER + body_len};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        size_t part = steps[i] < size ? steps[i] : size, len = 0;
        uint8_t *exact = malloc(part + 1);
        const uint8_t *body = NULL;
        enum frame_status got;

        memcpy(exact, stream, part);
        got = frame_peek(exact, part, &body, &len);
        if (part < FRAME_HEADER)
            assert(got == FRAME_MORE && len == 0);
        else if (status == FRAME_BAD_LENGTH)
            assert(got == FRAME_BAD_LENGTH);
        else if (part < FRAME_HEADER + body_len)
            assert(got == FRAME_MORE && len == body_len);
        else
            assert(got == FRAME_OK && len == body_len && body == exact + FRAME_HEADER);
        free(exact);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (unsigned frames = 0; frames < 64; frames++) {
        const uint8_t *body = NULL;
        size_t len = 0;
        enum frame_status status = frame_peek(data, size, &body, &len);

        check_pieces(data, size, status, len);
        if (status != FRAME_OK)
            break;
        assert(len >= 1 && len <= FRAME_BODY_MAX && len <= size - FRAME_HEADER);
        check_body(body, len);
        data += FRAME_HEADER + len;
        size -= FRAME_HEADER + len;
    }
    return 0;
}
