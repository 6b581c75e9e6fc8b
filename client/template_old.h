/*
 * template_old: a sheet that was made by another catalogue than the one that governs its period.
 *
 * Where the form is the same in both, nothing is said. Where it differs: TEMPLATE_OLD, and TEMPLATE_CHANGE
 * for each difference: an indicator that came or went, is required or optional now, has other bounds or
 * another name. Errors when the required or the known indicators are others than before, so that the sheet
 * asks for the wrong figures; else warnings that need no reason.
 */
#ifndef YUEBAO_TEMPLATE_OLD_H
#define YUEBAO_TEMPLATE_OLD_H

#include "sheet.h"

/*
 * Compare the form as it was with what it is. `older` is the catalogue of the sheet's tag; NULL: not here, so
 * that only the rows tell: required ones that the sheet has not (an error), and rows that the form has not,
 * which `faults` name already.
 */
void template_old_check(const struct draft *draft, const struct catalogue *older, const struct form *form,
                        struct faults *faults);

#endif
