#include "standing.h"

#include <string.h>

#include "verdict.h"

static bool
same_slot(const struct item *item, const char *school, const char *form, const char *period)
{
    return strcmp(item->school, school) == 0 && strcmp(item->form, form) == 0 &&
           strcmp(item->period, period) == 0;
}

bool
standing_is_conflict(const struct item *item, uint32_t *ret_current)
{
    struct verdict v = {0};
    bool conflict;

    if (item->state != ITEM_REFUSED || item->answer == NULL ||
        verdict_open(item->answer, item->answer_len, &v) != VERDICT_OK)
        return false;
    conflict = v.message->outcome_case == YUEBAO__VERDICT__OUTCOME_CONFLICT;
    if (conflict && ret_current != NULL)
        *ret_current = v.message->conflict->current_revision;
    verdict_fini(&v);
    return conflict;
}

static bool
is_acknowledged(const struct item *item, uint32_t current, const struct holdings *holdings)
{
    for (size_t i = 0; i < holdings->count; i++) {
        const struct holding *h = &holdings->list[i];

        if (h->acknowledged && h->revision >= current && same_slot(item, h->school, h->form, h->period))
            return true;
    }
    return false;
}

bool
standing_is_open(const struct items *items, size_t at, const struct holdings *holdings)
{
    const struct item *item = &items->list[at];
    uint32_t current = 0;

    if (!standing_is_conflict(item, &current) || is_acknowledged(item, current, holdings))
        return false;
    for (size_t i = at + 1; i < items->count; i++) {
        const struct item *later = &items->list[i];

        if (same_slot(later, item->school, item->form, item->period) &&
            (later->state != ITEM_REFUSED || standing_is_conflict(later, NULL)))
            return false;
    }
    return true;
}

bool
standing_counts(const struct holdings *holdings, size_t at, const struct items *items)
{
    const struct holding *h = &holdings->list[at];

    if (at + 1 < holdings->count && strcmp(holdings->list[at + 1].school, h->school) == 0 &&
        strcmp(holdings->list[at + 1].form, h->form) == 0 &&
        strcmp(holdings->list[at + 1].period, h->period) == 0)
        return false;
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->list[i];

        if (!same_slot(item, h->school, h->form, h->period))
            continue;
        if (memcmp(item->id, h->id, ID_SIZE) == 0 || item->state == ITEM_WAITING ||
            (item->state == ITEM_RECEIPTED && item->revision >= h->revision) ||
            standing_is_open(items, i, holdings))
            return false;
    }
    return true;
}
