/*
 * Rows into tables. Each file's rows go by COPY into a temporary table of their own; constant statements then
 * update what differs and insert what is new, so that an unchanged file changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "expression.h"
#include "form_name.h"
#include "import.h"
#include "import_changes.h"
#include "import_steps.h"
#include "numbers.h"

/* ---- COPY --------------------------------------------------------------------------------------- */

struct copy {
    struct ctl *ctl;
    char *text;
    size_t len;
    FILE *out;
};

static bool
copy_begin(struct copy *copy, struct ctl *ctl, const char *sql)
{
    PGresult *result = PQexec(ctl->db, sql);
    bool ok = PQresultStatus(result) == PGRES_COPY_IN;

    if (!ok)
        db_report(ctl, result);
    PQclear(result);
    *copy = (struct copy){.ctl = ctl};
    if (ok && (copy->out = open_memstream(&copy->text, &copy->len)) == NULL)
        abort();
    return ok;
}

/* One field of COPY's text format; NULL is \N. */
static void
copy_field(struct copy *copy, const char *text, bool first)
{
    if (!first)
        fputc('\t', copy->out);
    if (text == NULL) {
        fputs("\\N", copy->out);
        return;
    }
    for (; *text != '\0'; text++)
        switch (*text) {
        case '\\':
            fputs("\\\\", copy->out);
            break;
        case '\t':
            fputs("\\t", copy->out);
            break;
        case '\n':
            fputs("\\n", copy->out);
            break;
        case '\r':
            fputs("\\r", copy->out);
            break;
        default:
            fputc(*text, copy->out);
        }
}

static bool
copy_end(struct copy *copy)
{
    fclose(copy->out);
    size_t sent = 0;
    bool ok = true;
    while (ok && sent < copy->len) {
        size_t part = copy->len - sent > 65536 ? 65536 : copy->len - sent;
        ok = PQputCopyData(copy->ctl->db, copy->text + sent, (int)part) == 1;
        sent += part;
    }
    free(copy->text);
    ok = PQputCopyEnd(copy->ctl->db, NULL) == 1 && ok;
    PGresult *result;
    while ((result = PQgetResult(copy->ctl->db)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            if (ok)
                db_report(copy->ctl, result);
            ok = false;
        }
        PQclear(result);
    }
    return ok;
}

/* ---- staging ------------------------------------------------------------------------------------ */

/* What stands for an empty cell: nothing for texts, a default for some, NULL for the rest. */
static const char *
staged_value(const struct sheet *sheet, size_t row, size_t column)
{
    const struct import_column *c = &sheet->spec->columns[column];
    const char *text = sheet_cell_at(sheet, row, column);

    if (text[0] != '\0')
        return text;
    if (sheet->kind == SCHOOLS && strcmp(c->name, "institution") == 0)
        return sheet_cell(sheet, row, "code");
    if ((sheet->kind == SCHOOLS || sheet->kind == AREAS) && strcmp(c->name, "name_en") == 0)
        return sheet_cell(sheet, row, "name_zh");
    if (c->field == FIELD_DECIMALS)
        return "0";
    return c->field == FIELD_TEXT ? "" : NULL;
}

/* A target's position is its place within its plan, so that a plan added above moves nothing. */
static size_t
position_of(const struct sheet *sheet, size_t row, struct names *places, size_t running)
{
    char place[24];

    if (sheet->kind != TARGETS)
        return running;
    const char *plan = sheet_cell(sheet, row, "plan");
    const char *last = names_word(places, plan);
    size_t next = last == NULL ? 1 : strtoul(last, NULL, 10) + 1;
    snprintf(place, sizeof(place), "%zu", next);
    names_replace(places, plan, place);
    return next;
}

static void
stage_row(struct copy *copy, const struct sheet *sheet, size_t row, size_t index, size_t position)
{
    fprintf(copy->out, "%zu\t%zu\t%zu", position, index, sheet_line(sheet, row));
    for (size_t c = 0; c < sheet->spec->n; c++)
        copy_field(copy, staged_value(sheet, row, c), false);
    fputc('\n', copy->out);
}

/* Every kind's temporary table, empty where no file is given: questions about the whole may join them all. */
static bool
stage(struct import *import)
{
    bool ok = true;

    for (enum import_kind kind = 0; ok && kind < IMPORT_KINDS; kind++)
        ok = db_do_plain(import->ctl, import_step(kind)->stage);
    return ok;
}

static bool
fill(struct import *import, enum import_kind kind, long *ret_rows)
{
    struct names *places = names_new();
    struct copy copy;
    size_t running = 0;
    bool ok = copy_begin(&copy, import->ctl, import_step(kind)->copy);

    for (size_t i = 0; ok && i < import->n_sheets; i++) {
        const struct sheet *sheet = &import->sheets[i];
        for (size_t row = 0; sheet->kind == kind && row < sheet_rows(sheet); row++)
            stage_row(&copy, sheet, row, i, position_of(sheet, row, places, ++running));
    }
    names_free(places);
    *ret_rows = (long)running;
    return ok && copy_end(&copy);
}

/* What the header of schools.csv leaves out stays as it is: a file without closed_on opens no school again.
 */
static bool
keep_absent(struct import *import)
{
    static const struct {
        const char *column, *sql;
    } kept[] = {
#define KEEP(column)                                                                                         \
    {column, "UPDATE pg_temp.import_school AS s SET " column " = d." column " FROM yuebao.school AS d "      \
             "WHERE d.code = s.code AND s.sheet = $1::integer"}
        KEEP("institution"),
        KEEP("name_en"),
        KEEP("closed_on"),
#undef KEEP
    };
    bool ok = true;

    for (size_t i = 0; ok && i < import->n_sheets; i++)
        for (size_t k = 0; ok && import->sheets[i].kind == SCHOOLS && k < sizeof(kept) / sizeof(kept[0]);
             k++) {
            char number[24];
            const char *values[] = {number};
            snprintf(number, sizeof(number), "%zu", i);
            if (!sheet_has_column(&import->sheets[i], kept[k].column))
                ok = db_do(import->ctl, kept[k].sql, 1, values);
        }
    return ok;
}

/* ---- forms -------------------------------------------------------------------------------------- */

static const char *const kinds[] = {"kindergarten", "primary", "junior",  "senior",
                                    "vocational",   "special", "district"};
static const char *const frequencies[] = {"daily", "weekly", "monthly", "quarterly", "termly", "yearly"};

static void
stage_form(struct copy *copy, const char *kind, const char *frequency)
{
    char zh[FORM_NAME_MAX], en[FORM_NAME_MAX];

    form_name(LANGUAGE_ZH, kind, frequency, zh);
    form_name(LANGUAGE_EN, kind, frequency, en);
    copy_field(copy, kind, true);
    copy_field(copy, frequency, false);
    copy_field(copy, zh, false);
    copy_field(copy, en, false);
    fputc('\n', copy->out);
}

/* Forms and what they ask for follow from the indicators' reported_by, frequency and required. A form with a
 * name is none of these. */
static const char *const derive_forms[] = {
    "CREATE TEMPORARY TABLE import_form_indicator ON COMMIT DROP AS "
    "SELECT k.kind, s.frequency, i.indicator, s.required "
    "FROM pg_temp.import_indicator AS s JOIN yuebao.indicator AS i ON i.code = s.indicator "
    "CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(s.reported_by, '|')) AS k (kind)",
    "UPDATE yuebao.form AS f SET name_zh = w.name_zh, name_en = w.name_en FROM pg_temp.import_form AS w "
    "WHERE f.name = '' AND f.kind = w.kind AND f.frequency = w.frequency AND (f.name_zh, f.name_en) IS "
    "DISTINCT FROM (w.name_zh, w.name_en)",
    "INSERT INTO yuebao.form (code, kind, frequency, name_zh, name_en) "
    "SELECT w.kind || '.' || w.frequency, w.kind, w.frequency, w.name_zh, w.name_en FROM pg_temp.import_form "
    "AS w "
    "WHERE EXISTS (SELECT FROM pg_temp.import_form_indicator AS s WHERE s.kind = w.kind AND s.frequency = "
    "w.frequency) "
    "AND NOT EXISTS (SELECT FROM yuebao.form AS f WHERE f.name = '' AND f.kind = w.kind AND f.frequency = "
    "w.frequency) ORDER BY w.kind || '.' || w.frequency",
    "DELETE FROM yuebao.form_indicator AS d USING yuebao.form AS f, pg_temp.import_indicator AS n, "
    "yuebao.indicator AS i WHERE f.form = d.form AND f.name = '' AND i.indicator = d.indicator AND "
    "n.indicator = i.code AND NOT EXISTS (SELECT FROM pg_temp.import_form_indicator AS s WHERE s.kind = "
    "f.kind AND s.frequency = f.frequency AND s.indicator = d.indicator)",
    "UPDATE yuebao.form_indicator AS d SET required = s.required "
    "FROM pg_temp.import_form_indicator AS s JOIN yuebao.form AS f ON f.kind = s.kind AND f.frequency = "
    "s.frequency AND f.name = '' "
    "WHERE d.form = f.form AND d.indicator = s.indicator AND d.required <> s.required",
    "INSERT INTO yuebao.form_indicator (form, indicator, required) "
    "SELECT f.form, s.indicator, s.required "
    "FROM pg_temp.import_form_indicator AS s JOIN yuebao.form AS f ON f.kind = s.kind AND f.frequency = "
    "s.frequency AND f.name = '' "
    "WHERE NOT EXISTS (SELECT FROM yuebao.form_indicator AS d WHERE d.form = f.form AND d.indicator = "
    "s.indicator)",
};

/* Run and add how many rows it touched. */
static bool
count_rows(struct import *import, const char *sql, long *count)
{
    PGresult *result = sql == NULL ? NULL : db_query(import->ctl, sql, 0, NULL);

    if (sql == NULL)
        return true;
    if (result == NULL)
        return false;
    *count += strtol(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return true;
}

static bool
write_forms(struct import *import, struct import_counts *counts)
{
    struct copy copy;
    long moved = 0, made = 0;
    bool ok = db_do_plain(import->ctl,
                          "CREATE TEMPORARY TABLE import_form (kind text, frequency text, name_zh text, "
                          "name_en text) ON COMMIT DROP") &&
              copy_begin(&copy, import->ctl, "COPY pg_temp.import_form FROM STDIN");

    if (!ok)
        return false;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
        for (size_t f = 0; f < sizeof(frequencies) / sizeof(frequencies[0]); f++)
            stage_form(&copy, kinds[k], frequencies[f]);
    ok = copy_end(&copy) && count_rows(import, derive_forms[0], &made);
    for (size_t i = 1; ok && i < sizeof(derive_forms) / sizeof(derive_forms[0]); i++)
        ok = count_rows(import, derive_forms[i], &moved);
    counts->derived += moved;
    return ok;
}

/* ---- rules -------------------------------------------------------------------------------------- */

static void
stage_side(struct copy *copy, const struct sheet *sheet, size_t row, const char *side)
{
    struct term terms[EXPRESSION_TERMS_MAX];
    size_t count = 0;

    if (expression_parse(sheet_cell(sheet, row, side), terms, &count) != EXPRESSION_OK)
        abort(); /* import_check has read it */
    for (size_t i = 0; i < count; i++) {
        copy_field(copy, sheet_cell(sheet, row, "rule"), true);
        copy_field(copy, side, false);
        fprintf(copy->out, "\t%zu", i + 1);
        copy_field(copy, terms[i].code, false);
        copy_field(copy, terms[i].part == TERM_DENOMINATOR ? "denominator" : "value", false);
        copy_field(copy, terms[i].previous ? "yes" : "no", false);
        fputc('\n', copy->out);
    }
}

static const char *const derive_terms[] = {
    "DELETE FROM yuebao.rule_term AS d USING yuebao.rule AS r WHERE r.rule = d.rule AND "
    "r.code IN (SELECT s.rule FROM pg_temp.import_term AS s) AND NOT EXISTS (SELECT FROM pg_temp.import_term "
    "AS s "
    "JOIN yuebao.indicator AS i ON i.code = s.indicator WHERE s.rule = r.code AND s.side = d.side AND "
    "s.position = d.position AND i.indicator = d.indicator AND s.part = d.part AND s.previous = d.previous)",
    "INSERT INTO yuebao.rule_term (rule, side, position, indicator, part, previous) "
    "SELECT r.rule, s.side, s.position, i.indicator, s.part, s.previous FROM pg_temp.import_term AS s "
    "JOIN yuebao.rule AS r ON r.code = s.rule JOIN yuebao.indicator AS i ON i.code = s.indicator "
    "WHERE NOT EXISTS (SELECT FROM yuebao.rule_term AS d WHERE d.rule = r.rule AND d.side = s.side AND "
    "d.position = s.position)",
};

static bool
write_terms(struct import *import, struct import_counts *counts)
{
    struct copy copy;
    bool ok = db_do_plain(import->ctl,
                          "CREATE TEMPORARY TABLE import_term (rule text, side text, position smallint, "
                          "indicator text, part text, previous boolean) ON COMMIT DROP") &&
              copy_begin(&copy, import->ctl, "COPY pg_temp.import_term FROM STDIN");

    if (!ok)
        return false;
    for (size_t i = 0; i < import->n_sheets; i++) {
        const struct sheet *sheet = &import->sheets[i];
        for (size_t row = 0; sheet->kind == RULES && row < sheet_rows(sheet); row++) {
            stage_side(&copy, sheet, row, "left");
            stage_side(&copy, sheet, row, "right");
        }
    }
    ok = copy_end(&copy);
    for (size_t i = 0; ok && i < sizeof(derive_terms) / sizeof(derive_terms[0]); i++)
        ok = count_rows(import, derive_terms[i], &counts->derived);
    return ok;
}

/* ---- thresholds --------------------------------------------------------------------------------- */

/* "primary:0.50|junior" of balance.csv, a row a kind. */
#define STAGED_KINDS                                                                                         \
    "(SELECT s.balance, pg_catalog.split_part(k.kind, ':', 1) AS kind, "                                     \
    "CAST(nullif(pg_catalog.split_part(k.kind, ':', 2), '') AS numeric) AS threshold "                       \
    "FROM pg_temp.import_balance AS s "                                                                      \
    "CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(s.kinds, '|')) AS k (kind)) AS s "

static const char *const derive_thresholds[] = {
    "DELETE FROM yuebao.balance_threshold AS d USING pg_temp.import_balance AS b WHERE b.balance = d.balance "
    "AND NOT EXISTS (SELECT FROM " STAGED_KINDS "WHERE s.balance = d.balance AND s.kind = d.kind)",
    "UPDATE yuebao.balance_threshold AS d SET threshold = s.threshold FROM " STAGED_KINDS
    "WHERE s.balance = d.balance AND s.kind = d.kind AND s.threshold IS DISTINCT FROM d.threshold",
    "INSERT INTO yuebao.balance_threshold (balance, kind, threshold) "
    "SELECT s.balance, s.kind, s.threshold FROM " STAGED_KINDS "WHERE NOT EXISTS (SELECT "
    "FROM yuebao.balance_threshold AS d WHERE d.balance = s.balance AND d.kind = s.kind)",
};

static bool
write_thresholds(struct import *import, struct import_counts *counts)
{
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(derive_thresholds) / sizeof(derive_thresholds[0]); i++)
        ok = count_rows(import, derive_thresholds[i], &counts->derived);
    return ok;
}

/* ---- moves --------------------------------------------------------------------------------------- */

/* One move under a savepoint, so that every move that is refused can be named. */
static bool
move_one(struct import *import, const PGresult *moves, int row, long *moved)
{
    const char *values[] = {PQgetvalue(moves, row, 2), PQgetvalue(moves, row, 3), PQgetvalue(moves, row, 4)};
    struct ctl *ctl = import->ctl;

    if (!db_do_plain(ctl, "SAVEPOINT move"))
        return false;
    PGresult *result = PQexecParams(ctl->db, "SELECT yuebao.move_school($1, $2::integer, $3::date)", 3, NULL,
                                    values, NULL, NULL, 0);
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    const char *reason = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (ok)
        ++*moved;
    else if (reason != NULL)
        import_fault(import, import->sheets[strtoul(PQgetvalue(moves, row, 0), NULL, 10)].path,
                     strtoul(PQgetvalue(moves, row, 1), NULL, 10), "district", values[1],
                     import_text(import, MSG_ctl_fault_move_refused, "reason", reason, NULL));
    PQclear(result);
    return db_do_plain(ctl, ok ? "RELEASE SAVEPOINT move" : "ROLLBACK TO SAVEPOINT move");
}

static bool
move_schools(struct import *import, long *moved)
{
    PGresult *moves = db_query(
        import->ctl,
        "SELECT s.sheet, s.line, s.code, s.district, s.valid_from FROM pg_temp.import_school AS s "
        "JOIN yuebao.school AS d ON d.code = s.code CROSS JOIN LATERAL (SELECT o.district "
        "FROM yuebao.school_district AS o WHERE o.school = d.school ORDER BY o.valid_from DESC LIMIT 1) AS m "
        "WHERE m.district <> s.district AND s.valid_from IS NOT NULL ORDER BY s.position",
        0, NULL);
    bool ok = moves != NULL;

    for (int r = 0; ok && r < PQntuples(moves); r++)
        ok = move_one(import, moves, r, moved);
    PQclear(moves);
    return ok;
}

/* ---- limits that figures may cross ----------------------------------------------------------------- */

bool
import_judge(struct import *import, long *ret_alerts)
{
    PGresult *result = db_query(import->ctl, "SELECT yuebao.judge_changed()", 0, NULL);
    bool ok = result != NULL;

    if (ok)
        *ret_alerts = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return ok;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static bool
write_derived(struct import *import, enum import_kind kind, struct import_counts *counts)
{
    if (kind == SCHOOLS)
        return move_schools(import, &counts->derived);
    if (kind == INDICATORS)
        return write_forms(import, counts);
    if (kind == BALANCE)
        return write_thresholds(import, counts);
    return kind != RULES || write_terms(import, counts);
}

/* The kind's temporary table into its tables. */
static bool
write_rows(struct import *import, enum import_kind kind, struct import_counts *counts)
{
    long first_homes = 0;

    return (kind != SCHOOLS || keep_absent(import)) && import_check_past(import, kind) &&
           changes_before(import, kind) &&
           count_rows(import, kind == SCHOOLS ? import_shift_opening : NULL, &counts->derived) &&
           count_rows(import, import_step(kind)->remove, &counts->removed) &&
           count_rows(import, import_step(kind)->change, &counts->changed) &&
           count_rows(import, import_step(kind)->insert, &counts->fresh) &&
           count_rows(import, import_step(kind)->derive, &first_homes) &&
           write_derived(import, kind, counts) && import_leave_or_remove(import, kind, counts);
}

/* Rows that contradict each other are not written: the table's constraint would end it all without a word. */
static bool
write_members(struct import *import, struct import_counts *counts)
{
    return import_check_areas(import) && (import->n_faults > 0 || write_rows(import, AREA_SCHOOLS, counts));
}

static bool
write_kind(struct import *import, enum import_kind kind, struct import_counts *counts)
{
    return fill(import, kind, &counts->rows) && (kind != AREAS || import_note_moved_areas(import)) &&
           (kind == AREA_SCHOOLS ? write_members(import, counts) : write_rows(import, kind, counts));
}

bool
import_write(struct import *import, struct import_counts ret_counts[IMPORT_KINDS])
{
    bool ok = numbers_rewind(import->ctl) && stage(import) && changes_begin(import);

    for (enum import_kind kind = 0; ok && kind < IMPORT_KINDS; kind++) {
        ret_counts[kind] = (struct import_counts){0};
        if (import_has(import, kind))
            ok = write_kind(import, kind, &ret_counts[kind]);
    }
    return ok && import_check_whole(import);
}
