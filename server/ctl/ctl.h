/*
 * ctl: what every subcommand of yuebaoctl shares: its options, its language, where its sentences go, its exit
 * status.
 *
 * A subcommand is one function in one file, cmd_<name>.c. It returns an exit code of sysexits.h: EX_OK,
 * EX_USAGE (64), EX_DATAERR (65, data refused), EX_UNAVAILABLE (69, no server), EX_SOFTWARE (70),
 * EX_CANTCREAT (73), EX_TEMPFAIL (75, in use: try again), EX_NOPERM (77), EX_CONFIG (78).
 */
#ifndef YUEBAOCTL_CTL_H
#define YUEBAOCTL_CTL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "messages.h"

enum output_format { OUTPUT_TEXT, OUTPUT_CSV, OUTPUT_JSON, OUTPUT_XLSX };

struct ctl;
struct xlsx;

struct command {
    const char *name;
    int (*run)(struct ctl *ctl, int argc, char **argv);
    enum message summary;                           /* one line in `yuebaoctl --help` */
    enum message help;                              /* `yuebaoctl NAME --help` */
    void (*more)(const struct ctl *ctl, FILE *out); /* what the help goes on with; may be NULL */
};

struct ctl {
    enum language language;
    enum output_format format;
    const char *conninfo;  /* --db; NULL: libpq's variables alone */
    const char *sql;       /* --sql: folder with roles.sql, migrations/ and api/ */
    FILE *talk;            /* sentences for people: stdout, or stderr when stdout carries CSV or JSON */
    const char *xlsx;      /* --xlsx: the file, when format is OUTPUT_XLSX */
    struct xlsx *workbook; /* begun with the first table; output_end() lets it appear */
    char *asked; /* the subcommand's own options and operands as they were read, owned; NULL: none. A
                    workbook's properties hold it: what could be secret (--db) is not in it */
    const struct command *command;
    PGconn *db;
    size_t width;     /* columns that a table for people may take; 0: as many as it likes */
    unsigned given;   /* a bit for each common option that was there */
    bool has_written; /* a table went to stdout: JSON there is whole, and an error must not follow it */
    char *errors;     /* what ctl_fail said, a line each, owned; NULL: nothing */
    int status;       /* set by whoever reported an error; what main exits with */
};

/* One option of a subcommand: either takes a value or is a flag. A list ends with a NULL name. */
struct ctl_option {
    const char *name;
    const char **value; /* set to the argument, borrowed from argv */
    bool *flag;
};

/* An option of this name may also be written -o. */
#define CTL_OPTION_OUTPUT "output"

/*
 * Read the common options (--db --lang --csv --json --xlsx --sql --help --version) and `own` (may be NULL);
 * argv[0] is skipped. Index of the first operand; or -1: nothing is left to do and ctl->status is set (help
 * was printed, or an error reported). No option may be given twice.
 */
int ctl_options(struct ctl *ctl, int argc, char **argv, const struct ctl_option *own)
    __attribute__((warn_unused_result));

/* A sentence for a person and a newline; pairs as in message_print, ended by NULL. */
#define ctl_say(ctl, ...)                                                                                    \
    (message_print((ctl)->talk, (ctl)->language, __VA_ARGS__), (void)fputc('\n', (ctl)->talk))

/* A sentence that counts: `one` when the count is 1, else `many`; both have {count}. */
void ctl_say_count(const struct ctl *ctl, long count, enum message one, enum message many);

/* An error: program name, sentence, newline on stderr; sets and yields the status. With --json the sentences
 * are also what ctl_end prints. */
#define ctl_fail(ctl, code, ...) ctl_failed(ctl, code, message_format((ctl)->language, __VA_ARGS__))
int ctl_failed(struct ctl *ctl, int code, char *sentence); /* `sentence` is taken */

/* At the very end: with --json, and when no table was written, {"error": …, "status": …} on stdout. Frees. */
void ctl_end(struct ctl *ctl, int status);

/* The same without an end: something the administrator should know. */
#define ctl_warn(ctl, ...)                                                                                   \
    (fputs("yuebaoctl: ", stderr), message_print(stderr, (ctl)->language, __VA_ARGS__),                      \
     (void)fputc('\n', stderr))

/* Wrong use: the sentence, then where help is. */
#define ctl_usage(ctl, ...) (ctl_fail(ctl, EX_USAGE, __VA_ARGS__), ctl_point_to_help(ctl))
int ctl_point_to_help(const struct ctl *ctl); /* EX_USAGE */

/* The word of a cell: in the reader's language on a terminal, always English in CSV and JSON, where programs
 * compare it. */
const char *ctl_word(const struct ctl *ctl, enum message word);

int cmd_access(struct ctl *ctl, int argc, char **argv);
int cmd_migrate(struct ctl *ctl, int argc, char **argv);
int cmd_import(struct ctl *ctl, int argc, char **argv);
void import_columns_help(const struct ctl *ctl, FILE *out); /* the files' columns */
int cmd_calendar(struct ctl *ctl, int argc, char **argv);
int cmd_ask(struct ctl *ctl, int argc, char **argv);
int cmd_enrol(struct ctl *ctl, int argc, char **argv);
int cmd_districts(struct ctl *ctl, int argc, char **argv);
int cmd_plans(struct ctl *ctl, int argc, char **argv);
int cmd_indicators(struct ctl *ctl, int argc, char **argv);
int cmd_schools(struct ctl *ctl, int argc, char **argv);
int cmd_areas(struct ctl *ctl, int argc, char **argv);
int cmd_progress(struct ctl *ctl, int argc, char **argv);
int cmd_result(struct ctl *ctl, int argc, char **argv);
int cmd_snapshot(struct ctl *ctl, int argc, char **argv);
int cmd_missing(struct ctl *ctl, int argc, char **argv);
int cmd_completeness(struct ctl *ctl, int argc, char **argv);
int cmd_coverage(struct ctl *ctl, int argc, char **argv);
int cmd_kept(struct ctl *ctl, int argc, char **argv);
int cmd_review(struct ctl *ctl, int argc, char **argv);
int cmd_publish(struct ctl *ctl, int argc, char **argv);
int cmd_breaches(struct ctl *ctl, int argc, char **argv);
int cmd_outliers(struct ctl *ctl, int argc, char **argv);
int cmd_totals(struct ctl *ctl, int argc, char **argv);
int cmd_alerts(struct ctl *ctl, int argc, char **argv);
int cmd_trend(struct ctl *ctl, int argc, char **argv);
int cmd_rank(struct ctl *ctl, int argc, char **argv);
int cmd_distribution(struct ctl *ctl, int argc, char **argv);
int cmd_profile(struct ctl *ctl, int argc, char **argv);
int cmd_drill(struct ctl *ctl, int argc, char **argv);
int cmd_figure(struct ctl *ctl, int argc, char **argv);
int cmd_punctuality(struct ctl *ctl, int argc, char **argv);
int cmd_balance(struct ctl *ctl, int argc, char **argv);
int cmd_rejections(struct ctl *ctl, int argc, char **argv);
int cmd_replay(struct ctl *ctl, int argc, char **argv);
int cmd_check_totals(struct ctl *ctl, int argc, char **argv);
int cmd_circular(struct ctl *ctl, int argc, char **argv);
int cmd_export(struct ctl *ctl, int argc, char **argv);
int cmd_maintain(struct ctl *ctl, int argc, char **argv);
int cmd_key(struct ctl *ctl, int argc, char **argv);
int cmd_keys(struct ctl *ctl, int argc, char **argv);

#endif
