/*
 * courier: carries between outbox and collector: statements out, answers, agenda and catalogues in.
 *
 * An item's state changes only by an answer whose signature verifies under a key that a Welcome named, and
 * whose id is the item's. A genuine one without id is about the envelope: the item keeps it and waits on.
 */
#ifndef YUEBAO_COURIER_H
#define YUEBAO_COURIER_H

#include "outbox.h"
#include "uplink.h"

struct courier {
    struct outbox *outbox;
    struct uplink *uplink;
    const struct identity *identity; /* borrowed from courier_open()'s caller */
    struct uplink_error error;       /* why the last call failed; status UPLINK_OK with OUTBOX_… trouble */
    enum outbox_status trouble;      /* the outbox could not be written */
    bool untrusted;                  /* an answer did not verify; the session was ended */
    uint32_t retry_ms;               /* the server's wish, from Busy and Wait; 0: none */
    size_t decided;                  /* items that got their answer */
    size_t news;                     /* kept items that got the bureau's decision */
    bool has_new_key;                /* Welcome named a server key not known here, though others were */
    uint8_t new_key[KEY_SIZE];
    int64_t skew_ms; /* the server's clock minus this computer's */
};

/* Open a session with the enrolled (or, enrolling, the pending) identity; keeps server keys and clock. false:
 * see the struct. */
bool courier_open(struct courier *courier, struct outbox *outbox, const struct identity *identity,
                  enum uplink_opening opening) __attribute__((warn_unused_result));
void courier_close(struct courier *courier);

/* Agenda, and every catalogue it names that is not here yet. */
bool courier_fetch(struct courier *courier) __attribute__((warn_unused_result));

/* Every waiting item once, several on their way at a time, a revision never before the one it follows. */
bool courier_deliver(struct courier *courier) __attribute__((warn_unused_result));

/*
 * What the bureau says about reports: its decisions about kept ones, each verified like an answer, and its
 * notes. The last question of a session: a server that does not know it may hang up.
 */
bool courier_ask_notices(struct courier *courier) __attribute__((warn_unused_result));

enum courier_holding {
    COURIER_HOLDS_NOTHING,  /* no revision of the slot is accepted */
    COURIER_HOLDS,          /* it is in the outbox, verified, with its catalogue */
    COURIER_HOLDS_TOO_MUCH, /* more than fits a reply: it cannot be shown here */
};

/* The newest accepted revision of a slot, whichever computer filed it. */
bool courier_ask_holding(struct courier *courier, const char *school, const char *form, const char *period,
                         enum courier_holding *ret_holding) __attribute__((warn_unused_result));

#endif
