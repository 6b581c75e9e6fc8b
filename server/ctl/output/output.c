#include "output.h"

#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "xlsx.h"

#define GAP        2 /* blanks between two columns on a terminal */
#define LEAVES_MAX 8 /* the highest rank of a column that may leave */

enum row_kind { ROW_CELLS, ROW_HEADING, ROW_NOTE };

struct row {
    char **cells; /* as many as columns; of a heading or note only the first */
    enum row_kind kind;
};

struct output {
    const struct output_column *columns;
    size_t n;
    struct row *rows;
    size_t count, capacity, cell_rows;
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
append(struct output *output, const char *const *cells, size_t n, enum row_kind kind)
{
    struct row row = {calloc(output->n, sizeof(char *)), kind};
    bool ok = row.cells != NULL && grow(output);

    for (size_t i = 0; ok && i < n; i++)
        ok = cells[i] == NULL || (row.cells[i] = strdup(cells[i])) != NULL;
    if (ok) {
        output->rows[output->count++] = row;
        output->cell_rows += kind == ROW_CELLS;
    } else {
        free_row(output, &row);
        output->nomem = true;
    }
}

void
output_row(struct output *output, const char *const *cells)
{
    append(output, cells, output->n, ROW_CELLS);
}

void
output_heading(struct output *output, const char *text)
{
    append(output, &text, 1, ROW_HEADING);
}

void
output_note(struct output *output, const char *text)
{
    append(output, &text, 1, ROW_NOTE);
}

size_t
output_count(const struct output *output)
{
    return output->cell_rows;
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
    if (column->kind == CELL_INSTANT)
        return cell_instant(cell, true, buffer);
    return column->room.widest == 0 ? cell : cut(cell, column->room.widest, buffer);
}

/* 0: the column is left out. */
static size_t *
measure_columns(const struct output *output, enum language language)
{
    size_t *widths = calloc(output->n, sizeof(*widths));
    char buffer[SHOWN_MAX];

    for (size_t c = 0; widths != NULL && c < output->n; c++) {
        widths[c] = text_width(message_text(language, output->columns[c].title));
        for (size_t r = 0; r < output->count; r++) {
            if (output->rows[r].kind != ROW_CELLS)
                continue;
            size_t width = text_width(shown(&output->columns[c], output->rows[r].cells[c], language, buffer));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    return widths;
}

static size_t
total_width(const size_t *widths, size_t n)
{
    size_t total = 0, shown_columns = 0;

    for (size_t c = 0; c < n; c++) {
        total += widths[c];
        shown_columns += widths[c] > 0;
    }
    return total + (shown_columns > 0 ? (shown_columns - 1) * GAP : 0);
}

/* Cut texts, those that would leave first, until `excess` columns are saved or none can be cut further. */
static void
narrow(const struct output *output, size_t *widths, size_t excess)
{
    for (int rank = 1; rank <= LEAVES_MAX + 1; rank++)
        for (size_t c = 0; c < output->n; c++) {
            const struct output_column *column = &output->columns[c];
            if ((column->room.leaves == 0 ? LEAVES_MAX + 1 : column->room.leaves) != rank ||
                column->room.least == 0 || widths[c] <= column->room.least)
                continue;
            size_t spare = widths[c] - column->room.least, saved = spare < excess ? spare : excess;
            widths[c] -= saved;
            excess -= saved;
        }
}

/* Make the table fit `limit` columns (0: it need not): the fewest columns leave with which cutting is enough.
 */
static void
fit(const struct output *output, size_t *widths, size_t limit)
{
    for (int rank = 0; limit > 0 && rank <= LEAVES_MAX; rank++) {
        size_t least = 0;
        for (size_t c = 0; c < output->n; c++) {
            const struct output_column *column = &output->columns[c];
            if (rank > 0 && column->room.leaves == rank)
                widths[c] = 0;
            if (widths[c] > 0)
                least += GAP + (column->room.least > 0 && column->room.least < widths[c] ? column->room.least
                                                                                         : widths[c]);
        }
        if (least <= limit + GAP)
            break;
    }
    size_t total = total_width(widths, output->n);
    if (limit > 0 && total > limit)
        narrow(output, widths, total - limit);
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
    char narrowed[SHOWN_MAX];

    for (size_t c = 0; c < output->n; c++)
        if (widths[c] > 0)
            put_cell(out, cut(message_text(language, output->columns[c].title), widths[c], narrowed),
                     widths[c], is_right(output->columns[c].kind), &owed);
    fputc('\n', out);
}

static void
put_row(const struct output *output, const struct row *row, FILE *out, enum language language,
        const size_t *widths)
{
    size_t owed = 0;
    char buffer[SHOWN_MAX], narrowed[SHOWN_MAX];

    for (size_t c = 0; c < output->n; c++)
        if (widths[c] > 0)
            put_cell(out,
                     cut(shown(&output->columns[c], row->cells[c], language, buffer), widths[c], narrowed),
                     widths[c], is_right(output->columns[c].kind), &owed);
    fputc('\n', out);
}

static void
put_note(const char *text, FILE *out, size_t limit)
{
    char buffer[SHOWN_MAX];

    fprintf(out, "%*s%s\n", GAP, "", limit > GAP ? cut(text, limit - GAP, buffer) : text);
}

static bool
write_text(const struct output *output, FILE *out, enum language language, size_t limit)
{
    size_t *widths = measure_columns(output, language);

    if (widths == NULL)
        return false;
    fit(output, widths, limit);
    if (output->count == 0 || output->rows[0].kind != ROW_HEADING)
        put_titles(output, out, language, widths);
    for (size_t r = 0; r < output->count; r++) {
        const struct row *row = &output->rows[r];
        if (row->kind == ROW_CELLS) {
            put_row(output, row, out, language, widths);
        } else if (row->kind == ROW_NOTE) {
            put_note(row->cells[0], out, limit);
        } else {
            fprintf(out, "%s%s\n", r == 0 ? "" : "\n", row->cells[0]);
            put_titles(output, out, language, widths);
        }
    }
    free(widths);
    return true;
}

/* ---- CSV ---------------------------------------------------------------------------------------- */

static bool
write_csv(const struct output *output, FILE *out)
{
    bool ok = true, first = true;
    char buffer[CELL_INSTANT_MAX];

    fputs("\xEF\xBB\xBF", out);
    for (size_t c = 0; c < output->n; c++) {
        if (output->columns[c].kind == CELL_PICTURE)
            continue;
        ok = ok && cell_csv(out, output->columns[c].key, first, true);
        first = false;
    }
    fputs("\r\n", out);
    for (size_t r = 0; ok && r < output->count; r++) {
        if (output->rows[r].kind != ROW_CELLS)
            continue;
        first = true;
        for (size_t c = 0; ok && c < output->n; c++) {
            if (output->columns[c].kind == CELL_PICTURE)
                continue;
            ok = cell_csv(out, cell_data(output->columns[c].kind, output->rows[r].cells[c], buffer), first,
                          true);
            first = false;
        }
        fputs("\r\n", out);
    }
    return ok;
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static json_t *
json_row(const struct output *output, const struct row *row)
{
    json_t *object = json_object();

    for (size_t c = 0; object != NULL && c < output->n; c++) {
        const struct output_column *column = &output->columns[c];
        if (column->kind != CELL_PICTURE &&
            json_object_set_new(object, column->key, cell_json(column->kind, row->cells[c])) != 0) {
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
        ok = output->rows[r].kind != ROW_CELLS ||
             json_array_append_new(array, json_row(output, &output->rows[r])) == 0;
    ok = ok && json_dumpf(array, out, JSON_INDENT(2)) == 0;
    json_decref(array);
    fputc('\n', out);
    return ok;
}

/* ---- XLSX --------------------------------------------------------------------------------------- */

static int
write_xlsx(const struct output *output, struct ctl *ctl)
{
    if (ctl->workbook == NULL && (ctl->workbook = xlsx_new(ctl, ctl->xlsx)) == NULL)
        return ctl->status;
    bool ok = xlsx_sheet(ctl->workbook, ctl->command->name, output->columns, output->n);
    for (size_t r = 0; ok && r < output->count; r++)
        ok = output->rows[r].kind != ROW_CELLS ||
             xlsx_row(ctl->workbook, (const char *const *)output->rows[r].cells);
    xlsx_sheet_end(ctl->workbook);
    return ok ? EX_OK : ctl->status;
}

int
output_end(struct ctl *ctl, int status)
{
    if (ctl->workbook == NULL)
        return status;
    int written = xlsx_finish(ctl->workbook);
    ctl->workbook = NULL;
    if (written == EX_OK)
        ctl_say(ctl, MSG_ctl_xlsx_written, "file", ctl->xlsx, NULL);
    return written != EX_OK ? written : status;
}

int
output_write(const struct output *output, FILE *out, struct ctl *ctl)
{
    bool ok = !output->nomem;

    ctl->has_written = true;
    if (ok && ctl->format == OUTPUT_XLSX)
        return write_xlsx(output, ctl);
    if (ok && ctl->format == OUTPUT_CSV)
        ok = write_csv(output, out);
    else if (ok && ctl->format == OUTPUT_JSON)
        ok = write_json(output, out);
    else if (ok)
        ok = write_text(output, out, ctl->language, ctl->width);
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

int
output_data(const PGresult *result, struct ctl *ctl)
{
    size_t n = (size_t)PQnfields(result);
    struct output_column *columns = calloc(n == 0 ? 1 : n, sizeof(*columns));

    if (columns == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (size_t c = 0; c < n; c++)
        columns[c] = (struct output_column){.key = PQfname(result, (int)c),
                                            .title = MSG_ctl_col_value,
                                            .kind = cell_kind(PQftype(result, (int)c))};
    int status = output_result(columns, n, result, ctl);
    free(columns);
    return status;
}
