/*
 * yuebaoctl maintain: what a database that grows needs now and then.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "maintain.h"
#include "period.h"

#define LOCK        "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtext('yuebao.maintain'))"
#define AHEAD_USUAL "3"
#define AHEAD_MAX   120 /* months: a mistyped 2027 would make eight thousand tables */

bool
maintain_alone(struct ctl *ctl)
{
    PGresult *result = db_query(ctl, LOCK, 0, NULL);

    if (result == NULL)
        return false;
    bool alone = PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    if (!alone)
        ctl_fail(ctl, EX_TEMPFAIL, MSG_ctl_maintain_another, NULL);
    return alone;
}

static bool
is_month(struct ctl *ctl, const char *text)
{
    struct period period;

    if (period_parse(text, &period) && period.frequency == MONTHLY)
        return true;
    ctl_usage(ctl, MSG_ctl_maintain_bad_month, "value", text, NULL);
    return false;
}

static bool
is_ahead(struct ctl *ctl, const char *text)
{
    size_t len = strlen(text);

    if (len > 0 && len <= 3 && strspn(text, "0123456789") == len && strtol(text, NULL, 10) <= AHEAD_MAX)
        return true;
    ctl_usage(ctl, MSG_ctl_maintain_bad_ahead, "value", text, NULL);
    return false;
}

static int
move(struct ctl *ctl, bool detach, const char *month, bool dry_run)
{
    if (!is_month(ctl, month))
        return ctl->status;
    return detach ? maintain_detach(ctl, month, dry_run) : maintain_attach(ctl, month);
}

int
cmd_maintain(struct ctl *ctl, int argc, char **argv)
{
    const char *ahead = NULL;
    bool dry_run = false;
    const struct ctl_option own[] = {{"ahead", &ahead, NULL}, {"dry-run", NULL, &dry_run}, {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    const char *verb = first < argc ? argv[first] : "run";
    int n = argc - first - 1;
    bool run = strcmp(verb, "run") == 0 && n <= 0, months = strcmp(verb, "months") == 0 && n == 0;
    bool detach = strcmp(verb, "detach") == 0 && n == 1, attach = strcmp(verb, "attach") == 0 && n == 1;
    if (!run && !months && !detach && !attach)
        return ctl_usage(ctl, MSG_ctl_maintain_verb, NULL);
    if (ahead != NULL && !run)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", "--ahead", NULL);
    if (dry_run && !run && !detach)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", "--dry-run", NULL);
    if (months)
        return maintain_months(ctl);
    if (!run)
        return move(ctl, detach, argv[first + 1], dry_run);
    if (ahead != NULL && !is_ahead(ctl, ahead))
        return ctl->status;
    return maintain_run(ctl, ahead != NULL ? ahead : AHEAD_USUAL, dry_run);
}
