/*
 * holdback_inside: what the two halves of holdback share: what is small (holdback.c) and what gives it away
 * (holdback_flow.c, holdback_largest.c).
 */
#ifndef YUEBAOCTL_HOLDBACK_INSIDE_H
#define YUEBAOCTL_HOLDBACK_INSIDE_H

#include "holdback.h"

static inline struct holdback_cell *
cell_at(const struct holdback_table *table, size_t place, size_t column)
{
    return &table->cells[place * HOLDBACK_COLUMNS + column];
}

/* Whether any two kinds are added up. */
bool has_all_kinds(const struct holdback_table *table, size_t places);

/* A cell's numbers are small by themselves, were they the only ones. */
enum held small_by_itself(const struct holdback_table *table, const struct holdback_cell *cell,
                          size_t column);

/* Nothing is there: shown, and known not to be what is held back. */
bool is_zero(const struct holdback_cell *cell);

enum flow { FLOW_SAFE, FLOW_MORE, FLOW_STUCK };

/*
 * Close a circle through every held-back cell, and through what is small of a district's own schools. SAFE:
 * all were closed; MORE: all are now, and more is held back; STUCK: one cannot be closed.
 */
enum flow flow_close(const int *parents, size_t places, struct holdback_table *table);

/* The same for a maximum. */
enum flow largest_close(const int *parents, size_t places, struct holdback_table *table);

#endif
