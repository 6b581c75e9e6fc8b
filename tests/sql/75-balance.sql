-- Balance between schools, computed by hand.
BEGIN;
SELECT plan(41);
\ir fixture.psql

-- eight more primary schools: five in Longtan, as the national rules' example has them, three in Chuanying
INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on)
SELECT c, c, 'primary', c, c, '2020-01-01' FROM unnest(ARRAY['A1', 'A2', 'A3', 'A4', 'A5', 'C1', 'C2', 'C3']) AS c;
INSERT INTO yuebao.school_district (school, valid_from, district)
SELECT s.school, '2020-01-01', CASE left(s.code, 1) WHEN 'A' THEN 220203 ELSE 220204 END FROM yuebao.school AS s WHERE s.code ~ '^[AC]';

INSERT INTO yuebao.indicator (code, name_zh, name_en, unit, measure, over_schools, over_time, decimals, denominator_decimals, min, max) VALUES
    ('books_each', '生均图书', 'Books each', 'books', 'quotient', 'ratio_of_sums', 'last', 1, 0, 0, 500),
    ('teachers',   '教师',     'Teachers',   'teachers', 'count', 'sum',          'last', 0, 0, 0, 500),
    ('rolls',      '年末学生', 'Rolls',      'pupils', 'count',  'sum',           'last', 0, 0, 0, 20000);
INSERT INTO yuebao.form (code, kind, frequency, name_zh, name_en) VALUES ('primary.yearly', 'primary', 'yearly', '小学年报', 'Primary, yearly');
INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required)
SELECT k.catalogue, f.form, i.indicator, false FROM yuebao.catalogue AS k, yuebao.form AS f, yuebao.indicator AS i
WHERE (f.code, i.code) IN (('primary.yearly', 'books_each'), ('primary.monthly', 'teachers'), ('primary.yearly', 'rolls'));
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, y.period, '2026-01-01', '2026-01-02', '2026-01-03', k.catalogue
FROM yuebao.catalogue AS k, yuebao.form AS f, (VALUES (date '2023-01-01'), ('2024-01-01'), ('2025-01-01')) AS y (period) WHERE f.code = 'primary.yearly';

CREATE FUNCTION pg_temp.resource(code text, value text, pupils text, scale integer, VARIADIC kinds text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.balance_indicator (balance, position, name_zh, name_en, unit, value_indicator, value_part, pupils_indicator, pupils_part, scale)
    SELECT resource.code, 1, 'z', 'e', 'u', v.indicator, 'value', n.indicator, CASE split_part(pupils, '.', 2) WHEN 'den' THEN 'denominator' ELSE 'value' END, scale
    FROM yuebao.indicator AS v, yuebao.indicator AS n WHERE v.code = resource.value AND n.code = split_part(pupils, '.', 1);
    INSERT INTO yuebao.balance_threshold (balance, kind, threshold)
    SELECT resource.code, split_part(k, ':', 1), nullif(split_part(k, ':', 2), '')::numeric FROM unnest(kinds) AS k;
$$;
SELECT pg_temp.resource('books', 'books_each', 'books_each.den', 1, 'primary:0.52', 'junior:0.45');
CREATE FUNCTION pg_temp.books(school text, pupils bigint, books bigint, period date DEFAULT '2025-01-01') RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.file(school, 'primary.yearly', period, jsonb_build_object('books_each', jsonb_build_array(books * 10, pupils)))
$$;
SELECT pg_temp.books(s, p, b) FROM (VALUES ('A1', 45, 279), ('A2', 37, 137), ('A3', 89, 935), ('A4', 76, 160), ('A5', 55, 402)) AS e (s, p, b);

-- a row in words: period: schools, left out, excluded; per pupil, deviation; CV, threshold, met
CREATE FUNCTION pg_temp.balance(of_district integer, of_period text DEFAULT '2025', of_indicator text DEFAULT 'books', leaving_out text[] DEFAULT '{}',
                                if_school text DEFAULT NULL, if_value numeric DEFAULT NULL, if_pupils numeric DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', b.schools, b.left_out, b.excluded, '|', b.per_pupil, b.deviation, '|', b.cv, b.threshold, b.met), ', ')
    FROM api.balance_in(of_district, of_period, 'primary', of_indicator, false, leaving_out, if_school, if_value, if_pupils) AS b
$$;

-- ---- the coefficient ------------------------------------------------------------------------------------------------------------------------

SELECT is((SELECT round(b.cv, 4) FROM api.balance_in(220203, '2025', and_below => false) AS b), 0.5153, 'the worked case of the national rules');
-- Σp = 302, Σy = 1913, X = 6.334437; P1, P2 owe it and have not reported (P4 has closed, P5 has moved)
SELECT is(pg_temp.balance(220203), '5 2 0 | 6.334437 3.263861 | 0.515257 0.52 t', 'weighted by pupils, and who does not report is counted');
SELECT isnt((SELECT round(stddev_pop(x) / avg(x), 4) FROM unnest(ARRAY[279.0/45, 137.0/37, 935.0/89, 160.0/76, 402.0/55]) AS x), 0.5153,
    'without weights it would be another');

SELECT pg_temp.books('C1', 10, 20), pg_temp.books('C2', 30, 120);
-- x = 2 and 4, X = 140/40 = 3.5: (10 · 1.5² + 30 · 0.5²)/40 = 0.75; sqrt(0.75)/3.5 = 0.247436
SELECT is(pg_temp.balance(220204), '2 3 0 | 3.5 0.866025 | 0.247436 0.52 t', 'by hand: sqrt(0.75) / 3.5');
SELECT pg_temp.books('C3', 20, 0);
-- X = 140/60 = 7/3; Σ y²/p = 40 + 480 = 520; 60 · 520 / 140² − 1 = 0.591837; its root 0.769309
SELECT is(pg_temp.balance(220204), '3 2 0 | 2.333333 1.795055 | 0.769309 0.52 f', 'a school with nothing counts with nothing');
-- all eight: P = 362, Y = 2053; Σ y²/p = 279²/45 + 137²/37 + 935²/89 + 160²/76 + 402²/55 + 40 + 480 = 15855.1797
SELECT is(pg_temp.balance(220200), (SELECT '8 4 0 | 5.671271 ' || round(sqrt(s / 362 - (2053 / 362.0) ^ 2), 6) || ' | ' || round(sqrt(362 * s / (2053.0 * 2053) - 1), 6) || ' 0.52 f'
    FROM (SELECT 279.0 * 279 / 45 + 137.0 * 137 / 37 + 935.0 * 935 / 89 + 160.0 * 160 / 76 + 402.0 * 402 / 55 + 520 AS s) AS q), 'a city has the schools of all its counties');
SELECT results_eq($$SELECT b.district FROM api.balance_in(220200, '2025', 'primary') AS b$$, $$VALUES (220200), (220203), (220204)$$, 'itself, then each district below');
SELECT results_eq($$SELECT b.district, b.cv FROM api.balance AS b WHERE b.kind = 'primary'$$,
    $$SELECT b.district, b.cv FROM unnest(ARRAY[100000, 220000, 220200, 220203, 220204]) AS d, api.balance_in(d, '2025', and_below => false) AS b$$,
    'the view has every district, the nation too');

SELECT is(yuebao.balance_cv(3, 1, yuebao.balance_square(1, 3)), 0::numeric, 'thirds do not become a difference');
SELECT is((SELECT yuebao.balance_cv(sum(p), sum(y), sum(yuebao.balance_square(y, p))) FROM (VALUES (7.0, 1.0), (14, 2), (700, 100)) AS e (p, y)), 0::numeric,
    'what is equal is equal, weighted or not');
SELECT is(yuebao.balance_cv(10, 0, 0), NULL, 'nothing to divide has no coefficient');
SELECT is(round(yuebao.balance_cv(2e9, 2e15, yuebao.balance_square(1e15 - 1, 1e9) + yuebao.balance_square(1e15 + 1, 1e9)) * 1e15, 6), 1.000000,
    'a difference in the fifteenth digit is seen');

-- ---- thresholds -----------------------------------------------------------------------------------------------------------------------------

-- x = 1 and 3 with equal weights: X = 2, deviation 1, CV exactly 0.5
SELECT pg_temp.books('C1', 10, 10, '2024-01-01'), pg_temp.books('C2', 10, 30, '2024-01-01');
UPDATE yuebao.balance_threshold SET threshold = 0.5 WHERE kind = 'primary';
SELECT is(pg_temp.balance(220204, '2024'), '2 2 0 | 2 1 | 0.500000 0.5 t', 'exactly the threshold meets it');
SELECT is(pg_temp.balance(220204, '2024', if_school => 'C2', if_value => 30.000001), '2 2 0 | 2 1 | 0.500000 0.5 f', 'the least above does not, whatever is shown');
UPDATE yuebao.balance_threshold SET threshold = NULL WHERE kind = 'primary';
SELECT is(pg_temp.balance(220204, '2024'), '2 2 0 | 2 1 | 0.500000', 'without a threshold nothing is judged');
UPDATE yuebao.balance_threshold SET threshold = 0.5 WHERE kind = 'primary';
SELECT is_empty($$SELECT FROM api.balance_in(220203, '2025', 'junior') AS b$$, 'a kind whose form does not ask has no row');

-- ---- the period -----------------------------------------------------------------------------------------------------------------------------

SELECT results_eq($$SELECT DISTINCT b.period FROM api.balance_in(220203) AS b$$, $$VALUES ('2025')$$, 'the newest that has figures');
UPDATE yuebao.calendar SET closes_at = 'infinity' WHERE period = '2025-01-01';
SELECT is_empty($$SELECT FROM api.balance_in(220203) AS b$$, 'open, and not all have reported: not settled; 2024 has no figures here');
SELECT results_eq($$SELECT b.period FROM api.balance_in(220204) AS b$$, $$VALUES ('2024')$$, 'where 2024 has some, it is the newest settled');
SELECT pg_temp.books('P1', 10, 60), pg_temp.books('P2', 0, 0);
SELECT is(pg_temp.balance(220203, NULL), '6 1 0 | 6.323718 3.21167 | 0.507877 0.5 f',
    'complete is settled; who has no pupils is left out');
UPDATE yuebao.calendar SET closes_at = '2026-01-03' WHERE period = '2025-01-01';
SELECT is(pg_temp.balance(220203, '2023'), '0 9 0 | | 0.5', 'a period without figures has a row when it is asked for');
SELECT is_empty($$SELECT FROM api.balance_in(220203, '2025-01') AS b$$, 'a period of another frequency has none');

-- ---- who takes part -------------------------------------------------------------------------------------------------------------------------

DELETE FROM yuebao.figure WHERE school IN (SELECT s.school FROM yuebao.school AS s WHERE s.code IN ('P1', 'P2'));
SELECT yuebao.balance_exclude('A3', '-infinity', 'infinity', '教学点');
-- without A3: P = 213, Y = 978, Σ y²/p = 1729.8 + 507.2703 + 336.8421 + 2938.2545
SELECT is(pg_temp.balance(220203), '4 2 1 | 4.591549 2.190067 | 0.476978 0.5 t', 'a school that is excluded does not count and is counted');
SELECT is(pg_temp.balance(220203, if_school => 'A3', if_value => 935), '5 2 0 | 6.334437 3.263861 | 0.515257 0.5 f', 'what if it took part');
SELECT throws_like($$SELECT yuebao.balance_exclude('A3', '2025-01-01', '2025-12-31', 'twice')$$, '%excluded from%教学点', 'nobody is excluded twice');
SELECT is(yuebao.balance_include('A3', '2026-01-01'), 1, 'it takes part again from a day on');
SELECT is(pg_temp.balance(220203), '4 2 1 | 4.591549 2.190067 | 0.476978 0.5 t', 'a period that ended before is as it was');
SELECT is(yuebao.balance_include('A3', '2025-12-31'), 1, 'a day earlier');
SELECT is(pg_temp.balance(220203), '5 2 0 | 6.334437 3.263861 | 0.515257 0.5 f', 'the period''s last day decides');
SELECT is(yuebao.balance_include('A3', '-infinity'), 1, 'as if it had never been');
SELECT is_empty($$SELECT FROM api.balance_exclusion$$, 'nothing is left of it');

SELECT yuebao.balance_exclude('A3', '2026-01-01', 'infinity', '停办');
CREATE FUNCTION pg_temp.read(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    SET LOCAL ROLE yuebao_reader;
    EXECUTE query INTO answer;
    RESET ROLE;
    RETURN answer;
END
$$;
SELECT is(pg_temp.read($$SELECT concat_ws(' ', e.school, e.district, e.from_day, coalesce(e.until_day::text, 'on'), e.exclusion) FROM api.balance_exclusion AS e$$),
    'A3 220203 2026-01-01 on 停办', 'a reader sees who is excluded, and why');
SELECT is(pg_temp.read($$SELECT count(*) FROM (SELECT FROM api.balance LIMIT 1) AS a, (SELECT FROM api.balance_school LIMIT 1) AS b, (SELECT FROM api.balance_indicator LIMIT 1) AS c,
    (SELECT FROM api.balance_in(220203) LIMIT 1) AS d, (SELECT FROM api.balance_schools_in(220203) LIMIT 1) AS e$$), '1', 'and all the rest');
SELECT yuebao.balance_include('A3', '-infinity');

-- ---- what if, and who moves it --------------------------------------------------------------------------------------------------------------

SELECT is(pg_temp.balance(220203, leaving_out => '{A3}'), '4 2 1 | 4.591549 2.190067 | 0.476978 0.5 t', 'leaving one out is as excluding it');
CREATE TEMPORARY TABLE answer AS
SELECT pg_temp.balance(220203, if_school => 'P1', if_value => 88, if_pupils => 11) AS new, pg_temp.balance(220203, if_school => 'A4', if_value => 400.5) AS changed;
DELETE FROM yuebao.report WHERE school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'P1');
SELECT pg_temp.books('P1', 11, 88);
SELECT is(pg_temp.balance(220203), (SELECT a.new FROM answer AS a), 'what if a school had reported this: the same when it has');
DELETE FROM yuebao.figure WHERE school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'P1');
UPDATE yuebao.figure SET value = 4005 WHERE period = '2025-01-01' AND school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'A4');
SELECT is(pg_temp.balance(220203), (SELECT a.changed FROM answer AS a), 'what if another figure: the same when it is corrected');
UPDATE yuebao.figure SET value = 1600 WHERE period = '2025-01-01' AND school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'A4');

-- shares p (x − X)² / Σ: of A3 89 · 4.171181² = 1548.488 of 3217.143
SELECT results_eq($$SELECT b.school, b.standing, b.per_pupil, b.difference, b.variance_share, b.cv, b.cv_without FROM api.balance_schools_in(220203, '2025') AS b LIMIT 2$$,
    $$VALUES ('A3', 'counted', 10.505618, 4.171181, 0.481324, 0.515257, 0.476978), ('A4', 'counted', 2.105263, -4.229174, 0.422527, 0.515257, 0.320955)$$,
    'those first that move it most');
SELECT is((SELECT round(sum(b.variance_share), 5) FROM api.balance_schools_in(220203, '2025') AS b), 1.00000, 'the shares are the whole');
SELECT is((SELECT string_agg(DISTINCT b.standing, ' ') FROM api.balance_schools_in(220203, '2025') AS b WHERE b.school LIKE 'P%' AND b.variance_share IS NULL), 'no_figure',
    'who has no figure is listed too');

-- ---- counts by enrolment --------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.resource('per_100', 'teachers', 'pupils', 100, 'primary');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-03-01', '{"teachers": [6], "pupils": [100]}'), pg_temp.file('C2', 'primary.monthly', '2025-03-01', '{"teachers": [20], "pupils": [100]}'),
       pg_temp.file('C1', 'primary.monthly', '2025-03-01', '{"teachers": [9], "pupils": "2"}');
-- 6 and 20 per 100 pupils: X 13, deviation 7
SELECT is(pg_temp.balance(220204, '2025-03', 'per_100'), '2 3 0 | 13 7 | 0.538462', 'a count by the pupils of the same report');
SELECT pg_temp.resource('per_roll', 'teachers', 'rolls', 100, 'primary');
SELECT pg_temp.file('P3', 'primary.yearly', '2025-01-01', '{"rolls": [50]}');
INSERT INTO yuebao.figure (district, period, school, indicator, form, value, denominator) -- its report is there
SELECT g.district, g.period, g.school, i.indicator, g.form, 100, 0 FROM yuebao.figure AS g, yuebao.indicator AS i
WHERE i.code = 'rolls' AND g.period = '2025-01-01' AND g.school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'C2');
-- 6/50 and 20/100 → 12 and 20 with weights 1 : 2; X 17.333333, variance (28.444 + 2 · 7.111)/3 = 14.2222
SELECT is(pg_temp.balance(220204, '2025-03', 'per_roll'), '2 3 0 | 17.333333 3.771236 | 0.217571', 'or by those of the period of another form that contains the last day');

SELECT * FROM finish();
ROLLBACK;
