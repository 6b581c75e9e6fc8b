/*
 * maintain: what yuebao.upkeep() finds to do, a transaction each.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db.h"
#include "maintain.h"
#include "output.h"

#define LOCK_WAIT           "SET lock_timeout = '500ms'"
#define TRIES               10
#define PAUSE_LEAST_NS      (100L * 1000 * 1000)
#define PAUSE_SPREAD_NS     (300L * 1000 * 1000) /* at random, lest two who gave way meet again */
#define SQLSTATE_NO_LOCK    "55P03"
#define SQLSTATE_DEADLOCKED "40P01"

enum { TASK, SUBJECT, AMOUNT, STATEMENT };

static const struct output_column columns[] = {
    {"task", MSG_ctl_col_task, CELL_TEXT, {0}},
    {"subject", MSG_ctl_col_subject, CELL_TEXT, {0}},
    {"amount", MSG_ctl_col_amount, CELL_INTEGER, {0}},
    {"outcome", MSG_ctl_col_outcome, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

struct run {
    struct ctl *ctl;
    bool dry_run;
    struct output *output;
    long done, busy;
};

/* ---- words -------------------------------------------------------------------------------------- */

static const struct {
    const char *task;
    enum message word;
    enum message advice; /* for a person, when there is no statement; MESSAGE_COUNT: it has one */
} tasks[] = {
    {"partitions", MSG_ctl_task_partitions, MESSAGE_COUNT},
    {"codes", MSG_ctl_task_codes, MESSAGE_COUNT},
    {"freeze", MSG_ctl_task_freeze, MESSAGE_COUNT},
    {"statistics", MSG_ctl_task_statistics, MESSAGE_COUNT},
    {"bloat", MSG_ctl_task_bloat, MESSAGE_COUNT},
    {"not_folded", MSG_ctl_task_not_folded, MSG_ctl_advice_not_folded},
    {"old_transaction", MSG_ctl_task_old_transaction, MSG_ctl_advice_old_transaction},
    {"old_xids", MSG_ctl_task_old_xids, MSG_ctl_advice_old_xids},
};

static size_t
task_of(const char *name)
{
    size_t i = 0;

    while (i + 1 < sizeof(tasks) / sizeof(tasks[0]) && strcmp(tasks[i].task, name) != 0)
        i++;
    return i;
}

static void
tell(struct run *r, const PGresult *todo, int row, enum message outcome)
{
    const char *cells[COLUMN_COUNT] = {
        ctl_word(r->ctl, tasks[task_of(PQgetvalue(todo, row, TASK))].word),
        PQgetvalue(todo, row, SUBJECT),
        db_cell(todo, row, AMOUNT),
        ctl_word(r->ctl, outcome),
    };

    if (r->ctl->format != OUTPUT_TEXT)
        cells[0] = PQgetvalue(todo, row, TASK);
    output_row(r->output, cells);
}

static void
advise(struct run *r, const PGresult *todo, int row)
{
    enum message advice = tasks[task_of(PQgetvalue(todo, row, TASK))].advice;

    if (advice != MESSAGE_COUNT)
        ctl_warn(r->ctl, advice, "subject", PQgetvalue(todo, row, SUBJECT), "count",
                 PQgetvalue(todo, row, AMOUNT), NULL);
}

/* ---- work --------------------------------------------------------------------------------------- */

static void
pause_a_moment(void)
{
    struct timespec pause = {0, PAUSE_LEAST_NS + random() % PAUSE_SPREAD_NS};

    nanosleep(&pause, NULL);
}

static bool
gave_way(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state != NULL && (strcmp(state, SQLSTATE_NO_LOCK) == 0 || strcmp(state, SQLSTATE_DEADLOCKED) == 0);
}

/* false: it failed for another reason than a lock; reported. */
static bool
work_off(struct run *r, const char *statement, bool *ret_done)
{
    PGresult *result = NULL;
    bool worked = false, lock = true;

    for (int try = 0; try < TRIES && !worked && lock; try++) {
        if (try > 0)
            pause_a_moment();
        PQclear(result);
        result = PQexec(r->ctl->db, statement);
        worked = PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK;
        lock = !worked && gave_way(result);
    }
    if (!worked && !lock)
        db_report(r->ctl, result);
    PQclear(result);
    *ret_done = worked;
    return worked || lock;
}

static bool
take(struct run *r, const PGresult *todo, int row)
{
    bool done = false;

    if (PQgetisnull(todo, row, STATEMENT)) {
        tell(r, todo, row, MSG_ctl_outcome_look);
        advise(r, todo, row);
        return true;
    }
    if (r->dry_run) {
        tell(r, todo, row, MSG_ctl_outcome_would);
        return true;
    }
    if (!work_off(r, PQgetvalue(todo, row, STATEMENT), &done))
        return false;
    r->done += done;
    r->busy += !done;
    tell(r, todo, row, done ? MSG_ctl_outcome_done : MSG_ctl_outcome_busy);
    return true;
}

static bool
take_all(struct run *r, const PGresult *todo)
{
    for (int row = 0; row < PQntuples(todo); row++)
        if (!take(r, todo, row))
            return false;
    return true;
}

static bool
write_audit(struct run *r)
{
    char detail[64];

    snprintf(detail, sizeof(detail), "{\"done\": %ld, \"busy\": %ld}", r->done, r->busy);
    return r->done == 0 || db_audit(r->ctl, "maintain", detail);
}

/* ---- the verb ----------------------------------------------------------------------------------- */

static int
report(struct run *r, const PGresult *todo)
{
    struct ctl *ctl = r->ctl;
    int status = EX_OK;

    if (PQntuples(todo) > 0 || ctl->format != OUTPUT_TEXT)
        status = output_write(r->output, stdout, ctl);
    if (status != EX_OK)
        return status;
    if (PQntuples(todo) == 0)
        ctl_say(ctl, MSG_ctl_maintain_nothing, NULL);
    else if (r->dry_run)
        ctl_say(ctl, MSG_ctl_maintain_dry_run, NULL);
    else
        ctl_say_count(ctl, r->done, MSG_ctl_maintain_one, MSG_ctl_maintain_many);
    return r->busy > 0 ? ctl_fail(ctl, EX_TEMPFAIL, MSG_ctl_maintain_busy, NULL) : EX_OK;
}

static int
run(struct run *r, const PGresult *todo)
{
    r->output = output_new(columns, COLUMN_COUNT);
    if (r->output == NULL)
        return ctl_fail(r->ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    if (!take_all(r, todo) || !write_audit(r))
        return r->ctl->status;
    return report(r, todo);
}

int
maintain_run(struct ctl *ctl, const char *months_ahead, bool dry_run)
{
    struct run r = {.ctl = ctl, .dry_run = dry_run};

    if (!db_connect_admin(ctl) || !maintain_alone(ctl) || !db_do_plain(ctl, LOCK_WAIT))
        return ctl->status;
    PGresult *todo = db_query(ctl,
                              "SELECT u.task, u.subject, u.amount, u.statement FROM "
                              "yuebao.upkeep($1::integer) AS u",
                              1, &months_ahead);
    if (todo == NULL)
        return ctl->status;
    srandom((unsigned)PQbackendPID(ctl->db));
    int status = run(&r, todo);
    output_free(r.output);
    PQclear(todo);
    return status;
}
