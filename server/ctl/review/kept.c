#include "kept.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "envelope.h"
#include "known.h"
#include "validate.h"

/* For people: the link's time zone is the calendar's. */
#define SHOWN(instant) "pg_catalog.to_char(" instant ", 'YYYY-MM-DD HH24:MI')"

/* clang-format off */
static const char load_sql[] =
    "SELECT DISTINCT ON (a.id) a.id, a.school, a.school_zh, a.school_en, a.district_zh, a.district_en, a.form, a.period, "
    "a.revision, " SHOWN("a.received_at") ", " SHOWN("a.closes_at") ", a.decision, a.held_revision, a.decided_by, " SHOWN("a.decided_at") ", a.reason, "
    "pg_catalog.encode(k.envelope, 'hex'), "
    "EXISTS (SELECT FROM yuebao.school_key AS y JOIN yuebao.school AS o ON o.school = y.school "
    "WHERE y.key = k.key AND o.institution = s.institution AND (y.revoked_at IS NULL OR y.revoked_at > k.received_at)), "
    "pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint "
    "FROM yuebao.kept AS k JOIN yuebao.school AS s ON s.school = k.school JOIN yuebao.form AS f ON f.form = k.form "
    "JOIN api.kept AS a ON a.district = k.district AND a.first_day = k.period AND a.school = s.code AND a.form = f.code "
    "AND a.id = pg_catalog.encode(k.id, 'hex') "
    "WHERE k.id BETWEEN pg_catalog.decode(pg_catalog.rpad($1, 64, '0'), 'hex') AND pg_catalog.decode(pg_catalog.rpad($1, 64, 'f'), 'hex') "
    "ORDER BY a.id, a.received_at LIMIT 2";
/* clang-format on */

const char *
kept_cell(const struct kept *kept, enum kept_column column)
{
    return db_cell(kept->row, 0, (int)column);
}

/* ---- from the database -------------------------------------------------------------------------- */

static PGresult *
find_row(struct ctl *ctl, const char *prefix)
{
    PGresult *row = db_query(ctl, load_sql, 1, &prefix);

    if (row == NULL)
        return NULL;
    if (PQntuples(row) == 1)
        return row;
    ctl_fail(ctl, EX_DATAERR, PQntuples(row) == 0 ? MSG_ctl_kept_unknown : MSG_ctl_kept_ambiguous, "value",
             prefix, NULL);
    PQclear(row);
    return NULL;
}

/* What cannot be read stays NULL: kept_check says so. */
static void
unpack(struct kept *kept)
{
    size_t len;
    uint8_t *bytes = db_bytes(kept->row, 0, KEPT_ENVELOPE, &len);

    stated_read(bytes, len, &kept->stated);
    free(bytes);
}

/* The catalogue that the statement names. false: reported; one that is not known here is no error yet. */
static bool
load_catalogue(struct ctl *ctl, struct kept *kept)
{
    const Yuebao__Statement *s = kept->stated.statement;

    return s == NULL || s->catalogue.len != ID_SIZE ||
           catalogues_load(ctl, &kept->catalogues, s->catalogue.data, &kept->made_by);
}

bool
kept_load(struct ctl *ctl, const char *prefix, struct kept *ret_kept)
{
    struct kept kept = {0};

    if (!is_statement_id(ctl, prefix) || (kept.row = find_row(ctl, prefix)) == NULL)
        return false;
    findings_init(&kept.findings);
    if (!hex_parse(kept_cell(&kept, KEPT_ID), kept.id, ID_SIZE))
        abort(); /* as above */
    snprintf(kept.shown, sizeof(kept.shown), "%.*s", KEPT_ID_SHOWN, kept_cell(&kept, KEPT_ID));
    kept.revision = (uint32_t)strtoul(kept_cell(&kept, KEPT_REVISION), NULL, 10);
    unpack(&kept);
    if (!load_catalogue(ctl, &kept)) {
        kept_fini(&kept);
        return false;
    }
    *ret_kept = kept;
    return true;
}

void
kept_fini(struct kept *kept)
{
    stated_fini(&kept->stated);
    catalogues_fini(&kept->catalogues);
    findings_fini(&kept->findings);
    PQclear(kept->row);
    *kept = (struct kept){0};
}

/* ---- is it what it says? ------------------------------------------------------------------------ */

/* The row's slot and id are those that the school signed: it is the row that says where it is booked. */
static bool
row_is_the_statements(const struct kept *kept)
{
    const Yuebao__Statement *s = kept->stated.statement;

    return memcmp(kept->stated.id, kept->id, ID_SIZE) == 0 &&
           strcmp(s->school, kept_cell(kept, KEPT_SCHOOL)) == 0 &&
           strcmp(s->form, kept_cell(kept, KEPT_FORM)) == 0 &&
           strcmp(s->period, kept_cell(kept, KEPT_PERIOD)) == 0 && s->revision == kept->revision;
}

enum kept_state
kept_check(struct kept *kept)
{
    findings_clear(&kept->findings);
    if (kept->stated.statement == NULL)
        return KEPT_UNREADABLE;
    if (!stated_is_signed(&kept->stated) || !row_is_the_statements(kept))
        return KEPT_FORGED;
    if (kept_cell(kept, KEPT_KEY_IS_OF_SCHOOL)[0] != 't')
        return KEPT_FOREIGN_KEY;
    if (kept->made_by == NULL)
        return KEPT_NO_CATALOGUE;
    validate_statement(kept->made_by->catalogue, kept->stated.statement, &kept->findings);
    return findings_refuse(&kept->findings) ? KEPT_FAULTY : KEPT_SOUND;
}

/* ---- in words ----------------------------------------------------------------------------------- */

static int
report_findings(struct ctl *ctl, const struct kept *kept)
{
    for (size_t i = 0; i < kept->findings.errors; i++) {
        char *sentence =
            message_of_finding(ctl->language, &kept->findings.items[i], kept->made_by->catalogue);
        if (sentence == NULL)
            abort();
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_kept_faulty, "id", kept->shown, "problem", sentence, NULL);
        free(sentence);
    }
    return EX_DATAERR;
}

int
kept_report(struct ctl *ctl, const struct kept *kept, enum kept_state state)
{
    enum message flaw = MSG_ctl_kept_forged;

    switch (state) {
    case KEPT_SOUND:
        abort();
    case KEPT_FAULTY:
        return report_findings(ctl, kept);
    case KEPT_FORGED:
        break;
    case KEPT_UNREADABLE:
        flaw = MSG_ctl_kept_unreadable;
        break;
    case KEPT_FOREIGN_KEY:
        flaw = MSG_ctl_kept_foreign_key;
        break;
    case KEPT_NO_CATALOGUE:
        flaw = MSG_ctl_kept_no_catalogue;
        break;
    }
    return ctl_fail(ctl, EX_DATAERR, flaw, "id", kept->shown, NULL);
}

enum message
kept_decision_word(const char *decision)
{
    if (strcmp(decision, "waiting") == 0)
        return MSG_ctl_kept_waiting;
    if (strcmp(decision, "admitted") == 0)
        return MSG_ctl_kept_admitted;
    return strcmp(decision, "declined") == 0 ? MSG_ctl_kept_declined : MSG_ctl_kept_booked;
}
