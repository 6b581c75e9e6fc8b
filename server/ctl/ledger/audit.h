/*
 * audit: what `yuebaoctl check-totals` consists of: the whole ledger, or a part, read once in one snapshot,
 * each envelope decoded anew; and the books and totals beside it.
 */
#ifndef YUEBAOCTL_AUDIT_H
#define YUEBAOCTL_AUDIT_H

#include <time.h>

#include "catalogues.h"
#include "ledger.h"
#include "output.h"
#include "stream.h"
#include "sums.h"

#define AUDIT_SHOWN    50u     /* differences that a person is shown */
#define AUDIT_MOST     100000u /* differences, then it is no use to look on */
#define AUDIT_KEYS_MAX 16u     /* receipt keys that are told apart */
#define AUDIT_TEXT_MAX 64u     /* bytes of a code or period, with NUL */

/* The rows of a query that are asked about, of a table `t` joined to yuebao.form as f; audit_scope's values.
 */
#define AUDIT_IN_SCOPE(t)                                                                                    \
    "($1::integer IS NULL OR " t                                                                             \
    ".district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS "                             \
    "a WHERE a.ancestor = $1::integer))) AND ($2::date IS NULL OR " t ".period = $2::date) "                 \
    "AND ($3::text IS NULL OR f.frequency = $3)"
#define AUDIT_SCOPE_VALUES 3

/* Where a difference is. Texts are borrowed or NULL. */
struct audit_place {
    const char *district, *school, *form, *period, *revision;
    const char *indicator;             /* its code; NULL: by number, from the catalogue */
    const struct catalogue *catalogue; /* may be NULL */
};

/* A district's period, added up while its reports go by; its totals are looked at when the link is free. */
struct audit_group {
    char district[AUDIT_TEXT_MAX], day[AUDIT_TEXT_MAX];
    struct sums sums;
    const struct catalogue *catalogue; /* by which one of its reports was made; borrowed */
};

struct audit_key {
    char hex[2 * KEY_SIZE + 1];
    long receipts;
};

struct audit {
    struct ctl *ctl;
    const char *scope[AUDIT_SCOPE_VALUES]; /* district, first day, frequency; NULL: all */
    struct catalogues catalogues;
    struct stream stream;
    struct output *output;
    struct audit_place place;
    struct listener listener; /* differences at `place` go into the table */

    struct audit_group *groups; /* the last one is added up still */
    size_t group_count, group_capacity;

    char slot[4 * AUDIT_TEXT_MAX]; /* of the row before, */
    long revision;                 /* its revision, */
    uint8_t id[ID_SIZE];           /* and what was signed there */
    bool id_known;

    long reports, figures, totals;
    long away; /* of the reports: their figures are put away and were not compared */
    size_t differences;
    struct audit_key keys[AUDIT_KEYS_MAX];
    size_t key_count;
    struct timespec begun;
    double told; /* seconds at which progress was told last; 0: never */
};

/* Each step: false when it was reported, or when there are AUDIT_MOST differences. */
bool audit_ledger(struct audit *audit) __attribute__((warn_unused_result));
/* The totals of a group against its sums. The link must be free. */
bool audit_totals(struct audit *audit, struct audit_group *group) __attribute__((warn_unused_result));
/* What stands in the books and belongs to no report. */
bool audit_lone(struct audit *audit) __attribute__((warn_unused_result));
/* What is kept so that nobody need count it: totals of districts below, what is owed, what is noted of
 * windows. */
bool audit_counts(struct audit *audit) __attribute__((warn_unused_result));

/* What the last two are made of: each row of a query with audit_scope's values is told. A stream is open
 * before, that of the ledger or of the walk before, and after. */
typedef void audit_tell(struct audit *audit, const PGresult *rows, int row, const void *about);
bool audit_walk(struct audit *audit, const char *sql, audit_tell *tell, const void *about)
    __attribute__((warn_unused_result));

/* The table of differences. false: no memory. */
bool audit_table_begin(struct audit *audit) __attribute__((warn_unused_result));
bool audit_is_full(const struct audit *audit);
/* Write it, and say what was looked at; the exit status. */
int audit_report(struct audit *audit) __attribute__((warn_unused_result));

double audit_seconds(const struct audit *audit); /* since it begun */

#endif
