#include "sixty.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "envelope.h"

#define OF(name) .base = PROTOBUF_C_MESSAGE_INIT(&yuebao__##name##__descriptor)

/* Every fourth indicator is a ratio, every tenth a quotient with decimals, the others are counts. */
static Yuebao__Measure
measure_of(uint32_t number)
{
    if (number % 10 == 0)
        return YUEBAO__MEASURE__QUOTIENT;
    return number % 4 == 0 ? YUEBAO__MEASURE__RATIO : YUEBAO__MEASURE__COUNT;
}

/* "indicator 07" */
static char *
text(const char *noun, size_t number)
{
    char *made = NULL;

    if (asprintf(&made, "%s %02zu", noun, number) < 0)
        abort();
    return made;
}

static Yuebao__Indicator *
indicator_of(uint32_t number)
{
    static Yuebao__Bound least = {OF(bound)}, one = {OF(bound), .scaled = 1},
                         most = {OF(bound), .scaled = 50000};
    Yuebao__Indicator *indicator = malloc(sizeof(*indicator));

    assert(indicator != NULL);
    yuebao__indicator__init(indicator);
    indicator->number = number;
    indicator->code = text("indicator", number);
    indicator->name_zh = text("指标", number);
    indicator->name_en = text("Indicator", number);
    indicator->measure = measure_of(number);
    indicator->decimals = indicator->measure == YUEBAO__MEASURE__QUOTIENT ? 2 : 0;
    indicator->min = &least;
    indicator->max = indicator->measure == YUEBAO__MEASURE__RATIO ? &one : &most;
    return indicator;
}

static Yuebao__Term *
term_of(uint32_t number)
{
    Yuebao__Term *term = malloc(sizeof(*term));

    assert(term != NULL);
    yuebao__term__init(term);
    term->indicator = number;
    term->part =
        measure_of(number) == YUEBAO__MEASURE__COUNT ? YUEBAO__PART__VALUE : YUEBAO__PART__DENOMINATOR;
    return term;
}

/* One to three figures on the left, the last one, which is large, on the right. */
static Yuebao__Rule *
rule_of(size_t at)
{
    Yuebao__Rule *rule = malloc(sizeof(*rule));

    assert(rule != NULL);
    yuebao__rule__init(rule);
    rule->code = text("rule", at);
    rule->severity = at % 2 == 0 ? YUEBAO__SEVERITY__ERROR : YUEBAO__SEVERITY__WARNING;
    rule->op = YUEBAO__OPERATOR__AT_MOST;
    rule->message_zh = text("规则", at);
    rule->message_en = text("Rule", at);
    rule->n_left = 1 + at % 3;
    rule->left = calloc(rule->n_left, sizeof(*rule->left));
    rule->n_right = 1;
    rule->right = calloc(1, sizeof(*rule->right));
    assert(rule->left != NULL && rule->right != NULL);
    for (size_t i = 0; i < rule->n_left; i++)
        rule->left[i] = term_of((uint32_t)(1 + (at * 7 + i * 3) % (SIXTY_FIGURES - 1)));
    rule->right[0] = term_of(SIXTY_FIGURES - 1);
    return rule;
}

uint8_t *
sixty_catalogue_bytes(size_t rules, size_t *ret_len)
{
    static Yuebao__Indicator *indicators[SIXTY_FIGURES];
    static Yuebao__Rule *list[SIXTY_RULES];
    static uint32_t numbers[SIXTY_FIGURES];
    Yuebao__Form form = {OF(form),
                         .code = (char *)SIXTY_FORM,
                         .kind = (char *)"primary",
                         .frequency = (char *)"monthly",
                         .name_zh = (char *)"小学月报",
                         .name_en = (char *)"Primary school, monthly",
                         .required = numbers,
                         .n_required = SIXTY_FIGURES};
    Yuebao__Form *forms[] = {&form};
    Yuebao__Catalogue message = {
        OF(catalogue), .made_ms = 1, .indicator = indicators, .n_indicator = SIXTY_FIGURES, .form = forms,
        .n_form = 1,   .rule = list, .n_rule = rules};
    uint8_t *bytes;

    assert(rules <= SIXTY_RULES);
    for (uint32_t i = 0; i < SIXTY_FIGURES; i++) {
        numbers[i] = i + 1;
        indicators[i] = indicator_of(i + 1);
    }
    for (size_t i = 0; i < rules; i++)
        list[i] = rule_of(i);
    bytes = malloc(yuebao__catalogue__get_packed_size(&message));
    assert(bytes != NULL);
    *ret_len = yuebao__catalogue__pack(&message, bytes);
    return bytes;
}

struct catalogue *
sixty_catalogue(size_t rules)
{
    struct catalogue *catalogue = NULL;
    size_t len;
    uint8_t *bytes = sixty_catalogue_bytes(rules, &len);

    if (catalogue_load(bytes, len, &catalogue) != CATALOGUE_OK)
        abort();
    assert(catalogue_form(catalogue, SIXTY_FORM)->n_rules == rules);
    free(bytes);
    return catalogue;
}

void
sixty_figures(uint32_t seed, struct sixty_figures *ret_figures)
{
    for (uint32_t i = 0; i < SIXTY_FIGURES; i++) {
        ret_figures->number[i] = i + 1;
        ret_figures->denominator[i] = measure_of(i + 1) == YUEBAO__MEASURE__COUNT ? 0 : 400 + i + seed % 100;
        ret_figures->value[i] = 300 + i + seed % 50;
    }
    ret_figures->value[SIXTY_FIGURES - 2] = 20000; /* SIXTY_FIGURES - 1, the right side of every rule */
}

uint8_t *
sixty_statement_of(const struct catalogue *catalogue, const struct sixty_slot *slot, size_t *ret_len)
{
    struct sixty_figures figures;
    Yuebao__Statement message = {OF(statement),
                                 .school = (char *)slot->school,
                                 .form = (char *)SIXTY_FORM,
                                 .period = (char *)slot->period,
                                 .revision = slot->revision,
                                 .catalogue = {.len = ID_SIZE, .data = (uint8_t *)catalogue_hash(catalogue)},
                                 .filler = (char *)"王芳",
                                 .reviewer = (char *)"李强",
                                 .head = (char *)"赵敏",
                                 .indicator = figures.number,
                                 .n_indicator = SIXTY_FIGURES,
                                 .value = figures.value,
                                 .n_value = SIXTY_FIGURES,
                                 .denominator = figures.denominator,
                                 .n_denominator = SIXTY_FIGURES,
                                 .correction = (char *)"",
                                 .filled_ms = 1793548800000};
    uint8_t *bytes;

    sixty_figures(slot->seed, &figures);
    if (slot->revision > 1) {
        message.previous = (ProtobufCBinaryData){ID_SIZE, (uint8_t *)slot->previous};
        message.correction = (char *)"抄录有误";
    }
    bytes = malloc(yuebao__statement__get_packed_size(&message));
    assert(bytes != NULL);
    *ret_len = yuebao__statement__pack(&message, bytes);
    return bytes;
}

uint8_t *
sixty_statement(const struct catalogue *catalogue, size_t *ret_len)
{
    const struct sixty_slot slot = {.school = "0220203001", .period = "2026-10", .revision = 1};

    return sixty_statement_of(catalogue, &slot, ret_len);
}
