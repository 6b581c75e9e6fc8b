-- Totals are exact at once, before, between and after folds.
BEGIN;
SELECT plan(24);
\ir fixture.psql

CREATE FUNCTION pg_temp.differences() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (
        SELECT p.district, p.period, p.form, p.indicator, sum(p.schools) AS schools, sum(p.excused) AS excused, sum(p.value) AS value,
               sum(p.denominator) AS denominator
        FROM yuebao.total_part AS p GROUP BY 1, 2, 3, 4
    ) AS t FULL JOIN (
        SELECT g.district, g.period, g.form, g.indicator, count(g.value) AS schools, count(g.missing) AS excused, sum(coalesce(g.value, 0)) AS value,
               sum(coalesce(g.denominator, 0)) AS denominator
        FROM yuebao.figure AS g GROUP BY 1, 2, 3, 4
        UNION ALL -- the reports themselves
        SELECT r.district, r.period, r.form, 0, count(*) FILTER (WHERE r.revision = 1), count(*) FILTER (WHERE r.revision = 1 AND r.late),
               count(*) FILTER (WHERE r.revision = 2), count(*) FILTER (WHERE r.admitted)
        FROM yuebao.report AS r GROUP BY 1, 2, 3
    ) AS f USING (district, period, form, indicator)
    WHERE (t.schools, t.excused, t.value, t.denominator) IS DISTINCT FROM (f.schools, f.excused, f.value, f.denominator)
      AND (f.schools IS NOT NULL OR t.schools <> 0 OR t.excused <> 0 OR t.value <> 0 OR t.denominator <> 0)
$$;

-- the same of every node of the tree with all below it
CREATE FUNCTION pg_temp.differences_within() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (
        SELECT t.district, t.period, t.form, t.indicator, sum(t.schools) AS schools, sum(t.excused) AS excused, sum(t.value) AS value,
               sum(t.denominator) AS denominator
        FROM yuebao.total_within AS t GROUP BY 1, 2, 3, 4
    ) AS t FULL JOIN (
        SELECT a.ancestor AS district, p.period, p.form, p.indicator, sum(p.schools) AS schools, sum(p.excused) AS excused, sum(p.value) AS value,
               sum(p.denominator) AS denominator
        FROM yuebao.total_part AS p JOIN yuebao.district_ancestor AS a ON a.district = p.district GROUP BY 1, 2, 3, 4
    ) AS f USING (district, period, form, indicator)
    WHERE (coalesce(t.schools, 0), coalesce(t.excused, 0), coalesce(t.value, 0), coalesce(t.denominator, 0))
          <> (coalesce(f.schools, 0), coalesce(f.excused, 0), coalesce(f.value, 0), coalesce(f.denominator, 0))
$$;

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "funds": [150], "rate": [3, 4], "largest": [60], "activity": [10]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "funds": [225], "rate": [1, 4], "largest": [40], "activity": [25]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-01-01', '{"pupils": [20], "funds": "2", "rate": [0, 0]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200], "funds": [25]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [1000], "largest": [70]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [25]}');

SELECT is(pg_temp.differences(), 0::bigint, 'totals are the sums of figures before any fold');

-- one at a time
SELECT dblink_connect('other', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                                      current_setting('port'), current_database(), current_user));
SELECT dblink_exec('other', 'BEGIN');
SELECT is(r.held, true, 'another session folds')
FROM dblink('other', 'SELECT pg_try_advisory_xact_lock(hashtext(''yuebao.fold_totals''))') AS r (held boolean);
SELECT is(yuebao.fold_totals(2), 0, 'this one does not meanwhile, and does not wait');
SELECT dblink_exec('other', 'ROLLBACK');
SELECT dblink_disconnect('other');

SELECT is(yuebao.fold_totals(2), 2, 'a fold is bounded');
SELECT is(pg_temp.differences(), 0::bigint, 'half folded');
SELECT is(pg_temp.differences_within(), 0::bigint, 'and of every node of the tree');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [90], "funds": "1", "rate": [2, 4], "largest": [61]}', 2);
SELECT is(pg_temp.differences(), 0::bigint, 'a correction takes back what it replaces');
SELECT is((SELECT count(*) FROM yuebao.figure_history), 5::bigint, 'and history keeps it');
CREATE FUNCTION pg_temp.waits(wanted smallint[]) RETURNS SETOF yuebao.total_above LANGUAGE sql AS $$
    SELECT a.ancestor, u.period, u.form, u.indicator, sum(u.schools)::bigint, sum(u.excused)::bigint, sum(u.value), sum(u.denominator)
    FROM yuebao.total_unfolded AS u JOIN yuebao.district_ancestor AS a ON a.district = u.district
    WHERE wanted IS NULL OR u.indicator = ANY (wanted)
    GROUP BY a.ancestor, u.period, u.form, u.indicator
$$;
CREATE FUNCTION pg_temp.waiting(wanted smallint[]) RETURNS SETOF yuebao.total_above LANGUAGE sql AS $$
    SELECT * FROM yuebao.unfolded_of(ARRAY(SELECT district FROM yuebao.district), ARRAY(SELECT form FROM yuebao.form), ARRAY(SELECT period FROM yuebao.calendar), wanted)
$$;
SELECT bag_eq('SELECT * FROM pg_temp.waiting(NULL)', 'SELECT * FROM pg_temp.waits(NULL)', 'what is not folded, of all indicators at once');
SELECT bag_eq('SELECT * FROM pg_temp.waiting(''{0, 1, 2}'')', 'SELECT * FROM pg_temp.waits(''{0, 1, 2}'')', 'and of a few');
SELECT ok((SELECT count(*) > 10 FROM pg_temp.waits('{0, 1, 2}')), 'there is some of these');
SELECT is(yuebao.fold_totals(1000) + yuebao.fold_totals(1000), 13, 'the rest, and then nothing');
SELECT is(pg_temp.differences(), 0::bigint, 'all folded');
SELECT is_empty('SELECT * FROM yuebao.total_delta', 'no difference is left over');
SELECT is(pg_temp.differences_within(), 0::bigint, 'and every node is');
UPDATE yuebao.district SET parent = 220000 WHERE district = 220204;
SELECT is(pg_temp.differences_within(), 0::bigint, 'when a county is put below another district, too');
UPDATE yuebao.district SET parent = 220200 WHERE district = 220204;

DO $$
BEGIN
    FOR i IN 3..40 LOOP -- many corrections, folded a row at a time and out of step
        PERFORM pg_temp.file('P1', 'primary.monthly', '2025-01-01', jsonb_build_object('pupils', jsonb_build_array(i * 7919 % 500), 'rate', jsonb_build_array(i % 5, 5)), i);
        PERFORM yuebao.fold_totals(i % 3);
        IF pg_temp.differences() <> 0 THEN
            RAISE EXCEPTION 'totals differ after revision %', i;
        END IF;
    END LOOP;
END
$$;
SELECT is(pg_temp.differences(), 0::bigint, 'exact under repeated folds');
SELECT is(pg_temp.differences_within(), 0::bigint, 'every node of the tree');
SELECT is(yuebao.fold_totals(0), 0, 'a fold of nothing');

SELECT results_eq($$
    SELECT c.relname::text COLLATE "default", o.option_name, o.option_value
    FROM pg_class AS c CROSS JOIN LATERAL pg_options_to_table(c.reloptions) AS o
    WHERE c.relnamespace = 'yuebao'::regnamespace AND c.relname ~ '^total_' AND c.relkind = 'r'
      AND o.option_name IN ('fillfactor', 'autovacuum_vacuum_scale_factor', 'autovacuum_vacuum_threshold')
    ORDER BY c.relname, o.option_name
$$, $$VALUES
    ('total_above', 'autovacuum_vacuum_scale_factor', '0'), ('total_above', 'autovacuum_vacuum_threshold', '1000'), ('total_above', 'fillfactor', '50'),
    ('total_delta', 'autovacuum_vacuum_scale_factor', '0'), ('total_delta', 'autovacuum_vacuum_threshold', '500'),
    ('total_folded', 'autovacuum_vacuum_scale_factor', '0'), ('total_folded', 'autovacuum_vacuum_threshold', '20000'), ('total_folded', 'fillfactor', '50'),
    ('total_judged', 'autovacuum_vacuum_scale_factor', '0'), ('total_judged', 'autovacuum_vacuum_threshold', '1000'), ('total_judged', 'fillfactor', '50'),
    ('total_to_judge', 'autovacuum_vacuum_scale_factor', '0'), ('total_to_judge', 'autovacuum_vacuum_threshold', '500')
$$, 'dead versions go by number, however large the table, and rows that change have room beside them');

-- as people see them
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "funds": [150], "rate": [3, 4], "largest": [60], "activity": [10]}', 41);
SELECT results_eq($$
    SELECT t.kind, t.indicator, t.schools, t.excused, t.value, t.denominator, t.ratio FROM api.district_total AS t
    WHERE t.district = 220203 AND t.period = '2025-01' ORDER BY t.kind, t.indicator
$$, $$VALUES
    ('junior',  'funds',    1::bigint, 0::bigint, 0.25, NULL::numeric, NULL::numeric),
    ('junior',  'pupils',   1, 0, 200, NULL, NULL),
    ('primary', 'activity', 2, 0, 1.75, NULL, NULL),
    ('primary', 'funds',    2, 1, 3.75, NULL, NULL),
    ('primary', 'largest',  2, 0, 60, NULL, NULL),
    ('primary', 'pupils',   3, 0, 170, NULL, NULL),
    ('primary', 'rate',     3, 0, 4, 8, 0.5)
$$, 'sum, mean, maximum and ratio of sums of a county');
SELECT results_eq($$
    SELECT t.district, t.schools, t.value FROM api.district_total AS t
    WHERE t.first_day = '2025-01-01' AND t.indicator = 'pupils' AND t.kind = 'primary' ORDER BY t.district
$$, $$VALUES (100000, 4::bigint, 1170::numeric), (220000, 4, 1170), (220200, 4, 1170), (220203, 3, 170), (220204, 1, 1000)$$,
    'every node of the tree counts what is below it');
SELECT results_eq($$SELECT t.value FROM api.district_total AS t WHERE t.district = 220200 AND t.period = '2025-01' AND t.indicator = 'largest'$$,
    $$VALUES (70::numeric)$$, 'a city''s maximum is its counties'' greatest');
SELECT results_eq($$
    SELECT g.school, g.indicator, g.value, g.denominator, g.ratio, g.missing_zh, g.missing_en, g.revision, g.late FROM api.figure AS g
    WHERE g.district = 220203 AND g.period = '2025-01' AND g.school IN ('P1', 'P5') AND g.indicator IN ('rate', 'funds') ORDER BY g.school, g.indicator
$$, $$VALUES
    ('P1', 'funds', 1.50, NULL::numeric, NULL::numeric, NULL, NULL, 41, true),
    ('P1', 'rate', 3, 4, 0.75, NULL, NULL, 41, true),
    ('P5', 'funds', NULL, NULL, NULL, '暂未掌握', 'not yet known', 1, false),
    ('P5', 'rate', 0, 0, NULL, NULL, NULL, 1, false)
$$, 'figures with decimals, reasons in words');

SELECT * FROM finish();
ROLLBACK;
