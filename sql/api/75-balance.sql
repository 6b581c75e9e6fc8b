-- Balance between schools: how unevenly a resource per pupil is spread, as the national assessment of balanced compulsory education
-- (县域义务教育优质均衡发展督导评估) measures it. With y_i the resource of a school, p_i its pupils, x_i = y_i / p_i, P = Σ p_i, X = Σ y_i / P:
--
--   CV = sqrt(Σ (p_i / P) · (x_i − X)²) / X
--
-- Which resources, which kinds of school and which thresholds: balance.csv. Which schools: all of the kind that owe the form, in the district and
-- all below it; those without the figure or without pupils are left out and counted, those of yuebao.balance_exclusion too.
--
-- Exact: sums of integers; y²/p is cut at the 30th decimal of the stored unit, the root has 16 significant digits at least. A threshold is held
-- against this; what is shown is rounded half away from zero, to six decimals.
--
-- What if: leaving_out are codes of schools that shall not count either; if_school counts with the resource if_value (and the pupils if_pupils,
-- else its own), whatever it has stated. Same sums, so the answer is what a statement with these figures would give.

CREATE FUNCTION api.balance_in(in_district integer DEFAULT NULL, in_period text DEFAULT NULL, of_kind text DEFAULT NULL,
                               of_indicator text DEFAULT NULL, and_below boolean DEFAULT true, leaving_out text[] DEFAULT '{}',
                               if_school text DEFAULT NULL, if_value numeric DEFAULT NULL, if_pupils numeric DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, level text, "position" integer, kind text, indicator text, name_zh text, name_en text, unit text,
    period text, first_day date, schools bigint, left_out bigint, excluded bigint, value numeric, pupils numeric, per_pupil numeric,
    deviation numeric, cv numeric, threshold numeric, met boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
WITH windows AS MATERIALIZED (
    SELECT w.* FROM yuebao.balance_windows(balance_in.in_district, balance_in.in_period, balance_in.of_kind, balance_in.of_indicator) AS w
    JOIN yuebao.balance_indicator AS b ON b.balance = w.balance
    WHERE b.value_indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v) AND b.pupils_indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
      AND yuebao.needs_figures(w.period) AND yuebao.needs_figures(w.pupils_period)
), own AS MATERIALIZED ( -- by district first: a province's schools are added up once, not once a level
    SELECT p.window_no, p.district, count(*) FILTER (WHERE p.standing = 'counted') AS schools,
           count(*) FILTER (WHERE p.standing IN ('no_figure', 'no_pupils')) AS left_out,
           count(*) FILTER (WHERE p.standing = 'excluded') AS excluded,
           sum(p.value) FILTER (WHERE p.standing = 'counted') AS value, sum(p.pupils) FILTER (WHERE p.standing = 'counted') AS pupils,
           sum(p.square) AS squares
    FROM (SELECT array_agg(w::yuebao.balance_window) AS windows FROM windows AS w) AS a
    CROSS JOIN LATERAL yuebao.balance_parts(balance_in.in_district, a.windows, balance_in.leaving_out, balance_in.if_school, balance_in.if_value,
                                            balance_in.if_pupils) AS p
    GROUP BY p.window_no, p.district
), summed AS MATERIALIZED (
    SELECT o.window_no, a.ancestor AS district, sum(o.schools)::bigint AS schools, sum(o.left_out)::bigint AS left_out,
           sum(o.excluded)::bigint AS excluded, sum(o.value) AS value, sum(o.pupils) AS pupils, sum(o.squares) AS squares
    FROM own AS o JOIN yuebao.district_ancestor AS a ON a.district = o.district
    WHERE CASE WHEN balance_in.in_district IS NULL THEN true
               WHEN balance_in.and_below THEN EXISTS (SELECT FROM yuebao.district_ancestor AS u
                                                      WHERE u.ancestor = balance_in.in_district AND u.district = a.ancestor)
               ELSE a.ancestor = balance_in.in_district END
    GROUP BY o.window_no, a.ancestor
)
SELECT s.district, d.name_zh, d.name_en, d.level, w.window_no, w.kind, b.balance, b.name_zh, b.name_en, b.unit,
       yuebao.period_text(w.period, w.frequency), w.period, s.schools, s.left_out, s.excluded,
       api.scaled(s.value, w.value_decimals), api.scaled(s.pupils, w.pupils_decimals), api.shown(x.per_pupil),
       api.shown(x.per_pupil * x.cv), round(x.cv, 6), k.threshold,
       s.pupils * s.squares <= (1 + k.threshold * k.threshold) * s.value * s.value * 1e30
FROM summed AS s
JOIN windows AS w ON w.window_no = s.window_no
JOIN yuebao.balance_indicator AS b ON b.balance = w.balance
JOIN yuebao.balance_threshold AS k ON k.balance = w.balance AND k.kind = w.kind
JOIN yuebao.district AS d ON d.district = s.district
CROSS JOIN LATERAL (
    SELECT yuebao.balance_cv(s.pupils, s.value, s.squares) AS cv,
           s.value / s.pupils * b.scale * 10::numeric ^ (w.pupils_decimals - w.value_decimals) AS per_pupil) AS x
ORDER BY array_position(ARRAY['nation', 'province', 'prefecture', 'county'], d.level), s.district, w.window_no;
END
$$;
COMMENT ON FUNCTION api.balance_in(integer, text, text, text, boolean, text[], text, numeric, numeric) IS
    'How unevenly resources per pupil are spread over the schools of a district and each district below it (and_below; NULL: of every district), in a '
    'period (NULL: of each resource the newest that is settled and has figures), for a kind of school, for one resource; and what if.';

CREATE VIEW api.balance AS SELECT b.* FROM api.balance_in() AS b;
COMMENT ON VIEW api.balance IS
    'Balance between schools: for every district (all districts below it included), kind of school and resource per pupil, the coefficient of variation '
    'weighted by pupils in the newest settled period that has figures; other periods: api.balance_in.';

CREATE FUNCTION api.balance_schools_in(in_district integer DEFAULT NULL, in_period text DEFAULT NULL, of_kind text DEFAULT NULL,
                                       of_indicator text DEFAULT NULL, leaving_out text[] DEFAULT '{}',
                                       if_school text DEFAULT NULL, if_value numeric DEFAULT NULL, if_pupils numeric DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, school text, school_zh text, school_en text, kind text,
    form text, period text, first_day date, indicator text, name_zh text, name_en text, unit text, standing text, exclusion text,
    value numeric, pupils numeric, per_pupil numeric, difference numeric, variance_share numeric, cv numeric, cv_without numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
    SET plan_cache_mode = force_generic_plan -- planned once a session
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
WITH windows AS MATERIALIZED (
    SELECT w.* FROM yuebao.balance_windows(balance_schools_in.in_district, balance_schools_in.in_period, balance_schools_in.of_kind,
                                           balance_schools_in.of_indicator) AS w
    JOIN yuebao.balance_indicator AS b ON b.balance = w.balance
    WHERE b.value_indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v) AND b.pupils_indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
      AND yuebao.needs_figures(w.period) AND yuebao.needs_figures(w.pupils_period)
), parts AS MATERIALIZED ( -- without a district, each school is seen beside those of its own
    SELECT p.*, coalesce(balance_schools_in.in_district, p.district) AS beside, p.standing = 'counted' AS counts
    FROM (SELECT array_agg(w::yuebao.balance_window) AS windows FROM windows AS w) AS a
    CROSS JOIN LATERAL yuebao.balance_parts(balance_schools_in.in_district, a.windows, balance_schools_in.leaving_out, balance_schools_in.if_school, balance_schools_in.if_value,
                                            balance_schools_in.if_pupils) AS p
), summed AS MATERIALIZED (
    SELECT p.window_no, p.beside, sum(p.value) AS value, sum(p.pupils) AS pupils, sum(p.square) AS squares
    FROM parts AS p WHERE p.counts GROUP BY p.window_no, p.beside
)
SELECT p.district, d.name_zh, d.name_en, o.code, o.name_zh, o.name_en, w.kind, f.code,
       yuebao.period_text(w.period, w.frequency), w.period, b.balance, b.name_zh, b.name_en, b.unit, p.standing, CASE WHEN p.standing = 'excluded' THEN p.reason END,
       api.scaled(p.value, w.value_decimals), api.scaled(p.pupils, w.pupils_decimals), api.shown(x.per_pupil),
       CASE WHEN p.counts THEN api.shown(x.per_pupil - s.value / s.pupils * x.factor) END,
       -- p (y/p − Y/P)² of Σ y²/p − Y²/P, multiplied out
       CASE WHEN p.counts AND s.pupils * s.squares > s.value * s.value * 1e30 THEN
           round(x.apart * x.apart * 1e30 / (p.pupils * s.pupils * (s.pupils * s.squares - s.value * s.value * 1e30)), 6) END,
       CASE WHEN p.counts THEN round(yuebao.balance_cv(s.pupils, s.value, s.squares), 6) END,
       CASE WHEN p.counts THEN round(yuebao.balance_cv(s.pupils - p.pupils, s.value - p.value, s.squares - p.square), 6) END
FROM parts AS p
JOIN windows AS w ON w.window_no = p.window_no
JOIN yuebao.balance_indicator AS b ON b.balance = w.balance
JOIN yuebao.school AS o ON o.school = p.school
JOIN yuebao.district AS d ON d.district = p.district
JOIN yuebao.form AS f ON f.form = w.form
LEFT JOIN summed AS s ON s.window_no = p.window_no AND s.beside = p.beside
CROSS JOIN LATERAL (SELECT b.scale * 10::numeric ^ (w.pupils_decimals - w.value_decimals) AS factor OFFSET 0) AS t
CROSS JOIN LATERAL (SELECT CASE WHEN p.pupils > 0 THEN p.value / p.pupils * t.factor END AS per_pupil, t.factor,
                           p.value * s.pupils - s.value * p.pupils AS apart) AS x
ORDER BY w.window_no, p.beside, 21 DESC NULLS LAST, o.code;
END
$$;
COMMENT ON FUNCTION api.balance_schools_in(integer, text, text, text, text[], text, numeric, numeric) IS
    'The schools behind api.balance_in, those first that move it most: what each has per pupil, which share of the variance is its own, and the '
    'coefficient of variation without it. Without a district each school is seen beside those of its own district.';

CREATE VIEW api.balance_school AS
SELECT b.*, n.revision, n.late, n.admitted, n.revision > 1 AS corrected
FROM api.balance_schools_in() AS b
JOIN yuebao.school AS s ON s.code = b.school
JOIN yuebao.form AS f ON f.code = b.form
LEFT JOIN LATERAL (SELECT r.revision, r.late, r.admitted FROM yuebao.report AS r
                   WHERE r.district = b.district AND r.period = b.first_day AND r.school = s.school AND r.form = f.form
                   ORDER BY r.revision DESC LIMIT 1) AS n ON true;
COMMENT ON VIEW api.balance_school IS
    'Every school beside those of its own district and kind: each resource per pupil, the share of the variance that is its own, and the coefficient of '
    'variation without it; in the newest settled period that has figures. Other periods, and beside a larger district: api.balance_schools_in.';

CREATE VIEW api.balance_indicator AS
SELECT b.balance AS indicator, b.name_zh, b.name_en, b.unit, k.kind, k.threshold,
       v.code || CASE WHEN v.over_schools <> 'ratio_of_sums' THEN '' WHEN b.value_part = 'value' THEN '.num' ELSE '.den' END AS value_of,
       n.code || CASE WHEN n.over_schools <> 'ratio_of_sums' THEN '' WHEN b.pupils_part = 'value' THEN '.num' ELSE '.den' END AS pupils_of,
       b.scale, b.note
FROM yuebao.balance_indicator AS b
JOIN yuebao.balance_threshold AS k ON k.balance = b.balance
JOIN yuebao.indicator AS v ON v.indicator = b.value_indicator
JOIN yuebao.indicator AS n ON n.indicator = b.pupils_indicator;
COMMENT ON VIEW api.balance_indicator IS 'Resources per pupil whose balance is judged: from which figures, for which kinds of school, with which thresholds.';

CREATE VIEW api.balance_exclusion AS
SELECT now.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, s.kind,
       nullif(e.from_day, '-infinity') AS from_day, nullif(e.until_day, 'infinity') AS until_day, e.reason AS exclusion, e.made_by, e.made_at
FROM yuebao.balance_exclusion AS e
JOIN yuebao.school AS s ON s.school = e.school
CROSS JOIN LATERAL (SELECT m.district FROM yuebao.school_district AS m
                    WHERE m.school = s.school AND m.valid_from <= greatest(current_date, s.opened_on)
                    ORDER BY m.valid_from DESC LIMIT 1) AS now
JOIN yuebao.district AS d ON d.district = now.district;
COMMENT ON VIEW api.balance_exclusion IS 'Schools that do not take part in the comparison, from when to when and why.';
