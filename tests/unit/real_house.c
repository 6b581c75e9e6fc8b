#include "real_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

PGconn *db;
char run_name[24];

static PGresult *
query(const char *sql)
{
    char *text = calloc(1, strlen(sql) * sizeof(run_name) + 1);
    ExecStatusType status;
    PGresult *result;

    assert_non_null(text);
    for (const char *mark; (mark = strstr(sql, "{r}")) != NULL; sql = mark + 3) {
        strncat(text, sql, (size_t)(mark - sql));
        strcat(text, run_name);
    }
    strcat(text, sql);
    result = PQexec(db, text);
    status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(db));
    free(text);
    return result;
}

void
run(const char *sql)
{
    PQclear(query(sql));
}

long long
number(const char *sql)
{
    PGresult *result = query(sql);
    long long value = atoll(PQgetvalue(result, 0, 0));

    PQclear(result);
    return value;
}

int
real_house_open(void)
{
    if (getenv("PGHOST") == NULL)
        return 0;
    db = PQconnectdb("");
    if (PQstatus(db) != CONNECTION_OK) {
        print_error("%s", PQerrorMessage(db));
        return -1;
    }
    snprintf(run_name, sizeof(run_name), "r%llx.",
             number("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"));
    run("SET client_min_messages = warning");
    run("INSERT INTO yuebao.district VALUES (100000, NULL, 'nation', '全国', 'nation') ON CONFLICT DO "
        "NOTHING");
    run("INSERT INTO yuebao.district VALUES (990100, 100000, 'county', '甲县', 'A'),"
        " (990200, 100000, 'county', '乙县', 'B') ON CONFLICT DO NOTHING");
    run("INSERT INTO yuebao.form (kind, frequency, code, name_zh, name_en)"
        " VALUES ('primary', 'monthly', 'primary.monthly', '小学月报', 'primary, monthly')"
        " ON CONFLICT DO NOTHING");
    return 0;
}

void
real_house_close(void)
{
    PQfinish(db);
    db = NULL;
}
