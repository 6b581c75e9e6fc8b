/*
 * access: who may see what. A login (a role of PostgreSQL) is of one kind, and sees districts (an official),
 * schools (an inspector), indicators in districts (a department) or everything (an auditor):
 * sql/migrations/025-access.sql.
 */
#ifndef YUEBAOCTL_ACCESS_H
#define YUEBAOCTL_ACCESS_H

#include "ctl.h"

struct access_question {
    const char *role, *kind;             /* NULL: not given */
    const char *district, *from, *until; /* options; NULL: not given */
    char *const *names;                  /* districts, schools or indicators, borrowed */
    int n;
};

/* What a login sees, of one that is named or of all that the asker may be told of; with api's own columns for
 * programs. */
int access_list(struct ctl *ctl, const char *role);

int access_grant(struct ctl *ctl, const struct access_question *q);
int access_revoke(struct ctl *ctl, const struct access_question *q);

/* The table of one login, over a link that is open. */
int access_show(struct ctl *ctl, const char *role);

#endif
