/*
 * real_batch: what the tests of a batch against a real PostgreSQL (real_house.h) have in common: schools of
 * this run's own, a batch on two links, statements from a few words, and where their outcomes will be.
 */
#ifndef YUEBAO_REAL_BATCH_H
#define YUEBAO_REAL_BATCH_H

#include "batch.h"
#include "real_house.h"

#define SENT_MAX 400u

extern int32_t
    first_school; /* the 1,000 schools of this run are numbered from here; the last belongs nowhere */

struct sent {
    bool answered;
    enum submission_outcome outcome;
    char first_answer[64], constraint[64], sqlstate[6];
    bool decided;
    uint32_t current_revision;
    uint8_t id[ID_SIZE], current_id[ID_SIZE];
};

struct bench {
    struct event_base *base;
    struct batch *batch;
    struct sent sent[SENT_MAX];
    size_t n_sent, n_answered;
};

/* What is put into a report; `text` is all that tells its id from others'. */
struct paper {
    int school;
    const char *text, *answer;
    uint32_t revision;
    const uint8_t *previous;
    int64_t value;
    bool excused; /* the third indicator is missing with a reason instead of being reported */
    enum submission_kind kind;
    const char *period;           /* NULL: 2026-10 */
    const struct remark *remarks; /* beside the figures */
    size_t n_remarks;
};

/* For a group's setup and teardown. */
int real_batch_open(void **state);
int real_batch_close(void **state);

/* For a test's: `state` is a bench. At the end the totals are checked. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

void id_of(const struct paper *paper, uint8_t id[ID_SIZE]);
struct submission *submission_of(const struct paper *paper);
/* Into a batch; returns where the outcome will be. */
struct sent *put_into(struct bench *bench, struct batch *batch, const struct paper *paper);
struct sent *put(struct bench *bench, struct paper paper);
void wait_for_answers(struct bench *bench);
void wait_for_link(struct bench *bench, const struct batch *batch);

/* A number about one school of this run; {s} in the SQL is its id. */
long long number_of(int school, const char *sql);
/* Exact at once: folded totals and differences are, together, the sums of the figures and the counts of the
 * reports. */
void check_totals(void);
/* A trigger on every new report: `body` of plpgsql; {s} in it stands for the school. */
void obstacle(int school, const char *body);

#endif
