-- The figures of districts, period by period: what every question about plans begins with.
--
-- Which periods count: those of the calendar that had opened by as_of and begin within the span asked for. As-of moves the calendar, not the
-- books: figures are the current ones. What a period asks is what the catalogue asks under which it opened.
--
-- What a district's figure of one period is: over all schools of the district and of every district below it, as the indicator's over_schools says.
--
-- Settled is a period that is closed for all its schools, or complete: reported slots = expected slots; yuebao.slot says what is owed and when it
-- closes for whom. Slots are counted only from counted_from on: an older period is settled once it is closed everywhere, extensions included.

CREATE FUNCTION api.period_figures(as_of timestamptz, districts integer[], indicators smallint[], first_days date[], last_days date[],
                                   counted_from date[])
RETURNS TABLE (nth integer, period date, frequency text, last_day date, counted boolean, closed boolean, settled boolean, expected bigint,
               reported bigint, schools bigint, figure numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 3000 SET search_path = pg_catalog, pg_temp
    SET jit = off SET work_mem = '32MB' -- compiling takes longer than running; a province's slots fit
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
DECLARE
    below         integer[] := ARRAY(SELECT DISTINCT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (period_figures.districts));
    first_counted date      := (SELECT min(c.first_day) FROM unnest(period_figures.counted_from) AS c (first_day));
BEGIN
RETURN QUERY
WITH wanted AS MATERIALIZED (
    SELECT u.nth::integer AS nth, u.district, u.indicator, u.first_day, u.last_day, u.counted_from, i.over_schools, i.decimals,
           i.denominator_decimals
    FROM unnest(period_figures.districts, period_figures.indicators, period_figures.first_days, period_figures.last_days,
                period_figures.counted_from) WITH ORDINALITY AS u (district, indicator, first_day, last_day, counted_from, nth)
    JOIN yuebao.indicator AS i ON i.indicator = u.indicator
    JOIN yuebao.seen_district AS v ON v.district = u.district -- part of a total is none
    JOIN yuebao.seen_indicator AS n ON n.indicator = u.indicator
), owed AS MATERIALIZED ( -- one row a form whose catalogue of that period asks for the indicator
    SELECT w.nth, w.district, w.indicator, c.form, f.frequency, c.period, c.period >= w.counted_from AS counted,
           c.closes_at <= period_figures.as_of AND (c.period >= w.counted_from OR NOT EXISTS (
               SELECT FROM yuebao.extension AS e
               WHERE e.form = c.form AND e.period = c.period AND e.closes_at > period_figures.as_of)) AS closed
    FROM wanted AS w
    JOIN yuebao.catalogue_form AS k ON k.indicator = w.indicator
    JOIN yuebao.form AS f ON f.form = k.form
    JOIN yuebao.calendar AS c ON c.form = k.form AND c.catalogue = k.catalogue
    WHERE c.opens_at <= period_figures.as_of
      AND c.period BETWEEN w.first_day AND least(w.last_day, (period_figures.as_of AT TIME ZONE c.zone)::date)
), slots AS MATERIALIZED ( -- the same forms and periods serve many indicators: their slots are counted once
    SELECT o.*, EXISTS (SELECT FROM yuebao.extension AS e -- apart while an extension makes a difference
                        WHERE e.form = o.form AND e.period = o.period
                          AND (e.opens_at > period_figures.as_of OR (e.closes_at <= period_figures.as_of) <> o.closed)) AS apart
    FROM (SELECT w.district, w.form, w.period, bool_or(w.counted) AS counted, bool_or(w.closed) AS closed -- of what is counted, the calendar's
          FROM owed AS w GROUP BY w.district, w.form, w.period) AS o
), parts AS ( -- as yuebao.total_within, but all at once
    SELECT o.district, o.form, o.period, t.indicator, t.schools, t.value, t.denominator
    FROM (SELECT l.district, l.form, l.period, array_agg(l.indicator) AS indicators -- found together: they lie side by side
          FROM (SELECT DISTINCT w.district, w.form, w.period, w.indicator FROM owed AS w
                UNION ALL
                SELECT s.district, s.form, s.period, 0::smallint FROM slots AS s WHERE s.counted) AS l
          GROUP BY l.district, l.form, l.period) AS o
    CROSS JOIN LATERAL (SELECT f.indicator, f.schools::bigint AS schools, f.value, f.denominator FROM yuebao.total_folded AS f
                        WHERE f.district = o.district AND f.period = o.period AND f.form = o.form AND f.indicator = ANY (o.indicators)
                        UNION ALL
                        SELECT f.indicator, f.schools, f.value, f.denominator FROM yuebao.total_above AS f
                        WHERE f.district = o.district AND f.period = o.period AND f.form = o.form AND f.indicator = ANY (o.indicators) OFFSET 0) AS t
    UNION ALL
    SELECT s.district, s.form, s.period, u.indicator, u.schools, u.value, u.denominator
    FROM yuebao.unfolded_of(period_figures.districts, ARRAY(SELECT DISTINCT n.form FROM slots AS n), ARRAY(SELECT DISTINCT n.period FROM slots AS n),
                            period_figures.indicators || 0::smallint) AS u
    JOIN slots AS s ON s.district = u.district AND s.period = u.period AND s.form = u.form
), totals AS MATERIALIZED (
    SELECT p.district, p.form, p.period, p.indicator, sum(p.schools) AS schools, sum(p.value) AS value, sum(p.denominator) AS denominator
    FROM parts AS p
    GROUP BY p.district, p.form, p.period, p.indicator
), unowed AS MATERIALIZED ( -- reported, but nobody owes it any more
    SELECT a.ancestor AS district, u.form, u.period, sum(u.reported) AS reported
    FROM (SELECT DISTINCT c.district FROM yuebao.school_change AS c WHERE c.district = ANY (below)) AS c -- by district, or all reports might be read for it
    CROSS JOIN LATERAL (SELECT o.district, o.form, o.period, o.reported FROM yuebao.unowed AS o
                        WHERE o.district = c.district AND o.period >= first_counted OFFSET 0) AS u
    JOIN yuebao.district_ancestor AS a ON a.district = u.district
    WHERE a.ancestor = ANY (period_figures.districts)
    GROUP BY a.ancestor, u.form, u.period
), counted AS MATERIALIZED ( -- as api.slot_counts counts, but windows that stand as the calendar has them all at once
    SELECT s.district, s.form, s.period, n.expected, n.reported, n.closed
    FROM slots AS s CROSS JOIN LATERAL api.slot_counts(s.district, s.form, s.period, period_figures.as_of) AS n
    WHERE s.counted AND s.apart
    UNION ALL
    SELECT n.district, n.form, n.period, sum(n.expected)::bigint, sum(n.reported)::bigint, NULL
    FROM (SELECT s.district, s.form, s.period, o.slots AS expected, 0 AS reported
          FROM slots AS s
          CROSS JOIN LATERAL (SELECT w.slots FROM yuebao.owed_within AS w
                              WHERE w.form = s.form AND w.period = s.period AND w.district = s.district OFFSET 0) AS o
          WHERE s.counted AND NOT s.apart
          UNION ALL
          SELECT t.district, t.form, t.period, 0, t.schools FROM totals AS t WHERE t.indicator = 0
          UNION ALL
          SELECT u.district, u.form, u.period, 0, -u.reported FROM unowed AS u) AS n
    GROUP BY n.district, n.form, n.period
    HAVING sum(n.expected) > 0
), periods AS (
    SELECT o.nth, o.period, o.frequency, array_agg(o.form) AS forms, bool_or(o.counted) AS counted, bool_and(coalesce(n.closed, o.closed)) AS closed,
           CASE WHEN bool_or(o.counted) THEN sum(coalesce(n.expected, 0))::bigint END AS expected,
           CASE WHEN bool_or(o.counted) THEN sum(coalesce(n.reported, 0))::bigint END AS reported,
           coalesce(sum(t.schools), 0)::bigint AS schools, sum(t.value) AS value, sum(t.denominator) AS denominator
    FROM owed AS o
    LEFT JOIN counted AS n ON o.counted AND n.district = o.district AND n.form = o.form AND n.period = o.period
    LEFT JOIN totals AS t ON t.district = o.district AND t.form = o.form AND t.period = o.period AND t.indicator = o.indicator
    GROUP BY o.nth, o.period, o.frequency
)
SELECT p.nth, p.period, p.frequency, yuebao.period_last_day(p.period, p.frequency), p.counted, p.closed,
       p.closed OR coalesce(p.expected > 0 AND p.reported = p.expected, false), p.expected, p.reported, p.schools,
       CASE WHEN p.schools > 0 THEN
           CASE w.over_schools
               WHEN 'sum' THEN api.scaled(p.value, w.decimals)
               WHEN 'ratio_of_sums' THEN api.scaled(p.value, w.decimals) / nullif(api.scaled(p.denominator, w.denominator_decimals), 0)
               WHEN 'mean' THEN api.scaled(p.value, w.decimals) / p.schools
               WHEN 'max' THEN api.scaled(api.greatest_of(ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = w.district),
                                                          p.period, p.forms, w.indicator), w.decimals)
           END
       END
FROM periods AS p JOIN wanted AS w ON w.nth = p.nth;
END
$$;
COMMENT ON FUNCTION api.period_figures(timestamptz, integer[], smallint[], date[], date[], date[]) IS
    'For the nth district and indicator of the arrays, one row a period that had opened by as_of and begins from its first to its last day: the '
    'district''s figure, how many schools have a value, and from counted_from on how many slots are reported of those expected.';

-- How projections are made (49-standing.sql), in one place.
CREATE VIEW api.projection_rule AS
SELECT 4 AS points_least, 36 AS points_most, 3 AS earlier_years, 3 AS pace_least, 1.2816 AS z, 365.25 / 12 AS month_days;
COMMENT ON VIEW api.projection_rule IS 'The constants of projections.';
COMMENT ON COLUMN api.projection_rule.points_least IS 'A slope is drawn through four settled periods at least: three give an interval no meaning.';
COMMENT ON COLUMN api.projection_rule.points_most IS 'And through the newest 36 at most: three years of months.';
COMMENT ON COLUMN api.projection_rule.earlier_years IS 'How many earlier years are asked what they brought, and how far back points reach before the plan.';
COMMENT ON COLUMN api.projection_rule.pace_least IS 'A flow''s pace is that of three settled periods at least.';
COMMENT ON COLUMN api.projection_rule.z IS 'Normal quantile of the interval: 80%, so that the true slope is outside one time in five.';
COMMENT ON COLUMN api.projection_rule.month_days IS 'Days of a month where something is said a month.';

CREATE FUNCTION api.day_of(as_of timestamptz) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((as_of - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai')::date;
COMMENT ON FUNCTION api.day_of(timestamptz) IS 'The day of that instant where the plans are made; midnight still belongs to the day that ends.';

CREATE FUNCTION api.target_until(over_time text, due date, period_end date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN over_time IN ('sum', 'mean') THEN coalesce(due, period_end) ELSE greatest(period_end, due) END;
COMMENT ON FUNCTION api.target_until(text, date, date) IS
    'The last day of a target''s periods: a flow''s or a mean''s end with its due day, a stock''s with the plan, or with its due day if that is later.';

-- A target's periods: its own, from the plan's first day on, and those before which a projection may need. Point: a settled figure of a stock or
-- mean through which the slope is drawn: of the own periods, if there are points_least of them, else of the earlier ones too; the newest points_most.
CREATE FUNCTION api.target_periods(as_of timestamptz, of_plan text DEFAULT NULL)
RETURNS TABLE (target integer, plan text, "position" integer, over_time text, period date, period_text text, frequency text, last_day date,
               own boolean, closed boolean, settled boolean, expected bigint, reported bigint, schools bigint, figure numeric, point boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 3000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH wanted AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY t.target)::integer AS nth, t.target, t.plan, t.position, t.district, t.indicator, i.over_time,
           p.period_start, api.target_until(i.over_time, t.due, p.period_end) AS until, h.first_day
    FROM yuebao.target AS t
    JOIN yuebao.plan AS p ON p.plan = t.plan
    JOIN yuebao.indicator AS i ON i.indicator = t.indicator
    CROSS JOIN api.projection_rule AS r
    CROSS JOIN LATERAL (
        SELECT CASE WHEN t.due IS NULL OR t.value IS NULL OR t.due < api.day_of(target_periods.as_of) THEN p.period_start
                    WHEN i.over_time <> 'sum' AND r.points_least <= (
                        SELECT count(DISTINCT c.period)
                        FROM yuebao.catalogue_form AS k JOIN yuebao.calendar AS c ON c.form = k.form AND c.catalogue = k.catalogue
                        WHERE k.indicator = t.indicator AND c.closes_at <= target_periods.as_of AND c.period >= p.period_start)
                        THEN p.period_start
                    ELSE least(p.period_start, (api.day_of(target_periods.as_of) - make_interval(years => r.earlier_years, days => 40))::date)
               END AS first_day) AS h
    WHERE (target_periods.of_plan IS NULL OR t.plan = target_periods.of_plan)
      AND t.district IN (SELECT v.district FROM yuebao.seen_district AS v) AND t.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
), asked AS (
    SELECT array_agg(w.district ORDER BY w.nth) AS districts, array_agg(w.indicator ORDER BY w.nth) AS indicators,
           array_agg(w.first_day ORDER BY w.nth) AS first_days, array_agg(w.until ORDER BY w.nth) AS last_days,
           array_agg(w.period_start ORDER BY w.nth) AS counted_from
    FROM wanted AS w
), figures AS MATERIALIZED (
    SELECT w.target, w.plan, w.position, w.over_time, f.*,
           w.over_time <> 'sum' AND f.settled AND f.figure IS NOT NULL AS may_be_point
    FROM asked AS a
    CROSS JOIN LATERAL api.period_figures(target_periods.as_of, a.districts, a.indicators, a.first_days, a.last_days, a.counted_from) AS f
    JOIN wanted AS w ON w.nth = f.nth
), aged AS (
    SELECT f.*, count(*) FILTER (WHERE f.counted AND f.may_be_point) OVER (PARTITION BY f.target) AS own_points,
           count(*) FILTER (WHERE f.may_be_point) OVER (PARTITION BY f.target ORDER BY f.period DESC) AS age
    FROM figures AS f
)
SELECT a.target, a.plan, a.position, a.over_time, a.period, yuebao.period_text(a.period, a.frequency), a.frequency, a.last_day, a.counted,
       a.closed, a.settled, a.expected, a.reported, a.schools, a.figure,
       a.may_be_point AND (a.counted OR a.own_points < r.points_least) AND a.age <= r.points_most
FROM aged AS a CROSS JOIN api.projection_rule AS r;
END
$$;
COMMENT ON FUNCTION api.target_periods(timestamptz, text) IS
    'The periods behind every target of every plan (or of one) as of that instant, with the district''s figure of each; own: of the plan; settled: '
    'closed or complete; point: one of those through which the slope is drawn.';
