#include "listing.h"

#include <assert.h>

#include "db.h"

#define CELLS_MAX 32

int
listing_table(struct ctl *ctl, const struct listing *listing, const PGresult *result)
{
    struct output *output = output_new(listing->columns, listing->n);
    const char *cells[CELLS_MAX];
    char words[LISTING_WORDS_MAX];

    assert(listing->n <= CELLS_MAX);
    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++) {
        for (size_t c = 0; c < listing->n; c++)
            cells[c] = db_cell(result, r, (int)c);
        if (listing->in_words != NULL)
            listing->in_words(ctl, result, r, cells, words);
        output_row(output, cells);
    }
    int status = output_write(output, stdout, ctl);
    output_free(output);
    return status;
}

static int
tell_people(struct ctl *ctl, const struct listing *listing, const PGresult *result)
{
    if (PQntuples(result) == 0) {
        ctl_say(ctl, listing->none, NULL);
        return EX_OK;
    }
    int status = listing_table(ctl, listing, result);
    if (listing->one != MESSAGE_COUNT)
        ctl_say_count(ctl, PQntuples(result), listing->one, listing->many);
    if (listing->in_total != NULL)
        listing->in_total(ctl, result);
    return status;
}

int
listing_tell(struct ctl *ctl, const struct listing *listing, PGresult *result)
{
    if (result == NULL)
        return ctl->status;
    int status = ctl->format == OUTPUT_TEXT ? tell_people(ctl, listing, result) : output_data(result, ctl);
    PQclear(result);
    return status;
}
