-- Readers read this schema and nothing else.

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT USAGE ON SCHEMA api TO yuebao_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA api TO yuebao_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api TO yuebao_reader;
