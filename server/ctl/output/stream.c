#include "stream.h"

#include <stdlib.h>

#include "db.h"

#define FETCH "FETCH FORWARD 200 FROM stream"

static void
ask(struct stream *stream)
{
    stream->asked = PQsendQueryParams(stream->ctl->db, FETCH, 0, NULL, NULL, NULL, NULL, 0) == 1;
    if (!stream->asked)
        db_report(stream->ctl, NULL);
}

void
stream_settle(struct stream *stream)
{
    PGresult *more;

    if (!stream->asked)
        return;
    stream->asked = false;
    stream->next = PQgetResult(stream->ctl->db);
    while ((more = PQgetResult(stream->ctl->db)) != NULL)
        PQclear(more);
}

bool
stream_open(struct ctl *ctl, const char *sql, int n, const char *const *values, struct stream *ret_stream)
{
    char *declare = NULL;

    if (asprintf(&declare, "DECLARE stream NO SCROLL CURSOR FOR %s", sql) < 0)
        abort();
    bool ok = db_do(ctl, declare, n, values);
    free(declare);
    if (!ok)
        return false;
    *ret_stream = (struct stream){.ctl = ctl};
    ask(ret_stream);
    return ret_stream->asked;
}

void
stream_close(struct stream *stream)
{
    stream_settle(stream);
    PQclear(stream->next);
    PQclear(stream->batch);
    stream->next = stream->batch = NULL;
}

/* The batch that was asked for takes the place of the one that is done; the one after it is asked for. */
static bool
turn(struct stream *stream)
{
    stream_settle(stream);
    PQclear(stream->batch);
    stream->batch = stream->next;
    stream->next = NULL;
    stream->row = 0;
    if (PQresultStatus(stream->batch) != PGRES_TUPLES_OK) {
        db_report(stream->ctl, stream->batch);
        return false;
    }
    if (PQntuples(stream->batch) > 0)
        ask(stream);
    return PQntuples(stream->batch) > 0;
}

bool
stream_is_drained(const struct stream *stream)
{
    return stream->row + 1 >= PQntuples(stream->batch);
}

bool
stream_step(struct stream *stream)
{
    if (stream->batch != NULL && ++stream->row < PQntuples(stream->batch))
        return true;
    return turn(stream);
}
