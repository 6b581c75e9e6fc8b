/* expression: sides of rules as they are written in rules.csv, and every way to write them wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "expression.h"

struct sample {
    const char *proves, *text;
    enum expression_status status;
    size_t count;
    struct term terms[3];
};

#define LONGEST "a23456789_123456789_123456789_123456789_123456789_123456789_123"

static const struct sample samples[] = {
    {"one code", "boarding_pupils", EXPRESSION_OK, 1, {{"boarding_pupils", TERM_WHOLE}}},
    {"a sum", "a + b2", EXPRESSION_OK, 2, {{"a", TERM_WHOLE}, {"b2", TERM_WHOLE}}},
    {"blanks do not matter",
     "  a+b  +   c ",
     EXPRESSION_OK,
     3,
     {{"a", TERM_WHOLE}, {"b", TERM_WHOLE}, {"c", TERM_WHOLE}}},
    {"parts",
     "rate.num + rate.den",
     EXPRESSION_OK,
     2,
     {{"rate", TERM_NUMERATOR}, {"rate", TERM_DENOMINATOR}}},
    {"63 characters fit", LONGEST, EXPRESSION_OK, 1, {{LONGEST, TERM_WHOLE}}},
    {"64 do not", LONGEST "4", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"nothing", "", EXPRESSION_EMPTY_TERM, 0, {{"", 0}}},
    {"blanks only", "   ", EXPRESSION_EMPTY_TERM, 0, {{"", 0}}},
    {"nothing behind a plus", "a +", EXPRESSION_EMPTY_TERM, 0, {{"", 0}}},
    {"nothing before a plus", "+ a", EXPRESSION_EMPTY_TERM, 0, {{"", 0}}},
    {"two pluses", "a ++ b", EXPRESSION_EMPTY_TERM, 0, {{"", 0}}},
    {"another suffix", "rate.sum", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"a suffix alone", ".num", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"a suffix and more", "rate.number", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"capitals", "Rate", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"a digit first", "2rate", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"a blank within", "a b", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"another operator", "a - b", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"Chinese", "学生", EXPRESSION_BAD_TERM, 0, {{"", 0}}},
    {"17 terms", "a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a", EXPRESSION_TOO_LONG, 0, {{"", 0}}},
};

static void
reads_and_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];
        struct term terms[EXPRESSION_TERMS_MAX];
        size_t count = 99;
        enum expression_status status = expression_parse(s->text, terms, &count);
        if (status != s->status)
            fail_msg("%s: status %d, not %d", s->proves, (int)status, (int)s->status);
        if (status != EXPRESSION_OK) {
            assert_int_equal(count, 99); /* outputs change on success only */
            continue;
        }
        assert_int_equal(count, s->count);
        for (size_t t = 0; t < count; t++) {
            assert_string_equal(terms[t].code, s->terms[t].code);
            assert_int_equal(terms[t].part, s->terms[t].part);
        }
    }
}

static void
sixteen_terms_fit(void **state)
{
    struct term terms[EXPRESSION_TERMS_MAX];
    size_t count = 0;

    (void)state;
    assert_int_equal(expression_parse("a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a", terms, &count), EXPRESSION_OK);
    assert_int_equal(count, EXPRESSION_TERMS_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_and_refuses),
                                       cmocka_unit_test(sixteen_terms_fit)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
