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
