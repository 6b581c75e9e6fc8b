/*
 * kept admit, kept decline: the decision about what came after close. All that are named are looked at before
 * any is decided; then each is its own transaction, because a decision is for good and its answer is signed.
 */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cmd_kept.h"
#include "db.h"
#include "envelope.h"
#include "kept.h"
#include "kept_json.h"
#include "known.h"
#include "output.h"
#include "receipt_key.h"

#define KEY_FILE       "/etc/yuebao/receipt.key"
#define DECISIONS_MAX  1000 /* of one command */
#define KEY_ERROR_SIZE 400

struct decisions {
    struct ctl *ctl;
    const struct kept_options *options;
    bool admit;
    struct receipt_key key;
    struct kept *kept; /* n of them, owned */
    int n;
    struct output *output;
};

static const struct output_column columns[] = {
    {"id", MSG_ctl_col_id, CELL_TEXT, {0}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 32, .least = 16, .leaves = 1}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"revision", MSG_ctl_col_revision, CELL_INTEGER, {0}},
    {"decision", MSG_ctl_col_decision, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* ---- what is decided, and by what key ----------------------------------------------------------- */

static bool
read_key(struct decisions *d)
{
    char error[KEY_ERROR_SIZE];

    if (receipt_key_read(d->options->key != NULL ? d->options->key : KEY_FILE, &d->key, error, sizeof(error)))
        return true;
    ctl_fail(d->ctl, EX_NOINPUT, MSG_ctl_kept_no_key, "reason", error, NULL);
    return false;
}

/* Whether it can be decided as far as the statement goes; the books are asked when it is. */
static bool
may_decide(struct decisions *d, struct kept *kept)
{
    enum kept_state state = d->admit ? kept_check(kept) : KEPT_SOUND;

    return state == KEPT_SOUND || kept_report(d->ctl, kept, state) == EX_OK;
}

static bool
load_all(struct decisions *d, char *const *prefixes, int n)
{
    bool good = true;

    for (int i = 0; i < n; i++) {
        if (!kept_load(d->ctl, prefixes[i], &d->kept[d->n]))
            good = false;
        else if (!may_decide(d, &d->kept[d->n++]))
            good = false;
    }
    return good;
}

/* A revision can be admitted once the one before it is. */
static int
by_revision(const void *a, const void *b)
{
    const struct kept *left = a, *right = b;

    return (left->revision > right->revision) - (left->revision < right->revision);
}

/* ---- the answer and what is booked -------------------------------------------------------------- */

static char *
hex_of(const uint8_t *bytes, size_t len)
{
    char *hex = malloc(2 * len + 1);

    if (hex == NULL)
        abort();
    hex_print(bytes, len, hex);
    return hex;
}

/* The signed verdict, packed, in hexadecimal. */
static char *
answer_of(const struct decisions *d, const struct kept *kept)
{
    struct verdict_head head = {
        .id = kept->id,
        .school = kept_cell(kept, KEPT_SCHOOL),
        .form = kept_cell(kept, KEPT_FORM),
        .period = kept_cell(kept, KEPT_PERIOD),
        .revision = kept->revision,
        .decided_ms = strtoull(kept_cell(kept, KEPT_NOW_MS), NULL, 10),
    };
    size_t len = 0;
    uint8_t *answer = d->admit ? answer_admitted(&d->key, &head, d->options->reason, &len)
                               : answer_declined(&d->key, &head, d->options->reason, &len);

    if (answer == NULL)
        abort();
    char *hex = hex_of(answer, len);
    free(answer);
    return hex;
}

/* ---- one decision ------------------------------------------------------------------------------- */

#define DECIDED_AT(n) "pg_catalog.to_timestamp(" n "::bigint / 1000.0)"

/* What is admitted is booked beside the month's other figures. false: they are put away; reported. */
static bool
books_are_here(struct decisions *d, const struct kept *kept)
{
    const char *id = kept_cell(kept, KEPT_ID);

    return db_do(d->ctl,
                 "SELECT yuebao.needs_figures(k.period) FROM yuebao.kept AS k WHERE k.id = "
                 "pg_catalog.decode($1, 'hex')",
                 1, &id);
}

static PGresult *
ask_admit(struct decisions *d, const struct kept *kept, const char *answer)
{
    const Yuebao__Statement *s = kept->stated.statement;
    char *previous = hex_of(s->previous.data, s->previous.len), *figures = kept_figures_json(s);
    char *remarks = kept_remarks_json(kept->made_by->catalogue, s, &kept->findings);
    char catalogue[12];
    const char *values[] = {kept_cell(kept, KEPT_ID),
                            previous,
                            catalogue,
                            s->filler,
                            s->reviewer,
                            s->head,
                            s->correction,
                            figures,
                            remarks,
                            d->options->reason,
                            kept_cell(kept, KEPT_NOW_MS),
                            answer};

    snprintf(catalogue, sizeof(catalogue), "%d", kept->made_by->number);
    PGresult *result = db_query(
        d->ctl,
        "SELECT a.outcome, a.held_revision, pg_catalog.to_char(a.held_at, 'YYYY-MM-DD HH24:MI') FROM "
        "yuebao.admit(pg_catalog.decode($1, 'hex'), "
        "pg_catalog.decode($2, 'hex'), $3::smallint, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10, " DECIDED_AT(
            "$11") ", pg_catalog.decode($12, 'hex')) AS a",
        12, values);
    free(remarks);
    free(figures);
    free(previous);
    return result;
}

static PGresult *
ask_decline(struct decisions *d, const struct kept *kept, const char *answer)
{
    const char *values[] = {kept_cell(kept, KEPT_ID), d->options->reason, kept_cell(kept, KEPT_NOW_MS),
                            answer};

    return db_query(d->ctl,
                    "SELECT yuebao.decline(pg_catalog.decode($1, 'hex'), $2, " DECIDED_AT(
                        "$3") ", pg_catalog.decode($4, 'hex')), NULL::integer, NULL",
                    4, values);
}

static void
report_refusal(struct decisions *d, const struct kept *kept, const PGresult *result)
{
    const char *outcome = PQgetvalue(result, 0, 0), *id = kept->shown;
    const char *held = db_cell(result, 0, 1);
    enum message why = MSG_ctl_kept_decided;

    if (strcmp(outcome, "booked") == 0)
        why = MSG_ctl_kept_in_books;
    else if (strcmp(outcome, "moved") == 0)
        why = MSG_ctl_kept_moved;
    else if (strcmp(outcome, "not_next") == 0)
        why = held == NULL ? MSG_ctl_kept_no_predecessor : MSG_ctl_kept_not_next;
    ctl_fail(d->ctl, EX_DATAERR, why, "id", id, "revision", kept_cell(kept, KEPT_REVISION), "held",
             held == NULL ? "" : held, "at", held == NULL ? "" : PQgetvalue(result, 0, 2), NULL);
}

static void
decide(struct decisions *d, const struct kept *kept)
{
    char *answer = answer_of(d, kept);
    PGresult *result = NULL;

    if (!d->admit)
        result = ask_decline(d, kept, answer);
    else if (books_are_here(d, kept))
        result = ask_admit(d, kept, answer);
    const char *outcome = result == NULL ? "" : PQgetvalue(result, 0, 0);

    if (strcmp(outcome, d->admit ? "admitted" : "declined") == 0) {
        const char *cells[COLUMN_COUNT] = {
            d->ctl->format == OUTPUT_TEXT ? kept->shown : kept_cell(kept, KEPT_ID),
            kept_cell(kept, KEPT_SCHOOL),
            kept_cell(kept, KEPT_NAME_ZH),
            kept_cell(kept, KEPT_FORM),
            kept_cell(kept, KEPT_PERIOD),
            kept_cell(kept, KEPT_REVISION),
            ctl_word(d->ctl, d->admit ? MSG_ctl_kept_admitted : MSG_ctl_kept_declined),
        };
        output_row(d->output, cells);
    } else if (result != NULL) {
        report_refusal(d, kept, result);
    }
    PQclear(result);
    free(answer);
}

/* A link that broke leaves the rest undecided; a refusal does not. */
static bool
decide_all(struct decisions *d)
{
    struct ctl *ctl = d->ctl;

    qsort(d->kept, (size_t)d->n, sizeof(*d->kept), by_revision);
    if (d->options->dry_run && !db_do_plain(ctl, "BEGIN"))
        return false;
    for (int i = 0; i < d->n && (ctl->status == EX_OK || ctl->status == EX_DATAERR); i++)
        decide(d, &d->kept[i]);
    return !d->options->dry_run || db_do_plain(ctl, "ROLLBACK");
}

static int
finish(struct decisions *d)
{
    struct ctl *ctl = d->ctl;
    int failed = ctl->status, status = EX_OK;
    long count = (long)output_count(d->output);

    if (count > 0)
        status = output_write(d->output, stdout, ctl);
    if (count > 0)
        ctl_say_count(ctl, count, d->admit ? MSG_ctl_kept_admitted_one : MSG_ctl_kept_declined_one,
                      d->admit ? MSG_ctl_kept_admitted_count : MSG_ctl_kept_declined_count);
    if (d->options->dry_run)
        ctl_say(ctl, MSG_ctl_import_dry_run, NULL);
    return failed != EX_OK ? failed : status;
}

static void
decisions_fini(struct decisions *d)
{
    for (int i = 0; i < d->n; i++)
        kept_fini(&d->kept[i]);
    free(d->kept);
    output_free(d->output);
    receipt_key_wipe(&d->key);
}

int
kept_decide(struct ctl *ctl, const struct kept_options *options, bool admit, char *const *prefixes, int n)
{
    struct decisions d = {.ctl = ctl, .options = options, .admit = admit};
    int status;

    if (n > DECISIONS_MAX)
        return ctl_usage(ctl, MSG_ctl_kept_many, NULL);
    d.kept = calloc((size_t)n, sizeof(*d.kept));
    d.output = output_new(columns, COLUMN_COUNT);
    if (d.kept == NULL || d.output == NULL)
        status = ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    else if (!is_reason(ctl, options->reason))
        status = EX_USAGE;
    else if (!db_connect_admin(ctl) || !read_key(&d) || !load_all(&d, prefixes, n) || !decide_all(&d))
        status = ctl->status;
    else
        status = finish(&d);
    decisions_fini(&d);
    return status;
}
