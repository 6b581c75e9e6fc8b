/*
 * xlsx: a workbook for Excel, LibreOffice and WPS, written row by row. Memory does not grow with it: rows go
 * through a temporary file (libxlsxwriter's constant memory mode).
 *
 * Each sheet has its keys in a first row that is bold, frozen and filtered, and columns as wide as what is in
 * them. Identifiers, periods and instants are text, as in CSV; numbers are numbers when they have at most 15
 * digits that count, which a double keeps, else text too. No cell is ever a formula. A sheet that is full
 * goes on in another one.
 */
#ifndef YUEBAOCTL_XLSX_H
#define YUEBAOCTL_XLSX_H

#include "output.h"

#define XLSX_ROWS_MAX 1048576u /* of a sheet, its head among them: the format's own limit */

struct xlsx;

/* The file appears with xlsx_finish(), whole. Title and filters in its properties are ctl's. NULL: reported.
 */
struct xlsx *xlsx_new(struct ctl *ctl, const char *path) __attribute__((warn_unused_result));

/*
 * Begin a sheet. `columns` are borrowed until xlsx_sheet_end(). Name: at most 24 characters of ASCII without
 * []:*?/\; from the second sheet on a number is put behind it. false: reported.
 */
bool xlsx_sheet(struct xlsx *xlsx, const char *name, const struct output_column *columns, size_t n)
    __attribute__((warn_unused_result));

/* Append a row of texts, as output_row(). false: reported. */
bool xlsx_row(struct xlsx *xlsx, const char *const *cells) __attribute__((warn_unused_result));

/* No row follows. Does nothing when there is no sheet. */
void xlsx_sheet_end(struct xlsx *xlsx);

/* Write the file, let it appear, free. EX_OK or reported. */
int xlsx_finish(struct xlsx *xlsx) __attribute__((warn_unused_result));

/* Leave no file, free. Accepts NULL. */
void xlsx_drop(struct xlsx *xlsx);

/* Whether `text` is a decimal number that a double keeps; then also how many decimals it shows. */
bool xlsx_number(const char *text, double *ret_value, unsigned *ret_decimals)
    __attribute__((warn_unused_result));

#endif
