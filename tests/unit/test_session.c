/* session and request: what a peer hears, over a pair of buffers instead of a socket; nothing is waited for
 * but events. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>

#include "fake_house.h"
#include "frame.h"
#include "hub.h"
#include "log.h"
#include "session.h"

#define PATIENCE_S 20 /* then the test has failed; every wait ends at its event */

static struct fake_house house;
static struct event_base *base;
static struct hub *hub;
static struct bufferevent *peer;
static struct event *patience;
static const uint8_t exporter[EXPORTER_SIZE] = {7, 7, 7};

/* ---- the peer ----------------------------------------------------------------------------------- */

static void
on_patience(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    fail_msg("waited %d s for nothing", PATIENCE_S);
}

static int
setup(void **state)
{
    struct session_limits limits = session_limits_default();

    (void)state;
    log_set_level(LOG_ERROR);
    fake_house_init(&house);
    base = event_base_new();
    limits.connections = 4;
    hub = hub_new(base, &house.registry, &house.asker, &house.batch, &house.server, &limits);
    patience = evtimer_new(base, on_patience, NULL);
    event_add(patience, &(struct timeval){PATIENCE_S, 0});
    peer = NULL;
    return hub != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    if (peer != NULL)
        bufferevent_free(peer);
    hub_free(hub);
    event_free(patience);
    event_base_free(base);
    fake_house_fini(&house);
    return 0;
}

static void
connect_peer(void)
{
    struct bufferevent *pair[2];

    assert_int_equal(bufferevent_pair_new(base, 0, pair), 0);
    assert_non_null(session_over(hub, pair[0], exporter));
    peer = pair[1];
    bufferevent_enable(peer, EV_READ | EV_WRITE);
}

/* Let everything happen that can happen now. */
static void
settle(void)
{
    for (int i = 0; i < 20; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
send_request(Yuebao__Request *request)
{
    size_t len = 0;
    uint8_t *frame = frame_of_request(request, &len);

    assert_non_null(frame);
    bufferevent_write(peer, frame, len);
    free(frame);
}

/* The next reply, or NULL when none is there yet; freed by the caller. */
static Yuebao__Reply *
take_reply(void)
{
    struct evbuffer *in = bufferevent_get_input(peer);
    size_t have = evbuffer_get_length(in), len = 0;
    const uint8_t *body = NULL;
    Yuebao__Reply *reply;

    if (have == 0 || frame_peek(evbuffer_pullup(in, -1), have, &body, &len) != FRAME_OK)
        return NULL;
    reply = yuebao__reply__unpack(NULL, len, body);
    assert_non_null(reply);
    evbuffer_drain(in, FRAME_HEADER + len);
    return reply;
}

static Yuebao__Reply *
wait_reply(void)
{
    Yuebao__Reply *reply;

    while ((reply = take_reply()) == NULL)
        event_base_loop(base, EVLOOP_ONCE);
    return reply;
}

static void
expect_reply(uint32_t number, Yuebao__Reply__BodyCase body)
{
    Yuebao__Reply *reply = wait_reply();

    assert_int_equal(reply->body_case, body);
    assert_int_equal(reply->number, number);
    yuebao__reply__free_unpacked(reply, NULL);
}

static void
expect_nothing(void)
{
    settle();
    assert_null(take_reply());
}

static void
wait_for_end(void)
{
    while (hub->count > 0)
        event_base_loop(base, EVLOOP_ONCE);
}

static void
expect_fault(uint32_t number, Yuebao__FaultCode code)
{
    Yuebao__Reply *reply = wait_reply();

    assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_FAULT);
    assert_int_equal(reply->fault->code, code);
    assert_int_equal(reply->number, number);
    yuebao__reply__free_unpacked(reply, NULL);
    wait_for_end();
}

/* ---- its requests ------------------------------------------------------------------------------- */

/* A true hello, changed by the test before it goes out. */
struct greeting {
    Yuebao__Request request;
    Yuebao__Hello hello;
    uint8_t signature[SIGNATURE_SIZE];
};

static void
make_hello(struct greeting *g)
{
    struct part parts[] = {
        {exporter, EXPORTER_SIZE}, {FAKE_SCHOOL, strlen(FAKE_SCHOOL)}, {house.registry.key, KEY_SIZE}};

    yuebao__request__init(&g->request);
    yuebao__hello__init(&g->hello);
    assert_true(envelope_sign(PURPOSE_HELLO, parts, 3, house.registry.secret, g->signature));
    g->hello.protocol = PROTOCOL_NUMBER;
    g->hello.school = (char *)FAKE_SCHOOL;
    g->hello.algorithm = ALGORITHM_ED25519;
    g->hello.key = (ProtobufCBinaryData){.data = house.registry.key, .len = KEY_SIZE};
    g->hello.signature = (ProtobufCBinaryData){.data = g->signature, .len = SIGNATURE_SIZE};
    g->request.number = 1;
    g->request.body_case = YUEBAO__REQUEST__BODY_HELLO;
    g->request.hello = &g->hello;
}

static void
send_hello(void)
{
    struct greeting g;

    make_hello(&g);
    send_request(&g.request);
}

static void
be_welcome(void)
{
    connect_peer();
    send_hello();
    expect_reply(1, YUEBAO__REPLY__BODY_WELCOME);
}

static void
send_agenda_request(uint32_t number)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__AgendaRequest agenda = YUEBAO__AGENDA_REQUEST__INIT;

    request.number = number;
    request.body_case = YUEBAO__REQUEST__BODY_AGENDA;
    request.agenda = &agenda;
    send_request(&request);
}

static void
send_notice_request(uint32_t number)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__NoticeRequest notices = YUEBAO__NOTICE_REQUEST__INIT;

    request.number = number;
    request.body_case = YUEBAO__REQUEST__BODY_NOTICES;
    request.notices = &notices;
    send_request(&request);
}

static void
send_holding_request(uint32_t number, const char *school, const char *form, const char *period)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__HoldingRequest holding = YUEBAO__HOLDING_REQUEST__INIT;

    holding.school = (char *)(uintptr_t)school;
    holding.form = (char *)(uintptr_t)form;
    holding.period = (char *)(uintptr_t)period;
    request.number = number;
    request.body_case = YUEBAO__REQUEST__BODY_HOLDING;
    request.holding = &holding;
    send_request(&request);
}

/* Put a good statement; the fake calendar is moved so that now is in time. */
static void
send_put(uint32_t number)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__Put put = YUEBAO__PUT__INIT;
    Yuebao__Envelope envelope;
    uint8_t signature[SIGNATURE_SIZE];
    size_t len;
    uint8_t *statement = fake_statement(&house, 1, &len);

    house.registry.window.due_ms = house.registry.window.closes_ms = INT64_MAX;
    envelope = fake_envelope(&house, statement, len, signature);
    put.envelope = &envelope;
    request.number = number;
    request.body_case = YUEBAO__REQUEST__BODY_PUT;
    request.put = &put;
    send_request(&request);
    free(statement);
}

/* ---- the door ----------------------------------------------------------------------------------- */

static void
test_hello_then_requests(void **state)
{
    (void)state;
    be_welcome();
    send_agenda_request(2);
    expect_reply(2, YUEBAO__REPLY__BODY_AGENDA);
    assert_int_equal(hub->count, 1);
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

/* ---- frames ------------------------------------------------------------------------------------- */

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

/* ---- reports ------------------------------------------------------------------------------------ */

static const struct {
    const char *what;
    enum submission_outcome outcome;
    Yuebao__Reply__BodyCase body;
    Yuebao__Verdict__OutcomeCase verdict;
} outcomes[] = {
    {"accepted", SUBMISSION_ACCEPTED, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_RECEIPT},
    {"repeated", SUBMISSION_REPEATED, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_RECEIPT},
    {"conflict", SUBMISSION_CONFLICT, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_CONFLICT},
    {"moved", SUBMISSION_MOVED, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_REJECT},
    {"poison", SUBMISSION_POISON, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_REJECT},
    {"waits", SUBMISSION_WAITS, YUEBAO__REPLY__BODY_WAIT, YUEBAO__VERDICT__OUTCOME__NOT_SET},
    {"away", SUBMISSION_AWAY, YUEBAO__REPLY__BODY_BUSY, YUEBAO__VERDICT__OUTCOME__NOT_SET},
};

static void
check_answer(const Yuebao__Reply *reply, Yuebao__Verdict__OutcomeCase outcome)
{
    struct part part = {.bytes = reply->answer->verdict.data, .len = reply->answer->verdict.len};
    Yuebao__Verdict *verdict = yuebao__verdict__unpack(NULL, part.len, part.bytes);

    assert_true(envelope_verify(PURPOSE_VERDICT, &part, 1, house.server.key, reply->answer->signature.data));
    assert_non_null(verdict);
    assert_int_equal(verdict->outcome_case, outcome);
    yuebao__verdict__free_unpacked(verdict, NULL);
}

/* As batch would: the answer that was first sent. */
static void
give_first_answer(struct submission *s)
{
    s->first_answer = malloc(s->answer_len);
    assert_non_null(s->first_answer);
    memcpy(s->first_answer, s->answer, s->answer_len);
    s->first_answer_len = s->answer_len;
}

static void
test_nothing_is_said_before_the_commit(void **state)
{
    (void)state;
    be_welcome();
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        Yuebao__Reply *reply;

        print_message("%s\n", outcomes[i].what);
        send_put((uint32_t)(100 + i));
        expect_nothing();
        assert_int_equal(house.batch.n_held, 1);
        if (outcomes[i].outcome == SUBMISSION_REPEATED)
            give_first_answer(house.batch.held[0]);
        fake_outcome(&house.batch, outcomes[i].outcome);
        reply = wait_reply();
        assert_int_equal(reply->number, 100 + i);
        assert_int_equal(reply->body_case, outcomes[i].body);
        if (reply->body_case == YUEBAO__REPLY__BODY_ANSWER)
            check_answer(reply, outcomes[i].verdict);
        yuebao__reply__free_unpacked(reply, NULL);
    }
    assert_int_equal(house.batch.n_rejections, 2); /* moved and poison are remembered */
}

static const struct {
    const char *what;
    enum submission_outcome outcome;
    Yuebao__Reply__BodyCase body;
} reviews[] = {
    {"accepted before", SUBMISSION_REPEATED, YUEBAO__REPLY__BODY_ANSWER},
    {"never accepted", SUBMISSION_REFUSED, YUEBAO__REPLY__BODY_ANSWER},
    {"nobody knows", SUBMISSION_AWAY, YUEBAO__REPLY__BODY_BUSY},
};

/* The register refuses it; only batch knows whether the books have it. */
static void
test_no_reject_before_the_books_are_asked(void **state)
{
    (void)state;
    be_welcome();
    house.registry.school.closed_day = 0;
    for (size_t i = 0; i < sizeof(reviews) / sizeof(reviews[0]); i++) {
        print_message("%s\n", reviews[i].what);
        send_put((uint32_t)(100 + i));
        expect_nothing();
        assert_int_equal(house.batch.n_held, 1);
        assert_int_equal(house.batch.held[0]->kind, SUBMISSION_REVIEW);
        if (reviews[i].outcome == SUBMISSION_REPEATED)
            give_first_answer(house.batch.held[0]);
        fake_outcome(&house.batch, reviews[i].outcome);
        expect_reply((uint32_t)(100 + i), reviews[i].body);
    }
    assert_int_equal(hub->counters.refused, 1);
    house.batch.full = true;
    send_put(200);
    expect_reply(200, YUEBAO__REPLY__BODY_BUSY);
}

static void
test_put_while_database_is_away(void **state)
{
    (void)state;
    be_welcome();
    house.batch.up = false;
    send_put(2);
    expect_reply(2, YUEBAO__REPLY__BODY_BUSY);
    house.batch.up = true;
    house.batch.full = true;
    send_put(3);
    expect_reply(3, YUEBAO__REPLY__BODY_BUSY);
    assert_int_equal(hub->count, 1);
}

static void
test_no_more_puts_are_read_than_announced(void **state)
{
    (void)state;
    hub->limits.in_flight = 2;
    be_welcome();
    for (uint32_t n = 2; n < 7; n++)
        send_put(n);
    settle();
    assert_int_equal(house.batch.n_held, 2);
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    expect_reply(2, YUEBAO__REPLY__BODY_ANSWER);
    settle();
    assert_int_equal(house.batch.n_held, 2);
    for (uint32_t n = 3; n < 7; n++) {
        fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
        expect_reply(n, YUEBAO__REPLY__BODY_ANSWER);
        settle();
    }
}

static void
test_session_gone_before_its_answer(void **state)
{
    (void)state;
    be_welcome();
    send_put(2);
    settle();
    bufferevent_write(peer, "\0\0\0", 4); /* a frame of length 0 ends it */
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_FRAME);
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    expect_nothing();
}

/* ---- deadlines ---------------------------------------------------------------------------------- */

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

/* ---- the end ------------------------------------------------------------------------------------ */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- inquiries ---------------------------------------------------------------------------------- */

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
        TEST(test_hello_then_requests),
        TEST(test_second_hello),
        TEST(test_request_before_hello),
        TEST(test_bad_hellos),
        TEST(test_software_of_64_bytes),
        TEST(test_unknown_key),
        TEST(test_hello_while_database_is_away),
        TEST(test_hello_before_the_register_is_there),
        TEST(test_requests_wait_while_the_key_is_looked_up),
        TEST(test_ending_cancels_the_look_up),
        TEST(test_bad_frames),
        TEST(test_a_request_byte_by_byte),
        TEST(test_many_requests_at_once),
        TEST(test_nothing_is_said_before_the_commit),
        TEST(test_no_reject_before_the_books_are_asked),
        TEST(test_put_while_database_is_away),
        TEST(test_no_more_puts_are_read_than_announced),
        TEST(test_session_gone_before_its_answer),
        TEST(test_no_hello_in_time),
        TEST(test_idle_too_long),
        TEST(test_half_a_frame_in_trickles),
        TEST(test_replies_are_not_read),
        TEST(test_draining_lets_answers_out),
        TEST(test_draining_sends_the_idle_away),
        TEST(test_a_full_hub_takes_nobody),
        TEST(test_inquiries_are_answered),
        TEST(test_inquiries_while_the_database_is_away),
        TEST(test_session_gone_before_its_inquiry),
        TEST(test_draining_waits_for_an_inquiry),
        TEST(test_nothing_can_be_held_of_what_is_none),
        TEST(test_holding_of_another_school),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
