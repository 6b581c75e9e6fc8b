/* xlsx and cell: which texts are numbers in a workbook, what a cell is in CSV; a workbook is there whole or
 * not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cell.h"
#include "xlsx.h"

static void
numbers_are_what_a_double_keeps(void **state)
{
    static const struct {
        const char *text;
        bool is_number;
        double value;
        unsigned decimals;
    } cases[] = {
        {"0", true, 0, 0},
        {"-5", true, -5, 0},
        {"1.50", true, 1.5, 2},
        {"-0.25", true, -0.25, 2},
        {"0.000001", true, 0.000001, 6},
        {"999999999999999", true, 999999999999999, 0},
        {"1234567890.12345", true, 1234567890.12345, 5},
        {"0000000000000000000001", true, 1, 0},
        {"9007199254740993", false, 0, 0},  /* 2^53 + 1 */
        {"1234567890.123456", false, 0, 0}, /* sixteen digits */
        {"", false, 0, 0},
        {"-", false, 0, 0},
        {".5", false, 0, 0},
        {"5.", false, 0, 0},
        {"1e3", false, 0, 0},
        {"0x10", false, 0, 0},
        {"+5", false, 0, 0},
        {" 5", false, 0, 0},
        {"NaN", false, 0, 0},
        {"2026-10", false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double value = 0;
        unsigned decimals = 0;
        if (xlsx_number(cases[i].text, &value, &decimals) != cases[i].is_number)
            fail_msg("%s", cases[i].text);
        assert_true(value == cases[i].value);
        assert_int_equal(decimals, cases[i].decimals);
    }
}

static void
cells_of_csv_are_harmless_and_numbers_stay(void **state)
{
    static const struct {
        const char *text, *harmless, *plain;
    } cases[] = {
        {"-5", "-5", "-5"},
        {"+5", "+5", "+5"},
        {"-0.25", "-0.25", "-0.25"},
        {"=1+1", "'=1+1", "=1+1"},
        {"+cmd", "'+cmd", "+cmd"},
        {"-2+3", "'-2+3", "-2+3"},
        {"@SUM(A1)", "'@SUM(A1)", "@SUM(A1)"},
        {"=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"", "\"=HYPERLINK(\"\"x\"\")\""},
        {"a,b", "\"a,b\"", "\"a,b\""},
        {"龙潭区", "龙潭区", "龙潭区"},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        bool harmless = i % 2 == 0;
        assert_non_null(out);
        assert_true(cell_csv(out, cases[i / 2].text, true, harmless));
        fclose(out);
        assert_string_equal(text, harmless ? cases[i / 2].harmless : cases[i / 2].plain);
        free(text);
    }
}

static void
json_text_is_what_a_tree_would_be(void **state)
{
    static const struct {
        enum output_kind kind;
        const char *cell, *wanted;
    } cases[] = {
        {CELL_TEXT, NULL, "null"},
        {CELL_TEXT, "", "\"\""},
        {CELL_TEXT, "a \"b\" \\ 龙潭区\n", "\"a \\\"b\\\" \\\\ 龙潭区\\u000a\""},
        {CELL_INTEGER, "-12", "-12"},
        {CELL_DECIMAL, "1.50", "\"1.50\""},
        {CELL_BOOLEAN, "t", "true"},
        {CELL_BOOLEAN, "f", "false"},
        {CELL_INSTANT, "2026-11-29 06:57:03.25+08", "\"2026-11-29T06:57:03+08:00\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        json_t *wanted = cell_json(cases[i].kind, cases[i].cell), *found;
        assert_non_null(out);
        cell_json_text(out, cases[i].kind, cases[i].cell);
        fclose(out);
        assert_string_equal(text, cases[i].wanted);
        found = json_loads(text, JSON_DECODE_ANY, NULL);
        assert_true(json_equal(found, wanted));
        json_decref(found);
        json_decref(wanted);
        free(text);
    }
}

/* ---- files -------------------------------------------------------------------------------------- */

static const struct output_column columns[] = {{"school", MSG_ctl_col_school, CELL_TEXT, {0}},
                                               {"value", MSG_ctl_col_value, CELL_DECIMAL, {0}}};
static const struct command command = {"unit", NULL, MSG_ctl_help, MSG_ctl_help, NULL};

static bool
has_entries(const char *folder)
{
    char *line = NULL;
    bool found = false;

    assert_true(asprintf(&line, "test -n \"$(ls -A '%s')\"", folder) > 0);
    found = system(line) == 0;
    free(line);
    return found;
}

static void
a_workbook_is_there_whole_or_not_at_all(void **state)
{
    struct ctl ctl = {.language = LANGUAGE_ZH, .talk = stderr, .command = &command};
    char folder[] = "/tmp/yuebao-xlsx-XXXXXX", path[64];
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/book.xlsx", folder);

    struct xlsx *xlsx = xlsx_new(&ctl, path);
    assert_non_null(xlsx);
    assert_true(xlsx_sheet(xlsx, "one", columns, 2));
    assert_true(xlsx_row(xlsx, (const char *const[]){"007", "1.50"}));
    assert_int_not_equal(stat(path, &st), 0);
    xlsx_drop(xlsx);
    assert_false(has_entries(folder));

    xlsx = xlsx_new(&ctl, path);
    assert_non_null(xlsx);
    assert_true(xlsx_sheet(xlsx, "one", columns, 2));
    assert_true(xlsx_row(xlsx, (const char *const[]){"=1+1", NULL}));
    xlsx_sheet_end(xlsx);
    assert_true(xlsx_sheet(xlsx, "one", columns, 1));
    assert_int_equal(xlsx_finish(xlsx), EX_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 1000);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    ctl_end(&ctl, EX_OK);
}

static void
a_place_that_takes_no_file_is_refused(void **state)
{
    struct ctl ctl = {.language = LANGUAGE_EN, .talk = stderr, .command = &command};

    (void)state;
    assert_null(xlsx_new(&ctl, "/tmp"));
    assert_int_equal(ctl.status, EX_CANTCREAT);
    assert_null(xlsx_new(&ctl, "/nowhere/at/all.xlsx"));
    assert_null(xlsx_new(&ctl, "/dev/null"));
    ctl_end(&ctl, EX_CANTCREAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_what_a_double_keeps),
        cmocka_unit_test(cells_of_csv_are_harmless_and_numbers_stay),
        cmocka_unit_test(json_text_is_what_a_tree_would_be),
        cmocka_unit_test(a_workbook_is_there_whole_or_not_at_all),
        cmocka_unit_test(a_place_that_takes_no_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
