#include "template_old.h"

#include <stdlib.h>
#include <string.h>

#include "sheet_inside.h"

struct changes {
    struct faults list;
    bool differs; /* the required or the known indicators are others */
};

static void
add(struct changes *c, const Yuebao__Indicator *indicator, const char *before, const char *now)
{
    struct fault fault =
        sheet_fault(YUEBAO__FINDING_CODE__TEMPLATE_CHANGE, indicator->number, before, now, 0, COLUMN_NONE);

    faults_add(&c->list, &fault);
}

/* Words of the contract: messages.def has them. */
static const char *
place_word(const struct form_item *item)
{
    return item == NULL ? "absent" : item->required ? "required" : "optional";
}

static const char *
range_or_word(const char *range)
{
    return range[0] == '\0' ? "unbounded" : range;
}

/* The same indicator then and now; NULL: not on the form. At least one is there. */
static void
compare_item(struct changes *c, const struct form_item *then, const struct form_item *now)
{
    char range_then[SHEET_RANGE_MAX], range_now[SHEET_RANGE_MAX];

    if (then == NULL || now == NULL || then->required != now->required) {
        add(c, now != NULL ? now->indicator : then->indicator, place_word(then), place_word(now));
        c->differs = true;
    }
    if (then == NULL || now == NULL)
        return;
    sheet_range_text(then->indicator, range_then);
    sheet_range_text(now->indicator, range_now);
    if (strcmp(range_then, range_now) != 0)
        add(c, now->indicator, range_or_word(range_then), range_or_word(range_now));
    if (strcmp(then->indicator->name_zh, now->indicator->name_zh) != 0)
        add(c, now->indicator, then->indicator->name_zh, now->indicator->name_zh);
}

/* Both lists ascend by number. */
static void
compare_forms(struct changes *c, const struct form *then, const struct form *now)
{
    size_t t = 0, n = 0;

    while (t < then->n_items || n < now->n_items) {
        uint32_t of_then = t < then->n_items ? then->items[t].indicator->number : UINT32_MAX;
        uint32_t of_now = n < now->n_items ? now->items[n].indicator->number : UINT32_MAX;

        compare_item(c, of_then <= of_now ? &then->items[t] : NULL,
                     of_now <= of_then ? &now->items[n] : NULL);
        t += of_then <= of_now;
        n += of_now <= of_then;
    }
}

static bool
has_foreign_rows(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].finding.code == YUEBAO__FINDING_CODE__ROW_UNKNOWN ||
            faults->items[i].finding.code == YUEBAO__FINDING_CODE__INDICATOR_NOT_IN_FORM)
            return true;
    return false;
}

/* An optional row that is missing may have been deleted by the clerk. */
static void
compare_rows(struct changes *c, const struct draft *draft, const struct form *form,
             const struct faults *faults)
{
    for (size_t i = 0; i < form->n_items; i++)
        if (form->items[i].required && draft_row_of(draft, form->items[i].indicator->number) == NULL)
            compare_item(c, NULL, &form->items[i]);
    c->differs = c->differs || has_foreign_rows(faults);
}

/* The one that says to download the new template, then what changed, all of one severity so that they stay
 * together. */
static void
report(const struct changes *c, struct faults *faults)
{
    Yuebao__Severity severity = c->differs ? YUEBAO__SEVERITY__ERROR : YUEBAO__SEVERITY__WARNING;
    struct fault old = sheet_fault(YUEBAO__FINDING_CODE__TEMPLATE_OLD, 0, NULL, NULL, 0, COLUMN_NONE);

    old.finding.severity = severity;
    faults_add(faults, &old);
    for (size_t i = 0; i < c->list.count; i++) {
        struct fault change = c->list.items[i];

        change.finding.severity = severity;
        faults_add(faults, &change);
    }
    faults->more = faults->more || c->list.more;
}

void
template_old_check(const struct draft *draft, const struct catalogue *older, const struct form *form,
                   struct faults *faults)
{
    const struct form *then = older == NULL ? NULL : catalogue_form(older, form->message->code);
    struct changes changes = {0};

    if (then != NULL)
        compare_forms(&changes, then, form);
    else
        compare_rows(&changes, draft, form, faults);
    if (changes.differs || changes.list.count > 0)
        report(&changes, faults);
    faults_fini(&changes.list);
}
