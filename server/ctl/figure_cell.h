/*
 * figure_cell: a school's figure in a table: what was filled in, or why nothing was.
 */
#ifndef YUEBAOCTL_FIGURE_CELL_H
#define YUEBAOCTL_FIGURE_CELL_H

#include "ctl.h"

/* SQL: the figure `f` (value, denominator, …) of indicator `i` as text, and as one number to compare. */
#define FIGURE_ARGUMENTS(f)                                                                                  \
    "(" f ".value, i.decimals, " f ".denominator, i.denominator_decimals, i.over_schools)"
#define FIGURE_TEXT(f)  "api.figure_text" FIGURE_ARGUMENTS(f)
#define FIGURE_RATIO(f) "api.figure_ratio" FIGURE_ARGUMENTS(f)

/*
 * The cell of a figure: `text`, or the reason of number `missing` in words (English in CSV and JSON). Both
 * NULL: NULL, nothing was asked. Borrowed from the arguments or static.
 */
const char *figure_cell(const struct ctl *ctl, const char *text, const char *missing);

#endif
