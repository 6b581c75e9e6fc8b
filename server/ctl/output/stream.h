/*
 * stream: the rows of a long query, some hundred at a time: however many there are, memory is bounded. While
 * one batch is worked on, the database prepares the next.
 *
 * Wants an open transaction; one stream at a time. Other queries on the link: stream_settle() first.
 */
#ifndef YUEBAOCTL_STREAM_H
#define YUEBAOCTL_STREAM_H

#include "ctl.h"

struct stream {
    struct ctl *ctl;
    PGresult *batch, *next; /* what is worked on; what came meanwhile, or NULL */
    int row;                /* of batch */
    bool asked;             /* a batch is on its way */
};

/* Text parameters, as db_query(). false: reported; nothing to close. */
bool stream_open(struct ctl *ctl, const char *sql, int n, const char *const *values,
                 struct stream *ret_stream) __attribute__((warn_unused_result));
void stream_close(struct stream *stream);

/* To the next row: stream->batch, stream->row. false: there is none, or it was reported (ctl->status). */
bool stream_step(struct stream *stream) __attribute__((warn_unused_result));

/* The row is the last of its batch: a good moment to settle and ask something else. */
bool stream_is_drained(const struct stream *stream);

/* Take in what is on its way: the link is free for other queries. */
void stream_settle(struct stream *stream);

#endif
