-- When a school's client was last heard: a dead computer differs from a slow clerk. Collectors gather contacts in memory and write them now and then,
-- so a contact may be lost in a crash, but none is ever made up.

-- Room on each page for the next contact of the same keys: an update then touches no index.
CREATE TABLE yuebao.contact (
    key      bytea NOT NULL CONSTRAINT contact_pk PRIMARY KEY CONSTRAINT contact_of_known_key REFERENCES yuebao.school_key (key),
    at       timestamptz NOT NULL,
    software text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
COMMENT ON TABLE  yuebao.contact IS 'When the client that holds a key was last in contact, one row a key; the school is the key''s, in school_key.';
COMMENT ON COLUMN yuebao.contact.key IS 'The key that said hello.';
COMMENT ON COLUMN yuebao.contact.at IS 'When it last did.';
COMMENT ON COLUMN yuebao.contact.software IS 'Name and version that the client gave then.';

CREATE INDEX school_by_institution ON yuebao.school (institution);
CREATE INDEX school_key_by_school ON yuebao.school_key (school);

-- In the order of the keys, so that two collectors never wait for each other in a circle; an older contact never replaces a newer one.
CREATE FUNCTION yuebao.note_contacts(keys bytea[], instants timestamptz[], softwares text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    INSERT INTO yuebao.contact AS c (key, at, software)
    SELECT k.key, n.at, n.software
    FROM unnest(keys, instants, softwares) AS n (key, at, software)
    JOIN yuebao.school_key AS k ON k.key = n.key
    ORDER BY k.key
    ON CONFLICT ON CONSTRAINT contact_pk DO UPDATE SET at = excluded.at, software = excluded.software WHERE c.at < excluded.at;
END;
COMMENT ON FUNCTION yuebao.note_contacts(bytea[], timestamptz[], text[]) IS 'Contacts that a collector gathered, each key once; unknown keys are passed over.';
REVOKE EXECUTE ON FUNCTION yuebao.note_contacts(bytea[], timestamptz[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION yuebao.note_contacts(bytea[], timestamptz[], text[]) TO yuebao_collector;

ALTER TABLE yuebao.contact ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON yuebao.contact FOR SELECT TO yuebao_teller USING (
    (SELECT yuebao.sees_every_district())
    OR EXISTS (SELECT FROM yuebao.school_key AS k JOIN yuebao.seen_school AS v ON v.school = k.school WHERE k.key = contact.key));
GRANT SELECT (key, at) ON yuebao.contact TO yuebao_teller;
GRANT SELECT (key) ON yuebao.school_key TO yuebao_teller;

-- The newest period that a school reported, form by form, is found from the newest window backwards: mostly at the first look. A school that the login
-- does not see is not said to be silent: there is no row.
CREATE VIEW yuebao.school_heard AS
SELECT s.school,
       (SELECT max(n.received_at)
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
        WHERE f.kind = s.kind) AS last_report,
       (SELECT max(greatest(k.enrolled_at, c.at))
        FROM yuebao.school AS i JOIN yuebao.school_key AS k ON k.school = i.school LEFT JOIN yuebao.contact AS c ON c.key = k.key
        WHERE i.institution = s.institution) AS last_contact
FROM yuebao.school AS s
WHERE (SELECT yuebao.sees_every_district()) OR s.school = ANY ((SELECT yuebao.seen_schools())::integer[])
   OR EXISTS (SELECT FROM yuebao.school_district AS m WHERE m.school = s.school AND m.district = ANY ((SELECT yuebao.seen_districts())::integer[]));
COMMENT ON VIEW   yuebao.school_heard IS 'When each school last reported, and when a client of its institution was last heard.';
COMMENT ON COLUMN yuebao.school_heard.school IS 'The school.';
COMMENT ON COLUMN yuebao.school_heard.last_report IS
    'When the last accepted report of the newest period came that it reported, of all its forms the latest; NULL: it never reported.';
COMMENT ON COLUMN yuebao.school_heard.last_contact IS 'When a client of its institution last said hello or enrolled; NULL: none ever did.';
