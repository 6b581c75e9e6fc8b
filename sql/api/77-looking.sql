-- Looking closer: one number over time, beside others, among its schools, and back to what was signed.
--
-- What a figure is: a school's value, or value by denominator where there is one; a district's sum, sum of values by sum of denominators, mean
-- or maximum over its schools, as the indicator's over_schools says. Exact until it is shown with six decimals; NULL where there is none: missing
-- is never zero. How many stand behind it: expected = schools (a value) + excused (a reason) + missing (left out or not reported), unless a
-- school that stated it owes nothing any more.

-- ---- over time ----------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION api.trend(of_indicator text, in_district integer DEFAULT NULL, of_school text DEFAULT NULL, from_period text DEFAULT NULL,
                          to_period text DEFAULT NULL, of_kind text DEFAULT NULL, in_area text DEFAULT NULL)
RETURNS TABLE (
    indicator text, name_zh text, name_en text, unit text, district integer, school text, period text, first_day date, frequency text,
    figure numeric, value numeric, denominator numeric, missing_zh text, missing_en text,
    schools bigint, excused bigint, expected bigint, missing bigint,
    before_period text, before numeric, change numeric, year_before_period text, year_before numeric, year_change numeric, area text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 13 SET search_path = pg_catalog, pg_temp SET jit = off
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT i.*, p.district, s.school, a.area, coalesce(s.kind, of_kind) AS kind
        FROM yuebao.indicator AS i
        JOIN yuebao.seen_indicator AS v ON v.indicator = i.indicator
        LEFT JOIN yuebao.school AS s ON s.code = of_school AND s.school IN (SELECT o.school FROM yuebao.seen_school AS o)
        LEFT JOIN yuebao.area AS a ON a.code = in_area AND of_school IS NULL AND a.area IN (SELECT o.area FROM yuebao.seen_area AS o)
        LEFT JOIN LATERAL (SELECT d.district FROM yuebao.seen_district AS d
                           WHERE of_school IS NULL AND in_area IS NULL
                             AND d.district = coalesce(in_district, (SELECT min(t.district) FROM yuebao.top_district AS t))) AS p ON true
        WHERE i.code = of_indicator AND coalesce(s.school, a.area, p.district) IS NOT NULL
    ), windows AS MATERIALIZED ( -- every period in which it was asked
        SELECT c.period, f.frequency, array_agg(f.form) AS forms,
               lag(c.period) OVER (PARTITION BY f.frequency ORDER BY c.period) AS before,
               yuebao.period_years_before(c.period, f.frequency, 1) AS year_before
        FROM asked AS i
        JOIN yuebao.catalogue_form AS k ON k.indicator = i.indicator
        JOIN yuebao.form AS f ON f.form = k.form AND (i.kind IS NULL OR f.kind = i.kind)
        JOIN yuebao.calendar AS c ON c.form = k.form AND c.catalogue = k.catalogue
        WHERE c.opens_at <= now()
        GROUP BY c.period, f.frequency
    ), shown AS MATERIALIZED ( -- those that were named, or the newest thirteen: a year, and the same month of the year before
        SELECT w.* FROM windows AS w
        WHERE w.period >= coalesce((SELECT p.first_day FROM yuebao.period_of(from_period) AS p WHERE from_period IS NOT NULL), '-infinity')
          AND w.period <= coalesce((SELECT yuebao.period_last_day(p.first_day, p.frequency) FROM yuebao.period_of(to_period) AS p
                                    WHERE to_period IS NOT NULL), 'infinity')
        ORDER BY w.period DESC
        LIMIT CASE WHEN from_period IS NULL THEN 13 END
    ), frequencies AS MATERIALIZED (
        SELECT n.frequency, array_agg(DISTINCT n.period) AS periods, array_agg(DISTINCT n.period) FILTER (WHERE n.own) AS own
        FROM (SELECT s.frequency, u.period, u.own FROM shown AS s
              CROSS JOIN LATERAL (VALUES (s.period, true), (s.before, false), (s.year_before, false)) AS u (period, own)
              WHERE u.period IS NOT NULL) AS n
        GROUP BY n.frequency
    ), area AS MATERIALIZED (
        SELECT q.frequency, t.*
        FROM asked AS i CROSS JOIN frequencies AS q
        CROSS JOIN LATERAL yuebao.area_totals(i.area, i.indicator, q.periods, q.frequency, i.kind) AS t
        WHERE i.area IS NOT NULL
    ), stood AS MATERIALIZED (
        SELECT q.frequency, t.period, t.schools, t.excused, NULL::smallint AS reason, t.value, t.denominator
        FROM asked AS i CROSS JOIN frequencies AS q
        CROSS JOIN LATERAL yuebao.totals_of(ARRAY[i.district], i.indicator, q.periods, q.frequency, i.kind) AS t
        WHERE i.district IS NOT NULL
        UNION ALL
        SELECT t.frequency, t.period, t.schools, t.excused, NULL, t.value, t.denominator FROM area AS t
        UNION ALL
        SELECT q.frequency, g.period, (g.value IS NOT NULL)::integer, (g.missing IS NOT NULL)::integer, g.missing, g.value, g.denominator
        FROM asked AS i CROSS JOIN frequencies AS q
        CROSS JOIN LATERAL yuebao.figures_of_school(i.school, i.indicator, q.periods, q.frequency) AS g
        WHERE i.school IS NOT NULL
    ), owed AS MATERIALIZED (
        SELECT q.frequency, o.period, o.expected
        FROM asked AS i CROSS JOIN frequencies AS q
        CROSS JOIN LATERAL yuebao.owed_to(ARRAY[i.district], i.indicator, q.own, q.frequency, i.kind) AS o
        WHERE i.district IS NOT NULL
        UNION ALL
        SELECT t.frequency, t.period, t.expected FROM area AS t
        UNION ALL
        SELECT c.frequency, c.period, count(*)
        FROM asked AS i
        CROSS JOIN windows AS w
        JOIN shown AS c ON c.frequency = w.frequency AND c.period = w.period
        CROSS JOIN LATERAL (SELECT FROM unnest(w.forms) AS f (form)
                            JOIN yuebao.slot AS o ON o.form = f.form AND o.period = w.period AND o.school = i.school AND o.opens_at <= now() OFFSET 0) AS o
        WHERE i.school IS NOT NULL
        GROUP BY c.frequency, c.period
    ), figures AS MATERIALIZED (
        SELECT s.*, api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, s.schools, s.value, s.denominator) AS figure
        FROM asked AS i CROSS JOIN stood AS s
    )
    SELECT i.code, i.name_zh, i.name_en, i.unit, i.district, of_school, yuebao.period_text(s.period, s.frequency), s.period, s.frequency,
           api.shown(n.figure),
           CASE WHEN n.schools > 0 AND i.over_schools <> 'mean' THEN api.scaled(n.value, i.decimals) END,
           CASE WHEN n.schools > 0 AND i.over_schools = 'ratio_of_sums' THEN api.scaled(n.denominator, i.denominator_decimals) END,
           api.reason_zh(n.reason), api.reason_en(n.reason),
           coalesce(n.schools, 0), coalesce(n.excused, 0), coalesce(o.expected, 0),
           greatest(coalesce(o.expected, 0) - coalesce(n.schools, 0) - coalesce(n.excused, 0), 0),
           yuebao.period_text(s.before, s.frequency), api.shown(b.figure), api.shown(n.figure - b.figure),
           yuebao.period_text(s.year_before, s.frequency), api.shown(y.figure), api.shown(n.figure - y.figure), in_area
    FROM asked AS i
    CROSS JOIN shown AS s
    LEFT JOIN figures AS n ON n.frequency = s.frequency AND n.period = s.period
    LEFT JOIN figures AS b ON b.frequency = s.frequency AND b.period = s.before
    LEFT JOIN figures AS y ON y.frequency = s.frequency AND y.period = s.year_before
    LEFT JOIN owed AS o ON o.frequency = s.frequency AND o.period = s.period
    WHERE (of_school IS NULL AND in_area IS NULL) OR yuebao.needs_figures(s.period)
    ORDER BY s.period, s.frequency;
END
$$;
COMMENT ON FUNCTION api.trend(text, integer, text, text, text, text, text) IS
    'An indicator period by period: of a district with all below it (NULL: the uppermost) or an area, of one kind of school or all, or of one school; from '
    'and to a period, else the newest 13. change is against the period before in the calendar (before), year_change against the same period a year before.';

-- ---- beside others ------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION api.rank_districts(of_indicator text, of_period text, in_district integer DEFAULT NULL, of_kind text DEFAULT NULL)
RETURNS TABLE (
    rank bigint, of bigint, district integer, district_zh text, district_en text, level text, own boolean, indicator text, unit text, period text,
    figure numeric, value numeric, denominator numeric, schools bigint, excused bigint, expected bigint, missing bigint,
    difference numeric, before_period text, before numeric, change numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT i.*, p.first_day, p.frequency,
               (SELECT max(c.period) FROM yuebao.catalogue_form AS k
                JOIN yuebao.form AS f ON f.form = k.form AND f.frequency = p.frequency AND (of_kind IS NULL OR f.kind = of_kind)
                JOIN yuebao.calendar AS c ON c.form = k.form AND c.catalogue = k.catalogue
                WHERE k.indicator = i.indicator AND c.period < p.first_day) AS before
        FROM yuebao.indicator AS i CROSS JOIN yuebao.period_of(of_period) AS p
        WHERE i.code = of_indicator AND i.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
          AND (i.over_schools <> 'max' OR yuebao.needs_figures(p.first_day)) -- a maximum is read from the figures
    ), root AS MATERIALIZED (
        SELECT d.district FROM yuebao.seen_district AS d
        WHERE d.district = coalesce(in_district, (SELECT min(t.district) FROM yuebao.top_district AS t))
    ), places AS MATERIALIZED (
        SELECT d.district, d.name_zh, d.name_en, d.level, d.district = r.district AS own
        FROM root AS r JOIN yuebao.district AS d ON d.district = r.district OR d.parent = r.district
    ), totals AS MATERIALIZED (
        SELECT t.*, api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, t.schools, t.value, t.denominator) AS figure
        FROM asked AS i
        CROSS JOIN LATERAL yuebao.totals_of(ARRAY(SELECT p.district FROM places AS p), i.indicator,
                                            array_remove(ARRAY[i.first_day, i.before], NULL), i.frequency, of_kind) AS t
    ), owed AS MATERIALIZED (
        SELECT o.* FROM asked AS i
        CROSS JOIN LATERAL yuebao.owed_to(ARRAY(SELECT p.district FROM places AS p), i.indicator, ARRAY[i.first_day], i.frequency, of_kind) AS o
    ), stands AS (
        SELECT p.*, i.code, i.unit, i.over_schools, i.decimals, i.denominator_decimals, i.frequency, i.before AS before_day, n.figure, n.value,
               n.denominator, coalesce(n.schools, 0) AS schools, coalesce(n.excused, 0) AS excused, coalesce(o.expected, 0) AS expected,
               b.figure AS before, (SELECT w.figure FROM totals AS w JOIN root AS r ON r.district = w.district WHERE w.period = i.first_day) AS whole
        FROM asked AS i
        CROSS JOIN places AS p
        LEFT JOIN totals AS n ON n.district = p.district AND n.period = i.first_day
        LEFT JOIN totals AS b ON b.district = p.district AND b.period = i.before
        LEFT JOIN owed AS o ON o.district = p.district
        WHERE p.own OR n.schools + n.excused > 0 OR o.expected > 0
    )
    SELECT CASE WHEN NOT s.own AND s.figure IS NOT NULL THEN rank() OVER (PARTITION BY s.own ORDER BY s.figure DESC NULLS LAST) END,
           CASE WHEN NOT s.own THEN count(s.figure) OVER (PARTITION BY s.own) END,
           s.district, s.name_zh, s.name_en, s.level, s.own, s.code, s.unit, of_period,
           api.shown(s.figure),
           CASE WHEN s.schools > 0 AND s.over_schools <> 'mean' THEN api.scaled(s.value, s.decimals) END,
           CASE WHEN s.schools > 0 AND s.over_schools = 'ratio_of_sums' THEN api.scaled(s.denominator, s.denominator_decimals) END,
           s.schools, s.excused, s.expected, greatest(s.expected - s.schools - s.excused, 0),
           CASE WHEN NOT s.own AND s.over_schools <> 'sum' THEN api.shown(s.figure - s.whole) END,
           yuebao.period_text(s.before_day, s.frequency), api.shown(s.before), api.shown(s.figure - s.before)
    FROM stands AS s
    ORDER BY NOT s.own, s.figure DESC NULLS LAST, s.district;
END
$$;
COMMENT ON FUNCTION api.rank_districts(text, text, integer, text) IS
    'The districts right below one (NULL: the uppermost) side by side, the highest figure first, equal figures with equal rank; the district itself (own) '
    'comes first, without a rank. difference is against it, where figures are not sums. One without a figure has no rank.';

-- The way to all lists of schools: who is behind one number, in words and with decimals.
CREATE FUNCTION api.schools_behind(in_district integer, of_period text, of_indicator text, of_kind text DEFAULT NULL, in_area text DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, school text, school_zh text, school_en text, kind text, form text, period text,
    first_day date, indicator text, unit text, state text, figure numeric, value numeric, denominator numeric, missing_zh text, missing_en text)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1000 SET jit = off SET work_mem = '32MB'
BEGIN ATOMIC
    SELECT b.district, d.name_zh, d.name_en, s.code, s.name_zh, s.name_en, f.kind, f.code, of_period, p.first_day, i.code, i.unit, b.state,
           api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, (b.value IS NOT NULL)::integer::bigint, b.value, b.denominator),
           api.scaled(b.value, i.decimals),
           CASE WHEN i.over_schools = 'ratio_of_sums' THEN api.scaled(b.denominator, i.denominator_decimals) END,
           api.reason_zh(b.missing), api.reason_en(b.missing)
    FROM yuebao.indicator AS i
    CROSS JOIN yuebao.period_of(of_period) AS p
    CROSS JOIN LATERAL (
        SELECT q.* FROM yuebao.schools_behind(in_district, i.indicator, p.first_day, p.frequency, of_kind) AS q
        WHERE in_area IS NULL
        UNION ALL
        SELECT g.district, g.school, g.form, g.state, g.missing, g.value, g.denominator
        FROM yuebao.area AS a
        CROSS JOIN LATERAL yuebao.area_figures(a.area, i.indicator, ARRAY[p.first_day], p.frequency, of_kind) AS g
        WHERE a.code = in_area AND a.area IN (SELECT v.area FROM yuebao.seen_area AS v)) AS b
    JOIN yuebao.district AS d ON d.district = b.district
    JOIN yuebao.school AS s ON s.school = b.school
    JOIN yuebao.form AS f ON f.form = b.form
    WHERE i.code = of_indicator AND i.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v) AND yuebao.needs_figures(p.first_day);
END;
COMMENT ON FUNCTION api.schools_behind(integer, text, text, text, text) IS
    'Every school behind one number of a district with all below it, or of an area (in_area): state is value, excused (it says why not), left_out '
    '(reported without it) or missing (not reported). The figure is not rounded.';

CREATE FUNCTION api.rank_schools(of_indicator text, of_period text, in_district integer, of_kind text DEFAULT NULL)
RETURNS TABLE (
    rank bigint, of bigint, district integer, district_zh text, district_en text, school text, school_zh text, school_en text, kind text,
    indicator text, unit text, period text, figure numeric, value numeric, denominator numeric, state text)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1000 SET jit = off SET work_mem = '32MB'
BEGIN ATOMIC
    SELECT CASE WHEN b.figure IS NOT NULL THEN rank() OVER (ORDER BY b.figure DESC NULLS LAST) END, count(b.figure) OVER (),
           b.district, b.district_zh, b.district_en, b.school, b.school_zh, b.school_en, b.kind, b.indicator, b.unit, b.period,
           api.shown(b.figure), b.value, b.denominator, b.state
    FROM api.schools_behind(in_district, of_period, of_indicator, of_kind) AS b
    ORDER BY b.figure DESC NULLS LAST, b.school;
END;
COMMENT ON FUNCTION api.rank_schools(text, text, integer, text) IS
    'The schools of a district and of all below it, of one kind or all, the highest figure first, equal figures with equal rank; those without a figure come '
    'last, without a rank.';

-- Quartiles as spreadsheets have them (QUARTILE.INC): at position 1 + (n - 1) q of the sorted figures, between two of them in proportion.
CREATE FUNCTION api.quartile(sorted numeric[], quarters integer) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN sorted[1 + (cardinality(sorted) - 1) * quarters / 4]
           + (sorted[least(2 + (cardinality(sorted) - 1) * quarters / 4, cardinality(sorted))] - sorted[1 + (cardinality(sorted) - 1) * quarters / 4])
             * ((cardinality(sorted) - 1) * quarters % 4) * 0.25;
COMMENT ON FUNCTION api.quartile(numeric[], integer) IS
    'Of sorted figures the one below which so many quarters of them lie: 0 the least, 2 the median, 4 the greatest; interpolated, exact.';

CREATE FUNCTION api.distribution(of_indicator text, of_period text, in_district integer, of_kind text DEFAULT NULL, in_area text DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, kind text, indicator text, name_zh text, name_en text, unit text, period text,
    schools bigint, excused bigint, missing bigint, lowest numeric, lower_quartile numeric, median numeric, upper_quartile numeric, highest numeric,
    mean numeric, area text)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 8 SET jit = off SET work_mem = '32MB'
BEGIN ATOMIC
    WITH behind AS MATERIALIZED (
        SELECT b.kind, b.state, b.figure FROM api.schools_behind(in_district, of_period, of_indicator, of_kind, in_area) AS b
    ), kinds AS (
        SELECT b.kind, grouping(b.kind) AS whole, count(b.figure) AS schools, count(*) FILTER (WHERE b.state = 'excused') AS excused,
               count(*) FILTER (WHERE b.state IN ('left_out', 'missing')) AS missing, avg(b.figure) AS mean,
               array_agg(b.figure ORDER BY b.figure) FILTER (WHERE b.figure IS NOT NULL) AS sorted
        FROM behind AS b
        GROUP BY GROUPING SETS ((b.kind), ())
    )
    SELECT d.district, d.name_zh, d.name_en, k.kind, i.code, i.name_zh, i.name_en, i.unit, of_period, k.schools, k.excused, k.missing,
           api.shown(api.quartile(k.sorted, 0)), api.shown(api.quartile(k.sorted, 1)), api.shown(api.quartile(k.sorted, 2)),
           api.shown(api.quartile(k.sorted, 3)), api.shown(api.quartile(k.sorted, 4)), api.shown(k.mean), in_area
    FROM yuebao.indicator AS i
    LEFT JOIN yuebao.district AS d ON d.district = in_district AND in_area IS NULL
    CROSS JOIN kinds AS k
    WHERE i.code = of_indicator AND (k.whole = 0 OR (SELECT count(*) FROM kinds AS o) > 2)
      AND (in_area IS NOT NULL OR d.district IN (SELECT v.district FROM yuebao.seen_district AS v))
      AND i.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
    ORDER BY k.whole, k.kind;
END;
COMMENT ON FUNCTION api.distribution(text, text, integer, text, text) IS
    'How one indicator''s figures are spread over the schools of a district and of all below it, or of an area (in_area), by kind of school and, where '
    'there are several, over all (kind NULL): five numbers, and the mean of the schools'' figures, which of a ratio is not the district''s. Schools '
    'without a figure are counted apart.';

-- ---- one school beside its district -------------------------------------------------------------------------------------------------------

CREATE FUNCTION api.profile(of_school text, of_period text DEFAULT NULL)
RETURNS TABLE (
    school text, district integer, district_zh text, district_en text, kind text, form text, period text, indicator text, name_zh text, name_en text,
    unit text, state text, missing_zh text, missing_en text, figure numeric, value numeric, denominator numeric,
    district_figure numeric, district_schools bigint, rank bigint, of bigint, quarter integer, before_period text, before numeric, change numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 60 SET search_path = pg_catalog, pg_temp SET jit = off
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH slot AS MATERIALIZED ( -- the period that was named, else the newest in which each form of the school was reported
        SELECT DISTINCT ON (o.form) o.*,
               (SELECT max(b.period) FROM yuebao.calendar AS b WHERE b.form = o.form AND b.period < o.period) AS before,
               EXISTS (SELECT FROM yuebao.report AS r WHERE r.district = o.district AND r.period = o.period AND r.school = o.school AND r.form = o.form
                                                        AND r.revision = 1) AS reported
        FROM yuebao.school AS s
        JOIN yuebao.form AS f ON f.kind = s.kind
        CROSS JOIN LATERAL (SELECT l.* FROM yuebao.slot AS l
                            WHERE l.form = f.form AND l.school = s.school AND l.opens_at <= now()
                              AND (of_period IS NULL OR (l.period, l.frequency) = (SELECT p.first_day, p.frequency FROM yuebao.period_of(of_period) AS p))
                            OFFSET 0) AS o
        WHERE s.code = of_school AND (of_period IS NOT NULL OR f.name = '')
        ORDER BY o.form, EXISTS (SELECT FROM yuebao.report AS r WHERE r.district = o.district AND r.period = o.period AND r.school = o.school
                                                                  AND r.form = o.form AND r.revision = 1) DESC, o.period DESC
    ), own AS MATERIALIZED (
        SELECT o.form, g.indicator, g.missing, g.value, g.denominator FROM slot AS o
        CROSS JOIN LATERAL (SELECT u.indicator, u.missing, u.value, u.denominator FROM yuebao.figure AS u
                            WHERE u.district = o.district AND u.period = o.period AND u.school = o.school AND u.form = o.form OFFSET 0) AS g
    ), before AS MATERIALIZED (
        SELECT o.form, g.indicator, g.value, g.denominator FROM slot AS o
        CROSS JOIN LATERAL (SELECT u.indicator, u.value, u.denominator FROM yuebao.figure AS u
                            WHERE u.district = yuebao.school_district_on(o.school, yuebao.period_last_day(o.before, o.frequency))
                              AND u.period = o.before AND u.school = o.school AND u.form = o.form OFFSET 0) AS g
    ), figures AS MATERIALIZED ( -- the district's figures of these forms lie side by side: read once
        SELECT o.form, o.school AS own, g.school, g.indicator, g.value, g.denominator,
               api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, 1, g.value, g.denominator) AS figure
        FROM slot AS o
        CROSS JOIN LATERAL (SELECT u.school, u.indicator, u.value, u.denominator FROM yuebao.figure AS u
                            WHERE u.district = o.district AND u.period = o.period AND u.form = o.form AND u.value IS NOT NULL OFFSET 0) AS g
        JOIN yuebao.indicator AS i ON i.indicator = g.indicator
        WHERE o.district IN (SELECT v.district FROM yuebao.seen_district AS v) -- an inspector is told of no others
    ), ranked AS MATERIALIZED (
        SELECT f.*, rank() OVER (PARTITION BY f.form, f.indicator ORDER BY f.figure DESC NULLS LAST) AS rank,
               count(f.figure) OVER (PARTITION BY f.form, f.indicator) AS of
        FROM figures AS f
    ), district AS MATERIALIZED (
        SELECT f.form, f.indicator, count(*) AS schools,
               api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, count(*),
                             CASE i.over_schools WHEN 'max' THEN max(f.value) ELSE sum(f.value) END, sum(f.denominator)) AS figure
        FROM figures AS f JOIN yuebao.indicator AS i ON i.indicator = f.indicator
        GROUP BY f.form, f.indicator, i.over_schools, i.decimals, i.denominator_decimals
    )
    SELECT of_school, d.district, d.name_zh, d.name_en, o.kind, f.code, yuebao.period_text(o.period, o.frequency), i.code, i.name_zh, i.name_en, i.unit,
           CASE WHEN n.value IS NOT NULL THEN 'value' WHEN n.missing IS NOT NULL THEN 'excused' WHEN o.reported THEN 'left_out' ELSE 'missing' END,
           api.reason_zh(n.missing), api.reason_en(n.missing), api.shown(h.now), api.scaled(n.value, i.decimals),
           CASE WHEN i.over_schools = 'ratio_of_sums' THEN api.scaled(n.denominator, i.denominator_decimals) END,
           api.shown(t.figure), CASE WHEN s.seen THEN coalesce(t.schools, 0) END, CASE WHEN h.now IS NOT NULL THEN r.rank END,
           CASE WHEN s.seen THEN coalesce(r.of, t.schools, 0) END,
           CASE WHEN h.now IS NOT NULL THEN (4 * (r.rank - 1) / r.of)::integer + 1 END,
           yuebao.period_text(o.before, o.frequency), api.shown(h.before), api.shown(h.now - h.before)
    FROM slot AS o
    JOIN yuebao.catalogue_form AS k ON k.catalogue = o.catalogue AND k.form = o.form
        AND k.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
    JOIN yuebao.indicator AS i ON i.indicator = k.indicator
    JOIN yuebao.form AS f ON f.form = o.form
    JOIN yuebao.district AS d ON d.district = o.district
    LEFT JOIN own AS n ON n.form = o.form AND n.indicator = i.indicator
    LEFT JOIN before AS b ON b.form = o.form AND b.indicator = i.indicator
    CROSS JOIN LATERAL (SELECT api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, (n.value IS NOT NULL)::integer::bigint, n.value,
                                             n.denominator) AS now,
                               api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, (b.value IS NOT NULL)::integer::bigint, b.value,
                                             b.denominator) AS before) AS h
    CROSS JOIN LATERAL (SELECT o.district IN (SELECT v.district FROM yuebao.seen_district AS v) AS seen) AS s
    LEFT JOIN ranked AS r ON r.form = o.form AND r.indicator = i.indicator AND r.school = o.school
    LEFT JOIN district AS t ON t.form = o.form AND t.indicator = i.indicator
    WHERE yuebao.needs_figures(o.period)
    ORDER BY f.code, i.indicator;
END
$$;
COMMENT ON FUNCTION api.profile(text, text) IS
    'Every indicator that a school is asked in a period (NULL: of each of its forms the newest that it reported) beside its own district: the figure of '
    'the district''s schools of the same kind by the indicator''s rule, the school''s rank among them (1 the highest) and quarter (1 the highest), and its own '
    'figure of the period before. Of a district that the login does not see whole, nothing stands beside it.';

-- ---- down to the signed statement ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION api.drill(in_district integer, of_period text, of_indicator text, of_kind text DEFAULT NULL, in_area text DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, school text, school_zh text, school_en text, kind text, form text, period text,
    indicator text, unit text, state text, figure numeric, value numeric, denominator numeric, missing_zh text, missing_en text)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1000 SET jit = off SET work_mem = '32MB'
BEGIN ATOMIC
    SELECT b.district, b.district_zh, b.district_en, b.school, b.school_zh, b.school_en, b.kind, b.form, b.period, b.indicator, b.unit, b.state,
           api.shown(b.figure), b.value, b.denominator, b.missing_zh, b.missing_en
    FROM api.schools_behind(in_district, of_period, of_indicator, of_kind, in_area) AS b
    ORDER BY array_position(ARRAY['value', 'excused', 'left_out', 'missing'], b.state), b.district, b.school;
END;
COMMENT ON FUNCTION api.drill(integer, text, text, text, text) IS
    'A total of a district, or of an area (in_area), taken apart: first the schools with a value, whose values and denominators add up to it, then those that say why not, left it '
    'out, or have not reported.';

CREATE FUNCTION api.figure_trace(of_school text, of_period text, of_indicator text)
RETURNS TABLE (
    school text, school_zh text, school_en text, district integer, form text, period text, indicator text, name_zh text, name_en text, unit text,
    revision integer, stands boolean, figure numeric, value numeric, denominator numeric, state text, missing_zh text, missing_en text, changed boolean,
    received_at timestamptz, late boolean, admitted boolean, corrected boolean, correction text, filler text, reviewer text, head text,
    explanation text, replaced_at timestamptz, replaced_by text, id text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 2 SET search_path = pg_catalog, pg_temp SET jit = off
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH reports AS MATERIALIZED (
        SELECT r.*, s.code AS school_code, s.name_zh, s.name_en, f.code AS form_code, i.indicator,
               lead(r.revision) OVER (PARTITION BY r.form ORDER BY r.revision) IS NULL AS stands,
               lead(r.id) OVER (PARTITION BY r.form ORDER BY r.revision) AS next_id,
               lead(r.received_at) OVER (PARTITION BY r.form ORDER BY r.revision) AS next_at
        FROM yuebao.period_of(of_period) AS p
        JOIN yuebao.school AS s ON s.code = of_school
        JOIN yuebao.indicator AS i ON i.code = of_indicator AND i.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
        JOIN yuebao.form AS f ON f.frequency = p.frequency AND f.kind = s.kind
        CROSS JOIN LATERAL (SELECT l.district, l.period, l.school, l.form, l.revision, l.id, l.catalogue, l.received_at, l.late, l.admitted,
                                   l.correction, l.filler, l.reviewer, l.head
                            FROM yuebao.report AS l
                            WHERE l.district = yuebao.school_district_on(s.school, yuebao.period_last_day(p.first_day, p.frequency))
                              AND l.period = p.first_day AND l.school = s.school AND l.form = f.form OFFSET 0) AS r
        WHERE EXISTS (SELECT FROM yuebao.catalogue_form AS k WHERE k.catalogue = r.catalogue AND k.form = r.form AND k.indicator = i.indicator)
          AND yuebao.needs_figures(p.first_day)
    ), stated AS MATERIALIZED (
        SELECT r.form, r.revision, g.missing, g.value, g.denominator
        FROM reports AS r JOIN yuebao.figure AS g ON g.district = r.district AND g.period = r.period AND g.school = r.school
            AND g.indicator = r.indicator AND g.form = r.form
        WHERE r.stands
        UNION ALL
        SELECT r.form, r.revision, h.missing, h.value, h.denominator
        FROM reports AS r JOIN yuebao.figure_history AS h ON h.district = r.district AND h.period = r.period AND h.school = r.school
            AND h.indicator = r.indicator AND h.form = r.form AND h.revision = r.revision
    )
    SELECT r.school_code, r.name_zh, r.name_en, r.district, r.form_code, of_period, i.code, i.name_zh, i.name_en, i.unit, r.revision, r.stands,
           api.shown(api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, (n.value IS NOT NULL)::integer::bigint, n.value, n.denominator)),
           api.scaled(n.value, i.decimals), CASE WHEN i.over_schools = 'ratio_of_sums' THEN api.scaled(n.denominator, i.denominator_decimals) END,
           CASE WHEN n.value IS NOT NULL THEN 'value' WHEN n.missing IS NOT NULL THEN 'excused' ELSE 'left_out' END,
           api.reason_zh(n.missing), api.reason_en(n.missing),
           CASE WHEN r.revision > 1 THEN (n.missing, n.value, n.denominator) IS DISTINCT FROM (e.missing, e.value, e.denominator) END,
           r.received_at, r.late, r.admitted, r.revision > 1, nullif(r.correction, ''), r.filler, r.reviewer, r.head,
           (SELECT string_agg(m.explanation, '; ' ORDER BY m.position) FROM yuebao.remark AS m
            WHERE m.district = r.district AND m.period = r.period AND m.school = r.school AND m.form = r.form AND m.revision = r.revision
              AND m.indicator = r.indicator AND m.explanation <> ''),
           r.next_at, encode(r.next_id, 'hex'), encode(r.id, 'hex')
    FROM reports AS r
    JOIN yuebao.indicator AS i ON i.indicator = r.indicator
    LEFT JOIN stated AS n ON n.form = r.form AND n.revision = r.revision
    LEFT JOIN stated AS e ON e.form = r.form AND e.revision = r.revision - 1
    ORDER BY r.form_code, r.revision DESC;
END
$$;
COMMENT ON FUNCTION api.figure_trace(text, text, text) IS
    'One figure back to what was signed: a row a revision, the one that stands first, with its report''s id, names, instants and reason, the school''s '
    'explanations, and which report replaced it when. yuebaoctl replay shows a statement and its receipt whole.';

-- ---- a text to paste into a work group -----------------------------------------------------------------------------------------------------

CREATE FUNCTION api.missing_text(in_district integer DEFAULT NULL, of_period text DEFAULT NULL, of_form text DEFAULT NULL, in_area text DEFAULT NULL)
RETURNS TABLE (
    form text, form_zh text, form_en text, period text, due_at timestamptz, zone text, overdue boolean, district integer, district_zh text, district_en text,
    owed bigint, owed_by_district bigint, missing bigint, schools_zh text, schools_en text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
DECLARE
    from_day  date      := CASE WHEN of_period IS NULL THEN '-infinity' ELSE (SELECT p.first_day FROM yuebao.period_of(of_period) AS p) END;
    to_day    date      := CASE WHEN of_period IS NULL THEN 'infinity' ELSE from_day END;
    places    integer[] := CASE WHEN in_area IS NOT NULL THEN '{}'
                                WHEN in_district IS NULL THEN ARRAY(SELECT t.district FROM yuebao.top_district AS t)
                                ELSE ARRAY[in_district] END;
    below     integer[] := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (places));
    inspected integer[] := CASE WHEN in_area IS NULL AND in_district IS NULL THEN yuebao.seen_schools() ELSE '{}' END;
BEGIN
    RETURN QUERY
    WITH gone AS MATERIALIZED (
        SELECT m.* FROM (
            SELECT n.* FROM unnest(places) AS p (district) CROSS JOIN LATERAL api.missing_in(p.district, from_day, to_day) AS n
            UNION ALL
            SELECT n.* FROM unnest(inspected) AS i (school)
            JOIN yuebao.school AS s ON s.school = i.school
            CROSS JOIN LATERAL (SELECT o.* FROM api.missing AS o WHERE o.school = s.code AND o.first_day BETWEEN from_day AND to_day OFFSET 0) AS n
            WHERE n.district <> ALL (below)
            UNION ALL
            SELECT n.* FROM api.missing_in_area(in_area) AS n WHERE in_area IS NOT NULL AND n.first_day BETWEEN from_day AND to_day) AS m
        WHERE (of_period IS NULL OR m.period = of_period) AND (of_form IS NULL OR m.form = of_form)
    ), owed AS MATERIALIZED (
        SELECT f.form, c.first_day, o.district, count(*) AS slots
        FROM (SELECT DISTINCT g.form, g.first_day FROM gone AS g) AS c
        JOIN yuebao.form AS f ON f.code = c.form
        CROSS JOIN LATERAL (SELECT s.district FROM yuebao.slot AS s
                            WHERE s.form = f.form AND s.period = c.first_day AND s.opens_at <= now() AND s.district = ANY (below)
                            UNION ALL -- school by school: there are few, and mostly none
                            SELECT s.district
                            FROM unnest(inspected) AS i (school)
                            CROSS JOIN LATERAL (SELECT l.district, l.opens_at FROM yuebao.slot AS l
                                                WHERE l.school = i.school AND l.form = f.form AND l.period = c.first_day OFFSET 0) AS s
                            WHERE s.opens_at <= now() AND s.district <> ALL (below)
                            UNION ALL
                            SELECT s.district
                            FROM yuebao.area AS a
                            JOIN yuebao.area_school AS b ON b.area = a.area
                            CROSS JOIN LATERAL (SELECT l.district, l.opens_at, l.last_day FROM yuebao.slot AS l
                                                WHERE l.school = b.school AND l.form = f.form AND l.period = c.first_day OFFSET 0) AS s
                            WHERE a.code = in_area AND s.opens_at <= now() AND s.last_day BETWEEN b.from_day AND b.until_day
                            OFFSET 0) AS o
        GROUP BY f.form, c.first_day, o.district
    ), whole AS (
        SELECT o.form, o.first_day, sum(o.slots)::bigint AS slots FROM owed AS o GROUP BY o.form, o.first_day
    )
    SELECT g.form, f.name_zh, f.name_en, g.period, g.due_at, c.zone, g.overdue, g.district, g.district_zh, g.district_en, w.slots, o.slots, count(*),
           string_agg(g.school_zh || CASE WHEN g.kept THEN '（关闭后送达，待处理）' WHEN h.silent_since = '' THEN '（电脑从未联系）'
                                          ELSE coalesce('（电脑自 ' || h.silent_since || ' 起未联系）', '') END, '、' ORDER BY g.school),
           string_agg(g.school_en || CASE WHEN g.kept THEN ' (came after close, waits for a decision)' WHEN h.silent_since = '' THEN ' (its client was never heard)'
                                          ELSE coalesce(' (its client not heard since ' || h.silent_since || ')', '') END, ', ' ORDER BY g.school)
    FROM gone AS g
    JOIN yuebao.form AS f ON f.code = g.form
    JOIN yuebao.calendar AS c ON c.form = f.form AND c.period = g.first_day
    -- a client that was heard since the period opened has a slow clerk; one that was not may be a dead computer
    CROSS JOIN LATERAL (SELECT CASE WHEN NOT (SELECT yuebao.sees_every_indicator()) THEN NULL -- and may not be told of silence either
                                    WHEN g.last_contact IS NULL THEN ''
                                    WHEN g.last_contact < g.opens_at THEN to_char(g.last_contact AT TIME ZONE c.zone, 'YYYY-MM-DD') END AS silent_since) AS h
    JOIN owed AS o ON o.form = f.form AND o.first_day = g.first_day AND o.district = g.district
    JOIN whole AS w ON w.form = f.form AND w.first_day = g.first_day
    GROUP BY g.form, f.name_zh, f.name_en, g.period, g.first_day, g.due_at, c.zone, g.overdue, g.district, g.district_zh, g.district_en, w.slots, o.slots
    ORDER BY g.first_day, g.form, g.due_at, g.district;
END
$$;
COMMENT ON FUNCTION api.missing_text(integer, text, text, text) IS
    'api.missing for a notice to schools: by form, period, due instant and district, the names of the schools that have not reported, of a district with '
    'all below it or of an area (in_area); said of those whose report came after close and waits for a decision, and of those whose client was not heard '
    'since the period opened. owed is what the whole question owes, owed_by_district what that district does.';
