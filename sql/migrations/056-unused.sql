-- Nobody calls these any more. What schema api had before may still refer to them, and is made anew after a migration.
DROP FUNCTION yuebao.figures_of(integer, date, integer, integer) CASCADE;
DROP FUNCTION yuebao.newest_report(integer, smallint, date, date) CASCADE;
