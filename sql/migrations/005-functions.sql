-- Functions and triggers of the tables: periods, the district tree, partitions, the registry's version, folding, moves.
--
-- Bodies written as RETURN or BEGIN ATOMIC are bound to their objects when they are created, so no search_path can mislead them;
-- all others set it.

-- Periods. A period is its first day and a frequency; S1 is February to July, S2 August to January, weeks are ISO 8601.

CREATE FUNCTION yuebao.period_first_day(day date, frequency text) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE frequency
        WHEN 'daily'     THEN day
        WHEN 'weekly'    THEN day - (extract(isodow FROM day)::integer - 1)
        WHEN 'monthly'   THEN date_trunc('month', day::timestamp)::date
        WHEN 'quarterly' THEN date_trunc('quarter', day::timestamp)::date
        WHEN 'yearly'    THEN date_trunc('year', day::timestamp)::date
        WHEN 'termly'    THEN
            CASE WHEN extract(month FROM day) BETWEEN 2 AND 7 THEN make_date(extract(year FROM day)::integer, 2, 1)
                 WHEN extract(month FROM day) >= 8 THEN make_date(extract(year FROM day)::integer, 8, 1)
                 ELSE make_date(extract(year FROM day)::integer - 1, 8, 1)
            END
    END;
COMMENT ON FUNCTION yuebao.period_first_day(date, text) IS
    'First day of the period of this frequency that contains the day; NULL for an unknown frequency.';

CREATE FUNCTION yuebao.period_last_day(first_day date, frequency text) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE frequency
        WHEN 'daily'     THEN first_day
        WHEN 'weekly'    THEN first_day + 6
        WHEN 'monthly'   THEN (first_day::timestamp + interval '1 month')::date - 1
        WHEN 'quarterly' THEN (first_day::timestamp + interval '3 months')::date - 1
        WHEN 'termly'    THEN (first_day::timestamp + interval '6 months')::date - 1
        WHEN 'yearly'    THEN (first_day::timestamp + interval '1 year')::date - 1
    END;
COMMENT ON FUNCTION yuebao.period_last_day(date, text) IS 'Last day of the period that begins on first_day.';

CREATE FUNCTION yuebao.period_text(first_day date, frequency text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE frequency
        WHEN 'daily'     THEN to_char(first_day, 'YYYY-MM-DD')
        WHEN 'weekly'    THEN to_char(first_day, 'IYYY-"W"IW')
        WHEN 'monthly'   THEN to_char(first_day, 'YYYY-MM')
        WHEN 'quarterly' THEN to_char(first_day, 'YYYY-"Q"Q')
        WHEN 'termly'    THEN to_char(first_day, 'YYYY') || CASE extract(month FROM first_day) WHEN 2 THEN '-S1' ELSE '-S2' END
        WHEN 'yearly'    THEN to_char(first_day, 'YYYY')
    END;
COMMENT ON FUNCTION yuebao.period_text(date, text) IS
    'SDMX text of the period that begins on first_day: 2026-10-31, 2026-W44, 2026-10, 2026-Q4, 2026-S1, 2026.';

CREATE FUNCTION yuebao.period_of(period text, OUT first_day date, OUT frequency text)
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
BEGIN
    IF period ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
        frequency := 'daily';
        first_day := make_date(substr(period, 1, 4)::integer, substr(period, 6, 2)::integer, substr(period, 9, 2)::integer);
    ELSIF period ~ '^[0-9]{4}-W[0-9]{2}$' THEN
        frequency := 'weekly';
        first_day := to_date(period, 'IYYY-"W"IW');
    ELSIF period ~ '^[0-9]{4}-[0-9]{2}$' THEN
        frequency := 'monthly';
        first_day := make_date(substr(period, 1, 4)::integer, substr(period, 6, 2)::integer, 1);
    ELSIF period ~ '^[0-9]{4}-Q[1-4]$' THEN
        frequency := 'quarterly';
        first_day := make_date(substr(period, 1, 4)::integer, substr(period, 7, 1)::integer * 3 - 2, 1);
    ELSIF period ~ '^[0-9]{4}-S[12]$' THEN
        frequency := 'termly';
        first_day := make_date(substr(period, 1, 4)::integer, CASE right(period, 1) WHEN '1' THEN 2 ELSE 8 END, 1);
    ELSIF period ~ '^[0-9]{4}$' THEN
        frequency := 'yearly';
        first_day := make_date(period::integer, 1, 1);
    END IF;
    -- what does not print as it was written is no period: 2026-W54, 0000
    IF first_day IS NULL OR yuebao.period_text(first_day, frequency) IS DISTINCT FROM period THEN
        RAISE EXCEPTION 'not a period: %', period USING ERRCODE = 'invalid_datetime_format',
            HINT = 'A period is written 2026-10-31, 2026-W44, 2026-10, 2026-Q4, 2026-S1 or 2026.';
    END IF;
END
$$;
COMMENT ON FUNCTION yuebao.period_of(text) IS
    'First day and frequency of a period in SDMX text; anything else is refused (SQLSTATE 22007 or 22008).';

-- The tree. The whole subtree of every changed district is walked up again, so rows may come in any order.

CREATE FUNCTION yuebao.district_keep_ancestors() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    subtree   integer[];
    in_circle integer;
BEGIN
    subtree := ARRAY(
        WITH RECURSIVE below (district) AS (
            SELECT c.district FROM changed AS c
            UNION
            SELECT d.district FROM below AS b JOIN yuebao.district AS d ON d.parent = b.district)
        SELECT b.district FROM below AS b);
    DELETE FROM yuebao.district_ancestor AS a WHERE a.district = ANY (subtree);

    WITH RECURSIVE up (district, ancestor, distance) AS (
        SELECT s.district, s.district, 0 FROM unnest(subtree) AS s (district)
        UNION ALL
        SELECT u.district, d.parent, u.distance + 1
        FROM up AS u JOIN yuebao.district AS d ON d.district = u.ancestor
        WHERE d.parent IS NOT NULL
    ) CYCLE ancestor SET circle USING path, stored AS (
        INSERT INTO yuebao.district_ancestor (ancestor, district, distance)
        SELECT u.ancestor, u.district, u.distance FROM up AS u WHERE NOT u.circle)
    SELECT u.district INTO in_circle FROM up AS u WHERE u.circle ORDER BY u.district LIMIT 1;
    IF in_circle IS NOT NULL THEN
        RAISE EXCEPTION 'district % would be its own ancestor', in_circle
            USING ERRCODE = 'integrity_constraint_violation', TABLE = 'district', COLUMN = 'parent';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.district_keep_ancestors() IS 'Keeps yuebao.district_ancestor; refuses a circle.';

CREATE TRIGGER district_inserted AFTER INSERT ON yuebao.district
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.district_keep_ancestors();
CREATE TRIGGER district_updated AFTER UPDATE ON yuebao.district
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.district_keep_ancestors();

-- Partitions, a month each, named after their table and month: report_2026_10. They are made beside the tables and then attached, so that
-- nobody who reads or writes waits for it.

CREATE FUNCTION yuebao.make_partition(parent text, month date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    name text := parent || to_char(month, '_YYYY_MM');
BEGIN
    IF to_regclass('yuebao.' || quote_ident(name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE yuebao.%I (LIKE yuebao.%I INCLUDING ALL)', name, parent);
    EXECUTE format('ALTER TABLE yuebao.%I RENAME CONSTRAINT %I TO %I', name, name || '_pkey', name || '_pk');
    EXECUTE format('COMMENT ON TABLE yuebao.%I IS %L', name,
        format('Rows of yuebao.%s whose period begins in %s.', parent, to_char(month, 'YYYY-MM')));
    EXECUTE format('ALTER TABLE yuebao.%I ATTACH PARTITION yuebao.%I FOR VALUES FROM (%L) TO (%L)',
        parent, name, month, (month + interval '1 month')::date);
    RETURN true;
END
$$;
COMMENT ON FUNCTION yuebao.make_partition(text, date) IS
    'Makes the month''s partition of report, figure or figure_history; false if it is there. Called by make_partitions, which holds the lock.';

CREATE FUNCTION yuebao.make_partitions(from_day date, to_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    wanted CURSOR FOR
        SELECT t.parent, m.month::date AS month
        FROM generate_series(date_trunc('month', from_day::timestamp), to_day::timestamp, interval '1 month') AS m (month)
        CROSS JOIN (VALUES ('report'), ('figure'), ('figure_history')) AS t (parent)
        WHERE to_regclass('yuebao.' || t.parent || to_char(m.month, '_YYYY_MM')) IS NULL;
    made integer := 0;
BEGIN
    FOR one IN wanted LOOP
        IF made = 0 THEN -- two who make the same month would meet at its name
            PERFORM pg_advisory_xact_lock(hashtext('yuebao.make_partitions'));
        END IF;
        made := made + yuebao.make_partition(one.parent, one.month)::integer;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION yuebao.make_partitions(date, date) IS
    'Makes the monthly partitions of report, figure and figure_history from the first day''s month to the last day''s; returns how many were '
    'missing. Harmless when repeated; blocks neither readers nor collectors.';

CREATE FUNCTION yuebao.calendar_make_room() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT c.period, f.frequency, f.code INTO wrong
    FROM changed AS c JOIN yuebao.form AS f USING (form)
    WHERE c.period <> yuebao.period_first_day(c.period, f.frequency)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is not the first day of a % period of form %', wrong.period, wrong.frequency, wrong.code
            USING ERRCODE = 'check_violation', TABLE = 'calendar', COLUMN = 'period', CONSTRAINT = 'calendar_period_is_first_day';
    END IF;
    PERFORM yuebao.make_partitions(m.month, m.month)
    FROM (SELECT DISTINCT date_trunc('month', c.period::timestamp)::date AS month FROM changed AS c) AS m;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.calendar_make_room() IS
    'A period in the calendar is its first day, and has partitions from the moment it is there.';

CREATE TRIGGER calendar_inserted AFTER INSERT ON yuebao.calendar
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.calendar_make_room();
CREATE TRIGGER calendar_updated AFTER UPDATE ON yuebao.calendar
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.calendar_make_room();

-- The registry's version: one step a transaction, however many statements it has, so that an import of 20,000 schools wakes the
-- collectors once. The row stays locked until the commit, so numbers become visible in order.

CREATE FUNCTION yuebao.registry_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    raised bigint;
BEGIN
    -- a setting that lasts as long as the transaction remembers that it has raised the number
    IF current_setting('yuebao.registry_raised', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('yuebao.registry_raised', 'yes', true);
    UPDATE yuebao.registry_version AS r SET version = r.version + 1 RETURNING r.version INTO STRICT raised;
    PERFORM pg_notify('yuebao_registry', raised::text);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.registry_changed() IS
    'Raises yuebao.registry_version once a transaction and announces the number on the channel yuebao_registry.';

DO $$
DECLARE
    watched text;
BEGIN
    FOREACH watched IN ARRAY ARRAY['district', 'school', 'school_district', 'school_key', 'form', 'form_indicator', 'catalogue', 'calendar'] LOOP
        EXECUTE format('CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON yuebao.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION yuebao.registry_changed()', watched);
    END LOOP;
END
$$;

-- Totals.

CREATE FUNCTION yuebao.fold_totals(max_rows integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    folded integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('yuebao.fold_totals')) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM yuebao.total_delta AS d
        WHERE d.ctid = ANY (ARRAY(SELECT o.ctid FROM yuebao.total_delta AS o LIMIT max_rows))
        RETURNING d.district, d.period, d.form, d.indicator, d.schools, d.excused, d.value, d.denominator
    ), summed AS (
        SELECT t.district, t.period, t.form, u.indicator, sum(u.schools) AS schools, sum(u.excused) AS excused,
               sum(u.value) AS value, sum(u.denominator) AS denominator
        FROM taken AS t
        CROSS JOIN LATERAL unnest(t.indicator, t.schools, t.excused, t.value, t.denominator)
            AS u (indicator, schools, excused, value, denominator)
        GROUP BY t.district, t.period, t.form, u.indicator
    ), stored AS (
        INSERT INTO yuebao.total_folded AS f (district, period, form, indicator, schools, excused, value, denominator)
        SELECT s.district, s.period, s.form, s.indicator, s.schools, s.excused, s.value, s.denominator FROM summed AS s
        ON CONFLICT ON CONSTRAINT total_folded_pk DO UPDATE
        SET schools = f.schools + excluded.schools, excused = f.excused + excluded.excused,
            value = f.value + excluded.value, denominator = f.denominator + excluded.denominator
    )
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
END
$$;
COMMENT ON FUNCTION yuebao.fold_totals(integer) IS
    'Moves at most max_rows rows of total_delta into total_folded in one statement, so that their sum never changes; returns how many rows, '
    '0 also while another session folds.';

-- Schools move.

CREATE FUNCTION yuebao.school_district_on(school integer, day date) RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.district FROM yuebao.school_district AS m
    WHERE m.school = school_district_on.school AND m.valid_from <= school_district_on.day
    ORDER BY m.valid_from DESC LIMIT 1;
END;
COMMENT ON FUNCTION yuebao.school_district_on(integer, date) IS 'The district that the school belongs to on that day; NULL before its first.';

CREATE FUNCTION yuebao.move_school(code text, district integer, from_date date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    moved    integer;
    later    date;
    blocking record;
BEGIN
    SELECT s.school INTO moved FROM yuebao.school AS s WHERE s.code = move_school.code FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no school %', code USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT EXISTS (SELECT FROM yuebao.district AS d WHERE d.district = move_school.district) THEN
        RAISE EXCEPTION 'no district %', district USING ERRCODE = 'no_data_found';
    END IF;
    SELECT min(m.valid_from) INTO later FROM yuebao.school_district AS m WHERE m.school = moved AND m.valid_from > from_date;
    IF later IS NOT NULL THEN
        RAISE EXCEPTION 'school % cannot move on %: it moves on % already', code, from_date, later USING ERRCODE = 'object_in_use';
    END IF;

    -- A claim reads the district in its own INSERT: it either commits before this lock and is seen below, or waits for the move.
    LOCK TABLE yuebao.report IN SHARE MODE;
    SELECT f.code AS form, yuebao.period_text(r.period, f.frequency) AS period, r.revision INTO blocking
    FROM yuebao.report AS r JOIN yuebao.form AS f USING (form)
    WHERE r.school = moved
      AND r.district IN (SELECT m.district FROM yuebao.school_district AS m WHERE m.school = moved)
      AND r.period > from_date - 366
      AND yuebao.period_last_day(r.period, f.frequency) >= from_date
    ORDER BY r.period, f.code, r.revision LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'school % cannot move on %: its report % for % is accepted and counts where it was', code, from_date,
            blocking.form, blocking.period
            USING ERRCODE = 'object_in_use', HINT = 'Choose a day after the last day of its newest accepted period.';
    END IF;
    INSERT INTO yuebao.school_district AS m (school, valid_from, district) VALUES (moved, from_date, move_school.district)
    ON CONFLICT ON CONSTRAINT school_district_pk DO UPDATE SET district = excluded.district;
END
$$;
COMMENT ON FUNCTION yuebao.move_school(text, integer, date) IS
    'The school belongs to the district from that day on. Refused, naming the first report in the way, when any report is accepted for a period that '
    'ends on or after that day; collectors wait until the move is committed.';

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA yuebao FROM PUBLIC;
-- pure arithmetic, used by views that run for anyone
GRANT EXECUTE ON FUNCTION yuebao.period_first_day(date, text), yuebao.period_last_day(date, text), yuebao.period_text(date, text),
    yuebao.period_of(text) TO PUBLIC;
