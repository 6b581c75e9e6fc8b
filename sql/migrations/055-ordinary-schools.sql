-- Who was punctual, added up without looking at every school: a school that has not moved, is there from the year's first window to its last and owes all of its
-- kind (a year is plain while nothing is chosen or stands apart) is counted by what its district owes of the newest. The others, few, are looked at one by one.

DROP FUNCTION yuebao.due_members(integer[], integer, integer[]);
CREATE FUNCTION yuebao.due_members(below integer[], of_year integer, movers integer[], only_schools integer[]) RETURNS TABLE (district integer, school integer, moved boolean)
    LANGUAGE plpgsql STABLE ROWS 20000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET enable_sort = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan -- of a province most rows are read
AS $$
DECLARE
    apart  integer[] := ARRAY(SELECT DISTINCT unnest(w.apart) FROM yuebao.windows_of_year(of_year) AS w WHERE w.due);
    chosen boolean   := EXISTS (SELECT FROM yuebao.windows_of_year(of_year) AS w WHERE w.due AND w.chosen);
BEGIN
    RETURN QUERY
    WITH windows AS MATERIALIZED (
        SELECT w.* FROM yuebao.windows_of_year(of_year) AS w WHERE w.due
    ), newest AS MATERIALIZED ( -- most schools are there on its last day
        SELECT w.kind, max(w.last_day) AS last_day FROM windows AS w WHERE NOT w.chosen GROUP BY w.kind
    ), members AS ( -- as yuebao.membership says it
        SELECT m.district, m.school, s.kind, greatest(m.valid_from, s.opened_on) AS first_day, coalesce(s.closed_on, 'infinity') AS last_day, n.last_day AS newest,
               false AS moved
        FROM yuebao.school_district AS m
        JOIN yuebao.school AS s ON s.school = m.school
        LEFT JOIN newest AS n ON n.kind = s.kind
        WHERE m.district = ANY (below) AND NOT EXISTS (SELECT FROM unnest(movers) AS u (school) WHERE u.school = m.school)
          AND (only_schools IS NULL OR EXISTS (SELECT FROM unnest(only_schools) AS u (school) WHERE u.school = m.school))
        UNION ALL
        SELECT o.district, o.school, o.kind, o.first_day, coalesce(o.last_day, 'infinity'), n.last_day, true
        FROM unnest(movers) AS u (school)
        CROSS JOIN LATERAL (SELECT m.* FROM yuebao.membership AS m WHERE m.school = u.school AND m.district = ANY (below) OFFSET 0) AS o
        LEFT JOIN newest AS n ON n.kind = o.kind
    )
    SELECT m.district, m.school, m.moved FROM members AS m
    WHERE CASE WHEN m.newest BETWEEN m.first_day AND m.last_day AND m.district <> ALL (apart) THEN true
               ELSE EXISTS (SELECT FROM windows AS w
                            WHERE w.kind = m.kind AND NOT w.chosen AND w.last_day BETWEEN m.first_day AND m.last_day
                              AND (w.apart IS NULL OR m.district <> ALL (w.apart))) END
       OR chosen AND EXISTS (SELECT FROM windows AS w JOIN yuebao.form_school AS o ON o.form = w.form
                             WHERE w.chosen AND o.school = m.school AND w.kind = m.kind AND w.last_day BETWEEN m.first_day AND m.last_day
                               AND (w.apart IS NULL OR m.district <> ALL (w.apart)));
END
$$;
COMMENT ON FUNCTION yuebao.due_members(integer[], integer, integer[], integer[]) IS
    'Schools (of only_schools; NULL: all) that owe one of the year''s windows that are due by the calendar and stand so for all of their district, in that district; '
    'movers: their moved_schools. A school that left it and came back may be there twice.';
REVOKE EXECUTE ON FUNCTION yuebao.due_members(integer[], integer, integer[], integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION yuebao.due_members(integer[], integer, integer[], integer[]) TO yuebao_teller;

-- As in 051.
CREATE OR REPLACE FUNCTION yuebao.districts_kept_to(in_districts integer[], of_year integer)
    RETURNS TABLE (district integer, schools bigint, always_on_time bigint, expected bigint, on_time bigint, late bigint, kept bigint, missing bigint)
    LANGUAGE plpgsql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET enable_sort = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    below  integer[] := ARRAY(SELECT DISTINCT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (in_districts));
    movers integer[] := yuebao.moved_schools(below);
    extra  integer[]; -- NULL: all
    year   record;
BEGIN
    SELECT bool_and(NOT w.chosen AND w.apart IS NULL) AND count(DISTINCT w.kind) FILTER (WHERE w.opened) = count(DISTINCT w.kind) FILTER (WHERE w.due) AS plain,
           min(w.last_day) FILTER (WHERE w.opened) AS first_end, max(w.last_day) FILTER (WHERE w.opened) AS last_end
    INTO year FROM yuebao.windows_of_year(of_year) AS w;
    IF year.plain THEN
        extra := movers || ARRAY(SELECT s.school FROM yuebao.school AS s WHERE s.opened_on > year.first_end OR s.closed_on < year.last_end
                                 UNION
                                 SELECT m.school FROM yuebao.school_district AS m WHERE m.valid_from > year.first_end);
    END IF;
    RETURN QUERY
    WITH windows AS MATERIALIZED (
        SELECT n.*, w.due AND n.noted AND NOT coalesce(n.district = ANY (w.apart), false) AS counted
        FROM yuebao.noted_windows(below, make_date(of_year - 1, 12, 25), make_date(of_year, 12, 31)) AS n -- as in windows_of_year
        JOIN yuebao.windows_of_year(of_year) AS w ON w.form = n.form AND w.period = n.period
        WHERE w.due OR n.district = ANY (w.apart)
    ), slots AS MATERIALIZED ( -- one by one
        SELECT l.district, l.school, 1 AS expected, l.reported, l.late, 0 AS kept
        FROM (SELECT array_agg(w.form) AS forms, array_agg(w.period) AS periods, array_agg(w.district) AS districts FROM windows AS w WHERE NOT w.counted) AS u
        CROSS JOIN LATERAL yuebao.slots_looked_up(u.forms, u.periods, u.districts) AS l
        UNION ALL
        SELECT e.district, e.school, 1, 1, e.late, 0 FROM yuebao.early_reports(below, of_year) AS e
        UNION ALL -- counted as a slot elsewhere, for it is due
        SELECT k.district, k.school, 0, 0, 0, 1 FROM yuebao.kept_slots(below, of_year) AS k
    ), sums AS (
        SELECT w.district, w.slots AS expected, w.slots - cardinality(w.absent) AS reported, cardinality(w.late) AS late, 0 AS kept
        FROM windows AS w WHERE w.counted
        UNION ALL
        SELECT s.district, s.expected, s.reported, s.late, s.kept FROM slots AS s
    ), summed AS (
        SELECT a.ancestor, sum(s.expected) AS expected, sum(s.reported) AS reported, sum(s.late) AS late, sum(s.kept) AS kept
        FROM (SELECT u.district, sum(u.expected) AS expected, sum(u.reported) AS reported, sum(u.late) AS late, sum(u.kept) AS kept
              FROM sums AS u GROUP BY u.district) AS s
        JOIN yuebao.district_ancestor AS a ON a.district = s.district AND a.ancestor = ANY (in_districts)
        GROUP BY a.ancestor
    ), newest AS MATERIALIZED (
        SELECT DISTINCT ON (w.kind) w.kind, w.form, w.period, w.last_day FROM yuebao.windows_of_year(of_year) AS w
        WHERE year.plain AND w.due ORDER BY w.kind, w.last_day DESC
    ), ordinary AS ( -- they owe the newest window, and all others of their kind
        SELECT o.district, o.slots AS schools
        FROM newest AS n CROSS JOIN LATERAL (SELECT s.district, s.slots FROM yuebao.owed AS s WHERE s.form = n.form AND s.period = n.period AND s.district = ANY (below) OFFSET 0) AS o
        UNION ALL
        SELECT m.district, -1
        FROM (SELECT DISTINCT e.school FROM unnest(extra) AS e (school)) AS e
        CROSS JOIN LATERAL (SELECT o.* FROM yuebao.membership AS o WHERE o.school = e.school AND o.district = ANY (below) OFFSET 0) AS m
        JOIN newest AS n ON n.kind = m.kind AND n.last_day BETWEEN m.first_day AND coalesce(m.last_day, 'infinity')
    ), due AS MATERIALIZED (
        SELECT m.* FROM yuebao.due_members(below, of_year, movers, extra) AS m
    ), stood AS MATERIALIZED ( -- of the others: who owes what is due, and who else has something that counts
        SELECT d.district, d.school, d.moved FROM due AS d
        UNION ALL
        SELECT s.district, s.school, v.school IS NOT NULL
        FROM (SELECT DISTINCT o.district, o.school FROM slots AS o
              WHERE o.expected > 0 AND (extra IS NULL OR EXISTS (SELECT FROM unnest(extra) AS e (school) WHERE e.school = o.school))) AS s
        LEFT JOIN unnest(movers) AS v (school) ON v.school = s.school
        LEFT JOIN due AS d ON d.district = s.district AND d.school = s.school
        WHERE d.school IS NULL
    ), lapsed AS MATERIALIZED (
        SELECT DISTINCT l.district, l.school, v.school IS NOT NULL AS moved
        FROM (SELECT w.district, unnest(w.absent || w.late) AS school FROM windows AS w WHERE w.counted
              UNION ALL
              SELECT s.district, s.school FROM slots AS s WHERE s.reported - s.late < s.expected) AS l
        LEFT JOIN unnest(movers) AS v (school) ON v.school = l.school
    ), people AS ( -- a school that moved within a district is one
        SELECT a.ancestor, p.schools, p.lapsed
        FROM (SELECT o.district, sum(o.schools) AS schools, 0::bigint AS lapsed FROM ordinary AS o GROUP BY o.district
              UNION ALL
              SELECT s.district, count(*), 0 FROM stood AS s WHERE NOT s.moved GROUP BY s.district
              UNION ALL
              SELECT l.district, 0, count(*) FROM lapsed AS l WHERE NOT l.moved GROUP BY l.district) AS p
        JOIN yuebao.district_ancestor AS a ON a.district = p.district AND a.ancestor = ANY (in_districts)
        UNION ALL
        SELECT m.ancestor, 1, m.lapsed::integer
        FROM (SELECT a.ancestor, s.school, bool_or(s.lapsed) AS lapsed
              FROM (SELECT o.district, o.school, false AS lapsed FROM stood AS o WHERE o.moved
                    UNION ALL
                    SELECT l.district, l.school, true FROM lapsed AS l WHERE l.moved) AS s
              JOIN yuebao.district_ancestor AS a ON a.district = s.district AND a.ancestor = ANY (in_districts)
              GROUP BY a.ancestor, s.school) AS m
    )
    SELECT s.ancestor, p.schools, p.schools - p.lapsed, s.expected::bigint, (s.reported - s.late)::bigint, s.late::bigint, s.kept::bigint,
           (s.expected - s.reported - s.kept)::bigint
    FROM summed AS s
    JOIN (SELECT u.ancestor, sum(u.schools)::bigint AS schools, sum(u.lapsed)::bigint AS lapsed FROM people AS u GROUP BY u.ancestor) AS p ON p.ancestor = s.ancestor
    WHERE s.expected > 0;
END
$$;
