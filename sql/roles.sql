-- Roles of least privilege. Repeatable; run first, in the database, by a role that may create roles, or by anyone once all is there.
--
--   yuebao_admin      owns both schemas and everything in them; yuebaoctl works as it (SET ROLE yuebao_admin)
--   yuebao_collector  yuebaod: adds to the ledger, keeps the books (migrations/006-grants.sql)
--   yuebao_reader     people and pages: reads schema api, of it what yuebao.access lets its login see (api/90-grants.sql), and schema published
--   yuebao_teller     owns what is in schema api and reads the tables for it, row by row as the policies say (migrations/025-access.sql); nobody's login
--   yuebao_public     everybody: reads schema published, nothing else (api/85-publication.sql)
--
-- The others may log in, without a password: pg_hba.conf decides how (peer or a certificate).

DO $$
DECLARE
    role      text;
    side_door record;
BEGIN
    FOREACH role IN ARRAY ARRAY['yuebao_admin', 'yuebao_collector', 'yuebao_reader', 'yuebao_public'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- roles belong to the whole cluster: another database's migration was faster
            END;
        END IF;
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'yuebao_teller') THEN
        BEGIN
            CREATE ROLE yuebao_teller NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT pg_catalog.pg_has_role('yuebao_admin', 'yuebao_teller', 'MEMBER') THEN
        GRANT yuebao_teller TO yuebao_admin; -- which gives it what it makes in schema api
    END IF;
    -- COPY FROM is refused to whoever is subject to row level security. The collector's rights are its grants, as before.
    IF NOT (SELECT r.rolbypassrls FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'yuebao_collector')
       AND (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user) THEN
        ALTER ROLE yuebao_collector BYPASSRLS;
    END IF;

    -- Everybody may write large objects and take any advisory lock, says PostgreSQL; whoever only reads could fill the disk, or hold the locks for which
    -- collectors wait.
    IF (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user) THEN
        FOR side_door IN
            SELECT p.oid::regprocedure::text AS name, p.proname ~ 'advisory' AS locks FROM pg_catalog.pg_proc AS p
            WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^(pg_(try_)?advisory_|lo_|lowrite$)'
        LOOP
            EXECUTE format('REVOKE EXECUTE ON FUNCTION pg_catalog.%s FROM PUBLIC', side_door.name);
            IF side_door.locks THEN
                EXECUTE format('GRANT EXECUTE ON FUNCTION pg_catalog.%s TO yuebao_admin, yuebao_collector', side_door.name);
            END IF;
        END LOOP;
    END IF;

    IF NOT pg_catalog.pg_has_role(current_user, 'yuebao_admin', 'MEMBER') THEN
        EXECUTE format('GRANT yuebao_admin TO %I', current_user);
    END IF;

    IF pg_catalog.pg_has_role(current_user, (SELECT d.datdba FROM pg_catalog.pg_database AS d
                                             WHERE d.datname = pg_catalog.current_database()), 'USAGE') THEN
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', pg_catalog.current_database());
        -- Plans that could read every month's partition look dear and are not: compiling one takes ten times as long as answering.
        EXECUTE format('ALTER DATABASE %I SET jit = off', pg_catalog.current_database());
        EXECUTE format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO yuebao_admin', pg_catalog.current_database());
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO yuebao_collector, yuebao_reader, yuebao_public', pg_catalog.current_database());
    END IF;

    IF pg_catalog.to_regnamespace('yuebao') IS NULL THEN
        CREATE SCHEMA yuebao AUTHORIZATION yuebao_admin;
    END IF;
    IF pg_catalog.to_regnamespace('api') IS NULL THEN
        CREATE SCHEMA api AUTHORIZATION yuebao_admin;
    END IF;
END
$$;
