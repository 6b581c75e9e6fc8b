#include "wire.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "frame.h"
#include "gate.h"
#include "paper.h"
#include "tls.h"

#define HOST      "127.0.0.1"
#define CA_MAX    65536u
#define READ_MOST (FRAME_HEADER + FRAME_BODY_MAX)

struct wire {
    const struct wire_owner *owner;
    void *arg;
    uint32_t school, next_number;
    bool open;
    struct tls_failure failure;
    struct bufferevent *bev; /* owns the SSL and the socket */
};

/* ---- sending ------------------------------------------------------------------------------------ */

static uint32_t
send_request(struct wire *wire, Yuebao__Request *request)
{
    size_t len;
    uint8_t *frame;

    request->number = wire->next_number++;
    frame = frame_of_request(request, &len);
    if (frame == NULL || bufferevent_write(wire->bev, frame, len) != 0)
        abort();
    free(frame);
    return request->number;
}

uint32_t
wire_put(struct wire *wire, Yuebao__Envelope *envelope, Yuebao__Arrival *arrival)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__Put put = YUEBAO__PUT__INIT;

    put.envelope = envelope;
    put.arrival = arrival;
    request.body_case = YUEBAO__REQUEST__BODY_PUT;
    request.put = &put;
    return send_request(wire, &request);
}

void
wire_send_bytes(struct wire *wire, const void *bytes, size_t len)
{
    bufferevent_write(wire->bev, bytes, len);
}

/* false: the session has no exporter. */
static bool
say_hello(struct wire *wire)
{
    char school[PAPER_CODE_SIZE];
    uint8_t key[KEY_SIZE], secret[SECRET_SIZE], exporter[EXPORTER_SIZE], signature[SIGNATURE_SIZE];
    struct part parts[] = {{exporter, EXPORTER_SIZE}, {school, 0}, {key, KEY_SIZE}};
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__Hello hello = YUEBAO__HELLO__INIT;

    paper_school_code(wire->school, school);
    paper_school_key(wire->school, key, secret);
    parts[1].len = strlen(school);
    if (!tls_exporter(bufferevent_openssl_get_ssl(wire->bev), exporter) ||
        !envelope_sign(PURPOSE_HELLO, parts, 3, secret, signature))
        return false;
    hello.protocol = PROTOCOL_NUMBER;
    hello.school = school;
    hello.algorithm = ALGORITHM_ED25519;
    hello.key = (ProtobufCBinaryData){KEY_SIZE, key};
    hello.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
    hello.software = (char *)"yuebao bench";
    request.body_case = YUEBAO__REQUEST__BODY_HELLO;
    request.hello = &hello;
    send_request(wire, &request);
    return true;
}

/* ---- receiving ---------------------------------------------------------------------------------- */

/* false: the wire is gone. */
static bool
take_reply(struct wire *wire, const Yuebao__Reply *reply)
{
    if (reply->body_case == YUEBAO__REPLY__BODY_FAULT) {
        wire->owner->on_gone(reply->fault->retry_ms, wire->arg);
        return false;
    }
    if (wire->open)
        return wire->owner->on_reply(reply, wire->arg);
    if (reply->body_case != YUEBAO__REPLY__BODY_WELCOME) {
        wire->owner->on_gone(reply->body_case == YUEBAO__REPLY__BODY_BUSY ? reply->busy->retry_ms : 0,
                             wire->arg);
        return false;
    }
    wire->open = true;
    wire->owner->on_open(reply->welcome, wire->arg);
    return true;
}

/* One frame; false: there is none yet, or the wire is gone. */
static bool
read_frame(struct wire *wire)
{
    struct evbuffer *in = bufferevent_get_input(wire->bev);
    size_t have = evbuffer_get_length(in), len = 0;
    const uint8_t *bytes, *body;
    Yuebao__Reply *reply = NULL;
    bool goes_on;

    have = have < READ_MOST ? have : READ_MOST;
    bytes = evbuffer_pullup(in, (ev_ssize_t)have);
    if (have == 0 || frame_peek(bytes, have, &body, &len) != FRAME_OK)
        return false;
    if (gate_check(&yuebao__reply__descriptor, body, len, NULL) == GATE_OK)
        reply = yuebao__reply__unpack(NULL, len, body);
    evbuffer_drain(in, FRAME_HEADER + len);
    if (reply == NULL) {
        wire->owner->on_gone(0, wire->arg);
        return false;
    }
    goes_on = take_reply(wire, reply);
    yuebao__reply__free_unpacked(reply, NULL);
    return goes_on;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
    (void)bev;
    while (read_frame(arg))
        ;
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
    struct wire *wire = arg;

    (void)bev;
    if ((what & BEV_EVENT_CONNECTED) != 0 && say_hello(wire))
        return;
    ERR_clear_error();
    wire->owner->on_gone(0, wire->arg);
}

/* ---- a wire's life ------------------------------------------------------------------------------ */

struct wire *
wire_new(const struct wire_house *house, uint32_t school, const struct wire_owner *owner, void *arg)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    SSL *session = wire != NULL ? tls_session(house->context, HOST, &wire->failure) : NULL;
    int one = 1;

    if (session == NULL) {
        free(wire);
        return NULL;
    }
    wire->owner = owner;
    wire->arg = arg;
    wire->school = school;
    wire->next_number = 1;
    wire->bev = bufferevent_openssl_socket_new(house->base, -1, session, BUFFEREVENT_SSL_CONNECTING,
                                               BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (wire->bev == NULL) {
        SSL_free(session);
        free(wire);
        return NULL;
    }
    bufferevent_setcb(wire->bev, on_read, NULL, on_event, wire);
    if (bufferevent_socket_connect(wire->bev, (const struct sockaddr *)&house->address,
                                   sizeof(house->address)) != 0) {
        wire_free(wire);
        return NULL;
    }
    (void)setsockopt(bufferevent_getfd(wire->bev), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    bufferevent_enable(wire->bev, EV_READ | EV_WRITE);
    return wire;
}

void
wire_free(struct wire *wire)
{
    if (wire == NULL)
        return;
    if (wire->open) {
        SSL *session = bufferevent_openssl_get_ssl(wire->bev);
        SSL_set_shutdown(session, SSL_RECEIVED_SHUTDOWN); /* do not wait for the other side's good-bye */
        (void)SSL_shutdown(session);
        ERR_clear_error();
    }
    bufferevent_free(wire->bev);
    free(wire);
}

bool
wire_house_init(struct wire_house *house, struct event_base *base, const char *port, const char *ca_path)
{
    char ca[CA_MAX] = "";
    FILE *file = fopen(ca_path, "r");
    size_t len = file != NULL ? fread(ca, 1, sizeof(ca) - 1, file) : 0;

    if (file != NULL)
        fclose(file);
    ca[len] = '\0';
    house->base = base;
    house->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    inet_pton(AF_INET, HOST, &house->address.sin_addr);
    house->context = tls_context(ca);
    if (house->context == NULL)
        fprintf(stderr, "load: no certificate in %s\n", ca_path);
    else
        SSL_CTX_set_mode(house->context, SSL_MODE_RELEASE_BUFFERS);
    return house->context != NULL;
}
