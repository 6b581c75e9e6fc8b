-- What the collector may do: add to the ledger, keep the books, enrol keys. It never changes or removes what a school said or was told.
-- Rows reach partitions through their parents, so only the parents are granted. A later migration grants for the tables it adds.

GRANT USAGE ON SCHEMA yuebao TO yuebao_collector;

GRANT SELECT ON yuebao.district, yuebao.school, yuebao.school_district, yuebao.form, yuebao.form_indicator, yuebao.indicator,
    yuebao.catalogue, yuebao.calendar, yuebao.registry_version TO yuebao_collector;

GRANT SELECT, INSERT ON yuebao.report, yuebao.kept, yuebao.rejection, yuebao.figure_history TO yuebao_collector;

GRANT SELECT, INSERT, UPDATE, DELETE ON yuebao.figure TO yuebao_collector;
GRANT INSERT ON yuebao.total_delta TO yuebao_collector;
GRANT EXECUTE ON FUNCTION yuebao.fold_totals(integer), yuebao.school_district_on(integer, date) TO yuebao_collector;

GRANT SELECT, INSERT ON yuebao.school_key TO yuebao_collector;
GRANT SELECT, UPDATE (used_at, used_key) ON yuebao.enrolment TO yuebao_collector;
