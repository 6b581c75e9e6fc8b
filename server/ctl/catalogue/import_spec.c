/*
 * The columns of each file. Words here are the words of the tables' check constraints.
 */
#include "import.h"

#include "limit.h"

#define LEN(array)   (sizeof(array) / sizeof((array)[0]))
#define NOTE_MAX     4000
#define TITLE_MAX    TEXT_MAX
#define UNIT_MAX     64
#define PLAN_MAX     64
#define MUST_BE_SET  .header = true, .filled = true
#define MAY_BE_EMPTY .header = true

static const char *const levels[] = {"nation", "province", "prefecture", "county", NULL};
static const char *const kinds[] = {"kindergarten", "primary", "junior",   "senior",
                                    "vocational",   "special", "district", NULL};
static const char *const measures[] = {"count", "ratio",  "quotient", "amount", "area",
                                       "hours", "energy", "volume",   "mass",   NULL};
static const char *const over_schools[] = {"sum", "ratio_of_sums", "mean", "max", NULL};
static const char *const over_time[] = {"last", "first", "sum", "mean", NULL};
static const char *const frequencies[] = {"daily",  "weekly", "monthly", "quarterly",
                                          "termly", "yearly", NULL};
static const char *const yes_no[] = {"yes", "no", NULL};
static const char *const directions[] = {"at_least", "at_most", "equal", "reduce_by", "increase_by", NULL};
static const char *const scales[] = {"1", "100", NULL};
static const char *const veto_directions[] = {"at_most", "at_least", NULL};
static const char *const severities[] = {"error", "warning", NULL};
static const char *const area_kinds[] = {"area", "cluster", NULL};
static const char *const operators[] = {"=", "<=", ">=", NULL};

static const char *const judged_levels[] = {"school",   "district", "county", "prefecture",
                                            "province", "nation",   NULL};
static const char *const sides[] = {"above", "below", NULL};
static const char *const urgencies[] = {"notice", "warning", "critical", NULL};

static const struct import_column districts[] = {
    {"district", FIELD_DISTRICT, MUST_BE_SET},
    {"parent", FIELD_DISTRICT, MAY_BE_EMPTY},
    {"level", FIELD_WORD, MUST_BE_SET, .words = levels},
    {"name_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"name_en", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
};

static const struct import_column schools[] = {
    {"code", FIELD_SCHOOL, MUST_BE_SET},
    {"institution", FIELD_TEXT, .max = SCHOOL_CODE_MAX},
    {"kind", FIELD_WORD, MUST_BE_SET, .words = kinds},
    {"name_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"name_en", FIELD_TEXT, .max = TITLE_MAX},
    {"district", FIELD_DISTRICT, MUST_BE_SET},
    {"opened_on", FIELD_DATE, MUST_BE_SET},
    {"closed_on", FIELD_DATE, .header = false},
    {"valid_from", FIELD_DATE, .header = false},
};

static const struct import_column plans[] = {
    {"plan", FIELD_TEXT, MUST_BE_SET, .max = PLAN_MAX},
    {"title_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"title_en", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"issuer_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"district", FIELD_DISTRICT, MUST_BE_SET},
    {"period_start", FIELD_DATE, MUST_BE_SET},
    {"period_end", FIELD_DATE, MUST_BE_SET},
    {"issued_on", FIELD_DATE, MAY_BE_EMPTY},
    {"note", FIELD_TEXT, .max = NOTE_MAX},
};

static const struct import_column indicators[] = {
    {"indicator", FIELD_CODE, MUST_BE_SET},
    {"name_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"name_en", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"unit", FIELD_TEXT, MUST_BE_SET, .max = UNIT_MAX},
    {"measure", FIELD_WORD, MUST_BE_SET, .words = measures},
    {"numerator_zh", FIELD_TEXT, MAY_BE_EMPTY, .max = TITLE_MAX},
    {"numerator_en", FIELD_TEXT, MAY_BE_EMPTY, .max = TITLE_MAX},
    {"denominator_zh", FIELD_TEXT, MAY_BE_EMPTY, .max = TITLE_MAX},
    {"denominator_en", FIELD_TEXT, MAY_BE_EMPTY, .max = TITLE_MAX},
    {"over_schools", FIELD_WORD, MUST_BE_SET, .words = over_schools},
    {"over_time", FIELD_WORD, MUST_BE_SET, .words = over_time},
    {"reported_by", FIELD_WORDS, MAY_BE_EMPTY, .words = kinds},
    {"frequency", FIELD_WORD, MAY_BE_EMPTY, .words = frequencies},
    {"decimals", FIELD_DECIMALS, MUST_BE_SET},
    {"denominator_decimals", FIELD_DECIMALS, MAY_BE_EMPTY},
    {"required", FIELD_WORD, MUST_BE_SET, .words = yes_no},
    {"veto", FIELD_WORD, MUST_BE_SET, .words = yes_no},
    {"veto_direction", FIELD_WORD, .words = veto_directions},
    {"veto_bound", FIELD_NUMBER, .header = false},
    {"min", FIELD_NUMBER, MUST_BE_SET},
    {"max", FIELD_NUMBER, MUST_BE_SET},
    {"note", FIELD_TEXT, .max = NOTE_MAX},
};

static const struct import_column targets[] = {
    {"plan", FIELD_TEXT, MUST_BE_SET, .max = PLAN_MAX},
    {"indicator", FIELD_CODE, MUST_BE_SET},
    {"district", FIELD_DISTRICT, MUST_BE_SET},
    {"direction", FIELD_WORD, MUST_BE_SET, .words = directions},
    {"value", FIELD_NUMBER, MAY_BE_EMPTY},
    {"unit", FIELD_TEXT, MUST_BE_SET, .max = UNIT_MAX},
    {"due", FIELD_DATE, MAY_BE_EMPTY},
    {"responsible", FIELD_DISTRICT, .header = false},
    {"section", FIELD_TEXT, .max = TITLE_MAX},
    {"evidence_zh", FIELD_TEXT, .max = NOTE_MAX},
    {"note", FIELD_TEXT, .max = NOTE_MAX},
};

static const struct import_column baselines[] = {
    {"plan", FIELD_TEXT, MUST_BE_SET, .max = PLAN_MAX},
    {"indicator", FIELD_CODE, MUST_BE_SET},
    {"district", FIELD_DISTRICT, MUST_BE_SET},
    {"as_of", FIELD_DATE, MUST_BE_SET},
    {"value", FIELD_NUMBER, MUST_BE_SET},
    {"unit", FIELD_TEXT, MUST_BE_SET, .max = UNIT_MAX},
    {"evidence_zh", FIELD_TEXT, .max = NOTE_MAX},
    {"note", FIELD_TEXT, .max = NOTE_MAX},
};

static const struct import_column rules[] = {
    {"rule", FIELD_CODE, MUST_BE_SET},
    {"severity", FIELD_WORD, MUST_BE_SET, .words = severities},
    {"left", FIELD_TEXT, MUST_BE_SET, .max = NOTE_MAX},
    {"op", FIELD_WORD, MUST_BE_SET, .words = operators},
    {"right", FIELD_TEXT, MUST_BE_SET, .max = NOTE_MAX},
    {"message_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"message_en", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
};

static const struct import_column balance[] = {
    {"balance", FIELD_CODE, MUST_BE_SET},
    {"name_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"name_en", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"unit", FIELD_TEXT, MUST_BE_SET, .max = UNIT_MAX},
    {"value", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"pupils", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"scale", FIELD_WORD, MUST_BE_SET, .words = scales},
    {"kinds", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"note", FIELD_TEXT, .max = NOTE_MAX},
};

static const struct import_column areas[] = {
    {"area", FIELD_AREA, MUST_BE_SET},
    {"kind", FIELD_WORD, MUST_BE_SET, .words = area_kinds},
    {"name_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"name_en", FIELD_TEXT, .max = TITLE_MAX},
    {"district", FIELD_DISTRICT, MAY_BE_EMPTY},
};

static const struct import_column area_schools[] = {
    {"area", FIELD_AREA, MUST_BE_SET},
    {"school", FIELD_SCHOOL, MUST_BE_SET},
    {"from_day", FIELD_DATE, .header = false},
    {"until_day", FIELD_DATE, .header = false},
};

static const struct import_column thresholds[] = {
    {"threshold", FIELD_CODE, MUST_BE_SET},
    {"indicator", FIELD_CODE, MUST_BE_SET},
    {"level", FIELD_WORD, MUST_BE_SET, .words = judged_levels},
    {"district", FIELD_DISTRICT, .header = false},
    {"kind", FIELD_WORD, .words = kinds},
    {"direction", FIELD_WORD, MUST_BE_SET, .words = sides},
    {"bound", FIELD_NUMBER, MUST_BE_SET},
    {"severity", FIELD_WORD, MUST_BE_SET, .words = urgencies},
    {"name_zh", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"name_en", FIELD_TEXT, MUST_BE_SET, .max = TITLE_MAX},
    {"valid_from", FIELD_DATE, .header = false},
    {"valid_until", FIELD_DATE, .header = false},
    {"note", FIELD_TEXT, .max = NOTE_MAX},
};

static const char *const by_district[] = {"district", NULL};
static const char *const by_code[] = {"code", NULL};
static const char *const by_plan[] = {"plan", NULL};
static const char *const by_indicator[] = {"indicator", NULL};
static const char *const by_baseline[] = {"plan", "indicator", "district", "as_of", NULL};
static const char *const by_rule[] = {"rule", NULL};
static const char *const by_balance[] = {"balance", NULL};
static const char *const by_area[] = {"area", NULL};
static const char *const by_membership[] = {"area", "school", "from_day", NULL};
static const char *const by_threshold[] = {"threshold", NULL};

static const struct import_spec specs[IMPORT_KINDS] = {
    [DISTRICTS] = {"districts.csv", MSG_ctl_noun_districts, by_district, districts, LEN(districts)},
    [SCHOOLS] = {"schools.csv", MSG_ctl_noun_schools, by_code, schools, LEN(schools)},
    [PLANS] = {"plans.csv", MSG_ctl_noun_plans, by_plan, plans, LEN(plans)},
    [INDICATORS] = {"indicators.csv", MSG_ctl_noun_indicators, by_indicator, indicators, LEN(indicators)},
    [TARGETS] = {"targets.csv", MSG_ctl_noun_targets, NULL, targets, LEN(targets)},
    [BASELINES] = {"baselines.csv", MSG_ctl_noun_baselines, by_baseline, baselines, LEN(baselines)},
    [RULES] = {"rules.csv", MSG_ctl_noun_rules, by_rule, rules, LEN(rules)},
    [BALANCE] = {"balance.csv", MSG_ctl_noun_balance, by_balance, balance, LEN(balance)},
    [AREAS] = {"areas.csv", MSG_ctl_noun_areas, by_area, areas, LEN(areas)},
    [AREA_SCHOOLS] = {"area_schools.csv", MSG_ctl_noun_area_schools, by_membership, area_schools,
                      LEN(area_schools)},
    [THRESHOLDS] = {"thresholds.csv", MSG_ctl_noun_thresholds, by_threshold, thresholds, LEN(thresholds)},
};

const struct import_spec *
import_spec(enum import_kind kind)
{
    return &specs[kind];
}
