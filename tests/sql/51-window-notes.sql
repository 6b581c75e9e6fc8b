-- What is noted of a window's greatest value (yuebao.greatest_note) is read while it is true, and not a report longer.
BEGIN;
SELECT plan(15);
\ir fixture.psql

CREATE FUNCTION pg_temp.greatest() RETURNS bigint LANGUAGE sql AS $$
    SELECT api.greatest_of(ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = 220200), '2025-01-01',
                           ARRAY(SELECT f.form FROM yuebao.form AS f WHERE f.code = 'primary.monthly'), (SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = 'largest'))
$$;
CREATE FUNCTION pg_temp.is_greatest(expected bigint, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is((SELECT max(g.value) FROM yuebao.figure AS g JOIN yuebao.indicator AS i ON i.indicator = g.indicator WHERE i.code = 'largest' AND g.period = '2025-01-01'),
                   expected, what || ': in the figures');
    RETURN NEXT is(pg_temp.greatest(), expected, what);
END
$$;

SELECT is(pg_temp.greatest(), NULL, 'nobody has stated one');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "largest": [60]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "largest": [40]}');
SELECT pg_temp.is_greatest(60, 'not noted');
SELECT is(yuebao.note_windows(1), 1, 'a district''s window is noted');
SELECT isnt(yuebao.note_windows(NULL), 0, 'and all others');
SELECT pg_temp.is_greatest(60, 'noted');
UPDATE yuebao.greatest_note SET value = value + 1000;
SELECT is(pg_temp.greatest(), 1060::bigint, 'it is the note that is read');
UPDATE yuebao.greatest_note SET value = value - 1000;

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "largest": [45]}', 2);
SELECT pg_temp.is_greatest(45, 'corrected');
SELECT isnt(yuebao.note_windows(NULL), 0, 'and noted');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "largest": [40]}', 3);
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "largest": [45]}', 2);
SELECT pg_temp.is_greatest(45, 'corrected again, so that neither sums nor the greatest change');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "largest": [44]}', 3);
SELECT pg_temp.is_greatest(44, 'a third revision');

SELECT * FROM finish();
ROLLBACK;
