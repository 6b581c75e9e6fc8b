/*
 * balance: what the verbs of `yuebaoctl balance` share: which question is asked.
 */
#ifndef YUEBAOCTL_BALANCE_H
#define YUEBAOCTL_BALANCE_H

#include "ctl.h"

/* Texts are borrowed from argv, or owned where said. NULL: not given. */
struct balance_question {
    const char *district, *period, *kind, *indicator;
    const char *exclude; /* codes joined by commas, left out besides */
    const char *what_if; /* as typed: SCHOOL:VALUE[/PUPILS] */
    char *if_school;     /* its parts, owned; freed by balance_question_free */
    const char *if_value, *if_pupils;
    const char *from, *to, *reason;
    bool schools, below;
};

void balance_question_free(struct balance_question *q);

/* The parameters of api.balance_schools_in, and all but `and_below` of api.balance_in. */
#define BALANCE_PARAMETERS 8
void balance_values(const struct balance_question *q, const char *ret_values[BALANCE_PARAMETERS]);

/* `balance DISTRICT --schools`: the schools that move it most. Connected; all names were looked at. */
int balance_show_schools(struct ctl *ctl, const struct balance_question *q);

/* `balance exclude`, `include`, `exclusions`: which schools do not take part. `operand` may be NULL. */
int balance_exclude(struct ctl *ctl, const struct balance_question *q, const char *school);
int balance_include(struct ctl *ctl, const struct balance_question *q, const char *school);
int balance_exclusions(struct ctl *ctl, const char *district);

#endif
