/*
 * publish: the verbs of `yuebaoctl publish`: editions of a district's closed and declared period for the
 * public.
 */
#ifndef YUEBAOCTL_PUBLISH_H
#define YUEBAOCTL_PUBLISH_H

#include "ctl.h"

struct publish_options {
    const char *district, *period;
    const char *edition; /* NULL: the newest that stands */
    const char *below;   /* --district: of the edition, this one and those below it only */
    const char *html;    /* --html: the page's file */
    const char *reason;
    const char *schools, *count, *share, *joined; /* of a rule */
    bool dry_run;
};

int publish_make(struct ctl *ctl, const struct publish_options *o);
int publish_list(struct ctl *ctl, const struct publish_options *o);
int publish_withdraw(struct ctl *ctl, const struct publish_options *o);
int publish_show(struct ctl *ctl, const struct publish_options *o);
int publish_held(struct ctl *ctl, const struct publish_options *o);
int publish_compare(struct ctl *ctl, const struct publish_options *o, const char *older, const char *newer);
int publish_rules(struct ctl *ctl);
int publish_rule(struct ctl *ctl, const struct publish_options *o, const char *scope, const char *name);

/* District and period are such, are known, and the link is there. false: reported. */
bool publish_begin(struct ctl *ctl, const struct publish_options *o, bool as_admin)
    __attribute__((warn_unused_result));

/*
 * The number of the edition that `o` means, or of the newest that stands, malloc'd; one that was withdrawn is
 * not shown. NULL: there is none, reported.
 */
char *publish_edition(struct ctl *ctl, const struct publish_options *o) __attribute__((warn_unused_result));

/* Tell an edition as the public sees it: a table, CSV, JSON, XLSX, and the page where one is wanted. */
int publish_tell(struct ctl *ctl, const struct publish_options *o, const char *edition);

/* The page alone, into o->html. EX_OK or reported. */
int publish_page(struct ctl *ctl, const struct publish_options *o, const char *edition);

#endif
