/* sheet: every fault of every cell by row and column, encodings, moved columns, and that a template reads
 * back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <iconv.h>

#include "sample.h"
#include "sheet.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ZH              "指标代码,数值（分子）,分母,缺报原因,说明,报表标识\r\n"
#define EN              "indicator,value,denominator,missing because,explanation,sheet id\r\n"
#define MARK            "0012345 primary.monthly 2026-10 镇中心小学"
#define GOOD_ROWS       "enrolled_pupils,320,,,," MARK "\r\nattendance_rate,310,320,,," MARK "\r\n"

static struct catalogue *catalogue;
static const struct form *form;

static int
setup(void **state)
{
    (void)state;
    catalogue = sample_catalogue();
    form = catalogue_form(catalogue, "primary.monthly");
    return form == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    catalogue_free(catalogue);
    return 0;
}

/* From memory of exactly this length, so that a byte read too many is seen. NULL: unreadable. */
static struct draft *
read_sheet(const char *bytes, size_t len, struct faults *faults, struct sheet **ret_sheet)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    struct sheet *sheet;
    struct draft *draft = NULL;

    memcpy(exact, bytes, len);
    sheet = sheet_open(exact, len, faults);
    free(exact);
    if (sheet != NULL) {
        draft = sheet_draft(sheet, catalogue, form, faults);
        assert_non_null(draft);
    }
    if (ret_sheet != NULL)
        *ret_sheet = sheet;
    else
        sheet_free(sheet);
    return draft;
}

/* "2:value:CELL_NOT_A_NUMBER 3:denominator:…"; malloc'd. Each must also be a whole sentence in both
 * languages. */
static char *
flatten(struct faults *faults)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);

    faults_sort(faults);
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->items[i];

        fprintf(out, "%s%zu:%s:%s", i > 0 ? " " : "", f->line, sheet_column_name(LANGUAGE_EN, f->column),
                protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)f->finding.code)
                    ->name);
        for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
            char *sentence = message_of_finding((enum language)language, &f->finding, catalogue);

            assert_non_null(sentence);
            assert_null(strchr(sentence, '{'));
            free(sentence);
        }
    }
    fclose(out);
    return line;
}

/* ---- faults ------------------------------------------------------------------------------------- */

struct wrong {
    const char *proves;
    const char *rows; /* below the header */
    const char *want;
};

static const struct wrong wrongs[] = {
    {"a good sheet", GOOD_ROWS, ""},
    {"letters for digits", "enrolled_pupils,36O,,,," MARK, "2:value:CELL_NOT_A_NUMBER"},
    {"full-width digits", "enrolled_pupils,３６,,,," MARK, "2:value:CELL_NOT_A_NUMBER"},
    {"thousands", "enrolled_pupils,\"1,200\",,,," MARK, "2:value:CELL_NOT_A_NUMBER"},
    {"per cent", "attendance_rate,98%,100,,," MARK, "2:value:CELL_NOT_A_NUMBER"},
    {"a unit", "enrolled_pupils,36人,,,," MARK, "2:value:CELL_NOT_A_NUMBER"},
    {"an exponent", "enrolled_pupils,1E+05,,,," MARK, "2:value:CELL_NOT_A_NUMBER"},
    {"only a sign", "enrolled_pupils,-,,,," MARK, "2:value:CELL_NOT_A_NUMBER"},
    {"blanks around are not a fault", "enrolled_pupils, 36 ,,,," MARK, ""},
    {"too many decimals", "enrolled_pupils,12.5,,,," MARK, "2:value:CELL_TOO_MANY_DECIMALS"},
    {"zeros beyond are none", "enrolled_pupils,12.0,,,," MARK, ""},
    {"beyond 64 bits", "enrolled_pupils,99999999999999999999,,,," MARK, "2:value:CELL_OVERFLOW"},
    {"both cells of a ratio wrong", "attendance_rate,x,y,,," MARK,
     "2:value:CELL_NOT_A_NUMBER 2:denominator:CELL_NOT_A_NUMBER"},
    {"no denominator", "attendance_rate,3,,,," MARK, "2:denominator:DENOMINATOR_MISSING"},
    {"no numerator", "attendance_rate,,3,,," MARK, "2:value:NUMERATOR_MISSING"},
    {"a denominator too many", "enrolled_pupils,3,4,,," MARK, "2:denominator:DENOMINATOR_UNEXPECTED"},
    {"only a denominator too many", "enrolled_pupils,,4,,," MARK, "2:denominator:DENOMINATOR_UNEXPECTED"},
    {"figure and reason", "enrolled_pupils,3,,未采集,," MARK, "2:missing because:CELL_BOTH"},
    {"an unknown reason", "enrolled_pupils,,,忘了,," MARK, "2:missing because:BAD_REASON"},
    {"an unknown indicator", "pupils,3,,,," MARK, "2:indicator:ROW_UNKNOWN"},
    {"another form's indicator", "toys,3,,,," MARK, "2:indicator:INDICATOR_NOT_IN_FORM"},
    {"a row twice", "enrolled_pupils,3,,,,\nattendance_rate,3,4,,,\nenrolled_pupils,3,,,,",
     "4:indicator:ROW_TWICE"},
    {"a figure without a code", ",3,,,," MARK, "2:indicator:ROW_UNKNOWN"},
    {"a remark without figures is left alone", "enrolled_pupils,3,,,,\n,,,,以上已核对,", ""},
    {"cells beyond the header", "enrolled_pupils,3,,,," MARK ",9", "2::ROW_RAGGED"},
    {"empty cells beyond the header", "enrolled_pupils,3,,,," MARK ",,,", ""},
    {"a row of another sheet",
     "enrolled_pupils,3,,,," MARK "\nattendance_rate,3,4,,,0099 primary.monthly 2026-10 x",
     "3:sheet id:MARK_DIFFERS"},
    {"a first row of another sheet: most rows say whose it is",
     "enrolled_pupils,3,,,,0099 primary.monthly 2026-10 x\nattendance_rate,3,4,,," MARK
     "\nwater_per_pupil,1.2,10,,," MARK,
     "2:sheet id:MARK_DIFFERS"},
    {"a mark that is not one", "enrolled_pupils,3,,,,2026-10", "2:sheet id:MARK_UNREADABLE"},
    {"all at once, in the order of the eye",
     "enrolled_pupils,x,,,,\nattendance_rate,1,,,,\nwater_per_pupil,1.234,10,,,\nfoo,1,,,,",
     "2:value:CELL_NOT_A_NUMBER 3:denominator:DENOMINATOR_MISSING 4:value:CELL_TOO_MANY_DECIMALS "
     "5:indicator:ROW_UNKNOWN"},
};

static void
every_fault_has_its_place(void **state)
{
    static const char *const headers[] = {ZH, EN};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrongs); i++)
        for (size_t h = 0; h < COUNT_OF(headers); h++) {
            struct faults faults = {0};
            char *text = NULL, *got;
            struct draft *draft;

            assert_true(asprintf(&text, "%s%s", headers[h], wrongs[i].rows) > 0);
            draft = read_sheet(text, strlen(text), &faults, NULL);
            got = flatten(&faults);
            if (strcmp(got, wrongs[i].want) != 0)
                fail_msg("%s: got “%s”, wanted “%s”", wrongs[i].proves, got, wrongs[i].want);
            free(got);
            free(text);
            draft_free(draft);
            faults_fini(&faults);
        }
}

static const struct wrong headers[] = {
    {"no value column", "指标代码,报表标识\nenrolled_pupils," MARK, "1:value:COLUMN_MISSING"},
    {"no code column", "数值,报表标识\n3," MARK, "1:indicator:COLUMN_MISSING"},
    {"a column twice", "指标代码,数值,value\nenrolled_pupils,3,4", "1:value:COLUMN_TWICE"},
    {"the clerk's own column is only mentioned", "指标代码,数值,我的备忘\nenrolled_pupils,3,x",
     "1::COLUMN_UNKNOWN"},
    {"empty header cells", "指标代码,数值,,\nenrolled_pupils,3,,", ""},
    {"titles above the header", "某某小学月报\n,,\n填表日期,2026-10-31\n指标代码,数值\nenrolled_pupils,x\n",
     "5:value:CELL_NOT_A_NUMBER"},
    {"semicolons", "指标代码;数值\nenrolled_pupils;3\n", "0::SHEET_UNREADABLE"},
    {"one long word", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "0::SHEET_UNREADABLE"},
    {"a web page", "<html>\n<body>\n<p>hello</p>\n</body>\n", "0::SHEET_UNREADABLE"},
    {"no row below", "指标代码,数值\n", "0::SHEET_EMPTY"},
    {"nothing", "", "0::SHEET_EMPTY"},
    {"an open quote", "指标代码,数值\nenrolled_pupils,\"3\n", "2::SHEET_UNREADABLE"},
};

static void
headers_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        struct faults faults = {0};
        struct draft *draft = read_sheet(headers[i].rows, strlen(headers[i].rows), &faults, NULL);
        char *got = flatten(&faults);

        if (strcmp(got, headers[i].want) != 0)
            fail_msg("%s: got “%s”, wanted “%s”", headers[i].proves, got, headers[i].want);
        free(got);
        draft_free(draft);
        faults_fini(&faults);
    }
}

static void
habits_get_a_word_of_their_own(void **state)
{
    static const struct {
        const char *cell;
        enum message hint;
    } habits[] = {
        {"１２", MSG_hint_full_width},      {"5%", MSG_hint_percent},      {"\"1,200\"", MSG_hint_thousands},
        {"1E+05", MSG_hint_exponent},       {"12人", MSG_hint_unit},       {"abc", MSG_hint_suppressed},
        {"1 200", MSG_hint_thousands},      {"5.", MSG_hint_point},        {".5", MSG_hint_point},
        {"5OO", MSG_hint_letters},          {"l2", MSG_hint_letters},      {"2026/10/31", MSG_hint_date},
        {"10月31日", MSG_hint_date},        {"12-5", MSG_hint_date},       {"12kg", MSG_hint_unit},
        {"31-Oct", MSG_hint_date},          {"12:30", MSG_hint_date},      {"5 marks", MSG_hint_unit},
        {"约360", MSG_hint_unit},           {"￥360", MSG_hint_unit},      {"三百六十", MSG_hint_numerals},
        {"1\u00a0200", MSG_hint_thousands}, {"1'200", MSG_hint_thousands}, {"'360", MSG_hint_apostrophe},
        {"36\u200b0", MSG_hint_invisible},  {"−360", MSG_hint_minus},      {"95％", MSG_hint_percent},
        {"=A1", MSG_hint_formula},          {"#REF!", MSG_hint_formula},   {"O", MSG_hint_letters},
        {"－360", MSG_hint_full_width},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(habits); i++) {
        struct faults faults = {0};
        char *text = NULL;

        assert_true(asprintf(&text, ZH "enrolled_pupils,%s,,,,", habits[i].cell) > 0);
        draft_free(read_sheet(text, strlen(text), &faults, NULL));
        assert_int_equal(faults.count, 1);
        assert_int_equal(faults.items[0].hint, habits[i].hint);
        faults_fini(&faults);
        free(text);
    }
}

/* What published tables write where a number is hidden or not there. */
static void
what_hides_a_number_is_called_so(void **state)
{
    static const char *const marks[] = {
        "*",   "x",    "S",  "c",    "…",  "-",   "—",  "/",   "<5",   "≤10",    "SUPP",    "NA",
        "N/A", "未报", "无", "null", "--", "...", "＊", "＜5", "#N/A", "未提交", "少于5人",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        struct faults faults = {0};
        char *text = NULL;

        assert_true(asprintf(&text, ZH "attendance_rate,3,%s,,,", marks[i]) > 0);
        draft_free(read_sheet(text, strlen(text), &faults, NULL));
        assert_int_equal(faults.count, 1);
        assert_int_equal(faults.items[0].finding.code, YUEBAO__FINDING_CODE__CELL_NOT_A_NUMBER);
        assert_int_equal(faults.items[0].column, COLUMN_DENOMINATOR);
        if (faults.items[0].hint != MSG_hint_suppressed)
            fail_msg("“%s” has another hint", marks[i]);
        faults_fini(&faults);
        free(text);
    }
}

static void
too_many_faults_are_refused_all_the_same(void **state)
{
    struct faults faults = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    fputs(ZH, out);
    for (size_t i = 0; i < FINDINGS_MAX + 50; i++)
        fprintf(out, "nothing_%zu,1,,,,\n", i);
    fclose(out);
    draft_free(read_sheet(text, size, &faults, NULL));
    assert_int_equal(faults.count, FINDINGS_MAX);
    assert_true(faults.more && faults_refuse(&faults));
    faults_fini(&faults);
    free(text);
}

/* ---- figures ------------------------------------------------------------------------------------ */

static void
want_good(const struct draft *draft, const struct sheet *sheet)
{
    assert_string_equal(sheet_school(sheet), "0012345");
    assert_string_equal(sheet_form(sheet), "primary.monthly");
    assert_string_equal(sheet_period(sheet), "2026-10");
    assert_int_equal(draft->figures, 3);
    assert_int_equal(draft->indicator[0], 1);
    assert_int_equal(draft->value[0], 320);
    assert_int_equal(draft->indicator[1], 2);
    assert_int_equal(draft->value[1], 310);
    assert_int_equal(draft->denominator[1], 320);
    assert_int_equal(draft->indicator[2], 5);
    assert_int_equal(draft->value[2], 125);
    assert_int_equal(draft->missing, 1);
    assert_int_equal(draft->missing_indicator[0], 7);
    assert_int_equal(draft->missing_reason[0], YUEBAO__MISSING_REASON__NOT_COLLECTED);
    assert_int_equal(draft->explanations, 1);
    assert_int_equal(draft->explanation[0].indicator, 2);
    assert_string_equal(draft->explanation[0].text, "流感");
}

/* The same sheet, rows out of order, its columns in several orders and languages. */
static const char *const good[] = {
    "指标代码,数值（分子）,分母,缺报原因,说明,报表标识\r\nlibrary_area,12.5,,,," MARK
    "\r\nboarding_pupils,,,未采集,," MARK "\r\nattendance_rate,310,320,,流感," MARK
    "\r\nenrolled_pupils,320,,,," MARK "\r\n",
    "报表标识,说明,缺报原因,分母,数值（分子）,指标代码\r\n" MARK ",,,,12.5,library_area\r\n" MARK
    ",,not collected,,,boarding_pupils\r\n" MARK
    ",流感,,320,310,attendance_rate\r\n,,,,320,enrolled_pupils\r\n",
    "indicator,指标名称,Value,DENOMINATOR,Missing,note,sheet\r\nlibrary_area,图书馆面积,12.5,,,," MARK
    "\r\nboarding_pupils,x,,,NOT_COLLECTED,," MARK "\r\nattendance_rate,x,310,320,,流感," MARK
    "\r\nenrolled_pupils,x,320,,,," MARK "\r\n",
};

static char *
convert(const char *text, const char *encoding, const char *mark, size_t mark_len, size_t *ret_len)
{
    size_t left = strlen(text), room = 4 * left + 8;
    char *out = malloc(room), *to = out + mark_len, *from = (char *)text;
    iconv_t cd = iconv_open(encoding, "UTF-8");

    room -= mark_len;
    memcpy(out, mark, mark_len);
    assert_true(cd != (iconv_t)-1);
    assert_int_equal(iconv(cd, &from, &left, &to, &room), 0);
    iconv_close(cd);
    *ret_len = (size_t)(to - out);
    return out;
}

static void
as_spreadsheets_save_it(void **state)
{
    static const struct {
        const char *encoding, *mark;
        size_t mark_len;
        bool tabs;
    } ways[] = {
        {"UTF-8", "", 0, false},
        {"UTF-8", "\xEF\xBB\xBF", 3, false},
        {"GB18030", "", 0, false},
        {"UTF-16LE", "\xFF\xFE", 2, true},
        {"UTF-16LE", "\xFF\xFE", 2, false},
        {"UTF-16BE", "\xFE\xFF", 2, true},
    };

    (void)state;
    for (size_t g = 0; g < COUNT_OF(good); g++)
        for (size_t w = 0; w < COUNT_OF(ways); w++) {
            char *text = strdup(good[g]), *bytes;
            struct faults faults = {0};
            struct sheet *sheet;
            struct draft *draft;
            size_t len;

            for (char *p = strchr(text, ','); ways[w].tabs && p != NULL; p = strchr(p, ','))
                *p = '\t';
            bytes = convert(text, ways[w].encoding, ways[w].mark, ways[w].mark_len, &len);
            draft = read_sheet(bytes, len, &faults, &sheet);
            assert_int_equal(faults.count, 0);
            want_good(draft, sheet);
            draft_free(draft);
            sheet_free(sheet);
            free(bytes);
            free(text);
        }
}

static void
reasons_in_any_words(void **state)
{
    static const char *const words[] = {"不适用", "not applicable", "NOT_APPLICABLE", "1"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct faults faults = {0};
        struct draft *draft;
        char *text = NULL;

        assert_true(asprintf(&text, EN "enrolled_pupils,,,%s,,", words[i]) > 0);
        draft = read_sheet(text, strlen(text), &faults, NULL);
        assert_int_equal(draft->missing, 1);
        assert_int_equal(draft->missing_reason[0], YUEBAO__MISSING_REASON__NOT_APPLICABLE);
        assert_int_equal(faults.count, 0);
        draft_free(draft);
        free(text);
    }
}

/* ---- findings of validate ----------------------------------------------------------------------- */

static void
findings_find_their_cells(void **state)
{
    const char *text = ZH "attendance_rate,1,2,,,\nenrolled_pupils,x,,,,\n";
    struct faults faults = {0};
    struct findings findings;
    struct draft *draft = read_sheet(text, strlen(text), &faults, NULL);
    char *got;

    (void)state;
    findings_init(&findings);
    findings_add(&findings, YUEBAO__FINDING_CODE__DENOMINATOR_ZERO, 2, NULL, "1", NULL);
    findings_add(&findings, YUEBAO__FINDING_CODE__REQUIRED_FORGOTTEN, 1, NULL, NULL,
                 NULL); /* only because of the x */
    findings_add(&findings, YUEBAO__FINDING_CODE__REQUIRED_FORGOTTEN, 3, NULL, NULL,
                 NULL); /* its row is not there */
    findings_add(&findings, YUEBAO__FINDING_CODE__NAME_MISSING, 0, NULL, "head", NULL);
    sheet_locate(draft, catalogue, &findings, &faults);
    got = flatten(&faults);
    assert_string_equal(
        got,
        "0::REQUIRED_FORGOTTEN 0::NAME_MISSING 2:denominator:DENOMINATOR_ZERO 3:value:CELL_NOT_A_NUMBER");
    assert_int_equal(faults.items[0].hint, MSG_hint_row_deleted);
    free(got);
    findings_fini(&findings);
    faults_fini(&faults);
    draft_free(draft);
}

/* The rule's first figure that is in the sheet gives the row, whichever side it stands on. */
static void
a_rule_stands_where_its_figures_stand(void **state)
{
    static const struct {
        const char *rows, *want;
    } cases[] = {
        {"enrolled_pupils,3,,,,\nboarding_pupils,4,,,,\n",
         "3:explanation:EXPLANATION_MISSING 3:value:RULE_BROKEN"},
        {"attendance_rate,3,4,,,\nenrolled_pupils,3,,,,\n",
         "3:explanation:EXPLANATION_MISSING 3:value:RULE_BROKEN"},
        {"attendance_rate,3,4,,,\n", "0::EXPLANATION_MISSING 0::RULE_BROKEN"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct faults faults = {0};
        struct findings findings;
        char *text = NULL, *got;
        struct draft *draft;

        assert_true(asprintf(&text, ZH "%s", cases[i].rows) > 0);
        draft = read_sheet(text, strlen(text), &faults, NULL);
        findings_init(&findings);
        findings_add(&findings, YUEBAO__FINDING_CODE__EXPLANATION_MISSING, 7, "boarding_within_enrolled", "4",
                     "3");
        findings_add(&findings, YUEBAO__FINDING_CODE__RULE_BROKEN, 7, "boarding_within_enrolled", "4", "3");
        findings.items[1].severity = YUEBAO__SEVERITY__WARNING;
        sheet_locate(draft, catalogue, &findings, &faults);
        got = flatten(&faults);
        assert_string_equal(got, cases[i].want);
        assert_true(finding_is_about(&findings.items[1], catalogue, 1));
        assert_true(finding_is_about(&findings.items[1], catalogue, 7));
        assert_false(finding_is_about(&findings.items[1], catalogue, 2));
        free(got);
        free(text);
        findings_fini(&findings);
        faults_fini(&faults);
        draft_free(draft);
    }
}

/* ---- the template ------------------------------------------------------------------------------- */

static void
a_template_reads_back(void **state)
{
    const struct sheet_owner owner = {"0012345", "镇中心小学", "2026-10", catalogue_hash(catalogue)};
    uint32_t numbers[] = {1, 2};
    int64_t values[] = {318, 300}, denominators[] = {0, 310};
    Yuebao__Statement last = YUEBAO__STATEMENT__INIT;

    (void)state;
    last.n_indicator = last.n_value = last.n_denominator = 2;
    last.indicator = numbers;
    last.value = values;
    last.denominator = denominators;
    for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
        struct faults faults = {0};
        struct sheet *sheet;
        struct draft *draft;
        size_t len;
        char *bytes = sheet_template((enum language)language, form, &owner, &last, NULL, &len);

        assert_non_null(bytes);
        assert_memory_equal(bytes, "\xEF\xBB\xBF", 3);
        assert_non_null(strstr(bytes, "300 ÷ 310"));
        assert_non_null(strstr(bytes, "0 ~ 5000,318,"));
        assert_null(strstr(bytes, "toys"));
        assert_true(strstr(bytes, "attendance_rate") < strstr(bytes, "water_per_pupil")); /* required first */
        assert_true(strcmp(bytes + len - 2, "\r\n") == 0);
        draft = read_sheet(bytes, len, &faults, &sheet);
        assert_int_equal(faults.count, 0);
        assert_string_equal(sheet_school(sheet), "0012345");
        assert_int_equal(draft->rows, 6);
        assert_int_equal(draft->figures + draft->missing, 0);
        draft_free(draft);
        sheet_free(sheet);
        free(bytes);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_its_place),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(habits_get_a_word_of_their_own),
        cmocka_unit_test(what_hides_a_number_is_called_so),
        cmocka_unit_test(too_many_faults_are_refused_all_the_same),
        cmocka_unit_test(as_spreadsheets_save_it),
        cmocka_unit_test(reasons_in_any_words),
        cmocka_unit_test(findings_find_their_cells),
        cmocka_unit_test(a_rule_stands_where_its_figures_stand),
        cmocka_unit_test(a_template_reads_back),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
