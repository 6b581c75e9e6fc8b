#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "envelope.h"

/* ---- a row -------------------------------------------------------------------------------------- */

#define SLOT_OF(t)                                                                                           \
    t ".district = r.district AND " t ".period = r.period AND " t ".school = r.school AND " t ".form = "     \
      "r.form"
#define FIGURES_FROM(table, condition)                                                                       \
    "SELECT t.indicator, t.missing, t.value, t.denominator FROM " table                                      \
    " AS t WHERE " SLOT_OF("t") " AND " condition

/* clang-format off */
const char ledger_reports_sql[] =
    "SELECT 'report', r.district, r.period, r.form, coalesce(s.code, '#' || r.school), coalesce(f.code, '#' || r.form), "
    "coalesce(yuebao.period_text(r.period, f.frequency), r.period::text), r.revision, pg_catalog.encode(r.id, 'hex'), "
    "pg_catalog.encode(r.key, 'hex'), " LEDGER_KEY_IS_OF("r.key", "r.received_at") ", "
    "yuebao.school_district_on(r.school, yuebao.period_last_day(r.period, f.frequency)), "
    "coalesce(pg_catalog.encode(c.hash, 'hex'), '#' || r.catalogue), " LEDGER_INSTANT("r.received_at") ", r.late, r.admitted, "
    "r.filler, r.reviewer, r.head, r.correction, pg_catalog.encode(r.envelope, 'hex'), pg_catalog.encode(r.receipt, 'hex'), "
    "(SELECT pg_catalog.encode(t.id, 'hex') FROM yuebao.report AS t WHERE " SLOT_OF("t") " AND t.revision = r.revision - 1), "
    "NOT n.later, g.indicator, g.missing, g.value, g.denominator, "
    "(SELECT pg_catalog.string_agg(DISTINCT pg_catalog.encode(t.replaced_by, 'hex'), ', ') FROM yuebao.figure_history AS t "
    "WHERE r.revision > 1 AND " SLOT_OF("t") " AND t.revision = r.revision - 1), "
    "(SELECT pg_catalog.json_agg(t ORDER BY t.position) FROM (SELECT t.position, t.indicator, t.rule, t.found, t.bound, t.explanation "
    "FROM yuebao.remark AS t WHERE " SLOT_OF("t") " AND t.revision = r.revision) AS t), "
    "pg_catalog.encode(d.answer, 'hex'), " LEDGER_INSTANT("d.decided_at") ", yuebao.is_detached(r.period), " LEDGER_INSTANT("r.arrived_at") " "
    "FROM yuebao.report AS r LEFT JOIN yuebao.school AS s ON s.school = r.school LEFT JOIN yuebao.form AS f ON f.form = r.form "
    "LEFT JOIN yuebao.catalogue AS c ON c.catalogue = r.catalogue "
    "CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM yuebao.report AS t WHERE " SLOT_OF("t") " AND t.revision > r.revision) AS later OFFSET 0) AS n "
    "CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(g.indicator) AS indicator, pg_catalog.array_agg(g.missing) AS missing, "
    "pg_catalog.array_agg(g.value) AS value, pg_catalog.array_agg(g.denominator) AS denominator FROM ("
    FIGURES_FROM("yuebao.figure", "NOT n.later") " UNION ALL " FIGURES_FROM("yuebao.figure_history", "n.later AND t.revision = r.revision")
    " ORDER BY indicator) AS g) AS g "
    "LEFT JOIN LATERAL (SELECT t.answer, t.decided_at FROM yuebao.decision AS t "
    "WHERE r.admitted AND t.admitted AND t.school = r.school AND t.id = r.id LIMIT 1) AS d ON true";
/* clang-format on */

bool
ledger_is(const struct ledger *ledger, enum ledger_column column)
{
    return ledger->cells[column] != NULL && ledger->cells[column][0] == 't';
}

static void
read_answer(const PGresult *result, int row, enum ledger_column column, struct answered *ret_answered)
{
    size_t len;

    *ret_answered = (struct answered){0};
    if (PQgetisnull(result, row, (int)column))
        return;
    uint8_t *bytes = db_bytes(result, row, (int)column, &len);
    answered_read(bytes, len, ret_answered);
    free(bytes);
}

/* What was signed names itself; a row whose envelope says nothing is what it claims to be. */
static void
name_it(struct ledger *ledger)
{
    const char *id = ledger->cells[LEDGER_ID];

    ledger->id_known = true;
    ledger->is_signed = ledger->stated.statement != NULL && stated_is_signed(&ledger->stated);
    if (ledger->is_signed)
        memcpy(ledger->id, ledger->stated.id, ID_SIZE);
    else
        ledger->id_known = hex_parse(id, ledger->id, ID_SIZE);
}

void
ledger_read(const PGresult *result, int row, struct ledger *ret_ledger)
{
    struct ledger l = {0};
    size_t len;

    for (int c = 0; c < LEDGER_COLUMNS; c++)
        l.cells[c] = db_cell(result, row, c);
    uint8_t *bytes = db_bytes(result, row, LEDGER_ENVELOPE, &len);
    stated_read(bytes, len, &l.stated);
    free(bytes);
    read_answer(result, row, LEDGER_ANSWER, &l.answered);
    read_answer(result, row, LEDGER_DECISION, &l.decision);
    findings_init(&l.findings);
    l.stands = booked_parse(&l.cells[LEDGER_BOOKED]);
    name_it(&l);
    *ret_ledger = l;
}

void
ledger_fini(struct ledger *ledger)
{
    stated_fini(&ledger->stated);
    answered_fini(&ledger->answered);
    answered_fini(&ledger->decision);
    findings_fini(&ledger->findings);
    booked_fini(&ledger->booked);
    booked_fini(&ledger->stands);
}

const uint8_t *
ledger_hash(const struct ledger *ledger)
{
    const Yuebao__Statement *s = ledger->stated.statement;

    return s != NULL && s->catalogue.len == ID_SIZE ? s->catalogue.data : NULL;
}
