/*
 * session_inside: what the session's own files share. session.c has the states and their deadlines,
 * session_begin.c the way from accept() to HELLO, session_header.c what a balancer says before that,
 * session_bytes.c frames in and replies out, session_end.c the ways out.
 */
#ifndef YUEBAO_SESSION_INSIDE_H
#define YUEBAO_SESSION_INSIDE_H

#include "address.h"
#include "log.h"
#include "session.h"

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
    struct event *plain;     /* HEADER, SILENT, LINGER: read event on fd */
    struct event *timer;
    uint8_t *header; /* HEADER: the balancer's bytes so far, room for PROXY_HEADER_MAX; else NULL */
    size_t header_len;
    size_t handshake_len; /* bytes of the peer's records in HANDSHAKE */
    struct evbuffer *out; /* replies of this turn, written as one */
    uint64_t written;     /* bytes handed to bev so far */
    uint64_t unread_mark; /* WAIT_UNREAD: as many must have left when the deadline comes */
    bool reading;
    unsigned in_flight;
    struct registry_ask *ask;
    uint32_t await_number, protocol;
    struct share *share; /* of its key, from ASKING on */
    struct share_seat seat;
    uint8_t exporter[EXPORTER_SIZE]; /* session_over only */
    char school[SCHOOL_CODE_MAX + 1];
    char software[SOFTWARE_MAX + 1];
    char peer[ADDRESS_TEXT_MAX];
    uint64_t began_ms; /* steady */
    bool stranger;     /* in hub->strangers */
    bool enlisted;
    TAILQ_ENTRY(session) in_turn, among_strangers;
};

/* ---- session.c ----------------------------------------------------------------------------------- */

/* The only writer of s->state; says what each state waits for, and for how long. */
void session_enter(struct session *s, enum session_state next);
const char *session_state_name(const struct session *s);

/* Between OPEN and FULL, and which of its deadlines runs. */
void session_settle(struct session *s);

bool session_is_full(const struct session *s);
size_t session_unread(const struct session *s); /* bytes that the peer has not taken */
void session_on_deadline(evutil_socket_t fd, short what, void *arg);

/* ---- session_begin.c ----------------------------------------------------------------------------- */

/* -> SILENT: this is the peer. */
void session_begin(struct session *s, const struct sockaddr *peer, socklen_t len);

/* ---- session_header.c ---------------------------------------------------------------------------- */

/* -> HEADER; false: no memory. */
bool session_await_header(struct session *s) __attribute__((warn_unused_result));
/* Reads the header and not a byte more: what follows is the client's. */
void session_on_header(struct session *s);

/* ---- session_bytes.c ----------------------------------------------------------------------------- */

/* Reads and writes through the session's bufferevent from now on. */
void session_hook(struct session *s);
/* The hub's turn: no callback of ours is running, so TLS may be taken down. */
void session_on_turn(struct session *s);

/* ---- session_end.c ------------------------------------------------------------------------------- */

/* Without a last word: the peer is gone, or cannot be spoken to. */
void session_end(struct session *s, enum log_level level, const char *reason);
/* Unlink now, free in the hub's turn: we may be inside a callback of our own bufferevent. */
void session_bury(struct session *s);
/* The last reply has left: close our side properly, then wait a moment for the peer to close his. */
void session_say_goodbye(struct session *s);
/* Nobody waits for the look-up any more. */
void session_drop_ask(struct session *s);

#endif
