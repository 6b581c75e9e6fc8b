/* arrival: what proves when a report came, and what does not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "arrival.h"
#include "envelope.h"

#define CAME_MS 1793500000000u
#define NOW_MS  (CAME_MS + 1000u)

static struct arrival_key key;
static uint8_t signer[KEY_SIZE] = {1}, id[ID_SIZE] = {2}, mac[MAC_SIZE];
static Yuebao__Arrival arrival;

static int
setup(void **state)
{
    struct receipt_key receipt_key = {.secret = {3}};

    (void)state;
    arrival_key_of(&receipt_key, &key);
    yuebao__arrival__init(&arrival);
    arrival_prove(&key, signer, id, CAME_MS, mac);
    arrival.at_ms = CAME_MS;
    arrival.mac = (ProtobufCBinaryData){.data = mac, .len = MAC_SIZE};
    return 0;
}

static void
test_it_holds(void **state)
{
    (void)state;
    assert_int_equal(arrival_of(&key, signer, id, &arrival, NOW_MS), CAME_MS);
    assert_int_equal(arrival_of(&key, signer, id, &arrival, CAME_MS + ARRIVAL_MS), CAME_MS);
}

/* Another machine with the same receipt key, or this one after a restart. */
static void
test_whoever_has_the_receipt_key_believes_it(void **state)
{
    struct receipt_key same = {.secret = {3}}, other = {.secret = {4}};
    struct arrival_key elsewhere;

    (void)state;
    arrival_key_of(&same, &elsewhere);
    assert_int_equal(arrival_of(&elsewhere, signer, id, &arrival, NOW_MS), CAME_MS);
    arrival_key_of(&other, &elsewhere);
    assert_int_equal(arrival_of(&elsewhere, signer, id, &arrival, NOW_MS), 0);
    assert_memory_not_equal(elsewhere.bytes, other.secret, sizeof(elsewhere.bytes));
}

static void
test_nothing_else_holds(void **state)
{
    uint8_t other_signer[KEY_SIZE] = {9}, other_id[ID_SIZE] = {9}, longer[MAC_SIZE + 1] = {0};

    (void)state;
    assert_int_equal(arrival_of(&key, signer, id, NULL, NOW_MS), 0);
    assert_int_equal(arrival_of(&key, other_signer, id, &arrival, NOW_MS), 0);
    assert_int_equal(arrival_of(&key, signer, other_id, &arrival, NOW_MS), 0);
    arrival.at_ms--; /* back-dated */
    assert_int_equal(arrival_of(&key, signer, id, &arrival, NOW_MS), 0);
    arrival.at_ms++;
    for (size_t bit = 0; bit < 8 * MAC_SIZE; bit++) {
        mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(arrival_of(&key, signer, id, &arrival, NOW_MS), 0);
        mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    arrival.mac.len = MAC_SIZE - 1;
    assert_int_equal(arrival_of(&key, signer, id, &arrival, NOW_MS), 0);
    memcpy(longer, mac, MAC_SIZE);
    arrival.mac = (ProtobufCBinaryData){.data = longer, .len = sizeof(longer)};
    assert_int_equal(arrival_of(&key, signer, id, &arrival, NOW_MS), 0);
    arrival.mac = (ProtobufCBinaryData){0};
    assert_int_equal(arrival_of(&key, signer, id, &arrival, NOW_MS), 0);
}

/* Genuine, and yet of no use: from a clock that is ahead of this one, or too long ago. */
static void
test_only_a_recent_past_counts(void **state)
{
    (void)state;
    assert_int_equal(arrival_of(&key, signer, id, &arrival, CAME_MS - 1), 0);
    assert_int_equal(arrival_of(&key, signer, id, &arrival, CAME_MS), 0);
    assert_int_equal(arrival_of(&key, signer, id, &arrival, CAME_MS + ARRIVAL_MS + 1), 0);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_it_holds, setup),
        cmocka_unit_test_setup(test_whoever_has_the_receipt_key_believes_it, setup),
        cmocka_unit_test_setup(test_nothing_else_holds, setup),
        cmocka_unit_test_setup(test_only_a_recent_past_counts, setup),
    };

    return envelope_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
