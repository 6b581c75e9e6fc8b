/* agenda and snapshot: which windows a school has, by a register that the test writes row by row. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "sample.h"
#include "yuebao.pb-c.h"

#define DAY_MS UINT64_C(86400000)
#define NOW_MS (20000 * DAY_MS) /* 2024-10-04 */
#define TODAY  20000

/* Forms, by number. */
enum { PRIMARY = 1, JUNIOR, SURVEY, DAILY_FORM };

static struct snapshot *snapshot;

/* ---- a register --------------------------------------------------------------------------------- */

static void
add_form(int16_t id, const char *code, const char *kind, enum frequency frequency, bool one_off)
{
    struct calendar_form form = {
        .id = id, .code = code, .kind = kind, .frequency = frequency, .one_off = one_off};

    assert_true(snapshot_add_form(snapshot, &form));
}

static void
add_district(int32_t district, int32_t parent)
{
    struct snapshot_district row = {
        .district = district, .parent = parent, .name_zh = "某地", .name_en = "a place"};

    assert_true(snapshot_add_district(snapshot, &row));
}

/* Again for each other district. */
static void
add_school(int32_t id, const char *code, const char *kind, int32_t district, int32_t from)
{
    struct snapshot_school school = {
        .face = {.id = id, .code = code, .kind = kind, .opened_day = 10000, .closed_day = INT32_MAX},
        .district = district,
        .district_from = from,
        .name_zh = "某校",
        .name_en = "a school"};

    assert_true(snapshot_add_school(snapshot, &school, "institution"));
}

/* Opens and closes so many days from now; due in the middle. */
static struct registry_window
window_of(int16_t form, int32_t first_day, int opens, int closes)
{
    struct registry_window window = {.form_id = form, .period.first_day = first_day, .catalogue_id = 1};

    window.opens_ms = NOW_MS + (uint64_t)(int64_t)opens * DAY_MS;
    window.closes_ms = NOW_MS + (uint64_t)(int64_t)closes * DAY_MS;
    window.due_ms = (window.opens_ms + window.closes_ms) / 2;
    window.zone_minutes = 480;
    return window;
}

static void
add_window(int16_t form, const char *period, int opens, int closes)
{
    struct period p;
    struct registry_window window;

    assert_true(period_parse(period, &p));
    window = window_of(form, p.first_day, opens, closes);
    assert_true(snapshot_add_window(snapshot, &window));
}

static void
add_extension(int16_t form, const char *period, int32_t district, int32_t school, int opens, int closes,
              const char *reason)
{
    struct calendar_extension extension = {.district = district, .school = school};
    struct period p;

    assert_true(period_parse(period, &p));
    extension.window = window_of(form, p.first_day, opens, closes);
    extension.window.extension = reason;
    assert_true(snapshot_add_extension(snapshot, &extension));
}

/*
 * Schools 1 and 2, primary, in county 110101 of prefecture 110100; 3, junior, there too; 4, primary, in
 * 110102 before day 19990 and in 110200 since, entered in the other order.
 */
static int
setup(void **state)
{
    (void)state;
    snapshot = snapshot_new(1, 4, TODAY);
    assert_non_null(snapshot);
    add_form(PRIMARY, "primary.monthly", "primary", MONTHLY, false);
    add_form(JUNIOR, "junior.monthly", "junior", MONTHLY, false);
    add_form(SURVEY, "primary.monthly.roofs", "primary", MONTHLY, true);
    add_form(DAILY_FORM, "primary.daily", "primary", DAILY, false);
    add_district(110000, 0);
    add_district(110100, 110000);
    add_district(110101, 110100);
    add_district(110102, 110100);
    add_district(110200, 110000);
    add_school(1, "001", "primary", 110101, 10000);
    add_school(2, "002", "primary", 110101, 10000);
    add_school(3, "003", "junior", 110101, 10000);
    add_school(4, "004", "primary", 110200, 19990);
    add_school(4, "004", "primary", 110102, 10000);
    assert_true(snapshot_add_catalogue(snapshot, 1, sample_catalogue()));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    snapshot_free(snapshot);
    return 0;
}

/* ---- what is read ------------------------------------------------------------------------------- */

static Yuebao__Agenda *
read_agenda(void)
{
    size_t len = 0;
    uint8_t *bytes = agenda_pack(snapshot, &snapshot_school(snapshot, "001")->face, NOW_MS, &len);
    Yuebao__Agenda *agenda;

    assert_non_null(bytes);
    assert_true(len <= AGENDA_BYTES_MAX);
    agenda = yuebao__agenda__unpack(NULL, len, bytes);
    assert_non_null(agenda);
    free(bytes);
    return agenda;
}

/* "primary.monthly 2024-09 001,002 why; ": form, period, schools, reason. */
static void
print_windows(const Yuebao__Agenda *agenda, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < agenda->n_window; i++) {
        const Yuebao__Window *w = agenda->window[i];
        len += (size_t)snprintf(text + len, size - len, "%s %s", w->form, w->period);
        for (size_t k = 0; k < w->n_school; k++)
            len += (size_t)snprintf(text + len, size - len, "%s%s", k > 0 ? "," : " ", w->school[k]);
        len += (size_t)snprintf(text + len, size - len, "%s%s; ", w->extension[0] != '\0' ? " " : "",
                                w->extension);
    }
}

static void
expect_agenda(const char *windows)
{
    char text[2000];
    Yuebao__Agenda *agenda = read_agenda();

    print_windows(agenda, text, sizeof(text));
    assert_string_equal(text, windows);
    yuebao__agenda__free_unpacked(agenda, NULL);
}

/* Why a school has other instants in that period; "": it has not. */
static const char *
reason_of(const char *school, const char *period)
{
    const struct registry_window *window;
    struct period p;

    assert_true(period_parse(period, &p));
    window = calendar_window(snapshot_calendar(snapshot), PRIMARY, p.first_day);
    assert_non_null(window);
    return snapshot_window_of(snapshot, window, &snapshot_school(snapshot, school)->face)->extension;
}

/* ---- what must be true -------------------------------------------------------------------------- */

static void
test_everybody_has_the_calendars(void **state)
{
    (void)state;
    add_window(PRIMARY, "2024-08", -40, -20);
    add_window(PRIMARY, "2024-09", -10, 10);
    add_window(JUNIOR, "2024-09", -10, 10);
    expect_agenda("primary.monthly 2024-09; junior.monthly 2024-09; primary.monthly 2024-08; ");
}

static void
test_the_nearest_extension_wins(void **state)
{
    (void)state;
    add_window(PRIMARY, "2024-08", -40, -20);
    add_window(PRIMARY, "2024-09", -10, 10);
    add_extension(PRIMARY, "2024-08", 0, 2, -40, 5, "school");
    add_extension(PRIMARY, "2024-08", 110000, 0, -40, 6, "province");
    add_extension(PRIMARY, "2024-08", 110101, 0, -40, 7, "county");
    assert_string_equal(reason_of("001", "2024-08"), "county");
    assert_string_equal(reason_of("002", "2024-08"), "school");
    assert_string_equal(reason_of("004", "2024-08"), "province");
    assert_string_equal(reason_of("001", "2024-09"), "");
    expect_agenda(
        "primary.monthly 2024-09; primary.monthly 2024-08 001 county; primary.monthly 2024-08 002 school; "
        "primary.monthly 2024-08 004 province; ");
}

/* Where it belonged on the period's last day: 004 moved on day 19990, which is 2024-09-24. */
static void
test_the_district_of_the_last_day(void **state)
{
    (void)state;
    add_window(PRIMARY, "2024-08", -40, -20);
    add_window(PRIMARY, "2024-09", -10, 10);
    add_extension(PRIMARY, "2024-08", 110100, 0, -40, 5, "old");
    add_extension(PRIMARY, "2024-08", 110200, 0, -40, 5, "new");
    add_extension(PRIMARY, "2024-09", 110100, 0, -40, 5, "old");
    add_extension(PRIMARY, "2024-09", 110200, 0, -40, 5, "new");
    assert_string_equal(reason_of("004", "2024-08"), "old");
    assert_string_equal(reason_of("004", "2024-09"), "new");
}

static void
test_nowhere_before_its_first_district(void **state)
{
    (void)state;
    add_school(5, "005", "primary", 110101, 19990);
    add_window(PRIMARY, "2024-08", -40, -20);
    add_window(PRIMARY, "2024-09", -10, 10);
    add_extension(PRIMARY, "2024-08", 110000, 0, -40, 5, "all");
    add_extension(PRIMARY, "2024-09", 110000, 0, -40, 5, "all");
    assert_string_equal(reason_of("005", "2024-08"), "");
    assert_string_equal(reason_of("005", "2024-09"), "all");
}

static void
test_general_and_own_windows(void **state)
{
    (void)state;
    add_window(PRIMARY, "2024-09", -10, 10);
    add_extension(PRIMARY, "2024-09", 0, 2, -10, 20, "flood");
    expect_agenda("primary.monthly 2024-09 002 flood; primary.monthly 2024-09; ");
}

static void
test_what_reads_alike_is_told_once(void **state)
{
    (void)state;
    add_window(PRIMARY, "2024-09", -10, 10);
    add_extension(PRIMARY, "2024-09", 0, 1, -10, 20, "flood");
    add_extension(PRIMARY, "2024-09", 0, 2, -10, 20, "fire");
    add_extension(PRIMARY, "2024-09", 0, 4, -10, 20, "flood");
    expect_agenda("primary.monthly 2024-09 002 fire; primary.monthly 2024-09 001,004 flood; ");
}

/* A window of the general one is told while it is near; what schools have instead goes with it, or alone. */
static void
test_near_and_far(void **state)
{
    (void)state;
    add_window(PRIMARY, "2024-05", -200, -100);
    add_window(PRIMARY, "2024-06", -200, -100);
    add_window(PRIMARY, "2024-09", -10, 10);
    add_extension(PRIMARY, "2024-05", 0, 1, -200, 1, "again");
    add_extension(PRIMARY, "2024-06", 0, 1, -200, -90, "long ago");
    add_extension(PRIMARY, "2024-09", 0, 1, 50, 60, "not yet");
    expect_agenda(
        "primary.monthly 2024-09 001 not yet; primary.monthly 2024-09; primary.monthly 2024-05 001 again; ");
}

static void
test_one_off_forms(void **state)
{
    (void)state;
    add_window(SURVEY, "2024-08", -40, 10);
    add_window(SURVEY, "2024-09", -10, 10);
    expect_agenda("");
    add_extension(SURVEY, "2024-09", 0, 2, -10, 20, "snow");
    assert_true(snapshot_add_recipient(snapshot, SURVEY, 2));
    assert_true(snapshot_add_recipient(snapshot, SURVEY, 3)); /* of another kind: it does not owe it */
    assert_true(snapshot_add_recipient(snapshot, SURVEY, 4));
    expect_agenda("primary.monthly.roofs 2024-09 002 snow; primary.monthly.roofs 2024-09 004; "
                  "primary.monthly.roofs 2024-08 002,004; ");
}

/* Half a thousand days, each with two windows that name somebody: the newest of them, and none of whose form
 * and period only the general window is left. */
static void
test_limits(void **state)
{
    static char reason[601];
    char day[PERIOD_TEXT_MAX + 1];
    Yuebao__Agenda *agenda;
    const Yuebao__Window *last;

    (void)state;
    memset(reason, 'x', sizeof(reason) - 1);
    for (int32_t d = 0; d < 500; d++) {
        period_print((struct period){.frequency = DAILY, .first_day = TODAY - 500 + d}, day);
        add_window(DAILY_FORM, day, -1, 1);
        add_extension(DAILY_FORM, day, 0, 1, -1, 2, reason);
    }
    agenda = read_agenda();
    assert_in_range(agenda->n_window, 90, AGENDA_WINDOWS_MAX);
    for (size_t i = 0; i + 1 < agenda->n_window; i += 2) {
        assert_int_equal(agenda->window[i]->n_school, 1);
        assert_int_equal(agenda->window[i + 1]->n_school, 0);
        assert_string_equal(agenda->window[i]->period, agenda->window[i + 1]->period);
    }
    last = agenda->window[agenda->n_window - 1];
    assert_true(agenda->n_window % 2 == 0 || last->n_school == 1);
    yuebao__agenda__free_unpacked(agenda, NULL);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    static const struct CMUnitTest tests[] = {
        CASE(test_everybody_has_the_calendars),
        CASE(test_the_nearest_extension_wins),
        CASE(test_the_district_of_the_last_day),
        CASE(test_nowhere_before_its_first_district),
        CASE(test_general_and_own_windows),
        CASE(test_what_reads_alike_is_told_once),
        CASE(test_near_and_far),
        CASE(test_one_off_forms),
        CASE(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
