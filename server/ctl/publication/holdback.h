/*
 * holdback: which cells of a table that is to be published are held back, so that nobody can work them out.
 * No I/O.
 *
 * A table is one indicator: its cells are places (a tree of districts) by kinds of school, and the sums over
 * both: a district is the sum of those below it and of schools of its own, "all kinds" the sum of the kinds.
 * What a cell sums are its amounts: a value; or a value and a denominator; or, where the value is a part of
 * its denominator, the part and the rest. A cell is held back whole: all its amounts and their quotient.
 *
 * Held back first is what is small (HELD_SCHOOLS, HELD_COUNT, HELD_SHARE), then what the rest would give away
 * (HELD_COMPLEMENT). The proof is a picture. Let the amounts flow: from the top down the tree of "all kinds"
 * to each place, there into its kinds, and up the tree of each kind to the top again. Every sum of the table
 * says that as much flows out of a junction as in, and every cell is one pipe. So the numbers that a reader
 * can imagine for the held-back cells are the flows through their pipes, and a cell can have another number
 * exactly if some circle of pipes leads through it, along which one unit more (or less, against the flow)
 * would fit. hold_back() closes such a circle through every held-back cell, of pipes that are held back too,
 * and holds back the cheapest that it needs. Circles stay when more is held back: one pass over the cells an
 * amount, repeated until nothing is added.
 *
 * What a reader knows beside the sums: no amount is below nothing (or the indicator's least a school, or
 * above its most); what is held back is not zero, for zeros are shown (nobody is in them, and hiding them
 * would hide every total of zero); what other editions showed; that tied indicators (an "=" rule of the
 * catalogue) are equal, so they are held back in the same cells. The largest of a maximum does not add up:
 * see hold_back_largest().
 */
#ifndef YUEBAOCTL_HOLDBACK_H
#define YUEBAOCTL_HOLDBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOLDBACK_KINDS   7              /* kinds of school */
#define HOLDBACK_ALL     HOLDBACK_KINDS /* the column of all kinds, the last */
#define HOLDBACK_COLUMNS (HOLDBACK_KINDS + 1)
#define HOLDBACK_AMOUNTS 2

enum held {
    HELD_NOT,
    HELD_SCHOOLS,    /* fewer schools than the least */
    HELD_COUNT,      /* something is counted, but less than the least count */
    HELD_SHARE,      /* one school is more than the greatest share of it */
    HELD_JOINED,     /* fewer schools than the least came or left since an edition that showed it */
    HELD_BEFORE,     /* another edition, or an equal figure of the period beside this, held it back */
    HELD_TIED,       /* held back in an indicator that must be equal */
    HELD_COMPLEMENT, /* the others would give one away */
    HELD_FROZEN,     /* see holdback_table.frozen */
};

/* What is small, for one kind of school. 1 is no limit. */
struct holdback_limits {
    int64_t schools, count, joined;
    double share; /* of the largest school; compared only */
};

struct holdback_cell {
    int64_t schools; /* with a value; 0: there is no number, so nothing to hold back */
    int64_t value, denominator, largest;
    int64_t joined;   /* schools more or fewer than in the most similar edition that showed it; 0: none did */
    bool held_before; /* must be held back */
    bool known;       /* another edition showed these numbers: hiding them hides nothing */
    bool shown_before; /* another edition showed numbers here, these or others */
    bool held_lately;  /* held back the period before: the same again is better than another */
    enum held held;    /* the answer */
};

enum holdback_measure { HOLDBACK_SUM, HOLDBACK_PART, HOLDBACK_QUOTIENT, HOLDBACK_LARGEST };

struct holdback_table {
    enum holdback_measure measure; /* SUM: value; PART: of its denominator; QUOTIENT: of two amounts */
    int64_t least, most;           /* of a school's value; of a SUM and LARGEST */
    struct holdback_limits limits[HOLDBACK_COLUMNS];
    struct holdback_cell *cells; /* places × HOLDBACK_COLUMNS */
    /* An earlier edition showed a cell that must be held back now. Then nothing of the table that changed is
     * shown: whatever can be known of it is what was known before. */
    bool frozen;
};

/*
 * Decide for tables that are tied (one, usually). parents[p] < p is the place above, -1 of the first. Sets
 * each cell's `held` and each table's `frozen`. Ends the program when there is no memory.
 */
void hold_back(const int *parents, size_t places, struct holdback_table *tables, size_t n);

#endif
