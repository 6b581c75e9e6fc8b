/*
 * yuebaoctl import: districts, schools and plans from CSV files; all of it or nothing.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "governs.h"
#include "import.h"
#include "import_changes.h"
#include "known.h"
#include "output.h"
#include "snapshot.h"

/* What comes of the rows when all are written. */
struct outcome {
    struct governs governs;
    char hash[2 * ID_SIZE + 1]; /* of a new catalogue, hex; "" when none was needed */
    PGresult *governed;         /* what it governs, owned; NULL without one */
    struct changes *changes;    /* owned */
    long alerts;                /* made and cleared, by limits that changed */
};

static const struct output_column columns[] = {
    {"what", MSG_ctl_col_what, CELL_TEXT, {0}},
    {"rows", MSG_ctl_col_rows, CELL_INTEGER, {0}},
    {"new", MSG_ctl_col_new, CELL_INTEGER, {0}},
    {"changed", MSG_ctl_col_changed, CELL_INTEGER, {0}},
    {"removed", MSG_ctl_col_removed, CELL_INTEGER, {0}},
    {"unchanged", MSG_ctl_col_unchanged, CELL_INTEGER, {0}},
    {"derived", MSG_ctl_col_derived, CELL_INTEGER, {0}},
};

static int
show_counts(struct ctl *ctl, const struct import_counts counts[IMPORT_KINDS])
{
    struct output *output = output_new(columns, sizeof(columns) / sizeof(columns[0]));

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (enum import_kind kind = 0; kind < IMPORT_KINDS; kind++) {
        const struct import_counts *c = &counts[kind];
        char text[6][24];
        const long numbers[] = {c->rows,   c->fresh, c->changed, c->removed, c->rows - c->fresh - c->changed,
                                c->derived};
        const char *cells[7] = {ctl_word(ctl, import_spec(kind)->noun)};
        for (size_t i = 0; i < 6; i++) {
            snprintf(text[i], sizeof(text[i]), "%ld", numbers[i]);
            cells[i + 1] = text[i];
        }
        if (c->rows > 0)
            output_row(output, cells);
    }
    int status = output_write(output, stdout, ctl);
    output_free(output);
    return status;
}

static long
count_changes(const struct import_counts counts[IMPORT_KINDS])
{
    long sum = 0;

    for (enum import_kind kind = 0; kind < IMPORT_KINDS; kind++)
        sum += counts[kind].fresh + counts[kind].changed + counts[kind].removed + counts[kind].derived;
    return sum;
}

static bool
write_audit(struct import *import, const struct import_counts counts[IMPORT_KINDS], const char *hash)
{
    json_t *detail = json_object(), *files = json_array();

    for (size_t i = 0; i < import->n_sheets; i++)
        json_array_append_new(files, json_string(import->sheets[i].label));
    json_object_set_new(detail, "files", files);
    for (enum import_kind kind = 0; kind < IMPORT_KINDS; kind++)
        if (counts[kind].rows > 0)
            json_object_set_new(detail, import_spec(kind)->file,
                                json_pack("{s:I,s:I,s:I}", "new", (json_int_t)counts[kind].fresh, "changed",
                                          (json_int_t)counts[kind].changed, "removed",
                                          (json_int_t)counts[kind].removed));
    if (hash[0] != '\0')
        json_object_set_new(detail, "catalogue", json_string(hash));
    if (import->restate)
        json_object_set_new(detail, "restate", json_true());
    char *text = json_dumps(detail, JSON_COMPACT);
    json_decref(detail);
    bool ok = text != NULL && db_audit(import->ctl, "import", text);
    free(text);
    return ok;
}

/* What changed, and for people how much. A list for programs is one table. */
static int
show(struct import *import, const struct import_counts counts[IMPORT_KINDS], const struct outcome *outcome)
{
    struct ctl *ctl = import->ctl;
    size_t restated = changes_restated(outcome->changes);
    int status = changes_show(outcome->changes, ctl);

    if (status == EX_OK && ctl->format == OUTPUT_TEXT)
        status = show_counts(ctl, counts);
    if (restated > 0)
        ctl_warn(ctl, MSG_ctl_import_restated, NULL);
    import_say_unnamed(import, counts);
    if (outcome->alerts > 0)
        ctl_say_count(ctl, outcome->alerts, MSG_ctl_import_alert, MSG_ctl_import_alerts);
    return status;
}

/* Commit what changed something; what changed nothing is rolled back, so that nobody is woken by it. */
static int
finish(struct import *import, const struct import_counts counts[IMPORT_KINDS], const struct outcome *outcome)
{
    struct ctl *ctl = import->ctl;
    const char *hash = outcome->hash;
    bool news = count_changes(counts) > 0 || hash[0] != '\0' || outcome->alerts > 0;
    bool keep = news && !import->dry_run;

    if (keep && !write_audit(import, counts, hash))
        return ctl->status;
    if (!db_do_plain(ctl, keep ? "COMMIT" : "ROLLBACK"))
        return ctl->status;
    int status = show(import, counts, outcome);
    if (hash[0] != '\0' && keep)
        ctl_say(ctl, MSG_ctl_snapshot_made, "hash", hash, NULL);
    if (outcome->governed != NULL)
        governs_say(ctl, &outcome->governs, outcome->governed);
    if (!news)
        ctl_say(ctl, MSG_ctl_import_nothing, NULL);
    else if (status == EX_OK)
        ctl_say(ctl, import->dry_run ? MSG_ctl_import_dry_run : MSG_ctl_import_done, NULL);
    return status;
}

/* The catalogue that the tables now say, if it is a new one, and what that does to the calendar. */
static bool
renew_catalogue(struct import *import, struct outcome *outcome)
{
    if (!snapshot_update(import->ctl, outcome->governs.from, outcome->hash))
        return false;
    if (outcome->hash[0] == '\0')
        return true;
    outcome->governed = governs_ask(import->ctl);
    return outcome->governed != NULL && import_check_asked(import);
}

static int
run(struct import *import, int n, char **paths, struct outcome *outcome)
{
    struct ctl *ctl = import->ctl;
    struct import_counts counts[IMPORT_KINDS] = {{0}};

    if (!is_period(ctl, import->from) || !import_read(import, n, paths) || !db_connect_admin(ctl) ||
        !db_do_plain(ctl, "BEGIN") || !governs_lock(ctl) ||
        !governs_choose(ctl, import->from, &outcome->governs) || !import_check(import))
        return ctl->status;
    if (import->n_faults > 0)
        return import_report(import);
    if (!import_write(import, counts))
        return ctl->status;
    if (import->n_faults > 0)
        return import_report(import);
    if (!renew_catalogue(import, outcome))
        return ctl->status;
    if (import->n_faults > 0)
        return import_report(import);
    if (!import_judge(import, &outcome->alerts))
        return ctl->status;
    outcome->changes = changes_find(import, outcome->governed);
    return outcome->changes == NULL ? ctl->status : finish(import, counts, outcome);
}

int
cmd_import(struct ctl *ctl, int argc, char **argv)
{
    struct import import = {.ctl = ctl};
    struct outcome outcome = {.governed = NULL};
    const struct ctl_option own[] = {{"dry-run", NULL, &import.dry_run},
                                     {"from", &import.from, NULL},
                                     {"remove-missing", NULL, &import.remove_missing},
                                     {"restate", NULL, &import.restate},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    if (first == argc)
        return ctl_usage(ctl, MSG_ctl_import_what, NULL);
    int status = run(&import, argc - first, argv + first, &outcome);
    changes_free(outcome.changes);
    PQclear(outcome.governed);
    import_free(&import);
    return status;
}
