/*
 * review --school: one school's report in full, as an official reads it before he says that he has seen it.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "figure_cell.h"
#include "output.h"
#include "review.h"
#include "review_notes.h"

/* ---- the figures -------------------------------------------------------------------------------- */

static const char figures_sql[] =
    "SELECT f.indicator, f.name_zh, f.name_en, f.unit, f.before, f.before_missing, f.earlier, "
    "f.earlier_missing, "
    "f.figure, f.missing, f.change, f.differs FROM api.review_figures($1, $2, $3) AS f";

enum {
    CODE,
    NAME_ZH,
    NAME_EN,
    UNIT,
    BEFORE,
    BEFORE_WHY,
    EARLIER,
    EARLIER_WHY,
    FIGURE,
    FIGURE_WHY,
    CHANGE,
    DIFFERS
};

static const struct output_column columns[] = {
    {"indicator", MSG_ctl_col_code, CELL_TEXT, {0}},
    {"name_zh", MSG_ctl_col_name, CELL_TEXT, {.least = 24}},
    {"name_en", MSG_ctl_col_name, CELL_TEXT, {.least = 24}},
    {"unit", MSG_ctl_col_unit, CELL_TEXT, {.leaves = 1}},
    {"before", MSG_ctl_col_before, CELL_DECIMAL, {0}},
    {"change", MSG_ctl_col_change, CELL_DECIMAL, {0}},
    {"earlier", MSG_ctl_col_earlier, CELL_DECIMAL, {0}},
    {"differs", MSG_ctl_col_differs, CELL_BOOLEAN, {0}},
    {"figure", MSG_ctl_col_figure, CELL_DECIMAL, {0}},
    {"remarks", MSG_ctl_col_remarks, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))
#define CODES        1u                  /* people know the names */
#define FROM_BEFORE  (1u << 4 | 1u << 5) /* before, change */
#define FROM_EARLIER (1u << 6 | 1u << 7) /* earlier, differs */
#define REMARKS      (1u << 9)           /* people read them under the row */

/* Whether any row has something there. */
static bool
occurs(const PGresult *figures, int text, int missing)
{
    for (int r = 0; r < PQntuples(figures); r++)
        if (!PQgetisnull(figures, r, text) || !PQgetisnull(figures, r, missing))
            return true;
    return false;
}

static unsigned
left_out(const PGresult *figures)
{
    return CODES | REMARKS | (occurs(figures, BEFORE, BEFORE_WHY) ? 0 : FROM_BEFORE) |
           (occurs(figures, EARLIER, EARLIER_WHY) ? 0 : FROM_EARLIER);
}

static void
add_figure(struct figure_table *table, const PGresult *figures, const struct review_notes *notes, int r)
{
    const struct ctl *ctl = table->ctl;
    const char *code = PQgetvalue(figures, r, CODE);
    char *joined = review_notes_joined(notes, code);
    const char *cells[COLUMN_COUNT] = {
        code,
        db_cell(figures, r, NAME_ZH),
        db_cell(figures, r, NAME_EN),
        figure_unit(ctl, db_cell(figures, r, UNIT)),
        figure_cell(ctl, db_cell(figures, r, BEFORE), db_cell(figures, r, BEFORE_WHY)),
        db_cell(figures, r, CHANGE),
        figure_cell(ctl, db_cell(figures, r, EARLIER), db_cell(figures, r, EARLIER_WHY)),
        db_cell(figures, r, DIFFERS),
        figure_cell(ctl, db_cell(figures, r, FIGURE), db_cell(figures, r, FIGURE_WHY)),
        joined,
    };

    if (ctl->format == OUTPUT_TEXT && cells[7][0] == 'f')
        cells[7] = NULL; /* what differs shall be seen */
    figure_table_row(table, cells);
    if (ctl->format == OUTPUT_TEXT)
        review_notes_put(notes, code, table->output);
    free(joined);
}

static int
show_figures(struct ctl *ctl, const PGresult *figures, const struct review_notes *notes)
{
    struct figure_table table;

    if (!figure_table_begin(&table, ctl, columns, COLUMN_COUNT, left_out(figures)))
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(figures); r++)
        add_figure(&table, figures, notes, r);
    int status = output_write(table.output, stdout, ctl);
    output_free(table.output);
    return status;
}

/* ---- around the figures ------------------------------------------------------------------------- */

static const char head_sql[] = WITH_REVIEWS
    "SELECT r.district, r.first_day, r.school, r.form, r.revision, r.school_zh, r.school_en, r.district_zh, "
    "r.district_en, r.period, r.late, r.admitted, r.corrected, r.changed_since, "
    "pg_catalog.to_char(r.received_at, 'YYYY-MM-DD HH24:MI'), p.filler, p.reviewer, p.head, r.correction "
    "FROM r JOIN api.report AS p ON p.district = r.district AND p.first_day = r.first_day "
    "AND p.school = r.school AND p.form = r.form AND p.revision = r.revision ORDER BY r.form";

enum {
    H_DISTRICT,
    H_FIRST_DAY,
    H_SCHOOL,
    H_FORM,
    H_REVISION,
    H_NAME_ZH,
    H_NAME_EN,
    H_DISTRICT_ZH,
    H_DISTRICT_EN,
    H_PERIOD,
    H_LATE,
    H_ADMITTED,
    H_CORRECTED,
    H_SINCE,
    H_RECEIVED,
    H_FILLER,
    H_REVIEWER,
    H_HEAD,
    H_CORRECTION
};

static void
say_head(struct ctl *ctl, const PGresult *heads, int r)
{
    bool zh = ctl->language == LANGUAGE_ZH;
    char marks[REVIEW_MARKS_MAX], shown[REVIEW_MARKS_MAX + 1];

    review_marks(ctl, db_cell(heads, r, H_LATE), db_cell(heads, r, H_ADMITTED),
                 db_cell(heads, r, H_CORRECTED), marks);
    ctl_say(ctl, MSG_ctl_kept_head, "name", PQgetvalue(heads, r, zh ? H_NAME_ZH : H_NAME_EN), "school",
            PQgetvalue(heads, r, H_SCHOOL), "district",
            PQgetvalue(heads, r, zh ? H_DISTRICT_ZH : H_DISTRICT_EN), "form", PQgetvalue(heads, r, H_FORM),
            "period", PQgetvalue(heads, r, H_PERIOD), "revision", PQgetvalue(heads, r, H_REVISION), NULL);
    snprintf(shown, sizeof(shown), "%s%s", marks[0] == '\0' ? "" : " ", marks);
    ctl_say(ctl, MSG_ctl_review_received, "at", PQgetvalue(heads, r, H_RECEIVED), "marks", shown, NULL);
    ctl_say(ctl, MSG_ctl_report_names, "filler", PQgetvalue(heads, r, H_FILLER), "reviewer",
            PQgetvalue(heads, r, H_REVIEWER), "head", PQgetvalue(heads, r, H_HEAD), NULL);
    if (db_cell(heads, r, H_CORRECTION) != NULL)
        ctl_say(ctl, MSG_ctl_report_correction, "reason", PQgetvalue(heads, r, H_CORRECTION), NULL);
    if (db_cell(heads, r, H_SINCE) != NULL)
        ctl_say(ctl, MSG_ctl_review_compared, "revision", PQgetvalue(heads, r, H_SINCE), NULL);
}

static bool
say_history(struct ctl *ctl, const struct review_slot *slot)
{
    const char *values[] = {slot->district, slot->first_day, slot->school, slot->form};
    PGresult *log =
        db_query(ctl,
                 "SELECT l.revision, l.verdict, l.reviewed_by, "
                 "pg_catalog.to_char(l.reviewed_at, 'YYYY-MM-DD HH24:MI'), l.review_note "
                 "FROM api.review_log AS l WHERE l.district = $1::integer AND l.first_day = $2::date "
                 "AND l.school = $3 AND l.form = $4 ORDER BY l.reviewed_at",
                 4, values);
    if (log == NULL)
        return false;
    for (int r = 0; r < PQntuples(log); r++)
        ctl_say(ctl, PQgetisnull(log, r, 4) ? MSG_ctl_review_log : MSG_ctl_review_log_note, "revision",
                PQgetvalue(log, r, 0), "verdict",
                message_text(ctl->language, review_word(PQgetvalue(log, r, 1))), "by", PQgetvalue(log, r, 2),
                "at", PQgetvalue(log, r, 3), "note", PQgetvalue(log, r, 4), NULL);
    if (PQntuples(log) == 0)
        ctl_say(ctl, MSG_ctl_review_not_yet, NULL);
    PQclear(log);
    return true;
}

static int
show_report(struct ctl *ctl, const PGresult *heads, int r)
{
    const struct review_slot slot = {.district = PQgetvalue(heads, r, H_DISTRICT),
                                     .first_day = PQgetvalue(heads, r, H_FIRST_DAY),
                                     .period = PQgetvalue(heads, r, H_PERIOD),
                                     .school = PQgetvalue(heads, r, H_SCHOOL),
                                     .form = PQgetvalue(heads, r, H_FORM),
                                     .revision = PQgetvalue(heads, r, H_REVISION)};
    const char *named[] = {slot.school, slot.form, slot.period};
    PGresult *figures = db_query(ctl, figures_sql, 3, named);
    struct review_notes *notes = figures == NULL ? NULL : review_notes_load(ctl, &slot);
    int status = ctl->status;

    if (notes != NULL) {
        say_head(ctl, heads, r);
        status = show_figures(ctl, figures, notes);
        review_notes_say(notes);
        if (status == EX_OK && !say_history(ctl, &slot))
            status = ctl->status;
    }
    review_notes_free(notes);
    PQclear(figures);
    return status;
}

int
review_show(struct ctl *ctl, const struct review_options *o)
{
    const char *values[] = {o->district, o->period, o->form, o->school};
    int status = EX_OK;

    if (!review_begin(ctl, o, false))
        return ctl->status;
    PGresult *heads = db_query(ctl, head_sql, 4, values);
    if (heads == NULL)
        return ctl->status;
    if (PQntuples(heads) == 0)
        status = ctl_fail(ctl, EX_DATAERR, MSG_ctl_review_no_report, "school", o->school, "period", o->period,
                          "district", o->district, NULL);
    else if (PQntuples(heads) > 1 && ctl->format != OUTPUT_TEXT)
        status = ctl_usage(ctl, MSG_ctl_review_which_form, "school", o->school, NULL);
    for (int r = 0; status == EX_OK && r < PQntuples(heads); r++) {
        if (r > 0)
            putchar('\n');
        status = show_report(ctl, heads, r);
    }
    PQclear(heads);
    return status;
}
