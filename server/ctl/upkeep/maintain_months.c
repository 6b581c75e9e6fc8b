/*
 * maintain months: how much there is, and what of it is put away.
 */
#include <string.h>

#include "db.h"
#include "listing.h"
#include "maintain.h"

#define MIB(bytes) "pg_catalog.round(m." bytes " / 1048576.0, 1)"

enum { MONTH, STANDING };

static const struct output_column columns[] = {
    {"month", MSG_ctl_col_month, CELL_TEXT, {0}},
    {"standing", MSG_ctl_col_standing, CELL_TEXT, {0}},
    {"reports", MSG_ctl_col_reports_about, CELL_INTEGER, {0}},
    {"figures", MSG_ctl_col_figures_about, CELL_INTEGER, {0}},
    {"ledger", MSG_ctl_col_ledger_mib, CELL_DECIMAL, {0}},
    {"books", MSG_ctl_col_books_mib, CELL_DECIMAL, {0}},
    {"detached_at", MSG_ctl_col_detached_at, CELL_INSTANT, {.leaves = 1}},
    {"detached_by", MSG_ctl_col_detached_by, CELL_TEXT, {.leaves = 1}},
};

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    static const struct {
        const char *standing;
        enum message word;
    } known[] = {{"unused", MSG_ctl_month_unused},
                 {"ahead", MSG_ctl_month_ahead},
                 {"open", MSG_ctl_month_open},
                 {"closed", MSG_ctl_month_closed},
                 {"detached", MSG_ctl_month_detached}};

    (void)result;
    (void)row;
    (void)words;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(cells[STANDING], known[i].standing) == 0) {
            cells[STANDING] = ctl_word(ctl, known[i].word);
            return;
        }
}

int
maintain_months(struct ctl *ctl)
{
    static const struct listing months = {.columns = columns,
                                          .n = sizeof(columns) / sizeof(columns[0]),
                                          .none = MSG_ctl_months_none,
                                          .one = MESSAGE_COUNT,
                                          .in_words = in_words};

    if (!db_connect(ctl))
        return ctl->status;
    if (ctl->format != OUTPUT_TEXT)
        return listing_tell(ctl, &months,
                            db_query(ctl, "SELECT m.* FROM api.month AS m ORDER BY m.month_begins", 0, NULL));
    return listing_tell(ctl, &months,
                        db_query(ctl,
                                 "SELECT m.month, m.standing, m.reports_about, m.figures_about, " MIB(
                                     "ledger_bytes") ", " MIB("books_bytes") ", m.detached_at, "
                                                                             "m.detached_by FROM api.month "
                                                                             "AS m ORDER BY m.month_begins",
                                 0, NULL));
}
