/*
 * load: many schools at once, from statements that are signed before the clock runs to their receipts.
 *
 *   load --port P --ca FILE --schools N --period P --reports R [--first F] [--sessions S] [--window W]
 *        [--fresh] [--corrections PERCENT] [--repeats PERCENT]
 *
 * Reports F to F + R - 1 (paper.h says whose) over S kept sessions, W on their way at once in each; with
 * --fresh every report has a TLS connection of its own, S at a time: connect, hello, put, receipt, close. A
 * share of the reports may be corrections and repeats of reports that were sent before the clock ran. What
 * is told BUSY comes again after the time that the server wishes; a report's time runs from its first try to
 * its receipt. Every hundredth receipt's signature is verified: the schools' own processors are not here.
 */
#include <assert.h>
#include <event2/event.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "envelope.h"
#include "gun.h"
#include "paper.h"
#include "sixty.h"
#include "wire.h"

#define VERIFY_EVERY 100u
#define RETRY_MS     100u /* after a connection that was lost */

struct options {
    const char *port, *ca, *period;
    size_t schools, reports, first, sessions, window, corrections, repeats;
    bool fresh;
};

struct job {
    struct paper paper;
    double began; /* 0: not yet tried */
};

struct load;

/* One session after the other. */
struct seat {
    struct load *load;
    struct wire *wire;
    struct event *again;
    size_t *jobs; /* on their way */
    uint32_t *numbers;
    size_t n_jobs;
};

struct load {
    struct options options;
    struct wire_house house;
    struct seat *seats;
    struct job *jobs;
    size_t n_jobs, next;
    size_t *back; /* jobs that must come again, before what is next */
    size_t n_back;
    size_t open, receipts, refused, busy, lost;
    uint8_t server_key[KEY_SIZE];
    struct gun_times times;
};

static void seat_fill(struct seat *seat);
static void seat_connect(struct seat *seat, uint32_t school);

/* ---- jobs --------------------------------------------------------------------------------------- */

static bool
jobs_left(const struct load *load)
{
    return load->n_back > 0 || load->next < load->n_jobs;
}

static size_t
job_take(struct load *load)
{
    size_t at = load->n_back > 0 ? load->back[--load->n_back] : load->next++;

    if (load->jobs[at].began == 0)
        load->jobs[at].began = gun_clock();
    return at;
}

static void
job_done(struct load *load, size_t at)
{
    gun_times_add(&load->times, gun_clock() - load->jobs[at].began);
}

/* ---- answers ------------------------------------------------------------------------------------ */

static bool
is_receipt(struct load *load, const Yuebao__Answer *answer, const struct paper *paper)
{
    const struct part part = {answer->verdict.data, answer->verdict.len};
    Yuebao__Verdict *verdict = yuebao__verdict__unpack(NULL, answer->verdict.len, answer->verdict.data);
    bool good = verdict != NULL && verdict->outcome_case == YUEBAO__VERDICT__OUTCOME_RECEIPT &&
                verdict->id.len == ID_SIZE && memcmp(verdict->id.data, paper->id, ID_SIZE) == 0;

    if (good && load->receipts % VERIFY_EVERY == 0)
        good = answer->signature.len == SIGNATURE_SIZE &&
               envelope_verify(PURPOSE_VERDICT, &part, 1, load->server_key, answer->signature.data);
    if (!good && load->refused == 0)
        fprintf(stderr, "load: school %u, revision %u: no receipt (outcome %d)\n", paper->school,
                paper->revision, verdict != NULL ? (int)verdict->outcome_case : -1);
    if (verdict != NULL)
        yuebao__verdict__free_unpacked(verdict, NULL);
    return good;
}

/* The job that the reply is about leaves the seat. */
static size_t
seat_job_of(struct seat *seat, uint32_t number)
{
    size_t at = 0, job;

    while (at < seat->n_jobs && seat->numbers[at] != number)
        at++;
    assert(at < seat->n_jobs);
    job = seat->jobs[at];
    seat->n_jobs--;
    seat->jobs[at] = seat->jobs[seat->n_jobs];
    seat->numbers[at] = seat->numbers[seat->n_jobs];
    return job;
}

static void
seat_wait(struct seat *seat, uint32_t ms)
{
    const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    evtimer_add(seat->again, &wait);
}

static void
seat_leave(struct seat *seat)
{
    wire_free(seat->wire);
    seat->wire = NULL;
}

static bool
seat_on_reply(const Yuebao__Reply *reply, void *arg)
{
    struct seat *seat = arg;
    struct load *load = seat->load;
    size_t job = seat_job_of(seat, reply->number);
    uint32_t wait_ms = 0;

    if (reply->body_case == YUEBAO__REPLY__BODY_BUSY || reply->body_case == YUEBAO__REPLY__BODY_WAIT) {
        wait_ms =
            reply->body_case == YUEBAO__REPLY__BODY_BUSY ? reply->busy->retry_ms : reply->wait->retry_ms;
        load->busy++;
        load->back[load->n_back++] = job;
    } else {
        if (reply->body_case == YUEBAO__REPLY__BODY_ANSWER &&
            is_receipt(load, reply->answer, &load->jobs[job].paper))
            load->receipts++;
        else
            load->refused++;
        job_done(load, job);
    }
    if (load->options.fresh)
        seat_leave(seat);
    if (wait_ms > 0)
        seat_wait(seat, wait_ms);
    else
        seat_fill(seat);
    return !load->options.fresh;
}

static void
seat_on_gone(uint32_t retry_ms, void *arg)
{
    struct seat *seat = arg;
    struct load *load = seat->load;

    if (retry_ms > 0)
        load->busy++;
    else
        load->lost++;
    while (seat->n_jobs > 0)
        load->back[load->n_back++] = seat->jobs[--seat->n_jobs];
    seat_leave(seat);
    seat_wait(seat, retry_ms > 0 ? retry_ms : RETRY_MS);
}

/* ---- sessions ----------------------------------------------------------------------------------- */

static void
seat_put(struct seat *seat, size_t job)
{
    seat->jobs[seat->n_jobs] = job;
    seat->numbers[seat->n_jobs++] = wire_put(seat->wire, seat->load->jobs[job].paper.envelope, NULL);
}

static void
seat_on_open(const Yuebao__Welcome *welcome, void *arg)
{
    struct seat *seat = arg;
    struct load *load = seat->load;

    memcpy(load->server_key, welcome->server_key[0].data, KEY_SIZE);
    load->open++;
    if (load->options.fresh)
        seat->numbers[0] = wire_put(seat->wire, load->jobs[seat->jobs[0]].paper.envelope, NULL);
    else if (load->jobs != NULL)
        seat_fill(seat); /* it had been lost */
}

static const struct wire_owner seat_owner = {
    .on_open = seat_on_open, .on_reply = seat_on_reply, .on_gone = seat_on_gone};

static void
seat_connect(struct seat *seat, uint32_t school)
{
    seat->wire = wire_new(&seat->load->house, school, &seat_owner, seat);
    if (seat->wire == NULL)
        seat_on_gone(0, seat);
}

/* The next report gets its own connection, or as many as the window takes go out on the one that is here. */
static void
seat_fill(struct seat *seat)
{
    struct load *load = seat->load;

    if (load->options.fresh) {
        if (!jobs_left(load))
            return;
        seat->jobs[0] = job_take(load);
        seat->n_jobs = 1;
        seat_connect(seat, load->jobs[seat->jobs[0]].paper.school);
        return;
    }
    while (seat->n_jobs < load->options.window && jobs_left(load))
        seat_put(seat, job_take(load));
}

static void
seat_on_again(evutil_socket_t fd, short what, void *arg)
{
    struct seat *seat = arg;

    (void)fd;
    (void)what;
    if (seat->wire == NULL && !seat->load->options.fresh)
        seat_connect(seat, (uint32_t)(seat - seat->load->seats) + 1);
    else
        seat_fill(seat);
}

/* ---- the run ------------------------------------------------------------------------------------ */

static void *
room(size_t count, size_t size)
{
    void *made = calloc(count + 1, size);

    if (made == NULL)
        exit(EX_OSERR);
    return made;
}

static void
make_seats(struct load *load)
{
    load->seats = room(load->options.sessions, sizeof(*load->seats));
    for (size_t i = 0; i < load->options.sessions; i++) {
        struct seat *seat = &load->seats[i];
        seat->load = load;
        seat->again = evtimer_new(load->house.base, seat_on_again, seat);
        seat->jobs = room(load->options.window, sizeof(*seat->jobs));
        seat->numbers = room(load->options.window, sizeof(*seat->numbers));
    }
}

static void
sign_job(struct load *load, const struct catalogue *catalogue, size_t at, const struct paper *previous)
{
    const struct options *o = &load->options;
    uint32_t school = previous != NULL ? previous->school
                                       : paper_school_of((uint32_t)(o->first + at), (uint32_t)o->schools);

    paper_sign(catalogue, o->period, school, previous, &load->jobs[at].paper);
}

/* Of a hundred reports behind one another, so many are corrections, and so many after these are repeats. */
static void
sign_jobs(struct load *load, const struct job *earlier)
{
    const struct options *o = &load->options;
    struct catalogue *catalogue = sixty_catalogue(SIXTY_RULES);
    size_t old = 0;

    for (size_t i = 0; i < load->n_jobs; i++) {
        size_t turn = earlier != NULL ? i * 37 % 100 : 100;
        if (turn < o->corrections)
            sign_job(load, catalogue, i, &earlier[old++].paper);
        else if (turn < o->corrections + o->repeats)
            load->jobs[i].paper = earlier[old++].paper;
        else
            sign_job(load, catalogue, i, NULL);
    }
    catalogue_free(catalogue);
}

static void
send_all(struct load *load)
{
    for (size_t i = 0; i < load->options.sessions; i++)
        seat_fill(&load->seats[i]);
    while (load->receipts + load->refused < load->n_jobs)
        event_base_loop(load->house.base, EVLOOP_ONCE);
}

static void
jobs_init(struct load *load, size_t count)
{
    load->n_jobs = count;
    load->next = load->receipts = load->refused = 0;
    load->times.count = 0;
    load->jobs = room(count, sizeof(*load->jobs));
    load->back = room(count, sizeof(*load->back));
}

static void
print_result(struct load *load, double seconds)
{
    printf("{\"reports\": %zu, \"seconds\": %.4f, \"p50\": %.6f, \"p99\": %.6f, \"slowest\": %.6f, "
           "\"refused\": %zu, \"busy\": %zu, \"lost_connections\": %zu}\n",
           load->receipts, seconds, gun_times_at(&load->times, 0.5), gun_times_at(&load->times, 0.99),
           gun_times_at(&load->times, 1), load->refused, load->busy, load->lost);
}

static int
run(struct load *load)
{
    const struct options *o = &load->options;
    size_t old = o->reports * (o->corrections + o->repeats) / 100 + 100;
    struct job *earlier = NULL;
    double began;

    make_seats(load);
    for (size_t i = 0; i < o->sessions && !o->fresh; i++)
        seat_connect(&load->seats[i], (uint32_t)i + 1);
    while (load->open < o->sessions && !o->fresh)
        event_base_loop(load->house.base, EVLOOP_ONCE);
    if (o->corrections + o->repeats > 0) {
        jobs_init(load, old);
        sign_jobs(load, NULL);
        send_all(load);
        earlier = load->jobs;
        load->options.first += old;
    }
    jobs_init(load, o->reports);
    sign_jobs(load, earlier);
    gun_wait();
    began = gun_clock();
    send_all(load);
    print_result(load, gun_clock() - began);
    gun_end();
    return load->refused == 0 ? EX_OK : EX_DATAERR;
}

/* ---- options ------------------------------------------------------------------------------------ */

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},     {"ca", required_argument, NULL, 'a'},
    {"period", required_argument, NULL, 'P'},   {"schools", required_argument, NULL, 'n'},
    {"reports", required_argument, NULL, 'r'},  {"first", required_argument, NULL, 'f'},
    {"sessions", required_argument, NULL, 's'}, {"window", required_argument, NULL, 'w'},
    {"fresh", no_argument, NULL, 'F'},          {"corrections", required_argument, NULL, 'c'},
    {"repeats", required_argument, NULL, 'R'},  {NULL, 0, NULL, 0}};

static bool
take_option(struct options *o, int option)
{
    const struct {
        int letter;
        size_t *number;
    } numbers[] = {{'n', &o->schools}, {'r', &o->reports},     {'f', &o->first},  {'s', &o->sessions},
                   {'w', &o->window},  {'c', &o->corrections}, {'R', &o->repeats}};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (option == numbers[i].letter) {
            *numbers[i].number = strtoul(optarg, NULL, 10);
            return true;
        }
    }
    if (option == 'F')
        o->fresh = true;
    else if (option == 'p')
        o->port = optarg;
    else if (option == 'a')
        o->ca = optarg;
    else if (option == 'P')
        o->period = optarg;
    else
        return false;
    return true;
}

int
main(int argc, char **argv)
{
    struct load load = {.options = {.first = 0, .sessions = 1, .window = 1}};
    struct options *o = &load.options;
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!take_option(o, option))
            return EX_USAGE;
    if (o->port == NULL || o->ca == NULL || o->period == NULL || o->reports == 0 || o->schools == 0 ||
        o->sessions == 0 || o->window == 0 || optind != argc) {
        fputs("usage: load --port P --ca FILE --schools N --period P --reports R ...\n", stderr);
        return EX_USAGE;
    }
    if (o->fresh)
        o->window = 1;
    if (!envelope_init() || !wire_house_init(&load.house, event_base_new(), o->port, o->ca))
        return EX_OSERR;
    return run(&load);
}
