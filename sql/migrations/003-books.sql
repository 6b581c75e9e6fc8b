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

-- What a reader adds up: folded and not yet folded, in one snapshot, so that sums are exact at once.
CREATE VIEW yuebao.total_part AS
SELECT f.district, f.period, f.form, f.indicator, f.schools, f.excused, f.value, f.denominator
FROM yuebao.total_folded AS f
UNION ALL
SELECT d.district, d.period, d.form, u.indicator, u.schools, u.excused, u.value::numeric, u.denominator::numeric
FROM yuebao.total_delta AS d
CROSS JOIN LATERAL unnest(d.indicator, d.schools, d.excused, d.value, d.denominator) AS u (indicator, schools, excused, value, denominator);

COMMENT ON TABLE  yuebao.figure IS 'Current figures, one row each; partitioned by month. A row has a value or a reason, never both.';
COMMENT ON COLUMN yuebao.figure.district IS 'The report''s district.';
COMMENT ON COLUMN yuebao.figure.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.figure.school IS 'The school.';
COMMENT ON COLUMN yuebao.figure.indicator IS 'The indicator.';
COMMENT ON COLUMN yuebao.figure.form IS 'The form that asked for it.';
COMMENT ON COLUMN yuebao.figure.missing IS 'Why there is no value: 1 not applicable, 2 not yet known, 3 not collected, 4 refused.';
COMMENT ON COLUMN yuebao.figure.value IS 'Value or numerator, in units of 10^-decimals of the indicator.';
COMMENT ON COLUMN yuebao.figure.denominator IS 'Denominator, in units of 10^-denominator_decimals; 0 or NULL for measures without one.';

COMMENT ON TABLE  yuebao.figure_history IS 'Figures that a later revision replaced; append-only, partitioned by month.';
COMMENT ON COLUMN yuebao.figure_history.district IS 'As in figure.';
COMMENT ON COLUMN yuebao.figure_history.period IS 'As in figure.';
COMMENT ON COLUMN yuebao.figure_history.school IS 'As in figure.';
COMMENT ON COLUMN yuebao.figure_history.indicator IS 'As in figure.';
COMMENT ON COLUMN yuebao.figure_history.form IS 'As in figure.';
COMMENT ON COLUMN yuebao.figure_history.revision IS 'The revision that had stated it.';
COMMENT ON COLUMN yuebao.figure_history.missing IS 'As in figure.';
COMMENT ON COLUMN yuebao.figure_history.value IS 'As in figure.';
COMMENT ON COLUMN yuebao.figure_history.denominator IS 'As in figure.';
COMMENT ON COLUMN yuebao.figure_history.replaced_by IS 'Id of the statement that replaced it.';
COMMENT ON COLUMN yuebao.figure_history.replaced_at IS 'When.';

COMMENT ON TABLE  yuebao.total_folded IS 'Totals of a district''s own schools as far as they are folded; read total_part, which adds what is not.';
COMMENT ON COLUMN yuebao.total_folded.district IS 'The district itself, not the ones below it.';
COMMENT ON COLUMN yuebao.total_folded.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.total_folded.form IS 'The form, so kind of school and frequency.';
COMMENT ON COLUMN yuebao.total_folded.indicator IS 'The indicator.';
COMMENT ON COLUMN yuebao.total_folded.schools IS 'Schools with a value.';
COMMENT ON COLUMN yuebao.total_folded.excused IS 'Schools with a reason instead of a value.';
COMMENT ON COLUMN yuebao.total_folded.value IS 'Sum of values, in units of 10^-decimals.';
COMMENT ON COLUMN yuebao.total_folded.denominator IS 'Sum of denominators, in units of 10^-denominator_decimals.';

COMMENT ON TABLE  yuebao.total_delta IS 'What each batch adds to the totals, in its own transaction; folded by yuebao.fold_totals. Parallel arrays, one element an indicator.';
COMMENT ON COLUMN yuebao.total_delta.district IS 'The district.';
COMMENT ON COLUMN yuebao.total_delta.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.total_delta.form IS 'The form.';
COMMENT ON COLUMN yuebao.total_delta.delta IS 'Tells batches apart; carries no order.';
COMMENT ON COLUMN yuebao.total_delta.indicator IS 'The indicators.';
COMMENT ON COLUMN yuebao.total_delta.schools IS 'Change of the schools with a value; negative where a revision took one back.';
COMMENT ON COLUMN yuebao.total_delta.excused IS 'Change of the schools with a reason.';
COMMENT ON COLUMN yuebao.total_delta.value IS 'Change of the sum of values.';
COMMENT ON COLUMN yuebao.total_delta.denominator IS 'Change of the sum of denominators.';

COMMENT ON VIEW   yuebao.total_part IS 'Parts of the totals, folded and not yet folded, to be summed.';
COMMENT ON COLUMN yuebao.total_part.district IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_part.period IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_part.form IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_part.indicator IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_part.schools IS 'As in total_folded; may be negative.';
COMMENT ON COLUMN yuebao.total_part.excused IS 'As in total_folded; may be negative.';
COMMENT ON COLUMN yuebao.total_part.value IS 'As in total_folded; may be negative.';
COMMENT ON COLUMN yuebao.total_part.denominator IS 'As in total_folded; may be negative.';
