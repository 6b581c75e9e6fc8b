-- A statement is found by its id, in partitions that are there and in those that will be.
BEGIN;
SELECT plan(4);
\ir fixture.psql

SELECT has_index('yuebao', 'report', 'report_by_id', ARRAY['id'], 'the ledger is indexed by id');
SELECT ok(yuebao.make_partitions('2031-05-01', '2031-05-31') > 0, 'a month is added');
SELECT is((SELECT count(*) FROM pg_inherits AS p LEFT JOIN pg_index AS x ON x.indrelid = p.inhrelid
                                                                    AND x.indexrelid IN (SELECT i.inhrelid FROM pg_inherits AS i
                                                                                         WHERE i.inhparent = 'yuebao.report_by_id'::regclass)
           WHERE p.inhparent = 'yuebao.report'::regclass AND x.indexrelid IS NULL), 0::bigint, 'every month has it');

-- a prefix is a range
CREATE FUNCTION pg_temp.plan_of(prefix text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL enable_seqscan = off;
    RETURN QUERY EXECUTE format('EXPLAIN SELECT FROM yuebao.report AS r WHERE r.id BETWEEN decode(rpad(%1$L, 64, ''0''), ''hex'') '
                                'AND decode(rpad(%1$L, 64, ''f''), ''hex'')', prefix);
END
$$;
SELECT ok(NOT EXISTS (SELECT FROM pg_temp.plan_of('0123abcd') AS p WHERE p LIKE '%Seq Scan%'), 'the beginning of an id finds it without reading all');

SELECT * FROM finish();
ROLLBACK;
