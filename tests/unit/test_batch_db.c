/* batch against a real PostgreSQL (real_house.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "batch.h"
#include "envelope.h"
#include "real_house.h"

#define SENT_MAX 400u

/* ---- the database ------------------------------------------------------------------------------- */

static int32_t first_school; /* the schools of this run are numbered from here */
static int16_t form_id;

/* A number about one school of this run; {s} in the SQL is its id. */
static long long
number_of(int school, const char *sql)
{
    char text[1024];
    const char *mark = strstr(sql, "{s}");

    assert_non_null(mark);
    snprintf(text, sizeof(text), "%.*s%d%s", (int)(mark - sql), sql, first_school + school, mark + 3);
    return number(text);
}

/* Exact at once: folded totals and differences are, together, the sum of the figures. */
static void
check_totals(void)
{
    assert_int_equal(
        number(
            "WITH booked AS (SELECT district, period, form, indicator, count(value) AS schools, "
            "count(missing) AS excused,"
            " coalesce(sum(value), 0) AS value, coalesce(sum(denominator), 0) AS denominator"
            " FROM yuebao.figure GROUP BY 1, 2, 3, 4),"
            " parts AS (SELECT district, period, form, indicator, schools, excused, value, denominator"
            " FROM yuebao.total_folded UNION ALL"
            " SELECT d.district, d.period, d.form, u.* FROM yuebao.total_delta AS d,"
            " unnest(d.indicator, d.schools, d.excused, d.value, d.denominator) AS u),"
            " total AS (SELECT district, period, form, indicator, sum(schools) AS schools, sum(excused) AS "
            "excused,"
            " sum(value) AS value, sum(denominator) AS denominator FROM parts GROUP BY 1, 2, 3, 4)"
            " SELECT count(*) FROM booked AS b FULL JOIN total AS t USING (district, period, form, indicator)"
            " WHERE (coalesce(b.schools, 0), coalesce(b.excused, 0), coalesce(b.value, 0), "
            "coalesce(b.denominator, 0))"
            " IS DISTINCT FROM (coalesce(t.schools, 0), coalesce(t.excused, 0), coalesce(t.value, 0),"
            " coalesce(t.denominator, 0))"),
        0);
}

static int
set_up_database(void **state)
{
    (void)state;
    if (!envelope_init() || real_house_open() != 0)
        return -1;
    if (db == NULL)
        return 0;
    run("SELECT yuebao.make_partitions('2026-01-01', '2026-12-31')");
    run("DROP FUNCTION IF EXISTS public.test_obstacle() CASCADE");
    form_id = (int16_t)number("SELECT form FROM yuebao.form WHERE code = 'primary.monthly'");
    first_school = (int32_t)number(
        "WITH made AS (INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on)"
        " SELECT 'test' || pg_backend_pid() || '.' || to_char(clock_timestamp(), 'HH24MISSUS') || '.' || n, "
        "'test', 'primary',"
        " '校', 'school', '2020-01-01' FROM generate_series(1, 1000) AS n RETURNING school),"
        " placed AS (INSERT INTO yuebao.school_district SELECT school, '2020-01-01', 990100 + school % 2 * "
        "100 FROM made"
        " WHERE school < (SELECT max(school) FROM made))" /* the last one belongs nowhere */
        " SELECT min(school) FROM made");
    return 0;
}

static int
tear_down_database(void **state)
{
    (void)state;
    if (db == NULL)
        return 0;
    run("DROP FUNCTION IF EXISTS public.test_obstacle() CASCADE");
    real_house_close();
    return 0;
}

/* ---- submissions -------------------------------------------------------------------------------- */

struct sent {
    bool answered;
    enum submission_outcome outcome;
    char first_answer[64], constraint[64], sqlstate[6];
    bool decided;
    uint32_t current_revision;
    uint8_t id[ID_SIZE], current_id[ID_SIZE];
};

struct bench {
    struct event_base *base;
    struct batch *batch;
    struct sent sent[SENT_MAX];
    size_t n_sent, n_answered;
};

static void
on_done(struct submission *s, enum submission_outcome outcome, void *arg)
{
    struct sent *sent = arg;

    assert_false(sent->answered); /* once */
    sent->answered = true;
    sent->outcome = outcome;
    snprintf(sent->first_answer, sizeof(sent->first_answer), "%.*s", (int)s->first_answer_len,
             s->first_answer != NULL ? (const char *)s->first_answer : "");
    memcpy(sent->constraint, s->constraint, sizeof(sent->constraint));
    memcpy(sent->sqlstate, s->sqlstate, sizeof(sent->sqlstate));
    memcpy(sent->current_id, s->current_id, ID_SIZE);
    sent->current_revision = s->current_revision;
    sent->decided = s->decided;
}

static uint8_t *
copy_text(const char *text, size_t *ret_len)
{
    *ret_len = strlen(text);
    return (uint8_t *)strdup(text);
}

/* What is put into a report; `text` is all that tells its id from others'. */
struct paper {
    int school;
    const char *text, *answer;
    uint32_t revision;
    const uint8_t *previous;
    int64_t value;
    bool excused; /* the third indicator is missing with a reason instead of being reported */
    enum submission_kind kind;
    const char *period;           /* NULL: 2026-10 */
    const struct remark *remarks; /* beside the figures */
    size_t n_remarks;
};

static Yuebao__Statement *
statement_of(const struct paper *paper)
{
    Yuebao__Statement st = YUEBAO__STATEMENT__INIT, *copy;
    uint32_t indicator[] = {1, 2, 3}, missing[] = {3};
    int64_t value[] = {paper->value, 7, 30}, denominator[] = {0, 9, 0};
    Yuebao__MissingReason reason[] = {YUEBAO__MISSING_REASON__NOT_YET_KNOWN};
    uint8_t *bytes;
    size_t len;

    st.filler = (char *)"王芳";
    st.reviewer = (char *)"reviewer";
    st.head = (char *)"head";
    st.correction = (char *)paper->text;
    st.revision = paper->revision;
    st.n_indicator = st.n_value = st.n_denominator = paper->excused ? 2 : 3;
    st.indicator = indicator;
    st.value = value;
    st.denominator = denominator;
    st.n_missing = st.n_missing_reason = paper->excused ? 1 : 0;
    st.missing = missing;
    st.missing_reason = reason;
    len = yuebao__statement__get_packed_size(&st);
    bytes = malloc(len);
    yuebao__statement__pack(&st, bytes);
    copy = yuebao__statement__unpack(NULL, len, bytes);
    free(bytes);
    return copy;
}

static void
id_of(const struct paper *paper, uint8_t id[ID_SIZE])
{
    char text[128];

    snprintf(text, sizeof(text), "%d %u %s", first_school + paper->school, paper->revision, paper->text);
    envelope_sha256(text, strlen(text), id);
}

static struct submission *
submission_of(const struct paper *paper)
{
    struct submission *s = submission_new();

    assert_non_null(s);
    s->kind = paper->kind;
    s->school_id = first_school + paper->school;
    s->form_id = form_id;
    s->catalogue_id = 1;
    assert_true(period_parse(paper->period != NULL ? paper->period : "2026-10", &s->period));
    s->revision = paper->revision;
    id_of(paper, s->id);
    if (paper->previous != NULL)
        memcpy(s->previous, paper->previous, ID_SIZE);
    s->received_ms = UINT64_C(1793500000000);
    s->envelope = copy_text("envelope", &s->envelope_len);
    s->answer = copy_text(paper->answer, &s->answer_len);
    s->statement = statement_of(paper);
    s->n_remarks = paper->n_remarks;
    s->remarks = calloc(paper->n_remarks + 1, sizeof(*s->remarks));
    assert_non_null(s->remarks);
    for (size_t i = 0; i < paper->n_remarks; i++)
        s->remarks[i] = paper->remarks[i];
    s->done = on_done;
    return s;
}

/* Into a batch; returns where the outcome will be. */
static struct sent *
put_into(struct bench *bench, struct batch *batch, const struct paper *paper)
{
    struct sent *sent = &bench->sent[bench->n_sent++];
    struct submission *s = submission_of(paper);

    assert_true(bench->n_sent <= SENT_MAX);
    memcpy(sent->id, s->id, ID_SIZE);
    s->arg = sent;
    assert_true(batch_submit(batch, s));
    return sent;
}

static struct sent *
put(struct bench *bench, struct paper paper)
{
    return put_into(bench, bench->batch, &paper);
}

static size_t
count_answered(const struct bench *bench)
{
    size_t count = 0;

    for (size_t i = 0; i < bench->n_sent; i++)
        count += bench->sent[i].answered ? 1 : 0;
    return count;
}

static void
wait_for_answers(struct bench *bench)
{
    while (count_answered(bench) < bench->n_sent)
        event_base_loop(bench->base, EVLOOP_ONCE);
}

static void
wait_for_link(struct bench *bench, const struct batch *batch)
{
    while (!batch_up(batch))
        event_base_loop(bench->base, EVLOOP_ONCE);
}

static int
set_up(void **state)
{
    struct bench *bench;

    if (db == NULL)
        return 0;
    bench = calloc(1, sizeof(*bench));
    bench->base = event_base_new();
    bench->batch = batch_new(bench->base, COLLECTOR, 2);
    assert_non_null(bench->batch);
    alarm(PATIENCE_S);
    wait_for_link(bench, bench->batch);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    struct bench *bench = *state;

    if (db == NULL)
        return 0;
    run("DROP FUNCTION IF EXISTS public.test_obstacle() CASCADE");
    check_totals();
    batch_free(bench->batch);
    event_base_free(bench->base);
    free(bench);
    alarm(0);
    return 0;
}

/* ---- what must be true -------------------------------------------------------------------------- */

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

/* A trigger on every new report: `body` of plpgsql; {s} in it stands for the school. */
static void
obstacle(int school, const char *body)
{
    char sql[1024];
    const char *mark = strstr(body, "{s}");

    snprintf(sql, sizeof(sql),
             "CREATE OR REPLACE FUNCTION public.test_obstacle() RETURNS trigger LANGUAGE plpgsql SECURITY "
             "DEFINER AS $$ BEGIN"
             " %.*s%d%s RETURN NEW; END $$",
             (int)(mark - body), body, first_school + school, mark + 3);
    run(sql);
    run("DROP TRIGGER IF EXISTS test_obstacle ON yuebao.report");
    run("CREATE TRIGGER test_obstacle BEFORE INSERT ON yuebao.report FOR EACH ROW"
        " EXECUTE FUNCTION public.test_obstacle()");
}

static void
test_poison_stands_alone(void **state)
{
    struct bench *bench = *state;
    struct sent *sent[100];

    NEEDS_DATABASE();
    obstacle(
        100 + 37,
        "IF NEW.school = {s} THEN RAISE check_violation USING CONSTRAINT = 'test_refuses', DETAIL = 'secret';"
        " END IF;");
    for (int i = 0; i < 100; i++)
        sent[i] = put(
            bench, (struct paper){.school = 100 + i, .text = "a", .answer = "1", .revision = 1, .value = i});
    wait_for_answers(bench);
    for (int i = 0; i < 100; i++)
        assert_int_equal(sent[i]->outcome, i == 37 ? SUBMISSION_POISON : SUBMISSION_ACCEPTED);
    assert_string_equal(sent[37]->constraint, "test_refuses");
    assert_string_equal(sent[37]->sqlstate, "23514");
    assert_int_equal(batch_counters(bench->batch).poisoned, 1);
}

static void
test_two_collectors_race(void **state)
{
    struct bench *bench = *state;
    struct batch *rival;
    struct sent *sent[200], *rivals[200];

    NEEDS_DATABASE();
    rival = batch_new(bench->base, COLLECTOR, 2);
    wait_for_link(bench, rival);
    for (int i = 0; i < 200; i++) {
        struct paper paper = {.school = 200 + i, .text = "same", .answer = "ours", .revision = 1, .value = i};
        sent[i] = put_into(bench, bench->batch, &paper);
        paper.school = 200 + 199 - i; /* they queue in the other order */
        paper.answer = "theirs";
        if (paper.school % 2 == 0)
            paper.text = "different";
        rivals[199 - i] = put_into(bench, rival, &paper);
    }
    wait_for_answers(bench);
    for (int i = 0; i < 200; i++) {
        enum submission_outcome loser = i % 2 == 0 ? SUBMISSION_CONFLICT : SUBMISSION_REPEATED;
        bool we_won = sent[i]->outcome == SUBMISSION_ACCEPTED;
        assert_int_equal(we_won ? rivals[i]->outcome : sent[i]->outcome, loser);
        assert_int_equal(we_won ? sent[i]->outcome : rivals[i]->outcome, SUBMISSION_ACCEPTED);
        if (loser == SUBMISSION_REPEATED)
            assert_string_equal(we_won ? rivals[i]->first_answer : sent[i]->first_answer,
                                we_won ? "ours" : "theirs");
    }
    batch_free(rival);
}

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

/* ---- links that break --------------------------------------------------------------------------- */

/* Every collector's backend that waits for the obstacle's lock is ended; once one was, the obstacle is gone
 * too. */
static void
on_kill_turn(evutil_socket_t fd, short what, void *arg)
{
    struct event *timer = *(struct event **)arg;

    (void)fd;
    (void)what;
    if (number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
               " WHERE usename = 'yuebao_collector' AND wait_event = 'advisory'") > 0) {
        run("SELECT pg_advisory_unlock(4711)");
        event_del(timer);
    }
}

static void
test_backend_killed_in_mid_batch(void **state)
{
    struct bench *bench = *state;
    const struct timeval every = {.tv_usec = 20000};
    struct event *timer;
    struct sent *sent[50];

    NEEDS_DATABASE();
    obstacle(425, "IF NEW.school = {s} THEN PERFORM pg_advisory_xact_lock(4711); END IF;");
    run("SELECT pg_advisory_lock(4711)");
    timer = event_new(bench->base, -1, EV_PERSIST, on_kill_turn, &timer);
    event_add(timer, &every);
    for (int i = 0; i < 50; i++)
        sent[i] = put(
            bench, (struct paper){.school = 400 + i, .text = "a", .answer = "1", .revision = 1, .value = i});
    wait_for_answers(bench);
    for (int i = 0; i < 50; i++)
        assert_int_equal(sent[i]->outcome, SUBMISSION_ACCEPTED);
    event_free(timer);
}

/* What kills every backend that touches it is found by halving and answered BUSY; nobody else suffers. */
static void
test_killer_stands_alone(void **state)
{
    struct bench *bench = *state;
    struct sent *sent[20];

    NEEDS_DATABASE();
    obstacle(713, "IF NEW.school = {s} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;");
    for (int i = 0; i < 20; i++)
        sent[i] = put(
            bench, (struct paper){.school = 700 + i, .text = "a", .answer = "1", .revision = 1, .value = i});
    wait_for_answers(bench);
    for (int i = 0; i < 20; i++)
        assert_int_equal(sent[i]->outcome, i == 13 ? SUBMISSION_AWAY : SUBMISSION_ACCEPTED);
}

/*
 * A wire between batch and PostgreSQL that cuts the connection in place of the first answer COMMIT that
 * crosses it: the transaction is committed, and nobody was told.
 */
struct wire {
    struct event_base *base;
    char dir[64], path[96];
    struct evconnlistener *listener;
    unsigned swallow; /* so many COMMITs are still to be swallowed */
};

struct wire_end {
    struct wire *wire;
    struct bufferevent *here, *there;
    bool from_server;
    struct wire_end *other;
};

static void
wire_cut(struct wire_end *end)
{
    bufferevent_free(end->here);
    bufferevent_free(end->there);
    free(end->other);
    free(end);
}

static void
on_wire_read(struct bufferevent *bev, void *arg)
{
    static const char committed[] = "C\0\0\0\013COMMIT"; /* with its NUL: CommandComplete */
    struct wire_end *end = arg;
    struct evbuffer *in = bufferevent_get_input(bev);

    if (end->from_server && end->wire->swallow > 0 &&
        evbuffer_search(in, committed, sizeof(committed), NULL).pos >= 0) {
        end->wire->swallow--;
        wire_cut(end);
        return;
    }
    bufferevent_write_buffer(end->there, in);
}

static void
on_wire_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        wire_cut(arg);
}

static struct wire_end *
wire_end_new(struct wire *wire, struct bufferevent *here, struct bufferevent *there, bool from_server)
{
    struct wire_end *end = calloc(1, sizeof(*end));

    *end = (struct wire_end){.wire = wire, .here = here, .there = there, .from_server = from_server};
    bufferevent_setcb(here, on_wire_read, NULL, on_wire_event, end);
    bufferevent_enable(here, EV_READ | EV_WRITE);
    return end;
}

static void
on_wire_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
    struct wire *wire = arg;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct bufferevent *client = bufferevent_socket_new(wire->base, fd, BEV_OPT_CLOSE_ON_FREE);
    struct bufferevent *server = bufferevent_socket_new(wire->base, -1, BEV_OPT_CLOSE_ON_FREE);
    struct wire_end *a = wire_end_new(wire, client, server, false),
                    *b = wire_end_new(wire, server, client, true);

    (void)listener;
    (void)from;
    (void)len;
    a->other = b;
    b->other = a;
    snprintf(to.sun_path, sizeof(to.sun_path), "%s/.s.PGSQL.%s", PQhost(db), PQport(db));
    assert_int_equal(bufferevent_socket_connect(server, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void
wire_open(struct wire *wire, struct event_base *base)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    wire->base = base;
    strcpy(wire->dir, "/tmp/wireXXXXXX");
    assert_non_null(mkdtemp(wire->dir));
    snprintf(wire->path, sizeof(wire->path), "%s/.s.PGSQL.5432", wire->dir);
    strcpy(at.sun_path, wire->path);
    wire->listener = evconnlistener_new_bind(base, on_wire_accept, wire, LEV_OPT_CLOSE_ON_FREE, 16,
                                             (struct sockaddr *)&at, sizeof(at));
    assert_non_null(wire->listener);
}

static void
wire_close(struct wire *wire)
{
    evconnlistener_free(wire->listener);
    unlink(wire->path);
    rmdir(wire->dir);
}

static void
test_answer_to_commit_is_lost(void **state)
{
    struct bench *bench = *state;
    struct wire wire = {.swallow = 2};
    char conninfo[160];
    struct batch *batch;
    struct sent *sent[50];

    NEEDS_DATABASE();
    wire_open(&wire, bench->base);
    snprintf(conninfo, sizeof(conninfo), COLLECTOR " host=%s port=5432", wire.dir);
    batch = batch_new(bench->base, conninfo, 1);
    wait_for_link(bench, batch);
    for (int i = 0; i < 50; i++) {
        struct paper paper = {.school = 500 + i, .text = "a", .answer = "mine", .revision = 1, .value = i};
        sent[i] = put_into(bench, batch, &paper);
    }
    wait_for_answers(bench);
    for (int i = 0; i < 50; i++)
        assert_int_equal(sent[i]->outcome, SUBMISSION_ACCEPTED);
    assert_int_equal(wire.swallow, 0);
    assert_true(batch_counters(batch).lookups >= 1);
    batch_free(batch);
    event_base_loop(bench->base, EVLOOP_NONBLOCK); /* the wire sees the end of its connections */
    wire_close(&wire);
}

static void
on_fold_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(arg);
}

static void
test_totals_are_folded(void **state)
{
    struct bench *bench = *state;
    const struct timeval every = {.tv_usec = 50000};
    struct event *timer;

    NEEDS_DATABASE();
    put(bench, (struct paper){.school = 600, .text = "a", .answer = "1", .revision = 1, .value = 5});
    wait_for_answers(bench);
    check_totals();
    timer = event_new(bench->base, -1, EV_PERSIST, on_fold_turn, bench->base);
    event_add(timer, &every);
    while (number("SELECT count(*) FROM yuebao.total_delta") > 0)
        event_base_dispatch(bench->base);
    event_free(timer);
    check_totals();
    assert_true(batch_counters(bench->batch).folds > 0);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
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
        CASE(test_poison_stands_alone),
        CASE(test_two_collectors_race),
        CASE(test_rejections_are_capped),
        CASE(test_rejections_are_capped_across_links),
        CASE(test_rejections_are_bounded_in_bytes),
        CASE(test_backend_killed_in_mid_batch),
        CASE(test_killer_stands_alone),
        CASE(test_answer_to_commit_is_lost),
        CASE(test_totals_are_folded),
    };

    return cmocka_run_group_tests(tests, set_up_database, tear_down_database);
}
