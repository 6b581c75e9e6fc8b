/*
 * xlsx_page: sheets of a workbook that people print and send, beside those for programs (xlsx.h). A page is a
 * table with a title over it, or a text.
 *
 * Paper is A4, as wide as the page; the title and the column heads are repeated on every sheet of paper, stay
 * when one scrolls, and the foot counts. A cell of a number's column that shows a number is one, with what
 * stands around it ("≥ 90%", "+3") as its format: it looks the same and adds up. Memory does not grow.
 */
#ifndef YUEBAOCTL_XLSX_PAGE_H
#define YUEBAOCTL_XLSX_PAGE_H

#include "xlsx.h"

enum xlsx_line { XLSX_TITLE, XLSX_HEADING, XLSX_TEXT, XLSX_CAPTION, XLSX_SIGNATURE };

struct xlsx_column {
    const char *title;
    bool number; /* on the right */
};

/* The font of all pages, before the first of them. */
void xlsx_page_font(struct xlsx *xlsx, const char *font);

/*
 * Begin a table. `columns` are borrowed until the page ends. The name may be in any script; what Excel does
 * not allow in one is left out, and a name that is there already gets a number. false: reported.
 */
bool xlsx_page_table(struct xlsx *xlsx, const char *name, const char *title,
                     const struct xlsx_column *columns, size_t n) __attribute__((warn_unused_result));
/* Texts as they are shown. Numbers without a sign behind them show at least so many decimals. */
bool xlsx_page_row(struct xlsx *xlsx, const char *const *cells, unsigned decimals)
    __attribute__((warn_unused_result));
/* A line over all columns, under the rows. */
bool xlsx_page_note(struct xlsx *xlsx, const char *text) __attribute__((warn_unused_result));

/* Begin a text: one column as wide as the paper. */
bool xlsx_page_text(struct xlsx *xlsx, const char *name) __attribute__((warn_unused_result));
bool xlsx_page_line(struct xlsx *xlsx, enum xlsx_line kind, const char *text)
    __attribute__((warn_unused_result));

/* Nothing follows on this page. Other sheets and xlsx_finish() do it by themselves. */
void xlsx_page_end(struct xlsx *xlsx);

/*
 * Whether a text shows one number: then its value and the format in which it shows as it is. "≥ 90%" is 0.9
 * as "≥ "0%. A text with digits after the number, or with < before it, shows none.
 */
#define XLSX_FORMAT_MAX 64
bool xlsx_shown(const char *text, unsigned decimals, double *ret_value, char format[XLSX_FORMAT_MAX])
    __attribute__((warn_unused_result));

#endif
