#include "agenda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "envelope.h"
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

/* `school` NULL: everybody's. */
static bool
is_for(const Yuebao__Window *window, const char *school)
{
    if (school == NULL)
        return window->n_school == 0;
    for (size_t i = 0; i < window->n_school; i++)
        if (strcmp(window->school[i], school) == 0)
            return true;
    return false;
}

static const Yuebao__Window *
find_window(const Yuebao__Agenda *agenda, const char *form, const char *period, const char *school)
{
    for (size_t i = 0; i < agenda->n_window; i++)
        if (strcmp(agenda->window[i]->form, form) == 0 && strcmp(agenda->window[i]->period, period) == 0 &&
            is_for(agenda->window[i], school))
            return agenda->window[i];
    return NULL;
}

const Yuebao__Window *
agenda_common_window(const Yuebao__Agenda *agenda, const char *form, const char *period)
{
    return find_window(agenda, form, period, NULL);
}

const Yuebao__Window *
agenda_window(const Yuebao__Agenda *agenda, const char *form, const char *period, const char *school)
{
    const Yuebao__Window *own = find_window(agenda, form, period, school);

    return own != NULL ? own : agenda_common_window(agenda, form, period);
}

/* A form is a school's when it begins with its kind: "primary.monthly". */
bool
agenda_owes(const Yuebao__Agenda *agenda, const Yuebao__School *school, const Yuebao__Window *window)
{
    size_t len = strlen(school->kind);
    struct period period;

    if (strncmp(window->form, school->kind, len) != 0 || window->form[len] != '.' ||
        !period_parse(window->period, &period))
        return false;
    return school->opened_day <= period_last_day(period) && period_last_day(period) <= school->closed_day &&
           agenda_window(agenda, window->form, window->period, school->code) == window;
}

char *
agenda_extension_words(enum language language, const Yuebao__Agenda *agenda, const Yuebao__Window *window)
{
    const Yuebao__Window *common = agenda_common_window(agenda, window->form, window->period);
    char due[INSTANT_TEXT_MAX], closes[INSTANT_TEXT_MAX];
    bool earlier = common != NULL && window->due_ms < common->due_ms;

    if (window->extension[0] == '\0')
        return NULL;
    instant_print(window->due_ms, window->zone_minutes, due);
    instant_print(window->closes_ms, window->zone_minutes, closes);
    return message_format(language, earlier ? MSG_window_forward : MSG_window_put_off, "due", due, "closes",
                          closes, "reason", window->extension, NULL);
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

struct catalogue *
agenda_catalogue_of_tag(struct outbox *outbox, const char *tag)
{
    struct catalogue *catalogue = NULL;
    uint8_t beginning[ID_SIZE], *bytes = NULL;
    size_t digits = strlen(tag), len = 0;

    if (digits / 2 > ID_SIZE || !hex_parse(tag, beginning, digits / 2) ||
        outbox_catalogue_beginning(outbox, beginning, digits / 2, &bytes, &len) != OUTBOX_OK)
        return NULL;
    if (catalogue_load(bytes, len, &catalogue) != CATALOGUE_OK)
        catalogue = NULL;
    free(bytes);
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

const char *
agenda_form_name(const char *form)
{
    const char *dot = strchr(form, '.');

    dot = dot == NULL ? NULL : strchr(dot + 1, '.');
    return dot == NULL ? "" : dot;
}

bool
agenda_form_is_one_off(const char *form)
{
    return agenda_form_name(form)[0] != '\0';
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
