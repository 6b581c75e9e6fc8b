#include "outbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "envelope.h"

#define SCHEMA_VERSION 1
#define DISK_FULL      65536u /* bytes; less than the files beside the database need */

struct outbox {
    sqlite3 *db;
    char error[160]; /* of what was undone: to undo it makes SQLite forget */
};

static const char schema[] =
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
status_of(int rc)
{
    switch (rc & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OUTBOX_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return OUTBOX_BUSY;
    case SQLITE_NOMEM:
        return OUTBOX_NOMEM;
    case SQLITE_FULL:
        return OUTBOX_FULL;
    default:
        return OUTBOX_IO;
    }
}

static enum outbox_status
run(struct outbox *outbox, const char *sql)
{
    return status_of(sqlite3_exec(outbox->db, sql, NULL, NULL, NULL));
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
    return status_of(rc);
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
    if (status == OUTBOX_OK && version == 0)
        status = run(outbox, schema);
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

    while ((status = run(outbox, "PRAGMA journal_mode = WAL")) == OUTBOX_BUSY && waited_ms < OUTBOX_WAIT_MS)
        waited_ms += sqlite3_sleep(20);
    return status;
}

static enum outbox_status
open_database(struct outbox *outbox, const char *path)
{
    enum outbox_status status =
        status_of(sqlite3_open_v2(path, &outbox->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));

    if (status != OUTBOX_OK)
        return status;
    sqlite3_busy_timeout(outbox->db, OUTBOX_WAIT_MS);
    status = enter_wal(outbox);
    if (status == OUTBOX_OK)
        status =
            run(outbox, "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;"
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
    status = status_of(
        sqlite3_open_v2(uri, &outbox->db, readings[way].flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL));
    free(uri);
    if (status == OUTBOX_OK) {
        sqlite3_busy_timeout(outbox->db, OUTBOX_WAIT_MS);
        status = run(outbox, readings[way].pragma);
    }
    if (status == OUTBOX_OK)
        status = run(outbox, "PRAGMA trusted_schema = OFF; SELECT 1 FROM setting");
    if (status == OUTBOX_OK)
        status = schema_version(outbox, &version);
    return status == OUTBOX_OK && version != SCHEMA_VERSION ? OUTBOX_NEWER : status;
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
    return run(outbox, "BEGIN IMMEDIATE");
}

enum outbox_status
outbox_commit(struct outbox *outbox)
{
    return run(outbox, "COMMIT");
}

void
outbox_undo(struct outbox *outbox)
{
    if (sqlite3_get_autocommit(outbox->db))
        return;
    snprintf(outbox->error, sizeof(outbox->error), "%s", sqlite3_errmsg(outbox->db));
    (void)run(outbox, "ROLLBACK");
}

/* ---- statements: prepare, bind in order, step --------------------------------------------------- */

struct query {
    sqlite3_stmt *stmt;
    int rc;
    int next; /* parameter to bind */
};

static struct query
query(struct outbox *outbox, const char *sql)
{
    struct query q = {NULL, SQLITE_OK, 1};

    q.rc = sqlite3_prepare_v2(outbox->db, sql, -1, &q.stmt, NULL);
    return q;
}

static void
bind_text(struct query *q, const char *text)
{
    if (q->rc == SQLITE_OK)
        q->rc = text == NULL ? sqlite3_bind_null(q->stmt, q->next++)
                             : sqlite3_bind_text(q->stmt, q->next++, text, -1, SQLITE_STATIC);
}

static void
bind_blob(struct query *q, const void *bytes, size_t len)
{
    if (q->rc == SQLITE_OK)
        q->rc = bytes == NULL ? sqlite3_bind_null(q->stmt, q->next++)
                              : sqlite3_bind_blob64(q->stmt, q->next++, bytes, len, SQLITE_STATIC);
}

static void
bind_number(struct query *q, uint64_t number)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_int64(q->stmt, q->next++, (sqlite3_int64)number);
}

/* true: a row is there to be read. */
static bool
next_row(struct query *q)
{
    if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
        q->rc = sqlite3_step(q->stmt);
    return q->rc == SQLITE_ROW;
}

static enum outbox_status
finish(struct query *q)
{
    sqlite3_finalize(q->stmt);
    q->stmt = NULL;
    return status_of(q->rc);
}

/* For a statement that returns no rows. */
static enum outbox_status
execute(struct query *q)
{
    (void)next_row(q);
    return finish(q);
}

static bool
copy_text(struct query *q, int column, char **ret_text)
{
    const unsigned char *text = sqlite3_column_text(q->stmt, column);

    *ret_text = strdup(text == NULL ? "" : (const char *)text);
    return *ret_text != NULL;
}

static bool
copy_blob(struct query *q, int column, uint8_t **ret_bytes, size_t *ret_len)
{
    const void *bytes = sqlite3_column_blob(q->stmt, column);
    size_t len = (size_t)sqlite3_column_bytes(q->stmt, column);

    *ret_len = len;
    *ret_bytes = NULL;
    if (bytes == NULL)
        return true;
    *ret_bytes = malloc(len);
    if (*ret_bytes != NULL)
        memcpy(*ret_bytes, bytes, len);
    return *ret_bytes != NULL;
}

static void
fixed_text(struct query *q, int column, char *text, size_t size)
{
    const unsigned char *from = sqlite3_column_text(q->stmt, column);

    snprintf(text, size, "%s", from == NULL ? "" : (const char *)from);
}

/* Lengths are held by CHECK constraints. */
static void
fixed_blob(struct query *q, int column, uint8_t *bytes, size_t size)
{
    const void *from = sqlite3_column_blob(q->stmt, column);

    if (from != NULL && (size_t)sqlite3_column_bytes(q->stmt, column) == size)
        memcpy(bytes, from, size);
}

/* ---- settings, identity, trust ------------------------------------------------------------------ */

enum outbox_status
outbox_setting(struct outbox *outbox, const char *name, char **ret_value)
{
    struct query q = query(outbox, "SELECT value FROM setting WHERE name = ?");
    enum outbox_status status = OUTBOX_ABSENT;
    char *value = NULL;

    bind_text(&q, name);
    if (next_row(&q))
        status = copy_text(&q, 0, &value) ? OUTBOX_OK : OUTBOX_NOMEM;
    if (finish(&q) != OUTBOX_OK) {
        free(value);
        return status_of(q.rc);
    }
    if (status == OUTBOX_OK)
        *ret_value = value;
    return status;
}

enum outbox_status
outbox_set(struct outbox *outbox, const char *name, const char *value)
{
    struct query q = query(outbox, "INSERT INTO setting (name, value) VALUES (?, ?)"
                                   " ON CONFLICT (name) DO UPDATE SET value = excluded.value");

    bind_text(&q, name);
    bind_text(&q, value);
    return execute(&q);
}

static const char *const identity_state_name[] = {
    [IDENTITY_PENDING] = "pending",
    [IDENTITY_ENROLLED] = "enrolled",
};

enum outbox_status
outbox_identity(struct outbox *outbox, enum identity_state state, struct identity *ret_identity)
{
    struct query q =
        query(outbox, "SELECT school, code, server, ca, key, secret FROM identity WHERE state = ?");
    enum outbox_status status = OUTBOX_ABSENT;
    struct identity identity = {0};

    bind_text(&q, identity_state_name[state]);
    if (next_row(&q)) {
        fixed_text(&q, 0, identity.school, sizeof(identity.school));
        fixed_text(&q, 1, identity.code, sizeof(identity.code));
        fixed_blob(&q, 4, identity.key, KEY_SIZE);
        fixed_blob(&q, 5, identity.secret, SECRET_SIZE);
        status =
            copy_text(&q, 2, &identity.server) && copy_text(&q, 3, &identity.ca) ? OUTBOX_OK : OUTBOX_NOMEM;
    }
    if (finish(&q) != OUTBOX_OK)
        status = status_of(q.rc);
    if (status == OUTBOX_OK)
        *ret_identity = identity;
    else
        identity_fini(&identity);
    return status;
}

static enum outbox_status
put_identity(struct outbox *outbox, enum identity_state state, const struct identity *identity)
{
    struct query q =
        query(outbox, "INSERT OR REPLACE INTO identity (state, school, code, server, ca, key, secret)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?)");

    bind_text(&q, identity_state_name[state]);
    bind_text(&q, identity->school);
    bind_text(&q, identity->code);
    bind_text(&q, identity->server);
    bind_text(&q, identity->ca);
    bind_blob(&q, identity->key, KEY_SIZE);
    bind_blob(&q, identity->secret, SECRET_SIZE);
    return execute(&q);
}

enum outbox_status
outbox_set_pending(struct outbox *outbox, const struct identity *identity)
{
    return put_identity(outbox, IDENTITY_PENDING, identity);
}

/* Another enrolment may have become pending while this one's answer was on its way: that one stays. */
enum outbox_status
outbox_enrolled(struct outbox *outbox, const struct identity *identity)
{
    enum outbox_status status = put_identity(outbox, IDENTITY_ENROLLED, identity);
    struct query q;

    if (status != OUTBOX_OK)
        return status;
    q = query(outbox, "DELETE FROM identity WHERE state = 'pending' AND key = ?");
    bind_blob(&q, identity->key, KEY_SIZE);
    return execute(&q);
}

void
identity_fini(struct identity *identity)
{
    free(identity->server);
    free(identity->ca);
    envelope_forget(identity, sizeof(*identity));
}

enum outbox_status
outbox_trust(struct outbox *outbox, const uint8_t key[KEY_SIZE], uint64_t now_ms)
{
    struct query q = query(outbox, "INSERT OR IGNORE INTO server_key (key, first_seen_ms) VALUES (?, ?)");

    bind_blob(&q, key, KEY_SIZE);
    bind_number(&q, now_ms);
    return execute(&q);
}

bool
outbox_trusts(struct outbox *outbox, const uint8_t key[KEY_SIZE])
{
    struct query q = query(outbox, "SELECT 1 FROM server_key WHERE key = ?");
    bool found;

    bind_blob(&q, key, KEY_SIZE);
    found = next_row(&q);
    return finish(&q) == OUTBOX_OK && found;
}

bool
outbox_trusts_any(struct outbox *outbox)
{
    struct query q = query(outbox, "SELECT 1 FROM server_key LIMIT 1");
    bool found = next_row(&q);

    return finish(&q) == OUTBOX_OK && found;
}

bool
outbox_key_replaced(struct outbox *outbox, const uint8_t key[KEY_SIZE], uint64_t *ret_since_ms)
{
    struct query q =
        query(outbox, "SELECT min(n.first_seen_ms) FROM server_key AS o"
                      " JOIN server_key AS n ON n.first_seen_ms > o.first_seen_ms WHERE o.key = ?");
    uint64_t since_ms = 0;

    bind_blob(&q, key, KEY_SIZE);
    if (next_row(&q))
        since_ms = (uint64_t)sqlite3_column_int64(q.stmt, 0);
    if (finish(&q) != OUTBOX_OK || since_ms == 0)
        return false;
    *ret_since_ms = since_ms;
    return true;
}

/* ---- agenda and catalogues ---------------------------------------------------------------------- */

enum outbox_status
outbox_agenda(struct outbox *outbox, uint8_t **ret_bytes, size_t *ret_len, uint64_t *ret_fetched_ms)
{
    struct query q = query(outbox, "SELECT bytes, fetched_ms FROM agenda");
    enum outbox_status status = OUTBOX_ABSENT;

    if (next_row(&q)) {
        *ret_fetched_ms = (uint64_t)sqlite3_column_int64(q.stmt, 1);
        status = copy_blob(&q, 0, ret_bytes, ret_len) ? OUTBOX_OK : OUTBOX_NOMEM;
    }
    return finish(&q) == OUTBOX_OK ? status : status_of(q.rc);
}

enum outbox_status
outbox_set_agenda(struct outbox *outbox, const uint8_t *bytes, size_t len, uint64_t fetched_ms)
{
    struct query q = query(outbox, "INSERT OR REPLACE INTO agenda (one, bytes, fetched_ms) VALUES (1, ?, ?)");

    bind_blob(&q, len == 0 ? (const void *)"" : bytes, len);
    bind_number(&q, fetched_ms);
    return execute(&q);
}

enum outbox_status
outbox_catalogue(struct outbox *outbox, const uint8_t hash[ID_SIZE], uint8_t **ret_bytes, size_t *ret_len)
{
    struct query q = query(outbox, "SELECT bytes FROM catalogue WHERE hash = ?");
    enum outbox_status status = OUTBOX_ABSENT;

    bind_blob(&q, hash, ID_SIZE);
    if (next_row(&q))
        status = copy_blob(&q, 0, ret_bytes, ret_len) ? OUTBOX_OK : OUTBOX_NOMEM;
    return finish(&q) == OUTBOX_OK ? status : status_of(q.rc);
}

enum outbox_status
outbox_add_catalogue(struct outbox *outbox, const uint8_t hash[ID_SIZE], const uint8_t *bytes, size_t len)
{
    struct query q = query(outbox, "INSERT OR IGNORE INTO catalogue (hash, bytes) VALUES (?, ?)");

    bind_blob(&q, hash, ID_SIZE);
    bind_blob(&q, bytes, len);
    return execute(&q);
}

/* ---- items -------------------------------------------------------------------------------------- */

static const char *const state_names[] = {
    [ITEM_WAITING] = "waiting",
    [ITEM_RECEIPTED] = "receipted",
    [ITEM_KEPT] = "kept",
    [ITEM_REFUSED] = "refused",
};

const char *
item_state_name(enum item_state state)
{
    return state_names[state];
}

static enum item_state
item_state_parse(const char *name)
{
    for (int state = ITEM_WAITING; state <= ITEM_REFUSED; state++)
        if (strcmp(state_names[state], name) == 0)
            return (enum item_state)state;
    assert(!"the table's CHECK lets no other state in");
    return ITEM_WAITING;
}

enum outbox_status
outbox_add(struct outbox *outbox, const struct item *item)
{
    struct query q = query(
        outbox,
        "INSERT INTO item (id, school, form, period, revision, previous, saved_ms, key, signature, statement)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    bind_blob(&q, item->id, ID_SIZE);
    bind_text(&q, item->school);
    bind_text(&q, item->form);
    bind_text(&q, item->period);
    bind_number(&q, item->revision);
    bind_blob(&q, item->has_previous ? item->previous : NULL, ID_SIZE);
    bind_number(&q, item->saved_ms);
    bind_blob(&q, item->key, KEY_SIZE);
    bind_blob(&q, item->signature, SIGNATURE_SIZE);
    bind_blob(&q, item->statement, item->statement_len);
    return execute(&q);
}

/* One statement, so that a refusal and its followers' are one fact. */
static enum outbox_status
refuse_followers(struct outbox *outbox, const uint8_t id[ID_SIZE], uint64_t decided_ms)
{
    struct query q =
        query(outbox, "WITH RECURSIVE follower (id) AS ("
                      "  SELECT id FROM item WHERE previous = ?1 AND state = 'waiting'"
                      "  UNION SELECT item.id FROM item JOIN follower ON item.previous = follower.id"
                      "         WHERE item.state = 'waiting')"
                      " UPDATE item SET state = 'refused', decided_ms = ?2, answer = NULL WHERE id IN "
                      "(SELECT id FROM follower)");

    bind_blob(&q, id, ID_SIZE);
    bind_number(&q, decided_ms);
    return execute(&q);
}

static enum outbox_status
decide_one(struct outbox *outbox, const uint8_t id[ID_SIZE], enum item_state state, uint64_t decided_ms,
           const uint8_t *answer, size_t answer_len)
{
    struct query q = query(
        outbox, "UPDATE item SET state = ?, decided_ms = ?, answer = ? WHERE id = ? AND state = 'waiting'");
    enum outbox_status status;

    bind_text(&q, state_names[state]);
    bind_number(&q, decided_ms);
    bind_blob(&q, answer, answer_len);
    bind_blob(&q, id, ID_SIZE);
    status = execute(&q);
    if (status == OUTBOX_OK && sqlite3_changes(outbox->db) == 0)
        return OUTBOX_ABSENT;
    return status;
}

enum outbox_status
outbox_remark(struct outbox *outbox, const uint8_t id[ID_SIZE], const uint8_t *answer, size_t answer_len)
{
    struct query q = query(outbox, "UPDATE item SET answer = ? WHERE id = ? AND state = 'waiting'");
    enum outbox_status status;

    bind_blob(&q, answer, answer_len);
    bind_blob(&q, id, ID_SIZE);
    status = execute(&q);
    if (status == OUTBOX_OK && sqlite3_changes(outbox->db) == 0)
        return OUTBOX_ABSENT;
    return status;
}

enum outbox_status
outbox_decide(struct outbox *outbox, const uint8_t id[ID_SIZE], enum item_state state, uint64_t decided_ms,
              const uint8_t *answer, size_t answer_len)
{
    enum outbox_status status = outbox_begin(outbox);

    assert(state != ITEM_WAITING);
    if (status != OUTBOX_OK)
        return status;
    status = decide_one(outbox, id, state, decided_ms, answer, answer_len);
    if (status == OUTBOX_OK && state == ITEM_REFUSED)
        status = refuse_followers(outbox, id, decided_ms);
    if (status == OUTBOX_OK)
        status = outbox_commit(outbox);
    if (status != OUTBOX_OK)
        outbox_undo(outbox);
    return status;
}

static bool
read_item(struct query *q, struct item *item)
{
    memset(item, 0, sizeof(*item));
    fixed_blob(q, 0, item->id, ID_SIZE);
    fixed_text(q, 1, item->school, sizeof(item->school));
    fixed_text(q, 2, item->form, sizeof(item->form));
    fixed_text(q, 3, item->period, sizeof(item->period));
    item->revision = (uint32_t)sqlite3_column_int64(q->stmt, 4);
    item->has_previous = sqlite3_column_type(q->stmt, 5) != SQLITE_NULL;
    fixed_blob(q, 5, item->previous, ID_SIZE);
    item->state = item_state_parse((const char *)sqlite3_column_text(q->stmt, 6));
    item->saved_ms = (uint64_t)sqlite3_column_int64(q->stmt, 7);
    item->decided_ms = (uint64_t)sqlite3_column_int64(q->stmt, 8);
    fixed_blob(q, 9, item->key, KEY_SIZE);
    fixed_blob(q, 10, item->signature, SIGNATURE_SIZE);
    return copy_blob(q, 11, &item->statement, &item->statement_len) &&
           copy_blob(q, 12, &item->answer, &item->answer_len);
}

static bool
append_item(struct query *q, struct items *items)
{
    struct item *list = realloc(items->list, (items->count + 1) * sizeof(*list));

    if (list == NULL)
        return false;
    items->list = list;
    return read_item(q, &list[items->count++]);
}

enum outbox_status
outbox_items(struct outbox *outbox, const struct item_filter *filter, struct items *ret_items)
{
    struct query q =
        query(outbox, "SELECT id, school, form, period, revision, previous, state, saved_ms, decided_ms, key,"
                      " signature, statement, answer FROM item"
                      " WHERE (?1 IS NULL OR school = ?1) AND (?2 IS NULL OR form = ?2)"
                      " AND (?3 IS NULL OR period = ?3) AND (?4 IS NULL OR state = ?4) ORDER BY number");
    struct items items = {0};
    bool memory = true;

    bind_text(&q, filter->school);
    bind_text(&q, filter->form);
    bind_text(&q, filter->period);
    bind_text(&q, filter->state == NULL ? NULL : state_names[*filter->state]);
    while (memory && next_row(&q))
        memory = append_item(&q, &items);
    if (finish(&q) == OUTBOX_OK && memory) {
        *ret_items = items;
        return OUTBOX_OK;
    }
    items_fini(&items);
    return memory ? status_of(q.rc) : OUTBOX_NOMEM;
}

void
items_fini(struct items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        free(items->list[i].statement);
        free(items->list[i].answer);
    }
    free(items->list);
    *items = (struct items){0};
}
