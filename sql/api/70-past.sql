-- What a bureau asks of accepted reports, whoever sent them: which rules their figures break, and which figures are unlike the school's own
-- past. The desk warns by the same two definitions: proto/past.h and proto/usual.h, PROTOCOL.md section 8. Neither ever refused a report.
--
-- Which periods: the one named, else those that are open or closed within the last 31 days. Which reports: all accepted ones of the district
-- and the districts below it (NULL: of all districts), by the form and the school if they are named.

-- What is set for the functions: compiling their plans takes longer than running them; a province's figures are many; and the planner, who takes
-- thousands of rows in the middle of such a question for one, is held to hashing (what is LATERAL to a function or an OFFSET 0 stays a loop).

-- Rules. A rule is about the form of its first left term. Its terms are, seen from the report's period P (a previous term: from the period
-- before P in the form's calendar),
--   on the same form    the figure of that very period;
--   on another form     the figure of the period of that form which contains the period's last day, else of the newest accepted one before it,
--                       366 days at most; the other form is the first by code, of the same kind of school, that has the indicator.
-- Where a figure is missing the rule says nothing. Forms are those of the catalogue that governs P, rules those of today.

CREATE FUNCTION api.breaches_in(in_district integer DEFAULT NULL, in_period text DEFAULT NULL, of_form text DEFAULT NULL, of_school text DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, school text, school_zh text, school_en text,
    form text, period text, first_day date, rule text, severity text, left_sum numeric, op text, right_sum numeric,
    message_zh text, message_en text, explained boolean, explanation text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
    SET enable_sort = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH windows AS MATERIALIZED (
    SELECT w.* FROM yuebao.windows_of(breaches_in.in_period, breaches_in.of_form) AS w WHERE yuebao.needs_figures(w.period)
), slots AS MATERIALIZED (
    SELECT row_number() OVER () AS slot, w.window_no, r.district, r.school, r.revision
    FROM windows AS w CROSS JOIN LATERAL yuebao.reports_of(breaches_in.in_district, w.period, w.form) AS r
    WHERE breaches_in.of_school IS NULL OR r.school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = breaches_in.of_school)
), terms AS MATERIALIZED ( -- of the rules about each form; other_form is NULL where the form itself has the indicator
    SELECT t.*, dense_rank() OVER (ORDER BY t.window_no, t.rule) AS about, count(*) OVER r AS terms, bool_or(t.previous OR NOT t.own) OVER r AS across,
           CASE t.side WHEN 'left' THEN 1 ELSE -1 END
           * 10::numeric ^ (6 - CASE t.part WHEN 'denominator' THEN i.denominator_decimals ELSE i.decimals END) AS factor -- to millionths
    FROM (SELECT w.window_no, t.rule, u.op, t.side, t.indicator, t.part, t.previous, own.form IS NOT NULL AS own, other.form AS other_form,
                 other.frequency, CASE WHEN t.previous THEN w.period_before ELSE w.period END AS seen_from
          FROM windows AS w
          JOIN yuebao.catalogue_form AS asks ON asks.catalogue = w.catalogue AND asks.form = w.form
          JOIN yuebao.rule_term AS first_term ON first_term.indicator = asks.indicator AND first_term.side = 'left'
              AND first_term.position = (SELECT min(o.position) FROM yuebao.rule_term AS o WHERE o.rule = first_term.rule AND o.side = 'left')
          JOIN yuebao.rule AS u ON u.rule = first_term.rule
          JOIN yuebao.rule_term AS t ON t.rule = first_term.rule
          LEFT JOIN yuebao.catalogue_form AS own ON own.catalogue = w.catalogue AND own.form = w.form AND own.indicator = t.indicator
          LEFT JOIN LATERAL (SELECT f.form, f.frequency FROM yuebao.catalogue_form AS cf JOIN yuebao.form AS f ON f.form = cf.form
                             WHERE own.form IS NULL AND cf.catalogue = w.catalogue AND cf.indicator = t.indicator AND f.kind = w.kind
                             ORDER BY f.code COLLATE "C" LIMIT 1) AS other ON true) AS t
    JOIN yuebao.indicator AS i ON i.indicator = t.indicator
    WINDOW r AS (PARTITION BY t.window_no, t.rule)
), sources AS MATERIALIZED ( -- where a form's terms look, each place once
    SELECT row_number() OVER () AS source, s.*
    FROM (SELECT DISTINCT t.window_no, t.other_form, t.frequency, t.seen_from FROM terms AS t
          WHERE t.seen_from IS NOT NULL AND (t.own OR t.other_form IS NOT NULL)) AS s
), places AS MATERIALIZED ( -- and where that is, for each school
    SELECT q.source, s.slot, s.school, coalesce(q.other_form, w.form) AS place_form, p.district AS place_district,
           p.period AS place_period
    FROM slots AS s
    JOIN windows AS w ON w.window_no = s.window_no
    JOIN sources AS q ON q.window_no = s.window_no
    CROSS JOIN LATERAL (SELECT yuebao.period_last_day(q.seen_from, w.frequency) AS day) AS l
    CROSS JOIN LATERAL (
        (SELECT m.district, q.seen_from AS period FROM yuebao.school_district AS m
         WHERE q.other_form IS NULL AND m.school = s.school AND m.valid_from <= l.day
         ORDER BY m.valid_from DESC LIMIT 1)
        UNION ALL
        (SELECT m.district, c.period
         FROM yuebao.calendar AS c
         CROSS JOIN LATERAL (SELECT o.district FROM yuebao.school_district AS o
                             WHERE o.school = s.school AND o.valid_from <= yuebao.period_last_day(c.period, q.frequency)
                             ORDER BY o.valid_from DESC LIMIT 1) AS m
         CROSS JOIN LATERAL yuebao.period_first_day(l.day, q.frequency) AS newest (day)
         WHERE c.form = q.other_form AND c.period BETWEEN newest.day - 366 AND newest.day
           AND EXISTS (SELECT FROM yuebao.report AS r
                       WHERE r.district = m.district AND r.period = c.period AND r.school = s.school AND r.form = c.form AND r.revision = 1 OFFSET 0)
         ORDER BY c.period DESC LIMIT 1)) AS p
), sums AS ( -- in millionths, the unit that all figures have; the right side counts below zero
    SELECT g.slot, t.about, count(*) AS terms, sum(a.amount) FILTER (WHERE t.side = 'left') AS left_sum, sum(a.amount) FILTER (WHERE t.side = 'right') AS right_sum,
           sum(a.amount) AS difference
    FROM (SELECT p.slot, p.source, g.indicator, g.value, g.denominator
          FROM (SELECT a.place_district, a.place_period, r.* -- a district's period at a time, as figures lie in their table
                FROM (SELECT o.place_district, o.place_period, min(o.school) AS first_school, max(o.school) AS last_school FROM places AS o
                      GROUP BY o.place_district, o.place_period) AS a
                CROSS JOIN LATERAL (SELECT f.school, f.form, f.indicator, f.value, f.denominator FROM yuebao.figure AS f
                                    WHERE f.district = a.place_district AND f.period = a.place_period AND f.school BETWEEN a.first_school AND a.last_school
                                      AND f.indicator::integer = ANY (ARRAY(SELECT DISTINCT t.indicator::integer FROM terms AS t)) AND f.value IS NOT NULL
                                    OFFSET 0) AS r
                OFFSET 0) AS g
          JOIN places AS p ON p.place_district = g.place_district AND p.place_period = g.place_period AND p.school = g.school AND p.place_form = g.form
          OFFSET 0) AS g
    JOIN (SELECT q.source, o.about, o.indicator, o.side, o.part, o.factor FROM sources AS q
          JOIN terms AS o ON o.window_no = q.window_no AND o.seen_from = q.seen_from AND o.other_form IS NOT DISTINCT FROM q.other_form) AS t
        ON t.source = g.source AND t.indicator = g.indicator
    CROSS JOIN LATERAL (SELECT t.factor * CASE t.part WHEN 'denominator' THEN g.denominator ELSE g.value END AS amount) AS a
    GROUP BY g.slot, t.about
), remarked AS ( -- few reports explain anything
    SELECT DISTINCT s.slot
    FROM (SELECT DISTINCT l.window_no, l.district FROM slots AS l) AS p
    JOIN windows AS w ON w.window_no = p.window_no
    CROSS JOIN LATERAL (SELECT k.school, k.revision FROM yuebao.remark AS k WHERE k.district = p.district AND k.period = w.period AND k.form = w.form OFFSET 0) AS k
    JOIN slots AS s ON s.window_no = p.window_no AND s.district = p.district AND s.school = k.school AND s.revision = k.revision
), broken AS MATERIALIZED (
    SELECT l.window_no, l.district, l.school, l.revision, r.rule, r.across, coalesce(s.left_sum, 0) AS left_sum, coalesce(-s.right_sum, 0) AS right_sum,
           m.slot IS NOT NULL AS remarked
    FROM sums AS s
    JOIN (SELECT DISTINCT t.about, t.rule, t.op, t.terms, t.across FROM terms AS t) AS r ON r.about = s.about
    JOIN slots AS l ON l.slot = s.slot
    LEFT JOIN remarked AS m ON m.slot = s.slot
    WHERE s.terms = r.terms AND CASE r.op WHEN '=' THEN s.difference <> 0 WHEN '<=' THEN s.difference > 0 ELSE s.difference < 0 END
)
SELECT b.district, d.name_zh, d.name_en, o.code, o.name_zh, o.name_en, w.code, yuebao.period_text(w.period, w.frequency), w.period,
       u.code, CASE WHEN b.across THEN 'warning' ELSE u.severity END,
       trim_scale(b.left_sum * 0.000001), u.op, trim_scale(b.right_sum * 0.000001), u.message_zh, u.message_en,
       x.explanation IS NOT NULL, x.explanation
FROM broken AS b
JOIN windows AS w ON w.window_no = b.window_no
JOIN yuebao.rule AS u ON u.rule = b.rule
CROSS JOIN LATERAL (SELECT n.code, n.name_zh, n.name_en FROM yuebao.school AS n WHERE n.school = b.school OFFSET 0) AS o
JOIN yuebao.district AS d ON d.district = b.district
LEFT JOIN LATERAL (
    SELECT k.explanation FROM yuebao.remark AS k
    WHERE b.remarked AND k.district = b.district AND k.period = w.period AND k.school = b.school AND k.form = w.form AND k.revision = b.revision
      AND (k.rule = u.code OR k.indicator IN (SELECT t.indicator FROM yuebao.rule_term AS t WHERE t.rule = u.rule))
    ORDER BY k.rule = u.code DESC, k.rule, k.position LIMIT 1) AS x ON true
ORDER BY w.period DESC, w.code, b.district, o.code, u.code;
END
$$;
COMMENT ON FUNCTION api.breaches_in(integer, text, text, text) IS
    'The rules that accepted figures break: in a district and all districts below it (NULL: everywhere), of a period (NULL: those open, or closed '
    'within 31 days), of a form, of a school. Rules across forms and periods are warnings, whatever they were for one form.';

CREATE VIEW api.breach AS
SELECT b.*, n.revision, n.late, n.admitted, n.revision > 1 AS corrected
FROM api.breaches_in() AS b
JOIN yuebao.school AS s ON s.code = b.school
JOIN yuebao.form AS f ON f.code = b.form
CROSS JOIN LATERAL (SELECT r.revision, r.late, r.admitted FROM yuebao.report AS r
                    WHERE r.district = b.district AND r.period = b.first_day AND r.school = s.school AND r.form = f.form
                    ORDER BY r.revision DESC LIMIT 1) AS n;
COMMENT ON VIEW api.breach IS 'The rules that accepted figures break, of the periods that are open or closed within the last 31 days; others: api.breaches_in.';

-- Figures unlike the past. A figure is compared with the school's own figures of the same indicator on the same form: those of the same month,
-- quarter, term, ISO week or day of the 5 years before, if 3 of them have one; else those of the 12 periods before in the form's calendar, if 4 of
-- them have one. m is their median, MAD the median of their distances from m. It is unlike them when it is further from m than 5 × 1.4826 × MAD
-- (1.4826 MAD are the standard deviation of a normal distribution), than 10% of |m|, and than 5 for a count, 0.05 for a ratio. Of figures with
-- a denominator the quotient is compared, in millionths, rounded half away from zero; 0 of 0 is none. All else is exact.

CREATE FUNCTION api.outliers_in(in_district integer DEFAULT NULL, in_period text DEFAULT NULL, of_form text DEFAULT NULL, of_school text DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, school text, school_zh text, school_en text,
    form text, period text, first_day date, indicator text, name_zh text, name_en text, unit text, value numeric, denominator numeric, ratio numeric,
    usual numeric, low numeric, high numeric, compared_with text, compared integer, explained boolean, explanation text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
    SET enable_sort = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
DECLARE
    below  integer[] := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = outliers_in.in_district
                              UNION ALL SELECT d.district FROM yuebao.district AS d WHERE outliers_in.in_district IS NULL);
    movers integer[] := yuebao.moved_schools(below);
BEGIN
RETURN QUERY
WITH windows AS MATERIALIZED (
    SELECT w.* FROM yuebao.windows_of(outliers_in.in_period, outliers_in.of_form) AS w WHERE yuebao.needs_figures(w.period)
), sources AS MATERIALIZED (
    SELECT w.window_no, s.source, s.of, s.last_day FROM windows AS w CROSS JOIN LATERAL yuebao.past_sources(w.form, w.period) AS s
), notes AS MATERIALIZED ( -- those that are true
    SELECT w.window_no, n.district, n.schools, n.revisions, n.far_schools, n.far_indicators
    FROM windows AS w
    CROSS JOIN LATERAL (SELECT o.* FROM yuebao.past_note AS o WHERE o.district = ANY (below) AND o.period = w.period AND o.form = w.form OFFSET 0) AS n
    WHERE n.sources = ARRAY(SELECT s.source FROM sources AS s WHERE s.window_no = w.window_no ORDER BY s.source)
      AND n.past = (SELECT count(*) FROM yuebao.report AS l WHERE l.district = n.district AND l.period = ANY (n.sources) AND l.form = n.form)
), noted AS (
    SELECT n.window_no, n.district, u.school, u.revision FROM notes AS n CROSS JOIN LATERAL unnest(n.schools, n.revisions) AS u (school, revision)
    WHERE u.school <> ALL (movers)
), slots AS MATERIALIZED (
    SELECT w.window_no, r.district, r.school, r.revision, n.school IS NOT NULL AS noted
    FROM windows AS w CROSS JOIN LATERAL yuebao.reports_of(outliers_in.in_district, w.period, w.form) AS r
    LEFT JOIN noted AS n ON n.window_no = w.window_no AND n.district = r.district AND n.school = r.school AND n.revision = r.revision
    WHERE outliers_in.of_school IS NULL OR r.school = (SELECT s.school FROM yuebao.school AS s WHERE s.code = outliers_in.of_school)
), suspects AS MATERIALIZED (
    SELECT n.window_no, n.district, u.school, u.indicator
    FROM notes AS n
    CROSS JOIN LATERAL unnest(n.far_schools, n.far_indicators) AS u (school, indicator)
    JOIN slots AS s ON s.window_no = n.window_no AND s.district = n.district AND s.school = u.school AND s.noted
    UNION ALL
    SELECT u.window_no, f.district, f.school, f.indicator
    FROM (SELECT s.window_no, array_agg(s.district) AS districts, array_agg(s.school) AS schools FROM slots AS s WHERE NOT s.noted GROUP BY s.window_no) AS u
    JOIN windows AS w ON w.window_no = u.window_no
    CROSS JOIN LATERAL yuebao.far_from_past(w.form, w.period, u.districts, u.schools) AS f
), compared AS ( -- the few of them, exactly
    SELECT w.window_no, s.school, s.indicator, f.value, f.denominator, yuebao.quantity(f.value, f.denominator, i.factor) AS quantity, i.least, i.part,
           e.compared_with, CASE e.compared_with WHEN 'years' THEN l.years ELSE l.periods END AS figures
    FROM suspects AS s
    JOIN windows AS w ON w.window_no = s.window_no
    JOIN (SELECT n.indicator, CASE WHEN n.measure IN ('ratio', 'quotient') THEN (10::numeric ^ (6 + n.denominator_decimals - n.decimals))::bigint END AS factor,
                 CASE n.measure WHEN 'count' THEN (5 * 10::numeric ^ n.decimals)::bigint WHEN 'ratio' THEN 50000 ELSE 0 END AS least,
                 0.1 ^ CASE WHEN n.measure IN ('ratio', 'quotient') THEN 6 ELSE n.decimals END AS part
          FROM yuebao.indicator AS n) AS i ON i.indicator = s.indicator
    CROSS JOIN LATERAL (SELECT g.value, g.denominator FROM yuebao.figure AS g
                        WHERE g.district = s.district AND g.period = w.period AND g.school = s.school AND g.indicator = s.indicator AND g.form = w.form
                          AND g.value IS NOT NULL OFFSET 0) AS f
    CROSS JOIN LATERAL (
        SELECT array_agg(r.quantity) FILTER (WHERE q.of & 1 > 0) AS years, array_agg(r.quantity) FILTER (WHERE q.of & 2 > 0) AS periods
        FROM sources AS q
        CROSS JOIN LATERAL (SELECT m.district FROM yuebao.school_district AS m
                            WHERE m.school = s.school AND m.valid_from <= q.last_day ORDER BY m.valid_from DESC LIMIT 1) AS m
        CROSS JOIN LATERAL (SELECT yuebao.quantity(p.value, p.denominator, i.factor) AS quantity FROM yuebao.figure AS p
                            WHERE p.district = m.district AND p.period = q.source AND p.school = s.school AND p.indicator = s.indicator
                              AND p.form = w.form AND p.value IS NOT NULL OFFSET 0) AS r
        WHERE q.window_no = w.window_no AND r.quantity IS NOT NULL OFFSET 0) AS l
    CROSS JOIN LATERAL (SELECT CASE WHEN cardinality(l.years) >= 3 THEN 'years' ELSE 'periods' END AS compared_with) AS e
), judged AS MATERIALIZED (
    SELECT s.*, m.median, greatest(7.413 * d.mad, abs(m.median) * 0.1, s.least) AS reach
    FROM compared AS s
    CROSS JOIN LATERAL (SELECT yuebao.median(s.figures) AS median OFFSET 0) AS m
    CROSS JOIN LATERAL (SELECT yuebao.median(ARRAY(SELECT abs(f.figure - m.median) FROM unnest(s.figures) AS f (figure))) AS mad OFFSET 0) AS d
)
SELECT l.district, d.name_zh, d.name_en, o.code, o.name_zh, o.name_en, w.code, yuebao.period_text(w.period, w.frequency), w.period,
       i.code, i.name_zh, i.name_en, i.unit, api.scaled(j.value, i.decimals),
       CASE WHEN i.over_schools = 'ratio_of_sums' THEN api.scaled(j.denominator, i.denominator_decimals) END,
       CASE WHEN i.over_schools = 'ratio_of_sums' THEN trim_scale(j.quantity * j.part) END,
       trim_scale(j.median * j.part), trim_scale(b.low * j.part), trim_scale(b.high * j.part),
       j.compared_with, cardinality(j.figures), x.explanation IS NOT NULL, x.explanation
FROM judged AS j
JOIN slots AS l ON l.window_no = j.window_no AND l.school = j.school
JOIN windows AS w ON w.window_no = j.window_no
JOIN yuebao.indicator AS i ON i.indicator = j.indicator
CROSS JOIN LATERAL (SELECT n.code, n.name_zh, n.name_en FROM yuebao.school AS n WHERE n.school = l.school OFFSET 0) AS o
JOIN yuebao.district AS d ON d.district = l.district
CROSS JOIN LATERAL ( -- cut on the inside: exactly low to high is not unlike; not below zero where nothing was, nor a ratio above one
    SELECT CASE WHEN least(j.quantity, (SELECT min(f.figure) FROM unnest(j.figures) AS f (figure))) >= 0
                THEN greatest(0, ceil(j.median - j.reach)) ELSE ceil(j.median - j.reach) END AS low,
           least(floor(j.median + j.reach), CASE i.measure WHEN 'ratio' THEN 1000000 END) AS high) AS b
LEFT JOIN LATERAL (
    SELECT k.explanation FROM yuebao.remark AS k
    WHERE k.district = l.district AND k.period = w.period AND k.school = l.school AND k.form = w.form AND k.revision = l.revision
      AND k.indicator = j.indicator
    ORDER BY k.rule, k.position LIMIT 1) AS x ON true
WHERE abs(j.quantity - j.median) > j.reach
ORDER BY w.period DESC, w.code, l.district, o.code, i.code;
END
$$;
COMMENT ON FUNCTION api.outliers_in(integer, text, text, text) IS
    'Accepted figures that are unlike the school''s own past: in a district and all districts below it (NULL: everywhere), of a period (NULL: those '
    'open, or closed within 31 days), of a form, of a school.';

CREATE VIEW api.outlier AS
SELECT o.*, n.revision, n.late, n.admitted, n.revision > 1 AS corrected
FROM api.outliers_in() AS o
JOIN yuebao.school AS s ON s.code = o.school
JOIN yuebao.form AS f ON f.code = o.form
CROSS JOIN LATERAL (SELECT r.revision, r.late, r.admitted FROM yuebao.report AS r
                    WHERE r.district = o.district AND r.period = o.first_day AND r.school = s.school AND r.form = f.form
                    ORDER BY r.revision DESC LIMIT 1) AS n;
COMMENT ON VIEW api.outlier IS
    'Accepted figures that are unlike the school''s own past, of the periods that are open or closed within the last 31 days; others: api.outliers_in.';
