-- Who may see what. Every question goes through schema api, which belongs to yuebao_teller: a role without a login and with the right to read, nothing
-- else. Row level security shows it, of the tables that hold what schools said, the rows that the login may see (session_user, looked up in
-- yuebao.access_scope). Tables' owner and collector are not subject to it, so writing costs what it did.
--
--   official     districts, each with all below it
--   inspector    schools
--   department   indicators, in districts with all below them
--   auditor      everything
--
-- Members of yuebao_admin see everything; a login that is not in yuebao.access sees the catalogue alone.
--
-- A total is told of a district that the login sees whole, or not at all: yuebao.district_ancestor is guarded too, and all that adds up goes down by
-- it, so that no part of a total is ever taken for the whole. What need not add up goes by yuebao.district_above, which is not guarded.
--
-- A new table with what schools said: SELECT yuebao.guard(...) below. One that is not granted to yuebao_teller is in no view of api.

DO $$
BEGIN
    -- COPY FROM, by which the collector books, knows no policies: it is refused to whoever is subject to them
    IF NOT (SELECT r.rolbypassrls FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'yuebao_collector') THEN
        RAISE EXCEPTION 'yuebao_collector must be exempt from row level security, or it could not book any more'
            USING ERRCODE = 'insufficient_privilege', HINT = 'Once, as a superuser: ALTER ROLE yuebao_collector BYPASSRLS';
    END IF;
END
$$;

-- ---- who ---------------------------------------------------------------------------------------------------------------------------------

CREATE TABLE yuebao.access (
    role    text NOT NULL CONSTRAINT access_pk PRIMARY KEY
            CONSTRAINT access_role_named CHECK (role <> '' AND octet_length(role) <= 63),
    kind    text NOT NULL CONSTRAINT access_kind_known CHECK (kind IN ('official', 'inspector', 'department', 'auditor')),
    made_by text NOT NULL DEFAULT session_user,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT access_role_and_kind_once UNIQUE (role, kind)
);
COMMENT ON TABLE  yuebao.access IS 'Database logins that may see more than the catalogue; each is of one kind.';
COMMENT ON COLUMN yuebao.access.role IS 'The login''s name, as session_user says it. It need not exist yet.';
COMMENT ON COLUMN yuebao.access.kind IS 'official, inspector, department or auditor.';
COMMENT ON COLUMN yuebao.access.made_by IS 'Database user who made the entry.';
COMMENT ON COLUMN yuebao.access.made_at IS 'When.';

CREATE TABLE yuebao.access_scope (
    access_scope integer GENERATED ALWAYS AS IDENTITY CONSTRAINT access_scope_pk PRIMARY KEY,
    role         text NOT NULL,
    kind         text NOT NULL,
    district     integer  CONSTRAINT access_scope_of_known_district REFERENCES yuebao.district (district),
    school       integer  CONSTRAINT access_scope_of_known_school REFERENCES yuebao.school (school),
    indicator    smallint CONSTRAINT access_scope_of_known_indicator REFERENCES yuebao.indicator (indicator),
    from_day     date NOT NULL DEFAULT '-infinity',
    until_day    date NOT NULL DEFAULT 'infinity',
    made_by      text NOT NULL DEFAULT session_user,
    made_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT access_scope_of_known_login FOREIGN KEY (role, kind) REFERENCES yuebao.access (role, kind) ON DELETE CASCADE,
    CONSTRAINT access_scope_fits_kind CHECK (CASE kind
        WHEN 'official' THEN district IS NOT NULL AND num_nonnulls(school, indicator) = 0
        WHEN 'inspector' THEN school IS NOT NULL AND num_nonnulls(district, indicator) = 0
        WHEN 'department' THEN school IS NULL AND num_nonnulls(district, indicator) = 1
        ELSE num_nonnulls(district, school, indicator) = 0 END),
    CONSTRAINT access_scope_days_ordered CHECK (from_day <= until_day),
    CONSTRAINT access_scope_once UNIQUE NULLS NOT DISTINCT (role, district, school, indicator)
);
COMMENT ON TABLE  yuebao.access_scope IS
    'What each login may see and from when to when, one row a district, school or indicator; an auditor''s row names none. A department sees its '
    'indicators in its districts: without a row for a district it sees nothing.';
COMMENT ON COLUMN yuebao.access_scope.access_scope IS 'Surrogate key; carries no meaning.';
COMMENT ON COLUMN yuebao.access_scope.role IS 'The login.';
COMMENT ON COLUMN yuebao.access_scope.kind IS 'Its kind, which decides what a row names.';
COMMENT ON COLUMN yuebao.access_scope.district IS 'Of an official or a department: a district, with all below it.';
COMMENT ON COLUMN yuebao.access_scope.school IS 'Of an inspector: a school.';
COMMENT ON COLUMN yuebao.access_scope.indicator IS 'Of a department: an indicator.';
COMMENT ON COLUMN yuebao.access_scope.from_day IS 'First day, as days are counted in Asia/Shanghai.';
COMMENT ON COLUMN yuebao.access_scope.until_day IS 'Last day.';
COMMENT ON COLUMN yuebao.access_scope.made_by IS 'Database user who granted it.';
COMMENT ON COLUMN yuebao.access_scope.made_at IS 'When.';

-- ---- what the login sees -----------------------------------------------------------------------------------------------------------------

-- In plpgsql, whose plans last as long as the session: policies ask anew in every query. They run with their owner's rights, and tell the login
-- only of itself.

CREATE FUNCTION yuebao.own_scope() RETURNS SETOF yuebao.access_scope
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Asia/Shanghai')::date; -- not current_date, which the login could shift
BEGIN
    RETURN QUERY SELECT a.* FROM yuebao.access_scope AS a WHERE a.role = session_user::text AND today BETWEEN a.from_day AND a.until_day;
END
$$;
COMMENT ON FUNCTION yuebao.own_scope() IS 'The rows of yuebao.access_scope that give the login something today.';

CREATE FUNCTION yuebao.is_house() RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_has_role(session_user, 'yuebao_admin', 'MEMBER') OR pg_has_role(session_user, 'yuebao_collector', 'MEMBER');
END
$$;
COMMENT ON FUNCTION yuebao.is_house() IS
    'Whether the login works for the house: an administrator, or the collector, whose transactions may ask what they have booked.';

CREATE FUNCTION yuebao.sees_everything() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN yuebao.is_house() OR EXISTS (SELECT FROM yuebao.own_scope() AS o WHERE o.kind = 'auditor');
END
$$;
COMMENT ON FUNCTION yuebao.sees_everything() IS 'Whether the login is an auditor or works for the house.';

CREATE FUNCTION yuebao.sees_every_district() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN yuebao.sees_everything()
        OR EXISTS (SELECT FROM yuebao.own_scope() AS o JOIN yuebao.district AS d ON d.district = o.district WHERE d.parent IS NULL);
END
$$;
COMMENT ON FUNCTION yuebao.sees_every_district() IS 'Whether nothing is held back from the login for its district.';

CREATE FUNCTION yuebao.sees_every_indicator() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN yuebao.is_house() OR EXISTS (SELECT FROM yuebao.own_scope() AS o WHERE o.kind <> 'department');
END
$$;
COMMENT ON FUNCTION yuebao.sees_every_indicator() IS 'Whether nothing is held back from the login for its indicator; a department sees its own alone.';

CREATE FUNCTION yuebao.seen_districts() RETURNS integer[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT a.district FROM yuebao.own_scope() AS o JOIN yuebao.district_ancestor AS a ON a.ancestor = o.district);
END
$$;
COMMENT ON FUNCTION yuebao.seen_districts() IS 'Districts that an official sees whole, or a department for its indicators; empty for others.';

CREATE FUNCTION yuebao.seen_indicators() RETURNS smallint[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT o.indicator FROM yuebao.own_scope() AS o WHERE o.indicator IS NOT NULL);
END
$$;
COMMENT ON FUNCTION yuebao.seen_indicators() IS 'A department''s indicators; empty for others.';

CREATE FUNCTION yuebao.seen_forms() RETURNS smallint[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT c.form FROM yuebao.own_scope() AS o JOIN yuebao.catalogue_form AS c ON c.indicator = o.indicator);
END
$$;
COMMENT ON FUNCTION yuebao.seen_forms() IS
    'Forms that have asked for a department''s indicators: it sees whether they are reported, by whom and when, but of their figures only its own.';

CREATE FUNCTION yuebao.seen_schools() RETURNS integer[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT o.school FROM yuebao.own_scope() AS o WHERE o.school IS NOT NULL);
END
$$;
COMMENT ON FUNCTION yuebao.seen_schools() IS 'An inspector''s schools, wherever they were; empty for others.';

-- ---- the guard ---------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.guard(guarded regclass, district name DEFAULT NULL, school name DEFAULT NULL, indicator name DEFAULT NULL,
                             form name DEFAULT NULL, hidden name[] DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- each (SELECT ...) is worked out once a query, and only if it is needed; the operators leak nothing, so a condition of the reader's may use an
    -- index before the policy has looked, and none of his functions sees a row before it
    place text := format('((SELECT yuebao.sees_every_district()) OR %I = ANY ((SELECT yuebao.seen_districts())::integer[]))', district);
    topic text := CASE
        WHEN indicator IS NOT NULL THEN
            format('((SELECT yuebao.sees_every_indicator()) OR %I = ANY ((SELECT yuebao.seen_indicators())::smallint[]))', indicator)
        WHEN form IS NOT NULL THEN format('((SELECT yuebao.sees_every_indicator()) OR %I = ANY ((SELECT yuebao.seen_forms())::smallint[]))', form)
        ELSE '(SELECT yuebao.sees_every_indicator())' END;
    own   text := CASE WHEN school IS NULL THEN '' ELSE format(' OR %I = ANY ((SELECT yuebao.seen_schools())::integer[])', school) END;
    shown text := (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute AS a
                   WHERE a.attrelid = guarded AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (hidden));
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('DROP POLICY IF EXISTS seen ON %s', guarded);
    EXECUTE format('CREATE POLICY seen ON %s FOR SELECT TO yuebao_teller USING (%s AND %s%s)', guarded, place, topic, own);
    EXECUTE CASE WHEN hidden = '{}' THEN format('GRANT SELECT ON %s TO yuebao_teller', guarded)
                 ELSE format('GRANT SELECT (%s) ON %s TO yuebao_teller', shown, guarded) END;
END
$$;
COMMENT ON FUNCTION yuebao.guard(regclass, name, name, name, name, name[]) IS
    'For migrations: lets schema api read a table by row level security. The names are of its columns: a district (needed), a school whose inspector '
    'sees the row too, an indicator or else a form that a department must have (neither: no department sees it), and columns that api never reads.';
REVOKE EXECUTE ON FUNCTION yuebao.guard(regclass, name, name, name, name, name[]) FROM PUBLIC;

SELECT yuebao.guard('yuebao.report', 'district', 'school', form => 'form', hidden => '{envelope, receipt}');
SELECT yuebao.guard('yuebao.kept', 'district', 'school', form => 'form', hidden => '{envelope, answer}');
SELECT yuebao.guard('yuebao.decision', 'district', 'school', form => 'form', hidden => '{answer}');
SELECT yuebao.guard('yuebao.figure', 'district', 'school', 'indicator');
SELECT yuebao.guard('yuebao.figure_history', 'district', 'school', 'indicator');
SELECT yuebao.guard('yuebao.total_folded', 'district', indicator => 'indicator');
SELECT yuebao.guard('yuebao.remark', 'district', 'school', 'indicator');
SELECT yuebao.guard('yuebao.review', 'district', 'school');
SELECT yuebao.guard('yuebao.declaration', 'district');
SELECT yuebao.guard('yuebao.snapshot_result', 'district');

-- What these say of a row is not said by columns of the usual kind.

-- a rule's finding tells of other indicators than the one it stands beside
DROP POLICY seen ON yuebao.remark;
CREATE POLICY seen ON yuebao.remark FOR SELECT TO yuebao_teller USING (
    ((SELECT yuebao.sees_every_district()) OR district = ANY ((SELECT yuebao.seen_districts())::integer[]))
    AND ((SELECT yuebao.sees_every_indicator()) OR rule = '' AND indicator = ANY ((SELECT yuebao.seen_indicators())::smallint[]))
    OR school = ANY ((SELECT yuebao.seen_schools())::integer[]));

ALTER TABLE yuebao.district_ancestor ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON yuebao.district_ancestor FOR SELECT TO yuebao_teller
    USING ((SELECT yuebao.sees_every_district()) OR ancestor = ANY ((SELECT yuebao.seen_districts())::integer[]));
GRANT SELECT ON yuebao.district_ancestor TO yuebao_teller;

ALTER TABLE yuebao.snapshot_target ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON yuebao.snapshot_target FOR SELECT TO yuebao_teller USING (
    ((SELECT yuebao.sees_every_district()) OR district = ANY ((SELECT yuebao.seen_districts())::integer[]))
    AND ((SELECT yuebao.sees_every_indicator())
         OR indicator IN (SELECT i.code FROM yuebao.indicator AS i WHERE i.indicator = ANY (yuebao.seen_indicators()))));
GRANT SELECT ON yuebao.snapshot, yuebao.snapshot_target TO yuebao_teller;

-- a refused statement only claims a school: by its code, so by the district that the school belongs to today
CREATE FUNCTION yuebao.seen_school_codes() RETURNS SETOF text
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 1000 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    districts integer[] := CASE WHEN yuebao.sees_every_indicator() THEN yuebao.seen_districts() ELSE '{}' END;
    schools   integer[] := yuebao.seen_schools();
BEGIN
    RETURN QUERY
    SELECT s.code FROM yuebao.school AS s
    WHERE s.school = ANY (schools)
       OR s.school IN (SELECT m.school FROM yuebao.school_district AS m
                       WHERE m.district = ANY (districts)
                         AND m.district = yuebao.school_district_on(m.school, greatest((now() AT TIME ZONE 'Asia/Shanghai')::date, m.valid_from)));
END
$$;
COMMENT ON FUNCTION yuebao.seen_school_codes() IS 'Codes of the schools that an official''s districts have today, or an inspector''s; empty for others.';

ALTER TABLE yuebao.rejection ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON yuebao.rejection FOR SELECT TO yuebao_teller
    USING ((SELECT yuebao.sees_everything()) OR school_code IN (SELECT c.code FROM yuebao.seen_school_codes() AS c (code)));
GRANT SELECT (rejection, school_code, form_code, period_text, revision, id, key, received_at, summary) ON yuebao.rejection TO yuebao_teller;

ALTER TABLE yuebao.access ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON yuebao.access FOR SELECT TO yuebao_teller USING (role = session_user::text OR (SELECT yuebao.sees_everything()));
ALTER TABLE yuebao.access_scope ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON yuebao.access_scope FOR SELECT TO yuebao_teller USING (role = session_user::text OR (SELECT yuebao.sees_everything()));
ALTER TABLE yuebao.audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON yuebao.audit_log FOR SELECT TO yuebao_teller USING ((SELECT yuebao.sees_everything()));
GRANT SELECT ON yuebao.access, yuebao.access_scope, yuebao.audit_log TO yuebao_teller;

-- The catalogue, for every reader: what is asked of whom and when, and what is planned.
GRANT SELECT ON yuebao.district, yuebao.school, yuebao.school_district, yuebao.plan, yuebao.indicator, yuebao.target, yuebao.baseline, yuebao.form,
    yuebao.form_indicator, yuebao.form_school, yuebao.rule, yuebao.rule_term, yuebao.catalogue_form, yuebao.calendar, yuebao.extension,
    yuebao.balance_indicator, yuebao.balance_threshold, yuebao.balance_exclusion TO yuebao_teller;
GRANT SELECT (catalogue, hash, made_at, governs_from) ON yuebao.catalogue TO yuebao_teller;
GRANT SELECT (school, enrolled_at, revoked_at) ON yuebao.school_key TO yuebao_teller; -- whether a school is enrolled
GRANT USAGE ON SCHEMA yuebao TO yuebao_teller;

-- ---- what is asked of them ---------------------------------------------------------------------------------------------------------------

-- Upwards: whose extension a district has, how its name is written in full. Of no use for adding up.
CREATE VIEW yuebao.district_above AS SELECT a.district, a.ancestor, a.distance FROM yuebao.district_ancestor AS a;
COMMENT ON VIEW   yuebao.district_above IS 'yuebao.district_ancestor for every reader, to go up by; what adds up goes down by the guarded table.';
COMMENT ON COLUMN yuebao.district_above.district IS 'The district below.';
COMMENT ON COLUMN yuebao.district_above.ancestor IS 'The district above, or the district itself.';
COMMENT ON COLUMN yuebao.district_above.distance IS 'Steps between them; 0 to itself.';
GRANT SELECT ON yuebao.district_above TO yuebao_teller;

CREATE VIEW yuebao.seen_district AS
SELECT d.district FROM yuebao.district AS d
WHERE (SELECT yuebao.sees_every_district()) OR d.district = ANY ((SELECT yuebao.seen_districts())::integer[]);
COMMENT ON VIEW   yuebao.seen_district IS 'Districts of which the login may be told totals.';
COMMENT ON COLUMN yuebao.seen_district.district IS 'The district; all below it are here too.';

CREATE VIEW yuebao.top_district AS
SELECT d.district FROM yuebao.seen_district AS s JOIN yuebao.district AS d ON d.district = s.district
WHERE d.parent IS NULL OR d.parent NOT IN (SELECT o.district FROM yuebao.seen_district AS o);
COMMENT ON VIEW   yuebao.top_district IS 'The uppermost of them: what is meant when nobody names a district.';
COMMENT ON COLUMN yuebao.top_district.district IS 'The district; the nation for whoever sees everything.';

CREATE VIEW yuebao.seen_indicator AS
SELECT i.indicator FROM yuebao.indicator AS i
WHERE (SELECT yuebao.sees_every_indicator()) OR i.indicator = ANY ((SELECT yuebao.seen_indicators())::smallint[]);
COMMENT ON VIEW   yuebao.seen_indicator IS 'Indicators whose figures the login may be told, where it may.';
COMMENT ON COLUMN yuebao.seen_indicator.indicator IS 'The indicator.';

CREATE VIEW yuebao.seen_school AS
SELECT s.school FROM yuebao.school AS s
WHERE (SELECT yuebao.sees_every_district()) OR s.school = ANY ((SELECT yuebao.seen_schools())::integer[])
   OR s.school IN (SELECT m.school FROM yuebao.school_district AS m WHERE m.district = ANY ((SELECT yuebao.seen_districts())::integer[]));
COMMENT ON VIEW   yuebao.seen_school IS 'Schools of which the login may be told something: assigned, or of one of its districts once.';
COMMENT ON COLUMN yuebao.seen_school.school IS 'The school.';

CREATE OR REPLACE VIEW yuebao.district_extension AS
SELECT DISTINCT ON (e.form, e.period, a.district)
       e.form, e.period, a.district, e.opens_at, e.due_at, e.closes_at, e.reason
FROM yuebao.extension AS e JOIN yuebao.district_above AS a ON a.ancestor = e.district
ORDER BY e.form, e.period, a.district, a.distance;

-- What is owed is no secret, but beside reports that are not shown it would all seem to be missing.
CREATE OR REPLACE VIEW yuebao.slot AS
SELECT m.district, c.period, m.school, c.form, f.kind, f.frequency, yuebao.period_last_day(c.period, f.frequency) AS last_day,
       coalesce(own.opens_at, near.opens_at, c.opens_at) AS opens_at, coalesce(own.due_at, near.due_at, c.due_at) AS due_at,
       coalesce(own.closes_at, near.closes_at, c.closes_at) AS closes_at, coalesce(own.reason, near.reason) AS extension, c.zone, c.catalogue
FROM yuebao.calendar AS c
JOIN yuebao.form AS f ON f.form = c.form
JOIN yuebao.school AS s ON s.kind = f.kind AND s.opened_on <= yuebao.period_last_day(c.period, f.frequency)
    AND (s.closed_on IS NULL OR s.closed_on >= yuebao.period_last_day(c.period, f.frequency))
JOIN yuebao.school_district AS m ON m.school = s.school AND m.valid_from <= yuebao.period_last_day(c.period, f.frequency)
LEFT JOIN yuebao.extension AS own ON own.form = c.form AND own.period = c.period AND own.school = m.school
LEFT JOIN yuebao.district_extension AS near ON near.form = c.form AND near.period = c.period AND near.district = m.district
WHERE NOT EXISTS (SELECT FROM yuebao.school_district AS n
                  WHERE n.school = m.school AND n.valid_from > m.valid_from
                    AND n.valid_from <= yuebao.period_last_day(c.period, f.frequency))
  AND (f.name = '' OR EXISTS (SELECT FROM yuebao.form_school AS o WHERE o.form = f.form AND o.school = m.school))
  AND (((SELECT yuebao.sees_every_district()) OR m.district = ANY ((SELECT yuebao.seen_districts())::integer[]))
       AND ((SELECT yuebao.sees_every_indicator()) OR c.form = ANY ((SELECT yuebao.seen_forms())::smallint[]))
       OR m.school = ANY ((SELECT yuebao.seen_schools())::integer[]));

-- A row of total_delta holds many indicators, so no policy on rows could part them: it is read by this view alone, which takes them apart first. Ask
-- it by key in a subquery, as total_delta was: joined it would be read whole.
CREATE VIEW yuebao.total_unfolded WITH (security_barrier) AS
SELECT d.district, d.period, d.form, u.indicator, u.schools, u.excused, u.value, u.denominator
FROM yuebao.total_delta AS d
CROSS JOIN LATERAL unnest(d.indicator, d.schools, d.excused, d.value, d.denominator) AS u (indicator, schools, excused, value, denominator)
WHERE ((SELECT yuebao.sees_every_district()) OR d.district = ANY ((SELECT yuebao.seen_districts())::integer[]))
  AND ((SELECT yuebao.sees_every_indicator()) OR u.indicator = ANY ((SELECT yuebao.seen_indicators())::smallint[]));
COMMENT ON VIEW   yuebao.total_unfolded IS 'yuebao.total_delta, an indicator a row, as far as the login sees.';
COMMENT ON COLUMN yuebao.total_unfolded.district IS 'As in total_delta.';
COMMENT ON COLUMN yuebao.total_unfolded.period IS 'As in total_delta.';
COMMENT ON COLUMN yuebao.total_unfolded.form IS 'As in total_delta.';
COMMENT ON COLUMN yuebao.total_unfolded.indicator IS 'The indicator.';
COMMENT ON COLUMN yuebao.total_unfolded.schools IS 'Change of the schools with a value.';
COMMENT ON COLUMN yuebao.total_unfolded.excused IS 'Change of the schools with a reason.';
COMMENT ON COLUMN yuebao.total_unfolded.value IS 'Change of the sum of values.';
COMMENT ON COLUMN yuebao.total_unfolded.denominator IS 'Change of the sum of denominators.';
GRANT SELECT ON yuebao.total_unfolded TO yuebao_teller;

CREATE OR REPLACE VIEW yuebao.total_part AS
SELECT f.district, f.period, f.form, f.indicator, f.schools, f.excused, f.value, f.denominator
FROM yuebao.total_folded AS f
UNION ALL
SELECT u.district, u.period, u.form, u.indicator, u.schools, u.excused, u.value::numeric, u.denominator::numeric
FROM yuebao.total_unfolded AS u;

CREATE OR REPLACE FUNCTION yuebao.balance_has_figures(in_districts integer[], of_form smallint, of_period date, of_indicator smallint) RETURNS boolean
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM yuebao.total_folded AS t
                   WHERE t.district = ANY (in_districts) AND t.period = of_period AND t.form = of_form AND t.indicator = of_indicator AND t.schools > 0)
        OR EXISTS (SELECT FROM yuebao.total_unfolded AS u
                   WHERE u.district = ANY (in_districts) AND u.period = of_period AND u.form = of_form AND u.indicator = of_indicator);
END;

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
    SELECT t.district, t.period, t.schools, t.excused,
           CASE WHEN t.schools = 0 THEN NULL
                WHEN rule = 'max' THEN (SELECT max(m.value)::numeric
                                        FROM yuebao.district_ancestor AS a
                                        CROSS JOIN LATERAL (SELECT max(g.value) AS value FROM yuebao.figure AS g
                                                            WHERE g.district = a.district AND g.period = t.period AND g.indicator = of_indicator
                                                              AND g.form = ANY (forms) OFFSET 0) AS m
                                        WHERE a.ancestor = t.district)
                ELSE t.value END,
           CASE WHEN t.schools > 0 THEN t.denominator END
    FROM (
        SELECT a.ancestor AS district, p.period, sum(t.schools)::bigint AS schools, sum(t.excused)::bigint AS excused, sum(t.value) AS value,
               sum(t.denominator) AS denominator
        FROM unnest(in_districts) AS n (district)
        JOIN yuebao.district_ancestor AS a ON a.ancestor = n.district
        CROSS JOIN unnest(of_periods) AS p (period)
        CROSS JOIN unnest(forms) AS f (form)
        CROSS JOIN LATERAL (
            SELECT q.schools, q.excused, q.value, q.denominator FROM yuebao.total_folded AS q
            WHERE q.district = a.district AND q.period = p.period AND q.form = f.form AND q.indicator = of_indicator
            UNION ALL
            SELECT u.schools, u.excused, u.value, u.denominator FROM yuebao.total_unfolded AS u
            WHERE u.district = a.district AND u.period = p.period AND u.form = f.form AND u.indicator = of_indicator
            OFFSET 0) AS t
        GROUP BY a.ancestor, p.period) AS t;
END
$$;

-- A review is of a whole report: not for a department, which sees a part.
CREATE OR REPLACE VIEW yuebao.reviewed AS
SELECT o.district, o.period, o.school, o.form, n.revision, n.received_at, n.late, n.admitted, n.correction,
       v.review, coalesce(v.verdict, 'waiting') AS verdict, v.note, v.made_by, v.made_at
FROM yuebao.report AS o
CROSS JOIN LATERAL (SELECT r.revision, r.received_at, r.late, r.admitted, r.correction FROM yuebao.report AS r
                    WHERE r.district = o.district AND r.period = o.period AND r.school = o.school AND r.form = o.form
                    ORDER BY r.revision DESC LIMIT 1) AS n
LEFT JOIN LATERAL (SELECT w.review, w.verdict, w.note, w.made_by, w.made_at FROM yuebao.review AS w
                   WHERE w.district = o.district AND w.period = o.period AND w.school = o.school AND w.form = o.form AND w.revision = n.revision
                   ORDER BY w.review DESC LIMIT 1) AS v ON true
WHERE o.revision = 1 AND (SELECT yuebao.sees_every_indicator());

-- These only read; with their owner's rights they would read past the guard. sql/api/90-grants.sql lets yuebao_teller call what runs with its own.
ALTER FUNCTION yuebao.count_reviews(integer, date, text) SECURITY INVOKER;
ALTER FUNCTION yuebao.changed_since(yuebao.declaration) SECURITY INVOKER;
ALTER FUNCTION yuebao.is_declared(integer, date, text) SECURITY INVOKER;

-- ---- without a district: everywhere, as far as the login sees -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION yuebao.reports_of(in_district integer, of_period date, of_form smallint)
    RETURNS TABLE (district integer, school integer, revision integer)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    districts integer[] := CASE WHEN in_district IS NULL THEN ARRAY(SELECT d.district FROM yuebao.district AS d)
                                ELSE ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district) END;
BEGIN
    RETURN QUERY
    SELECT r.district, r.school, max(r.revision) FROM yuebao.report AS r
    WHERE r.district = ANY (districts) AND r.period = of_period AND r.form = of_form
    GROUP BY r.district, r.school;
END
$$;

CREATE OR REPLACE FUNCTION yuebao.slots_kept_to(in_district integer, of_year integer, of_school integer)
    RETURNS TABLE (district integer, school integer, form smallint, expected bigint, on_time bigint, late bigint, kept bigint, missing bigint)
    LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
DECLARE
    below   integer[] := CASE
        WHEN of_school IS NOT NULL THEN ARRAY(SELECT m.district FROM yuebao.school_district AS m WHERE m.school = of_school)
        WHEN in_district IS NULL THEN ARRAY(SELECT d.district FROM yuebao.district AS d)
        ELSE ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a WHERE a.ancestor = in_district) END;
    -- an ISO week may begin in the year before
    periods date[] := ARRAY(SELECT DISTINCT c.period FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
                            WHERE c.period BETWEEN make_date(of_year - 1, 12, 25) AND make_date(of_year, 12, 31)
                              AND left(yuebao.period_text(c.period, f.frequency), 4)::integer = of_year);
BEGIN
    RETURN QUERY
    WITH reports AS MATERIALIZED (
        SELECT l.district, l.period, l.school, l.form, l.late FROM yuebao.report AS l
        WHERE l.district = ANY (below) AND l.period = ANY (periods) AND l.revision = 1 AND (of_school IS NULL OR l.school = of_school)
    )
    SELECT t.district, t.school, t.form, count(*), count(*) FILTER (WHERE NOT t.was_late), count(*) FILTER (WHERE t.was_late),
           count(*) FILTER (WHERE t.was_late IS NULL AND t.waits), count(*) FILTER (WHERE t.was_late IS NULL AND NOT t.waits)
    FROM (SELECT o.district, o.school, o.form, r.late AS was_late,
                 r.late IS NULL AND EXISTS (SELECT FROM yuebao.undecided AS k
                                            WHERE k.school = o.school AND k.period = o.period AND k.form = o.form) AS waits
          FROM yuebao.slot AS o
          LEFT JOIN reports AS r ON r.school = o.school AND r.form = o.form AND r.period = o.period AND r.district = o.district
          WHERE o.district = ANY (below) AND o.period = ANY (periods) AND (of_school IS NULL OR o.school = of_school)
            AND left(yuebao.period_text(o.period, o.frequency), 4)::integer = of_year
            AND o.opens_at <= now() AND (o.due_at <= now() OR r.late IS NOT NULL)) AS t
    GROUP BY t.district, t.school, t.form;
END
$$;
COMMENT ON FUNCTION yuebao.slots_kept_to(integer, integer, integer) IS
    'How a year''s reports came, by form: of one school (of_school), else of every one of the district and those below it (NULL: everywhere): '
    'expected = on_time + late + kept + missing. kept came after close, waits for a decision and is not in the books.';

-- ---- granting ----------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.grant_access(of_role text, as_kind text, districts integer[], schools integer[], indicators smallint[], from_day date,
                                    until_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held    text;
    granted integer;
BEGIN
    IF EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = of_role AND pg_has_role(r.oid, 'yuebao_admin', 'MEMBER')) THEN
        RAISE EXCEPTION '% is an administrator and sees everything', of_role USING ERRCODE = 'invalid_grant_operation', CONSTRAINT = 'access_not_of_admin';
    END IF;
    INSERT INTO yuebao.access (role, kind) VALUES (of_role, as_kind) ON CONFLICT ON CONSTRAINT access_pk DO NOTHING;
    SELECT a.kind INTO STRICT held FROM yuebao.access AS a WHERE a.role = of_role FOR UPDATE;
    IF held <> as_kind THEN
        RAISE EXCEPTION '% is of kind % already', of_role, held USING ERRCODE = 'object_in_use', CONSTRAINT = 'access_one_kind',
            HINT = 'Revoke it first, or give each task a login of its own: what two kinds see together adds up to no whole.';
    END IF;
    INSERT INTO yuebao.access_scope AS s (role, kind, district, school, indicator, from_day, until_day)
    SELECT of_role, as_kind, u.district, u.school, u.indicator, grant_access.from_day, grant_access.until_day
    FROM (SELECT d, NULL::integer, NULL::smallint FROM unnest(districts) AS d
          UNION SELECT NULL, c, NULL FROM unnest(schools) AS c
          UNION SELECT NULL, NULL, i FROM unnest(indicators) AS i
          UNION SELECT NULL, NULL, NULL WHERE as_kind = 'auditor') AS u (district, school, indicator)
    ON CONFLICT ON CONSTRAINT access_scope_once DO UPDATE
        SET from_day = excluded.from_day, until_day = excluded.until_day, made_by = session_user, made_at = now()
        WHERE (s.from_day, s.until_day) IS DISTINCT FROM (excluded.from_day, excluded.until_day);
    GET DIAGNOSTICS granted = ROW_COUNT;
    IF granted > 0 THEN
        INSERT INTO yuebao.audit_log (action, detail)
        VALUES ('access grant', jsonb_strip_nulls(jsonb_build_object(
            'role', of_role, 'kind', as_kind, 'districts', nullif(districts, '{}'),
            'schools', (SELECT array_agg(c.code ORDER BY c.code) FROM yuebao.school AS c WHERE c.school = ANY (schools)),
            'indicators', (SELECT array_agg(i.code ORDER BY i.code) FROM yuebao.indicator AS i WHERE i.indicator = ANY (indicators)),
            'from', nullif(grant_access.from_day, '-infinity'), 'until', nullif(grant_access.until_day, 'infinity'))));
    END IF;
    RETURN granted;
END
$$;
COMMENT ON FUNCTION yuebao.grant_access(text, text, integer[], integer[], smallint[], date, date) IS
    'Lets a login see these besides what it sees, from the one day to the other; how many rows are new or changed their days. Refused for an '
    'administrator, and when the login is of another kind.';

CREATE FUNCTION yuebao.revoke_access(of_role text, districts integer[], schools integer[], indicators smallint[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    whole   boolean := num_nonnulls(districts, schools, indicators) = 0;
    revoked integer;
    last    boolean;
BEGIN
    PERFORM FROM yuebao.access AS a WHERE a.role = of_role FOR UPDATE;
    DELETE FROM yuebao.access_scope AS s
    WHERE s.role = of_role AND (whole OR s.district = ANY (districts) OR s.school = ANY (schools) OR s.indicator = ANY (indicators));
    GET DIAGNOSTICS revoked = ROW_COUNT;
    DELETE FROM yuebao.access AS a
    WHERE a.role = of_role AND NOT EXISTS (SELECT FROM yuebao.access_scope AS s WHERE s.role = of_role);
    last := FOUND;
    IF revoked > 0 OR last THEN
        INSERT INTO yuebao.audit_log (action, detail)
        VALUES ('access revoke', jsonb_strip_nulls(jsonb_build_object(
            'role', of_role, 'districts', districts,
            'schools', (SELECT array_agg(c.code ORDER BY c.code) FROM yuebao.school AS c WHERE c.school = ANY (schools)),
            'indicators', (SELECT array_agg(i.code ORDER BY i.code) FROM yuebao.indicator AS i WHERE i.indicator = ANY (indicators)), 'last', last)));
    END IF;
    RETURN revoked;
END
$$;
COMMENT ON FUNCTION yuebao.revoke_access(text, integer[], integer[], smallint[]) IS
    'Takes these from what a login sees, or everything where nothing is named; how many rows that were. What is open keeps what it has read; the next '
    'query sees less.';

REVOKE EXECUTE ON FUNCTION yuebao.own_scope(), yuebao.is_house(), yuebao.sees_everything(), yuebao.sees_every_district(), yuebao.sees_every_indicator(),
    yuebao.seen_districts(), yuebao.seen_indicators(), yuebao.seen_forms(), yuebao.seen_schools(), yuebao.seen_school_codes(),
    yuebao.grant_access(text, text, integer[], integer[], smallint[], date, date), yuebao.revoke_access(text, integer[], integer[], smallint[]) FROM PUBLIC;
-- policies and views ask them with the reader's rights; who cannot use schema yuebao cannot name them
GRANT EXECUTE ON FUNCTION yuebao.is_house(), yuebao.sees_everything(), yuebao.sees_every_district(), yuebao.sees_every_indicator(),
    yuebao.seen_districts(), yuebao.seen_indicators(), yuebao.seen_forms(), yuebao.seen_schools(), yuebao.seen_school_codes()
    TO yuebao_reader, yuebao_teller;
