-- What came after close: admitted once, into books and totals that are exact at once; or declined; for good.
BEGIN;
SELECT plan(38);
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

-- as the collector keeps it
CREATE FUNCTION pg_temp.keep(school_code text, name text, revision integer DEFAULT 1, period date DEFAULT '2025-01-01') RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
    SELECT yuebao.school_district_on(s.school, yuebao.period_last_day(keep.period, 'monthly')), keep.period, s.school, f.form, sha256(keep.name::bytea),
           keep.revision, 'key', '2025-03-20 10:00+08', 'envelope', 'kept'
    FROM yuebao.school AS s JOIN yuebao.form AS f ON f.kind = s.kind WHERE s.code = school_code
$$;
CREATE FUNCTION pg_temp.admit(name text, figures text, previous bytea DEFAULT '', remarks text DEFAULT '[]',
                              OUT outcome text, OUT held_revision integer, OUT held_at timestamptz) LANGUAGE sql AS $$
    SELECT a.outcome, a.held_revision, a.held_at
    FROM yuebao.admit(sha256(name::bytea), previous, 1::smallint, '填', '审', '负', '', (
        SELECT jsonb_agg(f.e - 'code' || jsonb_build_object('indicator', i.indicator)) FROM jsonb_array_elements(figures::jsonb) AS f (e)
        JOIN yuebao.indicator AS i ON i.code = f.e ->> 'code'), remarks::jsonb, '停电', '2025-03-21 09:00+08', 'receipt') AS a
$$;

-- admitted
SELECT pg_temp.keep('P1', 'first');
SELECT results_eq($$SELECT k.school, k.decision, k.held_revision FROM api.kept AS k$$, $$VALUES ('P1', 'waiting', NULL::integer)$$, 'it waits');
SELECT is((pg_temp.admit('first', '[{"code": "pupils", "value": 100, "denominator": 0}, {"code": "rate", "value": 3, "denominator": 4}, {"code": "funds", "missing": 2}]',
    remarks => '[{"indicator": 1, "rule": "r", "found": "5", "bound": "3", "explanation": "新生"}]')).outcome, 'admitted', 'it is admitted');
SELECT results_eq($$SELECT r.revision, r.late, r.admitted, r.received_at, r.filler, r.envelope, r.receipt FROM yuebao.report AS r$$,
    $$VALUES (1, true, true, timestamptz '2025-03-20 10:00+08', '填', 'envelope'::bytea, 'receipt'::bytea)$$,
    'the ledger has it as it came, marked, with its receipt');
SELECT results_eq($$SELECT i.code, g.value, g.denominator, g.missing FROM yuebao.figure AS g JOIN yuebao.indicator AS i USING (indicator) ORDER BY 1$$,
    $$VALUES ('funds', NULL, NULL, 2::smallint), ('pupils', 100::bigint, 0::bigint, NULL), ('rate', 3, 4, NULL)$$, 'the books have its figures');
SELECT is(pg_temp.differences(), 0::bigint, 'totals are exact at once');
SELECT results_eq($$SELECT t.value, t.schools FROM api.district_total AS t WHERE t.district = 220200 AND t.indicator = 'pupils'$$,
    $$VALUES (100::numeric, 1::bigint)$$, 'up to the city');
SELECT results_eq('SELECT m.revision, m.position, m.rule, m.explanation FROM yuebao.remark AS m', $$VALUES (1, 0::smallint, 'r', '新生')$$,
    'remarks stand beside it');
SELECT results_eq($$SELECT k.decision, k.decided_by, k.decided_at, k.reason, k.held_revision FROM api.kept AS k$$,
    $$VALUES ('admitted', session_user::text COLLATE "default", timestamptz '2025-03-21 09:00+08', '停电', 1)$$, 'by whom, when and why');
SELECT is((SELECT d.answer FROM yuebao.decision AS d), 'receipt'::bytea, 'the decision holds the answer that the school will get');
SELECT results_eq($$SELECT a.action, a.who, a.detail ->> 'school', a.detail ->> 'reason' FROM yuebao.audit_log AS a WHERE a.action IN ('admit', 'decline')$$,
    $$VALUES ('admit', session_user::text COLLATE "default", 'P1', '停电')$$, 'audited');

-- once
SELECT is((pg_temp.admit('first', '[{"code": "pupils", "value": 1, "denominator": 0}]')).outcome, 'decided', 'not twice');
SELECT is(yuebao.decline(sha256('first'), 'no', now(), ''), 'decided', 'nor declined after that');
SELECT is((pg_temp.admit('unheard of', '[]')).outcome, 'unknown', 'what never came is unknown');
SELECT is((SELECT count(*) FROM yuebao.report), 1::bigint, 'nothing of that is booked');

-- corrections
SELECT pg_temp.keep('P1', 'rival'), pg_temp.keep('P1', 'second', 2), pg_temp.keep('P1', 'third', 3);
SELECT results_eq($$SELECT (pg_temp.admit('rival', '[]')).*$$, $$VALUES ('not_next', 1, timestamptz '2025-03-20 10:00+08')$$,
    'another first revision does not follow, and what the slot holds is said');
SELECT is((pg_temp.admit('second', '[]', sha256('rival'))).outcome, 'not_next', 'nor a second one that follows another first');
SELECT is((pg_temp.admit('third', '[]', sha256('second'))).outcome, 'not_next', 'nor a third before the second');
SELECT is((SELECT count(*) FROM yuebao.decision), 1::bigint, 'what does not follow stays undecided');
SELECT is((pg_temp.admit('second', '[{"code": "pupils", "value": 90, "denominator": 0}, {"code": "funds", "value": 150, "denominator": 0}]', sha256('first'))).outcome,
    'admitted', 'the second does');
SELECT is((pg_temp.admit('third', '[{"code": "pupils", "value": 91, "denominator": 0}]', sha256('second'))).outcome, 'admitted', 'and then the third');
SELECT is(pg_temp.differences(), 0::bigint, 'totals are exact');
SELECT results_eq($$SELECT h.revision, i.code, h.value, h.replaced_by FROM yuebao.figure_history AS h JOIN yuebao.indicator AS i USING (indicator) ORDER BY 1, 2$$,
    $$VALUES (1, 'funds', NULL, sha256('second')), (1, 'pupils', 100::bigint, sha256('second')), (1, 'rate', 3, sha256('second')),
             (2, 'funds', 150, sha256('third')), (2, 'pupils', 90, sha256('third'))$$, 'and history has what was replaced, and by what');
SELECT is(yuebao.fold_totals(1000) > 0, true, 'folded');
SELECT is(pg_temp.differences(), 0::bigint, 'exact after the fold');

-- declined
SELECT is(yuebao.decline(sha256('rival'), '重复', '2025-03-22 09:00+08', 'declined'), 'declined', 'a rival is declined');
SELECT is((pg_temp.admit('rival', '[]')).outcome, 'decided', 'for good');
SELECT results_eq($$SELECT k.decision, k.reason FROM api.kept AS k WHERE k.decision = 'declined'$$, $$VALUES ('declined', '重复')$$, 'and shown so');
SELECT throws_ok($$SELECT yuebao.decline(sha256('rival2'), '', now(), '') FROM pg_temp.keep('P2', 'rival2')$$, '23514', NULL, 'not without a reason');

-- sent again while its period was open
SELECT pg_temp.keep('P2', sha256('P22025-01-011')::text);
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50]}');
UPDATE yuebao.kept SET id = sha256('P22025-01-011') WHERE school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'P2');
SELECT is((SELECT yuebao.decline(sha256('P22025-01-011'), 'x', now(), '')), 'booked', 'what is in the books cannot be declined');
SELECT is((SELECT k.decision FROM api.kept AS k WHERE k.school = 'P2'), 'booked', 'and nobody waits for that');

-- a school that moved after it had sent: where it belongs on the period's last day now
SELECT pg_temp.keep('P3', 'moved', 1, '2025-02-01');
SELECT yuebao.move_school('P3', 220203, '2025-02-10');
SELECT pg_temp.keep('P3', 'moved', 1, '2025-02-01'); -- the same, sent again from there
SELECT is((pg_temp.admit('moved', '[{"code": "pupils", "value": 7, "denominator": 0}]')).outcome, 'admitted', 'one statement in two districts is one');
SELECT is((SELECT r.district FROM yuebao.report AS r JOIN yuebao.school AS s USING (school) WHERE s.code = 'P3'), 220203, 'booked where the school is');
SELECT results_eq($$SELECT k.district, k.decision FROM api.kept AS k WHERE k.school = 'P3' ORDER BY 1$$, $$VALUES (220203, 'admitted'), (220204, 'admitted')$$,
    'decided in both');
DELETE FROM yuebao.school_district AS m USING yuebao.school AS s WHERE s.school = m.school AND s.code = 'J1';
INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
SELECT 220203, '2025-01-01', s.school, f.form, sha256('nowhere'), 1, 'key', now(), '', '' FROM yuebao.school AS s JOIN yuebao.form AS f ON f.kind = s.kind WHERE s.code = 'J1';
SELECT is((pg_temp.admit('nowhere', '[]')).outcome, 'moved', 'a school without a district has no books');
SELECT is(pg_temp.differences(), 0::bigint, 'totals are exact at the end');

-- who may
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'yuebao'::regnamespace
                    AND p.proname IN ('admit', 'decline', 'hold_kept', 'write_decision', 'book_figures')
                    AND (has_function_privilege('yuebao_collector', p.oid, 'EXECUTE') OR has_function_privilege('yuebao_reader', p.oid, 'EXECUTE'))$$,
    'neither collectors nor readers decide');
SELECT is_empty($$SELECT 1 WHERE has_table_privilege('yuebao_collector', 'yuebao.decision', 'INSERT, UPDATE, DELETE')$$, 'collectors only read decisions');
SELECT is((SELECT count(*) FROM yuebao.audit_log AS a WHERE a.action = 'admit'), 4::bigint, 'an audit line for each decision');

SELECT * FROM finish();
ROLLBACK;
