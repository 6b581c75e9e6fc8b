/* What was meant by a mistyped word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "near.h"

static const struct {
    const char *code, *name;
} known[] = {
    {"enrolled_pupils", "在校(园)学生数"},
    {"boarding_pupils", "寄宿生数"},
    {"pupils_funded", "享受资助学生数"},
    {"pupils_moved_in", "转入学生数"},
    {"classes", "班级数"},
    {"buses", NULL},
};

static const struct {
    const char *what, *typed, *list; /* NULL: nothing is near */
} cases[] = {
    {"a letter too few", "enroled_pupils", "enrolled_pupils 在校(园)学生数"},
    {"three letters wrong in seven", "clbxset", NULL},
    {"two letters wrong in seven", "clbssee", "classes 班级数"},
    {"part of a name", "寄宿", "boarding_pupils 寄宿生数"},
    {"part of several codes, in their order, three at most", "pupils",
     "enrolled_pupils 在校(园)学生数, boarding_pupils 寄宿生数, pupils_funded 享受资助学生数"},
    {"without a name", "busses", "buses"},
    {"a part before a mistake, though it comes later", "buse", "buses"},
    {"one letter is part of everything and means nothing", "s", NULL},
    {"nothing like it", "temperature", NULL},
    {"longer than any code", "enrolled_pupils_enrolled_pupils_enrolled_pupils_enrolled_pupils_enrolled",
     NULL},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct near near = {.typed = cases[c].typed};
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            near_consider(&near, known[i].code, known[i].name);
        char *list = near_list(&near, ", ");
        print_message("%s\n", cases[c].what);
        if (cases[c].list == NULL)
            assert_null(list);
        else {
            assert_non_null(list);
            assert_string_equal(list, cases[c].list);
        }
        free(list);
    }
}

/* The nearer one is named first, whichever is considered first. */
static void
test_order(void **state)
{
    (void)state;
    struct near near = {.typed = "totalls"};
    near_consider(&near, "totas", NULL);
    near_consider(&near, "totals", NULL);
    char *list = near_list(&near, "、");
    assert_string_equal(list, "totals、totas");
    free(list);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_order)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
