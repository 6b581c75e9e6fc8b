#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "session.h"

#define BACKLOG          1024
#define ACCEPTS_PER_TURN 64u

/* Pause after accept() found no descriptor or memory, or the hub no place: the ones that are open need time
 * to end. */
static const struct timeval back_off = {0, 200 * 1000};

struct listener {
    int fd;
    struct hub *hub;
    bool for_balancers;
    struct address_ranges balancers; /* for_balancers: who they are */
    struct event *ready; /* a connection waits; not added while the hub is full or accept() failed */
    struct event *retry;
    bool failing; /* logged once until it works again */
};

/* `shared`: with others of this user that share it too. */
static int
bound_socket(const struct address *address, bool shared)
{
    static const int on = 1, off = 0;
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (address->socket.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)); /* [::] takes IPv4 too */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
        bind(fd, (const struct sockaddr *)&address->socket, address->len) != 0) {
        int why = errno;

        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

int
listener_hold(struct address *address)
{
    int fd = bound_socket(address, false);

    /* first alone: SO_REUSEPORT would let a second yuebaod share the port with one that runs, and nobody
     * would notice */
    if (fd < 0 || close(fd) != 0)
        return -1;
    fd = bound_socket(address, true);
    if (fd >= 0)
        getsockname(fd, (struct sockaddr *)&address->socket, &address->len);
    return fd;
}

/* accept() failed for want of something: rest a moment. */
static void
listener_rest(struct listener *l, int why)
{
    if (!l->failing)
        log_event(LOG_ERROR, "accept_failed", "errno", strerrorname_np(why), NULL);
    l->failing = true;
    event_del(l->ready);
    evtimer_add(l->retry, &back_off);
}

static void
listener_take(struct listener *l, int fd, const struct sockaddr *peer, socklen_t len)
{
    char text[ADDRESS_TEXT_MAX];

    if (!l->for_balancers) {
        session_accept(l->hub, fd, peer, len);
    } else if (address_ranges_have(&l->balancers, peer)) {
        session_accept_proxied(l->hub, fd, peer, len);
    } else {
        address_print(peer, len, text);
        log_peer(LOG_WARNING, "not_a_balancer", "peer", text, NULL);
        close(fd);
    }
}

static void
listener_on_connection(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;

    (void)what;
    for (unsigned n = 0; n < ACCEPTS_PER_TURN; n++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof(peer);
        int connection;

        if (hub_full(l->hub)) {
            hub_make_room(l->hub, ACCEPTS_PER_TURN);
            event_del(l->ready); /* listener_resume adds it again; or, if nobody could go, the timer */
            evtimer_add(l->retry, &back_off);
            return;
        }
        connection = accept4(fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (connection < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                listener_rest(l, errno);
            return; /* anything else is that one connection's trouble */
        }
        l->failing = false;
        listener_take(l, connection, (struct sockaddr *)&peer, len);
    }
}

static void
listener_on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;

    (void)fd;
    (void)what;
    event_add(l->ready, NULL);
}

void
listener_resume(struct listener *l)
{
    if (l == NULL || l->failing || event_pending(l->ready, EV_READ, NULL))
        return;
    evtimer_del(l->retry);
    event_add(l->ready, NULL);
}

struct listener *
listener_new(struct event_base *base, const struct address *address, struct hub *hub,
             const struct address_ranges *balancers)
{
    struct listener *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return NULL;
    l->hub = hub;
    l->for_balancers = balancers != NULL;
    if (balancers != NULL)
        l->balancers = *balancers;
    l->fd = bound_socket(address, true);
    if (l->fd < 0 || listen(l->fd, BACKLOG) != 0)
        goto fail;
    l->ready = event_new(base, l->fd, EV_READ | EV_PERSIST, listener_on_connection, l);
    l->retry = evtimer_new(base, listener_on_retry, l);
    if (l->ready == NULL || l->retry == NULL || event_add(l->ready, NULL) != 0)
        goto fail;
    return l;
fail:
    listener_free(l);
    return NULL;
}

void
listener_free(struct listener *l)
{
    if (l == NULL)
        return;
    if (l->ready != NULL)
        event_free(l->ready);
    if (l->retry != NULL)
        event_free(l->retry);
    if (l->fd >= 0)
        close(l->fd);
    free(l);
}
