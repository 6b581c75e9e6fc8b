#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "export.h"
#include "xlsx.h"
#include "xml.h"

static bool
no_memory(struct export *e)
{
    ctl_fail(e->ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    return false;
}

static bool
go_on(struct export *e)
{
    if (ferror(e->out) == 0)
        return true;
    e->reason = errno;
    return false;
}

/* ---- CSV ---------------------------------------------------------------------------------------- */

static bool
put_keys(struct export *e, bool harmless)
{
    for (size_t c = 0; c < e->n; c++)
        if (!cell_csv(e->out, e->columns[c].key, c == 0, harmless))
            return no_memory(e);
    fputs("\r\n", e->out);
    return go_on(e);
}

static bool
put_cells(struct export *e, const char *const *cells, bool harmless)
{
    char buffer[CELL_INSTANT_MAX];

    for (size_t c = 0; c < e->n; c++)
        if (!cell_csv(e->out, cell_data(e->columns[c].kind, cells[c], buffer), c == 0, harmless))
            return no_memory(e);
    fputs("\r\n", e->out);
    return go_on(e);
}

static bool
csv_begin(struct export *e)
{
    fputs("\xEF\xBB\xBF", e->out);
    return put_keys(e, true);
}

static bool
csv_row(struct export *e, const char *const *cells)
{
    return put_cells(e, cells, true);
}

static bool
sdmx_begin(struct export *e)
{
    return put_keys(e, false);
}

static bool
sdmx_row(struct export *e, const char *const *cells)
{
    return put_cells(e, cells, false);
}

const struct export_writer export_csv = {csv_begin, csv_row, go_on, NULL};
const struct export_writer export_sdmx = {sdmx_begin, sdmx_row, go_on, NULL};

/* ---- JSON --------------------------------------------------------------------------------------- */

static bool
lines_row(struct export *e, const char *const *cells)
{
    for (size_t c = 0; c < e->n; c++) {
        fputc(c == 0 ? '{' : ',', e->out);
        cell_json_text(e->out, CELL_TEXT, e->columns[c].key);
        fputc(':', e->out);
        cell_json_text(e->out, e->columns[c].kind, cells[c]);
    }
    fputs("}\n", e->out);
    return go_on(e);
}

const struct export_writer export_lines = {go_on, lines_row, go_on, NULL};

/* ---- XLSX --------------------------------------------------------------------------------------- */

static bool
xlsx_begin(struct export *e)
{
    static const char *const names[] = {"figures", "totals", "reports"};

    return xlsx_sheet(e->book, names[e->subject], e->columns, e->n);
}

static bool
xlsx_put(struct export *e, const char *const *cells)
{
    return xlsx_row(e->book, cells);
}

static bool
xlsx_end(struct export *e)
{
    xlsx_sheet_end(e->book);
    return true;
}

const struct export_writer export_xlsx = {xlsx_begin, xlsx_put, xlsx_end, NULL};

/* ---- ADX ---------------------------------------------------------------------------------------- */

/* What the query for ADX yields; the first three make a group. */
enum { ADX_UNIT, ADX_PERIOD, ADX_SET, ADX_GROUP, ADX_ELEMENT = ADX_GROUP, ADX_VALUE };

struct group {
    char *cells[ADX_GROUP]; /* of the group that is open; NULL: none is */
};

static bool
adx_begin(struct export *e)
{
    e->own = calloc(1, sizeof(struct group));
    if (e->own == NULL)
        return no_memory(e);
    fprintf(e->out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<adx xmlns=\"urn:ihe:qrph:adx:2015\" exported=\"");
    xml_now(e->out);
    fputs("\">\n", e->out);
    return go_on(e);
}

static void
close_group(struct export *e)
{
    struct group *group = e->own;

    if (group->cells[0] != NULL)
        fputs("  </group>\n", e->out);
    for (size_t i = 0; i < ADX_GROUP; i++) {
        free(group->cells[i]);
        group->cells[i] = NULL;
    }
}

static bool
open_group(struct export *e, const char *const *cells)
{
    struct group *group = e->own;

    fputs("  <group", e->out);
    for (size_t i = 0; i < ADX_GROUP; i++) {
        xml_attribute(e->out, e->columns[i].key, cells[i]);
        group->cells[i] = strdup(cells[i]);
        if (group->cells[i] == NULL)
            return no_memory(e);
    }
    fputs(">\n", e->out);
    return true;
}

static bool
is_in_group(const struct group *group, const char *const *cells)
{
    for (size_t i = 0; i < ADX_GROUP; i++)
        if (group->cells[i] == NULL || strcmp(group->cells[i], cells[i]) != 0)
            return false;
    return true;
}

static bool
adx_row(struct export *e, const char *const *cells)
{
    if (!is_in_group(e->own, cells)) {
        close_group(e);
        if (!open_group(e, cells))
            return false;
    }
    fputs("    <dataValue", e->out);
    xml_attribute(e->out, e->columns[ADX_ELEMENT].key, cells[ADX_ELEMENT]);
    xml_attribute(e->out, e->columns[ADX_VALUE].key, cells[ADX_VALUE]);
    fputs("/>\n", e->out);
    return go_on(e);
}

static bool
adx_end(struct export *e)
{
    close_group(e);
    fputs("</adx>\n", e->out);
    return go_on(e);
}

static void
adx_free(struct export *e)
{
    struct group *group = e->own;

    for (size_t i = 0; group != NULL && i < ADX_GROUP; i++)
        free(group->cells[i]);
    free(group);
}

const struct export_writer export_adx = {adx_begin, adx_row, adx_end, adx_free};
