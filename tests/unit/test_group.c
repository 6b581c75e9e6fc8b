/* group, sqlstate, enrol_tries: who may share a transaction, what an error means, how often a code may be
 * guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "enrol_tries.h"
#include "group.h"
#include "sqlstate.h"

static struct submission *
submission(int32_t school, int16_t form, int32_t day)
{
    struct submission *s = submission_new();

    assert_non_null(s);
    s->school_id = school;
    s->form_id = form;
    s->period.first_day = day;
    return s;
}

static void
release(struct group *group, struct slots *slots)
{
    for (size_t i = 0; i < group->count; i++) {
        slots_give_back(slots, group->claims[i].submission);
        submission_free(group->claims[i].submission);
    }
    group_free(group);
}

static void
test_sorted_and_one_a_slot(void **state)
{
    struct slots *slots = slots_new();
    struct queue queue;
    struct group *first, *second, *third;

    (void)state;
    queue_init(&queue);
    queue_push(&queue, submission(3, 1, 10));
    queue_push(&queue, submission(1, 2, 10));
    queue_push(&queue, submission(1, 1, 20));
    queue_push(&queue, submission(1, 1, 10));
    queue_push(&queue, submission(3, 1, 10)); /* the slot of the first */
    queue_push(&queue, submission(2, 1, 10));

    first = group_take(&queue, slots, 200);
    assert_int_equal(first->count, 5);
    assert_int_equal(queue.count, 1);
    for (size_t i = 1; i < first->count; i++) {
        const struct submission *a = first->claims[i - 1].submission, *b = first->claims[i].submission;
        assert_true(a->school_id < b->school_id || a->form_id < b->form_id ||
                    a->period.first_day < b->period.first_day);
    }
    assert_null(group_take(&queue, slots, 200)); /* its slot is busy */
    queue_push(&queue, submission(4, 1, 10));    /* overtakes it */
    second = group_take(&queue, slots, 200);
    assert_int_equal(second->count, 1);
    assert_int_equal(second->claims[0].submission->school_id, 4);
    release(first, slots);
    third = group_take(&queue, slots, 200);
    assert_int_equal(third->claims[0].submission->school_id, 3);
    assert_int_equal(queue.count, 0);
    assert_int_equal(queue.weight, 0);
    queue_push(&queue, submission(9, 1, 10)); /* the emptied queue still takes */
    assert_ptr_equal(queue.first->next, NULL);
    submission_free(queue_pop(&queue));
    release(second, slots);
    release(third, slots);
    slots_free(slots);
}

static void
test_a_group_has_a_bound(void **state)
{
    struct slots *slots = slots_new();
    struct queue queue;
    struct group *group;

    (void)state;
    queue_init(&queue);
    for (int i = 0; i < 5; i++)
        queue_push(&queue, submission(i, 1, 10));
    group = group_take(&queue, slots, 3);
    assert_int_equal(group->count, 3);
    assert_int_equal(queue.count, 2);
    release(group, slots);
    group = group_take(&queue, slots, 3);
    assert_int_equal(group->count, 2);
    release(group, slots);
    slots_free(slots);
}

/* What the bound on memory counts is what a statement holds, however few bytes it came in. */
static void
test_weight_is_memory(void **state)
{
    enum { EXPLANATIONS = 4000 };
    Yuebao__Statement empty = YUEBAO__STATEMENT__INIT;
    Yuebao__Explanation explanation = YUEBAO__EXPLANATION__INIT, *many[EXPLANATIONS];
    struct submission *s = submission(1, 1, 10);
    uint8_t *bytes;

    (void)state;
    for (size_t i = 0; i < EXPLANATIONS; i++)
        many[i] = &explanation;
    empty.n_explanation = EXPLANATIONS;
    empty.explanation = many;
    s->envelope_len = yuebao__statement__get_packed_size(&empty);
    assert_int_equal(s->envelope_len, 2 * EXPLANATIONS);
    bytes = malloc(s->envelope_len);
    assert_non_null(bytes);
    yuebao__statement__pack(&empty, bytes);
    s->statement = yuebao__statement__unpack(NULL, s->envelope_len, bytes);
    assert_non_null(s->statement);
    assert_true(submission_weight(s) >
                EXPLANATIONS * (sizeof(explanation) + sizeof(many[0])) + s->envelope_len);
    free(bytes);
    submission_free(s);
}

static void
test_halving_ends_alone(void **state)
{
    struct slots *slots = slots_new();
    struct queue queue;
    struct group *group, *upper;
    unsigned halvings = 0;

    (void)state;
    queue_init(&queue);
    for (int i = 0; i < 200; i++)
        queue_push(&queue, submission(i, 1, 10));
    group = group_take(&queue, slots, 200);
    while (group->count > 1) {
        size_t before = group->count;
        group->claims[0].state = CLAIM_WON;
        upper = group_halve(group);
        assert_int_equal(group->count + upper->count, before);
        assert_true(group->claims[group->count - 1].submission->school_id <
                    upper->claims[0].submission->school_id);
        assert_int_equal(group->claims[0].state, CLAIM_OPEN);
        release(group, slots);
        group = upper;
        halvings++;
    }
    assert_int_equal(halvings, 8);
    assert_int_equal(group->claims[0].submission->school_id, 199);
    release(group, slots);
    slots_free(slots);
}

static void
test_find(void **state)
{
    struct slots *slots = slots_new();
    struct queue queue;
    struct group *group;

    (void)state;
    queue_init(&queue);
    for (int i = 0; i < 50; i++)
        queue_push(&queue, submission(i * 2, (int16_t)(i % 3), 100 - i));
    group = group_take(&queue, slots, 200);
    for (int i = 0; i < 50; i++)
        assert_int_equal(group_find(group, i * 2, (int16_t)(i % 3), 100 - i)->submission->school_id, i * 2);
    assert_null(group_find(group, 1, 1, 99));
    assert_null(group_find(group, 2, 1, 98));
    release(group, slots);
    slots_free(slots);
}

/* Against a plain list: ten thousand random takings and givings back. */
static void
test_slots_are_a_set(void **state)
{
    struct slots *slots = slots_new();
    struct submission *all[600];
    bool taken[600] = {false};
    unsigned seed = 1;

    (void)state;
    for (int i = 0; i < 600; i++)
        all[i] = submission(i % 20, (int16_t)(i / 20 % 5), i / 100);
    for (int step = 0; step < 100000; step++) {
        int i = (int)((seed = seed * 1103515245u + 12345u) >> 8) % 600;
        if (taken[i])
            slots_give_back(slots, all[i]);
        else
            assert_true(slots_take(slots, all[i]));
        taken[i] = !taken[i];
        if (taken[i])
            assert_false(slots_take(slots, all[i]));
    }
    for (int i = 0; i < 600; i++)
        submission_free(all[i]);
    slots_free(slots);
}

static void
test_sqlstates(void **state)
{
    static const struct {
        const char *sqlstate;
        enum sqlstate_meaning meaning;
        const char *name;
    } cases[] = {
        {"22003", SQLSTATE_DATA, "numeric value out of range"},
        {"22021", SQLSTATE_DATA, "character not in repertoire"},
        {"23505", SQLSTATE_DATA, "unique violation"},
        {"23514", SQLSTATE_DATA, "check violation, or no partition"},
        {"P0001", SQLSTATE_DATA, "raised by a trigger"},
        {"54000", SQLSTATE_DATA, "program limit exceeded"},
        {"40001", SQLSTATE_RETRY, "serialization failure"},
        {"40P01", SQLSTATE_RETRY, "deadlock"},
        {"55P03", SQLSTATE_RETRY, "lock not available"},
        {"57014", SQLSTATE_RETRY, "query cancelled"},
        {"57P01", SQLSTATE_AWAY, "admin shutdown"},
        {"57P03", SQLSTATE_AWAY, "starting up"},
        {"53100", SQLSTATE_AWAY, "disk full"},
        {"58030", SQLSTATE_AWAY, "I/O error"},
        {"08006", SQLSTATE_AWAY, "connection failure"},
        {"25006", SQLSTATE_AWAY, "read-only: a standby"},
        {"42P01", SQLSTATE_AWAY, "no such table: not migrated"},
        {"42501", SQLSTATE_AWAY, "not granted"},
        {NULL, SQLSTATE_AWAY, "libpq's own error"},
        {"XX000", SQLSTATE_STRANGE, "internal error"},
        {"0A000", SQLSTATE_STRANGE, "feature not supported"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (sqlstate_meaning(cases[i].sqlstate) != cases[i].meaning)
            fail_msg("%s", cases[i].name);
}

static void
test_guessing_codes(void **state)
{
    static struct enrol_tries tries;
    char name[16];

    (void)state;
    for (unsigned i = 0; i < ENROL_TRIES_MAX; i++) {
        assert_false(enrol_tries_exceeded(&tries, "a", 1000));
        enrol_tries_wrong(&tries, "a", 1000);
    }
    assert_true(enrol_tries_exceeded(&tries, "a", 1000));
    assert_false(enrol_tries_exceeded(&tries, "b", 1000));
    assert_true(enrol_tries_exceeded(&tries, "a", 3600999));
    assert_false(enrol_tries_exceeded(&tries, "a", 3601000));
    enrol_tries_wrong(&tries, "a", 3601000); /* a new hour begins */
    assert_false(enrol_tries_exceeded(&tries, "a", 3601000));
    for (unsigned i = 0; i < 2 * ENROL_TRIES_SCHOOLS; i++) { /* more schools than the table has */
        snprintf(name, sizeof(name), "s%u", i);
        for (unsigned j = 0; j < ENROL_TRIES_MAX; j++)
            enrol_tries_wrong(&tries, name, 3601000 + i);
        assert_true(enrol_tries_exceeded(&tries, name, 3601000 + i));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_and_one_a_slot),
        cmocka_unit_test(test_a_group_has_a_bound),
        cmocka_unit_test(test_weight_is_memory),
        cmocka_unit_test(test_halving_ends_alone),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_slots_are_a_set),
        cmocka_unit_test(test_sqlstates),
        cmocka_unit_test(test_guessing_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
