/* Faults for people and for programs: where, what, and what to do. */
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "rules.h"

static bool
is_error(const struct fault *fault)
{
    return fault->finding.severity == YUEBAO__SEVERITY__ERROR;
}

/* The column as the clerk sees it in the sheet; where the sheet has none, as a template names it. */
static const char *
heading_of(const struct desk *desk, const struct faults *faults, enum sheet_column column)
{
    if (column < SHEET_COLUMNS && faults->heading[column][0] != '\0')
        return faults->heading[column];
    return sheet_column_name(desk->language, column);
}

/* Numbers of the indicators that the rule compares, each once; NULL: the catalogue has no such rule. */
static json_t *
indicators_of(const struct catalogue *catalogue, const char *code)
{
    const Yuebao__Rule *rule = catalogue == NULL ? NULL : catalogue_rule(catalogue, code);
    json_t *list = rule == NULL ? NULL : json_array();
    uint32_t numbers[FIGURES_MAX];
    size_t count = rule == NULL ? 0 : rule_indicators(rule, numbers, FIGURES_MAX);

    for (size_t i = 0; list != NULL && i < count; i++)
        json_array_append_new(list, json_integer(numbers[i]));
    return list;
}

/* The hint with the names that this sheet gives its columns. malloc'd; NULL: none (or no memory). */
static char *
hint_words(const struct desk *desk, const struct faults *faults, const struct fault *fault)
{
    char *reasons = message_reasons(desk->language), *text = NULL;

    if (fault->hint != MESSAGE_COUNT && reasons != NULL)
        text = message_format(desk->language, fault->hint, "reasons", reasons, "column",
                              heading_of(desk, faults, COLUMN_REASON), NULL);
    free(reasons);
    return text;
}

static json_t *
fault_as_json(const struct desk *desk, const struct faults *faults, const struct fault *fault,
              const struct catalogue *catalogue, const char *sentence)
{
    char *hint = hint_words(desk, faults, fault);
    json_t *indicators = indicators_of(catalogue, fault->finding.rule);

    const ProtobufCEnumValue *code =
        protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)fault->finding.code);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", "severity", is_error(fault) ? "error" : "warning",
                               "code", code == NULL ? "UNKNOWN" : code->name, "found", fault->finding.found,
                               "bound", fault->finding.bound, "message", sentence);

    if (fault->line != 0)
        json_object_set_new(object, "row", json_integer((json_int_t)fault->line));
    if (fault->column != COLUMN_NONE)
        json_object_set_new(object, "column", json_string(sheet_column_key(fault->column)));
    if (fault->column != COLUMN_NONE)
        json_object_set_new(object, "heading", json_string(heading_of(desk, faults, fault->column)));
    if (fault->finding.indicator != 0)
        json_object_set_new(object, "indicator", json_integer(fault->finding.indicator));
    if (fault->finding.rule[0] != '\0')
        json_object_set_new(object, "rule", json_string(fault->finding.rule));
    if (indicators != NULL)
        json_object_set_new(object, "indicators", indicators);
    if (hint != NULL)
        json_object_set_new(object, "hint", json_string(hint));
    free(hint);
    return object;
}

/* "错误 第 12 行“数值”列:…" */
static void
print_fault(const struct desk *desk, const struct faults *faults, const struct fault *fault,
            const char *sentence)
{
    enum language l = desk->language;
    char *hint = hint_words(desk, faults, fault);
    char row[24];

    snprintf(row, sizeof(row), "%zu", fault->line);
    message_print(stdout, l, is_error(fault) ? MSG_fault_error : MSG_fault_warning, NULL);
    if (fault->line != 0 && fault->column != COLUMN_NONE)
        message_print(stdout, l, MSG_fault_at_cell, "row", row, "column",
                      heading_of(desk, faults, fault->column), NULL);
    else if (fault->line != 0)
        message_print(stdout, l, MSG_fault_at_row, "row", row, NULL);
    fputs(sentence, stdout);
    if (hint != NULL)
        fputs(hint, stdout);
    free(hint);
    putchar('\n');
}

/* An indicator that went is named by the catalogue that still had it; a name that changed is said in the
 * clerk's language. */
static char *
change_in_words(const struct desk *desk, const struct catalogue *older, const struct catalogue *catalogue,
                struct finding *finding)
{
    const Yuebao__Indicator *then = catalogue_indicator(older, finding->indicator);
    const Yuebao__Indicator *now =
        catalogue == NULL ? NULL : catalogue_indicator(catalogue, finding->indicator);

    if (now == NULL)
        return message_of_finding(desk->language, finding, older);
    if (then != NULL && desk->language == LANGUAGE_EN && strcmp(then->name_zh, now->name_zh) != 0 &&
        strncmp(finding->found, then->name_zh, strlen(finding->found)) == 0 && finding->found[0] != '\0') {
        snprintf(finding->found, sizeof(finding->found), "%.*s", FINDING_TEXT_MAX - 1, then->name_en);
        snprintf(finding->bound, sizeof(finding->bound), "%.*s", FINDING_TEXT_MAX - 1, now->name_en);
    }
    return message_of_finding(desk->language, finding, catalogue);
}

/*
 * The finding with its parameters in the clerk's language: names of columns, and what a missing numerator or
 * denominator means. (The wire's findings carry none of these.)
 */
static char *
sentence_of(const struct desk *desk, const struct faults *faults, const struct fault *fault,
            const struct catalogue *catalogue)
{
    struct finding finding = fault->finding;
    const Yuebao__Indicator *i = catalogue == NULL ? NULL : catalogue_indicator(catalogue, finding.indicator);
    bool zh = desk->language == LANGUAGE_ZH;

    if (finding.code == YUEBAO__FINDING_CODE__COLUMN_MISSING)
        snprintf(finding.found, sizeof(finding.found), "%s",
                 sheet_column_name(desk->language, fault->column));
    if (finding.code == YUEBAO__FINDING_CODE__NUMERATOR_MISSING && i != NULL && !zh)
        snprintf(finding.bound, sizeof(finding.bound), "%.*s", FINDING_TEXT_MAX - 1, i->numerator_en);
    if (finding.code == YUEBAO__FINDING_CODE__DENOMINATOR_MISSING && i != NULL && !zh)
        snprintf(finding.bound, sizeof(finding.bound), "%.*s", FINDING_TEXT_MAX - 1, i->denominator_en);
    if (finding.code == YUEBAO__FINDING_CODE__TEMPLATE_CHANGE && faults->older != NULL)
        return change_in_words(desk, faults->older, catalogue, &finding);
    if (fault->hint == MSG_hint_explained)
        return message_of_explained(desk->language, &finding, catalogue);
    return message_of_finding(desk->language, &finding, catalogue);
}

/* A rule that warns and lacks its reason is two findings, an error and the warning itself. For people the
 * error says both. */
static bool
is_said_by_error(const struct faults *faults, const struct fault *fault)
{
    if (is_error(fault) || fault->finding.code != YUEBAO__FINDING_CODE__RULE_BROKEN)
        return false;
    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].finding.code == YUEBAO__FINDING_CODE__EXPLANATION_MISSING &&
            strcmp(faults->items[i].finding.rule, fault->finding.rule) == 0)
            return true;
    return false;
}

void
desk_print_faults(struct desk *desk, const struct faults *faults, const struct catalogue *catalogue)
{
    json_t *list = json_array();

    for (size_t i = 0; i < faults->count; i++) {
        char *sentence = sentence_of(desk, faults, &faults->items[i], catalogue);

        if (sentence != NULL && desk->json)
            json_array_append_new(list, fault_as_json(desk, faults, &faults->items[i], catalogue, sentence));
        else if (sentence != NULL && !is_said_by_error(faults, &faults->items[i]))
            print_fault(desk, faults, &faults->items[i], sentence);
        free(sentence);
    }
    if (faults->more)
        desk_say(desk, MSG_fault_more, NULL);
    desk_report(desk, "findings", list);
    if (faults->more)
        desk_report(desk, "more", json_true());
}
