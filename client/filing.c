#include "filing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "filing_inside.h"
#include "gate.h"
#include "own_past.h"
#include "template_old.h"

Yuebao__Statement *
filing_unpack(const uint8_t *bytes, size_t len)
{
    if (gate_check(&yuebao__statement__descriptor, bytes, len, NULL) != GATE_OK)
        return NULL;
    return yuebao__statement__unpack(NULL, len, bytes);
}

Yuebao__Statement *
filing_statement(const struct item *item)
{
    return filing_unpack(item->statement, item->statement_len);
}

static void
add(struct filing *f, Yuebao__FindingCode code, Yuebao__Severity severity, const char *found,
    const char *bound)
{
    struct findings findings;

    findings_init(&findings);
    findings_add(&findings, code, 0, NULL, found, bound);
    for (size_t i = 0; i < findings.count; i++) {
        struct fault fault = {.finding = findings.items[i], .column = COLUMN_NONE, .hint = MESSAGE_COUNT};

        fault.finding.severity = severity;
        faults_add(&f->faults, &fault);
    }
    findings_fini(&findings);
}

/* ---- whose figures, for when -------------------------------------------------------------------- */

/* A school's code, a form or a period: whatever is longer than the place for it is none of them. */
static void
set(char *to, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);

    memcpy(to, text, len);
    to[len] = '\0';
}

/*
 * The form follows from the school's kind and the period, where the sheet does not say it, or says one of
 * another kind or frequency than the school and period that the command names. A one-off form of the same
 * stays.
 */
static void
derive_form(struct filing *f)
{
    char regular[FORM_CODE_MAX + 1];
    struct period period;
    size_t len;

    if (f->owner == NULL || !period_parse(f->period, &period))
        return;
    agenda_form_code(f->owner->kind, period, regular);
    len = strlen(regular);
    if (strncmp(f->form_code, regular, len) != 0 || f->form_code[len] != '.')
        set(f->form_code, sizeof(f->form_code), regular);
}

static void
identify(const struct sheet *sheet, const struct filing_request *request, struct filing *f)
{
    set(f->school, sizeof(f->school), request->school != NULL ? request->school : sheet_school(sheet));
    set(f->period, sizeof(f->period), request->period != NULL ? request->period : sheet_period(sheet));
    set(f->form_code, sizeof(f->form_code), request->form != NULL ? request->form : sheet_form(sheet));
    f->owner = agenda_school(f->agenda, f->school);
    if (request->form == NULL &&
        (request->school != NULL || request->period != NULL || f->form_code[0] == '\0'))
        derive_form(f);
    f->window = agenda_window(f->agenda, f->form_code, f->period, f->school);
}

/* Nobody said whose figures these are; a mark that cannot be read was complained of already. */
static void
miss_mark(struct filing *f)
{
    struct fault fault = {.column = COLUMN_MARK, .hint = MSG_hint_mark_missing};

    for (size_t i = 0; i < f->faults.count; i++)
        if (f->faults.items[i].column == COLUMN_MARK)
            return;
    fault.finding.code = YUEBAO__FINDING_CODE__COLUMN_MISSING;
    fault.finding.severity = YUEBAO__SEVERITY__ERROR;
    faults_add(&f->faults, &fault);
}

/* The first thing that keeps the slot from being known; one of them is enough, the others would only follow
 * from it. */
static bool
slot_is_known(struct filing *f)
{
    struct period period;

    if (f->school[0] == '\0' || f->period[0] == '\0') {
        miss_mark(f);
    } else if (f->owner == NULL) {
        add(f, YUEBAO__FINDING_CODE__UNKNOWN_SCHOOL, YUEBAO__SEVERITY__ERROR, f->school, NULL);
    } else if (!period_parse(f->period, &period)) {
        add(f, YUEBAO__FINDING_CODE__BAD_PERIOD, YUEBAO__SEVERITY__ERROR, f->period, "monthly");
    } else if (f->window == NULL && agenda_form_is_one_off(f->form_code)) {
        add(f, YUEBAO__FINDING_CODE__FORM_NOT_SENT, YUEBAO__SEVERITY__ERROR, f->form_code, NULL);
    } else if (f->window == NULL) {
        add(f, YUEBAO__FINDING_CODE__PERIOD_NOT_IN_CALENDAR, YUEBAO__SEVERITY__ERROR, f->period, NULL);
    } else {
        return true;
    }
    return false;
}

/* ---- the statement ------------------------------------------------------------------------------ */

/* A statement that borrows everything; its explanations are in `texts`, of which the array is the caller's.
 */
struct composed {
    Yuebao__Statement message;
    Yuebao__Explanation texts[FIGURES_MAX];
    Yuebao__Explanation *text_pointers[FIGURES_MAX];
};

static void
compose_figures(Yuebao__Statement *s, struct draft *d)
{
    s->n_indicator = s->n_value = s->n_denominator = d->figures;
    s->indicator = d->indicator;
    s->value = d->value;
    s->denominator = d->denominator;
    s->n_missing = s->n_missing_reason = d->missing;
    s->missing = d->missing_indicator;
    s->missing_reason = d->missing_reason;
}

static void
compose_explanations(struct composed *c, const struct draft *d)
{
    for (size_t i = 0; i < d->explanations; i++) {
        yuebao__explanation__init(&c->texts[i]);
        c->texts[i].indicator = d->explanation[i].indicator;
        c->texts[i].text = d->explanation[i].text;
        c->text_pointers[i] = &c->texts[i];
    }
    c->message.n_explanation = d->explanations;
    c->message.explanation = c->text_pointers;
}

/* Malloc'd; NULL: no memory. */
static struct composed *
compose(const struct filing *f, const struct filing_request *request)
{
    struct composed *c = calloc(1, sizeof(*c));
    Yuebao__Statement *s;

    if (c == NULL)
        return NULL;
    s = &c->message;
    yuebao__statement__init(s);
    s->school = (char *)f->school;
    s->form = (char *)f->form_code;
    s->period = (char *)f->period;
    s->revision = f->revision;
    if (f->has_previous)
        s->previous = (ProtobufCBinaryData){ID_SIZE, (uint8_t *)f->previous};
    s->catalogue = (ProtobufCBinaryData){ID_SIZE, (uint8_t *)catalogue_hash(f->catalogue)};
    s->filler = (char *)request->names.filler;
    s->reviewer = (char *)request->names.reviewer;
    s->head = (char *)request->names.head;
    s->correction = (char *)(f->revision > 1 ? request->correction : "");
    s->filled_ms = clock_ms();
    compose_figures(s, f->draft);
    compose_explanations(c, f->draft);
    return c;
}

/* A draft may still lack what is asked for only when it is submitted. */
static void
forgive_draft(struct findings *findings)
{
    size_t kept = 0;

    for (size_t i = 0; i < findings->count; i++) {
        Yuebao__FindingCode code = findings->items[i].code;

        if (code != YUEBAO__FINDING_CODE__NAME_MISSING &&
            code != YUEBAO__FINDING_CODE__CORRECTION_REASON_MISSING)
            findings->items[kept++] = findings->items[i];
    }
    findings->count = kept;
}

/* How the command says what it still lacks. */
static void
name_options(struct faults *faults)
{
    static const struct {
        Yuebao__FindingCode code;
        const char *found; /* NULL: whatever it is */
        enum message hint;
    } options[] = {
        {YUEBAO__FINDING_CODE__NAME_MISSING, "filler", MSG_hint_filler},
        {YUEBAO__FINDING_CODE__NAME_MISSING, "reviewer", MSG_hint_reviewer},
        {YUEBAO__FINDING_CODE__NAME_MISSING, "head", MSG_hint_head},
        {YUEBAO__FINDING_CODE__CORRECTION_REASON_MISSING, NULL, MSG_hint_correction},
    };

    for (size_t i = 0; i < faults->count; i++)
        for (size_t o = 0; o < sizeof(options) / sizeof(options[0]); o++) {
            struct fault *fault = &faults->items[i];

            if (fault->finding.code == options[o].code &&
                (options[o].found == NULL || strcmp(fault->finding.found, options[o].found) == 0))
                fault->hint = options[o].hint;
        }
}

static bool
is_explained(const struct filing *f, const struct finding *finding)
{
    for (size_t i = 0; i < f->draft->explanations; i++)
        if (finding_is_about(finding, f->catalogue, f->draft->explanation[i].indicator))
            return true;
    return false;
}

/* What to do about a warning: nothing more, where its reason stands beside the figure. */
static void
note_explanations(struct filing *f)
{
    for (size_t i = 0; i < f->faults.count; i++) {
        struct fault *fault = &f->faults.items[i];

        if (fault->finding.severity == YUEBAO__SEVERITY__WARNING &&
            (fault->finding.code == YUEBAO__FINDING_CODE__RULE_BROKEN ||
             fault->finding.code == YUEBAO__FINDING_CODE__UNLIKE_PAST) &&
            is_explained(f, &fault->finding))
            fault->hint = MSG_hint_explained;
    }
}

/* What the school's own accepted reports say about this one. They only warn: not to know them stops nothing.
 */
static void
warn_of_past(struct outbox *outbox, const struct filing *f, const Yuebao__Statement *s,
             struct findings *findings)
{
    struct own_past *past = NULL;
    struct past face;

    if (own_past_load(outbox, f->agenda, f->school, &past) != OUTBOX_OK)
        return;
    face = own_past_face(past);
    past_check(f->catalogue, s, &face, findings);
    own_past_free(past);
}

/* What validate says about the whole, the same at the collector; and what only this desk knows. */
static void
validate(struct outbox *outbox, struct filing *f, const struct filing_request *request,
         const Yuebao__Statement *s)
{
    struct slot slot = agenda_slot(f->owner, f->window);
    struct findings findings;
    char closed[INSTANT_TEXT_MAX];

    findings_init(&findings);
    validate_statement(f->catalogue, s, &findings);
    f->slot = validate_slot(&slot, f->catalogue, s, agenda_now_ms(outbox), &findings);
    warn_of_past(outbox, f, s, &findings);
    if (request->draft || filing_is_held(f))
        forgive_draft(&findings);
    sheet_locate(f->draft, f->catalogue, &findings, &f->faults);
    name_options(&f->faults);
    note_explanations(f);
    findings_fini(&findings);
    if (f->slot == SLOT_CLOSED) {
        instant_print(f->window->closes_ms, f->window->zone_minutes, closed);
        add(f, YUEBAO__FINDING_CODE__PERIOD_CLOSED, YUEBAO__SEVERITY__WARNING, f->period, closed);
    }
}

static enum filing_status
compose_and_validate(struct outbox *outbox, struct filing *f, const struct filing_request *request)
{
    struct composed *c = compose(f, request);

    if (c == NULL)
        return FILING_NOMEM;
    validate(outbox, f, request, &c->message);
    free(c);
    faults_sort(&f->faults);
    return FILING_OK;
}

/* ---- check -------------------------------------------------------------------------------------- */

/* A sheet that says by which catalogue it was made, and it was another one. */
static void
check_template(struct outbox *outbox, const struct sheet *sheet, struct filing *f)
{
    char tag[SHEET_TAG_LEN + 1];

    hex_print(catalogue_hash(f->catalogue), SHEET_TAG_LEN / 2, tag);
    if (sheet_tag(sheet)[0] == '\0' || strcmp(sheet_tag(sheet), tag) == 0)
        return;
    f->older = agenda_catalogue_of_tag(outbox, sheet_tag(sheet));
    f->faults.older = f->older;
    template_old_check(f->draft, f->older, f->form, &f->faults);
}

/* Of a sheet, or else of a statement that was signed before. */
static enum filing_status
check_figures(struct outbox *outbox, const struct sheet *sheet, const Yuebao__Statement *statement,
              const struct filing_request *request, struct filing *f)
{
    enum filing_status status;

    f->catalogue = agenda_catalogue(outbox, &f->window->catalogue);
    if (f->catalogue == NULL)
        return FILING_NO_CATALOGUE;
    f->form = catalogue_form(f->catalogue, f->form_code);
    if (f->form == NULL) {
        add(f, YUEBAO__FINDING_CODE__UNKNOWN_FORM, YUEBAO__SEVERITY__ERROR, f->form_code, NULL);
        return FILING_OK;
    }
    f->draft =
        sheet != NULL ? sheet_draft(sheet, f->catalogue, f->form, &f->faults) : draft_of_statement(statement);
    if (f->draft == NULL)
        return FILING_NOMEM;
    if (sheet != NULL)
        check_template(outbox, sheet, f);
    status = filing_find_base(outbox, f);
    return status == FILING_OK ? compose_and_validate(outbox, f, request) : status;
}

enum filing_status
filing_check(struct outbox *outbox, const struct filing_request *request, struct filing *f)
{
    enum filing_status status = FILING_OK;
    struct sheet *sheet;

    *f = (struct filing){0};
    f->agenda = agenda_load(outbox);
    if (f->agenda == NULL)
        return FILING_NO_AGENDA;
    sheet = sheet_open(request->bytes, request->len, &f->faults);
    if (sheet == NULL)
        return FILING_OK;
    identify(sheet, request, f);
    if (slot_is_known(f))
        status = check_figures(outbox, sheet, NULL, request, f);
    sheet_free(sheet);
    faults_sort(&f->faults);
    return status;
}

enum filing_status
filing_check_statement(struct outbox *outbox, const struct filing_request *request,
                       const Yuebao__Statement *statement, struct filing *f)
{
    enum filing_status status = FILING_OK;

    *f = (struct filing){0};
    f->agenda = agenda_load(outbox);
    if (f->agenda == NULL)
        return FILING_NO_AGENDA;
    set(f->school, sizeof(f->school), statement->school);
    set(f->form_code, sizeof(f->form_code), statement->form);
    set(f->period, sizeof(f->period), statement->period);
    f->owner = agenda_school(f->agenda, f->school);
    f->window = agenda_window(f->agenda, f->form_code, f->period, f->school);
    if (slot_is_known(f))
        status = check_figures(outbox, NULL, statement, request, f);
    faults_sort(&f->faults);
    return status;
}

/* ---- save --------------------------------------------------------------------------------------- */

/* Serialise once, sign those bytes, keep those bytes. */
static enum filing_status
sign(const struct identity *identity, const struct composed *c, struct filing *f, struct item *item)
{
    struct part part;

    item->statement = malloc(yuebao__statement__get_packed_size(&c->message) + 1);
    if (item->statement == NULL)
        return FILING_NOMEM;
    item->statement_len = yuebao__statement__pack(&c->message, item->statement);
    part = (struct part){item->statement, item->statement_len};
    if (!envelope_sign(PURPOSE_STATEMENT, &part, 1, identity->secret, item->signature) ||
        !statement_id(item->statement, item->statement_len, item->id))
        return FILING_NOMEM;
    set(item->school, sizeof(item->school), f->school);
    set(item->form, sizeof(item->form), f->form_code);
    set(item->period, sizeof(item->period), f->period);
    item->revision = f->revision;
    item->has_previous = f->has_previous;
    memcpy(item->previous, f->previous, ID_SIZE);
    memcpy(item->key, identity->key, KEY_SIZE);
    item->saved_ms = c->message.filled_ms;
    memcpy(f->id, item->id, ID_SIZE);
    return FILING_OK;
}

static enum filing_status
sign_and_add(struct outbox *outbox, const struct filing_request *request, const struct identity *identity,
             struct filing *f)
{
    struct composed *c = compose(f, request);
    struct item item = {0};
    enum filing_status status = c == NULL ? FILING_NOMEM : FILING_OK;

    if (status == FILING_OK)
        status = sign(identity, c, f, &item);
    if (status == FILING_OK)
        status = filing_outbox_failed(f, outbox_add(outbox, &item));
    free(item.statement);
    free(c);
    return status;
}

/* Another submit may have come between the check and the lock: then look again, with the revision that is now
 * true. */
static enum filing_status
settle_base(struct outbox *outbox, const struct filing_request *request, struct filing *f)
{
    uint32_t checked_revision = f->revision;
    enum filing_status status = filing_find_base(outbox, f);

    if (status != FILING_OK || filing_is_held(f) || f->revision == checked_revision)
        return status;
    return compose_and_validate(outbox, f, request);
}

enum filing_status
filing_save(struct outbox *outbox, const struct filing_request *request, const struct identity *identity,
            struct filing *f)
{
    enum filing_status status;
    bool saving;

    assert(f->draft != NULL && !faults_refuse(&f->faults));
    status = filing_outbox_failed(f, outbox_begin(outbox));
    if (status != FILING_OK)
        return status;
    status = settle_base(outbox, request, f);
    saving = status == FILING_OK && !filing_is_held(f) && !faults_refuse(&f->faults);
    if (saving)
        status = sign_and_add(outbox, request, identity, f);
    if (saving && status == FILING_OK)
        status = filing_outbox_failed(f, outbox_commit(outbox));
    outbox_undo(outbox);
    return status;
}

void
filing_fini(struct filing *f)
{
    faults_fini(&f->faults);
    draft_free(f->draft);
    catalogue_free(f->catalogue);
    catalogue_free(f->older);
    if (f->agenda != NULL)
        yuebao__agenda__free_unpacked(f->agenda, NULL);
    *f = (struct filing){0};
}
