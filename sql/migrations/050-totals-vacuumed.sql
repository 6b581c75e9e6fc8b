-- Dead versions of totals slow whoever reads them, and autovacuum's usual share of a large table is far too many: what is updated all the time is one
-- period, whose rows are a few of all. By number, then, and without pauses: these tables are small, or little of them is dead. How soon it comes is
-- autovacuum_naptime's business.
--
-- A page of totals above keeps as much room for its rows' next versions as one of total_folded (036-fold.sql): every district's reports update the
-- same few rows.

ALTER TABLE yuebao.total_delta SET (autovacuum_vacuum_threshold = 500);
ALTER TABLE yuebao.total_folded SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE yuebao.total_above SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE yuebao.total_to_judge SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE yuebao.total_judged SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
