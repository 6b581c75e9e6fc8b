-- A school that changed is looked at only where it may have lost slots (026): an older one that moved, or closed when it said it would, has not reported
-- since, so thousands of them cost what an index costs. Before, every report of each was held against what is owed, in every count.

ALTER TABLE yuebao.school_change ADD from_day date NOT NULL DEFAULT '-infinity', ADD until_day date NOT NULL DEFAULT 'infinity';
ALTER TABLE yuebao.school_change ALTER from_day DROP DEFAULT, ALTER until_day DROP DEFAULT;
COMMENT ON COLUMN yuebao.school_change.from_day IS 'Slots whose last day is before this are as they were.';
COMMENT ON COLUMN yuebao.school_change.until_day IS 'And those whose last day is after this.';

CREATE FUNCTION yuebao.remember_lost(schools integer[], not_in integer[], from_days date[], until_days date[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO yuebao.school_change AS c (school, district, from_day, until_day)
    SELECT l.school, m.district, min(l.from_day), max(l.until_day)
    FROM unnest(schools, not_in, from_days, until_days) AS l (school, not_in, from_day, until_day)
    JOIN yuebao.school_district AS m ON m.school = l.school AND m.district IS DISTINCT FROM l.not_in
    GROUP BY l.school, m.district
    ON CONFLICT ON CONSTRAINT school_change_pk DO UPDATE
        SET from_day = least(c.from_day, excluded.from_day), until_day = greatest(c.until_day, excluded.until_day);
END
$$;
COMMENT ON FUNCTION yuebao.remember_lost(integer[], integer[], date[], date[]) IS
    'Remembers in school_change that these schools may have lost slots whose last day lies between, in all their districts but one (NULL: all). The arrays '
    'are parallel.';
REVOKE EXECUTE ON FUNCTION yuebao.remember_lost(integer[], integer[], date[], date[]) FROM PUBLIC;

DROP FUNCTION yuebao.schools_changed(integer[], integer[], boolean);
CREATE FUNCTION yuebao.schools_changed(schools integer[], districts integer[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    all_of integer[] := ARRAY(SELECT m.district FROM yuebao.school_district AS m WHERE m.school = ANY (schools) UNION SELECT d FROM unnest(districts) AS d);
BEGIN
    IF cardinality(all_of) > 0 THEN
        PERFORM yuebao.count_owed(all_of, NULL, NULL);
    END IF;
END
$$;
COMMENT ON FUNCTION yuebao.schools_changed(integer[], integer[]) IS
    'Counts anew what the districts of these schools owe, and these districts (those that a school has left).';
REVOKE EXECUTE ON FUNCTION yuebao.schools_changed(integer[], integer[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION yuebao.recount_owed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE TG_ARGV[0]
    WHEN 'school' THEN -- of a school that was just entered, school_district tells
        PERFORM yuebao.remember_lost(array_agg(l.school), NULL, array_agg(l.from_day), array_agg(l.until_day))
        FROM (SELECT b.school, '-infinity'::date, 'infinity'::date FROM before AS b JOIN changed AS c ON c.school = b.school WHERE b.kind <> c.kind
              UNION ALL
              SELECT b.school, '-infinity', c.opened_on FROM before AS b JOIN changed AS c ON c.school = b.school WHERE c.opened_on > b.opened_on
              UNION ALL
              SELECT b.school, c.closed_on, 'infinity' FROM before AS b JOIN changed AS c ON c.school = b.school
              WHERE c.closed_on < coalesce(b.closed_on, 'infinity')) AS l (school, from_day, until_day)
        HAVING count(*) > 0;
        PERFORM yuebao.schools_changed(array_agg(c.school), NULL)
        FROM before AS b JOIN changed AS c ON c.school = b.school
        WHERE (b.kind, b.opened_on, b.closed_on) IS DISTINCT FROM (c.kind, c.opened_on, c.closed_on)
        HAVING count(*) > 0;
    WHEN 'entered' THEN -- it moves: from that day on it owes nothing in the others
        PERFORM yuebao.remember_lost(array_agg(c.school), array_agg(c.district), array_agg(c.valid_from), array_agg('infinity'::date)) FROM changed AS c
        WHERE EXISTS (SELECT FROM yuebao.school_district AS o WHERE o.school = c.school AND o.valid_from <> c.valid_from) HAVING count(*) > 0;
        PERFORM yuebao.schools_changed(array_agg(c.school), NULL) FROM changed AS c HAVING count(*) > 0;
    WHEN 'left' THEN -- it was never there, or not from that day on: the row that said so may be gone
        INSERT INTO yuebao.school_change AS o (school, district, from_day, until_day)
        SELECT DISTINCT c.school, c.district, '-infinity'::date, 'infinity'::date FROM changed AS c
        ON CONFLICT ON CONSTRAINT school_change_pk DO UPDATE SET from_day = '-infinity', until_day = 'infinity';
        PERFORM yuebao.remember_lost(array_agg(c.school), NULL, array_agg('-infinity'::date), array_agg('infinity'::date)) FROM changed AS c
        HAVING count(*) > 0;
        PERFORM yuebao.schools_changed(array_agg(c.school), array_agg(c.district)) FROM changed AS c HAVING count(*) > 0;
    WHEN 'chosen' THEN
        PERFORM yuebao.remember_lost(array_agg(c.school), NULL, array_agg('-infinity'::date), array_agg('infinity'::date)) FROM changed AS c
        WHERE TG_OP <> 'INSERT' HAVING count(*) > 0;
        PERFORM yuebao.schools_changed(array_agg(c.school), NULL) FROM changed AS c HAVING count(*) > 0;
    WHEN 'window' THEN
        PERFORM yuebao.count_owed(NULL, array_agg(c.form), array_agg(c.period)) FROM (SELECT DISTINCT w.form, w.period FROM changed AS w) AS c HAVING count(*) > 0;
    END CASE;
    RETURN NULL;
END
$$;

-- By the first day for the index; exactly in CASE, so that what is owed is asked only of what is left.
CREATE OR REPLACE VIEW yuebao.unowed AS
SELECT r.district, r.period, r.form, count(*) FILTER (WHERE r.revision = 1) AS reported, count(*) FILTER (WHERE r.revision = 1 AND r.late) AS late,
       count(*) FILTER (WHERE r.revision = 2) AS corrected, count(*) FILTER (WHERE r.admitted) AS admitted
FROM yuebao.school_change AS c
JOIN yuebao.report AS r ON r.district = c.district AND r.school = c.school AND r.period BETWEEN c.from_day - 366 AND c.until_day
JOIN yuebao.form AS f ON f.form = r.form
WHERE CASE WHEN yuebao.period_last_day(r.period, f.frequency) BETWEEN c.from_day AND c.until_day
           THEN NOT EXISTS (SELECT FROM yuebao.slot AS o
                            WHERE o.school = r.school AND o.form = r.form AND o.period = r.period AND o.district = r.district OFFSET 0) END
GROUP BY r.district, r.period, r.form;
