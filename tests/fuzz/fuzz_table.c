/*
 * Any bytes as a spreadsheet's file: what is read is clean and trimmed, in ascending rows; written as CSV
 * again, it reads the same.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const known_words[] = {"指标", "数值", "学校", "indicator", "value", NULL};

static void
check_rows(const struct table *table)
{
    size_t line = 0;

    assert(table->count > 0);
    for (size_t i = 0; i < table->count; i++) {
        const struct table_row *row = &table->rows[i];
        size_t filled = 0;

        assert(row->line > line && row->count > 0);
        line = row->line;
        for (size_t k = 0; k < row->count; k++) {
            size_t len = strlen(row->cells[k]);

            assert(gate_text_is_clean((const uint8_t *)row->cells[k], len));
            assert(len == 0 || (row->cells[k][0] != ' ' && row->cells[k][len - 1] != ' '));
            filled += len > 0;
        }
        assert(filled > 0);
    }
}

/* As CSV in malloc'd memory, UTF-8 with its mark, so that nothing has to be guessed. */
static char *
write_again(const struct table *table, size_t *ret_len)
{
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, ret_len);

    fputs("\xef\xbb\xbf", out);
    for (size_t i = 0; i < table->count; i++) {
        for (size_t k = 0; k < table->rows[i].count; k++) {
            char *cell = table_cell(table->rows[i].cells[k], 0);

            fprintf(out, "%s%s", k > 0 ? "," : "", cell);
            free(cell);
        }
        fputs("\r\n", out);
    }
    fclose(out);
    return bytes;
}

static void
check_equal(const struct table *a, const struct table *b)
{
    assert(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert(a->rows[i].count == b->rows[i].count);
        for (size_t k = 0; k < a->rows[i].count; k++)
            assert(strcmp(a->rows[i].cells[k], b->rows[i].cells[k]) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct table *table, *again;
    struct table_error error = {0};
    char *bytes;
    size_t len;

    if (table_read(data, size, known_words, &table, &error) != TABLE_OK) {
        assert(error.line <= size + 1);
        return 0;
    }
    check_rows(table);
    bytes = write_again(table, &len);
    if (table_read((const uint8_t *)bytes, len, known_words, &again, &error) != TABLE_OK)
        abort();
    check_equal(table, again);
    table_free(again);
    free(bytes);
    table_free(table);
    return 0;
}
