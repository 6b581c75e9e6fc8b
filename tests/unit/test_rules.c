/* rules: which are of a form, when they speak, what they find, and what explains a warning. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"
#include "envelope.h"
#include "rules.h"
#include "sample.h"
#include "validate.h"

/* ---- a catalogue from one line of text ---------------------------------------------------------- */

/*
 * The sample's indicators and forms with other rules: "a error 7 <= 1; b warning 2d + 8 = 5". A term is an
 * indicator, "2d" its denominator, "2p" that of the period before; "0" alone is a side without terms.
 */
static Yuebao__Term *
term_of(const char *word)
{
    Yuebao__Term *term = malloc(sizeof(*term));
    char suffix = ' ';

    assert_non_null(term);
    yuebao__term__init(term);
    assert_true(sscanf(word, "%" SCNu32 "%c", &term->indicator, &suffix) >= 1);
    term->part = suffix == 'd' ? YUEBAO__PART__DENOMINATOR : YUEBAO__PART__VALUE;
    term->previous = suffix == 'p';
    return term;
}

static void
side_add(Yuebao__Term ***terms, size_t *count, const char *word)
{
    *terms = realloc(*terms, (*count + 1) * sizeof(**terms));
    assert_non_null(*terms);
    (*terms)[(*count)++] = term_of(word);
}

static Yuebao__Rule *
rule_of(char *text)
{
    static const char *const operators[] = {"=", "<=", ">="};
    Yuebao__Rule *rule = malloc(sizeof(*rule));
    char *rest = NULL, *word = strtok_r(text, " ", &rest);
    bool left = true;

    assert_non_null(rule);
    yuebao__rule__init(rule);
    rule->code = strdup(word);
    rule->message_zh = strdup("规则");
    rule->message_en = strdup("rule");
    word = strtok_r(NULL, " ", &rest);
    rule->severity = strcmp(word, "error") == 0 ? YUEBAO__SEVERITY__ERROR : YUEBAO__SEVERITY__WARNING;
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        bool is_operator = false;

        for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
            if (strcmp(word, operators[i]) == 0) {
                rule->op = (Yuebao__Operator)i;
                is_operator = true;
                left = false;
            }
        }
        if (is_operator || strcmp(word, "+") == 0 || strcmp(word, "0") == 0)
            continue;
        if (left)
            side_add(&rule->left, &rule->n_left, word);
        else
            side_add(&rule->right, &rule->n_right, word);
    }
    return rule;
}

static Yuebao__Catalogue *
message_with(const char *rules)
{
    Yuebao__Catalogue *message = sample_message();
    char *copy = strdup(rules), *rest = NULL, *text;

    for (size_t i = 0; i < message->n_rule; i++)
        yuebao__rule__free_unpacked(message->rule[i], NULL);
    message->n_rule = 0;
    for (text = strtok_r(copy, ";", &rest); text != NULL; text = strtok_r(NULL, ";", &rest)) {
        message->rule = realloc(message->rule, (message->n_rule + 1) * sizeof(*message->rule));
        assert_non_null(message->rule);
        message->rule[message->n_rule++] = rule_of(text);
    }
    free(copy);
    return message;
}

static enum catalogue_status
load(const char *rules, struct catalogue **ret_catalogue)
{
    Yuebao__Catalogue *message = message_with(rules);
    enum catalogue_status status = sample_load(message, ret_catalogue);

    yuebao__catalogue__free_unpacked(message, NULL);
    return status;
}

/* ---- findings ----------------------------------------------------------------------------------- */

#define GOOD "1=500 2=90/100"

static const struct {
    const char *proves, *rules, *statement, *expected;
} cases[] = {
    {"at most: less", "a error 7 <= 1", GOOD " 7=499", ""},
    {"at most: equal", "a error 7 <= 1", GOOD " 7=500", ""},
    {"at most: more", "a error 7 <= 1", GOOD " 7=501", "RULE_BROKEN a 7 501 500"},
    {"at least: more", "a error 7 >= 1", GOOD " 7=501", ""},
    {"at least: less", "a error 7 >= 1", GOOD " 7=499", "RULE_BROKEN a 7 499 500"},
    {"equal", "a error 7 = 1", GOOD " 7=500", ""},
    {"equal: less", "a error 7 = 1", GOOD " 7=499", "RULE_BROKEN a 7 499 500"},
    {"equal: more", "a error 7 = 1", GOOD " 7=501", "RULE_BROKEN a 7 501 500"},

    {"a sum", "a error 7 + 2 <= 1", GOOD " 7=410", ""},
    {"a sum that is one too many", "a error 7 + 2 <= 1", GOOD " 7=411", "RULE_BROKEN a 7 501 500"},
    {"sums on both sides", "a error 7 + 2 = 1 + 2d", GOOD " 7=510", ""},
    {"one indicator twice counts twice", "a error 1 + 1 <= 7", GOOD " 7=999", "RULE_BROKEN a 1 1000 999"},
    {"a side without terms is 0", "a error 7 = 0", GOOD " 7=1", "RULE_BROKEN a 7 1 0"},
    {"below zero", "a error 7 >= 0", GOOD " 7=-5", "RULE_BROKEN a 7 -5 0"},

    {"the value is the numerator", "a error 2 >= 1", GOOD, "RULE_BROKEN a 2 90 500"},
    {"the denominator", "a error 2d >= 1", GOOD, "RULE_BROKEN a 2 100 500"},
    {"parts of different decimals are added as numbers: 0.5 + 0.75", "a error 8 + 8d = 1", "1=1 2=0/0 8=5/75",
     "RULE_BROKEN a 8 1.25 1"},
    {"and are equal where the numbers are", "a error 8 + 8d = 1", "1=1 2=0/0 8=5/50", ""},
    {"a hundredth is seen", "a error 8d = 5", GOOD " 5=10 8=5/101", "RULE_BROKEN a 8 1.01 1"},
    {"no zeros at the end, but those of the whole", "a error 5 = 0", GOOD " 5=1000", "RULE_BROKEN a 5 100 0"},
    {"decimals of one side only", "a error 7 <= 5", GOOD " 5=5 7=1", "RULE_BROKEN a 7 1 0.5"},

    {"a figure that is not given: nothing is said", "a error 7 <= 1", GOOD, ""},
    {"nor where one of many is not given", "a error 1 + 7 <= 2", GOOD, ""},
    {"a reason is no figure", "a error 1 <= 2", "1?2 2=90/100", ""},
    {"nobody to count is a figure", "a error 1 <= 2d", "1=5 2=0/0", "RULE_BROKEN a 1 5 0"},
    {"a figure that is wrong by itself still counts", "a error 7 <= 1", "1=-1 2=90/100 7=0",
     "BELOW_MIN 1 -1 0; RULE_BROKEN a 7 0 -1"},
    {"nor does it overflow", "a error 7 + 7 + 8d <= 1", GOOD " 7=9223372036854775807 8=0/9223372036854775807",
     "ABOVE_MAX 7 9223372036854775807 10000000000000; ABOVE_MAX 8 0.0/92233720368547758.07 100000000000; "
     "RULE_BROKEN a 7 18538977794078099372.07 500"},
    {"nor below", "a error 5 + 7 >= 1", GOOD " 5=-9223372036854775808 7=-9223372036854775808",
     "BELOW_MIN 5 -922337203685477580.8 -1000000000000; BELOW_MIN 7 -9223372036854775808 -10000000000000; "
     "RULE_BROKEN a 5 -10145709240540253388.8 500"},

    {"a rule with an indicator of another form says nothing", "a error 9 <= 1", GOOD, ""},
    {"nor does one of the period before", "a warning 7 = 7p", GOOD " 7=3", ""},
    {"a rule of two forms is judged on both", "a error 1 <= 0", GOOD, "RULE_BROKEN a 1 500 0"},
    {"in the kindergarten too", "a error 1 <= 0", "1=500 9=1 form=kindergarten.monthly",
     "RULE_BROKEN a 1 500 0"},
    {"and only there", "a error 9 <= 1", "1=5 9=6 form=kindergarten.monthly", "RULE_BROKEN a 9 6 5"},

    {"a warning without a word is refused", "a warning 7 <= 1", GOOD " 7=501",
     "EXPLANATION_MISSING a 7 501 500; warning: RULE_BROKEN a 7 501 500"},
    {"explained beside its first term", "a warning 7 <= 1", GOOD " 7=501 ~7::why",
     "warning: RULE_BROKEN a 7 501 500"},
    {"explained beside its last term", "a warning 7 <= 1", GOOD " 7=501 ~1::why",
     "warning: RULE_BROKEN a 7 501 500"},
    {"explained by its name", "a warning 7 <= 1", GOOD " 7=501 ~0:a:why", "warning: RULE_BROKEN a 7 501 500"},
    {"by its name beside a figure of its own", "a warning 7 <= 1", GOOD " 7=501 ~7:a:why",
     "warning: RULE_BROKEN a 7 501 500"},
    {"by its name beside any figure", "a warning 7 <= 1", GOOD " 7=501 ~2:a:why",
     "warning: RULE_BROKEN a 7 501 500"},
    {"beside a figure of another rule", "a warning 7 <= 1", GOOD " 7=501 ~2::why",
     "EXPLANATION_MISSING a 7 501 500; warning: RULE_BROKEN a 7 501 500"},
    {"beside no figure and of no rule", "a warning 7 <= 1", GOOD " 7=501 ~0::why",
     "EXPLANATION_MISSING a 7 501 500; warning: RULE_BROKEN a 7 501 500"},
    {"beside its figure, of another rule", "a warning 7 <= 1; b warning 2 <= 1", GOOD " 7=501 ~7:b:why",
     "EXPLANATION_MISSING a 7 501 500; warning: RULE_BROKEN a 7 501 500"},
    {"a blank explains nothing", "a warning 7 <= 1", GOOD " 7=501 ~7::_\u3000_",
     "EXPLANATION_MISSING a 7 501 500; warning: RULE_BROKEN a 7 501 500"},
    {"one of several explanations is enough", "a warning 7 <= 1", GOOD " 7=501 ~7::_ ~2::x ~7::why",
     "warning: RULE_BROKEN a 7 501 500"},
    {"one explanation beside a figure answers all its rules", "a warning 7 <= 1; b warning 7 <= 2",
     GOOD " 7=501 ~7::why", "warning: RULE_BROKEN a 7 501 500; warning: RULE_BROKEN b 7 501 90"},
    {"one that names a rule answers that one", "a warning 7 <= 1; b warning 7 <= 2", GOOD " 7=501 ~7:a:why",
     "EXPLANATION_MISSING b 7 501 90; warning: RULE_BROKEN a 7 501 500; warning: RULE_BROKEN b 7 501 90"},
    {"an error cannot be explained", "a error 7 <= 1", GOOD " 7=501 ~0:a:why", "RULE_BROKEN a 7 501 500"},
    {"an explanation of a rule that was kept is welcome", "a warning 7 <= 1", GOOD " 7=1 ~0:a:why", ""},

    {"errors first, then by the rule's code, behind the figures",
     "a warning 1 <= 0; b error 2 <= 0; c warning 2 <= 0", "1=500 2=90/100 7=99999999999999",
     "ABOVE_MAX 7 99999999999999 10000000000000; EXPLANATION_MISSING a 1 500 0; RULE_BROKEN b 2 90 0; "
     "EXPLANATION_MISSING c 2 90 0; warning: RULE_BROKEN a 1 500 0; warning: RULE_BROKEN c 2 90 0"},
    {"nothing is judged by another catalogue's rules", "a error 1 <= 0", GOOD " catalogue=31",
     "WRONG_CATALOGUE 0 - *"},
};

/* "*" in an expected text: whatever follows. */
static bool
matches(const char *text, const char *expected)
{
    const char *star = strchr(expected, '*');

    return star == NULL ? strcmp(text, expected) == 0
                        : strncmp(text, expected, (size_t)(star - expected)) == 0;
}

static void
test_findings(void **state)
{
    struct findings findings;
    struct draft draft;
    char text[EXPECTED_MAX];

    (void)state;
    findings_init(&findings);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct catalogue *catalogue = NULL;

        assert_int_equal(load(cases[i].rules, &catalogue), CATALOGUE_OK);
        draft_of(&draft, catalogue, cases[i].statement);
        findings_clear(&findings);
        validate_statement(catalogue, &draft.message, &findings);
        findings_text(&findings, text);
        if (!matches(text, cases[i].expected))
            fail_msg("%s:\n  found    %s\n  expected %s", cases[i].proves, text, cases[i].expected);
        catalogue_free(catalogue);
    }
    findings_fini(&findings);
}

/* ---- catalogues --------------------------------------------------------------------------------- */

static void
test_what_a_catalogue_may_not_say(void **state)
{
    static const struct {
        const char *proves, *rules;
        enum catalogue_status status;
    } catalogues[] = {
        {"a warning about the period before", "a warning 7 = 7p", CATALOGUE_OK},
        {"the period before cannot refuse", "a error 7 = 7p", CATALOGUE_BROKEN},
        {"nor on the left", "a error 7p = 7", CATALOGUE_BROKEN},
        {"a warning across forms", "a warning 9 <= 2", CATALOGUE_OK},
        {"two rules of one code", "a error 7 <= 1; a error 2 <= 1", CATALOGUE_BROKEN},
        {"rules out of order", "b error 7 <= 1; a error 2 <= 1", CATALOGUE_BROKEN},
        {"a rule without a left side", "a error 0 = 7", CATALOGUE_BROKEN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(catalogues) / sizeof(catalogues[0]); i++) {
        struct catalogue *catalogue = NULL;
        enum catalogue_status status = load(catalogues[i].rules, &catalogue);

        if (status != catalogues[i].status)
            fail_msg("%s: status %d", catalogues[i].proves, (int)status);
        catalogue_free(catalogue);
    }
}

/* As many one-off forms more, each with indicator 1 alone. */
static void
add_forms(Yuebao__Catalogue *message, int count)
{
    message->form = realloc(message->form, (message->n_form + (size_t)count) * sizeof(*message->form));
    assert_non_null(message->form);
    for (int i = 0; i < count; i++) {
        Yuebao__Form *form = malloc(sizeof(*form));
        char code[FORM_CODE_MAX + 1];

        assert_non_null(form);
        yuebao__form__init(form);
        snprintf(code, sizeof(code), "primary.monthly.%02d", i);
        form->code = strdup(code);
        form->kind = strdup("primary");
        form->frequency = strdup("monthly");
        form->name_zh = strdup("专项调查");
        form->name_en = strdup("Survey");
        form->required = calloc(1, sizeof(*form->required));
        assert_non_null(form->required);
        form->required[form->n_required++] = 1;
        message->form[message->n_form++] = form;
    }
}

/* Rules times forms are bounded: nobody's catalogue takes all the memory of a desk. */
static void
test_too_many_terms(void **state)
{
    static const struct {
        size_t terms;
        int forms; /* beside two of the sample's that ask for indicator 1 */
        enum catalogue_status status;
    } sizes[] = {{40000, 23, CATALOGUE_OK}, {40000, 24, CATALOGUE_TOO_LARGE}};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        Yuebao__Catalogue *message = message_with("a error 1 = 0");
        struct catalogue *catalogue = NULL;
        Yuebao__Rule *rule = message->rule[0];

        rule->left = realloc(rule->left, sizes[i].terms * sizeof(*rule->left));
        assert_non_null(rule->left);
        while (rule->n_left < sizes[i].terms)
            rule->left[rule->n_left++] = term_of("1");
        add_forms(message, sizes[i].forms);
        assert_int_equal(sample_load(message, &catalogue), sizes[i].status);
        catalogue_free(catalogue);
        yuebao__catalogue__free_unpacked(message, NULL);
    }
}

static void
test_indicators_of_a_rule(void **state)
{
    Yuebao__Catalogue *message = message_with("a warning 7 + 2 + 7p + 2d = 1 + 7 + 9");
    const uint32_t expected[] = {7, 2, 1, 9};
    uint32_t numbers[8];

    (void)state;
    assert_int_equal(rule_indicators(message->rule[0], numbers, 8), 4);
    assert_memory_equal(numbers, expected, sizeof(expected));
    assert_int_equal(rule_indicators(message->rule[0], numbers, 2), 2);
    assert_int_equal(rule_indicators(message->rule[0], numbers, 0), 0);
    yuebao__catalogue__free_unpacked(message, NULL);
}

static void
test_which_explanation_answers(void **state)
{
    struct catalogue *catalogue = NULL;
    const Yuebao__Rule *rule;
    struct draft draft;

    (void)state;
    assert_int_equal(load("a warning 7 <= 1", &catalogue), CATALOGUE_OK);
    rule = catalogue_rule(catalogue, "a");
    draft_of(&draft, catalogue, GOOD " 7=501 ~7::_ ~1::first ~0:a:second");
    assert_string_equal(rule_explanation(rule, &draft.message)->text, "first");
    draft_of(&draft, catalogue, GOOD " 7=501 ~2::x");
    assert_null(rule_explanation(rule, &draft.message));
    catalogue_free(catalogue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_what_a_catalogue_may_not_say),
        cmocka_unit_test(test_too_many_terms),
        cmocka_unit_test(test_indicators_of_a_rule),
        cmocka_unit_test(test_which_explanation_answers),
    };

    return envelope_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
