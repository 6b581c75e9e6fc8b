-- Judging figures by thresholds.
--
--   a school's figure   in the transaction that books it: yuebao.judge_reports, called by whoever books (the collector, yuebao.book_figures)
--   a district's total  by yuebao.judge_totals, behind the batches: links that commit at once do not see each other's differences, so none of
--                       them can say what the total is now. Each leaves a row in total_to_judge in its own transaction; one session at a
--                       time takes them and judges the totals of its snapshot, in which all their differences are. A total that goes beyond
--                       its limit and comes back between two of these looks was never seen there, and makes no alert.
--   what was there      before a limit was new or changed: by yuebao.judge_changed, in the transaction that changes it. It waits for the
--                       batches that are under way, and later ones wait for it and find the change: no figure is judged by neither.
--
-- A figure crosses when it is beyond and no alert of it is open, and comes back when one is open and it is not: so a repeat or a second look
-- makes no second alert.

CREATE FUNCTION yuebao.is_beyond(direction text, bound numeric, over_schools text, decimals smallint, denominator_decimals smallint,
                                 schools bigint, value numeric, denominator numeric) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(schools > 0 AND CASE direction WHEN 'above' THEN 1 ELSE -1 END * CASE over_schools
        WHEN 'ratio_of_sums' THEN sign(denominator) * (value * 10::numeric ^ denominator_decimals - bound * denominator * 10::numeric ^ decimals)
        WHEN 'mean' THEN value - bound * schools * 10::numeric ^ decimals
        ELSE value - bound * 10::numeric ^ decimals END > 0, false);
COMMENT ON FUNCTION yuebao.is_beyond(text, numeric, text, smallint, smallint, bigint, numeric, numeric) IS
    'Whether a figure of stored integers over so many schools is beyond the bound: exactly, nothing is divided or rounded. What is not there, and 0 by '
    '0, is beyond nothing.';

-- ---- which limits are for whom -------------------------------------------------------------------------------------------------------------

CREATE VIEW yuebao.threshold_form AS
SELECT t.threshold, t.level, coalesce(t.district, (SELECT d.district FROM yuebao.district AS d WHERE d.parent IS NULL)) AS place, t.kind AS of_kind,
       t.severity, t.direction, t.bound, t.valid_from, t.valid_until, f.form, f.kind, f.frequency, t.indicator, i.over_schools, i.decimals,
       i.denominator_decimals
FROM yuebao.threshold AS t
JOIN yuebao.indicator AS i ON i.indicator = t.indicator
CROSS JOIN LATERAL (SELECT DISTINCT k.form FROM yuebao.catalogue_form AS k WHERE k.indicator = t.indicator) AS k
JOIN yuebao.form AS f ON f.form = k.form AND (t.kind IS NULL OR f.kind = t.kind)
WHERE t.active;
COMMENT ON VIEW   yuebao.threshold_form IS 'Thresholds with the forms that ask, or asked, for what they judge.';
COMMENT ON COLUMN yuebao.threshold_form.threshold IS 'As in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.level IS 'As in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.place IS 'The district that is named, or the uppermost.';
COMMENT ON COLUMN yuebao.threshold_form.of_kind IS 'kind, as in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.severity IS 'As in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.direction IS 'As in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.bound IS 'As in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.valid_from IS 'As in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.valid_until IS 'As in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.form IS 'The form.';
COMMENT ON COLUMN yuebao.threshold_form.kind IS 'Its kind of school.';
COMMENT ON COLUMN yuebao.threshold_form.frequency IS 'Its frequency.';
COMMENT ON COLUMN yuebao.threshold_form.indicator IS 'As in threshold.';
COMMENT ON COLUMN yuebao.threshold_form.over_schools IS 'As in indicator.';
COMMENT ON COLUMN yuebao.threshold_form.decimals IS 'As in indicator.';
COMMENT ON COLUMN yuebao.threshold_form.denominator_decimals IS 'As in indicator.';

CREATE FUNCTION yuebao.watch_forms() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM yuebao.watched_form AS w WHERE NOT EXISTS (SELECT FROM yuebao.threshold_form AS t WHERE t.form = w.form);
    INSERT INTO yuebao.watched_form AS w (form, totals)
    SELECT t.form, bool_or(t.level <> 'school') FROM yuebao.threshold_form AS t GROUP BY t.form
    ON CONFLICT ON CONSTRAINT watched_form_pk DO UPDATE SET totals = excluded.totals WHERE w.totals <> excluded.totals;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.watch_forms() IS 'Keeps yuebao.watched_form.';
CREATE TRIGGER watch_forms AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON yuebao.threshold
    FOR EACH STATEMENT EXECUTE FUNCTION yuebao.watch_forms();
CREATE TRIGGER watch_forms AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON yuebao.catalogue_form
    FOR EACH STATEMENT EXECUTE FUNCTION yuebao.watch_forms();

-- ---- what changes a limit ------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.threshold_changed() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.judged := false;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION yuebao.threshold_changed() IS 'A limit that judges otherwise than before is to be judged anew.';
CREATE TRIGGER threshold_changed BEFORE UPDATE ON yuebao.threshold FOR EACH ROW
    WHEN ((OLD.indicator, OLD.level, OLD.district, OLD.kind, OLD.direction, OLD.bound, OLD.valid_from, OLD.valid_until, OLD.active)
          IS DISTINCT FROM
          (NEW.indicator, NEW.level, NEW.district, NEW.kind, NEW.direction, NEW.bound, NEW.valid_from, NEW.valid_until, NEW.active))
    EXECUTE FUNCTION yuebao.threshold_changed();

CREATE FUNCTION yuebao.threshold_place_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM was AS o JOIN changed AS n ON n.district = o.district
               WHERE (n.parent, n.level) IS DISTINCT FROM (o.parent, o.level)) THEN
        UPDATE yuebao.threshold SET judged = false WHERE active;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.threshold_place_changed() IS 'Another tree gives limits other schools and totals to judge.';
CREATE TRIGGER threshold_place_changed AFTER UPDATE ON yuebao.district
    REFERENCING OLD TABLE AS was NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.threshold_place_changed();

CREATE FUNCTION yuebao.threshold_sum_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE yuebao.threshold AS t SET judged = false FROM was AS o JOIN changed AS n ON n.indicator = o.indicator
    WHERE t.active AND t.indicator = o.indicator AND n.over_schools <> o.over_schools;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.threshold_sum_changed() IS 'An indicator that adds up otherwise has other totals to judge.';
CREATE TRIGGER threshold_sum_changed AFTER UPDATE ON yuebao.indicator
    REFERENCING OLD TABLE AS was NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.threshold_sum_changed();

-- ---- schools' figures ----------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.judge_reports(districts integer[], periods date[], schools integer[], forms smallint[], revisions integer[], ids bytea[])
    RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    crossed integer;
BEGIN
    INSERT INTO yuebao.total_to_judge (district, period, form)
    SELECT DISTINCT s.district, s.period, s.form
    FROM unnest(districts, periods, forms) AS s (district, period, form)
    WHERE (SELECT w.totals FROM yuebao.watched_form AS w WHERE w.form = s.form);

    WITH limits AS MATERIALIZED (
        SELECT t.* FROM yuebao.threshold_form AS t WHERE t.level = 'school' AND t.form = ANY (forms)
    ), stated AS MATERIALIZED (
        SELECT l.threshold, l.severity, l.direction, l.bound, l.frequency, l.indicator, s.*, g.value, g.denominator,
               yuebao.is_beyond(l.direction, l.bound, l.over_schools, l.decimals, l.denominator_decimals, 1, g.value, g.denominator) AS beyond
        FROM unnest(districts, periods, schools, forms, revisions, ids) AS s (district, period, school, form, revision, id)
        JOIN limits AS l ON l.form = s.form
            AND yuebao.period_last_day(s.period, l.frequency) BETWEEN l.valid_from AND coalesce(l.valid_until, 'infinity')
        JOIN yuebao.district_ancestor AS a ON a.ancestor = l.place AND a.district = s.district
        LEFT JOIN LATERAL (SELECT f.value, f.denominator FROM yuebao.figure AS f
                           WHERE f.district = s.district AND f.period = s.period AND f.school = s.school AND f.indicator = l.indicator
                             AND f.form = s.form OFFSET 0) AS g ON true
    ), raised AS (
        INSERT INTO yuebao.alert (threshold, indicator, district, period, frequency, school, form, severity, direction, bound, batch, statement,
                                  old_schools, old_value, old_denominator, schools, value, denominator)
        SELECT s.threshold, s.indicator, s.district, s.period, s.frequency, s.school, s.form, s.severity, s.direction, s.bound, pg_current_xact_id(), s.id,
               CASE WHEN h.value IS NOT NULL THEN 1 END, h.value, h.denominator, 1, s.value, s.denominator
        FROM stated AS s
        LEFT JOIN LATERAL (SELECT o.value, o.denominator FROM yuebao.figure_history AS o
                           WHERE s.revision > 1 AND o.district = s.district AND o.period = s.period AND o.school = s.school
                             AND o.indicator = s.indicator AND o.revision = s.revision - 1 OFFSET 0) AS h ON true
        WHERE s.beyond
          AND NOT EXISTS (SELECT FROM yuebao.alert AS a
                          WHERE a.district = s.district AND a.period = s.period AND a.school = s.school AND a.form = s.form
                            AND a.threshold = s.threshold AND a.cleared_at IS NULL AND a.school IS NOT NULL)
        RETURNING 1
    ), cleared AS (
        UPDATE yuebao.alert AS a
        SET cleared_at = now(), cleared_why = 'figure', cleared_batch = pg_current_xact_id(), cleared_statement = s.id,
            cleared_schools = CASE WHEN s.value IS NOT NULL THEN 1 END, cleared_value = s.value, cleared_denominator = s.denominator,
            written = pg_current_xact_id()
        FROM stated AS s
        WHERE NOT s.beyond AND a.district = s.district AND a.period = s.period AND a.school = s.school AND a.form = s.form
          AND a.threshold = s.threshold AND a.cleared_at IS NULL AND a.school IS NOT NULL
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM raised) + (SELECT count(*) FROM cleared) INTO crossed;
    RETURN crossed;
END
$$;
COMMENT ON FUNCTION yuebao.judge_reports(integer[], date[], integer[], smallint[], integer[], bytea[]) IS
    'Judges the figures of revisions that this transaction has booked, and leaves word whose totals are to be judged; how many alerts it made and '
    'cleared. The arrays are parallel, an element a report. Only reports of yuebao.watched_form need it.';

-- ---- totals --------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.judge_touched(thresholds integer[], districts integer[], periods date[], frequencies text[], batches xid8[], why text)
    RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    crossed integer;
BEGIN
    WITH judged AS MATERIALIZED (
        SELECT t.threshold, t.indicator, t.severity, t.direction, t.bound, s.district, s.period, s.frequency, s.batch, coalesce(n.schools, 0) AS schools,
               n.value, n.denominator, o.schools AS old_schools, o.value AS old_value, o.denominator AS old_denominator,
               yuebao.is_beyond(t.direction, t.bound, i.over_schools, i.decimals, i.denominator_decimals, n.schools, n.value, n.denominator) AS beyond
        FROM unnest(thresholds, districts, periods, frequencies, batches) AS s (threshold, district, period, frequency, batch)
        JOIN yuebao.threshold AS t ON t.threshold = s.threshold
        JOIN yuebao.indicator AS i ON i.indicator = t.indicator
        LEFT JOIN LATERAL yuebao.totals_of(ARRAY[s.district], t.indicator, ARRAY[s.period], s.frequency, t.kind) AS n ON true
        LEFT JOIN yuebao.total_judged AS o ON o.district = s.district AND o.period = s.period AND o.frequency = s.frequency
            AND o.threshold = s.threshold
    ), remembered AS (
        INSERT INTO yuebao.total_judged (threshold, district, period, frequency, schools, value, denominator)
        SELECT j.threshold, j.district, j.period, j.frequency, j.schools, j.value, j.denominator FROM judged AS j
        ON CONFLICT ON CONSTRAINT total_judged_pk DO UPDATE
        SET schools = excluded.schools, value = excluded.value, denominator = excluded.denominator
    ), raised AS (
        INSERT INTO yuebao.alert (threshold, indicator, district, period, frequency, severity, direction, bound, batch, old_schools, old_value,
                                  old_denominator, schools, value, denominator)
        SELECT j.threshold, j.indicator, j.district, j.period, j.frequency, j.severity, j.direction, j.bound, j.batch, nullif(j.old_schools, 0), j.old_value,
               j.old_denominator, j.schools, j.value, j.denominator
        FROM judged AS j
        WHERE j.beyond
          AND NOT EXISTS (SELECT FROM yuebao.alert AS a
                          WHERE a.district = j.district AND a.period = j.period AND a.frequency = j.frequency AND a.threshold = j.threshold
                            AND a.cleared_at IS NULL AND a.school IS NULL)
        RETURNING 1
    ), cleared AS (
        UPDATE yuebao.alert AS a
        SET cleared_at = now(), cleared_why = judge_touched.why, cleared_batch = j.batch, cleared_schools = j.schools, cleared_value = j.value,
            cleared_denominator = j.denominator, written = pg_current_xact_id()
        FROM judged AS j
        WHERE NOT j.beyond AND a.district = j.district AND a.period = j.period AND a.frequency = j.frequency AND a.threshold = j.threshold
          AND a.cleared_at IS NULL AND a.school IS NULL
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM raised) + (SELECT count(*) FROM cleared) INTO crossed;
    RETURN crossed;
END
$$;
COMMENT ON FUNCTION yuebao.judge_touched(integer[], integer[], date[], text[], xid8[], text) IS
    'Judges these totals as the statement''s snapshot has them; called by judge_totals and judge_changed, one session at a time. The arrays are parallel.';

CREATE FUNCTION yuebao.judge_totals() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    crossed integer;
BEGIN
    IF NOT EXISTS (SELECT FROM yuebao.total_to_judge) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('yuebao.judge_totals'));
    WITH taken AS (
        DELETE FROM yuebao.total_to_judge AS m RETURNING m.district, m.period, m.form, m.batch
    ), moved AS MATERIALIZED (
        SELECT m.district, m.period, m.form, max(m.batch) AS batch FROM taken AS m GROUP BY m.district, m.period, m.form
    ), touched AS MATERIALIZED (
        SELECT t.threshold, u.ancestor AS district, m.period, t.frequency, max(m.batch) AS batch
        FROM moved AS m
        JOIN yuebao.threshold_form AS t ON t.form = m.form AND t.level <> 'school'
            AND yuebao.period_last_day(m.period, t.frequency) BETWEEN t.valid_from AND coalesce(t.valid_until, 'infinity')
        JOIN yuebao.district_ancestor AS u ON u.district = m.district
        JOIN yuebao.district AS d ON d.district = u.ancestor
        WHERE CASE t.level WHEN 'district' THEN d.district = t.place
              ELSE d.level = t.level AND EXISTS (SELECT FROM yuebao.district_ancestor AS w WHERE w.ancestor = t.place AND w.district = d.district) END
        GROUP BY t.threshold, u.ancestor, m.period, t.frequency
    )
    SELECT yuebao.judge_touched(array_agg(t.threshold), array_agg(t.district), array_agg(t.period), array_agg(t.frequency), array_agg(t.batch),
                                'figure') INTO crossed
    FROM touched AS t HAVING count(*) > 0;
    IF crossed > 0 THEN
        PERFORM pg_notify('yuebao_alert', '');
    END IF;
    RETURN coalesce(crossed, 0);
END
$$;
COMMENT ON FUNCTION yuebao.judge_totals() IS
    'Judges the totals that committed batches have moved since it last ran, and announces what crossed; how many alerts it made and cleared. Another '
    'session that does so is waited for.';

-- ---- limits that are new or changed ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.schools_beyond(thresholds integer[])
    RETURNS TABLE (threshold integer, indicator smallint, district integer, period date, frequency text, school integer, form smallint, severity text, direction text,
                   bound numeric, value bigint, denominator bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.threshold, t.indicator, a.district, c.period, t.frequency, g.school, t.form, t.severity, t.direction, t.bound, g.value, g.denominator
    FROM yuebao.threshold_form AS t
    JOIN yuebao.calendar AS c ON c.form = t.form
        AND yuebao.period_last_day(c.period, t.frequency) BETWEEN t.valid_from AND coalesce(t.valid_until, 'infinity')
    JOIN yuebao.district_ancestor AS a ON a.ancestor = t.place
    CROSS JOIN LATERAL (SELECT f.school, f.value, f.denominator FROM yuebao.figure AS f
                        WHERE f.district = a.district AND f.period = c.period AND f.indicator = t.indicator AND f.form = t.form OFFSET 0) AS g
    WHERE t.threshold = ANY (thresholds) AND t.level = 'school'
      AND yuebao.is_beyond(t.direction, t.bound, t.over_schools, t.decimals, t.denominator_decimals, 1, g.value, g.denominator);
END;
COMMENT ON FUNCTION yuebao.schools_beyond(integer[]) IS
    'Schools'' figures that stand beyond these limits: at rest, those with an open alert.';

CREATE FUNCTION yuebao.judge_changed() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed integer[] := ARRAY(SELECT t.threshold FROM yuebao.threshold AS t WHERE NOT t.judged);
    others  integer;
    schools integer;
    totals  integer;
BEGIN
    IF cardinality(changed) = 0 THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('yuebao.judge_totals'));
    -- As a move of a school: who has claimed commits before this lock and is seen below, whoever claims later waits and sees the change.
    LOCK TABLE yuebao.report IN SHARE MODE;

    -- of another indicator nothing is left to compare with
    UPDATE yuebao.alert AS a
    SET cleared_at = now(), cleared_why = 'threshold', cleared_batch = pg_current_xact_id(), written = pg_current_xact_id()
    FROM yuebao.threshold AS t
    WHERE t.threshold = a.threshold AND t.threshold = ANY (changed) AND a.cleared_at IS NULL AND a.indicator <> t.indicator;
    GET DIAGNOSTICS others = ROW_COUNT;
    DELETE FROM yuebao.total_judged AS o WHERE o.threshold = ANY (changed);

    WITH beyond AS MATERIALIZED (
        SELECT b.* FROM yuebao.schools_beyond(changed) AS b
    ), open AS MATERIALIZED (
        SELECT a.district, a.alert, a.threshold, a.period, a.school, a.form FROM yuebao.alert AS a
        WHERE a.threshold = ANY (changed) AND a.cleared_at IS NULL AND a.school IS NOT NULL
    ), cleared AS (
        UPDATE yuebao.alert AS a
        SET cleared_at = now(), cleared_why = 'threshold', cleared_batch = pg_current_xact_id(), written = pg_current_xact_id()
        FROM open AS o
        WHERE a.district = o.district AND a.alert = o.alert
          AND (o.threshold, o.district, o.period, o.school, o.form)
              NOT IN (SELECT b.threshold, b.district, b.period, b.school, b.form FROM beyond AS b)
        RETURNING 1
    ), raised AS (
        INSERT INTO yuebao.alert (threshold, indicator, district, period, frequency, school, form, severity, direction, bound, batch, statement,
                                  schools, value, denominator)
        SELECT b.threshold, b.indicator, b.district, b.period, b.frequency, b.school, b.form, b.severity, b.direction, b.bound, pg_current_xact_id(),
               (SELECT r.id FROM yuebao.report AS r WHERE r.district = b.district AND r.period = b.period AND r.school = b.school AND r.form = b.form
                ORDER BY r.revision DESC LIMIT 1), 1, b.value, b.denominator
        FROM beyond AS b
        WHERE (b.threshold, b.district, b.period, b.school, b.form)
              NOT IN (SELECT o.threshold, o.district, o.period, o.school, o.form FROM open AS o)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM raised) + (SELECT count(*) FROM cleared) INTO schools;

    -- every total that some report moved, and every one that an alert is open of: the limit may not reach it any more
    WITH places AS (
        SELECT DISTINCT t.threshold, d.district, c.period, t.frequency
        FROM yuebao.threshold_form AS t
        JOIN yuebao.calendar AS c ON c.form = t.form
            AND yuebao.period_last_day(c.period, t.frequency) BETWEEN t.valid_from AND coalesce(t.valid_until, 'infinity')
        JOIN yuebao.district_ancestor AS w ON w.ancestor = t.place
        JOIN yuebao.district AS d ON d.district = w.district
        WHERE t.threshold = ANY (changed) AND CASE t.level WHEN 'school' THEN false WHEN 'district' THEN d.district = t.place ELSE d.level = t.level END
    ), ended AS (
        UPDATE yuebao.alert AS a
        SET cleared_at = now(), cleared_why = 'threshold', cleared_batch = pg_current_xact_id(), written = pg_current_xact_id()
        WHERE a.threshold = ANY (changed) AND a.cleared_at IS NULL AND a.school IS NULL
          AND NOT EXISTS (SELECT FROM places AS p WHERE p.threshold = a.threshold AND p.district = a.district AND p.period = a.period
                                                    AND p.frequency = a.frequency)
        RETURNING 1
    ), judged AS (
        SELECT yuebao.judge_touched(array_agg(p.threshold), array_agg(p.district), array_agg(p.period), array_agg(p.frequency),
                                    array_agg(pg_current_xact_id()), 'threshold') AS crossed
        FROM places AS p
        WHERE EXISTS (SELECT FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
                      WHERE c.period = p.period AND f.frequency = p.frequency AND c.opens_at <= now())
        HAVING count(*) > 0
    )
    SELECT (SELECT count(*) FROM ended) + coalesce((SELECT j.crossed FROM judged AS j), 0) INTO totals;

    UPDATE yuebao.threshold AS t SET judged = true WHERE t.threshold = ANY (changed);
    IF others + schools + totals > 0 THEN
        PERFORM pg_notify('yuebao_alert', '');
    END IF;
    RETURN others + schools + totals;
END
$$;
COMMENT ON FUNCTION yuebao.judge_changed() IS
    'Judges what was there before by the limits that are new or changed, and announces it; how many alerts it made and cleared. Collectors wait until it '
    'is committed. Whoever changes yuebao.threshold by hand calls it in the same transaction, as yuebaoctl import does.';

-- ---- whoever takes note ----------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.see_alerts(alerts bigint[], note text) RETURNS TABLE (alert bigint, outcome text, seen_by text, seen_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH named AS MATERIALIZED (
        SELECT n.alert, a.district, a.seen_at, a.seen_by
        FROM (SELECT DISTINCT u.alert FROM unnest(alerts) AS u (alert)) AS n LEFT JOIN yuebao.alert AS a ON a.alert = n.alert
    ), marked AS (
        UPDATE yuebao.alert AS a
        SET seen_at = now(), seen_by = session_user, seen_note = nullif(see_alerts.note, ''), written = pg_current_xact_id()
        FROM named AS n
        WHERE a.district = n.district AND a.alert = n.alert AND a.seen_at IS NULL
        RETURNING a.alert, a.seen_by, a.seen_at
    ), logged AS (
        INSERT INTO yuebao.audit_log (action, detail)
        SELECT 'alerts seen', jsonb_build_object('alerts', jsonb_agg(m.alert ORDER BY m.alert), 'note', see_alerts.note)
        FROM marked AS m HAVING count(*) > 0
    )
    SELECT n.alert, CASE WHEN n.district IS NULL THEN 'unknown' WHEN m.alert IS NOT NULL THEN 'seen' ELSE 'before' END,
           coalesce(m.seen_by, n.seen_by), coalesce(m.seen_at, n.seen_at)
    FROM named AS n LEFT JOIN marked AS m ON m.alert = n.alert
    ORDER BY n.alert;
    PERFORM pg_notify('yuebao_alert', '');
END
$$;
COMMENT ON FUNCTION yuebao.see_alerts(bigint[], text) IS
    'Notes who took note of these alerts, and in what words: seen; before (somebody had, whose words stay); unknown.';

-- ---- what a person admits is judged like what a batch books ------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION yuebao.book_figures(of_district integer, of_period date, of_school integer, of_form smallint, of_revision integer, of_id bytea,
                                               figures jsonb, remarks jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO yuebao.total_delta (district, period, form, indicator, schools, excused, value, denominator)
    SELECT g.district, g.period, g.form, array_agg(g.indicator), array_agg(-(g.missing IS NULL)::integer),
           array_agg(-(g.missing IS NOT NULL)::integer), array_agg(-coalesce(g.value, 0)), array_agg(-coalesce(g.denominator, 0))
    FROM yuebao.replace_figures(ARRAY[of_district], ARRAY[of_period], ARRAY[of_school], ARRAY[of_form], ARRAY[of_revision], ARRAY[of_id]) AS g
    GROUP BY g.district, g.period, g.form;

    WITH booked AS (
        INSERT INTO yuebao.figure AS g (district, period, school, indicator, form, missing, value, denominator)
        SELECT of_district, of_period, of_school, f.indicator, of_form, f.missing, f.value, f.denominator
        FROM jsonb_to_recordset(figures) AS f (indicator smallint, missing smallint, value bigint, denominator bigint)
        RETURNING g.indicator, g.missing, g.value, g.denominator
    )
    INSERT INTO yuebao.total_delta (district, period, form, indicator, schools, excused, value, denominator)
    SELECT of_district, of_period, of_form, array_agg(b.indicator), array_agg((b.missing IS NULL)::integer),
           array_agg((b.missing IS NOT NULL)::integer), array_agg(coalesce(b.value, 0)), array_agg(coalesce(b.denominator, 0))
    FROM booked AS b HAVING count(*) > 0;

    INSERT INTO yuebao.remark (district, period, school, form, revision, position, indicator, rule, found, bound, explanation)
    SELECT of_district, of_period, of_school, of_form, of_revision, r.n - 1, r.indicator, r.rule, r.found, r.bound, r.explanation
    FROM ROWS FROM (jsonb_to_recordset(remarks) AS (indicator smallint, rule text, found text, bound text, explanation text))
        WITH ORDINALITY AS r (indicator, rule, found, bound, explanation, n);

    IF EXISTS (SELECT FROM yuebao.watched_form AS w WHERE w.form = of_form)
       AND yuebao.judge_reports(ARRAY[of_district], ARRAY[of_period], ARRAY[of_school], ARRAY[of_form], ARRAY[of_revision], ARRAY[of_id]) > 0 THEN
        PERFORM pg_notify('yuebao_alert', '');
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION yuebao.is_beyond(text, numeric, text, smallint, smallint, bigint, numeric, numeric), yuebao.watch_forms(),
    yuebao.threshold_changed(), yuebao.threshold_place_changed(), yuebao.threshold_sum_changed(),
    yuebao.judge_reports(integer[], date[], integer[], smallint[], integer[], bytea[]),
    yuebao.judge_touched(integer[], integer[], date[], text[], xid8[], text), yuebao.judge_totals(), yuebao.schools_beyond(integer[]),
    yuebao.judge_changed(), yuebao.see_alerts(bigint[], text) FROM PUBLIC;
GRANT SELECT ON yuebao.watched_form TO yuebao_collector;
GRANT EXECUTE ON FUNCTION yuebao.judge_reports(integer[], date[], integer[], smallint[], integer[], bytea[]), yuebao.judge_totals() TO yuebao_collector;
