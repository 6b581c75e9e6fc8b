-- How the plans stand.
--
-- Which periods count: those of the calendar that had opened by as_of and begin within the plan's span, that is from the plan's first day to its
-- last (or to the target's due day, if that is later). As-of moves the calendar, not the books: figures are the current ones.
--
-- What a district's figure of one period is: over all schools of the district and of every district below it, as the indicator's over_schools says.
--
-- What "now" is, by over_time:
--   last, first   a stock: the figure of the newest period that is settled (closed for all its schools, or complete: reported slots = expected slots);
--                 the newest open period stands beside it
--   sum           a flow: the sum of the periods' figures from the plan's start to the smaller of as_of and due, open ones included
--   mean          the mean of the same periods' figures
-- A period in which no school owed anything, such as one before the first school opened, is none of a flow's or a mean's periods.
-- What a period asks is what the catalogue asks under which it opened; what is owed, and when it closes for whom, is yuebao.slot's to say.
--
-- When "equal" is reached: the figure, rounded to the decimals in which the plan states the value, is the value; a ratio is rounded to whole
-- percents at least, so that 50.71% is not the 0.5 of a plan.

CREATE FUNCTION api.progress_at(as_of timestamptz, of_plan text DEFAULT NULL)
RETURNS TABLE (
    plan text, "position" integer, section text, district integer, district_zh text, district_en text,
    indicator text, name_zh text, name_en text, unit text, direction text, target_value numeric, due date,
    over_time text, "now" numeric, now_period text, schools bigint, reported bigint, expected bigint, closed boolean, complete boolean,
    open_value numeric, open_period text, open_schools bigint, open_reported bigint, open_expected bigint,
    baseline numeric, baseline_on date, goal numeric, gap numeric, reached boolean, status text, progress numeric)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 200 SET jit = off SET work_mem = '32MB' -- compiling takes longer than running; a province's slots fit
BEGIN ATOMIC
WITH wanted AS MATERIALIZED (
    SELECT t.target, t.district, t.indicator, i.over_schools, i.over_time, i.decimals, i.denominator_decimals, p.period_start,
           CASE WHEN i.over_time IN ('sum', 'mean') THEN coalesce(t.due, p.period_end) ELSE greatest(p.period_end, t.due) END AS period_end
    FROM yuebao.target AS t
    JOIN yuebao.plan AS p ON p.plan = t.plan
    JOIN yuebao.indicator AS i ON i.indicator = t.indicator
    WHERE progress_at.of_plan IS NULL OR t.plan = progress_at.of_plan
), owed AS MATERIALIZED ( -- a target's periods, one row a form whose catalogue of that period asks for its indicator
    SELECT w.target, w.district, w.indicator, c.form, f.frequency, c.period, c.closes_at <= progress_at.as_of AS closed
    FROM wanted AS w
    JOIN yuebao.catalogue_form AS k ON k.indicator = w.indicator
    JOIN yuebao.form AS f ON f.form = k.form
    JOIN yuebao.calendar AS c ON c.form = k.form AND c.catalogue = k.catalogue
    WHERE c.opens_at <= progress_at.as_of
      AND c.period BETWEEN w.period_start AND least(w.period_end, (progress_at.as_of AT TIME ZONE c.zone)::date)
), slots AS MATERIALIZED ( -- the same forms and periods serve many targets: their slots are counted once
    SELECT DISTINCT o.district, o.form, o.period FROM owed AS o
), counted AS MATERIALIZED ( -- form by form, so that its schools are gathered once for all its periods
    SELECT s.district, s.form, n.period, n.expected, n.reported, n.closed
    FROM (SELECT w.district, w.form, array_agg(w.period) AS periods FROM slots AS w GROUP BY w.district, w.form) AS s
    CROSS JOIN LATERAL (
        SELECT o.period, count(*) AS expected, count(r.revision) AS reported, bool_and(o.closes_at <= progress_at.as_of) AS closed
        FROM yuebao.slot AS o
        LEFT JOIN LATERAL (SELECT l.revision FROM yuebao.report AS l
                           WHERE l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form
                             AND l.revision = 1 OFFSET 0) AS r ON true
        WHERE o.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = s.district))
          AND o.form = s.form AND o.period = ANY (s.periods) AND o.opens_at <= progress_at.as_of
        GROUP BY o.period) AS n
), parts AS ( -- yuebao.total_part by key; joined as a view it would be read whole
    SELECT s.district, s.form, s.period, f.indicator, f.schools, f.value, f.denominator
    FROM slots AS s
    JOIN yuebao.district_ancestor AS a ON a.ancestor = s.district
    CROSS JOIN LATERAL (SELECT t.indicator, t.schools, t.value, t.denominator FROM yuebao.total_folded AS t
                        WHERE t.district = a.district AND t.period = s.period AND t.form = s.form OFFSET 0) AS f
    UNION ALL
    SELECT s.district, s.form, s.period, u.indicator, u.schools, u.value, u.denominator
    FROM slots AS s
    JOIN yuebao.district_ancestor AS a ON a.ancestor = s.district
    CROSS JOIN LATERAL (SELECT t.indicator, t.schools, t.value, t.denominator FROM yuebao.total_delta AS t
                        WHERE t.district = a.district AND t.period = s.period AND t.form = s.form OFFSET 0) AS d
    CROSS JOIN LATERAL unnest(d.indicator, d.schools, d.value, d.denominator) AS u (indicator, schools, value, denominator)
), totals AS (
    SELECT p.district, p.form, p.period, p.indicator, sum(p.schools) AS schools, sum(p.value) AS value, sum(p.denominator) AS denominator
    FROM parts AS p
    GROUP BY p.district, p.form, p.period, p.indicator
), periods AS (
    SELECT o.target, o.period, o.frequency, bool_and(coalesce(n.closed, o.closed)) AS closed, sum(coalesce(n.expected, 0))::bigint AS expected,
           sum(coalesce(n.reported, 0))::bigint AS reported, coalesce(sum(t.schools), 0)::bigint AS schools, sum(t.value) AS value,
           sum(t.denominator) AS denominator
    FROM owed AS o
    LEFT JOIN counted AS n ON n.district = o.district AND n.form = o.form AND n.period = o.period
    LEFT JOIN totals AS t ON t.district = o.district AND t.form = o.form AND t.period = o.period AND t.indicator = o.indicator
    GROUP BY o.target, o.period, o.frequency
), figures AS MATERIALIZED (
    SELECT p.target, p.period, yuebao.period_text(p.period, p.frequency) AS period_text, p.closed, p.expected, p.reported, p.schools,
           p.expected > 0 AND p.reported = p.expected AS complete, p.expected > 0 AS counts, w.over_time,
           CASE WHEN p.schools > 0 THEN
               CASE w.over_schools
                   WHEN 'sum' THEN api.scaled(p.value, w.decimals)
                   WHEN 'ratio_of_sums' THEN
                       api.scaled(p.value, w.decimals) / nullif(api.scaled(p.denominator, w.denominator_decimals), 0)
                   WHEN 'mean' THEN api.scaled(p.value, w.decimals) / p.schools
                   WHEN 'max' THEN api.scaled((SELECT max(g.value)
                                               FROM yuebao.district_ancestor AS a JOIN yuebao.figure AS g ON g.district = a.district
                                               WHERE a.ancestor = w.district AND g.period = p.period AND g.indicator = w.indicator),
                                              w.decimals)
               END
           END AS figure
    FROM periods AS p JOIN wanted AS w ON w.target = p.target
), stocks AS (
    SELECT DISTINCT ON (f.target) f.*
    FROM figures AS f WHERE f.over_time IN ('last', 'first') AND (f.closed OR f.complete)
    ORDER BY f.target, f.period DESC
), opens AS ( -- the newest open period that somebody has reported for, else the newest
    SELECT DISTINCT ON (f.target) f.*
    FROM figures AS f LEFT JOIN stocks AS s ON s.target = f.target
    WHERE f.over_time IN ('last', 'first') AND NOT (f.closed OR f.complete) AND (s.period IS NULL OR f.period > s.period)
    ORDER BY f.target, f.schools > 0 DESC, f.period DESC
), stands AS (
    SELECT s.target, s.figure, s.period_text, s.schools, s.reported, s.expected, s.closed, s.complete FROM stocks AS s
    UNION ALL
    SELECT f.target, CASE f.over_time WHEN 'sum' THEN sum(f.figure) ELSE avg(f.figure) END,
           CASE WHEN count(*) FILTER (WHERE f.counts) = 1 THEN min(f.period_text) FILTER (WHERE f.counts)
                ELSE min(f.period_text) FILTER (WHERE f.counts) || '/' || max(f.period_text) FILTER (WHERE f.counts) END,
           sum(f.schools)::bigint, sum(f.reported)::bigint, sum(f.expected)::bigint, bool_and(f.closed) FILTER (WHERE f.counts),
           sum(f.expected) > 0 AND sum(f.reported) >= sum(f.expected)
    FROM figures AS f WHERE f.over_time IN ('sum', 'mean')
    GROUP BY f.target, f.over_time
), judged AS (
    SELECT t.target, n.figure, b.value AS baseline, b.as_of AS baseline_on, g.goal,
           CASE WHEN n.figure IS NULL OR g.goal IS NULL THEN NULL
                WHEN t.direction IN ('at_least', 'increase_by') THEN n.figure >= g.goal
                WHEN t.direction IN ('at_most', 'reduce_by') THEN n.figure <= g.goal
                -- as exactly as the plan states it, but a ratio by whole percents: 0.5 means 50%, and 0.5071 is not that
                ELSE round(n.figure, greatest(scale(g.goal), CASE t.unit WHEN 'ratio' THEN 2 ELSE 0 END)) = g.goal
           END AS reached
    FROM yuebao.target AS t
    LEFT JOIN stands AS n ON n.target = t.target
    LEFT JOIN LATERAL (SELECT l.value, l.as_of FROM yuebao.baseline AS l
                       WHERE l.plan = t.plan AND l.indicator = t.indicator AND l.district = t.district
                       ORDER BY l.as_of DESC LIMIT 1) AS b ON true
    CROSS JOIN LATERAL (SELECT CASE t.direction WHEN 'reduce_by' THEN b.value - t.value WHEN 'increase_by' THEN b.value + t.value
                                    ELSE t.value END AS goal) AS g
)
SELECT t.plan, t.position, t.section, t.district, d.name_zh, d.name_en, i.code, i.name_zh, i.name_en, t.unit, t.direction, t.value, t.due,
       i.over_time, api.shown(j.figure), n.period_text, n.schools, n.reported, n.expected, n.closed, n.complete,
       api.shown(o.figure), o.period_text, o.schools, o.reported, o.expected,
       j.baseline, j.baseline_on, j.goal,
       CASE WHEN j.reached THEN 0
            WHEN t.direction IN ('at_least', 'increase_by') THEN api.shown(j.goal - j.figure)
            WHEN t.direction IN ('at_most', 'reduce_by') THEN api.shown(j.figure - j.goal)
            ELSE api.shown(abs(j.figure - j.goal)) END,
       j.reached,
       CASE WHEN t.value IS NULL THEN 'unquantified'
            WHEN j.goal IS NULL THEN 'no_baseline'
            WHEN j.figure IS NULL THEN 'no_data'
            WHEN j.reached THEN 'reached'
            WHEN t.due IS NULL THEN 'no_date'
            ELSE 'behind' END,
       CASE WHEN x.fraction IS NOT NULL THEN round(least(1, greatest(0, x.fraction)), 4) END
FROM wanted AS w
JOIN yuebao.target AS t ON t.target = w.target
JOIN yuebao.district AS d ON d.district = t.district
JOIN yuebao.indicator AS i ON i.indicator = t.indicator
JOIN judged AS j ON j.target = t.target
LEFT JOIN stands AS n ON n.target = t.target
LEFT JOIN opens AS o ON o.target = t.target
CROSS JOIN LATERAL (
    SELECT CASE WHEN j.reached THEN 1
                WHEN t.direction = 'at_least' THEN j.figure / nullif(j.goal, 0)
                WHEN t.direction = 'at_most' THEN j.goal / nullif(j.figure, 0)
                WHEN t.direction = 'equal' AND j.figure IS NOT NULL AND j.goal IS NOT NULL
                    THEN least(j.figure, j.goal) / nullif(greatest(j.figure, j.goal), 0)
                WHEN t.direction = 'increase_by' THEN (j.figure - j.baseline) / nullif(t.value, 0)
                WHEN t.direction = 'reduce_by' THEN (j.baseline - j.figure) / nullif(t.value, 0)
           END AS fraction) AS x
ORDER BY t.plan, t.position;
END;
COMMENT ON FUNCTION api.progress_at(timestamptz, text) IS
    'Every target of every plan (or of one) as it stood in the calendar of that instant, from the current figures.';

CREATE VIEW api.progress AS SELECT p.* FROM api.progress_at(now()) AS p;
COMMENT ON VIEW api.progress IS
    'Every target of every plan now. schools of expected stand behind "now"; a stock''s open period is beside it, labelled by its period. '
    'A target "equal" is judged with the decimals in which the plan states the value, a ratio by whole percents at least.';
