/* table: what spreadsheets write, in every encoding; row numbers; what is refused, and in which row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "table.h"

#define BYTES(text) text, sizeof(text) - 1

static const char *const known_words[] = {"指标", "编号", "数值", "学校", "indicator", "value", NULL};

/* A table as one line: "1:a|b 3:c" is row 1 with two cells and row 3 with one. malloc'd. */
static char *
flatten(const struct table *table)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);

    for (size_t i = 0; i < table->count; i++) {
        fprintf(out, "%s%zu:", i > 0 ? " " : "", table->rows[i].line);
        for (size_t k = 0; k < table->rows[i].count; k++)
            fprintf(out, "%s%s", k > 0 ? "|" : "", table->rows[i].cells[k]);
    }
    fclose(out);
    return line;
}

/* From memory of exactly this length, so that a byte read too many is seen. */
static enum table_status
read_exact(const char *bytes, size_t len, struct table **ret_table, struct table_error *ret_error)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    enum table_status status;

    memcpy(exact, bytes, len);
    status = table_read(exact, len, known_words, ret_table, ret_error);
    free(exact);
    return status;
}

struct good {
    const char *proves;
    const char *bytes;
    size_t len;
    const char *want;
};

static const struct good goods[] = {
    {"LF", BYTES("a,b\n1,2\n"), "1:a|b 2:1|2"},
    {"CRLF", BYTES("a,b\r\n1,2\r\n"), "1:a|b 2:1|2"},
    {"CR only", BYTES("a,b\r1,2\r"), "1:a|b 2:1|2"},
    {"no line end at the end", BYTES("a,b\n1,2"), "1:a|b 2:1|2"},
    {"one cell", BYTES("a"), "1:a"},
    {"ragged rows keep their own count", BYTES("a,b,c\n1\n1,2,3,4\n"), "1:a|b|c 2:1 3:1|2|3|4"},
    {"empty cells count", BYTES("a,,c\n,2,\n"), "1:a||c 2:|2|"},
    {"empty lines are left out but counted", BYTES("a\n\n\nb\n"), "1:a 4:b"},
    {"with CRLF", BYTES("a\r\n\r\n\r\nb\r\n"), "1:a 4:b"},
    {"with CR", BYTES("a\r\r\rb\r"), "1:a 4:b"},
    {"before the header", BYTES("\r\n\r\na\r\n"), "3:a"},
    {"rows of commas are left out but counted", BYTES("a,b\r\n,\r\n , \r\n1,2\r\n"), "1:a|b 4:1|2"},
    {"trailing empty rows, as spreadsheets leave them", BYTES("a,b\r\n1,2\r\n,\r\n,\r\n,\r\n"),
     "1:a|b 2:1|2"},
    {"quotes", BYTES("\"a\",\"b\"\n"), "1:a|b"},
    {"a quoted comma", BYTES("\"a,b\",c\n"), "1:a,b|c"},
    {"doubled quotes", BYTES("\"say \"\"no\"\"\"\n"), "1:say \"no\""},
    {"an empty pair of quotes", BYTES("\"\",b\n"), "1:|b"},
    {"a line end in quotes is one space, and one row", BYTES("\"a\nb\",c\nd\n"), "1:a b|c 2:d"},
    {"CRLF in quotes is one space", BYTES("\"a\r\nb\",c\r\nd\r\n"), "1:a b|c 2:d"},
    {"CR in quotes is one space", BYTES("\"a\rb\",c\rd\r"), "1:a b|c 2:d"},
    {"a tab in quotes is one space", BYTES("\"a\tb\",c\n"), "1:a b|c"},
    {"an empty line in quotes is no row", BYTES("\"a\n\nb\"\nc\n"), "1:a  b 2:c"},
    {"blanks around cells", BYTES("  a , b\t\n"), "1:a|b"},
    {"blanks around quotes", BYTES(" \"a\" , \"b\" \n"), "1:a|b"},
    {"blanks inside quotes", BYTES("\" a \"\n"), "1:a"},
    {"U+3000 and U+00A0",
     BYTES("\xe3\x80\x80"
           "a\xc2\xa0,\xc2\xa0\xe3\x80\x80\n"),
     "1:a|"},
    {"U+3000 in the middle stays",
     BYTES("a\xe3\x80\x80"
           "b\n"),
     "1:a　b"},
    {"a row of U+3000 is empty", BYTES("a\n\xe3\x80\x80\nb\n"), "1:a 3:b"},
    {"UTF-8", BYTES("指标,数值\n在校生,12\n"), "1:指标|数值 2:在校生|12"},
    {"UTF-8 with mark", BYTES("\xef\xbb\xbf指标,数值\n"), "1:指标|数值"},
    {"UTF-8 with mark and quotes", BYTES("\xef\xbb\xbf\"指标\",\"数值\"\n"), "1:指标|数值"},
    /* 指标,数值 */
    {"GB18030", BYTES("\xd6\xb8\xb1\xea,\xca\xfd\xd6\xb5\r\n1,2\r\n"), "1:指标|数值 2:1|2"},
    /* 㐀 (four bytes in GB18030) */
    {"four bytes of GB18030", BYTES("\xd6\xb8\xb1\xea,\x81\x39\xee\x39\n"), "1:指标|㐀"},
    /* 編號 in GB18030 has trail bytes that are ASCII letters; a comma never is one */
    {"trail bytes of GB18030 in ASCII", BYTES("\xbe\x8e\xcc\x96,x\n"), "1:編號|x"},
    /* 学校 is D1A7 D0A3, which is valid UTF-8 too (ѧУ) */
    {"valid in both: the header is known in GB18030", BYTES("\xd1\xa7\xd0\xa3,x\n"), "1:学校|x"},
    {"valid in both and known in neither: UTF-8", BYTES("value,\xd1\xa7\xd0\xa4\n"), "1:value|ѧФ"},
    {"valid in both: a title above the header", BYTES("2026\n\xd1\xa7\xd0\xa3,x\n"), "1:2026 2:学校|x"},
    {"tabs", BYTES("indicator\tvalue\na,b\tc\n"), "1:indicator|value 2:a,b|c"},
    {"an empty cell between tabs", BYTES("indicator\tvalue\tc\n1\t\t3\n"), "1:indicator|value|c 2:1||3"},
    {"commas, with a tab in a cell", BYTES("indicator,value\na\tb,c\n"), "1:indicator|value 2:a b|c"},
    {"unknown words: the separator that gives more cells", BYTES("x\ty\tz\n1,5\t2\t3\n"),
     "1:x|y|z 2:1,5|2|3"},
    {"UTF-16LE, tabs", BYTES("\xff\xfe\x07\x63\x07\x68\t\0\x70\x65\x3c\x50\r\0\n\0\x31\0\t\0\x32\0\r\0\n\0"),
     "1:指标|数值 2:1|2"},
    {"UTF-16LE, commas", BYTES("\xff\xfe\x07\x63\x07\x68,\0\x70\x65\x3c\x50\n\0"), "1:指标|数值"},
    {"UTF-16BE", BYTES("\xfe\xff\x63\x07\x68\x07\0,\x65\x70\x50\x3c\0\n"), "1:指标|数值"},
    {"UTF-16LE, a pair of surrogates", BYTES("\xff\xfe\x42\xd8\xb7\xdf\n\0"), "1:𠮷"},
    {"UTF-16LE without mark", BYTES("a\0,\0b\0\n\0"), "1:a|b"},
    {"UTF-16BE without mark", BYTES("\0a\0,\0b\0\n"), "1:a|b"},
};

static void
reads_what_spreadsheets_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
        struct table *table;
        enum table_status status = read_exact(goods[i].bytes, goods[i].len, &table, NULL);
        char *got;

        if (status != TABLE_OK)
            fail_msg("%s: status %d", goods[i].proves, (int)status);
        got = flatten(table);
        if (strcmp(got, goods[i].want) != 0)
            fail_msg("%s: %s, want %s", goods[i].proves, got, goods[i].want);
        free(got);
        table_free(table);
    }
}

struct bad {
    const char *proves;
    const char *bytes;
    size_t len;
    enum table_status status;
    size_t line;
};

static const struct bad bads[] = {
    {"nothing", BYTES(""), TABLE_EMPTY, 0},
    {"a mark and nothing", BYTES("\xef\xbb\xbf"), TABLE_EMPTY, 0},
    {"the mark of UTF-16 and nothing", BYTES("\xff\xfe"), TABLE_EMPTY, 0},
    {"blank rows only", BYTES("\r\n , \r\n\"\"\r\n"), TABLE_EMPTY, 0},
    {"a quote that does not close", BYTES("a,b\n1,\"2\n3,4\n5,6\n"), TABLE_QUOTES, 2},
    {"rows are counted through quoted line ends", BYTES("\"a\nb\"\n\nc\n\"d\n"), TABLE_QUOTES, 4},
    {"an open quote at the very end", BYTES("a\n\""), TABLE_QUOTES, 2},
    {"text behind a closing quote", BYTES("a\n\"b\"c\n"), TABLE_QUOTES, 2},
    {"an open quote that meets the next one", BYTES("a,b\n1,\"2\n3,\"4\"\n"), TABLE_QUOTES, 2},
    {"a quote in the middle of a cell", BYTES("a\nb\"c\n"), TABLE_QUOTES, 2},
    {"neither UTF-8 nor GB18030", BYTES("a\nb\n\xff\xff\n"), TABLE_ENCODING, 3},
    {"GB18030 cut in a character", BYTES("a\n\xd6\xb8\xb1"), TABLE_ENCODING, 2},
    {"UTF-8 with mark, then other bytes",
     BYTES("\xef\xbb\xbf"
           "a\n\xd6\xd6\n"),
     TABLE_ENCODING, 2},
    {"a surrogate in UTF-8", BYTES("\xef\xbb\xbf\xed\xa0\x80\n"), TABLE_ENCODING, 1},
    {"NUL in a cell", BYTES("a,b\n1,\0\n"), TABLE_ENCODING, 2},
    {"NULs at odd and even places", BYTES("a\0\0b"), TABLE_ENCODING, 1},
    {"UTF-16 of an odd length",
     BYTES("\xff\xfe"
           "a\0b"),
     TABLE_ENCODING, 0},
    {"half a pair of surrogates", BYTES("\xff\xfe\x42\xd8\n\0"), TABLE_ENCODING, 0},
    {"NUL in UTF-16",
     BYTES("\xff\xfe"
           "a\0\n\0\0\0\n\0"),
     TABLE_ENCODING, 2},
    {"a control character",
     BYTES("a\n\nb\x07"
           "c\n"),
     TABLE_ENCODING, 3},
    {"DEL", BYTES("a\x7f\n"), TABLE_ENCODING, 1},
    {"a C1 control, with mark",
     BYTES("\xef\xbb\xbf"
           "a\nb\xc2\x85"
           "c\n"),
     TABLE_ENCODING, 2},
    {"the first of several faults", BYTES("a\x07\nb\n\"c\n"), TABLE_QUOTES, 1},
};

static void
refuses_by_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct table *table = NULL;
        struct table_error error = {4711};
        enum table_status status = read_exact(bads[i].bytes, bads[i].len, &table, &error);

        if (status != bads[i].status || error.line != bads[i].line)
            fail_msg("%s: status %d in row %zu, want %d in row %zu", bads[i].proves, (int)status, error.line,
                     (int)bads[i].status, bads[i].line);
        assert_null(table);
    }
}

static void
refuses_too_much_before_reading_it(void **state)
{
    struct table *table;

    (void)state;
    assert_int_equal(table_read((const uint8_t *)"a", (size_t)TABLE_BYTES_MAX + 1, NULL, &table, NULL),
                     TABLE_TOO_LARGE);
}

static void
reads_without_known_words(void **state)
{
    struct table *table;
    char *got;

    (void)state;
    assert_int_equal(table_read((const uint8_t *)"a,b\n", 4, NULL, &table, NULL), TABLE_OK);
    got = flatten(table);
    assert_string_equal(got, "1:a|b");
    free(got);
    table_free(table);
    table_free(NULL);
}

static void
holds_a_cell_of_a_million_bytes(void **state)
{
    const size_t len = 1000000;
    char *bytes = malloc(len + 16);
    struct table *table;

    (void)state;
    memcpy(bytes, "a,b\n\"", 5);
    memset(bytes + 5, 'x', len);
    memcpy(bytes + 5 + len, "\",2\n", 4);
    assert_int_equal(table_read((uint8_t *)bytes, len + 9, NULL, &table, NULL), TABLE_OK);
    assert_int_equal(table->count, 2);
    assert_int_equal(strlen(table->rows[1].cells[0]), len);
    assert_string_equal(table->rows[1].cells[1], "2");
    table_free(table);
    free(bytes);
}

static void
holds_many_rows_and_columns(void **state)
{
    char *bytes = NULL;
    size_t len;
    FILE *out = open_memstream(&bytes, &len);
    struct table *table;

    (void)state;
    for (unsigned i = 1; i <= 20000; i++)
        fprintf(out, "%u,学校%u,\"a\"\"b\"\r\n", i, i);
    for (unsigned i = 0; i < 5000; i++)
        fputc(',', out);
    fputs("end", out);
    fclose(out);
    assert_int_equal(table_read((uint8_t *)bytes, len, NULL, &table, NULL), TABLE_OK);
    assert_int_equal(table->count, 20001);
    for (size_t i = 0; i < 20000; i++) {
        assert_int_equal(table->rows[i].line, i + 1);
        assert_int_equal(strtoul(table->rows[i].cells[0], NULL, 10), i + 1);
        assert_string_equal(table->rows[i].cells[2], "a\"b");
    }
    assert_int_equal(table->rows[20000].count, 5001);
    assert_string_equal(table->rows[20000].cells[5000], "end");
    table_free(table);
    free(bytes);
}

/* Every text is cut at every place and spoilt at every byte: any answer, but no crash and no leak (ASan
 * watches). */
static void
survives_every_cut_and_every_flip(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++)
        for (size_t len = 0; len <= goods[i].len; len++) {
            char copy[128];
            struct table *table = NULL;

            assert_true(goods[i].len < sizeof(copy));
            memcpy(copy, goods[i].bytes, goods[i].len);
            if (read_exact(copy, len, &table, NULL) == TABLE_OK)
                table_free(table);
            for (unsigned bit = 0; bit < 8 && len < goods[i].len; bit++) {
                copy[len] ^= (char)(1 << bit);
                if (read_exact(copy, goods[i].len, &table, NULL) == TABLE_OK)
                    table_free(table);
                copy[len] ^= (char)(1 << bit);
            }
        }
}

struct cell {
    const char *text;
    const char *plain, *harmless;
};

static const struct cell cells[] = {
    {"", "", ""},
    {"abc", "abc", "abc"},
    {"a,b", "\"a,b\"", "\"a,b\""},
    {"a\"b", "\"a\"\"b\"", "\"a\"\"b\""},
    {"a\nb", "\"a\nb\"", "\"a\nb\""},
    {" a", "\" a\"", "\" a\""},
    {"a　", "\"a　\"", "\"a　\""},
    {"=1+1", "=1+1", "'=1+1"},
    {"=A1,B1", "\"=A1,B1\"", "\"'=A1,B1\""},
    {"@x", "@x", "'@x"},
    {"+x", "+x", "'+x"},
    {"-", "-", "'-"},
    {"-12.50", "-12.50", "-12.50"},
    {"+12", "+12", "+12"},
    {"-99999999999999999999", "-99999999999999999999", "-99999999999999999999"},
    {"-1+2", "-1+2", "'-1+2"},
    {"\tx", "\"\tx\"", "\"'\tx\""},
    {"\rx", "\"\rx\"", "\"'\rx\""},
    {"\"\"\"\"", "\"\"\"\"\"\"\"\"\"\"", "\"\"\"\"\"\"\"\"\"\""},
};

static void
writes_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        char *plain = table_cell(cells[i].text, 0), *harmless = table_cell(cells[i].text, 1);

        assert_string_equal(plain, cells[i].plain);
        assert_string_equal(harmless, cells[i].harmless);
        free(plain);
        free(harmless);
    }
}

static void
reads_back_what_it_writes(void **state)
{
    static const char *const texts[] = {"a",        "a,b", "say \"no\"", "\"", "\"\"",
                                        "月报，甲", "a'b", "=1",         "1;2"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *cell = table_cell(texts[i], 0), bytes[64];
        struct table *table;

        snprintf(bytes, sizeof(bytes), "%s,end\r\n", cell);
        assert_int_equal(table_read((uint8_t *)bytes, strlen(bytes), NULL, &table, NULL), TABLE_OK);
        assert_string_equal(table->rows[0].cells[0], texts[i]);
        assert_string_equal(table->rows[0].cells[1], "end");
        table_free(table);
        free(cell);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_spreadsheets_write),      cmocka_unit_test(refuses_by_row),
        cmocka_unit_test(refuses_too_much_before_reading_it), cmocka_unit_test(reads_without_known_words),
        cmocka_unit_test(holds_a_cell_of_a_million_bytes),    cmocka_unit_test(holds_many_rows_and_columns),
        cmocka_unit_test(survives_every_cut_and_every_flip),  cmocka_unit_test(writes_cells),
        cmocka_unit_test(reads_back_what_it_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
