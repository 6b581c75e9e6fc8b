"""queries: every documented question at fifty million figures; a province's dashboard; readers and reports at once."""

import random
import statistics
import sys
import threading
import time

import psycopg2

from measure import Report, Rounds, processes
from questions import questions

GOALS = {"totals": 50, "county": 50, "schools": 1000}  # ms, p99
DASHBOARD_GOAL = 300  # ms, all thirty
ASKED = {"totals": 60, "county": 60, "schools": 12, "province": 3}  # times, each about another county, month and indicator
MOST_SECONDS = 10  # for one question; the first run of a slow one says enough
READERS, THINK = 50, 5.0  # each asks a question of the dashboard or about a county, and reads the answer for so many seconds
RATE, ALONE, BOTH = 1000, 4800, 4800  # reports a second; all primary schools report once


class Asker:
    """One connection, as the pool of a page has it, and answers drawn anew for every question; from a seed, so that A and B ask alike."""

    def __init__(self, database, seed):
        self._random = random.Random(seed)
        self.link = psycopg2.connect(database.conninfo())
        self.link.autocommit = True

    def values(self):
        month = self._random.randrange(2, 26)  # from 2024-10; not the first two, but the one that is open
        year, month = 2024 + (9 + month) // 12, (9 + month) % 12 + 1
        county = self._random.randrange(200)
        closed = self._random.randrange(2, 25)  # what the bench reports of the month that is open is unlike any past
        return {"county": 100001 + county, "prefecture": 900001 + county // 20, "province": 900000, "period": f"{year}-{month:02}",
                "closed": f"{2024 + (9 + closed) // 12}-{(9 + closed) % 12 + 1:02}",
                "first_day": f"{year}-{month:02}-01", "year": self._random.choice([2025, 2026]),
                "indicator": f"indicator_{self._random.randrange(1, 97):03}", "school": f"{county * 100 + self._random.randrange(50) * 2 + 1:010}",
                "plan": f"plan-{100001 + self._random.randrange(3)}", "province_plan": "plan-900000"}

    def ask(self, question):
        """Seconds until the whole answer was here, and how many rows it has."""
        values = self.values()
        with self.link.cursor() as cursor:
            began = time.monotonic()
            cursor.execute(question.sql, values)
            rows = len(cursor.fetchall())
            return time.monotonic() - began, rows

    def processor_time(self):
        """Seconds that the connection's own process has used: what others on the machine do moves it little."""
        return processes()[self.link.info.backend_pid][1]

    def pages(self, question):
        """How many pages an answer touches: found in shared buffers, and read."""
        with self.link.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) " + question.sql, self.values())
            plan = cursor.fetchone()[0][0]["Plan"]
            return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def centile(times, share):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure(database, question, seed):
    """A question alone: milliseconds, rows and pages. What is slow on a fresh connection (plans, catalog caches) stands apart."""
    asker = Asker(database, seed)
    fresh, _ = asker.ask(question)
    if fresh < 0.5:
        for _ in range(5):
            asker.ask(question)
    began, used, times, rows = time.monotonic(), asker.processor_time(), [], []
    while len(times) < ASKED[question.scope] and (not times or time.monotonic() - began < MOST_SECONDS):
        seconds, count = asker.ask(question)
        times.append(seconds)
        rows.append(count)
    used = asker.processor_time() - used
    pages = [asker.pages(question) for _ in range(5 if fresh < 0.5 else 1)]
    asker.link.close()
    return {"p50_ms": centile(times, 0.5) * 1000, "p99_ms": centile(times, 0.99) * 1000, "cpu_ms": used / len(times) * 1000, "fresh_ms": fresh * 1000,
            "rows": statistics.median(rows), "pages": statistics.median(pages)}


def measure_dashboard(database, asked, rounds):
    asker = Asker(database, "dashboard")
    for turn in range(-1, rounds):
        used = asker.processor_time()
        took = sum(asker.ask(question)[0] for question in asked for _ in range(question.dashboard))
        if turn >= 0:
            yield {"all_ms": took * 1000, "cpu_ms": (asker.processor_time() - used) * 1000}
    asker.link.close()


# ---- readers and reports at once ---------------------------------------------------------------------------------------------------------


class Readers:
    """Fifty people, each with a connection that has asked everything before, as a pool's have: ask, look, ask again."""

    def __init__(self, database, asked):
        self._asked = [question for question in asked if question.scope in ("totals", "county")]
        self._stop, self._warm, self.times, self.broken = threading.Event(), threading.Barrier(READERS + 1), [], []
        self._threads = [threading.Thread(target=self._read, args=(Asker(database, seed), random.Random(seed))) for seed in range(READERS)]

    def _read(self, asker, dice):
        try:
            for question in self._asked:
                asker.ask(question)
            self._warm.wait()
            self._stop.wait(dice.random() * THINK)
            while not self._stop.is_set():
                self.times.append(asker.ask(dice.choice(self._asked))[0])
                self._stop.wait(THINK * (0.5 + dice.random()))
        except psycopg2.Error as error:
            self.broken.append(error)
            self._warm.abort()
        asker.link.close()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def warm(self):
        """Until all have: plans are made, caches are warm."""
        self._warm.wait()

    def __exit__(self, *problem):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.broken:
            raise SystemExit(f"bench: a reader was told {self.broken[0]}")

    def figures(self, seconds):
        return {"questions_s": len(self.times) / seconds, "p50_ms": centile(self.times, 0.5) * 1000, "p99_ms": centile(self.times, 0.99) * 1000}


def at_once(stage, asked, rounds):
    """Reports alone, readers alone, both: who waits how much longer."""
    stage.forget_reports()  # those of the run before
    rounds.add("reports alone", stage.reports(ALONE, 0, RATE))
    with Readers(stage.database, asked) as readers:
        readers.warm()
        began = time.monotonic()
        time.sleep(2 * BOTH / RATE)
        rounds.add("readers alone", readers.figures(time.monotonic() - began))
        readers.times.clear()
        began = time.monotonic()
        rounds.add("reports, with readers", stage.reports(BOTH, ALONE + 100, RATE))
        rounds.add("readers, with reports", readers.figures(time.monotonic() - began))


# ---- the whole ---------------------------------------------------------------------------------------------------------------------------


def say(report, rounds, asked):
    medians = rounds.medians()
    for scope, goal in GOALS.items():
        worst = max((q for q in asked if q.scope == scope), key=lambda q: medians[q.name]["p99_ms"])
        slow = sum(medians[q.name]["p99_ms"] > goal for q in asked if q.scope == scope)
        report.say(f"{scope}_worst_p99_ms", f"ms, the slowest p99 of scope {scope}: {worst.name}; {slow} are over the goal", medians[worst.name]["p99_ms"],
                   f"≤ {goal}")
    report.say("dashboard_ms", "ms, a province's dashboard of thirty questions, one after another", medians["the dashboard"]["all_ms"], f"≤ {DASHBOARD_GOAL}")
    report.say("dashboard_cpu_ms", "ms, its connection's processor time", medians["the dashboard"]["cpu_ms"])
    for side, alone, both in (("reports", "reports alone", "reports, with readers"), ("readers", "readers alone", "readers, with reports")):
        report.ratio(f"{side}_p99_with_of_alone", f"p99 of the {side} with the other side / alone", both, alone, "p99_ms", goal="≤ 2")


def bench(stage, options):
    rounds, asked = Rounds(), questions()
    stage.forget_reports()  # those of the run before, and the versions of totals that they left behind
    for question in asked:
        took = measure(stage.database, question, question.name)
        rounds.add(question.name, took)
        print(f"{question.name}: p99 {took['p99_ms']:.1f} ms", file=sys.stderr)
    for took in measure_dashboard(stage.database, asked, 5):
        rounds.add("the dashboard", took)
    at_once(stage, asked, rounds)
    report = Report("queries", rounds, 1, f"{stage.figures():,} figures, 20,000 schools, 26 months")
    say(report, rounds, asked)
    report.note(f"Readers: {READERS} connections, a question and then about {THINK:g} s of reading; reports: {RATE} a second into the collector's room.")
    return report
