-- What is not folded yet, asked by indicator: a row of total_delta has a form's indicators side by side, and while a thousand reports a second arrive some
-- thousand rows wait. One indicator is taken out where it stands, which costs a tenth of taking the rows apart; more than a few are cheaper taken apart.

CREATE FUNCTION yuebao.unfolded_of(in_districts integer[], of_forms smallint[], of_periods date[], of_indicators smallint[])
    RETURNS TABLE (district integer, period date, form smallint, indicator smallint, schools bigint, excused bigint, value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET enable_sort = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    tops   integer[]  := ARRAY(SELECT u.district FROM unnest(in_districts) AS u (district) -- part of a total is none
                               WHERE (SELECT yuebao.sees_every_district()) OR u.district = ANY ((SELECT yuebao.seen_districts())::integer[]));
    below  integer[]  := ARRAY(SELECT DISTINCT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (tops));
    wanted smallint[];
    forms  smallint[];
BEGIN
    IF NOT EXISTS (SELECT FROM yuebao.total_delta AS t WHERE t.district = ANY (below) AND t.period = ANY (of_periods)) THEN
        RETURN;
    END IF;
    wanted := ARRAY(SELECT DISTINCT u.indicator
                    FROM unnest(coalesce(of_indicators, ARRAY(SELECT i.indicator FROM yuebao.indicator AS i) || 0::smallint)) AS u (indicator)
                    WHERE u.indicator = 0 OR (SELECT yuebao.sees_every_indicator()) OR u.indicator = ANY ((SELECT yuebao.seen_indicators())::smallint[]));
    forms := ARRAY(SELECT f.form FROM unnest(of_forms) AS f (form)
                   WHERE (SELECT yuebao.sees_every_indicator()) OR f.form = ANY ((SELECT yuebao.seen_forms())::smallint[]));
    IF cardinality(wanted) <= 4 THEN
        RETURN QUERY
        SELECT d.ancestor, d.period, d.form, d.indicator, sum(d.schools[d.nth])::bigint, sum(d.excused[d.nth])::bigint, sum(d.value[d.nth]), sum(d.denominator[d.nth])
        FROM (SELECT a.ancestor, t.period, t.form, w.indicator, array_position(t.indicator, w.indicator) AS nth, t.schools, t.excused, t.value, t.denominator
              FROM yuebao.total_delta AS t
              JOIN yuebao.district_ancestor AS a ON a.district = t.district AND a.ancestor = ANY (tops)
              CROSS JOIN unnest(wanted) AS w (indicator)
              WHERE t.district = ANY (below) AND t.period = ANY (of_periods) AND t.form = ANY (forms)) AS d
        WHERE d.nth IS NOT NULL
        GROUP BY d.ancestor, d.period, d.form, d.indicator;
    ELSE
        RETURN QUERY
        SELECT s.* -- all of them are added up: looking at each whether it is wanted takes longer
        FROM (SELECT d.ancestor, d.period, d.form, d.indicator, sum(d.schools)::bigint, sum(d.excused)::bigint, sum(d.value), sum(d.denominator)
              FROM (SELECT a.ancestor, t.period, t.form, unnest(t.indicator) AS indicator, unnest(t.schools) AS schools, unnest(t.excused) AS excused,
                           unnest(t.value) AS value, unnest(t.denominator) AS denominator
                    FROM yuebao.total_delta AS t
                    JOIN yuebao.district_ancestor AS a ON a.district = t.district AND a.ancestor = ANY (tops)
                    WHERE t.district = ANY (below) AND t.period = ANY (of_periods) AND t.form = ANY (forms)) AS d
              GROUP BY d.ancestor, d.period, d.form, d.indicator OFFSET 0) AS s
        WHERE s.indicator = ANY (wanted);
    END IF;
END
$$;
COMMENT ON FUNCTION yuebao.unfolded_of(integer[], smallint[], date[], smallint[]) IS
    'Of districts with all below them: what is not folded yet of these forms, periods and indicators (0: the reports themselves are counted; NULL: all), as far as '
    'the login sees it.';
REVOKE EXECUTE ON FUNCTION yuebao.unfolded_of(integer[], smallint[], date[], smallint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION yuebao.unfolded_of(integer[], smallint[], date[], smallint[]) TO yuebao_teller;

-- As in 052.
CREATE OR REPLACE FUNCTION yuebao.totals_of(in_districts integer[], of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (district integer, period date, schools bigint, excused bigint, value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    rule  text := (SELECT i.over_schools FROM yuebao.indicator AS i WHERE i.indicator = of_indicator);
    forms smallint[] := ARRAY(SELECT f.form FROM yuebao.form AS f
                              WHERE f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind)
                                AND EXISTS (SELECT FROM yuebao.catalogue_form AS k WHERE k.form = f.form AND k.indicator = of_indicator));
BEGIN
    RETURN QUERY
    WITH parts AS (
        SELECT n.district, n.period, t.schools, t.excused, t.value, t.denominator
        FROM (SELECT DISTINCT u.district, w.period FROM unnest(in_districts) AS u (district) CROSS JOIN unnest(of_periods) AS w (period)) AS n
        CROSS JOIN unnest(forms) AS f (form)
        CROSS JOIN LATERAL (SELECT o.schools::bigint AS schools, o.excused::bigint AS excused, o.value, o.denominator FROM yuebao.total_folded AS o
                            WHERE o.district = n.district AND o.period = n.period AND o.form = f.form AND o.indicator = of_indicator
                            UNION ALL
                            SELECT o.schools, o.excused, o.value, o.denominator FROM yuebao.total_above AS o
                            WHERE o.district = n.district AND o.period = n.period AND o.form = f.form AND o.indicator = of_indicator OFFSET 0) AS t
        UNION ALL -- a total is told of a district that the login sees whole
        SELECT u.district, u.period, u.schools, u.excused, u.value, u.denominator
        FROM yuebao.unfolded_of(in_districts, forms, of_periods, ARRAY[of_indicator]) AS u
    )
    SELECT t.district, t.period, t.schools, t.excused,
           CASE WHEN t.schools = 0 THEN NULL
                WHEN rule = 'max' THEN api.greatest_of(ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = t.district),
                                                       t.period, forms, of_indicator)
                ELSE t.value END,
           CASE WHEN t.schools > 0 THEN t.denominator END
    FROM (SELECT p.district, p.period, sum(p.schools)::bigint AS schools, sum(p.excused)::bigint AS excused, sum(p.value) AS value,
                 sum(p.denominator) AS denominator
          FROM parts AS p GROUP BY p.district, p.period) AS t;
END
$$;

-- ---- how many reports came ------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.came_into(in_districts integer[], of_periods date[]) RETURNS TABLE (form smallint, period date, came bigint, corrected bigint)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    forms smallint[] := ARRAY(SELECT f.form FROM yuebao.form AS f);
BEGIN
    RETURN QUERY
    SELECT t.form, t.period, sum(t.schools)::bigint, sum(t.value)::bigint
    FROM (SELECT o.form, o.period, o.schools::bigint AS schools, o.value FROM yuebao.total_folded AS o
          WHERE o.district = ANY (in_districts) AND o.period = ANY (of_periods) AND o.form = ANY (forms) AND o.indicator = 0
          UNION ALL
          SELECT o.form, o.period, o.schools, o.value FROM yuebao.total_above AS o
          WHERE o.district = ANY (in_districts) AND o.period = ANY (of_periods) AND o.form = ANY (forms) AND o.indicator = 0
          UNION ALL
          SELECT u.form, u.period, u.schools, u.value FROM yuebao.unfolded_of(in_districts, forms, of_periods, ARRAY[0]::smallint[]) AS u) AS t
    GROUP BY t.form, t.period;
END
$$;
COMMENT ON FUNCTION yuebao.came_into(integer[], date[]) IS
    'First and second revisions in the ledger, by window, of these districts and all below them; none of them may lie below another.';
REVOKE EXECUTE ON FUNCTION yuebao.came_into(integer[], date[]) FROM PUBLIC;

-- As in 051.
CREATE OR REPLACE FUNCTION yuebao.noted_windows(below integer[], first date, last date)
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
        SELECT t.form, t.period, t.came FROM yuebao.came_into(tops, periods) AS t
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

CREATE OR REPLACE FUNCTION yuebao.note_windows(most integer) RETURNS integer
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
        LEFT JOIN yuebao.came_into(tops, ARRAY(SELECT DISTINCT u.period FROM yuebao.calendar AS u)) AS t ON t.form = c.form AND t.period = c.period
        WHERE c.due_at <= now()
          AND (coalesce(n.owing, 0) <> (SELECT count(*) FROM yuebao.owed AS o WHERE o.form = c.form AND o.period = c.period)
               OR coalesce(n.came, 0) <> coalesce(t.came + t.corrected, 0))
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
