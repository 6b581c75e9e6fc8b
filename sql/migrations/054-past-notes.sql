-- What a comparison of a report with the school's own past found, noted by window and district: to tell which figures are unlike it, a county reads a dozen
-- periods, a hundred thousand figures, though next to none of them is. Noted are those that may be, all too many rather than too few; whoever asks compares these
-- exactly (api.outliers_in), and reads the past of the reports that are not noted. A note counts for a report of the revision that was looked at, while the
-- ledger has as many reports of the periods it was compared with: figures change with reports alone. Schools that have moved are never noted.

CREATE TABLE yuebao.past_note (
    form           smallint   NOT NULL,
    period         date       NOT NULL,
    district       integer    NOT NULL,
    came           integer    NOT NULL,
    sources        date[]     NOT NULL,
    past           integer    NOT NULL,
    past_came      integer    NOT NULL,
    schools        integer[]  NOT NULL,
    revisions      integer[]  NOT NULL,
    far_schools    integer[]  NOT NULL,
    far_indicators smallint[] NOT NULL,
    CONSTRAINT past_note_pk PRIMARY KEY (district, period, form)
);
COMMENT ON TABLE  yuebao.past_note IS 'Which reports of a district''s window were compared with their schools'' own past, and which of their figures may be unlike it. Written by note_past.';
COMMENT ON COLUMN yuebao.past_note.form IS 'As in report.';
COMMENT ON COLUMN yuebao.past_note.period IS 'As in report.';
COMMENT ON COLUMN yuebao.past_note.district IS 'As in report.';
COMMENT ON COLUMN yuebao.past_note.came IS 'First and second revisions in the ledger then. When there are more, there is more to look at.';
COMMENT ON COLUMN yuebao.past_note.sources IS 'The periods compared with, as past_sources names them; ascending.';
COMMENT ON COLUMN yuebao.past_note.past IS 'Reports of these periods in the ledger then, of any revision. While there are no more, the note is true.';
COMMENT ON COLUMN yuebao.past_note.past_came IS 'First and second revisions among them.';
COMMENT ON COLUMN yuebao.past_note.schools IS 'Whose reports were looked at; ascending.';
COMMENT ON COLUMN yuebao.past_note.revisions IS 'Of each of these schools: the revision that was looked at.';
COMMENT ON COLUMN yuebao.past_note.far_schools IS 'With far_indicators: the figures that may be unlike the past.';
COMMENT ON COLUMN yuebao.past_note.far_indicators IS 'Their indicators.';
SELECT yuebao.guard('yuebao.past_note', 'district', form => 'form');

CREATE FUNCTION yuebao.forget_past() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM yuebao.past_note;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.forget_past() IS 'Removes what was found of figures whose measure has changed.';
REVOKE EXECUTE ON FUNCTION yuebao.forget_past() FROM PUBLIC;
CREATE TRIGGER past_forgotten AFTER UPDATE OF measure, decimals, denominator_decimals ON yuebao.indicator
    FOR EACH ROW WHEN ((OLD.measure, OLD.decimals, OLD.denominator_decimals) IS DISTINCT FROM (NEW.measure, NEW.decimals, NEW.denominator_decimals))
    EXECUTE FUNCTION yuebao.forget_past();

-- ---- comparing ---------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.past_sources(of_form smallint, of_period date) RETURNS TABLE (source date, of integer, last_day date)
    LANGUAGE plpgsql STABLE ROWS 16 SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    SELECT q.period, bit_or(q.of), yuebao.period_last_day(q.period, f.frequency)
    FROM yuebao.form AS f
    CROSS JOIN LATERAL (
        SELECT yuebao.period_years_before(of_period, f.frequency, y.years), 1 FROM generate_series(1, 5) AS y (years)
        UNION ALL
        (SELECT c.period, 2 FROM yuebao.calendar AS c WHERE c.form = of_form AND c.period < of_period ORDER BY c.period DESC LIMIT 12)) AS q (period, of)
    WHERE f.form = of_form AND q.period IS NOT NULL
      AND NOT EXISTS (SELECT FROM yuebao.detached AS d WHERE d.month = date_trunc('month', q.period::timestamp)::date)
    GROUP BY q.period, f.frequency
    ORDER BY q.period;
END
$$;
COMMENT ON FUNCTION yuebao.past_sources(smallint, date) IS
    'The periods with which a figure is compared: of: 1 the same one of the 5 years before, 2 one of the 12 before in the form''s calendar, 3 both. Without what is put away.';

CREATE FUNCTION yuebao.far_from_past(of_form smallint, of_period date, of_districts integer[], of_schools integer[])
    RETURNS TABLE (district integer, school integer, indicator smallint)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
    SET enable_sort = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    WITH measures AS MATERIALIZED (
        SELECT i.indicator, CASE WHEN i.measure IN ('ratio', 'quotient') THEN 10::float8 ^ (6 + i.denominator_decimals - i.decimals) END AS factor,
               CASE i.measure WHEN 'count' THEN 5 * 10::float8 ^ i.decimals WHEN 'ratio' THEN 50000 ELSE 0 END AS least
        FROM yuebao.indicator AS i
    ), own AS MATERIALIZED (
        SELECT row_number() OVER () AS nth, p.district, f.school, f.indicator, i.factor, i.least,
               CASE WHEN i.factor IS NULL THEN f.value::float8 ELSE f.value::float8 * i.factor / nullif(f.denominator, 0) END AS about
        FROM (SELECT u.district, array_agg(u.school) AS schools FROM unnest(of_districts, of_schools) AS u (district, school) GROUP BY u.district) AS p
        CROSS JOIN LATERAL (SELECT g.school, g.indicator, g.value, g.denominator FROM yuebao.figure AS g
                            WHERE g.district = p.district AND g.period = of_period AND g.school = ANY (p.schools) AND g.form = of_form
                              AND g.value IS NOT NULL OFFSET 0) AS f
        JOIN measures AS i ON i.indicator = f.indicator
    ), past AS ( -- read a district's period at a time, as figures lie in their table; a school may have been elsewhere then
        -- counts of six bits each in one sum: of years, of years that are far, of periods, of periods that are far
        SELECT (p.of & 1) + (p.of & 2) * 2048 AS counts, g.school, g.indicator, g.value, g.denominator
        FROM (SELECT m.district, q.source, q.of, array_agg(s.school) AS schools
              FROM unnest(of_schools) AS s (school)
              CROSS JOIN yuebao.past_sources(of_form, of_period) AS q
              CROSS JOIN LATERAL (SELECT o.district FROM yuebao.school_district AS o
                                  WHERE o.school = s.school AND o.valid_from <= q.last_day ORDER BY o.valid_from DESC LIMIT 1) AS m
              GROUP BY m.district, q.source, q.of) AS p
        CROSS JOIN LATERAL (SELECT r.school, r.indicator, r.value, r.denominator FROM yuebao.figure AS r
                            WHERE r.district = p.district AND r.period = p.source AND r.school = ANY (p.schools) AND r.form = of_form
                              AND r.value IS NOT NULL OFFSET 0) AS g
    ), compared AS (
        SELECT o.nth, sum(CASE WHEN abs(o.about - a.about) > greatest(o.least, abs(a.about) * 0.1) * 0.999999 - 1 THEN p.counts * 65 ELSE p.counts END) AS counts
        FROM past AS p
        JOIN own AS o ON o.school = p.school AND o.indicator = p.indicator
        CROSS JOIN LATERAL (SELECT CASE WHEN o.factor IS NULL THEN p.value::float8 ELSE p.value::float8 * o.factor / nullif(p.denominator, 0) END AS about) AS a
        WHERE a.about IS NOT NULL
        GROUP BY o.nth
    )
    SELECT o.district, o.school, o.indicator
    FROM compared AS c JOIN own AS o ON o.nth = c.nth
    WHERE CASE WHEN c.counts & 63 >= 3 THEN 2 * (c.counts >> 6 & 63) >= c.counts & 63
               ELSE (c.counts >> 12 & 63) >= 4 AND 2 * (c.counts >> 18 & 63) >= (c.counts >> 12 & 63) END;
END
$$;
COMMENT ON FUNCTION yuebao.far_from_past(smallint, date, integer[], integer[]) IS
    'Figures of these districts'' schools (two parallel arrays) in a window that may be unlike their own past, for what is unlike it is as far from half of it, at '
    'least: counted without rounding, a little too many.';
REVOKE EXECUTE ON FUNCTION yuebao.past_sources(smallint, date), yuebao.far_from_past(smallint, date, integer[], integer[]) FROM PUBLIC;

-- ---- writing -----------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.note_past_of(of_form smallint, of_period date, in_district integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE -- counted before it is looked at: what comes meanwhile makes the note untrue, never the other way round
    all_sources date[]  := ARRAY(SELECT s.source FROM yuebao.past_sources(of_form, of_period) AS s);
    all_past    integer := (SELECT count(*) FROM yuebao.report AS r WHERE r.district = in_district AND r.period = ANY (all_sources) AND r.form = of_form);
    now_came    integer;
    was_came    integer;
    old         yuebao.past_note;
    looked      integer;
BEGIN
    SELECT coalesce(sum(p.schools + p.value) FILTER (WHERE p.period = of_period), 0), coalesce(sum(p.schools + p.value) FILTER (WHERE p.period <> of_period), 0)
    INTO now_came, was_came
    FROM yuebao.total_part AS p
    WHERE p.district = in_district AND p.period = ANY (all_sources || of_period) AND p.form = of_form AND p.indicator = 0;

    SELECT n.* INTO old FROM yuebao.past_note AS n
    WHERE n.district = in_district AND n.period = of_period AND n.form = of_form AND n.sources = all_sources AND n.past = all_past;

    WITH reports AS MATERIALIZED (
        SELECT r.school, r.revision, EXISTS (SELECT FROM unnest(old.schools, old.revisions) AS o (school, revision)
                                             WHERE o.school = r.school AND o.revision = r.revision) AS known
        FROM yuebao.reports_of(in_district, of_period, of_form) AS r
        WHERE r.district = in_district
          AND NOT EXISTS (SELECT FROM yuebao.school_district AS m WHERE m.school = r.school AND m.district <> in_district OFFSET 0)
    ), far AS (
        SELECT f.school, f.indicator
        FROM (SELECT array_agg(in_district) AS districts, array_agg(r.school) AS schools FROM reports AS r WHERE NOT r.known) AS n
        CROSS JOIN LATERAL yuebao.far_from_past(of_form, of_period, n.districts, n.schools) AS f
        UNION ALL
        SELECT o.school, o.indicator
        FROM unnest(old.far_schools, old.far_indicators) AS o (school, indicator)
        WHERE o.school IN (SELECT r.school FROM reports AS r WHERE r.known)
    ), written AS (
        INSERT INTO yuebao.past_note AS n (form, period, district, came, sources, past, past_came, schools, revisions, far_schools, far_indicators)
        SELECT of_form, of_period, in_district, now_came, all_sources, all_past, was_came,
               coalesce((SELECT array_agg(r.school ORDER BY r.school) FROM reports AS r), '{}'),
               coalesce((SELECT array_agg(r.revision ORDER BY r.school) FROM reports AS r), '{}'),
               coalesce((SELECT array_agg(f.school ORDER BY f.school, f.indicator) FROM far AS f), '{}'),
               coalesce((SELECT array_agg(f.indicator ORDER BY f.school, f.indicator) FROM far AS f), '{}')
        ON CONFLICT ON CONSTRAINT past_note_pk DO UPDATE
            SET came = excluded.came, sources = excluded.sources, past = excluded.past, past_came = excluded.past_came, schools = excluded.schools,
                revisions = excluded.revisions, far_schools = excluded.far_schools, far_indicators = excluded.far_indicators
    )
    SELECT count(*) FILTER (WHERE NOT r.known) INTO looked FROM reports AS r;
    RETURN looked;
END
$$;
COMMENT ON FUNCTION yuebao.note_past_of(smallint, date, integer) IS
    'Compares the reports of a district''s window with their past, where that is not noted yet, and writes the note; how many were compared. Called by note_past.';

CREATE FUNCTION yuebao.note_past(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET lock_timeout = '100ms'
AS $$
DECLARE
    tops    integer[] := ARRAY(SELECT d.district FROM yuebao.district AS d WHERE d.parent IS NULL);
    looked  integer   := 0;
    sources date[];
    w       record;
    one     integer;
BEGIN
    BEGIN
        LOCK TABLE yuebao.indicator IN SHARE MODE; -- who changes a measure has committed, and waits until these notes can be removed
        LOCK TABLE yuebao.figure IN ACCESS SHARE MODE; -- likewise who puts a month away
    EXCEPTION WHEN lock_not_available THEN
        RETURN 0;
    END;
    FOR w IN
        WITH came AS MATERIALIZED (
            SELECT t.form, t.period, t.came + t.corrected AS came FROM yuebao.came_into(tops, ARRAY(SELECT DISTINCT u.period FROM yuebao.calendar AS u)) AS t
        ), noted AS (
            SELECT n.form, n.period, sum(n.came) AS came, sum(n.past_came) AS past_came FROM yuebao.past_note AS n GROUP BY n.form, n.period
        )
        SELECT c.form, c.period
        FROM yuebao.calendar AS c
        JOIN came AS t ON t.form = c.form AND t.period = c.period
        LEFT JOIN noted AS n ON n.form = c.form AND n.period = c.period
        WHERE c.opens_at <= now()
          AND NOT EXISTS (SELECT FROM yuebao.detached AS d WHERE d.month = date_trunc('month', c.period::timestamp)::date) -- nothing would be found, and noted
          AND (n.came IS DISTINCT FROM t.came
               OR n.past_came <> (SELECT coalesce(sum(o.came), 0) FROM came AS o JOIN yuebao.past_sources(c.form, c.period) AS s ON s.source = o.period WHERE o.form = c.form))
        ORDER BY c.period DESC, c.form
    LOOP
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtext('yuebao.note_past'), hashtext(w.form || ' ' || w.period));
        sources := ARRAY(SELECT s.source FROM yuebao.past_sources(w.form, w.period) AS s);
        FOR one IN
            SELECT t.district
            FROM (SELECT p.district, coalesce(sum(p.schools + p.value) FILTER (WHERE p.period = w.period), 0) AS came,
                         coalesce(sum(p.schools + p.value) FILTER (WHERE p.period <> w.period), 0) AS past_came
                  FROM yuebao.total_part AS p
                  WHERE p.district = ANY (ARRAY(SELECT a.district FROM yuebao.district AS a)) AND p.period = ANY (sources || w.period) AND p.form = w.form
                    AND p.indicator = 0
                  GROUP BY p.district) AS t
            LEFT JOIN yuebao.past_note AS n ON n.district = t.district AND n.period = w.period AND n.form = w.form
            WHERE (t.came, t.past_came) IS DISTINCT FROM (n.came, n.past_came) AND (t.came > 0 OR n.came > 0)
            ORDER BY t.district
        LOOP
            looked := looked + yuebao.note_past_of(w.form, w.period, one);
            EXIT WHEN looked >= most;
        END LOOP;
        EXIT WHEN looked >= most;
    END LOOP;
    RETURN looked;
END
$$;
COMMENT ON FUNCTION yuebao.note_past(integer) IS
    'Compares the reports of windows that have opened with their schools'' past, the newest first, until so many are (NULL: all), and notes what it found; '
    'how many were. Several sessions share the windows.';
REVOKE EXECUTE ON FUNCTION yuebao.note_past_of(smallint, date, integer), yuebao.note_past(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION yuebao.note_past(integer) TO yuebao_collector;
