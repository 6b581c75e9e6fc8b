-- Areas and school clusters. They stand beside the districts: whatever is asked of a district and has in_area is asked of an area in the same way.

CREATE VIEW api.area AS
SELECT a.code AS area, a.kind, a.name_zh, a.name_en, a.district, d.name_zh AS district_zh, d.name_en AS district_en,
       (SELECT count(*) FROM yuebao.area_school AS m JOIN yuebao.school AS s ON s.school = m.school
        WHERE m.area = a.area AND current_date BETWEEN m.from_day AND m.until_day
          AND current_date BETWEEN s.opened_on AND coalesce(s.closed_on, 'infinity')) AS schools,
       a.area IN (SELECT v.area FROM yuebao.seen_area AS v) AS seen
FROM yuebao.area AS a LEFT JOIN yuebao.district AS d ON d.district = a.district;
COMMENT ON VIEW api.area IS 'Areas and school clusters.';

CREATE VIEW api.area_school AS
SELECT a.code AS area, a.name_zh AS area_zh, a.name_en AS area_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, s.kind,
       d.district, d.name_zh AS district_zh, d.name_en AS district_en, nullif(m.from_day, '-infinity') AS from_day,
       nullif(m.until_day, 'infinity') AS until_day
FROM yuebao.area AS a
JOIN yuebao.area_school AS m ON m.area = a.area
JOIN yuebao.school AS s ON s.school = m.school
LEFT JOIN LATERAL (SELECT h.district FROM yuebao.school_district AS h
                   WHERE h.school = m.school AND h.valid_from <= greatest(least(current_date, m.until_day), m.from_day, s.opened_on)
                   ORDER BY h.valid_from DESC LIMIT 1) AS home ON true
LEFT JOIN yuebao.district AS d ON d.district = home.district;
COMMENT ON VIEW api.area_school IS 'Which schools belong to which area, from when to when; the district is that of today, or of the membership''s nearest day.';

-- The areas that an official of a district asks about: those of the district and below it, and those that cross districts and have a school in it.
CREATE FUNCTION api.areas_in(in_district integer DEFAULT NULL) RETURNS SETOF api.area
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 50 SET jit = off
BEGIN ATOMIC
    SELECT v.* FROM api.area AS v
    WHERE in_district IS NULL
       OR v.district = ANY (ARRAY(SELECT b.district FROM yuebao.district_above AS b WHERE b.ancestor = in_district))
       OR v.district IS NULL AND EXISTS (SELECT FROM api.area_school AS m JOIN yuebao.district_above AS b ON b.district = m.district
                                         WHERE m.area = v.area AND b.ancestor = in_district);
END;
COMMENT ON FUNCTION api.areas_in(integer) IS
    'The areas of a district and of all below it, with those that cross districts and have a school in it; NULL: all.';

CREATE FUNCTION api.area_total(of_period text, of_area text DEFAULT NULL, of_indicator text DEFAULT NULL, of_kind text DEFAULT NULL,
                               in_district integer DEFAULT NULL)
RETURNS TABLE (
    area text, area_zh text, area_en text, area_kind text, district integer, indicator text, name_zh text, name_en text, unit text, over_schools text,
    period text, first_day date, frequency text, figure numeric, value numeric, denominator numeric, schools bigint, excused bigint, expected bigint,
    missing bigint)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET jit = off
BEGIN ATOMIC
    SELECT a.code, a.name_zh, a.name_en, a.kind, a.district, i.code, i.name_zh, i.name_en, i.unit, i.over_schools, of_period, p.first_day, p.frequency,
           api.shown(api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, t.schools, t.value, t.denominator)),
           CASE WHEN t.schools > 0 AND i.over_schools <> 'mean' THEN api.scaled(t.value, i.decimals) END,
           CASE WHEN t.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN api.scaled(t.denominator, i.denominator_decimals) END,
           t.schools, t.excused, t.expected, greatest(t.expected - t.schools - t.excused, 0)
    FROM yuebao.period_of(of_period) AS p
    CROSS JOIN yuebao.area AS a
    CROSS JOIN LATERAL yuebao.area_totals(a.area, (SELECT o.indicator FROM yuebao.indicator AS o WHERE o.code = of_indicator), ARRAY[p.first_day],
                                          p.frequency, of_kind) AS t
    JOIN yuebao.indicator AS i ON i.indicator = t.indicator
    WHERE (of_area IS NULL OR a.code = of_area) AND yuebao.needs_figures(p.first_day)
      AND a.area IN (SELECT v.area FROM yuebao.seen_area AS v)
      AND (of_indicator IS NULL OR i.code = of_indicator)
      AND (in_district IS NULL OR a.code IN (SELECT n.area FROM api.areas_in(in_district) AS n))
    ORDER BY a.code, i.indicator;
END;
COMMENT ON FUNCTION api.area_total(text, text, text, text, integer) IS
    'Totals of areas in a period, by each indicator''s own rule, over the schools that belong to the area on the period''s last day: of one area or all '
    '(of_area; NULL), one indicator or all, one kind of school or all, the areas of one district or all. expected = schools (a value) + excused (a reason) + '
    'missing (left out or not reported), unless a school that stated it owes nothing any more. Read from the figures, so exact at once.';

CREATE FUNCTION api.rank_areas(of_indicator text, of_period text, in_district integer DEFAULT NULL, of_kind text DEFAULT NULL)
RETURNS TABLE (
    rank bigint, of bigint, area text, area_zh text, area_en text, area_kind text, indicator text, unit text, period text,
    figure numeric, value numeric, denominator numeric, schools bigint, excused bigint, expected bigint, missing bigint,
    before_period text, before numeric, change numeric)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET jit = off
BEGIN ATOMIC
    WITH before AS MATERIALIZED ( -- the period before in which it was asked, while its figures are here
        SELECT yuebao.period_text(b.period, b.frequency) AS period
        FROM (SELECT max(c.period) AS period, p.frequency
              FROM yuebao.period_of(of_period) AS p
              JOIN yuebao.form AS f ON f.frequency = p.frequency AND (of_kind IS NULL OR f.kind = of_kind)
              JOIN yuebao.calendar AS c ON c.form = f.form AND c.period < p.first_day
              JOIN yuebao.catalogue_form AS k ON k.catalogue = c.catalogue AND k.form = c.form
                  AND k.indicator = (SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = of_indicator)
              GROUP BY p.frequency) AS b
        WHERE NOT yuebao.is_detached(b.period)
    )
    SELECT CASE WHEN t.figure IS NOT NULL THEN rank() OVER (ORDER BY t.figure DESC NULLS LAST) END, count(t.figure) OVER (),
           t.area, t.area_zh, t.area_en, t.area_kind, t.indicator, t.unit, t.period, t.figure, t.value, t.denominator, t.schools, t.excused, t.expected,
           t.missing, b.period, p.figure, t.figure - p.figure
    FROM api.area_total(of_period, NULL, of_indicator, of_kind, in_district) AS t
    LEFT JOIN before AS b ON true
    LEFT JOIN LATERAL (SELECT o.figure FROM api.area_total(b.period, t.area, of_indicator, of_kind) AS o OFFSET 0) AS p ON b.period IS NOT NULL
    ORDER BY t.figure DESC NULLS LAST, t.area;
END;
COMMENT ON FUNCTION api.rank_areas(text, text, integer, text) IS
    'The areas of a district (NULL: all) side by side, the highest figure first, equal figures with equal rank. One without a figure has no rank.';

-- As api.completeness, for the schools of an area. Ask by area and first_day.
CREATE VIEW api.area_completeness AS
SELECT a.code AS area, a.name_zh AS area_zh, a.name_en AS area_en, f.code AS form, t.kind, t.frequency,
       yuebao.period_text(t.period, t.frequency) AS period, t.period AS first_day,
       t.expected, t.reported, t.on_time, t.late, t.admitted, t.corrected, t.kept, t.expected - t.reported AS missing,
       trunc(t.reported::numeric / t.expected, 4) AS share, t.extended, t.closed
FROM (
    SELECT m.area, o.period, o.form, o.kind, o.frequency, count(*) AS expected, count(r.late) AS reported,
           count(*) FILTER (WHERE NOT r.late) AS on_time, count(*) FILTER (WHERE r.late) AS late, sum(r.admitted)::bigint AS admitted,
           count(*) FILTER (WHERE r.revisions > 1) AS corrected,
           count(*) FILTER (WHERE EXISTS (SELECT FROM yuebao.undecided AS k
                                          WHERE k.school = o.school AND k.period = o.period AND k.form = o.form)) AS kept,
           count(o.extension) AS extended, bool_and(o.closes_at <= now()) AS closed
    FROM yuebao.area_school AS m
    JOIN yuebao.slot AS o ON o.school = m.school AND o.last_day BETWEEN m.from_day AND m.until_day
    CROSS JOIN LATERAL (SELECT bool_or(l.late) FILTER (WHERE l.revision = 1) AS late, count(*) FILTER (WHERE l.admitted) AS admitted,
                               count(*) AS revisions
                        FROM yuebao.report AS l
                        WHERE l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form) AS r
    WHERE o.opens_at <= now()
    GROUP BY m.area, o.period, o.form, o.kind, o.frequency) AS t
JOIN yuebao.area AS a ON a.area = t.area
JOIN yuebao.seen_area AS v ON v.area = t.area
JOIN yuebao.form AS f ON f.form = t.form;
COMMENT ON VIEW api.area_completeness IS
    'For every area, form and opened period: what its schools owe and what came of it, as in api.completeness. Ask by area and first_day.';

-- As api.coverage, likewise.
CREATE VIEW api.area_coverage AS
SELECT a.code AS area, a.name_zh AS area_zh, a.name_en AS area_en, f.code AS form, t.kind, t.frequency,
       yuebao.period_text(t.period, t.frequency) AS period, t.period AS first_day, i.code AS indicator, i.name_zh, i.name_en, t.required,
       t.expected, t.with_value + h.zero AS with_value, t.not_applicable + h.zero AS not_applicable, t.not_yet_known + h.zero AS not_yet_known,
       t.not_collected + h.zero AS not_collected, t.refused + h.zero AS refused, t.left_out + h.zero AS left_out, t.not_reported
FROM (
    SELECT m.area, o.period, o.form, o.kind, o.frequency, k.indicator, k.required, count(*) AS expected, count(g.value) AS with_value,
           count(*) FILTER (WHERE g.missing = 1) AS not_applicable,
           count(*) FILTER (WHERE g.missing = 2) AS not_yet_known,
           count(*) FILTER (WHERE g.missing = 3) AS not_collected,
           count(*) FILTER (WHERE g.missing = 4) AS refused,
           count(*) FILTER (WHERE r.revision IS NOT NULL AND g.form IS NULL) AS left_out,
           count(*) FILTER (WHERE r.revision IS NULL) AS not_reported
    FROM yuebao.area_school AS m
    JOIN yuebao.slot AS o ON o.school = m.school AND o.last_day BETWEEN m.from_day AND m.until_day
    JOIN yuebao.catalogue_form AS k ON k.catalogue = o.catalogue AND k.form = o.form
    LEFT JOIN LATERAL (SELECT l.revision FROM yuebao.report AS l
                       WHERE l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form
                         AND l.revision = 1 OFFSET 0) AS r ON true
    LEFT JOIN LATERAL (SELECT u.form, u.value, u.missing FROM yuebao.figure AS u
                       WHERE u.district = o.district AND u.period = o.period AND u.school = o.school AND u.indicator = k.indicator
                         AND u.form = o.form OFFSET 0) AS g ON true
    WHERE o.opens_at <= now()
    GROUP BY m.area, o.period, o.form, o.kind, o.frequency, k.indicator, k.required) AS t
JOIN yuebao.area AS a ON a.area = t.area
JOIN yuebao.seen_area AS v ON v.area = t.area
JOIN yuebao.seen_indicator AS w ON w.indicator = t.indicator
-- where the figures are put away, it is not known how many there were
CROSS JOIN LATERAL (SELECT CASE WHEN NOT EXISTS (SELECT FROM yuebao.detached AS d WHERE d.month = date_trunc('month', t.period::timestamp)::date)
                                THEN 0 END AS zero) AS h
JOIN yuebao.form AS f ON f.form = t.form
JOIN yuebao.indicator AS i ON i.indicator = t.indicator;
COMMENT ON VIEW api.area_coverage IS
    'For every area, form, opened period and indicator that the period''s catalogue asks: what its schools state, as in api.coverage. Ask by area and '
    'first_day.';

CREATE FUNCTION api.missing_in_area(in_area text) RETURNS SETOF api.missing
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET jit = off
BEGIN ATOMIC
    SELECT m.* FROM yuebao.area AS a
    JOIN yuebao.area_school AS b ON b.area = a.area
    JOIN yuebao.school AS s ON s.school = b.school
    JOIN api.missing AS m ON m.school = s.code AND m.last_day BETWEEN b.from_day AND b.until_day
    WHERE a.code = in_area AND a.area IN (SELECT v.area FROM yuebao.seen_area AS v);
END;
COMMENT ON FUNCTION api.missing_in_area(text) IS 'The rows of api.missing whose school belongs to an area on the period''s last day.';

CREATE FUNCTION api.area_punctuality(in_area text DEFAULT NULL, of_year integer DEFAULT NULL, in_district integer DEFAULT NULL,
                                      of_form text DEFAULT NULL)
RETURNS TABLE (
    year integer, area text, area_zh text, area_en text, schools bigint, always_on_time bigint, expected bigint, on_time bigint, late bigint, kept bigint,
    missing bigint, share numeric)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET jit = off
BEGIN ATOMIC
    WITH year AS MATERIALIZED (
        SELECT coalesce(of_year, extract(year FROM now())::integer) AS year
    )
    SELECT y.year, a.code, a.name_zh, a.name_en, count(*), count(*) FILTER (WHERE s.on_time = s.expected),
           sum(s.expected)::bigint, sum(s.on_time)::bigint, sum(s.late)::bigint, sum(s.kept)::bigint, sum(s.missing)::bigint,
           trunc(sum(s.on_time) / sum(s.expected), 4)
    FROM year AS y
    CROSS JOIN yuebao.area AS a
    CROSS JOIN LATERAL (
        SELECT t.school, sum(t.expected) AS expected, sum(t.on_time) AS on_time, sum(t.late) AS late, sum(t.kept) AS kept, sum(t.missing) AS missing
        FROM yuebao.area_slots_kept_to(a.area, y.year) AS t
        WHERE of_form IS NULL OR t.form = (SELECT f.form FROM yuebao.form AS f WHERE f.code = of_form)
        GROUP BY t.school) AS s
    WHERE (in_area IS NULL OR a.code = in_area) AND a.area IN (SELECT v.area FROM yuebao.seen_area AS v)
      AND (in_district IS NULL OR a.code IN (SELECT n.area FROM api.areas_in(in_district) AS n))
    GROUP BY y.year, a.code, a.name_zh, a.name_en
    ORDER BY trunc(sum(s.on_time) / sum(s.expected), 4), a.code;
END;
COMMENT ON FUNCTION api.area_punctuality(text, integer, integer, text) IS
    'How a year''s reports came, added up by area: of one (NULL: all), in a year (NULL: this one), of the areas of a district; the least punctual first.';
