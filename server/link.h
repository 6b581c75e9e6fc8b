/*
 * link: one connection to PostgreSQL as a state machine on the loop. Nothing here blocks; libpq is used in
 * non-blocking mode only (but resolving a host's name blocks: give addresses or a socket's directory in the
 * conninfo).
 *
 *      BROKEN --back-off--> CONNECTING --> PREPARING --> IDLE <--> SENDING --> RECEIVING
 *         ^______________________|______________|_______________________|__________|
 *
 * A piece of work is either a pipeline of prepared calls (link_call ... link_run) or one constant text of
 * simple statements (link_simple), which alone may contain COPY. Each result is told to the owner with the
 * tag of its call; when the work has ended and nothing is left to read, on_idle. A link that breaks tells
 * on_broken once, with the fate of the work in flight unknown, and comes back by itself: at once the first
 * time, then after up to LINK_BACKOFF_MAX_MS.
 *
 * Callbacks may start work, and never free the link.
 */
#ifndef YUEBAO_LINK_H
#define YUEBAO_LINK_H

#include <event2/event.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "binary.h"

#define LINK_BACKOFF_MAX_MS 1000u  /* so that service is back within 3 s of the database's return */
#define LINK_CONNECT_MS     5000u  /* for connecting and preparing together */
#define LINK_WORK_MS        45000u /* for one piece of work, longer than the server's own statement_timeout */
#define LINK_CALLS_MAX      8u     /* calls in one pipeline */
#define LINK_ARGUMENTS_MAX  20u

struct link;

/* Prepared on every new connection, before it is idle. `sql` is constant text, values travel as binary
 * parameters. */
struct link_statement {
    const char *name, *sql;
};

/* Settings of every session here, e.g. {"jit", "off"}. */
struct link_setting {
    const char *name, *value;
};

struct link_owner {
    const char *role;                        /* for the log: "batch", "fold", "registry" */
    const struct link_setting *settings;     /* ended by a NULL name */
    const struct link_statement *statements; /* ended by a NULL name */
    void (*on_idle)(void *arg);              /* up, or the work has ended */
    void (*on_result)(int tag, const PGresult *result, void *arg); /* borrowed until return */
    void (*on_broken)(bool was_up, void *arg); /* work in flight, if any, is lost or done: unknown */
    void (*on_notify)(void *arg);              /* something was notified; may be NULL */
};

/* Starts connecting in the next turn of the loop. All arguments are borrowed for the link's life. NULL: no
 * memory. */
struct link *link_new(struct event_base *base, const char *conninfo, const struct link_owner *owner,
                      void *arg);
void link_free(struct link *link); /* accepts NULL; tells nobody */

bool link_up(const struct link *link);   /* connected and prepared, idle or at work */
bool link_idle(const struct link *link); /* work may be started */

/* Arguments of one call, written one behind the other in PostgreSQL's binary form. */
struct link_arguments {
    struct binary binary;
    size_t count, start[LINK_ARGUMENTS_MAX];
};
void link_arguments_fini(struct link_arguments *arguments);
/* The next argument begins here; what is written into the returned buffer up to the next one is its value. */
struct binary *link_argument(struct link_arguments *arguments);

/*
 * Add a call of a prepared statement to the pipeline, on an idle link; `arguments` may be NULL, results are
 * binary. A failure (no memory, connection lost) shows as on_broken after link_run.
 */
void link_call(struct link *link, int tag, const char *statement, const struct link_arguments *arguments);
/* Send what was called. With `rows`, the pipeline must hold one call and its rows are told one by one as
 * PGRES_SINGLE_TUPLE. */
void link_run(struct link *link, bool rows);

/* Constant statements, COPY among them; every result comes with `tag`. */
void link_simple(struct link *link, int tag, const char *sql);

/* In on_result with PGRES_COPY_IN: the whole stream; copied. */
void link_copy(struct link *link, const struct binary *stream);

/* Give this connection up and connect again, e.g. because it leads to a standby. on_broken is told in the
 * next turn. */
void link_reconnect(struct link *link);

/* Whether the session is inside a transaction (also a failed one) and must roll back before other work. */
bool link_in_transaction(const struct link *link);

/* Whether the server itself gave a WARNING since the work began: a COMMIT that was cancelled while it waited
 * for a standby does. */
bool link_warned(const struct link *link);

#endif
