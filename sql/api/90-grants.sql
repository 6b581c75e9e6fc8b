-- What people query is told by yuebao_teller, who reads what the login may see; readers read this schema and nothing else.

GRANT CREATE ON SCHEMA api, yuebao TO yuebao_teller; -- an owner must be allowed to make it; taken back below
DO $$
DECLARE
    one record;
BEGIN
    -- all of this schema, and the views that it is made of: a view of yuebao_admin's would read past the policies
    FOR one IN
        SELECT 'VIEW' AS kind, c.oid::regclass::text AS name FROM pg_catalog.pg_class AS c
        WHERE c.relkind = 'v' AND c.relnamespace IN ('api'::regnamespace, 'yuebao'::regnamespace) AND c.relowner <> 'yuebao_teller'::regrole
          AND c.oid NOT IN ('yuebao.district_above'::regclass, 'yuebao.total_unfolded'::regclass) -- these look for themselves, or hide nothing
        UNION ALL
        SELECT 'FUNCTION', p.oid::regprocedure::text FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'api'::regnamespace AND p.proowner <> 'yuebao_teller'::regrole
    LOOP
        EXECUTE pg_catalog.format('ALTER %s %s OWNER TO yuebao_teller', one.kind, one.name);
    END LOOP;
    -- what runs with the caller's rights and changes nothing may be called by whoever has few
    FOR one IN
        SELECT p.oid::regprocedure::text AS name FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'yuebao'::regnamespace AND p.provolatile <> 'v' AND NOT p.prosecdef
    LOOP
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO yuebao_teller', one.name);
    END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA api, yuebao FROM yuebao_teller;
GRANT USAGE ON SCHEMA api TO yuebao_teller;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT USAGE ON SCHEMA api TO yuebao_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA api TO yuebao_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api TO yuebao_reader;
