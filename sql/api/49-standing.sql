-- Where each target stands, and where it will be on its due day.
--
-- What "now" is, by over_time:
--   last, first   a stock: the figure of the newest period that is settled; the newest open period stands beside it
--   sum           a flow: the sum of the periods' figures from the plan's start to the smaller of as_of and due, open ones included
--   mean          the mean of the same periods' figures
-- A period in which no school owed anything, such as one before the first school opened, is none of a flow's or a mean's periods.
--
-- The rest of a flow or mean is the periods up to due that are not settled: those that are open, those that have not opened, those to come. A period
-- that is over and was never in the calendar is none of them.
--
-- Projection (constants: api.projection_rule), for targets with a number and a day that is still ahead or not yet settled:
--   trend         a stock. Theil-Sen: of every pair of points (last day of the period, figure) the slope, and of all slopes the median; from the newest
--                 point on to the due day. The interval is that of the slopes by rank (Sen 1968; Kendall's variance without ties): of N = n(n-1)/2
--                 slopes in order, the k-th and the (N+1-k)-th, k = max(1, floor((N - z sqrt(n(n-1)(2n+5)/18)) / 2)). Four points at least.
--                 A mean: the same line says what each period of the rest will be; they and the settled ones are averaged.
--   trend_before  the same, but some points are older than the plan, which has too few of its own
--   years         a flow. What the settled periods brought, and what the rest brought a year, two and three years earlier: the median of those years in
--                 which each of its periods was settled with a figure; the interval is from the leanest to the richest of them, if there are two.
--                 (Of a rest longer than a year, what lies more than a year ahead is taken from the same years again.)
--   pace          a flow for which no earlier year is known: the mean of the plan's settled periods (three at least) for each period of the rest; the
--                 interval is from their lower to their upper quartile, widened to the mean itself.
--   settled       a flow or mean of which nothing is left to come: what it is.
--   too_few       none of these.
-- Nothing is projected beyond what can be: floor and ceiling are what the due day can bring at the very bounds of the indicator (min and max of a
-- ratio, quotient, mean or maximum; those times the slots now expected of a sum). A flow that cannot be negative does not fall below what it is.

CREATE FUNCTION api.standing_at(as_of timestamptz, of_plan text DEFAULT NULL)
RETURNS TABLE (
    target integer, figure numeric, now_period text, schools bigint, reported bigint, expected bigint, closed boolean, complete boolean,
    open_figure numeric, open_period text, open_schools bigint, open_reported bigint, open_expected bigint, over boolean, settled_sum numeric,
    settled_periods integer, rest_periods integer, floor numeric, ceiling numeric, method text, points integer, slope numeric,
    projection numeric, projection_low numeric, projection_high numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 200 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH wanted AS MATERIALIZED (
    SELECT t.target, t.due, t.value IS NOT NULL AND t.due IS NOT NULL AS projected, i.over_time, i.over_schools, i.min, i.max, t.indicator,
           p.period_start, api.target_until(i.over_time, t.due, p.period_end) AS until, api.day_of(standing_at.as_of) AS day
    FROM yuebao.target AS t
    JOIN yuebao.plan AS p ON p.plan = t.plan
    JOIN yuebao.indicator AS i ON i.indicator = t.indicator
    WHERE (standing_at.of_plan IS NULL OR t.plan = standing_at.of_plan)
      AND t.district IN (SELECT v.district FROM yuebao.seen_district AS v) AND t.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
), figures AS MATERIALIZED (
    SELECT f.* FROM api.target_periods(standing_at.as_of, standing_at.of_plan) AS f
), stocks AS (
    SELECT DISTINCT ON (f.target) f.*
    FROM figures AS f WHERE f.own AND f.over_time IN ('last', 'first') AND f.settled
    ORDER BY f.target, f.period DESC
), opens AS ( -- the newest open period that somebody has reported for, else the newest
    SELECT DISTINCT ON (f.target) f.*
    FROM figures AS f LEFT JOIN stocks AS s ON s.target = f.target
    WHERE f.own AND f.over_time IN ('last', 'first') AND NOT f.settled AND (s.period IS NULL OR f.period > s.period)
    ORDER BY f.target, f.schools > 0 DESC, f.period DESC
), stands AS (
    SELECT s.target, s.figure, s.period_text, s.schools, s.reported, s.expected, s.closed, s.expected > 0 AND s.reported = s.expected AS complete
    FROM stocks AS s
    UNION ALL
    SELECT f.target, CASE f.over_time WHEN 'sum' THEN sum(f.figure) ELSE avg(f.figure) END,
           CASE WHEN count(*) FILTER (WHERE f.expected > 0) = 1 THEN min(f.period_text) FILTER (WHERE f.expected > 0)
                ELSE min(f.period_text) FILTER (WHERE f.expected > 0) || '/' || max(f.period_text) FILTER (WHERE f.expected > 0) END,
           sum(f.schools)::bigint, sum(f.reported)::bigint, sum(f.expected)::bigint, bool_and(f.closed) FILTER (WHERE f.expected > 0),
           sum(f.expected) > 0 AND sum(f.reported) >= sum(f.expected)
    FROM figures AS f WHERE f.own AND f.over_time IN ('sum', 'mean')
    GROUP BY f.target, f.over_time
), coming AS MATERIALIZED ( -- in the calendar, not yet open
    SELECT DISTINCT w.target, c.period, f.frequency
    FROM wanted AS w
    JOIN yuebao.catalogue_form AS k ON k.indicator = w.indicator
    JOIN yuebao.form AS f ON f.form = k.form
    JOIN yuebao.calendar AS c ON c.form = k.form AND c.catalogue = k.catalogue
    WHERE w.projected AND c.opens_at > standing_at.as_of AND c.period BETWEEN w.period_start AND w.due
), newest AS (
    SELECT DISTINCT ON (f.target) f.target, f.period, f.frequency, f.expected
    FROM figures AS f WHERE f.own ORDER BY f.target, f.period DESC
), rest AS MATERIALIZED (
    SELECT f.target, f.period, f.frequency FROM figures AS f
    WHERE f.own AND NOT f.settled AND f.expected > 0 AND f.over_time IN ('sum', 'mean')
    UNION
    SELECT c.target, c.period, c.frequency FROM coming AS c JOIN wanted AS w ON w.target = c.target WHERE w.over_time IN ('sum', 'mean')
    UNION
    SELECT n.target, g.first_day::date, n.frequency
    FROM newest AS n
    JOIN wanted AS w ON w.target = n.target AND w.projected AND w.over_time IN ('sum', 'mean')
    CROSS JOIN LATERAL (SELECT CASE n.frequency WHEN 'daily' THEN interval '1 day' WHEN 'weekly' THEN '7 days' WHEN 'monthly' THEN '1 month'
                                    WHEN 'quarterly' THEN '3 months' WHEN 'termly' THEN '6 months' ELSE '1 year' END AS step) AS s
    CROSS JOIN LATERAL generate_series(n.period::timestamp + s.step, w.due::timestamp, s.step) AS g (first_day)
    WHERE g.first_day + s.step > w.day::timestamp
), rests AS (
    SELECT r.target, min(r.period) AS first_day, count(*)::integer AS periods,
           avg(yuebao.period_last_day(r.period, r.frequency) - date '2000-01-01') AS middle
    FROM rest AS r GROUP BY r.target
), behind AS ( -- what is settled of a flow or mean
    SELECT f.target, count(*) FILTER (WHERE f.over_time = 'sum' OR f.figure IS NOT NULL)::integer AS periods, sum(f.figure) AS figure,
           percentile_disc(0.25) WITHIN GROUP (ORDER BY f.figure) AS lower, percentile_disc(0.75) WITHIN GROUP (ORDER BY f.figure) AS upper
    FROM figures AS f WHERE f.own AND f.settled AND f.expected > 0 AND f.over_time IN ('sum', 'mean')
    GROUP BY f.target
), bounds AS ( -- of the figure of one period
    SELECT w.target, w.min * b.slots AS least, w.max * b.slots AS most
    FROM wanted AS w
    LEFT JOIN newest AS n ON n.target = w.target
    CROSS JOIN LATERAL (SELECT CASE w.over_schools WHEN 'sum' THEN nullif(n.expected, 0) ELSE 1 END AS slots) AS b
), limits AS (
    SELECT w.target,
           w.projected AND w.due < w.day
               AND NOT EXISTS (SELECT FROM coming AS c WHERE c.target = w.target)
               AND NOT EXISTS (SELECT FROM figures AS f WHERE f.target = w.target AND f.own AND NOT f.settled AND f.expected > 0
                                 AND f.period <= w.due) AS over,
           CASE w.over_time
               WHEN 'sum' THEN CASE WHEN w.min >= 0 THEN greatest(n.figure, coalesce(b.figure, 0) + coalesce(r.periods, 0) * l.least)
                                    ELSE coalesce(b.figure, 0) + coalesce(r.periods, 0) * l.least END
               WHEN 'mean' THEN (coalesce(b.figure, 0) + coalesce(r.periods, 0) * l.least)
                                / nullif(coalesce(b.periods, 0) + coalesce(r.periods, 0), 0)
               ELSE l.least END AS floor,
           CASE w.over_time
               WHEN 'sum' THEN coalesce(b.figure, 0) + coalesce(r.periods, 0) * l.most
               WHEN 'mean' THEN (coalesce(b.figure, 0) + coalesce(r.periods, 0) * l.most)
                                / nullif(coalesce(b.periods, 0) + coalesce(r.periods, 0), 0)
               ELSE l.most END AS ceiling
    FROM wanted AS w
    JOIN bounds AS l ON l.target = w.target
    LEFT JOIN stands AS n ON n.target = w.target
    LEFT JOIN behind AS b ON b.target = w.target
    LEFT JOIN rests AS r ON r.target = w.target
), points AS MATERIALIZED (
    SELECT f.target, f.last_day, f.figure, f.own FROM figures AS f WHERE f.point
), pairs AS (
    SELECT a.target, (b.figure - a.figure) / (b.last_day - a.last_day) AS slope
    FROM points AS a JOIN points AS b ON b.target = a.target AND b.last_day > a.last_day
), slopes AS (
    SELECT p.target, array_agg(p.slope ORDER BY p.slope) AS slopes, count(*)::integer AS n FROM pairs AS p GROUP BY p.target
), lines AS (
    SELECT p.target, p.n, p.own, p.last_day, p.figure, s.slopes[k.rank] AS low, (s.slopes[(s.n + 1) / 2] + s.slopes[(s.n + 2) / 2]) / 2 AS slope,
           s.slopes[s.n + 1 - k.rank] AS high
    FROM (SELECT p.target, count(*)::integer AS n, bool_and(p.own) AS own, max(p.last_day) AS last_day,
                 (array_agg(p.figure ORDER BY p.last_day DESC))[1] AS figure
          FROM points AS p GROUP BY p.target) AS p
    JOIN slopes AS s ON s.target = p.target
    CROSS JOIN api.projection_rule AS r
    CROSS JOIN LATERAL (SELECT greatest(1, floor((s.n - r.z * sqrt(p.n * (p.n - 1) * (2 * p.n + 5) / 18.0)) / 2))::integer AS rank) AS k
    WHERE p.n >= r.points_least
), ahead AS ( -- by how many days a line is drawn on; of a mean, how much of the whole the rest is, and what the settled periods add
    SELECT l.target, l.own, l.n, l.slope, l.figure, l.low, l.high,
           CASE w.over_time WHEN 'mean' THEN r.middle - (l.last_day - date '2000-01-01') ELSE greatest(0, w.due - l.last_day) END AS days,
           CASE w.over_time WHEN 'mean' THEN coalesce(b.figure, 0) / (coalesce(b.periods, 0) + r.periods) ELSE 0 END AS given,
           CASE w.over_time WHEN 'mean' THEN r.periods::numeric / (coalesce(b.periods, 0) + r.periods) ELSE 1 END AS weight
    FROM lines AS l
    JOIN wanted AS w ON w.target = l.target
    LEFT JOIN behind AS b ON b.target = l.target
    LEFT JOIN rests AS r ON r.target = l.target
    WHERE w.projected AND (w.over_time <> 'mean' OR r.periods > 0)
), earlier AS (
    SELECT r.target, k.years, sum(e.figure) AS figure
    FROM rest AS r
    JOIN rests AS a ON a.target = r.target
    JOIN wanted AS w ON w.target = r.target AND w.over_time = 'sum' AND w.projected
    CROSS JOIN api.projection_rule AS u
    CROSS JOIN LATERAL generate_series(1, u.earlier_years) AS k (years)
    LEFT JOIN figures AS e ON e.target = r.target AND e.settled AND e.frequency = r.frequency AND e.period = CASE
        WHEN r.frequency IN ('daily', 'weekly') THEN r.period - 364 * (k.years + (r.period - a.first_day) / 364) -- the same day of the week
        ELSE (r.period - make_interval(years => k.years + extract(year FROM age(r.period, a.first_day))::integer))::date END
    GROUP BY r.target, k.years
    HAVING count(e.figure) = count(*)
), seasons AS (
    SELECT e.target, count(*)::integer AS years, array_agg(e.figure ORDER BY e.figure) AS brought FROM earlier AS e GROUP BY e.target
), drawn AS ( -- method, how much stands behind it, and the three numbers, unbounded
    SELECT a.target, CASE WHEN a.own THEN 'trend' ELSE 'trend_before' END AS method, a.n AS points, a.slope,
           a.given + a.weight * (a.figure + a.slope * a.days) AS projection, a.given + a.weight * (a.figure + a.low * a.days) AS low,
           a.given + a.weight * (a.figure + a.high * a.days) AS high
    FROM ahead AS a
    UNION ALL
    SELECT w.target, 'years', s.years, NULL, coalesce(b.figure, 0) + (s.brought[(s.years + 1) / 2] + s.brought[(s.years + 2) / 2]) / 2,
           CASE WHEN s.years > 1 THEN coalesce(b.figure, 0) + s.brought[1] END, CASE WHEN s.years > 1 THEN coalesce(b.figure, 0) + s.brought[s.years] END
    FROM seasons AS s JOIN wanted AS w ON w.target = s.target LEFT JOIN behind AS b ON b.target = s.target
    UNION ALL
    SELECT w.target, 'pace', b.periods, NULL, b.figure + r.periods * p.mean, b.figure + r.periods * least(b.lower, p.mean),
           b.figure + r.periods * greatest(b.upper, p.mean)
    FROM wanted AS w
    JOIN behind AS b ON b.target = w.target
    JOIN rests AS r ON r.target = w.target
    CROSS JOIN api.projection_rule AS u
    CROSS JOIN LATERAL (SELECT b.figure / b.periods AS mean) AS p
    WHERE w.over_time = 'sum' AND w.projected AND b.periods >= u.pace_least AND b.figure IS NOT NULL
      AND NOT EXISTS (SELECT FROM seasons AS s WHERE s.target = w.target)
    UNION ALL
    SELECT w.target, 'settled', b.periods, NULL, n.figure, NULL, NULL
    FROM wanted AS w JOIN behind AS b ON b.target = w.target JOIN stands AS n ON n.target = w.target
    WHERE w.projected AND NOT EXISTS (SELECT FROM rests AS r WHERE r.target = w.target)
)
SELECT w.target, n.figure, n.period_text, n.schools, n.reported, n.expected, n.closed, n.complete,
       o.figure, o.period_text, o.schools, o.reported, o.expected, coalesce(l.over, false), b.figure, coalesce(b.periods, 0),
       coalesce(r.periods, 0), l.floor, l.ceiling,
       CASE WHEN w.projected AND NOT l.over AND n.figure IS NOT NULL THEN coalesce(d.method, 'too_few') END, d.points,
       api.shown(d.slope * u.month_days), x.projection, x.low, x.high
FROM wanted AS w
CROSS JOIN api.projection_rule AS u
JOIN limits AS l ON l.target = w.target
LEFT JOIN stands AS n ON n.target = w.target
LEFT JOIN opens AS o ON o.target = w.target
LEFT JOIN behind AS b ON b.target = w.target
LEFT JOIN rests AS r ON r.target = w.target
LEFT JOIN drawn AS d ON d.target = w.target AND n.figure IS NOT NULL AND NOT l.over
CROSS JOIN LATERAL (
    SELECT CASE WHEN d.projection IS NOT NULL THEN least(l.ceiling, greatest(l.floor, d.projection)) END AS projection,
           CASE WHEN d.low IS NOT NULL THEN least(l.ceiling, greatest(l.floor, d.low)) END AS low,
           CASE WHEN d.high IS NOT NULL THEN least(l.ceiling, greatest(l.floor, d.high)) END AS high) AS x;
END
$$;
COMMENT ON FUNCTION api.standing_at(timestamptz, text) IS
    'By target: what it is now, what stands beside it, how it was projected to the due day and to what, unrounded, and what the due day can bring at '
    'the bounds of the indicator. over: the due day has passed and all of its periods are settled. slope: a month.';
