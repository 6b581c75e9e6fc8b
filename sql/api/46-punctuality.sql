-- Who reports in time, over a year. A slot counts when it is due, or sooner when it is reported; the year is the one in its period's name.

CREATE FUNCTION api.punctuality_of(in_district integer DEFAULT NULL, of_year integer DEFAULT NULL, of_school text DEFAULT NULL,
                                   in_area text DEFAULT NULL, of_form text DEFAULT NULL)
RETURNS TABLE (
    year integer, district integer, district_zh text, district_en text, school text, school_zh text, school_en text, kind text, form text,
    expected bigint, on_time bigint, late bigint, kept bigint, missing bigint, share numeric, last_report timestamptz, last_contact timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET jit = off
BEGIN ATOMIC
    SELECT y.year, t.district, d.name_zh, d.name_en, s.code, s.name_zh, s.name_en, f.kind, f.code, t.expected, t.on_time, t.late, t.kept, t.missing,
           trunc(t.on_time::numeric / t.expected, 4), h.last_report, h.last_contact
    FROM (SELECT coalesce(of_year, extract(year FROM now())::integer) AS year,
                 (SELECT o.school FROM yuebao.school AS o WHERE o.code = of_school) AS school) AS y
    CROSS JOIN LATERAL (
        SELECT k.* FROM yuebao.slots_kept_to(in_district, y.year, y.school) AS k WHERE in_area IS NULL
        UNION ALL
        SELECT k.* FROM yuebao.area AS a CROSS JOIN LATERAL yuebao.area_slots_kept_to(a.area, y.year) AS k
        WHERE a.code = in_area AND a.area IN (SELECT v.area FROM yuebao.seen_area AS v)) AS t
    JOIN yuebao.district AS d ON d.district = t.district
    JOIN yuebao.school AS s ON s.school = t.school
    LEFT JOIN yuebao.school_heard AS h ON h.school = t.school AND (SELECT yuebao.sees_every_indicator()) -- of all its forms
    JOIN yuebao.form AS f ON f.form = t.form
    WHERE (of_school IS NULL OR s.code = of_school) AND (of_form IS NULL OR f.code = of_form);
END;
COMMENT ON FUNCTION api.punctuality_of(integer, integer, text, text, text) IS
    'How a year''s reports came, by school and form: of a district with all below it (NULL: everywhere) or an area, in a year (NULL: this one), of one school, of one form. '
    'expected = on_time + late + kept + missing; share is on_time by expected, cut after four decimals. A school that moved has a row in each district.';

CREATE FUNCTION api.district_punctuality(in_district integer DEFAULT NULL, of_year integer DEFAULT NULL, below boolean DEFAULT true,
                                          of_form text DEFAULT NULL)
RETURNS TABLE (
    year integer, district integer, district_zh text, district_en text, level text, own boolean, schools bigint, always_on_time bigint,
    expected bigint, on_time bigint, late bigint, kept bigint, missing bigint, share numeric)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET jit = off
BEGIN ATOMIC
    WITH root AS MATERIALIZED (
        SELECT d.district FROM yuebao.seen_district AS d
        WHERE d.district = coalesce(in_district, (SELECT min(t.district) FROM yuebao.top_district AS t))
    ), places AS MATERIALIZED (
        SELECT d.district, d.name_zh, d.name_en, d.level, d.district IN (SELECT r.district FROM root AS r) AS own
        FROM yuebao.district AS d
        WHERE d.district IN (SELECT r.district FROM root AS r) OR below AND d.parent IN (SELECT r.district FROM root AS r)
    ), year AS MATERIALIZED (
        SELECT coalesce(of_year, extract(year FROM now())::integer) AS year
    ), counted AS (
        SELECT k.district, k.schools, k.always_on_time, k.expected, k.on_time, k.late, k.kept, k.missing
        FROM year AS y CROSS JOIN LATERAL yuebao.districts_kept_to(ARRAY(SELECT o.district FROM places AS o), y.year) AS k
        WHERE of_form IS NULL
        UNION ALL -- of one form school by school
        SELECT s.district, count(*), count(*) FILTER (WHERE s.on_time = s.expected), sum(s.expected)::bigint, sum(s.on_time)::bigint,
               sum(s.late)::bigint, sum(s.kept)::bigint, sum(s.missing)::bigint
        FROM ( -- a school that moved within the district is one
            SELECT a.ancestor AS district, t.school, sum(t.expected) AS expected, sum(t.on_time) AS on_time, sum(t.late) AS late, sum(t.kept) AS kept,
                   sum(t.missing) AS missing
            FROM root AS r CROSS JOIN year AS y
            CROSS JOIN LATERAL yuebao.slots_kept_to(r.district, y.year, NULL) AS t
            JOIN yuebao.district_ancestor AS a ON a.district = t.district
            WHERE t.form = (SELECT f.form FROM yuebao.form AS f WHERE f.code = of_form)
            GROUP BY a.ancestor, t.school) AS s
        WHERE of_form IS NOT NULL
        GROUP BY s.district
    )
    SELECT y.year, p.district, p.name_zh, p.name_en, p.level, p.own, k.schools, k.always_on_time, k.expected, k.on_time, k.late, k.kept, k.missing,
           trunc(k.on_time::numeric / k.expected, 4)
    FROM year AS y
    CROSS JOIN counted AS k
    JOIN places AS p ON p.district = k.district
    ORDER BY NOT p.own, trunc(k.on_time::numeric / k.expected, 4), p.district;
END;
COMMENT ON FUNCTION api.district_punctuality(integer, integer, boolean, text) IS
    'The same added up: the district with all below it (NULL: the uppermost) first, then, if below, each right under it, the least punctual first. '
    'always_on_time of schools were never late and never missing.';

CREATE VIEW api.punctuality AS SELECT p.* FROM api.punctuality_of() AS p;
COMMENT ON VIEW api.punctuality IS
    'How this year''s reports of every school came so far. Of one district, school or another year: api.punctuality_of; added up: '
    'api.district_punctuality.';
