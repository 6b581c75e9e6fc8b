/*
 * cell: one cell of a table for programs. What a table and a stream of rows have in common.
 */
#ifndef YUEBAOCTL_CELL_H
#define YUEBAOCTL_CELL_H

#include <jansson.h>

#include "output.h"

#define CELL_INSTANT_MAX 64 /* bytes of an instant as text, its NUL among them */

/*
 * PostgreSQL's "2026-11-29 06:57:03.25+08" as "2026-11-29T06:57:03+08:00", or for people as "2026-11-29 06:57
 * +08:00". What does not look like it stays as it is. Lives as long as `buffer` and text.
 */
const char *cell_instant(const char *text, bool for_people, char buffer[CELL_INSTANT_MAX]);

/* What CSV has in it: nothing for NULL, else the text. Lives as long as `buffer` and cell. */
const char *cell_data(enum output_kind kind, const char *cell, char buffer[CELL_INSTANT_MAX]);

/* Write one cell of CSV, and the comma before it unless it is the row's first; `harmless` as in table_cell().
 * false: no memory. */
bool cell_csv(FILE *out, const char *text, bool first, bool harmless) __attribute__((warn_unused_result));

/* The same value as JSON text, without a tree of objects: for streams of millions. `cell` is valid UTF-8. */
void cell_json_text(FILE *out, enum output_kind kind, const char *cell);

/* A new reference; NULL: no memory. */
json_t *cell_json(enum output_kind kind, const char *cell) __attribute__((warn_unused_result));

/* The kind of a query's column, by its PostgreSQL type. */
enum output_kind cell_kind(Oid type);

#endif
