#include "import_changes.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "output.h"

#define LISTED_MAX 20 /* rows of one file on a terminal before a count is kinder */

/* ---- what the tables say, in the words of the files ----------------------------------------------- */

/* Beside the files: what follows from them. */
enum { CALENDAR = IMPORT_KINDS, SAID_KINDS };

#define ROW(columns) "(SELECT pg_catalog.row_to_json(x)::text FROM (SELECT " columns ") AS x)"

/* Queries of (key, Chinese name, English name, row as JSON text in the file's columns). */
static const char *const said[SAID_KINDS] = {
    [DISTRICTS] = "SELECT d.district::text, d.name_zh, d.name_en, " ROW(
        "d.parent, d.level, d.name_zh, d.name_en") " FROM yuebao.district AS d",
    [SCHOOLS] = "SELECT s.code, s.name_zh, s.name_en, " ROW(
        "s.institution, s.kind, s.name_zh, s.name_en, m.district, s.opened_on, s.closed_on, "
        "CASE WHEN m.moves > 1 THEN m.valid_from END AS valid_from") " FROM yuebao.school AS s CROSS JOIN "
                                                                     "LATERAL (SELECT "
                                                                     "(pg_catalog.array_agg(o.district ORDER "
                                                                     "BY o.valid_from DESC))[1] AS district, "
                                                                     "max(o.valid_from) AS valid_from, "
                                                                     "count(*) AS moves FROM "
                                                                     "yuebao.school_district AS o "
                                                                     "WHERE o.school = s.school) AS m "
                                                                     "WHERE s.code IN (SELECT t.code FROM "
                                                                     "pg_temp.import_school AS t)",
    [PLANS] = "SELECT p.plan, p.title_zh, p.title_en, " ROW(
        "p.title_zh, p.title_en, p.issuer_zh, p.district, p.period_start, p.period_end, p.issued_on, "
        "p.note") " FROM yuebao.plan AS p",
    [INDICATORS] = "SELECT i.code, i.name_zh, i.name_en, " ROW(
        "i.name_zh, i.name_en, i.unit, i.measure, i.numerator_zh, i.numerator_en, i.denominator_zh, "
        "i.denominator_en, i.over_schools, i.over_time, a.reported_by, a.frequency, i.decimals, "
        "i.denominator_decimals, CASE WHEN a.required THEN 'yes' WHEN NOT a.required THEN 'no' END AS "
        "required, CASE WHEN i.veto THEN 'yes' ELSE 'no' END AS veto, "
        "i.veto_direction, pg_catalog.trim_scale(i.veto_bound) AS veto_bound, "
        "pg_catalog.trim_scale(i.min) AS min, pg_catalog.trim_scale(i.max) AS max, "
        "i.note") " FROM yuebao.indicator AS i LEFT JOIN LATERAL "
                  "(SELECT pg_catalog.string_agg(f.kind, '|' ORDER BY f.kind) AS reported_by, "
                  "pg_catalog.string_agg(DISTINCT f.frequency, '|') AS frequency, bool_or(d.required) AS "
                  "required "
                  "FROM yuebao.form_indicator AS d JOIN yuebao.form AS f USING (form) "
                  "WHERE d.indicator = i.indicator AND f.name = '') AS a ON true",
    /* not by position: one more at the top would seem to change all below it */
    [TARGETS] =
        "SELECT t.plan || ' ' || i.code || ' ' || t.district || CASE WHEN t.nth > 1 THEN ' ' || t.nth ELSE "
        "'' "
        "END, i.name_zh, i.name_en, " ROW(
            "t.direction, pg_catalog.trim_scale(t.value) AS value, t.unit, t.due, t.responsible, t.section, "
            "t.evidence_zh, "
            "t.note") " FROM (SELECT r.*, pg_catalog.row_number() OVER (PARTITION BY r.plan, r.indicator, "
                      "r.district ORDER BY r.position) AS nth FROM yuebao.target AS r) AS t "
                      "JOIN yuebao.indicator AS i USING (indicator)",
    [BASELINES] =
        "SELECT b.plan || ' ' || i.code || ' ' || b.district || ' ' || b.as_of, i.name_zh, i.name_en, " ROW(
            "pg_catalog.trim_scale(b.value) AS value, b.unit, b.evidence_zh, "
            "b.note") " FROM yuebao.baseline AS b JOIN yuebao.indicator AS i USING (indicator)",
#define SIDE(side)                                                                                           \
    "(SELECT pg_catalog.string_agg(i.code || CASE WHEN i.measure NOT IN ('ratio', 'quotient') THEN '' "      \
    "WHEN t.part = 'value' THEN '.num' ELSE '.den' END || CASE WHEN t.previous THEN '.previous' ELSE '' "    \
    "END, ' + ' ORDER BY t.position) FROM yuebao.rule_term AS t JOIN yuebao.indicator AS i USING "           \
    "(indicator) WHERE t.rule = r.rule AND t.side = '" side "') AS \"" side "\""
    [RULES] = "SELECT r.code, r.message_zh, r.message_en, " ROW("r.severity, " SIDE("left") ", r.op, " SIDE(
        "right") ", r.message_zh, r.message_en") " FROM yuebao.rule AS r",
#undef SIDE
#define STANDS_IN(i, part)                                                                                   \
    i ".code || CASE WHEN " i ".measure NOT IN ('ratio', 'quotient') THEN '' WHEN b." part                   \
      " = 'value' THEN '.num' ELSE '.den' END"
    [BALANCE] = "SELECT b.balance, b.name_zh, b.name_en, " ROW(
        "b.name_zh, b.name_en, b.unit, " STANDS_IN("v", "value_part") " AS value, " STANDS_IN(
            "p", "pupils_part") " AS pupils, b.scale, (SELECT pg_catalog.string_agg(k.kind || "
                                "coalesce(':' || k.threshold, ''), '|' ORDER BY k.kind) FROM "
                                "yuebao.balance_threshold AS k WHERE k.balance = b.balance) AS kinds, "
                                "b.note") " FROM yuebao.balance_indicator AS b "
                                          "JOIN yuebao.indicator AS v ON v.indicator = b.value_indicator "
                                          "JOIN yuebao.indicator AS p ON p.indicator = b.pupils_indicator",
#undef STANDS_IN
    [AREAS] = "SELECT a.code, a.name_zh, a.name_en, " ROW(
        "a.kind, a.name_zh, a.name_en, a.district") " FROM yuebao.area AS a",
    [AREA_SCHOOLS] =
        "SELECT a.code || ' ' || s.code || coalesce(' ' || nullif(m.from_day, '-infinity'), ''), s.name_zh, "
        "s.name_en, " ROW(
            "nullif(m.until_day, 'infinity') AS until_day") " FROM yuebao.area_school AS m "
                                                            "JOIN yuebao.area AS a USING (area) "
                                                            "JOIN yuebao.school AS s USING "
                                                            "(school)",
    [THRESHOLDS] = "SELECT t.code, t.name_zh, t.name_en, " ROW(
        "i.code AS indicator, t.level, t.district, t.kind, t.direction, pg_catalog.trim_scale(t.bound) AS "
        "bound, t.severity, t.name_zh, t.name_en, t.valid_from, t.valid_until, "
        "t.note") " FROM yuebao.threshold AS t JOIN yuebao.indicator AS i USING (indicator) WHERE t.active",
    [CALENDAR] =
        "SELECT w.code || ' ' || yuebao.period_text(w.first_day, w.frequency), f.name_zh, f.name_en, "
        "'{}' FROM yuebao.calendar_window AS w JOIN yuebao.form AS f USING (form) WHERE NOT w.opened",
};

/* What the forms of the newest catalogue ask and those of the one before it did not, or the other way round.
 */
static const char forms_sql[] =
    "WITH newest AS (SELECT c.catalogue, pg_catalog.row_number() OVER (ORDER BY c.catalogue DESC) AS nth "
    "FROM yuebao.catalogue AS c WHERE c.governs_from < 'infinity'), "
    "now AS (SELECT a.form, a.indicator, a.required FROM yuebao.catalogue_form AS a JOIN newest AS n "
    "USING (catalogue) WHERE n.nth = 1), "
    "was AS (SELECT a.form, a.indicator, a.required FROM yuebao.catalogue_form AS a JOIN newest AS n "
    "USING (catalogue) WHERE n.nth = 2) "
    "SELECT f.code, f.name_zh, f.name_en, "
    "CASE WHEN w.form IS NULL THEN 'gains' WHEN n.form IS NULL THEN 'loses' ELSE 'changed' END, i.code, "
    "CASE WHEN w.required THEN 'required' WHEN NOT w.required THEN 'optional' END, "
    "CASE WHEN n.required THEN 'required' WHEN NOT n.required THEN 'optional' END "
    "FROM now AS n FULL JOIN was AS w USING (form, indicator) JOIN yuebao.form AS f USING (form) "
    "JOIN yuebao.indicator AS i USING (indicator) "
    "WHERE n.required IS DISTINCT FROM w.required AND EXISTS (SELECT FROM was) ORDER BY f.code, i.code";

/* ---- before and after ----------------------------------------------------------------------------- */

struct changes {
    PGresult *kinds[SAID_KINDS]; /* (key, zh, en, change, column, before, after); NULL: not asked */
    PGresult *forms;             /* the same; NULL without a new catalogue */
    const PGresult *governed;    /* borrowed; NULL without a new catalogue */
};

static bool
remember(struct import *import, int kind)
{
    char number[8], *sql = NULL;

    snprintf(number, sizeof(number), "%d", kind);
    if (asprintf(&sql,
                 "INSERT INTO pg_temp.import_was SELECT $1::integer, w.* FROM (%s) AS w (key, zh, en, was)",
                 said[kind]) < 0)
        abort();
    bool ok = db_do(import->ctl, sql, 1, (const char *const[]){number});
    free(sql);
    return ok;
}

bool
changes_begin(struct import *import)
{
    return db_do_plain(import->ctl,
                       "CREATE TEMPORARY TABLE import_was (kind integer, key text, zh text, en text, "
                       "was text) ON COMMIT DROP") &&
           remember(import, CALENDAR);
}

bool
changes_before(struct import *import, enum import_kind kind)
{
    return remember(import, (int)kind);
}

static PGresult *
compare(struct import *import, int kind)
{
    char number[8], *sql = NULL;

    snprintf(number, sizeof(number), "%d", kind);
    if (asprintf(
            &sql,
            "SELECT coalesce(n.key, w.key), coalesce(n.zh, w.zh), coalesce(n.en, w.en), c.change, "
            "c.name, c.before, c.after "
            "FROM (SELECT * FROM pg_temp.import_was AS o WHERE o.kind = $1::integer) AS w "
            "FULL JOIN (SELECT * FROM (%s) AS s (key, zh, en, said)) AS n ON n.key = w.key "
            "CROSS JOIN LATERAL (SELECT CASE WHEN w.key IS NULL THEN 'added' ELSE 'removed' END AS change, "
            "NULL AS name, NULL AS before, NULL AS after, 0::bigint AS place WHERE w.key IS NULL OR n.key "
            "IS NULL UNION ALL SELECT 'changed', a.key, b.value, a.value, a.place "
            "FROM pg_catalog.json_each_text(n.said::json) WITH ORDINALITY AS a (key, value, place) "
            "JOIN pg_catalog.json_each_text(w.was::json) AS b (key, value) USING (key) "
            "WHERE coalesce(a.value, '') <> coalesce(b.value, '')) AS c "
            "WHERE n.said IS DISTINCT FROM w.was ORDER BY coalesce(n.key, w.key) COLLATE \"C\", c.place",
            said[kind]) < 0)
        abort();
    PGresult *result = db_query(import->ctl, sql, 1, (const char *const[]){number});
    free(sql);
    return result;
}

struct changes *
changes_find(struct import *import, const PGresult *governed)
{
    struct changes *changes = calloc(1, sizeof(*changes));
    bool ok = true;

    if (changes == NULL)
        abort();
    changes->governed = governed;
    for (int kind = 0; ok && kind < SAID_KINDS; kind++)
        if (kind == CALENDAR || import_has(import, (enum import_kind)kind))
            ok = (changes->kinds[kind] = compare(import, kind)) != NULL;
    if (ok && governed != NULL)
        ok = (changes->forms = db_query(import->ctl, forms_sql, 0, NULL)) != NULL;
    if (ok)
        return changes;
    changes_free(changes);
    return NULL;
}

void
changes_free(struct changes *changes)
{
    for (int kind = 0; changes != NULL && kind < SAID_KINDS; kind++)
        PQclear(changes->kinds[kind]);
    if (changes != NULL)
        PQclear(changes->forms);
    free(changes);
}

/* ---- words ---------------------------------------------------------------------------------------- */

static bool
is(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

/* From something to something else, to nothing, or from nothing. */
static enum message
by_ends(const char *before, const char *after, enum message both, enum message ended, enum message begun)
{
    if (before == NULL || before[0] == '\0')
        return begun;
    return after == NULL || after[0] == '\0' ? ended : both;
}

/* A change of one column, by what it means to an administrator. */
static enum message
word_of_column(int kind, const char *column, const char *before, const char *after)
{
    if (kind == SCHOOLS && is(column, "closed_on"))
        return by_ends(before, after, MSG_ctl_change_changed, MSG_ctl_change_reopened, MSG_ctl_change_closed);
    if (kind == SCHOOLS && is(column, "district"))
        return MSG_ctl_change_moved;
    if (kind == INDICATORS && is(column, "frequency"))
        return by_ends(before, after, MSG_ctl_change_switched, MSG_ctl_change_retired, MSG_ctl_change_asked);
    if (kind == INDICATORS && (is(column, "over_schools") || is(column, "over_time")))
        return MSG_ctl_change_restated;
    return MSG_ctl_change_changed;
}

static enum message
word_of(const PGresult *result, int row, int kind)
{
    const char *change = PQgetvalue(result, row, 3);

    if (is(change, "added"))
        return MSG_ctl_change_added;
    if (is(change, "removed"))
        return MSG_ctl_change_removed;
    if (is(change, "gains"))
        return MSG_ctl_change_gains;
    if (is(change, "loses"))
        return MSG_ctl_change_loses;
    return word_of_column(kind, db_cell(result, row, 4), db_cell(result, row, 5), db_cell(result, row, 6));
}

size_t
changes_restated(const struct changes *changes)
{
    const PGresult *result = changes->kinds[INDICATORS];
    size_t count = 0;

    for (int r = 0; result != NULL && r < PQntuples(result); r++)
        count += word_of(result, r, INDICATORS) == MSG_ctl_change_restated;
    return count;
}

/* ---- the list ------------------------------------------------------------------------------------- */

static const struct output_column columns[] = {
    {"file", MSG_ctl_col_file, CELL_TEXT, {0}},
    {"key", MSG_ctl_col_key_of_row, CELL_TEXT, {.widest = 48, .least = 16}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 30, .least = 10, .leaves = 1}},
    {"change", MSG_ctl_col_change, CELL_TEXT, {0}},
    {"column", MSG_ctl_col_column, CELL_TEXT, {0}},
    {"before", MSG_ctl_col_old, CELL_TEXT, {.widest = 24, .least = 8}},
    {"after", MSG_ctl_col_new_value, CELL_TEXT, {.widest = 24, .least = 8}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void
note_others(struct output *output, const struct ctl *ctl, int others)
{
    char count[24];

    snprintf(count, sizeof(count), "%d", others);
    char *note = message_format(ctl->language, MSG_ctl_changes_more, "count", count, NULL);
    if (note == NULL)
        abort();
    output_note(output, note);
    free(note);
}

static void
list_row(struct output *output, const struct ctl *ctl, const char *file, const PGresult *result, int r,
         int kind)
{
    const char *cells[COLUMN_COUNT] = {file,
                                       PQgetvalue(result, r, 0),
                                       PQgetvalue(result, r, ctl->language == LANGUAGE_ZH ? 1 : 2),
                                       ctl_word(ctl, word_of(result, r, kind)),
                                       db_cell(result, r, 4),
                                       db_cell(result, r, 5),
                                       db_cell(result, r, 6)};

    output_row(output, cells);
}

/* How many are new, when they are too many to name: one row for all of them. 0: each is listed. */
static int
sum_up_added(struct output *output, const struct ctl *ctl, const char *file, const PGresult *result)
{
    int added = 0;
    char count[24];

    for (int r = 0; r < PQntuples(result); r++)
        added += is(PQgetvalue(result, r, 3), "added");
    if (ctl->format != OUTPUT_TEXT || added <= LISTED_MAX)
        return 0;
    snprintf(count, sizeof(count), "%d", added);
    const char *cells[COLUMN_COUNT] = {file, count, NULL, ctl_word(ctl, MSG_ctl_change_added)};
    output_row(output, cells);
    return added;
}

/* For people the first that are not new to the tables; for programs all. */
static void
list(struct output *output, const struct ctl *ctl, const char *file, const PGresult *result, int kind)
{
    if (result == NULL)
        return;
    int added = sum_up_added(output, ctl, file, result), listed = 0;
    int count = PQntuples(result) - added;
    int most = ctl->format == OUTPUT_TEXT && count > LISTED_MAX + 1 ? LISTED_MAX : count;
    for (int r = 0; listed < most; r++)
        if (added == 0 || !is(PQgetvalue(result, r, 3), "added")) {
            list_row(output, ctl, file, result, r, kind);
            listed++;
        }
    if (listed < count)
        note_others(output, ctl, count - listed);
}

/* For programs, which do not read sentences: from which period on a new catalogue governs. */
static void
list_governed(struct output *output, const struct ctl *ctl, const PGresult *governed)
{
    for (int r = 0; governed != NULL && ctl->format != OUTPUT_TEXT && r < PQntuples(governed); r++) {
        const char *forms = db_cell(governed, r, 1);
        const char *cells[COLUMN_COUNT] = {"catalogue",
                                           forms != NULL ? forms : PQgetvalue(governed, r, 0),
                                           NULL,
                                           ctl_word(ctl, MSG_ctl_change_governs),
                                           "period",
                                           db_cell(governed, r, 3),
                                           db_cell(governed, r, 2)};
        output_row(output, cells);
    }
}

int
changes_show(const struct changes *changes, struct ctl *ctl)
{
    struct output *output = output_new(columns, COLUMN_COUNT);
    int status = EX_OK;

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (enum import_kind kind = 0; kind < IMPORT_KINDS; kind++)
        list(output, ctl, import_spec(kind)->file, changes->kinds[kind], (int)kind);
    list(output, ctl, "catalogue", changes->forms, SAID_KINDS);
    list(output, ctl, "calendar", changes->kinds[CALENDAR], CALENDAR);
    list_governed(output, ctl, changes->governed);
    if (output_count(output) > 0 || ctl->format != OUTPUT_TEXT)
        status = output_write(output, stdout, ctl);
    output_free(output);
    return status;
}
