/* The words of a sheet: names of columns and of reasons, in the languages that a clerk may write. */
#include "sheet_words.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The first word of each language is what a template says; the others are understood. */
static const struct {
    const char *zh, *en;
    const char *others[5];
} columns[SHEET_COLUMNS] = {
    [COLUMN_CODE] = {"指标代码", "indicator", {"代码", "code", "indicator code"}},
    [COLUMN_NAME] = {"指标名称", "name", {"名称", "指标"}},
    [COLUMN_MEANING] = {"分子与分母", "numerator and denominator", {"口径"}},
    [COLUMN_UNIT] = {"单位", "unit", {"计量单位"}},
    [COLUMN_VALUE] = {"数值（分子）",
                      "value",
                      {"数值(分子)", "数值", "分子", "value (numerator)", "numerator"}},
    [COLUMN_DENOMINATOR] = {"分母", "denominator", {NULL}},
    [COLUMN_REASON] = {"缺报原因", "missing because", {"missing", "reason", "missing reason"}},
    [COLUMN_EXPLANATION] = {"说明", "explanation", {"备注", "note", "notes"}},
    [COLUMN_REQUIRED] = {"是否必填", "required", {"必填"}},
    [COLUMN_RANGE] = {"允许范围", "range", {"范围"}},
    [COLUMN_LAST] = {"上期数据", "last period", {"上期"}},
    [COLUMN_MARK] = {"报表标识", "sheet id", {"标识", "sheet"}},
};

static const struct {
    Yuebao__MissingReason reason;
    const char *words[4];
} reasons[] = {
    {YUEBAO__MISSING_REASON__NOT_APPLICABLE, {"不适用", "not applicable", "not_applicable", "1"}},
    {YUEBAO__MISSING_REASON__NOT_YET_KNOWN, {"暂未掌握", "not yet known", "not_yet_known", "2"}},
    {YUEBAO__MISSING_REASON__NOT_COLLECTED, {"未采集", "not collected", "not_collected", "3"}},
    {YUEBAO__MISSING_REASON__REFUSED, {"拒绝提供", "refused", "refused", "4"}},
};

const char *
sheet_column_name(enum language language, enum sheet_column column)
{
    if (column >= SHEET_COLUMNS)
        return "";
    return language == LANGUAGE_ZH ? columns[column].zh : columns[column].en;
}

const char *
sheet_column_key(enum sheet_column column)
{
    static const char *const keys[SHEET_COLUMNS] = {
        [COLUMN_CODE] = "indicator",    [COLUMN_NAME] = "name",
        [COLUMN_MEANING] = "meaning",   [COLUMN_UNIT] = "unit",
        [COLUMN_VALUE] = "value",       [COLUMN_DENOMINATOR] = "denominator",
        [COLUMN_REASON] = "reason",     [COLUMN_EXPLANATION] = "explanation",
        [COLUMN_REQUIRED] = "required", [COLUMN_RANGE] = "range",
        [COLUMN_LAST] = "last",         [COLUMN_MARK] = "sheet_id",
    };

    return column >= SHEET_COLUMNS ? "" : keys[column];
}

enum sheet_column
sheet_column_of(const char *word)
{
    for (int column = 0; column < SHEET_COLUMNS; column++) {
        if (strcmp(columns[column].zh, word) == 0 || strcasecmp(columns[column].en, word) == 0)
            return (enum sheet_column)column;
        for (size_t i = 0; i < 5 && columns[column].others[i] != NULL; i++)
            if (strcasecmp(columns[column].others[i], word) == 0)
                return (enum sheet_column)column;
    }
    return COLUMN_NONE;
}

void
sheet_known_words(const char *ret_words[SHEET_KNOWN_WORDS])
{
    size_t n = 0;

    for (int column = 0; column < SHEET_COLUMNS; column++) {
        ret_words[n++] = columns[column].zh;
        ret_words[n++] = columns[column].en;
        for (size_t i = 0; i < 5 && columns[column].others[i] != NULL; i++)
            ret_words[n++] = columns[column].others[i];
    }
    ret_words[n] = NULL;
}

bool
sheet_reason_of(const char *word, Yuebao__MissingReason *ret_reason)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        for (size_t w = 0; w < 4; w++)
            if (strcasecmp(reasons[i].words[w], word) == 0) {
                *ret_reason = reasons[i].reason;
                return true;
            }
    return false;
}

const char *
sheet_reason_name(enum language language, Yuebao__MissingReason reason)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].reason == reason)
            return reasons[i].words[language == LANGUAGE_ZH ? 0 : 1];
    return "";
}
