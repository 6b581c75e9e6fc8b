#include "holdback.h"

#include <stdlib.h>

#include "holdback_inside.h"

bool
is_zero(const struct holdback_cell *cell)
{
    return cell->value == 0 && cell->denominator == 0;
}

bool
has_all_kinds(const struct holdback_table *table, size_t places)
{
    for (size_t p = 0; p < places; p++)
        if (cell_at(table, p, HOLDBACK_ALL)->schools > 0)
            return true;
    return false;
}

static bool
is_few(int64_t count, int64_t least)
{
    return count > 0 && count < least;
}

enum held
small_by_itself(const struct holdback_table *table, const struct holdback_cell *cell, size_t column)
{
    const struct holdback_limits *limits = &table->limits[column];

    if (cell->schools == 0 || is_zero(cell))
        return HELD_NOT;
    if (cell->schools < limits->schools)
        return HELD_SCHOOLS;
    if (table->measure == HOLDBACK_LARGEST)
        return HELD_NOT;
    if (is_few(cell->value, limits->count) ||
        (table->measure == HOLDBACK_PART && is_few(cell->denominator - cell->value, limits->count)))
        return HELD_COUNT;
    if (limits->share < 1 && (double)cell->largest > limits->share * (double)cell->value)
        return HELD_SHARE;
    return HELD_NOT;
}

/* ---- what follows from what is known -------------------------------------------------------------- */

/* One sum of the table: a place and what is below it, or all kinds and each. */
struct sum {
    size_t unknown;             /* of its cells */
    struct holdback_cell *last; /* of these */
    int64_t schools;            /* of the whole, less the parts: a place's own */
};

/* A zero that is shown like any other, and not a change of what was shown or held back. */
static bool
is_plain_zero(const struct holdback_cell *cell)
{
    return is_zero(cell) && !cell->held_before && !cell->shown_before;
}

static void
add(struct sum *sum, struct holdback_cell *cell, bool is_whole)
{
    sum->schools += is_whole ? cell->schools : -cell->schools;
    if (cell->schools == 0 || cell->known || is_plain_zero(cell))
        return;
    sum->unknown++;
    sum->last = cell;
}

/* A single unknown is known. What a place's own schools make is in no cell: an unknown more. */
static bool
solve(struct sum *sum)
{
    bool solved = sum->unknown == 1 && sum->schools == 0;

    if (solved)
        sum->last->known = true;
    *sum = (struct sum){0};
    return solved;
}

static bool
learn_once(const int *parents, size_t places, struct holdback_table *table, struct sum *below)
{
    bool more = false, all = has_all_kinds(table, places);

    for (size_t p = places; p-- > 0;) {
        struct sum kinds = {0};
        for (size_t c = 0; c < HOLDBACK_COLUMNS; c++) {
            add(&kinds, cell_at(table, p, c), c == HOLDBACK_ALL);
            add(&below[p * HOLDBACK_COLUMNS + c], cell_at(table, p, c), true);
            more = solve(&below[p * HOLDBACK_COLUMNS + c]) || more;
            if (p > 0)
                add(&below[(size_t)parents[p] * HOLDBACK_COLUMNS + c], cell_at(table, p, c), false);
        }
        more = (all && solve(&kinds)) || more;
    }
    return more;
}

/* What the numbers of other editions and the zeros of this one add up to is as known as they are. */
static void
learn(const int *parents, size_t places, struct holdback_table *table)
{
    bool any = false;

    for (size_t i = 0; i < places * HOLDBACK_COLUMNS; i++)
        any = any || table->cells[i].known;
    if (!any || table->measure == HOLDBACK_LARGEST)
        return;
    struct sum *below = calloc(places * HOLDBACK_COLUMNS, sizeof(*below));
    if (below == NULL)
        abort();
    while (learn_once(parents, places, table, below))
        ;
    free(below);
}

/* ---- first: what is small, and what was decided before -------------------------------------------- */

static enum held
first_reason(const struct holdback_table *table, const struct holdback_cell *cell, size_t column)
{
    enum held small = small_by_itself(table, cell, column);

    if (small != HELD_NOT)
        return small;
    if (cell->held_before)
        return HELD_BEFORE;
    return !cell->known && is_few(cell->joined, table->limits[column].joined) ? HELD_JOINED : HELD_NOT;
}

static void
begin(struct holdback_table *table, size_t places)
{
    table->frozen = false;
    for (size_t p = 0; p < places; p++)
        for (size_t c = 0; c < HOLDBACK_COLUMNS; c++) {
            struct holdback_cell *cell = cell_at(table, p, c);
            cell->held = cell->schools == 0 ? HELD_NOT : first_reason(table, cell, c);
        }
}

/* ---- tied tables ---------------------------------------------------------------------------------- */

static bool
is_held_in_any(const struct holdback_table *tables, size_t n, size_t place, size_t column)
{
    for (size_t t = 0; t < n; t++)
        if (cell_at(&tables[t], place, column)->held != HELD_NOT)
            return true;
    return false;
}

/* What one holds back all do. true: something was added. */
static bool
share(size_t places, struct holdback_table *tables, size_t n)
{
    bool more = false;

    for (size_t p = 0; n > 1 && p < places; p++)
        for (size_t c = 0; c < HOLDBACK_COLUMNS; c++) {
            if (!is_held_in_any(tables, n, p, c))
                continue;
            for (size_t t = 0; t < n; t++) {
                struct holdback_cell *cell = cell_at(&tables[t], p, c);
                if (cell->held == HELD_NOT && cell->schools > 0 && !is_zero(cell)) {
                    cell->held = HELD_TIED;
                    more = true;
                }
            }
        }
    return more;
}

/* ---- frozen --------------------------------------------------------------------------------------- */

/* What was shown must be held back now, with other numbers: an earlier edition fell. */
static bool
has_fallen(const struct holdback_table *table, size_t places)
{
    for (size_t i = 0; i < places * HOLDBACK_COLUMNS; i++)
        if (table->cells[i].held != HELD_NOT && table->cells[i].shown_before && !table->cells[i].known)
            return true;
    return false;
}

static void
freeze(struct holdback_table *table, size_t places)
{
    table->frozen = true;
    for (size_t i = 0; i < places * HOLDBACK_COLUMNS; i++) {
        struct holdback_cell *cell = &table->cells[i];
        if (cell->held == HELD_NOT && cell->schools > 0 && !cell->known && !is_plain_zero(cell))
            cell->held = HELD_FROZEN;
    }
}

/* ---- all ------------------------------------------------------------------------------------------ */

static bool
must_freeze(size_t places, const struct holdback_table *tables, size_t n)
{
    for (size_t t = 0; t < n; t++)
        if (has_fallen(&tables[t], places))
            return true;
    return false;
}

/* Until nothing is added. false: something cannot be kept, whatever is held back beside it. */
static bool
complete(const int *parents, size_t places, struct holdback_table *tables, size_t n)
{
    bool more;

    do {
        more = share(places, tables, n);
        for (size_t t = 0; t < n; t++) {
            enum flow flow = tables[t].measure == HOLDBACK_LARGEST
                                 ? largest_close(parents, places, &tables[t])
                                 : flow_close(parents, places, &tables[t]);
            if (flow == FLOW_STUCK)
                return false;
            more = more || flow == FLOW_MORE;
        }
    } while (more);
    return true;
}

void
hold_back(const int *parents, size_t places, struct holdback_table *tables, size_t n)
{
    for (size_t t = 0; t < n; t++) {
        learn(parents, places, &tables[t]);
        begin(&tables[t], places);
    }
    share(places, tables, n);
    if (!must_freeze(places, tables, n) && complete(parents, places, tables, n) &&
        !must_freeze(places, tables, n))
        return;
    for (size_t t = 0; t < n; t++)
        freeze(&tables[t], places);
}
