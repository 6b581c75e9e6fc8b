/*
 * import: what the parts of `yuebaoctl import` share.
 *
 * Files are read into sheets (import_sheet), every cell and every reference is checked (import_check), and
 * only when nothing is wrong the rows go into temporary tables and from there into the tables, in one
 * transaction (import_write); last comes the snapshot of the catalogue (snapshot). A fault names file, row,
 * column, value and what is expected.
 */
#ifndef YUEBAOCTL_IMPORT_H
#define YUEBAOCTL_IMPORT_H

#include "ctl.h"
#include "names.h"
#include "table.h"

/* In the order in which they depend on each other. */
enum import_kind {
    DISTRICTS,
    SCHOOLS,
    PLANS,
    INDICATORS,
    TARGETS,
    BASELINES,
    RULES,
    BALANCE,
    AREAS,
    AREA_SCHOOLS,
    THRESHOLDS,
    IMPORT_KINDS
};

enum field {
    FIELD_TEXT,     /* at most `max` bytes */
    FIELD_WORD,     /* one of `words` */
    FIELD_WORDS,    /* one or more of `words`, joined by | */
    FIELD_CODE,     /* of an indicator or a rule */
    FIELD_SCHOOL,   /* code of a school */
    FIELD_AREA,     /* code of an area */
    FIELD_DISTRICT, /* six digits */
    FIELD_DATE,     /* 2026-10-31 */
    FIELD_NUMBER,   /* a decimal number with at most DECIMALS_MAX decimals */
    FIELD_DECIMALS, /* 0 to DECIMALS_MAX */
};

struct import_column {
    const char *name;
    enum field field;
    bool header; /* the header must have it */
    bool filled; /* no cell may be empty */
    size_t max;
    const char *const *words; /* ended by NULL */
};

struct import_spec {
    const char *file; /* "schools.csv" */
    enum message noun;
    const char *const *key; /* columns that together occur once, ended by NULL; NULL: rows may repeat */
    const struct import_column *columns;
    size_t n;
};

const struct import_spec *import_spec(enum import_kind kind);

struct sheet {
    enum import_kind kind;
    const struct import_spec *spec;
    const char *path;  /* as given, in faults; borrowed or owned by import.paths */
    const char *label; /* its last part: what it is known by */
    struct table *table;
    int *cell_of; /* of each column of the spec: index of its cell, -1: the header lacks it */
};

struct fault {
    const char *file; /* borrowed */
    size_t line;      /* 0: the whole file */
    const char *column;
    char *value, *text;
};

struct import {
    struct ctl *ctl;
    bool dry_run;
    bool remove_missing;  /* what the files do not name goes */
    bool restate;         /* indicators may add up otherwise, though there are figures */
    const char *from;     /* first period that a new catalogue governs; NULL: whatever has not opened */
    struct sheet *sheets; /* ordered by kind, then as given */
    size_t n_sheets;
    char **paths; /* owned */
    size_t n_paths;
    struct fault *faults;
    size_t n_faults;
    /* what references may name: the database's and the files' own */
    struct names *districts;  /* word: level */
    struct names *plans;      /* word: "" */
    struct names *indicators; /* word: "measure unit" */
    struct names *areas;      /* word: "" */
    struct names *schools;    /* word: ""; empty unless a file names schools beside schools.csv */
};

/* ---- faults ------------------------------------------------------------------------------------- */

/* `text` is taken (malloc'd, from message_format); file and column are borrowed, value is copied. */
void import_fault(struct import *import, const char *file, size_t line, const char *column, const char *value,
                  char *text);
/*
 * A query of (sheet, line, value …) whose rows are faults of `column`; what follows are the sentence's
 * parameters, named as in it, at most three. false: ctl->status is set.
 */
bool import_forbid(struct import *import, const char *sql, const char *column, enum message message)
    __attribute__((warn_unused_result));
/* Print all of them: sentences on stderr, or a table on stdout for --csv and --json. EX_DATAERR. */
int import_report(struct import *import);

/* ---- sheets ------------------------------------------------------------------------------------- */

/* Find, read and recognise the files; faults are added. false: ctl->status is set (no file, no memory). */
bool import_read(struct import *import, int n, char **paths) __attribute__((warn_unused_result));
void import_free(struct import *import);

/* The cell of the column, "" when the row or the header has none; borrowed. The column must be in the spec.
 */
const char *sheet_cell(const struct sheet *sheet, size_t row, const char *column);
/* The same by the column's index in the spec. */
const char *sheet_cell_at(const struct sheet *sheet, size_t row, size_t column);
bool sheet_has_column(const struct sheet *sheet, const char *column); /* in its header */
size_t sheet_rows(const struct sheet *sheet);                         /* without the header */
size_t sheet_line(const struct sheet *sheet, size_t row);             /* as a spreadsheet counts */

/* ---- checks and writing ------------------------------------------------------------------------- */

/* Needs the database for what references may name. false: ctl->status is set. Faults are added. */
bool import_check(struct import *import) __attribute__((warn_unused_result));

/* Inside the open transaction, when the kind's rows are in their temporary table: what accepted reports
 * forbid. false: ctl->status is set. Faults are added, as by all of these. */
bool import_check_past(struct import *import, enum import_kind kind) __attribute__((warn_unused_result));
/* The same for what the rows of area_schools.csv say about each other, and about where their schools are. */
bool import_check_areas(struct import *import) __attribute__((warn_unused_result));
/* Before areas are written, and when all is: areas whose district changes keep no school outside it. */
bool import_note_moved_areas(struct import *import) __attribute__((warn_unused_result));
bool import_check_moved_areas(struct import *import) __attribute__((warn_unused_result));
/* The same when everything is written: what the tables must be as a whole. */
bool import_check_whole(struct import *import) __attribute__((warn_unused_result));
/* And when a new catalogue is in the calendar: that no school is asked for anything twice. */
bool import_check_asked(struct import *import) __attribute__((warn_unused_result));

struct import_counts {
    long rows, fresh, changed, removed;
    long derived; /* rows that follow: moves of schools, forms, terms of rules */
    long unnamed; /* in the tables, in no file */
};

bool import_has(const struct import *import, enum import_kind kind); /* a file of that kind */

/* Judge what is in the books already by limits that are new or changed; how many alerts that made and
 * cleared. Collectors wait until the transaction ends, so it comes late in it. false: ctl->status is set. */
bool import_judge(struct import *import, long *ret_alerts) __attribute__((warn_unused_result));

/* What no file names: counted, and removed if that is wanted. false: ctl->status is set. */
bool import_leave_or_remove(struct import *import, enum import_kind kind, struct import_counts *counts)
    __attribute__((warn_unused_result));
/* Say what stays although no file names it. */
void import_say_unnamed(struct import *import, const struct import_counts counts[IMPORT_KINDS]);

/* Inside the open transaction. false: ctl->status is set. Faults may be added (a move that is refused). */
bool import_write(struct import *import, struct import_counts ret_counts[IMPORT_KINDS])
    __attribute__((warn_unused_result));

/* A sentence in ctl's language, for import_fault. */
#define import_text(import, ...) message_format((import)->ctl->language, __VA_ARGS__)

#endif
