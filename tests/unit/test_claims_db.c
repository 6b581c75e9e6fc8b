/* What becomes of a statement, against a real PostgreSQL: accepted, repeated, in conflict, kept, decided. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "real_batch.h"

static void
test_accepts_and_repeats(void **state)
{
    struct bench *bench = *state;
    struct paper paper = {
        .school = 0, .text = "a", .answer = "first receipt", .revision = 1, .value = 100, .excused = true};
    struct sent *first, *again;

    NEEDS_DATABASE();
    first = put(bench, paper);
    wait_for_answers(bench);
    paper.answer = "second receipt";
    again = put(bench, paper);
    wait_for_answers(bench);
    assert_int_equal(first->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(again->outcome, SUBMISSION_REPEATED);
    assert_string_equal(again->first_answer, "first receipt");
    assert_int_equal(number_of(0, "SELECT count(*) FROM yuebao.report WHERE school = {s} AND filler = '王芳'"
                                  " AND receipt = 'first receipt' AND period = '2026-10-01'"
                                  " AND received_at = to_timestamp(1793500000)"),
                     1);
    assert_int_equal(number_of(0, "SELECT count(*) FROM yuebao.figure WHERE school = {s}"), 3);
    assert_int_equal(
        number_of(0,
                  "SELECT denominator FROM yuebao.figure WHERE school = {s} AND indicator = 2 AND value = 7"),
        9);
    assert_int_equal(number_of(0, "SELECT value FROM yuebao.figure WHERE school = {s} AND indicator = 1"),
                     100);
    assert_int_equal(
        number_of(0,
                  "SELECT missing FROM yuebao.figure WHERE school = {s} AND indicator = 3 AND value IS NULL"),
        2);
}

static void
test_same_statement_three_times_at_once(void **state)
{
    struct bench *bench = *state;
    struct paper paper = {.school = 1, .text = "a", .answer = "one", .revision = 1};
    struct sent *sent[3];

    NEEDS_DATABASE();
    for (int i = 0; i < 3; i++)
        sent[i] = put(bench, paper);
    wait_for_answers(bench);
    assert_int_equal(sent[0]->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(sent[1]->outcome, SUBMISSION_REPEATED);
    assert_int_equal(sent[2]->outcome, SUBMISSION_REPEATED);
}

static void
test_another_statement_conflicts(void **state)
{
    struct bench *bench = *state;
    struct sent *first, *other;

    NEEDS_DATABASE();
    first = put(bench, (struct paper){.school = 2, .text = "a", .answer = "1", .revision = 1});
    other = put(bench, (struct paper){.school = 2, .text = "b", .answer = "2", .revision = 1});
    wait_for_answers(bench);
    assert_int_equal(first->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(other->outcome, SUBMISSION_CONFLICT);
    assert_int_equal(other->current_revision, 1);
    assert_memory_equal(other->current_id, first->id, ID_SIZE);
}

static void
test_correction_waits_replaces_and_conflicts(void **state)
{
    struct bench *bench = *state;
    struct paper paper = {.school = 3, .text = "first", .answer = "1", .revision = 1, .value = 100};
    struct paper correction = {
        .school = 3, .text = "second", .answer = "2", .revision = 2, .value = 90, .excused = true};
    uint8_t id[ID_SIZE];
    struct sent *early, *first, *second, *wrong, *late;

    NEEDS_DATABASE();
    id_of(&paper, id);
    correction.previous = id;
    early = put(bench, correction);
    wait_for_answers(bench);
    assert_int_equal(early->outcome, SUBMISSION_WAITS);

    first = put(bench, paper);
    second = put(bench, correction);
    wait_for_answers(bench);
    assert_int_equal(first->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(second->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(number_of(3, "SELECT value FROM yuebao.figure WHERE school = {s} AND indicator = 1"),
                     90);
    assert_int_equal(
        number_of(
            3,
            "SELECT value FROM yuebao.figure_history WHERE school = {s} AND indicator = 1 AND revision = 1"),
        100);
    assert_int_equal(number_of(3, "SELECT count(*) FROM yuebao.figure_history WHERE school = {s}"), 3);
    check_totals();

    wrong = put(
        bench, (struct paper){.school = 3, .text = "x", .answer = "x", .revision = 3, .previous = first->id});
    late = put(bench, paper);
    wait_for_answers(bench);
    assert_int_equal(wrong->outcome, SUBMISSION_CONFLICT);
    assert_int_equal(wrong->current_revision, 2);
    assert_memory_equal(wrong->current_id, second->id, ID_SIZE);
    assert_int_equal(late->outcome, SUBMISSION_REPEATED);
}

static void
test_school_without_district_and_month_without_partition(void **state)
{
    struct bench *bench = *state;
    struct sent *nowhere, *never, *good;

    NEEDS_DATABASE();
    nowhere = put(bench, (struct paper){.school = 999, .text = "a", .answer = "1", .revision = 1});
    never = put(bench,
                (struct paper){.school = 4, .text = "a", .answer = "1", .revision = 1, .period = "1999-10"});
    good = put(bench, (struct paper){.school = 5, .text = "a", .answer = "1", .revision = 1});
    wait_for_answers(bench);
    assert_int_equal(nowhere->outcome, SUBMISSION_MOVED);
    assert_int_equal(never->outcome, SUBMISSION_MOVED);
    assert_int_equal(good->outcome, SUBMISSION_ACCEPTED);
}

static void
test_kept_is_kept_once(void **state)
{
    struct bench *bench = *state;
    struct paper paper = {.school = 6, .text = "a", .answer = "kept", .revision = 1, .kind = SUBMISSION_KEPT};
    struct paper booked = {.school = 7, .text = "a", .answer = "receipt", .revision = 1};
    struct sent *first, *again, *report, *after;

    NEEDS_DATABASE();
    first = put(bench, paper);
    report = put(bench, booked);
    wait_for_answers(bench);
    paper.answer = "kept again";
    again = put(bench, paper);
    booked.kind = SUBMISSION_KEPT;
    booked.answer = "kept";
    after = put(bench, booked);
    wait_for_answers(bench);
    assert_int_equal(first->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(again->outcome, SUBMISSION_REPEATED);
    assert_string_equal(again->first_answer, "kept");
    assert_int_equal(report->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(after->outcome, SUBMISSION_REPEATED); /* it was accepted before the close */
    assert_string_equal(after->first_answer, "receipt");
    assert_int_equal(number_of(6, "SELECT count(*) FROM yuebao.figure WHERE school = {s}"), 0);
}

/* Beside the figures of each revision, exactly; a report without remarks shares the transaction. */
static void
test_remarks_are_stored_with_their_report(void **state)
{
    static const struct remark remarks[] = {
        {7, "boarding_within_enrolled", "501", "500", "寄宿生,\t\"含\"走读"}, {0, "", "", "", "why"}};
    struct bench *bench = *state;
    struct sent *first, *plain;
    uint8_t id[ID_SIZE];
    struct paper paper = {
        .school = 13, .text = "a", .answer = "1", .revision = 1, .remarks = remarks, .n_remarks = 2};
    struct paper correction = {
        .school = 13, .text = "b", .answer = "2", .revision = 2, .remarks = remarks + 1, .n_remarks = 1};

    NEEDS_DATABASE();
    first = put(bench, paper);
    plain = put(bench, (struct paper){.school = 14, .text = "a", .answer = "1", .revision = 1});
    wait_for_answers(bench);
    id_of(&paper, id);
    correction.previous = id;
    put(bench, correction);
    put(bench, paper); /* again: nothing more */
    wait_for_answers(bench);
    assert_int_equal(first->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(plain->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(
        number_of(13,
                  "SELECT count(*) FROM yuebao.remark WHERE school = {s} AND revision = 1 AND position = 0"
                  " AND indicator = 7 AND rule = 'boarding_within_enrolled' AND found = '501'"
                  " AND bound = '500' AND explanation = E'寄宿生,\\t\"含\"走读' AND period = '2026-10-01'"),
        1);
    assert_int_equal(
        number_of(13, "SELECT count(*) FROM yuebao.remark WHERE school = {s} AND indicator = 0 AND rule = ''"
                      " AND explanation = 'why' AND (revision, position) IN ((1, 1), (2, 0))"),
        2);
    assert_int_equal(number_of(13, "SELECT count(*) FROM yuebao.remark WHERE school = {s}"), 3);
    assert_int_equal(number_of(14, "SELECT count(*) FROM yuebao.remark WHERE school = {s}"), 0);
}

/* All are remembered under one made-up slot, that they can be counted. */
static struct sent *
put_review(struct bench *bench, struct paper paper)
{
    struct sent *sent = &bench->sent[bench->n_sent++];
    struct submission *s;

    paper.kind = SUBMISSION_REVIEW;
    s = submission_of(&paper);
    yuebao__statement__free_unpacked(s->statement, NULL);
    s->statement = NULL;
    s->school_code = malloc(64);
    assert_non_null(s->school_code);
    snprintf(s->school_code, 64, "review%d", first_school + 10);
    s->form_code = strdup("primary.monthly");
    s->period_text = strdup("2026-10");
    s->rejection_summary = strdup("SCHOOL_NOT_OPEN 2026-10");
    s->arg = sent;
    assert_true(batch_submit(bench->batch, s));
    return sent;
}

static void
test_a_review_finds_what_was_accepted(void **state)
{
    struct bench *bench = *state;
    struct paper booked = {.school = 10, .text = "a", .answer = "receipt", .revision = 1};
    struct paper kept = {.school = 11, .text = "a", .answer = "kept", .revision = 1, .kind = SUBMISSION_KEPT};
    struct sent *first, *later, *of_booked, *of_kept, *of_other, *of_later, *of_nowhere;

    NEEDS_DATABASE();
    first = put(bench, booked);
    put(bench, kept);
    wait_for_answers(bench);
    booked.answer = kept.answer = "reject";
    of_booked = put_review(bench, booked);
    of_kept = put_review(bench, kept);
    booked.text = "b"; /* of the same slot, in the next group */
    of_other = put_review(bench, booked);
    later =
        put(bench,
            (struct paper){.school = 10, .text = "c", .answer = "2", .revision = 2, .previous = first->id});
    of_later =
        put_review(bench, (struct paper){.school = 12, .text = "a", .answer = "reject", .revision = 7});
    of_nowhere =
        put_review(bench, (struct paper){.school = 999, .text = "a", .answer = "reject", .revision = 1});
    wait_for_answers(bench);
    assert_int_equal(of_booked->outcome, SUBMISSION_REPEATED);
    assert_string_equal(of_booked->first_answer, "receipt");
    assert_int_equal(of_kept->outcome, SUBMISSION_REPEATED);
    assert_string_equal(of_kept->first_answer, "kept");
    assert_int_equal(of_other->outcome, SUBMISSION_REFUSED);
    assert_int_equal(of_later->outcome, SUBMISSION_REFUSED);
    assert_int_equal(of_nowhere->outcome, SUBMISSION_REFUSED);
    assert_int_equal(later->outcome, SUBMISSION_ACCEPTED);
    while (!batch_idle(bench->batch))
        event_base_loop(bench->base, EVLOOP_ONCE);
    assert_int_equal(number_of(10, "SELECT count(*) FROM yuebao.rejection WHERE school_code = 'review{s}'"),
                     3);
    assert_int_equal(number_of(10, "SELECT count(*) FROM yuebao.report WHERE school = {s}"), 2);
    check_totals();
}

static void
decide(int school, bool admitted)
{
    char sql[400];

    snprintf(sql, sizeof(sql),
             "INSERT INTO yuebao.decision (district, period, school, form, id, admitted, reason, decided_at, "
             "answer) SELECT district, period, school, form, id, %s, 'why', now(), 'decision'"
             " FROM yuebao.kept WHERE school = %d",
             admitted ? "true" : "false", first_school + school);
    run(sql);
}

/* Whether it comes again after close, in a period that was opened for it, or refused by today's register. */
static void
test_what_was_decided_stands(void **state)
{
    struct bench *bench = *state;
    struct paper paper = {
        .school = 15, .text = "a", .answer = "kept", .revision = 1, .kind = SUBMISSION_KEPT};
    struct sent *again, *opened, *reviewed, *other;

    NEEDS_DATABASE();
    put(bench, paper);
    wait_for_answers(bench);
    decide(15, false);
    paper.answer = "another";
    again = put(bench, paper);
    wait_for_answers(bench);
    reviewed = put_review(bench, paper);
    wait_for_answers(bench);
    paper.kind = SUBMISSION_REPORT;
    opened = put(bench, paper);
    wait_for_answers(bench);
    paper.text = "b"; /* nothing was decided about this one, and the slot is free */
    other = put(bench, paper);
    wait_for_answers(bench);
    assert_int_equal(again->outcome, SUBMISSION_REPEATED);
    assert_string_equal(again->first_answer, "decision");
    assert_int_equal(reviewed->outcome, SUBMISSION_REPEATED);
    assert_string_equal(reviewed->first_answer, "decision");
    assert_int_equal(opened->outcome, SUBMISSION_REPEATED);
    assert_string_equal(opened->first_answer, "decision");
    assert_true(again->decided && reviewed->decided && opened->decided);
    assert_int_equal(other->outcome, SUBMISSION_ACCEPTED);
    assert_false(other->decided);
    assert_int_equal(number_of(15, "SELECT count(*) FROM yuebao.report WHERE school = {s}"), 1);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_accepts_and_repeats),
        CASE(test_same_statement_three_times_at_once),
        CASE(test_another_statement_conflicts),
        CASE(test_correction_waits_replaces_and_conflicts),
        CASE(test_school_without_district_and_month_without_partition),
        CASE(test_kept_is_kept_once),
        CASE(test_remarks_are_stored_with_their_report),
        CASE(test_a_review_finds_what_was_accepted),
        CASE(test_what_was_decided_stands),
    };

    return cmocka_run_group_tests(tests, real_batch_open, real_batch_close);
}
