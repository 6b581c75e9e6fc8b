/* remark: what a statement that was let through leaves beside its figures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"
#include "envelope.h"
#include "remark.h"
#include "sample.h"
#include "validate.h"

#define GOOD "1=500 2=9/10"
#define RULE "boarding_within_enrolled" /* 7 <= 1, here a warning */

static const struct {
    const char *proves, *words, *expected;
} cases[] = {
    {"nothing warned, nothing said", GOOD " 7=500", ""},
    {"a warning, answered beside its figure", GOOD " 7=501 ~7::why", "7 " RULE " 501 500 why;"},
    {"answered by the rule's name", GOOD " 7=501 ~0:" RULE ":why", "7 " RULE " 501 500 why;"},
    {"the first answer counts, the second stands alone", GOOD " 7=501 ~1::one ~7::two",
     "1 " RULE " 501 500 one;7 - - - two;"},
    {"an explanation of what no rule warned of", GOOD " 7=500 ~7::why", "7 - - - why;"},
    {"by the name of a rule that did not warn: one across forms or periods, say",
     GOOD " 7=500 ~7:" RULE ":why", "7 " RULE " - - why;"},
    {"the same beside no figure", GOOD " 7=500 ~0:" RULE ":why", "0 " RULE " - - why;"},
    {"beside no figure", GOOD " ~0::why", "0 - - - why;"},
    {"a blank says nothing", GOOD " ~1::_", ""},
};

static struct catalogue *
warning_catalogue(void)
{
    Yuebao__Catalogue *message = sample_message();
    struct catalogue *catalogue = NULL;

    message->rule[0]->severity = YUEBAO__SEVERITY__WARNING;
    assert_int_equal(sample_load(message, &catalogue), CATALOGUE_OK);
    yuebao__catalogue__free_unpacked(message, NULL);
    return catalogue;
}

static const char *
or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static void
text_of(const struct remark *remarks, size_t count, char text[EXPECTED_MAX])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, EXPECTED_MAX - used, "%u %s %s %s %s;", remarks[i].indicator,
                                 or_dash(remarks[i].rule), or_dash(remarks[i].found),
                                 or_dash(remarks[i].bound), remarks[i].explanation);
}

static void
test_remarks(void **state)
{
    struct catalogue *catalogue = warning_catalogue();
    struct draft *draft = malloc(sizeof(*draft));

    (void)state;
    assert_non_null(draft);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct findings findings;
        char text[EXPECTED_MAX];
        size_t count = 99;

        draft_of(draft, catalogue, cases[i].words);
        findings_init(&findings);
        validate_statement(catalogue, &draft->message, &findings);
        assert_false(findings_refuse(&findings));
        struct remark *remarks = remarks_of(catalogue, &draft->message, &findings, &count);
        assert_non_null(remarks);
        text_of(remarks, count, text);
        if (strcmp(text, cases[i].expected) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].proves, text, cases[i].expected);
        free(remarks);
        findings_fini(&findings);
    }
    free(draft);
    catalogue_free(catalogue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_remarks)};

    if (!envelope_init())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
