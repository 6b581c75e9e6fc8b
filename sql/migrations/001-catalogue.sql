-- The catalogue: districts, schools, plans, indicators, forms and the calendar. Administrators write it, programs read it.

CREATE SCHEMA IF NOT EXISTS yuebao;

CREATE TABLE yuebao.district (
    district  integer NOT NULL CONSTRAINT district_pk PRIMARY KEY
              CONSTRAINT district_code_six_digits CHECK (district BETWEEN 100000 AND 999999),
    parent    integer CONSTRAINT district_parent_known REFERENCES yuebao.district (district)
              CONSTRAINT district_not_its_own_parent CHECK (parent <> district),
    level     text NOT NULL CONSTRAINT district_level_known CHECK (level IN ('nation', 'province', 'prefecture', 'county')),
    name_zh   text NOT NULL,
    name_en   text NOT NULL,
    CONSTRAINT district_only_nation_has_no_parent CHECK ((level = 'nation') = (parent IS NULL))
);

CREATE INDEX district_by_parent ON yuebao.district (parent);

-- (ancestor, district) for every pair, a district is its own ancestor at distance 0: kept by a trigger on district.
CREATE TABLE yuebao.district_ancestor (
    ancestor  integer NOT NULL CONSTRAINT district_ancestor_known REFERENCES yuebao.district (district) ON DELETE CASCADE,
    district  integer NOT NULL CONSTRAINT district_ancestor_of_known REFERENCES yuebao.district (district) ON DELETE CASCADE,
    distance  smallint NOT NULL,
    CONSTRAINT district_ancestor_pk PRIMARY KEY (ancestor, district)
);
CREATE INDEX district_ancestor_by_district ON yuebao.district_ancestor (district);

CREATE TABLE yuebao.school (
    school      integer GENERATED ALWAYS AS IDENTITY CONSTRAINT school_pk PRIMARY KEY,
    code        text NOT NULL CONSTRAINT school_code_once UNIQUE
                CONSTRAINT school_code_shape CHECK (code ~ '^[0-9A-Za-z._-]{1,32}$'),
    institution text NOT NULL,
    kind        text NOT NULL CONSTRAINT school_kind_known
                CHECK (kind IN ('kindergarten', 'primary', 'junior', 'senior', 'vocational', 'special', 'district')),
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    opened_on   date NOT NULL,
    closed_on   date,
    CONSTRAINT school_closed_after_opened CHECK (closed_on >= opened_on)
);

-- A school's district from a day on, until the next row's day.
CREATE TABLE yuebao.school_district (
    school     integer NOT NULL CONSTRAINT school_district_of_known_school REFERENCES yuebao.school (school),
    valid_from date    NOT NULL,
    district   integer NOT NULL CONSTRAINT school_district_known REFERENCES yuebao.district (district),
    CONSTRAINT school_district_pk PRIMARY KEY (school, valid_from)
);
CREATE INDEX school_district_by_district ON yuebao.school_district (district);

-- The same as spans: what a school owes is asked by district and by the last day of a period.
CREATE VIEW yuebao.membership AS
SELECT m.district, m.school, s.kind, greatest(m.valid_from, s.opened_on) AS first_day,
       least((SELECT min(n.valid_from) - 1 FROM yuebao.school_district AS n WHERE n.school = m.school AND n.valid_from > m.valid_from),
             s.closed_on) AS last_day
FROM yuebao.school_district AS m JOIN yuebao.school AS s ON s.school = m.school;

CREATE TABLE yuebao.plan (
    plan         text NOT NULL CONSTRAINT plan_pk PRIMARY KEY,
    title_zh     text NOT NULL,
    title_en     text NOT NULL,
    issuer_zh    text NOT NULL,
    district     integer NOT NULL CONSTRAINT plan_of_known_district REFERENCES yuebao.district (district),
    period_start date NOT NULL,
    period_end   date NOT NULL,
    issued_on    date,
    note         text NOT NULL DEFAULT '',
    CONSTRAINT plan_ends_after_start CHECK (period_end >= period_start)
);

CREATE TABLE yuebao.indicator (
    indicator            smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT indicator_pk PRIMARY KEY
                         CONSTRAINT indicator_number_positive CHECK (indicator > 0),
    code                 text NOT NULL CONSTRAINT indicator_code_once UNIQUE
                         CONSTRAINT indicator_code_shape CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    name_zh              text NOT NULL,
    name_en              text NOT NULL,
    unit                 text NOT NULL,
    measure              text NOT NULL CONSTRAINT indicator_measure_known
                         CHECK (measure IN ('count', 'ratio', 'quotient', 'amount', 'area', 'hours', 'energy', 'volume', 'mass')),
    numerator_zh         text NOT NULL DEFAULT '',
    numerator_en         text NOT NULL DEFAULT '',
    denominator_zh       text NOT NULL DEFAULT '',
    denominator_en       text NOT NULL DEFAULT '',
    over_schools         text NOT NULL CONSTRAINT indicator_over_schools_known
                         CHECK (over_schools IN ('sum', 'ratio_of_sums', 'mean', 'max')),
    over_time            text NOT NULL CONSTRAINT indicator_over_time_known
                         CHECK (over_time IN ('last', 'first', 'sum', 'mean')),
    decimals             smallint NOT NULL CONSTRAINT indicator_decimals_range CHECK (decimals BETWEEN 0 AND 6),
    denominator_decimals smallint NOT NULL DEFAULT 0
                         CONSTRAINT indicator_denominator_decimals_range CHECK (denominator_decimals BETWEEN 0 AND 6),
    min                  numeric NOT NULL,
    max                  numeric NOT NULL,
    veto                 boolean NOT NULL DEFAULT false,
    note                 text NOT NULL DEFAULT '',
    CONSTRAINT indicator_bounds_ordered CHECK (min <= max),
    -- a sum over half a million schools must fit 64 bits
    CONSTRAINT indicator_bounds_summable CHECK (greatest(abs(min), abs(max)) * 10 ^ decimals <= 1e12),
    CONSTRAINT indicator_ratio_of_sums_needs_denominator
        CHECK ((over_schools = 'ratio_of_sums') = (measure IN ('ratio', 'quotient')))
);

CREATE TABLE yuebao.target (
    target      integer GENERATED ALWAYS AS IDENTITY CONSTRAINT target_pk PRIMARY KEY,
    plan        text NOT NULL CONSTRAINT target_of_known_plan REFERENCES yuebao.plan (plan),
    indicator   smallint NOT NULL CONSTRAINT target_of_known_indicator REFERENCES yuebao.indicator (indicator),
    district    integer NOT NULL CONSTRAINT target_of_known_district REFERENCES yuebao.district (district),
    direction   text NOT NULL CONSTRAINT target_direction_known
                CHECK (direction IN ('at_least', 'at_most', 'equal', 'reduce_by', 'increase_by')),
    value       numeric,
    unit        text NOT NULL,
    due         date,
    section     text NOT NULL DEFAULT '',
    evidence_zh text NOT NULL DEFAULT '',
    note        text NOT NULL DEFAULT '',
    -- the line in targets.csv tells apart two targets on one indicator; it orders a printed plan
    position    integer NOT NULL,
    CONSTRAINT target_position_once UNIQUE (plan, position)
);

CREATE TABLE yuebao.baseline (
    plan        text NOT NULL CONSTRAINT baseline_of_known_plan REFERENCES yuebao.plan (plan),
    indicator   smallint NOT NULL CONSTRAINT baseline_of_known_indicator REFERENCES yuebao.indicator (indicator),
    district    integer NOT NULL CONSTRAINT baseline_of_known_district REFERENCES yuebao.district (district),
    as_of       date NOT NULL,
    value       numeric NOT NULL,
    unit        text NOT NULL,
    evidence_zh text NOT NULL DEFAULT '',
    note        text NOT NULL DEFAULT '',
    CONSTRAINT baseline_pk PRIMARY KEY (plan, indicator, district, as_of)
);

CREATE TABLE yuebao.form (
    form      smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT form_pk PRIMARY KEY,
    code      text NOT NULL CONSTRAINT form_code_once UNIQUE,
    kind      text NOT NULL CONSTRAINT form_kind_known
              CHECK (kind IN ('kindergarten', 'primary', 'junior', 'senior', 'vocational', 'special', 'district')),
    frequency text NOT NULL CONSTRAINT form_frequency_known
              CHECK (frequency IN ('daily', 'weekly', 'monthly', 'quarterly', 'termly', 'yearly')),
    name_zh   text NOT NULL,
    name_en   text NOT NULL,
    CONSTRAINT form_kind_frequency_once UNIQUE (kind, frequency)
);

CREATE TABLE yuebao.form_indicator (
    form      smallint NOT NULL CONSTRAINT form_indicator_of_known_form REFERENCES yuebao.form (form),
    indicator smallint NOT NULL CONSTRAINT form_indicator_known REFERENCES yuebao.indicator (indicator),
    required  boolean NOT NULL,
    CONSTRAINT form_indicator_pk PRIMARY KEY (form, indicator)
);

CREATE TABLE yuebao.rule (
    rule       smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT rule_pk PRIMARY KEY,
    code       text NOT NULL CONSTRAINT rule_code_once UNIQUE
               CONSTRAINT rule_code_shape CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    severity   text NOT NULL CONSTRAINT rule_severity_known CHECK (severity IN ('error', 'warning')),
    op         text NOT NULL CONSTRAINT rule_op_known CHECK (op IN ('=', '<=', '>=')),
    message_zh text NOT NULL,
    message_en text NOT NULL
);

CREATE TABLE yuebao.rule_term (
    rule      smallint NOT NULL CONSTRAINT rule_term_of_known_rule REFERENCES yuebao.rule (rule),
    side      text NOT NULL CONSTRAINT rule_term_side_known CHECK (side IN ('left', 'right')),
    position  smallint NOT NULL,
    indicator smallint NOT NULL CONSTRAINT rule_term_of_known_indicator REFERENCES yuebao.indicator (indicator),
    part      text NOT NULL CONSTRAINT rule_term_part_known CHECK (part IN ('value', 'denominator')),
    CONSTRAINT rule_term_pk PRIMARY KEY (rule, side, position)
);

-- Immutable snapshots; a period keeps the one that was in force when it opened.
CREATE TABLE yuebao.catalogue (
    catalogue smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT catalogue_pk PRIMARY KEY,
    hash      bytea NOT NULL CONSTRAINT catalogue_hash_once UNIQUE
              CONSTRAINT catalogue_hash_is_sha256 CHECK (hash = sha256(bytes)),
    bytes     bytea NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE yuebao.calendar (
    form      smallint NOT NULL CONSTRAINT calendar_of_known_form REFERENCES yuebao.form (form),
    period    date NOT NULL,
    opens_at  timestamptz NOT NULL,
    due_at    timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    zone      text NOT NULL DEFAULT 'Asia/Shanghai',
    catalogue smallint NOT NULL CONSTRAINT calendar_of_known_catalogue REFERENCES yuebao.catalogue (catalogue),
    CONSTRAINT calendar_pk PRIMARY KEY (form, period),
    CONSTRAINT calendar_instants_ordered CHECK (opens_at < due_at AND due_at <= closes_at)
);

COMMENT ON SCHEMA yuebao IS 'Tables of Yuebao. Programs write them; people read schema api.';

COMMENT ON TABLE  yuebao.district IS 'Nodes of the GB/T 2260 tree, from the nation to counties.';
COMMENT ON COLUMN yuebao.district.district IS 'Six-digit code of the division.';
COMMENT ON COLUMN yuebao.district.parent IS 'The division above; data, never derived from the digits. NULL only for the nation.';
COMMENT ON COLUMN yuebao.district.level IS 'nation, province, prefecture or county.';
COMMENT ON COLUMN yuebao.district.name_zh IS 'Chinese name.';
COMMENT ON COLUMN yuebao.district.name_en IS 'English name.';

COMMENT ON TABLE  yuebao.district_ancestor IS 'Every pair of a district and one of its ancestors, itself included; kept by triggers on district, never written by hand.';
COMMENT ON COLUMN yuebao.district_ancestor.ancestor IS 'The district above, or the district itself.';
COMMENT ON COLUMN yuebao.district_ancestor.district IS 'The district below.';
COMMENT ON COLUMN yuebao.district_ancestor.distance IS 'Steps between them; 0 to itself.';

COMMENT ON TABLE  yuebao.school IS 'Reporting units of one kind each; a school that teaches several stages is one row a stage, a bureau''s own office a row of kind district.';
COMMENT ON COLUMN yuebao.school.school IS 'Surrogate key; carries no meaning.';
COMMENT ON COLUMN yuebao.school.code IS 'Code as issued; leading zeros count.';
COMMENT ON COLUMN yuebao.school.institution IS 'Ties the stages of one institution: equal text, one key for all; the school''s own code when it stands alone.';
COMMENT ON COLUMN yuebao.school.kind IS 'What it reports as: kindergarten, primary, junior, senior, vocational, special or district.';
COMMENT ON COLUMN yuebao.school.name_zh IS 'Chinese name.';
COMMENT ON COLUMN yuebao.school.name_en IS 'English name.';
COMMENT ON COLUMN yuebao.school.opened_on IS 'First day of its existence; it owes the periods whose last day is not before this.';
COMMENT ON COLUMN yuebao.school.closed_on IS 'Last day of its existence; it owes no period that ends later. NULL while open.';

COMMENT ON TABLE  yuebao.school_district IS 'Which district a school belongs to, from a day on, until the next row''s day; changed by yuebao.move_school.';
COMMENT ON COLUMN yuebao.school_district.school IS 'The school.';
COMMENT ON COLUMN yuebao.school_district.valid_from IS 'First day of the membership.';
COMMENT ON COLUMN yuebao.school_district.district IS 'The district from that day on.';

COMMENT ON VIEW   yuebao.membership IS 'Spans of days in which a school existed in a district; empty (last day before first) when it never did.';
COMMENT ON COLUMN yuebao.membership.district IS 'The district itself, not the ones above it.';
COMMENT ON COLUMN yuebao.membership.school IS 'The school.';
COMMENT ON COLUMN yuebao.membership.kind IS 'Its kind, which decides its forms.';
COMMENT ON COLUMN yuebao.membership.first_day IS 'First day of the span.';
COMMENT ON COLUMN yuebao.membership.last_day IS 'Last day of the span; NULL while it lasts.';

COMMENT ON TABLE  yuebao.plan IS 'Published plans of districts.';
COMMENT ON COLUMN yuebao.plan.plan IS 'Short name: longtan-145.';
COMMENT ON COLUMN yuebao.plan.title_zh IS 'Title as published.';
COMMENT ON COLUMN yuebao.plan.title_en IS 'Title in English.';
COMMENT ON COLUMN yuebao.plan.issuer_zh IS 'Who issued it.';
COMMENT ON COLUMN yuebao.plan.district IS 'The district that plans.';
COMMENT ON COLUMN yuebao.plan.period_start IS 'First day of the plan; flows are summed from here.';
COMMENT ON COLUMN yuebao.plan.period_end IS 'Last day of the plan.';
COMMENT ON COLUMN yuebao.plan.issued_on IS 'Day of issue, where the original gives one.';
COMMENT ON COLUMN yuebao.plan.note IS 'What a reader of the original should know.';

COMMENT ON TABLE  yuebao.indicator IS 'Concepts that schools report, shared by all plans.';
COMMENT ON COLUMN yuebao.indicator.indicator IS 'Number on the wire; never used again for another concept.';
COMMENT ON COLUMN yuebao.indicator.code IS 'Readable name: enrolled_pupils.';
COMMENT ON COLUMN yuebao.indicator.name_zh IS 'Chinese name, as clerks see it.';
COMMENT ON COLUMN yuebao.indicator.name_en IS 'English name.';
COMMENT ON COLUMN yuebao.indicator.unit IS 'Unit of the value, or of the quotient where there is a denominator.';
COMMENT ON COLUMN yuebao.indicator.measure IS 'count, ratio (numerator within denominator), quotient, amount, area, hours, energy, volume or mass.';
COMMENT ON COLUMN yuebao.indicator.numerator_zh IS 'What the value counts where there is a denominator, in Chinese.';
COMMENT ON COLUMN yuebao.indicator.numerator_en IS 'The same in English.';
COMMENT ON COLUMN yuebao.indicator.denominator_zh IS 'What the denominator counts, in Chinese.';
COMMENT ON COLUMN yuebao.indicator.denominator_en IS 'The same in English.';
COMMENT ON COLUMN yuebao.indicator.over_schools IS 'How schools add up to a district: sum, ratio_of_sums, mean (of schools) or max.';
COMMENT ON COLUMN yuebao.indicator.over_time IS 'How periods add up: last (stock at the end), first (stock at the beginning), sum (flow) or mean.';
COMMENT ON COLUMN yuebao.indicator.decimals IS 'Values are stored in units of 10^-decimals.';
COMMENT ON COLUMN yuebao.indicator.denominator_decimals IS 'Denominators are stored in units of 10^-denominator_decimals.';
COMMENT ON COLUMN yuebao.indicator.min IS 'Lowest credible figure of one school and period; of the quotient where there is a denominator.';
COMMENT ON COLUMN yuebao.indicator.max IS 'Highest credible figure, likewise.';
COMMENT ON COLUMN yuebao.indicator.veto IS 'A breach vetoes the school''s whole assessment.';
COMMENT ON COLUMN yuebao.indicator.note IS 'Where it comes from and how it is read.';

COMMENT ON TABLE  yuebao.target IS 'Values that a plan promises to reach.';
COMMENT ON COLUMN yuebao.target.target IS 'Surrogate key.';
COMMENT ON COLUMN yuebao.target.plan IS 'The plan that promises.';
COMMENT ON COLUMN yuebao.target.indicator IS 'What is measured.';
COMMENT ON COLUMN yuebao.target.district IS 'For which district, all districts below included.';
COMMENT ON COLUMN yuebao.target.direction IS 'at_least, at_most, equal; reduce_by and increase_by are relative to the baseline.';
COMMENT ON COLUMN yuebao.target.value IS 'The promised value in the indicator''s unit; NULL where the original''s digits are corrupted. Its decimals say how exactly equal is meant.';
COMMENT ON COLUMN yuebao.target.unit IS 'The indicator''s unit, repeated from the plan''s sheet.';
COMMENT ON COLUMN yuebao.target.due IS 'By which day; NULL where the plan names none.';
COMMENT ON COLUMN yuebao.target.section IS 'Section of the plan.';
COMMENT ON COLUMN yuebao.target.evidence_zh IS 'The plan''s own words.';
COMMENT ON COLUMN yuebao.target.note IS 'How the words were read as a number.';
COMMENT ON COLUMN yuebao.target.position IS 'Line in the plan''s sheet: tells two targets on one indicator apart and orders a printed plan.';

COMMENT ON TABLE  yuebao.baseline IS 'Where an indicator stood before a plan.';
COMMENT ON COLUMN yuebao.baseline.plan IS 'The plan that states it.';
COMMENT ON COLUMN yuebao.baseline.indicator IS 'What was measured.';
COMMENT ON COLUMN yuebao.baseline.district IS 'Where.';
COMMENT ON COLUMN yuebao.baseline.as_of IS 'On which day.';
COMMENT ON COLUMN yuebao.baseline.value IS 'The value in the indicator''s unit.';
COMMENT ON COLUMN yuebao.baseline.unit IS 'The indicator''s unit, repeated from the plan''s sheet.';
COMMENT ON COLUMN yuebao.baseline.evidence_zh IS 'The plan''s own words.';
COMMENT ON COLUMN yuebao.baseline.note IS 'How they were read.';

COMMENT ON TABLE  yuebao.form IS 'What one kind of school reports at one frequency.';
COMMENT ON COLUMN yuebao.form.form IS 'Surrogate key.';
COMMENT ON COLUMN yuebao.form.code IS 'Kind, a dot, frequency: primary.monthly.';
COMMENT ON COLUMN yuebao.form.kind IS 'Kind of school that owes it.';
COMMENT ON COLUMN yuebao.form.frequency IS 'daily, weekly, monthly, quarterly, termly or yearly.';
COMMENT ON COLUMN yuebao.form.name_zh IS 'Chinese name.';
COMMENT ON COLUMN yuebao.form.name_en IS 'English name.';

COMMENT ON TABLE  yuebao.form_indicator IS 'The indicators of a form.';
COMMENT ON COLUMN yuebao.form_indicator.form IS 'The form.';
COMMENT ON COLUMN yuebao.form_indicator.indicator IS 'The indicator.';
COMMENT ON COLUMN yuebao.form_indicator.required IS 'A report without a value or a reason for it is refused.';

COMMENT ON TABLE  yuebao.rule IS 'Rules between indicators of one school: the sum of the left terms, an operator, the sum of the right terms.';
COMMENT ON COLUMN yuebao.rule.rule IS 'Surrogate key.';
COMMENT ON COLUMN yuebao.rule.code IS 'Readable name: boarding_within_enrolled.';
COMMENT ON COLUMN yuebao.rule.severity IS 'error refuses the report, warning wants a reason.';
COMMENT ON COLUMN yuebao.rule.op IS '=, <= or >=.';
COMMENT ON COLUMN yuebao.rule.message_zh IS 'What a clerk reads when it is broken, in Chinese.';
COMMENT ON COLUMN yuebao.rule.message_en IS 'The same in English.';

COMMENT ON TABLE  yuebao.rule_term IS 'The terms of a rule.';
COMMENT ON COLUMN yuebao.rule_term.rule IS 'The rule.';
COMMENT ON COLUMN yuebao.rule_term.side IS 'left or right of the operator.';
COMMENT ON COLUMN yuebao.rule_term.position IS 'Order within the side.';
COMMENT ON COLUMN yuebao.rule_term.indicator IS 'The indicator that is added.';
COMMENT ON COLUMN yuebao.rule_term.part IS 'Its value (numerator) or its denominator.';

COMMENT ON TABLE  yuebao.catalogue IS 'Immutable snapshots of forms, indicators and rules, as clients fetch them.';
COMMENT ON COLUMN yuebao.catalogue.catalogue IS 'Surrogate key; a higher number is newer.';
COMMENT ON COLUMN yuebao.catalogue.hash IS 'SHA-256 of bytes; names the snapshot on the wire.';
COMMENT ON COLUMN yuebao.catalogue.bytes IS 'One serialised Catalogue message (proto/yuebao.proto).';
COMMENT ON COLUMN yuebao.catalogue.made_at IS 'When it was made.';

COMMENT ON TABLE  yuebao.calendar IS 'When each form''s periods open, are due and close. A period in it has partitions.';
COMMENT ON COLUMN yuebao.calendar.form IS 'The form.';
COMMENT ON COLUMN yuebao.calendar.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.calendar.opens_at IS 'From then on reports are accepted.';
COMMENT ON COLUMN yuebao.calendar.due_at IS 'Reports after this are late.';
COMMENT ON COLUMN yuebao.calendar.closes_at IS 'Reports after this are kept out of the books until a person decides.';
COMMENT ON COLUMN yuebao.calendar.zone IS 'Time zone in which people think of these instants.';
COMMENT ON COLUMN yuebao.calendar.catalogue IS 'The catalogue that governs the period.';
