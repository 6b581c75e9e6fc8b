/*
 * inquiry: what an open session asks the database for: the notices of its institution, and what the centre
 * holds of a slot. Read only; asked on the asker's link.
 *
 * An answer finds its session by number, for the session may be gone by then; nothing need be cancelled.
 */
#ifndef YUEBAO_INQUIRY_H
#define YUEBAO_INQUIRY_H

#include "registry.h"

#define NOTICES_MAX 100u /* of one answer; more are announced */
#define INQUIRY_BYTES_MAX                                                                                    \
    (FRAME_BODY_MAX - 32u) /* of a packed answer: it fits a frame, its Reply around it */

struct asker;

/* What is asked, for the asker's table. */
extern const struct ask_kind inquiry_for_notices, inquiry_for_holding;

/* Whom to answer. */
struct inquirer {
    void *arg;
    uint64_t session;
    uint32_t number; /* of the request */
};

/* The packed Notices or Holding, borrowed; NULL: nobody can be asked, BUSY. Called once, never from within
 * the functions below. */
typedef void inquiry_done(const struct inquirer *inquirer, const uint8_t *packed, size_t len);

/* What the bureau says of reports of these schools (at most REGISTRY_SIBLINGS_MAX). false: nobody can be
 * asked, done is not called. */
bool inquiry_notices(struct asker *asker, const int32_t *schools, size_t n_schools, inquiry_done *done,
                     const struct inquirer *inquirer) __attribute__((warn_unused_result));

/* A slot, and the texts that name it: their lengths are within the limits of the contract. */
struct inquiry_slot {
    int32_t school_id;
    int16_t form_id;
    struct period period;
    const char *school, *form, *period_text;
};

/* The newest accepted revision of the slot; its envelope is left out when it would not fit. false: as above.
 */
bool inquiry_holding(struct asker *asker, const struct inquiry_slot *slot, inquiry_done *done,
                     const struct inquirer *inquirer) __attribute__((warn_unused_result));

/* The packed Holding of a slot that can hold nothing, malloc'd; NULL: no memory. */
uint8_t *inquiry_nothing_held(const struct inquiry_slot *slot, size_t *ret_len);

#endif
