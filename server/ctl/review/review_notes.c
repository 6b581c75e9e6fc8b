#include "review_notes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define NOTE_INDENT   2 /* of output_note */
#define CHARACTER_MAX 4 /* bytes in UTF-8 */

struct note {
    char *indicator; /* owned; NULL: beside no figure */
    char *text;      /* owned */
};

struct review_notes {
    const struct ctl *ctl;
    struct note *list;
    size_t count;
};

/* ---- what the database knows -------------------------------------------------------------------- */

static enum language
language_of(const struct review_notes *notes)
{
    return notes->ctl->format == OUTPUT_TEXT ? notes->ctl->language : LANGUAGE_EN;
}

/* Both texts: `text` is taken, NULL means that there is no memory; `indicator` is copied, NULL is none. */
static void
add(struct review_notes *notes, const char *indicator, char *text)
{
    struct note note = {indicator == NULL ? NULL : strdup(indicator), text};
    struct note *list = realloc(notes->list, (notes->count + 1) * sizeof(*list));

    if (list == NULL || text == NULL || (indicator != NULL && note.indicator == NULL))
        abort();
    notes->list = list;
    list[notes->count++] = note;
}

/* Rules that warned, and what the school says. */
static const char remarks_sql[] =
    "SELECT r.indicator, r.rule, r.message_zh, r.message_en, r.found, r.bound, r.explanation "
    "FROM api.remark AS r WHERE r.district = $1::integer AND r.first_day = $2::date AND r.school = $3 "
    "AND r.form = $4 AND r.revision = $5::integer";

static void
add_remark(struct review_notes *notes, const PGresult *rows, int r)
{
    enum language language = language_of(notes);
    const char *rule = db_cell(rows, r, 1), *says = db_cell(rows, r, language == LANGUAGE_ZH ? 2 : 3);
    const char *found = db_cell(rows, r, 4);
    enum message message = rule == NULL    ? MSG_ctl_report_explanation
                           : found == NULL ? MSG_ctl_review_answer
                                           : MSG_ctl_review_remark;

    add(notes, db_cell(rows, r, 0),
        message_format(language, message, "rule", says == NULL ? rule : says, "found", found, "bound",
                       db_cell(rows, r, 5), "text", PQgetvalue(rows, r, 6), NULL));
}

/* Other rules that the figures break: nobody at the school had to answer them. */
static const char breaches_sql[] =
    "SELECT NULL, b.message_zh, b.message_en, b.left_sum, b.op, b.right_sum "
    "FROM api.breaches_in($1::integer, $6, $4, $3) AS b WHERE NOT EXISTS (SELECT FROM api.remark AS r "
    "WHERE r.district = b.district AND r.first_day = b.first_day AND r.school = b.school AND r.form = b.form "
    "AND r.revision = $5::integer AND r.rule = b.rule AND r.found IS NOT NULL) AND b.first_day = $2::date";

static void
add_breach(struct review_notes *notes, const PGresult *rows, int r)
{
    enum language language = language_of(notes);

    add(notes, NULL,
        message_format(language, MSG_ctl_review_breach, "rule",
                       PQgetvalue(rows, r, language == LANGUAGE_ZH ? 1 : 2), "left", PQgetvalue(rows, r, 3),
                       "op", PQgetvalue(rows, r, 4), "right", PQgetvalue(rows, r, 5), NULL));
}

static const char outliers_sql[] =
    "SELECT o.indicator, o.usual, o.low, o.high FROM api.outliers_in($1::integer, $6, $4, $3) AS o "
    "WHERE o.first_day = $2::date AND $5::integer > 0";

static void
add_outlier(struct review_notes *notes, const PGresult *rows, int r)
{
    add(notes, PQgetvalue(rows, r, 0),
        message_format(language_of(notes), MSG_ctl_review_outlier, "usual", PQgetvalue(rows, r, 1), "low",
                       PQgetvalue(rows, r, 2), "high", PQgetvalue(rows, r, 3), NULL));
}

static bool
load(struct ctl *ctl, const struct review_slot *slot, struct review_notes *notes)
{
    const struct {
        const char *sql;
        int values;
        void (*add)(struct review_notes *notes, const PGresult *rows, int r);
    } sources[] = {
        {remarks_sql, 5, add_remark}, {breaches_sql, 6, add_breach}, {outliers_sql, 6, add_outlier}};
    const char *values[] = {slot->district, slot->first_day, slot->school,
                            slot->form,     slot->revision,  slot->period};

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        PGresult *rows = db_query(ctl, sources[i].sql, sources[i].values, values);
        if (rows == NULL)
            return false;
        for (int r = 0; r < PQntuples(rows); r++)
            sources[i].add(notes, rows, r);
        PQclear(rows);
    }
    return true;
}

struct review_notes *
review_notes_load(struct ctl *ctl, const struct review_slot *slot)
{
    struct review_notes *notes = calloc(1, sizeof(*notes));

    if (notes == NULL)
        abort();
    notes->ctl = ctl;
    if (load(ctl, slot, notes))
        return notes;
    review_notes_free(notes);
    return NULL;
}

void
review_notes_free(struct review_notes *notes)
{
    if (notes == NULL)
        return;
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->list[i].indicator);
        free(notes->list[i].text);
    }
    free(notes->list);
    free(notes);
}

/* ---- where they are read ------------------------------------------------------------------------ */

static bool
is_about(const struct note *note, const char *indicator)
{
    return note->indicator != NULL && strcmp(note->indicator, indicator) == 0;
}

char *
review_notes_joined(const struct review_notes *notes, const char *indicator)
{
    char *joined = NULL;

    for (size_t i = 0; i < notes->count; i++) {
        char *longer = NULL;
        if (!is_about(&notes->list[i], indicator))
            continue;
        if (asprintf(&longer, "%s%s%s", joined == NULL ? "" : joined, joined == NULL ? "" : " ",
                     notes->list[i].text) < 0)
            abort();
        free(joined);
        joined = longer;
    }
    return joined;
}

/* How many bytes of `text`, whole characters, take at most `width` columns; at least one character. */
static size_t
fitting(const char *text, size_t width)
{
    char part[CHARACTER_MAX + 1];
    size_t len = 0, used = 0;

    while (text[len] != '\0') {
        size_t next = len + 1;
        while (((unsigned char)text[next] & 0xC0) == 0x80 && next - len < CHARACTER_MAX)
            next++;
        memcpy(part, text + len, next - len);
        part[next - len] = '\0';
        used += text_width(part);
        if (used > width && len > 0)
            break;
        len = next;
    }
    return len;
}

static void
put_whole(const struct ctl *ctl, struct output *output, const char *text)
{
    size_t width = ctl->width > NOTE_INDENT + CHARACTER_MAX ? ctl->width - NOTE_INDENT : SIZE_MAX;

    while (*text != '\0') {
        size_t len = fitting(text, width);
        char *line = strndup(text, len);
        if (line == NULL)
            abort();
        output_note(output, line);
        free(line);
        text += len;
    }
}

void
review_notes_put(const struct review_notes *notes, const char *indicator, struct output *output)
{
    for (size_t i = 0; i < notes->count; i++)
        if (is_about(&notes->list[i], indicator))
            put_whole(notes->ctl, output, notes->list[i].text);
}

void
review_notes_say(const struct review_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        if (notes->list[i].indicator == NULL)
            fprintf(notes->ctl->talk, "%s\n", notes->list[i].text);
}
