/*
 * post: JSON over HTTP/1.1, kept connections, one request at a time on each: what a loader sends to a service
 * that knows nothing of Yuebao.
 *
 *   post PORT SCHOOLS FIRST REPORTS CONNECTIONS
 *
 * Bodies are made before the clock runs. Any answer but 200 counts as refused.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "body.h"
#include "envelope.h"
#include "gun.h"
#include "paper.h"

struct lane {
    struct bufferevent *bev;
    double began;
};

static char **requests;
static size_t *lengths;
static size_t wanted, next, good, bad;
static struct gun_times times;

static void
make_requests(uint32_t schools, uint32_t first)
{
    char body[BODY_MAX];

    requests = calloc(wanted, sizeof(*requests));
    lengths = calloc(wanted, sizeof(*lengths));
    for (size_t i = 0; i < wanted; i++) {
        size_t len = body_of(paper_school_of(first + (uint32_t)i, schools), body);
        int made = asprintf(&requests[i],
                            "POST /report HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n%s",
                            len, body);
        if (made < 0)
            exit(EX_OSERR);
        lengths[i] = (size_t)made;
    }
}

static void
lane_send(struct lane *lane)
{
    if (next == wanted)
        return;
    lane->began = gun_clock();
    bufferevent_write(lane->bev, requests[next], lengths[next]);
    next++;
}

/* The bytes of a whole response at the start of the buffer; 0: not yet whole. */
static size_t
response_length(struct evbuffer *in, bool *ret_good)
{
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    char head[1024];
    const char *length;
    size_t whole;

    if (end.pos < 0 || (size_t)end.pos >= sizeof(head))
        return 0;
    evbuffer_copyout(in, head, (size_t)end.pos);
    head[end.pos] = '\0';
    length = strcasestr(head, "\r\ncontent-length:");
    if (length == NULL) {
        fputs("post: a response without a length\n", stderr);
        exit(EX_PROTOCOL);
    }
    whole = (size_t)end.pos + 4 + strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    *ret_good = strncmp(head, "HTTP/1.1 200", 12) == 0;
    return evbuffer_get_length(in) >= whole ? whole : 0;
}

static void
lane_on_read(struct bufferevent *bev, void *arg)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    struct lane *lane = arg;
    bool is_good = false;
    size_t len = response_length(in, &is_good);

    if (len == 0)
        return;
    evbuffer_drain(in, len);
    gun_times_add(&times, gun_clock() - lane->began);
    *(is_good ? &good : &bad) += 1;
    lane_send(lane);
}

static void
lane_on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    (void)arg;
    if ((what & BEV_EVENT_CONNECTED) != 0)
        return;
    fputs("post: connection lost\n", stderr);
    exit(EX_UNAVAILABLE);
}

static void
lane_open(struct lane *lane, struct event_base *base, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int one = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    lane->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(lane->bev, lane_on_read, NULL, lane_on_event, lane);
    bufferevent_enable(lane->bev, EV_READ | EV_WRITE);
    if (bufferevent_socket_connect(lane->bev, (struct sockaddr *)&address, sizeof(address)) != 0)
        exit(EX_UNAVAILABLE);
    (void)setsockopt(bufferevent_getfd(lane->bev), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

int
main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    struct lane *lanes;
    size_t connections;
    double began;

    if (argc != 6) {
        fputs("usage: post PORT SCHOOLS FIRST REPORTS CONNECTIONS\n", stderr);
        return EX_USAGE;
    }
    if (!envelope_init() || base == NULL)
        return EX_OSERR;
    wanted = strtoul(argv[4], NULL, 10);
    connections = strtoul(argv[5], NULL, 10);
    make_requests((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
    lanes = calloc(connections, sizeof(*lanes));
    for (size_t i = 0; i < connections; i++)
        lane_open(&lanes[i], base, argv[1]);
    gun_wait();
    began = gun_clock();
    for (size_t i = 0; i < connections; i++)
        lane_send(&lanes[i]);
    while (good + bad < wanted)
        event_base_loop(base, EVLOOP_ONCE);
    printf("{\"reports\": %zu, \"seconds\": %.4f, \"p50\": %.6f, \"p99\": %.6f, \"refused\": %zu}\n", good,
           gun_clock() - began, gun_times_at(&times, 0.5), gun_times_at(&times, 0.99), bad);
    gun_end();
    return bad == 0 ? EX_OK : EX_DATAERR;
}
