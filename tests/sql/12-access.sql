-- Who may do what to what: every role, every object, every verb, out of the system catalogue, held against the few lines below. Then what each kind of
-- login sees, tried. tests/e2e/test_access.py holds every view of api against a model.
BEGIN;
SELECT no_plan();
\ir fixture.psql

-- What schema api may know of each table and view of schema yuebao. A new one is decided here:
--   catalogue   every reader may be told all of it
--   guarded     row by row, as the policy "seen" says
--   closed      nothing
-- columns: not all of them.
CREATE TEMPORARY TABLE decided (name text PRIMARY KEY, says text, columns boolean DEFAULT false);
INSERT INTO decided (says, name) SELECT t.says, u.name FROM (VALUES
    ('catalogue', '{district, school, school_district, plan, indicator, target, baseline, form, form_indicator, form_school, rule, rule_term,
                    catalogue_form, calendar, extension, threshold, balance_indicator, balance_threshold, balance_exclusion, snapshot, area, area_school,
                    detached, district_above, total_unfolded}'::text[]),
    ('guarded',   '{figure, figure_history, total_folded, remark, review, declaration, snapshot_target, snapshot_result,
                    district_ancestor, access, access_scope, audit_log, owed, owed_above, school_change, total_above, window_note, greatest_note, past_note, alert}'),
    ('closed',    '{total_delta, watched_form, total_to_judge, total_judged, enrolment, registry_version, migration, migration_api}')) AS t (says, names) CROSS JOIN unnest(t.names) AS u (name);
INSERT INTO decided (says, name, columns) VALUES ('guarded', 'report', true), ('guarded', 'kept', true), ('guarded', 'decision', true),
    ('guarded', 'rejection', true), ('guarded', 'contact', true), ('catalogue', 'catalogue', true), ('catalogue', 'school_key', true);

-- Views of schema yuebao are yuebao_teller's own, so they show what it sees (tests/sql/00-words.sql); partitions are reached through their tables.
CREATE TEMPORARY VIEW object AS
SELECT c.oid, n.nspname || '.' || c.relname AS name, n.nspname AS schema, c.relkind,
       CASE WHEN c.relispartition THEN 'closed' WHEN n.nspname = 'api' THEN 'told' WHEN c.relkind = 'v' THEN coalesce(d.says, 'own') ELSE d.says END AS says,
       coalesce(d.columns, false) AS columns
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN decided AS d ON n.nspname = 'yuebao' AND d.name = c.relname
WHERE n.nspname IN ('yuebao', 'api') AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f');
INSERT INTO decided (says, name) SELECT 'closed', unnest('{publication_rule, publication, publication_withdrawal, publication_district, publication_indicator,
    publication_cell}'::text[]); -- schema published tells of them

SELECT is_empty($$SELECT o.name FROM object AS o WHERE o.says IS NULL AND o.relkind <> 'S'$$,
    'every table of schema yuebao is decided at the top of tests/sql/12-access.sql: catalogue, guarded or closed');
SELECT is_empty($$SELECT d.name FROM decided AS d WHERE to_regclass('yuebao.' || d.name) IS NULL$$, 'and what is decided is there');

CREATE ROLE "li.official" LOGIN;
CREATE ROLE inspector_7 LOGIN;
CREATE ROLE health LOGIN;
CREATE ROLE auditor_1 LOGIN;
CREATE ROLE stranger LOGIN;
GRANT yuebao_reader TO "li.official", inspector_7, health, auditor_1, stranger;
CREATE TEMPORARY TABLE login (role name PRIMARY KEY, house boolean);
INSERT INTO login VALUES ('li.official', false), ('inspector_7', false), ('health', false), ('auditor_1', false), ('stranger', false),
    ('yuebao_reader', false), ('yuebao_teller', true);

-- ---- the matrix --------------------------------------------------------------------------------------------------------------------------

SELECT is_empty($$
    SELECT l.role || ' ' || v.verb || ' ' || o.name || CASE WHEN x.may THEN ': may, and must not' ELSE ': must be able to' END
    FROM login AS l CROSS JOIN object AS o CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS v (verb)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN o.relkind = 'S' THEN has_sequence_privilege(l.role, o.oid, 'USAGE, SELECT, UPDATE')
                    WHEN v.verb IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') THEN
                        CASE WHEN o.columns AND v.verb = 'SELECT' THEN has_any_column_privilege(l.role, o.oid, 'SELECT') AND NOT has_table_privilege(l.role, o.oid, 'SELECT')
                             ELSE has_any_column_privilege(l.role, o.oid, v.verb) END
                    ELSE has_table_privilege(l.role, o.oid, v.verb) END AS may,
               v.verb = 'SELECT' AND o.relkind <> 'S' AND CASE WHEN l.house THEN o.says <> 'closed' ELSE o.schema = 'api' END AS should) AS x
    WHERE x.may <> x.should AND NOT (l.house AND o.relkind = 'v') -- an owner's rights are its own: of views it can do no more than of their tables
$$, 'readers read schema api; yuebao_teller reads what is decided; neither writes anything');

SELECT is_empty($$
    SELECT l.role || ' ' || p.oid::regprocedure || CASE WHEN x.may THEN ': may, and must not' ELSE ': must be able to' END
    FROM login AS l CROSS JOIN pg_proc AS p
    CROSS JOIN LATERAL (
        SELECT has_function_privilege(l.role, p.oid, 'EXECUTE') AS may,
               CASE WHEN p.pronamespace = 'api'::regnamespace THEN true
                    WHEN p.proname IN ('period_first_day', 'period_last_day', 'period_text', 'period_of', 'is_house', 'sees_everything', 'sees_every_district',
                                       'sees_every_indicator', 'seen_districts', 'seen_indicators', 'seen_forms', 'seen_schools', 'seen_school_codes') THEN true
                    ELSE l.house AND (p.provolatile <> 'v' AND NOT p.prosecdef OR p.proname = 'unfolded_of') END AS should) AS x
    WHERE p.pronamespace IN ('yuebao'::regnamespace, 'api'::regnamespace) AND x.may <> x.should
$$, 'readers call schema api; yuebao_teller besides what changes nothing and runs with its own rights, or looks for itself');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc AS p
    WHERE p.pronamespace = 'api'::regnamespace AND p.provolatile = 'v'
$$, 'no function of schema api changes anything');

SELECT is_empty($$
    SELECT o.name FROM object AS o JOIN pg_class AS c ON c.oid = o.oid
    WHERE o.says = 'guarded' AND NOT (c.relrowsecurity AND EXISTS (
        SELECT FROM pg_policy AS p WHERE p.polrelid = o.oid AND p.polname = 'seen' AND p.polroles = ARRAY['yuebao_teller'::regrole::oid]
                                     AND p.polcmd = 'r' AND p.polqual IS NOT NULL))
       OR o.says <> 'guarded' AND c.relrowsecurity
$$, 'what is guarded has its policy');
SELECT is_empty($$SELECT p.polname, p.polrelid::regclass FROM pg_policy AS p WHERE p.polname <> 'seen' OR NOT p.polpermissive$$, 'and no other');

SELECT is_empty($$
    SELECT r.rolname FROM pg_roles AS r, login AS l
    WHERE r.rolname IN ('yuebao_admin', 'yuebao_collector') AND pg_has_role(l.role, r.oid, 'MEMBER')
$$, 'a reader is none of the house');
SELECT ok(NOT r.rolcanlogin, 'nobody logs in as yuebao_teller') FROM pg_roles AS r WHERE r.rolname = 'yuebao_teller';
SELECT is_empty($$SELECT m.member::regrole FROM pg_auth_members AS m WHERE m.roleid = 'yuebao_teller'::regrole AND m.member <> 'yuebao_admin'::regrole$$,
    'nor becomes it');

-- ---- tried -------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.attempt(login text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    outcome text := 'done';
BEGIN
    EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN OTHERS THEN
        outcome := SQLSTATE;
    END;
    RESET SESSION AUTHORIZATION;
    RETURN outcome;
END
$$;

CREATE FUNCTION pg_temp.answer(login text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
    EXECUTE query INTO answer;
    RESET SESSION AUTHORIZATION;
    RETURN answer;
END
$$;

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "rate": [3, 4], "largest": [40]}');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [101], "rate": [3, 4], "largest": [40]}', 2);
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "rate": [1, 4]}');
SELECT yuebao.fold_totals(1);
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [7], "rate": [1, 1]}');
SELECT pg_temp.file('P5', 'primary.monthly', '2025-02-01', '{"pupils": [30]}');

SELECT is(yuebao.grant_access('li.official', 'official', '{220203}', '{}', '{}', '-infinity', 'infinity'), 1, 'an official of one county');
SELECT is(yuebao.grant_access('inspector_7', 'inspector', '{}', (SELECT array_agg(s.school) FROM yuebao.school AS s WHERE s.code IN ('P1', 'P5')), '{}',
                              '-infinity', 'infinity'), 2, 'an inspector of two schools, one of which moved');
SELECT is(yuebao.grant_access('health', 'department', '{220200}', '{}', (SELECT array_agg(i.indicator) FROM yuebao.indicator AS i WHERE i.code = 'rate'),
                              '-infinity', 'infinity'), 2, 'a department of one indicator in the city');
SELECT is(yuebao.grant_access('auditor_1', 'auditor', '{}', '{}', '{}', '-infinity', 'infinity'), 1, 'an auditor');

SELECT is_empty($$
    SELECT l.role || ': ' || s.statement || ': ' || x.outcome
    FROM login AS l CROSS JOIN object AS o
    CROSS JOIN LATERAL (VALUES
        (format('SELECT count(*) FROM %s', o.name), o.schema = 'api'), (format('INSERT INTO %s DEFAULT VALUES', o.name), false),
        (format('UPDATE %s SET %I = NULL', o.name, (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = o.oid AND a.attnum = 1)), false),
        (format('DELETE FROM %s', o.name), false), (format('TRUNCATE %s', o.name), false)) AS s (statement, allowed)
    CROSS JOIN LATERAL (SELECT pg_temp.attempt(l.role, s.statement) AS outcome) AS x
    WHERE NOT l.house AND o.relkind <> 'S'
      -- a view is not written by its shape (42809, 55000, 0A000, 428C9) or for want of the right
      AND CASE WHEN s.allowed THEN x.outcome <> 'done' ELSE x.outcome NOT IN ('42501', '42809', '55000', '0A000', '428C9') END
$$, 'every reader reads every view, and every attempt to write fails');

-- ---- what each sees ----------------------------------------------------------------------------------------------------------------------

SELECT is(pg_temp.answer(t.login, t.query), t.answer, t.login || ': ' || t.says)
FROM (VALUES
    ('stranger', 'SELECT (SELECT count(*) FROM api.figure) + (SELECT count(*) FROM api.report) + (SELECT count(*) FROM api.district_total) + (SELECT count(*) FROM api.missing)',
     '0', 'a reader without an entry sees nothing'),
    ('stranger', 'SELECT (SELECT count(*) FROM api.school) || '' '' || (SELECT count(*) FROM api.district) || '' '' || (SELECT count(*) FROM api.indicator)', '7 5 9',
     'but the catalogue'),
    ('auditor_1', 'SELECT (SELECT count(*) FROM api.figure) || '' '' || (SELECT count(*) FROM api.report)', '8 5', 'everything'),
    ('li.official', 'SELECT string_agg(DISTINCT f.school, '' '' ORDER BY f.school) FROM api.figure AS f', 'P1 P2', 'the schools of the county'),
    ('li.official', 'SELECT string_agg(DISTINCT t.district::text, '' '') FROM api.district_total AS t', '220203', 'no total of which it sees a part'),
    ('li.official', 'SELECT t.value::text FROM api.district_total AS t WHERE t.district = 220203 AND t.indicator = ''pupils'' AND t.first_day = ''2025-01-01''', '151',
     'folded or not'),
    ('li.official', 'SELECT string_agg(DISTINCT m.district::text, '' '') FROM api.missing AS m', '220203', 'what its county owes'),
    ('li.official', 'SELECT string_agg(DISTINCT c.district::text, '' '') FROM api.completeness AS c', '220203', 'how whole it is'),
    ('li.official', 'SELECT string_agg(h.school || '' '' || h.revision, '', '') FROM api.figure_history AS h WHERE h.indicator = ''pupils''', 'P1 1', 'what was corrected'),
    ('li.official', 'SELECT count(*)::text FROM api.trend(''pupils'', 220200)', '0', 'no trend of the city'),
    ('li.official', 'SELECT count(*)::text FROM api.distribution(''pupils'', ''2025-01'', 220200)', '0', 'no distribution of the city'),
    ('li.official', 'SELECT count(*)::text FROM api.rank_districts(''pupils'', ''2025-01'', 220200)', '0', 'no ranking in the city'),
    ('li.official', 'SELECT count(*)::text FROM api.drill(220200, ''2025-01'', ''pupils'')', '0', 'no drill into the city'),
    ('li.official', 'SELECT count(*)::text FROM api.profile(''P3'', ''2025-01'')', '0', 'no school of another county'),
    ('li.official', 'SELECT count(*)::text FROM api.trend(''pupils'', NULL, ''P3'')', '0', 'nor its trend'),
    ('li.official', 'SELECT c.expected::text FROM api.review_counts(220200, ''2025-01'') AS c', NULL, 'no counts of the city''s reviews'),
    ('li.official', 'SELECT count(*)::text FROM api.period_figures(now(), ARRAY[220200, 220203], ARRAY[1, 1]::smallint[], ARRAY[''2025-01-01'', ''2025-01-01'']::date[], ARRAY[''2025-01-31'', ''2025-01-31'']::date[], ARRAY[''2025-01-01'', ''2025-01-01'']::date[]) AS f WHERE f.nth = 1',
     '0', 'no figure of the city by the function behind progress'),
    ('li.official', 'SELECT t.district::text FROM api.trend(''pupils'') AS t LIMIT 1', '220203', 'its own district when it names none'),
    ('li.official', 'SELECT string_agg(d.district || '' '' || d.seen || '' '' || d.uppermost, '', '' ORDER BY d.district) FROM api.district AS d WHERE d.seen', '220203 true true',
     'is told which it sees'),
    ('li.official', 'SELECT d.path_zh FROM api.district AS d WHERE d.district = 220204', '吉林省吉林市船营区', 'every name in full'),
    ('li.official', 'SELECT count(*) || '' '' || min(a.role) FROM api.access AS a', '1 li.official', 'its own entry and nobody else''s'),
    ('auditor_1', 'SELECT count(DISTINCT a.role)::text FROM api.access AS a', '4', 'everybody''s entries'),
    ('auditor_1', 'SELECT count(*)::text FROM api.audit_log AS l WHERE l.action = ''access grant''', '4', 'what administrators did'),
    ('li.official', 'SELECT count(*)::text FROM api.audit_log', '0', 'not what administrators did'),
    ('inspector_7', 'SELECT string_agg(DISTINCT f.school, '' '' ORDER BY f.school) FROM api.figure AS f', 'P1 P5', 'the schools, wherever they were'),
    ('inspector_7', 'SELECT string_agg(DISTINCT m.school, '' '' ORDER BY m.school) FROM api.missing AS m', 'P1 P5', 'what they owe'),
    ('inspector_7', 'SELECT count(*)::text FROM api.district_total', '0', 'no totals'),
    ('inspector_7', 'SELECT p.expected || ''=''  || p.on_time || ''+'' || p.late || ''+'' || p.missing FROM api.punctuality_of(NULL, 2025, ''P1'') AS p', '3=1+0+2', 'how punctual one is'),
    ('inspector_7', 'SELECT p.figure || '' '' || coalesce(p.district_figure::text, ''-'') || coalesce(p.rank::text, ''-'') || coalesce(p.of::text, ''-'') || coalesce(p.district_schools::text, ''-'') FROM api.profile(''P1'', ''2025-01'') AS p WHERE p.indicator = ''pupils''',
     '101 ----', 'a profile with nothing beside it'),
    ('health', 'SELECT string_agg(DISTINCT f.indicator, '' '') || '' '' || count(*) FROM api.figure AS f', 'rate 3', 'its indicator everywhere in the city'),
    ('health', 'SELECT string_agg(t.district || '' '' || t.indicator || '' '' || t.schools, '', '' ORDER BY t.district) FROM api.district_total AS t',
     '220200 rate 3, 220203 rate 2, 220204 rate 1', 'its totals, folded or not'),
    ('health', 'SELECT string_agg(DISTINCT c.indicator, '' '') FROM api.coverage AS c', 'rate', 'the coverage of its indicator'),
    ('health', 'SELECT string_agg(t.indicator || '' '' || t.schools || '' '' || t.expected, '', '') FROM api.totals(220200, ''2025-01'') AS t', 'rate 3 6', 'a table of its indicator'),
    ('li.official', 'SELECT string_agg(DISTINCT t.district::text, '' '') FROM api.totals(220203, ''2025-01'', below => true) AS t', '220203', 'the table of the county'),
    ('li.official', 'SELECT count(*)::text FROM api.totals(220200, ''2025-01'', below => true)', '0', 'no table of the city, and no part of it'),
    ('health', 'SELECT count(*)::text FROM api.drill(220203, ''2025-01'', ''pupils'')', '0', 'no drill into another'),
    ('health', 'SELECT count(*)::text FROM api.trend(''pupils'', 220203)', '0', 'no trend of another'),
    ('health', 'SELECT count(*)::text FROM api.figure_trace(''P1'', ''2025-01'', ''pupils'')', '0', 'no trace of another'),
    ('health', 'SELECT count(*)::text FROM api.review', '0', 'no review of whole reports'),
    ('health', 'SELECT string_agg(c.expected || ''='' || c.reported || ''+'' || c.missing, '', '') FROM api.completeness AS c WHERE c.district = 220203 AND c.form = ''primary.monthly'' AND c.first_day = ''2025-01-01''',
     '4=2+2', 'whether the forms that ask for it have come')
) AS t (login, query, answer, says);

UPDATE yuebao.school SET closed_on = '2025-01-15' WHERE code = 'P2';
SELECT is(pg_temp.answer(l.login, $$SELECT string_agg(c.expected || '=' || c.reported || '+' || c.missing || ' ' || c.share, ', ') FROM api.completeness AS c
                                     WHERE c.district = 220203 AND c.form = 'primary.monthly' AND c.first_day = '2025-01-01'$$),
    '3=1+2 0.3333', l.login || ': what a school reported that owes nothing any more is not counted')
FROM unnest(ARRAY['li.official', 'health']) AS l (login);
UPDATE yuebao.school SET closed_on = NULL WHERE code = 'P2';

SELECT is(pg_temp.answer('li.official', $$SELECT max(t.value)::text FROM api.district_total AS t WHERE t.first_day = '2025-01-01' AND t.indicator = 'largest'$$),
    '40', 'a maximum is that of schools that are seen');

-- ---- days, kinds, taking back ------------------------------------------------------------------------------------------------------------

SELECT is(yuebao.grant_access('li.official', 'official', '{220204}', '{}', '{}', (now() AT TIME ZONE 'Asia/Shanghai')::date + 1, 'infinity'), 1, 'tomorrow the next county');
SELECT is(pg_temp.answer('li.official', 'SELECT count(DISTINCT f.district)::text FROM api.figure AS f'), '1', 'does not count today');
SELECT is(pg_temp.answer('li.official', $$SELECT string_agg(a.district || ' ' || a.valid, ', ' ORDER BY a.district) FROM api.access AS a$$), '220203 true, 220204 false', 'and is said');
SELECT is(yuebao.grant_access('li.official', 'official', '{220203}', '{}', '{}', '-infinity', (now() AT TIME ZONE 'Asia/Shanghai')::date - 1), 1, 'until yesterday');
SELECT is(pg_temp.answer('li.official', 'SELECT count(*)::text FROM api.figure'), '0', 'is over today');
SELECT is(yuebao.grant_access('li.official', 'official', '{220203, 220204}', '{}', '{}', '-infinity', 'infinity'), 2, 'both counties');
SELECT is(yuebao.grant_access('li.official', 'official', '{220203, 220204}', '{}', '{}', '-infinity', 'infinity'), 0, 'twice is once');
SELECT is(pg_temp.answer('li.official', $$SELECT string_agg(DISTINCT t.district::text, ' ') FROM api.district_total AS t$$), '220203 220204',
    'are not the city, whose own office belongs to it');
SELECT throws_ok($$SELECT yuebao.grant_access('li.official', 'auditor', '{}', '{}', '{}', '-infinity', 'infinity')$$, '55006', NULL, 'a login is of one kind');
SELECT throws_ok($$SELECT yuebao.grant_access('yuebao_admin', 'auditor', '{}', '{}', '{}', '-infinity', 'infinity')$$, '0LP01', NULL, 'an administrator is not held back');
SELECT is(yuebao.revoke_access('health', '{220200}', NULL, NULL), 1, 'a department without a district');
SELECT is(pg_temp.answer('health', 'SELECT count(*) || '' '' || (SELECT count(*) FROM api.district_total) FROM api.figure'), '0 0', 'sees nothing, rather than all of them');
SELECT is(yuebao.revoke_access('auditor_1', NULL, NULL, NULL), 1, 'taken back');
SELECT is(pg_temp.answer('auditor_1', 'SELECT count(*)::text FROM api.figure'), '0', 'at once');
SELECT is_empty($$SELECT FROM yuebao.access AS a WHERE a.role = 'auditor_1'$$, 'and nothing is left of it');
SELECT is((SELECT count(*) FROM yuebao.audit_log AS l WHERE l.action LIKE 'access %'), 9::bigint, 'every change is in the log');

-- ---- side doors --------------------------------------------------------------------------------------------------------------------------

SELECT yuebao.grant_access('auditor_1', 'auditor', '{}', '{}', '{}', '-infinity', 'infinity');
SELECT yuebao.revoke_access('li.official', '{220204}', NULL, NULL);
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE TABLE trap.caught (what text);
-- as cheap as can be, so that the planner would like to ask it first; it notes what it is shown with its owner's rights
CREATE FUNCTION trap.look(what text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER COST 0.0000001 AS $$
BEGIN
    INSERT INTO trap.caught VALUES (what);
    RETURN true;
END
$$;
SELECT pg_temp.answer('li.official', q.query) FROM (VALUES
    ($$SELECT count(*)::text FROM api.figure AS f WHERE trap.look(f.district || ' ' || f.value)$$),
    ($$SELECT count(*)::text FROM api.report AS r WHERE trap.look(r.district || ' ' || r.filler)$$),
    ($$SELECT count(*)::text FROM api.figure_history AS r WHERE trap.look(r.district || ' ' || r.value)$$),
    ($$SELECT count(*)::text FROM api.district_total AS t WHERE trap.look(t.district || ' ' || t.value)$$),
    ($$SELECT count(*)::text FROM api.own_total AS t WHERE trap.look(t.district || ' ' || t.value)$$),
    ($$SELECT count(*)::text FROM api.review AS t WHERE trap.look(t.district || ' ' || t.school)$$),
    ($$SELECT count(*)::text FROM api.completeness AS t WHERE trap.look(t.district || ' ' || t.reported)$$)) AS q (query);
SELECT ok((SELECT count(*) FROM trap.caught AS c WHERE c.what LIKE '220203 %') > 0, 'a function in a condition is shown rows');
SELECT is_empty($$SELECT c.what FROM trap.caught AS c WHERE c.what NOT LIKE '220203 %'$$, 'that the reader may see, and no others');
SELECT is(pg_temp.attempt('li.official', $$SELECT * FROM api.figure AS f WHERE 1 / (CASE WHEN f.district = 220203 THEN 1 ELSE 0 END) = 1$$), 'done',
    'nor does an error tell of a row');
SELECT is(pg_temp.answer('li.official', $$SELECT count(*)::text FROM pg_stats AS s WHERE s.schemaname = 'yuebao'$$), '0', 'no statistics are shown');
SELECT is(pg_temp.attempt('li.official', t.statement), '42501', t.says) FROM (VALUES
    ('CREATE TEMPORARY TABLE mine ()', 'nothing of its own to put in the way of a name'),
    ('SELECT yuebao.seen_districts()', 'the helpers cannot be named'),
    ('SET ROLE yuebao_teller', 'nobody becomes the teller'),
    ('SELECT * FROM yuebao.figure_2025_01', 'no partition is open'),
    ('EXPLAIN SELECT * FROM yuebao.figure', 'nor explained')) AS t (statement, says);
SELECT is(pg_temp.answer('li.official', $$SELECT set_config('role', 'li.official', true) || (SELECT count(DISTINCT f.district) FROM api.figure AS f)$$), 'li.official1',
    'settings change nothing');

SELECT is_empty($$
    SELECT l.role || ' ' || p.oid::regprocedure FROM login AS l CROSS JOIN pg_proc AS p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^(pg_(try_)?advisory_|lo_|lowrite$)' AND has_function_privilege(l.role, p.oid, 'EXECUTE')
$$, 'no reader writes large objects or holds a lock for which the house waits');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.proname ~ '^pg_(try_)?advisory_' AND has_function_privilege('yuebao_public', p.oid, 'EXECUTE')$$,
    'nor does the public');
SELECT ok(has_function_privilege(r.role, 'pg_advisory_xact_lock(bigint)', 'EXECUTE'), r.role || ' holds its own')
FROM unnest(ARRAY['yuebao_admin', 'yuebao_collector']) AS r (role);

-- A reader's own conditions reach the indexes, for their operators leak nothing; the policy is looked at beside them.
SET LOCAL enable_seqscan = off; -- the example fits a page
SELECT matches(pg_temp.answer('li.official', 'EXPLAIN (FORMAT JSON, COSTS off) ' || t.query), '"Index Cond": "[^"]*district = 220203', t.says)
FROM (VALUES
    ($$SELECT * FROM api.figure AS f WHERE f.district = 220203 AND f.first_day = '2025-01-01'$$, 'figures of a district are found by index'),
    ($$SELECT * FROM api.report AS r WHERE r.district = 220203 AND r.first_day = '2025-01-01'$$, 'reports too'),
    ($$SELECT * FROM api.own_total AS t WHERE t.district = 220203 AND t.first_day = '2025-01-01'$$, 'and totals')) AS t (query, says);
SET LOCAL enable_seqscan = on;

-- the house: what runs in a collector's transaction may ask what it has booked
SELECT is(pg_temp.answer('yuebao_collector', 'SELECT count(*)::text FROM yuebao.report'), '5', 'the collector is not subject to it');

SELECT * FROM finish();
ROLLBACK;
