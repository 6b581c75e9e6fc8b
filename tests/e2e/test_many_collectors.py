"""Two collectors of one database behind Debian's HAProxy: one is killed, the other drained, and nobody's figures notice."""

import socket
import threading
import time

import pytest

import contract
from contract import NotNow
from fleet import DOOR, Fleet, kill_whole
from house import wait_for

SCHOOLS = 16
REVISIONS = 4
HEADER = b"\r\n\r\n\0\r\nQUIT\n"


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(**DOOR)


@pytest.fixture(scope="module")
def fleet(world):
    fleet = Fleet(world)
    yield fleet
    fleet.close()


def schools_with_keys(world, count):
    """Keys as enrolment leaves them: by SQL, for enrolling is not what is tested here."""
    schools = [s for s in world.schools if s.kind == "primary" and s.institution == s.code][:count]
    assert len(schools) == count
    for school in schools:
        world.keys[school.code] = contract.Key()
        world.database.run("""INSERT INTO yuebao.school_key (key, school) SELECT %s, school FROM yuebao.school WHERE code = %s""",
                           world.keys[school.code].public, school.code)
    return schools


def chain(world, school):
    """The envelopes of a slot's revisions, each naming the one before."""
    envelopes, previous = [], b""
    for revision in range(1, REVISIONS + 1):
        more = dict(revision=revision, previous=previous, correction="数错了") if revision > 1 else {}
        envelope = world.envelope(school, world.statement(school, world.lawful(school, seed=revision), **more))
        previous = contract.statement_id(envelope.statement)
        envelopes.append(envelope)
    return envelopes


class Crowd:
    """Many clients at once. Each sends its envelopes until it holds a receipt of every one, whatever happens to its connections."""

    def __init__(self, world, fleet, chains):
        self.world, self.fleet = world, fleet
        self.receipts = {}  # (school, revision) -> packed answer
        self.problems = []
        self.threads = [threading.Thread(target=self._work, args=item, daemon=True) for item in chains.items()]
        for thread in self.threads:
            thread.start()

    def _work(self, code, envelopes):
        deadline = time.monotonic() + 120
        for number, envelope in enumerate(envelopes, 1):
            while (code, number) not in self.receipts:
                if time.monotonic() > deadline:
                    self.problems.append(f"{code} has no receipt of revision {number}")
                    return
                try:
                    self._try(code, number, envelope)
                except (contract.Closed, contract.Refused, NotNow, ConnectionError, TimeoutError):
                    time.sleep(0.05)  # a client's pause before it comes again
                except Exception as error:  # noqa: BLE001 - told by the test, not by a thread
                    self.problems.append(repr(error))
                    return

    def _try(self, code, number, envelope):
        with contract.Session(self.fleet.address, self.world.authority.ca) as session:
            session.hello(code, self.world.keys[code])
            reply = session.put(envelope)
            if reply.WhichOneof("body") == "answer":
                assert contract.verdict_of(reply.answer, session.welcome.server_key).HasField("receipt")
                self.receipts[code, number] = reply.answer.SerializeToString()

    def wait_receipts(self, count):
        wait_for(f"{count} receipts", lambda: len(self.receipts) >= count or self.problems, timeout=120)
        assert not self.problems

    def join(self):
        for thread in self.threads:
            thread.join(130)
        assert not self.problems


def test_a_kill_and_a_drain_lose_and_double_nothing(world, fleet):
    chains = {s.code: chain(world, s) for s in schools_with_keys(world, SCHOOLS)}
    for one in fleet.collectors.values():
        one.wait_register()
    whole = SCHOOLS * REVISIONS
    c1, c2 = fleet.collectors["c1"], fleet.collectors["c2"]
    crowd = Crowd(world, fleet, chains)

    crowd.wait_receipts(whole // 6)
    kill_whole(c1)
    fleet.wait_states(c1="DOWN", c2="UP")
    crowd.wait_receipts(whole // 3)
    c1.start()
    fleet.wait_states(c1="UP", c2="UP")
    c2.stop()  # TERM: drains, ends with 0
    crowd.wait_receipts(whole // 2)
    fleet.wait_states(c1="UP", c2="DOWN")
    c2.start()
    crowd.join()
    fleet.wait_states(c1="UP", c2="UP")

    assert len(crowd.receipts) == whole
    for school, envelopes in chains.items():
        assert world.revisions(world.by_code[school]) == [
            (n, contract.statement_id(e.statement)) for n, e in enumerate(envelopes, 1)]
    assert world.database.value("SELECT count(*) FROM yuebao.report") == whole
    world.assert_books_agree()
    world.database.ctl("check-totals")
    again = Crowd(world, fleet, chains)
    again.join()
    assert again.receipts == crowd.receipts, "whichever collector is asked, the first receipt comes again"


def test_an_address_in_the_log_is_the_clients(world, fleet):
    marks = {name: one.mark() for name, one in fleet.collectors.items()}
    with socket.create_connection(fleet.address, source_address=("127.0.0.77", 0)) as link:
        me = "%s:%d" % link.getsockname()
        link.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert link.recv(100) == b""
    ends = [e for name, one in fleet.collectors.items() for e in one.events("session_end", marks[name])]
    assert [e["peer"] for e in ends if e["reason"] == "not TLS"] == [me]


def heard(address, words, source="127.0.0.1"):
    """What a connection hears that says these words, up to its end."""
    with socket.create_connection(address, source_address=(source, 0), timeout=30) as link:
        try:
            link.sendall(words)
            return b"".join(iter(lambda: link.recv(4096), b""))
        except ConnectionResetError:
            return b""


def test_the_balancers_door_is_strict(world, fleet):
    collector = fleet.collectors["c1"]
    mark = collector.mark()
    assert heard(collector.door, HEADER + b"\x20\0\0\0") == b"yuebaod ready\n"
    assert heard(collector.door, HEADER + b"\x20\0\0\0", source="127.0.0.5") == b""
    assert collector.wait_event("not_a_balancer", since=mark)["peer"].startswith("127.0.0.5:")
    assert heard(collector.door, b"PROXY TCP4 203.0.113.9 127.0.0.1 51234 7443\r\n") == b""
    with pytest.raises(contract.Closed):
        contract.Session(collector.door, world.authority.ca)  # TLS at once
    assert heard(collector.address, HEADER + b"\x21\x11\0\x0c" + bytes(12)) == b"", "the schools' door knows no header"


def test_no_database_is_down_for_the_balancer_and_busy_for_schools(world, fleet):
    school = schools_with_keys(world, 1)[0]
    for one in fleet.collectors.values():
        one.wait_register()
    admin = world.database.cluster
    try:
        admin.rows("postgres", f'ALTER DATABASE "{world.database.name}" ALLOW_CONNECTIONS false')
        admin.rows("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", world.database.name)
        fleet.wait_states(c1="DOWN", c2="DOWN")
        assert heard(fleet.collectors["c2"].door, HEADER + b"\x20\0\0\0") == b"yuebaod not ready: no database\n"
        with contract.Session(fleet.address, world.authority.ca) as session:
            session.hello(school.code, world.keys[school.code])
            reply = session.put(world.envelope(school, world.statement(school, world.lawful(school))))
            assert reply.WhichOneof("body") == "busy", reply
    finally:
        admin.rows("postgres", f'ALTER DATABASE "{world.database.name}" ALLOW_CONNECTIONS true')
    fleet.wait_states(c1="UP", c2="UP")
