-- Projections, statuses at their edges, vetoes and snapshots, computed by hand. On 20 July 2025 the months to June are closed (40 days after they
-- begin), July is open. One school of county 220203, P1, files; nobody else does, which a closed month does not wait for.
--
--   month      pupils  largest  rate  myopia  attendance  hours each  funds
--   January    100     60       0.5   0.48    0.8         1           10
--   February   110     58       0.5   0.47    0.8         2           10
--   March      125     56       0.6   0.47    0.8         3           10
--   April      130     54       0.7   0.46    0.8         4           10
--   May        150     52       0.8   0.46    0.8         5           10
--   June       155     50       0.9   0.45    0.8         3           10
--   July                                                              5      so far
--   funds of July to December 2024: 1 2 3 4 5 6; of 2023: 2 each
BEGIN;
SELECT plan(57);
\ir fixture.psql

INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, p.period, p.period::timestamp AT TIME ZONE 'Asia/Shanghai', (p.period + 35)::timestamp AT TIME ZONE 'Asia/Shanghai',
       (p.period + 40)::timestamp AT TIME ZONE 'Asia/Shanghai', c.catalogue
FROM yuebao.form AS f, yuebao.catalogue AS c,
     (SELECT g::date AS period FROM generate_series(timestamp '2023-07-01', '2025-12-01', '1 month') AS g) AS p
WHERE p.period NOT BETWEEN '2025-01-01' AND '2025-03-01';

SELECT pg_temp.file('P1', 'primary.monthly', m.period, jsonb_build_object(
    'pupils', jsonb_build_array(m.pupils), 'largest', jsonb_build_array(m.largest), 'rate', jsonb_build_array(m.rate, 10),
    'myopia', jsonb_build_array(m.myopia, 100), 'attendance', jsonb_build_array(8, 10), 'hours_each', jsonb_build_array(m.hours * 10, 1),
    'funds', jsonb_build_array(1000)))
FROM (VALUES (date '2025-01-01', 100, 60, 5, 48, 1), ('2025-02-01', 110, 58, 5, 47, 2), ('2025-03-01', 125, 56, 6, 47, 3),
             ('2025-04-01', 130, 54, 7, 46, 4), ('2025-05-01', 150, 52, 8, 46, 5), ('2025-06-01', 155, 50, 9, 45, 3))
     AS m (period, pupils, largest, rate, myopia, hours);
SELECT pg_temp.file('P1', 'primary.monthly', '2025-07-01', '{"funds": [500]}');
SELECT pg_temp.file('P1', 'primary.monthly', make_date(2024, 6 + n, 1), jsonb_build_object('funds', jsonb_build_array(100 * n))) FROM generate_series(1, 6) AS n;
SELECT pg_temp.file('P1', 'primary.monthly', make_date(2023, 6 + n, 1), '{"funds": [200]}') FROM generate_series(1, 6) AS n;

INSERT INTO yuebao.plan (plan, title_zh, title_en, issuer_zh, district, period_start, period_end) VALUES
    ('year', '年', 'Year', '县', 220203, '2025-01-01', '2025-12-31'), ('spring', '春', 'Spring', '县', 220203, '2025-03-01', '2025-12-31'),
    ('may', '五', 'May', '县', 220203, '2025-05-01', '2025-12-31'), ('two', '二', 'Two years', '市', 220200, '2024-07-01', '2025-12-31');
CREATE TEMPORARY TABLE said ON COMMIT DROP AS
SELECT * FROM (VALUES
    ('year', 1,  'pupils',     'at_least',    200,    date '2025-12-31'),
    ('year', 2,  'pupils',     'at_least',    2000,   '2025-12-31'),
    ('year', 3,  'pupils',     'at_least',    100000, '2025-12-31'),
    ('year', 4,  'pupils',     'at_least',    155,    '2025-12-31'),
    ('year', 5,  'pupils',     'increase_by', 125,    '2025-12-31'),
    ('year', 6,  'largest',    'at_most',     40,     '2025-12-31'),
    ('year', 7,  'largest',    'at_most',     37,     '2025-12-31'),
    ('year', 8,  'rate',       'at_least',    1,      '2025-12-31'),
    ('year', 9,  'myopia',     'reduce_by',   0.1,    '2025-12-31'),
    ('year', 10, 'attendance', 'at_least',    0.9,    '2025-12-31'),
    ('year', 11, 'attendance', 'at_least',    0.91,   '2025-12-31'),
    ('year', 12, 'hours_each', 'at_least',    30,     '2025-12-31'),
    ('year', 13, 'hours_each', 'at_least',    36,     '2025-12-31'),
    ('year', 14, 'hours_each', 'at_least',    43,     '2025-12-31'),
    ('year', 15, 'hours_each', 'at_least',    1218,   '2025-12-31'),
    ('year', 16, 'hours_each', 'at_least',    1219,   '2025-12-31'),
    ('year', 17, 'funds',      'at_least',    72,     '2025-12-31'),
    ('year', 18, 'funds',      'at_least',    75,     '2025-12-31'),
    ('year', 19, 'funds',      'at_least',    82,     '2025-12-31'),
    ('year', 20, 'funds',      'at_most',     81,     '2025-12-31'),
    ('year', 21, 'funds',      'at_most',     80,     '2025-12-31'),
    ('year', 22, 'funds',      'at_most',     64,     '2025-12-31'),
    ('year', 23, 'funds',      'equal',       75,     '2025-12-31'),
    ('year', 24, 'funds',      'at_least',    65,     '2025-12-31'),
    ('year', 25, 'pupils',     'at_least',    200,    '2025-04-30'),
    ('year', 26, 'pupils',     'at_least',    200,    '2025-06-30'),
    ('year', 27, 'pupils',     'at_least',    200,    NULL),
    ('year', 28, 'pupils',     'equal',       NULL,   '2025-12-31'),
    ('year', 29, 'rate',       'reduce_by',   0.1,    '2025-12-31'),
    ('year', 30, 'unasked',    'at_least',    1,      '2025-12-31'),
    ('year', 31, 'pupils',     'equal',       180,    '2025-12-31'),
    ('year', 32, 'funds',      'at_least',    60,     '2025-06-30'),
    ('year', 33, 'funds',      'at_most',     60,     '2025-06-30'),
    ('year', 34, 'funds',      'at_least',    61,     '2025-06-30'),
    ('spring', 1, 'pupils',    'at_least',    200,    '2025-12-31'),
    ('may',  1,  'pupils',     'at_least',    200,    '2025-12-31'),
    ('may',  2,  'hours_each', 'at_least',    200,    '2025-12-31'),
    ('two',  1,  'pupils',     'at_least',    100,    '2025-12-31')
) AS t (plan, position, indicator, direction, value, due);
INSERT INTO yuebao.target (plan, position, indicator, district, direction, value, unit, due)
SELECT t.plan, t.position, i.indicator, p.district, t.direction, t.value, i.unit, t.due
FROM said AS t JOIN yuebao.indicator AS i ON i.code = t.indicator JOIN yuebao.plan AS p ON p.plan = t.plan;
INSERT INTO yuebao.baseline (plan, indicator, district, as_of, value, unit)
SELECT 'year', i.indicator, 220203, '2024-12-31', b.value, i.unit
FROM (VALUES ('myopia', 0.5), ('pupils', 100)) AS b (indicator, value) JOIN yuebao.indicator AS i ON i.code = b.indicator;

CREATE TEMPORARY TABLE progress ON COMMIT DROP AS SELECT * FROM api.progress_at('2025-07-20 12:00+08');
CREATE FUNCTION pg_temp.goes(plan text, "position" integer) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', p.status, p.method, p.points, p.slope, p.projection, CASE WHEN p.projection_low IS NOT NULL THEN p.projection_low || '..' || p.projection_high END)
    FROM progress AS p WHERE p.plan = goes.plan AND p.position = goes.position
$$;
CREATE FUNCTION pg_temp.status(plan text, "position" integer) RETURNS text LANGUAGE sql AS $$
    SELECT p.status FROM progress AS p WHERE p.plan = status.plan AND p.position = status.position
$$;
-- Theil-Sen by hand: fifteen slopes of six points, their median, and the fourth from either end (12 of Kendall's 28.33 times 1.2816)
SELECT is(pg_temp.goes('year', 1), 'on_course trend 6 11.226947 222.868852 215.659341..232.966102', 'a stock: the line through six points');
SELECT is(pg_temp.goes('spring', 1), 'at_risk trend 4 11.254363 223.034588 185.666667..273.709677', 'through four: the interval is that of all slopes');
SELECT is(pg_temp.goes('may', 1), 'on_course trend_before 6 11.226947 222.868852 215.659341..232.966102', 'a plan with two months of its own looks before it');
SELECT is(pg_temp.goes('year', 6), 'on_course trend 6 -2.006868 37.868132 37.733333..37.934426', 'a maximum that falls');
SELECT is(pg_temp.goes('year', 8), 'on_course trend 6 0.099253 1 1..1', 'a ratio does not exceed 1');
SELECT is(pg_temp.goes('year', 9), 'behind trend 6 -0.005073 0.419333 0.408652..0.419836', 'a reduction that is too slow');
SELECT is(pg_temp.goes('year', 10), 'behind trend 6 0 0.8 0.8..0.8', 'a mean');
SELECT is(pg_temp.goes('year', 13), 'at_risk pace 6 36 30..42', 'a flow without earlier years: 18 so far, six more of 3, of 2, of 4');
SELECT is(pg_temp.goes('year', 18), 'at_risk years 2 76.5 72..81', 'a flow by earlier years: 60 settled, and 12 or 21 as then');
SELECT is(pg_temp.goes('may', 2), 'too_few too_few', 'two months are no pace');
SELECT is(pg_temp.goes('year', 32), 'met', 'a flow whose day has passed is not projected');

SELECT is(pg_temp.status('year', p.position), p.status, p.why) FROM (VALUES
    (2, 'behind', 'far, but not beyond what its schools can have'), (3, 'impossible', 'beyond what three schools can have: 60,000'),
    (4, 'met', 'now is the goal'), (5, 'at_risk', 'only the upper end reaches 225'), (7, 'behind', 'not even the lower end is below 37'),
    (11, 'impossible', 'six months at 1 and six at 0.8 are 0.9'), (12, 'on_course', 'the lower end is the goal'),
    (14, 'behind', 'just above the upper end'), (15, 'behind', 'reachable at the bound: 18 + 6 times 200'), (16, 'impossible', 'one more is not'),
    (17, 'on_course', 'the leanest year is enough'), (19, 'behind', 'the richest is not'), (20, 'on_course', 'a limit that holds with its whole interval'),
    (21, 'at_risk', 'a limit that the richest year breaks'), (22, 'impossible', 'a limit that is broken stays broken'),
    (23, 'at_risk', 'exactly 75 lies within'), (24, 'met', 'a flow that has come does not go away, open month included'),
    (25, 'impossible', 'the day has passed'), (26, 'impossible', 'and all of its periods are settled'), (27, 'no_date', 'no day'),
    (28, 'unquantified', 'no number'), (29, 'no_baseline', 'no baseline'), (30, 'no_data', 'no data'), (31, 'behind', 'exactly 180 lies outside'),
    (33, 'met', 'a limit that held to its day'), (34, 'impossible', 'a flow that missed its day')) AS p (position, status, why);
SELECT is((SELECT p.status FROM api.progress_at('2025-07-05 12:00+08', 'year') AS p WHERE p.position = 26), 'behind',
    'after its day, while June can still be reported, nothing is over');
SELECT is((SELECT p.required FROM progress AS p WHERE p.plan = 'year' AND p.position = 1), 8.351753, 'required a month: 45 over 164 days');
SELECT is((SELECT p.required FROM progress AS p WHERE p.plan = 'year' AND p.position = 10), 1::numeric, 'of a mean: what each of the rest must be');
SELECT is((SELECT array_agg(f.point ORDER BY f.period) FROM api.target_periods('2025-07-20 12:00+08', 'year') AS f WHERE f.position = 1),
    ARRAY[true, true, true, true, true, true, false], 'the points are the settled periods');

-- an open window of a kind of school that the district does not have is nothing that may still come
INSERT INTO yuebao.form (code, kind, frequency, name_zh, name_en) VALUES ('senior.quarterly', 'senior', 'quarterly', '高中季报', 'Senior, quarterly');
INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required) SELECT c.catalogue, f.form, i.indicator, false
FROM yuebao.catalogue AS c, yuebao.form AS f, yuebao.indicator AS i WHERE f.code = 'senior.quarterly' AND i.code IN ('funds', 'pupils');
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, '2025-01-01', '2025-01-02', '2025-04-01', '2026-04-01', c.catalogue FROM yuebao.form AS f, yuebao.catalogue AS c WHERE f.code = 'senior.quarterly';
SELECT results_eq($$SELECT p.position, p.status, p.projection FROM api.progress_at('2025-07-20 12:00+08', 'year') AS p
                    WHERE p.position IN (18, 25, 34) ORDER BY 1$$,
    $$VALUES (18, 'at_risk', 76.5), (25, 'impossible', NULL), (34, 'impossible', NULL)$$, 'a window that nobody owes is not waited for');
DELETE FROM yuebao.calendar AS c USING yuebao.form AS f WHERE f.form = c.form AND f.code = 'senior.quarterly';

-- vetoes: 65 of funds in 2025, 21 in the city's 2024
CREATE FUNCTION pg_temp.vetoes(plan text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.targets, r.met, r.on_course, r.at_risk, r.behind, r.impossible, r.unjudged, r.result,
                     (SELECT string_agg(concat_ws('/', v ->> 'year', v ->> 'figure', v ->> 'since'), ' ') FROM jsonb_array_elements(r.vetoes) AS v))
    FROM api.result_at('2025-07-20 12:00+08', vetoes.plan) AS r
$$;
SELECT is(pg_temp.vetoes('year'), '34 4 6 5 8 7 4 missed', 'without a veto: some cannot be met');
SELECT is(pg_temp.vetoes('two'), '1 1 0 0 0 0 0 met', 'all are met');
UPDATE yuebao.indicator SET veto = true, veto_bound = 65 WHERE code = 'funds';
SELECT is(pg_temp.vetoes('two'), '1 1 0 0 0 0 0 met', 'the bound itself is no breach');
UPDATE yuebao.indicator SET veto_bound = 62 WHERE code = 'funds';
SELECT is(pg_temp.vetoes('two'), '1 1 0 0 0 0 0 failed 2025/65/2025-07', 'a breach below fails the city, whatever it reached, since July');
UPDATE yuebao.indicator SET veto_direction = 'at_least' WHERE code = 'funds';
SELECT is(pg_temp.vetoes('two'), '1 1 0 0 0 0 0 failed 2024/21/2024-07', 'at least: a year that is over; this one may still come to it');

-- who answers
SELECT is((SELECT p.responsible FROM progress AS p WHERE p.plan = 'two'), 220200, 'a target''s own district answers for it');
UPDATE yuebao.target SET responsible = 220203 WHERE plan = 'two';
SELECT is((SELECT p.responsible_en FROM api.progress_at('2025-07-20 12:00+08', 'two') AS p), 'Longtan', 'unless the plan names another');

-- snapshots
SELECT is(yuebao.take_snapshot('two', 'before', '2025-07-20 12:00+08'), 1::bigint, 'a snapshot of a plan');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-06-01', '{"pupils": [90]}', 2);
SELECT yuebao.take_snapshot('two', 'after', '2025-07-20 12:00+08');
SELECT results_eq($$SELECT t.snapshot, t."now", t.status, t.responsible FROM api.snapshot_target AS t ORDER BY t.snapshot DESC$$,
    $$VALUES ('before', 155::numeric, 'met', 220203), ('after', 90, 'at_risk', 220203)$$, 'a correction changes what is taken after it');
SELECT results_eq($$SELECT c.older_now, c.newer_now, c.change, c.older_status, c.newer_status FROM api.snapshot_compare('before', 'after') AS c$$,
    $$VALUES (155::numeric, 90::numeric, -65::numeric, 'met', 'at_risk')$$, 'and the two are compared');
SELECT is((SELECT r.result FROM api.snapshot_result AS r WHERE r.snapshot = 'before'), 'failed', 'the result is kept with it');
SELECT throws_ok($$UPDATE yuebao.snapshot_target SET status = 'met'$$, '23001', NULL, 'it is never changed');
SELECT throws_ok($$DELETE FROM yuebao.snapshot$$, '23001', NULL, 'nor removed');
SELECT throws_ok($$TRUNCATE yuebao.snapshot_result$$, '23001', NULL, 'nor emptied');
SELECT throws_ok($$SELECT yuebao.take_snapshot('two', 'before', now())$$, '23505', NULL, 'a name is used once');

SELECT * FROM finish();
ROLLBACK;
