#include "sqlfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "envelope.h"
#include "db.h"
#include "file.h"
#include "system_words.h"

#define SQL_MAX (4u * 1024u * 1024u) /* bytes of one file */

/* build/NAME/server/ctl/yuebaoctl, run where it was built, finds the sql/ of its own source tree. */
static bool
beside_build_tree(char path[PATH_MAX])
{
    char self[PATH_MAX], probe[PATH_MAX + 32];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (len <= 0)
        return false;
    self[len] = '\0';
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(self, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
    }
    snprintf(probe, sizeof(probe), "%s/CMakeCache.txt", self);
    if (access(probe, R_OK) != 0)
        return false;
    snprintf(probe, sizeof(probe), "%s/../../sql", self);
    return realpath(probe, path) != NULL;
}

const char *
sqlfile_root(const struct ctl *ctl)
{
    static char beside[PATH_MAX];
    const char *from_environment = getenv("YUEBAO_SQL");

    if (ctl->sql != NULL)
        return ctl->sql;
    if (from_environment != NULL && from_environment[0] != '\0')
        return from_environment;
    return access(YUEBAO_SQL_DIR "/roles.sql", R_OK) != 0 && beside_build_tree(beside) ? beside
                                                                                       : YUEBAO_SQL_DIR;
}

static int
number_of(const char *name)
{
    if (isdigit((unsigned char)name[0]) && isdigit((unsigned char)name[1]) &&
        isdigit((unsigned char)name[2]) && name[3] == '-')
        return (int)strtol(name, NULL, 10);
    return 0;
}

/* `folder` may be "". */
static bool
read_one(struct ctl *ctl, const char *folder, const char *name, struct sqlfile *ret_file)
{
    struct sqlfile file = {.name = strdup(name), .number = number_of(name)};
    uint8_t digest[ID_SIZE];
    char *path = NULL;
    size_t len = 0;

    if (file.name == NULL ||
        asprintf(&path, "%s/%s%s%s", sqlfile_root(ctl), folder, folder[0] ? "/" : "", name) < 0)
        abort();
    file.text = (char *)file_read(ctl, path, SQL_MAX, &len);
    free(path);
    if (file.text == NULL) {
        sqlfile_free(&file);
        return false;
    }
    envelope_sha256(file.text, len, digest);
    hex_print(digest, sizeof(digest), file.checksum);
    *ret_file = file;
    return true;
}

bool
sqlfile_read(struct ctl *ctl, const char *name, struct sqlfile *ret_file)
{
    return read_one(ctl, "", name, ret_file);
}

void
sqlfile_free(struct sqlfile *file)
{
    free(file->name);
    free(file->text);
    *file = (struct sqlfile){0};
}

static int
is_sql(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 4, ".sql") == 0;
}

/* By bytes, whatever the locale: 002 before 010, and the same order everywhere. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int
list_folder(struct ctl *ctl, const char *folder, struct dirent ***ret_names)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", sqlfile_root(ctl), folder) < 0)
        abort();
    int n = scandir(path, ret_names, is_sql, by_name);
    if (n < 0)
        ctl_fail(ctl, EX_NOINPUT, MSG_ctl_cannot_read, "file", path, "reason",
                 system_words(ctl->language, strerror(errno)), NULL);
    free(path);
    return n;
}

bool
sqlfiles_read(struct ctl *ctl, const char *folder, struct sqlfiles *ret_files)
{
    struct dirent **names = NULL;
    int n = list_folder(ctl, folder, &names);
    bool ok = n >= 0;
    struct sqlfiles files = {0, calloc(n > 0 ? (size_t)n : 1, sizeof(struct sqlfile))};

    if (files.files == NULL)
        abort();
    for (int i = 0; i < n; i++) {
        ok = ok && read_one(ctl, folder, names[i]->d_name, &files.files[files.count]);
        files.count += ok;
        free(names[i]);
    }
    free(names);
    if (ok)
        *ret_files = files;
    else
        sqlfiles_free(&files);
    return ok;
}

void
sqlfiles_free(struct sqlfiles *files)
{
    for (size_t i = 0; i < files->count; i++)
        sqlfile_free(&files->files[i]);
    free(files->files);
    *files = (struct sqlfiles){0};
}

/* The line of the `position`-th character (from 1), as an editor counts. */
static size_t
line_of(const char *text, long position)
{
    size_t line = 1;

    for (long seen = 0; *text != '\0'; text++) {
        seen += ((unsigned char)*text & 0xC0) != 0x80; /* bytes that begin a character */
        if (seen >= position)
            break;
        line += *text == '\n';
    }
    return line;
}

static void
report(struct ctl *ctl, const struct sqlfile *file, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    char line[24] = "?";

    if (state == NULL) {
        db_report(ctl, NULL);
        return;
    }
    if (position != NULL)
        snprintf(line, sizeof(line), "%zu", line_of(file->text, strtol(position, NULL, 10)));
    ctl_fail(ctl, strcmp(state, "42501") == 0 ? EX_NOPERM : EX_SOFTWARE, MSG_ctl_sql_failed, "file",
             file->name, "line", line, "state", state, "reason",
             PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), NULL);
}

bool
sqlfile_run(struct ctl *ctl, const struct sqlfile *file)
{
    PGresult *result = PQexec(ctl->db, file->text);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;

    if (!ok)
        report(ctl, file, result);
    PQclear(result);
    if (ok && PQtransactionStatus(ctl->db) != PQTRANS_INTRANS) {
        ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_sql_ends_transaction, "file", file->name, NULL);
        ok = false;
    }
    return ok;
}
