/*
 * binary: PostgreSQL's binary forms, written into one growing buffer: fields, one-dimensional arrays, COPY
 * streams.
 *
 * A field of a COPY row and an element of an array look the same: be32(length) and the value's bytes, length
 * -1 for NULL. So one set of functions writes both. Dates and instants travel relative to 2000-01-01.
 *
 * When memory runs out the buffer remembers it in `failed`, takes nothing more, and the writer checks once at
 * the end. Source: PostgreSQL manual, "COPY, Binary Format"; array_recv and date_recv in its sources.
 */
#ifndef YUEBAO_BINARY_H
#define YUEBAO_BINARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Type numbers, fixed for ever in PostgreSQL's pg_type. */
enum binary_type {
    BINARY_BOOL = 16,
    BINARY_BYTEA = 17,
    BINARY_INT8 = 20,
    BINARY_INT2 = 21,
    BINARY_INT4 = 23,
    BINARY_TEXT = 25,
    BINARY_DATE = 1082,
    BINARY_TIMESTAMPTZ = 1184,
};

struct binary {
    uint8_t *bytes;
    size_t len, capacity;
    bool failed; /* no memory: the content is not whole */
};

/* A zeroed struct is an empty buffer. */
void binary_fini(struct binary *binary);
void binary_clear(struct binary *binary); /* empty again, memory kept */

/* Without a length in front. */
void binary_raw(struct binary *binary, const void *bytes, size_t len);
void binary_raw16(struct binary *binary, int16_t number);
void binary_raw32(struct binary *binary, int32_t number);
void binary_raw64(struct binary *binary, int64_t number);
void binary_raw_date(struct binary *binary, int32_t day); /* days since 1970-01-01 */

/* Fields or elements. */
void binary_null(struct binary *binary);
void binary_bool(struct binary *binary, bool value);
void binary_int2(struct binary *binary, int16_t value);
void binary_int4(struct binary *binary, int32_t value);
void binary_int8(struct binary *binary, int64_t value);
void binary_bytes(struct binary *binary, const void *bytes, size_t len); /* bytea, and text in UTF-8 */
void binary_text(struct binary *binary, const char *text);
void binary_date(struct binary *binary, int32_t day);    /* days since 1970-01-01 */
void binary_instant(struct binary *binary, uint64_t ms); /* milliseconds since 1970-01-01 */

/* The head of an array without dimensions other than one, lower bound 1; `count` elements follow. Elements
 * may be NULL. */
void binary_array(struct binary *binary, enum binary_type type, size_t count);

/* An array as a field: open it, write the array, close it, and its length stands in front. */
size_t binary_field_open(struct binary *binary);
void binary_field_close(struct binary *binary, size_t opened);

/* A COPY stream: header, then rows (each `fields` fields), then trailer. */
void binary_copy_header(struct binary *binary);
void binary_copy_row(struct binary *binary, int16_t fields);
void binary_copy_trailer(struct binary *binary);

/* Reading values of a result; `bytes` as PQgetvalue gives them. */
int16_t binary_get16(const char *bytes);
int32_t binary_get32(const char *bytes);
int64_t binary_get64(const char *bytes);
int32_t binary_get_day(const char *bytes); /* of a date: days since 1970-01-01 */
uint64_t
binary_get_instant(const char *bytes); /* of a timestamptz: milliseconds since 1970-01-01, 0 if before */

#endif
