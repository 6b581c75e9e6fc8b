/*
 * books: what a batch's winners leave in the books, as streams of COPY: their figures, the differences to the
 * districts' totals (totals.h), and what stands beside the figures.
 */
#ifndef YUEBAO_BOOKS_H
#define YUEBAO_BOOKS_H

#include "group.h"
#include "link.h"
#include "totals.h"

/* Whether any report was won. */
bool books_any(const struct group *group);

/* The winners' figures as a COPY stream, and into the totals. */
void books_copy_figures(const struct group *group, struct binary *stream, struct totals *totals);
/* The winners' remarks as a COPY stream. false: they have none, and nothing was written. */
bool books_copy_remarks(const struct group *group, struct binary *stream);

/* COPY figure, COPY total_delta, with `remarks` COPY remark, with `commit` COMMIT as one simple text, each
 * result told with `tag`: a PGRES_COPY_IN for each stream, then the tag COMMIT if it holds. */
void books_send_copy(struct link *link, int tag, bool remarks, bool commit);

#endif
