#include "totals.h"

#include <stdlib.h>
#include <string.h>

#define TOTALS_FIELDS 8

void
totals_fini(struct totals *t)
{
    for (size_t i = 0; i < t->capacity; i++)
        free(t->rows[i].cells);
    free(t->rows);
    *t = (struct totals){0};
}

/* Rows keep their cells' memory for the next batch. */
void
totals_clear(struct totals *t)
{
    t->count = t->at = 0;
    t->failed = false;
}

static bool
totals_row_is(const struct totals_row *row, int32_t district, int32_t period_day, int16_t form)
{
    return row->district == district && row->period_day == period_day && row->form == form;
}

static struct totals_row *
totals_add_row(struct totals *t, int32_t district, int32_t period_day, int16_t form)
{
    struct totals_row *row;

    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 16 : t->capacity * 2;
        struct totals_row *rows = realloc(t->rows, capacity * sizeof(*rows));
        if (rows == NULL)
            return NULL;
        memset(rows + t->capacity, 0, (capacity - t->capacity) * sizeof(*rows));
        t->rows = rows;
        t->capacity = capacity;
    }
    t->at = t->count++;
    row = &t->rows[t->at];
    row->district = district;
    row->period_day = period_day;
    row->form = form;
    row->count = 0;
    return row;
}

/* The newest row of the key: a batch has few keys, and a statement's figures ask for the same one again and
 * again. */
static struct totals_row *
totals_row(struct totals *t, int32_t district, int32_t period_day, int16_t form)
{
    if (t->at < t->count && totals_row_is(&t->rows[t->at], district, period_day, form))
        return &t->rows[t->at];
    for (size_t i = t->count; i-- > 0;) {
        if (totals_row_is(&t->rows[i], district, period_day, form)) {
            t->at = i;
            return &t->rows[i];
        }
    }
    return totals_add_row(t, district, period_day, form);
}

/* Where the indicator's cell is or belongs: binary search. */
static size_t
totals_place(const struct totals_row *row, int16_t indicator)
{
    size_t low = 0, high = row->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (row->cells[middle].indicator < indicator)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct totals_cell *
totals_cell(struct totals_row *row, int16_t indicator)
{
    size_t place = totals_place(row, indicator);

    if (place < row->count && row->cells[place].indicator == indicator)
        return &row->cells[place];
    if (row->count == row->capacity) {
        size_t capacity = row->capacity == 0 ? 64 : row->capacity * 2;
        struct totals_cell *cells = realloc(row->cells, capacity * sizeof(*cells));
        if (cells == NULL)
            return NULL;
        row->cells = cells;
        row->capacity = capacity;
    }
    memmove(row->cells + place + 1, row->cells + place, (row->count - place) * sizeof(*row->cells));
    row->count++;
    row->cells[place] = (struct totals_cell){.indicator = indicator};
    return &row->cells[place];
}

/* false: a sum would leave 64 bits; the cell is unchanged. */
static bool
totals_add(struct totals_cell *cell, struct totals_figure figure, enum totals_sign sign)
{
    int64_t value, denominator;
    bool over = sign == TOTALS_ADD
                    ? __builtin_add_overflow(cell->value, figure.value, &value) ||
                          __builtin_add_overflow(cell->denominator, figure.denominator, &denominator)
                    : __builtin_sub_overflow(cell->value, figure.value, &value) ||
                          __builtin_sub_overflow(cell->denominator, figure.denominator, &denominator);

    if (over)
        return false;
    cell->value = value;
    cell->denominator = denominator;
    if (figure.missing)
        cell->excused += sign;
    else
        cell->schools += sign;
    return true;
}

void
totals_put(struct totals *t, int32_t district, int32_t period_day, int16_t form, struct totals_figure figure,
           enum totals_sign sign)
{
    struct totals_row *row = totals_row(t, district, period_day, form);
    struct totals_cell *cell = row != NULL ? totals_cell(row, figure.indicator) : NULL;

    if (figure.missing)
        figure.value = figure.denominator = 0;
    if (cell != NULL && !totals_add(cell, figure, sign)) {
        row = totals_add_row(t, district, period_day, form);
        cell = row != NULL ? totals_cell(row, figure.indicator) : NULL;
        /* from zero only -INT64_MIN is impossible, and no bound lets that figure in */
        if (cell != NULL && !totals_add(cell, figure, sign))
            cell = NULL;
    }
    if (cell == NULL)
        t->failed = true;
}

void
totals_count(struct totals *t, int32_t district, int32_t period_day, int16_t form,
             struct totals_report report)
{
    struct totals_row *row = totals_row(t, district, period_day, form);
    struct totals_cell *cell = row != NULL ? totals_cell(row, TOTALS_REPORTS) : NULL;

    if (cell == NULL) {
        t->failed = true;
        return;
    }
    cell->schools += report.revision == 1;
    cell->excused += report.revision == 1 && report.late;
    cell->value += report.revision == 2;
}

static bool
totals_differs(const struct totals_cell *cell)
{
    return cell->schools != 0 || cell->excused != 0 || cell->value != 0 || cell->denominator != 0;
}

/* One array field over the row's cells; `write` writes the element. */
static void
totals_field(const struct totals_row *row, size_t count, enum binary_type type,
             void (*write)(struct binary *stream, const struct totals_cell *cell), struct binary *stream)
{
    size_t opened = binary_field_open(stream);

    binary_array(stream, type, count);
    for (size_t i = 0; i < row->count; i++)
        if (totals_differs(&row->cells[i]))
            write(stream, &row->cells[i]);
    binary_field_close(stream, opened);
}

static void
write_indicator(struct binary *stream, const struct totals_cell *cell)
{
    binary_int2(stream, cell->indicator);
}

static void
write_schools(struct binary *stream, const struct totals_cell *cell)
{
    binary_int4(stream, cell->schools);
}

static void
write_excused(struct binary *stream, const struct totals_cell *cell)
{
    binary_int4(stream, cell->excused);
}

static void
write_value(struct binary *stream, const struct totals_cell *cell)
{
    binary_int8(stream, cell->value);
}

static void
write_denominator(struct binary *stream, const struct totals_cell *cell)
{
    binary_int8(stream, cell->denominator);
}

static void
totals_copy_row(const struct totals_row *row, struct binary *stream)
{
    size_t count = 0;

    for (size_t i = 0; i < row->count; i++)
        count += totals_differs(&row->cells[i]) ? 1 : 0;
    if (count == 0)
        return;
    binary_copy_row(stream, TOTALS_FIELDS);
    binary_int4(stream, row->district);
    binary_date(stream, row->period_day);
    binary_int2(stream, row->form);
    totals_field(row, count, BINARY_INT2, write_indicator, stream);
    totals_field(row, count, BINARY_INT4, write_schools, stream);
    totals_field(row, count, BINARY_INT4, write_excused, stream);
    totals_field(row, count, BINARY_INT8, write_value, stream);
    totals_field(row, count, BINARY_INT8, write_denominator, stream);
}

void
totals_copy(const struct totals *t, struct binary *stream)
{
    binary_copy_header(stream);
    for (size_t i = 0; i < t->count; i++)
        totals_copy_row(&t->rows[i], stream);
    binary_copy_trailer(stream);
    if (t->failed)
        stream->failed = true;
}
