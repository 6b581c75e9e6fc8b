-- Progress frozen at a date: what was known then, to be shown and compared.

CREATE VIEW api.snapshot AS
SELECT s.name AS snapshot, s.plan, s.as_of, s.taken_by, s.taken_at,
       (SELECT count(*) FROM yuebao.snapshot_target AS t WHERE t.snapshot = s.snapshot) AS targets
FROM yuebao.snapshot AS s;
COMMENT ON VIEW api.snapshot IS 'Snapshots of plans'' progress.';

CREATE VIEW api.snapshot_target AS
SELECT s.name AS snapshot, s.plan, t.position, t.district, d.name_zh AS district_zh, d.name_en AS district_en, t.responsible,
       r.name_zh AS responsible_zh, r.name_en AS responsible_en, t.indicator, t.name_zh, t.name_en, t.unit, t.direction, t.target_value, t.due,
       t.baseline, t.goal, t.now_value AS "now", t.now_period, t.schools, t.reported, t.expected, t.gap, t.required, t.projection,
       t.projection_low, t.projection_high, t.method, t.points, t.progress, t.status
FROM yuebao.snapshot AS s
JOIN yuebao.snapshot_target AS t ON t.snapshot = s.snapshot
LEFT JOIN yuebao.district AS d ON d.district = t.district
LEFT JOIN yuebao.district AS r ON r.district = t.responsible;
COMMENT ON VIEW api.snapshot_target IS 'The targets of each snapshot as they stood.';

CREATE VIEW api.snapshot_result AS
SELECT s.name AS snapshot, s.plan, r.district, d.name_zh AS district_zh, d.name_en AS district_en, r.targets, r.met, r.on_course, r.at_risk,
       r.behind, r.impossible, r.unjudged, r.result, r.vetoes
FROM yuebao.snapshot AS s
JOIN yuebao.snapshot_result AS r ON r.snapshot = s.snapshot
LEFT JOIN yuebao.district AS d ON d.district = r.district;
COMMENT ON VIEW api.snapshot_result IS 'What each snapshot''s plan came to in each of its districts.';

-- The same commitment in both: by indicator, district and direction, the first with the first where a plan has several; a plan imported anew may
-- have put it in another place.
CREATE FUNCTION api.snapshot_compare(older text, newer text)
RETURNS TABLE (district integer, indicator text, name_zh text, name_en text, unit text, direction text, older_goal numeric, newer_goal numeric,
               older_now numeric, newer_now numeric, change numeric, older_projection numeric, newer_projection numeric, older_status text,
               newer_status text, "position" integer)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 200
BEGIN ATOMIC
WITH kept AS (
    SELECT s.*, row_number() OVER (PARTITION BY s.snapshot, s.indicator, s.district, s.direction ORDER BY s.position) AS nth
    FROM api.snapshot_target AS s WHERE s.snapshot IN (snapshot_compare.older, snapshot_compare.newer)
)
SELECT coalesce(n.district, o.district), coalesce(n.indicator, o.indicator), coalesce(n.name_zh, o.name_zh), coalesce(n.name_en, o.name_en),
       coalesce(n.unit, o.unit), coalesce(n.direction, o.direction), o.goal, n.goal, o."now", n."now", n."now" - o."now", o.projection,
       n.projection, o.status, n.status, coalesce(n.position, o.position)
FROM (SELECT k.* FROM kept AS k WHERE k.snapshot = snapshot_compare.older) AS o
FULL JOIN (SELECT k.* FROM kept AS k WHERE k.snapshot = snapshot_compare.newer) AS n
    ON n.indicator = o.indicator AND n.district = o.district AND n.direction = o.direction AND n.nth = o.nth
ORDER BY coalesce(n.position, o.position), o.position;
END;
COMMENT ON FUNCTION api.snapshot_compare(text, text) IS
    'What changed between two snapshots, target by target; the older or the newer half is NULL where only the other has the target.';
