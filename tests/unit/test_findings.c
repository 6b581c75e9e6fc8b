/* findings: errors first, bounded, cut at characters, always small enough for a frame, the same after the
 * wire. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "gate.h"

#define ERROR_CODE   YUEBAO__FINDING_CODE__ABOVE_MAX
#define WARNING_CODE YUEBAO__FINDING_CODE__RULE_BROKEN

static struct findings findings;

static int
setup(void **state)
{
    (void)state;
    findings_init(&findings);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    findings_fini(&findings);
    return 0;
}

static void
test_errors_come_first_in_their_order(void **state)
{
    (void)state;
    findings_warn(&findings, WARNING_CODE, 1, NULL, NULL, NULL);
    assert_false(findings_refuse(&findings));
    findings_add(&findings, ERROR_CODE, 2, NULL, NULL, NULL);
    findings_warn(&findings, WARNING_CODE, 3, NULL, NULL, NULL);
    findings_add(&findings, ERROR_CODE, 4, NULL, NULL, NULL);
    assert_true(findings_refuse(&findings));
    assert_int_equal(findings.count, 4);
    assert_int_equal(findings.items[0].indicator, 2);
    assert_int_equal(findings.items[1].indicator, 4);
    assert_int_equal(findings.items[2].indicator, 1);
    assert_int_equal(findings.items[3].indicator, 3);
    assert_true(findings_have(&findings, WARNING_CODE));
    findings_clear(&findings);
    assert_false(findings_refuse(&findings));
    assert_false(findings_have(&findings, WARNING_CODE));
}

static void
test_bounded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < FINDINGS_MAX; i++)
        findings_add(&findings, ERROR_CODE, i, NULL, NULL, NULL);
    assert_false(findings.more);
    findings_add(&findings, ERROR_CODE, 0, NULL, NULL, NULL);
    findings_warn(&findings, WARNING_CODE, 0, NULL, NULL, NULL);
    assert_int_equal(findings.count, FINDINGS_MAX);
    assert_true(findings.more);
}

static void
test_an_error_pushes_out_a_warning(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < FINDINGS_MAX; i++)
        findings_warn(&findings, WARNING_CODE, i, NULL, NULL, NULL);
    findings_add(&findings, ERROR_CODE, 999, NULL, NULL, NULL);
    assert_int_equal(findings.count, FINDINGS_MAX);
    assert_true(findings.more);
    assert_true(findings_refuse(&findings));
    assert_int_equal(findings.items[0].indicator, 999);
    assert_int_equal(findings.items[FINDINGS_MAX - 1].indicator, FINDINGS_MAX - 2);
}

static void
test_texts_are_cut_at_a_character(void **state)
{
    char text[128] = "a";

    (void)state;
    for (int i = 0; i < 30; i++)
        strcat(text, "月");
    findings_add(&findings, ERROR_CODE, 0, NULL, text, "\x01");
    assert_int_equal(strlen(findings.items[0].found), 1 + 23 * 3);
    assert_true(
        gate_text_is_clean((const uint8_t *)findings.items[0].found, strlen(findings.items[0].found)));
    assert_string_equal(findings.items[0].bound, "?");
}

static void
test_the_greatest_reject_fits_and_survives(void **state)
{
    struct findings back;
    Yuebao__Reject *reject;
    char text[FINDING_TEXT_MAX + 8] = "", rule[INDICATOR_CODE_MAX + 8] = "";
    size_t len = 0;
    uint8_t *bytes;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    memset(rule, 'r', sizeof(rule) - 1);
    for (uint32_t i = 0; i <= FINDINGS_MAX; i++)
        findings_add(&findings, ERROR_CODE, UINT32_MAX, rule, text, text);
    bytes = findings_pack(&findings, &len);
    assert_non_null(bytes);
    assert_in_range(len, FINDINGS_MAX, FINDINGS_PACKED_MAX);
    assert_int_equal(gate_check(&yuebao__reject__descriptor, bytes, len, NULL), GATE_OK);
    reject = yuebao__reject__unpack(NULL, len, bytes);
    assert_non_null(reject);
    findings_init(&back);
    findings_of_reject(&back, reject);
    assert_true(back.more && back.refuse);
    assert_int_equal(back.count, findings.count);
    assert_string_equal(back.items[7].found, findings.items[7].found);
    assert_string_equal(back.items[7].rule, findings.items[7].rule);
    findings_fini(&back);
    yuebao__reject__free_unpacked(reject, NULL);
    free(bytes);
}

static void
test_empty_reject(void **state)
{
    size_t len = 1;
    uint8_t *bytes = findings_pack(&findings, &len);

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(len, 0);
    free(bytes);
}

static const struct {
    const char *proves;
    uint64_t instant_ms;
    int32_t zone_minutes;
    const char *text;
} instants[] = {
    {"the epoch", 0, 0, "1970-01-01 00:00 +00:00"},
    {"Beijing is a day ahead in the evening", 1793462400000, 480, "2026-11-01 00:00 +08:00"},
    {"the same in UTC", 1793462400000, 0, "2026-10-31 16:00 +00:00"},
    {"west of Greenwich, half hours", 1793462400000, -210, "2026-10-31 12:30 -03:30"},
    {"before the epoch there is no day", 0, -1, "0 ms"},
    {"beyond the year 9999 neither", UINT64_MAX, 480, "18446744073709551615 ms"},
};

static void
test_instants(void **state)
{
    char text[INSTANT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
        instant_print(instants[i].instant_ms, instants[i].zone_minutes, text);
        assert_string_equal(text, instants[i].text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_errors_come_first_in_their_order),
        TEST(test_bounded),
        TEST(test_an_error_pushes_out_a_warning),
        TEST(test_texts_are_cut_at_a_character),
        TEST(test_the_greatest_reject_fits_and_survives),
        TEST(test_empty_reject),
        TEST(test_instants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
