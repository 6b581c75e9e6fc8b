#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "batch.h"
#include "clock.h"
#include "contact_book.h"
#include "envelope.h"
#include "hub.h"
#include "inquiry.h"
#include "listener.h"
#include "log.h"
#include "receipt_key.h"
#include "registry.h"
#include "registry_ask.h"
#include "tls.h"

/* A worker without a registry answers BUSY, but gives its siblings this long to be the better choice. */
#define LISTEN_ANYWAY_MS 2000

/* Everything that is asked on the asker's link. */
static const struct ask_kind *const asked[] = {&registry_ask_of_key, &registry_ask_of_enrolment,
                                               &inquiry_for_notices, &inquiry_for_holding,
                                               &contact_book_ask,    NULL};

/* How often a draining worker looks whether all is done. */
static const struct timeval drain_look = {0, 20 * 1000};

enum { ON_TERM, ON_INT, ON_HUP, ON_USR1, SIGNALS };

struct worker {
    const struct worker_start *start;
    struct event_base *base;
    struct event *signals[SIGNALS];
    struct event *listen_anyway;
    struct event *drain;
    uint64_t drain_until;
    unsigned drain_ms;
    struct receipt_key key;
    struct asker *asker;
    struct contacts contacts;
    struct contact_book *contact_book;
    struct registry *registry;
    struct batch *batch;
    struct hub *hub;
    struct listener *listener, *proxy_listener;
    bool was_ready;
    int status;
};

/* ---- listening ---------------------------------------------------------------------------------- */

static void
worker_fail(struct worker *w, int status, const char *what)
{
    log_event(LOG_ERROR, "worker_failed", "what", what, "errno", strerrorname_np(errno), NULL);
    w->status = status;
    event_base_loopbreak(w->base);
}

static void
worker_on_room(void *arg)
{
    struct worker *w = arg;

    listener_resume(w->listener);
    listener_resume(w->proxy_listener);
}

static bool
worker_listen_for_balancers(struct worker *w)
{
    struct address_ranges balancers;

    if (w->start->proxy_address == NULL)
        return true;
    if (!address_ranges_parse(w->start->config->proxy_from, &balancers))
        return false; /* config.c has let it pass: no memory */
    w->proxy_listener = listener_new(w->base, w->start->proxy_address, w->hub, &balancers);
    return w->proxy_listener != NULL;
}

/* New connections are for others now; a balancer whose check is refused knows it. */
static void
worker_stop_listening(struct worker *w)
{
    listener_free(w->listener);
    listener_free(w->proxy_listener);
    w->listener = w->proxy_listener = NULL;
}

static void
worker_listen(struct worker *w)
{
    if (w->listener != NULL || w->hub->draining)
        return;
    w->listener = listener_new(w->base, w->start->address, w->hub, NULL);
    if (w->listener == NULL || !worker_listen_for_balancers(w)) {
        worker_fail(w, EX_SOFTWARE, "listen");
        return;
    }
    if (write(w->start->ready_fd, "", 1) < 0)
        return; /* the supervisor is going away; PDEATHSIG tells us next */
}

static void
worker_on_registry(void *arg)
{
    struct worker *w = arg;

    if (!registry_ready(w->registry))
        return;
    worker_listen(w);
    if (!w->was_ready)
        log_event(LOG_NOTICE, "ready", "pid", LOG_NUMBER(getpid()), NULL);
    w->was_ready = true;
}

static void
worker_on_listen_anyway(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;

    (void)fd;
    (void)what;
    if (!w->was_ready)
        log_event(LOG_WARNING, "not_ready", "reason", "no database yet: everybody is told BUSY", NULL);
    worker_listen(w);
}

/* ---- signals ------------------------------------------------------------------------------------ */

static void
worker_on_drain_look(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    bool done = w->hub->count == 0 && batch_idle(w->batch) && contact_book_done(w->contact_book);

    (void)fd;
    (void)what;
    if (!done && clock_steady_ms() < w->drain_until)
        return;
    log_event(done ? LOG_NOTICE : LOG_WARNING, "drained", "sessions_left", LOG_NUMBER(w->hub->count), NULL);
    event_base_loopbreak(w->base);
}

static void
worker_on_term(evutil_socket_t signal_number, short what, void *arg)
{
    struct worker *w = arg;

    (void)signal_number;
    (void)what;
    if (w->hub->draining) {
        event_base_loopbreak(w->base);
        return;
    }
    log_event(LOG_NOTICE, "draining", "sessions", LOG_NUMBER(w->hub->count), NULL);
    worker_stop_listening(w);
    hub_drain(w->hub);
    w->drain_until = clock_steady_ms() + w->drain_ms;
    event_add(w->drain, &drain_look);
}

/* Everything new is made before anything old is given up. */
static void
worker_on_hup(evutil_socket_t signal_number, short what, void *arg)
{
    struct worker *w = arg;
    struct config *config = config_read(w->start->config_path, config_log_fault);
    char error[300] = "";
    SSL_CTX *tls = config != NULL
                       ? tls_context_new(config->certificate, config->private_key, error, sizeof(error))
                       : NULL;

    (void)signal_number;
    (void)what;
    if (tls == NULL) {
        log_event(LOG_ERROR, "reload_failed", "reason", config != NULL ? error : "configuration", NULL);
        config_free(config);
        return;
    }
    hub_set_tls(w->hub, tls);
    w->hub->limits = config->limits;
    w->drain_ms = config->drain_ms;
    log_set_level(config->log_level);
    config_free(config);
    log_event(LOG_NOTICE, "reloaded", NULL);
}

static void
worker_on_usr1(evutil_socket_t signal_number, short what, void *arg)
{
    struct worker *w = arg;
    const struct hub_counters *h = &w->hub->counters;
    struct batch_counters b = batch_counters(w->batch);

    (void)signal_number;
    (void)what;
    log_event(LOG_NOTICE, "counters", "sessions", LOG_NUMBER(w->hub->count), "connections",
              LOG_NUMBER(h->accepted), "hellos", LOG_NUMBER(h->opened), "enrolled", LOG_NUMBER(h->enrolled),
              "faults", LOG_NUMBER(h->faults), "timeouts", LOG_NUMBER(h->timeouts), "puts",
              LOG_NUMBER(h->puts), "refused", LOG_NUMBER(h->refused), "busy", LOG_NUMBER(h->busy), "returned",
              LOG_NUMBER(h->returned), "evicted", LOG_NUMBER(h->evicted), "waiting",
              LOG_NUMBER(w->hub->admission.waiting), "us_a_report", LOG_NUMBER(w->hub->admission.us_a_report),
              "batches", LOG_NUMBER(b.batches), "accepted", LOG_NUMBER(b.accepted), "repeated",
              LOG_NUMBER(b.repeated), "conflicts", LOG_NUMBER(b.conflicts), "poisoned",
              LOG_NUMBER(b.poisoned), "lookups", LOG_NUMBER(b.lookups), "folds", LOG_NUMBER(b.folds), NULL);
}

static bool
worker_hear_signals(struct worker *w)
{
    static const struct {
        int number;
        event_callback_fn hear;
    } heard[SIGNALS] = {
        [ON_TERM] = {SIGTERM, worker_on_term},
        [ON_INT] = {SIGINT, worker_on_term},
        [ON_HUP] = {SIGHUP, worker_on_hup},
        [ON_USR1] = {SIGUSR1, worker_on_usr1},
    };
    sigset_t none;

    for (int i = 0; i < SIGNALS; i++) {
        w->signals[i] = evsignal_new(w->base, heard[i].number, heard[i].hear, w);
        if (w->signals[i] == NULL || event_add(w->signals[i], NULL) != 0)
            return false;
    }
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) ==
           0; /* the supervisor's were blocked: none of ours was lost */
}

/* ---- start and stop ----------------------------------------------------------------------------- */

static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool
worker_make_hub(struct worker *w)
{
    const struct config *config = w->start->config;
    char error[300] = "";
    SSL_CTX *tls;

    if (!receipt_key_read(config->receipt_key, &w->key, error, sizeof(error)) ||
        (tls = tls_context_new(config->certificate, config->private_key, error, sizeof(error))) == NULL) {
        log_event(LOG_ERROR, "config_error", "message", error, NULL);
        w->status = EX_CONFIG;
        return false;
    }
    w->hub = hub_new(w->base, w->registry, w->asker, w->batch, &w->key, &config->limits);
    if (w->hub == NULL) {
        SSL_CTX_free(tls);
        return false;
    }
    hub_set_tls(w->hub, tls);
    w->hub->contacts = &w->contacts;
    w->hub->on_room = worker_on_room;
    w->hub->on_room_arg = w;
    return true;
}

static bool
worker_make_timers(struct worker *w)
{
    static const struct timeval listen_anyway = {LISTEN_ANYWAY_MS / 1000, 0};

    w->listen_anyway = evtimer_new(w->base, worker_on_listen_anyway, w);
    w->drain = event_new(w->base, -1, EV_PERSIST, worker_on_drain_look, w);
    return w->listen_anyway != NULL && w->drain != NULL && evtimer_add(w->listen_anyway, &listen_anyway) == 0;
}

/* In this order; worker_stop goes back. */
static bool
worker_begin(struct worker *w)
{
    const struct config *config = w->start->config;

    w->base = event_base_new();
    if (w->base == NULL || !worker_hear_signals(w) || !worker_make_timers(w))
        return false;
    w->batch = batch_new(w->base, config->database, config->links);
    if (w->batch == NULL)
        return false;
    w->asker = asker_new(w->base, config->database, asked);
    if (w->asker == NULL)
        return false;
    w->contact_book = contact_book_new(w->base, w->asker, &w->contacts);
    if (w->contact_book == NULL)
        return false;
    w->registry = registry_new(w->base, config->database, w->asker, worker_on_registry, w);
    if (w->registry == NULL)
        return false;
    return worker_make_hub(w);
}

static void
worker_stop(struct worker *w)
{
    worker_stop_listening(w);
    if (w->batch != NULL)
        batch_free(w->batch); /* may still answer: before the hub */
    hub_free(w->hub);
    if (w->registry != NULL)
        registry_free(w->registry);
    asker_free(w->asker);
    contact_book_free(w->contact_book);
    if (w->drain != NULL)
        event_free(w->drain);
    if (w->listen_anyway != NULL)
        event_free(w->listen_anyway);
    for (int i = 0; i < SIGNALS; i++) {
        if (w->signals[i] != NULL)
            event_free(w->signals[i]);
    }
    if (w->base != NULL) {
        event_base_loop(w->base,
                        EVLOOP_NONBLOCK); /* bufferevents live until libevent's deferred callbacks have run */
        event_base_free(w->base);
    }
    receipt_key_wipe(&w->key);
}

int
worker_run(const struct worker_start *start)
{
    struct worker w = {.start = start, .drain_ms = start->config->drain_ms, .status = EX_SOFTWARE};

    log_set_worker(start->number);
    raise_descriptor_limit();
    if (worker_begin(&w)) {
        w.status = EX_OK;
        event_base_dispatch(w.base);
    }
    worker_stop(&w);
    return w.status;
}
