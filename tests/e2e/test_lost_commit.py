"""The answer to COMMIT is lost on its way from PostgreSQL: what was committed is receipted, what was not is not."""

import threading
from pathlib import Path

import pytest

import contract
from contract import pb
from house import Proxy, wait_for
from world import OPEN


class Wire:
    """PostgreSQL's socket, with hands on it."""

    def __init__(self, cluster, where):
        self.dir = Path(where) / "wire"
        self.dir.mkdir(exist_ok=True)
        self.swallow_commit = 0  # how many answers to COMMIT still to lose
        self.swallow_work = 0    # how many transactions still to lose before COMMIT can have arrived
        self.lost = threading.Event()
        self.proxy = Proxy(self.dir / ".s.PGSQL.5432", Path(cluster.socket) / ".s.PGSQL.5432", self.on_data)

    def on_data(self, direction, data):
        # the tag of CommandComplete; a transaction that wrote nothing is not ours to lose
        if direction == "down" and self.swallow_commit and b"COMMIT\0" in data:
            self.swallow_commit -= 1
            self.lost.set()
            return None
        # COPY's first bytes: the claim is made, nothing is committed
        if direction == "up" and self.swallow_work and b"PGCOPY\n\xff\r\n\0" in data:
            self.swallow_work -= 1
            self.lost.set()
            return None
        return data


@pytest.fixture(scope="module")
def wire(cluster, scratch):
    wire = Wire(cluster, scratch)
    yield wire
    wire.proxy.close()


@pytest.fixture(scope="module")
def world(make_world, wire):
    return make_world(pg_host=str(wire.dir), workers=1, links=2)


def commits(world):
    return world.database.value("SELECT count(*) FROM yuebao.report")


def test_committed_but_not_heard(world, wire):
    """Receipted all the same: the ids are looked up on a fresh link before anything is answered."""
    school, key = world.enrolled()
    statement = world.statement(school, world.lawful(school))
    envelope = world.envelope(school, statement)
    before = commits(world)
    with world.greeted(school) as session:
        wire.lost.clear()
        wire.swallow_commit = 1
        verdict = session.submit(envelope)
        assert wire.lost.is_set(), "the answer to COMMIT was lost"
        assert verdict.HasField("receipt") and verdict.id == contract.statement_id(statement)
        again = session.submit(envelope)
        assert again == verdict
    assert commits(world) == before + 1
    assert world.revisions(school) == [(1, verdict.id)]
    world.assert_books_agree()


def test_not_committed_and_not_heard(world, wire):
    """No receipt without rows: the statement is either sent on by the collector, or the client hears BUSY and sends again."""
    school, key = world.enrolled()
    envelope = world.envelope(school, world.statement(school, world.lawful(school)))
    with world.greeted(school) as session:
        wire.lost.clear()
        wire.swallow_work = 1
        reply = session.put(envelope)
        assert wire.lost.is_set()
        if reply.WhichOneof("body") == "answer":
            assert contract.verdict_of(reply.answer, session.welcome.server_key).HasField("receipt")
            assert len(world.revisions(school)) == 1
        else:
            assert reply.WhichOneof("body") == "busy"
        assert session.submit(envelope).HasField("receipt")
    assert len(world.revisions(school)) == 1
    world.assert_books_agree()


def test_again_and_again_over_many_schools(world, wire):
    """Every other COMMIT is not heard while 24 schools send; no figure is counted twice, none is lost."""
    schools = [world.enrolled()[0] for _ in range(24)]
    envelopes = {s.code: world.envelope(s, world.statement(s, world.lawful(s))) for s in schools}
    verdicts = {}

    def send(school):
        with world.greeted(school, timeout=60) as session:
            verdicts[school.code] = session.submit(envelopes[school.code], timeout=60)

    threads = [threading.Thread(target=send, args=(s,)) for s in schools]
    wire.swallow_commit, wire.swallow_work = 2, 2
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    wire.swallow_commit = wire.swallow_work = 0
    assert set(verdicts) == set(envelopes)
    for code, verdict in verdicts.items():
        assert verdict.HasField("receipt")
        assert world.revisions(world.by_code[code]) == [(1, verdict.id)]
    world.assert_books_agree()


def test_a_correction_whose_commit_is_not_heard(world, wire):
    school, key = world.enrolled()
    first = world.statement(school, world.lawful(school))
    second = world.statement(school, world.lawful(school, seed=2), revision=2, previous=contract.statement_id(first))
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, first)).HasField("receipt")
        wire.lost.clear()
        wire.swallow_commit = 1
        assert session.submit(world.envelope(school, second)).HasField("receipt")
        assert wire.lost.is_set()
    assert [r for r, _ in world.revisions(school)] == [1, 2]
    assert set(world.booked(school)) == set(pb.Statement.FromString(second).indicator)
    world.assert_books_agree()


def test_all_links_come_back(world, wire):
    wire.proxy.cut()
    school = world.fresh()
    wait_for("the collector to enrol a school again", lambda: _enrols(world, school), timeout=30, pause=0.2)
    envelope = world.envelope(school, world.statement(school, world.lawful(school), period=OPEN))
    with world.greeted(school) as session:
        assert session.submit(envelope).HasField("receipt")


def _enrols(world, school):
    try:
        return world.enrol(school)
    except (contract.Refused, contract.Closed, contract.NotNow):
        return None
