/* registry against a real PostgreSQL (real_house.h). The database's calendar is replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "envelope.h"
#include "real_house.h"
#include "registry.h"
#include "registry_ask.h"
#include "sample.h"
#include "yuebao.pb-c.h"

static uint8_t sample_hash[ID_SIZE];

static const char *
code(const char *tail)
{
    static char text[64];

    snprintf(text, sizeof(text), "%s%s", run_name, tail);
    return text;
}

/* ---- a bench of a register ---------------------------------------------------------------------- */

struct bench {
    struct event_base *base;
    struct asker *asker;
    struct registry *registry;
    unsigned changes;
};

static void
on_change(void *arg)
{
    struct bench *bench = arg;

    bench->changes++;
}

/* The sample catalogue, and its hash into `sample_hash`. */
static void
store_sample(void)
{
    struct catalogue *sample = sample_catalogue();
    size_t len;
    const char *values[] = {(const char *)catalogue_bytes(sample, &len)};
    int lengths[] = {(int)len}, formats[] = {1};

    memcpy(sample_hash, catalogue_hash(sample), ID_SIZE);
    PQclear(PQexecParams(
        db, "INSERT INTO yuebao.catalogue (hash, bytes) VALUES (sha256($1), $1) ON CONFLICT DO NOTHING", 1,
        NULL, values, lengths, formats, 0));
    catalogue_free(sample);
}

/* Two months, open now, under the sample. */
static void
open_periods(void)
{
    char hex[2 * ID_SIZE + 1], sql[600];

    hex_print(sample_hash, ID_SIZE, hex);
    run("DELETE FROM yuebao.calendar");
    snprintf(sql, sizeof(sql),
             "INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)"
             " SELECT f.form, p.day, now() - interval '1 day', now() + interval '1 day', now() + interval '2 "
             "days',"
             " c.catalogue FROM yuebao.form AS f, yuebao.catalogue AS c,"
             " (VALUES (date '2026-09-01'), (date '2026-10-01')) AS p (day)"
             " WHERE f.code = 'primary.monthly' AND c.hash = '\\x%s'",
             hex);
    run(sql);
}

static int
set_up_database(void **state)
{
    (void)state;
    if (!envelope_init() || real_house_open() != 0)
        return -1;
    if (db == NULL)
        return 0;
    store_sample();
    run("INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on) VALUES"
        " ('{r}1', '{r}i', 'primary', '甲小学', 'Primary A', '2020-01-01'),"
        " ('{r}2', '{r}i', 'junior', '甲初中', 'Junior A', '2020-01-01'),"
        " ('{r}3', '{r}j', 'primary', '乙小学', 'Primary B', '2020-01-01')");
    run("INSERT INTO yuebao.school_district SELECT school, '2020-01-01', 990100 FROM yuebao.school"
        " WHERE code LIKE '{r}%'");
    run("INSERT INTO yuebao.school_district SELECT school, current_date + 400, 990200 FROM yuebao.school"
        " WHERE code = '{r}1'");
    run("DELETE FROM yuebao.calendar");
    open_periods();
    return 0;
}

static int
tear_down_database(void **state)
{
    (void)state;
    real_house_close();
    return 0;
}

static const struct ask_kind *const asked[] = {&registry_ask_of_key, &registry_ask_of_enrolment, NULL};

static int
set_up(void **state)
{
    struct bench *bench;

    if (db == NULL)
        return 0;
    bench = calloc(1, sizeof(*bench));
    bench->base = event_base_new();
    bench->asker = asker_new(bench->base, COLLECTOR, asked);
    assert_non_null(bench->asker);
    bench->registry = registry_new(bench->base, COLLECTOR, bench->asker, on_change, bench);
    assert_non_null(bench->registry);
    alarm(PATIENCE_S);
    while (!registry_ready(bench->registry))
        event_base_loop(bench->base, EVLOOP_ONCE);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    struct bench *bench = *state;

    if (db == NULL)
        return 0;
    registry_free(bench->registry);
    asker_free(bench->asker);
    event_base_free(bench->base);
    free(bench);
    alarm(0);
    return 0;
}

struct answer {
    bool answered;
    enum registry_answer answer;
};

static void
on_answer(enum registry_answer answer, void *arg)
{
    struct answer *a = arg;

    assert_false(a->answered);
    *a = (struct answer){true, answer};
}

static enum registry_answer
wait_for(struct bench *bench, struct answer *a)
{
    while (!a->answered)
        event_base_loop(bench->base, EVLOOP_ONCE);
    return a->answer;
}

/* An ask can only be sent once the link is up: until then the answer is AWAY. */
static enum registry_answer
ask(struct bench *bench, const uint8_t key[KEY_SIZE], const char *school)
{
    struct answer a = {0};

    do {
        a.answered = false;
        (void)registry_ask_key(bench->registry, key, school, on_answer, &a);
        if (a.answered && a.answer == REGISTRY_AWAY)
            event_base_loop(bench->base, EVLOOP_ONCE);
    } while (wait_for(bench, &a) == REGISTRY_AWAY);
    return a.answer;
}

static enum registry_answer
enrol(struct bench *bench, const char *secret, const char *school, const uint8_t key[KEY_SIZE])
{
    uint8_t hash[ID_SIZE];
    struct answer a = {0};

    envelope_sha256(secret, strlen(secret), hash);
    do {
        a.answered = false;
        (void)registry_enrol(bench->registry, hash, school, key, "test 1", on_answer, &a);
        if (a.answered && a.answer == REGISTRY_AWAY)
            event_base_loop(bench->base, EVLOOP_ONCE);
    } while (wait_for(bench, &a) == REGISTRY_AWAY);
    return a.answer;
}

static void
make_code(const char *secret, const char *school, const char *expires)
{
    char sql[400];

    snprintf(sql, sizeof(sql),
             "INSERT INTO yuebao.enrolment (code_hash, school, expires_at)"
             " SELECT sha256('%s'), school, now() + interval '%s' FROM yuebao.school WHERE code = '%s'",
             secret, expires, school);
    run(sql);
}

/* A key or a code that no other run has. */
static void
fresh_key(const char *name, uint8_t key[KEY_SIZE])
{
    envelope_sha256(code(name), strlen(code(name)), key);
}

/* ---- what must be true -------------------------------------------------------------------------- */

static void
test_knows_schools(void **state)
{
    struct bench *bench = *state;
    const struct registry_school *one, *two, *three;

    NEEDS_DATABASE();
    one = registry_school(bench->registry, code("1"));
    two = registry_school(bench->registry, code("2"));
    three = registry_school(bench->registry, code("3"));
    assert_non_null(one);
    assert_string_equal(one->kind, "primary");
    assert_string_equal(one->code, code("1"));
    assert_int_equal(one->id, number("SELECT school FROM yuebao.school WHERE code = '{r}1'"));
    assert_int_equal(one->opened_day, date_to_day((struct date){2020, 1, 1}));
    assert_int_equal(one->closed_day, INT32_MAX);
    assert_int_equal(one->institution, two->institution);
    assert_int_not_equal(one->institution, three->institution);
    assert_null(registry_school(bench->registry, "no such school"));
    assert_null(registry_school(bench->registry, ""));
}

static void
test_enrols_once(void **state)
{
    struct bench *bench = *state;
    uint8_t key[KEY_SIZE], other[KEY_SIZE];
    char secret[64], school[64], sibling[64], foreign[64];

    NEEDS_DATABASE();
    snprintf(secret, sizeof(secret), "%s", code("secret"));
    snprintf(school, sizeof(school), "%s", code("1"));
    snprintf(sibling, sizeof(sibling), "%s", code("2"));
    snprintf(foreign, sizeof(foreign), "%s", code("3"));
    fresh_key("key", key);
    fresh_key("other", other);
    make_code(secret, school, "1 hour");
    assert_int_equal(ask(bench, key, school), REGISTRY_NO);
    assert_int_equal(enrol(bench, secret, foreign, key), REGISTRY_NO); /* the code is another school's */
    assert_int_equal(enrol(bench, secret, school, key), REGISTRY_YES);
    assert_int_equal(enrol(bench, secret, school, key), REGISTRY_YES); /* the first answer was lost */
    assert_int_equal(enrol(bench, secret, school, other), REGISTRY_NO);
    assert_true(registry_key_may_sign(bench->registry, key, registry_school(bench->registry, school)));
    assert_true(registry_key_may_sign(bench->registry, key, registry_school(bench->registry, sibling)));
    assert_false(registry_key_may_sign(bench->registry, key, registry_school(bench->registry, foreign)));
    assert_false(registry_key_may_sign(bench->registry, other, registry_school(bench->registry, school)));
    assert_int_equal(ask(bench, key, sibling), REGISTRY_YES);
    assert_int_equal(ask(bench, key, foreign), REGISTRY_NO);
    assert_int_equal(number("SELECT count(*) FROM yuebao.school_key JOIN yuebao.school USING (school)"
                            " WHERE code = '{r}1' AND software = 'test 1'"),
                     1);
    assert_int_equal(number("SELECT count(*) FROM yuebao.enrolment JOIN yuebao.school USING (school)"
                            " WHERE code = '{r}1' AND used_at IS NOT NULL AND used_key IS NOT NULL"),
                     1);
}

static void
test_expired_code_and_guessing(void **state)
{
    struct bench *bench = *state;
    uint8_t key[KEY_SIZE];
    char old[64], good[64], school[64];

    NEEDS_DATABASE();
    snprintf(old, sizeof(old), "%s", code("old"));
    snprintf(good, sizeof(good), "%s", code("good"));
    snprintf(school, sizeof(school), "%s", code("3"));
    fresh_key("key3", key);
    make_code(old, school, "-1 hour");
    make_code(good, school, "1 hour");
    for (int i = 0; i < 5; i++)
        assert_int_equal(enrol(bench, i == 0 ? old : "guess", school, key), REGISTRY_NO);
    assert_int_equal(enrol(bench, good, school, key), REGISTRY_NO); /* tried too often */
    assert_int_equal(number("SELECT count(*) FROM yuebao.school_key JOIN yuebao.school USING (school)"
                            " WHERE code = '{r}3'"),
                     0);
}

/* Guesses on many connections at once are not more guesses: the right code is the sixth. */
static void
test_guessing_all_at_once(void **state)
{
    struct bench *bench = *state;
    struct answer answers[6] = {{0}};
    uint8_t key[KEY_SIZE], hash[ID_SIZE];
    char good[64], school[64];

    NEEDS_DATABASE();
    snprintf(good, sizeof(good), "%s", code("sixth"));
    snprintf(school, sizeof(school), "%s", code("3"));
    fresh_key("key5", key);
    make_code(good, school, "1 hour");
    (void)ask(bench, key, school); /* the link is up */
    for (int i = 0; i < 6; i++) {
        const char *secret = i == 5 ? good : "guess";
        envelope_sha256(secret, strlen(secret), hash);
        (void)registry_enrol(bench->registry, hash, school, key, "test 1", on_answer, &answers[i]);
    }
    for (int i = 0; i < 6; i++)
        assert_int_equal(wait_for(bench, &answers[i]), REGISTRY_NO);
}

static void
test_key_of_another_worker_is_found(void **state)
{
    struct bench *bench = *state;
    struct answer never = {0};
    struct registry_ask *cancelled;
    uint8_t key[KEY_SIZE];
    char school[64], hex[2 * KEY_SIZE + 1], sql[400];

    NEEDS_DATABASE();
    snprintf(school, sizeof(school), "%s", code("1"));
    fresh_key("elsewhere", key);
    hex_print(key, KEY_SIZE, hex);
    assert_int_equal(ask(bench, key, school), REGISTRY_NO);
    snprintf(sql, sizeof(sql),
             "INSERT INTO yuebao.school_key (key, school) SELECT '\\x%s', school FROM yuebao.school"
             " WHERE code = '{r}1'",
             hex);
    run(sql);
    cancelled = registry_ask_key(bench->registry, key, school, on_answer, &never);
    if (cancelled != NULL)
        registry_ask_cancel(cancelled);
    assert_int_equal(ask(bench, key, school), REGISTRY_YES);
    assert_false(never.answered && cancelled != NULL);
    assert_true(registry_key_may_sign(bench->registry, key, registry_school(bench->registry, school)));
}

static void
test_changes_are_seen(void **state)
{
    struct bench *bench = *state;
    unsigned changes;

    NEEDS_DATABASE();
    changes = bench->changes;
    run("UPDATE yuebao.school SET closed_on = '2026-11-30' WHERE code = '{r}2'");
    while (registry_school(bench->registry, code("2"))->closed_day == INT32_MAX)
        event_base_loop(bench->base, EVLOOP_ONCE);
    assert_int_equal(registry_school(bench->registry, code("2"))->closed_day,
                     date_to_day((struct date){2026, 11, 30}));
    assert_true(bench->changes > changes);
}

static void
test_change_while_the_link_was_down_is_seen(void **state)
{
    struct bench *bench = *state;

    NEEDS_DATABASE();
    run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'yuebaod registry'");
    run("INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on)"
        " VALUES ('{r}4', '{r}k', 'primary', '丙小学', 'Primary C', '2020-01-01')");
    while (registry_school(bench->registry, code("4")) == NULL)
        event_base_loop(bench->base, EVLOOP_ONCE);
}

static void
test_window_and_agenda(void **state)
{
    struct bench *bench = *state;
    const struct registry_window *window;
    struct period october, november;
    int16_t form_id;
    Yuebao__Agenda *agenda;
    uint8_t *bytes;
    size_t len;

    NEEDS_DATABASE();
    assert_true(period_parse("2026-10", &october));
    assert_true(period_parse("2026-11", &november));
    window = registry_window(bench->registry, "primary.monthly", october, NULL);
    assert_non_null(window);
    assert_int_equal(window->zone_minutes, 480);
    assert_true(period_equal(window->period, october));
    assert_int_equal(window->due_ms / 1000,
                     number("SELECT floor(extract(epoch FROM min(due_at)))::bigint FROM yuebao.calendar"
                            " JOIN yuebao.form USING (form) WHERE code = 'primary.monthly'"));
    assert_null(registry_window(bench->registry, "primary.monthly", november, NULL));
    assert_null(registry_window(bench->registry, "primary.none", october, NULL));
    assert_true(registry_form(bench->registry, "primary.monthly", november.frequency, &form_id));
    assert_int_equal(form_id, window->form_id);
    assert_false(registry_form(bench->registry, "primary.monthly", DAILY, &form_id));
    assert_false(registry_form(bench->registry, "primary.none", november.frequency, &form_id));
    assert_ptr_equal(registry_catalogue(bench->registry, sample_hash), window->catalogue);

    bytes =
        registry_agenda(bench->registry, registry_school(bench->registry, code("1")), window->due_ms, &len);
    assert_non_null(bytes);
    agenda = yuebao__agenda__unpack(NULL, len, bytes);
    assert_non_null(agenda);
    assert_int_equal(agenda->n_school, 2);
    assert_string_equal(agenda->school[0]->name_zh, "甲小学");
    assert_int_equal(agenda->school[0]->district, 990100); /* it moves, but not yet */
    assert_string_equal(agenda->school[0]->district_zh, "甲县");
    assert_int_equal(agenda->n_window, 2);
    assert_string_equal(agenda->window[0]->period, "2026-10");
    assert_string_equal(agenda->window[1]->period, "2026-09");
    assert_memory_equal(agenda->window[0]->catalogue.data, sample_hash, ID_SIZE);
    yuebao__agenda__free_unpacked(agenda, NULL);
    free(bytes);
}

/* Another snapshot is in. */
static void
wait_for_change(struct bench *bench)
{
    unsigned changes = bench->changes;

    while (bench->changes == changes)
        event_base_loop(bench->base, EVLOOP_ONCE);
}

static const char *
reason_for(const struct bench *bench, const char *school)
{
    struct period october;

    assert_true(period_parse("2026-10", &october));
    return registry_window(bench->registry, "primary.monthly", october,
                           registry_school(bench->registry, code(school)))
        ->extension;
}

/* The nation's, and one school's own. */
static void
test_extensions_are_seen(void **state)
{
    struct bench *bench = *state;

    NEEDS_DATABASE();
    assert_string_equal(reason_for(bench, "1"), "");
    run("INSERT INTO yuebao.extension (form, period, district, school, opens_at, due_at, closes_at, reason)"
        " SELECT c.form, c.period, p.district, p.school, c.opens_at, c.due_at, c.closes_at, p.reason"
        " FROM yuebao.calendar AS c, (SELECT 100000, NULL::integer, 'all' UNION ALL"
        " SELECT NULL, school, 'own' FROM yuebao.school WHERE code = '{r}3') AS p (district, school, reason)"
        " WHERE c.period = '2026-10-01'");
    wait_for_change(bench);
    assert_string_equal(reason_for(bench, "1"), "all");
    assert_string_equal(reason_for(bench, "3"), "own");
    run("DELETE FROM yuebao.extension");
    wait_for_change(bench);
    assert_string_equal(reason_for(bench, "3"), "");
}

static void
test_recipients_are_seen(void **state)
{
    struct bench *bench = *state;
    const char *ordinary = "primary.monthly", *survey = "primary.monthly.roofs";

    NEEDS_DATABASE();
    run("INSERT INTO yuebao.form (kind, frequency, name, code, name_zh, name_en)"
        " VALUES ('primary', 'monthly', 'roofs', 'primary.monthly.roofs', '校舍', 'roofs')"
        " ON CONFLICT DO NOTHING");
    run("INSERT INTO yuebao.form_school SELECT form, school FROM yuebao.form, yuebao.school"
        " WHERE form.code = 'primary.monthly.roofs' AND school.code = '{r}3'");
    wait_for_change(bench);
    assert_true(registry_form_sent(bench->registry, survey, registry_school(bench->registry, code("3"))));
    assert_false(registry_form_sent(bench->registry, survey, registry_school(bench->registry, code("1"))));
    assert_true(registry_form_sent(bench->registry, ordinary, registry_school(bench->registry, code("1"))));
    run("DELETE FROM yuebao.form_school");
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_knows_schools),
        CASE(test_enrols_once),
        CASE(test_expired_code_and_guessing),
        CASE(test_guessing_all_at_once),
        CASE(test_key_of_another_worker_is_found),
        CASE(test_changes_are_seen),
        CASE(test_change_while_the_link_was_down_is_seen),
        CASE(test_window_and_agenda),
        CASE(test_extensions_are_seen),
        CASE(test_recipients_are_seen),
    };

    return cmocka_run_group_tests(tests, set_up_database, tear_down_database);
}
