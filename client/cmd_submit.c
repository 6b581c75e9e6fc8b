/* yuebao check FILE, yuebao submit FILE: every fault at once; and, when there is none, signed, saved and
 * sent. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "filing.h"
#include "gate.h"
#include "outcome.h"

struct order {
    const char *file;
    struct filing_request request;
    uint8_t *bytes;
    char *remembered[3]; /* names from the outbox; malloc'd */
};

static const char *const name_settings[3] = {"filler", "reviewer", "head"};

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
    default:
        return false;
    }
}

static bool
parse(struct order *o, int argc, char **argv)
{
    static const struct option options[] = {{"filler", required_argument, NULL, 'f'},
                                            {"reviewer", required_argument, NULL, 'r'},
                                            {"head", required_argument, NULL, 'h'},
                                            {"correction", required_argument, NULL, 'c'},
                                            {"school", required_argument, NULL, 's'},
                                            {"period", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
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
    if (outbox_setting(desk->outbox, name_settings[which], &o->remembered[which]) == OUTBOX_OK)
        return o->remembered[which];
    return "";
}

/* Names and reason come from a terminal of any encoding: what is not clean text is not signed. */
static bool
texts_are_clean(struct desk *desk, const struct filing_request *request)
{
    const struct {
        const char *option, *text;
    } texts[] = {{"--filler", request->names.filler},
                 {"--reviewer", request->names.reviewer},
                 {"--head", request->names.head},
                 {"--correction", request->correction}};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (gate_text_is_clean((const uint8_t *)texts[i].text, strlen(texts[i].text)))
            continue;
        desk_complain(desk, MSG_text_unclean, "option", texts[i].option, NULL);
        return false;
    }
    return true;
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
    return texts_are_clean(desk, &o->request) ? 0 : EX_DATAERR;
}

static void
order_fini(struct order *o)
{
    free(o->bytes);
    for (size_t i = 0; i < 3; i++)
        free(o->remembered[i]);
}

static int
filing_failed(struct desk *desk, enum filing_status status, const struct filing *f)
{
    switch (status) {
    case FILING_OK:
        return EX_OK;
    case FILING_NO_AGENDA:
        desk_complain(desk, MSG_no_agenda, NULL);
        return EX_CONFIG;
    case FILING_NO_CATALOGUE:
        desk_complain(desk, MSG_no_catalogue, "period", f->period, NULL);
        return EX_CONFIG;
    case FILING_NOMEM:
        return desk_outbox_failed(desk, OUTBOX_NOMEM);
    case FILING_OUTBOX:
        return desk_outbox_failed(desk, f->trouble);
    }
    return EX_SOFTWARE;
}

static bool
has_fault(const struct filing *f, Yuebao__FindingCode code)
{
    for (size_t i = 0; i < f->faults.count; i++)
        if (f->faults.items[i].finding.code == code)
            return true;
    return false;
}

/* Said about dates, by this computer's clock and the agenda that it has. */
static bool
date_speaks_against(const struct filing *f)
{
    return f->slot == SLOT_CLOSED || has_fault(f, YUEBAO__FINDING_CODE__PERIOD_NOT_OPEN) ||
           has_fault(f, YUEBAO__FINDING_CODE__PERIOD_NOT_IN_CALENDAR);
}

/* What the command lacks, not the file. */
static bool
is_of_options(const struct fault *fault)
{
    return fault->finding.code == YUEBAO__FINDING_CODE__NAME_MISSING ||
           fault->finding.code == YUEBAO__FINDING_CODE__CORRECTION_REASON_MISSING;
}

static size_t
count_errors(const struct filing *f, bool of_options)
{
    size_t count = 0;

    for (size_t i = 0; i < f->faults.count; i++)
        count += f->faults.items[i].finding.severity == YUEBAO__SEVERITY__ERROR &&
                 is_of_options(&f->faults.items[i]) == of_options;
    return count;
}

/* What was found, and the sum of it. EX_DATAERR when it must be corrected first. */
static int
report_faults(struct desk *desk, const struct order *o, const struct filing *f)
{
    size_t errors = count_errors(f, false), of_options = count_errors(f, true);
    char count[24];

    desk_print_faults(desk, &f->faults, f->catalogue);
    if (date_speaks_against(f))
        desk_mention_own_clock(desk);
    snprintf(count, sizeof(count), "%zu", errors);
    desk_report(desk, "errors", json_integer((json_int_t)(errors + of_options)));
    if (!faults_refuse(&f->faults))
        return EX_OK;
    desk_say(desk, errors == 0 && of_options > 0 ? MSG_submit_incomplete : MSG_check_refused, "count", count,
             "file", o->file, NULL);
    return EX_DATAERR;
}

static void
report_slot(struct desk *desk, const struct filing *f)
{
    desk_report(desk, "school", json_string(f->school));
    desk_report(desk, "form", json_string(f->form_code));
    desk_report(desk, "period", json_string(f->period));
}

int
cmd_check(struct desk *desk, int argc, char **argv)
{
    struct order o = {.request = {.draft = true}};
    struct filing f = {0};
    int exit_status = prepare(desk, &o, argc, argv);

    if (exit_status == 0)
        exit_status = filing_failed(desk, filing_check(desk->outbox, &o.request, &f), &f);
    if (exit_status == 0) {
        report_slot(desk, &f);
        exit_status = report_faults(desk, &o, &f);
    }
    if (exit_status == 0)
        desk_say(desk, f.slot == SLOT_LATE ? MSG_check_late : MSG_check_good, "file", o.file, "period",
                 f.period, NULL);
    filing_fini(&f);
    order_fini(&o);
    return exit_status;
}

/* ---- submit ------------------------------------------------------------------------------------- */

/* For the next time; losing them would cost nothing but typing. */
static void
remember_names(struct desk *desk, const struct filing_names *names)
{
    const char *values[3] = {names->filler, names->reviewer, names->head};

    for (size_t i = 0; i < 3 && outbox_set(desk->outbox, name_settings[i], values[i]) == OUTBOX_OK; i++)
        ;
}

/* The item as it now is; false: the outbox cannot be read. */
static bool
find_item(struct desk *desk, const struct filing *f, struct items *items, const struct item **ret_item)
{
    const struct item_filter filter = {.school = f->school, .form = f->form_code, .period = f->period};

    *ret_item = NULL;
    if (outbox_items(desk->outbox, &filter, items) != OUTBOX_OK)
        return false;
    for (size_t i = 0; i < items->count; i++)
        if (memcmp(items->list[i].id, f->id, ID_SIZE) == 0)
            *ret_item = &items->list[i];
    return *ret_item != NULL;
}

static int
exit_of_state(enum item_state state)
{
    switch (state) {
    case ITEM_WAITING:
        return EX_TEMPFAIL;
    case ITEM_RECEIPTED:
    case ITEM_KEPT:
        return EX_OK;
    case ITEM_REFUSED:
        return EX_DATAERR;
    }
    return EX_SOFTWARE;
}

/* Say what became of the item; the exit status follows from its state, for the report is saved: why it waits
 * was said. */
static int
report_item(struct desk *desk, const struct filing *f)
{
    const struct item *item;
    struct items items = {0};
    int exit_status;

    if (!find_item(desk, f, &items, &item)) {
        items_fini(&items);
        (void)desk_outbox_failed(desk, OUTBOX_IO);
        return EX_TEMPFAIL;
    }
    outcome_print(desk, item);
    desk_report(desk, "report", outcome_json(desk, item));
    exit_status = exit_of_state(item->state);
    items_fini(&items);
    return exit_status;
}

static int
deliver(struct desk *desk, const struct identity *identity, const struct filing *f)
{
    struct courier c;

    fflush(stdout); /* "saved" must be seen even if the link takes a minute */
    if (!outcome_deliver(desk, identity, &c))
        (void)desk_courier_failed(desk, &c);
    return report_item(desk, f);
}

static int
file_and_deliver(struct desk *desk, const struct order *o, const struct identity *identity, struct filing *f)
{
    int exit_status = filing_failed(desk, filing_save(desk->outbox, &o->request, identity, f), f);
    char revision[12];

    if (exit_status == 0 && faults_refuse(&f->faults))
        exit_status = report_faults(desk, o, f);
    if (exit_status != 0)
        return exit_status;
    snprintf(revision, sizeof(revision), "%" PRIu32, f->revision);
    switch (f->base) {
    case BASE_NEW:
    case BASE_CHANGED:
        remember_names(desk, &o->request.names);
        desk_say(desk, MSG_saved, "school", f->school, "period", f->period, "revision", revision, NULL);
        return deliver(desk, identity, f);
    case BASE_WAITING:
        desk_say(desk, MSG_already_waiting, "period", f->period, NULL);
        return deliver(desk, identity, f);
    case BASE_RECEIPTED:
        desk_say(desk, MSG_already_receipted, "period", f->period, NULL);
        return report_item(desk, f);
    case BASE_KEPT:
        desk_say(desk, MSG_already_kept, "period", f->period, NULL);
        return report_item(desk, f);
    }
    return EX_SOFTWARE;
}

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
    return filing_failed(desk, filing_check(desk->outbox, &o->request, f), f);
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
        exit_status = filing_failed(desk, filing_check(desk->outbox, &o.request, &f), &f);
    if (exit_status == 0 && date_speaks_against(&f))
        exit_status = check_again(desk, &o, &identity, &f);
    if (exit_status == 0) {
        report_slot(desk, &f);
        exit_status = report_faults(desk, &o, &f);
    }
    if (exit_status == 0)
        exit_status = file_and_deliver(desk, &o, &identity, &f);
    identity_fini(&identity);
    filing_fini(&f);
    order_fini(&o);
    return exit_status;
}
