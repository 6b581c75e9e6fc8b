-- Periods: text, first day and last day agree, for all six frequencies.
BEGIN;
SELECT plan(6);

CREATE TEMPORARY TABLE sample (period text, frequency text, first_day date, last_day date) ON COMMIT DROP;
INSERT INTO sample VALUES
    ('2024-02-29', 'daily',     '2024-02-29', '2024-02-29'), -- a leap day
    ('2026-10-31', 'daily',     '2026-10-31', '2026-10-31'),
    ('2026-W01',   'weekly',    '2025-12-29', '2026-01-04'), -- begins in the year before
    ('2020-W53',   'weekly',    '2020-12-28', '2021-01-03'), -- a long year
    ('2026-W44',   'weekly',    '2026-10-26', '2026-11-01'),
    ('2024-02',    'monthly',   '2024-02-01', '2024-02-29'),
    ('2025-02',    'monthly',   '2025-02-01', '2025-02-28'),
    ('2100-02',    'monthly',   '2100-02-01', '2100-02-28'), -- a century that is no leap year
    ('2026-12',    'monthly',   '2026-12-01', '2026-12-31'),
    ('2026-Q1',    'quarterly', '2026-01-01', '2026-03-31'),
    ('2026-Q4',    'quarterly', '2026-10-01', '2026-12-31'),
    ('2026-S1',    'termly',    '2026-02-01', '2026-07-31'),
    ('2026-S2',    'termly',    '2026-08-01', '2027-01-31'), -- reaches into the next year
    ('1970',       'yearly',    '1970-01-01', '1970-12-31'),
    ('9999',       'yearly',    '9999-01-01', '9999-12-31');

SELECT is_empty($$SELECT * FROM sample AS s WHERE yuebao.period_text(s.first_day, s.frequency) IS DISTINCT FROM s.period$$, 'text of a period');
SELECT is_empty($$SELECT * FROM sample AS s WHERE yuebao.period_last_day(s.first_day, s.frequency) IS DISTINCT FROM s.last_day$$, 'last day of a period');
SELECT is_empty($$SELECT * FROM sample AS s CROSS JOIN LATERAL yuebao.period_of(s.period) AS p
                  WHERE (p.first_day, p.frequency) IS DISTINCT FROM (s.first_day, s.frequency)$$, 'a period''s text is read');
SELECT is_empty($$SELECT * FROM sample AS s WHERE yuebao.period_first_day(s.last_day, s.frequency) IS DISTINCT FROM s.first_day
                  OR yuebao.period_first_day(s.first_day, s.frequency) IS DISTINCT FROM s.first_day$$, 'the period that contains a day');
SELECT is_empty($$
    SELECT d.day, f.frequency FROM generate_series(timestamp '2023-01-01', '2029-01-01', '1 day') AS g (at)
    CROSS JOIN LATERAL (SELECT g.at::date) AS d (day)
    CROSS JOIN (VALUES ('daily'), ('weekly'), ('monthly'), ('quarterly'), ('termly'), ('yearly')) AS f (frequency)
    WHERE NOT d.day BETWEEN yuebao.period_first_day(d.day, f.frequency)
                        AND yuebao.period_last_day(yuebao.period_first_day(d.day, f.frequency), f.frequency)
       OR yuebao.period_first_day(yuebao.period_last_day(yuebao.period_first_day(d.day, f.frequency), f.frequency) + 1, f.frequency)
          <= d.day
$$, 'periods leave no day out and do not overlap, six years long');

CREATE FUNCTION pg_temp.refused(period text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM yuebao.period_of(period);
    RETURN false;
EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow THEN
    RETURN true;
END
$$;
SELECT is_empty($$
    SELECT w.period FROM unnest(ARRAY['', '26', '2026-13', '2026-00', '2025-02-29', '2026-W54', '2025-W53', '2026-W00', '2026-Q5', '2026-S3', '0000',
                                      ' 2026', '2026-1', '2026-10-1', '2026-q1', '２０２６']) AS w (period)
    WHERE NOT pg_temp.refused(w.period)
$$, 'nothing else is a period');

SELECT * FROM finish();
ROLLBACK;
