/* past: what a desk warns of from the school's own accepted reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "past.h"
#include "sample.h"

/*
 * The sample, and in primary.daily, besides 2 attendance_rate which goes from primary.monthly, what a bureau
 * asks about safety: 10 hazards_carried_over, 11 hazards_found, 12 hazards_fixed, 13 hazards_open
 */
#define CARRIED 10u
#define FOUND   11u
#define FIXED   12u
#define OPEN    13u

static struct catalogue *catalogue;

/* ---- the catalogue ------------------------------------------------------------------------------ */

static void *
grow(void *list, size_t count, size_t size)
{
    list = realloc(list, count * size);
    assert_non_null(list);
    return list;
}

static void
add_indicator(Yuebao__Catalogue *message, uint32_t number, const char *code)
{
    Yuebao__Indicator *indicator = grow(NULL, 1, sizeof(*indicator));
    Yuebao__Form *daily = message->form[1];

    yuebao__indicator__init(indicator);
    indicator->number = number;
    indicator->code = strdup(code);
    indicator->name_zh = strdup(code);
    indicator->name_en = strdup(code);
    message->indicator = grow(message->indicator, message->n_indicator + 1, sizeof(*message->indicator));
    message->indicator[message->n_indicator++] = indicator;
    daily->optional = grow(daily->optional, daily->n_optional + 1, sizeof(*daily->optional));
    daily->optional[daily->n_optional++] = number;
}

/* "10", "13.previous", "2.den". */
static Yuebao__Term *
term_of(const char *word)
{
    Yuebao__Term *term = grow(NULL, 1, sizeof(*term));

    yuebao__term__init(term);
    term->indicator = (uint32_t)strtoul(word, NULL, 10);
    term->previous = strstr(word, ".previous") != NULL;
    term->part = strstr(word, ".den") != NULL ? YUEBAO__PART__DENOMINATOR : YUEBAO__PART__VALUE;
    return term;
}

static size_t
terms_of(const char *side, Yuebao__Term ***ret_terms)
{
    char words[64], *rest = NULL;
    size_t count = 0;

    *ret_terms = NULL;
    snprintf(words, sizeof(words), "%s", side);
    for (char *word = strtok_r(words, " +", &rest); word != NULL; word = strtok_r(NULL, " +", &rest)) {
        *ret_terms = grow(*ret_terms, count + 1, sizeof(**ret_terms));
        (*ret_terms)[count++] = term_of(word);
    }
    return count;
}

/* In the order of their codes, behind boarding_within_enrolled. */
static void
add_rule(Yuebao__Catalogue *message, const char *code, Yuebao__Severity severity, const char *left,
         Yuebao__Operator op, const char *right)
{
    Yuebao__Rule *rule = grow(NULL, 1, sizeof(*rule));

    yuebao__rule__init(rule);
    rule->code = strdup(code);
    rule->message_zh = strdup(code);
    rule->message_en = strdup(code);
    rule->severity = severity;
    rule->op = op;
    rule->n_left = terms_of(left, &rule->left);
    rule->n_right = terms_of(right, &rule->right);
    message->rule = grow(message->rule, message->n_rule + 1, sizeof(*message->rule));
    message->rule[message->n_rule++] = rule;
}

static int
make_catalogue(void **state)
{
    Yuebao__Catalogue *message = sample_message();

    (void)state;
    message->form[2]->required[0] = 1; /* 2 is asked daily only: no two forms ask the same */
    message->form[2]->n_required = 1;
    add_indicator(message, CARRIED, "hazards_carried_over");
    add_indicator(message, FOUND, "hazards_found");
    add_indicator(message, FIXED, "hazards_fixed");
    add_indicator(message, OPEN, "hazards_open");
    add_rule(message, "c_carried_over_is_open_before", YUEBAO__SEVERITY__WARNING, "10",
             YUEBAO__OPERATOR__EQUAL, "13.previous");
    add_rule(message, "d_expected_are_enrolled", YUEBAO__SEVERITY__ERROR, "2.den", YUEBAO__OPERATOR__AT_MOST,
             "1");
    add_rule(message, "e_library_for_expected", YUEBAO__SEVERITY__WARNING, "5 + 5.previous",
             YUEBAO__OPERATOR__AT_LEAST, "2.den");
    add_rule(message, "f_balance", YUEBAO__SEVERITY__WARNING, "12 + 13", YUEBAO__OPERATOR__EQUAL, "10 + 11");
    add_rule(message, "g_toys_within_enrolled", YUEBAO__SEVERITY__WARNING, "1", YUEBAO__OPERATOR__AT_LEAST,
             "9");
    catalogue_free(sample_catalogue()); /* readies the hash */
    assert_int_equal(sample_load(message, &catalogue), CATALOGUE_OK);
    yuebao__catalogue__free_unpacked(message, NULL);
    return 0;
}

static int
free_catalogue(void **state)
{
    (void)state;
    catalogue_free(catalogue);
    return 0;
}

/* ---- what the school has accepted --------------------------------------------------------------- */

/*
 * A line: "primary.daily 2026-10-05 13=4", slots separated by commas. A slot without figures is accepted all
 * the same; "!" behind a period takes it out of the calendar.
 */
struct history {
    const char *text;
};

/* Where the slot's words begin, behind form and period; NULL: there is none. */
static const char *
find_slot(const struct history *history, const char *form, struct period period, const char *suffix)
{
    char text[PERIOD_TEXT_MAX + 1], slot[80];
    const char *at;

    period_print(period, text);
    snprintf(slot, sizeof(slot), "%s %s%s", form, text, suffix);
    at = strstr(history->text, slot);
    at = at == NULL ? NULL : at + strlen(slot);
    return at != NULL && (*at == ' ' || *at == ',' || *at == '\0') ? at : NULL;
}

static bool
accepted(void *arg, const char *form, struct period period)
{
    return find_slot(arg, form, period, "") != NULL;
}

static bool
figure(void *arg, const char *form, struct period period, uint32_t indicator, int64_t *ret_value,
       int64_t *ret_denominator)
{
    const char *at = find_slot(arg, form, period, "");

    while (at != NULL && *at == ' ') {
        unsigned number;
        long long value, denominator = 0;
        int len = 0;

        if (sscanf(at, " %u=%lld/%lld%n", &number, &value, &denominator, &len) < 3)
            sscanf(at, " %u=%lld%n", &number, &value, &len);
        if (number == indicator) {
            *ret_value = value;
            *ret_denominator = denominator;
            return true;
        }
        at += len;
    }
    return false;
}

/* Every period from 2020 on, but for those taken out. */
static bool
before(void *arg, const char *form, struct period period, struct period *ret_period)
{
    do
        period = period_previous(period);
    while (find_slot(arg, form, period, "!") != NULL);
    *ret_period = period;
    return period_year(period) >= 2020;
}

/* ---- cases -------------------------------------------------------------------------------------- */

struct past_case {
    const char *says, *history, *statement, *findings;
};

#define MONTHS_OF(year, figures)                                                                             \
    "primary.monthly " year "-01 " figures ",primary.monthly " year "-02 " figures ",primary.monthly " year  \
    "-03 " figures ",primary.monthly " year "-04 " figures

static const struct past_case cases[] = {
    /* the balance of hazards with the period before */
    {"carried over is what was open", "primary.daily 2026-10-05 13=4", "primary.daily 2026-10-06 10=4", ""},
    {"carried over is not what was open", "primary.daily 2026-10-05 13=4", "primary.daily 2026-10-06 10=5",
     "c_carried_over_is_open_before 10: 5 against 4"},
    {"the day before was not reported", "primary.daily 2026-10-04 13=4", "primary.daily 2026-10-06 10=5", ""},
    {"the day before gave a reason", "primary.daily 2026-10-05", "primary.daily 2026-10-06 10=5", ""},
    {"the day before in the calendar is Friday",
     "primary.daily 2026-10-04!,primary.daily 2026-10-03!,primary.daily 2026-10-02 13=1",
     "primary.daily 2026-10-05 10=2", "c_carried_over_is_open_before 10: 2 against 1"},
    {"what is carried over is not stated", "primary.daily 2026-10-05 13=4", "primary.daily 2026-10-06 13=5",
     ""},
    {"the balance within the day is validate's", "", "primary.daily 2026-10-06 10=1 11=1 12=1 13=9", ""},
    /* other forms */
    {"the month that contains the day; an error of both forms warns only",
     "primary.monthly 2026-10 1=40,primary.monthly 2026-09 1=60", "primary.daily 2026-10-06 2=45/50",
     "d_expected_are_enrolled 2: 50 against 40"},
    {"else the newest before it", "primary.monthly 2026-08 1=49,primary.monthly 2026-07 1=60",
     "primary.daily 2026-10-06 2=45/50", "d_expected_are_enrolled 2: 50 against 49"},
    {"a year back at most", "primary.monthly 2025-10 1=49", "primary.daily 2026-10-06 2=45/50",
     "d_expected_are_enrolled 2: 50 against 49"},
    {"and no further", "primary.monthly 2025-09 1=49", "primary.daily 2026-10-06 2=45/50", ""},
    {"not one of the future", "primary.monthly 2026-11 1=49", "primary.daily 2026-10-06 2=45/50", ""},
    {"an accepted one without the figure ends the search",
     "primary.monthly 2026-10,primary.monthly 2026-09 1=49", "primary.daily 2026-10-06 2=45/50", ""},
    {"the day that ends the month; sums have their decimals",
     "primary.monthly 2026-09 5=5,primary.daily 2026-10-31 2=1/2", "primary.monthly 2026-10 5=12",
     "e_library_for_expected 5: 1.7 against 2"},
    {"or the newest day before", "primary.monthly 2026-09 5=5,primary.daily 2026-10-02 2=1/2",
     "primary.monthly 2026-10 5=12", "e_library_for_expected 5: 1.7 against 2"},
    {"a rule is about the form of its first left term", "primary.monthly 2026-10 1=40",
     "primary.monthly 2026-10 1=40", ""},
    {"an indicator of other schools", "", "primary.monthly 2026-10 1=40", ""},
    /* unlike the past */
    {"four months are enough", MONTHS_OF("2026", "1=100"), "primary.monthly 2026-05 1=111",
     "UNLIKE 1: 111 against 90 ~ 110"},
    {"three are not",
     "primary.monthly 2026-02 1=100,primary.monthly 2026-03 1=100,primary.monthly 2026-04 1=100",
     "primary.monthly 2026-05 1=111", ""},
    {"ten per cent are nothing", MONTHS_OF("2026", "1=100"), "primary.monthly 2026-05 1=110", ""},
    {"nor are five pupils", MONTHS_OF("2026", "1=10"), "primary.monthly 2026-05 1=15", ""},
    {"six are", MONTHS_OF("2026", "1=10"), "primary.monthly 2026-05 1=16", "UNLIKE 1: 16 against 5 ~ 15"},
    {"twelve periods before, no more", MONTHS_OF("2025", "1=100"), "primary.monthly 2026-05 1=111", ""},
    {"twelve of the calendar",
     MONTHS_OF("2025", "1=100") ",primary.monthly 2026-04!,primary.monthly 2026-03!,primary.monthly "
                                "2026-02!,primary.monthly 2026-01!",
     "primary.monthly 2026-05 1=111", "UNLIKE 1: 111 against 90 ~ 110"},
    {"the same month of three years counts first",
     MONTHS_OF(
         "2026",
         "1=9") ",primary.monthly 2025-05 1=100,primary.monthly 2024-05 1=100,primary.monthly 2022-05 1=100",
     "primary.monthly 2026-05 1=100", ""},
    {"of two years it does not",
     MONTHS_OF("2026", "1=9") ",primary.monthly 2025-05 1=100,primary.monthly 2024-05 1=100",
     "primary.monthly 2026-05 1=100", "UNLIKE 1: 100 against 4 ~ 14"},
    {"five years before, no more",
     "primary.monthly 2025-05 1=50,primary.monthly 2024-05 1=50,primary.monthly 2020-05 1=50",
     "primary.monthly 2026-05 1=100", ""},
    {"ratios are compared as such; five points are nothing",
     "primary.daily 2026-10-01 2=9/10,primary.daily 2026-10-02 2=18/20,"
     "primary.daily 2026-10-03 2=0/0,primary.daily 2026-10-04 2=90/100,primary.daily 2026-10-05 2=27/30",
     "primary.daily 2026-10-06 2=41/50", ""},
    {"but a fifth is much",
     "primary.daily 2026-10-01 2=9/10,primary.daily 2026-10-02 2=18/20,"
     "primary.daily 2026-10-04 2=90/100,primary.daily 2026-10-05 2=27/30",
     "primary.daily 2026-10-06 2=40/50", "UNLIKE 2: 40/50 = 0.8 against 0.81 ~ 0.99"},
    {"no more than the whole is usual",
     "primary.daily 2026-10-01 2=96/100,primary.daily 2026-10-02 2=96/100,"
     "primary.daily 2026-10-04 2=48/50,primary.daily 2026-10-05 2=24/25",
     "primary.daily 2026-10-06 2=40/50", "UNLIKE 2: 40/50 = 0.8 against 0.864 ~ 1"},
    {"nobody of nobody is no figure",
     "primary.daily 2026-10-01 2=9/10,primary.daily 2026-10-02 2=18/20,"
     "primary.daily 2026-10-04 2=90/100,primary.daily 2026-10-05 2=27/30",
     "primary.daily 2026-10-06 2=0/0", ""},
    {"quotients are rounded half away from zero", MONTHS_OF("2026", "3=100/3"),
     "primary.monthly 2026-05 3=200/3", "UNLIKE 3: 2.00/3 = 0.666667 against 0.3 ~ 0.366666"},
    {"decimals as the indicator has them", MONTHS_OF("2026", "5=1001"), "primary.monthly 2026-05 5=1200",
     "UNLIKE 5: 120.0 against 90.1 ~ 110.1"},
    {"rules come before figures", MONTHS_OF("2026", "5=1000") ",primary.daily 2026-05-31 2=1/3000",
     "primary.monthly 2026-05 5=1200",
     "e_library_for_expected 5: 220 against 3000, UNLIKE 5: 120.0 against 90 ~ 110"},
    /* statements that validate refuses */
    {"another frequency", MONTHS_OF("2026", "1=100"), "primary.monthly 2026-10-01 1=111", ""},
    {"no such form", MONTHS_OF("2026", "1=100"), "primary.hourly 2026-05 1=111", ""},
    {"a foreign figure", "", "primary.monthly 2026-05 99=3", ""},
};

struct draft {
    Yuebao__Statement message;
    char form[64], period[16];
    uint32_t indicator[8];
    int64_t value[8], denominator[8];
};

static void
read_statement(const char *text, struct draft *draft)
{
    int len = 0;

    memset(draft, 0, sizeof(*draft));
    yuebao__statement__init(&draft->message);
    assert_int_equal(sscanf(text, "%63s %15s%n", draft->form, draft->period, &len), 2);
    draft->message.form = draft->form;
    draft->message.period = draft->period;
    draft->message.indicator = draft->indicator;
    draft->message.value = draft->value;
    draft->message.denominator = draft->denominator;
    for (const char *at = strchr(text + len, ' '); at != NULL; at = strchr(at + 1, ' ')) {
        size_t n = draft->message.n_indicator++;
        long long value, denominator = 0;

        assert_true(sscanf(at, " %u=%lld/%lld", &draft->indicator[n], &value, &denominator) >= 2);
        draft->value[n] = value;
        draft->denominator[n] = denominator;
    }
    draft->message.n_value = draft->message.n_denominator = draft->message.n_indicator;
}

static void
write_findings(const struct findings *findings, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        bool rule = f->code == YUEBAO__FINDING_CODE__RULE_BROKEN;

        assert_true(rule || f->code == YUEBAO__FINDING_CODE__UNLIKE_PAST);
        assert_int_equal(f->severity, YUEBAO__SEVERITY__WARNING);
        len += (size_t)snprintf(text + len, size - len, "%s%s %u: %s against %s", i > 0 ? ", " : "",
                                rule ? f->rule : "UNLIKE", f->indicator, f->found, f->bound);
    }
}

static void
warns_of_what_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct history history = {cases[i].history};
        const struct past past = {&history, figure, accepted, before};
        struct findings findings;
        struct draft draft;
        char text[1024];

        read_statement(cases[i].statement, &draft);
        findings_init(&findings);
        past_check(catalogue, &draft.message, &past, &findings);
        assert_false(findings_refuse(&findings));
        write_findings(&findings, text, sizeof(text));
        if (strcmp(text, cases[i].findings) != 0)
            fail_msg("%s: %s", cases[i].says, text);
        findings_fini(&findings);
    }
}

static void
judges_no_lopsided_arrays(void **state)
{
    struct history history = {MONTHS_OF("2026", "1=100")};
    const struct past past = {&history, figure, accepted, before};
    struct findings findings;
    struct draft draft;

    (void)state;
    read_statement("primary.monthly 2026-05 1=111", &draft);
    draft.message.n_denominator = 0;
    findings_init(&findings);
    past_check(catalogue, &draft.message, &past, &findings);
    assert_int_equal(findings.count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(warns_of_what_it_should),
                                       cmocka_unit_test(judges_no_lopsided_arrays)};

    return cmocka_run_group_tests(tests, make_catalogue, free_catalogue);
}
