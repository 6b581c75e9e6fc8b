/*
 * difference: what a look into the ledger found that is not as it should be, as data: which, where, what
 * stands there and what ought to.
 */
#ifndef YUEBAOCTL_DIFFERENCE_H
#define YUEBAOCTL_DIFFERENCE_H

#include <stdint.h>

#include "ctl.h"

/* X(name, what it is called in CSV and JSON); the words are MSG_ctl_diff_<name>. */
#define DIFFERENCES(X)                                                                                       \
    X(envelope, "envelope")                                                                                  \
    X(signature, "signature")                                                                                \
    X(id, "id")                                                                                              \
    X(key, "key")                                                                                            \
    X(foreign_key, "key_of_school")                                                                          \
    X(school, "school")                                                                                      \
    X(form, "form")                                                                                          \
    X(period, "period")                                                                                      \
    X(revision, "revision")                                                                                  \
    X(district, "district")                                                                                  \
    X(filler, "filler")                                                                                      \
    X(reviewer, "reviewer")                                                                                  \
    X(head, "head")                                                                                          \
    X(correction, "correction")                                                                              \
    X(catalogue, "catalogue")                                                                                \
    X(no_catalogue, "catalogue_known")                                                                       \
    X(finding, "finding")                                                                                    \
    X(previous, "previous")                                                                                  \
    X(gap, "revision_before")                                                                                \
    X(answer, "answer")                                                                                      \
    X(answer_signature, "answer_signature")                                                                  \
    X(answer_id, "answer_id")                                                                                \
    X(answer_slot, "answer_slot")                                                                            \
    X(outcome, "outcome")                                                                                    \
    X(received, "received_at")                                                                               \
    X(arrived, "arrived_at")                                                                                 \
    X(late, "late")                                                                                          \
    X(admitted, "admitted")                                                                                  \
    X(decision, "decision")                                                                                  \
    X(figure, "figure")                                                                                      \
    X(history, "figure_history")                                                                             \
    X(replaced_by, "replaced_by")                                                                            \
    X(remark, "remark")                                                                                      \
    X(lone_figure, "figure_without_report")                                                                  \
    X(lone_history, "history_without_report")                                                                \
    X(lone_remark, "remark_without_report")                                                                  \
    X(schools, "total_schools")                                                                              \
    X(excused, "total_excused")                                                                              \
    X(value, "total_value")                                                                                  \
    X(denominator, "total_denominator")                                                                      \
    X(reports, "total_reports")                                                                              \
    X(above, "total_above")                                                                                  \
    X(owed, "owed")                                                                                          \
    X(noted, "noted")                                                                                        \
    X(greatest, "greatest")                                                                                  \
    X(past, "past")

enum difference {
#define X(name, key) DIFFERENCE_##name,
    DIFFERENCES(X)
#undef X
};

/* "total_value": for programs. */
const char *difference_key(enum difference difference);
/* What is wrong, in words. */
enum message difference_words(enum difference difference);

/* Somebody who wants to know. Texts are borrowed for the call; NULL: nothing stands there, or nothing should.
 */
struct listener {
    void (*hear)(void *arg, enum difference difference, uint32_t indicator, const char *found,
                 const char *expected);
    void *arg;
};

void listener_tell(const struct listener *listener, enum difference difference, uint32_t indicator,
                   const char *found, const char *expected);
/* The same when the texts differ. */
void listener_compare(const struct listener *listener, enum difference difference, const char *found,
                      const char *expected);

#endif
