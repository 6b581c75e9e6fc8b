/* yuebao check FILE, yuebao submit FILE: every fault at once; and, when there is none, signed, saved and
 * sent. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "submission.h"

struct order {
    const char *file;
    struct filing_request request;
    uint8_t *bytes;
    char *remembered[3]; /* names from the outbox; malloc'd */
};

static bool
take_option(struct order *o, int option)
{
    switch (option) {
    case 'f':
        o->request.names.filler = optarg;
        return true;
    case 'r':
        o->request.names.reviewer = optarg;
        return true;
    case 'h':
        o->request.names.head = optarg;
        return true;
    case 'c':
        o->request.correction = optarg;
        return true;
    case 's':
        o->request.school = optarg;
        return true;
    case 'p':
        o->request.period = optarg;
        return true;
    case 'm':
        o->request.form = optarg;
        return true;
    default:
        return false;
    }
}

static bool
parse(struct order *o, int argc, char **argv)
{
    static const struct option options[] = {
        {"filler", required_argument, NULL, 'f'}, {"reviewer", required_argument, NULL, 'r'},
        {"head", required_argument, NULL, 'h'},   {"correction", required_argument, NULL, 'c'},
        {"school", required_argument, NULL, 's'}, {"period", required_argument, NULL, 'p'},
        {"form", required_argument, NULL, 'm'},   {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    if (optind + 1 != argc)
        return false;
    o->file = argv[optind];
    return true;
}

static const char *
name_or_remembered(struct desk *desk, struct order *o, int which, const char *given)
{
    if (given != NULL)
        return given;
    if (outbox_setting(desk->outbox, submission_name_settings[which], &o->remembered[which]) == OUTBOX_OK)
        return o->remembered[which];
    return "";
}

/* Read options, file and remembered names. 0 or the exit status. */
static int
prepare(struct desk *desk, struct order *o, int argc, char **argv)
{
    struct filing_names *names = &o->request.names;
    int exit_status;

    if (!parse(o, argc, argv))
        return desk_usage(desk, argv[0]);
    exit_status = o->request.draft ? desk_open_to_read(desk) : desk_open(desk, false);
    if (exit_status != 0)
        return exit_status;
    if (!desk_read_file(desk, o->file, TABLE_BYTES_MAX, &o->bytes, &o->request.len))
        return EX_NOINPUT;
    desk_report(desk, "file", json_string(o->file));
    o->request.bytes = o->bytes;
    names->filler = name_or_remembered(desk, o, 0, names->filler);
    names->reviewer = name_or_remembered(desk, o, 1, names->reviewer);
    names->head = name_or_remembered(desk, o, 2, names->head);
    if (o->request.correction == NULL)
        o->request.correction = "";
    return submission_texts_are_clean(desk, &o->request) ? 0 : EX_DATAERR;
}

static void
order_fini(struct order *o)
{
    free(o->bytes);
    for (size_t i = 0; i < 3; i++)
        free(o->remembered[i]);
}

int
cmd_check(struct desk *desk, int argc, char **argv)
{
    struct order o = {.request = {.draft = true}};
    struct filing f = {0};
    int exit_status = prepare(desk, &o, argc, argv);

    if (exit_status == 0)
        exit_status = submission_failed(desk, filing_check(desk->outbox, &o.request, &f), &f);
    if (exit_status == 0) {
        submission_report_slot(desk, &f);
        exit_status = submission_report_faults(desk, o.file, &f);
    }
    if (exit_status == 0)
        desk_say(desk, f.slot == SLOT_LATE ? MSG_check_late : MSG_check_good, "file", o.file, "period",
                 f.period, NULL);
    filing_fini(&f);
    order_fini(&o);
    return exit_status;
}

/* ---- submit ------------------------------------------------------------------------------------- */

/*
 * The agenda may be older than the bureau's last word: before a date speaks against a report, it is fetched
 * and the report is checked anew. When the server cannot be reached, what is here must do.
 */
static int
check_again(struct desk *desk, const struct order *o, const struct identity *identity, struct filing *f)
{
    struct courier c;
    bool fetched = courier_open(&c, desk->outbox, identity, UPLINK_HELLO) && courier_fetch(&c);

    desk_mention_key(desk, &c);
    courier_close(&c);
    if (!fetched)
        return EX_OK;
    filing_fini(f);
    return submission_failed(desk, filing_check(desk->outbox, &o->request, f), f);
}

int
cmd_submit(struct desk *desk, int argc, char **argv)
{
    struct order o = {0};
    struct filing f = {0};
    struct identity identity = {0};
    int exit_status = prepare(desk, &o, argc, argv);

    if (exit_status == 0)
        exit_status = desk_identity(desk, &identity);
    if (exit_status == 0)
        exit_status = submission_failed(desk, filing_check(desk->outbox, &o.request, &f), &f);
    if (exit_status == 0 && submission_is_out_of_time(&f))
        exit_status = check_again(desk, &o, &identity, &f);
    if (exit_status == 0) {
        submission_report_slot(desk, &f);
        exit_status = submission_report_faults(desk, o.file, &f);
    }
    if (exit_status == 0)
        exit_status = submission_file(desk, o.file, &o.request, &identity, &f);
    identity_fini(&identity);
    filing_fini(&f);
    order_fini(&o);
    return exit_status;
}
