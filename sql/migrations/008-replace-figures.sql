-- The collector adds figures and takes none away: what a correction replaces leaves the books through one function, which moves it into
-- the history, and only for a revision that the same transaction puts into the ledger.

CREATE FUNCTION yuebao.replace_figures(districts integer[], periods date[], schools integer[], forms smallint[], revisions integer[], ids bytea[])
    RETURNS TABLE (district integer, period date, form smallint, indicator smallint, missing smallint, value bigint, denominator bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH accepted AS MATERIALIZED ( -- a scalar subquery: one look by primary key for each slot, before any figure is touched
        SELECT s.district, s.period, s.school, s.form, s.revision, s.id
        FROM unnest(districts, periods, schools, forms, revisions, ids) AS s (district, period, school, form, revision, id)
        WHERE s.revision > 1
          AND s.id = (SELECT p.id FROM yuebao.report AS p
                      WHERE p.district = s.district AND p.period = s.period AND p.school = s.school AND p.form = s.form
                        AND p.revision = s.revision AND p.xmin = pg_current_xact_id()::xid)
    ), gone AS (
        DELETE FROM yuebao.figure AS f USING accepted AS a
        WHERE f.district = a.district AND f.period = a.period AND f.school = a.school AND f.form = a.form
        RETURNING f.district, f.period, f.school, f.indicator, f.form, f.missing, f.value, f.denominator, a.revision, a.id
    )
    INSERT INTO yuebao.figure_history AS h (district, period, school, indicator, form, revision, missing, value, denominator, replaced_by,
                                            replaced_at)
    SELECT g.district, g.period, g.school, g.indicator, g.form, g.revision - 1, g.missing, g.value, g.denominator, g.id, now()
    FROM gone AS g
    RETURNING h.district, h.period, h.form, h.indicator, h.missing, h.value, h.denominator;
END
$$;
COMMENT ON FUNCTION yuebao.replace_figures(integer[], date[], integer[], smallint[], integer[], bytea[]) IS
    'Moves the current figures of these slots into figure_history and returns them, so that a correction can be booked in their place. The arrays '
    'are parallel, an element a correction. A slot whose revision (2 or later) and id this transaction has not put into yuebao.report is passed over.';

REVOKE EXECUTE ON FUNCTION yuebao.replace_figures(integer[], date[], integer[], smallint[], integer[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION yuebao.replace_figures(integer[], date[], integer[], smallint[], integer[], bytea[]) TO yuebao_collector;

REVOKE SELECT, UPDATE, DELETE ON yuebao.figure FROM yuebao_collector;
REVOKE SELECT, INSERT ON yuebao.figure_history FROM yuebao_collector;
