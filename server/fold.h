/*
 * fold: moves the differences that batches append into the folded totals, in the background.
 *
 * One statement at a time, on a link of its own so that no batch waits for it, at most once a second and only
 * after something was committed here. Totals are exact without it: the view adds up what is folded and what
 * is not.
 */
#ifndef YUEBAO_FOLD_H
#define YUEBAO_FOLD_H

#include <event2/event.h>
#include <stdint.h>

struct fold;

/* conninfo is borrowed. NULL: no memory. */
struct fold *fold_new(struct event_base *base, const char *conninfo);
void fold_free(struct fold *fold); /* accepts NULL */

/* Something was committed. */
void fold_due(struct fold *fold);

/* Statements that went through. */
uint64_t fold_count(const struct fold *fold);

#endif
