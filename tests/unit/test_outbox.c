/* outbox: what is stored stays, states move once and only forward, two openers at once, a file for nobody
 * else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "envelope.h"
#include "outbox.h"

struct home {
    char path[64];
    struct outbox *outbox;
};

static int
setup(void **state)
{
    struct home *home = calloc(1, sizeof(*home));

    strcpy(home->path, "/tmp/test-outbox-XXXXXX");
    if (mkdtemp(home->path) == NULL || !envelope_init())
        return 1;
    *state = home;
    return outbox_open(home->path, true, &home->outbox, NULL) != OUTBOX_OK;
}

static int
teardown(void **state)
{
    static const char *const files[] = {"outbox.db", "outbox.db-wal", "outbox.db-shm"};
    struct home *home = *state;
    char path[96];

    outbox_close(home->outbox);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", home->path, files[i]);
        unlink(path);
    }
    rmdir(home->path);
    free(home);
    return 0;
}

static struct item
item_of(uint8_t number, uint32_t revision, const struct item *previous)
{
    struct item item = {
        .school = "0012345", .form = "primary.monthly", .period = "2026-10", .revision = revision};

    memset(item.id, number, ID_SIZE);
    if (previous != NULL) {
        item.has_previous = true;
        memcpy(item.previous, previous->id, ID_SIZE);
    }
    item.saved_ms = 1000u + number;
    item.statement = (uint8_t *)"bytes\0 with NUL";
    item.statement_len = 15;
    return item;
}

static enum item_state
state_of(struct outbox *outbox, const struct item *item)
{
    const struct item_filter all = {0};
    enum item_state state = ITEM_WAITING;
    bool found = false;
    struct items items;

    assert_int_equal(outbox_items(outbox, &all, &items), OUTBOX_OK);
    for (size_t i = 0; i < items.count; i++)
        if (memcmp(items.list[i].id, item->id, ID_SIZE) == 0) {
            state = items.list[i].state;
            found = true;
        }
    items_fini(&items);
    assert_true(found);
    return state;
}

static void
codes_keep_their_zeros(void **state)
{
    struct home *home = *state;
    struct item item = item_of(1, 1, NULL);
    const struct item_filter filter = {.school = "0012345"}, other = {.school = "12345"};
    struct items items;

    assert_int_equal(outbox_add(home->outbox, &item), OUTBOX_OK);
    assert_int_equal(outbox_items(home->outbox, &filter, &items), OUTBOX_OK);
    assert_int_equal(items.count, 1);
    assert_string_equal(items.list[0].school, "0012345");
    assert_int_equal(items.list[0].statement_len, 15);
    assert_memory_equal(items.list[0].statement, item.statement, 15);
    assert_null(items.list[0].answer);
    items_fini(&items);
    assert_int_equal(outbox_items(home->outbox, &other, &items), OUTBOX_OK);
    assert_int_equal(items.count, 0);
    items_fini(&items);
}

static void
a_state_is_decided_once(void **state)
{
    struct home *home = *state;
    struct item item = item_of(1, 1, NULL);
    const uint8_t answer[] = {1, 2, 3};

    assert_int_equal(outbox_add(home->outbox, &item), OUTBOX_OK);
    assert_int_not_equal(outbox_add(home->outbox, &item), OUTBOX_OK); /* an id is there once */
    assert_int_equal(outbox_decide(home->outbox, item.id, ITEM_RECEIPTED, 5000, answer, 3), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, item.id, ITEM_REFUSED, 6000, answer, 3), OUTBOX_ABSENT);
    assert_int_equal(state_of(home->outbox, &item), ITEM_RECEIPTED);
}

static void
followers_fall_with_the_one_before(void **state)
{
    struct home *home = *state;
    struct item one = item_of(1, 1, NULL), two = item_of(2, 2, &one), three = item_of(3, 3, &two),
                other = item_of(9, 1, NULL);
    const uint8_t answer[] = {1};

    assert_int_equal(outbox_add(home->outbox, &one), OUTBOX_OK);
    assert_int_equal(outbox_add(home->outbox, &two), OUTBOX_OK);
    assert_int_equal(outbox_add(home->outbox, &three), OUTBOX_OK);
    assert_int_equal(outbox_add(home->outbox, &other), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, one.id, ITEM_REFUSED, 5000, answer, 1), OUTBOX_OK);
    assert_int_equal(state_of(home->outbox, &two), ITEM_REFUSED);
    assert_int_equal(state_of(home->outbox, &three), ITEM_REFUSED);
    assert_int_equal(state_of(home->outbox, &other), ITEM_WAITING);
}

/* An answer that decides nothing is kept while the item waits, and only then. */
static void
a_remark_decides_nothing(void **state)
{
    struct home *home = *state;
    struct item one = item_of(1, 1, NULL), two = item_of(2, 2, &one);
    const struct item_filter all = {0};
    const uint8_t remark[] = {9, 9}, answer[] = {1, 2, 3};
    struct items items;

    assert_int_equal(outbox_add(home->outbox, &one), OUTBOX_OK);
    assert_int_equal(outbox_add(home->outbox, &two), OUTBOX_OK);
    assert_int_equal(outbox_remark(home->outbox, one.id, answer, 3), OUTBOX_OK);
    assert_int_equal(outbox_remark(home->outbox, one.id, remark, 2), OUTBOX_OK);
    assert_int_equal(outbox_remark(home->outbox, two.id, remark, 2), OUTBOX_OK);
    assert_int_equal(outbox_items(home->outbox, &all, &items), OUTBOX_OK);
    assert_int_equal(items.list[0].state, ITEM_WAITING);
    assert_int_equal(items.list[0].answer_len, 2);
    items_fini(&items);
    assert_int_equal(outbox_decide(home->outbox, one.id, ITEM_REFUSED, 5000, answer, 3), OUTBOX_OK);
    assert_int_equal(outbox_remark(home->outbox, one.id, remark, 2), OUTBOX_ABSENT);
    assert_int_equal(outbox_items(home->outbox, &all, &items), OUTBOX_OK);
    assert_int_equal(items.list[0].answer_len, 3);
    assert_int_equal(items.list[1].state, ITEM_REFUSED);
    assert_null(items.list[1].answer); /* refused for the other's sake, not for what was remarked */
    items_fini(&items);
}

/* Even somebody with the file in his hands is stopped by the file itself. */
static void
facts_do_not_change(void **state)
{
    static const char *const crimes[] = {
        "UPDATE item SET statement = x'00'",      "DELETE FROM item",
        "UPDATE item SET state = 'waiting'",      "UPDATE item SET state = 'sent'",
        "INSERT INTO setting VALUES ('x', NULL)",
    };
    struct home *home = *state;
    struct item item = item_of(1, 1, NULL);
    const uint8_t answer[] = {1};
    char path[96];
    sqlite3 *db;

    assert_int_equal(outbox_add(home->outbox, &item), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, item.id, ITEM_RECEIPTED, 5000, answer, 1), OUTBOX_OK);
    snprintf(path, sizeof(path), "%s/outbox.db", home->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(crimes) / sizeof(crimes[0]); i++)
        assert_int_equal(sqlite3_exec(db, crimes[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

/* What the bureau decides of a kept report changes it once, and nothing else does. */
static void
a_kept_item_is_decided_once_more(void **state)
{
    static const char *const crimes[] = {
        "UPDATE item SET state = 'waiting' WHERE state = 'kept'",
        "UPDATE item SET answer = x'00' WHERE state = 'kept'",
        "UPDATE item SET state = 'receipted', statement = x'00' WHERE state = 'kept'",
        "UPDATE item SET state = 'receipted', id = randomblob(32) WHERE state = 'kept'",
    };
    struct home *home = *state;
    struct item admitted = item_of(1, 1, NULL), declined = item_of(2, 1, NULL),
                follower = item_of(3, 2, &declined);
    const uint8_t kept[] = {1}, decision[] = {2, 2};
    char path[96];
    sqlite3 *db;

    assert_int_equal(outbox_add(home->outbox, &admitted), OUTBOX_OK);
    assert_int_equal(outbox_add(home->outbox, &declined), OUTBOX_OK);
    assert_int_equal(outbox_add(home->outbox, &follower), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, admitted.id, ITEM_KEPT, 5000, kept, 1), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, declined.id, ITEM_KEPT, 5000, kept, 1), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, admitted.id, ITEM_KEPT, 6000, kept, 1), OUTBOX_ABSENT);
    snprintf(path, sizeof(path), "%s/outbox.db", home->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(crimes) / sizeof(crimes[0]); i++)
        assert_int_equal(sqlite3_exec(db, crimes[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
    assert_int_equal(outbox_decide(home->outbox, admitted.id, ITEM_RECEIPTED, 7000, decision, 2), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, declined.id, ITEM_REFUSED, 7000, decision, 2), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, admitted.id, ITEM_REFUSED, 8000, decision, 2),
                     OUTBOX_ABSENT);
    assert_int_equal(outbox_decide(home->outbox, declined.id, ITEM_RECEIPTED, 8000, decision, 2),
                     OUTBOX_ABSENT);
    assert_int_equal(state_of(home->outbox, &admitted), ITEM_RECEIPTED);
    assert_int_equal(state_of(home->outbox, &declined), ITEM_REFUSED);
    assert_int_equal(state_of(home->outbox, &follower), ITEM_REFUSED); /* it would have waited for ever */
}

/* ---- what the centre says ----------------------------------------------------------------------- */

static struct holding
holding_of(uint8_t number, uint32_t revision)
{
    struct holding h = {
        .school = "0012345", .form = "primary.monthly", .period = "2026-10", .revision = revision};

    memset(h.id, number, ID_SIZE);
    h.received_ms = 4000u + number;
    h.statement = (uint8_t *)"signed";
    h.statement_len = 6;
    return h;
}

static void
holdings_are_kept_by_slot(void **state)
{
    struct home *home = *state;
    struct holding two = holding_of(2, 2), one = holding_of(1, 1);
    uint8_t unknown[ID_SIZE] = {9};
    struct holdings got;

    assert_int_equal(outbox_add_holding(home->outbox, &two), OUTBOX_OK);
    assert_int_equal(outbox_add_holding(home->outbox, &one), OUTBOX_OK);
    assert_int_equal(outbox_acknowledge(home->outbox, two.id), OUTBOX_OK);
    assert_int_equal(outbox_add_holding(home->outbox, &two),
                     OUTBOX_OK); /* fetched again: still acknowledged */
    assert_int_equal(outbox_acknowledge(home->outbox, unknown), OUTBOX_ABSENT);
    assert_int_equal(outbox_holdings(home->outbox, "0012345", NULL, "2026-10", &got), OUTBOX_OK);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.list[0].revision, 1);
    assert_false(got.list[0].acknowledged);
    assert_int_equal(got.list[1].revision, 2);
    assert_true(got.list[1].acknowledged);
    assert_int_equal(got.list[1].received_ms, 4002);
    assert_memory_equal(got.list[1].statement, "signed", 6);
    holdings_fini(&got);
    assert_int_equal(outbox_holdings(home->outbox, "0012345", "junior.monthly", NULL, &got), OUTBOX_OK);
    assert_int_equal(got.count, 0);
    holdings_fini(&got);
}

static size_t
notes_open(struct outbox *outbox)
{
    struct notices got;
    size_t count;

    assert_int_equal(outbox_notices(outbox, &got), OUTBOX_OK);
    count = got.count;
    notices_fini(&got);
    return count;
}

/* A note stays until a correction is accepted, from wherever, or the centre no longer says it. */
static void
a_note_stays_until_it_is_answered(void **state)
{
    struct home *home = *state;
    struct item first = item_of(1, 1, NULL), correction = item_of(2, 2, &first);
    struct holding elsewhere = holding_of(7, 2);
    struct notice list[2] = {
        {.school = "0012345", .form = "primary.monthly", .period = "2026-10", .revision = 1},
        {.school = "0012345", .form = "primary.monthly", .period = "2026-09", .revision = 1}};
    struct notices notices = {list, 2}, none = {NULL, 0};
    const uint8_t answer[] = {1};

    memset(list[0].id, 1, ID_SIZE);
    memset(list[1].id, 5, ID_SIZE);
    strcpy(list[0].note, "班级数与学生数不符");
    assert_int_equal(outbox_set_notices(home->outbox, &notices, true), OUTBOX_OK);
    assert_int_equal(notes_open(home->outbox), 2);
    assert_int_equal(outbox_add(home->outbox, &first), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, first.id, ITEM_RECEIPTED, 1, answer, 1), OUTBOX_OK);
    assert_int_equal(outbox_add(home->outbox, &correction), OUTBOX_OK);
    assert_int_equal(notes_open(home->outbox), 2); /* it waits still */
    assert_int_equal(outbox_decide(home->outbox, correction.id, ITEM_RECEIPTED, 2, answer, 1), OUTBOX_OK);
    assert_int_equal(notes_open(home->outbox), 1);
    strcpy(elsewhere.period, "2026-09");
    assert_int_equal(outbox_add_holding(home->outbox, &elsewhere), OUTBOX_OK);
    assert_int_equal(notes_open(home->outbox), 0);
    list[1].revision = 3;
    assert_int_equal(outbox_set_notices(home->outbox, &notices, false), OUTBOX_OK);
    assert_int_equal(notes_open(home->outbox), 1);
    assert_int_equal(outbox_set_notices(home->outbox, &none, false), OUTBOX_OK);
    assert_int_equal(notes_open(home->outbox), 1); /* the list was cut: silence says nothing */
    assert_int_equal(outbox_set_notices(home->outbox, &none, true), OUTBOX_OK);
    assert_int_equal(notes_open(home->outbox), 0);
}

/* The server's proof that an item came: kept over a restart, replaced by the next, for what waits only. */
static void
what_proves_that_it_came_stays(void **state)
{
    struct home *home = *state;
    struct item item = item_of(1, 1, NULL);
    const uint8_t answer[] = {1}, mac[MAC_SIZE] = {5}, newer[MAC_SIZE] = {6};
    struct items items;

    assert_int_equal(outbox_set_arrival(home->outbox, item.id, 4000, mac), OUTBOX_ABSENT);
    assert_int_equal(outbox_add(home->outbox, &item), OUTBOX_OK);
    assert_int_equal(outbox_items(home->outbox, &(struct item_filter){0}, &items), OUTBOX_OK);
    assert_int_equal(items.list[0].arrived_ms, 0);
    items_fini(&items);
    assert_int_equal(outbox_set_arrival(home->outbox, item.id, 4000, mac), OUTBOX_OK);
    assert_int_equal(outbox_set_arrival(home->outbox, item.id, 4001, newer), OUTBOX_OK);
    outbox_close(home->outbox);
    assert_int_equal(outbox_open(home->path, false, &home->outbox, NULL), OUTBOX_OK);
    assert_int_equal(outbox_items(home->outbox, &(struct item_filter){0}, &items), OUTBOX_OK);
    assert_int_equal(items.count, 1);
    assert_int_equal(items.list[0].arrived_ms, 4001);
    assert_memory_equal(items.list[0].arrival_mac, newer, MAC_SIZE);
    items_fini(&items);
    assert_int_equal(outbox_decide(home->outbox, item.id, ITEM_RECEIPTED, 6000, answer, 1), OUTBOX_OK);
    assert_int_equal(outbox_set_arrival(home->outbox, item.id, 4002, mac), OUTBOX_ABSENT);
}

/* A file of the first version, with all that a desk had in it, goes on in place. */
static void
a_file_of_the_first_version_goes_on(void **state)
{
    struct home *home = *state;
    struct item kept = item_of(1, 1, NULL);
    const uint8_t answer[] = {1};
    struct holding h = holding_of(3, 1);
    char path[96], *value = NULL;
    sqlite3 *db;

    assert_int_equal(outbox_set(home->outbox, "filler", "王芳"), OUTBOX_OK);
    assert_int_equal(outbox_add(home->outbox, &kept), OUTBOX_OK);
    assert_int_equal(outbox_decide(home->outbox, kept.id, ITEM_KEPT, 5000, answer, 1), OUTBOX_OK);
    outbox_close(home->outbox);
    home->outbox = NULL;
    snprintf(path, sizeof(path), "%s/outbox.db", home->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    /* as version 1 had it */
    assert_int_equal(
        sqlite3_exec(
            db,
            "DROP TABLE arrival; DROP TABLE holding; DROP TABLE notice; DROP TRIGGER item_decided_once;"
            "CREATE TRIGGER item_decided_once BEFORE UPDATE ON item WHEN old.state <> 'waiting' OR"
            " new.statement IS NOT old.statement"
            "  BEGIN SELECT RAISE(ABORT, 'a decided item never changes'); END;"
            "PRAGMA user_version = 1;",
            NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(outbox_open(home->path, false, &home->outbox, NULL), OUTBOX_OK);
    assert_int_equal(outbox_setting(home->outbox, "filler", &value), OUTBOX_OK);
    assert_string_equal(value, "王芳");
    free(value);
    assert_int_equal(state_of(home->outbox, &kept), ITEM_KEPT);
    assert_int_equal(outbox_add_holding(home->outbox, &h), OUTBOX_OK);
    assert_int_equal(notes_open(home->outbox), 0);
    assert_int_equal(outbox_decide(home->outbox, kept.id, ITEM_RECEIPTED, 6000, answer, 1), OUTBOX_OK);
    outbox_close(home->outbox);
    home->outbox = NULL;
    assert_int_equal(outbox_open(home->path, false, &home->outbox, NULL), OUTBOX_OK); /* and once more */
    assert_int_equal(state_of(home->outbox, &kept), ITEM_RECEIPTED);
}

static void
a_catalogue_is_found_by_its_beginning(void **state)
{
    struct home *home = *state;
    uint8_t one[ID_SIZE] = {1, 2, 3, 4, 5}, two[ID_SIZE] = {1, 2, 3, 4, 6}, *bytes = NULL;
    size_t len = 0;

    assert_int_equal(outbox_add_catalogue(home->outbox, one, (const uint8_t *)"a", 1), OUTBOX_OK);
    assert_int_equal(outbox_catalogue_beginning(home->outbox, one, 4, &bytes, &len), OUTBOX_OK);
    assert_int_equal(len, 1);
    free(bytes);
    assert_int_equal(outbox_add_catalogue(home->outbox, two, (const uint8_t *)"b", 1), OUTBOX_OK);
    assert_int_equal(outbox_catalogue_beginning(home->outbox, one, 4, &bytes, &len), OUTBOX_ABSENT);
    assert_int_equal(outbox_catalogue_beginning(home->outbox, two + 1, 4, &bytes, &len), OUTBOX_ABSENT);
}

/* ---- identity and settings ---------------------------------------------------------------------- */

static uint8_t
key_of(struct outbox *outbox, enum identity_state state)
{
    struct identity identity;
    uint8_t first;

    if (outbox_identity(outbox, state, &identity) != OUTBOX_OK)
        return 0;
    first = identity.key[0];
    identity_fini(&identity);
    return first;
}

static void
pending_becomes_enrolled(void **state)
{
    struct home *home = *state;
    struct identity a = {.school = "0012345",
                         .code = "ABCDEFGHJKMN",
                         .server = (char *)"h:1",
                         .ca = (char *)"pem"},
                    b = a;
    struct identity got;

    memset(a.key, 7, KEY_SIZE);
    memset(a.secret, 8, SECRET_SIZE);
    memset(b.key, 9, KEY_SIZE);
    assert_int_equal(outbox_set_pending(home->outbox, &a), OUTBOX_OK);
    assert_int_equal(key_of(home->outbox, IDENTITY_ENROLLED), 0);
    assert_int_equal(outbox_enrolled(home->outbox, &a), OUTBOX_OK);
    assert_int_equal(key_of(home->outbox, IDENTITY_PENDING), 0);
    assert_int_equal(outbox_identity(home->outbox, IDENTITY_ENROLLED, &got), OUTBOX_OK);
    assert_memory_equal(got.secret, a.secret, SECRET_SIZE);
    assert_string_equal(got.server, "h:1");
    identity_fini(&got);

    /* A second enrolment replaces the first only when it has succeeded; the answer to another one does not
     * help it. */
    assert_int_equal(outbox_set_pending(home->outbox, &b), OUTBOX_OK);
    assert_int_equal(key_of(home->outbox, IDENTITY_ENROLLED), 7);
    assert_int_equal(outbox_enrolled(home->outbox, &a), OUTBOX_OK);
    assert_int_equal(key_of(home->outbox, IDENTITY_ENROLLED), 7);
    assert_int_equal(key_of(home->outbox, IDENTITY_PENDING), 9);
    assert_int_equal(outbox_enrolled(home->outbox, &b), OUTBOX_OK);
    assert_int_equal(key_of(home->outbox, IDENTITY_ENROLLED), 9);
}

static void
settings_and_trust(void **state)
{
    struct home *home = *state;
    uint8_t key[KEY_SIZE] = {1}, stranger[KEY_SIZE] = {2};
    char *value = NULL;

    assert_int_equal(outbox_setting(home->outbox, "filler", &value), OUTBOX_ABSENT);
    assert_int_equal(outbox_set(home->outbox, "filler", "王芳"), OUTBOX_OK);
    assert_int_equal(outbox_set(home->outbox, "filler", "李强"), OUTBOX_OK);
    assert_int_equal(outbox_setting(home->outbox, "filler", &value), OUTBOX_OK);
    assert_string_equal(value, "李强");
    free(value);
    assert_int_equal(outbox_trust(home->outbox, key, 1), OUTBOX_OK);
    assert_int_equal(outbox_trust(home->outbox, key, 2), OUTBOX_OK);
    assert_true(outbox_trusts(home->outbox, key));
    assert_false(outbox_trusts(home->outbox, stranger));
}

static void
the_file_is_for_nobody_else(void **state)
{
    struct home *home = *state;
    char path[96];
    struct stat st;

    snprintf(path, sizeof(path), "%s/outbox.db", home->path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(outbox_set(home->outbox, "a", "b"), OUTBOX_OK); /* the log exists now */
    snprintf(path, sizeof(path), "%s/outbox.db-wal", home->path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void
a_newer_file_is_left_alone(void **state)
{
    struct home *home = *state;
    struct outbox *again = NULL;
    char path[96], error[160];
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/outbox.db", home->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(outbox_open(home->path, true, &again, error), OUTBOX_NEWER);
    assert_null(again);
}

static void
nothing_is_made_unasked(void **state)
{
    struct outbox *outbox = NULL;
    char error[160];

    (void)state;
    assert_int_equal(outbox_open("/tmp/test-outbox-that-is-not-there", false, &outbox, error), OUTBOX_ABSENT);
    assert_int_equal(outbox_open("/proc/self/outbox", true, &outbox, error), OUTBOX_IO);
    assert_null(outbox);
}

/* A writer waits for the other's transaction; what the dead one had not committed is not there. */
static void
a_killed_writer_leaves_nothing_half_done(void **state)
{
    struct home *home = *state;
    int ready[2];
    pid_t child;
    char byte, *value = NULL;

    assert_int_equal(outbox_set(home->outbox, "name", "before"), OUTBOX_OK);
    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct outbox *mine = NULL;

        if (outbox_open(home->path, false, &mine, NULL) != OUTBOX_OK || outbox_begin(mine) != OUTBOX_OK ||
            outbox_set(mine, "name", "half") != OUTBOX_OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    assert_int_equal(outbox_setting(home->outbox, "name", &value), OUTBOX_OK);
    assert_string_equal(value, "before");
    free(value);
    assert_int_equal(outbox_set(home->outbox, "name", "after"), OUTBOX_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(codes_keep_their_zeros, setup, teardown),
        cmocka_unit_test_setup_teardown(a_state_is_decided_once, setup, teardown),
        cmocka_unit_test_setup_teardown(followers_fall_with_the_one_before, setup, teardown),
        cmocka_unit_test_setup_teardown(a_remark_decides_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(facts_do_not_change, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kept_item_is_decided_once_more, setup, teardown),
        cmocka_unit_test_setup_teardown(holdings_are_kept_by_slot, setup, teardown),
        cmocka_unit_test_setup_teardown(a_note_stays_until_it_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_of_the_first_version_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(what_proves_that_it_came_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_catalogue_is_found_by_its_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(pending_becomes_enrolled, setup, teardown),
        cmocka_unit_test_setup_teardown(settings_and_trust, setup, teardown),
        cmocka_unit_test_setup_teardown(the_file_is_for_nobody_else, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_file_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_made_unasked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_killed_writer_leaves_nothing_half_done, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
