"""More comes than the database takes: who is turned away has come all the same, nobody takes another's share, and strangers give way."""

import contextlib
import json
import os
import signal
import socket

import psycopg2
import pytest

import contract
from clerk import NAMES, desk_of, items
from contract import NotNow, pb
from house import wait_for
from world import OPEN, first_day

PLACES = 60


@pytest.fixture(scope="module")
def world(make_world):
    """One worker and one link: one lock stops everything, and all meet at one door."""
    return make_world(workers=1, links=1, connections=PLACES, first_byte_ms=3000, handshake_ms=3000, frame_ms=3000)


@pytest.fixture(scope="module")
def crowd(world):
    return [world.enrolled("primary")[0] for _ in range(10)]


def counters(world):
    mark = world.collector.mark()
    (worker,) = world.collector.worker_pids()
    os.kill(worker, signal.SIGUSR1)
    return {key: int(value) for key, value in world.collector.wait_event("counters", since=mark).items() if str(value).isdigit()}


@contextlib.contextmanager
def stopped_ledger(world):
    """Nothing is taken meanwhile: somebody holds a lock."""
    with contextlib.closing(psycopg2.connect(world.database.conninfo())) as link:
        link.cursor().execute("LOCK TABLE yuebao.report IN SHARE MODE")
        yield
        link.rollback()


def bulky(world, school):
    """A lawful statement of some 55 KB: 80 of these are more than may wait, where few are more than their count allows."""
    figures = world.lawful(school)

    def explain(s):
        for _ in range(90):
            s.explanation.add(indicator=s.indicator[0], text="因" * 200)
    return world.envelope(school, world.statement(school, figures, edit=explain))


@contextlib.contextmanager
def full_house(world, schools):
    """So much waits that nobody else is let in; who was let in is answered at the end, each with its first receipt."""
    envelopes = {s: bulky(world, s) for s in schools}
    with contextlib.ExitStack() as stack:
        sessions = {s: stack.enter_context(world.greeted(s)) for s in schools}
        before = counters(world)["busy"]
        with stopped_ledger(world):
            sent = {s: [sessions[s].send(put=pb.Put(envelope=envelopes[s])) for _ in range(16)] for s in schools}
            wait_for("somebody to be turned away", lambda: counters(world)["busy"] > before)
            yield
        for school, numbers in sent.items():
            replies = [sessions[school].answer_to(number) for number in numbers]
            assert {r.WhichOneof("body") for r in replies} <= {"answer", "busy"}
            assert len({r.answer.verdict for r in replies if r.HasField("answer")}) == 1


def turned_away(session, envelope, arrival=None):
    reply = session.put(envelope, arrival=arrival)
    assert reply.WhichOneof("body") == "busy", reply
    assert 500 <= reply.busy.retry_ms <= 600000
    return reply.busy


def is_now(world, column):
    """Due or close of the open month of junior schools."""
    world.database.run(f"""UPDATE yuebao.calendar SET {column} = clock_timestamp() FROM yuebao.form
                           WHERE form.form = calendar.form AND form.code = 'junior.monthly' AND calendar.period = %s""",
                       first_day(OPEN))
    world.collector.wait_register()


def test_who_came_in_time_and_found_no_room_is_on_time(world, crowd):
    """Turned away before due, taken after it, or after close: on time, both instants signed, in the ledger, and found right by an audit."""
    school, late, cheat = (world.enrolled("junior")[0] for _ in range(3))
    _, desk, _, path, _ = desk_of(world, kind="junior")
    envelopes = {s: world.envelope(s, world.statement(s, world.lawful(s))) for s in (school, late, cheat)}
    with world.greeted(school) as session, world.greeted(late) as other, world.greeted(cheat) as third:
        with full_house(world, crowd[:5]):
            arrival = turned_away(session, envelopes[school]).arrival
            assert turned_away(session, envelopes[school], arrival).arrival == arrival, "the first one stays"
            moved_back = turned_away(third, envelopes[cheat]).arrival
            turned_away(other, pb.Envelope(algorithm=1, key=b"k" * 32, statement=b"s", signature=b"x"))  # nobody has judged it
            assert "首次送达" in desk("submit", path, *NAMES, ok=75).stdout
        is_now(world, "due_at")
        verdict = session.submit(envelopes[school], arrival=arrival)
        assert not verdict.receipt.late and verdict.receipt.arrived_ms == arrival.at_ms < verdict.decided_ms
        assert session.submit(envelopes[school]) == verdict, "sent again, by whatever way: the first receipt"
        assert other.submit(envelopes[late], arrival=arrival).receipt.late, "another statement's arrival"
        moved_back.at_ms -= 1000
        assert third.submit(envelopes[cheat], arrival=moved_back).receipt.late
    is_now(world, "closes_at")
    assert "首次送达" in desk("send").stdout
    (item,) = items(desk, OPEN)
    assert item["state"] == "receipted" and not item["late"] and item["arrived_ms"] < item["decided_ms"]
    ((arrived, received, was_late),) = world.database.rows(
        "SELECT extract(epoch FROM arrived_at) * 1000, extract(epoch FROM received_at) * 1000, late FROM api.report WHERE school = %s",
        school.code)
    assert (int(arrived), int(received), was_late) == (arrival.at_ms, verdict.decided_ms, False)
    for identity in (contract.statement_id(envelopes[school].statement).hex(), item["id"]):
        (replay,) = json.loads(world.database.ctl("replay", identity, "--json").stdout)
        assert replay["agrees"] and "arrived_at" in replay["answer"]
    world.database.run("UPDATE yuebao.report SET arrived_at = arrived_at - interval '1 hour' WHERE arrived_at IS NOT NULL")
    (replay,) = json.loads(world.database.ctl("replay", item["id"], "--json", ok=65).stdout)
    assert [d["difference"] for d in replay["differences"]] == ["arrived_at"]


def test_one_key_does_not_take_the_room_of_all(world, crowd):
    """A full session of one school, and nine that send one report each meanwhile: they are let in."""
    greedy = crowd[0]
    envelope = world.envelope(greedy, world.statement(greedy, world.lawful(greedy)))
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(world.greeted(greedy)) for _ in range(PLACES // 4 * 3)]
        with world.session() as one_more, pytest.raises(NotNow):
            one_more.hello(greedy.code, world.keys[greedy.code])  # the rest of the places are others'
        with stopped_ledger(world):
            numbers = [(session, session.send(put=pb.Put(envelope=envelope))) for session in many for _ in range(8)]
            wait_for("its share", lambda: counters(world)["waiting"] == 64)
            for school in crowd[1:]:
                session = stack.enter_context(world.greeted(school))
                statement = world.statement(school, world.lawful(school))
                numbers.append((session, session.send(put=pb.Put(envelope=world.envelope(school, statement)))))
            wait_for("everybody else", lambda: counters(world)["waiting"] == 64 + len(crowd) - 1)
        for session, number in numbers:
            assert session.answer_to(number).HasField("answer")
    wait_for("all to be counted out", lambda: counters(world)["waiting"] == 0)


def test_a_slow_army_gives_way(world, crowd):
    """More connections than places, a third silent, a third in the handshake, a third in the midst of a frame: an honest school is
    served meanwhile, and the deadlines end them all."""
    before = counters(world)
    army = [socket.create_connection(world.collector.address) for _ in range(PLACES)]
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # of TLS, and no more than its beginning
    with contextlib.ExitStack() as stack:
        for n in range(8):
            session = stack.enter_context(world.greeted(crowd[n]))
            session.send_bytes(b"\x00\x00\x10\x00half")
            army.append(session.socket)
        for soldier in army[:PLACES // 2]:
            soldier.sendall(hello)
        for _ in range(3):
            with world.greeted(crowd[9]) as honest:
                assert honest.agenda().school
        wait_for("all to be gone", lambda: counters(world)["sessions"] == 0)
        for soldier in army[:PLACES]:
            soldier.close()
    after = counters(world)
    assert after["evicted"] > before["evicted"] and after["timeouts"] - before["timeouts"] >= 8
