/*
 * numbers: of schools, indicators, rules, forms … come from sequences. A sequence does not roll back, so it
 * is set to the highest number in use first, inside the transaction: neither a dry run nor a refusal uses
 * numbers up.
 */
#ifndef YUEBAOCTL_NUMBERS_H
#define YUEBAOCTL_NUMBERS_H

#include "ctl.h"

/* Inside the transaction, before the first row is inserted. false: ctl->status is set. */
bool numbers_rewind(struct ctl *ctl) __attribute__((warn_unused_result));

#endif
