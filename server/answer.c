#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "frame.h"

/* ---- verdicts ----------------------------------------------------------------------------------- */

static uint8_t *
pack(const ProtobufCMessage *message, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(len > 0 ? len : 1);

    if (bytes != NULL)
        *ret_len = protobuf_c_message_pack(message, bytes);
    return bytes;
}

static uint8_t *
sign(const struct receipt_key *key, const Yuebao__Verdict *verdict, size_t *ret_len)
{
    Yuebao__Answer answer = YUEBAO__ANSWER__INIT;
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t *packed = NULL;
    size_t len = 0;
    uint8_t *bytes = pack(&verdict->base, &len);

    if (bytes != NULL && envelope_sign(PURPOSE_VERDICT, &(struct part){.bytes = bytes, .len = len}, 1,
                                       key->secret, signature)) {
        answer.algorithm = ALGORITHM_ED25519;
        answer.key = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)key->key, .len = KEY_SIZE};
        answer.verdict = (ProtobufCBinaryData){.data = bytes, .len = len};
        answer.signature = (ProtobufCBinaryData){.data = signature, .len = SIGNATURE_SIZE};
        packed = pack(&answer.base, ret_len);
    }
    free(bytes);
    return packed;
}

static Yuebao__Verdict
verdict_of(const struct verdict_head *head)
{
    Yuebao__Verdict verdict = YUEBAO__VERDICT__INIT;

    if (head->id != NULL)
        verdict.id = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)head->id, .len = ID_SIZE};
    verdict.school = (char *)(uintptr_t)head->school;
    verdict.form = (char *)(uintptr_t)head->form;
    verdict.period = (char *)(uintptr_t)head->period;
    verdict.revision = head->revision;
    verdict.decided_ms = head->decided_ms;
    return verdict;
}

uint8_t *
answer_receipt(const struct receipt_key *key, const struct verdict_head *head, bool late, uint64_t arrived_ms,
               size_t *ret_len)
{
    Yuebao__Verdict verdict = verdict_of(head);
    Yuebao__Receipt receipt = YUEBAO__RECEIPT__INIT;

    receipt.late = late;
    receipt.arrived_ms = arrived_ms;
    verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_RECEIPT;
    verdict.receipt = &receipt;
    return sign(key, &verdict, ret_len);
}

uint8_t *
answer_kept(const struct receipt_key *key, const struct verdict_head *head, uint64_t closed_ms,
            size_t *ret_len)
{
    Yuebao__Verdict verdict = verdict_of(head);
    Yuebao__Kept kept = YUEBAO__KEPT__INIT;

    kept.closed_ms = closed_ms;
    verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_KEPT;
    verdict.kept = &kept;
    return sign(key, &verdict, ret_len);
}

uint8_t *
answer_admitted(const struct receipt_key *key, const struct verdict_head *head, const char *reason,
                size_t *ret_len)
{
    Yuebao__Verdict verdict = verdict_of(head);
    Yuebao__Receipt receipt = YUEBAO__RECEIPT__INIT;

    receipt.late = true; /* whatever came after close came after due */
    receipt.admitted = true;
    receipt.reason = (char *)(uintptr_t)reason;
    verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_RECEIPT;
    verdict.receipt = &receipt;
    return sign(key, &verdict, ret_len);
}

uint8_t *
answer_declined(const struct receipt_key *key, const struct verdict_head *head, const char *reason,
                size_t *ret_len)
{
    Yuebao__Verdict verdict = verdict_of(head);
    Yuebao__Declined declined = YUEBAO__DECLINED__INIT;

    declined.reason = (char *)(uintptr_t)reason;
    verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_DECLINED;
    verdict.declined = &declined;
    return sign(key, &verdict, ret_len);
}

uint8_t *
answer_reject(const struct receipt_key *key, const struct verdict_head *head, const struct findings *findings,
              size_t *ret_len)
{
    Yuebao__Verdict verdict = verdict_of(head);
    size_t len = 0;
    uint8_t *bytes = findings_pack(findings, &len);
    Yuebao__Reject *reject = bytes != NULL ? yuebao__reject__unpack(NULL, len, bytes) : NULL;
    uint8_t *answer = NULL;

    if (reject != NULL) {
        verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_REJECT;
        verdict.reject = reject;
        answer = sign(key, &verdict, ret_len);
        yuebao__reject__free_unpacked(reject, NULL);
    }
    free(bytes);
    return answer;
}

uint8_t *
answer_conflict(const struct receipt_key *key, const struct verdict_head *head,
                const uint8_t current_id[ID_SIZE], uint32_t current_revision, size_t *ret_len)
{
    Yuebao__Verdict verdict = verdict_of(head);
    Yuebao__Conflict conflict = YUEBAO__CONFLICT__INIT;

    conflict.current_id = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)current_id, .len = ID_SIZE};
    conflict.current_revision = current_revision;
    verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_CONFLICT;
    verdict.conflict = &conflict;
    return sign(key, &verdict, ret_len);
}

/* ---- frames ------------------------------------------------------------------------------------- */

#define VARINT_MAX 10u

static uint8_t *
put_varint(uint8_t *to, uint64_t value)
{
    while (value >= 0x80) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

/*
 * The frame of a Reply whose body is packed already: on the wire a message inside a message is its bytes
 * behind tag and length (protobuf's encoding, "Submessages"), so it need not be unpacked to travel.
 */
static uint8_t *
frame_of_packed(uint32_t number, unsigned field, const uint8_t *body, size_t len, size_t *ret_len)
{
    enum { LENGTH_DELIMITED = 2, VARINT = 0, NUMBER_FIELD = 1 };
    uint8_t *frame = malloc(FRAME_HEADER + 4 * VARINT_MAX + len);
    uint8_t *to;

    if (frame == NULL)
        return NULL;
    to = frame + FRAME_HEADER;
    if (number != 0) {
        to = put_varint(to, NUMBER_FIELD << 3 | VARINT);
        to = put_varint(to, number);
    }
    to = put_varint(to, field << 3 | LENGTH_DELIMITED);
    to = put_varint(to, len);
    memcpy(to, body, len);
    to += len;
    frame_put_header(frame, (size_t)(to - frame) - FRAME_HEADER);
    *ret_len = (size_t)(to - frame);
    return frame;
}

uint8_t *
reply_agenda(uint32_t number, const uint8_t *agenda, size_t agenda_len, size_t *ret_len)
{
    return frame_of_packed(number, YUEBAO__REPLY__BODY_AGENDA, agenda, agenda_len, ret_len);
}

uint8_t *
reply_notices(uint32_t number, const uint8_t *notices, size_t notices_len, size_t *ret_len)
{
    return frame_of_packed(number, YUEBAO__REPLY__BODY_NOTICES, notices, notices_len, ret_len);
}

uint8_t *
reply_holding(uint32_t number, const uint8_t *holding, size_t holding_len, size_t *ret_len)
{
    return frame_of_packed(number, YUEBAO__REPLY__BODY_HOLDING, holding, holding_len, ret_len);
}

uint8_t *
reply_answer(uint32_t number, const uint8_t *answer, size_t answer_len, size_t *ret_len)
{
    return frame_of_packed(number, YUEBAO__REPLY__BODY_ANSWER, answer, answer_len, ret_len);
}

uint8_t *
reply_welcome(uint32_t number, uint32_t protocol, const struct receipt_key *key, uint64_t server_ms,
              uint32_t in_flight, size_t *ret_len)
{
    Yuebao__Reply reply = YUEBAO__REPLY__INIT;
    Yuebao__Welcome welcome = YUEBAO__WELCOME__INIT;
    ProtobufCBinaryData keys[] = {{.data = (uint8_t *)(uintptr_t)key->key, .len = KEY_SIZE}};

    welcome.protocol = protocol;
    welcome.server_ms = server_ms;
    welcome.n_server_key = 1;
    welcome.server_key = keys;
    welcome.in_flight = in_flight;
    reply.number = number;
    reply.body_case = YUEBAO__REPLY__BODY_WELCOME;
    reply.welcome = &welcome;
    return frame_of_reply(&reply, ret_len);
}

uint8_t *
reply_catalogue_part(uint32_t number, const uint8_t hash[ID_SIZE], const uint8_t *bytes, size_t total,
                     size_t offset, size_t *ret_len)
{
    Yuebao__Reply reply = YUEBAO__REPLY__INIT;
    Yuebao__CataloguePart part = YUEBAO__CATALOGUE_PART__INIT;
    size_t len = offset < total ? total - offset : 0;

    if (len > CATALOGUE_PART_MAX)
        len = CATALOGUE_PART_MAX;
    part.hash = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)hash, .len = ID_SIZE};
    part.total = (uint32_t)total;
    part.offset = (uint32_t)offset;
    if (len > 0)
        part.bytes = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)bytes + offset, .len = len};
    reply.number = number;
    reply.body_case = YUEBAO__REPLY__BODY_CATALOGUE;
    reply.catalogue = &part;
    return frame_of_reply(&reply, ret_len);
}

uint8_t *
reply_wait(uint32_t number, const uint8_t id[ID_SIZE], uint32_t retry_ms, size_t *ret_len)
{
    Yuebao__Reply reply = YUEBAO__REPLY__INIT;
    Yuebao__Wait wait = YUEBAO__WAIT__INIT;

    wait.id = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)id, .len = ID_SIZE};
    wait.retry_ms = retry_ms;
    reply.number = number;
    reply.body_case = YUEBAO__REPLY__BODY_WAIT;
    reply.wait = &wait;
    return frame_of_reply(&reply, ret_len);
}

uint8_t *
reply_busy(uint32_t number, uint32_t retry_ms, const Yuebao__Arrival *arrival, size_t *ret_len)
{
    Yuebao__Reply reply = YUEBAO__REPLY__INIT;
    Yuebao__Busy busy = YUEBAO__BUSY__INIT;

    busy.retry_ms = retry_ms;
    busy.arrival = (Yuebao__Arrival *)(uintptr_t)arrival;
    reply.number = number;
    reply.body_case = YUEBAO__REPLY__BODY_BUSY;
    reply.busy = &busy;
    return frame_of_reply(&reply, ret_len);
}

uint8_t *
reply_fault(uint32_t number, Yuebao__FaultCode code, uint32_t retry_ms, size_t *ret_len)
{
    Yuebao__Reply reply = YUEBAO__REPLY__INIT;
    Yuebao__Fault fault = YUEBAO__FAULT__INIT;

    fault.code = code;
    fault.retry_ms = retry_ms;
    if (code == YUEBAO__FAULT_CODE__FAULT_PROTOCOL) {
        fault.lowest = PROTOCOL_OLDEST;
        fault.highest = PROTOCOL_NUMBER;
    }
    reply.number = number;
    reply.body_case = YUEBAO__REPLY__BODY_FAULT;
    reply.fault = &fault;
    return frame_of_reply(&reply, ret_len);
}

const char *
fault_name(Yuebao__FaultCode code)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&yuebao__fault_code__descriptor, (int)code);

    return value != NULL ? value->name : "FAULT_UNKNOWN";
}
