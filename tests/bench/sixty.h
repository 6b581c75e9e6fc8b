/*
 * sixty: a form of 60 figures with up to 40 rules, and a statement that keeps them all, as nearly all do.
 *
 * Every fourth figure is a ratio, every tenth a quotient with decimals, the others are counts; all are
 * required and have bounds. Half of the rules warn; they have two to four terms. Made once and not freed.
 */
#ifndef YUEBAO_SIXTY_H
#define YUEBAO_SIXTY_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"

#define SIXTY_FIGURES 60
#define SIXTY_RULES   40

struct catalogue *sixty_catalogue(size_t rules); /* never NULL; needs envelope_init() before */
uint8_t *sixty_statement(const struct catalogue *catalogue,
                         size_t *ret_len); /* serialised, as it is signed */

#endif
