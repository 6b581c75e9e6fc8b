/*
 * Any text: accepted only with the value that 128-bit arithmetic gives, and printed text reads back. Then the
 * same bytes as operands: quotients compare as long division says. The first byte chooses the decimals.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static __int128
scaled(__int128 value, unsigned exponent)
{
    while (exponent-- > 0)
        value *= 10;
    return value;
}

/* The value of short well-formed text by a second road: all digits as one number, divided at the end. */
static bool
reference(const char *text, size_t len, unsigned decimals, __int128 *ret_value)
{
    __int128 value = 0;
    unsigned behind = 0;
    bool point = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.')
            point = true;
        else if (text[i] >= '0' && text[i] <= '9') {
            value = value * 10 + (text[i] - '0');
            behind += point;
        }
    }
    value = scaled(value, decimals);
    if (value % scaled(1, behind) != 0)
        return false;
    value /= scaled(1, behind);
    *ret_value = len > 0 && text[0] == '-' ? -value : value;
    return true;
}

static void
check_text(const char *text, size_t len, unsigned decimals)
{
    char printed[NUMBER_TEXT_MAX];
    int64_t value = 0, back;
    enum number_status status = number_parse(text, len, decimals, &value);
    __int128 want;

    if (status == NUMBER_MALFORMED)
        return;
    if (len <= 28) { /* the reference stays within 128 bits */
        bool whole = reference(text, len, decimals, &want);

        assert(whole == (status != NUMBER_TOO_MANY_DECIMALS));
        if (whole)
            assert((status == NUMBER_OK) == (want >= INT64_MIN && want <= INT64_MAX));
        if (status == NUMBER_OK)
            assert(value == want);
    }
    if (status != NUMBER_OK)
        return;
    number_print(value, decimals, printed);
    assert(number_parse(printed, strlen(printed), decimals, &back) == NUMBER_OK && back == value);
    number_print_short(value, decimals, printed);
    assert(number_parse(printed, strlen(printed), decimals, &back) == NUMBER_OK && back == value);
}

static void
check_quotient(const uint8_t *data, size_t size)
{
    int64_t a, b, c;
    unsigned da, db, dc;
    __int128 numerator, divisor;
    int want;

    if (size < 3 + 3 * sizeof(int64_t))
        return;
    da = data[0] % (DECIMALS_MAX + 1), db = data[1] % (DECIMALS_MAX + 1), dc = data[2] % (DECIMALS_MAX + 1);
    memcpy(&a, data + 3, sizeof(a));
    memcpy(&b, data + 3 + sizeof(a), sizeof(b));
    memcpy(&c, data + 3 + 2 * sizeof(a), sizeof(c));
    b = b == INT64_MIN ? INT64_MAX : b < 0 ? -b : b == 0 ? 1 : b;
    numerator = scaled(a, db + dc);
    divisor = scaled(b, da);
    want = numerator / divisor > c   ? 1
           : numerator / divisor < c ? -1
                                     : (numerator % divisor > 0) - (numerator % divisor < 0);
    assert(number_compare_quotient(a, da, b, db, c, dc) == want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *exact;

    if (size == 0)
        return 0;
    exact = malloc(size); /* no byte behind the text */
    memcpy(exact, data + 1, size - 1);
    check_text(exact, size - 1, data[0] % (DECIMALS_MAX + 1));
    free(exact);
    check_quotient(data, size);
    return 0;
}
