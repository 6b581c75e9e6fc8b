/* The outbox's file: where it may lie, its tables, opening it to write or only to read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "outbox_query.h"

#define SCHEMA_VERSION 3
#define DISK_FULL      65536u /* bytes; less than the files beside the database need */

/* Version 1: what a desk must not forget. */
static const char schema_1[] =
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE identity ("
    "  state TEXT PRIMARY KEY CHECK (state IN ('pending', 'enrolled')),"
    "  school TEXT NOT NULL, code TEXT NOT NULL, server TEXT NOT NULL, ca TEXT NOT NULL,"
    "  key BLOB NOT NULL CHECK (length(key) = 32), secret BLOB NOT NULL CHECK (length(secret) = 64)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE server_key ("
    "  key BLOB PRIMARY KEY CHECK (length(key) = 32), first_seen_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE agenda ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1), bytes BLOB NOT NULL, fetched_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE catalogue (hash BLOB PRIMARY KEY CHECK (length(hash) = 32), bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE item ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),"
    "  school TEXT NOT NULL, form TEXT NOT NULL, period TEXT NOT NULL,"
    "  revision INTEGER NOT NULL CHECK (revision >= 1),"
    "  previous BLOB CHECK (previous IS NULL OR length(previous) = 32),"
    "  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'receipted', 'kept', 'refused')),"
    "  saved_ms INTEGER NOT NULL,"
    "  decided_ms INTEGER NOT NULL DEFAULT 0,"
    "  key BLOB NOT NULL CHECK (length(key) = 32),"
    "  signature BLOB NOT NULL CHECK (length(signature) = 64),"
    "  statement BLOB NOT NULL,"
    "  answer BLOB CHECK (answer IS NOT NULL OR state IN ('waiting', 'refused'))"
    ") STRICT;"
    "CREATE INDEX item_slot ON item (school, form, period);"
    "CREATE INDEX item_waiting ON item (number) WHERE state = 'waiting';"
    /* What was signed and what became of it are facts: only a waiting item may change, and nothing may go. */
    "CREATE TRIGGER item_decided_once BEFORE UPDATE ON item WHEN old.state <> 'waiting' OR new.statement IS "
    "NOT old.statement"
    "  BEGIN SELECT RAISE(ABORT, 'a decided item never changes'); END;"
    "CREATE TRIGGER item_stays BEFORE DELETE ON item BEGIN SELECT RAISE(ABORT, 'an item is never deleted'); "
    "END;"
    "PRAGMA user_version = 1;";

/* Version 2: what the centre says. Also made, for the time of a reading, where an older file may not be
 * written. */
#define NEWS_TABLES(create)                                                                                  \
    create " TABLE holding ("                                                                                \
           "  id BLOB PRIMARY KEY CHECK (length(id) = 32),"                                                  \
           "  school TEXT NOT NULL, form TEXT NOT NULL, period TEXT NOT NULL,"                               \
           "  revision INTEGER NOT NULL CHECK (revision >= 1),"                                              \
           "  received_ms INTEGER NOT NULL,"                                                                 \
           "  key BLOB NOT NULL CHECK (length(key) = 32),"                                                   \
           "  signature BLOB NOT NULL CHECK (length(signature) = 64),"                                       \
           "  statement BLOB NOT NULL,"                                                                      \
           "  acknowledged INTEGER NOT NULL DEFAULT 0 CHECK (acknowledged IN (0, 1))"                        \
           ") STRICT;" create " TABLE notice ("                                                              \
           "  id BLOB PRIMARY KEY CHECK (length(id) = 32),"                                                  \
           "  school TEXT NOT NULL, form TEXT NOT NULL, period TEXT NOT NULL,"                               \
           "  revision INTEGER NOT NULL, at_ms INTEGER NOT NULL, note TEXT NOT NULL"                         \
           ") STRICT;"

/* A kept item may change once more: by the bureau's decision. */
static const char schema_2[] =
    NEWS_TABLES("CREATE") "CREATE INDEX holding_slot ON holding (school, form, period);"
                          "DROP TRIGGER item_decided_once;"
                          "CREATE TRIGGER item_decided_once BEFORE UPDATE ON item"
                          "  WHEN new.statement IS NOT old.statement OR new.id IS NOT old.id OR NOT "
                          "(old.state = 'waiting' OR"
                          "    (old.state = 'kept' AND new.state IN ('receipted', 'refused')))"
                          "  BEGIN SELECT RAISE(ABORT, 'a decided item never changes'); END;"
                          "PRAGMA user_version = 2;";

/* Version 3: proof of when a waiting item first came. */
#define ARRIVAL_TABLE(create)                                                                                \
    create " TABLE arrival ("                                                                                \
           "  id BLOB PRIMARY KEY CHECK (length(id) = 32), arrived_ms INTEGER NOT NULL,"                     \
           "  mac BLOB NOT NULL CHECK (length(mac) = 32)"                                                    \
           ") STRICT, WITHOUT ROWID;"

static const char schema_3[] = ARRIVAL_TABLE("CREATE") "PRAGMA user_version = 3;";

static const char *const schemas[SCHEMA_VERSION] = {schema_1, schema_2, schema_3};

/* ---- opening ------------------------------------------------------------------------------------ */

/* File systems without memory shared between machines. Source: statfs(2). */
static const struct {
    unsigned long magic;
    const char *name;
} network_systems[] = {
    {0x6969, "NFS"},    {0x517B, "SMB"},     {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB2"}, {0x65735546, "FUSE"},
    {0x01021997, "9P"}, {0x5346414F, "AFS"}, {0x00C36400, "CEPH"}, {0x73757245, "CODA"}, {0x564C, "NCP"},
};

static const char *
network_system_of(const char *path)
{
    struct statfs fs;

    if (statfs(path, &fs) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof(network_systems) / sizeof(network_systems[0]); i++)
        if (((unsigned long)fs.f_type & 0xFFFFFFFFul) == network_systems[i].magic)
            return network_systems[i].name;
    return NULL;
}

/* mkdir -p, 0700 for what is made. */
static bool
make_directory(const char *path)
{
    char *copy = strdup(path);
    bool ok = copy != NULL;

    for (char *p = copy == NULL ? NULL : strchr(copy + 1, '/'); ok && p != NULL; p = strchr(p + 1, '/')) {
        *p = '\0';
        ok = mkdir(copy, 0700) == 0 || errno == EEXIST;
        *p = '/';
    }
    if (ok)
        ok = mkdir(copy, 0700) == 0 || errno == EEXIST;
    free(copy);
    return ok;
}

/* The file is made here, not by SQLite, so that it never exists with another mode; its -wal and -shm take the
 * same mode. */
static enum outbox_status
make_file(const char *path, bool create)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);

    if (fd < 0)
        return errno == ENOENT ? OUTBOX_ABSENT : errno == ENOSPC ? OUTBOX_FULL : OUTBOX_IO;
    if (fchmod(fd, 0600) != 0 && errno != EPERM) {
        close(fd);
        return OUTBOX_IO;
    }
    close(fd);
    return OUTBOX_OK;
}

static enum outbox_status
schema_version(struct outbox *outbox, int *ret_version)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(outbox->db, "PRAGMA user_version", -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *ret_version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return outbox_status_of(rc);
}

/* From the version that the file has to this program's; an older file keeps all that it holds. */
static enum outbox_status
upgrade(struct outbox *outbox, int version)
{
    enum outbox_status status = OUTBOX_OK;

    for (; version < SCHEMA_VERSION && status == OUTBOX_OK; version++)
        status = outbox_run(outbox, schemas[version]);
    return status;
}

/* Two first commands at once: the second one waits in BEGIN IMMEDIATE and then finds the schema made. */
static enum outbox_status
make_schema(struct outbox *outbox)
{
    int version = 0;
    enum outbox_status status = schema_version(outbox, &version);

    if (status == OUTBOX_OK && version == SCHEMA_VERSION)
        return OUTBOX_OK;
    if (status == OUTBOX_OK)
        status = outbox_begin(outbox);
    if (status != OUTBOX_OK)
        return status;
    status = schema_version(outbox, &version);
    if (status == OUTBOX_OK && version > SCHEMA_VERSION)
        status = OUTBOX_NEWER;
    if (status == OUTBOX_OK)
        status = upgrade(outbox, version);
    if (status == OUTBOX_OK)
        status = outbox_commit(outbox);
    if (status != OUTBOX_OK)
        outbox_undo(outbox);
    return status;
}

/* Entering WAL needs the file for itself, and SQLite does not wait for that by itself: ask again until the
 * time is up. */
static enum outbox_status
enter_wal(struct outbox *outbox)
{
    enum outbox_status status;
    int waited_ms = 0;

    while ((status = outbox_run(outbox, "PRAGMA journal_mode = WAL")) == OUTBOX_BUSY &&
           waited_ms < OUTBOX_WAIT_MS)
        waited_ms += sqlite3_sleep(20);
    return status;
}

static enum outbox_status
open_database(struct outbox *outbox, const char *path)
{
    enum outbox_status status = outbox_status_of(
        sqlite3_open_v2(path, &outbox->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));

    if (status != OUTBOX_OK)
        return status;
    sqlite3_busy_timeout(outbox->db, OUTBOX_WAIT_MS);
    status = enter_wal(outbox);
    if (status == OUTBOX_OK)
        status = outbox_run(
            outbox, "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;"
                    "PRAGMA cache_size = -1024;");
    if (status == OUTBOX_OK)
        status = make_schema(outbox);
    return status;
}

/* SQLite says "disk I/O error" when the file beside the database finds no room. */
static enum outbox_status
full_or(enum outbox_status status, const char *home)
{
    struct statvfs fs;

    if (status == OUTBOX_IO && statvfs(home, &fs) == 0 && fs.f_bavail * fs.f_frsize < DISK_FULL)
        return OUTBOX_FULL;
    return status;
}

enum outbox_status
outbox_open(const char *home, bool create, struct outbox **ret_outbox, char error[160])
{
    enum outbox_status status = OUTBOX_IO;
    struct outbox *outbox = calloc(1, sizeof(*outbox));
    char *path = NULL;
    const char *text = NULL;

    if (outbox == NULL || asprintf(&path, "%s/%s", home, OUTBOX_FILE) < 0) {
        free(outbox);
        return OUTBOX_NOMEM;
    }
    if (create && !make_directory(home)) {
        text = strerror(errno);
        status = errno == ENOSPC ? OUTBOX_FULL : OUTBOX_IO;
    } else if ((text = network_system_of(home)) != NULL) {
        status = OUTBOX_NETWORK;
    } else if ((status = make_file(path, create)) != OUTBOX_OK) {
        text = strerror(errno);
    } else {
        status = full_or(open_database(outbox, path), home);
        text = outbox_error(outbox);
    }
    if (status != OUTBOX_OK && error != NULL)
        snprintf(error, 160, "%s", text);
    if (status == OUTBOX_OK)
        *ret_outbox = outbox;
    else
        outbox_close(outbox);
    free(path);
    return status;
}

/* ---- opening only to read ----------------------------------------------------------------------- */

/* The path as a URI: whatever SQLite would read as a sign of its own is written in hex. malloc'd. */
static char *
uri_of(const char *path, const char *options)
{
    char *uri = malloc(3 * strlen(path) + strlen(options) + sizeof("file:"));
    char *at = uri;

    if (uri == NULL)
        return NULL;
    at += sprintf(at, "file:");
    for (; *path != '\0'; path++)
        at += sprintf(at, strchr("%?#", *path) != NULL ? "%%%02X" : "%c", (unsigned char)*path);
    strcpy(at, options);
    return uri;
}

/* Nothing is in the log beside the database, so the database alone is the whole. */
static bool
log_is_empty(const char *path)
{
    struct stat st;
    char *log = NULL;
    bool empty;

    if (asprintf(&log, "%s-wal", path) < 0)
        return false;
    empty = stat(log, &st) != 0 ? errno == ENOENT : st.st_size == 0;
    free(log);
    return empty;
}

/*
 * Ways to read, the next where the one before failed: beside other commands without writing; alone, with the
 * index of the log in memory (a full disk has no room for its file); and, when nothing is in the log, as it
 * lies there (a home that may not be written).
 */
static const struct {
    int flags;
    const char *options, *pragma;
    bool wants_empty_log;
} readings[] = {
    {SQLITE_OPEN_READONLY, "?mode=ro", "", false},
    {SQLITE_OPEN_READWRITE, "?mode=rw", "PRAGMA locking_mode = EXCLUSIVE;", false},
    {SQLITE_OPEN_READONLY, "?immutable=1", "", true},
};

static enum outbox_status
open_reading(struct outbox *outbox, const char *path, size_t way)
{
    char *uri = uri_of(path, readings[way].options);
    enum outbox_status status;
    int version = 0;

    if (uri == NULL)
        return OUTBOX_NOMEM;
    status = outbox_status_of(
        sqlite3_open_v2(uri, &outbox->db, readings[way].flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL));
    free(uri);
    if (status == OUTBOX_OK) {
        sqlite3_busy_timeout(outbox->db, OUTBOX_WAIT_MS);
        status = outbox_run(outbox, readings[way].pragma);
    }
    if (status == OUTBOX_OK)
        status = outbox_run(outbox, "PRAGMA trusted_schema = OFF; SELECT 1 FROM setting");
    if (status == OUTBOX_OK)
        status = schema_version(outbox, &version);
    if (status == OUTBOX_OK && version > SCHEMA_VERSION)
        return OUTBOX_NEWER;
    if (status == OUTBOX_OK && version < SCHEMA_VERSION)
        status = outbox_run(outbox, "PRAGMA temp_store = MEMORY;" ARRIVAL_TABLE("CREATE TEMP"));
    if (status == OUTBOX_OK && version == 1)
        status = outbox_run(outbox, NEWS_TABLES("CREATE TEMP"));
    return status;
}

static enum outbox_status
try_readings(struct outbox *outbox, const char *path)
{
    enum outbox_status status = OUTBOX_IO;

    for (size_t way = 0; way < sizeof(readings) / sizeof(readings[0]); way++) {
        if (readings[way].wants_empty_log && !log_is_empty(path))
            continue;
        sqlite3_close(outbox->db);
        outbox->db = NULL;
        status = open_reading(outbox, path, way);
        if (status == OUTBOX_OK || status == OUTBOX_NEWER)
            return status;
    }
    return status;
}

enum outbox_status
outbox_open_to_read(const char *home, struct outbox **ret_outbox, char error[160])
{
    enum outbox_status status = outbox_open(home, false, ret_outbox, error);
    struct outbox *outbox;
    char *path = NULL;

    if (status != OUTBOX_IO && status != OUTBOX_FULL)
        return status;
    outbox = calloc(1, sizeof(*outbox));
    if (outbox == NULL || asprintf(&path, "%s/%s", home, OUTBOX_FILE) < 0) {
        free(outbox);
        return OUTBOX_NOMEM;
    }
    if (try_readings(outbox, path) == OUTBOX_OK) {
        *ret_outbox = outbox;
        status = OUTBOX_OK;
    } else {
        outbox_close(outbox); /* and what keeps the writer out stays the answer */
    }
    free(path);
    return status;
}

void
outbox_close(struct outbox *outbox)
{
    if (outbox == NULL)
        return;
    sqlite3_close(outbox->db);
    free(outbox);
}

const char *
outbox_error(const struct outbox *outbox)
{
    if (outbox->db == NULL)
        return "out of memory";
    return sqlite3_errcode(outbox->db) == SQLITE_OK && outbox->error[0] != '\0' ? outbox->error
                                                                                : sqlite3_errmsg(outbox->db);
}

enum outbox_status
outbox_begin(struct outbox *outbox)
{
    return outbox_run(outbox, "BEGIN IMMEDIATE");
}

enum outbox_status
outbox_commit(struct outbox *outbox)
{
    return outbox_run(outbox, "COMMIT");
}

void
outbox_undo(struct outbox *outbox)
{
    if (sqlite3_get_autocommit(outbox->db))
        return;
    snprintf(outbox->error, sizeof(outbox->error), "%s", sqlite3_errmsg(outbox->db));
    (void)outbox_run(outbox, "ROLLBACK");
}
