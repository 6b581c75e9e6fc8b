/*
 * asked_once: whether the calendar asks no school for one indicator twice for the same days.
 */
#ifndef YUEBAOCTL_ASKED_ONCE_H
#define YUEBAOCTL_ASKED_ONCE_H

#include "ctl.h"

/* Inside the open transaction, after the change. false: reported, with each indicator, both forms and
 * periods. */
bool asked_once(struct ctl *ctl) __attribute__((warn_unused_result));

#endif
