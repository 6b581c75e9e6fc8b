#include "audit.h"
#include "db.h"

bool
audit_walk(struct audit *a, const char *sql, audit_tell *tell, const void *about)
{
    if (!db_do_plain(a->ctl, "CLOSE stream") ||
        !stream_open(a->ctl, sql, AUDIT_SCOPE_VALUES, a->scope, &a->stream))
        return false;
    while (!audit_is_full(a) && stream_step(&a->stream))
        tell(a, a->stream.batch, a->stream.row, about);
    stream_close(&a->stream);
    return a->ctl->status == EX_OK && !audit_is_full(a);
}
