/*
 * One pass over the bytes, led by the descriptor. It recurses into sub-messages, GATE_DEPTH_MAX deep at most.
 * The cursor stands at the first byte of whatever is being judged, so that a refusal can say where.
 */
#include "gate.h"

#include <assert.h>
#include <limits.h>

#include "limit.h"

#define WIRE_BITS          3u /* of a tag; the rest is the field's number */
#define WIRE_MASK          ((1u << WIRE_BITS) - 1u)
#define VARINT_BYTES_MAX   10u
#define FIXED32_SIZE       4u
#define FIXED64_SIZE       8u
#define MESSAGE_FIELDS_MAX 256u /* fields that one message may declare */

#define SEEN_BITS (CHAR_BIT * sizeof(uint64_t))

struct gate {
    const uint8_t *at;
    size_t fields_left;
    uint32_t field; /* number of the field being read */
};

/* Which fields of one message have been read, by their place in its descriptor. */
struct seen {
    uint64_t bits[MESSAGE_FIELDS_MAX / SEEN_BITS];
};

static enum gate_status check_message(struct gate *gate, const ProtobufCMessageDescriptor *descriptor,
                                      const uint8_t *end, unsigned depth);

/* Reads one varint at the cursor; moves on only when it is good. */
static enum gate_status
read_varint(struct gate *gate, const uint8_t *end, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        uint8_t byte;

        if (gate->at + i == end)
            return GATE_TRUNCATED;
        byte = gate->at[i];
        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            return GATE_VARINT; /* the tenth byte holds bit 63 only */
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        if (byte == 0 && i > 0)
            return GATE_VARINT; /* a shorter one says the same */
        gate->at += i + 1;
        *ret_value = value;
        return GATE_OK;
    }
    return GATE_VARINT;
}

static bool
is_int32(uint64_t value)
{
    return (int64_t)value >= INT32_MIN && (int64_t)value <= INT32_MAX;
}

static bool
varint_in_range(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
        return is_int32(value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32: /* zigzag: 32 bits on the wire too */
        return value <= UINT32_MAX;
    case PROTOBUF_C_TYPE_BOOL:
        return value <= 1;
    case PROTOBUF_C_TYPE_ENUM:
        return is_int32(value) &&
               protobuf_c_enum_descriptor_get_value(field->descriptor, (int)(int64_t)value) != NULL;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SINT64:
        return true;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    assert(!"not a varint");
    return false;
}

static ProtobufCWireType
wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return PROTOBUF_C_WIRE_TYPE_VARINT;
}

/* A number, alone or as one element of a packed field. */
static enum gate_status
check_scalar(struct gate *gate, const ProtobufCFieldDescriptor *field, const uint8_t *end)
{
    const uint8_t *start = gate->at;
    ProtobufCWireType wire = wire_type_of(field->type);
    enum gate_status rc;
    uint64_t value;

    if (wire != PROTOBUF_C_WIRE_TYPE_VARINT) {
        size_t size = wire == PROTOBUF_C_WIRE_TYPE_32BIT ? FIXED32_SIZE : FIXED64_SIZE;

        if ((size_t)(end - gate->at) < size)
            return GATE_TRUNCATED;
        gate->at += size;
        return GATE_OK;
    }
    rc = read_varint(gate, end, &value);
    if (rc != GATE_OK)
        return rc;
    if (!varint_in_range(field, value)) {
        gate->at = start;
        return GATE_RANGE;
    }
    return GATE_OK;
}

static enum gate_status
check_packed(struct gate *gate, const ProtobufCFieldDescriptor *field, const uint8_t *end)
{
    if (gate->at == end)
        return GATE_EMPTY_PACKED;
    while (gate->at < end) {
        enum gate_status rc = check_scalar(gate, field, end);

        if (rc != GATE_OK)
            return rc;
    }
    return GATE_OK;
}

static bool
is_packed(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED && (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
}

/* What stands behind a length: text, bytes, a message, or packed numbers. */
static enum gate_status
check_delimited(struct gate *gate, const ProtobufCFieldDescriptor *field, const uint8_t *end, unsigned depth)
{
    const uint8_t *start = gate->at;
    uint64_t len;
    enum gate_status rc = read_varint(gate, end, &len);

    if (rc != GATE_OK)
        return rc;
    if (len > (size_t)(end - gate->at)) {
        gate->at = start;
        return GATE_TRUNCATED;
    }
    end = gate->at + len;
    if (is_packed(field))
        return check_packed(gate, field, end);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_message(gate, field->descriptor, end, depth + 1);
    if (field->type == PROTOBUF_C_TYPE_STRING && !gate_text_is_clean(gate->at, len))
        return GATE_TEXT;
    gate->at = end;
    return GATE_OK;
}

static bool
seen_get(const struct seen *seen, unsigned index)
{
    return (seen->bits[index / SEEN_BITS] >> (index % SEEN_BITS) & 1) != 0;
}

static void
seen_set(struct seen *seen, unsigned index)
{
    seen->bits[index / SEEN_BITS] |= (uint64_t)1 << (index % SEEN_BITS);
}

/* Note a field that may come once; a member of a oneof takes the places of all its members. */
static enum gate_status
check_once(const ProtobufCMessageDescriptor *descriptor, const ProtobufCFieldDescriptor *field,
           struct seen *seen)
{
    unsigned index = (unsigned)(field - descriptor->fields);

    if (field->label == PROTOBUF_C_LABEL_REPEATED && !is_packed(field))
        return GATE_OK;
    if (seen_get(seen, index))
        return GATE_TWICE;
    seen_set(seen, index);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
        return GATE_OK;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &descriptor->fields[i];

        if ((other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
            other->quantifier_offset == field->quantifier_offset) /* where the oneof's case is kept */
            seen_set(seen, i);
    }
    return GATE_OK;
}

/* Read the tag at the cursor and find its field. */
static enum gate_status
read_tag(struct gate *gate, const ProtobufCMessageDescriptor *descriptor, const uint8_t *end,
         const ProtobufCFieldDescriptor **ret_field)
{
    const ProtobufCFieldDescriptor *field = NULL;
    ProtobufCWireType wire;
    enum gate_status rc;
    uint64_t tag;

    gate->field = 0;
    rc = read_varint(gate, end, &tag);
    if (rc != GATE_OK)
        return rc;
    if (tag <= UINT32_MAX)
        gate->field = (uint32_t)tag >> WIRE_BITS;
    if (gate->field != 0)
        field = protobuf_c_message_descriptor_get_field(descriptor, gate->field);
    if (field == NULL)
        return GATE_UNKNOWN_FIELD;
    wire = is_packed(field) ? PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED : wire_type_of(field->type);
    if ((tag & WIRE_MASK) != wire)
        return GATE_WIRE_TYPE;
    *ret_field = field;
    return GATE_OK;
}

static enum gate_status
check_field(struct gate *gate, const ProtobufCMessageDescriptor *descriptor, struct seen *seen,
            const uint8_t *end, unsigned depth)
{
    const uint8_t *start = gate->at;
    const ProtobufCFieldDescriptor *field;
    enum gate_status rc = read_tag(gate, descriptor, end, &field);

    if (rc == GATE_OK)
        rc = check_once(descriptor, field, seen);
    if (rc != GATE_OK) {
        gate->at = start;
        return rc;
    }
    if (is_packed(field) || wire_type_of(field->type) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return check_delimited(gate, field, end, depth);
    return check_scalar(gate, field, end);
}

static enum gate_status
check_message(struct gate *gate, const ProtobufCMessageDescriptor *descriptor, const uint8_t *end,
              unsigned depth)
{
    struct seen seen = {{0}};

    assert(descriptor->n_fields <= MESSAGE_FIELDS_MAX);
    if (depth > GATE_DEPTH_MAX)
        return GATE_DEPTH;
    while (gate->at < end) {
        enum gate_status rc;

        if (gate->fields_left == 0)
            return GATE_FIELDS;
        gate->fields_left--;
        rc = check_field(gate, descriptor, &seen, end, depth);
        if (rc != GATE_OK)
            return rc;
    }
    return GATE_OK;
}

enum gate_status
gate_check(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t len,
           struct gate_error *ret_error)
{
    return gate_check_fields(descriptor, bytes, len, GATE_FIELDS_MAX, ret_error);
}

enum gate_status
gate_check_fields(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t len,
                  size_t fields_max, struct gate_error *ret_error)
{
    static const uint8_t nothing[1];
    const uint8_t *start = len > 0 ? bytes : nothing; /* a pointer that may be computed with */
    struct gate gate = {.at = start, .fields_left = fields_max};
    enum gate_status rc = check_message(&gate, descriptor, start + len, 1);

    if (rc != GATE_OK && ret_error != NULL)
        *ret_error = (struct gate_error){.offset = (size_t)(gate.at - start), .field = gate.field};
    return rc;
}

const char *
gate_status_name(enum gate_status status)
{
    switch (status) {
    case GATE_OK:
        return "ok";
    case GATE_TRUNCATED:
        return "truncated";
    case GATE_VARINT:
        return "varint";
    case GATE_UNKNOWN_FIELD:
        return "unknown-field";
    case GATE_WIRE_TYPE:
        return "wire-type";
    case GATE_TWICE:
        return "twice";
    case GATE_RANGE:
        return "range";
    case GATE_EMPTY_PACKED:
        return "empty-packed";
    case GATE_TEXT:
        return "text";
    case GATE_DEPTH:
        return "depth";
    case GATE_FIELDS:
        return "fields";
    }
    return "unknown";
}

/*
 * Length of the clean character at `text`, 0 for none. A lead byte decides how many bytes follow and the
 * smallest code point that needs them (a smaller one is overlong).
 */
static size_t
clean_character(const uint8_t *text, size_t len)
{
    uint32_t lead = text[0], code, smallest;
    size_t n;

    if (lead < 0x80)
        return lead >= 0x20 && lead != 0x7f;
    if (lead < 0xc0 || lead > 0xf7)
        return 0;
    if (lead < 0xe0)
        n = 2, code = lead & 0x1f, smallest = 0xa0; /* below are the C1 controls */
    else if (lead < 0xf0)
        n = 3, code = lead & 0x0f, smallest = 0x800;
    else
        n = 4, code = lead & 0x07, smallest = 0x10000;
    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return n;
}

bool
gate_text_is_clean(const uint8_t *text, size_t len)
{
    while (len > 0) {
        size_t n = clean_character(text, len);

        if (n == 0)
            return false;
        text += n;
        len -= n;
    }
    return true;
}
