#include "filing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "gate.h"
#include "verdict.h"

Yuebao__Statement *
filing_statement(const struct item *item)
{
    if (gate_check(&yuebao__statement__descriptor, item->statement, item->statement_len, NULL) != GATE_OK)
        return NULL;
    return yuebao__statement__unpack(NULL, item->statement_len, item->statement);
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

/* ---- what is there already ---------------------------------------------------------------------- */

static bool
same_numbers(const void *a, const void *b, size_t count_a, size_t count_b, size_t size)
{
    return count_a == count_b && (count_a == 0 || memcmp(a, b, count_a * size) == 0);
}

static bool
same_explanations(const Yuebao__Statement *s, const struct draft *d)
{
    if (s->n_explanation != d->explanations)
        return false;
    for (size_t i = 0; i < d->explanations; i++)
        if (s->explanation[i]->indicator != d->explanation[i].indicator ||
            strcmp(s->explanation[i]->text, d->explanation[i].text) != 0)
            return false;
    return true;
}

/* Figures, reasons, explanations: what a clerk changes. Names and clocks do not make another report. */
static bool
same_figures(const struct item *item, const struct draft *d)
{
    Yuebao__Statement *s = filing_statement(item);
    bool same;

    if (s == NULL)
        return false;
    same = same_numbers(s->indicator, d->indicator, s->n_indicator, d->figures, sizeof(d->indicator[0])) &&
           same_numbers(s->value, d->value, s->n_value, d->figures, sizeof(d->value[0])) &&
           same_numbers(s->denominator, d->denominator, s->n_denominator, d->figures,
                        sizeof(d->denominator[0])) &&
           same_numbers(s->missing, d->missing_indicator, s->n_missing, d->missing,
                        sizeof(d->missing_indicator[0])) &&
           same_numbers(s->missing_reason, d->missing_reason, s->n_missing_reason, d->missing,
                        sizeof(d->missing_reason[0])) &&
           same_explanations(s, d);
    yuebao__statement__free_unpacked(s, NULL);
    return same;
}

static void
follow(struct filing *f, uint32_t revision, const uint8_t *id)
{
    if (revision < f->revision)
        return;
    f->base = BASE_CHANGED;
    f->revision = revision;
    f->has_previous = true;
    memcpy(f->previous, id, ID_SIZE);
}

/* A conflict names what the slot holds at the centre (sent from another computer, say): the next revision
 * follows that. */
static void
follow_conflict(struct filing *f, const struct item *item)
{
    struct verdict v = {0};
    const Yuebao__Conflict *conflict;

    if (item->answer == NULL || verdict_open(item->answer, item->answer_len, &v) != VERDICT_OK)
        return;
    conflict = v.message->outcome_case == YUEBAO__VERDICT__OUTCOME_CONFLICT ? v.message->conflict : NULL;
    if (conflict != NULL && conflict->current_id.len == ID_SIZE &&
        !(f->has_previous && memcmp(f->previous, conflict->current_id.data, ID_SIZE) == 0))
        follow(f, conflict->current_revision, conflict->current_id.data);
    verdict_fini(&v);
}

static void
hold(struct filing *f, enum filing_base base, const struct item *item)
{
    f->base = base;
    f->held_revision = item->revision;
    memcpy(f->id, item->id, ID_SIZE);
}

/*
 * A kept statement is out of the books: what follows does not build on it, but the same figures are not sent
 * twice, unless the period is open again: then they count. A refused one was never anything, unless it tells
 * what is there instead.
 */
static void
weigh_item(struct filing *f, const struct item *item)
{
    bool same = same_figures(item, f->draft);

    switch (item->state) {
    case ITEM_WAITING:
    case ITEM_RECEIPTED:
        follow(f, item->revision, item->id);
        if (same && f->revision == item->revision)
            hold(f, item->state == ITEM_WAITING ? BASE_WAITING : BASE_RECEIPTED, item);
        return;
    case ITEM_KEPT:
        if (same && f->is_closed)
            hold(f, BASE_KEPT, item);
        return;
    case ITEM_REFUSED:
        follow_conflict(f, item);
        return;
    }
}

/* Over the slot's items, oldest first. */
static void
weigh_items(struct filing *f, const struct items *items)
{
    f->base = BASE_NEW;
    f->revision = 0;
    f->has_previous = false;
    for (size_t i = 0; i < items->count; i++)
        weigh_item(f, &items->list[i]);
    f->revision++;
}

/* The same figures are there already: nothing will be signed. */
static bool
is_held(const struct filing *f)
{
    return f->base == BASE_WAITING || f->base == BASE_RECEIPTED || f->base == BASE_KEPT;
}

static enum filing_status
outbox_failed(struct filing *f, enum outbox_status status)
{
    f->trouble = status;
    return status == OUTBOX_OK ? FILING_OK : status == OUTBOX_NOMEM ? FILING_NOMEM : FILING_OUTBOX;
}

static enum filing_status
find_base(struct outbox *outbox, struct filing *f)
{
    const struct item_filter filter = {.school = f->school, .form = f->form_code, .period = f->period};
    struct items items;
    enum outbox_status status = outbox_items(outbox, &filter, &items);

    if (status != OUTBOX_OK)
        return outbox_failed(f, status);
    f->is_closed = agenda_now_ms(outbox) >= f->window->closes_ms;
    weigh_items(f, &items);
    items_fini(&items);
    return FILING_OK;
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

/* What validate says about the whole; the same at the collector. */
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
    if (request->draft || is_held(f))
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

static enum filing_status
check_figures(struct outbox *outbox, const struct sheet *sheet, const struct filing_request *request,
              struct filing *f)
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
    f->draft = sheet_draft(sheet, f->catalogue, f->form, &f->faults);
    if (f->draft == NULL)
        return FILING_NOMEM;
    status = find_base(outbox, f);
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
        status = check_figures(outbox, sheet, request, f);
    sheet_free(sheet);
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
        status = outbox_failed(f, outbox_add(outbox, &item));
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
    enum filing_status status = find_base(outbox, f);

    if (status != FILING_OK || is_held(f) || f->revision == checked_revision)
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
    status = outbox_failed(f, outbox_begin(outbox));
    if (status != FILING_OK)
        return status;
    status = settle_base(outbox, request, f);
    saving = status == FILING_OK && !is_held(f) && !faults_refuse(&f->faults);
    if (saving)
        status = sign_and_add(outbox, request, identity, f);
    if (saving && status == FILING_OK)
        status = outbox_failed(f, outbox_commit(outbox));
    outbox_undo(outbox);
    return status;
}

void
filing_fini(struct filing *f)
{
    faults_fini(&f->faults);
    draft_free(f->draft);
    catalogue_free(f->catalogue);
    if (f->agenda != NULL)
        yuebao__agenda__free_unpacked(f->agenda, NULL);
    *f = (struct filing){0};
}
