"""The ways out: every table also as a workbook; streams of figures, totals and reports in each format, all with the same content."""

import csv
import io

import pytest

from world import LATE, OPEN
from xlsx import Workbook, same

COUNTY = 220203


@pytest.fixture(scope="module")
def world(make_world):
    """Two reports, one with a sign that a spreadsheet would take for a formula."""
    world = make_world(workers=1)
    for kind, seed in (("primary", 1), ("junior", 2)):
        school, _ = world.enrolled(kind, COUNTY)
        with world.greeted(school) as session:
            verdict = session.submit(world.envelope(school, world.statement(school, world.lawful(school, seed=seed), period=OPEN)))
            assert verdict.HasField("receipt"), verdict
    world.database.run("UPDATE yuebao.school SET name_zh = '=SUM(A1)' WHERE code = %s", school.code)
    world.odd = school.code
    return world


def table(text):
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def assert_same(book, rows, sheet=0):
    found = book.rows(sheet)
    assert len(found) == len(rows) and found[0] == rows[0]
    for cells, texts in zip(found, rows):
        for cell, text in zip(cells, texts):
            assert same(cell, text), (cells, texts)


@pytest.mark.parametrize("command", [
    "missing --district 220203", "schools --district 220200", f"completeness --period {OPEN} --below", "progress --plan longtan-145",
    f"coverage --district 220203 --period {OPEN}", "calendar list", f"review 220203 {OPEN}", "outliers --district 220203", "keys", "rejections",
    "kept", "migrate status"])
def test_a_listing_is_the_same_workbook(world, scratch, command):
    path = scratch / "listing.xlsx"
    rows = table(world.database.ctl(*command.split(), "--csv").stdout)
    done = world.database.ctl(*command.split(), "--xlsx", path)
    assert "listing.xlsx" in done.stdout
    book = Workbook(path)
    assert_same(book, rows)
    assert book.is_frozen() and book.names == [command.split()[0]]
    assert book.title.startswith(f"yuebaoctl {command.split()[0]}: ")
    assert (book.subject or "") == command.split(" ", 1)[-1] if " " in command else not book.subject
    assert "host=" not in f"{book.title}{book.subject}"  # nothing of --db
    for c, width in enumerate(book.widths()):
        assert width >= len(rows[0][c])
    assert [p.name for p in scratch.iterdir() if "unfinished" in p.name] == []


def test_codes_stay_text_and_numbers_are_numbers(world, scratch):
    path = scratch / "kinds.xlsx"
    world.database.ctl("completeness", "--district", COUNTY, "--period", OPEN, "--xlsx", path)
    (head, *rows) = Workbook(path).rows()
    for row in rows:
        one = dict(zip(head, row))
        assert one["district"] == str(COUNTY) and one["period"] == OPEN and isinstance(one["expected"], float)
    world.database.ctl("schools", "--district", COUNTY, "--xlsx", path)  # in the place of the other
    (head, *rows) = Workbook(path).rows()
    assert {row[head.index("school")]: row[head.index("name_zh")] for row in rows}[world.odd] == "=SUM(A1)"


def test_an_error_leaves_no_workbook(world, scratch):
    path = scratch / "none.xlsx"
    world.database.ctl("missing", "--district", "999999", "--xlsx", path, ok=65)
    world.database.ctl("missing", "--xlsx", path, "--csv", ok=64)
    world.database.ctl("missing", "--period", LATE, "--xlsx", "/nowhere/x.xlsx", ok=73)
    assert not path.exists()
