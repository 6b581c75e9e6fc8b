#include "outbox_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outbox_status
outbox_status_of(int rc)
{
    switch (rc & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OUTBOX_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return OUTBOX_BUSY;
    case SQLITE_NOMEM:
        return OUTBOX_NOMEM;
    case SQLITE_FULL:
        return OUTBOX_FULL;
    default:
        return OUTBOX_IO;
    }
}

enum outbox_status
outbox_run(struct outbox *outbox, const char *sql)
{
    return outbox_status_of(sqlite3_exec(outbox->db, sql, NULL, NULL, NULL));
}

struct query
query_new(struct outbox *outbox, const char *sql)
{
    struct query q = {NULL, SQLITE_OK, 1};

    q.rc = sqlite3_prepare_v2(outbox->db, sql, -1, &q.stmt, NULL);
    return q;
}

void
query_text(struct query *q, const char *text)
{
    if (q->rc == SQLITE_OK)
        q->rc = text == NULL ? sqlite3_bind_null(q->stmt, q->next++)
                             : sqlite3_bind_text(q->stmt, q->next++, text, -1, SQLITE_STATIC);
}

void
query_blob(struct query *q, const void *bytes, size_t len)
{
    if (q->rc == SQLITE_OK)
        q->rc = bytes == NULL ? sqlite3_bind_null(q->stmt, q->next++)
                              : sqlite3_bind_blob64(q->stmt, q->next++, bytes, len, SQLITE_STATIC);
}

void
query_number(struct query *q, uint64_t number)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_int64(q->stmt, q->next++, (sqlite3_int64)number);
}

bool
query_row(struct query *q)
{
    if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
        q->rc = sqlite3_step(q->stmt);
    return q->rc == SQLITE_ROW;
}

enum outbox_status
query_end(struct query *q)
{
    sqlite3_finalize(q->stmt);
    q->stmt = NULL;
    return outbox_status_of(q->rc);
}

enum outbox_status
query_run(struct query *q)
{
    (void)query_row(q);
    return query_end(q);
}

bool
row_copy_text(struct query *q, int column, char **ret_text)
{
    const unsigned char *text = sqlite3_column_text(q->stmt, column);

    *ret_text = strdup(text == NULL ? "" : (const char *)text);
    return *ret_text != NULL;
}

bool
row_copy_blob(struct query *q, int column, uint8_t **ret_bytes, size_t *ret_len)
{
    const void *bytes = sqlite3_column_blob(q->stmt, column);
    size_t len = (size_t)sqlite3_column_bytes(q->stmt, column);

    *ret_len = len;
    *ret_bytes = NULL;
    if (bytes == NULL)
        return true;
    *ret_bytes = malloc(len);
    if (*ret_bytes != NULL)
        memcpy(*ret_bytes, bytes, len);
    return *ret_bytes != NULL;
}

void
row_text(struct query *q, int column, char *text, size_t size)
{
    const unsigned char *from = sqlite3_column_text(q->stmt, column);

    snprintf(text, size, "%s", from == NULL ? "" : (const char *)from);
}

void
row_blob(struct query *q, int column, uint8_t *bytes, size_t size)
{
    const void *from = sqlite3_column_blob(q->stmt, column);

    if (from != NULL && (size_t)sqlite3_column_bytes(q->stmt, column) == size)
        memcpy(bytes, from, size);
}
