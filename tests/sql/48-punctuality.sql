-- How punctual schools were, computed by hand. In 2025 county 220203 is owed 5 + 3 + 3 reports; county 220204 1 + 2 + 2.
BEGIN;
SELECT plan(12);
\ir fixture.psql

SELECT pg_temp.file(s.code, 'primary.monthly', '2025-01-01', '{"pupils": [1]}') FROM unnest(ARRAY['P1', 'P2', 'P3', 'P4', 'P5']) AS s (code);
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [1]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [1]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [2]}', 2); -- late, but only the correction
SELECT pg_temp.file('J1', 'junior.monthly', '2025-02-01', '{"pupils": [1]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [1]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-03-01', '{"pupils": [1]}');
UPDATE yuebao.report AS r SET late = true FROM yuebao.school AS s WHERE s.school = r.school AND s.code = 'P1' AND r.period = '2025-03-01';
INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
SELECT 220203, '2025-03-01', s.school, f.form, sha256('kept'), 1, 'key', now(), '', '' FROM yuebao.school AS s, yuebao.form AS f
WHERE s.code = 'P2' AND f.code = 'primary.monthly';

CREATE FUNCTION pg_temp.counts(district integer, year integer, below boolean) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', p.district, p.schools || ':' || p.always_on_time, p.expected || '=' || p.on_time || '+' || p.late || '+' || p.kept || '+' || p.missing,
                                p.share), '; ')
    FROM api.district_punctuality(district, year, below) AS p
$$;
SELECT is(pg_temp.counts(220203, 2025, false), '220203 5:2 11=7+1+1+2 0.6363', 'a county''s year: on time, late, kept, missing');
SELECT is(pg_temp.counts(220200, 2025, true), '220200 6:1 16=9+1+1+5 0.5625; 220204 2:0 5=2+0+0+3 0.4000; 220203 5:2 11=7+1+1+2 0.6363',
    'a city, with its counties, the least punctual first; a school that moved is one');
SELECT is(pg_temp.counts(NULL, 2025, false), '100000 6:1 16=9+1+1+5 0.5625', 'no district is the uppermost');
SELECT is(pg_temp.counts(220203, 2024, false), NULL, 'a year in which nothing was owed');

CREATE FUNCTION pg_temp.of_school(code text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', p.district, p.form, p.expected || '=' || p.on_time || '+' || p.late || '+' || p.kept || '+' || p.missing, p.share), '; ' ORDER BY p.district)
    FROM api.punctuality_of(NULL, 2025, code) AS p
$$;
SELECT is(pg_temp.of_school('P1'), '220203 primary.monthly 3=2+1+0+0 0.6666', 'a correction that comes late does not make the report late');
SELECT is(pg_temp.of_school('P2'), '220203 primary.monthly 3=1+0+1+1 0.3333', 'kept is not missing');
SELECT is(pg_temp.of_school('P4'), '220203 primary.monthly 1=1+0+0+0 1.0000', 'a closed school owes no more');
SELECT is(pg_temp.of_school('P5'), '220203 primary.monthly 1=1+0+0+0 1.0000; 220204 primary.monthly 2=1+0+0+1 0.5000', 'a school that moved, in each district');
SELECT is(pg_temp.of_school('nobody'), NULL, 'no such school');
SELECT is((SELECT sum(p.expected) FROM api.punctuality_of(220203, 2025) AS p), 11::numeric, 'schools come to the district');

-- a slot counts when it is due, or sooner when it is reported
UPDATE yuebao.calendar SET due_at = '2100-01-01', closes_at = '2100-01-01' WHERE period = '2025-03-01';
SELECT is(pg_temp.counts(220203, 2025, false), '220203 5:3 9=7+1+0+1 0.7777', 'what is not due yet is not missing');

SET LOCAL ROLE yuebao_reader;
SELECT count(*) AS asked FROM api.punctuality \gset
RESET ROLE;
SELECT is(:asked, 0, 'a reader may ask; this year nothing is owed in the example');

SELECT * FROM finish();
ROLLBACK;
