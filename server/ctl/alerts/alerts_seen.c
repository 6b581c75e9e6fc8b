/* alerts seen: somebody took note, and says so. */
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "db.h"
#include "gate.h"
#include "limit.h"
#include "output.h"

static const struct output_column columns[] = {
    {"alert", MSG_ctl_col_number, CELL_INTEGER, {0}},
    {"outcome", MSG_ctl_col_state, CELL_TEXT, {0}},
    {"seen_by", MSG_ctl_col_alert_seen, CELL_TEXT, {0}},
    {"seen_at", MSG_ctl_col_alert_seen_at, CELL_INSTANT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static enum message
word_of(const char *outcome)
{
    if (strcmp(outcome, "seen") == 0)
        return MSG_ctl_alert_now_seen;
    return strcmp(outcome, "before") == 0 ? MSG_ctl_alert_seen_before : MSG_ctl_alert_unknown;
}

/* A table of all, and an error for each number that is none. */
static int
tell(struct ctl *ctl, const PGresult *result)
{
    struct output *output = output_new(columns, COLUMN_COUNT);
    int status = EX_OK;

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++) {
        const char *cells[COLUMN_COUNT] = {db_cell(result, r, 0),
                                           ctl_word(ctl, word_of(PQgetvalue(result, r, 1))),
                                           db_cell(result, r, 2), db_cell(result, r, 3)};
        if (strcmp(PQgetvalue(result, r, 1), "unknown") == 0)
            status = ctl_fail(ctl, EX_DATAERR, MSG_ctl_alert_no_such, "value", cells[0], NULL);
        else
            output_row(output, cells);
    }
    int written = output_count(output) > 0 ? output_write(output, stdout, ctl) : EX_OK;
    output_free(output);
    return status != EX_OK ? status : written;
}

/* "{1,2,3}"; every number was looked at. */
static char *
array_of(char *const *numbers, int n)
{
    char *array = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&array, &len);

    if (out == NULL)
        abort();
    for (int i = 0; i < n; i++)
        fprintf(out, "%c%s", i == 0 ? '{' : ',', numbers[i]);
    fputc('}', out);
    if (fclose(out) != 0)
        abort();
    return array;
}

static bool
is_note(struct ctl *ctl, const char *note)
{
    size_t len = note == NULL ? 0 : strlen(note);

    if (len <= TEXT_MAX && gate_text_is_clean((const uint8_t *)note, len))
        return true;
    ctl_usage(ctl, MSG_ctl_alert_bad_note, NULL);
    return false;
}

int
alerts_seen(struct ctl *ctl, const struct alerts_options *options, char *const *numbers, int n)
{
    for (int i = 0; i < n; i++)
        if (!alerts_number(ctl, numbers[i]))
            return ctl->status;
    if (!is_note(ctl, options->note) || !db_connect_admin(ctl))
        return ctl->status;
    char *array = array_of(numbers, n);
    const char *const values[] = {array, options->note != NULL ? options->note : ""};
    PGresult *result = db_query(ctl,
                                "SELECT s.alert, s.outcome, s.seen_by, s.seen_at "
                                "FROM yuebao.see_alerts($1::bigint[], $2) AS s",
                                2, values);
    int status = result == NULL ? ctl->status : tell(ctl, result);
    PQclear(result);
    free(array);
    return status;
}
