/*
 * registry_load: reads the register and the calendar into a snapshot, over a link that it is lent.
 *
 * One read-only REPEATABLE READ transaction, a few set-based queries one after the other, rows told one by
 * one so that neither the memory nor a turn of the loop grows with the number of schools.
 */
#ifndef YUEBAO_REGISTRY_LOAD_H
#define YUEBAO_REGISTRY_LOAD_H

#include "link.h"
#include "snapshot.h"

/* For the link; ended by a NULL name. */
extern const struct link_setting registry_load_settings[];
extern const struct link_statement registry_load_statements[];

struct registry_load;

/* Begin on an idle link. `old` (may be NULL) is borrowed until the load is freed: its catalogues are shared.
 * NULL: no memory. */
struct registry_load *registry_load_start(struct link *link, const struct snapshot *old);
void
registry_load_free(struct registry_load *load); /* accepts NULL; also in the middle, when the link is lost */

/* The link's result; `tag` is the load's own business. */
void registry_load_on_result(struct registry_load *load, int tag, const PGresult *result);

enum registry_load_status {
    REGISTRY_LOAD_MORE,   /* the next query is on its way */
    REGISTRY_LOAD_DONE,   /* take the snapshot */
    REGISTRY_LOAD_FAILED, /* logged; the link may be inside a transaction: reconnect it */
};
/* The link is idle again. */
enum registry_load_status registry_load_on_idle(struct registry_load *load);

/* After REGISTRY_LOAD_DONE, once: the caller owns it. */
struct snapshot *registry_load_take(struct registry_load *load);

#endif
