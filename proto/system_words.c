#include "system_words.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

static const struct {
    int number; /* errno */
    enum message message;
} system_errors[] = {
    {ECONNREFUSED, MSG_system_refused},
    {ETIMEDOUT, MSG_system_timeout},
    {ENETUNREACH, MSG_system_no_network},
    {EHOSTUNREACH, MSG_system_no_network},
    {ENETDOWN, MSG_system_no_network},
    {ECONNRESET, MSG_system_reset},
    {ENOENT, MSG_system_no_file},
    {EACCES, MSG_system_forbidden},
    {EPERM, MSG_system_forbidden},
    {EROFS, MSG_system_read_only},
    {ENOSPC, MSG_system_full},
    {EDQUOT, MSG_system_full},
    {EISDIR, MSG_system_directory},
    {ENOTDIR, MSG_system_no_directory},
    {EFBIG, MSG_system_too_large},
    {EIO, MSG_system_disk},
};

static const struct {
    int number; /* of getaddrinfo() */
    enum message message;
} name_errors[] = {
    {EAI_NONAME, MSG_system_no_host},
    {EAI_AGAIN, MSG_system_no_names},
    {EAI_FAIL, MSG_system_no_names},
};

/* Source: sqlite3ErrStr() in SQLite's main.c. */
static const struct {
    const char *text;
    enum message message;
} database_errors[] = {
    {"disk I/O error", MSG_system_disk},
    {"unable to open database file", MSG_system_unopened},
    {"attempt to write a readonly database", MSG_system_read_only},
    {"database or disk is full", MSG_system_full},
    {"database disk image is malformed", MSG_system_damaged},
    {"file is not a database", MSG_system_damaged},
};

const char *
system_words(enum language language, const char *text)
{
    if (language == LANGUAGE_EN)
        return text;
    for (size_t i = 0; i < sizeof(system_errors) / sizeof(system_errors[0]); i++)
        if (strcmp(text, strerror(system_errors[i].number)) == 0)
            return message_text(language, system_errors[i].message);
    for (size_t i = 0; i < sizeof(name_errors) / sizeof(name_errors[0]); i++)
        if (strcmp(text, gai_strerror(name_errors[i].number)) == 0)
            return message_text(language, name_errors[i].message);
    for (size_t i = 0; i < sizeof(database_errors) / sizeof(database_errors[0]); i++)
        if (strcmp(text, database_errors[i].text) == 0)
            return message_text(language, database_errors[i].message);
    return text;
}
