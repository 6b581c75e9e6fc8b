#include "desk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agenda.h"
#include "envelope.h"
#include "system_words.h"

#define CHINA_MINUTES 480

void
desk_report(struct desk *desk, const char *name, json_t *taken)
{
    json_object_set_new(desk->report, name, taken);
}

void
desk_complain_text(struct desk *desk, char *text)
{
    if (text == NULL)
        return;
    if (desk->json)
        desk_report(desk, "error", json_string(text));
    else
        fprintf(stderr, "yuebao: %s\n", text);
    free(text);
}

int
desk_usage(struct desk *desk, const char *command)
{
    const char *help = message_text(desk->language, desk->help), *end = strstr(help, "\n\n");
    char *usage = command[0] == '\0' || end == NULL ? NULL : strndup(help, (size_t)(end - help));

    if (usage == NULL)
        desk_complain(desk, MSG_usage_hint, NULL);
    else
        desk_complain(desk, MSG_usage_hint_of, "usage", usage, "command", command, NULL);
    free(usage);
    return EX_USAGE;
}

/* ---- the outbox --------------------------------------------------------------------------------- */

static int
outbox_failed(struct desk *desk, enum outbox_status status, const char *detail)
{
    switch (status) {
    case OUTBOX_OK:
        return EX_OK;
    case OUTBOX_ABSENT:
        desk_complain(desk, MSG_not_enrolled, "home", desk->home, NULL);
        return EX_CONFIG;
    case OUTBOX_NOMEM:
        desk_complain(desk, MSG_no_memory, NULL);
        return EX_SOFTWARE;
    case OUTBOX_BUSY:
        desk_complain(desk, MSG_outbox_busy, "home", desk->home, NULL);
        return EX_CANTCREAT;
    case OUTBOX_IO:
        desk_complain(desk, MSG_outbox_io, "home", desk->home, "detail", system_words(desk->language, detail),
                      NULL);
        return EX_CANTCREAT;
    case OUTBOX_FULL:
        desk_complain(desk, MSG_outbox_full, "home", desk->home, NULL);
        return EX_CANTCREAT;
    case OUTBOX_NETWORK:
        desk_complain(desk, MSG_outbox_network, "home", desk->home, "detail", detail, NULL);
        return EX_CONFIG;
    case OUTBOX_NEWER:
        desk_complain(desk, MSG_outbox_newer, "home", desk->home, NULL);
        return EX_CONFIG;
    }
    return EX_SOFTWARE;
}

int
desk_outbox_failed(struct desk *desk, enum outbox_status status)
{
    return outbox_failed(desk, status, desk->outbox == NULL ? "" : outbox_error(desk->outbox));
}

int
desk_open(struct desk *desk, bool create)
{
    char detail[160] = "";

    return outbox_failed(desk, outbox_open(desk->home, create, &desk->outbox, detail), detail);
}

int
desk_open_to_read(struct desk *desk)
{
    char detail[160] = "";

    return outbox_failed(desk, outbox_open_to_read(desk->home, &desk->outbox, detail), detail);
}

int
desk_identity(struct desk *desk, struct identity *ret_identity)
{
    return desk_outbox_failed(desk, outbox_identity(desk->outbox, IDENTITY_ENROLLED, ret_identity));
}

int32_t
desk_zone(struct desk *desk)
{
    Yuebao__Agenda *agenda = agenda_load(desk->outbox);
    int32_t zone = agenda != NULL && agenda->n_window > 0 ? agenda->window[0]->zone_minutes : CHINA_MINUTES;

    if (agenda != NULL)
        yuebao__agenda__free_unpacked(agenda, NULL);
    return zone;
}

/* ---- the link ----------------------------------------------------------------------------------- */

/* The two clocks that matter: the certificate's and this computer's. */
static void
explain_certificate(struct desk *desk, const struct uplink_error *e)
{
    char from[INSTANT_TEXT_MAX], until[INSTANT_TEXT_MAX], now[INSTANT_TEXT_MAX];
    int32_t zone = desk_zone(desk);

    instant_print((uint64_t)e->valid_from * 1000u, zone, from);
    instant_print((uint64_t)e->valid_until * 1000u, zone, until);
    instant_print(clock_ms(), zone, now);
    if (e->certificate == X509_V_ERR_CERT_HAS_EXPIRED || e->certificate == X509_V_ERR_CERT_NOT_YET_VALID)
        desk_complain(desk, MSG_certificate_time, "from", from, "until", until, "now", now, NULL);
    else if (e->certificate == X509_V_ERR_HOSTNAME_MISMATCH ||
             e->certificate == X509_V_ERR_IP_ADDRESS_MISMATCH)
        desk_complain(desk, MSG_certificate_name, NULL);
    else
        desk_complain(desk, MSG_certificate_untrusted, "detail", system_words(desk->language, e->detail),
                      NULL);
}

static enum message
message_of_fault(Yuebao__FaultCode code)
{
    switch ((int)code) {
    case YUEBAO__FAULT_CODE__FAULT_PROTOCOL:
        return MSG_fault_protocol;
    case YUEBAO__FAULT_CODE__FAULT_UNKNOWN_KEY:
        return MSG_fault_unknown_key;
    case YUEBAO__FAULT_CODE__FAULT_SIGNATURE:
        return MSG_fault_signature;
    case YUEBAO__FAULT_CODE__FAULT_CODE:
        return MSG_fault_code;
    case YUEBAO__FAULT_CODE__FAULT_SHUTDOWN:
        return MSG_fault_shutdown;
    case YUEBAO__FAULT_CODE__FAULT_UNKNOWN_CATALOGUE:
        return MSG_fault_unknown_catalogue;
    case YUEBAO__FAULT_CODE__FAULT_UNKNOWN_SCHOOL:
        return MSG_fault_unknown_school;
    default: /* the rest tells a clerk nothing; so does a code from a newer server */
        return MSG_fault_other;
    }
}

static int
fault_failed(struct desk *desk, const struct uplink_error *e)
{
    char lowest[12], highest[12], number[12], ours[12];

    snprintf(lowest, sizeof(lowest), "%" PRIu32, e->lowest);
    snprintf(highest, sizeof(highest), "%" PRIu32, e->highest);
    snprintf(number, sizeof(number), "%d", (int)e->fault);
    snprintf(ours, sizeof(ours), "%u", PROTOCOL_NUMBER);
    desk_complain(desk, message_of_fault(e->fault), "lowest", lowest, "highest", highest, "number", number,
                  "ours", ours, NULL);
    return uplink_error_passes(e) ? EX_UNAVAILABLE : EX_NOPERM;
}

static int
uplink_failed(struct desk *desk, const struct uplink_error *e)
{
    char seconds[12];

    snprintf(seconds, sizeof(seconds), "%" PRIu32, (e->retry_ms + 999) / 1000);
    switch (e->status) {
    case UPLINK_OK:
    case UPLINK_NOMEM:
        desk_complain(desk, MSG_no_memory, NULL);
        return EX_SOFTWARE;
    case UPLINK_NAME:
        desk_complain(desk, MSG_server_name, "detail", system_words(desk->language, e->detail), NULL);
        return EX_UNAVAILABLE;
    case UPLINK_UNREACHABLE:
        desk_complain(desk, MSG_server_unreachable, "detail", system_words(desk->language, e->detail), NULL);
        return EX_UNAVAILABLE;
    case UPLINK_CA:
        desk_complain(desk, MSG_ca_unreadable, NULL);
        return EX_CONFIG;
    case UPLINK_CERTIFICATE:
        explain_certificate(desk, e);
        return EX_CONFIG;
    case UPLINK_TLS:
        desk_complain(desk, MSG_server_tls, "detail", system_words(desk->language, e->detail), NULL);
        return EX_UNAVAILABLE;
    case UPLINK_DEADLINE:
    case UPLINK_CLOSED:
        desk_complain(desk, MSG_server_silent, NULL);
        return EX_UNAVAILABLE;
    case UPLINK_GARBAGE:
        desk_complain(desk, MSG_server_garbage, "detail", system_words(desk->language, e->detail), NULL);
        return EX_UNAVAILABLE;
    case UPLINK_BUSY:
        desk_complain(desk, MSG_server_busy, "seconds", seconds, NULL);
        return EX_UNAVAILABLE;
    case UPLINK_FAULT:
        return fault_failed(desk, e);
    }
    return EX_SOFTWARE;
}

int
desk_courier_failed(struct desk *desk, const struct courier *courier)
{
    if (courier->trouble != OUTBOX_OK)
        return desk_outbox_failed(desk, courier->trouble);
    if (courier->untrusted) {
        desk_complain(desk, MSG_answer_untrusted, NULL);
        return EX_UNAVAILABLE;
    }
    return uplink_failed(desk, &courier->error);
}

static bool
is_skewed(int64_t skew_ms)
{
    return skew_ms >= DESK_SKEW_MS || skew_ms <= -DESK_SKEW_MS;
}

static void
compare_clocks(struct desk *desk, enum message message, int64_t skew_ms)
{
    char server[INSTANT_TEXT_MAX], ours[INSTANT_TEXT_MAX];
    uint64_t now = clock_ms();
    int32_t zone = desk_zone(desk);

    instant_print(now, zone, ours);
    instant_print(now + (uint64_t)skew_ms, zone, server);
    desk_say(desk, message, "ours", ours, "server", server, NULL);
}

void
desk_mention_clock(struct desk *desk, const struct courier *courier)
{
    if (!is_skewed(courier->skew_ms))
        return;
    compare_clocks(desk, MSG_clock_wrong, courier->skew_ms);
    desk_report(desk, "clock_skew_ms", json_integer(courier->skew_ms));
}

void
desk_mention_key(struct desk *desk, const struct courier *courier)
{
    char key[2 * KEY_SIZE + 1];

    if (!courier->has_new_key)
        return;
    hex_print(courier->new_key, KEY_SIZE, key);
    desk_remark(desk, MSG_server_key_new, "key", key, NULL);
    desk_report(desk, "new_server_key", json_string(key));
}

void
desk_mention_own_clock(struct desk *desk)
{
    int64_t skew_ms = (int64_t)(agenda_now_ms(desk->outbox) - clock_ms());

    compare_clocks(desk, is_skewed(skew_ms) ? MSG_clock_wrong : MSG_clock_here, skew_ms);
    desk_report(desk, "clock_ms", json_integer((json_int_t)clock_ms()));
}

/* ---- files -------------------------------------------------------------------------------------- */

/* Read to the end: the size that the file system tells may be old, or none. */
static bool
read_all(int fd, size_t max, uint8_t **ret_bytes, size_t *ret_len)
{
    size_t len = 0, capacity = 0;
    uint8_t *bytes = NULL;
    ssize_t got = 1;

    while (got != 0 && len <= max) {
        if (len == capacity) {
            uint8_t *more = realloc(bytes, capacity = capacity == 0 ? 65536 : capacity * 2);

            if (more == NULL)
                break;
            bytes = more;
        }
        got = read(fd, bytes + len, capacity - len);
        if (got < 0 && errno != EINTR)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    if (got == 0 && len <= max) {
        *ret_bytes = bytes;
        *ret_len = len;
        return true;
    }
    free(bytes);
    errno = len > max ? EFBIG : errno;
    return false;
}

/* "-" is standard input. Anything but a regular file is refused: a pipe in its place would be waited for. -1
 * with *ret_why. */
static int
open_to_read(struct desk *desk, const char *path, const char **ret_why)
{
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || (strcmp(path, "-") != 0 && fstat(fd, &st) != 0)) {
        *ret_why = system_words(desk->language, strerror(errno));
    } else if (strcmp(path, "-") == 0 || S_ISREG(st.st_mode)) {
        return fd;
    } else {
        *ret_why = S_ISDIR(st.st_mode) ? system_words(desk->language, strerror(EISDIR))
                                       : message_text(desk->language, MSG_system_not_regular);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* Whole, or not at all: half a new file is taken away again. `how`: O_EXCL, O_TRUNC. */
static bool
write_whole(const char *file, int how, const char *bytes, size_t len)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0666), why;
    struct stat st;

    if (fd < 0)
        return false;
    bool is_file = lstat(file, &st) == 0 && S_ISREG(st.st_mode);
    bool good = write_all(fd, bytes, len);
    why = errno;
    if (close(fd) != 0 && good) {
        good = false;
        why = errno;
    }
    if (!good && is_file)
        unlink(file);
    errno = why;
    return good;
}

/* What stands there stays until all of the new is on disk. */
static bool
write_over(const char *file, const char *bytes, size_t len)
{
    struct stat st;
    char *aside = NULL;

    if (lstat(file, &st) != 0 || !S_ISREG(st.st_mode)) /* nothing yet; or a device, a link */
        return write_whole(file, O_TRUNC, bytes, len);
    if (asprintf(&aside, "%s.new", file) < 0)
        return false;
    bool good = write_whole(aside, O_TRUNC, bytes, len) && rename(aside, file) == 0;
    free(aside);
    return good;
}

/* A filled sheet is an hour of somebody's work: nothing is written over unasked. */
int
desk_write_file(struct desk *desk, const char *file, bool force, const char *bytes, size_t len)
{
    if (force ? write_over(file, bytes, len) : write_whole(file, O_EXCL, bytes, len))
        return EX_OK;
    if (errno == EEXIST)
        desk_complain(desk, MSG_file_exists, "file", file, NULL);
    else
        desk_complain(desk, MSG_file_unwritable, "file", file, "detail",
                      system_words(desk->language, strerror(errno)), NULL);
    return EX_CANTCREAT;
}

bool
desk_read_file(struct desk *desk, const char *path, size_t max, uint8_t **ret_bytes, size_t *ret_len)
{
    const char *why = "";
    int fd = open_to_read(desk, path, &why);
    bool good = fd >= 0 && read_all(fd, max, ret_bytes, ret_len);

    if (fd >= 0 && !good)
        why = system_words(desk->language, strerror(errno));
    if (!good)
        desk_complain(desk, MSG_file_unreadable, "file", path, "detail", why, NULL);
    if (fd >= 0)
        close(fd);
    return good;
}
