/* arena: bounded, aligned, and safe for protobuf-c however early it runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "gate.h"
#include "limit.h"
#include "yuebao.pb-c.h"

static void
gives_aligned_pieces_that_do_not_touch(void **state)
{
    struct arena *arena = arena_new(4096);
    uint8_t *before = NULL;

    (void)state;
    for (size_t size = 0; size < 40; size++) {
        uint8_t *piece = arena_alloc(arena, size);

        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        assert_true(before == NULL || piece >= before + size - 1);
        memset(piece, 0xa5, size);
        assert_ptr_not_equal(piece, before);
        before = piece;
    }
    arena_free(arena);
}

static void
refuses_what_does_not_fit(void **state)
{
    struct arena *arena = arena_new(64);

    (void)state;
    assert_null(arena_alloc(arena, 65));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_non_null(arena_alloc(arena, 64));
    assert_null(arena_alloc(arena, 1));
    arena_reset(arena);
    assert_non_null(arena_alloc(arena, 64));
    arena_free(arena);
    arena_free(NULL);
}

/* A pieces count of no bytes is bounded too. */
static void
empty_pieces_end(void **state)
{
    struct arena *arena = arena_new(1024);
    size_t n = 0;

    (void)state;
    for (const uint8_t *last = NULL, *piece; n < 10000; n++, last = piece) {
        piece = arena_alloc(arena, 0);
        if (piece == last)
            break;
    }
    assert_true(n < 10000);
    arena_free(arena);
}

static size_t
pack_sample(uint8_t *bytes)
{
    Yuebao__Statement statement = YUEBAO__STATEMENT__INIT;
    Yuebao__Explanation explanation = YUEBAO__EXPLANATION__INIT, *explanations[20];
    uint32_t indicator[60];
    int64_t value[60];

    for (uint32_t i = 0; i < 60; i++)
        indicator[i] = i + 1, value[i] = i;
    explanation.text = (char *)"修缮期间";
    for (size_t i = 0; i < 20; i++)
        explanations[i] = &explanation;
    statement.school = (char *)"0012345";
    statement.n_indicator = statement.n_value = statement.n_denominator = 60;
    statement.indicator = indicator, statement.value = statement.denominator = value;
    statement.n_explanation = 20, statement.explanation = explanations;
    return yuebao__statement__pack(&statement, bytes);
}

/* With every size too small unpacking fails cleanly, with every larger one it succeeds. */
static void
protobuf_c_fails_cleanly_at_every_size(void **state)
{
    uint8_t bytes[4096];
    size_t len = pack_sample(bytes);
    bool fitted = false;

    (void)state;
    for (size_t size = 0; size <= 32768; size += 16) {
        struct arena *arena = arena_new(size);
        Yuebao__Statement *statement = yuebao__statement__unpack(arena_allocator(arena), len, bytes);

        if (fitted)
            assert_non_null(statement);
        fitted = statement != NULL;
        if (fitted)
            assert_int_equal(statement->n_explanation, 20);
        arena_free(arena);
    }
    assert_true(fitted);
}

/* The worst that passes the gate in one frame: empty sub-messages, and packed values of one byte that become
 * eight. */
static void
holds_whatever_the_gate_lets_through(void **state)
{
    static uint8_t bytes[FRAME_BODY_MAX];
    struct arena *arena = arena_new(ARENA_SIZE);

    (void)state;
    for (size_t empty = 0; empty < GATE_FIELDS_MAX; empty += 333) {
        size_t len = 0, packed;

        for (size_t i = 0; i < empty; i++) {
            bytes[len++] = 15 << 3 | 2;
            bytes[len++] = 0;
        }
        packed = sizeof(bytes) - len - 4;
        bytes[len++] = 11 << 3 | 2;
        bytes[len++] = (uint8_t)(packed | 0x80);
        bytes[len++] = (uint8_t)(packed >> 7 | 0x80);
        bytes[len++] = (uint8_t)(packed >> 14);
        memset(bytes + len, 2, packed);
        assert_int_equal(gate_check(&yuebao__statement__descriptor, bytes, sizeof(bytes), NULL), GATE_OK);
        arena_reset(arena);
        assert_non_null(yuebao__statement__unpack(arena_allocator(arena), sizeof(bytes), bytes));
    }
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_pieces_that_do_not_touch),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(empty_pieces_end),
        cmocka_unit_test(protobuf_c_fails_cleanly_at_every_size),
        cmocka_unit_test(holds_whatever_the_gate_lets_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
