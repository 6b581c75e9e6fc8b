/* session and request: what a report is answered, and when. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "peer.h"

static const struct {
    const char *what;
    enum submission_outcome outcome;
    Yuebao__Reply__BodyCase body;
    Yuebao__Verdict__OutcomeCase verdict;
} outcomes[] = {
    {"accepted", SUBMISSION_ACCEPTED, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_RECEIPT},
    {"repeated", SUBMISSION_REPEATED, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_RECEIPT},
    {"conflict", SUBMISSION_CONFLICT, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_CONFLICT},
    {"moved", SUBMISSION_MOVED, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_REJECT},
    {"poison", SUBMISSION_POISON, YUEBAO__REPLY__BODY_ANSWER, YUEBAO__VERDICT__OUTCOME_REJECT},
    {"waits", SUBMISSION_WAITS, YUEBAO__REPLY__BODY_WAIT, YUEBAO__VERDICT__OUTCOME__NOT_SET},
    {"away", SUBMISSION_AWAY, YUEBAO__REPLY__BODY_BUSY, YUEBAO__VERDICT__OUTCOME__NOT_SET},
};

static void
check_answer(const Yuebao__Reply *reply, Yuebao__Verdict__OutcomeCase outcome)
{
    struct part part = {.bytes = reply->answer->verdict.data, .len = reply->answer->verdict.len};
    Yuebao__Verdict *verdict = yuebao__verdict__unpack(NULL, part.len, part.bytes);

    assert_true(envelope_verify(PURPOSE_VERDICT, &part, 1, house.server.key, reply->answer->signature.data));
    assert_non_null(verdict);
    assert_int_equal(verdict->outcome_case, outcome);
    yuebao__verdict__free_unpacked(verdict, NULL);
}

/* As batch would: the answer that was first sent. */
static void
give_first_answer(struct submission *s)
{
    s->first_answer = malloc(s->answer_len);
    assert_non_null(s->first_answer);
    memcpy(s->first_answer, s->answer, s->answer_len);
    s->first_answer_len = s->answer_len;
}

static void
test_nothing_is_said_before_the_commit(void **state)
{
    (void)state;
    be_welcome();
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        Yuebao__Reply *reply;

        print_message("%s\n", outcomes[i].what);
        send_put((uint32_t)(100 + i));
        expect_nothing();
        assert_int_equal(house.batch.n_held, 1);
        if (outcomes[i].outcome == SUBMISSION_REPEATED)
            give_first_answer(house.batch.held[0]);
        fake_outcome(&house.batch, outcomes[i].outcome);
        reply = wait_reply();
        assert_int_equal(reply->number, 100 + i);
        assert_int_equal(reply->body_case, outcomes[i].body);
        if (reply->body_case == YUEBAO__REPLY__BODY_ANSWER)
            check_answer(reply, outcomes[i].verdict);
        yuebao__reply__free_unpacked(reply, NULL);
    }
    assert_int_equal(house.batch.n_rejections, 2); /* moved and poison are remembered */
}

static const struct {
    const char *what;
    enum submission_outcome outcome;
    Yuebao__Reply__BodyCase body;
} reviews[] = {
    {"accepted before", SUBMISSION_REPEATED, YUEBAO__REPLY__BODY_ANSWER},
    {"never accepted", SUBMISSION_REFUSED, YUEBAO__REPLY__BODY_ANSWER},
    {"nobody knows", SUBMISSION_AWAY, YUEBAO__REPLY__BODY_BUSY},
};

/* The register refuses it; only batch knows whether the books have it. */
static void
test_no_reject_before_the_books_are_asked(void **state)
{
    (void)state;
    be_welcome();
    house.registry.school.closed_day = 0;
    for (size_t i = 0; i < sizeof(reviews) / sizeof(reviews[0]); i++) {
        print_message("%s\n", reviews[i].what);
        send_put((uint32_t)(100 + i));
        expect_nothing();
        assert_int_equal(house.batch.n_held, 1);
        assert_int_equal(house.batch.held[0]->kind, SUBMISSION_REVIEW);
        if (reviews[i].outcome == SUBMISSION_REPEATED)
            give_first_answer(house.batch.held[0]);
        fake_outcome(&house.batch, reviews[i].outcome);
        expect_reply((uint32_t)(100 + i), reviews[i].body);
    }
    assert_int_equal(hub->counters.refused, 1);
    house.batch.full = true;
    send_put(200);
    expect_reply(200, YUEBAO__REPLY__BODY_BUSY);
}

static void
test_put_while_database_is_away(void **state)
{
    (void)state;
    be_welcome();
    house.batch.up = false;
    send_put(2);
    expect_reply(2, YUEBAO__REPLY__BODY_BUSY);
    house.batch.up = true;
    house.batch.full = true;
    send_put(3);
    expect_reply(3, YUEBAO__REPLY__BODY_BUSY);
    assert_int_equal(hub->count, 1);
}

static void
test_no_more_puts_are_read_than_announced(void **state)
{
    (void)state;
    hub->limits.in_flight = 2;
    be_welcome();
    for (uint32_t n = 2; n < 7; n++)
        send_put(n);
    settle();
    assert_int_equal(house.batch.n_held, 2);
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    expect_reply(2, YUEBAO__REPLY__BODY_ANSWER);
    settle();
    assert_int_equal(house.batch.n_held, 2);
    for (uint32_t n = 3; n < 7; n++) {
        fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
        expect_reply(n, YUEBAO__REPLY__BODY_ANSWER);
        settle();
    }
}

static void
test_session_gone_before_its_answer(void **state)
{
    (void)state;
    be_welcome();
    send_put(2);
    settle();
    bufferevent_write(peer, "\0\0\0", 4); /* a frame of length 0 ends it */
    expect_fault(0, YUEBAO__FAULT_CODE__FAULT_FRAME);
    fake_outcome(&house.batch, SUBMISSION_ACCEPTED);
    expect_nothing();
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_said_before_the_commit), TEST(test_no_reject_before_the_books_are_asked),
        TEST(test_put_while_database_is_away),        TEST(test_no_more_puts_are_read_than_announced),
        TEST(test_session_gone_before_its_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
