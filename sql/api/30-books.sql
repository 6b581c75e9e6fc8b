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

CREATE FUNCTION api.figure_of(over_schools text, decimals smallint, denominator_decimals smallint, schools bigint, value numeric, denominator numeric)
    RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN schools > 0 THEN
        CASE over_schools
            WHEN 'ratio_of_sums' THEN (value * 10::numeric ^ denominator_decimals) / nullif(denominator * 10::numeric ^ decimals, 0)
            WHEN 'mean' THEN api.scaled(value, decimals) / schools
            ELSE api.scaled(value, decimals) END END;
COMMENT ON FUNCTION api.figure_of(text, smallint, smallint, bigint, numeric, numeric) IS
    'The figure of stored integers that are already added up (or the maximum) over so many schools; not rounded. NULL of no school, and of 0 by 0.';

CREATE FUNCTION api.reason_zh(missing smallint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE missing WHEN 1 THEN '不适用' WHEN 2 THEN '暂未掌握' WHEN 3 THEN '未采集' WHEN 4 THEN '拒绝提供' END;
COMMENT ON FUNCTION api.reason_zh(smallint) IS 'Why there is no value, in Chinese.';

CREATE FUNCTION api.reason_en(missing smallint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE missing WHEN 1 THEN 'not applicable' WHEN 2 THEN 'not yet known' WHEN 3 THEN 'not collected' WHEN 4 THEN 'refused' END;
COMMENT ON FUNCTION api.reason_en(smallint) IS 'The same in English.';

CREATE VIEW api.figure AS
SELECT g.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, s.kind,
       f.code AS form, yuebao.period_text(g.period, f.frequency) AS period, g.period AS first_day, f.frequency,
       i.code AS indicator, i.name_zh, i.name_en, i.unit,
       api.scaled(g.value, i.decimals) AS value,
       CASE WHEN i.over_schools = 'ratio_of_sums' THEN api.scaled(g.denominator, i.denominator_decimals) END AS denominator,
       CASE WHEN i.over_schools = 'ratio_of_sums' THEN
           api.shown(api.scaled(g.value, i.decimals) / nullif(api.scaled(g.denominator, i.denominator_decimals), 0)) END AS ratio,
       api.reason_zh(g.missing) AS missing_zh, api.reason_en(g.missing) AS missing_en,
       newest.revision, newest.late, newest.admitted, newest.revision > 1 AS corrected
FROM yuebao.figure AS g
JOIN yuebao.indicator AS i ON i.indicator = g.indicator
JOIN yuebao.form AS f ON f.form = g.form
JOIN yuebao.school AS s ON s.school = g.school
JOIN yuebao.district AS d ON d.district = g.district
LEFT JOIN LATERAL (SELECT r.revision, r.late, r.admitted FROM yuebao.report AS r
                   WHERE r.district = g.district AND r.period = g.period AND r.school = g.school AND r.form = g.form
                   ORDER BY r.revision DESC LIMIT 1) AS newest ON true;
COMMENT ON VIEW api.figure IS 'Current figures of schools. Ask by district and first_day: that is how they are stored.';

-- What stands in its place is the next revision's figure: it is among the current ones, or has been replaced too.
CREATE VIEW api.figure_history AS
SELECT h.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, s.kind,
       f.code AS form, yuebao.period_text(h.period, f.frequency) AS period, h.period AS first_day, f.frequency,
       i.code AS indicator, i.name_zh, i.name_en, i.unit, h.revision, o.late, o.admitted, h.revision > 1 AS corrected,
       api.scaled(h.value, i.decimals) AS value,
       CASE WHEN i.over_schools = 'ratio_of_sums' THEN api.scaled(h.denominator, i.denominator_decimals) END AS denominator,
       api.reason_zh(h.missing) AS missing_zh, api.reason_en(h.missing) AS missing_en,
       api.scaled(x.value, i.decimals) AS new_value,
       CASE WHEN i.over_schools = 'ratio_of_sums' THEN api.scaled(x.denominator, i.denominator_decimals) END AS new_denominator,
       api.reason_zh(x.missing) AS new_missing_zh, api.reason_en(x.missing) AS new_missing_en,
       (x.value, x.denominator, x.missing) IS DISTINCT FROM (h.value, h.denominator, h.missing) AS changed,
       n.revision AS new_revision, n.late AS new_late, n.admitted AS new_admitted, n.correction, h.replaced_at,
       encode(h.replaced_by, 'hex') AS replaced_by
FROM yuebao.figure_history AS h
JOIN yuebao.report AS o ON o.district = h.district AND o.period = h.period AND o.school = h.school AND o.form = h.form AND o.revision = h.revision
JOIN yuebao.report AS n ON n.district = h.district AND n.period = h.period AND n.school = h.school AND n.form = h.form
    AND n.revision = h.revision + 1
JOIN yuebao.indicator AS i ON i.indicator = h.indicator
JOIN yuebao.form AS f ON f.form = h.form
JOIN yuebao.school AS s ON s.school = h.school
JOIN yuebao.district AS d ON d.district = h.district
LEFT JOIN LATERAL (
    SELECT r.value, r.denominator, r.missing FROM yuebao.figure_history AS r
    WHERE r.district = h.district AND r.period = h.period AND r.school = h.school AND r.indicator = h.indicator AND r.revision = h.revision + 1
    UNION ALL
    SELECT g.value, g.denominator, g.missing FROM yuebao.figure AS g
    WHERE g.district = h.district AND g.period = h.period AND g.school = h.school AND g.indicator = h.indicator
      AND NOT EXISTS (SELECT FROM yuebao.report AS l
                      WHERE l.district = h.district AND l.period = h.period AND l.school = h.school AND l.form = h.form
                        AND l.revision = h.revision + 2)) AS x ON true;
COMMENT ON VIEW api.figure_history IS
    'Figures that a correction replaced: what stood, what took its place (nothing, where the correction left it out), when and why. changed is '
    'false where the correction repeated the figure.';

-- A maximum cannot be added. It is read from the notes of windows that are due (migrations/051-window-notes.sql), as far as these are true, else from the
-- figures: by the ledger's list of who reported, for there a school's figures are found by their key. In a function of its own, so that no plan of a question
-- about totals, where it is hardly ever needed, has to be made for all months of figures.
CREATE FUNCTION api.greatest_of(in_districts integer[], of_period date, of_forms smallint[], of_indicator smallint) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
BEGIN
    RETURN (WITH windows AS MATERIALIZED (
                SELECT d.district, f.form, n.reports IS NOT NULL AND n.reports = (
                           SELECT count(*) FROM yuebao.report AS r WHERE r.district = d.district AND r.period = of_period AND r.form = f.form) AS noted, n.value
                FROM unnest(in_districts) AS d (district)
                CROSS JOIN unnest(of_forms) AS f (form)
                LEFT JOIN yuebao.greatest_note AS n ON n.district = d.district AND n.period = of_period AND n.form = f.form AND n.indicator = of_indicator
            )
            SELECT max(v.value)
            FROM (SELECT w.value FROM windows AS w WHERE w.noted
                  UNION ALL
                  SELECT g.value
                  FROM windows AS w
                  CROSS JOIN LATERAL (SELECT array_agg(r.school) AS schools FROM yuebao.report AS r
                                      WHERE r.district = w.district AND r.period = of_period AND r.form = w.form AND r.revision = 1 OFFSET 0) AS l
                  CROSS JOIN LATERAL (SELECT max(f.value) AS value FROM yuebao.figure AS f
                                      WHERE f.district = w.district AND f.period = of_period AND f.school = ANY (l.schools) AND f.indicator = of_indicator
                                        AND f.form = w.form OFFSET 0) AS g
                  WHERE NOT w.noted) AS v);
END
$$;
COMMENT ON FUNCTION api.greatest_of(integer[], date, smallint[], smallint) IS
    'The greatest stored value that schools of these districts, not of those below them, stated in these forms of one period.';

-- Sums come from the totals.
CREATE FUNCTION api.totals_at(in_district integer, of_period date, of_form smallint)
RETURNS TABLE (indicator smallint, schools bigint, excused bigint, value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 60 SET search_path = pg_catalog, pg_temp SET jit = off
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
BEGIN
    RETURN QUERY
    SELECT p.indicator, sum(p.schools)::bigint, sum(p.excused)::bigint, sum(p.value), sum(p.denominator)
    FROM (SELECT o.indicator, o.schools::bigint AS schools, o.excused::bigint AS excused, o.value, o.denominator FROM yuebao.total_folded AS o
          WHERE o.district = in_district AND o.period = of_period AND o.form = of_form
          UNION ALL
          SELECT o.indicator, o.schools, o.excused, o.value, o.denominator FROM yuebao.total_above AS o
          WHERE o.district = in_district AND o.period = of_period AND o.form = of_form
          UNION ALL
          SELECT u.indicator, u.schools, u.excused, u.value, u.denominator FROM yuebao.unfolded_of(ARRAY[in_district], ARRAY[of_form], ARRAY[of_period], NULL) AS u) AS p
    GROUP BY p.indicator;
END
$$;
COMMENT ON FUNCTION api.totals_at(integer, date, smallint) IS
    'Stored totals of a district with all below it, of one period and form, by indicator; 0: the reports themselves are counted.';

CREATE VIEW api.district_total AS
SELECT t.district, t.name_zh AS district_zh, t.name_en AS district_en, t.level,
       yuebao.period_text(t.period, f.frequency) AS period, t.period AS first_day, f.frequency, f.kind,
       i.code AS indicator, i.name_zh, i.name_en, i.unit, t.schools, t.excused,
       CASE WHEN t.schools > 0 THEN
           CASE i.over_schools
               WHEN 'mean' THEN api.shown(api.scaled(t.value, i.decimals) / t.schools)
               WHEN 'max' THEN api.scaled(api.greatest_of(ARRAY(SELECT b.district FROM yuebao.district_ancestor AS b WHERE b.ancestor = t.district),
                                                          t.period, ARRAY[t.form], t.indicator), i.decimals)
               ELSE api.scaled(t.value, i.decimals)
           END
       END AS value,
       CASE WHEN t.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN api.scaled(t.denominator, i.denominator_decimals) END AS denominator,
       CASE WHEN t.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN
           api.shown(api.scaled(t.value, i.decimals) / nullif(api.scaled(t.denominator, i.denominator_decimals), 0)) END AS ratio,
       f.code AS form
FROM (SELECT d.district, d.name_zh, d.name_en, d.level, c.period, c.form, n.indicator, n.schools, n.excused, n.value, n.denominator
      FROM yuebao.district AS d
      CROSS JOIN yuebao.calendar AS c
      CROSS JOIN LATERAL api.totals_at(d.district, c.period, c.form) AS n) AS t
JOIN yuebao.form AS f ON f.form = t.form
JOIN yuebao.indicator AS i ON i.indicator = t.indicator;
COMMENT ON VIEW api.district_total IS
    'Every district''s totals, all districts below it included, exact at once; one row a period, kind of school and indicator.';
