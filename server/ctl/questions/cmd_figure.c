/*
 * yuebaoctl figure: one figure of a school, back through its revisions to what was signed.
 */
#include <stdlib.h>

#include "db.h"
#include "known.h"
#include "look.h"

#define FROM "FROM api.figure_trace($1, $2, $3) AS x"
#define SHOWN                                                                                                \
    "x.revision, coalesce(" LOOK_FILLED ", x.missing_@), " LOOK_FIGURE(                                      \
        "x.figure") ", x.received_at, x.late, x.admitted, x.filler || ' / ' || x.reviewer || ' / ' || "      \
                    "x.head, x.id, x.state, x.correction, x.explanation, x.replaced_by, "                    \
                    "x.name_@, x.unit"

enum {
    FILLED = 1,
    ID = 7,
    STATE = 8,
    CORRECTION = 9,
    EXPLANATION = 10,
    REPLACED_BY = 11,
    NAME = 12,
    UNIT = 13
};
#define ID_SHOWN 12 /* hex digits: enough for replay, which wants 8 */

static const struct output_column columns[] = {
    {"revision", MSG_ctl_col_revision, CELL_INTEGER, {0}},
    {"filled", MSG_ctl_col_look_filled, CELL_DECIMAL, {0}},
    {"figure", MSG_ctl_col_look_figure, CELL_DECIMAL, {0}},
    {"received_at", MSG_ctl_col_received, CELL_INSTANT, {0}},
    {"late", MSG_ctl_col_late, CELL_BOOLEAN, {0}},
    {"admitted", MSG_ctl_col_admitted, CELL_BOOLEAN, {.leaves = 1}},
    {"names", MSG_ctl_col_look_names, CELL_TEXT, {.widest = 36, .least = 12, .leaves = 2}},
    {"id", MSG_ctl_col_id, CELL_TEXT, {.widest = ID_SHOWN + 1}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void
note(struct ctl *ctl, struct output *output, enum message message, const char *text)
{
    char *sentence = text == NULL ? NULL : message_format(ctl->language, message, "text", text, NULL);

    if (sentence != NULL)
        output_note(output, sentence);
    free(sentence);
}

static void
add_revision(struct ctl *ctl, struct output *output, const PGresult *result, int r)
{
    const char *cells[COLUMN_COUNT];
    char next[ID_SHOWN + 1];

    for (size_t c = 0; c < COLUMN_COUNT; c++)
        cells[c] = db_cell(result, r, (int)c);
    if (cells[FILLED] == NULL)
        cells[FILLED] = look_state(ctl, PQgetvalue(result, r, STATE));
    output_row(output, cells);
    note(ctl, output, MSG_ctl_figure_correction, db_cell(result, r, CORRECTION));
    note(ctl, output, MSG_ctl_figure_explanation, db_cell(result, r, EXPLANATION));
    snprintf(next, sizeof(next), "%s", PQgetvalue(result, r, REPLACED_BY));
    note(ctl, output, MSG_ctl_figure_replaced, next[0] == '\0' ? NULL : next);
}

static int
show(struct ctl *ctl, const PGresult *result)
{
    struct output *output = output_new(columns, COLUMN_COUNT);
    char id[ID_SHOWN + 1], words[LISTING_WORDS_MAX];

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++)
        add_revision(ctl, output, result, r);
    int status = output_write(output, stdout, ctl);
    output_free(output);
    snprintf(id, sizeof(id), "%s", PQgetvalue(result, 0, ID));
    ctl_say(ctl, MSG_ctl_figure_legend, "name", PQgetvalue(result, 0, NAME), "unit",
            look_unit(ctl, PQgetvalue(result, 0, UNIT), words), "id", id, NULL);
    return status;
}

int
cmd_figure(struct ctl *ctl, int argc, char **argv)
{
    int first = ctl_options(ctl, argc, argv, NULL);

    if (!look_operands(ctl, argc, argv, first, 3, 3))
        return ctl->status;
    const char *values[] = {argv[first], argv[first + 1], argv[first + 2]};
    if (!is_period(ctl, values[1]) || !db_connect_to_ask(ctl) || !knows_school(ctl, values[0]) ||
        !knows_indicator(ctl, values[2]) || !has_opened(ctl, values[1], NULL))
        return ctl->status;
    PGresult *result = look_ask(ctl, SHOWN, FROM, 3, values);
    if (result == NULL)
        return ctl->status;
    int status = EX_OK;
    if (ctl->format != OUTPUT_TEXT)
        status = output_data(result, ctl);
    else if (PQntuples(result) == 0)
        ctl_say(ctl, MSG_ctl_figure_none, "school", values[0], "period", values[1], NULL);
    else
        status = show(ctl, result);
    PQclear(result);
    return status;
}
