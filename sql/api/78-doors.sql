-- For other programs: which schema this is, and totals for those that add up by themselves.

-- The policy. A number a change that whoever asks may notice, newest first; the number is of the whole schema.
--   Without a new number: views, functions and columns are added (columns at the end of a view, so ask for them by name); comments; speed.
--   With a new number: anything is renamed, removed or means something else. The view keeps its old name and meaning for one number more, and
--   what replaces it stands beside it from the day on which it is announced here.
-- A program checks "SELECT max(number) FROM api.version" and says so when it is higher than the one it was written for.
CREATE VIEW api.version AS
SELECT v.number, v.since, v.changes
FROM (VALUES (1, date '2026-11-26', 'The first that has a number.')) AS v (number, since, changes);
COMMENT ON VIEW api.version IS
    'What schema api promises: a number a change that breaks something; what is only added, at the end of a view, has none. Ask for columns by name.';

-- A reader that adds up districts by itself (DHIS2) would count a school once a level in api.district_total; here it is once.
CREATE VIEW api.own_total AS
SELECT t.district, f.code AS form, f.kind, yuebao.period_text(t.period, f.frequency) AS period, t.period AS first_day, f.frequency,
       i.code AS indicator, i.unit, i.over_schools, t.schools, t.excused,
       CASE WHEN t.schools > 0 THEN
           api.scaled(CASE WHEN i.over_schools = 'max' THEN api.greatest_of(ARRAY[t.district], t.period, ARRAY[t.form], t.indicator)
                           ELSE t.value END, i.decimals)
       END AS value,
       CASE WHEN t.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN api.scaled(t.denominator, i.denominator_decimals) END AS denominator
FROM (SELECT p.district, p.period, p.form, p.indicator, sum(p.schools) AS schools, sum(p.excused) AS excused, sum(p.value) AS value,
             sum(p.denominator) AS denominator
      FROM yuebao.total_part AS p GROUP BY p.district, p.period, p.form, p.indicator) AS t
JOIN yuebao.form AS f ON f.form = t.form
JOIN yuebao.indicator AS i ON i.indicator = t.indicator;
COMMENT ON VIEW api.own_total IS
    'Totals of the schools that belong to the district itself, none of a district below it; for programs that add up districts themselves.';
