/*
 * past against api.breaches_in and api.outliers_in: a school with random forms, rules and reports, which
 * moves to another district on the way; what the desk is warned of is what the bureau is listed, to the
 * digit. Needs a real PostgreSQL (real_house.h). All of it happens in one transaction that is undone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "envelope.h"
#include "past.h"
#include "real_house.h"

#define FORMS      6u /* one a frequency */
#define EACH       3u /* indicators of a form */
#define INDICATORS (FORMS * EACH)
#define RULES      30u
#define TERMS      3u
#define SLOTS_MAX  2000u
#define JUDGED     6u /* newest reports of each form, at most */
#define TEXT_SIZE  4096u

struct slot {
    unsigned form;
    struct period period;
    bool accepted;
    bool given[EACH];
    int64_t value[EACH], denominator[EACH];
};

static struct {
    Yuebao__Catalogue message;
    Yuebao__Indicator indicator[INDICATORS];
    Yuebao__Form form[FORMS];
    Yuebao__Rule rule[RULES];
    Yuebao__Term term[RULES][2][TERMS];
    Yuebao__Term *sides[RULES][2][TERMS];
    Yuebao__Indicator *indicators[INDICATORS];
    Yuebao__Form *forms[FORMS];
    Yuebao__Rule *rules[RULES];
    uint32_t numbers[FORMS][EACH];
    char codes[INDICATORS + FORMS + RULES][FORM_CODE_MAX + 1];
    struct slot slots[SLOTS_MAX]; /* every period of the calendars, a form after the other, oldest first */
    size_t count;
    char school[sizeof(run_name) + 1];
    struct catalogue *catalogue;
} world;

/* ---- dice --------------------------------------------------------------------------------------- */

static long
below(long bound)
{
    return lrand48() % bound;
}

static bool
in_hundred(long chance)
{
    return below(100) < chance;
}

/* ---- SQL ---------------------------------------------------------------------------------------- */

/* A statement that grows; sent by end_sql(). */
static char *sql;
static size_t sql_len;
static FILE *out;

static void
begin_sql(const char *text)
{
    out = open_memstream(&sql, &sql_len);
    assert_non_null(out);
    fputs(text, out);
}

static void
end_sql(void)
{
    fclose(out);
    run(sql);
    free(sql);
}

/* ---- the catalogue ------------------------------------------------------------------------------ */

static const Yuebao__Measure measures[] = {YUEBAO__MEASURE__COUNT, YUEBAO__MEASURE__RATIO,
                                           YUEBAO__MEASURE__QUOTIENT, YUEBAO__MEASURE__AMOUNT};
static const char *const measure_names[] = {"count", "ratio", "quotient", "amount"};

static char *
code_of(size_t index, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(world.codes[index], sizeof(world.codes[index]), format, arguments);
    va_end(arguments);
    return world.codes[index];
}

/* "r18f", what this run makes is named after it. */
static const char *
run_word(void)
{
    static char word[24];

    snprintf(word, sizeof(word), "%.*s", (int)strcspn(run_name, "."), run_name);
    return word;
}

static void
make_indicator(size_t i)
{
    static const Yuebao__Indicator blank = YUEBAO__INDICATOR__INIT;
    Yuebao__Indicator *indicator = &world.indicator[i];
    size_t measure = (size_t)below(4);
    bool parts = measure == 1 || measure == 2;

    *indicator = blank;
    indicator->code = indicator->name_zh = indicator->name_en = code_of(i, "%s_i%02zu", run_word(), i);
    indicator->measure = measures[measure];
    indicator->decimals = (uint32_t)below(4);
    indicator->denominator_decimals = parts ? (uint32_t)below(3) : 0;
    begin_sql(
        "WITH new AS (INSERT INTO yuebao.indicator (code, name_zh, name_en, unit, measure, over_schools,"
        " over_time, decimals, denominator_decimals, min, max) VALUES (");
    fprintf(out, "'%s', '', '', '', '%s', '%s', 'last', %u, %u, 0, 1) RETURNING indicator) SELECT * FROM new",
            indicator->code, measure_names[measure], parts ? "ratio_of_sums" : "sum", indicator->decimals,
            indicator->denominator_decimals);
    fclose(out);
    indicator->number = (uint32_t)number(sql);
    free(sql);
    world.indicators[i] = indicator;
    world.numbers[i / EACH][i % EACH] = indicator->number;
}

static int
compare_forms(const void *a, const void *b)
{
    const Yuebao__Form *const *x = a, *const *y = b;

    return strcmp((*x)->code, (*y)->code);
}

static void
make_form(size_t f)
{
    static const Yuebao__Form blank = YUEBAO__FORM__INIT;
    Yuebao__Form *form = &world.form[f];

    *form = blank;
    form->kind = (char *)"special";
    form->frequency = (char *)frequency_name((enum frequency)(f + 1));
    form->code = form->name_zh = form->name_en =
        code_of(INDICATORS + f, "special.%s.%s", form->frequency, run_word());
    form->optional = world.numbers[f];
    form->n_optional = EACH;
    world.forms[f] = form;
    begin_sql("INSERT INTO yuebao.form (code, kind, frequency, name, name_zh, name_en) VALUES (");
    fprintf(out, "'%s', 'special', '%s', '%s', '', '')", form->code, form->frequency, run_word());
    end_sql();
}

static size_t
make_side(size_t r, int side, size_t least)
{
    static const Yuebao__Term blank = YUEBAO__TERM__INIT;
    size_t count = least + (size_t)below(TERMS + 1 - (long)least);

    for (size_t t = 0; t < count; t++) {
        Yuebao__Term *term = &world.term[r][side][t];
        const Yuebao__Indicator *indicator = world.indicators[(size_t)below(INDICATORS)];

        *term = blank;
        term->indicator = indicator->number;
        if (measure_has_denominator(indicator->measure) && in_hundred(50))
            term->part = YUEBAO__PART__DENOMINATOR;
        term->previous = in_hundred(30);
        if (term->previous)
            world.rule[r].severity = YUEBAO__SEVERITY__WARNING;
        world.sides[r][side][t] = term;
    }
    return count;
}

/* An error of one form stays one in SQL; all others are warnings there: so they are told apart. */
static void
make_rule(size_t r)
{
    static const Yuebao__Rule blank = YUEBAO__RULE__INIT;
    static const char *const ops[] = {"=", "<=", ">="};
    Yuebao__Rule *rule = &world.rule[r];

    *rule = blank;
    rule->code = rule->message_zh = rule->message_en =
        code_of(INDICATORS + FORMS + r, "%s_r%02zu", run_word(), r);
    rule->severity = YUEBAO__SEVERITY__ERROR;
    rule->op = (Yuebao__Operator)below(3);
    rule->n_left = make_side(r, 0, 1);
    rule->n_right = make_side(r, 1, 0);
    rule->left = world.sides[r][0];
    rule->right = world.sides[r][1];
    world.rules[r] = rule;
    begin_sql("WITH new AS (INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) VALUES (");
    fprintf(out,
            "'%s', '%s', '%s', '', '') RETURNING rule) INSERT INTO yuebao.rule_term (rule, side, position,"
            " indicator, part, previous) SELECT n.rule, t.* FROM new AS n, (VALUES ",
            rule->code, rule->severity == YUEBAO__SEVERITY__ERROR ? "error" : "warning", ops[rule->op]);
    for (size_t t = 0; t < rule->n_left + rule->n_right; t++) {
        bool left = t < rule->n_left;
        const Yuebao__Term *term = left ? rule->left[t] : rule->right[t - rule->n_left];

        fprintf(out, "%s('%s', %zu::smallint, %u::smallint, '%s', %s)", t > 0 ? ", " : "",
                left ? "left" : "right", t, term->indicator,
                term->part == YUEBAO__PART__DENOMINATOR ? "denominator" : "value",
                term->previous ? "true" : "false");
    }
    fputs(") AS t", out);
    end_sql();
}

static void
load_catalogue(void)
{
    static const Yuebao__Catalogue blank = YUEBAO__CATALOGUE__INIT;
    uint8_t *bytes;
    size_t len;

    world.message = blank;
    world.message.indicator = world.indicators;
    world.message.n_indicator = INDICATORS;
    world.message.form = world.forms;
    world.message.n_form = FORMS;
    world.message.rule = world.rules;
    world.message.n_rule = RULES;
    qsort(world.forms, FORMS, sizeof(world.forms[0]), compare_forms);
    bytes = malloc(yuebao__catalogue__get_packed_size(&world.message));
    assert_non_null(bytes);
    len = yuebao__catalogue__pack(&world.message, bytes);
    assert_int_equal(catalogue_load(bytes, len, &world.catalogue), CATALOGUE_OK);
    free(bytes);
    run("INSERT INTO yuebao.catalogue (hash, bytes) VALUES (sha256('{r}'), '{r}')");
    for (size_t f = 0; f < FORMS; f++) {
        begin_sql(
            "INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required) SELECT c.catalogue,"
            " f.form, i.indicator, false FROM yuebao.catalogue AS c, yuebao.form AS f, yuebao.indicator AS i"
            " WHERE c.hash = sha256('{r}') AND f.code = '");
        fprintf(out, "%s' AND i.indicator BETWEEN %u AND %u", world.form[f].code, world.numbers[f][0],
                world.numbers[f][EACH - 1]);
        end_sql();
    }
}

/* ---- the reports -------------------------------------------------------------------------------- */

/* Steady, with a jump now and then, and often exactly at a border. */
static void
roll_figure(struct slot *slot, size_t at, const Yuebao__Indicator *indicator)
{
    static const long bases[] = {0, 3, 20, 100, 1000};
    long base = bases[indicator->number % 5], noise = 1 + base / (10 + indicator->number % 30);
    int64_t value = base + below(noise + 1);

    if (in_hundred(8))
        value = value * 2 - base / 2;
    if (in_hundred(8))
        value = base + base / 10 + below(2);
    if (in_hundred(3))
        value = -value - 1;
    slot->given[at] = in_hundred(90);
    slot->value[at] = value;
    slot->denominator[at] = !measure_has_denominator(indicator->measure) ? 0
                            : in_hundred(4)                              ? 0
                                                                         : 1 + below(7);
    if (measure_has_denominator(indicator->measure) && slot->denominator[at] == 0)
        slot->value[at] = 0;
}

static void
add_slot(unsigned form, struct period period)
{
    struct slot *slot = &world.slots[world.count++];

    assert_true(world.count <= SLOTS_MAX);
    *slot = (struct slot){.form = form, .period = period, .accepted = in_hundred(85)};
    for (size_t i = 0; i < EACH; i++)
        roll_figure(slot, i, &world.indicator[form * EACH + i]);
}

/* Six years, with gaps; of days only some weeks of each year. */
static void
roll_calendar(unsigned form)
{
    enum frequency frequency = (enum frequency)(form + 1);
    int32_t last = date_to_day((struct date){2026, 3, 20});
    struct period period = period_of_day(frequency, date_to_day((struct date){2020, 2, 3}));

    for (; period.first_day <= last; period = period_next(period)) {
        if (frequency == DAILY && date_of_day(period.first_day).month != 3)
            continue;
        if (in_hundred(93))
            add_slot(form, period);
    }
}

static void
write_slots(void)
{
    char day[PERIOD_TEXT_MAX + 1];

    begin_sql(
        "CREATE TEMPORARY TABLE slot (form text, period date, accepted boolean, indicator smallint,"
        " missing smallint, value bigint, denominator bigint) ON COMMIT DROP; INSERT INTO slot VALUES ");
    for (size_t s = 0; s < world.count; s++) {
        const struct slot *slot = &world.slots[s];

        date_print(slot->period.first_day, day);
        for (size_t i = 0; i < EACH; i++) {
            fprintf(out, "%s('%s', '%s', %s, %u, ", s + i > 0 ? ", " : "", world.form[slot->form].code, day,
                    slot->accepted ? "true" : "false", world.numbers[slot->form][i]);
            if (slot->given[i])
                fprintf(out, "NULL, %lld, %lld)", (long long)slot->value[i], (long long)slot->denominator[i]);
            else
                fputs("2, NULL, NULL)", out);
        }
    }
    end_sql();
}

static void
file_reports(void)
{
    run("INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on)"
        " VALUES ('{r}1', '{r}1', 'special', '', '', '2000-01-01')");
    run("INSERT INTO yuebao.school_district SELECT s.school, m.day, m.district FROM yuebao.school AS s,"
        " (VALUES (date '2000-01-01', 990100), ('2024-09-11', 990200), ('2026-01-15', 990100)) AS m (day, "
        "district)"
        " WHERE s.code = '{r}1'");
    run("INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)"
        " SELECT DISTINCT f.form, s.period, s.period, s.period + 30, s.period + 60, c.catalogue"
        " FROM slot AS s JOIN yuebao.form AS f ON f.code = s.form, yuebao.catalogue AS c WHERE c.hash = "
        "sha256('{r}')");
    run("CREATE TEMPORARY VIEW placed AS SELECT s.*, f.form AS number, o.school,"
        " yuebao.school_district_on(o.school, yuebao.period_last_day(s.period, f.frequency)) AS district"
        " FROM slot AS s JOIN yuebao.form AS f ON f.code = s.form, yuebao.school AS o"
        " WHERE o.code = '{r}1' AND s.accepted");
    run("INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, "
        "received_at, late,"
        " filler, reviewer, head, envelope, receipt) SELECT DISTINCT p.district, p.period, p.school, "
        "p.number, 1,"
        " sha256((p.form || p.period)::bytea), c.catalogue, 'k'::bytea, now(), false, '', '', '', ''::bytea, "
        "''::bytea"
        " FROM placed AS p, yuebao.catalogue AS c WHERE c.hash = sha256('{r}')");
    run("INSERT INTO yuebao.figure (district, period, school, indicator, form, missing, value, denominator)"
        " SELECT p.district, p.period, p.school, p.indicator, p.number, p.missing, p.value, p.denominator"
        " FROM placed AS p");
    snprintf(world.school, sizeof(world.school), "%s1", run_name);
}

/* ---- the desk ----------------------------------------------------------------------------------- */

static const struct slot *
find_slot(const char *form, struct period period)
{
    for (size_t s = 0; s < world.count; s++) {
        const struct slot *slot = &world.slots[s];

        if (period_equal(slot->period, period) && strcmp(world.form[slot->form].code, form) == 0)
            return slot->accepted ? slot : NULL;
    }
    return NULL;
}

static bool
accepted(void *arg, const char *form, struct period period)
{
    (void)arg;
    return find_slot(form, period) != NULL;
}

static bool
figure(void *arg, const char *form, struct period period, uint32_t indicator, int64_t *ret_value,
       int64_t *ret_denominator)
{
    const struct slot *slot = find_slot(form, period);

    (void)arg;
    for (size_t i = 0; slot != NULL && i < EACH; i++) {
        if (world.numbers[slot->form][i] != indicator || !slot->given[i])
            continue;
        *ret_value = slot->value[i];
        *ret_denominator = slot->denominator[i];
        return true;
    }
    return false;
}

static bool
before(void *arg, const char *form, struct period period, struct period *ret_period)
{
    bool found = false;

    (void)arg;
    for (size_t s = 0; s < world.count; s++) {
        const struct slot *slot = &world.slots[s];

        if (slot->period.frequency != period.frequency || slot->period.first_day >= period.first_day ||
            strcmp(world.form[slot->form].code, form) != 0)
            continue;
        *ret_period = slot->period; /* the newest is the last of them */
        found = true;
    }
    return found;
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A line a warning, sorted as C sorts. */
static void
write_warnings(const struct findings *findings, char text[TEXT_SIZE])
{
    char lines[FINDINGS_MAX][256];
    size_t len = 0;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        bool rule = f->code == YUEBAO__FINDING_CODE__RULE_BROKEN;

        snprintf(lines[i], sizeof(lines[i]), "%s: %s against %s\n",
                 rule ? f->rule : catalogue_indicator(world.catalogue, f->indicator)->code, f->found,
                 f->bound);
    }
    qsort(lines, findings->count, sizeof(lines[0]), compare_lines);
    text[0] = '\0';
    for (size_t i = 0; i < findings->count; i++)
        len += (size_t)snprintf(text + len, TEXT_SIZE - len, "%s", lines[i]);
}

static void
ask_desk(const struct slot *slot, char text[TEXT_SIZE])
{
    const struct past past = {NULL, figure, accepted, before};
    Yuebao__Statement statement = YUEBAO__STATEMENT__INIT;
    uint32_t indicator[EACH];
    int64_t value[EACH], denominator[EACH];
    char period[PERIOD_TEXT_MAX + 1];
    struct findings findings;

    period_print(slot->period, period);
    statement.form = world.form[slot->form].code;
    statement.period = period;
    statement.indicator = indicator;
    statement.value = value;
    statement.denominator = denominator;
    for (size_t i = 0; i < EACH; i++) {
        if (!slot->given[i])
            continue;
        indicator[statement.n_indicator] = world.numbers[slot->form][i];
        value[statement.n_indicator] = slot->value[i];
        denominator[statement.n_indicator++] = slot->denominator[i];
    }
    statement.n_value = statement.n_denominator = statement.n_indicator;
    findings_init(&findings);
    past_check(world.catalogue, &statement, &past, &findings);
    write_warnings(&findings, text);
    findings_fini(&findings);
}

/* ---- the bureau --------------------------------------------------------------------------------- */

static void
ask_bureau(const struct slot *slot, char text[TEXT_SIZE])
{
    static const char question[] =
        "SELECT coalesce(string_agg(w.line || E'\\n', '' ORDER BY w.line COLLATE \"C\"), '') FROM ("
        "SELECT format('%s: %s against %s', b.rule, b.left_sum, b.right_sum) FROM api.breaches_in(NULL, $1, "
        "$2, $3) AS b"
        " WHERE b.severity = 'warning' UNION ALL "
        "SELECT format('%s: %s against %s ~ %s', o.indicator, concat_ws(' = ', concat_ws('/', o.value, "
        "o.denominator),"
        " o.ratio), o.low, o.high) FROM api.outliers_in(NULL, $1, $2, $3) AS o) AS w (line)";
    char period[PERIOD_TEXT_MAX + 1];
    const char *values[] = {period, world.form[slot->form].code, world.school};
    PGresult *result;

    period_print(slot->period, period);
    result = PQexecParams(db, question, 3, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s", PQerrorMessage(db));
    snprintf(text, TEXT_SIZE, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
}

static unsigned
compare_newest(unsigned form)
{
    char desk[TEXT_SIZE], bureau[TEXT_SIZE], period[PERIOD_TEXT_MAX + 1];
    unsigned judged = 0, warned = 0;

    for (size_t s = world.count; s > 0 && judged < JUDGED; s--) {
        const struct slot *slot = &world.slots[s - 1];

        if (slot->form != form || !slot->accepted)
            continue;
        judged++;
        ask_desk(slot, desk);
        ask_bureau(slot, bureau);
        period_print(slot->period, period);
        if (strcmp(desk, bureau) != 0)
            fail_msg("%s %s:\nthe desk says\n%sthe bureau\n%s", world.form[form].code, period, desk, bureau);
        warned += desk[0] != '\0';
    }
    assert_true(judged >= 2);
    return warned;
}

static void
test_sql_agrees(void **state)
{
    unsigned warned = 0;

    (void)state;
    assert_int_equal(real_house_open(), 0);
    NEEDS_DATABASE();
    assert_true(envelope_init());
    srand48(number("SELECT (random() * 1000000)::integer"));
    run("BEGIN");
    for (size_t i = 0; i < INDICATORS; i++)
        make_indicator(i);
    for (size_t f = 0; f < FORMS; f++)
        make_form(f);
    for (size_t r = 0; r < RULES; r++)
        make_rule(r);
    load_catalogue();
    for (unsigned f = 0; f < FORMS; f++)
        roll_calendar(f);
    write_slots();
    file_reports();
    for (unsigned f = 0; f < FORMS; f++)
        warned += compare_newest(f);
    assert_true(warned >= FORMS); /* the dice do say something */
    run("ROLLBACK");
    catalogue_free(world.catalogue);
    real_house_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sql_agrees)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
