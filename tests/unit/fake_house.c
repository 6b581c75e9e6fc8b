#include "fake_house.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

void
fake_house_init(struct fake_house *house)
{
    struct registry *r = &house->registry;

    memset(house, 0, sizeof(*house));
    assert(envelope_init());
    envelope_keypair(house->server.key, house->server.secret);
    envelope_keypair(r->key, r->secret);
    house->catalogue = sample_catalogue();
    r->ready = true;
    r->answer = REGISTRY_YES;
    r->school = (struct registry_school){.id = 7,
                                         .institution = 7,
                                         .code = FAKE_SCHOOL,
                                         .kind = "primary",
                                         .opened_day = 0,
                                         .closed_day = INT32_MAX};
    r->window = (struct registry_window){.form_id = 3,
                                         .opens_ms = FAKE_OPENS_MS,
                                         .due_ms = FAKE_DUE_MS,
                                         .closes_ms = FAKE_CLOSES_MS,
                                         .catalogue_id = 5,
                                         .catalogue = house->catalogue};
    assert(period_parse(FAKE_PERIOD, &r->window.period));
    house->batch.up = true;
    house->asker.up = true;
}

void
fake_house_fini(struct fake_house *house)
{
    for (size_t i = 0; i < house->batch.n_held; i++)
        submission_free(house->batch.held[i]);
    for (size_t i = 0; i < house->batch.n_rejections; i++)
        submission_free(house->batch.rejections[i]);
    catalogue_free(house->catalogue);
}

/* ---- registry.h --------------------------------------------------------------------------------- */

bool
registry_ready(const struct registry *r)
{
    return r->ready;
}

const struct registry_school *
registry_school(const struct registry *r, const char *code)
{
    return strcmp(code, FAKE_SCHOOL) == 0 ? &r->school : NULL;
}

const struct registry_window *
registry_window(const struct registry *r, const char *form, struct period period,
                const struct registry_school *school)
{
    (void)school;
    return strcmp(form, FAKE_FORM) == 0 && period_equal(period, r->window.period) ? &r->window : NULL;
}

bool
registry_form_sent(const struct registry *r, const char *form, const struct registry_school *school)
{
    (void)form;
    (void)school;
    return !r->not_sent;
}

bool
registry_form(const struct registry *r, const char *form, enum frequency frequency, int16_t *ret_form_id)
{
    *ret_form_id = r->window.form_id;
    return strcmp(form, FAKE_FORM) == 0 && frequency == r->window.period.frequency;
}

const struct catalogue *
registry_catalogue(const struct registry *r, const uint8_t hash[ID_SIZE])
{
    return memcmp(hash, catalogue_hash(r->window.catalogue), ID_SIZE) == 0 ? r->window.catalogue : NULL;
}

bool
registry_key_may_sign(const struct registry *r, const uint8_t key[KEY_SIZE],
                      const struct registry_school *school)
{
    (void)school;
    return memcmp(key, r->key, KEY_SIZE) == 0;
}

/* The registry itself is the ask's handle: there is one at a time. */
static struct registry_ask *
ask(struct registry *r, registry_on_key *done, void *arg)
{
    r->asked++;
    if (!r->later) {
        done(r->answer, arg);
        return NULL;
    }
    assert(r->waiting == NULL);
    r->waiting = done;
    r->waiting_arg = arg;
    return (struct registry_ask *)r;
}

struct registry_ask *
registry_ask_key(struct registry *r, const uint8_t key[KEY_SIZE], const char *school, registry_on_key *done,
                 void *arg)
{
    (void)key;
    (void)school;
    return ask(r, done, arg);
}

struct registry_ask *
registry_enrol(struct registry *r, const uint8_t code_hash[ID_SIZE], const char *school,
               const uint8_t key[KEY_SIZE], const char *software, registry_on_key *done, void *arg)
{
    (void)code_hash;
    (void)school;
    (void)key;
    (void)software;
    return ask(r, done, arg);
}

void
registry_ask_cancel(struct registry_ask *handle)
{
    struct registry *r = (struct registry *)handle;

    assert(r->waiting != NULL);
    r->waiting = NULL;
    r->cancelled++;
}

uint8_t *
registry_agenda(const struct registry *r, const struct registry_school *school, uint64_t now_ms,
                size_t *ret_len)
{
    Yuebao__Agenda agenda = YUEBAO__AGENDA__INIT;
    uint8_t *bytes;

    (void)r;
    (void)school;
    agenda.server_ms = now_ms;
    *ret_len = yuebao__agenda__get_packed_size(&agenda);
    bytes = malloc(*ret_len);
    if (bytes != NULL)
        yuebao__agenda__pack(&agenda, bytes);
    return bytes;
}

void
fake_answer(struct registry *r, enum registry_answer answer)
{
    registry_on_key *done = r->waiting;

    assert(done != NULL);
    r->waiting = NULL;
    done(answer, r->waiting_arg);
}

size_t
registry_siblings(const struct registry *r, const struct registry_school *school,
                  int32_t ret_schools[REGISTRY_SIBLINGS_MAX])
{
    (void)school;
    ret_schools[0] = r->school.id;
    return 1;
}

/* ---- inquiry.h ---------------------------------------------------------------------------------- */

static bool
inquire(struct asker *a, size_t n_schools, inquiry_done *done, const struct inquirer *inquirer)
{
    if (!a->up)
        return false;
    assert(a->done == NULL);
    a->done = done;
    a->inquirer = *inquirer;
    a->n_schools = n_schools;
    return true;
}

bool
inquiry_notices(struct asker *a, const int32_t *schools, size_t n_schools, inquiry_done *done,
                const struct inquirer *inquirer)
{
    (void)schools;
    return inquire(a, n_schools, done, inquirer);
}

bool
inquiry_holding(struct asker *a, const struct inquiry_slot *slot, inquiry_done *done,
                const struct inquirer *inquirer)
{
    (void)slot;
    return inquire(a, 1, done, inquirer);
}

uint8_t *
inquiry_nothing_held(const struct inquiry_slot *slot, size_t *ret_len)
{
    Yuebao__Holding holding = YUEBAO__HOLDING__INIT;
    uint8_t *bytes;

    holding.form = (char *)(uintptr_t)slot->form;
    *ret_len = yuebao__holding__get_packed_size(&holding);
    bytes = malloc(*ret_len + 1);
    assert(bytes != NULL);
    yuebao__holding__pack(&holding, bytes);
    return bytes;
}

void
fake_inquired(struct asker *a, const uint8_t *packed, size_t len)
{
    inquiry_done *done = a->done;

    assert(done != NULL);
    a->done = NULL;
    done(&a->inquirer, packed, len);
}

/* ---- batch.h ------------------------------------------------------------------------------------ */

bool
batch_submit(struct batch *b, struct submission *s)
{
    if (!b->up || b->full || b->n_held == FAKE_HELD_MAX || b->n_rejections == FAKE_HELD_MAX)
        return false;
    if (s->kind == SUBMISSION_REJECTION)
        b->rejections[b->n_rejections++] = s;
    else
        b->held[b->n_held++] = s;
    return true;
}

bool
batch_up(const struct batch *b)
{
    return b->up;
}

uint32_t
batch_retry_ms(const struct batch *b)
{
    (void)b;
    return 750;
}

void
fake_outcome(struct batch *b, enum submission_outcome outcome)
{
    struct submission *s = b->held[0];

    assert(b->n_held > 0);
    memmove(&b->held[0], &b->held[1], --b->n_held * sizeof(b->held[0]));
    s->done(s, outcome, s->arg);
    submission_free(s);
}

/* ---- statements --------------------------------------------------------------------------------- */

uint8_t *
fake_statement(const struct fake_house *house, uint32_t revision, size_t *ret_len)
{
    static uint32_t indicators[] = {1, 2};
    static int64_t values[] = {500, 9}, denominators[] = {0, 10};
    uint8_t previous[ID_SIZE] = {1};
    Yuebao__Statement s = YUEBAO__STATEMENT__INIT;
    uint8_t *bytes;

    s.school = (char *)FAKE_SCHOOL;
    s.form = (char *)FAKE_FORM;
    s.period = (char *)FAKE_PERIOD;
    s.revision = revision;
    s.catalogue =
        (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)catalogue_hash(house->catalogue), .len = ID_SIZE};
    s.filler = (char *)"王芳";
    s.reviewer = (char *)"李强";
    s.head = (char *)"赵敏";
    s.n_indicator = s.n_value = s.n_denominator = 2;
    s.indicator = indicators;
    s.value = values;
    s.denominator = denominators;
    if (revision > 1) {
        s.previous = (ProtobufCBinaryData){.data = previous, .len = ID_SIZE};
        s.correction = (char *)"抄录有误";
    }
    *ret_len = yuebao__statement__get_packed_size(&s);
    bytes = malloc(*ret_len);
    assert(bytes != NULL);
    yuebao__statement__pack(&s, bytes);
    return bytes;
}

Yuebao__Envelope
fake_envelope(const struct fake_house *house, uint8_t *statement, size_t len,
              uint8_t signature[SIGNATURE_SIZE])
{
    Yuebao__Envelope e = YUEBAO__ENVELOPE__INIT;
    struct part part = {.bytes = statement, .len = len};

    assert(envelope_sign(PURPOSE_STATEMENT, &part, 1, house->registry.secret, signature));
    e.algorithm = ALGORITHM_ED25519;
    e.key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)house->registry.key, .len = KEY_SIZE};
    e.statement = (ProtobufCBinaryData){.data = statement, .len = len};
    e.signature = (ProtobufCBinaryData){.data = signature, .len = SIGNATURE_SIZE};
    return e;
}
