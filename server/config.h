/*
 * config: what yuebaod.conf says. Read by libconfuse; yuebaod.conf(5) explains each key.
 *
 * Refused, with file and line: unknown keys, keys given twice, values out of range, a quote that is never
 * closed. All values that are wrong are told, not only the first. A byte-order mark is skipped.
 */
#ifndef YUEBAO_CONFIG_H
#define YUEBAO_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "log.h"

/* What a session may take; each deadline in milliseconds. The defaults are the contract's (PROTOCOL.md,
 * "Limits"). */
struct session_limits {
    unsigned first_byte_ms, handshake_ms, hello_ms, frame_ms, idle_ms, unread_ms;
    unsigned in_flight;   /* requests of one session that wait for the database; then reading rests */
    unsigned connections; /* of one worker, fixed at its start; further ones wait in the kernel's queue */
};

struct config {
    char *listen;       /* "127.0.0.1:7443", "[::]:7443"; port 0: any */
    char *proxy_listen; /* as listen; "": no balancers */
    char *proxy_from;   /* "192.0.2.10, 192.0.2.64/26": their addresses */
    unsigned workers;
    char *certificate, *private_key; /* PEM: the chain, leaf first; its key */
    char *receipt_key;
    char *database; /* conninfo */
    unsigned links; /* of one worker */
    char *log_level_text;
    enum log_level log_level;
    unsigned drain_ms; /* how long SIGTERM waits for answers that are under way */
    struct session_limits limits;
};

/* The defaults of the limits, for tests too. */
struct session_limits session_limits_default(void);

/* Told each fault, in words; `line` is 0 when it is about no line. */
typedef void config_fault(const char *file, int line, const char *message);

/* As a log line event=config_error: for a service. */
void config_log_fault(const char *file, int line, const char *message);
/* As "yuebaod: FILE:LINE: message." on standard error: for a person. */
void config_say_fault(const char *file, int line, const char *message);

/* NULL: refused, and `fault` was told why. */
struct config *config_read(const char *path, config_fault *fault);
void config_free(struct config *config); /* accepts NULL */

/* As a file that config_read would take; passwords in `database` are masked. */
void config_print(const struct config *config, FILE *out);

#endif
