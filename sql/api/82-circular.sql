-- What only the monthly circular asks: every indicator of a district at once, beside the period before.

-- Which indicators: those that the period's catalogues ask. The period before is the calendar's newest of the same frequency; a figure that one of
-- the two lacks has no change. How far it moved, as one number to order by: of a ratio the change itself (0.01 is a percentage point), of anything
-- else the change by the larger of the two.
CREATE FUNCTION api.changes_in(in_district integer, of_period text)
RETURNS TABLE (
    indicator text, name_zh text, name_en text, unit text, measure text, over_schools text, decimals smallint, period text, figure numeric, schools bigint,
    before_period text, before numeric, before_schools bigint, change numeric, moved numeric)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 60 SET jit = off SET work_mem = '32MB'
BEGIN ATOMIC
    WITH asked AS MATERIALIZED (
        SELECT p.first_day, p.frequency,
               (SELECT max(c.period) FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
                WHERE f.frequency = p.frequency AND f.name = '' AND c.period < p.first_day AND c.opens_at <= now()) AS before
        FROM yuebao.period_of(of_period) AS p
    ), wanted AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY k.indicator)::integer AS nth, k.indicator
        FROM asked AS a
        JOIN yuebao.form AS f ON f.frequency = a.frequency AND f.name = ''
        JOIN yuebao.calendar AS c ON c.form = f.form AND c.period = a.first_day
        JOIN yuebao.catalogue_form AS k ON k.catalogue = c.catalogue AND k.form = f.form
        WHERE changes_in.in_district IN (SELECT v.district FROM yuebao.seen_district AS v)
          AND k.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
        GROUP BY k.indicator
    ), figures AS MATERIALIZED (
        SELECT w.indicator, f.period, f.schools, f.figure
        FROM asked AS a
        CROSS JOIN (SELECT array_agg(changes_in.in_district ORDER BY n.nth) AS districts, array_agg(n.indicator ORDER BY n.nth) AS indicators,
                           array_agg(coalesce(b.before, b.first_day) ORDER BY n.nth) AS first_days, array_agg(b.first_day ORDER BY n.nth) AS last_days,
                           array_agg('infinity'::date ORDER BY n.nth) AS counted_from
                    FROM wanted AS n CROSS JOIN asked AS b) AS u
        CROSS JOIN LATERAL api.period_figures(now(), u.districts, u.indicators, u.first_days, u.last_days, u.counted_from) AS f
        JOIN wanted AS w ON w.nth = f.nth
        WHERE f.frequency = a.frequency AND f.period IN (a.first_day, a.before)
    )
    SELECT i.code, i.name_zh, i.name_en, i.unit, i.measure, i.over_schools, i.decimals, of_period, api.shown(n.figure), coalesce(n.schools, 0),
           yuebao.period_text(a.before, a.frequency), api.shown(b.figure), coalesce(b.schools, 0), api.shown(n.figure - b.figure),
           round(CASE i.unit WHEN 'ratio' THEN abs(n.figure - b.figure)
                             ELSE coalesce(abs(n.figure - b.figure) / nullif(greatest(abs(n.figure), abs(b.figure)), 0), 0 * n.figure * b.figure) END, 6)
    FROM asked AS a
    CROSS JOIN wanted AS w
    JOIN yuebao.indicator AS i ON i.indicator = w.indicator
    LEFT JOIN figures AS n ON n.indicator = w.indicator AND n.period = a.first_day
    LEFT JOIN figures AS b ON b.indicator = w.indicator AND b.period = a.before
    ORDER BY 15 DESC NULLS LAST, i.code;
END;
COMMENT ON FUNCTION api.changes_in(integer, text) IS
    'Every indicator that a period asks: the figure of a district with all below it, added up by the indicator''s own rule, beside that of the period before, '
    'those that moved most first. Of a ratio moved is the change, of anything else the change by the larger of the two figures.';
