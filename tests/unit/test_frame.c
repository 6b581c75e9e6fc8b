/* frame: where a frame ends, and which lengths are refused before anything is allocated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"

struct sample {
    const char *proves;
    const char *bytes;
    size_t len;
    enum frame_status status;
    size_t body_len;
};
#define BYTES(text) text, sizeof(text) - 1

static const struct sample samples[] = {
    {"nothing", BYTES(""), FRAME_MORE, 0},
    {"a header one byte short", BYTES("\0\0\0"), FRAME_MORE, 0},
    {"a header one byte short, already too long", BYTES("\xff\xff\xff"), FRAME_MORE, 0},
    {"a header alone tells the length", BYTES("\0\0\0\2"), FRAME_MORE, 2},
    {"one byte short", BYTES("\0\0\0\2A"), FRAME_MORE, 2},
    {"whole", BYTES("\0\0\0\2AB"), FRAME_OK, 2},
    {"whole, with the next behind it", BYTES("\0\0\0\2AB\0\0"), FRAME_OK, 2},
    {"length 0", BYTES("\0\0\0\0"), FRAME_BAD_LENGTH, 0},
    {"64 KiB", BYTES("\0\1\0\0"), FRAME_MORE, 65536},
    {"64 KiB and 1", BYTES("\0\1\0\1"), FRAME_BAD_LENGTH, 0},
    {"the highest bit", BYTES("\x80\0\0\1"), FRAME_BAD_LENGTH, 0},
    {"a peer that speaks HTTP", BYTES("GET / HTTP/1.1"), FRAME_BAD_LENGTH, 0},
    {"a peer that speaks TLS", BYTES("\x16\x03\x01\x02"), FRAME_BAD_LENGTH, 0},
};

static void
finds_the_first_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];
        uint8_t *exact = malloc(s->len > 0 ? s->len : 1);
        const uint8_t *body = NULL;
        size_t body_len = 0;
        enum frame_status status;

        memcpy(exact, s->bytes, s->len);
        status = frame_peek(exact, s->len, &body, &body_len);
        if (status != s->status || body_len != s->body_len)
            fail_msg("%s: status %d, length %zu", s->proves, (int)status, body_len);
        assert_ptr_equal(body, status == FRAME_OK ? exact + FRAME_HEADER : NULL);
        free(exact);
    }
}

static void
header_and_peek_agree(void **state)
{
    static uint8_t bytes[FRAME_HEADER + FRAME_BODY_MAX];

    (void)state;
    for (size_t len = 1; len <= FRAME_BODY_MAX; len++) {
        const uint8_t *body;
        size_t body_len;

        frame_put_header(bytes, len);
        assert_int_equal(frame_peek(bytes, FRAME_HEADER + len, &body, &body_len), FRAME_OK);
        assert_int_equal(body_len, len);
        assert_int_equal(frame_peek(bytes, FRAME_HEADER + len - 1, &body, &body_len), FRAME_MORE);
    }
}

static void
makes_frames_that_read_back(void **state)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT, *request_back;
    Yuebao__Reply reply = YUEBAO__REPLY__INIT, *reply_back;
    Yuebao__Busy busy = YUEBAO__BUSY__INIT;
    uint8_t *frame;
    const uint8_t *body;
    size_t len, body_len;

    (void)state;
    request.number = 300;
    frame = frame_of_request(&request, &len);
    assert_int_equal(frame_peek(frame, len, &body, &body_len), FRAME_OK);
    assert_int_equal(len, FRAME_HEADER + body_len);
    request_back = yuebao__request__unpack(NULL, body_len, body);
    assert_int_equal(request_back->number, 300);
    yuebao__request__free_unpacked(request_back, NULL);
    free(frame);

    busy.retry_ms = 500;
    reply.number = 7, reply.body_case = YUEBAO__REPLY__BODY_BUSY, reply.busy = &busy;
    frame = frame_of_reply(&reply, &len);
    assert_int_equal(frame_peek(frame, len, &body, &body_len), FRAME_OK);
    reply_back = yuebao__reply__unpack(NULL, body_len, body);
    assert_int_equal(reply_back->busy->retry_ms, 500);
    yuebao__reply__free_unpacked(reply_back, NULL);
    free(frame);
}

static void
makes_no_frame_of_nothing_or_too_much(void **state)
{
    static uint8_t bytes[FRAME_BODY_MAX];
    Yuebao__Request empty = YUEBAO__REQUEST__INIT;
    Yuebao__CataloguePart part = YUEBAO__CATALOGUE_PART__INIT;
    Yuebao__Reply reply = YUEBAO__REPLY__INIT;
    const size_t around = 8; /* two tags, two lengths of three bytes */
    uint8_t *frame;
    size_t len;

    (void)state;
    assert_null(frame_of_request(&empty, &len));
    reply.body_case = YUEBAO__REPLY__BODY_CATALOGUE, reply.catalogue = &part;
    part.bytes = (ProtobufCBinaryData){FRAME_BODY_MAX - around, bytes};
    frame = frame_of_reply(&reply, &len);
    assert_non_null(frame);
    assert_int_equal(len, FRAME_HEADER + FRAME_BODY_MAX);
    free(frame);
    part.bytes.len++;
    assert_null(frame_of_reply(&reply, &len));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_first_frame),
        cmocka_unit_test(header_and_peek_agree),
        cmocka_unit_test(makes_frames_that_read_back),
        cmocka_unit_test(makes_no_frame_of_nothing_or_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
