#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "notify.h"
#include "worker.h"

#define PAUSE_FIRST_MS 100u
#define PAUSE_MAX_MS   10000u
#define PROVEN_MS      60000u /* who lived this long is replaced without a pause again */

/* One worker's place; the process in it changes. */
struct place {
    pid_t pid; /* 0: none */
    uint64_t started, start_at;
    unsigned pause_ms; /* before the next start; doubles from death to death */
};

struct supervisor {
    const char *config_path;
    struct config *config;
    const struct address *address, *proxy_address;
    struct place *places;
    unsigned n_places;
    sigset_t signals;
    int signal_fd;
    int ready_pipe[2];
    bool told_ready;
    bool ending;
};

static void
signal_workers(const struct supervisor *s, int number)
{
    for (unsigned i = 0; i < s->n_places; i++) {
        if (s->places[i].pid > 0)
            kill(s->places[i].pid, number);
    }
}

/* ---- processes ---------------------------------------------------------------------------------- */

/* In the child: nothing of the supervisor's is left but what worker_start names, and blocked signals. */
static int
become_worker(struct supervisor *s, unsigned number)
{
    struct worker_start start = {.number = (int)number,
                                 .config_path = s->config_path,
                                 .config = s->config,
                                 .address = s->address,
                                 .proxy_address = s->proxy_address,
                                 .ready_fd = s->ready_pipe[1]};

    close(s->signal_fd);
    close(s->ready_pipe[0]);
    return worker_run(&start);
}

/* true in the child, whose status is set. */
static bool
start_worker(struct supervisor *s, unsigned number, int *ret_status)
{
    struct place *place = &s->places[number];
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        /* a worker does not outlive its supervisor; if that died before the request, nobody would tell */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        *ret_status = getppid() == parent ? become_worker(s, number) : EX_SOFTWARE;
        return true;
    }
    place->started = clock_steady_ms();
    if (pid < 0) {
        log_event(LOG_ERROR, "fork_failed", "errno", strerrorname_np(errno), NULL);
        place->start_at = place->started + PAUSE_MAX_MS;
        return false;
    }
    place->pid = pid;
    return false;
}

static bool
start_due_workers(struct supervisor *s, int *ret_status)
{
    uint64_t now = clock_steady_ms();

    for (unsigned i = 0; i < s->n_places && !s->ending; i++) {
        if (s->places[i].pid == 0 && s->places[i].start_at <= now && start_worker(s, i, ret_status))
            return true;
    }
    return false;
}

/*
 * The first death is an accident and its place is filled at once, because nobody listens for it meanwhile;
 * the next ones may be the configuration's or the database's doing, and wait.
 */
static void
plan_restart(struct supervisor *s, struct place *place, int status)
{
    uint64_t now = clock_steady_ms();

    if (now - place->started >= PROVEN_MS)
        place->pause_ms = 0;
    place->start_at = now + place->pause_ms;
    log_event(LOG_ERROR, "worker_died", "number", LOG_NUMBER(place - s->places), "pid",
              LOG_NUMBER(place->pid), "signal", WIFSIGNALED(status) ? LOG_NUMBER(WTERMSIG(status)) : NULL,
              "status", WIFEXITED(status) ? LOG_NUMBER(WEXITSTATUS(status)) : NULL, "restart_ms",
              LOG_NUMBER(place->pause_ms), NULL);
    if (place->pause_ms == 0)
        place->pause_ms = PAUSE_FIRST_MS;
    else
        place->pause_ms = place->pause_ms < PAUSE_MAX_MS / 2 ? place->pause_ms * 2 : PAUSE_MAX_MS;
}

static void
reap(struct supervisor *s)
{
    int status = 0;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned i = 0; i < s->n_places; i++) {
            if (s->places[i].pid != pid)
                continue;
            if (!s->ending)
                plan_restart(s, &s->places[i], status);
            s->places[i].pid = 0;
        }
    }
}

/* ---- signals ------------------------------------------------------------------------------------ */

static void
swap(char **a, char **b)
{
    char *keep = *a;

    *a = *b;
    *b = keep;
}

/*
 * Workers started later see what those that run read themselves; what only a new start can change stays, so
 * that all workers are alike.
 */
static void
reload(struct supervisor *s)
{
    struct config *old = s->config, *new = config_read(s->config_path, config_log_fault);

    if (new == NULL)
        return; /* config_read has said why */
    if (strcmp(new->listen, old->listen) != 0 || strcmp(new->proxy_listen, old->proxy_listen) != 0 ||
        strcmp(new->proxy_from, old->proxy_from) != 0 || new->workers != old->workers ||
        strcmp(new->database, old->database) != 0 || new->links != old->links ||
        strcmp(new->receipt_key, old->receipt_key) != 0 || new->limits.connections != old->limits.connections)
        log_event(LOG_WARNING, "restart_needed", "reason",
                  "listen, proxy_listen, proxy_from, workers, receipt_key, database, links and connections "
                  "change with the next start only",
                  NULL);
    new->limits.connections = old->limits.connections;
    old->limits = new->limits;
    old->drain_ms = new->drain_ms;
    old->log_level = new->log_level;
    log_set_level(new->log_level);
    swap(&old->certificate, &new->certificate);
    swap(&old->private_key, &new->private_key);
    config_free(new);
}

static void
take_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;

    if (read(s->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    switch (info.ssi_signo) {
    case SIGCHLD:
        reap(s);
        return;
    case SIGHUP:
        reload(s);
        signal_workers(s, SIGHUP);
        return;
    case SIGUSR1:
        signal_workers(s, SIGUSR1);
        return;
    default: /* SIGTERM, SIGINT; the second one makes the workers end at once */
        if (!s->ending)
            notify("STOPPING=1");
        s->ending = true;
        signal_workers(s, SIGTERM);
        return;
    }
}

static void
take_ready(struct supervisor *s)
{
    char bytes[64];

    if (read(s->ready_pipe[0], bytes, sizeof(bytes)) > 0 && !s->told_ready) {
        s->told_ready = true;
        notify("READY=1");
    }
}

/* ---- the loop ----------------------------------------------------------------------------------- */

static bool
all_gone(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->n_places; i++) {
        if (s->places[i].pid != 0)
            return false;
    }
    return true;
}

/* Until the next worker is due; -1: none is. */
static int
next_start_ms(const struct supervisor *s)
{
    uint64_t now = clock_steady_ms(), soonest = UINT64_MAX;

    for (unsigned i = 0; i < s->n_places; i++) {
        if (s->places[i].pid == 0 && s->places[i].start_at < soonest)
            soonest = s->places[i].start_at;
    }
    if (soonest == UINT64_MAX)
        return -1;
    return soonest > now ? (int)(soonest - now) : 0;
}

/* Exit status; also where a forked worker comes back with its own. */
static int
supervise(struct supervisor *s)
{
    int status = EX_OK;

    for (;;) {
        struct pollfd wait[] = {{.fd = s->signal_fd, .events = POLLIN},
                                {.fd = s->ready_pipe[0], .events = POLLIN}};

        if (start_due_workers(s, &status))
            return status;
        if (s->ending && all_gone(s)) {
            log_event(LOG_NOTICE, "stopped", NULL);
            return EX_OK;
        }
        if (poll(wait, 2, s->ending ? -1 : next_start_ms(s)) < 0 && errno != EINTR)
            return EX_SOFTWARE;
        if (wait[0].revents != 0)
            take_signal(s);
        if (wait[1].revents != 0)
            take_ready(s);
    }
}

static bool
supervisor_begin(struct supervisor *s)
{
    sigemptyset(&s->signals);
    sigaddset(&s->signals, SIGTERM);
    sigaddset(&s->signals, SIGINT);
    sigaddset(&s->signals, SIGHUP);
    sigaddset(&s->signals, SIGUSR1);
    sigaddset(&s->signals, SIGCHLD);
    s->places = calloc(s->config->workers, sizeof(*s->places));
    s->n_places = s->config->workers;
    signal(SIGPIPE, SIG_IGN);
    return s->places != NULL && sigprocmask(SIG_BLOCK, &s->signals, NULL) == 0 &&
           (s->signal_fd = signalfd(-1, &s->signals, SFD_CLOEXEC | SFD_NONBLOCK)) >= 0 &&
           pipe2(s->ready_pipe, O_CLOEXEC | O_NONBLOCK) == 0;
}

int
supervisor_run(const char *config_path, struct config *config, const struct address *address,
               const struct address *proxy_address)
{
    struct supervisor s = {.config_path = config_path,
                           .config = config,
                           .address = address,
                           .proxy_address = proxy_address,
                           .signal_fd = -1};
    int status = EX_SOFTWARE;

    if (supervisor_begin(&s))
        status = supervise(&s);
    else
        log_event(LOG_ERROR, "start_failed", "errno", strerrorname_np(errno), NULL);
    free(s.places);
    config_free(config);
    return status;
}
