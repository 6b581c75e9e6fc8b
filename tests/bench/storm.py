"""storm: every school a fresh TLS connection, hello, one report, receipt, close; beside the bare handshake."""

from measure import Gun, Report, Rounds, figures_of
from stage import FIGURES, program

REPORTS = 4000


def bench(stage, options):
    rounds = Rounds()
    reports = options.schools or REPORTS
    database = stage.database("storm")
    collector = stage.collector(database)
    server = Gun(program("bare"), "serve", stage.authority.certificate, stage.authority.private_key, collector.workers, ready=False)
    port = server.expect()

    def shake():
        gun = Gun(program("bare"), "shake", port, stage.authority.ca, REPORTS, options.at_once)
        return figures_of(gun.fire(bare=server.process.pid), "connections")

    def storm():
        stage.empty(database)
        return stage.load(collector, reports=reports, sessions=options.at_once, more=["--fresh"])

    for turn in range(options.rounds):
        for name, run in (("bare", shake), ("storm", storm)) if turn % 2 == 0 else (("storm", storm), ("bare", shake)):
            rounds.add(name, run())
    server.end()
    collector.stop()
    report = Report("storm", rounds, options.rounds, f"{reports:,} schools, {options.at_once} connections at once, {FIGURES} figures a report")
    medians = rounds.medians()
    report.ratio("storm_of_bare", "receipts a second / bare handshakes a second", "storm", "bare", "reports_s", "connections_s", "≥ 0.60")
    report.say("seconds_for_30000", "s for 30,000 schools at this rate", 30000 / medians["storm"]["reports_s"], "≤ 60")
    report.say("p99_s", "s, p99 from the first try to the receipt", medians["storm"]["p99_ms"] / 1000, "≤ 5")
    report.say("busy", "times BUSY", medians["storm"]["busy"])
    report.say("lost_connections", "connections lost (their reports were sent again and receipted)", medians["storm"]["lost_connections"])
    return report
