/*
 * xlsx_book: what the files of the workbook writer share, and nobody else sees.
 */
#ifndef YUEBAOCTL_XLSX_BOOK_H
#define YUEBAOCTL_XLSX_BOOK_H

#include <xlsxwriter.h>

#include "outfile.h"
#include "xlsx.h"
#include "xlsx_page.h"

#define DECIMALS_KEPT 6  /* more are not stored */
#define NAME_MAX_LEN  32 /* of a sheet, with NUL */

struct xlsx_leaf;
struct xlsx_dress;

struct xlsx {
    struct ctl *ctl;
    struct outfile file;
    lxw_workbook *book;
    lxw_format *head, *decimals[DECIMALS_KEPT + 1];
    lxw_worksheet *sheet; /* NULL: none yet */
    char name[NAME_MAX_LEN];
    const struct output_column *columns;
    size_t n;
    size_t *widths;
    struct xlsx_leaf *page; /* of the sheet, if it is one for people (xlsx_page.h); else NULL */
    lxw_row_t row;          /* the next one */
    unsigned long rows;     /* of all sheets */
    unsigned sheets;
    struct xlsx_dress *dress; /* formats of pages, made with the first one; owned by xlsx_page.c */
};

/* Reports; false. */
bool xlsx_fail(const struct xlsx *xlsx, lxw_error error);

/* Free what xlsx_page.c has in it. */
void xlsx_page_fini(struct xlsx *xlsx);

#endif
