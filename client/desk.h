/*
 * desk: what every subcommand has in common: language, --json, the home, and words for what went wrong.
 *
 * With --json one object goes to stdout when the command is over (desk_finish) and no sentence; errors stand
 * in it as "error". Without it, sentences go to stdout, errors to stderr.
 */
#ifndef YUEBAO_DESK_H
#define YUEBAO_DESK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "courier.h"
#include "messages.h"
#include "outbox.h"
#include "sheet.h"

struct desk {
    enum language language;
    bool json;
    char *home;            /* malloc'd */
    struct outbox *outbox; /* NULL until desk_open() */
    enum message help;     /* of the command that runs */
    json_t *report;        /* what --json prints */
};

/* Subcommands: argv[0] is the subcommand's name; the common options are gone from argv. They return the exit
 * status. */
int cmd_enrol(struct desk *desk, int argc, char **argv);
int cmd_catalogue(struct desk *desk, int argc, char **argv);
int cmd_template(struct desk *desk, int argc, char **argv);
int cmd_check(struct desk *desk, int argc, char **argv);
int cmd_submit(struct desk *desk, int argc, char **argv);
int cmd_send(struct desk *desk, int argc, char **argv);
int cmd_status(struct desk *desk, int argc, char **argv);
int cmd_conflict(struct desk *desk, int argc, char **argv);
int cmd_receipt(struct desk *desk, int argc, char **argv);

/* One sentence with its pairs and NULL, as message_print(): to stdout, not with --json. */
#define desk_say(desk, ...)                                                                                  \
    do {                                                                                                     \
        if (!(desk)->json) {                                                                                 \
            message_print(stdout, (desk)->language, __VA_ARGS__);                                            \
            putchar('\n');                                                                                   \
        }                                                                                                    \
    } while (0)

/* The same to stderr: what must be seen, and yet is no failure. */
#define desk_remark(desk, ...)                                                                               \
    do {                                                                                                     \
        if (!(desk)->json) {                                                                                 \
            fputs("yuebao: ", stderr);                                                                       \
            message_print(stderr, (desk)->language, __VA_ARGS__);                                            \
            fputc('\n', stderr);                                                                             \
        }                                                                                                    \
    } while (0)

/* One sentence that explains a failure: to stderr, or into the report. The text is malloc'd by
 * message_format() and taken. */
#define desk_complain(desk, ...) desk_complain_text((desk), message_format((desk)->language, __VA_ARGS__))
void desk_complain_text(struct desk *desk, char *text);

/* Open the outbox; 0 or the exit status, explained already. Without `create`, a desk that was never enrolled
 * is EX_CONFIG. */
int desk_open(struct desk *desk, bool create) __attribute__((warn_unused_result));
/* The same for a command that only reads: works on a full disk and in a home that may not be written. */
int desk_open_to_read(struct desk *desk) __attribute__((warn_unused_result));
/* The enrolled identity; 0 or EX_CONFIG, explained. identity_fini() is the caller's. */
int desk_identity(struct desk *desk, struct identity *ret_identity) __attribute__((warn_unused_result));

/* Explain and give the exit status. */
int desk_outbox_failed(struct desk *desk, enum outbox_status status);
int desk_courier_failed(struct desk *desk, const struct courier *courier);
int desk_usage(struct desk *desk, const char *command);

/* Every byte of a regular file, or of standard input for "-", in malloc'd memory; false: explained. */
bool desk_read_file(struct desk *desk, const char *path, size_t max, uint8_t **ret_bytes, size_t *ret_len);

/* Write a new file, whole or not at all; an existing one only with `force`. EX_OK, or EX_CANTCREAT,
 * explained. */
int desk_write_file(struct desk *desk, const char *file, bool force, const char *bytes, size_t len);

/* Print the faults (or put them into the report as "findings"). */
void desk_print_faults(struct desk *desk, const struct faults *faults, const struct catalogue *catalogue);

/* The server's clock and ours when they differ by more than DESK_SKEW_MS: said once a session. */
#define DESK_SKEW_MS (5 * 60 * 1000)
void desk_mention_clock(struct desk *desk, const struct courier *courier);

/* The server began to sign with a key that was not known here, though others were. */
void desk_mention_key(struct desk *desk, const struct courier *courier);

/* What this computer's clock says, and the server's if they differed at the last contact: beside a finding
 * that follows from it. */
void desk_mention_own_clock(struct desk *desk);

/* In the zone of the agenda (UTC+8 without one). */
int32_t desk_zone(struct desk *desk);

/* Put into the report; NULL texts are left out. */
void desk_report(struct desk *desk, const char *name, json_t *taken);

#endif
