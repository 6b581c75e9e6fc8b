-- Completeness, derived from what is owed and what is accepted. There is no button: a period is as complete as its slots are reported.
--
-- Why an accepted report is a complete one: the collector refuses a report in which a required indicator of the period's catalogue has neither a
-- value nor a reason. tests/sql/45-completeness.sql holds the books to it.
--
-- Why OFFSET 0: a slot's reports and figures are looked up by their whole key, in the one partition of its period. Joined freely they would be
-- looked for in all partitions, for the planner does not count that all but one are passed over.
--
-- Why no share exceeds one: reports are looked for from the slots that are owed. A report of a school that owes nothing any more finds none.

CREATE VIEW api.completeness AS
SELECT t.district, d.name_zh AS district_zh, d.name_en AS district_en, d.level, f.code AS form, t.kind, t.frequency,
       yuebao.period_text(t.period, t.frequency) AS period, t.period AS first_day,
       t.expected, t.reported, t.on_time, t.late, t.admitted, t.corrected, t.kept, t.expected - t.reported AS missing,
       trunc(t.reported::numeric / t.expected, 4) AS share, t.extended, t.closed
FROM (
    SELECT a.ancestor AS district, o.period, o.form, o.kind, o.frequency,
           -- one row a revision, or one without: the first stands for the slot, the second says that it was corrected
           count(*) FILTER (WHERE r.revision IS NULL OR r.revision = 1) AS expected,
           count(*) FILTER (WHERE r.revision = 1) AS reported,
           count(*) FILTER (WHERE r.revision = 1 AND NOT r.late) AS on_time,
           count(*) FILTER (WHERE r.revision = 1 AND r.late) AS late,
           count(*) FILTER (WHERE r.admitted) AS admitted,
           count(*) FILTER (WHERE r.revision = 2) AS corrected,
           count(*) FILTER (WHERE (r.revision IS NULL OR r.revision = 1)
                                  AND EXISTS (SELECT FROM yuebao.undecided AS k
                                              WHERE k.school = o.school AND k.period = o.period AND k.form = o.form)) AS kept,
           count(*) FILTER (WHERE (r.revision IS NULL OR r.revision = 1) AND o.extension IS NOT NULL) AS extended,
           bool_and(o.closes_at <= now()) AS closed
    FROM yuebao.slot AS o
    JOIN yuebao.district_ancestor AS a ON a.district = o.district
    LEFT JOIN LATERAL (SELECT l.revision, l.late, l.admitted FROM yuebao.report AS l
                       WHERE l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form OFFSET 0) AS r ON true
    WHERE o.opens_at <= now()
    GROUP BY a.ancestor, o.period, o.form, o.kind, o.frequency) AS t
JOIN yuebao.district AS d ON d.district = t.district
JOIN yuebao.form AS f ON f.form = t.form;
COMMENT ON VIEW api.completeness IS
    'For every district (all districts below it included), form and opened period: what is owed and what came of it. expected = reported + missing, '
    'reported = on_time + late. Ask by district, or = ANY (ARRAY(SELECT ...)), and by first_day.';

CREATE VIEW api.coverage AS
SELECT t.district, d.name_zh AS district_zh, d.name_en AS district_en, d.level, f.code AS form, t.kind, t.frequency,
       yuebao.period_text(t.period, t.frequency) AS period, t.period AS first_day, i.code AS indicator, i.name_zh, i.name_en, c.required,
       t.expected, coalesce(v.with_value, 0) AS with_value, coalesce(v.not_applicable, 0) AS not_applicable,
       coalesce(v.not_yet_known, 0) AS not_yet_known, coalesce(v.not_collected, 0) AS not_collected, coalesce(v.refused, 0) AS refused,
       t.reported - coalesce(v.stated, 0) AS left_out, t.expected - t.reported AS not_reported
FROM (
    SELECT a.ancestor AS district, o.period, o.form, o.kind, o.frequency, o.catalogue, count(*) AS expected, count(r.revision) AS reported
    FROM yuebao.slot AS o
    JOIN yuebao.district_ancestor AS a ON a.district = o.district
    LEFT JOIN LATERAL (SELECT l.revision FROM yuebao.report AS l
                       WHERE l.district = o.district AND l.period = o.period AND l.school = o.school AND l.form = o.form
                         AND l.revision = 1 OFFSET 0) AS r ON true
    WHERE o.opens_at <= now()
    GROUP BY a.ancestor, o.period, o.form, o.kind, o.frequency, o.catalogue) AS t
JOIN yuebao.catalogue_form AS c ON c.catalogue = t.catalogue AND c.form = t.form
    AND c.indicator IN (SELECT s.indicator FROM yuebao.seen_indicator AS s)
LEFT JOIN ( -- all of a slot's figures lie side by side: joined without the indicator, they are read in one go
    SELECT a.ancestor AS district, o.period, o.form, g.indicator, count(*) AS stated,
           count(g.value) AS with_value,
           count(*) FILTER (WHERE g.missing = 1) AS not_applicable,
           count(*) FILTER (WHERE g.missing = 2) AS not_yet_known,
           count(*) FILTER (WHERE g.missing = 3) AS not_collected,
           count(*) FILTER (WHERE g.missing = 4) AS refused
    FROM yuebao.slot AS o
    JOIN yuebao.district_ancestor AS a ON a.district = o.district
    CROSS JOIN LATERAL (SELECT u.indicator, u.value, u.missing FROM yuebao.figure AS u
                        WHERE u.district = o.district AND u.period = o.period AND u.school = o.school AND u.form = o.form OFFSET 0) AS g
    WHERE o.opens_at <= now()
    GROUP BY a.ancestor, o.period, o.form, g.indicator) AS v
    ON v.district = t.district AND v.period = t.period AND v.form = t.form AND v.indicator = c.indicator
JOIN yuebao.district AS d ON d.district = t.district
JOIN yuebao.form AS f ON f.form = t.form
JOIN yuebao.indicator AS i ON i.indicator = c.indicator;
COMMENT ON VIEW api.coverage IS
    'For every district (all districts below it included), form, opened period and indicator that the period''s catalogue asks: how many schools stated '
    'a value (0 is one), how many said why not, how many left it out, how many have not reported; together they are expected.';
