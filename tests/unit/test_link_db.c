/* link against a real PostgreSQL (real_house.h): what only the timing of a real socket shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "link.h"
#include "real_house.h"

#define LISTEN_SQL "LISTEN link_under_test"
#define ASK_SQL    "SELECT 'link under test'"
#define FDS_MAX    64

struct bench {
    struct event_base *base;
    struct link *link;
    unsigned idles, notified;
};

/* Connected: listen. Listening: ask, and let the loop rest. */
static void
on_idle(void *arg)
{
    struct bench *bench = arg;

    if (bench->idles++ == 0)
        link_simple(bench->link, 0, LISTEN_SQL);
    else if (bench->idles == 2) {
        link_simple(bench->link, 0, ASK_SQL);
        event_base_loopbreak(bench->base);
    }
}

static void
on_result(int tag, const PGresult *result, void *arg)
{
    (void)tag;
    (void)result;
    (void)arg;
}

static void
on_broken(bool was_up, void *arg)
{
    (void)was_up;
    (void)arg;
}

static void
on_notify(void *arg)
{
    ((struct bench *)arg)->notified++;
}

/* Bytes that wait on all sockets of this process. */
static int
bytes_waiting(void)
{
    int sum = 0;

    for (int fd = STDERR_FILENO + 1; fd < FDS_MAX; fd++) {
        int waiting = 0;

        if (ioctl(fd, FIONREAD, &waiting) == 0)
            sum += waiting;
    }
    return sum;
}

/* The answer and the notification lie in the socket together before the link looks: one read takes both. */
static void
test_a_notification_behind_an_answer_is_seen(void **state)
{
    static const struct link_setting settings[] = {{NULL, NULL}};
    static const struct link_statement statements[] = {{NULL, NULL}};
    static const struct link_owner owner = {"test",    settings,  statements, on_idle,
                                            on_result, on_broken, on_notify};
    struct bench bench = {0};
    int before;

    (void)state;
    NEEDS_DATABASE();
    bench.base = event_base_new();
    bench.link = link_new(bench.base, COLLECTOR, &owner, &bench);
    event_base_dispatch(bench.base);
    assert_int_equal(bench.idles, 2);
    while (number("SELECT count(*) FROM pg_stat_activity WHERE query = $$" ASK_SQL "$$ AND state = 'idle'") ==
           0)
        continue;
    before = bytes_waiting();
    run("NOTIFY link_under_test");
    while (bytes_waiting() <= before)
        continue;
    while (bench.idles < 3)
        event_base_loop(bench.base, EVLOOP_ONCE);
    assert_int_equal(bench.notified, 1);
    link_free(bench.link);
    event_base_free(bench.base);
}

static int
open_house(void **state)
{
    (void)state;
    alarm(PATIENCE_S);
    return real_house_open();
}

static int
close_house(void **state)
{
    (void)state;
    real_house_close();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_notification_behind_an_answer_is_seen),
    };

    return cmocka_run_group_tests(tests, open_house, close_house);
}
