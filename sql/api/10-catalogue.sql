-- The catalogue in words.

CREATE VIEW api.district AS
SELECT d.district, d.name_zh, d.name_en, d.level, d.parent,
       (SELECT string_agg(u.name_zh, '' ORDER BY a.distance DESC)
        FROM yuebao.district_above AS a JOIN yuebao.district AS u ON u.district = a.ancestor
        WHERE a.district = d.district AND u.level <> 'nation') AS path_zh,
       d.district IN (SELECT v.district FROM yuebao.seen_district AS v) AS seen,
       d.district IN (SELECT t.district FROM yuebao.top_district AS t) AS uppermost
FROM yuebao.district AS d;
COMMENT ON VIEW api.district IS 'The tree of districts.';

CREATE VIEW api.school AS
SELECT s.code AS school, s.name_zh, s.name_en, s.kind, s.institution, d.district, d.name_zh AS district_zh, d.name_en AS district_en,
       s.opened_on, s.closed_on,
       EXISTS (SELECT FROM yuebao.school_key AS k JOIN yuebao.school AS o ON o.school = k.school
               WHERE o.institution = s.institution AND k.revoked_at IS NULL) AS enrolled,
       s.school IN (SELECT v.school FROM yuebao.seen_school AS v) AS seen,
       -- after the schools are chosen; of all its forms, which a department does not see
       (SELECT h.last_report FROM yuebao.school_heard AS h WHERE h.school = s.school AND (SELECT yuebao.sees_every_indicator())) AS last_report,
       (SELECT h.last_contact FROM yuebao.school_heard AS h WHERE h.school = s.school AND (SELECT yuebao.sees_every_indicator())) AS last_contact
FROM yuebao.school AS s
LEFT JOIN yuebao.school_district AS now ON now.school = s.school AND now.valid_from <= greatest(current_date, s.opened_on) -- a join: found by its district
    AND NOT EXISTS (SELECT FROM yuebao.school_district AS n
                    WHERE n.school = now.school AND n.valid_from > now.valid_from AND n.valid_from <= greatest(current_date, s.opened_on))
LEFT JOIN yuebao.district AS d ON d.district = now.district;
COMMENT ON VIEW api.school IS 'Schools with the district that they belong to today.';

CREATE VIEW api.plan AS
SELECT p.plan, p.title_zh, p.title_en, p.issuer_zh, p.district, d.name_zh AS district_zh, d.name_en AS district_en,
       p.period_start, p.period_end, p.issued_on, (SELECT count(*) FROM yuebao.target AS t WHERE t.plan = p.plan) AS targets, p.note
FROM yuebao.plan AS p JOIN yuebao.district AS d ON d.district = p.district;
COMMENT ON VIEW api.plan IS 'Plans.';

CREATE VIEW api.indicator AS
SELECT i.code AS indicator, i.name_zh, i.name_en, i.unit, i.measure, i.over_schools, i.over_time, i.decimals, i.denominator_decimals,
       i.min, i.max, i.numerator_zh, i.numerator_en, i.denominator_zh, i.denominator_en, i.veto, i.veto_direction, i.veto_bound,
       f.frequency, f.reported_by, coalesce(f.required, false) AS required, i.note,
       i.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v) AS seen
FROM yuebao.indicator AS i
LEFT JOIN (SELECT fi.indicator, min(f.frequency) AS frequency, array_agg(f.kind ORDER BY f.kind) AS reported_by,
                  bool_or(fi.required) AS required
           FROM yuebao.form_indicator AS fi JOIN yuebao.form AS f ON f.form = fi.form AND f.name = '' GROUP BY fi.indicator) AS f ON f.indicator = i.indicator;
COMMENT ON VIEW api.indicator IS 'Indicators, and who reports them how often; one-off forms apart.';

CREATE VIEW api.target AS
SELECT t.plan, t.position, t.section, i.code AS indicator, i.name_zh, i.name_en, t.district, d.name_zh AS district_zh, d.name_en AS district_en,
       t.direction, t.value AS target_value, t.unit, t.due, t.evidence_zh, t.note,
       r.district AS responsible, r.name_zh AS responsible_zh, r.name_en AS responsible_en
FROM yuebao.target AS t
JOIN yuebao.indicator AS i ON i.indicator = t.indicator
JOIN yuebao.district AS d ON d.district = t.district
JOIN yuebao.district AS r ON r.district = coalesce(t.responsible, t.district);
COMMENT ON VIEW api.target IS 'Targets as the plans state them; api.progress says how they stand.';

CREATE VIEW api.calendar AS
SELECT f.code AS form, f.kind, f.frequency, yuebao.period_text(c.period, f.frequency) AS period, c.period AS first_day,
       yuebao.period_last_day(c.period, f.frequency) AS last_day, c.opens_at, c.due_at, c.closes_at, c.zone, f.name_zh, f.name_en
FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form;
COMMENT ON VIEW api.calendar IS 'When each form''s periods open, are due and close.';

CREATE VIEW api.extension AS
SELECT f.code AS form, f.kind, f.frequency, yuebao.period_text(e.period, f.frequency) AS period, e.period AS first_day,
       d.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en,
       e.opens_at, e.due_at, e.closes_at, e.reason, e.made_by, e.made_at
FROM yuebao.extension AS e
JOIN yuebao.form AS f ON f.form = e.form
LEFT JOIN yuebao.school AS s ON s.school = e.school
JOIN yuebao.district AS d -- a function that reads a table would read it with the reader's rights, who has none
    ON d.district = coalesce(e.district, (SELECT m.district FROM yuebao.school_district AS m
                                          WHERE m.school = e.school AND m.valid_from <= yuebao.period_last_day(e.period, f.frequency)
                                          ORDER BY m.valid_from DESC LIMIT 1));
COMMENT ON VIEW api.extension IS
    'Other instants than the calendar''s, for a district with all below it (school is NULL) or for one school; the school''s own wins, then the '
    'nearest district''s.';
