-- Growth: months are made ahead, and the figures of old ones can be put away and brought back.
--
-- Put away are a month's figure and figure_history: they are most of the disk. The ledger (report, remark) stays, so that who reported, what was
-- signed and what was receipted is always answered, and so do the totals: nothing that was added up changes. What needs the figures of single
-- schools says that they are away (SQLSTATE YB029); it never reads nothing as zero, and none as missing.

-- ---- what is away ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE yuebao.detached (
    month          date        NOT NULL CONSTRAINT detached_pk PRIMARY KEY CONSTRAINT detached_is_first_day CHECK (extract(day FROM month) = 1),
    detached_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    detached_by    text        NOT NULL DEFAULT session_user,
    figures        bigint,
    figures_digest bytea,
    history        bigint,
    history_digest bytea,
    bytes          bigint      NOT NULL,
    CONSTRAINT detached_counted_whole CHECK (num_nulls(figures, figures_digest, history, history_digest) IN (0, 4))
);
COMMENT ON TABLE  yuebao.detached IS 'Months whose figures are put away: their tables figure_YYYY_MM and figure_history_YYYY_MM are not part of the books, and may be out of this database.';
COMMENT ON COLUMN yuebao.detached.month IS 'Its first day; all periods that begin in it are away.';
COMMENT ON COLUMN yuebao.detached.detached_at IS 'Since when.';
COMMENT ON COLUMN yuebao.detached.detached_by IS 'Database user who did it.';
COMMENT ON COLUMN yuebao.detached.figures IS 'Rows of the month''s figure; NULL, as the next three: it has left, and is not counted yet.';
COMMENT ON COLUMN yuebao.detached.figures_digest IS 'What yuebao.digest_of said of them: only these come back.';
COMMENT ON COLUMN yuebao.detached.history IS 'Rows of the month''s figure_history.';
COMMENT ON COLUMN yuebao.detached.history_digest IS 'The same of them.';
COMMENT ON COLUMN yuebao.detached.bytes IS 'Disk that both took, indexes included.';

CREATE FUNCTION yuebao.is_detached(day date) RETURNS boolean
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM yuebao.detached AS d WHERE d.month = date_trunc('month', day::timestamp)::date);
END;
COMMENT ON FUNCTION yuebao.is_detached(date) IS 'Whether the figures of periods that begin on this day are put away.';

CREATE FUNCTION yuebao.needs_figures(first_day date) RETURNS boolean
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    away record;
BEGIN
    SELECT to_char(d.month, 'YYYY-MM') AS month, to_char(d.detached_at, 'YYYY-MM-DD') AS since, d.detached_by INTO away
    FROM yuebao.detached AS d WHERE d.month = date_trunc('month', first_day::timestamp)::date;
    IF FOUND THEN
        RAISE EXCEPTION 'the figures of single schools of % are put away, since %, by %', away.month, away.since, away.detached_by
            USING ERRCODE = 'YB029', DETAIL = away.month,
                  HINT = 'Totals, reports and receipts are here. yuebaoctl maintain attach ' || away.month || ' brings the figures back.';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION yuebao.needs_figures(date) IS
    'True, or SQLSTATE YB029 when the figures of periods that begin on this day are put away: for whoever would otherwise see nothing where something was.';

-- ---- making months --------------------------------------------------------------------------------------------------------------------

-- Rows are added and hardly ever change: a vacuum now and then keeps index-only scans and freezing cheap, and fresh statistics matter while a
-- month fills within hours.
CREATE OR REPLACE FUNCTION yuebao.make_partition(parent text, month date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text := parent || to_char(month, '_YYYY_MM');
BEGIN
    IF to_regclass('yuebao.' || quote_ident(name)) IS NOT NULL OR (parent LIKE 'figure%' AND yuebao.is_detached(month)) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE yuebao.%I (LIKE yuebao.%I INCLUDING ALL) '
                   'WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)', name, parent);
    EXECUTE format('ALTER TABLE yuebao.%I RENAME CONSTRAINT %I TO %I', name, name || '_pkey', name || '_pk');
    EXECUTE format('COMMENT ON TABLE yuebao.%I IS %L', name,
        format('Rows of yuebao.%s whose period begins in %s.', parent, to_char(month, 'YYYY-MM')));
    EXECUTE format('ALTER TABLE yuebao.%I ATTACH PARTITION yuebao.%I FOR VALUES FROM (%L) TO (%L)',
        parent, name, month, (month + interval '1 month')::date);
    RETURN true;
END
$$;

DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
                WHERE i.inhparent IN ('yuebao.report'::regclass, 'yuebao.figure'::regclass, 'yuebao.figure_history'::regclass, 'yuebao.remark'::regclass) LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)', part);
    END LOOP;
END
$$;

-- A fold updates values that no index has: with room in the page the new version stays in it (HOT), and no index grows.
ALTER TABLE yuebao.total_folded SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
-- Its rows live for a moment: dead ones must go as fast as they come.
ALTER TABLE yuebao.total_delta SET (autovacuum_vacuum_cost_delay = 0);

-- A period whose figures are away does not open again: a report could not be booked.
CREATE FUNCTION yuebao.refuse_detached() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM yuebao.needs_figures(c.period) FROM changed AS c WHERE c.closes_at > now();
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.refuse_detached() IS 'Refuses a window, or an extension, that would be open in a month whose figures are put away (SQLSTATE YB029).';
CREATE TRIGGER calendar_detached_by_insert AFTER INSERT ON yuebao.calendar
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.refuse_detached();
CREATE TRIGGER calendar_detached_by_update AFTER UPDATE ON yuebao.calendar
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.refuse_detached();
CREATE TRIGGER extension_detached_by_insert AFTER INSERT ON yuebao.extension
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.refuse_detached();
CREATE TRIGGER extension_detached_by_update AFTER UPDATE ON yuebao.extension
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.refuse_detached();

-- ---- putting away and bringing back -----------------------------------------------------------------------------------------------------

-- In the order of the key, a district's period at a time, so that no text is longer than that. Columns by name: a later one does not change it.
CREATE FUNCTION yuebao.digest_of(part text, OUT counted bigint, OUT digest bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_history boolean := part LIKE 'figure\_history\_%';
BEGIN
    EXECUTE format($sql$
        SELECT coalesce(sum(o.counted), 0)::bigint, sha256(coalesce(string_agg(o.digest, ''::bytea ORDER BY o.district, o.period), ''::bytea))
        FROM (SELECT f.district, f.period, count(*) AS counted,
                     sha256(convert_to(concat(f.district, ' ', f.period - date '2000-01-01', E'\n',
                                              string_agg(concat_ws(' ', f.school, f.indicator, f.form, coalesce(f.missing::text, '-'),
                                                                   coalesce(f.value::text, '-'), coalesce(f.denominator::text, '-')%s), E'\n')),
                                       'UTF8')) AS digest
              FROM (SELECT * FROM yuebao.%I AS u ORDER BY u.district, u.period, u.school, u.indicator%s) AS f
              GROUP BY f.district, f.period) AS o
        $sql$, CASE WHEN is_history THEN ', f.revision, encode(f.replaced_by, ''hex''), (extract(epoch FROM f.replaced_at) * 1000000)::bigint' END, part,
        CASE WHEN is_history THEN ', u.revision' END)
    INTO counted, digest;
END
$$;
COMMENT ON FUNCTION yuebao.digest_of(text) IS
    'How many rows a month''s figure or figure_history has (figure_2024_01), and SHA-256 over all of them in the order of their key.';

CREATE FUNCTION yuebao.keeps_attached(month date) RETURNS TABLE (reason text, subject text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    next_month date := (month + interval '1 month')::date;
BEGIN
    IF yuebao.is_detached(month) THEN
        RETURN QUERY SELECT CASE WHEN d.figures_digest IS NULL THEN 'left' ELSE 'detached' END, to_char(d.month, 'YYYY-MM')
                     FROM yuebao.detached AS d WHERE d.month = keeps_attached.month;
    ELSIF to_regclass('yuebao.figure' || to_char(month, '_YYYY_MM')) IS NULL THEN
        RETURN QUERY SELECT 'unknown', to_char(month, 'YYYY-MM');
    END IF;
    RETURN QUERY -- a day, so that what was under way when it closed is in the books or kept
    SELECT DISTINCT 'open', f.code || ' ' || yuebao.period_text(w.period, f.frequency)
    FROM (SELECT c.form, c.period, c.closes_at FROM yuebao.calendar AS c UNION ALL SELECT e.form, e.period, e.closes_at FROM yuebao.extension AS e) AS w
    JOIN yuebao.form AS f ON f.form = w.form
    WHERE w.period >= month AND w.period < next_month AND w.closes_at > now() - interval '1 day';
    RETURN QUERY
    SELECT DISTINCT 'kept', f.code || ' ' || yuebao.period_text(u.period, f.frequency)
    FROM yuebao.undecided AS u JOIN yuebao.form AS f ON f.form = u.form
    WHERE u.period >= month AND u.period < next_month;
END
$$;
COMMENT ON FUNCTION yuebao.keeps_attached(date) IS
    'Why the month''s figures cannot be put away: detached already; left (they have left and are not counted: count_month); unknown (nothing is there); open (a form''s period that closes later, or closed within '
    'a day); kept (a statement of it waits for a decision). No row: they can.';

-- ALTER TABLE wants the table alone for a moment. It waits 200 ms for that at a time, for collectors queue behind it, and less than the server's
-- deadlock_timeout, so that it is always this side that gives way.
CREATE FUNCTION yuebao.move_month(month date, attach boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms'
AS $$
DECLARE
    bounds text := CASE WHEN attach THEN format(' FOR VALUES FROM (%L) TO (%L)', month, (month + interval '1 month')::date) ELSE '' END;
    verb   text := CASE WHEN attach THEN 'ATTACH' ELSE 'DETACH' END;
    parent text;
BEGIN
    FOR try IN 1..60 LOOP
        BEGIN
            FOREACH parent IN ARRAY ARRAY['figure', 'figure_history'] LOOP -- the order in which a correction touches them
                EXECUTE format('ALTER TABLE yuebao.%I %s PARTITION yuebao.%I%s', parent, verb, parent || to_char(month, '_YYYY_MM'), bounds);
            END LOOP;
            RETURN true;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.1 + random() * 0.4);
        END;
    END LOOP;
    RETURN false;
END
$$;
COMMENT ON FUNCTION yuebao.move_month(date, boolean) IS
    'Attaches or detaches a month''s figure and figure_history; false when readers or writers left no moment for it in sixty tries. Called by attach_month '
    'and detach_month.';

-- Two steps, for counting a nation's month takes minutes, and a lock on it would stop every correction: the plan of a correction locks all months.
-- First the month leaves, which takes a moment; then, where nobody can reach it, it is counted.
CREATE FUNCTION yuebao.detach_month(month date) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome text := (SELECT k.reason FROM yuebao.keeps_attached(month) AS k ORDER BY k.reason LIMIT 1);
    parts   text[] := ARRAY['figure' || to_char(month, '_YYYY_MM'), 'figure_history' || to_char(month, '_YYYY_MM')];
    part    text;
BEGIN
    IF outcome IS NOT NULL THEN
        RETURN outcome;
    ELSIF NOT yuebao.move_month(month, false) THEN
        RETURN 'busy';
    END IF;
    INSERT INTO yuebao.detached (month, bytes)
    SELECT detach_month.month, sum(pg_total_relation_size('yuebao.' || p.part)) FROM unnest(parts) AS p (part);
    FOREACH part IN ARRAY parts LOOP
        EXECUTE format('COMMENT ON TABLE yuebao.%I IS %L', part, format('Put away: no part of the books. yuebaoctl maintain attach %s brings it back.',
                                                                        to_char(month, 'YYYY-MM')));
    END LOOP;
    INSERT INTO yuebao.audit_log (action, detail) VALUES ('detach', jsonb_build_object('month', to_char(month, 'YYYY-MM')));
    RETURN 'left';
END
$$;
COMMENT ON FUNCTION yuebao.detach_month(date) IS
    'A month''s figures leave the books, into tables of their own that nothing reads: left; then, in a transaction of its own, count_month must follow. Or, and '
    'nothing is changed: what keeps_attached says, or busy.';

CREATE FUNCTION yuebao.count_month(month date, OUT outcome text, OUT figures bigint, OUT history bigint, OUT bytes bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    figure_part  text := 'figure' || to_char(month, '_YYYY_MM');
    history_part text := 'figure_history' || to_char(month, '_YYYY_MM');
    of_figures   record;
    of_history   record;
BEGIN
    EXECUTE format('LOCK TABLE yuebao.%I, yuebao.%I IN SHARE MODE', figure_part, history_part);
    SELECT * INTO of_figures FROM yuebao.digest_of(figure_part);
    SELECT * INTO of_history FROM yuebao.digest_of(history_part);
    UPDATE yuebao.detached AS d
    SET figures = of_figures.counted, figures_digest = of_figures.digest, history = of_history.counted, history_digest = of_history.digest
    WHERE d.month = count_month.month AND d.figures_digest IS NULL
    RETURNING 'detached_now', d.figures, d.history, d.bytes INTO outcome, figures, history, bytes;
    INSERT INTO yuebao.audit_log (action, detail)
    SELECT 'detached', jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'figures', of_figures.counted, 'history', of_history.counted,
                                          'figures_digest', encode(of_figures.digest, 'hex'), 'history_digest', encode(of_history.digest, 'hex'))
    WHERE outcome IS NOT NULL;
END
$$;
COMMENT ON FUNCTION yuebao.count_month(date) IS
    'Writes down what a month was that has left: detached_now, with its rows and bytes. From then on only this comes back. outcome NULL: it was counted before.';

CREATE FUNCTION yuebao.attach_month(month date, OUT outcome text, OUT subject text, OUT rows_found bigint, OUT rows_expected bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    away   record;
    part   record;
    seen   record;
BEGIN
    SELECT d.* INTO away FROM yuebao.detached AS d WHERE d.month = attach_month.month FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_detached';
        RETURN;
    ELSIF away.figures_digest IS NULL THEN
        outcome := 'uncounted';
        RETURN;
    END IF;
    FOR part IN SELECT * FROM (VALUES (1, 'figure', away.figures, away.figures_digest), (2, 'figure_history', away.history, away.history_digest))
                AS p (n, parent, counted, digest) ORDER BY p.n LOOP
        subject := part.parent || to_char(month, '_YYYY_MM');
        rows_expected := part.counted;
        IF to_regclass('yuebao.' || subject) IS NULL THEN
            outcome := 'gone';
            RETURN;
        END IF;
        EXECUTE format('LOCK TABLE yuebao.%I IN ACCESS EXCLUSIVE MODE', subject);
        SELECT * INTO seen FROM yuebao.digest_of(subject);
        rows_found := seen.counted;
        IF seen.counted <> part.counted OR seen.digest <> part.digest THEN
            outcome := 'changed';
            RETURN;
        END IF;
        EXECUTE format('COMMENT ON TABLE yuebao.%I IS %L', subject,
                       format('Rows of yuebao.%s whose period begins in %s.', part.parent, to_char(month, 'YYYY-MM')));
    END LOOP;
    BEGIN
        IF NOT yuebao.move_month(month, true) THEN
            outcome := 'busy';
            RETURN;
        END IF;
    EXCEPTION WHEN check_violation OR not_null_violation OR datatype_mismatch OR invalid_table_definition OR wrong_object_type THEN
        outcome := 'unfit'; -- a row of another month, a column or a constraint that is missing: the server's words say which
        subject := SQLERRM;
        RETURN;
    END;
    DELETE FROM yuebao.detached AS d WHERE d.month = attach_month.month;
    INSERT INTO yuebao.audit_log (action, detail)
    VALUES ('attach', jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'figures', away.figures, 'history', away.history));
    outcome := 'attached_now';
END
$$;
COMMENT ON FUNCTION yuebao.attach_month(date) IS
    'Brings a month''s figures back, if they are row for row what was put away: attached_now. Or, and nothing is changed: not_detached; uncounted (it left, '
    'and count_month has not followed); gone (subject is a '
    'table that is not in this database: restore it first); changed (its rows are not those); unfit (subject says why); busy.';

-- ---- upkeep ---------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.clear_enrolments() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cleared integer;
BEGIN
    DELETE FROM yuebao.enrolment AS e WHERE e.used_at IS NULL AND e.expires_at < now() - interval '30 days';
    GET DIAGNOSTICS cleared = ROW_COUNT;
    RETURN cleared;
END
$$;
COMMENT ON FUNCTION yuebao.clear_enrolments() IS 'Forgets one-time codes that nobody used and that expired 30 days ago; those that were used stay, as proof of which key they enrolled.';

-- What there is to do, each with the statement that does it; a statement alone in its transaction, because VACUUM wants that. NULL: for a person.
CREATE FUNCTION yuebao.upkeep(months_ahead integer) RETURNS TABLE (task text, subject text, amount bigint, statement text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY -- the months to come, and those of the calendar, wherever it reaches
    SELECT 'partitions', to_char(w.month, 'YYYY-MM'), count(*), format('SELECT yuebao.make_partitions(%L, %L)', w.month, w.month)
    FROM (SELECT g.month::date AS month
          FROM generate_series(date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai'),
                               date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') + make_interval(months => months_ahead), interval '1 month') AS g (month)
          UNION
          SELECT date_trunc('month', c.period::timestamp)::date FROM yuebao.calendar AS c) AS w
    CROSS JOIN (VALUES ('report'), ('figure'), ('figure_history'), ('remark')) AS t (parent)
    WHERE to_regclass('yuebao.' || t.parent || to_char(w.month, '_YYYY_MM')) IS NULL AND NOT (t.parent LIKE 'figure%' AND yuebao.is_detached(w.month))
    GROUP BY w.month ORDER BY w.month;

    RETURN QUERY
    SELECT 'codes', 'enrolment', count(*), 'SELECT yuebao.clear_enrolments()'
    FROM yuebao.enrolment AS e WHERE e.used_at IS NULL AND e.expires_at < now() - interval '30 days'
    HAVING count(*) > 0;

    RETURN QUERY -- once a month is closed its rows stay: frozen now, no vacuum comes back for them at a bad hour
    SELECT 'freeze', k.relname::text, pg_relation_size(k.oid), format('VACUUM (FREEZE, ANALYZE, SKIP_LOCKED) yuebao.%I', k.relname)
    FROM pg_inherits AS i
    JOIN pg_class AS k ON k.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT to_date(right(k.relname, 7), 'YYYY_MM') AS month) AS m
    WHERE i.inhparent IN ('yuebao.report'::regclass, 'yuebao.figure'::regclass, 'yuebao.figure_history'::regclass, 'yuebao.remark'::regclass)
      AND pg_relation_size(k.oid) > 0 AND k.relallvisible < pg_relation_size(k.oid) / current_setting('block_size')::bigint
      AND EXISTS (SELECT FROM yuebao.calendar AS c WHERE c.period >= m.month AND c.period < m.month + interval '1 month')
      AND NOT EXISTS (SELECT FROM yuebao.keeps_attached(m.month))
    ORDER BY m.month, k.relname;

    RETURN QUERY -- nothing analyzes a partitioned table by itself, and its joins are planned by that
    SELECT 'statistics', s.relname::text, NULL::bigint, format('ANALYZE yuebao.%I', s.relname)
    FROM pg_stat_all_tables AS s
    WHERE s.relid IN ('yuebao.report'::regclass, 'yuebao.figure'::regclass, 'yuebao.figure_history'::regclass, 'yuebao.remark'::regclass)
      AND (s.last_analyze IS NULL OR s.last_analyze < now() - interval '7 days')
    ORDER BY s.relname;

    RETURN QUERY -- a long transaction elsewhere keeps dead rows; when it is over, the table is a thousand times its contents
    SELECT 'bloat', 'total_delta', pg_relation_size('yuebao.total_delta'), 'VACUUM (ANALYZE, SKIP_LOCKED) yuebao.total_delta'
    WHERE pg_relation_size('yuebao.total_delta') > 16 * 1024 * 1024
      AND pg_relation_size('yuebao.total_delta') > 20 * coalesce((SELECT sum(pg_column_size(d)) FROM yuebao.total_delta AS d), 0);

    RETURN QUERY
    SELECT 'not_folded', 'total_delta', count(*), NULL FROM yuebao.total_delta HAVING count(*) > 100000
    UNION ALL
    SELECT 'old_transaction', a.pid || ' ' || coalesce(a.usename, ''), extract(epoch FROM now() - a.xact_start)::bigint, NULL
    FROM pg_stat_activity AS a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < now() - interval '1 hour'
    UNION ALL
    SELECT 'old_xids', d.datname::text, age(d.datfrozenxid)::bigint, NULL FROM pg_database AS d WHERE d.datname = current_database() AND age(d.datfrozenxid) > 1000000000;
END
$$;
COMMENT ON FUNCTION yuebao.upkeep(integer) IS
    'What there is to do now: partitions (amount: tables) of the months to come and of the calendar; codes that expired; freeze a closed month''s table and '
    'vacuum total_delta (bloat; amount: bytes); statistics. Where statement is NULL a person should look: not_folded (amount: rows that wait), old_transaction '
    '(subject: process and user; amount: seconds), old_xids (amount: their age).';

REVOKE EXECUTE ON FUNCTION yuebao.is_detached(date), yuebao.needs_figures(date), yuebao.refuse_detached(), yuebao.digest_of(text),
    yuebao.keeps_attached(date), yuebao.move_month(date, boolean), yuebao.detach_month(date), yuebao.count_month(date), yuebao.attach_month(date), yuebao.clear_enrolments(),
    yuebao.upkeep(integer) FROM PUBLIC;
GRANT SELECT ON yuebao.detached TO yuebao_teller;
GRANT EXECUTE ON FUNCTION yuebao.is_detached(date), yuebao.needs_figures(date) TO yuebao_teller;
