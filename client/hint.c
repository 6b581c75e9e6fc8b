#include "hint.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool
is_date(const char *cell)
{
    bool plain = strspn(cell, "0123456789-/") == strlen(cell);

    return (plain && cell[0] != '\0' && strpbrk(cell + 1, "-/") != NULL &&
            strpbrk(cell, "0123456789") != NULL) ||
           strstr(cell, "月") != NULL;
}

/*
 * What published tables write for a number that is hidden, too small to be shown, or not there: stars and
 * letters of suppression, dashes, "fewer than five", and words.
 */
static bool
is_suppressed(const char *cell)
{
    static const char *const marks[] = {
        "*",          "**",       "***",    "＊",   "x",      "s",      "c",    "…",   "...",  "..",
        "-",          "--",       "—",      "——",   "–",      "－",     "/",    "／",  ":",    "supp",
        "suppressed", "redacted", "hidden", "na",   "n/a",    "n.a.",   "#n/a", "nan", "null", "none",
        "nil",        "missing",  "tbd",    "未报", "未上报", "未提交", "未填", "无",  "暂无", "空",
        "缺",         "缺报",     "不详",   "保密", "隐去",   "略",
    };
    static const char *const bounds[] = {"<", ">",    "≤",    "≥",    "＜",   "＞",  "≦",
                                         "≧", "少于", "小于", "不足", "多于", "大于"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strcasecmp(cell, marks[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (strncmp(cell, bounds[i], strlen(bounds[i])) == 0)
            return true;
    return false;
}

/* The usual habits have a word of their own. */
enum message
hint_of_cell(const char *cell)
{
    if (is_suppressed(cell))
        return MSG_hint_suppressed;
    for (const char *p = cell; *p != '\0'; p++)
        if (p[0] == '\xEF' && (p[1] == '\xBC' || p[1] == '\xBD')) /* U+FF01 to U+FF5E begin so */
            return MSG_hint_full_width;
    if (strchr(cell, '%') != NULL)
        return MSG_hint_percent;
    if (is_date(cell))
        return MSG_hint_date;
    if (strchr(cell, ',') != NULL || strspn(cell, "0123456789. ") == strlen(cell))
        return strpbrk(cell, ", ") != NULL ? MSG_hint_thousands : MSG_hint_point;
    if (strpbrk(cell, "eE") != NULL && strspn(cell, "0123456789.+-eE") == strlen(cell))
        return MSG_hint_exponent;
    if (strpbrk(cell, "0123456789") != NULL && strspn(cell, "0123456789.OoIlSBZ") == strlen(cell))
        return MSG_hint_letters;
    if (cell[0] >= '0' && cell[0] <= '9')
        return MSG_hint_unit;
    return MESSAGE_COUNT;
}
