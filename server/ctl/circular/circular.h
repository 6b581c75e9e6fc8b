/*
 * circular: the monthly circular (通报) of a district as one document, whatever it is written as.
 *
 * A circular has a head and numbered sections; a section has sentences, demands and tables. The parts
 * (parts.h) fill it from queries; writers.h writes it as Markdown, as a workbook or as JSON. What a number
 * looks like is decided once, by the query: so all of them say the same as the other commands.
 *
 * Everything is asked within one snapshot of the database. Memory that runs out ends the program.
 */
#ifndef YUEBAOCTL_CIRCULAR_H
#define YUEBAOCTL_CIRCULAR_H

#include "ctl.h"
#include "period.h"

/*
 * A column of a table. `key` names a column of the query's result: @ in it stands for the language (zh, en).
 * Where the result has "<key>_shown" too, people read that and programs read the plain one.
 */
enum circular_kind {
    CIRCULAR_TEXT,
    CIRCULAR_WORD,   /* a word of the contract, shown in the reader's language */
    CIRCULAR_UNIT,   /* the code of a unit, likewise */
    CIRCULAR_COUNT,  /* a whole number */
    CIRCULAR_FIGURE, /* a number with decimals, a unit or a sign; a workbook shows as many decimals as the
                        row's "decimals", if the result has these */
};
struct circular_column {
    const char *key;
    enum message title;
    enum circular_kind kind;
};

struct circular_layout {
    const char *key;      /* in JSON */
    enum message caption; /* above the table; without placeholders, and short: it names a sheet */
    const struct circular_column *columns;
    size_t n;
};
#define CIRCULAR_COLUMNS_MAX 16

/* A query's rows. Columns "of_…" are not of the row but of the whole question: "of_all" says how many rows
 * there were before they were cut to those worth a page. */
struct circular_table {
    const struct circular_layout *layout;
    char *about; /* behind the caption, say a plan's title; NULL: nothing */
    PGresult *rows;
};

enum circular_block_kind { CIRCULAR_SENTENCE, CIRCULAR_DEMAND, CIRCULAR_TABLE };
struct circular_block {
    enum circular_block_kind kind;
    char *text; /* of a sentence or a demand */
    struct circular_table table;
};

struct circular_section {
    const char *key; /* in JSON */
    enum message heading;
    struct circular_block *blocks;
    size_t n;
};
#define CIRCULAR_SECTIONS_MAX 12

/* What was asked, and what every part must know about it. */
struct circular_question {
    const char *district, *period; /* borrowed from argv */
    const char *issuer;            /* likewise; NULL: the bureau's own name */
    const char *indicators;        /* likewise, codes with commas between; NULL: those of the plans */
};

struct circular {
    struct ctl *ctl;
    struct circular_question asked;
    struct period period;
    PGresult *facts;       /* one row, see circular_head.c */
    const char *first_day; /* borrowed from the facts, as the next ones */
    bool of_districts;     /* there are districts below with schools: they are told apart, not each school */
    char *period_name;     /* "2025年12月", "December 2025" */
    char *title, *to, *intro, *issuer, *day;
    struct {
        long missing, kept, waiting, pressing, unbalanced, alerts;
        bool undeclared;
    } found; /* by the parts; what is demanded in the end follows from it */
    struct circular_section sections[CIRCULAR_SECTIONS_MAX];
    size_t n;
};

/* The head. false: reported, and nothing is to be freed. */
bool circular_begin(struct ctl *ctl, const struct circular_question *question, struct circular *ret_circular)
    __attribute__((warn_unused_result));
void circular_end(struct circular *circular);

/* One cell of the head's facts by its name; NULL: it is NULL. "@" as in a column's key. */
const char *circular_fact(const struct circular *circular, const char *name);

/* ---- filling it --------------------------------------------------------------------------------- */

/*
 * Ask with the first n of: $1 district, $2 period, $3 first day, $4 --indicators. @ in it stands for the
 * language, as in look.h, whose macros may be in it. NULL: reported. The query may begin with CIRCULAR_TREE.
 */
PGresult *circular_ask(struct circular *circular, const char *sql, int n) __attribute__((warn_unused_result));

/* Begins a query: every district in the one asked ($1), and which of those right below it (or itself) it
 * belongs to. */
#define CIRCULAR_TREE                                                                                        \
    "WITH RECURSIVE tree (district, top) AS (SELECT $1::integer, $1::integer UNION ALL SELECT d.district, "  \
    "CASE WHEN t.district = $1::integer THEN d.district ELSE t.top END FROM api.district AS d JOIN tree AS " \
    "t ON d.parent = t.district) "
#define CIRCULAR_IN_TREE(column) column " = ANY (ARRAY(SELECT t.district FROM tree AS t))"

/* What such a query calls the districts right below, row d of api.district: the one asked has what belongs to
 * none of them. */
#define CIRCULAR_TOP_NAMES                                                                                   \
    "CASE d.district WHEN $1::integer THEN '直属学校' ELSE d.name_zh END AS district_zh, "               \
    "CASE d.district WHEN $1::integer THEN 'schools directly under it' ELSE d.name_en END AS district_en "

/* Names of at most ten schools in one cell, of rows n with nth: more are counted elsewhere. */
#define CIRCULAR_NAMES_ZH                                                                                    \
    "pg_catalog.string_agg(n.school_zh, '、' ORDER BY n.nth) FILTER (WHERE n.nth <= 10) || "                \
    "CASE WHEN max(n.nth) > 10 THEN '等' ELSE '' END AS schools_zh"
#define CIRCULAR_NAMES_EN                                                                                    \
    "pg_catalog.string_agg(n.school_en, ', ' ORDER BY n.nth) FILTER (WHERE n.nth <= 10) || "                 \
    "CASE WHEN max(n.nth) > 10 THEN ' and others' ELSE '' END AS schools_en"

/* A section; what is added goes into the newest one. One that stays empty is not written. */
void circular_section(struct circular *circular, const char *key, enum message heading);

/* Sentences; `text` is taken. The macros take pairs as message_format. */
void circular_add(struct circular *circular, enum circular_block_kind kind, char *text);
#define circular_say(circular, ...)                                                                          \
    circular_add(circular, CIRCULAR_SENTENCE, message_format((circular)->ctl->language, __VA_ARGS__))
#define circular_demand(circular, ...)                                                                       \
    circular_add(circular, CIRCULAR_DEMAND, message_format((circular)->ctl->language, __VA_ARGS__))

/* A table; `about` (may be NULL) and `rows` are taken. Without rows it is left out. */
void circular_put(struct circular *circular, const struct circular_layout *layout, char *about,
                  PGresult *rows);

/* circular_ask + circular_put. false: reported. */
bool circular_ask_table(struct circular *circular, const struct circular_layout *layout, const char *sql,
                        int n) __attribute__((warn_unused_result));

/* ---- reading it --------------------------------------------------------------------------------- */

#define CIRCULAR_CELL_MAX 65

/* What a cell shows, in the reader's language; "" for NULL. Lives as long as the circular and `buffer`. */
const char *circular_cell(const struct circular *circular, const struct circular_table *table, int row,
                          size_t column, char buffer[CIRCULAR_CELL_MAX]);

/* How many rows were left out. */
long circular_left_out(const struct circular_table *table);

/* "表2　未报学校名单", "Table 2. Schools that have not reported"; and what stands under a table of which rows
 * were left out, else NULL. Malloc'd. */
char *circular_caption(const struct circular *circular, const struct circular_table *table, long nth);
char *circular_more(const struct circular *circular, const struct circular_table *table);

/* The column of a result by name, with @ for the language. -1: none. */
int circular_column(const struct circular *circular, const PGresult *rows, const char *key);

/* The sum of a column of whole numbers. */
long circular_sum(const PGresult *rows, const char *key);

/* A whole number as text; lives as long as `buffer`. */
const char *circular_long(long number, char buffer[24]);

/* Of one row: the cell by its column's name, as circular_fact. */
const char *circular_value(const struct circular *circular, const PGresult *rows, int row, const char *key);

/* "三、" or "3. ": a section's number as it stands before its heading. */
void circular_number(const struct circular *circular, size_t section, char number[16]);

/* "2026年11月26日12时05分" of "2026-11-26 12:05", or a day alone; malloc'd. English keeps it as it is. */
char *circular_day(enum language language, const char *text);
/* "2025-12" as "2025年12月"; what is no period stays as it is. malloc'd. */
char *circular_period(enum language language, const char *text);

#endif
