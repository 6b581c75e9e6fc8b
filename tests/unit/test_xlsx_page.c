/* xlsx_page: which shown texts are numbers on a page for people, and in which format they look the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "xlsx_page.h"

static void
what_is_shown_is_a_number_in_a_format(void **state)
{
    static const struct {
        const char *text;
        unsigned decimals;
        const char *format; /* NULL: no number */
        double value;
    } cases[] = {
        {"12", 0, "0", 12},
        {"12", 2, "0.00", 12},
        {"1.5", 0, "0.0", 1.5},
        {"-3.25", 1, "0.00", -3.25},
        {"84.63%", 0, "0.00%", 0.8463}, /* the nearest double, which a division by 100 misses */
        {"100%", 2, "0%", 1},
        {"≥ 90%", 0, "\"≥ \"0%", 0.9},
        {"− 10%", 0, "\"− \"0%", 0.1},
        {"+3", 0, "\"+\"0", 3},
        {"+8.93百分点", 0, "\"+\"0.00\"百分点\"", 8.93},
        {"-7.14 pp", 0, "0.00\" pp\"", -7.14},
        {"0.0000001", 0, "0.000000", 0.0000001},
        {"", 0, NULL, 0},
        {"≥ ?", 0, NULL, 0},
        {"< 0.01", 0, NULL, 0},
        {"40 / 40", 0, NULL, 0},
        {"2026-10", 0, NULL, 0},
        {"1.2.3", 0, NULL, 0},
        {"a \"1\"", 0, NULL, 0},
        {"1234567890123456", 0, NULL, 0}, /* sixteen digits */
        {"a very long text that shows a 1 somewhere in its middle and goes on", 0, NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char format[XLSX_FORMAT_MAX] = "";
        double value = 0;
        if (xlsx_shown(cases[i].text, cases[i].decimals, &value, format) != (cases[i].format != NULL))
            fail_msg("%s", cases[i].text);
        if (cases[i].format == NULL)
            continue;
        assert_string_equal(format, cases[i].format);
        if (value != cases[i].value)
            fail_msg("%s is %.17g", cases[i].text, value);
    }
}

static const struct command command = {"test", NULL, MSG_ctl_help, MSG_ctl_help, NULL};
static const struct xlsx_column columns[] = {{"name", false}, {"n", true}};

static void
pages_and_sheets_stand_side_by_side(void **state)
{
    static const struct output_column plain[] = {{"a", MSG_ctl_col_name, CELL_TEXT, {0}}};
    struct ctl ctl = {.language = LANGUAGE_EN, .talk = stderr, .command = &command};
    char folder[] = "/tmp/yuebao-page-XXXXXX", path[64];
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a.xlsx", folder);
    struct xlsx *xlsx = xlsx_new(&ctl, path);
    assert_non_null(xlsx);
    xlsx_page_font(xlsx, "宋体");
    assert_true(xlsx_page_text(xlsx, "正文"));
    assert_true(xlsx_page_line(xlsx, XLSX_TITLE, "题"));
    for (int i = 0; i < 3;
         i++) { /* one name three times, longer than Excel takes, and with what it forbids */
        assert_true(
            xlsx_page_table(xlsx, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三[x]:*?/",
                            "t", columns, 2));
        assert_true(xlsx_page_row(xlsx, (const char *const[]){"=1+1", "≥ 5"}, 0));
        assert_true(xlsx_page_row(xlsx, (const char *const[]){NULL, NULL}, 0));
        assert_true(xlsx_page_note(xlsx, "… and 3 more."));
    }
    assert_true(xlsx_page_table(xlsx, "narrow", "t", columns, 1));
    assert_true(xlsx_sheet(xlsx, "plain", plain, 1));
    assert_true(xlsx_row(xlsx, (const char *const[]){"x"}));
    assert_true(xlsx_page_text(xlsx, "left open"));
    assert_int_equal(xlsx_finish(xlsx), EX_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(unlink(path), 0);
    xlsx = xlsx_new(&ctl, path);
    assert_non_null(xlsx);
    assert_true(xlsx_page_table(xlsx, "dropped", "t", columns, 2));
    xlsx_drop(xlsx);
    assert_int_equal(rmdir(folder), 0);
    ctl_end(&ctl, EX_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shown_is_a_number_in_a_format),
        cmocka_unit_test(pages_and_sheets_stand_side_by_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
