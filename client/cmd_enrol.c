/* yuebao enrol CODE --school CODE --server HOST:PORT --ca FILE: a key of one's own, and a server that knows
 * it. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "desk.h"
#include "envelope.h"
#include "outcome.h"

#define CA_FILE_MAX (256u * 1024u)

struct enrolment {
    const char *code, *school, *server, *ca_file;
};

static bool
parse(struct enrolment *e, int argc, char **argv)
{
    static const struct option options[] = {{"school", required_argument, NULL, 's'},
                                            {"server", required_argument, NULL, 'h'},
                                            {"ca", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            e->school = optarg;
        else if (option == 'h')
            e->server = optarg;
        else if (option == 'c')
            e->ca_file = optarg;
        else
            return false;
    }
    if (optind + 1 != argc)
        return false;
    e->code = argv[optind];
    return true;
}

static bool
school_is_code(const char *school)
{
    size_t len = strlen(school);

    return len > 0 && len <= SCHOOL_CODE_MAX &&
           strspn(school, "0123456789abcdefghijklmnopqrstuvwxyz"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-") == len;
}

/* What the options say; what they leave out is as it was the last time. 0 or the exit status. */
static int
gather(struct desk *desk, const struct enrolment *e, const struct identity *before, struct identity *next)
{
    uint8_t *pem = NULL;
    size_t len = 0;
    const char *school = e->school != NULL ? e->school : before->school;
    const char *server = e->server != NULL ? e->server : before->server;

    if (!school_is_code(school) || server == NULL || (e->ca_file == NULL && before->ca == NULL))
        return desk_usage(desk, "enrol");
    if (!uplink_server_is_shaped(server)) {
        desk_complain(desk, MSG_server_malformed, "server", server, NULL);
        return EX_USAGE;
    }
    if (e->ca_file != NULL && !desk_read_file(desk, e->ca_file, CA_FILE_MAX, &pem, &len))
        return EX_NOINPUT;
    next->ca = pem != NULL ? strndup((const char *)pem, len) : strdup(before->ca);
    free(pem);
    next->server = strdup(server);
    snprintf(next->school, sizeof(next->school), "%s", school);
    return next->ca != NULL && next->server != NULL ? 0 : desk_outbox_failed(desk, OUTBOX_NOMEM);
}

static bool
same_enrolment(const struct identity *a, const struct identity *b)
{
    return strcmp(a->school, b->school) == 0 && strcmp(a->code, b->code) == 0;
}

/*
 * The key is on disk before the code goes out. With the code of last time it is the key of last time: the
 * server may have taken it and its answer may be lost.
 */
static enum outbox_status
choose_key(struct desk *desk, struct identity *next)
{
    static const enum identity_state states[] = {IDENTITY_PENDING, IDENTITY_ENROLLED};
    bool found = false;
    enum outbox_status status = outbox_begin(desk->outbox);

    for (size_t i = 0; i < 2 && status == OUTBOX_OK && !found; i++) {
        struct identity held = {0};

        status = outbox_identity(desk->outbox, states[i], &held);
        if (status == OUTBOX_OK && same_enrolment(&held, next)) {
            memcpy(next->key, held.key, KEY_SIZE);
            memcpy(next->secret, held.secret, SECRET_SIZE);
            found = true;
        }
        identity_fini(&held);
        status = status == OUTBOX_ABSENT ? OUTBOX_OK : status;
    }
    if (status == OUTBOX_OK && !found)
        envelope_keypair(next->key, next->secret);
    if (status == OUTBOX_OK)
        status = outbox_set_pending(desk->outbox, next);
    if (status == OUTBOX_OK)
        status = outbox_commit(desk->outbox);
    outbox_undo(desk->outbox);
    return status;
}

/* The identity that the options may lean on; absent is fine. */
static enum outbox_status
identity_before(struct desk *desk, struct identity *before)
{
    enum outbox_status status = outbox_identity(desk->outbox, IDENTITY_PENDING, before);

    if (status == OUTBOX_ABSENT)
        status = outbox_identity(desk->outbox, IDENTITY_ENROLLED, before);
    return status == OUTBOX_ABSENT ? OUTBOX_OK : status;
}

/* One computer's home reports for one school and its other stages: that it leaves the one before is said. */
static void
mention_change(struct desk *desk, const char *before, const struct identity *next)
{
    Yuebao__Agenda *agenda = agenda_load(desk->outbox);

    if (before[0] != '\0' && strcmp(before, next->school) != 0 &&
        (agenda == NULL || agenda_school(agenda, before) == NULL)) {
        desk_say(desk, MSG_enrolled_instead, "before", before, NULL);
        desk_report(desk, "instead_of", json_string(before));
    }
    if (agenda != NULL)
        yuebao__agenda__free_unpacked(agenda, NULL);
}

static int
enrol(struct desk *desk, const char *before, const struct identity *next)
{
    struct courier c;
    int exit_status = EX_OK;

    if (!courier_open(&c, desk->outbox, next, UPLINK_ENROL)) {
        exit_status = desk_courier_failed(desk, &c);
    } else {
        desk_say(desk, MSG_enrolled, "school", next->school, "server", next->server, NULL);
        desk_report(desk, "school", json_string(next->school));
        if (!courier_fetch(&c)) {
            exit_status = desk_courier_failed(desk, &c);
            desk_say(desk, MSG_fetch_later, NULL);
        } else {
            mention_change(desk, before, next);
        }
        desk_mention_clock(desk, &c);
        if (exit_status == EX_OK)
            outcome_hear(desk, &c);
    }
    desk_mention_key(desk, &c);
    courier_close(&c);
    return exit_status;
}

int
cmd_enrol(struct desk *desk, int argc, char **argv)
{
    struct enrolment e = {0};
    struct identity before = {0}, next = {0}, enrolled = {0};
    enum outbox_status status;
    int exit_status;

    if (!parse(&e, argc, argv))
        return desk_usage(desk, "enrol");
    if (!enrol_code_normalise(e.code, next.code)) {
        desk_complain(desk, MSG_code_malformed, "code", e.code, NULL);
        return EX_USAGE;
    }
    exit_status = desk_open(desk, true);
    if (exit_status == 0)
        exit_status = desk_outbox_failed(desk, identity_before(desk, &before));
    if (exit_status == 0)
        exit_status = gather(desk, &e, &before, &next);
    if (exit_status == 0) {
        status = outbox_identity(desk->outbox, IDENTITY_ENROLLED, &enrolled);
        if (status == OUTBOX_OK || status == OUTBOX_ABSENT)
            status = choose_key(desk, &next);
        exit_status = desk_outbox_failed(desk, status);
    }
    if (exit_status == 0)
        exit_status = enrol(desk, enrolled.school, &next);
    identity_fini(&before);
    identity_fini(&enrolled);
    identity_fini(&next);
    return exit_status;
}
