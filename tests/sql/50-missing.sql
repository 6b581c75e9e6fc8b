-- What is owed and missing, and schools that move or close.
BEGIN;
SELECT plan(21);
\ir fixture.psql

-- the calendar around this moment, so that now() falls into March
UPDATE yuebao.calendar SET opens_at = now() - interval '80 days', due_at = now() - interval '45 days', closes_at = now() - interval '40 days' WHERE period = '2025-01-01';
UPDATE yuebao.calendar SET opens_at = now() - interval '50 days', due_at = now() - interval '1 day', closes_at = now() + interval '4 days' WHERE period = '2025-02-01';
UPDATE yuebao.calendar SET opens_at = now() - interval '20 days', due_at = now() + interval '15 days', closes_at = now() + interval '20 days' WHERE period = '2025-03-01';
INSERT INTO yuebao.calendar SELECT c.form, '2025-04-01', now() + interval '1 day', now() + interval '2 days', now() + interval '3 days', c.zone, c.catalogue
FROM yuebao.calendar AS c WHERE c.period = '2025-03-01';

CREATE FUNCTION pg_temp.owed(period text) RETURNS text LANGUAGE sql AS
    'SELECT string_agg(m.school || ''@'' || m.district, '' '' ORDER BY m.school) FROM api.missing AS m WHERE m.period = owed.period';

SELECT is(pg_temp.owed('2025-01'), 'J1@220203 P1@220203 P2@220203 P3@220204 P4@220203 P5@220203', 'January is owed by all');
SELECT is(pg_temp.owed('2025-02'), 'J1@220203 P1@220203 P2@220203 P3@220204 P5@220204', 'February not by the closed school, and where the moved one is');
SELECT is(pg_temp.owed('2025-04'), NULL, 'April is not yet open');
SELECT is_empty($$SELECT * FROM api.missing AS m WHERE m.school = 'B1'$$, 'a bureau owes no form of schools');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [1]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [1]}');
SELECT is(pg_temp.owed('2025-02'), 'J1@220203 P2@220203 P3@220204', 'an accepted report is owed no more');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [2]}', 2);
SELECT is(pg_temp.owed('2025-02'), 'J1@220203 P2@220203 P3@220204', 'nor after its correction');
SELECT results_eq($$SELECT DISTINCT m.period, m.overdue, m.closed FROM api.missing AS m ORDER BY m.period$$,
    $$VALUES ('2025-01', true, true), ('2025-02', true, false), ('2025-03', false, false)$$, 'overdue and closed');
INSERT INTO yuebao.school_key (key, school) SELECT sha256('J1'), s.school FROM yuebao.school AS s WHERE s.code = 'J1';
INSERT INTO yuebao.school_key (key, school, revoked_at) SELECT sha256('P3'), s.school, now() FROM yuebao.school AS s WHERE s.code = 'P3';
SELECT results_eq($$SELECT m.school, m.enrolled FROM api.missing AS m WHERE m.period = '2025-02' ORDER BY m.school$$,
    $$VALUES ('J1', true), ('P2', true), ('P3', false)$$, 'one key serves its institution; a revoked one nobody');
INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
SELECT 220203, '2025-01-01', s.school, f.form, sha256('k'), 1, 'key', now(), '', '' FROM yuebao.school AS s, yuebao.form AS f WHERE s.code = 'P1' AND f.code = 'primary.monthly';
SELECT results_eq($$SELECT m.school FROM api.missing AS m WHERE m.kept$$, $$VALUES ('P1')$$, 'what came after close is still missing, but kept');
SELECT is((SELECT count(*) FROM api.missing_in(220204) AS m WHERE m.period = '2025-02'), 1::bigint, 'a county''s');
SELECT is((SELECT count(*) FROM api.missing_in(220000) AS m WHERE m.period = '2025-02'), 3::bigint, 'a province''s includes what is below it');

-- moves
SELECT is(yuebao.school_district_on(s.school, '2025-01-31'), 220203, 'before a move') FROM yuebao.school AS s WHERE s.code = 'P5';
SELECT is(yuebao.school_district_on(s.school, '2025-02-01'), 220204, 'from the day of a move') FROM yuebao.school AS s WHERE s.code = 'P5';
SELECT is(yuebao.school_district_on(s.school, '2019-12-31'), NULL, 'before it existed') FROM yuebao.school AS s WHERE s.code = 'P5';
SELECT throws_like($$SELECT yuebao.move_school('P1', 220204, '2025-02-28')$$,
    'school P1 cannot move on 2025-02-28: its report primary.monthly for 2025-02 is accepted%', 'no move under an accepted report, which is named');
SELECT lives_ok($$SELECT yuebao.move_school('P1', 220204, '2025-03-01')$$, 'the day after it is free');
SELECT is(pg_temp.owed('2025-03'), 'J1@220203 P1@220204 P2@220203 P3@220204 P5@220204', 'and takes effect');
SELECT throws_like($$SELECT yuebao.move_school('P1', 220203, '2025-02-15')$$, '%it moves on 2025-03-01 already', 'not before a move that is already known');
SELECT throws_like($$SELECT yuebao.move_school('P9', 220203, '2025-02-15')$$, 'no school P9', 'an unknown school');
SELECT throws_like($$SELECT yuebao.move_school('P2', 1, '2025-02-15')$$, 'no district 1', 'an unknown district');
SELECT isnt_empty($$SELECT FROM pg_locks AS l WHERE l.pid = pg_backend_pid() AND l.relation = 'yuebao.report'::regclass AND l.mode = 'ShareLock'$$,
    'no claim passes a move until it is committed');

SELECT * FROM finish();
ROLLBACK;
