/*
 * The calls wait, the machine below does not: each call turns libevent's loop until what it waits for is
 * there, the deadline is over, or the link is dead.
 *
 *   CONNECTING -> OPEN -> DEAD        (CONNECTING covers TCP and TLS: a bufferevent reports both at once)
 */
#include "uplink.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "frame.h"
#include "gate.h"
#include "tls.h"

enum link_state { LINK_CONNECTING, LINK_OPEN, LINK_DEAD };

struct uplink {
    struct event_base *base;
    struct event *deadline;
    SSL_CTX *context;
    struct bufferevent *bev; /* owns the SSL and the socket */
    struct tls_failure failure;
    enum link_state state;
    bool late;         /* the deadline is over */
    uint32_t protocol; /* spoken in hello and enrol */
    uint32_t next_number;
    struct uplink_error error; /* why the state is DEAD */
    Yuebao__Reply *first;      /* the reply that holds Welcome */
};

static enum uplink_status
fail(struct uplink_error *error, enum uplink_status status, const char *detail)
{
    error->status = status;
    snprintf(error->detail, sizeof(error->detail), "%s", detail == NULL ? "" : detail);
    return status;
}

/* ---- events ------------------------------------------------------------------------------------- */

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct uplink *u = arg;

    (void)fd;
    (void)what;
    u->late = true;
    event_base_loopbreak(u->base);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
    struct uplink *u = arg;

    (void)bev;
    event_base_loopbreak(u->base);
}

/*
 * Whether the error is TLS's own. libevent also hands out OpenSSL's result codes (a library number of 0) and
 * the errors of the socket that OpenSSL wraps: both mean that errno tells more.
 */
static bool
is_of_tls(unsigned long error)
{
    return error != 0 && !ERR_SYSTEM_ERROR(error) && ERR_GET_LIB(error) != 0;
}

static void
diagnose_certificate(struct uplink *u)
{
    (void)fail(&u->error, UPLINK_CERTIFICATE, X509_verify_cert_error_string(u->failure.code));
    u->error.certificate = u->failure.code;
    u->error.valid_from = u->failure.valid_from;
    u->error.valid_until = u->failure.valid_until;
}

/* Why the link died, from what TLS and the socket say. Before the link was up, an end without an error is a
 * refusal too. */
static void
diagnose(struct uplink *u, short what)
{
    int socket_error = (what & BEV_EVENT_EOF) != 0 ? 0 : EVUTIL_SOCKET_ERROR();
    unsigned long tls_error = bufferevent_get_openssl_error(u->bev);
    bool connecting = u->state == LINK_CONNECTING;

    if (u->failure.code != 0)
        diagnose_certificate(u);
    else if (is_of_tls(tls_error))
        (void)fail(&u->error, connecting ? UPLINK_TLS : UPLINK_CLOSED, ERR_reason_error_string(tls_error));
    else if (connecting && socket_error != 0)
        (void)fail(&u->error, UPLINK_UNREACHABLE, strerror(socket_error));
    else
        (void)fail(&u->error, UPLINK_CLOSED, socket_error == 0 ? NULL : strerror(socket_error));
    ERR_clear_error();
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
    struct uplink *u = arg;

    (void)bev;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        u->state = LINK_OPEN;
    } else if (u->state != LINK_DEAD) {
        diagnose(u, what);
        u->state = LINK_DEAD;
    }
    event_base_loopbreak(u->base);
}

/* ---- waiting ------------------------------------------------------------------------------------ */

static void
start_deadline(struct uplink *u, unsigned ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

    u->late = false;
    evtimer_add(u->deadline, &tv);
}

/* One turn; false: nothing more can come (dead or late). */
static bool
turn(struct uplink *u)
{
    if (u->state == LINK_DEAD || u->late)
        return false;
    (void)event_base_loop(u->base, EVLOOP_ONCE);
    return true;
}

/* ---- connecting --------------------------------------------------------------------------------- */

/* "host:port", "[::1]:7443"; both parts into one malloc'd block of which *ret_host is the start. */
static bool
split_server(const char *server, char **ret_host, char **ret_port)
{
    char *copy = strdup(server);
    char *host = copy, *colon = copy == NULL ? NULL : strrchr(copy, ':');

    if (colon == NULL || colon == copy || colon[1] == '\0')
        goto bad;
    *colon = '\0';
    if (host[0] == '[') {
        if (colon[-1] != ']')
            goto bad;
        colon[-1] = '\0';
        memmove(host, host + 1, strlen(host)); /* with its NUL */
    }
    *ret_host = host;
    *ret_port = colon + 1;
    return true;
bad:
    free(copy);
    return false;
}

bool
uplink_server_is_shaped(const char *server)
{
    char *host = NULL, *port = NULL;
    bool shaped = split_server(server, &host, &port) && strspn(port, "0123456789") == strlen(port) &&
                  strlen(port) <= 5 && strtoul(port, NULL, 10) >= 1 && strtoul(port, NULL, 10) <= UINT16_MAX;

    free(host);
    return shaped;
}

static void
drop_link(struct uplink *u)
{
    if (u->bev != NULL)
        bufferevent_free(u->bev); /* closes the socket, frees the SSL */
    u->bev = NULL;
}

static enum uplink_status
begin_connect(struct uplink *u, const char *host, const struct addrinfo *address)
{
    SSL *session = tls_session(u->context, host, &u->failure);
    int one = 1;

    if (session == NULL)
        return fail(&u->error, UPLINK_NOMEM, NULL);
    u->bev = bufferevent_openssl_socket_new(u->base, -1, session, BUFFEREVENT_SSL_CONNECTING,
                                            BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (u->bev == NULL) {
        SSL_free(session);
        return fail(&u->error, UPLINK_NOMEM, NULL);
    }
    bufferevent_setcb(u->bev, on_read, NULL, on_event, u);
    u->state = LINK_CONNECTING;
    if (bufferevent_socket_connect(u->bev, address->ai_addr, (int)address->ai_addrlen) != 0)
        return fail(&u->error, UPLINK_UNREACHABLE, strerror(errno));
    (void)setsockopt(bufferevent_getfd(u->bev), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    bufferevent_enable(u->bev, EV_READ | EV_WRITE);
    return UPLINK_OK;
}

static enum uplink_status
connect_one(struct uplink *u, const char *host, const struct addrinfo *address)
{
    enum uplink_status status;

    drop_link(u);
    u->failure = (struct tls_failure){0};
    u->error = (struct uplink_error){0};
    status = begin_connect(u, host, address);
    if (status != UPLINK_OK)
        return status;
    start_deadline(u, UPLINK_CONNECT_MS + UPLINK_HANDSHAKE_MS);
    while (u->state == LINK_CONNECTING && turn(u))
        ;
    if (u->state == LINK_OPEN)
        return UPLINK_OK;
    return u->state == LINK_DEAD ? u->error.status : fail(&u->error, UPLINK_UNREACHABLE, strerror(ETIMEDOUT));
}

/* Every address of the name, until one answers; a certificate that fails is the same on all of them. */
static enum uplink_status
connect_any(struct uplink *u, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(host, port, &hints, &list);
    enum uplink_status status = UPLINK_NAME;

    if (rc != 0)
        return fail(&u->error, UPLINK_NAME, gai_strerror(rc));
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        status = connect_one(u, host, a);
        if (status != UPLINK_UNREACHABLE && status != UPLINK_CLOSED)
            break;
    }
    freeaddrinfo(list);
    return status;
}

/* ---- requests and replies ----------------------------------------------------------------------- */

enum uplink_status
uplink_send(struct uplink *u, Yuebao__Request *request)
{
    size_t len;
    uint8_t *frame;
    int rc;

    if (u->state != LINK_OPEN)
        return u->error.status;
    request->number = u->next_number++;
    frame = frame_of_request(request, &len);
    if (frame == NULL)
        return fail(&u->error, UPLINK_NOMEM, NULL);
    rc = bufferevent_write(u->bev, frame, len);
    free(frame);
    return rc == 0 ? UPLINK_OK : fail(&u->error, UPLINK_NOMEM, NULL);
}

/* Gate first: protobuf-c sees nothing that the contract does not allow. */
static Yuebao__Reply *
decode(const uint8_t *body, size_t len)
{
    if (gate_check(&yuebao__reply__descriptor, body, len, NULL) != GATE_OK)
        return NULL;
    return yuebao__reply__unpack(NULL, len, body);
}

/* UPLINK_OK with *ret_reply NULL: no whole frame yet. */
static enum uplink_status
take_reply(struct uplink *u, Yuebao__Reply **ret_reply)
{
    struct evbuffer *in = bufferevent_get_input(u->bev);
    size_t have = evbuffer_get_length(in), body_len = 0;
    size_t want = have < FRAME_HEADER + FRAME_BODY_MAX ? have : FRAME_HEADER + FRAME_BODY_MAX;
    const uint8_t *bytes = evbuffer_pullup(in, (ev_ssize_t)want), *body;

    *ret_reply = NULL;
    if (want == 0)
        return UPLINK_OK;
    if (bytes == NULL)
        return fail(&u->error, UPLINK_NOMEM, NULL);
    switch (frame_peek(bytes, want, &body, &body_len)) {
    case FRAME_MORE:
        return UPLINK_OK;
    case FRAME_BAD_LENGTH:
        return fail(&u->error, UPLINK_GARBAGE, "frame length");
    case FRAME_OK:
        break;
    }
    *ret_reply = decode(body, body_len);
    evbuffer_drain(in, FRAME_HEADER + body_len);
    return *ret_reply == NULL ? fail(&u->error, UPLINK_GARBAGE, "reply") : UPLINK_OK;
}

static enum uplink_status
take_fault(struct uplink *u, const Yuebao__Fault *fault)
{
    u->error.fault = fault->code;
    u->error.lowest = fault->lowest;
    u->error.highest = fault->highest;
    u->error.retry_ms = fault->retry_ms;
    u->state = LINK_DEAD;
    return fail(&u->error, UPLINK_FAULT, NULL);
}

/* What is already here is read before a dead link is reported: the server says why, then hangs up. */
static enum uplink_status
receive(struct uplink *u, Yuebao__Reply **ret_reply)
{
    enum uplink_status status;

    start_deadline(u, UPLINK_REPLY_MS);
    do {
        status = take_reply(u, ret_reply);
    } while (status == UPLINK_OK && *ret_reply == NULL && turn(u));
    if (status == UPLINK_OK && *ret_reply == NULL)
        status = u->state == LINK_DEAD ? u->error.status : fail(&u->error, UPLINK_DEADLINE, NULL);
    if (status != UPLINK_OK) {
        u->state = LINK_DEAD;
        return status;
    }
    if ((*ret_reply)->body_case != YUEBAO__REPLY__BODY_FAULT)
        return UPLINK_OK;
    status = take_fault(u, (*ret_reply)->fault);
    yuebao__reply__free_unpacked(*ret_reply, NULL);
    *ret_reply = NULL;
    return status;
}

enum uplink_status
uplink_receive(struct uplink *u, Yuebao__Reply **ret_reply, struct uplink_error *error)
{
    Yuebao__Reply *reply = NULL;
    enum uplink_status status = receive(u, &reply);

    if (status == UPLINK_OK)
        *ret_reply = reply;
    else
        *error = u->error;
    return status;
}

/* ---- the first request -------------------------------------------------------------------------- */

static const char software[] = "yuebao/" YUEBAO_VERSION;

static enum uplink_status
say_hello(struct uplink *u, const struct identity *identity, const uint8_t *exporter)
{
    const struct part parts[] = {
        {exporter, EXPORTER_SIZE}, {identity->school, strlen(identity->school)}, {identity->key, KEY_SIZE}};
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__Hello hello = YUEBAO__HELLO__INIT;
    uint8_t signature[SIGNATURE_SIZE];

    if (!envelope_sign(PURPOSE_HELLO, parts, 3, identity->secret, signature))
        return fail(&u->error, UPLINK_NOMEM, NULL);
    hello.protocol = u->protocol;
    hello.school = (char *)identity->school;
    hello.algorithm = ALGORITHM_ED25519;
    hello.key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)identity->key};
    hello.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
    hello.software = (char *)software;
    request.body_case = YUEBAO__REQUEST__BODY_HELLO;
    request.hello = &hello;
    return uplink_send(u, &request);
}

static enum uplink_status
say_enrol(struct uplink *u, const struct identity *identity, const uint8_t *exporter)
{
    const struct part parts[] = {{exporter, EXPORTER_SIZE},
                                 {identity->school, strlen(identity->school)},
                                 {identity->code, strlen(identity->code)},
                                 {identity->key, KEY_SIZE}};
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__Enrol enrol = YUEBAO__ENROL__INIT;
    uint8_t signature[SIGNATURE_SIZE];

    if (!envelope_sign(PURPOSE_ENROL, parts, 4, identity->secret, signature))
        return fail(&u->error, UPLINK_NOMEM, NULL);
    enrol.protocol = u->protocol;
    enrol.school = (char *)identity->school;
    enrol.code = (char *)identity->code;
    enrol.algorithm = ALGORITHM_ED25519;
    enrol.key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)identity->key};
    enrol.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
    enrol.software = (char *)software;
    request.body_case = YUEBAO__REQUEST__BODY_ENROL;
    request.enrol = &enrol;
    return uplink_send(u, &request);
}

static bool
welcome_is_whole(const struct uplink *u, const Yuebao__Welcome *welcome)
{
    bool whole = welcome->protocol == u->protocol && welcome->n_server_key > 0;

    for (size_t i = 0; i < welcome->n_server_key; i++)
        whole = whole && welcome->server_key[i].len == KEY_SIZE;
    return whole;
}

static enum uplink_status
open_session(struct uplink *u, const struct identity *identity, enum uplink_opening opening)
{
    uint8_t exporter[EXPORTER_SIZE];
    enum uplink_status status;

    if (!tls_exporter(bufferevent_openssl_get_ssl(u->bev), exporter))
        return fail(&u->error, UPLINK_TLS, "exporter");
    status = opening == UPLINK_ENROL ? say_enrol(u, identity, exporter) : say_hello(u, identity, exporter);
    if (status == UPLINK_OK)
        status = receive(u, &u->first);
    if (status != UPLINK_OK)
        return status;
    if (u->first->body_case == YUEBAO__REPLY__BODY_BUSY) {
        u->error.retry_ms = u->first->busy->retry_ms;
        return fail(&u->error, UPLINK_BUSY, NULL);
    }
    if (u->first->body_case != YUEBAO__REPLY__BODY_WELCOME || !welcome_is_whole(u, u->first->welcome))
        return fail(&u->error, UPLINK_GARBAGE, "welcome");
    return UPLINK_OK;
}

static enum uplink_status
set_up(struct uplink *u, const struct identity *identity)
{
    u->next_number = 1;
    u->protocol = PROTOCOL_NUMBER;
    u->base = event_base_new();
    if (u->base != NULL)
        u->deadline = evtimer_new(u->base, on_deadline, u);
    if (u->deadline == NULL)
        return fail(&u->error, UPLINK_NOMEM, NULL);
    u->context = tls_context(identity->ca);
    return u->context == NULL ? fail(&u->error, UPLINK_CA, NULL) : UPLINK_OK;
}

/* A server that is older than this program says so, and which numbers it speaks: true, and the next try
 * speaks its newest. */
static bool
lower_protocol(struct uplink *u)
{
    const struct uplink_error *e = &u->error;

    if (e->status != UPLINK_FAULT || e->fault != YUEBAO__FAULT_CODE__FAULT_PROTOCOL ||
        e->highest >= u->protocol || e->highest < PROTOCOL_OLDEST)
        return false;
    u->protocol = e->highest;
    return true;
}

static enum uplink_status
call(struct uplink *u, const struct identity *identity, enum uplink_opening opening, const char *host,
     const char *port)
{
    enum uplink_status status;

    do {
        status = connect_any(u, host, port);
        if (status == UPLINK_OK)
            status = open_session(u, identity, opening);
    } while (status != UPLINK_OK && lower_protocol(u));
    return status;
}

enum uplink_status
uplink_open(const struct identity *identity, enum uplink_opening opening, struct uplink **ret_uplink,
            struct uplink_error *error)
{
    struct uplink *u = calloc(1, sizeof(*u));
    char *host = NULL, *port = NULL;
    enum uplink_status status;

    if (u == NULL)
        return fail(error, UPLINK_NOMEM, NULL);
    status = set_up(u, identity);
    if (status == UPLINK_OK && !split_server(identity->server, &host, &port))
        status = fail(&u->error, UPLINK_NAME, identity->server);
    if (status == UPLINK_OK)
        status = call(u, identity, opening, host, port);
    free(host);
    if (status == UPLINK_OK) {
        *ret_uplink = u;
        return UPLINK_OK;
    }
    *error = u->error;
    uplink_close(u);
    return status;
}

void
uplink_close(struct uplink *u)
{
    if (u == NULL)
        return;
    if (u->bev != NULL && u->state == LINK_OPEN) {
        SSL *session = bufferevent_openssl_get_ssl(u->bev);

        SSL_set_shutdown(session, SSL_RECEIVED_SHUTDOWN); /* do not wait for the other side's good-bye */
        (void)SSL_shutdown(session);
        ERR_clear_error();
    }
    drop_link(u);
    if (u->first != NULL)
        yuebao__reply__free_unpacked(u->first, NULL);
    if (u->deadline != NULL)
        event_free(u->deadline);
    if (u->base != NULL)
        event_base_free(u->base);
    SSL_CTX_free(u->context);
    free(u);
}

const Yuebao__Welcome *
uplink_welcome(const struct uplink *u)
{
    return u->first->welcome;
}

bool
uplink_error_passes(const struct uplink_error *error)
{
    switch (error->status) {
    case UPLINK_OK:
    case UPLINK_NAME: /* no network, no name service */
    case UPLINK_UNREACHABLE:
    case UPLINK_DEADLINE:
    case UPLINK_CLOSED:
    case UPLINK_BUSY:
        return true;
    case UPLINK_FAULT:
        return error->fault == YUEBAO__FAULT_CODE__FAULT_PROTOCOL ||
               error->fault == YUEBAO__FAULT_CODE__FAULT_DEADLINE ||
               error->fault == YUEBAO__FAULT_CODE__FAULT_SHUTDOWN ||
               error->fault == YUEBAO__FAULT_CODE__FAULT_FRAME;
    case UPLINK_NOMEM:
    case UPLINK_CA:
    case UPLINK_CERTIFICATE:
    case UPLINK_TLS:
    case UPLINK_GARBAGE:
        return false;
    }
    return false;
}
