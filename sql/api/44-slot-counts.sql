-- What is owed and what came of it, counted: of a district with all below it, one form, one period. Completeness, progress, punctuality and review are made
-- of it. It reads yuebao.owed_within and the reports' own counts among the totals (migrations/026-slot-counts.sql); only where a window does not open for all schools
-- of a district together are that district's slots looked at one by one.

CREATE FUNCTION api.slot_counts(in_district integer, of_form smallint, of_period date, as_of timestamptz DEFAULT now())
RETURNS TABLE (expected bigint, reported bigint, late bigint, corrected bigint, admitted bigint, extended bigint, kept bigint, closed boolean, due boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp SET jit = off
    SET plan_cache_mode = force_generic_plan -- planned once a session: a question asks for a hundred windows
AS $$
DECLARE
    below  integer[];
    usual  record; -- the calendar's instants
    others boolean := EXISTS (SELECT FROM yuebao.extension AS e WHERE e.form = of_form AND e.period = of_period);
BEGIN
    SELECT c.opens_at, c.due_at, c.closes_at INTO usual FROM yuebao.calendar AS c WHERE c.form = of_form AND c.period = of_period;
    IF NOT FOUND OR usual.opens_at > as_of AND NOT others THEN
        RETURN;
    END IF;
    below := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district);
    IF others THEN
        SELECT sum(s.expected), sum(s.reported), sum(s.late), sum(s.corrected), sum(s.admitted), sum(s.extended), bool_and(s.closed), bool_and(s.due)
        INTO expected, reported, late, corrected, admitted, extended, closed, due
        FROM (SELECT c.slots AS expected, c.reported, c.late, c.corrected, c.admitted, c.extended, c.last_closes_at <= as_of AS closed, c.last_due_at <= as_of AS due
              FROM yuebao.slot_count AS c
              WHERE c.form = of_form AND c.period = of_period AND c.district = ANY (below) AND c.last_opens_at <= as_of
              UNION ALL
              SELECT count(*) FILTER (WHERE r.revision IS NULL OR r.revision = 1), count(*) FILTER (WHERE r.revision = 1),
                     count(*) FILTER (WHERE r.revision = 1 AND r.late), count(*) FILTER (WHERE r.revision = 2), count(*) FILTER (WHERE r.admitted),
                     count(*) FILTER (WHERE (r.revision IS NULL OR r.revision = 1) AND o.extension IS NOT NULL), bool_and(o.closes_at <= as_of), bool_and(o.due_at <= as_of)
              FROM yuebao.slot_count AS c
              CROSS JOIN LATERAL (SELECT l.school, l.extension, l.due_at, l.closes_at FROM yuebao.slot AS l
                                  WHERE l.form = of_form AND l.period = of_period AND l.district = c.district AND l.opens_at <= as_of OFFSET 0) AS o
              LEFT JOIN yuebao.report AS r ON r.district = c.district AND r.period = of_period AND r.school = o.school AND r.form = of_form
              WHERE c.form = of_form AND c.period = of_period AND c.district = ANY (below) AND c.first_opens_at <= as_of AND c.last_opens_at > as_of
              GROUP BY c.district) AS s;
    ELSE
        expected := (SELECT sum(o.slots) FROM yuebao.owed_within AS o WHERE o.form = of_form AND o.period = of_period AND o.district = in_district);
        SELECT coalesce(sum(t.schools), 0), coalesce(sum(t.excused), 0), coalesce(sum(t.value), 0), coalesce(sum(t.denominator), 0)
        INTO reported, late, corrected, admitted
        FROM (SELECT o.schools::bigint AS schools, o.excused::bigint AS excused, o.value, o.denominator FROM yuebao.total_folded AS o
              WHERE o.district = in_district AND o.period = of_period AND o.form = of_form AND o.indicator = 0
              UNION ALL
              SELECT o.schools, o.excused, o.value, o.denominator FROM yuebao.total_above AS o
              WHERE o.district = in_district AND o.period = of_period AND o.form = of_form AND o.indicator = 0
              UNION ALL
              SELECT u.schools, u.excused, u.value, u.denominator
              FROM yuebao.unfolded_of(ARRAY[in_district], ARRAY[of_form], ARRAY[of_period], ARRAY[0]::smallint[]) AS u) AS t;
        IF EXISTS (SELECT FROM yuebao.school_change AS c WHERE c.district = ANY (below)) THEN
            SELECT slot_counts.reported - coalesce(sum(u.reported), 0), slot_counts.late - coalesce(sum(u.late), 0),
                   slot_counts.corrected - coalesce(sum(u.corrected), 0), slot_counts.admitted - coalesce(sum(u.admitted), 0)
            INTO reported, late, corrected, admitted
            FROM yuebao.unowed AS u WHERE u.district = ANY (below) AND u.period = of_period AND u.form = of_form;
        END IF;
        extended := 0;
        closed := usual.closes_at <= as_of;
        due := usual.due_at <= as_of;
    END IF;
    IF coalesce(expected, 0) = 0 THEN
        RETURN;
    END IF;
    kept := 0;
    IF EXISTS (SELECT FROM yuebao.kept AS k WHERE k.period = of_period AND k.form = of_form) THEN
        kept := (SELECT count(*) FROM (SELECT DISTINCT u.school FROM yuebao.undecided AS u WHERE u.period = of_period AND u.form = of_form) AS k
                 WHERE EXISTS (SELECT FROM yuebao.slot AS o WHERE o.form = of_form AND o.period = of_period AND o.school = k.school
                                                              AND o.district = ANY (below) AND o.opens_at <= as_of));
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION api.slot_counts(integer, smallint, date, timestamptz) IS
    'What a district with all below it owes of one form and period that has opened by as_of, and what came of it: expected slots; of these reported, late, '
    'corrected and extended; reports that were admitted; slots for which something is kept; whether all of them have closed and are due. No row where nothing is owed.';
