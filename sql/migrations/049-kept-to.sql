-- How punctual districts were, counted: what yuebao.slots_kept_to says slot by slot, a province at a time. A window that stands alike for all schools of a
-- district needs no look at its slots: who owes it follows from when the schools belonged there, who reported is counted in the ledger's own key, who was
-- late in an index of those few. Looked at slot by slot are only
--   districts apart   which have other instants than the calendar's, while that makes a difference,
--   changed schools   which may have reported what nobody owes any more (yuebao.school_change), and
--   what is kept      after close.

CREATE INDEX report_late ON yuebao.report (district, period, school, form) WHERE revision = 1 AND late;
COMMENT ON INDEX yuebao.report_late IS 'The few reports that came late, found without a look at the others.';

CREATE FUNCTION yuebao.windows_of_year(of_year integer)
    RETURNS TABLE (form smallint, period date, kind text, chosen boolean, last_day date, opened boolean, due boolean, apart integer[])
    LANGUAGE plpgsql STABLE ROWS 50 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT c.form, c.period, f.kind, f.name <> '', yuebao.period_last_day(c.period, f.frequency), c.opens_at <= now(), c.due_at <= now(),
           (SELECT array_agg(DISTINCT o.district)
            FROM yuebao.extension AS e
            CROSS JOIN LATERAL (SELECT a.district FROM yuebao.district_above AS a WHERE a.ancestor = e.district
                                UNION ALL
                                SELECT m.district FROM yuebao.school_district AS m WHERE m.school = e.school) AS o
            WHERE e.form = c.form AND e.period = c.period
              AND ((e.opens_at <= now()) <> (c.opens_at <= now()) OR (e.due_at <= now()) <> (c.due_at <= now())))
    FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
    WHERE c.period BETWEEN make_date(of_year - 1, 12, 25) AND make_date(of_year, 12, 31) -- an ISO week may begin in the year before
      AND left(yuebao.period_text(c.period, f.frequency), 4)::integer = of_year
      AND ((SELECT yuebao.sees_every_indicator()) OR c.form = ANY ((SELECT yuebao.seen_forms())::smallint[]));
END
$$;
COMMENT ON FUNCTION yuebao.windows_of_year(integer) IS
    'The windows of a year, by the year in their periods'' names; chosen: not every school of the kind owes it. opened, due: by the calendar; apart: the '
    'districts with a school for which it stands otherwise now.';

CREATE FUNCTION yuebao.slots_apart(below integer[], of_year integer, changed integer[])
    RETURNS TABLE (district integer, school integer, expected integer, reported integer, late integer, kept integer)
    LANGUAGE plpgsql STABLE ROWS 1 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    periods date[] := ARRAY(SELECT DISTINCT w.period FROM yuebao.windows_of_year(of_year) AS w);
BEGIN
    IF cardinality(changed) > 0 OR EXISTS (SELECT FROM yuebao.windows_of_year(of_year) AS w WHERE w.apart && below) THEN
        RETURN QUERY
        SELECT o.district, o.school, 1, (r.late IS NOT NULL)::integer, coalesce(r.late, false)::integer, 0
        FROM (SELECT l.district, l.school, l.form, l.period, l.due_at
              FROM yuebao.windows_of_year(of_year) AS w
              CROSS JOIN LATERAL (SELECT n.* FROM yuebao.slot AS n
                                  WHERE n.form = w.form AND n.period = w.period AND n.district = ANY (w.apart) AND n.opens_at <= now() OFFSET 0) AS l
              WHERE w.apart && below AND l.district = ANY (below) AND l.school <> ALL (changed)
              UNION ALL
              SELECT l.district, l.school, l.form, l.period, l.due_at
              FROM unnest(changed) AS c (school)
              CROSS JOIN LATERAL (SELECT n.* FROM yuebao.slot AS n
                                  WHERE n.school = c.school AND n.district = ANY (below) AND n.period = ANY (periods) AND n.opens_at <= now() OFFSET 0) AS l
              JOIN yuebao.windows_of_year(of_year) AS w ON w.form = l.form AND w.period = l.period) AS o
        LEFT JOIN LATERAL (SELECT l.late FROM yuebao.report AS l
                           WHERE l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form AND l.revision = 1 OFFSET 0) AS r ON true
        WHERE o.due_at <= now() OR r.late IS NOT NULL;
    END IF;
    IF EXISTS (SELECT FROM yuebao.kept AS k WHERE k.period = ANY (periods)) THEN
        RETURN QUERY -- counted as a slot above, for it is due
        SELECT o.district, o.school, 0, 0, 0, 1
        FROM (SELECT DISTINCT u.school, u.form, u.period FROM yuebao.undecided AS u WHERE u.period = ANY (periods)) AS k
        JOIN yuebao.windows_of_year(of_year) AS w ON w.form = k.form AND w.period = k.period
        CROSS JOIN LATERAL (SELECT l.district, l.school FROM yuebao.slot AS l
                            WHERE l.form = k.form AND l.period = k.period AND l.school = k.school AND l.district = ANY (below)
                              AND l.opens_at <= now() AND l.due_at <= now() OFFSET 0) AS o
        WHERE NOT EXISTS (SELECT FROM yuebao.report AS r
                          WHERE r.district = o.district AND r.period = k.period AND r.school = o.school AND r.form = k.form AND r.revision = 1 OFFSET 0);
    END IF;
END
$$;
COMMENT ON FUNCTION yuebao.slots_apart(integer[], integer, integer[]) IS
    'Of districts and a year, what is not counted by windows: slots of changed schools, slots that do not stand as the calendar has them, and what is kept.';

CREATE FUNCTION yuebao.districts_kept_to(in_districts integer[], of_year integer)
    RETURNS TABLE (district integer, schools bigint, always_on_time bigint, expected bigint, on_time bigint, late bigint, kept bigint, missing bigint)
    LANGUAGE plpgsql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET enable_sort = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan -- of a province most rows are read
AS $$
DECLARE
    below   integer[] := ARRAY(SELECT DISTINCT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (in_districts));
    first   date      := make_date(of_year - 1, 12, 25); -- as in windows_of_year
    last    date      := make_date(of_year, 12, 31);
    changed integer[] := ARRAY(SELECT DISTINCT c.school FROM yuebao.school_change AS c
                               WHERE c.district = ANY (below) AND c.until_day >= first AND c.from_day <= last + 6); -- the last week's last day
BEGIN
    RETURN QUERY
    WITH windows AS MATERIALIZED (
        SELECT w.* FROM yuebao.windows_of_year(of_year) AS w
    ), members AS MATERIALIZED ( -- as yuebao.membership says it
        SELECT m.district, m.school, s.kind, greatest(m.valid_from, s.opened_on) AS first_day,
               coalesce(least((SELECT min(n.valid_from) - 1 FROM yuebao.school_district AS n WHERE n.school = m.school AND n.valid_from > m.valid_from),
                              s.closed_on), 'infinity') AS last_day
        FROM yuebao.school_district AS m JOIN yuebao.school AS s ON s.school = m.school
        WHERE m.district = ANY (below) AND m.school <> ALL (changed)
    ), spans AS MATERIALIZED ( -- many schools are there as long as others
        SELECT s.kind, s.first_day, s.last_day, count(*)::integer AS windows
        FROM (SELECT DISTINCT m.kind, m.first_day, m.last_day FROM members AS m) AS s
        JOIN windows AS w ON w.kind = s.kind AND w.last_day BETWEEN s.first_day AND s.last_day
        WHERE w.due AND NOT w.chosen
        GROUP BY s.kind, s.first_day, s.last_day
    ), slots AS (
        SELECT m.district, m.school, s.windows AS expected, 0 AS reported, 0 AS late, 0 AS kept
        FROM members AS m JOIN spans AS s ON s.kind = m.kind AND s.first_day = m.first_day AND s.last_day = m.last_day
        UNION ALL
        SELECT m.district, m.school, 1, 0, 0, 0
        FROM windows AS w
        JOIN yuebao.form_school AS o ON o.form = w.form
        JOIN members AS m ON m.school = o.school AND m.kind = w.kind AND w.last_day BETWEEN m.first_day AND m.last_day
        WHERE w.due AND w.chosen
        UNION ALL
        SELECT m.district, m.school, -1, 0, 0, 0 -- among slots_apart
        FROM windows AS w
        JOIN members AS m ON m.kind = w.kind AND w.last_day BETWEEN m.first_day AND m.last_day AND m.district = ANY (w.apart)
        WHERE w.due AND (NOT w.chosen OR EXISTS (SELECT FROM yuebao.form_school AS o WHERE o.form = w.form AND o.school = m.school))
        UNION ALL
        SELECT r.district, r.school, (count(*) FILTER (WHERE NOT w.due))::integer, count(*)::integer, 0, 0
        FROM yuebao.report AS r JOIN windows AS w ON w.form = r.form AND w.period = r.period
        WHERE r.district = ANY (below) AND r.period BETWEEN first AND last AND r.revision = 1 AND w.opened
          AND r.school <> ALL (changed) AND (w.apart IS NULL OR r.district <> ALL (w.apart))
        GROUP BY r.district, r.school
        UNION ALL
        SELECT r.district, r.school, 0, 0, 1, 0
        FROM yuebao.report AS r JOIN windows AS w ON w.form = r.form AND w.period = r.period
        WHERE r.district = ANY (below) AND r.period BETWEEN first AND last AND r.revision = 1 AND r.late AND w.opened
          AND r.school <> ALL (changed) AND (w.apart IS NULL OR r.district <> ALL (w.apart))
        UNION ALL
        SELECT a.* FROM yuebao.slots_apart(below, of_year, changed) AS a
    ), summed AS (
        SELECT s.district, s.school, sum(s.expected)::integer AS expected, sum(s.reported)::integer AS reported, sum(s.late)::integer AS late,
               sum(s.kept)::integer AS kept
        FROM slots AS s GROUP BY s.district, s.school
    ), placed AS ( -- a school that moved within a district is one
        SELECT a.ancestor AS district, s.school, sum(s.expected)::integer AS expected, sum(s.reported)::integer AS reported, sum(s.late)::integer AS late,
               sum(s.kept)::integer AS kept
        FROM summed AS s JOIN yuebao.district_ancestor AS a ON a.district = s.district
        WHERE a.ancestor = ANY (in_districts) AND s.expected > 0
        GROUP BY a.ancestor, s.school
    )
    SELECT p.district, count(*), count(*) FILTER (WHERE p.reported - p.late = p.expected), sum(p.expected), sum(p.reported - p.late), sum(p.late), sum(p.kept),
           sum(p.expected - p.reported - p.kept)
    FROM placed AS p GROUP BY p.district;
END
$$;
COMMENT ON FUNCTION yuebao.districts_kept_to(integer[], integer) IS
    'yuebao.slots_kept_to added up by school and then by district, each with all below it: how many schools owe something that counts, how many of them '
    'were always on time, and expected = on_time + late + kept + missing.';
REVOKE EXECUTE ON FUNCTION yuebao.windows_of_year(integer), yuebao.slots_apart(integer[], integer, integer[]), yuebao.districts_kept_to(integer[], integer)
    FROM PUBLIC;
