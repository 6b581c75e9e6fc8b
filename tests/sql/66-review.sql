-- The bureau's review: what waits, what was seen or returned, when a period is declared, and what reopens it.
BEGIN;
SELECT plan(44);
\ir fixture.psql

CREATE FUNCTION pg_temp.seen(VARIADIC schools text[]) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(m.*) FROM (SELECT array_agg(v.district ORDER BY v.school) AS d, array_agg(v.period ORDER BY v.school) AS p, array_agg(v.school ORDER BY v.school) AS s,
                                 array_agg(v.form ORDER BY v.school) AS f, array_agg(v.revision ORDER BY v.school) AS r
                          FROM yuebao.reviewed AS v JOIN yuebao.school AS s USING (school)
                          WHERE s.code = ANY (schools) AND v.period = '2025-01-01') AS a
    CROSS JOIN LATERAL yuebao.mark_seen(a.d, a.p, a.s, a.f, a.r) AS m
$$;
CREATE FUNCTION pg_temp.send_back(school_code text, note text, revision integer DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT yuebao.return_report(v.district, v.period, v.school, v.form, coalesce(send_back.revision, v.revision), send_back.note)
    FROM yuebao.reviewed AS v JOIN yuebao.school AS s USING (school) WHERE s.code = school_code AND v.period = '2025-01-01'
$$;
CREATE FUNCTION pg_temp.verdicts() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', r.school, r.revision, r.verdict), ', ' ORDER BY r.school) FROM api.review AS r WHERE r.period = '2025-01'
$$;
CREATE FUNCTION pg_temp.declare(district integer, note text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', d.outcome, d.waiting, d.returned, d.reported || '/' || d.expected) FROM yuebao.declare_period(declare.district, '2025-01-01', 'monthly', declare.note) AS d
$$;
CREATE FUNCTION pg_temp.standing(district integer) RETURNS text LANGUAGE sql AS $$SELECT c.standing FROM api.review_counts(standing.district, '2025-01') AS c$$;

-- what waits
SELECT is(pg_temp.verdicts(), NULL, 'nothing came, nothing waits');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "funds": [150], "rate": [3, 4]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [70]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [101]}');
SELECT is(pg_temp.verdicts(), 'J1 1 waiting, P1 1 waiting, P2 1 waiting, P3 1 waiting', 'what came waits');
SELECT results_eq($$SELECT c.waiting, c.returned, c.seen, c.expected, c.reported, c.kept, c.standing FROM api.review_counts(220203, '2025-01') AS c$$,
    $$VALUES (3, 0, 0, 5, 3, 0, NULL::text)$$, 'a county counts its own');
SELECT results_eq($$SELECT c.waiting, c.expected, c.reported FROM api.review_counts(220200, '2025-01') AS c$$, $$VALUES (4, 6, 4)$$, 'a city all below it');

-- seen, returned
SELECT is(pg_temp.seen('P1', 'P2'), 2::bigint, 'two are seen');
SELECT is(pg_temp.seen('P1', 'P2'), 0::bigint, 'again is nothing');
SELECT is(pg_temp.send_back('J1', '请核对在校生数'), 'returned', 'one is returned');
SELECT is(pg_temp.verdicts(), 'J1 1 returned, P1 1 seen, P2 1 seen, P3 1 waiting', 'and the list says so');
SELECT results_eq($$SELECT r.review_note, r.reviewed_by FROM api.review AS r WHERE r.school = 'J1'$$, $$VALUES ('请核对在校生数', session_user::text COLLATE "default")$$,
    'with its note, and by whom');
SELECT is(pg_temp.send_back('J1', 'x', 2), 'not_newest', 'a revision that is not there is not returned');
SELECT is(pg_temp.send_back('P4', 'x'), NULL, 'nor what did not come');
SELECT throws_ok($$SELECT pg_temp.send_back('J1', '')$$, '23514', NULL, 'a return says why');
SELECT is(yuebao.return_report(220203, '2025-01-01', 99, 1::smallint, 1, 'x'), 'unknown', 'a slot without a report is unknown');

-- a correction waits again, and says how much it changed
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [90], "funds": [150], "largest": [40]}', 2);
SELECT results_eq($$SELECT r.revision, r.verdict, r.corrected, r.changed_figures, r.changed_since FROM api.review AS r WHERE r.school = 'P1' AND r.period = '2025-01'$$,
    $$VALUES (2, 'waiting', true, 3::bigint, 1)$$, 'a changed, a new and a dropped figure');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "funds": [150], "rate": [3, 4]}', 3);
SELECT results_eq($$SELECT r.changed_figures, r.changed_since FROM api.review AS r WHERE r.school = 'P1' AND r.period = '2025-01'$$,
    $$VALUES (0::bigint, 1)$$, 'against the revision that was looked at, not the one before');
SELECT results_eq($$SELECT r.changed_figures, r.changed_since FROM api.review AS r WHERE r.school = 'P2'$$, $$VALUES (NULL::bigint, NULL::integer)$$,
    'a first revision has nothing to compare with');

-- a newer revision between list and seen is not marked
SELECT is_empty($$SELECT * FROM yuebao.mark_seen(ARRAY[220203], ARRAY[date '2025-01-01'], ARRAY[(SELECT s.school FROM yuebao.school AS s WHERE s.code = 'P1')],
                                                 ARRAY[(SELECT f.form FROM yuebao.form AS f WHERE f.code = 'primary.monthly')], ARRAY[2])$$,
    'the revision that was listed is not the newest any more');
SELECT is(pg_temp.verdicts(), 'J1 1 returned, P1 3 waiting, P2 1 seen, P3 1 waiting', 'so it still waits');
SELECT is((SELECT count(*) FROM yuebao.mark_seen(ARRAY[220203, 220203], ARRAY[date '2025-01-01', '2025-01-01'],
    (SELECT ARRAY[s.school, s.school] FROM yuebao.school AS s WHERE s.code = 'P1'),
    (SELECT ARRAY[f.form, f.form] FROM yuebao.form AS f WHERE f.code = 'primary.monthly'), ARRAY[3, 3])), 1::bigint, 'named twice, marked once');

-- warnings
INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) VALUES ('few', 'warning', '<=', '太少', 'Too few.');
INSERT INTO yuebao.remark (district, period, school, form, revision, position, indicator, rule, found, bound, explanation)
SELECT v.district, v.period, v.school, v.form, v.revision, p.position, 1, p.rule, '5', '3', p.text
FROM yuebao.reviewed AS v JOIN yuebao.school AS s USING (school), (VALUES (0, 'few', '搬迁'), (1, '', '另注')) AS p (position, rule, text)
WHERE s.code = 'P3' AND v.period = '2025-01-01';
INSERT INTO yuebao.remark (district, period, school, form, revision, position, indicator, rule, explanation)
SELECT m.district, m.period, m.school, m.form, m.revision, 2, 0, m.rule, '主动说明' FROM yuebao.remark AS m WHERE m.position = 0 AND m.rule = 'few';
SELECT results_eq($$SELECT r.warnings FROM api.review AS r WHERE r.school = 'P3'$$, $$VALUES (1::bigint)$$, 'a warning counts; a note does not, nor what the school says of a rule that did not warn');
SELECT results_eq($$SELECT m.rule, m.message_en, m.found, m.bound, m.explanation FROM api.remark AS m WHERE m.school = 'P3' ORDER BY m.explanation DESC$$,
    $$VALUES ('few', 'Too few.', '5', '3', '搬迁'), (NULL, NULL, '5', '3', '另注'), ('few', 'Too few.', NULL, NULL, '主动说明')$$, 'all are read');

-- declared
SELECT is(pg_temp.declare(220203), 'waiting 0 1 3/5', 'not while one is returned');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [201]}', 2);
SELECT is(pg_temp.declare(220203), 'waiting 1 0 3/5', 'nor while its correction waits');
SELECT pg_temp.seen('J1');
SELECT is(pg_temp.declare(220203), 'missing 0 0 3/5', 'nor without a word about what is missing');
SELECT is(pg_temp.standing(220203), NULL, 'it never was declared');
SELECT is(pg_temp.declare(220203, '两校停课'), 'declared 0 0 3/5', 'then it is');
SELECT is(pg_temp.standing(220203), 'declared', 'and stands');
SELECT is(pg_temp.declare(220203, '两校停课'), 'declared_before 0 0 3/5', 'once');
SELECT is(pg_temp.declare(220200, 'x'), 'waiting 1 0 4/6', 'the city waits for its other county');
SELECT is((SELECT d.outcome FROM yuebao.declare_period(220203, '2024-01-01', 'monthly', 'x') AS d), 'nothing', 'what was never owed cannot be declared');
SELECT is_empty($$SELECT * FROM api.reopened_by(220203, '2025-01')$$, 'nothing reopens it');

-- and reopened
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [71]}', 2), pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [1]}', 2);
SELECT is(pg_temp.standing(220203), 'declared', 'not by what came elsewhere, or for another period');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-01-01', '{"pupils": [9]}');
SELECT results_eq($$SELECT r.school, r.revision, r.verdict FROM api.reopened_by(220203, '2025-01') AS r$$, $$VALUES ('P5', 1, 'waiting')$$, 'by a report that was missing');
SELECT is(pg_temp.standing(220203), 'reopened', 'visibly');
SELECT pg_temp.seen('P5');
SELECT is(pg_temp.standing(220203), 'reopened', 'still, when it was seen: a declaration rests on what was seen before it');
SELECT is(pg_temp.declare(220203, '一校停课'), 'declared 0 0 4/5', 'until it is declared again');
SELECT results_eq($$SELECT d.standing, d.reported_then, d.reported, d.expected, d.changed_reports, d.review_note FROM api.declaration AS d ORDER BY d.declared_at$$,
    $$VALUES ('superseded', 3, 4, 5, 1::bigint, '两校停课'), ('declared', 4, 4, 5, 0, '一校停课')$$, 'then and now');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [51]}', 2);
SELECT results_eq($$SELECT r.school, r.revision FROM api.reopened_by(220203, '2025-01') AS r$$, $$VALUES ('P2', 2)$$, 'by a correction');
SELECT pg_temp.seen('P2'), pg_temp.declare(220203, '一校停课');
SELECT is(pg_temp.standing(220203), 'declared', 'declared a third time');
SELECT pg_temp.send_back('P2', '再看');
SELECT results_eq($$SELECT r.school, r.verdict FROM api.reopened_by(220203, '2025-01') AS r$$, $$VALUES ('P2', 'returned')$$, 'by a return');
SELECT pg_temp.seen('P2');
SELECT is(pg_temp.standing(220203), 'reopened', 'even when the same revision is seen again');

-- the figures beside those before
SELECT results_eq($$SELECT f.indicator, f.figure, f.before, f.before_period, f.earlier, f.earlier_revision, f.change, f.differs
                    FROM api.review_figures('P1', 'primary.monthly', '2025-02') AS f$$,
    $$VALUES ('pupils', '1', '100', '2025-01', '101', 1, -99::numeric, true)$$,
    'the period before and the revision before');
SELECT results_eq($$SELECT a.action, count(*) FROM yuebao.audit_log AS a WHERE a.action IN ('seen', 'return', 'declare') GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('declare', 3::bigint), ('return', 2), ('seen', 6)$$, 'audited');
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'yuebao'::regnamespace
                    AND p.proname IN ('mark_seen', 'return_report', 'declare_period', 'is_declared', 'changed_since', 'count_reviews')
                    AND (has_function_privilege('yuebao_collector', p.oid, 'EXECUTE') OR has_function_privilege('yuebao_reader', p.oid, 'EXECUTE'))$$,
    'neither collectors nor readers review');

SELECT * FROM finish();
ROLLBACK;
