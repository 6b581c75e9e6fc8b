#include "unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *code, *zh;
} units[] = {
    {"CNY_10k", "万元"},
    {"CNY_per_pupil", "元/生"},
    {"CNY_per_pupil_year", "元/生·年"},
    {"CNY_per_teacher_month", "元/人·月"},
    {"accidents", "起"},
    {"actions", "项"},
    {"activities", "次"},
    {"batches", "批"},
    {"buses", "辆"},
    {"cases", "件"},
    {"categories", "类"},
    {"classes", "班"},
    {"classrooms", "间"},
    {"classrooms_per_100_pupils", "间/百名学生"},
    {"competitions", "场"},
    {"computers", "台"},
    {"courses", "门"},
    {"districts", "个"},
    {"drills", "次"},
    {"enterprises", "家"},
    {"hazards", "处"},
    {"hours", "小时"},
    {"hours_per_teacher", "学时/人"},
    {"hubs", "个"},
    {"inspections", "次"},
    {"kWh", "千瓦时"},
    {"kg", "千克"},
    {"kindergartens", "所"},
    {"m2", "平方米"},
    {"m2_per_pupil", "平方米/生"},
    {"m3", "立方米"},
    {"majors", "个"},
    {"person_times", "人次"},
    {"persons", "人"},
    {"petitions", "件次"},
    {"phases", "期"},
    {"playgrounds", "个"},
    {"points", "处"},
    {"principals", "人"},
    {"programmes", "项"},
    {"projects", "个"},
    {"pupils", "人"},
    {"ratio", "比率"},
    {"rounds", "轮"},
    {"schools", "所"},
    {"sessions", "次"},
    {"sets", "套"},
    {"students", "人"},
    {"teachers", "人"},
    {"teachers_per_100_pupils", "人/百名学生"},
    {"teams", "支"},
    {"trainers", "人"},
    {"units", "个"},
    {"warnings", "次"},
};

const char *
unit_zh(const char *code)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].code, code) == 0)
            return units[i].zh;
    return code;
}

const char *
unit_words(enum language language, const char *code, char words[UNIT_WORDS_MAX])
{
    if (strcmp(code, "ratio") == 0)
        return "%";
    if (language == LANGUAGE_ZH)
        return unit_zh(code);
    snprintf(words, UNIT_WORDS_MAX, "%s", code);
    for (char *c = words; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    return words;
}
