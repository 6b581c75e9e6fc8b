/*
 * books: the database's share of a report, beside the ceiling that no collector can pass.
 *
 *   books copy|figures|totals|batch --database CONNINFO --receipt-key FILE --period P --schools N --reports R
 *         [--first F] [--spread S] [--batch B] [--links L] [--rate N]
 *
 *   copy     libpq: COPY BINARY of the figures, one transaction a batch, nothing else; blocking, a thread a
 * link figures  the collector's own statements: claim, COPY figure, COMMIT; one link totals   the same with
 * COPY total_delta, as every batch has it; one link batch    the collector's room as a whole, batch.h: it
 * makes its batches itself, and folds
 *
 * Statements are signed, judged and receipted before the clock runs: what is measured begins where intake
 * ends. A hundred reports go ahead of the clock, so that plans are made and caches warm: reports F to F + R +
 * 99 are used. Every way sorts its batches by school. School n has the id (n - 1) × S + 1. With a rate,
 * "batch" is given N reports a second, whether or not those before are done, and a report's time counts from
 * when it was due.
 */
#include <assert.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <event2/event.h>
#include <libpq-fe.h>

#include "answer.h"
#include "batch.h"
#include "binary.h"
#include "books.h"
#include "clock.h"
#include "envelope.h"
#include "group.h"
#include "gun.h"
#include "link.h"
#include "log.h"
#include "paper.h"
#include "sixty.h"
#include "store.h"
#include "totals.h"

#define COPY_FIGURES                                                                                         \
    "COPY yuebao.figure (district, period, school, indicator, form, missing, value, denominator)"            \
    " FROM STDIN (FORMAT binary)"
#define FORM_ID      1
#define CATALOGUE_ID 1
#define AHEAD        100u /* reports, before the clock runs */

struct options {
    const char *database, *receipt_key, *period;
    size_t schools, reports, first, spread, batch, links, rate;
};

static struct options options = {.spread = 1, .batch = 100, .links = 1};
static struct submission **submissions;
static struct gun_times times; /* of batches; of reports with "batch" */

static void
give_up(const char *what, const char *why)
{
    fprintf(stderr, "books: %s: %s\n", what, why);
    exit(EX_UNAVAILABLE);
}

/* ---- submissions -------------------------------------------------------------------------------- */

static struct submission *
submission_of(const struct catalogue *catalogue, const struct receipt_key *key, uint32_t school)
{
    struct submission *s = submission_new();
    struct verdict_head head;
    struct paper paper;

    assert(s != NULL);
    paper_sign(catalogue, options.period, school, NULL, &paper);
    s->kind = SUBMISSION_REPORT;
    s->school_id = (int32_t)((school - 1) * options.spread + 1);
    s->form_id = FORM_ID;
    s->catalogue_id = CATALOGUE_ID;
    if (!period_parse(options.period, &s->period))
        give_up("period", options.period);
    s->revision = 1;
    memcpy(s->id, paper.id, ID_SIZE);
    memcpy(s->key, paper.envelope->key.data, KEY_SIZE);
    s->received_ms = clock_now_ms();
    s->envelope_len = yuebao__envelope__get_packed_size(paper.envelope);
    s->envelope = malloc(s->envelope_len);
    yuebao__envelope__pack(paper.envelope, s->envelope);
    s->statement =
        yuebao__statement__unpack(NULL, paper.envelope->statement.len, paper.envelope->statement.data);
    head = (struct verdict_head){.id = s->id,
                                 .school = s->statement->school,
                                 .form = s->statement->form,
                                 .period = s->statement->period,
                                 .revision = 1,
                                 .decided_ms = s->received_ms};
    s->answer = answer_receipt(key, &head, false, 0, &s->answer_len);
    paper_fini(&paper);
    return s;
}

static void
make_submissions(void)
{
    struct catalogue *catalogue = sixty_catalogue(SIXTY_RULES);
    struct receipt_key key;
    char error[300];

    if (!receipt_key_read(options.receipt_key, &key, error, sizeof(error)))
        give_up("receipt key", error);
    submissions = calloc(AHEAD + options.reports, sizeof(struct submission *));
    assert(submissions != NULL);
    for (size_t i = 0; i < AHEAD + options.reports; i++)
        submissions[i] = submission_of(
            catalogue, &key, paper_school_of((uint32_t)(options.first + i), (uint32_t)options.schools));
    catalogue_free(catalogue);
}

/* ---- copy --------------------------------------------------------------------------------------- */

struct copier {
    pthread_t thread;
    PGconn *db;
    size_t from, to;
    struct binary stream;
    struct gun_times times;
};

static int
compare_schools(const void *a, const void *b)
{
    const struct submission *const *x = a, *const *y = b;

    return ((*x)->school_id > (*y)->school_id) - ((*x)->school_id < (*y)->school_id);
}

static void
write_figures(struct binary *stream, const struct submission *s)
{
    const Yuebao__Statement *st = s->statement;
    int32_t district = paper_district((uint32_t)(s->school_id - 1) / (uint32_t)options.spread + 1);

    for (size_t i = 0; i < st->n_indicator; i++) {
        binary_copy_row(stream, 8);
        binary_int4(stream, district);
        binary_date(stream, s->period.first_day);
        binary_int4(stream, s->school_id);
        binary_int2(stream, (int16_t)st->indicator[i]);
        binary_int2(stream, s->form_id);
        binary_null(stream);
        binary_int8(stream, st->value[i]);
        binary_int8(stream, st->denominator[i]);
    }
}

static void
copy_batch(struct copier *copier, size_t from, size_t count)
{
    PGresult *result = PQexec(copier->db, COPY_FIGURES);

    if (PQresultStatus(result) != PGRES_COPY_IN)
        give_up("COPY", PQerrorMessage(copier->db));
    PQclear(result);
    qsort(submissions + from, count, sizeof(struct submission *), compare_schools);
    binary_clear(&copier->stream);
    binary_copy_header(&copier->stream);
    for (size_t i = from; i < from + count; i++)
        write_figures(&copier->stream, submissions[i]);
    binary_copy_trailer(&copier->stream);
    if (PQputCopyData(copier->db, (const char *)copier->stream.bytes, (int)copier->stream.len) != 1 ||
        PQputCopyEnd(copier->db, NULL) != 1)
        give_up("COPY", PQerrorMessage(copier->db));
    while ((result = PQgetResult(copier->db)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            give_up("COPY", PQresultErrorMessage(result));
        PQclear(result);
    }
}

static void *
copy_run(void *arg)
{
    struct copier *copier = arg;

    for (size_t at = copier->from; at < copier->to; at += options.batch) {
        size_t left = copier->to - at;
        double began = gun_clock();
        copy_batch(copier, at, left < options.batch ? left : options.batch);
        gun_times_add(&copier->times, gun_clock() - began);
    }
    return NULL;
}

static void
copy_all(struct copier *copiers, size_t from, size_t count)
{
    for (size_t i = 0; i < options.links; i++) {
        copiers[i].from = from + count * i / options.links;
        copiers[i].to = from + count * (i + 1) / options.links;
        pthread_create(&copiers[i].thread, NULL, copy_run, &copiers[i]);
    }
    for (size_t i = 0; i < options.links; i++)
        pthread_join(copiers[i].thread, NULL);
}

static double
run_copy(void)
{
    struct copier *copiers = calloc(options.links, sizeof(*copiers));
    double began;

    assert(copiers != NULL);
    for (size_t i = 0; i < options.links; i++) {
        copiers[i].db = PQconnectdb(options.database);
        if (PQstatus(copiers[i].db) != CONNECTION_OK)
            give_up("connect", PQerrorMessage(copiers[i].db));
    }
    copy_all(copiers, 0, AHEAD);
    copiers[0].times.count = 0;
    gun_wait();
    began = gun_clock();
    copy_all(copiers, AHEAD, options.reports);
    times = copiers[0].times;
    return gun_clock() - began;
}

/* ---- figures, totals: the collector's statements on one link ------------------------------------ */

enum lane_step { LANE_FREE, LANE_CLAIM, LANE_COPY };

struct lane {
    struct event_base *base;
    struct link *link;
    bool with_totals, committed;
    enum lane_step step;
    struct queue queue;
    struct slots *slots;
    struct group *group;
    struct totals totals;
    struct binary streams[2];
    unsigned copies;
    double began;
};

static void
lane_copy(struct lane *lane)
{
    if (store_mark_lost(lane->group))
        give_up("claim", "a slot was taken already");
    lane->step = LANE_COPY;
    lane->copies = 0;
    lane->committed = false;
    books_copy_figures(lane->group, &lane->streams[0], &lane->totals);
    totals_copy(&lane->totals, &lane->streams[1]);
    if (lane->with_totals)
        books_send_copy(lane->link, STORE_COMMIT, false, true);
    else
        link_simple(lane->link, STORE_COMMIT, COPY_FIGURES ";COMMIT");
}

static void
lane_done(struct lane *lane)
{
    if (!lane->committed)
        give_up("commit", "it was not");
    gun_times_add(&times, gun_clock() - lane->began);
    for (size_t i = 0; i < lane->group->count; i++)
        slots_give_back(lane->slots, lane->group->claims[i].submission);
    group_free(lane->group);
    lane->group = NULL;
    totals_clear(&lane->totals);
    binary_clear(&lane->streams[0]);
    binary_clear(&lane->streams[1]);
    lane->step = LANE_FREE;
}

static void
lane_begin(struct lane *lane)
{
    lane->group = group_take(&lane->queue, lane->slots, options.batch);
    if (lane->group == NULL) {
        event_base_loopbreak(lane->base);
        return;
    }
    lane->began = gun_clock();
    lane->step = LANE_CLAIM;
    store_send_claims(lane->link, lane->group);
}

static void
lane_on_idle(void *arg)
{
    struct lane *lane = arg;

    switch (lane->step) {
    case LANE_FREE:
        event_base_loopbreak(lane->base); /* the link is up */
        return;
    case LANE_CLAIM:
        lane_copy(lane);
        return;
    case LANE_COPY:
        lane_done(lane);
        lane_begin(lane);
        return;
    }
}

static void
lane_on_result(int tag, const PGresult *result, void *arg)
{
    struct lane *lane = arg;

    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        if (tag == STORE_CLAIM)
            store_read_won(result, lane->group);
        return;
    case PGRES_COMMAND_OK:
        lane->committed = strcmp(PQcmdStatus((PGresult *)result), "COMMIT") == 0;
        return;
    case PGRES_COPY_IN:
        link_copy(lane->link, &lane->streams[lane->copies++]);
        return;
    default:
        give_up("statement", PQresultErrorMessage(result));
    }
}

static void
lane_on_broken(bool was_up, void *arg)
{
    (void)arg;
    give_up("link", was_up ? "lost" : "cannot connect");
}

static void
lane_all(struct lane *lane, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++)
        queue_push(&lane->queue, submissions[i]);
    lane_begin(lane);
    event_base_dispatch(lane->base);
}

static double
run_lane(bool with_totals)
{
    static const struct link_owner owner = {.role = "yuebao bench",
                                            .settings = store_settings,
                                            .statements = store_statements,
                                            .on_idle = lane_on_idle,
                                            .on_result = lane_on_result,
                                            .on_broken = lane_on_broken};
    struct lane lane = {.base = event_base_new(), .with_totals = with_totals, .slots = slots_new()};
    double began;

    queue_init(&lane.queue);
    lane.link = link_new(lane.base, options.database, &owner, &lane);
    event_base_dispatch(lane.base);
    lane_all(&lane, 0, AHEAD);
    times.count = 0;
    gun_wait();
    began = gun_clock();
    lane_all(&lane, AHEAD, options.reports);
    return gun_clock() - began;
}

/* ---- batch: the room as a whole ----------------------------------------------------------------- */

struct room {
    struct event_base *base;
    struct batch *batch;
    struct event *tick; /* with a rate */
    size_t next, done, until;
    size_t first; /* and since when, where they come at a rate */
    double first_at;
    double *began;
};

static struct room room;

/* As many as the room has work for at once: what the next batches gather. */
static void
room_fill(void)
{
    size_t most = options.links * options.batch * 2;

    while (room.next < room.until && room.next - room.done < most) {
        room.began[room.next] = gun_clock();
        if (!batch_submit(room.batch, submissions[room.next]))
            return;
        room.next++;
    }
}

/* Those that are due by now. */
static void
room_tick(evutil_socket_t fd, short what, void *arg)
{
    double now = gun_clock();

    (void)fd, (void)what, (void)arg;
    for (; room.next < room.until; room.next++) {
        double due = room.first_at + (double)(room.next - room.first) / (double)options.rate;
        if (due > now)
            return;
        room.began[room.next] = due;
        if (!batch_submit(room.batch, submissions[room.next]))
            return;
    }
}

static void
room_on_done(struct submission *s, enum submission_outcome outcome, void *arg)
{
    if (outcome != SUBMISSION_ACCEPTED)
        give_up("batch", s->sqlstate);
    gun_times_add(&times, gun_clock() - *(double *)arg);
    if (++room.done == room.until)
        event_base_loopbreak(room.base);
    if (options.rate == 0)
        room_fill();
}

static void
room_all(size_t count)
{
    static const struct timeval often = {.tv_usec = 1000};

    room.until = room.next + count;
    room.first = room.next;
    room.first_at = gun_clock();
    if (options.rate == 0)
        room_fill();
    else
        event_add(room.tick, &often);
    event_base_dispatch(room.base);
    event_del(room.tick);
}

static double
run_batch(void)
{
    const struct timeval all_links_up = {.tv_usec = 300 * 1000};
    double began;

    room.base = event_base_new();
    room.began = calloc(AHEAD + options.reports, sizeof(double));
    room.batch = batch_new(room.base, options.database, (unsigned)options.links);
    room.tick = event_new(room.base, -1, EV_PERSIST, room_tick, NULL);
    assert(room.base != NULL && room.began != NULL && room.batch != NULL && room.tick != NULL);
    for (size_t i = 0; i < AHEAD + options.reports; i++) {
        submissions[i]->done = room_on_done;
        submissions[i]->arg = &room.began[i];
    }
    event_base_loopexit(room.base, &all_links_up);
    event_base_dispatch(room.base);
    room_all(AHEAD);
    times.count = 0;
    gun_wait();
    began = gun_clock();
    room_all(options.reports);
    return gun_clock() - began;
}

/* ---- options ------------------------------------------------------------------------------------ */

static const struct option long_options[] = {{"database", required_argument, NULL, 'd'},
                                             {"receipt-key", required_argument, NULL, 'k'},
                                             {"period", required_argument, NULL, 'P'},
                                             {"schools", required_argument, NULL, 'n'},
                                             {"reports", required_argument, NULL, 'r'},
                                             {"first", required_argument, NULL, 'f'},
                                             {"spread", required_argument, NULL, 's'},
                                             {"batch", required_argument, NULL, 'b'},
                                             {"links", required_argument, NULL, 'l'},
                                             {"rate", required_argument, NULL, 'R'},
                                             {NULL, 0, NULL, 0}};

static bool
take_option(struct options *o, int option)
{
    const struct {
        int letter;
        const char **text;
        size_t *number;
    } takers[] = {{'d', &o->database, NULL}, {'k', &o->receipt_key, NULL}, {'P', &o->period, NULL},
                  {'n', NULL, &o->schools},  {'r', NULL, &o->reports},     {'f', NULL, &o->first},
                  {'s', NULL, &o->spread},   {'b', NULL, &o->batch},       {'l', NULL, &o->links},
                  {'R', NULL, &o->rate}};

    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
        if (option != takers[i].letter)
            continue;
        if (takers[i].text != NULL)
            *takers[i].text = optarg;
        else
            *takers[i].number = strtoul(optarg, NULL, 10);
        return true;
    }
    return false;
}

static double
run(const char *mode)
{
    if (strcmp(mode, "copy") == 0)
        return run_copy();
    if (strcmp(mode, "figures") == 0)
        return run_lane(false);
    if (strcmp(mode, "totals") == 0)
        return run_lane(true);
    if (strcmp(mode, "batch") == 0)
        return run_batch();
    give_up("no such way", mode);
    return 0;
}

int
main(int argc, char **argv)
{
    double seconds;
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!take_option(&options, option))
            return EX_USAGE;
    if (optind + 1 != argc || options.database == NULL || options.receipt_key == NULL ||
        options.period == NULL || options.schools == 0 || options.reports == 0 || options.batch == 0 ||
        options.links == 0) {
        fputs("usage: books copy|figures|totals|batch --database CONNINFO --receipt-key FILE ...\n", stderr);
        return EX_USAGE;
    }
    if (!envelope_init())
        return EX_OSERR;
    log_set_level(LOG_WARNING);
    make_submissions();
    seconds = run(argv[optind]);
    printf("{\"reports\": %zu, \"seconds\": %.4f, \"p50\": %.6f, \"p99\": %.6f}\n", options.reports, seconds,
           gun_times_at(&times, 0.5), gun_times_at(&times, 0.99));
    gun_end();
    return EX_OK;
}
