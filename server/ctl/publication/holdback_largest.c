/*
 * holdback, a maximum: the largest of the parts is the largest of the whole.
 *
 * A reader knows of a held-back part that it is at most what is shown of any whole, and of a held-back whole
 * that it is at least what is shown of its parts. So a whole is shown only where one of its shown parts has
 * its value, in each way to part it that has something held back: then it says of the others only "not more",
 * and a held-back whole is more than its shown parts say. Not more than the least there can be would be the
 * least: held back too.
 */
#include "holdback_inside.h"

/* One way to part a whole: the places below it, or its kinds. */
struct parts {
    bool has_held, has_value; /* one is held back; one is shown and has the whole's value */
};

static void
look_at(struct parts *parts, const struct holdback_cell *whole, const struct holdback_cell *part)
{
    if (part->schools == 0)
        return;
    if (part->held != HELD_NOT && !part->known)
        parts->has_held = true;
    else if (part->value == whole->value)
        parts->has_value = true;
}

static struct parts
parts_below(const int *parents, size_t places, const struct holdback_table *table, size_t place,
            size_t column)
{
    const struct holdback_cell *whole = cell_at(table, place, column);
    struct parts parts = {0};
    int64_t schools = 0;

    for (size_t p = place + 1; p < places; p++)
        if (parents[p] == (int)place) {
            look_at(&parts, whole, cell_at(table, p, column));
            schools += cell_at(table, p, column)->schools;
        }
    /* its own schools are never shown; of a place without others below, they are all it is */
    if (schools > 0 && schools < whole->schools && whole->schools - schools < table->limits[column].schools)
        parts.has_held = true;
    return parts;
}

static struct parts
parts_by_kind(const struct holdback_table *table, size_t place)
{
    struct parts parts = {0};

    for (size_t c = 0; c < HOLDBACK_KINDS; c++)
        look_at(&parts, cell_at(table, place, HOLDBACK_ALL), cell_at(table, place, c));
    return parts;
}

static bool
gives_away(const struct parts *parts, const struct holdback_table *table, const struct holdback_cell *whole)
{
    int64_t least = table->least > 1 ? table->least : 1; /* no zero is held back */

    return parts->has_held && (!parts->has_value || whole->value <= least);
}

/* true: another whole had to be held back. */
static bool
look_through(const int *parents, size_t places, struct holdback_table *table)
{
    bool more = false;

    for (size_t p = places; p-- > 0;)
        for (size_t c = 0; c < HOLDBACK_COLUMNS; c++) {
            struct holdback_cell *whole = cell_at(table, p, c);
            if (whole->schools == 0 || whole->held != HELD_NOT || whole->known)
                continue;
            struct parts below = parts_below(parents, places, table, p, c);
            struct parts kinds = c == HOLDBACK_ALL ? parts_by_kind(table, p) : (struct parts){0};
            if (gives_away(&below, table, whole) || gives_away(&kinds, table, whole)) {
                whole->held = HELD_COMPLEMENT;
                more = true;
            }
        }
    return more;
}

enum flow
largest_close(const int *parents, size_t places, struct holdback_table *table)
{
    bool any = false;

    while (look_through(parents, places, table))
        any = true;
    return any ? FLOW_MORE : FLOW_SAFE;
}
