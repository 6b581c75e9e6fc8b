-- The summary table of an area: what yuebao.totals_over is for districts. Read from its schools' figures.

CREATE FUNCTION yuebao.area_totals_over(of_area integer, from_day date, to_day date, of_kind text, of_indicator smallint)
    RETURNS TABLE (kind text, indicator smallint, frequency text, period date, closed boolean, expected bigint, schools bigint, excused bigint,
                   value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
BEGIN
    RETURN QUERY
    WITH windows AS MATERIALIZED ( -- a period belongs to the span in which it lies, a week to that in which it begins
        SELECT c.form, f.kind, f.frequency, c.period,
               c.closes_at <= now() AND NOT EXISTS (SELECT FROM yuebao.extension AS e
                                                    WHERE e.form = c.form AND e.period = c.period AND e.closes_at > now()) AS closed
        FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
        WHERE c.period BETWEEN from_day AND to_day AND c.opens_at <= now() AND (of_kind IS NULL OR f.kind = of_kind)
          AND (yuebao.period_last_day(c.period, f.frequency) <= to_day OR f.frequency = 'weekly')
    ), frequencies AS ( -- its figures are needed, or their month is named
        SELECT w.frequency, array_agg(DISTINCT w.period) AS periods FROM windows AS w WHERE yuebao.needs_figures(w.period) GROUP BY w.frequency
    )
    SELECT w.kind, g.indicator, w.frequency, w.period, w.closed, count(*) FILTER (WHERE g.owed), count(g.value), count(g.missing),
           CASE i.over_schools WHEN 'max' THEN max(g.value)::numeric ELSE sum(g.value) END, sum(g.denominator)
    FROM frequencies AS q
    CROSS JOIN LATERAL yuebao.area_figures(of_area, of_indicator, q.periods, q.frequency, of_kind) AS g
    JOIN windows AS w ON w.form = g.form AND w.period = g.period
    JOIN yuebao.indicator AS i ON i.indicator = g.indicator
    GROUP BY w.form, w.kind, w.frequency, w.period, w.closed, g.indicator, i.over_schools;
END
$$;
COMMENT ON FUNCTION yuebao.area_totals_over(integer, date, date, text, smallint) IS
    'All totals of an area in the opened periods that lie within a span (a week where it begins): one row a kind of school (of a form), indicator and '
    'period, wherever one of its schools owes or has stated it. Stored integers, exact at once. A month whose figures are put away is named (SQLSTATE YB029).';
REVOKE EXECUTE ON FUNCTION yuebao.area_totals_over(integer, date, date, text, smallint) FROM PUBLIC;
