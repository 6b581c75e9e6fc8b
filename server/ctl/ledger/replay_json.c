/*
 * replay: one statement as data.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "replay.h"

/* Every value is owned by the object that takes it; memory that runs out ends the program. */
static void
put(json_t *object, const char *name, json_t *value)
{
    if (value == NULL || json_object_set_new(object, name, value) != 0)
        abort();
}

static void
put_text(json_t *object, const char *name, const char *text)
{
    put(object, name, text == NULL || text[0] == '\0' ? json_null() : json_string(text));
}

static void
put_hex(json_t *object, const char *name, const ProtobufCBinaryData *bytes)
{
    char *hex = malloc(2 * bytes->len + 1);

    if (hex == NULL)
        abort();
    hex_print(bytes->data, bytes->len, hex);
    put_text(object, name, hex);
    free(hex);
}

static void
put_instant(json_t *object, const char *name, uint64_t ms)
{
    char text[LEDGER_INSTANT_MAX];

    put_text(object, name, ledger_print_instant((int64_t)(ms * 1000), text));
}

static void
append(json_t *list, json_t *item)
{
    if (json_array_append_new(list, item) != 0)
        abort();
}

static const char *
code_of(const struct replay *r, uint32_t indicator)
{
    const struct catalogue *catalogue = replay_catalogue(r);
    const Yuebao__Indicator *i = catalogue == NULL ? NULL : catalogue_indicator(catalogue, indicator);

    return i == NULL ? NULL : i->code;
}

/* ---- figures ------------------------------------------------------------------------------------ */

static json_t *
figures_json(const struct replay *r, const struct booked_list *list)
{
    json_t *array = json_array();
    char text[BOOKED_TEXT_MAX];

    for (size_t i = 0; i < list->count; i++) {
        const struct booked *figure = &list->figures[i];
        const Yuebao__Indicator *about = catalogue_indicator(replay_catalogue(r), figure->indicator);
        const char *printed = booked_print(figure, replay_catalogue(r), text);
        json_t *item = json_object();
        put(item, "number", json_integer((json_int_t)figure->indicator));
        put_text(item, "indicator", about == NULL ? NULL : about->code);
        put_text(item, "name_zh", about == NULL ? NULL : about->name_zh);
        put_text(item, "name_en", about == NULL ? NULL : about->name_en);
        put_text(item, "unit", about == NULL ? NULL : about->unit);
        put_text(item, figure->missing == 0 ? "value" : "missing", printed);
        append(array, item);
    }
    return array;
}

static json_t *
explanations_json(const struct replay *r)
{
    const Yuebao__Statement *s = r->ledger.stated.statement;
    json_t *array = json_array();

    for (size_t i = 0; i < s->n_explanation; i++) {
        json_t *item = json_object();
        put_text(item, "indicator", code_of(r, s->explanation[i]->indicator));
        put_text(item, "rule", s->explanation[i]->rule);
        put_text(item, "text", s->explanation[i]->text);
        append(array, item);
    }
    return array;
}

static json_t *
findings_json(const struct replay *r, const struct findings *findings)
{
    json_t *array = json_array();

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        const ProtobufCEnumValue *name =
            protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)f->code);
        char *sentence = message_of_finding(r->ctl->language, f, replay_catalogue(r));
        json_t *item = json_object();
        put_text(item, "code", name == NULL ? NULL : name->name);
        put_text(item, "severity", f->severity == YUEBAO__SEVERITY__ERROR ? "error" : "warning");
        put_text(item, "indicator", code_of(r, f->indicator));
        put_text(item, "rule", f->rule);
        put_text(item, "found", f->found);
        put_text(item, "bound", f->bound);
        put_text(item, "problem", sentence);
        free(sentence);
        append(array, item);
    }
    return array;
}

/* ---- statement, answer, differences -------------------------------------------------------------- */

static json_t *
statement_json(const struct replay *r)
{
    const struct ledger *l = &r->ledger;
    const Yuebao__Statement *s = l->stated.statement;
    json_t *object;

    if (s == NULL)
        return json_null();
    object = json_object();
    put_text(object, "school", s->school);
    put_text(object, "form", s->form);
    put_text(object, "period", s->period);
    put(object, "revision", json_integer((json_int_t)s->revision));
    put_hex(object, "previous", &s->previous);
    put_hex(object, "catalogue", &s->catalogue);
    put_text(object, "catalogue_made_at", l->catalogue == NULL ? NULL : l->catalogue->made);
    put_text(object, "filler", s->filler);
    put_text(object, "reviewer", s->reviewer);
    put_text(object, "head", s->head);
    put_text(object, "correction", s->correction);
    put_instant(object, "filled_at", s->filled_ms);
    put(object, "explanations", explanations_json(r));
    if (l->catalogue != NULL) {
        put(object, "figures", figures_json(r, &l->booked));
        put(object, "findings", findings_json(r, &l->findings));
    }
    return object;
}

static void
put_reject(const struct replay *r, json_t *object, const Yuebao__Reject *reject)
{
    struct findings findings;

    findings_init(&findings);
    findings_of_reject(&findings, reject);
    put(object, "findings", findings_json(r, &findings));
    findings_fini(&findings);
}

static json_t *
answer_json(const struct replay *r, const struct answered *answered)
{
    const Yuebao__Verdict *v = answered->verdict;
    json_t *object;

    if (v == NULL)
        return json_null();
    object = json_object();
    put_hex(object, "key", &answered->answer->key);
    put(object, "signature_holds", json_boolean(answered_is_signed(answered)));
    put_hex(object, "id", &v->id);
    put_text(object, "outcome", verdict_outcome(v));
    put_instant(object, "decided_at", v->decided_ms);
    if (v->outcome_case == YUEBAO__VERDICT__OUTCOME_RECEIPT) {
        put(object, "late", json_boolean(v->receipt->late));
        put(object, "admitted", json_boolean(v->receipt->admitted));
        if (v->receipt->arrived_ms != 0)
            put_instant(object, "arrived_at", v->receipt->arrived_ms);
        put_text(object, "reason", v->receipt->reason);
    } else if (v->outcome_case == YUEBAO__VERDICT__OUTCOME_REJECT) {
        put_reject(r, object, v->reject);
    } else if (v->outcome_case == YUEBAO__VERDICT__OUTCOME_KEPT) {
        put_instant(object, "closed_at", v->kept->closed_ms);
    } else if (v->outcome_case == YUEBAO__VERDICT__OUTCOME_DECLINED) {
        put_text(object, "reason", v->declined->reason);
    }
    return object;
}

static json_t *
differences_json(const struct replay *r)
{
    json_t *array = json_array();

    for (size_t i = 0; i < r->difference_count; i++) {
        const struct replay_difference *d = &r->differences[i];
        json_t *item = json_object();
        put_text(item, "difference", difference_key(d->difference));
        put_text(item, "problem", message_text(r->ctl->language, difference_words(d->difference)));
        put_text(item, "indicator", code_of(r, d->indicator));
        put_text(item, "found", d->found);
        put_text(item, "expected", d->expected);
        append(array, item);
    }
    return array;
}

static void
put_row(const struct replay *r, json_t *object)
{
    const struct ledger *l = &r->ledger;
    char received[LEDGER_INSTANT_MAX];

    put_text(object, "id", l->cells[LEDGER_ID]);
    put_text(object, "table", l->cells[LEDGER_TABLE]);
    put_text(object, "district", l->cells[LEDGER_DISTRICT]);
    put_text(object, "district_zh", replay_name(r, NAME_DISTRICT_ZH));
    put_text(object, "district_en", replay_name(r, NAME_DISTRICT_EN));
    put_text(object, "school", l->cells[LEDGER_SCHOOL]);
    put_text(object, "school_zh", replay_name(r, NAME_SCHOOL_ZH));
    put_text(object, "school_en", replay_name(r, NAME_SCHOOL_EN));
    put_text(object, "form", l->cells[LEDGER_FORM]);
    put_text(object, "period", l->cells[LEDGER_PERIOD]);
    put(object, "revision", json_integer(strtoll(l->cells[LEDGER_REVISION], NULL, 10)));
    put_text(object, "received_at",
             ledger_print_instant(strtoll(l->cells[LEDGER_RECEIVED], NULL, 10), received));
    put_text(object, "decided_by", replay_name(r, NAME_DECIDED_BY));
    put_text(object, "key", l->cells[LEDGER_KEY]);
    put_text(object, "key_enrolled_for", replay_name(r, NAME_KEY_SCHOOL));
    put(object, "signature_holds", json_boolean(l->is_signed));
}

json_t *
replay_json(const struct replay *r)
{
    const struct ledger *l = &r->ledger;
    json_t *object = json_object();

    put_row(r, object);
    put(object, "statement", statement_json(r));
    put(object, "answer", answer_json(r, &l->answered));
    put(object, "decision", answer_json(r, &l->decision));
    if (strcmp(l->cells[LEDGER_TABLE], "report") == 0 && l->catalogue != NULL) {
        put(object, "is_newest", json_boolean(ledger_is(l, LEDGER_IS_NEWEST)));
        put(object, "books", figures_json(r, &l->stands));
    }
    put(object, "agrees", json_boolean(r->difference_count == 0));
    put(object, "differences", differences_json(r));
    return object;
}
