-- Thresholds and alerts on the tiny example: crossings, corrections, clearings, totals, and limits that change.
BEGIN;
SELECT plan(39);
\ir fixture.psql

-- files a report as the collector does, and judges it in the same breath
CREATE FUNCTION pg_temp.file_judged(school_code text, form_code text, period date, figures jsonb, revision integer DEFAULT 1) RETURNS integer
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.file(school_code, form_code, period, figures, revision);
    RETURN (SELECT yuebao.judge_reports(ARRAY[r.district], ARRAY[r.period], ARRAY[r.school], ARRAY[r.form], ARRAY[r.revision], ARRAY[r.id])
            FROM yuebao.report AS r JOIN yuebao.school AS s ON s.school = r.school JOIN yuebao.form AS f ON f.form = r.form
            WHERE s.code = school_code AND f.code = form_code AND r.period = file_judged.period AND r.revision = file_judged.revision);
END
$$;
-- an alert in words: threshold place: before>figure, and what cleared it
CREATE FUNCTION pg_temp.alerts(of_state text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat(a.threshold, ' ', coalesce(a.school, a.district::text), ' ', a.period, ': ', coalesce(a.before::text, '-'), '>', a.figure,
                             CASE WHEN a.state = 'cleared' THEN ' ' || a.cleared_why || '>' || coalesce(a.cleared_figure::text, '-') END),
                      '; ' ORDER BY a.threshold, a.alert)
    FROM api.alert AS a WHERE of_state IS NULL OR a.state = of_state
$$;

SELECT is_empty('SELECT FROM yuebao.watched_form', 'without a threshold no form is watched');
SELECT is(pg_temp.file_judged('P1', 'primary.monthly', '2025-01-01', '{"pupils": [5000], "rate": [9, 10]}'), 0, 'and nothing is judged');

INSERT INTO yuebao.threshold (code, indicator, level, district, kind, direction, bound, severity, name_zh, name_en, valid_from, valid_until)
SELECT v.code, i.indicator, v.level, v.district, v.kind, v.direction, v.bound, 'warning', v.code, v.code, v.valid_from, v.valid_until
FROM (VALUES
    ('crowded',  'pupils', 'school',     220203, NULL,      'above', 100,   date '2025-01-01', NULL::date),
    ('low_rate', 'rate',   'school',     NULL,   'primary', 'below', 0.5,   '2025-01-01',      '2025-02-28'),
    ('county',   'pupils', 'county',     220200, NULL,      'above', 300,   '2025-01-01',      NULL),
    ('city',     'pupils', 'district',   220200, 'primary', 'above', 1000,  '2025-01-01',      NULL),
    ('mean',     'activity', 'nation',   NULL,   NULL,      'above', 1.5,   '2025-02-01',      NULL),
    ('class',    'largest', 'prefecture', NULL,  NULL,      'above', 55,    '2025-02-01',      NULL)
) AS v (code, indicator, level, district, kind, direction, bound, valid_from, valid_until)
JOIN yuebao.indicator AS i ON i.code = v.indicator;

SELECT is((SELECT string_agg(f.code || ' ' || w.totals, ', ' ORDER BY f.code) FROM yuebao.watched_form AS w JOIN yuebao.form AS f ON f.form = w.form),
    'junior.monthly true, primary.monthly true', 'forms that ask for what is judged are watched');
SELECT is(yuebao.judge_changed(), 3, 'what was there before is judged when the limit comes');
SELECT is(pg_temp.alerts(), 'city 220200 2025-01: ->5000; county 220203 2025-01: ->5000; crowded P1 2025-01: ->5000', 'the school, its county and its city');
SELECT is((SELECT a.statement FROM api.alert AS a WHERE a.school = 'P1'), encode(sha256('P12025-01-011'), 'hex'), 'it names the statement that stands');
SELECT is(yuebao.judge_changed(), 0, 'and judged once');
SELECT is((SELECT count(*) FROM yuebao.threshold AS t WHERE NOT t.judged), 0::bigint, 'nothing is left to judge');

-- a correction brings it back
SELECT is(pg_temp.file_judged('P1', 'primary.monthly', '2025-01-01', '{"pupils": [90], "rate": [9, 10]}', 2), 1, 'a correction clears it');
SELECT is((SELECT a.cleared_statement || ' ' || a.cleared_why || ' ' || a.cleared_figure FROM api.alert AS a WHERE a.school = 'P1'),
    encode(sha256('P12025-01-012'), 'hex') || ' figure 90', 'by the correction');
SELECT is(yuebao.judge_totals(), 2, 'and so do the totals');
SELECT is(pg_temp.alerts('open'), NULL, 'nothing is beyond now');
SELECT is(pg_temp.file_judged('P1', 'primary.monthly', '2025-01-01', '{"pupils": [101], "rate": [1, 2]}', 3), 1, 'crossing again is another alert');
SELECT is(pg_temp.file_judged('P1', 'primary.monthly', '2025-01-01', '{"pupils": [102], "rate": [1, 2]}', 4), 0, 'further beyond is the same one');
SELECT is(pg_temp.alerts('open'), 'crowded P1 2025-01: 90>101', 'with the figure before; exactly the bound of another limit is not beyond it');
SELECT is(pg_temp.file_judged('P1', 'primary.monthly', '2025-01-01', '{"rate": [49, 100]}', 5), 2, 'a figure that is taken back clears its alert, another crosses');
SELECT is(pg_temp.alerts('open'), 'low_rate P1 2025-01: 0.5>0.49', 'a ratio is judged by its quotient');
SELECT is(pg_temp.file_judged('P2', 'primary.monthly', '2025-01-01', '{"rate": [0, 0], "pupils": "1"}'), 0, '0 by 0 and a reason are beyond nothing');

-- who is meant
SELECT is(pg_temp.file_judged('P3', 'primary.monthly', '2025-01-01', '{"pupils": [700], "rate": [1, 4]}'), 1, 'another district is not meant by the one, but by the other');
SELECT is(pg_temp.file_judged('J1', 'junior.monthly', '2025-01-01', '{"pupils": [400], "rate": [1, 4]}'), 1, 'nor is another kind');
SELECT is(pg_temp.file_judged('P1', 'primary.monthly', '2025-03-01', '{"rate": [1, 4]}'), 0, 'nor a period that ends too late');
SELECT is(yuebao.judge_totals(), 2, 'totals that crossed: both counties, not the city, whose primary schools have 700');
SELECT is((SELECT string_agg(concat(a.threshold, ' ', a.district, ': ', coalesce(a.before::text, '-'), '>', a.figure, ' of ', a.schools), '; ' ORDER BY a.district)
           FROM api.alert AS a WHERE a.level = 'district' AND a.state = 'open'),
    'county 220203: 90>400 of 1; county 220204: ->700 of 1', 'over all kinds of school; before is what was last judged');
SELECT is(yuebao.judge_totals(), 0, 'nothing is judged twice');

-- means and maxima
SELECT is(pg_temp.file_judged('P1', 'primary.monthly', '2025-02-01', '{"activity": [10], "largest": [56]}'), 0, 'no limit for schools');
SELECT is(pg_temp.file_judged('J1', 'junior.monthly', '2025-02-01', '{"activity": [20], "largest": [40]}'), 0, 'nor here');
SELECT is(yuebao.judge_totals(), 1, 'a mean of exactly 1.5 is not above it; a maximum of 56 is above 55');
SELECT is(pg_temp.file_judged('P3', 'primary.monthly', '2025-02-01', '{"activity": [16], "largest": [10]}'), 0, 'one more');
SELECT is(yuebao.judge_totals(), 1, 'and the mean is');
SELECT is((SELECT string_agg(a.threshold || ' ' || a.district || ' ' || coalesce(a.before::text, '-') || '>' || a.figure, '; ' ORDER BY a.threshold)
           FROM api.alert AS a WHERE a.threshold IN ('mean', 'class')), 'class 220200 ->56; mean 100000 1.5>1.533333', 'from and to');

-- limits change
UPDATE yuebao.threshold SET indicator = (SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = 'rate'), bound = 0.1 WHERE code = 'crowded';
SELECT is(yuebao.judge_changed(), 4, 'of another indicator: the alert of the old one is cleared, and others made');
SELECT is((SELECT string_agg(a.school || ' ' || a.indicator || ' ' || a.state, '; ' ORDER BY a.alert) FROM api.alert AS a WHERE a.threshold = 'crowded' AND a.period = '2025-01'
                                                                                                                         AND a.school = 'J1'),
    'J1 pupils cleared; J1 rate open', 'each of its own');
UPDATE yuebao.threshold SET indicator = (SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = 'pupils'), bound = 100 WHERE code = 'crowded';
SELECT is(yuebao.judge_changed(), 4, 'and back');
UPDATE yuebao.threshold SET bound = 500 WHERE code IN ('county', 'crowded');
SELECT is(yuebao.judge_changed(), 2, 'a wider bound clears what is within it, a school''s figure and a total');
UPDATE yuebao.threshold SET active = false WHERE code <> 'mean';
SELECT is(yuebao.judge_changed(), 4, 'a limit that ends clears its alerts');
SELECT is((SELECT string_agg(DISTINCT a.threshold, ' ') FROM api.alert AS a WHERE a.state = 'open'), 'mean', 'all of them');
SELECT is((SELECT string_agg(DISTINCT a.cleared_why, ' ') FROM api.alert AS a WHERE a.threshold = 'low_rate'), 'threshold', 'and they say so');
UPDATE yuebao.district SET parent = 220000 WHERE district = 220204;
SELECT is((SELECT count(*) FROM yuebao.threshold AS t WHERE NOT t.judged), 1::bigint, 'another tree: active limits are judged anew');

-- taking note
SELECT is((SELECT string_agg(s.outcome, ' ' ORDER BY s.alert) FROM yuebao.see_alerts(ARRAY[(SELECT min(a.alert) FROM yuebao.alert AS a), 999999], 'called them') AS s),
    'seen unknown', 'an alert is seen once; what is not there is unknown');
SELECT * FROM finish();
ROLLBACK;
