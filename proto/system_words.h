/*
 * system_words: what the system, the resolver and SQLite say in English, in the reader's language where it is
 * usual.
 */
#ifndef YUEBAO_SYSTEM_WORDS_H
#define YUEBAO_SYSTEM_WORDS_H

#include "messages.h"

/* The text itself when there is no other word for it. Borrowed: from `text`, or for ever. */
const char *system_words(enum language language, const char *text);

#endif
