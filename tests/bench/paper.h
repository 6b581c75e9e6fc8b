/*
 * paper: made-up schools, and the envelopes they sign.
 *
 * Schools are numbered from 1. School n has the code "%010u", a key that anyone can make again from n, and is
 * one of a hundred in its district. Needs envelope_init() before; nothing here returns NULL.
 */
#ifndef YUEBAO_PAPER_H
#define YUEBAO_PAPER_H

#include <stdint.h>

#include "catalogue.h"
#include "limit.h"
#include "yuebao.pb-c.h"

#define PAPER_CODE_SIZE          11 /* with NUL */
#define PAPER_SCHOOLS_A_DISTRICT 100u
#define PAPER_DISTRICT           100001 /* of schools 1 to 100; the next ones follow */

void paper_school_code(uint32_t school, char ret_code[PAPER_CODE_SIZE]);
void paper_school_key(uint32_t school, uint8_t ret_key[KEY_SIZE], uint8_t ret_secret[SECRET_SIZE]);
int32_t paper_district(uint32_t school);

/* Reports come in no order: the school of report `at`, each of 1 to `schools` once in so many. */
uint32_t paper_school_of(uint32_t at, uint32_t schools);

struct paper {
    uint32_t school, revision;
    uint8_t id[ID_SIZE];
    Yuebao__Envelope *envelope; /* owned */
};

/* Fill in and sign the school's statement of a period; `previous`: the paper that this one corrects, or NULL.
 */
void paper_sign(const struct catalogue *catalogue, const char *period, uint32_t school,
                const struct paper *previous, struct paper *ret_paper);
void paper_fini(struct paper *paper);

#endif
