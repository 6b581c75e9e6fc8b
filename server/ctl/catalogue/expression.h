/*
 * expression: one side of a rule between indicators, "left_behind_children + myopia_rate.den". Pure.
 *
 * Terms are joined by '+'. A term is an indicator's code; of a ratio or quotient .num or .den follows and
 * says which part; .previous at the very end means the figure of the period before, on the same form:
 * "attendance.num.previous".
 */
#ifndef YUEBAOCTL_EXPRESSION_H
#define YUEBAOCTL_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "limit.h"

#define EXPRESSION_TERMS_MAX 16

enum term_part { TERM_WHOLE, TERM_NUMERATOR, TERM_DENOMINATOR };

struct term {
    char code[INDICATOR_CODE_MAX + 1];
    enum term_part part;
    bool previous; /* of the period before */
};

enum expression_status {
    EXPRESSION_OK,
    EXPRESSION_EMPTY_TERM, /* nothing at all, or nothing before, between or behind a '+' */
    EXPRESSION_BAD_TERM,   /* not a code, or a suffix other than .num, .den and .previous */
    EXPRESSION_TOO_LONG,   /* more than EXPRESSION_TERMS_MAX terms */
};

/* Read `text` into at most EXPRESSION_TERMS_MAX terms. Outputs are set with EXPRESSION_OK only. */
enum expression_status expression_parse(const char *text, struct term ret_terms[EXPRESSION_TERMS_MAX],
                                        size_t *ret_count) __attribute__((warn_unused_result));

#endif
