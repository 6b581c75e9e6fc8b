/*
 * publish DISTRICT PERIOD: a new edition, in one transaction and of one snapshot.
 */
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "db.h"
#include "known.h"

/* ---- whether it may be published ------------------------------------------------------------------ */

enum readiness {
    READY_OPEN,
    READY_EXPECTED,
    READY_REPORTED,
    READY_KEPT,
    READY_DECLARED,
    READY_REOPENED,
    READY_ABOVE,
    READY_EDITION,
    READY_STANDS,
    READY_CHANGES,
    READY_SAME_RULES
};

/* clang-format off */
static const char ready_sql[] =
    "WITH p AS MATERIALIZED (SELECT p.first_day, p.frequency FROM yuebao.period_of($2) AS p), "
    "below AS MATERIALIZED (SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = $1::integer), "
    "last AS MATERIALIZED (SELECT e.publication, e.edition, e.rules, w.publication IS NULL AS stands FROM p "
    "    JOIN yuebao.publication AS e ON e.district = $1::integer AND e.period = p.first_day AND e.frequency = p.frequency "
    "    LEFT JOIN yuebao.publication_withdrawal AS w ON w.publication = e.publication ORDER BY e.edition DESC LIMIT 1) "
    "SELECT (SELECT count(*) FROM yuebao.slot AS s JOIN yuebao.form AS f ON f.form = s.form "
    "        WHERE s.district = ANY (ARRAY(SELECT b.district FROM below AS b)) AND s.period = p.first_day AND s.frequency = p.frequency "
    "          AND f.name = '' AND s.closes_at > now()), "
    "       c.expected, c.reported, c.kept, yuebao.is_declared($1::integer, p.first_day, p.frequency), "
    "       EXISTS (SELECT FROM yuebao.declaration AS d WHERE d.district = $1::integer AND d.period = p.first_day AND d.frequency = p.frequency), "
    "       (SELECT min(e.district) FROM yuebao.publication AS e JOIN yuebao.district_ancestor AS a ON a.ancestor = e.district "
    "        WHERE a.district = $1::integer AND a.distance > 0 AND e.period = p.first_day AND e.frequency = p.frequency), "
    "       coalesce(l.edition, 0), coalesce(l.stands, false), yuebao.publication_changes(l.publication), "
    "       l.rules = (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.scope, r.name) FROM yuebao.publication_rule AS r) "
    "FROM p CROSS JOIN LATERAL yuebao.count_reviews($1::integer, p.first_day, p.frequency) AS c LEFT JOIN last AS l ON true";
/* clang-format on */

static enum message
why_not(const PGresult *ready)
{
    if (strcmp(PQgetvalue(ready, 0, READY_OPEN), "0") != 0)
        return MSG_ctl_publish_open;
    if (PQgetvalue(ready, 0, READY_DECLARED)[0] != 't')
        return PQgetvalue(ready, 0, READY_REOPENED)[0] == 't' ? MSG_ctl_publish_reopened
                                                              : MSG_ctl_publish_undeclared;
    if (strcmp(PQgetvalue(ready, 0, READY_KEPT), "0") != 0)
        return MSG_ctl_publish_kept;
    if (db_cell(ready, 0, READY_ABOVE) != NULL)
        return MSG_ctl_publish_above;
    if (PQgetvalue(ready, 0, READY_STANDS)[0] == 't' &&
        strcmp(PQgetvalue(ready, 0, READY_CHANGES), "0") == 0 &&
        PQgetvalue(ready, 0, READY_SAME_RULES)[0] == 't')
        return MSG_ctl_publish_same;
    return MESSAGE_COUNT;
}

static bool
is_ready(struct ctl *ctl, const struct publish_options *o, const PGresult *ready)
{
    enum message why = why_not(ready);

    if (why == MESSAGE_COUNT)
        return true;
    ctl_fail(ctl, EX_DATAERR, why, "district", o->district, "period", o->period, "open",
             PQgetvalue(ready, 0, READY_OPEN), "kept", PQgetvalue(ready, 0, READY_KEPT), "above",
             PQgetvalue(ready, 0, READY_ABOVE), "edition", PQgetvalue(ready, 0, READY_EDITION), NULL);
    return false;
}

/* ---- making it ------------------------------------------------------------------------------------ */

static void
say_held(struct ctl *ctl, const struct cells *cells, enum held held, enum message why)
{
    char count[24];

    snprintf(count, sizeof(count), "%zu", cells_held(cells, held));
    if (strcmp(count, "0") != 0)
        ctl_say(ctl, why, "count", count, NULL);
}

static void
say_made(struct ctl *ctl, const struct publish_options *o, const struct cells *cells, const char *edition)
{
    char numbers[24], held[24];

    snprintf(numbers, sizeof(numbers), "%zu", cells_count(cells));
    snprintf(held, sizeof(held), "%zu", cells_count(cells) - cells_held(cells, HELD_NOT));
    ctl_say(ctl, o->dry_run ? MSG_ctl_publish_would : MSG_ctl_published, "district", o->district, "period",
            o->period, "edition", edition, "count", numbers, "held", held, NULL);
    say_held(ctl, cells, HELD_SCHOOLS, MSG_ctl_held_schools);
    say_held(ctl, cells, HELD_COUNT, MSG_ctl_held_count);
    say_held(ctl, cells, HELD_SHARE, MSG_ctl_held_share);
    say_held(ctl, cells, HELD_JOINED, MSG_ctl_held_joined);
    say_held(ctl, cells, HELD_BEFORE, MSG_ctl_held_before);
    say_held(ctl, cells, HELD_TIED, MSG_ctl_held_tied);
    say_held(ctl, cells, HELD_COMPLEMENT, MSG_ctl_held_complement);
    say_held(ctl, cells, HELD_FROZEN, MSG_ctl_held_frozen);
    if (o->dry_run)
        ctl_say(ctl, MSG_ctl_import_dry_run, NULL);
}

/* The key of a new edition, its number into `edition`; NULL: reported. The caller clears it. */
static PGresult *
insert(struct ctl *ctl, const struct publish_options *o, const PGresult *ready)
{
    const char *values[] = {o->district, o->period, PQgetvalue(ready, 0, READY_EDITION),
                            PQgetvalue(ready, 0, READY_EXPECTED), PQgetvalue(ready, 0, READY_REPORTED)};

    return db_query(
        ctl,
        "INSERT INTO yuebao.publication (district, period, frequency, edition, expected, reported, rules) "
        "SELECT $1::integer, p.first_day, p.frequency, $3::integer + 1, $4::integer, $5::integer, "
        "       (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.scope, r.name) FROM yuebao.publication_rule AS r) "
        "FROM yuebao.period_of($2) AS p RETURNING publication, edition",
        5, values);
}

static bool
write_audit(struct ctl *ctl, const struct publish_options *o, const char *edition, const struct cells *cells)
{
    char numbers[24], held[24];
    const char *values[] = {o->district, o->period, edition, numbers, held};

    snprintf(numbers, sizeof(numbers), "%zu", cells_count(cells));
    snprintf(held, sizeof(held), "%zu", cells_count(cells) - cells_held(cells, HELD_NOT));
    return db_do(
        ctl,
        "INSERT INTO yuebao.audit_log (action, detail) VALUES ('publish', jsonb_build_object('district', "
        "$1::integer, "
        "'period', $2::text, 'edition', $3::integer, 'numbers', $4::integer, 'held_back', $5::integer))",
        5, values);
}

/* What is written is read back in the same transaction, so that a dry run shows the very edition. */
static int
finish(struct ctl *ctl, const struct publish_options *o, const struct cells *cells, const char *edition)
{
    if (!o->dry_run && !db_do_plain(ctl, "COMMIT"))
        return ctl->status;
    say_made(ctl, o, cells, edition);
    int status = ctl->format != OUTPUT_TEXT ? publish_tell(ctl, o, edition)
                 : o->html != NULL          ? publish_page(ctl, o, edition)
                                            : EX_OK;
    if (o->dry_run && !db_do_plain(ctl, "ROLLBACK"))
        return ctl->status;
    return status;
}

static int
make(struct ctl *ctl, const struct publish_options *o, const PGresult *ready)
{
    struct cells *cells = cells_read(ctl, o->district, o->period);

    if (cells == NULL)
        return ctl->status;
    int status = EX_OK;
    PGresult *made = NULL;
    if (cells_count(cells) == 0)
        status = ctl_fail(ctl, EX_DATAERR, MSG_ctl_publish_nothing, "district", o->district, "period",
                          o->period, NULL);
    else if ((made = insert(ctl, o, ready)) == NULL || !cells_write(ctl, cells, PQgetvalue(made, 0, 0)) ||
             !write_audit(ctl, o, PQgetvalue(made, 0, 1), cells))
        status = ctl->status;
    else
        status = finish(ctl, o, cells, PQgetvalue(made, 0, 1));
    PQclear(made);
    cells_free(cells);
    return status;
}

int
publish_make(struct ctl *ctl, const struct publish_options *o)
{
    const char *values[] = {o->district, o->period};

    /* the lock comes before the snapshot, so that two who publish see each other */
    if (!publish_begin(ctl, o, true) || !has_opened(ctl, o->period, NULL) ||
        !db_do_plain(ctl, "BEGIN ISOLATION LEVEL REPEATABLE READ") ||
        !db_do_plain(ctl, "LOCK TABLE yuebao.publication IN SHARE ROW EXCLUSIVE MODE"))
        return ctl->status;
    PGresult *ready = db_query(ctl, ready_sql, 2, values);
    if (ready == NULL)
        return ctl->status;
    int status = is_ready(ctl, o, ready) ? make(ctl, o, ready) : ctl->status;
    PQclear(ready);
    return status;
}
