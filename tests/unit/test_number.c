/* number: exact text and comparisons, checked against 128-bit arithmetic on random and on extreme values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "limit.h"
#include "number.h"

struct sample {
    const char *text;
    unsigned decimals;
    enum number_status status;
    int64_t value;
};

static const struct sample samples[] = {
    {"0", 0, NUMBER_OK, 0},
    {"-0", 0, NUMBER_OK, 0},
    {"+7", 0, NUMBER_OK, 7},
    {"0012", 0, NUMBER_OK, 12},
    {"1.50", 1, NUMBER_OK, 15},
    {"1.55", 1, NUMBER_TOO_MANY_DECIMALS, 0},
    {"1.05", 1, NUMBER_TOO_MANY_DECIMALS, 0},
    {"1.5", 0, NUMBER_TOO_MANY_DECIMALS, 0},
    {"1.0", 0, NUMBER_OK, 1},
    {"1", 2, NUMBER_OK, 100},
    {"-0.01", 2, NUMBER_OK, -1},
    {"0.000001", 6, NUMBER_OK, 1},
    {"9223372036854775807", 0, NUMBER_OK, INT64_MAX},
    {"9223372036854775808", 0, NUMBER_OVERFLOW, 0},
    {"-9223372036854775808", 0, NUMBER_OK, INT64_MIN},
    {"-9223372036854775809", 0, NUMBER_OVERFLOW, 0},
    {"9223372036854.775807", 6, NUMBER_OK, INT64_MAX},
    {"9223372036854.775808", 6, NUMBER_OVERFLOW, 0},
    {"-9223372036854.775808", 6, NUMBER_OK, INT64_MIN},
    {"99999999999999999999999999", 0, NUMBER_OVERFLOW, 0},
    {"0000000000000000000000000000001", 0, NUMBER_OK, 1},
    {"1.0000000000000000000000000000000", 2, NUMBER_OK, 100},
    {"", 0, NUMBER_MALFORMED, 0},
    {"-", 0, NUMBER_MALFORMED, 0},
    {"+", 0, NUMBER_MALFORMED, 0},
    {".", 0, NUMBER_MALFORMED, 0},
    {".5", 1, NUMBER_MALFORMED, 0},
    {"5.", 1, NUMBER_MALFORMED, 0},
    {"--5", 0, NUMBER_MALFORMED, 0},
    {"5-", 0, NUMBER_MALFORMED, 0},
    {" 5", 0, NUMBER_MALFORMED, 0},
    {"5 ", 0, NUMBER_MALFORMED, 0},
    {"1,000", 0, NUMBER_MALFORMED, 0},
    {"1e3", 0, NUMBER_MALFORMED, 0},
    {"1.2.3", 2, NUMBER_MALFORMED, 0},
    {"0x10", 0, NUMBER_MALFORMED, 0},
    {"５", 0, NUMBER_MALFORMED, 0},
    {"50%", 0, NUMBER_MALFORMED, 0},
    {"99999999999999999999x", 0, NUMBER_MALFORMED, 0},
};

static void
parses_exactly_or_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];
        int64_t value = 4711;
        enum number_status status = number_parse(s->text, strlen(s->text), s->decimals, &value);

        if (status != s->status || value != (status == NUMBER_OK ? s->value : 4711))
            fail_msg("\"%s\" with %u decimals: status %d, value %lld", s->text, s->decimals, (int)status,
                     (long long)value);
    }
}

static void
reads_no_further_than_told(void **state)
{
    const char text[] = {'1', '2', '3'};
    int64_t value;

    (void)state;
    assert_int_equal(number_parse(text, 2, 0, &value), NUMBER_OK);
    assert_int_equal(value, 12);
    assert_int_equal(number_parse("1\0002", 3, 0, &value), NUMBER_MALFORMED);
}

/* xorshift64: the same numbers in every run. */
static uint64_t
random_bits(void)
{
    static uint64_t bits = 88172645463325252u;

    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    return bits;
}

/* Of every magnitude, with the extremes among them. */
static int64_t
random_value(void)
{
    static const int64_t extremes[] = {
        0, 1, -1, 9, 10, -10, 999999, INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1};
    uint64_t bits = random_bits();

    if (bits % 8 == 0)
        return extremes[bits / 8 % (sizeof(extremes) / sizeof(extremes[0]))];
    return (int64_t)random_bits() >> (bits / 8 % 64);
}

static void
prints_what_it_parses(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        unsigned decimals = round % (DECIMALS_MAX + 1);
        int64_t value = random_value(), full_back, short_back;
        char full[NUMBER_TEXT_MAX], brief[NUMBER_TEXT_MAX];
        const char *point;

        number_print(value, decimals, full);
        number_print_short(value, decimals, brief);
        assert_int_equal(number_parse(full, strlen(full), decimals, &full_back), NUMBER_OK);
        assert_int_equal(number_parse(brief, strlen(brief), decimals, &short_back), NUMBER_OK);
        assert_true(full_back == value && short_back == value);
        point = strchr(full, '.');
        assert_int_equal(point == NULL ? 0 : strlen(point + 1), decimals);
        assert_true(strchr(brief, '.') == NULL || brief[strlen(brief) - 1] != '0');
        assert_true(full[value < 0] != '0' || full[(value < 0) + 1] == (decimals > 0 ? '.' : '\0'));
    }
}

static void
prints_like_a_person(void **state)
{
    char text[NUMBER_TEXT_MAX];

    (void)state;
    number_print(150, 2, text);
    assert_string_equal(text, "1.50");
    number_print_short(150, 2, text);
    assert_string_equal(text, "1.5");
    number_print_short(200, 2, text);
    assert_string_equal(text, "2");
    number_print_short(100, 0, text);
    assert_string_equal(text, "100");
    number_print(-5, 2, text);
    assert_string_equal(text, "-0.05");
    number_print(0, 3, text);
    assert_string_equal(text, "0.000");
    number_print(INT64_MIN, 6, text);
    assert_string_equal(text, "-9223372036854.775808");
}

/*
 * a/10^da ÷ (b/10^db) against c/10^dc by another road: long division into whole part and remainder instead of
 * one product. a × 10^(db+dc) = q × (b × 10^da) + r; then compare q with c, and r with 0.
 */
static int
compare_by_division(int64_t a, unsigned da, int64_t b, unsigned db, int64_t c, unsigned dc)
{
    __int128 numerator = a, divisor = b, quotient, remainder;

    for (unsigned i = 0; i < db + dc; i++)
        numerator *= 10;
    for (unsigned i = 0; i < da; i++)
        divisor *= 10;
    quotient = numerator / divisor;
    remainder = numerator % divisor;
    if (quotient != c)
        return quotient > c ? 1 : -1;
    return (remainder > 0) - (remainder < 0);
}

static int64_t
positive(int64_t value)
{
    return value == INT64_MIN ? INT64_MAX : value == 0 ? 1 : value < 0 ? -value : value;
}

static void
compares_quotients_exactly(void **state)
{
    unsigned equal = 0;

    (void)state;
    for (unsigned round = 0; round < 300000; round++) {
        uint64_t d = random_bits();
        unsigned da = d % 7, db = d / 7 % 7, dc = d / 49 % 7;
        int64_t a = random_value(), b = positive(random_value()), c = random_value();
        int want;

        if (round % 3 == 0) { /* near each other: c is the quotient, off by one at most */
            __int128 close = (__int128)a;

            for (unsigned i = 0; i < db + dc; i++)
                close *= 10;
            for (unsigned i = 0; i < da; i++)
                close /= 10;
            close = close / b + (int)(d / 343 % 3) - 1;
            c = close > INT64_MAX ? INT64_MAX : close < INT64_MIN ? INT64_MIN : (int64_t)close;
        }
        want = compare_by_division(a, da, b, db, c, dc);
        equal += want == 0;
        if (number_compare_quotient(a, da, b, db, c, dc) != want)
            fail_msg("%lld/10^%u ÷ %lld/10^%u with %lld/10^%u", (long long)a, da, (long long)b, db,
                     (long long)c, dc);
    }
    assert_true(equal > 1000); /* the samples do meet the border */
}

static void
compares_numbers_exactly(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        int64_t a = random_value(), c = round % 2 ? random_value() : a / 10;
        unsigned da = round % 7, dc = round / 7 % 7;

        assert_int_equal(number_compare(a, da, c, dc), compare_by_division(a, da, 1, 0, c, dc));
        assert_int_equal(number_compare(c, dc, a, da), -number_compare(a, da, c, dc));
    }
    assert_int_equal(number_compare(15, 1, 150, 2), 0);
    assert_int_equal(number_compare(INT64_MAX, 0, INT64_MAX, 6), 1);
    assert_int_equal(number_compare(INT64_MIN, 0, INT64_MIN, 6), -1);
}

static void
adds_and_prints_beyond_64_bits(void **state)
{
    static const struct {
        __int128 value;
        unsigned decimals;
        const char *text;
    } cases[] = {
        {0, 6, "0"},
        {-1500000, 6, "-1.5"},
        {100, 0, "100"},
        {(__int128)INT64_MAX * 10, 1, "9223372036854775807"},
        {(__int128)INT64_MIN * 1000000, 6, "-9223372036854775808"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[NUMBER_WIDE_TEXT_MAX];

        number_print_wide(cases[i].value, cases[i].decimals, text);
        assert_string_equal(text, cases[i].text);
    }
    assert_true(number_widen(15, 1) + number_widen(-2, 0) == number_widen(-500000, 6));
    assert_true(number_widen(INT64_MIN, 0) == (__int128)INT64_MIN * 1000000);
    assert_true(number_floor(7, 2) == 3 && number_floor(-7, 2) == -4 && number_floor(-8, 2) == -4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_exactly_or_refuses),      cmocka_unit_test(reads_no_further_than_told),
        cmocka_unit_test(prints_what_it_parses),          cmocka_unit_test(prints_like_a_person),
        cmocka_unit_test(compares_quotients_exactly),     cmocka_unit_test(compares_numbers_exactly),
        cmocka_unit_test(adds_and_prints_beyond_64_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
