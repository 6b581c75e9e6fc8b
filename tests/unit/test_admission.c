/* admission: room and turns, in a world whose clock the test moves; and a crowd of three times what drains.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "admission.h"

#define BEGAN_MS 1000000u
#define BYTES    1000u

static struct admission a;
static uint64_t now_ms;

static int
setup(void **state)
{
    (void)state;
    now_ms = BEGAN_MS;
    admission_init(&a, now_ms);
    return 0;
}

static void
let_in(size_t count)
{
    for (size_t i = 0; i < count; i++)
        admission_enter(&a, BYTES, false, now_ms);
}

static void
drain(size_t count)
{
    for (size_t i = 0; i < count; i++)
        admission_leave(&a, BYTES, true, now_ms);
}

/* So many a second, for some seconds, out of a queue that stays as it is. */
static void
drain_steadily(size_t a_second, unsigned seconds)
{
    for (unsigned tenth = 0; tenth < 10 * seconds; tenth++) {
        now_ms += 100;
        drain(a_second / 10);
        let_in(a_second / 10);
    }
}

static uint32_t
turn_of(unsigned school, bool returns)
{
    char code[16];

    snprintf(code, sizeof(code), "%010u", school);
    return admission_turn(&a, code, returns, 0, now_ms);
}

/* ---- room --------------------------------------------------------------------------------------- */

static void
test_a_queue_is_as_long_as_it_drains_in_time(void **state)
{
    size_t most = 1000 * ADMISSION_QUEUE_MS / 1000;

    (void)state;
    let_in(ADMISSION_QUEUE_MIN - 1);
    drain_steadily(1000, 20);
    assert_in_range(a.us_a_report, 950, 1050);
    while (admission_room(&a, false, now_ms) && a.waiting < 2 * most)
        let_in(1);
    assert_in_range(a.waiting, most * 9 / 10, most * 11 / 10);
    assert_false(admission_room(&a, true, now_ms));
}

static void
test_a_slow_database_still_gets_full_batches(void **state)
{
    (void)state;
    let_in(ADMISSION_QUEUE_MIN - 1);
    drain_steadily(10, 60);
    assert_true(admission_room(&a, false, now_ms));
    let_in(1);
    assert_false(admission_room(&a, false, now_ms));
    drain(1);
    assert_true(admission_room(&a, false, now_ms));
}

static void
test_bytes_are_bounded_too(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < ADMISSION_BYTES_MAX; bytes += 65536) {
        assert_true(admission_room(&a, false, now_ms));
        admission_enter(&a, 65536, false, now_ms);
    }
    assert_false(admission_room(&a, true, now_ms));
    admission_leave(&a, 65536, true, now_ms);
    assert_true(admission_room(&a, true, now_ms));
}

/* An idle hour says nothing about speed, and what the database never had does not either. */
static void
test_only_work_is_measured(void **state)
{
    uint64_t before;

    (void)state;
    let_in(ADMISSION_QUEUE_MIN - 1);
    drain_steadily(1000, 20);
    drain(a.waiting);
    now_ms += 3600 * 1000;
    let_in(1000);
    before = a.us_a_report;
    assert_in_range(before, 800, 1050);
    for (size_t i = 0; i < 1000; i++)
        admission_leave(&a, BYTES, false, now_ms);
    now_ms += 1000;
    let_in(1);
    assert_int_equal(a.us_a_report, before);
    assert_true(admission_room(&a, false, now_ms));
}

/* Batches of 200 that take 600 ms each: from the first one on it is known how fast that is. */
static void
test_a_batch_is_measured_whole(void **state)
{
    (void)state;
    let_in(ADMISSION_QUEUE_MIN - 1);
    for (unsigned batch = 0; batch < 20; batch++) {
        now_ms += 500;
        for (unsigned answer = 0; answer < 200; answer++) {
            now_ms += answer % 2; /* 100 ms, as of a busy machine */
            drain(1);
        }
        let_in(200);
        assert_in_range(a.us_a_report, 950, 3050);
    }
    assert_in_range(a.us_a_report, 2900, 3050);
}

/* A slow database whose full batch takes 8 s: it is no outage. */
static void
test_a_slow_batch_is_measured_whole_too(void **state)
{
    (void)state;
    let_in(ADMISSION_QUEUE_MIN);
    for (unsigned batch = 0; batch < 20; batch++) {
        now_ms += 8000;
        drain(400);
        let_in(400);
    }
    assert_in_range(a.us_a_report, 19000, 21000);
}

/* The minute in which a database was away is forgotten soon after it is back. */
static void
test_an_outage_is_no_speed(void **state)
{
    (void)state;
    let_in(ADMISSION_QUEUE_MIN - 1);
    drain_steadily(1000, 20);
    for (unsigned second = 0; second < 60; second++) {
        now_ms += 1000;
        turn_of(second, false);
    }
    drain(200);
    let_in(200);
    drain_steadily(1000, 1);
    assert_in_range(a.us_a_report, 950, 30000);
    drain_steadily(1000, 10);
    assert_in_range(a.us_a_report, 950, 1100);
}

static void
test_while_turns_are_due_newcomers_wait_unless_the_queue_runs_dry(void **state)
{
    (void)state;
    let_in(ADMISSION_QUEUE_MIN);
    drain_steadily(100, 20);
    turn_of(1, false);
    drain(10);
    assert_true(admission_room(&a, true, now_ms));
    assert_false(admission_room(&a, false, now_ms));
    drain(a.waiting - ADMISSION_DRY + 1);
    assert_true(admission_room(&a, false, now_ms));
    let_in(50);
    assert_false(admission_room(&a, false, now_ms));
    now_ms += 60 * 1000; /* the turn is over */
    assert_true(admission_room(&a, false, now_ms));
}

/* ---- shares ------------------------------------------------------------------------------------- */

static void
test_shares_are_equal_when_there_is_little_room(void **state)
{
    (void)state;
    assert_int_equal(admission_share(&a, 3, 64), 64);
    let_in(ADMISSION_QUEUE_MIN / 2);
    drain_steadily(100, 20);
    assert_int_equal(admission_share(&a, 10, 64), ADMISSION_QUEUE_MIN / 2 / 2 / 10);
    assert_int_equal(admission_share(&a, 1, 64), 64);
    assert_int_equal(admission_share(&a, 100000, 64), 1);
    drain(1);
    assert_int_equal(admission_share(&a, 10, 64), 64);
}

/* Each sends all it may, one after the other: the last one still gets something. */
static void
test_who_sends_much_leaves_room_for_the_next(void **state)
{
    size_t keys = 0;

    (void)state;
    a.us_a_report = 100000; /* so few may wait */
    for (; keys < 50; keys++) {
        unsigned share = admission_share(&a, keys + 1, 64);
        assert_true(admission_room(&a, false, now_ms));
        for (unsigned i = 0; i < share && admission_room(&a, false, now_ms); i++)
            let_in(1);
    }
    assert_true(a.waiting > ADMISSION_QUEUE_MIN / 2);
}

/* ---- turns -------------------------------------------------------------------------------------- */

/* A crowd of 10 s: it comes back as an even stream, nobody before half a second, no two hundred at once. */
static void
test_a_crowd_comes_back_as_fast_as_it_can_be_served(void **state)
{
    enum { CROWD = 10000, A_SECOND = 1000 };
    unsigned in_second[30] = {0};

    (void)state;
    let_in(ADMISSION_QUEUE_MIN);
    drain_steadily(A_SECOND, 20);
    for (unsigned school = 0; school < CROWD; school++) {
        uint32_t ms = turn_of(school, false);
        assert_in_range(ms, ADMISSION_TURN_MIN_MS, 29999);
        in_second[ms / 1000]++;
    }
    for (unsigned second = 2; second < 9; second++)
        assert_in_range(in_second[second], A_SECOND * 8 / 10, A_SECOND * 12 / 10);
    assert_int_equal(in_second[13], 0);
}

static void
test_the_hash_picks_within_a_slice(void **state)
{
    unsigned in_tenth[10] = {0};

    (void)state;
    for (unsigned school = 0; school < 10000; school++) {
        setup(NULL); /* each as if alone */
        in_tenth[(turn_of(school, false) - ADMISSION_TURN_MIN_MS) * 10 / ADMISSION_SLICE_MS]++;
    }
    for (unsigned tenth = 0; tenth < 10; tenth++)
        assert_in_range(in_tenth[tenth], 800, 1200);
}

static void
test_a_database_that_stands_still_is_left_alone_as_long_again(void **state)
{
    (void)state;
    let_in(ADMISSION_QUEUE_MIN);
    now_ms += 30 * 1000;
    assert_in_range(turn_of(1, false), 30 * 1000, 32 * 1000);
    now_ms += 3600 * 1000;
    assert_in_range(turn_of(2, true), ADMISSION_TURN_MAX_MS / 2, ADMISSION_TURN_MAX_MS);
}

static void
test_nothing_at_all_is_taken_for_a_while(void **state)
{
    (void)state;
    assert_in_range(admission_turn(&a, "0012345", false, 5000, now_ms), 5000 - ADMISSION_SLICE_MS, 6000);
}

/* More than ten minutes' worth: they come back spread, and turns do not run away into hours. */
static void
test_a_crowd_too_large_for_turns_is_spread_all_the_same(void **state)
{
    enum { CROWD = 20000 };
    unsigned in_minute[11] = {0};

    (void)state;
    a.us_a_report = 100000;
    let_in(ADMISSION_QUEUE_MIN);
    for (unsigned school = 0; school < CROWD; school++)
        in_minute[turn_of(school, false) / 60000]++;
    for (unsigned minute = 5; minute < 10; minute++)
        assert_in_range(in_minute[minute], CROWD / 10, CROWD / 3);
    assert_int_equal(in_minute[10], 0);
    assert_true(a.turns_us <= (now_ms + ADMISSION_TURN_MAX_MS) * 1000u);
}

/* ---- a crowd ------------------------------------------------------------------------------------ */

enum { A_SECOND = 500, SECONDS = 120, SCHOOLS = 3 * A_SECOND * SECONDS };
enum { TICK_MS = 10, TICKS = (SECONDS + 300) * 1000 / TICK_MS };

struct school {
    uint64_t came_ms, served_ms;
    struct school *next; /* that comes again in the same tick */
};

static struct school schools[SCHOOLS], *comes[TICKS];
static size_t queue[SCHOOLS], queue_head, queue_tail, refused;

static void
come_again(struct school *s, uint64_t at_ms)
{
    size_t tick = (size_t)((at_ms - BEGAN_MS) / TICK_MS);

    assert_in_range(tick, 0, TICKS - 1);
    s->next = comes[tick];
    comes[tick] = s;
}

static void
knock(size_t n)
{
    struct school *s = &schools[n];
    bool returns = s->came_ms != 0;

    if (!returns)
        s->came_ms = now_ms;
    if (admission_room(&a, returns, now_ms)) {
        admission_enter(&a, BYTES, returns, now_ms);
        queue[queue_tail++] = n;
    } else {
        refused++;
        come_again(s, now_ms + TICK_MS + turn_of((unsigned)n, returns));
    }
}

static void
serve(size_t count)
{
    for (; count > 0 && queue_head < queue_tail; count--) {
        struct school *s = &schools[queue[queue_head++]];
        s->served_ms = now_ms;
        admission_leave(&a, BYTES, true, now_ms);
    }
}

static int
compare_ms(const void *left, const void *right)
{
    uint64_t l = *(const uint64_t *)left, r = *(const uint64_t *)right;

    return (l > r) - (l < r);
}

/* Three times what drains, for two minutes: work never stops, all are served within five minutes after, in
 * about the order of coming, and hardly anybody is sent away twice. */
static void
test_three_times_too_many(void **state)
{
    static uint64_t waited[SCHOOLS];
    size_t began = 0;

    (void)state;
    for (size_t tick = 0; queue_head < SCHOOLS; tick++) {
        assert_in_range(tick, 0, TICKS - 1);
        now_ms = BEGAN_MS + tick * TICK_MS;
        for (; began < SCHOOLS && began < tick * 3 * A_SECOND * TICK_MS / 1000; began++)
            knock(began);
        for (struct school *s = comes[tick], *next; s != NULL; s = next) {
            next = s->next;
            knock((size_t)(s - schools));
        }
        serve(A_SECOND * TICK_MS / 1000);
        if (tick == SECONDS * 1000 / TICK_MS)
            assert_in_range(queue_head, A_SECOND * SECONDS * 9 / 10, A_SECOND * SECONDS);
    }
    for (size_t n = 0; n < SCHOOLS; n++)
        waited[n] = schools[n].served_ms - schools[n].came_ms;
    qsort(waited, SCHOOLS, sizeof(waited[0]), compare_ms);
    print_message("median %llu ms, slowest %llu ms, %zu refusals for %u schools\n",
                  (unsigned long long)waited[SCHOOLS / 2], (unsigned long long)waited[SCHOOLS - 1], refused,
                  (unsigned)SCHOOLS);
    assert_true(waited[SCHOOLS - 1] <= 3 * waited[SCHOOLS / 2]);
    assert_true(refused < 2 * (size_t)SCHOOLS);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_a_queue_is_as_long_as_it_drains_in_time),
        TEST(test_a_slow_database_still_gets_full_batches),
        TEST(test_bytes_are_bounded_too),
        TEST(test_only_work_is_measured),
        TEST(test_a_batch_is_measured_whole),
        TEST(test_a_slow_batch_is_measured_whole_too),
        TEST(test_an_outage_is_no_speed),
        TEST(test_while_turns_are_due_newcomers_wait_unless_the_queue_runs_dry),
        TEST(test_shares_are_equal_when_there_is_little_room),
        TEST(test_who_sends_much_leaves_room_for_the_next),
        TEST(test_a_crowd_comes_back_as_fast_as_it_can_be_served),
        TEST(test_the_hash_picks_within_a_slice),
        TEST(test_a_database_that_stands_still_is_left_alone_as_long_again),
        TEST(test_nothing_at_all_is_taken_for_a_while),
        TEST(test_a_crowd_too_large_for_turns_is_spread_all_the_same),
        TEST(test_three_times_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
