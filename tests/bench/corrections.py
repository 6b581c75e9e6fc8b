"""corrections: 5 % corrections and 5 % repeats among new reports, beside new reports alone."""

from measure import Report, Rounds
from stage import FIGURES

REPORTS = 5000
MIXES = {"all new": (), "5 % repeats": ("--repeats", 5), "5 % corrections": ("--corrections", 5),
         "5 % of each": ("--corrections", 5, "--repeats", 5)}


def bench(stage, options):
    rounds = Rounds()
    database = stage.database("corrections")
    collector = stage.collector(database)
    names = list(MIXES)
    for turn in range(options.rounds):
        for name in names[turn % 4:] + names[:turn % 4]:
            stage.empty(database)
            rounds.add(name, stage.load(collector, reports=REPORTS, more=MIXES[name]))
    collector.stop()
    report = Report("corrections", rounds, options.rounds, f"{REPORTS:,} reports of {FIGURES} figures over kept TLS sessions")
    for name in names[1:]:
        report.ratio(name.replace(" ", "_").replace("%", "percent") + "_of_new", f"reports a second, {name} / all new", name, "all new",
                     "reports_s")
        report.ratio(name.replace(" ", "_").replace("%", "percent") + "_by_cpu", "the same by PostgreSQL's processor time", "all new", name,
                     "cpu_postgres_s_per_1000")
    return report
