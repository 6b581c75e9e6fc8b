-- The ledger in words: what was accepted, kept and refused. OFFSET 0: looked up by its whole key; else PostgreSQL may read the whole ledger once instead,
-- for it cannot know how little of it is asked for.

CREATE VIEW api.report AS
SELECT r.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en,
       f.code AS form, yuebao.period_text(r.period, f.frequency) AS period, r.period AS first_day, r.revision, r.received_at, r.late,
       r.admitted, r.revision > 1 AS corrected,
       EXISTS (SELECT FROM yuebao.report AS n WHERE n.district = r.district AND n.period = r.period AND n.school = r.school AND n.form = r.form
                                                AND n.revision = r.revision + 1 OFFSET 0) AS replaced,
       r.filler, r.reviewer, r.head, r.correction, encode(r.id, 'hex') AS id, encode(r.key, 'hex') AS key, r.arrived_at
FROM yuebao.report AS r
JOIN yuebao.form AS f ON f.form = r.form
JOIN yuebao.school AS s ON s.school = r.school
JOIN yuebao.district AS d ON d.district = r.district;
COMMENT ON VIEW api.report IS 'Accepted reports, one row a revision.';

CREATE VIEW api.kept AS
SELECT k.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en,
       f.code AS form, yuebao.period_text(k.period, f.frequency) AS period, k.period AS first_day, k.revision, k.received_at, c.closes_at, c.extension,
       CASE WHEN n.admitted THEN 'admitted' WHEN b.id IS NOT NULL THEN 'booked' WHEN NOT n.admitted THEN 'declined' ELSE 'waiting' END AS decision,
       h.revision AS held_revision, n.decided_by, n.decided_at, n.reason, encode(k.id, 'hex') AS id, encode(k.key, 'hex') AS key
FROM yuebao.kept AS k
JOIN yuebao.form AS f ON f.form = k.form
JOIN yuebao.school AS s ON s.school = k.school
JOIN yuebao.district AS d ON d.district = k.district
LEFT JOIN LATERAL (SELECT o.closes_at, o.extension FROM yuebao.slot AS o
                   WHERE o.form = k.form AND o.period = k.period AND o.school = k.school OFFSET 0) AS c ON true
LEFT JOIN yuebao.decision AS n ON n.district = k.district AND n.period = k.period AND n.school = k.school AND n.form = k.form AND n.id = k.id
-- where the school's reports of that period are, should it have moved since
LEFT JOIN LATERAL (SELECT m.district FROM yuebao.school_district AS m
                   WHERE m.school = k.school AND m.valid_from <= yuebao.period_last_day(k.period, f.frequency)
                   ORDER BY m.valid_from DESC LIMIT 1) AS o ON true
LEFT JOIN yuebao.report AS b ON b.district = o.district AND b.period = k.period AND b.school = k.school AND b.form = k.form
    AND b.revision = k.revision AND b.id = k.id
LEFT JOIN LATERAL (SELECT r.revision FROM yuebao.report AS r
                   WHERE r.district = o.district AND r.period = k.period AND r.school = k.school AND r.form = k.form
                   ORDER BY r.revision DESC LIMIT 1) AS h ON true;
COMMENT ON VIEW api.kept IS 'Reports that came after close: which wait for a decision, and what was decided.';

CREATE VIEW api.rejection AS
SELECT r.rejection, r.school_code AS school, s.name_zh AS school_zh, s.name_en AS school_en, r.form_code AS form, r.period_text AS period,
       r.revision, r.received_at, r.summary, encode(r.id, 'hex') AS id, encode(r.key, 'hex') AS key
FROM yuebao.rejection AS r
LEFT JOIN yuebao.school AS s ON s.code = r.school_code;
COMMENT ON VIEW api.rejection IS 'Refused reports, and why.';
