/* yuebao conflict [PERIOD]: what this computer filed and what the centre holds, side by side; and how to go
 * on. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "envelope.h"
#include "outcome.h"
#include "sheet_file.h"
#include "standing.h"
#include "submission.h"
#include "two_sides.h"
#include "verdict.h"

struct quarrel {
    const char *period, *school, *form; /* as the command says; NULL: not said */
    const char *file, *correction;
    bool file_mine, keep_theirs, force;
    struct identity identity;
    Yuebao__Agenda *agenda;
    /* the slot that is meant */
    char slot_school[SCHOOL_CODE_MAX + 1], slot_form[FORM_CODE_MAX + 1], slot_period[PERIOD_TEXT_MAX + 1];
    struct items items; /* of the slot */
    struct holdings holdings;
    const struct item *mine;      /* the newest, but for refusals with findings; NULL: none */
    const struct holding *theirs; /* the newest; NULL: not known */
    bool is_refused;              /* mine was, for the conflict */
    Yuebao__Statement *my_statement, *their_statement;
    enum courier_holding held;
};

static bool
take_option(struct quarrel *q, int option)
{
    switch (option) {
    case 's':
        q->school = optarg;
        return true;
    case 'm':
        q->form = optarg;
        return true;
    case 'o':
        q->file = optarg;
        return true;
    case 'c':
        q->correction = optarg;
        return true;
    case 'f':
        q->force = true;
        return true;
    case 'i':
        q->file_mine = true;
        return true;
    case 'k':
        q->keep_theirs = true;
        return true;
    default:
        return false;
    }
}

static bool
parse(struct quarrel *q, int argc, char **argv)
{
    static const struct option options[] = {
        {"school", required_argument, NULL, 's'},     {"form", required_argument, NULL, 'm'},
        {"output", required_argument, NULL, 'o'},     {"force", no_argument, NULL, 'f'},
        {"file-mine", no_argument, NULL, 'i'},        {"keep-theirs", no_argument, NULL, 'k'},
        {"correction", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "o:f", options, NULL)) != -1)
        if (!take_option(q, option))
            return false;
    if (optind < argc)
        q->period = argv[optind++];
    return optind == argc && q->file_mine + q->keep_theirs + (q->file != NULL) <= 1 &&
           (q->correction == NULL || q->file_mine);
}

/* ---- which slot --------------------------------------------------------------------------------- */

static bool
matches(const struct quarrel *q, const struct item *item)
{
    return (q->period == NULL || strcmp(q->period, item->period) == 0) &&
           (q->school == NULL || strcmp(q->school, item->school) == 0) &&
           (q->form == NULL || strcmp(q->form, item->form) == 0);
}

static void
mean(struct quarrel *q, const char *school, const char *form, const char *period)
{
    snprintf(q->slot_school, sizeof(q->slot_school), "%s", school);
    snprintf(q->slot_form, sizeof(q->slot_form), "%s", form);
    snprintf(q->slot_period, sizeof(q->slot_period), "%s", period);
}

static bool
is_meant(const struct quarrel *q, const struct item *item)
{
    return strcmp(q->slot_school, item->school) == 0 && strcmp(q->slot_form, item->form) == 0 &&
           strcmp(q->slot_period, item->period) == 0;
}

static void
say_conflict(struct desk *desk, const struct item *item, json_t *list)
{
    desk_say(desk, MSG_conflict_one, "school", item->school, "form", item->form, "period", item->period,
             NULL);
    json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "school", item->school, "form", item->form,
                                          "period", item->period));
}

/* The slots in conflict that the command may mean; the last one becomes the slot. More than one are listed.
 */
static size_t
find_conflicts(struct desk *desk, struct quarrel *q, const struct items *all, const struct holdings *holdings)
{
    const struct item *found = NULL;
    json_t *list = json_array();
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++) {
        const struct item *item = &all->list[i];

        if (!matches(q, item) || !standing_is_open(all, i, holdings) || (count > 0 && is_meant(q, item)))
            continue;
        if (++count == 2)
            say_conflict(desk, found, list);
        if (count >= 2)
            say_conflict(desk, item, list);
        found = item;
        mean(q, item->school, item->form, item->period);
    }
    if (count > 1)
        desk_report(desk, "conflicts", list);
    else
        json_decref(list);
    return count;
}

/* No conflict is known here: the slot is what the command says. 0 or the exit status. */
static int
mean_as_said(struct desk *desk, struct quarrel *q)
{
    const char *code = q->school != NULL ? q->school : q->identity.school;
    const Yuebao__School *school = q->agenda == NULL ? NULL : agenda_school(q->agenda, code);
    char form[FORM_CODE_MAX + 1];
    struct period period;

    if (q->agenda == NULL) {
        desk_complain(desk, MSG_no_agenda, NULL);
        return EX_CONFIG;
    }
    if (school == NULL) {
        desk_complain(desk, MSG_school_unknown, "school", code, NULL);
        return EX_DATAERR;
    }
    if (!period_parse(q->period, &period)) {
        desk_complain(desk, MSG_period_malformed, "period", q->period, NULL);
        return EX_USAGE;
    }
    agenda_form_code(school->kind, period, form);
    mean(q, code, q->form != NULL ? q->form : form, q->period);
    return 0;
}

/* The slot that is meant; 0 or the exit status. Without a conflict and without a period there is none: EX_OK,
 * and no slot. */
static int
find_slot(struct desk *desk, struct quarrel *q)
{
    const struct item_filter any = {0};
    struct holdings holdings = {0};
    struct items all = {0};
    int exit_status = desk_outbox_failed(desk, outbox_items(desk->outbox, &any, &all));
    size_t count = 0;

    if (exit_status == 0)
        exit_status = desk_outbox_failed(desk, outbox_holdings(desk->outbox, NULL, NULL, NULL, &holdings));
    if (exit_status == 0)
        count = find_conflicts(desk, q, &all, &holdings);
    if (exit_status == 0 && count > 1) {
        desk_complain(desk, MSG_conflict_many, NULL);
        exit_status = EX_USAGE;
    } else if (exit_status == 0 && count == 0 && q->period != NULL) {
        exit_status = mean_as_said(desk, q);
    } else if (exit_status == 0 && count == 0) {
        desk_say(desk, MSG_conflict_none, NULL);
    }
    items_fini(&all);
    holdings_fini(&holdings);
    return exit_status;
}

/* ---- what is known of it ------------------------------------------------------------------------ */

/* Ask the centre, and keep what it says. 0, or the exit status: explained, and no reason to stop. */
static int
ask_centre(struct desk *desk, struct quarrel *q)
{
    struct courier c;
    int exit_status = 0;

    if (!courier_open(&c, desk->outbox, &q->identity, UPLINK_HELLO) || !courier_fetch(&c) ||
        !courier_ask_holding(&c, q->slot_school, q->slot_form, q->slot_period, &q->held))
        exit_status = desk_courier_failed(desk, &c);
    else
        outcome_hear(desk, &c);
    desk_mention_key(desk, &c);
    courier_close(&c);
    desk_report(desk, "fetched", json_boolean(exit_status == 0));
    if (q->agenda != NULL)
        yuebao__agenda__free_unpacked(q->agenda, NULL);
    q->agenda = agenda_load(desk->outbox);
    return exit_status;
}

static int
load_sides(struct desk *desk, struct quarrel *q)
{
    const struct item_filter slot = {
        .school = q->slot_school, .form = q->slot_form, .period = q->slot_period};
    int exit_status = desk_outbox_failed(desk, outbox_items(desk->outbox, &slot, &q->items));

    if (exit_status == 0)
        exit_status = desk_outbox_failed(
            desk, outbox_holdings(desk->outbox, q->slot_school, q->slot_form, q->slot_period, &q->holdings));
    for (size_t i = 0; exit_status == 0 && i < q->items.count; i++) {
        const struct item *item = &q->items.list[i];
        bool conflict = standing_is_conflict(item, NULL);

        if (q->mine == NULL || conflict || item->state != ITEM_REFUSED) {
            q->mine = item;
            q->is_refused = conflict;
        }
    }
    if (exit_status == 0 && q->holdings.count > 0)
        q->theirs = &q->holdings.list[q->holdings.count - 1];
    if (q->mine != NULL)
        q->my_statement = filing_statement(q->mine);
    if (q->theirs != NULL)
        q->their_statement = filing_unpack(q->theirs->statement, q->theirs->statement_len);
    return exit_status;
}

static void
quarrel_fini(struct quarrel *q)
{
    if (q->my_statement != NULL)
        yuebao__statement__free_unpacked(q->my_statement, NULL);
    if (q->their_statement != NULL)
        yuebao__statement__free_unpacked(q->their_statement, NULL);
    if (q->agenda != NULL)
        yuebao__agenda__free_unpacked(q->agenda, NULL);
    items_fini(&q->items);
    holdings_fini(&q->holdings);
    identity_fini(&q->identity);
}

/* ---- showing ------------------------------------------------------------------------------------ */

static struct catalogue *
catalogue_of(struct desk *desk, const Yuebao__Statement *statement)
{
    return statement == NULL ? NULL : agenda_catalogue(desk->outbox, &statement->catalogue);
}

/* Only the conflict's own words are known: which revision is there, and its id. */
static void
say_unseen(struct desk *desk, const struct quarrel *q)
{
    struct verdict v = {0};
    char revision[12], id[2 * ID_SIZE + 1] = "";

    if (!q->is_refused || verdict_open(q->mine->answer, q->mine->answer_len, &v) != VERDICT_OK)
        return;
    snprintf(revision, sizeof(revision), "%" PRIu32, v.message->conflict->current_revision);
    if (v.message->conflict->current_id.len == ID_SIZE)
        hex_print(v.message->conflict->current_id.data, ID_SIZE, id);
    desk_say(desk, MSG_side_unseen, "revision", revision, "id", id, NULL);
    desk_report(desk, "current_revision", json_integer(v.message->conflict->current_revision));
    desk_report(desk, "current_id", json_string(id));
    verdict_fini(&v);
}

static bool
same_report(const struct quarrel *q)
{
    for (size_t i = 0; q->theirs != NULL && i < q->items.count; i++)
        if (memcmp(q->items.list[i].id, q->theirs->id, ID_SIZE) == 0)
            return true;
    return false;
}

static void
say_how_to_go_on(struct desk *desk, const struct quarrel *q)
{
    bool settled = same_report(q) || (q->theirs != NULL && q->theirs->acknowledged);
    enum message message = settled           ? MSG_conflict_settled
                           : q->mine == NULL ? MSG_conflict_how_without_mine
                                             : MSG_conflict_how;

    desk_report(desk, "settled", json_boolean(settled));
    if (q->theirs != NULL || q->is_refused)
        desk_say(desk, message, "period", q->slot_period, NULL);
}

static void
show(struct desk *desk, const struct quarrel *q)
{
    struct side mine = {0}, theirs = {0};
    struct catalogue *catalogue =
        catalogue_of(desk, q->their_statement != NULL ? q->their_statement : q->my_statement);

    desk_say(desk, q->theirs == NULL && q->mine == NULL ? MSG_conflict_nothing : MSG_conflict_head, "school",
             q->slot_school, "form", q->slot_form, "period", q->slot_period, NULL);
    if (q->mine != NULL && q->my_statement != NULL)
        mine = (struct side){q->my_statement, q->mine->id, q->mine->key, q->mine->saved_ms};
    if (q->theirs != NULL && q->their_statement != NULL)
        theirs = (struct side){q->their_statement, q->theirs->id, q->theirs->key, q->theirs->received_ms};
    if (theirs.statement == NULL)
        say_unseen(desk, q);
    two_sides_print(desk, mine.statement != NULL ? &mine : NULL, theirs.statement != NULL ? &theirs : NULL,
                    q->identity.key, catalogue);
    if (q->held == COURIER_HOLDS_TOO_MUCH)
        desk_say(desk, MSG_side_too_large, NULL);
    say_how_to_go_on(desk, q);
    catalogue_free(catalogue);
}

/* ---- going on ----------------------------------------------------------------------------------- */

/* What was signed then is checked by what holds now, and signed anew. */
static int
file_mine(struct desk *desk, struct quarrel *q)
{
    const Yuebao__Statement *s = q->my_statement;
    struct filing_request request = {.correction = q->correction == NULL ? "" : q->correction};
    struct filing f = {0};
    int exit_status;

    if (s == NULL) {
        desk_complain(desk, MSG_conflict_no_mine, "period", q->slot_period, NULL);
        return EX_DATAERR;
    }
    request.names = (struct filing_names){s->filler, s->reviewer, s->head};
    if (!submission_texts_are_clean(desk, &request))
        return EX_DATAERR;
    exit_status = submission_failed(desk, filing_check_statement(desk->outbox, &request, s, &f), &f);
    if (exit_status == 0) {
        submission_report_slot(desk, &f);
        exit_status = submission_report_faults(desk, q->slot_period, &f);
    }
    if (exit_status == 0)
        exit_status = submission_file(desk, q->slot_period, &request, &q->identity, &f);
    filing_fini(&f);
    return exit_status;
}

static bool
something_waits(const struct quarrel *q)
{
    for (size_t i = 0; i < q->items.count; i++)
        if (q->items.list[i].state == ITEM_WAITING)
            return true;
    return false;
}

static int
keep_theirs(struct desk *desk, const struct quarrel *q)
{
    char revision[12];
    int exit_status;

    if (q->theirs == NULL || something_waits(q)) {
        desk_complain(desk, q->theirs == NULL ? MSG_conflict_not_seen : MSG_conflict_waits, "period",
                      q->slot_period, NULL);
        return q->theirs == NULL ? EX_UNAVAILABLE : EX_DATAERR;
    }
    exit_status = desk_outbox_failed(desk, outbox_acknowledge(desk->outbox, q->theirs->id));
    snprintf(revision, sizeof(revision), "%" PRIu32, q->theirs->revision);
    if (exit_status == 0)
        desk_say(desk, MSG_conflict_kept, "period", q->slot_period, "revision", revision, NULL);
    desk_report(desk, "acknowledged", json_boolean(exit_status == 0));
    return exit_status;
}

/* The sheet is of the period's own catalogue, for it is to be submitted. */
static int
write_theirs(struct desk *desk, const struct quarrel *q)
{
    const Yuebao__Window *window =
        q->agenda == NULL ? NULL : agenda_window(q->agenda, q->slot_form, q->slot_period, q->slot_school);
    struct catalogue *catalogue = window == NULL ? NULL : agenda_catalogue(desk->outbox, &window->catalogue);
    struct sheet_file wanted = {.file = q->file,
                                .force = q->force,
                                .period = q->slot_period,
                                .catalogue = catalogue,
                                .filled = q->their_statement};
    int exit_status = EX_CONFIG;

    if (catalogue != NULL) {
        wanted.school = agenda_school(q->agenda, q->slot_school);
        wanted.form = catalogue_form(catalogue, q->slot_form);
    }
    if (q->their_statement == NULL) {
        desk_complain(desk, MSG_conflict_not_seen, "period", q->slot_period, NULL);
        exit_status = EX_UNAVAILABLE;
    } else if (wanted.form == NULL || wanted.school == NULL) {
        desk_complain(desk, MSG_no_catalogue, "period", q->slot_period, NULL);
    } else {
        exit_status = sheet_file_write(desk, &wanted);
    }
    catalogue_free(catalogue);
    return exit_status;
}

static int
go_on(struct desk *desk, struct quarrel *q, int asked)
{
    if (q->file_mine)
        return file_mine(desk, q);
    if (q->keep_theirs)
        return keep_theirs(desk, q);
    if (q->file != NULL)
        return write_theirs(desk, q);
    show(desk, q);
    return asked;
}

int
cmd_conflict(struct desk *desk, int argc, char **argv)
{
    struct quarrel q = {0};
    int exit_status, asked = 0;

    if (!parse(&q, argc, argv))
        return desk_usage(desk, "conflict");
    exit_status = desk_open(desk, false);
    if (exit_status == 0)
        exit_status = desk_identity(desk, &q.identity);
    if (exit_status != 0)
        return exit_status;
    q.agenda = agenda_load(desk->outbox);
    exit_status = find_slot(desk, &q);
    if (exit_status == 0 && q.slot_period[0] != '\0') {
        asked = ask_centre(desk, &q);
        exit_status = load_sides(desk, &q);
        desk_report(desk, "school", json_string(q.slot_school));
        desk_report(desk, "form", json_string(q.slot_form));
        desk_report(desk, "period", json_string(q.slot_period));
        if (exit_status == 0)
            exit_status = go_on(desk, &q, asked);
    }
    quarrel_fini(&q);
    return exit_status;
}
