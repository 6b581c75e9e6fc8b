-- What is owed and not here. OFFSET 0: a slot's report is looked up by its whole key, in the one partition of its period.

CREATE VIEW api.missing AS
SELECT o.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en, o.kind,
       f.code AS form, yuebao.period_text(o.period, o.frequency) AS period, o.period AS first_day, o.opens_at, o.due_at, o.closes_at, o.extension,
       o.due_at < now() AS overdue, o.closes_at < now() AS closed,
       EXISTS (SELECT FROM yuebao.school AS i JOIN yuebao.school_key AS k ON k.school = i.school
               WHERE i.institution = s.institution AND k.revoked_at IS NULL) AS enrolled,
       EXISTS (SELECT FROM yuebao.undecided AS k WHERE k.school = o.school AND k.period = o.period AND k.form = o.form) AS kept,
       o.last_day, h.last_report, h.last_contact
FROM yuebao.slot AS o
JOIN yuebao.form AS f ON f.form = o.form
JOIN yuebao.school AS s ON s.school = o.school
JOIN yuebao.district AS d ON d.district = o.district
LEFT JOIN yuebao.school_heard AS h ON h.school = o.school AND (SELECT yuebao.sees_every_indicator()) -- of all its forms
WHERE o.opens_at <= now()
  AND NOT EXISTS (SELECT FROM yuebao.report AS r
                  WHERE r.district = o.district AND r.period = o.period AND r.school = o.school AND r.form = o.form AND r.revision = 1 OFFSET 0);
COMMENT ON VIEW api.missing IS 'Reports that are owed and not accepted, from the moment their period opens for the school. A school''s district is that of the period''s last day.';

-- By the notes of who was absent, and each by its key.
CREATE FUNCTION api.missing_in(district integer, from_day date DEFAULT '-infinity', to_day date DEFAULT 'infinity') RETURNS SETOF api.missing
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
    SET join_collapse_limit = 12 SET from_collapse_limit = 12 -- all tables of the view at once, or a school is found last
AS $$
DECLARE
    below integer[] := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = missing_in.district);
BEGIN
    RETURN QUERY
    SELECT m.*
    FROM yuebao.absent_slots(below, from_day, to_day) AS a
    JOIN yuebao.form AS f ON f.form = a.form
    JOIN yuebao.school AS s ON s.school = a.school
    CROSS JOIN LATERAL (SELECT n.* FROM api.missing AS n
                        WHERE n.form = f.code AND n.first_day = a.period AND n.school = s.code OFFSET 0) AS m;
END
$$;
COMMENT ON FUNCTION api.missing_in(integer, date, date) IS
    'The rows of api.missing in a district and all districts below it; of periods that begin between two days.';
