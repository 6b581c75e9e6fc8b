#include "frame.h"

#include <assert.h>
#include <stdlib.h>

enum frame_status
frame_peek(const uint8_t *bytes, size_t len, const uint8_t **ret_body, size_t *ret_len)
{
    size_t body_len;

    if (len < FRAME_HEADER) {
        *ret_len = 0;
        return FRAME_MORE;
    }
    body_len = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    if (body_len == 0 || body_len > FRAME_BODY_MAX)
        return FRAME_BAD_LENGTH;
    *ret_len = body_len;
    if (len - FRAME_HEADER < body_len)
        return FRAME_MORE;
    *ret_body = bytes + FRAME_HEADER;
    return FRAME_OK;
}

void
frame_put_header(uint8_t header[FRAME_HEADER], size_t body_len)
{
    assert(body_len >= 1 && body_len <= FRAME_BODY_MAX);
    header[0] = (uint8_t)(body_len >> 24);
    header[1] = (uint8_t)(body_len >> 16);
    header[2] = (uint8_t)(body_len >> 8);
    header[3] = (uint8_t)body_len;
}

static uint8_t *
frame_of(const ProtobufCMessage *message, size_t *ret_len)
{
    size_t body_len = protobuf_c_message_get_packed_size(message);
    uint8_t *frame;

    if (body_len == 0 || body_len > FRAME_BODY_MAX)
        return NULL;
    frame = malloc(FRAME_HEADER + body_len);
    if (frame == NULL)
        return NULL;
    frame_put_header(frame, body_len);
    protobuf_c_message_pack(message, frame + FRAME_HEADER);
    *ret_len = FRAME_HEADER + body_len;
    return frame;
}

uint8_t *
frame_of_request(const Yuebao__Request *request, size_t *ret_len)
{
    return frame_of(&request->base, ret_len);
}

uint8_t *
frame_of_reply(const Yuebao__Reply *reply, size_t *ret_len)
{
    return frame_of(&reply->base, ret_len);
}
