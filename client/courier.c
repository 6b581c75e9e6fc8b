#include "courier.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "catalogue.h"
#include "courier_inside.h"
#include "envelope.h"
#include "verdict.h"

#define IN_FLIGHT_MAX 64 /* however many the server would take */

bool
courier_ok(struct courier *c, enum outbox_status status)
{
    if (status != OUTBOX_OK)
        c->trouble = status;
    return status == OUTBOX_OK;
}

bool
courier_garbage(struct courier *c, const char *what)
{
    c->error = (struct uplink_error){.status = UPLINK_GARBAGE};
    snprintf(c->error.detail, sizeof(c->error.detail), "%s", what);
    return false;
}

/* ---- opening ------------------------------------------------------------------------------------ */

static bool
remember_key(struct courier *c, const uint8_t *key, bool knew_any, uint64_t now_ms)
{
    if (knew_any && !outbox_trusts(c->outbox, key)) {
        c->has_new_key = true;
        memcpy(c->new_key, key, KEY_SIZE);
    }
    return courier_ok(c, outbox_trust(c->outbox, key, now_ms));
}

/* Keys and clock of the Welcome; with an enrolment, the key becomes ours in the same transaction. */
static bool
remember_welcome(struct courier *c, const struct identity *identity, enum uplink_opening opening)
{
    const Yuebao__Welcome *welcome = uplink_welcome(c->uplink);
    uint64_t now_ms = clock_ms();
    char skew[24];
    bool good = courier_ok(c, outbox_begin(c->outbox)), knew_any;

    if (!good)
        return false;
    knew_any = outbox_trusts_any(c->outbox);
    c->skew_ms = (int64_t)(welcome->server_ms - now_ms);
    snprintf(skew, sizeof(skew), "%" PRId64, c->skew_ms);
    for (size_t i = 0; good && i < welcome->n_server_key; i++)
        good = remember_key(c, welcome->server_key[i].data, knew_any, now_ms);
    good = good && courier_ok(c, outbox_set(c->outbox, "clock_skew_ms", skew));
    if (good && opening == UPLINK_ENROL)
        good = courier_ok(c, outbox_enrolled(c->outbox, identity));
    good = good && courier_ok(c, outbox_commit(c->outbox));
    if (!good)
        outbox_undo(c->outbox);
    return good;
}

bool
courier_open(struct courier *c, struct outbox *outbox, const struct identity *identity,
             enum uplink_opening opening)
{
    *c = (struct courier){.outbox = outbox, .identity = identity};
    if (uplink_open(identity, opening, &c->uplink, &c->error) != UPLINK_OK) {
        c->retry_ms = c->error.retry_ms;
        return false;
    }
    return remember_welcome(c, identity, opening);
}

void
courier_close(struct courier *c)
{
    uplink_close(c->uplink);
    c->uplink = NULL;
}

static bool
receive(struct courier *c, Yuebao__Reply **ret_reply)
{
    if (uplink_receive(c->uplink, ret_reply, &c->error) == UPLINK_OK)
        return true;
    if (c->error.retry_ms > c->retry_ms)
        c->retry_ms = c->error.retry_ms;
    return false;
}

bool
courier_ask(struct courier *c, Yuebao__Request *request, Yuebao__Reply__BodyCase wanted,
            Yuebao__Reply **ret_reply)
{
    enum uplink_status status = uplink_send(c->uplink, request);

    if (status != UPLINK_OK) {
        c->error.status = status;
        return false;
    }
    if (!receive(c, ret_reply))
        return false;
    if ((*ret_reply)->body_case == wanted && (*ret_reply)->number == request->number)
        return true;
    if ((*ret_reply)->body_case == YUEBAO__REPLY__BODY_BUSY) {
        c->error = (struct uplink_error){.status = UPLINK_BUSY, .retry_ms = (*ret_reply)->busy->retry_ms};
        c->retry_ms = c->error.retry_ms;
    } else {
        (void)courier_garbage(c, "reply to another question");
    }
    yuebao__reply__free_unpacked(*ret_reply, NULL);
    return false;
}

/* ---- agenda and catalogues ---------------------------------------------------------------------- */

static bool
part_fits(const Yuebao__CataloguePart *part, const uint8_t *hash, size_t offset, size_t total)
{
    return part->hash.len == ID_SIZE && memcmp(part->hash.data, hash, ID_SIZE) == 0 &&
           part->offset == offset && part->total > 0 && part->total <= CATALOGUE_MAX &&
           (total == 0 || part->total == total) && part->bytes.len > 0 &&
           part->bytes.len <= part->total - offset;
}

/* Ask for the next part and append it to *bytes. */
static bool
fetch_part(struct courier *c, const uint8_t *hash, uint8_t **bytes, size_t *have, size_t *total)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__CatalogueRequest wanted = YUEBAO__CATALOGUE_REQUEST__INIT;
    Yuebao__Reply *reply = NULL;
    bool good = false;

    wanted.hash = (ProtobufCBinaryData){ID_SIZE, (uint8_t *)hash};
    wanted.offset = (uint32_t)*have;
    request.body_case = YUEBAO__REQUEST__BODY_CATALOGUE;
    request.catalogue = &wanted;
    if (!courier_ask(c, &request, YUEBAO__REPLY__BODY_CATALOGUE, &reply))
        return false;
    if (!part_fits(reply->catalogue, hash, *have, *total)) {
        (void)courier_garbage(c, "catalogue part");
    } else if (*bytes == NULL && (*bytes = malloc(reply->catalogue->total)) == NULL) {
        c->trouble = OUTBOX_NOMEM;
    } else {
        *total = reply->catalogue->total;
        memcpy(*bytes + *have, reply->catalogue->bytes.data, reply->catalogue->bytes.len);
        *have += reply->catalogue->bytes.len;
        good = true;
    }
    yuebao__reply__free_unpacked(reply, NULL);
    return good;
}

static bool
keep_catalogue(struct courier *c, const uint8_t *hash, const uint8_t *bytes, size_t len)
{
    struct catalogue *catalogue = NULL;
    uint8_t digest[ID_SIZE];

    envelope_sha256(bytes, len, digest);
    if (memcmp(digest, hash, ID_SIZE) != 0)
        return courier_garbage(c, "catalogue hash");
    if (catalogue_load(bytes, len, &catalogue) != CATALOGUE_OK)
        return courier_garbage(c, "catalogue content");
    catalogue_free(catalogue);
    return courier_ok(c, outbox_add_catalogue(c->outbox, hash, bytes, len));
}

static bool
fetch_catalogue(struct courier *c, const uint8_t *hash)
{
    uint8_t *bytes = NULL;
    size_t have = 0, total = 0;
    bool good;

    do {
        good = fetch_part(c, hash, &bytes, &have, &total);
    } while (good && have < total);
    good = good && keep_catalogue(c, hash, bytes, total);
    free(bytes);
    return good;
}

bool
courier_want_catalogue(struct courier *c, const uint8_t hash[ID_SIZE])
{
    uint8_t *bytes = NULL;
    size_t len;
    bool absent = outbox_catalogue(c->outbox, hash, &bytes, &len) == OUTBOX_ABSENT;

    free(bytes);
    return !absent || fetch_catalogue(c, hash);
}

static bool
fetch_missing_catalogues(struct courier *c, const Yuebao__Agenda *agenda)
{
    bool good = true;

    for (size_t i = 0; good && i < agenda->n_window; i++) {
        const ProtobufCBinaryData *hash = &agenda->window[i]->catalogue;

        if (hash->len != ID_SIZE)
            return courier_garbage(c, "agenda");
        good = courier_want_catalogue(c, hash->data);
    }
    return good;
}

static bool
keep_agenda(struct courier *c, const Yuebao__Agenda *agenda)
{
    size_t len = yuebao__agenda__get_packed_size(agenda);
    uint8_t *bytes = malloc(len + 1);
    bool good = false;

    if (bytes == NULL)
        c->trouble = OUTBOX_NOMEM;
    else
        good = courier_ok(
            c, outbox_set_agenda(c->outbox, bytes, yuebao__agenda__pack(agenda, bytes), clock_ms()));
    free(bytes);
    return good;
}

/* Catalogues first: an agenda in the outbox never names one that is not there. */
bool
courier_fetch(struct courier *c)
{
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__AgendaRequest wanted = YUEBAO__AGENDA_REQUEST__INIT;
    Yuebao__Reply *reply = NULL;
    bool good;

    request.body_case = YUEBAO__REQUEST__BODY_AGENDA;
    request.agenda = &wanted;
    if (!courier_ask(c, &request, YUEBAO__REPLY__BODY_AGENDA, &reply))
        return false;
    good = fetch_missing_catalogues(c, reply->agenda) && keep_agenda(c, reply->agenda);
    yuebao__reply__free_unpacked(reply, NULL);
    return good;
}

/* ---- delivery ----------------------------------------------------------------------------------- */

enum step { STEP_READY, STEP_FLYING, STEP_DONE, STEP_REFUSED, STEP_LATER };

struct round {
    struct items waiting;
    enum step *step;  /* of each waiting item */
    uint32_t *number; /* of the request it flies with */
    size_t flying;
    bool stop; /* the server is busy: send nothing more this time */
};

/* A revision goes out only after the answer to the one it follows, and not at all when that was refused (so
 * is it, then). */
static bool
may_fly(struct round *r, size_t i)
{
    const struct item *item = &r->waiting.list[i];

    for (size_t j = 0; item->has_previous && j < i; j++) {
        if (memcmp(r->waiting.list[j].id, item->previous, ID_SIZE) != 0)
            continue;
        if (r->step[j] == STEP_REFUSED)
            r->step[i] = STEP_REFUSED;
        return r->step[j] == STEP_DONE && r->step[i] == STEP_READY;
    }
    return r->step[i] == STEP_READY;
}

/*
 * An envelope that came back was signed by the key of its day; when the desk was enrolled anew since, the
 * same bytes go out under today's key. The id is the statement's and stays. false: no memory.
 */
static bool
sign_again_if_returned(const struct courier *c, struct item *item)
{
    const struct part part = {item->statement, item->statement_len};

    if (item->answer == NULL || memcmp(item->key, c->identity->key, KEY_SIZE) == 0)
        return true;
    memcpy(item->key, c->identity->key, KEY_SIZE);
    return envelope_sign(PURPOSE_STATEMENT, &part, 1, c->identity->secret, item->signature);
}

static bool
put(struct courier *c, struct round *r, size_t i)
{
    struct item *item = &r->waiting.list[i];
    Yuebao__Request request = YUEBAO__REQUEST__INIT;
    Yuebao__Put message = YUEBAO__PUT__INIT;
    Yuebao__Envelope envelope = YUEBAO__ENVELOPE__INIT;
    Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
    enum uplink_status status;

    if (!sign_again_if_returned(c, item))
        return courier_ok(c, OUTBOX_NOMEM);
    envelope.algorithm = ALGORITHM_ED25519;
    envelope.key = (ProtobufCBinaryData){KEY_SIZE, item->key};
    envelope.statement = (ProtobufCBinaryData){item->statement_len, item->statement};
    envelope.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, item->signature};
    message.envelope = &envelope;
    arrival.at_ms = item->arrived_ms;
    arrival.mac = (ProtobufCBinaryData){MAC_SIZE, item->arrival_mac};
    if (item->arrived_ms != 0 && uplink_welcome(c->uplink)->protocol >= PROTOCOL_ARRIVAL)
        message.arrival = &arrival;
    request.body_case = YUEBAO__REQUEST__BODY_PUT;
    request.put = &message;
    status = uplink_send(c->uplink, &request);
    if (status != UPLINK_OK) {
        c->error.status = status;
        return false;
    }
    r->number[i] = request.number;
    r->step[i] = STEP_FLYING;
    r->flying++;
    return true;
}

static size_t
window_of(const struct courier *c)
{
    size_t window = uplink_welcome(c->uplink)->in_flight;

    return window == 0 ? 1 : window > IN_FLIGHT_MAX ? IN_FLIGHT_MAX : window;
}

static bool
fill_window(struct courier *c, struct round *r)
{
    for (size_t i = 0; i < r->waiting.count && !r->stop && r->flying < window_of(c); i++)
        if (may_fly(r, i) && !put(c, r, i))
            return false;
    return true;
}

uint8_t *
courier_pack_answer(const Yuebao__Answer *answer, size_t *ret_len)
{
    size_t len = yuebao__answer__get_packed_size(answer);
    uint8_t *bytes = malloc(len + 1);

    if (bytes != NULL)
        *ret_len = yuebao__answer__pack(answer, bytes);
    return bytes;
}

static void
postpone(struct courier *c, struct round *r, size_t i, uint32_t retry_ms)
{
    r->step[i] = STEP_LATER;
    if (retry_ms > c->retry_ms)
        c->retry_ms = retry_ms;
}

/* ABSENT: another command had it answered meanwhile. */
static bool
written(struct courier *c, enum outbox_status status)
{
    return status == OUTBOX_ABSENT || courier_ok(c, status);
}

/* The answer as it is stored, and what it is worth for item `i`. */
static bool
take_verdict(struct courier *c, struct round *r, size_t i, const uint8_t *bytes, size_t len,
             const struct verdict *v)
{
    const struct item *item = &r->waiting.list[i];
    enum item_state state = verdict_state(v->message);

    switch (verdict_verify(v, c->outbox, item->id)) {
    case VERDICT_OK:
        r->step[i] = state == ITEM_REFUSED ? STEP_REFUSED : STEP_DONE;
        c->decided++;
        return written(c, outbox_decide(c->outbox, item->id, state, v->message->decided_ms, bytes, len));
    case VERDICT_OF_ENVELOPE:
        postpone(c, r, i, 0);
        return written(c, outbox_remark(c->outbox, item->id, bytes, len));
    case VERDICT_UNREADABLE:
    case VERDICT_STRANGER:
    case VERDICT_FORGED:
    case VERDICT_OF_ANOTHER:
        break;
    }
    c->untrusted = true;
    return courier_garbage(c, "verdict");
}

static bool
decide(struct courier *c, struct round *r, size_t i, const Yuebao__Answer *answer)
{
    size_t len = 0;
    uint8_t *bytes = courier_pack_answer(answer, &len);
    struct verdict v = {0};
    bool good;

    if (bytes == NULL)
        return courier_ok(c, OUTBOX_NOMEM);
    if (verdict_open(bytes, len, &v) == VERDICT_OK) {
        good = take_verdict(c, r, i, bytes, len, &v);
    } else {
        c->untrusted = true;
        good = courier_garbage(c, "verdict");
    }
    verdict_fini(&v);
    free(bytes);
    return good;
}

/* No room now. What proves that it came goes to disk before anything else: it is what makes it on time. */
static bool
take_busy(struct courier *c, struct round *r, size_t i, const Yuebao__Busy *busy)
{
    const Yuebao__Arrival *arrival = busy->arrival;

    postpone(c, r, i, busy->retry_ms);
    r->stop = true;
    if (arrival == NULL || arrival->mac.len != MAC_SIZE)
        return true;
    return written(c,
                   outbox_set_arrival(c->outbox, r->waiting.list[i].id, arrival->at_ms, arrival->mac.data));
}

static bool
take_reply(struct courier *c, struct round *r, const Yuebao__Reply *reply)
{
    size_t i = 0;

    while (i < r->waiting.count && (r->step[i] != STEP_FLYING || r->number[i] != reply->number))
        i++;
    if (i == r->waiting.count)
        return courier_garbage(c, "reply to no question");
    r->flying--;
    if (reply->body_case == YUEBAO__REPLY__BODY_ANSWER)
        return decide(c, r, i, reply->answer);
    if (reply->body_case == YUEBAO__REPLY__BODY_WAIT) {
        postpone(c, r, i, reply->wait->retry_ms);
        return true;
    }
    if (reply->body_case == YUEBAO__REPLY__BODY_BUSY)
        return take_busy(c, r, i, reply->busy);
    return courier_garbage(c, "reply to a report");
}

static bool
receive_one(struct courier *c, struct round *r)
{
    Yuebao__Reply *reply = NULL;
    bool good;

    if (!receive(c, &reply))
        return false;
    good = take_reply(c, r, reply);
    yuebao__reply__free_unpacked(reply, NULL);
    return good;
}

bool
courier_deliver(struct courier *c)
{
    const enum item_state waiting = ITEM_WAITING;
    const struct item_filter filter = {.state = &waiting};
    struct round r = {0};
    bool good = courier_ok(c, outbox_items(c->outbox, &filter, &r.waiting));

    if (!good)
        return false;
    r.step = calloc(r.waiting.count + 1, sizeof(*r.step));
    r.number = calloc(r.waiting.count + 1, sizeof(*r.number));
    if (r.step == NULL || r.number == NULL)
        good = courier_ok(c, OUTBOX_NOMEM);
    good = good && fill_window(c, &r);
    while (good && r.flying > 0)
        good = receive_one(c, &r) && fill_window(c, &r);
    free(r.step);
    free(r.number);
    items_fini(&r.waiting);
    return good;
}
