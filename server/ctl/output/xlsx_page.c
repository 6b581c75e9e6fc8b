#include "xlsx_page.h"

#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "xlsx_book.h"

#define A4        9    /* Excel's number of the paper */
#define WIDEST    44   /* of a column; longer texts go on in further lines */
#define ROOM      2    /* beside a text */
#define TEXT_WIDE 88   /* of a text's one column: an A4 page upright */
#define UPRIGHT   92   /* columns together that are still read on an upright page */
#define HEADS     2    /* rows of a table that stay: title, column heads */
#define FORMATS   48   /* of numbers, that differ */
#define POINTS    10.5 /* 五号 */
#define FONT_MAX  40
#define MARGIN    0.6 /* inches */

struct xlsx_leaf {
    const struct xlsx_column *columns; /* NULL: a text */
    size_t n, *widths;
};

struct xlsx_dress {
    char font[FONT_MAX];
    lxw_format *head, *cell, *number, *title, *heading, *text, *caption, *signature, *note;
    struct {
        char pattern[XLSX_FORMAT_MAX];
        lxw_format *format;
    } numbers[FORMATS];
    size_t n;
};

/* ---- what cells look like ----------------------------------------------------------------------- */

static lxw_format *
plain(struct xlsx *xlsx, double points, bool bold)
{
    lxw_format *format = workbook_add_format(xlsx->book);

    if (xlsx->dress->font[0] != '\0')
        format_set_font_name(format, xlsx->dress->font);
    format_set_font_size(format, points);
    format_set_align(format, LXW_ALIGN_VERTICAL_CENTER);
    format_set_text_wrap(format);
    if (bold)
        format_set_bold(format);
    return format;
}

static lxw_format *
boxed(struct xlsx *xlsx, bool bold, enum lxw_format_alignments align)
{
    lxw_format *format = plain(xlsx, POINTS, bold);

    format_set_border(format, LXW_BORDER_THIN);
    format_set_align(format, (uint8_t)align);
    return format;
}

static void
dress(struct xlsx *xlsx)
{
    struct xlsx_dress *d = xlsx->dress;

    if (d->cell != NULL)
        return;
    d->head = boxed(xlsx, true, LXW_ALIGN_CENTER);
    d->cell = boxed(xlsx, false, LXW_ALIGN_LEFT);
    d->number = boxed(xlsx, false, LXW_ALIGN_RIGHT);
    d->title = plain(xlsx, 16, true);
    format_set_align(d->title, LXW_ALIGN_CENTER);
    d->heading = plain(xlsx, 12, true);
    d->text = plain(xlsx, POINTS, false);
    d->caption = plain(xlsx, POINTS, false);
    format_set_indent(d->caption, 2);
    d->note = plain(xlsx, POINTS, false);
    d->signature = plain(xlsx, POINTS, false);
    format_set_align(d->signature, LXW_ALIGN_RIGHT);
}

/* The format of numbers that show so; beyond FORMATS of them NULL. */
static lxw_format *
number_format(struct xlsx *xlsx, const char *pattern)
{
    struct xlsx_dress *d = xlsx->dress;

    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->numbers[i].pattern, pattern) == 0)
            return d->numbers[i].format;
    if (d->n == FORMATS)
        return NULL;
    lxw_format *format = boxed(xlsx, false, LXW_ALIGN_RIGHT);
    format_set_num_format(format, pattern);
    snprintf(d->numbers[d->n].pattern, XLSX_FORMAT_MAX, "%s", pattern);
    d->numbers[d->n++].format = format;
    return format;
}

bool
xlsx_shown(const char *text, unsigned decimals, double *ret_value, char format[XLSX_FORMAT_MAX])
{
    static const char digits[] = "0123456789", zeros[] = "0.000000";
    size_t before = strcspn(text, "-0123456789"),
           len = strspn(text + before + (text[before] == '-'), "0123456789.");
    const char *end = text + before + (text[before] == '-') + len;
    char number[32];
    unsigned own;

    if (len == 0 || len + sizeof("-e-2") > sizeof(number) || strpbrk(end, digits) != NULL ||
        strpbrk(text, "<\"") != NULL || strlen(text) + sizeof(zeros) + 4 > XLSX_FORMAT_MAX)
        return false;
    snprintf(number, sizeof(number), "%.*s", (int)(end - text - (ptrdiff_t)before), text + before);
    if (!xlsx_number(number, ret_value, &own))
        return false;
    bool percent = strcmp(end, "%") == 0;
    if (percent) /* as a text: a division would miss the nearest double */
        *ret_value = strtod(strcat(number, "e-2"), NULL);
    if (*end == '\0' && decimals > own)
        own = decimals;
    if (own > DECIMALS_KEPT)
        own = DECIMALS_KEPT;
    snprintf(format, XLSX_FORMAT_MAX, "%s%.*s%s%.*s%s%s%s", before > 0 ? "\"" : "", (int)before, text,
             before > 0 ? "\"" : "", own == 0 ? 1 : (int)own + 2, zeros, *end == '\0' || percent ? "" : "\"",
             end, *end == '\0' || percent ? "" : "\"");
    return true;
}

/* ---- pages -------------------------------------------------------------------------------------- */

static struct xlsx_dress *
dress_of(struct xlsx *xlsx)
{
    if (xlsx->dress == NULL && (xlsx->dress = calloc(1, sizeof(*xlsx->dress))) == NULL)
        abort();
    return xlsx->dress;
}

void
xlsx_page_font(struct xlsx *xlsx, const char *font)
{
    snprintf(dress_of(xlsx)->font, FONT_MAX, "%s", font);
}

/* `name` without what Excel forbids in a sheet's, cut to 31 characters less those of a number behind it;
 * between words where it has any. */
static void
sheet_name(const char *name, unsigned nth, char cut[NAME_MAX_LEN * 4 + 12])
{
    size_t most = nth > 1 ? NAME_MAX_LEN - 1 - 4 : NAME_MAX_LEN - 1, len = 0;

    for (size_t characters = 0; *name != '\0'; name++) {
        bool begins = ((unsigned char)*name & 0xC0) != 0x80;
        if (begins && characters++ == most)
            break;
        if (strchr("[]:*?/\\'", *name) == NULL)
            cut[len++] = *name;
    }
    while (*name != '\0' && *name != ' ' && memchr(cut, ' ', len) != NULL && cut[len - 1] != ' ')
        len--;
    while (len > 0 && cut[len - 1] == ' ')
        len--;
    cut[len] = '\0';
    if (nth > 1)
        sprintf(cut + len, " %u", nth);
}

static bool
add_sheet(struct xlsx *xlsx, const char *name)
{
    char cut[NAME_MAX_LEN * 4 + 12];
    unsigned nth = 1;

    xlsx_sheet_end(xlsx);
    dress_of(xlsx);
    dress(xlsx);
    do
        sheet_name(name, nth, cut);
    while (workbook_get_worksheet_by_name(xlsx->book, cut) != NULL && ++nth < 1000);
    xlsx->sheet = workbook_add_worksheet(xlsx->book, cut);
    xlsx->page = calloc(1, sizeof(*xlsx->page));
    if (xlsx->page == NULL)
        abort();
    xlsx->row = 0;
    if (xlsx->sheet == NULL)
        return xlsx_fail(xlsx, LXW_ERROR_MEMORY_MALLOC_FAILED);
    worksheet_set_paper(xlsx->sheet, A4);
    worksheet_set_margins(xlsx->sheet, MARGIN, MARGIN, 0.75, 0.75);
    worksheet_fit_to_pages(xlsx->sheet, 1, 0);
    worksheet_center_horizontally(xlsx->sheet);
    worksheet_set_footer(xlsx->sheet, "&C&P / &N");
    return true;
}

/* One text over all columns of the row. A single cell cannot be merged. */
static lxw_error
put_across(struct xlsx *xlsx, const char *text, lxw_format *format)
{
    lxw_row_t row = xlsx->row++;

    if (xlsx->page->n < 2)
        return worksheet_write_string(xlsx->sheet, row, 0, text, format);
    return worksheet_merge_range(xlsx->sheet, row, 0, row, (lxw_col_t)(xlsx->page->n - 1), text, format);
}

static void
widen(struct xlsx *xlsx, size_t column, const char *text)
{
    size_t width = text_width(text);

    if (width > xlsx->page->widths[column])
        xlsx->page->widths[column] = width;
}

bool
xlsx_page_table(struct xlsx *xlsx, const char *name, const char *title, const struct xlsx_column *columns,
                size_t n)
{
    if (!add_sheet(xlsx, name))
        return false;
    *xlsx->page = (struct xlsx_leaf){columns, n, calloc(n + 1, sizeof(size_t))};
    if (xlsx->page->widths == NULL)
        abort();
    worksheet_set_row(xlsx->sheet, 0, 30, NULL);
    lxw_error error = put_across(xlsx, title, xlsx->dress->title);
    for (size_t c = 0; error == LXW_NO_ERROR && c < n; c++) {
        widen(xlsx, c, columns[c].title);
        error =
            worksheet_write_string(xlsx->sheet, xlsx->row, (lxw_col_t)c, columns[c].title, xlsx->dress->head);
    }
    xlsx->row++;
    worksheet_freeze_panes(xlsx->sheet, HEADS, 0);
    worksheet_repeat_rows(xlsx->sheet, 0, HEADS - 1);
    return error == LXW_NO_ERROR || xlsx_fail(xlsx, error);
}

static lxw_error
put(struct xlsx *xlsx, size_t c, const char *text, unsigned decimals)
{
    bool number = xlsx->page->columns[c].number;
    char pattern[XLSX_FORMAT_MAX];
    lxw_format *format;
    double value;

    widen(xlsx, c, text);
    if (number && xlsx_shown(text, decimals, &value, pattern) &&
        (format = number_format(xlsx, pattern)) != NULL)
        return worksheet_write_number(xlsx->sheet, xlsx->row, (lxw_col_t)c, value, format);
    return worksheet_write_string(xlsx->sheet, xlsx->row, (lxw_col_t)c, text,
                                  number ? xlsx->dress->number : xlsx->dress->cell);
}

bool
xlsx_page_row(struct xlsx *xlsx, const char *const *cells, unsigned decimals)
{
    lxw_error error = LXW_NO_ERROR;

    for (size_t c = 0; error == LXW_NO_ERROR && c < xlsx->page->n; c++)
        error = put(xlsx, c, cells[c] == NULL ? "" : cells[c], decimals);
    xlsx->row++;
    xlsx->rows++;
    return error == LXW_NO_ERROR || xlsx_fail(xlsx, error);
}

bool
xlsx_page_note(struct xlsx *xlsx, const char *text)
{
    lxw_error error = put_across(xlsx, text, xlsx->dress->note);

    return error == LXW_NO_ERROR || xlsx_fail(xlsx, error);
}

bool
xlsx_page_text(struct xlsx *xlsx, const char *name)
{
    if (!add_sheet(xlsx, name))
        return false;
    worksheet_set_column(xlsx->sheet, 0, 0, TEXT_WIDE, NULL);
    worksheet_gridlines(xlsx->sheet, LXW_HIDE_ALL_GRIDLINES);
    return true;
}

bool
xlsx_page_line(struct xlsx *xlsx, enum xlsx_line kind, const char *text)
{
    const struct xlsx_dress *d = xlsx->dress;
    lxw_format *const formats[] = {[XLSX_TITLE] = d->title,
                                   [XLSX_HEADING] = d->heading,
                                   [XLSX_TEXT] = d->text,
                                   [XLSX_CAPTION] = d->caption,
                                   [XLSX_SIGNATURE] = d->signature};
    lxw_error error = worksheet_write_string(xlsx->sheet, xlsx->row++, 0, text, formats[kind]);

    return error == LXW_NO_ERROR || xlsx_fail(xlsx, error);
}

/* Widths, and whether the paper lies, are known only when the last row is there. */
void
xlsx_page_end(struct xlsx *xlsx)
{
    struct xlsx_leaf *page = xlsx->page;
    size_t together = 0;

    if (page == NULL)
        return;
    for (size_t c = 0; c < page->n; c++) {
        size_t width = (page->widths[c] < WIDEST ? page->widths[c] : WIDEST) + ROOM;
        worksheet_set_column(xlsx->sheet, (lxw_col_t)c, (lxw_col_t)c, (double)width, NULL);
        together += width;
    }
    if (together > UPRIGHT)
        worksheet_set_landscape(xlsx->sheet);
    free(page->widths);
    free(page);
    xlsx->page = NULL;
    xlsx->sheet = NULL;
}

void
xlsx_page_fini(struct xlsx *xlsx)
{
    if (xlsx->page != NULL)
        free(xlsx->page->widths);
    free(xlsx->page);
    free(xlsx->dress);
    xlsx->page = NULL;
    xlsx->dress = NULL;
}
