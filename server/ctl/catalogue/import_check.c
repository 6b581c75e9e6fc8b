/*
 * Every cell by its field, then what columns and rows say about each other, then what they name. Nothing is
 * written here.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "expression.h"
#include "import.h"
#include "limit.h"
#include "number.h"
#include "period.h"

#define SUM_MAX                                                                                              \
    1000000000000 /* a bound scaled by its decimals: sums over half a million schools fit 64 bits */

/* ---- one cell ----------------------------------------------------------------------------------- */

static bool
is_digits(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789") == len;
}

static bool
is_code(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len <= INDICATOR_CODE_MAX && text[0] >= 'a' && text[0] <= 'z' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool
is_place_code(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len <= SCHOOL_CODE_MAX &&
           strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-") == len;
}

static bool
is_word(const char *text, size_t len, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strlen(*words) == len && memcmp(*words, text, len) == 0)
            return true;
    return false;
}

/* "primary|junior": each known, none twice. */
static bool
are_words(const char *text, const char *const *words)
{
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, "|");
        if (!is_word(at, len, words))
            return false;
        for (const char *before = text; before < at; before += strcspn(before, "|") + 1)
            if (strcspn(before, "|") == len && memcmp(before, at, len) == 0)
                return false;
        at += len;
        if (*at == '\0')
            return true;
    }
}

/* "a, b, c" in malloc'd memory. */
static char *
list_words(const char *const *words)
{
    char *list = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&list, &len);

    if (out == NULL)
        abort();
    for (size_t i = 0; words[i] != NULL; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", words[i]);
    fclose(out);
    return list;
}

static char *
expected_words(const struct import *import, enum message message, const char *const *words)
{
    char *list = list_words(words);
    char *text = import_text(import, message, "bound", list, NULL);

    free(list);
    return text;
}

static char *
expected_length(const struct import *import, size_t max)
{
    char bound[24];

    snprintf(bound, sizeof(bound), "%zu", max);
    return import_text(import, MSG_ctl_fault_too_long, "bound", bound, NULL);
}

/* Why this text, not empty, cannot stand in the column, malloc'd; NULL: it can. */
static char *
why_wrong(const struct import *import, const struct import_column *column, const char *text)
{
    int64_t number;
    int32_t day;

    switch (column->field) {
    case FIELD_TEXT:
        return strlen(text) <= column->max ? NULL : expected_length(import, column->max);
    case FIELD_WORD:
        return is_word(text, strlen(text), column->words)
                   ? NULL
                   : expected_words(import, MSG_ctl_fault_word, column->words);
    case FIELD_WORDS:
        return are_words(text, column->words) ? NULL
                                              : expected_words(import, MSG_ctl_fault_words, column->words);
    case FIELD_CODE:
        return is_code(text) ? NULL : import_text(import, MSG_ctl_fault_code, NULL);
    case FIELD_SCHOOL:
        return is_place_code(text) ? NULL : import_text(import, MSG_ctl_fault_school_code, NULL);
    case FIELD_AREA:
        return is_place_code(text) ? NULL : import_text(import, MSG_ctl_fault_area_code, NULL);
    case FIELD_DISTRICT:
        return is_digits(text, 6) && text[0] != '0' ? NULL
                                                    : import_text(import, MSG_ctl_fault_district_code, NULL);
    case FIELD_DATE:
        return date_parse(text, &day) ? NULL : import_text(import, MSG_ctl_fault_date, NULL);
    case FIELD_NUMBER:
        return number_parse(text, strlen(text), DECIMALS_MAX, &number) == NUMBER_OK
                   ? NULL
                   : import_text(import, MSG_ctl_fault_number, NULL);
    case FIELD_DECIMALS:
        return is_digits(text, 1) && text[0] <= '0' + (int)DECIMALS_MAX
                   ? NULL
                   : import_text(import, MSG_ctl_fault_decimals, NULL);
    }
    abort();
}

static void
fault(struct import *import, const struct sheet *sheet, size_t row, const char *column, char *text)
{
    import_fault(import, sheet->path, sheet_line(sheet, row), column, sheet_cell(sheet, row, column), text);
}

static void
check_cells(struct import *import, const struct sheet *sheet, size_t row)
{
    for (size_t c = 0; c < sheet->spec->n; c++) {
        const struct import_column *column = &sheet->spec->columns[c];
        const char *text = sheet_cell_at(sheet, row, c);
        char *wrong = NULL;
        if (sheet->cell_of[c] < 0)
            continue;
        if (text[0] != '\0')
            wrong = why_wrong(import, column, text);
        else if (column->filled)
            wrong = import_text(import, MSG_ctl_fault_empty_cell, NULL);
        if (wrong != NULL)
            fault(import, sheet, row, column->name, wrong);
    }
    if (sheet->table->rows[row + 1].count > sheet->table->rows[0].count)
        import_fault(import, sheet->path, sheet_line(sheet, row), NULL, NULL,
                     import_text(import, MSG_ctl_fault_ragged, NULL));
}

/* ---- the same key twice ------------------------------------------------------------------------- */

static void
key_of(const struct sheet *sheet, size_t row, char *key, size_t size)
{
    size_t len = 0;

    key[0] = '\0';
    for (size_t i = 0; sheet->spec->key[i] != NULL && len < size; i++)
        len += (size_t)snprintf(key + len, size - len, "%s\x1f", sheet_cell(sheet, row, sheet->spec->key[i]));
}

static void
check_key(struct import *import, const struct sheet *sheet, size_t row, struct names *seen)
{
    char key[400], place[600];

    key_of(sheet, row, key, sizeof(key));
    snprintf(place, sizeof(place), "%s:%zu", sheet->path, sheet_line(sheet, row));
    const char *before = names_word(seen, key);
    if (before != NULL && sheet_cell(sheet, row, sheet->spec->key[0])[0] != '\0')
        fault(import, sheet, row, sheet->spec->key[0],
              import_text(import, MSG_ctl_fault_twice, "place", before, NULL));
    names_put(seen, key, place);
}

/* ---- what columns say about each other ---------------------------------------------------------- */

/* Whether a cell is given and right by itself; what is wrong by itself was already reported. */
static bool
usable(const struct import *import, const struct sheet *sheet, size_t row, const char *column)
{
    const char *text = sheet_cell(sheet, row, column);
    size_t c = 0;

    while (strcmp(sheet->spec->columns[c].name, column) != 0)
        c++;
    char *wrong = text[0] == '\0' ? NULL : why_wrong(import, &sheet->spec->columns[c], text);
    free(wrong);
    return text[0] != '\0' && wrong == NULL;
}

/* Two dates in order; ISO dates compare as texts. */
static void
check_order(struct import *import, const struct sheet *sheet, size_t row, const char *first,
            const char *second)
{
    if (usable(import, sheet, row, first) && usable(import, sheet, row, second) &&
        strcmp(sheet_cell(sheet, row, second), sheet_cell(sheet, row, first)) < 0)
        fault(import, sheet, row, second,
              import_text(import, MSG_ctl_fault_before, "other", first, "bound",
                          sheet_cell(sheet, row, first), NULL));
}

static void
check_known(struct import *import, const struct sheet *sheet, size_t row, const char *column,
            const struct names *names, enum message message)
{
    if (usable(import, sheet, row, column) && names_word(names, sheet_cell(sheet, row, column)) == NULL)
        fault(import, sheet, row, column, import_text(import, message, NULL));
}

static int
rank(const char *level)
{
    static const char *const levels[] = {"nation", "province", "prefecture", "county"};
    int i = 0;

    while (i < 4 && strcmp(levels[i], level) != 0)
        i++;
    return i;
}

/* A parent stands on a higher level, so no circle can come about. */
static void
check_district(struct import *import, const struct sheet *sheet, size_t row)
{
    const char *parent = sheet_cell(sheet, row, "parent"), *level = sheet_cell(sheet, row, "level");
    bool nation = strcmp(level, "nation") == 0;

    check_known(import, sheet, row, "parent", import->districts, MSG_ctl_fault_no_district);
    if (!usable(import, sheet, row, "level"))
        return;
    if (nation != (parent[0] == '\0'))
        fault(import, sheet, row, "parent",
              import_text(import, nation ? MSG_ctl_fault_nation_parent : MSG_ctl_fault_no_parent, NULL));
    const char *above = parent[0] == '\0' ? NULL : names_word(import->districts, parent);
    if (above != NULL && rank(above) >= rank(level))
        fault(import, sheet, row, "parent",
              import_text(import, MSG_ctl_fault_parent_level, "level", level, "other", above, NULL));
}

static void
check_school(struct import *import, const struct sheet *sheet, size_t row)
{
    check_known(import, sheet, row, "district", import->districts, MSG_ctl_fault_no_district);
    check_order(import, sheet, row, "opened_on", "closed_on");
    check_order(import, sheet, row, "opened_on", "valid_from");
}

static void
check_plan(struct import *import, const struct sheet *sheet, size_t row)
{
    check_known(import, sheet, row, "district", import->districts, MSG_ctl_fault_no_district);
    check_order(import, sheet, row, "period_start", "period_end");
}

static int64_t
scaled(const char *text)
{
    int64_t value = 0;

    return number_parse(text, strlen(text), DECIMALS_MAX, &value) == NUMBER_OK ? value : 0;
}

/* |bound| × 10^decimals <= SUM_MAX, with both sides scaled by 10^DECIMALS_MAX. */
static bool
is_summable(const char *bound, const char *decimals)
{
    int64_t value = scaled(bound);
    int64_t limit = SUM_MAX;

    for (int d = (int)DECIMALS_MAX; d > decimals[0] - '0'; d--)
        limit *= 10;
    return value <= limit && value >= -limit;
}

static void
check_bounds(struct import *import, const struct sheet *sheet, size_t row)
{
    static const char *const bounds[] = {"min", "max"};

    if (usable(import, sheet, row, "min") && usable(import, sheet, row, "max") &&
        scaled(sheet_cell(sheet, row, "min")) > scaled(sheet_cell(sheet, row, "max")))
        fault(import, sheet, row, "max", import_text(import, MSG_ctl_fault_max_below_min, NULL));
    for (size_t i = 0; i < 2; i++)
        if (usable(import, sheet, row, bounds[i]) && usable(import, sheet, row, "decimals") &&
            !is_summable(sheet_cell(sheet, row, bounds[i]), sheet_cell(sheet, row, "decimals")))
            fault(import, sheet, row, bounds[i], import_text(import, MSG_ctl_fault_not_summable, NULL));
}

/* Who reports it how often, or, of an indicator for one-off forms only, neither. */
static void
check_asked(struct import *import, const struct sheet *sheet, size_t row)
{
    bool by_nobody = sheet_cell(sheet, row, "reported_by")[0] == '\0';

    if (by_nobody != (sheet_cell(sheet, row, "frequency")[0] == '\0'))
        fault(import, sheet, row, by_nobody ? "reported_by" : "frequency",
              import_text(import, MSG_ctl_fault_half_asked, NULL));
}

static bool
has_denominator(const char *measure)
{
    return strncmp(measure, "ratio", 5) == 0 || strncmp(measure, "quotient", 8) == 0;
}

static void
check_indicator(struct import *import, const struct sheet *sheet, size_t row)
{
    const char *measure = sheet_cell(sheet, row, "measure");
    bool divided = has_denominator(measure);

    check_bounds(import, sheet, row);
    check_asked(import, sheet, row);
    if (!usable(import, sheet, row, "measure"))
        return;
    if (usable(import, sheet, row, "over_schools") &&
        divided != (strcmp(sheet_cell(sheet, row, "over_schools"), "ratio_of_sums") == 0))
        fault(import, sheet, row, "over_schools", import_text(import, MSG_ctl_fault_ratio_of_sums, NULL));
    if (!divided && sheet_cell(sheet, row, "denominator_decimals")[0] != '\0')
        fault(import, sheet, row, "denominator_decimals",
              import_text(import, MSG_ctl_fault_no_denominator, "measure", measure, NULL));
}

/* The unit of a target or baseline is its indicator's: nothing converts between them. */
static void
check_unit(struct import *import, const struct sheet *sheet, size_t row)
{
    const char *word = names_word(import->indicators, sheet_cell(sheet, row, "indicator"));
    const char *unit = word == NULL ? NULL : strchr(word, ' ');

    if (unit != NULL && usable(import, sheet, row, "unit") &&
        strcmp(unit + 1, sheet_cell(sheet, row, "unit")) != 0)
        fault(import, sheet, row, "unit", import_text(import, MSG_ctl_fault_unit, "bound", unit + 1, NULL));
}

static void
check_plan_row(struct import *import, const struct sheet *sheet, size_t row)
{
    check_known(import, sheet, row, "plan", import->plans, MSG_ctl_fault_no_plan);
    check_known(import, sheet, row, "indicator", import->indicators, MSG_ctl_fault_no_indicator);
    check_known(import, sheet, row, "district", import->districts, MSG_ctl_fault_no_district);
    check_unit(import, sheet, row);
}

static enum message
why_no_expression(enum expression_status status)
{
    switch (status) {
    case EXPRESSION_OK:
    case EXPRESSION_EMPTY_TERM:
        return MSG_ctl_fault_empty_term;
    case EXPRESSION_BAD_TERM:
        return MSG_ctl_fault_bad_term;
    case EXPRESSION_TOO_LONG:
        return MSG_ctl_fault_many_terms;
    }
    abort();
}

/* A part is named where, and only where, the indicator has parts. */
static void
check_term(struct import *import, const struct sheet *sheet, size_t row, const char *column,
           const struct term *term)
{
    const char *word = names_word(import->indicators, term->code);

    if (word == NULL)
        fault(import, sheet, row, column,
              import_text(import, MSG_ctl_fault_term_unknown, "indicator", term->code, NULL));
    else if (has_denominator(word) && term->part == TERM_WHOLE)
        fault(import, sheet, row, column,
              import_text(import, MSG_ctl_fault_part_missing, "indicator", term->code, NULL));
    else if (!has_denominator(word) && term->part != TERM_WHOLE)
        fault(import, sheet, row, column,
              import_text(import, MSG_ctl_fault_part_unwanted, "indicator", term->code, NULL));
}

static void
check_side(struct import *import, const struct sheet *sheet, size_t row, const char *column)
{
    struct term terms[EXPRESSION_TERMS_MAX];
    size_t count = 0;

    if (!usable(import, sheet, row, column))
        return;
    enum expression_status status = expression_parse(sheet_cell(sheet, row, column), terms, &count);
    if (status != EXPRESSION_OK)
        fault(import, sheet, row, column, import_text(import, why_no_expression(status), NULL));
    for (size_t i = 0; i < count; i++)
        check_term(import, sheet, row, column, &terms[i]);
}

/* What needs another period is not decided by a report alone: it can only warn. */
static void
check_rule(struct import *import, const struct sheet *sheet, size_t row)
{
    static const char *const sides[] = {"left", "right"};
    struct term terms[EXPRESSION_TERMS_MAX];
    bool previous = false;

    for (size_t s = 0; s < 2; s++) {
        size_t count = 0;
        check_side(import, sheet, row, sides[s]);
        if (usable(import, sheet, row, sides[s]) &&
            expression_parse(sheet_cell(sheet, row, sides[s]), terms, &count) == EXPRESSION_OK)
            for (size_t i = 0; i < count; i++)
                previous = previous || terms[i].previous;
    }
    if (previous && strcmp(sheet_cell(sheet, row, "severity"), "error") == 0)
        fault(import, sheet, row, "severity", import_text(import, MSG_ctl_fault_rule_previous, NULL));
}

/* One figure of a report, no sum. */
static void
check_figure(struct import *import, const struct sheet *sheet, size_t row, const char *column)
{
    struct term terms[EXPRESSION_TERMS_MAX];
    size_t count = 0;

    check_side(import, sheet, row, column);
    if (usable(import, sheet, row, column) &&
        expression_parse(sheet_cell(sheet, row, column), terms, &count) == EXPRESSION_OK &&
        (count != 1 || terms[0].previous))
        fault(import, sheet, row, column, import_text(import, MSG_ctl_fault_one_figure, NULL));
}

/* "primary:0.50", or the kind alone. */
static bool
is_judged_kind(const char *text, size_t len)
{
    static const char *const kinds[] = {"kindergarten", "primary", "junior", "senior",
                                        "vocational",   "special", NULL};
    size_t kind_len = strcspn(text, ":|");
    int64_t threshold = 0;

    return is_word(text, kind_len, kinds) &&
           (kind_len == len ||
            (number_parse(text + kind_len + 1, len - kind_len - 1, DECIMALS_MAX, &threshold) == NUMBER_OK &&
             threshold > 0));
}

/* Kinds joined by |, each once. */
static bool
are_judged_kinds(const char *text)
{
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, "|"), kind_len = strcspn(at, ":|");
        if (!is_judged_kind(at, len))
            return false;
        for (const char *before = text; before < at; before += strcspn(before, "|") + 1)
            if (strcspn(before, ":|") == kind_len && strncmp(before, at, kind_len) == 0)
                return false;
        at += len;
        if (*at == '\0')
            return true;
    }
}

static void
check_balance(struct import *import, const struct sheet *sheet, size_t row)
{
    check_figure(import, sheet, row, "value");
    check_figure(import, sheet, row, "pupils");
    if (usable(import, sheet, row, "kinds") && !are_judged_kinds(sheet_cell(sheet, row, "kinds")))
        fault(import, sheet, row, "kinds", import_text(import, MSG_ctl_fault_judged_kinds, NULL));
}

/* Totals of a level are judged in a district that holds districts of that level. */
static void
check_threshold(struct import *import, const struct sheet *sheet, size_t row)
{
    const char *level = sheet_cell(sheet, row, "level");
    const char *place = names_word(import->districts, sheet_cell(sheet, row, "district"));

    check_known(import, sheet, row, "indicator", import->indicators, MSG_ctl_fault_no_indicator);
    check_known(import, sheet, row, "district", import->districts, MSG_ctl_fault_no_district);
    check_order(import, sheet, row, "valid_from", "valid_until");
    if (place != NULL && usable(import, sheet, row, "level") && strcmp(level, "school") != 0 &&
        strcmp(level, "district") != 0 && rank(level) < rank(place))
        fault(import, sheet, row, "level",
              import_text(import, MSG_ctl_fault_threshold_level, "level", level, "other", place, NULL));
}

static void
check_area_school(struct import *import, const struct sheet *sheet, size_t row)
{
    check_known(import, sheet, row, "area", import->areas, MSG_ctl_fault_no_area);
    check_known(import, sheet, row, "school", import->schools, MSG_ctl_fault_no_school);
    check_order(import, sheet, row, "from_day", "until_day");
}

static void
check_row(struct import *import, const struct sheet *sheet, size_t row)
{
    switch (sheet->kind) {
    case DISTRICTS:
        check_district(import, sheet, row);
        return;
    case SCHOOLS:
        check_school(import, sheet, row);
        return;
    case PLANS:
        check_plan(import, sheet, row);
        return;
    case INDICATORS:
        check_indicator(import, sheet, row);
        return;
    case TARGETS:
        check_known(import, sheet, row, "responsible", import->districts, MSG_ctl_fault_no_district);
        check_plan_row(import, sheet, row);
        return;
    case BASELINES:
        check_plan_row(import, sheet, row);
        return;
    case RULES:
        check_rule(import, sheet, row);
        return;
    case BALANCE:
        check_balance(import, sheet, row);
        return;
    case AREAS:
        check_known(import, sheet, row, "district", import->districts, MSG_ctl_fault_no_district);
        return;
    case AREA_SCHOOLS:
        check_area_school(import, sheet, row);
        return;
    case THRESHOLDS:
        check_threshold(import, sheet, row);
        return;
    case IMPORT_KINDS:
        return;
    }
}

/* ---- what references may name ------------------------------------------------------------------- */

static bool
load_names(struct import *import, struct names *names, const char *sql)
{
    PGresult *result = db_query(import->ctl, sql, 0, NULL);

    for (int r = 0; result != NULL && r < PQntuples(result); r++)
        names_put(names, PQgetvalue(result, r, 0), PQgetvalue(result, r, 1));
    PQclear(result);
    return result != NULL;
}

static void
take_names(struct import *import, const struct sheet *sheet)
{
    char word[200];

    for (size_t row = 0; row < sheet_rows(sheet); row++)
        switch (sheet->kind) {
        case DISTRICTS:
            names_replace(import->districts, sheet_cell(sheet, row, "district"),
                          sheet_cell(sheet, row, "level"));
            break;
        case PLANS:
            names_replace(import->plans, sheet_cell(sheet, row, "plan"), "");
            break;
        case INDICATORS:
            snprintf(word, sizeof(word), "%.60s %.100s", sheet_cell(sheet, row, "measure"),
                     sheet_cell(sheet, row, "unit"));
            names_replace(import->indicators, sheet_cell(sheet, row, "indicator"), word);
            break;
        case SCHOOLS:
            if (import_has(import, AREA_SCHOOLS))
                names_put(import->schools, sheet_cell(sheet, row, "code"), "");
            break;
        case AREAS:
            names_put(import->areas, sheet_cell(sheet, row, "area"), "");
            break;
        case TARGETS:
        case BASELINES:
        case RULES:
        case BALANCE:
        case AREA_SCHOOLS:
        case THRESHOLDS:
        case IMPORT_KINDS:
            break;
        }
}

/* Half a million schools are asked for only when a file names some; areas that are about to go are no more.
 */
static bool
gather_members(struct import *import)
{
    bool areas_go = import->remove_missing && import_has(import, AREAS);

    return !import_has(import, AREA_SCHOOLS) ||
           (load_names(import, import->schools, "SELECT code, '' FROM yuebao.school") &&
            (areas_go || load_names(import, import->areas, "SELECT code, '' FROM yuebao.area")));
}

static bool
gather_names(struct import *import)
{
    import->districts = names_new();
    import->plans = names_new();
    import->indicators = names_new();
    import->areas = names_new();
    import->schools = names_new();
    if (!load_names(import, import->districts, "SELECT district::text, level FROM yuebao.district") ||
        !load_names(import, import->plans, "SELECT plan, '' FROM yuebao.plan") ||
        !load_names(import, import->indicators,
                    "SELECT code, measure || ' ' || unit FROM yuebao.indicator") ||
        !gather_members(import))
        return false;
    for (size_t i = 0; i < import->n_sheets; i++)
        take_names(import, &import->sheets[i]);
    return true;
}

bool
import_check(struct import *import)
{
    struct names *seen[IMPORT_KINDS];

    if (!gather_names(import))
        return false;
    for (int kind = 0; kind < IMPORT_KINDS; kind++)
        seen[kind] = names_new();
    for (size_t i = 0; i < import->n_sheets; i++) {
        const struct sheet *sheet = &import->sheets[i];
        for (size_t row = 0; row < sheet_rows(sheet); row++) {
            check_cells(import, sheet, row);
            if (sheet->spec->key != NULL)
                check_key(import, sheet, row, seen[sheet->kind]);
            check_row(import, sheet, row);
        }
    }
    for (int kind = 0; kind < IMPORT_KINDS; kind++)
        names_free(seen[kind]);
    return true;
}
