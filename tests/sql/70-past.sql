-- Breaches and outliers, computed by hand. The school P1 files month after month; March 2025 is judged.
BEGIN;
SELECT plan(33);
\ir fixture.psql

-- more to file: hazards and books every month, staff once a year
INSERT INTO yuebao.indicator (code, name_zh, name_en, unit, measure, over_schools, over_time, decimals, denominator_decimals, min, max) VALUES
    ('carried', '期初', 'Carried over', 'hazards', 'count',  'sum', 'first', 0, 0, 0, 1000),
    ('open',    '期末', 'Open',         'hazards', 'count',  'sum', 'last',  0, 0, 0, 1000),
    ('staff',   '教职工', 'Staff',      'persons', 'count',  'sum', 'last',  0, 0, 0, 1000),
    ('budget',  '预算', 'Budget',       'CNY',     'amount', 'sum', 'last',  2, 0, 0, 20000);
INSERT INTO yuebao.form (code, kind, frequency, name_zh, name_en) VALUES ('primary.yearly', 'primary', 'yearly', '小学年报', 'Primary, yearly');
INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required)
SELECT k.catalogue, f.form, i.indicator, false FROM yuebao.catalogue AS k, yuebao.form AS f, yuebao.indicator AS i
WHERE (f.code, i.code) IN (('primary.monthly', 'carried'), ('primary.monthly', 'open'), ('primary.yearly', 'staff'), ('primary.yearly', 'budget'));
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, p.period::date, p.period, p.period + interval '35 days', p.period + interval '40 days', k.catalogue
FROM yuebao.catalogue AS k, yuebao.form AS f
CROSS JOIN LATERAL generate_series(timestamp '2020-01-01', '2025-03-01', CASE f.frequency WHEN 'monthly' THEN interval '1 month' ELSE '1 year' END) AS p (period)
WHERE f.kind = 'primary'
ON CONFLICT DO NOTHING;

INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) VALUES
    ('a_largest_within_pupils', 'error',   '<=', '班', 'A'), ('b_funds_cover_activity', 'warning', '>=', '费', 'B'),
    ('c_carried_is_open',       'error',   '=',  '患', 'C'), ('d_staff_suffices',       'warning', '<=', '师', 'D'),
    ('e_budget_was_kept',       'warning', '<=', '算', 'E');
INSERT INTO yuebao.rule_term (rule, side, position, indicator, part, previous)
SELECT r.rule, t.side, t.position, i.indicator, t.part, t.previous
FROM (VALUES ('a_largest_within_pupils', 'left', 0, 'largest', 'value', false), ('a_largest_within_pupils', 'right', 0, 'pupils', 'value', false),
             ('b_funds_cover_activity', 'left', 0, 'funds', 'value', false), ('b_funds_cover_activity', 'right', 0, 'activity', 'value', false),
             ('b_funds_cover_activity', 'right', 1, 'rate', 'denominator', false),
             ('c_carried_is_open', 'left', 0, 'carried', 'value', false), ('c_carried_is_open', 'right', 0, 'open', 'value', true),
             ('d_staff_suffices', 'left', 0, 'pupils', 'value', false), ('d_staff_suffices', 'right', 0, 'staff', 'value', false),
             ('e_budget_was_kept', 'left', 0, 'funds', 'value', false), ('e_budget_was_kept', 'left', 1, 'funds', 'value', true),
             ('e_budget_was_kept', 'right', 0, 'budget', 'value', true)) AS t (rule, side, position, indicator, part, previous)
JOIN yuebao.rule AS r ON r.code = t.rule JOIN yuebao.indicator AS i ON i.code = t.indicator;

CREATE FUNCTION pg_temp.breaches(school text, period text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', left(b.rule, 1), b.severity, b.left_sum, b.op, b.right_sum, b.explanation), ', ' ORDER BY b.rule)
    FROM api.breaches_in(NULL, breaches.period, NULL, breaches.school) AS b
$$;

-- ---- rules of one form ----------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "largest": [101], "funds": [149], "activity": [5], "rate": [1, 1], "carried": [9], "open": [3]}');
SELECT is(pg_temp.breaches('P1', '2025-01'), 'a error 101 <= 100, b warning 1.49 >= 1.5', 'sums have the decimals of their terms: 1.49 against 0.5 + 1');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [100], "largest": [100], "funds": [150], "activity": [5], "rate": [1, 1]}');
SELECT is(pg_temp.breaches('P2', '2025-01'), NULL, 'a rule that is just kept');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": "2", "largest": [100], "funds": [0], "activity": [5]}');
SELECT is(pg_temp.breaches('P3', '2025-01'), NULL, 'a reason is no figure, and what was left out is none either: the rule says nothing');

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "largest": [100], "funds": [149], "activity": [5], "rate": [1, 1], "open": [3]}', 2);
SELECT is(pg_temp.breaches('P1', '2025-01'), 'b warning 1.49 >= 1.5', 'the newest revision counts');
INSERT INTO yuebao.remark (district, period, school, form, revision, position, indicator, rule, explanation)
SELECT r.district, r.period, r.school, r.form, v.revision, v.position, i.indicator, v.rule, v.explanation
FROM (VALUES (1, 0, 'funds', 'b_funds_cover_activity', 'of old'), (2, 0, 'pupils', '', 'of pupils'), (2, 1, 'rate', '', 'of the rate')) AS v (revision, position, indicator, rule, explanation)
JOIN yuebao.indicator AS i ON i.code = v.indicator
JOIN yuebao.report AS r ON r.revision = 1 AND r.period = '2025-01-01' JOIN yuebao.school AS s ON s.school = r.school AND s.code = 'P1';
SELECT is(pg_temp.breaches('P1', '2025-01'), 'b warning 1.49 >= 1.5 of the rate', 'explained beside one of its figures, in the newest revision');
INSERT INTO yuebao.remark (district, period, school, form, revision, position, indicator, rule, explanation)
SELECT k.district, k.period, k.school, k.form, 2, 2, k.indicator, 'b_funds_cover_activity', 'of the rule' FROM yuebao.remark AS k WHERE k.revision = 1;
SELECT is(pg_temp.breaches('P1', '2025-01'), 'b warning 1.49 >= 1.5 of the rule', 'an explanation of the rule itself says more');

-- ---- the period before ----------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"carried": [5], "open": [2]}');
SELECT is(pg_temp.breaches('P1', '2025-02'), 'c warning 5 = 3', 'carried over is not what was open; across periods it only warns');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-03-01', '{"carried": [2]}');
SELECT is(pg_temp.breaches('P1', '2025-03'), NULL, 'carried over is what was open');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-03-01', '{"carried": [2]}');
SELECT is(pg_temp.breaches('P2', '2025-03'), NULL, 'the period before is not reported: the rule says nothing');
DELETE FROM yuebao.calendar WHERE period = '2025-02-01';
SELECT pg_temp.file('P3', 'primary.monthly', '2025-03-01', '{"carried": [2]}');
SELECT is(pg_temp.breaches('P1', '2025-03'), 'c warning 2 = 3', 'the period before is that of the calendar');
INSERT INTO yuebao.calendar SELECT c.form, '2025-02-01', c.opens_at, c.due_at, c.closes_at, c.zone, c.catalogue FROM yuebao.calendar AS c WHERE c.period = '2025-03-01';
SELECT pg_temp.file('P5', 'primary.monthly', '2025-01-01', '{"open": [4]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"carried": [6]}');
SELECT is(pg_temp.breaches('P5', '2025-02'), 'c warning 6 = 4', 'a school that moved has its past where it was');

-- ---- other forms ----------------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.file('P2', 'primary.yearly', '2023-01-01', '{"staff": [50], "budget": [300]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-02-01', '{"pupils": [60], "funds": [200]}');
SELECT is(pg_temp.breaches('P2', '2025-02'), NULL, 'of another form nothing counts that is older than a year');
SELECT pg_temp.file('P2', 'primary.yearly', '2024-01-01', '{"staff": [55], "budget": [300]}');
SELECT is(pg_temp.breaches('P2', '2025-02'), 'd warning 60 <= 55, e warning 3.5 <= 3', 'the newest accepted one before counts, and seen from the period before');
SELECT pg_temp.file('P2', 'primary.yearly', '2025-01-01', '{"staff": [59], "budget": "3"}');
SELECT is(pg_temp.breaches('P2', '2025-02'), 'd warning 60 <= 59', 'the one that contains the period''s last day counts first, with what it has');
SELECT is(pg_temp.breaches('P2', '2025'), NULL, 'a rule is about the form of its first left term');

-- ---- where and when -------------------------------------------------------------------------------------------------------------------------

SELECT results_eq($$SELECT b.school, b.district FROM api.breaches_in(220200, '2025-02') AS b ORDER BY b.school$$,
    $$VALUES ('P1', 220203), ('P2', 220203), ('P5', 220204)$$, 'a city has those of its counties');
SELECT results_eq($$SELECT b.school FROM api.breaches_in(220204, '2025-02') AS b$$, $$VALUES ('P5')$$, 'a county its own');
SELECT is_empty($$SELECT FROM api.breach$$, 'unasked, periods that closed long ago are not listed');
UPDATE yuebao.calendar SET closes_at = now() - interval '30 days', due_at = least(due_at, now() - interval '30 days') WHERE period = '2025-02-01';
SELECT results_eq($$SELECT b.school, b.period FROM api.breach AS b ORDER BY b.school$$, $$VALUES ('P1', '2025-02'), ('P2', '2025-02'), ('P5', '2025-02')$$,
    'those that closed lately are');
SELECT throws_ok($$SELECT FROM api.breaches_in(NULL, '2025-13')$$, '22008', NULL, 'what is no period is refused');

-- ---- unlike the past ------------------------------------------------------------------------------------------------------------------------

-- the school's figures of these months one after the other, the last in March 2025; its verdict there
CREATE FUNCTION pg_temp.usual(school text, indicator text, VARIADIC figures jsonb[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    DELETE FROM yuebao.figure AS f USING yuebao.school AS s WHERE s.school = f.school AND s.code = usual.school;
    DELETE FROM yuebao.report AS r USING yuebao.school AS s WHERE s.school = r.school AND s.code = usual.school;
    PERFORM pg_temp.file(usual.school, 'primary.monthly', (date '2025-03-01' - make_interval(months => cardinality(figures) - n))::date,
                         jsonb_build_object(usual.indicator, figures[n]))
    FROM generate_series(1, cardinality(figures)) AS n WHERE figures[n] <> 'null';
    SELECT concat_ws(' ', coalesce(o.ratio, o.value), 'usual', o.usual, o.low, '~', o.high, o.compared_with, o.compared) INTO found
    FROM api.outliers_in(220203, '2025-03', 'primary.monthly', usual.school) AS o;
    RETURN found;
END
$$;
SELECT is(pg_temp.usual('P1', 'pupils', '[100]', '[100]', '[100]', '[100]', '[110]'), NULL, 'ten per cent more is nothing');
SELECT is(pg_temp.usual('P1', 'pupils', '[100]', '[100]', '[100]', '[100]', '[111]'), '111 usual 100 90 ~ 110 periods 4', 'more than that is');
SELECT is(pg_temp.usual('P1', 'pupils', '[100]', '[100]', '[100]', '[111]'), NULL, 'three periods are too few');
SELECT is(pg_temp.usual('P1', 'pupils', '[10]', '[10]', '[10]', '[10]', '[15]'), NULL, 'five pupils are nothing, however few there were');
SELECT is(pg_temp.usual('P1', 'pupils', '[10]', '[10]', '[10]', '[10]', '[16]'), '16 usual 10 5 ~ 15 periods 4', 'six are');
SELECT is(pg_temp.usual('P1', 'pupils', '[10]', '[12]', '[40]', '[14]', '[27]'), NULL, 'distances 3, 1, 27, 1 from 13: MAD 2, and 14 is less than 14.826');
SELECT is(pg_temp.usual('P1', 'pupils', '[10]', '[12]', '[40]', '[14]', '[28]'), '28 usual 13 0 ~ 27 periods 4', '15 is more; nothing usual is below zero');
SELECT is(pg_temp.usual('P1', 'rate', '[90, 100]', '[9, 10]', '[0, 0]', '[45, 50]', '[18, 20]', '[80, 100]'), '0.8 usual 0.9 0.81 ~ 0.99 periods 4',
    'quotients are compared, and nobody of nobody is none');
SELECT is(pg_temp.usual('P1', 'rate', '[96, 100]', '[96, 100]', '[96, 100]', '[96, 100]', '[80, 100]'), '0.8 usual 0.96 0.864 ~ 1 periods 4',
    'more than the whole is not usual');
SELECT is(pg_temp.usual('P1', 'funds', '[3]', '[3]', '[3]', '[3]', '[3]', '[4]'), '0.04 usual 0.03 0.03 ~ 0.03 periods 5', 'an amount may change by ten per cent only');

CREATE FUNCTION pg_temp.times(count integer, figure jsonb) RETURNS jsonb[] LANGUAGE sql RETURN array_fill(figure, ARRAY[count]);
SELECT is(pg_temp.usual('P1', 'pupils', VARIADIC '[500]'::jsonb || pg_temp.times(11, 'null') || '[500]'::jsonb || pg_temp.times(11, 'null') || '[520]'::jsonb || pg_temp.times(7, 'null')
                        || pg_temp.times(4, '[9]') || '[400]'::jsonb),
    '400 usual 500 450 ~ 550 years 3', 'the same month of three earlier years counts before the months before');
INSERT INTO yuebao.remark (district, period, school, form, revision, position, indicator, rule, found, bound, explanation)
SELECT r.district, r.period, r.school, r.form, 1, 0, i.indicator, 'b_funds_cover_activity', '1.49', '1.5', '整村搬迁'
FROM yuebao.report AS r JOIN yuebao.school AS s USING (school), yuebao.indicator AS i WHERE s.code = 'P1' AND r.period = '2025-03-01' AND i.code = 'pupils';
SELECT is((SELECT o.explanation FROM api.outliers_in(220203, '2025-03', 'primary.monthly', 'P1') AS o), '整村搬迁',
    'what stands beside the figure explains it, though it answered a rule that warned there, too');
SELECT is(pg_temp.usual('P1', 'pupils', VARIADIC pg_temp.times(13, '[900]') || pg_temp.times(12, '[100]') || '[100]'::jsonb), NULL, 'twelve periods before, and no more');

SELECT * FROM finish();
ROLLBACK;
