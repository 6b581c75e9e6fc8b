-- The schema explains itself: every table, view and column is commented, every constraint is named after its rule.
BEGIN;
SELECT plan(7);

SELECT is_empty($$
    SELECT c.oid::regclass::text FROM pg_class AS c
    WHERE c.relnamespace IN ('yuebao'::regnamespace, 'api'::regnamespace, 'published'::regnamespace) AND c.relkind IN ('r', 'p', 'v')
      AND obj_description(c.oid, 'pg_class') IS NULL
$$, 'every table and view has a comment');

SELECT is_empty($$
    SELECT c.oid::regclass || '.' || a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace IN ('yuebao'::regnamespace, 'api'::regnamespace, 'published'::regnamespace) AND c.relkind IN ('r', 'p', 'v')
      AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
$$, 'every column has a comment');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc AS p
    WHERE p.pronamespace IN ('yuebao'::regnamespace, 'api'::regnamespace, 'published'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL
$$, 'every function has a comment');

-- what PostgreSQL makes up: figure_pkey, figure_value_check, figure_school_fkey, figure_school_key
SELECT is_empty($$
    SELECT c.conrelid::regclass || '.' || c.conname
    FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid
    CROSS JOIN LATERAL (SELECT string_agg(a.attname, '_' ORDER BY k.position) AS columns
                        FROM unnest(c.conkey) WITH ORDINALITY AS k (attnum, position)
                        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.attnum) AS k
    WHERE c.connamespace = 'yuebao'::regnamespace
      AND (c.conname ~ '_pkey\d*$' OR c.conname ~ ('^' || t.relname || '(_' || k.columns || ')?_(check|fkey|key|excl)\d*$'))
$$, 'every constraint is named after its rule');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc AS p
    WHERE p.pronamespace IN ('yuebao'::regnamespace, 'api'::regnamespace, 'published'::regnamespace) AND p.prosqlbody IS NULL
      AND NOT coalesce(p.proconfig::text LIKE '%search_path=%', false)
$$, 'every function is bound at creation or sets its search_path');

SELECT is_empty($$
    SELECT c.oid::regclass::text FROM pg_class AS c
    WHERE (c.relnamespace = 'api'::regnamespace OR c.relnamespace = 'yuebao'::regnamespace AND c.relkind = 'v')
      AND c.relowner <> CASE WHEN c.relname IN ('district_above', 'total_unfolded') THEN 'yuebao_admin'::regrole ELSE 'yuebao_teller'::regrole END
       OR c.relnamespace = 'yuebao'::regnamespace AND c.relkind <> 'v' AND c.relowner <> 'yuebao_admin'::regrole
       OR c.relnamespace = 'published'::regnamespace AND c.relowner <> 'yuebao_admin'::regrole
    UNION ALL
    SELECT p.oid::regprocedure::text FROM pg_proc AS p
    WHERE p.pronamespace IN ('yuebao'::regnamespace, 'published'::regnamespace) AND p.proowner <> 'yuebao_admin'::regrole
       OR p.pronamespace = 'api'::regnamespace AND p.proowner <> 'yuebao_teller'::regrole
$$, 'yuebao_admin owns what there is, yuebao_teller what is told of it');

SELECT is_empty($$
    SELECT c.conrelid::regclass || '.' || c.conname FROM pg_constraint AS c WHERE c.connamespace = 'yuebao'::regnamespace AND NOT c.convalidated
$$, 'every constraint is validated');

SELECT * FROM finish();
ROLLBACK;
