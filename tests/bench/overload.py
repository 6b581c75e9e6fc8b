"""overload: three times what is taken, from schools that come once each and come again when they are told; nobody waits at the door."""

import threading
import time

import house
from measure import Gun, Report, Rounds
from stage import FIRST_DAY, PERIOD, program

SECONDS = 120
CAPACITY_REPORTS = 1000
# The database is made slow, a report at a time and link, so that it is what is scarce: a TLS handshake costs more than a report, and three
# times the reports that a whole processor takes would be more handshakes than it can make. What those cost, storm says.
SLOW_MS = 20


def resident(collector):
    return sum(house.resident_kib(pid) for pid in collector.worker_pids())


class Watch:
    """Resident memory of the workers, every second."""

    def __init__(self, collector):
        self.collector, self.seen, self.over = collector, [], threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.began = time.monotonic()
        self.thread.start()

    def _look(self):
        while not self.over.wait(1):
            self.seen.append((time.monotonic() - self.began, resident(self.collector)))

    def growth(self, since, until):
        """The highest over the lowest in between."""
        self.over.set()
        self.thread.join()
        seen = [kib for at, kib in self.seen if since <= at <= until]
        return max(seen) / min(seen) - 1


def bench(stage, options):
    rounds = Rounds()
    database = stage.database("overload")
    database.run("""CREATE FUNCTION yuebao.be_slow() RETURNS trigger LANGUAGE plpgsql AS
                    $$BEGIN PERFORM pg_sleep(%s); RETURN NEW; END$$""" % (SLOW_MS / 1000))
    database.run("CREATE TRIGGER be_slow BEFORE INSERT ON yuebao.report FOR EACH ROW EXECUTE FUNCTION yuebao.be_slow()")
    collector = stage.collector(database, links=1)

    stage.empty(database)
    capacity = stage.load(collector, reports=CAPACITY_REPORTS)["reports_s"]
    stage.empty(database)
    rate = max(1, round(3 * capacity))
    seconds = min(options.seconds, stage.schools // rate)
    gun = Gun(program("crowd"), "--port", collector.address[1], "--ca", stage.authority.ca, "--period", PERIOD,
              "--schools", stage.schools, "--rate", rate, "--seconds", seconds)
    watch = Watch(collector)
    result = gun.fire(collector=collector.process.pid, postgres=stage.postmaster)
    accepted = database.value("SELECT count(*) FROM yuebao.report WHERE period = %s", FIRST_DAY)
    assert accepted == result["reports"] == rate * seconds, "each school has its receipt, and its report is booked once"
    rounds.add("capacity", {"reports_s": capacity})
    rounds.add("three times", {"reports_s": result["in_time"] / seconds, "seconds": seconds, "memory": watch.growth(seconds / 4, seconds),
                               "after_s": result["after"], "median_s": result["median"], "slowest_s": result["slowest"],
                               "slowest_of_median": result["slowest"] / result["median"], "busy": result["busy"],
                               "busy_a_school": result["busy"] / result["reports"],
                               "unproven": result["bare_busy"], "lost_connections": result["lost_connections"]})
    collector.stop()
    seen = rounds.medians()["three times"]
    report = Report("overload", rounds, 1,
                    f"{seen['seconds']:.0f} s of three times what a slow database takes ({SLOW_MS} ms a report and link), a connection each try")
    report.ratio("accepted_of_capacity", "reports a second meanwhile / capacity", "three times", "capacity", "reports_s", goal="≥ 0.90")
    report.say("memory_growth", "growth of resident memory, lowest to highest", seen["memory"], "≤ 0.05")
    report.say("after_s", "s afterwards until the last had its receipt", seen["after_s"], f"≤ {2.5 * seen['seconds']:.0f}")
    report.say("slowest_of_median", "slowest school's wait / the median's", seen["slowest_of_median"], "≤ 3")
    report.say("busy_a_school", "times BUSY a school", seen["busy_a_school"])
    report.say("unproven", "BUSY to a report without its arrival", seen["unproven"], "0")
    report.say("lost_connections", "refusals that were not BUSY", seen["lost_connections"], "0")
    return report
