/*
 * yuebaoctl enrol: one-time codes by which schools enrol their keys. A code is shown once, here; the database
 * holds its SHA-256.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "envelope.h"
#include "known.h"
#include "output.h"

#define DAYS_MAX 90

struct enrol {
    struct ctl *ctl;
    const char *district, *days;
    bool all;
    int n_codes;
    char **codes; /* borrowed from argv */
};

static const struct output_column columns[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"name_zh", MSG_ctl_col_name_zh, CELL_TEXT, {0}},
    {"name_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 36}},
    {"district", MSG_ctl_col_district, CELL_INTEGER, {0}},
    {"code", MSG_ctl_col_code, CELL_TEXT, {0}},
    {"expires_at", MSG_ctl_col_expires, CELL_INSTANT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* An array literal of texts that need no quoting: school codes were checked, hashes are hex. */
static char *
array_of(char *const *texts, size_t n)
{
    char *array = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&array, &len);

    if (out == NULL)
        abort();
    fputc('{', out);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ",", texts[i]);
    fputc('}', out);
    fclose(out);
    return array;
}

/* What was typed could break an array literal, so it is looked at first. */
static bool
codes_are_clean(struct enrol *e)
{
    for (int i = 0; i < e->n_codes; i++) {
        const char *code = e->codes[i];
        if (code[0] == '\0' || strlen(code) > SCHOOL_CODE_MAX ||
            strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-") !=
                strlen(code)) {
            ctl_fail(e->ctl, EX_DATAERR, MSG_ctl_no_school, "value", code, NULL);
            return false;
        }
    }
    return true;
}

/* A school that has closed may still have to file: its last term falls due after its last day. */
#define STILL_FILES(s)                                                                                       \
    "(" s ".closed_on IS NULL OR " s ".closed_on >= current_date OR EXISTS (SELECT FROM yuebao.form AS f "   \
    "JOIN yuebao.calendar AS c USING (form) WHERE f.kind = " s ".kind AND c.closes_at > now() AND "          \
    "yuebao.period_last_day(c.period, f.frequency) BETWEEN " s ".opened_on AND " s ".closed_on))"

/* Named schools must all be there and have something to file. */
static bool
all_are_known(struct enrol *e, const char *array)
{
    PGresult *result =
        db_query(e->ctl,
                 "SELECT w.code FROM pg_catalog.unnest($1::text[]) AS w (code) WHERE NOT EXISTS (SELECT FROM "
                 "yuebao.school AS s WHERE s.code = w.code AND " STILL_FILES("s") ")",
                 1, &array);
    bool ok = result != NULL && PQntuples(result) == 0;

    for (int r = 0; result != NULL && r < PQntuples(result); r++)
        ctl_fail(e->ctl, EX_DATAERR, MSG_ctl_no_school, "value", PQgetvalue(result, r, 0), NULL);
    PQclear(result);
    return ok;
}

/* school (number), code, name_zh, name_en, district of every school that is meant. */
static PGresult *
find_schools(struct enrol *e)
{
    char *array = array_of(e->codes, (size_t)e->n_codes);
    const char *values[] = {e->n_codes > 0 ? array : NULL, e->district};
    PGresult *result = NULL;

    if (e->n_codes == 0 || all_are_known(e, array))
        result = db_query(
            e->ctl,
            "SELECT s.school, s.code, s.name_zh, s.name_en, m.district FROM yuebao.school AS s "
            "LEFT JOIN LATERAL (SELECT yuebao.school_district_on(s.school, greatest(current_date, "
            "s.opened_on)) AS district) AS m ON true "
            "WHERE " STILL_FILES(
                "s") " AND "
                     "($1::text[] IS NULL OR s.code = ANY ($1)) AND ($2::integer IS NULL OR m.district IN "
                     "(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = $2)) "
                     "ORDER BY m.district, s.code",
            2, values);
    free(array);
    return result;
}

/* New codes for n schools: texts for people into `codes`, hex of their hashes into `hashes`; each string is
 * owned. */
static void
make_codes(char **codes, char **hashes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char code[ENROL_CODE_LEN + 1];
        uint8_t digest[ID_SIZE];
        codes[i] = malloc(ENROL_CODE_LEN + 3);
        hashes[i] = malloc(2 * ID_SIZE + 1);
        if (codes[i] == NULL || hashes[i] == NULL)
            abort();
        enrol_code_new(code);
        enrol_code_print(code, codes[i]);
        envelope_sha256(code, ENROL_CODE_LEN, digest);
        hex_print(digest, sizeof(digest), hashes[i]);
    }
}

/* When they expire; NULL: reported. */
static PGresult *
store(struct enrol *e, const PGresult *schools, char **hashes)
{
    size_t n = (size_t)PQntuples(schools);
    char **numbers = calloc(n, sizeof(*numbers));

    if (numbers == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        numbers[i] = PQgetvalue(schools, (int)i, 0);
    char *hash_array = array_of(hashes, n), *school_array = array_of(numbers, n);
    const char *values[] = {hash_array, school_array, e->days};
    PGresult *result = db_query(
        e->ctl,
        "WITH made AS (INSERT INTO yuebao.enrolment (code_hash, school, expires_at) "
        "SELECT pg_catalog.decode(w.hash, 'hex'), w.school, pg_catalog.now() + $3::integer * interval '1 "
        "day' "
        "FROM unnest($1::text[], $2::integer[]) AS w (hash, school) RETURNING expires_at) "
        "SELECT min(expires_at) FROM made",
        3, values);
    free(hash_array);
    free(school_array);
    free(numbers);
    return result;
}

static bool
write_audit(struct enrol *e, int count)
{
    char *named = array_of(e->codes, (size_t)e->n_codes), text[24];
    const char *values[] = {text, e->days, e->district, e->n_codes > 0 ? named : NULL};

    snprintf(text, sizeof(text), "%d", count);
    bool ok = db_do(
        e->ctl,
        "INSERT INTO yuebao.audit_log (action, detail) VALUES ('enrol', pg_catalog.jsonb_strip_nulls("
        "pg_catalog.jsonb_build_object('codes', $1::integer, 'days', $2::integer, 'district', $3::integer, "
        "'schools', $4::text[])))",
        4, values);
    free(named);
    return ok;
}

static int
show(struct enrol *e, const PGresult *schools, char **codes, const char *expires)
{
    struct output *output = output_new(columns, COLUMN_COUNT);

    if (output == NULL)
        return ctl_fail(e->ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(schools); r++) {
        const char *cells[COLUMN_COUNT] = {PQgetvalue(schools, r, 1),
                                           PQgetvalue(schools, r, 2),
                                           PQgetvalue(schools, r, 3),
                                           db_cell(schools, r, 4),
                                           codes[r],
                                           expires};
        output_row(output, cells);
    }
    int status = output_write(output, stdout, e->ctl);
    output_free(output);
    return status;
}

static int
issue(struct enrol *e, const PGresult *schools)
{
    size_t n = (size_t)PQntuples(schools);
    char **codes = calloc(n + 1, sizeof(*codes)), **hashes = calloc(n + 1, sizeof(*hashes));

    if (codes == NULL || hashes == NULL)
        abort();
    make_codes(codes, hashes, n);
    PGresult *expires = db_do_plain(e->ctl, "BEGIN") ? store(e, schools, hashes) : NULL;
    int status = expires != NULL && write_audit(e, (int)n) && db_do_plain(e->ctl, "COMMIT")
                     ? show(e, schools, codes, PQgetvalue(expires, 0, 0))
                     : e->ctl->status;
    PQclear(expires);
    for (size_t i = 0; i < n; i++) {
        free(codes[i]);
        free(hashes[i]);
    }
    free(codes);
    free(hashes);
    return status;
}

static bool
options_are_sound(struct enrol *e)
{
    if ((e->n_codes > 0) + e->all + (e->district != NULL) != 1) {
        ctl_usage(e->ctl, MSG_ctl_enrol_whom, NULL);
        return false;
    }
    char *end;
    long days = strtol(e->days, &end, 10);
    if (*end != '\0' || days < 1 || days > DAYS_MAX) {
        ctl_usage(e->ctl, MSG_ctl_bad_days, "value", e->days, NULL);
        return false;
    }
    return is_district(e->ctl, e->district) && codes_are_clean(e);
}

int
cmd_enrol(struct ctl *ctl, int argc, char **argv)
{
    struct enrol e = {.ctl = ctl, .days = "7"};
    const struct ctl_option own[] = {
        {"all", NULL, &e.all}, {"district", &e.district, NULL}, {"days", &e.days, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    e.n_codes = argc - first;
    e.codes = argv + first;
    if (!options_are_sound(&e) || !db_connect_admin(ctl) || !knows_district(ctl, e.district))
        return ctl->status;
    PGresult *schools = find_schools(&e);
    if (schools == NULL)
        return ctl->status;
    int status =
        PQntuples(schools) == 0 ? ctl_fail(ctl, EX_DATAERR, MSG_ctl_no_schools, NULL) : issue(&e, schools);
    PQclear(schools);
    return status;
}
