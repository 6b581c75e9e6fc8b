/* yuebao receipt PERIOD: the proof that a report arrived, verified here and now. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agenda.h"
#include "desk.h"
#include "envelope.h"
#include "outcome.h"
#include "verdict.h"

struct wanted {
    const char *period, *school, *raw_file;
};

static bool
parse(struct wanted *w, int argc, char **argv)
{
    static const struct option options[] = {
        {"school", required_argument, NULL, 's'}, {"raw", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            w->school = optarg;
        else if (option == 'r')
            w->raw_file = optarg;
        else
            return false;
    }
    if (optind + 1 != argc)
        return false;
    w->period = argv[optind];
    return true;
}

/* The last revision that has a receipt (or was kept); NULL: none. */
static const struct item *
newest_proof(const struct items *items)
{
    const struct item *best = NULL;

    for (size_t i = 0; i < items->count; i++)
        if (items->list[i].state == ITEM_RECEIPTED || items->list[i].state == ITEM_KEPT)
            best = &items->list[i];
    return best;
}

static int
write_raw(struct desk *desk, const char *file, const struct item *item)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = fd >= 0 && write(fd, item->answer, item->answer_len) == (ssize_t)item->answer_len;

    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (good)
        return EX_OK;
    desk_complain(desk, MSG_file_unwritable, "file", file, "detail", strerror(errno), NULL);
    return EX_CANTCREAT;
}

static void
print_proof(struct desk *desk, const struct item *item, const struct verdict *v)
{
    char id[2 * ID_SIZE + 1], key[2 * KEY_SIZE + 1], decided[INSTANT_TEXT_MAX], revision[12];

    hex_print(item->id, ID_SIZE, id);
    hex_print(v->answer->key.data, KEY_SIZE, key);
    instant_print(item->decided_ms, desk_zone(desk), decided);
    snprintf(revision, sizeof(revision), "%" PRIu32, item->revision);
    outcome_print(desk, item);
    desk_say(desk, MSG_proof, "id", id, "key", key, "decided", decided, "revision", revision, NULL);
    desk_report(desk, "receipt", outcome_json(desk, item));
    desk_report(desk, "server_key", json_string(key));
    desk_report(desk, "verified", json_true());
}

static int
prove(struct desk *desk, const struct wanted *w, const struct item *item)
{
    struct verdict v = {0};
    int exit_status = EX_OK;

    if (verdict_open(item->answer, item->answer_len, &v) != VERDICT_OK ||
        verdict_verify(&v, desk->outbox, item->id) != VERDICT_OK) {
        desk_complain(desk, MSG_proof_broken, "period", item->period, NULL);
        desk_report(desk, "verified", json_false());
        exit_status = EX_DATAERR;
    } else {
        print_proof(desk, item, &v);
    }
    verdict_fini(&v);
    if (exit_status == EX_OK && w->raw_file != NULL)
        exit_status = write_raw(desk, w->raw_file, item);
    return exit_status;
}

int
cmd_receipt(struct desk *desk, int argc, char **argv)
{
    struct wanted w = {0};
    struct identity identity = {0};
    struct item_filter filter = {0};
    struct items items = {0};
    const struct item *item;
    int exit_status;

    if (!parse(&w, argc, argv))
        return desk_usage(desk, "receipt");
    exit_status = desk_open_to_read(desk);
    if (exit_status == 0)
        exit_status = desk_identity(desk, &identity);
    if (exit_status != 0)
        return exit_status;
    filter.school = w.school != NULL ? w.school : identity.school;
    filter.period = w.period;
    exit_status = desk_outbox_failed(desk, outbox_items(desk->outbox, &filter, &items));
    item = newest_proof(&items);
    if (exit_status == 0 && item == NULL) {
        desk_complain(desk, MSG_no_receipt, "period", w.period, "school", filter.school, NULL);
        exit_status = EX_DATAERR;
    } else if (exit_status == 0) {
        exit_status = prove(desk, &w, item);
    }
    items_fini(&items);
    identity_fini(&identity);
    return exit_status;
}
