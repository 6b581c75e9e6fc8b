-- Counts of what is owed and of what came, kept exact at once, so that a province is counted without looking at its schools' reports one by one.
--
-- What is owed:  yuebao.owed is yuebao.slot, counted by window and district; triggers on everything from which slots follow keep it.
-- What came:     under indicator 0, which no indicator has, total_folded and total_delta count the reports themselves, in the very same rows as their figures'
--                totals: schools = first revisions, excused = of these the late ones, value = slots that were corrected, denominator = admitted reports.
-- What came and is not owed any more (a school was said to have closed earlier, say): counted above, and taken away where slots are counted; it can only be
--                a report of a school that yuebao.school_change names, so it is looked for there alone.

-- ---- what came -------------------------------------------------------------------------------------------------------------------------

LOCK TABLE yuebao.report IN SHARE MODE; -- nothing comes between the first count and the trigger
INSERT INTO yuebao.total_folded AS t (district, period, form, indicator, schools, excused, value, denominator)
SELECT r.district, r.period, r.form, 0, count(*) FILTER (WHERE r.revision = 1), count(*) FILTER (WHERE r.revision = 1 AND r.late),
       count(*) FILTER (WHERE r.revision = 2), count(*) FILTER (WHERE r.admitted)
FROM yuebao.report AS r GROUP BY r.district, r.period, r.form;

-- The collector counts what it books, beside the totals of its figures, and says so. Everybody else's rows are counted here: an administrator's who
-- admits what came after close, an older collector's while machines are renewed one by one.
CREATE FUNCTION yuebao.count_reports() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO yuebao.total_delta (district, period, form, indicator, schools, excused, value, denominator)
    SELECT r.district, r.period, r.form, ARRAY[0::smallint], ARRAY[count(*) FILTER (WHERE r.revision = 1)::integer],
           ARRAY[count(*) FILTER (WHERE r.revision = 1 AND r.late)::integer], ARRAY[count(*) FILTER (WHERE r.revision = 2)],
           ARRAY[count(*) FILTER (WHERE r.admitted)]
    FROM added AS r
    WHERE r.revision <= 2 OR r.admitted
    GROUP BY r.district, r.period, r.form;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.count_reports() IS
    'Counts accepted reports in the totals, in the transaction that accepts them; for sessions that do not do so themselves (yuebao.counts_reports).';
REVOKE EXECUTE ON FUNCTION yuebao.count_reports() FROM PUBLIC;
CREATE TRIGGER report_counted AFTER INSERT ON yuebao.report REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT WHEN (current_setting('yuebao.counts_reports', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION yuebao.count_reports();

COMMENT ON COLUMN yuebao.total_folded.indicator IS 'The indicator; 0: the reports themselves are counted.';
COMMENT ON COLUMN yuebao.total_folded.schools IS 'Schools with a value; of reports: first revisions.';
COMMENT ON COLUMN yuebao.total_folded.excused IS 'Schools with a reason instead; of reports: late first revisions.';
COMMENT ON COLUMN yuebao.total_folded.value IS 'Sum of values; of reports: slots that were corrected.';
COMMENT ON COLUMN yuebao.total_folded.denominator IS 'Sum of denominators; of reports: those that came after close and were admitted.';
COMMENT ON COLUMN yuebao.total_delta.indicator IS 'Indicators, one element each, ascending; 0: the reports themselves, as in total_folded.';

-- ---- what is owed ----------------------------------------------------------------------------------------------------------------------

CREATE TABLE yuebao.owed (
    form     smallint NOT NULL,
    period   date     NOT NULL,
    district integer  NOT NULL,
    slots    integer  NOT NULL CONSTRAINT owed_by_somebody CHECK (slots > 0),
    CONSTRAINT owed_pk PRIMARY KEY (form, period, district)
);
CREATE INDEX owed_by_district ON yuebao.owed (district, period);
COMMENT ON TABLE  yuebao.owed IS 'yuebao.slot, counted: how many of a district''s own schools owe a window''s report, opened or not. Kept by triggers, never written by hand.';
COMMENT ON COLUMN yuebao.owed.form IS 'As in slot.';
COMMENT ON COLUMN yuebao.owed.period IS 'As in slot.';
COMMENT ON COLUMN yuebao.owed.district IS 'As in slot.';
COMMENT ON COLUMN yuebao.owed.slots IS 'How many slots.';

CREATE TABLE yuebao.school_change (
    school   integer NOT NULL,
    district integer NOT NULL,
    CONSTRAINT school_change_pk PRIMARY KEY (district, school)
);
COMMENT ON TABLE  yuebao.school_change IS 'Schools whose kind, life, district or one-off forms were changed after they were entered: only of these a report can lie where nothing is owed any more. Kept by triggers.';
COMMENT ON COLUMN yuebao.school_change.school IS 'The school.';
COMMENT ON COLUMN yuebao.school_change.district IS 'A district in which its reports may be.';

-- Counts anew what these districts owe (NULL: all), in these windows (NULL: all). Who counts holds the table, so that what another administrator has just
-- changed is committed and seen; readers and collectors wait for nothing.
CREATE FUNCTION yuebao.count_owed(in_districts integer[], of_forms smallint[], of_periods date[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE yuebao.owed IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM yuebao.owed AS o
    WHERE (in_districts IS NULL OR o.district = ANY (in_districts))
      AND (of_forms IS NULL OR (o.form, o.period) IN (SELECT w.form, w.period FROM unnest(of_forms, of_periods) AS w (form, period)));
    IF of_forms IS NOT NULL THEN
        INSERT INTO yuebao.owed (form, period, district, slots)
        SELECT s.form, s.period, s.district, count(*)
        FROM unnest(of_forms, of_periods) AS w (form, period)
        CROSS JOIN LATERAL (SELECT o.form, o.period, o.district FROM yuebao.slot AS o WHERE o.form = w.form AND o.period = w.period OFFSET 0) AS s
        GROUP BY s.form, s.period, s.district;
    ELSIF in_districts IS NOT NULL THEN
        INSERT INTO yuebao.owed (form, period, district, slots)
        SELECT s.form, s.period, s.district, count(*) FROM yuebao.slot AS s WHERE s.district = ANY (in_districts)
        GROUP BY s.form, s.period, s.district;
    ELSE
        INSERT INTO yuebao.owed (form, period, district, slots)
        SELECT s.form, s.period, s.district, count(*) FROM yuebao.slot AS s GROUP BY s.form, s.period, s.district;
    END IF;
END
$$;
COMMENT ON FUNCTION yuebao.count_owed(integer[], smallint[], date[]) IS
    'Counts yuebao.slot into yuebao.owed: of these districts (NULL: all), or of these windows (two parallel arrays; NULL: all).';
REVOKE EXECUTE ON FUNCTION yuebao.count_owed(integer[], smallint[], date[]) FROM PUBLIC;
SELECT yuebao.count_owed(NULL, NULL, NULL);

-- What already stands in the ledger may be of any school that ever changed, and nobody wrote down which: those that do not owe what they reported.
INSERT INTO yuebao.school_change (school, district)
SELECT DISTINCT r.school, r.district FROM yuebao.report AS r
WHERE r.revision = 1
  AND NOT EXISTS (SELECT FROM yuebao.slot AS o WHERE o.school = r.school AND o.form = r.form AND o.period = r.period AND o.district = r.district);

-- Every trigger below calls one of these two with the schools or windows that its statement changed.
CREATE FUNCTION yuebao.schools_changed(schools integer[], districts integer[], mark boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    all_of integer[] := ARRAY(SELECT m.district FROM yuebao.school_district AS m WHERE m.school = ANY (schools) UNION SELECT d FROM unnest(districts) AS d);
BEGIN
    IF mark THEN
        INSERT INTO yuebao.school_change (school, district)
        SELECT m.school, m.district FROM yuebao.school_district AS m WHERE m.school = ANY (schools)
        UNION
        SELECT c.school, c.district FROM unnest(schools, districts) AS c (school, district) WHERE c.school IS NOT NULL AND c.district IS NOT NULL
        ON CONFLICT ON CONSTRAINT school_change_pk DO NOTHING;
    END IF;
    IF cardinality(all_of) > 0 THEN
        PERFORM yuebao.count_owed(all_of, NULL, NULL);
    END IF;
END
$$;
COMMENT ON FUNCTION yuebao.schools_changed(integer[], integer[], boolean) IS
    'Counts anew what the districts of these schools owe, and these districts (those that a school has left); mark: remembers the schools in school_change.';
REVOKE EXECUTE ON FUNCTION yuebao.schools_changed(integer[], integer[], boolean) FROM PUBLIC;

CREATE FUNCTION yuebao.recount_owed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE TG_ARGV[0]
    WHEN 'school' THEN -- of a school that was just entered, school_district tells
        PERFORM yuebao.schools_changed(array_agg(c.school), NULL, true)
        FROM before AS b JOIN changed AS c ON c.school = b.school
        WHERE (b.kind, b.opened_on, b.closed_on) IS DISTINCT FROM (c.kind, c.opened_on, c.closed_on)
        HAVING count(*) > 0;
    WHEN 'entered' THEN
        PERFORM yuebao.schools_changed(array_agg(c.school), NULL, false) FROM changed AS c
        WHERE NOT EXISTS (SELECT FROM yuebao.school_district AS o WHERE o.school = c.school AND o.valid_from <> c.valid_from) HAVING count(*) > 0;
        PERFORM yuebao.schools_changed(array_agg(c.school), NULL, true) FROM changed AS c
        WHERE EXISTS (SELECT FROM yuebao.school_district AS o WHERE o.school = c.school AND o.valid_from <> c.valid_from) HAVING count(*) > 0;
    WHEN 'left' THEN
        PERFORM yuebao.schools_changed(array_agg(c.school), array_agg(c.district), true) FROM changed AS c HAVING count(*) > 0;
    WHEN 'chosen' THEN
        PERFORM yuebao.schools_changed(array_agg(c.school), NULL, TG_OP <> 'INSERT') FROM changed AS c HAVING count(*) > 0;
    WHEN 'window' THEN
        PERFORM yuebao.count_owed(NULL, array_agg(c.form), array_agg(c.period)) FROM (SELECT DISTINCT w.form, w.period FROM changed AS w) AS c HAVING count(*) > 0;
    END CASE;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.recount_owed() IS 'Keeps yuebao.owed and yuebao.school_change; its argument says what has changed.';
REVOKE EXECUTE ON FUNCTION yuebao.recount_owed() FROM PUBLIC;

CREATE TRIGGER owed_kept AFTER UPDATE ON yuebao.school
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('school');
CREATE TRIGGER owed_kept_entered AFTER INSERT ON yuebao.school_district
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('entered');
CREATE TRIGGER owed_kept_now AFTER UPDATE ON yuebao.school_district
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('left');
CREATE TRIGGER owed_kept_before AFTER UPDATE ON yuebao.school_district
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('left');
CREATE TRIGGER owed_kept_left AFTER DELETE ON yuebao.school_district
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('left');
CREATE TRIGGER owed_kept AFTER INSERT ON yuebao.form_school
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('chosen');
CREATE TRIGGER owed_kept_left AFTER DELETE ON yuebao.form_school
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('chosen');
CREATE TRIGGER owed_kept AFTER INSERT ON yuebao.calendar
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('window');
CREATE TRIGGER owed_kept_now AFTER UPDATE ON yuebao.calendar
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('window');
CREATE TRIGGER owed_kept_before AFTER UPDATE ON yuebao.calendar
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('window');
CREATE TRIGGER owed_kept_left AFTER DELETE ON yuebao.calendar
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.recount_owed('window');

-- ---- who sees it -----------------------------------------------------------------------------------------------------------------------

SELECT yuebao.guard('yuebao.owed', 'district', form => 'form');
SELECT yuebao.guard('yuebao.school_change', 'district', 'school');

-- A department sees of the forms that ask for its indicators whether they are reported: so, of these, the counts under 0.
DROP POLICY seen ON yuebao.total_folded;
CREATE POLICY seen ON yuebao.total_folded FOR SELECT TO yuebao_teller USING (
    ((SELECT yuebao.sees_every_district()) OR district = ANY ((SELECT yuebao.seen_districts())::integer[]))
    AND ((SELECT yuebao.sees_every_indicator()) OR indicator = ANY ((SELECT yuebao.seen_indicators())::smallint[])
         OR indicator = 0 AND form = ANY ((SELECT yuebao.seen_forms())::smallint[])));
CREATE OR REPLACE VIEW yuebao.total_unfolded WITH (security_barrier) AS
SELECT d.district, d.period, d.form, u.indicator, u.schools, u.excused, u.value, u.denominator
FROM yuebao.total_delta AS d
CROSS JOIN LATERAL unnest(d.indicator, d.schools, d.excused, d.value, d.denominator) AS u (indicator, schools, excused, value, denominator)
WHERE ((SELECT yuebao.sees_every_district()) OR d.district = ANY ((SELECT yuebao.seen_districts())::integer[]))
  AND ((SELECT yuebao.sees_every_indicator()) OR u.indicator = ANY ((SELECT yuebao.seen_indicators())::smallint[])
       OR u.indicator = 0 AND d.form = ANY ((SELECT yuebao.seen_forms())::smallint[]));

-- ---- both, side by side ----------------------------------------------------------------------------------------------------------------

CREATE VIEW yuebao.school_extension AS
SELECT o.form, o.period, o.district, count(*) AS slots, count(*) FILTER (WHERE n.form IS NULL) AS alone, min(e.opens_at) AS first_opens_at,
       max(e.opens_at) AS last_opens_at, min(e.due_at) AS first_due_at, max(e.due_at) AS last_due_at, max(e.closes_at) AS last_closes_at
FROM yuebao.extension AS e
CROSS JOIN LATERAL (SELECT s.form, s.period, s.district FROM yuebao.slot AS s
                    WHERE s.form = e.form AND s.period = e.period AND s.school = e.school OFFSET 0) AS o
LEFT JOIN yuebao.district_extension AS n ON n.form = o.form AND n.period = o.period AND n.district = o.district
WHERE e.school IS NOT NULL
GROUP BY o.form, o.period, o.district;
COMMENT ON VIEW   yuebao.school_extension IS 'Extensions of single schools, by window and district: those of schools that owe it.';
COMMENT ON COLUMN yuebao.school_extension.form IS 'As in slot.';
COMMENT ON COLUMN yuebao.school_extension.period IS 'As in slot.';
COMMENT ON COLUMN yuebao.school_extension.district IS 'As in slot.';
COMMENT ON COLUMN yuebao.school_extension.slots IS 'How many slots have one of their own.';
COMMENT ON COLUMN yuebao.school_extension.alone IS 'Of these, where their district has none.';
COMMENT ON COLUMN yuebao.school_extension.first_opens_at IS 'The earliest that it opens for one of them.';
COMMENT ON COLUMN yuebao.school_extension.last_opens_at IS 'The latest.';
COMMENT ON COLUMN yuebao.school_extension.first_due_at IS 'The earliest that it is due for one of them.';
COMMENT ON COLUMN yuebao.school_extension.last_due_at IS 'The latest.';
COMMENT ON COLUMN yuebao.school_extension.last_closes_at IS 'The latest that it closes for one of them.';

-- Not owed any more: looked for with the schools that changed, by the ledger's key.
CREATE VIEW yuebao.unowed AS
SELECT r.district, r.period, r.form, count(*) FILTER (WHERE r.revision = 1) AS reported, count(*) FILTER (WHERE r.revision = 1 AND r.late) AS late,
       count(*) FILTER (WHERE r.revision = 2) AS corrected, count(*) FILTER (WHERE r.admitted) AS admitted
FROM yuebao.school_change AS c
JOIN yuebao.report AS r ON r.district = c.district AND r.school = c.school
WHERE NOT EXISTS (SELECT FROM yuebao.slot AS o WHERE o.school = r.school AND o.form = r.form AND o.period = r.period AND o.district = r.district OFFSET 0)
GROUP BY r.district, r.period, r.form;
COMMENT ON VIEW   yuebao.unowed IS 'Accepted reports that nobody owes any more, counted by window and district.';
COMMENT ON COLUMN yuebao.unowed.district IS 'As in report.';
COMMENT ON COLUMN yuebao.unowed.period IS 'As in report.';
COMMENT ON COLUMN yuebao.unowed.form IS 'As in report.';
COMMENT ON COLUMN yuebao.unowed.reported IS 'First revisions.';
COMMENT ON COLUMN yuebao.unowed.late IS 'Late first revisions.';
COMMENT ON COLUMN yuebao.unowed.corrected IS 'Slots that were corrected.';
COMMENT ON COLUMN yuebao.unowed.admitted IS 'Reports that were admitted.';

CREATE VIEW yuebao.slot_count AS
SELECT o.district, o.period, o.form, f.kind, f.frequency, c.catalogue, o.slots,
       least(CASE WHEN o.slots > coalesce(own.slots, 0) THEN coalesce(near.opens_at, c.opens_at) END, own.first_opens_at) AS first_opens_at,
       greatest(CASE WHEN o.slots > coalesce(own.slots, 0) THEN coalesce(near.opens_at, c.opens_at) END, own.last_opens_at) AS last_opens_at,
       least(CASE WHEN o.slots > coalesce(own.slots, 0) THEN coalesce(near.due_at, c.due_at) END, own.first_due_at) AS first_due_at,
       greatest(CASE WHEN o.slots > coalesce(own.slots, 0) THEN coalesce(near.due_at, c.due_at) END, own.last_due_at) AS last_due_at,
       greatest(CASE WHEN o.slots > coalesce(own.slots, 0) THEN coalesce(near.closes_at, c.closes_at) END, own.last_closes_at) AS last_closes_at,
       CASE WHEN near.form IS NOT NULL THEN o.slots ELSE coalesce(own.alone, 0) END AS extended,
       n.reported - coalesce(u.reported, 0) AS reported, n.late - coalesce(u.late, 0) AS late, n.corrected - coalesce(u.corrected, 0) AS corrected,
       n.admitted - coalesce(u.admitted, 0) AS admitted
FROM yuebao.owed AS o
JOIN yuebao.calendar AS c ON c.form = o.form AND c.period = o.period
JOIN yuebao.form AS f ON f.form = o.form
LEFT JOIN yuebao.district_extension AS near ON near.form = o.form AND near.period = o.period AND near.district = o.district
LEFT JOIN yuebao.school_extension AS own ON own.form = o.form AND own.period = o.period AND own.district = o.district
LEFT JOIN yuebao.unowed AS u ON u.form = o.form AND u.period = o.period AND u.district = o.district
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.schools), 0)::bigint AS reported, coalesce(sum(p.excused), 0)::bigint AS late, coalesce(sum(p.value), 0)::bigint AS corrected,
           coalesce(sum(p.denominator), 0)::bigint AS admitted
    FROM (SELECT t.schools, t.excused, t.value, t.denominator FROM yuebao.total_folded AS t
          WHERE t.district = o.district AND t.period = o.period AND t.form = o.form AND t.indicator = 0
          UNION ALL
          SELECT d.schools, d.excused, d.value, d.denominator FROM yuebao.total_unfolded AS d
          WHERE d.district = o.district AND d.period = o.period AND d.form = o.form AND d.indicator = 0) AS p) AS n;
COMMENT ON VIEW   yuebao.slot_count IS 'yuebao.slot and what came of it, counted by window and district (its own schools). Exact at once. Where the slots do not open together (first_opens_at < last_opens_at) the counts are of all of them, opened or not.';
COMMENT ON COLUMN yuebao.slot_count.district IS 'As in slot.';
COMMENT ON COLUMN yuebao.slot_count.period IS 'As in slot.';
COMMENT ON COLUMN yuebao.slot_count.form IS 'As in slot.';
COMMENT ON COLUMN yuebao.slot_count.kind IS 'As in slot.';
COMMENT ON COLUMN yuebao.slot_count.frequency IS 'As in slot.';
COMMENT ON COLUMN yuebao.slot_count.catalogue IS 'As in slot.';
COMMENT ON COLUMN yuebao.slot_count.slots IS 'How many are owed.';
COMMENT ON COLUMN yuebao.slot_count.first_opens_at IS 'The earliest that one of them opens.';
COMMENT ON COLUMN yuebao.slot_count.last_opens_at IS 'The latest.';
COMMENT ON COLUMN yuebao.slot_count.first_due_at IS 'The earliest that one of them is due.';
COMMENT ON COLUMN yuebao.slot_count.last_due_at IS 'The latest.';
COMMENT ON COLUMN yuebao.slot_count.last_closes_at IS 'The latest that one of them closes.';
COMMENT ON COLUMN yuebao.slot_count.extended IS 'Those whose instants are not the calendar''s.';
COMMENT ON COLUMN yuebao.slot_count.reported IS 'Those with an accepted report.';
COMMENT ON COLUMN yuebao.slot_count.late IS 'Of these, those whose first report was late.';
COMMENT ON COLUMN yuebao.slot_count.corrected IS 'Of these, those that were corrected.';
COMMENT ON COLUMN yuebao.slot_count.admitted IS 'Accepted reports, corrections too, that came after close and were admitted.';

CREATE INDEX kept_by_window ON yuebao.kept (period, form); -- almost always empty: asked first
