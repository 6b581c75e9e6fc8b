/*
 * agenda: what this desk's schools owe and when, as the server last said, and the catalogues that govern it.
 */
#ifndef YUEBAO_AGENDA_H
#define YUEBAO_AGENDA_H

#include "catalogue.h"
#include "outbox.h"
#include "validate.h"
#include "yuebao.pb-c.h"

/* The stored agenda, decoded; free with yuebao__agenda__free_unpacked(agenda, NULL). NULL: none is stored, or
 * it is damaged. */
Yuebao__Agenda *agenda_load(struct outbox *outbox);

/* Borrowed from the agenda; NULL: not there. */
const Yuebao__School *agenda_school(const Yuebao__Agenda *agenda, const char *code);
const Yuebao__Window *agenda_window(const Yuebao__Agenda *agenda, const char *form, const char *period);

/* A stored catalogue, decoded; catalogue_free(). NULL: not stored, or not one (or no memory). */
struct catalogue *agenda_catalogue(struct outbox *outbox, const ProtobufCBinaryData *hash);

/* What the agenda knows about a slot, for validate_slot(); `school` and `window` may be NULL, both are
 * borrowed by the slot. */
struct slot agenda_slot(const Yuebao__School *school, const Yuebao__Window *window);

/* "primary.monthly" for a school's kind and a period's frequency. */
void agenda_form_code(const char *kind, struct period period, char form[FORM_CODE_MAX + 1]);

/* The server's clock by this computer's, as far as the last session told. */
uint64_t clock_ms(void);
uint64_t agenda_now_ms(struct outbox *outbox);

#endif
