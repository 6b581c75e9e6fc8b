-- Areas and school clusters: groups of schools below the district, many-to-many and dated. A school counts in an area for a period when it belongs
-- to it on the period's last day, as it counts in a district. Nothing is added up here: their totals are read from the figures.

CREATE TABLE yuebao.area (
    area     integer GENERATED ALWAYS AS IDENTITY CONSTRAINT area_pk PRIMARY KEY,
    code     text NOT NULL CONSTRAINT area_code_once UNIQUE
             CONSTRAINT area_code_shape CHECK (code ~ '^[0-9A-Za-z._-]{1,32}$'),
    kind     text NOT NULL CONSTRAINT area_kind_known CHECK (kind IN ('area', 'cluster')),
    name_zh  text NOT NULL,
    name_en  text NOT NULL,
    district integer CONSTRAINT area_of_known_district REFERENCES yuebao.district (district)
);
CREATE INDEX area_by_district ON yuebao.area (district);

-- Ranges of one number stand for equality: so PostgreSQL itself can exclude what overlaps, without an extension.
CREATE TABLE yuebao.area_school (
    area      integer NOT NULL CONSTRAINT area_school_of_known_area REFERENCES yuebao.area (area),
    school    integer NOT NULL CONSTRAINT area_school_of_known_school REFERENCES yuebao.school (school),
    from_day  date    NOT NULL DEFAULT '-infinity',
    until_day date    NOT NULL DEFAULT 'infinity',
    CONSTRAINT area_school_pk PRIMARY KEY (area, school, from_day),
    CONSTRAINT area_school_ends_after_start CHECK (until_day >= from_day),
    CONSTRAINT area_school_belongs_once EXCLUDE USING gist (int4range(area, area, '[]') WITH &&, int4range(school, school, '[]') WITH &&,
                                                            daterange(from_day, until_day, '[]') WITH &&)
);
CREATE INDEX area_school_by_school ON yuebao.area_school (school);

COMMENT ON TABLE  yuebao.area IS 'Areas and school clusters: groups of schools below the district, whose schools may belong to several of them.';
COMMENT ON COLUMN yuebao.area.area IS 'Surrogate key; the code is what people know.';
COMMENT ON COLUMN yuebao.area.code IS 'Code as the bureau gives it; leading zeros count.';
COMMENT ON COLUMN yuebao.area.kind IS 'area (学区) or cluster (集团).';
COMMENT ON COLUMN yuebao.area.name_zh IS 'Chinese name.';
COMMENT ON COLUMN yuebao.area.name_en IS 'English name.';
COMMENT ON COLUMN yuebao.area.district IS 'District in which all its schools are, and to whose officials it belongs; NULL: it crosses districts.';
COMMENT ON TABLE  yuebao.area_school IS 'Which schools belong to an area, from when to when. A period counts when its last day is within.';
COMMENT ON COLUMN yuebao.area_school.area IS 'The area.';
COMMENT ON COLUMN yuebao.area_school.school IS 'The school; its district is in school_district.';
COMMENT ON COLUMN yuebao.area_school.from_day IS 'First day; -infinity: from the beginning.';
COMMENT ON COLUMN yuebao.area_school.until_day IS 'Last day; infinity: without end.';

-- Which schools belong where is told to every reader, what they said to whoever sees it; and what adds up only of an area that is seen whole.
GRANT SELECT ON yuebao.area, yuebao.area_school TO yuebao_teller;

CREATE VIEW yuebao.seen_area AS
SELECT a.area FROM yuebao.area AS a
WHERE (SELECT yuebao.sees_every_district())
   OR NOT EXISTS (SELECT FROM yuebao.area_school AS m
                  JOIN yuebao.membership AS h ON h.school = m.school AND h.first_day <= m.until_day AND coalesce(h.last_day, 'infinity') >= m.from_day
                  WHERE m.area = a.area AND h.district <> ALL ((SELECT yuebao.seen_districts())::integer[]));
COMMENT ON VIEW   yuebao.seen_area IS 'Areas of which the login may be told totals: it sees every district in which one of their schools was while it belonged.';
COMMENT ON COLUMN yuebao.seen_area.area IS 'The area.';

CREATE FUNCTION yuebao.area_schools_on(of_area integer, day date) RETURNS TABLE (district integer, school integer)
    LANGUAGE sql STABLE ROWS 20
BEGIN ATOMIC
    SELECT yuebao.school_district_on(m.school, day), m.school
    FROM yuebao.area_school AS m
    WHERE m.area = of_area AND m.from_day <= day AND m.until_day >= day;
END;
COMMENT ON FUNCTION yuebao.area_schools_on(integer, date) IS 'The schools of an area on a day, each with the district that it belongs to then.';

-- The schools behind the numbers of an area: what yuebao.schools_behind is for a district, for several periods and indicators at once. All of a
-- school's figures lie side by side, so the keys are few.

CREATE FUNCTION yuebao.area_figures(of_area integer, of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (period date, district integer, school integer, form smallint, indicator smallint, owed boolean, state text, missing smallint,
                   value bigint, denominator bigint)
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
    RETURN QUERY
    WITH members AS MATERIALIZED (
        SELECT p.period, m.district, m.school
        FROM unnest(of_periods) AS p (period)
        CROSS JOIN LATERAL yuebao.area_schools_on(of_area, yuebao.period_last_day(p.period, of_frequency)) AS m
    ), forms AS MATERIALIZED (
        SELECT f.form, f.kind FROM yuebao.form AS f WHERE f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind)
    ), owed AS MATERIALIZED (
        SELECT m.period, m.district, m.school, f.form, k.indicator
        FROM members AS m
        JOIN yuebao.school AS s ON s.school = m.school
        JOIN forms AS f ON f.kind = s.kind
        CROSS JOIN LATERAL (SELECT l.catalogue FROM yuebao.slot AS l
                            WHERE l.form = f.form AND l.period = m.period AND l.school = m.school AND l.opens_at <= now() OFFSET 0) AS o
        JOIN yuebao.catalogue_form AS k ON k.catalogue = o.catalogue AND k.form = f.form AND (of_indicator IS NULL OR k.indicator = of_indicator)
            AND k.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
    ), stated AS MATERIALIZED (
        SELECT m.period, m.district, m.school, g.form, g.indicator, g.missing, g.value, g.denominator
        FROM members AS m
        CROSS JOIN LATERAL (SELECT u.form, u.indicator, u.missing, u.value, u.denominator FROM yuebao.figure AS u
                            WHERE u.district = m.district AND u.period = m.period AND u.school = m.school
                              AND (of_indicator IS NULL OR u.indicator = of_indicator) OFFSET 0) AS g
        WHERE g.form IN (SELECT f.form FROM forms AS f)
    )
    SELECT coalesce(g.period, o.period), coalesce(g.district, o.district), coalesce(g.school, o.school), coalesce(g.form, o.form),
           coalesce(g.indicator, o.indicator), o.school IS NOT NULL,
           CASE WHEN g.value IS NOT NULL THEN 'value' WHEN g.missing IS NOT NULL THEN 'excused' WHEN r.revision IS NOT NULL THEN 'left_out'
                ELSE 'missing' END,
           g.missing, g.value, g.denominator
    FROM owed AS o
    FULL JOIN stated AS g ON g.school = o.school AND g.form = o.form AND g.period = o.period AND g.indicator = o.indicator
    LEFT JOIN LATERAL (SELECT l.revision FROM yuebao.report AS l
                       WHERE g.school IS NULL AND l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form
                         AND l.revision = 1 OFFSET 0) AS r ON true;
END
$$;
COMMENT ON FUNCTION yuebao.area_figures(integer, smallint, date[], text, text) IS
    'Every school behind the numbers of an area, of one indicator or all (NULL), in periods of one frequency, of one kind of school or all: state as in '
    'yuebao.schools_behind; owed: it is asked by the period''s catalogue. Stored integers.';

CREATE FUNCTION yuebao.area_totals(of_area integer, of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (indicator smallint, period date, schools bigint, excused bigint, expected bigint, value numeric, denominator numeric)
    LANGUAGE sql STABLE ROWS 100
BEGIN ATOMIC
    SELECT g.indicator, g.period, count(g.value), count(g.missing), count(*) FILTER (WHERE g.owed),
           CASE i.over_schools WHEN 'max' THEN max(g.value) ELSE sum(g.value) END, sum(g.denominator)
    FROM yuebao.area_figures(of_area, of_indicator, of_periods, of_frequency, of_kind) AS g
    JOIN yuebao.indicator AS i ON i.indicator = g.indicator
    GROUP BY g.indicator, g.period, i.over_schools;
END;
COMMENT ON FUNCTION yuebao.area_totals(integer, smallint, date[], text, text) IS
    'An area''s totals, of one indicator or all: schools with a value, with a reason, asked; stored integers added up, or the maximum where that is the '
    'rule; a mean is still to be divided by schools.';

-- What became of each slot of a year: what yuebao.slots_kept_to is for a district.

CREATE FUNCTION yuebao.area_slots_kept_to(of_area integer, of_year integer)
    RETURNS TABLE (district integer, school integer, form smallint, expected bigint, on_time bigint, late bigint, kept bigint, missing bigint)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
    RETURN QUERY
    SELECT t.district, t.school, t.form, count(*), count(*) FILTER (WHERE NOT t.was_late), count(*) FILTER (WHERE t.was_late),
           count(*) FILTER (WHERE t.was_late IS NULL AND t.waits), count(*) FILTER (WHERE t.was_late IS NULL AND NOT t.waits)
    FROM (SELECT o.district, o.school, o.form, r.late AS was_late,
                 r.late IS NULL AND EXISTS (SELECT FROM yuebao.undecided AS k
                                            WHERE k.school = o.school AND k.period = o.period AND k.form = o.form) AS waits
          FROM yuebao.area_school AS m
          JOIN yuebao.slot AS o ON o.school = m.school AND o.last_day BETWEEN m.from_day AND m.until_day
          LEFT JOIN LATERAL (SELECT l.late FROM yuebao.report AS l
                             WHERE l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form
                               AND l.revision = 1 OFFSET 0) AS r ON true
          WHERE m.area = of_area AND o.period BETWEEN make_date(of_year - 1, 12, 25) AND make_date(of_year, 12, 31)
            AND left(yuebao.period_text(o.period, o.frequency), 4)::integer = of_year
            AND o.opens_at <= now() AND (o.due_at <= now() OR r.late IS NOT NULL)) AS t
    GROUP BY t.district, t.school, t.form;
END
$$;
COMMENT ON FUNCTION yuebao.area_slots_kept_to(integer, integer) IS
    'How a year''s reports of an area''s schools came, by school and form, as in yuebao.slots_kept_to: the slots whose last day is within the membership.';

REVOKE EXECUTE ON FUNCTION yuebao.area_schools_on(integer, date), yuebao.area_figures(integer, smallint, date[], text, text),
    yuebao.area_totals(integer, smallint, date[], text, text), yuebao.area_slots_kept_to(integer, integer) FROM PUBLIC;
