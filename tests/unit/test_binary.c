/* binary and totals: PostgreSQL's binary forms, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "binary.h"
#include "totals.h"

#define COPY_HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
#define TRAILER     "\377\377"

#define assert_bytes(binary, text)                                                                           \
    do {                                                                                                     \
        assert_false((binary).failed);                                                                       \
        assert_int_equal((binary).len, sizeof(text) - 1);                                                    \
        assert_memory_equal((binary).bytes, text, sizeof(text) - 1);                                         \
    } while (0)

static void
test_fields(void **state)
{
    struct binary b = {0};

    (void)state;
    binary_int2(&b, -2);
    assert_bytes(b, "\0\0\0\2\377\376");
    binary_clear(&b);
    binary_int4(&b, 0x01020304);
    assert_bytes(b, "\0\0\0\4\1\2\3\4");
    binary_clear(&b);
    binary_int8(&b, INT64_MIN);
    assert_bytes(b, "\0\0\0\10\200\0\0\0\0\0\0\0");
    binary_clear(&b);
    binary_null(&b);
    assert_bytes(b, "\377\377\377\377");
    binary_clear(&b);
    binary_bool(&b, true);
    assert_bytes(b, "\0\0\0\1\1");
    binary_clear(&b);
    binary_text(&b, "");
    assert_bytes(b, "\0\0\0\0");
    binary_clear(&b);
    binary_date(&b, 10957); /* 2000-01-01 */
    assert_bytes(b, "\0\0\0\4\0\0\0\0");
    binary_clear(&b);
    binary_date(&b, 0); /* 1970-01-01 */
    assert_bytes(b, "\0\0\0\4\377\377\325\063");
    binary_clear(&b);
    binary_instant(&b, UINT64_C(946684800001)); /* a millisecond after 2000-01-01 */
    assert_bytes(b, "\0\0\0\10\0\0\0\0\0\0\3\350");
    binary_fini(&b);
}

static void
test_arrays(void **state)
{
    struct binary b = {0};
    size_t opened;

    (void)state;
    binary_array(&b, BINARY_INT2, 0);
    assert_bytes(b, "\0\0\0\0\0\0\0\1\0\0\0\25");
    binary_clear(&b);
    opened = binary_field_open(&b);
    binary_array(&b, BINARY_INT2, 1);
    binary_int2(&b, 7);
    binary_field_close(&b, opened);
    assert_bytes(b, "\0\0\0\32"
                    "\0\0\0\1\0\0\0\1\0\0\0\25\0\0\0\1\0\0\0\1"
                    "\0\0\0\2\0\7");
    binary_fini(&b);
}

static void
test_read_back(void **state)
{
    struct binary b = {0};

    (void)state;
    binary_date(&b, -365);
    assert_int_equal(binary_get_day((char *)b.bytes + 4), -365);
    binary_clear(&b);
    binary_instant(&b, UINT64_C(1793500000123));
    assert_int_equal(binary_get_instant((char *)b.bytes + 4), UINT64_C(1793500000123));
    binary_clear(&b);
    binary_int8(&b, -5);
    assert_int_equal(binary_get64((char *)b.bytes + 4), -5);
    binary_fini(&b);
}

static void
test_buffer_grows(void **state)
{
    struct binary b = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        binary_int4(&b, i);
    assert_false(b.failed);
    assert_int_equal(b.len, 800000);
    assert_int_equal(binary_get32((char *)b.bytes + 8 * 99999 + 4), 99999);
    binary_fini(&b);
}

/* ---- totals ------------------------------------------------------------------------------------- */

static void
put(struct totals *t, int32_t district, int16_t indicator, int64_t value, enum totals_sign sign)
{
    totals_put(t, district, 20000, 1,
               (struct totals_figure){.indicator = indicator, .value = value, .denominator = 1}, sign);
}

static void
test_totals_add_up(void **state)
{
    struct totals t = {0};

    (void)state;
    put(&t, 1, 5, 100, TOTALS_ADD);
    put(&t, 1, 3, 10, TOTALS_ADD);
    put(&t, 2, 5, 7, TOTALS_ADD);
    put(&t, 1, 5, 20, TOTALS_ADD);
    put(&t, 1, 5, 100, TOTALS_SUBTRACT);
    totals_put(&t, 1, 20000, 1, (struct totals_figure){.indicator = 4, .missing = true, .value = 9},
               TOTALS_ADD);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.rows[0].count, 3);
    assert_int_equal(t.rows[0].cells[0].indicator, 3);
    assert_int_equal(t.rows[0].cells[1].excused, 1);
    assert_int_equal(t.rows[0].cells[1].schools, 0);
    assert_int_equal(t.rows[0].cells[1].value, 0);
    assert_int_equal(t.rows[0].cells[2].value, 20);
    assert_int_equal(t.rows[0].cells[2].schools, 1);
    assert_int_equal(t.rows[0].cells[2].denominator, 1);
    assert_int_equal(t.rows[1].cells[0].value, 7);
    totals_fini(&t);
}

static void
test_reports_are_counted_beside_their_figures(void **state)
{
    const struct totals_report reports[] = {{1, false}, {1, true}, {2, true}, {3, false}};
    struct totals t = {0};

    (void)state;
    put(&t, 1, 5, 100, TOTALS_ADD);
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
        totals_count(&t, 1, 20000, 1, reports[i]);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.rows[0].count, 2);
    assert_int_equal(t.rows[0].cells[0].indicator, TOTALS_REPORTS);
    assert_int_equal(t.rows[0].cells[0].schools, 2);
    assert_int_equal(t.rows[0].cells[0].excused, 1);
    assert_int_equal(t.rows[0].cells[0].value, 1);
    assert_int_equal(t.rows[0].cells[0].denominator, 0);
    totals_fini(&t);
}

static void
test_a_sum_beyond_64_bits_takes_two_rows(void **state)
{
    struct totals t = {0};

    (void)state;
    put(&t, 1, 5, INT64_MAX, TOTALS_ADD);
    put(&t, 1, 5, 1, TOTALS_ADD);
    put(&t, 1, 5, 2, TOTALS_ADD);
    assert_false(t.failed);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.rows[0].cells[0].value, INT64_MAX);
    assert_int_equal(t.rows[1].cells[0].value, 3);
    totals_clear(&t);
    put(&t, 1, 5, INT64_MIN + 1, TOTALS_ADD);
    put(&t, 1, 5, 2, TOTALS_SUBTRACT);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.rows[1].cells[0].value, -2);
    assert_int_equal(t.rows[1].cells[0].schools, -1);
    totals_fini(&t);
}

static void
test_totals_as_copy(void **state)
{
    struct totals t = {0};
    struct binary b = {0};

    (void)state;
    put(&t, 1, 5, 100, TOTALS_ADD);
    put(&t, 1, 6, 3, TOTALS_ADD);
    put(&t, 1, 6, 3, TOTALS_SUBTRACT); /* nothing is left of it */
    put(&t, 2, 6, 3, TOTALS_ADD);
    put(&t, 2, 6, 3, TOTALS_SUBTRACT);
    totals_copy(&t, &b);
#define ARRAY(length, type) "\0\0\0" length "\0\0\0\1\0\0\0\1\0\0\0" type "\0\0\0\1\0\0\0\1"
    assert_bytes(
        b, COPY_HEADER /* clang-format off */
        "\0\10"                         /* eight fields */
        "\0\0\0\4\0\0\0\1"              /* district */
        "\0\0\0\4\0\0\043\123"          /* 20000 days after 1970 are 9043 after 2000 */
        "\0\0\0\2\0\1"                  /* form */
        ARRAY("\32", "\25") "\0\0\0\2\0\5"
        ARRAY("\34", "\27") "\0\0\0\4\0\0\0\1"
        ARRAY("\34", "\27") "\0\0\0\4\0\0\0\0"
        ARRAY("\40", "\24") "\0\0\0\10\0\0\0\0\0\0\0\144"
        ARRAY("\40", "\24") "\0\0\0\10\0\0\0\0\0\0\0\1"
        TRAILER); /* clang-format on */
    binary_fini(&b);
    totals_fini(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_buffer_grows),
        cmocka_unit_test(test_totals_add_up),
        cmocka_unit_test(test_reports_are_counted_beside_their_figures),
        cmocka_unit_test(test_a_sum_beyond_64_bits_takes_two_rows),
        cmocka_unit_test(test_totals_as_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
