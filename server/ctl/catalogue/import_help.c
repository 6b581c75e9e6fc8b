/* The columns of every file, printed from what import checks them against. */
#include "import.h"

static enum message
field_noun(enum field field)
{
    switch (field) {
    case FIELD_TEXT:
        return MSG_ctl_field_text;
    case FIELD_WORD:
        return MSG_ctl_field_word;
    case FIELD_WORDS:
        return MSG_ctl_field_words;
    case FIELD_CODE:
        return MSG_ctl_field_code;
    case FIELD_SCHOOL:
        return MSG_ctl_field_school;
    case FIELD_AREA:
        return MSG_ctl_field_area;
    case FIELD_DISTRICT:
        return MSG_ctl_field_district;
    case FIELD_DATE:
        return MSG_ctl_field_date;
    case FIELD_NUMBER:
        return MSG_ctl_field_number;
    case FIELD_DECIMALS:
        return MSG_ctl_field_decimals;
    }
    return MSG_ctl_field_text;
}

static void
print_column(const struct ctl *ctl, const struct import_column *column, FILE *out)
{
    char mark = column->filled ? '*' : column->header ? '+' : ' ';

    fprintf(out, "  %c %-21s ", mark, column->name);
    message_print(out, ctl->language, field_noun(column->field), NULL);
    for (size_t i = 0; column->words != NULL && column->words[i] != NULL; i++)
        fprintf(out, "%s%s", i == 0 ? " " : ", ", column->words[i]);
    fputc('\n', out);
}

void
import_columns_help(const struct ctl *ctl, FILE *out)
{
    message_print(out, ctl->language, MSG_ctl_help_import_columns, NULL);
    for (enum import_kind kind = 0; kind < IMPORT_KINDS; kind++) {
        const struct import_spec *spec = import_spec(kind);
        fprintf(out, "\n%s\n", spec->file);
        for (size_t c = 0; c < spec->n; c++)
            print_column(ctl, &spec->columns[c], out);
    }
}
