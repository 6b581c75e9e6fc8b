#include "cells.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

struct cells {
    PGresult *places;              /* district, parent, level, name_zh, name_en; each before those below it */
    PGresult *rows;                /* enum column, ordered by tie, indicator, place */
    int *parents;                  /* of places, as indices */
    enum held *held;               /* of rows */
    const char *district, *period; /* borrowed */
};

/* ---- what the database knows ---------------------------------------------------------------------- */

/* clang-format off */
static const char places_sql[] =
    "WITH RECURSIVE tree (district, parent, path) AS ("
    "    SELECT $1::integer, NULL::integer, ARRAY[$1::integer] UNION ALL "
    "    SELECT d.district, d.parent, t.path || d.district FROM tree AS t JOIN yuebao.district AS d ON d.parent = t.district) "
    "SELECT t.district, t.parent, d.level, d.name_zh, d.name_en "
    "FROM tree AS t JOIN yuebao.district AS d ON d.district = t.district ORDER BY t.path";

enum column {
    ROW_TIE, ROW_INDICATOR, ROW_DISTRICT, ROW_KIND, ROW_SCHOOLS, ROW_VALUE, ROW_DENOMINATOR, ROW_LARGEST,
    ROW_MEASURE, ROW_LEAST, ROW_MOST, ROW_MIN_SCHOOLS, ROW_MIN_COUNT, ROW_MAX_SHARE, ROW_MIN_JOINED,
    ROW_HELD, ROW_KNOWN, ROW_SHOWN, ROW_JOINED, ROW_LATELY
};

/* What an edition of the period beside showed of an equal figure is known, whatever the number. */
static const char rows_sql[] =
    "WITH asked AS MATERIALIZED (SELECT p.first_day, p.frequency FROM yuebao.period_of($2) AS p), "
    "n AS MATERIALIZED (SELECT n.* FROM asked AS a CROSS JOIN LATERAL yuebao.publishable($1::integer, a.first_day, a.frequency) AS n), "
    "other AS MATERIALIZED (SELECT s.* FROM asked AS a CROSS JOIN LATERAL yuebao.shown_before(a.first_day, a.frequency) AS s), "
    "before AS MATERIALIZED ("
    "    SELECT n.district, n.indicator, n.kind, bool_or(o.held) AS held, bool_or(NOT o.held AND NOT o.beside) AS shown, "
    "           bool_or(NOT o.held AND (o.beside OR (o.value, o.denominator) = (n.value, n.denominator))) AS known, "
    "           min(abs(o.schools - n.schools)) FILTER (WHERE NOT o.held AND NOT o.beside AND o.schools <> n.schools) AS joined "
    "    FROM n JOIN other AS o ON o.district = n.district AND o.indicator = n.indicator AND o.kind = n.kind "
    "    GROUP BY n.district, n.indicator, n.kind), "
    "lately AS MATERIALIZED ("
    "    SELECT DISTINCT c.district, c.indicator, c.kind FROM asked AS a "
    "    JOIN yuebao.publication AS p ON p.frequency = a.frequency AND p.period = yuebao.period_first_day(a.first_day - 1, a.frequency) "
    "    JOIN yuebao.publication_cell AS c ON c.publication = p.publication WHERE c.held IS NOT NULL) "
    "SELECT t.tie, n.indicator, n.district, n.kind, n.schools, n.value, n.denominator, n.largest, "
    "       CASE WHEN i.over_schools = 'max' THEN 'largest' WHEN i.over_schools <> 'ratio_of_sums' THEN 'sum' "
    "            WHEN i.measure = 'ratio' AND i.max <= 1 AND i.decimals = i.denominator_decimals THEN 'part' ELSE 'quotient' END, "
    "       ceil(i.min * 10::numeric ^ i.decimals)::bigint, floor(i.max * 10::numeric ^ i.decimals)::bigint, "
    "       coalesce(ri.min_schools, rk.min_schools, ru.min_schools, rd.min_schools), "
    "       coalesce(ri.min_count, rk.min_count, ru.min_count, rd.min_count), "
    "       coalesce(ri.max_share, rk.max_share, ru.max_share, rd.max_share), "
    "       coalesce(ri.min_joined, rk.min_joined, ru.min_joined, rd.min_joined), "
    "       coalesce(b.held, false), coalesce(b.known, false), coalesce(b.shown, false), coalesce(b.joined, 0), l.district IS NOT NULL "
    "FROM n "
    "JOIN yuebao.indicator AS i ON i.indicator = n.indicator "
    "JOIN yuebao.indicator_ties() AS t ON t.indicator = n.indicator "
    "LEFT JOIN before AS b ON b.district = n.district AND b.indicator = n.indicator AND b.kind = n.kind "
    "LEFT JOIN lately AS l ON l.district = n.district AND l.indicator = n.indicator AND l.kind = n.kind "
    "LEFT JOIN yuebao.publication_rule AS ri ON ri.scope = 'indicator' AND ri.name = i.code "
    "LEFT JOIN yuebao.publication_rule AS rk ON rk.scope = 'kind' AND rk.name = n.kind "
    "LEFT JOIN yuebao.publication_rule AS ru ON ru.scope = 'unit' AND ru.name = i.unit "
    "LEFT JOIN yuebao.publication_rule AS rd ON rd.scope = 'default' "
    "ORDER BY t.tie, n.indicator, n.district, n.kind";
/* clang-format on */

static int64_t
number(const struct cells *cells, int row, enum column column)
{
    return strtoll(PQgetvalue(cells->rows, row, (int)column), NULL, 10);
}

static bool
yes(const struct cells *cells, int row, enum column column)
{
    return PQgetvalue(cells->rows, row, (int)column)[0] == 't';
}

/* ---- rows and tables ------------------------------------------------------------------------------ */

static size_t
column_of(const char *kind)
{
    static const char *const kinds[HOLDBACK_COLUMNS] = {"kindergarten", "primary", "junior",   "senior",
                                                        "vocational",   "special", "district", ""};
    size_t column = 0;

    while (strcmp(kinds[column], kind) != 0) {
        column++;
        assert(column < HOLDBACK_COLUMNS);
    }
    return column;
}

/* Places in the order of their codes, to find one by its code. */
struct place {
    long district;
    size_t index;
};

static int
by_district(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return (x->district > y->district) - (x->district < y->district);
}

static struct place *
sort_places(const struct cells *cells)
{
    size_t n = (size_t)PQntuples(cells->places);
    struct place *sorted = calloc(n + 1, sizeof(*sorted));

    if (sorted == NULL)
        abort();
    for (size_t p = 0; p < n; p++)
        sorted[p] = (struct place){strtol(PQgetvalue(cells->places, (int)p, 0), NULL, 10), p};
    qsort(sorted, n, sizeof(*sorted), by_district);
    return sorted;
}

static size_t
place_of(const struct place *sorted, size_t n, const char *district)
{
    struct place wanted = {strtol(district, NULL, 10), 0};
    const struct place *found = bsearch(&wanted, sorted, n, sizeof(*sorted), by_district);

    assert(found != NULL);
    return found->index;
}

static void
find_parents(struct cells *cells, const struct place *sorted)
{
    size_t n = (size_t)PQntuples(cells->places);

    cells->parents = calloc(n + 1, sizeof(*cells->parents));
    if (cells->parents == NULL)
        abort();
    for (size_t p = 0; p < n; p++) {
        const char *parent = db_cell(cells->places, (int)p, 1);
        cells->parents[p] = parent == NULL ? -1 : (int)place_of(sorted, n, parent);
    }
}

static enum holdback_measure
measure_of(const char *word)
{
    if (strcmp(word, "sum") == 0)
        return HOLDBACK_SUM;
    if (strcmp(word, "part") == 0)
        return HOLDBACK_PART;
    return strcmp(word, "quotient") == 0 ? HOLDBACK_QUOTIENT : HOLDBACK_LARGEST;
}

static void
take_row(const struct cells *cells, int row, struct holdback_table *table, struct holdback_cell *cell,
         size_t column)
{
    table->measure = measure_of(PQgetvalue(cells->rows, row, ROW_MEASURE));
    table->least = number(cells, row, ROW_LEAST);
    table->most = number(cells, row, ROW_MOST);
    table->limits[column] =
        (struct holdback_limits){.schools = number(cells, row, ROW_MIN_SCHOOLS),
                                 .count = number(cells, row, ROW_MIN_COUNT),
                                 .joined = number(cells, row, ROW_MIN_JOINED),
                                 .share = strtod(PQgetvalue(cells->rows, row, ROW_MAX_SHARE), NULL)};
    *cell = (struct holdback_cell){.schools = number(cells, row, ROW_SCHOOLS),
                                   .value = number(cells, row, ROW_VALUE),
                                   .denominator = number(cells, row, ROW_DENOMINATOR),
                                   .largest = number(cells, row, ROW_LARGEST),
                                   .joined = number(cells, row, ROW_JOINED),
                                   .held_before = yes(cells, row, ROW_HELD),
                                   .known = yes(cells, row, ROW_KNOWN),
                                   .shown_before = yes(cells, row, ROW_SHOWN),
                                   .held_lately = yes(cells, row, ROW_LATELY)};
}

/* Rows first … end - 1 are of tied indicators: one table each. */
static void
decide(struct cells *cells, const struct place *sorted, int first, int end)
{
    size_t places = (size_t)PQntuples(cells->places), n = 0;
    struct holdback_table *tables = NULL;
    struct holdback_cell **where = calloc((size_t)(end - first), sizeof(struct holdback_cell *));

    if (where == NULL)
        abort();
    for (int r = first; r < end; r++) {
        if (r == first || number(cells, r, ROW_INDICATOR) != number(cells, r - 1, ROW_INDICATOR)) {
            tables = realloc(tables, (n + 1) * sizeof(*tables));
            if (tables == NULL)
                abort();
            tables[n] = (struct holdback_table){
                .cells = calloc(places * HOLDBACK_COLUMNS, sizeof(struct holdback_cell))};
            if (tables[n++].cells == NULL)
                abort();
        }
        size_t column = column_of(PQgetvalue(cells->rows, r, ROW_KIND));
        size_t place = place_of(sorted, places, PQgetvalue(cells->rows, r, ROW_DISTRICT));
        where[r - first] = &tables[n - 1].cells[place * HOLDBACK_COLUMNS + column];
        take_row(cells, r, &tables[n - 1], where[r - first], column);
    }
    hold_back(cells->parents, places, tables, n);
    for (int r = first; r < end; r++)
        cells->held[r] = where[r - first]->held;
    for (size_t t = 0; t < n; t++)
        free(tables[t].cells);
    free(tables);
    free(where);
}

static void
decide_all(struct cells *cells)
{
    struct place *sorted = sort_places(cells);
    int rows = PQntuples(cells->rows);

    find_parents(cells, sorted);
    cells->held = calloc((size_t)rows + 1, sizeof(*cells->held));
    if (cells->held == NULL)
        abort();
    for (int first = 0, end; first < rows; first = end) {
        for (end = first + 1; end < rows && number(cells, end, ROW_TIE) == number(cells, first, ROW_TIE);)
            end++;
        decide(cells, sorted, first, end);
    }
    free(sorted);
}

/* ---- the face ------------------------------------------------------------------------------------- */

struct cells *
cells_read(struct ctl *ctl, const char *district, const char *period)
{
    const char *values[] = {district, period};
    struct cells *cells = calloc(1, sizeof(*cells));

    if (cells == NULL)
        abort();
    cells->district = district;
    cells->period = period;
    cells->places = db_query(ctl, places_sql, 1, values);
    cells->rows = cells->places == NULL ? NULL : db_query(ctl, rows_sql, 2, values);
    if (cells->rows == NULL) {
        cells_free(cells);
        return NULL;
    }
    decide_all(cells);
    return cells;
}

void
cells_free(struct cells *cells)
{
    if (cells == NULL)
        return;
    PQclear(cells->places);
    PQclear(cells->rows);
    free(cells->parents);
    free(cells->held);
    free(cells);
}

size_t
cells_count(const struct cells *cells)
{
    return (size_t)PQntuples(cells->rows);
}

size_t
cells_held(const struct cells *cells, enum held held)
{
    size_t count = 0;

    for (int r = 0; r < PQntuples(cells->rows); r++)
        count += cells->held[r] == held;
    return count;
}

/* As yuebao.publication_cell names it. */
static const char *
held_code(enum held held)
{
    switch (held) {
    case HELD_NOT:
        return NULL;
    case HELD_SCHOOLS:
        return "schools";
    case HELD_COUNT:
        return "count";
    case HELD_SHARE:
        return "share";
    case HELD_JOINED:
        return "joined";
    case HELD_BEFORE:
        return "before";
    case HELD_TIED:
        return "tied";
    case HELD_COMPLEMENT:
        return "complement";
    case HELD_FROZEN:
        return "frozen";
    }
    return NULL;
}

/* ---- writing -------------------------------------------------------------------------------------- */

/* The held-back rows as PostgreSQL's array of one column; `column` < 0: their reasons. malloc'd. */
static char *
array_of(const struct cells *cells, int column)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool first = true;

    if (out == NULL)
        abort();
    fputc('{', out);
    for (int r = 0; r < PQntuples(cells->rows); r++) {
        if (cells->held[r] == HELD_NOT)
            continue;
        /* numbers, kinds and reasons: nothing in them wants escaping */
        fprintf(out, "%s\"%s\"", first ? "" : ",",
                column < 0 ? held_code(cells->held[r]) : PQgetvalue(cells->rows, r, column));
        first = false;
    }
    fputc('}', out);
    if (fclose(out) != 0)
        abort();
    return text;
}

static bool
write_cells(struct ctl *ctl, const struct cells *cells, const char *publication)
{
    static const char sql[] =
        "INSERT INTO yuebao.publication_cell (publication, district, indicator, kind, schools, excused, "
        "value, denominator, held) "
        "SELECT $1::integer, n.district, n.indicator, n.kind, n.schools, n.excused, n.value, n.denominator, "
        "h.held "
        "FROM yuebao.period_of($3) AS p CROSS JOIN LATERAL yuebao.publishable($2::integer, p.first_day, "
        "p.frequency) AS n "
        "LEFT JOIN unnest($4::integer[], $5::smallint[], $6::text[], $7::text[]) AS h (district, indicator, "
        "kind, held) "
        "    ON h.district = n.district AND h.indicator = n.indicator AND h.kind = n.kind";
    char *districts = array_of(cells, ROW_DISTRICT), *indicators = array_of(cells, ROW_INDICATOR);
    char *kinds = array_of(cells, ROW_KIND), *held = array_of(cells, -1);
    const char *values[] = {publication, cells->district, cells->period, districts, indicators, kinds, held};
    bool ok = db_do(ctl, sql, 7, values);

    free(districts);
    free(indicators);
    free(kinds);
    free(held);
    return ok;
}

bool
cells_write(struct ctl *ctl, const struct cells *cells, const char *publication)
{
    static const char districts[] = "WITH RECURSIVE tree (district, parent, path) AS ("
                                    "    SELECT $2::integer, NULL::integer, ARRAY[$2::integer] UNION ALL "
                                    "    SELECT d.district, d.parent, t.path || d.district FROM tree AS t "
                                    "JOIN yuebao.district AS d ON d.parent = t.district) "
                                    "INSERT INTO yuebao.publication_district (publication, district, parent, "
                                    "\"position\", level, name_zh, name_en) "
                                    "SELECT $1::integer, t.district, t.parent, row_number() OVER (ORDER BY "
                                    "t.path), d.level, d.name_zh, d.name_en "
                                    "FROM tree AS t JOIN yuebao.district AS d ON d.district = t.district";
    const char *values[] = {publication, cells->district};

    return write_cells(ctl, cells, publication) && db_do(ctl, districts, 2, values) &&
           db_do(ctl, "SELECT yuebao.keep_indicator_words($1::integer)", 1, values);
}
