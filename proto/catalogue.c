#include "catalogue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "figures.h"
#include "gate.h"
#include "number.h"
#include "rules.h"

struct catalogue {
    uint8_t *bytes;
    size_t len;
    uint8_t hash[ID_SIZE];
    Yuebao__Catalogue *message;
    const Yuebao__Indicator **by_number; /* `numbers` entries, NULL where there is no such number */
    size_t numbers;
    const Yuebao__Indicator **by_code; /* n_indicator entries, ascending by code */
    struct form *forms;                /* n_form entries, in the message's order */
    struct form_item *items;           /* of all forms, one after the other */
    struct rules rules;                /* of all forms too */
};

bool
measure_has_denominator(Yuebao__Measure measure)
{
    return measure == YUEBAO__MEASURE__RATIO || measure == YUEBAO__MEASURE__QUOTIENT;
}

/* ---- what validate relies on -------------------------------------------------------------------- */

static bool
text_is(const char *text, size_t len_max)
{
    size_t len = strlen(text);

    return len > 0 && len <= len_max;
}

static bool
bounds_are_sound(const Yuebao__Bound *min, const Yuebao__Bound *max)
{
    if (min != NULL && min->decimals > DECIMALS_MAX)
        return false;
    if (max != NULL && max->decimals > DECIMALS_MAX)
        return false;
    return min == NULL || max == NULL ||
           number_compare(min->scaled, min->decimals, max->scaled, max->decimals) <= 0;
}

static bool
indicator_is_sound(const Yuebao__Indicator *indicator)
{
    return indicator->number >= 1 && indicator->number <= INDICATOR_NUMBER_MAX &&
           text_is(indicator->code, INDICATOR_CODE_MAX) && text_is(indicator->name_zh, TEXT_MAX) &&
           text_is(indicator->name_en, TEXT_MAX) && indicator->decimals <= DECIMALS_MAX &&
           indicator->denominator_decimals <= DECIMALS_MAX &&
           (indicator->denominator_decimals == 0 || measure_has_denominator(indicator->measure)) &&
           bounds_are_sound(indicator->min, indicator->max);
}

static bool
indicators_are_sound(const Yuebao__Catalogue *message)
{
    for (size_t i = 0; i < message->n_indicator; i++) {
        if (!indicator_is_sound(message->indicator[i]))
            return false;
        if (i > 0 && message->indicator[i - 1]->number >= message->indicator[i]->number)
            return false;
    }
    return message->n_indicator > 0;
}

/* What tells a one-off form apart: "[a-z0-9][a-z0-9-]*". */
static bool
form_name_is_sound(const char *name)
{
    static const char letters[] = "-abcdefghijklmnopqrstuvwxyz0123456789";
    size_t len = strlen(name);

    return len >= 1 && len <= ONE_OFF_NAME_MAX && name[0] != '-' && strspn(name, letters) == len;
}

/* The code is the kind, a dot and the frequency, then perhaps a dot and a name: nothing is said twice in two
 * ways. */
static bool
form_code_is_sound(const Yuebao__Form *form)
{
    char regular[FORM_CODE_MAX + 1];
    int len = snprintf(regular, sizeof(regular), "%s.%s", form->kind, form->frequency);

    if (len < 0 || (size_t)len >= sizeof(regular) || strncmp(form->code, regular, (size_t)len) != 0 ||
        strlen(form->code) > FORM_CODE_MAX)
        return false;
    return form->code[len] == '\0' || (form->code[len] == '.' && form_name_is_sound(form->code + len + 1));
}

static bool
form_is_sound(const Yuebao__Form *form)
{
    enum frequency frequency;
    size_t figures = form->n_required + form->n_optional;

    return form->kind[0] != '\0' && strchr(form->kind, '.') == NULL && form_code_is_sound(form) &&
           frequency_parse(form->frequency, &frequency) && text_is(form->name_zh, TEXT_MAX) &&
           text_is(form->name_en, TEXT_MAX) && figures > 0 && figures <= FIGURES_MAX;
}

/* What a rule says about the period before cannot refuse: both ends would have to agree on what was accepted.
 */
static bool
terms_are_sound(const struct catalogue *catalogue, const Yuebao__Rule *rule)
{
    for (size_t i = 0; i < rule_term_count(rule); i++) {
        const Yuebao__Term *term = rule_term_at(rule, i);
        const Yuebao__Indicator *indicator = catalogue_indicator(catalogue, term->indicator);

        if (indicator == NULL)
            return false;
        if (term->part == YUEBAO__PART__DENOMINATOR && !measure_has_denominator(indicator->measure))
            return false;
        if (term->previous && rule->severity == YUEBAO__SEVERITY__ERROR)
            return false;
    }
    return true;
}

static bool
rules_are_sound(const struct catalogue *catalogue)
{
    const Yuebao__Catalogue *message = catalogue->message;

    for (size_t i = 0; i < message->n_rule; i++) {
        const Yuebao__Rule *rule = message->rule[i];

        if (!text_is(rule->code, INDICATOR_CODE_MAX) || rule->severity == YUEBAO__SEVERITY__SEVERITY_NONE ||
            !text_is(rule->message_zh, TEXT_MAX) || !text_is(rule->message_en, TEXT_MAX) ||
            rule->n_left == 0 || !terms_are_sound(catalogue, rule))
            return false;
        if (i > 0 && strcmp(message->rule[i - 1]->code, rule->code) >= 0)
            return false;
    }
    return true;
}

/* ---- indexes ------------------------------------------------------------------------------------ */

static int
compare_codes(const void *a, const void *b)
{
    const Yuebao__Indicator *const *left = a, *const *right = b;

    return strcmp((*left)->code, (*right)->code);
}

static enum catalogue_status
index_indicators(struct catalogue *catalogue)
{
    const Yuebao__Catalogue *message = catalogue->message;
    size_t count = message->n_indicator;

    catalogue->numbers = message->indicator[count - 1]->number + 1;
    catalogue->by_number = calloc(catalogue->numbers, sizeof(*catalogue->by_number));
    catalogue->by_code = calloc(count, sizeof(*catalogue->by_code));
    if (catalogue->by_number == NULL || catalogue->by_code == NULL)
        return CATALOGUE_NOMEM;
    for (size_t i = 0; i < count; i++) {
        catalogue->by_number[message->indicator[i]->number] = message->indicator[i];
        catalogue->by_code[i] = message->indicator[i];
    }
    qsort(catalogue->by_code, count, sizeof(*catalogue->by_code), compare_codes);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(catalogue->by_code[i - 1]->code, catalogue->by_code[i]->code) == 0)
            return CATALOGUE_BROKEN;
    }
    return CATALOGUE_OK;
}

/*
 * Merge required and optional into one ascending list at `items`, which is long enough. false: not ascending,
 * in both lists, or not in the catalogue.
 */
static bool
merge_items(const struct catalogue *catalogue, const Yuebao__Form *form, struct form_item *items)
{
    size_t r = 0, o = 0;
    uint32_t last = 0;

    for (size_t i = 0; r < form->n_required || o < form->n_optional; i++) {
        bool required =
            o == form->n_optional || (r < form->n_required && form->required[r] <= form->optional[o]);
        uint32_t number = required ? form->required[r++] : form->optional[o++];

        items[i].indicator = catalogue_indicator(catalogue, number);
        items[i].number = number;
        items[i].required = required;
        if (items[i].indicator == NULL || number <= last)
            return false;
        figure_limits(items[i].indicator, &items[i].least, &items[i].most);
        last = number;
    }
    return true;
}

static enum catalogue_status
index_forms(struct catalogue *catalogue)
{
    const Yuebao__Catalogue *message = catalogue->message;
    struct form_item *items;
    size_t count = 0;

    for (size_t i = 0; i < message->n_form; i++) {
        if (!form_is_sound(message->form[i]))
            return CATALOGUE_BROKEN;
        if (i > 0 && strcmp(message->form[i - 1]->code, message->form[i]->code) >= 0)
            return CATALOGUE_BROKEN;
        count += message->form[i]->n_required + message->form[i]->n_optional;
    }
    if (message->n_form == 0)
        return CATALOGUE_BROKEN;
    catalogue->forms = calloc(message->n_form, sizeof(*catalogue->forms));
    catalogue->items = items = calloc(count, sizeof(*catalogue->items));
    if (catalogue->forms == NULL || items == NULL)
        return CATALOGUE_NOMEM;
    for (size_t i = 0; i < message->n_form; i++) {
        struct form *form = &catalogue->forms[i];

        form->message = message->form[i];
        if (!frequency_parse(form->message->frequency, &form->frequency) ||
            !merge_items(catalogue, form->message, items))
            return CATALOGUE_BROKEN;
        form->items = items;
        form->n_items = form->message->n_required + form->message->n_optional;
        items += form->n_items;
    }
    return CATALOGUE_OK;
}

/* ---- loading ------------------------------------------------------------------------------------ */

static enum catalogue_status
catalogue_decode(struct catalogue *catalogue, const uint8_t *bytes, size_t len)
{
    if (gate_check_fields(&yuebao__catalogue__descriptor, bytes, len, CATALOGUE_FIELDS_MAX, NULL) != GATE_OK)
        return CATALOGUE_BAD_BYTES;
    catalogue->bytes = malloc(len > 0 ? len : 1);
    if (catalogue->bytes == NULL)
        return CATALOGUE_NOMEM;
    if (len > 0)
        memcpy(catalogue->bytes, bytes, len);
    catalogue->len = len;
    envelope_sha256(bytes, len, catalogue->hash);
    catalogue->message = yuebao__catalogue__unpack(NULL, len, bytes);
    return catalogue->message == NULL ? CATALOGUE_NOMEM : CATALOGUE_OK;
}

static enum catalogue_status
catalogue_check(struct catalogue *catalogue)
{
    enum catalogue_status status;

    if (!indicators_are_sound(catalogue->message))
        return CATALOGUE_BROKEN;
    status = index_indicators(catalogue);
    if (status != CATALOGUE_OK)
        return status;
    status = index_forms(catalogue);
    if (status != CATALOGUE_OK)
        return status;
    if (!rules_are_sound(catalogue))
        return CATALOGUE_BROKEN;
    return rules_compile(&catalogue->rules, catalogue->message, catalogue->forms);
}

enum catalogue_status
catalogue_load(const uint8_t *bytes, size_t len, struct catalogue **ret_catalogue)
{
    enum catalogue_status status;
    struct catalogue *catalogue;

    if (len > CATALOGUE_MAX)
        return CATALOGUE_TOO_LARGE;
    catalogue = calloc(1, sizeof(*catalogue));
    if (catalogue == NULL)
        return CATALOGUE_NOMEM;
    status = catalogue_decode(catalogue, bytes, len);
    if (status == CATALOGUE_OK)
        status = catalogue_check(catalogue);
    if (status == CATALOGUE_OK)
        *ret_catalogue = catalogue;
    else
        catalogue_free(catalogue);
    return status;
}

void
catalogue_free(struct catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    if (catalogue->message != NULL)
        yuebao__catalogue__free_unpacked(catalogue->message, NULL);
    rules_fini(&catalogue->rules);
    free(catalogue->items);
    free(catalogue->forms);
    free(catalogue->by_code);
    free(catalogue->by_number);
    free(catalogue->bytes);
    free(catalogue);
}

/* ---- look-ups ----------------------------------------------------------------------------------- */

const uint8_t *
catalogue_hash(const struct catalogue *catalogue)
{
    return catalogue->hash;
}

const uint8_t *
catalogue_bytes(const struct catalogue *catalogue, size_t *ret_len)
{
    *ret_len = catalogue->len;
    return catalogue->bytes;
}

static int
compare_form(const void *code, const void *element)
{
    const struct form *form = element;

    return strcmp(code, form->message->code);
}

const struct form *
catalogue_form(const struct catalogue *catalogue, const char *code)
{
    return bsearch(code, catalogue->forms, catalogue->message->n_form, sizeof(*catalogue->forms),
                   compare_form);
}

const Yuebao__Indicator *
catalogue_indicator(const struct catalogue *catalogue, uint32_t number)
{
    return number < catalogue->numbers ? catalogue->by_number[number] : NULL;
}

static int
compare_indicator(const void *code, const void *element)
{
    const Yuebao__Indicator *const *indicator = element;

    return strcmp(code, (*indicator)->code);
}

const Yuebao__Indicator *
catalogue_indicator_by_code(const struct catalogue *catalogue, const char *code)
{
    const Yuebao__Indicator *const *found = bsearch(code, catalogue->by_code, catalogue->message->n_indicator,
                                                    sizeof(*catalogue->by_code), compare_indicator);

    return found == NULL ? NULL : *found;
}

static int
compare_rule(const void *code, const void *element)
{
    const Yuebao__Rule *const *rule = element;

    return strcmp(code, (*rule)->code);
}

const Yuebao__Rule *
catalogue_rule(const struct catalogue *catalogue, const char *code)
{
    Yuebao__Rule *const *found;

    if (catalogue->message->n_rule == 0)
        return NULL;
    found = bsearch(code, catalogue->message->rule, catalogue->message->n_rule,
                    sizeof(*catalogue->message->rule), compare_rule);
    return found == NULL ? NULL : *found;
}

static int
compare_item(const void *number, const void *element)
{
    const struct form_item *item = element;
    uint32_t wanted = *(const uint32_t *)number;

    return (wanted > item->number) - (wanted < item->number);
}

const struct form_item *
catalogue_item(const struct form *form, uint32_t indicator)
{
    return bsearch(&indicator, form->items, form->n_items, sizeof(*form->items), compare_item);
}

enum form_place
catalogue_place(const struct form *form, uint32_t indicator)
{
    const struct form_item *item = catalogue_item(form, indicator);

    if (item == NULL)
        return FORM_FOREIGN;
    return item->required ? FORM_REQUIRED : FORM_OPTIONAL;
}

size_t
catalogue_form_count(const struct catalogue *catalogue)
{
    return catalogue->message->n_form;
}

const struct form *
catalogue_form_at(const struct catalogue *catalogue, size_t index)
{
    assert(index < catalogue->message->n_form);
    return &catalogue->forms[index];
}

size_t
catalogue_rule_count(const struct catalogue *catalogue)
{
    return catalogue->message->n_rule;
}

const Yuebao__Rule *
catalogue_rule_at(const struct catalogue *catalogue, size_t index)
{
    assert(index < catalogue->message->n_rule);
    return catalogue->message->rule[index];
}
