#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "import.h"
#include "output.h"

void
import_fault(struct import *import, const char *file, size_t line, const char *column, const char *value,
             char *text)
{
    struct fault *faults = realloc(import->faults, (import->n_faults + 1) * sizeof(*faults));
    char *copy = strdup(value == NULL ? "" : value);

    if (faults == NULL || copy == NULL || text == NULL)
        abort();
    faults[import->n_faults++] = (struct fault){file, line, column, copy, text};
    import->faults = faults;
}

/* The name of the query's column, "" beyond its last. */
static const char *
field(const PGresult *result, int column)
{
    return column < PQnfields(result) ? PQfname(result, column) : "";
}

static const char *
cell(const PGresult *result, int row, int column)
{
    return column < PQnfields(result) ? PQgetvalue(result, row, column) : "";
}

bool
import_forbid(struct import *import, const char *sql, const char *column, enum message message)
{
    PGresult *result = db_query(import->ctl, sql, 0, NULL);

    for (int r = 0; result != NULL && r < PQntuples(result); r++) {
        const struct sheet *sheet = &import->sheets[strtoul(PQgetvalue(result, r, 0), NULL, 10)];
        char *text = import_text(import, message, field(result, 3), cell(result, r, 3), field(result, 4),
                                 cell(result, r, 4), field(result, 5), cell(result, r, 5), NULL);
        import_fault(import, sheet->path, strtoul(PQgetvalue(result, r, 1), NULL, 10), column,
                     PQgetvalue(result, r, 2), text);
    }
    PQclear(result);
    return result != NULL;
}

static void
say_fault(const struct import *import, const struct fault *fault)
{
    char line[24];

    snprintf(line, sizeof(line), "%zu", fault->line);
    enum message shape = fault->line == 0          ? MSG_ctl_fault_file
                         : fault->column == NULL   ? MSG_ctl_fault_row
                         : fault->value[0] == '\0' ? MSG_ctl_fault_column
                                                   : MSG_ctl_fault_cell;
    message_print(stderr, import->ctl->language, shape, "file", fault->file, "line", line, "column",
                  fault->column == NULL ? "" : fault->column, "value", fault->value, "text", fault->text,
                  NULL);
    fputc('\n', stderr);
}

static const struct output_column columns[] = {
    {"file", MSG_ctl_col_file, CELL_TEXT, {0}},       {"row", MSG_ctl_col_row, CELL_INTEGER, {0}},
    {"column", MSG_ctl_col_column, CELL_TEXT, {0}},   {"value", MSG_ctl_col_value, CELL_TEXT, {0}},
    {"problem", MSG_ctl_col_problem, CELL_TEXT, {0}},
};

static int
tabulate(struct import *import)
{
    struct output *output = output_new(columns, sizeof(columns) / sizeof(columns[0]));

    if (output == NULL)
        abort();
    for (size_t i = 0; i < import->n_faults; i++) {
        const struct fault *fault = &import->faults[i];
        char line[24];
        snprintf(line, sizeof(line), "%zu", fault->line);
        const char *cells[] = {fault->file, fault->line == 0 ? NULL : line, fault->column, fault->value,
                               fault->text};
        output_row(output, cells);
    }
    int status = output_write(output, stdout, import->ctl);
    output_free(output);
    return status;
}

/* By file as given, then by row; faults of one row stay in the order in which they were found. */
static int
by_place(const void *a, const void *b)
{
    const struct fault *left = a, *right = b;
    int order = strcmp(left->file, right->file);

    return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

int
import_report(struct import *import)
{
    char count[24];
    enum message sentence = import->n_faults == 1 ? MSG_ctl_import_refused_one : MSG_ctl_import_refused;

    qsort(import->faults, import->n_faults, sizeof(*import->faults), by_place);
    snprintf(count, sizeof(count), "%zu", import->n_faults);
    if (import->ctl->format == OUTPUT_TEXT)
        for (size_t i = 0; i < import->n_faults; i++)
            say_fault(import, &import->faults[i]);
    else if (tabulate(import) != EX_OK)
        return import->ctl->status;
    return ctl_fail(import->ctl, EX_DATAERR, sentence, "count", count, NULL);
}
