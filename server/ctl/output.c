#include "output.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define GAP 2 /* blanks between two columns on a terminal */

struct row {
    char **cells; /* as many as columns; of a heading only the first */
    bool heading;
};

struct output {
    const struct output_column *columns;
    size_t n;
    struct row *rows;
    size_t count, capacity, headings;
    bool nomem;
};

struct output *
output_new(const struct output_column *columns, size_t n)
{
    struct output *output = calloc(1, sizeof(*output));

    if (output != NULL) {
        output->columns = columns;
        output->n = n;
    }
    return output;
}

static void
free_row(const struct output *output, struct row *row)
{
    for (size_t i = 0; row->cells != NULL && i < output->n; i++)
        free(row->cells[i]);
    free(row->cells);
}

void
output_free(struct output *output)
{
    if (output == NULL)
        return;
    for (size_t i = 0; i < output->count; i++)
        free_row(output, &output->rows[i]);
    free(output->rows);
    free(output);
}

static bool
grow(struct output *output)
{
    if (output->count < output->capacity)
        return true;
    size_t capacity = output->capacity == 0 ? 64 : output->capacity * 2;
    struct row *rows = realloc(output->rows, capacity * sizeof(*rows));
    if (rows == NULL)
        return false;
    output->rows = rows;
    output->capacity = capacity;
    return true;
}

static void
append(struct output *output, const char *const *cells, size_t n, bool heading)
{
    struct row row = {calloc(output->n, sizeof(char *)), heading};
    bool ok = row.cells != NULL && grow(output);

    for (size_t i = 0; ok && i < n; i++)
        ok = cells[i] == NULL || (row.cells[i] = strdup(cells[i])) != NULL;
    if (ok) {
        output->rows[output->count++] = row;
        output->headings += heading;
    } else {
        free_row(output, &row);
        output->nomem = true;
    }
}

void
output_row(struct output *output, const char *const *cells)
{
    append(output, cells, output->n, false);
}

void
output_heading(struct output *output, const char *text)
{
    append(output, &text, 1, true);
}

size_t
output_count(const struct output *output)
{
    return output->count - output->headings;
}

/* ---- text --------------------------------------------------------------------------------------- */

#define SHOWN_MAX 400 /* bytes of a cell that has a widest; at most 4 a column, and an ellipsis */

/* The longest beginning of `text`, whole characters, that takes `widest` columns with an ellipsis behind it.
 */
static const char *
cut(const char *text, size_t widest, char buffer[SHOWN_MAX])
{
    size_t len = 0, next = 0;

    if (text_width(text) <= widest)
        return text;
    while (text[next] != '\0' && next < SHOWN_MAX - 8) {
        do
            next++;
        while (((unsigned char)text[next] & 0xC0) == 0x80);
        memcpy(buffer, text, next);
        buffer[next] = '\0';
        if (text_width(buffer) + 1 > widest)
            break;
        len = next;
    }
    strcpy(buffer + len, "…");
    return buffer;
}

/* What a cell shows on a terminal: booleans in the reader's words, long texts cut. Lives as long as `buffer`
 * and cell. */
static const char *
shown(const struct output_column *column, const char *cell, enum language language, char buffer[SHOWN_MAX])
{
    if (cell == NULL)
        return "";
    if (column->kind == CELL_BOOLEAN)
        return message_text(language, cell[0] == 't' ? MSG_ctl_yes : MSG_ctl_no);
    return column->widest == 0 ? cell : cut(cell, column->widest, buffer);
}

static size_t *
measure_columns(const struct output *output, enum language language)
{
    size_t *widths = calloc(output->n, sizeof(*widths));
    char buffer[SHOWN_MAX];

    for (size_t c = 0; widths != NULL && c < output->n; c++) {
        widths[c] = text_width(message_text(language, output->columns[c].title));
        for (size_t r = 0; r < output->count; r++) {
            if (output->rows[r].heading)
                continue;
            size_t width = text_width(shown(&output->columns[c], output->rows[r].cells[c], language, buffer));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    return widths;
}

static void
blanks(FILE *out, size_t n)
{
    while (n-- > 0)
        fputc(' ', out);
}

static bool
is_right(enum output_kind kind)
{
    return kind == CELL_INTEGER || kind == CELL_DECIMAL;
}

/* One cell; `*owed` are the blanks before it, carried over so that no line ends with any. */
static void
put_cell(FILE *out, const char *text, size_t width, bool right, size_t *owed)
{
    size_t pad = width - text_width(text);

    if (right)
        *owed += pad;
    if (text[0] != '\0') {
        blanks(out, *owed);
        fputs(text, out);
        *owed = 0;
    }
    *owed += GAP + (right ? 0 : pad);
}

static void
put_titles(const struct output *output, FILE *out, enum language language, const size_t *widths)
{
    size_t owed = 0;

    for (size_t c = 0; c < output->n; c++)
        put_cell(out, message_text(language, output->columns[c].title), widths[c],
                 is_right(output->columns[c].kind), &owed);
    fputc('\n', out);
}

static void
put_row(const struct output *output, const struct row *row, FILE *out, enum language language,
        const size_t *widths)
{
    size_t owed = 0;
    char buffer[SHOWN_MAX];

    for (size_t c = 0; c < output->n; c++)
        put_cell(out, shown(&output->columns[c], row->cells[c], language, buffer), widths[c],
                 is_right(output->columns[c].kind), &owed);
    fputc('\n', out);
}

static bool
write_text(const struct output *output, FILE *out, enum language language)
{
    size_t *widths = measure_columns(output, language);

    if (widths == NULL)
        return false;
    if (output->count == 0 || !output->rows[0].heading)
        put_titles(output, out, language, widths);
    for (size_t r = 0; r < output->count; r++) {
        if (!output->rows[r].heading) {
            put_row(output, &output->rows[r], out, language, widths);
            continue;
        }
        fprintf(out, "%s%s\n", r == 0 ? "" : "\n", output->rows[r].cells[0]);
        put_titles(output, out, language, widths);
    }
    free(widths);
    return true;
}

/* ---- CSV ---------------------------------------------------------------------------------------- */

static bool
put_csv_cell(FILE *out, const char *text, bool first)
{
    char *cell = table_cell(text, 1);

    if (cell == NULL)
        return false;
    fprintf(out, "%s%s", first ? "" : ",", cell);
    free(cell);
    return true;
}

static bool
write_csv(const struct output *output, FILE *out)
{
    bool ok = true, first = true;

    fputs("\xEF\xBB\xBF", out);
    for (size_t c = 0; c < output->n; c++) {
        if (output->columns[c].kind == CELL_PICTURE)
            continue;
        ok = ok && put_csv_cell(out, output->columns[c].key, first);
        first = false;
    }
    fputs("\r\n", out);
    for (size_t r = 0; ok && r < output->count; r++) {
        if (output->rows[r].heading)
            continue;
        first = true;
        for (size_t c = 0; ok && c < output->n; c++) {
            const char *cell = output->rows[r].cells[c];
            if (output->columns[c].kind == CELL_PICTURE)
                continue;
            ok = put_csv_cell(out, cell == NULL ? "" : cell, first);
            first = false;
        }
        fputs("\r\n", out);
    }
    return ok;
}

/* ---- JSON --------------------------------------------------------------------------------------- */

/* A new reference; NULL: no memory. */
static json_t *
json_cell(enum output_kind kind, const char *cell)
{
    if (cell == NULL)
        return json_null();
    if (kind == CELL_INTEGER)
        return json_integer(strtoll(cell, NULL, 10));
    if (kind == CELL_BOOLEAN)
        return json_boolean(cell[0] == 't');
    return json_string(cell);
}

static json_t *
json_row(const struct output *output, const struct row *row)
{
    json_t *object = json_object();

    for (size_t c = 0; object != NULL && c < output->n; c++) {
        const struct output_column *column = &output->columns[c];
        if (column->kind != CELL_PICTURE &&
            json_object_set_new(object, column->key, json_cell(column->kind, row->cells[c])) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static bool
write_json(const struct output *output, FILE *out)
{
    json_t *array = json_array();
    bool ok = array != NULL;

    for (size_t r = 0; ok && r < output->count; r++)
        ok = output->rows[r].heading || json_array_append_new(array, json_row(output, &output->rows[r])) == 0;
    ok = ok && json_dumpf(array, out, JSON_INDENT(2)) == 0;
    json_decref(array);
    fputc('\n', out);
    return ok;
}

int
output_write(const struct output *output, FILE *out, struct ctl *ctl)
{
    bool ok = !output->nomem;

    if (ok && ctl->format == OUTPUT_CSV)
        ok = write_csv(output, out);
    else if (ok && ctl->format == OUTPUT_JSON)
        ok = write_json(output, out);
    else if (ok)
        ok = write_text(output, out, ctl->language);
    return ok ? EX_OK : ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
}

int
output_result(const struct output_column *columns, size_t n, const PGresult *result, struct ctl *ctl)
{
    struct output *output = output_new(columns, n);
    const char *cells[64] = {NULL};

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++) {
        for (size_t c = 0; c < n && c < 64; c++)
            cells[c] = PQgetisnull(result, r, (int)c) ? NULL : PQgetvalue(result, r, (int)c);
        output_row(output, cells);
    }
    int status = output_write(output, stdout, ctl);
    output_free(output);
    return status;
}

/* Type numbers of PostgreSQL's pg_type.dat. */
static enum output_kind
kind_of_type(Oid type)
{
    switch (type) {
    case 16: /* boolean */
        return CELL_BOOLEAN;
    case 20: /* bigint */
    case 21: /* smallint */
    case 23: /* integer */
        return CELL_INTEGER;
    case 1700: /* numeric */
        return CELL_DECIMAL;
    default:
        return CELL_TEXT;
    }
}

int
output_data(const PGresult *result, struct ctl *ctl)
{
    size_t n = (size_t)PQnfields(result);
    struct output_column *columns = calloc(n == 0 ? 1 : n, sizeof(*columns));

    if (columns == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (size_t c = 0; c < n; c++)
        columns[c] = (struct output_column){PQfname(result, (int)c), MSG_ctl_col_value,
                                            kind_of_type(PQftype(result, (int)c)), 0};
    int status = output_result(columns, n, result, ctl);
    free(columns);
    return status;
}
