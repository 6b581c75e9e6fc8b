/*
 * The SQL of each file's rows: constant statements from a temporary table into the tables.
 */
#include "import_steps.h"

/* "floor_area.num": indicator and part of balance.csv. */
#define PART(column)                                                                                         \
    "CASE pg_catalog.split_part(" column ", '.', 2) WHEN 'den' THEN 'denominator' ELSE 'value' END"
#define PARTS                                                                                                \
    "JOIN yuebao.indicator AS v ON v.code = pg_catalog.split_part(s.value, '.', 1) "                         \
    "JOIN yuebao.indicator AS p ON p.code = pg_catalog.split_part(s.pupils, '.', 1) "                        \
    "CROSS JOIN LATERAL (SELECT " PART("s.value") " AS value, " PART("s.pupils") " AS pupils) AS k "

/* The rows of area_schools.csv as the table has them. */
#define MEMBERSHIPS                                                                                          \
    "(SELECT a.area, c.school, coalesce(s.from_day, '-infinity') AS from_day, coalesce(s.until_day, "        \
    "'infinity') AS until_day FROM pg_temp.import_area_school AS s JOIN yuebao.area AS a ON a.code = "       \
    "s.area JOIN yuebao.school AS c ON c.code = s.school) AS m "

static const struct import_step steps[IMPORT_KINDS] = {
    [DISTRICTS] =
        {
            .stage = "CREATE TEMPORARY TABLE import_district (position integer, sheet integer, line integer, "
                     "district integer, parent integer, level text, name_zh text, name_en text) "
                     "ON COMMIT DROP",
            .copy = "COPY pg_temp.import_district FROM STDIN",
            .change = "UPDATE yuebao.district AS d "
                      "SET parent = s.parent, level = s.level, name_zh = s.name_zh, name_en = s.name_en "
                      "FROM pg_temp.import_district AS s "
                      "WHERE d.district = s.district AND (d.parent, d.level, d.name_zh, d.name_en) "
                      "IS DISTINCT FROM (s.parent, s.level, s.name_zh, s.name_en)",
            .insert = "INSERT INTO yuebao.district (district, parent, level, name_zh, name_en) "
                      "SELECT s.district, s.parent, s.level, s.name_zh, s.name_en "
                      "FROM pg_temp.import_district AS s WHERE NOT EXISTS (SELECT "
                      "FROM yuebao.district AS d WHERE d.district = s.district)",
        },
    [SCHOOLS] =
        {
            .stage = "CREATE TEMPORARY TABLE import_school (position integer, sheet integer, line integer, "
                     "code text, institution text, kind text, name_zh text, name_en text, district integer, "
                     "opened_on date, closed_on date, valid_from date) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_school FROM STDIN",
            .change =
                "UPDATE yuebao.school AS d "
                "SET institution = s.institution, kind = s.kind, name_zh = s.name_zh, "
                "name_en = s.name_en, opened_on = s.opened_on, closed_on = s.closed_on "
                "FROM pg_temp.import_school AS s "
                "WHERE d.code = s.code AND (d.institution, d.kind, d.name_zh, d.name_en, d.opened_on, "
                "d.closed_on) "
                "IS DISTINCT FROM (s.institution, s.kind, s.name_zh, s.name_en, s.opened_on, s.closed_on)",
            .insert = "INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on, "
                      "closed_on) "
                      "SELECT s.code, s.institution, s.kind, s.name_zh, s.name_en, s.opened_on, s.closed_on "
                      "FROM pg_temp.import_school AS s WHERE NOT EXISTS (SELECT FROM yuebao.school AS d "
                      "WHERE d.code = s.code) ORDER BY s.position",
            .derive = "INSERT INTO yuebao.school_district (school, valid_from, district) "
                      "SELECT d.school, coalesce(s.valid_from, s.opened_on), s.district "
                      "FROM pg_temp.import_school AS s JOIN yuebao.school AS d ON d.code = s.code "
                      "WHERE NOT EXISTS (SELECT FROM yuebao.school_district AS m WHERE m.school = d.school)",
        },
    [PLANS] =
        {
            .stage = "CREATE TEMPORARY TABLE import_plan (position integer, sheet integer, line integer, "
                     "plan text, title_zh text, title_en text, issuer_zh text, district integer, "
                     "period_start date, period_end date, issued_on date, note text) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_plan FROM STDIN",
            .change = "UPDATE yuebao.plan AS d "
                      "SET title_zh = s.title_zh, title_en = s.title_en, issuer_zh = s.issuer_zh, "
                      "district = s.district, period_start = s.period_start, period_end = s.period_end, "
                      "issued_on = s.issued_on, note = s.note FROM pg_temp.import_plan AS s "
                      "WHERE d.plan = s.plan AND (d.title_zh, d.title_en, d.issuer_zh, d.district, "
                      "d.period_start, d.period_end, d.issued_on, d.note) "
                      "IS DISTINCT FROM (s.title_zh, s.title_en, s.issuer_zh, s.district, s.period_start, "
                      "s.period_end, s.issued_on, s.note)",
            .insert = "INSERT INTO yuebao.plan (plan, title_zh, title_en, issuer_zh, district, period_start, "
                      "period_end, issued_on, note) "
                      "SELECT s.plan, s.title_zh, s.title_en, s.issuer_zh, s.district, s.period_start, "
                      "s.period_end, s.issued_on, s.note FROM pg_temp.import_plan AS s "
                      "WHERE NOT EXISTS (SELECT FROM yuebao.plan AS d WHERE d.plan = s.plan)",
        },
    [INDICATORS] =
        {
            .stage =
                "CREATE TEMPORARY TABLE import_indicator (position integer, sheet integer, line integer, "
                "indicator text, name_zh text, name_en text, unit text, measure text, numerator_zh text, "
                "numerator_en text, denominator_zh text, denominator_en text, over_schools text, "
                "over_time text, reported_by text, frequency text, decimals smallint, "
                "denominator_decimals smallint, required boolean, veto boolean, veto_direction text, "
                "veto_bound numeric, "
                "min numeric, "
                "max numeric, note text) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_indicator FROM STDIN",
            .change =
                "UPDATE yuebao.indicator AS d "
                "SET name_zh = s.name_zh, name_en = s.name_en, unit = s.unit, measure = s.measure, "
                "numerator_zh = s.numerator_zh, numerator_en = s.numerator_en, "
                "denominator_zh = s.denominator_zh, denominator_en = s.denominator_en, "
                "over_schools = s.over_schools, over_time = s.over_time, decimals = s.decimals, "
                "denominator_decimals = s.denominator_decimals, min = s.min, max = s.max, veto = s.veto, "
                "veto_direction = coalesce(s.veto_direction, 'at_most'), veto_bound = coalesce(s.veto_bound, "
                "0), "
                "note = s.note FROM pg_temp.import_indicator AS s "
                "WHERE d.code = s.indicator AND (d.name_zh, d.name_en, d.unit, d.measure, "
                "d.numerator_zh, d.numerator_en, d.denominator_zh, d.denominator_en, d.over_schools, "
                "d.over_time, d.decimals, d.denominator_decimals, d.min, d.max, d.veto, d.veto_direction, "
                "d.veto_bound, d.note) "
                "IS DISTINCT FROM (s.name_zh, s.name_en, s.unit, s.measure, s.numerator_zh, "
                "s.numerator_en, s.denominator_zh, s.denominator_en, s.over_schools, s.over_time, "
                "s.decimals, s.denominator_decimals, s.min, s.max, s.veto, "
                "coalesce(s.veto_direction, 'at_most'), coalesce(s.veto_bound, 0), s.note)",
            .insert = "INSERT INTO yuebao.indicator (code, name_zh, name_en, unit, measure, numerator_zh, "
                      "numerator_en, denominator_zh, denominator_en, over_schools, over_time, decimals, "
                      "denominator_decimals, min, max, veto, veto_direction, veto_bound, note) "
                      "SELECT s.indicator, s.name_zh, s.name_en, s.unit, s.measure, s.numerator_zh, "
                      "s.numerator_en, s.denominator_zh, s.denominator_en, s.over_schools, s.over_time, "
                      "s.decimals, s.denominator_decimals, s.min, s.max, s.veto, "
                      "coalesce(s.veto_direction, 'at_most'), coalesce(s.veto_bound, 0), s.note "
                      "FROM pg_temp.import_indicator AS s WHERE NOT EXISTS (SELECT "
                      "FROM yuebao.indicator AS d WHERE d.code = s.indicator) ORDER BY s.position",
        },
    [TARGETS] =
        {
            .stage =
                "CREATE TEMPORARY TABLE import_target (position integer, sheet integer, line integer, "
                "plan text, indicator text, district integer, direction text, value numeric, unit text, "
                "due date, responsible integer, section text, evidence_zh text, note text) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_target FROM STDIN",
            .change = "UPDATE yuebao.target AS d "
                      "SET indicator = i.indicator, district = s.district, direction = s.direction, "
                      "value = s.value, unit = s.unit, due = s.due, responsible = s.responsible, section = "
                      "s.section, "
                      "evidence_zh = s.evidence_zh, note = s.note FROM pg_temp.import_target AS s "
                      "JOIN yuebao.indicator AS i ON i.code = s.indicator "
                      "WHERE d.plan = s.plan AND d.position = s.position AND (d.indicator, d.district, "
                      "d.direction, d.value, d.unit, d.due, d.responsible, d.section, d.evidence_zh, d.note) "
                      "IS DISTINCT FROM (i.indicator, s.district, s.direction, s.value, s.unit, s.due, "
                      "s.responsible, "
                      "s.section, s.evidence_zh, s.note)",
            .insert =
                "INSERT INTO yuebao.target (plan, indicator, district, direction, value, unit, due, "
                "responsible, "
                "section, evidence_zh, note, position) "
                "SELECT s.plan, i.indicator, s.district, s.direction, s.value, s.unit, s.due, s.responsible, "
                "s.section, "
                "s.evidence_zh, s.note, s.position FROM pg_temp.import_target AS s "
                "JOIN yuebao.indicator AS i ON i.code = s.indicator WHERE NOT EXISTS (SELECT "
                "FROM yuebao.target AS d WHERE d.plan = s.plan AND d.position = s.position) "
                "ORDER BY s.sheet, s.line",
            .remove = "DELETE FROM yuebao.target AS d WHERE d.plan IN (SELECT s.plan "
                      "FROM pg_temp.import_target AS s) AND NOT EXISTS (SELECT "
                      "FROM pg_temp.import_target AS s WHERE s.plan = d.plan AND s.position = d.position)",
        },
    [BASELINES] =
        {
            .stage = "CREATE TEMPORARY TABLE import_baseline (position integer, sheet integer, line integer, "
                     "plan text, indicator text, district integer, as_of date, value numeric, unit text, "
                     "evidence_zh text, note text) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_baseline FROM STDIN",
            .change = "UPDATE yuebao.baseline AS d "
                      "SET value = s.value, unit = s.unit, evidence_zh = s.evidence_zh, note = s.note "
                      "FROM pg_temp.import_baseline AS s "
                      "JOIN yuebao.indicator AS i ON i.code = s.indicator "
                      "WHERE d.plan = s.plan AND d.indicator = i.indicator AND d.district = s.district AND "
                      "d.as_of = s.as_of AND (d.value, d.unit, d.evidence_zh, d.note) "
                      "IS DISTINCT FROM (s.value, s.unit, s.evidence_zh, s.note)",
            .insert =
                "INSERT INTO yuebao.baseline (plan, indicator, district, as_of, value, unit, "
                "evidence_zh, note) "
                "SELECT s.plan, i.indicator, s.district, s.as_of, s.value, s.unit, s.evidence_zh, s.note "
                "FROM pg_temp.import_baseline AS s "
                "JOIN yuebao.indicator AS i ON i.code = s.indicator WHERE NOT EXISTS (SELECT "
                "FROM yuebao.baseline AS d "
                "WHERE d.plan = s.plan AND d.indicator = i.indicator AND d.district = s.district AND "
                "d.as_of = s.as_of)",
            .remove =
                "DELETE FROM yuebao.baseline AS d USING yuebao.indicator AS i "
                "WHERE i.indicator = d.indicator AND d.plan IN (SELECT s.plan "
                "FROM pg_temp.import_baseline AS s) AND NOT EXISTS (SELECT "
                "FROM pg_temp.import_baseline AS s "
                "WHERE s.plan = d.plan AND s.indicator = i.code AND s.district = d.district AND s.as_of "
                "= d.as_of)",
        },
    [RULES] =
        {
            .stage = "CREATE TEMPORARY TABLE import_rule (position integer, sheet integer, line integer, "
                     "rule text, severity text, \"left\" text, op text, \"right\" text, message_zh text, "
                     "message_en text) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_rule FROM STDIN",
            .change = "UPDATE yuebao.rule AS d "
                      "SET severity = s.severity, op = s.op, message_zh = s.message_zh, "
                      "message_en = s.message_en FROM pg_temp.import_rule AS s "
                      "WHERE d.code = s.rule AND (d.severity, d.op, d.message_zh, d.message_en) "
                      "IS DISTINCT FROM (s.severity, s.op, s.message_zh, s.message_en)",
            .insert = "INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) "
                      "SELECT s.rule, s.severity, s.op, s.message_zh, s.message_en "
                      "FROM pg_temp.import_rule AS s WHERE NOT EXISTS (SELECT FROM yuebao.rule AS d "
                      "WHERE d.code = s.rule) ORDER BY s.position",
        },
    [BALANCE] =
        {
            .stage = "CREATE TEMPORARY TABLE import_balance (position integer, sheet integer, line integer, "
                     "balance text, name_zh text, name_en text, unit text, value text, pupils text, "
                     "scale integer, kinds text, note text) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_balance FROM STDIN",
            .change = "UPDATE yuebao.balance_indicator AS d "
                      "SET position = s.position, name_zh = s.name_zh, name_en = s.name_en, unit = s.unit, "
                      "value_indicator = v.indicator, value_part = k.value, pupils_indicator = p.indicator, "
                      "pupils_part = k.pupils, scale = s.scale, note = s.note "
                      "FROM pg_temp.import_balance AS s " PARTS
                      "WHERE d.balance = s.balance AND (d.position, d.name_zh, d.name_en, d.unit, "
                      "d.value_indicator, d.value_part, d.pupils_indicator, d.pupils_part, d.scale, d.note) "
                      "IS DISTINCT FROM (s.position, s.name_zh, s.name_en, s.unit, v.indicator, k.value, "
                      "p.indicator, k.pupils, s.scale, s.note)",
            .insert = "INSERT INTO yuebao.balance_indicator (balance, position, name_zh, name_en, unit, "
                      "value_indicator, value_part, pupils_indicator, pupils_part, scale, note) "
                      "SELECT s.balance, s.position, s.name_zh, s.name_en, s.unit, v.indicator, k.value, "
                      "p.indicator, k.pupils, s.scale, s.note FROM pg_temp.import_balance AS s " PARTS
                      "WHERE NOT EXISTS (SELECT FROM yuebao.balance_indicator AS d "
                      "WHERE d.balance = s.balance) ORDER BY s.position",
        },
    [AREAS] =
        {
            .stage = "CREATE TEMPORARY TABLE import_area (position integer, sheet integer, line integer, "
                     "area text, kind text, name_zh text, name_en text, district integer) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_area FROM STDIN",
            .change = "UPDATE yuebao.area AS d "
                      "SET kind = s.kind, name_zh = s.name_zh, name_en = s.name_en, district = s.district "
                      "FROM pg_temp.import_area AS s "
                      "WHERE d.code = s.area AND (d.kind, d.name_zh, d.name_en, d.district) "
                      "IS DISTINCT FROM (s.kind, s.name_zh, s.name_en, s.district)",
            .insert = "INSERT INTO yuebao.area (code, kind, name_zh, name_en, district) "
                      "SELECT s.area, s.kind, s.name_zh, s.name_en, s.district FROM pg_temp.import_area AS s "
                      "WHERE NOT EXISTS (SELECT FROM yuebao.area AS d WHERE d.code = s.area) "
                      "ORDER BY s.position",
        },
    [AREA_SCHOOLS] =
        {
            .stage = "CREATE TEMPORARY TABLE import_area_school (position integer, sheet integer, "
                     "line integer, area text, school text, from_day date, until_day date) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_area_school FROM STDIN",
            .remove = "DELETE FROM yuebao.area_school AS d USING yuebao.area AS a "
                      "WHERE a.area = d.area AND a.code IN (SELECT s.area FROM pg_temp.import_area_school AS "
                      "s) AND NOT EXISTS (SELECT FROM " MEMBERSHIPS
                      "WHERE m.area = d.area AND m.school = d.school AND m.from_day = d.from_day)",
            .change = "UPDATE yuebao.area_school AS d SET until_day = m.until_day FROM " MEMBERSHIPS
                      "WHERE m.area = d.area AND m.school = d.school AND m.from_day = d.from_day AND "
                      "m.until_day <> d.until_day",
            .insert =
                "INSERT INTO yuebao.area_school (area, school, from_day, until_day) "
                "SELECT m.area, m.school, m.from_day, m.until_day FROM " MEMBERSHIPS
                "WHERE NOT EXISTS (SELECT FROM yuebao.area_school AS d WHERE d.area = m.area AND d.school = "
                "m.school AND d.from_day = m.from_day)",
        },
    [THRESHOLDS] =
        {
            .stage =
                "CREATE TEMPORARY TABLE import_threshold (position integer, sheet integer, line integer, "
                "threshold text, indicator text, level text, district integer, kind text, "
                "direction text, bound numeric, severity text, name_zh text, name_en text, "
                "valid_from date, valid_until date, note text) ON COMMIT DROP",
            .copy = "COPY pg_temp.import_threshold FROM STDIN",
            .change = "UPDATE yuebao.threshold AS d "
                      "SET indicator = i.indicator, level = s.level, district = s.district, kind = s.kind, "
                      "direction = s.direction, bound = s.bound, severity = s.severity, "
                      "name_zh = s.name_zh, name_en = s.name_en, valid_from = coalesce(s.valid_from, "
                      "d.valid_from), valid_until = s.valid_until, note = s.note, active = true "
                      "FROM pg_temp.import_threshold AS s JOIN yuebao.indicator AS i ON i.code = s.indicator "
                      "WHERE d.code = s.threshold AND (d.indicator, d.level, d.district, d.kind, "
                      "d.direction, d.bound, d.severity, d.name_zh, d.name_en, d.valid_from, d.valid_until, "
                      "d.note, d.active) IS DISTINCT FROM (i.indicator, s.level, s.district, s.kind, "
                      "s.direction, s.bound, s.severity, s.name_zh, s.name_en, "
                      "coalesce(s.valid_from, d.valid_from), s.valid_until, s.note, true)",
            .insert = "INSERT INTO yuebao.threshold (code, indicator, level, district, kind, direction, "
                      "bound, severity, name_zh, name_en, valid_from, valid_until, note) "
                      "SELECT s.threshold, i.indicator, s.level, s.district, s.kind, s.direction, s.bound, "
                      "s.severity, s.name_zh, s.name_en, coalesce(s.valid_from, least(current_date, "
                      "s.valid_until)), s.valid_until, s.note FROM pg_temp.import_threshold AS s "
                      "JOIN yuebao.indicator AS i ON i.code = s.indicator WHERE NOT EXISTS (SELECT "
                      "FROM yuebao.threshold AS d WHERE d.code = s.threshold) ORDER BY s.position",
        },
};

const char import_shift_opening[] =
    "UPDATE yuebao.school_district AS m SET valid_from = s.opened_on "
    "FROM pg_temp.import_school AS s JOIN yuebao.school AS d ON d.code = s.code "
    "WHERE m.school = d.school AND m.valid_from = d.opened_on AND d.opened_on <> s.opened_on "
    "AND NOT EXISTS (SELECT FROM yuebao.school_district AS o "
    "WHERE o.school = d.school AND o.valid_from <> m.valid_from AND o.valid_from <= "
    "s.opened_on)";

const struct import_step *
import_step(enum import_kind kind)
{
    return &steps[kind];
}
