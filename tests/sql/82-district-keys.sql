-- Distribution by district (deploy/GUIDE.md): what one machine holds must be unique by what that machine can see. So every unique index of a table that
-- grows with reports has the district among its columns, and what has not is named here, with the reason.
BEGIN;
SELECT plan(5);

CREATE TEMPORARY TABLE kept_whole (name text PRIMARY KEY, reason text NOT NULL);
INSERT INTO kept_whole
SELECT t.name, k.reason
FROM (VALUES
    ('written by administrators, small: every machine holds a copy (a reference table)',
     'access access_scope area area_school balance_exclusion balance_indicator balance_threshold baseline calendar catalogue catalogue_form district district_ancestor extension form '
     'form_indicator form_school indicator plan rule rule_term school school_district school_key publication publication_indicator publication_rule publication_withdrawal snapshot snapshot_target '
     'target threshold watched_form'),
    ('one row, or one a month: a copy', 'registry_version detached migration migration_api'),
    ('one-time codes, contacts and what administrators did: stays on the coordinator', 'enrolment audit_log contact'),
    ('a surrogate key orders them; by district its key becomes (district, number), and nothing refers to the number alone', 'review declaration'),
    ('what was refused may name no district: stays on the coordinator, capped a slot', 'rejection')
) AS k (reason, names)
CROSS JOIN LATERAL regexp_split_to_table(k.names, ' ') AS t (name);

SELECT is_empty($$
    SELECT i.indexrelid::regclass::text
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
    WHERE i.indisunique AND t.relnamespace = 'yuebao'::regnamespace AND NOT t.relispartition AND t.relname NOT IN (SELECT w.name FROM kept_whole AS w)
      AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey) AND a.attname = 'district')
$$, 'every unique index of the ledger and the books has the district');

SELECT is_empty($$
    SELECT i.indexrelid::regclass::text
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
    WHERE i.indisprimary AND t.relname IN ('report', 'kept', 'remark', 'decision', 'figure', 'figure_history', 'total_folded', 'total_delta')
      AND t.relnamespace = 'yuebao'::regnamespace
      AND (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = t.oid AND a.attnum = i.indkey[0]) <> 'district'
$$, 'and the eight that grow have it first: a county''s rows lie together');

SELECT is_empty($$
    SELECT c.conrelid::regclass || ' ' || c.conname
    FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid JOIN pg_class AS o ON o.oid = c.confrelid
    WHERE c.contype = 'f' AND t.relnamespace = 'yuebao'::regnamespace AND t.relname NOT IN (SELECT w.name FROM kept_whole AS w)
      AND o.relname NOT IN (SELECT w.name FROM kept_whole AS w)
      AND NOT EXISTS (SELECT FROM unnest(c.conkey) AS k (attnum) JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum WHERE a.attname = 'district')
$$, 'a row that refers to another one that is distributed refers to it by district');

SELECT is_empty($$
    SELECT c.conrelid::regclass || ' ' || c.conname
    FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid JOIN pg_class AS o ON o.oid = c.confrelid
    WHERE c.contype = 'f' AND o.relnamespace = 'yuebao'::regnamespace AND t.relname IN (SELECT w.name FROM kept_whole AS w)
      AND o.relname NOT IN (SELECT w.name FROM kept_whole AS w)
$$, 'no copy refers to what is distributed');

SELECT is_empty($$
    SELECT w.name FROM kept_whole AS w WHERE to_regclass('yuebao.' || w.name) IS NULL AND w.name NOT LIKE 'migration%'
$$, 'every exception is there');

SELECT * FROM finish();
ROLLBACK;
