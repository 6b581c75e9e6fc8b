-- What is owed and not here: every opened slot of the calendar whose school existed on the period's last day, in the district it belonged to.

CREATE VIEW api.missing AS
SELECT m.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, s.kind,
       f.code AS form, yuebao.period_text(c.period, f.frequency) AS period, c.period AS first_day, c.opens_at, c.due_at, c.closes_at,
       c.due_at < now() AS overdue, c.closes_at < now() AS closed,
       EXISTS (SELECT FROM yuebao.school AS o JOIN yuebao.school_key AS k ON k.school = o.school
               WHERE o.institution = s.institution AND k.revoked_at IS NULL) AS enrolled,
       EXISTS (SELECT FROM yuebao.kept AS k
               WHERE k.district = m.district AND k.period = c.period AND k.school = m.school AND k.form = c.form) AS kept
FROM yuebao.calendar AS c
JOIN yuebao.form AS f ON f.form = c.form
JOIN yuebao.membership AS m ON m.kind = f.kind
    AND m.first_day <= yuebao.period_last_day(c.period, f.frequency)
    AND (m.last_day IS NULL OR m.last_day >= yuebao.period_last_day(c.period, f.frequency))
JOIN yuebao.school AS s ON s.school = m.school
JOIN yuebao.district AS d ON d.district = m.district
WHERE c.opens_at <= now()
  AND NOT EXISTS (SELECT FROM yuebao.report AS r
                  WHERE r.district = m.district AND r.period = c.period AND r.school = m.school AND r.form = c.form AND r.revision = 1);
COMMENT ON VIEW api.missing IS 'Reports that are owed and not accepted, from the moment their period opens. A school''s district is that of the period''s last day.';

CREATE FUNCTION api.missing_in(district integer) RETURNS SETOF api.missing
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
BEGIN ATOMIC
    SELECT m.* FROM api.missing AS m
    WHERE m.district IN (SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = missing_in.district);
END;
COMMENT ON FUNCTION api.missing_in(integer) IS 'The rows of api.missing in a district and all districts below it.';
