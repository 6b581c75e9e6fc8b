-- Publication: what the public may see, and that it is nothing else.
BEGIN;
SELECT plan(24);
\ir fixture.psql

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

SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [100], "rate": [3, 4], "activity": [15], "largest": [40]}');
SELECT pg_temp.file('P2', 'primary.monthly', '2025-01-01', '{"pupils": [50], "rate": [1, 4], "activity": [20], "largest": [45]}');
SELECT pg_temp.file('P3', 'primary.monthly', '2025-01-01', '{"pupils": [70], "funds": "2"}');
SELECT pg_temp.file('J1', 'junior.monthly', '2025-01-01', '{"pupils": [200]}');

-- what there is to publish is what api.district_total has, and all kinds where there are several
SELECT set_eq($$SELECT p.district, i.code, p.kind, p.schools, p.excused, api.scaled(p.value, i.decimals)
                FROM yuebao.publishable(220200, '2025-01-01', 'monthly') AS p JOIN yuebao.indicator AS i USING (indicator)
                WHERE p.kind <> '' AND i.over_schools <> 'mean'$$,
    $$SELECT t.district, t.indicator, t.kind, t.schools, t.excused, coalesce(t.value, 0) FROM api.district_total AS t JOIN yuebao.indicator AS i ON i.code = t.indicator
      WHERE t.period = '2025-01' AND t.district IN (220200, 220203, 220204) AND i.over_schools <> 'mean'$$, 'the numbers of the totals');
SELECT set_eq($$SELECT p.district, p.schools, p.value FROM yuebao.publishable(220200, '2025-01-01', 'monthly') AS p JOIN yuebao.indicator AS i USING (indicator)
                WHERE p.kind = '' AND i.code = 'pupils'$$, $$VALUES (220200, 4::bigint, 420::bigint), (220203, 3, 350), (220204, 1, 70)$$, 'and all kinds together');
SELECT is_empty($$SELECT FROM yuebao.publishable(220200, '2025-01-01', 'monthly') AS p JOIN yuebao.indicator AS i USING (indicator)
                  WHERE p.kind = '' AND i.code <> 'pupils'$$, 'of what only one kind reports there is no second total');
SELECT set_eq($$SELECT t.tie = min(t.tie) OVER () FROM yuebao.indicator_ties() AS t JOIN yuebao.indicator AS i USING (indicator) WHERE i.code IN ('pupils', 'rate')$$,
    ARRAY[true, false], 'nothing is tied by itself');
INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) VALUES ('roll', 'error', '=', 'x', 'x'), ('few', 'error', '<=', 'x', 'x');
INSERT INTO yuebao.rule_term (rule, side, position, indicator, part)
SELECT r.rule, t.side, 1, i.indicator, t.part FROM yuebao.rule AS r
JOIN (VALUES ('roll', 'left', 'rate', 'denominator'), ('roll', 'right', 'pupils', 'value'), ('few', 'left', 'funds', 'value'), ('few', 'right', 'pupils', 'value'))
    AS t (rule, side, indicator, part) ON t.rule = r.code
JOIN yuebao.indicator AS i ON i.code = t.indicator;
SELECT set_eq($$SELECT i.code FROM yuebao.indicator_ties() AS t JOIN yuebao.indicator AS i USING (indicator)
                WHERE t.tie = (SELECT o.tie FROM yuebao.indicator_ties() AS o JOIN yuebao.indicator AS p USING (indicator) WHERE p.code = 'pupils')$$,
    ARRAY['pupils', 'rate'], 'an equality ties, an inequality does not');

-- an edition
INSERT INTO yuebao.publication (district, period, frequency, edition, expected, reported, rules) VALUES (220200, '2025-01-01', 'monthly', 1, 5, 4, '[]');
INSERT INTO yuebao.publication_cell (publication, district, indicator, kind, schools, excused, value, denominator, held)
SELECT p.publication, n.district, n.indicator, n.kind, n.schools, n.excused, n.value, n.denominator, CASE WHEN n.schools < 3 THEN 'schools' END
FROM yuebao.publication AS p, yuebao.publishable(220200, '2025-01-01', 'monthly') AS n;
INSERT INTO yuebao.publication_district SELECT p.publication, d.district, nullif(d.parent, 220000), d.district, d.level, d.name_zh, d.name_en
FROM yuebao.publication AS p, yuebao.district AS d WHERE d.district IN (220200, 220203, 220204);
SELECT yuebao.keep_indicator_words(p.publication) FROM yuebao.publication AS p;
SELECT is((SELECT yuebao.publication_changes(p.publication) FROM yuebao.publication AS p), 0::bigint, 'nothing changed since');
SELECT pg_temp.file('P1', 'primary.monthly', '2025-01-01', '{"pupils": [101], "rate": [3, 4], "activity": [15], "largest": [40]}', 2);
SELECT is((SELECT yuebao.publication_changes(p.publication) FROM yuebao.publication AS p), 4::bigint, 'a correction does: two districts, one kind and all');

-- the public
SELECT ok(NOT r.rolsuper AND NOT r.rolcreaterole AND NOT r.rolcreatedb AND NOT r.rolbypassrls, 'the public''s role is an ordinary one')
FROM pg_roles AS r WHERE r.rolname = 'yuebao_public';
SELECT is_empty($$SELECT n.nspname FROM pg_namespace AS n WHERE n.nspname IN ('yuebao', 'api') AND has_schema_privilege('yuebao_public', n.oid, 'USAGE, CREATE')$$,
    'it cannot even name what is not published');
SELECT is_empty($$SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relnamespace IN ('yuebao'::regnamespace, 'api'::regnamespace)
                  AND c.relkind IN ('r', 'p', 'v', 'm') AND (has_table_privilege('yuebao_public', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                       OR has_any_column_privilege('yuebao_public', c.oid, 'SELECT, INSERT, UPDATE'))$$, 'nor has a right on any table or view of it');
SELECT is_empty($$SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.pronamespace IN ('yuebao'::regnamespace, 'api'::regnamespace)
                  AND has_function_privilege('yuebao_public', p.oid, 'EXECUTE') AND p.proname !~ '^period_'$$, 'nor calls more than what calculates with periods');
SELECT is(pg_temp.attempt('yuebao_public', t.statement), t.outcome, 'the public: ' || t.statement)
FROM (VALUES
    ('SELECT * FROM published.edition, published.figure', 'done'),
    ('SELECT published.below(220200, ''2025-01'', 1, 220203)', 'done'),
    ('SELECT * FROM api.district_total', '42501'),
    ('SELECT * FROM yuebao.publication_cell', '42501'),
    ('DELETE FROM published.edition', '55000'),
    ('SELECT * FROM yuebao.publishable(220200, ''2025-01-01'', ''monthly'')', '42501'),
    ('CREATE TABLE published.mine ()', '42501')) AS t (statement, outcome);
SELECT is_empty($$SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = 'published.figure'::regclass AND a.attname IN ('held', 'why', 'excused')$$,
    'no reason is published');
SELECT is((SELECT count(*) FROM published.figure AS f WHERE f.held_back AND num_nonnulls(f.value, f.denominator, f.ratio) > 0), 0::bigint, 'what is held back is not there');
SELECT results_eq($$SELECT f.value, f.schools FROM published.figure AS f WHERE f.district = 220203 AND f.kind IS NULL$$, $$VALUES (350::numeric, 3::bigint)$$,
    'what is shown is the edition''s, whatever came after');
SELECT throws_ok('UPDATE yuebao.publication_cell SET held = NULL', '23001', NULL, 'and is never changed');

INSERT INTO yuebao.publication_withdrawal (publication, reason) SELECT p.publication, '有误' FROM yuebao.publication AS p;
SELECT is_empty('SELECT FROM published.figure', 'what was withdrawn is gone');
SELECT results_eq('SELECT e.withdrawn_because, e.newest FROM published.edition AS e', $$VALUES ('有误', false)$$, 'and the fact is not');

SELECT * FROM finish();
ROLLBACK;
