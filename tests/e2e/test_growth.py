"""Months made ahead; old figures put away, dumped, dropped, restored and brought back: beside collectors, and never in silence."""

import json
import subprocess
import threading

import psycopg2
import pytest

from house import ROOT, environment, wait_for
from world import LATE, OPEN, first_day

BIN = "/usr/lib/postgresql/15/bin"


@pytest.fixture(scope="module")
def filed(world):
    """A month with a few reports and a correction, closed five days ago."""
    reports = []
    for seed in range(3):
        school, key = world.enrolled()
        with world.greeted(school) as session:
            first = world.statement(school, world.lawful(school, seed=seed), period=LATE)
            verdict = session.submit(world.envelope(school, first))
            assert verdict.HasField("receipt")
            if seed == 0:
                second = world.statement(school, world.lawful(school, seed="again"), period=LATE, revision=2, previous=verdict.id, correction="数错了")
                assert session.submit(world.envelope(school, second)).HasField("receipt")
        reports.append((school, verdict.id))
    world.database.run("UPDATE yuebao.calendar SET closes_at = now() - interval '5 days', due_at = least(due_at, now() - interval '6 days') WHERE period = %s",
                       first_day(LATE))
    return reports


def tables():
    return [f"figure_{LATE.replace('-', '_')}", f"figure_history_{LATE.replace('-', '_')}"]


def tool(world, name, *args):
    subprocess.run([f"{BIN}/{name}", *args, "-d", world.database.conninfo()], env=environment(), check=True)


def test_run_makes_months_once(world):
    def count():
        return world.database.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'yuebao.figure'::regclass")

    before = count()
    planned = json.loads(world.database.ctl("maintain", "--ahead", "5", "--dry-run", "--json").stdout)
    assert {row["outcome"] for row in planned} == {"due"} and count() == before
    done = json.loads(world.database.ctl("maintain", "--ahead", "5", "--json").stdout)
    assert [(r["task"], r["subject"]) for r in done] == [(r["task"], r["subject"]) for r in planned]
    assert {row["outcome"] for row in done} == {"done"}
    assert count() == before + sum(row["task"] == "partitions" for row in done) > before
    assert "Nothing is due." in world.database.ctl("maintain", "--ahead", "5").stdout
    assert "to 120" in world.database.ctl("maintain", "--ahead", "8000", ok=64).stderr


def test_one_at_a_time(world):
    link = psycopg2.connect(world.database.conninfo())
    with link, link.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('yuebao.maintain'))")
        assert "Another maintain runs" in world.database.ctl("maintain", ok=75).stderr
    link.close()


def test_an_open_month_stays(world):
    assert "stays" in world.database.ctl("maintain", "detach", OPEN, ok=65).stderr
    assert "no figures" in world.database.ctl("maintain", "detach", "1999-01", ok=65).stderr
    world.database.ctl("maintain", "detach", "2024-W01", ok=64)


def test_away_said_in_words_and_back_as_it_was(world, filed, tmp_path):
    ctl = world.database.ctl
    school, first_id = filed[0]
    totals, booked = world.totals(), [world.booked(s, LATE) for s, _ in filed]
    missing = ctl("missing", "--period", LATE, "--csv").stdout
    assert "can be put away" in ctl("maintain", "detach", LATE, "--dry-run").stdout
    assert "put away" in ctl("maintain", "detach", LATE).stdout
    try:
        assert world.totals() == totals
        assert ctl("missing", "--period", LATE, "--csv").stdout == missing, "nobody is missing for it"
        assert "3 of" not in missing
        assert "4 of these reports are put away" in ctl("check-totals").stdout
        assert "put away" in ctl("replay", first_id.hex()[:12]).stdout
        indicator = ctl("figure", school.code, LATE, "enrolled_pupils", ok=65).stderr
        assert f"The figures of single schools of {LATE} are put away" in indicator
        for told in (("coverage", "--district", school.district, "--period", LATE), ("trend", "largest_class_size", "--district", school.district),
                     ("totals", school.district, LATE)):
            assert "Empty where schools have reported" in "".join(ctl(*told).stdout.splitlines(True)[-2:]), told
        assert "已归档" in ctl("drill", school.district, LATE, "enrolled_pupils", "--lang", "zh", ok=65).stderr
        assert json.loads(ctl("export", "figures", "--json", ok=65).stdout)["status"] == 65
        ctl("export", "figures", "--period", OPEN, "--csv")
        ctl("export", "totals", "--csv")
        assert "put away" in ctl("calendar", "set", LATE, "--closes", "2031-01-01T00:00", ok=65).stderr
        (row,) = [m for m in json.loads(ctl("maintain", "months", "--json").stdout) if m["month"] == LATE]
        assert row["standing"] == "detached" and row["books_bytes"] == 0 and row["ledger_bytes"] > 0

        dump = tmp_path / "month"
        tool(world, "pg_dump", "-Fc", "-f", str(dump), *(f"-tyuebao.{t}" for t in tables()))
        world.database.run("DROP TABLE " + ", ".join(f"yuebao.{t}" for t in tables()))
        assert "not in this database" in ctl("maintain", "attach", LATE, ok=65).stderr
        ctl("maintain")
        assert "4 of these reports are put away" in ctl("check-totals").stdout
        tool(world, "pg_restore", str(dump))
        world.database.run(f"UPDATE yuebao.{tables()[0]} SET value = value + 1 WHERE value = (SELECT max(value) FROM yuebao.{tables()[0]})")
        assert "not those that were put away" in ctl("maintain", "attach", LATE, ok=65).stderr
        world.database.run("DROP TABLE " + ", ".join(f"yuebao.{t}" for t in tables()))
        tool(world, "pg_restore", str(dump))
    finally:
        assert "are back" in ctl("maintain", "attach", LATE).stdout
    assert [world.booked(s, LATE) for s, _ in filed] == booked
    assert "put away" not in ctl("check-totals").stdout
    world.assert_books_agree()
    assert "is not put away" in ctl("maintain", "attach", LATE, ok=65).stderr


def test_a_long_reader_delays_it_and_nobody_else(world, filed):
    """An export reads for a long time: putting away waits for it in small pieces, and reports are booked meanwhile."""
    reader = psycopg2.connect(world.database.conninfo())
    cursor = reader.cursor()
    cursor.execute("SELECT count(*) FROM yuebao.figure")
    said = []
    worker = threading.Thread(target=lambda: said.append(world.database.ctl("maintain", "detach", LATE).stdout))
    worker.start()
    wait_for("putting away to have given way once", lambda: world.database.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep' AND query LIKE '%%detach_month%%'"))
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, world.statement(school, world.lawful(school)))).HasField("receipt")
    reader.close()
    worker.join(60)
    assert "put away" in said[0]
    world.database.ctl("maintain", "attach", LATE)


def test_beside_traffic_no_deadlock_and_nothing_lost(world, filed):
    """Months are made, put away and brought back as fast as they can be while schools report and correct."""
    schools = [world.enrolled()[0] for _ in range(4)]
    ended, problems = threading.Event(), []

    def report(school):
        try:
            previous, revision = b"", 1
            with world.greeted(school) as session:
                while not ended.is_set() or revision < 3:
                    more = dict(revision=revision, previous=previous, correction="数错了") if revision > 1 else {}
                    verdict = session.submit(world.envelope(school, world.statement(school, world.lawful(school, seed=revision), **more)))
                    assert verdict.HasField("receipt"), verdict
                    previous, revision = verdict.id, revision + 1
        except Exception as error:  # noqa: BLE001 - told by the test, not by a thread
            problems.append(repr(error))

    threads = [threading.Thread(target=report, args=(s,)) for s in schools]
    for thread in threads:
        thread.start()
    for turn in range(4):
        world.database.ctl("maintain", "--ahead", str(6 + turn))
        world.database.ctl("maintain", "detach", LATE)
        world.database.ctl("maintain", "attach", LATE)
    ended.set()
    for thread in threads:
        thread.join(60)
    assert not problems
    assert world.database.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    assert not world.collector.events("batch_failed")
    world.database.ctl("check-totals")
    world.assert_books_agree()


def test_the_timer_runs_what_is_there():
    """The units name the command as it is, and systemd reads them."""
    unit = (ROOT / "deploy" / "systemd" / "yuebao-maintain.service").read_text()
    assert "yuebaoctl maintain" in unit
    timer = (ROOT / "deploy" / "systemd" / "yuebao-maintain.timer").read_text()
    assert "Persistent=true" in timer and "OnCalendar=" in timer
