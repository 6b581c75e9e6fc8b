/*
 * Three steps: the bytes become UTF-8 (by mark, or by whichever reading makes the better header), the header
 * decides between comma and tab, and libcsv cuts the text. Sizes are counted before cutting, so that nothing
 * grows and no callback can run out of memory: every cell but the last one ends in a separator or a line end,
 * and is not longer than it was.
 */
#include "table.h"

#include <csv.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "limit.h"
#include "number.h"

#define HEADER_ROWS                                                                                          \
    8u /* rows with a cell that are searched for known words: a title may stand above the header */
#define HEADER_CHUNK   512u /* bytes fed at a time until they are found */
#define OFFSET_UNKNOWN SIZE_MAX
#define CR             '\r'
#define LF             '\n'

/* ---- characters --------------------------------------------------------------------------------- */

/* UTF-8 that was decoded. */
struct text {
    char *bytes;
    size_t len;
};

static bool
has_prefix(const uint8_t *bytes, size_t len, const char *mark, size_t mark_len)
{
    return len >= mark_len && memcmp(bytes, mark, mark_len) == 0;
}

/* Bytes from the start that are UTF-8; control characters are judged later, cell by cell. */
static size_t
utf8_prefix(const uint8_t *bytes, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t n = bytes[at] < 0x80 ? 1 : bytes[at] < 0xe0 ? 2 : bytes[at] < 0xf0 ? 3 : 4;
        size_t left = len - at;

        /* C1 controls are UTF-8 all the same: C2 80 to C2 9F. */
        if (n > left || (n > 1 && !gate_text_is_clean(bytes + at, n) &&
                         !(n == 2 && bytes[at] == 0xc2 && bytes[at + 1] >= 0x80 && bytes[at + 1] < 0xa0)))
            return at;
        at += n;
    }
    return at;
}

static bool
is_ascii(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] >= 0x80)
            return false;
    return true;
}

/* The row of the byte at `offset`, as far as line ends tell; 0 for OFFSET_UNKNOWN. */
static size_t
line_of(const uint8_t *bytes, size_t offset)
{
    size_t line = 1;

    if (offset == OFFSET_UNKNOWN)
        return 0;
    for (size_t i = 0; i < offset; i++)
        if (bytes[i] == LF || (bytes[i] == CR && !(i + 1 < offset && bytes[i + 1] == LF)))
            line++;
    return line;
}

static enum table_status
copy_text(const uint8_t *bytes, size_t len, struct text *ret_text)
{
    char *copy = malloc(len + 1);

    if (copy == NULL)
        return TABLE_NOMEM;
    if (len > 0)
        memcpy(copy, bytes, len);
    *ret_text = (struct text){copy, len};
    return TABLE_OK;
}

/* By iconv, every error fatal. On TABLE_ENCODING *ret_bad says how many bytes were good. */
static enum table_status
convert(const char *encoding, const uint8_t *bytes, size_t len, struct text *ret_text, size_t *ret_bad)
{
    iconv_t iconv_handle = iconv_open("UTF-8", encoding);
    size_t size = 2 * len + 4, in_left = len,
           out_left = size; /* two bytes become three at most, four stay four */
    char *in = (char *)(uintptr_t)bytes, *text = malloc(size), *out = text;
    enum table_status rc = TABLE_OK;

    *ret_bad = 0;
    if (text == NULL)
        rc = TABLE_NOMEM;
    else if (iconv_handle == (iconv_t)-1)
        rc = TABLE_ENCODING; /* this C library has no such table */
    else if (iconv(iconv_handle, &in, &in_left, &out, &out_left) == (size_t)-1 || in_left > 0) {
        rc = TABLE_ENCODING;
        *ret_bad = len - in_left;
    }
    if (iconv_handle != (iconv_t)-1)
        iconv_close(iconv_handle);
    if (rc != TABLE_OK) {
        free(text);
        return rc;
    }
    *ret_text = (struct text){text, (size_t)(out - text)};
    return TABLE_OK;
}

/* UTF-16 without a mark shows by the zero bytes of its ASCII: all at odd places (LE), or all at even ones
 * (BE). */
static const char *
unmarked_utf16(const uint8_t *bytes, size_t len)
{
    size_t zeros[2] = {0, 0};

    for (size_t i = 0; i < len; i++)
        zeros[i % 2] += bytes[i] == 0;
    if (len % 2 != 0 || (zeros[0] > 0) == (zeros[1] > 0) || zeros[0] + zeros[1] <= len / 8)
        return NULL;
    return zeros[1] > 0 ? "UTF-16LE" : "UTF-16BE";
}

/* ---- cells -------------------------------------------------------------------------------------- */

/* Length of the blank character at the start, 0 for none: space, tab, line ends, U+00A0, U+3000. */
static size_t
blank_at_start(const char *text, size_t len)
{
    if (len >= 1 && (text[0] == ' ' || text[0] == '\t' || text[0] == CR || text[0] == LF))
        return 1;
    if (len >= 2 && memcmp(text, "\xc2\xa0", 2) == 0)
        return 2;
    if (len >= 3 && memcmp(text, "\xe3\x80\x80", 3) == 0)
        return 3;
    return 0;
}

static size_t
blank_at_end(const char *text, size_t len)
{
    for (size_t n = 1; n <= 3 && n <= len; n++)
        if (blank_at_start(text + len - n, n) == n)
            return n;
    return 0;
}

static void
trim(const char **text, size_t *len)
{
    size_t n;

    while ((n = blank_at_start(*text, *len)) > 0) {
        *text += n;
        *len -= n;
    }
    while ((n = blank_at_end(*text, *len)) > 0)
        *len -= n;
}

/* Copy with each tab or line end inside as one space; returns the bytes written. */
static size_t
copy_on_one_line(char *to, const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        bool line_end = text[i] == CR || text[i] == LF;

        if (text[i] == LF && i > 0 && text[i - 1] == CR)
            continue;
        to[n++] = line_end || text[i] == '\t' ? ' ' : text[i];
    }
    return n;
}

/* ---- line ends ---------------------------------------------------------------------------------- */

/*
 * libcsv reports CR and LF each as the end of a row (CSV_REPALL_NL), so that empty lines count. An LF right
 * behind a CR is no row.
 */
struct rows {
    bool after_cr; /* nothing came since a CR */
    bool begun;    /* the row has a cell, be it empty */
};

static bool
ends_a_row(struct rows *rows, int newline)
{
    bool second_half = newline == LF && rows->after_cr && !rows->begun;

    rows->after_cr = newline == CR;
    rows->begun = false;
    return !second_half;
}

static void
cell_begins(struct rows *rows)
{
    rows->begun = true;
    rows->after_cr = false;
}

static bool
parser_init(struct csv_parser *parser, char separator)
{
    if (csv_init(parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
        return false;
    csv_set_delim(parser, (unsigned char)separator);
    csv_set_blk_size(parser, 4096);
    return true;
}

/* ---- the header --------------------------------------------------------------------------------- */

/* How well the first rows read as a header. */
struct header {
    const char *const *known_words;
    struct rows rows;
    size_t seen;  /* rows with a cell */
    size_t known; /* cells that are known words */
    size_t cells; /* of the widest row */
    size_t row_cells;
    bool row_filled;
};

static bool
is_known(const char *const *words, const char *text, size_t len)
{
    for (; words != NULL && *words != NULL; words++)
        if (strlen(*words) == len && memcmp(*words, text, len) == 0)
            return true;
    return false;
}

static void
header_on_cell(void *cell, size_t len, void *data)
{
    struct header *header = data;
    const char *text = cell;

    cell_begins(&header->rows);
    if (header->seen == HEADER_ROWS)
        return;
    trim(&text, &len);
    header->known += is_known(header->known_words, text, len);
    header->row_cells++;
    header->row_filled = header->row_filled || len > 0;
}

static void
header_on_row(int newline, void *data)
{
    struct header *header = data;

    ends_a_row(&header->rows, newline);
    if (header->row_filled && header->seen < HEADER_ROWS) {
        header->seen++;
        if (header->row_cells > header->cells)
            header->cells = header->row_cells;
    }
    header->row_cells = 0;
    header->row_filled = false;
}

/* Read the first rows with this separator. What is wrong with them is said when the table is cut. */
static struct header
header_read(const struct text *text, char separator, const char *const *known_words)
{
    struct header header = {.known_words = known_words};
    struct csv_parser parser;

    if (!parser_init(&parser, separator))
        return header;
    for (size_t at = 0; at < text->len && header.seen < HEADER_ROWS; at += HEADER_CHUNK) {
        size_t n = text->len - at < HEADER_CHUNK ? text->len - at : HEADER_CHUNK;

        if (csv_parse(&parser, text->bytes + at, n, header_on_cell, header_on_row, &header) != n)
            break;
    }
    csv_fini(&parser, header_on_cell, header_on_row, &header);
    csv_free(&parser);
    return header;
}

/* More known words; else more cells, where tabs divide anything at all. */
static bool
tabs_are_better(const struct header *tab, const struct header *comma)
{
    if (tab->known != comma->known)
        return tab->known > comma->known;
    return tab->cells > comma->cells && tab->cells > 1;
}

/* Comma, unless the header reads better with tabs. */
static struct header
best_header(const struct text *text, const char *const *known_words, char *ret_separator)
{
    struct header comma = header_read(text, ',', known_words);
    struct header tab = header_read(text, '\t', known_words);
    bool tabs = tabs_are_better(&tab, &comma);

    *ret_separator = tabs ? '\t' : ',';
    return tabs ? tab : comma;
}

/* ---- encodings ---------------------------------------------------------------------------------- */

/* No mark: UTF-8 or GB18030; when the bytes are valid in both, the one whose header has more of the known
 * words. */
static enum table_status
decode_unmarked(const uint8_t *bytes, size_t len, const char *const *known_words, struct text *ret_text,
                size_t *ret_bad)
{
    size_t good_utf8 = utf8_prefix(bytes, len), good_gb;
    struct text utf8, gb;
    enum table_status rc;
    char separator;

    if (good_utf8 == len && is_ascii(bytes, len))
        return copy_text(bytes, len, ret_text);
    rc = convert("GB18030", bytes, len, &gb, &good_gb);
    if (rc == TABLE_NOMEM)
        return rc;
    if (good_utf8 < len) {
        if (rc == TABLE_OK)
            *ret_text = gb;
        *ret_bad = good_utf8 > good_gb ? good_utf8 : good_gb;
        return rc;
    }
    if (copy_text(bytes, len, &utf8) != TABLE_OK) {
        if (rc == TABLE_OK)
            free(gb.bytes);
        return TABLE_NOMEM;
    }
    *ret_text = utf8;
    if (rc == TABLE_OK) {
        bool gb_wins = best_header(&gb, known_words, &separator).known >
                       best_header(&utf8, known_words, &separator).known;

        *ret_text = gb_wins ? gb : utf8;
        free(gb_wins ? utf8.bytes : gb.bytes);
    }
    return TABLE_OK;
}

/* UTF-16's line ends are not single bytes, so a bad place in it has no row. */
static enum table_status
convert_utf16(const char *encoding, const uint8_t *bytes, size_t len, struct text *ret_text, size_t *ret_bad)
{
    enum table_status rc = convert(encoding, bytes, len, ret_text, ret_bad);

    *ret_bad = OFFSET_UNKNOWN;
    return rc;
}

/* On TABLE_ENCODING *ret_bad is the offset of the first bad byte, or OFFSET_UNKNOWN. */
static enum table_status
decode(const uint8_t *bytes, size_t len, const char *const *known_words, struct text *ret_text,
       size_t *ret_bad)
{
    static const char utf8_mark[] = "\xef\xbb\xbf", le_mark[] = "\xff\xfe", be_mark[] = "\xfe\xff";
    const char *utf16;

    if (has_prefix(bytes, len, utf8_mark, 3)) {
        *ret_bad = utf8_prefix(bytes, len);
        return *ret_bad == len ? copy_text(bytes + 3, len - 3, ret_text) : TABLE_ENCODING;
    }
    if (has_prefix(bytes, len, le_mark, 2))
        return convert_utf16("UTF-16LE", bytes + 2, len - 2, ret_text, ret_bad);
    if (has_prefix(bytes, len, be_mark, 2))
        return convert_utf16("UTF-16BE", bytes + 2, len - 2, ret_text, ret_bad);
    if (memchr(bytes, 0, len) == NULL)
        return decode_unmarked(bytes, len, known_words, ret_text, ret_bad);
    utf16 = unmarked_utf16(bytes, len);
    if (utf16 != NULL)
        return convert_utf16(utf16, bytes, len, ret_text, ret_bad);
    *ret_bad = (size_t)((const uint8_t *)memchr(bytes, 0, len) - bytes);
    return TABLE_ENCODING;
}

/* ---- cutting ------------------------------------------------------------------------------------ */

/* The table with the memory that its rows, cells and texts lie in. */
struct whole {
    struct table table; /* first: the caller holds its address */
    char **cells;
    char *text;
};

struct cutter {
    struct whole *whole;
    struct rows rows;
    size_t line;       /* of the row being read, from 1 */
    size_t cells_used; /* by the rows kept, and by this one's so far */
    size_t row_cells;
    size_t text_used, row_text; /* row_text: where this row's text began */
    bool row_filled;
    size_t bad_line; /* of the first cell that is not clean; 0: none */
};

static void
cutter_on_cell(void *cell, size_t len, void *data)
{
    struct cutter *cutter = data;
    const char *raw = cell;
    char *text = cutter->whole->text + cutter->text_used;

    cell_begins(&cutter->rows);
    trim(&raw, &len);
    len = copy_on_one_line(text, raw, len);
    text[len] = '\0';
    if (cutter->bad_line == 0 && !gate_text_is_clean((const uint8_t *)text, len))
        cutter->bad_line = cutter->line;
    cutter->whole->cells[cutter->cells_used++] = text;
    cutter->text_used += len + 1;
    cutter->row_cells++;
    cutter->row_filled = cutter->row_filled || len > 0;
}

static void
cutter_on_row(int newline, void *data)
{
    struct cutter *cutter = data;
    struct table *table = &cutter->whole->table;

    if (!ends_a_row(&cutter->rows, newline))
        return;
    if (cutter->row_filled) {
        table->rows[table->count++] =
            (struct table_row){.line = cutter->line,
                               .count = cutter->row_cells,
                               .cells = cutter->whole->cells + cutter->cells_used - cutter->row_cells};
        cutter->row_text = cutter->text_used;
    } else { /* nothing but empty cells: take its room back */
        cutter->cells_used -= cutter->row_cells;
        cutter->text_used = cutter->row_text;
    }
    cutter->line++;
    cutter->row_cells = 0;
    cutter->row_filled = false;
}

/* Room for all that this text can hold. */
static struct whole *
whole_new(const struct text *text, char separator)
{
    struct whole *whole = calloc(1, sizeof(*whole));
    size_t rows = 1, cells;

    if (whole == NULL)
        return NULL;
    cells = 1;
    for (size_t i = 0; i < text->len; i++) {
        bool line_end = text->bytes[i] == CR || text->bytes[i] == LF;

        rows += line_end;
        cells += line_end || text->bytes[i] == separator;
    }
    whole->table.rows = calloc(rows, sizeof(*whole->table.rows));
    whole->cells = calloc(cells, sizeof(*whole->cells));
    whole->text = malloc(text->len + 1);
    if (whole->table.rows == NULL || whole->cells == NULL || whole->text == NULL) {
        table_free(&whole->table);
        return NULL;
    }
    return whole;
}

static enum table_status
run(struct cutter *cutter, const struct text *text, char separator)
{
    struct csv_parser parser;
    enum table_status rc = TABLE_OK;

    if (!parser_init(&parser, separator))
        return TABLE_NOMEM;
    if (csv_parse(&parser, text->bytes, text->len, cutter_on_cell, cutter_on_row, cutter) != text->len ||
        csv_fini(&parser, cutter_on_cell, cutter_on_row, cutter) != 0)
        rc = csv_error(&parser) == CSV_EPARSE ? TABLE_QUOTES : TABLE_NOMEM;
    else if (cutter->bad_line != 0)
        rc = TABLE_ENCODING;
    else if (cutter->whole->table.count == 0)
        rc = TABLE_EMPTY;
    csv_free(&parser);
    return rc;
}

static enum table_status
cut(const struct text *text, char separator, struct table **ret_table, size_t *ret_line)
{
    struct cutter cutter = {.whole = whole_new(text, separator), .line = 1};
    enum table_status rc;

    if (cutter.whole == NULL)
        return TABLE_NOMEM;
    rc = run(&cutter, text, separator);
    if (rc == TABLE_OK) {
        *ret_table = &cutter.whole->table;
        return TABLE_OK;
    }
    if (rc == TABLE_QUOTES || rc == TABLE_ENCODING)
        *ret_line = cutter.bad_line != 0 && cutter.bad_line < cutter.line ? cutter.bad_line : cutter.line;
    table_free(&cutter.whole->table);
    return rc;
}

enum table_status
table_read(const uint8_t *bytes, size_t len, const char *const *known_words, struct table **ret_table,
           struct table_error *ret_error)
{
    struct table_error error = {0};
    struct text text;
    enum table_status rc;
    size_t bad = 0;
    char separator;

    if (len > TABLE_BYTES_MAX)
        rc = TABLE_TOO_LARGE;
    else if (len == 0)
        rc = TABLE_EMPTY;
    else {
        rc = decode(bytes, len, known_words, &text, &bad);
        if (rc == TABLE_ENCODING)
            error.line = line_of(bytes, bad);
    }
    if (len > 0 && rc == TABLE_OK) {
        best_header(&text, known_words, &separator);
        rc = cut(&text, separator, ret_table, &error.line);
        free(text.bytes);
    }
    if (rc != TABLE_OK && ret_error != NULL)
        *ret_error = error;
    return rc;
}

void
table_free(struct table *table)
{
    struct whole *whole = (struct whole *)table;

    if (whole == NULL)
        return;
    free(whole->table.rows);
    free(whole->cells);
    free(whole->text);
    free(whole);
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* Whether a spreadsheet would take the text for a formula. */
static bool
is_formula(const char *text)
{
    int64_t value;

    if (*text == '\0' || strchr("=+-@\t\r", *text) == NULL)
        return false;
    return number_parse(text, strlen(text), DECIMALS_MAX, &value) == NUMBER_MALFORMED;
}

static bool
needs_quotes(const char *text)
{
    size_t len = strlen(text);

    return strpbrk(text, ",\"\r\n\t") != NULL || blank_at_start(text, len) > 0 || blank_at_end(text, len) > 0;
}

char *
table_cell(const char *text, int harmless)
{
    char *cell = malloc(2 * strlen(text) + 4); /* every character doubled, two quotes, apostrophe, NUL */
    bool quoted = needs_quotes(text);
    char *at = cell;

    if (cell == NULL)
        return NULL;
    if (quoted)
        *at++ = '"';
    if (harmless && is_formula(text))
        *at++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '"')
            *at++ = '"';
        *at++ = *text;
    }
    if (quoted)
        *at++ = '"';
    *at = '\0';
    return cell;
}
