/* request: what is asked on the database on behalf of a session. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "peer.h"

static void
test_inquiries_are_answered(void **state)
{
    (void)state;
    be_welcome();
    send_notice_request(2);
    expect_nothing();
    assert_int_equal(house.asker.n_schools, 1);
    fake_inquired(&house.asker, (const uint8_t *)"", 0);
    expect_reply(2, YUEBAO__REPLY__BODY_NOTICES);
    send_holding_request(3, FAKE_SCHOOL, FAKE_FORM, FAKE_PERIOD);
    expect_nothing();
    fake_inquired(&house.asker, (const uint8_t *)"", 0);
    expect_reply(3, YUEBAO__REPLY__BODY_HOLDING);
}

/* The database is away from the start, or goes away meanwhile; the session goes on. */
static void
test_inquiries_while_the_database_is_away(void **state)
{
    (void)state;
    be_welcome();
    house.asker.up = false;
    send_notice_request(2);
    expect_reply(2, YUEBAO__REPLY__BODY_BUSY);
    send_holding_request(3, FAKE_SCHOOL, FAKE_FORM, FAKE_PERIOD);
    expect_reply(3, YUEBAO__REPLY__BODY_BUSY);
    house.asker.up = true;
    send_notice_request(4);
    settle();
    fake_inquired(&house.asker, NULL, 0);
    expect_reply(4, YUEBAO__REPLY__BODY_BUSY);
    send_agenda_request(5);
    expect_reply(5, YUEBAO__REPLY__BODY_AGENDA);
}

static void
test_session_gone_before_its_inquiry(void **state)
{
    (void)state;
    be_welcome();
    send_notice_request(2);
    expect_nothing();
    bufferevent_write(peer, "\0\0\0", 4); /* a frame of length 0 ends it */
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_FRAME);
    bufferevent_free(peer);
    be_welcome(); /* in the same place */
    fake_inquired(&house.asker, (const uint8_t *)"", 0);
    expect_nothing();
}

/* An inquiry that is under way is answered before the session ends. */
static void
test_draining_waits_for_an_inquiry(void **state)
{
    (void)state;
    be_welcome();
    send_notice_request(2);
    settle();
    hub_drain(hub);
    expect_nothing();
    fake_inquired(&house.asker, (const uint8_t *)"", 0);
    expect_reply(2, YUEBAO__REPLY__BODY_NOTICES);
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_SHUTDOWN);
}

static void
test_nothing_can_be_held_of_what_is_none(void **state)
{
    static const char *const slots[][2] = {
        {FAKE_FORM, "2026-13"}, {FAKE_FORM, "2026"}, {FAKE_FORM, ""}, {"primary.hourly", FAKE_PERIOD}};

    (void)state;
    be_welcome();
    for (uint32_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        send_holding_request(2 + i, FAKE_SCHOOL, slots[i][0], slots[i][1]);
        expect_reply(2 + i, YUEBAO__REPLY__BODY_HOLDING);
        assert_null(house.asker.done);
    }
}

static void
test_holding_of_another_school(void **state)
{
    (void)state;
    be_welcome();
    send_holding_request(2, "9999999", FAKE_FORM, FAKE_PERIOD);
    expect_fault(2, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_SCHOOL);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_inquiries_are_answered),
        TEST(test_inquiries_while_the_database_is_away),
        TEST(test_session_gone_before_its_inquiry),
        TEST(test_draining_waits_for_an_inquiry),
        TEST(test_nothing_can_be_held_of_what_is_none),
        TEST(test_holding_of_another_school),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
