/*
 * governs: from which day a new catalogue counts. Whatever has opened keeps its own. A change may be put off,
 * and no later one reaches back before it: the tables hold what is from then on, and a period before it that
 * is opened late still asks what was asked then.
 */
#ifndef YUEBAOCTL_GOVERNS_H
#define YUEBAOCTL_GOVERNS_H

#include "ctl.h"
#include "limit.h"

#define GOVERNS_ALL   "-infinity" /* whatever has not opened */
#define GOVERNS_NONE  "infinity"  /* nothing but the window that names it */
#define GOVERNS_BYTES 14          /* a date of PostgreSQL, with NUL: GOVERNS_ALL, or a day */

struct governs {
    char from[GOVERNS_BYTES];
    bool pending; /* not asked for: another catalogue is put off to that day */
};

/* Whoever changes the catalogue or the calendar does it alone, to the end of the transaction: two at once
 * would both check and then both write. false: ctl->status is set. */
bool governs_lock(struct ctl *ctl) __attribute__((warn_unused_result));

/*
 * From which day a catalogue that is made now governs. `period`: the first that it shall govern, NULL:
 * whatever has not opened. false: reported; a period that has opened, or one before a change that is put off
 * already.
 */
bool governs_choose(struct ctl *ctl, const char *period, struct governs *ret_governs)
    __attribute__((warn_unused_result));

/* From which period on the newest catalogue governs, as yuebao.governed says. NULL: ctl->status is set. */
PGresult *governs_ask(struct ctl *ctl) __attribute__((warn_unused_result));
/* The same in sentences. */
void governs_say(struct ctl *ctl, const struct governs *governs, const PGresult *governed);

#endif
