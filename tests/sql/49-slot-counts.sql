-- What is owed and what came, counted: the same as yuebao.slot and the ledger looked through one by one, whatever changes beside them.
BEGIN;
SELECT plan(32);
\ir fixture.psql

CREATE VIEW pg_temp.owed_differs AS
(SELECT s.form, s.period, s.district, count(*)::integer FROM yuebao.slot AS s GROUP BY 1, 2, 3 EXCEPT SELECT o.form, o.period, o.district, o.slots FROM yuebao.owed AS o)
UNION ALL
(SELECT o.form, o.period, o.district, o.slots FROM yuebao.owed AS o EXCEPT SELECT s.form, s.period, s.district, count(*)::integer FROM yuebao.slot AS s GROUP BY 1, 2, 3)
UNION ALL
(SELECT o.form, o.period, a.ancestor, sum(o.slots)::integer FROM yuebao.owed AS o JOIN yuebao.district_ancestor AS a ON a.district = o.district AND a.distance > 0 GROUP BY 1, 2, 3
 EXCEPT SELECT f.form, f.period, f.district, f.slots FROM yuebao.owed_above AS f)
UNION ALL
(SELECT f.form, f.period, f.district, f.slots FROM yuebao.owed_above AS f WHERE f.slots > 0
 EXCEPT SELECT o.form, o.period, a.ancestor, sum(o.slots)::integer FROM yuebao.owed AS o JOIN yuebao.district_ancestor AS a ON a.district = o.district AND a.distance > 0 GROUP BY 1, 2, 3);

CREATE VIEW pg_temp.one_by_one AS
SELECT o.district, o.period, o.form, count(DISTINCT o.school) AS slots, min(o.opens_at) AS first_opens_at, max(o.opens_at) AS last_opens_at, min(o.due_at) AS first_due_at,
       max(o.due_at) AS last_due_at, max(o.closes_at) AS last_closes_at, count(DISTINCT o.school) FILTER (WHERE o.extension IS NOT NULL) AS extended,
       count(*) FILTER (WHERE r.revision = 1) AS reported, count(*) FILTER (WHERE r.revision = 1 AND r.late) AS late,
       count(*) FILTER (WHERE r.revision = 2) AS corrected, count(*) FILTER (WHERE r.admitted) AS admitted
FROM yuebao.slot AS o
LEFT JOIN yuebao.report AS r ON r.district = o.district AND r.period = o.period AND r.school = o.school AND r.form = o.form
GROUP BY o.district, o.period, o.form;
CREATE VIEW pg_temp.counted AS
SELECT c.district, c.period, c.form, c.slots::bigint, c.first_opens_at, c.last_opens_at, c.first_due_at, c.last_due_at, c.last_closes_at, c.extended::bigint,
       c.reported, c.late, c.corrected, c.admitted
FROM yuebao.slot_count AS c;
CREATE VIEW pg_temp.count_differs AS
(TABLE pg_temp.one_by_one EXCEPT TABLE pg_temp.counted) UNION ALL (TABLE pg_temp.counted EXCEPT TABLE pg_temp.one_by_one);

-- what plans count, all windows at once
CREATE VIEW pg_temp.asked AS
SELECT row_number() OVER (ORDER BY d.district, i.indicator)::integer AS nth, d.district, i.indicator FROM yuebao.district AS d CROSS JOIN yuebao.indicator AS i;
CREATE VIEW pg_temp.at_once AS
SELECT f.nth, f.period, f.frequency, f.closed, f.expected, f.reported
FROM (SELECT array_agg(q.district ORDER BY q.nth) AS districts, array_agg(q.indicator ORDER BY q.nth) AS indicators,
             array_agg(date '-infinity' ORDER BY q.nth) AS first_days, array_agg(date 'infinity' ORDER BY q.nth) AS last_days FROM pg_temp.asked AS q) AS a
CROSS JOIN LATERAL api.period_figures(now(), a.districts, a.indicators, a.first_days, a.last_days, a.first_days) AS f;
CREATE VIEW pg_temp.window_by_window AS
SELECT q.nth, c.period, f.frequency, bool_and(coalesce(n.closed, c.closes_at <= now())) AS closed, coalesce(sum(n.expected), 0)::bigint AS expected,
       coalesce(sum(n.reported), 0)::bigint AS reported
FROM pg_temp.asked AS q
JOIN yuebao.catalogue_form AS k ON k.indicator = q.indicator
JOIN yuebao.calendar AS c ON c.form = k.form AND c.catalogue = k.catalogue AND c.opens_at <= now()
JOIN yuebao.form AS f ON f.form = c.form
LEFT JOIN LATERAL api.slot_counts(q.district, c.form, c.period) AS n ON true
GROUP BY q.nth, c.period, f.frequency;
CREATE VIEW pg_temp.window_differs AS
(TABLE pg_temp.at_once EXCEPT TABLE pg_temp.window_by_window) UNION ALL (TABLE pg_temp.window_by_window EXCEPT TABLE pg_temp.at_once);

CREATE FUNCTION pg_temp.both(what text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT is((SELECT count(*) FROM pg_temp.owed_differs) + (SELECT count(*) FROM pg_temp.count_differs) + (SELECT count(*) FROM pg_temp.window_differs),
              0::bigint, what);
$$;

SELECT pg_temp.both('as it was laid out');
SELECT isnt_empty('SELECT FROM yuebao.owed', 'something is owed');
SELECT isnt_empty('SELECT FROM pg_temp.at_once AS o WHERE o.expected > 0', 'and counted for plans');

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [101]}', 2);
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [102]}', 3);
SELECT pg_temp.file('P4', 'primary.monthly', '2025-01-01', '{"pupils": [10]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-01-01', '{"pupils": [20]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [21]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-03-01', '{"pupils": [200]}');
SELECT pg_temp.both('reports and corrections');
SELECT is((SELECT sum(c.corrected)::integer FROM yuebao.slot_count AS c), 1, 'a slot is corrected once, however often');
SELECT yuebao.fold_totals(1000);
SELECT is_empty('SELECT FROM yuebao.total_delta', 'all is folded');
SELECT pg_temp.both('and folded');

SET yuebao.counts_reports = 'on';
INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer, head, envelope, receipt)
SELECT 220203, '2025-02-01', s.school, f.form, 1, sha256('x'), 1, 'key', now(), true, 'a', 'b', 'c', '', ''
FROM yuebao.school AS s JOIN yuebao.form AS f ON f.code = 'primary.monthly' WHERE s.code = 'P2';
SELECT isnt_empty('TABLE pg_temp.count_differs', 'a collector that says that it counts is believed');
RESET yuebao.counts_reports;
INSERT INTO yuebao.total_delta (district, period, form, indicator, schools, excused, value, denominator)
SELECT 220203, '2025-02-01', f.form, '{0}', '{1}', '{1}', '{0}', '{0}' FROM yuebao.form AS f WHERE f.code = 'primary.monthly';
SELECT pg_temp.both('and counts');

-- what takes no slot away is not looked at again in every count
SELECT results_eq($$SELECT s.code, c.district, c.from_day, c.until_day FROM yuebao.school_change AS c JOIN yuebao.school AS s ON s.school = c.school$$,
    $$VALUES ('P5', 220203, date '2025-02-01', date 'infinity')$$, 'who moved has lost what comes after, where it was before');
UPDATE yuebao.school SET opened_on = '2019-01-01', closed_on = NULL WHERE code IN ('P1', 'P4');
SELECT is((SELECT count(*) FROM yuebao.school_change), 1::bigint, 'who opened earlier and closes later has lost nothing');
UPDATE yuebao.school SET closed_on = '2030-07-31' WHERE code = 'P1';
SELECT is((SELECT c.from_day FROM yuebao.school_change AS c JOIN yuebao.school AS s ON s.school = c.school WHERE s.code = 'P1'), '2030-07-31',
    'who will close loses what comes then');
UPDATE yuebao.school SET opened_on = '2020-01-01', closed_on = CASE code WHEN 'P4' THEN date '2025-02-15' END WHERE code IN ('P1', 'P4');
SELECT pg_temp.both('and as it was');

UPDATE yuebao.school SET closed_on = '2025-02-15' WHERE code = 'P2';
SELECT pg_temp.both('a school closed before what it reported: no share above one');
SELECT is((SELECT c.late FROM yuebao.slot_count AS c JOIN yuebao.form AS f ON f.form = c.form WHERE c.district = 220203 AND c.period = '2025-02-01' AND f.kind = 'primary'),
          0::bigint, 'its late report is none of what is owed');
UPDATE yuebao.school SET closed_on = NULL WHERE code IN ('P2', 'P4');
SELECT pg_temp.both('opened again, and another for the first time');
UPDATE yuebao.school SET opened_on = '2025-02-10' WHERE code = 'P1';
SELECT pg_temp.both('opened later than its first report');
UPDATE yuebao.school SET name_zh = '更名', opened_on = '2020-01-01' WHERE code = 'P1';
SELECT pg_temp.both('opened as before');
UPDATE yuebao.school SET kind = 'junior' WHERE code = 'P5';
SELECT pg_temp.both('of another kind');
UPDATE yuebao.school_district SET district = 220204 WHERE school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'P1');
SELECT pg_temp.both('entered in the wrong district');
DELETE FROM yuebao.school_district WHERE valid_from = '2025-02-01';
SELECT pg_temp.both('a move taken back');
UPDATE yuebao.district SET parent = 220000 WHERE district = 220204;
SELECT pg_temp.both('a county put elsewhere');
UPDATE yuebao.district SET parent = 220200 WHERE district = 220204;
SELECT pg_temp.both('and back');
INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, '2025-03-01', 220204 FROM yuebao.school AS s WHERE s.code IN ('P2', 'J1');
SELECT pg_temp.both('moves, one after its report');

INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on) VALUES ('P9', 'P9', 'primary', '九小', 'Ninth', '2025-02-01');
INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, '2025-02-01', 220203 FROM yuebao.school AS s WHERE s.code = 'P9';
SELECT pg_temp.both('a new school');

INSERT INTO yuebao.extension (form, period, district, school, opens_at, due_at, closes_at, reason)
SELECT c.form, c.period, e.district, (SELECT s.school FROM yuebao.school AS s WHERE s.code = e.code), c.opens_at + e.later, c.due_at + e.later, c.closes_at + e.later, '水灾'
FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form AND f.kind = 'primary'
CROSS JOIN (VALUES (220200, NULL, interval '5 days'), (220204, NULL, '3 days'), (NULL, 'P9', '9 days'), (NULL, 'P2', '-1 day'), (NULL, 'J1', '1 day')) AS e (district, code, later)
WHERE c.period = '2025-02-01' OR (c.period = '2025-03-01' AND e.code IS NOT NULL);
SELECT pg_temp.both('extensions of districts and schools, of one that does not owe the form too');
UPDATE yuebao.extension SET opens_at = now() + interval '1 day', due_at = now() + interval '2 days', closes_at = now() + interval '3 days'
WHERE district = 220204;
SELECT pg_temp.both('of a district for which it has not opened yet');

INSERT INTO yuebao.form (code, kind, frequency, name, name_zh, name_en) VALUES ('primary.monthly.fire', 'primary', 'monthly', 'fire', '消防', 'Fire');
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, '2025-01-01', '2025-01-01', '2025-02-01', '2025-03-01', (SELECT max(c.catalogue) FROM yuebao.catalogue AS c) FROM yuebao.form AS f WHERE f.name = 'fire';
SELECT pg_temp.both('a one-off form that nobody owes');
INSERT INTO yuebao.form_school (form, school)
SELECT f.form, s.school FROM yuebao.form AS f, yuebao.school AS s WHERE f.name = 'fire' AND s.code IN ('P1', 'P3', 'J1');
SELECT pg_temp.file('P3', 'primary.monthly.fire', '2025-01-01', '{"funds": [1]}');
SELECT pg_temp.both('and that chosen schools owe');
DELETE FROM yuebao.form_school WHERE school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = 'P3');
SELECT pg_temp.both('and one not any more, though it reported');
UPDATE yuebao.calendar SET due_at = due_at + interval '1 day' WHERE period = '2025-02-01';
SELECT pg_temp.both('a window with other instants');
DELETE FROM yuebao.calendar WHERE period = '2025-03-01' AND form NOT IN (SELECT e.form FROM yuebao.extension AS e WHERE e.period = '2025-03-01');
SELECT pg_temp.both('a window less');

SELECT * FROM finish();
ROLLBACK;
