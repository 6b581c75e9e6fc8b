/* booked, sums: figures as signed beside figures as booked, added up, and each difference told once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "booked.h"
#include "draft.h"
#include "envelope.h"
#include "sample.h"
#include "sums.h"

#define TOLD_MAX 600

/* "figure 1 501 500; figure 7 - 3": what a listener heard. */
static void
hear(void *arg, enum difference difference, uint32_t indicator, const char *found, const char *expected)
{
    char *told = arg;
    size_t len = strlen(told);

    snprintf(told + len, TOLD_MAX - len, "%s%s %u %s %s", len > 0 ? "; " : "", difference_key(difference),
             indicator, found == NULL ? "-" : found, expected == NULL ? "-" : expected);
}

/* The statement is a draft's words; the books are arrays as PostgreSQL prints them. */
static const struct {
    const char *says, *words, *arrays[BOOKED_ARRAYS], *told;
} samples[] = {
    {"the same", "1=500 2=9/10 3?1", {"{1,2,3}", "{NULL,NULL,1}", "{500,9,NULL}", "{0,10,NULL}"}, ""},
    {"no denominator is 0", "1=500", {"{1}", "{NULL}", "{500}", "{NULL}"}, ""},
    {"nothing and nothing", "", {NULL, NULL, NULL, NULL}, ""},
    {"an empty array", "", {"{}", "{}", "{}", "{}"}, ""},
    {"another value", "1=500", {"{1}", "{NULL}", "{501}", "{0}"}, "figure 1 501 500"},
    {"another denominator", "2=9/10", {"{2}", "{NULL}", "{9}", "{11}"}, "figure 2 9/11 9/10"},
    {"with its decimals", "5=1", {"{5}", "{NULL}", "{-15}", "{0}"}, "figure 5 -1.5 0.1"},
    {"a reason for a value", "1=0", {"{1}", "{2}", "{NULL}", "{NULL}"}, "figure 1 NOT_YET_KNOWN 0"},
    {"a zero for a reason", "1?3", {"{1}", "{NULL}", "{0}", "{0}"}, "figure 1 0 NOT_COLLECTED"},
    {"another reason", "1?3", {"{1}", "{4}", "{NULL}", "{NULL}"}, "figure 1 REFUSED NOT_COLLECTED"},
    {"gone, at the front, inside, at the end",
     "1=1 2=1/1 5=3 7=4",
     {"{2}", "{NULL}", "{1}", "{1}"},
     "figure 1 - 1; figure 5 - 0.3; figure 7 - 4"},
    {"too many, around what is right",
     "2=1/1",
     {"{1,2,7}", "{NULL,NULL,NULL}", "{8,1,9}", "{0,1,0}"},
     "figure 1 8 -; figure 7 9 -"},
    {"one that the catalogue does not know", "", {"{99}", "{NULL}", "{5}", "{0}"}, "figure 99 5 -"},
    {"reasons among values keep their order",
     "7=1 1?1 5?2",
     {"{1,5,7}", "{1,2,NULL}", "{NULL,NULL,1}", "{NULL,NULL,0}"},
     ""},
};

static void
test_lists_are_compared(void **state)
{
    struct catalogue *catalogue = sample_catalogue();
    static struct draft draft;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char told[TOLD_MAX] = "";
        struct listener listener = {hear, told};
        draft_of(&draft, catalogue, samples[i].words);
        struct booked_list expected = booked_of_statement(&draft.message);
        struct booked_list found = booked_parse(samples[i].arrays);
        booked_compare(&found, &expected, catalogue, DIFFERENCE_figure, &listener);
        if (strcmp(told, samples[i].told) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", samples[i].says, told, samples[i].told);
        booked_fini(&expected);
        booked_fini(&found);
    }
    catalogue_free(catalogue);
}

static void
test_what_is_extreme_is_read_whole(void **state)
{
    const char *const arrays[BOOKED_ARRAYS] = {"{1,32767}", "{NULL,NULL}",
                                               "{-9223372036854775808,9223372036854775807}", "{0,NULL}"};
    struct booked_list list = booked_parse(arrays);

    (void)state;
    assert_int_equal(list.count, 2);
    assert_true(list.figures[0].value == INT64_MIN && list.figures[1].value == INT64_MAX);
    assert_non_null(booked_find(&list, 32767));
    assert_null(booked_find(&list, 2));
    booked_fini(&list);
}

/* ---- sums --------------------------------------------------------------------------------------- */

static struct sums
sums_of(const char *const *lists, size_t n)
{
    struct sums sums = {0};

    for (size_t i = 0; i < n; i++) {
        const char *const arrays[BOOKED_ARRAYS] = {"{1,2,7}", "{NULL,NULL,3}", lists[i], "{0,4,NULL}"};
        struct booked_list list = booked_parse(arrays);
        sums_add(&sums, 5, &list);
        booked_fini(&list);
    }
    return sums;
}

static void
test_sums_are_exact(void **state)
{
    const char *const lists[] = {"{9223372036854775807,1,NULL}", "{9223372036854775807,2,NULL}"};
    struct sums sums = sums_of(lists, 2);
    char told[TOLD_MAX] = "";
    struct listener listener = {hear, told};

    (void)state;
    sums_check(&sums, &(struct total){5, 1, "2", "0", "18446744073709551614", "0"}, &listener);
    sums_check(&sums, &(struct total){5, 2, "2", "0", "3", "8"}, &listener);
    sums_check(&sums, &(struct total){5, 7, "0", "2", "0", "0"}, &listener);
    assert_string_equal(told, "");
    sums_fini(&sums);
}

static void
forget(void *arg, int form)
{
    (void)arg;
    assert_int_equal(form, 5);
}

static void
test_each_sum_is_told(void **state)
{
    const char *const lists[] = {"{10,1,NULL}"};
    struct sums sums = sums_of(lists, 1);
    char told[TOLD_MAX] = "";
    struct listener listener = {hear, told};

    (void)state;
    sums_check(&sums, &(struct total){5, 1, "2", "0", "10", "0"}, &listener);
    sums_check(&sums, &(struct total){6, 1, "0", "0", "0", "0"}, &listener);  /* emptied by corrections */
    sums_check(&sums, &(struct total){6, 2, "0", "0", "-1", "0"}, &listener); /* of another form */
    assert_string_equal(told, "total_schools 1 2 1; total_value 2 -1 0");
    told[0] = '\0';
    sums_check_rest(&sums, forget, &listener);
    assert_string_equal(
        told, "total_schools 2 0 1; total_value 2 0 1; total_denominator 2 0 4; total_excused 7 0 1");
    sums_fini(&sums);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_are_compared),
        cmocka_unit_test(test_what_is_extreme_is_read_whole),
        cmocka_unit_test(test_sums_are_exact),
        cmocka_unit_test(test_each_sum_is_told),
    };

    return envelope_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
