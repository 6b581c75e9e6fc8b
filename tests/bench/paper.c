#include "paper.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "sixty.h"

#define STEP 7368787u /* a prime: goes around any number of schools that it does not divide */

void
paper_school_code(uint32_t school, char ret_code[PAPER_CODE_SIZE])
{
    snprintf(ret_code, PAPER_CODE_SIZE, "%010u", school);
}

void
paper_school_key(uint32_t school, uint8_t ret_key[KEY_SIZE], uint8_t ret_secret[SECRET_SIZE])
{
    char text[64];
    uint8_t seed[SEED_SIZE];

    snprintf(text, sizeof(text), "made-up school %u of the bench", school);
    envelope_sha256(text, strlen(text), seed);
    envelope_keypair_of_seed(seed, ret_key, ret_secret);
}

int32_t
paper_district(uint32_t school)
{
    return PAPER_DISTRICT + (int32_t)((school - 1) / PAPER_SCHOOLS_A_DISTRICT);
}

uint32_t
paper_school_of(uint32_t at, uint32_t schools)
{
    return (uint32_t)((uint64_t)at * STEP % schools) + 1;
}

static ProtobufCBinaryData
data_of(const void *bytes, size_t len)
{
    ProtobufCBinaryData data = {len, malloc(len)};

    assert(data.data != NULL);
    memcpy(data.data, bytes, len);
    return data;
}

void
paper_sign(const struct catalogue *catalogue, const char *period, uint32_t school,
           const struct paper *previous, struct paper *ret_paper)
{
    char code[PAPER_CODE_SIZE];
    struct sixty_slot slot = {.school = code, .period = period, .revision = 1, .seed = school};
    uint8_t key[KEY_SIZE], secret[SECRET_SIZE], signature[SIGNATURE_SIZE];
    Yuebao__Envelope *envelope = malloc(sizeof(*envelope));
    struct part part;

    assert(envelope != NULL);
    paper_school_code(school, code);
    paper_school_key(school, key, secret);
    if (previous != NULL) {
        slot.revision = previous->revision + 1;
        slot.previous = previous->id;
        slot.seed += slot.revision;
    }
    yuebao__envelope__init(envelope);
    envelope->algorithm = ALGORITHM_ED25519;
    envelope->key = data_of(key, KEY_SIZE);
    envelope->statement.data = sixty_statement_of(catalogue, &slot, &envelope->statement.len);
    part = (struct part){envelope->statement.data, envelope->statement.len};
    ret_paper->school = school;
    ret_paper->revision = slot.revision;
    if (!envelope_sign(PURPOSE_STATEMENT, &part, 1, secret, signature) ||
        !statement_id(part.bytes, part.len, ret_paper->id))
        abort();
    envelope->signature = data_of(signature, SIGNATURE_SIZE);
    ret_paper->envelope = envelope;
}

void
paper_fini(struct paper *paper)
{
    if (paper->envelope != NULL)
        yuebao__envelope__free_unpacked(paper->envelope, NULL);
    paper->envelope = NULL;
}
