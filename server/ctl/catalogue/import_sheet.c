/*
 * Files into sheets: find them, read them, recognise them by name or header, find each column.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "import.h"

#define FILE_MAX (64u * 1024u * 1024u) /* bytes; half a million schools take 50 MiB */

/* Stands beside the plans' files and is for people: the mechanisms that the plans speak of. */
#define NOT_DATA "systems.csv"

/* Every column's name, so that table_read can tell a header in one encoding from the other. */
static const char *const known_words[] = {
    "district", "parent", "level", "code",  "plan", "indicator", "rule",   "balance",   "name_zh",
    "name_en",  "kind",   "unit",  "value", "note", "area",      "school", "threshold", NULL};

static const char *
last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static int
header_index(const struct table_row *header, const char *column)
{
    for (size_t i = 0; i < header->count; i++)
        if (strcmp(header->cells[i], column) == 0)
            return (int)i;
    return -1;
}

static bool
has_all_columns(const struct import_spec *spec, const struct table_row *header)
{
    for (size_t c = 0; c < spec->n; c++)
        if (spec->columns[c].header && header_index(header, spec->columns[c].name) < 0)
            return false;
    return true;
}

/* By the file's name, else by its header; IMPORT_KINDS: neither. */
static enum import_kind
recognise(const char *label, const struct table_row *header)
{
    enum import_kind kind;

    for (kind = 0; kind < IMPORT_KINDS; kind++)
        if (strcmp(label, import_spec(kind)->file) == 0)
            return kind;
    for (kind = 0; header != NULL && kind < IMPORT_KINDS; kind++)
        if (has_all_columns(import_spec(kind), header))
            return kind;
    return IMPORT_KINDS;
}

static void
check_header(struct import *import, const struct sheet *sheet)
{
    const struct table_row *header = &sheet->table->rows[0];

    for (size_t c = 0; c < sheet->spec->n; c++) {
        const struct import_column *column = &sheet->spec->columns[c];
        if (column->header && sheet->cell_of[c] < 0)
            import_fault(import, sheet->path, header->line, column->name, NULL,
                         import_text(import, MSG_ctl_fault_column_missing, NULL));
    }
    for (size_t i = 0; i < header->count; i++) {
        size_t c = 0;
        while (c < sheet->spec->n && strcmp(sheet->spec->columns[c].name, header->cells[i]) != 0)
            c++;
        if (c == sheet->spec->n)
            import_fault(import, sheet->path, header->line, header->cells[i], NULL,
                         import_text(import, MSG_ctl_fault_column_unknown, NULL));
        else if (sheet->cell_of[c] != (int)i)
            import_fault(import, sheet->path, header->line, header->cells[i], NULL,
                         import_text(import, MSG_ctl_fault_column_twice, NULL));
    }
}

static void
map_columns(struct sheet *sheet)
{
    sheet->cell_of = calloc(sheet->spec->n, sizeof(*sheet->cell_of));
    if (sheet->cell_of == NULL)
        abort();
    for (size_t c = 0; c < sheet->spec->n; c++)
        sheet->cell_of[c] = header_index(&sheet->table->rows[0], sheet->spec->columns[c].name);
}

static enum message
why_unreadable(enum table_status status)
{
    switch (status) {
    case TABLE_OK:
    case TABLE_NOMEM:
        return MSG_ctl_no_memory;
    case TABLE_EMPTY:
        return MSG_ctl_fault_empty;
    case TABLE_TOO_LARGE:
        return MSG_ctl_fault_too_large;
    case TABLE_ENCODING:
        return MSG_ctl_fault_encoding;
    case TABLE_QUOTES:
        return MSG_ctl_fault_quotes;
    }
    abort();
}

/* Put the sheet behind those of its kind, so that sheets stay in the order of their kinds. */
static void
add_sheet(struct import *import, struct sheet sheet)
{
    struct sheet *sheets = realloc(import->sheets, (import->n_sheets + 1) * sizeof(*sheets));
    size_t at = import->n_sheets;

    if (sheets == NULL)
        abort();
    while (at > 0 && sheets[at - 1].kind > sheet.kind) {
        sheets[at] = sheets[at - 1];
        at--;
    }
    sheets[at] = sheet;
    import->sheets = sheets;
    import->n_sheets++;
}

/* `path` is borrowed. false: ctl->status is set. */
static bool
read_sheet(struct import *import, const char *path, bool must_be_known)
{
    struct sheet sheet = {.path = path, .label = last_part(path)};
    struct table_error error = {0};
    size_t len;
    uint8_t *bytes = file_read(import->ctl, path, FILE_MAX, &len);

    if (bytes == NULL)
        return false;
    enum table_status status = table_read(bytes, len, known_words, &sheet.table, &error);
    free(bytes);
    sheet.kind = recognise(sheet.label, status == TABLE_OK ? &sheet.table->rows[0] : NULL);
    if (sheet.kind == IMPORT_KINDS && !must_be_known) {
        if (strcmp(sheet.label, NOT_DATA) != 0)
            ctl_say(import->ctl, MSG_ctl_import_left_out, "file", path, NULL);
    } else if (status != TABLE_OK) {
        import_fault(import, sheet.path, error.line, NULL, NULL,
                     import_text(import, why_unreadable(status), NULL));
    } else if (sheet.kind == IMPORT_KINDS) {
        import_fault(import, sheet.path, 0, NULL, NULL,
                     import_text(import, MSG_ctl_fault_unknown_file, NULL));
    } else {
        sheet.spec = import_spec(sheet.kind);
        map_columns(&sheet);
        check_header(import, &sheet);
        add_sheet(import, sheet);
        return true;
    }
    if (status == TABLE_OK)
        table_free(sheet.table);
    return true;
}

static int
is_csv(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 4 && entry->d_name[0] != '.' && strcasecmp(entry->d_name + len - 4, ".csv") == 0;
}

static const char *
keep_path(struct import *import, char *path)
{
    char **paths = realloc(import->paths, (import->n_paths + 1) * sizeof(*paths));

    if (paths == NULL || path == NULL)
        abort();
    paths[import->n_paths++] = path;
    import->paths = paths;
    return path;
}

static bool
read_folder(struct import *import, const char *folder)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, is_csv, alphasort);
    bool ok = true;

    for (int i = 0; i < n; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", folder, names[i]->d_name) < 0)
            abort();
        ok = ok && read_sheet(import, keep_path(import, path), false);
        free(names[i]);
    }
    free(names);
    return ok;
}

bool
import_read(struct import *import, int n, char **paths)
{
    struct stat st;

    for (int i = 0; i < n; i++) {
        bool is_folder = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode);
        if (!(is_folder ? read_folder(import, paths[i]) : read_sheet(import, paths[i], true)))
            return false;
    }
    if (import->n_sheets == 0 && import->n_faults == 0) {
        ctl_fail(import->ctl, EX_NOINPUT, MSG_ctl_import_no_files, NULL);
        return false;
    }
    return true;
}

bool
import_has(const struct import *import, enum import_kind kind)
{
    for (size_t i = 0; i < import->n_sheets; i++)
        if (import->sheets[i].kind == kind)
            return true;
    return false;
}

void
import_free(struct import *import)
{
    for (size_t i = 0; i < import->n_sheets; i++) {
        table_free(import->sheets[i].table);
        free(import->sheets[i].cell_of);
    }
    for (size_t i = 0; i < import->n_paths; i++)
        free(import->paths[i]);
    for (size_t i = 0; i < import->n_faults; i++) {
        free(import->faults[i].value);
        free(import->faults[i].text);
    }
    free(import->sheets);
    free(import->paths);
    free(import->faults);
    names_free(import->districts);
    names_free(import->plans);
    names_free(import->indicators);
    names_free(import->areas);
    names_free(import->schools);
}

const char *
sheet_cell_at(const struct sheet *sheet, size_t row, size_t column)
{
    const struct table_row *cells = &sheet->table->rows[row + 1];
    int index = sheet->cell_of[column];

    return index < 0 || (size_t)index >= cells->count ? "" : cells->cells[index];
}

const char *
sheet_cell(const struct sheet *sheet, size_t row, const char *column)
{
    for (size_t c = 0; c < sheet->spec->n; c++)
        if (strcmp(sheet->spec->columns[c].name, column) == 0)
            return sheet_cell_at(sheet, row, c);
    abort();
}

bool
sheet_has_column(const struct sheet *sheet, const char *column)
{
    return header_index(&sheet->table->rows[0], column) >= 0;
}

size_t
sheet_rows(const struct sheet *sheet)
{
    return sheet->table->count - 1;
}

size_t
sheet_line(const struct sheet *sheet, size_t row)
{
    return sheet->table->rows[row + 1].line;
}
