#include "sample.h"

#include <assert.h>
#include <stdlib.h>

#include "limit.h"

static char *
text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

uint8_t *
sample_pack(const ProtobufCMessage *message, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(len > 0 ? len : 1);

    assert(bytes != NULL);
    *ret_len = protobuf_c_message_pack(message, bytes);
    return bytes;
}

static Yuebao__Indicator
indicator(uint32_t number, const char *code, Yuebao__Measure measure, Yuebao__Bound *min, Yuebao__Bound *max)
{
    Yuebao__Indicator indicator = YUEBAO__INDICATOR__INIT;

    indicator.number = number;
    indicator.code = text(code);
    indicator.name_zh = text("指标");
    indicator.name_en = text("Indicator");
    indicator.unit = indicator.unit_zh = text("人");
    indicator.measure = measure;
    indicator.min = min;
    indicator.max = max;
    return indicator;
}

static Yuebao__Form
form(const char *code, const char *kind, const char *frequency)
{
    Yuebao__Form form = YUEBAO__FORM__INIT;

    form.code = text(code);
    form.kind = text(kind);
    form.frequency = text(frequency);
    form.name_zh = text("小学月报");
    form.name_en = text("Primary school, monthly");
    return form;
}

uint8_t *
sample_catalogue(size_t *ret_len)
{
    Yuebao__Bound zero = YUEBAO__BOUND__INIT, many = YUEBAO__BOUND__INIT, share = YUEBAO__BOUND__INIT;
    Yuebao__Indicator pupils, ratio, quotient, amount, *indicators[] = {&pupils, &ratio, &quotient, &amount};
    Yuebao__Form district, primary, *forms[] = {&district, &primary};
    Yuebao__Term left = YUEBAO__TERM__INIT, right = YUEBAO__TERM__INIT, *lefts[] = {&left},
                 *rights[] = {&right};
    Yuebao__Rule rule = YUEBAO__RULE__INIT, *rules[] = {&rule};
    Yuebao__Catalogue catalogue = YUEBAO__CATALOGUE__INIT;
    uint32_t required[] = {1, 2}, optional[] = {3, 9}, yearly[] = {9};

    many.scaled = 20000;
    share.scaled = 195, share.decimals = 1;
    pupils = indicator(1, "enrolled_pupils", YUEBAO__MEASURE__COUNT, &zero, &many);
    ratio = indicator(2, "qualified_teachers", YUEBAO__MEASURE__RATIO, NULL, NULL);
    quotient = indicator(3, "pupils_per_teacher", YUEBAO__MEASURE__QUOTIENT, &zero, &share);
    quotient.decimals = 1, quotient.denominator_decimals = 2;
    amount = indicator(9, "spending", YUEBAO__MEASURE__AMOUNT, &zero, NULL);
    amount.decimals = 2;
    district = form("district.yearly", "district", "yearly");
    district.n_required = 1, district.required = yearly;
    primary = form("primary.monthly", "primary", "monthly");
    primary.n_required = 2, primary.required = required;
    primary.n_optional = 2, primary.optional = optional;
    left.indicator = 2, left.part = YUEBAO__PART__DENOMINATOR;
    right.indicator = 1;
    rule.code = text("teachers_at_most_pupils");
    rule.severity = YUEBAO__SEVERITY__WARNING;
    rule.op = YUEBAO__OPERATOR__AT_MOST;
    rule.n_left = rule.n_right = 1, rule.left = lefts, rule.right = rights;
    rule.message_zh = text("教师多于学生"), rule.message_en = text("more teachers than pupils");
    catalogue.made_ms = 1790000000000;
    catalogue.n_indicator = 4, catalogue.indicator = indicators;
    catalogue.n_form = 2, catalogue.form = forms;
    catalogue.n_rule = 1, catalogue.rule = rules;
    return sample_pack(&catalogue.base, ret_len);
}

const Yuebao__Statement *
sample_statement(const uint8_t *hash)
{
    static Yuebao__Statement statement;
    static Yuebao__Explanation explanation, *explanations[] = {&explanation};
    static Yuebao__MissingReason reasons[] = {YUEBAO__MISSING_REASON__NOT_COLLECTED};
    static uint32_t indicators[] = {1, 2, 3}, missing[] = {9};
    static int64_t values[] = {312, 17, 3120}, denominators[] = {0, 18, 1800};

    explanation = (Yuebao__Explanation)YUEBAO__EXPLANATION__INIT;
    explanation.indicator = 2;
    explanation.rule = text("teachers_at_most_pupils");
    explanation.text = text("新校区刚开办");
    statement = (Yuebao__Statement)YUEBAO__STATEMENT__INIT;
    statement.school = text("3210012345");
    statement.form = text("primary.monthly");
    statement.period = text("2026-10");
    statement.revision = 1;
    statement.catalogue = (ProtobufCBinaryData){ID_SIZE, (uint8_t *)(uintptr_t)hash};
    statement.filler = text("张三"), statement.reviewer = text("李四"), statement.head = text("王五");
    statement.n_indicator = statement.n_value = statement.n_denominator = 3;
    statement.indicator = indicators, statement.value = values, statement.denominator = denominators;
    statement.n_missing = statement.n_missing_reason = 1;
    statement.missing = missing, statement.missing_reason = reasons;
    statement.n_explanation = 1, statement.explanation = explanations;
    statement.filled_ms = 1790000000000;
    return &statement;
}
