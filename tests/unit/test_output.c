/* output: one table as text (Chinese is two columns wide), as CSV and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output.h"

static const struct output_column columns[] = {
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 8}},  {"rows", MSG_ctl_col_rows, CELL_INTEGER, {0}},
    {"enrolled", MSG_ctl_col_enrolled, CELL_BOOLEAN, {0}}, {"bar", MSG_ctl_col_progress, CELL_PICTURE, {0}},
    {"gap", MSG_ctl_col_gap, CELL_DECIMAL, {0}},
};

/* The written table, malloc'd. */
static char *
written(enum output_format format, enum language language, bool headings)
{
    struct ctl ctl = {.format = format, .language = language, .talk = stderr};
    struct output *output = output_new(columns, sizeof(columns) / sizeof(columns[0]));
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(output);
    assert_non_null(out);
    if (headings)
        output_heading(output, "规划一");
    output_row(output, (const char *const[]){"小学", "7", "t", "█░", "1.50"});
    output_row(output, (const char *const[]){"=SUM(A1)", "1234", "f", "██", NULL});
    if (headings)
        output_heading(output, "规划二");
    output_row(output, (const char *const[]){"龙潭区第一小学", NULL, NULL, NULL, "-0.25"});
    assert_int_equal(output_count(output), 3);
    assert_int_equal(output_write(output, out, &ctl), EX_OK);
    fclose(out);
    output_free(output);
    return text;
}

static void
check(char *text, const char *wanted)
{
    assert_string_equal(text, wanted);
    free(text);
}

static void
text_is_aligned_by_width(void **state)
{
    (void)state;
    check(written(OUTPUT_TEXT, LANGUAGE_EN, false), "name      rows  enrolled  progress    gap\n"
                                                    "小学         7  yes       █░         1.50\n"
                                                    "=SUM(A1)  1234  no        ██\n"
                                                    "龙潭区…                             -0.25\n");
}

static void
headings_stand_above_their_rows(void **state)
{
    (void)state;
    check(written(OUTPUT_TEXT, LANGUAGE_ZH, true), "规划一\n"
                                                   "名称      行数  已注册  进度   差距\n"
                                                   "小学         7  是      █░     1.50\n"
                                                   "=SUM(A1)  1234  否      ██\n"
                                                   "\n"
                                                   "规划二\n"
                                                   "名称      行数  已注册  进度   差距\n"
                                                   "龙潭区…                       -0.25\n");
}

static void
csv_is_harmless_and_whole(void **state)
{
    (void)state;
    check(written(OUTPUT_CSV, LANGUAGE_ZH, true), "\xEF\xBB\xBFname,rows,enrolled,gap\r\n"
                                                  "小学,7,t,1.50\r\n"
                                                  "'=SUM(A1),1234,f,\r\n"
                                                  "龙潭区第一小学,,,-0.25\r\n");
}

static void
json_has_kinds(void **state)
{
    (void)state;
    char *text = written(OUTPUT_JSON, LANGUAGE_ZH, true);

    assert_non_null(strstr(text, "\"rows\": 1234,"));
    assert_non_null(strstr(text, "\"rows\": null,"));
    assert_non_null(strstr(text, "\"enrolled\": true,"));
    assert_non_null(strstr(text, "\"gap\": \"1.50\""));
    assert_non_null(strstr(text, "\"name\": \"龙潭区第一小学\""));
    assert_null(strstr(text, "bar"));
    free(text);
}

static void
an_empty_table_keeps_its_head(void **state)
{
    struct ctl ctl = {.format = OUTPUT_TEXT, .language = LANGUAGE_EN, .talk = stderr};
    struct output *output = output_new(columns, 2);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(output);
    assert_int_equal(output_write(output, out, &ctl), EX_OK);
    fclose(out);
    output_free(output);
    check(text, "name  rows\n");
}

/* 8 + 2 + 20 + 2 + 12 + 2 + 23 columns when nothing limits it. */
static const struct output_column roomy[] = {
    {"code", MSG_ctl_col_code, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.least = 6}},
    {"extra", MSG_ctl_col_state, CELL_TEXT, {.leaves = 1}},
    {"due_at", MSG_ctl_col_due, CELL_INSTANT, {.leaves = 2}},
};

static char *
written_within(size_t width, enum output_format format)
{
    struct ctl ctl = {.format = format, .language = LANGUAGE_EN, .talk = stderr, .width = width};
    struct output *output = output_new(roomy, 4);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(output);
    assert_non_null(out);
    output_row(output, (const char *const[]){"A-000001", "twenty columns wide.", "rather extra",
                                             "2026-11-29 06:57:03.25+08"});
    output_note(output, "a note under the row");
    assert_int_equal(output_count(output), 1);
    assert_int_equal(output_write(output, out, &ctl), EX_OK);
    fclose(out);
    output_free(output);
    return text;
}

static void
a_wide_table_is_made_to_fit(void **state)
{
    (void)state;
    check(written_within(0, OUTPUT_TEXT),
          "code      name                  state         due\n"
          "A-000001  twenty columns wide.  rather extra  2026-11-29 06:57 +08:00\n"
          "  a note under the row\n");
    check(written_within(60, OUTPUT_TEXT), "code      name         state         due\n"
                                           "A-000001  twenty col…  rather extra  2026-11-29 06:57 +08:00\n"
                                           "  a note under the row\n");
    check(written_within(50, OUTPUT_TEXT), "code      name             due\n"
                                           "A-000001  twenty columns…  2026-11-29 06:57 +08:00\n"
                                           "  a note under the row\n");
    check(written_within(16, OUTPUT_TEXT), "code      name\n"
                                           "A-000001  twent…\n"
                                           "  a note under …\n");
}

static void
a_title_is_cut_with_its_column(void **state)
{
    static const struct output_column titled[] = {{"name_en", MSG_ctl_col_name_en, CELL_TEXT, {.least = 4}}};
    struct ctl ctl = {.format = OUTPUT_TEXT, .language = LANGUAGE_EN, .talk = stderr, .width = 7};
    struct output *output = output_new(titled, 1);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(output);
    output_row(output, (const char *const[]){"short"});
    assert_int_equal(output_write(output, out, &ctl), EX_OK);
    fclose(out);
    output_free(output);
    check(text, "in Eng…\nshort\n");
}

static void
instants_have_their_offset(void **state)
{
    (void)state;
    check(written_within(16, OUTPUT_CSV),
          "\xEF\xBB\xBF"
          "code,name,extra,due_at\r\n"
          "A-000001,twenty columns wide.,rather extra,2026-11-29T06:57:03+08:00\r\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_aligned_by_width),       cmocka_unit_test(headings_stand_above_their_rows),
        cmocka_unit_test(csv_is_harmless_and_whole),      cmocka_unit_test(json_has_kinds),
        cmocka_unit_test(an_empty_table_keeps_its_head),  cmocka_unit_test(a_wide_table_is_made_to_fit),
        cmocka_unit_test(a_title_is_cut_with_its_column), cmocka_unit_test(instants_have_their_offset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
