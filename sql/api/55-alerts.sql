-- Limits and the alerts that crossed them make: sql/migrations/022-judging.sql says how they come about.

CREATE VIEW api.threshold AS
SELECT t.code AS threshold, t.name_zh, t.name_en, t.severity, i.code AS indicator, i.name_zh AS indicator_zh, i.name_en AS indicator_en, i.unit,
       t.level, d.district, d.name_zh AS district_zh, d.name_en AS district_en, t.kind, t.direction, t.bound, t.valid_from, t.valid_until, t.active,
       (SELECT count(*) FROM yuebao.alert AS a WHERE a.threshold = t.threshold AND a.cleared_at IS NULL) AS open, t.note
FROM yuebao.threshold AS t
JOIN yuebao.indicator AS i ON i.indicator = t.indicator
LEFT JOIN yuebao.district AS d ON d.district = t.district;
COMMENT ON VIEW api.threshold IS 'Limits: figures of schools and totals of districts that cross one make an alert.';

CREATE VIEW api.alert AS
SELECT a.alert, CASE WHEN a.cleared_at IS NULL THEN 'open' ELSE 'cleared' END AS state, a.severity, t.code AS threshold, t.name_zh, t.name_en,
       CASE WHEN a.school IS NULL THEN 'district' ELSE 'school' END AS level, a.district, d.name_zh AS district_zh, d.name_en AS district_en,
       s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, coalesce(s.kind, t.kind) AS kind, f.code AS form,
       yuebao.period_text(a.period, a.frequency) AS period, a.period AS first_day, a.frequency,
       i.code AS indicator, i.name_zh AS indicator_zh, i.name_en AS indicator_en, i.unit, a.direction, a.bound,
       api.shown(api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, a.old_schools, a.old_value, a.old_denominator)) AS before,
       api.shown(api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, a.schools, a.value, a.denominator)) AS figure, a.schools,
       a.raised_at, a.batch::text::bigint AS batch, encode(a.statement, 'hex') AS statement, a.cleared_at, a.cleared_why,
       api.shown(api.figure_of(i.over_schools, i.decimals, i.denominator_decimals, a.cleared_schools, a.cleared_value, a.cleared_denominator))
           AS cleared_figure,
       a.cleared_batch::text::bigint AS cleared_batch, encode(a.cleared_statement, 'hex') AS cleared_statement,
       a.seen_at, a.seen_by, a.seen_note, a.written
FROM yuebao.alert AS a
JOIN yuebao.threshold AS t ON t.threshold = a.threshold
JOIN yuebao.indicator AS i ON i.indicator = a.indicator
JOIN yuebao.district AS d ON d.district = a.district
LEFT JOIN yuebao.school AS s ON s.school = a.school
LEFT JOIN yuebao.form AS f ON f.form = a.form;
COMMENT ON VIEW api.alert IS
    'Crossings of limits, one row each: of a school''s figure in the transaction that booked it, of a district''s total a moment later. An alert is '
    'open until the figure comes back or the limit changes. After each commit the channel yuebao_alert is notified; who follows it asks for written >= '
    'the pg_snapshot_xmin(pg_current_snapshot()) of its last look, for numbers do not commit in order.';
