#include "receipt_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "envelope.h"

#define PREFIX   "yuebao-ed25519-seed "
#define SEED_HEX (2u * SEED_SIZE)
#define LINE_LEN (sizeof(PREFIX) - 1 + SEED_HEX)
#define FILE_MAX (LINE_LEN + 2) /* a line end, and one byte to see that there is more */

static bool
refuse(char *ret_error, size_t size, const char *path, const char *why)
{
    snprintf(ret_error, size, "%s: %s", path, why);
    return false;
}

/* The file's bytes, at most FILE_MAX; negative: errno says why. */
static ssize_t
read_file(const char *path, char text[FILE_MAX + 1], struct stat *ret_stat)
{
    ssize_t len = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fstat(fd, ret_stat) == 0)
        len = read(fd, text, FILE_MAX);
    close(fd);
    if (len >= 0)
        text[len] = '\0';
    return len;
}

/* Of root, the file may be readable by the group that yuebaod runs in. */
static bool
is_private(const struct stat *st)
{
    mode_t forbidden = st->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;

    return (st->st_mode & forbidden) == 0;
}

bool
receipt_key_read(const char *path, struct receipt_key *ret_key, char *ret_error, size_t size)
{
    char text[FILE_MAX + 1];
    uint8_t seed[SEED_SIZE];
    struct stat st;
    ssize_t len = read_file(path, text, &st);
    bool ok;

    if (len < 0)
        return refuse(ret_error, size, path, strerror(errno));
    if (!is_private(&st)) {
        envelope_forget(text, sizeof(text));
        return refuse(ret_error, size, path, "others may read it: chmod 600 (or, owned by root, 640)");
    }
    if (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    ok = (size_t)len == LINE_LEN && memcmp(text, PREFIX, sizeof(PREFIX) - 1) == 0 &&
         hex_parse(text + sizeof(PREFIX) - 1, seed, sizeof(seed));
    if (ok)
        envelope_keypair_of_seed(seed, ret_key->key, ret_key->secret);
    envelope_forget(text, sizeof(text));
    envelope_forget(seed, sizeof(seed));
    return ok || refuse(ret_error, size, path, "not a receipt key (yuebaoctl key makes one)");
}

void
receipt_key_wipe(struct receipt_key *key)
{
    envelope_forget(key, sizeof(*key));
}
