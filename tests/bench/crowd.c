/*
 * crowd: schools that come whether or not the collector keeps up, so many a second, each once: a TLS
 * connection, hello, one report. Who is told BUSY hangs up and comes again when it was told to, with its
 * arrival, until it has its receipt.
 *
 *   crowd --port P --ca FILE --period P --schools N --rate R --seconds T
 *
 * Schools 1 to R × T. Ends when all are receipted; a school's wait runs from its first try to its receipt.
 */
#include <assert.h>
#include <event2/event.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "envelope.h"
#include "gun.h"
#include "paper.h"
#include "sixty.h"
#include "wire.h"

#define RETRY_MS 1000u /* after a connection that was lost */

struct options {
    const char *port, *ca, *period;
    size_t schools, rate, seconds;
};

struct crowd;

struct school {
    struct crowd *crowd;
    struct paper paper;
    struct wire *wire;
    struct event *again;
    double came;
    Yuebao__Arrival arrival; /* mac.len 0: none */
    uint8_t mac[MAC_SIZE];
};

struct crowd {
    struct options options;
    struct wire_house house;
    struct school *schools;
    size_t count, come, receipts, in_time, refused, busy, bare_busy, lost;
    double began;
    struct event *arrivals;
    struct gun_times waits;
};

static const struct wire_owner owner;

static void
come(struct school *s)
{
    s->wire = wire_new(&s->crowd->house, s->paper.school, &owner, s);
    if (s->wire == NULL) {
        fputs("crowd: no memory or no descriptor\n", stderr);
        exit(EX_OSERR);
    }
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    come(arg);
}

static void
come_again(struct school *s, uint32_t ms)
{
    const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    wire_free(s->wire);
    s->wire = NULL;
    evtimer_add(s->again, &wait);
}

/* ---- what a school hears ------------------------------------------------------------------------- */

static void
on_open(const Yuebao__Welcome *welcome, void *arg)
{
    struct school *s = arg;

    (void)welcome;
    wire_put(s->wire, s->paper.envelope, s->arrival.mac.len > 0 ? &s->arrival : NULL);
}

static void
take_busy(struct school *s, const Yuebao__Busy *busy)
{
    s->crowd->busy++;
    if (busy->arrival == NULL || busy->arrival->mac.len != MAC_SIZE) {
        s->crowd->bare_busy++;
    } else {
        s->arrival.at_ms = busy->arrival->at_ms;
        memcpy(s->mac, busy->arrival->mac.data, MAC_SIZE);
        s->arrival.mac = (ProtobufCBinaryData){MAC_SIZE, s->mac};
    }
    come_again(s, busy->retry_ms);
}

static bool
is_receipt(const struct school *s, const Yuebao__Answer *answer)
{
    Yuebao__Verdict *verdict = yuebao__verdict__unpack(NULL, answer->verdict.len, answer->verdict.data);
    bool good = verdict != NULL && verdict->outcome_case == YUEBAO__VERDICT__OUTCOME_RECEIPT &&
                !verdict->receipt->late && verdict->id.len == ID_SIZE &&
                memcmp(verdict->id.data, s->paper.id, ID_SIZE) == 0;

    if (verdict != NULL)
        yuebao__verdict__free_unpacked(verdict, NULL);
    return good;
}

static bool
on_reply(const Yuebao__Reply *reply, void *arg)
{
    struct school *s = arg;
    struct crowd *c = s->crowd;
    double now = gun_clock();

    if (reply->body_case == YUEBAO__REPLY__BODY_BUSY) {
        take_busy(s, reply->busy);
        return false;
    }
    if (reply->body_case == YUEBAO__REPLY__BODY_ANSWER && is_receipt(s, reply->answer))
        c->receipts++;
    else
        c->refused++;
    if (now - c->began <= (double)c->options.seconds)
        c->in_time++;
    gun_times_add(&c->waits, now - s->came);
    wire_free(s->wire);
    s->wire = NULL;
    return false;
}

static void
on_gone(uint32_t retry_ms, void *arg)
{
    struct school *s = arg;

    if (retry_ms > 0)
        s->crowd->busy++;
    else
        s->crowd->lost++;
    come_again(s, retry_ms > 0 ? retry_ms : RETRY_MS);
}

static const struct wire_owner owner = {.on_open = on_open, .on_reply = on_reply, .on_gone = on_gone};

/* ---- the run ------------------------------------------------------------------------------------- */

static void
on_arrivals(evutil_socket_t fd, short what, void *arg)
{
    struct crowd *c = arg;
    double now = gun_clock();

    (void)fd;
    (void)what;
    while (c->come < c->count && (double)c->come <= (now - c->began) * (double)c->options.rate) {
        c->schools[c->come].came = now;
        come(&c->schools[c->come++]);
    }
    if (c->come == c->count)
        event_del(c->arrivals);
}

static void
sign_all(struct crowd *c)
{
    struct catalogue *catalogue = sixty_catalogue(SIXTY_RULES);

    for (size_t i = 0; i < c->count; i++) {
        struct school *s = &c->schools[i];
        s->crowd = c;
        yuebao__arrival__init(&s->arrival);
        s->again = evtimer_new(c->house.base, on_again, s);
        paper_sign(catalogue, c->options.period, paper_school_of((uint32_t)i, (uint32_t)c->options.schools),
                   NULL, &s->paper);
    }
    catalogue_free(catalogue);
}

static int
run(struct crowd *c)
{
    static const struct timeval tick = {0, 5000};
    double ended;

    c->count = c->options.rate * c->options.seconds;
    c->schools = calloc(c->count, sizeof(*c->schools));
    c->arrivals = event_new(c->house.base, -1, EV_PERSIST, on_arrivals, c);
    if (c->schools == NULL || c->arrivals == NULL || c->count > c->options.schools)
        return EX_USAGE;
    sign_all(c);
    gun_wait();
    c->began = gun_clock();
    event_add(c->arrivals, &tick);
    while (c->receipts + c->refused < c->count)
        event_base_loop(c->house.base, EVLOOP_ONCE);
    ended = gun_clock() - c->began;
    printf("{\"reports\": %zu, \"seconds\": %.3f, \"in_time\": %zu, \"after\": %.3f, \"median\": %.3f, "
           "\"slowest\": %.3f, \"busy\": %zu, \"bare_busy\": %zu, \"refused\": %zu, \"lost_connections\": "
           "%zu}\n",
           c->receipts, ended, c->in_time, ended - (double)c->options.seconds, gun_times_at(&c->waits, 0.5),
           gun_times_at(&c->waits, 1), c->busy, c->bare_busy, c->refused, c->lost);
    gun_end();
    return c->refused == 0 ? EX_OK : EX_DATAERR;
}

static const struct option long_options[] = {{"port", required_argument, NULL, 'p'},
                                             {"ca", required_argument, NULL, 'a'},
                                             {"period", required_argument, NULL, 'P'},
                                             {"schools", required_argument, NULL, 'n'},
                                             {"rate", required_argument, NULL, 'r'},
                                             {"seconds", required_argument, NULL, 's'},
                                             {NULL, 0, NULL, 0}};

int
main(int argc, char **argv)
{
    struct crowd crowd = {0};
    struct options *o = &crowd.options;
    struct rlimit limit;
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'p':
            o->port = optarg;
            break;
        case 'a':
            o->ca = optarg;
            break;
        case 'P':
            o->period = optarg;
            break;
        case 'n':
            o->schools = strtoul(optarg, NULL, 10);
            break;
        case 'r':
            o->rate = strtoul(optarg, NULL, 10);
            break;
        case 's':
            o->seconds = strtoul(optarg, NULL, 10);
            break;
        default:
            return EX_USAGE;
        }
    }
    if (o->port == NULL || o->ca == NULL || o->period == NULL || o->rate == 0 || o->seconds == 0) {
        fputs("usage: crowd --port P --ca FILE --period P --schools N --rate R --seconds T\n", stderr);
        return EX_USAGE;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (!envelope_init() || !wire_house_init(&crowd.house, event_base_new(), o->port, o->ca))
        return EX_OSERR;
    return run(&crowd);
}
