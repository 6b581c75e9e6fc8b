/*
 * The page: one file of HTML that stands by itself, to be read, printed on A4 and put on a website. No
 * script, no picture, nothing fetched. Chinese with English beside it; a table an indicator, a row a
 * district, a column a kind of school.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "outfile.h"
#include "publish.h"
#include "system_words.h"
#include "unit.h"
#include "xml.h"

#define KINDS_MAX 8 /* kinds of school and all kinds */

enum {
    PAGE_INDICATOR,
    PAGE_NAME_ZH,
    PAGE_NAME_EN,
    PAGE_UNIT,
    PAGE_POSITION,
    PAGE_DISTRICT_ZH,
    PAGE_DISTRICT_EN,
    PAGE_DISTRICT,
    PAGE_LEVEL,
    PAGE_KIND,
    PAGE_SCHOOLS,
    PAGE_HELD,
    PAGE_VALUE,
    PAGE_DENOMINATOR,
    PAGE_RATIO
};

static const char sql[] = "SELECT f.indicator, f.name_zh, f.name_en, f.unit, f.\"position\", f.district_zh, "
                          "f.district_en, f.district, f.level, "
                          "coalesce(f.kind, ''), f.schools, f.held_back, f.value, f.denominator, f.ratio "
                          "FROM published.figure AS f "
                          "WHERE f.publisher = $1::integer AND f.period = $2 AND f.edition = $3::integer AND "
                          "($4::integer IS NULL OR f.district = ANY "
                          "(published.below($1::integer, $2, $3::integer, $4::integer))) "
                          "ORDER BY f.number, f.\"position\", array_position(ARRAY['kindergarten', "
                          "'primary', 'junior', 'senior', 'vocational', 'special', "
                          "'district', ''], coalesce(f.kind, ''))";

static const char head_sql[] = "SELECT e.publisher_zh, e.publisher_en, e.expected, e.reported, "
                               "pg_catalog.to_char(e.published_at, 'YYYY-MM-DD HH24:MI') "
                               "FROM published.edition AS e WHERE e.publisher = $1::integer AND e.period = "
                               "$2 AND e.edition = $3::integer";

static const char style[] = "@page{size:A4;margin:18mm 14mm}"
                            "body{font-family:\"Noto Serif CJK SC\",\"Source Han Serif "
                            "SC\",SimSun,serif;font-size:10.5pt;line-height:1.5;color:#000;"
                            "background:#fff;max-width:182mm;margin:0 auto;padding:0 4mm}"
                            "h1{font-size:18pt;text-align:center;margin:8mm 0 2mm}"
                            "header p{text-align:center;margin:0 0 6mm}"
                            "[lang=en]{color:#444;font-size:.85em}"
                            "table{border-collapse:collapse;width:100%;margin:0 0 7mm;break-inside:auto}"
                            "caption{text-align:left;font-weight:bold;padding:0 0 1.5mm;break-after:avoid}"
                            "th,td{border:.3mm solid #666;padding:.8mm 1.6mm;vertical-align:top}"
                            "thead{display:table-header-group}"
                            "thead th{background:#eee}"
                            "tr{break-inside:avoid}"
                            "tbody th{text-align:left;font-weight:normal}"
                            "td{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
                            "small{display:block;color:#444;font-size:.8em}"
                            "tbody th.prefecture{padding-left:4mm}"
                            "tbody th.county{padding-left:7mm}"
                            "footer{border-top:.3mm solid #666;padding:2mm 0;font-size:9pt}"
                            "@media print{body{max-width:none;padding:0}}";

/* ---- words ---------------------------------------------------------------------------------------- */

/* Chinese, and English after it in its own language. */
static void
put_both(FILE *out, const char *zh, const char *en)
{
    xml_text(out, zh);
    fputs(" <span lang=\"en\">", out);
    xml_text(out, en);
    fputs("</span>", out);
}

static void
put_message(FILE *out, const char *element, char *zh, char *en)
{
    if (zh == NULL || en == NULL)
        abort();
    fprintf(out, "<%s>", element);
    put_both(out, zh, en);
    fprintf(out, "</%s>\n", element);
    free(zh);
    free(en);
}
#define put_said(out, element, ...)                                                                          \
    put_message(out, element, message_format(LANGUAGE_ZH, __VA_ARGS__),                                      \
                message_format(LANGUAGE_EN, __VA_ARGS__))

static void
put_kind(FILE *out, const char *kind)
{
    bool all = kind[0] == '\0';

    fputs("<th scope=\"col\">", out);
    put_both(out,
             all ? message_text(LANGUAGE_ZH, MSG_ctl_publish_all_kinds) : message_word(LANGUAGE_ZH, kind),
             all ? message_text(LANGUAGE_EN, MSG_ctl_publish_all_kinds) : message_word(LANGUAGE_EN, kind));
    fputs("</th>", out);
}

/* ---- a table -------------------------------------------------------------------------------------- */

struct page {
    FILE *out;
    const PGresult *rows;
};

static const char *
text(const struct page *page, int row, int column)
{
    return PQgetvalue(page->rows, row, column);
}

static bool
is_same(const struct page *page, int a, int b, int column)
{
    return strcmp(text(page, a, column), text(page, b, column)) == 0;
}

static size_t
kinds_of(const struct page *page, int first, int end, const char *kinds[KINDS_MAX])
{
    static const char *const order[KINDS_MAX] = {"kindergarten", "primary", "junior",   "senior",
                                                 "vocational",   "special", "district", ""};
    size_t n = 0;

    for (size_t k = 0; k < KINDS_MAX; k++)
        for (int r = first; r < end; r++)
            if (strcmp(text(page, r, PAGE_KIND), order[k]) == 0) {
                kinds[n++] = order[k];
                break;
            }
    return n;
}

static void
put_number(const struct page *page, int row)
{
    const char *ratio = db_cell(page->rows, row, PAGE_RATIO), *value = db_cell(page->rows, row, PAGE_VALUE);
    const char *denominator = db_cell(page->rows, row, PAGE_DENOMINATOR);

    if (text(page, row, PAGE_HELD)[0] == 't') {
        fputs("<td>*</td>", page->out);
        return;
    }
    fputs("<td>", page->out);
    if (value == NULL) {
        fputs("–", page->out);
    } else if (denominator == NULL) {
        xml_text(page->out, value);
    } else {
        xml_text(page->out, ratio == NULL ? "–" : ratio);
        fputs("<small>", page->out);
        xml_text(page->out, value);
        fputs(" / ", page->out);
        xml_text(page->out, denominator);
        fputs("</small>", page->out);
    }
    fputs("</td>", page->out);
}

/* Rows first … end - 1 are one district's. */
static void
put_district(const struct page *page, int first, int end, const char *const *kinds, size_t n)
{
    fputs("<tr><th scope=\"row\"", page->out);
    xml_attribute(page->out, "class", text(page, first, PAGE_LEVEL));
    fputc('>', page->out);
    put_both(page->out, text(page, first, PAGE_DISTRICT_ZH), text(page, first, PAGE_DISTRICT_EN));
    fputs("</th>", page->out);
    for (size_t k = 0; k < n; k++) {
        int row = first;
        while (row < end && strcmp(text(page, row, PAGE_KIND), kinds[k]) != 0)
            row++;
        if (row < end)
            put_number(page, row);
        else
            fputs("<td>–</td>", page->out);
    }
    fputs("</tr>\n", page->out);
}

static void
put_name_and_unit(const struct page *page, int row)
{
    const char *unit = text(page, row, PAGE_UNIT);
    char zh[UNIT_WORDS_MAX], en[UNIT_WORDS_MAX];

    xml_text(page->out, text(page, row, PAGE_NAME_ZH));
    fputs("（", page->out);
    xml_text(page->out, unit_words(LANGUAGE_ZH, unit, zh));
    fputs("） <span lang=\"en\">", page->out);
    xml_text(page->out, text(page, row, PAGE_NAME_EN));
    fputs(" (", page->out);
    xml_text(page->out, unit_words(LANGUAGE_EN, unit, en));
    fputs(")</span>", page->out);
}

/* Rows first … end - 1 are one indicator's. */
static void
put_table(const struct page *page, int first, int end)
{
    const char *kinds[KINDS_MAX];
    size_t n = kinds_of(page, first, end, kinds);

    fputs("<table>\n<caption>", page->out);
    put_name_and_unit(page, first);
    fputs("</caption>\n<thead><tr><th scope=\"col\">", page->out);
    put_both(page->out, message_text(LANGUAGE_ZH, MSG_ctl_col_district),
             message_text(LANGUAGE_EN, MSG_ctl_col_district));
    fputs("</th>", page->out);
    for (size_t k = 0; k < n; k++)
        put_kind(page->out, kinds[k]);
    fputs("</tr></thead>\n<tbody>\n", page->out);
    for (int r = first, next; r < end; r = next) {
        for (next = r + 1; next < end && is_same(page, r, next, PAGE_DISTRICT);)
            next++;
        put_district(page, r, next, kinds, n);
    }
    fputs("</tbody>\n</table>\n", page->out);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static void
put_head(FILE *out, const struct publish_options *o, const PGresult *head, const char *edition)
{
    const char *zh = PQgetvalue(head, 0, 0), *en = PQgetvalue(head, 0, 1);

    fputs("<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    xml_text(out, zh);
    fputc(' ', out);
    xml_text(out, o->period);
    fputs("</title>\n<style>", out);
    fputs(style, out);
    fputs("</style>\n</head>\n<body>\n<main>\n", out);
    fputs("<header>\n", out);
    put_message(out, "h1", message_format(LANGUAGE_ZH, MSG_page_title, "name", zh, "period", o->period, NULL),
                message_format(LANGUAGE_EN, MSG_page_title, "name", en, "period", o->period, NULL));
    put_said(out, "p", MSG_page_of, "edition", edition, "at", PQgetvalue(head, 0, 4), "expected",
             PQgetvalue(head, 0, 2), "reported", PQgetvalue(head, 0, 3), NULL);
    fputs("</header>\n", out);
}

static void
put_foot(FILE *out)
{
    fputs("</main>\n<footer>\n", out);
    put_said(out, "p", MSG_page_star, NULL);
    put_said(out, "p", MSG_page_dash, NULL);
    put_said(out, "p", MSG_page_exact, NULL);
    fputs("</footer>\n</body>\n</html>\n", out);
}

static bool
put_page(FILE *out, const struct publish_options *o, const PGresult *head, const PGresult *rows,
         const char *edition)
{
    struct page page = {out, rows};
    int n = PQntuples(rows);

    put_head(out, o, head, edition);
    for (int first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && is_same(&page, first, end, PAGE_INDICATOR);)
            end++;
        put_table(&page, first, end);
    }
    put_foot(out);
    return !ferror(out);
}

static int
write_page(struct ctl *ctl, const struct publish_options *o, const PGresult *head, const PGresult *rows,
           const char *edition)
{
    struct outfile file;
    int fd = outfile_open(ctl, o->html, &file);

    if (fd < 0)
        return ctl->status;
    FILE *out = fdopen(fd, "w");
    if (out == NULL)
        abort();
    bool ok = put_page(out, o, head, rows, edition);
    if (fclose(out) == 0 && ok)
        return outfile_commit(ctl, &file);
    int reason = errno;
    outfile_drop(&file);
    return ctl_fail(ctl, EX_CANTCREAT, MSG_ctl_cannot_write, "file", o->html, "reason",
                    system_words(ctl->language, strerror(reason)), NULL);
}

int
publish_page(struct ctl *ctl, const struct publish_options *o, const char *edition)
{
    const char *values[] = {o->district, o->period, edition, o->below};
    PGresult *head = db_query(ctl, head_sql, 3, values);
    PGresult *rows = head == NULL ? NULL : db_query(ctl, sql, 4, values);
    int status = rows == NULL ? ctl->status : write_page(ctl, o, head, rows, edition);

    PQclear(head);
    PQclear(rows);
    if (status == EX_OK)
        ctl_say(ctl, MSG_ctl_publish_page, "file", o->html, NULL);
    return status;
}
