/*
 * outbox_query: statements of the outbox's database: prepare, bind in order, step, read a row. Only outbox*.c
 * include this.
 *
 *     struct query q = query_new(outbox, "SELECT value FROM setting WHERE name = ?");
 *     query_text(&q, name);
 *     if (query_row(&q)) ...
 *     return query_end(&q);
 *
 * A failure is remembered: whatever follows does nothing, and query_end tells it.
 */
#ifndef YUEBAO_OUTBOX_QUERY_H
#define YUEBAO_OUTBOX_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox.h"

struct outbox {
    sqlite3 *db;
    char error[160]; /* of what was undone: to undo it makes SQLite forget */
};

struct query {
    sqlite3_stmt *stmt;
    int rc;   /* SQLite's, of the last step */
    int next; /* parameter to bind */
};

/* What SQLite's result means for a caller of outbox.h. */
enum outbox_status outbox_status_of(int rc);
/* Constant statements without parameters. */
enum outbox_status outbox_run(struct outbox *outbox, const char *sql);

/* `sql` is constant; what is bound is borrowed until query_end. */
struct query query_new(struct outbox *outbox, const char *sql);
void query_text(struct query *q, const char *text);              /* NULL binds NULL */
void query_blob(struct query *q, const void *bytes, size_t len); /* NULL binds NULL */
void query_number(struct query *q, uint64_t number);
bool query_row(struct query *q); /* true: a row is there to be read */
enum outbox_status query_end(struct query *q);
enum outbox_status query_run(struct query *q); /* for a statement that returns no rows; ends it */

/* A column of the row. Copies are malloc'd for the caller; false: no memory. */
bool row_copy_text(struct query *q, int column, char **ret_text);
bool row_copy_blob(struct query *q, int column, uint8_t **ret_bytes, size_t *ret_len);
/* Into a place of fixed size; lengths of blobs are held by CHECK constraints. */
void row_text(struct query *q, int column, char *text, size_t size);
void row_blob(struct query *q, int column, uint8_t *bytes, size_t size);

#endif
