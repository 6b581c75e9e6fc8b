/*
 * review_notes: what stands beside the figures of one report, as sentences: rules that warned, with the
 * school's explanations; rules across forms and periods that it breaks; figures unlike the school's own past.
 */
#ifndef YUEBAOCTL_REVIEW_NOTES_H
#define YUEBAOCTL_REVIEW_NOTES_H

#include "output.h"

/* Which report. Borrowed texts, as api.review has them. */
struct review_slot {
    const char *district, *first_day, *period, *school, *form, *revision;
};

struct review_notes;

/* In the reader's language, English in CSV and JSON. NULL: reported. */
struct review_notes *review_notes_load(struct ctl *ctl, const struct review_slot *slot)
    __attribute__((warn_unused_result));
void review_notes_free(struct review_notes *notes); /* accepts NULL */

/* Those beside one indicator, in one text, malloc'd; NULL: none. */
char *review_notes_joined(const struct review_notes *notes, const char *indicator);

/* The same as notes under the row before, each to its end: in as many lines as it takes. */
void review_notes_put(const struct review_notes *notes, const char *indicator, struct output *output);

/* Those that stand beside no figure, a line each. */
void review_notes_say(const struct review_notes *notes);

#endif
