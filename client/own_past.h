/*
 * own_past: what this desk knows of a school's accepted reports: its own with a receipt, and what was fetched
 * of what the centre holds. Of each slot the newest revision counts. It answers the questions of proto/past.h
 * from memory.
 */
#ifndef YUEBAO_OWN_PAST_H
#define YUEBAO_OWN_PAST_H

#include "agenda.h"
#include "past.h"

struct own_past;

/* OUTBOX_OK sets ret_past; own_past_free(). `agenda` is borrowed as long as the past lives: it knows the
 * calendar of these months. */
enum outbox_status own_past_load(struct outbox *outbox, const Yuebao__Agenda *agenda, const char *school,
                                 struct own_past **ret_past) __attribute__((warn_unused_result));
void own_past_free(struct own_past *past); /* accepts NULL */

/* To hand to past_check(); it answers as long as `past` lives. */
struct past own_past_face(struct own_past *past);

/* The newest statement on the form of a period before this one; NULL: none is known here. Borrowed from the
 * past. */
const Yuebao__Statement *own_past_last(const struct own_past *past, const char *form, struct period period);

#endif
