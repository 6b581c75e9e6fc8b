/* session and request when there is no room: who is told BUSY, what proves that he came, and what it is
 * worth. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "peer.h"

/* As a queue that takes nobody more. */
static void
fill_queue(void)
{
    hub->admission.waiting = 100000;
}

/* Put, be turned away, keep the proof. `ret_mac` backs it. */
static void
be_turned_away(uint32_t number, Yuebao__Arrival *arrival, uint8_t ret_mac[MAC_SIZE])
{
    Yuebao__Reply *reply;

    send_put_again(number, arrival->mac.len > 0 ? arrival : NULL);
    reply = wait_reply();
    assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_BUSY);
    assert_int_equal(reply->number, number);
    assert_in_range(reply->busy->retry_ms, 1, 15 * 60 * 1000);
    assert_non_null(reply->busy->arrival);
    assert_int_equal(reply->busy->arrival->mac.len, MAC_SIZE);
    memcpy(ret_mac, reply->busy->arrival->mac.data, MAC_SIZE);
    arrival->at_ms = reply->busy->arrival->at_ms;
    arrival->mac = (ProtobufCBinaryData){.data = ret_mac, .len = MAC_SIZE};
    yuebao__reply__free_unpacked(reply, NULL);
}

/* Come again, after due, when there is room; the verdict is the caller's. */
static Yuebao__Verdict *
come_again_late(uint32_t number, Yuebao__Arrival *arrival)
{
    Yuebao__Reply *reply;
    Yuebao__Verdict *verdict;

    hub->admission.waiting = 0;
    send_put_again(number, arrival);
    settle();
    assert_int_equal(house.batch.n_held, 1);
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    reply = wait_reply();
    assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_ANSWER);
    verdict = yuebao__verdict__unpack(NULL, reply->answer->verdict.len, reply->answer->verdict.data);
    assert_int_equal(verdict->outcome_case, YUEBAO__VERDICT__OUTCOME_RECEIPT);
    yuebao__reply__free_unpacked(reply, NULL);
    return verdict;
}

static void
expect_receipt(uint32_t number, Yuebao__Arrival *arrival, bool late, uint64_t arrived_ms)
{
    Yuebao__Verdict *verdict = come_again_late(number, arrival);

    assert_int_equal(verdict->receipt->late, late);
    assert_int_equal(verdict->receipt->arrived_ms, arrived_ms);
    if (arrived_ms != 0)
        assert_true(verdict->decided_ms > arrived_ms); /* both times are signed */
    yuebao__verdict__free_unpacked(verdict, NULL);
}

/* The clock has gone on since, by a millisecond at least. */
static void
let_it_be_later(uint64_t than_ms)
{
    while (clock_now_ms() <= than_ms)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
test_who_was_turned_away_in_time_is_on_time(void **state)
{
    Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
    uint8_t mac[MAC_SIZE];

    (void)state;
    be_welcome();
    fill_queue();
    be_turned_away(2, &arrival, mac);
    house.registry.window.due_ms = arrival.at_ms;
    let_it_be_later(arrival.at_ms);
    expect_receipt(3, &arrival, false, arrival.at_ms);
    expect_receipt(4, NULL, true, 0);
    assert_int_equal(hub->counters.returned, 1);
}

/* Whoever is sent away again keeps the instant at which he came first. */
static void
test_the_first_arrival_is_kept(void **state)
{
    Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
    uint8_t mac[MAC_SIZE], again_mac[MAC_SIZE];
    uint64_t first_ms;

    (void)state;
    be_welcome();
    fill_queue();
    be_turned_away(2, &arrival, mac);
    first_ms = arrival.at_ms;
    let_it_be_later(first_ms);
    be_turned_away(3, &arrival, again_mac);
    assert_int_equal(arrival.at_ms, first_ms);
    assert_memory_equal(again_mac, mac, MAC_SIZE);
}

/* Let in, and then the database went: no less proof than at the door. */
static void
test_who_was_let_in_for_nothing_has_come_too(void **state)
{
    Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
    Yuebao__Reply *reply;

    (void)state;
    be_welcome();
    send_put(2);
    settle();
    fake_outcome(&house.batch, SUBMISSION_AWAY);
    reply = wait_reply();
    assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_BUSY);
    arrival = *reply->busy->arrival;
    house.registry.window.due_ms = arrival.at_ms;
    let_it_be_later(arrival.at_ms);
    expect_receipt(3, &arrival, false, arrival.at_ms);
    yuebao__reply__free_unpacked(reply, NULL);
}

static void
back_date(Yuebao__Arrival *arrival)
{
    arrival->at_ms -= 1000;
}

static void
forge(Yuebao__Arrival *arrival)
{
    arrival->mac.data[0] ^= 1;
}

static void
shorten(Yuebao__Arrival *arrival)
{
    arrival->mac.len = 8;
}

static void
swell(Yuebao__Arrival *arrival)
{
    static uint8_t huge[60000];

    arrival->mac = (ProtobufCBinaryData){.data = huge, .len = sizeof(huge)};
}

/* Of the same key, given for something else. */
static void
move(Yuebao__Arrival *arrival)
{
    static const uint8_t other_id[ID_SIZE] = {1};

    arrival_prove(&hub->arrivals, house.registry.key, other_id, arrival->at_ms, arrival->mac.data);
}

static void
take_another_keys(Yuebao__Arrival *arrival)
{
    static const uint8_t other_key[KEY_SIZE] = {1};
    uint8_t id[ID_SIZE];
    size_t len;
    uint8_t *statement = fake_statement(&house, 1, &len);

    assert_true(statement_id(statement, len, id));
    arrival_prove(&hub->arrivals, other_key, id, arrival->at_ms, arrival->mac.data);
    free(statement);
}

static const struct {
    const char *what;
    void (*spoil)(Yuebao__Arrival *arrival);
} spoilt[] = {
    {"back-dated", back_date},     {"forged", forge},
    {"cut short", shorten},        {"60,000 bytes long", swell},
    {"another statement's", move}, {"another key's", take_another_keys},
};

/* It is worth nothing, and harms nobody: the report is judged by when it came. */
static void
test_what_proves_nothing(void **state)
{
    (void)state;
    be_welcome();
    for (uint32_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
        uint8_t mac[MAC_SIZE];

        print_message("%s\n", spoilt[i].what);
        fill_queue();
        be_turned_away(100 + i, &arrival, mac);
        house.registry.window.due_ms = arrival.at_ms;
        let_it_be_later(arrival.at_ms);
        spoilt[i].spoil(&arrival);
        expect_receipt(200 + i, &arrival, true, 0);
    }
    assert_int_equal(hub->counters.returned, 0);
}

/* Nobody had before due what proves that he came before due. */
static void
test_an_arrival_after_due_is_late(void **state)
{
    Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
    uint8_t mac[MAC_SIZE];

    (void)state;
    be_welcome();
    house.registry.window.due_ms = clock_now_ms() - 1;
    fill_queue();
    be_turned_away(2, &arrival, mac);
    let_it_be_later(arrival.at_ms);
    expect_receipt(3, &arrival, true, arrival.at_ms);
}

/* A client of protocol 1 is never sent what its protocol does not have. */
static void
test_protocol_1_hears_of_no_arrival(void **state)
{
    struct greeting g;
    Yuebao__Reply *reply;

    (void)state;
    connect_peer();
    make_hello(&g);
    g.hello.protocol = 1;
    send_request(&g.request);
    reply = wait_reply();
    assert_int_equal(reply->welcome->protocol, 1);
    yuebao__reply__free_unpacked(reply, NULL);
    fill_queue();
    send_put(2);
    reply = wait_reply();
    assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_BUSY);
    assert_null(reply->busy->arrival);
    yuebao__reply__free_unpacked(reply, NULL);
}

/* Admission comes before work: what would be refused for good is not even looked at. */
static void
test_nothing_is_judged_when_there_is_no_room(void **state)
{
    (void)state;
    be_welcome();
    house.registry.school.closed_day = 0;
    fill_queue();
    send_put(2);
    expect_reply(2, YUEBAO__REPLY__BODY_BUSY);
    assert_int_equal(house.batch.n_held + house.batch.n_rejections, 0);
    send_agenda_request(3); /* the session goes on */
    expect_reply(3, YUEBAO__REPLY__BODY_AGENDA);
}

/* He would make everybody's turn later, at the price of a frame: he is told his own again. */
static void
test_who_knocks_on_and_on_takes_no_more_turns(void **state)
{
    uint64_t before_us = 0;
    uint32_t last_ms = 0;

    (void)state;
    be_welcome();
    fill_queue();
    for (uint32_t i = 0; i < 100; i++) {
        Yuebao__Reply *reply;

        if (i == TURNS_A_KEY)
            before_us = hub->admission.turns_us;
        send_put(2 + i);
        reply = wait_reply();
        assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_BUSY);
        if (i >= TURNS_A_KEY)
            assert_true(reply->busy->retry_ms <= last_ms);
        if (i + 1 >= TURNS_A_KEY)
            last_ms = reply->busy->retry_ms;
        yuebao__reply__free_unpacked(reply, NULL);
    }
    assert_int_equal(hub->admission.turns_us, before_us);
    assert_int_equal(hub->counters.busy, 100);
}

/* What is counted in is counted out, whatever becomes of it. */
static void
test_the_counters_come_back_to_nothing(void **state)
{
    static const enum submission_outcome outcomes[] = {SUBMISSION_ACCEPTED, SUBMISSION_AWAY,
                                                       SUBMISSION_WAITS};

    (void)state;
    be_welcome();
    for (uint32_t i = 0; i < 3; i++) {
        send_put(2 + i);
        settle();
        assert_int_equal(hub->admission.waiting, 1);
        assert_int_equal(shares_waiting(hub->shares), 1);
        fake_outcome(&house.batch, outcomes[i]);
        yuebao__reply__free_unpacked(wait_reply(), NULL);
    }
    send_put(9);
    settle();
    bufferevent_write(peer, "\0\0\0", 4); /* a frame of length 0 ends it */
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_FRAME);
    assert_int_equal(shares_waiting(hub->shares), 1);
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    assert_int_equal(hub->admission.waiting, 0);
    assert_int_equal(hub->admission.bytes, 0);
    assert_int_equal(shares_waiting(hub->shares), 0);
}

/* Two sessions of one key share what one may have; when one is answered, the other reads on. */
static void
test_reports_of_a_key_are_counted_over_its_sessions(void **state)
{
    struct bufferevent *first;

    (void)state;
    hub->limits.in_flight = 2;
    be_welcome();
    first = peer;
    send_put(2);
    send_put(3);
    settle();
    be_welcome();
    send_put(4);
    expect_nothing();
    assert_int_equal(house.batch.n_held, 2);
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    settle();
    assert_int_equal(house.batch.n_held, 2); /* the one that waited was read */
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    expect_reply(4, YUEBAO__REPLY__BODY_ANSWER);
    bufferevent_free(first);
}

/* Whoever has not said who he is loses his place first; whoever has keeps it. */
static void
test_strangers_give_way(void **state)
{
    struct bufferevent *known;

    (void)state;
    be_welcome();
    known = peer;
    connect_peer();
    hub_make_room(hub, 1); /* a moment old: left alone */
    settle();
    assert_int_equal(hub->count, 2);
    assert_true(session_evict(&hub->strangers, UINT64_MAX));
    assert_false(session_evict(&hub->strangers, UINT64_MAX));
    settle();
    assert_int_equal(hub->count, 1);
    bufferevent_free(peer);
    peer = known;
    send_agenda_request(2);
    expect_reply(2, YUEBAO__REPLY__BODY_AGENDA);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_who_was_turned_away_in_time_is_on_time),
        TEST(test_the_first_arrival_is_kept),
        TEST(test_who_was_let_in_for_nothing_has_come_too),
        TEST(test_what_proves_nothing),
        TEST(test_an_arrival_after_due_is_late),
        TEST(test_protocol_1_hears_of_no_arrival),
        TEST(test_nothing_is_judged_when_there_is_no_room),
        TEST(test_who_knocks_on_and_on_takes_no_more_turns),
        TEST(test_the_counters_come_back_to_nothing),
        TEST(test_reports_of_a_key_are_counted_over_its_sessions),
        TEST(test_strangers_give_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
