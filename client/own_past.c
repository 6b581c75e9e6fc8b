#include "own_past.h"

#include <stdlib.h>
#include <string.h>

#include "filing.h"

struct slot_report {
    struct period period;
    Yuebao__Statement *statement; /* the newest revision */
};

struct own_past {
    const Yuebao__Agenda *agenda;
    char school[SCHOOL_CODE_MAX + 1];
    struct slot_report *list;
    size_t count;
};

/* ---- loading ------------------------------------------------------------------------------------ */

static struct slot_report *
find_slot(const struct own_past *past, const char *form, struct period period)
{
    for (size_t i = 0; i < past->count; i++)
        if (period_equal(past->list[i].period, period) && strcmp(past->list[i].statement->form, form) == 0)
            return &past->list[i];
    return NULL;
}

/* The statement is taken. */
static enum outbox_status
remember(struct own_past *past, struct period period, Yuebao__Statement *statement)
{
    struct slot_report *slot = find_slot(past, statement->form, period);
    struct slot_report *list;

    if (slot != NULL && slot->statement->revision >= statement->revision) {
        yuebao__statement__free_unpacked(statement, NULL);
        return OUTBOX_OK;
    }
    if (slot != NULL) {
        yuebao__statement__free_unpacked(slot->statement, NULL);
        slot->statement = statement;
        return OUTBOX_OK;
    }
    list = realloc(past->list, (past->count + 1) * sizeof(*list));
    if (list == NULL) {
        yuebao__statement__free_unpacked(statement, NULL);
        return OUTBOX_NOMEM;
    }
    past->list = list;
    past->list[past->count++] = (struct slot_report){period, statement};
    return OUTBOX_OK;
}

static enum outbox_status
add(struct own_past *past, const char *text, const uint8_t *bytes, size_t len)
{
    Yuebao__Statement *statement;
    struct period period;

    if (!period_parse(text, &period))
        return OUTBOX_OK;
    statement = filing_unpack(bytes, len);
    return statement == NULL ? OUTBOX_NOMEM : remember(past, period, statement);
}

static enum outbox_status
add_all(struct own_past *past, struct outbox *outbox, const char *school)
{
    const enum item_state receipted = ITEM_RECEIPTED;
    const struct item_filter filter = {.school = school, .state = &receipted};
    struct holdings holdings = {0};
    struct items items = {0};
    enum outbox_status status = outbox_items(outbox, &filter, &items);

    if (status == OUTBOX_OK)
        status = outbox_holdings(outbox, school, NULL, NULL, &holdings);
    for (size_t i = 0; i < items.count && status == OUTBOX_OK; i++)
        status = add(past, items.list[i].period, items.list[i].statement, items.list[i].statement_len);
    for (size_t i = 0; i < holdings.count && status == OUTBOX_OK; i++)
        status =
            add(past, holdings.list[i].period, holdings.list[i].statement, holdings.list[i].statement_len);
    items_fini(&items);
    holdings_fini(&holdings);
    return status;
}

enum outbox_status
own_past_load(struct outbox *outbox, const Yuebao__Agenda *agenda, const char *school,
              struct own_past **ret_past)
{
    struct own_past *past = calloc(1, sizeof(*past));
    enum outbox_status status = past == NULL ? OUTBOX_NOMEM : OUTBOX_OK;

    if (status == OUTBOX_OK) {
        past->agenda = agenda;
        strncpy(past->school, school, sizeof(past->school) - 1);
        status = add_all(past, outbox, school);
    }
    if (status == OUTBOX_OK)
        *ret_past = past;
    else
        own_past_free(past);
    return status;
}

void
own_past_free(struct own_past *past)
{
    if (past == NULL)
        return;
    for (size_t i = 0; i < past->count; i++)
        yuebao__statement__free_unpacked(past->list[i].statement, NULL);
    free(past->list);
    free(past);
}

/* ---- answering ---------------------------------------------------------------------------------- */

static bool
figure(void *arg, const char *form, struct period period, uint32_t indicator, int64_t *ret_value,
       int64_t *ret_denominator)
{
    const struct slot_report *slot = find_slot(arg, form, period);
    const Yuebao__Statement *s = slot == NULL ? NULL : slot->statement;

    for (size_t i = 0; s != NULL && i < s->n_indicator && i < s->n_value && i < s->n_denominator; i++) {
        if (s->indicator[i] != indicator)
            continue;
        *ret_value = s->value[i];
        *ret_denominator = s->denominator[i];
        return true;
    }
    return false;
}

static bool
accepted(void *arg, const char *form, struct period period)
{
    return find_slot(arg, form, period) != NULL;
}

/* The agenda reaches two months back; beyond, the calendar is taken to have every period. */
static bool
before(void *arg, const char *form, struct period period, struct period *ret_period)
{
    const struct own_past *past = arg;
    struct period best = period_previous(period), p;
    bool found = false;

    for (size_t i = 0; past->agenda != NULL && i < past->agenda->n_window; i++) {
        const Yuebao__Window *w = past->agenda->window[i];

        if (strcmp(w->form, form) != 0 ||
            agenda_window(past->agenda, w->form, w->period, past->school) != w ||
            !period_parse(w->period, &p) || p.first_day >= period.first_day)
            continue;
        if (!found || p.first_day > best.first_day)
            best = p;
        found = true;
    }
    *ret_period = best;
    return true;
}

struct past
own_past_face(struct own_past *past)
{
    return (struct past){.arg = past, .figure = figure, .accepted = accepted, .before = before};
}

const Yuebao__Statement *
own_past_last(const struct own_past *past, const char *form, struct period period)
{
    const struct slot_report *best = NULL;

    for (size_t i = 0; i < past->count; i++) {
        const struct slot_report *slot = &past->list[i];

        if (slot->period.frequency == period.frequency && slot->period.first_day < period.first_day &&
            strcmp(slot->statement->form, form) == 0 &&
            (best == NULL || slot->period.first_day > best->period.first_day))
            best = slot;
    }
    return best == NULL ? NULL : best->statement;
}
