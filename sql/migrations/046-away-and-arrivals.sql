-- A report that was turned away before close is taken within 72 hours (proto/limit.h, ARRIVAL_MS): until then its month must be here, or it could
-- not be booked. And a month that has left is counted, whatever came to it meanwhile.

CREATE OR REPLACE FUNCTION yuebao.keeps_attached(month date) RETURNS TABLE (reason text, subject text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    next_month date := (month + interval '1 month')::date;
BEGIN
    IF yuebao.is_detached(month) THEN
        RETURN QUERY SELECT CASE WHEN d.figures_digest IS NULL THEN 'left' ELSE 'detached' END, to_char(d.month, 'YYYY-MM')
                     FROM yuebao.detached AS d WHERE d.month = keeps_attached.month;
        RETURN;
    ELSIF to_regclass('yuebao.figure' || to_char(month, '_YYYY_MM')) IS NULL THEN
        RETURN QUERY SELECT 'unknown', to_char(month, 'YYYY-MM');
    END IF;
    RETURN QUERY -- and a day, so that what was under way then is in the books or kept
    SELECT DISTINCT 'open', f.code || ' ' || yuebao.period_text(w.period, f.frequency)
    FROM (SELECT c.form, c.period, c.closes_at FROM yuebao.calendar AS c UNION ALL SELECT e.form, e.period, e.closes_at FROM yuebao.extension AS e) AS w
    JOIN yuebao.form AS f ON f.form = w.form
    WHERE w.period >= month AND w.period < next_month AND w.closes_at > now() - interval '72 hours' - interval '1 day';
    RETURN QUERY
    SELECT DISTINCT 'kept', f.code || ' ' || yuebao.period_text(u.period, f.frequency)
    FROM yuebao.undecided AS u JOIN yuebao.form AS f ON f.form = u.form
    WHERE u.period >= month AND u.period < next_month;
END
$$;
COMMENT ON FUNCTION yuebao.keeps_attached(date) IS
    'Why the month''s figures cannot be put away: detached already; left (they have left and are not counted: count_month); unknown (nothing is there); open (a form''s period that closes later, or closed within '
    'four days); kept (a statement of it waits for a decision). No row: they can.';

-- Without the figures of single schools nobody knows which number is mostly one school's, and so has to be held back; and a maximum would be 0.
CREATE OR REPLACE FUNCTION yuebao.publishable(in_district integer, of_period date, of_frequency text)
    RETURNS TABLE (district integer, indicator smallint, kind text, schools bigint, excused bigint, value bigint, denominator bigint, largest bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH below AS MATERIALIZED (
        SELECT u.district, l.district AS own
        FROM yuebao.district_ancestor AS u JOIN yuebao.district_ancestor AS l ON l.ancestor = u.district WHERE u.ancestor = in_district
    ), forms AS MATERIALIZED (
        SELECT f.form, f.kind FROM yuebao.form AS f WHERE f.frequency = of_frequency AND f.name = ''
    ), own AS MATERIALIZED (
        SELECT p.district, p.form, p.indicator, sum(p.schools) AS schools, sum(p.excused) AS excused, sum(p.value) AS value,
               sum(p.denominator) AS denominator
        FROM yuebao.total_part AS p
        WHERE p.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district))
          AND p.period = of_period AND p.form = ANY (ARRAY(SELECT f.form FROM forms AS f)) AND yuebao.needs_figures(of_period)
        GROUP BY p.district, p.form, p.indicator
    ), largest AS MATERIALIZED (
        SELECT g.district, g.form, g.indicator, max(g.value) AS value
        FROM yuebao.figure AS g
        WHERE g.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district))
          AND g.period = of_period AND g.form = ANY (ARRAY(SELECT f.form FROM forms AS f))
          AND (g.indicator = ANY (ARRAY(SELECT i.indicator FROM yuebao.indicator AS i WHERE i.over_schools = 'max'))
               OR EXISTS (SELECT FROM yuebao.publication_rule AS r WHERE r.max_share < 1))
        GROUP BY g.district, g.form, g.indicator
    ), several AS MATERIALIZED (
        SELECT o.indicator FROM own AS o GROUP BY o.indicator HAVING count(DISTINCT o.form) > 1
    )
    SELECT b.district, o.indicator, coalesce(f.kind, ''), sum(o.schools)::bigint, sum(o.excused)::bigint,
           CASE i.over_schools WHEN 'max' THEN coalesce(max(l.value), 0) ELSE sum(o.value)::bigint END,
           CASE i.over_schools WHEN 'ratio_of_sums' THEN sum(o.denominator)::bigint ELSE 0 END, coalesce(max(l.value), 0)
    FROM own AS o
    JOIN below AS b ON b.own = o.district
    JOIN forms AS f ON f.form = o.form
    JOIN yuebao.indicator AS i ON i.indicator = o.indicator
    LEFT JOIN largest AS l ON l.district = o.district AND l.form = o.form AND l.indicator = o.indicator
    GROUP BY GROUPING SETS ((b.district, o.indicator, i.over_schools, f.kind), (b.district, o.indicator, i.over_schools))
    HAVING (grouping(f.kind) = 0 OR o.indicator = ANY (ARRAY(SELECT s.indicator FROM several AS s)))
       AND sum(o.schools) + sum(o.excused) > 0;
END;
