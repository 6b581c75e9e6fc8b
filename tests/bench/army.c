/*
 * army: connections that only cost time: a third says nothing, a third begins TLS and stops, a third stops in
 * the midst of a frame. Whoever is hung up on comes again after a second.
 *
 *   army PORT CA SCHOOLS CONNECTIONS
 *
 * Says "ready" once all have come, fights on until it is sent a line, and ends.
 */
#include <event2/bufferevent.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "envelope.h"
#include "gun.h"
#include "wire.h"

#define COME_AGAIN_MS 1000u
#define HELLO_MAX     2048u

enum weapon { SILENT, HANDSHAKE, FRAME, WEAPONS };

struct soldier {
    enum weapon weapon;
    uint32_t school;
    struct wire *wire;       /* FRAME */
    struct bufferevent *bev; /* the others */
    struct event *again;
};

static struct wire_house house;
static uint8_t client_hello[HELLO_MAX];
static size_t client_hello_len, come, begun, waves;

/* The first flight of a TLS client, once for all. */
static void
make_client_hello(void)
{
    SSL *session = SSL_new(house.context);
    BIO *out = BIO_new(BIO_s_mem()), *in = BIO_new(BIO_s_mem());
    int len = -1;

    if (session != NULL && out != NULL && in != NULL) {
        SSL_set_bio(session, in, out);
        SSL_set_connect_state(session);
        (void)SSL_do_handshake(session);
        len = BIO_read(out, client_hello, sizeof(client_hello));
    }
    if (len <= 0)
        exit(EX_SOFTWARE);
    client_hello_len = (size_t)len;
    SSL_free(session);
}

static void
fall(struct soldier *s)
{
    static const struct timeval wait = {COME_AGAIN_MS / 1000, COME_AGAIN_MS % 1000 * 1000};

    wire_free(s->wire);
    s->wire = NULL;
    if (s->bev != NULL)
        bufferevent_free(s->bev);
    s->bev = NULL;
    waves++;
    evtimer_add(s->again, &wait);
}

static void
on_plain_event(struct bufferevent *bev, short what, void *arg)
{
    struct soldier *s = arg;

    if ((what & BEV_EVENT_CONNECTED) == 0) {
        fall(s);
        return;
    }
    come++;
    if (s->weapon == HANDSHAKE)
        bufferevent_write(bev, client_hello, client_hello_len);
}

static void
on_open(const Yuebao__Welcome *welcome, void *arg)
{
    struct soldier *s = arg;

    (void)welcome;
    come++;
    wire_send_bytes(s->wire, "\0\0\x10\0half", 8); /* of a frame of 4 KiB */
}

static bool
on_reply(const Yuebao__Reply *reply, void *arg)
{
    (void)reply;
    (void)arg;
    return true;
}

static void
on_gone(uint32_t retry_ms, void *arg)
{
    (void)retry_ms;
    fall(arg);
}

static const struct wire_owner owner = {.on_open = on_open, .on_reply = on_reply, .on_gone = on_gone};

static void
attack(evutil_socket_t fd, short what, void *arg)
{
    struct soldier *s = arg;

    (void)fd;
    (void)what;
    begun++;
    if (s->weapon == FRAME) {
        s->wire = wire_new(&house, s->school, &owner, s);
    } else {
        s->bev = bufferevent_socket_new(house.base, -1, BEV_OPT_CLOSE_ON_FREE);
        if (s->bev != NULL) {
            bufferevent_setcb(s->bev, NULL, NULL, on_plain_event, s);
            bufferevent_enable(s->bev, EV_READ | EV_WRITE);
            bufferevent_socket_connect(s->bev, (const struct sockaddr *)&house.address,
                                       sizeof(house.address));
        }
    }
    if (s->wire == NULL && s->bev == NULL)
        exit(EX_OSERR);
}

static void
on_line(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    event_base_loopbreak(house.base);
}

int
main(int argc, char **argv)
{
    struct rlimit limit;
    struct soldier *army;
    struct event *line;
    size_t count;

    if (argc != 5) {
        fputs("usage: army PORT CA SCHOOLS CONNECTIONS\n", stderr);
        return EX_USAGE;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (!envelope_init() || !wire_house_init(&house, event_base_new(), argv[1], argv[2]))
        return EX_OSERR;
    make_client_hello();
    count = strtoul(argv[4], NULL, 10);
    army = calloc(count, sizeof(*army));
    line = event_new(house.base, STDIN_FILENO, EV_READ, on_line, NULL);
    if (army == NULL || line == NULL)
        return EX_OSERR;
    for (size_t i = 0; i < count; i++) {
        struct soldier *s = &army[i];
        /* they come within a second or two, not all in one instant */
        const struct timeval wait = {0, (suseconds_t)(i * 997 % 1000) * 999};
        s->weapon = (enum weapon)(i % WEAPONS);
        s->school = (uint32_t)(i % strtoul(argv[3], NULL, 10)) + 1;
        s->again = evtimer_new(house.base, attack, s);
        evtimer_add(s->again, &wait);
    }
    while (come < count)
        event_base_loop(house.base, EVLOOP_ONCE);
    puts("ready");
    fflush(stdout);
    event_add(line, NULL);
    event_base_dispatch(house.base);
    printf("{\"connections\": %zu, \"begun\": %zu, \"ended\": %zu}\n", count, begun, waves);
    gun_end();
    return EX_OK;
}
