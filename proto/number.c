#include "number.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "limit.h"

static const int64_t power_of_ten[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

/* The two runs of digits of a text, borrowed from it. */
struct decimal {
    bool negative;
    const char *whole, *fraction;
    size_t whole_len, fraction_len;
};

static size_t
digits(const char *text, const char *end)
{
    const char *at = text;

    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return (size_t)(at - text);
}

static bool
split(const char *text, size_t len, struct decimal *d)
{
    const char *end = text + len;

    *d = (struct decimal){.negative = len > 0 && *text == '-'};
    if (len > 0 && (*text == '-' || *text == '+'))
        text++;
    d->whole = text;
    d->whole_len = digits(text, end);
    text += d->whole_len;
    if (d->whole_len == 0 || text == end)
        return d->whole_len > 0;
    if (*text++ != '.')
        return false;
    d->fraction = text;
    d->fraction_len = digits(text, end);
    return d->fraction_len > 0 && text + d->fraction_len == end;
}

/* Append a digit. Gathers below zero, where int64 has one value more. */
static bool
push(int64_t *value, int digit)
{
    return !__builtin_mul_overflow(*value, 10, value) && !__builtin_sub_overflow(*value, digit, value);
}

enum number_status
number_parse(const char *text, size_t len, unsigned decimals, int64_t *ret_value)
{
    struct decimal d;
    int64_t value = 0;

    assert(decimals <= DECIMALS_MAX);
    if (!split(text, len, &d))
        return NUMBER_MALFORMED;
    for (size_t i = decimals; i < d.fraction_len; i++)
        if (d.fraction[i] != '0')
            return NUMBER_TOO_MANY_DECIMALS;
    for (size_t i = 0; i < d.whole_len; i++)
        if (!push(&value, d.whole[i] - '0'))
            return NUMBER_OVERFLOW;
    for (size_t i = 0; i < decimals; i++)
        if (!push(&value, i < d.fraction_len ? d.fraction[i] - '0' : 0))
            return NUMBER_OVERFLOW;
    if (!d.negative && __builtin_sub_overflow((int64_t)0, value, &value))
        return NUMBER_OVERFLOW;
    *ret_value = value;
    return NUMBER_OK;
}

static void
print_digits(unsigned __int128 left, bool negative, unsigned decimals, char text[NUMBER_WIDE_TEXT_MAX])
{
    char reversed[NUMBER_WIDE_TEXT_MAX];
    size_t n = 0;

    assert(decimals <= DECIMALS_MAX);
    for (unsigned i = 0; i <= decimals || left > 0; i++, left /= 10) {
        if (i == decimals && decimals > 0)
            reversed[n++] = '.';
        reversed[n++] = (char)('0' + (int)(left % 10));
    }
    if (negative)
        reversed[n++] = '-';
    for (size_t i = 0; i < n; i++)
        text[i] = reversed[n - 1 - i];
    text[n] = '\0';
}

/* Take zeros off the end of a fraction, and the point when nothing is left behind it. */
static void
shorten(char *text)
{
    size_t len = strlen(text);

    if (strchr(text, '.') == NULL)
        return;
    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    text[len] = '\0';
}

void
number_print(int64_t value, unsigned decimals, char text[NUMBER_TEXT_MAX])
{
    char wide[NUMBER_WIDE_TEXT_MAX];

    print_digits(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0, decimals, wide);
    memcpy(text, wide, strlen(wide) + 1);
}

void
number_print_short(int64_t value, unsigned decimals, char text[NUMBER_TEXT_MAX])
{
    number_print(value, decimals, text);
    shorten(text);
}

void
number_print_wide(__int128 value, unsigned decimals, char text[NUMBER_WIDE_TEXT_MAX])
{
    print_digits(value < 0 ? 0 - (unsigned __int128)value : (unsigned __int128)value, value < 0, decimals,
                 text);
    shorten(text);
}

__int128
number_floor(__int128 dividend, __int128 divisor)
{
    __int128 quotient = dividend / divisor;

    return quotient * divisor > dividend ? quotient - 1 : quotient;
}

__int128
number_widen(int64_t value, unsigned decimals)
{
    assert(decimals <= DECIMALS_MAX);
    return (__int128)value * power_of_ten[DECIMALS_MAX - decimals];
}

static int
order(__int128 a, __int128 b)
{
    return (a > b) - (a < b);
}

int
number_compare_quotient(int64_t a, unsigned da, int64_t b, unsigned db, int64_t c, unsigned dc)
{
    /* a × 10^(db + dc - da) against c × b: one side only is scaled, so that it stays within 128 bits. */
    __int128 product = (__int128)c * b;

    assert(b > 0 && da <= DECIMALS_MAX && db <= DECIMALS_MAX && dc <= DECIMALS_MAX);
    if (db + dc >= da)
        return order((__int128)a * power_of_ten[db + dc - da], product);
    /* The product alone may need 126 bits; once it is beyond 64 it is further from 0 than any a. */
    if (product > INT64_MAX || product < INT64_MIN)
        return product > 0 ? -1 : 1;
    return order(a, product * power_of_ten[da - db - dc]);
}

int
number_compare(int64_t a, unsigned da, int64_t c, unsigned dc)
{
    return number_compare_quotient(a, da, 1, 0, c, dc);
}
