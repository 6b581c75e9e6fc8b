/*
 * upkeep: what follows the batches, in the background. One statement at a time, on a link of its own, so that
 * no batch waits for it.
 *
 * announce  a batch made or cleared alerts: whoever listens on yuebao_alert is told, after the COMMIT and
 *           never inside it (a NOTIFY makes COMMITs wait for one another)
 * judge     a batch moved totals that somebody set limits to: they are judged by the totals as they are now.
 *           Once in a while also without being told, for a collector may have died between its COMMIT and
 *           the judging
 * fold      moves the differences that batches append into the folded totals. Totals are exact without it:
 *           the view adds up what is folded and what is not. Folding many rows costs the database little more
 *           than folding few, and reading what is not folded yet costs its readers: so it waits until there
 *           is enough to fold, or for some seconds
 * note      writes down who was absent or late in windows that are due, and greatest values, so that a year
 *           need not be looked up report by report. Answers are exact without it. Once a minute
 * compare   compares new reports with their schools' past and writes down which figures may be unlike it, so
 *           that whoever asks need not read the past of all of them. Answers are exact without it. Once a
 *           minute, and gently: on the day when all reports are due it may take an hour
 */
#ifndef YUEBAO_UPKEEP_H
#define YUEBAO_UPKEEP_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

enum chore { CHORE_ANNOUNCE, CHORE_JUDGE, CHORE_FOLD, CHORE_NOTE, CHORE_COMPARE, CHORES };

struct upkeep;

/* conninfo is borrowed. NULL: no memory. */
struct upkeep *upkeep_new(struct event_base *base, const char *conninfo);
void upkeep_free(struct upkeep *upkeep); /* accepts NULL */

/* Something was committed after which this is to be done. */
void upkeep_due(struct upkeep *upkeep, enum chore chore);
/* The same of folding: so many rows of differences were appended. */
void upkeep_fold(struct upkeep *upkeep, size_t rows);

/* How often it was done. */
uint64_t upkeep_count(const struct upkeep *upkeep, enum chore chore);

#endif
