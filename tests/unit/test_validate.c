/* validate: which statements are refused, by which finding, and which are not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "draft.h"
#include "envelope.h"
#include "period.h"
#include "sample.h"
#include "validate.h"

static struct catalogue *catalogue;

/* ---- validate_statement ------------------------------------------------------------------------- */

#define GOOD "1=500 2=90/100"

static const struct {
    const char *proves, *statement, *expected;
} cases[] = {
    {"required figures are enough", GOOD, ""},
    {"optional figures may be there", GOOD " 3=120/100 5=123 7=400", ""},
    {"a reason stands for a required figure", "1?2 2?4", ""},
    {"a reason may stand for an optional figure", GOOD " 3?1", ""},
    {"required and neither figure nor reason", "2=90/100", "REQUIRED_FORGOTTEN 1 - -"},
    {"an empty statement names every required figure", "",
     "REQUIRED_FORGOTTEN 1 - -; REQUIRED_FORGOTTEN 2 - -"},

    {"the least value is allowed", "1=0 2=0/100", ""},
    {"below the least value", "1=-1 2=90/100", "BELOW_MIN 1 -1 0"},
    {"the greatest value is allowed", "1=5000 2=100/100", ""},
    {"above the greatest value", "1=5001 2=90/100", "ABOVE_MAX 1 5001 5000"},
    {"a bound with decimals is exact: 500.5", GOOD " 5=5005", ""},
    {"one tenth more is too much, shown with the indicator's decimals", GOOD " 5=5006",
     "ABOVE_MAX 5 500.6 500.5"},
    {"a value is shown with all its decimals", GOOD " 5=6000", "ABOVE_MAX 5 600.0 500.5"},
    {"without bounds anything that can be added up", GOOD " 7=-10000000000000", ""},
    {"too small to be added up", GOOD " 7=-10000000000001", "BELOW_MIN 7 -10000000000001 -10000000000000"},
    {"too great to be added up", GOOD " 7=10000000000001",
     "ABOVE_MAX 7 10000000000001 10000000000000; RULE_BROKEN boarding_within_enrolled 7 10000000000001 500"},
    {"the greatest integer does not overflow", GOOD " 7=9223372036854775807",
     "ABOVE_MAX 7 9223372036854775807 10000000000000; RULE_BROKEN boarding_within_enrolled 7 "
     "9223372036854775807 500"},
    {"the least integer does not overflow", GOOD " 7=-9223372036854775808",
     "BELOW_MIN 7 -9223372036854775808 -10000000000000"},

    {"bounds of a quotient apply to the quotient: 1.50", GOOD " 3=15000/100", ""},
    {"a quotient one hundredth over", GOOD " 3=15001/100", "ABOVE_MAX 3 150.01/100 1.5"},
    {"a quotient may exceed one", GOOD " 3=12000/100", ""},
    {"a quotient below its least", GOOD " 3=-1/100", "BELOW_MIN 3 -0.01/100 0"},
    {"a ratio of one", "1=500 2=100/100", ""},
    {"a numerator over its denominator, once and not also above the bound", "1=500 2=118/100",
     "NUMERATOR_OVER_DENOMINATOR 2 118 100"},
    {"parts of different decimals are compared as numbers: 1.0 in 1.00", GOOD " 8=10/100", ""},
    {"1.1 is over 1.00", GOOD " 8=11/100", "NUMERATOR_OVER_DENOMINATOR 8 1.1 1.00"},
    {"a ratio without bounds may be negative", GOOD " 8=-10/100", ""},
    {"0/0 is nobody to count", "1=500 2=0/0", ""},
    {"a denominator of zero with a value", "1=500 2=3/0", "DENOMINATOR_ZERO 2 3 -"},
    {"a negative denominator", "1=500 2=3/-4", "DENOMINATOR_NEGATIVE 2 -4 -"},
    {"the least denominator does not overflow", "1=500 2=3/-9223372036854775808",
     "DENOMINATOR_NEGATIVE 2 -9223372036854775808 -"},
    {"a denominator too great to be added up", "1=500 2=3/10000000000001",
     "ABOVE_MAX 2 3/10000000000001 10000000000000"},
    {"a denominator where the measure has none", "1=500/7 2=90/100", "DENOMINATOR_UNEXPECTED 1 7 -"},

    {"an indicator of another form", GOOD " 9=1", "INDICATOR_NOT_IN_FORM 9 - primary.monthly"},
    {"an indicator of no form", GOOD " 77=1", "UNKNOWN_INDICATOR 77 77 -"},
    {"number 0", "0=1 " GOOD, "UNKNOWN_INDICATOR 0 0 -"},
    {"the greatest number", GOOD " 4294967295=1", "UNKNOWN_INDICATOR 4294967295 4294967295 -"},
    {"a reason for an indicator of another form", GOOD " 9?1", "INDICATOR_NOT_IN_FORM 9 - primary.monthly"},
    {"a foreign figure does not stand for a required one", "2=90/100 9=1",
     "REQUIRED_FORGOTTEN 1 - -; INDICATOR_NOT_IN_FORM 9 - primary.monthly"},
    {"no reason is not a reason", "1?0 2=90/100", "BAD_REASON 1 0 -"},
    {"a reason that does not exist", "1?5 2=90/100", "BAD_REASON 1 5 -"},
    {"a figure and a reason at once", GOOD " 2?1", "NOT_ASCENDING 2 - -"},
    {"a figure twice", "1=500 1=501 2=90/100", "NOT_ASCENDING 1 - -"},
    {"figures out of order", "2=90/100 1=500", "NOT_ASCENDING 1 - -"},
    {"reasons out of order", GOOD " 7?1 3?1", "NOT_ASCENDING 3 - -"},
    {"a value too few", GOOD " values=1", "ARRAYS_DIFFER 0 1 2"},
    {"a denominator too many", GOOD " denominators=3", "ARRAYS_DIFFER 0 3 2"},
    {"a reason too few", GOOD " 3?1 reasons=0", "ARRAYS_DIFFER 0 0 1"},

    {"names: filler", GOOD " filler=", "NAME_MISSING 0 filler -"},
    {"names: a blank is no name", GOOD " reviewer=_", "NAME_MISSING 0 reviewer -"},
    {"names: nor is a mark that nobody sees", GOOD " head=\u200b\ufeff_", "NAME_MISSING 0 head -"},
    {"names: nor is a Chinese blank", GOOD " head=\u3000_\u3000", "NAME_MISSING 0 head -"},
    {"all three names at once", GOOD " filler= reviewer= head=",
     "NAME_MISSING 0 filler -; NAME_MISSING 0 reviewer -; NAME_MISSING 0 head -"},
    {"a name of 120 bytes", GOOD " filler*120", ""},
    {"a name of 121 bytes", GOOD " filler*121", "TEXT_TOO_LONG 0 filler 40"},
    {"a school code of 33 bytes", GOOD " school*33", "TEXT_TOO_LONG 0 school 10"},
    {"an explanation of 600 bytes", GOOD " ~1::*600", ""},
    {"an explanation of 601 bytes", GOOD " ~1::*601", "TEXT_TOO_LONG 0 explanation 200"},
    {"a rule's code of 64 bytes", GOOD " ~0:*64:x", "TEXT_TOO_LONG 0 rule 21"},
    {"an explanation beside a figure of another form", GOOD " ~9::x",
     "INDICATOR_NOT_IN_FORM 9 - primary.monthly"},
    {"an explanation beside a rule alone", GOOD " ~0:boarding_within_enrolled:x", ""},
    {"an explanation of a rule that nobody has", GOOD " ~0:boarding:x", "UNKNOWN_RULE 0 boarding -"},
    {"an explanation that explains nothing", GOOD " ~1::", ""},
    {"figures come before explanations", "1=-1 2=90/100 ~9:boarding:x",
     "BELOW_MIN 1 -1 0; INDICATOR_NOT_IN_FORM 9 - primary.monthly; UNKNOWN_RULE 0 boarding -"},

    {"revision 0", GOOD " revision=0", "BAD_REVISION 0 0 -"},
    {"revision beyond the database", GOOD " revision=2147483648 previous=32 correction=x",
     "BAD_REVISION 0 2147483648 -"},
    {"revision 1 follows nothing", GOOD " previous=32", "BAD_REVISION 0 1 previous"},
    {"revision 1 corrects nothing", GOOD " correction=x", "BAD_REVISION 0 1 correction"},
    {"revision 2 names revision 1", GOOD " revision=2 previous=32 correction=x", ""},
    {"revision 2 without the one before", GOOD " revision=2 correction=x", "BAD_REVISION 0 2 previous"},
    {"an id that is too short", GOOD " revision=2 previous=31 correction=x", "BAD_REVISION 0 2 previous"},
    {"a correction without its reason", GOOD " revision=2 previous=32", "CORRECTION_REASON_MISSING 0 - -"},
    {"a blank is no reason", GOOD " revision=2 previous=32 correction=_", "CORRECTION_REASON_MISSING 0 - -"},
    {"a reason of 601 bytes", GOOD " revision=2 previous=32 correction*601",
     "TEXT_TOO_LONG 0 correction 200"},

    {"no such form, and figures are not judged by another", "9=1 form=primary.weekly",
     "UNKNOWN_FORM 0 primary.weekly -"},
    {"not a period", GOOD " period=2026-13", "BAD_PERIOD 0 2026-13 monthly"},
    {"a period of another frequency", GOOD " period=2026-Q4", "BAD_PERIOD 0 2026-Q4 monthly"},
    {"no period", GOOD " period=", "BAD_PERIOD 0 - monthly"},
    {"many faults, all named", "1=9999 2=3/0 5=-1 head=",
     "NAME_MISSING 0 head -; ABOVE_MAX 1 9999 5000; DENOMINATOR_ZERO 2 3 -; BELOW_MIN 5 -0.1 0"},
};

static void
test_statement(void **state)
{
    struct findings findings;
    struct draft draft;
    char text[EXPECTED_MAX];

    (void)state;
    findings_init(&findings);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        draft_of(&draft, catalogue, cases[i].statement);
        findings_clear(&findings);
        validate_statement(catalogue, &draft.message, &findings);
        findings_text(&findings, text);
        if (strcmp(text, cases[i].expected) != 0)
            fail_msg("%s:\n  found    %s\n  expected %s", cases[i].proves, text, cases[i].expected);
        assert_int_equal(findings_refuse(&findings), cases[i].expected[0] != '\0');
    }
    findings_fini(&findings);
}

static void
test_wrong_catalogue(void **state)
{
    static const char *const statements[] = {GOOD " catalogue=other", GOOD " catalogue=0",
                                             GOOD " catalogue=31", "1=9999 catalogue=other"};
    struct findings findings;
    struct draft draft;

    (void)state;
    findings_init(&findings);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        char bound[2 * ID_SIZE + 1];

        draft_of(&draft, catalogue, statements[i]);
        findings_clear(&findings);
        validate_statement(catalogue, &draft.message, &findings);
        assert_int_equal(findings.count, 1);
        assert_int_equal(findings.items[0].code, YUEBAO__FINDING_CODE__WRONG_CATALOGUE);
        hex_print(catalogue_hash(catalogue), ID_SIZE, bound);
        assert_string_equal(findings.items[0].bound, bound);
    }
    findings_fini(&findings);
}

static void
test_too_many_figures(void **state)
{
    struct findings findings;
    struct draft draft;
    char text[EXPECTED_MAX];

    (void)state;
    findings_init(&findings);
    draft_of(&draft, catalogue, "");
    for (uint32_t i = 0; i <= FIGURES_MAX; i++)
        draft.indicator[i] = i + 1;
    draft.message.n_indicator = draft.message.n_value = draft.message.n_denominator = FIGURES_MAX + 1;
    validate_statement(catalogue, &draft.message, &findings);
    findings_text(&findings, text);
    assert_string_equal(text, "TOO_MANY_FIGURES 0 501 500");
    findings_fini(&findings);
}

static void
test_good_statement_allocates_nothing(void **state)
{
    struct findings findings;
    struct draft draft;

    (void)state;
    findings_init(&findings);
    draft_of(&draft, catalogue, GOOD);
    validate_statement(catalogue, &draft.message, &findings);
    assert_null(findings.items);
}

/* ---- validate_slot ------------------------------------------------------------------------------ */

#define OPENS  1793462400000u /* 2026-11-01 00:00 +08:00 */
#define DUE    1793894400000u
#define CLOSES 1794326400000u

static const struct {
    const char *proves, *statement;
    bool unknown_school, no_window, not_sent;
    const char *kind;
    const char *opened, *closed; /* NULL: 2000-09-01, open */
    uint64_t now_ms;
    enum slot_verdict verdict;
    const char *expected;
} slots[] = {
    {"the instant it opens", GOOD, .now_ms = OPENS, .verdict = SLOT_OPEN, .expected = ""},
    {"a millisecond before", GOOD, .now_ms = OPENS - 1, .verdict = SLOT_REFUSED,
     .expected = "PERIOD_NOT_OPEN 0 2026-10 2026-11-01 00:00 +08:00"},
    {"the instant it is due is on time", GOOD, .now_ms = DUE, .verdict = SLOT_OPEN, .expected = ""},
    {"a millisecond after is late", GOOD, .now_ms = DUE + 1, .verdict = SLOT_LATE, .expected = ""},
    {"the last millisecond is late", GOOD, .now_ms = CLOSES - 1, .verdict = SLOT_LATE, .expected = ""},
    {"the instant it closes is closed, and no finding", GOOD, .now_ms = CLOSES, .verdict = SLOT_CLOSED,
     .expected = ""},
    {"a school that nobody registered", GOOD, .unknown_school = true, .now_ms = DUE, .verdict = SLOT_REFUSED,
     .expected = "UNKNOWN_SCHOOL 0 0220203001 -"},
    {"a form of another kind of school", GOOD, .kind = "junior", .now_ms = DUE, .verdict = SLOT_REFUSED,
     .expected = "FORM_NOT_OF_KIND 0 primary.monthly junior"},
    {"a form that is not in the catalogue", GOOD " form=x.y", .now_ms = DUE, .verdict = SLOT_REFUSED,
     .expected = "UNKNOWN_FORM 0 x.y -"},
    {"a period without a window", GOOD, .no_window = true, .now_ms = DUE, .verdict = SLOT_REFUSED,
     .expected = "PERIOD_NOT_IN_CALENDAR 0 2026-10 -"},
    {"a text that is no period", GOOD " period=x", .no_window = true, .now_ms = DUE, .verdict = SLOT_REFUSED,
     .expected = "BAD_PERIOD 0 x monthly"},
    {"a school opened on the period's last day", GOOD, .opened = "2026-10-31", .now_ms = DUE,
     .verdict = SLOT_OPEN, .expected = ""},
    {"a school opened a day later", GOOD, .opened = "2026-11-01", .now_ms = DUE, .verdict = SLOT_REFUSED,
     .expected = "SCHOOL_NOT_OPEN 0 2026-10 2026-11-01/.."},
    {"a school closed on the period's last day", GOOD, .closed = "2026-10-31", .now_ms = DUE,
     .verdict = SLOT_OPEN, .expected = ""},
    {"a school closed a day earlier", GOOD, .closed = "2026-10-30", .now_ms = DUE, .verdict = SLOT_REFUSED,
     .expected = "SCHOOL_NOT_OPEN 0 2026-10 2000-09-01/2026-10-30"},
    {"a one-off form that goes to other schools, and nothing of the calendar", GOOD, .not_sent = true,
     .no_window = true, .now_ms = OPENS - 1, .verdict = SLOT_REFUSED,
     .expected = "FORM_NOT_SENT 0 primary.monthly -"},
    {"one for another kind of school is not sent either, and that is said once", GOOD, .not_sent = true,
     .kind = "junior", .now_ms = DUE, .verdict = SLOT_REFUSED,
     .expected = "FORM_NOT_OF_KIND 0 primary.monthly junior"},
    {"a refusal wins over a closed window", GOOD, .closed = "2026-10-30", .now_ms = CLOSES,
     .verdict = SLOT_REFUSED, .expected = "SCHOOL_NOT_OPEN 0 2026-10 2000-09-01/2026-10-30"},
};

static int32_t
day_of(const char *text, int32_t otherwise)
{
    int32_t day = otherwise;

    if (text != NULL)
        assert_true(date_parse(text, &day));
    return day;
}

static void
test_slot(void **state)
{
    struct findings findings;
    struct draft draft;
    char text[EXPECTED_MAX];

    (void)state;
    findings_init(&findings);
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        const struct slot slot = {.school_known = !slots[i].unknown_school,
                                  .kind = slots[i].kind == NULL ? "primary" : slots[i].kind,
                                  .opened_day = day_of(slots[i].opened, day_of("2000-09-01", 0)),
                                  .closed_day = day_of(slots[i].closed, INT32_MAX),
                                  .in_calendar = !slots[i].no_window,
                                  .not_sent = slots[i].not_sent,
                                  .opens_ms = OPENS,
                                  .due_ms = DUE,
                                  .closes_ms = CLOSES,
                                  .zone_minutes = 480,
                                  .catalogue = catalogue_hash(catalogue)};
        enum slot_verdict verdict;

        draft_of(&draft, catalogue, slots[i].statement);
        findings_clear(&findings);
        verdict = validate_slot(&slot, catalogue, &draft.message, slots[i].now_ms, &findings);
        findings_text(&findings, text);
        if (verdict != slots[i].verdict || strcmp(text, slots[i].expected) != 0)
            fail_msg("%s: verdict %d not %d\n  found    %s\n  expected %s", slots[i].proves, (int)verdict,
                     (int)slots[i].verdict, text, slots[i].expected);
    }
    findings_fini(&findings);
}

/* The desk and the collector call both on one list: what both find is said once, and the slot is refused all
 * the same. */
static void
test_both_say_it_once(void **state)
{
    const struct slot slot = {.school_known = true,
                              .kind = "primary",
                              .closed_day = INT32_MAX,
                              .in_calendar = true,
                              .closes_ms = CLOSES,
                              .due_ms = DUE,
                              .catalogue = catalogue_hash(catalogue)};
    static const char *const statements[] = {GOOD " catalogue=other", GOOD " form=x.y", GOOD " period=x"};
    struct findings findings;
    struct draft draft;

    (void)state;
    findings_init(&findings);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        draft_of(&draft, catalogue, statements[i]);
        findings_clear(&findings);
        validate_statement(catalogue, &draft.message, &findings);
        assert_int_equal(findings.count, 1);
        assert_int_equal(validate_slot(&slot, catalogue, &draft.message, DUE, &findings), SLOT_REFUSED);
        assert_int_equal(findings.count, 1);
        findings_clear(&findings); /* the other way round, as at the collector */
        assert_int_equal(validate_slot(&slot, catalogue, &draft.message, DUE, &findings), SLOT_REFUSED);
        validate_statement(catalogue, &draft.message, &findings);
        assert_int_equal(findings.count, 1);
    }
    findings_fini(&findings);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statement),
        cmocka_unit_test(test_wrong_catalogue),
        cmocka_unit_test(test_too_many_figures),
        cmocka_unit_test(test_good_statement_allocates_nothing),
        cmocka_unit_test(test_slot),
        cmocka_unit_test(test_both_say_it_once),
    };
    int failed;

    catalogue = sample_catalogue();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    catalogue_free(catalogue);
    return failed;
}
