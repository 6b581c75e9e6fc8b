/*
 * yuebaoctl review: a bureau looks at what came, says what it saw, returns what it doubts, and declares a
 * period.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "output.h"
#include "review.h"

/* ---- what all verbs share ----------------------------------------------------------------------- */

bool
review_begin(struct ctl *ctl, const struct review_options *o, bool as_admin)
{
    return is_district(ctl, o->district) && is_period(ctl, o->period) && is_form(ctl, o->form) &&
           (as_admin ? db_connect_admin(ctl) : db_connect_to_ask(ctl)) && knows_district(ctl, o->district) &&
           sees_whole_reports(ctl) && knows_form(ctl, o->form) && knows_school(ctl, o->school) &&
           has_opened(ctl, o->period, o->form);
}

enum message
review_word(const char *verdict)
{
    if (strcmp(verdict, "seen") == 0)
        return MSG_ctl_review_seen;
    return strcmp(verdict, "returned") == 0 ? MSG_ctl_review_returned : MSG_ctl_review_waiting;
}

void
review_marks(const struct ctl *ctl, const char *late, const char *admitted, const char *corrected,
             char marks[REVIEW_MARKS_MAX])
{
    const struct {
        const char *is;
        enum message word;
    } all[] = {
        {late, MSG_ctl_mark_late}, {admitted, MSG_ctl_mark_admitted}, {corrected, MSG_ctl_mark_corrected}};
    size_t used = 0;

    marks[0] = '\0';
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i].is != NULL && all[i].is[0] == 't')
            used += (size_t)snprintf(marks + used, REVIEW_MARKS_MAX - used, "%s%s", used > 0 ? " " : "",
                                     ctl_word(ctl, all[i].word));
}

/* ---- list --------------------------------------------------------------------------------------- */

#define WHAT_WAITS "FROM r WHERE $5::boolean OR r.verdict <> 'seen' ORDER BY r.district, r.school, r.form"

enum {
    SCHOOL,
    NAME_ZH,
    NAME_EN,
    FORM,
    REVISION,
    RECEIVED,
    LATE,
    ADMITTED,
    CORRECTED,
    WARNINGS,
    BREACHES,
    OUTLIERS,
    CHANGED,
    VERDICT
};

static const struct output_column columns[] = {
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"school_zh", MSG_ctl_col_name_zh, CELL_TEXT, {.widest = 32, .least = 16}},
    {"school_en", MSG_ctl_col_name_en, CELL_TEXT, {.widest = 32, .least = 16, .leaves = 1}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"revision", MSG_ctl_col_revision, CELL_INTEGER, {0}},
    {"received_at", MSG_ctl_col_received, CELL_INSTANT, {.leaves = 2}},
    {"marks", MSG_ctl_col_marks, CELL_TEXT, {0}},
    {"warnings", MSG_ctl_col_warnings, CELL_INTEGER, {0}},
    {"breaches", MSG_ctl_col_breaches, CELL_INTEGER, {0}},
    {"outliers", MSG_ctl_col_outliers, CELL_INTEGER, {0}},
    {"changed_figures", MSG_ctl_col_changed_figures, CELL_INTEGER, {0}},
    {"verdict", MSG_ctl_col_review, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static PGresult *
ask(struct ctl *ctl, const struct review_options *o)
{
    const char *values[] = {o->district, o->period, o->form, o->school, o->all ? "t" : "f"};

    if (ctl->format != OUTPUT_TEXT)
        return db_query(ctl, WITH_REVIEWS "SELECT r.* " WHAT_WAITS, 5, values);
    return db_query(
        ctl,
        WITH_REVIEWS
        "SELECT r.school, r.school_zh, r.school_en, r.form, r.revision, r.received_at, r.late, r.admitted, "
        "r.corrected, r.warnings, r.breaches, r.outliers, r.changed_figures, r.verdict " WHAT_WAITS,
        5, values);
}

static int
show_list(struct ctl *ctl, const PGresult *result)
{
    struct output *output = output_new(columns, COLUMN_COUNT);

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    for (int r = 0; r < PQntuples(result); r++) {
        char marks[REVIEW_MARKS_MAX];
        const char *cells[COLUMN_COUNT] = {
            db_cell(result, r, SCHOOL),
            db_cell(result, r, NAME_ZH),
            db_cell(result, r, NAME_EN),
            db_cell(result, r, FORM),
            db_cell(result, r, REVISION),
            db_cell(result, r, RECEIVED),
            marks,
            db_cell(result, r, WARNINGS),
            db_cell(result, r, BREACHES),
            db_cell(result, r, OUTLIERS),
            db_cell(result, r, CHANGED),
            ctl_word(ctl, review_word(db_cell(result, r, VERDICT))),
        };
        review_marks(ctl, db_cell(result, r, LATE), db_cell(result, r, ADMITTED),
                     db_cell(result, r, CORRECTED), marks);
        output_row(output, cells);
    }
    int status = output_write(output, stdout, ctl);
    output_free(output);
    return status;
}

static int
list(struct ctl *ctl, const struct review_options *o)
{
    if (!review_begin(ctl, o, false))
        return ctl->status;
    PGresult *result = ask(ctl, o);
    if (result == NULL)
        return ctl->status;
    int status = EX_OK;
    if (ctl->format != OUTPUT_TEXT)
        status = output_data(result, ctl);
    else if (PQntuples(result) > 0)
        status = show_list(ctl, result);
    PQclear(result);
    return status == EX_OK && !review_say_counts(ctl, o) ? ctl->status : status;
}

/* ---- the command -------------------------------------------------------------------------------- */

enum verb { VERB_LIST, VERB_SEEN, VERB_RETURN, VERB_DECLARE, VERB_DECLARATIONS };

static enum verb
verb_of(const char *word)
{
    static const struct {
        const char *word;
        enum verb verb;
    } verbs[] = {{"seen", VERB_SEEN},
                 {"return", VERB_RETURN},
                 {"declare", VERB_DECLARE},
                 {"declarations", VERB_DECLARATIONS}};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].word, word) == 0)
            return verbs[i].verb;
    return VERB_LIST;
}

/* An option that the verb does not know; NULL: none. */
static const char *
misplaced(enum verb verb, const struct review_options *o)
{
    const struct {
        const char *name;
        bool given;
        unsigned verbs; /* a bit for each verb that has it */
    } rules[] = {
        {"--form", o->form != NULL, 1u << VERB_LIST | 1u << VERB_SEEN | 1u << VERB_RETURN},
        {"--school", o->school != NULL, 1u << VERB_LIST | 1u << VERB_SEEN | 1u << VERB_RETURN},
        {"--revision", o->revision != NULL, 1u << VERB_SEEN | 1u << VERB_RETURN},
        {"--note", o->note != NULL, 1u << VERB_RETURN | 1u << VERB_DECLARE},
        {"--all", o->all, 1u << VERB_LIST | 1u << VERB_SEEN},
        {"--warned-too", o->warned_too, 1u << VERB_SEEN},
        {"--dry-run", o->dry_run, 1u << VERB_SEEN | 1u << VERB_RETURN | 1u << VERB_DECLARE},
        {"--district", verb != VERB_DECLARATIONS && o->district != NULL, 0},
        {"--period", verb != VERB_DECLARATIONS && o->period != NULL, 0},
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].given && (rules[i].verbs & 1u << verb) == 0)
            return rules[i].name;
    return NULL;
}

static int
run(struct ctl *ctl, enum verb verb, struct review_options *o, char *const *words, int n)
{
    if (n < 2 || (n > 2 && verb != VERB_SEEN))
        return ctl_usage(ctl, MSG_ctl_review_verb, NULL);
    o->district = words[0];
    o->period = words[1];
    switch (verb) {
    case VERB_LIST:
        return o->school != NULL ? review_show(ctl, o) : list(ctl, o);
    case VERB_SEEN:
        return review_seen(ctl, o, words + 2, n - 2);
    case VERB_RETURN:
        return review_return(ctl, o);
    case VERB_DECLARE:
        return review_declare(ctl, o);
    case VERB_DECLARATIONS:
        break;
    }
    return ctl_usage(ctl, MSG_ctl_review_verb, NULL);
}

int
cmd_review(struct ctl *ctl, int argc, char **argv)
{
    struct review_options o = {0};
    const struct ctl_option own[] = {{"district", &o.district, NULL}, {"period", &o.period, NULL},
                                     {"form", &o.form, NULL},         {"school", &o.school, NULL},
                                     {"revision", &o.revision, NULL}, {"note", &o.note, NULL},
                                     {"all", NULL, &o.all},           {"warned-too", NULL, &o.warned_too},
                                     {"dry-run", NULL, &o.dry_run},   {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    enum verb verb = first < argc ? verb_of(argv[first]) : VERB_LIST;
    const char *wrong = misplaced(verb, &o);
    if (wrong != NULL)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", wrong, NULL);
    first += verb != VERB_LIST;
    if (verb == VERB_DECLARATIONS)
        return first < argc ? ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL)
                            : review_declarations(ctl, &o);
    return run(ctl, verb, &o, argv + first, argc - first);
}
