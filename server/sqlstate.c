#include "sqlstate.h"

#include <stddef.h>
#include <string.h>

/* The first row whose text begins the SQLSTATE decides: single codes stand before their class. */
static const struct {
    const char *prefix;
    enum sqlstate_meaning meaning;
} table[] = {
    {"08", SQLSTATE_AWAY},     /* connection exception */
    {"21", SQLSTATE_DATA},     /* cardinality violation */
    {"22", SQLSTATE_DATA},     /* data exception: overflow, invalid text */
    {"23", SQLSTATE_DATA},     /* integrity constraint violation; also no partition for a row */
    {"25006", SQLSTATE_AWAY},  /* read-only transaction: we reached a standby */
    {"25P03", SQLSTATE_RETRY}, /* idle in transaction too long: our loop was stuck */
    {"28", SQLSTATE_AWAY},     /* invalid authorization */
    {"3D", SQLSTATE_AWAY},     /* no such database */
    {"40", SQLSTATE_RETRY},    /* rollback: deadlock, serialization */
    {"42", SQLSTATE_AWAY},     /* table or right is missing: a migration is not done */
    {"44", SQLSTATE_DATA},     /* WITH CHECK OPTION violation */
    {"53", SQLSTATE_AWAY},     /* disk full, out of memory, too many connections */
    {"54", SQLSTATE_DATA},     /* program limit exceeded: the row is too large */
    {"55P03", SQLSTATE_RETRY}, /* lock not available in lock_timeout */
    {"57014", SQLSTATE_RETRY}, /* query cancelled, statement_timeout */
    {"57", SQLSTATE_AWAY},     /* operator intervention: shutdown, crash, starting up */
    {"58", SQLSTATE_AWAY},     /* system error: I/O */
    {"P0001", SQLSTATE_DATA},  /* RAISE EXCEPTION of a trigger */
};

enum sqlstate_meaning
sqlstate_meaning(const char *sqlstate)
{
    if (sqlstate == NULL)
        return SQLSTATE_AWAY;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strncmp(sqlstate, table[i].prefix, strlen(table[i].prefix)) == 0)
            return table[i].meaning;
    return SQLSTATE_STRANGE;
}
