-- What moved since the period before, on the tiny example, computed by hand.
--
--                  county 220203                                    county 220204
--   2025-01        P1 100 3/4, P2 50 1/4, J1 200 0/2; activity 1.0, 2.0  P3 1000
--   2025-02        P1 110 9/10, P2 90                                    P3 1000, P5 25
BEGIN;
SELECT plan(9);
\ir fixture.psql

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "rate": [3, 4], "activity": [10], "largest": [60]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "rate": [1, 4], "largest": [30]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200], "rate": [0, 2], "activity": [20]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [1000]}');
SELECT yuebao.fold_totals(5);
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [110], "funds": [300], "rate": [9, 10], "largest": [45]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-02-01', '{"pupils": [90], "largest": [45], "activity": [30]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-02-01', '{"pupils": [1000]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [25]}');

-- indicator: before (schools) -> figure (schools), change, moved
CREATE FUNCTION pg_temp.moved(district integer, period text, code text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', coalesce(c.before::text, '-'), '(' || c.before_schools || ') ->', coalesce(c.figure::text, '-'), '(' || c.schools || ')',
                     coalesce(c.change::text, '-'), coalesce(trim_scale(c.moved)::text, '-'))
    FROM api.changes_in(district, period) AS c WHERE c.indicator = code
$$;
SELECT is(pg_temp.moved(220203, '2025-02', 'pupils'), '350 (3) -> 200 (2) -150 0.428571', 'a sum: by the larger of the two');
SELECT is(pg_temp.moved(220200, '2025-02', 'pupils'), '1350 (4) -> 1225 (4) -125 0.092593', 'a city, with the school that moved there');
SELECT is(pg_temp.moved(220203, '2025-02', 'rate'), '0.4 (3) -> 0.9 (1) 0.5 0.5', 'a ratio of sums moves by its change');
SELECT is(pg_temp.moved(220203, '2025-02', 'activity'), '1.5 (2) -> 3 (1) 1.5 0.5', 'a mean');
SELECT is(pg_temp.moved(220203, '2025-02', 'largest'), '60 (2) -> 45 (2) -15 0.25', 'a maximum');
SELECT is(pg_temp.moved(220203, '2025-02', 'funds'), '- (0) -> 3 (1) - -', 'what was missing before has no change: missing is not zero');
SELECT is(pg_temp.moved(220203, '2025-01', 'pupils'), '- (0) -> 350 (3) - -', 'the first period has none before');
SELECT is((SELECT array_agg(c.indicator) FILTER (WHERE c.moved IS NOT NULL) FROM api.changes_in(220203, '2025-02') AS c),
    '{activity,rate,pupils,largest}', 'what moved most comes first');
SELECT is((SELECT count(*) FROM api.changes_in(220203, '2025-02')), (SELECT count(DISTINCT i.indicator) FROM yuebao.form_indicator AS i),
    'every indicator that the period asks, with or without figures');

SELECT * FROM finish();
ROLLBACK;
