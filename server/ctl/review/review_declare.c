/*
 * review declare, review declarations: when a district's period is done, and what reopened it.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "gate.h"
#include "known.h"
#include "limit.h"
#include "listing.h"
#include "review.h"

/* ---- counts ------------------------------------------------------------------------------------- */

static void
say_reopened(struct ctl *ctl, const PGresult *result)
{
    bool zh = ctl->language == LANGUAGE_ZH;

    for (int r = 0; r < PQntuples(result); r++)
        ctl_say(ctl, MSG_ctl_review_reopened_by, "school", PQgetvalue(result, r, 0), "name",
                PQgetvalue(result, r, zh ? 1 : 2), "form", PQgetvalue(result, r, 3), "revision",
                PQgetvalue(result, r, 4), "verdict",
                message_text(ctl->language, review_word(PQgetvalue(result, r, 5))), NULL);
}

/* The newest declaration: that it stands, or which reports reopened it. */
static bool
say_standing(struct ctl *ctl, const struct review_options *o, bool stands)
{
    const char *values[] = {o->district, o->period};
    PGresult *made = db_query(ctl,
                              "SELECT d.declared_by, pg_catalog.to_char(d.declared_at, 'YYYY-MM-DD HH24:MI') "
                              "FROM api.declarations($1::integer, $2) AS d "
                              "WHERE d.district = $1::integer AND d.standing <> 'superseded'",
                              2, values);
    PGresult *changed =
        made == NULL || stands
            ? NULL
            : db_query(ctl,
                       "SELECT r.school, r.school_zh, r.school_en, r.form, r.revision, r.verdict "
                       "FROM api.reopened_by($1::integer, $2) AS r",
                       2, values);
    bool ok = made != NULL && (stands || changed != NULL);

    if (ok && PQntuples(made) == 1)
        ctl_say(ctl, stands ? MSG_ctl_review_declared_by : MSG_ctl_review_reopened, "by",
                PQgetvalue(made, 0, 0), "at", PQgetvalue(made, 0, 1), NULL);
    if (changed != NULL)
        say_reopened(ctl, changed);
    PQclear(changed);
    PQclear(made);
    return ok;
}

static void
say_numbers(struct ctl *ctl, const PGresult *result)
{
    char missing[24];

    snprintf(missing, sizeof(missing), "%ld",
             strtol(PQgetvalue(result, 0, 3), NULL, 10) - strtol(PQgetvalue(result, 0, 4), NULL, 10));
    ctl_say(ctl, MSG_ctl_review_counts, "waiting", PQgetvalue(result, 0, 0), "returned",
            PQgetvalue(result, 0, 1), "seen", PQgetvalue(result, 0, 2), "expected", PQgetvalue(result, 0, 3),
            "reported", PQgetvalue(result, 0, 4), "missing", missing, NULL);
    if (strcmp(PQgetvalue(result, 0, 5), "0") != 0)
        ctl_say(ctl, MSG_ctl_review_kept, "count", PQgetvalue(result, 0, 5), NULL);
}

bool
review_say_counts(struct ctl *ctl, const struct review_options *o)
{
    const char *values[] = {o->district, o->period};
    PGresult *result =
        db_query(ctl,
                 "SELECT c.waiting, c.returned, c.seen, c.expected, c.reported, c.kept, c.standing "
                 "FROM api.review_counts($1::integer, $2) AS c",
                 2, values);
    if (result == NULL)
        return false;
    const char *standing = db_cell(result, 0, 6);
    say_numbers(ctl, result);
    bool ok = standing == NULL || say_standing(ctl, o, strcmp(standing, "declared") == 0);
    PQclear(result);
    return ok;
}

/* ---- declare ------------------------------------------------------------------------------------ */

enum { OUTCOME, WAITING, RETURNED, EXPECTED, REPORTED, KEPT };

static int
refuse(struct ctl *ctl, const struct review_options *o, const PGresult *result)
{
    const char *outcome = PQgetvalue(result, 0, OUTCOME);
    enum message why = MSG_ctl_declare_nothing;
    char missing[24];

    snprintf(missing, sizeof(missing), "%ld",
             strtol(PQgetvalue(result, 0, EXPECTED), NULL, 10) -
                 strtol(PQgetvalue(result, 0, REPORTED), NULL, 10));
    if (strcmp(outcome, "waiting") == 0)
        why = MSG_ctl_declare_waiting;
    else if (strcmp(outcome, "missing") == 0)
        why = MSG_ctl_declare_missing;
    else if (strcmp(outcome, "declared_before") == 0)
        why = MSG_ctl_declare_before;
    return ctl_fail(ctl, EX_DATAERR, why, "district", o->district, "period", o->period, "waiting",
                    PQgetvalue(result, 0, WAITING), "returned", PQgetvalue(result, 0, RETURNED), "missing",
                    missing, "expected", PQgetvalue(result, 0, EXPECTED), NULL);
}

static int
finish(struct ctl *ctl, const struct review_options *o, const PGresult *result)
{
    if (strcmp(PQgetvalue(result, 0, OUTCOME), "declared") != 0)
        return refuse(ctl, o, result);
    ctl_say(ctl, MSG_ctl_declared, "district", o->district, "period", o->period, "reported",
            PQgetvalue(result, 0, REPORTED), "expected", PQgetvalue(result, 0, EXPECTED), NULL);
    if (strcmp(PQgetvalue(result, 0, KEPT), "0") != 0)
        ctl_say(ctl, MSG_ctl_review_kept, "count", PQgetvalue(result, 0, KEPT), NULL);
    if (o->dry_run)
        ctl_say(ctl, MSG_ctl_import_dry_run, NULL);
    return EX_OK;
}

int
review_declare(struct ctl *ctl, const struct review_options *o)
{
    const char *note = o->note == NULL ? "" : o->note;
    const char *values[] = {o->district, o->period, note};

    if (!review_is_note(ctl, note) || !review_begin(ctl, o, true) ||
        (o->dry_run && !db_do_plain(ctl, "BEGIN")))
        return ctl->status;
    PGresult *result = db_query(ctl,
                                "SELECT d.outcome, d.waiting, d.returned, d.expected, d.reported, d.kept "
                                "FROM yuebao.period_of($2) AS p CROSS JOIN LATERAL "
                                "yuebao.declare_period($1::integer, p.first_day, p.frequency, $3) AS d",
                                3, values);
    if (result == NULL || (o->dry_run && !db_do_plain(ctl, "ROLLBACK"))) {
        PQclear(result);
        return ctl->status;
    }
    int status = finish(ctl, o, result);
    PQclear(result);
    return status;
}

/* ---- declarations ------------------------------------------------------------------------------- */

static const struct output_column columns[] = {
    {"district", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"district_zh", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"standing", MSG_ctl_col_state, CELL_TEXT, {0}},
    {"declared_by", MSG_ctl_col_declared_by, CELL_TEXT, {0}},
    {"declared_at", MSG_ctl_col_declared_at, CELL_INSTANT, {0}},
    {"then", MSG_ctl_col_reported_then, CELL_TEXT, {.leaves = 3}},
    {"now", MSG_ctl_col_reported_now, CELL_TEXT, {0}},
    {"changed_reports", MSG_ctl_col_changed_reports, CELL_INTEGER, {0}},
    {"review_note", MSG_ctl_col_note, CELL_TEXT, {.least = 12, .leaves = 2}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))
#define STANDING     3

static enum message
standing_word(const char *standing)
{
    if (strcmp(standing, "declared") == 0)
        return MSG_ctl_standing_declared;
    return strcmp(standing, "reopened") == 0 ? MSG_ctl_standing_reopened : MSG_ctl_standing_superseded;
}

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[STANDING] = ctl_word(ctl, standing_word(cells[STANDING]));
}

#define FROM_ORDERED                                                                                         \
    "FROM api.declarations($1::integer, $2) AS d ORDER BY d.first_day DESC, d.district, d.declared_at DESC"

int
review_declarations(struct ctl *ctl, const struct review_options *o)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_no_declarations,
                                           .one = MESSAGE_COUNT,
                                           .in_words = in_words};
    const char *values[] = {o->district, o->period};

    if (!is_district(ctl, o->district) || !is_period(ctl, o->period) || !db_connect_to_ask(ctl) ||
        !knows_district(ctl, o->district))
        return ctl->status;
    PGresult *result =
        ctl->format != OUTPUT_TEXT
            ? db_query(ctl, "SELECT d.* " FROM_ORDERED, 2, values)
            : db_query(ctl,
                       "SELECT d.district, d.district_zh, d.period, d.standing, d.declared_by, "
                       "d.declared_at, d.reported_then || '/' || d.expected_then, d.reported || '/' || "
                       "d.expected, d.changed_reports, d.review_note " FROM_ORDERED,
                       2, values);
    return listing_tell(ctl, &listing, result);
}
