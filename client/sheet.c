#include "sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sheet_inside.h"
#include "sheet_words.h"

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

struct fault
sheet_fault(Yuebao__FindingCode code, uint32_t indicator, const char *found, const char *bound, size_t line,
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

const char *
sheet_cell(const struct sheet *sheet, const struct table_row *row, enum sheet_column column)
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

/*
 * Of the first rows the one with the most names of columns; false: none has two. One alone may be a word in a
 * row of figures: "required" and "note" are names of columns too.
 */
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
    return most > 1;
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
            fault = sheet_fault(YUEBAO__FINDING_CODE__COLUMN_TWICE, 0, word, NULL, header->line, column);
            faults_add(faults, &fault);
        } else if (word[0] != '\0') {
            fault =
                sheet_fault(YUEBAO__FINDING_CODE__COLUMN_UNKNOWN, 0, word, NULL, header->line, COLUMN_NONE);
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
        struct fault fault = sheet_fault(
            YUEBAO__FINDING_CODE__COLUMN_MISSING, 0, sheet_column_name(LANGUAGE_ZH, wanted[i]),
            sheet_column_name(LANGUAGE_EN, wanted[i]), sheet->table->rows[sheet->header].line, wanted[i]);

        if (sheet->place[wanted[i]] == NOWHERE)
            faults_add(faults, &fault);
    }
}

/* "0012345 primary.monthly 2026-10 1f0a9c3e name": the next word of the mark, false when it is missing or too
 * long. */
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

/* The tag is not in sheets of before: what stands there may be the school's name. */
static void
take_tag(const char *text, char tag[SHEET_TAG_LEN + 1])
{
    if (strspn(text, "0123456789abcdef") != SHEET_TAG_LEN ||
        (text[SHEET_TAG_LEN] != '\0' && text[SHEET_TAG_LEN] != ' '))
        return;
    memcpy(tag, text, SHEET_TAG_LEN);
    tag[SHEET_TAG_LEN] = '\0';
}

static bool
read_mark(const char *cell, struct sheet *mark)
{
    if (!take_word(&cell, mark->school, sizeof(mark->school)) ||
        !take_word(&cell, mark->form, sizeof(mark->form)) ||
        !take_word(&cell, mark->period, sizeof(mark->period)))
        return false;
    take_tag(cell, mark->tag);
    return true;
}

static void
refuse_mark(const char *cell, size_t line, struct faults *faults)
{
    struct fault fault = sheet_fault(YUEBAO__FINDING_CODE__MARK_UNREADABLE, 0, cell, NULL, line, COLUMN_MARK);

    faults_add(faults, &fault);
}

/* Whether the cell says the same school, form and period as the sheet's mark. */
static bool
is_same_mark(const char *cell, const char *chosen, const struct sheet *sheet)
{
    struct sheet mark = {0};

    if (strcmp(cell, chosen) == 0)
        return true;
    return read_mark(cell, &mark) && strcmp(mark.school, sheet->school) == 0 &&
           strcmp(mark.form, sheet->form) == 0 && strcmp(mark.period, sheet->period) == 0;
}

static const char *
mark_of_row(const struct sheet *sheet, size_t row)
{
    return sheet_cell(sheet, &sheet->table->rows[row], COLUMN_MARK);
}

/* The row whose mark most rows have; without such a majority the first that has one. The number of rows:
 * none. */
static size_t
choose_mark(const struct sheet *sheet)
{
    size_t count = sheet->table->count, first = count, most = count, votes = 0, marked = 0, same = 0;

    for (size_t i = sheet->header + 1; i < count; i++) { /* Boyer and Moore's vote */
        if (mark_of_row(sheet, i)[0] == '\0')
            continue;
        first = first == count ? i : first;
        most = votes == 0 ? i : most;
        votes += strcmp(mark_of_row(sheet, i), mark_of_row(sheet, most)) == 0 ? 1 : (size_t)-1;
        marked++;
    }
    for (size_t i = sheet->header + 1; i < count && most < count; i++)
        same += strcmp(mark_of_row(sheet, i), mark_of_row(sheet, most)) == 0;
    return 2 * same > marked ? most : first;
}

/* Rows with another mark than the sheet's were pasted in from another sheet. */
static void
find_mark(struct sheet *sheet, struct faults *faults)
{
    size_t chosen = choose_mark(sheet);
    const char *mark = chosen < sheet->table->count ? mark_of_row(sheet, chosen) : "";

    if (mark[0] != '\0' && !read_mark(mark, sheet)) {
        sheet->school[0] = sheet->form[0] = sheet->period[0] = '\0';
        refuse_mark(mark, sheet->table->rows[chosen].line, faults);
    }
    for (size_t i = sheet->header + 1; i < sheet->table->count; i++) {
        const struct table_row *row = &sheet->table->rows[i];
        const char *cell = sheet_cell(sheet, row, COLUMN_MARK);
        struct fault fault =
            sheet_fault(YUEBAO__FINDING_CODE__MARK_DIFFERS, 0, cell, mark, row->line, COLUMN_MARK);

        if (cell[0] != '\0' && !is_same_mark(cell, mark, sheet))
            faults_add(faults, &fault);
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
        sheet_fault(empty ? YUEBAO__FINDING_CODE__SHEET_EMPTY : YUEBAO__FINDING_CODE__SHEET_UNREADABLE, 0,
                    empty ? NULL : words[status], NULL, error->line, COLUMN_NONE);

    if (status == TABLE_ENCODING)
        fault.hint = MSG_hint_encoding;
    if (status == TABLE_QUOTES)
        fault.hint = MSG_hint_quotes;
    faults_add(faults, &fault);
}

/* .xlsx is a ZIP archive, .xls an OLE container. */
static bool
is_workbook(const uint8_t *bytes, size_t len)
{
    return len >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "\xd0\xcf\x11\xe0", 4) == 0);
}

static void
refuse_workbook(struct faults *faults)
{
    struct fault fault =
        sheet_fault(YUEBAO__FINDING_CODE__SHEET_UNREADABLE, 0, "workbook", NULL, 0, COLUMN_NONE);

    fault.hint = MSG_hint_workbook;
    faults_add(faults, &fault);
}

/* A letter, a web page, another program's table. */
static void
miss_header(const struct table *table, struct faults *faults)
{
    struct fault fault =
        sheet_fault(YUEBAO__FINDING_CODE__SHEET_UNREADABLE, 0, "header", NULL, 0, COLUMN_NONE);

    fault.hint = has_semicolons(table) ? MSG_hint_semicolons : MSG_hint_no_header;
    faults_add(faults, &fault);
}

struct sheet *
sheet_open(const uint8_t *bytes, size_t len, struct faults *faults)
{
    const char *words[SHEET_KNOWN_WORDS];
    struct table_error error = {0};
    struct sheet *sheet;
    enum table_status status = TABLE_NOMEM;

    if (is_workbook(bytes, len)) {
        refuse_workbook(faults);
        return NULL;
    }
    sheet = calloc(1, sizeof(*sheet));
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
sheet_tag(const struct sheet *sheet)
{
    return sheet->tag;
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
