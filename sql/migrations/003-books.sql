-- The books: current figures, what revisions replaced, and totals that are exact at once.

CREATE TABLE yuebao.figure (
    district    integer  NOT NULL,
    period      date     NOT NULL,
    school      integer  NOT NULL,
    indicator   smallint NOT NULL,
    form        smallint NOT NULL,
    missing     smallint,
    value       bigint,
    denominator bigint,
    CONSTRAINT figure_pk PRIMARY KEY (district, period, school, indicator),
    CONSTRAINT figure_value_or_reason CHECK ((value IS NULL) <> (missing IS NULL)),
    CONSTRAINT figure_missing_reason_known CHECK (missing BETWEEN 1 AND 4)
) PARTITION BY RANGE (period);

CREATE TABLE yuebao.figure_history (
    district    integer  NOT NULL,
    period      date     NOT NULL,
    school      integer  NOT NULL,
    indicator   smallint NOT NULL,
    form        smallint NOT NULL,
    revision    integer  NOT NULL,
    missing     smallint,
    value       bigint,
    denominator bigint,
    replaced_by bytea    NOT NULL,
    replaced_at timestamptz NOT NULL,
    CONSTRAINT figure_history_pk PRIMARY KEY (district, period, school, indicator, revision)
) PARTITION BY RANGE (period);

-- Folded totals of a district's own schools, by form (so by kind of school and frequency) and indicator.
CREATE TABLE yuebao.total_folded (
    district    integer  NOT NULL,
    period      date     NOT NULL,
    form        smallint NOT NULL,
    indicator   smallint NOT NULL,
    schools     integer  NOT NULL,
    excused     integer  NOT NULL,
    value       numeric  NOT NULL,
    denominator numeric  NOT NULL,
    CONSTRAINT total_folded_pk PRIMARY KEY (district, period, form, indicator)
);

-- What each batch adds, in its own transaction; folded in the background. Parallel arrays, one element an indicator.
CREATE TABLE yuebao.total_delta (
    district    integer    NOT NULL,
    period      date       NOT NULL,
    form        smallint   NOT NULL,
    delta       bigint     GENERATED ALWAYS AS IDENTITY,
    indicator   smallint[] NOT NULL,
    schools     integer[]  NOT NULL,
    excused     integer[]  NOT NULL,
    value       bigint[]   NOT NULL,
    denominator bigint[]   NOT NULL,
    CONSTRAINT total_delta_pk PRIMARY KEY (district, period, form, delta),
    CONSTRAINT total_delta_arrays_parallel CHECK (
        cardinality(schools) = cardinality(indicator) AND cardinality(excused) = cardinality(indicator)
        AND cardinality(value) = cardinality(indicator) AND cardinality(denominator) = cardinality(indicator))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
