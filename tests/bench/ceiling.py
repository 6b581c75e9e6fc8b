"""ceiling: the database work of a batch, as the collector does it, beside COPY BINARY of the same figures with the same commits."""

from measure import Report, Rounds
from stage import AHEAD, FIGURES

REPORTS = {100: 3000, 1000: 5000}
WAYS = ("copy", "figures", "totals")
ROOM_BATCH = 200  # BATCH_MAX of server/batch.h: what a room makes of what waits

GOALS = {("figures", 100): 0.90, ("figures", 1000): 0.90, ("totals", 100): 0.75, ("totals", 1000): 0.85}


def round_of(rounds, state, turn, run):
    """Every way once, another one first in each round; `run` is told way, reports and batch size."""
    for size, reports in REPORTS.items():
        for way in WAYS[turn % 3:] + WAYS[:turn % 3]:
            rounds.add(f"{state} {size} {way}", run(way, reports, size))


def two_links(stage, rounds, database, turn):
    for way in ("copy", "batch") if turn % 2 == 0 else ("batch", "copy"):
        stage.empty(database)
        rounds.add(f"fresh two links {way}", stage.books(way, database, reports=6000, batch=ROOM_BATCH, links=2))


def say(report, state):
    for size in REPORTS:
        for way, words in (("figures", "claim + figures"), ("totals", "with totals")):
            goal = f"≥ {GOALS[way, size]:.2f}"
            base = f"{state} {size} copy"
            report.ratio(f"{state}_{size}_{way}_of_copy", f"{state}, batches of {size:,}: {words} / COPY", f"{state} {size} {way}", base,
                         "reports_s", goal=goal)
            report.ratio(f"{state}_{size}_{way}_of_copy_by_cpu", "the same by PostgreSQL's processor time", base, f"{state} {size} {way}",
                         "cpu_postgres_s_per_1000")


def bench(stage, options):
    rounds = Rounds()
    fresh = stage.database("ceiling")
    schools = options.rounds * len(WAYS) * sum(reports + AHEAD for reports in REPORTS.values())  # each reports once: the figures that are there stay
    many, spread, there = stage.large_database("ceiling_many", schools, options.many)
    used = 0

    def run_fresh(way, reports, size):
        stage.empty(fresh)
        return stage.books(way, fresh, reports=reports, batch=size)

    def run_many(way, reports, size):
        nonlocal used
        first, used = used, used + reports + AHEAD
        return stage.books(way, many, reports=reports, batch=size, first=first, spread=spread, schools=schools)

    for turn in range(options.rounds):
        round_of(rounds, "fresh", turn, run_fresh)
        two_links(stage, rounds, fresh, turn)
        round_of(rounds, "many", turn, run_many)
    report = Report("ceiling", rounds, options.rounds, f"{FIGURES} figures a report; 'many': {there:,} figures of the period were there")
    say(report, "fresh")
    say(report, "many")
    report.ratio("two_links_batch_of_copy", "two links: the collector's room (batch.h), folding included / COPY", "fresh two links batch",
                 "fresh two links copy", "reports_s")
    report.note(f"1,000 exceeds BATCH_MAX ({ROOM_BATCH}): the statements are the collector's, the size is not.")
    return report
