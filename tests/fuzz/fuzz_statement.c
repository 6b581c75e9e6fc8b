/*
 * Any bytes as a statement of the sample catalogue: validating never crashes, gives the same findings twice,
 * and the findings make a Reject that passes the gate and fits a frame, and sentences in both languages.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "catalogue.h"
#include "envelope.h"
#include "gate.h"
#include "messages.h"
#include "sample.h"
#include "validate.h"

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

static const struct catalogue *
the_catalogue(void)
{
    static struct catalogue *catalogue;

    if (catalogue == NULL) {
        size_t len;
        uint8_t *bytes = sample_catalogue(&len);

        if (catalogue_load(bytes, len, &catalogue) != CATALOGUE_OK)
            abort();
        free(bytes);
    }
    return catalogue;
}

static void
check_sentences(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
            char *sentence =
                message_of_finding((enum language)language, &findings->items[i], the_catalogue());

            assert(sentence != NULL && sentence[0] != '\0');
            assert(gate_text_is_clean((const uint8_t *)sentence, strlen(sentence)));
            free(sentence);
        }
}

static void
check_reject(const struct findings *findings)
{
    size_t len;
    uint8_t *reject = findings_pack(findings, &len);

    assert(reject != NULL && len <= FRAME_BODY_MAX);
    assert(gate_check(&yuebao__reject__descriptor, reject, len, NULL) == GATE_OK);
    free(reject);
}

static void
check_same(const struct finding *a, const struct finding *b)
{
    assert(a->code == b->code && a->severity == b->severity && a->indicator == b->indicator);
    assert(strcmp(a->rule, b->rule) == 0 && strcmp(a->found, b->found) == 0 &&
           strcmp(a->bound, b->bound) == 0);
}

static void
check_statement(const Yuebao__Statement *statement)
{
    const struct slot slot = {.school_known = true,
                              .kind = "primary",
                              .opened_day = 0,
                              .closed_day = 30000,
                              .in_calendar = true,
                              .opens_ms = 1,
                              .due_ms = 2,
                              .closes_ms = 3,
                              .catalogue = catalogue_hash(the_catalogue())};
    struct findings first, second;

    findings_init(&first);
    findings_init(&second);
    validate_statement(the_catalogue(), statement, &first);
    validate_statement(the_catalogue(), statement, &second);
    assert(first.count == second.count && first.more == second.more && first.count <= FINDINGS_MAX);
    for (size_t i = 0; i < first.count; i++)
        check_same(&first.items[i], &second.items[i]);
    if (validate_slot(&slot, the_catalogue(), statement, 1, &first) == SLOT_REFUSED)
        assert(findings_refuse(&first));
    check_sentences(&first);
    check_reject(&first);
    findings_fini(&first);
    findings_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    Yuebao__Statement *statement;

    if (arena == NULL)
        arena = arena_new(ARENA_SIZE);
    if (size > FRAME_BODY_MAX || gate_check(&yuebao__statement__descriptor, data, size, NULL) != GATE_OK)
        return 0;
    arena_reset(arena);
    statement = yuebao__statement__unpack(arena_allocator(arena), size, data);
    assert(statement != NULL);
    check_statement(statement);
    return 0;
}
