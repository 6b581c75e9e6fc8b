#include "outcome.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "envelope.h"
#include "filing.h"
#include "verdict.h"

#define AGENDA_OLD_MS (12ull * 60 * 60 * 1000)

/* ---- words -------------------------------------------------------------------------------------- */

static struct faults
faults_of_reject(const Yuebao__Reject *reject)
{
    struct findings findings;
    struct faults faults = {0};

    findings_init(&findings);
    findings_of_reject(&findings, reject);
    for (size_t i = 0; i < findings.count; i++) {
        struct fault fault = {.finding = findings.items[i], .column = COLUMN_NONE, .hint = MESSAGE_COUNT};

        faults_add(&faults, &fault);
    }
    faults.more = faults.more || findings.more || reject->more;
    findings_fini(&findings);
    return faults;
}

/* The catalogue by which the statement was made, for the names of indicators; NULL: not here. */
static struct catalogue *
catalogue_of(struct desk *desk, const struct item *item)
{
    Yuebao__Statement *statement = filing_statement(item);
    struct catalogue *catalogue = NULL;

    if (statement == NULL)
        return NULL;
    catalogue = agenda_catalogue(desk->outbox, &statement->catalogue);
    yuebao__statement__free_unpacked(statement, NULL);
    return catalogue;
}

static void
print_reject(struct desk *desk, const struct item *item, const Yuebao__Reject *reject)
{
    struct faults faults = faults_of_reject(reject);
    struct catalogue *catalogue = catalogue_of(desk, item);

    desk_print_faults(desk, &faults, catalogue);
    catalogue_free(catalogue);
    faults_fini(&faults);
}

static enum message
message_of_outcome(const struct item *item, const Yuebao__Verdict *v)
{
    switch (item->state) {
    case ITEM_WAITING:
        return v != NULL ? MSG_item_returned : MSG_item_waiting;
    case ITEM_RECEIPTED:
        return v == NULL || v->outcome_case != YUEBAO__VERDICT__OUTCOME_RECEIPT ? MSG_item_receipted
               : v->receipt->admitted                                           ? MSG_item_admitted
               : v->receipt->late                                               ? MSG_item_late
                                                                                : MSG_item_receipted;
    case ITEM_KEPT:
        return MSG_item_kept;
    case ITEM_REFUSED:
        break;
    }
    if (v == NULL)
        return MSG_item_orphaned;
    if (v->outcome_case == YUEBAO__VERDICT__OUTCOME_DECLINED)
        return MSG_item_declined;
    return v->outcome_case == YUEBAO__VERDICT__OUTCOME_CONFLICT ? MSG_item_conflict : MSG_item_refused;
}

/* Why the bureau admitted or declined it; "" where it did neither. */
static const char *
reason_of_decision(const Yuebao__Verdict *v)
{
    if (v != NULL && v->outcome_case == YUEBAO__VERDICT__OUTCOME_RECEIPT)
        return v->receipt->reason;
    return v != NULL && v->outcome_case == YUEBAO__VERDICT__OUTCOME_DECLINED ? v->declined->reason : "";
}

/* The revision that the slot holds at the centre, and the one that would follow it. */
static void
print_revisions(const Yuebao__Verdict *v, char current[12], char next[12])
{
    uint32_t held =
        v != NULL && v->outcome_case == YUEBAO__VERDICT__OUTCOME_CONFLICT ? v->conflict->current_revision : 0;

    snprintf(current, 12, "%" PRIu32, held);
    snprintf(next, 12, "%" PRIu32, held + 1);
}

/* When it first came, if the server had no room then: as the receipt says, or, until there is one, as the
 * server said. 0: it was never turned away, or nothing came of it. */
static uint64_t
arrived_ms(const struct item *item, const Yuebao__Verdict *v)
{
    if (item->state == ITEM_WAITING)
        return item->arrived_ms;
    return v != NULL && v->outcome_case == YUEBAO__VERDICT__OUTCOME_RECEIPT ? v->receipt->arrived_ms : 0;
}

static void
print_arrived(struct desk *desk, uint64_t arrived_ms)
{
    char arrived[INSTANT_TEXT_MAX];

    if (arrived_ms == 0)
        return;
    instant_print(arrived_ms, desk_zone(desk), arrived);
    desk_say(desk, MSG_item_arrived, "arrived", arrived, NULL);
}

void
outcome_print(struct desk *desk, const struct item *item)
{
    char revision[12], current[12], next[12], saved[INSTANT_TEXT_MAX], decided[INSTANT_TEXT_MAX];
    int32_t zone = desk_zone(desk);
    struct verdict v = {0};

    if (desk->json)
        return;
    if (item->answer != NULL && verdict_open(item->answer, item->answer_len, &v) != VERDICT_OK)
        v = (struct verdict){0};
    snprintf(revision, sizeof(revision), "%" PRIu32, item->revision);
    print_revisions(v.message, current, next);
    instant_print(item->saved_ms, zone, saved);
    instant_print(item->decided_ms, zone, decided);
    desk_say(desk, message_of_outcome(item, v.message), "school", item->school, "form", item->form, "period",
             item->period, "revision", revision, "saved", saved, "decided", decided, "current", current,
             "next", next, "reason", reason_of_decision(v.message), NULL);
    print_arrived(desk, arrived_ms(item, v.message));
    if (v.message != NULL && v.message->outcome_case == YUEBAO__VERDICT__OUTCOME_REJECT)
        print_reject(desk, item, v.message->reject);
    verdict_fini(&v);
}

/* ---- for programs ------------------------------------------------------------------------------- */

static void
add_reject(struct desk *desk, const struct item *item, const Yuebao__Reject *reject, json_t *object)
{
    struct catalogue *catalogue = catalogue_of(desk, item);
    struct faults faults = faults_of_reject(reject);
    json_t *list = json_array();

    for (size_t i = 0; i < faults.count; i++) {
        const struct finding *finding = &faults.items[i].finding;
        const ProtobufCEnumValue *code =
            protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)finding->code);
        char *sentence = message_of_finding(desk->language, finding, catalogue);

        json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s, s:s}", "code",
                                              code == NULL ? "UNKNOWN" : code->name, "indicator",
                                              (int)finding->indicator, "found", finding->found, "bound",
                                              finding->bound, "message", sentence == NULL ? "" : sentence));
        free(sentence);
    }
    json_object_set_new(object, "findings", list);
    faults_fini(&faults);
    catalogue_free(catalogue);
}

static void
add_conflict(const Yuebao__Conflict *conflict, json_t *object)
{
    char hex[2 * ID_SIZE + 1] = "";

    if (conflict->current_id.len == ID_SIZE)
        hex_print(conflict->current_id.data, ID_SIZE, hex);
    json_object_set_new(object, "reason", json_string("conflict"));
    json_object_set_new(object, "current_id", json_string(hex));
    json_object_set_new(object, "current_revision", json_integer(conflict->current_revision));
}

static void
add_verdict(struct desk *desk, const struct item *item, json_t *object)
{
    struct verdict v = {0};

    if (verdict_open(item->answer, item->answer_len, &v) != VERDICT_OK)
        return;
    switch (v.message->outcome_case) {
    case YUEBAO__VERDICT__OUTCOME_RECEIPT:
        json_object_set_new(object, "late", json_boolean(v.message->receipt->late));
        if (v.message->receipt->arrived_ms != 0)
            json_object_set_new(object, "arrived_ms",
                                json_integer((json_int_t)v.message->receipt->arrived_ms));
        if (v.message->receipt->admitted) {
            json_object_set_new(object, "admitted", json_true());
            json_object_set_new(object, "admitted_because", json_string(v.message->receipt->reason));
        }
        break;
    case YUEBAO__VERDICT__OUTCOME_REJECT:
        json_object_set_new(object, "reason", json_string("findings"));
        add_reject(desk, item, v.message->reject, object);
        break;
    case YUEBAO__VERDICT__OUTCOME_CONFLICT:
        add_conflict(v.message->conflict, object);
        break;
    case YUEBAO__VERDICT__OUTCOME_KEPT:
        json_object_set_new(object, "closed_ms", json_integer((json_int_t)v.message->kept->closed_ms));
        break;
    case YUEBAO__VERDICT__OUTCOME_DECLINED:
        json_object_set_new(object, "reason", json_string("declined"));
        json_object_set_new(object, "declined_because", json_string(v.message->declined->reason));
        break;
    case YUEBAO__VERDICT__OUTCOME__NOT_SET:
    case _YUEBAO__VERDICT__OUTCOME__CASE_IS_INT_SIZE:
        break;
    }
    verdict_fini(&v);
}

json_t *
outcome_json(struct desk *desk, const struct item *item)
{
    char id[2 * ID_SIZE + 1];
    json_t *object;

    hex_print(item->id, ID_SIZE, id);
    object = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:I}", "school", item->school, "form", item->form,
                       "period", item->period, "revision", (int)item->revision, "state",
                       item_state_name(item->state), "id", id, "saved_ms", (json_int_t)item->saved_ms);
    if (item->state == ITEM_WAITING && item->arrived_ms != 0)
        json_object_set_new(object, "arrived_ms", json_integer((json_int_t)item->arrived_ms));
    if (item->state != ITEM_WAITING)
        json_object_set_new(object, "decided_ms", json_integer((json_int_t)item->decided_ms));
    if (item->answer != NULL)
        add_verdict(desk, item, object);
    else if (item->state == ITEM_REFUSED)
        json_object_set_new(object, "reason", json_string("previous refused"));
    return object;
}

/* ---- sending ------------------------------------------------------------------------------------ */

static bool
agenda_is_old(struct desk *desk)
{
    uint64_t fetched_ms = 0, now_ms = clock_ms();
    uint8_t *bytes = NULL;
    size_t len;
    enum outbox_status status = outbox_agenda(desk->outbox, &bytes, &len, &fetched_ms);

    free(bytes);
    return status == OUTBOX_ABSENT || now_ms < fetched_ms || now_ms - fetched_ms > AGENDA_OLD_MS;
}

/* Nothing failed, and yet something waits: the server asked for it. */
static void
mention_retry(struct desk *desk, uint32_t retry_ms)
{
    char seconds[12];

    snprintf(seconds, sizeof(seconds), "%" PRIu32, retry_ms / 1000 + (retry_ms % 1000 != 0));
    desk_say(desk, MSG_server_waits, "seconds", seconds, NULL);
    desk_report(desk, "retry_ms", json_integer(retry_ms));
}

/* The agenda when it is old, and what the bureau says: courtesies, whose failure is no failure of what was
 * sent. */
static void
ask_news(struct desk *desk, const struct courier *c)
{
    struct courier news = *c;

    if (agenda_is_old(desk)) {
        bool fetched = courier_fetch(&news);

        desk_report(desk, "agenda_fetched", json_boolean(fetched));
        if (!fetched)
            return;
    }
    outcome_hear(desk, &news);
}

/* How many notes of the bureau no correction has answered yet. */
static size_t
count_returned(struct desk *desk)
{
    struct notices notices;
    size_t count;

    if (outbox_notices(desk->outbox, &notices) != OUTBOX_OK)
        return 0;
    count = notices.count;
    notices_fini(&notices);
    return count;
}

void
outcome_hear(struct desk *desk, struct courier *c)
{
    bool heard = courier_ask_notices(c);
    size_t returned = count_returned(desk);
    char count[24];

    desk_report(desk, "notices_fetched", json_boolean(heard));
    desk_report(desk, "returned", json_integer((json_int_t)returned));
    snprintf(count, sizeof(count), "%zu", c->news);
    if (c->news > 0)
        desk_say(desk, MSG_news_decided, "count", count, NULL);
    snprintf(count, sizeof(count), "%zu", returned);
    if (returned > 0)
        desk_say(desk, MSG_news_returned, "count", count, NULL);
    if (c->untrusted)
        desk_remark(desk, MSG_answer_untrusted, NULL);
}

bool
outcome_deliver(struct desk *desk, const struct identity *identity, struct courier *c)
{
    bool good = courier_open(c, desk->outbox, identity, UPLINK_HELLO) && courier_deliver(c);

    if (good) {
        desk_mention_clock(desk, c);
        ask_news(desk, c);
    }
    desk_mention_key(desk, c);
    courier_close(c);
    if (good && c->retry_ms > 0)
        mention_retry(desk, c->retry_ms);
    return good;
}
