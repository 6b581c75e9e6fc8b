-- Who answers for a target, when a veto is breached, and progress frozen at a date.

ALTER TABLE yuebao.target ADD COLUMN responsible integer CONSTRAINT target_responsible_known REFERENCES yuebao.district (district);
COMMENT ON COLUMN yuebao.target.responsible IS 'District whose bureau answers for it; NULL: the target''s own.';

-- Bad events are what vetoes count in the plans, so none is allowed unless the catalogue says otherwise.
ALTER TABLE yuebao.indicator
    ADD COLUMN veto_direction text NOT NULL DEFAULT 'at_most'
        CONSTRAINT indicator_veto_direction_known CHECK (veto_direction IN ('at_most', 'at_least')),
    ADD COLUMN veto_bound numeric NOT NULL DEFAULT 0;
COMMENT ON COLUMN yuebao.indicator.veto IS 'A breach of its bound turns a district''s result to failed, whatever else it reached.';
COMMENT ON COLUMN yuebao.indicator.veto_direction IS 'Of a veto: at_most or at_least, what a year''s figure of the district must be against veto_bound.';
COMMENT ON COLUMN yuebao.indicator.veto_bound IS 'Of a veto: the bound, in the indicator''s unit.';

CREATE TABLE yuebao.snapshot (
    snapshot integer GENERATED ALWAYS AS IDENTITY CONSTRAINT snapshot_pk PRIMARY KEY,
    name     text NOT NULL CONSTRAINT snapshot_name_once UNIQUE
             CONSTRAINT snapshot_name_shape CHECK (name ~ '^[0-9A-Za-z._-]{1,64}$'),
    plan     text NOT NULL CONSTRAINT snapshot_of_known_plan REFERENCES yuebao.plan (plan),
    as_of    timestamptz NOT NULL,
    taken_by text NOT NULL DEFAULT session_user,
    taken_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  yuebao.snapshot IS 'Progress of a plan, frozen: what was known when it was taken. Never changed or removed.';
COMMENT ON COLUMN yuebao.snapshot.snapshot IS 'Surrogate key; carries no meaning.';
COMMENT ON COLUMN yuebao.snapshot.name IS 'What people call it: longtan-mid-term.';
COMMENT ON COLUMN yuebao.snapshot.plan IS 'The plan.';
COMMENT ON COLUMN yuebao.snapshot.as_of IS 'The instant whose calendar decided which periods count; the figures are those of taken_at.';
COMMENT ON COLUMN yuebao.snapshot.taken_by IS 'Database user who took it.';
COMMENT ON COLUMN yuebao.snapshot.taken_at IS 'When.';

-- Words and goals are copied too: a plan that is imported anew later changes nothing here.
CREATE TABLE yuebao.snapshot_target (
    snapshot        integer NOT NULL CONSTRAINT snapshot_target_of_known_snapshot REFERENCES yuebao.snapshot (snapshot),
    "position"      integer NOT NULL,
    district        integer NOT NULL,
    responsible     integer NOT NULL,
    indicator       text NOT NULL,
    name_zh         text NOT NULL,
    name_en         text NOT NULL,
    unit            text NOT NULL,
    direction       text NOT NULL,
    target_value    numeric,
    due             date,
    baseline        numeric,
    goal            numeric,
    now_value       numeric,
    now_period      text,
    schools         bigint,
    reported        bigint,
    expected        bigint,
    gap             numeric,
    required        numeric,
    projection      numeric,
    projection_low  numeric,
    projection_high numeric,
    method          text,
    points          integer,
    progress        numeric,
    status          text NOT NULL,
    CONSTRAINT snapshot_target_pk PRIMARY KEY (snapshot, "position")
);
COMMENT ON TABLE  yuebao.snapshot_target IS 'One row a target of a snapshot: what api.progress_at said. Never changed or removed.';
COMMENT ON COLUMN yuebao.snapshot_target.snapshot IS 'The snapshot.';
COMMENT ON COLUMN yuebao.snapshot_target."position" IS 'As in target.';
COMMENT ON COLUMN yuebao.snapshot_target.district IS 'As in target.';
COMMENT ON COLUMN yuebao.snapshot_target.responsible IS 'The district that answered for it.';
COMMENT ON COLUMN yuebao.snapshot_target.indicator IS 'Code of the indicator.';
COMMENT ON COLUMN yuebao.snapshot_target.name_zh IS 'Its Chinese name.';
COMMENT ON COLUMN yuebao.snapshot_target.name_en IS 'Its English name.';
COMMENT ON COLUMN yuebao.snapshot_target.unit IS 'As in target.';
COMMENT ON COLUMN yuebao.snapshot_target.direction IS 'As in target.';
COMMENT ON COLUMN yuebao.snapshot_target.target_value IS 'The plan''s value.';
COMMENT ON COLUMN yuebao.snapshot_target.due IS 'As in target.';
COMMENT ON COLUMN yuebao.snapshot_target.baseline IS 'Where it stood before, by the plan.';
COMMENT ON COLUMN yuebao.snapshot_target.goal IS 'The value to reach.';
COMMENT ON COLUMN yuebao.snapshot_target.now_value IS 'What api.progress_at calls now.';
COMMENT ON COLUMN yuebao.snapshot_target.now_period IS 'The periods it is of.';
COMMENT ON COLUMN yuebao.snapshot_target.schools IS 'Schools behind it.';
COMMENT ON COLUMN yuebao.snapshot_target.reported IS 'Slots reported.';
COMMENT ON COLUMN yuebao.snapshot_target.expected IS 'Slots owed.';
COMMENT ON COLUMN yuebao.snapshot_target.gap IS 'How far it was from the goal.';
COMMENT ON COLUMN yuebao.snapshot_target.required IS 'What was required a month from there.';
COMMENT ON COLUMN yuebao.snapshot_target.projection IS 'Its projection to the due date.';
COMMENT ON COLUMN yuebao.snapshot_target.projection_low IS 'The lower end of the interval.';
COMMENT ON COLUMN yuebao.snapshot_target.projection_high IS 'The upper end.';
COMMENT ON COLUMN yuebao.snapshot_target.method IS 'How it was projected.';
COMMENT ON COLUMN yuebao.snapshot_target.points IS 'From how many points, years or periods.';
COMMENT ON COLUMN yuebao.snapshot_target.progress IS 'From 0 to 1.';
COMMENT ON COLUMN yuebao.snapshot_target.status IS 'Its status.';

CREATE TABLE yuebao.snapshot_result (
    snapshot   integer NOT NULL CONSTRAINT snapshot_result_of_known_snapshot REFERENCES yuebao.snapshot (snapshot),
    district   integer NOT NULL,
    targets    bigint NOT NULL,
    met        bigint NOT NULL,
    on_course  bigint NOT NULL,
    at_risk    bigint NOT NULL,
    behind     bigint NOT NULL,
    impossible bigint NOT NULL,
    unjudged   bigint NOT NULL,
    result     text NOT NULL,
    vetoes     jsonb NOT NULL,
    CONSTRAINT snapshot_result_pk PRIMARY KEY (snapshot, district)
);
COMMENT ON TABLE  yuebao.snapshot_result IS 'One row a district of a snapshot: what api.result_at said. Never changed or removed.';
COMMENT ON COLUMN yuebao.snapshot_result.snapshot IS 'The snapshot.';
COMMENT ON COLUMN yuebao.snapshot_result.district IS 'The district.';
COMMENT ON COLUMN yuebao.snapshot_result.targets IS 'Its targets.';
COMMENT ON COLUMN yuebao.snapshot_result.met IS 'Targets met.';
COMMENT ON COLUMN yuebao.snapshot_result.on_course IS 'Targets on course.';
COMMENT ON COLUMN yuebao.snapshot_result.at_risk IS 'Targets at risk.';
COMMENT ON COLUMN yuebao.snapshot_result.behind IS 'Targets behind.';
COMMENT ON COLUMN yuebao.snapshot_result.impossible IS 'Targets that could not be reached any more.';
COMMENT ON COLUMN yuebao.snapshot_result.unjudged IS 'Targets that could not be judged.';
COMMENT ON COLUMN yuebao.snapshot_result.result IS 'failed, met, missed or open.';
COMMENT ON COLUMN yuebao.snapshot_result.vetoes IS 'The vetoes that were breached, as in api.result.';

CREATE FUNCTION yuebao.keep_snapshot() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'a snapshot is never changed or removed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'snapshot_is_immutable';
END
$$;
COMMENT ON FUNCTION yuebao.keep_snapshot() IS 'Refuses every change to what a snapshot holds.';
CREATE TRIGGER snapshot_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON yuebao.snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION yuebao.keep_snapshot();
CREATE TRIGGER snapshot_target_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON yuebao.snapshot_target
    FOR EACH STATEMENT EXECUTE FUNCTION yuebao.keep_snapshot();
CREATE TRIGGER snapshot_result_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON yuebao.snapshot_result
    FOR EACH STATEMENT EXECUTE FUNCTION yuebao.keep_snapshot();

-- Bound when called, for schema api is made anew now and then.
CREATE FUNCTION yuebao.take_snapshot(plan text, name text, as_of timestamptz) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken integer;
    rows  bigint;
BEGIN
    INSERT INTO yuebao.snapshot (name, plan, as_of) VALUES (take_snapshot.name, take_snapshot.plan, take_snapshot.as_of)
    RETURNING snapshot INTO taken;
    INSERT INTO yuebao.snapshot_target
    SELECT taken, p."position", p.district, p.responsible, p.indicator, p.name_zh, p.name_en, p.unit, p.direction, p.target_value, p.due,
           p.baseline, p.goal, p."now", p.now_period, p.schools, p.reported, p.expected, p.gap, p.required, p.projection, p.projection_low,
           p.projection_high, p.method, p.points, p.progress, p.status
    FROM api.progress_at(take_snapshot.as_of, take_snapshot.plan) AS p;
    GET DIAGNOSTICS rows = ROW_COUNT;
    INSERT INTO yuebao.snapshot_result
    SELECT taken, r.district, r.targets, r.met, r.on_course, r.at_risk, r.behind, r.impossible, r.unjudged, r.result, r.vetoes
    FROM api.result_at(take_snapshot.as_of, take_snapshot.plan) AS r;
    INSERT INTO yuebao.audit_log (action, detail)
    VALUES ('snapshot', jsonb_build_object('name', take_snapshot.name, 'plan', take_snapshot.plan, 'as_of', take_snapshot.as_of, 'targets', rows));
    RETURN rows;
END
$$;
COMMENT ON FUNCTION yuebao.take_snapshot(text, text, timestamptz) IS
    'Freezes a plan''s progress and results as of that instant, under a name that is used once; how many targets it holds.';
REVOKE EXECUTE ON FUNCTION yuebao.take_snapshot(text, text, timestamptz), yuebao.keep_snapshot() FROM PUBLIC;
