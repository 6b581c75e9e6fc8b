/* session and request: who is let in, who is sent away. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "peer.h"

static void
test_hello_then_requests(void **state)
{
    (void)state;
    be_welcome();
    send_agenda_request(2);
    expect_reply(2, YUEBAO__REPLY__BODY_AGENDA);
    assert_int_equal(hub->count, 1);
}

/* Who was let in was heard, whoever else knocked. */
static void
test_a_contact_is_noted_when_the_key_is_known(void **state)
{
    static struct contacts contacts;

    (void)state;
    hub->contacts = &contacts;
    house.registry.later = true;
    connect_peer();
    send_hello();
    settle();
    assert_int_equal(contacts.count, 0);
    fake_answer(&house.registry, REGISTRY_YES);
    expect_reply(1, YUEBAO__REPLY__BODY_WELCOME);
    assert_int_equal(contacts.count, 1);
    assert_memory_equal(contacts.list[0].key, house.registry.key, KEY_SIZE);
    assert_true(contacts.list[0].at_ms > 0);
}

static void
test_who_is_turned_away_was_not_heard(void **state)
{
    static struct contacts contacts;

    (void)state;
    hub->contacts = &contacts;
    house.registry.answer = REGISTRY_NO;
    connect_peer();
    send_hello();
    expect_fault(1, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_KEY);
    assert_int_equal(contacts.count, 0);
}

static void
test_second_hello(void **state)
{
    (void)state;
    be_welcome();
    send_hello();
    expect_fault(1, YUEBAO__FAULT_CODE__FAULT_ORDER);
}

static void
test_request_before_hello(void **state)
{
    (void)state;
    connect_peer();
    send_agenda_request(5);
    expect_fault(5, YUEBAO__FAULT_CODE__FAULT_ORDER);
}

static void
spoil_protocol(struct greeting *g)
{
    g->hello.protocol = PROTOCOL_NUMBER + 1;
}

static void
spoil_algorithm(struct greeting *g)
{
    g->hello.algorithm = 9;
}

static void
spoil_signature(struct greeting *g)
{
    g->signature[0] ^= 1;
}

static void
spoil_key(struct greeting *g)
{
    g->hello.key.len = 31;
}

static char software[SOFTWARE_MAX + 2];

static void
name_long_software(struct greeting *g)
{
    memset(software, 'x', SOFTWARE_MAX + 1);
    g->hello.software = software;
}

static void
claim_other_school(struct greeting *g)
{
    static const char other[] = "9999999";
    struct part parts[] = {{exporter, EXPORTER_SIZE}, {other, strlen(other)}, {house.registry.key, KEY_SIZE}};

    assert_true(envelope_sign(PURPOSE_HELLO, parts, 3, house.registry.secret, g->signature));
    g->hello.school = (char *)(uintptr_t)other;
}

static void
replay_from_other_session(struct greeting *g)
{
    static const uint8_t other[EXPORTER_SIZE] = {8};
    struct part parts[] = {
        {other, EXPORTER_SIZE}, {FAKE_SCHOOL, strlen(FAKE_SCHOOL)}, {house.registry.key, KEY_SIZE}};

    assert_true(envelope_sign(PURPOSE_HELLO, parts, 3, house.registry.secret, g->signature));
}

static const struct {
    const char *what;
    void (*spoil)(struct greeting *g);
    Yuebao__FaultCode code;
} bad_hellos[] = {
    {"a newer protocol", spoil_protocol, YUEBAO__FAULT_CODE__FAULT_PROTOCOL},
    {"another algorithm", spoil_algorithm, YUEBAO__FAULT_CODE__FAULT_SIGNATURE},
    {"a wrong signature", spoil_signature, YUEBAO__FAULT_CODE__FAULT_SIGNATURE},
    {"a short key", spoil_key, YUEBAO__FAULT_CODE__FAULT_SIGNATURE},
    {"software of 65 bytes", name_long_software, YUEBAO__FAULT_CODE__FAULT_FRAME},
    {"an unknown school", claim_other_school, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_SCHOOL},
    {"the exporter of another session", replay_from_other_session, YUEBAO__FAULT_CODE__FAULT_SIGNATURE},
};

static void
test_bad_hellos(void **state)
{
    struct greeting g;

    (void)state;
    for (size_t i = 0; i < sizeof(bad_hellos) / sizeof(bad_hellos[0]); i++) {
        print_message("%s\n", bad_hellos[i].what);
        connect_peer();
        make_hello(&g);
        bad_hellos[i].spoil(&g);
        send_request(&g.request);
        expect_fault(1, bad_hellos[i].code);
        bufferevent_free(peer);
        peer = NULL;
    }
    assert_int_equal(house.registry.asked, 0);
}

static void
test_software_of_64_bytes(void **state)
{
    struct greeting g;

    (void)state;
    connect_peer();
    make_hello(&g);
    name_long_software(&g);
    software[SOFTWARE_MAX] = '\0';
    send_request(&g.request);
    expect_reply(1, YUEBAO__REPLY__BODY_WELCOME);
}

static void
test_unknown_key(void **state)
{
    (void)state;
    house.registry.answer = REGISTRY_NO;
    connect_peer();
    send_hello();
    expect_fault(1, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_KEY);
}

static void
test_hello_while_database_is_away(void **state)
{
    (void)state;
    house.registry.answer = REGISTRY_AWAY;
    connect_peer();
    send_hello();
    expect_reply(1, YUEBAO__REPLY__BODY_BUSY);
    wait_for_end();
}

static void
test_hello_before_the_register_is_there(void **state)
{
    (void)state;
    house.registry.ready = false;
    connect_peer();
    send_hello();
    expect_reply(1, YUEBAO__REPLY__BODY_BUSY);
    wait_for_end();
}

/* What comes behind the hello waits for the answer to it. */
static void
test_requests_wait_while_the_key_is_looked_up(void **state)
{
    (void)state;
    house.registry.later = true;
    connect_peer();
    send_hello();
    send_agenda_request(2);
    expect_nothing();
    fake_answer(&house.registry, REGISTRY_YES);
    expect_reply(1, YUEBAO__REPLY__BODY_WELCOME);
    expect_reply(2, YUEBAO__REPLY__BODY_AGENDA);
}

static void
test_ending_cancels_the_look_up(void **state)
{
    (void)state;
    house.registry.later = true;
    connect_peer();
    send_hello();
    settle();
    hub_free(hub);
    hub = NULL;
    assert_int_equal(house.registry.cancelled, 1);
}

static void
test_a_full_hub_takes_nobody(void **state)
{
    struct bufferevent *pairs[5][2];

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(bufferevent_pair_new(base, 0, pairs[i]), 0);
        assert_int_equal(session_over(hub, pairs[i][0], exporter) != NULL, i < 4);
    }
    assert_true(hub_full(hub));
    for (int i = 0; i < 5; i++)
        bufferevent_free(pairs[i][1]);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_hello_then_requests),
        TEST(test_a_contact_is_noted_when_the_key_is_known),
        TEST(test_who_is_turned_away_was_not_heard),
        TEST(test_second_hello),
        TEST(test_request_before_hello),
        TEST(test_bad_hellos),
        TEST(test_software_of_64_bytes),
        TEST(test_unknown_key),
        TEST(test_hello_while_database_is_away),
        TEST(test_hello_before_the_register_is_there),
        TEST(test_requests_wait_while_the_key_is_looked_up),
        TEST(test_ending_cancels_the_look_up),
        TEST(test_a_full_hub_takes_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
