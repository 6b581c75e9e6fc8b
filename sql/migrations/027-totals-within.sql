-- Totals of a district with all districts below it, so that a province is read as fast as a county: what is folded is folded into every district above, too.
--
-- A node's total = its own schools' (total_folded) + those of all districts below it (total_above) + what is not folded yet. All three are read in one
-- snapshot and moved in one statement, so the sum is exact at once. When the tree itself changes, total_above is added up anew in the same transaction.

CREATE TABLE yuebao.total_above (
    district    integer  NOT NULL,
    period      date     NOT NULL,
    form        smallint NOT NULL,
    indicator   smallint NOT NULL,
    schools     bigint   NOT NULL,
    excused     bigint   NOT NULL,
    value       numeric  NOT NULL,
    denominator numeric  NOT NULL,
    CONSTRAINT total_above_pk PRIMARY KEY (district, period, form, indicator)
) WITH (fillfactor = 80);
COMMENT ON TABLE  yuebao.total_above IS 'Folded totals of all districts below a district, its own schools left out: total_folded added up along district_ancestor.';
COMMENT ON COLUMN yuebao.total_above.district IS 'The district above.';
COMMENT ON COLUMN yuebao.total_above.period IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_above.form IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_above.indicator IS 'As in total_folded; 0: the reports themselves are counted.';
COMMENT ON COLUMN yuebao.total_above.schools IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_above.excused IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_above.value IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_above.denominator IS 'As in total_folded.';

CREATE FUNCTION yuebao.add_up_above() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('yuebao.fold_totals')); -- nobody folds until this is committed
    DELETE FROM yuebao.total_above;
    INSERT INTO yuebao.total_above (district, period, form, indicator, schools, excused, value, denominator)
    SELECT a.ancestor, t.period, t.form, t.indicator, sum(t.schools), sum(t.excused), sum(t.value), sum(t.denominator)
    FROM yuebao.total_folded AS t JOIN yuebao.district_ancestor AS a ON a.district = t.district AND a.distance > 0
    GROUP BY a.ancestor, t.period, t.form, t.indicator;
END
$$;
COMMENT ON FUNCTION yuebao.add_up_above() IS 'Adds up yuebao.total_above anew; folds wait for the end of the transaction.';
REVOKE EXECUTE ON FUNCTION yuebao.add_up_above() FROM PUBLIC;
SELECT yuebao.add_up_above();

CREATE FUNCTION yuebao.district_keep_totals() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM before AS b LEFT JOIN changed AS c ON c.district = b.district WHERE c.parent IS DISTINCT FROM b.parent) THEN
        PERFORM yuebao.add_up_above();
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.district_keep_totals() IS 'Keeps yuebao.total_above when a district is put below another.';
REVOKE EXECUTE ON FUNCTION yuebao.district_keep_totals() FROM PUBLIC;
-- fires after district_updated, by name, which keeps the ancestors
CREATE TRIGGER district_updated_totals AFTER UPDATE ON yuebao.district
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION yuebao.district_keep_totals();

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
    ), summed AS (
        SELECT t.district, t.period, t.form, u.indicator, sum(u.schools) AS schools, sum(u.excused) AS excused,
               sum(u.value) AS value, sum(u.denominator) AS denominator
        FROM taken AS t
        CROSS JOIN LATERAL unnest(t.indicator, t.schools, t.excused, t.value, t.denominator)
            AS u (indicator, schools, excused, value, denominator)
        GROUP BY t.district, t.period, t.form, u.indicator
    ), own AS (
        INSERT INTO yuebao.total_folded AS f (district, period, form, indicator, schools, excused, value, denominator)
        SELECT s.district, s.period, s.form, s.indicator, s.schools, s.excused, s.value, s.denominator FROM summed AS s
        ON CONFLICT ON CONSTRAINT total_folded_pk DO UPDATE
        SET schools = f.schools + excluded.schools, excused = f.excused + excluded.excused,
            value = f.value + excluded.value, denominator = f.denominator + excluded.denominator
    ), above AS (
        INSERT INTO yuebao.total_above AS f (district, period, form, indicator, schools, excused, value, denominator)
        SELECT a.ancestor, s.period, s.form, s.indicator, sum(s.schools), sum(s.excused), sum(s.value), sum(s.denominator)
        FROM summed AS s JOIN yuebao.district_ancestor AS a ON a.district = s.district AND a.distance > 0
        GROUP BY a.ancestor, s.period, s.form, s.indicator
        ON CONFLICT ON CONSTRAINT total_above_pk DO UPDATE
        SET schools = f.schools + excluded.schools, excused = f.excused + excluded.excused,
            value = f.value + excluded.value, denominator = f.denominator + excluded.denominator
    )
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
END
$$;
COMMENT ON FUNCTION yuebao.fold_totals(integer) IS
    'Moves at most max_rows rows of total_delta into total_folded and total_above in one statement, so that their sum never changes; returns how many '
    'rows, 0 also while another session folds.';

-- ---- who sees it -----------------------------------------------------------------------------------------------------------------------

SELECT yuebao.guard('yuebao.total_above', 'district', indicator => 'indicator');
DROP POLICY seen ON yuebao.total_above;
CREATE POLICY seen ON yuebao.total_above FOR SELECT TO yuebao_teller USING (
    ((SELECT yuebao.sees_every_district()) OR district = ANY ((SELECT yuebao.seen_districts())::integer[]))
    AND ((SELECT yuebao.sees_every_indicator()) OR indicator = ANY ((SELECT yuebao.seen_indicators())::smallint[])
         OR indicator = 0 AND form = ANY ((SELECT yuebao.seen_forms())::smallint[])));

CREATE VIEW yuebao.total_within AS
SELECT f.district, f.period, f.form, f.indicator, f.schools::bigint AS schools, f.excused::bigint AS excused, f.value, f.denominator FROM yuebao.total_folded AS f
UNION ALL
SELECT f.district, f.period, f.form, f.indicator, f.schools, f.excused, f.value, f.denominator FROM yuebao.total_above AS f
UNION ALL
SELECT a.ancestor, u.period, u.form, u.indicator, u.schools, u.excused, u.value, u.denominator
FROM yuebao.district_ancestor AS a JOIN yuebao.total_unfolded AS u ON u.district = a.district;
COMMENT ON VIEW   yuebao.total_within IS 'What a district''s total, with all districts below it, is the sum of; by its key, a few rows.';
COMMENT ON COLUMN yuebao.total_within.district IS 'The district.';
COMMENT ON COLUMN yuebao.total_within.period IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_within.form IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_within.indicator IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_within.schools IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_within.excused IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_within.value IS 'As in total_folded.';
COMMENT ON COLUMN yuebao.total_within.denominator IS 'As in total_folded.';

-- Counted without a look at its rows.
ALTER TABLE yuebao.owed DROP CONSTRAINT owed_pk;
ALTER TABLE yuebao.owed ADD CONSTRAINT owed_pk PRIMARY KEY (form, period, district) INCLUDE (slots);

-- ---- the questions that are made of it -------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION yuebao.totals_of(in_districts integer[], of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (district integer, period date, schools bigint, excused bigint, value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    rule  text := (SELECT i.over_schools FROM yuebao.indicator AS i WHERE i.indicator = of_indicator);
    forms smallint[] := ARRAY(SELECT f.form FROM yuebao.form AS f
                              WHERE f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind)
                                AND EXISTS (SELECT FROM yuebao.catalogue_form AS k WHERE k.form = f.form AND k.indicator = of_indicator));
BEGIN
    RETURN QUERY
    WITH nodes AS MATERIALIZED ( -- a total is told of a district that the login sees whole
        SELECT a.ancestor, a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (in_districts)
    ), parts AS (
        SELECT t.district, t.period, t.schools::bigint AS schools, t.excused::bigint AS excused, t.value, t.denominator FROM yuebao.total_folded AS t
        WHERE t.district = ANY (in_districts) AND t.period = ANY (of_periods) AND t.form = ANY (forms) AND t.indicator = of_indicator
        UNION ALL
        SELECT t.district, t.period, t.schools, t.excused, t.value, t.denominator FROM yuebao.total_above AS t
        WHERE t.district = ANY (in_districts) AND t.period = ANY (of_periods) AND t.form = ANY (forms) AND t.indicator = of_indicator
        UNION ALL
        SELECT n.ancestor, u.period, u.schools, u.excused, u.value, u.denominator
        FROM yuebao.total_unfolded AS u JOIN nodes AS n ON n.district = u.district
        WHERE u.period = ANY (of_periods) AND u.form = ANY (forms) AND u.indicator = of_indicator
    )
    SELECT t.district, t.period, t.schools, t.excused,
           CASE WHEN t.schools = 0 THEN NULL
                WHEN rule = 'max' THEN (SELECT max(m.value)::numeric
                                        FROM nodes AS a
                                        CROSS JOIN LATERAL (SELECT max(g.value) AS value FROM yuebao.figure AS g
                                                            WHERE g.district = a.district AND g.period = t.period AND g.indicator = of_indicator
                                                              AND g.form = ANY (forms) OFFSET 0) AS m
                                        WHERE a.ancestor = t.district)
                ELSE t.value END,
           CASE WHEN t.schools > 0 THEN t.denominator END
    FROM (SELECT p.district, p.period, sum(p.schools)::bigint AS schools, sum(p.excused)::bigint AS excused, sum(p.value) AS value,
                 sum(p.denominator) AS denominator
          FROM parts AS p GROUP BY p.district, p.period) AS t;
END
$$;

CREATE OR REPLACE FUNCTION yuebao.owed_to(in_districts integer[], of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (district integer, period date, expected bigint)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
BEGIN
    RETURN QUERY
    WITH nodes AS MATERIALIZED (
        SELECT a.ancestor, a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (in_districts)
    ), windows AS MATERIALIZED ( -- alike: open for all
        SELECT c.form, c.period,
               c.opens_at <= now() AND NOT EXISTS (SELECT FROM yuebao.extension AS e WHERE e.form = c.form AND e.period = c.period AND e.opens_at > now()) AS alike
        FROM yuebao.calendar AS c
        JOIN yuebao.form AS f ON f.form = c.form
        JOIN yuebao.catalogue_form AS k ON k.catalogue = c.catalogue AND k.form = c.form AND k.indicator = of_indicator
        WHERE c.period = ANY (of_periods) AND f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind)
    ), counted AS (
        SELECT o.district, w.period, o.slots
        FROM windows AS w
        CROSS JOIN LATERAL (SELECT s.district, s.slots FROM yuebao.owed AS s WHERE s.form = w.form AND s.period = w.period OFFSET 0) AS o
        WHERE w.alike
        UNION ALL
        SELECT o.district, w.period, 1
        FROM windows AS w
        CROSS JOIN LATERAL (SELECT l.district FROM yuebao.slot AS l
                            WHERE l.form = w.form AND l.period = w.period AND l.district IN (SELECT n.district FROM nodes AS n) AND l.opens_at <= now() OFFSET 0) AS o
        WHERE NOT w.alike
    )
    SELECT n.ancestor, c.period, sum(c.slots)::bigint
    FROM counted AS c JOIN nodes AS n ON n.district = c.district
    GROUP BY n.ancestor, c.period;
END
$$;

-- Bound when called, for schema api is made anew now and then. What waits is what came and is neither seen nor returned.

CREATE OR REPLACE FUNCTION yuebao.count_reviews(in_district integer, of_period date, of_frequency text,
                                     OUT waiting integer, OUT returned integer, OUT seen integer, OUT expected integer, OUT reported integer,
                                     OUT kept integer)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    below integer[]  := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district);
    forms smallint[] := ARRAY(SELECT c.form FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
                              WHERE c.period = of_period AND f.frequency = of_frequency);
BEGIN
    SELECT coalesce(sum(n.expected), 0), coalesce(sum(n.reported), 0) INTO expected, reported
    FROM unnest(forms) AS f (form) CROSS JOIN LATERAL api.slot_counts(in_district, f.form, of_period) AS n;
    SELECT count(*) FILTER (WHERE v.verdict = 'seen'), count(*) FILTER (WHERE v.verdict = 'returned') INTO seen, returned
    FROM (SELECT DISTINCT ON (w.district, w.school, w.form, w.revision) w.district, w.school, w.form, w.revision, w.verdict
          FROM yuebao.review AS w WHERE w.district = ANY (below) AND w.period = of_period AND w.form = ANY (forms)
          ORDER BY w.district, w.school, w.form, w.revision, w.review DESC) AS v
    WHERE EXISTS (SELECT FROM yuebao.report AS r WHERE r.district = v.district AND r.period = of_period AND r.school = v.school AND r.form = v.form
                                                   AND r.revision = v.revision)
      AND NOT EXISTS (SELECT FROM yuebao.report AS r WHERE r.district = v.district AND r.period = of_period AND r.school = v.school AND r.form = v.form
                                                       AND r.revision > v.revision);
    waiting := (SELECT coalesce(sum(t.schools), 0) FROM yuebao.total_within AS t
                WHERE t.district = in_district AND t.period = of_period AND t.form = ANY (forms) AND t.indicator = 0) - seen - returned;
    kept := 0;
    IF EXISTS (SELECT FROM yuebao.kept AS k WHERE k.period = of_period) THEN
        kept := (SELECT count(*) FROM yuebao.undecided AS u JOIN yuebao.form AS f ON f.form = u.form
                 WHERE u.district = ANY (below) AND u.period = of_period AND f.frequency = of_frequency);
    END IF;
END
$$;
COMMENT ON FUNCTION yuebao.count_reviews(integer, date, text) IS
    'Of a district with all below it and a period: newest revisions that wait for review, were returned, were seen; slots that are owed and of these '
    'reported; statements that came after close and wait for a decision.';
REVOKE EXECUTE ON FUNCTION yuebao.count_reviews(integer, date, text) FROM PUBLIC;

-- Reasons instead of values are few: an index of their own counts them without reading the figures.
CREATE INDEX figure_excused ON yuebao.figure (district, period, form, indicator, missing) WHERE missing IS NOT NULL;
