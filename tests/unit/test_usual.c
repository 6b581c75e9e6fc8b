/* usual: what is unlike the figures before, by hand and against a plain way to say it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "usual.h"

struct usual_case {
    const char *says;
    int before[8], count;
    int figure, least;
    bool unlike;
    int low, high;
};

static const struct usual_case cases[] = {
    {"as always", {7, 7, 7, 7}, 4, 7, 0, false, 7, 7},
    {"always the same, and any change beyond a tenth", {7, 7, 7, 7}, 4, 8, 0, true, 7, 7},
    {"a tenth exactly", {100, 100, 100}, 3, 110, 0, false, 90, 110},
    {"more than a tenth", {100, 100, 100}, 3, 111, 0, true, 90, 110},
    {"less than nine tenths", {100, 100, 100}, 3, 89, 0, true, 90, 110},
    {"the least change exactly", {10, 10, 10, 10}, 4, 15, 5, false, 5, 15},
    {"more than the least", {10, 10, 10, 10}, 4, 16, 5, true, 5, 15},
    {"below nothing there is nothing", {2, 2, 2, 2}, 4, 8, 5, true, 0, 7},
    {"unless something was", {2, 2, -2, 2}, 4, 8, 5, true, -3, 7},
    {"or is", {2, 2, 2, 2}, 4, -4, 5, true, -3, 7},
    /* 10 12 14 40: median 13, distances 3 1 1 27, MAD 2, 5 x 1.4826 x 2 = 14.826 */
    {"inside five deviations", {10, 12, 40, 14}, 4, 27, 0, false, 0, 27},
    {"outside, whatever the one wrong figure before", {14, 40, 12, 10}, 4, 28, 0, true, 0, 27},
    /* 1 2 4: median 2, distances 1 0 2, MAD 1, 7.413 */
    {"an odd number of figures", {4, 1, 2}, 3, 9, 0, false, 0, 9},
    {"and outside", {4, 1, 2}, 3, 10, 0, true, 0, 9},
    {"negative figures have a tenth too", {-100, -100, -100}, 3, -111, 0, true, -110, -90},
    {"of nothing a tenth is nothing", {0, 0, 0, 0}, 4, 1, 0, true, 0, 0},
};

static void
judges_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct usual_case *c = &cases[i];
        __int128 before[8];
        struct usual usual;

        for (int n = 0; n < c->count; n++)
            before[n] = c->before[n];
        if (usual_is_unlike(before, (size_t)c->count, c->figure, c->least, &usual) != c->unlike ||
            usual.low != c->low || usual.high != c->high)
            fail_msg("%s: %lld ~ %lld", c->says, (long long)usual.low, (long long)usual.high);
    }
}

static int
compare(const void *a, const void *b)
{
    const long *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The definition word for word, in parts of 1/40000, on figures small enough for 64 bits. */
static bool
is_unlike(const long *before, size_t count, long figure, long least)
{
    long sorted[USUAL_COUNT_MAX], distances[USUAL_COUNT_MAX], median2, mad4, distance;

    for (size_t i = 0; i < count; i++)
        sorted[i] = before[i];
    qsort(sorted, count, sizeof(*sorted), compare);
    median2 = count % 2 == 1 ? 2 * sorted[count / 2] : sorted[count / 2 - 1] + sorted[count / 2];
    for (size_t i = 0; i < count; i++)
        distances[i] = labs(2 * before[i] - median2);
    qsort(distances, count, sizeof(*distances), compare);
    mad4 = count % 2 == 1 ? 2 * distances[count / 2] : distances[count / 2 - 1] + distances[count / 2];
    distance = labs(2 * figure - median2) * 20000;
    return distance > 5 * 14826 * mad4 && distance > labs(median2) * 2000 && distance > least * 40000;
}

/* Exactly low to high is not unlike, at any size; and a larger unit changes nothing. */
static void
agrees_with_the_definition(void **state)
{
    unsigned unlike = 0;

    (void)state;
    srand48(1);
    for (unsigned round = 0; round < 200000; round++) {
        size_t count = 1 + (size_t)(lrand48() % USUAL_COUNT_MAX);
        long before[USUAL_COUNT_MAX], base = lrand48() % 200 - 50, spread = 1 + lrand48() % 20;
        long figure = base + lrand48() % (12 * spread) - 6 * spread, least = lrand48() % 3;
        __int128 wide[USUAL_COUNT_MAX];
        struct usual usual;
        bool got;

        for (size_t i = 0; i < count; i++)
            wide[i] = before[i] = base + lrand48() % spread;
        got = usual_is_unlike(wide, count, figure, least, &usual);
        assert_int_equal(got, is_unlike(before, count, figure, least));
        assert_true(usual.low <= usual.high);
        if (figure >= 0)
            assert_int_equal(got, figure < usual.low || figure > usual.high);
        unlike += got;
        for (size_t i = 0; i < count; i++)
            wide[i] *= 1000000000000000;
        assert_int_equal(usual_is_unlike(wide, count, (__int128)figure * 1000000000000000,
                                         (__int128)least * 1000000000000000, &usual),
                         got);
    }
    assert_true(unlike > 10000 && unlike < 190000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges_by_hand),
                                       cmocka_unit_test(agrees_with_the_definition)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
