/*
 * replay: the way to one statement, in whatever table of the ledger it is.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "period.h"
#include "replay.h"

#define BEGINS_SO(id)                                                                                        \
    id " BETWEEN pg_catalog.decode(pg_catalog.rpad($1, 64, '0'), 'hex') AND "                                \
       "pg_catalog.decode(pg_catalog.rpad($1, 64, 'f'), 'hex')"

/* clang-format off */
static const char kept_sql[] =
    "SELECT DISTINCT ON (k.id) 'kept', k.district, k.period, k.form, s.code, f.code, yuebao.period_text(k.period, f.frequency), "
    "k.revision, pg_catalog.encode(k.id, 'hex'), pg_catalog.encode(k.key, 'hex'), " LEDGER_KEY_IS_OF("k.key", "k.received_at") ", "
    "NULL, NULL, " LEDGER_INSTANT("k.received_at") ", NULL, d.admitted, NULL, NULL, NULL, NULL, pg_catalog.encode(k.envelope, 'hex'), "
    "pg_catalog.encode(k.answer, 'hex'), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, pg_catalog.encode(d.answer, 'hex'), "
    LEDGER_INSTANT("d.decided_at") ", NULL, NULL "
    "FROM yuebao.kept AS k JOIN yuebao.school AS s ON s.school = k.school JOIN yuebao.form AS f ON f.form = k.form "
    "LEFT JOIN yuebao.decision AS d ON d.district = k.district AND d.period = k.period AND d.school = k.school AND d.form = k.form AND d.id = k.id "
    "WHERE " BEGINS_SO("k.id") " ORDER BY k.id, k.received_at LIMIT 2";

static const char rejection_sql[] =
    "SELECT DISTINCT ON (r.id) 'rejection', NULL, NULL, NULL, r.school_code, r.form_code, r.period_text, r.revision, "
    "pg_catalog.encode(r.id, 'hex'), pg_catalog.encode(r.key, 'hex'), NULL, NULL, NULL, " LEDGER_INSTANT("r.received_at") ", NULL, NULL, "
    "NULL, NULL, NULL, NULL, pg_catalog.encode(r.envelope, 'hex'), pg_catalog.encode(r.findings, 'hex'), NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL, NULL, NULL, NULL, NULL "
    "FROM yuebao.rejection AS r WHERE " BEGINS_SO("r.id") " ORDER BY r.id, r.received_at DESC LIMIT 2";

static const char slot_condition[] =
    " WHERE s.code = $1 AND r.school = (SELECT o.school FROM yuebao.school AS o WHERE o.code = $1) "
    "AND r.district IN (SELECT m.district FROM yuebao.school_district AS m JOIN yuebao.school AS o ON o.school = m.school WHERE o.code = $1) "
    "AND r.period = $2::date AND f.frequency = $3 AND ($4::text IS NULL OR f.code = $4) AND ($5::integer IS NULL OR r.revision = $5) "
    "ORDER BY r.revision DESC";

static const char names_sql[] =
    "SELECT s.name_zh, s.name_en, d.name_zh, d.name_en, "
    "pg_catalog.to_char(pg_catalog.to_timestamp($3::numeric / 1000000), 'YYYY-MM-DD HH24:MI:SS'), o.code, "
    "pg_catalog.to_char(y.enrolled_at, 'YYYY-MM-DD HH24:MI'), pg_catalog.to_char(y.revoked_at, 'YYYY-MM-DD HH24:MI'), "
    "n.decided_by, pg_catalog.to_char(n.decided_at, 'YYYY-MM-DD HH24:MI') "
    "FROM (SELECT) AS one LEFT JOIN yuebao.school AS s ON s.code = $1 LEFT JOIN yuebao.district AS d ON d.district = $2::integer "
    "LEFT JOIN yuebao.school_key AS y ON y.key = pg_catalog.decode($4, 'hex') LEFT JOIN yuebao.school AS o ON o.school = y.school "
    "LEFT JOIN LATERAL (SELECT x.decided_by, x.decided_at FROM yuebao.decision AS x WHERE x.id = pg_catalog.decode($5, 'hex') LIMIT 1) AS n ON true";
/* clang-format on */

/* ---- which one ---------------------------------------------------------------------------------- */

/* Take the first row that there is; a second statement with the same beginning makes it ambiguous. */
static bool
take(struct ctl *ctl, const char *sql, const char *prefix, PGresult **found, bool *ambiguous)
{
    PGresult *result = db_query(ctl, sql, 1, &prefix);

    if (result == NULL)
        return false;
    for (int r = 0; r < PQntuples(result); r++) {
        const PGresult *first = *found != NULL ? *found : result;
        if (strcmp(PQgetvalue(first, 0, LEDGER_ID), PQgetvalue(result, r, LEDGER_ID)) != 0)
            *ambiguous = true;
    }
    if (*found == NULL && PQntuples(result) > 0)
        *found = result;
    else
        PQclear(result);
    return true;
}

/* Accepted, kept or refused, whichever comes first. NULL: reported. */
static PGresult *
find_id(struct ctl *ctl, const char *prefix)
{
    PGresult *found = NULL;
    bool ambiguous = false;
    char *reports = NULL;

    if (!is_statement_id(ctl, prefix))
        return NULL;
    if (asprintf(&reports, "%s WHERE " BEGINS_SO("r.id") " LIMIT 2", ledger_reports_sql) < 0)
        abort();
    bool asked = take(ctl, reports, prefix, &found, &ambiguous) &&
                 take(ctl, kept_sql, prefix, &found, &ambiguous) &&
                 take(ctl, rejection_sql, prefix, &found, &ambiguous);
    free(reports);
    if (asked && found != NULL && !ambiguous)
        return found;
    if (asked)
        ctl_fail(ctl, EX_DATAERR, ambiguous ? MSG_ctl_kept_ambiguous : MSG_ctl_replay_unknown, "value",
                 prefix, NULL);
    PQclear(found);
    return NULL;
}

static PGresult *
one_form(struct ctl *ctl, PGresult *result, const struct replay_options *o)
{
    int n = PQntuples(result);
    bool several = false;

    for (int r = 1; r < n; r++)
        several =
            several || strcmp(PQgetvalue(result, 0, LEDGER_FORM), PQgetvalue(result, r, LEDGER_FORM)) != 0;
    if (n > 0 && !several)
        return result;
    if (several)
        ctl_usage(ctl, MSG_ctl_review_which_form, "school", o->school, NULL);
    else
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_replay_no_report, "school", o->school, "period", o->period, NULL);
    PQclear(result);
    return NULL;
}

/* The newest revision of the slot, or the one that was named. */
static PGresult *
find_slot(struct ctl *ctl, const struct replay_options *o)
{
    struct period period;
    char day[PERIOD_TEXT_MAX + 1], *sql = NULL;

    if (!period_parse(o->period, &period))
        return NULL; /* was looked at */
    date_print(period.first_day, day);
    if (asprintf(&sql, "%s%s", ledger_reports_sql, slot_condition) < 0)
        abort();
    const char *values[] = {o->school, day, frequency_name(period.frequency), o->form, o->revision};
    PGresult *result = db_query(ctl, sql, 5, values);
    free(sql);
    return result == NULL ? NULL : one_form(ctl, result, o);
}

/* ---- what there is to say of it ------------------------------------------------------------------ */

static char *
copy_of(const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);

    if (text != NULL && copy == NULL)
        abort();
    return copy;
}

static void
hear(void *arg, enum difference difference, uint32_t indicator, const char *found, const char *expected)
{
    struct replay *r = arg;
    size_t size = (r->difference_count + 1) * sizeof(*r->differences);
    struct replay_difference *more = realloc(r->differences, size);

    if (more == NULL)
        abort();
    more[r->difference_count++] =
        (struct replay_difference){difference, indicator, copy_of(found), copy_of(expected)};
    r->differences = more;
}

static bool
look_up(struct replay *r)
{
    const struct ledger *l = &r->ledger;
    const uint8_t *hash = ledger_hash(l);
    const char *values[] = {l->cells[LEDGER_SCHOOL], l->cells[LEDGER_DISTRICT], l->cells[LEDGER_RECEIVED],
                            l->cells[LEDGER_KEY], l->cells[LEDGER_ID]};

    if (hash != NULL && !catalogues_load(r->ctl, &r->catalogues, hash, &r->ledger.catalogue))
        return false;
    r->names = db_query(r->ctl, names_sql, 5, values);
    return r->names != NULL;
}

bool
replay_find(struct ctl *ctl, const char *prefix, const struct replay_options *options,
            struct replay *ret_replay)
{
    struct replay r = {.ctl = ctl};

    r.row = prefix != NULL ? find_id(ctl, prefix) : find_slot(ctl, options);
    if (r.row == NULL)
        return false;
    ledger_read(r.row, 0, &r.ledger);
    if (!look_up(&r)) {
        replay_fini(&r);
        return false;
    }
    struct listener listener = {hear, &r};
    ledger_check(&r.ledger, NULL, &listener);
    *ret_replay = r;
    return true;
}

void
replay_fini(struct replay *replay)
{
    for (size_t i = 0; i < replay->difference_count; i++) {
        free(replay->differences[i].found);
        free(replay->differences[i].expected);
    }
    free(replay->differences);
    ledger_fini(&replay->ledger);
    catalogues_fini(&replay->catalogues);
    PQclear(replay->names);
    PQclear(replay->row);
    *replay = (struct replay){0};
}

const char *
replay_name(const struct replay *replay, enum replay_name name)
{
    return db_cell(replay->names, 0, (int)name);
}

const struct catalogue *
replay_catalogue(const struct replay *replay)
{
    return replay->ledger.catalogue == NULL ? NULL : replay->ledger.catalogue->catalogue;
}
