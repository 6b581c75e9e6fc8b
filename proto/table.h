/*
 * table: rows of text cells from the bytes of a spreadsheet's CSV file. Bytes in, cells out; no I/O.
 *
 * Here, and not in client/, because the clerk's sheet and the administrator's import read the same kind of
 * file. Parsing is libcsv's in strict mode (an unclosed quote is an error, it does not swallow the file).
 *
 * Encodings in order: a byte-order mark (UTF-8, UTF-16 LE and BE); valid UTF-8; GB18030. Some texts are valid
 * in both of the last two: the reading whose header row has more of the known words wins. UTF-16 without a
 * mark is known by the zero bytes of its ASCII. Files are comma-separated or tab-separated ("Unicode text"):
 * the header row decides. Cells come out as clean UTF-8 without surrounding blanks (also U+3000 and U+00A0),
 * a line end or tab inside as one space; rows whose cells are all empty are left out but counted, so that row
 * numbers are those that the spreadsheet shows. Line ends are CRLF, LF or CR.
 */
#ifndef YUEBAO_TABLE_H
#define YUEBAO_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_BYTES_MAX (64u * 1024u * 1024u)

struct table_row {
    size_t line; /* row number as a spreadsheet shows it, from 1 (the header is usually 1) */
    size_t count;
    char **cells; /* NUL-terminated UTF-8 */
};

struct table {
    size_t count; /* rows, the header among them */
    struct table_row *rows;
};

enum table_status {
    TABLE_OK,
    TABLE_NOMEM,
    TABLE_EMPTY, /* no row with a cell */
    TABLE_TOO_LARGE,
    TABLE_ENCODING, /* neither UTF-8 nor GB18030 nor UTF-16, or NUL or control characters in a cell */
    TABLE_QUOTES,   /* not CSV: a quote that does not close, or text behind a closing quote */
};

struct table_error {
    size_t line; /* row where it happened, 0 if unknown */
};

/*
 * known_words  NULL-terminated list of words that a header may have, in all languages; borrowed; may be NULL
 * ret_error    set on errors only; may be NULL
 */
enum table_status table_read(const uint8_t *bytes, size_t len, const char *const *known_words,
                             struct table **ret_table, struct table_error *ret_error)
    __attribute__((warn_unused_result));
void table_free(struct table *table); /* accepts NULL */

/*
 * One cell as CSV in malloc'd memory: quoted where needed; with `harmless`, text that begins with = + - @ tab
 * or CR and is not a number gets a leading apostrophe. NULL: no memory.
 */
char *table_cell(const char *text, int harmless);

#endif
