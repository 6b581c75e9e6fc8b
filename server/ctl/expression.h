/*
 * expression: one side of a rule between indicators, "left_behind_children + myopia_rate.den". Pure.
 *
 * Terms are joined by '+'. A term is an indicator's code; of a ratio or quotient it ends in .num or .den and
 * says which part.
 */
#ifndef YUEBAOCTL_EXPRESSION_H
#define YUEBAOCTL_EXPRESSION_H

#include <stddef.h>

#include "limit.h"

#define EXPRESSION_TERMS_MAX 16

enum term_part { TERM_WHOLE, TERM_NUMERATOR, TERM_DENOMINATOR };

struct term {
    char code[INDICATOR_CODE_MAX + 1];
    enum term_part part;
};

enum expression_status {
    EXPRESSION_OK,
    EXPRESSION_EMPTY_TERM, /* nothing at all, or nothing before, between or behind a '+' */
    EXPRESSION_BAD_TERM,   /* not a code, or a suffix other than .num and .den */
    EXPRESSION_TOO_LONG,   /* more than EXPRESSION_TERMS_MAX terms */
};

/* Read `text` into at most EXPRESSION_TERMS_MAX terms. Outputs are set with EXPRESSION_OK only. */
enum expression_status expression_parse(const char *text, struct term ret_terms[EXPRESSION_TERMS_MAX],
                                        size_t *ret_count) __attribute__((warn_unused_result));

#endif
