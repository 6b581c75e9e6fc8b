/*
 * receipt_key: the key that signs every verdict, and the file that holds it.
 *
 * The file is made by `yuebaoctl key FILE`: one line "yuebao-ed25519-seed " and the 32-byte seed as 64 hex
 * digits. Others must not be able to read it, nor its group unless root owns it.
 */
#ifndef YUEBAO_RECEIPT_KEY_H
#define YUEBAO_RECEIPT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"

struct receipt_key {
    uint8_t key[KEY_SIZE]; /* public; travels in Welcome */
    uint8_t secret[SECRET_SIZE];
};

/* false: ret_error (at most `size` bytes with NUL) says what is wrong with the file, never what it holds. */
bool receipt_key_read(const char *path, struct receipt_key *ret_key, char *ret_error, size_t size)
    __attribute__((warn_unused_result));

/* Overwrite the secret. */
void receipt_key_wipe(struct receipt_key *key);

#endif
