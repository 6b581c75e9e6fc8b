/*
 * Whether a row of the ledger agrees with what was signed. What the school signed is the measure; where its
 * signature does not hold, that alone is told of the statement, and the answer is measured by the row.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "envelope.h"
#include "kept_json.h"
#include "ledger.h"
#include "validate.h"

#define REVISION_TEXT_MAX 16
#define SLOT_TEXT_MAX     160
#define MICROSECONDS      1000       /* of a millisecond */
#define ZONE_SECONDS      (8 * 3600) /* of China, in which instants are shown */

struct check {
    struct ledger *ledger;
    const struct listener *listener;
    const char *id; /* hex of ledger->id */
};

static bool
is_from(const struct check *c, const char *table)
{
    return strcmp(c->ledger->cells[LEDGER_TABLE], table) == 0;
}

/* Columns that a table does not have, or leaves empty where it does not know the name, say nothing. */
static void
compare_cell(const struct check *c, enum difference difference, enum ledger_column column,
             const char *expected)
{
    const char *found = c->ledger->cells[column];

    if (found != NULL && (found[0] != '\0' || !is_from(c, "rejection")))
        listener_compare(c->listener, difference, found, expected);
}

/* ---- the statement ------------------------------------------------------------------------------ */

static bool
check_signature(const struct check *c)
{
    const struct stated *stated = &c->ledger->stated;
    char found[REVISION_TEXT_MAX + 64];

    if (stated->statement == NULL) {
        snprintf(found, sizeof(found), "%s, byte %zu, field %u", gate_status_name(stated->gate),
                 stated->where.offset, stated->where.field);
        listener_tell(c->listener, DIFFERENCE_envelope, 0, found, NULL);
    } else if (!c->ledger->is_signed) {
        listener_tell(c->listener, DIFFERENCE_signature, 0, NULL, NULL);
    }
    return c->ledger->is_signed;
}

static void
check_key(const struct check *c)
{
    const char *key = c->ledger->cells[LEDGER_KEY];
    char signer[2 * KEY_SIZE + 1];

    hex_print(c->ledger->stated.envelope->key.data, KEY_SIZE, signer);
    listener_compare(c->listener, DIFFERENCE_key, key, signer);
    if (strcmp(key, signer) == 0 && c->ledger->cells[LEDGER_KEY_IS_OF_SCHOOL] != NULL &&
        !ledger_is(c->ledger, LEDGER_KEY_IS_OF_SCHOOL))
        listener_tell(c->listener, DIFFERENCE_foreign_key, 0, key, NULL);
}

/* What the row repeats. false: the statement is another slot's, and says nothing about this one. */
static bool
check_row(const struct check *c)
{
    const Yuebao__Statement *s = c->ledger->stated.statement;
    char revision[REVISION_TEXT_MAX];

    snprintf(revision, sizeof(revision), "%" PRIu32, s->revision);
    listener_compare(c->listener, DIFFERENCE_id, c->ledger->cells[LEDGER_ID], c->id);
    compare_cell(c, DIFFERENCE_school, LEDGER_SCHOOL, s->school);
    compare_cell(c, DIFFERENCE_form, LEDGER_FORM, s->form);
    compare_cell(c, DIFFERENCE_period, LEDGER_PERIOD, s->period);
    compare_cell(c, DIFFERENCE_revision, LEDGER_REVISION, revision);
    compare_cell(c, DIFFERENCE_filler, LEDGER_FILLER, s->filler);
    compare_cell(c, DIFFERENCE_reviewer, LEDGER_REVIEWER, s->reviewer);
    compare_cell(c, DIFFERENCE_head, LEDGER_HEAD, s->head);
    compare_cell(c, DIFFERENCE_correction, LEDGER_CORRECTION, s->correction);
    return is_from(c, "rejection") || (strcmp(c->ledger->cells[LEDGER_SCHOOL], s->school) == 0 &&
                                       strcmp(c->ledger->cells[LEDGER_FORM], s->form) == 0 &&
                                       strcmp(c->ledger->cells[LEDGER_PERIOD], s->period) == 0 &&
                                       strcmp(c->ledger->cells[LEDGER_REVISION], revision) == 0);
}

/* Each revision names the one before, and that one is there. */
static void
check_chain(const struct check *c, const uint8_t *before)
{
    const Yuebao__Statement *s = c->ledger->stated.statement;
    const char *stands = c->ledger->cells[LEDGER_BEFORE];
    char said[2 * ID_SIZE + 1] = "", wanted[2 * ID_SIZE + 1] = "";

    if (before != NULL)
        hex_print(before, ID_SIZE, wanted);
    else if (stands != NULL)
        snprintf(wanted, sizeof(wanted), "%s", stands);
    if (s->previous.len == ID_SIZE)
        hex_print(s->previous.data, ID_SIZE, said);
    if (s->revision > 1 && wanted[0] == '\0')
        listener_tell(c->listener, DIFFERENCE_gap, 0, NULL, said);
    else
        listener_compare(c->listener, DIFFERENCE_previous, said, wanted);
}

/* What its own catalogue says of it now. */
static bool
check_catalogue(const struct check *c)
{
    struct ledger *l = c->ledger;
    const uint8_t *named = ledger_hash(l);
    char hash[2 * ID_SIZE + 1] = "";

    if (named != NULL)
        hex_print(named, ID_SIZE, hash);
    compare_cell(c, DIFFERENCE_catalogue, LEDGER_CATALOGUE, hash);
    if (l->catalogue == NULL) {
        if (!is_from(c, "rejection"))
            listener_tell(c->listener, DIFFERENCE_no_catalogue, 0, NULL, hash);
        return false;
    }
    validate_statement(l->catalogue->catalogue, l->stated.statement, &l->findings);
    for (size_t i = 0; i < l->findings.errors && !is_from(c, "rejection"); i++) {
        const struct finding *f = &l->findings.items[i];
        const ProtobufCEnumValue *name =
            protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)f->code);
        listener_tell(c->listener, DIFFERENCE_finding, f->indicator, name == NULL ? "?" : name->name, NULL);
    }
    return !findings_refuse(&l->findings);
}

/* ---- the answer --------------------------------------------------------------------------------- */

const char *
ledger_print_instant(int64_t microseconds, char text[LEDGER_INSTANT_MAX])
{
    time_t second = (time_t)(microseconds / 1000000) + ZONE_SECONDS;
    struct tm tm;
    char day[24];

    if (gmtime_r(&second, &tm) == NULL || strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return "?";
    snprintf(text, LEDGER_INSTANT_MAX, "%s.%06d+08:00", day, (int)(microseconds % 1000000));
    return text;
}

static void
check_instant(const struct check *c, enum difference difference, enum ledger_column column,
              uint64_t decided_ms)
{
    const char *stands = c->ledger->cells[column];
    int64_t found = stands == NULL ? 0 : strtoll(stands, NULL, 10);
    int64_t expected = (int64_t)(decided_ms * MICROSECONDS);
    char found_text[LEDGER_INSTANT_MAX], expected_text[LEDGER_INSTANT_MAX];

    if (stands != NULL && found != expected)
        listener_tell(c->listener, difference, 0, ledger_print_instant(found, found_text),
                      ledger_print_instant(expected, expected_text));
}

/* It is about this statement: by its id, and by the slot that it repeats. */
static void
check_about(const struct check *c, const Yuebao__Verdict *v)
{
    const struct ledger *l = c->ledger;
    const Yuebao__Statement *s = l->is_signed ? l->stated.statement : NULL;
    char id[2 * ID_SIZE + 1] = "", found[SLOT_TEXT_MAX], expected[SLOT_TEXT_MAX];

    if (v->id.len == 0 && is_from(c, "rejection"))
        return; /* about the envelope: it names nothing */
    if (v->id.len == ID_SIZE)
        hex_print(v->id.data, ID_SIZE, id);
    listener_compare(c->listener, DIFFERENCE_answer_id, id, c->id);
    snprintf(found, sizeof(found), "%s %s %s %" PRIu32, v->school, v->form, v->period, v->revision);
    if (s != NULL)
        snprintf(expected, sizeof(expected), "%s %s %s %" PRIu32, s->school, s->form, s->period, s->revision);
    else
        snprintf(expected, sizeof(expected), "%s %s %s %s", l->cells[LEDGER_SCHOOL], l->cells[LEDGER_FORM],
                 l->cells[LEDGER_PERIOD], l->cells[LEDGER_REVISION]);
    if (s != NULL || !is_from(c, "rejection"))
        listener_compare(c->listener, DIFFERENCE_answer_slot, found, expected);
}

const char *
verdict_outcome(const Yuebao__Verdict *v)
{
    switch (v->outcome_case) {
    case YUEBAO__VERDICT__OUTCOME_RECEIPT:
        return "receipt";
    case YUEBAO__VERDICT__OUTCOME_REJECT:
        return "reject";
    case YUEBAO__VERDICT__OUTCOME_CONFLICT:
        return "conflict";
    case YUEBAO__VERDICT__OUTCOME_KEPT:
        return "kept";
    case YUEBAO__VERDICT__OUTCOME_DECLINED:
        return "declined";
    case YUEBAO__VERDICT__OUTCOME__NOT_SET:
    case _YUEBAO__VERDICT__OUTCOME__CASE_IS_INT_SIZE:
        return NULL;
    }
    return NULL;
}

static void
check_mark(const struct check *c, enum difference difference, enum ledger_column column, bool expected)
{
    bool found = ledger_is(c->ledger, column);

    if (found != expected)
        listener_tell(c->listener, difference, 0, found ? "true" : "false", expected ? "true" : "false");
}

/* Both or neither say that it had been turned away before, and when. */
static void
check_arrived(const struct check *c, uint64_t arrived_ms)
{
    const char *stands = c->ledger->cells[LEDGER_ARRIVED];
    char found[LEDGER_INSTANT_MAX], expected[LEDGER_INSTANT_MAX];

    if (stands != NULL && arrived_ms != 0)
        check_instant(c, DIFFERENCE_arrived, LEDGER_ARRIVED, arrived_ms);
    else if (stands != NULL)
        listener_tell(c->listener, DIFFERENCE_arrived, 0,
                      ledger_print_instant(strtoll(stands, NULL, 10), found), NULL);
    else if (arrived_ms != 0)
        listener_tell(c->listener, DIFFERENCE_arrived, 0, NULL,
                      ledger_print_instant((int64_t)(arrived_ms * MICROSECONDS), expected));
}

static void
check_receipt(const struct check *c, const Yuebao__Verdict *v)
{
    const struct ledger *l = c->ledger;

    check_mark(c, DIFFERENCE_late, LEDGER_LATE, v->receipt->late);
    check_mark(c, DIFFERENCE_admitted, LEDGER_ADMITTED, v->receipt->admitted);
    check_arrived(c, v->receipt->arrived_ms);
    if (!v->receipt->admitted) {
        check_instant(c, DIFFERENCE_received, LEDGER_RECEIVED, v->decided_ms);
        return;
    }
    check_instant(c, DIFFERENCE_decision, LEDGER_DECIDED, v->decided_ms);
    if (ledger_is(l, LEDGER_ADMITTED) && (l->cells[LEDGER_DECISION] == NULL ||
                                          strcmp(l->cells[LEDGER_DECISION], l->cells[LEDGER_ANSWER]) != 0))
        listener_tell(c->listener, DIFFERENCE_decision, 0, NULL, NULL);
}

/* What a person decided about a kept statement, and signed. */
static void
check_decision(const struct check *c)
{
    const struct ledger *l = c->ledger;
    const Yuebao__Verdict *v = l->decision.verdict;
    const Yuebao__Verdict expected = {.outcome_case = ledger_is(l, LEDGER_ADMITTED)
                                                          ? YUEBAO__VERDICT__OUTCOME_RECEIPT
                                                          : YUEBAO__VERDICT__OUTCOME_DECLINED};

    if (l->cells[LEDGER_DECISION] == NULL || !is_from(c, "kept"))
        return;
    if (v == NULL || v->outcome_case != expected.outcome_case || !answered_is_signed(&l->decision))
        listener_tell(c->listener, DIFFERENCE_decision, 0, v == NULL ? NULL : verdict_outcome(v),
                      verdict_outcome(&expected));
    else
        check_about(c, v);
}

/* The outcome that leads to each table. */
static Yuebao__Verdict__OutcomeCase
outcome_of_table(const struct check *c)
{
    if (is_from(c, "report"))
        return YUEBAO__VERDICT__OUTCOME_RECEIPT;
    return is_from(c, "kept") ? YUEBAO__VERDICT__OUTCOME_KEPT : YUEBAO__VERDICT__OUTCOME_REJECT;
}

static void
check_answer(const struct check *c)
{
    const struct ledger *l = c->ledger;
    const Yuebao__Verdict *v = l->answered.verdict;
    const Yuebao__Verdict expected = {.outcome_case = outcome_of_table(c)};

    if (v == NULL) {
        listener_tell(c->listener, DIFFERENCE_answer, 0, NULL, NULL);
        return;
    }
    if (!answered_is_signed(&l->answered)) {
        listener_tell(c->listener, DIFFERENCE_answer_signature, 0, NULL, NULL);
        return;
    }
    check_about(c, v);
    if (v->outcome_case != expected.outcome_case)
        listener_tell(c->listener, DIFFERENCE_outcome, 0, verdict_outcome(v), verdict_outcome(&expected));
    else if (v->outcome_case == YUEBAO__VERDICT__OUTCOME_RECEIPT)
        check_receipt(c, v);
    else
        check_instant(c, DIFFERENCE_received, LEDGER_RECEIVED, v->decided_ms);
    check_decision(c);
}

/* ---- a refusal: is it refused for the same now? -------------------------------------------------- */

#define FIRST_OF_STATEMENT                                                                                   \
    YUEBAO__FINDING_CODE__NAME_MISSING /* those before ask the register and the calendar */

static bool
is_of_statement(const struct finding *f)
{
    return f->code >= FIRST_OF_STATEMENT && f->code != YUEBAO__FINDING_CODE__NOT_STORABLE;
}

/* Tell those of `findings` that `others` have not. */
static void
tell_others(const struct check *c, const struct findings *findings, const struct findings *others, bool then)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        const ProtobufCEnumValue *name =
            protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)f->code);
        bool has = !is_of_statement(f);
        for (size_t k = 0; !has && k < others->count; k++) {
            const struct finding *o = &others->items[k];
            has = o->code == f->code && o->indicator == f->indicator && strcmp(o->rule, f->rule) == 0;
        }
        if (!has)
            listener_tell(c->listener, DIFFERENCE_finding, f->indicator,
                          then || name == NULL ? NULL : name->name, then && name != NULL ? name->name : NULL);
    }
}

static void
check_refusal(const struct check *c)
{
    struct ledger *l = c->ledger;
    const Yuebao__Verdict *v = l->answered.verdict;
    struct findings told;

    if (l->catalogue == NULL || v == NULL || v->outcome_case != YUEBAO__VERDICT__OUTCOME_REJECT ||
        v->id.len == 0)
        return;
    findings_init(&told);
    findings_of_reject(&told, v->reject);
    if (!told.more && !l->findings.more && !findings_have(&told, YUEBAO__FINDING_CODE__WRONG_CATALOGUE)) {
        tell_others(c, &l->findings, &told, false);
        tell_others(c, &told, &l->findings, true);
    }
    findings_fini(&told);
}

/* ---- the books ---------------------------------------------------------------------------------- */

/* "rule 5/3: the school's words", malloc'd; NULL: no remark. */
static char *
remark_text(const json_t *remark)
{
    char *text = NULL;

    if (remark != NULL && asprintf(&text, "%s %s/%s: %s", json_string_value(json_object_get(remark, "rule")),
                                   json_string_value(json_object_get(remark, "found")),
                                   json_string_value(json_object_get(remark, "bound")),
                                   json_string_value(json_object_get(remark, "explanation"))) < 0)
        abort();
    return text;
}

static json_int_t
number_in(const json_t *remark, const char *name)
{
    return json_integer_value(json_object_get(remark, name));
}

static void
compare_remark(const struct check *c, const json_t *found, const json_t *expected)
{
    char *has = remark_text(found), *wants = remark_text(expected);
    uint32_t indicator = (uint32_t)number_in(expected != NULL ? expected : found, "indicator");

    if (has == NULL || wants == NULL || strcmp(has, wants) != 0 || number_in(found, "indicator") != indicator)
        listener_tell(c->listener, DIFFERENCE_remark, indicator, has, wants);
    free(has);
    free(wants);
}

/* Both lists ascend by position; what is expected is numbered from 0. */
static void
compare_remarks(const struct check *c, const json_t *found, const json_t *expected)
{
    for (size_t f = 0, e = 0; f < json_array_size(found) || e < json_array_size(expected);) {
        const json_t *has = json_array_get(found, f), *wants = json_array_get(expected, e);
        json_int_t at = number_in(has, "position");
        if (has != NULL && wants != NULL && at != (json_int_t)e)
            *(at < (json_int_t)e ? &wants : &has) = NULL;
        compare_remark(c, has, wants);
        f += has != NULL;
        e += wants != NULL;
    }
}

static void
check_remarks(const struct check *c)
{
    const struct ledger *l = c->ledger;
    const char *stands = l->cells[LEDGER_REMARKS];

    if (stands == NULL && l->findings.count == 0 && l->stated.statement->n_explanation == 0)
        return;
    char *made = kept_remarks_json(l->catalogue->catalogue, l->stated.statement, &l->findings);
    json_t *found = json_loads(stands == NULL ? "[]" : stands, JSON_ALLOW_NUL, NULL);
    json_t *expected = json_loads(made, 0, NULL);
    if (found == NULL || expected == NULL)
        abort();
    compare_remarks(c, found, expected);
    json_decref(found);
    json_decref(expected);
    free(made);
}

static void
check_books(const struct check *c)
{
    struct ledger *l = c->ledger;
    bool newest = ledger_is(l, LEDGER_IS_NEWEST);

    if (!ledger_is(l, LEDGER_AWAY))
        booked_compare(&l->stands, &l->booked, l->catalogue->catalogue,
                       newest ? DIFFERENCE_figure : DIFFERENCE_history, c->listener);
    check_remarks(c);
}

void
ledger_check(struct ledger *ledger, const uint8_t *before, const struct listener *listener)
{
    char id[2 * ID_SIZE + 1] = "";
    struct check c = {.ledger = ledger, .listener = listener, .id = id};
    bool is_report = is_from(&c, "report");

    if (ledger->id_known)
        hex_print(ledger->id, ID_SIZE, id);
    if (check_signature(&c)) {
        check_key(&c);
        bool of_slot = check_row(&c);
        ledger->trusted = check_catalogue(&c) && of_slot;
    }
    if (is_report)
        compare_cell(&c, DIFFERENCE_district, LEDGER_DISTRICT, ledger->cells[LEDGER_DISTRICT_OUGHT]);
    if (is_report && ledger->is_signed)
        check_chain(&c, before);
    check_answer(&c);
    if (is_from(&c, "rejection") && ledger->is_signed)
        check_refusal(&c);
    compare_cell(&c, DIFFERENCE_replaced_by, LEDGER_REPLACED_BY, id);
    if (ledger->trusted)
        ledger->booked = booked_of_statement(ledger->stated.statement);
    if (is_report && ledger->trusted)
        check_books(&c);
}
