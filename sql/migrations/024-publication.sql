-- Publication: a closed and declared period of a district, printed for everybody. What was printed once is never changed.

-- What is too small to be printed. The nearest that says something counts: the indicator's, the kind's, the unit's, else the default.
CREATE TABLE yuebao.publication_rule (
    scope       text NOT NULL CONSTRAINT publication_rule_scope_known CHECK (scope IN ('default', 'unit', 'kind', 'indicator')),
    name        text NOT NULL,
    min_schools integer CONSTRAINT publication_rule_min_schools_positive CHECK (min_schools >= 1),
    min_count   bigint CONSTRAINT publication_rule_min_count_positive CHECK (min_count >= 1),
    max_share   numeric CONSTRAINT publication_rule_max_share_is_share CHECK (max_share > 0 AND max_share <= 1),
    min_joined  integer CONSTRAINT publication_rule_min_joined_positive CHECK (min_joined >= 1),
    CONSTRAINT publication_rule_pk PRIMARY KEY (scope, name),
    CONSTRAINT publication_rule_default_is_one CHECK ((scope = 'default') = (name = '')),
    CONSTRAINT publication_rule_default_says_all
        CHECK (scope <> 'default' OR num_nulls(min_schools, min_count, max_share, min_joined) = 0)
);
COMMENT ON TABLE  yuebao.publication_rule IS 'What is too small to be published; a NULL says nothing, and 1 is no limit. The nearest counts: indicator, kind, unit, default.';
COMMENT ON COLUMN yuebao.publication_rule.scope IS 'What it is for: one indicator, a kind of school, indicators of a unit, or everything else.';
COMMENT ON COLUMN yuebao.publication_rule.name IS 'Which: the indicator''s code, the kind, the unit; empty for the default.';
COMMENT ON COLUMN yuebao.publication_rule.min_schools IS 'Fewer schools behind a number hold it back.';
COMMENT ON COLUMN yuebao.publication_rule.min_count IS 'A count (or numerator, or what a share leaves) that is above 0 and below this is held back; in units of the last decimal.';
COMMENT ON COLUMN yuebao.publication_rule.max_share IS 'A number of which one school alone is more than this share is held back.';
COMMENT ON COLUMN yuebao.publication_rule.min_joined IS 'Fewer schools that came or left since an edition hold back a number that it showed: the difference would be theirs.';

-- Three, so that neither of two can subtract itself. A bureau's own figures are its district's, no secret of a school.
INSERT INTO yuebao.publication_rule (scope, name, min_schools, min_count, max_share, min_joined) VALUES
    ('default', '', 3, 1, 1, 3),
    ('kind', 'district', 1, NULL, NULL, 1),
    ('unit', 'pupils', NULL, 3, NULL, NULL), ('unit', 'students', NULL, 3, NULL, NULL), ('unit', 'teachers', NULL, 3, NULL, NULL),
    ('unit', 'persons', NULL, 3, NULL, NULL), ('unit', 'principals', NULL, 3, NULL, NULL), ('unit', 'trainers', NULL, 3, NULL, NULL);

CREATE TABLE yuebao.publication (
    publication  integer GENERATED ALWAYS AS IDENTITY CONSTRAINT publication_pk PRIMARY KEY,
    district     integer NOT NULL CONSTRAINT publication_of_known_district REFERENCES yuebao.district (district),
    period       date NOT NULL,
    frequency    text NOT NULL,
    edition      integer NOT NULL CONSTRAINT publication_edition_positive CHECK (edition > 0),
    expected     integer NOT NULL,
    reported     integer NOT NULL,
    rules        jsonb NOT NULL,
    published_by text NOT NULL DEFAULT session_user,
    published_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT publication_edition_once UNIQUE (district, period, frequency, edition)
);
COMMENT ON TABLE  yuebao.publication IS 'Editions: a district''s period as it was published. Never changed or removed.';
COMMENT ON COLUMN yuebao.publication.publication IS 'Surrogate key, in the order of publishing.';
COMMENT ON COLUMN yuebao.publication.district IS 'The district; those below it are in it too.';
COMMENT ON COLUMN yuebao.publication.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.publication.frequency IS 'Frequency of the period.';
COMMENT ON COLUMN yuebao.publication.edition IS '1, 2, 3 ... of one district''s period.';
COMMENT ON COLUMN yuebao.publication.expected IS 'Reports owed then.';
COMMENT ON COLUMN yuebao.publication.reported IS 'Of these, reports accepted then.';
COMMENT ON COLUMN yuebao.publication.rules IS 'yuebao.publication_rule as it was.';
COMMENT ON COLUMN yuebao.publication.published_by IS 'Database user who published it.';
COMMENT ON COLUMN yuebao.publication.published_at IS 'When; its numbers are of one snapshot of that transaction.';

CREATE TABLE yuebao.publication_withdrawal (
    publication  integer NOT NULL CONSTRAINT publication_withdrawal_pk PRIMARY KEY
                 CONSTRAINT publication_withdrawal_of_known REFERENCES yuebao.publication (publication),
    reason       text NOT NULL CONSTRAINT publication_withdrawal_has_reason CHECK (reason <> ''),
    withdrawn_by text NOT NULL DEFAULT session_user,
    withdrawn_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  yuebao.publication_withdrawal IS 'Editions that are not shown any more. Their numbers stay, for who has seen them has seen them.';
COMMENT ON COLUMN yuebao.publication_withdrawal.publication IS 'The edition.';
COMMENT ON COLUMN yuebao.publication_withdrawal.reason IS 'Why, as the public reads it.';
COMMENT ON COLUMN yuebao.publication_withdrawal.withdrawn_by IS 'Database user who withdrew it.';
COMMENT ON COLUMN yuebao.publication_withdrawal.withdrawn_at IS 'When.';

-- Words are copied: a catalogue that is imported anew later changes nothing here.
CREATE TABLE yuebao.publication_district (
    publication integer NOT NULL CONSTRAINT publication_district_of_known REFERENCES yuebao.publication (publication),
    district    integer NOT NULL,
    parent      integer,
    "position"  integer NOT NULL,
    level       text NOT NULL,
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    CONSTRAINT publication_district_pk PRIMARY KEY (publication, district)
);
COMMENT ON TABLE  yuebao.publication_district IS 'The districts of an edition.';
COMMENT ON COLUMN yuebao.publication_district.publication IS 'The edition.';
COMMENT ON COLUMN yuebao.publication_district.district IS 'The district.';
COMMENT ON COLUMN yuebao.publication_district.parent IS 'The one above; NULL for the edition''s own.';
COMMENT ON COLUMN yuebao.publication_district."position" IS 'Order on the page: each before those below it.';
COMMENT ON COLUMN yuebao.publication_district.level IS 'As in district.';
COMMENT ON COLUMN yuebao.publication_district.name_zh IS 'As in district.';
COMMENT ON COLUMN yuebao.publication_district.name_en IS 'As in district.';

CREATE TABLE yuebao.publication_indicator (
    publication          integer NOT NULL CONSTRAINT publication_indicator_of_known REFERENCES yuebao.publication (publication),
    indicator            smallint NOT NULL,
    code                 text NOT NULL,
    name_zh              text NOT NULL,
    name_en              text NOT NULL,
    unit                 text NOT NULL,
    over_schools         text NOT NULL,
    decimals             smallint NOT NULL,
    denominator_decimals smallint NOT NULL,
    CONSTRAINT publication_indicator_pk PRIMARY KEY (publication, indicator)
);
COMMENT ON TABLE  yuebao.publication_indicator IS 'The indicators of an edition.';
COMMENT ON COLUMN yuebao.publication_indicator.publication IS 'The edition.';
COMMENT ON COLUMN yuebao.publication_indicator.indicator IS 'The indicator.';
COMMENT ON COLUMN yuebao.publication_indicator.code IS 'As in indicator.';
COMMENT ON COLUMN yuebao.publication_indicator.name_zh IS 'As in indicator.';
COMMENT ON COLUMN yuebao.publication_indicator.name_en IS 'As in indicator.';
COMMENT ON COLUMN yuebao.publication_indicator.unit IS 'As in indicator.';
COMMENT ON COLUMN yuebao.publication_indicator.over_schools IS 'As in indicator.';
COMMENT ON COLUMN yuebao.publication_indicator.decimals IS 'As in indicator.';
COMMENT ON COLUMN yuebao.publication_indicator.denominator_decimals IS 'As in indicator.';

CREATE TABLE yuebao.publication_cell (
    publication integer NOT NULL CONSTRAINT publication_cell_of_known REFERENCES yuebao.publication (publication),
    district    integer NOT NULL,
    indicator   smallint NOT NULL,
    kind        text NOT NULL,
    schools     bigint NOT NULL,
    excused     bigint NOT NULL,
    value       bigint NOT NULL,
    denominator bigint NOT NULL,
    held        text CONSTRAINT publication_cell_held_known
                CHECK (held IN ('schools', 'count', 'share', 'joined', 'before', 'tied', 'complement', 'frozen')),
    CONSTRAINT publication_cell_pk PRIMARY KEY (publication, district, indicator, kind)
);
COMMENT ON TABLE  yuebao.publication_cell IS 'The numbers of an edition, those that are held back too: they are compared with later ones. Only schema published is for the public.';
COMMENT ON COLUMN yuebao.publication_cell.publication IS 'The edition.';
COMMENT ON COLUMN yuebao.publication_cell.district IS 'The district, all below it included.';
COMMENT ON COLUMN yuebao.publication_cell.indicator IS 'The indicator.';
COMMENT ON COLUMN yuebao.publication_cell.kind IS 'Kind of school; empty: all kinds, where several report the indicator.';
COMMENT ON COLUMN yuebao.publication_cell.schools IS 'Schools with a value; 0: there is no number.';
COMMENT ON COLUMN yuebao.publication_cell.excused IS 'Schools with a reason instead.';
COMMENT ON COLUMN yuebao.publication_cell.value IS 'Sum of values, or the largest, in units of 10^-decimals.';
COMMENT ON COLUMN yuebao.publication_cell.denominator IS 'Sum of denominators.';
COMMENT ON COLUMN yuebao.publication_cell.held IS
    'Why it is not shown (NULL: it is). Small: schools, count, share, joined. Because of another: before (an edition held it back), tied (an indicator that '
    'must be equal), complement (others would give one away), frozen (an edition had shown what must be held back now).';

CREATE FUNCTION yuebao.keep_publication() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'an edition is never changed or removed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'publication_is_immutable';
END
$$;
COMMENT ON FUNCTION yuebao.keep_publication() IS 'Refuses every change to what was published.';
DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['publication', 'publication_withdrawal', 'publication_district', 'publication_indicator', 'publication_cell'] LOOP
        EXECUTE format('CREATE TRIGGER publication_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON yuebao.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION yuebao.keep_publication()', kept);
    END LOOP;
END
$$;

-- What there is to publish, held back or not: the stored integers of api.district_total, and over all kinds where several report an indicator.
-- The largest school's value is read from the figures, so only where it counts.
CREATE FUNCTION yuebao.publishable(in_district integer, of_period date, of_frequency text)
    RETURNS TABLE (district integer, indicator smallint, kind text, schools bigint, excused bigint, value bigint, denominator bigint, largest bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH below AS MATERIALIZED (
        SELECT u.district, l.district AS own
        FROM yuebao.district_ancestor AS u JOIN yuebao.district_ancestor AS l ON l.ancestor = u.district WHERE u.ancestor = in_district
    ), forms AS MATERIALIZED (
        SELECT f.form, f.kind FROM yuebao.form AS f WHERE f.frequency = of_frequency AND f.name = ''
    ), own AS MATERIALIZED (
        SELECT p.district, p.form, p.indicator, sum(p.schools) AS schools, sum(p.excused) AS excused, sum(p.value) AS value,
               sum(p.denominator) AS denominator
        FROM yuebao.total_part AS p
        WHERE p.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district))
          AND p.period = of_period AND p.form = ANY (ARRAY(SELECT f.form FROM forms AS f))
        GROUP BY p.district, p.form, p.indicator
    ), largest AS MATERIALIZED (
        SELECT g.district, g.form, g.indicator, max(g.value) AS value
        FROM yuebao.figure AS g
        WHERE g.district = ANY (ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district))
          AND g.period = of_period AND g.form = ANY (ARRAY(SELECT f.form FROM forms AS f))
          AND (g.indicator = ANY (ARRAY(SELECT i.indicator FROM yuebao.indicator AS i WHERE i.over_schools = 'max'))
               OR EXISTS (SELECT FROM yuebao.publication_rule AS r WHERE r.max_share < 1))
        GROUP BY g.district, g.form, g.indicator
    ), several AS MATERIALIZED (
        SELECT o.indicator FROM own AS o GROUP BY o.indicator HAVING count(DISTINCT o.form) > 1
    )
    SELECT b.district, o.indicator, coalesce(f.kind, ''), sum(o.schools)::bigint, sum(o.excused)::bigint,
           CASE i.over_schools WHEN 'max' THEN coalesce(max(l.value), 0) ELSE sum(o.value)::bigint END,
           CASE i.over_schools WHEN 'ratio_of_sums' THEN sum(o.denominator)::bigint ELSE 0 END, coalesce(max(l.value), 0)
    FROM own AS o
    JOIN below AS b ON b.own = o.district
    JOIN forms AS f ON f.form = o.form
    JOIN yuebao.indicator AS i ON i.indicator = o.indicator
    LEFT JOIN largest AS l ON l.district = o.district AND l.form = o.form AND l.indicator = o.indicator
    GROUP BY GROUPING SETS ((b.district, o.indicator, i.over_schools, f.kind), (b.district, o.indicator, i.over_schools))
    HAVING (grouping(f.kind) = 0 OR o.indicator = ANY (ARRAY(SELECT s.indicator FROM several AS s)))
       AND sum(o.schools) + sum(o.excused) > 0;
END;
COMMENT ON FUNCTION yuebao.publishable(integer, date, text) IS
    'The numbers of a district and all below it for a period, one row a district, indicator and kind of school, as api.district_total adds them up; kind '
    'is empty for all kinds. One-off forms are nobody''s monthly figures and not here.';

CREATE FUNCTION yuebao.publication_changes(of_publication integer) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT count(*)
    FROM (SELECT c.district, c.indicator, c.kind, c.schools, c.excused, c.value, c.denominator
          FROM yuebao.publication_cell AS c WHERE c.publication = of_publication) AS c
    FULL JOIN (SELECT n.* FROM yuebao.publication AS p CROSS JOIN LATERAL yuebao.publishable(p.district, p.period, p.frequency) AS n
               WHERE p.publication = of_publication) AS n
        ON n.district = c.district AND n.indicator = c.indicator AND n.kind = c.kind
    WHERE (n.schools, n.excused, n.value, n.denominator) IS DISTINCT FROM (c.schools, c.excused, c.value, c.denominator);
END;
COMMENT ON FUNCTION yuebao.publication_changes(integer) IS 'How many numbers of an edition, held back or not, are not those of now.';

-- Indicators that must be equal give each other away. A chain of "=" rules is one tie.
CREATE FUNCTION yuebao.indicator_ties() RETURNS TABLE (indicator smallint, tie smallint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE pair AS (
        SELECT DISTINCT a.indicator, b.indicator AS other
        FROM yuebao.rule AS r
        JOIN yuebao.rule_term AS a ON a.rule = r.rule
        JOIN yuebao.rule_term AS b ON b.rule = r.rule
        WHERE r.op = '=' AND NOT EXISTS (SELECT FROM yuebao.rule_term AS p WHERE p.rule = r.rule AND p.previous)
    ), reached (indicator, other) AS (
        SELECT p.indicator, p.other FROM pair AS p
        UNION
        SELECT r.indicator, p.other FROM reached AS r JOIN pair AS p ON p.indicator = r.other
    )
    SELECT i.indicator, coalesce(min(r.other), i.indicator)
    FROM yuebao.indicator AS i LEFT JOIN reached AS r ON r.indicator = i.indicator GROUP BY i.indicator;
END;
COMMENT ON FUNCTION yuebao.indicator_ties() IS 'For every indicator the least number of those that "=" rules tie it to, itself among them: equal numbers are tied.';

-- What readers of other editions may know of each cell: of the same period, in whatever district's edition it stood; and of the period beside,
-- where a rule says that two figures are equal (this month's "carried over" is last month's "open").
CREATE FUNCTION yuebao.shown_before(of_period date, of_frequency text)
    RETURNS TABLE (district integer, indicator smallint, kind text, publication integer, schools bigint, value bigint, denominator bigint, held boolean,
                   beside boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.district, c.indicator, c.kind, c.publication, c.schools, c.value, c.denominator, c.held IS NOT NULL, false
    FROM yuebao.publication AS p JOIN yuebao.publication_cell AS c ON c.publication = p.publication
    WHERE p.period = of_period AND p.frequency = of_frequency
    UNION ALL
    SELECT c.district, mine.indicator, c.kind, c.publication, c.schools, c.value, c.denominator, c.held IS NOT NULL, true
    FROM yuebao.rule AS r
    JOIN yuebao.rule_term AS mine ON mine.rule = r.rule
    JOIN yuebao.rule_term AS other ON other.rule = r.rule AND other.previous <> mine.previous
    JOIN yuebao.publication AS p ON p.frequency = of_frequency
        AND p.period = CASE WHEN other.previous THEN yuebao.period_first_day(of_period - 1, of_frequency)
                            ELSE yuebao.period_last_day(of_period, of_frequency) + 1 END
    JOIN yuebao.publication_cell AS c ON c.publication = p.publication AND c.indicator = other.indicator
    WHERE r.op = '=';
END;
COMMENT ON FUNCTION yuebao.shown_before(date, text) IS
    'Cells of all editions of a period, withdrawn ones too; and (beside) of the period before or after, for the indicator that a rule makes equal to it.';

CREATE FUNCTION yuebao.keep_indicator_words(of_publication integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO yuebao.publication_indicator (publication, indicator, code, name_zh, name_en, unit, over_schools, decimals, denominator_decimals)
    SELECT of_publication, i.indicator, i.code, i.name_zh, i.name_en, i.unit, i.over_schools, i.decimals, i.denominator_decimals
    FROM yuebao.indicator AS i
    WHERE i.indicator = ANY (ARRAY(SELECT c.indicator FROM yuebao.publication_cell AS c WHERE c.publication = of_publication));
END;
COMMENT ON FUNCTION yuebao.keep_indicator_words(integer) IS 'Copies into an edition the words of its indicators.';

REVOKE EXECUTE ON FUNCTION yuebao.keep_publication(), yuebao.publishable(integer, date, text), yuebao.publication_changes(integer),
    yuebao.indicator_ties(), yuebao.shown_before(date, text), yuebao.keep_indicator_words(integer) FROM PUBLIC;
