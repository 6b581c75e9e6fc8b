/*
 * A cell that is no number, told by its look. First marks that are not digits at all, then what spoils
 * digits; what comes earlier is the surer sign.
 */
#include "hint.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"

static bool
consists_of(const char *cell, const char *ascii)
{
    return strspn(cell, ascii) == strlen(cell);
}

static bool
has_digit(const char *cell)
{
    return strpbrk(cell, DIGITS) != NULL;
}

static bool
begins_with(const char *cell, const char *prefix)
{
    return strncmp(cell, prefix, strlen(prefix)) == 0;
}

/* Whether one of the words stands in the cell; NULL ends the list. */
static bool
holds_any(const char *cell, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasestr(cell, *words) != NULL)
            return true;
    return false;
}

/* Length of the UTF-8 character at the start; table_read() let only clean text through. */
static size_t
character(const char *text)
{
    unsigned char c = (unsigned char)*text;

    return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Whether the cell has no character but those of the set. */
static bool
is_made_of(const char *cell, const char *set)
{
    char one[5];

    for (size_t len; *cell != '\0'; cell += len) {
        len = character(cell);
        memcpy(one, cell, len);
        one[len] = '\0';
        if (strstr(set, one) == NULL)
            return false;
    }
    return true;
}

/* =SUM(A1:A9), #DIV/0!, and the ##### of a column that is too narrow. */
static bool
is_formula(const char *cell)
{
    return cell[0] == '=' || cell[0] == '#';
}

/* What copying from web pages and chats brings along: U+200B to U+200F, U+202A to U+202E, U+2060, U+FEFF. */
static bool
has_invisible(const char *cell)
{
    static const char *const marks[] = {"\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b",
                                        "\u202c", "\u202d", "\u202e", "\u2060", "\ufeff", NULL};

    return holds_any(cell, marks);
}

static bool
is_numeral(const char *cell)
{
    return is_made_of(cell, "〇零一二三四五六七八九十百千万亿两点壹贰叁肆伍陆柒捌玖拾佰仟");
}

/* "Fewer than five": a bound, where a number is asked. */
static bool
is_bound(const char *cell)
{
    static const char *const bounds[] = {"<", ">",    "≤",    "≥",    "＜",   "＞",  "≦",
                                         "≧", "少于", "小于", "不足", "多于", "大于"};

    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (begins_with(cell, bounds[i]))
            return true;
    return false;
}

static bool
has_wide_digit(const char *cell)
{
    static const char *const digits[] = {"０", "１", "２", "３", "４", "５", "６", "７", "８", "９", NULL};

    return holds_any(cell, digits);
}

static bool
has_full_width(const char *cell)
{
    for (const char *p = cell; *p != '\0'; p++)
        if (p[0] == '\xEF' && (p[1] == '\xBC' || p[1] == '\xBD')) /* U+FF01 to U+FF5E begin so */
            return true;
    return false;
}

/* "31-Oct", "Oct 2026", but not "5 marks". */
static bool
has_month(const char *cell)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++) {
        const char *found = strcasestr(cell, months[i]);

        if (found != NULL && (found == cell || !isalpha((unsigned char)found[-1])) &&
            !isalpha((unsigned char)found[3]))
            return true;
    }
    return strstr(cell, "月") != NULL;
}

/* 2026-10-31, 10/31, 10月31日, 31-Oct, 12:30: what a spreadsheet makes of 10-31 and 12:30. */
static bool
is_date(const char *cell)
{
    return has_month(cell) || (consists_of(cell, DIGITS "-/:. ") && strpbrk(cell + 1, "-/:") != NULL);
}

/* Digits with commas, apostrophes or blanks of any width between them. */
static bool
has_thousands(const char *cell)
{
    return is_made_of(cell, DIGITS ".,'’ \u00a0\u2002\u2003\u2007\u2009\u202f\u3000") &&
           !consists_of(cell, DIGITS ".");
}

/* A sign that looks like the keyboard's minus. */
static bool
has_odd_minus(const char *cell)
{
    static const char *const signs[] = {"−", "–", "—", "‐", "‑", NULL};

    return holds_any(cell, signs);
}

/* Digits, spoilt: by what? */
static enum message
hint_of_digits(const char *cell)
{
    if (cell[0] == '\'' || begins_with(cell, "’") || begins_with(cell, "‘"))
        return MSG_hint_apostrophe;
    if (is_date(cell))
        return MSG_hint_date;
    if (has_thousands(cell))
        return MSG_hint_thousands;
    if (consists_of(cell, DIGITS "."))
        return MSG_hint_point;
    if (strpbrk(cell, "eE") != NULL && consists_of(cell, DIGITS ".+-eE"))
        return MSG_hint_exponent;
    if (consists_of(cell, DIGITS ".OoIlSBZ"))
        return MSG_hint_letters;
    return has_odd_minus(cell) ? MSG_hint_minus : MSG_hint_unit;
}

enum message
hint_of_cell(const char *cell)
{
    if (is_formula(cell))
        return strcasecmp(cell, "#N/A") == 0 ? MSG_hint_suppressed : MSG_hint_formula;
    if (has_invisible(cell))
        return MSG_hint_invisible;
    if (strchr(cell, '%') != NULL || strstr(cell, "％") != NULL)
        return MSG_hint_percent;
    if (is_numeral(cell))
        return MSG_hint_numerals;
    if (consists_of(cell, "OoIl"))
        return MSG_hint_letters;
    if (is_bound(cell) || (!has_digit(cell) && !has_wide_digit(cell)))
        return MSG_hint_suppressed;
    return has_full_width(cell) ? MSG_hint_full_width : hint_of_digits(cell);
}
