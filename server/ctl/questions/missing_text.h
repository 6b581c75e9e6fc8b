/*
 * missing_text: who has not reported, as a text to paste into a work group.
 */
#ifndef YUEBAOCTL_MISSING_TEXT_H
#define YUEBAOCTL_MISSING_TEXT_H

#include "ctl.h"

/*
 * A paragraph for each form, period and due instant, in it a line for each district with its schools' names;
 * CSV and JSON hold the same, a row a line. `values`: district, period, form, area, each NULL or known. EX_OK
 * or reported.
 */
int missing_text(struct ctl *ctl, const char *const values[4]);

#endif
