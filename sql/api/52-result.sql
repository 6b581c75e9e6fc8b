-- Vetoes, and what a plan comes to in each of its districts.
--
-- Which districts a plan has: its own, and those of its targets.
-- A veto is judged year by year within the plan's span: of an indicator that counts as a veto, a district's figure of the year, with all districts below
-- it, against the indicator's bound. The year's figure is, by over_time: the sum or mean of its periods, open ones included; of a stock the
-- newest settled one. "at least" is not breached by a year that is not over, unless the indicator is a stock. since: the first period that took it over
-- its bound: of an "at most" flow, where the running sum exceeded it; else the first single period that exceeds the bound.
--
-- Result of a plan in a district: failed (a veto was breached, whatever else was reached), met (all targets are), missed (some cannot be reached any
-- more), else open. unjudged are targets without number, baseline, data or day, or with too few points.

CREATE FUNCTION api.veto_at(as_of timestamptz, of_plan text DEFAULT NULL)
RETURNS TABLE (plan text, district integer, district_zh text, district_en text, indicator text, name_zh text, name_en text, unit text, year integer,
               veto_direction text, veto_bound numeric, year_figure numeric, schools bigint, breached boolean, since text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH wanted AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY o.plan, o.district, i.indicator)::integer AS nth, o.plan, o.district, o.period_start, o.period_end,
           i.indicator, i.over_time, i.veto_direction, i.veto_bound
    FROM (SELECT p.plan, p.district, p.period_start, p.period_end FROM yuebao.plan AS p
          UNION
          SELECT t.plan, t.district, p.period_start, p.period_end FROM yuebao.target AS t JOIN yuebao.plan AS p ON p.plan = t.plan) AS o
    CROSS JOIN yuebao.indicator AS i
    WHERE i.veto AND (veto_at.of_plan IS NULL OR o.plan = veto_at.of_plan)
      AND o.district IN (SELECT v.district FROM yuebao.seen_district AS v) AND i.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
), asked AS (
    SELECT array_agg(w.district ORDER BY w.nth) AS districts, array_agg(w.indicator ORDER BY w.nth) AS indicators,
           array_agg(w.period_start ORDER BY w.nth) AS first_days, array_agg(w.period_end ORDER BY w.nth) AS last_days,
           array_agg('infinity'::date ORDER BY w.nth) AS counted_from
    FROM wanted AS w
), figures AS MATERIALIZED (
    SELECT w.*, f.period, f.frequency, f.settled, f.schools, f.figure, extract(year FROM f.period)::integer AS year,
           sum(f.figure) OVER (PARTITION BY f.nth, extract(year FROM f.period) ORDER BY f.period) AS so_far
    FROM asked AS a
    CROSS JOIN LATERAL api.period_figures(veto_at.as_of, a.districts, a.indicators, a.first_days, a.last_days, a.counted_from) AS f
    JOIN wanted AS w ON w.nth = f.nth
    WHERE f.figure IS NOT NULL
), years AS (
    SELECT f.nth, f.year, sum(f.schools)::bigint AS schools,
           CASE f.over_time WHEN 'sum' THEN sum(f.figure) WHEN 'mean' THEN avg(f.figure)
                ELSE (array_agg(f.figure ORDER BY f.period DESC) FILTER (WHERE f.settled))[1] END AS figure,
           (array_agg(yuebao.period_text(f.period, f.frequency) ORDER BY f.period) FILTER (WHERE
               CASE WHEN f.over_time = 'sum' AND f.veto_direction = 'at_most' THEN f.so_far > f.veto_bound
                    WHEN f.veto_direction = 'at_most' THEN f.figure > f.veto_bound ELSE f.figure < f.veto_bound END))[1] AS since
    FROM figures AS f GROUP BY f.nth, f.year, f.over_time
), judged AS (
    SELECT y.*, CASE WHEN w.veto_direction = 'at_most' THEN y.figure > w.veto_bound
                     ELSE y.figure < w.veto_bound AND (w.over_time IN ('last', 'first')
                                                       OR y.year < extract(year FROM api.day_of(veto_at.as_of))) END AS breached
    FROM years AS y JOIN wanted AS w ON w.nth = y.nth
)
SELECT w.plan, w.district, d.name_zh, d.name_en, i.code, i.name_zh, i.name_en, i.unit, j.year, w.veto_direction, w.veto_bound,
       api.shown(j.figure), j.schools, coalesce(j.breached, false), CASE WHEN j.breached THEN j.since END
FROM judged AS j
JOIN wanted AS w ON w.nth = j.nth
JOIN yuebao.district AS d ON d.district = w.district
JOIN yuebao.indicator AS i ON i.indicator = w.indicator
ORDER BY w.plan, w.district, i.code, j.year;
END
$$;
COMMENT ON FUNCTION api.veto_at(timestamptz, text) IS
    'What each veto indicator came to, year by year, in every district of every plan (or of one), against its bound, and since when it is breached.';

CREATE FUNCTION api.result_at(as_of timestamptz, of_plan text DEFAULT NULL)
RETURNS TABLE (plan text, district integer, district_zh text, district_en text, targets bigint, met bigint, on_course bigint, at_risk bigint,
               behind bigint, impossible bigint, unjudged bigint, result text, vetoes jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH places AS (
    SELECT p.plan, p.district FROM yuebao.plan AS p WHERE result_at.of_plan IS NULL OR p.plan = result_at.of_plan
    UNION
    SELECT t.plan, t.district FROM yuebao.target AS t WHERE result_at.of_plan IS NULL OR t.plan = result_at.of_plan
), counts AS (
    SELECT p.plan, p.district, count(*) AS targets, count(*) FILTER (WHERE p.status = 'met') AS met,
           count(*) FILTER (WHERE p.status = 'on_course') AS on_course, count(*) FILTER (WHERE p.status = 'at_risk') AS at_risk,
           count(*) FILTER (WHERE p.status = 'behind') AS behind, count(*) FILTER (WHERE p.status = 'impossible') AS impossible
    FROM api.progress_at(result_at.as_of, result_at.of_plan) AS p
    GROUP BY p.plan, p.district
), breaches AS (
    SELECT v.plan, v.district,
           jsonb_agg(jsonb_build_object('indicator', v.indicator, 'name_zh', v.name_zh, 'name_en', v.name_en, 'year', v.year,
                                        'figure', v.year_figure, 'direction', v.veto_direction, 'bound', v.veto_bound, 'since', v.since)
                     ORDER BY v.year, v.indicator) AS vetoes
    FROM api.veto_at(result_at.as_of, result_at.of_plan) AS v WHERE v.breached
    GROUP BY v.plan, v.district
)
SELECT o.plan, o.district, d.name_zh, d.name_en, coalesce(c.targets, 0), coalesce(c.met, 0), coalesce(c.on_course, 0), coalesce(c.at_risk, 0),
       coalesce(c.behind, 0), coalesce(c.impossible, 0),
       coalesce(c.targets - c.met - c.on_course - c.at_risk - c.behind - c.impossible, 0),
       CASE WHEN b.vetoes IS NOT NULL THEN 'failed' WHEN c.targets = c.met THEN 'met' WHEN c.impossible > 0 THEN 'missed' ELSE 'open' END,
       coalesce(b.vetoes, '[]')
FROM places AS o
JOIN yuebao.district AS d ON d.district = o.district
LEFT JOIN counts AS c ON c.plan = o.plan AND c.district = o.district
LEFT JOIN breaches AS b ON b.plan = o.plan AND b.district = o.district
-- a department's targets are not all that a result counts
WHERE (SELECT yuebao.sees_every_indicator()) AND o.district IN (SELECT v.district FROM yuebao.seen_district AS v)
ORDER BY o.plan, o.district;
END
$$;
COMMENT ON FUNCTION api.result_at(timestamptz, text) IS
    'What every plan (or one) comes to in each of its districts: targets by status, and failed with the vetoes that were breached, whatever else was reached.';

CREATE VIEW api.veto AS SELECT v.* FROM api.veto_at(now()) AS v;
COMMENT ON VIEW api.veto IS 'Every veto indicator in every district of every plan, year by year, now.';
CREATE VIEW api.result AS SELECT r.* FROM api.result_at(now()) AS r;
COMMENT ON VIEW api.result IS 'What every plan comes to in each of its districts, now.';
