#include <stdlib.h>
#include <string.h>

#include "sheet.h"

void
faults_add(struct faults *faults, const struct fault *fault)
{
    if (faults->count == FINDINGS_MAX) {
        faults->more = true;
        return;
    }
    if (faults->count == faults->capacity) {
        size_t capacity = faults->capacity == 0 ? 16 : faults->capacity * 2;
        struct fault *items = realloc(faults->items, capacity * sizeof(*items));

        if (items == NULL) {
            faults->more = true;
            return;
        }
        faults->items = items;
        faults->capacity = capacity;
    }
    faults->items[faults->count] = *fault;
    faults->items[faults->count].number = faults->count;
    faults->count++;
}

/* Errors first, then as the eye goes over the sheet; in one place as they were found. */
static int
compare_faults(const void *a, const void *b)
{
    const struct fault *x = a, *y = b;

    if (x->finding.severity != y->finding.severity)
        return x->finding.severity < y->finding.severity ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

void
faults_sort(struct faults *faults)
{
    if (faults->count > 1)
        qsort(faults->items, faults->count, sizeof(faults->items[0]), compare_faults);
}

bool
faults_refuse(const struct faults *faults)
{
    if (faults->more)
        return true;
    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].finding.severity == YUEBAO__SEVERITY__ERROR)
            return true;
    return false;
}

void
faults_fini(struct faults *faults)
{
    free(faults->items);
    *faults = (struct faults){0};
}
