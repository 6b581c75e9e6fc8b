/* What the outbox holds of what the centre said: reports that it holds, and notes about reports. */
#include <stdlib.h>

#include "outbox_query.h"

/* ---- holdings ----------------------------------------------------------------------------------- */

enum outbox_status
outbox_add_holding(struct outbox *outbox, const struct holding *h)
{
    struct query q = query_new(outbox, "INSERT INTO holding (id, school, form, period, revision,"
                                       " received_ms, key, signature, statement)"
                                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING");

    query_blob(&q, h->id, ID_SIZE);
    query_text(&q, h->school);
    query_text(&q, h->form);
    query_text(&q, h->period);
    query_number(&q, h->revision);
    query_number(&q, h->received_ms);
    query_blob(&q, h->key, KEY_SIZE);
    query_blob(&q, h->signature, SIGNATURE_SIZE);
    query_blob(&q, h->statement, h->statement_len);
    return query_run(&q);
}

enum outbox_status
outbox_acknowledge(struct outbox *outbox, const uint8_t id[ID_SIZE])
{
    struct query q = query_new(outbox, "UPDATE holding SET acknowledged = 1 WHERE id = ?");
    enum outbox_status status;

    query_blob(&q, id, ID_SIZE);
    status = query_run(&q);
    if (status == OUTBOX_OK && sqlite3_changes(outbox->db) == 0)
        return OUTBOX_ABSENT;
    return status;
}

static bool
append_holding(struct query *q, struct holdings *holdings)
{
    struct holding *list = realloc(holdings->list, (holdings->count + 1) * sizeof(*list)), *h;

    if (list == NULL)
        return false;
    holdings->list = list;
    h = &list[holdings->count++];
    *h = (struct holding){.revision = (uint32_t)sqlite3_column_int64(q->stmt, 4),
                          .received_ms = (uint64_t)sqlite3_column_int64(q->stmt, 5),
                          .acknowledged = sqlite3_column_int(q->stmt, 9) != 0};
    row_blob(q, 0, h->id, ID_SIZE);
    row_text(q, 1, h->school, sizeof(h->school));
    row_text(q, 2, h->form, sizeof(h->form));
    row_text(q, 3, h->period, sizeof(h->period));
    row_blob(q, 6, h->key, KEY_SIZE);
    row_blob(q, 7, h->signature, SIGNATURE_SIZE);
    return row_copy_blob(q, 8, &h->statement, &h->statement_len);
}

enum outbox_status
outbox_holdings(struct outbox *outbox, const char *school, const char *form, const char *period,
                struct holdings *ret_holdings)
{
    struct query q =
        query_new(outbox, "SELECT id, school, form, period, revision, received_ms, key, signature, statement,"
                          " acknowledged FROM holding"
                          " WHERE (?1 IS NULL OR school = ?1) AND (?2 IS NULL OR form = ?2)"
                          " AND (?3 IS NULL OR period = ?3) ORDER BY school, form, period, revision");
    struct holdings holdings = {0};
    bool memory = true;

    query_text(&q, school);
    query_text(&q, form);
    query_text(&q, period);
    while (memory && query_row(&q))
        memory = append_holding(&q, &holdings);
    if (query_end(&q) == OUTBOX_OK && memory) {
        *ret_holdings = holdings;
        return OUTBOX_OK;
    }
    holdings_fini(&holdings);
    return memory ? outbox_status_of(q.rc) : OUTBOX_NOMEM;
}

void
holdings_fini(struct holdings *holdings)
{
    for (size_t i = 0; i < holdings->count; i++)
        free(holdings->list[i].statement);
    free(holdings->list);
    *holdings = (struct holdings){0};
}

/* ---- notices ------------------------------------------------------------------------------------ */

static enum outbox_status
set_notice(struct outbox *outbox, const struct notice *n)
{
    struct query q =
        query_new(outbox, "INSERT OR REPLACE INTO notice (id, school, form, period, revision, at_ms, note)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?)");

    query_blob(&q, n->id, ID_SIZE);
    query_text(&q, n->school);
    query_text(&q, n->form);
    query_text(&q, n->period);
    query_number(&q, n->revision);
    query_number(&q, n->at_ms);
    query_text(&q, n->note);
    return query_run(&q);
}

enum outbox_status
outbox_set_notices(struct outbox *outbox, const struct notices *notices, bool whole)
{
    enum outbox_status status = whole ? outbox_run(outbox, "DELETE FROM notice") : OUTBOX_OK;

    for (size_t i = 0; i < notices->count && status == OUTBOX_OK; i++)
        status = set_notice(outbox, &notices->list[i]);
    return status;
}

static bool
append_notice(struct query *q, struct notices *notices)
{
    struct notice *list = realloc(notices->list, (notices->count + 1) * sizeof(*list)), *n;

    if (list == NULL)
        return false;
    notices->list = list;
    n = &list[notices->count++];
    *n = (struct notice){.revision = (uint32_t)sqlite3_column_int64(q->stmt, 4),
                         .at_ms = (uint64_t)sqlite3_column_int64(q->stmt, 5)};
    row_blob(q, 0, n->id, ID_SIZE);
    row_text(q, 1, n->school, sizeof(n->school));
    row_text(q, 2, n->form, sizeof(n->form));
    row_text(q, 3, n->period, sizeof(n->period));
    row_text(q, 6, n->note, sizeof(n->note));
    return true;
}

enum outbox_status
outbox_notices(struct outbox *outbox, struct notices *ret_notices)
{
    struct query q = query_new(
        outbox, "SELECT id, school, form, period, revision, at_ms, note FROM notice AS n"
                " WHERE NOT EXISTS (SELECT 1 FROM item AS i WHERE i.school = n.school AND i.form = n.form"
                "   AND i.period = n.period AND i.revision > n.revision AND i.state = 'receipted')"
                " AND NOT EXISTS (SELECT 1 FROM holding AS h WHERE h.school = n.school AND h.form = n.form"
                "   AND h.period = n.period AND h.revision > n.revision)"
                " ORDER BY at_ms, id");
    struct notices notices = {0};
    bool memory = true;

    while (memory && query_row(&q))
        memory = append_notice(&q, &notices);
    if (query_end(&q) == OUTBOX_OK && memory) {
        *ret_notices = notices;
        return OUTBOX_OK;
    }
    notices_fini(&notices);
    return memory ? outbox_status_of(q.rc) : OUTBOX_NOMEM;
}

void
notices_fini(struct notices *notices)
{
    free(notices->list);
    *notices = (struct notices){0};
}
