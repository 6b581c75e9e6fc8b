/* The words of a sheet: names of columns and of reasons, in the languages that a clerk may write. Inside the
 * sheet's room only. */
#ifndef YUEBAO_SHEET_WORDS_H
#define YUEBAO_SHEET_WORDS_H

#include "sheet.h"

#define SHEET_KNOWN_WORDS (SHEET_COLUMNS * 7 + 1) /* with the NULL at the end */

/* COLUMN_NONE: no column has this name. Latin letters in either case. */
enum sheet_column sheet_column_of(const char *word);

/* Every word that a header may have, NULL at the end: for table_read() to tell encodings apart. Borrowed. */
void sheet_known_words(const char *ret_words[SHEET_KNOWN_WORDS]);

/* "不适用", "not applicable", "NOT_APPLICABLE", "1"; false: none of the four reasons. */
bool sheet_reason_of(const char *word, Yuebao__MissingReason *ret_reason) __attribute__((warn_unused_result));

/* "不适用"; "" for none of the four. Borrowed. */
const char *sheet_reason_name(enum language language, Yuebao__MissingReason reason);

#endif
