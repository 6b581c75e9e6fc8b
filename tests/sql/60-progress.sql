-- Progress on a tiny example, computed by hand. On 20 March, January (closed 10 February) is complete, February (closed 13 March) is not,
-- March is open.
--
--             county 220203                      county 220204
--   January   P1 P2 P4 P5 J1   5 of 5            P3       1 of 1
--   February  P1 J1 of P1 P2 J1: 2 of 3          P3 P5    2 of 2
--   March     P1 of P1 P2 J1: 1 of 3             none of 2
BEGIN;
SELECT plan(29);
\ir fixture.psql

UPDATE yuebao.calendar SET closes_at = '2025-02-10 00:00+08' WHERE period = '2025-01-01';
UPDATE yuebao.calendar SET closes_at = '2025-03-13 00:00+08' WHERE period = '2025-02-01';

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01',
    '{"pupils": [100], "funds": [150], "rate": [3, 4], "hours_each": [300, 10], "attendance": [8, 10], "activity": [10], "largest": [60]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "funds": [225], "rate": [1, 4]}');
SELECT pg_temp.file('P4', 'primary.monthly', '2025-01-01', '{"pupils": [10]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-01-01', '{"pupils": [20]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200], "funds": [25], "rate": [0, 2], "hours_each": [100, 10], "activity": [20]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [1000]}');
SELECT yuebao.fold_totals(3);
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [999], "largest": [99]}'); -- corrected at once: one slot all the same
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01',
    '{"pupils": [110], "funds": [300], "rate": [9, 10], "hours_each": [150, 10], "attendance": [9, 10], "activity": [10], "largest": [45], "myopia": [40, 100]}', 2);
SELECT pg_temp.file('J1', 'junior.monthly', '2025-02-01', '{"pupils": [210], "funds": "2", "rate": [0, 0], "largest": [50]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-02-01', '{"pupils": [1010]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [25]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-03-01', '{"pupils": [120], "funds": [400], "hours_each": [100, 10], "attendance": [10, 10]}');

INSERT INTO yuebao.plan (plan, title_zh, title_en, issuer_zh, district, period_start, period_end) VALUES
    ('county', '县', 'County', '县', 220203, '2025-01-01', '2025-12-31'), ('city', '市', 'City', '市', 220200, '2025-01-01', '2025-12-31'),
    ('late', '后', 'From February', '县', 220203, '2025-02-01', '2025-12-31');
INSERT INTO yuebao.target (plan, position, indicator, district, direction, value, unit, due)
SELECT t.plan, t.position, i.indicator, p.district, t.direction, t.value, i.unit, t.due
FROM (VALUES
    ('county', 1,  'pupils',     'at_least',  400,  date '2025-12-31'), -- a stock
    ('county', 2,  'funds',      'at_least',  11,   '2025-12-31'),      -- a flow
    ('county', 3,  'funds',      'at_least',  10,   '2025-02-28'),      -- the same, due before today
    ('county', 4,  'rate',       'at_least',  0.95, '2025-12-31'),      -- a ratio
    ('county', 5,  'hours_each', 'at_least',  360,  '2025-12-31'),      -- a quotient, summed over time
    ('county', 6,  'attendance', 'at_least',  0.9,  '2025-12-31'),      -- a ratio, averaged over time
    ('county', 7,  'activity',   'at_least',  1.5,  '2025-12-31'),      -- a mean of schools, averaged over time
    ('county', 8,  'largest',    'at_most',   45,   '2025-12-31'),      -- a maximum
    ('county', 9,  'myopia',     'reduce_by', 0.1,  '2025-12-31'),      -- relative to a baseline
    ('county', 10, 'pupils',     'equal',     NULL, '2025-12-31'),      -- digits corrupted
    ('county', 11, 'pupils',     'at_least',  400,  NULL),              -- no day
    ('county', 12, 'unasked',    'at_least',  1,    '2025-12-31'),      -- nobody reports it
    ('county', 13, 'rate',       'equal',     0.9,  '2025-12-31'),
    ('county', 14, 'pupils',     'increase_by', 40, '2025-12-31'),
    ('city',   1,  'pupils',     'at_least',  1000, '2025-12-31'),
    ('late',   1,  'funds',      'at_least',  7,    '2025-12-31'),
    ('late',   2,  'myopia',     'reduce_by', 0.1,  '2025-12-31')       -- no baseline
) AS t (plan, position, indicator, direction, value, due)
JOIN yuebao.indicator AS i ON i.code = t.indicator JOIN yuebao.plan AS p ON p.plan = t.plan;
INSERT INTO yuebao.baseline (plan, indicator, district, as_of, value, unit)
SELECT 'county', i.indicator, 220203, b.as_of, b.value, i.unit
FROM (VALUES ('myopia', date '2020-12-31', 0.7), ('myopia', '2024-12-31', 0.5), ('pupils', '2024-12-31', 300)) AS b (indicator, as_of, value)
JOIN yuebao.indicator AS i ON i.code = b.indicator;

CREATE TEMPORARY TABLE progress ON COMMIT DROP AS SELECT * FROM api.progress_at('2025-03-20 12:00+08');

-- now, its periods, who stands behind it, the goal, how far
CREATE FUNCTION pg_temp.stands(plan text, "position" integer) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', coalesce(p.now::text, '-'), coalesce(p.now_period, '-'), p.schools || ':' || p.reported || '/' || p.expected,
                     CASE WHEN p.complete THEN 'complete' END, CASE WHEN p.closed THEN 'closed' END, coalesce(p.goal::text, '-'), coalesce(p.gap::text, '-'),
                     p.status, coalesce(p.progress::text, '-'))
    FROM progress AS p WHERE p.plan = stands.plan AND p.position = stands.position
$$;
SELECT is(pg_temp.stands('county', 1), '320 2025-02 2:2/3 closed 400 80 too_few 0.8000', 'a stock: the newest closed period, with who is behind it');
SELECT is(pg_temp.stands('county', 2), '11 2025-01/2025-03 5:8/11 11 0 met 1.0000', 'a flow: summed from the plan''s start, open periods included');
SELECT is(pg_temp.stands('county', 3), '7 2025-01/2025-02 4:7/8 closed 10 3 impossible 0.7000', 'a flow ends with its due day');
SELECT is(pg_temp.stands('county', 4), '0.9 2025-02 2:2/3 closed 0.95 0.05 too_few 0.9474', 'a ratio of sums');
SELECT is(pg_temp.stands('county', 5), '4.5 2025-01/2025-03 4:8/11 360 355.5 too_few 0.0125', 'a quotient''s flow: 40/20 + 15/10 + 10/10');
SELECT is(pg_temp.stands('county', 6), '0.9 2025-01/2025-03 3:8/11 0.9 0 met 1.0000', 'a mean over time of ratios: 0.8, 0.9, 1');
SELECT is(pg_temp.stands('county', 7), '1.25 2025-01/2025-03 3:8/11 1.5 0.25 too_few 0.8333', 'a mean over time of schools'' means: 1.5, 1');
SELECT is(pg_temp.stands('county', 8), '50 2025-02 2:2/3 closed 45 5 too_few 0.9000', 'a maximum, which must not be exceeded');
SELECT is(pg_temp.stands('county', 9), '0.4 2025-02 1:2/3 closed 0.4 0 met 1.0000', 'a reduction from the newest baseline');
SELECT is(pg_temp.stands('county', 10), '320 2025-02 2:2/3 closed - - unquantified -', 'a target whose digits are corrupted');
SELECT is(pg_temp.stands('county', 11), '320 2025-02 2:2/3 closed 400 80 no_date 0.8000', 'a target without a day');
SELECT is(pg_temp.stands('county', 12), '- 2025-02 0:2/3 closed 1 - no_data -', 'an indicator that nobody filled in');
SELECT is(pg_temp.stands('county', 13), '0.9 2025-02 2:2/3 closed 0.9 0 met 1.0000', 'equal');
SELECT is(pg_temp.stands('county', 14), '320 2025-02 2:2/3 closed 340 20 too_few 0.5000', 'half of an increase');
SELECT is(pg_temp.stands('city', 1), '1355 2025-02 4:4/5 closed 1000 0 met 1.0000', 'a city counts its counties, the moved school once, the closed one no more');
SELECT is(pg_temp.stands('late', 1), '7 2025-02/2025-03 2:3/6 7 0 met 1.0000', 'a plan counts from its own start');
SELECT is(pg_temp.stands('late', 2), '0.4 2025-02 1:2/3 closed - - no_baseline -', 'a reduction without a baseline');

SELECT results_eq($$SELECT p.plan, p.open_value, p.open_period, p.open_schools, p.open_reported, p.open_expected
                    FROM progress AS p WHERE p.indicator = 'pupils' AND p.position = 1 ORDER BY p.plan$$,
    $$VALUES ('city', 120::numeric, '2025-03', 1::bigint, 1::bigint, 5::bigint), ('county', 120, '2025-03', 1, 1, 3)$$,
    'the open period stands beside a stock');
SELECT results_eq($$SELECT p.now, p.now_period, p.complete, p.closed, p.open_value, p.open_period
                    FROM api.progress_at('2025-02-20 12:00+08', 'county') AS p WHERE p.position = 1$$,
    $$VALUES (380::numeric, '2025-01', true, true, 320::numeric, '2025-02')$$, 'a month earlier: January, complete, and February beside it');
UPDATE yuebao.calendar SET closes_at = '2026-01-01 00:00+08';
SELECT results_eq($$SELECT p.now_period, p.complete, p.closed FROM api.progress_at('2025-03-20 12:00+08', 'county') AS p WHERE p.position = 1$$,
    $$VALUES ('2025-01', true, false)$$, 'a period that everybody has reported is settled before it closes');

-- "equal", as exactly as the plan states the value, but a ratio by whole percents: 71 of 140 pupils are 50.71%
UPDATE yuebao.target SET direction = 'equal' WHERE plan = 'county' AND position IN (5, 7, 9);
UPDATE yuebao.target SET value = 4.5 WHERE plan = 'county' AND position = 5;
UPDATE yuebao.target SET value = 1.3 WHERE plan = 'county' AND position = 7;
UPDATE yuebao.target SET value = 0.5 WHERE plan = 'county' AND position = 9;
UPDATE yuebao.calendar SET closes_at = '2025-03-13 00:00+08' WHERE period = '2025-02-01';
CREATE FUNCTION pg_temp.equals(numerator bigint, denominator bigint) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.file('P2', 'primary.monthly', '2025-02-01', jsonb_build_object('myopia', jsonb_build_array(numerator, denominator)),
                        (SELECT 1 + count(*) FROM yuebao.report AS r WHERE r.period = '2025-02-01'
                         AND r.school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'P2'))::integer);
    SELECT string_agg(concat_ws(' ', p.now, p.status, p.gap), ', ' ORDER BY p.position)
    FROM api.progress_at('2025-03-20 12:00+08', 'county') AS p WHERE p.direction = 'equal' AND p.position IN (5, 7, 9)
$$;
SELECT is(pg_temp.equals(31, 40), '4.5 on_course 0, 1.25 met 0, 0.507143 too_few 0.007143', 'a ratio of 50.71% is not 50%');
SELECT is(pg_temp.equals(301, 580), '4.5 on_course 0, 1.25 met 0, 0.501471 met 0', '50.15% is');

-- a school of a new kind opens on 1 March: the months before count in no flow
INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on) VALUES ('S1', 'S1', 'senior', '高中', 'Senior', '2025-03-01');
INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, '2025-03-01', 220203 FROM yuebao.school AS s WHERE s.code = 'S1';
INSERT INTO yuebao.form (code, kind, frequency, name_zh, name_en) VALUES ('senior.monthly', 'senior', 'monthly', '高中月报', 'Senior, monthly');
INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required) SELECT c.catalogue, f.form, i.indicator, false
FROM yuebao.catalogue AS c, yuebao.form AS f, yuebao.indicator AS i WHERE f.code = 'senior.monthly' AND i.code IN ('funds', 'activity');
DELETE FROM yuebao.catalogue_form AS fi USING yuebao.form AS f, yuebao.indicator AS i
WHERE f.form = fi.form AND i.indicator = fi.indicator AND f.kind <> 'senior' AND i.code IN ('funds', 'activity');
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, c.period, c.opens_at, c.due_at, c.closes_at, c.catalogue FROM yuebao.calendar AS c, yuebao.form AS f, yuebao.form AS p
WHERE p.form = c.form AND p.code = 'primary.monthly' AND f.code = 'senior.monthly';
UPDATE yuebao.calendar SET closes_at = '2025-02-10 00:00+08' WHERE period = '2025-01-01';
SELECT pg_temp.file('S1', 'senior.monthly', '2025-03-01', '{"funds": [500]}');
SELECT results_eq($$SELECT p.position, p.now, p.now_period, p.schools, p.reported, p.expected, p.closed
                    FROM api.progress_at('2025-03-20 12:00+08', 'county') AS p WHERE p.indicator IN ('funds', 'activity') ORDER BY p.position$$,
    $$VALUES (2, 5::numeric, '2025-03', 1::bigint, 1::bigint, 1::bigint, false), (3, NULL, NULL, 0, 0, 0, NULL), (7, NULL, '2025-03', 0, 1, 1, false)$$,
    'months in which no school was expected do not count');

-- pupils: extensions, a school that owes nothing any more, a form for chosen schools, a catalogue that asks no more
CREATE FUNCTION pg_temp.pupils() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', p.now, p.now_period, p.reported || '/' || p.expected, CASE WHEN p.closed THEN 'closed' END, p.open_value, p.open_period)
    FROM api.progress_at('2025-03-20 12:00+08', 'county') AS p WHERE p.position = 1
$$;
SELECT is(pg_temp.pupils(), '320 2025-02 3/3 closed 120 2025-03', 'February is closed');
UPDATE yuebao.school SET closed_on = '2025-02-01' WHERE code = 'P1';
SELECT is(pg_temp.pupils(), '320 2025-02 2/2 closed 120 2025-03', 'who closed owes no report, and the one that is here completes nothing: never more than is expected');
UPDATE yuebao.school SET closed_on = NULL WHERE code = 'P1';
INSERT INTO yuebao.form (code, kind, frequency, name, name_zh, name_en) VALUES ('primary.monthly.count', 'primary', 'monthly', 'count', '清查', 'Count');
INSERT INTO yuebao.form_school (form, school) SELECT f.form, s.school FROM yuebao.form AS f, yuebao.school AS s WHERE f.name = 'count' AND s.code IN ('P2', 'P3');
INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required) SELECT c.catalogue, f.form, i.indicator, true
FROM yuebao.catalogue AS c, yuebao.form AS f, yuebao.indicator AS i WHERE f.name = 'count' AND i.code = 'pupils';
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, c.period, c.opens_at, c.due_at, c.closes_at, c.catalogue FROM yuebao.calendar AS c, yuebao.form AS f, yuebao.form AS p
WHERE p.form = c.form AND p.code = 'primary.monthly' AND f.name = 'count' AND c.period = '2025-02-01';
SELECT is(pg_temp.pupils(), '320 2025-02 3/4 closed 120 2025-03', 'a form for chosen schools is expected of the chosen one');
DELETE FROM yuebao.calendar AS c USING yuebao.form AS f WHERE f.form = c.form AND f.name = 'count';
INSERT INTO yuebao.extension (form, period, school, opens_at, due_at, closes_at, reason)
SELECT c.form, c.period, s.school, c.opens_at, '2025-03-20', '2025-03-25', '停电' FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form, yuebao.school AS s
WHERE f.code = 'primary.monthly' AND c.period = '2025-02-01' AND s.code = 'P1';
SELECT is(pg_temp.pupils(), '320 2025-02 3/3 120 2025-03', 'and not closed while one of its schools may still report');
INSERT INTO yuebao.catalogue (hash, bytes) VALUES (sha256('y'), 'y');
UPDATE yuebao.calendar SET catalogue = (SELECT c.catalogue FROM yuebao.catalogue AS c WHERE c.hash = sha256('y')) WHERE period > '2025-01-01';
SELECT is(pg_temp.pupils(), '380 2025-01 5/5 closed', 'a period whose catalogue does not ask is none of its periods');

-- a day begins with its month, and both are of the same first day
INSERT INTO yuebao.form (code, kind, frequency, name_zh, name_en) VALUES ('special.daily', 'special', 'daily', '特教日报', 'Special, daily');
SELECT pg_temp.file('P2', 'special.daily', '2025-01-01', '{"largest": [140]}');
SELECT is((SELECT p.now FROM api.progress_at('2025-03-20 12:00+08') AS p WHERE p.plan = 'county' AND p.position = 8), 60::numeric,
    'a month''s maximum is that of the monthly forms, whatever a daily one says of its first day');

SELECT * FROM finish();
ROLLBACK;
