-- A path that does not name pg_temp searches it first. Whoever may make temporary objects could then put a type of his own in the place of
-- text, and its check would run with the rights of yuebao_admin: named last, it hides nothing.

ALTER FUNCTION yuebao.period_of(text) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION yuebao.district_keep_ancestors() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION yuebao.make_partition(text, date) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION yuebao.make_partitions(date, date) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION yuebao.calendar_make_room() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION yuebao.registry_changed() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION yuebao.fold_totals(integer) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION yuebao.move_school(text, integer, date) SET search_path = pg_catalog, pg_temp;
