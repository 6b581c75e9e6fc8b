#include "agenda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gate.h"
#include "period.h"

Yuebao__Agenda *
agenda_load(struct outbox *outbox)
{
    Yuebao__Agenda *agenda = NULL;
    uint64_t fetched_ms;
    uint8_t *bytes = NULL;
    size_t len = 0;

    if (outbox_agenda(outbox, &bytes, &len, &fetched_ms) != OUTBOX_OK)
        return NULL;
    if (gate_check(&yuebao__agenda__descriptor, bytes, len, NULL) == GATE_OK)
        agenda = yuebao__agenda__unpack(NULL, len, bytes);
    free(bytes);
    return agenda;
}

const Yuebao__School *
agenda_school(const Yuebao__Agenda *agenda, const char *code)
{
    for (size_t i = 0; i < agenda->n_school; i++)
        if (strcmp(agenda->school[i]->code, code) == 0)
            return agenda->school[i];
    return NULL;
}

const Yuebao__Window *
agenda_window(const Yuebao__Agenda *agenda, const char *form, const char *period)
{
    for (size_t i = 0; i < agenda->n_window; i++)
        if (strcmp(agenda->window[i]->form, form) == 0 && strcmp(agenda->window[i]->period, period) == 0)
            return agenda->window[i];
    return NULL;
}

struct catalogue *
agenda_catalogue(struct outbox *outbox, const ProtobufCBinaryData *hash)
{
    struct catalogue *catalogue = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;

    if (hash->len != ID_SIZE || outbox_catalogue(outbox, hash->data, &bytes, &len) != OUTBOX_OK)
        return NULL;
    if (catalogue_load(bytes, len, &catalogue) != CATALOGUE_OK)
        catalogue = NULL;
    free(bytes);
    if (catalogue != NULL && memcmp(catalogue_hash(catalogue), hash->data, ID_SIZE) != 0) {
        catalogue_free(catalogue);
        return NULL;
    }
    return catalogue;
}

struct slot
agenda_slot(const Yuebao__School *school, const Yuebao__Window *window)
{
    struct slot slot = {0};

    if (school != NULL) {
        slot.school_known = true;
        slot.kind = school->kind;
        slot.opened_day = school->opened_day;
        slot.closed_day = school->closed_day;
    }
    if (window != NULL && window->catalogue.len == ID_SIZE) {
        slot.zone_minutes = window->zone_minutes;
        slot.in_calendar = true;
        slot.opens_ms = window->opens_ms;
        slot.due_ms = window->due_ms;
        slot.closes_ms = window->closes_ms;
        slot.catalogue = window->catalogue.data;
    }
    return slot;
}

void
agenda_form_code(const char *kind, struct period period, char form[FORM_CODE_MAX + 1])
{
    snprintf(form, FORM_CODE_MAX + 1, "%s.%s", kind, frequency_name(period.frequency));
}

uint64_t
clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* An old PC with a dead battery still knows what is open. */
uint64_t
agenda_now_ms(struct outbox *outbox)
{
    uint64_t now = clock_ms();
    char *skew = NULL;

    if (outbox_setting(outbox, "clock_skew_ms", &skew) == OUTBOX_OK)
        now += (uint64_t)strtoll(skew, NULL, 10);
    free(skew);
    return now;
}
