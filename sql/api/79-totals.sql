-- The summary table of a district or an area: every indicator, over schools and over time, each by its own rules.
--
-- Over schools (over_schools): the sum, the ratio of sums, the mean or the maximum of what the schools stated in one period.
-- Over the periods within a span (over_time):
--   sum           the periods' figures added up
--   mean          their mean, of those periods that have one
--   last, first   the newest (oldest) that is settled: closed for everybody, or answered by everybody; while none is, the newest (oldest) that has a figure
-- A maximum is read from the figures, so of a month whose figures are put away it is not known: put_away says so, and there is no figure.
-- So a span of one period shows that period. An indicator that was asked at two frequencies within a span stands in two rows.

CREATE FUNCTION api.totals(in_district integer, from_period text, to_period text DEFAULT NULL, of_kind text DEFAULT NULL,
                           of_indicator text DEFAULT NULL, below boolean DEFAULT false, by_kind boolean DEFAULT false, in_area text DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, own boolean, kind text, indicator text, name_zh text, name_en text, unit text,
    over_schools text, over_time text, frequency text, from_period text, to_period text, periods bigint, of_periods bigint, settled boolean,
    figure numeric, value numeric, denominator numeric, schools bigint, excused bigint, expected bigint, missing bigint,
    area text, area_zh text, area_en text, put_away boolean)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET jit = off SET work_mem = '32MB'
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT f.first_day, yuebao.period_last_day(t.first_day, t.frequency) AS last_day
        FROM yuebao.period_of(totals.from_period) AS f, yuebao.period_of(coalesce(totals.to_period, totals.from_period)) AS t
    ), places AS MATERIALIZED (
        SELECT d.district, d.name_zh, d.name_en, d.district = totals.in_district AS own
        FROM yuebao.district AS d JOIN yuebao.seen_district AS v ON v.district = d.district
        WHERE totals.in_area IS NULL AND (d.district = totals.in_district OR totals.below AND d.parent = totals.in_district
          AND totals.in_district IN (SELECT o.district FROM yuebao.seen_district AS o))
    ), areas AS MATERIALIZED (
        SELECT a.* FROM yuebao.area AS a WHERE a.code = totals.in_area AND a.area IN (SELECT v.area FROM yuebao.seen_area AS v)
    ), counted AS MATERIALIZED (
        SELECT t.* FROM span AS s
        CROSS JOIN LATERAL yuebao.totals_over(ARRAY(SELECT p.district FROM places AS p), s.first_day, s.last_day, totals.of_kind,
                                              (SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = totals.of_indicator)) AS t
        WHERE totals.in_area IS NULL
        UNION ALL
        SELECT 0, t.* FROM span AS s CROSS JOIN areas AS a
        CROSS JOIN LATERAL yuebao.area_totals_over(a.area, s.first_day, s.last_day, totals.of_kind,
                                                   (SELECT i.indicator FROM yuebao.indicator AS i WHERE i.code = totals.of_indicator)) AS t
    ), parts AS MATERIALIZED (
        SELECT t.*, i.code, i.over_schools, i.over_time, i.decimals, i.denominator_decimals
        FROM counted AS t
        JOIN yuebao.indicator AS i ON i.indicator = t.indicator
        WHERE totals.of_indicator IS NULL OR i.code = totals.of_indicator
    ), periods AS ( -- all kinds together, or each
        SELECT p.district, CASE WHEN totals.by_kind THEN p.kind ELSE totals.of_kind END AS kind, p.indicator, p.over_time, p.frequency, p.period,
               p.over_schools, p.decimals, p.denominator_decimals, bool_and(p.closed) AS closed, sum(p.expected)::bigint AS expected,
               sum(p.schools)::bigint AS schools, sum(p.excused)::bigint AS excused,
               bool_or(p.over_schools = 'max' AND p.schools > 0 AND p.value IS NULL) AS put_away, -- its figures are not among the figures
               CASE p.over_schools WHEN 'max' THEN max(p.value) ELSE sum(p.value) END AS value, sum(p.denominator) AS denominator
        FROM parts AS p
        GROUP BY p.district, CASE WHEN totals.by_kind THEN p.kind ELSE totals.of_kind END, p.indicator, p.over_time, p.frequency, p.period,
                 p.over_schools, p.decimals, p.denominator_decimals
    ), figures AS (
        SELECT p.*, p.closed OR p.schools + p.excused >= p.expected AS settled,
               CASE WHEN NOT p.put_away THEN api.figure_of(p.over_schools, p.decimals, p.denominator_decimals, p.schools, p.value, p.denominator) END AS figure
        FROM periods AS p
    ), chosen AS ( -- of a stock one period
        SELECT f.*, f.over_time NOT IN ('last', 'first') OR 1 = row_number() OVER (
                   PARTITION BY f.district, f.kind, f.indicator, f.frequency
                   ORDER BY (f.settled AND (f.figure IS NOT NULL OR f.put_away)) DESC, f.figure IS NOT NULL OR f.put_away DESC,
                            CASE f.over_time WHEN 'first' THEN f.period - date '2000-01-01' ELSE date '2000-01-01' - f.period END) AS counts,
               count(f.figure) OVER span AS periods, count(*) OVER span AS of_periods
        FROM figures AS f
        WINDOW span AS (PARTITION BY f.district, f.kind, f.indicator, f.frequency)
    ), summed AS (
        SELECT c.district, c.kind, c.indicator, c.frequency, min(c.period) AS first_day, max(c.period) AS last_day, min(c.periods) AS periods,
               min(c.of_periods) AS of_periods, bool_and(c.settled) AS settled, bool_or(c.put_away) AS put_away,
               CASE c.over_time WHEN 'mean' THEN avg(c.figure) ELSE sum(c.figure) END AS figure,
               CASE WHEN c.over_schools <> 'mean' AND (c.over_time = 'sum' AND c.over_schools = 'sum' OR count(c.figure) = 1)
                    THEN api.scaled(sum(c.value), c.decimals) END AS value,
               CASE WHEN c.over_schools = 'ratio_of_sums' AND count(c.figure) = 1
                    THEN api.scaled(sum(c.denominator) FILTER (WHERE c.figure IS NOT NULL), c.denominator_decimals) END AS denominator,
               sum(c.schools)::bigint AS schools, sum(c.excused)::bigint AS excused, sum(c.expected)::bigint AS expected
        FROM chosen AS c WHERE c.counts
        GROUP BY c.district, c.kind, c.indicator, c.frequency, c.over_time, c.over_schools, c.decimals, c.denominator_decimals
    )
    SELECT p.district, p.name_zh, p.name_en, p.own, s.kind, i.code, i.name_zh, i.name_en, i.unit, i.over_schools, i.over_time, s.frequency,
           yuebao.period_text(s.first_day, s.frequency), yuebao.period_text(s.last_day, s.frequency), s.periods, s.of_periods, s.settled,
           CASE WHEN NOT s.put_away THEN api.shown(s.figure) END, CASE WHEN NOT s.put_away THEN s.value END, s.denominator, s.schools, s.excused,
           s.expected, greatest(s.expected - s.schools - s.excused, 0), a.code, a.name_zh, a.name_en, s.put_away
    FROM summed AS s LEFT JOIN places AS p ON p.district = s.district LEFT JOIN areas AS a ON s.district = 0 JOIN yuebao.indicator AS i ON i.indicator = s.indicator
    ORDER BY NOT p.own, p.district, i.indicator, s.frequency, s.kind;
END;
COMMENT ON FUNCTION api.totals(integer, text, text, text, text, boolean, boolean, text) IS
    'The summary table of a district, or of an area (in_area), for a span (2025-12, 2025, or from one period to another): each indicator added up over schools and over the periods '
    'within the span by its own rules, for all kinds of schools together, for one, or for each; below: also for each district right below. from_period and '
    'to_period: the periods that the figure is of; periods: how many of of_periods have a figure; schools + excused + missing = expected, added up over '
    'those periods; value and denominator where the figure is made of one such pair; put_away: a maximum of a month whose figures are put away is not known.';
