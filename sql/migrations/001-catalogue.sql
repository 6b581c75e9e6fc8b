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
