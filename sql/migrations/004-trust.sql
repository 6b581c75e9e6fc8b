-- Trust: whose keys may sign for whom, enrolment codes, what administrators did, and the version that makes collectors reload.

CREATE TABLE yuebao.school_key (
    key         bytea   NOT NULL CONSTRAINT school_key_pk PRIMARY KEY
                CONSTRAINT school_key_is_ed25519 CHECK (length(key) = 32),
    school      integer NOT NULL CONSTRAINT school_key_of_known_school REFERENCES yuebao.school (school),
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz,
    software    text    NOT NULL DEFAULT ''
);

CREATE TABLE yuebao.enrolment (
    code_hash  bytea   NOT NULL CONSTRAINT enrolment_pk PRIMARY KEY
               CONSTRAINT enrolment_hash_is_sha256 CHECK (length(code_hash) = 32),
    school     integer NOT NULL CONSTRAINT enrolment_of_known_school REFERENCES yuebao.school (school),
    made_at    timestamptz NOT NULL DEFAULT now(),
    made_by    text    NOT NULL DEFAULT session_user,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    used_key   bytea CONSTRAINT enrolment_used_by_known_key REFERENCES yuebao.school_key (key),
    CONSTRAINT enrolment_used_once CHECK ((used_at IS NULL) = (used_key IS NULL))
);
CREATE INDEX enrolment_by_school ON yuebao.enrolment (school);

CREATE TABLE yuebao.audit_log (
    audit_log bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_log_pk PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    who       text NOT NULL DEFAULT session_user,
    action    text NOT NULL,
    detail    jsonb NOT NULL DEFAULT '{}'
);

-- One row. Triggers on district, school, school_district, school_key, form, form_indicator, catalogue and calendar raise it and
-- NOTIFY yuebao_registry; a collector that missed the notification compares numbers when it reconnects.
CREATE TABLE yuebao.registry_version (
    singleton boolean NOT NULL DEFAULT true CONSTRAINT registry_version_pk PRIMARY KEY
              CONSTRAINT registry_version_one_row CHECK (singleton),
    version   bigint NOT NULL
);
INSERT INTO yuebao.registry_version (version) VALUES (1);

COMMENT ON TABLE  yuebao.school_key IS 'Public keys that may sign for a school and its institution.';
COMMENT ON COLUMN yuebao.school_key.key IS 'Ed25519 public key, 32 bytes.';
COMMENT ON COLUMN yuebao.school_key.school IS 'The school that it was enrolled for; it may file for all of the institution.';
COMMENT ON COLUMN yuebao.school_key.enrolled_at IS 'When it was enrolled.';
COMMENT ON COLUMN yuebao.school_key.revoked_at IS 'From when on it may not sign; NULL while it may.';
COMMENT ON COLUMN yuebao.school_key.software IS 'Name and version of the client that enrolled it.';

COMMENT ON TABLE  yuebao.enrolment IS 'One-time codes by which schools enrol a key; only their hashes.';
COMMENT ON COLUMN yuebao.enrolment.code_hash IS 'SHA-256 of the code.';
COMMENT ON COLUMN yuebao.enrolment.school IS 'The school it was made for.';
COMMENT ON COLUMN yuebao.enrolment.made_at IS 'When it was made.';
COMMENT ON COLUMN yuebao.enrolment.made_by IS 'Database user who made it.';
COMMENT ON COLUMN yuebao.enrolment.expires_at IS 'From then on it is worthless.';
COMMENT ON COLUMN yuebao.enrolment.used_at IS 'When it was used; NULL until then.';
COMMENT ON COLUMN yuebao.enrolment.used_key IS 'The key that it enrolled.';

COMMENT ON TABLE  yuebao.audit_log IS 'What administrators did.';
COMMENT ON COLUMN yuebao.audit_log.audit_log IS 'Surrogate key, in order.';
COMMENT ON COLUMN yuebao.audit_log.at IS 'When.';
COMMENT ON COLUMN yuebao.audit_log.who IS 'Database user.';
COMMENT ON COLUMN yuebao.audit_log.action IS 'What: import, enrol, revoke ...';
COMMENT ON COLUMN yuebao.audit_log.detail IS 'On what.';

COMMENT ON TABLE  yuebao.registry_version IS 'One row: a number that rises with every change of what collectors hold in memory.';
COMMENT ON COLUMN yuebao.registry_version.singleton IS 'Always true: there is one row.';
COMMENT ON COLUMN yuebao.registry_version.version IS 'The number; announced on the channel yuebao_registry.';
