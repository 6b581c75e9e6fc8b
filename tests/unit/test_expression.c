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

#define NOTHING                                                                                              \
    {                                                                                                        \
        {                                                                                                    \
            "", TERM_WHOLE, false                                                                            \
        }                                                                                                    \
    }
#define LONGEST "a23456789_123456789_123456789_123456789_123456789_123456789_123"

static const struct sample samples[] = {
    {"one code", "boarding_pupils", EXPRESSION_OK, 1, {{"boarding_pupils", TERM_WHOLE, false}}},
    {"a sum", "a + b2", EXPRESSION_OK, 2, {{"a", TERM_WHOLE, false}, {"b2", TERM_WHOLE, false}}},
    {"blanks do not matter",
     "  a+b  +   c ",
     EXPRESSION_OK,
     3,
     {{"a", TERM_WHOLE, false}, {"b", TERM_WHOLE, false}, {"c", TERM_WHOLE, false}}},
    {"parts",
     "rate.num + rate.den",
     EXPRESSION_OK,
     2,
     {{"rate", TERM_NUMERATOR, false}, {"rate", TERM_DENOMINATOR, false}}},
    {"the period before", "open.previous", EXPRESSION_OK, 1, {{"open", TERM_WHOLE, true}}},
    {"a part of the period before, beside this one's",
     "rate.num.previous + rate.den.previous + rate.den",
     EXPRESSION_OK,
     3,
     {{"rate", TERM_NUMERATOR, true}, {"rate", TERM_DENOMINATOR, true}, {"rate", TERM_DENOMINATOR, false}}},
    {"a code that looks like a suffix", "previous", EXPRESSION_OK, 1, {{"previous", TERM_WHOLE, false}}},
    {"a part behind the period", "rate.previous.num", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"the period before twice", "rate.previous.previous", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"a period alone", ".previous", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"two parts", "rate.num.den", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"63 characters fit", LONGEST, EXPRESSION_OK, 1, {{LONGEST, TERM_WHOLE, false}}},
    {"64 do not", LONGEST "4", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"nothing", "", EXPRESSION_EMPTY_TERM, 0, NOTHING},
    {"blanks only", "   ", EXPRESSION_EMPTY_TERM, 0, NOTHING},
    {"nothing behind a plus", "a +", EXPRESSION_EMPTY_TERM, 0, NOTHING},
    {"nothing before a plus", "+ a", EXPRESSION_EMPTY_TERM, 0, NOTHING},
    {"two pluses", "a ++ b", EXPRESSION_EMPTY_TERM, 0, NOTHING},
    {"another suffix", "rate.sum", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"a suffix alone", ".num", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"a suffix and more", "rate.number", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"capitals", "Rate", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"a digit first", "2rate", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"a blank within", "a b", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"another operator", "a - b", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"Chinese", "学生", EXPRESSION_BAD_TERM, 0, NOTHING},
    {"17 terms", "a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a", EXPRESSION_TOO_LONG, 0, NOTHING},
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
            assert_int_equal(terms[t].previous, s->terms[t].previous);
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
