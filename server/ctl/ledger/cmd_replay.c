/*
 * yuebaoctl replay: one statement read anew, years later if need be, by what the ledger holds alone.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "replay.h"

/* All that is said of one command's statements is of one moment. */
#define SNAPSHOT "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

/* What the statements are gathered in, when they are not shown one by one. */
struct gathered {
    json_t *list;
    struct figure_table table;
};

static bool
are_options(struct ctl *ctl, const struct replay_options *o, int n)
{
    bool by_slot = o->school != NULL || o->period != NULL || o->form != NULL || o->revision != NULL;
    size_t digits = o->revision == NULL ? 0 : strspn(o->revision, "0123456789");

    if ((n > 0) == by_slot || (by_slot && (o->school == NULL || o->period == NULL)))
        ctl_usage(ctl, MSG_ctl_replay_which, NULL);
    else if (o->revision != NULL && (digits == 0 || digits > 9 || o->revision[digits] != '\0'))
        ctl_usage(ctl, MSG_ctl_replay_bad_revision, "value", o->revision, NULL);
    else
        return is_period(ctl, o->period) && is_form(ctl, o->form);
    return false;
}

static int
show(struct ctl *ctl, const struct replay *replay, struct gathered *gathered, bool first)
{
    if (ctl->format == OUTPUT_JSON) {
        if (json_array_append_new(gathered->list, replay_json(replay)) != 0)
            abort();
        return replay->difference_count == 0 ? EX_OK : EX_DATAERR;
    }
    if (!first)
        fputc('\n', ctl->talk);
    return replay_show(replay, &gathered->table);
}

/* One that does not agree, or is not there, keeps nobody from the others. */
static int
replay_all(struct ctl *ctl, const struct replay_options *o, int n, char *const *ids,
           struct gathered *gathered)
{
    int worst = EX_OK;

    for (int i = 0; i == 0 || i < n; i++) {
        struct replay replay;
        int status;
        if (replay_find(ctl, n == 0 ? NULL : ids[i], o, &replay)) {
            status = show(ctl, &replay, gathered, i == 0);
            replay_fini(&replay);
        } else {
            status = ctl->status;
        }
        worst = worst == EX_OK || worst == EX_DATAERR ? (status == EX_OK ? worst : status) : worst;
        if (status != EX_OK && status != EX_DATAERR)
            break;
    }
    return worst;
}

static int
finish(struct ctl *ctl, struct gathered *gathered, int status)
{
    if ((ctl->format == OUTPUT_CSV || ctl->format == OUTPUT_XLSX) &&
        (status == EX_OK || status == EX_DATAERR)) {
        int written = output_write(gathered->table.output, stdout, ctl);
        return written != EX_OK ? written : status;
    }
    if (ctl->format == OUTPUT_JSON && json_array_size(gathered->list) > 0) {
        json_dumpf(gathered->list, stdout, JSON_INDENT(2));
        putchar('\n');
        ctl->has_written = true;
    }
    return status;
}

int
cmd_replay(struct ctl *ctl, int argc, char **argv)
{
    struct replay_options o = {0};
    struct gathered gathered = {.list = json_array()};
    const struct ctl_option own[] = {{"school", &o.school, NULL},
                                     {"period", &o.period, NULL},
                                     {"form", &o.form, NULL},
                                     {"revision", &o.revision, NULL},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own), status = ctl->status;

    if (first < 0)
        goto done;
    if (!are_options(ctl, &o, argc - first))
        status = EX_USAGE;
    else if (gathered.list == NULL || !replay_show_begin(ctl, &gathered.table))
        status = ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    else if (!db_connect_admin(ctl) || !knows_school(ctl, o.school) || !db_do_plain(ctl, SNAPSHOT))
        status = ctl->status;
    else
        status = finish(ctl, &gathered, replay_all(ctl, &o, argc - first, argv + first, &gathered));
done:
    output_free(gathered.table.output);
    json_decref(gathered.list);
    return status;
}
