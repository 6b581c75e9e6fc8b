/*
 * A circular as JSON: the queries' own columns and exact numbers. Whole numbers are numbers, those with
 * decimals are strings, as everywhere.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "writers.h"

/* Ends the program when there is no memory. */
static void
set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        abort();
}

static void
append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        abort();
}

/* What people read is made from the plain column; what is of the whole question stands on every row. */
static bool
is_for_programs(const char *name)
{
    size_t len = strlen(name), suffix = strlen("_shown");

    return strncmp(name, "of_", strlen("of_")) != 0 &&
           (len < suffix || strcmp(name + len - suffix, "_shown") != 0);
}

static json_t *
row_of(const PGresult *rows, int r)
{
    json_t *object = json_object();

    for (int c = 0; c < PQnfields(rows); c++)
        if (is_for_programs(PQfname(rows, c)))
            set(object, PQfname(rows, c),
                cell_json(cell_kind(PQftype(rows, c)),
                          PQgetisnull(rows, r, c) ? NULL : PQgetvalue(rows, r, c)));
    return object;
}

static json_t *
table_of(const struct circular_table *table)
{
    json_t *object = json_object(), *array = json_array();

    for (int r = 0; r < PQntuples(table->rows); r++)
        append(array, row_of(table->rows, r));
    if (table->about != NULL)
        set(object, "about", json_string(table->about));
    set(object, "left_out", json_integer(circular_left_out(table)));
    set(object, "rows", array);
    return object;
}

/* Two tables of one key (a plan each) are a list under it; so every key has a list. */
static void
add_table(json_t *tables, const struct circular_table *table)
{
    json_t *list = json_object_get(tables, table->layout->key);

    if (list == NULL) {
        list = json_array();
        set(tables, table->layout->key, list);
    }
    append(list, table_of(table));
}

static json_t *
section_of(const struct circular *circular, const struct circular_section *section)
{
    json_t *object = json_object(), *sentences = json_array(), *tables = json_object();

    for (size_t b = 0; b < section->n; b++)
        if (section->blocks[b].kind == CIRCULAR_TABLE)
            add_table(tables, &section->blocks[b].table);
        else
            append(sentences, json_string(section->blocks[b].text));
    set(object, "heading", json_string(message_text(circular->ctl->language, section->heading)));
    set(object, "sentences", sentences);
    set(object, "tables", tables);
    return object;
}

void
circular_json(const struct circular *circular, FILE *out)
{
    json_t *object = json_object(), *sections = json_object();

    for (size_t s = 0; s < circular->n; s++)
        set(sections, circular->sections[s].key, section_of(circular, &circular->sections[s]));
    set(object, "title", json_string(circular->title));
    set(object, "issuer", json_string(circular->issuer));
    set(object, "district", json_integer(strtol(circular->asked.district, NULL, 10)));
    set(object, "period", json_string(circular->asked.period));
    set(object, "as_of", json_string(circular_fact(circular, "as_of")));
    set(object, "to", json_string(circular->to));
    set(object, "intro", json_string(circular->intro));
    set(object, "sections", sections);
    if (json_dumpf(object, out, JSON_INDENT(2)) != 0)
        abort();
    fputc('\n', out);
    json_decref(object);
}
