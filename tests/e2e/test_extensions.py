"""What the bureau puts off, for a school or a district, is so at once: on the agenda, on receipts, and for what is kept. A one-off form
is the business of the schools it was sent to."""

import datetime

import pytest

from contract import pb
from house import wait_for
from world import CLOSED, FUTURE, LATE, OPEN, first_day

HOUR_MS = 3600 * 1000


def extend(world, school, period, hours, *, district=None, reason):
    """Other instants, (opens, due, closes) in hours from now: for the school, or for a district instead."""
    now = datetime.datetime.now(datetime.timezone.utc)
    opens, due, closes = (now + datetime.timedelta(hours=h) for h in hours)
    world.database.run(
        """INSERT INTO yuebao.extension (form, period, district, school, opens_at, due_at, closes_at, reason)
           SELECT f.form, %s, %s, CASE WHEN %s::integer IS NULL THEN s.school END, %s, %s, %s, %s
           FROM yuebao.form f CROSS JOIN yuebao.school s WHERE f.code = %s AND s.code = %s""",
        first_day(period), district, district, opens, due, closes, reason, f"{school.kind}.monthly", school.code)
    return [int(t.timestamp() * 1000) for t in (opens, due, closes)]


def window(session, reason):
    """The window with that reason, once the collector that serves this session knows of it."""
    return wait_for(f"a window because of {reason}", lambda: [w for w in session.agenda().window if w.extension == reason])[0]


def submit(world, school, session, period, **kw):
    return session.submit(world.envelope(school, world.statement(school, world.lawful(school), period=period, **kw)))


def is_late(world, school, period):
    return world.database.value("""SELECT r.late FROM yuebao.report r JOIN yuebao.school s USING (school)
                                   WHERE s.code = %s AND r.period = %s""", school.code, first_day(period))


@pytest.mark.parametrize("period, hours, outcome, late", [
    (LATE, (-1000, 1, 480), "receipt", False),
    (CLOSED, (-2000, 1, 2), "receipt", False),
    (CLOSED, (-2000, -1, 1), "receipt", True),
    (OPEN, (-240, -2, -1), "kept", None),
], ids=["due later: on time", "closes later: open again", "closes later: late", "closes earlier: kept"])
def test_for_a_school(world, period, hours, outcome, late):
    school, _ = world.enrolled()
    other, _ = world.enrolled(district=school.district)
    instants = extend(world, school, period, hours, reason="道路中断")
    with world.greeted(school) as session:
        own = window(session, "道路中断")
        assert list(own.school) == [school.code] and own.period == period
        assert [own.opens_ms, own.due_ms, own.closes_ms] == instants
        assert [w.period for w in session.agenda().window].count(period) == 1, "nobody here has the general one"
        verdict = submit(world, school, session, period)
        assert verdict.WhichOneof("outcome") == outcome
    if outcome == "receipt":
        assert verdict.receipt.late == late and is_late(world, school, period) == late
    else:
        assert verdict.kept.closed_ms == instants[2]
    with world.greeted(other) as session:
        assert not [w for w in session.agenda().window if w.extension or w.school]
        theirs = submit(world, other, session, period)
    assert theirs.WhichOneof("outcome") == ("kept" if period == CLOSED else "receipt")
    assert theirs.receipt.late == (period == LATE)
    world.assert_books_agree()


def test_not_yet_open(world):
    school, _ = world.enrolled()
    extend(world, school, OPEN, (24, 48, 72), reason="开学推迟")
    with world.greeted(school) as session:
        opens_ms = window(session, "开学推迟").opens_ms
        (finding,) = submit(world, school, session, OPEN).reject.finding
    assert finding.code == pb.PERIOD_NOT_OPEN
    zone = datetime.timezone(datetime.timedelta(hours=8))
    assert finding.bound == datetime.datetime.fromtimestamp(opens_ms // 1000, zone).strftime("%Y-%m-%d %H:%M +08:00")


def test_opened_early(world):
    school, _ = world.enrolled()
    extend(world, school, FUTURE, (-1, 200, 300), reason="提前填报")
    with world.greeted(school) as session:
        window(session, "提前填报")
        assert submit(world, school, session, FUTURE).HasField("receipt")


def test_for_a_district_and_all_below_it(world):
    """The county's own goes before the prefecture's, the school's before both; the next prefecture has none."""
    county = 220203
    (above,) = world.database.rows("SELECT parent FROM yuebao.district WHERE district = %s", county)[0]
    schools = [world.enrolled("junior", d)[0] for d in (county, county, above, 341881)]
    extend(world, schools[0], CLOSED, (-2000, 1, 2), district=above, reason="全市停电")
    extend(world, schools[0], CLOSED, (-2000, -1, 2), district=county, reason="全区停电")
    extend(world, schools[1], CLOSED, (-2000, 2, 3), reason="本校停电")
    for school, reason, late in zip(schools, ("全区停电", "本校停电", "全市停电"), (True, False, False)):
        with world.greeted(school) as session:
            assert list(window(session, reason).school) == [school.code]
            assert submit(world, school, session, CLOSED).receipt.late == late
            assert is_late(world, school, CLOSED) == late
    with world.greeted(schools[3]) as session:
        assert submit(world, schools[3], session, CLOSED).HasField("kept")


def test_an_extension_taken_back(world):
    school, _ = world.enrolled()
    extend(world, school, CLOSED, (-2000, 1, 2), reason="误")
    with world.greeted(school) as session:
        window(session, "误")
        world.database.run("DELETE FROM yuebao.extension WHERE reason = '误'")
        wait_for("the extension to be gone", lambda: not [w for w in session.agenda().window if w.extension])
        assert submit(world, school, session, CLOSED).HasField("kept")


# ---- one-off forms ---------------------------------------------------------------------------------------------


def send_survey(world, *schools):
    """A form of two questions for these schools, once: what an import and a calendar would write. Its catalogue's hash."""
    catalogue = pb.Catalogue.FromString(world.catalogue.message.SerializeToString())
    catalogue.form.append(pb.Form(code="primary.monthly.roofs", kind="primary", frequency="monthly", name_zh="校舍检查",
                                  name_en="Roofs", required=world.catalogue.forms["primary.monthly"].required[:2]))
    catalogue.form.sort(key=lambda form: form.code)
    world.database.run("INSERT INTO yuebao.form (kind, frequency, name, code, name_zh, name_en) "
                       "VALUES ('primary', 'monthly', 'roofs', 'primary.monthly.roofs', '校舍检查', 'Roofs')")
    digest = world.database.value("WITH b AS (SELECT %s::bytea AS bytes) INSERT INTO yuebao.catalogue (hash, bytes) "
                                  "SELECT sha256(bytes), bytes FROM b RETURNING hash", catalogue.SerializeToString())
    world.database.run("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                          SELECT f.form, %s, now() - interval '1 day', now() + interval '1 day', now() + interval '2 days', c.catalogue
                          FROM yuebao.form f CROSS JOIN yuebao.catalogue c WHERE f.name = 'roofs' AND c.hash = %s""",
                       first_day(OPEN), digest)
    world.database.run("INSERT INTO yuebao.form_school SELECT f.form, s.school FROM yuebao.form f CROSS JOIN yuebao.school s "
                       "WHERE f.name = 'roofs' AND s.code = ANY (%s)", [school.code for school in schools])
    return bytes(digest)


def test_a_one_off_form_is_for_its_recipients(world):
    chosen, _ = world.enrolled()
    other, _ = world.enrolled()
    digest = send_survey(world, chosen)
    numbers = world.catalogue.forms["primary.monthly"].required[:2]

    def survey(school, session):
        figures = {n: f for n, f in world.lawful(school).items() if n in numbers}
        return session.submit(world.envelope(school, world.statement(school, figures, form="primary.monthly.roofs", catalogue=digest,
                                                                     filled_ms=1)))
    with world.greeted(chosen) as session:
        (own,) = wait_for("the survey", lambda: [w for w in session.agenda().window if w.form == "primary.monthly.roofs"])
        assert (list(own.school), own.period, own.catalogue, own.extension) == ([chosen.code], OPEN, digest, "")
        verdict = survey(chosen, session)
        assert verdict.HasField("receipt"), verdict
        assert not verdict.receipt.late
    with world.greeted(other) as session:
        def refusal():
            verdict = survey(other, session)
            return [f for f in verdict.reject.finding if f.code == pb.FORM_NOT_SENT] and verdict
        verdict = wait_for("the collector to know the form", refusal)
        assert [(f.code, f.found) for f in verdict.reject.finding] == [(pb.FORM_NOT_SENT, "primary.monthly.roofs")]
        assert not [w for w in session.agenda().window if w.form == "primary.monthly.roofs"]
        world.database.run("INSERT INTO yuebao.form_school SELECT f.form, s.school FROM yuebao.form f CROSS JOIN yuebao.school s "
                           "WHERE f.name = 'roofs' AND s.code = %s", other.code)
        wait_for("the survey here too", lambda: survey(other, session).HasField("receipt"))
    with world.greeted(chosen) as session:
        world.database.run("DELETE FROM yuebao.form_school")
        wait_for("the survey to be called back", lambda: not [w for w in session.agenda().window if w.school])
        assert survey(chosen, session) == verdict_of_first(world, chosen), "what was accepted has its receipt"
    world.assert_books_agree()


def verdict_of_first(world, school):
    answer = world.database.value("""SELECT r.receipt FROM yuebao.report r JOIN yuebao.school s USING (school)
                                     JOIN yuebao.form f USING (form) WHERE s.code = %s AND f.name = 'roofs'""", school.code)
    return pb.Verdict.FromString(pb.Answer.FromString(bytes(answer)).verdict)
