-- What is owed, and when: extensions for a school and for districts, forms for chosen schools.
BEGIN;
SELECT plan(14);
\ir fixture.psql

-- who owes the month, and until when it is due: the day in China, and why it is another than the calendar's
CREATE FUNCTION pg_temp.slots(period date, form_code text DEFAULT 'primary.monthly') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(s.code || '@' || o.district || ' ' || to_char(o.due_at AT TIME ZONE o.zone, 'MM-DD') || coalesce(' ' || o.extension, ''), ', ' ORDER BY s.code)
    FROM yuebao.slot AS o JOIN yuebao.school AS s ON s.school = o.school JOIN yuebao.form AS f ON f.form = o.form
    WHERE o.period = slots.period AND f.code = slots.form_code
$$;
CREATE FUNCTION pg_temp.extend(period date, days integer, reason text, district integer DEFAULT NULL, school_code text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.extension (form, period, district, school, opens_at, due_at, closes_at, reason)
    SELECT c.form, c.period, extend.district, (SELECT s.school FROM yuebao.school AS s WHERE s.code = school_code),
           c.opens_at, c.due_at + days * interval '1 day', c.closes_at + days * interval '1 day', reason
    FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form WHERE f.code = 'primary.monthly' AND c.period = extend.period
$$;

SELECT is(pg_temp.slots('2025-01-01'), 'P1@220203 02-05, P2@220203 02-05, P3@220204 02-05, P4@220203 02-05, P5@220203 02-05', 'January, by the calendar');
SELECT is(pg_temp.slots('2025-02-01'), 'P1@220203 03-08, P2@220203 03-08, P3@220204 03-08, P5@220204 03-08', 'February: one closed, one moved');
SELECT is(pg_temp.slots('2025-02-01', 'junior.monthly'), 'J1@220203 03-08', 'the form of another kind');

SELECT pg_temp.extend('2025-02-01', 1, 'snow', 220000);
SELECT is(pg_temp.slots('2025-02-01'), 'P1@220203 03-09 snow, P2@220203 03-09 snow, P3@220204 03-09 snow, P5@220204 03-09 snow', 'a province''s reaches down');
SELECT pg_temp.extend('2025-02-01', 2, 'flood', 220204);
SELECT is(pg_temp.slots('2025-02-01'), 'P1@220203 03-09 snow, P2@220203 03-09 snow, P3@220204 03-10 flood, P5@220204 03-10 flood', 'the nearest district''s wins');
SELECT pg_temp.extend('2025-02-01', -3, 'fire', NULL, 'P3');
SELECT is(pg_temp.slots('2025-02-01'), 'P1@220203 03-09 snow, P2@220203 03-09 snow, P3@220204 03-05 fire, P5@220204 03-10 flood', 'the school''s own wins, earlier or later');
SELECT is(pg_temp.slots('2025-02-01', 'junior.monthly'), 'J1@220203 03-08', 'an extension is for its form');
SELECT is(pg_temp.slots('2025-03-01'), 'P1@220203 04-05, P2@220203 04-05, P3@220204 04-05, P5@220204 04-05', 'and for its period');
SELECT is_empty($$SELECT o.school, o.form, o.period FROM yuebao.slot AS o GROUP BY 1, 2, 3 HAVING count(*) > 1$$, 'a slot is owed once');
SELECT throws_ok($$SELECT pg_temp.extend('2025-02-01', 9, 'again', 220204)$$, 'duplicate key value violates unique constraint "extension_once"');

-- api.missing by the school's own instants
UPDATE yuebao.calendar SET opens_at = now() - interval '20 days', due_at = now() - interval '2 days', closes_at = now() + interval '8 days' WHERE period = '2025-03-01';
SELECT pg_temp.extend('2025-03-01', 4, 'flood', 220204);
SELECT results_eq($$SELECT m.school, m.overdue, m.extension FROM api.missing AS m WHERE m.period = '2025-03' AND m.form = 'primary.monthly' ORDER BY m.school$$,
    $$VALUES ('P1', true, NULL), ('P2', true, NULL), ('P3', false, 'flood'), ('P5', false, 'flood')$$, 'overdue by the school''s own due');
UPDATE yuebao.extension SET opens_at = now() + interval '1 day' WHERE period = '2025-03-01';
SELECT results_eq($$SELECT m.school FROM api.missing AS m WHERE m.period = '2025-03' AND m.form = 'primary.monthly' ORDER BY m.school$$,
    $$VALUES ('P1'), ('P2')$$, 'not missing before it opens there');

-- an inspection for chosen schools: one junior school is chosen by mistake, and owes nothing
INSERT INTO yuebao.form (code, kind, frequency, name, name_zh, name_en) VALUES ('primary.monthly.fire', 'primary', 'monthly', 'fire', '消防检查', 'Fire inspection');
INSERT INTO yuebao.form_school (form, school) SELECT f.form, s.school FROM yuebao.form AS f, yuebao.school AS s WHERE f.name = 'fire' AND s.code IN ('P2', 'P3', 'P4', 'J1');
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, c.period, c.opens_at, c.due_at, c.closes_at, c.catalogue FROM yuebao.form AS f, yuebao.calendar AS c JOIN yuebao.form AS p ON p.form = c.form
WHERE f.name = 'fire' AND p.code = 'primary.monthly' AND c.period = '2025-02-01';
SELECT is(pg_temp.slots('2025-02-01', 'primary.monthly.fire'), 'P2@220203 03-08, P3@220204 03-08', 'a one-off form is owed by those that were chosen and exist');
SELECT is(pg_temp.slots('2025-02-01'), 'P1@220203 03-09 snow, P2@220203 03-09 snow, P3@220204 03-05 fire, P5@220204 03-10 flood', 'beside the usual one');

SELECT * FROM finish();
ROLLBACK;
