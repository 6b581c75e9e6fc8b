#include "sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

void
sums_fini(struct sums *sums)
{
    free(sums->items);
    *sums = (struct sums){0};
}

/* Where it is or belongs. */
static size_t
place(const struct sums *sums, int form, uint32_t indicator)
{
    size_t low = 0, high = sums->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sum *s = &sums->items[middle];
        if (s->form < form || (s->form == form && s->indicator < indicator))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
is_at(const struct sums *sums, size_t at, int form, uint32_t indicator)
{
    return at < sums->count && sums->items[at].form == form && sums->items[at].indicator == indicator;
}

static void
insert(struct sums *sums, size_t at, int form, uint32_t indicator)
{
    if (sums->count == sums->capacity) {
        size_t capacity = sums->capacity * 2 + 64;
        struct sum *items = realloc(sums->items, capacity * sizeof(*items));
        if (items == NULL)
            abort();
        sums->items = items;
        sums->capacity = capacity;
    }
    memmove(sums->items + at + 1, sums->items + at, (sums->count - at) * sizeof(*sums->items));
    sums->items[at] = (struct sum){.form = form, .indicator = indicator};
    sums->count++;
}

static struct sum *
sum_of(struct sums *sums, int form, uint32_t indicator)
{
    size_t at = place(sums, form, indicator);

    if (!is_at(sums, at, form, indicator))
        insert(sums, at, form, indicator);
    return &sums->items[at];
}

void
sums_count(struct sums *sums, int form, struct sums_report report)
{
    struct sum *sum = sum_of(sums, form, SUMS_REPORTS);

    sum->schools += report.revision == 1;
    sum->excused += report.revision == 1 && report.late;
    sum->value += report.revision == 2;
    sum->denominator += report.admitted;
}

void
sums_add(struct sums *sums, int form, const struct booked_list *figures)
{
    for (size_t i = 0; i < figures->count; i++) {
        const struct booked *figure = &figures->figures[i];
        struct sum *sum = sum_of(sums, form, figure->indicator);
        sum->schools += figure->missing == 0;
        sum->excused += figure->missing != 0;
        sum->value += figure->value;
        sum->denominator += figure->denominator;
    }
}

static void
compare(const struct listener *listener, enum difference difference, uint32_t indicator, const char *found,
        __int128 sum)
{
    char expected[NUMBER_WIDE_TEXT_MAX];

    number_print_wide(sum, 0, expected);
    if (strcmp(found, expected) != 0)
        listener_tell(listener, difference, indicator, found, expected);
}

/* "12/1/0/0", as both sides of the one difference that the four counts make. */
static void
compare_reports(const struct listener *listener, const struct total *total, const struct sum *sum)
{
    char value[NUMBER_WIDE_TEXT_MAX], denominator[NUMBER_WIDE_TEXT_MAX], expected[4 * NUMBER_WIDE_TEXT_MAX],
        found[4 * NUMBER_WIDE_TEXT_MAX];

    number_print_wide(sum->value, 0, value);
    number_print_wide(sum->denominator, 0, denominator);
    snprintf(expected, sizeof(expected), "%ld/%ld/%s/%s", sum->schools, sum->excused, value, denominator);
    snprintf(found, sizeof(found), "%s/%s/%s/%s", total->schools, total->excused, total->value,
             total->denominator);
    if (strcmp(found, expected) != 0)
        listener_tell(listener, DIFFERENCE_reports, 0, found, expected);
}

void
sums_check(struct sums *sums, const struct total *total, const struct listener *listener)
{
    size_t at = place(sums, total->form, total->indicator);
    bool there = is_at(sums, at, total->form, total->indicator);
    struct sum sum = there ? sums->items[at] : (struct sum){0};

    if (total->indicator == SUMS_REPORTS) {
        compare_reports(listener, total, &sum);
    } else {
        compare(listener, DIFFERENCE_schools, total->indicator, total->schools, sum.schools);
        compare(listener, DIFFERENCE_excused, total->indicator, total->excused, sum.excused);
        compare(listener, DIFFERENCE_value, total->indicator, total->value, sum.value);
        compare(listener, DIFFERENCE_denominator, total->indicator, total->denominator, sum.denominator);
    }
    if (there)
        sums->items[at] = (struct sum){.form = total->form, .indicator = total->indicator};
}

void
sums_check_rest(struct sums *sums, void (*enter)(void *arg, int form), const struct listener *listener)
{
    for (size_t i = 0; i < sums->count; i++) {
        const struct sum *s = &sums->items[i];
        struct total none = {s->form, s->indicator, "0", "0", "0", "0"};
        if (s->schools == 0 && s->excused == 0)
            continue;
        enter(listener->arg, s->form);
        sums_check(sums, &none, listener);
    }
}
