/* figures: what a value may be without a further look, exact at every bound. Findings are test_validate's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>

#include "figures.h"

static const struct {
    const char *proves;
    Yuebao__Measure measure;
    unsigned decimals;
    struct {
        bool present;
        int64_t scaled;
        unsigned decimals;
    } min, max;
    int64_t least, most;
} cases[] = {
    {"no bounds: what can be added up", YUEBAO__MEASURE__COUNT, 0, {0}, {0}, -FIGURE_MAX, FIGURE_MAX},
    {"bounds of as many decimals", YUEBAO__MEASURE__AREA, 1, {true, -5, 1}, {true, 5005, 1}, -5, 5005},
    {"bounds of fewer", YUEBAO__MEASURE__AREA, 2, {true, -5, 0}, {true, 15, 1}, -500, 150},
    {"bounds of more: from 0.5 to 2.5", YUEBAO__MEASURE__COUNT, 0, {true, 5, 1}, {true, 25, 1}, 1, 2},
    {"below zero: from -2.5 to -0.5", YUEBAO__MEASURE__COUNT, 0, {true, -25, 1}, {true, -5, 1}, -2, -1},
    {"a millionth over", YUEBAO__MEASURE__COUNT, 0, {true, 1000001, 6}, {true, 2999999, 6}, 2, 2},
    {"nothing fits between: from 0.2 to 0.8", YUEBAO__MEASURE__COUNT, 0, {true, 2, 1}, {true, 8, 1}, 1, 0},
    {"bounds beyond what can be added up",
     YUEBAO__MEASURE__COUNT,
     0,
     {true, INT64_MIN, 0},
     {true, INT64_MAX, 0},
     -FIGURE_MAX,
     FIGURE_MAX},
    {"and wider still with decimals",
     YUEBAO__MEASURE__MASS,
     6,
     {true, INT64_MIN, 0},
     {true, INT64_MAX, 0},
     -FIGURE_MAX,
     FIGURE_MAX},
    {"all of it beyond", YUEBAO__MEASURE__COUNT, 0, {true, INT64_MAX, 0}, {0}, 1, 0},
    {"a ratio is always looked at", YUEBAO__MEASURE__RATIO, 0, {0}, {0}, 1, 0},
    {"a quotient too", YUEBAO__MEASURE__QUOTIENT, 2, {true, 0, 0}, {true, 9, 0}, 1, 0},
};

static void
test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Yuebao__Indicator indicator = YUEBAO__INDICATOR__INIT;
        Yuebao__Bound min = YUEBAO__BOUND__INIT, max = YUEBAO__BOUND__INIT;
        int64_t least, most;

        indicator.measure = cases[i].measure;
        indicator.decimals = cases[i].decimals;
        min.scaled = cases[i].min.scaled;
        min.decimals = cases[i].min.decimals;
        max.scaled = cases[i].max.scaled;
        max.decimals = cases[i].max.decimals;
        indicator.min = cases[i].min.present ? &min : NULL;
        indicator.max = cases[i].max.present ? &max : NULL;
        figure_limits(&indicator, &least, &most);
        if (least != cases[i].least || most != cases[i].most)
            fail_msg("%s: %" PRId64 " to %" PRId64, cases[i].proves, least, most);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
