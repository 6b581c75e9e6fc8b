-- Who may do what, as a table; then some of it tried.
BEGIN;
SELECT plan(37);
\ir fixture.psql

SELECT is_empty($$
    SELECT r.rolname FROM pg_roles AS r
    WHERE r.rolname LIKE 'yuebao\_%' AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
                                          OR r.rolbypassrls <> (r.rolname = 'yuebao_collector'))
$$, 'no role of a running program is more than ordinary; the collector is exempt from row level security, for COPY FROM knows none');

SELECT results_eq($$
    SELECT c.relname::text COLLATE "default", string_agg(p.privilege, ' ' ORDER BY p.privilege)
    FROM pg_class AS c CROSS JOIN unnest(ARRAY['DELETE', 'INSERT', 'SELECT', 'TRUNCATE', 'UPDATE']) AS p (privilege)
    WHERE c.relnamespace = 'yuebao'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
      AND has_table_privilege('yuebao_collector', c.oid, p.privilege)
    GROUP BY c.relname ORDER BY c.relname COLLATE "C"
$$, $$VALUES
    ('calendar',         'SELECT'),
    ('catalogue',        'SELECT'),
    ('decision',         'SELECT'),
    ('district',         'SELECT'),
    ('district_ancestor', 'SELECT'),
    ('enrolment',        'SELECT'),
    ('extension',        'SELECT'),
    ('figure',           'INSERT'),
    ('form',             'SELECT'),
    ('form_indicator',   'SELECT'),
    ('form_school',      'SELECT'),
    ('indicator',        'SELECT'),
    ('kept',             'INSERT SELECT'),
    ('registry_version', 'SELECT'),
    ('rejection',        'INSERT SELECT'),
    ('remark',           'INSERT'),
    ('report',           'INSERT SELECT'),
    ('review',           'SELECT'),
    ('school',           'SELECT'),
    ('school_district',  'SELECT'),
    ('school_key',       'INSERT SELECT'),
    ('total_delta',      'INSERT'),
    ('watched_form',     'SELECT')
$$, 'the collector''s rights on tables');

SELECT results_eq($$
    SELECT (c.relname || '.' || a.attname) COLLATE "default"
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'yuebao'::regnamespace AND c.relkind IN ('r', 'p')
      AND has_column_privilege('yuebao_collector', c.oid, a.attnum, 'UPDATE') AND NOT has_table_privilege('yuebao_collector', c.oid, 'UPDATE')
    ORDER BY 1
$$, $$VALUES ('enrolment.used_at'), ('enrolment.used_key')$$, 'the collector''s rights on single columns');

SELECT is_empty($$
    SELECT c.oid::regclass::text FROM pg_class AS c
    WHERE c.relnamespace = 'yuebao'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
      AND (has_table_privilege('yuebao_reader', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
           OR has_any_column_privilege('yuebao_reader', c.oid, 'SELECT, INSERT, UPDATE'))
$$, 'a reader has no right on any table');

SELECT is_empty($$
    SELECT c.oid::regclass::text FROM pg_class AS c
    WHERE c.relnamespace = 'api'::regnamespace AND c.relkind = 'v'
      AND NOT (has_table_privilege('yuebao_reader', c.oid, 'SELECT')
               AND NOT has_table_privilege('yuebao_reader', c.oid, 'INSERT, UPDATE, DELETE'))
$$, 'a reader reads every view of api and writes none');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
    WHERE p.pronamespace IN ('yuebao'::regnamespace, 'api'::regnamespace) AND p.prosqlbody IS NULL
      AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
$$, 'every function whose names are looked up when it runs looks for temporary ones last');

-- what a collector that may make temporary objects could try: its own "text", checked where an administrator's function casts
CREATE TEMPORARY SEQUENCE hidden;
CREATE FUNCTION pg_temp.look(pg_catalog.text) RETURNS boolean LANGUAGE sql AS 'SELECT nextval(''pg_temp.hidden'') > 0';
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.look(VALUE));
SELECT set_config('yuebao.registry_raised', '', true); -- as in a transaction of its own
INSERT INTO yuebao.school_key (key, school) SELECT sha256('hidden'), min(s.school) FROM yuebao.school AS s;
SELECT is((SELECT h.is_called FROM pg_temp.hidden AS h), false, 'a temporary type hides none of ours');
DROP DOMAIN pg_temp.text;

SELECT ok(NOT has_schema_privilege('yuebao_reader', 'yuebao', 'USAGE'), 'a reader cannot even name the tables');
SELECT ok(NOT has_schema_privilege('yuebao_collector', 'api', 'USAGE'), 'the collector has no business in api');
SELECT is_empty($$
    SELECT r.role FROM unnest(ARRAY['yuebao_collector', 'yuebao_reader']) AS r (role)
    WHERE has_schema_privilege(r.role, 'yuebao', 'CREATE') OR has_schema_privilege(r.role, 'api', 'CREATE')
       OR has_database_privilege(r.role, current_database(), 'CREATE, TEMPORARY')
$$, 'only the administrator creates anything');

SELECT results_eq($$
    SELECT p.proname::text COLLATE "default" FROM pg_proc AS p
    WHERE p.pronamespace = 'yuebao'::regnamespace AND has_function_privilege('yuebao_collector', p.oid, 'EXECUTE') ORDER BY 1
$$, $$VALUES ('fold_totals'), ('judge_reports'), ('judge_totals'), ('note_contacts'), ('note_past'), ('note_windows'), ('period_first_day'), ('period_last_day'), ('period_of'),
    ('period_text'),
    ('replace_figures'), ('school_district_on')$$,
    'the functions that the collector may call');
SELECT results_eq($$
    SELECT p.proname::text COLLATE "default" FROM pg_proc AS p
    WHERE p.pronamespace = 'yuebao'::regnamespace AND has_function_privilege('yuebao_reader', p.oid, 'EXECUTE') ORDER BY 1
$$, $$VALUES ('is_house'), ('period_first_day'), ('period_last_day'), ('period_of'), ('period_text'), ('seen_districts'), ('seen_forms'),
    ('seen_indicators'), ('seen_school_codes'), ('seen_schools'), ('sees_every_district'), ('sees_every_indicator'), ('sees_everything')$$,
    'a reader may only calculate with periods, and have looked up what it sees itself');

-- tried
CREATE FUNCTION pg_temp.attempt(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    outcome text := 'done';
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN OTHERS THEN
        outcome := SQLSTATE;
    END;
    RESET ROLE;
    RETURN outcome;
END
$$;

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100]}');

SELECT is(pg_temp.attempt(t.role, t.statement), t.outcome, t.role || ': ' || t.says)
FROM (VALUES
    ('yuebao_collector', 'UPDATE yuebao.report SET late = true', '42501', 'does not back-date a report'),
    ('yuebao_collector', 'DELETE FROM yuebao.report', '42501', 'does not remove a report'),
    ('yuebao_collector', 'DELETE FROM yuebao.figure', '42501', 'does not remove a figure'),
    ('yuebao_collector', 'UPDATE yuebao.figure SET value = 0', '42501', 'does not change a figure'),
    ('yuebao_collector', 'DELETE FROM yuebao.figure_2025_01', '42501', 'nor past the parent table'),
    ('yuebao_collector', 'INSERT INTO yuebao.total_folded SELECT * FROM yuebao.total_folded', '42501', 'does not touch what is folded'),
    ('yuebao_collector', 'DELETE FROM yuebao.figure_history', '42501', 'does not rewrite history'),
    ('yuebao_collector', 'UPDATE yuebao.rejection SET summary = ''''', '42501', 'does not change why it refused'),
    ('yuebao_collector', 'UPDATE yuebao.enrolment SET expires_at = now()', '42501', 'does not prolong a code'),
    ('yuebao_collector', 'UPDATE yuebao.registry_version SET version = 1', '42501', 'does not turn the version back'),
    ('yuebao_collector', 'DELETE FROM yuebao.report_2025_01', '42501', 'has no way past the parent table'),
    ('yuebao_collector', $$INSERT INTO yuebao.figure (district, period, school, indicator, form, value)
                           VALUES (220203, '2025-02-01', 1, 1, 1, 5)$$, 'done', 'reaches a partition through its parent'),
    ('yuebao_collector', 'SELECT yuebao.fold_totals(100)', 'done', 'folds'),
    ('yuebao_collector', $$INSERT INTO yuebao.school_key (key, school) SELECT sha256('k'), min(school) FROM yuebao.school$$, 'done',
     'enrols a key, which raises the version'),
    ('yuebao_collector', 'SELECT yuebao.make_partitions(''2025-01-01'', ''2025-01-01'')', '42501', 'makes no partitions'),
    ('yuebao_reader', 'SELECT * FROM api.figure, api.district_total, api.missing, api.progress, api.report, api.kept, api.rejection, api.breach, api.outlier', 'done',
     'reads what people read'),
    ('yuebao_reader', 'SELECT * FROM api.missing_in(100000), api.breaches_in(100000), api.outliers_in(100000)', 'done', 'asks for a district''s missing reports, breaches and outliers'),
    ('yuebao_reader', 'SELECT * FROM yuebao.report', '42501', 'reads no envelope'),
    ('yuebao_reader', 'CREATE TABLE api.mine ()', '42501', 'leaves nothing behind')
) AS t (role, statement, outcome, says);

-- corrections: figures give way only to what this very transaction accepts
CREATE FUNCTION pg_temp.accept(revision integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer, head, envelope, receipt)
    SELECT r.district, r.period, r.school, r.form, accept.revision, sha256(accept.revision::text::bytea), r.catalogue, r.key, now(), true, 'a', 'b', 'c',
           '', ''
    FROM yuebao.report AS r WHERE r.period = '2025-01-01' AND r.revision = 1
$$;
CREATE FUNCTION pg_temp.replaced(revision integer, id bytea) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', g.period, i.code, g.value, g.denominator), ', ')
    FROM yuebao.report AS r
    CROSS JOIN yuebao.replace_figures(ARRAY[r.district], ARRAY[r.period], ARRAY[r.school], ARRAY[r.form], ARRAY[replaced.revision], ARRAY[replaced.id]) AS g
    JOIN yuebao.indicator AS i ON i.indicator = g.indicator
    WHERE r.period = '2025-01-01' AND r.revision = 1
$$;
SELECT is(pg_temp.replaced(1, (SELECT r.id FROM yuebao.report AS r)), NULL, 'a first report replaces nothing');
SELECT is(pg_temp.replaced(2, sha256('2')), NULL, 'nor does what the ledger does not have');
SAVEPOINT other; -- its rows carry another transaction's number
SELECT pg_temp.accept(2);
RELEASE SAVEPOINT other;
SELECT is(pg_temp.replaced(2, sha256('2')), NULL, 'nor what another transaction accepted');
SELECT pg_temp.accept(3);
SELECT is(pg_temp.replaced(3, sha256('2')), NULL, 'nor another statement of the same revision');
SELECT is(pg_temp.replaced(3, sha256('3')), '2025-01-01 pupils 100 0', 'a correction gets back what it replaces');
SELECT results_eq('SELECT h.revision, h.value, h.replaced_by FROM yuebao.figure_history AS h', $$VALUES (2, 100::bigint, sha256('3'))$$,
    'and history keeps it');

SELECT * FROM finish();
ROLLBACK;
