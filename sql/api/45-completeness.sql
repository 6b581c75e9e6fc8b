-- Completeness, derived from what is owed and what is accepted. There is no button: a period is as complete as its slots are reported.
--
-- Why an accepted report is a complete one: the collector refuses a report in which a required indicator of the period's catalogue has neither a
-- value nor a reason. tests/sql/45-completeness.sql holds the books to it.
--
-- Why no share exceeds one: a report of a school that owes nothing any more is not counted (44-slot-counts.sql).
--
-- Ask by district and by first_day: of each district, form and period it is worked out by itself.

CREATE VIEW api.completeness AS
SELECT d.district, d.name_zh AS district_zh, d.name_en AS district_en, d.level, f.code AS form, f.kind, f.frequency,
       yuebao.period_text(c.period, f.frequency) AS period, c.period AS first_day,
       n.expected, n.reported, n.reported - n.late AS on_time, n.late, n.admitted, n.corrected, n.kept, n.expected - n.reported AS missing,
       trunc(n.reported::numeric / n.expected, 4) AS share, n.extended, n.closed
FROM yuebao.seen_district AS v
JOIN yuebao.district AS d ON d.district = v.district
CROSS JOIN (yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form)
CROSS JOIN LATERAL api.slot_counts(d.district, c.form, c.period) AS n;
COMMENT ON VIEW api.completeness IS
    'For every district (all districts below it included), form and opened period: what is owed and what came of it. expected = reported + missing, '
    'reported = on_time + late. Ask by district, or = ANY (ARRAY(SELECT ...)), and by first_day.';

-- With a value: among the totals. Why not: told only by the figures themselves, of which those with a reason have an index of their own
-- (figure_excused). What is stated in reports that nobody owes any more is none of it.
CREATE FUNCTION api.stated_counts(in_district integer, of_form smallint, of_period date)
RETURNS TABLE (indicator smallint, with_value bigint, excused bigint, not_applicable bigint, not_yet_known bigint, not_collected bigint, refused bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 60 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    below integer[]  := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district);
    asked smallint[] := ARRAY(SELECT k.indicator FROM yuebao.calendar AS c JOIN yuebao.catalogue_form AS k ON k.catalogue = c.catalogue AND k.form = c.form
                              WHERE c.form = of_form AND c.period = of_period
                                AND k.indicator IN (SELECT s.indicator FROM yuebao.seen_indicator AS s));
BEGIN
    IF EXISTS (SELECT FROM yuebao.school_change AS c WHERE c.district = ANY (below))
       AND EXISTS (SELECT FROM yuebao.unowed AS u WHERE u.district = ANY (below) AND u.period = of_period AND u.form = of_form)
       OR EXISTS (SELECT FROM yuebao.extension AS e WHERE e.form = of_form AND e.period = of_period)
       AND EXISTS (SELECT FROM yuebao.slot_count AS c WHERE c.district = ANY (below) AND c.period = of_period AND c.form = of_form AND c.last_opens_at > now()) THEN
        RETURN QUERY -- slot by slot
        WITH stated AS (
            SELECT g.indicator, count(g.value) AS with_value, count(g.missing) AS excused, count(*) FILTER (WHERE g.missing = 1) AS not_applicable,
                   count(*) FILTER (WHERE g.missing = 2) AS not_yet_known, count(*) FILTER (WHERE g.missing = 3) AS not_collected,
                   count(*) FILTER (WHERE g.missing = 4) AS refused
            FROM yuebao.slot AS o
            CROSS JOIN LATERAL (SELECT u.indicator, u.value, u.missing FROM yuebao.figure AS u
                                WHERE u.district = o.district AND u.period = of_period AND u.school = o.school AND u.form = of_form OFFSET 0) AS g
            WHERE o.form = of_form AND o.period = of_period AND o.district = ANY (below) AND o.opens_at <= now()
            GROUP BY g.indicator
        )
        SELECT a.asked, coalesce(s.with_value, 0), coalesce(s.excused, 0), coalesce(s.not_applicable, 0), coalesce(s.not_yet_known, 0),
               coalesce(s.not_collected, 0), coalesce(s.refused, 0)
        FROM unnest(asked) AS a (asked) LEFT JOIN stated AS s ON s.indicator = a.asked;
        RETURN;
    END IF;
    RETURN QUERY
    WITH stated AS (
        SELECT t.indicator, t.schools AS with_value, t.excused FROM api.totals_at(in_district, of_period, of_form) AS t WHERE t.indicator > 0
    ), reasons AS (
        SELECT g.indicator, count(*) FILTER (WHERE g.missing = 1) AS not_applicable, count(*) FILTER (WHERE g.missing = 2) AS not_yet_known,
               count(*) FILTER (WHERE g.missing = 3) AS not_collected, count(*) FILTER (WHERE g.missing = 4) AS refused
        FROM yuebao.figure AS g
        WHERE g.district = ANY (below) AND g.period = of_period AND g.form = of_form AND g.missing IS NOT NULL
        GROUP BY g.indicator
    )
    SELECT a.asked, coalesce(s.with_value, 0), coalesce(s.excused, 0), coalesce(r.not_applicable, 0), coalesce(r.not_yet_known, 0),
           coalesce(r.not_collected, 0), coalesce(r.refused, 0)
    FROM unnest(asked) AS a (asked) LEFT JOIN stated AS s ON s.indicator = a.asked LEFT JOIN reasons AS r ON r.indicator = a.asked;
END
$$;
COMMENT ON FUNCTION api.stated_counts(integer, smallint, date) IS
    'Of a district with all below it, one form and one period: of every indicator that is asked how many of the schools that owe it stated a value, and how '
    'many gave which reason instead.';

CREATE VIEW api.coverage AS
SELECT d.district, d.name_zh AS district_zh, d.name_en AS district_en, d.level, f.code AS form, f.kind, f.frequency,
       yuebao.period_text(c.period, f.frequency) AS period, c.period AS first_day, i.code AS indicator, i.name_zh, i.name_en, k.required,
       n.expected, g.with_value + h.zero AS with_value, g.not_applicable + h.zero AS not_applicable, g.not_yet_known + h.zero AS not_yet_known,
       g.not_collected + h.zero AS not_collected, g.refused + h.zero AS refused, n.reported - g.with_value - g.excused + h.zero AS left_out,
       n.expected - n.reported AS not_reported
FROM yuebao.seen_district AS v
JOIN yuebao.district AS d ON d.district = v.district
CROSS JOIN (yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form)
CROSS JOIN LATERAL api.slot_counts(d.district, c.form, c.period) AS n
CROSS JOIN LATERAL api.stated_counts(d.district, c.form, c.period) AS g
-- where the figures are put away, it is not known how many there were
CROSS JOIN LATERAL (SELECT CASE WHEN NOT EXISTS (SELECT FROM yuebao.detached AS a WHERE a.month = date_trunc('month', c.period::timestamp)::date)
                                THEN 0 END AS zero) AS h
CROSS JOIN LATERAL (SELECT l.required FROM yuebao.catalogue_form AS l -- after those above, which are worked out once for all indicators
                    WHERE l.catalogue = c.catalogue AND l.form = c.form AND l.indicator = g.indicator OFFSET 0) AS k
JOIN yuebao.indicator AS i ON i.indicator = g.indicator;
COMMENT ON VIEW api.coverage IS
    'For every district (all districts below it included), form, opened period and indicator that the period''s catalogue asks: how many schools stated '
    'a value (0 is one), how many said why not, how many left it out, how many have not reported; together they are expected. Where '
    'the month''s figures are put away (api.month), all but expected and not_reported are NULL: not known.';
