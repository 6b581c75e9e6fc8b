/* HEADER: a balancer says who its client is, or asks for itself whether this worker takes reports. */
#include "session_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy_header.h"

bool
session_await_header(struct session *s)
{
    s->header = malloc(PROXY_HEADER_MAX);
    if (s->header == NULL)
        return false;
    session_enter(s, SESSION_HEADER);
    return true;
}

/* HEADER -> SILENT: from here on the peer is the balancer's client. */
static void
session_for_client(struct session *s, const struct address *client)
{
    free(s->header);
    s->header = NULL;
    session_begin(s, (const struct sockaddr *)&client->socket, client->len);
}

/* HEADER -> LINGER: a health check, answered in one line. */
static void
session_tell_health(struct session *s)
{
    const char *unready = hub_unready(s->hub);
    char line[80];
    int len = unready == NULL ? snprintf(line, sizeof(line), "yuebaod ready\n")
                              : snprintf(line, sizeof(line), "yuebaod not ready: %s\n", unready);

    if (send(s->fd, line, (size_t)len, MSG_NOSIGNAL) != len)
        session_end(s, LOG_DEBUG, "closed by peer");
    else
        session_say_goodbye(s);
}

void
session_on_header(struct session *s)
{
    struct address client;
    size_t wanted = 0;
    enum proxy_status status;

    while ((status = proxy_header_read(s->header, s->header_len, &wanted, &client)) == PROXY_MORE) {
        ssize_t n = recv(s->fd, s->header + s->header_len, wanted - s->header_len, 0);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            session_end(s, LOG_DEBUG, "closed by peer");
            return;
        }
        s->header_len += (size_t)n;
    }
    switch (status) {
    case PROXY_MORE:
        return;
    case PROXY_CLIENT:
        session_for_client(s, &client);
        return;
    case PROXY_LOCAL:
        session_tell_health(s);
        return;
    case PROXY_BAD:
        session_end(s, LOG_WARNING, "not a header of the PROXY protocol, version 2");
        return;
    }
}
