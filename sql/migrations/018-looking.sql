-- What looking closer is made of: sql/api/77-looking.sql, 46-punctuality.sql. Functions of their own, in plpgsql, because the plan of each is
-- made for its own periods and so looks at their partitions alone.

-- All schools that one number of a district is about: whoever stated it, and whoever owes it. A figure of a school that owes nothing any more
-- counts in the total, so it is here; a total is the sum of its rows with a value, always.

CREATE FUNCTION yuebao.schools_behind(in_district integer, of_indicator smallint, of_period date, of_frequency text, of_kind text)
    RETURNS TABLE (district integer, school integer, form smallint, state text, missing smallint, value bigint, denominator bigint)
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
DECLARE
    below integer[] := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district);
    forms smallint[] := ARRAY(SELECT f.form FROM yuebao.form AS f WHERE f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind));
BEGIN
    RETURN QUERY
    WITH owed AS MATERIALIZED (
        SELECT o.district, o.school, o.form
        FROM yuebao.slot AS o JOIN yuebao.catalogue_form AS k ON k.catalogue = o.catalogue AND k.form = o.form AND k.indicator = of_indicator
        WHERE o.district = ANY (below) AND o.period = of_period AND o.form = ANY (forms) AND o.opens_at <= now()
    ), stated AS MATERIALIZED (
        SELECT g.district, g.school, g.form, g.missing, g.value, g.denominator
        FROM yuebao.figure AS g
        WHERE g.district = ANY (below) AND g.period = of_period AND g.indicator = of_indicator AND g.form = ANY (forms)
    )
    SELECT coalesce(g.district, o.district), coalesce(g.school, o.school), coalesce(g.form, o.form),
           CASE WHEN g.value IS NOT NULL THEN 'value' WHEN g.missing IS NOT NULL THEN 'excused' WHEN r.revision IS NOT NULL THEN 'left_out'
                ELSE 'missing' END,
           g.missing, g.value, g.denominator
    FROM owed AS o
    FULL JOIN stated AS g ON g.school = o.school AND g.form = o.form
    LEFT JOIN LATERAL (SELECT l.revision FROM yuebao.report AS l
                       WHERE g.school IS NULL AND l.district = o.district AND l.period = of_period AND l.school = o.school AND l.form = o.form
                         AND l.revision = 1 OFFSET 0) AS r ON true;
END
$$;
COMMENT ON FUNCTION yuebao.schools_behind(integer, smallint, date, text, text) IS
    'Every school behind one indicator''s number of a district and period (of one kind of school, or NULL): state is value, excused (a reason), left_out '
    '(reported without it) or missing (not reported). Stored integers; the rows with a value add up to api.district_total.';

-- Totals of many districts and periods, by key: joined as a view they would be read whole. A maximum cannot be added and is read from the figures.

CREATE FUNCTION yuebao.totals_of(in_districts integer[], of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (district integer, period date, schools bigint, excused bigint, value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    rule  text := (SELECT i.over_schools FROM yuebao.indicator AS i WHERE i.indicator = of_indicator);
    forms smallint[] := ARRAY(SELECT f.form FROM yuebao.form AS f
                              WHERE f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind)
                                AND EXISTS (SELECT FROM yuebao.catalogue_form AS k WHERE k.form = f.form AND k.indicator = of_indicator));
BEGIN
    RETURN QUERY
    SELECT t.district, t.period, t.schools, t.excused,
           CASE WHEN t.schools = 0 THEN NULL
                WHEN rule = 'max' THEN (SELECT max(m.value)::numeric
                                        FROM yuebao.district_ancestor AS a
                                        CROSS JOIN LATERAL (SELECT max(g.value) AS value FROM yuebao.figure AS g
                                                            WHERE g.district = a.district AND g.period = t.period AND g.indicator = of_indicator
                                                              AND g.form = ANY (forms) OFFSET 0) AS m
                                        WHERE a.ancestor = t.district)
                ELSE t.value END,
           CASE WHEN t.schools > 0 THEN t.denominator END
    FROM (
        SELECT a.ancestor AS district, p.period, sum(t.schools)::bigint AS schools, sum(t.excused)::bigint AS excused, sum(t.value) AS value,
               sum(t.denominator) AS denominator
        FROM unnest(in_districts) AS n (district)
        JOIN yuebao.district_ancestor AS a ON a.ancestor = n.district
        CROSS JOIN unnest(of_periods) AS p (period)
        CROSS JOIN unnest(forms) AS f (form)
        CROSS JOIN LATERAL (
            SELECT q.schools, q.excused, q.value, q.denominator FROM yuebao.total_folded AS q
            WHERE q.district = a.district AND q.period = p.period AND q.form = f.form AND q.indicator = of_indicator
            UNION ALL
            SELECT u.schools, u.excused, u.value, u.denominator
            FROM yuebao.total_delta AS q
            CROSS JOIN LATERAL unnest(q.indicator, q.schools, q.excused, q.value, q.denominator) AS u (indicator, schools, excused, value, denominator)
            WHERE q.district = a.district AND q.period = p.period AND q.form = f.form AND u.indicator = of_indicator
            OFFSET 0) AS t
        GROUP BY a.ancestor, p.period) AS t;
END
$$;
COMMENT ON FUNCTION yuebao.totals_of(integer[], smallint, date[], text, text) IS
    'One indicator''s totals of districts, each with all districts below it, for periods of one frequency, over all kinds of schools or one: stored '
    'integers; value is their sum, or the maximum where that is the rule. Exact at once; no row where nobody stated anything.';

-- How many schools owe an answer: the rows of yuebao.slot, counted. Where all schools of a kind have opened alike, their spans are counted instead,
-- which is the same and takes a province's two years in the time of one month.

CREATE FUNCTION yuebao.owed_to(in_districts integer[], of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (district integer, period date, expected bigint)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
DECLARE
    below integer[] := ARRAY(SELECT DISTINCT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (in_districts));
BEGIN
    RETURN QUERY
    WITH windows AS MATERIALIZED (
        SELECT c.form, f.kind, c.period, yuebao.period_last_day(c.period, of_frequency) AS last_day,
               f.name = '' AND c.opens_at <= now()
                   AND NOT EXISTS (SELECT FROM yuebao.extension AS e WHERE e.form = c.form AND e.period = c.period AND e.opens_at > now()) AS alike
        FROM yuebao.calendar AS c
        JOIN yuebao.form AS f ON f.form = c.form
        JOIN yuebao.catalogue_form AS k ON k.catalogue = c.catalogue AND k.form = c.form AND k.indicator = of_indicator
        WHERE c.period = ANY (of_periods) AND f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind)
    ), spans AS MATERIALIZED (
        SELECT m.district, m.kind, m.first_day, m.last_day, count(*) AS schools FROM yuebao.membership AS m
        WHERE m.district = ANY (below) AND EXISTS (SELECT FROM windows AS w WHERE w.kind = m.kind AND w.alike)
        GROUP BY m.district, m.kind, m.first_day, m.last_day
    ), counted AS (
        SELECT s.district, w.period, s.schools
        FROM windows AS w
        JOIN spans AS s ON s.kind = w.kind AND s.first_day <= w.last_day AND (s.last_day IS NULL OR s.last_day >= w.last_day)
        WHERE w.alike
        UNION ALL
        SELECT o.district, w.period, 1
        FROM windows AS w
        CROSS JOIN LATERAL (SELECT l.district FROM yuebao.slot AS l
                            WHERE l.form = w.form AND l.period = w.period AND l.district = ANY (below) AND l.opens_at <= now() OFFSET 0) AS o
        WHERE NOT w.alike
    )
    SELECT a.ancestor, c.period, sum(c.schools)::bigint
    FROM counted AS c JOIN yuebao.district_ancestor AS a ON a.district = c.district AND a.ancestor = ANY (in_districts)
    GROUP BY a.ancestor, c.period;
END
$$;
COMMENT ON FUNCTION yuebao.owed_to(integer[], smallint, date[], text, text) IS
    'How many schools of each district, with all below it, owe this indicator in each period: those whose form asks it by the catalogue of that period.';

-- One school's figures of one indicator: where they lie follows from the district it belonged to.

CREATE FUNCTION yuebao.figures_of_school(of_school integer, of_indicator smallint, of_periods date[], of_frequency text)
    RETURNS TABLE (district integer, period date, form smallint, missing smallint, value bigint, denominator bigint)
    LANGUAGE plpgsql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
    RETURN QUERY
    SELECT m.district, p.period, g.form, g.missing, g.value, g.denominator
    FROM unnest(of_periods) AS p (period)
    CROSS JOIN LATERAL (SELECT yuebao.school_district_on(of_school, yuebao.period_last_day(p.period, of_frequency)) AS district) AS m
    CROSS JOIN LATERAL (SELECT f.form, f.missing, f.value, f.denominator FROM yuebao.figure AS f
                        WHERE f.district = m.district AND f.period = p.period AND f.school = of_school AND f.indicator = of_indicator OFFSET 0) AS g
    JOIN yuebao.form AS f ON f.form = g.form AND f.frequency = of_frequency;
END
$$;
COMMENT ON FUNCTION yuebao.figures_of_school(integer, smallint, date[], text) IS
    'A school''s current figures of one indicator in periods of one frequency; stored integers.';

-- What became of each slot of a year: on time, late, kept, missing. A slot counts when it is due, or sooner when it is reported.

CREATE FUNCTION yuebao.slots_kept_to(in_district integer, of_year integer, of_school integer)
    RETURNS TABLE (district integer, school integer, form smallint, expected bigint, on_time bigint, late bigint, kept bigint, missing bigint)
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
DECLARE
    below   integer[] := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district);
    -- an ISO week may begin in the year before
    periods date[] := ARRAY(SELECT DISTINCT c.period FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
                            WHERE c.period BETWEEN make_date(of_year - 1, 12, 25) AND make_date(of_year, 12, 31)
                              AND left(yuebao.period_text(c.period, f.frequency), 4)::integer = of_year);
BEGIN
    RETURN QUERY
    WITH reports AS MATERIALIZED (
        SELECT l.district, l.period, l.school, l.form, l.late FROM yuebao.report AS l
        WHERE l.district = ANY (below) AND l.period = ANY (periods) AND l.revision = 1 AND (of_school IS NULL OR l.school = of_school)
    )
    SELECT t.district, t.school, t.form, count(*), count(*) FILTER (WHERE NOT t.was_late), count(*) FILTER (WHERE t.was_late),
           count(*) FILTER (WHERE t.was_late IS NULL AND t.waits), count(*) FILTER (WHERE t.was_late IS NULL AND NOT t.waits)
    FROM (SELECT o.district, o.school, o.form, r.late AS was_late,
                 r.late IS NULL AND EXISTS (SELECT FROM yuebao.undecided AS k
                                            WHERE k.school = o.school AND k.period = o.period AND k.form = o.form) AS waits
          FROM yuebao.slot AS o
          LEFT JOIN reports AS r ON r.school = o.school AND r.form = o.form AND r.period = o.period AND r.district = o.district
          WHERE o.district = ANY (below) AND o.period = ANY (periods) AND (of_school IS NULL OR o.school = of_school)
            AND left(yuebao.period_text(o.period, o.frequency), 4)::integer = of_year
            AND o.opens_at <= now() AND (o.due_at <= now() OR r.late IS NOT NULL)) AS t
    GROUP BY t.district, t.school, t.form;
END
$$;
COMMENT ON FUNCTION yuebao.slots_kept_to(integer, integer, integer) IS
    'How a year''s reports came, by school (of_school; NULL: every one of the district and those below it) and form: expected = on_time + late + kept + '
    'missing. kept came after close, waits for a decision and is not in the books.';

REVOKE EXECUTE ON FUNCTION yuebao.schools_behind(integer, smallint, date, text, text), yuebao.totals_of(integer[], smallint, date[], text, text),
    yuebao.owed_to(integer[], smallint, date[], text, text), yuebao.figures_of_school(integer, smallint, date[], text),
    yuebao.slots_kept_to(integer, integer, integer) FROM PUBLIC;
