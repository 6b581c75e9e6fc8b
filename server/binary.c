#include "binary.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_1970_TO_2000    10957
#define SECONDS_1970_TO_2000 INT64_C(946684800)
#define FIRST_CAPACITY       4096u

void
binary_fini(struct binary *b)
{
    free(b->bytes);
    *b = (struct binary){0};
}

void
binary_clear(struct binary *b)
{
    b->len = 0;
    b->failed = false;
}

/* Room for `len` more bytes, or NULL. */
static uint8_t *
binary_room(struct binary *b, size_t len)
{
    size_t capacity = b->capacity == 0 ? FIRST_CAPACITY : b->capacity;
    uint8_t *bytes;

    if (b->failed)
        return NULL;
    while (capacity - b->len < len)
        capacity *= 2;
    if (capacity != b->capacity) {
        bytes = realloc(b->bytes, capacity);
        if (bytes == NULL) {
            b->failed = true;
            return NULL;
        }
        b->bytes = bytes;
        b->capacity = capacity;
    }
    b->len += len;
    return b->bytes + b->len - len;
}

void
binary_raw(struct binary *b, const void *bytes, size_t len)
{
    uint8_t *room = binary_room(b, len);

    if (room != NULL && len > 0)
        memcpy(room, bytes, len);
}

void
binary_raw16(struct binary *b, int16_t number)
{
    uint16_t big = htobe16((uint16_t)number);

    binary_raw(b, &big, sizeof(big));
}

void
binary_raw32(struct binary *b, int32_t number)
{
    uint32_t big = htobe32((uint32_t)number);

    binary_raw(b, &big, sizeof(big));
}

void
binary_raw64(struct binary *b, int64_t number)
{
    uint64_t big = htobe64((uint64_t)number);

    binary_raw(b, &big, sizeof(big));
}

void
binary_null(struct binary *b)
{
    binary_raw32(b, -1);
}

void
binary_bool(struct binary *b, bool value)
{
    uint8_t byte = value ? 1 : 0;

    binary_bytes(b, &byte, sizeof(byte));
}

void
binary_int2(struct binary *b, int16_t value)
{
    binary_raw32(b, sizeof(value));
    binary_raw16(b, value);
}

void
binary_int4(struct binary *b, int32_t value)
{
    binary_raw32(b, sizeof(value));
    binary_raw32(b, value);
}

void
binary_int8(struct binary *b, int64_t value)
{
    binary_raw32(b, sizeof(value));
    binary_raw64(b, value);
}

void
binary_bytes(struct binary *b, const void *bytes, size_t len)
{
    binary_raw32(b, (int32_t)len);
    binary_raw(b, bytes, len);
}

void
binary_text(struct binary *b, const char *text)
{
    binary_bytes(b, text, strlen(text));
}

void
binary_raw_date(struct binary *b, int32_t day)
{
    binary_raw32(b, day - DAYS_1970_TO_2000);
}

void
binary_date(struct binary *b, int32_t day)
{
    binary_int4(b, day - DAYS_1970_TO_2000);
}

void
binary_instant(struct binary *b, uint64_t ms)
{
    binary_int8(b, ((int64_t)ms - SECONDS_1970_TO_2000 * 1000) * 1000);
}

void
binary_array(struct binary *b, enum binary_type type, size_t count)
{
    binary_raw32(b, count == 0 ? 0 : 1); /* dimensions: an empty array has none */
    binary_raw32(b, 1);                  /* there may be NULLs */
    binary_raw32(b, (int32_t)type);
    if (count == 0)
        return;
    binary_raw32(b, (int32_t)count);
    binary_raw32(b, 1); /* lower bound */
}

size_t
binary_field_open(struct binary *b)
{
    binary_raw32(b, 0);
    return b->len;
}

void
binary_field_close(struct binary *b, size_t opened)
{
    uint32_t big = htobe32((uint32_t)(b->len - opened));

    if (!b->failed)
        memcpy(b->bytes + opened - sizeof(big), &big, sizeof(big));
}

void
binary_copy_header(struct binary *b)
{
    static const char signature[11] = "PGCOPY\n\377\r\n"; /* with its NUL */

    binary_raw(b, signature, sizeof(signature));
    binary_raw32(b, 0); /* flags */
    binary_raw32(b, 0); /* bytes of header extension */
}

void
binary_copy_row(struct binary *b, int16_t fields)
{
    binary_raw16(b, fields);
}

void
binary_copy_trailer(struct binary *b)
{
    binary_raw16(b, -1);
}

int16_t
binary_get16(const char *bytes)
{
    uint16_t big;

    memcpy(&big, bytes, sizeof(big));
    return (int16_t)be16toh(big);
}

int32_t
binary_get32(const char *bytes)
{
    uint32_t big;

    memcpy(&big, bytes, sizeof(big));
    return (int32_t)be32toh(big);
}

int64_t
binary_get64(const char *bytes)
{
    uint64_t big;

    memcpy(&big, bytes, sizeof(big));
    return (int64_t)be64toh(big);
}

int32_t
binary_get_day(const char *bytes)
{
    return binary_get32(bytes) + DAYS_1970_TO_2000;
}

uint64_t
binary_get_instant(const char *bytes)
{
    int64_t ms = binary_get64(bytes) / 1000 + SECONDS_1970_TO_2000 * 1000;

    return ms < 0 ? 0 : (uint64_t)ms;
}
