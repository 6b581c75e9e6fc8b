-- Limits that somebody wants to hear of, and the alerts that figures beyond them make. Limits are data: thresholds.csv (yuebaoctl import).
--
-- At rest there is one open alert for each figure that stands beyond a limit that applies to it, and none else. How that is kept true while
-- collectors book and catalogues change: 022-judging.sql.

CREATE TABLE yuebao.threshold (
    threshold   integer GENERATED ALWAYS AS IDENTITY CONSTRAINT threshold_pk PRIMARY KEY,
    code        text     NOT NULL CONSTRAINT threshold_code_once UNIQUE
                CONSTRAINT threshold_code_shape CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    indicator   smallint NOT NULL CONSTRAINT threshold_of_known_indicator REFERENCES yuebao.indicator (indicator),
    level       text     NOT NULL CONSTRAINT threshold_level_known
                CHECK (level IN ('school', 'district', 'county', 'prefecture', 'province', 'nation')),
    district    integer CONSTRAINT threshold_of_known_district REFERENCES yuebao.district (district),
    kind        text CONSTRAINT threshold_kind_known
                CHECK (kind IN ('kindergarten', 'primary', 'junior', 'senior', 'vocational', 'special', 'district')),
    direction   text     NOT NULL CONSTRAINT threshold_direction_known CHECK (direction IN ('above', 'below')),
    bound       numeric  NOT NULL,
    severity    text     NOT NULL CONSTRAINT threshold_severity_known CHECK (severity IN ('notice', 'warning', 'critical')),
    name_zh     text     NOT NULL,
    name_en     text     NOT NULL,
    valid_from  date     NOT NULL DEFAULT current_date,
    valid_until date,
    note        text     NOT NULL DEFAULT '',
    active      boolean  NOT NULL DEFAULT true,
    judged      boolean  NOT NULL DEFAULT false,
    CONSTRAINT threshold_ends_after_start CHECK (valid_until >= valid_from)
);
CREATE INDEX threshold_by_indicator ON yuebao.threshold (indicator);
COMMENT ON TABLE  yuebao.threshold IS 'Limits: a figure of a school, or a total of a district, that crosses one makes an alert. From thresholds.csv.';
COMMENT ON COLUMN yuebao.threshold.threshold IS 'Surrogate key; carries no meaning.';
COMMENT ON COLUMN yuebao.threshold.code IS 'Code of the limit.';
COMMENT ON COLUMN yuebao.threshold.indicator IS 'The indicator whose figures are judged.';
COMMENT ON COLUMN yuebao.threshold.level IS 'What is judged: school, each school''s figure; district, the total of the district that is named; county to nation, the totals of all districts of that level, in the one that is named.';
COMMENT ON COLUMN yuebao.threshold.district IS 'Where: this district with all below it; NULL: everywhere.';
COMMENT ON COLUMN yuebao.threshold.kind IS 'Kind of school; NULL: every kind, and totals over all of them.';
COMMENT ON COLUMN yuebao.threshold.direction IS 'above: a figure greater than the bound is beyond it; below: a smaller one.';
COMMENT ON COLUMN yuebao.threshold.bound IS 'The bound, in the indicator''s unit: of a ratio or quotient that of the quotient.';
COMMENT ON COLUMN yuebao.threshold.severity IS 'notice, warning or critical.';
COMMENT ON COLUMN yuebao.threshold.name_zh IS 'What an alert says, in Chinese.';
COMMENT ON COLUMN yuebao.threshold.name_en IS 'The same in English.';
COMMENT ON COLUMN yuebao.threshold.valid_from IS 'Periods whose last day is on or after this day are judged; where the file does not say, the day on which it was first imported.';
COMMENT ON COLUMN yuebao.threshold.valid_until IS 'Periods that end later are not judged; NULL: without end.';
COMMENT ON COLUMN yuebao.threshold.note IS 'For people.';
COMMENT ON COLUMN yuebao.threshold.active IS 'false: no file names it any more; it judges nothing, and its alerts are cleared.';
COMMENT ON COLUMN yuebao.threshold.judged IS 'false: it is new or has changed, and what was there before is still to be judged; true again before the change is committed.';

-- What a batch asks before it books: whether its forms hold anything that is judged. Kept by triggers, so that it is one look at a small table.
CREATE TABLE yuebao.watched_form (
    form   smallint NOT NULL CONSTRAINT watched_form_pk PRIMARY KEY CONSTRAINT watched_form_of_known_form REFERENCES yuebao.form (form),
    totals boolean  NOT NULL
);
COMMENT ON TABLE  yuebao.watched_form IS 'Forms with an indicator that some threshold judges; kept by triggers on threshold and catalogue_form.';
COMMENT ON COLUMN yuebao.watched_form.form IS 'The form.';
COMMENT ON COLUMN yuebao.watched_form.totals IS 'Some threshold judges totals of districts.';

CREATE TABLE yuebao.alert (
    alert               bigint GENERATED ALWAYS AS IDENTITY,
    threshold           integer  NOT NULL CONSTRAINT alert_of_known_threshold REFERENCES yuebao.threshold (threshold),
    indicator           smallint NOT NULL CONSTRAINT alert_of_known_indicator REFERENCES yuebao.indicator (indicator),
    district            integer  NOT NULL,
    period              date     NOT NULL,
    frequency           text     NOT NULL,
    school              integer,
    form                smallint,
    severity            text     NOT NULL,
    direction           text     NOT NULL,
    bound               numeric  NOT NULL,
    raised_at           timestamptz NOT NULL DEFAULT now(),
    batch               xid8     NOT NULL,
    statement           bytea,
    old_schools         bigint,
    old_value           numeric,
    old_denominator     numeric,
    schools             bigint   NOT NULL,
    value               numeric  NOT NULL,
    denominator         numeric,
    cleared_at          timestamptz,
    cleared_why         text CONSTRAINT alert_cleared_why_known CHECK (cleared_why IN ('figure', 'threshold')),
    cleared_batch       xid8,
    cleared_statement   bytea,
    cleared_schools     bigint,
    cleared_value       numeric,
    cleared_denominator numeric,
    seen_at             timestamptz,
    seen_by             text,
    seen_note           text CONSTRAINT alert_seen_note_length CHECK (octet_length(seen_note) <= 600),
    written             xid8     NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT alert_pk PRIMARY KEY (district, alert),
    CONSTRAINT alert_of_school_has_form CHECK ((school IS NULL) = (form IS NULL)),
    CONSTRAINT alert_cleared_wholly CHECK ((cleared_at IS NULL) = (cleared_why IS NULL) AND (cleared_at IS NULL) = (cleared_batch IS NULL)),
    CONSTRAINT alert_seen_wholly CHECK ((seen_at IS NULL) = (seen_by IS NULL))
);
CREATE UNIQUE INDEX alert_open_of_school ON yuebao.alert (district, period, school, form, threshold) WHERE cleared_at IS NULL AND school IS NOT NULL;
CREATE UNIQUE INDEX alert_open_of_district ON yuebao.alert (district, period, frequency, threshold) WHERE cleared_at IS NULL AND school IS NULL;
CREATE INDEX alert_open_by_threshold ON yuebao.alert (threshold) WHERE cleared_at IS NULL;
CREATE INDEX alert_by_number ON yuebao.alert (alert);
CREATE INDEX alert_by_written ON yuebao.alert (written);
COMMENT ON TABLE  yuebao.alert IS 'Figures and totals that crossed a limit; a row a crossing, made in the transaction that books the figure. Never removed.';
COMMENT ON COLUMN yuebao.alert.alert IS 'Number by which people name it; not in order of commit.';
COMMENT ON COLUMN yuebao.alert.threshold IS 'The limit.';
COMMENT ON COLUMN yuebao.alert.indicator IS 'As in threshold, when the alert was made.';
COMMENT ON COLUMN yuebao.alert.district IS 'Of a school''s figure the report''s district; of a total the district.';
COMMENT ON COLUMN yuebao.alert.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.alert.frequency IS 'Its frequency.';
COMMENT ON COLUMN yuebao.alert.school IS 'The school; NULL: a district''s total.';
COMMENT ON COLUMN yuebao.alert.form IS 'The form that asked for the school''s figure.';
COMMENT ON COLUMN yuebao.alert.severity IS 'As in threshold, when the alert was made.';
COMMENT ON COLUMN yuebao.alert.direction IS 'As in threshold, when the alert was made.';
COMMENT ON COLUMN yuebao.alert.bound IS 'As in threshold, when the alert was made.';
COMMENT ON COLUMN yuebao.alert.raised_at IS 'When.';
COMMENT ON COLUMN yuebao.alert.batch IS 'The batch: number of the transaction (pg_current_xact_id) that booked the figure; of a total the last one that its judging knew; of a figure that was there before the limit the import''s.';
COMMENT ON COLUMN yuebao.alert.statement IS 'Id of the school''s statement; NULL: a district''s total.';
COMMENT ON COLUMN yuebao.alert.old_schools IS 'Schools behind the figure before; NULL: it was not there, or had not been judged.';
COMMENT ON COLUMN yuebao.alert.old_value IS 'Value before, as stored.';
COMMENT ON COLUMN yuebao.alert.old_denominator IS 'Denominator before, as stored.';
COMMENT ON COLUMN yuebao.alert.schools IS 'Schools behind the figure that crossed; 1 of a school''s own.';
COMMENT ON COLUMN yuebao.alert.value IS 'Its value, in units of 10^-decimals of the indicator.';
COMMENT ON COLUMN yuebao.alert.denominator IS 'Its denominator, in units of 10^-denominator_decimals.';
COMMENT ON COLUMN yuebao.alert.cleared_at IS 'When it was no longer so; NULL while it is.';
COMMENT ON COLUMN yuebao.alert.cleared_why IS 'figure: it came back, or was taken back; threshold: the limit changed or ended.';
COMMENT ON COLUMN yuebao.alert.cleared_batch IS 'As batch, of what cleared it.';
COMMENT ON COLUMN yuebao.alert.cleared_statement IS 'As statement, of the correction.';
COMMENT ON COLUMN yuebao.alert.cleared_schools IS 'Schools behind the figure that cleared it; NULL or 0: there is none any more.';
COMMENT ON COLUMN yuebao.alert.cleared_value IS 'Its value.';
COMMENT ON COLUMN yuebao.alert.cleared_denominator IS 'Its denominator.';
COMMENT ON COLUMN yuebao.alert.seen_at IS 'When somebody took note of it.';
COMMENT ON COLUMN yuebao.alert.seen_by IS 'Database user who did.';
COMMENT ON COLUMN yuebao.alert.seen_note IS 'What that person wrote.';
COMMENT ON COLUMN yuebao.alert.written IS 'Transaction that last wrote the row: whoever follows alerts asks for what is not older than the oldest one that ran when it last asked.';

-- Totals are judged behind the batches, by one session at a time: with many links committing at once none of them knows the total.
CREATE TABLE yuebao.total_to_judge (
    district integer  NOT NULL,
    period   date     NOT NULL,
    form     smallint NOT NULL,
    batch    xid8     NOT NULL DEFAULT pg_current_xact_id()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
COMMENT ON TABLE  yuebao.total_to_judge IS 'Whose totals each batch moved, in its own transaction; taken by yuebao.judge_totals. Empty where no threshold judges totals.';
COMMENT ON COLUMN yuebao.total_to_judge.district IS 'The district whose schools reported.';
COMMENT ON COLUMN yuebao.total_to_judge.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.total_to_judge.form IS 'The form.';
COMMENT ON COLUMN yuebao.total_to_judge.batch IS 'The batch, as in alert.';

CREATE TABLE yuebao.total_judged (
    threshold   integer NOT NULL CONSTRAINT total_judged_of_known_threshold REFERENCES yuebao.threshold (threshold),
    district    integer NOT NULL,
    period      date    NOT NULL,
    frequency   text    NOT NULL,
    schools     bigint  NOT NULL,
    value       numeric,
    denominator numeric,
    CONSTRAINT total_judged_pk PRIMARY KEY (district, period, frequency, threshold)
);
COMMENT ON TABLE  yuebao.total_judged IS 'Totals as they stood when they were last judged: what an alert calls before.';
COMMENT ON COLUMN yuebao.total_judged.threshold IS 'The limit.';
COMMENT ON COLUMN yuebao.total_judged.district IS 'The district.';
COMMENT ON COLUMN yuebao.total_judged.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.total_judged.frequency IS 'Its frequency.';
COMMENT ON COLUMN yuebao.total_judged.schools IS 'Schools with a value.';
COMMENT ON COLUMN yuebao.total_judged.value IS 'Value, as stored.';
COMMENT ON COLUMN yuebao.total_judged.denominator IS 'Denominator, as stored.';
