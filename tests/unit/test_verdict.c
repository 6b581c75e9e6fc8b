/* verdict: only the server's own signature, over an answer to this very statement, is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "envelope.h"
#include "verdict.h"

struct scene {
    char home[64];
    struct outbox *outbox;
    uint8_t key[KEY_SIZE], secret[SECRET_SIZE];
    uint8_t id[ID_SIZE];
};

static int
setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    strcpy(scene->home, "/tmp/test-verdict-XXXXXX");
    if (mkdtemp(scene->home) == NULL || !envelope_init() ||
        outbox_open(scene->home, true, &scene->outbox, NULL) != OUTBOX_OK)
        return 1;
    envelope_keypair(scene->key, scene->secret);
    memset(scene->id, 3, ID_SIZE);
    *state = scene;
    return outbox_trust(scene->outbox, scene->key, 1) != OUTBOX_OK;
}

static int
teardown(void **state)
{
    struct scene *scene = *state;
    char path[96];

    outbox_close(scene->outbox);
    snprintf(path, sizeof(path), "%s/%s", scene->home, OUTBOX_FILE);
    unlink(path);
    rmdir(scene->home);
    free(scene);
    return 0;
}

enum spoil {
    SPOIL_NOTHING,
    SPOIL_KEY,
    SPOIL_SIGNATURE,
    SPOIL_VERDICT,
    SPOIL_ID,
    SPOIL_OUTCOME,
    SPOIL_ALGORITHM,
    SPOIL_ENCODING,
    NO_ID,        /* a receipt without id */
    REJECT_NO_ID, /* about the envelope */
    FORGED_NO_ID, /* the same, by nobody we know */
    REJECT_SHORT_ID
};

/* A serialised Answer, spoilt in one way. malloc'd. */
static uint8_t *
answer_of(const struct scene *scene, enum spoil spoil, size_t *ret_len)
{
    Yuebao__Verdict verdict = YUEBAO__VERDICT__INIT;
    Yuebao__Receipt receipt = YUEBAO__RECEIPT__INIT;
    Yuebao__Reject reject = YUEBAO__REJECT__INIT;
    Yuebao__Answer answer = YUEBAO__ANSWER__INIT;
    uint8_t id[ID_SIZE], key[KEY_SIZE], secret[SECRET_SIZE], signature[SIGNATURE_SIZE], packed[512], *bytes;
    struct part part = {packed, 0};

    memcpy(id, scene->id, ID_SIZE);
    memcpy(key, scene->key, KEY_SIZE);
    memcpy(secret, scene->secret, SECRET_SIZE);
    if (spoil == SPOIL_KEY || spoil == FORGED_NO_ID)
        envelope_keypair(key, secret);
    id[0] ^= spoil == SPOIL_ID;
    verdict.id = (ProtobufCBinaryData){spoil < NO_ID ? ID_SIZE : spoil == REJECT_SHORT_ID ? 31 : 0, id};
    verdict.decided_ms = 77;
    if (spoil > NO_ID)
        verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_REJECT, verdict.reject = &reject;
    else if (spoil != SPOIL_OUTCOME)
        verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_RECEIPT, verdict.receipt = &receipt;
    part.len = yuebao__verdict__pack(&verdict, packed);
    assert_true(envelope_sign(PURPOSE_VERDICT, &part, 1, secret, signature));
    signature[0] ^= spoil == SPOIL_SIGNATURE;
    packed[2] ^= spoil == SPOIL_VERDICT; /* the first byte of the id */
    answer.algorithm = spoil == SPOIL_ALGORITHM ? 2 : ALGORITHM_ED25519;
    answer.key = (ProtobufCBinaryData){KEY_SIZE, key};
    answer.verdict = (ProtobufCBinaryData){part.len, packed};
    answer.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
    bytes = malloc(yuebao__answer__get_packed_size(&answer) + 2);
    *ret_len = yuebao__answer__pack(&answer, bytes);
    if (spoil == SPOIL_ENCODING)
        bytes[(*ret_len)++] = 0x7f;
    return bytes;
}

static void
only_the_genuine_is_believed(void **state)
{
    static const struct {
        enum spoil spoil;
        enum verdict_status want;
    } cases[] = {
        {SPOIL_NOTHING, VERDICT_OK},           {SPOIL_KEY, VERDICT_STRANGER},
        {SPOIL_SIGNATURE, VERDICT_FORGED},     {SPOIL_VERDICT, VERDICT_FORGED},
        {SPOIL_ID, VERDICT_OF_ANOTHER},        {SPOIL_OUTCOME, VERDICT_UNREADABLE},
        {SPOIL_ALGORITHM, VERDICT_UNREADABLE}, {SPOIL_ENCODING, VERDICT_UNREADABLE},
        {NO_ID, VERDICT_UNREADABLE},           {REJECT_NO_ID, VERDICT_OF_ENVELOPE},
        {FORGED_NO_ID, VERDICT_STRANGER},      {REJECT_SHORT_ID, VERDICT_UNREADABLE},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verdict v = {0};
        size_t len = 0;
        uint8_t *bytes = answer_of(scene, cases[i].spoil, &len);
        enum verdict_status got = verdict_open(bytes, len, &v);

        if (got == VERDICT_OK)
            got = verdict_verify(&v, scene->outbox, scene->id);
        if (got != cases[i].want)
            fail_msg("spoil %d: got %d, wanted %d", (int)cases[i].spoil, (int)got, (int)cases[i].want);
        verdict_fini(&v);
        free(bytes);
    }
}

static void
half_an_answer_is_none(void **state)
{
    struct scene *scene = *state;
    size_t len = 0;
    uint8_t *bytes = answer_of(scene, SPOIL_NOTHING, &len);

    for (size_t cut = 0; cut < len; cut++) {
        struct verdict v = {0};

        assert_int_equal(verdict_open(bytes, cut, &v), VERDICT_UNREADABLE);
    }
    free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_genuine_is_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(half_an_answer_is_none, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
