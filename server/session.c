#include "session.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "answer.h"
#include "clock.h"
#include "frame.h"
#include "log.h"
#include "request.h"

#define TLS_HANDSHAKE_RECORD 0x16 /* first byte of every TLS connection: RFC 8446, section 5.1 */
#define HANDSHAKE_MAX                                                                                        \
    (8u * 1024u) /* bytes; a ClientHello with post-quantum keys has 2 KiB, OpenSSL would hold 128 */
#define CLOSING_MS              5000u /* for the last reply to leave */
#define LINGER_MS               1000u /* for the peer to notice */
#define LINGER_BYTES            4096u /* thrown away at once */
#define RETRY_AFTER_SHUTDOWN_MS 1000u

/* What an open session waits for; each wait has its own deadline. */
enum wait {
    WAIT_NOTHING,
    WAIT_IDLE,   /* for the next request */
    WAIT_FRAME,  /* for the rest of one; bytes that trickle in do not prolong it */
    WAIT_UNREAD, /* for the peer to read */
};

struct session {
    struct hub *hub;
    uint64_t id;
    enum session_state state;
    enum wait wait;
    int fd;                  /* -1 with session_over */
    struct bufferevent *bev; /* NULL before the first byte and after goodbye */
    SSL *ssl;                /* NULL with session_over */
    struct event *plain;     /* SILENT, LINGER: read event on fd */
    struct event *timer;
    size_t handshake_len; /* bytes of the peer's records in HANDSHAKE */
    struct evbuffer *out; /* replies of this turn, written as one */
    uint64_t written;     /* bytes handed to bev so far */
    uint64_t unread_mark; /* WAIT_UNREAD: as many must have left when the deadline comes */
    bool reading;
    unsigned in_flight;
    struct registry_ask *ask;
    uint32_t await_number;
    uint8_t exporter[EXPORTER_SIZE]; /* session_over only */
    char school[SCHOOL_CODE_MAX + 1];
    char peer[ADDRESS_TEXT_MAX];
    bool enlisted;
    TAILQ_ENTRY(session) in_turn;
};

static const char *const state_names[] = {"silent", "handshake", "hello",  "asking", "open",
                                          "full",   "closing",   "linger", "dead"};

static void session_enter(struct session *s, enum session_state next);

/* ---- endings ------------------------------------------------------------------------------------ */

static void
session_drop_tls(struct session *s)
{
    if (s->bev != NULL)
        bufferevent_free(s->bev);
    SSL_free(s->ssl);
    s->bev = NULL;
    s->ssl = NULL;
}

/* Nobody waits for the look-up any more. */
static void
session_drop_ask(struct session *s)
{
    if (s->ask != NULL)
        registry_ask_cancel(s->ask);
    s->ask = NULL;
}

void
session_free(struct session *s)
{
    session_drop_ask(s);
    if (s->enlisted)
        TAILQ_REMOVE(&s->hub->turn, s, in_turn);
    session_drop_tls(s);
    if (s->plain != NULL)
        event_free(s->plain);
    if (s->timer != NULL)
        event_free(s->timer);
    if (s->out != NULL)
        evbuffer_free(s->out);
    if (s->fd >= 0)
        close(s->fd);
    if (s->id != 0)
        hub_remove(s->hub, s->id);
    free(s);
}

/* Unlink now, free in the hub's turn: we may be inside a callback of our own bufferevent. */
static void
session_bury(struct session *s)
{
    session_drop_ask(s);
    if (s->bev != NULL) {
        bufferevent_setcb(s->bev, NULL, NULL, NULL, NULL);
        bufferevent_disable(s->bev, EV_READ | EV_WRITE);
    }
    if (s->plain != NULL)
        event_del(s->plain);
    event_del(s->timer);
    hub_wake(s->hub, s);
}

/* Without a last word: the peer is gone, or cannot be spoken to. */
static void
session_end(struct session *s, enum log_level level, const char *reason)
{
    if (s->state == SESSION_DEAD)
        return;
    log_peer(level, "session_end", "peer", s->peer, "school", s->school[0] != '\0' ? s->school : NULL,
             "state", state_names[s->state], "reason", reason, NULL);
    session_enter(s, SESSION_DEAD);
}

/* The last reply has left: close our side properly, then wait a moment for the peer to close his. */
static void
session_say_goodbye(struct session *s)
{
    if (s->ssl != NULL) {
        SSL_shutdown(s->ssl);
        ERR_clear_error();
    }
    session_drop_tls(s);
    if (s->fd < 0 || shutdown(s->fd, SHUT_WR) != 0 || event_add(s->plain, NULL) != 0)
        session_enter(s, SESSION_DEAD);
    else
        session_enter(s, SESSION_LINGER);
}

void
session_part(struct session *s, uint8_t *frame, size_t len, const char *reason)
{
    if (s->state >= SESSION_CLOSING) {
        free(frame);
        return;
    }
    session_reply(s, frame, len);
    if (s->state == SESSION_DEAD)
        return;
    log_peer(LOG_DEBUG, "session_part", "peer", s->peer, "school", s->school[0] != '\0' ? s->school : NULL,
             "reason", reason, NULL);
    session_enter(s, SESSION_CLOSING);
}

void
session_fault(struct session *s, uint32_t number, Yuebao__FaultCode code, const char *reason)
{
    bool our_doing = code == YUEBAO__FAULT_CODE__FAULT_SHUTDOWN;
    size_t len = 0;
    uint8_t *frame;

    if (s->state >= SESSION_CLOSING)
        return;
    s->hub->counters.faults++;
    log_peer(our_doing ? LOG_DEBUG : LOG_WARNING, "fault", "peer", s->peer, "school",
             s->school[0] != '\0' ? s->school : NULL, "code", fault_name(code), "reason", reason, NULL);
    frame = reply_fault(number, code, our_doing ? RETRY_AFTER_SHUTDOWN_MS : 0, &len);
    session_part(s, frame, len, reason);
}

/* ---- states ------------------------------------------------------------------------------------- */

static void
session_deadline(struct session *s, unsigned ms)
{
    struct timeval after = {ms / 1000u, (suseconds_t)(ms % 1000u) * 1000};

    evtimer_add(s->timer, &after);
}

static void
session_read(struct session *s, bool on)
{
    if (s->reading == on)
        return;
    s->reading = on;
    if (on)
        bufferevent_enable(s->bev, EV_READ);
    else
        bufferevent_disable(s->bev, EV_READ);
}

/* The only writer of s->state; says what each state waits for, and for how long. */
static void
session_enter(struct session *s, enum session_state next)
{
    const struct session_limits *limits = &s->hub->limits;

    s->state = next;
    s->wait = WAIT_NOTHING;
    switch (next) {
    case SESSION_SILENT:
        session_deadline(s, limits->first_byte_ms);
        return;
    case SESSION_HANDSHAKE:
        session_deadline(s, limits->handshake_ms);
        return;
    case SESSION_HELLO:
        session_deadline(s, limits->hello_ms);
        return;
    case SESSION_ASKING:
        session_read(s, false);
        session_deadline(s, limits->frame_ms);
        return;
    case SESSION_OPEN:
        session_read(s, true);
        hub_wake(s->hub, s); /* what came meanwhile */
        return;
    case SESSION_FULL:
        session_read(s, false);
        return;
    case SESSION_CLOSING:
        session_drop_ask(s);
        session_read(s, false);
        session_deadline(s, CLOSING_MS);
        hub_wake(s->hub, s);
        return;
    case SESSION_LINGER:
        session_deadline(s, LINGER_MS);
        return;
    case SESSION_DEAD:
        session_bury(s);
        return;
    }
}

static size_t
session_unread(const struct session *s)
{
    return evbuffer_get_length(bufferevent_get_output(s->bev)) + evbuffer_get_length(s->out);
}

static size_t
session_unheard(const struct session *s)
{
    return evbuffer_get_length(bufferevent_get_input(s->bev));
}

static bool
session_is_full(const struct session *s)
{
    return s->in_flight >= s->hub->limits.in_flight || session_unread(s) > SESSION_OUTPUT_MAX ||
           s->hub->draining;
}

static void
session_wait(struct session *s, enum wait wait)
{
    const struct session_limits *limits = &s->hub->limits;

    if (s->wait == wait)
        return;
    s->wait = wait;
    switch (wait) {
    case WAIT_NOTHING:
        return;
    case WAIT_IDLE:
        session_deadline(s, limits->idle_ms);
        return;
    case WAIT_FRAME:
        session_deadline(s, limits->frame_ms);
        return;
    case WAIT_UNREAD:
        s->unread_mark = s->written;
        session_deadline(s, limits->unread_ms);
        return;
    }
}

/* Between OPEN and FULL, and which of its deadlines runs. */
static void
session_settle(struct session *s)
{
    bool full = session_is_full(s);

    if (s->hub->draining && s->in_flight == 0) {
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_SHUTDOWN, "shutting down");
        return;
    }
    if (full && s->state == SESSION_OPEN)
        session_enter(s, SESSION_FULL);
    else if (!full && s->state == SESSION_FULL)
        session_enter(s, SESSION_OPEN);
    if (s->state == SESSION_OPEN) /* after a turn whose budget was too small */
        session_read(s, session_unheard(s) <= SESSION_INPUT_MAX);
    if (session_unread(s) > 0)
        session_wait(s, WAIT_UNREAD);
    else if (!full && session_unheard(s) > 0)
        session_wait(s, WAIT_FRAME);
    else
        session_wait(s, WAIT_IDLE);
}

/* ---- bytes -------------------------------------------------------------------------------------- */

enum cut { CUT_FRAME, CUT_MORE, CUT_BAD };

/* The first whole frame's body; borrowed from the input until it is drained of *ret_whole bytes. */
static enum cut
cut_frame(const struct session *s, struct evbuffer *in, const uint8_t **ret_body, size_t *ret_len)
{
    size_t have = evbuffer_get_length(in), len = 0;
    const uint8_t *bytes;

    if (have < FRAME_HEADER)
        return CUT_MORE;
    bytes = evbuffer_pullup(in, FRAME_HEADER);
    if (bytes == NULL || frame_peek(bytes, FRAME_HEADER, ret_body, &len) == FRAME_BAD_LENGTH)
        return CUT_BAD;
    if (s->state == SESSION_HELLO && FRAME_HEADER + len > FRAME_BEFORE_HELLO_MAX)
        return CUT_BAD;
    if (have < FRAME_HEADER + len)
        return CUT_MORE;
    bytes = evbuffer_pullup(in, (ev_ssize_t)(FRAME_HEADER + len));
    if (bytes == NULL || frame_peek(bytes, FRAME_HEADER + len, ret_body, ret_len) != FRAME_OK)
        return CUT_BAD;
    return CUT_FRAME;
}

/* Whether this state reads requests. */
static bool
session_listens(const struct session *s)
{
    return s->state == SESSION_HELLO || (s->state == SESSION_OPEN && !session_is_full(s));
}

/* Take frames while there are some and the turn's budget lasts. */
static void
session_hear(struct session *s)
{
    struct evbuffer *in = bufferevent_get_input(s->bev);

    for (unsigned frames = 0; session_listens(s); frames++) {
        const uint8_t *body = NULL;
        size_t len = 0;
        enum cut cut = cut_frame(s, in, &body, &len);

        if (cut == CUT_BAD) {
            session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_FRAME,
                          s->state == SESSION_HELLO ? "length of the frame before a hello"
                                                    : "length of the frame");
            return;
        }
        if (cut == CUT_MORE)
            return;
        if (frames == SESSION_FRAMES_PER_TURN) {
            hub_wake(s->hub, s);
            return;
        }
        if (s->state == SESSION_OPEN)
            s->wait = WAIT_NOTHING; /* the next frame has its own deadline */
        request_take(s, body, len);
        evbuffer_drain(in, FRAME_HEADER + len);
    }
}

/* Hand all replies of this turn to TLS at once. */
static void
session_speak(struct session *s)
{
    s->written += evbuffer_get_length(s->out);
    if (bufferevent_write_buffer(s->bev, s->out) != 0)
        session_end(s, LOG_WARNING, "cannot write");
}

/* While draining, who has nothing in flight goes at once; OPEN and FULL see to that when they settle. */
static void
session_drain(struct session *s)
{
    if (s->state == SESSION_SILENT || s->state == SESSION_HANDSHAKE)
        session_end(s, LOG_DEBUG, "shutting down");
    else if (s->state == SESSION_HELLO)
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_SHUTDOWN, "shutting down");
}

/* Everything a turn does for a session whose TLS is there; safe inside a callback of its bufferevent. */
static void
session_turn(struct session *s)
{
    if (s->hub->draining)
        session_drain(s);
    session_hear(s);
    if (s->state != SESSION_DEAD)
        session_speak(s);
    if (s->state == SESSION_OPEN || s->state == SESSION_FULL)
        session_settle(s);
}

/* The hub's turn: no callback of ours is running, so TLS may be taken down. */
static void
session_on_turn(struct session *s)
{
    if (s->bev != NULL)
        session_turn(s);
    else if (s->hub->draining)
        session_drain(s);
    if (s->state == SESSION_CLOSING && session_unread(s) == 0)
        session_say_goodbye(s);
}

void
session_reply(struct session *s, uint8_t *frame, size_t len)
{
    if (s->state >= SESSION_CLOSING) {
        free(frame);
        return;
    }
    if (frame == NULL || evbuffer_add(s->out, frame, len) != 0) {
        session_end(s, LOG_ERROR, "out of memory");
    } else {
        hub_wake(s->hub, s);
    }
    free(frame);
}

/* ---- callbacks ---------------------------------------------------------------------------------- */

static void
session_on_read(struct bufferevent *bev, void *arg)
{
    struct session *s = arg;

    (void)bev;
    session_turn(s);
}

static void
session_on_written(struct bufferevent *bev, void *arg)
{
    struct session *s = arg;

    (void)bev;
    hub_wake(s->hub, s); /* not at once: libevent may be in the midst of writing */
}

static const char *
tls_reason(struct bufferevent *bev)
{
    unsigned long error = bufferevent_get_openssl_error(bev);
    const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;

    return reason != NULL ? reason : "connection lost";
}

static void
session_on_event(struct bufferevent *bev, short what, void *arg)
{
    struct session *s = arg;

    if ((what & BEV_EVENT_CONNECTED) != 0) {
        session_enter(s, SESSION_HELLO);
        return;
    }
    if ((what & BEV_EVENT_EOF) != 0)
        session_end(s, s->state == SESSION_OPEN || s->state == SESSION_CLOSING ? LOG_DEBUG : LOG_INFO,
                    "closed by peer");
    else
        session_end(s, LOG_INFO, tls_reason(bev));
    ERR_clear_error();
}

/* The peer has not read what was unread when the wait began. */
static bool
session_made_no_progress(const struct session *s)
{
    return s->written - evbuffer_get_length(bufferevent_get_output(s->bev)) < s->unread_mark;
}

static void
session_on_late_in_open(struct session *s)
{
    enum wait wait = s->wait;

    s->wait = WAIT_NOTHING;
    switch (wait) {
    case WAIT_NOTHING:
        session_settle(s);
        return;
    case WAIT_IDLE:
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_DEADLINE, "idle");
        return;
    case WAIT_FRAME:
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_DEADLINE, "half a frame");
        return;
    case WAIT_UNREAD:
        if (session_made_no_progress(s))
            session_end(s, LOG_WARNING, "replies are not read");
        else
            session_settle(s);
        return;
    }
}

static void
session_on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;

    (void)fd;
    (void)what;
    s->hub->counters.timeouts++;
    switch (s->state) {
    case SESSION_SILENT:
        session_end(s, LOG_INFO, "no first byte");
        return;
    case SESSION_HANDSHAKE:
        session_end(s, LOG_INFO, "handshake too slow");
        return;
    case SESSION_HELLO:
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_DEADLINE, "no hello");
        return;
    case SESSION_ASKING:
        session_fault(s, s->await_number, YUEBAO__FAULT_CODE__FAULT_DEADLINE,
                      "the look-up of the key took too long");
        return;
    case SESSION_OPEN:
    case SESSION_FULL:
        session_on_late_in_open(s);
        return;
    case SESSION_CLOSING:
        session_end(s, LOG_INFO, "last reply is not read");
        return;
    case SESSION_LINGER:
    case SESSION_DEAD:
        session_end(s, LOG_DEBUG, "closed");
        return;
    }
}

/* ---- beginnings --------------------------------------------------------------------------------- */

/* OpenSSL tells each record's header before it reads the rest: nobody is known yet who may take more memory.
 */
static void
session_on_tls_record(int written, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
    struct session *s = arg;
    const uint8_t *header = bytes;

    (void)version;
    (void)ssl;
    if (written != 0 || type != SSL3_RT_HEADER || len != SSL3_RT_HEADER_LENGTH ||
        s->state != SESSION_HANDSHAKE)
        return;
    s->handshake_len += (size_t)header[3] << 8 | header[4];
    if (s->handshake_len > HANDSHAKE_MAX)
        session_end(s, LOG_WARNING, "handshake too large");
}

/* SILENT -> HANDSHAKE: only now is a TLS object worth its memory. */
static void
session_start_tls(struct session *s)
{
    event_del(s->plain);
    s->out = evbuffer_new();
    s->ssl = SSL_new(s->hub->tls);
    if (s->out != NULL && s->ssl != NULL)
        s->bev = bufferevent_openssl_socket_new(s->hub->base, s->fd, s->ssl, BUFFEREVENT_SSL_ACCEPTING, 0);
    if (s->bev == NULL) {
        session_end(s, LOG_ERROR, "out of memory");
        return;
    }
    SSL_set_msg_callback(s->ssl, session_on_tls_record);
    SSL_set_msg_callback_arg(s->ssl, s);
    bufferevent_setcb(s->bev, session_on_read, session_on_written, session_on_event, s);
    bufferevent_enable(s->bev, EV_READ | EV_WRITE);
    s->reading = true;
    session_enter(s, SESSION_HANDSHAKE);
}

static void
session_on_first_byte(struct session *s)
{
    unsigned char first;
    ssize_t n = recv(s->fd, &first, 1, MSG_PEEK);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        session_end(s, LOG_DEBUG, "closed by peer");
    else if (first != TLS_HANDSHAKE_RECORD)
        session_end(s, LOG_WARNING, "not TLS");
    else
        session_start_tls(s);
}

static void
session_on_plain(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;
    char thrown_away[LINGER_BYTES];
    ssize_t n;

    (void)what;
    if (s->state == SESSION_SILENT) {
        session_on_first_byte(s);
        return;
    }
    n = recv(fd, thrown_away, sizeof(thrown_away), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        session_enter(s, SESSION_DEAD);
}

/* The parts that every session has. NULL: no memory or hub full. */
static struct session *
session_new(struct hub *hub, int fd)
{
    struct session *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->hub = hub;
    s->fd = fd;
    s->timer = evtimer_new(hub->base, session_on_deadline, s);
    s->id = s->timer != NULL ? hub_add(hub, s) : 0;
    if (s->id == 0) {
        s->fd = -1; /* stays the caller's */
        session_free(s);
        return NULL;
    }
    return s;
}

void
session_accept(struct hub *hub, int fd, const struct sockaddr *peer, socklen_t len)
{
    static const int on = 1;
    struct session *s = session_new(hub, fd);

    if (s == NULL) {
        close(fd);
        return;
    }
    hub->counters.accepted++;
    address_print(peer, len, s->peer);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    s->plain = event_new(hub->base, fd, EV_READ | EV_PERSIST, session_on_plain, s);
    if (s->plain == NULL || event_add(s->plain, NULL) != 0) {
        session_free(s);
        return;
    }
    session_enter(s, SESSION_SILENT);
}

struct session *
session_over(struct hub *hub, struct bufferevent *bev, const uint8_t exporter[EXPORTER_SIZE])
{
    struct session *s = session_new(hub, -1);

    if (s == NULL) {
        bufferevent_free(bev);
        return NULL;
    }
    s->bev = bev;
    s->out = evbuffer_new();
    memcpy(s->exporter, exporter, EXPORTER_SIZE);
    memcpy(s->peer, "pair", sizeof("pair"));
    if (s->out == NULL) {
        session_free(s);
        return NULL;
    }
    bufferevent_setcb(bev, session_on_read, session_on_written, session_on_event, s);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
    s->reading = true;
    session_enter(s, SESSION_HELLO);
    return s;
}

/* ---- for request.c ------------------------------------------------------------------------------ */

struct hub *
session_hub(const struct session *s)
{
    return s->hub;
}

uint64_t
session_id(const struct session *s)
{
    return s->id;
}

enum session_state
session_state(const struct session *s)
{
    return s->state;
}

const char *
session_peer(const struct session *s)
{
    return s->peer;
}

const char *
session_school(const struct session *s)
{
    return s->school;
}

uint32_t
session_await_number(const struct session *s)
{
    return s->await_number;
}

bool
session_exporter(struct session *s, uint8_t ret_exporter[EXPORTER_SIZE])
{
    if (s->ssl != NULL)
        return tls_exporter(s->ssl, ret_exporter);
    memcpy(ret_exporter, s->exporter, EXPORTER_SIZE);
    return true;
}

void
session_await(struct session *s, uint32_t number, const char *school)
{
    assert(s->state == SESSION_HELLO && strlen(school) <= SCHOOL_CODE_MAX);
    s->await_number = number;
    strcpy(s->school, school);
    session_enter(s, SESSION_ASKING);
}

void
session_hold_ask(struct session *s, struct registry_ask *ask)
{
    s->ask = ask;
}

void
session_welcome(struct session *s)
{
    size_t len = 0;
    uint8_t *frame =
        reply_welcome(s->await_number, s->hub->key, clock_now_ms(), s->hub->limits.in_flight, &len);

    assert(s->state == SESSION_ASKING);
    s->ask = NULL;
    session_reply(s, frame, len);
    if (s->state == SESSION_ASKING)
        session_enter(s, SESSION_OPEN);
}

void
session_work_begins(struct session *s)
{
    s->in_flight++;
}

void
session_work_ends(struct session *s)
{
    assert(s->in_flight > 0);
    s->in_flight--;
    hub_wake(s->hub, s);
}

/* ---- for hub.c ---------------------------------------------------------------------------------- */

bool
session_enlist(struct session *s, struct session_list *list)
{
    if (s->enlisted)
        return false;
    s->enlisted = true;
    TAILQ_INSERT_TAIL(list, s, in_turn);
    return true;
}

void
session_list_turn(struct session_list *list)
{
    struct session *last = TAILQ_LAST(list, session_list), *s;
    bool more = last != NULL;

    while (more) {
        s = TAILQ_FIRST(list);
        more = s != last;
        TAILQ_REMOVE(list, s, in_turn);
        s->enlisted = false;
        if (s->state == SESSION_DEAD)
            session_free(s);
        else
            session_on_turn(s);
    }
}
