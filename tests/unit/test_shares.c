/* shares: the sessions and reports of each key, counted and capped. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "shares.h"

#define KEYS 1000u

static struct shares *shares;

static int
setup(void **state)
{
    (void)state;
    shares = shares_new(8); /* few chains, so that keys share them */
    return shares != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    shares_free(shares);
    return 0;
}

static struct share_seat seats[3 * KEYS];

static struct share *
join(unsigned key_number, unsigned session, bool scarce)
{
    uint8_t key[KEY_SIZE] = {0};

    memcpy(key, &key_number, sizeof(key_number));
    return shares_join(shares, key, &seats[session], scarce);
}

static void
test_a_key_has_so_many_sessions_when_places_are_scarce(void **state)
{
    struct share *share = NULL;

    (void)state;
    for (unsigned i = 0; i < SESSIONS_A_KEY; i++) {
        share = join(1, i, true);
        assert_non_null(share);
    }
    assert_null(join(1, 99, true));
    assert_non_null(join(2, 99, true)); /* others are not its fault */
    shares_leave(shares, share, &seats[3]);
    assert_ptr_equal(join(1, 100, true), share);
    assert_null(join(1, 101, true));
    assert_ptr_equal(join(1, 101, false), share);
    assert_int_equal(share->n_sessions, SESSIONS_A_KEY + 1);
}

static void
test_reports_outlive_their_session(void **state)
{
    struct share *share = join(1, 1, false);

    (void)state;
    shares_begin(shares, share);
    shares_begin(shares, share);
    shares_leave(shares, share, &seats[1]);
    assert_ptr_equal(join(1, 2, false), share); /* hanging up makes no new share */
    assert_int_equal(share->reports, 2);
    shares_leave(shares, share, &seats[2]);
    assert_int_equal(shares_waiting(shares), 1);
    shares_end(shares, share);
    shares_end(shares, share);
    assert_int_equal(shares_waiting(shares), 0);
}

static void
test_many_keys(void **state)
{
    struct share *of[KEYS];

    (void)state;
    for (unsigned i = 0; i < KEYS; i++) {
        of[i] = join(i, i, false);
        assert_non_null(of[i]);
        shares_begin(shares, of[i]);
    }
    assert_int_equal(shares_waiting(shares), KEYS);
    for (unsigned i = 0; i < KEYS; i += 2) {
        shares_end(shares, of[i]);
        shares_leave(shares, of[i], &seats[i]);
    }
    assert_int_equal(shares_waiting(shares), KEYS / 2);
    for (unsigned i = 1; i < KEYS; i += 2) {
        assert_ptr_equal(join(i, KEYS + i, true), of[i]);
        assert_int_equal(of[i]->n_sessions, 2);
        assert_int_equal(of[i]->reports, 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_a_key_has_so_many_sessions_when_places_are_scarce),
        TEST(test_reports_outlive_their_session),
        TEST(test_many_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
