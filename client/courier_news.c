/* What the courier asks beside delivering: notices about reports, and what the centre holds of a slot. */
#include <stdlib.h>
#include <string.h>

#include "courier_inside.h"
#include "envelope.h"
#include "gate.h"
#include "verdict.h"

static bool
untrusted(struct courier *c, const char *what)
{
    c->untrusted = true;
    return courier_garbage(c, what);
}

/* Text from the wire into a place of fixed size; false: it does not fit. */
static bool
copy_text(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);

    if (len >= size)
        return false;
    memcpy(to, from, len + 1);
    return true;
}

/* ---- notices ------------------------------------------------------------------------------------ */

/* The bureau's decision about a kept report: believed like every Answer. About what this desk never held, or
 * has heard of already, it says nothing, and may be signed by a key from before this desk was enrolled. */
static bool
take_decision(struct courier *c, const Yuebao__Notice *notice)
{
    if (notice->id.len != ID_SIZE || !outbox_awaits(c->outbox, notice->id.data))
        return true;

    size_t len = 0;
    uint8_t *bytes = courier_pack_answer(notice->decision, &len);
    struct verdict v = {0};
    enum outbox_status status = OUTBOX_ABSENT;
    bool good = false;

    if (bytes == NULL)
        return courier_ok(c, OUTBOX_NOMEM);
    if (verdict_open(bytes, len, &v) == VERDICT_OK)
        good = verdict_verify(&v, c->outbox, notice->id.data) == VERDICT_OK;
    if (good && (v.message->outcome_case == YUEBAO__VERDICT__OUTCOME_RECEIPT ||
                 v.message->outcome_case == YUEBAO__VERDICT__OUTCOME_DECLINED))
        status = outbox_decide(c->outbox, notice->id.data, verdict_state(v.message), v.message->decided_ms,
                               bytes, len);
    c->news += status == OUTBOX_OK;
    verdict_fini(&v);
    free(bytes);
    return good ? status == OUTBOX_ABSENT || courier_ok(c, status) : untrusted(c, "decision");
}

static bool
note_of(const Yuebao__Notice *from, struct notice *to)
{
    *to = (struct notice){.revision = from->revision, .at_ms = from->at_ms};
    if (from->id.len != ID_SIZE)
        return false;
    memcpy(to->id, from->id.data, ID_SIZE);
    return copy_text(to->school, sizeof(to->school), from->school) &&
           copy_text(to->form, sizeof(to->form), from->form) &&
           copy_text(to->period, sizeof(to->period), from->period) &&
           copy_text(to->note, sizeof(to->note), from->returned->note);
}

static bool
keep_notes(struct courier *c, const struct notices *notes, bool whole)
{
    bool good = courier_ok(c, outbox_begin(c->outbox)) &&
                courier_ok(c, outbox_set_notices(c->outbox, notes, whole)) &&
                courier_ok(c, outbox_commit(c->outbox));

    outbox_undo(c->outbox);
    return good;
}

static bool
take_notices(struct courier *c, const Yuebao__Notices *notices)
{
    struct notices notes = {calloc(notices->n_notice + 1, sizeof(*notes.list)), 0};
    bool good = notes.list != NULL || courier_ok(c, OUTBOX_NOMEM);

    for (size_t i = 0; i < notices->n_notice && good; i++) {
        const Yuebao__Notice *notice = notices->notice[i];

        switch (notice->about_case) {
        case YUEBAO__NOTICE__ABOUT_RETURNED:
            good = note_of(notice, &notes.list[notes.count++]) || courier_garbage(c, "notice");
            break;
        case YUEBAO__NOTICE__ABOUT_DECISION:
            good = take_decision(c, notice);
            break;
        case YUEBAO__NOTICE__ABOUT__NOT_SET:
        case _YUEBAO__NOTICE__ABOUT__CASE_IS_INT_SIZE:
            break;
        }
    }
    good = good && keep_notes(c, &notes, !notices->more);
    notices_fini(&notes);
    return good;
}

bool
courier_ask_notices(struct courier *c)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__NoticeRequest wanted = YUEBAO__NOTICE_REQUEST__INIT;
    Yuebao__Reply *reply = NULL;
    bool good;

    request.body_case = YUEBAO__REQUEST__BODY_NOTICES;
    request.notices = &wanted;
    if (!courier_ask(c, &request, YUEBAO__REPLY__BODY_NOTICES, &reply))
        return false;
    good = take_notices(c, reply->notices);
    yuebao__reply__free_unpacked(reply, NULL);
    return good;
}

/* ---- holdings ----------------------------------------------------------------------------------- */

static bool
same_slot(const char *school, const char *form, const char *period, const struct holding *h)
{
    return strcmp(school, h->school) == 0 && strcmp(form, h->form) == 0 && strcmp(period, h->period) == 0;
}

/* Whether the envelope is what the centre says it is: its id, its signature, and the slot and revision
 * inside. */
static bool
is_genuine(const Yuebao__Holding *holding, const struct holding *wanted, Yuebao__Statement **ret_statement)
{
    const Yuebao__Envelope *e = holding->envelope;
    const struct part part = {e->statement.data, e->statement.len};
    uint8_t id[ID_SIZE];
    Yuebao__Statement *s;

    if (e->algorithm != ALGORITHM_ED25519 || e->key.len != KEY_SIZE || e->signature.len != SIGNATURE_SIZE ||
        !statement_id(e->statement.data, e->statement.len, id) ||
        memcmp(id, holding->id.data, ID_SIZE) != 0 ||
        !envelope_verify(PURPOSE_STATEMENT, &part, 1, e->key.data, e->signature.data) ||
        gate_check(&yuebao__statement__descriptor, e->statement.data, e->statement.len, NULL) != GATE_OK)
        return false;
    s = yuebao__statement__unpack(NULL, e->statement.len, e->statement.data);
    if (s != NULL && same_slot(s->school, s->form, s->period, wanted) && s->revision == holding->revision) {
        *ret_statement = s;
        return true;
    }
    if (s != NULL)
        yuebao__statement__free_unpacked(s, NULL);
    return false;
}

static bool
keep_holding(struct courier *c, const Yuebao__Holding *holding, struct holding *h)
{
    const Yuebao__Envelope *e = holding->envelope;
    Yuebao__Statement *s = NULL;
    bool good;

    if (!is_genuine(holding, h, &s))
        return untrusted(c, "holding");
    memcpy(h->id, holding->id.data, ID_SIZE);
    memcpy(h->key, e->key.data, KEY_SIZE);
    memcpy(h->signature, e->signature.data, SIGNATURE_SIZE);
    h->statement = e->statement.data; /* borrowed for the call */
    h->statement_len = e->statement.len;
    h->received_ms = holding->received_ms;
    good = (s->catalogue.len != ID_SIZE || courier_want_catalogue(c, s->catalogue.data)) &&
           courier_ok(c, outbox_add_holding(c->outbox, h));
    h->statement = NULL;
    yuebao__statement__free_unpacked(s, NULL);
    return good;
}

static bool
take_holding(struct courier *c, const Yuebao__Holding *holding, struct holding *h,
             enum courier_holding *ret_holding)
{
    h->revision = holding->revision;
    if (!same_slot(holding->school, holding->form, holding->period, h))
        return courier_garbage(c, "holding");
    if (holding->revision == 0) {
        *ret_holding = COURIER_HOLDS_NOTHING;
        return true;
    }
    if (holding->id.len != ID_SIZE)
        return courier_garbage(c, "holding");
    *ret_holding = holding->envelope == NULL ? COURIER_HOLDS_TOO_MUCH : COURIER_HOLDS;
    return holding->envelope == NULL || keep_holding(c, holding, h);
}

bool
courier_ask_holding(struct courier *c, const char *school, const char *form, const char *period,
                    enum courier_holding *ret_holding)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__HoldingRequest wanted = YUEBAO__HOLDING_REQUEST__INIT;
    Yuebao__Reply *reply = NULL;
    struct holding h = {0};
    bool good;

    if (!copy_text(h.school, sizeof(h.school), school) || !copy_text(h.form, sizeof(h.form), form) ||
        !copy_text(h.period, sizeof(h.period), period))
        return courier_garbage(c, "slot");
    wanted.school = h.school;
    wanted.form = h.form;
    wanted.period = h.period;
    request.body_case = YUEBAO__REQUEST__BODY_HOLDING;
    request.holding = &wanted;
    if (!courier_ask(c, &request, YUEBAO__REPLY__BODY_HOLDING, &reply))
        return false;
    good = take_holding(c, reply->holding, &h, ret_holding);
    yuebao__reply__free_unpacked(reply, NULL);
    return good;
}
