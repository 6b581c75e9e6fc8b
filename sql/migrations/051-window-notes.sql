-- Who has not reported and who was late, written down a district's window at a time, so that a year of a province is not looked up report by report. A note
-- is true for as long as as many first reports stand in the ledger as when it was made: the ledger only grows, and so do its counts (026). Whoever reads
-- compares the two, and looks at the slots themselves where they differ or where there is no note; so every answer is exact at once, with notes or without.
-- Likewise the greatest value that a district's schools stated: it cannot be added up, and a note of it is true while no report has come since, of any revision.

CREATE TABLE yuebao.window_note (
    form      smallint  NOT NULL,
    period    date      NOT NULL,
    district  integer   NOT NULL,
    slots     integer   NOT NULL,
    came      integer   NOT NULL,
    corrected integer   NOT NULL,
    absent    integer[] NOT NULL,
    late      integer[] NOT NULL,
    CONSTRAINT window_note_pk PRIMARY KEY (district, period, form)
);
COMMENT ON TABLE  yuebao.window_note IS 'What a look at a district''s slots of a window found, when so many reports had come. Written by note_windows; removed where what is owed is counted anew.';
COMMENT ON COLUMN yuebao.window_note.form IS 'As in slot.';
COMMENT ON COLUMN yuebao.window_note.period IS 'As in slot.';
COMMENT ON COLUMN yuebao.window_note.district IS 'As in slot.';
COMMENT ON COLUMN yuebao.window_note.slots IS 'As in owed; 0 where reports came that nobody owes any more.';
COMMENT ON COLUMN yuebao.window_note.came IS 'First revisions in the ledger, owed or not. While there are no more, the note is true.';
COMMENT ON COLUMN yuebao.window_note.corrected IS 'Second revisions in the ledger. When there are more, greatest_note is worth writing anew.';
COMMENT ON COLUMN yuebao.window_note.absent IS 'Schools that owed and had not reported; ascending.';
COMMENT ON COLUMN yuebao.window_note.late IS 'Schools that owed, and whose first report was late; ascending.';
SELECT yuebao.guard('yuebao.window_note', 'district', form => 'form');

CREATE TABLE yuebao.greatest_note (
    form      smallint NOT NULL,
    period    date     NOT NULL,
    district  integer  NOT NULL,
    indicator smallint NOT NULL,
    reports   integer  NOT NULL,
    value     bigint,
    CONSTRAINT greatest_note_pk PRIMARY KEY (district, period, form, indicator)
);
COMMENT ON TABLE  yuebao.greatest_note IS 'The greatest value that a district''s own schools stated, of indicators whose district figure is one. Written by note_windows, read by api.greatest_of.';
COMMENT ON COLUMN yuebao.greatest_note.form IS 'As in figure.';
COMMENT ON COLUMN yuebao.greatest_note.period IS 'As in figure.';
COMMENT ON COLUMN yuebao.greatest_note.district IS 'As in figure.';
COMMENT ON COLUMN yuebao.greatest_note.indicator IS 'As in figure.';
COMMENT ON COLUMN yuebao.greatest_note.reports IS 'Reports of the window in the ledger, of any revision. While there are no more, the note is true: figures change with reports alone.';
COMMENT ON COLUMN yuebao.greatest_note.value IS 'As in figure; NULL where nobody stated one.';
SELECT yuebao.guard('yuebao.greatest_note', 'district', indicator => 'indicator');

-- A note is of what was owed: what count_owed takes away or counts anew is noted anew, though the number be the same.
CREATE FUNCTION yuebao.forget_notes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM yuebao.window_note AS n USING changed AS c WHERE n.district = c.district AND n.period = c.period AND n.form = c.form;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.forget_notes() IS 'Removes the notes of windows whose slots are counted anew.';
REVOKE EXECUTE ON FUNCTION yuebao.forget_notes() FROM PUBLIC;
CREATE TRIGGER note_forgotten AFTER DELETE ON yuebao.owed
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.forget_notes();
CREATE TRIGGER note_forgotten_come AFTER INSERT ON yuebao.owed
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.forget_notes();

-- ---- reading -----------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.noted_windows(below integer[], first date, last date)
    RETURNS TABLE (form smallint, period date, district integer, slots integer, noted boolean, absent integer[], late integer[])
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off SET enable_sort = off
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    tops    integer[]  := ARRAY(SELECT d.district FROM unnest(below) AS d (district)
                                WHERE NOT EXISTS (SELECT FROM yuebao.district_ancestor AS a
                                                  WHERE a.district = d.district AND a.distance > 0 AND a.ancestor = ANY (below)));
    forms   smallint[] := ARRAY(SELECT DISTINCT c.form FROM yuebao.calendar AS c WHERE c.period BETWEEN first AND last);
    periods date[]     := ARRAY(SELECT DISTINCT c.period FROM yuebao.calendar AS c WHERE c.period BETWEEN first AND last);
BEGIN
    RETURN QUERY
    WITH notes AS MATERIALIZED (
        SELECT n.* FROM yuebao.window_note AS n WHERE n.district = ANY (below) AND n.period BETWEEN first AND last
    ), owing AS MATERIALIZED (
        SELECT o.form, o.period, o.district, o.slots FROM yuebao.owed AS o
        WHERE o.form = ANY (forms) AND o.period BETWEEN first AND last AND o.district = ANY (below)
    ), came AS ( -- into all of it, and so into each: no count is ever less than a note's
        SELECT t.form, t.period, sum(t.schools) AS came FROM yuebao.total_within AS t
        WHERE t.district = ANY (tops) AND t.period = ANY (periods) AND t.form = ANY (forms) AND t.indicator = 0
        GROUP BY t.form, t.period
    ), whole AS MATERIALIZED (
        SELECT n.form, n.period FROM (SELECT m.form, m.period, sum(m.came) AS came FROM notes AS m GROUP BY m.form, m.period) AS n
        LEFT JOIN came AS c ON c.form = n.form AND c.period = n.period
        WHERE n.came = coalesce(c.came, 0)
    )
    SELECT o.form, o.period, o.district, o.slots, t.noted, CASE WHEN t.noted THEN n.absent END, CASE WHEN t.noted THEN n.late END
    FROM owing AS o
    LEFT JOIN whole AS w ON w.form = o.form AND w.period = o.period
    LEFT JOIN notes AS n ON n.district = o.district AND n.period = o.period AND n.form = o.form
    CROSS JOIN LATERAL (
        SELECT CASE WHEN n.form IS NULL THEN false
                    WHEN w.form IS NOT NULL THEN true
                    ELSE n.came = (SELECT coalesce(sum(p.schools), 0) FROM yuebao.total_part AS p
                                   WHERE p.district = o.district AND p.period = o.period AND p.form = o.form AND p.indicator = 0) END AS noted) AS t;
END
$$;
COMMENT ON FUNCTION yuebao.noted_windows(integer[], date, date) IS
    'What districts owe, by district and window, of periods that begin between these days, opened or not; with what the note says where it is true '
    'now (noted).';

CREATE FUNCTION yuebao.absent_slots(below integer[], first date, last date) RETURNS TABLE (form smallint, period date, district integer, school integer)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    WITH windows AS MATERIALIZED (
        SELECT n.form, n.period, n.district, n.noted, n.absent FROM yuebao.noted_windows(below, first, last) AS n
    ), looked AS (
        SELECT w.form, w.period, array_agg(w.district) AS districts FROM windows AS w WHERE NOT w.noted GROUP BY w.form, w.period
    )
    SELECT w.form, w.period, w.district, unnest(w.absent) FROM windows AS w WHERE w.noted
    UNION ALL
    SELECT l.form, l.period, o.district, o.school
    FROM looked AS l
    CROSS JOIN LATERAL (SELECT s.district, s.school FROM yuebao.slot AS s
                        WHERE s.form = l.form AND s.period = l.period AND s.district = ANY (l.districts) OFFSET 0) AS o
    WHERE NOT EXISTS (SELECT FROM yuebao.report AS r
                      WHERE r.district = o.district AND r.period = l.period AND r.school = o.school AND r.form = l.form AND r.revision = 1 OFFSET 0);
END
$$;
COMMENT ON FUNCTION yuebao.absent_slots(integer[], date, date) IS
    'Slots of these districts without an accepted report, of periods that begin between these days, whether they have opened or not.';

-- ---- how punctual districts were ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.moved_schools(below integer[]) RETURNS integer[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_sort = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    IF cardinality(below) < 20 THEN
        RETURN ARRAY(SELECT DISTINCT m.school FROM yuebao.school_district AS m
                     WHERE m.district = ANY (below)
                       AND EXISTS (SELECT FROM yuebao.school_district AS o WHERE o.school = m.school AND o.valid_from <> m.valid_from OFFSET 0));
    END IF;
    RETURN ARRAY(SELECT m.school FROM yuebao.school_district AS m GROUP BY m.school HAVING count(*) > 1); -- the key's index in one go
END
$$;
COMMENT ON FUNCTION yuebao.moved_schools(integer[]) IS 'Schools of these districts that have moved, to wherever; others that have moved may be among them.';

CREATE FUNCTION yuebao.due_members(below integer[], of_year integer, movers integer[]) RETURNS TABLE (district integer, school integer, moved boolean)
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
COMMENT ON FUNCTION yuebao.due_members(integer[], integer, integer[]) IS
    'Schools that owe one of the year''s windows that are due by the calendar and stand so for all of their district, in that district; movers: their moved_schools. '
    'A school that left it and came back may be there twice.';

DROP FUNCTION yuebao.slots_apart(integer[], integer, integer[]);
CREATE FUNCTION yuebao.slots_looked_up(of_forms smallint[], of_periods date[], in_districts integer[])
    RETURNS TABLE (form smallint, district integer, school integer, reported integer, late integer)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    SELECT w.form, o.district, o.school, (r.late IS NOT NULL)::integer, coalesce(r.late, false)::integer
    FROM (SELECT u.form, u.period, array_agg(u.district) AS districts FROM unnest(of_forms, of_periods, in_districts) AS u (form, period, district)
          GROUP BY u.form, u.period) AS w
    CROSS JOIN LATERAL (SELECT s.district, s.school, s.due_at FROM yuebao.slot AS s
                        WHERE s.form = w.form AND s.period = w.period AND s.district = ANY (w.districts) AND s.opens_at <= now() OFFSET 0) AS o
    LEFT JOIN LATERAL (SELECT l.late FROM yuebao.report AS l
                       WHERE l.district = o.district AND l.period = w.period AND l.school = o.school AND l.form = w.form AND l.revision = 1 OFFSET 0) AS r ON true
    WHERE o.due_at <= now() OR r.late IS NOT NULL;
END
$$;
COMMENT ON FUNCTION yuebao.slots_looked_up(smallint[], date[], integer[]) IS
    'The slots that count for punctuality (due, or reported sooner) of windows and districts (three parallel arrays), looked at one by one.';

CREATE FUNCTION yuebao.early_reports(below integer[], of_year integer) RETURNS TABLE (form smallint, district integer, school integer, late integer)
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    changed integer[] := ARRAY(SELECT DISTINCT c.school FROM yuebao.school_change AS c
                               WHERE c.district = ANY (below) AND c.until_day >= make_date(of_year - 1, 12, 25) AND c.from_day <= make_date(of_year + 1, 1, 6));
BEGIN
    RETURN QUERY
    SELECT w.form, r.district, r.school, r.late::integer
    FROM yuebao.windows_of_year(of_year) AS w
    CROSS JOIN LATERAL (SELECT l.district, l.school, l.late FROM yuebao.report AS l
                        WHERE l.district = ANY (below) AND l.period = w.period AND l.form = w.form AND l.revision = 1 OFFSET 0) AS r
    WHERE w.opened AND NOT w.due AND (w.apart IS NULL OR r.district <> ALL (w.apart))
      AND CASE WHEN r.school = ANY (changed)
               THEN EXISTS (SELECT FROM yuebao.slot AS s
                            WHERE s.form = w.form AND s.period = w.period AND s.school = r.school AND s.district = r.district OFFSET 0) ELSE true END;
END
$$;
COMMENT ON FUNCTION yuebao.early_reports(integer[], integer) IS
    'Reports of the year''s windows that are open and not due yet, where they stand as the calendar has them: of slots, by the ledger.';

CREATE FUNCTION yuebao.kept_slots(below integer[], of_year integer) RETURNS TABLE (form smallint, district integer, school integer)
    LANGUAGE plpgsql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    periods date[] := ARRAY(SELECT DISTINCT w.period FROM yuebao.windows_of_year(of_year) AS w);
BEGIN
    IF EXISTS (SELECT FROM yuebao.kept AS k WHERE k.period = ANY (periods)) THEN
        RETURN QUERY
        SELECT k.form, o.district, o.school
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
COMMENT ON FUNCTION yuebao.kept_slots(integer[], integer) IS 'Slots of a year that are due and not reported, and for which something is kept that waits for a decision.';

CREATE OR REPLACE FUNCTION yuebao.districts_kept_to(in_districts integer[], of_year integer)
    RETURNS TABLE (district integer, schools bigint, always_on_time bigint, expected bigint, on_time bigint, late bigint, kept bigint, missing bigint)
    LANGUAGE plpgsql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET enable_sort = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    below  integer[] := ARRAY(SELECT DISTINCT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (in_districts));
    movers integer[] := yuebao.moved_schools(below);
BEGIN
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
    ), due AS MATERIALIZED (
        SELECT m.* FROM yuebao.due_members(below, of_year, movers) AS m
    ), stood AS MATERIALIZED ( -- who owes what is due, and who else has something that counts
        SELECT d.district, d.school, d.moved FROM due AS d
        UNION ALL
        SELECT s.district, s.school, v.school IS NOT NULL
        FROM (SELECT DISTINCT o.district, o.school FROM slots AS o WHERE o.expected > 0) AS s
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
        FROM (SELECT s.district, count(*) AS schools, 0::bigint AS lapsed FROM stood AS s WHERE NOT s.moved GROUP BY s.district
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
COMMENT ON FUNCTION yuebao.districts_kept_to(integer[], integer) IS
    'yuebao.slots_kept_to added up by school and then by district, each with all below it: how many schools owe something that counts, how many of them '
    'were always on time, and expected = on_time + late + kept + missing. By the notes of windows that are due; looked at one by one are slots without a true '
    'note, slots that do not stand as the calendar has them, reports before due, and what is kept.';

-- As in 025, but reports are read only where there is no true note: what a note says of a slot is absent, late or neither.
CREATE OR REPLACE FUNCTION yuebao.slots_kept_to(in_district integer, of_year integer, of_school integer)
    RETURNS TABLE (district integer, school integer, form smallint, expected bigint, on_time bigint, late bigint, kept bigint, missing bigint)
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
DECLARE
    below   integer[] := CASE
        WHEN of_school IS NOT NULL THEN ARRAY(SELECT m.district FROM yuebao.school_district AS m WHERE m.school = of_school)
        WHEN in_district IS NULL THEN ARRAY(SELECT d.district FROM yuebao.district AS d)
        ELSE ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district) END;
    -- an ISO week may begin in the year before
    periods date[] := ARRAY(SELECT DISTINCT c.period FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
                            WHERE c.period BETWEEN make_date(of_year - 1, 12, 25) AND make_date(of_year, 12, 31)
                              AND left(yuebao.period_text(c.period, f.frequency), 4)::integer = of_year);
BEGIN
    RETURN QUERY
    WITH noted AS MATERIALIZED (
        SELECT n.form, n.period, n.district, n.absent, n.late
        FROM yuebao.noted_windows(below, make_date(of_year - 1, 12, 25), make_date(of_year, 12, 31)) AS n WHERE n.noted
    ), lapsed AS MATERIALIZED (
        SELECT n.form, n.period, n.district, l.school, l.late
        FROM noted AS n
        CROSS JOIN LATERAL (SELECT unnest(n.absent) AS school, NULL::boolean AS late UNION ALL SELECT unnest(n.late), true) AS l
    ), slots AS MATERIALIZED (
        SELECT o.district, o.period, o.school, o.form, o.due_at, n.form IS NOT NULL AS noted
        FROM yuebao.slot AS o
        LEFT JOIN noted AS n ON n.form = o.form AND n.period = o.period AND n.district = o.district
        WHERE o.district = ANY (below) AND o.period = ANY (periods) AND (of_school IS NULL OR o.school = of_school)
          AND left(yuebao.period_text(o.period, o.frequency), 4)::integer = of_year AND o.opens_at <= now()
    ), outcomes AS (
        SELECT o.district, o.period, o.school, o.form, o.due_at, CASE WHEN l.school IS NULL THEN false ELSE l.late END AS was_late
        FROM slots AS o LEFT JOIN lapsed AS l ON l.form = o.form AND l.period = o.period AND l.district = o.district AND l.school = o.school
        WHERE o.noted
        UNION ALL
        SELECT o.district, o.period, o.school, o.form, o.due_at, r.late
        FROM slots AS o
        LEFT JOIN LATERAL (SELECT l.late FROM yuebao.report AS l
                           WHERE l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form AND l.revision = 1 OFFSET 0) AS r ON true
        WHERE NOT o.noted
    )
    SELECT t.district, t.school, t.form, count(*), count(*) FILTER (WHERE NOT t.was_late), count(*) FILTER (WHERE t.was_late),
           count(*) FILTER (WHERE t.was_late IS NULL AND t.waits), count(*) FILTER (WHERE t.was_late IS NULL AND NOT t.waits)
    FROM (SELECT o.district, o.school, o.form, o.was_late,
                 o.was_late IS NULL AND EXISTS (SELECT FROM yuebao.undecided AS k
                                                WHERE k.school = o.school AND k.period = o.period AND k.form = o.form) AS waits
          FROM outcomes AS o
          WHERE o.due_at <= now() OR o.was_late IS NOT NULL) AS t
    GROUP BY t.district, t.school, t.form;
END
$$;

-- ---- writing -----------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.note_window(of_form smallint, of_period date, in_districts integer[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    INSERT INTO yuebao.window_note AS n (form, period, district, slots, came, corrected, absent, late)
    SELECT of_form, of_period, d.district, count(s.owed), count(s.late), count(*) FILTER (WHERE s.corrected),
           coalesce(array_agg(s.school ORDER BY s.school) FILTER (WHERE s.owed AND s.late IS NULL), '{}'),
           coalesce(array_agg(s.school ORDER BY s.school) FILTER (WHERE s.owed AND s.late), '{}')
    FROM unnest(in_districts) AS d (district)
    LEFT JOIN (SELECT coalesce(o.district, r.district) AS district, coalesce(o.school, r.school) AS school, o.owed, r.late, r.corrected
               FROM (SELECT l.district, l.school, true AS owed FROM yuebao.slot AS l
                     WHERE l.form = of_form AND l.period = of_period AND l.district = ANY (in_districts)) AS o
               FULL JOIN (SELECT l.district, l.school, bool_or(l.late) FILTER (WHERE l.revision = 1) AS late, bool_or(l.revision = 2) AS corrected
                          FROM yuebao.report AS l
                          WHERE l.district = ANY (in_districts) AND l.period = of_period AND l.form = of_form AND l.revision <= 2
                          GROUP BY l.district, l.school) AS r
                   ON r.district = o.district AND r.school = o.school) AS s ON s.district = d.district
    GROUP BY d.district
    ON CONFLICT ON CONSTRAINT window_note_pk DO UPDATE
        SET slots = excluded.slots, came = excluded.came, corrected = excluded.corrected, absent = excluded.absent, late = excluded.late;

    INSERT INTO yuebao.greatest_note AS n (form, period, district, indicator, reports, value)
    SELECT of_form, of_period, d.district, i.indicator, l.reports, g.value
    FROM unnest(in_districts) AS d (district)
    CROSS JOIN (SELECT DISTINCT k.indicator FROM yuebao.catalogue_form AS k JOIN yuebao.indicator AS i ON i.indicator = k.indicator
                WHERE k.form = of_form AND i.over_schools = 'max') AS i
    CROSS JOIN LATERAL (SELECT count(*) AS reports, array_agg(r.school) FILTER (WHERE r.revision = 1) AS schools FROM yuebao.report AS r
                        WHERE r.district = d.district AND r.period = of_period AND r.form = of_form OFFSET 0) AS l
    CROSS JOIN LATERAL (SELECT max(f.value) AS value FROM yuebao.figure AS f
                        WHERE f.district = d.district AND f.period = of_period AND f.school = ANY (l.schools) AND f.indicator = i.indicator
                          AND f.form = of_form OFFSET 0) AS g
    WHERE NOT EXISTS (SELECT FROM yuebao.detached AS a WHERE a.month = date_trunc('month', of_period::timestamp)::date) -- what was noted before stays true
    ON CONFLICT ON CONSTRAINT greatest_note_pk DO UPDATE SET reports = excluded.reports, value = excluded.value;
END
$$;
COMMENT ON FUNCTION yuebao.note_window(smallint, date, integer[]) IS 'Writes the notes of a window and these districts. Called by note_windows, which holds what is owed.';

CREATE FUNCTION yuebao.note_windows(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET lock_timeout = '100ms'
AS $$
DECLARE
    tops  integer[] := ARRAY(SELECT d.district FROM yuebao.district AS d WHERE d.parent IS NULL);
    w     record;
    stale integer[];
    noted integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('yuebao.note_windows')) THEN
        RETURN 0;
    END IF;
    BEGIN
        LOCK TABLE yuebao.owed IN SHARE MODE; -- who changes what is owed has committed, and waits until these notes can be removed
    EXCEPTION WHEN lock_not_available THEN
        RETURN 0;
    END;
    FOR w IN -- by sums first: no district's count is ever less than its note's
        SELECT c.form, c.period
        FROM yuebao.calendar AS c
        LEFT JOIN (SELECT n.form, n.period, count(*) FILTER (WHERE n.slots > 0) AS owing, sum(n.came + n.corrected) AS came FROM yuebao.window_note AS n
                   GROUP BY n.form, n.period) AS n ON n.form = c.form AND n.period = c.period
        WHERE c.due_at <= now()
          AND (coalesce(n.owing, 0) <> (SELECT count(*) FROM yuebao.owed AS o WHERE o.form = c.form AND o.period = c.period)
               OR coalesce(n.came, 0) <> (SELECT coalesce(sum(t.schools + t.value), 0) FROM yuebao.total_within AS t
                                          WHERE t.district = ANY (tops) AND t.period = c.period AND t.form = c.form AND t.indicator = 0))
        ORDER BY c.period DESC, c.form
    LOOP
        EXIT WHEN noted >= most;
        stale := ARRAY(
            SELECT coalesce(o.district, t.district)
            FROM (SELECT a.district FROM yuebao.owed AS a WHERE a.form = w.form AND a.period = w.period) AS o
            FULL JOIN (SELECT p.district, sum(p.schools + p.value) AS came FROM yuebao.total_part AS p
                       WHERE p.district = ANY (ARRAY(SELECT a.district FROM yuebao.district AS a)) AND p.period = w.period AND p.form = w.form AND p.indicator = 0
                       GROUP BY p.district) AS t ON t.district = o.district
            LEFT JOIN yuebao.window_note AS n ON n.district = coalesce(o.district, t.district) AND n.period = w.period AND n.form = w.form
            WHERE n.came + n.corrected IS DISTINCT FROM coalesce(t.came, 0));
        stale := stale[1 : coalesce(most - noted, cardinality(stale))];
        PERFORM yuebao.note_window(w.form, w.period, stale);
        noted := noted + cardinality(stale);
    END LOOP;
    RETURN noted;
END
$$;
COMMENT ON FUNCTION yuebao.note_windows(integer) IS
    'Notes the windows that are due, the newest first, where more has come or was corrected than was noted, or nothing is noted: at most so many districts'' '
    'windows (NULL: all); how many were. 0 also while another session does so or changes what is owed.';
REVOKE EXECUTE ON FUNCTION yuebao.noted_windows(integer[], date, date), yuebao.absent_slots(integer[], date, date), yuebao.due_members(integer[], integer, integer[]),
    yuebao.moved_schools(integer[]), yuebao.slots_looked_up(smallint[], date[], integer[]), yuebao.early_reports(integer[], integer), yuebao.kept_slots(integer[], integer),
    yuebao.note_window(smallint, date, integer[]), yuebao.note_windows(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION yuebao.note_windows(integer) TO yuebao_collector;
SELECT yuebao.note_windows(NULL);
