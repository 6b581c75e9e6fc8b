"""The numbers of the house, held by the release build: sizes, idle memory, memory under attack."""

import resource
import shutil
import socket
import struct
import subprocess

import pytest

import contract
from contract import Closed, pb
from house import RELEASE, resident_kib, wait_for
from sheet import Sheet
from world import OPEN

pytestmark = pytest.mark.skipif(not (RELEASE / "server" / "yuebaod").exists(), reason="no release build")


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(workers=1, build=RELEASE)


@pytest.fixture(scope="module")
def greeted_school(world):
    return world.enrolled()[0]


def test_the_clients_own_executable_is_small(tmp_path):
    stripped = tmp_path / "yuebao"
    shutil.copy(RELEASE / "client" / "yuebao", stripped)
    subprocess.run(["strip", str(stripped)], check=True)
    assert stripped.stat().st_size <= 2 * 1024 * 1024


def test_the_client_is_modest(world):
    """At most 24 MiB resident, in its hungriest command."""
    school = world.fresh()
    desk = world.desk(school, build=RELEASE)
    path = desk.home / "s.csv"
    desk("template", OPEN, "-o", path)
    Sheet(path).fill(world.catalogue, world.lawful(school)).save(path)
    desk("submit", path, "--filler", "王芳", "--reviewer", "李强", "--head", "赵敏")
    desk("status")
    # of all children waited for: of this process's, whatever ran before; so measured in a child of its own
    probe = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    for command in (["check", str(path)], ["template", OPEN, "--force", "-o", str(path)], ["send"], ["catalogue"]):
        done = subprocess.run(["/usr/bin/python3", "-c", probe, str(desk.program), "--home", str(desk.home / "y"), *command],
                              check=True, stdout=subprocess.PIPE)
        assert int(done.stdout) <= 24 * 1024, command


def test_an_idle_session_costs_20_kib_and_2000_of_them_48_mib(world, greeted_school):
    (worker,) = world.collector.worker_pids()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    warm = [world.greeted(greeted_school) for _ in range(20)]
    before = resident_kib(worker)
    sessions = [world.greeted(greeted_school) for _ in range(2000)]
    after = resident_kib(worker)
    assert (after - before) / len(sessions) <= 20, "KiB a session"
    assert after <= 48 * 1024
    assert sessions[0].agenda().window, "still served"
    for session in warm + sessions:
        session.close()


def test_silent_connections_cost_next_to_nothing(world):
    (worker,) = world.collector.worker_pids()
    before = resident_kib(worker)
    silent = [socket.create_connection(world.collector.address) for _ in range(1000)]
    with world.session() as session:
        assert session.exporter()
    assert resident_kib(worker) - before <= 6 * 1024
    for sock in silent:
        sock.close()


def test_memory_stays_bounded_whatever_is_thrown_at_it(world, greeted_school):
    """In-flight work is at most 16 MiB a worker; then BUSY, or the flood is no longer read."""
    (worker,) = world.collector.worker_pids()
    statement = world.statement(greeted_school, world.lawful(greeted_school), edit=lambda s: setattr(s, "correction", "x" * 60000))
    puts = contract.frame(pb.Request(number=1, put=pb.Put(envelope=world.envelope(greeted_school, statement))).SerializeToString())
    asks = contract.frame(pb.Request(number=1, catalogue=pb.CatalogueRequest(hash=world.catalogue.hash)).SerializeToString()) * 500
    sessions = [world.greeted(greeted_school, timeout=2) for _ in range(40)]
    peak = 0
    for index, session in enumerate(sessions):
        try:
            for _ in range(20):
                session.send_bytes(asks if index % 2 else puts)
        except (Closed, TimeoutError):
            pass
        peak = max(peak, resident_kib(worker))
    assert peak <= 96 * 1024
    for session in sessions:
        session.cut()
    wait_for("the worker to have its hands free", lambda: world.session().exporter())
    with world.greeted(greeted_school) as session:
        assert session.submit(world.envelope(greeted_school, world.statement(
            greeted_school, world.lawful(greeted_school)))).HasField("receipt")
    assert world.collector.worker_pids() == [worker]


def test_a_length_that_lies_costs_nothing(world, greeted_school):
    (worker,) = world.collector.worker_pids()
    before = resident_kib(worker)
    sessions = [world.greeted(greeted_school) for _ in range(200)]
    for session in sessions:
        session.send_bytes(struct.pack(">I", 64 * 1024) + b"\x08")
    with world.greeted(greeted_school) as session:
        assert session.agenda().window
    assert resident_kib(worker) - before <= 200 * 40
    for session in sessions:
        session.cut()
