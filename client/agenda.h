/*
 * agenda: what this desk's schools owe and when, as the server last said, and the catalogues that govern it.
 */
#ifndef YUEBAO_AGENDA_H
#define YUEBAO_AGENDA_H

#include "catalogue.h"
#include "messages.h"
#include "outbox.h"
#include "validate.h"
#include "yuebao.pb-c.h"

/* The stored agenda, decoded; free with yuebao__agenda__free_unpacked(agenda, NULL). NULL: none is stored, or
 * it is damaged. */
Yuebao__Agenda *agenda_load(struct outbox *outbox);

/* Borrowed from the agenda; NULL: not there. */
const Yuebao__School *agenda_school(const Yuebao__Agenda *agenda, const char *code);

/*
 * The window in which `school` files the form for the period: the one that names it (an extension, or a
 * one-off form that was sent to it), else the one that is everybody's. Borrowed; NULL: nothing is asked of
 * this school.
 */
const Yuebao__Window *agenda_window(const Yuebao__Agenda *agenda, const char *form, const char *period,
                                    const char *school);

/* The one that is everybody's, however many have their own; NULL: there is none. */
const Yuebao__Window *agenda_common_window(const Yuebao__Agenda *agenda, const char *form,
                                           const char *period);

/* Whether the school files in this window: it is its own, of its kind, and the school existed on the period's
 * last day. */
bool agenda_owes(const Yuebao__Agenda *agenda, const Yuebao__School *school, const Yuebao__Window *window);

/*
 * "延期至 …，原因：…": that a window has other instants than everybody's, and why; malloc'd. NULL: it has not
 * (or no memory).
 */
char *agenda_extension_words(enum language language, const Yuebao__Agenda *agenda,
                             const Yuebao__Window *window);

/* A stored catalogue, decoded; catalogue_free(). NULL: not stored, or not one (or no memory). */
struct catalogue *agenda_catalogue(struct outbox *outbox, const ProtobufCBinaryData *hash);

/* The one whose hash begins with these hex digits, if it is stored; catalogue_free(). */
struct catalogue *agenda_catalogue_of_tag(struct outbox *outbox, const char *tag);

/* What the agenda knows about a slot, for validate_slot(); `school` and `window` may be NULL, both are
 * borrowed by the slot. */
struct slot agenda_slot(const Yuebao__School *school, const Yuebao__Window *window);

/* "primary.monthly" for a school's kind and a period's frequency: its regular form. */
void agenda_form_code(const char *kind, struct period period, char form[FORM_CODE_MAX + 1]);

/* "primary.monthly.fire-check": sent to chosen schools for one period. */
bool agenda_form_is_one_off(const char *form);
/* ".fire-check" of such a form, "" of a regular one: for the name of a file. Borrowed. */
const char *agenda_form_name(const char *form);

/* The server's clock by this computer's, as far as the last session told. */
uint64_t clock_ms(void);
uint64_t agenda_now_ms(struct outbox *outbox);

#endif
