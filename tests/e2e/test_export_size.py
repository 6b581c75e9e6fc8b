"""Exporting two million figures needs no more memory than exporting a few."""

import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from house import RELEASE, environment, run, wait_for

MEASURE = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
LAST = "2021-12"  # the 84th month from 2015-01
FEW_MIB = 4


@pytest.fixture(scope="module")
def database(cluster, template):
    """Every school, a hundred indicators, 84 months: 2 million figures and more, nobody's."""
    database = cluster.create("many_figures", template.name)
    database.run("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                    SELECT f.form, m, m + interval '1 month', m + interval '2 months', m + interval '3 months', (SELECT max(catalogue) FROM yuebao.catalogue)
                    FROM yuebao.form AS f, generate_series(timestamp '2015-01-01', '2021-12-01', '1 month') AS m WHERE f.code = 'primary.monthly'""")
    database.run("""INSERT INTO yuebao.figure (district, period, school, indicator, form, value, denominator)
                    SELECT 220203, m::date, s.school, i.indicator, f.form, s.school * i.indicator, 0
                    FROM generate_series(timestamp '2015-01-01', '2021-12-01', '1 month') AS m, yuebao.form AS f,
                         (SELECT school FROM yuebao.school ORDER BY school LIMIT 240) AS s,
                         (SELECT indicator FROM yuebao.indicator ORDER BY indicator LIMIT 100) AS i
                    WHERE f.code = 'primary.monthly'""")
    database.run("ANALYZE yuebao.figure")
    return database


def export(database, path, *args):
    """Peak resident memory in MiB, and what was said."""
    done = run(sys.executable, "-c", MEASURE, RELEASE / "server" / "ctl" / "yuebaoctl", "export", "figures", *args, "--db", database.conninfo(),
               timeout=600)
    return int(done.stdout.split()[-1]) / 1024, int(re.search(r"(\d+) rows", done.stderr).group(1))


def test_memory_does_not_grow_with_rows(database, scratch):
    path = scratch / "figures.out"
    few, count = export(database, path, "--csv", "--period", LAST, "--indicator", "enrolled_pupils", "-o", path)
    assert 50 <= count <= 250
    many, count = export(database, path, "--csv", "-o", path)
    assert count >= 2_000_000
    with open(path, "rb") as file:
        assert sum(1 for _ in file) == count + 1
    assert many < few + FEW_MIB, (few, many)


def test_nor_does_that_of_a_workbook(database, scratch):
    path = scratch / "figures.xlsx"
    few, _ = export(database, path, "--period", LAST, "--indicator", "enrolled_pupils", "--xlsx", path)
    many, count = export(database, path, "--from", "2021-04", "--to", LAST, "--xlsx", path)
    assert count >= 200_000 and many < few + FEW_MIB, (few, many)


def begin(database, path, **kw):
    return subprocess.Popen([RELEASE / "server" / "ctl" / "yuebaoctl", "export", "figures", "--csv", "-o", path, "--db", database.conninfo()],
                            env=environment(), **kw)


def test_who_is_stopped_leaves_nothing(database, scratch):
    path = scratch / "stopped.csv"
    path.write_text("what stood there")
    child = begin(database, path, stderr=subprocess.PIPE)
    (unfinished,) = wait_for("rows on their way", lambda: [p for p in scratch.glob("stopped.csv.unfinished-*") if p.stat().st_size > 100_000])
    child.terminate()
    assert child.wait(60) == -signal.SIGTERM
    assert not unfinished.exists() and path.read_text() == "what stood there"


def test_a_person_sees_how_far_it_is(database, scratch):
    master, slave = pty.openpty()
    child = begin(database, scratch / "seen.csv", stderr=slave)
    os.close(slave)
    seen = b""
    while not re.search(rb"\r\d+ rows\r\d+ rows", seen):
        seen += os.read(master, 4096)  # an error when the program ends without
    child.terminate()
    assert child.wait(60) == -signal.SIGTERM
    os.close(master)
