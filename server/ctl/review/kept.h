/*
 * kept: one statement that came after its period closed, as it lies in the database, and whether it is what
 * its row says. Needs a link as yuebao_admin.
 */
#ifndef YUEBAOCTL_KEPT_H
#define YUEBAOCTL_KEPT_H

#include "catalogues.h"
#include "ctl.h"
#include "findings.h"
#include "limit.h"
#include "stated.h"

#define KEPT_ID_SHOWN 12 /* hex digits of an id for people, as in the list */

/* Columns of the row; texts as PostgreSQL prints them. */
enum kept_column {
    KEPT_ID,
    KEPT_SCHOOL,
    KEPT_NAME_ZH,
    KEPT_NAME_EN,
    KEPT_DISTRICT_ZH,
    KEPT_DISTRICT_EN,
    KEPT_FORM,
    KEPT_PERIOD,
    KEPT_REVISION,
    KEPT_RECEIVED,
    KEPT_CLOSES,
    KEPT_DECISION,
    KEPT_HELD_REVISION,
    KEPT_DECIDED_BY,
    KEPT_DECIDED_AT,
    KEPT_REASON,
    KEPT_ENVELOPE,
    KEPT_KEY_IS_OF_SCHOOL,
    KEPT_NOW_MS,
};

struct kept {
    PGresult *row;
    uint8_t id[ID_SIZE];
    char shown[KEPT_ID_SHOWN + 1]; /* the id in sentences */
    uint32_t revision;
    struct stated stated;
    struct catalogues catalogues;
    const struct catalogue_entry *made_by; /* the catalogue; NULL: not known here */
    struct findings findings;              /* of kept_check */
};

/* The one that `prefix`, lower-case hex, begins. false: reported; nothing to free. */
bool kept_load(struct ctl *ctl, const char *prefix, struct kept *ret_kept)
    __attribute__((warn_unused_result));
void kept_fini(struct kept *kept);

/* A cell of the row, NULL when it is NULL. */
const char *kept_cell(const struct kept *kept, enum kept_column column);

enum kept_state {
    KEPT_SOUND,        /* it may be booked; `findings` has its warnings, if any */
    KEPT_UNREADABLE,   /* the gate refuses its bytes */
    KEPT_FORGED,       /* the signature does not hold, or the row is another statement's */
    KEPT_FOREIGN_KEY,  /* no key of the school's institution, or one that had been revoked */
    KEPT_NO_CATALOGUE, /* the catalogue by which it was made is not here */
    KEPT_FAULTY,       /* its own catalogue refuses it: `findings` says why */
};

/* Look again as the collector did when it came. */
enum kept_state kept_check(struct kept *kept) __attribute__((warn_unused_result));

/* Say what is wrong with it, and that it cannot be admitted; EX_DATAERR. Not for KEPT_SOUND. */
int kept_report(struct ctl *ctl, const struct kept *kept, enum kept_state state);

/* The word for a decision of api.kept: waiting, admitted ... */
enum message kept_decision_word(const char *decision);

#endif
