/*
 * review seen, review return: what a bureau says of reports. It names the revision that it looked at: one
 * that came meanwhile is never marked.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "gate.h"
#include "limit.h"
#include "names.h"
#include "output.h"
#include "review.h"

bool
review_is_note(struct ctl *ctl, const char *note)
{
    if (strlen(note) <= TEXT_MAX && gate_text_is_clean((const uint8_t *)note, strlen(note)))
        return true;
    ctl_usage(ctl, MSG_ctl_review_bad_note, NULL);
    return false;
}

/* ---- which reports ------------------------------------------------------------------------------ */

/* Columns of a chosen report. The first five are what yuebao.mark_seen and return_report want. */
enum { DISTRICT, PERIOD, SCHOOL_ID, FORM_ID, REVISION, SCHOOL, NAME_ZH, NAME_EN, FORM, VERDICT, PLAIN };

#define CHOSEN                                                                                               \
    "SELECT r.district, r.first_day, s.school, f.form, r.revision, r.school, r.school_zh, r.school_en, "     \
    "r.form, r.verdict, r.warnings + r.breaches + r.outliers = 0 AND coalesce(r.changed_figures, 0) = 0 "    \
    "FROM r JOIN yuebao.school AS s ON s.code = r.school "                                                   \
    "JOIN yuebao.form AS f ON f.code = r.form "

/* All that wait. PLAIN are those that want no eye: no rule warned or is broken, no figure is unlike the past,
 * none was changed by a correction. */
static const char all_sql[] = WITH_REVIEWS CHOSEN "WHERE r.verdict = 'waiting' ORDER BY r.school, r.form";
static const char one_sql[] = WITH_REVIEWS CHOSEN "ORDER BY r.school, r.form";

/* The reports of one school; NULL: reported, as when there is none. */
static PGresult *
ask_school(struct ctl *ctl, const struct review_options *o, const char *school)
{
    const char *values[] = {o->district, o->period, o->form, school};
    PGresult *result = db_query(ctl, one_sql, 4, values);

    if (result == NULL || PQntuples(result) > 0)
        return result;
    PQclear(result);
    ctl_fail(ctl, EX_DATAERR, MSG_ctl_review_no_report, "school", school, "period", o->period, "district",
             o->district, NULL);
    return NULL;
}

/* Whether the row is of the revision that the official looked at; `revision` NULL: the newest. */
static bool
is_revision(struct ctl *ctl, const PGresult *result, int row, const char *revision)
{
    if (revision == NULL || strcmp(revision, PQgetvalue(result, row, REVISION)) == 0)
        return true;
    ctl_fail(ctl, EX_DATAERR, MSG_ctl_review_other_revision, "school", PQgetvalue(result, row, SCHOOL),
             "form", PQgetvalue(result, row, FORM), "revision", PQgetvalue(result, row, REVISION),
             "looked_at", revision, NULL);
    return false;
}

/* ---- seen --------------------------------------------------------------------------------------- */

static const struct output_column columns[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 40, .least = 16}},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 40, .least = 16, .leaves = 1}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"revision", MSG_ctl_col_revision, CELL_INTEGER, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

#define SHORT_LIST 20 /* rows; as many as import lists of a file */

/* Array literals of the reports that are to be marked, a column each. */
struct marking {
    struct ctl *ctl;
    const struct review_options *options;
    struct output *output;
    char *arrays[REVISION + 1];
    size_t sizes[REVISION + 1];
    FILE *streams[REVISION + 1];
    long count;
    long left;             /* with --all: wait, but want an eye first */
    struct names *schools; /* those that were chosen */
};

static bool
marking_open(struct marking *m)
{
    m->output = output_new(columns, COLUMN_COUNT);
    m->schools = names_new();
    for (int c = 0; c <= REVISION; c++) {
        m->streams[c] = open_memstream(&m->arrays[c], &m->sizes[c]);
        if (m->streams[c] == NULL)
            abort();
        fputc('{', m->streams[c]);
    }
    return m->output != NULL;
}

static void
marking_add(struct marking *m, const PGresult *result, int row)
{
    const char *cells[COLUMN_COUNT] = {PQgetvalue(result, row, SCHOOL), PQgetvalue(result, row, NAME_ZH),
                                       PQgetvalue(result, row, NAME_EN), PQgetvalue(result, row, FORM),
                                       PQgetvalue(result, row, REVISION)};

    for (int c = 0; c <= REVISION; c++)
        fprintf(m->streams[c], "%s%s", m->count == 0 ? "" : ",", PQgetvalue(result, row, c));
    m->count++;
    output_row(m->output, cells);
}

static void
marking_close(struct marking *m)
{
    for (int c = 0; c <= REVISION; c++) {
        fputc('}', m->streams[c]);
        if (fclose(m->streams[c]) != 0)
            abort();
    }
}

static void
marking_fini(struct marking *m)
{
    for (int c = 0; c <= REVISION; c++)
        free(m->arrays[c]);
    names_free(m->schools);
    output_free(m->output);
}

/* "0012345" or "0012345@2", the revision that was looked at. */
static bool
choose_school(struct marking *m, const char *word)
{
    char school[SCHOOL_CODE_MAX + 1];
    const char *at = strchr(word, '@');
    size_t len = at == NULL ? strlen(word) : (size_t)(at - word);
    const char *revision = at == NULL ? m->options->revision : at + 1;

    if (len > SCHOOL_CODE_MAX)
        return ctl_fail(m->ctl, EX_DATAERR, MSG_ctl_unknown_school, "value", word, NULL) == EX_OK;
    snprintf(school, sizeof(school), "%.*s", (int)len, word);
    if (!names_put(m->schools, school, ""))
        return true; /* named twice */
    PGresult *result = ask_school(m->ctl, m->options, school);
    bool good = result != NULL;
    for (int r = 0; good && r < PQntuples(result); r++) {
        good = is_revision(m->ctl, result, r, revision);
        if (good && strcmp(PQgetvalue(result, r, VERDICT), "seen") != 0)
            marking_add(m, result, r);
    }
    PQclear(result);
    return good;
}

static bool
choose_all(struct marking *m)
{
    const struct review_options *o = m->options;
    const char *values[] = {o->district, o->period, o->form, o->school};
    PGresult *result = db_query(m->ctl, all_sql, 4, values);

    for (int r = 0; result != NULL && r < PQntuples(result); r++)
        if (o->warned_too || PQgetvalue(result, r, PLAIN)[0] == 't')
            marking_add(m, result, r);
        else
            m->left++;
    PQclear(result);
    return result != NULL;
}

static bool
choose(struct marking *m, char *const *schools, int n)
{
    if (m->options->all)
        return choose_all(m);
    if (m->options->school != NULL && !choose_school(m, m->options->school))
        return false;
    for (int i = 0; i < n; i++)
        if (!choose_school(m, schools[i]))
            return false;
    return true;
}

/* How many were marked; -1: reported. */
static long
mark(struct marking *m)
{
    PGresult *result = db_query(
        m->ctl,
        "SELECT count(*) FROM yuebao.mark_seen($1::integer[], $2::date[], $3::integer[], $4::smallint[], "
        "$5::integer[])",
        REVISION + 1, (const char *const *)m->arrays);
    long count = result == NULL ? -1 : strtol(PQgetvalue(result, 0, 0), NULL, 10);

    PQclear(result);
    return count;
}

/* A district's schools are no news to its official: for people a list only where it is short. */
static int
write_list(const struct marking *m)
{
    struct ctl *ctl = m->ctl;
    bool wanted = ctl->format != OUTPUT_TEXT || (m->count > 0 && m->count <= SHORT_LIST);

    return wanted ? output_write(m->output, stdout, ctl) : EX_OK;
}

static int
finish(struct marking *m)
{
    struct ctl *ctl = m->ctl;
    long marked = m->options->dry_run ? m->count : mark(m);

    if (marked < 0)
        return ctl->status;
    int status = write_list(m);
    ctl_say_count(ctl, marked, MSG_ctl_review_seen_one, MSG_ctl_review_seen_count);
    if (m->left > 0)
        ctl_say_count(ctl, m->left, MSG_ctl_review_left_one, MSG_ctl_review_left_count);
    if (marked < m->count)
        return ctl_fail(ctl, EX_DATAERR, MSG_ctl_review_came_meanwhile, NULL);
    if (m->options->dry_run)
        ctl_say(ctl, MSG_ctl_import_dry_run, NULL);
    return status;
}

int
review_seen(struct ctl *ctl, const struct review_options *o, char *const *schools, int n)
{
    struct marking m = {.ctl = ctl, .options = o};
    bool named = o->school != NULL || n > 0;

    if (named == o->all || (o->warned_too && !o->all) || (o->revision != NULL && o->school == NULL))
        return ctl_usage(ctl, MSG_ctl_review_seen_whom, NULL);
    if (!review_begin(ctl, o, true))
        return ctl->status;
    int status = marking_open(&m) ? EX_OK : ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    if (status == EX_OK && !choose(&m, schools, n))
        status = ctl->status;
    marking_close(&m);
    if (status == EX_OK)
        status = finish(&m);
    marking_fini(&m);
    return status;
}

/* ---- return ------------------------------------------------------------------------------------- */

static int
return_row(struct ctl *ctl, const struct review_options *o, const PGresult *result)
{
    const char *values[REVISION + 2];

    for (int c = 0; c <= REVISION; c++)
        values[c] = PQgetvalue(result, 0, c);
    values[REVISION + 1] = o->note;
    PGresult *done = db_query(
        ctl, "SELECT yuebao.return_report($1::integer, $2::date, $3::integer, $4::smallint, $5::integer, $6)",
        REVISION + 2, values);
    if (done == NULL)
        return ctl->status;
    bool returned = strcmp(PQgetvalue(done, 0, 0), "returned") == 0;
    PQclear(done);
    if (!returned)
        return ctl_fail(ctl, EX_DATAERR, MSG_ctl_review_came_meanwhile, NULL);
    ctl_say(ctl, MSG_ctl_review_was_returned, "school", PQgetvalue(result, 0, SCHOOL), "form",
            PQgetvalue(result, 0, FORM), "revision", PQgetvalue(result, 0, REVISION), NULL);
    return EX_OK;
}

int
review_return(struct ctl *ctl, const struct review_options *o)
{
    if (o->school == NULL || o->note == NULL || o->note[strspn(o->note, " ")] == '\0')
        return ctl_usage(ctl, MSG_ctl_review_return_what, NULL);
    if (!review_is_note(ctl, o->note) || !review_begin(ctl, o, true))
        return ctl->status;
    PGresult *result = ask_school(ctl, o, o->school);
    if (result == NULL)
        return ctl->status;
    int status;
    if (PQntuples(result) > 1)
        status = ctl_usage(ctl, MSG_ctl_review_which_form, "school", o->school, NULL);
    else if (!is_revision(ctl, result, 0, o->revision))
        status = ctl->status;
    else
        status = return_row(ctl, o, result);
    PQclear(result);
    return status;
}
