/*
 * sqlstate: what an error of PostgreSQL means for the transaction that met it. One table, no I/O.
 *
 * Source: PostgreSQL manual, appendix A.
 */
#ifndef YUEBAO_SQLSTATE_H
#define YUEBAO_SQLSTATE_H

enum sqlstate_meaning {
    SQLSTATE_DATA,  /* the same bytes will never fit: split until the poisonous statement stands alone, refuse
                       it by name */
    SQLSTATE_RETRY, /* bad luck with others: roll back, run again at once, a few times */
    SQLSTATE_AWAY,  /* the server cannot now, whatever is sent: BUSY, and connect afresh */
    SQLSTATE_STRANGE /* none of these: split as if it were data, but call nothing refused that may be our own
                        fault */
};

/* `sqlstate` NULL (libpq made the error itself: the connection is gone) means SQLSTATE_AWAY. */
enum sqlstate_meaning sqlstate_meaning(const char *sqlstate);

#endif
