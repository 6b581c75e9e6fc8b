/* the desk's agenda: which window is a school's own, and what it owes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agenda.h"

static char school_a[] = "0001", school_b[] = "0002", regular[] = "primary.monthly",
            fire[] = "primary.monthly.fire-check", junior[] = "junior.monthly", october[] = "2026-10",
            snow[] = "大雪封路", primary_kind[] = "primary";
static char *only_a[] = {school_a};

static Yuebao__Window
window_of(char *form, bool only_for_a, uint64_t due_ms, char *extension)
{
    Yuebao__Window w = YUEBAO__WINDOW__INIT;

    w.form = form;
    w.period = october;
    w.due_ms = due_ms;
    w.closes_ms = due_ms + 1000;
    w.zone_minutes = 480;
    w.school = only_for_a ? only_a : NULL;
    w.n_school = only_for_a ? 1 : 0;
    w.extension = extension;
    return w;
}

static Yuebao__School
school_of(char *code)
{
    Yuebao__School s = YUEBAO__SCHOOL__INIT;

    s.code = code;
    s.kind = primary_kind;
    s.opened_day = 0;
    s.closed_day = INT32_MAX;
    return s;
}

static void
a_school_has_its_own_window(void **state)
{
    Yuebao__Window common = window_of(regular, false, 5000, (char *)protobuf_c_empty_string);
    Yuebao__Window own = window_of(regular, true, 9000, snow);
    Yuebao__Window other = window_of(junior, false, 5000, (char *)protobuf_c_empty_string);
    Yuebao__Window one_off = window_of(fire, true, 7000, (char *)protobuf_c_empty_string);
    Yuebao__Window *windows[] = {&common, &own, &other, &one_off};
    Yuebao__School a = school_of(school_a), b = school_of(school_b);
    Yuebao__Agenda agenda = YUEBAO__AGENDA__INIT;
    char *words;

    (void)state;
    agenda.window = windows;
    agenda.n_window = 4;
    assert_ptr_equal(agenda_window(&agenda, regular, october, school_a), &own);
    assert_ptr_equal(agenda_window(&agenda, regular, october, school_b), &common);
    assert_ptr_equal(agenda_window(&agenda, fire, october, school_a), &one_off);
    assert_null(agenda_window(&agenda, fire, october, school_b));
    assert_null(agenda_window(&agenda, regular, "2026-11", school_a));
    assert_true(agenda_owes(&agenda, &a, &own) && agenda_owes(&agenda, &a, &one_off));
    assert_false(agenda_owes(&agenda, &a, &common) || agenda_owes(&agenda, &a, &other));
    assert_true(agenda_owes(&agenda, &b, &common));
    assert_false(agenda_owes(&agenda, &b, &own) || agenda_owes(&agenda, &b, &one_off));
    words = agenda_extension_words(LANGUAGE_ZH, &agenda, &own);
    assert_non_null(strstr(words, "延期至 1970-01-01 08:00"));
    assert_non_null(strstr(words, "原因：大雪封路"));
    free(words);
    own.due_ms = 4000;
    words = agenda_extension_words(LANGUAGE_ZH, &agenda, &own);
    assert_non_null(strstr(words, "提前至"));
    free(words);
    assert_null(agenda_extension_words(LANGUAGE_ZH, &agenda, &common));
}

static void
one_off_forms_are_known_by_their_names(void **state)
{
    (void)state;
    assert_true(agenda_form_is_one_off(fire));
    assert_false(agenda_form_is_one_off(regular));
    assert_string_equal(agenda_form_name(fire), ".fire-check");
    assert_string_equal(agenda_form_name(regular), "");
    assert_string_equal(agenda_form_name("primary"), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_school_has_its_own_window),
        cmocka_unit_test(one_off_forms_are_known_by_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
