#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "busy.h"
#include "clock.h"
#include "envelope.h"
#include "gate.h"
#include "inquiry.h"
#include "log.h"
#include "put.h"

/* ---- Hello and Enrol ---------------------------------------------------------------------------- */

/* What both say, borrowed from the request. */
struct greeting {
    uint32_t number;
    uint32_t protocol, algorithm;
    const char *school, *software;
    const ProtobufCBinaryData *key, *signature;
    const char *purpose, *code; /* code: NULL with Hello */
};

static bool
greeting_is_signed(struct session *s, const struct greeting *g)
{
    uint8_t exporter[EXPORTER_SIZE];
    struct part parts[ENVELOPE_PARTS_MAX];
    size_t n = 0;

    if (g->algorithm != ALGORITHM_ED25519 || g->key->len != KEY_SIZE || g->signature->len != SIGNATURE_SIZE ||
        !session_exporter(s, exporter))
        return false;
    parts[n++] = (struct part){.bytes = exporter, .len = EXPORTER_SIZE};
    parts[n++] = (struct part){.bytes = g->school, .len = strlen(g->school)};
    if (g->code != NULL)
        parts[n++] = (struct part){.bytes = g->code, .len = strlen(g->code)};
    parts[n++] = (struct part){.bytes = g->key->data, .len = KEY_SIZE};
    return envelope_verify(g->purpose, parts, n, g->key->data, g->signature->data);
}

/* Everything that needs no database; false: answered, the session is over. */
static bool
greeting_holds(struct session *s, const struct greeting *g)
{
    struct hub *hub = session_hub(s);

    if (session_state(s) != SESSION_HELLO) {
        session_fault(s, g->number, YUEBAO__FAULT_CODE__FAULT_ORDER, "a second hello");
        return false;
    }
    if (g->protocol < PROTOCOL_OLDEST || g->protocol > PROTOCOL_NUMBER) {
        session_fault(s, g->number, YUEBAO__FAULT_CODE__FAULT_PROTOCOL, "protocol number");
        return false;
    }
    if (strlen(g->software) > SOFTWARE_MAX) {
        session_fault(s, g->number, YUEBAO__FAULT_CODE__FAULT_FRAME, "name of the software too long");
        return false;
    }
    if (!greeting_is_signed(s, g)) {
        session_fault(s, g->number, YUEBAO__FAULT_CODE__FAULT_SIGNATURE, "signature of the hello");
        return false;
    }
    if (!registry_ready(hub->registry)) {
        busy_part(s, g->number, g->school, "the register is not here yet");
        return false;
    }
    if (strlen(g->school) > SCHOOL_CODE_MAX || registry_school(hub->registry, g->school) == NULL) {
        session_fault(s, g->number, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_SCHOOL, "no such school");
        return false;
    }
    return true;
}

/* The registry has spoken; `no` is the fault when it said no. */
static void
greeting_answered(struct session *s, enum registry_answer answer, Yuebao__FaultCode no, const char *reason)
{
    session_hold_ask(s, NULL);
    switch (answer) {
    case REGISTRY_YES:
        session_welcome(s);
        return;
    case REGISTRY_NO:
        session_fault(s, session_await_number(s), no, reason);
        return;
    case REGISTRY_AWAY:
        busy_part(s, session_await_number(s), session_school(s), "database away");
        return;
    }
}

static void
on_hello_answered(enum registry_answer answer, void *arg)
{
    struct session *s = arg;

    if (answer == REGISTRY_YES) {
        session_hub(s)->counters.opened++;
        log_peer(LOG_DEBUG, "hello", "peer", session_peer(s), "school", session_school(s), NULL);
    }
    greeting_answered(s, answer, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_KEY,
                      "key not enrolled for this school, or revoked");
}

static void
on_enrol_answered(enum registry_answer answer, void *arg)
{
    struct session *s = arg;

    if (answer == REGISTRY_YES) {
        session_hub(s)->counters.enrolled++;
        log_peer(LOG_NOTICE, "enrolled", "peer", session_peer(s), "school", session_school(s), NULL);
    }
    greeting_answered(s, answer, YUEBAO__FAULT_CODE__FAULT_CODE,
                      "enrolment code wrong, used, expired or tried too often");
}

/*
 * Hold what was asked, unless the answer has come already: then the session is no longer ASKING, and there is
 * nothing to hold.
 */
static void
hold_unless_answered(struct session *s, struct registry_ask *ask)
{
    if (ask != NULL)
        session_hold_ask(s, ask);
}

/* false: answered, the session is over. */
static bool
await_answer(struct session *s, const struct greeting *g)
{
    if (session_await(s, g->number, g->protocol, g->school, g->key->data, g->software))
        return true;
    busy_part(s, g->number, g->school, "too many sessions of this key");
    return false;
}

static void
take_hello(struct session *s, uint32_t number, const Yuebao__Hello *hello)
{
    struct greeting g = {.number = number,
                         .protocol = hello->protocol,
                         .algorithm = hello->algorithm,
                         .school = hello->school,
                         .software = hello->software,
                         .key = &hello->key,
                         .signature = &hello->signature,
                         .purpose = PURPOSE_HELLO};

    if (!greeting_holds(s, &g))
        return;
    if (!await_answer(s, &g))
        return;
    hold_unless_answered(
        s, registry_ask_key(session_hub(s)->registry, hello->key.data, hello->school, on_hello_answered, s));
}

static void
take_enrol(struct session *s, uint32_t number, const Yuebao__Enrol *enrol)
{
    char code[ENROL_CODE_LEN + 1];
    uint8_t code_hash[ID_SIZE];
    struct greeting g = {.number = number,
                         .protocol = enrol->protocol,
                         .algorithm = enrol->algorithm,
                         .school = enrol->school,
                         .software = enrol->software,
                         .key = &enrol->key,
                         .signature = &enrol->signature,
                         .purpose = PURPOSE_ENROL,
                         .code = enrol->code};

    if (!greeting_holds(s, &g))
        return;
    if (!enrol_code_normalise(enrol->code, code)) {
        session_fault(s, number, YUEBAO__FAULT_CODE__FAULT_CODE, "not an enrolment code");
        return;
    }
    envelope_sha256(code, ENROL_CODE_LEN, code_hash);
    if (!await_answer(s, &g))
        return;
    hold_unless_answered(s, registry_enrol(session_hub(s)->registry, code_hash, enrol->school,
                                           enrol->key.data, enrol->software, on_enrol_answered, s));
}

/* ---- Agenda and Catalogue ----------------------------------------------------------------------- */

/* The school of the session, or NULL: it has left the register meanwhile, and the session is over. */
static const struct registry_school *
own_school(struct session *s, uint32_t number)
{
    const struct registry_school *school = registry_school(session_hub(s)->registry, session_school(s));

    if (school == NULL)
        session_fault(s, number, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_SCHOOL,
                      "the school is no longer in the register");
    return school;
}

static void
take_agenda(struct session *s, uint32_t number)
{
    const struct registry_school *school = own_school(s, number);
    size_t agenda_len = 0, len = 0;
    uint8_t *agenda, *frame = NULL;

    if (school == NULL)
        return;
    agenda = registry_agenda(session_hub(s)->registry, school, clock_now_ms(), &agenda_len);
    if (agenda != NULL)
        frame = reply_agenda(number, agenda, agenda_len, &len);
    free(agenda);
    session_reply(s, frame, len);
}

static void
take_catalogue_request(struct session *s, uint32_t number, const Yuebao__CatalogueRequest *request)
{
    const struct catalogue *catalogue = NULL;
    const uint8_t *bytes;
    uint8_t *frame;
    size_t total = 0, len = 0;

    if (request->hash.len == ID_SIZE)
        catalogue = registry_catalogue(session_hub(s)->registry, request->hash.data);
    if (catalogue == NULL) {
        session_fault(s, number, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_CATALOGUE, "no such catalogue");
        return;
    }
    bytes = catalogue_bytes(catalogue, &total);
    frame = reply_catalogue_part(number, request->hash.data, bytes, total, request->offset, &len);
    session_reply(s, frame, len);
}

/* ---- Notices and Holding ------------------------------------------------------------------------ */

static struct inquirer
inquirer_of(const struct session *s, uint32_t number)
{
    return (struct inquirer){.arg = session_hub(s), .session = session_id(s), .number = number};
}

/* Whether the inquiry is on its way; else its session is told to come again. */
static void
await_inquiry(struct session *s, uint32_t number, bool on_its_way)
{
    if (on_its_way)
        session_work_begins(s);
    else
        busy_reply(s, number);
}

typedef uint8_t *reply_inquiry(uint32_t number, const uint8_t *packed, size_t packed_len, size_t *ret_len);

static void
answer_inquiry(const struct inquirer *inquirer, reply_inquiry *reply, const uint8_t *packed,
               size_t packed_len)
{
    struct session *s = hub_find(inquirer->arg, inquirer->session);
    uint8_t *frame;
    size_t len = 0;

    if (s == NULL)
        return;
    session_work_ends(s);
    if (packed == NULL) {
        busy_reply(s, inquirer->number);
        return;
    }
    frame = reply(inquirer->number, packed, packed_len, &len);
    session_reply(s, frame, len);
}

static void
on_notices(const struct inquirer *inquirer, const uint8_t *packed, size_t len)
{
    answer_inquiry(inquirer, reply_notices, packed, len);
}

static void
on_holding(const struct inquirer *inquirer, const uint8_t *packed, size_t len)
{
    answer_inquiry(inquirer, reply_holding, packed, len);
}

static void
take_notice_request(struct session *s, uint32_t number)
{
    const struct hub *hub = session_hub(s);
    const struct registry_school *school = own_school(s, number);
    struct inquirer inquirer = inquirer_of(s, number);
    int32_t schools[REGISTRY_SIBLINGS_MAX];
    size_t count;

    if (school == NULL)
        return;
    count = registry_siblings(hub->registry, school, schools);
    await_inquiry(s, number, inquiry_notices(hub->asker, schools, count, on_notices, &inquirer));
}

/* A slot of a school of the session's institution; false: any other, and the session is over. */
static bool
find_own_school(struct session *s, uint32_t number, const char *code, int32_t *ret_school_id)
{
    const struct registry_school *own = own_school(s, number), *school = NULL;

    if (own == NULL)
        return false;
    if (strlen(code) <= SCHOOL_CODE_MAX)
        school = registry_school(session_hub(s)->registry, code);
    if (school == NULL || school->institution != own->institution) {
        session_fault(s, number, YUEBAO__FAULT_CODE__FAULT_UNKNOWN_SCHOOL,
                      "what is held of another institution's school");
        return false;
    }
    *ret_school_id = school->id;
    return true;
}

/* Nothing can be held of a form or a period that is none. */
static void
reply_nothing_held(struct session *s, uint32_t number, const struct inquiry_slot *slot)
{
    size_t packed_len = 0, len = 0;
    uint8_t *packed = inquiry_nothing_held(slot, &packed_len), *frame = NULL;

    if (packed != NULL)
        frame = reply_holding(number, packed, packed_len, &len);
    free(packed);
    session_reply(s, frame, len);
}

static void
take_holding_request(struct session *s, uint32_t number, const Yuebao__HoldingRequest *request)
{
    const struct hub *hub = session_hub(s);
    struct inquirer inquirer = inquirer_of(s, number);
    struct inquiry_slot slot = {
        .school = request->school, .form = request->form, .period_text = request->period};

    if (!find_own_school(s, number, request->school, &slot.school_id))
        return;
    if (!period_parse(request->period, &slot.period) ||
        !registry_form(hub->registry, request->form, slot.period.frequency, &slot.form_id))
        reply_nothing_held(s, number, &slot);
    else
        await_inquiry(s, number, inquiry_holding(hub->asker, &slot, on_holding, &inquirer));
}

/* ---- all of them -------------------------------------------------------------------------------- */

/* NULL: it is no request; the session is over. Otherwise in the hub's arena, until the next
 * request. */
static Yuebao__Request *
read_request(struct session *s, const uint8_t *body, size_t len)
{
    struct hub *hub = session_hub(s);
    enum gate_status status = gate_check(&yuebao__request__descriptor, body, len, NULL);
    Yuebao__Request *request;

    if (status != GATE_OK) {
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_FRAME, gate_status_name(status));
        return NULL;
    }
    arena_reset(hub->requests);
    request = yuebao__request__unpack(arena_allocator(hub->requests), len, body);
    if (request == NULL)
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_FRAME, "too large when unpacked");
    else if (request->number == 0)
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_FRAME, "a request without number");
    else if (request->body_case == YUEBAO__REQUEST__BODY__NOT_SET)
        session_fault(s, request->number, YUEBAO__FAULT_CODE__FAULT_FRAME, "a request without body");
    else
        return request;
    return NULL;
}

/* Before the school is known, only a greeting is heard. */
static bool
request_in_order(struct session *s, const Yuebao__Request *request)
{
    bool greets = request->body_case == YUEBAO__REQUEST__BODY_HELLO ||
                  request->body_case == YUEBAO__REQUEST__BODY_ENROL;

    if (greets || session_state(s) == SESSION_OPEN)
        return true;
    session_fault(s, request->number, YUEBAO__FAULT_CODE__FAULT_ORDER, "a request before hello");
    return false;
}

void
request_take(struct session *s, const uint8_t *body, size_t len)
{
    const Yuebao__Request *r = read_request(s, body, len);

    if (r == NULL || !request_in_order(s, r))
        return;
    switch (r->body_case) {
    case YUEBAO__REQUEST__BODY_HELLO:
        take_hello(s, r->number, r->hello);
        return;
    case YUEBAO__REQUEST__BODY_ENROL:
        take_enrol(s, r->number, r->enrol);
        return;
    case YUEBAO__REQUEST__BODY_AGENDA:
        take_agenda(s, r->number);
        return;
    case YUEBAO__REQUEST__BODY_CATALOGUE:
        take_catalogue_request(s, r->number, r->catalogue);
        return;
    case YUEBAO__REQUEST__BODY_PUT:
        put_take(s, r->number, r->put);
        return;
    case YUEBAO__REQUEST__BODY_NOTICES:
        take_notice_request(s, r->number);
        return;
    case YUEBAO__REQUEST__BODY_HOLDING:
        take_holding_request(s, r->number, r->holding);
        return;
    case YUEBAO__REQUEST__BODY__NOT_SET:
    case _YUEBAO__REQUEST__BODY__CASE_IS_INT_SIZE:
        return; /* not past read_request() */
    }
}
