/*
 * A circular as a workbook to print: its text on one page, then a page a table.
 */
#include <stdlib.h>

#include "output.h"
#include "writers.h"
#include "xlsx_page.h"

#define FONT_ZH "宋体"

/* ---- the text ----------------------------------------------------------------------------------- */

static bool
put_block(const struct circular *circular, const struct circular_block *block, int demand, long table)
{
    struct xlsx *book = circular->ctl->workbook;
    char *text = NULL;

    if (block->kind == CIRCULAR_SENTENCE)
        return xlsx_page_line(book, XLSX_TEXT, block->text);
    if (block->kind == CIRCULAR_TABLE)
        text = circular_caption(circular, &block->table, table);
    else if (asprintf(&text, "%d. %s", demand, block->text) < 0)
        abort();
    bool ok = xlsx_page_line(book, block->kind == CIRCULAR_TABLE ? XLSX_CAPTION : XLSX_TEXT, text);
    free(text);
    return ok;
}

static bool
put_section(const struct circular *circular, size_t s, long *tables)
{
    const struct circular_section *section = &circular->sections[s];
    char number[16], *heading = NULL;
    int demands = 0;

    circular_number(circular, s, number);
    if (asprintf(&heading, "%s%s", number, message_text(circular->ctl->language, section->heading)) < 0)
        abort();
    bool ok = xlsx_page_line(circular->ctl->workbook, XLSX_HEADING, heading);
    free(heading);
    for (size_t b = 0; ok && b < section->n; b++) {
        demands += section->blocks[b].kind == CIRCULAR_DEMAND;
        *tables += section->blocks[b].kind == CIRCULAR_TABLE;
        ok = put_block(circular, &section->blocks[b], demands, *tables);
    }
    return ok;
}

static bool
put_text(const struct circular *circular)
{
    struct xlsx *book = circular->ctl->workbook;
    long tables = 0;
    bool ok = xlsx_page_text(book, message_text(circular->ctl->language, MSG_circular_sheet)) &&
              xlsx_page_line(book, XLSX_TITLE, circular->title) &&
              xlsx_page_line(book, XLSX_TEXT, circular->to) &&
              xlsx_page_line(book, XLSX_TEXT, circular->intro);

    for (size_t s = 0; ok && s < circular->n; s++)
        ok = put_section(circular, s, &tables);
    ok = ok && xlsx_page_line(book, XLSX_SIGNATURE, circular->issuer) &&
         xlsx_page_line(book, XLSX_SIGNATURE, circular->day);
    xlsx_page_end(book);
    return ok;
}

/* ---- the tables --------------------------------------------------------------------------------- */

static bool
put_row(const struct circular *circular, const struct circular_table *table, int r)
{
    char buffers[CIRCULAR_COLUMNS_MAX][CIRCULAR_CELL_MAX];
    const char *cells[CIRCULAR_COLUMNS_MAX], *decimals = circular_value(circular, table->rows, r, "decimals");

    for (size_t c = 0; c < table->layout->n; c++)
        cells[c] = circular_cell(circular, table, r, c, buffers[c]);
    return xlsx_page_row(circular->ctl->workbook, cells,
                         decimals == NULL ? 0 : (unsigned)strtoul(decimals, NULL, 10));
}

static bool
put_table(const struct circular *circular, const struct circular_table *table, long nth)
{
    const struct circular_layout *layout = table->layout;
    enum language language = circular->ctl->language;
    struct xlsx *book = circular->ctl->workbook;
    struct xlsx_column columns[CIRCULAR_COLUMNS_MAX];
    char *caption = circular_caption(circular, table, nth), *more = circular_more(circular, table);

    for (size_t c = 0; c < layout->n; c++)
        columns[c] = (struct xlsx_column){message_text(language, layout->columns[c].title),
                                          layout->columns[c].kind == CIRCULAR_COUNT ||
                                              layout->columns[c].kind == CIRCULAR_FIGURE};
    bool ok = xlsx_page_table(book, message_text(language, layout->caption), caption, columns, layout->n);
    for (int r = 0; ok && r < PQntuples(table->rows); r++)
        ok = put_row(circular, table, r);
    ok = ok && (more == NULL || xlsx_page_note(book, more));
    xlsx_page_end(book);
    free(caption);
    free(more);
    return ok;
}

int
circular_workbook(const struct circular *circular)
{
    long tables = 0;

    if (circular->ctl->language == LANGUAGE_ZH)
        xlsx_page_font(circular->ctl->workbook, FONT_ZH);
    bool ok = put_text(circular);
    for (size_t s = 0; s < circular->n; s++)
        for (size_t b = 0; ok && b < circular->sections[s].n; b++)
            if (circular->sections[s].blocks[b].kind == CIRCULAR_TABLE)
                ok = put_table(circular, &circular->sections[s].blocks[b].table, ++tables);
    return ok ? EX_OK : circular->ctl->status;
}
