-- Balance between schools: which per-pupil resources are compared, by which figures, with which thresholds, and which schools do not take
-- part. All of it is data: balance.csv (yuebaoctl import) and yuebaoctl balance exclude. What is made of it: sql/api/75-balance.sql.

CREATE TABLE yuebao.balance_indicator (
    balance          text     NOT NULL CONSTRAINT balance_indicator_pk PRIMARY KEY
                     CONSTRAINT balance_indicator_code_shape CHECK (balance ~ '^[a-z][a-z0-9_]{0,62}$'),
    position         integer  NOT NULL,
    name_zh          text     NOT NULL,
    name_en          text     NOT NULL,
    unit             text     NOT NULL,
    value_indicator  smallint NOT NULL CONSTRAINT balance_indicator_of_known_value REFERENCES yuebao.indicator (indicator),
    value_part       text     NOT NULL CONSTRAINT balance_indicator_value_part_known CHECK (value_part IN ('value', 'denominator')),
    pupils_indicator smallint NOT NULL CONSTRAINT balance_indicator_of_known_pupils REFERENCES yuebao.indicator (indicator),
    pupils_part      text     NOT NULL CONSTRAINT balance_indicator_pupils_part_known CHECK (pupils_part IN ('value', 'denominator')),
    scale            integer  NOT NULL CONSTRAINT balance_indicator_scale_known CHECK (scale IN (1, 100)),
    note             text     NOT NULL DEFAULT ''
);
COMMENT ON TABLE  yuebao.balance_indicator IS 'Resources per pupil whose balance between schools is judged; from balance.csv.';
COMMENT ON COLUMN yuebao.balance_indicator.balance IS 'Code of the resource.';
COMMENT ON COLUMN yuebao.balance_indicator.position IS 'Line in balance.csv; the order in which people see them.';
COMMENT ON COLUMN yuebao.balance_indicator.name_zh IS 'Chinese name.';
COMMENT ON COLUMN yuebao.balance_indicator.name_en IS 'English name.';
COMMENT ON COLUMN yuebao.balance_indicator.unit IS 'Unit of the resource per pupil, or per 100 pupils.';
COMMENT ON COLUMN yuebao.balance_indicator.value_indicator IS 'Indicator that has the resource.';
COMMENT ON COLUMN yuebao.balance_indicator.value_part IS 'Which part of it: the value (numerator) or the denominator.';
COMMENT ON COLUMN yuebao.balance_indicator.pupils_indicator IS 'Indicator that has the pupils; where it stands on another form, of the period that contains the last day.';
COMMENT ON COLUMN yuebao.balance_indicator.pupils_part IS 'Which part of it.';
COMMENT ON COLUMN yuebao.balance_indicator.scale IS 'Per how many pupils it is shown: 1 or 100. The coefficient of variation does not depend on it.';
COMMENT ON COLUMN yuebao.balance_indicator.note IS 'For people.';

CREATE TABLE yuebao.balance_threshold (
    balance   text NOT NULL CONSTRAINT balance_threshold_of_known_indicator REFERENCES yuebao.balance_indicator (balance) ON DELETE CASCADE,
    kind      text NOT NULL CONSTRAINT balance_threshold_kind_known
              CHECK (kind IN ('kindergarten', 'primary', 'junior', 'senior', 'vocational', 'special')),
    threshold numeric CONSTRAINT balance_threshold_positive CHECK (threshold > 0),
    CONSTRAINT balance_threshold_pk PRIMARY KEY (balance, kind)
);
COMMENT ON TABLE  yuebao.balance_threshold IS 'For which kinds of school a resource is compared, each kind by itself, and how uneven it may be.';
COMMENT ON COLUMN yuebao.balance_threshold.balance IS 'As in balance_indicator.';
COMMENT ON COLUMN yuebao.balance_threshold.kind IS 'Kind of school.';
COMMENT ON COLUMN yuebao.balance_threshold.threshold IS 'Highest coefficient of variation that meets the standard; NULL: none is set.';

CREATE TABLE yuebao.balance_exclusion (
    school    integer NOT NULL CONSTRAINT balance_exclusion_of_known_school REFERENCES yuebao.school (school),
    from_day  date    NOT NULL DEFAULT '-infinity',
    until_day date    NOT NULL DEFAULT 'infinity',
    reason    text    NOT NULL CONSTRAINT balance_exclusion_has_reason CHECK (reason <> '' AND octet_length(reason) <= 600),
    made_by   text    NOT NULL DEFAULT session_user,
    made_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT balance_exclusion_pk PRIMARY KEY (school, from_day),
    CONSTRAINT balance_exclusion_ends_after_start CHECK (until_day >= from_day)
);
COMMENT ON TABLE  yuebao.balance_exclusion IS 'Schools that do not take part in the comparison, from when to when and why. A period is left out when its last day is within.';
COMMENT ON COLUMN yuebao.balance_exclusion.school IS 'The school.';
COMMENT ON COLUMN yuebao.balance_exclusion.from_day IS 'First day; -infinity: from the beginning.';
COMMENT ON COLUMN yuebao.balance_exclusion.until_day IS 'Last day; infinity: without end.';
COMMENT ON COLUMN yuebao.balance_exclusion.reason IS 'Why; shown beside the school.';
COMMENT ON COLUMN yuebao.balance_exclusion.made_by IS 'Database user who said so.';
COMMENT ON COLUMN yuebao.balance_exclusion.made_at IS 'When.';

CREATE FUNCTION yuebao.balance_exclude(code text, from_day date, until_day date, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    left_out integer;
    other    record;
BEGIN
    -- the school's row is the lock: two who exclude one school see each other's days
    SELECT s.school INTO left_out FROM yuebao.school AS s WHERE s.code = balance_exclude.code FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no school %', code USING ERRCODE = 'no_data_found';
    END IF;
    SELECT e.from_day, e.until_day, e.reason INTO other FROM yuebao.balance_exclusion AS e
    WHERE e.school = left_out AND e.from_day <= balance_exclude.until_day AND e.until_day >= balance_exclude.from_day
    ORDER BY e.from_day LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'school % is excluded from % to % already: %', code, other.from_day, other.until_day, other.reason
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'balance_exclusion_once',
                  HINT = 'Include it again first: yuebaoctl balance include.';
    END IF;
    INSERT INTO yuebao.balance_exclusion (school, from_day, until_day, reason)
    VALUES (left_out, balance_exclude.from_day, balance_exclude.until_day, balance_exclude.reason);
END
$$;
COMMENT ON FUNCTION yuebao.balance_exclude(text, date, date, text) IS
    'The school does not take part from the one day to the other; refused where it is excluded already on one of these days.';

CREATE FUNCTION yuebao.balance_include(code text, from_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    included integer;
    ended    integer;
    cut      integer;
BEGIN
    SELECT s.school INTO included FROM yuebao.school AS s WHERE s.code = balance_include.code FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no school %', code USING ERRCODE = 'no_data_found';
    END IF;
    DELETE FROM yuebao.balance_exclusion AS e WHERE e.school = included AND e.from_day >= balance_include.from_day;
    GET DIAGNOSTICS ended = ROW_COUNT;
    UPDATE yuebao.balance_exclusion AS e SET until_day = balance_include.from_day - 1
    WHERE e.school = included AND e.until_day >= balance_include.from_day;
    GET DIAGNOSTICS cut = ROW_COUNT;
    RETURN ended + cut;
END
$$;
COMMENT ON FUNCTION yuebao.balance_include(text, date) IS
    'The school takes part again from that day on; exclusions before it stay. Returns how many ended or were taken back.';

-- ---- what the questions are made of --------------------------------------------------------------------------------------------------

CREATE FUNCTION yuebao.balance_square(value numeric, pupils numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN div(value * value * 1e30, pupils);
COMMENT ON FUNCTION yuebao.balance_square(numeric, numeric) IS
    'y²/p in units of 10^-30, cut off there: what each school adds to the sum from which the variance follows.';

-- (Σ p/P · (y/p − X)²) / X² = P · Σ y²/p / Y² − 1: sums alone, so a school leaves or changes without going through the others again.
CREATE FUNCTION yuebao.balance_cv(pupils numeric, value numeric, squares numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN value > 0 THEN sqrt(greatest(pupils * squares - value * value * 1e30, 0) / (value * value * 1e30)) END;
COMMENT ON FUNCTION yuebao.balance_cv(numeric, numeric, numeric) IS
    'Coefficient of variation weighted by pupils, from P, Y and Σ balance_square: sqrt(P · Σ y²/p / Y² − 1), 16 significant digits at least; NULL '
    'when there is nothing to vary (Y = 0, no school).';

CREATE FUNCTION yuebao.balance_settled(in_districts integer[], of_form smallint, of_period date) RETURNS boolean
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM yuebao.calendar AS c WHERE c.form = of_form AND c.period = of_period AND c.closes_at <= now())
       AND NOT EXISTS (SELECT FROM yuebao.extension AS e WHERE e.form = of_form AND e.period = of_period AND e.closes_at > now()) THEN
        RETURN true;
    END IF;
    RETURN NOT EXISTS (
        SELECT FROM yuebao.slot AS o
        WHERE o.district = ANY (in_districts) AND o.form = of_form AND o.period = of_period AND o.closes_at > now()
          AND NOT EXISTS (SELECT FROM yuebao.report AS r
                          WHERE r.district = o.district AND r.period = of_period AND r.school = o.school AND r.form = of_form
                            AND r.revision = 1));
END
$$;
COMMENT ON FUNCTION yuebao.balance_settled(integer[], smallint, date) IS 'In these districts every slot of the period is closed or reported.';

CREATE FUNCTION yuebao.balance_has_figures(in_districts integer[], of_form smallint, of_period date, of_indicator smallint) RETURNS boolean
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM yuebao.total_folded AS t
                   WHERE t.district = ANY (in_districts) AND t.period = of_period AND t.form = of_form AND t.indicator = of_indicator AND t.schools > 0)
        OR EXISTS (SELECT FROM yuebao.total_delta AS d
                   WHERE d.district = ANY (in_districts) AND d.period = of_period AND d.form = of_form AND d.indicator @> ARRAY[of_indicator]);
END;
COMMENT ON FUNCTION yuebao.balance_has_figures(integer[], smallint, date, smallint) IS 'Some school of these districts has stated the indicator.';

CREATE TYPE yuebao.balance_window AS (
    window_no       integer,
    balance         text,
    kind            text,
    form            smallint,
    frequency       text,
    period          date,
    pupils_form     smallint,
    pupils_period   date,
    value_decimals  smallint,
    pupils_decimals smallint
);
COMMENT ON TYPE   yuebao.balance_window IS 'A resource, a kind of school, and where both figures of the period stand that is asked.';
COMMENT ON COLUMN yuebao.balance_window.window_no IS 'Numbers them in the order in which people see them.';
COMMENT ON COLUMN yuebao.balance_window.balance IS 'As in balance_threshold.';
COMMENT ON COLUMN yuebao.balance_window.kind IS 'As in balance_threshold.';
COMMENT ON COLUMN yuebao.balance_window.form IS 'The form that asks for the resource.';
COMMENT ON COLUMN yuebao.balance_window.frequency IS 'Its frequency.';
COMMENT ON COLUMN yuebao.balance_window.period IS 'First day of the period.';
COMMENT ON COLUMN yuebao.balance_window.pupils_form IS 'The form that asks for the pupils; NULL: none does.';
COMMENT ON COLUMN yuebao.balance_window.pupils_period IS 'First day of its period that contains the last day.';
COMMENT ON COLUMN yuebao.balance_window.value_decimals IS 'Decimals of the resource as stored.';
COMMENT ON COLUMN yuebao.balance_window.pupils_decimals IS 'Decimals of the pupils as stored.';

CREATE FUNCTION yuebao.balance_windows(in_district integer, in_period text, of_kind text, of_balance text) RETURNS SETOF yuebao.balance_window
    LANGUAGE plpgsql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked_period    date;
    asked_frequency text;
    districts       integer[] := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a
                                       WHERE (in_district IS NULL AND a.distance = 0) OR a.ancestor = in_district);
BEGIN
    IF in_period IS NOT NULL THEN
        SELECT p.first_day, p.frequency INTO asked_period, asked_frequency FROM yuebao.period_of(in_period) AS p;
    END IF;
    RETURN QUERY
    WITH opened AS MATERIALIZED (
        SELECT c.form, c.period, c.catalogue, f.kind, f.frequency, yuebao.period_last_day(c.period, f.frequency) AS last_day
        FROM yuebao.calendar AS c JOIN yuebao.form AS f ON f.form = c.form
        WHERE f.name = '' AND c.opens_at <= now() AND (of_kind IS NULL OR f.kind = of_kind)
          AND (in_period IS NULL OR c.period = asked_period AND f.frequency = asked_frequency)
          AND EXISTS (SELECT FROM yuebao.balance_indicator AS b
                      JOIN yuebao.catalogue_form AS q ON q.catalogue = c.catalogue AND q.form = c.form AND q.indicator = b.value_indicator)
    ), usable AS MATERIALIZED (
        SELECT o.* FROM opened AS o WHERE in_period IS NOT NULL OR yuebao.balance_settled(districts, o.form, o.period)
    )
    SELECT row_number() OVER (ORDER BY array_position(ARRAY['kindergarten', 'primary', 'junior', 'senior', 'vocational', 'special'], k.kind),
                                    b.position, b.balance)::integer, b.balance, k.kind, u.form, u.frequency, u.period,
           p.form, p.period,
           CASE b.value_part WHEN 'value' THEN v.decimals ELSE v.denominator_decimals END,
           CASE b.pupils_part WHEN 'value' THEN n.decimals ELSE n.denominator_decimals END
    FROM yuebao.balance_indicator AS b
    JOIN yuebao.balance_threshold AS k ON k.balance = b.balance
    JOIN yuebao.indicator AS v ON v.indicator = b.value_indicator
    JOIN yuebao.indicator AS n ON n.indicator = b.pupils_indicator
    CROSS JOIN LATERAL (
        SELECT s.* FROM usable AS s
        JOIN yuebao.catalogue_form AS q ON q.catalogue = s.catalogue AND q.form = s.form AND q.indicator = b.value_indicator
        WHERE s.kind = k.kind
          AND (in_period IS NOT NULL OR yuebao.balance_has_figures(districts, s.form, s.period, b.value_indicator))
        ORDER BY s.last_day DESC, s.form LIMIT 1) AS u
    LEFT JOIN LATERAL ( -- the pupils: of the same form, else of the form's period that contains the last day
        SELECT c.form, c.period
        FROM yuebao.form AS f
        JOIN yuebao.calendar AS c ON c.form = f.form AND c.period = yuebao.period_first_day(u.last_day, f.frequency)
        JOIN yuebao.catalogue_form AS q ON q.catalogue = c.catalogue AND q.form = c.form AND q.indicator = b.pupils_indicator
        WHERE f.kind = u.kind AND f.name = ''
        ORDER BY c.form <> u.form, f.code LIMIT 1) AS p ON true
    WHERE of_balance IS NULL OR b.balance = of_balance;
END
$$;
COMMENT ON FUNCTION yuebao.balance_windows(integer, text, text, text) IS
    'Each resource and kind with the period that is asked: the one named, else the newest that is settled in the district and in which some school '
    'has stated it; and on which form and period the pupils stand.';

-- A function of its own, because its plan is made for one period and so looks at one partition.
CREATE FUNCTION yuebao.balance_rows(in_district integer, of_form smallint, of_period date, of_frequency text, windows integer[], balances text[],
                                    pupils_forms smallint[], pupils_periods date[])
    RETURNS TABLE (window_no integer, district integer, school integer, excluded text, value bigint, pupils bigint)
    LANGUAGE plpgsql STABLE ROWS 5000 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    end_day   date := yuebao.period_last_day(of_period, of_frequency);
    districts integer[] := ARRAY(SELECT a.district FROM yuebao.district_ancestor AS a
                                 WHERE (in_district IS NULL AND a.distance = 0) OR a.ancestor = in_district);
BEGIN
    RETURN QUERY
    WITH owed AS MATERIALIZED (
        SELECT o.district, o.school, e.reason
        FROM yuebao.slot AS o
        LEFT JOIN yuebao.balance_exclusion AS e ON e.school = o.school AND e.from_day <= end_day AND e.until_day >= end_day
        WHERE o.district = ANY (districts) AND o.form = of_form AND o.period = of_period AND o.opens_at <= now()
    )
    SELECT w.window_no, o.district, o.school, o.reason,
           CASE b.value_part WHEN 'value' THEN v.value ELSE v.denominator END,
           CASE WHEN b.pupils_indicator <> b.value_indicator THEN (
                    SELECT CASE b.pupils_part WHEN 'value' THEN g.value ELSE g.denominator END FROM yuebao.figure AS g
                    WHERE g.district = CASE WHEN w.pupils_form = of_form THEN o.district
                                            ELSE yuebao.school_district_on(o.school, yuebao.period_last_day(w.pupils_period, f.frequency)) END
                      AND g.period = w.pupils_period AND g.school = o.school AND g.indicator = b.pupils_indicator AND g.form = w.pupils_form
                      AND g.value IS NOT NULL)
                WHEN b.pupils_part = 'value' THEN v.value
                ELSE v.denominator END
    FROM owed AS o
    CROSS JOIN unnest(windows, balances, pupils_forms, pupils_periods) AS w (window_no, balance, pupils_form, pupils_period)
    JOIN yuebao.balance_indicator AS b ON b.balance = w.balance
    LEFT JOIN yuebao.form AS f ON f.form = w.pupils_form
    LEFT JOIN LATERAL (SELECT g.value, g.denominator FROM yuebao.figure AS g
                       WHERE g.district = o.district AND g.period = of_period AND g.school = o.school AND g.indicator = b.value_indicator
                         AND g.form = of_form AND g.value IS NOT NULL OFFSET 0) AS v ON true;
END
$$;
COMMENT ON FUNCTION yuebao.balance_rows(integer, smallint, date, text, integer[], text[], smallint[], date[]) IS
    'Every school that owes the form and period, once a window: why it is excluded, its resource and its pupils as stored; NULL where it stated none.';

CREATE FUNCTION yuebao.balance_parts(in_district integer, windows yuebao.balance_window[], leaving_out text[],
                                     if_school text, if_value numeric, if_pupils numeric)
    RETURNS TABLE (window_no integer, district integer, school integer, standing text, reason text, value numeric, pupils numeric, square numeric)
    LANGUAGE sql STABLE
BEGIN ATOMIC
SELECT r.window_no, r.district, r.school, t.standing, r.excluded, n.value, n.pupils,
       CASE WHEN t.standing = 'counted' THEN yuebao.balance_square(n.value, n.pupils) END
FROM (SELECT w.form, w.period, w.frequency, array_agg(w.window_no) AS nos, array_agg(w.balance) AS balances,
             array_agg(w.pupils_form) AS forms, array_agg(w.pupils_period) AS periods
      FROM unnest(windows) AS w GROUP BY w.form, w.period, w.frequency) AS f
CROSS JOIN LATERAL yuebao.balance_rows(in_district, f.form, f.period, f.frequency, f.nos, f.balances, f.forms, f.periods) AS r
JOIN unnest(windows) AS w ON w.window_no = r.window_no
LEFT JOIN yuebao.school AS c ON c.school = r.school AND (c.code = if_school OR c.code = ANY (leaving_out))
CROSS JOIN LATERAL (
    SELECT c.code IS NOT DISTINCT FROM if_school AND if_school IS NOT NULL AS changed) AS i
CROSS JOIN LATERAL (
    SELECT CASE WHEN i.changed THEN if_value * 10::numeric ^ w.value_decimals ELSE r.value END AS value,
           CASE WHEN i.changed THEN coalesce(if_pupils * 10::numeric ^ w.pupils_decimals, r.pupils) ELSE r.pupils END AS pupils) AS n
CROSS JOIN LATERAL (
    SELECT CASE WHEN NOT i.changed AND (c.school IS NOT NULL OR r.excluded IS NOT NULL) THEN 'excluded'
                WHEN n.value IS NULL THEN 'no_figure'
                WHEN n.pupils > 0 THEN 'counted'
                ELSE 'no_pupils' END AS standing) AS t
OFFSET 0; -- worked out once, however often it is asked
END;
COMMENT ON FUNCTION yuebao.balance_parts(integer, yuebao.balance_window[], text[], text, numeric, numeric) IS
    'Every school once a window (yuebao.balance_windows): counted, excluded, no_figure or no_pupils; resource and pupils as stored. What if: schools '
    'that are left out besides, and one school with another resource (and other pupils), which then takes part.';

REVOKE EXECUTE ON FUNCTION yuebao.balance_exclude(text, date, date, text), yuebao.balance_include(text, date),
    yuebao.balance_square(numeric, numeric), yuebao.balance_cv(numeric, numeric, numeric), yuebao.balance_settled(integer[], smallint, date),
    yuebao.balance_has_figures(integer[], smallint, date, smallint), yuebao.balance_windows(integer, text, text, text),
    yuebao.balance_rows(integer, smallint, date, text, integer[], text[], smallint[], date[]),
    yuebao.balance_parts(integer, yuebao.balance_window[], text[], text, numeric, numeric) FROM PUBLIC;
