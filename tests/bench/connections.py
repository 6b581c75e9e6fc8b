"""connections: what an idle TLS session costs the collector, and a TCP connection that says nothing."""

import resource

import house
from measure import Gun, Report, Rounds
from stage import program

WANTED = 10000
SPARE = 200  # descriptors for everything else


def resident_kib(collector):
    return sum(house.resident_kib(pid) for pid in collector.worker_pids())


def bench(stage, options):
    rounds = Rounds()
    database = stage.database("connections")
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(WANTED, limit - SPARE)
    long = 10 * 60 * 1000
    for kind in ("sessions", "silent"):
        # fresh: memory that was used once stays with a process; room for all in one worker, for the kernel shares them out unevenly
        collector = stage.collector(database, connections=count, first_byte_ms=long, idle_ms=long)
        before = resident_kib(collector)
        gun = Gun(program("idle"), collector.address[1], stage.authority.ca, stage.schools, count, kind)
        house.wait_for("all connections to be accepted", lambda c=collector: open_sockets(c) >= count, timeout=60)
        rounds.add(f"{count:,} {'idle TLS sessions' if kind == 'sessions' else 'silent TCP connections'}",
                   {"KiB each": (resident_kib(collector) - before) / count})
        gun.fire()
        collector.stop()
    report = Report("connections", rounds, 1, "resident memory of the collector's workers; the kernel's buffers are not in it")
    each = [figures["KiB each"] for figures in rounds.medians().values()]
    report.say("kib_a_session", "KiB an idle TLS session", each[0], "≤ 20")
    report.say("kib_a_silent_connection", "KiB a silent TCP connection", each[1], "≤ 4")
    if count < WANTED:
        report.note(f"A process may open {limit:,} descriptors here: {count:,} connections instead of {WANTED:,}.")
    return report


def open_sockets(collector):
    """Descriptors of all workers."""
    return sum(len(list((house.Path("/proc") / str(pid) / "fd").iterdir())) for pid in collector.worker_pids())
