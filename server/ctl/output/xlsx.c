#include "xlsx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cell.h"
#include "system_words.h"
#include "xlsx_book.h"

#define WIDEST     60       /* of a column; longer texts are whole, but not wholly to be seen */
#define ROOM       2        /* beside a text: the filter's button */
#define DIGITS_MAX 15       /* that any double keeps */
#define LARGE      4000000u /* rows; a workbook may then outgrow what a plain zip file can be */

/* The library tells stderr, in English and with lines of its own source, what it returns to us as well. So
 * while it may fail there is no stderr. -1: there is. */
static int
hush(void)
{
    int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)fflush(stderr);
    if (kept >= 0 && nowhere >= 0)
        (void)dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0)
        close(nowhere);
    return kept;
}

static void
speak(int kept)
{
    int reason = errno;

    if (kept >= 0) {
        (void)dup2(kept, STDERR_FILENO);
        close(kept);
    }
    errno = reason;
}

/* The library knows that the system refused, and the system knows why. */
static const char *
reason_of(const struct xlsx *xlsx, lxw_error error)
{
    bool by_system = error == LXW_ERROR_ZIP_FILE_OPERATION || error == LXW_ERROR_CREATING_TMPFILE ||
                     error == LXW_ERROR_CREATING_XLSX_FILE;

    return by_system && errno != 0 ? system_words(xlsx->ctl->language, strerror(errno)) : lxw_strerror(error);
}

bool
xlsx_fail(const struct xlsx *xlsx, lxw_error error)
{
    ctl_fail(xlsx->ctl, EX_CANTCREAT, MSG_ctl_cannot_write, "file", xlsx->file.path, "reason",
             reason_of(xlsx, error), NULL);
    return false;
}

/* ---- the book ----------------------------------------------------------------------------------- */

static void
describe(const struct xlsx *xlsx)
{
    const struct ctl *ctl = xlsx->ctl;
    char *title = NULL;

    if (asprintf(&title, "yuebaoctl %s: %s", ctl->command->name,
                 message_text(ctl->language, ctl->command->summary)) < 0)
        abort();
    lxw_doc_properties properties = {
        .title = title,
        .subject = ctl->asked == NULL ? (char *)"" : ctl->asked,
        .author = (char *)"Yuebao " YUEBAO_VERSION,
    };
    workbook_set_properties(xlsx->book, &properties);
    free(title);
}

static void
make_formats(struct xlsx *xlsx)
{
    static const char pattern[] = "0.000000";

    xlsx->head = workbook_add_format(xlsx->book);
    format_set_bold(xlsx->head);
    for (int d = 0; d <= DECIMALS_KEPT; d++) {
        char shown[sizeof(pattern)];
        snprintf(shown, sizeof(shown), "%.*s", d == 0 ? 1 : d + 2, pattern);
        xlsx->decimals[d] = workbook_add_format(xlsx->book);
        format_set_num_format(xlsx->decimals[d], shown);
    }
}

/* Rows wait in the file's own folder: /tmp is memory on some machines. */
static lxw_workbook *
make_book(const struct outfile *file)
{
    char *folder = strdup(file->path), *slash = folder == NULL ? NULL : strrchr(folder, '/');

    if (folder == NULL)
        abort();
    if (slash != NULL)
        *(slash == folder ? slash + 1 : slash) = '\0';
    lxw_workbook_options options = {.constant_memory = LXW_TRUE,
                                    .tmpdir = slash == NULL ? (char *)"." : folder};
    lxw_workbook *book = workbook_new_opt(file->temporary, &options);
    free(folder);
    return book;
}

struct xlsx *
xlsx_new(struct ctl *ctl, const char *path)
{
    struct xlsx *xlsx = calloc(1, sizeof(*xlsx));
    int fd;

    if (xlsx == NULL)
        abort();
    xlsx->ctl = ctl;
    fd = outfile_open(ctl, path, &xlsx->file);
    if (fd < 0) {
        free(xlsx);
        return NULL;
    }
    close(fd); /* the library opens it by its name */
    xlsx->book = make_book(&xlsx->file);
    if (xlsx->book == NULL)
        abort();
    describe(xlsx);
    make_formats(xlsx);
    return xlsx;
}

/* ---- sheets ------------------------------------------------------------------------------------- */

/* Widths and the filter's range are known only when the last row is there. */
void
xlsx_sheet_end(struct xlsx *xlsx)
{
    lxw_col_t at = 0;

    if (xlsx->page != NULL)
        xlsx_page_end(xlsx);
    if (xlsx->sheet == NULL)
        return;
    for (size_t c = 0; c < xlsx->n; c++) {
        if (xlsx->columns[c].kind == CELL_PICTURE)
            continue;
        size_t width = xlsx->widths[c] < WIDEST ? xlsx->widths[c] : WIDEST;
        worksheet_set_column(xlsx->sheet, at, at, (double)(width + ROOM), NULL);
        at++;
    }
    if (at > 0)
        worksheet_autofilter(xlsx->sheet, 0, 0, xlsx->row > 1 ? xlsx->row - 1 : 1, (lxw_col_t)(at - 1));
    xlsx->sheet = NULL;
}

static void
widen(struct xlsx *xlsx, size_t column, const char *text)
{
    size_t width = text_width(text);

    if (width > xlsx->widths[column])
        xlsx->widths[column] = width;
}

static bool
put_head(struct xlsx *xlsx)
{
    lxw_error error = LXW_NO_ERROR;
    lxw_col_t at = 0;

    for (size_t c = 0; error == LXW_NO_ERROR && c < xlsx->n; c++)
        if (xlsx->columns[c].kind != CELL_PICTURE) {
            widen(xlsx, c, xlsx->columns[c].key);
            error = worksheet_write_string(xlsx->sheet, 0, at++, xlsx->columns[c].key, xlsx->head);
        }
    worksheet_freeze_panes(xlsx->sheet, 1, 0);
    xlsx->row = 1;
    return error == LXW_NO_ERROR || xlsx_fail(xlsx, error);
}

static bool
add_sheet(struct xlsx *xlsx)
{
    char name[NAME_MAX_LEN + 12];

    xlsx_sheet_end(xlsx);
    memset(xlsx->widths, 0, (xlsx->n + 1) * sizeof(*xlsx->widths));
    snprintf(name, sizeof(name), xlsx->sheets == 0 ? "%s" : "%s %u", xlsx->name, xlsx->sheets + 1);
    xlsx->sheets++;
    xlsx->sheet = workbook_add_worksheet(xlsx->book, name);
    if (xlsx->sheet == NULL)
        return xlsx_fail(xlsx, LXW_ERROR_MEMORY_MALLOC_FAILED);
    return put_head(xlsx);
}

bool
xlsx_sheet(struct xlsx *xlsx, const char *name, const struct output_column *columns, size_t n)
{
    xlsx_sheet_end(xlsx);
    free(xlsx->widths);
    xlsx->widths = calloc(n + 1, sizeof(*xlsx->widths));
    if (xlsx->widths == NULL)
        abort();
    snprintf(xlsx->name, sizeof(xlsx->name), "%.24s", name);
    xlsx->columns = columns;
    xlsx->n = n;
    return add_sheet(xlsx);
}

/* ---- rows --------------------------------------------------------------------------------------- */

/* How many digits count: all from the first that is not zero. */
static size_t
significant(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text != '.' && *text != '-' && (count > 0 || *text != '0');
    return count;
}

bool
xlsx_number(const char *text, double *ret_value, unsigned *ret_decimals)
{
    const char *at = text + (*text == '-');
    size_t whole = strspn(at, "0123456789"), decimals = 0;

    if (whole == 0)
        return false;
    at += whole;
    if (*at == '.') {
        decimals = strspn(at + 1, "0123456789");
        if (decimals == 0)
            return false;
        at += 1 + decimals;
    }
    if (*at != '\0' || significant(text) > DIGITS_MAX)
        return false;
    *ret_value = strtod(text, NULL);
    *ret_decimals = (unsigned)decimals;
    return true;
}

/* Codes of districts are integers in schema api, yet nobody adds them up. */
static bool
is_number_column(const struct output_column *column)
{
    static const char code[] = "district";
    size_t len = strlen(column->key);

    if (column->kind != CELL_INTEGER && column->kind != CELL_DECIMAL)
        return false;
    return len < sizeof(code) - 1 || strcmp(column->key + len - (sizeof(code) - 1), code) != 0;
}

static lxw_error
put(struct xlsx *xlsx, size_t column, lxw_col_t at, const char *cell)
{
    enum output_kind kind = xlsx->columns[column].kind;
    char buffer[CELL_INSTANT_MAX];
    unsigned decimals;
    double value;

    if (cell == NULL)
        return LXW_NO_ERROR;
    if (kind == CELL_BOOLEAN)
        return worksheet_write_boolean(xlsx->sheet, xlsx->row, at, cell[0] == 't', NULL);
    widen(xlsx, column, cell);
    if (is_number_column(&xlsx->columns[column]) && xlsx_number(cell, &value, &decimals))
        return worksheet_write_number(xlsx->sheet, xlsx->row, at, value,
                                      decimals <= DECIMALS_KEPT ? xlsx->decimals[decimals] : NULL);
    return worksheet_write_string(xlsx->sheet, xlsx->row, at, cell_data(kind, cell, buffer), NULL);
}

bool
xlsx_row(struct xlsx *xlsx, const char *const *cells)
{
    lxw_error error = LXW_NO_ERROR;
    lxw_col_t at = 0;

    if (xlsx->row == XLSX_ROWS_MAX && !add_sheet(xlsx))
        return false;
    for (size_t c = 0; error == LXW_NO_ERROR && c < xlsx->n; c++)
        if (xlsx->columns[c].kind != CELL_PICTURE)
            error = put(xlsx, c, at++, cells[c]);
    xlsx->row++;
    xlsx->rows++;
    return error == LXW_NO_ERROR || xlsx_fail(xlsx, error);
}

/* ---- the end ------------------------------------------------------------------------------------ */

static void
free_xlsx(struct xlsx *xlsx)
{
    outfile_drop(&xlsx->file);
    xlsx_page_fini(xlsx);
    free(xlsx->widths);
    free(xlsx);
}

int
xlsx_finish(struct xlsx *xlsx)
{
    struct ctl *ctl = xlsx->ctl;

    xlsx_sheet_end(xlsx);
    xlsx->book->options.use_zip64 =
        xlsx->rows > LARGE; /* read when the book is packed, and not by everybody */
    int kept = hush();
    errno = 0;
    lxw_error error = workbook_close(xlsx->book);
    speak(kept);
    if (error != LXW_NO_ERROR)
        xlsx_fail(xlsx, error);
    int status = error != LXW_NO_ERROR ? ctl->status : outfile_commit(ctl, &xlsx->file);
    free_xlsx(xlsx);
    return status;
}

void
xlsx_drop(struct xlsx *xlsx)
{
    if (xlsx == NULL)
        return;
    lxw_workbook_free(xlsx->book);
    free_xlsx(xlsx);
}
