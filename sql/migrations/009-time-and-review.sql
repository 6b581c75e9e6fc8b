-- What a calendar, a catalogue and a ledger need beyond their first month: which catalogue governs from when, forms for chosen schools,
-- other instants for one district or school, reasons beside warned figures, decisions about what came too late, and the bureau's review.

-- ---- catalogues ----------------------------------------------------------------------------------------------------------------------

ALTER TABLE yuebao.catalogue ADD COLUMN governs_from date NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN yuebao.catalogue.governs_from IS 'First day from which it governs: a period opens under the newest catalogue that governs on its first day.';

-- What the forms of a catalogue ask: form_indicator is what they will ask in the next one.
CREATE TABLE yuebao.catalogue_form (
    catalogue smallint NOT NULL CONSTRAINT catalogue_form_of_known_catalogue REFERENCES yuebao.catalogue (catalogue),
    form      smallint NOT NULL CONSTRAINT catalogue_form_of_known_form REFERENCES yuebao.form (form),
    indicator smallint NOT NULL CONSTRAINT catalogue_form_known REFERENCES yuebao.indicator (indicator),
    required  boolean  NOT NULL,
    CONSTRAINT catalogue_form_pk PRIMARY KEY (catalogue, form, indicator)
);
CREATE INDEX catalogue_form_by_indicator ON yuebao.catalogue_form (indicator);
INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required)
SELECT c.catalogue, i.form, i.indicator, i.required FROM yuebao.catalogue AS c CROSS JOIN yuebao.form_indicator AS i;
COMMENT ON TABLE  yuebao.catalogue_form IS 'What the forms of each catalogue ask: its bytes, in rows.';
COMMENT ON COLUMN yuebao.catalogue_form.catalogue IS 'The catalogue.';
COMMENT ON COLUMN yuebao.catalogue_form.form IS 'One of its forms.';
COMMENT ON COLUMN yuebao.catalogue_form.indicator IS 'What the form asks.';
COMMENT ON COLUMN yuebao.catalogue_form.required IS 'A value or a reason is owed.';

-- A form with a name goes to chosen schools, once: an inspection, a survey.
ALTER TABLE yuebao.form ADD COLUMN name text NOT NULL DEFAULT ''
    CONSTRAINT form_name_shape CHECK (name ~ '^([a-z0-9][a-z0-9-]{0,23})?$');
ALTER TABLE yuebao.form DROP CONSTRAINT form_kind_frequency_once;
ALTER TABLE yuebao.form ADD CONSTRAINT form_kind_frequency_name_once UNIQUE (kind, frequency, name);
ALTER TABLE yuebao.form ADD CONSTRAINT form_code_is_its_parts
    CHECK (code = kind || '.' || frequency || CASE name WHEN '' THEN '' ELSE '.' || name END);
COMMENT ON COLUMN yuebao.form.name IS 'Tells a one-off form apart; empty for the form that all schools of the kind owe.';

CREATE TABLE yuebao.form_school (
    form   smallint NOT NULL CONSTRAINT form_school_of_known_form REFERENCES yuebao.form (form),
    school integer  NOT NULL CONSTRAINT form_school_known REFERENCES yuebao.school (school),
    CONSTRAINT form_school_pk PRIMARY KEY (form, school)
);
COMMENT ON TABLE  yuebao.form_school IS 'To which schools a one-off form was sent; nobody else owes it.';
COMMENT ON COLUMN yuebao.form_school.form IS 'A form with a name.';
COMMENT ON COLUMN yuebao.form_school.school IS 'A school of its kind.';

-- The period before, in a rule: carried over = the period before's open.
ALTER TABLE yuebao.rule_term ADD COLUMN previous boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN yuebao.rule_term.previous IS 'The figure of the period before, on the same form.';

-- ---- time ----------------------------------------------------------------------------------------------------------------------------

CREATE TABLE yuebao.extension (
    extension integer GENERATED ALWAYS AS IDENTITY CONSTRAINT extension_pk PRIMARY KEY,
    form      smallint NOT NULL,
    period    date     NOT NULL,
    district  integer  CONSTRAINT extension_of_known_district REFERENCES yuebao.district (district),
    school    integer  CONSTRAINT extension_of_known_school REFERENCES yuebao.school (school),
    opens_at  timestamptz NOT NULL,
    due_at    timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    reason    text NOT NULL CONSTRAINT extension_has_reason CHECK (reason <> '' AND octet_length(reason) <= 600),
    made_by   text NOT NULL DEFAULT session_user,
    made_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT extension_of_known_window FOREIGN KEY (form, period) REFERENCES yuebao.calendar (form, period),
    CONSTRAINT extension_for_one_place CHECK ((district IS NULL) <> (school IS NULL)),
    CONSTRAINT extension_instants_ordered CHECK (opens_at < due_at AND due_at <= closes_at),
    CONSTRAINT extension_once UNIQUE NULLS NOT DISTINCT (form, period, district, school)
);
COMMENT ON TABLE  yuebao.extension IS 'Other instants than the calendar''s, for one school or for a district with all below it. The school''s own wins, then the nearest district''s.';
COMMENT ON COLUMN yuebao.extension.extension IS 'Surrogate key.';
COMMENT ON COLUMN yuebao.extension.form IS 'As in calendar.';
COMMENT ON COLUMN yuebao.extension.period IS 'As in calendar.';
COMMENT ON COLUMN yuebao.extension.district IS 'The district; NULL when it is for one school.';
COMMENT ON COLUMN yuebao.extension.school IS 'The school; NULL when it is for a district.';
COMMENT ON COLUMN yuebao.extension.opens_at IS 'Instead of the calendar''s.';
COMMENT ON COLUMN yuebao.extension.due_at IS 'Instead of the calendar''s.';
COMMENT ON COLUMN yuebao.extension.closes_at IS 'Instead of the calendar''s.';
COMMENT ON COLUMN yuebao.extension.reason IS 'Why; shown to the schools.';
COMMENT ON COLUMN yuebao.extension.made_by IS 'Database user who gave it.';
COMMENT ON COLUMN yuebao.extension.made_at IS 'When.';

-- ---- the ledger ----------------------------------------------------------------------------------------------------------------------

ALTER TABLE yuebao.report ADD COLUMN admitted boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN yuebao.report.admitted IS 'It came after close, was kept, and a person admitted it: see decision.';

CREATE TABLE yuebao.remark (
    district    integer  NOT NULL,
    period      date     NOT NULL,
    school      integer  NOT NULL,
    form        smallint NOT NULL,
    revision    integer  NOT NULL,
    position    smallint NOT NULL,
    indicator   smallint NOT NULL,
    rule        text     NOT NULL DEFAULT '',
    found       text     NOT NULL DEFAULT '',
    bound       text     NOT NULL DEFAULT '',
    explanation text     NOT NULL,
    CONSTRAINT remark_pk PRIMARY KEY (district, period, school, form, revision, position)
) PARTITION BY RANGE (period);
COMMENT ON TABLE  yuebao.remark IS 'What stands beside the figures of an accepted report: each rule of the form that warned, with the school''s explanation, and its other explanations. Append-only, partitioned by month.';
COMMENT ON COLUMN yuebao.remark.district IS 'As in report.';
COMMENT ON COLUMN yuebao.remark.period IS 'As in report.';
COMMENT ON COLUMN yuebao.remark.school IS 'As in report.';
COMMENT ON COLUMN yuebao.remark.form IS 'As in report.';
COMMENT ON COLUMN yuebao.remark.revision IS 'As in report.';
COMMENT ON COLUMN yuebao.remark.position IS 'Order within the report, from 0.';
COMMENT ON COLUMN yuebao.remark.indicator IS 'Beside which figure the school wrote it; else that of the rule''s first term; 0: none.';
COMMENT ON COLUMN yuebao.remark.rule IS 'Code of the rule that warned, or that the school names itself, as one across forms or periods; else empty.';
COMMENT ON COLUMN yuebao.remark.found IS 'Of a rule that warned: sum of its left side; else empty.';
COMMENT ON COLUMN yuebao.remark.bound IS 'Of a rule that warned: sum of its right side; else empty.';
COMMENT ON COLUMN yuebao.remark.explanation IS 'The school''s own words, signed with the report.';
GRANT INSERT ON yuebao.remark TO yuebao_collector;

CREATE TABLE yuebao.decision (
    district   integer  NOT NULL,
    period     date     NOT NULL,
    school     integer  NOT NULL,
    form       smallint NOT NULL,
    id         bytea    NOT NULL,
    admitted   boolean  NOT NULL,
    reason     text     NOT NULL CONSTRAINT decision_has_reason CHECK (reason <> '' AND octet_length(reason) <= 600),
    decided_by text     NOT NULL DEFAULT session_user,
    decided_at timestamptz NOT NULL,
    answer     bytea    NOT NULL,
    CONSTRAINT decision_pk PRIMARY KEY (district, period, school, form, id),
    CONSTRAINT decision_about_kept FOREIGN KEY (district, period, school, form, id)
        REFERENCES yuebao.kept (district, period, school, form, id)
);
COMMENT ON TABLE  yuebao.decision IS 'What a person decided about a kept statement, once and for good.';
COMMENT ON COLUMN yuebao.decision.district IS 'As in kept.';
COMMENT ON COLUMN yuebao.decision.period IS 'As in kept.';
COMMENT ON COLUMN yuebao.decision.school IS 'As in kept.';
COMMENT ON COLUMN yuebao.decision.form IS 'As in kept.';
COMMENT ON COLUMN yuebao.decision.id IS 'As in kept.';
COMMENT ON COLUMN yuebao.decision.admitted IS 'True: it is in the books, report.admitted says so. False: declined.';
COMMENT ON COLUMN yuebao.decision.reason IS 'Why; signed with the answer and shown to the school.';
COMMENT ON COLUMN yuebao.decision.decided_by IS 'Database user who decided.';
COMMENT ON COLUMN yuebao.decision.decided_at IS 'When; the verdict''s decided_ms.';
COMMENT ON COLUMN yuebao.decision.answer IS 'Packed Answer with the signed verdict, as it is sent to the school.';
CREATE INDEX decision_by_id ON yuebao.decision (id);
CREATE INDEX decision_by_school ON yuebao.decision (school, decided_at);
GRANT SELECT ON yuebao.decision TO yuebao_collector;

-- ---- review --------------------------------------------------------------------------------------------------------------------------

CREATE TABLE yuebao.review (
    review   bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT review_pk PRIMARY KEY,
    district integer  NOT NULL,
    period   date     NOT NULL,
    school   integer  NOT NULL,
    form     smallint NOT NULL,
    revision integer  NOT NULL,
    verdict  text     NOT NULL CONSTRAINT review_verdict_known CHECK (verdict IN ('seen', 'returned')),
    note     text     NOT NULL DEFAULT '' CONSTRAINT review_note_length CHECK (octet_length(note) <= 600),
    made_by  text     NOT NULL DEFAULT session_user,
    made_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT review_return_says_why CHECK (verdict <> 'returned' OR note <> '')
);
CREATE INDEX review_by_slot ON yuebao.review (district, period, school, form, revision, review);
CREATE INDEX review_returned_by_school ON yuebao.review (school, period, form) WHERE verdict = 'returned';
COMMENT ON TABLE  yuebao.review IS 'What a bureau said of accepted reports, append-only; the newest about a slot''s newest revision counts, and a new revision waits for review again.';
COMMENT ON COLUMN yuebao.review.review IS 'Surrogate key, in order.';
COMMENT ON COLUMN yuebao.review.district IS 'As in report.';
COMMENT ON COLUMN yuebao.review.period IS 'As in report.';
COMMENT ON COLUMN yuebao.review.school IS 'As in report.';
COMMENT ON COLUMN yuebao.review.form IS 'As in report.';
COMMENT ON COLUMN yuebao.review.revision IS 'As in report.';
COMMENT ON COLUMN yuebao.review.verdict IS 'seen, or returned to the school with a note.';
COMMENT ON COLUMN yuebao.review.note IS 'What the school is asked; shown at its desk.';
COMMENT ON COLUMN yuebao.review.made_by IS 'Database user who reviewed.';
COMMENT ON COLUMN yuebao.review.made_at IS 'When.';
GRANT SELECT ON yuebao.review TO yuebao_collector;

CREATE TABLE yuebao.declaration (
    declaration bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT declaration_pk PRIMARY KEY,
    district    integer NOT NULL CONSTRAINT declaration_of_known_district REFERENCES yuebao.district (district),
    period      date    NOT NULL,
    frequency   text    NOT NULL CONSTRAINT declaration_frequency_known
                CHECK (frequency IN ('daily', 'weekly', 'monthly', 'quarterly', 'termly', 'yearly')),
    expected    integer NOT NULL,
    reported    integer NOT NULL,
    note        text    NOT NULL DEFAULT '' CONSTRAINT declaration_note_length CHECK (octet_length(note) <= 600),
    made_by     text    NOT NULL DEFAULT session_user,
    made_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX declaration_by_place ON yuebao.declaration (district, period, frequency, declaration);
COMMENT ON TABLE  yuebao.declaration IS 'A district''s period, with all districts below it, declared when all of it was seen; append-only. A report that came or changed since reopens it: see api.declaration.';
COMMENT ON COLUMN yuebao.declaration.declaration IS 'Surrogate key, in order.';
COMMENT ON COLUMN yuebao.declaration.district IS 'The district that declares.';
COMMENT ON COLUMN yuebao.declaration.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.declaration.frequency IS 'With it, the period.';
COMMENT ON COLUMN yuebao.declaration.expected IS 'Slots that were owed then.';
COMMENT ON COLUMN yuebao.declaration.reported IS 'Of these, reported then.';
COMMENT ON COLUMN yuebao.declaration.note IS 'What the bureau adds, say why reports are missing.';
COMMENT ON COLUMN yuebao.declaration.made_by IS 'Database user who declared.';
COMMENT ON COLUMN yuebao.declaration.made_at IS 'When.';

-- ---- partitions and the registry know of them -----------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION yuebao.make_partitions(from_day date, to_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted CURSOR FOR
        SELECT t.parent, m.month::date AS month
        FROM generate_series(date_trunc('month', from_day::timestamp), to_day::timestamp, interval '1 month') AS m (month)
        CROSS JOIN (VALUES ('report'), ('figure'), ('figure_history'), ('remark')) AS t (parent)
        WHERE to_regclass('yuebao.' || t.parent || to_char(m.month, '_YYYY_MM')) IS NULL;
    made integer := 0;
BEGIN
    FOR one IN wanted LOOP
        IF made = 0 THEN -- two who make the same month would meet at its name
            PERFORM pg_advisory_xact_lock(hashtext('yuebao.make_partitions'));
        END IF;
        made := made + yuebao.make_partition(one.parent, one.month)::integer;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION yuebao.make_partitions(date, date) IS
    'Makes the monthly partitions of report, figure, figure_history and remark from the first day''s month to the last day''s; returns how many '
    'were missing. Harmless when repeated; blocks neither readers nor collectors.';
SELECT yuebao.make_partitions(c.period, c.period) FROM (SELECT DISTINCT date_trunc('month', k.period)::date AS period FROM yuebao.calendar AS k) AS c;

CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON yuebao.extension
    FOR EACH STATEMENT EXECUTE FUNCTION yuebao.registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON yuebao.form_school
    FOR EACH STATEMENT EXECUTE FUNCTION yuebao.registry_changed();
GRANT SELECT ON yuebao.extension, yuebao.form_school, yuebao.district_ancestor TO yuebao_collector;
