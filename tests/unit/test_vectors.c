/*
 * vectors: the C code against proto/vectors.json, which vectors.py makes from yuebao.proto without any of it.
 * Where both agree, a third implementation can start from the same file.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "envelope.h"
#include "frame.h"
#include "gate.h"
#include "period.h"
#include "validate.h"

#define PARTS 4

static json_t *vectors;
static uint8_t school_key[KEY_SIZE], school_secret[SECRET_SIZE], server_key[KEY_SIZE],
    server_secret[SECRET_SIZE];

struct bytes {
    uint8_t *data;
    size_t len;
};

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    assert_non_null(text);
    return text;
}

static struct bytes
bytes_of_hex(const char *hex)
{
    struct bytes bytes = {.len = strlen(hex) / 2};

    bytes.data = malloc(bytes.len + 1);
    assert_non_null(bytes.data);
    assert_true(hex_parse(hex, bytes.data, bytes.len));
    return bytes;
}

static struct bytes
bytes_of(const json_t *object, const char *name)
{
    return bytes_of_hex(text_of(object, name));
}

static void
check_bytes(const json_t *object, const char *name, const void *found, size_t len)
{
    struct bytes expected = bytes_of(object, name);

    assert_int_equal(expected.len, len);
    assert_memory_equal(expected.data, found, len);
    free(expected.data);
}

/* Purpose and parts of `told` give its signed bytes and, by the secret, its signature; the key verifies it.
 */
static void
check_signed(const json_t *told, const uint8_t key[KEY_SIZE], const uint8_t secret[SECRET_SIZE])
{
    const char *purpose = text_of(told, "purpose");
    const json_t *list = json_object_get(told, "parts");
    size_t n = json_array_size(list), len;
    struct bytes held[PARTS];
    struct part parts[PARTS];
    uint8_t signature[SIGNATURE_SIZE], *bytes;

    assert_in_range(n, 1, PARTS);
    for (size_t i = 0; i < n; i++) {
        held[i] = bytes_of_hex(json_string_value(json_array_get(list, i)));
        parts[i] = (struct part){held[i].data, held[i].len};
    }
    bytes = envelope_signed_bytes(purpose, parts, n, &len);
    check_bytes(told, "signed_bytes", bytes, len);
    assert_true(envelope_sign(purpose, parts, n, secret, signature));
    check_bytes(told, "signature", signature, SIGNATURE_SIZE);
    assert_true(envelope_verify(purpose, parts, n, key, signature));
    for (size_t i = 0; i < n; i++)
        free(held[i].data);
    free(bytes);
}

static void
key_of(const char *name, uint8_t key[KEY_SIZE], uint8_t secret[SECRET_SIZE])
{
    const json_t *told = json_object_get(json_object_get(vectors, "keys"), name);
    struct bytes seed = bytes_of(told, "seed");

    assert_int_equal(seed.len, SEED_SIZE);
    envelope_keypair_of_seed(seed.data, key, secret);
    check_bytes(told, "public", key, KEY_SIZE);
    free(seed.data);
}

/* The body of a frame, which the gate lets through. Free with the whole. */
static struct bytes
body_of(const json_t *told, const char *name, const ProtobufCMessageDescriptor *descriptor,
        struct bytes *ret_whole)
{
    struct bytes whole = bytes_of(told, name), body;
    const uint8_t *data;

    assert_int_equal(frame_peek(whole.data, whole.len, &data, &body.len), FRAME_OK);
    assert_int_equal(whole.len, FRAME_HEADER + body.len);
    assert_int_equal(gate_check(descriptor, data, body.len, NULL), GATE_OK);
    body.data = whole.data + FRAME_HEADER;
    *ret_whole = whole;
    return body;
}

static Yuebao__Request *
request_of(const json_t *told, const char *name)
{
    struct bytes whole, body = body_of(told, name, &yuebao__request__descriptor, &whole);
    Yuebao__Request *request = yuebao__request__unpack(NULL, body.len, body.data);
    size_t len;
    uint8_t *again;

    assert_non_null(request);
    again = frame_of_request(request, &len);
    assert_int_equal(len, whole.len);
    assert_memory_equal(again, whole.data, len);
    free(again);
    free(whole.data);
    return request;
}

static struct catalogue *
catalogue_of_vectors(void)
{
    const json_t *told = json_object_get(vectors, "catalogue");
    struct bytes bytes = bytes_of(told, "bytes");
    struct catalogue *catalogue = NULL;

    assert_int_equal(catalogue_load(bytes.data, bytes.len, &catalogue), CATALOGUE_OK);
    check_bytes(told, "sha256", catalogue_hash(catalogue), ID_SIZE);
    free(bytes.data);
    return catalogue;
}

static void
test_statements(void **state)
{
    struct catalogue *catalogue = catalogue_of_vectors();
    const json_t *told;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(vectors, "statements"), i, told)
    {
        struct bytes bytes = bytes_of(told, "bytes");
        Yuebao__Request *request = request_of(told, "put_frame");
        Yuebao__Statement *statement;
        struct findings findings;
        uint8_t id[ID_SIZE];

        check_signed(told, school_key, school_secret);
        assert_true(statement_id(bytes.data, bytes.len, id));
        check_bytes(told, "id", id, ID_SIZE);
        assert_int_equal(request->body_case, YUEBAO__REQUEST__BODY_PUT);
        check_bytes(told, "bytes", request->put->envelope->statement.data,
                    request->put->envelope->statement.len);
        assert_int_equal(gate_check(&yuebao__statement__descriptor, bytes.data, bytes.len, NULL), GATE_OK);
        statement = yuebao__statement__unpack(NULL, bytes.len, bytes.data);
        findings_init(&findings);
        validate_statement(catalogue, statement, &findings);
        assert_int_equal(findings.count, 0);
        assert_string_equal(statement->filler, text_of(json_object_get(told, "message"), "filler"));
        yuebao__statement__free_unpacked(statement, NULL);
        yuebao__request__free_unpacked(request, NULL);
        free(bytes.data);
    }
    assert_int_equal(i, 2);
    catalogue_free(catalogue);
}

static void
test_verdicts(void **state)
{
    static const Yuebao__Verdict__OutcomeCase outcomes[] = {
        YUEBAO__VERDICT__OUTCOME_RECEIPT,  YUEBAO__VERDICT__OUTCOME_RECEIPT, YUEBAO__VERDICT__OUTCOME_REJECT,
        YUEBAO__VERDICT__OUTCOME_CONFLICT, YUEBAO__VERDICT__OUTCOME_KEPT,    YUEBAO__VERDICT__OUTCOME_RECEIPT,
        YUEBAO__VERDICT__OUTCOME_DECLINED, YUEBAO__VERDICT__OUTCOME_RECEIPT,
    };
    const json_t *told;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(vectors, "verdicts"), i, told)
    {
        struct bytes whole, body = body_of(told, "answer_frame", &yuebao__reply__descriptor, &whole);
        Yuebao__Reply *reply = yuebao__reply__unpack(NULL, body.len, body.data);
        Yuebao__Verdict *verdict;

        check_signed(told, server_key, server_secret);
        assert_non_null(reply);
        assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_ANSWER);
        check_bytes(told, "bytes", reply->answer->verdict.data, reply->answer->verdict.len);
        verdict = yuebao__verdict__unpack(NULL, reply->answer->verdict.len, reply->answer->verdict.data);
        assert_int_equal(verdict->outcome_case, outcomes[i]);
        yuebao__verdict__free_unpacked(verdict, NULL);
        yuebao__reply__free_unpacked(reply, NULL);
        free(whole.data);
    }
    assert_int_equal(i, sizeof(outcomes) / sizeof(outcomes[0]));
}

static void
check_arrival(const json_t *told, const Yuebao__Arrival *arrival)
{
    assert_non_null(arrival);
    assert_int_equal(arrival->at_ms, json_integer_value(json_object_get(told, "at_ms")));
    check_bytes(told, "mac", arrival->mac.data, arrival->mac.len);
}

static void
test_turned_away(void **state)
{
    const json_t *told = json_object_get(vectors, "turned_away");
    struct bytes whole, body = body_of(told, "busy_frame", &yuebao__reply__descriptor, &whole);
    Yuebao__Reply *reply = yuebao__reply__unpack(NULL, body.len, body.data);
    Yuebao__Request *request = request_of(told, "put_frame");

    (void)state;
    assert_non_null(reply);
    assert_int_equal(reply->body_case, YUEBAO__REPLY__BODY_BUSY);
    check_arrival(json_object_get(told, "arrival"), reply->busy->arrival);
    assert_int_equal(request->body_case, YUEBAO__REQUEST__BODY_PUT);
    check_arrival(json_object_get(told, "arrival"), request->put->arrival);
    yuebao__reply__free_unpacked(reply, NULL);
    yuebao__request__free_unpacked(request, NULL);
    free(whole.data);
}

static void
test_hello(void **state)
{
    const json_t *told = json_object_get(vectors, "hello");
    Yuebao__Request *request = request_of(told, "frame");

    (void)state;
    check_signed(told, school_key, school_secret);
    assert_int_equal(request->body_case, YUEBAO__REQUEST__BODY_HELLO);
    check_bytes(told, "signature", request->hello->signature.data, request->hello->signature.len);
    yuebao__request__free_unpacked(request, NULL);
}

static void
test_enrol(void **state)
{
    const json_t *told = json_object_get(vectors, "enrol");
    Yuebao__Request *request = request_of(told, "frame");
    uint8_t digest[ID_SIZE];

    (void)state;
    check_signed(told, school_key, school_secret);
    assert_int_equal(request->body_case, YUEBAO__REQUEST__BODY_ENROL);
    envelope_sha256(request->enrol->code, strlen(request->enrol->code), digest);
    check_bytes(told, "code_sha256", digest, ID_SIZE);
    yuebao__request__free_unpacked(request, NULL);
}

static void
test_refused(void **state)
{
    const json_t *told;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(vectors, "refused"), i, told)
    {
        bool statement = strcmp(text_of(told, "message"), "Statement") == 0;
        struct bytes bytes = bytes_of(told, "bytes");

        if (gate_check(statement ? &yuebao__statement__descriptor : &yuebao__request__descriptor, bytes.data,
                       bytes.len, NULL) == GATE_OK)
            fail_msg("%s", text_of(told, "why"));
        free(bytes.data);
    }
    assert_in_range(i, 10, 100);
}

static void
test_periods(void **state)
{
    const json_t *told;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(vectors, "periods"), i, told)
    {
        struct period period;

        assert_true(period_parse(text_of(told, "text"), &period));
        assert_int_equal(period.first_day, json_integer_value(json_object_get(told, "first_day")));
        assert_int_equal(period_last_day(period), json_integer_value(json_object_get(told, "last_day")));
    }
    assert_in_range(i, 6, 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),  cmocka_unit_test(test_verdicts), cmocka_unit_test(test_hello),
        cmocka_unit_test(test_enrol),       cmocka_unit_test(test_refused),  cmocka_unit_test(test_periods),
        cmocka_unit_test(test_turned_away),
    };
    json_error_t error;
    int failed;

    vectors = json_load_file(VECTORS, JSON_REJECT_DUPLICATES, &error);
    if (vectors == NULL || !envelope_init()) {
        fprintf(stderr, "%s:%d: %s\n", VECTORS, error.line, error.text);
        return 1;
    }
    key_of("school", school_key, school_secret);
    key_of("server", server_key, server_secret);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_decref(vectors);
    return failed;
}
