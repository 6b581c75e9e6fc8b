-- Areas, on the tiny example, by hand: N (a 学区 of 220203) has P1 throughout, P2 until 2025-01, P5 from 2025-01 on; X (a 集团 over both counties)
-- has J1, P3 and P5, and P1 from 2025-02 on. P5 moves from 220203 to 220204 on 2025-02-01 and stays in both.
BEGIN;
SELECT plan(46);
\ir fixture.psql

INSERT INTO yuebao.area (code, kind, name_zh, name_en, district) VALUES ('N', 'area', '北片学区', 'North', 220203), ('X', 'cluster', '跨区集团', 'Across', NULL),
    ('E', 'area', '空学区', 'Empty', 220204);
INSERT INTO yuebao.area_school (area, school, from_day, until_day)
SELECT a.area, s.school, m.from_day, m.until_day
FROM (VALUES ('N', 'P1', date '-infinity', date 'infinity'), ('N', 'P2', '-infinity', '2025-01-31'), ('N', 'P5', '2025-01-01', 'infinity'),
             ('X', 'J1', '-infinity', 'infinity'), ('X', 'P3', '-infinity', 'infinity'), ('X', 'P5', '-infinity', 'infinity'),
             ('X', 'P1', '2025-02-01', 'infinity')) AS m (area, school, from_day, until_day)
JOIN yuebao.area AS a ON a.code = m.area JOIN yuebao.school AS s ON s.code = m.school;

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "rate": [3, 4], "activity": [10], "largest": [60]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "rate": [1, 4], "largest": [30]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-01-01', '{"pupils": [20], "activity": [25]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200], "rate": [0, 2]}');
SELECT yuebao.fold_totals(3);
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [999], "largest": [99]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [110], "funds": "2", "rate": [9, 10], "largest": [45]}', 2);
SELECT pg_temp.file('P3', 'primary.monthly', '2025-02-01', '{"pupils": [1010], "rate": [0, 0]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [25], "largest": [50]}');

-- ---- totals -----------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.total(area text, period text, indicator text, kind text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', coalesce(t.figure::text, '-'), t.schools || '+' || t.excused || '+' || t.missing || '=' || t.expected), '; ')
    FROM api.area_total(period, area, indicator, kind) AS t
$$;
SELECT is(pg_temp.total('N', '2025-01', 'pupils'), '170 3+0+0=3', 'a sum over the schools that belong to it on the last day');
SELECT is(pg_temp.total('N', '2025-02', 'pupils'), '135 2+0+0=2', 'one that left counts no more; one that moved to another county still does');
SELECT is(pg_temp.total('X', '2025-01', 'pupils'), '220 2+0+1=3', 'across counties; who has not reported is missing, not zero');
SELECT is(pg_temp.total('X', '2025-02', 'pupils'), '1145 3+0+1=4', 'one that joined; a correction replaces what it corrects');
SELECT is(pg_temp.total('X', '2025-02', 'pupils', 'junior'), '- 0+0+1=1', 'one kind of school');
SELECT is(pg_temp.total('N', '2025-01', 'rate'), '0.5 2+0+1=3', 'a ratio of sums: 4 of 8, not a mean of 3/4 and 1/4');
SELECT is(pg_temp.total('X', '2025-02', 'rate'), '0.9 2+0+2=4', 'a school with 0 of 0 adds nothing');
SELECT is(pg_temp.total('N', '2025-01', 'activity'), '1.75 2+0+1=3', 'a mean over the schools with a value');
SELECT is(pg_temp.total('N', '2025-01', 'largest') || ', ' || pg_temp.total('N', '2025-02', 'largest'), '60 2+0+1=3, 50 2+0+0=2', 'a maximum, which a correction lowered');
SELECT is(pg_temp.total('N', '2025-02', 'funds'), '- 0+1+1=2', 'a reason counts apart');
SELECT is(pg_temp.total('E', '2025-01', 'pupils'), NULL, 'an area without schools has no totals');
SELECT is((SELECT count(*) FROM api.area_total('2025-01', 'N')), 9::bigint, 'every indicator that is asked');
SELECT is((SELECT string_agg(t.area || ' ' || t.figure, '; ' ORDER BY t.area) FROM api.area_total('2025-01', of_indicator => 'pupils') AS t), 'N 170; X 220', 'areas side by side');
SELECT is((SELECT string_agg(t.area, ' ' ORDER BY t.area) FROM api.area_total('2025-01', of_indicator => 'pupils', in_district => 220204) AS t), 'X',
    'of a district: its own, and those across districts with a school in it');
SELECT is_empty($$SELECT FROM api.area_total('2025-01', 'N', 'unknown')$$, 'no such indicator');
SELECT is_empty($$SELECT FROM api.area_total('2025-01', 'unknown')$$, 'no such area');
SELECT throws_ok($$SELECT FROM api.area_total('2025-13', 'N')$$, '22008', NULL, 'no period');

SELECT is((SELECT string_agg(concat_ws(' ', r.rank || '/' || r.of, r.area, r.figure, coalesce(r.change::text, '-')), '; ' ORDER BY r.rank)
           FROM api.rank_areas('pupils', '2025-02') AS r), '1/2 X 1145 925; 2/2 N 135 -35', 'in order, each beside its own month before');
SELECT is((SELECT string_agg(concat_ws(' ', r.rank, r.area, coalesce(r.figure::text, '-'), r.missing), '; ' ORDER BY r.rank, r.area)
           FROM api.rank_areas('pupils', '2025-02', 220203, 'junior') AS r), 'X - 1', 'without a figure there is no rank');

-- ---- beside the district: an area with all of a county's schools has the county's numbers ------------------------------------------------------

INSERT INTO yuebao.area (code, kind, name_zh, name_en, district) VALUES ('ALL', 'area', '全区', 'All', 220203);
INSERT INTO yuebao.area_school (area, school, from_day, until_day)
SELECT a.area, m.school, m.valid_from, coalesce((SELECT min(n.valid_from) - 1 FROM yuebao.school_district AS n WHERE n.school = m.school AND n.valid_from > m.valid_from), 'infinity')
FROM yuebao.area AS a, yuebao.school_district AS m WHERE a.code = 'ALL' AND m.district = 220203;

SELECT results_eq(
    $$SELECT form, period, expected, reported, on_time, late, admitted, corrected, kept, missing, share, extended, closed FROM api.area_completeness WHERE area = 'ALL' ORDER BY 1, 2$$,
    $$SELECT form, period, expected, reported, on_time, late, admitted, corrected, kept, missing, share, extended, closed FROM api.completeness WHERE district = 220203 ORDER BY 1, 2$$,
    'completeness');
SELECT results_eq(
    $$SELECT form, period, indicator, required, expected, with_value, not_applicable, not_yet_known, not_collected, refused, left_out, not_reported
      FROM api.area_coverage WHERE area = 'ALL' ORDER BY 1, 2, 3$$,
    $$SELECT form, period, indicator, required, expected, with_value, not_applicable, not_yet_known, not_collected, refused, left_out, not_reported
      FROM api.coverage WHERE district = 220203 ORDER BY 1, 2, 3$$,
    'coverage');
SELECT results_eq(
    $$SELECT expected, on_time, late, kept, missing, share, schools, always_on_time FROM api.area_punctuality('ALL', 2025)$$,
    $$SELECT expected, on_time, late, kept, missing, share, schools, always_on_time FROM api.district_punctuality(220203, 2025, false)$$,
    'punctuality');
SELECT results_eq(
    $$SELECT p.expected, p.schools FROM api.area_punctuality('ALL', 2025, of_form => 'junior.monthly') AS p
      UNION ALL SELECT sum(p.expected), count(*) FROM api.punctuality_of(in_area => 'ALL', of_year => 2025, of_form => 'junior.monthly') AS p$$,
    $$SELECT p.expected, p.schools FROM api.district_punctuality(220203, 2025, false, 'junior.monthly') AS p
      UNION ALL SELECT sum(p.expected), count(*) FROM api.punctuality_of(220203, 2025) AS p WHERE p.form = 'junior.monthly'$$,
    'of one form');
SELECT isnt((SELECT p.expected FROM api.district_punctuality(220203, 2025, false, 'junior.monthly') AS p),
    (SELECT p.expected FROM api.district_punctuality(220203, 2025, false) AS p), 'which is a part');
SELECT bag_eq(
    $$SELECT school, form, expected, on_time, late, missing FROM api.punctuality_of(of_year => 2025, in_area => 'ALL')$$,
    $$SELECT school, form, expected, on_time, late, missing FROM api.punctuality_of(220203, 2025)$$,
    'punctuality by school');
SELECT results_eq(
    $$SELECT period, figure, value, denominator, schools, excused, expected, missing, before, change FROM api.trend('rate', in_area => 'ALL')$$,
    $$SELECT period, figure, value, denominator, schools, excused, expected, missing, before, change FROM api.trend('rate', 220203)$$,
    'a trend');
SELECT results_eq(
    $$SELECT kind, schools, excused, missing, lowest, lower_quartile, median, upper_quartile, highest, mean FROM api.distribution('pupils', '2025-01', NULL, NULL, 'ALL')$$,
    $$SELECT kind, schools, excused, missing, lowest, lower_quartile, median, upper_quartile, highest, mean FROM api.distribution('pupils', '2025-01', 220203)$$,
    'a distribution');
SELECT results_eq(
    $$SELECT school, state, figure FROM api.drill(NULL, '2025-01', 'pupils', NULL, 'ALL')$$, $$SELECT school, state, figure FROM api.drill(220203, '2025-01', 'pupils')$$,
    'a drill-down');
SELECT bag_eq($$SELECT school, form, period FROM api.missing_in_area('ALL')$$, $$SELECT school, form, period FROM api.missing_in(220203)$$, 'what is missing');
SELECT results_eq(
    $$SELECT form, period, district, owed, missing, schools_zh FROM api.missing_text(of_period => '2025-02', in_area => 'ALL')$$,
    $$SELECT form, period, district, owed, missing, schools_zh FROM api.missing_text(220203, '2025-02')$$,
    'the text for a work group');

-- ---- who belongs -------------------------------------------------------------------------------------------------------------------------

SELECT is((SELECT string_agg(m.school || ' ' || m.district, '; ' ORDER BY m.school) FROM api.area_school AS m WHERE m.area = 'N'), 'P1 220203; P2 220203; P5 220204',
    'its schools, each with the district of today, or of its last day');
SELECT is((SELECT a.schools FROM api.area AS a WHERE a.area = 'N'), 2::bigint, 'how many belong today');
SELECT throws_ok($$INSERT INTO yuebao.area_school (area, school, from_day) SELECT m.area, m.school, '2024-12-31' FROM yuebao.area_school AS m
                   WHERE m.until_day = '2025-01-31'$$, '23P01', NULL, 'a school belongs to an area once at a time');
SELECT lives_ok($$INSERT INTO yuebao.area_school (area, school, from_day) SELECT m.area, m.school, '2025-02-01' FROM yuebao.area_school AS m
                  WHERE m.until_day = '2025-01-31' AND m.area = (SELECT a.area FROM yuebao.area AS a WHERE a.code = 'N')$$, 'but may come back');
SELECT is(pg_temp.total('N', '2025-02', 'pupils'), '135 2+0+1=3', 'and is owed again');

-- ---- when a client was last heard ----------------------------------------------------------------------------------------------------------

INSERT INTO yuebao.school_key (key, school, enrolled_at) SELECT sha256(s.code::bytea), s.school, '2025-01-05 08:00+08' FROM yuebao.school AS s WHERE s.code IN ('P1', 'P2', 'J1');
SELECT yuebao.note_contacts(ARRAY[sha256('P1'), sha256('unknown')], ARRAY[timestamptz '2025-03-02 08:00+08', '2025-03-02 08:00+08'], ARRAY['yuebao 1', '']);
SELECT yuebao.note_contacts(ARRAY[sha256('P1'), sha256('J1')], ARRAY[timestamptz '2025-03-01 08:00+08', '2025-03-03 08:00+08'], ARRAY['yuebao 0', 'yuebao 1']);
SELECT results_eq($$SELECT s.code, c.at, c.software FROM yuebao.contact AS c JOIN yuebao.school_key AS k USING (key) JOIN yuebao.school AS s USING (school) ORDER BY 1$$,
    $$VALUES ('J1', timestamptz '2025-03-03 08:00+08', 'yuebao 1'), ('P1', '2025-03-02 08:00+08', 'yuebao 1')$$, 'the newest contact of each known key');
SELECT is((SELECT string_agg(m.school || ' ' || coalesce(m.last_report::text, 'never') || ' ' || coalesce(to_char(m.last_contact AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'), 'never'),
                             '; ' ORDER BY m.school) FROM api.missing AS m WHERE m.period = '2025-03' AND m.school IN ('P2', 'J1', 'P4')),
    'J1 ' || now() || ' ' || to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') || '; P2 ' || now() || ' ' || to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'),
    'a report is a contact too');
UPDATE yuebao.report SET received_at = '2025-02-01 08:00+08';
SELECT is((SELECT string_agg(m.school || ' ' || to_char(m.last_report, 'MM-DD') || ' ' || to_char(m.last_contact AT TIME ZONE 'Asia/Shanghai', 'MM-DD'), '; ' ORDER BY m.school)
           FROM api.missing AS m WHERE m.period = '2025-03'),
    'J1 02-01 03-03; P1 02-01 03-02; P2 02-01 03-03; P3 02-01 02-01; P5 02-01 02-01', 'a client stands for its institution: J1 and P2 have one');
SELECT is((SELECT string_agg(t.schools_zh, '; ' ORDER BY t.form, t.district) FROM api.missing_text(220200, '2025-03') AS t),
    '一中; 一小、二小; 三小（电脑自 2025-02-01 起未联系）、五小（电脑自 2025-02-01 起未联系）', 'a silent computer is told from a slow clerk');

-- ---- who may see it ------------------------------------------------------------------------------------------------------------------------

CREATE ROLE "li.official" LOGIN;
GRANT yuebao_reader TO "li.official";
SELECT yuebao.grant_access('li.official', 'official', '{220203}', '{}', '{}', '-infinity', 'infinity');
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    SET LOCAL SESSION AUTHORIZATION "li.official";
    EXECUTE query INTO answer;
    RESET SESSION AUTHORIZATION;
    RETURN answer;
END
$$;
SELECT is(pg_temp.answer(t.query), t.answer, t.says)
FROM (VALUES
    ($$SELECT string_agg(a.area || ' ' || a.seen, ', ' ORDER BY a.area) FROM api.area AS a$$, 'ALL true, E true, N false, X false',
     'a county''s official sees which areas there are, and is told which it sees whole'),
    ($$SELECT string_agg(DISTINCT t.area, ' ') FROM api.area_total('2025-01') AS t$$, 'ALL', 'no total of which it sees a part'),
    ($$SELECT string_agg(DISTINCT t.area, ' ') FROM api.area_completeness AS t$$, 'ALL', 'nor how whole it is'),
    ($$SELECT string_agg(DISTINCT t.area, ' ') FROM api.area_coverage AS t$$, 'ALL', 'nor what is stated'),
    ($$SELECT string_agg(DISTINCT t.area, ' ') FROM api.area_punctuality(of_year => 2025) AS t$$, 'ALL', 'nor how punctual'),
    ($$SELECT count(*) || ' ' || (SELECT count(*) FROM api.drill(NULL, '2025-01', 'pupils', NULL, 'X')) || ' '
              || (SELECT count(*) FROM api.distribution('pupils', '2025-01', NULL, NULL, 'X')) || ' ' || (SELECT count(*) FROM api.missing_in_area('X'))
       FROM api.trend('pupils', in_area => 'X')$$, '0 0 0 0', 'nothing of one that crosses its border'),
    ($$SELECT string_agg(s.school, ' ' ORDER BY s.school) FROM api.school AS s WHERE s.last_contact IS NOT NULL$$, 'J1 P1 P2 P5',
     'and when its own schools were heard')) AS t (query, answer, says);

SELECT * FROM finish();
ROLLBACK;
