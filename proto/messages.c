#include "messages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "period.h"

static const struct {
    const char *en, *zh;
} sentences[MESSAGE_COUNT] = {
#define M(name, en, zh) [MSG_##name] = {en, zh},
#include "messages.def"
#undef M
};

const char *
message_text(enum language language, enum message message)
{
    return language == LANGUAGE_ZH ? sentences[message].zh : sentences[message].en;
}

const char *
message_word(enum language language, const char *word)
{
    static const struct {
        const char *word;
        enum message message;
    } words[] = {
#define M(name, en, zh)
#define W(name, en, zh) {#name, MSG_word_##name},
#include "messages.def"
#undef M
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, word) == 0)
            return message_text(language, words[i].message);
    }
    return word;
}

/* ---- filling placeholders ----------------------------------------------------------------------- */

/* The value that `pairs` give for the name of `len` bytes; NULL: none. */
static const char *
value_of(const char *name, size_t len, va_list pairs)
{
    const char *value = NULL, *key;
    va_list walk;

    va_copy(walk, pairs);
    while (value == NULL && (key = va_arg(walk, const char *)) != NULL) {
        const char *candidate = va_arg(walk, const char *);

        if (strlen(key) == len && memcmp(key, name, len) == 0)
            value = candidate;
    }
    va_end(walk);
    return value;
}

/* One pass: a value that itself contains braces is not filled again. */
static void
fill(FILE *out, const char *text, va_list pairs)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        const char *end, *value;

        fwrite(text, 1, plain, out);
        text += plain;
        end = strchr(text, '}');
        if (end == NULL) {
            fputs(text, out);
            return;
        }
        value = value_of(text + 1, (size_t)(end - text) - 1, pairs);
        if (value != NULL)
            fputs(value, out);
        else
            fwrite(text, 1, (size_t)(end - text) + 1, out);
        text = end + 1;
    }
}

void
message_print(FILE *out, enum language language, enum message message, ...)
{
    va_list pairs;

    va_start(pairs, message);
    fill(out, message_text(language, message), pairs);
    va_end(pairs);
}

char *
message_format(enum language language, enum message message, ...)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    va_list pairs;
    bool whole;

    if (out == NULL)
        return NULL;
    va_start(pairs, message);
    fill(out, message_text(language, message), pairs);
    va_end(pairs);
    whole = !ferror(out);
    if (fclose(out) == 0 && whole)
        return text;
    free(text);
    return NULL;
}

/* ---- findings ----------------------------------------------------------------------------------- */

enum message
message_of_code(Yuebao__FindingCode code)
{
    switch (code) {
#define M(name, en, zh)
#define F(name, en, zh)                                                                                      \
    case YUEBAO__FINDING_CODE__##name:                                                                       \
        return MSG_##name;
#include "messages.def"
#undef M
    case YUEBAO__FINDING_CODE__FINDING_NONE:
    case _YUEBAO__FINDING_CODE_IS_INT_SIZE:
        break;
    }
    return MSG_FINDING_UNKNOWN;
}

/* A period of the frequency that `name` names, for a person who wrote something else. */
static const char *
example_of(const char *name)
{
    static const char *const examples[] = {
        [DAILY] = "2026-10-31",  [WEEKLY] = "2026-W44", [MONTHLY] = "2026-10",
        [QUARTERLY] = "2026-Q4", [TERMLY] = "2026-S1",  [YEARLY] = "2026",
    };
    enum frequency frequency;

    return frequency_parse(name, &frequency) ? examples[frequency] : "2026-10";
}

/* What a parameter says in the language: a word of the contract, a form's name, or itself. */
static const char *
parameter(enum language language, const char *text, const struct catalogue *catalogue)
{
    const struct form *form = catalogue == NULL ? NULL : catalogue_form(catalogue, text);

    if (form != NULL)
        return language == LANGUAGE_ZH ? form->message->name_zh : form->message->name_en;
    return message_word(language, text);
}

/* The indicator's name, malloc'd: its number stands for it where the catalogue does not know it. */
static char *
indicator_name(enum language language, uint32_t number, const struct catalogue *catalogue)
{
    const Yuebao__Indicator *indicator = catalogue == NULL ? NULL : catalogue_indicator(catalogue, number);
    char digits[11];

    if (number == 0)
        return strdup("");
    if (indicator != NULL)
        return strdup(language == LANGUAGE_ZH ? indicator->name_zh : indicator->name_en);
    snprintf(digits, sizeof(digits), "%" PRIu32, number);
    return message_format(language, MSG_indicator_by_number, "number", digits, NULL);
}

char *
message_reasons(enum language language)
{
    const char *between = language == LANGUAGE_ZH ? "、" : ", ";
    char *list = NULL;

    if (asprintf(&list, "%s%s%s%s%s%s%s", message_text(language, MSG_word_NOT_APPLICABLE), between,
                 message_text(language, MSG_word_NOT_YET_KNOWN), between,
                 message_text(language, MSG_word_NOT_COLLECTED), between,
                 message_text(language, MSG_word_REFUSED)) < 0)
        return NULL;
    return list;
}

/* "2019-09-01/..", a school's life, as people say it; malloc'd. Any other text is itself. */
static char *
lifetime(enum language language, const char *interval)
{
    const char *slash = strchr(interval, '/');
    char opened[FINDING_TEXT_MAX];

    if (slash == NULL)
        return strdup(interval);
    snprintf(opened, sizeof(opened), "%.*s", (int)(slash - interval), interval);
    return message_format(language, strcmp(slash, "/..") == 0 ? MSG_life_open : MSG_life_closed, "opened",
                          opened, "closed", slash + 1, NULL);
}

/* A broken rule refuses, or asks for a reason if it has none yet; every other code says one thing. */
static enum message
sentence_of(const struct finding *finding, bool explained)
{
    if (explained && finding->code == YUEBAO__FINDING_CODE__RULE_BROKEN)
        return MSG_rule_explained;
    if (explained && finding->code == YUEBAO__FINDING_CODE__UNLIKE_PAST)
        return MSG_unlike_past_explained;
    if (finding->code == YUEBAO__FINDING_CODE__RULE_BROKEN && finding->severity == YUEBAO__SEVERITY__WARNING)
        return MSG_rule_warned;
    return message_of_code(finding->code);
}

static char *
finding_in_words(enum language language, const struct finding *finding, bool explained,
                 const struct catalogue *catalogue)
{
    char *name = indicator_name(language, finding->indicator, catalogue);
    char *reasons = message_reasons(language), *life = lifetime(language, finding->bound), *text = NULL;
    const Yuebao__Rule *rule = catalogue == NULL ? NULL : catalogue_rule(catalogue, finding->rule);
    const char *rule_text = rule == NULL              ? finding->rule
                            : language == LANGUAGE_ZH ? rule->message_zh
                                                      : rule->message_en;
    char code[12];

    snprintf(code, sizeof(code), "%d", (int)finding->code);
    if (name != NULL && reasons != NULL && life != NULL)
        text = message_format(language, sentence_of(finding, explained), "indicator", name, "found",
                              parameter(language, finding->found, catalogue), "bound",
                              parameter(language, finding->bound, catalogue), "rule", rule_text, "code", code,
                              "example", example_of(finding->bound), "reasons", reasons, "life", life, NULL);
    free(name);
    free(reasons);
    free(life);
    return text;
}

char *
message_of_finding(enum language language, const struct finding *finding, const struct catalogue *catalogue)
{
    return finding_in_words(language, finding, false, catalogue);
}

char *
message_of_explained(enum language language, const struct finding *finding, const struct catalogue *catalogue)
{
    return finding_in_words(language, finding, true, catalogue);
}

/* ---- languages and terminals -------------------------------------------------------------------- */

bool
language_parse(const char *text, enum language *ret_language)
{
    if (strncmp(text, "zh", 2) != 0 && strncmp(text, "en", 2) != 0)
        return false;
    if (text[2] != '\0' && strchr("_-.@", text[2]) == NULL)
        return false;
    *ret_language = text[0] == 'z' ? LANGUAGE_ZH : LANGUAGE_EN;
    return true;
}

enum language
language_of_environment(enum language fallback)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    enum language language = fallback;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);

        if (value == NULL || value[0] == '\0')
            continue;
        return language_parse(value, &language) ? language : fallback;
    }
    return fallback;
}

/* Code points that take two columns or none, in ascending ranges. Source: Unicode 15, EastAsianWidth W and F;
 * category Mn. */
static const struct {
    uint32_t first, last;
    unsigned width;
} widths[] = {
    {0x0300, 0x036f, 0}, {0x1100, 0x115f, 2},   {0x200b, 0x200f, 0},   {0x2e80, 0x303e, 2},
    {0x3041, 0x33ff, 2}, {0x3400, 0x4dbf, 2},   {0x4e00, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
    {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},   {0xff01, 0xff60, 2},
    {0xffe0, 0xffe6, 2}, {0x1f300, 0x1f64f, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
};

static unsigned
width_of(uint32_t point)
{
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        if (point >= widths[i].first && point <= widths[i].last)
            return widths[i].width;
    }
    return 1;
}

size_t
text_width(const char *utf8)
{
    const uint8_t *byte = (const uint8_t *)utf8;
    size_t width = 0;

    while (*byte != 0) {
        uint32_t point = *byte < 0x80   ? *byte
                         : *byte < 0xe0 ? *byte & 0x1fu
                         : *byte < 0xf0 ? *byte & 0x0fu
                                        : *byte & 0x07u;

        for (byte++; (*byte & 0xc0u) == 0x80; byte++)
            point = point << 6 | (*byte & 0x3fu);
        width += width_of(point);
    }
    return width;
}
