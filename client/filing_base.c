/* What is there of a slot already, in the outbox and at the centre, and so which revision comes next. */
#include <string.h>

#include "filing_inside.h"
#include "verdict.h"

static bool
same_numbers(const void *a, const void *b, size_t count_a, size_t count_b, size_t size)
{
    return count_a == count_b && (count_a == 0 || memcmp(a, b, count_a * size) == 0);
}

static bool
same_explanations(const Yuebao__Statement *s, const struct draft *d)
{
    if (s->n_explanation != d->explanations)
        return false;
    for (size_t i = 0; i < d->explanations; i++)
        if (s->explanation[i]->indicator != d->explanation[i].indicator ||
            strcmp(s->explanation[i]->text, d->explanation[i].text) != 0)
            return false;
    return true;
}

/* Figures, reasons, explanations: what a clerk changes. Names and clocks do not make another report. */
static bool
same_figures(const uint8_t *statement, size_t len, const struct draft *d)
{
    Yuebao__Statement *s = filing_unpack(statement, len);
    bool same;

    if (s == NULL)
        return false;
    same = same_numbers(s->indicator, d->indicator, s->n_indicator, d->figures, sizeof(d->indicator[0])) &&
           same_numbers(s->value, d->value, s->n_value, d->figures, sizeof(d->value[0])) &&
           same_numbers(s->denominator, d->denominator, s->n_denominator, d->figures,
                        sizeof(d->denominator[0])) &&
           same_numbers(s->missing, d->missing_indicator, s->n_missing, d->missing,
                        sizeof(d->missing_indicator[0])) &&
           same_numbers(s->missing_reason, d->missing_reason, s->n_missing_reason, d->missing,
                        sizeof(d->missing_reason[0])) &&
           same_explanations(s, d);
    yuebao__statement__free_unpacked(s, NULL);
    return same;
}

static void
follow(struct filing *f, uint32_t revision, const uint8_t *id)
{
    if (revision < f->revision)
        return;
    f->base = BASE_CHANGED;
    f->revision = revision;
    f->has_previous = true;
    memcpy(f->previous, id, ID_SIZE);
}

/* A conflict names what the slot holds at the centre (sent from another computer, say): the next revision
 * follows that. */
static void
follow_conflict(struct filing *f, const struct item *item)
{
    struct verdict v = {0};
    const Yuebao__Conflict *conflict;

    if (item->answer == NULL || verdict_open(item->answer, item->answer_len, &v) != VERDICT_OK)
        return;
    conflict = v.message->outcome_case == YUEBAO__VERDICT__OUTCOME_CONFLICT ? v.message->conflict : NULL;
    if (conflict != NULL && conflict->current_id.len == ID_SIZE &&
        !(f->has_previous && memcmp(f->previous, conflict->current_id.data, ID_SIZE) == 0))
        follow(f, conflict->current_revision, conflict->current_id.data);
    verdict_fini(&v);
}

static void
hold(struct filing *f, enum filing_base base, uint32_t revision, const uint8_t *id)
{
    f->base = base;
    f->held_revision = revision;
    memcpy(f->id, id, ID_SIZE);
}

/*
 * A kept statement is out of the books: what follows does not build on it, but the same figures are not sent
 * twice, unless the period is open again: then they count. A refused one was never anything, unless it tells
 * what is there instead.
 */
static void
weigh_item(struct filing *f, const struct item *item)
{
    bool same = same_figures(item->statement, item->statement_len, f->draft);

    switch (item->state) {
    case ITEM_WAITING:
    case ITEM_RECEIPTED:
        follow(f, item->revision, item->id);
        if (same && f->revision == item->revision)
            hold(f, item->state == ITEM_WAITING ? BASE_WAITING : BASE_RECEIPTED, item->revision, item->id);
        return;
    case ITEM_KEPT:
        if (same && f->is_closed)
            hold(f, BASE_KEPT, item->revision, item->id);
        return;
    case ITEM_REFUSED:
        follow_conflict(f, item);
        return;
    }
}

/* What the centre holds, as far as it was fetched: from another computer of the school, or from this one
 * before its outbox was lost. */
static void
weigh_holding(struct filing *f, const struct holding *h)
{
    bool known = f->has_previous && memcmp(f->previous, h->id, ID_SIZE) == 0;

    if (h->revision < f->revision || (known && f->base != BASE_CHANGED))
        return;
    follow(f, h->revision, h->id);
    if (same_figures(h->statement, h->statement_len, f->draft))
        hold(f, BASE_HELD, h->revision, h->id);
}

/* Over the slot's items, oldest first, and what the centre holds. */
static void
weigh(struct filing *f, const struct items *items, const struct holdings *holdings)
{
    f->base = BASE_NEW;
    f->revision = 0;
    f->has_previous = false;
    for (size_t i = 0; i < items->count; i++)
        weigh_item(f, &items->list[i]);
    for (size_t i = 0; i < holdings->count; i++)
        weigh_holding(f, &holdings->list[i]);
    f->revision++;
}

bool
filing_is_held(const struct filing *f)
{
    switch (f->base) {
    case BASE_NEW:
    case BASE_CHANGED:
        return false;
    case BASE_WAITING:
    case BASE_RECEIPTED:
    case BASE_KEPT:
    case BASE_HELD:
        return true;
    }
    return false;
}

enum filing_status
filing_outbox_failed(struct filing *f, enum outbox_status status)
{
    f->trouble = status;
    return status == OUTBOX_OK ? FILING_OK : status == OUTBOX_NOMEM ? FILING_NOMEM : FILING_OUTBOX;
}

enum filing_status
filing_find_base(struct outbox *outbox, struct filing *f)
{
    const struct item_filter filter = {.school = f->school, .form = f->form_code, .period = f->period};
    struct holdings holdings = {0};
    struct items items = {0};
    enum outbox_status status = outbox_items(outbox, &filter, &items);

    if (status == OUTBOX_OK)
        status = outbox_holdings(outbox, f->school, f->form_code, f->period, &holdings);
    if (status == OUTBOX_OK) {
        f->is_closed = agenda_now_ms(outbox) >= f->window->closes_ms;
        weigh(f, &items, &holdings);
    }
    items_fini(&items);
    holdings_fini(&holdings);
    return filing_outbox_failed(f, status);
}
