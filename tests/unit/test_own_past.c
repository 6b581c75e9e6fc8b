/* own_past: what this desk's outbox answers to the questions of proto/past.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "envelope.h"
#include "own_past.h"

#define SCHOOL "0012345"
#define FORM   "primary.monthly"

static char home[64];
static struct outbox *outbox;

static int
setup(void **state)
{
    (void)state;
    strcpy(home, "/tmp/test-own-past-XXXXXX");
    return mkdtemp(home) == NULL || !envelope_init() || outbox_open(home, true, &outbox, NULL) != OUTBOX_OK;
}

static int
teardown(void **state)
{
    static const char *const files[] = {"outbox.db", "outbox.db-wal", "outbox.db-shm"};
    char path[96];

    (void)state;
    outbox_close(outbox);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", home, files[i]);
        unlink(path);
    }
    return rmdir(home);
}

/* One figure, indicator 1. malloc'd. */
static uint8_t *
statement_of(const char *period, uint32_t revision, int64_t value, size_t *ret_len)
{
    Yuebao__Statement s = YUEBAO__STATEMENT__INIT;
    uint32_t indicator = 1;
    int64_t denominator = 0;
    uint8_t *bytes;

    s.school = (char *)SCHOOL;
    s.form = (char *)FORM;
    s.period = (char *)period;
    s.revision = revision;
    s.n_indicator = s.n_value = s.n_denominator = 1;
    s.indicator = &indicator;
    s.value = &value;
    s.denominator = &denominator;
    bytes = malloc(yuebao__statement__get_packed_size(&s));
    assert_non_null(bytes);
    *ret_len = yuebao__statement__pack(&s, bytes);
    return bytes;
}

static void
file(const char *period, uint32_t revision, int64_t value, enum item_state state)
{
    struct item item = {.school = SCHOOL, .form = FORM, .revision = revision};
    const uint8_t answer[] = {1};

    snprintf(item.period, sizeof(item.period), "%s", period);
    item.statement = statement_of(period, revision, value, &item.statement_len);
    assert_true(statement_id(item.statement, item.statement_len, item.id));
    assert_int_equal(outbox_add(outbox, &item), OUTBOX_OK);
    if (state != ITEM_WAITING)
        assert_int_equal(outbox_decide(outbox, item.id, state, 1, answer, 1), OUTBOX_OK);
    free(item.statement);
}

static void
fetch(const char *period, uint32_t revision, int64_t value)
{
    struct holding h = {.school = SCHOOL, .form = FORM, .revision = revision};

    snprintf(h.period, sizeof(h.period), "%s", period);
    h.statement = statement_of(period, revision, value, &h.statement_len);
    assert_true(statement_id(h.statement, h.statement_len, h.id));
    assert_int_equal(outbox_add_holding(outbox, &h), OUTBOX_OK);
    free(h.statement);
}

static struct period
month(const char *text)
{
    struct period period;

    assert_true(period_parse(text, &period));
    return period;
}

static int64_t
value_in(const struct past *past, const char *period)
{
    int64_t value = -1, denominator = -1;

    return past->figure(past->arg, FORM, month(period), 1, &value, &denominator) ? value : -1;
}

/* Only what is accepted counts, of each slot the newest, from whichever computer. */
static void
the_newest_accepted_figure_counts(void **state)
{
    struct own_past *own = NULL;
    struct past past;
    int64_t value, denominator;

    (void)state;
    file("2026-06", 1, 60, ITEM_RECEIPTED);
    file("2026-06", 2, 61, ITEM_RECEIPTED);
    file("2026-06", 3, 62, ITEM_WAITING);
    file("2026-07", 1, 70, ITEM_REFUSED);
    file("2026-08", 1, 80, ITEM_KEPT);
    file("2026-09", 1, 90, ITEM_RECEIPTED);
    fetch("2026-09", 2, 91);
    fetch("2026-05", 1, 50);
    assert_int_equal(own_past_load(outbox, NULL, SCHOOL, &own), OUTBOX_OK);
    past = own_past_face(own);
    assert_int_equal(value_in(&past, "2026-06"), 61);
    assert_int_equal(value_in(&past, "2026-07"), -1);
    assert_int_equal(value_in(&past, "2026-08"), -1);
    assert_int_equal(value_in(&past, "2026-09"), 91);
    assert_int_equal(value_in(&past, "2026-05"), 50);
    assert_false(past.figure(past.arg, FORM, month("2026-05"), 2, &value, &denominator));
    assert_false(past.figure(past.arg, "junior.monthly", month("2026-05"), 1, &value, &denominator));
    assert_true(past.accepted(past.arg, FORM, month("2026-09")));
    assert_false(past.accepted(past.arg, FORM, month("2026-08")));
    assert_int_equal(own_past_last(own, FORM, month("2026-09"))->value[0], 61);
    assert_int_equal(own_past_last(own, FORM, month("2026-12"))->value[0], 91);
    assert_null(own_past_last(own, FORM, month("2026-05")));
    assert_null(own_past_last(own, FORM, month("2026-Q4"))); /* of another frequency */
    own_past_free(own);
}

/* The holidays have no window: September follows June; what the agenda does not reach has every month. */
static void
the_period_before_is_the_calendars(void **state)
{
    static char form[] = FORM, june[] = "2026-06", september[] = "2026-09", other[] = "0099",
                august[] = "2026-08";
    static char *only_other[] = {other};
    Yuebao__Window windows[3] = {YUEBAO__WINDOW__INIT, YUEBAO__WINDOW__INIT, YUEBAO__WINDOW__INIT};
    Yuebao__Window *list[] = {&windows[0], &windows[1], &windows[2]};
    Yuebao__Agenda agenda = YUEBAO__AGENDA__INIT;
    struct own_past *own = NULL;
    struct period before;
    struct past past;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        windows[i].form = form;
    windows[0].period = september;
    windows[1].period = june;
    windows[2].period = august; /* another school's own */
    windows[2].school = only_other;
    windows[2].n_school = 1;
    agenda.window = list;
    agenda.n_window = 3;
    assert_int_equal(own_past_load(outbox, &agenda, SCHOOL, &own), OUTBOX_OK);
    past = own_past_face(own);
    assert_true(past.before(past.arg, FORM, month("2026-09"), &before));
    assert_true(period_equal(before, month("2026-06")));
    assert_true(past.before(past.arg, FORM, month("2026-06"), &before));
    assert_true(period_equal(before, month("2026-05")));
    own_past_free(own);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_accepted_figure_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(the_period_before_is_the_calendars, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
