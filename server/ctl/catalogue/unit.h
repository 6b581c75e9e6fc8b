/*
 * unit: words for the codes of units, for forms that people fill in and tables that they read.
 */
#ifndef YUEBAOCTL_UNIT_H
#define YUEBAOCTL_UNIT_H

#include "messages.h"

#define UNIT_WORDS_MAX 65 /* bytes with NUL: import takes codes of up to 64 */

/* "pupils" is "人"; a code that is not known here stands for itself. Borrowed. */
const char *unit_zh(const char *code);

/* As people read it in a table: "%" of a ratio, in English "hours per teacher" of hours_per_teacher. `words`
 * may be what comes back. */
const char *unit_words(enum language language, const char *code, char words[UNIT_WORDS_MAX]);

#endif
