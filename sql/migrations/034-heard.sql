-- The last report and the last contact of a school, each looked up once a row, and not at all where it is not asked for: a subquery that is an
-- aggregate gives one row, so whoever does not read its column does not join it. A report is a contact, whatever became of the one noted with it.

CREATE OR REPLACE VIEW yuebao.school_heard AS
SELECT s.school, reported.at AS last_report, greatest(heard.at, reported.at) AS last_contact
FROM yuebao.school AS s
LEFT JOIN LATERAL (
    SELECT max(n.received_at) AS at
    FROM yuebao.form AS f
    CROSS JOIN LATERAL (SELECT l.received_at
                        FROM yuebao.calendar AS c
                        CROSS JOIN LATERAL (SELECT max(r.received_at) AS received_at FROM yuebao.report AS r
                                            WHERE r.district = (SELECT m.district FROM yuebao.school_district AS m
                                                                WHERE m.school = s.school
                                                                  AND m.valid_from <= yuebao.period_last_day(c.period, f.frequency)
                                                                ORDER BY m.valid_from DESC LIMIT 1)
                                              AND r.period = c.period AND r.school = s.school AND r.form = c.form) AS l
                        WHERE c.form = f.form AND c.opens_at <= now() AND l.received_at IS NOT NULL
                        ORDER BY c.period DESC LIMIT 1) AS n
    WHERE f.kind = s.kind) AS reported ON true
LEFT JOIN LATERAL (
    SELECT max(greatest(k.enrolled_at, c.at)) AS at
    FROM yuebao.school AS i JOIN yuebao.school_key AS k ON k.school = i.school LEFT JOIN yuebao.contact AS c ON c.key = k.key
    WHERE i.institution = s.institution) AS heard ON true
WHERE (SELECT yuebao.sees_every_district()) OR s.school = ANY ((SELECT yuebao.seen_schools())::integer[])
   OR EXISTS (SELECT FROM yuebao.school_district AS m WHERE m.school = s.school AND m.district = ANY ((SELECT yuebao.seen_districts())::integer[]));
COMMENT ON COLUMN yuebao.school_heard.last_contact IS 'When a client of its institution last said hello, enrolled or reported for it; NULL: none ever did.';
