-- What triggers and functions keep: the tree, partitions, the registry's version.
BEGIN;
SELECT plan(17);
\ir fixture.psql

-- the tree (the fixture inserts children before their parents)
SELECT results_eq($$SELECT a.ancestor, a.distance::integer FROM yuebao.district_ancestor AS a WHERE a.district = 220203 ORDER BY a.distance$$,
    $$VALUES (220203, 0), (220200, 1), (220000, 2), (100000, 3)$$, 'a county has its whole chain');
SELECT is((SELECT count(*) FROM yuebao.district_ancestor), 4 + 4 + 3 + 2 + 1::bigint, 'and nobody has more');
UPDATE yuebao.district SET parent = 220000 WHERE district = 220203;
SELECT results_eq($$SELECT a.ancestor FROM yuebao.district_ancestor AS a WHERE a.district = 220203 ORDER BY a.distance$$,
    $$VALUES (220203), (220000), (100000)$$, 'a county that changes its parent changes its chain');
INSERT INTO yuebao.district VALUES (220205, 220203, 'county', '下', 'below');
UPDATE yuebao.district SET parent = 220204 WHERE district = 220203;
SELECT results_eq($$SELECT a.ancestor FROM yuebao.district_ancestor AS a WHERE a.district = 220205 ORDER BY a.distance$$,
    $$VALUES (220205), (220203), (220204), (220200), (220000), (100000)$$, 'and takes along what is below it');
SELECT throws_like($$UPDATE yuebao.district SET parent = 220205 WHERE district = 220204$$, '%would be its own ancestor', 'no circle');
DELETE FROM yuebao.district WHERE district = 220205;
SELECT is_empty($$SELECT * FROM yuebao.district_ancestor WHERE 220205 IN (district, ancestor)$$, 'a removed district leaves the chains');

-- partitions
SELECT has_table('yuebao', 'report_2025_02'::name, 'a period in the calendar has its partition');
SELECT is(yuebao.make_partitions('2025-01-15', '2025-03-01'), 0, 'made once');
SELECT is(yuebao.make_partitions('2030-11-30', '2031-01-01'), 12, 'four tables, three months');
SELECT results_eq($$SELECT pg_get_expr(c.relpartbound, c.oid) COLLATE "default" FROM pg_class AS c WHERE c.oid = 'yuebao.figure_2030_12'::regclass$$,
    $$VALUES ($x$FOR VALUES FROM ('2030-12-01') TO ('2031-01-01')$x$)$$, 'a month, a partition');
SELECT is((SELECT c.relowner::regrole::text FROM pg_class AS c WHERE c.oid = 'yuebao.figure_2030_12'::regclass), 'yuebao_admin',
    'whoever calls, the administrator owns it');
SELECT throws_ok($$INSERT INTO yuebao.calendar SELECT c.form, '2025-04-02', c.opens_at, c.due_at, c.closes_at, c.zone, c.catalogue
                   FROM yuebao.calendar AS c LIMIT 1$$, '23514', NULL, 'a month does not begin on its second day');

-- the registry's version
CREATE FUNCTION pg_temp.version() RETURNS bigint LANGUAGE sql AS 'SELECT version FROM yuebao.registry_version';
SELECT is(pg_temp.version(), 2::bigint, 'everything so far was one transaction: one step');
SAVEPOINT before;
SELECT set_config('yuebao.registry_raised', '', true); -- as another transaction would find it
UPDATE yuebao.school SET name_zh = '改名' WHERE code = 'P1';
SELECT is(pg_temp.version(), 3::bigint, 'the next transaction is the next step');
ROLLBACK TO before;
SELECT is(pg_temp.version(), 2::bigint, 'what is rolled back was no step');
SELECT results_eq($$
    SELECT t.tgrelid::regclass::text FROM pg_trigger AS t WHERE t.tgfoid = 'yuebao.registry_changed'::regproc ORDER BY 1
$$, $$VALUES ('yuebao.calendar'), ('yuebao.catalogue'), ('yuebao.district'), ('yuebao.extension'), ('yuebao.form'), ('yuebao.form_indicator'), ('yuebao.form_school'), ('yuebao.school'),
    ('yuebao.school_district'), ('yuebao.school_key')$$, 'what collectors hold in memory is watched');
SELECT is((SELECT count(*) FROM pg_trigger AS t WHERE t.tgfoid = 'yuebao.registry_changed'::regproc AND t.tgtype & 60 = 60), 10::bigint,
    'inserts, updates, deletes and truncation');

SELECT * FROM finish();
ROLLBACK;
