/* What the outbox holds: settings, identity and trust, agenda and catalogues, items. */
#include "outbox.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "outbox_query.h"

/* ---- settings, identity, trust ------------------------------------------------------------------ */

enum outbox_status
outbox_setting(struct outbox *outbox, const char *name, char **ret_value)
{
    struct query q = query_new(outbox, "SELECT value FROM setting WHERE name = ?");
    enum outbox_status status = OUTBOX_ABSENT;
    char *value = NULL;

    query_text(&q, name);
    if (query_row(&q))
        status = row_copy_text(&q, 0, &value) ? OUTBOX_OK : OUTBOX_NOMEM;
    if (query_end(&q) != OUTBOX_OK) {
        free(value);
        return outbox_status_of(q.rc);
    }
    if (status == OUTBOX_OK)
        *ret_value = value;
    return status;
}

enum outbox_status
outbox_set(struct outbox *outbox, const char *name, const char *value)
{
    struct query q = query_new(outbox, "INSERT INTO setting (name, value) VALUES (?, ?)"
                                       " ON CONFLICT (name) DO UPDATE SET value = excluded.value");

    query_text(&q, name);
    query_text(&q, value);
    return query_run(&q);
}

static const char *const identity_state_name[] = {
    [IDENTITY_PENDING] = "pending",
    [IDENTITY_ENROLLED] = "enrolled",
};

enum outbox_status
outbox_identity(struct outbox *outbox, enum identity_state state, struct identity *ret_identity)
{
    struct query q =
        query_new(outbox, "SELECT school, code, server, ca, key, secret FROM identity WHERE state = ?");
    enum outbox_status status = OUTBOX_ABSENT;
    struct identity identity = {0};

    query_text(&q, identity_state_name[state]);
    if (query_row(&q)) {
        row_text(&q, 0, identity.school, sizeof(identity.school));
        row_text(&q, 1, identity.code, sizeof(identity.code));
        row_blob(&q, 4, identity.key, KEY_SIZE);
        row_blob(&q, 5, identity.secret, SECRET_SIZE);
        status = row_copy_text(&q, 2, &identity.server) && row_copy_text(&q, 3, &identity.ca) ? OUTBOX_OK
                                                                                              : OUTBOX_NOMEM;
    }
    if (query_end(&q) != OUTBOX_OK)
        status = outbox_status_of(q.rc);
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
        query_new(outbox, "INSERT OR REPLACE INTO identity (state, school, code, server, ca, key, secret)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?)");

    query_text(&q, identity_state_name[state]);
    query_text(&q, identity->school);
    query_text(&q, identity->code);
    query_text(&q, identity->server);
    query_text(&q, identity->ca);
    query_blob(&q, identity->key, KEY_SIZE);
    query_blob(&q, identity->secret, SECRET_SIZE);
    return query_run(&q);
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
    q = query_new(outbox, "DELETE FROM identity WHERE state = 'pending' AND key = ?");
    query_blob(&q, identity->key, KEY_SIZE);
    return query_run(&q);
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
    struct query q = query_new(outbox, "INSERT OR IGNORE INTO server_key (key, first_seen_ms) VALUES (?, ?)");

    query_blob(&q, key, KEY_SIZE);
    query_number(&q, now_ms);
    return query_run(&q);
}

bool
outbox_trusts(struct outbox *outbox, const uint8_t key[KEY_SIZE])
{
    struct query q = query_new(outbox, "SELECT 1 FROM server_key WHERE key = ?");
    bool found;

    query_blob(&q, key, KEY_SIZE);
    found = query_row(&q);
    return query_end(&q) == OUTBOX_OK && found;
}

bool
outbox_trusts_any(struct outbox *outbox)
{
    struct query q = query_new(outbox, "SELECT 1 FROM server_key LIMIT 1");
    bool found = query_row(&q);

    return query_end(&q) == OUTBOX_OK && found;
}

bool
outbox_key_replaced(struct outbox *outbox, const uint8_t key[KEY_SIZE], uint64_t *ret_since_ms)
{
    struct query q =
        query_new(outbox, "SELECT min(n.first_seen_ms) FROM server_key AS o"
                          " JOIN server_key AS n ON n.first_seen_ms > o.first_seen_ms WHERE o.key = ?");
    uint64_t since_ms = 0;

    query_blob(&q, key, KEY_SIZE);
    if (query_row(&q))
        since_ms = (uint64_t)sqlite3_column_int64(q.stmt, 0);
    if (query_end(&q) != OUTBOX_OK || since_ms == 0)
        return false;
    *ret_since_ms = since_ms;
    return true;
}

/* ---- agenda and catalogues ---------------------------------------------------------------------- */

enum outbox_status
outbox_agenda(struct outbox *outbox, uint8_t **ret_bytes, size_t *ret_len, uint64_t *ret_fetched_ms)
{
    struct query q = query_new(outbox, "SELECT bytes, fetched_ms FROM agenda");
    enum outbox_status status = OUTBOX_ABSENT;

    if (query_row(&q)) {
        *ret_fetched_ms = (uint64_t)sqlite3_column_int64(q.stmt, 1);
        status = row_copy_blob(&q, 0, ret_bytes, ret_len) ? OUTBOX_OK : OUTBOX_NOMEM;
    }
    return query_end(&q) == OUTBOX_OK ? status : outbox_status_of(q.rc);
}

enum outbox_status
outbox_set_agenda(struct outbox *outbox, const uint8_t *bytes, size_t len, uint64_t fetched_ms)
{
    struct query q =
        query_new(outbox, "INSERT OR REPLACE INTO agenda (one, bytes, fetched_ms) VALUES (1, ?, ?)");

    query_blob(&q, len == 0 ? (const void *)"" : bytes, len);
    query_number(&q, fetched_ms);
    return query_run(&q);
}

enum outbox_status
outbox_catalogue(struct outbox *outbox, const uint8_t hash[ID_SIZE], uint8_t **ret_bytes, size_t *ret_len)
{
    struct query q = query_new(outbox, "SELECT bytes FROM catalogue WHERE hash = ?");
    enum outbox_status status = OUTBOX_ABSENT;

    query_blob(&q, hash, ID_SIZE);
    if (query_row(&q))
        status = row_copy_blob(&q, 0, ret_bytes, ret_len) ? OUTBOX_OK : OUTBOX_NOMEM;
    return query_end(&q) == OUTBOX_OK ? status : outbox_status_of(q.rc);
}

enum outbox_status
outbox_catalogue_beginning(struct outbox *outbox, const uint8_t *hash, size_t hash_len, uint8_t **ret_bytes,
                           size_t *ret_len)
{
    struct query q =
        query_new(outbox, "SELECT bytes FROM catalogue WHERE substr(hash, 1, ?1) = ?2 AND"
                          " (SELECT count(*) FROM catalogue WHERE substr(hash, 1, ?1) = ?2) = 1");
    enum outbox_status status = OUTBOX_ABSENT;

    query_number(&q, hash_len);
    query_blob(&q, hash, hash_len);
    if (query_row(&q))
        status = row_copy_blob(&q, 0, ret_bytes, ret_len) ? OUTBOX_OK : OUTBOX_NOMEM;
    return query_end(&q) == OUTBOX_OK ? status : outbox_status_of(q.rc);
}

enum outbox_status
outbox_add_catalogue(struct outbox *outbox, const uint8_t hash[ID_SIZE], const uint8_t *bytes, size_t len)
{
    struct query q = query_new(outbox, "INSERT OR IGNORE INTO catalogue (hash, bytes) VALUES (?, ?)");

    query_blob(&q, hash, ID_SIZE);
    query_blob(&q, bytes, len);
    return query_run(&q);
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
    struct query q = query_new(
        outbox,
        "INSERT INTO item (id, school, form, period, revision, previous, saved_ms, key, signature, statement)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    query_blob(&q, item->id, ID_SIZE);
    query_text(&q, item->school);
    query_text(&q, item->form);
    query_text(&q, item->period);
    query_number(&q, item->revision);
    query_blob(&q, item->has_previous ? item->previous : NULL, ID_SIZE);
    query_number(&q, item->saved_ms);
    query_blob(&q, item->key, KEY_SIZE);
    query_blob(&q, item->signature, SIGNATURE_SIZE);
    query_blob(&q, item->statement, item->statement_len);
    return query_run(&q);
}

/* One statement, so that a refusal and its followers' are one fact. */
static enum outbox_status
refuse_followers(struct outbox *outbox, const uint8_t id[ID_SIZE], uint64_t decided_ms)
{
    struct query q =
        query_new(outbox, "WITH RECURSIVE follower (id) AS ("
                          "  SELECT id FROM item WHERE previous = ?1 AND state = 'waiting'"
                          "  UNION SELECT item.id FROM item JOIN follower ON item.previous = follower.id"
                          "         WHERE item.state = 'waiting')"
                          " UPDATE item SET state = 'refused', decided_ms = ?2, answer = NULL WHERE id IN "
                          "(SELECT id FROM follower)");

    query_blob(&q, id, ID_SIZE);
    query_number(&q, decided_ms);
    return query_run(&q);
}

static enum outbox_status
decide_one(struct outbox *outbox, const uint8_t id[ID_SIZE], enum item_state state, uint64_t decided_ms,
           const uint8_t *answer, size_t answer_len)
{
    struct query q =
        query_new(outbox, "UPDATE item SET state = ?1, decided_ms = ?2, answer = ?3 WHERE id = ?4"
                          " AND (state = 'waiting' OR (state = 'kept' AND ?1 IN ('receipted', 'refused')))");
    enum outbox_status status;

    query_text(&q, state_names[state]);
    query_number(&q, decided_ms);
    query_blob(&q, answer, answer_len);
    query_blob(&q, id, ID_SIZE);
    status = query_run(&q);
    if (status == OUTBOX_OK && sqlite3_changes(outbox->db) == 0)
        return OUTBOX_ABSENT;
    return status;
}

bool
outbox_awaits(struct outbox *outbox, const uint8_t id[ID_SIZE])
{
    struct query q = query_new(outbox, "SELECT 1 FROM item WHERE id = ? AND state IN ('waiting', 'kept')");
    bool found;

    query_blob(&q, id, ID_SIZE);
    found = query_row(&q);
    return query_end(&q) == OUTBOX_OK && found;
}

enum outbox_status
outbox_remark(struct outbox *outbox, const uint8_t id[ID_SIZE], const uint8_t *answer, size_t answer_len)
{
    struct query q = query_new(outbox, "UPDATE item SET answer = ? WHERE id = ? AND state = 'waiting'");
    enum outbox_status status;

    query_blob(&q, answer, answer_len);
    query_blob(&q, id, ID_SIZE);
    status = query_run(&q);
    if (status == OUTBOX_OK && sqlite3_changes(outbox->db) == 0)
        return OUTBOX_ABSENT;
    return status;
}

enum outbox_status
outbox_set_arrival(struct outbox *outbox, const uint8_t id[ID_SIZE], uint64_t arrived_ms,
                   const uint8_t mac[MAC_SIZE])
{
    struct query q = query_new(outbox, "INSERT OR REPLACE INTO arrival (id, arrived_ms, mac)"
                                       " SELECT id, ?, ? FROM item WHERE id = ? AND state = 'waiting'");
    enum outbox_status status;

    query_number(&q, arrived_ms);
    query_blob(&q, mac, MAC_SIZE);
    query_blob(&q, id, ID_SIZE);
    status = query_run(&q);
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
    row_blob(q, 0, item->id, ID_SIZE);
    row_text(q, 1, item->school, sizeof(item->school));
    row_text(q, 2, item->form, sizeof(item->form));
    row_text(q, 3, item->period, sizeof(item->period));
    item->revision = (uint32_t)sqlite3_column_int64(q->stmt, 4);
    item->has_previous = sqlite3_column_type(q->stmt, 5) != SQLITE_NULL;
    row_blob(q, 5, item->previous, ID_SIZE);
    item->state = item_state_parse((const char *)sqlite3_column_text(q->stmt, 6));
    item->saved_ms = (uint64_t)sqlite3_column_int64(q->stmt, 7);
    item->decided_ms = (uint64_t)sqlite3_column_int64(q->stmt, 8);
    row_blob(q, 9, item->key, KEY_SIZE);
    row_blob(q, 10, item->signature, SIGNATURE_SIZE);
    item->arrived_ms = (uint64_t)sqlite3_column_int64(q->stmt, 13);
    row_blob(q, 14, item->arrival_mac, MAC_SIZE);
    return row_copy_blob(q, 11, &item->statement, &item->statement_len) &&
           row_copy_blob(q, 12, &item->answer, &item->answer_len);
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
    struct query q = query_new(
        outbox, "SELECT id, school, form, period, revision, previous, state, saved_ms, decided_ms, key,"
                " signature, statement, answer, arrived_ms, mac FROM item LEFT JOIN arrival USING (id)"
                " WHERE (?1 IS NULL OR school = ?1) AND (?2 IS NULL OR form = ?2)"
                " AND (?3 IS NULL OR period = ?3) AND (?4 IS NULL OR state = ?4) ORDER BY number");
    struct items items = {0};
    bool memory = true;

    query_text(&q, filter->school);
    query_text(&q, filter->form);
    query_text(&q, filter->period);
    query_text(&q, filter->state == NULL ? NULL : state_names[*filter->state]);
    while (memory && query_row(&q))
        memory = append_item(&q, &items);
    if (query_end(&q) == OUTBOX_OK && memory) {
        *ret_items = items;
        return OUTBOX_OK;
    }
    items_fini(&items);
    return memory ? outbox_status_of(q.rc) : OUTBOX_NOMEM;
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
