/*
 * outbox: everything that a school's desk must not forget, in one SQLite file of mode 0600 (HOME/outbox.db).
 *
 * Settings, the key pair, the server's address and keys, the agenda, catalogues by hash, every signed
 * statement with what became of it, and what the centre said: reports that it holds from other computers, and
 * notes about reports. WAL, synchronous=FULL, STRICT tables, codes as TEXT: what a call has returned OK for
 * survives kill -9 and a power cut. Two commands at once are safe: writers wait for each other
 * (OUTBOX_WAIT_MS). A network file system is refused by name, because WAL needs memory shared by all who open
 * the file. Nothing outside outbox*.c knows SQLite.
 */
#ifndef YUEBAO_OUTBOX_H
#define YUEBAO_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"

#define OUTBOX_FILE    "outbox.db"
#define OUTBOX_WAIT_MS 15000 /* for another command's transaction */

struct outbox;

enum outbox_status {
    OUTBOX_OK,
    OUTBOX_ABSENT, /* nothing stored under this name; or nothing was changed */
    OUTBOX_NOMEM,
    OUTBOX_BUSY,    /* another command held the lock for OUTBOX_WAIT_MS */
    OUTBOX_IO,      /* cannot be created, read or written; see outbox_error() */
    OUTBOX_NETWORK, /* the home is on a network file system; outbox_error() names it */
    OUTBOX_NEWER,   /* made by a newer program */
    OUTBOX_FULL,    /* no room left on its disk */
};

/*
 * Open HOME/outbox.db; with `create` make the home (0700) and the file when they are not there, else
 * OUTBOX_ABSENT. ret_outbox is set on OUTBOX_OK only; `error` (may be NULL) gets a text for people otherwise.
 */
enum outbox_status outbox_open(const char *home, bool create, struct outbox **ret_outbox, char error[160])
    __attribute__((warn_unused_result));
/*
 * The same for a command that only reads, and so works on a full disk and in a home that may not be written:
 * where a writer cannot open, the database is read alone, or as it lies there. OUTBOX_IO from every call that
 * writes.
 */
enum outbox_status outbox_open_to_read(const char *home, struct outbox **ret_outbox, char error[160])
    __attribute__((warn_unused_result));
void outbox_close(struct outbox *outbox); /* accepts NULL; an open transaction is undone */

/* The last failure in SQLite's words; borrowed until the next call. */
const char *outbox_error(const struct outbox *outbox);

/* One writer at a time from begin to commit or undo. Calls below work inside and outside of it. */
enum outbox_status outbox_begin(struct outbox *outbox) __attribute__((warn_unused_result));
enum outbox_status outbox_commit(struct outbox *outbox) __attribute__((warn_unused_result));
void outbox_undo(struct outbox *outbox);

/* Small texts by name ("filler", "reviewer", "head", "clock_skew_ms"). ret_value: malloc'd, the caller frees.
 */
enum outbox_status outbox_setting(struct outbox *outbox, const char *name, char **ret_value)
    __attribute__((warn_unused_result));
enum outbox_status outbox_set(struct outbox *outbox, const char *name, const char *value)
    __attribute__((warn_unused_result));

/* Who this desk is and whom it talks to. */
struct identity {
    char school[SCHOOL_CODE_MAX + 1]; /* that the key was enrolled for */
    char code[ENROL_CODE_LEN + 1];    /* the one-time code it was, or is being, enrolled with */
    char *server;                     /* "host:port"; malloc'd */
    char *ca;                         /* PEM; malloc'd */
    uint8_t key[KEY_SIZE];
    uint8_t secret[SECRET_SIZE];
};

/*
 * PENDING: the key was made, the server's answer is not known. It is stored before anything is sent, so that
 * a lost answer can be asked for again with the same key. ENROLLED: the server said Welcome. At most one of
 * each.
 */
enum identity_state { IDENTITY_PENDING, IDENTITY_ENROLLED };

enum outbox_status outbox_identity(struct outbox *outbox, enum identity_state state,
                                   struct identity *ret_identity) __attribute__((warn_unused_result));
enum outbox_status outbox_set_pending(struct outbox *outbox, const struct identity *identity)
    __attribute__((warn_unused_result));
/* The server knows this key: it becomes the enrolled one, and is no longer pending. Inside a transaction of
 * the caller's. */
enum outbox_status outbox_enrolled(struct outbox *outbox, const struct identity *identity)
    __attribute__((warn_unused_result));
void identity_fini(struct identity *identity); /* wipes the secret */

/* Keys that the server named in Welcome. Older ones stay: they verify older receipts. */
enum outbox_status outbox_trust(struct outbox *outbox, const uint8_t key[KEY_SIZE], uint64_t now_ms)
    __attribute__((warn_unused_result));
bool outbox_trusts(struct outbox *outbox, const uint8_t key[KEY_SIZE]);
bool outbox_trusts_any(struct outbox *outbox);
/* When the first key that is newer than this one was named; false: this is the newest. */
bool outbox_key_replaced(struct outbox *outbox, const uint8_t key[KEY_SIZE], uint64_t *ret_since_ms);

/* Bytes as the server sent them: malloc'd, the caller frees. */
enum outbox_status outbox_agenda(struct outbox *outbox, uint8_t **ret_bytes, size_t *ret_len,
                                 uint64_t *ret_fetched_ms) __attribute__((warn_unused_result));
enum outbox_status outbox_set_agenda(struct outbox *outbox, const uint8_t *bytes, size_t len,
                                     uint64_t fetched_ms) __attribute__((warn_unused_result));
enum outbox_status outbox_catalogue(struct outbox *outbox, const uint8_t hash[ID_SIZE], uint8_t **ret_bytes,
                                    size_t *ret_len) __attribute__((warn_unused_result));
/* The one whose hash begins so. OUTBOX_ABSENT: none, or more than one. */
enum outbox_status outbox_catalogue_beginning(struct outbox *outbox, const uint8_t *hash, size_t hash_len,
                                              uint8_t **ret_bytes, size_t *ret_len)
    __attribute__((warn_unused_result));
enum outbox_status outbox_add_catalogue(struct outbox *outbox, const uint8_t hash[ID_SIZE],
                                        const uint8_t *bytes, size_t len) __attribute__((warn_unused_result));

/* A signed statement is in exactly one of these states; from KEPT a person's decision leads on, all others
 * are for ever. */
enum item_state { ITEM_WAITING, ITEM_RECEIPTED, ITEM_KEPT, ITEM_REFUSED };

const char *item_state_name(enum item_state state); /* "waiting"; never NULL */

struct item {
    uint8_t id[ID_SIZE];
    char school[SCHOOL_CODE_MAX + 1];
    char form[FORM_CODE_MAX + 1];
    char period[PERIOD_TEXT_MAX + 1];
    uint32_t revision;
    bool has_previous;
    uint8_t previous[ID_SIZE]; /* id of the revision before */
    enum item_state state;
    uint64_t saved_ms;
    uint64_t decided_ms; /* the server's clock; 0 while waiting */
    uint8_t key[KEY_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t *statement; /* the signed bytes, never made again; owned by the item */
    size_t statement_len;
    uint8_t *answer; /* serialised Answer; while waiting, the last one that decided nothing; NULL: none, or
                        the revision before was refused */
    size_t answer_len;
    uint64_t arrived_ms; /* the server's proof of when it first came, if it was turned away; 0: none */
    uint8_t arrival_mac[MAC_SIZE];
};

/* Put a waiting item in. All but state, decided_ms, answer and arrival must be set; everything is copied. */
enum outbox_status outbox_add(struct outbox *outbox, const struct item *item)
    __attribute__((warn_unused_result));

/*
 * A waiting item gets its state and the answer's bytes (NULL only for ITEM_REFUSED because the revision
 * before was); a kept one, once, the bureau's decision: ITEM_RECEIPTED or ITEM_REFUSED. When it is refused,
 * whatever waits for it is refused with it. OUTBOX_ABSENT: it was neither; nothing changed.
 */
enum outbox_status outbox_decide(struct outbox *outbox, const uint8_t id[ID_SIZE], enum item_state state,
                                 uint64_t decided_ms, const uint8_t *answer, size_t answer_len)
    __attribute__((warn_unused_result));

/* Whether an item of this id is here and waits for such an answer. */
bool outbox_awaits(struct outbox *outbox, const uint8_t id[ID_SIZE]);

/*
 * A waiting item keeps an answer that decides nothing (VERDICT_OF_ENVELOPE), for `status` to tell; the next
 * one replaces it. OUTBOX_ABSENT: it was not waiting.
 */
enum outbox_status outbox_remark(struct outbox *outbox, const uint8_t id[ID_SIZE], const uint8_t *answer,
                                 size_t answer_len) __attribute__((warn_unused_result));

/*
 * A waiting item keeps the server's proof that it came and was turned away; the next one replaces it.
 * OUTBOX_ABSENT: it was not waiting.
 */
enum outbox_status outbox_set_arrival(struct outbox *outbox, const uint8_t id[ID_SIZE], uint64_t arrived_ms,
                                      const uint8_t mac[MAC_SIZE]) __attribute__((warn_unused_result));

struct items {
    struct item *list;
    size_t count;
};

/* NULL means any. Oldest first. The list is the caller's: items_fini(). */
struct item_filter {
    const char *school, *form, *period;
    const enum item_state *state;
};
enum outbox_status outbox_items(struct outbox *outbox, const struct item_filter *filter,
                                struct items *ret_items) __attribute__((warn_unused_result));
void items_fini(struct items *items);

/* ---- what the centre says ----------------------------------------------------------------------- */

/* The newest accepted revision of a slot, as the centre sent it and its id and signature prove: this
 * computer's, another's. */
struct holding {
    uint8_t id[ID_SIZE];
    char school[SCHOOL_CODE_MAX + 1];
    char form[FORM_CODE_MAX + 1];
    char period[PERIOD_TEXT_MAX + 1];
    uint32_t revision;
    uint64_t received_ms; /* the server's clock */
    uint8_t key[KEY_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t *statement; /* owned by the holding */
    size_t statement_len;
    bool acknowledged; /* the clerk lets it stand: the slot counts as reported by it */
};

struct holdings {
    struct holding *list;
    size_t count;
};

/* Keep one; everything is copied. What is here already stays as it is. */
enum outbox_status outbox_add_holding(struct outbox *outbox, const struct holding *holding)
    __attribute__((warn_unused_result));
/* The clerk lets it stand. OUTBOX_ABSENT: not here. */
enum outbox_status outbox_acknowledge(struct outbox *outbox, const uint8_t id[ID_SIZE])
    __attribute__((warn_unused_result));
/* Of a school, form, period (NULL: any); revisions of a slot ascending. The list is the caller's:
 * holdings_fini(). */
enum outbox_status outbox_holdings(struct outbox *outbox, const char *school, const char *form,
                                   const char *period, struct holdings *ret_holdings)
    __attribute__((warn_unused_result));
void holdings_fini(struct holdings *holdings);

/* A report that the bureau returned, with what it asks. */
struct notice {
    uint8_t id[ID_SIZE]; /* of the statement */
    char school[SCHOOL_CODE_MAX + 1];
    char form[FORM_CODE_MAX + 1];
    char period[PERIOD_TEXT_MAX + 1];
    uint32_t revision;
    uint64_t at_ms;
    char note[TEXT_MAX + 1];
};

struct notices {
    struct notice *list;
    size_t count;
};

/* What the centre says now; with `whole` what it no longer says is forgotten. Inside a transaction of the
 * caller's. */
enum outbox_status outbox_set_notices(struct outbox *outbox, const struct notices *notices, bool whole)
    __attribute__((warn_unused_result));
/* Those that no accepted correction has answered yet, oldest first. The list is the caller's: notices_fini().
 */
enum outbox_status outbox_notices(struct outbox *outbox, struct notices *ret_notices)
    __attribute__((warn_unused_result));
void notices_fini(struct notices *notices);

#endif
