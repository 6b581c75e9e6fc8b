/*
 * messages: every sentence that a clerk or an official can see, in English and Chinese, in one table
 * (messages.def).
 *
 * The wire carries codes and parameters; programs print sentences from here. Placeholders are named:
 * "{found}". A compiled-in table, not gettext: it speaks Chinese on a machine whose locale was never
 * generated.
 */
#ifndef YUEBAO_MESSAGES_H
#define YUEBAO_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "validate.h"

enum language { LANGUAGE_ZH, LANGUAGE_EN };

/* One name for each line of messages.def: MSG_saved, MSG_ABOVE_MAX ... */
enum message {
#define M(name, en, zh) MSG_##name,
#include "messages.def"
#undef M
    MESSAGE_COUNT
};

/* The sentence with its placeholders unfilled; borrowed, never NULL. */
const char *message_text(enum language language, enum message message);

/* A word of the contract ("filler", "primary", "monthly", "NOT_APPLICABLE"): lines W of messages.def. Others
 * stay as they are. */
const char *message_word(enum language language, const char *word);

/*
 * The sentence with placeholders filled from pairs (const char *name, const char *value), ended by NULL:
 *     message_print(stdout, lang, MSG_saved, "period", "2026-10", NULL);
 * A placeholder without a pair stays as it is. No newline is added.
 */
void message_print(FILE *out, enum language language, enum message message, ...) __attribute__((sentinel));
/* The same into malloc'd memory that the caller frees; NULL: no memory. */
char *message_format(enum language language, enum message message, ...) __attribute__((sentinel));

/*
 * One finding as a sentence, malloc'd: the words of its code with {indicator} (name in the language),
 * {found}, {bound} (words of the contract and names of forms in the language), {rule} (the rule's own
 * message). A rule that warns has other words than one that refuses. `catalogue` may be NULL: then the number
 * stands for the name. NULL: no memory.
 */
char *message_of_finding(enum language language, const struct finding *finding,
                         const struct catalogue *catalogue);
/* The same of a warning whose reason stands in the report already: what, but no call for a reason. */
char *message_of_explained(enum language language, const struct finding *finding,
                           const struct catalogue *catalogue);
/* The four reasons for a missing figure, in the language, as one list: malloc'd; NULL: no memory. */
char *message_reasons(enum language language);
/* The sentence of a finding's code; MSG_FINDING_UNKNOWN for a code from a newer server. */
enum message message_of_code(Yuebao__FindingCode code);

/* "zh", "en" (and locale names such as zh_CN.UTF-8). false: neither. */
bool language_parse(const char *text, enum language *ret_language) __attribute__((warn_unused_result));
/* From LC_ALL, LC_MESSAGES, LANG; `fallback` when they name neither. */
enum language language_of_environment(enum language fallback);

/* Columns that UTF-8 text takes on a terminal: CJK are two wide. For tables. */
size_t text_width(const char *utf8);

#endif
