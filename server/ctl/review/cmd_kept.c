/*
 * yuebaoctl kept: what came after its period closed, and a person's decision about it.
 */
#include "cmd_kept.h"

#include <string.h>

#include "below.h"
#include "db.h"
#include "kept.h"
#include "known.h"
#include "listing.h"

#define FROM_WHERE                                                                                           \
    "FROM api.kept AS k WHERE " IS_BELOW(                                                                    \
        "k.district") " AND ($2::text IS NULL OR k.period = $2) AND ($3::text IS NULL OR k.school = $3) "    \
                      "AND ($4::boolean OR k.decision = 'waiting') ORDER BY k.received_at, k.id"

enum { ID, SCHOOL, NAME_ZH, NAME_EN, FORM, PERIOD, REVISION, HELD, RECEIVED, DECISION, BY, AT, REASON };

static const struct output_column columns[] = {
    {"id", MSG_ctl_col_id, CELL_TEXT, {0}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 32, .least = 16}},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 32, .least = 16, .leaves = 1}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"revision", MSG_ctl_col_revision, CELL_INTEGER, {0}},
    {"held_revision", MSG_ctl_col_held, CELL_INTEGER, {.leaves = 3}},
    {"received_at", MSG_ctl_col_received, CELL_INSTANT, {0}},
    {"decision", MSG_ctl_col_decision, CELL_TEXT, {0}},
    {"decided_by", MSG_ctl_col_decided_by, CELL_TEXT, {.leaves = 2}},
    {"decided_at", MSG_ctl_col_decided_at, CELL_INSTANT, {.leaves = 2}},
    {"reason", MSG_ctl_col_reason, CELL_TEXT, {.least = 16}},
};
#define WAITING_COUNT 10 /* columns that matter before a decision */
#define COLUMN_COUNT  (sizeof(columns) / sizeof(columns[0]))

/* ---- list --------------------------------------------------------------------------------------- */

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[DECISION] = ctl_word(ctl, kept_decision_word(cells[DECISION]));
}

static const struct listing waiting = {.columns = columns,
                                       .n = WAITING_COUNT,
                                       .none = MSG_ctl_kept_none,
                                       .one = MSG_ctl_kept_one,
                                       .many = MSG_ctl_kept_count,
                                       .in_words = in_words};
static const struct listing everything = {.columns = columns,
                                          .n = COLUMN_COUNT,
                                          .none = MSG_ctl_kept_none_ever,
                                          .one = MESSAGE_COUNT,
                                          .in_words = in_words};

static PGresult *
ask_list(struct ctl *ctl, const struct kept_options *o)
{
    const char *values[] = {o->district, o->period, o->school, o->all ? "t" : "f"};

    if (ctl->format != OUTPUT_TEXT)
        return db_query(ctl, WITH_BELOW "SELECT k.* " FROM_WHERE, 4, values);
    return db_query(
        ctl,
        WITH_BELOW
        "SELECT left(k.id, 12), k.school, k.school_zh, k.school_en, k.form, k.period, k.revision, "
        "k.held_revision, k.received_at, k.decision, k.decided_by, k.decided_at, k.reason " FROM_WHERE,
        4, values);
}

static int
list(struct ctl *ctl, const struct kept_options *o)
{
    if (!is_district(ctl, o->district) || !is_period(ctl, o->period) || !db_connect_to_ask(ctl) ||
        !knows_district(ctl, o->district) || !knows_school(ctl, o->school))
        return ctl->status;
    return listing_tell(ctl, o->all ? &everything : &waiting, ask_list(ctl, o));
}

/* ---- the command -------------------------------------------------------------------------------- */

/* An option that the verb does not know; NULL: none. */
static const char *
misplaced(const struct kept_options *o, bool listing, bool deciding)
{
    if (!listing && (o->district != NULL || o->period != NULL || o->school != NULL || o->all))
        return "--district, --period, --school, --all";
    if (!deciding && (o->reason != NULL || o->key != NULL || o->dry_run))
        return "--reason, --key, --dry-run";
    return NULL;
}

int
cmd_kept(struct ctl *ctl, int argc, char **argv)
{
    struct kept_options o = {0};
    const struct ctl_option own[] = {{"district", &o.district, NULL}, {"period", &o.period, NULL},
                                     {"school", &o.school, NULL},     {"all", NULL, &o.all},
                                     {"reason", &o.reason, NULL},     {"key", &o.key, NULL},
                                     {"dry-run", NULL, &o.dry_run},   {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    const char *verb = first < argc ? argv[first] : "list";
    int n = argc - first - 1;
    bool listing = strcmp(verb, "list") == 0 && n <= 0, admit = strcmp(verb, "admit") == 0 && n > 0;
    bool deciding = admit || (strcmp(verb, "decline") == 0 && n > 0);
    const char *wrong = misplaced(&o, listing, deciding);
    if (!listing && !deciding && !(strcmp(verb, "show") == 0 && n == 1))
        return ctl_usage(ctl, MSG_ctl_kept_verb, NULL);
    if (wrong != NULL)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", wrong, NULL);
    if (deciding)
        return kept_decide(ctl, &o, admit, argv + first + 1, n);
    return listing ? list(ctl, &o) : kept_show(ctl, argv[first + 1]);
}
