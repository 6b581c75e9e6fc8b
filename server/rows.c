#include "rows.h"

#include <stdlib.h>
#include <string.h>

bool
rows_init(struct rows *rows, size_t size, size_t capacity)
{
    *rows = (struct rows){.size = size, .capacity = capacity};
    rows->items = malloc(size * capacity);
    return rows->items != NULL;
}

void
rows_fini(struct rows *rows)
{
    free(rows->items);
    *rows = (struct rows){0};
}

bool
rows_add(struct rows *rows, const void *row)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity + rows->capacity / 2 + 16;
        void *items = realloc(rows->items, capacity * rows->size);
        if (items == NULL)
            return false;
        rows->items = items;
        rows->capacity = capacity;
    }
    memcpy((char *)rows->items + rows->count++ * rows->size, row, rows->size);
    return true;
}

const void *
rows_at(const struct rows *rows, size_t at)
{
    return (const char *)rows->items + at * rows->size;
}

size_t
rows_lower(const struct rows *rows, const void *key, rows_compare *compare)
{
    size_t low = 0, high = rows->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(key, rows_at(rows, middle)) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const void *
rows_find(const struct rows *rows, const void *key, rows_compare *compare)
{
    size_t at = rows_lower(rows, key, compare);
    const void *row = at < rows->count ? rows_at(rows, at) : NULL;

    return row != NULL && compare(key, row) == 0 ? row : NULL;
}
