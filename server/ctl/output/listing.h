/*
 * listing: how a question's rows are told: a table with a sentence about their number on a terminal, CSV or
 * JSON for programs. What most commands end with.
 */
#ifndef YUEBAOCTL_LISTING_H
#define YUEBAOCTL_LISTING_H

#include <libpq-fe.h>

#include "output.h"

#define LISTING_WORDS_MAX 128 /* bytes with NUL of one cell that is put into words */

struct listing {
    const struct output_column *columns; /* the result's first n columns, on a terminal */
    size_t n;
    enum message none;      /* instead of an empty table */
    enum message one, many; /* under the table; MESSAGE_COUNT: nothing */
    /* Put cells of a row into the reader's words: replace them by texts that stay, or by `words`. May be
     * NULL. */
    void (*in_words)(struct ctl *ctl, const PGresult *result, int row, const char **cells,
                     char words[LISTING_WORDS_MAX]);
    /* What stands under everything, on a terminal. May be NULL. */
    void (*in_total)(struct ctl *ctl, const PGresult *result);
};

/*
 * Tell all of it to stdout, clear the result and return the exit status. `result` NULL: the question failed
 * and was reported; ctl->status comes back. For CSV and JSON the result is written as it is, with its own
 * column names: ask for other columns then.
 */
int listing_tell(struct ctl *ctl, const struct listing *listing, PGresult *result);

/* The table alone, of a result that has rows; EX_OK or reported. The result stays the caller's. */
int listing_table(struct ctl *ctl, const struct listing *listing, const PGresult *result);

#endif
