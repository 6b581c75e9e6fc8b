/*
 * db: the administrator's link to PostgreSQL. Blocking calls; errors are reported here, in words, once.
 *
 * Whoever gets NULL or false returns ctl->status: 69 no server, 77 not allowed, 78 not migrated, 65 data
 * refused by a constraint, 70 anything else.
 */
#ifndef YUEBAOCTL_DB_H
#define YUEBAOCTL_DB_H

#include <stdint.h>

#include "ctl.h"

/* Connect as the user that libpq chooses; the catalogue needs no more. */
bool db_connect(struct ctl *ctl) __attribute__((warn_unused_result));

/* Connect to ask about what schools reported: with the login's own rights, of which it must have some. What
 * it may not see is missing from every answer, and "nothing is missing" must not come of that. */
bool db_connect_to_ask(struct ctl *ctl) __attribute__((warn_unused_result));

/* Connect and SET ROLE yuebao_admin: what is made belongs to that role, whoever made it. */
bool db_connect_admin(struct ctl *ctl) __attribute__((warn_unused_result));
bool db_become_admin(struct ctl *ctl) __attribute__((warn_unused_result));

/* One statement with text parameters (NULL is NULL). The caller clears the result. */
PGresult *db_query(struct ctl *ctl, const char *sql, int n, const char *const *values)
    __attribute__((warn_unused_result));
/* The same where rows do not matter. */
bool db_do(struct ctl *ctl, const char *sql, int n, const char *const *values)
    __attribute__((warn_unused_result));
bool db_do_plain(struct ctl *ctl, const char *sql) __attribute__((warn_unused_result));
/* Several statements in one text, without parameters. */
bool db_do_script(struct ctl *ctl, const char *sql) __attribute__((warn_unused_result));

/* Report why `result` (NULL: the link) failed, set and return ctl->status. */
int db_report(struct ctl *ctl, const PGresult *result);

/* yuebao.audit_log: what an administrator did. `detail` is a JSON object as text. */
bool db_audit(struct ctl *ctl, const char *action, const char *detail) __attribute__((warn_unused_result));

/* A cell as text, NULL when it is NULL. */
const char *db_cell(const PGresult *result, int row, int column);

/* malloc'd bytes of a cell that is hexadecimal text: encode(bytea, 'hex'). Ends the program when there is no
 * memory. */
uint8_t *db_bytes(const PGresult *result, int row, int column, size_t *ret_len);

#endif
