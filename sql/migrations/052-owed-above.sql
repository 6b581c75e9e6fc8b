-- What districts owe, with all districts below them, as total_above has their totals: kept beside yuebao.owed, so that a province's windows are looked up and
-- not added up. And questions about totals without what they hardly ever need: a maximum is read by a function of its own (api.greatest_of, 30-books.sql;
-- bound when called, for schema api is made anew now and then), so that their plans know nothing of figures.

-- ---- what is owed below ------------------------------------------------------------------------------------------------------------------

CREATE TABLE yuebao.owed_above (
    form     smallint NOT NULL,
    period   date     NOT NULL,
    district integer  NOT NULL,
    slots    integer  NOT NULL CONSTRAINT owed_above_never_less_than_none CHECK (slots >= 0),
    CONSTRAINT owed_above_pk PRIMARY KEY (form, period, district) INCLUDE (slots)
);
COMMENT ON TABLE  yuebao.owed_above IS 'yuebao.owed of all districts below a district, added up. Kept by triggers, never written by hand.';
COMMENT ON COLUMN yuebao.owed_above.form IS 'As in owed.';
COMMENT ON COLUMN yuebao.owed_above.period IS 'As in owed.';
COMMENT ON COLUMN yuebao.owed_above.district IS 'The district above.';
COMMENT ON COLUMN yuebao.owed_above.slots IS 'How many slots; 0: there were some once.';
SELECT yuebao.guard('yuebao.owed_above', 'district', form => 'form');

CREATE VIEW yuebao.owed_within AS
SELECT o.form, o.period, o.district, o.slots FROM yuebao.owed AS o
UNION ALL
SELECT o.form, o.period, o.district, o.slots FROM yuebao.owed_above AS o;
COMMENT ON VIEW   yuebao.owed_within IS 'What a district owes with all districts below it is the sum of these; by its key, two rows at most.';
COMMENT ON COLUMN yuebao.owed_within.form IS 'As in owed.';
COMMENT ON COLUMN yuebao.owed_within.period IS 'As in owed.';
COMMENT ON COLUMN yuebao.owed_within.district IS 'The district.';
COMMENT ON COLUMN yuebao.owed_within.slots IS 'As in owed.';

CREATE FUNCTION yuebao.add_up_owed() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE yuebao.owed IN SHARE ROW EXCLUSIVE MODE; -- nobody counts until this is committed
    DELETE FROM yuebao.owed_above;
    INSERT INTO yuebao.owed_above (form, period, district, slots)
    SELECT o.form, o.period, a.ancestor, sum(o.slots)
    FROM yuebao.owed AS o JOIN yuebao.district_ancestor AS a ON a.district = o.district AND a.distance > 0
    GROUP BY o.form, o.period, a.ancestor;
END
$$;
COMMENT ON FUNCTION yuebao.add_up_owed() IS 'Adds up yuebao.owed_above anew; whoever counts slots waits for the end of the transaction.';
REVOKE EXECUTE ON FUNCTION yuebao.add_up_owed() FROM PUBLIC;
SELECT yuebao.add_up_owed();

CREATE OR REPLACE FUNCTION yuebao.district_keep_totals() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM before AS b LEFT JOIN changed AS c ON c.district = b.district WHERE c.parent IS DISTINCT FROM b.parent) THEN
        PERFORM yuebao.add_up_above();
        PERFORM yuebao.add_up_owed();
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION yuebao.district_keep_totals() IS 'Keeps yuebao.total_above and yuebao.owed_above when a district is put below another.';

-- As in 026; and what is counted anew leaves the districts above first, and comes to them again.
CREATE OR REPLACE FUNCTION yuebao.count_owed(in_districts integer[], of_forms smallint[], of_periods date[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE yuebao.owed IN SHARE ROW EXCLUSIVE MODE;
    WITH gone AS (
        DELETE FROM yuebao.owed AS o
        WHERE (in_districts IS NULL OR o.district = ANY (in_districts))
          AND (of_forms IS NULL OR (o.form, o.period) IN (SELECT w.form, w.period FROM unnest(of_forms, of_periods) AS w (form, period)))
        RETURNING o.form, o.period, o.district, o.slots
    )
    UPDATE yuebao.owed_above AS f SET slots = f.slots - l.slots
    FROM (SELECT g.form, g.period, a.ancestor, sum(g.slots) AS slots
          FROM gone AS g JOIN yuebao.district_ancestor AS a ON a.district = g.district AND a.distance > 0
          GROUP BY g.form, g.period, a.ancestor) AS l
    WHERE f.form = l.form AND f.period = l.period AND f.district = l.ancestor;
    WITH come AS (
        INSERT INTO yuebao.owed (form, period, district, slots)
        SELECT s.form, s.period, s.district, count(*)
        FROM unnest(of_forms, of_periods) AS w (form, period)
        CROSS JOIN LATERAL (SELECT o.form, o.period, o.district FROM yuebao.slot AS o WHERE o.form = w.form AND o.period = w.period OFFSET 0) AS s
        WHERE of_forms IS NOT NULL
        GROUP BY s.form, s.period, s.district
        UNION ALL
        SELECT s.form, s.period, s.district, count(*) FROM yuebao.slot AS s
        WHERE of_forms IS NULL AND in_districts IS NOT NULL AND s.district = ANY (in_districts)
        GROUP BY s.form, s.period, s.district
        UNION ALL
        SELECT s.form, s.period, s.district, count(*) FROM yuebao.slot AS s
        WHERE of_forms IS NULL AND in_districts IS NULL
        GROUP BY s.form, s.period, s.district
        RETURNING form, period, district, slots
    )
    INSERT INTO yuebao.owed_above AS f (form, period, district, slots)
    SELECT c.form, c.period, a.ancestor, sum(c.slots)
    FROM come AS c JOIN yuebao.district_ancestor AS a ON a.district = c.district AND a.distance > 0
    GROUP BY c.form, c.period, a.ancestor
    ON CONFLICT ON CONSTRAINT owed_above_pk DO UPDATE SET slots = f.slots + excluded.slots;
END
$$;
COMMENT ON FUNCTION yuebao.count_owed(integer[], smallint[], date[]) IS
    'Counts yuebao.slot into yuebao.owed and owed_above: of these districts (NULL: all), or of these windows (two parallel arrays; NULL: all).';

-- ---- the questions that are made of it -------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION yuebao.totals_of(in_districts integer[], of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (district integer, period date, schools bigint, excused bigint, value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    rule  text := (SELECT i.over_schools FROM yuebao.indicator AS i WHERE i.indicator = of_indicator);
    forms smallint[] := ARRAY(SELECT f.form FROM yuebao.form AS f
                              WHERE f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind)
                                AND EXISTS (SELECT FROM yuebao.catalogue_form AS k WHERE k.form = f.form AND k.indicator = of_indicator));
BEGIN
    RETURN QUERY
    WITH parts AS (
        SELECT n.district, n.period, t.schools, t.excused, t.value, t.denominator
        FROM (SELECT DISTINCT u.district, w.period FROM unnest(in_districts) AS u (district) CROSS JOIN unnest(of_periods) AS w (period)) AS n
        CROSS JOIN unnest(forms) AS f (form)
        CROSS JOIN LATERAL (SELECT o.schools::bigint AS schools, o.excused::bigint AS excused, o.value, o.denominator FROM yuebao.total_folded AS o
                            WHERE o.district = n.district AND o.period = n.period AND o.form = f.form AND o.indicator = of_indicator
                            UNION ALL
                            SELECT o.schools, o.excused, o.value, o.denominator FROM yuebao.total_above AS o
                            WHERE o.district = n.district AND o.period = n.period AND o.form = f.form AND o.indicator = of_indicator OFFSET 0) AS t
        UNION ALL -- a total is told of a district that the login sees whole
        SELECT a.ancestor, u.period, u.schools, u.excused, u.value, u.denominator
        FROM yuebao.total_unfolded AS u JOIN yuebao.district_ancestor AS a ON a.district = u.district
        WHERE a.ancestor = ANY (in_districts) AND u.period = ANY (of_periods) AND u.form = ANY (forms) AND u.indicator = of_indicator
    )
    SELECT t.district, t.period, t.schools, t.excused,
           CASE WHEN t.schools = 0 THEN NULL
                WHEN rule = 'max' THEN api.greatest_of(ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = t.district),
                                                       t.period, forms, of_indicator)
                ELSE t.value END,
           CASE WHEN t.schools > 0 THEN t.denominator END
    FROM (SELECT p.district, p.period, sum(p.schools)::bigint AS schools, sum(p.excused)::bigint AS excused, sum(p.value) AS value,
                 sum(p.denominator) AS denominator
          FROM parts AS p GROUP BY p.district, p.period) AS t;
END
$$;

CREATE OR REPLACE FUNCTION yuebao.owed_to(in_districts integer[], of_indicator smallint, of_periods date[], of_frequency text, of_kind text)
    RETURNS TABLE (district integer, period date, expected bigint)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB' SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    WITH windows AS MATERIALIZED ( -- alike: open for all
        SELECT c.form, c.period,
               c.opens_at <= now() AND NOT EXISTS (SELECT FROM yuebao.extension AS e WHERE e.form = c.form AND e.period = c.period AND e.opens_at > now()) AS alike
        FROM yuebao.calendar AS c
        JOIN yuebao.form AS f ON f.form = c.form
        JOIN yuebao.catalogue_form AS k ON k.catalogue = c.catalogue AND k.form = c.form AND k.indicator = of_indicator
        WHERE c.period = ANY (of_periods) AND f.frequency = of_frequency AND (of_kind IS NULL OR f.kind = of_kind)
    ), counted AS (
        SELECT d.district, w.period, o.slots
        FROM windows AS w
        CROSS JOIN (SELECT DISTINCT u.district FROM unnest(in_districts) AS u (district)) AS d
        CROSS JOIN LATERAL (SELECT s.slots FROM yuebao.owed_within AS s WHERE s.form = w.form AND s.period = w.period AND s.district = d.district OFFSET 0) AS o
        WHERE w.alike
        UNION ALL
        SELECT a.ancestor, w.period, 1
        FROM windows AS w
        CROSS JOIN LATERAL (SELECT l.district FROM yuebao.slot AS l
                            WHERE l.form = w.form AND l.period = w.period AND l.opens_at <= now()
                              AND l.district = ANY (ARRAY(SELECT n.district FROM yuebao.district_ancestor AS n WHERE n.ancestor = ANY (in_districts)))
                            OFFSET 0) AS o
        JOIN yuebao.district_ancestor AS a ON a.district = o.district AND a.ancestor = ANY (in_districts)
        WHERE NOT w.alike
    )
    SELECT c.district, c.period, sum(c.slots)::bigint FROM counted AS c GROUP BY c.district, c.period;
END
$$;

CREATE OR REPLACE FUNCTION yuebao.totals_over(in_districts integer[], from_day date, to_day date, of_kind text, of_indicator smallint)
    RETURNS TABLE (district integer, kind text, indicator smallint, frequency text, period date, closed boolean, expected bigint, schools bigint,
                   excused bigint, value numeric, denominator numeric)
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
DECLARE
    below   integer[] := ARRAY(SELECT DISTINCT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = ANY (in_districts));
    periods date[]    := ARRAY(SELECT DISTINCT c.period FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
                               WHERE c.period BETWEEN from_day AND to_day AND c.opens_at <= now()
                                 AND (yuebao.period_last_day(c.period, f.frequency) <= to_day OR f.frequency = 'weekly'));
BEGIN
    RETURN QUERY
    WITH windows AS MATERIALIZED ( -- a period belongs to the span in which it lies, a week to that in which it begins
        SELECT c.form, f.kind, f.frequency, c.period, c.catalogue, yuebao.period_last_day(c.period, f.frequency) AS last_day,
               c.closes_at <= now() AND NOT EXISTS (SELECT FROM yuebao.extension AS e
                                                    WHERE e.form = c.form AND e.period = c.period AND e.closes_at > now()) AS closed,
               f.name = '' AND NOT EXISTS (SELECT FROM yuebao.extension AS e
                                           WHERE e.form = c.form AND e.period = c.period AND e.opens_at > now()) AS alike
        FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
        WHERE c.period = ANY (periods) AND c.opens_at <= now() AND (of_kind IS NULL OR f.kind = of_kind)
          AND (yuebao.period_last_day(c.period, f.frequency) <= to_day OR f.frequency = 'weekly')
          AND EXISTS (SELECT FROM yuebao.catalogue_form AS k
                      WHERE k.catalogue = c.catalogue AND k.form = c.form AND (of_indicator IS NULL OR k.indicator = of_indicator))
    ), asked AS MATERIALIZED (
        SELECT w.form, w.period, k.indicator
        FROM windows AS w JOIN yuebao.catalogue_form AS k ON k.catalogue = w.catalogue AND k.form = w.form
        WHERE (of_indicator IS NULL OR k.indicator = of_indicator) AND k.indicator IN (SELECT v.indicator FROM yuebao.seen_indicator AS v)
    ), spans AS MATERIALIZED (
        SELECT m.district, m.kind, m.first_day, m.last_day, count(*) AS schools FROM yuebao.membership AS m
        WHERE m.district = ANY (below) GROUP BY m.district, m.kind, m.first_day, m.last_day
    ), owing AS ( -- as yuebao.owed_to counts them
        SELECT s.district, w.form, w.period, s.schools
        FROM windows AS w
        JOIN spans AS s ON s.kind = w.kind AND s.first_day <= w.last_day AND (s.last_day IS NULL OR s.last_day >= w.last_day)
        WHERE w.alike
        UNION ALL
        SELECT o.district, w.form, w.period, 1
        FROM windows AS w
        CROSS JOIN LATERAL (SELECT l.district FROM yuebao.slot AS l
                            WHERE l.form = w.form AND l.period = w.period AND l.district = ANY (below) AND l.opens_at <= now() OFFSET 0) AS o
        WHERE NOT w.alike
    ), owed AS MATERIALIZED (
        SELECT a.ancestor AS district, o.form, o.period, sum(o.schools)::bigint AS expected
        FROM owing AS o JOIN yuebao.district_ancestor AS a ON a.district = o.district AND a.ancestor = ANY (in_districts)
        GROUP BY a.ancestor, o.form, o.period
    ), parts AS (
        SELECT t.district, t.form, t.period, t.indicator, t.schools, t.excused, t.value, t.denominator
        FROM yuebao.total_folded AS t
        WHERE t.district = ANY (below) AND t.period = ANY (periods) AND (of_indicator IS NULL OR t.indicator = of_indicator)
        UNION ALL
        SELECT u.district, u.form, u.period, u.indicator, u.schools, u.excused, u.value, u.denominator
        FROM yuebao.total_unfolded AS u
        WHERE u.district = ANY (below) AND u.period = ANY (periods) AND (of_indicator IS NULL OR u.indicator = of_indicator)
    ), stood AS MATERIALIZED (
        SELECT a.ancestor AS district, p.form, p.period, p.indicator, sum(p.schools)::bigint AS schools, sum(p.excused)::bigint AS excused,
               sum(p.value) AS value, sum(p.denominator) AS denominator
        FROM parts AS p JOIN yuebao.district_ancestor AS a ON a.district = p.district AND a.ancestor = ANY (in_districts)
        GROUP BY a.ancestor, p.form, p.period, p.indicator
    ), rows AS (
        SELECT d.district, w.kind, q.indicator, w.frequency, w.period, w.form, w.closed, coalesce(o.expected, 0) AS expected,
               coalesce(s.schools, 0) AS schools, coalesce(s.excused, 0) AS excused, s.value, s.denominator
        FROM unnest(in_districts) AS d (district)
        CROSS JOIN windows AS w
        JOIN asked AS q ON q.form = w.form AND q.period = w.period
        LEFT JOIN owed AS o ON o.district = d.district AND o.form = w.form AND o.period = w.period
        LEFT JOIN stood AS s ON s.district = d.district AND s.form = w.form AND s.period = w.period AND s.indicator = q.indicator
        WHERE o.expected > 0 OR s.schools > 0 OR s.excused > 0
    )
    SELECT r.district, r.kind, r.indicator, r.frequency, r.period, r.closed, r.expected, r.schools, r.excused,
           CASE WHEN r.schools = 0 THEN NULL
                WHEN i.over_schools = 'max' THEN api.greatest_of(ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = r.district),
                                                                 r.period, ARRAY[r.form], r.indicator)
                ELSE r.value END,
           CASE WHEN r.schools > 0 THEN r.denominator END
    FROM rows AS r JOIN yuebao.indicator AS i ON i.indicator = r.indicator;
END
$$;

-- ---- why there is no value -------------------------------------------------------------------------------------------------------------

-- With the school, by whom the policy may let somebody see it, the index alone answers (api.stated_counts).
DROP INDEX yuebao.figure_excused;
CREATE INDEX figure_excused ON yuebao.figure (district, period, form, indicator, missing) INCLUDE (school) WHERE missing IS NOT NULL;
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN -- a month that is put away gets this one when it comes back
        SELECT x.indexrelid::regclass AS name FROM yuebao.detached AS d
        JOIN pg_catalog.pg_index AS x ON x.indrelid = to_regclass('yuebao.figure' || to_char(d.month, '_YYYY_MM'))
        WHERE x.indpred IS NOT NULL
    LOOP
        EXECUTE format('DROP INDEX %s', one.name);
    END LOOP;
END
$$;
