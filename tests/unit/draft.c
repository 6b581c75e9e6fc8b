#include "draft.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
keep(struct draft *draft, const char *text)
{
    char *copy = draft->texts + draft->used;

    assert_true(draft->used + strlen(text) < sizeof(draft->texts));
    strcpy(copy, text);
    draft->used += strlen(text) + 1;
    return copy;
}

static char *
keep_spaced(struct draft *draft, const char *text)
{
    char *copy = keep(draft, text);

    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '_' ? ' ' : *c;
    return copy;
}

static void
draft_start(struct draft *draft, const struct catalogue *catalogue)
{
    memset(draft, 0, sizeof(*draft));
    yuebao__statement__init(&draft->message);
    memcpy(draft->hash, catalogue_hash(catalogue), ID_SIZE);
    draft->message.school = keep(draft, "0220203001");
    draft->message.form = (char *)"primary.monthly";
    draft->message.period = keep(draft, "2026-10");
    draft->message.revision = 1;
    draft->message.catalogue.data = draft->hash;
    draft->message.catalogue.len = ID_SIZE;
    draft->message.filler = draft->message.reviewer = draft->message.head = keep(draft, "王芳");
    draft->message.indicator = draft->indicator;
    draft->message.value = draft->value;
    draft->message.denominator = draft->denominator;
    draft->message.missing = draft->missing;
    draft->message.missing_reason = draft->reason;
    draft->message.previous.data = draft->previous;
    draft->message.explanation = draft->explanations;
    for (size_t i = 0; i < EXPLANATIONS; i++) {
        draft->explanations[i] = &draft->explanation[i];
        yuebao__explanation__init(&draft->explanation[i]);
    }
}

/* n copies of a letter, for "filler*121" */
static char *
letters(struct draft *draft, int n)
{
    char text[1024] = "";

    memset(text, 'x', (size_t)n);
    return keep(draft, text);
}

static char **
text_field(struct draft *draft, const char *name)
{
    struct {
        const char *name;
        char **text;
    } fields[] = {
        {"school", &draft->message.school},         {"form", &draft->message.form},
        {"period", &draft->message.period},         {"filler", &draft->message.filler},
        {"reviewer", &draft->message.reviewer},     {"head", &draft->message.head},
        {"correction", &draft->message.correction},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].text;
    }
    fail_msg("no field %s", name);
    return NULL;
}

static void
draft_set(struct draft *draft, const char *name, const char *text)
{
    long number = strtol(text, NULL, 10);

    if (strcmp(name, "revision") == 0)
        draft->message.revision = (uint32_t)strtoul(text, NULL, 10);
    else if (strcmp(name, "previous") == 0)
        draft->message.previous.len = (size_t)number;
    else if (strcmp(name, "catalogue") == 0 && strcmp(text, "other") == 0)
        draft->hash[0] ^= 1;
    else if (strcmp(name, "catalogue") == 0)
        draft->message.catalogue.len = (size_t)number;
    else if (strcmp(name, "values") == 0)
        draft->message.n_value = (size_t)number;
    else if (strcmp(name, "denominators") == 0)
        draft->message.n_denominator = (size_t)number;
    else if (strcmp(name, "reasons") == 0)
        draft->message.n_missing_reason = (size_t)number;
    else
        *text_field(draft, name) = keep_spaced(draft, text);
}

static void
explain(struct draft *draft, const char *word)
{
    Yuebao__Explanation *explanation = &draft->explanation[draft->message.n_explanation++];
    char rule[512] = "";
    const char *text = strchr(strchr(word, ':') + 1, ':') + 1;

    assert_true(draft->message.n_explanation <= EXPLANATIONS);
    sscanf(word, "~%" SCNu32 ":%511[^:]", &explanation->indicator, rule);
    explanation->rule = rule[0] == '*' ? letters(draft, atoi(rule + 1)) : keep(draft, rule);
    explanation->text = text[0] == '*' ? letters(draft, atoi(text + 1)) : keep_spaced(draft, text);
}

static void
draft_word(struct draft *draft, const char *word)
{
    Yuebao__Statement *message = &draft->message;
    char name[32], text[512] = "";
    uint32_t number;
    int64_t value, denominator = 0;
    int reason, n;

    if (word[0] == '~') {
        explain(draft, word);
    } else if (sscanf(word, "%" SCNu32 "=%" SCNd64 "/%" SCNd64, &number, &value, &denominator) >= 2) {
        draft->indicator[message->n_indicator++] = number;
        draft->value[message->n_value++] = value;
        draft->denominator[message->n_denominator++] = denominator;
    } else if (sscanf(word, "%" SCNu32 "?%d", &number, &reason) == 2) {
        draft->missing[message->n_missing++] = number;
        draft->reason[message->n_missing_reason++] = (Yuebao__MissingReason)reason;
    } else if (sscanf(word, "%31[a-z]*%d", name, &n) == 2) {
        *text_field(draft, name) = letters(draft, n);
    } else if (sscanf(word, "%31[a-z]=%511s", name, text) >= 1) {
        draft_set(draft, name, text);
    } else {
        fail_msg("not a word of a case: %s", word);
    }
}

void
draft_of(struct draft *draft, const struct catalogue *catalogue, const char *words)
{
    char copy[1024], *rest, *word;

    assert_true(strlen(words) < sizeof(copy));
    strcpy(copy, words);
    draft_start(draft, catalogue);
    for (word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        draft_word(draft, word);
}

/* "warning: " before one; the rule's code behind the code's name. */
static int
finding_text(const struct finding *finding, char *text, size_t size)
{
    const ProtobufCEnumValue *code =
        protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)finding->code);

    return snprintf(text, size, "%s%s%s%s %" PRIu32 " %s %s",
                    finding->severity == YUEBAO__SEVERITY__WARNING ? "warning: " : "", code->name,
                    finding->rule[0] == '\0' ? "" : " ", finding->rule, finding->indicator,
                    finding->found[0] == '\0' ? "-" : finding->found,
                    finding->bound[0] == '\0' ? "-" : finding->bound);
}

void
findings_text(const struct findings *findings, char text[EXPECTED_MAX])
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < findings->count; i++) {
        len += (size_t)snprintf(text + len, EXPECTED_MAX - len, "%s", i > 0 ? "; " : "");
        assert_true(len < EXPECTED_MAX);
        len += (size_t)finding_text(&findings->items[i], text + len, EXPECTED_MAX - len);
        assert_true(len < EXPECTED_MAX);
    }
}
