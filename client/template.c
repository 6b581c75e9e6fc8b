/* The sheet that a clerk fills in, written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "sheet.h"
#include "table.h"

struct writing {
    FILE *out;
    enum language language;
    const struct sheet_owner *owner;
    const struct form *form;
    const Yuebao__Statement *last;
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

/* "0 ~ 20000", "≥ 0", "≤ 100"; empty where anything goes. With a denominator it is the ratio's, not the
 * cell's. */
static void
print_range(const Yuebao__Indicator *i, char *text, size_t size)
{
    char min[NUMBER_TEXT_MAX] = "", max[NUMBER_TEXT_MAX] = "";

    if (i->min != NULL)
        number_print_short(i->min->scaled, i->min->decimals, min);
    if (i->max != NULL)
        number_print_short(i->max->scaled, i->max->decimals, max);
    if (i->min != NULL && i->max != NULL)
        snprintf(text, size, "%s ~ %s", min, max);
    else if (i->min != NULL)
        snprintf(text, size, "≥ %s", min);
    else
        snprintf(text, size, "%s%s", i->max != NULL ? "≤ " : "", max);
}

/* "342", or "12 / 30" as the two cells were filled; empty where last period has no figure. */
static void
print_last(const Yuebao__Indicator *i, const Yuebao__Statement *last, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t f = 0; last != NULL && f < last->n_indicator && f < last->n_value && f < last->n_denominator;
         f++) {
        char value[NUMBER_TEXT_MAX], denominator[NUMBER_TEXT_MAX];

        if (last->indicator[f] != i->number)
            continue;
        number_print_short(last->value[f], i->decimals, value);
        number_print_short(last->denominator[f], i->denominator_decimals, denominator);
        if (measure_has_denominator(i->measure))
            snprintf(text, size, "%s ÷ %s", value,
                     denominator); /* "/" would make it a date in a spreadsheet */
        else
            snprintf(text, size, "%s", value);
    }
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

    if (asprintf(&mark, "%s %s %s %s", w->owner->school, w->form->message->code, w->owner->period,
                 w->owner->school_name) < 0)
        return NULL;
    return mark;
}

static bool
put_row(const struct writing *w, const struct form_item *item)
{
    const Yuebao__Indicator *i = item->indicator;
    const char *cells[SHEET_COLUMNS] = {NULL};
    char range[2 * NUMBER_TEXT_MAX + 8], last[2 * NUMBER_TEXT_MAX + 8];
    char *meaning = print_meaning(w, i), *mark = print_mark(w);
    char *ratio_range = NULL;
    bool ok = meaning != NULL && mark != NULL;

    print_range(i, range, sizeof(range));
    if (measure_has_denominator(i->measure) && range[0] != '\0')
        ratio_range = message_format(w->language, MSG_sheet_ratio, "range", range, NULL);
    print_last(i, w->last, last, sizeof(last));
    cells[COLUMN_CODE] = i->code;
    cells[COLUMN_NAME] = either(w->language, i->name_zh, i->name_en);
    cells[COLUMN_MEANING] = meaning;
    cells[COLUMN_UNIT] = either(w->language, i->unit_zh[0] != '\0' ? i->unit_zh : i->unit, i->unit);
    cells[COLUMN_REQUIRED] =
        message_text(w->language, item->required ? MSG_sheet_required : MSG_sheet_optional);
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
               const Yuebao__Statement *last, size_t *ret_len)
{
    char *bytes = NULL;
    size_t len = 0;
    struct writing w = {open_memstream(&bytes, &len), language, owner, form, last};
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
