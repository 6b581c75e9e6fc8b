/* messages: every sentence in both languages, placeholders, findings in words, languages, widths. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "messages.h"
#include "sample.h"

/* The placeholders of a sentence, in order of the alphabet, as "{bound}{found}". */
static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
placeholders(const char *text, char joined[256])
{
    char *names[16];
    size_t count = 0;

    joined[0] = '\0';
    for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{')) {
        const char *end = strchr(open, '}');

        assert_non_null(end);
        assert_true(count < 16);
        names[count++] = strndup(open, (size_t)(end - open) + 1);
    }
    qsort(names, count, sizeof(names[0]), compare);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
            strncat(joined, names[i], 255 - strlen(joined));
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
}

static void
test_both_languages_say_the_same_things(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGE_COUNT; i++) {
        const char *en = message_text(LANGUAGE_EN, (enum message)i),
                   *zh = message_text(LANGUAGE_ZH, (enum message)i);
        char in_en[256], in_zh[256];

        assert_true(en[0] != '\0' && zh[0] != '\0');
        placeholders(en, in_en);
        placeholders(zh, in_zh);
        if (strcmp(in_en, in_zh) != 0)
            fail_msg("%s\n%s: different placeholders", en, zh);
    }
}

/* Also what the compiler cannot see: that each code has its own sentence, and that findings are single lines.
 */
static void
test_every_code_has_its_sentence(void **state)
{
    const ProtobufCEnumDescriptor *codes = &yuebao__finding_code__descriptor;
    bool seen[MESSAGE_COUNT] = {false};

    (void)state;
    for (unsigned i = 0; i < codes->n_values; i++) {
        enum message message = message_of_code((Yuebao__FindingCode)codes->values[i].value);
        const char *zh = message_text(LANGUAGE_ZH, message);

        if (codes->values[i].value == 0)
            continue;
        assert_int_not_equal(message, MSG_FINDING_UNKNOWN);
        assert_false(seen[message]);
        seen[message] = true;
        assert_true(gate_text_is_clean((const uint8_t *)zh, strlen(zh)));
    }
    assert_int_equal(message_of_code((Yuebao__FindingCode)79), MSG_FINDING_UNKNOWN);
}

static void
check(const char *expected, char *text)
{
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void
test_placeholders(void **state)
{
    (void)state;
    check("indicator 7",
          message_format(LANGUAGE_EN, MSG_indicator_by_number, "other", "x", "number", "7", NULL));
    check("indicator {number}", message_format(LANGUAGE_EN, MSG_indicator_by_number, NULL));
    check("编号 {number} 的指标",
          message_format(LANGUAGE_ZH, MSG_indicator_by_number, "number", "{number}", NULL));
}

static const struct {
    const char *proves;
    struct finding finding;
    bool without_catalogue;
    const char *zh, *en;
} findings[] = {
    {"indicator by name, value and bound",
     {.code = YUEBAO__FINDING_CODE__ABOVE_MAX, .indicator = 1, .found = "6000", .bound = "5000"},
     false,
     "“在校学生数”为 6000，超过上限 5000。请核对改正。",
     "“Pupils enrolled” is 6000, above the greatest possible 5000. Correct it."},
    {"by number without a catalogue",
     {.code = YUEBAO__FINDING_CODE__REQUIRED_FORGOTTEN, .indicator = 1},
     true,
     "“编号 1 的指标”为必填项。请填写数据，或注明缺报原因。",
     "“indicator 1” is required. Give its figure, or the reason why it is missing."},
    {"a field of the statement is a word",
     {.code = YUEBAO__FINDING_CODE__NAME_MISSING, .found = "head"},
     false,
     "缺少单位负责人姓名。填表人、审核人、单位负责人三项均须填写。",
     "The name of the head is missing. Give the names of filler, reviewer and head."},
    {"a form by name, a kind in words",
     {.code = YUEBAO__FINDING_CODE__FORM_NOT_OF_KIND, .found = "primary.monthly", .bound = "junior"},
     false,
     "报表“小学月报”不适用于本校类别（初中）。请使用本类别的报表。",
     "The form “Primary school, monthly” is not for this kind of school (junior middle school). Use the form "
     "of your own kind."},
    {"an example of the form's frequency",
     {.code = YUEBAO__FINDING_CODE__BAD_PERIOD, .found = "十月", .bound = "weekly"},
     false,
     "“十月”不是本报表（周报）的报告期。请按 2026-W44 的格式填写。",
     "“十月” is not a period of this form (weekly). Write it like 2026-W44."},
    {"the rule's own words",
     {.code = YUEBAO__FINDING_CODE__RULE_BROKEN,
      .rule = "boarding_within_enrolled",
      .found = "600",
      .bound = "500"},
     false,
     "寄宿生数不能多于在校学生数（现为 600 对 500）。请核对改正。",
     "Boarding pupils cannot exceed pupils enrolled (here 600 against 500). Correct the figures."},
    {"a rule that warns asks for a reason",
     {.code = YUEBAO__FINDING_CODE__RULE_BROKEN,
      .severity = YUEBAO__SEVERITY__WARNING,
      .rule = "boarding_within_enrolled",
      .found = "600",
      .bound = "500"},
     false,
     "寄宿生数不能多于在校学生数（现为 600 对 "
     "500）。确属无误的，请在相应数据的“说明”栏写明原因；否则请改正。",
     "Boarding pupils cannot exceed pupils enrolled (here 600 against 500). If that is right, say why beside "
     "one of the figures; else correct them."},
    {"a reason that is not given, with the rule's own words",
     {.code = YUEBAO__FINDING_CODE__EXPLANATION_MISSING,
      .severity = YUEBAO__SEVERITY__ERROR,
      .indicator = 7,
      .rule = "boarding_within_enrolled",
      .found = "600",
      .bound = "500"},
     false,
     "“寄宿生数”需要说明：寄宿生数不能多于在校学生数（现为 600 对 "
     "500）。请核对改正；确属无误的，请在相应数据的“"
     "说明”栏写明原因。",
     "“Boarding pupils” needs an explanation: Boarding pupils cannot exceed pupils enrolled (here 600 "
     "against "
     "500). Correct the figures, or say beside one of them why they are right."},
    {"a form that went to other schools",
     {.code = YUEBAO__FINDING_CODE__FORM_NOT_SENT, .found = "primary.monthly"},
     false,
     "专项报表“小学月报”未下发给本校，无需填报。如有疑问，请与教育局联系。",
     "The one-off form “Primary school, monthly” was not sent to this school, so nothing is asked. If you "
     "think it "
     "should have been, ask the bureau."},
    {"the four reasons",
     {.code = YUEBAO__FINDING_CODE__BAD_REASON, .indicator = 1, .found = "忘了"},
     false,
     "“在校学生数”的缺报原因“忘了”无效。请从以下四项中选择：不适用、暂未掌握、未采集、拒绝提供。",
     "“Pupils enrolled”: “忘了” is not a reason for a missing figure. Choose one of the four: not "
     "applicable, not yet "
     "known, not collected, refused."},
    {"a code from the future",
     {.code = (Yuebao__FindingCode)4711, .found = "x"},
     false,
     "上级系统未受理本报告，原因代码 4711 本程序尚不能识别（ x ）。请更新程序。",
     "The centre refuses the report for a reason that this program is too old to know (number 4711:  x ). "
     "Update the program."},
};

static void
test_findings_in_words(void **state)
{
    struct catalogue *sample = sample_catalogue();

    (void)state;
    for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++) {
        const struct catalogue *catalogue = findings[i].without_catalogue ? NULL : sample;

        check(findings[i].zh, message_of_finding(LANGUAGE_ZH, &findings[i].finding, catalogue));
        check(findings[i].en, message_of_finding(LANGUAGE_EN, &findings[i].finding, catalogue));
    }
    catalogue_free(sample);
}

/* What has its reason asks for none. */
static void
test_explained_findings_in_words(void **state)
{
    struct finding finding = {.code = YUEBAO__FINDING_CODE__RULE_BROKEN,
                              .severity = YUEBAO__SEVERITY__WARNING,
                              .rule = "boarding_within_enrolled",
                              .found = "600",
                              .bound = "500"};
    struct catalogue *sample = sample_catalogue();

    (void)state;
    check("寄宿生数不能多于在校学生数（现为 600 对 500）。",
          message_of_explained(LANGUAGE_ZH, &finding, sample));
    check("Boarding pupils cannot exceed pupils enrolled (here 600 against 500).",
          message_of_explained(LANGUAGE_EN, &finding, sample));
    finding = (struct finding){
        .code = YUEBAO__FINDING_CODE__UNLIKE_PAST, .indicator = 1, .found = "900", .bound = "371 ~ 453"};
    check("“在校学生数”为 900，与本校以往情况（通常为 371 ~ 453）相差较大。",
          message_of_explained(LANGUAGE_ZH, &finding, sample));
    catalogue_free(sample);
}

/* A word means one thing at both ends: 退回 is what the bureau's people do, 未受理 or 拒收 what the collector
 * does; a period is due (截止) before it closes (关闭). */
static void
test_one_word_for_one_thing(void **state)
{
    (void)state;
    for (int m = 0; m < MESSAGE_COUNT; m++) {
        const char *en = message_text(LANGUAGE_EN, (enum message)m);
        const char *zh = message_text(LANGUAGE_ZH, (enum message)m);

        if (strstr(en, "efuse") != NULL && strstr(en, "eturn") == NULL)
            assert_null(strstr(zh, "退回"));
        assert_null(strstr(zh, "{closes} 截止"));
    }
}

static void
test_words(void **state)
{
    (void)state;
    assert_string_equal(message_word(LANGUAGE_ZH, "kindergarten"), "幼儿园");
    assert_string_equal(message_word(LANGUAGE_ZH, "NOT_APPLICABLE"), "不适用");
    assert_string_equal(message_word(LANGUAGE_ZH, "no word"), "no word");
}

static void
test_language_parse(void **state)
{
    enum language language = LANGUAGE_EN;

    (void)state;
    assert_true(language_parse("zh_CN.UTF-8", &language));
    assert_int_equal(language, LANGUAGE_ZH);
    assert_true(language_parse("en", &language));
    assert_int_equal(language, LANGUAGE_EN);
    assert_true(language_parse("zh-CN", &language));
    assert_false(language_parse("C.UTF-8", &language));
    assert_false(language_parse("zha", &language));
    assert_false(language_parse("", &language));
    assert_int_equal(language, LANGUAGE_ZH);
}

static void
test_language_of_environment(void **state)
{
    (void)state;
    setenv("LC_ALL", "", 1);
    setenv("LC_MESSAGES", "zh_CN.UTF-8", 1);
    setenv("LANG", "en_GB.UTF-8", 1);
    assert_int_equal(language_of_environment(LANGUAGE_EN), LANGUAGE_ZH);
    unsetenv("LC_MESSAGES");
    assert_int_equal(language_of_environment(LANGUAGE_ZH), LANGUAGE_EN);
    setenv("LC_ALL", "C", 1);
    assert_int_equal(language_of_environment(LANGUAGE_ZH), LANGUAGE_ZH);
}

static void
test_text_width(void **state)
{
    (void)state;
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("月报"), 4);
    assert_int_equal(text_width("\uff08a\uff09\uff0c"), 7);
    assert_int_equal(text_width("e\u0301"), 1);
    assert_int_equal(text_width("𠮷"), 2);
    assert_int_equal(text_width(""), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_languages_say_the_same_things),
        cmocka_unit_test(test_every_code_has_its_sentence),
        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_findings_in_words),
        cmocka_unit_test(test_explained_findings_in_words),
        cmocka_unit_test(test_one_word_for_one_thing),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_language_parse),
        cmocka_unit_test(test_language_of_environment),
        cmocka_unit_test(test_text_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
