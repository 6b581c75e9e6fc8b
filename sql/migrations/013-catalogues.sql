-- Which catalogue governs a day, which windows have opened for somebody, and whether anything is asked twice.

CREATE FUNCTION yuebao.governing(day date) RETURNS smallint
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT max(c.catalogue) FROM yuebao.catalogue AS c WHERE c.governs_from <= governing.day;
END;
COMMENT ON FUNCTION yuebao.governing(date) IS
    'The newest catalogue that governs from this day or before: a period opens under that of its first day. NULL before the first.';
COMMENT ON COLUMN yuebao.catalogue.governs_from IS 'First day from which it governs: a period opens under the newest catalogue that governs on its first day. '
    'Infinity: it was made for a one-off form and governs nothing but that form''s window.';

CREATE VIEW yuebao.calendar_window AS
SELECT c.form, f.code, f.kind, f.frequency, f.name, c.catalogue, c.period AS first_day,
       yuebao.period_last_day(c.period, f.frequency) AS last_day,
       least(c.opens_at, (SELECT min(e.opens_at) FROM yuebao.extension AS e WHERE e.form = c.form AND e.period = c.period)) <= now() AS opened
FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form;
COMMENT ON VIEW   yuebao.calendar_window IS 'The calendar by days: what each window asks for, and whether somebody may report by it already.';
COMMENT ON COLUMN yuebao.calendar_window.form IS 'The form.';
COMMENT ON COLUMN yuebao.calendar_window.code IS 'Its code.';
COMMENT ON COLUMN yuebao.calendar_window.kind IS 'Its kind of school.';
COMMENT ON COLUMN yuebao.calendar_window.frequency IS 'Its frequency.';
COMMENT ON COLUMN yuebao.calendar_window.name IS 'Its name, empty for the form that all schools of the kind owe.';
COMMENT ON COLUMN yuebao.calendar_window.catalogue IS 'The catalogue that governs the window.';
COMMENT ON COLUMN yuebao.calendar_window.first_day IS 'First day of the period.';
COMMENT ON COLUMN yuebao.calendar_window.last_day IS 'Last day of the period.';
COMMENT ON COLUMN yuebao.calendar_window.opened IS 'It has opened, for everybody or by an extension for some: it keeps its catalogue.';

-- What a change of catalogue means for the calendar, in words that a person can use: from which period on.
CREATE FUNCTION yuebao.governed(catalogue smallint)
RETURNS TABLE (frequency text, forms text[], first_period text, open_period text)
    LANGUAGE sql STABLE ROWS 6
BEGIN ATOMIC
WITH opened AS (
    SELECT w.form, max(w.first_day) AS first_day FROM yuebao.calendar_window AS w WHERE w.opened GROUP BY w.form
), forms AS (
    SELECT f.code, f.frequency, o.first_day AS opened, greatest(c.governs_from, yuebao.period_last_day(o.first_day, f.frequency) + 1) AS from_day
    FROM yuebao.catalogue AS c
    JOIN yuebao.form AS f ON f.name = '' AND EXISTS (SELECT FROM yuebao.catalogue_form AS i WHERE i.catalogue = c.catalogue AND i.form = f.form)
    LEFT JOIN opened AS o ON o.form = f.form
    WHERE c.catalogue = governed.catalogue
), firsts AS (
    SELECT f.code, f.frequency, f.opened,
           CASE WHEN f.from_day = '-infinity' THEN NULL
                WHEN yuebao.period_first_day(f.from_day, f.frequency) = f.from_day THEN f.from_day
                ELSE yuebao.period_last_day(yuebao.period_first_day(f.from_day, f.frequency), f.frequency) + 1 END AS first_day
    FROM forms AS f
), spans AS (
    SELECT f.frequency, f.code, f.first_day, CASE WHEN yuebao.period_last_day(f.opened, f.frequency) + 1 = f.first_day THEN f.opened END AS opened
    FROM firsts AS f
)
SELECT s.frequency, CASE WHEN count(*) < (SELECT count(*) FROM spans AS o WHERE o.frequency = s.frequency) THEN array_agg(s.code ORDER BY s.code) END,
       yuebao.period_text(s.first_day, s.frequency), yuebao.period_text(s.opened, s.frequency)
FROM spans AS s
GROUP BY s.frequency, s.first_day, s.opened
ORDER BY array_position(ARRAY['daily', 'weekly', 'monthly', 'quarterly', 'termly', 'yearly'], s.frequency), s.first_day;
END;
COMMENT ON FUNCTION yuebao.governed(smallint) IS
    'From which period on a catalogue governs the regular forms of each frequency; forms: those it is true of, NULL: all of the frequency. open_period: '
    'the one just before, when it has opened and so keeps its own catalogue. first_period NULL: whatever is opened.';

-- No school may be asked for one indicator twice for the same days: totals over time would count it twice, and a year and its January, which
-- begin on one day, would claim the same row of yuebao.figure.
CREATE FUNCTION yuebao.asked_twice()
RETURNS TABLE (kind text, indicator text, form text, period text, other_form text, other_period text, works_from date)
    LANGUAGE sql STABLE ROWS 10
BEGIN ATOMIC
WITH used AS MATERIALIZED (
    SELECT DISTINCT w.catalogue, w.form, w.kind FROM yuebao.calendar_window AS w
), pairs AS MATERIALIZED ( -- the older catalogue's form first; almost always none
    SELECT a.catalogue, a.form, b.catalogue AS other_catalogue, b.form AS other_form, array_agg(i.indicator) AS indicators
    FROM used AS a
    JOIN yuebao.catalogue_form AS i ON i.catalogue = a.catalogue AND i.form = a.form
    JOIN used AS b ON b.kind = a.kind AND b.form <> a.form AND (a.catalogue, a.form) < (b.catalogue, b.form)
    JOIN yuebao.catalogue_form AS j ON j.catalogue = b.catalogue AND j.form = b.form AND j.indicator = i.indicator
    GROUP BY a.catalogue, a.form, b.catalogue, b.form
), clashes AS MATERIALIZED (
    SELECT p.indicators, a.kind, a.code, a.frequency, a.first_day, a.last_day,
           b.code AS other_code, b.frequency AS other_frequency, b.first_day AS other_first_day
    FROM pairs AS p
    JOIN yuebao.calendar_window AS a ON a.catalogue = p.catalogue AND a.form = p.form
    JOIN yuebao.calendar_window AS b ON b.catalogue = p.other_catalogue AND b.form = p.other_form
        AND b.first_day <= a.last_day AND b.last_day >= a.first_day
    WHERE (a.name = '' AND b.name = '')
       OR EXISTS (SELECT FROM yuebao.school AS s
                  WHERE s.school IN (SELECT c.school FROM yuebao.form_school AS c WHERE c.form IN (a.form, b.form))
                    AND (a.name = '' OR EXISTS (SELECT FROM yuebao.form_school AS c WHERE c.form = a.form AND c.school = s.school))
                    AND (b.name = '' OR EXISTS (SELECT FROM yuebao.form_school AS c WHERE c.form = b.form AND c.school = s.school))
                    AND s.opened_on <= least(a.last_day, b.last_day)
                    AND (s.closed_on IS NULL OR s.closed_on >= greatest(a.last_day, b.last_day)))
), firsts AS (
    SELECT DISTINCT ON (c.code, c.other_code, u.indicator) c.*, u.indicator,
           max(c.last_day) OVER (PARTITION BY c.code, c.other_code, u.indicator) AS asked_until
    FROM clashes AS c CROSS JOIN LATERAL unnest(c.indicators) AS u (indicator)
    ORDER BY c.code, c.other_code, u.indicator, c.first_day, c.other_first_day
), opened AS (
    SELECT max(w.first_day) AS newest FROM yuebao.calendar_window AS w WHERE w.opened
)
SELECT f.kind, i.code, f.code, yuebao.period_text(f.first_day, f.frequency), f.other_code, yuebao.period_text(f.other_first_day, f.other_frequency),
       (SELECT d.day FROM (SELECT greatest(f.asked_until, o.newest) + generate_series(1, 5000) AS day) AS d -- weeks and years meet within eleven years
        WHERE yuebao.period_first_day(d.day, f.frequency) = d.day AND yuebao.period_first_day(d.day, f.other_frequency) = d.day
        ORDER BY d.day LIMIT 1)
FROM firsts AS f JOIN yuebao.indicator AS i ON i.indicator = f.indicator CROSS JOIN opened AS o
ORDER BY i.code, f.code, f.other_code;
END;
COMMENT ON FUNCTION yuebao.asked_twice() IS
    'Indicators that the calendar asks of some school twice for the same day, one row each and pair of forms, with the first two windows that meet; '
    'regular forms ask all schools of their kind, one-off forms those chosen. works_from: the first day on which both forms begin a period and from '
    'which a change of catalogue would leave nothing asked twice. Empty when all is well.';

REVOKE EXECUTE ON FUNCTION yuebao.governing(date), yuebao.governed(smallint), yuebao.asked_twice() FROM PUBLIC;
