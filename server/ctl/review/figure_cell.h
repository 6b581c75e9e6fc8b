/*
 * figure_cell: a school's figure in a table: what was filled in, or why nothing was.
 */
#ifndef YUEBAOCTL_FIGURE_CELL_H
#define YUEBAOCTL_FIGURE_CELL_H

#include "output.h"

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

/* The unit's word in the reader's language; its code in CSV and JSON. Borrowed. */
const char *figure_unit(const struct ctl *ctl, const char *unit);

/* A table of figures: for programs all of its columns, for people those that tell them something. */
#define FIGURE_COLUMNS_MAX 16

struct figure_table {
    const struct ctl *ctl;
    struct output *output; /* owned by the caller */
    struct output_column columns[FIGURE_COLUMNS_MAX];
    size_t chosen[FIGURE_COLUMNS_MAX]; /* which of all, in order */
    size_t n;
};

/* Choose columns: those of all `n` that `left_out` (a bit each) does not name; names in the other language
 * are left out for people. false: no memory. */
bool figure_table_begin(struct figure_table *table, const struct ctl *ctl, const struct output_column *all,
                        size_t n, unsigned left_out);
/* A row of all `n` cells. */
void figure_table_row(struct figure_table *table, const char *const *cells);

#endif
