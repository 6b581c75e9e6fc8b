#include "sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "sheet_words.h"

struct sheet {
    struct table *table;
    size_t header;               /* index of the row that names the columns */
    size_t place[SHEET_COLUMNS]; /* index of the column in a row; NOWHERE: the sheet has none */
    char school[SCHOOL_CODE_MAX + 1];
    char form[FORM_CODE_MAX + 1];
    char period[PERIOD_TEXT_MAX + 1];
};

#define NOWHERE SIZE_MAX

/* Cut to the size of a finding's text, at a character. */
static void
copy_cut(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);

    if (len >= size)
        for (len = size - 1; len > 0 && ((unsigned char)from[len] & 0xC0) == 0x80;)
            len--;
    memcpy(to, from, len);
    to[len] = '\0';
}

static struct fault
fault_of(Yuebao__FindingCode code, uint32_t indicator, const char *found, const char *bound, size_t line,
         enum sheet_column column)
{
    struct fault fault = {.line = line, .column = column, .hint = MESSAGE_COUNT};

    fault.finding.code = code;
    fault.finding.severity = YUEBAO__SEVERITY__ERROR;
    fault.finding.indicator = indicator;
    copy_cut(fault.finding.found, sizeof(fault.finding.found), found == NULL ? "" : found);
    copy_cut(fault.finding.bound, sizeof(fault.finding.bound), bound == NULL ? "" : bound);
    return fault;
}

/* ---- opening: columns and mark ------------------------------------------------------------------ */

static const char *
cell_of(const struct sheet *sheet, const struct table_row *row, enum sheet_column column)
{
    size_t place = sheet->place[column];

    return place == NOWHERE || place >= row->count ? "" : row->cells[place];
}

#define HEADER_ROWS 8 /* a title or two may stand above the header */

static size_t
known_words_in(const struct table_row *row)
{
    size_t known = 0;

    for (size_t i = 0; i < row->count; i++)
        known += sheet_column_of(row->cells[i]) != COLUMN_NONE;
    return known;
}

/* Of the first rows the one with the most names of columns; false: none has any. */
static bool
find_header(struct sheet *sheet)
{
    size_t most = 0;

    for (size_t i = 0; i < sheet->table->count && i < HEADER_ROWS; i++) {
        size_t known = known_words_in(&sheet->table->rows[i]);

        if (known > most) {
            most = known;
            sheet->header = i;
        }
    }
    return most > 0;
}

/* "指标代码;指标名称;…": a spreadsheet of a country that writes 0,5. */
static bool
has_semicolons(const struct table *table)
{
    for (size_t i = 0; i < table->count && i < HEADER_ROWS; i++) {
        char word[HEADING_MAX + 1];
        const char *cell = table->rows[i].count > 0 ? table->rows[i].cells[0] : "";
        size_t len = strcspn(cell, ";");

        if (cell[len] == '\0' || len > HEADING_MAX)
            continue;
        memcpy(word, cell, len);
        word[len] = '\0';
        if (sheet_column_of(word) != COLUMN_NONE)
            return true;
    }
    return false;
}

/* An unknown column may be the clerk's own arithmetic: it is named, and left alone. */
static void
find_columns(struct sheet *sheet, struct faults *faults)
{
    const struct table_row *header = &sheet->table->rows[sheet->header];

    for (size_t i = 0; i < header->count; i++) {
        const char *word = header->cells[i];
        enum sheet_column column = sheet_column_of(word);
        struct fault fault;

        if (column != COLUMN_NONE && sheet->place[column] == NOWHERE) {
            sheet->place[column] = i;
            copy_cut(faults->heading[column], sizeof(faults->heading[column]), word);
        } else if (column != COLUMN_NONE) {
            fault = fault_of(YUEBAO__FINDING_CODE__COLUMN_TWICE, 0, word, NULL, header->line, column);
            faults_add(faults, &fault);
        } else if (word[0] != '\0') {
            fault = fault_of(YUEBAO__FINDING_CODE__COLUMN_UNKNOWN, 0, word, NULL, header->line, COLUMN_NONE);
            fault.finding.severity = YUEBAO__SEVERITY__WARNING;
            faults_add(faults, &fault);
        }
    }
}

static void
want_columns(const struct sheet *sheet, struct faults *faults)
{
    static const enum sheet_column wanted[] = {COLUMN_CODE, COLUMN_VALUE};

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        struct fault fault = fault_of(
            YUEBAO__FINDING_CODE__COLUMN_MISSING, 0, sheet_column_name(LANGUAGE_ZH, wanted[i]),
            sheet_column_name(LANGUAGE_EN, wanted[i]), sheet->table->rows[sheet->header].line, wanted[i]);

        if (sheet->place[wanted[i]] == NOWHERE)
            faults_add(faults, &fault);
    }
}

/* "0012345 primary.monthly 2026-10 name": the next word of the mark, false when it is missing or too long. */
static bool
take_word(const char **text, char *word, size_t size)
{
    size_t len = strcspn(*text, " ");

    if (len == 0 || len >= size)
        return false;
    memcpy(word, *text, len);
    word[len] = '\0';
    *text += len;
    *text += strspn(*text, " ");
    return true;
}

static bool
read_mark(const char *cell, struct sheet *mark)
{
    return take_word(&cell, mark->school, sizeof(mark->school)) &&
           take_word(&cell, mark->form, sizeof(mark->form)) &&
           take_word(&cell, mark->period, sizeof(mark->period));
}

static void
refuse_mark(const char *cell, size_t line, struct faults *faults)
{
    struct fault fault = fault_of(YUEBAO__FINDING_CODE__MARK_UNREADABLE, 0, cell, NULL, line, COLUMN_MARK);

    faults_add(faults, &fault);
}

/* The first mark counts; rows with another one were pasted in from another sheet. */
static void
find_mark(struct sheet *sheet, struct faults *faults)
{
    const char *first = NULL;

    for (size_t i = sheet->header + 1; i < sheet->table->count; i++) {
        const struct table_row *row = &sheet->table->rows[i];
        const char *cell = cell_of(sheet, row, COLUMN_MARK);
        struct fault fault =
            fault_of(YUEBAO__FINDING_CODE__MARK_DIFFERS, 0, cell, first, row->line, COLUMN_MARK);

        if (cell[0] != '\0' && first != NULL && strcmp(cell, first) != 0)
            faults_add(faults, &fault);
        if (cell[0] != '\0' && first == NULL) {
            first = cell;
            if (!read_mark(cell, sheet)) {
                sheet->school[0] = sheet->form[0] = sheet->period[0] = '\0';
                refuse_mark(cell, row->line, faults);
            }
        }
    }
}

static void
fault_of_table(enum table_status status, const struct table_error *error, struct faults *faults)
{
    static const char *const words[] = {[TABLE_NOMEM] = "memory",
                                        [TABLE_TOO_LARGE] = "size",
                                        [TABLE_ENCODING] = "encoding",
                                        [TABLE_QUOTES] = "quotes"};
    bool empty = status == TABLE_EMPTY;
    struct fault fault =
        fault_of(empty ? YUEBAO__FINDING_CODE__SHEET_EMPTY : YUEBAO__FINDING_CODE__SHEET_UNREADABLE, 0,
                 empty ? NULL : words[status], NULL, error->line, COLUMN_NONE);

    if (status == TABLE_ENCODING)
        fault.hint = MSG_hint_encoding;
    if (status == TABLE_QUOTES)
        fault.hint = MSG_hint_quotes;
    faults_add(faults, &fault);
}

/* A letter, a web page, another program's table. */
static void
miss_header(const struct table *table, struct faults *faults)
{
    struct fault fault = fault_of(YUEBAO__FINDING_CODE__SHEET_UNREADABLE, 0, "header", NULL, 0, COLUMN_NONE);

    fault.hint = has_semicolons(table) ? MSG_hint_semicolons : MSG_hint_no_header;
    faults_add(faults, &fault);
}

struct sheet *
sheet_open(const uint8_t *bytes, size_t len, struct faults *faults)
{
    const char *words[SHEET_KNOWN_WORDS];
    struct table_error error = {0};
    struct sheet *sheet = calloc(1, sizeof(*sheet));
    enum table_status status = TABLE_NOMEM;

    sheet_known_words(words);
    if (sheet != NULL)
        status = table_read(bytes, len, words, &sheet->table, &error);
    if (status == TABLE_OK && !find_header(sheet)) {
        miss_header(sheet->table, faults);
        sheet_free(sheet);
        return NULL;
    }
    if (status == TABLE_OK && sheet->header + 1 == sheet->table->count)
        status = TABLE_EMPTY;
    if (status != TABLE_OK) {
        fault_of_table(status, &error, faults);
        sheet_free(sheet);
        return NULL;
    }
    for (size_t i = 0; i < SHEET_COLUMNS; i++)
        sheet->place[i] = NOWHERE;
    find_columns(sheet, faults);
    want_columns(sheet, faults);
    find_mark(sheet, faults);
    return sheet;
}

void
sheet_free(struct sheet *sheet)
{
    if (sheet == NULL)
        return;
    table_free(sheet->table);
    free(sheet);
}

const char *
sheet_school(const struct sheet *sheet)
{
    return sheet->school;
}

const char *
sheet_form(const struct sheet *sheet)
{
    return sheet->form;
}

const char *
sheet_period(const struct sheet *sheet)
{
    return sheet->period;
}

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
    struct fault fault =
        fault_of(code, r->indicator == NULL ? 0 : r->indicator->number, found, bound, r->row->line, column);

    fault.hint = hint;
    faults_add(r->faults, &fault);
    r->faulty = true;
}

/* 2026-10-31, 10/31, 10月31日: what a spreadsheet makes of 10-31. */
static bool
is_date(const char *cell)
{
    bool plain = strspn(cell, "0123456789-/") == strlen(cell);

    return (plain && cell[0] != '\0' && strpbrk(cell + 1, "-/") != NULL &&
            strpbrk(cell, "0123456789") != NULL) ||
           strstr(cell, "月") != NULL;
}

/* Why a cell that a person takes for a number is none: the usual habits have a word of their own. */
static enum message
hint_for(const char *cell)
{
    for (const char *p = cell; *p != '\0'; p++)
        if (p[0] == '\xEF' && (p[1] == '\xBC' || p[1] == '\xBD')) /* U+FF01 to U+FF5E begin so */
            return MSG_hint_full_width;
    if (strchr(cell, '%') != NULL)
        return MSG_hint_percent;
    if (is_date(cell))
        return MSG_hint_date;
    if (strchr(cell, ',') != NULL || strspn(cell, "0123456789. ") == strlen(cell))
        return strpbrk(cell, ", ") != NULL ? MSG_hint_thousands : MSG_hint_point;
    if (strpbrk(cell, "eE") != NULL && strspn(cell, "0123456789.+-eE") == strlen(cell))
        return MSG_hint_exponent;
    if (strpbrk(cell, "0123456789") != NULL && strspn(cell, "0123456789.OoIlSBZ") == strlen(cell))
        return MSG_hint_letters;
    if (cell[0] >= '0' && cell[0] <= '9')
        return MSG_hint_unit;
    return MESSAGE_COUNT;
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
        complain(r, YUEBAO__FINDING_CODE__CELL_NOT_A_NUMBER, cell, NULL, column, hint_for(cell));
        return false;
    case NUMBER_TOO_MANY_DECIMALS:
        snprintf(bound, sizeof(bound), "%u", decimals);
        complain(r, YUEBAO__FINDING_CODE__CELL_TOO_MANY_DECIMALS, cell, bound, column, MESSAGE_COUNT);
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
    const char *cell = cell_of(r->sheet, r->row, COLUMN_EXPLANATION);
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
    const char *value = cell_of(r->sheet, r->row, COLUMN_VALUE);
    const char *denominator = cell_of(r->sheet, r->row, COLUMN_DENOMINATOR);
    const char *reason = cell_of(r->sheet, r->row, COLUMN_REASON);
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

/* A row without a code is the clerk's own remark, unless something stands where figures stand. */
static void
read_foreign_row(struct reading *r, const char *code)
{
    static const enum sheet_column figures[] = {COLUMN_VALUE, COLUMN_DENOMINATOR, COLUMN_REASON};
    const char *name = cell_of(r->sheet, r->row, COLUMN_NAME);
    bool says = code[0] != '\0';

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        says = says || cell_of(r->sheet, r->row, figures[i])[0] != '\0';
    if (says)
        complain(r, YUEBAO__FINDING_CODE__ROW_UNKNOWN, code[0] != '\0' ? code : name, NULL, COLUMN_CODE,
                 MESSAGE_COUNT);
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

struct draft *
sheet_draft(const struct sheet *sheet, const struct catalogue *catalogue, const struct form *form,
            struct faults *faults)
{
    struct draft *draft = calloc(1, sizeof(*draft));

    if (draft == NULL)
        return NULL;
    for (size_t i = sheet->header + 1; i < sheet->table->count; i++) {
        struct reading r = {.sheet = sheet, .row = &sheet->table->rows[i], .draft = draft, .faults = faults};
        const char *code = cell_of(sheet, r.row, COLUMN_CODE);

        refuse_ragged(&r);
        r.indicator = code[0] == '\0' ? NULL : catalogue_indicator_by_code(catalogue, code);
        if (r.indicator == NULL)
            read_foreign_row(&r, code);
        else
            read_row(&r, form);
    }
    if (!sort_draft(draft)) {
        draft_free(draft);
        return NULL;
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
        return COLUMN_EXPLANATION;
    case YUEBAO__FINDING_CODE__UNKNOWN_INDICATOR:
    case YUEBAO__FINDING_CODE__INDICATOR_NOT_IN_FORM:
        return COLUMN_CODE;
    default: /* a code from a newer server is about the figure too */
        return COLUMN_VALUE;
    }
}

void
sheet_locate(const struct draft *draft, const struct findings *findings, struct faults *faults)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        const struct draft_row *row =
            finding->indicator == 0 ? NULL : draft_row_of(draft, finding->indicator);
        struct fault fault = {.finding = *finding, .column = COLUMN_NONE, .hint = MESSAGE_COUNT};

        if (row != NULL && row->faulty)
            continue;
        if (row != NULL) {
            fault.line = row->line;
            fault.column = column_of_code(finding->code);
        } else if (finding->code == YUEBAO__FINDING_CODE__REQUIRED_FORGOTTEN) {
            fault.hint = MSG_hint_row_deleted;
        }
        faults_add(faults, &fault);
    }
    faults->more = faults->more || findings->more;
}
