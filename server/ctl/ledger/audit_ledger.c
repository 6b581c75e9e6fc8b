/*
 * check-totals: the walk through the ledger, slot by slot, revision by revision.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "db.h"
#include "envelope.h"

#define PROGRESS_EVERY 0.25 /* seconds */

/* ---- groups: a district's period each ------------------------------------------------------------ */

static struct audit_group *
group_of(struct audit *a, const struct ledger *l)
{
    struct audit_group *last = a->group_count == 0 ? NULL : &a->groups[a->group_count - 1];

    if (last != NULL && strcmp(last->district, l->cells[LEDGER_DISTRICT]) == 0 &&
        strcmp(last->day, l->cells[LEDGER_DAY]) == 0)
        return last;
    if (a->group_count == a->group_capacity) {
        size_t capacity = a->group_capacity * 2 + 16;
        struct audit_group *groups = realloc(a->groups, capacity * sizeof(*groups));
        if (groups == NULL)
            abort();
        a->groups = groups;
        a->group_capacity = capacity;
    }
    last = &a->groups[a->group_count++];
    *last = (struct audit_group){0};
    snprintf(last->district, sizeof(last->district), "%s", l->cells[LEDGER_DISTRICT]);
    snprintf(last->day, sizeof(last->day), "%s", l->cells[LEDGER_DAY]);
    return last;
}

/* Look at the totals of those that are whole: all but `open`, of the last. */
static bool
check_groups(struct audit *a, size_t open)
{
    size_t whole = a->group_count > open ? a->group_count - open : 0;
    bool ok = true;

    for (size_t i = 0; i < whole; i++) {
        ok = ok && audit_totals(a, &a->groups[i]);
        sums_fini(&a->groups[i].sums);
    }
    if (whole > 0 && whole < a->group_count)
        a->groups[0] = a->groups[whole];
    a->group_count -= whole;
    return ok;
}

static void
free_groups(struct audit *a)
{
    for (size_t i = 0; i < a->group_count; i++)
        sums_fini(&a->groups[i].sums);
    free(a->groups);
    a->groups = NULL;
    a->group_count = a->group_capacity = 0;
}

/* ---- a report ----------------------------------------------------------------------------------- */

static bool
choose_catalogue(struct audit *a, struct ledger *l)
{
    const uint8_t *hash = ledger_hash(l);

    if (hash == NULL)
        return true;
    l->catalogue = catalogues_held(&a->catalogues, hash);
    if (l->catalogue == NULL) {
        stream_settle(&a->stream);
        if (!catalogues_load(a->ctl, &a->catalogues, hash, &l->catalogue))
            return false;
    }
    return true;
}

static void
count_receipt(struct audit *a, const struct ledger *l)
{
    const Yuebao__Answer *answer = l->answered.answer;
    char hex[2 * KEY_SIZE + 1];
    size_t i = 0;

    if (answer == NULL || answer->key.len != KEY_SIZE)
        return;
    hex_print(answer->key.data, KEY_SIZE, hex);
    while (i < a->key_count && strcmp(a->keys[i].hex, hex) != 0)
        i++;
    if (i == AUDIT_KEYS_MAX)
        return;
    if (i == a->key_count)
        a->keys[a->key_count++] = (struct audit_key){0};
    memcpy(a->keys[i].hex, hex, sizeof(hex));
    a->keys[i].receipts++;
}

/* The id that this revision has to name as the one before: what was signed in the row before, if it is that.
 */
static const uint8_t *
id_before(const struct audit *a, const char *slot, long revision)
{
    return a->id_known && a->revision == revision - 1 && strcmp(a->slot, slot) == 0 ? a->id : NULL;
}

static void
remember(struct audit *a, const struct ledger *l, const char *slot, long revision)
{
    memcpy(a->id, l->id, ID_SIZE);
    a->id_known = l->id_known;
    a->revision = revision;
    snprintf(a->slot, sizeof(a->slot), "%s", slot);
}

/* Late and admitted as the receipt says; where there is none, as the row says. */
static struct sums_report
report_of(const struct ledger *l, long revision)
{
    const Yuebao__Verdict *v = l->answered.verdict;

    if (v != NULL && v->outcome_case == YUEBAO__VERDICT__OUTCOME_RECEIPT)
        return (struct sums_report){revision, v->receipt->late, v->receipt->admitted};
    return (struct sums_report){revision, ledger_is(l, LEDGER_LATE), ledger_is(l, LEDGER_ADMITTED)};
}

static void
check(struct audit *a, struct ledger *l)
{
    struct audit_group *group = group_of(a, l);
    char slot[4 * AUDIT_TEXT_MAX];
    long revision = strtol(l->cells[LEDGER_REVISION], NULL, 10);
    int form = (int)strtol(l->cells[LEDGER_FORM_NUMBER], NULL, 10);

    a->place = (struct audit_place){
        .district = l->cells[LEDGER_DISTRICT],
        .school = l->cells[LEDGER_SCHOOL],
        .form = l->cells[LEDGER_FORM],
        .period = l->cells[LEDGER_PERIOD],
        .revision = l->cells[LEDGER_REVISION],
        .catalogue = l->catalogue == NULL ? NULL : l->catalogue->catalogue,
    };
    snprintf(slot, sizeof(slot), "%s %s %s %s", a->place.district, a->place.school, a->place.form,
             a->place.period);
    ledger_check(l, id_before(a, slot, revision), &a->listener);
    remember(a, l, slot, revision);
    /* what cannot be trusted is told; its district's sums are then those of the books */
    const struct booked_list *figures = l->trusted ? &l->booked : &l->stands;
    if (l->catalogue != NULL)
        group->catalogue = l->catalogue->catalogue;
    if (ledger_is(l, LEDGER_IS_NEWEST))
        sums_add(&group->sums, form, figures);
    sums_count(&group->sums, form, report_of(l, revision));
    a->reports++;
    a->away += ledger_is(l, LEDGER_AWAY);
    a->figures += (long)figures->count;
    count_receipt(a, l);
}

static bool
check_row(struct audit *a)
{
    struct ledger l;

    ledger_read(a->stream.batch, a->stream.row, &l);
    bool ok = choose_catalogue(a, &l);
    if (ok)
        check(a, &l);
    ledger_fini(&l);
    return ok && !audit_is_full(a);
}

/* ---- all of them -------------------------------------------------------------------------------- */

double
audit_seconds(const struct audit *audit)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - audit->begun.tv_sec) + (double)(now.tv_nsec - audit->begun.tv_nsec) / 1e9;
}

/* For a person who waits: after a second, some times a second. */
static void
tell_progress(struct audit *a)
{
    double seconds = audit_seconds(a);
    char reports[24], rate[24];

    if (seconds < 1 || seconds - a->told < PROGRESS_EVERY || !isatty(STDERR_FILENO))
        return;
    snprintf(reports, sizeof(reports), "%ld", a->reports);
    snprintf(rate, sizeof(rate), "%.0f", (double)a->reports / seconds);
    fputs("\r", stderr);
    message_print(stderr, a->ctl->language, MSG_ctl_check_progress, "reports", reports, "rate", rate, NULL);
    fputs("\033[K", stderr);
    a->told = seconds;
}

bool
audit_ledger(struct audit *a)
{
    char *sql = NULL;
    bool ok = true;

    if (asprintf(
            &sql,
            "%s WHERE " AUDIT_IN_SCOPE("r") " ORDER BY r.district, r.period, r.school, r.form, r.revision",
            ledger_reports_sql) < 0)
        abort();
    bool opened = stream_open(a->ctl, sql, AUDIT_SCOPE_VALUES, a->scope, &a->stream);
    free(sql);
    if (!opened)
        return false;
    while (ok && stream_step(&a->stream)) {
        ok = check_row(a);
        if (ok && stream_is_drained(&a->stream)) {
            stream_settle(&a->stream);
            ok = check_groups(a, 1);
        }
        tell_progress(a);
    }
    stream_close(&a->stream);
    if (a->told > 0)
        fputs("\r\033[K", stderr);
    ok = ok && a->ctl->status == EX_OK && check_groups(a, 0);
    free_groups(a);
    return ok;
}
