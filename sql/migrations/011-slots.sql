-- What is owed, said once: everything that counts what is owed, missing, on time or complete reads yuebao.slot.
--
-- Both views are plain joins, so that what is asked of them reaches the tables. Ask by a district, or by = ANY (ARRAY(SELECT ...)) for several:
-- a county is then found by index beside 20,000 schools; IN (SELECT ...) below an OR or a GROUP BY would read them all.

CREATE VIEW yuebao.district_extension AS
SELECT DISTINCT ON (e.form, e.period, a.district)
       e.form, e.period, a.district, e.opens_at, e.due_at, e.closes_at, e.reason
FROM yuebao.extension AS e JOIN yuebao.district_ancestor AS a ON a.ancestor = e.district
ORDER BY e.form, e.period, a.district, a.distance;
COMMENT ON VIEW   yuebao.district_extension IS 'For each district the extension that its schools have from it, else from the nearest district above it that has one.';
COMMENT ON COLUMN yuebao.district_extension.form IS 'As in calendar.';
COMMENT ON COLUMN yuebao.district_extension.period IS 'As in calendar.';
COMMENT ON COLUMN yuebao.district_extension.district IS 'The district whose schools have it.';
COMMENT ON COLUMN yuebao.district_extension.opens_at IS 'As in extension.';
COMMENT ON COLUMN yuebao.district_extension.due_at IS 'As in extension.';
COMMENT ON COLUMN yuebao.district_extension.closes_at IS 'As in extension.';
COMMENT ON COLUMN yuebao.district_extension.reason IS 'As in extension.';

CREATE VIEW yuebao.slot AS
SELECT m.district, c.period, m.school, c.form, f.kind, f.frequency, yuebao.period_last_day(c.period, f.frequency) AS last_day,
       coalesce(own.opens_at, near.opens_at, c.opens_at) AS opens_at, coalesce(own.due_at, near.due_at, c.due_at) AS due_at,
       coalesce(own.closes_at, near.closes_at, c.closes_at) AS closes_at, coalesce(own.reason, near.reason) AS extension, c.zone, c.catalogue
FROM yuebao.calendar AS c
JOIN yuebao.form AS f ON f.form = c.form
JOIN yuebao.school AS s ON s.kind = f.kind AND s.opened_on <= yuebao.period_last_day(c.period, f.frequency)
    AND (s.closed_on IS NULL OR s.closed_on >= yuebao.period_last_day(c.period, f.frequency))
JOIN yuebao.school_district AS m ON m.school = s.school AND m.valid_from <= yuebao.period_last_day(c.period, f.frequency)
LEFT JOIN yuebao.extension AS own ON own.form = c.form AND own.period = c.period AND own.school = m.school
LEFT JOIN yuebao.district_extension AS near ON near.form = c.form AND near.period = c.period AND near.district = m.district
WHERE NOT EXISTS (SELECT FROM yuebao.school_district AS n
                  WHERE n.school = m.school AND n.valid_from > m.valid_from
                    AND n.valid_from <= yuebao.period_last_day(c.period, f.frequency))
  AND (f.name = '' OR EXISTS (SELECT FROM yuebao.form_school AS o WHERE o.form = f.form AND o.school = m.school));
COMMENT ON VIEW   yuebao.slot IS 'What is owed: every window of the calendar for every school of its kind that existed on the period''s last day, in the district it belonged to then; of a form with a name, for the chosen schools only. A window that has not opened is here too.';
COMMENT ON COLUMN yuebao.slot.district IS 'The school''s district on the period''s last day, as in report.';
COMMENT ON COLUMN yuebao.slot.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.slot.school IS 'The school that owes.';
COMMENT ON COLUMN yuebao.slot.form IS 'The form.';
COMMENT ON COLUMN yuebao.slot.kind IS 'Kind of the form and of the school.';
COMMENT ON COLUMN yuebao.slot.frequency IS 'Frequency of the form.';
COMMENT ON COLUMN yuebao.slot.last_day IS 'Last day of the period.';
COMMENT ON COLUMN yuebao.slot.opens_at IS 'When it opens for this school: by its own extension, else by that of the nearest district above, else by the calendar.';
COMMENT ON COLUMN yuebao.slot.due_at IS 'When it is due for this school, likewise.';
COMMENT ON COLUMN yuebao.slot.closes_at IS 'When it closes for this school, likewise.';
COMMENT ON COLUMN yuebao.slot.extension IS 'Why its instants are not the calendar''s; NULL where they are.';
COMMENT ON COLUMN yuebao.slot.zone IS 'As in calendar.';
COMMENT ON COLUMN yuebao.slot.catalogue IS 'The catalogue that governs the period.';

-- What came after close and waits for a person. A school that moved since is found by itself, not by the district it sent from.
CREATE INDEX kept_by_school ON yuebao.kept (school, period, form);
CREATE VIEW yuebao.undecided AS
SELECT k.district, k.period, k.school, k.form, k.id, k.revision, k.received_at
FROM yuebao.kept AS k
WHERE NOT EXISTS (SELECT FROM yuebao.decision AS d
                  WHERE d.district = k.district AND d.period = k.period AND d.school = k.school AND d.form = k.form AND d.id = k.id)
  AND NOT EXISTS (SELECT FROM yuebao.school_district AS m
                  JOIN yuebao.report AS r ON r.district = m.district AND r.period = k.period AND r.school = k.school AND r.form = k.form
                      AND r.revision = k.revision AND r.id = k.id
                  WHERE m.school = k.school);
COMMENT ON VIEW   yuebao.undecided IS 'Statements that came after close and are neither decided nor, sent again while their period was open, in the books.';
COMMENT ON COLUMN yuebao.undecided.district IS 'As in kept.';
COMMENT ON COLUMN yuebao.undecided.period IS 'As in kept.';
COMMENT ON COLUMN yuebao.undecided.school IS 'As in kept.';
COMMENT ON COLUMN yuebao.undecided.form IS 'As in kept.';
COMMENT ON COLUMN yuebao.undecided.id IS 'As in kept.';
COMMENT ON COLUMN yuebao.undecided.revision IS 'As in kept.';
COMMENT ON COLUMN yuebao.undecided.received_at IS 'As in kept.';
