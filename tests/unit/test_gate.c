/* gate: every refusal by name and place, and that what it lets through is what protobuf-c writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "every_type.pb-c.h"
#include "gate.h"
#include "limit.h"
#include "yuebao.pb-c.h"

struct sample {
    const char *proves;
    const char *bytes;
    size_t len;
    enum gate_status status;
    size_t offset;  /* of the refusal */
    uint32_t field; /* being read then */
};
#define BYTES(text) text, sizeof(text) - 1
#define TEN_BYTES   "\xff\xff\xff\xff\xff\xff\xff\xff\xff"

static const struct sample samples[] = {
    {"no bytes are a message of defaults", BYTES(""), GATE_OK, 0, 0},
    {"a varint of one byte", BYTES("\x08\x01"), GATE_OK, 0, 0},
    {"an explicit default", BYTES("\x08\x00"), GATE_OK, 0, 0},
    {"fields in any order", BYTES("\x18\x01\x08\x01"), GATE_OK, 0, 0},

    {"a tag without its value", BYTES("\x08"), GATE_TRUNCATED, 1, 1},
    {"a tag cut short", BYTES("\x88"), GATE_TRUNCATED, 0, 0},
    {"a varint cut short", BYTES("\x08\x80"), GATE_TRUNCATED, 1, 1},
    {"a fixed32 cut short", BYTES("\x4d\x01\x02\x03"), GATE_TRUNCATED, 1, 9},
    {"a fixed64 cut short", BYTES("\x61\x01\x02\x03\x04\x05\x06\x07"), GATE_TRUNCATED, 1, 12},
    {"a length cut short", BYTES("\x7a\x80"), GATE_TRUNCATED, 1, 15},
    {"a length one beyond the end",
     BYTES("\x7a\x02"
           "a"),
     GATE_TRUNCATED, 1, 15},
    {"a length of 2^64 - 1", BYTES("\x7a" TEN_BYTES "\x01"), GATE_TRUNCATED, 1, 15},
    {"a child longer than its parent", BYTES("\x8a\x01\x03\x7a\x02\x61\x62"), GATE_TRUNCATED, 4, 15},
    {"a packed element that runs out of its field", BYTES("\x92\x01\x01\x80\x01"), GATE_TRUNCATED, 3, 18},
    {"packed fixed64 of seven bytes", BYTES("\xaa\x01\x07\x01\x02\x03\x04\x05\x06\x07"), GATE_TRUNCATED, 3,
     21},

    {"0 in two bytes", BYTES("\x08\x80\x00"), GATE_VARINT, 1, 1},
    {"1 in two bytes", BYTES("\x08\x81\x00"), GATE_VARINT, 1, 1},
    {"a tag in one byte too many", BYTES("\x88\x00\x01"), GATE_VARINT, 0, 0},
    {"a length in one byte too many",
     BYTES("\x7a\x81\x00"
           "a"),
     GATE_VARINT, 1, 15},
    {"bit 64", BYTES("\x20" TEN_BYTES "\x02"), GATE_VARINT, 1, 4},
    {"eleven bytes", BYTES("\x20" TEN_BYTES "\x81\x00"), GATE_VARINT, 1, 4},
    {"not minimal inside packed", BYTES("\x92\x01\x02\x80\x00"), GATE_VARINT, 3, 18},

    {"field number 0", BYTES("\x00\x01"), GATE_UNKNOWN_FIELD, 0, 0},
    {"a number that no field has", BYTES("\xe8\x01\x01"), GATE_UNKNOWN_FIELD, 0, 29},
    {"the highest number there is", BYTES("\xf8\xff\xff\xff\x0f\x01"), GATE_OK, 0, 0},
    {"a number of 30 bits that wraps to field 1", BYTES("\x88\x80\x80\x80\x10\x01"), GATE_UNKNOWN_FIELD, 0,
     0},
    {"unknown inside a child", BYTES("\x8a\x01\x03\xe8\x01\x01"), GATE_UNKNOWN_FIELD, 3, 29},

    {"fixed32 for a varint", BYTES("\x0d\x01\x02\x03\x04"), GATE_WIRE_TYPE, 0, 1},
    {"a varint for fixed32", BYTES("\x48\x01"), GATE_WIRE_TYPE, 0, 9},
    {"a varint for a string", BYTES("\x78\x01"), GATE_WIRE_TYPE, 0, 15},
    {"a group for a message", BYTES("\x8b\x01\x8c\x01"), GATE_WIRE_TYPE, 0, 17},
    {"the end of a group", BYTES("\x0c"), GATE_WIRE_TYPE, 0, 1},
    {"wire type 6", BYTES("\x0e"), GATE_WIRE_TYPE, 0, 1},
    {"wire type 7", BYTES("\x0f"), GATE_WIRE_TYPE, 0, 1},
    {"an unpacked element of a packed field", BYTES("\x90\x01\x01"), GATE_WIRE_TYPE, 0, 18},
    {"packed elements of an unpacked field", BYTES("\xd2\x01\x01\x01"), GATE_WIRE_TYPE, 0, 26},
    {"an unpacked field, twice", BYTES("\xd0\x01\x01\xd0\x01\x02"), GATE_OK, 0, 0},

    {"a number twice", BYTES("\x08\x01\x08\x01"), GATE_TWICE, 2, 1},
    {"a message twice", BYTES("\x8a\x01\x00\x8a\x01\x00"), GATE_TWICE, 3, 17},
    {"packed twice", BYTES("\x92\x01\x01\x01\x92\x01\x01\x01"), GATE_TWICE, 4, 18},
    {"repeated strings and messages", BYTES("\x9a\x01\x00\x9a\x01\x00\xa2\x01\x00\xa2\x01\x00"), GATE_OK, 0,
     0},
    {"one member of each oneof", BYTES("\xb0\x01\x01\xc8\x01\x01"), GATE_OK, 0, 0},
    {"a oneof's member twice", BYTES("\xb0\x01\x01\xb0\x01\x01"), GATE_TWICE, 3, 22},
    {"two members of a oneof",
     BYTES("\xb0\x01\x01\xba\x01\x01"
           "a"),
     GATE_TWICE, 3, 23},
    {"two members of a oneof, the later first", BYTES("\xc2\x01\x00\xb0\x01\x01"), GATE_TWICE, 3, 22},
    {"the same field in parent and child", BYTES("\x08\x01\x8a\x01\x02\x08\x01"), GATE_OK, 0, 0},
    {"what a child said does not count for its parent", BYTES("\x8a\x01\x02\x08\x01\x08\x01"), GATE_OK, 0, 0},
    {"what a parent said still counts after a child", BYTES("\x08\x01\x8a\x01\x00\x08\x01"), GATE_TWICE, 5,
     1},
    {"the highest number twice", BYTES("\xf8\xff\xff\xff\x0f\x01\xf8\xff\xff\xff\x0f\x01"), GATE_TWICE, 6,
     536870911},

    {"int32 of 2^31 - 1", BYTES("\x08\xff\xff\xff\xff\x07"), GATE_OK, 0, 0},
    {"int32 of 2^31", BYTES("\x08\x80\x80\x80\x80\x08"), GATE_RANGE, 1, 1},
    {"int32 of -1, as ten bytes", BYTES("\x08" TEN_BYTES "\x01"), GATE_OK, 0, 0},
    {"int32 of -1, as five bytes", BYTES("\x08\xff\xff\xff\xff\x0f"), GATE_RANGE, 1, 1},
    {"int32 of -2^31", BYTES("\x08\x80\x80\x80\x80\xf8\xff\xff\xff\xff\x01"), GATE_OK, 0, 0},
    {"int32 of -2^31 - 1", BYTES("\x08\xff\xff\xff\xff\xf7\xff\xff\xff\xff\x01"), GATE_RANGE, 1, 1},
    {"sint32 of 32 bits", BYTES("\x10\xff\xff\xff\xff\x0f"), GATE_OK, 0, 0},
    {"sint32 of 33 bits", BYTES("\x10\x80\x80\x80\x80\x10"), GATE_RANGE, 1, 2},
    {"uint32 of 2^32 - 1", BYTES("\x18\xff\xff\xff\xff\x0f"), GATE_OK, 0, 0},
    {"uint32 of 2^32", BYTES("\x18\x80\x80\x80\x80\x10"), GATE_RANGE, 1, 3},
    {"int64 of -1", BYTES("\x20" TEN_BYTES "\x01"), GATE_OK, 0, 0},
    {"sint64 of 64 bits", BYTES("\x28" TEN_BYTES "\x01"), GATE_OK, 0, 0},
    {"uint64 of 64 bits", BYTES("\x30" TEN_BYTES "\x01"), GATE_OK, 0, 0},
    {"true", BYTES("\x38\x01"), GATE_OK, 0, 0},
    {"a bool of 2", BYTES("\x38\x02"), GATE_RANGE, 1, 7},
    {"an enum value with a name", BYTES("\x40\x05"), GATE_OK, 0, 0},
    {"an enum value without a name", BYTES("\x40\x02"), GATE_RANGE, 1, 8},
    {"a negative enum value with a name", BYTES("\x40" TEN_BYTES "\x01"), GATE_OK, 0, 0},
    {"an enum value beyond int32 whose low bits have a name", BYTES("\x40\x81\x80\x80\x80\x10"), GATE_RANGE,
     1, 8},
    {"out of range inside packed", BYTES("\x92\x01\x06\x01\x80\x80\x80\x80\x08"), GATE_RANGE, 4, 18},
    {"an unnamed enum value inside packed", BYTES("\xda\x01\x02\x01\x02"), GATE_RANGE, 4, 27},
    {"a bool of 2 inside packed", BYTES("\xe2\x01\x02\x01\x02"), GATE_RANGE, 4, 28},
    {"every fixed width",
     BYTES("\x4d\1\2\3\4\x55\1\2\3\4\x5d\1\2\3\4\x61\1\2\3\4\5\6\7\x08\x69\1\2\3\4\5\6\7\x08\x71\1\2\3\4\5\6"
           "\7\x08"),
     GATE_OK, 0, 0},
    {"packed fixed64", BYTES("\xaa\x01\x10\1\2\3\4\5\6\7\x08\1\2\3\4\5\6\7\x08"), GATE_OK, 0, 0},

    {"packed and empty", BYTES("\x92\x01\x00"), GATE_EMPTY_PACKED, 3, 18},
    {"a string with a control character",
     BYTES("\x7a\x03"
           "a\nb"),
     GATE_TEXT, 2, 15},
    {"a string of Chinese",
     BYTES("\x7a\x06"
           "月报"),
     GATE_OK, 0, 0},
    {"a string cut in a character",
     BYTES("\x7a\x05"
           "\xe6\x9c\x88\xe6\x8a"),
     GATE_TEXT, 2, 15},
    {"bytes are opaque", BYTES("\x82\x01\x03\x00\xff\x0a"), GATE_OK, 0, 0},
    {"a bad string in a oneof", BYTES("\xba\x01\x01\x00"), GATE_TEXT, 3, 23},

    {"depth 4", BYTES("\x8a\x01\x08\x8a\x01\x05\x8a\x01\x02\x08\x01"), GATE_OK, 0, 0},
    {"depth 5, be it empty", BYTES("\x8a\x01\x09\x8a\x01\x06\x8a\x01\x03\x8a\x01\x00"), GATE_DEPTH, 12, 17},
    {"depth 5 through a repeated child", BYTES("\x8a\x01\x09\x8a\x01\x06\x8a\x01\x03\xa2\x01\x00"),
     GATE_DEPTH, 12, 20},
};

static void
refuses_by_name_and_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];
        struct gate_error error = {0};
        uint8_t *exact = malloc(s->len > 0 ? s->len : 1); /* so that a byte too many is seen */
        enum gate_status status;

        memcpy(exact, s->bytes, s->len);
        status = gate_check(&test__every__descriptor, exact, s->len, &error);
        if (status != s->status || error.offset != s->offset || error.field != s->field)
            fail_msg("%s: %s at %zu in field %u, want %s at %zu in field %u", s->proves,
                     gate_status_name(status), error.offset, error.field, gate_status_name(s->status),
                     s->offset, s->field);
        free(exact);
    }
}

/* Whatever is cut off, the gate ends by itself; nothing is read behind the end (ASan watches). */
static void
survives_every_cut_and_every_flip(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        for (size_t len = 0; len <= samples[i].len; len++) {
            uint8_t *exact = malloc(len > 0 ? len : 1);

            memcpy(exact, samples[i].bytes, len);
            for (size_t bit = 0; bit < 8 * len; bit++) {
                exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_string_not_equal(
                    gate_status_name(gate_check(&test__every__descriptor, exact, len, NULL)), "unknown");
                exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
            free(exact);
        }
}

static void
counts_fields_of_the_whole_frame(void **state)
{
    static uint8_t bytes[2 * (GATE_FIELDS_MAX + 1)];
    struct gate_error error;
    size_t len = 0;

    (void)state;
    for (unsigned i = 0; i < GATE_FIELDS_MAX + 1; i++) {
        bytes[len++] = 15 << 3 | 2; /* Statement.explanation, empty */
        bytes[len++] = 0;
    }
    assert_int_equal(gate_check(&yuebao__statement__descriptor, bytes, len - 2, NULL), GATE_OK);
    assert_int_equal(gate_check(&yuebao__statement__descriptor, bytes, len, &error), GATE_FIELDS);
    assert_int_equal(error.offset, len - 2);
    assert_int_equal(gate_check_fields(&yuebao__statement__descriptor, bytes, len, GATE_FIELDS_MAX + 1, NULL),
                     GATE_OK);
    assert_int_equal(gate_check_fields(&yuebao__statement__descriptor, bytes, 2, 0, NULL), GATE_FIELDS);
}

static void
counts_fields_of_children_too(void **state)
{
    /* child { int32: 1 }: two fields */
    static const uint8_t bytes[] = {0x8a, 0x01, 0x02, 0x08, 0x01};

    (void)state;
    assert_int_equal(gate_check_fields(&test__every__descriptor, bytes, sizeof(bytes), 2, NULL), GATE_OK);
    assert_int_equal(gate_check_fields(&test__every__descriptor, bytes, sizeof(bytes), 1, NULL), GATE_FIELDS);
}

/* What protobuf-c writes for a full message passes: a gate that refused honest peers would be worse than
 * none. */
static void
passes_what_protobuf_c_writes(void **state)
{
    uint32_t unpacked[] = {1, 2}, indicator[] = {1, 300, 32767}, missing[] = {7};
    int32_t packed[] = {-1, 0, INT32_MAX, INT32_MIN};
    int64_t value[] = {INT64_MIN, 0, INT64_MAX}, denominator[] = {0, 1, -1};
    char *texts[] = {(char *)"", (char *)"月"};
    Test__Every child = TEST__EVERY__INIT, *children[] = {&child, &child}, every = TEST__EVERY__INIT;
    Yuebao__MissingReason reason[] = {YUEBAO__MISSING_REASON__NOT_COLLECTED};
    Yuebao__Statement statement = YUEBAO__STATEMENT__INIT;
    uint8_t bytes[1024];
    size_t len;

    (void)state;
    every.int32 = every.sint32 = INT32_MIN;
    every.int64 = every.sint64 = INT64_MIN;
    every.uint32 = every.far = UINT32_MAX;
    every.uint64 = UINT64_MAX;
    every.colour = TEST__COLOUR__MINUS;
    every.child = &child;
    every.n_packed = 4, every.packed = packed;
    every.n_texts = 2, every.texts = texts;
    every.n_children = 2, every.children = children;
    every.n_unpacked = 2, every.unpacked = unpacked;
    every.pick_case = TEST__EVERY__PICK_MIDDLE, every.middle = &child;
    len = test__every__pack(&every, bytes);
    assert_int_equal(gate_check(&test__every__descriptor, bytes, len, NULL), GATE_OK);

    statement.school = (char *)"0012345", statement.form = (char *)"primary.monthly";
    statement.filler = (char *)"张三";
    statement.n_indicator = statement.n_value = statement.n_denominator = 3;
    statement.indicator = indicator, statement.value = value, statement.denominator = denominator;
    statement.n_missing = statement.n_missing_reason = 1;
    statement.missing = missing, statement.missing_reason = reason;
    len = yuebao__statement__pack(&statement, bytes);
    assert_int_equal(gate_check(&yuebao__statement__descriptor, bytes, len, NULL), GATE_OK);
}

struct text_sample {
    const char *proves;
    const char *text;
    size_t len;
    bool clean;
};

static const struct text_sample texts[] = {
    {"empty", BYTES(""), true},
    {"ASCII from space to tilde", BYTES(" ~"), true},
    {"two, three and four bytes", BYTES("é月𠮷"), true},
    {"NUL", BYTES("\0"), false},
    {"tab", BYTES("\t"), false},
    {"newline", BYTES("a\n"), false},
    {"U+001F", BYTES("\x1f"), false},
    {"DEL", BYTES("\x7f"), false},
    {"U+0080, a C1 control", BYTES("\xc2\x80"), false},
    {"U+009F, the last C1 control", BYTES("\xc2\x9f"), false},
    {"U+00A0, no-break space", BYTES("\xc2\xa0"), true},
    {"overlong slash in two bytes", BYTES("\xc0\xaf"), false},
    {"overlong letter in two bytes", BYTES("\xc1\x81"), false},
    {"overlong in three bytes", BYTES("\xe0\x82\xa9"), false},
    {"overlong in four bytes", BYTES("\xf0\x8f\xbf\xbf"), false},
    {"U+0800, the least of three bytes", BYTES("\xe0\xa0\x80"), true},
    {"U+D7FF, before the surrogates", BYTES("\xed\x9f\xbf"), true},
    {"U+D800, a surrogate", BYTES("\xed\xa0\x80"), false},
    {"U+DFFF, a surrogate", BYTES("\xed\xbf\xbf"), false},
    {"U+E000, behind the surrogates", BYTES("\xee\x80\x80"), true},
    {"U+10000", BYTES("\xf0\x90\x80\x80"), true},
    {"U+10FFFF", BYTES("\xf4\x8f\xbf\xbf"), true},
    {"U+110000", BYTES("\xf4\x90\x80\x80"), false},
    {"lead byte F8", BYTES("\xf8\x88\x80\x80\x80"), false},
    {"FF", BYTES("\xff"), false},
    {"a continuation alone", BYTES("\x80"), false},
    {"a lead alone", BYTES("\xe6"), false},
    {"a lead and a letter",
     BYTES("\xe6"
           "ab"),
     false},
    {"a character cut short", BYTES("\xe6\x9c"), false},
    {"four bytes cut short", BYTES("\xf0\x90\x80"), false},
};

static void
knows_clean_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (gate_text_is_clean((const uint8_t *)texts[i].text, texts[i].len) != texts[i].clean)
            fail_msg("%s", texts[i].proves);
}

/* Each status has a name of its own. */
static void
names_every_status(void **state)
{
    (void)state;
    for (int a = GATE_OK; a <= GATE_FIELDS; a++)
        for (int b = GATE_OK; b < a; b++)
            assert_string_not_equal(gate_status_name((enum gate_status)a),
                                    gate_status_name((enum gate_status)b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_by_name_and_place),
        cmocka_unit_test(survives_every_cut_and_every_flip),
        cmocka_unit_test(counts_fields_of_the_whole_frame),
        cmocka_unit_test(counts_fields_of_children_too),
        cmocka_unit_test(passes_what_protobuf_c_writes),
        cmocka_unit_test(knows_clean_text),
        cmocka_unit_test(names_every_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
