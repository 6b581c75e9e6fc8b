/* The sheet that a clerk fills in, written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "sheet.h"
#include "sheet_words.h"
#include "table.h"

struct writing {
    FILE *out;
    enum language language;
    const struct sheet_owner *owner;
    const struct form *form;
    const Yuebao__Statement *last, *filled; /* NULL: none */
};

static const char *
either(enum language language, const char *zh, const char *en)
{
    return language == LANGUAGE_ZH || en[0] == '\0' ? zh : en;
}

/* A cell and what follows it; false: no memory. */
static bool
put_cell(FILE *out, const char *text, enum sheet_column column)
{
    char *cell = table_cell(text, 1);

    if (cell == NULL)
        return false;
    fprintf(out, "%s%s", cell, column + 1 == SHEET_COLUMNS ? "\r\n" : ",");
    free(cell);
    return true;
}

static bool
put_header(const struct writing *w)
{
    bool ok = true;

    fputs("\xEF\xBB\xBF", w->out);
    for (int column = 0; column < SHEET_COLUMNS; column++)
        ok = put_cell(w->out, sheet_column_name(w->language, (enum sheet_column)column),
                      (enum sheet_column)column) &&
             ok;
    return ok;
}

void
sheet_range_text(const Yuebao__Indicator *i, char text[SHEET_RANGE_MAX])
{
    char min[NUMBER_TEXT_MAX] = "", max[NUMBER_TEXT_MAX] = "";

    if (i->min != NULL)
        number_print_short(i->min->scaled, i->min->decimals, min);
    if (i->max != NULL)
        number_print_short(i->max->scaled, i->max->decimals, max);
    if (i->min != NULL && i->max != NULL)
        snprintf(text, SHEET_RANGE_MAX, "%s ~ %s", min, max);
    else if (i->min != NULL)
        snprintf(text, SHEET_RANGE_MAX, "≥ %s", min);
    else
        snprintf(text, SHEET_RANGE_MAX, "%s%s", i->max != NULL ? "≤ " : "", max);
}

/* Index of the indicator's figure; SIZE_MAX: the statement has none. */
static size_t
find_figure(const Yuebao__Statement *s, uint32_t indicator)
{
    for (size_t f = 0; s != NULL && f < s->n_indicator && f < s->n_value && f < s->n_denominator; f++)
        if (s->indicator[f] == indicator)
            return f;
    return SIZE_MAX;
}

/* The two cells as they were filled; empty where the statement has no figure. */
static void
print_figure(const Yuebao__Indicator *i, const Yuebao__Statement *s, char value[NUMBER_TEXT_MAX],
             char denominator[NUMBER_TEXT_MAX])
{
    size_t f = find_figure(s, i->number);

    value[0] = denominator[0] = '\0';
    if (f == SIZE_MAX)
        return;
    number_print_short(s->value[f], i->decimals, value);
    if (measure_has_denominator(i->measure))
        number_print_short(s->denominator[f], i->denominator_decimals, denominator);
}

void
sheet_figure_text(const Yuebao__Indicator *i, const Yuebao__Statement *s, char text[FIGURE_TEXT_MAX])
{
    char value[NUMBER_TEXT_MAX], denominator[NUMBER_TEXT_MAX];

    print_figure(i, s, value, denominator);
    snprintf(text, FIGURE_TEXT_MAX, "%s%s%s", value, denominator[0] != '\0' ? " ÷ " : "", denominator);
}

const char *
sheet_reason_text(enum language language, const Yuebao__Statement *s, uint32_t indicator)
{
    for (size_t m = 0; s != NULL && m < s->n_missing && m < s->n_missing_reason; m++)
        if (s->missing[m] == indicator)
            return sheet_reason_name(language, s->missing_reason[m]);
    return "";
}

static const char *
explanation_of(const Yuebao__Statement *s, uint32_t indicator)
{
    for (size_t e = 0; s != NULL && e < s->n_explanation; e++)
        if (s->explanation[e]->indicator == indicator)
            return s->explanation[e]->text;
    return "";
}

static char *
print_meaning(const struct writing *w, const Yuebao__Indicator *i)
{
    if (!measure_has_denominator(i->measure))
        return strdup("");
    return message_format(w->language, MSG_sheet_meaning, "numerator",
                          either(w->language, i->numerator_zh, i->numerator_en), "denominator",
                          either(w->language, i->denominator_zh, i->denominator_en), NULL);
}

static char *
print_mark(const struct writing *w)
{
    char *mark = NULL;

    char tag[SHEET_TAG_LEN + 2] = "";

    if (w->owner->catalogue != NULL) {
        hex_print(w->owner->catalogue, SHEET_TAG_LEN / 2, tag);
        strcat(tag, " ");
    }
    if (asprintf(&mark, "%s %s %s %s%s", w->owner->school, w->form->message->code, w->owner->period, tag,
                 w->owner->school_name) < 0)
        return NULL;
    return mark;
}

static bool
put_row(const struct writing *w, const struct form_item *item)
{
    const Yuebao__Indicator *i = item->indicator;
    const char *cells[SHEET_COLUMNS] = {NULL};
    char range[SHEET_RANGE_MAX], last[FIGURE_TEXT_MAX], value[NUMBER_TEXT_MAX], denominator[NUMBER_TEXT_MAX];
    char *meaning = print_meaning(w, i), *mark = print_mark(w);
    char *ratio_range = NULL;
    bool ok = meaning != NULL && mark != NULL;

    sheet_range_text(i, range);
    if (measure_has_denominator(i->measure) && range[0] != '\0')
        ratio_range = message_format(w->language, MSG_sheet_ratio, "range", range, NULL);
    sheet_figure_text(i, w->last, last);
    print_figure(i, w->filled, value, denominator);
    cells[COLUMN_CODE] = i->code;
    cells[COLUMN_NAME] = either(w->language, i->name_zh, i->name_en);
    cells[COLUMN_MEANING] = meaning;
    cells[COLUMN_UNIT] = either(w->language, i->unit_zh[0] != '\0' ? i->unit_zh : i->unit, i->unit);
    cells[COLUMN_VALUE] = value;
    cells[COLUMN_DENOMINATOR] = denominator;
    cells[COLUMN_REASON] = sheet_reason_text(w->language, w->filled, i->number);
    cells[COLUMN_EXPLANATION] = explanation_of(w->filled, i->number);
    cells[COLUMN_REQUIRED] =
        message_text(w->language, item->required ? MSG_word_required : MSG_word_optional);
    cells[COLUMN_RANGE] = range;
    if (ratio_range != NULL)
        cells[COLUMN_RANGE] = ratio_range;
    cells[COLUMN_LAST] = last;
    cells[COLUMN_MARK] = mark;
    for (int column = 0; ok && column < SHEET_COLUMNS; column++)
        ok = put_cell(w->out, cells[column] == NULL ? "" : cells[column], (enum sheet_column)column);
    free(meaning);
    free(ratio_range);
    free(mark);
    return ok;
}

char *
sheet_template(enum language language, const struct form *form, const struct sheet_owner *owner,
               const Yuebao__Statement *last, const Yuebao__Statement *filled, size_t *ret_len)
{
    char *bytes = NULL;
    size_t len = 0;
    struct writing w = {open_memstream(&bytes, &len), language, owner, form, last, filled};
    bool ok;

    if (w.out == NULL)
        return NULL;
    ok = put_header(&w);
    for (int required = 1; required >= 0; required--)
        for (size_t i = 0; i < form->n_items; i++)
            if (form->items[i].required == (required == 1))
                ok = put_row(&w, &form->items[i]) && ok;
    ok = !ferror(w.out) && ok;
    if (fclose(w.out) != 0 || !ok) {
        free(bytes);
        return NULL;
    }
    *ret_len = len;
    return bytes;
}
