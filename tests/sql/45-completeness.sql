-- Completeness, coverage and the marks of what was late, admitted or corrected. In January, of the primary schools:
--
--   county 220203   P1 on time, corrected after due   P2 late, excused   P4 admitted after close   P5 nothing but a kept statement
--   county 220204   P3 nothing
BEGIN;
SELECT plan(24);
\ir fixture.psql

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [0], "funds": [150], "rate": [3, 4], "largest": [60]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [0], "funds": "3", "rate": [3, 5]}', 2);
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": "2", "funds": "1", "rate": "4"}');
SELECT pg_temp.file('P4', 'primary.monthly', '2025-01-01', '{"pupils": [10]}');
UPDATE yuebao.report AS r SET correction = '重新核对' WHERE r.revision = 2;
UPDATE yuebao.report AS r SET late = true, admitted = s.code = 'P4' FROM yuebao.school AS s WHERE s.school = r.school AND s.code IN ('P2', 'P4');
INSERT INTO yuebao.total_delta (district, period, form, indicator, schools, excused, value, denominator) -- as they would have been counted
SELECT 220203, '2025-01-01', f.form, '{0}', '{0}', '{2}', '{0}', '{1}' FROM yuebao.form AS f WHERE f.code = 'primary.monthly';
CREATE FUNCTION pg_temp.keep(school_code text, district integer, bytes bytea) RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
    SELECT keep.district, '2025-01-01', s.school, f.form, sha256(bytes), 1, 'key', now(), '', ''
    FROM yuebao.school AS s, yuebao.form AS f WHERE s.code = school_code AND f.code = 'primary.monthly'
$$;
CREATE FUNCTION pg_temp.decide(bytes bytea, admitted boolean) RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.decision (district, period, school, form, id, admitted, reason, decided_at, answer)
    SELECT k.district, k.period, k.school, k.form, k.id, decide.admitted, 'why', now(), '' FROM yuebao.kept AS k WHERE k.id = sha256(bytes)
$$;
SELECT pg_temp.keep('P5', 220203, 'waits');
SELECT pg_temp.keep('P5', 220203, 'declined');
SELECT pg_temp.decide('declined', false);
SELECT pg_temp.keep('P3', 220204, 'declined too');
SELECT pg_temp.decide('declined too', false);

-- expected = reported (on time + late) + missing; admitted, corrected, kept; the share
CREATE FUNCTION pg_temp.complete(district integer, period text, form text DEFAULT 'primary.monthly') RETURNS text LANGUAGE sql AS $$
    SELECT format('%s = %s (%s + %s) + %s; %s %s %s; %s', c.expected, c.reported, c.on_time, c.late, c.missing, c.admitted, c.corrected, c.kept, c.share)
    FROM api.completeness AS c WHERE c.district = complete.district AND c.period = complete.period AND c.form = complete.form
$$;
SELECT is(pg_temp.complete(220203, '2025-01'), '4 = 3 (1 + 2) + 1; 1 1 1; 0.7500', 'a county');
SELECT is(pg_temp.complete(220204, '2025-01'), '1 = 0 (0 + 0) + 1; 0 0 0; 0.0000', 'what was declined waits no more');
SELECT is(pg_temp.complete(220000, '2025-01'), '5 = 3 (1 + 2) + 2; 1 1 1; 0.6000', 'a province has its counties in it');
SELECT is(pg_temp.complete(220000, '2025-01', 'junior.monthly'), '1 = 0 (0 + 0) + 1; 0 0 0; 0.0000', 'each form by itself');
SELECT is(pg_temp.complete(220203, '2025-02'), '2 = 0 (0 + 0) + 2; 0 0 0; 0.0000', 'a closed and a moved school owe no February there');
SELECT results_eq($$SELECT c.expected - c.reported FROM api.completeness AS c WHERE c.period = '2025-01' AND c.form = 'primary.monthly' AND c.level = 'county' ORDER BY c.district$$,
    $$SELECT count(*) FROM api.missing AS m WHERE m.period = '2025-01' AND m.form = 'primary.monthly' GROUP BY m.district ORDER BY m.district$$,
    'and the same are missing by name');

-- a report of a school that owes nothing any more completes nobody
SAVEPOINT before;
UPDATE yuebao.school SET closed_on = '2024-12-31' WHERE code = 'P2';
SELECT is(pg_temp.complete(220203, '2025-01'), '3 = 2 (1 + 1) + 1; 1 1 1; 0.6666', 'it is neither expected nor reported');
ROLLBACK TO before;
RELEASE before;

-- extensions
INSERT INTO yuebao.extension (form, period, district, opens_at, due_at, closes_at, reason)
SELECT c.form, c.period, 220203, c.opens_at, now() + interval '1 day', now() + interval '2 days', 'flood'
FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form WHERE c.period = '2025-01-01' AND f.code = 'primary.monthly';
SELECT results_eq($$SELECT c.district, c.extended, c.closed FROM api.completeness AS c
                    WHERE c.period = '2025-01' AND c.form = 'primary.monthly' AND c.district IN (220203, 220204, 220200) ORDER BY c.district$$,
    $$VALUES (220200, 4::bigint, false), (220203, 4, false), (220204, 0, true)$$, 'closed when the last of its schools is');
UPDATE yuebao.extension SET opens_at = now() + interval '1 hour';
SELECT is(pg_temp.complete(220203, '2025-01'), NULL, 'nothing is expected before it opens there');
SELECT is(pg_temp.complete(220200, '2025-01'), '1 = 0 (0 + 0) + 1; 0 0 0; 0.0000', 'but elsewhere');
DELETE FROM yuebao.extension;

-- the definition: of an accepted report every required figure is there or excused
CREATE FUNCTION pg_temp.forgotten() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*)
    FROM yuebao.slot AS o
    JOIN yuebao.report AS r ON r.district = o.district AND r.period = o.period AND r.school = o.school AND r.form = o.form AND r.revision = 1
    JOIN yuebao.catalogue_form AS c ON c.catalogue = o.catalogue AND c.form = o.form AND c.required
    WHERE NOT EXISTS (SELECT FROM yuebao.figure AS g WHERE g.district = o.district AND g.period = o.period AND g.school = o.school
                                                       AND g.form = o.form AND g.indicator = c.indicator)
$$;
SELECT is(pg_temp.forgotten(), 0::bigint, 'what is reported is reported whole');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-02-01', '{"funds": [1]}');
SELECT is(pg_temp.forgotten(), 1::bigint, 'a report without a required figure, which no collector accepts, would be found');

-- coverage: value (zero is one); not applicable, not yet known, not collected, refused; left out, not reported; of how many
CREATE FUNCTION pg_temp.covered(district integer, indicator text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', c.with_value, '|', c.not_applicable, c.not_yet_known, c.not_collected, c.refused, '|', c.left_out, c.not_reported, '|', c.expected,
                     CASE WHEN c.required THEN 'required' END)
    FROM api.coverage AS c WHERE c.district = covered.district AND c.period = '2025-01' AND c.form = 'primary.monthly' AND c.indicator = covered.indicator
$$;
SELECT is(pg_temp.covered(220203, 'pupils'), '2 | 0 1 0 0 | 0 1 | 4 required', 'zero is a value, missing is not');
SELECT is(pg_temp.covered(220203, 'funds'), '0 | 1 0 1 0 | 1 1 | 4', 'reasons by themselves, the correction''s instead of the first');
SELECT is(pg_temp.covered(220000, 'rate'), '1 | 0 0 0 1 | 1 2 | 5', 'a province');
SELECT is(pg_temp.covered(220203, 'largest'), '0 | 0 0 0 0 | 3 1 | 4', 'left out by the correction');
SELECT is_empty($$SELECT * FROM api.coverage AS c WHERE c.expected <> c.with_value + c.not_applicable + c.not_yet_known + c.not_collected + c.refused + c.left_out + c.not_reported
                  OR least(c.with_value, c.left_out, c.not_reported) < 0$$, 'every school is counted once');
INSERT INTO yuebao.catalogue (hash, bytes) VALUES (sha256('y'), 'y');
INSERT INTO yuebao.catalogue_form SELECT n.catalogue, c.form, c.indicator, c.required FROM yuebao.catalogue AS n, yuebao.catalogue_form AS c
JOIN yuebao.indicator AS i ON i.indicator = c.indicator WHERE n.hash = sha256('y') AND i.code = 'pupils';
UPDATE yuebao.calendar SET catalogue = (SELECT n.catalogue FROM yuebao.catalogue AS n WHERE n.hash = sha256('y')) WHERE period = '2025-03-01';
SELECT results_eq($$SELECT c.period, count(*) FROM api.coverage AS c WHERE c.district = 220204 AND c.form = 'primary.monthly' GROUP BY c.period ORDER BY c.period$$,
    $$VALUES ('2025-01', 9::bigint), ('2025-02', 9), ('2025-03', 1)$$, 'each period asks what its own catalogue asks');

-- marks
SELECT results_eq($$SELECT r.school, r.revision, r.late, r.admitted, r.corrected, r.replaced FROM api.report AS r WHERE r.period = '2025-01' ORDER BY r.school, r.revision$$,
    $$VALUES ('P1', 1, false, false, false, true), ('P1', 2, true, false, true, false), ('P2', 1, true, false, false, false), ('P4', 1, true, true, false, false)$$,
    'of reports');
SELECT results_eq($$SELECT g.school, g.revision, g.late, g.admitted, g.corrected FROM api.figure AS g WHERE g.period = '2025-01' AND g.indicator = 'pupils' ORDER BY g.school$$,
    $$VALUES ('P1', 2, true, false, true), ('P2', 1, true, false, false), ('P4', 1, true, true, false)$$, 'of figures');
SELECT results_eq($$SELECT h.indicator, h.value, h.denominator, h.new_value, h.new_denominator, h.new_missing_en, h.changed, h.new_revision, h.new_late, h.correction
                    FROM api.figure_history AS h ORDER BY h.indicator$$,
    $$VALUES ('funds', 1.50, NULL::numeric, NULL::numeric, NULL::numeric, 'not collected', true, 2, true, '重新核对'),
             ('largest', 60, NULL, NULL, NULL, NULL, true, 2, true, '重新核对'), ('pupils', 0, NULL, 0, NULL, NULL, false, 2, true, '重新核对'),
             ('rate', 3, 4, 3, 5, NULL, true, 2, true, '重新核对')$$, 'what was replaced, by what, why');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [7], "rate": [3, 5]}', 3);
SELECT results_eq($$SELECT h.revision, h.indicator, h.value, h.new_value, h.changed FROM api.figure_history AS h WHERE h.indicator IN ('pupils', 'largest') ORDER BY 1, 2$$,
    $$VALUES (1, 'largest', 60::numeric, NULL::numeric, true), (1, 'pupils', 0, 0, false), (2, 'pupils', 0, 7, true)$$, 'step by step');
INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) VALUES ('few', 'warning', '>=', '人数偏少', 'few pupils');
INSERT INTO yuebao.remark (district, period, school, form, revision, position, indicator, rule, found, bound, explanation)
SELECT r.district, r.period, r.school, r.form, 1, n.position, i.indicator, n.rule, n.found, n.bound, n.explanation
FROM yuebao.report AS r JOIN yuebao.school AS s ON s.school = r.school, yuebao.indicator AS i,
     (VALUES (0, 'few', '10', '20', '招生减少'), (1, '', '', '', '已核对')) AS n (position, rule, found, bound, explanation)
WHERE s.code = 'P4' AND i.code = 'pupils';
SELECT results_eq($$SELECT m.school, m.late, m.admitted, m.corrected, m.replaced, m.rule, m.explanation FROM api.remark AS m ORDER BY m.rule$$,
    $$VALUES ('P4', true, true, false, false, 'few', '招生减少'), ('P4', true, true, false, false, NULL, '已核对')$$, 'of remarks');
SELECT results_eq($$SELECT k.school, k.decision FROM api.kept AS k WHERE k.closes_at IS NOT NULL ORDER BY k.school, k.decision$$,
    $$VALUES ('P3', 'declined'), ('P5', 'declined'), ('P5', 'waiting')$$, 'of what is kept');

SELECT * FROM finish();
ROLLBACK;
