-- Which figures are unlike the past is told alike with notes (yuebao.past_note) and without: months of made-up reports are corrected, come late, move and are noted
-- out of step, and each time what is said with the notes that happen to stand is compared with what is said when there are none.
BEGIN;
SELECT plan(30);
\ir fixture.psql

UPDATE yuebao.calendar SET opens_at = now() - interval '10 days', due_at = now() + interval '1 day', closes_at = now() + interval '2 days';
INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT f.form, p.period::date, now() - interval '20 days', now(), now() + interval '1 hour', k.catalogue
FROM yuebao.catalogue AS k, yuebao.form AS f
CROSS JOIN generate_series(timestamp '2021-01-01', '2025-03-01', interval '1 month') AS p (period)
ON CONFLICT DO NOTHING;
SELECT setseed(0.54);

CREATE FUNCTION pg_temp.told() RETURNS SETOF text LANGUAGE sql VOLATILE AS $$
    SELECT o::text FROM unnest(ARRAY['2024-11', '2025-01', '2025-02', '2025-03']) AS p (period)
    CROSS JOIN (VALUES (100000, NULL), (220203, NULL), (220204, NULL), (NULL, 'P1'), (220200, 'P5')) AS a (district, school)
    CROSS JOIN LATERAL api.outliers_in(a.district, p.period, NULL, a.school) AS o
$$;
CREATE TEMPORARY TABLE noted (LIKE yuebao.past_note);
CREATE FUNCTION pg_temp.alike(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    with_notes text[] := ARRAY(SELECT t FROM pg_temp.told() AS t ORDER BY 1);
    without    text[];
BEGIN
    WITH gone AS (DELETE FROM yuebao.past_note RETURNING *) INSERT INTO noted SELECT * FROM gone;
    without := ARRAY(SELECT t FROM pg_temp.told() AS t ORDER BY 1);
    INSERT INTO yuebao.past_note SELECT * FROM noted;
    TRUNCATE noted;
    RETURN NEXT ok(with_notes = without AND cardinality(without) > 0, format('%s: %s figures are unlike', what, cardinality(without)));
END
$$;
-- most figures are near the school's own, some are not
CREATE FUNCTION pg_temp.made_up() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_object_agg(m.code, CASE WHEN random() < 0.1 THEN to_jsonb('2'::text)
                                         ELSE jsonb_build_array((m.usual * CASE WHEN random() < 0.4 THEN 0.5 + random() ELSE 0.97 + 0.06 * random() END)::integer, m.whole) END)
    FROM (VALUES ('pupils', 500, 0), ('funds', 900, 0), ('rate', 80, 100), ('hours_each', 300, 7), ('activity', 20, 0), ('largest', 40, 0)) AS m (code, usual, whole)
    WHERE random() < 0.9 OR m.code = 'pupils'
$$;

SELECT pg_temp.file(s.code, s.kind || '.monthly', p.period::date, pg_temp.made_up())
FROM generate_series(timestamp '2021-01-01', '2025-02-01', interval '1 month') AS p (period)
CROSS JOIN yuebao.school AS s WHERE s.kind IN ('primary', 'junior') AND (s.closed_on IS NULL OR p.period < s.closed_on - 20) AND random() < 0.9 \g /dev/null
SELECT pg_temp.alike('nothing noted');
SELECT is(yuebao.note_past(3) BETWEEN 3 AND 6, true, 'three reports, and the rest of their district''s window');
SELECT pg_temp.alike('a few noted');
SELECT ok(yuebao.note_past(NULL) > 50, 'and all others');
SELECT is(yuebao.note_past(NULL), 0, 'once');
SELECT pg_temp.alike('all noted');

SELECT pg_temp.file(s.code, s.kind || '.monthly', '2025-03-01', pg_temp.made_up()) FROM yuebao.school AS s WHERE s.code IN ('P1', 'P3', 'J1');
SELECT pg_temp.alike('a month that is open');
SELECT is(yuebao.note_past(NULL), 3, 'three more are looked at');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-03-01', pg_temp.made_up());
SELECT is(yuebao.note_past(NULL), 1, 'one more, and those before it are not looked at again');
SELECT pg_temp.alike('four of a month that is open');

SELECT pg_temp.file('P1', 'primary.monthly', '2025-03-01', pg_temp.made_up(), 2), pg_temp.file('P1', 'primary.monthly', '2025-03-01', pg_temp.made_up(), 3);
SELECT pg_temp.alike('corrected twice');
SELECT pg_temp.file(s.code, 'primary.monthly', r.period, pg_temp.made_up(), 2)
FROM yuebao.report AS r JOIN yuebao.school AS s USING (school) WHERE s.code = 'P2' AND r.period IN ('2024-06-01', '2024-12-01') AND r.revision = 1;
SELECT pg_temp.alike('two months of the past corrected');
SELECT ok(yuebao.note_past(NULL) > 10, 'which is noted anew wherever it counts');
SELECT pg_temp.alike('noted anew');

INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, '2025-01-01', 220204 FROM yuebao.school AS s WHERE s.code = 'P2';
SELECT pg_temp.alike('a school has moved');
SELECT is((SELECT count(*) FROM yuebao.past_note AS n JOIN yuebao.school AS s ON s.school = ANY (n.schools) WHERE s.code = 'P5'), 0::bigint,
    'one that had moved before was never noted');

-- a school that has said the same for a year, and nobody doubts it
INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on) VALUES ('P6', 'P6', 'primary', '六小', 'Sixth', '2020-01-01');
INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, '2020-01-01', 220203 FROM yuebao.school AS s WHERE s.code = 'P6';
CREATE FUNCTION pg_temp.says(first_month date, last_month date, pupils integer, revision integer) RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.file('P6', 'primary.monthly', p.period::date, jsonb_build_object('pupils', jsonb_build_array(pupils)), revision)
    FROM generate_series(first_month::timestamp, last_month, interval '1 month') AS p (period)
$$;
CREATE FUNCTION pg_temp.is_unlike(expected text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is((SELECT o.value || ' beside ' || o.usual FROM api.outliers_in(220203, '2025-03', NULL, 'P6') AS o), expected, what);
    RETURN NEXT pg_temp.alike(what);
END
$$;
SELECT pg_temp.says('2024-03-01', '2025-03-01', 100, 1), yuebao.note_past(NULL) \g /dev/null
SELECT pg_temp.is_unlike(NULL, 'as ever');
SELECT pg_temp.says('2025-03-01', '2025-03-01', 200, 2) \g /dev/null
SELECT pg_temp.is_unlike('200 beside 100', 'corrected to what is unlike');
SELECT pg_temp.says('2025-03-01', '2025-03-01', 100, 3), yuebao.note_past(NULL), pg_temp.says('2024-04-01', '2024-12-01', 200, 2) \g /dev/null
SELECT pg_temp.is_unlike('100 beside 200', 'the past corrected');
SELECT pg_temp.says('2024-04-01', '2024-12-01', 100, 3), yuebao.note_past(NULL) \g /dev/null
INSERT INTO yuebao.school_district (school, valid_from, district) SELECT s.school, '2024-03-01', 220204 FROM yuebao.school AS s WHERE s.code = 'P6';
SELECT pg_temp.says('2024-03-01', '2025-02-01', 300, 1) \g /dev/null
SELECT pg_temp.is_unlike('100 beside 300', 'its past lies elsewhere');

SELECT isnt((SELECT count(*) FROM yuebao.past_note AS n WHERE n.period IN ('2024-11-01', '2025-02-01')), 0::bigint, 'two months are noted');
DELETE FROM yuebao.past_note;
INSERT INTO yuebao.detached (month, bytes) VALUES ('2025-02-01', 0);
SELECT yuebao.note_past(NULL) \g /dev/null
SELECT results_eq('SELECT DISTINCT n.period, date ''2025-02-01'' = ANY (n.sources) FROM yuebao.past_note AS n WHERE n.period IN (''2024-11-01'', ''2025-02-01'', ''2025-03-01'') ORDER BY 1',
                  $$VALUES (date '2024-11-01', false), (date '2025-03-01', false)$$, 'a month that is put away is not, nor is it compared with');
DELETE FROM yuebao.detached;
SELECT yuebao.note_past(NULL) \g /dev/null

UPDATE yuebao.past_note SET far_schools = '{}', far_indicators = '{}' WHERE period = '2025-01-01';
SELECT isnt((SELECT count(*) FROM api.outliers_in(220203, '2024-11')), 0::bigint, 'other months have some');
SELECT is((SELECT count(*) FROM api.outliers_in(220203, '2025-01', NULL, 'P1')), 0::bigint, 'it is the note that is read');
UPDATE yuebao.indicator SET name_en = 'Roll' WHERE code = 'pupils';
SELECT isnt((SELECT count(*) FROM yuebao.past_note), 0::bigint, 'a name changes nothing');
UPDATE yuebao.indicator SET measure = 'amount' WHERE code = 'pupils';
SELECT is((SELECT count(*) FROM yuebao.past_note), 0::bigint, 'a measure does');

SELECT * FROM finish();
ROLLBACK;
