-- Which catalogue governs a day, and that nothing is asked twice.
BEGIN;
SELECT plan(21);
\ir fixture.psql

-- which catalogue governs
INSERT INTO yuebao.catalogue (hash, bytes, governs_from) VALUES (sha256('y'), 'y', '2025-06-01'), (sha256('z'), 'z', 'infinity');
CREATE FUNCTION pg_temp.catalogue(bytes bytea) RETURNS smallint LANGUAGE sql AS 'SELECT c.catalogue FROM yuebao.catalogue AS c WHERE c.bytes = $1';
SELECT is(yuebao.governing('2025-05-31'), pg_temp.catalogue('x'), 'the day before, the older one governs');
SELECT is(yuebao.governing('2025-06-01'), pg_temp.catalogue('y'), 'from its first day on, the newer one');
SELECT is(yuebao.governing('2125-06-01'), pg_temp.catalogue('y'), 'one that was made for a one-off form governs no day');
UPDATE yuebao.catalogue SET governs_from = '2025-02-01' WHERE bytes = 'x';
SELECT is(yuebao.governing('2025-01-31'), NULL, 'before the first, none does');

-- which windows have opened, and what that leaves to a new catalogue
INSERT INTO yuebao.catalogue_form SELECT c.catalogue, f.form, i.indicator, i.required
FROM yuebao.catalogue AS c, yuebao.form AS f JOIN yuebao.form_indicator AS i USING (form) WHERE c.bytes IN ('y', 'z');
UPDATE yuebao.catalogue SET governs_from = '-infinity' WHERE bytes = 'z';
SELECT results_eq($$SELECT * FROM yuebao.governed(pg_temp.catalogue('z'))$$, $$VALUES ('monthly', NULL::text[], '2025-04', '2025-03')$$,
    'it governs from the period behind the newest that has opened');
SELECT results_eq($$SELECT * FROM yuebao.governed(pg_temp.catalogue('y'))$$, $$VALUES ('monthly', NULL::text[], '2025-06', NULL::text)$$,
    'or from the day that it is put off to');
DELETE FROM yuebao.catalogue_form AS i WHERE i.catalogue IN (pg_temp.catalogue('y'), pg_temp.catalogue('z'));
UPDATE yuebao.catalogue SET governs_from = 'infinity' WHERE bytes = 'z';
SELECT is((SELECT bool_and(w.opened) FROM yuebao.calendar_window AS w), true, 'what was opened is open');
UPDATE yuebao.calendar SET opens_at = '2100-01-01', due_at = '2100-02-01', closes_at = '2100-03-01' WHERE period = '2025-03-01';
SELECT is((SELECT bool_or(w.opened) FROM yuebao.calendar_window AS w WHERE w.first_day = '2025-03-01'), false, 'what will open is not');
INSERT INTO yuebao.extension (form, period, school, opens_at, due_at, closes_at, reason)
SELECT f.form, '2025-03-01', s.school, '2025-04-01', '2100-02-01', '2100-03-01', 'flood' FROM yuebao.form AS f, yuebao.school AS s
WHERE f.code = 'primary.monthly' AND s.code = 'P1';
SELECT results_eq($$SELECT w.code, w.opened FROM yuebao.calendar_window AS w WHERE w.first_day = '2025-03-01' ORDER BY 1$$,
    $$VALUES ('junior.monthly', false), ('primary.monthly', true)$$, 'an extension opens it for somebody');

INSERT INTO yuebao.catalogue_form SELECT pg_temp.catalogue('y'), i.form, i.indicator, i.required FROM yuebao.form_indicator AS i;
UPDATE yuebao.catalogue SET governs_from = '2025-02-02' WHERE bytes = 'y';
SELECT results_eq($$SELECT * FROM yuebao.governed(pg_temp.catalogue('y'))$$,
    $$VALUES ('monthly', ARRAY['junior.monthly'], '2025-03', '2025-02'), ('monthly', ARRAY['primary.monthly'], '2025-04', '2025-03')$$,
    'forms are named where they differ');
DELETE FROM yuebao.catalogue_form AS i WHERE i.catalogue = pg_temp.catalogue('y');

-- asked twice
SELECT is_empty('SELECT * FROM yuebao.asked_twice()', 'one form asks each thing once');
INSERT INTO yuebao.form (code, kind, frequency, name, name_zh, name_en) VALUES
    ('primary.daily', 'primary', 'daily', '', '小学日报', 'Primary, daily'), ('primary.yearly', 'primary', 'yearly', '', '小学年报', 'Primary, yearly'),
    ('primary.daily.fire', 'primary', 'daily', 'fire', '消防', 'Fire'), ('primary.daily.smoke', 'primary', 'daily', 'smoke', '烟雾', 'Smoke');
CREATE FUNCTION pg_temp.asks(form text, indicator text, catalogue bytea) RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.catalogue_form SELECT pg_temp.catalogue($3), f.form, i.indicator, true
    FROM yuebao.form AS f, yuebao.indicator AS i WHERE f.code = $1 AND i.code = $2 $$;
CREATE FUNCTION pg_temp.opens(form text, period date, catalogue bytea) RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
    SELECT f.form, $2, '2100-01-01', '2100-02-01', '2100-03-01', pg_temp.catalogue($3) FROM yuebao.form AS f WHERE f.code = $1 $$;
CREATE FUNCTION pg_temp.twice() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s %s, %s %s, %s', t.indicator, t.form, t.period, t.other_form, t.other_period, t.works_from)
    FROM yuebao.asked_twice() AS t $$;

SELECT pg_temp.asks('primary.daily', 'pupils', 'y'), pg_temp.asks('primary.yearly', 'funds', 'y');
SELECT pg_temp.opens('primary.daily', '2025-04-01', 'y');
SELECT is_empty('SELECT * FROM yuebao.asked_twice()', 'a month, and the days after it');
SELECT pg_temp.opens('primary.daily', '2025-03-31', 'y'), pg_temp.opens('primary.daily', '2025-03-30', 'y');
SELECT results_eq('SELECT * FROM pg_temp.twice()', $$VALUES ('pupils primary.monthly 2025-03, primary.daily 2025-03-30, 2025-04-01')$$,
    'a month and one of its days: both forms and periods, and when it would work');
DELETE FROM yuebao.calendar AS c USING yuebao.form AS f WHERE f.form = c.form AND f.code = 'primary.daily';
SELECT pg_temp.opens('primary.yearly', '2025-01-01', 'y');
SELECT results_eq('SELECT * FROM pg_temp.twice()', $$VALUES ('funds primary.monthly 2025-01, primary.yearly 2025, 2026-01-01')$$,
    'a year and its January, which would claim the same row of figures');
DELETE FROM yuebao.catalogue_form AS i USING yuebao.form AS f WHERE f.form = i.form AND f.code = 'primary.yearly';
SELECT is_empty('SELECT * FROM yuebao.asked_twice()', 'a window asks what its own catalogue says, not what the form will ask');

-- one-off forms
SELECT pg_temp.asks('primary.daily.fire', 'pupils', 'z'), pg_temp.opens('primary.daily.fire', '2025-03-10', 'z');
SELECT is_empty('SELECT * FROM yuebao.asked_twice()', 'a one-off form that was sent to nobody asks nobody');
CREATE FUNCTION pg_temp.sent(form text, school text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.form_school SELECT f.form, s.school FROM yuebao.form AS f, yuebao.school AS s WHERE f.code = $1 AND s.code = $2 $$;
SELECT pg_temp.sent('primary.daily.fire', 'P4');
SELECT is_empty('SELECT * FROM yuebao.asked_twice()', 'nor a school that was closed when the month ended');
SELECT pg_temp.sent('primary.daily.fire', 'P1');
SELECT results_eq('SELECT * FROM pg_temp.twice()', $$VALUES ('pupils primary.monthly 2025-03, primary.daily.fire 2025-03-10, 2025-04-01')$$,
    'what the month asks of the same school');
DELETE FROM yuebao.extension;
DELETE FROM yuebao.calendar WHERE period <> '2025-03-10';
SELECT pg_temp.asks('primary.daily.smoke', 'pupils', 'z'), pg_temp.opens('primary.daily.smoke', '2025-03-10', 'z'), pg_temp.sent('primary.daily.smoke', 'P2');
SELECT is_empty('SELECT * FROM yuebao.asked_twice()', 'two one-off forms to different schools');
SELECT pg_temp.sent('primary.daily.smoke', 'P1');
SELECT results_eq('SELECT * FROM pg_temp.twice()', $$VALUES ('pupils primary.daily.fire 2025-03-10, primary.daily.smoke 2025-03-10, 2025-03-11')$$,
    'two one-off forms to one school');

SELECT is_empty($$SELECT FROM pg_proc AS p WHERE p.oid IN ('yuebao.asked_twice'::regproc, 'yuebao.governing'::regproc, 'yuebao.governed'::regproc)
                  AND has_function_privilege('yuebao_collector', p.oid, 'EXECUTE')$$, 'administrators ask');
SELECT * FROM finish();
ROLLBACK;
