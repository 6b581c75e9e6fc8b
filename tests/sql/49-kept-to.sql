-- How a district's year came, and who is missing, by what was noted of windows (yuebao.window_note), is what it is slot by slot: a made-up prefecture in which
-- everything happens that makes a slot unlike its neighbours, some of it over, some of it now. Every time before it is noted, while notes are old, and after.
BEGIN;
SELECT plan(34);
\ir fixture.psql

INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on)
SELECT 'R' || n, 'R' || n, CASE WHEN n % 3 = 0 THEN 'junior' ELSE 'primary' END, '校', 'School', date '2024-01-01' + n % 5 * 30 FROM generate_series(1, 40) AS n;
INSERT INTO yuebao.school_district (school, valid_from, district)
SELECT s.school, s.opened_on, 220203 + s.school % 2 FROM yuebao.school AS s WHERE s.code LIKE 'R%';
INSERT INTO yuebao.form (code, kind, frequency, name, name_zh, name_en) VALUES ('primary.monthly.once', 'primary', 'monthly', 'once', '一次', 'Once'), ('primary.weekly', 'primary', 'weekly', '', '周报', 'Weekly');
INSERT INTO yuebao.form_school (form, school) SELECT f.form, s.school FROM yuebao.form AS f, yuebao.school AS s WHERE f.name = 'once' AND s.kind = 'primary' AND s.school % 3 = 0;
-- an ISO week of 2025 that begins in 2024; months that are over, that are open and not due, and one that is to come
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, w.period, w.opens_at, w.due_at, w.due_at + interval '5 days', c.catalogue
FROM yuebao.form AS f CROSS JOIN (SELECT max(k.catalogue) AS catalogue FROM yuebao.catalogue AS k) AS c
CROSS JOIN (VALUES (date '2025-04-01', 'monthly', now() - interval '9 days', now() - interval '1 day'), ('2025-05-01', 'monthly', now() - interval '9 days', now() + interval '3 days'),
                   ('2025-06-01', 'monthly', now() + interval '1 day', now() + interval '9 days'), ('2024-12-30', 'weekly', now() - interval '90 days', now() - interval '80 days'),
                   ('2025-12-29', 'weekly', now() - interval '90 days', now() - interval '80 days')) AS w (period, frequency, opens_at, due_at)
WHERE f.frequency = w.frequency;
INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer, head, envelope, receipt)
SELECT o.district, o.period, o.school, o.form, n, sha256((o.school || ' ' || o.form || ' ' || o.period || ' ' || n)::bytea), o.catalogue, 'key', now(), h.h % 31 = 0, 'a', 'b', 'c', '', ''
FROM yuebao.slot AS o CROSS JOIN LATERAL (SELECT hashint4(o.school * 101 + o.form * 7 + (o.period - date '2025-01-01')) & 1048575 AS h) AS h CROSS JOIN generate_series(1, 1 + h.h % 2) AS n
WHERE h.h % 25 > 0;
INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
SELECT o.district, o.period, o.school, o.form, sha256(('kept ' || o.school || o.form || o.period)::bytea), 1, 'key', now(), '', '' FROM yuebao.slot AS o
WHERE o.period IN ('2025-03-01', '2025-04-01') AND o.opens_at <= now();

-- and a plain year, in which some schools are not there from its beginning to its end
INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on, closed_on)
SELECT 'Q' || n, 'Q' || n, CASE WHEN n % 4 = 0 THEN 'junior' ELSE 'primary' END, '校', 'School', CASE n % 5 WHEN 1 THEN date '2023-02-10' WHEN 2 THEN '2023-04-20' ELSE '2022-01-01' END,
       CASE WHEN n % 5 = 2 THEN NULL WHEN n % 6 = 1 THEN date '2023-03-10' WHEN n % 6 = 2 THEN '2023-04-30' WHEN n % 6 = 3 AND n % 5 <> 1 THEN '2023-02-01' END FROM generate_series(1, 40) AS n;
INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, CASE WHEN s.code IN ('Q2', 'Q12', 'Q17', 'Q22', 'Q27') THEN '2022-01-01' WHEN s.code IN ('Q5', 'Q10', 'Q20', 'Q30', 'Q35') THEN '2023-04-15'
                                                                                     ELSE s.opened_on END, 220203 + s.school % 2
FROM yuebao.school AS s WHERE s.code LIKE 'Q%';
INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, '2023-03-01', 440407 - m.district FROM yuebao.school AS s JOIN yuebao.school_district AS m ON m.school = s.school
WHERE s.code IN ('Q8', 'Q14', 'Q15', 'Q24');
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, p.period::date, now() - interval '99 days', now() + CASE p.period WHEN '2023-04-01' THEN interval '3 days' ELSE '-90 days' END, now() + interval '4 days', c.catalogue
FROM yuebao.form AS f, (SELECT max(k.catalogue) AS catalogue FROM yuebao.catalogue AS k) AS c, generate_series(timestamp '2023-01-01', '2023-04-01', interval '1 month') AS p (period)
WHERE f.frequency = 'monthly' AND f.name = '';
INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer, head, envelope, receipt)
SELECT o.district, o.period, o.school, o.form, 1, sha256((o.school || ' ' || o.form || ' ' || o.period || ' 1')::bytea), o.catalogue, 'key', now(), h.h % 11 = 0, 'a', 'b', 'c', '', ''
FROM yuebao.slot AS o CROSS JOIN LATERAL (SELECT hashint4(o.school * 103 + o.form * 7 + (o.period - date '2023-01-01')) & 1048575 AS h) AS h
WHERE o.period < '2024-01-01' AND h.h % 25 > 0 AND (o.period < '2023-04-01' OR h.h % 3 = 0);

CREATE VIEW pg_temp.slot_by_slot AS
SELECT o.district, o.school, o.form, o.period, left(yuebao.period_text(o.period, o.frequency), 4)::integer AS year, o.due_at, r.late,
       r.late IS NULL AND EXISTS (SELECT FROM yuebao.undecided AS k WHERE k.school = o.school AND k.period = o.period AND k.form = o.form) AS kept
FROM yuebao.slot AS o
LEFT JOIN yuebao.report AS r ON r.district = o.district AND r.period = o.period AND r.school = o.school AND r.form = o.form AND r.revision = 1
WHERE o.opens_at <= now();
CREATE FUNCTION pg_temp.expected(year integer) RETURNS TABLE (line text) LANGUAGE sql AS $$
    WITH schools AS (
        SELECT s.district, s.school, s.form, count(*) AS expected, count(*) FILTER (WHERE NOT s.late) AS on_time, count(*) FILTER (WHERE s.late) AS late,
               count(*) FILTER (WHERE s.kept) AS kept, count(*) FILTER (WHERE s.late IS NULL AND NOT s.kept) AS missing
        FROM pg_temp.slot_by_slot AS s WHERE s.year = expected.year AND (s.due_at <= now() OR s.late IS NOT NULL)
        GROUP BY s.district, s.school, s.form
    ), placed AS ( -- a school that moved within a district is one
        SELECT a.ancestor AS district, s.school, sum(s.expected) AS expected, sum(s.on_time) AS on_time, sum(s.late) AS late, sum(s.kept) AS kept, sum(s.missing) AS missing
        FROM schools AS s JOIN yuebao.district_ancestor AS a ON a.district = s.district AND a.ancestor IN (220203, 220204, 220200, 220000)
        GROUP BY a.ancestor, s.school
    )
    SELECT concat_ws(' ', 'school', s.district, s.school, s.form, s.expected, s.on_time, s.late, s.kept, s.missing) FROM schools AS s
    UNION ALL
    SELECT concat_ws(' ', 'district', p.district, count(*), count(*) FILTER (WHERE p.on_time = p.expected), sum(p.expected), sum(p.on_time), sum(p.late), sum(p.kept), sum(p.missing))
    FROM placed AS p GROUP BY p.district
    UNION ALL
    SELECT concat_ws(' ', 'missing', s.district, s.school, s.form, s.period, s.kept) FROM pg_temp.slot_by_slot AS s WHERE s.late IS NULL
$$;
CREATE FUNCTION pg_temp.answered(year integer) RETURNS TABLE (line text) LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'school', k.district, k.school, k.form, k.expected, k.on_time, k.late, k.kept, k.missing) FROM yuebao.slots_kept_to(220000, year, NULL) AS k
    UNION ALL
    SELECT concat_ws(' ', 'district', k.district, k.schools, k.always_on_time, k.expected, k.on_time, k.late, k.kept, k.missing)
    FROM (SELECT * FROM yuebao.districts_kept_to(ARRAY[220200, 220000], year)
          UNION ALL
          SELECT * FROM yuebao.districts_kept_to(ARRAY[220203], year)
          UNION ALL
          SELECT * FROM yuebao.districts_kept_to(ARRAY[220204], year)) AS k
    UNION ALL
    SELECT concat_ws(' ', 'missing', m.district, s.school, f.form, m.first_day, m.kept)
    FROM api.missing_in(220000) AS m JOIN yuebao.school AS s ON s.code = m.school JOIN yuebao.form AS f ON f.code = m.form
$$;
CREATE FUNCTION pg_temp.differences(year integer) RETURNS TABLE (line text) LANGUAGE sql AS $$
    (SELECT 'expected ' || e.line FROM pg_temp.expected(year) AS e EXCEPT ALL SELECT 'expected ' || a.line FROM pg_temp.answered(year) AS a)
    UNION ALL
    (SELECT 'answered ' || a.line FROM pg_temp.answered(year) AS a EXCEPT ALL SELECT 'answered ' || e.line FROM pg_temp.expected(year) AS e)
$$;
CREATE FUNCTION pg_temp.is_right(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is_empty('SELECT * FROM pg_temp.differences(2025)', what);
    PERFORM yuebao.note_windows(NULL);
    RETURN NEXT is_empty('SELECT * FROM pg_temp.differences(2025)', what || ', as noted');
    RETURN NEXT is_empty('SELECT * FROM pg_temp.differences(2023)', what || ', in a plain year');
    RETURN NEXT is(yuebao.note_windows(NULL), 0, what || ', and all of it');
END
$$;

SELECT ok(least(k.always_on_time, k.late, k.kept, k.missing) > 0 AND k.always_on_time < k.schools, 'everything happens in it')
FROM yuebao.districts_kept_to(ARRAY[220200], 2025) AS k;
SELECT pg_temp.is_right('as the calendar has it');
SELECT is_empty('SELECT * FROM pg_temp.differences(2026)', 'a year of one week, and one of none');

INSERT INTO yuebao.extension (form, period, district, opens_at, due_at, closes_at, reason)
SELECT c.form, c.period, CASE WHEN c.period = '2025-01-01' THEN 220200 ELSE 220203 END, c.opens_at, c.due_at + interval '3 days', c.closes_at + interval '3 days', 'x'
FROM yuebao.calendar AS c WHERE c.period IN ('2025-01-01', '2025-04-01');
SELECT pg_temp.is_right('a county that has more time, now and once');
INSERT INTO yuebao.extension (form, period, district, opens_at, due_at, closes_at, reason)
SELECT c.form, c.period, 220204, now() - interval '2 hours', now() - interval '1 hour', c.closes_at, 'x' FROM yuebao.calendar AS c WHERE c.period IN ('2025-05-01', '2025-06-01');
SELECT pg_temp.is_right('a county for which it was due sooner, and one for which it opened');
INSERT INTO yuebao.extension (form, period, school, opens_at, due_at, closes_at, reason)
SELECT c.form, c.period, s.school, c.opens_at, now() + interval '1 day', now() + interval '2 days', 'x'
FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form JOIN yuebao.school AS s ON s.kind = f.kind AND s.code IN ('R7', 'R8', 'R9', 'R10') WHERE c.period = '2025-03-01';
SELECT pg_temp.is_right('schools that have more time');

UPDATE yuebao.school SET closed_on = '2025-02-20' WHERE code IN ('R11', 'R12');
UPDATE yuebao.school SET kind = 'primary' WHERE code = 'R15';
DELETE FROM yuebao.form_school WHERE school % 2 = 0;
SELECT pg_temp.is_right('schools that owe no more what they reported');
INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, '2025-03-01', 440407 - m.district FROM yuebao.school AS s JOIN yuebao.school_district AS m ON m.school = s.school
WHERE s.code IN ('R20', 'R21');
SELECT pg_temp.is_right('schools that moved');
SELECT is_empty('SELECT * FROM pg_temp.differences(2026)', 'and in the year after');
SELECT is_empty($$ SELECT k.* FROM yuebao.districts_kept_to(ARRAY[220203, 220204], 2020) AS k $$, 'a year in which nothing was owed');


-- what comes after it was noted
INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer, head, envelope, receipt)
SELECT o.district, o.period, o.school, o.form, 1, sha256((o.school || ' ' || o.form || ' ' || o.period || ' after')::bytea), o.catalogue, 'key', now(), true, 'a', 'b', 'c', '', ''
FROM yuebao.slot AS o JOIN pg_temp.slot_by_slot AS s ON s.school = o.school AND s.period = o.period AND s.form = o.form AND s.district = o.district AND s.late IS NULL
WHERE o.school % 2 = 0;
SELECT isnt_empty('SELECT FROM yuebao.window_note AS n WHERE n.absent && ARRAY(SELECT r.school FROM yuebao.report AS r WHERE (r.district, r.period, r.form) = (n.district, n.period, n.form))',
                  'notes are behind');
SELECT pg_temp.is_right('reports that came late');
SELECT is((SELECT count(*)::integer FROM yuebao.noted_windows(ARRAY[220203, 220204], '2025-01-01', '2025-04-01') AS n WHERE NOT n.noted), 0, 'all that is due is noted');

SELECT * FROM finish();
ROLLBACK;
