"""Looking closer: whatever a command shows of a number is what schools signed, added up here once more."""

import csv
import io
import json
import re
import statistics
from fractions import Fraction

import pytest

import contract
from contract import pb
from house import BUILD, run
from world import CLOSED, LATE, OPEN, TODAY

COUNTY, CITY = 220203, 220200
PUPILS = "enrolled_pupils"


class Said:
    """What was signed: (school, period) -> figures by code, and ids."""

    def __init__(self, world):
        self.world, self.figures, self.ids, self.excused = world, {}, {}, set()

    def send(self, school, period, seed=0, excused=(), **kw):
        numbers = {self.world.catalogue.number(code) for code in excused}
        figures = {n: f for n, f in self.world.lawful(school, seed=seed, optional=1).items() if n not in numbers}
        statement = self.world.statement(school, figures, period=period, missing=dict.fromkeys(numbers, pb.NOT_COLLECTED), **kw)
        with self.world.greeted(school) as session:
            verdict = session.submit(self.world.envelope(school, statement))
            assert verdict.HasField("receipt"), verdict
        self.figures[school, period] = {self.world.catalogue.indicators[n].code: f for n, f in figures.items()}
        self.ids.setdefault((school, period), []).append(contract.statement_id(statement))
        if excused:
            self.excused.add((school, period))

    def of(self, code, period, district=CITY, kind=None):
        """school -> (value, denominator) in the indicator's own units."""
        below = {COUNTY: {COUNTY}, CITY: {CITY, COUNTY}}[district]
        indicator = self.world.catalogue.by_code[code]
        found = {}
        for (school, p), figures in self.figures.items():
            if p == period and school.district in below and code in figures and (kind is None or school.kind == kind):
                value, denominator = figures[code] if isinstance(figures[code], tuple) else (figures[code], 0)
                found[school.code] = (Fraction(value, 10 ** indicator.decimals), Fraction(denominator, 10 ** indicator.denominator_decimals))
        return found

    def total(self, code, period, district=CITY, kind=None):
        parts = self.of(code, period, district, kind).values()
        value, denominator = (sum(p[i] for p in parts) for i in (0, 1))
        if not parts or (self.ratio(code) and not denominator):
            return None
        return value / denominator if self.ratio(code) else value

    def ratio(self, code):
        return self.world.catalogue.by_code[code].measure in (pb.RATIO, pb.QUOTIENT)


@pytest.fixture(scope="module")
def said(make_world):
    world = make_world(workers=1)
    said = Said(world)
    schools = [world.enrolled("primary", COUNTY)[0] for _ in range(4)] + [world.enrolled("junior", COUNTY)[0], world.enrolled("primary", CITY)[0]]
    for n, school in enumerate(schools):
        if n != 1:
            said.send(school, LATE, seed=n)
        if n != 2:
            said.send(school, OPEN, seed=n + 10)
    said.send(schools[0], OPEN, seed=99, revision=2, previous=said.ids[schools[0], OPEN][0], correction="recounted")
    said.send(world.enrolled("primary", COUNTY)[0], OPEN, seed=7, excused=[PUPILS])
    said.schools = schools
    said.share = next(world.catalogue.indicators[n].code for n in sorted(world.catalogue.forms["primary.monthly"].optional)
                      if world.catalogue.indicators[n].measure == pb.RATIO)
    return said


def ask(said, *args, **kw):
    return json.loads(said.world.database.ctl(*map(str, args), "--json", **kw).stdout)


def same(text, exact):
    """As the database shows it: six decimals at most."""
    return text is None if exact is None else text is not None and abs(Fraction(text) - exact) <= Fraction(1, 2_000_000)


def owing(said, district, kinds):
    below = {COUNTY: {COUNTY}, CITY: {CITY, COUNTY}}[district]
    return [s for s in said.world.schools if s.district in below and s.kind in kinds]


def asked_of(said, code):
    return {f.kind for f in said.world.catalogue.message.form if f.frequency == "monthly"
            and said.world.catalogue.number(code) in {*f.required, *f.optional}}


def codes(said):
    return PUPILS, said.share


def test_a_trend_is_what_was_signed_period_by_period(said):
    for code in codes(said):
        for district in (COUNTY, CITY):
            rows = {row["period"]: row for row in ask(said, "trend", code, "--district", district)}
            assert list(rows) == [CLOSED, LATE, OPEN]
            expected = len(owing(said, district, asked_of(said, code)))
            for period, row in rows.items():
                assert same(row["figure"], said.total(code, period, district)), (code, row)
                assert row["schools"] == len(said.of(code, period, district)) and row["expected"] == expected
                assert row["schools"] + row["excused"] + row["missing"] == expected
            change = said.total(code, OPEN, district) - said.total(code, LATE, district)
            assert same(rows[OPEN]["change"], change) and rows[LATE]["change"] is None  # nothing is not zero
    assert rows[OPEN]["year_change"] is None


def test_totals_of_a_month_and_of_a_span_are_what_was_signed(said):
    for district in (COUNTY, CITY):
        rows = {row["indicator"]: row for row in ask(said, "totals", district, OPEN) if row["frequency"] == "monthly"}
        assert {PUPILS, said.share} <= rows.keys()
        for code, row in rows.items():
            if said.world.catalogue.by_code[code].over_schools == pb.SCHOOLS_SUM or said.ratio(code):
                assert same(row["figure"], said.total(code, OPEN, district)), row
            assert row["schools"] == len(said.of(code, OPEN, district)) and row["schools"] + row["excused"] + row["missing"] == row["expected"]
            assert row["from_period"] == row["to_period"] == OPEN and not row["settled"]
    flow = next(code for code, row in rows.items() if row["over_time"] == "sum" and row["over_schools"] == "sum" and row["schools"])
    (row,) = ask(said, "totals", CITY, CLOSED, "--to", OPEN, "--indicator", flow)
    assert same(row["figure"], sum(said.total(flow, period) or 0 for period in (CLOSED, LATE, OPEN)))
    assert row["schools"] == sum(len(said.of(flow, period)) for period in (CLOSED, LATE, OPEN)) and row["to_period"] == OPEN


def test_totals_by_kind_and_below(said):
    rows = ask(said, "totals", CITY, OPEN, "--indicator", PUPILS, "--by-kind", "--below")
    for row in rows:
        if not row["own"]:
            assert same(row["figure"], said.total(PUPILS, OPEN, row["district"], row["kind"])), row
    kinds = {row["kind"] for row in rows if row["own"] and row["figure"] is not None}
    assert kinds == {"primary", "junior"}
    shown = said.world.database.ctl("totals", str(COUNTY), OPEN, "--lang", "zh").stdout
    assert "在校(园)学生数" in shown and "尚未截止" in shown


def test_a_trend_of_a_kind_and_of_a_school(said):
    (row,) = ask(said, "trend", PUPILS, "--district", CITY, "--kind", "junior", "--from", OPEN)
    assert same(row["figure"], said.total(PUPILS, OPEN, CITY, "junior")) and row["schools"] == 1
    school = said.schools[0]
    rows = ask(said, "trend", PUPILS, "--school", school.code, "--from", LATE)
    assert [Fraction(row["figure"]) for row in rows] == [said.of(PUPILS, p)[school.code][0] for p in (LATE, OPEN)]
    shown = said.world.database.ctl("trend", PUPILS, "--school", school.code).stdout
    assert "█" * 20 in shown and shown.count("\n") == 5


def test_districts_side_by_side(said):
    for code in codes(said):
        rows = ask(said, "rank", code, OPEN, "--district", CITY)
        assert [(row["district"], row["own"], row["rank"]) for row in rows] == [(CITY, True, None), (COUNTY, False, 1)]
        for row in rows:
            assert same(row["figure"], said.total(code, OPEN, row["district"]))
            assert same(row["before"], said.total(code, LATE, row["district"]))
        if said.ratio(code):
            assert same(rows[1]["difference"], said.total(code, OPEN, COUNTY) - said.total(code, OPEN, CITY))


def test_schools_by_rank_and_their_spread(said):
    figures = {s: v for s, (v, _) in said.of(PUPILS, OPEN, CITY, "primary").items()}
    rows = ask(said, "rank", PUPILS, OPEN, "--district", CITY, "--schools", "--kind", "primary")
    assert len(rows) == len(owing(said, CITY, {"primary"}))
    assert {r["school"]: Fraction(r["figure"]) for r in rows if r["figure"]} == figures
    for row in rows:
        higher = sum(v > figures[row["school"]] for v in figures.values()) if row["school"] in figures else None
        assert row["rank"] == (None if higher is None else higher + 1)
    top = ask(said, "rank", PUPILS, OPEN, "--district", CITY, "--schools", "--kind", "primary", "--top", 2)
    assert [r["school"] for r in top] == sorted(figures, key=lambda s: -figures[s])[:2]
    (spread,) = ask(said, "distribution", PUPILS, OPEN, "--district", CITY, "--kind", "primary")
    quartiles = statistics.quantiles(figures.values(), n=4, method="inclusive")
    found = [spread[k] for k in ("lowest", "lower_quartile", "median", "upper_quartile", "highest", "mean")]
    wanted = [min(figures.values()), *quartiles, max(figures.values()), statistics.mean(figures.values())]
    assert all(same(f, w) for f, w in zip(found, wanted)), (found, wanted)
    assert spread["schools"] == len(figures) and spread["excused"] == 1
    assert spread["schools"] + spread["excused"] + spread["missing"] == len(rows)


def test_a_total_comes_apart_into_its_schools(said):
    for code in codes(said):
        rows = ask(said, "drill", CITY, OPEN, code)
        signed = said.of(code, OPEN)
        assert {r["school"]: Fraction(r["value"]) for r in rows if r["state"] == "value"} == {s: v for s, (v, _) in signed.items()}
        assert {r["school"] for r in rows} == {s.code for s in owing(said, CITY, asked_of(said, code))}
        totals = said.world.database.rows("""SELECT sum(value), sum(denominator), sum(schools), sum(excused) FROM api.district_total
                                             WHERE district = %s AND period = %s AND indicator = %s""", CITY, OPEN, code)
        value, denominator, schools, excused = totals[0]
        parts = [r for r in rows if r["state"] == "value"]
        assert sum(Fraction(r["value"]) for r in parts) == Fraction(value) and len(parts) == int(schools)
        assert len([r for r in rows if r["state"] == "excused"]) == int(excused)
        if said.ratio(code):
            assert sum(Fraction(r["denominator"]) for r in parts) == Fraction(denominator)


def test_a_school_beside_its_district(said):
    school = said.schools[0]
    rows = {row["indicator"]: row for row in ask(said, "profile", school.code, OPEN)}
    form = said.world.catalogue.forms["primary.monthly"]
    assert len(rows) == len({*form.required, *form.optional})
    for code in codes(said):
        row = rows[code]
        beside = {s: v / d if said.ratio(code) else v for s, (v, d) in said.of(code, OPEN, COUNTY, "primary").items()
                  if d or not said.ratio(code)}
        assert same(row["figure"], beside[school.code]) and same(row["district_figure"], said.total(code, OPEN, COUNTY, "primary"))
        assert row["rank"] == 1 + sum(v > beside[school.code] for v in beside.values()) and row["of"] == len(beside)
        before, below = said.of(code, LATE)[school.code]
        assert same(row["before"], before / below if said.ratio(code) else before)
    newest = {row["indicator"]: row for row in ask(said, "profile", said.schools[2].code) if row["form"] == "primary.monthly"}
    assert newest[PUPILS]["period"] == LATE  # the one it reported
    assert f"{school.kind}.monthly" in said.world.database.ctl("profile", school.code).stdout  # how punctual it is


def test_a_figure_goes_back_to_what_was_signed(said):
    school = said.schools[0]
    new, old = ask(said, "figure", school.code, OPEN, PUPILS)
    first, second = (i.hex() for i in said.ids[school, OPEN])
    assert (new["id"], new["revision"], new["stands"], new["correction"]) == (second, 2, True, "recounted")
    assert (old["id"], old["revision"], old["stands"], old["replaced_by"]) == (first, 1, False, second)
    assert Fraction(new["value"]) == said.of(PUPILS, OPEN)[school.code][0] != Fraction(old["value"])
    assert new["filler"] == "王芳" and old["replaced_at"] == new["received_at"]
    shown = said.world.database.ctl("figure", school.code, OPEN, PUPILS).stdout
    assert "recounted" in shown and f"yuebaoctl replay {second[:12]}" in shown
    said.world.database.ctl("replay", second[:12])
    assert ask(said, "figure", said.schools[2].code, OPEN, PUPILS) == []


def test_who_is_punctual(said):
    (row,) = [r for r in ask(said, "punctuality", "--school", said.schools[0].code, "--year", LATE[:4]) if r["form"] == "primary.monthly"]
    months = [m for m in (OPEN, LATE, CLOSED) if m[:4] == LATE[:4]]
    # LATE was due an hour ago, CLOSED is missing, OPEN is reported before it is due
    assert (row["late"], row["on_time"], row["missing"]) == (1, int(OPEN in months), int(CLOSED in months))
    rows = ask(said, "punctuality", "--district", CITY, "--year", LATE[:4])
    schools = ask(said, "punctuality", "--district", CITY, "--year", LATE[:4], "--schools")
    assert rows[0]["district"] == CITY and rows[0]["expected"] == sum(r["expected"] for r in schools)
    for name in ("on_time", "late", "kept", "missing"):
        assert rows[0][name] == sum(r[name] for r in schools)
    assert rows[0]["expected"] == sum(rows[0][n] for n in ("on_time", "late", "kept", "missing"))


def test_a_text_to_paste(said):
    missing = ask(said, "missing", "--district", COUNTY, "--period", LATE, "--form", "primary.monthly")
    text = said.world.database.ctl("missing", "--district", COUNTY, "--period", LATE, "--form", "primary.monthly", "--text", "--lang", "zh").stdout
    schools = owing(said, COUNTY, {"primary"})
    assert f"应报 {len(schools)} 份，未报 {len(missing)} 份" in text and LATE in text and "龙潭区" in text
    reported = {s.code for (s, p) in said.figures if p == LATE}
    names = re.sub("（[^）]*）", "", text.split("：")[-1].split("\n")[0]).split("、")
    assert sorted(names) == sorted(s.name_zh for s in schools if s.code not in reported)
    assert f"{len(missing)} of {len(schools)} reports are missing" in said.world.database.ctl(
        "missing", "--district", COUNTY, "--period", LATE, "--form", "primary.monthly", "--text", "--lang", "en").stdout


def test_people_read_units_in_their_language_and_no_bar_where_there_is_no_figure(said):
    def told(language, *args):
        return said.world.database.ctl(*map(str, args), "--lang", language).stdout

    trend = told("zh", "trend", PUPILS, "--district", COUNTY)
    drawn = {line.split()[0]: "░" in line or "█" in line for line in trend.splitlines()[1:-1]}
    assert drawn == {p: said.total(PUPILS, p, COUNTY) is not None for p in (CLOSED, LATE, OPEN)} and not drawn[CLOSED]
    for command in (f"trend {PUPILS} --district {COUNTY}", f"distribution {PUPILS} {OPEN}", f"drill {COUNTY} {OPEN} {PUPILS}",
                    f"figure {said.schools[0].code} {OPEN} {PUPILS}"):
        assert "单位 人。" in told("zh", *command.split()) and "in pupils" in told("en", *command.split()), command
    assert "平方米" in (totals := told("zh", "totals", COUNTY, OPEN)) and "m2" not in totals
    assert "person times" in told("en", "totals", COUNTY, OPEN)
    assert re.search("学生数 +人 ", told("zh", "profile", said.schools[0].code, OPEN))


def test_a_period_that_asks_nobody_is_no_line_of_a_trend(said):
    others = next(i.code for i in said.world.catalogue.indicators.values()
                  if asked_of(said, i.code) and "junior" not in asked_of(said, i.code))
    assert ask(said, "trend", others, "--school", said.schools[4].code) == []


def test_a_reader_may_ask_and_all_formats_say_the_same(said):
    reader = said.world.database.auditor()
    for command in (f"trend {PUPILS} --district {COUNTY}", f"totals {COUNTY} {OPEN}", f"rank {PUPILS} {OPEN} --district {CITY}", f"rank {PUPILS} {OPEN} --schools",
                    f"distribution {PUPILS} {OPEN}", f"profile {said.schools[0].code} {OPEN}", f"drill {COUNTY} {OPEN} {PUPILS}",
                    f"figure {said.schools[0].code} {OPEN} {PUPILS}", f"punctuality --year {TODAY.year} --schools",
                    f"missing --text --period {OPEN}"):
        rows = ask(said, *command.split())
        text = run(BUILD / "server" / "ctl" / "yuebaoctl", *command.split(), "--csv", "--db", reader).stdout
        sheet = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
        assert len(sheet) == len(rows) > 0 and list(sheet[0]) == list(rows[0]), command


@pytest.mark.parametrize("command, status", [
    ("totals", 64), (f"totals {COUNTY} {OPEN} --indicator nothing", 65), (f"totals 999999 {OPEN}", 65), ("trend", 64), (f"trend nothing --district {COUNTY}", 65), (f"trend {PUPILS} --district {COUNTY} --school 1", 64), (f"rank {PUPILS}", 64),
    (f"rank {PUPILS} {OPEN} --top many", 64), (f"rank {PUPILS} 2026-13", 64), (f"distribution {PUPILS} {OPEN} --kind university", 64),
    ("profile nobody", 65), (f"drill 999999 {OPEN} {PUPILS}", 65), (f"figure nobody {OPEN} {PUPILS}", 65), ("punctuality --year 20x6", 64)])
def test_what_does_not_exist_has_no_answer(said, command, status):
    done = said.world.database.ctl(*command.split(), ok=status)
    assert done.stdout == "" and done.stderr.startswith("yuebaoctl: ")


def test_what_is_asked_about_can_be_found_by_its_name(said):
    assert [d["district"] for d in ask(said, "districts", "龙潭")] == [COUNTY] == [d["district"] for d in ask(said, "districts", "longtan")]
    found = ask(said, "indicators", "在校(园)学生")
    assert [i["indicator"] for i in found] == [PUPILS] and len(ask(said, "indicators")) == len(said.world.catalogue.indicators)
    assert {p["district"] for p in ask(said, "plans", "Longtan")} == {COUNTY}
    assert ask(said, "plans", "no such plan") == []


@pytest.mark.parametrize("command, status, named", [
    ("trend enroled_pupils", 65, "enrolled_pupils 在校(园)学生数"), ("trend 寄宿生", 65, "boarding_pupils"), ("progress --plan longtan", 65, "longtan-145"),
    ("progres", 64, "progress"), ("totals 龙潭区 2026", 64, "yuebaoctl districts 龙潭区"), ("totals 220204 2026", 65, "220203")])
def test_what_was_meant_is_named(said, command, status, named):
    assert named in said.world.database.ctl(*command.split(), "--lang", "zh", ok=status).stderr
