#include "circular.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "look.h"
#include "unit.h"

/* ---- filling it --------------------------------------------------------------------------------- */

PGresult *
circular_ask(struct circular *circular, const char *sql, int n)
{
    const char *const values[] = {circular->asked.district, circular->asked.period, circular->first_day,
                                  circular->asked.indicators};
    char *spoken = look_in_language(circular->ctl, sql);
    PGresult *rows = db_query(circular->ctl, spoken, n, values);

    free(spoken);
    return rows;
}

void
circular_section(struct circular *circular, const char *key, enum message heading)
{
    if (circular->n > 0 && circular->sections[circular->n - 1].n == 0)
        circular->n--; /* the one before stayed empty */
    if (circular->n == CIRCULAR_SECTIONS_MAX)
        abort();
    circular->sections[circular->n++] = (struct circular_section){.key = key, .heading = heading};
}

static struct circular_block *
add_block(struct circular *circular)
{
    struct circular_section *section = &circular->sections[circular->n - 1];
    struct circular_block *blocks = realloc(section->blocks, (section->n + 1) * sizeof(*blocks));

    if (blocks == NULL)
        abort();
    section->blocks = blocks;
    blocks[section->n] = (struct circular_block){0};
    return &blocks[section->n++];
}

void
circular_add(struct circular *circular, enum circular_block_kind kind, char *text)
{
    if (text == NULL)
        abort();
    struct circular_block *block = add_block(circular);
    block->kind = kind;
    block->text = text;
}

void
circular_put(struct circular *circular, const struct circular_layout *layout, char *about, PGresult *rows)
{
    if (PQntuples(rows) == 0) {
        PQclear(rows);
        free(about);
        return;
    }
    struct circular_block *block = add_block(circular);
    block->kind = CIRCULAR_TABLE;
    block->table = (struct circular_table){.layout = layout, .about = about, .rows = rows};
}

bool
circular_ask_table(struct circular *circular, const struct circular_layout *layout, const char *sql, int n)
{
    PGresult *rows = circular_ask(circular, sql, n);

    if (rows == NULL)
        return false;
    circular_put(circular, layout, NULL, rows);
    return true;
}

/* ---- reading it --------------------------------------------------------------------------------- */

int
circular_column(const struct circular *circular, const PGresult *rows, const char *key)
{
    char name[64];
    size_t len = strlen(key);

    snprintf(name, sizeof(name), "%s", key);
    if (len > 0 && len + 2 <= sizeof(name) && key[len - 1] == '@')
        strcpy(name + len - 1, circular->ctl->language == LANGUAGE_ZH ? "zh" : "en");
    return PQfnumber(rows, name);
}

const char *
circular_value(const struct circular *circular, const PGresult *rows, int row, const char *key)
{
    int column = circular_column(circular, rows, key);

    return column < 0 ? NULL : db_cell(rows, row, column);
}

long
circular_sum(const PGresult *rows, const char *key)
{
    int column = PQfnumber(rows, key);
    long sum = 0;

    for (int r = 0; column >= 0 && r < PQntuples(rows); r++)
        sum += strtol(PQgetvalue(rows, r, column), NULL, 10);
    return sum;
}

const char *
circular_long(long number, char buffer[24])
{
    snprintf(buffer, 24, "%ld", number);
    return buffer;
}

const char *
circular_fact(const struct circular *circular, const char *name)
{
    return circular_value(circular, circular->facts, 0, name);
}

const char *
circular_cell(const struct circular *circular, const struct circular_table *table, int row, size_t column,
              char buffer[CIRCULAR_CELL_MAX])
{
    const struct circular_column *c = &table->layout->columns[column];
    char shown[CIRCULAR_CELL_MAX];

    snprintf(shown, sizeof(shown), "%s_shown", c->key);
    int at = circular_column(circular, table->rows, shown);
    if (at < 0)
        at = circular_column(circular, table->rows, c->key);
    const char *cell = at < 0 ? NULL : db_cell(table->rows, row, at);
    if (cell == NULL)
        return "";
    if (c->kind == CIRCULAR_WORD)
        return message_word(circular->ctl->language, cell);
    return c->kind == CIRCULAR_UNIT ? unit_words(circular->ctl->language, cell, buffer) : cell;
}

long
circular_left_out(const struct circular_table *table)
{
    int column = PQfnumber(table->rows, "of_all");

    return column < 0 ? 0 : strtol(PQgetvalue(table->rows, 0, column), NULL, 10) - PQntuples(table->rows);
}

char *
circular_caption(const struct circular *circular, const struct circular_table *table, long nth)
{
    char number[24];
    const char *what = message_text(circular->ctl->language, table->layout->caption);
    char *caption = message_format(
        circular->ctl->language, table->about == NULL ? MSG_circular_caption : MSG_circular_caption_about,
        "number", circular_long(nth, number), "what", what, "about", table->about, NULL);

    if (caption == NULL)
        abort();
    return caption;
}

char *
circular_more(const struct circular *circular, const struct circular_table *table)
{
    long left_out = circular_left_out(table);
    char number[24];

    if (left_out <= 0)
        return NULL;
    char *more = message_format(circular->ctl->language, MSG_circular_more, "count",
                                circular_long(left_out, number), NULL);
    if (more == NULL)
        abort();
    return more;
}

void
circular_number(const struct circular *circular, size_t section, char number[16])
{
    static const char *const digits[] = {"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"};
    size_t tens = (section + 1) / 10, ones = (section + 1) % 10;

    if (circular->ctl->language == LANGUAGE_ZH)
        snprintf(number, 16, "%s%s、", tens > 0 ? "十" : "", ones > 0 ? digits[ones - 1] : "");
    else
        snprintf(number, 16, "%zu. ", section + 1);
}
