/* session: bytes become frames, or the session ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <event2/buffer.h>
#include <stdlib.h>

#include "frame.h"
#include "peer.h"

static const struct {
    const char *what;
    bool greeted;
    uint8_t bytes[8];
    size_t len;
} bad_frames[] = {
    {"length 0 before hello", false, {0, 0, 0, 0}, 4},
    {"4,097 bytes before hello", false, {0, 0, 0x0f, 0xfd}, 4},
    {"length 0", true, {0, 0, 0, 0}, 4},
    {"a byte over the limit", true, {0, 1, 0, 1}, 4},
    {"4 GiB", true, {255, 255, 255, 255}, 4},
    {"not a message", true, {0, 0, 0, 1, 0xff}, 5},
    {"no body", true, {0, 0, 0, 2, 0x08, 0x01}, 6},
    {"no body before hello", false, {0, 0, 0, 2, 0x08, 0x01}, 6},
    {"no number", true, {0, 0, 0, 2, 0x22, 0x00}, 6},
    {"number 0, written", true, {0, 0, 0, 4, 0x08, 0x00, 0x22, 0x00}, 8},
    {"a Put without envelope", true, {0, 0, 0, 4, 0x08, 0x02, 0x32, 0x00}, 8},
};

static void
test_bad_frames(void **state)
{
    Yuebao__Reply *reply;

    (void)state;
    for (size_t i = 0; i < sizeof(bad_frames) / sizeof(bad_frames[0]); i++) {
        print_message("%s\n", bad_frames[i].what);
        if (bad_frames[i].greeted)
            be_welcome();
        else
            connect_peer();
        bufferevent_write(peer, bad_frames[i].bytes, bad_frames[i].len);
        reply = wait_reply();
        assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_FAULT);
        assert_int_equal(reply->fault->code, YUEBAO__FAULT_CODE__FAULT_FRAME);
        yuebao__reply__free_unpacked(reply, NULL);
        wait_for_end();
        bufferevent_free(peer);
        peer = NULL;
    }
}

static void
test_a_request_byte_by_byte(void **state)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__AgendaRequest agenda = YUEBAO__AGENDA_REQUEST__INIT;
    size_t len = 0;
    uint8_t *frame;

    (void)state;
    be_welcome();
    request.number = 77;
    request.body_case = YUEBAO__REQUEST__BODY_AGENDA;
    request.agenda = &agenda;
    frame = frame_of_request(&request, &len);
    for (size_t i = 0; i < len; i++) {
        expect_nothing();
        bufferevent_write(peer, frame + i, 1);
    }
    free(frame);
    expect_reply(77, YUEBAO__REPLY__BODY_AGENDA);
}

/* Far more frames than one turn's budget: all are answered, in order. */
static void
test_many_requests_at_once(void **state)
{
    (void)state;
    be_welcome();
    for (uint32_t n = 2; n < 10 * SESSION_FRAMES_PER_TURN; n++)
        send_agenda_request(n);
    for (uint32_t n = 2; n < 10 * SESSION_FRAMES_PER_TURN; n++)
        expect_reply(n, YUEBAO__REPLY__BODY_AGENDA);
}

/* What a turn reads is shared by the sessions of a key: who opens many is heard no more than others. */
static void
test_many_sessions_of_a_key_are_heard_as_one(void **state)
{
    enum { EACH = 10 * SESSION_FRAMES_PER_TURN };
    struct bufferevent *sessions[2];
    uint64_t before;

    (void)state;
    for (int i = 0; i < 2; i++) {
        be_welcome();
        sessions[i] = peer;
    }
    before = hub->turn_number;
    for (uint32_t n = 2; n < 2 * EACH + 2; n++) {
        peer = sessions[n % 2];
        send_agenda_request(n);
    }
    for (uint32_t n = 2; n < 2 * EACH + 2; n++) {
        peer = sessions[n % 2];
        expect_reply(n, YUEBAO__REPLY__BODY_AGENDA);
    }
    assert_true(hub->turn_number - before >= 2 * EACH / SESSION_FRAMES_PER_TURN - 1);
    bufferevent_free(sessions[0]);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_bad_frames),
        TEST(test_a_request_byte_by_byte),
        TEST(test_many_requests_at_once),
        TEST(test_many_sessions_of_a_key_are_heard_as_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
