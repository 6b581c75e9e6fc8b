"""army: what 5,000 connections that only cost time do to 200 honest schools."""

from measure import Gun, Report, Rounds
from stage import program

SOLDIERS, SCHOOLS, REPORTS = 5000, 200, 4000


def bench(stage, options):
    rounds = Rounds()
    database = stage.database("army")
    collector = stage.collector(database)

    def honest():
        stage.empty(database)
        return stage.load(collector, reports=REPORTS, sessions=SCHOOLS, window=1)

    def under_attack():
        gun = Gun(program("army"), collector.address[1], stage.authority.ca, stage.schools, SOLDIERS)
        try:
            return honest()
        finally:
            gun.fire()

    for turn in range(options.rounds):
        for name, run in (("alone", honest), ("army", under_attack)) if turn % 2 == 0 else (("army", under_attack), ("alone", honest)):
            rounds.add(name, run())
    collector.stop()
    report = Report("army", rounds, options.rounds,
                    f"{SCHOOLS} schools with a report each on its way, beside {SOLDIERS:,} connections: a third silent, a third in the handshake, "
                    "a third in the midst of a frame, all of them back a second after they are hung up on")
    report.ratio("p99_of_alone", "p99 beside the army / alone", "army", "alone", "p99_ms", goal="≤ 2")
    report.ratio("rate_of_alone", "reports a second beside the army / alone", "army", "alone", "reports_s")
    report.say("lost_connections", "of their connections lost", rounds.medians()["army"]["lost_connections"], "0")
    return report
