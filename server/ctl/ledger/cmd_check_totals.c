/*
 * yuebaoctl check-totals: everything anew from the signed envelopes, and what does not agree.
 */
#include <string.h>

#include "audit.h"
#include "db.h"
#include "known.h"
#include "period.h"

/* All that it asks is of one moment, however long it takes and whatever comes meanwhile. */
#define SNAPSHOT "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

static int
run(struct audit *a)
{
    struct ctl *ctl = a->ctl;

    clock_gettime(CLOCK_MONOTONIC, &a->begun);
    if (!audit_table_begin(a))
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    if (!db_do_plain(ctl, SNAPSHOT))
        return ctl->status;
    bool whole = audit_ledger(a) && audit_lone(a) && audit_counts(a);
    if (!whole && !audit_is_full(a))
        return ctl->status;
    return audit_report(a);
}

int
cmd_check_totals(struct ctl *ctl, int argc, char **argv)
{
    const char *district = NULL, *period = NULL;
    const struct ctl_option own[] = {{"district", &district, NULL}, {"period", &period, NULL}, {0}};
    struct audit audit = {.ctl = ctl};
    struct period parsed;
    char day[PERIOD_TEXT_MAX + 1];
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    if (!is_district(ctl, district) || !is_period(ctl, period))
        return ctl->status;
    if (!db_connect_admin(ctl) || !knows_district(ctl, district) || !has_opened(ctl, period, NULL))
        return ctl->status;
    audit.scope[0] = district;
    if (period != NULL && period_parse(period, &parsed)) {
        date_print(parsed.first_day, day);
        audit.scope[1] = day;
        audit.scope[2] = frequency_name(parsed.frequency);
    }
    int status = run(&audit);
    output_free(audit.output);
    catalogues_fini(&audit.catalogues);
    return status;
}
