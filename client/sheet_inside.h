/* What reading a sheet's head and reading its rows have in common. Inside the sheet's room only. */
#ifndef YUEBAO_SHEET_INSIDE_H
#define YUEBAO_SHEET_INSIDE_H

#include "sheet.h"

#define NOWHERE SIZE_MAX

struct sheet {
    struct table *table;
    size_t header;               /* index of the row that names the columns */
    size_t place[SHEET_COLUMNS]; /* index of the column in a row; NOWHERE: the sheet has none */
    char school[SCHOOL_CODE_MAX + 1];
    char form[FORM_CODE_MAX + 1];
    char period[PERIOD_TEXT_MAX + 1];
    char tag[SHEET_TAG_LEN + 1]; /* "" : a mark of before, or none */
};

/* The row's cell in the column; "" where there is none. Borrowed. */
const char *sheet_cell(const struct sheet *sheet, const struct table_row *row, enum sheet_column column);

/* An error in its place; texts may be NULL, and are cut at a character. */
struct fault sheet_fault(Yuebao__FindingCode code, uint32_t indicator, const char *found, const char *bound,
                         size_t line, enum sheet_column column);

#endif
