-- Whoever reads an accepted report or a school's figure sees whether it was late, admitted after the close, or a correction.
BEGIN;
\ir fixture.psql
SELECT plan(1);

CREATE VIEW pg_temp.shown AS
SELECT c.table_name::text AS view, array_agg(c.column_name::text) AS columns FROM information_schema.columns AS c
WHERE c.table_schema = 'api' GROUP BY c.table_name;

SELECT is_empty(
    $$ SELECT view FROM pg_temp.shown
       WHERE columns @> '{school}' AND (columns && '{revision,value,rule}') AND NOT columns @> '{late,admitted,corrected}'
         AND view NOT IN ('rejection', 'kept') $$, -- neither is in the books; kept has its decision
    'every view that shows a report or a school''s figure marks what came late, was admitted after the close, and corrects');
SELECT * FROM finish();
ROLLBACK;
