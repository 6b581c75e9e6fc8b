-- The summary table, on the tiny example, computed by hand. Months are settled when closed: here all are.
--
--                  county 220203                                            county 220204
--   2025-01        P1 100, P2 50, J1 200 of P1 P2 P4 P5 J1                  P3 1000
--   2025-02        P1 110 (before: 999), J1 210, no P2                      P3 1010, P5 25
--   2025-03        P1 120, no P2, no J1                                     nobody of P3 P5
BEGIN;
SELECT plan(28);
\ir fixture.psql

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01',
    '{"pupils": [100], "funds": [1000], "rate": [3, 4], "attendance": [90, 100], "activity": [10], "largest": [60], "hours_each": [20, 1]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "funds": "2", "rate": [1, 4], "largest": [30]}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200], "funds": [50], "attendance": [45, 50], "activity": [20], "largest": [70]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [1000]}');
SELECT yuebao.fold_totals(5);
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01', '{"pupils": [999]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-02-01',
    '{"pupils": [110], "funds": [300], "attendance": [99, 100], "largest": [45], "activity": [40], "hours_each": [30, 2]}', 2);
SELECT pg_temp.file('J1', 'junior.monthly', '2025-02-01', '{"pupils": [210], "funds": [7]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-02-01', '{"pupils": [1010]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [25]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-03-01', '{"pupils": [120]}');

-- figure (value/denominator), periods it is of, with a figure of those asked, schools+excused+missing=expected
CREATE FUNCTION pg_temp.totals(district integer, from_period text, indicator text, to_period text DEFAULT NULL, kind text DEFAULT NULL,
                               below boolean DEFAULT false, by_kind boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', CASE WHEN below THEN t.district END, CASE WHEN by_kind THEN t.kind END, coalesce(t.figure::text, '-'),
                                '(' || concat_ws('/', t.value, t.denominator) || ')',
                                CASE WHEN t.from_period = t.to_period THEN t.from_period ELSE t.from_period || '…' || t.to_period END,
                                t.periods || '/' || t.of_periods,
                                t.schools || '+' || t.excused || '+' || t.missing || '=' || t.expected, CASE WHEN NOT t.settled THEN 'open' END),
                      '; ' ORDER BY NOT t.own, t.district, t.kind)
    FROM api.totals(district, from_period, to_period, kind, indicator, below, by_kind) AS t
$$;
SELECT is(pg_temp.totals(220203, '2025-01', 'pupils'), '350 (350) 2025-01 1/1 3+0+2=5', 'a month of a county');
SELECT is(pg_temp.totals(220000, '2025-01', 'pupils'), '1350 (1350) 2025-01 1/1 4+0+2=6', 'a province has its counties'' schools');
SELECT is(pg_temp.totals(220203, '2025', 'pupils'), '120 (120) 2025-03 3/3 1+0+2=3', 'a stock of a span is its newest settled period''s');
SELECT is(pg_temp.totals(220203, '2025-01', 'pupils', '2025-02'), '320 (320) 2025-02 2/2 2+0+1=3', 'from one period to another; a correction replaces');
SELECT is(pg_temp.totals(220203, '2025', 'funds'), '13.57 (13.57) 2025-01…2025-03 2/3 4+1+6=11', 'a flow is added up, with the schools behind each period');
SELECT is(pg_temp.totals(220203, '2025-Q1', 'funds'), '13.57 (13.57) 2025-01…2025-03 2/3 4+1+6=11', 'a quarter is its three months');
SELECT is(pg_temp.totals(220203, '2025-01', 'rate'), '0.5 (4/8) 2025-01 1/1 2+0+3=5', 'a ratio of sums');
SELECT is(pg_temp.totals(220203, '2025', 'rate'), '0.5 (4/8) 2025-01 1/3 2+0+3=5', 'a settled period that nobody stated it for is passed over');
SELECT is(pg_temp.totals(220203, '2025', 'attendance'), '0.945 () 2025-01…2025-03 2/3 3+0+8=11', 'a mean of the months: (135/150 + 99/100) / 2');
SELECT is(pg_temp.totals(220203, '2025-02', 'attendance'), '0.99 (99/100) 2025-02 1/1 1+0+2=3', 'of one month, what it is made of');
SELECT is(pg_temp.totals(220203, '2025', 'activity'), '2.75 () 2025-01…2025-03 2/3 3+0+8=11', 'a mean over schools, then over months: (1.5 + 4) / 2');
SELECT is(pg_temp.totals(220203, '2025', 'hours_each'), '3.5 () 2025-01…2025-03 2/3 2+0+9=11', 'a quotient that adds up over time: 2 + 1.5');
SELECT is(pg_temp.totals(220203, '2025-01', 'largest'), '70 (70) 2025-01 1/1 3+0+2=5', 'a maximum over all kinds');
SELECT is(pg_temp.totals(220203, '2025-01', 'largest', by_kind => true), 'junior 70 (70) 2025-01 1/1 1+0+0=1; primary 60 (60) 2025-01 1/1 2+0+2=4', 'and of each');
SELECT is(pg_temp.totals(220203, '2025-01', 'pupils', kind => 'primary'), '150 (150) 2025-01 1/1 2+0+2=4', 'one kind of school');
SELECT is(pg_temp.totals(220200, '2025-02', 'pupils', below => true),
    '220200 1355 (1355) 2025-02 1/1 4+0+1=5; 220203 320 (320) 2025-02 1/1 2+0+1=3; 220204 1035 (1035) 2025-02 1/1 2+0+0=2', 'and each district right below');
SELECT is(pg_temp.totals(220204, '2025-03', 'pupils'), '- () 2025-03 0/1 0+0+2=2', 'nobody is not zero');
SELECT is(pg_temp.totals(220203, '2025-01', 'unasked'), '- () 2025-01 0/1 0+0+5=5', 'what is asked and nobody stated has its row');
SELECT is(pg_temp.totals(220203, '2024', NULL), NULL, 'a span without periods');
SELECT is(pg_temp.totals(220203, '2025-01', 'nothing'), NULL, 'no such indicator: no rows');

-- of an area: P1 throughout, P2 only until 2025-01, J1
INSERT INTO yuebao.area (code, kind, name_zh, name_en, district) VALUES ('N', 'area', '北片学区', 'North', 220203);
INSERT INTO yuebao.area_school (area, school, until_day)
SELECT a.area, s.school, CASE s.code WHEN 'P2' THEN date '2025-01-31' ELSE 'infinity' END
FROM yuebao.area AS a, yuebao.school AS s WHERE s.code IN ('P1', 'P2', 'J1');
CREATE FUNCTION pg_temp.area_totals(span text, indicator text, by_kind boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', t.area, t.kind, coalesce(t.figure::text, '-'), '(' || concat_ws('/', t.value, t.denominator) || ')',
                                CASE WHEN t.from_period = t.to_period THEN t.from_period ELSE t.from_period || '…' || t.to_period END,
                                t.periods || '/' || t.of_periods, t.schools || '+' || t.excused || '+' || t.missing || '=' || t.expected), '; ' ORDER BY t.kind)
    FROM api.totals(NULL, span, of_indicator => indicator, by_kind => area_totals.by_kind, in_area => 'N') AS t
$$;
SELECT is(pg_temp.area_totals('2025-01', 'pupils', true), 'N junior 200 (200) 2025-01 1/1 1+0+0=1; N primary 150 (150) 2025-01 1/1 2+0+0=2',
    'an area''s month, of each kind');
SELECT is(pg_temp.area_totals('2025', 'funds'), 'N 13.57 (13.57) 2025-01…2025-03 2/3 4+1+2=7', 'its year: a school counts while it belongs');
SELECT is(pg_temp.area_totals('2025', 'largest'), 'N 45 (45) 2025-02 2/3 1+0+1=2', 'the newest settled maximum');
SELECT is(pg_temp.area_totals('2025-01', 'rate'), 'N 0.5 (4/8) 2025-01 1/1 2+0+1=3', 'a ratio of sums');
SELECT set_eq(
    $$ SELECT t.indicator, t.figure, t.value, t.denominator, t.schools, t.excused, t.expected FROM api.totals(NULL, '2025-01', in_area => 'N') AS t $$,
    $$ SELECT t.indicator, t.figure, t.value, t.denominator, t.schools, t.excused, t.expected FROM api.area_total('2025-01', 'N') AS t $$,
    'a month is what api.area_total says of it');

-- a month that is still open is used where nothing is settled, and passed over where something is
UPDATE yuebao.calendar SET due_at = '2100-01-01', closes_at = '2100-01-02' WHERE period = '2025-03-01';
SELECT is(pg_temp.totals(220203, '2025', 'pupils'), '320 (320) 2025-02 3/3 2+0+1=3', 'a stock''s open month does not stand for the year');
SELECT is(pg_temp.totals(220203, '2025-03', 'pupils'), '120 (120) 2025-03 1/1 1+0+2=3 open', 'it is shown when asked for, as open');

-- every number of one period is that of api.district_total
SELECT is_empty($$
    SELECT d.district, p.period, t.indicator, t.kind, t.figure, t.schools, o.value, o.ratio
    FROM (SELECT DISTINCT c.period FROM api.calendar AS c) AS p
    CROSS JOIN (SELECT w.district FROM yuebao.district AS w) AS d
    CROSS JOIN LATERAL api.totals(d.district, p.period, by_kind => true) AS t
    FULL JOIN api.district_total AS o ON o.district = t.district AND o.period = t.from_period AND o.indicator = t.indicator AND o.kind = t.kind
    WHERE coalesce(t.figure, -1) <> coalesce(o.ratio, o.value, -1) OR coalesce(t.schools, 0) <> coalesce(o.schools, 0)
       OR coalesce(t.excused, 0) <> coalesce(o.excused, 0) $$, 'the same as api.district_total');

SELECT * FROM finish();
ROLLBACK;
