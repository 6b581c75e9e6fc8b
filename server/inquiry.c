#include "inquiry.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "log.h"
#include "yuebao.pb-c.h"

struct inquiry {
    struct ask ask; /* first */
    inquiry_done *done;
    struct inquirer inquirer;
    uint8_t *packed; /* the answer, malloc'd; NULL until it is read */
    size_t packed_len;

    /* for notices */
    int32_t schools[REGISTRY_SIBLINGS_MAX];
    size_t n_schools;

    /* for a holding */
    int32_t school_id;
    int16_t form_id;
    struct period period;
    char school[SCHOOL_CODE_MAX + 1], form[FORM_CODE_MAX + 1], period_text[PERIOD_TEXT_MAX + 1];
};

static uint8_t *
pack(const ProtobufCMessage *message, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(len > 0 ? len : 1);

    if (bytes != NULL)
        *ret_len = protobuf_c_message_pack(message, bytes);
    return bytes;
}

static ProtobufCBinaryData
bytes_at(const PGresult *r, int row, int field)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)PQgetvalue(r, row, field),
                                 .len = (size_t)PQgetlength(r, row, field)};
}

/* ---- notices ------------------------------------------------------------------------------------ */

/*
 * Returned: the newest word about the newest revision. Decisions: all. One more than an answer may have, to
 * know that there are more.
 */
#define SQL_NOTICES                                                                                          \
    "SELECT n.at, n.id, s.code, f.code, yuebao.period_text(n.period, f.frequency), n.revision, n.note,"      \
    " n.answer FROM ("                                                                                       \
    "(SELECT v.made_at AS at, p.id, v.school, v.form, v.period, v.revision, v.note, NULL::bytea AS answer"   \
    " FROM yuebao.review AS v JOIN yuebao.report AS p ON p.district = v.district AND p.period = v.period"    \
    " AND p.school = v.school AND p.form = v.form AND p.revision = v.revision"                               \
    " WHERE v.school = ANY ($1::int4[]) AND v.verdict = 'returned'"                                          \
    " AND NOT EXISTS (SELECT FROM yuebao.review AS w WHERE w.district = v.district AND w.period = v.period"  \
    " AND w.school = v.school AND w.form = v.form AND w.revision = v.revision AND w.review > v.review)"      \
    " AND NOT EXISTS (SELECT FROM yuebao.report AS q WHERE q.district = v.district AND q.period = v.period"  \
    " AND q.school = v.school AND q.form = v.form AND q.revision > v.revision)"                              \
    " ORDER BY v.made_at DESC LIMIT $2::int8)"                                                               \
    " UNION ALL "                                                                                            \
    "(SELECT d.decided_at, d.id, d.school, d.form, d.period, k.revision, '', d.answer"                       \
    " FROM yuebao.decision AS d JOIN yuebao.kept AS k ON k.district = d.district AND k.period = d.period"    \
    " AND k.school = d.school AND k.form = d.form AND k.id = d.id"                                           \
    " WHERE d.school = ANY ($1::int4[]) ORDER BY d.decided_at DESC LIMIT $2::int8)"                          \
    ") AS n JOIN yuebao.school AS s ON s.school = n.school JOIN yuebao.form AS f ON f.form = n.form"         \
    " ORDER BY n.at DESC LIMIT $2::int8"

enum notice_column {
    NOTICE_AT,
    NOTICE_ID,
    NOTICE_SCHOOL,
    NOTICE_FORM,
    NOTICE_PERIOD,
    NOTICE_REVISION,
    NOTICE_NOTE,
    NOTICE_ANSWER
};

/* Everything that the message points to while it is packed. */
struct notices {
    Yuebao__Notices message;
    Yuebao__Notice notice[NOTICES_MAX], *notice_at[NOTICES_MAX];
    Yuebao__Returned returned[NOTICES_MAX];
};

static void
write_schools(const struct ask *ask, struct link_arguments *a)
{
    const struct inquiry *q = (const struct inquiry *)ask;
    struct binary *schools = link_argument(a);

    binary_array(schools, BINARY_INT4, q->n_schools);
    for (size_t i = 0; i < q->n_schools; i++)
        binary_int4(schools, q->schools[i]);
    binary_raw64(link_argument(a), NOTICES_MAX + 1);
}

/* false: the decision in the table is no Answer, so there is nothing to tell. */
static bool
put_decision(Yuebao__Notice *notice, const PGresult *rows, int row)
{
    ProtobufCBinaryData answer = bytes_at(rows, row, NOTICE_ANSWER);

    notice->about_case = YUEBAO__NOTICE__ABOUT_DECISION;
    notice->decision = yuebao__answer__unpack(NULL, answer.len, answer.data);
    if (notice->decision == NULL)
        log_event(LOG_ERROR, "decision_unreadable", "school", notice->school, "form", notice->form, "period",
                  notice->period, NULL);
    return notice->decision != NULL;
}

static void
put_notice(struct notices *n, const PGresult *rows, int row)
{
    size_t at = n->message.n_notice;
    Yuebao__Notice *m = &n->notice[at];

    yuebao__notice__init(m);
    m->id = bytes_at(rows, row, NOTICE_ID);
    m->school = PQgetvalue(rows, row, NOTICE_SCHOOL);
    m->form = PQgetvalue(rows, row, NOTICE_FORM);
    m->period = PQgetvalue(rows, row, NOTICE_PERIOD);
    m->revision = (uint32_t)binary_get32(PQgetvalue(rows, row, NOTICE_REVISION));
    m->at_ms = binary_get_instant(PQgetvalue(rows, row, NOTICE_AT));
    if (PQgetisnull(rows, row, NOTICE_ANSWER)) {
        yuebao__returned__init(&n->returned[at]);
        n->returned[at].note = PQgetvalue(rows, row, NOTICE_NOTE);
        m->about_case = YUEBAO__NOTICE__ABOUT_RETURNED;
        m->returned = &n->returned[at];
    } else if (!put_decision(m, rows, row)) {
        return;
    }
    n->notice_at[n->message.n_notice++] = m;
}

/* The oldest go, until the rest fits. */
static void
fit_notices(Yuebao__Notices *message)
{
    while (yuebao__notices__get_packed_size(message) > INQUIRY_BYTES_MAX) {
        message->more = true;
        message->n_notice--;
    }
}

static void
free_decisions(struct notices *n)
{
    for (size_t i = 0; i < NOTICES_MAX; i++)
        if (n->notice[i].about_case == YUEBAO__NOTICE__ABOUT_DECISION && n->notice[i].decision != NULL)
            yuebao__answer__free_unpacked(n->notice[i].decision, NULL);
}

static void
read_notices(struct ask *ask, const PGresult *rows)
{
    struct inquiry *q = (struct inquiry *)ask;
    struct notices *n = calloc(1, sizeof(*n));

    if (n == NULL)
        return;
    yuebao__notices__init(&n->message);
    n->message.notice = n->notice_at;
    n->message.more = PQntuples(rows) > (int)NOTICES_MAX;
    for (int row = 0; row < PQntuples(rows) && row < (int)NOTICES_MAX; row++)
        put_notice(n, rows, row);
    fit_notices(&n->message);
    q->packed = pack(&n->message.base, &q->packed_len);
    free_decisions(n);
    free(n);
}

/* ---- what the centre holds ---------------------------------------------------------------------- */

#define SQL_HOLDING                                                                                          \
    "SELECT p.revision, p.id, p.received_at, p.envelope FROM yuebao.report AS p"                             \
    " WHERE p.district = (SELECT m.district FROM yuebao.school_district AS m WHERE m.school = $1::int4"      \
    " AND m.valid_from <= $4::date ORDER BY m.valid_from DESC LIMIT 1)"                                      \
    " AND p.period = $3::date AND p.school = $1::int4 AND p.form = $2::int2 ORDER BY p.revision DESC LIMIT " \
    "1"

enum holding_column { HOLDING_REVISION, HOLDING_ID, HOLDING_RECEIVED, HOLDING_ENVELOPE };

static void
write_slot(const struct ask *ask, struct link_arguments *a)
{
    const struct inquiry *q = (const struct inquiry *)ask;

    binary_raw32(link_argument(a), q->school_id);
    binary_raw16(link_argument(a), q->form_id);
    binary_raw_date(link_argument(a), q->period.first_day);
    binary_raw_date(link_argument(a), period_last_day(q->period));
}

static Yuebao__Holding
holding_of(const char *school, const char *form, const char *period)
{
    Yuebao__Holding holding = YUEBAO__HOLDING__INIT;

    holding.school = (char *)(uintptr_t)school;
    holding.form = (char *)(uintptr_t)form;
    holding.period = (char *)(uintptr_t)period;
    return holding;
}

/* With its envelope, or without when they do not fit together. */
static uint8_t *
pack_held(Yuebao__Holding *holding, ProtobufCBinaryData envelope, size_t *ret_len)
{
    Yuebao__Envelope *unpacked = yuebao__envelope__unpack(NULL, envelope.len, envelope.data);
    uint8_t *packed = NULL;

    if (unpacked == NULL)
        return NULL;
    holding->envelope = unpacked;
    if (yuebao__holding__get_packed_size(holding) > INQUIRY_BYTES_MAX)
        holding->envelope = NULL;
    packed = pack(&holding->base, ret_len);
    yuebao__envelope__free_unpacked(unpacked, NULL);
    return packed;
}

static void
read_holding(struct ask *ask, const PGresult *rows)
{
    struct inquiry *q = (struct inquiry *)ask;
    Yuebao__Holding holding = holding_of(q->school, q->form, q->period_text);

    if (PQntuples(rows) == 0) {
        q->packed = pack(&holding.base, &q->packed_len);
        return;
    }
    holding.revision = (uint32_t)binary_get32(PQgetvalue(rows, 0, HOLDING_REVISION));
    holding.id = bytes_at(rows, 0, HOLDING_ID);
    holding.received_ms = binary_get_instant(PQgetvalue(rows, 0, HOLDING_RECEIVED));
    q->packed = pack_held(&holding, bytes_at(rows, 0, HOLDING_ENVELOPE), &q->packed_len);
}

uint8_t *
inquiry_nothing_held(const struct inquiry_slot *slot, size_t *ret_len)
{
    Yuebao__Holding holding = holding_of(slot->school, slot->form, slot->period_text);

    return pack(&holding.base, ret_len);
}

/* ---- the face ----------------------------------------------------------------------------------- */

static void
drop(struct ask *ask)
{
    free(((struct inquiry *)ask)->packed);
    free(ask);
}

/* Without memory for an answer there is none: BUSY. */
static void
end(struct ask *ask, enum ask_end end)
{
    struct inquiry *q = (struct inquiry *)ask;

    (void)end;
    q->done(&q->inquirer, q->packed, q->packed_len);
    drop(ask);
}

const struct ask_kind inquiry_for_notices = {
    .statement = {"notices", SQL_NOTICES},
    .rank = ASK_INQUIRY,
    .write = write_schools,
    .read = read_notices,
    .end = end,
    .drop = drop,
};

const struct ask_kind inquiry_for_holding = {
    .statement = {"holding", SQL_HOLDING},
    .rank = ASK_INQUIRY,
    .write = write_slot,
    .read = read_holding,
    .end = end,
    .drop = drop,
};

static struct inquiry *
inquiry_new(const struct ask_kind *kind, inquiry_done *done, const struct inquirer *inquirer)
{
    struct inquiry *q = calloc(1, sizeof(*q));

    if (q == NULL)
        return NULL;
    q->ask.kind = kind;
    q->done = done;
    q->inquirer = *inquirer;
    return q;
}

/* Takes the inquiry. */
static bool
inquiry_put(struct asker *asker, struct inquiry *q)
{
    if (asker_put(asker, &q->ask))
        return true;
    drop(&q->ask);
    return false;
}

bool
inquiry_notices(struct asker *asker, const int32_t *schools, size_t n_schools, inquiry_done *done,
                const struct inquirer *inquirer)
{
    struct inquiry *q = inquiry_new(&inquiry_for_notices, done, inquirer);

    assert(n_schools <= REGISTRY_SIBLINGS_MAX);
    if (q == NULL)
        return false;
    memcpy(q->schools, schools, n_schools * sizeof(*schools));
    q->n_schools = n_schools;
    return inquiry_put(asker, q);
}

bool
inquiry_holding(struct asker *asker, const struct inquiry_slot *slot, inquiry_done *done,
                const struct inquirer *inquirer)
{
    struct inquiry *q = inquiry_new(&inquiry_for_holding, done, inquirer);

    if (q == NULL)
        return false;
    q->school_id = slot->school_id;
    q->form_id = slot->form_id;
    q->period = slot->period;
    snprintf(q->school, sizeof(q->school), "%s", slot->school);
    snprintf(q->form, sizeof(q->form), "%s", slot->form);
    snprintf(q->period_text, sizeof(q->period_text), "%s", slot->period_text);
    return inquiry_put(asker, q);
}
