"""When a school's client was last heard, beside its last report: a dead computer is told from a slow clerk."""

import datetime
import json

from world import OPEN

COUNTY = 220203


def missing(world, school):
    return next(r for r in json.loads(world.database.ctl("missing", "--period", OPEN, "--json").stdout) if r["school"] == school.code)


def contacts(world):
    return {code: (at, software) for code, at, software in world.database.rows(
        "SELECT s.code, c.at, c.software FROM yuebao.contact AS c JOIN yuebao.school_key AS k USING (key) JOIN yuebao.school AS s USING (school)")}


def silent_school(world):
    """Its computer was enrolled long ago and never heard again."""
    school = world.fresh("primary", COUNTY)
    world.one_time_codes(school.code)  # nobody else gets it
    world.database.run("""INSERT INTO yuebao.school_key (key, school, enrolled_at)
                          SELECT sha256('silent'), s.school, '2020-03-01 12:00+08' FROM yuebao.school AS s WHERE s.code = %s""", school.code)
    return school


def test_a_dead_computer_differs_from_a_slow_clerk(make_world):
    world = make_world(workers=2)
    began = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    dead, (slow, key), (done, _) = silent_school(world), world.enrolled("primary", COUNTY), world.enrolled("primary", COUNTY)
    world.opened(lambda session: session.hello(slow.code, key, software="yuebao 7.1")).close()
    statement = world.statement(done, world.lawful(done))
    with world.greeted(done) as session:
        assert session.submit(world.envelope(done, statement)).HasField("receipt")
    world.collector.stop()  # what is noted is written before a worker ends

    heard = contacts(world)
    assert set(heard) == {slow.code, done.code} and heard[slow.code][1] == "yuebao 7.1"
    assert began <= heard[slow.code][0] <= datetime.datetime.now(datetime.timezone.utc)
    rows = {school: missing(world, school) for school in (dead, slow)}
    assert rows[dead]["last_contact"].startswith("2020-03-01") and rows[dead]["last_report"] is None
    assert datetime.datetime.fromisoformat(rows[slow]["last_contact"]) >= began and rows[slow]["last_report"] is None
    listed = {r["school"]: r for r in json.loads(world.database.ctl("schools", "--district", COUNTY, "--json").stdout)}
    assert listed[done.code]["last_report"] and listed[done.code]["last_contact"] >= listed[done.code]["last_report"]
    never = world.fresh("primary", COUNTY)
    assert listed[never.code]["last_contact"] is None

    shown = world.database.ctl("missing", "--period", OPEN, "--district", COUNTY, "--lang", "zh").stdout.splitlines()
    assert next(line for line in shown if dead.code in line).split()[-2:] == ["从未", "2020-03-01"]
    text = world.database.ctl("missing", "--period", OPEN, "--district", COUNTY, "--text", "--lang", "zh").stdout
    assert f"{dead.name_zh}（电脑自 2020-03-01 起未联系）" in text and f"{never.name_zh}（电脑从未联系）" in text
    assert f"{slow.name_zh}（" not in text and slow.name_zh in text
    world.collector.restart()


def test_what_the_database_does_not_take_does_not_keep_a_worker(make_world):
    world = make_world(workers=1)
    school, _ = world.enrolled("primary", COUNTY)
    world.database.run("REVOKE EXECUTE ON FUNCTION yuebao.note_contacts(bytea[], timestamptz[], text[]) FROM yuebao_collector")
    world.collector.stop()
    assert contacts(world) == {}
    world.database.run("GRANT EXECUTE ON FUNCTION yuebao.note_contacts(bytea[], timestamptz[], text[]) TO yuebao_collector")
    world.collector.restart()
    world.greeted(school).close()
    world.collector.stop()
    assert set(contacts(world)) == {school.code}
    world.collector.restart()
