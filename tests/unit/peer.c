#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "peer.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "log.h"

#define PATIENCE_S 20 /* then the test has failed; every wait ends at its event */

struct fake_house house;
struct event_base *base;
struct hub *hub;
struct bufferevent *peer;
static struct event *patience;
const uint8_t exporter[EXPORTER_SIZE] = {7, 7, 7};

/* ---- the peer ----------------------------------------------------------------------------------- */

static void
on_patience(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    fail_msg("waited %d s for nothing", PATIENCE_S);
}

int
peer_setup(void **state)
{
    struct session_limits limits = session_limits_default();

    (void)state;
    log_set_level(LOG_ERROR);
    fake_house_init(&house);
    house.registry.window.due_ms = house.registry.window.closes_ms = INT64_MAX;
    base = event_base_new();
    limits.connections = 4;
    hub = hub_new(base, &house.registry, &house.asker, &house.batch, &house.server, &limits);
    patience = evtimer_new(base, on_patience, NULL);
    event_add(patience, &(struct timeval){PATIENCE_S, 0});
    peer = NULL;
    return hub != NULL ? 0 : -1;
}

int
peer_teardown(void **state)
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

void
connect_peer(void)
{
    struct bufferevent *pair[2];

    assert_int_equal(bufferevent_pair_new(base, 0, pair), 0);
    assert_non_null(session_over(hub, pair[0], exporter));
    peer = pair[1];
    bufferevent_enable(peer, EV_READ | EV_WRITE);
}

/* Let everything happen that can happen now. */
void
settle(void)
{
    for (int i = 0; i < 20; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

void
send_request(Yuebao__Request *request)
{
    size_t len = 0;
    uint8_t *frame = frame_of_request(request, &len);

    assert_non_null(frame);
    bufferevent_write(peer, frame, len);
    free(frame);
}

/* The next reply, or NULL when none is there yet; freed by the caller. */
Yuebao__Reply *
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

Yuebao__Reply *
wait_reply(void)
{
    Yuebao__Reply *reply;

    while ((reply = take_reply()) == NULL)
        event_base_loop(base, EVLOOP_ONCE);
    return reply;
}

void
expect_reply(uint32_t number, Yuebao__Reply__BodyCase body)
{
    Yuebao__Reply *reply = wait_reply();

    assert_int_equal(reply->body_case, body);
    assert_int_equal(reply->number, number);
    yuebao__reply__free_unpacked(reply, NULL);
}

void
expect_nothing(void)
{
    settle();
    assert_null(take_reply());
}

void
wait_for_end(void)
{
    while (hub->count > 0)
        event_base_loop(base, EVLOOP_ONCE);
}

void
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

void
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

void
send_hello(void)
{
    struct greeting g;

    make_hello(&g);
    send_request(&g.request);
}

void
be_welcome(void)
{
    connect_peer();
    send_hello();
    expect_reply(1, YUEBAO__REPLY__BODY_WELCOME);
}

void
send_agenda_request(uint32_t number)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__AgendaRequest agenda = YUEBAO__AGENDA_REQUEST__INIT;

    request.number = number;
    request.body_case = YUEBAO__REQUEST__BODY_AGENDA;
    request.agenda = &agenda;
    send_request(&request);
}

void
send_notice_request(uint32_t number)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__NoticeRequest notices = YUEBAO__NOTICE_REQUEST__INIT;

    request.number = number;
    request.body_case = YUEBAO__REQUEST__BODY_NOTICES;
    request.notices = &notices;
    send_request(&request);
}

void
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

void
send_put(uint32_t number)
{
    send_put_again(number, NULL);
}

void
send_put_again(uint32_t number, Yuebao__Arrival *arrival)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__Put put = YUEBAO__PUT__INIT;
    Yuebao__Envelope envelope;
    uint8_t signature[SIGNATURE_SIZE];
    size_t len;
    uint8_t *statement = fake_statement(&house, 1, &len);

    envelope = fake_envelope(&house, statement, len, signature);
    put.envelope = &envelope;
    put.arrival = arrival;
    request.number = number;
    request.body_case = YUEBAO__REQUEST__BODY_PUT;
    request.put = &put;
    send_request(&request);
    free(statement);
}
