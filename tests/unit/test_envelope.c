/* envelope: the layout of signed bytes, keys that must not verify, ids, enrolment codes, hex. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "envelope.h"

static const uint8_t seed[SEED_SIZE] = {1, 2, 3};

static void
test_layout(void **state)
{
    const struct part parts[] = {{"ab", 2}, {NULL, 0}, {"c", 1}};
    static const uint8_t expected[] = "\0\0\0\1p\1\0\0\0\2ab\0\0\0\0\0\0\0\1c";
    size_t len;
    uint8_t *bytes = envelope_signed_bytes("p", parts, 3, &len);

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(len, sizeof(expected) - 1);
    assert_memory_equal(bytes, expected, len);
    free(bytes);
}

/* Moving a byte from one part to the next must change the signed bytes. */
static void
test_parts_cannot_slide(void **state)
{
    const struct part left[] = {{"ab", 2}, {"c", 1}}, right[] = {{"a", 1}, {"bc", 2}};
    uint8_t id_left[ID_SIZE], id_right[ID_SIZE];

    (void)state;
    assert_true(envelope_id("p", left, 2, id_left));
    assert_true(envelope_id("p", right, 2, id_right));
    assert_memory_not_equal(id_left, id_right, ID_SIZE);
}

static void
test_sign_and_verify(void **state)
{
    const struct part part = {"statement", 9}, other = {"statemenT", 9};
    uint8_t key[KEY_SIZE], secret[SECRET_SIZE], signature[SIGNATURE_SIZE], wrong[KEY_SIZE],
        wrong_secret[SECRET_SIZE];

    (void)state;
    envelope_keypair_of_seed(seed, key, secret);
    assert_memory_equal(secret, seed, SEED_SIZE);
    assert_true(envelope_sign(PURPOSE_STATEMENT, &part, 1, secret, signature));
    assert_true(envelope_verify(PURPOSE_STATEMENT, &part, 1, key, signature));
    assert_false(envelope_verify(PURPOSE_VERDICT, &part, 1, key, signature));
    assert_false(envelope_verify(PURPOSE_STATEMENT, &other, 1, key, signature));
    envelope_keypair(wrong, wrong_secret);
    assert_false(envelope_verify(PURPOSE_STATEMENT, &part, 1, wrong, signature));
    for (size_t bit = 0; bit < 8 * SIGNATURE_SIZE; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(envelope_verify(PURPOSE_STATEMENT, &part, 1, key, signature));
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Under these keys one signature would do for every text: OpenSSL accepts them, we must not. */
static void
test_small_order_keys(void **state)
{
    static const char *const keys[] = {
        "0100000000000000000000000000000000000000000000000000000000000000", /* the neutral element */
        "0000000000000000000000000000000000000000000000000000000000000000", /* order 4 */
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* order 2 */
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", /* order 8 */
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* 1, not canonical */
    };
    const struct part part = {"anything", 8};
    uint8_t key[KEY_SIZE], signature[SIGNATURE_SIZE] = {1}; /* R neutral, S zero */

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_true(hex_parse(keys[i], key, KEY_SIZE));
        assert_false(envelope_verify(PURPOSE_STATEMENT, &part, 1, key, signature));
    }
}

static void
test_id_is_of_signed_bytes(void **state)
{
    const struct part part = {"x", 1};
    uint8_t id[ID_SIZE], again[ID_SIZE], digest[ID_SIZE];
    size_t len;
    uint8_t *bytes = envelope_signed_bytes(PURPOSE_STATEMENT, &part, 1, &len);

    (void)state;
    assert_true(statement_id((const uint8_t *)"x", 1, id));
    assert_true(envelope_id(PURPOSE_STATEMENT, &part, 1, again));
    envelope_sha256(bytes, len, digest);
    assert_memory_equal(id, again, ID_SIZE);
    assert_memory_equal(id, digest, ID_SIZE);
    free(bytes);
}

static void
test_sha256(void **state)
{
    uint8_t digest[ID_SIZE];
    char text[2 * ID_SIZE + 1];

    (void)state;
    envelope_sha256("abc", 3, digest); /* FIPS 180-2, appendix B.1 */
    hex_print(digest, ID_SIZE, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    envelope_sha256(NULL, 0, digest);
    hex_print(digest, ID_SIZE, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static const struct {
    const char *proves, *text, *code; /* NULL: not a code */
} codes[] = {
    {"as printed", "ABCD-EFGH-JKMN", "ABCDEFGHJKMN"},
    {"lower case, blanks", " abcd efgh jkmn ", "ABCDEFGHJKMN"},
    {"letters that look like digits", "iIlL-oO12-3456", "111100123456"},
    {"U is no symbol", "ABCD-EFGH-JKMU", NULL},
    {"one too few", "ABCD-EFGH-JKM", NULL},
    {"one too many", "ABCD-EFGH-JKMNP", NULL},
    {"a foreign character", "ABCD-EFGH-JKM.", NULL},
    {"full-width digits are not taken", "ABCD-EFGH-JKM\uff11", NULL},
    {"nothing", "", NULL},
};

static void
test_enrol_code_normalise(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        char code[ENROL_CODE_LEN + 1] = "untouched";
        bool good = enrol_code_normalise(codes[i].text, code);

        if (good != (codes[i].code != NULL))
            fail_msg("%s", codes[i].proves);
        assert_string_equal(code, good ? codes[i].code : "untouched");
    }
}

static void
test_enrol_code_new(void **state)
{
    unsigned seen[256] = {0};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char code[ENROL_CODE_LEN + 1], text[ENROL_CODE_LEN + 3], back[ENROL_CODE_LEN + 1];

        enrol_code_new(code);
        enrol_code_print(code, text);
        assert_int_equal(strlen(text), ENROL_CODE_LEN + 2);
        assert_true(text[4] == '-' && text[9] == '-');
        assert_true(enrol_code_normalise(text, back));
        assert_string_equal(code, back);
        for (const char *c = code; *c != '\0'; c++)
            seen[(uint8_t)*c]++;
    }
    for (const char *c = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; *c != '\0'; c++)
        assert_in_range(seen[(uint8_t)*c], 250, 500); /* 375 expected; 6 standard deviations are 115 */
    assert_int_equal(seen['I'] + seen['L'] + seen['O'] + seen['U'], 0);
}

static void
test_hex(void **state)
{
    uint8_t bytes[2] = {9, 9};
    char text[5];

    (void)state;
    assert_true(hex_parse("0aFf", bytes, 2));
    hex_print(bytes, 2, text);
    assert_string_equal(text, "0aff");
    assert_false(hex_parse("0aF", bytes, 2));
    assert_false(hex_parse("0aFf0", bytes, 2));
    assert_false(hex_parse("0aFg", bytes, 2));
    assert_int_equal(bytes[1], 0xff);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_parts_cannot_slide),
        cmocka_unit_test(test_sign_and_verify),
        cmocka_unit_test(test_small_order_keys),
        cmocka_unit_test(test_id_is_of_signed_bytes),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_enrol_code_normalise),
        cmocka_unit_test(test_enrol_code_new),
        cmocka_unit_test(test_hex),
    };

    return envelope_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
