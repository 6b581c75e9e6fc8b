#include "figure_cell.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "yuebao.pb-c.h"

const char *
figure_cell(const struct ctl *ctl, const char *text, const char *missing)
{
    const ProtobufCEnumValue *reason;

    if (text != NULL || missing == NULL)
        return text;
    reason = protobuf_c_enum_descriptor_get_value(&yuebao__missing_reason__descriptor,
                                                  (int)strtol(missing, NULL, 10));
    if (reason == NULL)
        return missing;
    return message_word(ctl->format == OUTPUT_TEXT ? ctl->language : LANGUAGE_EN, reason->name);
}

static bool
is_other_language(const struct ctl *ctl, const char *key)
{
    return ctl->format == OUTPUT_TEXT &&
           strcmp(key, ctl->language == LANGUAGE_ZH ? "name_en" : "name_zh") == 0;
}

bool
figure_table_begin(struct figure_table *table, const struct ctl *ctl, const struct output_column *all,
                   size_t n, unsigned left_out)
{
    assert(n <= FIGURE_COLUMNS_MAX);
    *table = (struct figure_table){.ctl = ctl};
    for (size_t c = 0; c < n; c++) {
        if (ctl->format == OUTPUT_TEXT && (left_out & 1u << c) != 0)
            continue;
        if (is_other_language(ctl, all[c].key))
            continue;
        table->columns[table->n] = all[c];
        table->chosen[table->n++] = c;
    }
    table->output = output_new(table->columns, table->n);
    return table->output != NULL;
}

void
figure_table_row(struct figure_table *table, const char *const *cells)
{
    const char *chosen[FIGURE_COLUMNS_MAX];

    for (size_t c = 0; c < table->n; c++)
        chosen[c] = cells[table->chosen[c]];
    output_row(table->output, chosen);
}

const char *
figure_unit(const struct ctl *ctl, const char *unit)
{
    return ctl->format == OUTPUT_TEXT && ctl->language == LANGUAGE_ZH && unit != NULL ? unit_zh(unit) : unit;
}
