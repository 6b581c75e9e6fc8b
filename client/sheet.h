/*
 * sheet: the table that a clerk fills in, as CSV. Written by sheet_template(), read back by sheet_open() and
 * sheet_draft(). Bytes in, bytes out; no I/O.
 *
 * One row names the columns, in Chinese or English, in any order, with titles above it at most; each further
 * row is one indicator. The last
 * column ("报表标识", "sheet id") says in every row whose figures these are, and by which catalogue the sheet
 * was made: "0012345 primary.monthly 2026-10 1f0a9c3e name". One cell of words, because a spreadsheet turns a
 * lone 2026-10 into a date and a lone 0012345 into a number; in every row, because rows get sorted, moved and
 * deleted, and a head line is lost first.
 *
 * Nothing is guessed: a cell that is not exactly a number, or not exactly one of the known reasons, is a
 * fault with its row and column.
 */
#ifndef YUEBAO_SHEET_H
#define YUEBAO_SHEET_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "limit.h"
#include "messages.h"
#include "number.h"
#include "table.h"
#include "validate.h"

enum sheet_column {
    COLUMN_CODE,
    COLUMN_NAME,
    COLUMN_MEANING, /* of numerator and denominator */
    COLUMN_UNIT,
    COLUMN_VALUE,
    COLUMN_DENOMINATOR,
    COLUMN_REASON,
    COLUMN_EXPLANATION,
    COLUMN_REQUIRED,
    COLUMN_RANGE,
    COLUMN_LAST,
    COLUMN_MARK,
    SHEET_COLUMNS,
    COLUMN_NONE = SHEET_COLUMNS /* the fault is not in one column */
};

#define SHEET_TAG_LEN 8  /* hex digits of the catalogue's hash, in the mark */
#define HEADING_MAX   63 /* bytes; a longer one is none of ours */

/* The column's name in its header; borrowed. */
const char *sheet_column_name(enum language language, enum sheet_column column);

/* The same for programs: "value", whatever the language. */
const char *sheet_column_key(enum sheet_column column);

/* One thing that is wrong, and where. */
struct fault {
    struct finding finding;
    size_t line; /* row as the spreadsheet shows it; 0: not in one row */
    enum sheet_column column;
    size_t number;     /* in the order in which they were found; faults_add() sets it */
    enum message hint; /* one sentence more, about the very cell; MESSAGE_COUNT: none */
};

/* Everything that is wrong, in the order of the sheet. Embedded; faults_fini() frees. */
struct faults {
    struct fault *items;
    size_t count, capacity;
    bool more; /* there were more than FINDINGS_MAX, or no memory for them */
    char heading[SHEET_COLUMNS][HEADING_MAX + 1]; /* the columns as this sheet names them; "": it has none */
    const struct catalogue
        *older; /* that the sheet was made by, for names of what is no more; borrowed; may be NULL */
};
void faults_add(struct faults *faults, const struct fault *fault);
void faults_sort(struct faults *faults);
bool faults_refuse(const struct faults *faults); /* whether any is an error */
void faults_fini(struct faults *faults);

/* ---- reading ------------------------------------------------------------------------------------ */

struct sheet;

/*
 * Cut the bytes into cells, find the columns and the mark. NULL: unreadable, `faults` says why; faults other
 * than that (a column twice, a mark missing) leave a sheet to go on with, so that everything wrong is told at
 * once.
 */
struct sheet *sheet_open(const uint8_t *bytes, size_t len, struct faults *faults);
void sheet_free(struct sheet *sheet); /* accepts NULL */

/* Empty texts when the sheet has no readable mark. Borrowed. */
const char *sheet_school(const struct sheet *sheet);
const char *sheet_form(const struct sheet *sheet);
const char *sheet_period(const struct sheet *sheet);
/* The first hex digits of the hash of the catalogue that it was made by; "" in a sheet of before. */
const char *sheet_tag(const struct sheet *sheet);

struct explanation {
    uint32_t indicator;
    char *text;
};

/* The figures of one sheet, ascending by indicator as a statement wants them. */
struct draft {
    bool unread; /* a column is missing without which no row says anything: nothing may be concluded from any
                    absence */
    size_t figures, missing, explanations;
    uint32_t indicator[FIGURES_MAX];
    int64_t value[FIGURES_MAX];
    int64_t denominator[FIGURES_MAX];
    uint32_t missing_indicator[FIGURES_MAX];
    Yuebao__MissingReason missing_reason[FIGURES_MAX];
    struct explanation explanation[FIGURES_MAX];
    /* where each indicator of the form stands: for the findings that come later */
    size_t rows;
    struct draft_row {
        uint32_t indicator;
        size_t line;
        bool faulty; /* a cell was not understood, so that nothing may be concluded from the figure's absence
                      */
    } row[FIGURES_MAX];
};

/* Read the rows by the form. NULL: no memory. Cells that cannot be understood become faults, not figures. */
struct draft *sheet_draft(const struct sheet *sheet, const struct catalogue *catalogue,
                          const struct form *form, struct faults *faults);
/* The figures of a statement that was signed before: no rows, so nothing has a place. NULL: no memory. */
struct draft *draft_of_statement(const Yuebao__Statement *statement);
void draft_free(struct draft *draft); /* accepts NULL */

const struct draft_row *draft_row_of(const struct draft *draft,
                                     uint32_t indicator); /* NULL: not in the sheet */

/*
 * Put the findings of validate_…() where they belong: row and column; of a rule, the row of the first of its
 * figures that is in the sheet. Those that follow from faulty cells are left out.
 */
void sheet_locate(const struct draft *draft, const struct catalogue *catalogue,
                  const struct findings *findings, struct faults *faults);

/* Whether the finding is about the indicator: its own, or one of its rule's. */
bool finding_is_about(const struct finding *finding, const struct catalogue *catalogue, uint32_t indicator);

/* ---- writing ------------------------------------------------------------------------------------ */

struct sheet_owner {
    const char *school, *school_name, *period;
    const uint8_t *catalogue; /* hash of the catalogue that the sheet is made by, for its tag; NULL: no tag */
};

/*
 * The sheet to fill in: UTF-8 with mark, CRLF, required rows first, last period's own figures beside.
 *
 * last     an accepted statement of an earlier period, or NULL
 * filled   a statement whose figures stand in the sheet already, to be edited; NULL: an empty sheet
 * ret_len  without NUL
 * The bytes are malloc'd; NULL: no memory.
 */
char *sheet_template(enum language language, const struct form *form, const struct sheet_owner *owner,
                     const Yuebao__Statement *last, const Yuebao__Statement *filled, size_t *ret_len);

/* "0 ~ 20000", "≥ 0", "≤ 100"; empty where anything goes. With a denominator it is the ratio's, not the
 * cell's. */
#define SHEET_RANGE_MAX (2 * NUMBER_TEXT_MAX + 8)
void sheet_range_text(const Yuebao__Indicator *indicator, char text[SHEET_RANGE_MAX]);

/* The statement's figure: "342", or "12 ÷ 30" ("/" would make it a date in a spreadsheet); empty: it has
 * none. `statement` may be NULL. */
#define FIGURE_TEXT_MAX (2 * NUMBER_TEXT_MAX + 8)
void sheet_figure_text(const Yuebao__Indicator *indicator, const Yuebao__Statement *statement,
                       char text[FIGURE_TEXT_MAX]);

/* Why the statement lacks the figure, "未采集"; empty: it does not say. Borrowed. */
const char *sheet_reason_text(enum language language, const Yuebao__Statement *statement, uint32_t indicator);

#endif
