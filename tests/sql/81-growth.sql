-- Months that are made ahead, put away and brought back: what stays, what is said, what is refused.
BEGIN;
SELECT plan(61);
\ir fixture.psql

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "rate": [3, 4], "largest": [60]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [110], "rate": [3, 4], "largest": [60]}', 2);
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "funds": "2"}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-02-01', '{"pupils": [1000]}');
INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) VALUES ('largest_of_pupils', 'warning', '<=', '最大', 'largest');
INSERT INTO yuebao.rule_term (rule, side, position, indicator, part)
SELECT u.rule, t.side, 1, i.indicator, 'value' FROM yuebao.rule AS u, (VALUES ('left', 'largest'), ('right', 'pupils')) AS t (side, code)
JOIN yuebao.indicator AS i ON i.code = t.code;
INSERT INTO yuebao.area (code, kind, name_zh, name_en, district) VALUES ('cluster', 'cluster', '学区', 'Cluster', 220203);
INSERT INTO yuebao.area_school (area, school) SELECT a.area, s.school FROM yuebao.area AS a, yuebao.school AS s WHERE a.code = 'cluster' AND s.code IN ('P1', 'P4');
SELECT yuebao.fold_totals(2); -- some folded, some not

-- ---- ahead ------------------------------------------------------------------------------------------------------------------------------

SELECT is((SELECT count(*) FROM yuebao.upkeep(3) AS u WHERE u.task = 'partitions'), 4::bigint, 'this month and three more');
SELECT is((SELECT sum(u.amount) FROM yuebao.upkeep(3) AS u WHERE u.task = 'partitions'), 16::numeric, 'four tables each');
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT u.statement FROM yuebao.upkeep(3) AS u WHERE u.task = 'partitions' LOOP EXECUTE one.statement; END LOOP;
END $$;
SELECT is((SELECT count(*) FROM yuebao.upkeep(3) AS u WHERE u.task = 'partitions'), 0::bigint, 'made once');
SELECT is((SELECT count(*) FROM yuebao.upkeep(4) AS u WHERE u.task = 'partitions'), 1::bigint, 'one more month, one more');
SELECT ok((SELECT k.reloptions @> ARRAY['autovacuum_vacuum_insert_scale_factor=0.05'] FROM pg_class AS k WHERE k.oid = 'yuebao.figure_2025_01'::regclass),
    'a month is set up for rows that are added');

-- ---- codes ------------------------------------------------------------------------------------------------------------------------------

INSERT INTO yuebao.enrolment (code_hash, school, expires_at)
SELECT sha256(d.days::text::bytea), (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'P1'), now() - make_interval(days => d.days)
FROM (VALUES (31), (29), (-1)) AS d (days);
INSERT INTO yuebao.school_key (key, school) SELECT sha256('k'), s.school FROM yuebao.school AS s WHERE s.code = 'P1';
INSERT INTO yuebao.enrolment (code_hash, school, expires_at, used_at, used_key)
SELECT sha256('used'), s.school, now() - interval '100 days', now() - interval '101 days', sha256('k') FROM yuebao.school AS s WHERE s.code = 'P1';
SELECT is((SELECT u.amount FROM yuebao.upkeep(0) AS u WHERE u.task = 'codes'), 1::bigint, 'one code expired long ago, unused');
SELECT is(yuebao.clear_enrolments(), 1, 'it is forgotten');
SELECT is((SELECT count(*) FROM yuebao.enrolment), 3::bigint, 'those that were used, or may still be asked about, stay');
SELECT is_empty($$ SELECT FROM yuebao.upkeep(0) AS u WHERE u.task = 'codes' $$, 'then there is nothing to do');

-- ---- what keeps a month here ---------------------------------------------------------------------------------------------------------------

SELECT is(yuebao.detach_month('2019-01-01'), 'unknown', 'a month that is not there');
UPDATE yuebao.calendar SET closes_at = now() - interval '95 hours' WHERE period = '2025-01-01' AND form = (SELECT f.form FROM yuebao.form AS f WHERE f.code = 'junior.monthly');
SELECT results_eq($$ SELECT k.reason, k.subject FROM yuebao.keeps_attached('2025-01-01') AS k $$, $$VALUES ('open', 'junior.monthly 2025-01')$$,
    'a form of which a report that came in time may still be taken');
SELECT is(yuebao.detach_month('2025-01-01'), 'open', 'is not put away');
UPDATE yuebao.calendar SET closes_at = now() - interval '97 hours' WHERE period = '2025-01-01';
INSERT INTO yuebao.extension (form, period, school, opens_at, due_at, closes_at, reason)
SELECT f.form, '2025-01-01', s.school, now() - interval '9 days', now(), now() + interval '1 day', 'flood'
FROM yuebao.form AS f, yuebao.school AS s WHERE f.code = 'primary.monthly' AND s.code = 'P4';
SELECT is(yuebao.detach_month('2025-01-01'), 'open', 'nor one that is open for a single school');
DELETE FROM yuebao.extension;
INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
SELECT 220203, '2025-01-01', s.school, f.form, sha256('kept'), 1, 'key', now(), '', ''
FROM yuebao.form AS f, yuebao.school AS s WHERE f.code = 'primary.monthly' AND s.code = 'P4';
SELECT is(yuebao.detach_month('2025-01-01'), 'kept', 'nor one with a statement that waits for a decision');
DELETE FROM yuebao.kept;
SELECT is_empty($$ SELECT FROM yuebao.keeps_attached('2025-01-01') $$, 'now nothing keeps it');

-- ---- away -------------------------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE before AS SELECT t.* FROM api.district_total AS t WHERE t.indicator <> 'largest';
CREATE TEMPORARY TABLE complete_before AS SELECT c.* FROM api.completeness AS c;
CREATE TEMPORARY TABLE figures_before AS SELECT g.* FROM api.figure AS g;
SELECT is(yuebao.detach_month('2025-01-01'), 'left', 'it leaves');
SELECT is(yuebao.detach_month('2025-01-01'), 'left', 'once');
INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
SELECT 220203, '2025-01-01', s.school, f.form, sha256('kept'), 1, 'key', now(), '', ''
FROM yuebao.form AS f, yuebao.school AS s WHERE f.code = 'primary.monthly' AND s.code = 'P4';
SELECT is(yuebao.detach_month('2025-01-01'), 'left', 'and counting follows, whatever came meanwhile and waits for a decision');
DELETE FROM yuebao.kept;
SELECT is((SELECT a.outcome FROM yuebao.attach_month('2025-01-01') AS a), 'uncounted', 'before it is counted, nobody knows what may come back');
SELECT results_eq($$ SELECT d.outcome, d.figures, d.history FROM yuebao.count_month('2025-01-01') AS d $$, $$VALUES ('detached_now', 5::bigint, 3::bigint)$$, 'counted');
SELECT is((SELECT d.outcome FROM yuebao.count_month('2025-01-01') AS d), NULL, 'once');
SELECT is(yuebao.detach_month('2025-01-01'), 'detached', 'once');
SELECT set_eq($$ SELECT t.* FROM api.district_total AS t WHERE t.indicator <> 'largest' $$, $$ SELECT * FROM before $$, 'every total is what it was, folded or not');
SELECT is((SELECT t.value FROM api.district_total AS t WHERE t.indicator = 'largest' AND t.district = 220203), NULL, 'a maximum is not known, and not zero');
SELECT throws_ok($$ SELECT FROM yuebao.publishable(220200, '2025-01-01', 'monthly') $$, 'YB029', NULL, 'nothing is published: what must be held back is not known');
SELECT set_eq($$ SELECT c.* FROM api.completeness AS c $$, $$ SELECT * FROM complete_before $$, 'who reported is what it was: nobody is missing');
SELECT is((SELECT count(*) FROM api.figure AS g WHERE g.first_day = '2025-01-01'), 0::bigint, 'single figures are not there');
SELECT results_eq($$ SELECT m.standing, m.figures_about, m.books_bytes, m.detached_by = session_user FROM api.month AS m WHERE m.month = '2025-01' $$,
    $$VALUES ('detached', 5::bigint, 0::bigint, true)$$, 'and it is said where they are');
SELECT results_eq($$ SELECT c.expected, c.with_value, c.left_out, c.not_reported FROM api.coverage AS c
                     WHERE c.district = 220203 AND c.period = '2025-01' AND c.form = 'primary.monthly' AND c.indicator = 'pupils' $$,
    $$VALUES (4::bigint, NULL::bigint, NULL::bigint, 2::bigint)$$, 'nothing is counted as left out');
SELECT throws_ok($$ SELECT * FROM api.drill(220203, '2025-01', 'pupils') $$, 'YB029',
    format('the figures of single schools of 2025-01 are put away, since %s, by %s', to_char(now(), 'YYYY-MM-DD'), session_user), 'the schools behind a total');
SELECT throws_ok($$ SELECT * FROM api.distribution('pupils', '2025-01', 220203) $$, 'YB029', NULL, 'how they are spread');
SELECT throws_ok($$ SELECT * FROM api.profile('P1', '2025-01') $$, 'YB029', NULL, 'a school''s profile');
SELECT throws_ok($$ SELECT * FROM api.figure_trace('P1', '2025-01', 'pupils') $$, 'YB029', NULL, 'one figure');
SELECT throws_ok($$ SELECT * FROM api.trend('pupils', NULL, 'P1') $$, 'YB029', NULL, 'a school over time');
SELECT results_eq($$ SELECT t.indicator, t.figure, t.put_away FROM api.totals(220203, '2025-01') AS t WHERE t.indicator IN ('pupils', 'largest') ORDER BY 1 $$,
    $$VALUES ('largest', NULL::numeric, true), ('pupils', 160, false)$$, 'in the summary table a maximum is said to be put away, a sum is what it was');
SELECT throws_ok($$ SELECT * FROM api.rank_districts('largest', '2025-01', 220200) $$, 'YB029', NULL, 'a maximum of districts');
SELECT results_eq($$ SELECT t.figure, t.schools FROM api.trend('largest', 220203) AS t WHERE t.period = '2025-01' $$, $$VALUES (NULL::numeric, 1::bigint)$$,
    'and over time it is left empty beside the schools that have one');
SELECT throws_ok($$ SELECT * FROM api.totals(NULL, '2025', in_area => 'cluster') $$, 'YB029', NULL, 'an area''s summary table');
SELECT is((SELECT r.before_period FROM api.rank_areas('pupils', '2025-02') AS r), NULL, 'beside areas stands no month that is away');
SELECT throws_ok($$ SELECT * FROM api.area_total('2025-01', 'cluster') $$, 'YB029', NULL, 'an area, which is read from its schools');
SELECT throws_ok($$ SELECT * FROM api.trend('pupils', in_area => 'cluster') $$, 'YB029', NULL, 'and over time');
SELECT results_eq($$ SELECT c.expected, c.with_value, c.left_out, c.not_reported FROM api.area_coverage AS c
                     WHERE c.area = 'cluster' AND c.period = '2025-01' AND c.form = 'primary.monthly' AND c.indicator = 'pupils' $$,
    $$VALUES (2::bigint, NULL::bigint, NULL::bigint, 1::bigint)$$, 'what it covers is not known');
SELECT throws_ok($$ SELECT * FROM api.outliers_in(220203, '2025-01') $$, 'YB029', NULL, 'outliers');
SELECT throws_ok($$ SELECT * FROM api.breaches_in(220203, '2025-01') $$, 'YB029', NULL, 'breaches');
SELECT throws_ok($$ SELECT * FROM api.review_figures('P1', 'primary.monthly', '2025-01') $$, 'YB029', NULL, 'what a bureau reviews');
SELECT lives_ok($$ SELECT * FROM api.trend('pupils', 220203) $$, 'a district over time is its totals');
SELECT lives_ok($$ SELECT * FROM api.drill(220204, '2025-02', 'pupils') $$, 'other months are here');
SELECT throws_ok($$ UPDATE yuebao.calendar SET closes_at = now() + interval '1 day' WHERE period = '2025-01-01' $$, 'YB029', NULL, 'it does not open again');
SELECT lives_ok($$ UPDATE yuebao.calendar SET closes_at = closes_at + interval '1 minute' WHERE period = '2025-01-01' $$, 'a window that stays closed is nobody''s concern');
SELECT is(yuebao.make_partitions('2025-01-01', '2025-01-31'), 0, 'nothing is made in its place');

-- ---- and back -----------------------------------------------------------------------------------------------------------------------------

SAVEPOINT away;
UPDATE yuebao.figure_2025_01 SET value = value + 1 WHERE value = 110;
SELECT results_eq($$ SELECT a.outcome, a.subject, a.rows_found, a.rows_expected FROM yuebao.attach_month('2025-01-01') AS a $$,
    $$VALUES ('changed', 'figure_2025_01', 5::bigint, 5::bigint)$$, 'one figure is another');
ROLLBACK TO away;
DELETE FROM yuebao.figure_history_2025_01 WHERE indicator = (SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = 'rate');
SELECT results_eq($$ SELECT a.outcome, a.subject, a.rows_found, a.rows_expected FROM yuebao.attach_month('2025-01-01') AS a $$,
    $$VALUES ('changed', 'figure_history_2025_01', 2::bigint, 3::bigint)$$, 'a row of the history is gone');
ROLLBACK TO away;
ALTER TABLE yuebao.figure_2025_01 DROP CONSTRAINT figure_value_or_reason;
SELECT is((SELECT a.outcome FROM yuebao.attach_month('2025-01-01') AS a), 'unfit', 'a constraint is gone');
ROLLBACK TO away;
DROP TABLE yuebao.figure_2025_01;
SELECT is((SELECT a.outcome FROM yuebao.attach_month('2025-01-01') AS a), 'gone', 'the table is');
SELECT is(yuebao.make_partitions('2025-01-01', '2025-01-31'), 0, 'and still nothing is made in its place');
ROLLBACK TO away;
SELECT is((SELECT a.outcome FROM yuebao.attach_month('2025-02-01') AS a), 'not_detached', 'a month that is here');
SELECT is((SELECT a.outcome FROM yuebao.attach_month('2025-01-01') AS a), 'attached_now', 'back');
SELECT set_eq($$ SELECT g.* FROM api.figure AS g $$, $$ SELECT * FROM figures_before $$, 'every figure is what it was');
SELECT is((SELECT count(*) FROM api.drill(220203, '2025-01', 'pupils')), 5::bigint, 'and is answered');
SELECT is_empty($$ SELECT FROM yuebao.detached $$, 'nothing is away');
SELECT results_eq($$ SELECT l.action, l.detail ->> 'month' FROM yuebao.audit_log AS l WHERE l.detail ? 'month' ORDER BY l.audit_log $$, $$VALUES ('detach', '2025-01'), ('detached', '2025-01'), ('attach', '2025-01')$$,
    'all of it is in the audit log');

SELECT * FROM finish();
ROLLBACK;
