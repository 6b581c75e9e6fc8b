#include "intake.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "gate.h"
#include "validate.h"

#define SUMMARY_MAX 500u /* bytes of a rejection's summary in the database */

/* One envelope while it is being judged. */
struct judgement {
    const struct intake *intake;
    const Yuebao__Envelope *envelope;
    uint64_t now_ms;
    uint8_t id[ID_SIZE];
    Yuebao__Statement *statement; /* in the arena; NULL until signature and gate let it through */
    bool of_envelope;             /* the refusal says nothing about the statement: see refuse_envelope() */
    struct period period;
    const struct registry_school *school; /* NULL: unknown */
    const struct registry_window *window; /* NULL: not in the calendar */
    const struct catalogue *catalogue;    /* by which it was judged; NULL: none known */
    enum slot_verdict verdict;
    struct findings findings;
};

static void
find(struct judgement *j, Yuebao__FindingCode code, const char *found)
{
    findings_add(&j->findings, code, 0, NULL, found, NULL);
}

/* ---- the envelope ------------------------------------------------------------------------------- */

/*
 * Anybody can mangle a signature, or sign somebody's statement by a key of his own: what he is told must
 * never pass for a word about that statement, so it does not name it.
 */
static void
refuse_envelope(struct judgement *j, Yuebao__FindingCode code, const char *found)
{
    j->of_envelope = true;
    find(j, code, found);
}

static bool
signature_holds(const Yuebao__Envelope *envelope)
{
    struct part part = {.bytes = envelope->statement.data, .len = envelope->statement.len};

    return envelope->key.len == KEY_SIZE && envelope->signature.len == SIGNATURE_SIZE &&
           envelope_verify(PURPOSE_STATEMENT, &part, 1, envelope->key.data, envelope->signature.data);
}

static void
open_statement(struct judgement *j)
{
    const ProtobufCBinaryData *bytes = &j->envelope->statement;
    struct gate_error at = {0};
    enum gate_status status = gate_check(&yuebao__statement__descriptor, bytes->data, bytes->len, &at);
    char found[FINDING_TEXT_MAX];

    if (status != GATE_OK) {
        snprintf(found, sizeof(found), "%s, byte %zu, field %u", gate_status_name(status), at.offset,
                 at.field);
        find(j, YUEBAO__FINDING_CODE__BAD_ENVELOPE, found);
        return;
    }
    arena_reset(j->intake->arena);
    j->statement = yuebao__statement__unpack(arena_allocator(j->intake->arena), bytes->len, bytes->data);
    if (j->statement == NULL)
        find(j, YUEBAO__FINDING_CODE__BAD_ENVELOPE, "too large when unpacked");
}

static void
check_envelope(struct judgement *j)
{
    char algorithm[16];

    if (j->envelope->algorithm != ALGORITHM_ED25519) {
        snprintf(algorithm, sizeof(algorithm), "%u", j->envelope->algorithm);
        refuse_envelope(j, YUEBAO__FINDING_CODE__UNKNOWN_ALGORITHM, algorithm);
    } else if (!signature_holds(j->envelope)) {
        refuse_envelope(j, YUEBAO__FINDING_CODE__BAD_SIGNATURE, NULL);
    } else {
        open_statement(j);
    }
}

/* ---- the slot and what is inside ---------------------------------------------------------------- */

static void
look_up(struct judgement *j)
{
    const struct registry *registry = j->intake->registry;
    const Yuebao__Statement *s = j->statement;

    j->school = registry_school(registry, s->school);
    if (period_parse(s->period, &j->period))
        j->window = registry_window(registry, s->form, j->period, j->school);
    if (j->window != NULL)
        j->catalogue = j->window->catalogue;
    else if (s->catalogue.len == ID_SIZE)
        j->catalogue = registry_catalogue(registry, s->catalogue.data);
}

static struct slot
slot_of(const struct judgement *j)
{
    struct slot slot = {.school_known = j->school != NULL, .in_calendar = j->window != NULL};

    if (j->school != NULL) {
        slot.kind = j->school->kind;
        slot.not_sent = !registry_form_sent(j->intake->registry, j->statement->form, j->school);
        slot.opened_day = j->school->opened_day;
        slot.closed_day = j->school->closed_day;
    }
    if (j->window != NULL) {
        slot.opens_ms = j->window->opens_ms;
        slot.due_ms = j->window->due_ms;
        slot.closes_ms = j->window->closes_ms;
        slot.zone_minutes = j->window->zone_minutes;
        slot.catalogue = catalogue_hash(j->window->catalogue);
    }
    return slot;
}

/* Neither the calendar nor the statement names a catalogue that is known here: nothing inside can be judged.
 */
static void
check_without_catalogue(struct judgement *j)
{
    struct period ignored;
    bool is_period = period_parse(j->statement->period, &ignored);

    if (j->school == NULL)
        find(j, YUEBAO__FINDING_CODE__UNKNOWN_SCHOOL, j->statement->school);
    find(j, is_period ? YUEBAO__FINDING_CODE__PERIOD_NOT_IN_CALENDAR : YUEBAO__FINDING_CODE__BAD_PERIOD,
         j->statement->period);
}

/*
 * The instant that counts for due and close. It cannot open a window: what came before that and comes again
 * now is judged as if it had come at the opening.
 */
static uint64_t
counts_as(const struct judgement *j, const struct slot *slot)
{
    uint64_t arrived_ms = j->intake->arrived_ms;

    if (arrived_ms == 0 || j->now_ms < slot->opens_ms)
        return j->now_ms;
    return arrived_ms > slot->opens_ms ? arrived_ms : slot->opens_ms;
}

static void
check_statement(struct judgement *j)
{
    struct slot slot;

    look_up(j);
    if (j->school != NULL && !registry_key_may_sign(j->intake->registry, j->envelope->key.data, j->school)) {
        refuse_envelope(j, YUEBAO__FINDING_CODE__KEY_NOT_OF_SCHOOL, j->statement->school);
        return;
    }
    if (j->catalogue == NULL) {
        check_without_catalogue(j);
        return;
    }
    slot = slot_of(j);
    j->verdict = validate_slot(&slot, j->catalogue, j->statement, counts_as(j, &slot), &j->findings);
    validate_statement(j->catalogue, j->statement, &j->findings);
}

/* ---- the submission ----------------------------------------------------------------------------- */

/* A text as it may be repeated in verdicts and tables; one that is longer than it can be right is not
 * repeated. */
static const char *
repeatable(const char *text, size_t max)
{
    return text != NULL && strlen(text) <= max ? text : "";
}

/* id and s: NULL when it is not about the statement. */
static struct verdict_head
head_of(const uint8_t *id, const Yuebao__Statement *s, uint64_t decided_ms)
{
    struct verdict_head head = {.id = id, .school = "", .form = "", .period = "", .decided_ms = decided_ms};

    if (s != NULL) {
        head.school = repeatable(s->school, SCHOOL_CODE_MAX);
        head.form = repeatable(s->form, FORM_CODE_MAX);
        head.period = repeatable(s->period, PERIOD_TEXT_MAX);
        head.revision = s->revision;
    }
    return head;
}

struct verdict_head
intake_head(const struct submission *submission)
{
    return head_of(submission->id, submission->statement, submission->received_ms);
}

/* What all kinds have alike. NULL: no memory. */
static struct submission *
submission_of(const struct judgement *j)
{
    const Yuebao__Envelope *envelope = j->envelope;
    struct submission *s = submission_new();

    if (s == NULL)
        return NULL;
    memcpy(s->id, j->id, ID_SIZE);
    if (envelope->key.len == KEY_SIZE)
        memcpy(s->key, envelope->key.data, KEY_SIZE);
    s->received_ms = j->now_ms;
    if (j->statement != NULL)
        s->revision = j->statement->revision;
    s->envelope_len = yuebao__envelope__get_packed_size(envelope);
    s->envelope = malloc(s->envelope_len > 0 ? s->envelope_len : 1);
    if (s->envelope == NULL) {
        submission_free(s);
        return NULL;
    }
    yuebao__envelope__pack(envelope, s->envelope);
    return s;
}

/* snprintf cuts between any two bytes; PostgreSQL takes whole characters only. */
static void
cut_at_character(char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
        len--;
    text[len > 0 ? len - 1 : 0] = '\0';
}

/* "ABOVE_MAX enrolled_pupils; NAME_MISSING head": for people who look into the table. */
static char *
summary_of(const struct findings *findings, const struct catalogue *catalogue)
{
    char *text = calloc(1, SUMMARY_MAX + 1);
    size_t len = 0;

    for (size_t i = 0; text != NULL && i < findings->count && len < SUMMARY_MAX; i++) {
        const struct finding *f = &findings->items[i];
        const ProtobufCEnumValue *name =
            protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)f->code);
        const Yuebao__Indicator *about =
            catalogue != NULL && f->indicator != 0 ? catalogue_indicator(catalogue, f->indicator) : NULL;

        len +=
            (size_t)snprintf(text + len, SUMMARY_MAX + 1 - len, "%s%s %s", i > 0 ? "; " : "",
                             name != NULL ? name->name : "UNKNOWN", about != NULL ? about->code : f->found);
    }
    if (len > SUMMARY_MAX)
        cut_at_character(text, SUMMARY_MAX);
    return text;
}

/* Give a submission its Reject and what the table `rejection` keeps under that slot. Frees it and says NULL
 * without memory. */
static struct submission *
make_rejection(struct submission *s, const struct receipt_key *key, const struct verdict_head *head,
               const struct verdict_head *slot, const struct findings *findings,
               const struct catalogue *catalogue)
{
    s->kind = SUBMISSION_REJECTION;
    s->rejection_summary = summary_of(findings, catalogue);
    s->school_code = strdup(slot->school);
    s->form_code = strdup(slot->form);
    s->period_text = strdup(slot->period);
    s->answer = answer_reject(key, head, findings, &s->answer_len);
    if (s->rejection_summary == NULL || s->school_code == NULL || s->form_code == NULL ||
        s->period_text == NULL || s->answer == NULL) {
        submission_free(s);
        return NULL;
    }
    return s;
}

/*
 * The slot under which a refusal is remembered. Each slot may hold some, so names that a peer made up must
 * not make slots: what is unknown here is "", and the summary repeats it.
 */
static struct verdict_head
known_slot(const struct judgement *j, const struct verdict_head *head)
{
    struct verdict_head slot = *head;

    if (j->school == NULL)
        slot.school = "";
    if (j->catalogue == NULL || catalogue_form(j->catalogue, slot.form) == NULL)
        slot.form = "";
    if (j->window == NULL)
        slot.period = "";
    return slot;
}

/* ---- refused today, accepted before? ------------------------------------------------------------- */

/* Findings that come from the register and the calendar as they are now, not from the statement alone. */
static const Yuebao__FindingCode of_the_moment[] = {
    YUEBAO__FINDING_CODE__KEY_NOT_OF_SCHOOL, YUEBAO__FINDING_CODE__SCHOOL_NOT_OPEN,
    YUEBAO__FINDING_CODE__FORM_NOT_OF_KIND,  YUEBAO__FINDING_CODE__PERIOD_NOT_IN_CALENDAR,
    YUEBAO__FINDING_CODE__PERIOD_NOT_OPEN,   YUEBAO__FINDING_CODE__WRONG_CATALOGUE,
    YUEBAO__FINDING_CODE__FORM_NOT_SENT,
};

/* One is enough: what else was found may follow from it, as when another catalogue governs now. */
static bool
any_of_the_moment(const struct findings *findings)
{
    for (size_t i = 0; i < sizeof(of_the_moment) / sizeof(of_the_moment[0]); i++)
        if (findings_have(findings, of_the_moment[i]))
            return true;
    return false;
}

/* By a key of its own anybody can sign anything: no stranger shall make work in a school's slots. */
static bool
comes_from_institution(const struct judgement *j)
{
    const struct registry_school *carrier;

    if (!findings_have(&j->findings, YUEBAO__FINDING_CODE__KEY_NOT_OF_SCHOOL))
        return true;
    carrier = registry_school(j->intake->registry, j->intake->school);
    return carrier != NULL && carrier->institution == j->school->institution;
}

/* Whether batch should look for it, and if so, where. */
static bool
find_slot(const struct judgement *j, struct submission *s)
{
    const Yuebao__Statement *st = j->statement;

    if (st == NULL || j->school == NULL || !any_of_the_moment(&j->findings) || !comes_from_institution(j))
        return false;
    s->school_id = j->school->id;
    return period_parse(st->period, &s->period) &&
           registry_form(j->intake->registry, st->form, s->period.frequency, &s->form_id);
}

static enum intake_result
refuse(const struct judgement *j, struct submission **ret_submission)
{
    struct verdict_head head =
        j->of_envelope ? head_of(NULL, NULL, j->now_ms) : head_of(j->id, j->statement, j->now_ms);
    struct verdict_head slot = known_slot(j, &head);
    struct submission *s = submission_of(j);

    if (s != NULL)
        s = make_rejection(s, j->intake->key, &head, &slot, &j->findings, j->catalogue);
    if (s == NULL)
        return INTAKE_NOMEM;
    *ret_submission = s;
    if (!find_slot(j, s))
        return INTAKE_REFUSE;
    s->kind = SUBMISSION_REVIEW;
    return INTAKE_STORE;
}

/* What was found goes with it: the texts of remarks stand there. */
static bool
fill_remarks(struct submission *s, struct judgement *j)
{
    if (s->kind != SUBMISSION_REPORT || (j->findings.count == 0 && s->statement->n_explanation == 0))
        return true;
    s->warnings = j->findings;
    findings_init(&j->findings);
    s->remarks = remarks_of(j->catalogue, s->statement, &s->warnings, &s->n_remarks);
    return s->remarks != NULL;
}

/* The statement is unpacked a second time, because the arena is the next envelope's. */
static bool
fill_claim(struct submission *s, struct judgement *j)
{
    const ProtobufCBinaryData *previous = &j->statement->previous;

    s->school_id = j->school->id;
    s->form_id = j->window->form_id;
    s->catalogue_id = j->window->catalogue_id;
    s->period = j->window->period;
    s->arrived_ms = j->intake->arrived_ms;
    s->late = j->verdict == SLOT_LATE;
    if (previous->len == ID_SIZE)
        memcpy(s->previous, previous->data, ID_SIZE);
    s->statement = yuebao__statement__unpack(NULL, j->envelope->statement.len, j->envelope->statement.data);
    return s->statement != NULL && fill_remarks(s, j);
}

static enum intake_result
take(struct judgement *j, struct submission **ret_submission)
{
    struct verdict_head head = head_of(j->id, j->statement, j->now_ms);
    struct submission *s = submission_of(j);

    if (s == NULL)
        return INTAKE_NOMEM;
    if (j->verdict == SLOT_CLOSED) {
        s->kind = SUBMISSION_KEPT;
        s->answer = answer_kept(j->intake->key, &head, j->window->closes_ms, &s->answer_len);
    } else {
        s->kind = SUBMISSION_REPORT;
        s->answer = answer_receipt(j->intake->key, &head, j->verdict == SLOT_LATE, j->intake->arrived_ms,
                                   &s->answer_len);
    }
    if (s->answer == NULL || !fill_claim(s, j)) {
        submission_free(s);
        return INTAKE_NOMEM;
    }
    *ret_submission = s;
    return INTAKE_STORE;
}

enum intake_result
intake_judge(const struct intake *intake, const Yuebao__Envelope *envelope, uint64_t now_ms,
             struct submission **ret_submission)
{
    struct judgement j = {.intake = intake, .envelope = envelope, .now_ms = now_ms, .verdict = SLOT_REFUSED};
    enum intake_result result;

    if (!statement_id(envelope->statement.data, envelope->statement.len, j.id))
        return INTAKE_NOMEM;
    findings_init(&j.findings);
    check_envelope(&j);
    if (!findings_refuse(&j.findings))
        check_statement(&j);
    if (findings_refuse(&j.findings)) {
        result = refuse(&j, ret_submission);
    } else {
        /* without a finding the slot is known, or validate_slot is broken */
        assert(j.school != NULL && j.window != NULL && j.verdict != SLOT_REFUSED);
        result = take(&j, ret_submission);
    }
    findings_fini(&j.findings);
    return result;
}

/* ---- what only the database knew ---------------------------------------------------------------- */

static struct submission *
copy_for_record(const struct submission *from)
{
    struct submission *s = submission_new();

    if (s == NULL)
        return NULL;
    memcpy(s->id, from->id, ID_SIZE);
    memcpy(s->key, from->key, KEY_SIZE);
    s->received_ms = from->received_ms;
    s->revision = from->revision;
    s->envelope = malloc(from->envelope_len > 0 ? from->envelope_len : 1);
    if (s->envelope == NULL) {
        submission_free(s);
        return NULL;
    }
    memcpy(s->envelope, from->envelope, from->envelope_len);
    s->envelope_len = from->envelope_len;
    return s;
}

struct submission *
intake_rejection_of(const struct receipt_key *key, const struct submission *submission,
                    enum submission_outcome outcome)
{
    struct verdict_head head = intake_head(submission);
    struct submission *s = copy_for_record(submission);
    struct findings findings;

    if (s == NULL)
        return NULL;
    findings_init(&findings);
    if (outcome == SUBMISSION_MOVED)
        findings_add(&findings, YUEBAO__FINDING_CODE__SCHOOL_NOT_OPEN, 0, NULL, head.period, "-");
    else
        findings_add(&findings, YUEBAO__FINDING_CODE__NOT_STORABLE, 0, NULL, submission->sqlstate,
                     submission->constraint);
    s = make_rejection(s, key, &head, &head, &findings, NULL);
    findings_fini(&findings);
    return s;
}
