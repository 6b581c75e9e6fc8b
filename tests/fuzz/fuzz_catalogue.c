/* Any bytes as a catalogue: one that loads keeps its bytes, and every look-up finds what the catalogue itself
 * lists. */
#include <assert.h>
#include <string.h>

#include "catalogue.h"
#include "envelope.h"
#include "rules.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Once, before the first input: a catalogue is named by its hash. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return envelope_init() ? 0 : 1;
}

static void
check_items(const struct catalogue *catalogue, const struct form *form, const uint32_t *numbers, size_t n,
            enum form_place place)
{
    for (size_t i = 0; i < n; i++) {
        const Yuebao__Indicator *indicator = catalogue_indicator(catalogue, numbers[i]);

        assert(indicator != NULL && indicator->number == numbers[i]);
        assert(catalogue_indicator_by_code(catalogue, indicator->code) == indicator);
        assert(catalogue_place(form, numbers[i]) == place);
    }
}

/* Every compiled term stands in its form's list. */
static void
check_rules(const struct form *form)
{
    for (size_t i = 0; i < form->n_rules; i++) {
        const struct form_rule *rule = &form->rules[i];

        assert(rule->n_left + rule->n_right == rule_term_count(rule->message));
        for (size_t t = 0; t < rule->n_left + rule->n_right; t++) {
            assert(rule->terms[t].item < form->n_items);
            assert(form->items[rule->terms[t].item].indicator->number ==
                   rule_term_at(rule->message, t)->indicator);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct catalogue *catalogue;
    const uint8_t *bytes;
    size_t len;

    if (catalogue_load(data, size, &catalogue) != CATALOGUE_OK)
        return 0;
    bytes = catalogue_bytes(catalogue, &len);
    assert(len == size && (size == 0 || memcmp(bytes, data, size) == 0));
    for (size_t i = 0; i < catalogue_form_count(catalogue); i++) {
        const struct form *form = catalogue_form_at(catalogue, i);

        assert(catalogue_form(catalogue, form->message->code) == form);
        check_rules(form);
        check_items(catalogue, form, form->message->required, form->message->n_required, FORM_REQUIRED);
        check_items(catalogue, form, form->message->optional, form->message->n_optional, FORM_OPTIONAL);
        assert(catalogue_place(form, 0) == FORM_FOREIGN);
    }
    assert(catalogue_indicator(catalogue, 0) == NULL);
    assert(catalogue_indicator(catalogue, UINT32_MAX) == NULL);
    catalogue_free(catalogue);
    return 0;
}
