/*
 * A circular as Markdown: CommonMark, tables as GitHub and pandoc read them.
 */
#include <stdlib.h>
#include <string.h>

#include "writers.h"

/* Text that means itself: what Markdown would take for markup gets a backslash, a line break becomes a blank.
 */
static void
put_text(FILE *out, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *dot = digits > 0 && (text[digits] == '.' || text[digits] == ')') ? text + digits : NULL;

    if (text[0] != '\0' && strchr("#-+=", text[0]) != NULL)
        fputc('\\', out);
    for (; *text != '\0'; text++) {
        if (strchr("\\`*_[]<>|~&", *text) != NULL || text == dot) /* 1. at the beginning makes a list */
            fputc('\\', out);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

static bool
is_number(enum circular_kind kind)
{
    return kind == CIRCULAR_COUNT || kind == CIRCULAR_FIGURE;
}

/* Inside a row a leading sign means nothing, but a number with a backslash before it would be hard to read.
 */
static void
put_cell(FILE *out, const char *text, enum circular_kind kind)
{
    fputs("| ", out);
    if (is_number(kind))
        fputs(text, out);
    else
        put_text(out, text);
    fputc(' ', out);
}

static void
put_head(const struct circular *circular, const struct circular_layout *layout, FILE *out)
{
    for (size_t c = 0; c < layout->n; c++)
        put_cell(out, message_text(circular->ctl->language, layout->columns[c].title), CIRCULAR_TEXT);
    fputs("|\n", out);
    for (size_t c = 0; c < layout->n; c++)
        fputs(is_number(layout->columns[c].kind) ? "| ---: " : "| :--- ", out);
    fputs("|\n", out);
}

static void
put_caption(const struct circular *circular, const struct circular_table *table, long nth, FILE *out)
{
    char *caption = circular_caption(circular, table, nth);

    fputs("**", out);
    put_text(out, caption);
    fputs("**\n\n", out);
    free(caption);
}

static void
put_table(const struct circular *circular, const struct circular_table *table, long nth, FILE *out)
{
    char buffer[CIRCULAR_CELL_MAX], *more = circular_more(circular, table);

    put_caption(circular, table, nth, out);
    put_head(circular, table->layout, out);
    for (int r = 0; r < PQntuples(table->rows); r++) {
        for (size_t c = 0; c < table->layout->n; c++)
            put_cell(out, circular_cell(circular, table, r, c, buffer), table->layout->columns[c].kind);
        fputs("|\n", out);
    }
    fputc('\n', out);
    if (more != NULL)
        fprintf(out, "%s\n\n", more);
    free(more);
}

static void
put_paragraph(FILE *out, const char *before, const char *text, const char *after)
{
    fputs(before, out);
    put_text(out, text);
    fputs(after, out);
}

static void
put_section(const struct circular *circular, size_t s, long *tables, FILE *out)
{
    const struct circular_section *section = &circular->sections[s];
    char number[16], demand[16];
    int demands = 0;

    circular_number(circular, s, number);
    fprintf(out, "## %s%s\n\n", number, message_text(circular->ctl->language, section->heading));
    for (size_t b = 0; b < section->n; b++) {
        const struct circular_block *block = &section->blocks[b];
        switch (block->kind) {
        case CIRCULAR_SENTENCE:
            put_paragraph(out, "", block->text, "\n\n");
            break;
        case CIRCULAR_DEMAND:
            snprintf(demand, sizeof(demand), "%d. ", ++demands);
            put_paragraph(out, demand, block->text, b + 1 == section->n ? "\n\n" : "\n");
            break;
        case CIRCULAR_TABLE:
            put_table(circular, &block->table, ++*tables, out);
            break;
        }
    }
}

void
circular_markdown(const struct circular *circular, FILE *out)
{
    long tables = 0;

    put_paragraph(out, "# ", circular->title, "\n\n");
    put_paragraph(out, "", circular->to, "\n\n");
    put_paragraph(out, "", circular->intro, "\n\n");
    for (size_t s = 0; s < circular->n; s++)
        put_section(circular, s, &tables, out);
    put_paragraph(out, "", circular->issuer, "\\\n"); /* a backslash breaks the line */
    put_paragraph(out, "", circular->day, "\n");
}
