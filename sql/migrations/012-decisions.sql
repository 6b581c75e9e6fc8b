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
    outcome text := yuebao.hold_kept(decline.id);
BEGIN
    IF outcome = 'waiting' THEN
        PERFORM yuebao.write_decision(decline.id, false, decline.reason, decline.decided_at, decline.answer);
        RETURN 'declined';
    END IF;
    RETURN outcome;
END
$$;
COMMENT ON FUNCTION yuebao.decline(bytea, text, timestamptz, bytea) IS
    'Declines a kept statement for good; answer is the packed Answer with the signed verdict. declined, or what hold_kept says, and nothing is changed.';

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

REVOKE EXECUTE ON FUNCTION yuebao.hold_kept(bytea), yuebao.write_decision(bytea, boolean, text, timestamptz, bytea),
    yuebao.decline(bytea, text, timestamptz, bytea), yuebao.book_figures(integer, date, integer, smallint, integer, bytea, jsonb, jsonb),
    yuebao.admit(bytea, bytea, smallint, text, text, text, text, jsonb, jsonb, text, timestamptz, bytea) FROM PUBLIC;
