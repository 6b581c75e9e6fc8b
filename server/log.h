/*
 * log: one line an event on standard error, as systemd's journal and grep like it.
 *
 *     <6>event=listening worker=0 address=127.0.0.1 port=7443
 *
 * <N> is syslog's priority. Values with anything but plain printable characters are quoted and escaped, and
 * cut at LOG_VALUE_MAX bytes, so whatever a peer sends stays one line. Never log figures, names of persons,
 * passwords or a whole conninfo; of a database error only SQLSTATE and constraint.
 */
#ifndef YUEBAO_LOG_H
#define YUEBAO_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_VALUE_MAX 240u /* bytes of one value before escaping */

/* syslog's numbers */
enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

/* "error", "warning", "notice", "info", "debug"; false: none of them. */
bool log_level_parse(const char *name, enum log_level *ret_level) __attribute__((warn_unused_result));

/* Lines above this level are dropped; LOG_INFO at the start. */
void log_set_level(enum log_level level);

/* Lines carry worker=N from now on; negative: they do not. */
void log_set_worker(int number);

/* Pairs (const char *key, const char *value) ended by NULL; a NULL value leaves its pair out. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

/*
 * The same for lines that a peer can provoke: at most LOG_PEER_BURST a second, the rest is counted and told
 * once a second by event=suppressed. So nobody fills the disk by knocking.
 */
#define LOG_PEER_BURST 200u
void log_peer(enum log_level level, const char *event, ...) __attribute__((sentinel));

/* A number as a value: log_event(LOG_INFO, "x", "count", LOG_NUMBER(n), NULL). The text lives until the block
 * ends. */
struct log_number {
    char text[24];
};
const char *log_number(struct log_number *into, int64_t number);
#define LOG_NUMBER(n) log_number(&(struct log_number){{0}}, (int64_t)(n))

#endif
