/*
 * span: the periods that an administrator names. "2016-10" is one, "2016-09..2017-01" all from the first to
 * the last; in another frequency, all of its periods that begin within these days.
 */
#ifndef YUEBAOCTL_SPAN_H
#define YUEBAOCTL_SPAN_H

#include "ctl.h"
#include "period.h"

#define SPAN_MAX 4000 /* periods of one command: eleven years of days */

struct span {
    char *days; /* PostgreSQL's array literal of the periods' first days, owned; NULL: nothing was read */
    enum frequency of; /* the periods' frequency */
};

/*
 * `frequency` is a word, NULL: that of `form`, which may be NULL too: that of the notation. Both are sound by
 * their shape. false: reported, and nothing is owned.
 */
bool span_read(struct ctl *ctl, const char *text, const char *frequency, const char *form,
               struct span *ret_span) __attribute__((warn_unused_result));
void span_fini(struct span *span);

#endif
