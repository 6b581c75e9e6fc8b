/*
 * yuebaoctl key FILE: a new key with which a collector signs its receipts. Never overwrites: receipts outlive
 * keys.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "envelope.h"
#include "output.h"
#include "system_words.h"

#define SEED_SIZE 32u /* the first half of libsodium's secret key */
#define SEED_WORD "yuebao-ed25519-seed "

/* The whole line, on disk for good, or no file. */
static bool
write_line(int fd, const char *line, size_t len)
{
    return write(fd, line, len) == (ssize_t)len && fsync(fd) == 0;
}

static const struct output_column columns[] = {
    {"file", MSG_ctl_col_file, CELL_TEXT, {0}},
    {"public_key", MSG_ctl_col_key, CELL_TEXT, {0}},
};

/* For programs. */
static int
tabulate(struct ctl *ctl, const char *path, const char *public_hex)
{
    struct output *output = output_new(columns, sizeof(columns) / sizeof(columns[0]));

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    output_row(output, (const char *const[]){path, public_hex});
    int status = output_write(output, stdout, ctl);
    output_free(output);
    return status;
}

static int
make(struct ctl *ctl, const char *path)
{
    uint8_t key[KEY_SIZE], secret[SECRET_SIZE];
    char line[sizeof(SEED_WORD) + 2 * SEED_SIZE + 1] = SEED_WORD, public_hex[2 * KEY_SIZE + 1];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return ctl_fail(ctl, EX_CANTCREAT, MSG_ctl_cannot_write, "file", path, "reason",
                        system_words(ctl->language, strerror(errno)), NULL);
    envelope_keypair(key, secret);
    hex_print(secret, SEED_SIZE, line + strlen(SEED_WORD));
    strcat(line, "\n");
    bool ok = write_line(fd, line, strlen(line));
    int reason = errno;
    explicit_bzero(line, sizeof(line));
    explicit_bzero(secret, sizeof(secret));
    if (close(fd) != 0 || !ok) {
        unlink(path);
        return ctl_fail(ctl, EX_CANTCREAT, MSG_ctl_cannot_write, "file", path, "reason",
                        system_words(ctl->language, strerror(reason)), NULL);
    }
    hex_print(key, KEY_SIZE, public_hex);
    ctl_say(ctl, MSG_ctl_key_made, "file", path, "key", public_hex, NULL);
    return ctl->format == OUTPUT_TEXT ? EX_OK : tabulate(ctl, path, public_hex);
}

int
cmd_key(struct ctl *ctl, int argc, char **argv)
{
    int first = ctl_options(ctl, argc, argv, NULL);

    if (first < 0)
        return ctl->status;
    if (first + 1 != argc)
        return ctl_usage(ctl, MSG_ctl_key_where, NULL);
    return make(ctl, argv[first]);
}
