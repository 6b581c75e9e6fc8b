-- What a bureau looks at before it lets figures stand.

CREATE FUNCTION api.figure_text(value bigint, decimals smallint, denominator bigint, denominator_decimals smallint, over_schools text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN api.scaled(value, decimals)::text || CASE WHEN over_schools = 'ratio_of_sums' THEN '/' || api.scaled(denominator, denominator_decimals)
                                                     ELSE '' END;
COMMENT ON FUNCTION api.figure_text(bigint, smallint, bigint, smallint, text) IS
    'A stored figure as it was filled in: 118, 1.50, or 118/120 where there is a denominator. NULL without a value.';

-- What is compared from one report to the next: the value, or the ratio where there is a denominator.
CREATE FUNCTION api.figure_ratio(value bigint, decimals smallint, denominator bigint, denominator_decimals smallint, over_schools text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN over_schools = 'ratio_of_sums'
                THEN api.shown(api.scaled(value, decimals) / nullif(api.scaled(denominator, denominator_decimals), 0))
                ELSE api.scaled(value, decimals) END;
COMMENT ON FUNCTION api.figure_ratio(bigint, smallint, bigint, smallint, text) IS
    'A stored figure as one number: its value, or value by denominator, six decimals. NULL without a value, and for 0/0.';

CREATE VIEW api.remark AS
SELECT m.district, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, f.code AS form, yuebao.period_text(m.period, f.frequency) AS period,
       m.period AS first_day, m.revision, r.late, r.admitted, m.revision > 1 AS corrected,
       EXISTS (SELECT FROM yuebao.report AS n WHERE n.district = m.district AND n.period = m.period AND n.school = m.school AND n.form = m.form
                                                AND n.revision = m.revision + 1 OFFSET 0) AS replaced,
       i.code AS indicator, i.name_zh, i.name_en, nullif(m.rule, '') AS rule,
       u.message_zh, u.message_en, nullif(m.found, '') AS found, nullif(m.bound, '') AS bound, m.explanation
FROM yuebao.remark AS m
JOIN yuebao.report AS r ON r.district = m.district AND r.period = m.period AND r.school = m.school AND r.form = m.form AND r.revision = m.revision
JOIN yuebao.form AS f ON f.form = m.form
JOIN yuebao.school AS s ON s.school = m.school
LEFT JOIN yuebao.indicator AS i ON i.indicator = m.indicator
LEFT JOIN yuebao.rule AS u ON u.code = m.rule;
COMMENT ON VIEW api.remark IS 'What stands beside the figures of accepted reports: rules that warned, and the school''s explanations. Ask by district and first_day.';

-- How many figures differ is counted against the revision that the bureau looked at last, else against the one before.
CREATE VIEW api.review AS
SELECT v.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en,
       f.code AS form, f.frequency, yuebao.period_text(v.period, f.frequency) AS period, v.period AS first_day, v.revision, v.received_at,
       v.late, v.admitted, v.revision > 1 AS corrected, nullif(v.correction, '') AS correction,
       (SELECT count(*) FROM yuebao.remark AS m
        WHERE m.district = v.district AND m.period = v.period AND m.school = v.school AND m.form = v.form AND m.revision = v.revision
          AND m.rule <> '' AND m.found <> '') AS warnings,
       CASE WHEN b.revision IS NOT NULL AND NOT EXISTS (SELECT FROM yuebao.detached AS p
                                                        WHERE p.month = date_trunc('month', v.period::timestamp)::date) THEN
           (SELECT count(*)
            FROM (SELECT g.indicator, g.missing, g.value, g.denominator FROM yuebao.figure AS g
                  WHERE g.district = v.district AND g.period = v.period AND g.school = v.school AND g.form = v.form) AS g
            FULL JOIN (SELECT h.indicator, h.missing, h.value, h.denominator FROM yuebao.figure_history AS h
                       WHERE h.district = v.district AND h.period = v.period AND h.school = v.school AND h.form = v.form
                         AND h.revision = b.revision) AS h ON h.indicator = g.indicator
            WHERE (g.missing, g.value, g.denominator) IS DISTINCT FROM (h.missing, h.value, h.denominator)) END AS changed_figures,
       b.revision AS changed_since, v.verdict, v.note AS review_note, v.made_by AS reviewed_by, v.made_at AS reviewed_at
FROM yuebao.reviewed AS v
JOIN yuebao.form AS f ON f.form = v.form
JOIN yuebao.school AS s ON s.school = v.school
JOIN yuebao.district AS d ON d.district = v.district
CROSS JOIN LATERAL (SELECT coalesce(max(w.revision), nullif(v.revision - 1, 0)) AS revision FROM yuebao.review AS w
                    WHERE w.district = v.district AND w.period = v.period AND w.school = v.school AND w.form = v.form
                      AND w.revision < v.revision) AS b;
COMMENT ON VIEW api.review IS 'The newest revision of every report, and what the bureau said of it. Ask by district and first_day.';

CREATE VIEW api.review_log AS
SELECT w.district, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, f.code AS form, yuebao.period_text(w.period, f.frequency) AS period,
       w.period AS first_day, w.revision, r.late, r.admitted, w.revision > 1 AS corrected,
       w.verdict, nullif(w.note, '') AS review_note, w.made_by AS reviewed_by, w.made_at AS reviewed_at
FROM yuebao.review AS w
JOIN yuebao.report AS r ON r.district = w.district AND r.period = w.period AND r.school = w.school AND r.form = w.form AND r.revision = w.revision
JOIN yuebao.form AS f ON f.form = w.form
JOIN yuebao.school AS s ON s.school = w.school;
COMMENT ON VIEW api.review_log IS 'Every review: which revision a bureau saw or returned, with what note, by whom and when.';

CREATE FUNCTION api.review_counts(in_district integer, of_period text,
                                  OUT waiting integer, OUT returned integer, OUT seen integer, OUT expected integer, OUT reported integer,
                                  OUT kept integer, OUT standing text)
    LANGUAGE sql STABLE SECURITY DEFINER
BEGIN ATOMIC
    SELECT c.waiting, c.returned, c.seen, c.expected, c.reported, c.kept,
           CASE WHEN yuebao.is_declared(in_district, p.first_day, p.frequency) THEN 'declared'
                WHEN EXISTS (SELECT FROM yuebao.declaration AS d
                             WHERE d.district = in_district AND d.period = p.first_day AND d.frequency = p.frequency) THEN 'reopened' END
    FROM yuebao.period_of(of_period) AS p CROSS JOIN LATERAL yuebao.count_reviews(in_district, p.first_day, p.frequency) AS c
    WHERE (SELECT yuebao.sees_every_indicator()) AND in_district IN (SELECT v.district FROM yuebao.seen_district AS v);
END;
COMMENT ON FUNCTION api.review_counts(integer, text) IS
    'Of a district with all below it and a period: how many reports wait for review, were returned, were seen; are owed, reported, kept; and whether it '
    'is declared or reopened (NULL: it never was declared).';

CREATE FUNCTION api.declarations(in_district integer DEFAULT NULL, of_period text DEFAULT NULL)
RETURNS TABLE (
    district integer, district_zh text, district_en text, period text, first_day date, frequency text, standing text, declared_by text,
    declared_at timestamptz, review_note text, expected_then integer, reported_then integer, expected integer, reported integer,
    changed_reports bigint)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 20
BEGIN ATOMIC
    SELECT d.district, n.name_zh, n.name_en, yuebao.period_text(d.period, d.frequency), d.period, d.frequency,
           CASE WHEN EXISTS (SELECT FROM yuebao.declaration AS l WHERE l.district = d.district AND l.period = d.period
                             AND l.frequency = d.frequency AND l.declaration > d.declaration) THEN 'superseded'
                WHEN c.changed = 0 THEN 'declared' ELSE 'reopened' END,
           d.made_by, d.made_at, nullif(d.note, ''), d.expected, d.reported, o.expected, o.reported, c.changed
    FROM yuebao.declaration AS d
    JOIN yuebao.district AS n ON n.district = d.district
    CROSS JOIN LATERAL (SELECT count(*) AS changed FROM yuebao.changed_since(d)) AS c
    CROSS JOIN LATERAL yuebao.count_reviews(d.district, d.period, d.frequency) AS o
    WHERE (in_district IS NULL OR d.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district)))
      AND (of_period IS NULL OR (d.period, d.frequency) = (SELECT p.first_day, p.frequency FROM yuebao.period_of(of_period) AS p));
END;
COMMENT ON FUNCTION api.declarations(integer, text) IS
    'Declarations of a district and the districts below it (NULL: of all), of one period or all; standing: declared; reopened (changed_reports are not '
    'what had been seen when it was made); superseded (declared again since).';

CREATE VIEW api.declaration AS SELECT d.* FROM api.declarations() AS d;
COMMENT ON VIEW api.declaration IS 'Which district declared which period, and whether that stands; of one district: api.declarations.';

CREATE FUNCTION api.reopened_by(in_district integer, of_period text)
RETURNS TABLE (school text, school_zh text, school_en text, form text, revision integer, verdict text, received_at timestamptz, reviewed_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 20
BEGIN ATOMIC
    SELECT s.code, s.name_zh, s.name_en, f.code, v.revision, v.verdict, v.received_at, v.made_at
    FROM yuebao.period_of(of_period) AS p
    CROSS JOIN LATERAL (SELECT l.* FROM yuebao.declaration AS l
                        WHERE l.district = in_district AND l.period = p.first_day AND l.frequency = p.frequency
                        ORDER BY l.declaration DESC LIMIT 1) AS d
    CROSS JOIN LATERAL yuebao.changed_since((SELECT l FROM yuebao.declaration AS l WHERE l.declaration = d.declaration)) AS c
    JOIN yuebao.reviewed AS v ON v.district = c.district AND v.period = c.period AND v.school = c.school AND v.form = c.form
    JOIN yuebao.school AS s ON s.school = c.school
    JOIN yuebao.form AS f ON f.form = c.form
    ORDER BY s.code, f.code;
END;
COMMENT ON FUNCTION api.reopened_by(integer, text) IS 'The reports that reopened the district''s newest declaration of the period; none while it stands.';

-- text, missing and ratio of the figure that stands; before_ of the form's period before; earlier_ of the revision that the bureau looked at
-- last, else of the one before.
CREATE FUNCTION api.review_figures(of_school text, of_form text, of_period text)
RETURNS TABLE (
    indicator text, name_zh text, name_en text, unit text, figure text, missing smallint, ratio numeric,
    before text, before_missing smallint, before_ratio numeric, before_period text,
    earlier text, earlier_missing smallint, earlier_revision integer, change numeric, differs boolean)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 60
BEGIN ATOMIC
    WITH slot AS MATERIALIZED (
        SELECT v.district, v.period, v.school, v.form, f.frequency, v.revision,
               (SELECT max(c.period) FROM yuebao.calendar AS c WHERE c.form = v.form AND c.period < v.period) AS before,
               (SELECT coalesce(max(w.revision), nullif(v.revision - 1, 0)) FROM yuebao.review AS w
                WHERE w.district = v.district AND w.period = v.period AND w.school = v.school AND w.form = v.form
                  AND w.revision < v.revision) AS earlier
        FROM yuebao.school AS s
        JOIN yuebao.form AS f ON f.code = of_form
        CROSS JOIN LATERAL yuebao.period_of(of_period) AS p
        CROSS JOIN LATERAL (SELECT m.district FROM yuebao.school_district AS m
                            WHERE m.school = s.school AND m.valid_from <= yuebao.period_last_day(p.first_day, f.frequency)
                            ORDER BY m.valid_from DESC LIMIT 1) AS m
        JOIN yuebao.reviewed AS v ON v.district = m.district AND v.period = p.first_day AND v.school = s.school AND v.form = f.form
        WHERE s.code = of_school AND p.frequency = f.frequency AND yuebao.needs_figures(p.first_day)
    ), stands AS (
        SELECT g.indicator, g.missing, g.value, g.denominator FROM slot AS o
        JOIN yuebao.figure AS g ON g.district = o.district AND g.period = o.period AND g.school = o.school AND g.form = o.form
    ), earlier AS (
        SELECT h.indicator, h.missing, h.value, h.denominator, h.revision FROM slot AS o
        JOIN yuebao.figure_history AS h ON h.district = o.district AND h.period = o.period AND h.school = o.school AND h.form = o.form
            AND h.revision = o.earlier
    ), before AS (
        SELECT g.indicator, g.missing, g.value, g.denominator, yuebao.period_text(o.before, o.frequency) AS period FROM slot AS o
        CROSS JOIN LATERAL (SELECT m.district FROM yuebao.school_district AS m
                            WHERE m.school = o.school AND m.valid_from <= yuebao.period_last_day(o.before, o.frequency)
                            ORDER BY m.valid_from DESC LIMIT 1) AS m
        JOIN yuebao.figure AS g ON g.district = m.district AND g.period = o.before AND g.school = o.school AND g.form = o.form
    )
    SELECT i.code, i.name_zh, i.name_en, i.unit,
           api.figure_text(n.value, i.decimals, n.denominator, i.denominator_decimals, i.over_schools), n.missing, r.now,
           api.figure_text(b.value, i.decimals, b.denominator, i.denominator_decimals, i.over_schools), b.missing, r.before, b.period,
           api.figure_text(e.value, i.decimals, e.denominator, i.denominator_decimals, i.over_schools), e.missing, e.revision,
           trim_scale(r.now - r.before),
           EXISTS (SELECT FROM slot AS o WHERE o.earlier IS NOT NULL)
               AND (n.missing, n.value, n.denominator) IS DISTINCT FROM (e.missing, e.value, e.denominator)
    FROM stands AS n
    FULL JOIN earlier AS e ON e.indicator = n.indicator
    JOIN yuebao.indicator AS i ON i.indicator = coalesce(n.indicator, e.indicator)
    LEFT JOIN before AS b ON b.indicator = i.indicator
    CROSS JOIN LATERAL (SELECT api.figure_ratio(n.value, i.decimals, n.denominator, i.denominator_decimals, i.over_schools) AS now,
                               api.figure_ratio(b.value, i.decimals, b.denominator, i.denominator_decimals, i.over_schools) AS before) AS r
    ORDER BY i.indicator;
END;
COMMENT ON FUNCTION api.review_figures(text, text, text) IS
    'The figures of a school''s report beside those of the period before and of the revision before; missing is a reason, 1 not applicable, 2 not yet '
    'known, 3 not collected, 4 refused; change is that of the value, or of the ratio where there is one; differs: not what the earlier revision said.';
