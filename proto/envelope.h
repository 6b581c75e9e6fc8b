/*
 * envelope: the signed bytes of every purpose, their signatures and ids. No I/O; keys are given by the
 * caller.
 *
 * Signed bytes: be32(length of purpose) purpose, one algorithm byte, then for each part be32(length) part. So
 * no signature for one purpose can be taken for another, and no two lists of parts give the same bytes.
 *
 *   "yuebao-hello-v1"      TLS exporter (32 bytes) · school code · public key
 *   "yuebao-enrol-v1"      TLS exporter (32 bytes) · school code · one-time code · public key
 *   "yuebao-statement-v1"  the statement's bytes
 *   "yuebao-verdict-v1"    the verdict's bytes
 *
 * The id of a statement is the SHA-256 of its signed bytes: not of the signature, for Ed25519 signatures are
 * not unique. Call envelope_init() first. For one thread: the SHA-256 context is shared.
 */
#ifndef YUEBAO_ENVELOPE_H
#define YUEBAO_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"

#define PURPOSE_HELLO     "yuebao-hello-v1"
#define PURPOSE_ENROL     "yuebao-enrol-v1"
#define PURPOSE_STATEMENT "yuebao-statement-v1"
#define PURPOSE_VERDICT   "yuebao-verdict-v1"

#define ENVELOPE_PARTS_MAX 4

struct part {
    const void *bytes; /* borrowed; may be NULL when len is 0 */
    size_t len;
};

/* Once a process, before anything else here; false: the crypto library refuses to start. */
bool envelope_init(void) __attribute__((warn_unused_result));

/* Lay out the signed bytes in malloc'd memory that the caller frees; NULL: no memory. */
uint8_t *envelope_signed_bytes(const char *purpose, const struct part *parts, size_t n_parts,
                               size_t *ret_len);

/* false: no memory. */
bool envelope_sign(const char *purpose, const struct part *parts, size_t n_parts,
                   const uint8_t secret[SECRET_SIZE], uint8_t ret_signature[SIGNATURE_SIZE])
    __attribute__((warn_unused_result));

/* false: does not verify (or no memory). Refuses small-order and non-canonical keys. */
bool envelope_verify(const char *purpose, const struct part *parts, size_t n_parts,
                     const uint8_t key[KEY_SIZE], const uint8_t signature[SIGNATURE_SIZE])
    __attribute__((warn_unused_result));

/* SHA-256 over the signed bytes of the purpose; false: no memory. */
bool envelope_id(const char *purpose, const struct part *parts, size_t n_parts, uint8_t ret_id[ID_SIZE])
    __attribute__((warn_unused_result));

/* The two that every report needs: id of a statement's bytes; SHA-256 of any bytes (catalogue, enrolment
 * code). */
bool statement_id(const uint8_t *statement, size_t len, uint8_t ret_id[ID_SIZE])
    __attribute__((warn_unused_result));
void envelope_sha256(const void *bytes, size_t len, uint8_t ret_digest[ID_SIZE]);

/* A new key pair; or the one that a 32-byte seed (RFC 8032's private key) always gives. The secret begins
 * with its seed. */
void envelope_keypair(uint8_t ret_key[KEY_SIZE], uint8_t ret_secret[SECRET_SIZE]);
void envelope_keypair_of_seed(const uint8_t seed[SEED_SIZE], uint8_t ret_key[KEY_SIZE],
                              uint8_t ret_secret[SECRET_SIZE]);

/* Overwrite a secret that is no longer needed, in a way that the compiler does not leave out. */
void envelope_forget(void *secret, size_t len);

/*
 * One-time enrolment codes: 12 Crockford base-32 characters. Normalising accepts lower case, hyphens and
 * spaces and I, L, O for 1, 1, 0; false: not a code. What is stored is SHA-256 of the normalised text.
 */
void enrol_code_new(char ret_code[ENROL_CODE_LEN + 1]);
bool enrol_code_normalise(const char *text, char ret_code[ENROL_CODE_LEN + 1])
    __attribute__((warn_unused_result));
/* "XXXX-XXXX-XXXX" for people */
void enrol_code_print(const char code[ENROL_CODE_LEN + 1], char text[ENROL_CODE_LEN + 3]);

/* Lower-case hex with NUL: 2 × len + 1 bytes. Parsing wants exactly 2 × len digits of either case. */
void hex_print(const uint8_t *bytes, size_t len, char *text);
bool hex_parse(const char *text, uint8_t *ret_bytes, size_t len) __attribute__((warn_unused_result));

#endif
