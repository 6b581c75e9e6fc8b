/*
 * store: the SQL of a batch. It turns a group into calls, and results into what became of each claim; the
 * COPY streams are books', and when to send what is batch's business. All values travel as binary parameters.
 *
 * One transaction:  BEGIN, claim, keep  |  look (losers), correct (winners that replace)  |  COPY figure,
 * COPY total_delta, [COPY remark,] COMMIT with a round trip at each bar; the middle one only when there are
 * losers or corrections. Where somebody set limits to what a won form asks, COMMIT leaves the last one and
 * becomes  |  judge, COMMIT.
 */
#ifndef YUEBAO_STORE_H
#define YUEBAO_STORE_H

#include <libpq-fe.h>

#include "group.h"
#include "link.h"
#include "totals.h"

/* Tags of the calls below. */
enum store_tag {
    STORE_BEGIN,
    STORE_CLAIM,   /* store_read_won */
    STORE_KEEP,    /* store_read_won */
    STORE_LOOK,    /* store_read_look */
    STORE_CORRECT, /* store_read_correction */
    STORE_JUDGE,   /* one row: how many alerts were made and cleared */
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_LOCK,
    STORE_REFUSE,
};

/* For every link that runs the calls below. */
extern const struct link_setting store_settings[];
extern const struct link_statement store_statements[];

/* Begin a transaction and claim the slots of a group of reports and kept statements; its reviews claim
 * nothing. Needs an idle link, like all of these. */
void store_send_claims(struct link *link, const struct group *group);
/* Rows of STORE_CLAIM and STORE_KEEP are winners, with their district. */
void store_read_won(const PGresult *result, struct group *group);
/* Once all winners are read: whoever is still open has lost, and so have the reviews. Returns whether
 * store_send_look has anything to do. */
bool store_mark_lost(struct group *group);

/* Why the losers lost, and the replacement of figures by the winners of revision 2 and above; with `commit`
 * also the end of a transaction that has nothing more to write. */
void store_send_look(struct link *link, const struct group *group, bool commit);
/* false: no memory. A claim that stays CLAIM_LOST met a race and must run again. */
bool store_read_look(const PGresult *result, struct group *group);
/* The replaced figures are taken from the totals. */
void store_read_correction(const PGresult *result, struct totals *totals);

/* Whether any won report holds what some threshold judges; the claim said so. */
bool store_any_watched(const struct group *group);
/* Judge these when their figures are written, and commit. */
void store_send_judge(struct link *link, const struct group *group);

/* Whether any claim was won: is there anything to commit? */
bool store_any_won(const struct group *group);

void store_send_commit(struct link *link);
void store_send_rollback(struct link *link);

/* Remember rejections: at most REJECTIONS_A_SLOT a slot, each statement once, however many links do so at
 * once. One transaction of its own, in one round trip. */
#define REJECTIONS_A_SLOT 20
void store_send_rejections(struct link *link, const struct group *group);

#endif
