#include "store.h"

#include <stdlib.h>
#include <string.h>

/*
 * Every look-up below goes through a primary key, whatever the statistics of a table that was empty this
 * morning say: so plans are made once, without sequential scans and without joins that read a whole table.
 */
const struct link_setting store_settings[] = {
    {"plan_cache_mode", "force_generic_plan"},
    {"enable_seqscan", "off"},
    {"enable_hashjoin", "off"},
    {"enable_mergejoin", "off"},
    {"jit", "off"},
    {"yuebao.counts_reports", "on"}, /* totals_count(): no trigger need do it */
    {"synchronous_commit", "on"},    /* a receipt follows the COMMIT */
    {"default_transaction_isolation", "read committed"},
    {"lock_timeout", "5s"}, /* another collector holds the slot */
    {"statement_timeout", "20s"},
    {"idle_in_transaction_session_timeout", "20s"},
    {"search_path", "pg_catalog"},
    {NULL, NULL},
};

/* The school's district on the period's last day. */
#define DISTRICT_OF_SLOT                                                                                     \
    "LATERAL (SELECT m.district FROM yuebao.school_district AS m"                                            \
    " WHERE m.school = s.school AND m.valid_from <= s.last_day ORDER BY m.valid_from DESC LIMIT 1) AS d"

/* A scalar subquery, not EXISTS: it is never turned into a join. */
#define ID_OF_REVISION(revision)                                                                             \
    "(SELECT p.id FROM yuebao.report AS p WHERE p.district = d.district AND p.period = s.period"             \
    " AND p.school = s.school AND p.form = s.form AND p.revision = " revision ")"

/* What a person decided about the statement after it was kept: that stands, whenever it comes again and
 * wherever its school has moved since; then there may be two rows, which say the same. */
#define DECISION(column) "(SELECT x." column " FROM yuebao.decision AS x WHERE x.id = s.id LIMIT 1)"

/*
 * Claims in the order in which the arrays have them, which is that of the keys. The arrays are unnested
 * beside one another in a SELECT list: as functions in FROM each would be stored and read again first.
 * `condition` is the look at the predecessor: it has a plan for every month that there is, so a batch of
 * first revisions goes without. What comes back is the district, and whether some threshold judges what the
 * form asks.
 */
#define CLAIM(condition)                                                                                     \
    "INSERT INTO yuebao.report AS r (district, period, school, form, revision, id, catalogue, key,"          \
    " received_at, late, filler, reviewer, head, correction, envelope, receipt, arrived_at)"                 \
    " SELECT d.district, s.period, s.school, s.form, s.revision, s.id, s.catalogue, s.key, s.received_at,"   \
    " s.late, s.filler, s.reviewer, s.head, s.correction, s.envelope, s.receipt, s.arrived_at"               \
    " FROM (SELECT unnest($1::int4[]) AS school, unnest($2::int2[]) AS form, unnest($3::date[]) AS period,"  \
    " unnest($4::date[]) AS last_day, unnest($5::int4[]) AS revision, unnest($6::bytea[]) AS id,"            \
    " unnest($7::bytea[]) AS previous, unnest($8::int2[]) AS catalogue, unnest($9::bytea[]) AS key,"         \
    " unnest($10::timestamptz[]) AS received_at, unnest($11::bool[]) AS late,"                               \
    " unnest($12::text[]) AS filler, unnest($13::text[]) AS reviewer, unnest($14::text[]) AS head,"          \
    " unnest($15::text[]) AS correction, unnest($16::bytea[]) AS envelope,"                                  \
    " unnest($17::bytea[]) AS receipt, unnest($18::timestamptz[]) AS arrived_at, generate_series(1, "        \
    "cardinality($1::int4[])) AS n) AS s"                                                                    \
    " CROSS JOIN " DISTRICT_OF_SLOT                                                                          \
    " WHERE " DECISION("id") " IS NULL" condition " ORDER BY s.n"                                            \
                             " ON CONFLICT ON CONSTRAINT report_pk DO NOTHING"                               \
                             " RETURNING r.school, r.form, r.period, r.district,"                            \
                             " r.form = ANY (ARRAY(SELECT w.form FROM yuebao.watched_form AS w))"

const struct link_statement store_statements[] = {
    {"begin", "BEGIN"},
    {"commit", "COMMIT"},
    {"claim", CLAIM("")},
    {"claim_next", CLAIM(" AND (s.revision = 1 OR s.previous = " ID_OF_REVISION("s.revision - 1") ")")},
    {"keep",
     "INSERT INTO yuebao.kept AS k (district, period, school, form, id, revision, key, received_at, "
     "envelope, answer)"
     " SELECT d.district, s.period, s.school, s.form, s.id, s.revision, s.key, s.received_at, s.envelope, "
     "s.answer"
     " FROM unnest($1::int4[], $2::int2[], $3::date[], $4::date[], $5::int4[], $6::bytea[], $7::bytea[],"
     " $8::timestamptz[], $9::bytea[], $10::bytea[]) WITH ORDINALITY AS s (school, form, period, last_day, "
     "revision,"
     " id, key, received_at, envelope, answer, n)"
     " CROSS JOIN " DISTRICT_OF_SLOT
     /* what was accepted before the close is not kept, it has its receipt; nor is what was decided */
     " WHERE s.id IS DISTINCT FROM " ID_OF_REVISION("s.revision") //
     " AND " DECISION("id") " IS NULL"                            //
                            " ORDER BY s.n"
                            " ON CONFLICT ON CONSTRAINT kept_pk DO NOTHING"
                            " RETURNING k.school, k.form, k.period, k.district, false"},
    {"look",
     "SELECT s.school, s.form, s.period, d.district, same.receipt, kept.answer, " DECISION(
         "answer") ","
                   " newest.revision, newest.id, before.id"
                   " FROM unnest($1::int4[], $2::int2[], $3::date[], $4::date[], $5::int4[], $6::bytea[])"
                   " AS s (school, form, period, last_day, revision, id)"
                   " LEFT JOIN " DISTRICT_OF_SLOT " ON true"
                   " LEFT JOIN LATERAL (SELECT p.receipt FROM yuebao.report AS p WHERE p.district = "
                   "d.district"
                   " AND p.period = s.period AND p.school = s.school AND p.form = s.form AND p.revision = "
                   "s.revision"
                   " AND p.id = s.id) AS same ON true"
                   " LEFT JOIN LATERAL (SELECT k.answer FROM yuebao.kept AS k WHERE k.district = d.district"
                   " AND k.period = s.period AND k.school = s.school AND k.form = s.form AND k.id = s.id) AS "
                   "kept ON true"
                   " LEFT JOIN LATERAL (SELECT p.revision, p.id FROM yuebao.report AS p WHERE p.district = "
                   "d.district"
                   " AND p.period = s.period AND p.school = s.school AND p.form = s.form"
                   " ORDER BY p.revision DESC LIMIT 1) AS newest ON true"
                   " LEFT JOIN LATERAL (SELECT p.id FROM yuebao.report AS p WHERE p.district = d.district"
                   " AND p.period = s.period AND p.school = s.school AND p.form = s.form"
                   " AND p.revision = s.revision - 1) AS before ON true"},
    {"judge",
     "SELECT yuebao.judge_reports($1::int4[], $2::date[], $3::int4[], $4::int2[], $5::int4[], $6::bytea[])"},
    {"correct", "SELECT g.district, g.period, g.form, g.indicator, g.missing, g.value, g.denominator"
                " FROM yuebao.replace_figures($1::int4[], $2::date[], $3::int4[], $4::int2[], $5::int4[],"
                " $6::bytea[]) AS g"},
    /* How many a slot holds is counted by one link at a time: in the statement behind this one, whose
       snapshot is newer than the lock. */
    {"lock_slots",
     "SELECT pg_advisory_xact_lock(k.slot) FROM (SELECT DISTINCT hashtextextended(u.school_code || ' ' ||"
     " u.form_code || ' ' || u.period_text, 0) AS slot FROM unnest($1::text[], $2::text[], $3::text[])"
     " AS u (school_code, form_code, period_text) ORDER BY 1) AS k"},
    {"refuse",
     "INSERT INTO yuebao.rejection (school_code, form_code, period_text, revision, id, key, received_at, "
     "findings,"
     " summary, envelope)"
     " SELECT s.school_code, s.form_code, s.period_text, s.revision, s.id, s.key, s.received_at, s.findings, "
     "s.summary,"
     " s.envelope FROM ("
     /* whose statement is new; how many new ones of its slot stand before it in this group */
     " SELECT t.*, row_number() OVER (PARTITION BY t.school_code, t.form_code, t.period_text ORDER BY t.n) "
     "AS place"
     " FROM (SELECT DISTINCT ON (u.school_code, u.form_code, u.period_text, u.id) u.*"
     " FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::bytea[], $6::bytea[], "
     "$7::timestamptz[],"
     " $8::bytea[], $9::text[], $10::bytea[]) WITH ORDINALITY AS u (school_code, form_code, period_text, "
     "revision, id,"
     " key, received_at, findings, summary, envelope, n)"
     " ORDER BY u.school_code, u.form_code, u.period_text, u.id, u.n) AS t"
     " WHERE NOT EXISTS (SELECT FROM yuebao.rejection AS r WHERE r.school_code = t.school_code"
     " AND r.form_code = t.form_code AND r.period_text = t.period_text AND r.id = t.id)) AS s"
     " CROSS JOIN LATERAL (SELECT count(*) AS held FROM yuebao.rejection AS r WHERE r.school_code = "
     "s.school_code"
     " AND r.form_code = s.form_code AND r.period_text = s.period_text) AS r"
     " WHERE r.held + s.place <= $11::int8"},
    {NULL, NULL},
};

/* ---- arguments ---------------------------------------------------------------------------------- */

typedef bool choose_claim(const struct claim *claim);
typedef void write_claim(struct binary *binary, const struct claim *claim);

static bool
is_report(const struct claim *claim)
{
    return claim->submission->kind == SUBMISSION_REPORT;
}

static bool
is_kept(const struct claim *claim)
{
    return claim->submission->kind == SUBMISSION_KEPT;
}

static bool
is_review(const struct claim *claim)
{
    return claim->submission->kind == SUBMISSION_REVIEW;
}

static bool
is_lost(const struct claim *claim)
{
    return claim->state == CLAIM_LOST;
}

static bool
is_correction(const struct claim *claim)
{
    return claim->state == CLAIM_WON && is_report(claim) && claim->submission->revision > 1;
}

static bool
is_watched(const struct claim *claim)
{
    return claim_is_booked(claim) && claim->watched;
}

static bool
is_any(const struct claim *claim)
{
    (void)claim;
    return true;
}

static bool
is_next(const struct claim *claim)
{
    return is_report(claim) && claim->submission->revision > 1;
}

static size_t
count_claims(const struct group *group, choose_claim *choose)
{
    size_t count = 0;

    for (size_t i = 0; i < group->count; i++)
        count += choose(&group->claims[i]) ? 1 : 0;
    return count;
}

/* The next argument: an array with an element for each chosen claim. */
static void
column(struct link_arguments *arguments, const struct group *group, choose_claim *choose,
       enum binary_type type, write_claim *write)
{
    struct binary *binary = link_argument(arguments);

    binary_array(binary, type, count_claims(group, choose));
    for (size_t i = 0; i < group->count; i++)
        if (choose(&group->claims[i]))
            write(binary, &group->claims[i]);
}

static void
write_school(struct binary *b, const struct claim *c)
{
    binary_int4(b, c->submission->school_id);
}

static void
write_form(struct binary *b, const struct claim *c)
{
    binary_int2(b, c->submission->form_id);
}

static void
write_period(struct binary *b, const struct claim *c)
{
    binary_date(b, c->submission->period.first_day);
}

static void
write_last_day(struct binary *b, const struct claim *c)
{
    binary_date(b, period_last_day(c->submission->period));
}

/* No slot gets near the last number, so a revision beyond it waits for a predecessor for ever, as it should.
 */
static void
write_revision(struct binary *b, const struct claim *c)
{
    binary_int4(b, c->submission->revision > INT32_MAX ? INT32_MAX : (int32_t)c->submission->revision);
}

static void
write_revision8(struct binary *b, const struct claim *c)
{
    binary_int8(b, c->submission->revision);
}

static void
write_id(struct binary *b, const struct claim *c)
{
    binary_bytes(b, c->submission->id, ID_SIZE);
}

static void
write_previous(struct binary *b, const struct claim *c)
{
    binary_bytes(b, c->submission->previous, ID_SIZE);
}

static void
write_catalogue(struct binary *b, const struct claim *c)
{
    binary_int2(b, c->submission->catalogue_id);
}

static void
write_key(struct binary *b, const struct claim *c)
{
    binary_bytes(b, c->submission->key, KEY_SIZE);
}

static void
write_received(struct binary *b, const struct claim *c)
{
    binary_instant(b, c->submission->received_ms);
}

static void
write_arrived(struct binary *b, const struct claim *c)
{
    if (c->submission->arrived_ms != 0)
        binary_instant(b, c->submission->arrived_ms);
    else
        binary_null(b);
}

static void
write_late(struct binary *b, const struct claim *c)
{
    binary_bool(b, c->submission->late);
}

static void
write_filler(struct binary *b, const struct claim *c)
{
    binary_text(b, c->submission->statement->filler);
}

static void
write_reviewer(struct binary *b, const struct claim *c)
{
    binary_text(b, c->submission->statement->reviewer);
}

static void
write_head(struct binary *b, const struct claim *c)
{
    binary_text(b, c->submission->statement->head);
}

static void
write_correction(struct binary *b, const struct claim *c)
{
    binary_text(b, c->submission->statement->correction);
}

static void
write_envelope(struct binary *b, const struct claim *c)
{
    binary_bytes(b, c->submission->envelope, c->submission->envelope_len);
}

static void
write_answer(struct binary *b, const struct claim *c)
{
    binary_bytes(b, c->submission->answer, c->submission->answer_len);
}

static void
write_district(struct binary *b, const struct claim *c)
{
    binary_int4(b, c->district);
}

static void
write_school_code(struct binary *b, const struct claim *c)
{
    binary_text(b, c->submission->school_code != NULL ? c->submission->school_code : "");
}

static void
write_form_code(struct binary *b, const struct claim *c)
{
    binary_text(b, c->submission->form_code != NULL ? c->submission->form_code : "");
}

static void
write_period_text(struct binary *b, const struct claim *c)
{
    binary_text(b, c->submission->period_text != NULL ? c->submission->period_text : "");
}

static void
write_summary(struct binary *b, const struct claim *c)
{
    binary_text(b, c->submission->rejection_summary != NULL ? c->submission->rejection_summary : "");
}

/* ---- claims ------------------------------------------------------------------------------------- */

/* What every statement over slots begins with. */
static void
slot_columns(struct link_arguments *a, const struct group *group, choose_claim *choose)
{
    column(a, group, choose, BINARY_INT4, write_school);
    column(a, group, choose, BINARY_INT2, write_form);
    column(a, group, choose, BINARY_DATE, write_period);
    column(a, group, choose, BINARY_DATE, write_last_day);
    column(a, group, choose, BINARY_INT4, write_revision);
    column(a, group, choose, BINARY_BYTEA, write_id);
}

static void
call_claim(struct link *link, const struct group *group)
{
    struct link_arguments a = {0};

    slot_columns(&a, group, is_report);
    column(&a, group, is_report, BINARY_BYTEA, write_previous);
    column(&a, group, is_report, BINARY_INT2, write_catalogue);
    column(&a, group, is_report, BINARY_BYTEA, write_key);
    column(&a, group, is_report, BINARY_TIMESTAMPTZ, write_received);
    column(&a, group, is_report, BINARY_BOOL, write_late);
    column(&a, group, is_report, BINARY_TEXT, write_filler);
    column(&a, group, is_report, BINARY_TEXT, write_reviewer);
    column(&a, group, is_report, BINARY_TEXT, write_head);
    column(&a, group, is_report, BINARY_TEXT, write_correction);
    column(&a, group, is_report, BINARY_BYTEA, write_envelope);
    column(&a, group, is_report, BINARY_BYTEA, write_answer);
    column(&a, group, is_report, BINARY_TIMESTAMPTZ, write_arrived);
    link_call(link, STORE_CLAIM, count_claims(group, is_next) > 0 ? "claim_next" : "claim", &a);
    link_arguments_fini(&a);
}

static void
call_keep(struct link *link, const struct group *group)
{
    struct link_arguments a = {0};

    slot_columns(&a, group, is_kept);
    column(&a, group, is_kept, BINARY_BYTEA, write_key);
    column(&a, group, is_kept, BINARY_TIMESTAMPTZ, write_received);
    column(&a, group, is_kept, BINARY_BYTEA, write_envelope);
    column(&a, group, is_kept, BINARY_BYTEA, write_answer);
    link_call(link, STORE_KEEP, "keep", &a);
    link_arguments_fini(&a);
}

void
store_send_claims(struct link *link, const struct group *group)
{
    link_call(link, STORE_BEGIN, "begin", NULL);
    if (count_claims(group, is_report) > 0)
        call_claim(link, group);
    if (count_claims(group, is_kept) > 0)
        call_keep(link, group);
    link_run(link, false);
}

static struct claim *
claim_of_row(const PGresult *result, int row, struct group *group)
{
    return group_find(group, binary_get32(PQgetvalue(result, row, 0)),
                      binary_get16(PQgetvalue(result, row, 1)), binary_get_day(PQgetvalue(result, row, 2)));
}

void
store_read_won(const PGresult *result, struct group *group)
{
    for (int row = 0; row < PQntuples(result); row++) {
        struct claim *claim = claim_of_row(result, row, group);
        if (claim == NULL)
            continue;
        claim->state = CLAIM_WON;
        claim->district = binary_get32(PQgetvalue(result, row, 3));
        claim->watched = *PQgetvalue(result, row, 4) != 0;
    }
}

bool
store_mark_lost(struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->claims[i].state == CLAIM_OPEN)
            group->claims[i].state = CLAIM_LOST;
    return count_claims(group, is_lost) > 0 || count_claims(group, is_correction) > 0;
}

static bool
is_won(const struct claim *claim)
{
    return claim->state == CLAIM_WON;
}

bool
store_any_won(const struct group *group)
{
    return count_claims(group, is_won) > 0;
}

/* ---- losers and corrections --------------------------------------------------------------------- */

static void
call_look(struct link *link, const struct group *group)
{
    struct link_arguments a = {0};

    slot_columns(&a, group, is_lost);
    link_call(link, STORE_LOOK, "look", &a);
    link_arguments_fini(&a);
}

/* A function over revisions that were won. */
static void
call_on_won(struct link *link, int tag, const char *statement, const struct group *group,
            choose_claim *choose)
{
    struct link_arguments a = {0};

    column(&a, group, choose, BINARY_INT4, write_district);
    column(&a, group, choose, BINARY_DATE, write_period);
    column(&a, group, choose, BINARY_INT4, write_school);
    column(&a, group, choose, BINARY_INT2, write_form);
    column(&a, group, choose, BINARY_INT4, write_revision);
    column(&a, group, choose, BINARY_BYTEA, write_id);
    link_call(link, tag, statement, &a);
    link_arguments_fini(&a);
}

void
store_send_look(struct link *link, const struct group *group, bool commit)
{
    if (count_claims(group, is_lost) > 0)
        call_look(link, group);
    if (count_claims(group, is_correction) > 0)
        call_on_won(link, STORE_CORRECT, "correct", group, is_correction);
    if (commit)
        link_call(link, STORE_COMMIT, "commit", NULL);
    link_run(link, false);
}

static void
settle(struct claim *claim, enum submission_outcome outcome)
{
    claim->state = CLAIM_SETTLED;
    claim->outcome = outcome;
}

/* Columns of "look" behind the slot. */
enum look_column {
    LOOK_DISTRICT = 3,
    LOOK_RECEIPT,
    LOOK_KEPT,
    LOOK_DECISION,
    LOOK_REVISION,
    LOOK_ID,
    LOOK_BEFORE
};

static bool
settle_repeated(struct claim *claim, const PGresult *result, int row, int field)
{
    struct submission *s = claim->submission;
    size_t len = (size_t)PQgetlength(result, row, field);

    s->first_answer = malloc(len > 0 ? len : 1);
    if (s->first_answer == NULL)
        return false;
    memcpy(s->first_answer, PQgetvalue(result, row, field), len);
    s->first_answer_len = len;
    settle(claim, SUBMISSION_REPEATED);
    return true;
}

static void
settle_conflict(struct claim *claim, const PGresult *result, int row)
{
    struct submission *s = claim->submission;

    s->current_revision = (uint32_t)binary_get32(PQgetvalue(result, row, LOOK_REVISION));
    memcpy(s->current_id, PQgetvalue(result, row, LOOK_ID), ID_SIZE);
    settle(claim, SUBMISSION_CONFLICT);
}

/* A report that is not stored: another holds the slot, its predecessor is unknown or another one, or it met a
 * race. */
static void
settle_report(struct claim *claim, const PGresult *result, int row)
{
    struct submission *s = claim->submission;
    bool held = !PQgetisnull(result, row, LOOK_REVISION);
    bool before = !PQgetisnull(result, row, LOOK_BEFORE);

    if (held && (uint32_t)binary_get32(PQgetvalue(result, row, LOOK_REVISION)) >= s->revision)
        settle_conflict(claim, result, row);
    else if (before && memcmp(PQgetvalue(result, row, LOOK_BEFORE), s->previous, ID_SIZE) != 0)
        settle_conflict(claim, result, row);
    else if (!before && s->revision > 1)
        settle(claim, SUBMISSION_WAITS);
    /* else: its predecessor came between the claim and the look; it stays lost and runs again */
}

static bool
settle_lost(struct claim *claim, const PGresult *result, int row)
{
    if (!PQgetisnull(result, row, LOOK_RECEIPT))
        return settle_repeated(claim, result, row, LOOK_RECEIPT);
    claim->submission->decided = !PQgetisnull(result, row, LOOK_DECISION);
    if (claim->submission->decided)
        return settle_repeated(claim, result, row, LOOK_DECISION);
    if (!is_report(claim) && !PQgetisnull(result, row, LOOK_KEPT))
        return settle_repeated(claim, result, row, LOOK_KEPT);
    if (is_review(claim))
        settle(claim, SUBMISSION_REFUSED);
    else if (PQgetisnull(result, row, LOOK_DISTRICT))
        settle(claim, SUBMISSION_MOVED);
    else if (is_report(claim))
        settle_report(claim, result, row);
    return true;
}

bool
store_read_look(const PGresult *result, struct group *group)
{
    for (int row = 0; row < PQntuples(result); row++) {
        struct claim *claim = claim_of_row(result, row, group);
        if (claim != NULL && !settle_lost(claim, result, row))
            return false;
    }
    return true;
}

/* Columns that "correct" returns. */
enum correct_column {
    CORRECT_DISTRICT,
    CORRECT_PERIOD,
    CORRECT_FORM,
    CORRECT_INDICATOR,
    CORRECT_MISSING,
    CORRECT_VALUE,
    CORRECT_DENOMINATOR
};

static int64_t
int8_or_zero(const PGresult *result, int row, int field)
{
    return PQgetisnull(result, row, field) ? 0 : binary_get64(PQgetvalue(result, row, field));
}

void
store_read_correction(const PGresult *result, struct totals *totals)
{
    for (int row = 0; row < PQntuples(result); row++) {
        struct totals_figure figure = {
            .indicator = binary_get16(PQgetvalue(result, row, CORRECT_INDICATOR)),
            .missing = !PQgetisnull(result, row, CORRECT_MISSING),
            .value = int8_or_zero(result, row, CORRECT_VALUE),
            .denominator = int8_or_zero(result, row, CORRECT_DENOMINATOR),
        };
        totals_put(totals, binary_get32(PQgetvalue(result, row, CORRECT_DISTRICT)),
                   binary_get_day(PQgetvalue(result, row, CORRECT_PERIOD)),
                   binary_get16(PQgetvalue(result, row, CORRECT_FORM)), figure, TOTALS_SUBTRACT);
    }
}

/* ---- judging ------------------------------------------------------------------------------------ */

bool
store_any_watched(const struct group *group)
{
    return count_claims(group, is_watched) > 0;
}

void
store_send_judge(struct link *link, const struct group *group)
{
    call_on_won(link, STORE_JUDGE, "judge", group, is_watched);
    link_call(link, STORE_COMMIT, "commit", NULL);
    link_run(link, false);
}

/* ---- the end of a transaction ------------------------------------------------------------------- */

void
store_send_commit(struct link *link)
{
    link_simple(link, STORE_COMMIT, "COMMIT");
}

void
store_send_rollback(struct link *link)
{
    link_simple(link, STORE_ROLLBACK, "ROLLBACK");
}

/* ---- rejections --------------------------------------------------------------------------------- */

static void
rejected_slot_columns(struct link_arguments *a, const struct group *group)
{
    column(a, group, is_any, BINARY_TEXT, write_school_code);
    column(a, group, is_any, BINARY_TEXT, write_form_code);
    column(a, group, is_any, BINARY_TEXT, write_period_text);
}

static void
call_lock_slots(struct link *link, const struct group *group)
{
    struct link_arguments a = {0};

    rejected_slot_columns(&a, group);
    link_call(link, STORE_LOCK, "lock_slots", &a);
    link_arguments_fini(&a);
}

void
store_send_rejections(struct link *link, const struct group *group)
{
    struct link_arguments a = {0};

    call_lock_slots(link, group);
    rejected_slot_columns(&a, group);
    column(&a, group, is_any, BINARY_INT8, write_revision8);
    column(&a, group, is_any, BINARY_BYTEA, write_id);
    column(&a, group, is_any, BINARY_BYTEA, write_key);
    column(&a, group, is_any, BINARY_TIMESTAMPTZ, write_received);
    column(&a, group, is_any, BINARY_BYTEA, write_answer);
    column(&a, group, is_any, BINARY_TEXT, write_summary);
    column(&a, group, is_any, BINARY_BYTEA, write_envelope);
    binary_raw64(link_argument(&a), REJECTIONS_A_SLOT);
    link_call(link, STORE_REFUSE, "refuse", &a);
    link_arguments_fini(&a);
    link_run(link, false);
}
