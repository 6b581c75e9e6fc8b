/* Transactions that fail, meet or lose their link, against a real PostgreSQL; and what follows them in the
 * background. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "real_batch.h"

static void
test_poison_stands_alone(void **state)
{
    struct bench *bench = *state;
    struct sent *sent[100];

    NEEDS_DATABASE();
    obstacle(
        100 + 37,
        "IF NEW.school = {s} THEN RAISE check_violation USING CONSTRAINT = 'test_refuses', DETAIL = 'secret';"
        " END IF;");
    for (int i = 0; i < 100; i++)
        sent[i] = put(
            bench, (struct paper){.school = 100 + i, .text = "a", .answer = "1", .revision = 1, .value = i});
    wait_for_answers(bench);
    for (int i = 0; i < 100; i++)
        assert_int_equal(sent[i]->outcome, i == 37 ? SUBMISSION_POISON : SUBMISSION_ACCEPTED);
    assert_string_equal(sent[37]->constraint, "test_refuses");
    assert_string_equal(sent[37]->sqlstate, "23514");
    assert_int_equal(batch_counters(bench->batch).poisoned, 1);
}

static void
test_two_collectors_race(void **state)
{
    struct bench *bench = *state;
    struct batch *rival;
    struct sent *sent[200], *rivals[200];

    NEEDS_DATABASE();
    rival = batch_new(bench->base, COLLECTOR, 2);
    wait_for_link(bench, rival);
    for (int i = 0; i < 200; i++) {
        struct paper paper = {.school = 200 + i, .text = "same", .answer = "ours", .revision = 1, .value = i};
        sent[i] = put_into(bench, bench->batch, &paper);
        paper.school = 200 + 199 - i; /* they queue in the other order */
        paper.answer = "theirs";
        if (paper.school % 2 == 0)
            paper.text = "different";
        rivals[199 - i] = put_into(bench, rival, &paper);
    }
    wait_for_answers(bench);
    for (int i = 0; i < 200; i++) {
        enum submission_outcome loser = i % 2 == 0 ? SUBMISSION_CONFLICT : SUBMISSION_REPEATED;
        bool we_won = sent[i]->outcome == SUBMISSION_ACCEPTED;
        assert_int_equal(we_won ? rivals[i]->outcome : sent[i]->outcome, loser);
        assert_int_equal(we_won ? sent[i]->outcome : rivals[i]->outcome, SUBMISSION_ACCEPTED);
        if (loser == SUBMISSION_REPEATED)
            assert_string_equal(we_won ? rivals[i]->first_answer : sent[i]->first_answer,
                                we_won ? "ours" : "theirs");
    }
    batch_free(rival);
}

/* ---- links that break --------------------------------------------------------------------------- */

/* Every collector's backend that waits for the obstacle's lock is ended; once one was, the obstacle is gone
 * too. */
static void
on_kill_turn(evutil_socket_t fd, short what, void *arg)
{
    struct event *timer = *(struct event **)arg;

    (void)fd;
    (void)what;
    if (number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
               " WHERE usename = 'yuebao_collector' AND wait_event = 'advisory'") > 0) {
        run("SELECT pg_advisory_unlock(4711)");
        event_del(timer);
    }
}

static void
test_backend_killed_in_mid_batch(void **state)
{
    struct bench *bench = *state;
    const struct timeval every = {.tv_usec = 20000};
    struct event *timer;
    struct sent *sent[50];

    NEEDS_DATABASE();
    obstacle(425, "IF NEW.school = {s} THEN PERFORM pg_advisory_xact_lock(4711); END IF;");
    run("SELECT pg_advisory_lock(4711)");
    timer = event_new(bench->base, -1, EV_PERSIST, on_kill_turn, &timer);
    event_add(timer, &every);
    for (int i = 0; i < 50; i++)
        sent[i] = put(
            bench, (struct paper){.school = 400 + i, .text = "a", .answer = "1", .revision = 1, .value = i});
    wait_for_answers(bench);
    for (int i = 0; i < 50; i++)
        assert_int_equal(sent[i]->outcome, SUBMISSION_ACCEPTED);
    event_free(timer);
}

/* What kills every backend that touches it is found by halving and answered BUSY; nobody else suffers. */
static void
test_killer_stands_alone(void **state)
{
    struct bench *bench = *state;
    struct sent *sent[20];

    NEEDS_DATABASE();
    obstacle(713, "IF NEW.school = {s} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;");
    for (int i = 0; i < 20; i++)
        sent[i] = put(
            bench, (struct paper){.school = 700 + i, .text = "a", .answer = "1", .revision = 1, .value = i});
    wait_for_answers(bench);
    for (int i = 0; i < 20; i++)
        assert_int_equal(sent[i]->outcome, i == 13 ? SUBMISSION_AWAY : SUBMISSION_ACCEPTED);
}

/*
 * A wire between batch and PostgreSQL that cuts the connection in place of the first answer COMMIT that
 * crosses it: the transaction is committed, and nobody was told.
 */
struct wire {
    struct event_base *base;
    char dir[64], path[96];
    struct evconnlistener *listener;
    unsigned swallow; /* so many COMMITs are still to be swallowed */
};

struct wire_end {
    struct wire *wire;
    struct bufferevent *here, *there;
    bool from_server;
    struct wire_end *other;
};

static void
wire_cut(struct wire_end *end)
{
    bufferevent_free(end->here);
    bufferevent_free(end->there);
    free(end->other);
    free(end);
}

static void
on_wire_read(struct bufferevent *bev, void *arg)
{
    static const char committed[] = "C\0\0\0\013COMMIT"; /* with its NUL: CommandComplete */
    struct wire_end *end = arg;
    struct evbuffer *in = bufferevent_get_input(bev);

    if (end->from_server && end->wire->swallow > 0 &&
        evbuffer_search(in, committed, sizeof(committed), NULL).pos >= 0) {
        end->wire->swallow--;
        wire_cut(end);
        return;
    }
    bufferevent_write_buffer(end->there, in);
}

static void
on_wire_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        wire_cut(arg);
}

static struct wire_end *
wire_end_new(struct wire *wire, struct bufferevent *here, struct bufferevent *there, bool from_server)
{
    struct wire_end *end = calloc(1, sizeof(*end));

    *end = (struct wire_end){.wire = wire, .here = here, .there = there, .from_server = from_server};
    bufferevent_setcb(here, on_wire_read, NULL, on_wire_event, end);
    bufferevent_enable(here, EV_READ | EV_WRITE);
    return end;
}

static void
on_wire_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
    struct wire *wire = arg;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct bufferevent *client = bufferevent_socket_new(wire->base, fd, BEV_OPT_CLOSE_ON_FREE);
    struct bufferevent *server = bufferevent_socket_new(wire->base, -1, BEV_OPT_CLOSE_ON_FREE);
    struct wire_end *a = wire_end_new(wire, client, server, false),
                    *b = wire_end_new(wire, server, client, true);

    (void)listener;
    (void)from;
    (void)len;
    a->other = b;
    b->other = a;
    snprintf(to.sun_path, sizeof(to.sun_path), "%s/.s.PGSQL.%s", PQhost(db), PQport(db));
    assert_int_equal(bufferevent_socket_connect(server, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void
wire_open(struct wire *wire, struct event_base *base)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    wire->base = base;
    strcpy(wire->dir, "/tmp/wireXXXXXX");
    assert_non_null(mkdtemp(wire->dir));
    snprintf(wire->path, sizeof(wire->path), "%s/.s.PGSQL.5432", wire->dir);
    strcpy(at.sun_path, wire->path);
    wire->listener = evconnlistener_new_bind(base, on_wire_accept, wire, LEV_OPT_CLOSE_ON_FREE, 16,
                                             (struct sockaddr *)&at, sizeof(at));
    assert_non_null(wire->listener);
}

static void
wire_close(struct wire *wire)
{
    evconnlistener_free(wire->listener);
    unlink(wire->path);
    rmdir(wire->dir);
}

static void
test_answer_to_commit_is_lost(void **state)
{
    struct bench *bench = *state;
    struct wire wire = {.swallow = 2};
    char conninfo[160];
    struct batch *batch;
    struct sent *sent[50];

    NEEDS_DATABASE();
    wire_open(&wire, bench->base);
    snprintf(conninfo, sizeof(conninfo), COLLECTOR " host=%s port=5432", wire.dir);
    batch = batch_new(bench->base, conninfo, 1);
    wait_for_link(bench, batch);
    for (int i = 0; i < 50; i++) {
        struct paper paper = {.school = 500 + i, .text = "a", .answer = "mine", .revision = 1, .value = i};
        sent[i] = put_into(bench, batch, &paper);
    }
    wait_for_answers(bench);
    for (int i = 0; i < 50; i++)
        assert_int_equal(sent[i]->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(wire.swallow, 0);
    assert_true(batch_counters(batch).lookups >= 1);
    batch_free(batch);
    event_base_loop(bench->base, EVLOOP_NONBLOCK); /* the wire sees the end of its connections */
    wire_close(&wire);
}

static void
on_fold_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(arg);
}

static void
test_totals_are_folded(void **state)
{
    struct bench *bench = *state;
    const struct timeval every = {.tv_usec = 50000};
    struct event *timer;

    NEEDS_DATABASE();
    put(bench, (struct paper){.school = 600, .text = "a", .answer = "1", .revision = 1, .value = 5});
    wait_for_answers(bench);
    check_totals();
    timer = event_new(bench->base, -1, EV_PERSIST, on_fold_turn, bench->base);
    event_add(timer, &every);
    while (batch_counters(bench->batch).folds == 0 || number("SELECT count(*) FROM yuebao.total_delta") > 0)
        event_base_dispatch(bench->base); /* a fold is counted when its answer is here, a little after others
                                             see what it did */
    event_free(timer);
    check_totals();
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_poison_stands_alone),         CASE(test_two_collectors_race),
        CASE(test_backend_killed_in_mid_batch), CASE(test_killer_stands_alone),
        CASE(test_answer_to_commit_is_lost),    CASE(test_totals_are_folded),
    };

    return cmocka_run_group_tests(tests, real_batch_open, real_batch_close);
}
