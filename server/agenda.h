/*
 * agenda: what an institution owes and when, packed for its client. No I/O, no clock.
 */
#ifndef YUEBAO_AGENDA_H
#define YUEBAO_AGENDA_H

#include "snapshot.h"

#define AGENDA_WINDOWS_MAX 400u
#define AGENDA_SCHOOLS_MAX REGISTRY_SIBLINGS_MAX
#define AGENDA_BYTES_MAX   (60u * 1024u) /* must fit a frame with its Reply around it */
#define AGENDA_CLOSED_DAYS 62u           /* closed at most so long ago */
#define AGENDA_DAILY_DAYS  31u           /* the same for daily periods */
#define AGENDA_AHEAD_DAYS  31u           /* opens within */

/*
 * The packed Agenda in malloc'd memory that the caller frees: all schools of the institution, and the windows
 * of their kinds' forms, newest first. Schools with instants of their own, and those that got a one-off form,
 * have windows that name them; of one form and period the one that names nobody comes last. Where not all
 * windows fit, the last are left out. NULL: no memory.
 */
uint8_t *agenda_pack(const struct snapshot *snapshot, const struct registry_school *school, uint64_t now_ms,
                     size_t *ret_len);

#endif
