/*
 * sixty: a form of 60 figures with up to 40 rules, and statements that keep them all, as nearly all do.
 *
 * Every fourth figure is a ratio, every tenth a quotient with decimals, the others are counts; all are
 * required and have bounds. Half of the rules warn; they have two to four terms. Catalogues are made once and
 * not freed; nothing here returns NULL. Needs envelope_init() before.
 */
#ifndef YUEBAO_SIXTY_H
#define YUEBAO_SIXTY_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"

#define SIXTY_FIGURES 60
#define SIXTY_RULES   40
#define SIXTY_FORM    "primary.monthly"

struct catalogue *sixty_catalogue(size_t rules);
uint8_t *sixty_catalogue_bytes(size_t rules, size_t *ret_len); /* serialised; the caller frees */

struct sixty_figures {
    uint32_t number[SIXTY_FIGURES];
    int64_t value[SIXTY_FIGURES], denominator[SIXTY_FIGURES]; /* 0 where the measure has none */
};
/* Lawful whatever the seed, and not all alike. */
void sixty_figures(uint32_t seed, struct sixty_figures *ret_figures);

struct sixty_slot {
    const char *school, *period;
    uint32_t revision, seed;
    const uint8_t *previous; /* id of the revision before, with revision 2 and above */
};
/* Serialised, as it is signed; the caller frees. */
uint8_t *sixty_statement_of(const struct catalogue *catalogue, const struct sixty_slot *slot,
                            size_t *ret_len);
uint8_t *sixty_statement(const struct catalogue *catalogue, size_t *ret_len); /* one of them */

#endif
