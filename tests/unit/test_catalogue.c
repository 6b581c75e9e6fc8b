/* catalogue: what is refused at loading, so that validate need not ask; look-ups. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "sample.h"

static void
say(char **field, const char *text)
{
    if (*field != protobuf_c_empty_string)
        free(*field);
    *field = strdup(text);
}

static void
say_letters(char **field, size_t count)
{
    char text[TEXT_MAX + 2] = "";

    memset(text, 'x', count);
    say(field, text);
}

/* Each change breaks one thing of the sample. Indicators: [0] 1, [1] 2 ratio, [2] 3 quotient ... Forms: [2]
 * primary.monthly. */
#define CHANGES(X)                                                                                           \
    X("number 0", c->indicator[0]->number = 0)                                                               \
    X("number beyond smallint", c->indicator[6]->number = 32768)                                             \
    X("numbers not ascending", c->indicator[1]->number = 1)                                                  \
    X("no code", say(&c->indicator[0]->code, ""))                                                            \
    X("code of 64 bytes", say_letters(&c->indicator[0]->code, 64))                                           \
    X("code twice", say(&c->indicator[0]->code, "toys"))                                                     \
    X("no Chinese name", say(&c->indicator[0]->name_zh, ""))                                                 \
    X("no English name", say(&c->indicator[0]->name_en, ""))                                                 \
    X("seven decimals", c->indicator[0]->decimals = 7)                                                       \
    X("seven decimals below", c->indicator[1]->denominator_decimals = 7)                                     \
    X("decimals of a denominator that is not", c->indicator[0]->denominator_decimals = 1)                    \
    X("seven decimals of the least", c->indicator[0]->min->decimals = 7)                                     \
    X("seven decimals of the greatest", c->indicator[0]->max->decimals = 7)                                  \
    X("least over greatest", c->indicator[0]->min->scaled = 5001)                                            \
    X("form's code is not its kind", say(&c->form[2]->kind, "junior"))                                       \
    X("form's code is not its frequency", say(&c->form[2]->frequency, "weekly"))                             \
    X("a one-off form without a name", say(&c->form[2]->code, "primary.monthly."))                           \
    X("a name that begins with a hyphen", say(&c->form[2]->code, "primary.monthly.-x"))                      \
    X("a name in capitals", say(&c->form[2]->code, "primary.monthly.X"))                                     \
    X("a name of two parts", say(&c->form[2]->code, "primary.monthly.x.y"))                                  \
    X("a name of 25 letters", say(&c->form[2]->code, "primary.monthly.abcdefghijklmnopqrstuvwxy"))           \
    X("a name without its dot", say(&c->form[2]->code, "primary.monthlyx"))                                  \
    X("a code of 49 bytes",                                                                                  \
      (say(&c->form[2]->kind, "primaryprimaryprimar"), say(&c->form[2]->frequency, "daily"),                 \
       say(&c->form[2]->code, "primaryprimaryprimar.daily.abcdefghijklmnopqrstu1")))                         \
    X("no such frequency",                                                                                   \
      (say(&c->form[2]->frequency, "hourly"), say(&c->form[2]->code, "primary.hourly")))                     \
    X("no kind", (say(&c->form[0]->kind, ""), say(&c->form[0]->code, ".monthly")))                           \
    X("a kind of two parts",                                                                                 \
      (say(&c->form[2]->kind, "primary.daily"), say(&c->form[2]->code, "primary.daily.monthly")))            \
    X("forms not ascending", say(&c->form[0]->kind, "special"), say(&c->form[0]->code, "special.monthly"))   \
    X("form without a name", say(&c->form[2]->name_zh, ""))                                                  \
    X("form that asks nothing", c->form[1]->n_required = 0)                                                  \
    X("required not ascending", c->form[2]->required[1] = 1)                                                 \
    X("optional not ascending", c->form[2]->optional[0] = 8)                                                 \
    X("required and optional", c->form[2]->optional[0] = 2)                                                  \
    X("indicator that is not there", c->form[2]->optional[1] = 4)                                            \
    X("indicator 0", c->form[2]->required[0] = 0)                                                            \
    X("rule without a code", say(&c->rule[0]->code, ""))                                                     \
    X("rule without severity", c->rule[0]->severity = YUEBAO__SEVERITY__SEVERITY_NONE)                       \
    X("rule without words", say(&c->rule[0]->message_zh, ""))                                                \
    X("rule of an unknown indicator", c->rule[0]->left[0]->indicator = 4)                                    \
    X("denominator of what has none", c->rule[0]->right[0]->part = YUEBAO__PART__DENOMINATOR)

static void
change(Yuebao__Catalogue *c, size_t number)
{
    size_t n = 0;

#define X(proves, ...)                                                                                       \
    if (n++ == number) {                                                                                     \
        __VA_ARGS__;                                                                                         \
    }
    CHANGES(X)
#undef X
}

static const char *const proves[] = {
#define X(text, ...) text,
    CHANGES(X)
#undef X
};

static void
test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(proves) / sizeof(proves[0]); i++) {
        Yuebao__Catalogue *message = sample_message();
        struct catalogue *catalogue = NULL;
        enum catalogue_status status;

        change(message, i);
        status = sample_load(message, &catalogue);
        if (status != CATALOGUE_BROKEN || catalogue != NULL)
            fail_msg("%s: status %d", proves[i], (int)status);
        yuebao__catalogue__free_unpacked(message, NULL);
    }
}

/* "[a-z0-9][a-z0-9-]{0,23}"; it is found by its code, and does not stand in for the form that all owe. */
static void
test_one_off_forms(void **state)
{
    static const char *const codes[] = {"primary.monthly.x", "primary.monthly.2026-safety",
                                        "primary.monthly.abcdefghijklmnopqrstuvwx"};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        Yuebao__Catalogue *message = sample_message();
        struct catalogue *catalogue = NULL;

        say(&message->form[2]->code, codes[i]);
        assert_int_equal(sample_load(message, &catalogue), CATALOGUE_OK);
        assert_int_equal(catalogue_form(catalogue, codes[i])->frequency, MONTHLY);
        assert_null(catalogue_form(catalogue, "primary.monthly"));
        catalogue_free(catalogue);
        yuebao__catalogue__free_unpacked(message, NULL);
    }
}

static void
test_bad_bytes(void **state)
{
    static const uint8_t unknown_field[] = {0x78, 0x01};
    struct catalogue *catalogue = NULL, *sample = sample_catalogue();
    size_t len;
    const uint8_t *bytes = catalogue_bytes(sample, &len);
    uint8_t *huge = calloc(1, CATALOGUE_MAX + 1);

    (void)state;
    assert_int_equal(catalogue_load(unknown_field, sizeof(unknown_field), &catalogue), CATALOGUE_BAD_BYTES);
    assert_int_equal(catalogue_load(bytes, len - 1, &catalogue), CATALOGUE_BAD_BYTES);
    assert_int_equal(catalogue_load(NULL, 0, &catalogue), CATALOGUE_BROKEN);
    assert_non_null(huge);
    assert_int_equal(catalogue_load(huge, CATALOGUE_MAX + 1, &catalogue), CATALOGUE_TOO_LARGE);
    assert_null(catalogue);
    free(huge);
    catalogue_free(sample);
    catalogue_free(NULL);
}

static void
test_lookups(void **state)
{
    struct catalogue *catalogue = sample_catalogue();
    const struct form *form = catalogue_form(catalogue, "primary.monthly");

    (void)state;
    assert_non_null(form);
    assert_int_equal(form->frequency, MONTHLY);
    assert_null(catalogue_form(catalogue, "primary.yearly"));
    assert_null(catalogue_form(catalogue, "primary"));
    assert_int_equal(catalogue_form_count(catalogue), 3);
    assert_ptr_equal(catalogue_form_at(catalogue, 2), form);
    assert_int_equal(catalogue_place(form, 1), FORM_REQUIRED);
    assert_int_equal(catalogue_place(form, 7), FORM_OPTIONAL);
    assert_int_equal(catalogue_place(form, 9), FORM_FOREIGN);
    assert_int_equal(catalogue_place(form, 0), FORM_FOREIGN);
    assert_string_equal(catalogue_indicator(catalogue, 5)->code, "library_area");
    assert_null(catalogue_indicator(catalogue, 4));
    assert_null(catalogue_indicator(catalogue, 0));
    assert_null(catalogue_indicator(catalogue, UINT32_MAX));
    assert_int_equal(catalogue_indicator_by_code(catalogue, "toys")->number, 9);
    assert_null(catalogue_indicator_by_code(catalogue, "toy"));
    assert_non_null(catalogue_rule(catalogue, "boarding_within_enrolled"));
    assert_null(catalogue_rule(catalogue, ""));
    catalogue_free(catalogue);
}

/* validate walks this list instead of looking numbers up. */
static void
test_items_merge_required_and_optional(void **state)
{
    static const struct {
        uint32_t number;
        bool required;
    } expected[] = {{1, true}, {2, true}, {3, false}, {5, false}, {7, false}, {8, false}};
    struct catalogue *catalogue = sample_catalogue();
    const struct form *form = catalogue_form(catalogue, "primary.monthly");

    (void)state;
    assert_int_equal(form->n_items, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < form->n_items; i++) {
        assert_int_equal(form->items[i].indicator->number, expected[i].number);
        assert_int_equal(form->items[i].required, expected[i].required);
    }
    catalogue_free(catalogue);
}

static void
test_named_by_its_bytes(void **state)
{
    struct catalogue *catalogue = sample_catalogue(), *again = NULL;
    uint8_t hash[ID_SIZE];
    size_t len;
    const uint8_t *bytes = catalogue_bytes(catalogue, &len);

    (void)state;
    envelope_sha256(bytes, len, hash);
    assert_memory_equal(catalogue_hash(catalogue), hash, ID_SIZE);
    assert_int_equal(catalogue_load(bytes, len, &again), CATALOGUE_OK);
    assert_memory_equal(catalogue_hash(again), hash, ID_SIZE);
    catalogue_free(again);
    catalogue_free(catalogue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_one_off_forms),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_items_merge_required_and_optional),
        cmocka_unit_test(test_named_by_its_bytes),
    };

    return envelope_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
