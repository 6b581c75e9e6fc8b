"""The ways out: every table also as a workbook; streams of figures, totals and reports in each format, all with the same content."""

import csv
import io
import json
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from house import BUILD, environment
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


# ---- export ----------------------------------------------------------------------------------------------------


def exported(world, *args, **kw):
    return world.database.ctl("export", *args, **kw).stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("subject, view, key", [
    ("figures", "figure", ["district", "first_day", "frequency", "school", "indicator"]),
    ("totals", "district_total", ["district", "first_day", "frequency", "form", "indicator"]),
    ("reports", "report", ["district", "first_day", "school", "form", "revision"])])
def test_csv_json_and_workbook_say_what_the_view_says(world, scratch, subject, view, key):
    rows = table(exported(world, subject, "--csv"))
    count = world.database.value(f"SELECT count(*) FROM api.{view}")
    assert len(rows) - 1 == count > 0
    sort = [rows[0].index(k) for k in key]
    assert rows[1:] == sorted(rows[1:], key=lambda row: [row[c] for c in sort])
    path = scratch / "export.xlsx"
    world.database.ctl("export", subject, "--xlsx", path)
    book = Workbook(path)
    assert_same(book, rows)
    assert book.names == [subject] and subject in book.subject
    objects = lines(exported(world, subject, "--json"))
    assert [list(o) for o in objects] == [rows[0]] * count
    for o, row in zip(objects, rows[1:]):
        for value, text in zip(o.values(), row):
            assert text in ("" if value is None else str(value), "'" + str(value)) or (value in (True, False) and text == "ft"[value]), (o, row)
    world.database.ctl("export", subject, "--csv", "-o", scratch / "export.csv")
    assert (scratch / "export.csv").read_bytes().decode() == exported(world, subject, "--csv")


def test_filters_choose(world):
    everything = lines(exported(world, "figures", "--json"))
    (form,) = {o["form"] for o in everything if o["kind"] == "junior"}
    chosen = lines(exported(world, "figures", "--json", "--form", form, "--period", OPEN, "--district", "220200"))
    assert chosen == [o for o in everything if o["form"] == form] and chosen
    one = chosen[0]["indicator"]
    assert lines(exported(world, "figures", "--json", "--form", form, "--indicator", one)) == [o for o in chosen if o["indicator"] == one]
    assert lines(exported(world, "figures", "--json", "--from", OPEN, "--to", OPEN)) == everything
    assert lines(exported(world, "figures", "--json", "--from", LATE, "--to", LATE)) == []
    assert exported(world, "figures", "--csv", "--district", "341881").count("\n") == 1
    totals = lines(exported(world, "totals", "--json", "--district", "220203"))
    assert {o["district"] for o in totals} == {220203}


@pytest.mark.parametrize("arguments", [
    "", "figures", "pupils --csv", "figures --csv --sdmx", "figures --adx", "reports --sdmx", "reports --csv --indicator enrolled_pupils",
    "totals --csv --dsd x", "totals --csv --period 2026-10 --from 2026-01", "totals --csv --from 2026-10 --to 2026-01", "totals --xlsx a -o b"])
def test_wrong_use_is_said(world, arguments):
    done = world.database.ctl("export", *arguments.split(), ok=64)
    assert done.stdout == "" and done.stderr.startswith("yuebaoctl: ")


def test_a_file_is_whole_or_not_there(world, scratch):
    assert world.database.ctl("export", "totals", "--csv", "-o", scratch, ok=73).stderr
    world.database.ctl("export", "totals", "--csv", "-o", "/nowhere/totals.csv", ok=73)
    world.database.ctl("export", "totals", "--csv", "--district", "999999", "-o", scratch / "never.csv", ok=65)
    assert not (scratch / "never.csv").exists()
    if Path("/dev/full").exists():
        done = subprocess.run([BUILD / "server" / "ctl" / "yuebaoctl", "export", "figures", "--csv", "--db", world.database.conninfo()],
                              stdout=open("/dev/full", "w"), stderr=subprocess.PIPE)
        assert done.returncode == 73 and b"stdout" in done.stderr


def test_a_reader_that_has_enough(world):
    child = subprocess.Popen([BUILD / "server" / "ctl" / "yuebaoctl", "export", "figures", "--json", "--db", world.database.conninfo()],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    child.stdout.close()
    assert child.wait(60) == 73 and child.stderr.read() == b""


# ---- SDMX ------------------------------------------------------------------------------------------------------

SDMX = {k: f"http://www.sdmx.org/resources/sdmxml/schemas/v3_0/{v}" for k, v in
        {"mes": "message", "str": "structure", "com": "common"}.items()}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Structure:
    """What a data structure definition says, as far as a reader of SDMX-CSV needs it."""

    def __init__(self, path, flow):
        root = ElementTree.parse(path).getroot()
        assert root.tag == "{%s}Structure" % SDMX["mes"]
        self.codes = {c.get("id"): {k.get("id") for k in c.findall("str:Code", SDMX)} for c in root.iterfind(".//str:Codelist", SDMX)}
        for code in root.iterfind(".//str:Code", SDMX):
            names = {n.get(LANG): n.text for n in code.findall("com:Name", SDMX)}
            assert set(names) == {"en", "zh"} and all(names.values())
            assert re.fullmatch(r"[A-Za-z0-9_@$-]+", code.get("id"))
        concepts = {c.get("id") for c in root.iterfind(".//str:Concept", SDMX)}
        (flow_of,) = root.iterfind(f".//str:Dataflow[@id='{flow}']/str:Structure", SDMX)
        assert flow_of.text.endswith(f"DataStructure=YUEBAO:{flow}(1.0.0)")
        (own,) = root.iterfind(f".//str:DataStructure[@id='{flow}']", SDMX)
        self.lists, self.dimensions = {}, []
        for kind in ("Dimension", "TimeDimension", "Measure", "Attribute"):
            for c in own.iterfind(f".//str:DataStructureComponents/*/str:{kind}", SDMX):
                assert c.find("str:ConceptIdentity", SDMX).text.rsplit(".", 1)[1] in concepts
                list_ = c.find("str:LocalRepresentation/str:Enumeration", SDMX)
                self.lists[c.get("id")] = None if list_ is None else re.search(r":(\w+)\(", list_.text).group(1)
                if "Dimension" in kind:
                    self.dimensions.append(c.get("id"))


@pytest.mark.parametrize("subject, flow", [("figures", "FIGURES"), ("totals", "TOTALS")])
def test_sdmx_and_its_structure_agree(world, scratch, subject, flow):
    path = scratch / "structure.xml"
    text = exported(world, subject, "--sdmx", "--dsd", path)
    rows = list(csv.DictReader(io.StringIO(text)))
    structure = Structure(path, flow)
    assert list(rows[0])[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert set(list(rows[0])[3:]) == set(structure.lists)
    assert list(rows[0])[3:3 + len(structure.dimensions)] == structure.dimensions
    plain = lines(exported(world, subject, "--json"))
    assert len(rows) == len(plain) > 0
    keys = {tuple(row[d] for d in structure.dimensions) for row in rows}
    assert len(keys) == len(rows)
    for row, one in zip(rows, plain):
        assert (row["STRUCTURE"], row["STRUCTURE_ID"], row["ACTION"]) == ("dataflow", f"YUEBAO:{flow}(1.0.0)", "I")
        for name, list_ in structure.lists.items():
            assert list_ is None or row[name] == "" or row[name] in structure.codes[list_], (name, row[name])
        assert all(row[d] for d in structure.dimensions)
        value = one["value"] if one["denominator"] is None else one["ratio"]
        assert row["OBS_VALUE"] == ("" if value is None else value) and row["INDICATOR"] == one["indicator"]
        assert (row["OBS_STATUS"] == "A") == (value is not None) and (row["MISSING_REASON"] == "") == (value is not None)
        assert row["DENOMINATOR"] == (one["denominator"] or "") and row["TIME_PERIOD"] == one["period"]


# ---- ADX -------------------------------------------------------------------------------------------------------

ADX = "{urn:ihe:qrph:adx:2015}"


def test_adx_adds_up_to_the_totals_of_every_district(world):
    root = ElementTree.fromstring(exported(world, "totals", "--adx"))
    assert root.tag == ADX + "adx" and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", root.get("exported"))
    own = {}
    for group in root:
        assert group.tag == ADX + "group" and re.fullmatch(r"\d{4}-\d\d-\d\d/P(1D|7D|1M|3M|6M|1Y)", group.get("period"))
        for value in group:
            key = int(group.get("orgUnit")), group.get("dataSet"), group.get("period"), value.get("dataElement")
            assert key not in own
            own[key] = Decimal(value.get("value"))
    below = {}
    for ancestor, district in world.database.rows("SELECT ancestor, district FROM yuebao.district_ancestor"):
        below.setdefault(ancestor, []).append(district)
    how = dict(world.database.rows("SELECT indicator, over_schools FROM api.indicator"))
    checked = 0
    for one in lines(exported(world, "totals", "--json")):
        if one["value"] is None:
            continue
        period = f"{one['first_day']}/{dict(daily='P1D', weekly='P7D', monthly='P1M', quarterly='P3M', termly='P6M', yearly='P1Y')[one['frequency']]}"

        def parts(element):
            return [own[k] for d in below[one["district"]] if (k := (d, one["form"], period, element)) in own]
        code, value = one["indicator"], Decimal(one["value"])
        if how[code] == "sum":
            assert sum(parts(code)) == value
        elif how[code] == "max":
            assert max(parts(code)) == value
        elif how[code] == "mean":
            assert abs(sum(parts(code + ".sum")) / sum(parts(code + ".schools")) - value) < Decimal("0.000001")
        else:
            assert sum(parts(code + ".num")) == value and sum(parts(code + ".den")) == Decimal(one["denominator"])
        checked += 1
    assert checked > 20
