/*
 * kept show: a statement that came after close, beside what the books hold of its slot.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd_kept.h"
#include "db.h"
#include "figure_cell.h"
#include "kept.h"
#include "kept_json.h"
#include "output.h"

/* clang-format off */
static const char sql[] =
    "WITH stated AS (SELECT f.* FROM pg_catalog.jsonb_to_recordset($2::jsonb) "
    "AS f (indicator smallint, missing smallint, value bigint, denominator bigint)), "
    "held AS (SELECT DISTINCT g.indicator, g.missing, g.value, g.denominator FROM yuebao.kept AS k "
    "JOIN yuebao.school_district AS m ON m.school = k.school JOIN yuebao.figure AS g "
    "ON g.district = m.district AND g.period = k.period AND g.school = k.school AND g.form = k.form "
    "WHERE k.id = pg_catalog.decode($1, 'hex')) "
    "SELECT i.code, i.name_zh, i.name_en, i.unit, " FIGURE_TEXT("s") ", s.missing, " FIGURE_TEXT("h") ", h.missing, "
    "pg_catalog.trim_scale(" FIGURE_RATIO("s") " - " FIGURE_RATIO("h") ") "
    "FROM stated AS s FULL JOIN held AS h ON h.indicator = s.indicator "
    "JOIN yuebao.indicator AS i ON i.indicator = coalesce(s.indicator, h.indicator) ORDER BY i.indicator";
/* clang-format on */

enum { CODE, NAME_ZH, NAME_EN, UNIT, STATED, STATED_MISSING, HELD, HELD_MISSING, CHANGE };

static const struct output_column columns[] = {
    {"indicator", MSG_ctl_col_code, CELL_TEXT, {0}},
    {"name_zh", MSG_ctl_col_name, CELL_TEXT, {.least = 24}},
    {"name_en", MSG_ctl_col_name, CELL_TEXT, {.least = 24}},
    {"unit", MSG_ctl_col_unit, CELL_TEXT, {.leaves = 1}},
    {"value", MSG_ctl_col_kept_value, CELL_DECIMAL, {0}},
    {"held", MSG_ctl_col_held_value, CELL_DECIMAL, {0}},
    {"change", MSG_ctl_col_change, CELL_DECIMAL, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))
#define CODES        1u                  /* people know the names */
#define COMPARED     (1u << 5 | 1u << 6) /* held, change: when there is nothing to compare with */

static int
show_figures(struct ctl *ctl, const PGresult *result, bool compared)
{
    struct figure_table table;

    if (!figure_table_begin(&table, ctl, columns, COLUMN_COUNT, CODES | (compared ? 0 : COMPARED)))
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++)
        figure_table_row(&table,
                         (const char *const[COLUMN_COUNT]){
                             db_cell(result, r, CODE),
                             db_cell(result, r, NAME_ZH),
                             db_cell(result, r, NAME_EN),
                             figure_unit(ctl, db_cell(result, r, UNIT)),
                             figure_cell(ctl, db_cell(result, r, STATED), db_cell(result, r, STATED_MISSING)),
                             figure_cell(ctl, db_cell(result, r, HELD), db_cell(result, r, HELD_MISSING)),
                             db_cell(result, r, CHANGE),
                         });
    int status = output_write(table.output, stdout, ctl);
    output_free(table.output);
    return status;
}

/* ---- around the figures ------------------------------------------------------------------------- */

static void
say_head(struct ctl *ctl, const struct kept *kept)
{
    const Yuebao__Statement *s = kept->stated.statement;
    bool zh = ctl->language == LANGUAGE_ZH;

    ctl_say(ctl, MSG_ctl_kept_head, "name", kept_cell(kept, zh ? KEPT_NAME_ZH : KEPT_NAME_EN), "school",
            kept_cell(kept, KEPT_SCHOOL), "district",
            kept_cell(kept, zh ? KEPT_DISTRICT_ZH : KEPT_DISTRICT_EN), "form", kept_cell(kept, KEPT_FORM),
            "period", kept_cell(kept, KEPT_PERIOD), "revision", kept_cell(kept, KEPT_REVISION), NULL);
    ctl_say(ctl, MSG_ctl_kept_times, "received", kept_cell(kept, KEPT_RECEIVED), "closes",
            kept_cell(kept, KEPT_CLOSES) == NULL ? "–" : kept_cell(kept, KEPT_CLOSES), NULL);
    ctl_say(ctl, MSG_ctl_report_names, "filler", s->filler, "reviewer", s->reviewer, "head", s->head, NULL);
    if (s->correction[0] != '\0')
        ctl_say(ctl, MSG_ctl_report_correction, "reason", s->correction, NULL);
    if (kept_cell(kept, KEPT_HELD_REVISION) == NULL)
        ctl_say(ctl, MSG_ctl_kept_holds_nothing, NULL);
    else
        ctl_say(ctl, MSG_ctl_kept_holds, "revision", kept_cell(kept, KEPT_HELD_REVISION), NULL);
}

static void
say_warnings(struct ctl *ctl, const struct kept *kept)
{
    for (size_t i = 0; i < kept->findings.count; i++) {
        char *sentence =
            message_of_finding(ctl->language, &kept->findings.items[i], kept->made_by->catalogue);
        if (sentence == NULL)
            abort();
        ctl_say(ctl, MSG_ctl_report_warning, "problem", sentence, NULL);
        free(sentence);
    }
    for (size_t i = 0; i < kept->stated.statement->n_explanation; i++)
        ctl_say(ctl, MSG_ctl_report_explanation, "text", kept->stated.statement->explanation[i]->text, NULL);
}

static void
say_decision(struct ctl *ctl, const struct kept *kept)
{
    const char *decision = kept_cell(kept, KEPT_DECISION);

    if (kept_cell(kept, KEPT_DECIDED_BY) != NULL)
        ctl_say(ctl, MSG_ctl_kept_was_decided, "decision",
                message_text(ctl->language, kept_decision_word(decision)), "by",
                kept_cell(kept, KEPT_DECIDED_BY), "at", kept_cell(kept, KEPT_DECIDED_AT), "reason",
                kept_cell(kept, KEPT_REASON), NULL);
    else if (strcmp(decision, "booked") == 0)
        ctl_say(ctl, MSG_ctl_kept_in_books, "id", kept->shown, NULL);
}

int
kept_show(struct ctl *ctl, const char *prefix)
{
    struct kept kept;
    int status;

    if (!db_connect_admin(ctl) || !kept_load(ctl, prefix, &kept))
        return ctl->status;
    enum kept_state state = kept_check(&kept);
    if (kept.stated.statement == NULL) {
        status = kept_report(ctl, &kept, state);
    } else {
        char *figures = kept_figures_json(kept.stated.statement);
        PGresult *result = db_query(ctl, sql, 2, (const char *const[]){kept_cell(&kept, KEPT_ID), figures});
        say_head(ctl, &kept);
        status = result == NULL ? ctl->status
                                : show_figures(ctl, result, kept_cell(&kept, KEPT_HELD_REVISION) != NULL);
        say_warnings(ctl, &kept);
        say_decision(ctl, &kept);
        if (result != NULL && state != KEPT_SOUND && state != KEPT_FAULTY)
            status = kept_report(ctl, &kept, state);
        PQclear(result);
        free(figures);
    }
    kept_fini(&kept);
    return status;
}
