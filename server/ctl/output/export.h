/*
 * export: what the files of `yuebaoctl export` share. One query, one cursor, one snapshot; each row goes from
 * the database to a writer and is forgotten, so memory does not depend on how many there are.
 */
#ifndef YUEBAOCTL_EXPORT_H
#define YUEBAOCTL_EXPORT_H

#include "ctl.h"
#include "output.h"

enum export_subject { EXPORT_FIGURES, EXPORT_TOTALS, EXPORT_REPORTS };
enum export_format { EXPORT_CSV, EXPORT_LINES, EXPORT_XLSX, EXPORT_SDMX, EXPORT_ADX };

struct export
{
    struct ctl *ctl;
    enum export_subject subject;
    enum export_format format;
    FILE *out;                           /* NULL: a workbook */
    struct xlsx *book;                   /* NULL: none */
    const struct output_column *columns; /* of the query: keys and kinds */
    size_t n;
    void *own;  /* the writer's */
    int reason; /* errno of `out`, when it takes no more */
};

/*
 * How rows are written. Each returns false when it cannot go on: reported, except that a FILE that takes no
 * more only has its error set.
 */
struct export_writer {
    bool (*begin)(struct export *e);
    bool (*row)(struct export *e, const char *const *cells);
    bool (*end)(struct export *e);
    void (*free)(struct export *e); /* may be NULL; after a failure too */
};

extern const struct export_writer export_csv;   /* with mark and harmless cells */
extern const struct export_writer export_sdmx;  /* plain: codes and numbers, for programs */
extern const struct export_writer export_lines; /* a JSON object a line */
extern const struct export_writer export_xlsx;
extern const struct export_writer export_adx;

/*
 * The query, malloc'd, for a cursor: parameters $1 district and below, $2 form, $3 period, $4 from, $5 to
 * (first and last day), $6 indicator, each may be NULL. Ends the program when there is no memory.
 */
#define EXPORT_PARAMETERS 6
char *export_query(enum export_subject subject, enum export_format format);

/* The structure of what --sdmx writes, as SDMX-ML 3.0: of figures and totals, with all codes of the
 * catalogue. In an open transaction. false: reported. */
bool export_structure(struct ctl *ctl, FILE *out) __attribute__((warn_unused_result));

#define SDMX_AGENCY  "YUEBAO"
#define SDMX_VERSION "1.0.0"

#endif
