"""Areas and school clusters: imported from two files, and every number of them is what a model in Python makes of what schools signed."""

import csv
import datetime
import io
import json
import random
import re
from fractions import Fraction

import pytest

import contract
from contract import pb
from house import BUILD, run
from world import CLOSED, LATE, OPEN, first_day

COUNTY, CITY, ELSEWHERE = 220203, 220200, 341881
FOREVER = datetime.date.max


@pytest.fixture
def filled(cluster, template, request):
    database = cluster.create(re.sub(r"\W", "_", request.node.name)[:60], template.name)
    yield database
    database.drop()


def write(where, name, header, rows):
    path = where / name
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_areas(where, *rows):
    return write(where, "areas.csv", ["area", "kind", "name_zh", "name_en", "district"], rows)


def write_members(where, *rows):
    return write(where, "area_schools.csv", ["area", "school", "from_day", "until_day"], rows)


# ---- the files -------------------------------------------------------------------------------------------------


def test_files_become_areas_and_again_change_nothing(filled, tmp_path):
    areas = write_areas(tmp_path, ("N1", "area", "北片学区", "", COUNTY), ("007", "cluster", "实验小学集团", "Experimental", ""))
    members = write_members(tmp_path, ("N1", "0000002", "", ""), ("N1", "0000003", "2020-01-01", "2025-12-31"), ("007", "0000002", "", ""))
    assert "Dry run" in filled.ctl("import", "--dry-run", areas, members).stdout
    assert filled.value("SELECT count(*) FROM yuebao.area") == 0
    changes = json.loads(filled.ctl("import", areas, members, "--json").stdout)
    assert {(c["file"], c["key"], c["change"]) for c in changes} == {
        ("areas.csv", "N1", "added"), ("areas.csv", "007", "added"), ("area_schools.csv", "N1 0000002", "added"),
        ("area_schools.csv", "N1 0000003 2020-01-01", "added"), ("area_schools.csv", "007 0000002", "added")}
    assert "Nothing changed" in filled.ctl("import", areas, members).stdout
    assert filled.rows("SELECT area, name_en, district FROM api.area ORDER BY 1") == [("007", "Experimental", None), ("N1", "北片学区", COUNTY)]

    members = write_members(tmp_path, ("N1", "0000003", "2020-01-01", "2026-12-31"), ("N1", "0000003", "2027-01-01", ""))
    changes = json.loads(filled.ctl("import", members, "--json").stdout)
    assert [(c["key"], c["change"], c["before"], c["after"]) for c in changes] == [
        ("N1 0000002", "removed", None, None), ("N1 0000003 2020-01-01", "changed", "2025-12-31", "2026-12-31"), ("N1 0000003 2027-01-01", "added", None, None)]

    only = write_areas(tmp_path, ("N1", "area", "北片", "", COUNTY))
    assert "1 area stands in none" in filled.ctl("import", only).stdout and filled.value("SELECT count(*) FROM yuebao.area") == 2
    filled.ctl("import", only, "--remove-missing")
    assert filled.rows("SELECT area, name_zh FROM api.area") == [("N1", "北片")] and filled.value("SELECT count(*) FROM yuebao.area_school") == 2


def test_every_fault_is_named_at_once(filled, tmp_path):
    areas = write_areas(tmp_path, ("N 1", "area", "一", "", COUNTY), ("N2", "region", "二", "", 999999), ("N3", "area", "", "", ""), ("N3", "area", "三", "", ""))
    members = write_members(tmp_path, ("N9", "0000002", "", ""), ("N3", "nobody", "2025-02-30", ""), ("N3", "0000002", "2025-02-01", "2025-01-31"))
    faults = json.loads(filled.ctl("import", areas, members, "--json", ok=65).stdout)
    found = [(f["file"].rsplit("/", 1)[-1], f["row"], f["column"], f["value"]) for f in faults]
    assert sorted(found) == [
        ("area_schools.csv", 2, "area", "N9"), ("area_schools.csv", 3, "from_day", "2025-02-30"), ("area_schools.csv", 3, "school", "nobody"),
        ("area_schools.csv", 4, "until_day", "2025-01-31"), ("areas.csv", 2, "area", "N 1"), ("areas.csv", 3, "district", "999999"),
        ("areas.csv", 3, "kind", "region"), ("areas.csv", 4, "name_zh", ""), ("areas.csv", 5, "area", "N3")]
    assert next(f for f in faults if f["column"] == "kind")["problem"] == "Expected one of: area, cluster."
    assert next(f for f in faults if f["column"] == "until_day")["problem"] == "This is before from_day (2025-02-01)."


def test_a_school_is_once_in_an_area_and_where_the_area_is(filled, tmp_path):
    elsewhere = filled.value("SELECT min(school) FROM api.school WHERE district = %s", ELSEWHERE)
    areas = write_areas(tmp_path, ("N1", "area", "北片", "", COUNTY), ("X", "cluster", "跨区", "", ""))
    members = write_members(tmp_path, ("N1", "B220203", "", "2024-12-31"), ("N1", "B220203", "2024-12-31", ""), ("N1", elsewhere, "", ""), ("X", elsewhere, "", ""))
    faults = json.loads(filled.ctl("import", areas, members, "--json", ok=65).stdout)
    assert [(f["row"], f["column"], f["value"]) for f in faults] == [(3, "from_day", "2024-12-31"), (4, "school", elsewhere)]
    assert "Row 2" in faults[0]["problem"] and "… – 2024-12-31" in faults[0]["problem"]
    assert str(ELSEWHERE) in faults[1]["problem"] and str(COUNTY) in faults[1]["problem"]
    assert filled.value("SELECT count(*) FROM yuebao.area") == 0


def test_an_area_does_not_leave_its_schools_behind(filled, tmp_path):
    """Its new district must be that of the schools which it has already, as of those that come with it."""
    elsewhere = filled.value("SELECT min(school) FROM api.school WHERE district = %s", ELSEWHERE)
    filled.ctl("import", write_areas(tmp_path, ("N1", "area", "北片", "", COUNTY)), write_members(tmp_path, ("N1", "B220203", "", "")))
    moved = write_areas(tmp_path, ("N1", "area", "北片", "", ELSEWHERE))
    (fault,) = json.loads(filled.ctl("import", moved, "--json", ok=65).stdout)
    assert (fault["row"], fault["column"], fault["value"]) == (2, "district", str(ELSEWHERE)) and "B220203" in fault["problem"] and str(COUNTY) in fault["problem"]
    filled.ctl("import", write_areas(tmp_path, ("N1", "area", "北片学区", "", CITY)))
    filled.ctl("import", write_areas(tmp_path, ("N1", "area", "北片", "", ELSEWHERE)), write_members(tmp_path, ("N1", elsewhere, "", "")))
    assert filled.rows("SELECT a.district, m.school FROM api.area AS a JOIN api.area_school AS m USING (area)") == [(ELSEWHERE, elsewhere)]


# ---- the numbers -----------------------------------------------------------------------------------------------


class Model:
    """What schools signed and where they belong, in Python's own numbers."""

    def __init__(self, world, where, dice):
        self.world, self.where, self.dice = world, where, dice
        self.schools = [world.enrolled(kind, district)[0] for kind, district, n in
                        (("primary", COUNTY, 5), ("junior", COUNTY, 2), ("primary", CITY, 3)) for _ in range(n)]
        self.slots, self.moved, self.members = {}, set(), []  # (school, period) -> (revision, id, figures, excused)
        world.database.ctl("import", write_areas(where, *((a, "area", a, "", "") for a in "ABC")))

    def report(self):
        school, period = self.dice.choice(self.schools), self.dice.choice([LATE, OPEN])
        revision, before, *_ = self.slots.get((school, period), (0, None))
        figures = self.world.lawful(school, seed=self.dice.random(), optional=0.5)
        excused = {n for n in figures if self.dice.random() < 0.15}
        figures = {n: f for n, f in figures.items() if n not in excused}
        correction = {"previous": before, "correction": "重新核对"} if before else {}
        statement = self.world.statement(school, figures, period=period, missing=dict.fromkeys(excused, pb.NOT_COLLECTED), revision=revision + 1, **correction)
        with self.world.greeted(school) as session:
            verdict = session.submit(self.world.envelope(school, statement))
        assert verdict.HasField("receipt"), verdict
        self.slots[school, period] = revision + 1, contract.statement_id(statement), figures, excused

    def move(self):
        """A school that has not reported moves; nothing of the areas changes by it."""
        school = self.dice.choice(self.schools)
        if not any(s == school for s, _ in self.slots):
            self.world.database.run("SELECT yuebao.move_school(%s, %s, %s)", school.code,
                                    CITY if school.district == COUNTY and school not in self.moved else COUNTY, first_day(OPEN))
            self.moved.add(school)

    def regroup(self):
        """Every school is in some areas, always, until the first of the two months ended, or from the second on."""
        change = first_day(OPEN)
        spans = [(None, None), (None, change - datetime.timedelta(days=1)), (change, None)]
        self.members = [(a, s, *self.dice.choice(spans)) for a in "ABC" for s in self.schools if self.dice.random() < 0.5]
        self.world.database.ctl("import", "--remove-missing", write_members(self.where, *((a, s.code, f or "", u or "") for a, s, f, u in self.members)))

    def belonging(self, area, period):
        following = first_day(period).replace(day=28) + datetime.timedelta(days=4)
        last = following - datetime.timedelta(days=following.day)
        return {s for a, s, f, u in self.members if a == area and (f or datetime.date.min) <= last <= (u or FOREVER)}

    def total(self, area, period, number):
        """(figure, schools, excused, expected)"""
        indicator, schools = self.world.catalogue.indicators[number], self.belonging(area, period)
        asked = {f.kind for f in self.world.catalogue.message.form if f.frequency == "monthly" and number in {*f.required, *f.optional}}
        slots = [self.slots[s, period] for s in schools if (s, period) in self.slots]
        figures = [figures[number] for _, _, figures, _ in slots if number in figures]
        pairs = [f if isinstance(f, tuple) else (f, 0) for f in figures]
        values = [Fraction(v, 10 ** indicator.decimals) for v, _ in pairs]
        below = sum(Fraction(d, 10 ** indicator.denominator_decimals) for _, d in pairs)
        rule = self.world.rules[indicator.code]
        figure = None if not figures or (rule == "ratio_of_sums" and not below) else {
            "sum": lambda: sum(values), "mean": lambda: sum(values) / len(values), "max": lambda: max(values), "ratio_of_sums": lambda: sum(values) / below}[rule]()
        return figure, len(figures), sum(number in excused for *_, excused in slots), sum(s.kind in asked for s in schools)


@pytest.fixture(scope="module")
def model(make_world, tmp_path_factory):
    world = make_world(workers=1)
    world.rules = dict(world.database.rows("SELECT code, over_schools FROM yuebao.indicator"))
    model = Model(world, tmp_path_factory.mktemp("areas"), random.Random(471105))
    model.regroup()
    return model


def told(model, period):
    return {(area, code): (figure, schools, excused, expected, missing) for area, code, figure, schools, excused, expected, missing in model.world.database.rows(
        "SELECT area, indicator, figure, schools, excused, expected, missing FROM api.area_total(%s)", period)}


def agree(model):
    for period in (LATE, OPEN):
        rows = told(model, period)
        for area in "ABC":
            for number, indicator in model.world.catalogue.indicators.items():
                figure, schools, excused, expected = model.total(area, period, number)
                row = rows.pop((area, indicator.code), (None, 0, 0, 0, 0))
                assert row[1:] == (schools, excused, expected, expected - schools - excused), (area, period, indicator.code)
                assert (row[0] is None) == (figure is None), (area, period, indicator.code)
                assert figure is None or abs(Fraction(row[0]) - figure) <= Fraction(1, 2_000_000), (area, period, indicator.code)
        assert not rows


def test_totals_are_what_was_signed_whatever_happens(model):
    for _ in range(3):
        model.move()
    for step in range(36):
        model.report()
        if step % 12 == 5:
            model.move()
            model.regroup()
            agree(model)
    agree(model)
    assert sum(revision > 1 for revision, *_ in model.slots.values()) > 5 and model.moved


def ask(model, *args):
    return json.loads(model.world.database.ctl(*map(str, args), "--json").stdout)


def test_every_question_takes_an_area(model):
    code = "enrolled_pupils"
    number = model.world.catalogue.number(code)
    for area in "ABC":
        figure, schools, excused, expected = model.total(area, OPEN, number)
        (row,) = ask(model, "areas", area, "--period", OPEN, "--indicator", code)
        assert Fraction(row["figure"] or 0) == (figure or 0) and row["expected"] == expected
        (row,) = ask(model, "trend", code, "--area", area, "--from", OPEN)
        assert Fraction(row["figure"] or 0) == (figure or 0) and (row["schools"], row["excused"], row["expected"]) == (schools, excused, expected)
        rows = ask(model, "drill", "--area", area, OPEN, code)
        assert sum(Fraction(r["value"] or 0) for r in rows) == (figure or 0) and len(rows) == expected
        spread = ask(model, "distribution", code, OPEN, "--area", area)
        assert spread[-1]["schools"] <= schools <= sum(r["schools"] for r in spread if r["kind"])
        belonging = model.belonging(area, OPEN)
        done = ask(model, "completeness", "--area", area, "--period", OPEN)
        assert sum(r["expected"] for r in done) == len(belonging)
        assert sum(r["reported"] for r in done) == sum((s, OPEN) in model.slots for s in belonging)
        year = [r for r in ask(model, "completeness", "--area", area, "--year", OPEN[:4]) if r["period"] == OPEN]
        assert year == done
        table = {r["indicator"]: r for r in ask(model, "totals", "--area", area, OPEN)}
        row = table.get(code, {"figure": 0, "expected": 0})
        assert Fraction(row["figure"] or 0) == (figure or 0) and row["expected"] == expected
        missing = ask(model, "missing", "--area", area, "--period", OPEN)
        assert {r["school"] for r in missing} == {s.code for s in belonging if (s, OPEN) not in model.slots}
        cover = [r for r in ask(model, "coverage", "--area", area, "--period", OPEN, "--indicator", code)]
        assert sum(r["with_value"] for r in cover) == schools and sum(r["expected"] for r in cover) == expected
    (row,) = ask(model, "punctuality", "--area", "A", "--year", OPEN[:4])
    by_school = ask(model, "punctuality", "--area", "A", "--year", OPEN[:4], "--schools")
    for name in ("expected", "on_time", "late", "missing"):
        assert row[name] == sum(r[name] for r in by_school)
    for form in ("primary.monthly", "junior.monthly"):
        rows = ask(model, "punctuality", "--area", "A", "--year", OPEN[:4], "--form", form)
        assert [r["expected"] for r in rows] == list(filter(None, [sum(r["expected"] for r in by_school if r["form"] == form)]))
    ranked = ask(model, "rank", code, OPEN, "--areas")
    figures = {area: model.total(area, OPEN, number)[0] for area in "ABC"}
    assert {r["area"]: Fraction(r["figure"]) for r in ranked if r["rank"]} == {a: f for a, f in figures.items() if f is not None}
    assert [r["rank"] for r in ranked if r["rank"]] == [1 + sum(f > g for f in figures.values() if f is not None)
                                                        for g in sorted((f for f in figures.values() if f is not None), reverse=True)]


def test_areas_are_listed_in_every_format_to_a_reader(model):
    stranger = run(BUILD / "server" / "ctl" / "yuebaoctl", "trend", "enrolled_pupils", "--area", "A", "--db", model.world.database.conninfo("yuebao_reader"), ok=77)
    assert stranger.stdout == "" and "access grant" in stranger.stderr
    reader = model.world.database.auditor()
    for command in ("areas", "areas A", f"areas --period {OPEN}", f"areas --district {CITY}", f"completeness --area A --period {OPEN}",
                    f"missing --area A --period {CLOSED}", f"trend enrolled_pupils --area A", f"drill --area A {OPEN} enrolled_pupils",
                    f"totals --area A {OPEN}", f"rank enrolled_pupils {OPEN} --areas", f"punctuality --area A --year {OPEN[:4]}"):
        rows = ask(model, *command.split())
        text = run(BUILD / "server" / "ctl" / "yuebaoctl", *command.split(), "--csv", "--db", reader).stdout
        sheet = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
        assert len(sheet) == len(rows) > 0 and list(sheet[0]) == list(rows[0]), command
        shown = run(BUILD / "server" / "ctl" / "yuebaoctl", *command.split(), "--lang", "zh", "--db", reader).stdout
        assert shown.count("\n") > len(rows), command


@pytest.mark.parametrize("command, status", [
    (f"completeness --year {OPEN[:4]} --period {OPEN}", 64), ("completeness --year 26", 64),
    (f"missing --area A --district {COUNTY}", 64), ("completeness --area A --below", 64), ("missing --area Z", 65), ("missing --area A/1", 64),
    (f"trend enrolled_pupils --area A --school 1", 64), ("areas Z", 65), ("areas --indicator enrolled_pupils", 64), (f"drill --area A {OPEN}", 64),
    (f"totals --area A {COUNTY} {OPEN}", 64), (f"totals --area A {OPEN} --below", 64), (f"totals --area Z {OPEN}", 65),
    (f"rank enrolled_pupils {OPEN} --areas --schools", 64), ("punctuality --form nothing.monthly", 64), ("punctuality --form primary.monthly.none", 65)])
def test_what_is_no_area_has_no_answer(model, command, status):
    done = model.world.database.ctl(*command.split(), ok=status)
    assert done.stdout == "" and done.stderr.startswith("yuebaoctl: ")
