/* A sheet's rows, read by the form: figures, reasons, explanations; and where each finding stands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hint.h"
#include "number.h"
#include "rules.h"
#include "sheet_inside.h"
#include "sheet_words.h"

/* ---- one row ------------------------------------------------------------------------------------ */

struct reading {
    const struct sheet *sheet;
    const struct table_row *row;
    const Yuebao__Indicator *indicator;
    struct draft *draft;
    struct faults *faults;
    bool faulty;
};

static void
complain(struct reading *r, Yuebao__FindingCode code, const char *found, const char *bound,
         enum sheet_column column, enum message hint)
{
    struct fault fault = sheet_fault(code, r->indicator == NULL ? 0 : r->indicator->number, found, bound,
                                     r->row->line, column);

    fault.hint = hint;
    faults_add(r->faults, &fault);
    r->faulty = true;
}

static bool
read_number(struct reading *r, const char *cell, unsigned decimals, enum sheet_column column,
            int64_t *ret_value)
{
    char bound[12];

    switch (number_parse(cell, strlen(cell), decimals, ret_value)) {
    case NUMBER_OK:
        return true;
    case NUMBER_MALFORMED:
        complain(r, YUEBAO__FINDING_CODE__CELL_NOT_A_NUMBER, cell, NULL, column, hint_of_cell(cell));
        return false;
    case NUMBER_TOO_MANY_DECIMALS:
        snprintf(bound, sizeof(bound), "%u", decimals);
        complain(r, YUEBAO__FINDING_CODE__CELL_TOO_MANY_DECIMALS, cell, bound, column,
                 decimals == 0 ? MSG_hint_whole : MESSAGE_COUNT);
        return false;
    case NUMBER_OVERFLOW:
        complain(r, YUEBAO__FINDING_CODE__CELL_OVERFLOW, cell, NULL, column, MESSAGE_COUNT);
        return false;
    }
    return false;
}

/* What the numerator or denominator means, for the finding that misses it. */
static const char *
meaning(const char *zh, const char *unit)
{
    return zh[0] != '\0' ? zh : unit;
}

static void
add_figure(struct draft *draft, uint32_t indicator, int64_t value, int64_t denominator)
{
    if (draft->figures == FIGURES_MAX)
        return; /* cannot be: a form has fewer indicators, and each is read once */
    draft->indicator[draft->figures] = indicator;
    draft->value[draft->figures] = value;
    draft->denominator[draft->figures++] = denominator;
}

static void
read_figure(struct reading *r, const char *value_cell, const char *denominator_cell)
{
    const Yuebao__Indicator *i = r->indicator;
    bool pair = measure_has_denominator(i->measure);
    int64_t value = 0, denominator = 0;
    bool whole = true;

    if (value_cell[0] == '\0' && pair)
        complain(r, YUEBAO__FINDING_CODE__NUMERATOR_MISSING, NULL, meaning(i->numerator_zh, i->unit_zh),
                 COLUMN_VALUE, MESSAGE_COUNT);
    else if (value_cell[0] != '\0')
        whole = read_number(r, value_cell, i->decimals, COLUMN_VALUE, &value);
    if (pair && denominator_cell[0] == '\0')
        complain(r, YUEBAO__FINDING_CODE__DENOMINATOR_MISSING, NULL, meaning(i->denominator_zh, i->unit_zh),
                 COLUMN_DENOMINATOR, MESSAGE_COUNT);
    else if (pair)
        whole = read_number(r, denominator_cell, i->denominator_decimals, COLUMN_DENOMINATOR, &denominator) &&
                whole;
    else if (denominator_cell[0] != '\0')
        complain(r, YUEBAO__FINDING_CODE__DENOMINATOR_UNEXPECTED, denominator_cell, NULL, COLUMN_DENOMINATOR,
                 MESSAGE_COUNT);
    if (whole && !r->faulty)
        add_figure(r->draft, i->number, value, denominator);
}

static void
read_reason(struct reading *r, const char *cell)
{
    struct draft *draft = r->draft;
    Yuebao__MissingReason reason;

    if (!sheet_reason_of(cell, &reason)) {
        complain(r, YUEBAO__FINDING_CODE__BAD_REASON, cell, NULL, COLUMN_REASON, MESSAGE_COUNT);
    } else if (draft->missing < FIGURES_MAX) {
        draft->missing_indicator[draft->missing] = r->indicator->number;
        draft->missing_reason[draft->missing++] = reason;
    }
}

static void
read_explanation(struct reading *r)
{
    const char *cell = sheet_cell(r->sheet, r->row, COLUMN_EXPLANATION);
    struct draft *draft = r->draft;
    char *text;
    char bound[12];

    if (cell[0] == '\0' || draft->explanations == FIGURES_MAX)
        return;
    if (strlen(cell) > TEXT_MAX) {
        snprintf(bound, sizeof(bound), "%u", TEXT_MAX / 3);
        complain(r, YUEBAO__FINDING_CODE__TEXT_TOO_LONG, "explanation", bound, COLUMN_EXPLANATION,
                 MESSAGE_COUNT);
        return;
    }
    text = strdup(cell);
    if (text != NULL)
        draft->explanation[draft->explanations++] = (struct explanation){r->indicator->number, text};
    else
        r->faults->more = true;
}

static void
read_cells(struct reading *r)
{
    const char *value = sheet_cell(r->sheet, r->row, COLUMN_VALUE);
    const char *denominator = sheet_cell(r->sheet, r->row, COLUMN_DENOMINATOR);
    const char *reason = sheet_cell(r->sheet, r->row, COLUMN_REASON);
    bool has_figure = value[0] != '\0' || denominator[0] != '\0';

    if (has_figure && reason[0] != '\0')
        complain(r, YUEBAO__FINDING_CODE__CELL_BOTH, value[0] != '\0' ? value : denominator, reason,
                 COLUMN_REASON, MESSAGE_COUNT);
    if (has_figure)
        read_figure(r, value, denominator);
    else if (reason[0] != '\0')
        read_reason(r, reason);
    read_explanation(r);
}

/* ---- all rows ----------------------------------------------------------------------------------- */

/* The first thing that stands where figures stand; "": nothing does. */
static const char *
first_filled(const struct reading *r)
{
    static const enum sheet_column figures[] = {COLUMN_VALUE, COLUMN_DENOMINATOR, COLUMN_REASON};

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        const char *cell = sheet_cell(r->sheet, r->row, figures[i]);

        if (cell[0] != '\0')
            return cell;
    }
    return "";
}

/* A row without a code is the clerk's own remark, unless something stands where figures stand. */
static void
read_foreign_row(struct reading *r, const char *code)
{
    const char *name = sheet_cell(r->sheet, r->row, COLUMN_NAME), *filled = first_filled(r);

    if (code[0] != '\0')
        complain(r, YUEBAO__FINDING_CODE__ROW_UNKNOWN, code, NULL, COLUMN_CODE, MESSAGE_COUNT);
    else if (filled[0] != '\0')
        complain(r, YUEBAO__FINDING_CODE__ROW_UNKNOWN, name[0] != '\0' ? name : filled, NULL, COLUMN_CODE,
                 MSG_hint_no_code);
}

static void
read_row(struct reading *r, const struct form *form)
{
    const struct draft_row *first = draft_row_of(r->draft, r->indicator->number);
    char line[24];

    if (first != NULL) {
        snprintf(line, sizeof(line), "%zu", first->line);
        complain(r, YUEBAO__FINDING_CODE__ROW_TWICE, line, NULL, COLUMN_CODE, MESSAGE_COUNT);
        return;
    }
    if (catalogue_place(form, r->indicator->number) == FORM_FOREIGN) {
        complain(r, YUEBAO__FINDING_CODE__INDICATOR_NOT_IN_FORM, r->indicator->code, form->message->code,
                 COLUMN_CODE, MESSAGE_COUNT);
        return;
    }
    read_cells(r);
    if (r->draft->rows < FIGURES_MAX)
        r->draft->row[r->draft->rows++] = (struct draft_row){r->indicator->number, r->row->line, r->faulty};
}

/* Cells beyond the header, where nobody can say what they mean. */
static void
refuse_ragged(struct reading *r)
{
    size_t width = r->sheet->table->rows[r->sheet->header].count, count = r->row->count;
    char found[24], bound[24];

    while (count > width && r->row->cells[count - 1][0] == '\0')
        count--;
    if (count <= width)
        return;
    snprintf(found, sizeof(found), "%zu", count);
    snprintf(bound, sizeof(bound), "%zu", width);
    complain(r, YUEBAO__FINDING_CODE__ROW_RAGGED, found, bound, COLUMN_NONE, MESSAGE_COUNT);
}

static int
compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

struct figure {
    uint32_t indicator; /* first, for compare_numbers */
    int64_t value, denominator;
};

struct missing {
    uint32_t indicator;
    Yuebao__MissingReason reason;
};

/* Rows come in the order of the eye; a statement wants them ascending by number. */
static bool
sort_draft(struct draft *d)
{
    struct figure *figures = calloc(d->figures + 1, sizeof(*figures));
    struct missing *missing = calloc(d->missing + 1, sizeof(*missing));

    if (figures == NULL || missing == NULL) {
        free(figures);
        free(missing);
        return false;
    }
    for (size_t i = 0; i < d->figures; i++)
        figures[i] = (struct figure){d->indicator[i], d->value[i], d->denominator[i]};
    for (size_t i = 0; i < d->missing; i++)
        missing[i] = (struct missing){d->missing_indicator[i], d->missing_reason[i]};
    qsort(figures, d->figures, sizeof(*figures), compare_numbers);
    qsort(missing, d->missing, sizeof(*missing), compare_numbers);
    qsort(d->explanation, d->explanations, sizeof(d->explanation[0]), compare_numbers);
    for (size_t i = 0; i < d->figures; i++) {
        d->indicator[i] = figures[i].indicator;
        d->value[i] = figures[i].value;
        d->denominator[i] = figures[i].denominator;
    }
    for (size_t i = 0; i < d->missing; i++) {
        d->missing_indicator[i] = missing[i].indicator;
        d->missing_reason[i] = missing[i].reason;
    }
    free(figures);
    free(missing);
    return true;
}

static void
read_rows(const struct sheet *sheet, const struct catalogue *catalogue, const struct form *form,
          struct draft *draft, struct faults *faults)
{
    for (size_t i = sheet->header + 1; i < sheet->table->count; i++) {
        struct reading r = {.sheet = sheet, .row = &sheet->table->rows[i], .draft = draft, .faults = faults};
        const char *code = sheet_cell(sheet, r.row, COLUMN_CODE);

        refuse_ragged(&r);
        r.indicator = code[0] == '\0' ? NULL : catalogue_indicator_by_code(catalogue, code);
        if (r.indicator == NULL)
            read_foreign_row(&r, code);
        else
            read_row(&r, form);
    }
}

struct draft *
sheet_draft(const struct sheet *sheet, const struct catalogue *catalogue, const struct form *form,
            struct faults *faults)
{
    struct draft *draft = calloc(1, sizeof(*draft));

    if (draft == NULL)
        return NULL;
    draft->unread = sheet->place[COLUMN_CODE] == NOWHERE || sheet->place[COLUMN_VALUE] == NOWHERE;
    if (!draft->unread)
        read_rows(sheet, catalogue, form, draft, faults);
    if (!sort_draft(draft)) {
        draft_free(draft);
        return NULL;
    }
    return draft;
}

struct draft *
draft_of_statement(const Yuebao__Statement *s)
{
    struct draft *draft = calloc(1, sizeof(*draft));

    if (draft == NULL)
        return NULL;
    for (size_t i = 0; i < s->n_indicator && i < s->n_value && i < s->n_denominator; i++)
        add_figure(draft, s->indicator[i], s->value[i], s->denominator[i]);
    for (; draft->missing < s->n_missing && draft->missing < s->n_missing_reason &&
           draft->missing < FIGURES_MAX;
         draft->missing++) {
        draft->missing_indicator[draft->missing] = s->missing[draft->missing];
        draft->missing_reason[draft->missing] = s->missing_reason[draft->missing];
    }
    for (size_t i = 0; i < s->n_explanation && i < FIGURES_MAX; i++) {
        char *text = strdup(s->explanation[i]->text);

        if (text == NULL) {
            draft_free(draft);
            return NULL;
        }
        draft->explanation[draft->explanations++] = (struct explanation){s->explanation[i]->indicator, text};
    }
    return draft;
}

void
draft_free(struct draft *draft)
{
    if (draft == NULL)
        return;
    for (size_t i = 0; i < draft->explanations; i++)
        free(draft->explanation[i].text);
    free(draft);
}

const struct draft_row *
draft_row_of(const struct draft *draft, uint32_t indicator)
{
    for (size_t i = 0; i < draft->rows; i++)
        if (draft->row[i].indicator == indicator)
            return &draft->row[i];
    return NULL;
}

/* ---- findings of validate, put in their places -------------------------------------------------- */

static enum sheet_column
column_of_code(Yuebao__FindingCode code)
{
    switch ((int)code) {
    case YUEBAO__FINDING_CODE__DENOMINATOR_ZERO:
    case YUEBAO__FINDING_CODE__DENOMINATOR_NEGATIVE:
    case YUEBAO__FINDING_CODE__DENOMINATOR_UNEXPECTED:
    case YUEBAO__FINDING_CODE__DENOMINATOR_MISSING:
        return COLUMN_DENOMINATOR;
    case YUEBAO__FINDING_CODE__BAD_REASON:
        return COLUMN_REASON;
    case YUEBAO__FINDING_CODE__TEXT_TOO_LONG:
    case YUEBAO__FINDING_CODE__EXPLANATION_MISSING:
        return COLUMN_EXPLANATION;
    case YUEBAO__FINDING_CODE__UNKNOWN_INDICATOR:
    case YUEBAO__FINDING_CODE__INDICATOR_NOT_IN_FORM:
        return COLUMN_CODE;
    default: /* a code from a newer server is about the figure too */
        return COLUMN_VALUE;
    }
}

bool
finding_is_about(const struct finding *finding, const struct catalogue *catalogue, uint32_t indicator)
{
    const Yuebao__Rule *rule = catalogue_rule(catalogue, finding->rule);

    return (finding->indicator == indicator && indicator != 0) ||
           (rule != NULL && rule_is_about(rule, indicator));
}

/* The first of the rule's figures that is in the sheet; NULL: none. */
static const struct draft_row *
row_of_rule(const struct draft *draft, const Yuebao__Rule *rule, enum sheet_column *ret_column)
{
    for (size_t at = 0; at < rule_term_count(rule); at++) {
        const Yuebao__Term *term = rule_term_at(rule, at);
        const struct draft_row *row = draft_row_of(draft, term->indicator);

        if (row == NULL)
            continue;
        if (*ret_column == COLUMN_VALUE && term->part == YUEBAO__PART__DENOMINATOR)
            *ret_column = COLUMN_DENOMINATOR;
        return row;
    }
    return NULL;
}

void
sheet_locate(const struct draft *draft, const struct catalogue *catalogue, const struct findings *findings,
             struct faults *faults)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        const Yuebao__Rule *rule = catalogue_rule(catalogue, finding->rule);
        enum sheet_column column = column_of_code(finding->code);
        const struct draft_row *row = rule != NULL              ? row_of_rule(draft, rule, &column)
                                      : finding->indicator != 0 ? draft_row_of(draft, finding->indicator)
                                                                : NULL;
        struct fault fault = {.finding = *finding, .column = COLUMN_NONE, .hint = MESSAGE_COUNT};

        if (rule == NULL && finding->indicator != 0 && (draft->unread || (row != NULL && row->faulty)))
            continue;
        if (row != NULL) {
            fault.line = row->line;
            fault.column = column;
        } else if (finding->code == YUEBAO__FINDING_CODE__REQUIRED_FORGOTTEN && draft->rows > 0) {
            fault.hint = MSG_hint_row_deleted;
        }
        faults_add(faults, &fault);
    }
    faults->more = faults->more || findings->more;
}
