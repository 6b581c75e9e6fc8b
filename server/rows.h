/*
 * rows: growing arrays of rows of one size, sorted or not. No I/O.
 *
 * A row is a copy of what was added; pointers to rows hold until the next one is added.
 */
#ifndef YUEBAO_ROWS_H
#define YUEBAO_ROWS_H

#include <stdbool.h>
#include <stddef.h>

struct rows {
    void *items;
    size_t count, capacity, size; /* size of a row, in bytes */
};

/* Room for `capacity` rows of `size` bytes. false: no memory. */
bool rows_init(struct rows *rows, size_t size, size_t capacity) __attribute__((warn_unused_result));
void rows_fini(struct rows *rows); /* a zeroed struct too */

/* false: no memory. */
bool rows_add(struct rows *rows, const void *row) __attribute__((warn_unused_result));
const void *rows_at(const struct rows *rows, size_t at);

/* Less than, equal to or greater than 0, as `key` stands before, at or behind the row. */
typedef int rows_compare(const void *key, const void *row);

/* In rows that ascend: the place of the first one that does not stand before the key; `count` if all do. */
size_t rows_lower(const struct rows *rows, const void *key, rows_compare *compare);
/* The first row that equals the key, or NULL. */
const void *rows_find(const struct rows *rows, const void *key, rows_compare *compare);

#endif
