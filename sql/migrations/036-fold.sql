-- Folding in half the time: arrays are unnested beside one another in a SELECT list, which stores nothing between, and a page of totals keeps room for
-- its rows' next versions, so that most updates touch no index.

ALTER TABLE yuebao.total_folded SET (fillfactor = 50);

CREATE OR REPLACE FUNCTION yuebao.fold_totals(max_rows integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    folded integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('yuebao.fold_totals')) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM yuebao.total_delta AS d
        WHERE d.ctid = ANY (ARRAY(SELECT o.ctid FROM yuebao.total_delta AS o LIMIT max_rows))
        RETURNING d.district, d.period, d.form, d.indicator, d.schools, d.excused, d.value, d.denominator
    ), parts AS ( -- the arrays of a row are equally long: total_delta_arrays_parallel
        SELECT t.district, t.period, t.form, unnest(t.indicator) AS indicator, unnest(t.schools) AS schools, unnest(t.excused) AS excused,
               unnest(t.value) AS value, unnest(t.denominator) AS denominator
        FROM taken AS t
    ), summed AS (
        SELECT p.district, p.period, p.form, p.indicator, sum(p.schools) AS schools, sum(p.excused) AS excused, sum(p.value) AS value,
               sum(p.denominator) AS denominator
        FROM parts AS p
        GROUP BY p.district, p.period, p.form, p.indicator
    ), stored AS (
        INSERT INTO yuebao.total_folded AS f (district, period, form, indicator, schools, excused, value, denominator)
        SELECT s.district, s.period, s.form, s.indicator, s.schools, s.excused, s.value, s.denominator FROM summed AS s
        ON CONFLICT ON CONSTRAINT total_folded_pk DO UPDATE
        SET schools = f.schools + excluded.schools, excused = f.excused + excluded.excused,
            value = f.value + excluded.value, denominator = f.denominator + excluded.denominator
    )
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
END
$$;
