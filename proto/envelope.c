#include "envelope.h"

#include <assert.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_SIZE 4u /* be32 in front of the purpose and of every part */

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Fetched once: an implicit fetch costs more than the hash of a report. One context, for there are no
 * threads. */
static EVP_MD *sha256;
static EVP_MD_CTX *sha256_context;

bool
envelope_init(void)
{
    if (sha256_context != NULL)
        return true;
    if (sodium_init() < 0)
        return false;
    if (sha256 == NULL)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (sha256 == NULL)
        return false;
    sha256_context = EVP_MD_CTX_new();
    return sha256_context != NULL;
}

/* ---- signed bytes ------------------------------------------------------------------------------- */

static void
put_be32(uint8_t to[LENGTH_SIZE], size_t n)
{
    assert(n <= UINT32_MAX);
    to[0] = (uint8_t)(n >> 24);
    to[1] = (uint8_t)(n >> 16);
    to[2] = (uint8_t)(n >> 8);
    to[3] = (uint8_t)n;
}

static uint8_t *
put_part(uint8_t *to, const void *bytes, size_t len)
{
    put_be32(to, len);
    if (len > 0)
        memcpy(to + LENGTH_SIZE, bytes, len);
    return to + LENGTH_SIZE + len;
}

uint8_t *
envelope_signed_bytes(const char *purpose, const struct part *parts, size_t n_parts, size_t *ret_len)
{
    size_t len = LENGTH_SIZE + strlen(purpose) + 1;
    uint8_t *bytes, *to;

    assert(n_parts <= ENVELOPE_PARTS_MAX);
    for (size_t i = 0; i < n_parts; i++)
        len += LENGTH_SIZE + parts[i].len;
    bytes = malloc(len);
    if (bytes == NULL)
        return NULL;
    to = put_part(bytes, purpose, strlen(purpose));
    *to++ = ALGORITHM_ED25519;
    for (size_t i = 0; i < n_parts; i++)
        to = put_part(to, parts[i].bytes, parts[i].len);
    assert(to == bytes + len);
    *ret_len = len;
    return bytes;
}

bool
envelope_sign(const char *purpose, const struct part *parts, size_t n_parts,
              const uint8_t secret[SECRET_SIZE], uint8_t ret_signature[SIGNATURE_SIZE])
{
    size_t len;
    uint8_t *bytes = envelope_signed_bytes(purpose, parts, n_parts, &len);

    if (bytes == NULL)
        return false;
    crypto_sign_detached(ret_signature, NULL, bytes, len, secret);
    free(bytes);
    return true;
}

bool
envelope_verify(const char *purpose, const struct part *parts, size_t n_parts, const uint8_t key[KEY_SIZE],
                const uint8_t signature[SIGNATURE_SIZE])
{
    size_t len;
    uint8_t *bytes = envelope_signed_bytes(purpose, parts, n_parts, &len);
    bool good;

    if (bytes == NULL)
        return false;
    good = crypto_sign_verify_detached(signature, bytes, len, key) == 0;
    free(bytes);
    return good;
}

bool
envelope_id(const char *purpose, const struct part *parts, size_t n_parts, uint8_t ret_id[ID_SIZE])
{
    size_t len;
    uint8_t *bytes = envelope_signed_bytes(purpose, parts, n_parts, &len);

    if (bytes == NULL)
        return false;
    envelope_sha256(bytes, len, ret_id);
    free(bytes);
    return true;
}

bool
statement_id(const uint8_t *statement, size_t len, uint8_t ret_id[ID_SIZE])
{
    const struct part part = {statement, len};

    return envelope_id(PURPOSE_STATEMENT, &part, 1, ret_id);
}

void
envelope_sha256(const void *bytes, size_t len, uint8_t ret_digest[ID_SIZE])
{
    bool done;

    assert(sha256_context != NULL); /* envelope_init was not called */
    done = EVP_DigestInit_ex2(sha256_context, sha256, NULL) == 1 &&
           EVP_DigestUpdate(sha256_context, bytes, len) == 1 &&
           EVP_DigestFinal_ex(sha256_context, ret_digest, NULL) == 1;
    assert(done); /* a fetched SHA-256 over memory has no way to fail */
    (void)done;
}

/* ---- keys --------------------------------------------------------------------------------------- */

void
envelope_keypair(uint8_t ret_key[KEY_SIZE], uint8_t ret_secret[SECRET_SIZE])
{
    crypto_sign_keypair(ret_key, ret_secret);
}

void
envelope_keypair_of_seed(const uint8_t seed[SEED_SIZE], uint8_t ret_key[KEY_SIZE],
                         uint8_t ret_secret[SECRET_SIZE])
{
    crypto_sign_seed_keypair(ret_key, ret_secret, seed);
}

void
envelope_forget(void *secret, size_t len)
{
    sodium_memzero(secret, len);
}

/* ---- one-time enrolment codes ------------------------------------------------------------------- */

void
enrol_code_new(char ret_code[ENROL_CODE_LEN + 1])
{
    uint8_t random[ENROL_CODE_LEN];

    randombytes_buf(random, sizeof(random));
    for (size_t i = 0; i < ENROL_CODE_LEN; i++)
        ret_code[i] = crockford[random[i] & 31u];
    ret_code[ENROL_CODE_LEN] = '\0';
    sodium_memzero(random, sizeof(random));
}

/* The symbol that a person means by `c`; NUL: none. Locale must not decide here, so no toupper. */
static char
crockford_symbol(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'I' || c == 'L')
        return '1';
    if (c == 'O')
        return '0';
    return c != '\0' && strchr(crockford, c) != NULL ? c : '\0';
}

bool
enrol_code_normalise(const char *text, char ret_code[ENROL_CODE_LEN + 1])
{
    char code[ENROL_CODE_LEN + 1] = "";
    size_t len = 0;

    for (; *text != '\0'; text++) {
        char symbol;

        if (*text == '-' || *text == ' ')
            continue;
        symbol = crockford_symbol(*text);
        if (symbol == '\0' || len == ENROL_CODE_LEN)
            return false;
        code[len++] = symbol;
    }
    if (len != ENROL_CODE_LEN)
        return false;
    memcpy(ret_code, code, sizeof(code));
    return true;
}

void
enrol_code_print(const char code[ENROL_CODE_LEN + 1], char text[ENROL_CODE_LEN + 3])
{
    for (size_t i = 0; i < ENROL_CODE_LEN; i++) {
        if (i > 0 && i % 4 == 0)
            *text++ = '-';
        *text++ = code[i];
    }
    *text = '\0';
}

/* ---- hex ---------------------------------------------------------------------------------------- */

void
hex_print(const uint8_t *bytes, size_t len, char *text)
{
    sodium_bin2hex(text, 2 * len + 1, bytes, len);
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool
hex_parse(const char *text, uint8_t *ret_bytes, size_t len)
{
    if (strlen(text) != 2 * len)
        return false;
    for (size_t i = 0; i < 2 * len; i++) {
        if (hex_digit(text[i]) < 0)
            return false;
    }
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return true;
}
