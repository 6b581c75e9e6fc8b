/* intake: which envelopes go to the database, which are refused and by what, and that every answer is signed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fake_house.h"
#include "intake.h"

static struct fake_house house;
static struct arena *arena;
static uint64_t arrived_ms; /* of the next report, as proven */
static const char *carrier; /* whose session it is */

static int
setup(void **state)
{
    (void)state;
    fake_house_init(&house);
    carrier = FAKE_SCHOOL;
    arrived_ms = 0;
    arena = arena_new(ARENA_SIZE);
    return arena != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    arena_free(arena);
    fake_house_fini(&house);
    return 0;
}

static enum intake_result
judge(const Yuebao__Envelope *envelope, uint64_t now_ms, struct submission **ret_submission)
{
    struct intake intake = {.registry = &house.registry,
                            .key = &house.server,
                            .arena = arena,
                            .school = carrier,
                            .arrived_ms = arrived_ms};

    return intake_judge(&intake, envelope, now_ms, ret_submission);
}

/* The verdict inside a packed answer whose signature holds; freed by the caller. */
static Yuebao__Verdict *
verdict_of(const struct submission *s)
{
    Yuebao__Answer *answer = yuebao__answer__unpack(NULL, s->answer_len, s->answer);
    Yuebao__Verdict *verdict;
    struct part part;

    assert_non_null(answer);
    part = (struct part){.bytes = answer->verdict.data, .len = answer->verdict.len};
    assert_int_equal(answer->signature.len, SIGNATURE_SIZE);
    assert_memory_equal(answer->key.data, house.server.key, KEY_SIZE);
    assert_true(envelope_verify(PURPOSE_VERDICT, &part, 1, house.server.key, answer->signature.data));
    verdict = yuebao__verdict__unpack(NULL, answer->verdict.len, answer->verdict.data);
    assert_non_null(verdict);
    yuebao__answer__free_unpacked(answer, NULL);
    return verdict;
}

/* ---- what is taken ------------------------------------------------------------------------------ */

static const struct taken {
    const char *what;
    uint64_t now_ms;
    enum submission_kind kind;
    Yuebao__Verdict__OutcomeCase outcome;
    bool late;
    uint64_t arrived_ms; /* when it was turned away */
} taken[] = {
    {"at the instant it opens", FAKE_OPENS_MS, SUBMISSION_REPORT, YUEBAO__VERDICT__OUTCOME_RECEIPT, false, 0},
    {"at the instant it is due", FAKE_DUE_MS, SUBMISSION_REPORT, YUEBAO__VERDICT__OUTCOME_RECEIPT, false, 0},
    {"a moment late", FAKE_DUE_MS + 1, SUBMISSION_REPORT, YUEBAO__VERDICT__OUTCOME_RECEIPT, true, 0},
    {"at the instant it closes", FAKE_CLOSES_MS, SUBMISSION_KEPT, YUEBAO__VERDICT__OUTCOME_KEPT, false, 0},
    {"late, turned away in time", FAKE_DUE_MS + 1, SUBMISSION_REPORT, YUEBAO__VERDICT__OUTCOME_RECEIPT, false,
     FAKE_DUE_MS},
    {"late, turned away late", FAKE_DUE_MS + 2, SUBMISSION_REPORT, YUEBAO__VERDICT__OUTCOME_RECEIPT, true,
     FAKE_DUE_MS + 1},
    {"closed, turned away in time", FAKE_CLOSES_MS, SUBMISSION_REPORT, YUEBAO__VERDICT__OUTCOME_RECEIPT,
     false, FAKE_DUE_MS},
    {"closed, turned away late", FAKE_CLOSES_MS, SUBMISSION_REPORT, YUEBAO__VERDICT__OUTCOME_RECEIPT, true,
     FAKE_CLOSES_MS - 1},
    {"closed, turned away closed", FAKE_CLOSES_MS + 1, SUBMISSION_KEPT, YUEBAO__VERDICT__OUTCOME_KEPT, false,
     FAKE_CLOSES_MS},
    {"open, turned away before", FAKE_OPENS_MS, SUBMISSION_REPORT, YUEBAO__VERDICT__OUTCOME_RECEIPT, false,
     FAKE_OPENS_MS - 1},
};

static void
check_taken(const struct taken *t)
{
    uint8_t signature[SIGNATURE_SIZE], id[ID_SIZE];
    size_t len;
    uint8_t *statement = fake_statement(&house, 1, &len);
    Yuebao__Envelope envelope = fake_envelope(&house, statement, len, signature);
    struct submission *s = NULL;
    Yuebao__Verdict *verdict;

    print_message("%s\n", t->what);
    arrived_ms = t->arrived_ms;
    assert_int_equal(judge(&envelope, t->now_ms, &s), INTAKE_STORE);
    assert_int_equal(s->kind, t->kind);
    assert_int_equal(s->received_ms, t->now_ms);
    assert_int_equal(s->arrived_ms, t->arrived_ms);
    assert_int_equal(s->late, t->late);
    assert_int_equal(s->school_id, 7);
    assert_int_equal(s->form_id, 3);
    assert_int_equal(s->catalogue_id, 5);
    assert_int_equal(s->statement->n_value, 2);
    assert_true(statement_id(statement, len, id));
    assert_memory_equal(s->id, id, ID_SIZE);
    verdict = verdict_of(s);
    assert_int_equal(verdict->outcome_case, t->outcome);
    assert_memory_equal(verdict->id.data, id, ID_SIZE);
    assert_string_equal(verdict->school, FAKE_SCHOOL);
    assert_int_equal(verdict->decided_ms, t->now_ms);
    if (t->outcome == YUEBAO__VERDICT__OUTCOME_RECEIPT) {
        assert_int_equal(verdict->receipt->late, t->late);
        assert_int_equal(verdict->receipt->arrived_ms, t->arrived_ms);
    } else
        assert_int_equal(verdict->kept->closed_ms, FAKE_CLOSES_MS);
    yuebao__verdict__free_unpacked(verdict, NULL);
    submission_free(s);
    free(statement);
}

static void
test_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        check_taken(&taken[i]);
}

/* The stored envelope holds the very bytes that were signed. */
static void
test_envelope_unchanged(void **state)
{
    uint8_t signature[SIGNATURE_SIZE];
    size_t len;
    uint8_t *statement = fake_statement(&house, 2, &len);
    Yuebao__Envelope envelope = fake_envelope(&house, statement, len, signature), *stored;
    struct submission *s = NULL;

    (void)state;
    assert_int_equal(judge(&envelope, FAKE_OPENS_MS, &s), INTAKE_STORE);
    stored = yuebao__envelope__unpack(NULL, s->envelope_len, s->envelope);
    assert_non_null(stored);
    assert_int_equal(stored->statement.len, len);
    assert_memory_equal(stored->statement.data, statement, len);
    assert_int_equal(s->revision, 2);
    assert_int_equal(s->previous[0], 1);
    yuebao__envelope__free_unpacked(stored, NULL);
    submission_free(s);
    free(statement);
}

/* What the school explains goes to the database with its report. */
static void
test_explanations_become_remarks(void **state)
{
    Yuebao__Explanation explanation = YUEBAO__EXPLANATION__INIT, *explanations[] = {&explanation};
    uint8_t signature[SIGNATURE_SIZE];
    size_t len;
    uint8_t *plain = fake_statement(&house, 1, &len), *statement;
    Yuebao__Statement *message = yuebao__statement__unpack(NULL, len, plain);
    Yuebao__Envelope envelope = fake_envelope(&house, plain, len, signature);
    struct submission *s = NULL;

    (void)state;
    assert_int_equal(judge(&envelope, FAKE_OPENS_MS, &s), INTAKE_STORE);
    assert_int_equal(s->n_remarks, 0);
    submission_free(s);
    explanation.indicator = 1;
    explanation.text = (char *)"新生入学";
    message->n_explanation = 1;
    message->explanation = explanations;
    statement = malloc(yuebao__statement__get_packed_size(message));
    len = yuebao__statement__pack(message, statement);
    message->n_explanation = 0;
    message->explanation = NULL;
    envelope = fake_envelope(&house, statement, len, signature);
    assert_int_equal(judge(&envelope, FAKE_OPENS_MS, &s), INTAKE_STORE);
    arena_reset(arena); /* what the remarks say is the submission's own */
    assert_int_equal(s->n_remarks, 1);
    assert_int_equal(s->remarks[0].indicator, 1);
    assert_string_equal(s->remarks[0].rule, "");
    assert_string_equal(s->remarks[0].explanation, "新生入学");
    submission_free(s);
    yuebao__statement__free_unpacked(message, NULL);
    free(plain);
    free(statement);
}

/* ---- what is refused ---------------------------------------------------------------------------- */

static void
spoil_algorithm(Yuebao__Envelope *e)
{
    e->algorithm = 2;
}

static void
spoil_signature(Yuebao__Envelope *e)
{
    e->signature.data[5] ^= 1;
}

static void
spoil_signature_length(Yuebao__Envelope *e)
{
    e->signature.len = 63;
}

static void
spoil_key_length(Yuebao__Envelope *e)
{
    e->key.len = 0;
}

static void
spoil_statement(Yuebao__Envelope *e)
{
    e->statement.data[3] ^= 1;
}

/* Sign whatever the statement's bytes are now, by whatever key. */
static void
sign_again(Yuebao__Envelope *e, const uint8_t secret[SECRET_SIZE])
{
    struct part part = {.bytes = e->statement.data, .len = e->statement.len};

    assert_true(envelope_sign(PURPOSE_STATEMENT, &part, 1, secret, e->signature.data));
}

static void
spoil_bytes_but_sign(Yuebao__Envelope *e)
{
    e->statement.data[0] = 0xff;
    sign_again(e, house.registry.secret);
}

static void
cut_but_sign(Yuebao__Envelope *e)
{
    e->statement.len -= 1;
    sign_again(e, house.registry.secret);
}

static void
empty_but_sign(Yuebao__Envelope *e)
{
    e->statement.len = 0;
    sign_again(e, house.registry.secret);
}

static void
sign_by_stranger(Yuebao__Envelope *e)
{
    static uint8_t key[KEY_SIZE], secret[SECRET_SIZE];

    envelope_keypair(key, secret);
    e->key.data = key;
    sign_again(e, secret);
}

/* The school's code stands first in the statement: tag, length, "0012345". */
static void
name_other_school(Yuebao__Envelope *e)
{
    e->statement.data[2] = '9';
    sign_again(e, house.registry.secret);
}

static void
close_school(Yuebao__Envelope *e)
{
    (void)e;
    house.registry.school.closed_day = 0;
}

static void
change_kind(Yuebao__Envelope *e)
{
    (void)e;
    house.registry.school.kind = "junior";
}

static void
send_to_others(Yuebao__Envelope *e)
{
    (void)e;
    house.registry.not_sent = true;
}

static void
leave(Yuebao__Envelope *e)
{
    (void)e;
}

static const struct refused {
    const char *what;
    void (*spoil)(Yuebao__Envelope *e);
    uint64_t now_ms;
    Yuebao__FindingCode code; /* of the first finding */
    const char *school;       /* that the verdict names */
} refused[] = {
    {"another algorithm", spoil_algorithm, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__UNKNOWN_ALGORITHM, ""},
    {"a bit of the signature", spoil_signature, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__BAD_SIGNATURE, ""},
    {"a short signature", spoil_signature_length, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__BAD_SIGNATURE, ""},
    {"no key", spoil_key_length, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__BAD_SIGNATURE, ""},
    {"a bit of the statement", spoil_statement, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__BAD_SIGNATURE, ""},
    {"signed rubbish", spoil_bytes_but_sign, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__BAD_ENVELOPE, ""},
    {"a signed half", cut_but_sign, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__BAD_ENVELOPE, ""},
    {"a signed nothing", empty_but_sign, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__UNKNOWN_SCHOOL, ""},
    {"a school that is not there", name_other_school, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__UNKNOWN_SCHOOL,
     "9012345"},
};

/* What may have been accepted before the register or the calendar changed. */
static const struct refused reviewed[] = {
    {"a key that is not enrolled", sign_by_stranger, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__KEY_NOT_OF_SCHOOL,
     ""},
    {"a moment before it opens", leave, FAKE_OPENS_MS - 1, YUEBAO__FINDING_CODE__PERIOD_NOT_OPEN,
     FAKE_SCHOOL},
    {"a school that is closed", close_school, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__SCHOOL_NOT_OPEN,
     FAKE_SCHOOL},
    {"a form that was sent to others", send_to_others, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__FORM_NOT_SENT,
     FAKE_SCHOOL},
    {"a school of another kind", change_kind, FAKE_OPENS_MS, YUEBAO__FINDING_CODE__FORM_NOT_OF_KIND,
     FAKE_SCHOOL},
};

/* Only what the statement's own bytes, or the slot, did wrong is said of the statement. */
static bool
speaks_of_statement(Yuebao__FindingCode code)
{
    return code != YUEBAO__FINDING_CODE__UNKNOWN_ALGORITHM && code != YUEBAO__FINDING_CODE__BAD_SIGNATURE &&
           code != YUEBAO__FINDING_CODE__KEY_NOT_OF_SCHOOL;
}

static void
check_refused(const struct refused *r, enum intake_result result, enum submission_kind kind)
{
    uint8_t signature[SIGNATURE_SIZE];
    size_t len;
    uint8_t *statement = fake_statement(&house, 1, &len);
    Yuebao__Envelope envelope = fake_envelope(&house, statement, len, signature);
    struct submission *s = NULL;
    Yuebao__Verdict *verdict;

    print_message("%s\n", r->what);
    r->spoil(&envelope);
    assert_int_equal(judge(&envelope, r->now_ms, &s), result);
    assert_int_equal(s->kind, kind);
    verdict = verdict_of(s);
    assert_int_equal(verdict->outcome_case, YUEBAO__VERDICT__OUTCOME_REJECT);
    assert_true(verdict->reject->n_finding > 0);
    assert_int_equal(verdict->reject->finding[0]->code, r->code);
    assert_string_equal(verdict->school, r->school);
    /* a school that a peer made up makes no slot: refusals are capped a slot */
    assert_string_equal(s->school_code, r->code == YUEBAO__FINDING_CODE__UNKNOWN_SCHOOL ? "" : r->school);
    assert_int_equal(verdict->id.len, speaks_of_statement(r->code) ? ID_SIZE : 0);
    assert_true(speaks_of_statement(r->code) || (verdict->form[0] == '\0' && verdict->period[0] == '\0' &&
                                                 verdict->revision == 0 && s->period_text[0] == '\0'));
    assert_true(strlen(s->rejection_summary) > 0);
    yuebao__verdict__free_unpacked(verdict, NULL);
    submission_free(s);
    free(statement);
}

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        check_refused(&refused[i], INTAKE_REFUSE, SUBMISSION_REJECTION);
}

static void
test_reviewed(void **state)
{
    for (size_t i = 0; i < sizeof(reviewed) / sizeof(reviewed[0]); i++) {
        check_refused(&reviewed[i], INTAKE_STORE, SUBMISSION_REVIEW);
        teardown(state);
        assert_int_equal(setup(state), 0);
    }
}

/* A review says where to look, without a window too. */
static void
test_a_review_knows_its_slot(void **state)
{
    uint8_t signature[SIGNATURE_SIZE], id[ID_SIZE];
    size_t len;
    uint8_t *statement = fake_statement(&house, 2, &len);
    Yuebao__Envelope envelope = fake_envelope(&house, statement, len, signature);
    struct period period = house.registry.window.period;
    struct submission *s = NULL;

    (void)state;
    house.registry.window.period.first_day -= 1; /* the calendar has another one */
    assert_int_equal(judge(&envelope, FAKE_OPENS_MS, &s), INTAKE_STORE);
    assert_int_equal(s->kind, SUBMISSION_REVIEW);
    assert_int_equal(s->school_id, 7);
    assert_int_equal(s->form_id, 3);
    assert_true(period_equal(s->period, period));
    assert_int_equal(s->revision, 2);
    assert_true(statement_id(statement, len, id));
    assert_memory_equal(s->id, id, ID_SIZE);
    submission_free(s);
    free(statement);
}

/* Strangers make no work in a school's slots. */
static void
test_no_review_for_another_institution(void **state)
{
    static const struct refused stranger = {"a stranger's key on a stranger's session", sign_by_stranger,
                                            FAKE_OPENS_MS, YUEBAO__FINDING_CODE__KEY_NOT_OF_SCHOOL, ""};

    (void)state;
    carrier = "9012345";
    check_refused(&stranger, INTAKE_REFUSE, SUBMISSION_REJECTION);
}

/* A text far over its limit is found, but neither repeated in the verdict nor stored. */
static void
test_long_texts_are_not_repeated(void **state)
{
    static char school[50001];
    uint8_t signature[SIGNATURE_SIZE];
    Yuebao__Statement message = YUEBAO__STATEMENT__INIT;
    uint8_t *statement;
    Yuebao__Envelope envelope;
    struct submission *s = NULL;
    size_t len;

    (void)state;
    memset(school, '7', sizeof(school) - 1);
    message.school = school;
    len = yuebao__statement__get_packed_size(&message);
    statement = malloc(len);
    assert_non_null(statement);
    yuebao__statement__pack(&message, statement);
    envelope = fake_envelope(&house, statement, len, signature);
    assert_int_equal(judge(&envelope, FAKE_OPENS_MS, &s), INTAKE_REFUSE);
    assert_string_equal(s->school_code, "");
    assert_true(s->answer_len < FRAME_BODY_MAX / 4);
    submission_free(s);
    free(statement);
}

/* ---- what only the database knew ---------------------------------------------------------------- */

static void
test_poison_becomes_a_rejection(void **state)
{
    uint8_t signature[SIGNATURE_SIZE];
    size_t len;
    uint8_t *statement = fake_statement(&house, 1, &len);
    Yuebao__Envelope envelope = fake_envelope(&house, statement, len, signature);
    struct submission *s = NULL, *rejection;
    Yuebao__Verdict *verdict;

    (void)state;
    assert_int_equal(judge(&envelope, FAKE_OPENS_MS, &s), INTAKE_STORE);
    strcpy(s->sqlstate, "23514");
    strcpy(s->constraint, "figure_fits");
    rejection = intake_rejection_of(&house.server, s, SUBMISSION_POISON);
    assert_non_null(rejection);
    assert_int_equal(rejection->kind, SUBMISSION_REJECTION);
    verdict = verdict_of(rejection);
    assert_int_equal(verdict->reject->finding[0]->code, YUEBAO__FINDING_CODE__NOT_STORABLE);
    assert_string_equal(verdict->reject->finding[0]->found, "23514");
    assert_string_equal(verdict->reject->finding[0]->bound, "figure_fits");
    assert_memory_equal(verdict->id.data, s->id, ID_SIZE);
    yuebao__verdict__free_unpacked(verdict, NULL);
    submission_free(rejection);
    submission_free(s);
    free(statement);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_envelope_unchanged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_explanations_become_remarks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reviewed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_review_knows_its_slot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_review_for_another_institution, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_texts_are_not_repeated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_poison_becomes_a_rejection, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
