-- What people decide about reports: whether one that came after close is admitted, whether one that was accepted is seen or returned, and
-- when a district's period is declared. One transaction each, every one in audit_log.

-- ---- what came after close -----------------------------------------------------------------------------------------------------------

CREATE INDEX kept_by_id ON yuebao.kept (id);

-- A school that moved may have sent the same statement into two districts: it is one statement, decided once.
CREATE FUNCTION yuebao.hold_kept(id bytea) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held integer;
BEGIN
    PERFORM FROM yuebao.kept AS k WHERE k.id = hold_kept.id ORDER BY k.district FOR NO KEY UPDATE;
    GET DIAGNOSTICS held = ROW_COUNT;
    RETURN CASE
        WHEN held = 0 THEN 'unknown'
        WHEN EXISTS (SELECT FROM yuebao.kept AS k
                     JOIN yuebao.decision AS d ON d.district = k.district AND d.period = k.period AND d.school = k.school
                         AND d.form = k.form AND d.id = k.id
                     WHERE k.id = hold_kept.id) THEN 'decided'
        WHEN EXISTS (SELECT FROM yuebao.kept AS k
                     JOIN yuebao.school_district AS m ON m.school = k.school
                     JOIN yuebao.report AS r ON r.district = m.district AND r.period = k.period AND r.school = k.school
                         AND r.form = k.form AND r.revision = k.revision AND r.id = k.id
                     WHERE k.id = hold_kept.id) THEN 'booked'
        ELSE 'waiting'
    END;
END
$$;
COMMENT ON FUNCTION yuebao.hold_kept(bytea) IS
    'Whether a kept statement can be decided, and that nobody else does it before this transaction ends: waiting (it can); decided; booked (it was '
    'sent again while its period was open); unknown.';

CREATE FUNCTION yuebao.write_decision(id bytea, admitted boolean, reason text, decided_at timestamptz, answer bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO yuebao.decision (district, period, school, form, id, admitted, reason, decided_at, answer)
    SELECT k.district, k.period, k.school, k.form, k.id, write_decision.admitted, write_decision.reason, write_decision.decided_at,
           write_decision.answer
    FROM yuebao.kept AS k WHERE k.id = write_decision.id;
    INSERT INTO yuebao.audit_log (action, detail)
    SELECT CASE WHEN write_decision.admitted THEN 'admit' ELSE 'decline' END,
           jsonb_build_object('school', s.code, 'form', f.code, 'period', yuebao.period_text(k.period, f.frequency), 'revision', k.revision,
                              'id', encode(k.id, 'hex'), 'reason', write_decision.reason)
    FROM yuebao.kept AS k JOIN yuebao.school AS s ON s.school = k.school JOIN yuebao.form AS f ON f.form = k.form
    WHERE k.id = write_decision.id LIMIT 1;
END;
COMMENT ON FUNCTION yuebao.write_decision(bytea, boolean, text, timestamptz, bytea) IS
    'The decision and its line in audit_log; called by admit and decline, which hold the statement.';

CREATE FUNCTION yuebao.decline(id bytea, reason text, decided_at timestamptz, answer bytea) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome text;
BEGIN
    -- A claim of the same statement, in a period that was opened again, reads decisions in its own INSERT: it either commits before this lock and
    -- is seen below, or waits and then sees the decision.
    LOCK TABLE yuebao.report IN SHARE MODE;
    outcome := yuebao.hold_kept(decline.id);
    IF outcome = 'waiting' THEN
        PERFORM yuebao.write_decision(decline.id, false, decline.reason, decline.decided_at, decline.answer);
        RETURN 'declined';
    END IF;
    RETURN outcome;
END
$$;
COMMENT ON FUNCTION yuebao.decline(bytea, text, timestamptz, bytea) IS
    'Declines a kept statement for good; answer is the packed Answer with the signed verdict. declined, or what hold_kept says, and nothing is changed. '
    'Collectors wait until it is committed.';

-- figures: [{"indicator": 1, "value": 12, "denominator": 0}, {"indicator": 2, "missing": 3}, …], as stored;
-- remarks: [{"indicator": 1, "rule": "…", "found": "…", "bound": "…", "explanation": "…"}, …].
CREATE FUNCTION yuebao.book_figures(of_district integer, of_period date, of_school integer, of_form smallint, of_revision integer, of_id bytea,
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
END
$$;
COMMENT ON FUNCTION yuebao.book_figures(integer, date, integer, smallint, integer, bytea, jsonb, jsonb) IS
    'The figures and remarks of a revision that this transaction has put into yuebao.report: what it replaces goes into the history, and the totals '
    'are right in the same transaction. Called by admit.';

CREATE FUNCTION yuebao.admit(id bytea, previous bytea, catalogue smallint, filler text, reviewer text, head text, correction text,
                             figures jsonb, remarks jsonb, reason text, decided_at timestamptz, answer bytea,
                             OUT outcome text, OUT held_revision integer, OUT held_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    k     record;
    place integer;
BEGIN
    outcome := yuebao.hold_kept(admit.id);
    IF outcome <> 'waiting' THEN
        RETURN;
    END IF;
    -- as a claim of the collector: the district is read in the statement that claims, after this lock, so that a move is either seen or waits
    LOCK TABLE yuebao.report IN ROW EXCLUSIVE MODE;
    SELECT o.*, yuebao.school_district_on(o.school, yuebao.period_last_day(o.period, f.frequency)) AS place INTO STRICT k
    FROM yuebao.kept AS o JOIN yuebao.form AS f ON f.form = o.form WHERE o.id = admit.id ORDER BY o.district LIMIT 1;
    INSERT INTO yuebao.report AS r (district, period, school, form, revision, id, catalogue, key, received_at, late, admitted, filler, reviewer,
                                    head, correction, envelope, receipt)
    SELECT k.place, k.period, k.school, k.form, k.revision, k.id, admit.catalogue, k.key, k.received_at, true, true, admit.filler,
           admit.reviewer, admit.head, admit.correction, k.envelope, admit.answer
    WHERE k.place IS NOT NULL
      AND (k.revision = 1 OR admit.previous = (SELECT p.id FROM yuebao.report AS p WHERE p.district = k.place AND p.period = k.period
                                               AND p.school = k.school AND p.form = k.form AND p.revision = k.revision - 1))
    ON CONFLICT ON CONSTRAINT report_pk DO NOTHING
    RETURNING r.district INTO place;
    IF NOT FOUND THEN
        outcome := CASE WHEN k.place IS NULL THEN 'moved' ELSE 'not_next' END;
        SELECT p.revision, p.received_at INTO held_revision, held_at FROM yuebao.report AS p
        WHERE p.district = k.place AND p.period = k.period AND p.school = k.school AND p.form = k.form ORDER BY p.revision DESC LIMIT 1;
        RETURN;
    END IF;
    PERFORM yuebao.book_figures(place, k.period, k.school, k.form, k.revision, k.id, admit.figures, admit.remarks);
    PERFORM yuebao.write_decision(admit.id, true, admit.reason, admit.decided_at, admit.answer);
    outcome := 'admitted';
END
$$;
COMMENT ON FUNCTION yuebao.admit(bytea, bytea, smallint, text, text, text, text, jsonb, jsonb, text, timestamptz, bytea) IS
    'Books a kept statement, whose contents the caller has read out of its envelope and checked; answer is the packed Answer with the signed receipt. '
    'admitted; or, and nothing is changed: what hold_kept says; not_next (the slot holds held_revision, received at held_at, and this is not the one '
    'after it); moved (the school belonged to no district on the period''s last day).';

-- ---- review --------------------------------------------------------------------------------------------------------------------------

-- A declaration rests on the reviews that were there when it was made. Who writes a review or a declaration holds the table of reviews until
-- he commits, so their numbers tell before from after, whatever the clocks say.
ALTER TABLE yuebao.declaration ADD COLUMN reviewed bigint NOT NULL;
COMMENT ON COLUMN yuebao.declaration.reviewed IS 'The newest review that it rests on: what was reviewed or came after that reopens it.';

CREATE VIEW yuebao.reviewed AS
SELECT o.district, o.period, o.school, o.form, n.revision, n.received_at, n.late, n.admitted, n.correction,
       v.review, coalesce(v.verdict, 'waiting') AS verdict, v.note, v.made_by, v.made_at
FROM yuebao.report AS o
CROSS JOIN LATERAL (SELECT r.revision, r.received_at, r.late, r.admitted, r.correction FROM yuebao.report AS r
                    WHERE r.district = o.district AND r.period = o.period AND r.school = o.school AND r.form = o.form
                    ORDER BY r.revision DESC LIMIT 1) AS n
LEFT JOIN LATERAL (SELECT w.review, w.verdict, w.note, w.made_by, w.made_at FROM yuebao.review AS w
                   WHERE w.district = o.district AND w.period = o.period AND w.school = o.school AND w.form = o.form AND w.revision = n.revision
                   ORDER BY w.review DESC LIMIT 1) AS v ON true
WHERE o.revision = 1;
COMMENT ON VIEW   yuebao.reviewed IS 'The newest revision of every slot, and the newest that a bureau said of it. Ask by district and period.';
COMMENT ON COLUMN yuebao.reviewed.district IS 'As in report.';
COMMENT ON COLUMN yuebao.reviewed.period IS 'As in report.';
COMMENT ON COLUMN yuebao.reviewed.school IS 'As in report.';
COMMENT ON COLUMN yuebao.reviewed.form IS 'As in report.';
COMMENT ON COLUMN yuebao.reviewed.revision IS 'The newest.';
COMMENT ON COLUMN yuebao.reviewed.received_at IS 'As in report.';
COMMENT ON COLUMN yuebao.reviewed.late IS 'As in report.';
COMMENT ON COLUMN yuebao.reviewed.admitted IS 'As in report.';
COMMENT ON COLUMN yuebao.reviewed.correction IS 'As in report.';
COMMENT ON COLUMN yuebao.reviewed.review IS 'The review that counts; NULL: none yet.';
COMMENT ON COLUMN yuebao.reviewed.verdict IS 'waiting, seen or returned.';
COMMENT ON COLUMN yuebao.reviewed.note IS 'As in review.';
COMMENT ON COLUMN yuebao.reviewed.made_by IS 'As in review.';
COMMENT ON COLUMN yuebao.reviewed.made_at IS 'As in review.';

CREATE FUNCTION yuebao.count_reviews(in_district integer, of_period date, of_frequency text,
                                     OUT waiting integer, OUT returned integer, OUT seen integer, OUT expected integer, OUT reported integer,
                                     OUT kept integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.waiting, r.returned, r.seen, o.expected, o.reported, k.kept
    FROM (SELECT count(*) FILTER (WHERE v.verdict = 'waiting')::integer AS waiting, count(*) FILTER (WHERE v.verdict = 'returned')::integer AS returned,
                 count(*) FILTER (WHERE v.verdict = 'seen')::integer AS seen
          FROM yuebao.reviewed AS v JOIN yuebao.form AS f ON f.form = v.form
          WHERE v.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district))
            AND v.period = of_period AND f.frequency = of_frequency) AS r
    CROSS JOIN (SELECT count(*)::integer AS expected,
                       count(*) FILTER (WHERE EXISTS (SELECT FROM yuebao.report AS p
                                                      WHERE p.district = s.district AND p.period = s.period AND p.school = s.school
                                                        AND p.form = s.form AND p.revision = 1))::integer AS reported
                FROM yuebao.slot AS s
                WHERE s.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district))
                  AND s.period = of_period AND s.frequency = of_frequency AND s.opens_at <= now()) AS o
    CROSS JOIN (SELECT count(*)::integer AS kept
                FROM yuebao.undecided AS u JOIN yuebao.form AS f ON f.form = u.form
                WHERE u.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district))
                  AND u.period = of_period AND f.frequency = of_frequency) AS k;
END;
COMMENT ON FUNCTION yuebao.count_reviews(integer, date, text) IS
    'Of a district with all below it and a period: newest revisions that wait for review, were returned, were seen; slots that are owed and of these '
    'reported; statements that came after close and wait for a decision.';

CREATE FUNCTION yuebao.changed_since(declaration yuebao.declaration)
    RETURNS TABLE (district integer, period date, school integer, form smallint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT v.district, v.period, v.school, v.form
    FROM yuebao.reviewed AS v JOIN yuebao.form AS f ON f.form = v.form
    WHERE v.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = (declaration).district))
      AND v.period = (declaration).period AND f.frequency = (declaration).frequency
      AND NOT (v.verdict = 'seen' AND v.review <= (declaration).reviewed);
END;
COMMENT ON FUNCTION yuebao.changed_since(yuebao.declaration) IS
    'What reopens a declaration: slots whose newest revision is not one that had been seen when it was made, be it new, admitted, corrected or returned.';

CREATE FUNCTION yuebao.is_declared(in_district integer, of_period date, of_frequency text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce((SELECT NOT EXISTS (SELECT FROM yuebao.changed_since(d))
                     FROM yuebao.declaration AS d
                     WHERE d.district = in_district AND d.period = of_period AND d.frequency = of_frequency
                     ORDER BY d.declaration DESC LIMIT 1), false);
END;
COMMENT ON FUNCTION yuebao.is_declared(integer, date, text) IS 'Whether the district''s period is declared, and nothing changed since.';

CREATE FUNCTION yuebao.mark_seen(districts integer[], periods date[], schools integer[], forms smallint[], revisions integer[])
    RETURNS TABLE (district integer, period date, school integer, form smallint, revision integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked integer;
BEGIN
    LOCK TABLE yuebao.review IN SHARE ROW EXCLUSIVE MODE;
    RETURN QUERY
    INSERT INTO yuebao.review AS w (district, period, school, form, revision, verdict)
    SELECT DISTINCT v.district, v.period, v.school, v.form, v.revision, 'seen'
    FROM unnest(districts, periods, schools, forms, revisions) AS s (district, period, school, form, revision)
    JOIN yuebao.reviewed AS v ON v.district = s.district AND v.period = s.period AND v.school = s.school AND v.form = s.form
    WHERE v.revision = s.revision AND v.verdict <> 'seen'
    RETURNING w.district, w.period, w.school, w.form, w.revision;
    GET DIAGNOSTICS marked = ROW_COUNT;
    IF marked > 0 THEN
        INSERT INTO yuebao.audit_log (action, detail) VALUES ('seen', jsonb_build_object('reports', marked));
    END IF;
END
$$;
COMMENT ON FUNCTION yuebao.mark_seen(integer[], date[], integer[], smallint[], integer[]) IS
    'Marks these revisions as seen and returns those that it marked. The arrays are parallel, an element a report. What is not the newest revision any '
    'more, or is seen already, is passed over: a revision that nobody looked at is never marked.';

CREATE FUNCTION yuebao.return_report(of_district integer, of_period date, of_school integer, of_form smallint, of_revision integer, with_note text)
    RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    newest integer;
BEGIN
    LOCK TABLE yuebao.review IN SHARE ROW EXCLUSIVE MODE;
    SELECT v.revision INTO newest FROM yuebao.reviewed AS v
    WHERE v.district = of_district AND v.period = of_period AND v.school = of_school AND v.form = of_form;
    IF NOT FOUND THEN
        RETURN 'unknown';
    ELSIF newest <> of_revision THEN
        RETURN 'not_newest';
    END IF;
    INSERT INTO yuebao.review (district, period, school, form, revision, verdict, note)
    VALUES (of_district, of_period, of_school, of_form, of_revision, 'returned', with_note);
    INSERT INTO yuebao.audit_log (action, detail)
    SELECT 'return', jsonb_build_object('school', s.code, 'form', f.code, 'period', yuebao.period_text(of_period, f.frequency), 'revision', of_revision,
                                        'note', with_note)
    FROM yuebao.school AS s, yuebao.form AS f WHERE s.school = of_school AND f.form = of_form;
    RETURN 'returned';
END
$$;
COMMENT ON FUNCTION yuebao.return_report(integer, date, integer, smallint, integer, text) IS
    'Returns the newest revision of a slot to its school with a note, which its desk shows: returned; not_newest (another came meanwhile) or unknown, '
    'and nothing is changed.';

CREATE FUNCTION yuebao.declare_period(in_district integer, of_period date, of_frequency text, with_note text,
                                      OUT outcome text, OUT waiting integer, OUT returned integer, OUT expected integer, OUT reported integer,
                                      OUT kept integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE yuebao.review IN SHARE ROW EXCLUSIVE MODE;
    SELECT c.waiting, c.returned, c.expected, c.reported, c.kept INTO waiting, returned, expected, reported, kept
    FROM yuebao.count_reviews(in_district, of_period, of_frequency) AS c;
    outcome := CASE
        WHEN expected = 0 THEN 'nothing'
        WHEN waiting > 0 OR returned > 0 THEN 'waiting'
        WHEN yuebao.is_declared(in_district, of_period, of_frequency) THEN 'declared_before'
        WHEN reported < expected AND with_note = '' THEN 'missing'
        ELSE 'declared'
    END;
    IF outcome <> 'declared' THEN
        RETURN;
    END IF;
    INSERT INTO yuebao.declaration (district, period, frequency, expected, reported, note, reviewed)
    VALUES (in_district, of_period, of_frequency, expected, reported, with_note, (SELECT coalesce(max(w.review), 0) FROM yuebao.review AS w));
    INSERT INTO yuebao.audit_log (action, detail)
    VALUES ('declare', jsonb_build_object('district', in_district, 'period', yuebao.period_text(of_period, of_frequency), 'expected', expected,
                                          'reported', reported, 'note', with_note));
END
$$;
COMMENT ON FUNCTION yuebao.declare_period(integer, date, text, text) IS
    'Declares a district''s period, with all districts below it: declared. Or, and nothing is changed: waiting (reports wait for review, or were '
    'returned), missing (reports are, and no note says why), declared_before (and nothing changed since), nothing (the period has not opened).';

REVOKE EXECUTE ON FUNCTION yuebao.hold_kept(bytea), yuebao.write_decision(bytea, boolean, text, timestamptz, bytea),
    yuebao.decline(bytea, text, timestamptz, bytea), yuebao.book_figures(integer, date, integer, smallint, integer, bytea, jsonb, jsonb),
    yuebao.admit(bytea, bytea, smallint, text, text, text, text, jsonb, jsonb, text, timestamptz, bytea),
    yuebao.count_reviews(integer, date, text), yuebao.changed_since(yuebao.declaration), yuebao.is_declared(integer, date, text),
    yuebao.mark_seen(integer[], date[], integer[], smallint[], integer[]),
    yuebao.return_report(integer, date, integer, smallint, integer, text), yuebao.declare_period(integer, date, text, text) FROM PUBLIC;
