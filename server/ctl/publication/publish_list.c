/*
 * publish list, publish withdraw, and what all verbs ask first.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "listing.h"
#include "publish.h"

bool
publish_begin(struct ctl *ctl, const struct publish_options *o, bool as_admin)
{
    return is_district(ctl, o->district) && is_period(ctl, o->period) && is_district(ctl, o->below) &&
           (as_admin ? db_connect_admin(ctl) && knows_district(ctl, o->district) : db_connect(ctl));
}

#define EDITION_DIGITS 9

static bool
is_edition(struct ctl *ctl, const char *text)
{
    if (text == NULL ||
        (strspn(text, "0123456789") == strlen(text) && text[0] != '\0' && strlen(text) <= EDITION_DIGITS))
        return true;
    ctl_usage(ctl, MSG_ctl_publish_bad_edition, "value", text, NULL);
    return false;
}

char *
publish_edition(struct ctl *ctl, const struct publish_options *o)
{
    const char *values[] = {o->district, o->period, o->edition};

    if (!is_edition(ctl, o->edition))
        return NULL;
    PGresult *result = db_query(
        ctl,
        "SELECT e.edition, e.withdrawn_because, pg_catalog.to_char(e.withdrawn_at, 'YYYY-MM-DD HH24:MI') "
        "FROM published.edition AS e WHERE e.publisher = $1::integer AND e.period = $2 "
        "AND CASE WHEN $3::integer IS NULL THEN e.newest ELSE e.edition = $3::integer END",
        3, values);
    if (result == NULL)
        return NULL;
    char *edition = NULL;
    if (PQntuples(result) == 0)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_publish_none_such, "district", o->district, "period", o->period,
                 NULL);
    else if (db_cell(result, 0, 1) != NULL)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_publish_was_withdrawn, "edition", PQgetvalue(result, 0, 0), "at",
                 PQgetvalue(result, 0, 2), "reason", PQgetvalue(result, 0, 1), NULL);
    else if ((edition = strdup(PQgetvalue(result, 0, 0))) == NULL)
        abort();
    PQclear(result);
    return edition;
}

/* ---- list ----------------------------------------------------------------------------------------- */

static const struct output_column columns[] = {
    {"publisher", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"publisher_zh", MSG_ctl_col_district_name, CELL_TEXT, {.widest = 24, .least = 8, .leaves = 1}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"edition", MSG_ctl_col_edition, CELL_INTEGER, {0}},
    {"standing", MSG_ctl_col_state, CELL_TEXT, {0}},
    {"published_at", MSG_ctl_col_published_at, CELL_INSTANT, {0}},
    {"published_by", MSG_ctl_col_published_by, CELL_TEXT, {.leaves = 2}},
    {"numbers", MSG_ctl_col_numbers, CELL_INTEGER, {0}},
    {"held_back", MSG_ctl_col_held_back, CELL_INTEGER, {0}},
    {"changed", MSG_ctl_col_changed_since, CELL_INTEGER, {0}},
    {"withdrawn_because", MSG_ctl_col_note, CELL_TEXT, {.least = 12, .leaves = 3}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))
#define STANDING     4

static enum message
standing_word(const char *standing)
{
    if (strcmp(standing, "stands") == 0)
        return MSG_ctl_edition_stands;
    if (strcmp(standing, "differs") == 0)
        return MSG_ctl_edition_differs;
    return strcmp(standing, "superseded") == 0 ? MSG_ctl_edition_superseded : MSG_ctl_edition_withdrawn;
}

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[STANDING] = ctl_word(ctl, standing_word(cells[STANDING]));
}

/* The newest is compared with what is now, if the month is not put away; the others are history. */
#define LISTED(name)                                                                                         \
    "SELECT e.publisher, " name                                                                              \
    ", e.period, e.edition, CASE WHEN e.withdrawn_at IS NOT NULL THEN 'withdrawn' "                          \
    "WHEN NOT e.newest THEN 'superseded' WHEN c.changed > 0 THEN 'differs' ELSE 'stands' END AS standing, "  \
    "e.published_at, p.published_by, n.numbers, n.held_back, c.changed, e.withdrawn_because, "               \
    "e.expected, e.reported, e.withdrawn_at "                                                                \
    "FROM published.edition AS e JOIN yuebao.publication AS p ON p.district = e.publisher "                  \
    "AND p.period = e.first_day AND p.frequency = e.frequency AND p.edition = e.edition "                    \
    "CROSS JOIN LATERAL (SELECT count(*) AS numbers, count(c.held) AS held_back FROM "                       \
    "yuebao.publication_cell AS c WHERE c.publication = p.publication) AS n CROSS JOIN LATERAL "             \
    "(SELECT CASE WHEN e.newest AND NOT yuebao.is_detached(p.period) THEN "                                  \
    "yuebao.publication_changes(p.publication) END AS changed) AS c "                                        \
    "WHERE ($1::integer IS NULL OR e.publisher = ANY (ARRAY(SELECT a.district FROM "                         \
    "yuebao.district_ancestor AS a WHERE a.ancestor = $1::integer))) AND ($2::text IS NULL OR e.period = "   \
    "$2) "                                                                                                   \
    "ORDER BY e.first_day DESC, e.publisher, e.edition DESC"

int
publish_list(struct ctl *ctl, const struct publish_options *o)
{
    static const struct listing listing = {.columns = columns,
                                           .n = COLUMN_COUNT,
                                           .none = MSG_ctl_publish_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = in_words};
    const char *values[] = {o->district, o->period};

    if (!publish_begin(ctl, o, true))
        return ctl->status;
    bool en = ctl->format == OUTPUT_TEXT && ctl->language == LANGUAGE_EN;
    return listing_tell(ctl, &listing,
                        db_query(ctl, en ? LISTED("e.publisher_en") : LISTED("e.publisher_zh"), 2, values));
}

/* ---- withdraw ------------------------------------------------------------------------------------- */

static bool
withdraw(struct ctl *ctl, const struct publish_options *o, const char *edition)
{
    const char *values[] = {o->district, o->period, edition, o->reason};

    return db_do(
        ctl,
        "WITH gone AS (INSERT INTO yuebao.publication_withdrawal (publication, reason) "
        "SELECT e.publication, $4 FROM yuebao.period_of($2) AS p JOIN yuebao.publication AS e ON e.district "
        "= $1::integer "
        "AND e.period = p.first_day AND e.frequency = p.frequency AND e.edition = $3::integer RETURNING 1) "
        "INSERT INTO yuebao.audit_log (action, detail) SELECT 'withdraw', jsonb_build_object('district', "
        "$1::integer, "
        "'period', $2, 'edition', $3::integer, 'reason', $4) FROM gone",
        4, values);
}

int
publish_withdraw(struct ctl *ctl, const struct publish_options *o)
{
    if (o->reason == NULL)
        return ctl_usage(ctl, MSG_ctl_publish_withdraw_why, NULL);
    if (!is_reason(ctl, o->reason) || !publish_begin(ctl, o, true))
        return ctl->status;
    char *edition = publish_edition(ctl, o);
    if (edition == NULL)
        return ctl->status;
    int status = ctl->status;
    if ((!o->dry_run || db_do_plain(ctl, "BEGIN")) && withdraw(ctl, o, edition) &&
        (!o->dry_run || db_do_plain(ctl, "ROLLBACK"))) {
        ctl_say(ctl, MSG_ctl_publish_withdrawn, "district", o->district, "period", o->period, "edition",
                edition, NULL);
        if (o->dry_run)
            ctl_say(ctl, MSG_ctl_import_dry_run, NULL);
        status = EX_OK;
    } else {
        status = ctl->status;
    }
    free(edition);
    return status;
}
