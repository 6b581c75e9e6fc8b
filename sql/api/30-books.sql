-- The books with decimals.

-- Stored integers to the numbers that people mean.
CREATE FUNCTION api.scaled(stored numeric, decimals smallint) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN round(stored / 10::numeric ^ decimals, decimals);
COMMENT ON FUNCTION api.scaled(numeric, smallint) IS 'A stored integer in units of 10^-decimals as a decimal number.';

-- A quotient as people read it; exact comparisons use the full one.
CREATE FUNCTION api.shown(quotient numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN trim_scale(round(quotient, 6));
COMMENT ON FUNCTION api.shown(numeric) IS 'A quotient rounded to six decimals, without trailing zeros.';

CREATE VIEW api.figure AS
SELECT g.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, s.kind,
       f.code AS form, yuebao.period_text(g.period, f.frequency) AS period, g.period AS first_day, f.frequency,
       i.code AS indicator, i.name_zh, i.name_en, i.unit,
       api.scaled(g.value, i.decimals) AS value,
       CASE WHEN i.over_schools = 'ratio_of_sums' THEN api.scaled(g.denominator, i.denominator_decimals) END AS denominator,
       CASE WHEN i.over_schools = 'ratio_of_sums' THEN
           api.shown(api.scaled(g.value, i.decimals) / nullif(api.scaled(g.denominator, i.denominator_decimals), 0)) END AS ratio,
       CASE g.missing WHEN 1 THEN '不适用' WHEN 2 THEN '暂未掌握' WHEN 3 THEN '未采集' WHEN 4 THEN '拒绝提供' END AS missing_zh,
       CASE g.missing WHEN 1 THEN 'not applicable' WHEN 2 THEN 'not yet known' WHEN 3 THEN 'not collected' WHEN 4 THEN 'refused' END AS missing_en,
       newest.revision, newest.late
FROM yuebao.figure AS g
JOIN yuebao.indicator AS i ON i.indicator = g.indicator
JOIN yuebao.form AS f ON f.form = g.form
JOIN yuebao.school AS s ON s.school = g.school
JOIN yuebao.district AS d ON d.district = g.district
LEFT JOIN LATERAL (SELECT r.revision, r.late FROM yuebao.report AS r
                   WHERE r.district = g.district AND r.period = g.period AND r.school = g.school AND r.form = g.form
                   ORDER BY r.revision DESC LIMIT 1) AS newest ON true;
COMMENT ON VIEW api.figure IS 'Current figures of schools. Ask by district and first_day: that is how they are stored.';

-- Sums come from the totals; only a maximum, which cannot be added, is read from the figures.
CREATE VIEW api.district_total AS
SELECT t.district, d.name_zh AS district_zh, d.name_en AS district_en, d.level,
       yuebao.period_text(t.period, f.frequency) AS period, t.period AS first_day, f.frequency, f.kind,
       i.code AS indicator, i.name_zh, i.name_en, i.unit, t.schools, t.excused,
       CASE WHEN t.schools > 0 THEN
           CASE i.over_schools
               WHEN 'mean' THEN api.shown(api.scaled(t.value, i.decimals) / t.schools)
               WHEN 'max' THEN api.scaled((SELECT max(g.value)
                                           FROM yuebao.district_ancestor AS b JOIN yuebao.figure AS g ON g.district = b.district
                                           WHERE b.ancestor = t.district AND g.period = t.period AND g.form = t.form
                                             AND g.indicator = t.indicator), i.decimals)
               ELSE api.scaled(t.value, i.decimals)
           END
       END AS value,
       CASE WHEN t.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN api.scaled(t.denominator, i.denominator_decimals) END AS denominator,
       CASE WHEN t.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN
           api.shown(api.scaled(t.value, i.decimals) / nullif(api.scaled(t.denominator, i.denominator_decimals), 0)) END AS ratio
FROM (SELECT a.ancestor AS district, p.period, p.form, p.indicator, sum(p.schools) AS schools, sum(p.excused) AS excused,
             sum(p.value) AS value, sum(p.denominator) AS denominator
      FROM yuebao.district_ancestor AS a JOIN yuebao.total_part AS p ON p.district = a.district
      GROUP BY a.ancestor, p.period, p.form, p.indicator) AS t
JOIN yuebao.district AS d ON d.district = t.district
JOIN yuebao.form AS f ON f.form = t.form
JOIN yuebao.indicator AS i ON i.indicator = t.indicator;
COMMENT ON VIEW api.district_total IS
    'Every district''s totals, all districts below it included, exact at once; one row a period, kind of school and indicator.';
