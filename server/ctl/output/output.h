/*
 * output: one table, four ways to write it. Text for a terminal (aligned by text_width: a Chinese character
 * is two columns wide), CSV for a spreadsheet (UTF-8 with mark, CRLF, harmless cells), JSON for programs (an
 * array of objects), a sheet of an XLSX file.
 */
#ifndef YUEBAOCTL_OUTPUT_H
#define YUEBAOCTL_OUTPUT_H

#include "ctl.h"

enum output_kind {
    CELL_TEXT,
    CELL_INTEGER, /* right-aligned; a JSON number */
    CELL_DECIMAL, /* right-aligned; a JSON string, for binary fractions would not be exact */
    CELL_BOOLEAN, /* "t" and "f", as PostgreSQL prints them */
    CELL_PICTURE, /* on a terminal only: a bar */
    CELL_INSTANT, /* as PostgreSQL prints a timestamptz; written with its offset, as ISO 8601 in CSV and JSON
                   */
};

/* How a column takes part in fitting a table into ctl->width. */
struct output_room {
    size_t widest; /* columns on a terminal; longer texts are cut there, nowhere else. 0: never */
    size_t least;  /* in a table that is too wide, texts are cut down to this. 0: not these */
    int leaves;    /* when that is not enough, columns leave, 1 first. 0: stays */
};

struct output_column {
    const char *key;    /* in JSON and CSV: English, stable */
    enum message title; /* on a terminal */
    enum output_kind kind;
    struct output_room room;
};

struct output;

/* `columns` are borrowed until output_free. NULL: no memory. */
struct output *output_new(const struct output_column *columns, size_t n);
void output_free(struct output *output); /* accepts NULL */

/* Append a row of n texts, copied; NULL is an empty cell (null in JSON). Memory that runs out is remembered
 * until output_write. */
void output_row(struct output *output, const char *const *cells);

/* On a terminal: a line of its own above the rows that follow, say a plan's title. CSV and JSON leave it out.
 * Copied. */
void output_heading(struct output *output, const char *text);

/* On a terminal: a line of its own under the row before it, indented; cut at the table's width. Copied. */
void output_note(struct output *output, const char *text);

size_t output_count(const struct output *output); /* rows without headings and notes */

/* Write all of it to `out`, in ctl's format and language, or as the next sheet of ctl's workbook; EX_OK, or
 * an error that was reported. */
int output_write(const struct output *output, FILE *out, struct ctl *ctl) __attribute__((warn_unused_result));

/* At the very end: let the workbook appear, if there is one. `status`, or that of an error that was reported.
 */
int output_end(struct ctl *ctl, int status) __attribute__((warn_unused_result));

/*
 * A query's result for programs (CSV, JSON or XLSX): its column names are the keys, its types the kinds. To
 * stdout; EX_OK or reported.
 */
int output_data(const PGresult *result, struct ctl *ctl);

/* output_new + rows of a query's result + output_write to stdout + output_free. Columns in the result's
 * order. */
int output_result(const struct output_column *columns, size_t n, const PGresult *result, struct ctl *ctl);

#endif
