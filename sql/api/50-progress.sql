-- How the plans stand: every target judged.
--
-- Which periods count, what "now" is and how it is projected: 48-target-periods.sql and 49-standing.sql.
--
-- When "equal" is reached: the figure, rounded to the decimals in which the plan states the value, is the value; a ratio is rounded to whole
-- percents at least, so that 50.71% is not the 0.5 of a plan.
--
-- Required a month: the gap over the months from as_of's day to the due day (a month is 365.25/12 days; what is due sooner is due within one month).
-- Of a mean: what every period of its rest must be. Nothing is required of what is met, impossible, or due on a day that is past or unknown.
--
-- Status, the first that is true:
--   unquantified  the digits are corrupted in the published plan
--   no_baseline   relative to a baseline that the plan does not give
--   no_data       nobody has reported it
--   met           now satisfies the target. But a flow that must not exceed (at_most, reduce_by, equal) is not met before its rest has come:
--                 until then it is judged by its projection, and on course while there is too little to project
--   no_date       not met, and the plan names no day
--   impossible    the due day is past and all of its periods are settled; or what must be reached lies beyond what the due day can bring at the very
--                 bounds of the indicator
--   on_course     the projection satisfies the target, and so does its interval, at both ends
--   at_risk       one end of the interval satisfies the target, or of "equal" the value lies within it, and the other does not
--   behind        neither the projection nor any of its interval satisfies the target
--   too_few       not met, and there are too few points to project

-- Whether a figure satisfies a target; NULL when either is unknown.
CREATE FUNCTION api.satisfies(figure numeric, direction text, goal numeric, unit text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN direction IN ('at_least', 'increase_by') THEN figure >= goal
                WHEN direction IN ('at_most', 'reduce_by') THEN figure <= goal
                -- as exactly as the plan states it, but a ratio by whole percents: 0.5 means 50%, and 0.5071 is not that
                ELSE round(figure, greatest(scale(goal), CASE unit WHEN 'ratio' THEN 2 ELSE 0 END)) = goal END;
COMMENT ON FUNCTION api.satisfies(numeric, text, numeric, text) IS
    'Whether a figure satisfies a goal; equal is judged with the decimals in which the plan states the value, a ratio by whole percents at least.';

-- On paper: a ratio as a percentage, anything else as it is, both to two decimals without zeros at their end.
CREATE FUNCTION api.figure_text(figure numeric, unit text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN unit = 'ratio' THEN trim_scale(round(figure * 100, 2)) || '%' ELSE trim_scale(round(figure, 2))::text END;
COMMENT ON FUNCTION api.figure_text(numeric, text) IS 'A figure as it is printed: a ratio in per cent, two decimals at most.';

CREATE FUNCTION api.gap_text(goal numeric, figure numeric, unit text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN api.figure_text(goal, unit) = api.figure_text(figure, unit) THEN '< 0.01' || CASE unit WHEN 'ratio' THEN '%' ELSE '' END
                WHEN unit = 'ratio' THEN trim_scale(abs(round(goal * 100, 2) - round(figure * 100, 2))) || '%'
                ELSE trim_scale(abs(round(goal, 2) - round(figure, 2)))::text END;
COMMENT ON FUNCTION api.gap_text(numeric, numeric, text) IS 'The gap between a goal and a figure as they are printed, so that what is printed adds up.';

CREATE FUNCTION api.progress_at(as_of timestamptz, of_plan text DEFAULT NULL)
RETURNS TABLE (
    plan text, "position" integer, section text, district integer, district_zh text, district_en text,
    indicator text, name_zh text, name_en text, unit text, direction text, target_value numeric, due date,
    over_time text, "now" numeric, now_period text, schools bigint, reported bigint, expected bigint, closed boolean, complete boolean,
    open_value numeric, open_period text, open_schools bigint, open_reported bigint, open_expected bigint,
    baseline numeric, baseline_on date, goal numeric, gap numeric, reached boolean, status text, progress numeric,
    responsible integer, responsible_zh text, responsible_en text, required numeric, projection numeric, projection_low numeric,
    projection_high numeric, method text, points integer, slope numeric, rest_periods integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 200 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH judged AS (
    SELECT s.*, t.plan, t.position, t.section, t.district, coalesce(t.responsible, t.district) AS responsible, t.indicator, i.over_time, t.unit,
           t.direction, t.value, t.due, b.value AS baseline, b.as_of AS baseline_on, g.goal,
           api.satisfies(s.figure, t.direction, g.goal, t.unit) AS reached, api.satisfies(s.projection, t.direction, g.goal, t.unit) AS middle_does,
           api.satisfies(s.projection_low, t.direction, g.goal, t.unit) AS low_does,
           api.satisfies(s.projection_high, t.direction, g.goal, t.unit) AS high_does,
           i.over_time = 'sum' AND t.direction IN ('at_most', 'reduce_by', 'equal') AND t.due IS NOT NULL AND s.rest_periods > 0 AS may_be_lost
    FROM api.standing_at(progress_at.as_of, progress_at.of_plan) AS s
    JOIN yuebao.target AS t ON t.target = s.target
    JOIN yuebao.indicator AS i ON i.indicator = t.indicator
    LEFT JOIN LATERAL (SELECT l.value, l.as_of FROM yuebao.baseline AS l
                       WHERE l.plan = t.plan AND l.indicator = t.indicator AND l.district = t.district
                       ORDER BY l.as_of DESC LIMIT 1) AS b ON true
    CROSS JOIN LATERAL (SELECT CASE t.direction WHEN 'reduce_by' THEN b.value - t.value WHEN 'increase_by' THEN b.value + t.value
                                    ELSE t.value END AS goal) AS g
), statuses AS (
    SELECT j.*,
           CASE WHEN j.value IS NULL THEN 'unquantified'
                WHEN j.goal IS NULL THEN 'no_baseline'
                WHEN j.figure IS NULL THEN 'no_data'
                WHEN j.reached AND NOT j.may_be_lost THEN 'met'
                WHEN j.due IS NULL THEN 'no_date'
                WHEN j.over THEN 'impossible'
                WHEN j.direction IN ('at_least', 'increase_by', 'equal') AND j.ceiling < j.goal THEN 'impossible'
                WHEN j.direction IN ('at_most', 'reduce_by', 'equal') AND j.floor > j.goal THEN 'impossible'
                WHEN j.projection IS NULL THEN CASE WHEN j.reached THEN 'on_course' ELSE 'too_few' END
                WHEN j.middle_does AND coalesce(j.low_does AND j.high_does, true) THEN 'on_course'
                WHEN j.middle_does OR j.low_does OR j.high_does
                  OR (j.direction = 'equal' AND j.goal BETWEEN j.projection_low AND j.projection_high) THEN 'at_risk'
                ELSE 'behind' END AS status
    FROM judged AS j
)
SELECT j.plan, j.position, j.section, j.district, d.name_zh, d.name_en, i.code, i.name_zh, i.name_en, j.unit, j.direction, j.value, j.due,
       j.over_time, api.shown(j.figure), j.now_period, j.schools, j.reported, j.expected, j.closed, j.complete,
       api.shown(j.open_figure), j.open_period, j.open_schools, j.open_reported, j.open_expected,
       j.baseline, j.baseline_on, j.goal,
       CASE WHEN j.reached THEN 0
            WHEN j.direction IN ('at_least', 'increase_by') THEN api.shown(j.goal - j.figure)
            WHEN j.direction IN ('at_most', 'reduce_by') THEN api.shown(j.figure - j.goal)
            ELSE api.shown(abs(j.figure - j.goal)) END,
       j.reached, j.status,
       CASE WHEN x.fraction IS NOT NULL THEN round(least(1, greatest(0, x.fraction)), 4) END,
       j.responsible, r.name_zh, r.name_en,
       CASE WHEN j.status = 'impossible' OR j.goal IS NULL OR j.figure IS NULL OR j.due < api.day_of(progress_at.as_of) THEN NULL
            WHEN j.reached THEN 0
            WHEN j.over_time = 'mean' THEN
                api.shown((j.goal * (j.settled_periods + j.rest_periods) - coalesce(j.settled_sum, 0)) / nullif(j.rest_periods, 0))
            ELSE api.shown(abs(j.goal - j.figure) / greatest(1, (j.due - api.day_of(progress_at.as_of)) / u.month_days)) END,
       api.shown(j.projection), api.shown(j.projection_low), api.shown(j.projection_high), j.method, j.points, j.slope, j.rest_periods
FROM statuses AS j
JOIN yuebao.district AS d ON d.district = j.district
JOIN yuebao.district AS r ON r.district = j.responsible
JOIN yuebao.indicator AS i ON i.indicator = j.indicator
CROSS JOIN api.projection_rule AS u
CROSS JOIN LATERAL (
    SELECT CASE WHEN j.reached THEN 1
                WHEN j.direction = 'at_least' THEN j.figure / nullif(j.goal, 0)
                WHEN j.direction = 'at_most' THEN j.goal / nullif(j.figure, 0)
                WHEN j.direction = 'equal' AND j.figure IS NOT NULL AND j.goal IS NOT NULL
                    THEN least(j.figure, j.goal) / nullif(greatest(j.figure, j.goal), 0)
                WHEN j.direction = 'increase_by' THEN (j.figure - j.baseline) / nullif(j.value, 0)
                WHEN j.direction = 'reduce_by' THEN (j.baseline - j.figure) / nullif(j.value, 0)
           END AS fraction) AS x
ORDER BY j.plan, j.position;
END
$$;
COMMENT ON FUNCTION api.progress_at(timestamptz, text) IS
    'Every target of every plan (or of one) as it stood in the calendar of that instant, from the current figures.';

CREATE VIEW api.progress AS SELECT p.* FROM api.progress_at(now()) AS p;
COMMENT ON VIEW api.progress IS
    'Every target of every plan now. schools of expected stand behind "now"; a stock''s open period is beside it, labelled by its period. '
    'A target "equal" is judged with the decimals in which the plan states the value, a ratio by whole percents at least.';
