-- The past of a school, as breaches and outliers are judged by it: sql/api/70-past.sql, and proto/past.h for the desk.

CREATE FUNCTION yuebao.period_years_before(first_day date, frequency text, years integer) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN frequency = 'weekly' THEN (
            SELECT CASE WHEN e.day < e.next_year THEN e.day END
            FROM (SELECT y.isoyear - years AS isoyear,
                         first_day - date_trunc('week', make_date(y.isoyear, 1, 4)::timestamp)::date AS days
                  FROM (SELECT extract(isoyear FROM first_day)::integer AS isoyear) AS y) AS w
            CROSS JOIN LATERAL (SELECT date_trunc('week', make_date(w.isoyear, 1, 4)::timestamp)::date + w.days AS day,
                                       date_trunc('week', make_date(w.isoyear + 1, 1, 4)::timestamp)::date AS next_year) AS e)
        WHEN extract(day FROM first_day::timestamp - make_interval(years => years)) = extract(day FROM first_day)
            THEN (first_day::timestamp - make_interval(years => years))::date
    END;
COMMENT ON FUNCTION yuebao.period_years_before(date, text, integer) IS
    'First day of the same month, quarter, term, ISO week or day so many years before; NULL when that year has none: a week 53, a 29 February.';

CREATE FUNCTION yuebao.quantity(value bigint, denominator bigint, factor bigint) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN factor IS NULL THEN value
        WHEN denominator <= 0 THEN NULL
        WHEN abs(value) < 4000000000000000000 / factor -- twice that, and a denominator, still fit 64 bits: ten times as fast as what follows
            THEN CASE WHEN value < 0 THEN -1 ELSE 1 END * ((2 * abs(value) * factor + denominator) / (2 * denominator))
        ELSE sign(value::numeric) * div(2 * abs(value::numeric) * factor + denominator, 2 * denominator::numeric)
    END;
COMMENT ON FUNCTION yuebao.quantity(bigint, bigint, bigint) IS
    'What of a stored figure is compared with others: the value; where there is a factor, value × factor / denominator, rounded half away from zero, '
    'and NULL for 0 of 0.';

CREATE FUNCTION yuebao.median(figures numeric[]) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT (s.sorted[(cardinality(s.sorted) + 1) / 2] + s.sorted[cardinality(s.sorted) / 2 + 1]) * 0.5
    FROM (SELECT array_agg(f.figure ORDER BY f.figure) AS sorted FROM unnest(figures) AS f (figure)) AS s;
END;
COMMENT ON FUNCTION yuebao.median(numeric[]) IS 'The median, exact; of an even number the mean of the middle two; NULL of none.';

REVOKE EXECUTE ON FUNCTION yuebao.period_years_before(date, text, integer), yuebao.quantity(bigint, bigint, bigint),
    yuebao.median(numeric[]) FROM PUBLIC;

-- What the questions are made of. Functions of their own, because the plan of each is made for one period and so looks at one partition, and
-- because the planner believes their ROWS.

CREATE FUNCTION yuebao.windows_of(in_period text, of_form text)
    RETURNS TABLE (window_no integer, form smallint, period date, period_before date, code text, kind text, frequency text, catalogue smallint)
    LANGUAGE plpgsql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked_period    date;
    asked_frequency text;
BEGIN
    IF in_period IS NOT NULL THEN
        SELECT p.first_day, p.frequency INTO asked_period, asked_frequency FROM yuebao.period_of(in_period) AS p;
    END IF;
    RETURN QUERY
    SELECT row_number() OVER (ORDER BY c.form, c.period)::integer, c.form, c.period,
           (SELECT max(b.period) FROM yuebao.calendar AS b WHERE b.form = c.form AND b.period < c.period),
           f.code, f.kind, f.frequency, c.catalogue
    FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
    WHERE (of_form IS NULL OR f.code = of_form)
      AND CASE WHEN in_period IS NULL THEN c.opens_at <= now() AND c.closes_at > now() - interval '31 days'
               ELSE c.period = asked_period AND f.frequency = asked_frequency END;
END
$$;
COMMENT ON FUNCTION yuebao.windows_of(text, text) IS
    'The forms of the calendar in a period, or in all periods that are open or closed within 31 days, numbered; of one form if it is named.';

CREATE FUNCTION yuebao.reports_of(in_district integer, of_period date, of_form smallint) RETURNS TABLE (district integer, school integer, revision integer)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.district, r.school, max(r.revision) FROM yuebao.report AS r
    WHERE r.district IN (SELECT a.district FROM yuebao.district_ancestor AS a
                         WHERE CASE WHEN in_district IS NULL THEN a.distance = 0 ELSE a.ancestor = in_district END)
      AND r.period = of_period AND r.form = of_form
    GROUP BY r.district, r.school;
END
$$;
COMMENT ON FUNCTION yuebao.reports_of(integer, date, smallint) IS
    'The schools that have an accepted report of the form and period, with its newest revision: in the district and those below it, or everywhere.';

CREATE FUNCTION yuebao.figures_of(of_district integer, of_period date, first_school integer, last_school integer)
    RETURNS TABLE (school integer, form smallint, indicator smallint, value bigint, denominator bigint)
    LANGUAGE plpgsql STABLE ROWS 5000 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT f.school, f.form, f.indicator, f.value, f.denominator FROM yuebao.figure AS f
    WHERE f.district = of_district AND f.period = of_period AND f.school BETWEEN first_school AND last_school AND f.value IS NOT NULL;
END
$$;
COMMENT ON FUNCTION yuebao.figures_of(integer, date, integer, integer) IS
    'Current figures of the district''s schools within these numbers, of all forms whose period begins on that day; reasons left out.';

CREATE FUNCTION yuebao.newest_report(of_school integer, of_form smallint, from_period date, to_period date)
    RETURNS TABLE (district integer, period date)
    LANGUAGE plpgsql STABLE ROWS 1 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOR district, period IN
        SELECT yuebao.school_district_on(of_school, yuebao.period_last_day(c.period, f.frequency)), c.period
        FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
        WHERE c.form = of_form AND c.period BETWEEN from_period AND to_period
        ORDER BY c.period DESC
    LOOP
        IF EXISTS (SELECT FROM yuebao.report AS r
                   WHERE r.district = newest_report.district AND r.period = newest_report.period AND r.school = of_school AND r.form = of_form
                     AND r.revision = 1) THEN
            RETURN NEXT;
            RETURN;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION yuebao.newest_report(integer, smallint, date, date) IS
    'Where the school''s newest accepted report of the form is, among the periods from the one to the other; no row when there is none.';

REVOKE EXECUTE ON FUNCTION yuebao.windows_of(text, text), yuebao.reports_of(integer, date, smallint),
    yuebao.figures_of(integer, date, integer, integer), yuebao.newest_report(integer, smallint, date, date) FROM PUBLIC;
