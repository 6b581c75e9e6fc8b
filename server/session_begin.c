/* How a session begins: accept(), the first byte, TLS. */
#include "session_inside.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define TLS_HANDSHAKE_RECORD 0x16 /* first byte of every TLS connection: RFC 8446, section 5.1 */
#define HANDSHAKE_MAX                                                                                        \
    (8u * 1024u)           /* bytes; a ClientHello with post-quantum keys has 2 KiB, OpenSSL would hold 128 */
#define LINGER_BYTES 4096u /* thrown away at once */

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
    session_hook(s);
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
    if (s->state == SESSION_HEADER) {
        session_on_header(s);
        return;
    }
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
    s->began_ms = clock_steady_ms();
    s->timer = evtimer_new(hub->base, session_on_deadline, s);
    s->id = s->timer != NULL ? hub_add(hub, s) : 0;
    if (s->id == 0) {
        s->fd = -1; /* stays the caller's */
        session_free(s);
        return NULL;
    }
    s->stranger = true;
    TAILQ_INSERT_TAIL(&hub->strangers, s, among_strangers);
    return s;
}

/* What both doors do; NULL: no memory, and fd is closed. */
static struct session *
session_plain(struct hub *hub, int fd)
{
    static const int on = 1;
    struct session *s = session_new(hub, fd);

    if (s == NULL) {
        close(fd);
        return NULL;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    s->plain = event_new(hub->base, fd, EV_READ | EV_PERSIST, session_on_plain, s);
    if (s->plain == NULL || event_add(s->plain, NULL) != 0) {
        session_free(s);
        return NULL;
    }
    return s;
}

void
session_begin(struct session *s, const struct sockaddr *peer, socklen_t len)
{
    s->hub->counters.accepted++;
    address_print(peer, len, s->peer);
    session_enter(s, SESSION_SILENT);
}

void
session_accept(struct hub *hub, int fd, const struct sockaddr *peer, socklen_t len)
{
    struct session *s = session_plain(hub, fd);

    if (s != NULL)
        session_begin(s, peer, len);
}

void
session_accept_proxied(struct hub *hub, int fd, const struct sockaddr *balancer, socklen_t len)
{
    struct session *s = session_plain(hub, fd);

    if (s == NULL)
        return;
    address_print(balancer, len, s->peer);
    if (!session_await_header(s))
        session_free(s);
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
    session_hook(s);
    session_enter(s, SESSION_HELLO);
    return s;
}
