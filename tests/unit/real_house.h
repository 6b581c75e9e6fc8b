/*
 * real_house: the PostgreSQL that the tests *_db run against, and a small country in it.
 *
 * Without PGHOST there is none, and every test skips itself. Else the usual variables of libpq lead, as a
 * superuser who needs no password, to a migrated database that may be written to. Two counties (990100,
 * 990200) and the form primary.monthly are there after real_house_open; all of it is repeatable in one
 * database.
 */
#ifndef YUEBAO_REAL_HOUSE_H
#define YUEBAO_REAL_HOUSE_H

#include <libpq-fe.h>

#define PATIENCE_S 60 /* of a whole test: far beyond what it needs, so that a hang fails */
#define COLLECTOR  "user=yuebao_collector" /* conninfo of the programs under test */

extern PGconn *db;        /* NULL: no database to test against */
extern char run_name[24]; /* what this run makes is named after it */

/* Needs cmocka.h. */
#define NEEDS_DATABASE()                                                                                     \
    if (db == NULL)                                                                                          \
    skip()

/* For a group's setup and teardown: 0, or -1 with the reason printed. */
int real_house_open(void);
void real_house_close(void);

/* One statement, in which {r} stands for run_name; the test fails when PostgreSQL refuses it. */
void run(const char *sql);
long long number(const char *sql); /* its first row's first value */

#endif
