/* Refused statements are remembered, within bounds; against a real PostgreSQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "real_batch.h"

static struct submission *
rejection_of(const char *slot, int number_of_it)
{
    char text[16];
    struct paper paper = {
        .school = 8, .text = text, .answer = "reject", .revision = 1, .kind = SUBMISSION_REJECTION};
    struct submission *s;

    snprintf(text, sizeof(text), "%d", number_of_it);
    s = submission_of(&paper);
    s->school_code = strdup(slot);
    s->form_code = strdup("primary.monthly");
    s->period_text = strdup("2026-10");
    s->rejection_summary = strdup("ABOVE_MAX enrolled_pupils");
    return s;
}

static void
test_rejections_are_capped(void **state)
{
    struct bench *bench = *state;
    char slot[64];

    NEEDS_DATABASE();
    snprintf(slot, sizeof(slot), "school%d", first_school);
    for (int i = 0; i < 60; i++) {
        struct submission *s = rejection_of(slot, i / 2); /* each comes twice */
        s->arg = &bench->sent[bench->n_sent++];
        assert_true(batch_submit(bench->batch, s));
    }
    wait_for_answers(bench);
    for (size_t i = 0; i < bench->n_sent; i++)
        assert_int_equal(bench->sent[i].outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(number_of(0, "SELECT count(*) FROM yuebao.rejection WHERE school_code = 'school{s}'"),
                     20);
    assert_int_equal(
        number_of(0, "SELECT count(DISTINCT id) FROM yuebao.rejection WHERE school_code = 'school{s}'"), 20);
}

/* Links that remember refusals of one slot at the same moment do not count past each other. */
static void
test_rejections_are_capped_across_links(void **state)
{
    struct bench *bench = *state;
    struct batch *rivals[3];
    char slot[64];

    NEEDS_DATABASE();
    snprintf(slot, sizeof(slot), "racing%d", first_school);
    run("CREATE OR REPLACE FUNCTION public.test_obstacle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        "AS"
        " $$ BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$"); /* so that they do meet */
    run("DROP TRIGGER IF EXISTS test_obstacle ON yuebao.rejection");
    run("CREATE TRIGGER test_obstacle BEFORE INSERT ON yuebao.rejection FOR EACH ROW"
        " EXECUTE FUNCTION public.test_obstacle()");
    for (size_t i = 0; i < 3; i++) {
        rivals[i] = batch_new(bench->base, COLLECTOR, 1);
        wait_for_link(bench, rivals[i]);
    }
    for (int i = 0; i < 45; i++) {
        struct submission *s = rejection_of(slot, i);
        s->arg = &bench->sent[bench->n_sent++];
        assert_true(batch_submit(rivals[i % 3], s));
    }
    wait_for_answers(bench);
    assert_int_equal(number_of(0, "SELECT count(*) FROM yuebao.rejection WHERE school_code = 'racing{s}'"),
                     20);
    for (size_t i = 0; i < 3; i++)
        batch_free(rivals[i]);
}

/* Large ones are dropped before they take the room of reports. */
static void
test_rejections_are_bounded_in_bytes(void **state)
{
    struct bench *bench = *state;
    size_t taken = 0;

    NEEDS_DATABASE();
    for (int i = 0; i < 100; i++) {
        struct paper paper = {
            .school = 9, .text = "large", .answer = "reject", .revision = 1, .kind = SUBMISSION_REJECTION};
        struct submission *s = submission_of(&paper);
        free(s->envelope);
        s->envelope_len = FRAME_BODY_MAX;
        s->envelope = calloc(1, s->envelope_len);
        assert_non_null(s->envelope);
        s->arg = &bench->sent[bench->n_sent];
        if (batch_submit(bench->batch, s)) {
            bench->n_sent++;
            taken++;
        } else {
            submission_free(s);
        }
    }
    assert_in_range(taken, 8, 2 * 1024 * 1024 / FRAME_BODY_MAX);
    put(bench, (struct paper){.school = 9, .text = "a report", .answer = "r", .revision = 1});
    wait_for_answers(bench);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_rejections_are_capped),
        CASE(test_rejections_are_capped_across_links),
        CASE(test_rejections_are_bounded_in_bytes),
    };

    return cmocka_run_group_tests(tests, real_batch_open, real_batch_close);
}
