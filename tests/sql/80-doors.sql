-- What other programs read: each school once in api.own_total, whose sums over districts are api.district_total; a version of the schema.
BEGIN;
SELECT plan(7);
\ir fixture.psql

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "funds": [150], "rate": [3, 4], "largest": [60], "activity": [10]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "funds": [225], "rate": [1, 4], "largest": [40], "activity": [25]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [1000], "largest": [70], "funds": "2", "activity": [45]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200]}');

SELECT results_eq($$
    SELECT o.district, o.form, o.indicator, o.value, o.denominator, o.schools::int FROM api.own_total AS o
    WHERE o.first_day = '2025-01-01' AND o.indicator IN ('pupils', 'rate', 'largest', 'activity') AND o.form = 'primary.monthly'
    ORDER BY 1, 3
$$, $$VALUES
    (220203, 'primary.monthly', 'activity', 3.5,   NULL::numeric, 2),
    (220203, 'primary.monthly', 'largest',  60,    NULL, 2),
    (220203, 'primary.monthly', 'pupils',   150,   NULL, 2),
    (220203, 'primary.monthly', 'rate',     4,     8,    2),
    (220204, 'primary.monthly', 'activity', 4.5,   NULL, 1),
    (220204, 'primary.monthly', 'largest',  70,    NULL, 1),
    (220204, 'primary.monthly', 'pupils',   1000,  NULL, 1)
$$, 'a district''s own schools: sums, also of what is a mean; the greatest; numerator and denominator');

SELECT is_empty($$SELECT FROM api.own_total AS o WHERE o.district IN (220200, 220000, 100000)$$, 'districts without schools of their own have nothing');
SELECT is((SELECT o.value FROM api.own_total AS o WHERE o.district = 220204 AND o.indicator = 'funds'), NULL, 'a reason is no value');

SELECT is_empty($$
    SELECT t.district, t.form, t.indicator, t.value, w.value
    FROM api.district_total AS t
    JOIN (SELECT a.ancestor, o.form, o.first_day, o.indicator, o.over_schools, sum(o.value) AS value, sum(o.denominator) AS denominator, sum(o.schools) AS schools
          FROM yuebao.district_ancestor AS a JOIN api.own_total AS o ON o.district = a.district GROUP BY 1, 2, 3, 4, 5) AS w
        ON w.ancestor = t.district AND w.form = t.form AND w.first_day = t.first_day AND w.indicator = t.indicator
    WHERE w.over_schools IN ('sum', 'ratio_of_sums')
      AND (t.value, t.denominator, t.schools) IS DISTINCT FROM (w.value, w.denominator, w.schools)
$$, 'added up over the tree they are the totals of every district');
SELECT is((SELECT count(*) FROM api.district_total AS t WHERE t.form IS NULL), 0::bigint, 'a total names its form');

SELECT is((SELECT max(v.number) FROM api.version AS v), 1, 'the schema has a version');
SELECT is((SELECT count(*) FROM api.version AS v), (SELECT count(DISTINCT v.number) FROM api.version AS v), 'each number once');

SELECT * FROM finish();
ROLLBACK;
