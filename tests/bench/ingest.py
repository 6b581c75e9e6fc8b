"""ingest: signed statements over kept TLS sessions, to receipts; and one report on an idle server."""

from measure import Report, Rounds
from stage import FIGURES, SESSIONS, WINDOW

REPORTS = 6000
LONE_REPORTS = 400


def add_sum(figures):
    figures["cpu_both_s_per_1000"] = figures["cpu_collector_s_per_1000"] + figures["cpu_postgres_s_per_1000"]
    return figures


def bench(stage, options):
    rounds = Rounds()
    database = stage.database("ingest")
    collector = stage.collector(database)
    for turn in range(options.rounds):
        for what in ("copy", "ingest", "lone") if turn % 2 == 0 else ("ingest", "lone", "copy"):
            stage.empty(database)
            if what == "copy":
                rounds.add("COPY, two links", stage.books("copy", database, reports=REPORTS, links=2))
            elif what == "ingest":
                rounds.add("ingest", add_sum(stage.load(collector, reports=REPORTS)))
            else:
                rounds.add("a report alone", add_sum(stage.load(collector, reports=LONE_REPORTS, sessions=1, window=1)))
    collector.stop()
    report = Report("ingest", rounds, options.rounds,
                    f"{FIGURES} figures a report, {SESSIONS} kept TLS sessions, {WINDOW} reports on their way in each")
    medians = rounds.medians()
    report.ratio("ingest_of_copy", "reports a second / COPY on two links", "ingest", "COPY, two links", "reports_s", goal="≥ 0.50")
    report.say("cpu_both_s_per_1000", "s of collector and PostgreSQL a 1,000 reports", medians["ingest"]["cpu_both_s_per_1000"], "≤ 0.3")
    report.say("cpu_collector_us", "µs of the collector a report", medians["ingest"]["cpu_collector_s_per_1000"] * 1000, "≤ 90")
    report.say("lone_p50_ms", "ms, p50 of a report alone", medians["a report alone"]["p50_ms"], "≤ 2")
    report.say("lone_p99_ms", "ms, p99 of a report alone", medians["a report alone"]["p99_ms"], "≤ 10")
    return report
