/*
 * number: decimal text to scaled 64-bit integers and back, exact. No floating point anywhere.
 *
 * A value v with d decimals means v × 10^-d. Text: optional '-' or '+', digits, optionally '.' and digits; no
 * exponent, no thousands separators, no spaces. "1.50" with 1 decimal is 15; "1.55" with 1 decimal is
 * refused, never rounded.
 */
#ifndef YUEBAO_NUMBER_H
#define YUEBAO_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define NUMBER_TEXT_MAX      24 /* bytes with NUL: sign, 19 digits, point, leading zero */
#define NUMBER_WIDE_TEXT_MAX 48 /* the same of 128 bits: 39 digits */

enum number_status {
    NUMBER_OK,
    NUMBER_MALFORMED,
    NUMBER_TOO_MANY_DECIMALS, /* a digit other than 0 beyond `decimals` */
    NUMBER_OVERFLOW,          /* does not fit int64 */
};

/* `decimals` at most DECIMALS_MAX. ret_value is set with NUMBER_OK only. */
enum number_status number_parse(const char *text, size_t len, unsigned decimals, int64_t *ret_value)
    __attribute__((warn_unused_result));

/* Exactly `decimals` digits behind the point ("1.50"), none and no point for 0. Works for INT64_MIN too. */
void number_print(int64_t value, unsigned decimals, char text[NUMBER_TEXT_MAX]);

/* The same without zeros at the end of the fraction ("1.5", "2"). */
void number_print_short(int64_t value, unsigned decimals, char text[NUMBER_TEXT_MAX]);

/*
 * Sums of figures whose decimals differ are added in the unit that all of them have, 10^-DECIMALS_MAX, and in
 * 128 bits: exact for any number of terms.
 */
__int128 number_widen(int64_t value, unsigned decimals);

/* The quotient rounded down; divisor > 0. */
__int128 number_floor(__int128 dividend, __int128 divisor);

/* As number_print_short. */
void number_print_wide(__int128 value, unsigned decimals, char text[NUMBER_WIDE_TEXT_MAX]);

/*
 * Compare a/10^da ÷ (b/10^db) with c/10^dc, exactly, in 128 bits: negative, 0 or positive. b > 0; decimals at
 * most DECIMALS_MAX each.
 */
int number_compare_quotient(int64_t a, unsigned da, int64_t b, unsigned db, int64_t c, unsigned dc);

/* Compare a/10^da with c/10^dc, exactly. */
int number_compare(int64_t a, unsigned da, int64_t c, unsigned dc);

#endif
