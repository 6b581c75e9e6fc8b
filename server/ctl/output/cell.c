#include "cell.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

#define INSTANT_LEN 19 /* of 2026-11-29 06:57:03 */
#define OFFSET_MAX  9  /* of +08:00:00 */

const char *
cell_instant(const char *text, bool for_people, char buffer[CELL_INSTANT_MAX])
{
    const char *offset = strlen(text) < INSTANT_LEN ? NULL : strpbrk(text + INSTANT_LEN, "+-");

    if (offset == NULL || strlen(offset) > OFFSET_MAX)
        return text;
    bool hours_only = strchr(offset, ':') == NULL;
    if (for_people)
        snprintf(buffer, CELL_INSTANT_MAX, "%.16s %s%s", text, offset, hours_only ? ":00" : "");
    else
        snprintf(buffer, CELL_INSTANT_MAX, "%.10sT%.8s%s%s", text, text + 11, offset,
                 hours_only ? ":00" : "");
    return buffer;
}

const char *
cell_data(enum output_kind kind, const char *cell, char buffer[CELL_INSTANT_MAX])
{
    if (cell == NULL)
        return "";
    return kind == CELL_INSTANT ? cell_instant(cell, false, buffer) : cell;
}

bool
cell_csv(FILE *out, const char *text, bool first, bool harmless)
{
    char *cell = table_cell(text, harmless);

    if (cell == NULL)
        return false;
    if (!first)
        fputc(',', out);
    fputs(cell, out);
    free(cell);
    return true;
}

static void
put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned)*text);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    fputc('"', out);
}

void
cell_json_text(FILE *out, enum output_kind kind, const char *cell)
{
    char buffer[CELL_INSTANT_MAX];

    if (cell == NULL)
        fputs("null", out);
    else if (kind == CELL_INTEGER)
        fputs(cell, out);
    else if (kind == CELL_BOOLEAN)
        fputs(cell[0] == 't' ? "true" : "false", out);
    else
        put_quoted(out, cell_data(kind, cell, buffer));
}

json_t *
cell_json(enum output_kind kind, const char *cell)
{
    char buffer[CELL_INSTANT_MAX];

    if (cell == NULL)
        return json_null();
    if (kind == CELL_INTEGER)
        return json_integer(strtoll(cell, NULL, 10));
    if (kind == CELL_BOOLEAN)
        return json_boolean(cell[0] == 't');
    return json_string(cell_data(kind, cell, buffer));
}

/* Type numbers of PostgreSQL's pg_type.dat. */
enum output_kind
cell_kind(Oid type)
{
    switch (type) {
    case 16: /* boolean */
        return CELL_BOOLEAN;
    case 20: /* bigint */
    case 21: /* smallint */
    case 23: /* integer */
        return CELL_INTEGER;
    case 1700: /* numeric */
        return CELL_DECIMAL;
    case 1184: /* timestamptz */
        return CELL_INSTANT;
    default:
        return CELL_TEXT;
    }
}
