/*
 * fake_house: a registry and a batch that live in memory and do what the test says, behind registry.h and
 * batch.h, and an asker behind inquiry.h.
 *
 * One school ("0012345", primary, id 7), its key, one period (primary.monthly, 2026-10) under the sample
 * catalogue. The batch keeps what it is given until the test answers it.
 */
#ifndef YUEBAO_FAKE_HOUSE_H
#define YUEBAO_FAKE_HOUSE_H

#include "batch.h"
#include "envelope.h"
#include "inquiry.h"
#include "receipt_key.h"
#include "registry.h"

#define FAKE_SCHOOL    "0012345"
#define FAKE_FORM      "primary.monthly"
#define FAKE_PERIOD    "2026-10"
#define FAKE_OPENS_MS  1000u
#define FAKE_DUE_MS    2000u
#define FAKE_CLOSES_MS 3000u
#define FAKE_HELD_MAX  256u

struct registry {
    bool ready;
    struct registry_school school;
    struct registry_window window;
    bool not_sent;                              /* the form is one-off, and others got it */
    uint8_t key[KEY_SIZE], secret[SECRET_SIZE]; /* the school's */
    /* look-ups of keys and codes: answered at once, or when the test calls fake_answer */
    bool later;
    enum registry_answer answer;
    registry_on_key *waiting;
    void *waiting_arg;
    unsigned asked, cancelled;
};

/* Answers inquiries when the test calls fake_inquired. */
struct asker {
    bool up;
    inquiry_done *done; /* of the one that waits; NULL: none does */
    struct inquirer inquirer;
    size_t n_schools; /* that were asked about */
};

struct batch {
    bool up, full;
    struct submission *held[FAKE_HELD_MAX]; /* reports, kept and reviews, in order */
    size_t n_held;
    struct submission *rejections[FAKE_HELD_MAX];
    size_t n_rejections;
};

struct fake_house {
    struct registry registry;
    struct asker asker;
    struct batch batch;
    struct receipt_key server;
    struct catalogue *catalogue;
};

void fake_house_init(struct fake_house *house);
void fake_house_fini(struct fake_house *house);

/* The registry answers what it kept waiting. */
void fake_answer(struct registry *registry, enum registry_answer answer);

/* The asker answers what waits; NULL: it cannot. */
void fake_inquired(struct asker *asker, const uint8_t *packed, size_t len);

/* The batch answers the oldest it holds; fields of the outcome are the test's to set before, in held[0]. */
void fake_outcome(struct batch *batch, enum submission_outcome outcome);

/* A statement that finds no fault: figures 500 pupils, attendance 9/10. Malloc'd. */
uint8_t *fake_statement(const struct fake_house *house, uint32_t revision, size_t *ret_len);

/* Signed by the school's key. `statement` is borrowed by the envelope, `signature` must outlive it. */
Yuebao__Envelope fake_envelope(const struct fake_house *house, uint8_t *statement, size_t len,
                               uint8_t signature[SIGNATURE_SIZE]);

#endif
