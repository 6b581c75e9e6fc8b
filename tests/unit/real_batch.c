#include "real_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "envelope.h"

/* ---- the database ------------------------------------------------------------------------------- */

int32_t first_school;
static int16_t form_id;

long long
number_of(int school, const char *sql)
{
    char text[1024];
    const char *mark = strstr(sql, "{s}");

    assert_non_null(mark);
    snprintf(text, sizeof(text), "%.*s%d%s", (int)(mark - sql), sql, first_school + school, mark + 3);
    return number(text);
}

void
check_totals(void)
{
    assert_int_equal(
        number(
            "WITH booked AS (SELECT district, period, form, indicator, count(value) AS schools, "
            "count(missing) AS excused,"
            " coalesce(sum(value), 0) AS value, coalesce(sum(denominator), 0) AS denominator"
            " FROM yuebao.figure GROUP BY 1, 2, 3, 4 UNION ALL"
            " SELECT district, period, form, 0, count(*) FILTER (WHERE revision = 1),"
            " count(*) FILTER (WHERE revision = 1 AND late), count(*) FILTER (WHERE revision = 2),"
            " count(*) FILTER (WHERE admitted) FROM yuebao.report GROUP BY 1, 2, 3),"
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

int
real_batch_open(void **state)
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

int
real_batch_close(void **state)
{
    (void)state;
    if (db == NULL)
        return 0;
    run("DROP FUNCTION IF EXISTS public.test_obstacle() CASCADE");
    real_house_close();
    return 0;
}

/* ---- submissions -------------------------------------------------------------------------------- */

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

void
id_of(const struct paper *paper, uint8_t id[ID_SIZE])
{
    char text[128];

    snprintf(text, sizeof(text), "%d %u %s", first_school + paper->school, paper->revision, paper->text);
    envelope_sha256(text, strlen(text), id);
}

struct submission *
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

struct sent *
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

struct sent *
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

void
wait_for_answers(struct bench *bench)
{
    while (count_answered(bench) < bench->n_sent)
        event_base_loop(bench->base, EVLOOP_ONCE);
}

void
wait_for_link(struct bench *bench, const struct batch *batch)
{
    while (!batch_up(batch))
        event_base_loop(bench->base, EVLOOP_ONCE);
}

int
bench_set_up(void **state)
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

int
bench_tear_down(void **state)
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

/* ---- obstacles ---------------------------------------------------------------------------------- */

void
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
