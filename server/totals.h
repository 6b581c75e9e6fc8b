/*
 * totals: what one batch changes in the districts' totals. Pure arithmetic, no I/O.
 *
 * One row a (district, period, form), with a cell an indicator, ascending. A school's new figures are added,
 * the figures that a revision replaces are subtracted. A sum that would leave 64 bits begins another row of
 * the same key: the fold adds rows up as numeric.
 *
 * The cell of TOTALS_REPORTS, which is no indicator's number, counts the reports themselves: `schools` those
 * that came first, `excused` of these the late ones, `value` the slots that were corrected, `denominator`
 * what was admitted after close.
 */
#ifndef YUEBAO_TOTALS_H
#define YUEBAO_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binary.h"

struct totals_cell {
    int16_t indicator;
    int32_t schools, excused;
    int64_t value, denominator;
};

struct totals_row {
    int32_t district, period_day;
    int16_t form;
    struct totals_cell *cells;
    size_t count, capacity;
};

struct totals {
    struct totals_row *rows;
    size_t count, capacity;
    size_t at;   /* row that was used last */
    bool failed; /* no memory: not whole */
};

/* One school's figure for one indicator. */
struct totals_figure {
    int16_t indicator;
    bool missing; /* with a reason: counts as excused, adds no value */
    int64_t value, denominator;
};

#define TOTALS_REPORTS 0

struct totals_report {
    uint32_t revision;
    bool late;
};

enum totals_sign { TOTALS_ADD = 1, TOTALS_SUBTRACT = -1 };

/* A zeroed struct is empty. */
void totals_fini(struct totals *totals);
void totals_clear(struct totals *totals);

void totals_put(struct totals *totals, int32_t district, int32_t period_day, int16_t form,
                struct totals_figure figure, enum totals_sign sign);

/* One accepted report, whatever its figures. */
void totals_count(struct totals *totals, int32_t district, int32_t period_day, int16_t form,
                  struct totals_report report);

/* The whole COPY stream of yuebao.total_delta (TOTALS_COPY_COLUMNS). Cells and rows without a difference are
 * left out. */
#define TOTALS_COPY_COLUMNS "district, period, form, indicator, schools, excused, value, denominator"
void totals_copy(const struct totals *totals, struct binary *stream);

#endif
