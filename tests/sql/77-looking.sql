-- Looking closer, on the tiny example, computed by hand.
--
--                  county 220203                            county 220204
--   2024-02        P1 90, J1 180 of P1 P2 P4 P5 J1          nobody of P3
--   2025-01        P1 100, P2 50, P4 10, P5 20, J1 200      P3 1000
--   2025-02        P1 110 (before: 999), J1 210, no P2      P3 1010, P5 25
--   2025-03        P1 120, no P2, no J1                     nobody of P3 P5
BEGIN;
SELECT plan(56);
\ir fixture.psql

INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
SELECT c.form, '2024-02-01', '2024-02-01 00:00+08', '2024-03-05 00:00+08', '2024-03-10 00:00+08', c.catalogue FROM yuebao.calendar AS c
WHERE c.period = '2025-02-01';

SELECT pg_temp.file('P1', 'primary.monthly', '2024-02-01', '{"pupils": [90]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2024-02-01', '{"pupils": [180]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "rate": [3, 4], "activity": [10], "largest": [60]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "rate": [1, 4], "largest": [30]}');
SELECT pg_temp.file('P4', 'primary.monthly', '2025-01-01', '{"pupils": [10]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-01-01', '{"pupils": [20]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200], "rate": [0, 2], "activity": [20]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [1000]}');
SELECT yuebao.fold_totals(5);
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [999], "largest": [99]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [110], "funds": [300], "rate": [9, 10], "largest": [45]}', 2);
SELECT pg_temp.file('J1', 'junior.monthly', '2025-02-01', '{"pupils": [210], "funds": "2", "rate": [0, 0], "largest": [50]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-02-01', '{"pupils": [1010]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [25]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-03-01', '{"pupils": [120]}');

-- ---- over time --------------------------------------------------------------------------------------------------------------------------

-- period, figure, schools+excused+missing=expected, change, change in a year
CREATE FUNCTION pg_temp.trend(indicator text, district integer, school text DEFAULT NULL, from_period text DEFAULT NULL, to_period text DEFAULT NULL,
                              kind text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', t.period, coalesce(t.figure::text, '-'), t.schools || '+' || t.excused || '+' || t.missing || '=' || t.expected,
                                coalesce(t.change::text, '-'), coalesce(t.year_change::text, '-')), '; ' ORDER BY t.first_day)
    FROM api.trend(indicator, district, school, from_period, to_period, kind) AS t
$$;
SELECT is(pg_temp.trend('pupils', 220203),
    '2024-02 270 2+0+3=5 - -; 2025-01 380 5+0+0=5 110 -; 2025-02 320 2+0+1=3 -60 50; 2025-03 120 1+0+2=3 -200 -', 'a sum over periods');
SELECT is(pg_temp.trend('pupils', 220200, NULL, '2025-02', '2025-02'), '2025-02 1355 4+0+1=5 -25 1085', 'a city, with what is before the first that is shown');
SELECT is(pg_temp.trend('pupils', NULL, NULL, '2025-02'), '2025-02 1355 4+0+1=5 -25 1085; 2025-03 120 1+0+4=5 -1235 -', 'no district is the uppermost');
SELECT is(pg_temp.trend('pupils', 220203, NULL, '2025-02', '2025-02', 'primary'), '2025-02 110 1+0+1=2 -70 20', 'one kind of school');
SELECT is(pg_temp.trend('rate', 220203, NULL, '2025'), '2025-01 0.4 3+0+2=5 - -; 2025-02 0.9 2+0+1=3 0.5 -; 2025-03 - 0+0+3=3 - -',
    'a ratio of sums: 4/10, then 9/10 with a school of 0/0; nothing is not zero');
SELECT is(pg_temp.trend('activity', 220203, NULL, '2025-01', '2025-01'), '2025-01 1.5 2+0+3=5 - -', 'a mean');
SELECT is(pg_temp.trend('largest', 220203, NULL, '2025-01', '2025-02'), '2025-01 60 2+0+3=5 - -; 2025-02 50 2+0+1=3 -10 -', 'a maximum, which a correction lowered');
SELECT is(pg_temp.trend('funds', 220203, NULL, '2025-02', '2025-02'), '2025-02 3 1+1+1=3 - -', 'a reason counts apart');
SELECT is(pg_temp.trend('pupils', NULL, 'P5'), '2024-02 - 0+0+1=1 - -; 2025-01 20 1+0+0=1 - -; 2025-02 25 1+0+0=1 5 -; 2025-03 - 0+0+1=1 - -',
    'a school that moved takes its figures along');
SELECT is((SELECT string_agg(t.period || ' ' || t.missing_en, ', ') FROM api.trend('funds', NULL, 'J1') AS t WHERE t.missing_en IS NOT NULL),
    '2025-02 not yet known', 'a school''s reason');
SELECT is(pg_temp.trend('pupils', NULL, 'P4', '2025-01'), '2025-01 10 1+0+0=1 - -; 2025-02 - 0+0+0=0 - -; 2025-03 - 0+0+0=0 - -', 'a closed school owes nothing');
SELECT is(pg_temp.trend('unknown', 220203), NULL, 'no such indicator: no rows');
SELECT is(pg_temp.trend('pupils', NULL, 'nobody'), NULL, 'no such school: no rows');
SELECT throws_ok($$ SELECT * FROM api.trend('pupils', 220203, NULL, '2025-13') $$, '22008', NULL, 'no period');

-- ---- what is owed is the slots, however they are counted ---------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.owed_otherwise() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT d.district || ' ' || c.period || ' ' || o.slots || ' ' || coalesce(e.expected, 0)
    FROM yuebao.district AS d
    CROSS JOIN (SELECT DISTINCT k.period FROM yuebao.calendar AS k) AS c
    CROSS JOIN LATERAL (SELECT count(*) AS slots FROM yuebao.slot AS s JOIN yuebao.district_ancestor AS a ON a.district = s.district
                        WHERE a.ancestor = d.district AND s.period = c.period AND s.opens_at <= now()) AS o
    LEFT JOIN LATERAL (SELECT w.expected FROM yuebao.owed_to(ARRAY[d.district], (SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = 'pupils'),
                                                             ARRAY[c.period], 'monthly', NULL) AS w) AS e ON true
    WHERE o.slots <> coalesce(e.expected, 0)
$$;
SELECT is_empty('SELECT * FROM pg_temp.owed_otherwise()', 'expected is the number of slots');
SAVEPOINT extended;
INSERT INTO yuebao.extension (form, period, district, opens_at, due_at, closes_at, reason)
SELECT f.form, '2025-03-01', 220204, '2100-01-01', '2100-02-01', '2100-03-01', 'flood' FROM yuebao.form AS f WHERE f.code = 'primary.monthly';
SELECT is_empty('SELECT * FROM pg_temp.owed_otherwise()', 'and with schools for which it has not opened');
SELECT is(pg_temp.trend('pupils', 220200, NULL, '2025-03'), '2025-03 120 1+0+2=3 -1235 -', 'these owe nothing yet');
ROLLBACK TO extended;

-- ---- beside others -----------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.rank(indicator text, period text, district integer, kind text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', coalesce(r.rank || '/' || r.of, 'own'), r.district, coalesce(r.figure::text, '-'),
                                r.schools || '+' || r.excused || '+' || r.missing || '=' || r.expected, coalesce(r.difference::text, '-'),
                                coalesce(r.change::text, '-')), '; ' ORDER BY NOT r.own, r.rank, r.district)
    FROM api.rank_districts(indicator, period, district, kind) AS r
$$;
SELECT is(pg_temp.rank('pupils', '2025-02', 220200), 'own 220200 1355 4+0+1=5 - -25; 1/2 220204 1035 2+0+0=2 - 35; 2/2 220203 320 2+0+1=3 - -60',
    'counties of a city, the highest first');
SELECT is(pg_temp.rank('rate', '2025-02', 220200), 'own 220200 0.9 2+0+3=5 - 0.5; 1/1 220203 0.9 2+0+1=3 0 0.5; own 220204 - 0+0+2=2 - -',
    'what has no figure has no rank');
SELECT is(pg_temp.rank('pupils', '2025-02', 220200, 'junior'), 'own 220200 210 1+0+0=1 - 10; 1/1 220203 210 1+0+0=1 - 10', 'one kind; who owes nothing is not there');
SELECT is(pg_temp.rank('pupils', '2025-02', 220203), 'own 220203 320 2+0+1=3 - -60', 'a county has nobody below');

SELECT is((SELECT string_agg(coalesce(r.rank || '/' || r.of, '-') || ' ' || r.school || ' ' || coalesce(r.figure::text, r.state), '; ' ORDER BY r.rank, r.school)
           FROM api.rank_schools('pupils', '2025-02', 220200) AS r),
    '1/4 P3 1010; 2/4 J1 210; 3/4 P1 110; 4/4 P5 25; - P2 missing', 'schools, the highest first');
UPDATE yuebao.figure AS g SET value = 110 FROM yuebao.school AS s, yuebao.indicator AS i
WHERE s.school = g.school AND s.code = 'J1' AND i.indicator = g.indicator AND i.code = 'pupils' AND g.period = '2025-02-01';
SELECT is((SELECT string_agg(r.rank || ' ' || r.school, '; ' ORDER BY r.rank, r.school) FROM api.rank_schools('pupils', '2025-02', 220200) AS r WHERE r.rank > 0),
    '1 P3; 2 J1; 2 P1; 4 P5', 'equal figures have equal rank');
UPDATE yuebao.figure AS g SET value = 210 FROM yuebao.school AS s, yuebao.indicator AS i
WHERE s.school = g.school AND s.code = 'J1' AND i.indicator = g.indicator AND i.code = 'pupils' AND g.period = '2025-02-01';

CREATE FUNCTION pg_temp.spread(indicator text, period text, district integer, kind text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', coalesce(d.kind, 'all'), d.schools || '+' || d.excused || '+' || d.missing, coalesce(d.lowest::text, '-'), d.lower_quartile,
                                d.median, d.upper_quartile, d.highest, d.mean), '; ' ORDER BY d.kind)
    FROM api.distribution(indicator, period, district, kind) AS d
$$;
SELECT is(pg_temp.spread('pupils', '2025-02', 220200),
    'junior 1+0+0 210 210 210 210 210 210; primary 3+0+1 25 67.5 110 560 1010 381.666667; all 4+0+1 25 88.75 160 410 1010 338.75', 'quartiles by kind and over all');
SELECT is(pg_temp.spread('pupils', '2025-02', 220200, 'primary'), 'primary 3+0+1 25 67.5 110 560 1010 381.666667', 'one kind alone');
SELECT is(pg_temp.spread('rate', '2025-02', 220203), 'junior 0+0+0 -; primary 1+0+1 0.9 0.9 0.9 0.9 0.9 0.9; all 1+0+1 0.9 0.9 0.9 0.9 0.9 0.9',
    '0 of 0 is no figure');
SELECT is((SELECT array_agg(api.quartile(ARRAY[1, 2, 4, 8, 16]::numeric[], q)) FROM generate_series(0, 4) AS q), ARRAY[1, 2, 4, 8, 16]::numeric[], 'quartiles that fall on figures');
SELECT is((SELECT array_agg(trim_scale(api.quartile(ARRAY[1, 2]::numeric[], q))) FROM generate_series(0, 4) AS q), ARRAY[1, 1.25, 1.5, 1.75, 2], 'quartiles of two');
SELECT is(api.quartile(ARRAY[]::numeric[], 2), NULL, 'no quartile of nothing');

-- ---- one school --------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.profile(school text, period text, indicators text[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', p.indicator, p.period, p.state, coalesce(p.figure::text, '-'), coalesce(p.district_figure::text, '-'),
                                coalesce(p.rank::text, '-') || '/' || p.of, coalesce(p.quarter::text, '-'), coalesce(p.before::text, '-'),
                                coalesce(p.change::text, '-')), '; ' ORDER BY array_position(indicators, p.indicator))
    FROM api.profile(school, period) AS p WHERE p.indicator = ANY (indicators)
$$;
SELECT is(pg_temp.profile('P1', '2025-01', '{pupils,rate,largest,activity}'),
    'pupils 2025-01 value 100 180 1/4 1 90 10; rate 2025-01 value 0.75 0.5 1/2 1 - -; largest 2025-01 value 60 60 1/2 1 - -; activity 2025-01 value 1 1 1/1 1 - -',
    'beside the primary schools of its district: 180, 4/8, 60, 1.0');
SELECT is(pg_temp.profile('P5', '2025-01', '{pupils,rate}'), 'pupils 2025-01 value 20 180 3/4 3 - -; rate 2025-01 left_out - 0.5 -/2 - - -',
    'third of four is in the third quarter; what it left out has no rank');
SELECT is(pg_temp.profile('P5', '2025-02', '{pupils}'), 'pupils 2025-02 value 25 1035 2/2 3 20 5', 'it moved: another district, its own figure of before');
SELECT is(pg_temp.profile('J1', '2025-02', '{funds,rate}'), 'funds 2025-02 excused - - -/0 - - -; rate 2025-02 value - - -/0 - 0 -', 'a reason, and 0 of 0');
SELECT is(pg_temp.profile('P2', '2025-03', '{pupils}'), 'pupils 2025-03 missing - 120 -/1 - - -', 'not reported');
SELECT is(pg_temp.profile('P2', NULL, '{pupils}'), 'pupils 2025-01 value 50 180 2/4 2 - -', 'without a period, the newest that it reported');
SELECT is((SELECT count(*) FROM api.profile('P1', '2025-01')), 9::bigint, 'every indicator of its form');

-- ---- down to the schools -----------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.drill(district integer, period text, indicator text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', d.school, d.state, d.value || coalesce('/' || d.denominator, ''), d.missing_en), '; ')
    FROM api.drill(district, period, indicator) AS d
$$;
SELECT is(pg_temp.drill(220203, '2025-02', 'pupils'), 'J1 value 210; P1 value 110; P2 missing', 'the schools behind a sum');
SELECT is(pg_temp.drill(220203, '2025-02', 'funds'), 'P1 value 3.00; J1 excused not yet known; P2 missing', 'a reason');
SELECT is(pg_temp.drill(220200, '2025-02', 'rate'), 'J1 value 0/0; P1 value 9/10; P3 left_out; P5 left_out; P2 missing', 'left out is not missing');
SELECT is(pg_temp.drill(220204, '2025-03', 'pupils'), 'P3 missing; P5 missing', 'nobody');

CREATE FUNCTION pg_temp.not_adding_up() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT t.district || ' ' || t.period || ' ' || t.kind || ' ' || t.indicator
    FROM api.district_total AS t JOIN api.indicator AS i ON i.indicator = t.indicator
    CROSS JOIN LATERAL (SELECT count(d.value) AS schools, count(d.missing_en) AS excused,
                               CASE i.over_schools WHEN 'max' THEN max(d.value) WHEN 'mean' THEN trim_scale(round(avg(d.value), 6)) ELSE sum(d.value) END AS value,
                               sum(d.denominator) AS denominator
                        FROM api.drill(t.district, t.period, t.indicator, t.kind) AS d) AS d
    WHERE (d.schools, d.excused, d.value, d.denominator) IS DISTINCT FROM (t.schools, t.excused, t.value, t.denominator)
$$;
SELECT cmp_ok((SELECT count(*) FROM api.district_total), '>', 50::bigint, 'there are totals to take apart');
SELECT is_empty('SELECT * FROM pg_temp.not_adding_up()', 'every total is the sum of the schools behind it');
SELECT is_empty($$
    SELECT t.district, t.period, t.indicator FROM (SELECT DISTINCT o.district, o.period, o.indicator FROM api.district_total AS o) AS t
    CROSS JOIN LATERAL api.trend(t.indicator, t.district, NULL, t.period, t.period) AS r
    CROSS JOIN LATERAL (SELECT count(d.value) AS schools, count(*) AS all_of_them FROM api.drill(t.district, t.period, t.indicator) AS d) AS d
    WHERE (d.schools, d.all_of_them) IS DISTINCT FROM (r.schools, r.expected) $$, 'and as many as the trend says');
SAVEPOINT closed;
UPDATE yuebao.school AS s SET closed_on = '2025-02-10' WHERE s.code = 'P3';
SELECT is(pg_temp.drill(220204, '2025-02', 'pupils'), 'P3 value 1010; P5 value 25', 'a school that owes nothing any more still counts');
SELECT is_empty('SELECT * FROM pg_temp.not_adding_up()', 'and the totals still add up');
ROLLBACK TO closed;

-- ---- down to the statement ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.trace(school text, period text, indicator text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', t.revision, CASE WHEN t.stands THEN 'stands' END, t.state, coalesce(t.figure::text, '-'), t.changed, t.filler || t.reviewer || t.head,
                                t.replaced_by = lead.id), '; ' ORDER BY t.revision DESC)
    FROM api.figure_trace(school, period, indicator) AS t
    LEFT JOIN api.figure_trace(school, period, indicator) AS lead ON lead.revision = t.revision + 1
$$;
SELECT is(pg_temp.trace('P1', '2025-02', 'pupils'), '2 stands value 110 t abc; 1 value 999 abc t', 'what stands, and what it replaced');
SELECT is(pg_temp.trace('P1', '2025-02', 'funds'), '2 stands value 3 t abc; 1 left_out - abc t', 'a figure that was not there before');
SELECT is(pg_temp.trace('J1', '2025-02', 'funds'), '1 stands excused - abc', 'a reason');
SELECT is(pg_temp.trace('P2', '2025-02', 'pupils'), NULL, 'nothing was reported');
SELECT is((SELECT t.id FROM api.figure_trace('P1', '2025-02', 'pupils') AS t WHERE t.stands),
    (SELECT r.id FROM api.report AS r WHERE r.school = 'P1' AND r.period = '2025-02' AND r.revision = 2), 'its id is the report''s');
INSERT INTO yuebao.remark (district, period, school, form, revision, "position", indicator, rule, found, bound, explanation)
SELECT r.district, r.period, r.school, r.form, 2, 1, i.indicator, '', '', '', 'counted again' FROM yuebao.report AS r, yuebao.indicator AS i
WHERE r.revision = 2 AND i.code = 'pupils';
SELECT is((SELECT string_agg(t.revision || coalesce(': ' || t.explanation, ''), ', ' ORDER BY t.revision) FROM api.figure_trace('P1', '2025-02', 'pupils') AS t),
    '1, 2: counted again', 'the school''s words, of the revision they were sent with');

-- ---- a text, and who may ask -------------------------------------------------------------------------------------------------------------

SELECT is((SELECT string_agg(concat_ws(' ', m.form, m.district, m.missing || '/' || m.owed_by_district || '/' || m.owed, m.schools_zh, m.schools_en), '; ')
           FROM api.missing_text(220200, '2025-03') AS m),
    'junior.monthly 220203 1/1/1 一中 Junior; primary.monthly 220203 1/2/4 二小 Second; primary.monthly 220204 2/2/4 三小、五小 Third, Moved',
    'who is missing, by district');
SELECT is((SELECT count(*) FROM api.missing_text(220200, '2025-01')), 0::bigint, 'nobody');
INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
SELECT 220204, '2025-03-01', s.school, f.form, sha256('kept'), 1, 'key', now(), '', '' FROM yuebao.school AS s, yuebao.form AS f
WHERE s.code = 'P3' AND f.code = 'primary.monthly';
SELECT is((SELECT m.schools_zh FROM api.missing_text(220204, '2025-03') AS m), '三小（关闭后送达，待处理）、五小', 'a school whose report waits for the bureau is not scolded for silence');

SET LOCAL ROLE yuebao_reader;
SELECT t.figure || ' ' || (SELECT count(*) FROM api.drill(220203, '2025-02', 'pupils')) || ' '
       || (SELECT count(*) FROM api.rank_schools('pupils', '2025-02', 220203)) || ' ' || (SELECT count(*) FROM api.profile('P1', '2025-02')) || ' '
       || (SELECT count(*) FROM api.figure_trace('P1', '2025-02', 'pupils')) || ' ' || (SELECT count(*) FROM api.missing_text(220203, '2025-02')) AS looked
FROM api.trend('pupils', 220203, NULL, '2025-02', '2025-02') AS t \gset
RESET ROLE;
SELECT is(:'looked'::text, '320 3 3 9 2 1', 'a reader may look, take apart, rank and trace');
SELECT ok(NOT has_function_privilege('yuebao_reader', 'yuebao.totals_of(integer[],smallint,date[],text,text)', 'EXECUTE'), 'but not reach behind');

SELECT * FROM finish();
ROLLBACK;
