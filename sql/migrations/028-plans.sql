-- Called for one school, district or window after another: looking a partition up costs less than planning anew for each.

ALTER FUNCTION yuebao.figures_of(integer, date, integer, integer) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION yuebao.newest_report(integer, smallint, date, date) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION yuebao.reports_of(integer, date, smallint) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION yuebao.totals_of(integer[], smallint, date[], text, text) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION yuebao.owed_to(integer[], smallint, date[], text, text) SET plan_cache_mode = force_generic_plan;
