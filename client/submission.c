#include "submission.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "outcome.h"

const char *const submission_name_settings[3] = {"filler", "reviewer", "head"};

bool
submission_texts_are_clean(struct desk *desk, const struct filing_request *request)
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

int
submission_failed(struct desk *desk, enum filing_status status, const struct filing *f)
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

bool
submission_is_out_of_time(const struct filing *f)
{
    return f->slot == SLOT_CLOSED || has_fault(f, YUEBAO__FINDING_CODE__PERIOD_NOT_OPEN) ||
           has_fault(f, YUEBAO__FINDING_CODE__PERIOD_NOT_IN_CALENDAR) ||
           has_fault(f, YUEBAO__FINDING_CODE__FORM_NOT_SENT);
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

int
submission_report_faults(struct desk *desk, const char *file, const struct filing *f)
{
    size_t errors = count_errors(f, false), of_options = count_errors(f, true);
    char count[24];

    desk_print_faults(desk, &f->faults, f->catalogue);
    if (submission_is_out_of_time(f))
        desk_mention_own_clock(desk);
    snprintf(count, sizeof(count), "%zu", errors);
    desk_report(desk, "errors", json_integer((json_int_t)(errors + of_options)));
    if (!faults_refuse(&f->faults))
        return EX_OK;
    desk_say(desk, errors == 0 && of_options > 0 ? MSG_submit_incomplete : MSG_check_refused, "count", count,
             "file", file, NULL);
    return EX_DATAERR;
}

void
submission_report_slot(struct desk *desk, const struct filing *f)
{
    char *extension = f->window == NULL ? NULL : agenda_extension_words(desk->language, f->agenda, f->window);

    desk_report(desk, "school", json_string(f->school));
    desk_report(desk, "form", json_string(f->form_code));
    desk_report(desk, "period", json_string(f->period));
    if (extension == NULL)
        return;
    if (!desk->json)
        puts(extension);
    desk_report(desk, "extension", json_string(f->window->extension));
    free(extension);
}

/* ---- saving and sending ------------------------------------------------------------------------- */

/* For the next time; losing them would cost nothing but typing. */
static void
remember_names(struct desk *desk, const struct filing_names *names)
{
    const char *values[3] = {names->filler, names->reviewer, names->head};

    for (size_t i = 0; i < 3 && outbox_set(desk->outbox, submission_name_settings[i], values[i]) == OUTBOX_OK;
         i++)
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

int
submission_file(struct desk *desk, const char *file, const struct filing_request *request,
                const struct identity *identity, struct filing *f)
{
    int exit_status = submission_failed(desk, filing_save(desk->outbox, request, identity, f), f);
    char revision[12];

    if (exit_status == 0 && faults_refuse(&f->faults))
        exit_status = submission_report_faults(desk, file, f);
    if (exit_status != 0)
        return exit_status;
    snprintf(revision, sizeof(revision), "%" PRIu32, f->revision);
    switch (f->base) {
    case BASE_NEW:
    case BASE_CHANGED:
        remember_names(desk, &request->names);
        desk_say(desk, MSG_saved, "school", f->school, "period", f->period, "revision", revision, NULL);
        return deliver(desk, identity, f);
    case BASE_WAITING:
        desk_say(desk, MSG_already_waiting, "period", f->period, NULL);
        return deliver(desk, identity, f);
    case BASE_RECEIPTED:
        desk_say(desk, MSG_already_receipted, "period", f->period, NULL);
        return report_item(desk, f);
    case BASE_HELD:
        desk_say(desk, MSG_already_held, "period", f->period, NULL);
        desk_report(desk, "held", json_true());
        return EX_OK;
    case BASE_KEPT:
        desk_say(desk, MSG_already_kept, "period", f->period, NULL);
        return report_item(desk, f);
    }
    return EX_SOFTWARE;
}
