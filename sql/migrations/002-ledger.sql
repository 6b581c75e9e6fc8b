-- The ledger: what schools said and what they were told, append-only, partitioned by the period's first day.

CREATE TABLE yuebao.report (
    district    integer  NOT NULL,
    period      date     NOT NULL,
    school      integer  NOT NULL,
    form        smallint NOT NULL,
    revision    integer  NOT NULL CONSTRAINT report_revision_positive CHECK (revision > 0),
    id          bytea    NOT NULL CONSTRAINT report_id_is_sha256 CHECK (length(id) = 32),
    catalogue   smallint NOT NULL,
    key         bytea    NOT NULL,
    received_at timestamptz NOT NULL,
    late        boolean  NOT NULL,
    filler      text     NOT NULL,
    reviewer    text     NOT NULL,
    head        text     NOT NULL,
    correction  text     NOT NULL DEFAULT '',
    envelope    bytea    NOT NULL,
    receipt     bytea    NOT NULL,
    CONSTRAINT report_pk PRIMARY KEY (district, period, school, form, revision)
) PARTITION BY RANGE (period);

-- Statements that came after close: signed and stored, out of the books, until a person decides.
CREATE TABLE yuebao.kept (
    district    integer  NOT NULL,
    period      date     NOT NULL,
    school      integer  NOT NULL,
    form        smallint NOT NULL,
    id          bytea    NOT NULL CONSTRAINT kept_id_is_sha256 CHECK (length(id) = 32),
    revision    integer  NOT NULL,
    key         bytea    NOT NULL,
    received_at timestamptz NOT NULL,
    envelope    bytea    NOT NULL,
    answer      bytea    NOT NULL,
    CONSTRAINT kept_pk PRIMARY KEY (district, period, school, form, id)
);

-- What was refused and why; at most 20 a slot, so that a broken client cannot fill the disk.
CREATE TABLE yuebao.rejection (
    rejection   bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT rejection_pk PRIMARY KEY,
    school_code text NOT NULL,
    form_code   text NOT NULL,
    period_text text NOT NULL,
    revision    bigint NOT NULL,
    id          bytea NOT NULL,
    key         bytea NOT NULL,
    received_at timestamptz NOT NULL,
    findings    bytea NOT NULL,
    summary     text NOT NULL,
    envelope    bytea NOT NULL
);
CREATE INDEX rejection_by_slot ON yuebao.rejection (school_code, form_code, period_text, received_at);
