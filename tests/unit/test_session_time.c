/* session: deadlines, and the end of the collector. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "peer.h"

static void
test_no_hello_in_time(void **state)
{
    (void)state;
    hub->limits.hello_ms = 5;
    connect_peer();
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_DEADLINE);
}

static void
test_idle_too_long(void **state)
{
    (void)state;
    hub->limits.idle_ms = 5;
    be_welcome();
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_DEADLINE);
}

static void
on_trickle(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    bufferevent_write(peer, "\x08", 1);
}

/* A byte now and then does not prolong a frame's deadline. */
static void
test_half_a_frame_in_trickles(void **state)
{
    struct event *trickle = event_new(base, -1, EV_PERSIST, on_trickle, NULL);

    (void)state;
    hub->limits.frame_ms = 50;
    be_welcome();
    bufferevent_write(peer, "\0\0\x0f\0", 4);
    event_add(trickle, &(struct timeval){0, 2000});
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_DEADLINE);
    event_free(trickle);
}

static void
test_replies_are_not_read(void **state)
{
    (void)state;
    hub->limits.unread_ms = 5;
    be_welcome();
    bufferevent_disable(peer, EV_READ);
    send_agenda_request(2);
    wait_for_end();
    assert_int_equal(hub->counters.timeouts, 1);
}

static void
test_draining_lets_answers_out(void **state)
{
    (void)state;
    be_welcome();
    send_put(2);
    settle();
    hub_drain(hub);
    send_agenda_request(3);
    expect_nothing();
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    expect_reply(2, YUEBAO__REPLY__BODY_ANSWER);
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_SHUTDOWN);
}

static void
test_draining_sends_the_idle_away(void **state)
{
    (void)state;
    be_welcome();
    hub_drain(hub);
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_SHUTDOWN);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_no_hello_in_time),          TEST(test_idle_too_long),
        TEST(test_half_a_frame_in_trickles),  TEST(test_replies_are_not_read),
        TEST(test_draining_lets_answers_out), TEST(test_draining_sends_the_idle_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
