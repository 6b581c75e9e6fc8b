/*
 * asker: questions to the database that memory cannot answer, one after the other on one link.
 *
 * A question is a struct of its owner's with a struct ask at its front, on the heap. It is sent when those
 * before it are answered: greetings first, because a session that waits for one can do nothing else. Each is
 * told of its end once, and is freed then; when the link is lost, that is the end of all that wait.
 */
#ifndef YUEBAO_ASKER_H
#define YUEBAO_ASKER_H

#include <event2/event.h>
#include <stdbool.h>

#include "link.h"

#define ASKER_KINDS_MAX     8u
#define ASKER_GREETINGS_MAX 64u /* that wait; more are turned away */
#define ASKER_INQUIRIES_MAX 32u

struct asker;
struct ask;

enum ask_rank { ASK_GREETING, ASK_INQUIRY, ASK_RANKS };

enum ask_end {
    ASK_ANSWERED, /* read() was called */
    ASK_MOOT,     /* is_moot() said so */
    ASK_AWAY,     /* the link is lost, or the database refuses to answer */
};

struct ask_kind {
    struct link_statement statement;
    enum ask_rank rank;
    void (*write)(const struct ask *ask, struct link_arguments *arguments);
    void (*read)(struct ask *ask, const PGresult *rows);
    /* It is in no list any more: say what came of it, and free it. */
    void (*end)(struct ask *ask, enum ask_end end);
    /* Free it without a word: the asker itself ends. */
    void (*drop)(struct ask *ask);
    /* Whether it need not be asked any more, looked at when its turn comes; NULL: it always need. */
    bool (*is_moot)(const struct ask *ask);
};

struct ask {
    const struct ask_kind *kind; /* the owner's to set; the rest is asker's */
    struct ask *next;
    bool answered;
};

/* `kinds`: all that will be asked, ended by NULL; borrowed, like conninfo. NULL: no memory. */
struct asker *asker_new(struct event_base *base, const char *conninfo, const struct ask_kind *const *kinds);
void asker_free(struct asker *asker); /* accepts NULL; what still waits is dropped */

/* Takes the ask. false: the link is away or too much waits; it stays the caller's. */
bool asker_put(struct asker *asker, struct ask *ask) __attribute__((warn_unused_result));

/* Take back what still waits: true, it is the caller's again. false: it is on the link, and will be told. */
bool asker_take_back(struct asker *asker, struct ask *ask);

#endif
