-- The summary table (030) beside row level security (025): of what is not folded it reads what the login sees, and lists no indicator that it does not see.

CREATE OR REPLACE FUNCTION yuebao.totals_over(in_districts integer[], from_day date, to_day date, of_kind text, of_indicator smallint)
    RETURNS TABLE (district integer, kind text, indicator smallint, frequency text, period date, closed boolean, expected bigint, schools bigint,
                   excused bigint, value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
DECLARE
    below   integer[] := ARRAY(SELECT DISTINCT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (in_districts));
    periods date[]    := ARRAY(SELECT DISTINCT c.period FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
                               WHERE c.period BETWEEN from_day AND to_day AND c.opens_at <= now()
                                 AND (yuebao.period_last_day(c.period, f.frequency) <= to_day OR f.frequency = 'weekly'));
BEGIN
    RETURN QUERY
    WITH windows AS MATERIALIZED ( -- a period belongs to the span in which it lies, a week to that in which it begins
        SELECT c.form, f.kind, f.frequency, c.period, c.catalogue, yuebao.period_last_day(c.period, f.frequency) AS last_day,
               c.closes_at <= now() AND NOT EXISTS (SELECT FROM yuebao.extension AS e
                                                    WHERE e.form = c.form AND e.period = c.period AND e.closes_at > now()) AS closed,
               f.name = '' AND NOT EXISTS (SELECT FROM yuebao.extension AS e
                                           WHERE e.form = c.form AND e.period = c.period AND e.opens_at > now()) AS alike
        FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
        WHERE c.period = ANY (periods) AND c.opens_at <= now() AND (of_kind IS NULL OR f.kind = of_kind)
          AND (yuebao.period_last_day(c.period, f.frequency) <= to_day OR f.frequency = 'weekly')
          AND EXISTS (SELECT FROM yuebao.catalogue_form AS k
                      WHERE k.catalogue = c.catalogue AND k.form = c.form AND (of_indicator IS NULL OR k.indicator = of_indicator))
    ), asked AS MATERIALIZED (
        SELECT w.form, w.period, k.indicator
        FROM windows AS w JOIN yuebao.catalogue_form AS k ON k.catalogue = w.catalogue AND k.form = w.form
        WHERE (of_indicator IS NULL OR k.indicator = of_indicator) AND k.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
    ), spans AS MATERIALIZED (
        SELECT m.district, m.kind, m.first_day, m.last_day, count(*) AS schools FROM yuebao.membership AS m
        WHERE m.district = ANY (below) GROUP BY m.district, m.kind, m.first_day, m.last_day
    ), owing AS ( -- as yuebao.owed_to counts them
        SELECT s.district, w.form, w.period, s.schools
        FROM windows AS w
        JOIN spans AS s ON s.kind = w.kind AND s.first_day <= w.last_day AND (s.last_day IS NULL OR s.last_day >= w.last_day)
        WHERE w.alike
        UNION ALL
        SELECT o.district, w.form, w.period, 1
        FROM windows AS w
        CROSS JOIN LATERAL (SELECT l.district FROM yuebao.slot AS l
                            WHERE l.form = w.form AND l.period = w.period AND l.district = ANY (below) AND l.opens_at <= now() OFFSET 0) AS o
        WHERE NOT w.alike
    ), owed AS MATERIALIZED (
        SELECT a.ancestor AS district, o.form, o.period, sum(o.schools)::bigint AS expected
        FROM owing AS o JOIN yuebao.district_ancestor AS a ON a.district = o.district AND a.ancestor = ANY (in_districts)
        GROUP BY a.ancestor, o.form, o.period
    ), parts AS (
        SELECT t.district, t.form, t.period, t.indicator, t.schools, t.excused, t.value, t.denominator
        FROM yuebao.total_folded AS t
        WHERE t.district = ANY (below) AND t.period = ANY (periods) AND (of_indicator IS NULL OR t.indicator = of_indicator)
        UNION ALL
        SELECT u.district, u.form, u.period, u.indicator, u.schools, u.excused, u.value, u.denominator
        FROM yuebao.total_unfolded AS u
        WHERE u.district = ANY (below) AND u.period = ANY (periods) AND (of_indicator IS NULL OR u.indicator = of_indicator)
    ), stood AS MATERIALIZED (
        SELECT a.ancestor AS district, p.form, p.period, p.indicator, sum(p.schools)::bigint AS schools, sum(p.excused)::bigint AS excused,
               sum(p.value) AS value, sum(p.denominator) AS denominator
        FROM parts AS p JOIN yuebao.district_ancestor AS a ON a.district = p.district AND a.ancestor = ANY (in_districts)
        GROUP BY a.ancestor, p.form, p.period, p.indicator
    ), rows AS (
        SELECT d.district, w.kind, q.indicator, w.frequency, w.period, w.form, w.closed, coalesce(o.expected, 0) AS expected,
               coalesce(s.schools, 0) AS schools, coalesce(s.excused, 0) AS excused, s.value, s.denominator
        FROM unnest(in_districts) AS d (district)
        CROSS JOIN windows AS w
        JOIN asked AS q ON q.form = w.form AND q.period = w.period
        LEFT JOIN owed AS o ON o.district = d.district AND o.form = w.form AND o.period = w.period
        LEFT JOIN stood AS s ON s.district = d.district AND s.form = w.form AND s.period = w.period AND s.indicator = q.indicator
        WHERE o.expected > 0 OR s.schools > 0 OR s.excused > 0
    )
    SELECT r.district, r.kind, r.indicator, r.frequency, r.period, r.closed, r.expected, r.schools, r.excused,
           CASE WHEN r.schools = 0 THEN NULL
                WHEN i.over_schools = 'max' THEN (SELECT max(m.value)::numeric
                                                  FROM yuebao.district_ancestor AS a
                                                  CROSS JOIN LATERAL (SELECT max(g.value) AS value FROM yuebao.figure AS g
                                                                      WHERE g.district = a.district AND g.period = r.period
                                                                        AND g.indicator = r.indicator AND g.form = r.form OFFSET 0) AS m
                                                  WHERE a.ancestor = r.district)
                ELSE r.value END,
           CASE WHEN r.schools > 0 THEN r.denominator END
    FROM rows AS r JOIN yuebao.indicator AS i ON i.indicator = r.indicator;
END
$$;
