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

COMMENT ON TABLE  yuebao.report IS 'Accepted statements, one row a revision of a slot; append-only, partitioned by month.';
COMMENT ON COLUMN yuebao.report.district IS 'The school''s district on the period''s last day, read in the INSERT that claims the slot.';
COMMENT ON COLUMN yuebao.report.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.report.school IS 'The school that reports.';
COMMENT ON COLUMN yuebao.report.form IS 'The form.';
COMMENT ON COLUMN yuebao.report.revision IS '1, 2, 3 ...; every accepted slot has a 1.';
COMMENT ON COLUMN yuebao.report.id IS 'SHA-256 of the statement''s signed bytes.';
COMMENT ON COLUMN yuebao.report.catalogue IS 'The catalogue by which it was checked.';
COMMENT ON COLUMN yuebao.report.key IS 'Public key that signed it.';
COMMENT ON COLUMN yuebao.report.received_at IS 'When it reached the collector; on time is judged by it.';
COMMENT ON COLUMN yuebao.report.late IS 'Received after due.';
COMMENT ON COLUMN yuebao.report.filler IS 'Who filled it in.';
COMMENT ON COLUMN yuebao.report.reviewer IS 'Who reviewed it.';
COMMENT ON COLUMN yuebao.report.head IS 'Who is responsible for the school.';
COMMENT ON COLUMN yuebao.report.correction IS 'Why it replaces the revision before; empty with revision 1.';
COMMENT ON COLUMN yuebao.report.envelope IS 'The statement as signed, with its signature (message Envelope).';
COMMENT ON COLUMN yuebao.report.receipt IS 'The signed receipt as first sent (message Answer).';

COMMENT ON TABLE  yuebao.kept IS 'Statements that came after close: stored, out of the books, until a person decides.';
COMMENT ON COLUMN yuebao.kept.district IS 'The school''s district on the period''s last day.';
COMMENT ON COLUMN yuebao.kept.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.kept.school IS 'The school that reports.';
COMMENT ON COLUMN yuebao.kept.form IS 'The form.';
COMMENT ON COLUMN yuebao.kept.id IS 'SHA-256 of the statement''s signed bytes.';
COMMENT ON COLUMN yuebao.kept.revision IS 'Revision that the statement claims.';
COMMENT ON COLUMN yuebao.kept.key IS 'Public key that signed it.';
COMMENT ON COLUMN yuebao.kept.received_at IS 'When it reached the collector.';
COMMENT ON COLUMN yuebao.kept.envelope IS 'The statement as signed (message Envelope).';
COMMENT ON COLUMN yuebao.kept.answer IS 'The signed answer as first sent (message Answer).';

COMMENT ON TABLE  yuebao.rejection IS 'Statements that were refused, and why; at most 20 a slot. Texts are the sender''s claims.';
COMMENT ON COLUMN yuebao.rejection.rejection IS 'Surrogate key, in order of arrival.';
COMMENT ON COLUMN yuebao.rejection.school_code IS 'School, as the statement says.';
COMMENT ON COLUMN yuebao.rejection.form_code IS 'Form, as the statement says.';
COMMENT ON COLUMN yuebao.rejection.period_text IS 'Period, as the statement says.';
COMMENT ON COLUMN yuebao.rejection.revision IS 'Revision, as the statement says.';
COMMENT ON COLUMN yuebao.rejection.id IS 'SHA-256 of the statement''s signed bytes.';
COMMENT ON COLUMN yuebao.rejection.key IS 'Public key in the envelope.';
COMMENT ON COLUMN yuebao.rejection.received_at IS 'When it reached the collector.';
COMMENT ON COLUMN yuebao.rejection.findings IS 'The signed answer with all findings (message Answer).';
COMMENT ON COLUMN yuebao.rejection.summary IS 'The findings'' codes and indicators as text.';
COMMENT ON COLUMN yuebao.rejection.envelope IS 'What was sent (message Envelope).';
