/*
 * review: what the verbs of `yuebaoctl review` share.
 */
#ifndef YUEBAOCTL_REVIEW_H
#define YUEBAOCTL_REVIEW_H

#include "ctl.h"

struct review_options {
    const char *district, *period; /* of every verb but declarations, where they may be NULL */
    const char *form, *school, *revision, *note;
    bool all, warned_too, dry_run;
};

/*
 * A bureau looks at one period of one district with all below it. This begins a query over its reports, and
 * everything that speaks against one is a column of `r`; parameters $1 to $4 are district, period, form and
 * school, the last two NULL for all.
 */
#define WITH_REVIEWS                                                                                         \
    "WITH RECURSIVE below (district) AS (SELECT $1::integer UNION SELECT d.district FROM api.district AS d " \
    "JOIN below AS b ON d.parent = b.district), "                                                            \
    "came AS MATERIALIZED (SELECT v.* FROM api.review AS v WHERE v.district = ANY (ARRAY(SELECT b.district " \
    "FROM below AS b)) AND v.first_day = (SELECT c.first_day FROM api.calendar AS c WHERE c.period = $2 "    \
    "LIMIT 1) AND v.period = $2 AND ($3::text IS NULL OR v.form = $3) "                                      \
    "AND ($4::text IS NULL OR v.school = $4)), "                                                             \
    "broken AS MATERIALIZED (SELECT b.school, b.form, count(*) AS n "                                        \
    "FROM api.breaches_in($1::integer, $2, $3, $4) AS b WHERE NOT EXISTS (SELECT FROM came AS v "            \
    "JOIN api.remark AS m ON m.district = v.district AND m.first_day = v.first_day AND m.school = v.school " \
    "AND m.form = v.form AND m.revision = v.revision WHERE v.school = b.school AND v.form = b.form "         \
    "AND m.rule = b.rule) GROUP BY b.school, b.form), "                                                      \
    "unlike AS MATERIALIZED (SELECT o.school, o.form, count(*) AS n "                                        \
    "FROM api.outliers_in($1::integer, $2, $3, $4) AS o GROUP BY o.school, o.form), "                        \
    "r AS MATERIALIZED (SELECT v.*, coalesce(b.n, 0) AS breaches, coalesce(u.n, 0) AS outliers "             \
    "FROM came AS v LEFT JOIN broken AS b ON b.school = v.school AND b.form = v.form "                       \
    "LEFT JOIN unlike AS u ON u.school = v.school AND u.form = v.form) "

/* Whether district and period are there, and known; connects. false: reported. */
bool review_begin(struct ctl *ctl, const struct review_options *o, bool as_admin)
    __attribute__((warn_unused_result));

/* A text of at most TEXT_MAX bytes that may travel to a school; empty is one too. false: reported. */
bool review_is_note(struct ctl *ctl, const char *note) __attribute__((warn_unused_result));

/* The word of a verdict: waiting, seen or returned. */
enum message review_word(const char *verdict);

/* "late, admitted" in the reader's language, from three booleans of PostgreSQL; "" when none is true. */
#define REVIEW_MARKS_MAX 80
void review_marks(const struct ctl *ctl, const char *late, const char *admitted, const char *corrected,
                  char marks[REVIEW_MARKS_MAX]);

int review_show(struct ctl *ctl, const struct review_options *o);
int review_seen(struct ctl *ctl, const struct review_options *o, char *const *schools, int n);
int review_return(struct ctl *ctl, const struct review_options *o);
int review_declare(struct ctl *ctl, const struct review_options *o);
int review_declarations(struct ctl *ctl, const struct review_options *o);

/* How many wait, what is missing, and whether the period is declared or what reopened it. false: reported. */
bool review_say_counts(struct ctl *ctl, const struct review_options *o) __attribute__((warn_unused_result));

#endif
