"""kill -9, at random, of workers, of PostgreSQL and of clients while 200 schools send. Afterwards: no receipt without its rows,
no figure twice, no report lost, totals equal to the sum of figures, and every outbox agrees with the database."""

import json
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import contract
from contract import pb
from house import RELEASE, alive, kill, wait_for
from sheet import Sheet
from world import OPEN

SEED = int(os.environ.get("YUEBAO_CHAOS_SEED", "0")) or random.randrange(1, 10 ** 6)
NAMES = ["--filler", "王芳", "--reviewer", "李强", "--head", "赵敏"]
SCHOOLS = 200
CHAOS_SECONDS = 40


class Chaos(threading.Thread):
    """Kills something every moment until told to stop. `clients`: the processes that run now."""

    def __init__(self, world, cluster, dice):
        super().__init__(daemon=True)
        self.world, self.cluster, self.dice = world, cluster, dice
        self.clients, self.lock = set(), threading.Lock()
        self.ended = threading.Event()
        self.done = dict(worker=0, client=0, postgres=0, backend=0)
        self.error = None

    def run(self):
        try:
            while True:
                round_ = ["worker"] * 3 + ["client"] * 6 + ["backend", "postgres"]
                self.dice.shuffle(round_)
                for what in round_:
                    if self.ended.wait(self.dice.uniform(0.05, 0.6)):
                        return
                    self.strike(what)
        except BaseException as error:  # noqa: B902 - told when joined
            self.error = error

    def strike(self, what):
        if what == "worker":
            workers = self.world.collector.worker_pids()
            if not workers:
                return
            kill(self.dice.choice(workers))
        elif what == "client":
            with self.lock:
                victims = sorted(self.clients, key=lambda p: p.pid)
            if not victims:
                return
            self.dice.choice(victims).send_signal(signal.SIGKILL)
        elif what == "postgres":
            self.cluster.crash()
            self.cluster.start()
        elif what == "backend":
            try:
                self.cluster.kill_backends()
            except Exception:  # noqa: B902 - it may be in recovery from the last one
                return
        self.done[what] += 1

    def stop(self):
        self.ended.set()
        self.join(60)
        if self.error:
            raise self.error


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(links=2)


@pytest.fixture(scope="module")
def desks(world):
    """Every stand-alone school of the country with its own PC and a filled sheet."""
    schools = [s for s in world.schools if s.institution == s.code and s.kind != "district"
               and s.code + "-J" not in world.by_code][:SCHOOLS]
    codes = world.one_time_codes(*[s.code for s in schools])

    def prepare(school):
        desk = world.desk(school, enrol=False, build=RELEASE)
        desk.enrol(codes[school.code])
        blank = desk.home / "blank.csv"
        desk("template", OPEN, "-o", blank)
        # two schools of three find a mistake later
        desk.figures = [world.lawful(school, seed=n) for n in range(2 if int(school.code) % 3 else 1)]
        desk.sheets = [Sheet(blank).fill(world.catalogue, f).save(desk.home / f"{n}.csv") for n, f in enumerate(desk.figures)]
        desk.school = school
        return desk

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(prepare, schools))


def items(desk):
    said = json.loads(desk("status", "--all", "--json").stdout)
    listed = said if isinstance(said, list) else next(v for v in said.values() if isinstance(v, list))
    return [i for i in listed if i.get("revision")]


def test_two_hundred_schools_while_everything_is_killed(world, cluster, desks):
    print(f"\nYUEBAO_CHAOS_SEED={SEED}")
    chaos = Chaos(world, cluster, random.Random(SEED))
    receipted = []
    calm_at = time.monotonic() + CHAOS_SECONDS

    def deliver(desk, *submit):
        """As a clerk would: again, when the program died under her hands; `send`, once it has said "saved"."""
        command = ["submit", *submit, *NAMES]
        while time.monotonic() < calm_at or command[0] == "submit":
            client = desk.start(*command)
            with chaos.lock:
                chaos.clients.add(client)
            said = client.communicate(timeout=120)[0].decode(errors="replace")
            with chaos.lock:
                chaos.clients.discard(client)
            if client.returncode == 0:
                return True
            if client.returncode == 75:  # saved, will be sent
                command = ["send"]
            else:
                assert client.returncode == -signal.SIGKILL, (client.returncode, said)
        return False

    def rows_now(desk):
        """Rows of the school at this moment: its program has just said that it holds a receipt."""
        return wait_for("PostgreSQL to be back", lambda: (world.revisions(desk.school),), timeout=60)[0]

    def work(desk):
        for number, sheet in enumerate(desk.sheets):
            if not deliver(desk, sheet, *(["--correction", "抄录有误"] if number else [])):
                return
            receipted.append((number + 1, rows_now(desk)))

    chaos.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, desks))
    finally:
        chaos.stop()
    wait_for("PostgreSQL to be up", lambda: world.database.value("SELECT 1"))
    print("killed:", chaos.done, "receipted meanwhile:", len(receipted))
    assert min(chaos.done.values()) > 0

    for revision, rows in receipted:
        assert [r for r, _ in rows] == list(range(1, revision + 1)), "no receipt without its rows"

    def empty_outbox(desk):
        deadline = time.monotonic() + 120
        while desk("send", ok=None).returncode != 0:
            assert time.monotonic() < deadline, desk("status").stdout

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(empty_outbox, desks))

    for desk in desks:
        told = {i["revision"]: (i["state"], i["id"]) for i in items(desk)}
        assert told == {r: ("receipted", i.hex()) for r, i in world.revisions(desk.school)}
        last = desk.figures[max(told) - 1]
        assert world.booked(desk.school) == {n: f if isinstance(f, tuple) else (f, 0) for n, f in last.items()}
    world.assert_books_agree()


def test_the_supervisor_replaces_its_dead(world):
    before = world.collector.worker_pids()
    assert len(before) == world.collector.workers
    mark = world.collector.mark()
    victim = world.collector.kill_worker(before[0])
    wait_for("a new worker", lambda: len(world.collector.worker_pids()) == len(before), timeout=30)
    assert victim not in world.collector.worker_pids()
    wait_for("it to be ready", lambda: world.collector.events("ready", since=mark), timeout=30)


def test_sessions_of_a_killed_worker_find_another(make_world):
    """Statements in flight in a killed worker: answered by nobody, sent again, booked once."""
    world = make_world()  # whose supervisor has no reason yet to pause long between two deaths
    schools = [s for s in world.schools if s.kind == "district"]
    for school in schools:
        world.enrol(school)
    for round_ in range(5):
        envelopes, sessions = [], []
        for school in schools:
            session = world.greeted(school)
            sessions.append(session)
            revision = len(world.revisions(school)) + 1
            previous = world.revisions(school)[-1][1] if revision > 1 else b""
            envelopes.append(world.envelope(school, world.statement(
                school, world.lawful(school, seed=round_), revision=revision, previous=previous)))
            session.send(put=pb.Put(envelope=envelopes[-1]))
        for pid in world.collector.worker_pids():
            kill(pid)
        for session in sessions:
            session.close()

        def send_again(school, envelope):
            try:
                with world.greeted(school) as session:
                    return session.submit(envelope)
            except (contract.Closed, contract.Refused, OSError):
                return None  # the new worker is not there yet

        for school, envelope in zip(schools, envelopes):
            verdict = wait_for("a receipt", lambda s=school, e=envelope: send_again(s, e), timeout=60)
            assert verdict.HasField("receipt")
            assert len(world.revisions(school)) == round_ + 1
    pauses = {}
    for died in world.collector.events("worker_died"):
        pauses.setdefault(died["number"], []).append(int(died["restart_ms"]))
    for of_one in pauses.values():
        assert of_one == [0, 100, 200, 400, 800][:len(of_one)], "the first death is made good at once, the next ones wait longer and longer"
    assert len(pauses) == world.collector.workers
    world.assert_books_agree()


def test_no_process_is_left_behind(make_world):
    """When the supervisor is killed its workers go too: nobody listens with nobody to look after it."""
    world = make_world()
    workers = world.collector.worker_pids()
    kill(world.collector.process.pid)
    world.collector.process.wait(30)
    wait_for("the workers to end", lambda: not any(alive(pid) for pid in workers), timeout=30)
    world.collector.restart()


def test_term_drains_what_is_in_flight(make_world):
    """SIGTERM: every statement that was taken is answered or left unbooked; the end is clean."""
    world = make_world()
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        envelope = world.envelope(school, world.statement(school, world.lawful(school)))
        number = session.send(put=pb.Put(envelope=envelope))
        world.collector.process.terminate()
        heard = None
        try:
            heard = session.answer_to(number).WhichOneof("body")
        except (contract.Closed, contract.Refused):
            pass
    world.collector.stop()
    if heard == "answer":
        assert len(world.revisions(school)) == 1
    world.assert_books_agree()
