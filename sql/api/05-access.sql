-- Who may see what, and what administrators did. How the rest of this schema keeps to it: migrations/025-access.sql. In short: every view and function
-- shows what the login may see, totals only of what it sees whole; what it may not see is not there, rather than zero.

CREATE VIEW api.access AS
SELECT a.role, a.kind, d.district, d.name_zh AS district_zh, d.name_en AS district_en, s.code AS school, s.name_zh AS school_zh, s.name_en AS school_en,
       i.code AS indicator, i.name_zh, i.name_en, nullif(o.from_day, '-infinity') AS from_day, nullif(o.until_day, 'infinity') AS until_day,
       (now() AT TIME ZONE 'Asia/Shanghai')::date BETWEEN o.from_day AND o.until_day AS valid, o.made_by, o.made_at
FROM yuebao.access AS a
JOIN yuebao.access_scope AS o ON o.role = a.role
LEFT JOIN yuebao.district AS d ON d.district = o.district
LEFT JOIN yuebao.school AS s ON s.school = o.school
LEFT JOIN yuebao.indicator AS i ON i.indicator = o.indicator;
COMMENT ON VIEW api.access IS
    'What the login may see, one row a district (with all below it), school or indicator; a department sees its indicators in its districts. To auditors '
    'and administrators: what everybody may see.';

CREATE VIEW api.login AS
SELECT session_user::text AS role,
       CASE WHEN yuebao.is_house() THEN 'house'
            ELSE (SELECT a.kind FROM yuebao.access AS a
                  WHERE a.role = session_user::text
                    AND EXISTS (SELECT FROM yuebao.access_scope AS o
                                WHERE o.role = a.role AND (now() AT TIME ZONE 'Asia/Shanghai')::date BETWEEN o.from_day AND o.until_day)) END AS kind;
COMMENT ON VIEW api.login IS 'Who asks, and as what: one row.';

CREATE VIEW api.audit_log AS
SELECT l.audit_log, l.at, l.who, l.action, l.detail FROM yuebao.audit_log AS l;
COMMENT ON VIEW api.audit_log IS 'What administrators did; for auditors.';
