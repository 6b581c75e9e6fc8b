"""sizes: what a report takes on disk and in the log, what a school takes in memory, how fast old figures are put away: for deploy/GUIDE.md."""

import subprocess
import time

import house
from connections import resident_kib
from measure import Report, Rounds
from stage import FIGURES, MONTH

REPORTS = 20000
MORE_SCHOOLS = 200000


def bytes_of(database, *tables):
    return sum(database.value("SELECT pg_total_relation_size(%s::regclass)", f"yuebao.{table}") for table in tables)


def log_position(database):
    return database.value("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")


def on_disk(stage, rounds):
    """All schools report once; the log's share is measured from one checkpoint to the end, whole pages included."""
    database = stage.database("sizes")
    collector = stage.collector(database)
    stage.empty(database)
    begun = log_position(database)
    stage.load(collector, reports=REPORTS)
    house.wait_for("the totals to be folded", lambda: database.value("SELECT count(*) FROM yuebao.total_delta") == 0)
    logged = log_position(database) - begun
    collector.stop()
    each = {"ledger": bytes_of(database, f"report_{MONTH}", f"remark_{MONTH}"), "figures": bytes_of(database, f"figure_{MONTH}"),
            "log": float(logged)}
    envelopes, receipts = database.rows(f"SELECT sum(length(envelope)), sum(length(receipt)) FROM yuebao.report_{MONTH}")[0]
    rounds.add(f"a report of {FIGURES} figures", {f"{name} B": size / REPORTS for name, size in each.items()} |
               {"envelope B": float(envelopes) / REPORTS, "receipt B": float(receipts) / REPORTS})
    rounds.add("a figure", {"figures B": each["figures"] / REPORTS / FIGURES})
    totals = database.value("SELECT count(*) FROM yuebao.total_folded")
    rounds.add("a total, folded over and over", {"figures B": bytes_of(database, "total_folded") / totals})
    return database


def packed(database, rounds):
    """A month as pg_dump writes it, and how fast the audit and the digest read."""
    dump = subprocess.run(["/usr/lib/postgresql/15/bin/pg_dump", "-Fc", "-t", f"yuebao.figure_{MONTH}", "-d", database.conninfo()],
                          env=house.environment(), check=True, stdout=subprocess.PIPE).stdout
    rounds.add(f"a report of {FIGURES} figures", {"dumped B": len(dump) / REPORTS})
    begun = time.monotonic()
    database.value("SELECT counted FROM yuebao.digest_of(%s)", f"figure_{MONTH}")
    digested = time.monotonic() - begun
    begun = time.monotonic()
    database.ctl("check-totals")
    rounds.add("a second", {"figures digested": REPORTS * FIGURES / digested, "reports checked": REPORTS / (time.monotonic() - begun)})


def in_memory(stage, database, rounds):
    """The register: one worker, with the schools of before and with many more."""
    def resident():
        collector = stage.collector(database, workers=1)
        size = resident_kib(collector)
        collector.stop()
        return size

    before = resident()
    database.run("""INSERT INTO yuebao.school (school, code, institution, kind, name_zh, name_en, opened_on) OVERRIDING SYSTEM VALUE
                    SELECT 1000000 + n, 'M' || n, 'M' || n, 'primary', '学校' || n, 'School ' || n, '2010-09-01' FROM generate_series(1, %s) AS n""", MORE_SCHOOLS)
    database.run("""INSERT INTO yuebao.school_district (school, valid_from, district)
                    SELECT s.school, '2010-09-01', 100001 FROM yuebao.school AS s WHERE s.code LIKE 'M%%'""")
    database.run("""INSERT INTO yuebao.school_key (key, school) SELECT sha256(s.code::bytea), s.school FROM yuebao.school AS s WHERE s.code LIKE 'M%%'""")
    rounds.add("a worker's register", {"KiB a 1,000 schools": (resident() - before) * 1000 / MORE_SCHOOLS,
                                       f"KiB, {stage.schools:,} schools": before})


def bench(stage, options):
    rounds = Rounds()
    database = on_disk(stage, rounds)
    packed(database, rounds)
    in_memory(stage, database, rounds)
    medians = rounds.medians()
    report = Report("sizes", rounds, 1, f"{REPORTS:,} reports of {FIGURES} figures through the collector; bytes with their indexes")
    whole = medians[f"a report of {FIGURES} figures"]
    report.say("kb_a_report", "KB a report on disk, ledger and figures", (whole["ledger B"] + whole["figures B"]) / 1000)
    report.say("kb_log_a_report", "KB a report in the write-ahead log", whole["log B"] / 1000)
    report.say("bytes_a_figure", "bytes a figure", medians["a figure"]["figures B"])
    return report
