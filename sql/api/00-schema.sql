-- Schema api: what people and pages query. Made anew as a whole whenever one of these files changes, and after every migration; it holds
-- no data. Nothing that is not in these files survives here: keep your own views in a schema of your own.
--
-- Views and functions run with their owner's rights, so a reader needs no right on any table. The owner is yuebao_teller (90-grants.sql), to whom the
-- tables show the rows that the login may see (migrations/025-access.sql).

DROP SCHEMA IF EXISTS api CASCADE;
CREATE SCHEMA api;
COMMENT ON SCHEMA api IS 'What people query: names instead of numbers, decimals instead of scaled integers, periods in SDMX text.';
