/*
 * yuebaoctl snapshot: progress of a plan frozen at a date, as for its mid-term evaluation; kept and compared.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "listing.h"
#include "period.h"
#include "progress.h"

#define NAME_MAX_LEN 64

static bool
is_name(struct ctl *ctl, const char *name)
{
    static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";
    size_t len = strlen(name);

    if (len > 0 && len <= NAME_MAX_LEN && strspn(name, allowed) == len)
        return true;
    ctl_usage(ctl, MSG_ctl_snapshot_bad_name, "value", name, NULL);
    return false;
}

/* Whether the database holds a snapshot of that name; not known: reported. */
static bool
knows_snapshot(struct ctl *ctl, const char *name)
{
    PGresult *result = db_query(ctl, "SELECT FROM api.snapshot AS s WHERE s.snapshot = $1", 1, &name);

    if (result == NULL)
        return false;
    bool known = PQntuples(result) == 1;
    PQclear(result);
    if (!known)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_snapshot_unknown, "value", name, NULL);
    return known;
}

/* ---- take --------------------------------------------------------------------------------------- */

static bool
is_free(struct ctl *ctl, const char *name)
{
    PGresult *result = db_query(ctl, "SELECT FROM api.snapshot AS s WHERE s.snapshot = $1", 1, &name);

    if (result == NULL)
        return false;
    bool is_new = PQntuples(result) == 0;
    PQclear(result);
    if (!is_new)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_snapshot_taken_before, "value", name, NULL);
    return is_new;
}

static int
take(struct ctl *ctl, const char *plan, const char *name, const char *as_of)
{
    const char *values[] = {name, as_of, plan};
    int32_t day;

    if (name == NULL)
        return ctl_usage(ctl, MSG_ctl_snapshot_wants_name, NULL);
    if (as_of != NULL && !date_parse(as_of, &day))
        return ctl_usage(ctl, MSG_ctl_bad_date, "value", as_of, NULL);
    if (!is_name(ctl, name) || !db_connect_admin(ctl) || !knows_plan(ctl, plan) || !is_free(ctl, name))
        return ctl->status;
    PGresult *result = db_query(ctl, "SELECT yuebao.take_snapshot($3, $1, " PROGRESS_AS_OF ")", 3, values);
    if (result == NULL)
        return ctl->status;
    ctl_say(ctl, MSG_ctl_snapshot_taken, "name", name, "plan", plan, "count", PQgetvalue(result, 0, 0), NULL);
    PQclear(result);
    return EX_OK;
}

/* ---- list --------------------------------------------------------------------------------------- */

static const struct output_column list_columns[] = {
    {"snapshot", MSG_ctl_col_name, CELL_TEXT, {0}},     {"plan", MSG_ctl_col_plan, CELL_TEXT, {0}},
    {"as_of", MSG_ctl_col_as_of, CELL_INSTANT, {0}},    {"targets", MSG_ctl_col_targets, CELL_INTEGER, {0}},
    {"taken_by", MSG_ctl_col_taken_by, CELL_TEXT, {0}}, {"taken_at", MSG_ctl_col_taken_at, CELL_INSTANT, {0}},
};

static int
list(struct ctl *ctl, const char *plan)
{
    static const struct listing listing = {.columns = list_columns,
                                           .n = sizeof(list_columns) / sizeof(list_columns[0]),
                                           .none = MSG_ctl_snapshot_none,
                                           .one = MESSAGE_COUNT,
                                           .many = MESSAGE_COUNT};

    if (!db_connect_to_ask(ctl) || !knows_plan(ctl, plan))
        return ctl->status;
    return listing_tell(ctl, &listing,
                        db_query(ctl,
                                 "SELECT s.snapshot, s.plan, s.as_of, s.targets, s.taken_by, s.taken_at "
                                 "FROM api.snapshot AS s WHERE $1::text IS NULL OR s.plan = $1 "
                                 "ORDER BY s.taken_at, s.snapshot",
                                 1, &plan));
}

/* ---- show --------------------------------------------------------------------------------------- */

/* clang-format off */
#define SHOWN(value) "api.figure_text(" value ", t.unit)"
#define SHOW(name) \
    "SELECT t.\"position\", " name ", CASE t.direction WHEN 'at_least' THEN '≥ ' WHEN 'at_most' THEN '≤ ' " \
    "WHEN 'equal' THEN '= ' WHEN 'reduce_by' THEN '− ' ELSE '+ ' END || coalesce(" SHOWN("t.target_value") \
    ", '?'), t.due, " SHOWN("t.\"now\"") ", t.now_period, CASE WHEN t.expected > 0 THEN t.reported || '/' || " \
    "t.expected END, " SHOWN("t.projection") ", t.status FROM api.snapshot_target AS t " \
    "WHERE t.snapshot = $1 ORDER BY t.\"position\""
#define COMPARE(name) \
    "SELECT t.\"position\", " name ", " SHOWN("t.newer_goal") ", " SHOWN("t.older_now") ", " SHOWN("t.newer_now") \
    ", CASE WHEN t.change > 0 THEN '+' ELSE '' END || " SHOWN("t.change") ", " SHOWN("t.older_projection") ", " \
    SHOWN("t.newer_projection") ", t.older_status, t.newer_status FROM api.snapshot_compare($1, $2) AS t"
/* clang-format on */

static const struct output_column show_columns[] = {
    {"position", MSG_ctl_col_number, CELL_INTEGER, {0}},
    {"name", MSG_ctl_col_indicator, CELL_TEXT, {.least = 16}},
    {"target", MSG_ctl_col_target, CELL_DECIMAL, {0}},
    {"due", MSG_ctl_col_due, CELL_TEXT, {0}},
    {"now", MSG_ctl_col_now, CELL_DECIMAL, {0}},
    {"now_period", MSG_ctl_col_now_period, CELL_TEXT, {.leaves = 1}},
    {"reported", MSG_ctl_col_reported, CELL_DECIMAL, {.leaves = 2}},
    {"projection", MSG_ctl_col_projection, CELL_DECIMAL, {0}},
    {"status", MSG_ctl_col_state, CELL_TEXT, {0}},
};
enum { SHOW_STATUS = 8 };

static const struct output_column compare_columns[] = {
    {"position", MSG_ctl_col_number, CELL_INTEGER, {0}},
    {"name", MSG_ctl_col_indicator, CELL_TEXT, {.least = 16}},
    {"goal", MSG_ctl_col_goal, CELL_DECIMAL, {0}},
    {"older_now", MSG_ctl_col_then, CELL_DECIMAL, {0}},
    {"newer_now", MSG_ctl_col_now, CELL_DECIMAL, {0}},
    {"change", MSG_ctl_col_change, CELL_DECIMAL, {0}},
    {"older_projection", MSG_ctl_col_projection_then, CELL_DECIMAL, {.leaves = 1}},
    {"newer_projection", MSG_ctl_col_projection, CELL_DECIMAL, {.leaves = 2}},
    {"older_status", MSG_ctl_col_state_then, CELL_TEXT, {0}},
    {"newer_status", MSG_ctl_col_state, CELL_TEXT, {0}},
};
enum { OLDER_STATUS = 8, NEWER_STATUS = 9 };

static void
show_in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells,
              char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    cells[SHOW_STATUS] = message_word(ctl->language, cells[SHOW_STATUS]);
}

static void
compare_in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells,
                 char words[LISTING_WORDS_MAX])
{
    (void)result;
    (void)row;
    (void)words;
    for (int c = OLDER_STATUS; c <= NEWER_STATUS; c++)
        if (cells[c] != NULL)
            cells[c] = message_word(ctl->language, cells[c]);
}

/* When, by whom, and what it came to in each district. */
static bool
say_snapshot(struct ctl *ctl, const char *name)
{
    static const char
        sql[] = /* --as-of is the end of a day, and midnight would be read as that of the next */
        "SELECT s.plan, CASE WHEN l.as_of = pg_catalog.date_trunc('day', l.as_of) "
        "THEN pg_catalog.to_char(l.as_of - interval '1 day', 'YYYY-MM-DD') || ' 24:00' "
        "ELSE pg_catalog.to_char(l.as_of, 'YYYY-MM-DD HH24:MI') END, "
        "s.taken_by, pg_catalog.to_char(s.taken_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), "
        "r.district_zh, r.district_en, r.result FROM api.snapshot AS s "
        "CROSS JOIN LATERAL (SELECT s.as_of AT TIME ZONE 'Asia/Shanghai' AS as_of) AS l "
        "JOIN api.snapshot_result AS r ON r.snapshot = s.snapshot WHERE s.snapshot = $1 ORDER BY r.district";
    PGresult *result = db_query(ctl, sql, 1, &name);

    if (result == NULL)
        return false;
    for (int r = 0; r < PQntuples(result); r++) {
        if (r == 0)
            ctl_say(ctl, MSG_ctl_snapshot_title, "name", name, "plan", PQgetvalue(result, 0, 0), "as_of",
                    PQgetvalue(result, 0, 1), "by", PQgetvalue(result, 0, 2), "at", PQgetvalue(result, 0, 3),
                    NULL);
        ctl_say(ctl, MSG_ctl_snapshot_result, "district",
                PQgetvalue(result, r, ctl->language == LANGUAGE_ZH ? 4 : 5), "result",
                message_word(ctl->language, PQgetvalue(result, r, 6)), NULL);
    }
    PQclear(result);
    return true;
}

static int
show(struct ctl *ctl, const char *name)
{
    static const struct listing listing = {.columns = show_columns,
                                           .n = sizeof(show_columns) / sizeof(show_columns[0]),
                                           .none = MSG_ctl_no_targets,
                                           .one = MESSAGE_COUNT,
                                           .many = MESSAGE_COUNT,
                                           .in_words = show_in_words};
    const char *sql =
        "SELECT t.* FROM api.snapshot_target AS t WHERE t.snapshot = $1 ORDER BY t.\"position\"";

    if (!is_name(ctl, name) || !db_connect_to_ask(ctl) || !knows_snapshot(ctl, name))
        return ctl->status;
    if (ctl->format == OUTPUT_TEXT) {
        sql = ctl->language == LANGUAGE_ZH ? SHOW("t.name_zh") : SHOW("t.name_en");
        if (!say_snapshot(ctl, name))
            return ctl->status;
    }
    return listing_tell(ctl, &listing, db_query(ctl, sql, 1, &name));
}

/* ---- compare ------------------------------------------------------------------------------------ */

/* Progress runs forward, in whatever order they were named. false: reported. */
static bool
put_older_first(struct ctl *ctl, const char *names[2])
{
    PGresult *result = db_query(
        ctl,
        "SELECT (o.as_of, o.taken_at) > (n.as_of, n.taken_at) FROM api.snapshot AS o, api.snapshot AS n "
        "WHERE o.snapshot = $1 AND n.snapshot = $2",
        2, names);

    if (result == NULL)
        return false;
    bool reversed = PQgetvalue(result, 0, 0)[0] == 't';
    const char *first = names[0];
    if (reversed) {
        names[0] = names[1];
        names[1] = first;
    }
    PQclear(result);
    return true;
}

static int
compare(struct ctl *ctl, const char *one, const char *other)
{
    static const struct listing listing = {.columns = compare_columns,
                                           .n = sizeof(compare_columns) / sizeof(compare_columns[0]),
                                           .none = MSG_ctl_no_targets,
                                           .one = MESSAGE_COUNT,
                                           .many = MESSAGE_COUNT,
                                           .in_words = compare_in_words};
    const char *values[] = {one, other};
    const char *sql = "SELECT t.* FROM api.snapshot_compare($1, $2) AS t";

    if (!is_name(ctl, one) || !is_name(ctl, other) || !db_connect_to_ask(ctl) || !knows_snapshot(ctl, one) ||
        !knows_snapshot(ctl, other) || !put_older_first(ctl, values))
        return ctl->status;
    if (ctl->format == OUTPUT_TEXT) {
        sql = ctl->language == LANGUAGE_ZH ? COMPARE("t.name_zh") : COMPARE("t.name_en");
        if (!say_snapshot(ctl, values[0]) || !say_snapshot(ctl, values[1]))
            return ctl->status;
    }
    return listing_tell(ctl, &listing, db_query(ctl, sql, 2, values));
}

int
cmd_snapshot(struct ctl *ctl, int argc, char **argv)
{
    const char *name = NULL, *as_of = NULL, *plan = NULL;
    const struct ctl_option own[] = {
        {"name", &name, NULL}, {"as-of", &as_of, NULL}, {"plan", &plan, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    const char *verb = first < argc ? argv[first] : "";
    int operands = argc - first - 1;
    bool takes = strcmp(verb, "take") == 0, lists = strcmp(verb, "list") == 0;
    if ((!takes && (name != NULL || as_of != NULL)) || (!lists && plan != NULL))
        return ctl_usage(ctl, MSG_ctl_snapshot_verbs, NULL);
    if (takes && operands == 1)
        return take(ctl, argv[first + 1], name, as_of);
    if (lists && operands == 0)
        return list(ctl, plan);
    if (strcmp(verb, "show") == 0 && operands == 1)
        return show(ctl, argv[first + 1]);
    if (strcmp(verb, "compare") == 0 && operands == 2)
        return compare(ctl, argv[first + 1], argv[first + 2]);
    return ctl_usage(ctl, MSG_ctl_snapshot_verbs, NULL);
}
