/*
 * gate: strict check of protobuf bytes before protobuf-c may see them. Generic over descriptors, no
 * allocation.
 *
 * protobuf-c accepts unknown fields, repeated singular fields (last wins), over-long varints, integers out of
 * range, invalid UTF-8 and NUL in strings, and pays up to 60 times the bytes in memory. What passes the gate
 * is understood whole: nothing unknown, nothing twice, nothing out of its type's range. (Fields may come in
 * any order, and a field may say its default: so ids and signatures cover bytes, never messages.)
 *
 * Refused: depth over GATE_DEPTH_MAX; more than GATE_FIELDS_MAX fields; unknown field numbers; groups; a wire
 * type that is not the field's; a singular field, or a second member of one oneof, twice; a packed field
 * twice, empty or unpacked; varints not minimal or over 10 bytes; uint32, int32, sint32, enum and bool values
 * outside their type, enum values without a name; lengths beyond the end; invalid UTF-8 (overlong,
 * surrogates, over U+10FFFF), and C0, C1 and DEL controls in strings (so neither tab nor newline).
 */
#ifndef YUEBAO_GATE_H
#define YUEBAO_GATE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gate_status {
    GATE_OK,
    GATE_TRUNCATED,     /* a length or a varint runs past the end */
    GATE_VARINT,        /* not minimal, or longer than 64 bits */
    GATE_UNKNOWN_FIELD, /* no such number in this message, or number 0 */
    GATE_WIRE_TYPE,     /* not the field's wire type (a group, an unpacked element ...) */
    GATE_TWICE,         /* a singular field, a packed field or a oneof again */
    GATE_RANGE,         /* a value outside the declared type, or an enum value without a name */
    GATE_EMPTY_PACKED,
    GATE_TEXT, /* a string that is not clean UTF-8 */
    GATE_DEPTH,
    GATE_FIELDS,
};

/* Where a refusal happened: byte offset into `bytes`, and the number of the field that was being read (0:
 * none). */
struct gate_error {
    size_t offset;
    uint32_t field;
};

/*
 * Check `len` bytes against `descriptor`. ret_error may be NULL; it is set on refusal only.
 */
enum gate_status gate_check(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t len,
                            struct gate_error *ret_error) __attribute__((warn_unused_result));

/* The same for more than a frame: at most `fields_max` fields instead of GATE_FIELDS_MAX. A catalogue has
 * about 4,000. */
enum gate_status gate_check_fields(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                                   size_t len, size_t fields_max, struct gate_error *ret_error)
    __attribute__((warn_unused_result));

/* A short greppable name, "varint"; never NULL. */
const char *gate_status_name(enum gate_status status);

/* Whether `len` bytes are clean text by the gate's rule for strings. */
bool gate_text_is_clean(const uint8_t *text, size_t len);

#endif
